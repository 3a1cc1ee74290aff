//! Are these two arms the same? Equivalence within the margins both ways, the sample ratio, and the balance of segments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::DataError;
use super::judgement::{Check, Finding, Judgement, Provenance, Reason};
use super::{Judge, Outcome, sentence};
use crate::arms::Arms;
use crate::config::{Direction, JudgeConfig, MetricKind, Role};
use crate::summary::SummaryRow;
use crate::table::Table;

/// The schema's name, which every stored answer carries.
pub const SCHEMA: &str = "serinus.parity/1";

/// Whether two arms are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sameness {
    /// Every metric is shown to lie inside its margin on both sides, and no check speaks against it.
    Same,
    /// A metric is shown to lie outside its margin, or the arms were not filled alike.
    Different,
    /// Neither is shown.
    Open,
}

/// The answer to "are these two arms the same?".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parity {
    /// [`SCHEMA`].
    pub schema: String,
    /// The answer.
    pub answer: Sameness,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// What each metric showed, in the config's order: `pass` is shown to be the same, `fail` shown to differ.
    pub metrics: Vec<Finding>,
    /// Sample ratio, missing values, balance of segments, and what else is reported.
    pub checks: Vec<Check>,
    /// What a reader should know; decides nothing.
    pub warnings: Vec<String>,
    /// Enough to make the same bytes again.
    pub provenance: Provenance,
}

/// Checks whose failure says that the arms were not filled alike, and the code of the reason.
const FILLED_ALIKE: [(&str, &str); 3] = [
    ("sample_ratio", "sample_ratio_differs"),
    ("segment_balance", "segments_differ"),
    ("missingness", "missing_values_differ"),
];

impl Judge {
    /// Tells whether the two arms of a table are the same, as an A/A comparison asks it before any canary is trusted.
    ///
    /// The config is read both ways: a margin bounds a change in either direction, limits and scores play no part, and
    /// critical and scored metrics count alike. *Same* needs every one of them shown inside its margin on both sides
    /// (two one-sided tests at `alpha.safe` each, Schuirmann 1987; all of them, so that no correction is due), the sample
    /// ratio as declared, segments in one mix and values missing alike (.001 each). *Different* is one metric, or one
    /// segment of it, shown outside its margin (`alpha.harm`, corrected inside the two families), or one of those checks
    /// failing. Advisory metrics are reported and do not count. Costs what [`Judge::judge`] costs.
    ///
    /// ```
    /// use serinus::judge::{Judge, parity::Sameness};
    /// use serinus::{Column, JudgeConfig, Table};
    /// let config = JudgeConfig::from_value(&serde_json::json!({"version": 1, "data": {"arm": {"column": "arm"}, "share": 50},
    ///     "metrics": [{"name": "cost", "type": "mean", "column": "cost", "direction": "lower_is_better",
    ///         "margin": {"relative": 0.1}}]}))?;
    /// let judge = Judge::new(config)?;
    /// let table = |factor: f64| Table::new(vec![
    ///     ("arm".to_owned(), Column::texts((0..4000).map(|i| if i % 2 == 0 { "baseline" } else { "canary" }))),
    ///     ("cost".to_owned(), Column::numbers((0..4000_u32).map(|i| {
    ///         let cost = 5.0 + f64::from(i * 7919 % 1000) / 500.0;
    ///         if i % 2 == 0 { cost } else { factor * cost }
    ///     }).collect::<Vec<f64>>())),
    /// ]);
    /// assert_eq!(judge.parity(&table(1.0)?)?.answer, Sameness::Same);
    /// // A canary that is cheaper by half is no harm; the same it is not.
    /// assert_eq!(judge.parity(&table(0.5)?)?.answer, Sameness::Different);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Judge::judge`]; and a margin that can be reached in one direction alone, such as a relative one of 1 or more.
    pub fn parity(&self, table: &Table<'_>) -> Result<Parity, DataError> {
        self.asked_both_ways(|judge| judge.judge(table))
    }

