//! Digests: enough to say that two judgements saw the same config and the same data, whatever door they came through.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::config::JudgeConfig;
use crate::summary::{Statistics, SummaryRow};
use crate::table::{Column, Table};

/// SHA-256 of the config's canonical JSON after defaults, metrics sorted by name.
pub(super) fn config(config: &JudgeConfig) -> String {
    config.digest()
}

/// SHA-256 over the columns used, sorted by name, in row order: each column's name, then each row's value.
///
/// Numbers are their 64-bit pattern, with -0.0 as 0.0 and one NaN; text is its length and bytes; a missing value has a
/// mark of its own. Text that reads as a number everywhere is a number, so that file formats agree.
pub(super) fn data(table: &Table<'_>, mut names: Vec<String>) -> String {
    names.sort();
    names.dedup();
    let mut hash = Sha256::new();
    hash.update((table.rows() as u64).to_le_bytes());
    for name in names {
        let Some(column) = table.column(&name) else { continue };
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        match column {
            Column::Number { values, missing } => {
                let mut block = [0; 9 * 512];
                for (start, chunk) in values.chunks(512).enumerate().map(|(i, c)| (i * 512, c)) {
                    for (i, (v, cell)) in chunk.iter().zip(block.chunks_exact_mut(9)).enumerate() {
                        let gone = missing.as_ref().is_some_and(|m| m[start + i]);
                        let bits = match v {
                            _ if gone => 0,
                            v if v.is_nan() => f64::NAN.to_bits(),
                            v => (v + 0.0).to_bits(),
                        };
                        cell[0] = u8::from(gone);
                        cell[1..].copy_from_slice(&bits.to_le_bytes());
                    }
                    hash.update(&block[..9 * chunk.len()]);
                }
            }
            Column::Text { codes, names } => {
                let words: Vec<Vec<u8>> = names
                    .iter()
                    .map(|text| [&[2], (text.len() as u64).to_le_bytes().as_slice(), text.as_bytes()].concat())
                    .collect();
                let mut block = Vec::new();
                for code in codes {
                    block.extend_from_slice(words.get(*code as usize).map_or(&[1], Vec::as_slice));
                    if block.len() >= 4096 {
                        hash.update(&block);
                        block.clear();
                    }
                }
                hash.update(&block);
            }
        }
    }
    hex(&hash.finalize())
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
