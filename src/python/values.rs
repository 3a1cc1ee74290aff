//! Plain values across the border: dicts, lists, numbers and text, as JSON knows them.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use super::errors::ConfigError;

/// No config is nested deeper; what is refers to itself.
const DEEPEST: usize = 64;

/// A Python value as JSON; `path` is its place for messages.
pub(super) fn to_value(object: &Bound<'_, PyAny>, path: &str) -> PyResult<Value> {
    walk(object, path, 0)
}

fn walk(object: &Bound<'_, PyAny>, path: &str, depth: usize) -> PyResult<Value> {
    let fault = |message: String| Err(ConfigError::new_err(format!("{}: {message}", place(path))));
    if depth > DEEPEST {
        return fault(format!("nested deeper than {DEEPEST} levels; take out what contains itself"));
    }
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return match text.to_str() {
            Ok(text) => Ok(Value::from(text)),
            Err(_) => fault("the text is not valid Unicode; write it as UTF-8".to_owned()),
        };
    }
    if object.is_instance_of::<PyInt>() {
        if let Ok(whole) = object.extract::<i64>() {
            return Ok(Value::from(whole));
        }
        return match object.extract::<u64>() {
            Ok(whole) => Ok(Value::from(whole)),
            Err(_) => fault(format!("{} is too large; whole numbers end at 2^64", shown(object))),
        };
    }
    if object.is_instance_of::<PyFloat>() {
        let number: f64 = object.extract()?;
        return match Number::from_f64(number) {
            Some(number) => Ok(Value::Number(number)),
            None => fault(format!("{number} is not finite; give a finite number")),
        };
    }
    if let Ok(mapping) = object.cast::<PyDict>() {
        return entries(mapping.iter().map(Ok), path, depth);
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let mut list = Vec::new();
        for (i, item) in object.try_iter()?.enumerate() {
            list.push(walk(&item?, &format!("{path}[{i}]"), depth + 1)?);
        }
        return Ok(Value::Array(list));
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        let items = mapping.items()?;
        return entries(items.iter().map(|item| item.extract()), path, depth);
    }
    // A scalar of numpy says what it is as a Python value.
    if object.hasattr("dtype")?
        && object.hasattr("item")?
        && let Ok(item) = object.call_method0("item")
        && !item.is_instance_of::<PyList>()
        && !item.is(object)
    {
        return walk(&item, path, depth + 1);
    }
    fault(format!(
        "{} is of type {}; a config holds dicts, lists, text, numbers, booleans and None",
        shown(object),
        object.get_type().name()?
    ))
}

fn entries<'py>(
    items: impl Iterator<Item = PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>>,
    path: &str,
    depth: usize,
) -> PyResult<Value> {
    let mut map = Map::new();
    for item in items {
        let (key, value) = item?;
        let name = match key.cast::<PyString>() {
            Ok(name) => name.to_string(),
            // Labels of `where` may be numbers in a dict; YAML has them as text too.
            Err(_) if key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>() => key.str()?.to_string(),
            Err(_) => {
                return Err(ConfigError::new_err(format!(
                    "{}: the key {} is not text; quote it",
                    place(path),
                    shown(&key)
                )));
            }
        };
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        map.insert(name, walk(&value, &inner, depth + 1)?);
    }
    Ok(Value::Object(map))
}

fn place(path: &str) -> &str {
    if path.is_empty() { "config" } else { path }
}

/// A value as a message shows it, short and on one line.
pub(super) fn shown(object: &Bound<'_, PyAny>) -> String {
    let text = object.repr().map_or_else(|_| "a value".to_owned(), |r| r.to_string_lossy().into_owned());
    crate::config::reader::short(&text)
}

/// JSON as a Python value.
pub(super) fn from_value(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    match value {
        Value::Null => Ok(py.None()),
        Value::Bool(flag) => flag.into_py_any(py),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => whole.into_py_any(py),
            (None, Some(whole)) => whole.into_py_any(py),
            (None, None) => number.as_f64().into_py_any(py),
        },
        Value::String(text) => text.into_py_any(py),
        Value::Array(list) => {
            let items = list.iter().map(|item| from_value(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_py_any(py)
        }
        Value::Object(map) => {
            let dict = PyDict::new(py);
            for (key, item) in map {
                dict.set_item(key, from_value(py, item)?)?;
            }
            dict.into_py_any(py)
        }
    }
}