    /// [`Judge::parity`] of one table an arm.
    ///
    /// # Errors
    /// As [`Judge::parity`]; and the two tables differ in the columns the config reads.
    pub fn parity_arms(&self, tables: Arms<Table<'_>>) -> Result<Parity, DataError> {
        self.asked_both_ways(|judge| judge.judge_arms(tables))
    }

    /// [`Judge::parity`] of sufficient statistics. They carry no rows, so the mix of segments is not compared.
    ///
    /// # Errors
    /// As [`Judge::judge_summary`].
    pub fn parity_summary(&self, rows: &[SummaryRow]) -> Result<Parity, DataError> {
        self.asked_both_ways(|judge| judge.judge_summary(rows))
    }

    fn asked_both_ways(&self, judge: impl FnOnce(&Judge) -> Result<Judgement, DataError>) -> Result<Parity, DataError> {
        let (config, left_out) = both_ways(&self.config);
        if config.metrics.is_empty() {
            return Err(DataError::Shape(
                "no metric has a margin, so nothing says how like is alike; give at least one metric a margin".into(),
            ));
        }
        let judgement = judge(&Judge::new(config)?)?;
        Ok(answer(&self.config, judgement, left_out))
    }
}

/// The config with every question asked in both directions, and the metrics that have no such question.
fn both_ways(config: &JudgeConfig) -> (JudgeConfig, Vec<String>) {
    let mut config = config.clone();
    let mut left_out = Vec::new();
    config.metrics.retain(|metric| {
        let compares = super::metric::compares(metric);
        if !compares {
            left_out.push(metric.name.clone());
        }
        compares
    });
    for metric in &mut config.metrics {
        // Agreement has one direction alone: to agree less is to be less the same.
        if !matches!(metric.kind, MetricKind::Agreement { .. }) {
            metric.direction = Direction::Either;
        }
        metric.limit = None;
        // One family: a metric differs or it does not, whatever it would weigh in a canary's score.
        metric.group = None;
        if metric.role != Role::Advisory {
            metric.role = Role::Critical;
        }
    }
    config.groups.clear();
    (config, left_out)
}

fn answer(config: &JudgeConfig, judgement: Judgement, left_out: Vec<String>) -> Parity {
    let Judgement { mut metrics, checks, mut warnings, mut provenance, .. } = judgement;
    provenance.config_sha256 = config.digest();
    for metric in &mut metrics {
        metric.text = metric.text.replace(sentence::UNDECIDED, "neither the same nor different is shown");
        // The role is the config's own again.
        if let Some(own) = config.metrics.iter().find(|m| m.name == metric.name) {
            metric.role = own.role;
            metric.group.clone_from(&own.group);
        }
    }
    if !left_out.is_empty() {
        warnings
            .push(format!("left out, because nothing there is compared with the baseline: {}", left_out.join(", ")));
    }
    for check in checks.iter().filter(|c| c.outcome == Outcome::NoData) {
        if FILLED_ALIKE.iter().any(|(name, _)| *name == check.name) && check.reason.as_deref() != Some("paired") {
            warnings.push(format!("{} was not checked: {}", check.name, check.text));
        }
    }
    let counted = |f: &&Finding| f.role != Role::Advisory;
    let reasons = if let Some(empty) = empty_arm(&metrics) {
        (Sameness::Open, vec![empty])
    } else {
        let differ = differences(&metrics, &checks);
        let open: Vec<Reason> = metrics.iter().filter(counted).filter_map(open).collect();
        let asked = metrics.iter().filter(counted).count();
        match (differ.is_empty(), open.is_empty(), asked) {
            (false, ..) => (Sameness::Different, differ.into_iter().chain(open).collect()),
            (true, _, 0) => (
                Sameness::Open,
                vec![reason("nothing_compared", "no metric with a margin was compared, so nothing is shown".into())],
            ),
            (true, false, _) => (Sameness::Open, open),
            (true, true, n) => (Sameness::Same, vec![all_same(n, &checks)]),
        }
    };
    let (answer, reasons) = reasons;
    Parity { schema: SCHEMA.into(), answer, reasons, metrics, checks, warnings, provenance }
}

