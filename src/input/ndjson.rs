//! Tables from NDJSON: one object a line.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column_builder::ColumnBuilder;
use super::error::InputError;
use super::source::{BOM, Content};
use super::{Progress, ReadOptions, keeps};
use crate::config::reader::short;
use crate::table::Table;

/// Reads a table. Keys that are absent from a line are missing there; columns come in the order of first appearance.
pub(super) fn read(path: &str, content: &Content, options: &mut ReadOptions<'_>) -> Result<Table<'static>, InputError> {
    const REPORT_EVERY: u64 = 1 << 16;
    let mut reader = BufReader::with_capacity(1 << 16, content.reader().map_err(|e| InputError::io(path, e))?);
    let mut columns =
        Columns { wanted: options.columns, names: Vec::new(), index: HashMap::new(), slots: Vec::new(), rows: 0 };
    let (mut line, mut bytes, mut buffer) = (0_u64, 0_u64, Vec::new());
    loop {
        buffer.clear();
        let length = reader.read_until(b'\n', &mut buffer).map_err(|e| InputError::io(path, e))?;
        if length == 0 {
            break;
        }
        line += 1;
        bytes += length as u64;
        let text = if line == 1 { buffer.strip_prefix(BOM).unwrap_or(&buffer) } else { &buffer };
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        if !text.starts_with(b"{") {
            let message =
                format!("`{}` is not a JSON object; write one object a line", short(&String::from_utf8_lossy(text)));
            return Err(InputError::Syntax { path: path.to_owned(), place: format!("line {line}"), message });
        }
        let mut parser = serde_json::Deserializer::from_slice(text);
        Row(&mut columns)
            .deserialize(&mut parser)
            .and_then(|()| parser.end())
            .map_err(|e| syntax(path, line, text, &e))?;
        columns.rows += 1;
        for slot in columns.slots.iter_mut().filter_map(Option::as_mut) {
            if slot.len() < columns.rows {
                slot.push_missing();
            }
        }
        if (columns.rows as u64).is_multiple_of(REPORT_EVERY)
            && let Some(progress) = options.progress.as_mut()
        {
            progress(Progress {
                rows: columns.rows as u64,
                total_rows: None,
                bytes,
                total_bytes: Some(content.length()),
            });
        }
    }
    if let Some(check) = options.header {
        let names: Vec<&str> = columns.names.iter().map(String::as_str).collect();
        check(&names).map_err(|errors| InputError::Keys { path: path.to_owned(), errors })?;
    }
    let columns = columns.names.into_iter().zip(columns.slots).filter_map(|(name, slot)| Some((name, slot?.finish())));
    Table::new(columns.collect()).map_err(|source| InputError::Table { path: path.to_owned(), source })
}

fn syntax(path: &str, line: u64, text: &[u8], error: &serde_json::Error) -> InputError {
    let said = error.to_string();
    let end = said.find(" at line ").unwrap_or(said.len());
    let mut message = said[..end].to_owned();
    let rest = text.get(error.column().saturating_sub(1)..).unwrap_or_default();
    let bare = |word: &[u8]| {
        rest.starts_with(word) || text.get(error.column().saturating_sub(2)..).is_some_and(|t| t.starts_with(word))
    };
    if std::str::from_utf8(text).is_err() {
        message = "the line is not UTF-8; save the file as UTF-8".to_owned();
    } else if bare(b"NaN") || bare(b"Infinity") || bare(b"-Infinity") {
        message = "NaN and Infinity are not JSON; write null for a missing value".to_owned();
    } else if error.is_eof() {
        message.push_str("; the line is cut off, and each object has to stand on one line");
    }
    let place = match error.column() {
        0 => format!("line {line}"),
        column => format!("line {line}, column {column}"),
    };
    InputError::Syntax { path: path.to_owned(), place, message }
}

struct Columns<'w> {
    wanted: Option<&'w [String]>,
    /// Every key seen, in order of first appearance.
    names: Vec<String>,
    index: HashMap<String, usize>,
    /// A builder for each wanted one.
    slots: Vec<Option<ColumnBuilder>>,
    /// Rows that are complete.
    rows: usize,
}

impl Columns<'_> {
    fn position(&mut self, key: &str) -> usize {
        if let Some(i) = self.index.get(key) {
            return *i;
        }
        let slot = keeps(self.wanted, key).then(|| {
            let mut builder = ColumnBuilder::new();
            (0..self.rows).for_each(|_| builder.push_missing());
            builder
        });
        self.names.push(key.to_owned());
        self.index.insert(key.to_owned(), self.slots.len());
        self.slots.push(slot);
        self.slots.len() - 1
    }
}

/// One line: an object whose wanted values go to their columns.
struct Row<'c, 'w>(&'c mut Columns<'w>);

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(position) = map.next_key_seed(KeyOf(self.0))? {
            let rows = self.0.rows;
            let name = &self.0.names[position];
            match &mut self.0.slots[position] {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(slot) if slot.len() > rows => {
                    return Err(A::Error::custom(format!("key `{}` stands twice; take one away", short(name))));
                }
                Some(slot) => map.next_value_seed(CellOf { slot, name })?,
            }
        }
        Ok(())
    }
}

struct KeyOf<'c, 'w>(&'c mut Columns<'w>);

impl<'de> DeserializeSeed<'de> for KeyOf<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        Ok(self.0.position(key))
    }
}

struct CellOf<'c> {
    slot: &'c mut ColumnBuilder,
    name: &'c str,
}

impl<'de> DeserializeSeed<'de> for CellOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl CellOf<'_> {
    fn nested<E: serde::de::Error>(&self, what: &str) -> E {
        E::custom(format!("column `{}` holds {what}; write its parts as columns of their own", short(self.name)))
    }
}

impl<'de> Visitor<'de> for CellOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, text, a boolean or null")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.slot.push_boolean(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.slot.push_whole(i128::from(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.slot.push_whole(i128::from(value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.slot.push_number(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.slot.push_text(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.slot.push_missing();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.nested("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.nested("an object"))
    }
}
