//! The rows that one metric looks at: filters, late labels, missing values, outliers, and then one segment of them.

use std::borrow::Cow;

use super::dataset::{Codes, Dataset, NONE, column, number_name, numbers, shorten};
use super::error::DataError;
use crate::arms::{Arm, Arms};
use crate::compare::Rows;
use crate::config::{Event, JudgeConfig, MetricConfig, MetricKind, Missing, OutlierAction, OutlierMethod};
use crate::stats::describe::{self, QuantileRule};
use crate::table::Column;

/// One metric's rows, both arms, before they are split into segments.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// Row of the table behind each entry; may be empty where [`Dataset::rows_matter`] says no.
    pub row: Arms<Vec<u32>>,
    pub values: Arms<Vec<f64>>,
    /// Second column; empty when the metric has one column.
    pub second: Arms<Vec<f64>>,
    /// Names of the classes when the values are class codes.
    pub classes: Option<Vec<String>>,
    /// Per arm and stratum: rows that qualify, and those of them that are missing.
    pub tally: Arms<Vec<(u64, u64)>>,
    /// Rows that qualify and are missing.
    pub missing_row: Vec<u32>,
    /// Rows that qualify but whose label is not yet due, of each arm.
    pub not_due: Arms<u64>,
    /// Rows that were taken out or moved as outliers, of each arm.
    pub outliers: Arms<u64>,
}

impl Selection {
    /// Missing rows of each arm.
    pub fn missing(&self) -> Arms<u64> {
        self.tally.as_ref().map(|t| t.iter().map(|c| c.1).sum())
    }

    /// Rows that are left of each arm.
    pub fn n(&self) -> Arms<u64> {
        self.values.as_ref().map(|v| v.len() as u64)
    }
}

/// Columns of one metric in one arm.
struct Source<'t> {
    values: Cow<'t, [f64]>,
    second: Option<Cow<'t, [f64]>>,
}

/// The columns a metric reads: values, and a second one.
fn sources(kind: &MetricKind) -> (&str, Option<&str>) {
    match kind {
        MetricKind::Proportion { column, .. }
        | MetricKind::Mean { column }
        | MetricKind::Distribution { column }
        | MetricKind::Quantile { column, .. }
        | MetricKind::Shift { column, .. }
        | MetricKind::Agreement { column, .. } => (column, None),
        MetricKind::Auc { score, label } | MetricKind::Calibration { score, label } => (score, Some(label)),
        MetricKind::Ratio { numerator, denominator } => (numerator, Some(denominator)),
        MetricKind::Rate { events, exposure } => (events, Some(exposure)),
    }
}

/// In paired data a column stands behind the arm's prefix, or, without prefixed twins, is shared.
fn twin(config: &JudgeConfig, data: &Dataset<'_>, name: &str, arm: Arm) -> String {
    if let Some(prefix) = &config.data.paired {
        let prefixed = format!("{}{}", prefix[arm], name);
        if data.table.column(&prefixed).is_some() {
            return prefixed;
        }
    }
    name.to_owned()
}

fn used_by(metric: &MetricConfig) -> String {
    format!("metric {}", metric.name)
}

/// Rows that pass the metric's equality filters.
fn filter(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    arm: Arm,
) -> Result<Option<Vec<bool>>, DataError> {
    let mut keep: Option<Vec<bool>> = None;
    for (name, wanted) in &metric.filter {
        let name = twin(config, data, name, arm);
        let used = format!("metric {}, where", metric.name);
        let matches: Vec<bool> = match column(data.table, &name, &used)? {
            Column::Number { values, missing } => {
                let wanted = match wanted {
                    serde_json::Value::Bool(b) => Some(f64::from(u8::from(*b))),
                    serde_json::Value::String(s) => s.trim().parse().ok(),
                    other => other.as_f64(),
                };
                let gone = |i: usize| missing.as_ref().is_some_and(|m| m[i]);
                values.iter().enumerate().map(|(i, v)| !gone(i) && Some(*v) == wanted).collect()
            }
            Column::Text { codes, names } => {
                let wanted = match wanted {
                    serde_json::Value::String(s) => s.clone(),
                    serde_json::Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), number_name),
                    other => other.to_string(),
                };
                let code = names.iter().position(|n| *n == wanted).map(|i| i as u32);
                codes.iter().map(|&c| c != Column::MISSING && Some(c) == code).collect()
            }
        };
        match &mut keep {
            None => keep = Some(matches),
            Some(keep) => keep.iter_mut().zip(matches).for_each(|(k, m)| *k &= m),
        }
    }
    Ok(keep)
}

