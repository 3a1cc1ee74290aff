//! What a replay tells: every look, every stage, the end, and the exposure.

use serde::{Deserialize, Serialize};

use super::Method;
use crate::arms::Arms;
use crate::config::Role;
use crate::evidence::{Interval, LogE};
use crate::judge::judgement::{Judgement, Reason};
use crate::judge::{self, Decision, Verdict};
use crate::rollout::{Cause, LookRule, Phase, Rollout};

/// The schema's name, which every stored replay carries.
pub const REPLAY_SCHEMA: &str = "serinus.replay/1";

/// A rollout over a recording, from the first row to the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// [`REPLAY_SCHEMA`].
    pub schema: String,
    /// Who was asked at each look.
    pub method: Method,
    /// How often.
    pub look_every: LookRule,
    /// How it ended.
    pub outcome: Outcome,
    /// What to do: promote, hold (undecided at the end of the recording) or roll back.
    pub decision: Decision,
    /// Why it was rolled back.
    pub cause: Option<Cause>,
    /// The whole in a sentence.
    pub text: String,
    /// The canary's traffic until the end of the rollout.
    pub exposure: Exposure,
    /// Each stage that was entered.
    pub stages: Vec<StageRecord>,
    /// Each look.
    pub looks: Vec<LookRecord>,
    /// What a reader should know; decides nothing.
    pub warnings: Vec<String>,
    /// The judgement of the last look, whole.
    pub judgement: Option<Judgement>,
    /// The machine with its audit trail.
    pub rollout: Rollout,
}

/// How a replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The canary would serve all traffic.
    Promoted,
    /// All traffic would be back at the baseline.
    RolledBack,
    /// The recording ended before the rollout did.
    Undecided,
}

/// What a rollout exposed to the canary, and what it spared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Seconds from the first row to the end of the rollout.
    pub seconds: f64,
    /// Requests served until then.
    pub served: Arms<u64>,
    /// Distinct units among them, with `data.unit`.
    pub units: Option<Arms<u64>>,
    /// Recorded requests that this rollout would not have served so: at a share not yet reached, or after its end.
    pub not_taken: Arms<u64>,
}

/// One stage that was entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which.
    pub phase: Phase,
    /// The canary's traffic share in percent.
    pub percent: f64,
    /// Seconds from the first row to its beginning.
    pub entered_seconds: f64,
    /// Seconds spent in it.
    pub seconds: f64,
    /// Requests served in it.
    pub served: Arms<u64>,
    /// Looks in it.
    pub looks: u64,
    /// The latest decision in it.
    pub decision: Option<Decision>,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookRecord {
    /// Its number, from 1.
    pub number: u64,
    /// Seconds since the first row.
    pub seconds: f64,
    /// Requests served so far.
    pub served: Arms<u64>,
    /// Stage of the recording, when it has stages.
    pub recorded_stage: Option<String>,
    /// Where the rollout was.
    pub phase: Phase,
    /// The canary's traffic share then, in percent.
    pub percent: f64,
    /// Where the look has brought it.
    pub phase_after: Phase,
    /// The canary's traffic share after it, in percent.
    pub percent_after: f64,
    /// Rows (units with `data.unit`) of this stage that were judged.
    pub samples: Arms<u64>,
    /// What the statistics said.
    pub verdict: Verdict,
    /// What to do.
    pub decision: Decision,
    /// Whether the comparison was valid.
    pub valid: bool,
    /// 0 to 100; `None` when nothing counted.
    pub score: Option<f64>,
    /// The score if every open question came out well.
    pub score_best: Option<f64>,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// Each metric, in the config's order.
    pub metrics: Vec<MetricAtLook>,
    /// Checks, metrics and segments that failed.
    pub anomalies: Vec<Anomaly>,
}

/// One metric at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricAtLook {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// What it showed.
    pub outcome: judge::Outcome,
    /// The arms' own values.
    pub value: Arms<Option<f64>>,
    /// What was estimated of their difference.
    pub estimate: Option<f64>,
    /// The interval around it: a confidence sequence with [`Method::Anytime`].
    pub interval: Option<Interval>,
    /// p-value of "worse than the margin".
    pub p_safe: Option<f64>,
    /// p-value of "not worse than the margin".
    pub p_harm: Option<f64>,
    /// Logs of the e-values, with [`Method::Anytime`].
    pub log_e: Option<LogE>,
}

/// Something that failed at a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The check, metric, or metric and segment.
    pub name: String,
    /// In a sentence.
    pub text: String,
}

impl Replay {
    /// The judgement of the last look with the rollout's own decision and its sentence in front: for reports that know
    /// judgements only. `None` without a look.
    pub fn to_judgement(&self) -> Option<Judgement> {
        let mut judgement = self.judgement.clone()?;
        judgement.decision = self.decision;
        let code = match self.outcome {
            Outcome::Promoted => "rollout_promoted",
            Outcome::RolledBack => "rollout_rolled_back",
            Outcome::Undecided => "rollout_undecided",
        };
        let (canary, seconds) = (self.exposure.served.canary, self.exposure.seconds);
        let numbers = [("canary_requests".to_owned(), canary.into()), ("seconds".to_owned(), seconds.into())];
        let reason = Reason {
            code: code.to_owned(),
            metric: None,
            segment: None,
            numbers: numbers.into(),
            text: self.text.clone(),
        };
        judgement.reasons.insert(0, reason);
        Some(judgement)
    }
}

impl MetricAtLook {
    pub(super) fn all(judgement: &Judgement) -> Vec<MetricAtLook> {
        let metric = |f: &judge::judgement::Finding| {
            let evidence = f.evidence.as_ref();
            MetricAtLook {
                name: f.name.clone(),
                role: f.role,
                outcome: f.outcome,
                value: evidence.map_or_else(Arms::default, |e| e.value),
                estimate: evidence.and_then(|e| e.estimate),
                interval: evidence.and_then(|e| e.interval),
                p_safe: evidence.and_then(|e| e.p_safe),
                p_harm: evidence.and_then(|e| e.p_harm),
                log_e: evidence.and_then(|e| e.log_e),
            }
        };
        judgement.metrics.iter().map(metric).collect()
    }
}

impl Anomaly {
    pub(super) fn all(judgement: &Judgement) -> Vec<Anomaly> {
        let mut found = Vec::new();
        let failed = |outcome| outcome == judge::Outcome::Fail;
        for check in judgement.checks.iter().filter(|c| failed(c.outcome)) {
            found.push(Anomaly { name: check.name.clone(), text: check.text.clone() });
        }
        for metric in &judgement.metrics {
            if failed(metric.outcome) {
                found.push(Anomaly { name: metric.name.clone(), text: metric.text.clone() });
            }
            for cell in metric.segments.iter().filter(|s| failed(s.outcome)) {
                let segment: Vec<String> = cell.segment.iter().map(|(k, v)| format!("{k}={v}")).collect();
                let name = format!("{} in {}", metric.name, segment.join(", "));
                found.push(Anomaly { name, text: cell.text.clone() });
            }
        }
        found
    }
}
