//! Rows of sufficient statistics, judged by the comparisons that judge rows.
//!
//! A row of the summary becomes the sums of a cell, or, with values and counts, the rows themselves. What a metric's test
//! needs beyond that is named, for every metric at once.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::checks::{self, Missingness, Split};
use super::dataset::{Codes, in_order};
use super::decide::Shown;
use super::digest;
use super::error::DataError;
use super::judgement::Check;
use super::metric::{self, Judged};
use super::segments::{self, Cell};
use crate::arms::{Arm, Arms};
use crate::compare::{self, Compared, Comparison, Rows, Stream, Sums};
use crate::config::{Event, JudgeConfig, MetricConfig, MetricKind, Share, TestKind};
use crate::stats::Unanswerable;
use crate::summary::{Statistics, SummaryRow};

/// Rows that the counts of one metric may stand for: eight bytes each.
const MOST_ROWS: u64 = 50_000_000;

/// The largest n: 2^42, so that a million rows of a summary still add up exactly.
const MOST: u64 = 1 << 42;

/// The word for rows without a stratum.
const WHOLE: &str = "all";

/// One row of the summary as a comparison takes it.
struct Known<'a> {
    arm: Arm,
    stratum: u32,
    segment: &'a [(String, String)],
    what: What,
}

enum What {
    Values(Vec<f64>),
    Sums(Sums),
}

