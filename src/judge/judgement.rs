//! The judgement: the result that is printed, stored, compared and sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decision, Outcome, Verdict};
use crate::arms::Arms;
use crate::config::{Direction, Limit, Role};
use crate::evidence::Evidence;

/// The schema's name, which every stored judgement carries.
pub const SCHEMA: &str = "serinus.judgement/1";

/// A whole judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// [`SCHEMA`].
    pub schema: String,
    /// What the statistics say.
    pub verdict: Verdict,
    /// What to do.
    pub decision: Decision,
    /// 0 to 100; `None` when nothing counts.
    pub score: Option<f64>,
    /// The score if every open question came out well.
    pub score_best: Option<f64>,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// Scores of the groups.
    pub groups: Vec<Group>,
    /// What each metric showed, in the config's order.
    pub metrics: Vec<Finding>,
    /// Validity and what is reported beside the metrics.
    pub checks: Vec<Check>,
    /// What a reader should know; decides nothing.
    pub warnings: Vec<String>,
    /// Enough to make the same bytes again.
    pub provenance: Provenance,
}

/// One reason: a code to match on, the numbers, and the sentence they stand in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code, such as `critical_failed`.
    pub code: String,
    /// The metric concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The segment concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<BTreeMap<String, String>>,
    /// Every number of the sentence, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, Value>,
    /// The sentence.
    pub text: String,
}

/// Score of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its weight in percent, after renormalisation.
    pub weight: f64,
    /// 0 to 100.
    pub score: f64,
    /// The score if every open question came out well.
    pub score_best: f64,
}

/// What one metric showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The metric's name.
    pub name: String,
    /// Its type, as in the config.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which way is better; `None` where nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Its role.
    pub role: Role,
    /// Its group, when groups are given.
    pub group: Option<String>,
    /// Its weight.
    pub weight: f64,
    /// What it showed.
    pub outcome: Outcome,
    /// Why the outcome is not what the evidence alone says, or why there is none: `no_rows`, `below_min_samples`,
    /// `differential_missing`, `limit_crossed`, `segment_failed`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The finding in a sentence.
    pub text: String,
    /// The evidence, when there is any.
    pub evidence: Option<Evidence>,
    /// Evidence about the limit on the canary alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitFinding>,
    /// Size of the effect on a standard scale.
    pub effect_size: Option<EffectSize>,
    /// What is still needed, of an inconclusive metric.
    pub needs: Option<Needs>,
    /// Missing rows of each arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Arms<u64>>,
    /// What each segment showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentFinding>,
    /// In shadow mode the pairs whose values differ most, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub movers: Vec<Value>,
}

/// What the limit on the canary alone showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitFinding {
    /// The limit.
    pub limit: Limit,
    /// The canary's own value.
    pub estimate: Option<f64>,
    /// One-sided bounds on it: the lower at alpha.harm for `max` (upper for `min`), the other at alpha.safe.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// p-value of "the limit is not crossed".
    pub p_crossed: Option<f64>,
    /// p-value of "the limit is not kept".
    pub p_kept: Option<f64>,
    /// Whether it is shown to be crossed, shown to be kept, or neither.
    pub outcome: Outcome,
    /// Further canary samples that would show it kept at the present estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<u64>,
}

/// An effect size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectSize {
    /// `cohens_d`, `cles`, `risk_ratio`, ...
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// What an inconclusive metric still needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Further canary samples (units when clustered) for power .8 at no difference; `None` when the estimate lies beyond the margin.
    pub canary_samples: Option<u64>,
    /// Minutes at the canary's rate so far, when there is a time column.
    pub minutes: Option<f64>,
}

/// What one segment of one metric showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentFinding {
    /// Column and value.
    pub segment: BTreeMap<String, String>,
    /// What it showed.
    pub outcome: Outcome,
    /// `too_small` when it was not judged, with what it lacks in `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The finding in a sentence.
    pub text: String,
    /// The stronger failing cell that explains this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<BTreeMap<String, String>>,
    /// The evidence.
    pub evidence: Option<Evidence>,
}

/// A check of validity, or a report beside the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `sample_ratio`, `missingness`, `baseline_drift`, `segment_balance`, `duplicate_ids`, `label_coverage`.
    pub name: String,
    /// What it showed; `NoData` when it could not be made.
    pub outcome: Outcome,
    /// p-value, when it is a test.
    pub p: Option<f64>,
    /// `not_declared` and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The check in a sentence.
    pub text: String,
    /// Its numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}

/// Enough to make the same bytes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The library's version.
    pub serinus: String,
    /// SHA-256 of the config's canonical JSON after defaults, metrics sorted by name.
    pub config_sha256: String,
    /// SHA-256 over the columns used, in row order.
    pub data_sha256: String,
    /// The seed.
    pub seed: u64,
}
