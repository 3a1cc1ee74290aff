//! Tables from CSV and TSV.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::Read;
use std::rc::Rc;

use csv::{ByteRecord, ErrorKind, ReaderBuilder, Trim};

use super::column_builder::{ColumnBuilder, EXACT};
use super::error::InputError;
use super::source::{BOM, Content, Format};
use super::{Progress, ReadOptions, keeps};
use crate::config::reader::short;
use crate::table::{Column, Table};

/// Reads a table. Types are found on the way; a column that looked numeric until a late cell was not is read once more,
/// as text, so that its cells keep their spelling.
pub(super) fn read(
    path: &str,
    content: &Content,
    format: Format,
    options: &mut ReadOptions<'_>,
) -> Result<Table<'static>, InputError> {
    let mut scan = Scan::open(path, content, format)?;
    let header = scan.header()?;
    let wanted: Vec<usize> = (0..header.len()).filter(|i| keeps(options.columns, &header[*i])).collect();
    if let Some(check) = options.header {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        check(&names).map_err(|errors| InputError::Keys { path: path.to_owned(), errors })?;
    }
    let slots = wanted.iter().map(|i| Slot { cell: *i, builder: ColumnBuilder::new(), late_text: false }).collect();
    let mut slots = scan.rows(slots, &header, options)?;
    if slots.iter().any(|slot| slot.late_text) {
        let again = (slots.iter().filter(|slot| slot.late_text))
            .map(|slot| Slot { cell: slot.cell, builder: ColumnBuilder::text(), late_text: false })
            .collect();
        let mut scan = Scan::open(path, content, format)?;
        scan.header()?;
        let again = scan.rows(again, &header, options)?;
        let mut again = again.into_iter();
        for slot in slots.iter_mut().filter(|slot| slot.late_text) {
            if let Some(text) = again.next() {
                *slot = text;
            }
        }
    }
    let columns: Vec<(String, Column<'static>)> =
        slots.into_iter().map(|slot| (header[slot.cell].clone(), slot.builder.finish())).collect();
    Table::new(columns).map_err(|source| InputError::Table { path: path.to_owned(), source })
}

/// One column being read.
struct Slot {
    cell: usize,
    builder: ColumnBuilder,
    /// The column held numbers and then something else.
    late_text: bool,
}

struct Scan<'p> {
    path: &'p str,
    reader: csv::Reader<CountQuotes>,
    quotes: Rc<Cell<u64>>,
    length: u64,
    delimiter: u8,
}

impl<'p> Scan<'p> {
    fn open(path: &'p str, content: &Content, format: Format) -> Result<Self, InputError> {
        let quotes = Rc::new(Cell::new(0));
        let reader = content.reader().map_err(|e| InputError::io(path, e))?;
        let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(Trim::All)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(CountQuotes { reader, quotes: quotes.clone() });
        Ok(Scan { path, reader, quotes, length: content.length(), delimiter })
    }

    /// The names of the first row.
    fn header(&mut self) -> Result<Vec<String>, InputError> {
        let path = self.path.to_owned();
        let mut record = ByteRecord::new();
        if !self.reader.read_byte_record(&mut record).map_err(|e| self.broken(e))? {
            return Err(InputError::Empty { path, expected: "a table begins with a line of column names" });
        }
        let mut names = Vec::with_capacity(record.len());
        for (i, cell) in record.iter().enumerate() {
            let cell = if i == 0 { cell.strip_prefix(BOM).unwrap_or(cell) } else { cell };
            let name = std::str::from_utf8(cell).map_err(|_| InputError::Syntax {
                path: path.clone(),
                place: "line 1".to_owned(),
                message: format!("the name of column {} is not UTF-8; save the file as UTF-8", i + 1),
            })?;
            // A quoted name behind a byte order mark has kept its quotes.
            names.push(name.trim().trim_matches('"').to_owned());
        }
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (i, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = first.insert(name, i) {
                return Err(InputError::DuplicateColumn { path, name: short(name), first: first + 1, second: i + 1 });
            }
        }
        let other = [';', '\t', '|', ','].into_iter().find(|c| *c as u8 != self.delimiter && names[0].contains(*c));
        if let (1, Some(other)) = (names.len(), other) {
            let shown = if other == '\t' { "a tab".to_owned() } else { format!("`{other}`") };
            let message = format!(
                "the header is one column, `{}`, and seems to be separated by {shown}; separate cells by {}",
                short(&names[0]),
                if self.delimiter == b',' { "commas (or give --input-format tsv for tabs)" } else { "tabs" }
            );
            return Err(InputError::Syntax { path, place: "line 1".to_owned(), message });
        }
        Ok(names)
    }

