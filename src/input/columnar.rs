//! Tables from Parquet, and columns from Arrow arrays.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, DictionaryArray, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

use super::column_builder::{ColumnBuilder, EXACT};
use super::error::InputError;
use super::source::Content;
use super::{Progress, ReadOptions, keeps};
use crate::config::reader::short;
use crate::table::Table;

/// Rows of one decoded batch: large enough to be fast, small beside the columns that are kept.
const BATCH_ROWS: usize = 1 << 15;

/// Reads a table, batch by batch: beside the columns kept, only one batch is in memory at a time.
pub(super) fn read_parquet(
    path: &str,
    content: &Content,
    options: &mut ReadOptions<'_>,
) -> Result<Table<'static>, InputError> {
    match content {
        Content::File { path: file, .. } => {
            let file = File::open(file).map_err(|e| InputError::io(path, e))?;
            read(path, file, content.length(), options)
        }
        Content::Bytes(bytes) => read(path, bytes.clone(), content.length(), options),
    }
}

fn read<R: ChunkReader + 'static>(
    path: &str,
    reader: R,
    length: u64,
    options: &mut ReadOptions<'_>,
) -> Result<Table<'static>, InputError> {
    let damaged = |e: ParquetError| damaged(path, length, &e);
    // The Arrow schema that writers hide in a file's metadata can be damaged, and its parser panics on types that it does
    // not know. That is a fault of the file like any other.
    let load = || ArrowReaderMetadata::load(&reader, ArrowReaderOptions::new().with_skip_arrow_metadata(false));
    let metadata = std::panic::catch_unwind(std::panic::AssertUnwindSafe(load))
        .unwrap_or_else(|_| Err(ParquetError::General("its Arrow schema cannot be read".to_owned())))
        .map_err(damaged)?;
    let schema = metadata.schema().clone();
    check_header(path, &schema, options)?;
    let total_rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata);
    let wanted: Vec<usize> =
        (0..schema.fields().len()).filter(|i| keeps(options.columns, schema.field(*i).name())).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
    let names: Vec<String> = wanted.iter().map(|i| schema.field(*i).name().clone()).collect();
    let mut columns = Vec::with_capacity(names.len());
    for i in &wanted {
        let field = schema.field(*i);
        columns.push(new_builder(path, field.name(), field.data_type(), total_rows)?);
    }
    if wanted.is_empty() {
        return Ok(Table::default());
    }
    let batches = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(damaged)?;
    let mut rows = 0;
    for batch in batches {
        let batch = batch.map_err(|e| self::damaged(path, length, &ParquetError::General(e.to_string())))?;
        append(path, &batch, &names, &mut columns)?;
        rows += batch.num_rows() as u64;
        if let Some(progress) = options.progress.as_mut() {
            progress(Progress { rows, total_rows: Some(total_rows), bytes: 0, total_bytes: None });
        }
    }
    let columns = names.into_iter().zip(columns).map(|(name, column)| (name, column.finish())).collect();
    Table::new(columns).map_err(|source| InputError::Table { path: path.to_owned(), source })
}

fn check_header(path: &str, schema: &SchemaRef, options: &ReadOptions<'_>) -> Result<(), InputError> {
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    let mut first = std::collections::HashMap::new();
    for (i, name) in names.iter().enumerate() {
        if let Some(first) = first.insert(*name, i) {
            let (first, second) = (first + 1, i + 1);
            return Err(InputError::DuplicateColumn { path: path.to_owned(), name: short(name), first, second });
        }
    }
    match options.header {
        Some(check) => check(&names).map_err(|errors| InputError::Keys { path: path.to_owned(), errors }),
        None => Ok(()),
    }
}

