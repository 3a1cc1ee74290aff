//! Kayenta's judge, and a better one for the same requests.
//!
//! [`judge`] answers a `RemoteJudgeRequest` as Kayenta's NetflixACAJudge-v1.0 does: the same labels, reasons, scores and
//! errors. [`judge_native`] reads the same request and judges it by the rules of this library, in the same response shape.
//! [`compare`] shows both side by side, and [`import`] turns a canary config into one of ours.
//!
//! Kayenta's words, control and experiment, appear only in JSON; in Rust they are baseline and canary.

mod answer;
mod brent;
mod classify;
mod compare;
mod effect;
mod error;
mod import;
mod json;
pub mod mann_whitney;
mod native;
mod prepare;
mod request;
mod response;
mod score;
mod settings;

pub use answer::{Mode, answer, documents};
pub use compare::{Comparison, compare};
pub use error::KayentaError;
pub use import::import;
pub use native::{NATIVE_JUDGE_NAME, banded, judge_native};
pub use prepare::Stats;
pub use request::{Request, Thresholds};
pub use response::{CanaryJudgeResult, GroupScore, Label, MetricResult, Score, ScoreClass};
pub use settings::{Deviation, EffectMeasure, MetricSettings, NanStrategy};

use rayon::prelude::*;

/// The name that Kayenta's judge signs with.
pub const JUDGE_NAME: &str = "NetflixACAJudge-v1.0";

/// Level of the interval: fixed in the original, whatever its configuration says.
pub const CONFIDENCE: f64 = 0.98;

/// commons-math's normal quantile at (1 - 0.98) / 2.
const Z_QUANTILE: f64 = -2.326347874040841;

/// Points of a request from which its metrics are judged in parallel.
const PARALLEL_POINTS: usize = 1 << 15;

/// Judges a request as NetflixACAJudge-v1.0 does, to the letter.
///
/// `request` is the body that Kayenta posts to a remote judge; the answer is its `CanaryJudgeResult`. Where the original is
/// random (both sides constant and different) the answer is one that the original could give, and always the same one.
///
/// ```
/// use serde_json::json;
/// let request = json!({
///     "canaryConfig": {
///         "metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {"canary": {"direction": "increase"}}}],
///         "classifier": {"groupWeights": {}}
///     },
///     "scoreThresholds": {"pass": 95, "marginal": 75},
///     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
///         "control": [10.1, 9.8, 10.3, 9.9, 10.0, 10.2, 9.7, 10.4],
///         "experiment": [14.9, 15.2, 15.1, 14.8, 15.3, 15.0, 14.7, 15.4]
///     }}]
/// });
/// let response = serinus::kayenta::judge(&request)?;
/// assert_eq!(response["results"][0]["classificationReason"], "errors was classified as High");
/// assert_eq!(response["score"]["score"], 0.0);
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// Where the original throws: see [`KayentaError`].
pub fn judge(request: &serde_json::Value) -> Result<serde_json::Value, KayentaError> {
    Ok(Request::from_value(request)?.judge()?.to_value())
}

impl Request {
    /// Judges the request as NetflixACAJudge-v1.0 does; [`judge`] is the same on JSON.
    ///
    /// O(n log n) in the points of a metric.
    ///
    /// # Errors
    /// A pair without a metric config, a setting of the wrong type, a metric without groups, no classifier, no thresholds.
    pub fn judge(&self) -> Result<CanaryJudgeResult, KayentaError> {
        let one = |index: usize| {
            let (pair, metric, settings) = self.metric_of(index)?;
            let name = pair.name.as_deref().unwrap_or("null");
            Ok(classify::classify(pair, name, settings, metric.groups.clone()))
        };
        let results: Vec<MetricResult> = self.each_pair(one)?;
        let weights = self.weights()?;
        let (group_scores, score) = score::score(&results, weights, self.thresholds()?)?;
        Ok(CanaryJudgeResult { judge_name: JUDGE_NAME.into(), results, group_scores, score })
    }

    /// The first metric config with a pair's name, and its settings.
    fn metric_of(&self, index: usize) -> Result<(&request::Pair, &request::Metric, &MetricSettings), KayentaError> {
        let pair = &self.pairs[index];
        let metric = self.metrics.iter().find(|m| m.name == pair.name).ok_or_else(|| KayentaError::NoMetricConfig {
            index,
            name: pair.name.clone().unwrap_or_else(|| "null".into()),
        })?;
        Ok((pair, metric, metric.settings.as_ref().map_err(Clone::clone)?))
    }

    /// One result a pair, in order; in parallel when there is enough to do.
    fn each_pair<T: Send>(
        &self,
        one: impl Fn(usize) -> Result<T, KayentaError> + Sync,
    ) -> Result<Vec<T>, KayentaError> {
        let points: usize = self.pairs.iter().map(|p| p.values.baseline.len() + p.values.canary.len()).sum();
        if points < PARALLEL_POINTS {
            return (0..self.pairs.len()).map(one).collect();
        }
        let results: Vec<Result<T, KayentaError>> = (0..self.pairs.len()).into_par_iter().map(&one).collect();
        results.into_iter().collect()
    }

    fn weights(&self) -> Result<&[(String, f64)], KayentaError> {
        self.group_weights.as_deref().ok_or_else(|| KayentaError::missing("canaryConfig.classifier"))
    }

    fn thresholds(&self) -> Result<Thresholds, KayentaError> {
        self.thresholds.ok_or_else(|| KayentaError::missing("scoreThresholds"))
    }
}
