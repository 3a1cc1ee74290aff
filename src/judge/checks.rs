//! Validity and what is reported beside the metrics: sample ratio, missing values, drift, balance, ids, labels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Outcome;
use super::dataset::{Codes, Dataset, NONE};
use super::judgement::Check;
use super::metric::Judged;
use super::select::Selection;
use super::sentence::p_value;
use crate::arms::{Arm, Arms};
use crate::compare::{Design, Rows};
use crate::config::{JudgeConfig, MetricConfig};
use crate::stats::proportion::{StratumCounts, conditional_binomial_strata, score_difference_strata};
use crate::stats::special::{binom_cdf, binom_sf, chi2_sf};

/// Level of every validity check.
pub(super) const LEVEL: f64 = 0.001;

/// Whether values are missing more often in one arm than in the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Missingness {
    /// Two-sided p-value; `None` when nothing is missing.
    pub p: Option<f64>,
    /// Share of missing rows.
    pub share: Arms<f64>,
}

impl Missingness {
    /// Shown to differ.
    pub fn differs(&self) -> bool {
        self.p.is_some_and(|p| p <= LEVEL)
    }
}

/// Rows of each arm, or units when clustered.
pub(super) fn units(data: &Dataset<'_>, selection: &Selection, n: Arms<u64>) -> Arms<u64> {
    let Some(units) = &data.units else { return n };
    selection.row.as_ref().map(|rows| {
        let mut distinct: Vec<u32> = rows.iter().map(|&r| units.codes[r as usize]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() as u64
    })
}

/// Missing rates inside strata: a stratified score test, or the conditional one when few rows are missing.
pub(super) fn missingness(data: &Dataset<'_>, selection: &Selection) -> Missingness {
    let share = selection.tally.as_ref().map(|t| {
        let (all, missing) = t.iter().fold((0, 0), |(a, m), c| (a + c.0, m + c.1));
        if all == 0 { 0.0 } else { missing as f64 / all as f64 }
    });
    let total = selection.missing();
    if data.paired || total.baseline + total.canary == 0 {
        return Missingness { p: None, share };
    }
    let canary: u64 = selection.tally.canary.iter().map(|c| c.0).sum();
    let strata: Vec<StratumCounts> = selection
        .tally
        .canary
        .iter()
        .zip(&selection.tally.baseline)
        .filter(|(c, b)| c.0 > 0 && b.0 > 0)
        .map(|(c, b)| StratumCounts {
            weight: c.0 as f64 / canary as f64,
            x_events: c.1 as f64,
            x_n: c.0 as f64,
            y_events: b.1 as f64,
            y_n: b.0 as f64,
        })
        .collect();
    let factor = missing_design_effect(data, selection);
    let rare = total.baseline + total.canary < 20;
    let p = if rare {
        conditional_binomial_strata(&strata, 1.0).ok().map(|p| (2.0 * p.p_less.min(p.p_greater)).min(1.0))
    } else {
        score_difference_strata(&strata, 0.0, factor).ok().map(|s| (2.0 * s.p_less().min(s.p_greater())).min(1.0))
    };
    Missingness { p, share }
}

/// Users who err all the time are one observation: the design effect of being missing.
fn missing_design_effect(data: &Dataset<'_>, selection: &Selection) -> f64 {
    let Some(units) = &data.units else { return 1.0 };
    let mut totals = vec![(0.0_f64, 0.0_f64); units.names.len()];
    let present = selection.row.baseline.iter().chain(&selection.row.canary);
    for (&row, missing) in present.map(|r| (r, 0.0)).chain(selection.missing_row.iter().map(|r| (r, 1.0))) {
        let total = &mut totals[units.codes[row as usize] as usize];
        total.0 += 1.0;
        total.1 += missing;
    }
    let (n, missing) = totals.iter().fold((0.0, 0.0), |(n, m), t| (n + t.0, m + t.1));
    let rate = missing / n;
    let clustered: f64 = totals.iter().map(|(rows, missing)| (missing - rate * rows).powi(2)).sum();
    let effect = clustered / (n * rate * (1.0 - rate));
    if effect.is_finite() { effect.max(1.0) } else { 1.0 }
}

/// p-value that the baseline's mean is the same in every stratum; `None` with one stratum.
pub(super) fn drift(data: &Dataset<'_>, selection: &Selection) -> Option<f64> {
    if data.strata.names.len() < 2 || selection.classes.is_some() {
        return None;
    }
    let rows = super::select::rows(data, selection, None).baseline;
    if rows.values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    // Ranks in place of values, so that one slow request is not a drift.
    let mut order: Vec<u32> = (0..rows.values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| rows.values[a as usize].total_cmp(&rows.values[b as usize]));
    let mut ranks = vec![0.0; order.len()];
    let mut start = 0;
    while start < order.len() {
        let value = rows.values[order[start] as usize];
        let end = start + order[start..].iter().take_while(|&&i| rows.values[i as usize] == value).count();
        for &i in &order[start..end] {
            ranks[i as usize] = 0.5 * (start + end - 1) as f64;
        }
        start = end;
    }
    let arm = Rows { values: ranks, second: Vec::new(), ..rows };
    let design = Design::new(Arms { baseline: arm.clone(), canary: arm }, data.strata.names.len(), false);
    let (mut weights, mut means) = (Vec::new(), Vec::new());
    for s in &design.strata {
        let cell = &s.cells.baseline;
        if cell.units < 10 {
            continue;
        }
        let n = cell.n() as f64;
        let mean = cell.values.iter().sum::<f64>() / n;
        let variance = unit_variance(cell.values.iter().map(|v| (v - mean) / n), &cell.unit, cell.units);
        if variance > 0.0 {
            weights.push(1.0 / variance);
            means.push(mean);
        }
    }
    if means.len() < 2 {
        return None;
    }
    let total: f64 = weights.iter().sum();
    let centre = weights.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>() / total;
    let q: f64 = weights.iter().zip(&means).map(|(w, m)| w * (m - centre) * (m - centre)).sum();
    Some(chi2_sf(q, means.len() as f64 - 1.0))
}

fn unit_variance(influence: impl Iterator<Item = f64>, unit: &[u32], units: u64) -> f64 {
    let g = units as f64;
    let factor = g / (g - 1.0);
    if unit.is_empty() {
        return factor * influence.map(|e| e * e).sum::<f64>();
    }
    let most = unit.iter().max().map_or(0, |u| *u as usize + 1);
    let mut totals = vec![0.0_f64; most];
    for (e, &u) in influence.zip(unit) {
        totals[u as usize] += e;
    }
    factor * totals.iter().map(|t| t * t).sum::<f64>()
}

fn check(name: &str, outcome: Outcome, p: Option<f64>, reason: Option<&str>, text: String) -> Check {
    Check { name: name.into(), outcome, p, reason: reason.map(Into::into), text, details: BTreeMap::new() }
}

/// Every check, in a fixed order.
pub(super) fn all(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    judged: &[Judged<'_>],
    warnings: &mut Vec<String>,
) -> Vec<Check> {
    let mut checks = vec![sample_ratio(data, warnings), missing(judged), baseline_drift(judged)];
    if let Some(balance) = segment_balance(data) {
        checks.push(balance);
    }
    if let Some(repeats) = data.repeated_ids {
        let text = match repeats {
            0 => "every id stands once".into(),
            n => format!("{n} rows repeat an id; rows that were logged twice make every p-value too small"),
        };
        let outcome = if repeats == 0 { Outcome::Pass } else { Outcome::Fail };
        let mut found = check("duplicate_ids", outcome, None, (repeats > 0).then_some("repeated"), text);
        found.details.insert("repeated".into(), json!(repeats));
        checks.push(found);
    }
    if let Some(coverage) = label_coverage(config, data, warnings) {
        checks.push(coverage);
    }
    checks
}

/// Whether the arms' sizes agree with the declared share, stratum by stratum, by the exact binomial test.
fn sample_ratio(data: &Dataset<'_>, warnings: &mut Vec<String>) -> Check {
    let name = "sample_ratio";
    let n = data.n();
    if data.paired {
        return check(
            name,
            Outcome::NoData,
            None,
            Some("paired"),
            "every row is a pair, so there is no split to check".into(),
        );
    }
    let Some(share) = &data.share else {
        return no_split("no share was declared; set data.share to have the split checked");
    };
    // A declared share may change inside a stratum: each (stratum, share) is a block of its own.
    let mut index: BTreeMap<(u32, u64), usize> = BTreeMap::new();
    let mut blocks: Vec<Arms<Vec<u32>>> = Vec::new();
    let mut last = None;
    for (row, arm) in data.arm.iter().enumerate() {
        let Some(arm) = arm else { continue };
        let key = (data.strata.codes[row], share.of(row).to_bits());
        // Rows of one block stand together as a rule, so that the map is asked seldom.
        let block = match last {
            Some((of, block)) if of == key => block,
            _ => *index.entry(key).or_insert_with(|| {
                blocks.push(Arms::default());
                blocks.len() - 1
            }),
        };
        last = Some((key, block));
        match arm {
            Arm::Canary => blocks[block].canary.push(row as u32),
            Arm::Baseline => blocks[block].baseline.push(row as u32),
        }
    }
    let mut splits = Vec::with_capacity(index.len());
    let mut crossed = Vec::new();
    for ((stratum, bits), block) in index {
        let rows = &blocks[block];
        let stratum = data.strata.names[stratum as usize].clone();
        let mut split = Split {
            share: f64::from_bits(bits),
            baseline: rows.baseline.len() as u64,
            canary: rows.canary.len() as u64,
            counted: "rows",
            stratum,
        };
        if let Some(units) = &data.units {
            let distinct = rows.as_ref().map(|rows| {
                let mut codes: Vec<u32> = rows.iter().map(|&r| units.codes[r as usize]).collect();
                codes.sort_unstable();
                codes.dedup();
                codes
            });
            let both = distinct.canary.iter().filter(|u| distinct.baseline.binary_search(u).is_ok()).count();
            if both == 0 {
                split.canary = distinct.canary.len() as u64;
                split.baseline = distinct.baseline.len() as u64;
                split.counted = "units";
            } else {
                crossed.push((split.stratum.clone(), both));
            }
        }
        splits.push(split);
    }
    if let Some((stratum, both)) = crossed.first() {
        warnings.push(format!(
            "{both} units of stratum {stratum} were served by both arms: routing was not by unit, so the sample ratio counts rows"
        ));
    }
    split_check(&splits, n)
}

/// How one block of traffic was split, and how it should have been.
pub(super) struct Split {
    pub stratum: String,
    /// Declared share of the canary, 0 to 1.
    pub share: f64,
    pub baseline: u64,
    pub canary: u64,
    /// `rows` or `units`.
    pub counted: &'static str,
}

/// The check without a declared share.
pub(super) fn no_split(text: &str) -> Check {
    check("sample_ratio", Outcome::NoData, None, Some("not_declared"), text.into())
}

/// The exact binomial test of every block, Bonferroni over blocks.
pub(super) fn split_check(splits: &[Split], n: Arms<u64>) -> Check {
    let tests = splits.len() as f64;
    let mut least = 1.0_f64;
    let mut worst = Value::Null;
    let mut details = Vec::new();
    for Split { stratum, share, baseline, canary, counted } in splits {
        let all = canary + baseline;
        let p = (2.0 * binom_cdf(*canary as i64, all, *share).min(binom_sf(*canary as i64 - 1, all, *share))).min(1.0);
        let detail = json!({
            "stratum": stratum, "declared": share, "observed": *canary as f64 / all as f64,
            "baseline": baseline, "canary": canary, "counted": counted, "p": p,
        });
        if p < least {
            least = p;
            worst = detail.clone();
        }
        details.push(detail);
    }
    let p = (least * tests).min(1.0);
    let fails = p <= LEVEL || n.canary == 0 || n.baseline == 0;
    let text = if fails && worst.is_object() {
        format!(
            "{} of {} {} in stratum {} are the canary's where {}% was declared ({})",
            worst["canary"],
            worst["canary"].as_u64().unwrap_or(0) + worst["baseline"].as_u64().unwrap_or(0),
            worst["counted"].as_str().unwrap_or("rows"),
            worst["stratum"].as_str().unwrap_or("all"),
            trim(100.0 * worst["declared"].as_f64().unwrap_or(0.0)),
            p_value(p)
        )
    } else {
        format!("the arms' sizes agree with the declared share ({})", p_value(p))
    };
    let outcome = if fails { Outcome::Fail } else { Outcome::Pass };
    let mut found = check("sample_ratio", outcome, Some(p), fails.then_some("mismatch"), text);
    found.details.insert("strata".into(), Value::Array(details));
    found
}

fn trim(v: f64) -> String {
    let text = format!("{v:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn missing(judged: &[Judged<'_>]) -> Check {
    let tested: Vec<(&str, f64, Arms<f64>)> = judged
        .iter()
        .filter_map(|j| j.missingness.p.map(|p| (j.metric.name.as_str(), p, j.missingness.share)))
        .collect();
    let differing: Vec<&(&str, f64, Arms<f64>)> = tested.iter().filter(|t| t.1 <= LEVEL).collect();
    let least = tested.iter().map(|t| t.1).fold(f64::INFINITY, f64::min);
    let text = match differing.first() {
        None if tested.is_empty() => "no values are missing".into(),
        None => "values are missing alike in both arms".to_owned(),
        Some(_) => {
            let names: Vec<String> = differing
                .iter()
                .map(|(name, _, share)| {
                    format!(
                        "{name} ({}% of the canary, {}% of the baseline)",
                        trim(100.0 * share.canary),
                        trim(100.0 * share.baseline)
                    )
                })
                .collect();
            format!("values are missing more often in one arm: {}", names.join(", "))
        }
    };
    let outcome = if differing.is_empty() { Outcome::Pass } else { Outcome::Fail };
    let mut found = check(
        "missingness",
        outcome,
        (!tested.is_empty()).then_some(least),
        (!differing.is_empty()).then_some("differential_missing"),
        text,
    );
    let details = tested
        .iter()
        .map(|(name, p, share)| json!({"metric": name, "p": p, "baseline": share.baseline, "canary": share.canary}))
        .collect::<Vec<_>>();
    if !details.is_empty() {
        found.details.insert("metrics".into(), Value::Array(details));
    }
    found
}

fn baseline_drift(judged: &[Judged<'_>]) -> Check {
    let tested: Vec<(&str, f64)> = judged.iter().filter_map(|j| j.drift.map(|p| (j.metric.name.as_str(), p))).collect();
    if tested.is_empty() {
        return check(
            "baseline_drift",
            Outcome::NoData,
            None,
            Some("one_stratum"),
            "there is one stratum, so the baseline has no past to differ from".into(),
        );
    }
    let k = tested.len() as f64;
    let least = tested.iter().map(|t| t.1).fold(f64::INFINITY, f64::min);
    let p = (k * least).min(1.0);
    let moved: Vec<&str> = tested.iter().filter(|t| k * t.1 <= LEVEL).map(|t| t.0).collect();
    let text = if moved.is_empty() {
        format!("the baseline is the same in every stratum ({})", p_value(p))
    } else {
        format!(
            "the baseline itself changed between strata: {} ({}); arms are compared inside strata only",
            moved.join(", "),
            p_value(p)
        )
    };
    let outcome = if moved.is_empty() { Outcome::Pass } else { Outcome::Fail };
    let mut found = check("baseline_drift", outcome, Some(p), (!moved.is_empty()).then_some("drift"), text);
    found.details.insert(
        "metrics".into(),
        Value::Array(tested.iter().map(|(name, p)| json!({"metric": name, "p": p})).collect()),
    );
    found
}

/// Whether the arms carry the same mix of segments, inside strata: Pearson's chi-square summed over strata.
fn segment_balance(data: &Dataset<'_>) -> Option<Check> {
    if data.segments.is_empty() || data.paired {
        return None;
    }
    let mut details = Vec::new();
    let mut least = f64::INFINITY;
    let mut worst = String::new();
    for (name, codes) in &data.segments {
        let Some((statistic, dof)) = homogeneity(data, codes) else { continue };
        let p = chi2_sf(statistic, dof);
        if p < least {
            least = p;
            worst.clone_from(name);
        }
        details.push(json!({"segment": name, "statistic": statistic, "dof": dof, "p": p}));
    }
    if details.is_empty() {
        return Some(check(
            "segment_balance",
            Outcome::NoData,
            None,
            Some("too_small"),
            "no segment has enough rows to compare the mix".into(),
        ));
    }
    let p = (least * details.len() as f64).min(1.0);
    let fails = p <= LEVEL;
    let text = if fails {
        format!("the arms differ in their mix of {worst} ({}): the router may be biased", p_value(p))
    } else {
        format!("both arms carry the same mix of segments ({})", p_value(p))
    };
    let mut found = check(
        "segment_balance",
        if fails { Outcome::Fail } else { Outcome::Pass },
        Some(p),
        fails.then_some("unbalanced"),
        text,
    );
    found.details.insert("segments".into(), Value::Array(details));
    Some(found)
}

fn homogeneity(data: &Dataset<'_>, codes: &Codes) -> Option<(f64, f64)> {
    let groups = codes.names.len();
    // Units rather than rows where units were randomised: one row a unit, its first.
    let mut seen = data.units.as_ref().map(|u| vec![false; u.names.len()]);
    let mut counts = vec![[0.0_f64; 2]; groups * data.strata.names.len()];
    for (row, arm) in data.arm.iter().enumerate() {
        let Some(arm) = arm else { continue };
        if codes.codes[row] == NONE {
            continue;
        }
        if let (Some(seen), Some(units)) = (&mut seen, &data.units)
            && std::mem::replace(&mut seen[units.codes[row] as usize], true)
        {
            continue;
        }
        let cell = data.strata.codes[row] as usize * groups + codes.codes[row] as usize;
        counts[cell][usize::from(*arm == Arm::Canary)] += 1.0;
    }
    let (mut statistic, mut dof) = (0.0, 0.0);
    for stratum in counts.chunks(groups.max(1)) {
        let total = stratum.iter().fold([0.0, 0.0], |t, c| [t[0] + c[0], t[1] + c[1]]);
        let all = total[0] + total[1];
        if total[0] == 0.0 || total[1] == 0.0 {
            continue;
        }
        // Segments with fewer than five expected rows in an arm are taken together.
        let least = total[0].min(total[1]) / all;
        let (mut kept, mut rest) = (Vec::new(), [0.0, 0.0]);
        for c in stratum {
            if (c[0] + c[1]) * least >= 5.0 {
                kept.push(*c);
            } else {
                rest = [rest[0] + c[0], rest[1] + c[1]];
            }
        }
        if (rest[0] + rest[1]) * least >= 5.0 {
            kept.push(rest);
        }
        if kept.len() < 2 {
            continue;
        }
        let total = kept.iter().fold([0.0, 0.0], |t, c| [t[0] + c[0], t[1] + c[1]]);
        let all = total[0] + total[1];
        for c in &kept {
            for arm in 0..2 {
                let expected = (c[0] + c[1]) * total[arm] / all;
                statistic += (c[arm] - expected) * (c[arm] - expected) / expected;
            }
        }
        dof += kept.len() as f64 - 1.0;
    }
    (dof > 0.0).then_some((statistic, dof))
}

fn label_coverage(config: &JudgeConfig, data: &Dataset<'_>, warnings: &mut Vec<String>) -> Option<Check> {
    let labels = config.data.labels.as_ref()?;
    let arrived = data.arrived.as_ref()?;
    let mut table = vec![[[0u64; 2]; 2]; data.strata.names.len()];
    for (row, arm) in data.arm.iter().enumerate() {
        if let Some(arm) = arm {
            let counts = &mut table[data.strata.codes[row] as usize][usize::from(*arm == Arm::Canary)];
            counts[0] += 1;
            counts[1] += u64::from(arrived[row]);
        }
    }
    let share = |n: [u64; 2]| if n[0] == 0 { 0.0 } else { n[1] as f64 / n[0] as f64 };
    let sum = |arm: usize| table.iter().fold([0, 0], |t, s| [t[0] + s[arm][0], t[1] + s[arm][1]]);
    let (baseline, canary) = (share(sum(0)), share(sum(1)));
    let strata: Vec<Value> = table
        .iter()
        .enumerate()
        .map(|(h, s)| json!({"stratum": data.strata.names[h], "baseline": share(s[0]), "canary": share(s[1])}))
        .collect();
    let text = format!(
        "{:.0}% of the canary's labels and {:.0}% of the baseline's have arrived",
        100.0 * canary,
        100.0 * baseline
    );
    if baseline.min(canary) < 0.5 {
        warnings.push(format!(
            "{text}: metrics on {} are judged on the rows whose labels are there; the shift of the scores is what can be judged now",
            labels.columns.join(", ")
        ));
    }
    let outcome = if baseline.min(canary) < 0.5 { Outcome::Inconclusive } else { Outcome::Pass };
    let mut found = check("label_coverage", outcome, None, None, text);
    found.details.insert("baseline".into(), json!(baseline));
    found.details.insert("canary".into(), json!(canary));
    found.details.insert("strata".into(), Value::Array(strata));
    Some(found)
}

/// The pairs whose values differ most, largest first: what a person looks at in shadow mode.
pub(super) fn movers(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    _metric: &MetricConfig,
    selection: &Selection,
) -> Vec<Value> {
    const SHOWN: usize = 5;
    let (canary, baseline) = (&selection.values.canary, &selection.values.baseline);
    let n = canary.len().min(baseline.len());
    // Classes differ or they do not: the distance of their codes means nothing.
    let distance = |i: usize| match &selection.classes {
        Some(_) => f64::from(u8::from(canary[i] != baseline[i])),
        None => (canary[i] - baseline[i]).abs(),
    };
    let shown = |v: f64| match &selection.classes {
        Some(names) => json!(names.get(v as usize)),
        None => json!(v),
    };
    let mut order: Vec<u32> = (0..n as u32).filter(|&i| distance(i as usize) > 0.0).collect();
    order.sort_by(|&a, &b| distance(b as usize).total_cmp(&distance(a as usize)).then(a.cmp(&b)));
    order.truncate(SHOWN);
    order
        .into_iter()
        .map(|i| {
            let row = selection.row.canary[i as usize] as usize;
            let mut mover =
                json!({"row": row + 1, "baseline": shown(baseline[i as usize]), "canary": shown(canary[i as usize])});
            if let Some(id) = config.data.id.as_ref().and_then(|id| data.table.column(id)) {
                mover["id"] = match id {
                    crate::table::Column::Number { values, .. } => json!(super::dataset::number_name(values[row])),
                    crate::table::Column::Text { codes, names } => json!(names.get(codes[row] as usize)),
                };
            }
            for (name, codes) in &data.segments {
                if codes.codes[row] != NONE {
                    mover[name] = json!(codes.names[codes.codes[row] as usize]);
                }
            }
            mover
        })
        .collect()
}
