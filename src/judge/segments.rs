//! Segment cells: every metric in every slice of traffic that has enough data.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::dataset::{Codes, Dataset, NONE};
use super::metric;
use super::select::Selection;
use crate::arms::{Arm, Arms};
use crate::compare::Compared;
use crate::config::{JudgeConfig, MetricConfig, MetricKind};

/// Rows of each arm that a cell needs, and units when clustered.
pub(super) const LEAST_ROWS: usize = 30;
pub(super) const LEAST_UNITS: usize = 50;

/// One metric in one segment.
#[derive(Debug)]
pub(super) struct Cell {
    pub segment: BTreeMap<String, String>,
    /// Segment column and code, to find its rows again.
    pub key: (usize, u32),
    /// What it showed, or in a sentence what it lacks.
    pub compared: Result<Compared, String>,
}

/// A selection's entries by the codes of a segment column: entry numbers sorted by code, and where each code starts.
struct Grouped {
    order: Vec<u32>,
    start: Vec<u32>,
}

impl Grouped {
    fn new(rows: &[u32], codes: &Codes) -> Self {
        let groups = codes.names.len();
        let mut start = vec![0u32; groups + 1];
        for &row in rows {
            let code = codes.codes[row as usize];
            if code != NONE {
                start[code as usize + 1] += 1;
            }
        }
        for g in 0..groups {
            start[g + 1] += start[g];
        }
        let mut next = start.clone();
        let mut order = vec![0u32; start[groups] as usize];
        for (entry, &row) in rows.iter().enumerate() {
            let code = codes.codes[row as usize];
            if code != NONE {
                order[next[code as usize] as usize] = entry as u32;
                next[code as usize] += 1;
            }
        }
        Grouped { order, start }
    }

    fn of(&self, code: u32) -> &[u32] {
        &self.order[self.start[code as usize] as usize..self.start[code as usize + 1] as usize]
    }
}

/// Every cell of a metric, in the order of the segment columns and their values.
pub(super) fn cells(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    selection: &Selection,
) -> Vec<Cell> {
    let mut all = Vec::new();
    for (column, (name, codes)) in data.segments.iter().enumerate() {
        let grouped = Arms {
            baseline: Grouped::new(&selection.row.baseline, codes),
            canary: Grouped::new(&selection.row.canary, codes),
        };
        let found: Vec<Cell> = (0..codes.names.len() as u32)
            .into_par_iter()
            .filter(|&code| !(grouped.baseline.of(code).is_empty() && grouped.canary.of(code).is_empty()))
            .map(|code| {
                let entries =
                    Arms { baseline: grouped.baseline.of(code).to_vec(), canary: grouped.canary.of(code).to_vec() };
                let segment = BTreeMap::from([(name.clone(), codes.names[code as usize].clone())]);
                let compared = cell(config, data, metric, selection, &entries, &segment);
                Cell { segment, key: (column, code), compared }
            })
            .collect();
        all.extend(found);
    }
    all
}

/// A cell without the rows of another one; used to see whether the other explains it.
pub(super) fn cell_without(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    selection: &Selection,
    cell_key: (usize, u32),
    other: (usize, u32),
    segment: &BTreeMap<String, String>,
) -> Result<Compared, String> {
    let inside = |row: u32, key: (usize, u32)| data.segments[key.0].1.codes[row as usize] == key.1;
    let entries = |arm: Arm| -> Vec<u32> {
        (0..selection.row[arm].len() as u32)
            .filter(|&e| {
                let row = selection.row[arm][e as usize];
                inside(row, cell_key) && !inside(row, other)
            })
            .collect()
    };
    let entries = Arms { baseline: entries(Arm::Baseline), canary: entries(Arm::Canary) };
    cell(config, data, metric, selection, &entries, segment)
}

fn cell(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    selection: &Selection,
    entries: &Arms<Vec<u32>>,
    segment: &BTreeMap<String, String>,
) -> Result<Compared, String> {
    for arm in [Arm::Baseline, Arm::Canary] {
        let rows = entries[arm].len();
        if rows < LEAST_ROWS {
            return Err(format!("{rows} rows in the {arm} arm, at least {LEAST_ROWS} are needed"));
        }
        if let Some(units) = &data.units {
            let mut distinct: Vec<u32> =
                entries[arm].iter().map(|&e| units.codes[selection.row[arm][e as usize] as usize]).collect();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() < LEAST_UNITS {
                return Err(format!("{} units in the {arm} arm, at least {LEAST_UNITS} are needed", distinct.len()));
            }
        }
    }
    let name = stream_name(&metric.name, segment);
    let compared =
        metric::compare_rows(config, data, metric, selection, Some(entries), &name).map_err(|why| why.to_string())?;
    enough(metric, compared)
}

/// The comparison of a cell, if the cell has the rows that its type needs.
pub(super) fn enough(metric: &MetricConfig, compared: Compared) -> Result<Compared, String> {
    let units = compared.evidence.units.unwrap_or(compared.evidence.n);
    let least = units.baseline.min(units.canary);
    if matches!(metric.kind, MetricKind::Mean { .. } | MetricKind::Calibration { .. }) {
        // A mean of a few skewed rows is not judged: neither normal theory nor resampling is honest there.
        let needed = (20.0 * compared.skewness * compared.skewness).ceil();
        if (least as f64) < needed {
            return Err(format!(
                "{least} rows in the smaller arm, at least {needed} are needed at skewness {:.1}",
                compared.skewness
            ));
        }
    }
    if least < compared.least {
        return Err(format!("{least} rows in the smaller arm, at least {} are needed", compared.least));
    }
    Ok(compared)
}

/// A cell's random numbers do not depend on what else is judged.
pub(super) fn stream_name(metric: &str, segment: &BTreeMap<String, String>) -> String {
    segment.iter().fold(metric.to_owned(), |name, (column, value)| format!("{name}/{column}={value}"))
}
