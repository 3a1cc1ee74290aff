//! Columns that grow row by row and find their type on the way.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::table::Column;

/// The greatest whole number up to which every one has a floating-point number of its own: 2^53.
pub(crate) const EXACT: u64 = 1 << 53;

/// A column that grows.
pub(crate) struct ColumnBuilder {
    kind: Kind,
}

enum Kind {
    /// So many missing cells and nothing else.
    Nothing(usize),
    Number {
        values: Vec<f64>,
        missing: Option<Vec<bool>>,
        /// Whether all values so far were true or false.
        booleans: bool,
    },
    Text(Texts),
}

impl ColumnBuilder {
    pub(crate) fn new() -> Self {
        ColumnBuilder { kind: Kind::Nothing(0) }
    }

    /// A column that is text whatever it holds.
    pub(crate) fn text() -> Self {
        ColumnBuilder { kind: Kind::Text(Texts::default()) }
    }

    /// A column of numbers with room for so many, as far as memory allows.
    pub(crate) fn numbers(rows: usize) -> Self {
        let mut values = Vec::new();
        // A hint from a file that may lie: room is asked for, not demanded, and never beyond a gigabyte.
        let _ = values.try_reserve_exact(rows.min(1 << 27));
        ColumnBuilder { kind: Kind::Number { values, missing: None, booleans: false } }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.kind {
            Kind::Nothing(rows) => *rows,
            Kind::Number { values, .. } => values.len(),
            Kind::Text(texts) => texts.codes.len(),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// Whether a number, or a boolean, can follow without the column becoming text.
    pub(crate) fn takes(&self, boolean: bool) -> bool {
        match &self.kind {
            Kind::Nothing(_) => true,
            Kind::Number { booleans, .. } => *booleans == boolean,
            Kind::Text(_) => false,
        }
    }

    pub(crate) fn is_undecided(&self) -> bool {
        matches!(self.kind, Kind::Nothing(_))
    }

    pub(crate) fn push_missing(&mut self) {
        match &mut self.kind {
            Kind::Nothing(rows) => *rows += 1,
            Kind::Number { values, missing, .. } => {
                missing.get_or_insert_with(|| vec![false; values.len()]).push(true);
                values.push(f64::NAN);
            }
            Kind::Text(texts) => texts.codes.push(Column::MISSING),
        }
    }

    pub(crate) fn push_number(&mut self, value: f64) {
        self.push(value, false);
    }

    pub(crate) fn push_boolean(&mut self, value: bool) {
        self.push(f64::from(u8::from(value)), true);
    }

    /// Whole numbers beyond 2^53 become text, so that ids do not merge.
    pub(crate) fn push_whole(&mut self, value: i128) {
        if value.unsigned_abs() <= u128::from(EXACT) {
            self.push_number(value as f64)
        } else {
            self.push_text(&value.to_string())
        }
    }

    fn push(&mut self, value: f64, boolean: bool) {
        if let Kind::Nothing(rows) = self.kind {
            let missing = (rows > 0).then(|| vec![true; rows]);
            self.kind = Kind::Number { values: vec![f64::NAN; rows], missing, booleans: boolean };
        }
        if !self.takes(boolean) {
            self.turn_to_text();
        }
        match &mut self.kind {
            Kind::Number { values, missing, .. } => {
                values.push(value + 0.0);
                if let Some(missing) = missing {
                    missing.push(false);
                }
            }
            Kind::Text(texts) if boolean => texts.push(if value == 1.0 { "true" } else { "false" }),
            Kind::Text(texts) => texts.push(&format!("{value}")),
            Kind::Nothing(_) => {}
        }
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        self.turn_to_text();
        if let Kind::Text(texts) = &mut self.kind {
            texts.push(text);
        }
    }

    /// Appends texts by code into `names`; `None` is missing. Each name is looked up once.
    pub(crate) fn push_codes(&mut self, names: &[Option<&str>], codes: impl Iterator<Item = Option<usize>>) {
        self.turn_to_text();
        let Kind::Text(texts) = &mut self.kind else { return };
        let mut known: Vec<Option<u32>> = vec![None; names.len()];
        for code in codes {
            let own = match code.and_then(|c| names.get(c).copied().flatten().map(|name| (c, name))) {
                None => Column::MISSING,
                Some((c, name)) => *known[c].get_or_insert_with(|| texts.code(name)),
            };
            texts.codes.push(own);
        }
    }

    fn turn_to_text(&mut self) {
        let mut texts = Texts::default();
        match &self.kind {
            Kind::Text(_) => return,
            Kind::Nothing(rows) => texts.codes = vec![Column::MISSING; *rows],
            Kind::Number { values, missing, booleans } => {
                for (i, value) in values.iter().enumerate() {
                    if missing.as_ref().is_some_and(|m| m[i]) {
                        texts.codes.push(Column::MISSING);
                    } else if *booleans {
                        texts.push(if *value == 1.0 { "true" } else { "false" });
                    } else {
                        texts.push(&format!("{value}"));
                    }
                }
            }
        }
        self.kind = Kind::Text(texts);
    }

    pub(crate) fn finish(self) -> Column<'static> {
        match self.kind {
            // Nothing says what a column without a value is; as numbers it can be counted.
            Kind::Nothing(rows) => {
                Column::Number { values: vec![f64::NAN; rows].into(), missing: (rows > 0).then(|| vec![true; rows]) }
            }
            Kind::Number { mut values, missing, .. } => {
                values.shrink_to_fit();
                Column::Number { values: values.into(), missing }
            }
            Kind::Text(texts) => Column::Text { codes: texts.codes, names: texts.names },
        }
    }
}

/// Texts by code. A name is kept once: the index holds hashes and codes, and codes with one hash form a chain.
#[derive(Default)]
struct Texts {
    codes: Vec<u32>,
    names: Vec<String>,
    first: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
    next: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        let code = self.code(text);
        self.codes.push(code);
    }