fn reason(code: &str, text: String) -> Reason {
    Reason { code: code.into(), metric: None, segment: None, numbers: BTreeMap::new(), text }
}

/// The arm without rows that leaves every metric without data, if there is one.
fn empty_arm(metrics: &[Finding]) -> Option<Reason> {
    let empty = !metrics.is_empty() && metrics.iter().all(|f| f.reason.as_deref() == Some("no_rows"));
    empty.then(|| reason("empty_arm", "an arm has no rows, so nothing can be compared".into()))
}

/// What shows the arms to differ: checks first, for they explain the metrics, then metrics and segments, surest first.
fn differences(metrics: &[Finding], checks: &[Check]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for (name, code) in FILLED_ALIKE {
        for check in checks.iter().filter(|c| c.name == name && c.outcome == Outcome::Fail) {
            let mut found = reason(code, check.text.clone());
            if let Some(p) = check.p {
                found.numbers.insert("p".into(), json!(p));
            }
            reasons.push(found);
        }
    }
    let mut shown: Vec<(f64, Reason)> = Vec::new();
    for metric in metrics.iter().filter(|f| f.role != Role::Advisory) {
        let p = |e: &Option<crate::evidence::Evidence>| e.as_ref().and_then(|e| e.p_harm_adjusted).unwrap_or(1.0);
        if metric.outcome == Outcome::Fail && metric.reason.as_deref() != Some("segment_failed") {
            let mut found = reason("metric_differs", metric.text.clone());
            found.metric = Some(metric.name.clone());
            found.numbers = metric.evidence.as_ref().map(sentence::numbers).unwrap_or_default();
            shown.push((p(&metric.evidence), found));
        }
        for cell in metric.segments.iter().filter(|c| c.outcome == Outcome::Fail) {
            let mut found = reason("segment_differs", cell.text.clone());
            found.metric = Some(metric.name.clone());
            found.segment = Some(cell.segment.clone());
            found.numbers = cell.evidence.as_ref().map(sentence::numbers).unwrap_or_default();
            shown.push((p(&cell.evidence), found));
        }
    }
    shown.sort_by(|a, b| a.0.total_cmp(&b.0));
    reasons.extend(shown.into_iter().map(|(_, found)| found));
    reasons
}

/// Why a metric is not shown to be the same, when it is not shown to differ either.
fn open(metric: &Finding) -> Option<Reason> {
    let code = match metric.outcome {
        Outcome::Inconclusive => "not_shown",
        Outcome::NoData => "no_data",
        Outcome::Pass | Outcome::Fail => return None,
    };
    let mut found = reason(code, metric.text.clone());
    found.metric = Some(metric.name.clone());
    found.numbers = metric.evidence.as_ref().map(sentence::numbers).unwrap_or_default();
    if let Some(samples) = metric.needs.and_then(|n| n.canary_samples) {
        found.numbers.insert("canary_samples".into(), json!(samples));
    }
    Some(found)
}

fn all_same(metrics: usize, checks: &[Check]) -> Reason {
    let passed: Vec<&str> = FILLED_ALIKE
        .iter()
        .filter(|(name, _)| checks.iter().any(|c| c.name == *name && c.outcome == Outcome::Pass))
        .map(|(name, _)| *name)
        .collect();
    let plural = if metrics == 1 { " is" } else { "s are" };
    let mut text = format!("{metrics} metric{plural} shown to lie inside the margins on both sides");
    if !passed.is_empty() {
        text.push_str(&format!("; nothing speaks against {}", passed.join(", ")));
    }
    let mut found = reason("all_same", text);
    found.numbers.insert("metrics".into(), json!(metrics));
    found
}