    fn rows(
        &mut self,
        mut slots: Vec<Slot>,
        header: &[String],
        options: &mut ReadOptions<'_>,
    ) -> Result<Vec<Slot>, InputError> {
        const REPORT_EVERY: u64 = 1 << 16;
        let mut record = ByteRecord::new();
        let (mut rows, mut last_line, mut last_breaks) = (0_u64, 1, false);
        loop {
            let more = self.reader.read_byte_record(&mut record).map_err(|e| self.broken(e))?;
            if !more {
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            // A blank line between rows of several columns is skipped by the parser; one of spaces is not.
            if record.len() == 1 && header.len() > 1 && record.get(0).is_some_and(<[u8]>::is_empty) {
                continue;
            }
            if record.len() != header.len() {
                if self.quotes.get() % 2 == 1 && record.iter().any(|cell| cell.contains(&b'\n')) {
                    return Err(self.unclosed(line));
                }
                return Err(InputError::Ragged {
                    path: self.path.to_owned(),
                    line,
                    found: record.len() as u64,
                    expected: header.len() as u64,
                });
            }
            for slot in slots.iter_mut().filter(|slot| !slot.late_text) {
                let cell = record.get(slot.cell).unwrap_or_default();
                let text = std::str::from_utf8(cell).map_err(|_| InputError::Cell {
                    path: self.path.to_owned(),
                    place: format!("line {line}"),
                    column: short(&header[slot.cell]),
                    message: format!(
                        "`{}` is not UTF-8; save the file as UTF-8",
                        short(&String::from_utf8_lossy(cell))
                    ),
                })?;
                slot.push(text);
            }
            rows += 1;
            (last_line, last_breaks) = (line, record.iter().any(|cell| cell.contains(&b'\n')));
            if rows % REPORT_EVERY == 0
                && let Some(progress) = options.progress.as_mut()
            {
                let bytes = record.position().map_or(0, csv::Position::byte);
                progress(Progress { rows, total_rows: None, bytes, total_bytes: Some(self.length) });
            }
        }
        if self.quotes.get() % 2 == 1 && last_breaks {
            return Err(self.unclosed(last_line));
        }
        Ok(slots)
    }

    fn unclosed(&self, line: u64) -> InputError {
        InputError::Syntax {
            path: self.path.to_owned(),
            place: format!("line {line}"),
            message: "a quote that opens in this row is never closed, and the rest of the file fell into one cell; close it, or write \"\" for a quote inside a cell"
                .to_owned(),
        }
    }

    fn broken(&self, error: csv::Error) -> InputError {
        let place = error.position().map_or_else(|| "line 1".to_owned(), |p| format!("line {}", p.line()));
        let message = error.to_string();
        match error.into_kind() {
            ErrorKind::Io(source) => InputError::io(self.path, source),
            _ => InputError::Syntax { path: self.path.to_owned(), place, message },
        }
    }
}

impl Slot {
    fn push(&mut self, text: &str) {
        if is_missing(text) {
            self.builder.push_missing();
            return;
        }
        if self.builder.is_text() {
            self.builder.push_text(text);
            return;
        }
        match (number(text), boolean(text)) {
            (Some(value), _) if self.builder.takes(false) => self.builder.push_number(value),
            (_, Some(value)) if self.builder.takes(true) => self.builder.push_boolean(value),
            _ if self.builder.is_undecided() => self.builder.push_text(text),
            _ => {
                self.late_text = true;
                // What was read is of no use any more.
                self.builder = ColumnBuilder::new();
            }
        }
    }
}

/// The ways in which tools write a missing cell.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "n/a" | "null" | "NULL" | "Null" | "None" | "<NA>" | "NaT")
}

/// true and false in the spellings of common tools.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A number that a floating-point value holds without merging names: `007` and whole numbers beyond 2^53 stay text, and
/// so do numbers too large for a computer.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['+', '-']);
    let bytes = digits.as_bytes();
    if bytes.len() >= 2 && bytes[0] == b'0' && bytes[1].is_ascii_digit() {
        return None;
    }
    let value = text.parse::<f64>().ok()?;
    if value.is_infinite() && bytes.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let whole = bytes.len() > 15 && bytes.iter().all(u8::is_ascii_digit);
    if whole && digits.parse::<u64>().ok().is_none_or(|v| v > EXACT) {
        return None;
    }
    Some(value)
}

/// Counts the quotes that pass: an odd number means that one is never closed.
struct CountQuotes {
    reader: Box<dyn Read>,
    quotes: Rc<Cell<u64>>,
}

impl Read for CountQuotes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let found = buffer[..length].iter().filter(|b| **b == b'"').count() as u64;
        self.quotes.set(self.quotes.get() + found);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_merge_names_is_not_a_number() {
        assert_eq!(number("7"), Some(7.0));
        assert_eq!(number("-0.5e3"), Some(-500.0));
        assert_eq!(number("0.25"), Some(0.25));
        assert_eq!(number("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert!(number("nan").is_some_and(f64::is_nan));
        assert_eq!(number("-inf"), Some(f64::NEG_INFINITY));
        for text in ["007", "9007199254740993", "12345678901234567890123", "1e400", "0x10", "1,5", "", "--1", "1_000"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