/// Judges every metric; the checks say what a summary cannot tell.
pub(super) fn shown<'c>(config: &'c JudgeConfig, rows: &[SummaryRow]) -> Result<Shown<'c, 'static>, DataError> {
    if config.data.paired.is_some() {
        let message = "data.paired: a summary does not say which values are of one pair; give the shadow log itself";
        return Err(DataError::Shape(message.into()));
    }
    let strata = strata(rows);
    let mut by_metric: HashMap<&str, Vec<(&SummaryRow, u32)>> = HashMap::new();
    for (row, code) in rows.iter().zip(&strata.codes) {
        by_metric.entry(&row.metric).or_default().push((row, *code));
    }
    let mut faults = Vec::new();
    let known: Vec<Vec<Known<'_>>> = config
        .metrics
        .iter()
        .map(|metric| {
            let own = by_metric.get(metric.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            known(config, metric, own).unwrap_or_else(|fault| {
                faults.push(fault);
                Vec::new()
            })
        })
        .collect();
    if !faults.is_empty() {
        return Err(DataError::Shape(faults.join("\n")));
    }
    let judged: Vec<Judged<'c>> = config
        .metrics
        .par_iter()
        .zip(&known)
        .map(|(metric, known)| judge(config, metric, known, strata.names.len()))
        .collect();
    let mut warnings = warnings(config, rows, &strata);
    let (splits, n) = splits(config, &known, &strata);
    let by_unit = judged.iter().any(|j| j.compared.as_ref().is_ok_and(|c| c.evidence.units.is_some()));
    if by_unit && strata.names.len() > 1 {
        warnings.push(
            "sums over units stand in several strata: the error rates hold if no unit stands in two of them; \
             otherwise judge the rows"
                .into(),
        );
    }
    let checks = checks(config, &splits, n);
    Ok(Shown { judged, checks, warnings, n, data_sha256: digest::summary(rows), rows: None })
}

/// The strata in their order; rows without one are a stratum of their own.
fn strata(rows: &[SummaryRow]) -> Codes {
    let mut names: Vec<String> = Vec::new();
    let mut index = HashMap::new();
    let codes = rows
        .iter()
        .map(|row| {
            let name = row.stratum.as_deref().unwrap_or(WHOLE);
            *index.entry(name).or_insert_with(|| {
                names.push(name.to_owned());
                (names.len() - 1) as u32
            })
        })
        .collect();
    in_order(Codes { codes, names })
}

/// A metric's rows, or what is wrong with them.
fn known<'a>(
    config: &JudgeConfig,
    metric: &MetricConfig,
    rows: &[(&'a SummaryRow, u32)],
) -> Result<Vec<Known<'a>>, String> {
    let name = &metric.name;
    if rows.is_empty() {
        return Err(format!(
            "metric {name}: the summary has no row of it; add its statistics, or take it out of the config"
        ));
    }
    if metric.outliers.is_some() {
        return Err(format!(
            "metric {name}: outliers are found among rows; treat them before summing, and drop `outliers`"
        ));
    }
    let mut all = 0_u64;
    let mut found: Vec<Known<'a>> = Vec::with_capacity(rows.len());
    for &(row, stratum) in rows.iter().filter(|(row, _)| row.n > 0) {
        let what = convert(config, metric, row).map_err(|what| format!("metric {name}: {what}"))?;
        if let What::Values(values) = &what {
            all = all.saturating_add(values.len() as u64);
        }
        if all > MOST_ROWS {
            return Err(too_many(name));
        }
        found.push(Known { arm: row.arm, stratum, segment: &row.segment, what });
    }
    let sums = found.iter().filter(|k| matches!(k.what, What::Sums(_))).count();
    if sums > 0 && sums < found.len() {
        return Err(format!("metric {name}: some rows have values and counts and some have sums; give one of the two"));
    }
    Ok(found)
}

fn too_many(name: &str) -> String {
    format!("metric {name}: its counts stand for more than {MOST_ROWS} rows; send moments or events, or coarser counts")
}

/// The statistics that a metric's test takes, or what it still needs.
fn convert(config: &JudgeConfig, metric: &MetricConfig, row: &SummaryRow) -> Result<What, String> {
    let (kind, n) = (metric.kind.with_article(), row.n);
    if n > MOST {
        return Err(format!("n is {n}; no more than {MOST} rows can be counted exactly"));
    }
    let given = given(&row.statistics);
    let needs = |what: &str| Err(format!("{kind} needs {what}, and the summary has {given}; send {what}, or the rows"));
    const BY_UNIT: &str = "sum_y, sum_x, sum_yy, sum_xy, sum_xx and clusters";
    let clustered = config.data.unit.is_some();
    let by_unit = |what: &str| {
        let unit = config.data.unit.as_deref().unwrap_or_default();
        Err(format!(
            "data.unit is {unit}, so its test needs {what}, and the summary has {given}; send {what}, or drop data.unit if \
             rows were randomised"
        ))
    };
    let clusters = |of_rows: bool| match &row.statistics {
        Statistics::Clusters { sum_y, sum_x, sum_yy, sum_xy, sum_xx, clusters } => {
            if of_rows && *sum_x != n as f64 {
                return Err(format!("sum_x is {sum_x} and n is {n}; for {kind} the denominators are rows, so give n"));
            }
            if *clusters > n {
                return Err(format!("{clusters} clusters in {n} rows; a cluster has at least one row"));
            }
            Sums::clusters(n, *clusters, clustered || *clusters != n, (*sum_y, *sum_x), [*sum_yy, *sum_xy, *sum_xx])
                .map(What::Sums)
                .ok_or_else(|| {
                    "the sums over units contradict each other, or their squares leave no digits for the variance; \
                     subtract a constant from y before summing, or send the rows"
                        .to_owned()
                })
        }
        _ if clustered => by_unit(BY_UNIT),
        _ => needs(BY_UNIT),
    };
    match (&metric.kind, &row.statistics) {
        (MetricKind::Auc { .. } | MetricKind::Agreement { .. }, _) => {
            Err(format!("{kind} needs each row's two values, which no summary keeps; send the rows"))
        }
        (MetricKind::Ratio { .. } | MetricKind::Rate { .. }, _) => clusters(false),
        (
            MetricKind::Proportion { .. } | MetricKind::Mean { .. } | MetricKind::Calibration { .. },
            Statistics::Clusters { .. },
        ) => clusters(true),
        (MetricKind::Proportion { .. } | MetricKind::Mean { .. } | MetricKind::Calibration { .. }, _) if clustered => {
            by_unit(BY_UNIT)
        }
        (MetricKind::Proportion { .. }, Statistics::Events { events }) => Ok(What::Sums(Sums::events(n, *events))),
        (MetricKind::Proportion { event, .. }, Statistics::Counts { values, counts }) => {
            let events = events(event, values, counts)?;
            Ok(What::Sums(Sums::events(n, events)))
        }
        (MetricKind::Proportion { .. }, _) => needs("n and events"),
        (MetricKind::Mean { .. } | MetricKind::Calibration { .. }, Statistics::Counts { values, counts }) => {
            rows(&metric.name, values, counts, n)
        }
        (MetricKind::Mean { .. } | MetricKind::Calibration { .. }, statistics) => {
            if metric.test.as_ref().is_some_and(|t| t.kind == TestKind::Bootstrap) {
                return Err(format!(
                    "a bootstrap draws from values and counts, and the summary has {given}; send values and counts, or \
                     drop the test"
                ));
            }
            Ok(What::Sums(match statistics {
                Statistics::Moments { mean, m2 } => Sums::moments(n, *mean, *m2),
                _ => {
                    let Statistics::Events { events } = statistics else { return needs("mean and m2") };
                    Sums::events(n, *events)
                }
            }))
        }
        _ if clustered => {
            let unit = config.data.unit.as_deref().unwrap_or_default();
            Err(format!(
                "data.unit is {unit}, so {kind} needs each value with its unit, which no summary keeps; send the rows"
            ))
        }
        (_, Statistics::Counts { values, counts }) => rows(&metric.name, values, counts, n),
        _ => needs("values and counts"),
    }
}

fn given(statistics: &Statistics) -> &'static str {
    match statistics {
        Statistics::Events { .. } => "events",
        Statistics::Moments { .. } => "moments alone",
        Statistics::Counts { .. } => "values and counts",
        Statistics::Clusters { .. } => "sums over units",
    }
}

