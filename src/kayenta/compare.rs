//! Both judges on one request, side by side.

use serde::Serialize;

use super::response::{CanaryJudgeResult, MetricResult};
use super::{KayentaError, Request};

/// What Kayenta's judge and the native one say of the same request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// NetflixACAJudge-v1.0.
    pub kayenta: CanaryJudgeResult,
    /// The native judge.
    pub native: CanaryJudgeResult,
}

/// Judges a request both ways.
///
/// `Display` shows a table, `to_value` is `{"kayenta": .., "native": ..}` with two whole results.
///
/// ```
/// # use serde_json::json;
/// # let request = json!({
/// #     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
/// #     "scoreThresholds": {"pass": 95, "marginal": 75},
/// #     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
/// #         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]
/// #     }}]
/// # });
/// let both = serinus::kayenta::compare(&request)?;
/// assert_eq!(both.differing().count(), 1);
/// assert!(both.to_string().contains("errors"));
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// As [`judge`](super::judge) and [`judge_native`](super::judge_native).
pub fn compare(request: &serde_json::Value) -> Result<Comparison, KayentaError> {
    Request::from_value(request)?.compare()
}

impl Request {
    /// Judges the request both ways; [`compare`] is the same on JSON.
    ///
    /// # Errors
    /// As [`compare`].
    pub fn compare(&self) -> Result<Comparison, KayentaError> {
        Ok(Comparison { kayenta: self.judge()?, native: self.judge_native()? })
    }
}

impl Comparison {
    /// Pairs of results, Kayenta's first, whose labels differ.
    pub fn differing(&self) -> impl Iterator<Item = (&MetricResult, &MetricResult)> {
        let both = self.kayenta.results.iter().zip(&self.native.results);
        both.filter(|(kayenta, native)| kayenta.classification != native.classification)
    }

    /// Both results as JSON.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::json!({"kayenta": self.kayenta.to_value(), "native": self.native.to_value()})
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.kayenta.results.iter().map(title).collect();
        let width = names.iter().map(|n| n.chars().count()).chain([6]).max().unwrap_or(6).min(60);
        writeln!(f, "{:width$}  {:16}  {:16}  native reason", "metric", "kayenta", "native")?;
        for ((kayenta, native), name) in self.kayenta.results.iter().zip(&self.native.results).zip(&names) {
            let mark = if kayenta.classification == native.classification { "" } else { " *" };
            let first = said(kayenta);
            let second = said(native) + mark;
            writeln!(f, "{name:width$}  {first:16}  {second:16}  {}", native.reason.as_deref().unwrap_or(""))?;
        }
        for (judge, result) in [("kayenta", &self.kayenta), ("native", &self.native)] {
            let score = &result.score;
            write!(f, "{judge}: {} {}", score.classification, score.score)?;
            match score.classification_reason.as_str() {
                "" => writeln!(f)?,
                reason => writeln!(f, ", {reason}")?,
            }
        }
        let differing = self.differing().count();
        write!(f, "{differing} of {} metrics are labelled differently", names.len())?;
        if differing > 0 { write!(f, " (*)") } else { Ok(()) }
    }
}

fn said(result: &MetricResult) -> String {
    let suffix = match (result.critical, result.muted) {
        (true, _) => " critical",
        (_, true) => " muted",
        _ => "",
    };
    format!("{}{suffix}", result.classification)
}

/// A pair's name and tags, on one line.
fn title(result: &MetricResult) -> String {
    let name = result.name.as_deref().unwrap_or("null");
    let tags: Vec<String> =
        result.tags.iter().flatten().map(|(k, v)| format!("{k}={}", v.as_deref().unwrap_or(""))).collect();
    let title = if tags.is_empty() { name.to_string() } else { format!("{name} {{{}}}", tags.join(",")) };
    title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