fn read<'t>(
    config: &JudgeConfig,
    data: &Dataset<'t>,
    metric: &MetricConfig,
    arm: Arm,
    classes: Option<&Codes>,
) -> Result<Source<'t>, DataError> {
    let (first, second) = sources(&metric.kind);
    let used = used_by(metric);
    let values = match classes {
        Some(codes) => codes.codes.iter().map(|&c| if c == NONE { f64::NAN } else { f64::from(c) }).collect(),
        None => numbers(data.table, &twin(config, data, first, arm), &used)?,
    };
    let second = second.map(|name| numbers(data.table, &twin(config, data, name, arm), &used)).transpose()?;
    Ok(Source { values, second })
}

/// Class codes when a metric of classes reads text, shared by both arms.
fn class_codes(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
) -> Result<Option<Arms<Codes>>, DataError> {
    if !matches!(metric.kind, MetricKind::Shift { .. } | MetricKind::Agreement { .. }) {
        return Ok(None);
    }
    let (name, _) = sources(&metric.kind);
    let used = used_by(metric);
    let text = |arm| -> Result<bool, DataError> {
        Ok(matches!(column(data.table, &twin(config, data, name, arm), &used)?, Column::Text { .. }))
    };
    let asked = metric.test.as_ref().is_some_and(|t| t.kind == crate::config::TestKind::ChiSquare);
    // Codes of numbers cost a name for every distinct one, so they are made only where classes are compared.
    if !(text(Arm::Baseline)? || text(Arm::Canary)? || asked) {
        return Ok(None);
    }
    let of = |arm| super::dataset::codes(data.table, &twin(config, data, name, arm), &used);
    let (mut baseline, canary) = (of(Arm::Baseline)?, of(Arm::Canary)?);
    // One numbering for both arms' names.
    let mut names = canary.names.clone();
    let known: std::collections::HashMap<&str, u32> =
        canary.names.iter().zip(0..).map(|(name, code)| (name.as_str(), code)).collect();
    let map: Vec<u32> = baseline
        .names
        .iter()
        .map(|n| {
            known.get(n.as_str()).copied().unwrap_or_else(|| {
                names.push(n.clone());
                (names.len() - 1) as u32
            })
        })
        .collect();
    baseline.codes.iter_mut().filter(|c| **c != NONE).for_each(|c| *c = map[*c as usize]);
    baseline.names = names.clone();
    Ok(Some(Arms { baseline, canary: Codes { names, ..canary } }))
}

