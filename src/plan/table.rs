//! A metric's behaviour out of a table of history, read as the judge's config says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::history::History;
use crate::config::{Direction, Event, JudgeConfig, MetricConfig, MetricKind, Missing};
use crate::evidence::MarginUsed;
use crate::table::{Column, Table};

/// What was found of one metric.
pub(super) struct Found {
    pub history: History,
    /// Share of the baseline's rows that count for this metric.
    pub usable_share: f64,
    /// Direction and margin that the type implies, where it has its own.
    pub direction: Option<Direction>,
    pub margin: Option<MarginUsed>,
}

/// The type's name in the config.
pub(super) fn kind(kind: &MetricKind) -> &'static str {
    match kind {
        MetricKind::Proportion { .. } => "proportion",
        MetricKind::Mean { .. } => "mean",
        MetricKind::Distribution { .. } => "distribution",
        MetricKind::Quantile { .. } => "quantile",
        MetricKind::Auc { .. } => "auc",
        MetricKind::Ratio { .. } => "ratio",
        MetricKind::Shift { .. } => "shift",
        MetricKind::Calibration { .. } => "calibration",
        MetricKind::Agreement { .. } => "agreement",
        MetricKind::Rate { .. } => "rate",
    }
}

/// The behaviour of a metric in the baseline rows of the history, or why there is none.
pub(super) fn behaviour(config: &JudgeConfig, metric: &MetricConfig, table: &Table<'_>) -> Result<Found, String> {
    let rows = Rows::new(config, metric, table)?;
    let units = rows.units(config)?;
    let units = units.as_deref();
    let pick = |kept: &[usize]| units.map(|u| kept.iter().map(|&i| u[i]).collect::<Vec<u32>>());
    let says = |e: crate::stats::Unanswerable| e.to_string();
    let (mut direction, mut margin) = (None, None);
    let history = match &metric.kind {
        MetricKind::Proportion { column, event } => {
            let (values, kept) = rows.one(column)?;
            let events: Vec<f64> = values
                .iter()
                .map(|&v| match event {
                    Event::True => v,
                    Event::Above(limit) => f64::from(u8::from(v > *limit)),
                    Event::Below(limit) => f64::from(u8::from(v < *limit)),
                })
                .collect();
            (History::proportion(&events, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Mean { column } => {
            let (values, kept) = rows.one(column)?;
            (History::mean(&values, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Distribution { column } => {
            let (values, kept) = rows.one(column)?;
            (History::distribution(&values, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Quantile { column, q } => {
            let (values, kept) = rows.one(column)?;
            (History::quantile(&values, *q, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Shift { column, max_distance } => {
            let (values, kept) = rows.codes_or_numbers(column)?;
            direction = Some(Direction::Either);
            margin = Some(MarginUsed { relative: None, absolute: Some(*max_distance), combine: None });
            (History::shift(&values, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Auc { score, label } => {
            let (scores, labels, kept) = rows.two(score, label)?;
            (History::auc(&scores, &labels, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Calibration { score, label } => {
            let (scores, labels, kept) = rows.two(score, label)?;
            let difference: Vec<f64> = scores.iter().zip(&labels).map(|(s, l)| s - l).collect();
            (History::mean(&difference, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Ratio { numerator, denominator } => {
            let (top, bottom, kept) = rows.two(numerator, denominator)?;
            (History::ratio(&top, &bottom, pick(&kept).as_deref()).map_err(says)?, kept.len())
        }
        MetricKind::Rate { events, exposure } => {
            let (events, exposure, kept) = rows.two(events, exposure)?;
            // A row brings its exposure, so the share of "rows" is exposure by request.
            let share = exposure.iter().sum::<f64>() / rows.all.max(1) as f64;
            let history = History::rate(&events, &exposure, pick(&kept).as_deref()).map_err(says)?;
            return Ok(Found { history, usable_share: share, direction, margin });
        }
        MetricKind::Agreement { .. } => {
            return Err("agreement compares pairs, which a history of the baseline alone does not have".to_owned());
        }
    };
    let (history, used) = history;
    Ok(Found { history, usable_share: used as f64 / rows.all.max(1) as f64, direction, margin })
}

/// Values of two columns and the rows that they stand in.
type TwoColumns = (Vec<f64>, Vec<f64>, Vec<usize>);

/// The baseline's rows of a table, after the metric's filters.
struct Rows<'t> {
    table: &'t Table<'t>,
    /// Baseline rows.
    all: usize,
    /// Those that pass the filters.
    kept: Vec<usize>,
    prefix: Option<&'t str>,
    missing: Missing,
}

impl<'t> Rows<'t> {
    fn new(config: &'t JudgeConfig, metric: &MetricConfig, table: &'t Table<'t>) -> Result<Self, String> {
        let baseline: Vec<usize> = match config.data.arm.as_ref().and_then(|a| table.column(&a.column).map(|c| (a, c)))
        {
            Some((arm, column)) => {
                (0..table.rows()).filter(|&i| text(column, i).is_some_and(|t| t == arm.values.baseline)).collect()
            }
            None => (0..table.rows()).collect(),
        };
        // A history of one arm only may carry any name there.
        let baseline = if baseline.is_empty() { (0..table.rows()).collect() } else { baseline };
        let mut kept = baseline.clone();
        for (name, wanted) in &metric.filter {
            let column = table.column(name).ok_or_else(|| format!("the history has no column {name}"))?;
            kept.retain(|&i| equals(column, i, wanted));
        }
        let prefix = config.data.paired.as_ref().map(|p| p.baseline.as_str());
        Ok(Rows { table, all: baseline.len(), kept, prefix, missing: metric.missing })
    }

    fn column(&self, name: &str) -> Result<&Column<'t>, String> {
        self.prefix
            .and_then(|prefix| self.table.column(&format!("{prefix}{name}")))
            .or_else(|| self.table.column(name))
            .ok_or_else(|| format!("the history has no column {name}"))
    }

    fn number(&self, column: &Column<'_>, row: usize) -> Option<f64> {
        let found = match column {
            Column::Number { values, missing } if !missing.as_ref().is_some_and(|m| m[row]) => Some(values[row]),
            _ => None,
        };
        match (found.filter(|v| !v.is_nan()), self.missing) {
            (None, Missing::Zero) => Some(0.0),
            (found, _) => found,
        }
    }

    fn numeric(&self, name: &str) -> Result<&Column<'t>, String> {
        match self.column(name)? {
            Column::Text { .. } => Err(format!("column {name} holds text where the metric needs numbers")),
            column => Ok(column),
        }
    }

    fn one(&self, name: &str) -> Result<(Vec<f64>, Vec<usize>), String> {
        let column = self.numeric(name)?;
        Ok(self.kept.iter().filter_map(|&i| self.number(column, i).map(|v| (v, i))).unzip())
    }

    fn two(&self, a: &str, b: &str) -> Result<TwoColumns, String> {
        let (first, second) = (self.numeric(a)?, self.numeric(b)?);
        let mut found = (Vec::new(), Vec::new(), Vec::new());
        for &i in &self.kept {
            if let (Some(x), Some(y)) = (self.number(first, i), self.number(second, i)) {
                found.0.push(x);
                found.1.push(y);
                found.2.push(i);
            }
        }
        Ok(found)
    }

    fn codes_or_numbers(&self, name: &str) -> Result<(Vec<f64>, Vec<usize>), String> {
        match self.column(name)? {
            Column::Text { codes, .. } => Ok(self
                .kept
                .iter()
                .filter(|&&i| codes[i] != Column::MISSING)
                .map(|&i| (f64::from(codes[i]), i))
                .unzip()),
            Column::Number { .. } => self.one(name),
        }
    }

    /// A code a row for what was randomised; a row without one is a unit of its own.
    fn units(&self, config: &JudgeConfig) -> Result<Option<Vec<u32>>, String> {
        let Some(name) = &config.data.unit else { return Ok(None) };
        let column = self.table.column(name).ok_or_else(|| format!("the history has no column {name} (data.unit)"))?;
        let mut codes: BTreeMap<u64, u32> = BTreeMap::new();
        let mut next = 0;
        let mut fresh = || {
            next += 1;
            next - 1
        };
        let found = (0..self.table.rows())
            .map(|i| {
                let key = match column {
                    Column::Text { codes, .. } => (codes[i] != Column::MISSING).then(|| u64::from(codes[i])),
                    Column::Number { .. } => match column {
                        Column::Number { values, missing } if !missing.as_ref().is_some_and(|m| m[i]) => {
                            (!values[i].is_nan()).then(|| (values[i] + 0.0).to_bits())
                        }
                        _ => None,
                    },
                };
                match key {
                    Some(key) => *codes.entry(key).or_insert_with(&mut fresh),
                    None => fresh(),
                }
            })
            .collect();
        Ok(Some(found))
    }
}

fn text(column: &Column<'_>, row: usize) -> Option<String> {
    match column {
        Column::Text { codes, names } => names.get(codes[row] as usize).cloned(),
        Column::Number { values, missing } => {
            (!missing.as_ref().is_some_and(|m| m[row])).then(|| values[row].to_string())
        }
    }
}

fn equals(column: &Column<'_>, row: usize, wanted: &Value) -> bool {
    match (column, wanted) {
        (Column::Text { .. }, Value::String(s)) => text(column, row).as_ref() == Some(s),
        (Column::Text { .. }, other) => text(column, row) == Some(other.to_string()),
        (Column::Number { values, missing }, wanted) => {
            let number = match wanted {
                Value::Number(n) => n.as_f64(),
                Value::Bool(b) => Some(f64::from(u8::from(*b))),
                Value::String(s) => s.parse().ok(),
                _ => None,
            };
            !missing.as_ref().is_some_and(|m| m[row]) && number == Some(values[row])
        }
    }
}
