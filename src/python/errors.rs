//! Exceptions: who has to act, in the words of the Rust errors.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::config::ConfigErrors;
use crate::input::InputError;
use crate::judge;

pyo3::create_exception!(serinus, SerinusError, PyValueError, "What Serinus cannot do, and why: place, value, way out.");
pyo3::create_exception!(serinus, ConfigError, SerinusError, "The config is at fault; its author has to act.");
pyo3::create_exception!(serinus, DataError, SerinusError, "The data are at fault; their sender has to act.");

/// A fault of a config, every one of them at once.
pub(super) fn config(name: Option<&str>, errors: &ConfigErrors) -> PyErr {
    match name {
        Some(name) => ConfigError::new_err(format!("{name}:\n{errors}")),
        None => ConfigError::new_err(errors.to_string()),
    }
}

/// A config file that cannot be read.
pub(super) fn config_file(error: &InputError) -> PyErr {
    ConfigError::new_err(error.to_string())
}

/// A fault of the data. A column that the config names and the data do not have is one: `judge` gets both at once.
pub(super) fn data(name: &str, error: &judge::DataError) -> PyErr {
    match error {
        judge::DataError::Config(errors) => config(None, errors),
        error => DataError::new_err(format!("{name}: {error}")),
    }
}

/// A fault of the data in plain words.
pub(super) fn bad_data(message: impl Into<String>) -> PyErr {
    DataError::new_err(message.into())
}
