//! Sufficient statistics from whatever Python holds: a file, a list of dicts, a table.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList};

use super::config::path;
use super::errors::{DataError, bad_data};
use super::spec::data_value;
use super::values::shown;
use crate::config::JudgeConfig;
use crate::input::{InputError, Source, read_summary};
use crate::summary::{SummaryRow, read_rows};

/// Statistics, read already or still in their file.
pub(super) enum Summary {
    /// A file, which is read without the interpreter.
    File(PathBuf),
    /// Rows.
    Rows(Vec<SummaryRow>),
}

impl Summary {
    /// Takes a path, a list of dicts, the document `{"schema", "rows"}`, or a table with one row for each metric and arm.
    pub(super) fn take(object: &Bound<'_, PyAny>, config: &JudgeConfig) -> PyResult<Summary> {
        if let Some(path) = path(object)? {
            return Ok(Summary::File(path));
        }
        let py = object.py();
        let rows = if object.is_instance_of::<PyList>() || object.is_instance_of::<PyDict>() {
            object.clone()
        } else if object.hasattr("to_pylist")? {
            object.call_method0("to_pylist")?
        } else if object.hasattr("to_dicts")? {
            object.call_method0("to_dicts")?
        } else if object.hasattr("to_dict")? && object.hasattr("columns")? {
            object.call_method1("to_dict", ("records",))?
        } else {
            return Err(bad_data(format!(
                "summary: {} is no summary; give a path, a list of dicts, or a pandas, polars or pyarrow table",
                shown(object)
            )));
        };
        let rows = match rows.cast::<PyList>() {
            Err(_) => rows,
            Ok(list) => {
                let filled = PyList::empty(py);
                for row in list.iter() {
                    filled.append(without_gaps(&row)?)?;
                }
                filled.into_any()
            }
        };
        let value = data_value(&rows, "summary")?;
        let rows = read_rows(&value, &config.arm_words(), &config.data.segments);
        rows.map(Summary::Rows).map_err(|e| DataError::new_err(format!("summary:\n{e}")))
    }

    /// The rows; a file is read now.
    pub(super) fn read(self, config: &JudgeConfig) -> Result<Vec<SummaryRow>, String> {
        match self {
            Summary::Rows(rows) => Ok(rows),
            Summary::File(path) => {
                let found = read_summary(&Source::Path(path), None, &config.arm_words(), &config.data.segments);
                found.map_err(|e| match e {
                    InputError::UnknownFormat { path, .. } => {
                        format!("{path}: the name does not tell the format; name it .json, .csv, .ndjson or .parquet")
                    }
                    e => e.to_string(),
                })
            }
        }
    }
}

/// A row of a table without the cells that stand for nothing: a table has a column for every statistic.
fn without_gaps<'py>(row: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let Ok(row) = row.cast::<PyDict>() else { return Ok(row.clone()) };
    let kept = PyDict::new(row.py());
    for (key, value) in row.iter() {
        let is_gap = value.is_none() || value.cast::<PyFloat>().is_ok_and(|v| v.value().is_nan());
        if !is_gap {
            kept.set_item(key, whole_number(value)?)?;
        }
    }
    Ok(kept.into_any())
}

/// A count that a table with gaps has made a float is a count again.
fn whole_number(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    match value.cast::<PyFloat>() {
        Ok(number) if number.value().fract() == 0.0 && number.value().abs() < 9.0e15 => value.call_method0("__int__"),
        _ => Ok(value),
    }
}