fn rows(name: &str, values: &[f64], counts: &[u64], n: u64) -> Result<What, String> {
    if n > MOST_ROWS {
        return Err(too_many(name).trim_start_matches(&format!("metric {name}: ")).to_owned());
    }
    let repeated = values.iter().zip(counts).flat_map(|(v, k)| std::iter::repeat_n(v + 0.0, *k as usize));
    Ok(What::Values(repeated.collect()))
}

fn events(event: &Event, values: &[f64], counts: &[u64]) -> Result<u64, String> {
    let mut events = 0;
    for (value, count) in values.iter().zip(counts) {
        events += count
            * u64::from(match event {
                Event::Above(limit) => value > limit,
                Event::Below(limit) => value < limit,
                Event::True if *value == 0.0 || *value == 1.0 || *count == 0 => *value == 1.0,
                Event::True => {
                    return Err(format!(
                        "{value} is not 0 or 1; for a proportion of a number give `above:` or `below:`"
                    ));
                }
            });
    }
    Ok(events)
}

/// Rows of both arms as a comparison takes them.
fn arms<'a>(known: impl Iterator<Item = &'a Known<'a>>, strata: usize) -> Arms<Rows> {
    let mut arms = Arms { baseline: Rows::default(), canary: Rows::default() };
    for k in known {
        let rows = match k.arm {
            Arm::Baseline => &mut arms.baseline,
            Arm::Canary => &mut arms.canary,
        };
        match &k.what {
            What::Sums(sums) => rows.sums.push((k.stratum, *sums)),
            What::Values(values) => {
                rows.values.extend_from_slice(values);
                if strata > 1 {
                    rows.stratum.resize(rows.values.len(), k.stratum);
                }
            }
        }
    }
    arms
}

/// The rows with the fewest segment columns among those that name `column`, or among all.
fn level<'a>(known: &'a [Known<'a>], column: Option<&str>) -> impl Iterator<Item = &'a Known<'a>> {
    let columns = |k: &Known<'_>| -> Vec<String> { k.segment.iter().map(|(c, _)| c.clone()).collect() };
    let least = known
        .iter()
        .map(columns)
        .filter(|c| column.is_none_or(|column| c.iter().any(|name| name == column)))
        .min_by_key(Vec::len);
    known.iter().filter(move |k| least.as_ref().is_some_and(|l| columns(k) == *l))
}

fn compare_arms(
    config: &JudgeConfig,
    metric: &MetricConfig,
    mut rows: Arms<Rows>,
    strata: usize,
    name: &str,
) -> Result<Compared, Unanswerable> {
    let alpha = metric.alpha.unwrap_or(config.alpha);
    let stream = Stream { seed: config.seed, name, draws: None };
    let classes = classes(metric, &mut rows);
    let comparison = comparison(metric, rows, strata, classes.as_deref());
    compare::compare(comparison, &metric::question(metric, alpha), &stream)
}

fn comparison<'m>(
    metric: &'m MetricConfig,
    rows: Arms<Rows>,
    strata: usize,
    classes: Option<&'m [String]>,
) -> Comparison<'m> {
    Comparison { kind: &metric.kind, test: metric.test.as_ref(), rows, strata, paired: false, classes }
}