/// Reads a metric's rows.
pub(super) fn select(config: &JudgeConfig, data: &Dataset<'_>, metric: &MetricConfig) -> Result<Selection, DataError> {
    let classes = class_codes(config, data, metric)?;
    let (first, second) = sources(&metric.kind);
    let waits = config
        .data
        .labels
        .as_ref()
        .is_some_and(|labels| labels.columns.iter().any(|c| c == first || Some(c.as_str()) == second));
    let strata = data.strata.names.len();
    let mut selection = Selection {
        tally: Arms { baseline: vec![(0, 0); strata], canary: vec![(0, 0); strata] },
        classes: classes.as_ref().map(|c| c.canary.names.clone()),
        ..Selection::default()
    };
    let read_arm = |arm: Arm| -> Result<(Source<'_>, Option<Vec<bool>>), DataError> {
        let classes = classes.as_ref().map(|c| &c[arm]);
        Ok((read(config, data, metric, arm, classes)?, filter(config, data, metric, arm)?))
    };
    // Without pairs both arms read the same columns.
    let canary = read_arm(Arm::Canary)?;
    if let (false, false, None, Source { values, second: None }) = (data.paired, waits, &canary.1, &canary.0)
        && !values.iter().fold(false, |any, v| any | v.is_nan())
    {
        whole_column(data, metric, values, first, &mut selection)?;
        treat_outliers(metric, data.paired, &mut selection);
        return Ok(selection);
    }
    let baseline = if data.paired { Some(read_arm(Arm::Baseline)?) } else { None };
    let sources_of = |arm: Arm| match (&baseline, arm) {
        (Some(baseline), Arm::Baseline) => baseline,
        _ => &canary,
    };
    for row in 0..data.arm.len() {
        let Some(own) = data.arm[row] else { continue };
        let arms: &[Arm] = if data.paired { &[Arm::Baseline, Arm::Canary] } else { std::slice::from_ref(&own) };
        let kept = |arm: Arm| sources_of(arm).1.as_ref().is_none_or(|k| k[row]);
        // A pair counts when both of its sides pass the filter.
        if !arms.iter().all(|&arm| kept(arm)) {
            continue;
        }
        if waits && data.arrived.as_ref().is_some_and(|a| !a[row]) {
            for &arm in arms {
                *slot(&mut selection.not_due, arm) += 1;
            }
            continue;
        }
        let stratum = data.strata.codes[row] as usize;
        let mut entry: Arms<Option<(f64, Option<f64>)>> = Arms::default();
        let mut whole = true;
        for &arm in arms {
            let source = &sources_of(arm).0;
            slot(&mut selection.tally, arm)[stratum].0 += 1;
            let mut pair = (source.values[row], source.second.as_ref().map(|s| s[row]));
            if pair.0.is_nan() || pair.1.is_some_and(f64::is_nan) {
                slot(&mut selection.tally, arm)[stratum].1 += 1;
                match metric.missing {
                    Missing::Drop => {
                        whole = false;
                        selection.missing_row.push(row as u32);
                        continue;
                    }
                    Missing::Fail => {
                        return Err(DataError::BadValue {
                            column: first.to_owned(),
                            row: row + 1,
                            value: "a missing value".into(),
                            expected:
                                "a value, because the metric says `missing: fail`; clean the data or drop the rule"
                                    .into(),
                            used_by: used_by(metric),
                        });
                    }
                    Missing::Zero => {
                        let zero = |v: f64| if v.is_nan() { 0.0 } else { v };
                        pair = (zero(pair.0), pair.1.map(zero));
                    }
                }
            }
            *slot(&mut entry, arm) = Some(pair);
        }
        if !whole {
            continue;
        }
        for &arm in arms {
            let (value, second) = slot(&mut entry, arm).take().expect("an arm of a whole row has a value");
            let value = event(metric, value, first, row)?;
            let second = second.map(|s| check_second(metric, s, row)).transpose()?;
            slot(&mut selection.row, arm).push(row as u32);
            slot(&mut selection.values, arm).push(value);
            if let Some(second) = second {
                slot(&mut selection.second, arm).push(second);
            }
        }
    }
    treat_outliers(metric, data.paired, &mut selection);
    Ok(selection)
}

