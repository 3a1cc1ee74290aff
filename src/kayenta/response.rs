//! The result that a judge returns, in the shape and with the keys of Kayenta's `CanaryJudgeResult`.

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::prepare::Stats;
use crate::Arms;

/// A judged request.
///
/// Serialises as Kayenta's Jackson would: keys in its order, null fields left out, and NaN and infinities as strings,
/// since a bare NaN would fail the reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryJudgeResult {
    /// Who judged.
    pub judge_name: String,
    /// One a metric set pair, in the order of the request.
    pub results: Vec<MetricResult>,
    /// One a group that has metrics.
    pub group_scores: Vec<GroupScore>,
    /// The score of the whole.
    pub score: Score,
}

/// What became of one metric set pair.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricResult {
    /// The pair's name.
    pub name: Option<String>,
    /// Its tags.
    pub tags: Option<Vec<(String, Option<String>)>>,
    /// Its id.
    pub id: Option<String>,
    /// The label.
    pub classification: Label,
    /// Why; `None` for a plain pass.
    pub reason: Option<String>,
    /// The metric's groups.
    pub groups: Option<Vec<String>>,
    /// Statistics of each side after NaN and outlier handling.
    pub stats: Arms<Stats>,
    /// Mean of the canary over mean of the baseline, NaN when either is 0; `None` of an `Error`.
    pub ratio: Option<f64>,
    /// What the native judge found, beside the ratio.
    pub evidence: Option<Map<String, Value>>,
    /// Failed the canary alone. (In the config the same word means that it could.)
    pub critical: bool,
    /// Shown and not scored.
    pub muted: bool,
}

/// Kayenta's labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Label {
    /// No harmful deviation shown.
    Pass,
    /// Harmfully higher.
    High,
    /// Harmfully lower.
    Low,
    /// Nothing to compare.
    Nodata,
    /// Nothing to compare, and the config calls that a failure.
    NodataFailMetric,
    /// The comparison failed.
    Error,
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// A group's share of passing metrics.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupScore {
    /// The group.
    pub name: String,
    /// Passing metrics in percent; 0 of a group in which nothing counts.
    #[serde(serialize_with = "number")]
    pub score: f64,
    /// Always empty.
    pub classification: String,
    /// Always empty from Kayenta's judge.
    pub classification_reason: String,
}

/// The score of the whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// Usually 0 to 100; what the tools decide on.
    #[serde(serialize_with = "number")]
    pub score: f64,
    /// The class.
    pub classification: ScoreClass,
    /// Why; empty when there is nothing to say.
    pub classification_reason: String,
}

/// Kayenta's classes of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum ScoreClass {
    /// At least the pass threshold.
    Pass,
    /// At least the marginal threshold.
    Marginal,
    /// Below both.
    Fail,
}

impl std::fmt::Display for ScoreClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl CanaryJudgeResult {
    /// The result as serde_json's form.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("keys are text and numbers are finite or text")
    }

    /// The result as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("keys are text and numbers are finite or text")
    }
}

impl Serialize for MetricResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("CanaryAnalysisResult", 11)?;
        optional::<S>(&mut out, "name", &self.name)?;
        optional::<S>(&mut out, "tags", &self.tags.as_deref().map(Tags))?;
        optional::<S>(&mut out, "id", &self.id)?;
        out.serialize_field("classification", &self.classification)?;
        optional::<S>(&mut out, "classificationReason", &self.reason)?;
        optional::<S>(&mut out, "groups", &self.groups)?;
        out.serialize_field("experimentMetadata", &Metadata { stats: &self.stats.canary })?;
        out.serialize_field("controlMetadata", &Metadata { stats: &self.stats.baseline })?;
        let found = self.ratio.map(|ratio| Found { ratio, evidence: self.evidence.as_ref() });
        optional::<S>(&mut out, "resultMetadata", &found)?;
        out.serialize_field("critical", &self.critical)?;
        out.serialize_field("muted", &self.muted)?;
        out.end()
    }
}

fn optional<S: Serializer>(
    out: &mut S::SerializeStruct,
    key: &'static str,
    value: &Option<impl Serialize>,
) -> Result<(), S::Error> {
    match value {
        Some(value) => out.serialize_field(key, value),
        None => out.skip_field(key),
    }
}

struct Tags<'a>(&'a [(String, Option<String>)]);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    stats: &'a Stats,
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(5))?;
        out.serialize_entry("count", &self.count)?;
        for (key, value) in [("mean", self.mean), ("min", self.min), ("std", self.std), ("max", self.max)] {
            out.serialize_entry(key, &Number(value))?;
        }
        out.end()
    }
}

struct Found<'a> {
    ratio: f64,
    evidence: Option<&'a Map<String, Value>>,
}

impl Serialize for Found<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("ratio", &Number(self.ratio))?;
        for (key, value) in self.evidence.into_iter().flatten() {
            out.serialize_entry(key, value)?;
        }
        out.end()
    }
}

struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(&self.0, serializer)
    }
}

/// A number as Jackson writes it: what is not finite as a string.
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else if value.is_nan() {
        serializer.serialize_str("NaN")
    } else {
        serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}
