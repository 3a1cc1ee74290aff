//! Rows as a data frame, and as an aligned table.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde::Serialize;
use serde_json::{Map, Value};

use super::records::to_json;
use super::values::from_value;

/// Columns as a pandas DataFrame, or a polars one where pandas is not installed.
pub(super) fn data_frame(py: Python<'_>, columns: Vec<(String, Vec<Value>)>) -> PyResult<Py<PyAny>> {
    let dict = PyDict::new(py);
    for (name, values) in columns {
        let values = values.iter().map(|v| from_value(py, v)).collect::<PyResult<Vec<_>>>()?;
        dict.set_item(name, PyList::new(py, values)?)?;
    }
    for package in ["pandas", "polars"] {
        match py.import(package) {
            Ok(module) => return Ok(module.call_method1("DataFrame", (dict,))?.unbind()),
            Err(error) if error.is_instance_of::<PyImportError>(py) => {}
            Err(error) => return Err(error),
        }
    }
    Err(PyImportError::new_err("to_frame needs pandas or polars; install one of them, or use to_dict"))
}

/// A row each, a column for each number and text in it; what is inside a part is named `part_name`, and lists are left out.
pub(super) fn frame<T: Serialize>(py: Python<'_>, rows: impl IntoIterator<Item = T>) -> PyResult<Py<PyAny>> {
    let rows = rows.into_iter().map(|row| Ok(flat(&to_json(&row)?))).collect::<PyResult<Vec<_>>>()?;
    let mut names: Vec<String> = Vec::new();
    for row in &rows {
        // A part that is null in one row has its columns in another.
        names.extend(row.keys().filter(|k| !names.contains(k)).cloned().collect::<Vec<_>>());
    }
    let parts: Vec<String> = names.iter().filter_map(|n| n.rsplit_once('_').map(|(part, _)| part.to_owned())).collect();
    let empty = |name: &String| rows.iter().all(|row| row.get(name).is_none_or(Value::is_null));
    names.retain(|name| !(empty(name) && parts.contains(name)));
    let cell = |name: &String, row: &Map<String, Value>| row.get(name).cloned().unwrap_or(Value::Null);
    let columns =
        names.into_iter().map(|name| (name.clone(), rows.iter().map(|row| cell(&name, row)).collect())).collect();
    data_frame(py, columns)
}

fn flat(row: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    if let Value::Object(fields) = row {
        for (key, value) in fields {
            match value {
                Value::Array(_) => {}
                Value::Object(_) => {
                    out.extend(flat(value).into_iter().map(|(inner, v)| (format!("{key}_{inner}"), v)));
                }
                value => {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
    }
    out
}

/// Rows of text under each other, the first column to the left and the others to the right.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> =
            cells.map(|(i, (text, &w))| if i == 0 { format!("{text:<w$}") } else { format!("{text:>w$}") }).collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What stands in a cell: `-` for nothing.
pub(super) fn cell<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| v.to_string())
}
