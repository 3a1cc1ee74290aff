//! Why a batch or a stored state is refused.

use crate::arms::Arm;
use crate::config::ConfigErrors;

/// A batch or a state that a monitor cannot take. The monitor is unchanged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MonitorError {
    /// The batch was taken already.
    #[error("batch {sequence} was taken already and the next one is {next}; a batch counts once")]
    Duplicate {
        /// The batch's number.
        sequence: u64,
        /// The number that is due.
        next: u64,
    },
    /// A batch before this one is lacking.
    #[error("batch {sequence} came where {next} is due; send the batches in order")]
    OutOfOrder {
        /// The batch's number.
        sequence: u64,
        /// The number that is due.
        next: u64,
    },
    /// The batch starts before the end of what was consumed.
    #[error(
        "batch {sequence} starts at {start_seconds} s and data up to {closed_seconds} s are consumed; \
         rebuild the monitor from all batches to use late data"
    )]
    Late {
        /// The batch's number.
        sequence: u64,
        /// Its start.
        start_seconds: f64,
        /// The end of the last batch.
        closed_seconds: f64,
    },
    /// The batch may still get data.
    #[error(
        "batch {sequence} ends at {end_seconds} s and data are seen up to {seen_until_seconds} s only; \
         wait for the watermark of {watermark_seconds} s"
    )]
    StillOpen {
        /// The batch's number.
        sequence: u64,
        /// Its end.
        end_seconds: f64,
        /// Time up to which data were seen.
        seen_until_seconds: f64,
        /// The config's watermark.
        watermark_seconds: f64,
    },
    /// A batch's times are not an interval.
    #[error(
        "batch {sequence}: {start_seconds} to {end_seconds} s is not a stretch of time; end has to be at or after start"
    )]
    Window {
        /// The batch's number.
        sequence: u64,
        /// Its start.
        start_seconds: f64,
        /// Its end.
        end_seconds: f64,
    },
    /// A declared share is not a percentage between 0 and 100.
    #[error("batch {sequence}: share_percent {share_percent} is not in (0, 100)")]
    Share {
        /// The batch's number.
        sequence: u64,
        /// The share.
        share_percent: f64,
    },
    /// The config has no metric of that name.
    #[error("batch {sequence}: the config has no metric {metric}; it has {known}")]
    UnknownMetric {
        /// The batch's number.
        sequence: u64,
        /// The name.
        metric: String,
        /// The names there are.
        known: String,
    },
    /// Statistics that do not serve the metric, or are impossible.
    #[error("batch {sequence}, {arm} of {metric}: {fault}")]
    Statistics {
        /// The batch's number.
        sequence: u64,
        /// The metric.
        metric: String,
        /// The arm.
        arm: Arm,
        /// What is lacking or impossible, with the way out.
        fault: String,
    },
    /// The state is of another version of its format.
    #[error("state of format {found} where this library reads {expected}; rebuild the monitor from its batches")]
    StateVersion {
        /// The format found.
        found: String,
        /// The format this library reads.
        expected: &'static str,
    },
    /// The state belongs to another config.
    #[error("state of config {found} where this config is {expected}; a changed config starts a new monitor")]
    OtherConfig {
        /// Digest in the state.
        found: String,
        /// Digest of this config.
        expected: String,
    },
    /// The state does not fit the config, or is not readable.
    #[error("state: {fault}; rebuild the monitor from its batches")]
    State {
        /// What is wrong.
        fault: String,
    },
    /// A column of a table is lacking or unfit.
    #[error("{path}: {fault}")]
    Table {
        /// Where the config names the column.
        path: String,
        /// What is wrong, with the way out.
        fault: String,
    },
    /// The config cannot be monitored.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
}
