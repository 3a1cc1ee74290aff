//! Why a recording cannot be replayed.

use crate::config::ConfigErrors;
use crate::judge::DataError;
use crate::monitor::MonitorError;
use crate::rollout::Refused;

/// Why a recording cannot be replayed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The judge's config is at fault.
    #[error("{0}")]
    Config(#[source] ConfigErrors),
    /// The rollout's config is at fault.
    #[error("{0}")]
    Rollout(#[source] ConfigErrors),
    /// The config and the recording do not fit together.
    #[error("{path}: {fault}")]
    Shape {
        /// The key concerned.
        path: &'static str,
        /// What is wrong, with the way out.
        fault: String,
    },
    /// The judge cannot take the recording.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The monitor cannot take the recording.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    /// The machine refused what the replay told it.
    #[error("look {look}: {refused}")]
    Refused {
        /// The look.
        look: u64,
        /// Why.
        #[source]
        refused: Refused,
    },
}
