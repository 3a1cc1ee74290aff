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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(column: Column<'static>) -> String {
        data(&Table::new(vec![("v".into(), column)]).unwrap(), vec!["v".into()])
    }

    fn numbers(values: &[f64], missing: Option<Vec<bool>>) -> String {
        of(Column::Number { values: values.to_vec().into(), missing })
    }

    #[test]
    fn numbers_count_by_value_place_and_presence() {
        let values: Vec<f64> = (0..1300).map(f64::from).collect();
        let digest = numbers(&values, None);
        assert_eq!(digest, numbers(&values, Some(vec![false; 1300])));
        let mut zero = values.clone();
        zero[0] = -0.0;
        assert_eq!(digest, numbers(&zero, None));
        // Each block of rows counts, and so does the order.
        for row in [0, 511, 512, 1299] {
            let mut other = values.clone();
            other[row] += 0.5;
            assert_ne!(digest, numbers(&other, None), "{row}");
            let mut missing = vec![false; 1300];
            missing[row] = true;
            let gone = numbers(&values, Some(missing.clone()));
            assert_ne!(digest, gone, "{row}");
            other[row] = f64::NAN;
            assert_ne!(gone, numbers(&other, None), "{row}: a value that is no number is there");
            other[row] = 7.5;
            assert_eq!(gone, numbers(&other, Some(missing)), "{row}: what stands in a missing row means nothing");
        }
        let mut swapped = values.clone();
        swapped.swap(3, 4);
        assert_ne!(digest, numbers(&swapped, None));
    }

    #[test]
    fn texts_count_by_their_words_and_not_by_their_codes() {
        for words in [3, 254, 255, 256, 300] {
            let names: Vec<String> = (0..words).map(|i| format!("word {i}")).collect();
            let codes: Vec<u32> = (0..5000).map(|i| i % words).collect();
            let digest = of(Column::Text { codes: codes.clone(), names: names.clone() });
            // Another numbering, with a word that no row has.
            let mut other: Vec<String> = names.iter().rev().cloned().collect();
            other.push("none".into());
            let renamed = codes.iter().map(|c| words - 1 - c).collect();
            assert_eq!(digest, of(Column::Text { codes: renamed, names: other }), "{words}");
            for (row, code) in [(0, 1), (4095, Column::MISSING), (4999, 0)] {
                let mut changed = codes.clone();
                changed[row] = if changed[row] == code { 2 } else { code };
                assert_ne!(digest, of(Column::Text { codes: changed, names: names.clone() }), "{words} {row}");
            }
        }
    }
}
