//! Tables from whatever Python holds: paths, Arrow tables, mappings of columns.

use std::path::PathBuf;

use arrow_array::RecordBatchReader;
use pyo3::exceptions::PyImportError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};
use pyo3_arrow::input::AnyRecordBatch;

use super::columns::column;
use super::config::path;
use super::errors::{DataError, bad_data};
use super::values::shown;
use super::work::Tell;
use crate::config::{ArmsIn, JudgeConfig};
use crate::input::columnar::{append_array, new_builder};
use crate::input::{InputError, Progress, ReadOptions, Source, read_table};
use crate::table::Table;

/// Rows, read already or still in their file.
pub(super) enum Rows {
    /// A file, which is read without the interpreter.
    File(PathBuf),
    /// A table.
    Table(Table<'static>),
}

impl Rows {
    /// Takes the columns that the config reads; `name` is the argument's name for messages.
    pub(super) fn take(data: &Bound<'_, PyAny>, config: &JudgeConfig, arms: ArmsIn, name: &str) -> PyResult<Rows> {
        let py = data.py();
        if let Some(path) = path(data)? {
            return Ok(Rows::File(path));
        }
        if data.hasattr(intern!(py, "__arrow_c_stream__"))? || data.hasattr(intern!(py, "__arrow_c_array__"))? {
            match arrow(data, config, arms, name) {
                // pandas without pyarrow cannot speak Arrow; its columns can speak numpy.
                Err(error) if error.is_instance_of::<PyImportError>(py) && data.hasattr("columns")? => {
                    let columns = PyDict::new(py);
                    for key in data.getattr("columns")?.try_iter()? {
                        let key = key?;
                        columns.set_item(&key, data.get_item(&key)?)?;
                    }
                    return mapping(columns.as_mapping(), config, arms, name).map(Rows::Table);
                }
                answer => return answer.map(Rows::Table),
            }
        }
        match data.cast::<PyMapping>() {
            Ok(columns) => mapping(columns, config, arms, name).map(Rows::Table),
            Err(_) => {
                let kind = data.get_type().name()?;
                Err(bad_data(format!(
                    "{name}: {} of type {kind} is no table; give a path, a pandas, polars, pyarrow or DuckDB table, or a mapping from column to array",
                    shown(data)
                )))
            }
        }
    }

    /// The table; a file is read now.
    pub(super) fn read(
        self,
        config: &JudgeConfig,
        arms: ArmsIn,
        tell: Option<Tell<'_>>,
    ) -> Result<Table<'static>, String> {
        let path = match self {
            Rows::Table(table) => return Ok(table),
            Rows::File(path) => path,
        };
        let source = Source::Path(path);
        let columns = config.columns();
        let check = |names: &[&str]| config.check_columns(names, arms);
        let mut told = 0;
        let mut follow = |progress: Progress| {
            const EVERY: u64 = 1 << 20;
            if let Some(tell) = tell.filter(|_| progress.rows / EVERY > told) {
                told = progress.rows / EVERY;
                tell(format!("{}: {} rows read", source.name(), progress.rows));
            }
        };
        let options =
            ReadOptions { format: None, columns: Some(&columns), header: Some(&check), progress: Some(&mut follow) };
        let table = read_table(&source, options).map_err(|e| match e {
            InputError::UnknownFormat { path, .. } => {
                format!("{path}: the name does not tell the format; name it .csv, .tsv, .ndjson or .parquet")
            }
            e => e.to_string(),
        })?;
        if let Some(tell) = tell {
            tell(format!("{}: {} rows read", source.name(), table.rows()));
        }
        Ok(table)
    }
}

fn check(config: &JudgeConfig, names: &[&str], arms: ArmsIn, name: &str) -> PyResult<()> {
    config.check_columns(names, arms).map_err(|errors| DataError::new_err(format!("{name}:\n{errors}")))
}

fn twice(name: &str, names: &[&str]) -> PyResult<()> {
    let mut seen = std::collections::HashSet::new();
    match names.iter().find(|n| !seen.insert(**n)) {
        Some(column) => Err(bad_data(format!("{name}: column `{column}` stands twice; rename one of the two"))),
        None => Ok(()),
    }
}

fn arrow(data: &Bound<'_, PyAny>, config: &JudgeConfig, arms: ArmsIn, name: &str) -> PyResult<Table<'static>> {
    let py = data.py();
    let fault = |error: PyErr| {
        if error.is_instance_of::<PyImportError>(py) {
            return error;
        }
        bad_data(format!(
            "{name}: this gives no table over Arrow ({}); give an open table, and make a stream that was read before anew",
            error.value(py)
        ))
    };
    let reader: Box<dyn RecordBatchReader + Send> =
        data.extract::<AnyRecordBatch>().map_err(fault)?.into_reader().map_err(fault)?;
    let schema = reader.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    twice(name, &names)?;
    check(config, &names, arms, name)?;
    let wanted = config.columns();
    let mut columns = Vec::new();
    for (i, field) in schema.fields().iter().enumerate().filter(|(_, f)| wanted.contains(f.name())) {
        let builder = new_builder(name, field.name(), field.data_type(), 0).map_err(|e| bad_data(e.to_string()))?;
        columns.push((i, field.name().clone(), builder));
    }
    for batch in reader {
        let batch = batch.map_err(|e| {
            bad_data(format!("{name}: reading the Arrow stream failed ({e}); give an open table or a new stream"))
        })?;
        for (i, column, builder) in &mut columns {
            append_array(batch.column(*i).as_ref(), builder).map_err(|found| {
                bad_data(format!("{name}: column `{column}` is {found}; write it as text or numbers"))
            })?;
        }
        py.check_signals()?;
    }
    let columns = columns.into_iter().map(|(_, name, builder)| (name, builder.finish())).collect();
    let table = Table::new(columns).map_err(|e| bad_data(format!("{name}: {e}")))?;
    // A table knows its length; a stream does not, and one without rows was read before.
    if table.rows() == 0 && !data.hasattr("__len__")? && !data.hasattr("num_rows")? {
        return Err(bad_data(format!(
            "{name}: the Arrow stream gave no rows; it may have been read before: make it anew, or pass the table itself"
        )));
    }
    Ok(table)
}

fn mapping(data: &Bound<'_, PyMapping>, config: &JudgeConfig, arms: ArmsIn, name: &str) -> PyResult<Table<'static>> {
    let mut items = Vec::new();
    for item in data.items()?.iter() {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        // What is not named by text is not named by a config.
        if let Ok(key) = key.cast::<PyString>() {
            items.push((key.to_string(), value));
        }
    }
    let names: Vec<&str> = items.iter().map(|(n, _)| n.as_str()).collect();
    twice(name, &names)?;
    check(config, &names, arms, name)?;
    let wanted = config.columns();
    let mut columns = Vec::new();
    for (key, value) in items.iter().filter(|(n, _)| wanted.contains(n)) {
        columns.push((key.clone(), column(value, &format!("{name}[{key:?}]"))?));
    }
    Table::new(columns).map_err(|e| bad_data(format!("{name}: {e}")))
}
