//! Faults that can be planted in the canary's rows.

use serde::{Deserialize, Serialize};

use super::DrillError;
use crate::arms::Arm;
use crate::config::{Direction, Event, JudgeConfig, MetricKind};
use crate::monitor::columns::Columns;
use crate::stats::rng::Stream;
use crate::table::{Column, Table};

/// A fault, by what it does to the canary's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: how often is a healthy canary rolled back?
    None,
    /// Every request takes so many times as long.
    Latency {
        /// How many times.
        factor: f64,
    },
    /// A share of the requests takes so many times as long.
    Tail {
        /// Share of the requests.
        share: f64,
        /// How many times.
        factor: f64,
    },
    /// A share of the requests that were well fails.
    Errors {
        /// Share of the requests.
        share: f64,
    },
    /// Every score is multiplied: a feature in the wrong unit.
    ScoreSkew {
        /// By what.
        factor: f64,
    },
    /// One segment gets a score of 0 (where the config has no score: errors).
    Segment,
    /// A share of the scores is lost.
    Nulls {
        /// Share of the rows.
        share: f64,
    },
    /// The canary's first requests take so many times as long.
    ColdStart {
        /// How many requests.
        requests: u64,
        /// How many times.
        factor: f64,
    },
}

impl Fault {
    /// What is planted unless other faults are asked for.
    pub fn standard() -> Vec<Fault> {
        vec![
            Fault::None,
            Fault::Latency { factor: 1.3 },
            Fault::Latency { factor: 2.0 },
            Fault::Tail { share: 0.05, factor: 8.0 },
            Fault::Errors { share: 0.005 },
            Fault::Errors { share: 0.02 },
            Fault::ScoreSkew { factor: 0.5 },
            Fault::Segment,
            Fault::Nulls { share: 0.1 },
            Fault::ColdStart { requests: 100, factor: 20.0 },
        ]
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::None => write!(f, "none"),
            Fault::Latency { factor } => write!(f, "latency x {factor}"),
            Fault::Tail { share, factor } => write!(f, "latency x {factor} for {} %", 100.0 * share),
            Fault::Errors { share } => write!(f, "errors in {} %", 100.0 * share),
            Fault::ScoreSkew { factor } => write!(f, "scores x {factor}"),
            Fault::Segment => write!(f, "one segment broken"),
            Fault::Nulls { share } => write!(f, "{} % of scores lost", 100.0 * share),
            Fault::ColdStart { requests, factor } => {
                write!(f, "cold start: latency x {factor} for {requests} requests")
            }
        }
    }
}

/// Which columns faults are planted in. What is not given is taken from the config's metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultColumns {
    /// Time a request took: by default that of the first quantile, else distribution, else mean, of which lower is better.
    pub latency: Option<String>,
    /// 1 for a failed request: by default the proportion, of which lower is better, that is rarest in the recording.
    pub error: Option<String>,
    /// The model's score: by default that of the first AUC or calibration, else of the first shift, else of the first mean
    /// of which lower is not better.
    pub score: Option<String>,
    /// A slice of the traffic: by default the config's first segment.
    pub segment: Option<String>,
}

impl FaultColumns {
    /// The columns given, and for the others those of the config.
    pub(super) fn resolve(&self, config: &JudgeConfig, table: &Table<'_>) -> FaultColumns {
        let lower = |d: Direction| d == Direction::LowerIsBetter;
        let first = |pick: &dyn Fn(&MetricKind, Direction) -> Option<String>| {
            config.metrics.iter().find_map(|m| pick(&m.kind, m.direction))
        };
        let latency = || {
            first(&|k, d| match k {
                MetricKind::Quantile { column, .. } if lower(d) => Some(column.clone()),
                _ => None,
            })
            .or_else(|| {
                first(&|k, d| match k {
                    MetricKind::Distribution { column } if lower(d) => Some(column.clone()),
                    _ => None,
                })
            })
            .or_else(|| {
                first(&|k, d| match k {
                    MetricKind::Mean { column } if lower(d) => Some(column.clone()),
                    _ => None,
                })
            })
        };
        let score = || {
            first(&|k, _| match k {
                MetricKind::Auc { score, .. } | MetricKind::Calibration { score, .. } => Some(score.clone()),
                _ => None,
            })
            .or_else(|| {
                first(&|k, _| match k {
                    MetricKind::Shift { column, .. } => Some(column.clone()),
                    _ => None,
                })
            })
            .or_else(|| {
                first(&|k, d| match k {
                    MetricKind::Mean { column } if !lower(d) => Some(column.clone()),
                    _ => None,
                })
            })
        };
        FaultColumns {
            latency: self.latency.clone().or_else(latency),
            error: self.error.clone().or_else(|| rarest(config, table)),
            score: self.score.clone().or_else(score),
            segment: self.segment.clone().or_else(|| config.data.segments.first().cloned()),
        }
    }
}

