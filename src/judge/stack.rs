//! Two tables as one, with a column that says which arm a row is of.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{DataError, dataset};
use crate::arms::Arms;
use crate::table::{Column, Table};

/// Both tables below each other, with a column that says which arm a row is of. The baseline's memory is used again.
pub(super) fn stack<'a>(tables: Arms<Table<'a>>, arm: &str) -> Result<Table<'a>, DataError> {
    let Arms { baseline, canary } = tables;
    let empty = baseline.rows() == 0 || canary.rows() == 0;
    for (own, other, has, lacks) in
        [(&canary, &baseline, "canary", "baseline"), (&baseline, &canary, "baseline", "canary")]
    {
        match own.names().find(|name| other.column(name).is_none()) {
            Some(name) if !empty => {
                return Err(DataError::Shape(format!(
                    "column {name} is in the {has}'s data and not in the {lacks}'s; give both arms the same columns"
                )));
            }
            _ => {}
        }
    }
    let mut columns = vec![(
        arm.to_owned(),
        Column::Text {
            codes: [vec![0; baseline.rows()], vec![1; canary.rows()]].concat(),
            names: vec!["baseline".into(), "canary".into()],
        },
    )];
    for (name, values) in baseline.into_columns() {
        match canary.column(&name) {
            Some(below) if name != arm => columns.push((name, append(values, below))),
            _ => {}
        }
    }
    Table::new(columns).map_err(|e| DataError::Shape(e.to_string()))
}

fn append<'a>(first: Column<'a>, second: &Column<'a>) -> Column<'a> {
    match (first, second) {
        (Column::Number { values: a, missing: ma }, Column::Number { values: b, missing: mb }) => {
            let missing = (ma.is_some() || mb.is_some()).then(|| {
                let of = |m: &Option<Vec<bool>>, n: usize| m.clone().unwrap_or_else(|| vec![false; n]);
                [of(&ma, a.len()), of(mb, b.len())].concat()
            });
            let values = match a {
                Cow::Borrowed(a) => [a, b].concat(),
                Cow::Owned(mut a) => {
                    a.reserve_exact(b.len());
                    a.extend_from_slice(b);
                    a
                }
            };
            Column::Number { values: values.into(), missing }
        }
        (first, second) => {
            let mut words = Words::default();
            let codes = [words.codes(&first), words.codes(second)].concat();
            Column::Text { codes, names: words.names }
        }
    }
}

/// Distinct words with a code each.
#[derive(Default)]
struct Words {
    names: Vec<String>,
    index: HashMap<String, u32>,
}

impl Words {
    fn code(&mut self, word: &str) -> u32 {
        if let Some(&code) = self.index.get(word) {
            return code;
        }
        let code = self.names.len() as u32;
        self.names.push(word.to_owned());
        self.index.insert(word.to_owned(), code);
        code
    }

    /// A column's rows by the codes of their words.
    fn codes(&mut self, column: &Column<'_>) -> Vec<u32> {
        match column {
            Column::Text { codes, names } => {
                let own: Vec<u32> = names.iter().map(|word| self.code(word)).collect();
                codes.iter().map(|&code| own.get(code as usize).copied().unwrap_or(Column::MISSING)).collect()
            }
            Column::Number { values, missing } => {
                let gone = |row: usize| missing.as_ref().is_some_and(|missing| missing[row]);
                let code = |(row, value): (usize, &f64)| {
                    if gone(row) { Column::MISSING } else { self.code(&dataset::number_name(*value)) }
                };
                values.iter().enumerate().map(code).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(first: Column<'static>, second: Column<'static>) -> Column<'static> {
        let table = |column| Table::new(vec![("c".into(), column)]).unwrap();
        let stacked = stack(Arms { baseline: table(first), canary: table(second) }, "arm").unwrap();
        stacked.column("c").unwrap().clone()
    }

    fn texts(codes: &[u32], names: &[&str]) -> Column<'static> {
        Column::Text { codes: codes.to_vec(), names: names.iter().map(|&n| n.into()).collect() }
    }

    #[test]
    fn texts_keep_their_words_whatever_their_codes() {
        let gone = Column::MISSING;
        let found = below(texts(&[1, 0, gone], &["de", "at"]), texts(&[0, 1, 2, gone], &["ch", "at", "fr"]));
        assert_eq!(found, texts(&[1, 0, gone, 2, 1, 3, gone], &["de", "at", "ch", "fr"]));
        // A code beyond the words of its own table does not take one of the other's.
        assert_eq!(below(texts(&[0, 1], &["de"]), texts(&[0, 7], &["at"])), texts(&[0, gone, 1, gone], &["de", "at"]));
    }

    #[test]
    fn numbers_beside_texts_are_read_as_texts() {
        let numbers = || Column::Number {
            values: vec![2.0, 1.5, 0.0, 2.0].into(),
            missing: Some(vec![false, false, true, false]),
        };
        let (words, gone) = (texts(&[0, 1], &["1.5", "none"]), Column::MISSING);
        assert_eq!(below(numbers(), words.clone()), texts(&[0, 1, gone, 0, 1, 2], &["2", "1.5", "none"]));
        assert_eq!(below(words, numbers()), texts(&[0, 1, 2, 0, gone, 2], &["1.5", "none", "2"]));
    }

    #[test]
    fn numbers_stay_numbers_with_what_is_missing() {
        let first = || Column::numbers(vec![1.0, 2.0]);
        let second = Column::Number { values: vec![3.0, 0.0].into(), missing: Some(vec![false, true]) };
        let missing = Some(vec![false, false, false, true]);
        assert_eq!(below(first(), second), Column::Number { values: vec![1.0, 2.0, 3.0, 0.0].into(), missing });
        assert_eq!(below(first(), first()), Column::numbers(vec![1.0, 2.0, 1.0, 2.0]));
    }
}