/// Values as codes of classes, where the metric is of classes.
fn classes(metric: &MetricConfig, rows: &mut Arms<Rows>) -> Option<Vec<String>> {
    let asked = metric.test.as_ref().is_some_and(|t| t.kind == TestKind::ChiSquare);
    if !asked || !matches!(metric.kind, MetricKind::Shift { .. }) {
        return None;
    }
    let mut distinct: Vec<f64> = rows.canary.values.iter().chain(&rows.baseline.values).copied().collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    for values in [&mut rows.canary.values, &mut rows.baseline.values] {
        values.iter_mut().for_each(|v| *v = distinct.partition_point(|d| d.total_cmp(v).is_lt()) as f64);
    }
    Some(distinct.into_iter().map(super::dataset::number_name).collect())
}

fn judge<'c>(config: &'c JudgeConfig, metric: &'c MetricConfig, known: &[Known<'_>], strata: usize) -> Judged<'c> {
    let alpha = metric.alpha.unwrap_or(config.alpha);
    let rows = arms(level(known, None), strata);
    let n = rows.as_ref().map(Rows::n);
    let limit = metric
        .limit
        .as_ref()
        .map(|limit| compare::limit(&comparison(metric, rows.clone(), strata, None), limit, &alpha));
    let compared = compare_arms(config, metric, rows, strata, &metric.name);
    let cells =
        if metric.segments && metric::compares(metric) { cells(config, metric, known, strata) } else { Vec::new() };
    Judged {
        metric,
        alpha,
        limit,
        missing: Arms::default(),
        missingness: Missingness { p: None, share: Arms::default() },
        outliers: Arms::default(),
        n,
        units: compared.as_ref().map_or(n, |c| c.evidence.units.unwrap_or(c.evidence.n)),
        drift: None,
        cells,
        stand_in: None,
        movers: Vec::new(),
        compared,
    }
}