/// The usual metric: one column, every row of an arm, none missing.
fn whole_column(
    data: &Dataset<'_>,
    metric: &MetricConfig,
    values: &[f64],
    column: &str,
    selection: &mut Selection,
) -> Result<(), DataError> {
    let n = data.n();
    for arm in [Arm::Baseline, Arm::Canary] {
        if data.rows_matter() {
            slot(&mut selection.row, arm).reserve(n[arm] as usize);
        }
        slot(&mut selection.values, arm).reserve(n[arm] as usize);
    }
    let mut start = 0;
    for run in data.arm.chunk_by(|a, b| a == b) {
        let rows = start..start + run.len();
        start = rows.end;
        let Some(arm) = run[0] else { continue };
        match &data.strata.names[..] {
            [_] => slot(&mut selection.tally, arm)[0].0 += run.len() as u64,
            _ => data.strata.codes[rows.clone()]
                .iter()
                .for_each(|&stratum| slot(&mut selection.tally, arm)[stratum as usize].0 += 1),
        }
        if data.rows_matter() {
            slot(&mut selection.row, arm).extend(rows.start as u32..rows.end as u32);
        }
        let into = slot(&mut selection.values, arm);
        match &metric.kind {
            MetricKind::Proportion { .. } => {
                for row in rows {
                    into.push(event(metric, values[row], column, row)?);
                }
            }
            // Without -0.0.
            _ => into.extend(values[rows].iter().map(|v| v + 0.0)),
        }
    }
    Ok(())
}

fn slot<T>(arms: &mut Arms<T>, arm: Arm) -> &mut T {
    match arm {
        Arm::Baseline => &mut arms.baseline,
        Arm::Canary => &mut arms.canary,
    }
}

/// A proportion's value as 0 or 1; other values unchanged, with -0.0 as 0.0.
fn event(metric: &MetricConfig, value: f64, column: &str, row: usize) -> Result<f64, DataError> {
    let MetricKind::Proportion { event, .. } = &metric.kind else { return Ok(value + 0.0) };
    match event {
        Event::Above(limit) => Ok(f64::from(u8::from(value > *limit))),
        Event::Below(limit) => Ok(f64::from(u8::from(value < *limit))),
        Event::True if value == 0.0 || value == 1.0 => Ok(value + 0.0),
        Event::True => Err(DataError::BadValue {
            column: column.into(),
            row: row + 1,
            value: format!("{value}"),
            expected: "0 or 1; for a proportion of a number give `above:` or `below:`".into(),
            used_by: used_by(metric),
        }),
    }
}

fn check_second(metric: &MetricConfig, value: f64, row: usize) -> Result<f64, DataError> {
    let bad = |column: &str, expected: &str| DataError::BadValue {
        column: column.into(),
        row: row + 1,
        value: shorten(&format!("{value}")),
        expected: expected.into(),
        used_by: used_by(metric),
    };
    match &metric.kind {
        MetricKind::Auc { label, .. } if value != 0.0 && value != 1.0 => Err(bad(label, "0 or 1")),
        MetricKind::Ratio { denominator, .. } if value < 0.0 => Err(bad(denominator, "zero or more")),
        MetricKind::Rate { exposure, .. } if value < 0.0 => Err(bad(exposure, "zero or more")),
        _ => Ok(value + 0.0),
    }
}

