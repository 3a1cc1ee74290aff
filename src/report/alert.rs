//! What is sent when someone has to look.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::outline;
use crate::arms::Arms;
use crate::evidence::Scale;
use crate::judge::judgement::{Finding, Judgement, Reason};
use crate::judge::{Decision, Outcome, Verdict};

/// A judgement in the few fields that a webhook or a pager needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// `serinus.alert/1`.
    pub schema: String,
    /// What to do.
    pub decision: Decision,
    /// What the statistics say.
    pub verdict: Verdict,
    /// 0 to 100.
    pub score: Option<f64>,
    /// The score if every open question came out well.
    pub score_best: Option<f64>,
    /// Code of the reason that decides, such as `limit_crossed`.
    pub trigger: Option<String>,
    /// Its metric.
    pub metric: Option<String>,
    /// Its segment.
    pub segment: Option<BTreeMap<String, String>>,
    /// What was asked beside what was found.
    pub threshold: Option<Threshold>,
    /// Requests served by each arm, as far as they were compared: those of the metric with the most rows.
    pub served: Option<Arms<u64>>,
    /// The sentence behind the decision.
    pub comparison: String,
    /// Every reason in a sentence, the weightiest first.
    pub reasons: Vec<String>,
}

/// A threshold and the value that was held against it, on one scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// What kind of threshold.
    pub kind: ThresholdKind,
    /// Where it lies.
    pub limit: f64,
    /// What was found; `None` where there is no estimate.
    pub value: Option<f64>,
}

/// What a value was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThresholdKind {
    /// Greatest value of the canary alone.
    LimitMax,
    /// Least value of the canary alone.
    LimitMin,
    /// Change as a share of the baseline.
    MarginRelative,
    /// Change in the metric's own unit.
    MarginAbsolute,
    /// Score at which a judgement passes.
    ScorePass,
    /// Best score at or below which a judgement fails.
    ScoreFail,
}

/// The judgement as an alert.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/rollback.json");
/// use serinus::{Decision, Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let alert = report::alert(&judgement);
/// assert_eq!(alert.decision, Decision::Rollback);
/// assert_eq!(alert.comparison, alert.reasons[0]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn alert(judgement: &Judgement) -> Alert {
    let trigger = outline::trigger(judgement);
    Alert {
        schema: "serinus.alert/1".into(),
        decision: judgement.decision,
        verdict: judgement.verdict,
        score: judgement.score,
        score_best: judgement.score_best,
        trigger: trigger.map(|r| r.code.clone()),
        metric: trigger.and_then(|r| r.metric.clone()),
        segment: trigger.and_then(|r| r.segment.clone()),
        threshold: trigger.and_then(|r| threshold(judgement, r)),
        served: served(judgement),
        comparison: outline::lead(judgement),
        reasons: judgement.reasons.iter().map(|r| r.text.clone()).collect(),
    }
}

fn threshold(judgement: &Judgement, reason: &Reason) -> Option<Threshold> {
    let number = |name: &str| reason.numbers.get(name).and_then(serde_json::Value::as_f64);
    let finding = reason.metric.as_ref().and_then(|m| judgement.metrics.iter().find(|f| f.name == *m));
    let Some(finding) = finding else {
        let of = |kind, limit: &str, value: Option<f64>| number(limit).map(|limit| Threshold { kind, limit, value });
        return match judgement.decision {
            Decision::Rollback => of(ThresholdKind::ScoreFail, "threshold_fail", judgement.score_best),
            _ => of(ThresholdKind::ScorePass, "threshold_pass", judgement.score),
        };
    };
    if finding.limit.as_ref().is_some_and(|l| l.outcome == Outcome::Fail)
        || finding.reason.as_deref() == Some("limit_open")
    {
        return limit(finding);
    }
    let evidence = match &reason.segment {
        Some(segment) => finding.segments.iter().find(|s| s.segment == *segment).and_then(|s| s.evidence.as_ref()),
        None => finding.evidence.as_ref(),
    }?;
    let margin = evidence.margin?;
    match evidence.scale {
        Scale::Ratio => margin.relative.map(|limit| Threshold {
            kind: ThresholdKind::MarginRelative,
            limit,
            value: evidence.estimate.map(|e| e - 1.0),
        }),
        _ => margin.absolute.map(|limit| Threshold {
            kind: ThresholdKind::MarginAbsolute,
            limit,
            value: evidence.estimate.map(|e| e - evidence.scale.null()),
        }),
    }
}

/// The limit that the canary alone does not keep: of two, the one on whose far side it lies.
fn limit(finding: &Finding) -> Option<Threshold> {
    let found = finding.limit.as_ref()?;
    let value = found.estimate;
    let max = found.limit.max.map(|limit| Threshold { kind: ThresholdKind::LimitMax, limit, value });
    let min = found.limit.min.map(|limit| Threshold { kind: ThresholdKind::LimitMin, limit, value });
    let below = min.is_some_and(|t| value.is_some_and(|v| v < t.limit));
    if below { min } else { max.or(min) }
}

fn served(judgement: &Judgement) -> Option<Arms<u64>> {
    let rows = judgement.metrics.iter().filter_map(|f| f.evidence.as_ref().map(|e| e.n));
    rows.reduce(|a, b| Arms { baseline: a.baseline.max(b.baseline), canary: a.canary.max(b.canary) })
}
