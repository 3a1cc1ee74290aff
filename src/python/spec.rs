//! Dicts, words and counts of Python as the types that the library reads from JSON.

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::{ConfigError, DataError, bad_data};
use super::stats::choice;
use super::values::{shown, to_value};
use crate::stats::Unanswerable;

/// A dict as the type that the library reads; `name` is the argument's name.
pub(super) fn spec<T: DeserializeOwned>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    read(to_value(object, name)?, name)
}

/// JSON as the type that the library reads.
pub(super) fn read<T: DeserializeOwned>(value: Value, name: &str) -> PyResult<T> {
    serde_json::from_value(value).map_err(|e| ConfigError::new_err(format!("{name}: {e}")))
}

/// A dict that is data, not a config, as JSON: its sender has to act.
pub(super) fn data_value(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Value> {
    to_value(object, name).map_err(|error| match error.is_instance_of::<ConfigError>(object.py()) {
        true => DataError::new_err(error.value(object.py()).to_string()),
        false => error,
    })
}

/// A dict that is data as the type that the library reads.
pub(super) fn data<T: DeserializeOwned>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<T> {
    serde_json::from_value(data_value(object, name)?).map_err(|e| bad_data(format!("{name}: {e}")))
}

/// One of the words known.
pub(super) fn word<T: DeserializeOwned>(text: &str, name: &str, known: &[&str]) -> PyResult<T> {
    if known.contains(&text)
        && let Ok(found) = serde_json::from_value(Value::from(text))
    {
        return Ok(found);
    }
    Err(choice(name, text, known))
}

/// A whole number of at least 0.
pub(super) fn whole(object: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    object
        .extract()
        .map_err(|_| bad_data(format!("{name}: {} is not a whole number of at least 0 and below 2^64", shown(object))))
}

/// Why there is no answer.
pub(super) fn unanswerable(error: Unanswerable) -> PyErr {
    DataError::new_err(error.to_string())
}