/// What the parquet crate said, with what a reader can do about it.
fn damaged(path: &str, length: u64, error: &ParquetError) -> InputError {
    let said = short(&error.to_string());
    let lower = said.to_lowercase();
    let message = if lower.contains("disabled feature")
        || lower.contains("not yet implemented")
        || lower.contains("nyi")
    {
        format!(
            "this Parquet file uses a feature that is not read here ({said}); write it again with zstd or snappy compression"
        )
    } else {
        format!(
            "this Parquet file of {length} bytes is damaged or cut off ({said}); a whole one ends with its footer and PAR1: fetch or write it again"
        )
    };
    InputError::Damaged { path: path.to_owned(), message }
}

/// An empty column for an Arrow type.
///
/// # Errors
///
/// When a column of this type cannot be judged: lists, structs, maps, binary data.
pub(crate) fn new_builder(path: &str, name: &str, kind: &DataType, rows: u64) -> Result<ColumnBuilder, InputError> {
    let rows = usize::try_from(rows).unwrap_or(0);
    match kind {
        DataType::Null => Ok(ColumnBuilder::new()),
        // Booleans, and whole numbers that may turn out to be ids, find their type on the way.
        DataType::Boolean => Ok(ColumnBuilder::new()),
        DataType::Dictionary(_, values) => new_builder(path, name, values, rows as u64),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(ColumnBuilder::text()),
        kind if kind.is_numeric()
            || matches!(
                kind,
                DataType::Timestamp(..)
                    | DataType::Date32
                    | DataType::Date64
                    | DataType::Time32(_)
                    | DataType::Time64(_)
                    | DataType::Duration(_)
            ) =>
        {
            Ok(ColumnBuilder::numbers(rows))
        }
        kind => Err(InputError::ColumnType {
            path: path.to_owned(),
            column: short(name),
            found: described(kind),
            way_out: if kind.is_nested() {
                "write its parts as columns of their own, or leave it out"
            } else {
                "write it as text or numbers, or leave it out"
            },
        }),
    }
}

fn described(kind: &DataType) -> String {
    match kind {
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => "a list".to_owned(),
        DataType::Struct(_) => "a struct".to_owned(),
        DataType::Map(..) => "a map".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "binary data".to_owned()
        }
        other => format!("of type {}", short(&other.to_string())),
    }
}

/// Appends the columns of a batch.
pub(crate) fn append(
    path: &str,
    batch: &RecordBatch,
    names: &[String],
    columns: &mut [ColumnBuilder],
) -> Result<(), InputError> {
    for (i, column) in columns.iter_mut().enumerate() {
        append_array(batch.column(i).as_ref(), column).map_err(|message| InputError::ColumnType {
            path: path.to_owned(),
            column: short(&names[i]),
            found: message,
            way_out: "write it as text or numbers",
        })?;
    }
    Ok(())
}

/// Appends an Arrow array; the error describes a type that cannot be read.
pub(crate) fn append_array(array: &dyn Array, column: &mut ColumnBuilder) -> Result<(), String> {
    match array.data_type() {
        DataType::Null => (0..array.len()).for_each(|_| column.push_missing()),
        DataType::Boolean => {
            for value in array.as_boolean() {
                match value {
                    Some(value) => column.push_boolean(value),
                    None => column.push_missing(),
                }
            }
        }
        DataType::Int64 => whole::<Int64Type>(array, column, i128::from),
        DataType::UInt64 => whole::<UInt64Type>(array, column, i128::from),
        DataType::Utf8 => texts(array.as_string::<i32>().iter(), column),
        DataType::LargeUtf8 => texts(array.as_string::<i64>().iter(), column),
        DataType::Utf8View => texts(array.as_string_view().iter(), column),
        DataType::Dictionary(key, _) => return dictionary(key, array, column),
        DataType::Timestamp(unit, _) => {
            let per_ms = per_millisecond(*unit);
            whole_ms(array, column, per_ms)?;
        }
        DataType::Duration(unit) => whole_ms(array, column, per_millisecond(*unit))?,
        DataType::Time32(unit) | DataType::Time64(unit) => whole_ms(array, column, per_millisecond(*unit))?,
        DataType::Date32 => {
            const MS_PER_DAY: f64 = 86_400_000.0;
            numbers(array.as_primitive::<Date32Type>().iter().map(|v| v.map(|d| f64::from(d) * MS_PER_DAY)), column);
        }
        DataType::Date64 => numbers(array.as_primitive::<Date64Type>().iter().map(|v| v.map(|ms| ms as f64)), column),
        DataType::Float64 => numbers(array.as_primitive::<Float64Type>().iter(), column),
        kind if kind.is_numeric() => {
            let floats = cast(array, &DataType::Float64).map_err(|_| described(array.data_type()))?;
            numbers(floats.as_primitive::<Float64Type>().iter(), column);
        }
        kind => return Err(described(kind)),
    }
    Ok(())
}

