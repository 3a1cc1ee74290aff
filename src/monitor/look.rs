//! The answer at a look.

use serde::{Deserialize, Serialize};

use super::state::Rollback;
use crate::arms::Arms;
use crate::judge::judgement::Judgement;

/// The schema's name, which every look carries.
pub const LOOK_SCHEMA: &str = "serinus.look/1";

/// What the monitor says after a batch: a line of NDJSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// [`LOOK_SCHEMA`].
    pub schema: String,
    /// The last batch consumed.
    pub sequence: Option<u64>,
    /// Number of looks so far.
    pub looks: u64,
    /// When that batch ended, in seconds.
    pub end_seconds: f64,
    /// Seconds since the start of the first batch.
    pub elapsed_seconds: f64,
    /// Ramp stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Requests or units assigned so far.
    pub assigned: Arms<u64>,
    /// What the decision was made from.
    pub totals: Totals,
    /// The rollback, from the look at which it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Verdict, decision, findings and reasons.
    pub judgement: Judgement,
}

/// Logs of the combined e-values and what they are held against; `None` where there is nothing to combine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Weighted mean of the gating metrics' e-values of harm.
    pub log_e_rollback: Option<f64>,
    /// Rolls back at this.
    pub log_rollback_at: f64,
    /// Mean of that of the metrics and that of the spike detectors, each with its part of the error rate; `None` where only
    /// one of them is watched.
    pub log_e_total: Option<f64>,
    /// Rolls back at this.
    pub log_total_at: f64,
    /// Mean of the gating metrics' spike detectors.
    pub log_e_spike: Option<f64>,
    /// Rolls back at this.
    pub log_spike_at: f64,
    /// Smallest p-value of the tests on whole distributions, times their number.
    pub p_shift: Option<f64>,
    /// Rolls back at or below this.
    pub p_shift_at: f64,
    /// Smallest e-value of safety over critical and scored metrics with a margin.
    pub log_e_promote: Option<f64>,
    /// Log of 1 / alpha_promote.
    pub log_promote_at: f64,
}