/// Fences found on the baseline, applied to both arms alike.
fn treat_outliers(metric: &MetricConfig, paired: bool, selection: &mut Selection) {
    let Some(rule) = metric.outliers else { return };
    let mut sorted = selection.values.baseline.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.is_empty() {
        return;
    }
    let quantile = |q: f64| linear_quantile(&sorted, q);
    let (low, high) = match rule.method {
        OutlierMethod::Iqr => {
            let (q1, q3) = (quantile(0.25), quantile(0.75));
            (q1 - rule.factor * (q3 - q1), q3 + rule.factor * (q3 - q1))
        }
        OutlierMethod::Mad => {
            let median = quantile(0.5);
            let mut distances: Vec<f64> = sorted.iter().map(|v| (v - median).abs()).collect();
            distances.sort_unstable_by(f64::total_cmp);
            // 1.4826 = 1 / Phi^-1(3/4) makes the MAD a standard deviation under normality.
            let mad = 1.482_602_218_505_602 * linear_quantile(&distances, 0.5);
            (median - rule.factor * mad, median + rule.factor * mad)
        }
        OutlierMethod::Sigma => {
            let n = sorted.len() as f64;
            let mean = sorted.iter().sum::<f64>() / n;
            let sd = (sorted.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
            (mean - rule.factor * sd, mean + rule.factor * sd)
        }
        OutlierMethod::Quantile => (quantile(1.0 - rule.factor), quantile(rule.factor)),
    };
    let outside = |v: f64| v < low || v > high;
    for arm in [Arm::Baseline, Arm::Canary] {
        *slot(&mut selection.outliers, arm) = selection.values[arm].iter().filter(|v| outside(**v)).count() as u64;
    }
    match rule.action {
        OutlierAction::Clip => {
            for arm in [Arm::Baseline, Arm::Canary] {
                slot(&mut selection.values, arm).iter_mut().for_each(|v| *v = v.clamp(low, high));
            }
        }
        OutlierAction::Remove => {
            let keep = |arm: Arm, i: usize| {
                if paired {
                    !outside(selection.values.baseline[i]) && !outside(selection.values.canary[i])
                } else {
                    !outside(selection.values[arm][i])
                }
            };
            let masks = Arms {
                baseline: (0..selection.values.baseline.len()).map(|i| keep(Arm::Baseline, i)).collect::<Vec<_>>(),
                canary: (0..selection.values.canary.len()).map(|i| keep(Arm::Canary, i)).collect::<Vec<_>>(),
            };
            for arm in [Arm::Baseline, Arm::Canary] {
                retain(slot(&mut selection.row, arm), &masks[arm]);
                retain(slot(&mut selection.values, arm), &masks[arm]);
                retain(slot(&mut selection.second, arm), &masks[arm]);
            }
        }
    }
}

fn linear_quantile(sorted: &[f64], q: f64) -> f64 {
    describe::quantile(sorted, q, QuantileRule::Linear).unwrap_or(0.0)
}

fn retain<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
    let mut i = 0;
    values.retain(|_| {
        i += 1;
        keep[i - 1]
    });
}

/// All rows of a selection as the comparison wants them; its values move and leave the selection without any.
pub(super) fn take_rows(data: &Dataset<'_>, selection: &mut Selection) -> Arms<Rows> {
    let values = std::mem::take(&mut selection.values);
    let second = std::mem::take(&mut selection.second);
    let strata = data.strata.names.len() > 1;
    let with = |row: &[u32], values: Vec<f64>, second: Vec<f64>| Rows {
        values,
        second,
        stratum: if strata { row.iter().map(|&r| data.strata.codes[r as usize]).collect() } else { Vec::new() },
        unit: data.units.as_ref().map_or_else(Vec::new, |u| row.iter().map(|&r| u.codes[r as usize]).collect()),
        sums: Vec::new(),
    };
    Arms {
        baseline: with(&selection.row.baseline, values.baseline, second.baseline),
        canary: with(&selection.row.canary, values.canary, second.canary),
    }
}

/// The rows of a selection as the comparison wants them: all of them, or the given entries of each arm.
pub(super) fn rows(data: &Dataset<'_>, selection: &Selection, entries: Option<&Arms<Vec<u32>>>) -> Arms<Rows> {
    let one = |arm: Arm| {
        let row = &selection.row[arm];
        let strata = data.strata.names.len() > 1;
        let pick = |i: usize| -> usize { entries.map_or(i, |e| e[arm][i] as usize) };
        let n = entries.map_or(selection.values[arm].len(), |e| e[arm].len());
        let second = &selection.second[arm];
        Rows {
            values: match entries {
                None => selection.values[arm].clone(),
                Some(_) => (0..n).map(|i| selection.values[arm][pick(i)]).collect(),
            },
            second: if second.is_empty() { Vec::new() } else { (0..n).map(|i| second[pick(i)]).collect() },
            stratum: if strata {
                (0..n).map(|i| data.strata.codes[row[pick(i)] as usize]).collect()
            } else {
                Vec::new()
            },
            unit: match &data.units {
                None => Vec::new(),
                Some(units) => (0..n).map(|i| units.codes[row[pick(i)] as usize]).collect(),
            },
            sums: Vec::new(),
        }
    };
    Arms { baseline: one(Arm::Baseline), canary: one(Arm::Canary) }
}