fn cells(config: &JudgeConfig, metric: &MetricConfig, known: &[Known<'_>], strata: usize) -> Vec<Cell> {
    let mut all = Vec::new();
    for (place, column) in config.data.segments.iter().enumerate() {
        let mut by_value: BTreeMap<&str, Vec<&Known<'_>>> = BTreeMap::new();
        for k in level(known, Some(column)) {
            let value = k.segment.iter().find(|(name, _)| name == column).map(|(_, value)| value.as_str());
            by_value.entry(value.unwrap_or_default()).or_default().push(k);
        }
        let by_value: Vec<(&str, Vec<&Known<'_>>)> = by_value.into_iter().collect();
        let found: Vec<Cell> = by_value
            .par_iter()
            .enumerate()
            .map(|(code, (value, known))| {
                let segment = BTreeMap::from([(column.clone(), (*value).to_owned())]);
                let compared = cell(config, metric, known, strata, &segment);
                Cell { segment, key: (place, code as u32), compared }
            })
            .collect();
        all.extend(found);
    }
    all
}

fn cell(
    config: &JudgeConfig,
    metric: &MetricConfig,
    known: &[&Known<'_>],
    strata: usize,
    segment: &BTreeMap<String, String>,
) -> Result<Compared, String> {
    let rows = arms(known.iter().copied(), strata);
    for arm in [Arm::Baseline, Arm::Canary] {
        let (n, least) = (rows[arm].n(), segments::LEAST_ROWS);
        if n < least as u64 {
            return Err(format!("{n} rows in the {arm} arm, at least {least} are needed"));
        }
        let units: u64 = rows[arm].sums.iter().map(|(_, s)| s.units()).sum();
        let least = segments::LEAST_UNITS;
        if rows[arm].sums.iter().any(|(_, s)| s.by_unit()) && units < least as u64 {
            return Err(format!("{units} units in the {arm} arm, at least {least} are needed"));
        }
    }
    let mean = matches!(metric.kind, MetricKind::Mean { .. } | MetricKind::Calibration { .. });
    if mean && (!rows.baseline.sums.is_empty() || !rows.canary.sums.is_empty()) {
        // A small cell of a skewed metric has to be left alone, and moments do not say that it is skewed.
        return Err("moments do not show how skewed the values are; give values and counts to judge segments".into());
    }
    let name = segments::stream_name(&metric.name, segment);
    let compared = compare_arms(config, metric, rows, strata, &name).map_err(|why| why.to_string())?;
    segments::enough(metric, compared)
}

/// The split of the metric with the most rows: of all that can be known it is closest to the traffic.
fn splits(config: &JudgeConfig, known: &[Vec<Known<'_>>], strata: &Codes) -> (Vec<Split>, Arms<u64>) {
    let share = match config.data.share {
        Some(Share::Percent(percent)) => percent / 100.0,
        _ => f64::NAN,
    };
    let count = |known: &[Known<'_>]| {
        let mut counts = vec![Arms { baseline: 0, canary: 0 }; strata.names.len()];
        for k in level(known, None) {
            let (rows, counts) = (
                match &k.what {
                    What::Sums(sums) => sums.n(),
                    What::Values(values) => values.len() as u64,
                },
                &mut counts[k.stratum as usize],
            );
            match k.arm {
                Arm::Baseline => counts.baseline += rows,
                Arm::Canary => counts.canary += rows,
            }
        }
        counts
    };
    let total = |counts: &[Arms<u64>]| counts.iter().map(|c| c.baseline + c.canary).sum::<u64>();
    let unfiltered = config.metrics.iter().zip(known).filter(|(m, _)| m.filter.is_empty()).map(|(_, k)| count(k));
    let most = unfiltered.max_by_key(|c| total(c));
    let counts = most.or_else(|| known.iter().map(|k| count(k)).max_by_key(|c| total(c))).unwrap_or_default();
    let n = Arms { baseline: counts.iter().map(|c| c.baseline).sum(), canary: counts.iter().map(|c| c.canary).sum() };
    let blocks =
        counts.into_iter().zip(&strata.names).filter(|(c, _)| c.baseline + c.canary > 0).map(|(c, stratum)| Split {
            stratum: stratum.clone(),
            share,
            baseline: c.baseline,
            canary: c.canary,
            counted: "rows",
        });
    (blocks.collect(), n)
}

fn checks(config: &JudgeConfig, splits: &[Split], n: Arms<u64>) -> Vec<Check> {
    let by_unit = config.data.unit.is_some();
    let unfiltered = config.metrics.iter().any(|m| m.filter.is_empty());
    let ratio = match config.data.share {
        Some(Share::Percent(_)) if !by_unit && unfiltered => checks::split_check(splits, n),
        Some(Share::Percent(_)) if by_unit => checks::no_split(
            "a summary does not say which units were served by both arms; check the split of units on the rows",
        ),
        Some(Share::Percent(_)) => {
            checks::no_split("every metric has a filter, so no row of the summary counts the traffic")
        }
        Some(Share::Column(_)) => checks::no_split(
            "data.share is a column, which a summary does not keep; set it to a number to have the split checked",
        ),
        None => checks::no_split("no share was declared; set data.share to have the split checked"),
    };
    let unknown = ["missingness", "baseline_drift"].map(|name| Check {
        name: name.into(),
        outcome: super::Outcome::NoData,
        p: None,
        reason: Some("summary".into()),
        text: "a summary does not tell; judge the rows to have it checked".into(),
        details: BTreeMap::new(),
    });
    std::iter::once(ratio).chain(unknown).collect()
}

/// What the summary's maker has to have done, and what of the summary was not used.
fn warnings(config: &JudgeConfig, rows: &[SummaryRow], strata: &Codes) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    if config.metrics.iter().any(|m| !m.filter.is_empty()) {
        taken.push("where");
    }
    if config.data.warm_up.is_some() {
        taken.push("data.warm_up");
    }
    if config.data.labels.is_some() {
        taken.push("data.labels");
    }
    if !taken.is_empty() {
        warnings.push(format!("{} is taken to have been applied when the summary was made", taken.join(", ")));
    }
    if config.data.stratum.is_some() && strata.names.len() < 2 {
        warnings.push("the config has strata and the summary has none: the arms are compared as one block".into());
    }
    let mut others: Vec<&str> = rows.iter().map(|r| r.metric.as_str()).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|name| config.metrics.iter().all(|m| m.name != *name));
    if !others.is_empty() {
        warnings.push(format!("the summary has metrics that the config does not judge: {}", others.join(", ")));
    }
    warnings
}
