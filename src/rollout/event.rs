//! What happens to a rollout, from outside.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refused::Refused;
use super::state::Phase;
use crate::arms::Arms;
use crate::judge::judgement::Judgement;
use crate::judge::{Decision, Verdict};

/// A moment, in milliseconds since an epoch of the caller's choice. The machine has no clock of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This many seconds later.
    pub fn plus_seconds(self, seconds: f64) -> Timestamp {
        // Casting saturates: a negative or NaN number of seconds is none.
        Timestamp(self.0.saturating_add((seconds * 1000.0).round() as u64))
    }

    /// Seconds from an earlier moment; 0 from a later one.
    pub fn seconds_since(self, earlier: Timestamp) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1000.0
    }
}

/// What happens to a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The rollout of a revision begins.
    Start {
        /// What is rolled out: an image digest, a model version.
        revision: String,
    },
    /// Time has passed.
    Tick {},
    /// Requests have been served, in all since the phase began, warm-up included.
    Observed {
        /// The phase that they were counted in.
        phase: Phase,
        /// How many.
        served: Arms<u64>,
    },
    /// The judge has looked.
    Judged {
        /// The phase whose data it saw last.
        phase: Phase,
        /// What it said.
        look: Look,
    },
    /// The judge has looked and there were no data, or it could not look.
    NoData {
        /// The phase.
        phase: Phase,
        /// Why.
        why: String,
    },
    /// A monitor has seen errors rise. Acted on at once, warm-up or not.
    ErrorSpike {
        /// The phase.
        phase: Phase,
        /// What was seen.
        trigger: Trigger,
    },
    /// A person stops the rollout where it is.
    Pause {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// A person lets it go on.
    Resume {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// A person approves the next step, with manual advance.
    Approve {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// Everything back to the old version, now. Legal in every state.
    Abort {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// A person decides against the machine.
    Override {
        /// Who.
        who: String,
        /// Why.
        why: String,
        /// What.
        action: Action,
    },
}

/// What a person may decide against the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// To the next stage, whatever is missing; from the last one to 100 percent.
    Advance,
    /// To 100 percent.
    Promote,
    /// Back to the old version.
    Rollback,
    /// Once more from the start, in spite of a cool-down or of an earlier rollback of this revision.
    Restart {
        /// What is rolled out.
        revision: String,
    },
}

/// What the judge said at one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// What to do.
    pub decision: Decision,
    /// What the statistics say.
    pub verdict: Verdict,
    /// Whether the comparison was valid: an invalid one moves nothing on.
    pub valid: bool,
    /// The score, when anything weighs.
    pub score: Option<f64>,
    /// Rows (units when clustered) of this phase that were judged, after warm-up.
    pub samples: Arms<u64>,
    /// Time of the last row judged; without it the data are as old as the event.
    pub data_until: Option<Timestamp>,
    /// The weightiest reason.
    pub trigger: Option<Trigger>,
    /// Digests of config and data, so that the look can be made again.
    pub digests: Option<Digests>,
}

/// What a judgement was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// SHA-256 of the judge's config.
    pub config_sha256: String,
    /// SHA-256 of the columns used.
    pub data_sha256: String,
}

/// What set something off: the metric, its values and what they are measured against.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Stable code, such as `critical_failed`.
    pub code: String,
    /// The metric concerned.
    pub metric: Option<String>,
    /// The canary's value.
    pub value: Option<f64>,
    /// The baseline's value beside it.
    pub baseline: Option<f64>,
    /// The limit or margin that was crossed.
    pub limit: Option<f64>,
    /// The whole in a sentence.
    pub text: String,
}

impl Look {
    /// The look that a judgement amounts to. `samples` are the rows of the current phase alone, which a judgement over
    /// several strata does not say.
    pub fn new(judgement: &Judgement, samples: Arms<u64>, data_until: Option<Timestamp>) -> Look {
        let valid = !judgement.reasons.iter().any(|r| r.code.starts_with("invalid"));
        Look {
            decision: judgement.decision,
            verdict: judgement.verdict,
            valid,
            score: judgement.score,
            samples,
            data_until,
            trigger: trigger(judgement),
            digests: Some(Digests {
                config_sha256: judgement.provenance.config_sha256.clone(),
                data_sha256: judgement.provenance.data_sha256.clone(),
            }),
        }
    }
}

fn trigger(judgement: &Judgement) -> Option<Trigger> {
    let reason = judgement.reasons.first()?;
    let finding = reason.metric.as_ref().and_then(|name| judgement.metrics.iter().find(|m| m.name == *name));
    let crossed = finding.and_then(|f| f.limit.as_ref()).filter(|l| l.outcome == crate::judge::Outcome::Fail);
    let evidence = finding.and_then(|f| f.evidence.as_ref());
    let margin = evidence.and_then(|e| e.margin).and_then(|m| m.relative.or(m.absolute));
    Some(Trigger {
        code: reason.code.clone(),
        metric: reason.metric.clone(),
        value: crossed.and_then(|l| l.estimate).or(evidence.and_then(|e| e.value.canary)),
        baseline: evidence.and_then(|e| e.value.baseline),
        limit: crossed.and_then(|l| l.limit.max.or(l.limit.min)).or(margin),
        text: reason.text.clone(),
    })
}

impl Event {
    /// An event from JSON.
    ///
    /// ```
    /// use serde_json::json;
    /// use serinus::rollout::Event;
    /// let event = Event::from_value(&json!({"event": "abort", "who": "ada", "why": "pager"}))?;
    /// assert_eq!(event, Event::Abort { who: "ada".to_owned(), why: "pager".to_owned() });
    /// assert!(Event::from_value(&json!({"event": "explode"})).is_err());
    /// # Ok::<(), serinus::rollout::Refused>(())
    /// ```
    ///
    /// # Errors
    /// The event is not known, or not of its form.
    pub fn from_value(value: &Value) -> Result<Event, Refused> {
        Event::deserialize(value).map_err(|e| Refused::Unknown { why: e.to_string() })
    }

    /// The person behind the event, with the reason given.
    pub(super) fn person(&self) -> Option<(&str, &str)> {
        match self {
            Event::Pause { who, why }
            | Event::Resume { who, why }
            | Event::Approve { who, why }
            | Event::Abort { who, why }
            | Event::Override { who, why, .. } => Some((who, why)),
            _ => None,
        }
    }

    /// The phase that the event is about.
    pub(super) fn phase(&self) -> Option<Phase> {
        match self {
            Event::Observed { phase, .. }
            | Event::Judged { phase, .. }
            | Event::NoData { phase, .. }
            | Event::ErrorSpike { phase, .. } => Some(*phase),
            _ => None,
        }
    }

    /// Whether it only ever makes things safer, so that a clock that runs behind is no reason to refuse it.
    pub(super) fn is_emergency(&self) -> bool {
        matches!(
            self,
            Event::Abort { .. } | Event::ErrorSpike { .. } | Event::Override { action: Action::Rollback, .. }
        )
    }

    /// The same event without numbers that JSON does not have: an alarm whose value is NaN is still an alarm.
    pub(super) fn finite(mut self) -> Event {
        let clean = |value: &mut Option<f64>| *value = value.filter(|v| v.is_finite());
        let clean_all = |t: &mut Trigger| [&mut t.value, &mut t.baseline, &mut t.limit].into_iter().for_each(clean);
        match &mut self {
            Event::Judged { look, .. } => {
                clean(&mut look.score);
                look.trigger.iter_mut().for_each(clean_all);
            }
            Event::ErrorSpike { trigger, .. } => clean_all(trigger),
            _ => {}
        }
        self
    }
}
