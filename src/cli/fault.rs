//! Why a command ended early.

use crate::config::{ConfigError, ConfigErrors};
use crate::input::InputError;
use crate::judge::DataError;

/// Why a command ended early; each is exit code 2.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Arguments do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The config is at fault.
    #[error("{path}:\n{errors}")]
    Config {
        /// The config's file.
        path: String,
        /// Every fault.
        #[source]
        errors: ConfigErrors,
    },
    /// `--set` names a key that cannot be set.
    #[error("--set {0}")]
    Set(ConfigError),
    /// The data do not fit the config.
    #[error("{path}: {source}")]
    Data {
        /// The file.
        path: String,
        /// What is wrong.
        source: DataError,
    },
    /// A request of Kayenta's cannot be judged.
    #[error("{path}: {source}")]
    Kayenta {
        /// The file, and which request of it.
        path: String,
        /// What is wrong.
        source: crate::kayenta::KayentaError,
    },
    /// A batch cannot be taken.
    #[error("{path}: {source}")]
    Monitor {
        /// The line of the batch, or the state file.
        path: String,
        /// What is wrong.
        source: crate::monitor::MonitorError,
    },
    /// A recording cannot be replayed.
    #[error("{path}: {source}")]
    Replay {
        /// The recording.
        path: String,
        /// What is wrong.
        source: crate::replay::ReplayError,
    },
    /// A drill cannot be held.
    #[error("{path}: {source}")]
    Drill {
        /// The recording.
        path: String,
        /// What is wrong.
        source: crate::drill::DrillError,
    },
    /// A result cannot be written.
    #[error("{path}: writing failed: {source}")]
    Output {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Fault {
    /// Whether the reader of our output has gone away, as `head` does: no reason to complain.
    pub(super) fn is_closed_pipe(&self) -> bool {
        matches!(self, Fault::Output { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
