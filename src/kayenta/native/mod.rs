//! The same request, judged by the rules of this library.
//!
//! A request holds time series of aggregated points: often few, often zeros, one a minute and so not independent. What is
//! asked of them, in this order:
//!
//! 1. **Points.** null and NaN are missing (0 under `nanStrategy: replace`). No outlier is removed: the point that an
//!    outlier rule would delete is often the only error. A missing baseline series means no events when the canary's points
//!    look like counts (idle points, gaps, or whole multiples of the least); otherwise there is nothing to compare.
//! 2. **New events.** The baseline has none at all and the canary has: an unconditional exact test at 0.05, High.
//! 3. **Enough points.** Below 5 a side nothing is said: two against two cannot show anything.
//! 4. **Harm.** Is there a change, and is it beyond the margin? Ranks (exact while that is cheap) answer for the typical
//!    point, Welch's t for the mean, which a few points far out can move, ranks of distances from the median for the spread.
//!    They share the error rate 60:20:20. A change counts as harm only when its estimate reaches the margin; that is what
//!    `allowedIncrease` has always meant. Holm's correction runs over the metrics, critical and others apart.
//! 5. **Safety.** Is it shown to be inside the margin? Against a stated margin by Welch's contrast; without one by
//!    Brunner-Munzel (a canary point lies above a baseline point with probability below 0.7) or by the mean (within a
//!    quarter, while the ranks lie inside 0.7). In sparse series, half of whose points are 0, points with events may be more
//!    by a tenth of all points. A sign of harm, one question at 0.05 beyond its margin, takes the right to pass.
//! 6. Neither is inconclusive: the label `Nodata` with the reason, and the score stays open (`policy.inconclusive`).
//!
//! Nothing here depends on a unit: data times any factor have the same verdict, unless an absolute margin is set. Points that
//! depend on their neighbours count for fewer: variances grow by (1 + phi)/(1 - phi), phi the baseline's autocorrelation.
//!
//! The margin is `analysisConfigurations.serinus.margin` (`{"relative": 0.05}`, `{"absolute": 2}` or
//! `{"probability": 0.65}`), else the run's, else `effectSize`, else the probability 0.7 together with a quarter of the mean
//! and twice the spread. `criticalIncrease` and `criticalDecrease` say from which effect on a failing critical metric fails
//! the canary alone. Further keys of a metric: `min_samples`, `missing` (`drop`, `zero`), `spread` (a factor, or false),
//! `weight`, `test` (`{"kind": "welch"}` asks the mean only, `mann_whitney` and `brunner_munzel` the ranks only). Of the run,
//! in `judge.judgeConfigurations.serinus`: `alpha`, `correction`, `policy`, and the first four for all metrics.

mod bands;
mod events;
mod harm;
mod metric;
mod points;
mod ranks;
mod safety;
mod settings;
mod tally;
mod words;

pub use bands::banded;

use serde_json::{Value, json};

use super::response::{CanaryJudgeResult, Label, MetricResult};
use super::settings::EffectMeasure;
use super::{KayentaError, Request, effect};
use crate::judge::Outcome;
use metric::Finding;
use settings::Run;

/// The name that the native judge signs with.
pub const NATIVE_JUDGE_NAME: &str = concat!("Serinus-v", env!("CARGO_PKG_VERSION"));

/// Judges the same request as [`judge`](super::judge) by the rules of this library, in the same response shape.
///
/// The score lies in the band of its decision, so that every tool reads it alike ([`banded`]); `resultMetadata` holds the
/// evidence and `classificationReason` says it in a sentence. A metric that is neither shown safe nor shown harmful has the
/// label `Nodata` and the outcome `inconclusive`.
///
/// ```
/// use serde_json::json;
/// // Sparse errors: Kayenta passes these.
/// let request = json!({
///     "canaryConfig": {
///         "metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {"canary": {"direction": "increase"}}}],
///         "classifier": {}
///     },
///     "scoreThresholds": {"pass": 95, "marginal": 75},
///     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
///         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]
///     }}]
/// });
/// assert_eq!(serinus::kayenta::judge(&request)?["results"][0]["classification"], "Pass");
/// assert_eq!(serinus::kayenta::judge_native(&request)?["results"][0]["classification"], "High");
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// As [`judge`](super::judge); an unknown setting; thresholds closer than 2 ([`KayentaError::Bands`]).
pub fn judge_native(request: &Value) -> Result<Value, KayentaError> {
    Ok(Request::from_value(request)?.judge_native()?.to_value())
}

/// One metric on the way to its result.
struct Judged {
    result: MetricResult,
    finding: Finding,
    /// Configured so; in the result the same word means that it failed.
    critical: bool,
    must_have_data: bool,
    /// Effects from which a failing critical metric is critical: the config's, if it states them.
    grave: Grave,
    weight: f64,
    outcome: Outcome,
}

/// The thresholds `criticalIncrease` and `criticalDecrease`, and their measure.
struct Grave {
    measure: EffectMeasure,
    increase: Option<f64>,
    decrease: Option<f64>,
}