/// How many of a unit make a millisecond, or (negative) how many milliseconds a unit has.
fn per_millisecond(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => -1000,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1_000_000,
    }
}

fn whole_ms(array: &dyn Array, column: &mut ColumnBuilder, per_ms: i64) -> Result<(), String> {
    let ticks = cast(array, &DataType::Int64).map_err(|_| described(array.data_type()))?;
    let ms = |ticks: i64| {
        if per_ms < 0 {
            ticks as f64 * -per_ms as f64
        } else {
            // Split, for nanoseconds since 1970 have more digits than a float.
            (ticks / per_ms) as f64 + (ticks % per_ms) as f64 / per_ms as f64
        }
    };
    numbers(ticks.as_primitive::<Int64Type>().iter().map(|v| v.map(ms)), column);
    Ok(())
}

fn numbers(values: impl Iterator<Item = Option<f64>>, column: &mut ColumnBuilder) {
    for value in values {
        match value {
            Some(value) => column.push_number(value),
            None => column.push_missing(),
        }
    }
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array, column: &mut ColumnBuilder, wide: fn(T::Native) -> i128) {
    for value in array.as_primitive::<T>() {
        match value.map(wide) {
            Some(value) if value.unsigned_abs() <= u128::from(EXACT) => column.push_number(value as f64),
            Some(value) => column.push_whole(value),
            None => column.push_missing(),
        }
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>, column: &mut ColumnBuilder) {
    for value in values {
        match value {
            Some(value) => column.push_text(value),
            None => column.push_missing(),
        }
    }
}

fn dictionary(key: &DataType, array: &dyn Array, column: &mut ColumnBuilder) -> Result<(), String> {
    match key {
        DataType::Int8 => coded::<Int8Type>(array, column),
        DataType::Int16 => coded::<Int16Type>(array, column),
        DataType::Int32 => coded::<Int32Type>(array, column),
        DataType::Int64 => coded::<Int64Type>(array, column),
        DataType::UInt8 => coded::<UInt8Type>(array, column),
        DataType::UInt16 => coded::<UInt16Type>(array, column),
        DataType::UInt32 => coded::<UInt32Type>(array, column),
        DataType::UInt64 => coded::<UInt64Type>(array, column),
        other => Err(described(other)),
    }
}

/// Texts by code: each name of the dictionary is looked up once, not once a row.
fn coded<K: ArrowDictionaryKeyType>(array: &dyn Array, column: &mut ColumnBuilder) -> Result<(), String> {
    let array: &DictionaryArray<K> = array.as_dictionary();
    let names: Vec<Option<&str>> = match array.values().data_type() {
        DataType::Utf8 => array.values().as_string::<i32>().iter().collect(),
        DataType::LargeUtf8 => array.values().as_string::<i64>().iter().collect(),
        DataType::Utf8View => array.values().as_string_view().iter().collect(),
        values => {
            let plain = cast(array, values).map_err(|_| described(array.data_type()))?;
            return append_array(plain.as_ref(), column);
        }
    };
    column.push_codes(&names, (0..array.len()).map(|i| array.key(i)));
    Ok(())
}
