//! A rollout over a recording: when would it have moved on, promoted or rolled back, and at what exposure?
//!
//! The rows of a request log come in the order of time. After every so many of them the judge looks at what has been
//! served so far; what it says goes to the rollout's state machine; and the machine's stage decides which further rows
//! would have been served at all. Each look, each move and the exposure at the end are kept.
//!
//! The arms of a recording are those that its router assigned. A row recorded at a share of traffic above the machine's
//! is not judged: it counts as exposure not taken. Labels count from the moment they arrive.
//!
//! Two judges can be asked. [`Method::Fixed`] is the judge of [`crate::judge`], whose error rates hold for one look; asked
//! at twenty looks it errs more often. [`Method::Anytime`] is [`crate::monitor`], whose error rates hold over all looks.

mod error;
mod record;
mod recording;
mod run;
mod watcher;

use serde::{Deserialize, Serialize};

pub use error::ReplayError;
pub use record::{Anomaly, Exposure, LookRecord, MetricAtLook, Outcome, REPLAY_SCHEMA, Replay, StageRecord};

use crate::config::JudgeConfig;
use crate::rollout::{LookRule, RolloutConfig};
use crate::table::Table;

/// Who is asked at each look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The judge, whose error rates hold for one look.
    #[default]
    Fixed,
    /// The monitor, whose error rates hold over all looks together.
    Anytime,
}

/// How a recording is replayed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReplayOptions {
    /// Who is asked.
    pub method: Method,
    /// How often, in place of what the rollout says. Without either it is every 60 seconds. A change of stage in the
    /// recording is looked at in any case.
    pub look_every: Option<LookRule>,
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Rows gone through.
    pub rows: u64,
    /// Rows in all.
    pub total_rows: u64,
    /// Looks so far.
    pub looks: u64,
}

/// Runs a rollout over a recording.
///
/// ```
/// use serde_json::json;
/// use serinus::replay::{Method, Outcome, ReplayOptions, replay};
/// use serinus::rollout::{LookRule, RolloutConfig};
/// use serinus::{Column, JudgeConfig, Table};
///
/// let config = JudgeConfig::from_value(&json!({
///     "version": 1,
///     "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}},
///     "metrics": [{"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
///                  "margin": {"absolute": 0.02}, "role": "critical"}],
/// }))?;
/// let rollout = RolloutConfig::from_value(&json!({"version": 1, "stages": [{"percent": 50, "min_samples": 400}]}))?;
/// // Every second request goes to the canary, and every third of those fails.
/// let arm = Column::texts((0..2_000).map(|i| if i % 2 == 0 { "canary" } else { "baseline" }));
/// let error: Vec<f64> = (0..2_000).map(|i| if i % 6 == 0 { 1.0 } else { 0.0 }).collect();
/// let second: Vec<f64> = (0..2_000).map(f64::from).collect();
/// let log = Table::new(vec![
///     ("arm".into(), arm), ("error".into(), Column::numbers(error)), ("second".into(), Column::numbers(second)),
/// ])?;
///
/// let options = ReplayOptions { method: Method::Anytime, look_every: Some(LookRule::Requests(50)) };
/// let told = replay(&config, &rollout, &log, &options)?;
/// assert_eq!(told.outcome, Outcome::RolledBack);
/// assert!(told.exposure.served.canary < 200, "{}", told.text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The cost is that of a judgement of all rows so far at each look ([`Method::Fixed`]), or of the rows of each look once
/// ([`Method::Anytime`]). The same input gives the same bytes on any number of threads.
///
/// # Errors
/// The config or the rollout is at fault, the recording has no times, a column is lacking or holds what it cannot hold.
pub fn replay(
    config: &JudgeConfig,
    rollout: &RolloutConfig,
    recording: &Table<'_>,
    options: &ReplayOptions,
) -> Result<Replay, ReplayError> {
    replay_with_progress(config, rollout, recording, options, &mut |_| {})
}

/// [`replay`], telling after each look how far it is.
///
/// # Errors
/// As [`replay`].
pub fn replay_with_progress(
    config: &JudgeConfig,
    rollout: &RolloutConfig,
    recording: &Table<'_>,
    options: &ReplayOptions,
    progress: &mut dyn FnMut(ReplayProgress),
) -> Result<Replay, ReplayError> {
    config.check().map_err(ReplayError::Config)?;
    rollout.check().map_err(ReplayError::Rollout)?;
    run::run(config, rollout, recording, options, progress)
}