impl Grave {
    /// Whether a failure reaches its threshold; an effect that does not exist does, as in Kayenta.
    fn reached(&self, result: &MetricResult, finding: &Finding) -> bool {
        let effect = match self.measure {
            EffectMeasure::MeanRatio => result.ratio,
            EffectMeasure::Cles => finding.above,
        };
        let effect = effect.filter(|e| !e.is_nan());
        match (finding.side, effect) {
            (Label::High, Some(effect)) => self.increase.is_none_or(|least| effect >= least),
            (Label::Low, Some(effect)) => self.decrease.is_none_or(|most| effect <= most),
            _ => true,
        }
    }
}

impl Request {
    /// Judges the request by the rules of this library; [`judge_native`] is the same on JSON.
    ///
    /// # Errors
    /// As [`judge_native`].
    pub fn judge_native(&self) -> Result<CanaryJudgeResult, KayentaError> {
        let run = Run::read(self.native.as_ref())?;
        let thresholds = self.thresholds()?;
        banded(crate::judge::Decision::Hold, 0.0, thresholds)?;
        let weights = self.weights()?;
        let mut judged = self.each_pair(|index| self.found(index, &run))?;
        settle(&mut judged, &run);
        let (group_scores, score) = tally::tally(&judged, weights, thresholds, run.policy)?;
        let results = judged.into_iter().map(|j| j.result).collect();
        Ok(CanaryJudgeResult { judge_name: NATIVE_JUDGE_NAME.into(), results, group_scores, score })
    }

    fn found(&self, index: usize, run: &Run) -> Result<Judged, KayentaError> {
        let (pair, metric, kayenta) = self.metric_of(index)?;
        let name = pair.name.as_deref().unwrap_or("null");
        let settings = run.metric(metric.native.as_ref(), kayenta, name)?;
        let points = points::Points::of(pair, &settings);
        let finding = metric::find(&points, &settings, kayenta.direction, kayenta.must_have_data, run.alpha);
        let stats = finding.stats;
        let result = MetricResult {
            name: pair.name.clone(),
            tags: pair.tags.clone(),
            id: pair.id.clone(),
            classification: Label::Nodata,
            reason: None,
            groups: metric.groups.clone(),
            stats,
            ratio: Some(effect::mean_ratio(stats.canary.mean, stats.baseline.mean)),
            evidence: None,
            critical: false,
            muted: kayenta.muted,
        };
        Ok(Judged {
            result,
            finding,
            critical: kayenta.critical,
            must_have_data: kayenta.must_have_data,
            grave: Grave {
                measure: kayenta.measure,
                increase: kayenta.stated[2].then_some(kayenta.critical_increase),
                decrease: kayenta.stated[3].then_some(kayenta.critical_decrease),
            },
            weight: settings.weight,
            outcome: Outcome::NoData,
        })
    }
}

/// Corrects the p-values of harm within each family and writes outcomes, labels and evidence.
fn settle(judged: &mut [Judged], run: &Run) {
    let family = |j: &Judged| (j.result.muted, j.critical);
    let mut adjusted = vec![None; judged.len()];
    for wanted in [(false, true), (false, false), (true, true), (true, false)] {
        let members: Vec<usize> = (0..judged.len()).filter(|k| family(&judged[*k]) == wanted).collect();
        let p: Vec<Option<f64>> = members.iter().map(|k| judged[*k].finding.p_harm).collect();
        for (k, p) in members.into_iter().zip(corrected(&p, run.correction)) {
            adjusted[k] = p;
        }
    }
    for (one, p) in judged.iter_mut().zip(adjusted) {
        let (outcome, reason) = one.finding.outcome(p, run.alpha);
        one.outcome = outcome;
        one.result.classification = match outcome {
            Outcome::Pass => Label::Pass,
            Outcome::Fail => one.finding.side,
            Outcome::Inconclusive | Outcome::NoData => Label::Nodata,
        };
        one.result.critical = one.critical && outcome == Outcome::Fail && one.grave.reached(&one.result, &one.finding);
        let mut evidence = serde_json::Map::new();
        evidence.insert("outcome".into(), json!(outcome));
        evidence.append(&mut one.finding.evidence);
        if let Some(p) = p {
            evidence.insert("pHarmAdjusted".into(), json!(p));
        }
        evidence.retain(|_, v| !v.is_null());
        one.result.evidence = Some(evidence);
        one.result.reason = Some(reason);
    }
}

fn corrected(p: &[Option<f64>], rule: crate::config::Correction) -> Vec<Option<f64>> {
    use crate::config::Correction;
    use crate::stats::adjust::{Adjustment, adjust};
    let rule = match rule {
        Correction::None => return p.to_vec(),
        Correction::Bonferroni => Adjustment::Bonferroni,
        Correction::Holm => Adjustment::Holm,
        Correction::BenjaminiHochberg => Adjustment::BenjaminiHochberg,
        Correction::BenjaminiYekutieli => Adjustment::BenjaminiYekutieli,
        Correction::Hochberg => Adjustment::Hochberg,
        Correction::Sidak => Adjustment::Sidak,
    };
    adjust(p, rule)
}