    fn code(&mut self, text: &str) -> u32 {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
        let start = self.first.get(&hash).copied();
        let mut at = start;
        while let Some(code) = at {
            if self.names[code as usize] == text {
                return code;
            }
            at = Some(self.next[code as usize]).filter(|next| *next != Column::MISSING);
        }
        let code = u32::try_from(self.names.len()).expect("four billion distinct texts do not fit into memory");
        self.names.push(text.to_owned());
        self.next.push(start.unwrap_or(Column::MISSING));
        self.first.insert(hash, code);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(column: Column<'_>) -> Vec<Option<String>> {
        match column {
            Column::Text { codes, names } => codes.iter().map(|c| names.get(*c as usize).cloned()).collect(),
            Column::Number { .. } => panic!("a column of numbers"),
        }
    }

    #[test]
    fn numbers_after_missing_cells_stay_numbers() {
        let mut builder = ColumnBuilder::new();
        builder.push_missing();
        builder.push_number(-0.0);
        builder.push_missing();
        let Column::Number { values, missing } = builder.finish() else { panic!("text") };
        assert_eq!((values[1].to_bits(), missing), (0, Some(vec![true, false, true])));
    }

    #[test]
    fn a_late_text_turns_what_came_before_into_text() {
        let mut builder = ColumnBuilder::new();
        builder.push_whole(7);
        builder.push_missing();
        builder.push_whole(i128::from(u64::MAX));
        builder.push_number(0.5);
        assert_eq!(
            texts(builder.finish()),
            [Some("7".into()), None, Some("18446744073709551615".into()), Some("0.5".into())]
        );
    }

    #[test]
    fn booleans_and_numbers_do_not_mix() {
        let mut builder = ColumnBuilder::new();
        builder.push_boolean(true);
        builder.push_number(1.0);
        assert_eq!(texts(builder.finish()), [Some("true".into()), Some("1".into())]);
    }

    #[test]
    fn equal_texts_share_a_code_and_names_keep_their_order() {
        let mut builder = ColumnBuilder::text();
        for text in ["b", "a", "b", "c", "a"] {
            builder.push_text(text);
        }
        builder.push_codes(&[Some("c"), None], [Some(0), Some(1), None].into_iter());
        let Column::Text { codes, names } = builder.finish() else { panic!("numbers") };
        assert_eq!(codes, [0, 1, 0, 2, 1, 2, Column::MISSING, Column::MISSING]);
        assert_eq!(names, ["b", "a", "c"]);
    }
}
