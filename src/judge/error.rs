//! Faults of the data, for their sender.

use crate::config::ConfigErrors;

/// Why a table cannot be judged under a config.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A column that the config names is not there.
    #[error("column {column} ({used_by}) is not in the data; the data have {known}{nearest}")]
    UnknownColumn {
        /// The column.
        column: String,
        /// What the config uses it for.
        used_by: String,
        /// The columns there are.
        known: String,
        /// "; did you mean `x`" or nothing.
        nearest: String,
    },
    /// A cell does not hold what its column is used for.
    #[error("column {column}, row {row}: {value} is not {expected} ({used_by})")]
    BadValue {
        /// The column.
        column: String,
        /// The row, from 1, header not counted.
        row: usize,
        /// The value.
        value: String,
        /// What is expected and the way out.
        expected: String,
        /// What the config uses the column for.
        used_by: String,
    },
    /// The config and the data do not fit together.
    #[error("{0}")]
    Shape(String),
    /// The config is at fault.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
}
