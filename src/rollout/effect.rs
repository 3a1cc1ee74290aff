//! What the machine asks of its host, as data.

use serde::{Deserialize, Serialize};

use super::event::Trigger;
use super::state::Phase;
use crate::arms::Arms;
use crate::judge::Decision;

/// What the host has to do. Each effect can be carried out twice without harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Send this share of the traffic to the canary.
    SetWeight {
        /// In percent.
        percent: f64,
    },
    /// Copy this share of the requests to the canary and throw its answers away; 0 stops it.
    SetShadow {
        /// In percent.
        percent: f64,
    },
    /// The rollout has failed: the weight is 0, take the canary down.
    RollBack {
        /// What was rolled out.
        revision: String,
        /// Why.
        cause: Cause,
    },
    /// The rollout has succeeded: the canary is the new stable version.
    Promote {
        /// What was rolled out.
        revision: String,
    },
    /// Tell somebody.
    Notify {
        /// What.
        alert: Box<Alert>,
    },
}

/// Why a rollout was rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The judge decided so, more often than is forgiven.
    Verdict,
    /// Errors rose.
    ErrorSpike,
    /// No decision by the deadline: undetermined, which is not the same as bad.
    Undetermined,
    /// No data, or only stale ones.
    NoData,
    /// A person aborted.
    Aborted,
    /// A person decided so.
    Override,
}

/// How loud an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Something was rolled back.
    Critical,
}

/// The content of an alert: what set it off, limit against value, for how long, at what exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// How loud.
    pub level: Level,
    /// What set it off, with value, baseline and limit.
    pub trigger: Trigger,
    /// What is rolled out.
    pub revision: String,
    /// Where the rollout was.
    pub phase: Phase,
    /// The canary's traffic share then, in percent.
    pub percent: f64,
    /// Seconds since the start.
    pub active_seconds: f64,
    /// Seconds in this phase.
    pub phase_seconds: f64,
    /// Requests served by each arm since the start.
    pub served: Arms<u64>,
    /// The judge's latest decision in this phase.
    pub decision: Option<Decision>,
    /// The whole in a sentence.
    pub text: String,
}