fn rarest(config: &JudgeConfig, table: &Table<'_>) -> Option<String> {
    let mut found: Option<(f64, String)> = None;
    for metric in &config.metrics {
        let MetricKind::Proportion { column, event: Event::True } = &metric.kind else { continue };
        if metric.direction != Direction::LowerIsBetter {
            continue;
        }
        let Some(Column::Number { values, .. }) = table.column(column) else { continue };
        let events = values.iter().filter(|v| **v == 1.0).count() as f64;
        if found.as_ref().is_none_or(|(least, _)| events < *least) {
            found = Some((events, column.clone()));
        }
    }
    found.map(|(_, column)| column)
}

/// The table with a fault in the canary's rows; `None` when the columns it needs are not there.
pub(super) fn plant<'t>(
    fault: &Fault,
    config: &JudgeConfig,
    table: &Table<'t>,
    at: &FaultColumns,
    stream: &mut Stream,
) -> Result<Option<Table<'t>>, DrillError> {
    let columns = Columns::new(config, table)?;
    let mut canary = vec![false; table.rows()];
    for (row, is_canary) in canary.iter_mut().enumerate() {
        *is_canary = columns.arm(row)? == Some(Arm::Canary);
    }
    let scaled = |name: &Option<String>, factor: &mut dyn FnMut(usize) -> f64| {
        changed(table, name.as_deref(), |row, v, gone| if canary[row] { (v * factor(row), gone) } else { (v, gone) })
    };
    Ok(match fault {
        Fault::None => Some(table.clone()),
        Fault::Latency { factor } => scaled(&at.latency, &mut |_| *factor),
        Fault::Tail { share, factor } => {
            scaled(&at.latency, &mut |_| if stream.uniform() < *share { *factor } else { 1.0 })
        }
        Fault::Errors { share } => changed(table, at.error.as_deref(), |row, v, gone| {
            let hit = canary[row] && stream.uniform() < *share;
            if hit { (1.0, false) } else { (v, gone) }
        }),
        Fault::ScoreSkew { factor } => scaled(&at.score, &mut |_| *factor),
        Fault::Segment => {
            let Some(inside) = segment(table, at.segment.as_deref()) else { return Ok(None) };
            let (column, value) = if at.score.is_some() { (&at.score, 0.0) } else { (&at.error, 1.0) };
            changed(table, column.as_deref(), |row, v, gone| {
                if canary[row] && inside[row] && !gone { (value, false) } else { (v, gone) }
            })
        }
        Fault::Nulls { share } => {
            changed(table, at.score.as_deref(), |row, v, gone| (v, gone || canary[row] && stream.uniform() < *share))
        }
        Fault::ColdStart { requests, factor } => {
            let mut served = Vec::new();
            for row in (0..table.rows()).filter(|&i| canary[i]) {
                served.push((columns.seconds(row)?.unwrap_or(row as f64), row));
            }
            served.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut cold = vec![false; table.rows()];
            served.iter().take(*requests as usize).for_each(|(_, row)| cold[*row] = true);
            scaled(&at.latency, &mut |row| if cold[row] { *factor } else { 1.0 })
        }
    })
}

/// Rows of the segment whose share of the rows is nearest to a tenth; `None` without such a column.
fn segment(table: &Table<'_>, name: Option<&str>) -> Option<Vec<bool>> {
    let Column::Text { codes, names } = table.column(name?)? else { return None };
    let tenth = codes.len() as f64 / 10.0;
    let size = |code: usize| codes.iter().filter(|c| **c as usize == code).count() as f64;
    let nearest = (0..names.len()).min_by(|a, b| (size(*a) - tenth).abs().total_cmp(&(size(*b) - tenth).abs()))?;
    Some(codes.iter().map(|c| *c as usize == nearest).collect())
}

/// The table with a column of numbers changed row by row: value and whether it is missing.
fn changed<'t>(
    table: &Table<'t>,
    name: Option<&str>,
    mut change: impl FnMut(usize, f64, bool) -> (f64, bool),
) -> Option<Table<'t>> {
    let Column::Number { values, missing } = table.column(name?)? else { return None };
    let is_missing = |row: usize| missing.as_ref().is_some_and(|m| m[row]);
    let (values, missing): (Vec<f64>, Vec<bool>) =
        values.iter().enumerate().map(|(row, v)| change(row, *v, is_missing(row))).unzip();
    let missing = missing.contains(&true).then_some(missing);
    Some(with_column(table, name?, Column::Number { values: values.into(), missing }))
}

/// The table with one column replaced by another of as many rows.
pub(super) fn with_column<'t>(table: &Table<'t>, name: &str, column: Column<'t>) -> Table<'t> {
    let columns = table.columns().iter().map(|(n, c)| (n.clone(), if n == name { column.clone() } else { c.clone() }));
    Table::new(columns.collect()).expect("names are those of a table, and so are lengths")
}
