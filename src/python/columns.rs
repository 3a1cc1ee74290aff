//! Columns from whatever Python holds: Arrow, buffers (numpy and its like), sequences.

use pyo3::buffer::{Element, PyBuffer, PyUntypedBuffer, ReadOnlyCell};
use pyo3::exceptions::PyImportError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyRange, PySet, PyString, PyTuple,
};
use pyo3_arrow::input::AnyArray;

use super::errors::bad_data;
use super::values::shown;
use crate::input::InputError;
use crate::input::column_builder::{ColumnBuilder, EXACT};
use crate::input::columnar::{append_array, new_builder};
use crate::table::Column;

/// A column from an array, a Series or a sequence; `place` says in messages which.
pub(super) fn column(object: &Bound<'_, PyAny>, place: &str) -> PyResult<Column<'static>> {
    read(object, place, Detour::Allowed)
}

/// Whether an object may be asked for another form of itself; the other form may not.
#[derive(Clone, Copy, PartialEq)]
enum Detour {
    Allowed,
    Taken,
}

fn read(object: &Bound<'_, PyAny>, place: &str, detour: Detour) -> PyResult<Column<'static>> {
    let py = object.py();
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() || object.is_instance_of::<PyRange>() {
        return sequence(object, place);
    }
    if object.is_none()
        || object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<PyByteArray>()
        || object.is_instance_of::<PyDict>()
        || object.is_instance_of::<PySet>()
    {
        return Err(no_column(object, place));
    }
    if object.hasattr(intern!(py, "__arrow_c_array__"))? || object.hasattr(intern!(py, "__arrow_c_stream__"))? {
        match arrow(object, place) {
            // pandas without pyarrow cannot speak Arrow, but it can speak numpy.
            Err(error) if error.is_instance_of::<PyImportError>(py) && object.hasattr("to_numpy")? => {}
            answer => return answer,
        }
    }
    if is_masked(object)? {
        return sequence(&object.call_method0("tolist")?, place);
    }
    if let Ok(buffer) = PyUntypedBuffer::get(object) {
        return self::buffer(object, buffer, place);
    }
    if let Some(times) = times(object, place)? {
        return Ok(times);
    }
    if detour == Detour::Allowed {
        for name in ["to_numpy", "__array__"] {
            if object.hasattr(name)? {
                let form = object.call_method0(name)?;
                return read(&form, place, Detour::Taken);
            }
        }
    }
    if object.hasattr("__len__")? && object.hasattr("__getitem__")? && object.cast::<PyMapping>().is_err() {
        return sequence(object, place);
    }
    Err(no_column(object, place))
}

fn no_column(object: &Bound<'_, PyAny>, place: &str) -> PyErr {
    let kind = object.get_type().name().map_or_else(|_| "object".to_owned(), |n| n.to_string());
    bad_data(format!(
        "{place}: {} of type {kind} is no column; give a one-dimensional array, a Series or a list",
        shown(object)
    ))
}

/// numpy's masked arrays lend their buffer without the mask.
fn is_masked(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.get_type().name()? == "MaskedArray" && object.hasattr("tolist")?)
}

fn arrow(object: &Bound<'_, PyAny>, place: &str) -> PyResult<Column<'static>> {
    let py = object.py();
    let fault = |error: PyErr| {
        if error.is_instance_of::<PyImportError>(py) {
            error
        } else {
            bad_data(format!("{place}: {}", error.value(py)))
        }
    };
    let reader = object.extract::<AnyArray>().map_err(fault)?.into_reader().map_err(fault)?;
    let field = reader.field();
    let mut builder = new_builder(place, place, field.data_type(), 0).map_err(|e| kind(place, e))?;
    for chunk in reader {
        let chunk = chunk.map_err(|e| bad_data(format!("{place}: {e}")))?;
        append_array(chunk.as_ref(), &mut builder)
            .map_err(|found| bad_data(format!("{place}: the column is {found}; give text or numbers")))?;
    }
    Ok(builder.finish())
}

fn kind(place: &str, error: InputError) -> PyErr {
    match error {
        InputError::ColumnType { found, way_out, .. } => bad_data(format!("{place}: the column is {found}; {way_out}")),
        error => bad_data(error.to_string()),
    }
}

fn buffer(object: &Bound<'_, PyAny>, buffer: PyUntypedBuffer, place: &str) -> PyResult<Column<'static>> {
    if buffer.dimensions() != 1 {
        let shape: Vec<String> = buffer.shape().iter().map(ToString::to_string).collect();
        let message = match buffer.dimensions() {
            0 => format!("{place}: a single value is no column; give a one-dimensional array"),
            _ => {
                format!("{place}: the array has shape ({}); give one dimension, such as array[:, 0]", shape.join(", "))
            }
        };
        return Err(bad_data(message));
    }
    // Native letters alone; whatever has another byte order or layout says its values one by one.
    let format = match buffer.format().to_bytes() {
        [letter] | [b'@' | b'=', letter] => *letter,
        _ => 0,
    };
    let py = object.py();
    let values = match (format, buffer.item_size()) {
        (b'd', 8) => numbers::<f64>(py, buffer, place, |v| v)?,
        (b'f', 4) => numbers::<f32>(py, buffer, place, f64::from)?,
        (b'l' | b'q' | b'n', 8) => {
            let whole: Vec<i64> = items(py, buffer, place)?;
            if whole.iter().any(|v| v.unsigned_abs() > EXACT) {
                return Ok(ids(whole.into_iter().map(i128::from)));
            }
            whole.into_iter().map(|v| v as f64).collect()
        }
        (b'L' | b'Q' | b'N', 8) => {
            let whole: Vec<u64> = items(py, buffer, place)?;
            if whole.iter().any(|v| *v > EXACT) {
                return Ok(ids(whole.into_iter().map(i128::from)));
            }
            whole.into_iter().map(|v| v as f64).collect()
        }
        (b'i' | b'l', 4) => numbers::<i32>(py, buffer, place, f64::from)?,
        (b'I' | b'L', 4) => numbers::<u32>(py, buffer, place, f64::from)?,
        (b'h', 2) => numbers::<i16>(py, buffer, place, f64::from)?,
        (b'H', 2) => numbers::<u16>(py, buffer, place, f64::from)?,
        (b'b', 1) => numbers::<i8>(py, buffer, place, f64::from)?,
        (b'B', 1) => numbers::<u8>(py, buffer, place, f64::from)?,
        _ if object.hasattr("tolist")? => return sequence(&object.call_method0("tolist")?, place),
        _ => return Err(no_column(object, place)),
    };
    Ok(Column::numbers(values))
}

fn items<T: Element>(py: Python<'_>, buffer: PyUntypedBuffer, place: &str) -> PyResult<Vec<T>> {
    buffer.into_typed::<T>().and_then(|b| b.to_vec(py)).map_err(|e| bad_data(format!("{place}: {}", e.value(py))))
}

fn numbers<T: Element>(py: Python<'_>, buffer: PyUntypedBuffer, place: &str, wide: fn(T) -> f64) -> PyResult<Vec<f64>> {
    Ok(items::<T>(py, buffer, place)?.into_iter().map(wide).collect())
}

/// Whole numbers beyond 2^53 are ids, not quantities: two of them may share a float.
fn ids(values: impl Iterator<Item = i128>) -> Column<'static> {
    let mut builder = ColumnBuilder::new();
    for value in values {
        builder.push_whole(value);
    }
    builder.finish()
}

/// Dates and durations of numpy, as milliseconds; they lend no buffer.
fn times(object: &Bound<'_, PyAny>, place: &str) -> PyResult<Option<Column<'static>>> {
    let Ok(kind) = object.getattr("dtype").and_then(|d| d.getattr("kind")).and_then(|k| k.extract::<String>()) else {
        return Ok(None);
    };
    let to = match kind.as_str() {
        "M" => "datetime64[us]",
        "m" => "timedelta64[us]",
        _ => return Ok(None),
    };
    let ticks = object.call_method1("astype", (to,))?.call_method1("view", ("int64",))?;
    let ticks: Vec<i64> = items(object.py(), PyUntypedBuffer::get(&ticks)?, place)?;
    let missing: Vec<bool> = ticks.iter().map(|t| *t == i64::MIN).collect();
    let values = ticks.iter().map(|t| (t / 1000) as f64 + (t % 1000) as f64 / 1000.0).collect::<Vec<_>>();
    let missing = missing.contains(&true).then_some(missing);
    Ok(Some(Column::Number { values: values.into(), missing }))
}

/// What one item of a sequence is.
enum Cell {
    Missing,
    Flag(bool),
    Whole(i128),
    Number(f64),
    Text(String),
}

fn sequence(object: &Bound<'_, PyAny>, place: &str) -> PyResult<Column<'static>> {
    if !object.hasattr("__iter__")? && !object.hasattr("__getitem__")? {
        return Err(no_column(object, place));
    }
    let mut cells = Vec::with_capacity(object.len().unwrap_or(0));
    // The first row of each kind: numbers, then text.
    let (mut number, mut text) = (None, None);
    for (i, item) in object.try_iter().map_err(|_| no_column(object, place))?.enumerate() {
        let cell = cell(&item?, place, i + 1)?;
        match &cell {
            Cell::Text(_) => text = text.or(Some(i)),
            Cell::Missing => {}
            // pandas marks missing text by NaN.
            Cell::Number(v) if v.is_nan() => {}
            _ => number = number.or(Some(i)),
        }
        cells.push(cell);
    }
    if let (Some(number), Some(text)) = (number, text) {
        let (row, kind, other) =
            if number < text { (text + 1, "text", "numbers") } else { (number + 1, "a number", "text") };
        let value = object.get_item(row - 1).map_or_else(|_| "a value".to_owned(), |v| shown(&v));
        return Err(bad_data(format!(
            "{place}, row {row}: {value} is {kind} among {other}; give one kind to a column"
        )));
    }
    let mut builder = ColumnBuilder::new();
    for cell in cells {
        match cell {
            Cell::Missing => builder.push_missing(),
            Cell::Number(v) if v.is_nan() && text.is_some() => builder.push_missing(),
            Cell::Flag(flag) => builder.push_number(f64::from(u8::from(flag))),
            Cell::Whole(whole) if whole.unsigned_abs() <= u128::from(EXACT) => builder.push_number(whole as f64),
            Cell::Whole(whole) => builder.push_whole(whole),
            Cell::Number(number) => builder.push_number(number),
            Cell::Text(text) => builder.push_text(&text),
        }
    }
    Ok(builder.finish())
}

fn cell(item: &Bound<'_, PyAny>, place: &str, row: usize) -> PyResult<Cell> {
    if item.is_none() {
        return Ok(Cell::Missing);
    }
    if item.is_instance_of::<PyFloat>() {
        return Ok(Cell::Number(item.extract()?));
    }
    if let Ok(flag) = item.cast::<PyBool>() {
        return Ok(Cell::Flag(flag.is_true()));
    }
    let fault = |why: &str| bad_data(format!("{place}, row {row}: {} {why}", shown(item)));
    if item.is_instance_of::<PyInt>() {
        return item
            .extract::<i128>()
            .map(Cell::Whole)
            .map_err(|_| fault("is too large a whole number; give ids as text"));
    }
    if let Ok(text) = item.cast::<PyString>() {
        return text
            .to_str()
            .map(|t| Cell::Text(t.to_owned()))
            .map_err(|_| fault("is not valid Unicode; write it as UTF-8"));
    }
    if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() || item.hasattr("__len__")? {
        return Err(fault("is a list in a list; give one value a row"));
    }
    let kind = item.get_type().name()?.to_string_lossy().into_owned();
    if kind == "NAType" || kind == "NaTType" {
        return Ok(Cell::Missing);
    }
    if kind == "bool_" || kind == "bool" {
        return Ok(Cell::Flag(item.is_truthy()?));
    }
    match item.extract::<f64>() {
        Ok(number) => Ok(Cell::Number(number)),
        Err(_) => Err(fault(&format!("is of type {kind}; give numbers, booleans, text or None"))),
    }
}

/// The values of a table with one sample in a row, row by row, and how many a row holds.
pub(super) fn table_rows(object: &Bound<'_, PyAny>, name: &str) -> PyResult<(Vec<f64>, usize)> {
    if let Ok(buffer) = PyBuffer::<f64>::get(object)
        && buffer.dimensions() == 2
        && buffer.format().to_bytes() == b"d"
        && !is_masked(object)?
    {
        let size = buffer.shape()[1];
        return Ok((buffer.to_vec(object.py())?, size));
    }
    let rows = match object.hasattr("tolist")? {
        true => object.call_method0("tolist")?,
        false => object.clone(),
    };
    let fault = || bad_data(format!("{name}: {} is no table; give rows of numbers, or {name}_offsets", shown(object)));
    let (mut values, mut size) = (Vec::new(), None);
    for (i, row) in rows.try_iter().map_err(|_| fault())?.enumerate() {
        let row = row?;
        if !(row.is_instance_of::<PyList>() || row.is_instance_of::<PyTuple>() || row.hasattr("__len__")?) {
            return Err(fault());
        }
        let row = sample(&row, &format!("{name}[{i}]"))?;
        if *size.get_or_insert(row.len()) != row.len() {
            let first = size.unwrap_or(0);
            let found = row.len();
            return Err(bad_data(format!(
                "{name}: row {} has {found} values and the first has {first}; give {name}_offsets for samples of different sizes",
                i + 1
            )));
        }
        values.extend(row);
    }
    match size {
        Some(size) if size > 0 => Ok((values, size)),
        _ => Err(bad_data(format!("{name}: there is no value; give rows of numbers"))),
    }
}

/// What `of` makes of two arrays of f64 where they lie; `None` when one is no such array.
///
/// The interpreter is held meanwhile, so this is for work that costs no more than a copy would.
// The cells are read one by one while the interpreter is held, which is what the deprecated borrow asks of its caller.
#[allow(deprecated)]
pub(super) fn in_place<T>(
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    of: impl FnOnce(&[ReadOnlyCell<f64>], &[ReadOnlyCell<f64>]) -> T,
) -> PyResult<Option<T>> {
    let py = x.py();
    let (Ok(a), Ok(b)) = (PyBuffer::<f64>::get(x), PyBuffer::<f64>::get(y)) else { return Ok(None) };
    let plain = |buffer: &PyBuffer<f64>| buffer.dimensions() == 1 && buffer.format().to_bytes() == b"d";
    if !plain(&a) || !plain(&b) || is_masked(x)? || is_masked(y)? {
        return Ok(None);
    }
    Ok(match (a.as_slice(py), b.as_slice(py)) {
        (Some(x), Some(y)) => Some(of(x, y)),
        _ => None,
    })
}

/// The values of a sample: numbers, and all of them there.
pub(super) fn sample(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<f64>> {
    if let Ok(buffer) = PyBuffer::<f64>::get(object)
        && buffer.dimensions() == 1
        && buffer.format().to_bytes() == b"d"
        && !is_masked(object)?
    {
        return buffer.to_vec(object.py());
    }
    match column(object, name)? {
        Column::Number { values, missing: None } => Ok(values.into_owned()),
        Column::Number { missing: Some(missing), .. } => {
            let row = missing.iter().position(|m| *m).unwrap_or(0) + 1;
            Err(bad_data(format!("{name}, row {row}: the value is missing; drop missing values first")))
        }
        Column::Text { codes, names } => {
            let row = codes.iter().position(|c| *c != Column::MISSING).unwrap_or(0);
            let text = codes.get(row).and_then(|c| names.get(*c as usize)).map_or("None", String::as_str);
            let text = crate::config::reader::short(text);
            Err(bad_data(format!("{name}, row {}: '{text}' is not a number; give numbers", row + 1)))
        }
    }
}
