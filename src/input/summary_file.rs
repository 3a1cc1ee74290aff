//! Sufficient statistics from CSV, NDJSON, Parquet and JSON.

use serde_json::{Map, Value};

use super::config_file::{ConfigFormat, parse_config};
use super::error::InputError;
use super::source::{Format, Source};
use super::{ReadOptions, read_table};
use crate::arms::Arms;
use crate::config::{ConfigError, ConfigErrors};
use crate::summary::{SummaryRow, read_rows};
use crate::table::{Column, Table};

/// Reads rows of sufficient statistics: a table with the columns of [`SummaryRow`], or the JSON document that
/// [`read_rows`] takes. In a table `values` and `counts` are lists such as `1;2;5`.
///
/// ```
/// use serinus::{Arms, input::{Source, read_summary}};
/// let csv = Source::bytes("day.csv", "metric,arm,n,events\nerrors,baseline,900,4\nerrors,canary,100,2\n");
/// let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
/// assert_eq!(read_summary(&csv, None, &words, &[])?.len(), 2);
/// # Ok::<(), serinus::input::InputError>(())
/// ```
///
/// # Errors
///
/// [`InputError`], with every fault of the rows at once.
pub fn read_summary(
    source: &Source,
    format: Option<Format>,
    arms: &Arms<String>,
    segments: &[String],
) -> Result<Vec<SummaryRow>, InputError> {
    let path = source.name();
    let keys = |errors| InputError::Keys { path: path.clone(), errors };
    let document = match (format, source.suffix().as_deref()) {
        (None, Some("json")) => Some(source.content()?),
        (None, None) if *source == Source::Stdin => {
            let content = source.content()?;
            let head = content.head(64).map_err(|e| InputError::io(&path, e))?;
            if !head.trim_ascii_start().starts_with(b"{") && !head.trim_ascii_start().starts_with(b"[") {
                // What was read from standard input cannot be read again.
                let bytes = content.head(u64::MAX).map_err(|e| InputError::io(&path, e))?;
                return read_summary(&Source::bytes(path, bytes), Some(Format::Csv), arms, segments);
            }
            Some(content)
        }
        _ => None,
    };
    if let Some(content) = document {
        let bytes = content.head(u64::MAX).map_err(|e| InputError::io(&path, e))?;
        if bytes.is_empty() {
            return Err(InputError::Empty { path, expected: "a summary is a list of rows" });
        }
        let text = String::from_utf8(bytes).map_err(|_| InputError::Syntax {
            path: path.clone(),
            place: "line 1".to_owned(),
            message: "the text is not UTF-8; save the file as UTF-8".to_owned(),
        })?;
        let value = parse_config(&path, &text, ConfigFormat::Json)?;
        return read_rows(&value, arms, segments).map_err(keys);
    }
    let table = read_table(source, ReadOptions { format, ..ReadOptions::default() })?;
    let rows = Value::Array((0..table.rows()).map(|i| row(&table, i)).collect());
    read_rows(&rows, arms, segments).map_err(|errors| {
        // A table's reader counts lines, the header being the first.
        let lines = errors.0.into_iter().map(|e| ConfigError { path: by_line(&e.path), message: e.message });
        keys(ConfigErrors(lines.collect()))
    })
}

fn by_line(path: &str) -> String {
    let parts = path.strip_prefix("rows[").and_then(|rest| rest.split_once(']'));
    match parts.and_then(|(i, column)| Some((i.parse::<usize>().ok()?, column.trim_start_matches('.')))) {
        Some((i, "")) => format!("line {}", i + 2),
        Some((i, column)) => format!("line {}, column `{column}`", i + 2),
        None => path.to_owned(),
    }
}

fn row(table: &Table<'_>, i: usize) -> Value {
    let mut map = Map::new();
    for (name, column) in table.columns() {
        let cell = match column {
            Column::Number { missing: Some(missing), .. } if missing[i] => continue,
            Column::Number { values, .. } => number(values[i]),
            Column::Text { codes, names } => match names.get(codes[i] as usize) {
                None => continue,
                Some(text) => Value::from(text.as_str()),
            },
        };
        let cell = if matches!(name.as_str(), "values" | "counts") { list(&cell) } else { cell };
        map.insert(name.clone(), cell);
    }
    Value::Object(map)
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    serde_json::Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number)
}

/// `1;2;5`, `[1, 2, 5]` or `1 2 5` as a list; what is not a number stays text, for the rows' reader to name.
fn list(cell: &Value) -> Value {
    let Value::String(text) = cell else { return Value::Array(vec![cell.clone()]) };
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let entries = inner.split([';', ',', '|', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    Value::Array(entries.map(|entry| entry.parse::<f64>().map_or_else(|_| Value::from(entry), number)).collect())
}
