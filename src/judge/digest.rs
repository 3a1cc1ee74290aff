//! Digests: enough to say that two judgements saw the same config and the same data, whatever door they came through.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::summary::{Statistics, SummaryRow};
use crate::table::{Column, Table};

/// The pattern of a missing number: a NaN that arithmetic does not make.
const MISSING: u64 = 0x7ff8_0000_0000_0001;

/// SHA-256 over the columns used, sorted by name, in row order: each column's name and kind, then its rows.
///
/// Numbers are their 64-bit patterns, with -0.0 as 0.0 and one NaN. Text is its distinct words in order of first
/// appearance, then each row's place among them. A missing value has a mark of its own. Text that reads as a number
/// everywhere is a number, so that file formats agree.
pub(super) fn data(table: &Table<'_>, mut names: Vec<String>) -> String {
    names.sort();
    names.dedup();
    let mut hash = Sha256::new();
    hash.update((table.rows() as u64).to_le_bytes());
    for name in names {
        let Some(column) = table.column(&name) else { continue };
        put(&mut hash, &name);
        match column {
            Column::Number { values, missing } => {
                hash.update([0]);
                numbers(&mut hash, values, missing.as_deref());
            }
            Column::Text { codes, names } => {
                hash.update([1]);
                words(&mut hash, codes, names);
            }
        }
    }
    hex(&hash.finalize())
}

fn put(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

fn numbers(hash: &mut Sha256, values: &[f64], missing: Option<&[bool]>) {
    const BLOCK: usize = 512;
    let mut bytes = [0; 8 * BLOCK];
    for (k, values) in values.chunks(BLOCK).enumerate() {
        for (v, cell) in values.iter().zip(bytes.chunks_exact_mut(8)) {
            let bits = if v.is_nan() { f64::NAN.to_bits() } else { (v + 0.0).to_bits() };
            cell.copy_from_slice(&bits.to_le_bytes());
        }
        let gone = missing.map_or(&[][..], |missing| &missing[k * BLOCK..]);
        for (_, cell) in gone.iter().zip(bytes.chunks_exact_mut(8)).filter(|(gone, _)| **gone) {
            cell.copy_from_slice(&MISSING.to_le_bytes());
        }
        hash.update(&bytes[..8 * values.len()]);
    }
}

/// Places take one byte each while there are fewer than 255 words, else four.
fn words(hash: &mut Sha256, codes: &[u32], names: &[String]) {
    let mut place = vec![u32::MAX; names.len()];
    let mut used = Vec::new();
    for &code in codes {
        if let Some(place) = place.get_mut(code as usize).filter(|place| **place == u32::MAX) {
            *place = used.len() as u32;
            used.push(&names[code as usize]);
        }
    }
    hash.update((used.len() as u64).to_le_bytes());
    used.iter().for_each(|word| put(hash, word));
    let place = |code: &u32| place.get(*code as usize).copied().unwrap_or(u32::MAX);
    for codes in codes.chunks(4096) {
        if used.len() < 255 {
            hash.update(codes.iter().map(|code| place(code) as u8).collect::<Vec<u8>>());
        } else {
            hash.update(codes.iter().flat_map(|code| place(code).to_le_bytes()).collect::<Vec<u8>>());
        }
    }
}

/// SHA-256 over rows of sufficient statistics, in their order.
pub(super) fn summary(rows: &[SummaryRow]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        let statistics = match &row.statistics {
            Statistics::Events { events } => json!([0, events]),
            Statistics::Moments { mean, m2 } => json!([1, mean, m2]),
            Statistics::Counts { values, counts } => json!([2, values, counts]),
            Statistics::Clusters { sum_y, sum_x, sum_yy, sum_xy, sum_xx, clusters } => {
                json!([3, sum_y, sum_x, sum_yy, sum_xy, sum_xx, clusters])
            }
        };
        let row = json!([row.metric, row.arm.to_string(), row.stratum, row.segment, row.n, statistics]);
        hash.update(format!("{row}\n"));
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
