//! Columns by name: what the judge reads, whoever filled it.

use std::borrow::Cow;

/// Rows of named columns of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table<'a> {
    columns: Vec<(String, Column<'a>)>,
    rows: usize,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column<'a> {
    /// Numbers, times in their unit, and booleans as 0 and 1.
    Number {
        /// One value a row; what stands in a missing row means nothing.
        values: Cow<'a, [f64]>,
        /// Which rows are missing (null), or `None` when none is. NaN is a value here, not a null.
        missing: Option<Vec<bool>>,
    },
    /// Text: a code a row into distinct names.
    Text {
        /// Index into `names`; [`Column::MISSING`] where missing.
        codes: Vec<u32>,
        /// Distinct values in order of first appearance.
        names: Vec<String>,
    },
}

impl<'a> Column<'a> {
    /// The code of a missing text.
    pub const MISSING: u32 = u32::MAX;

    /// A column of numbers without missing values.
    pub fn numbers(values: impl Into<Cow<'a, [f64]>>) -> Self {
        Column::Number { values: values.into(), missing: None }
    }

    /// A column of texts.
    pub fn texts<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut index = std::collections::HashMap::new();
        let codes = values
            .into_iter()
            .map(|v| {
                let v = v.as_ref();
                *index.entry(v.to_owned()).or_insert_with(|| {
                    names.push(v.to_owned());
                    (names.len() - 1) as u32
                })
            })
            .collect();
        Column::Text { codes, names }
    }

    /// The values of these rows, all of which are there. Texts that no row has any more lose their code.
    fn pick(&self, rows: &[usize]) -> Column<'static> {
        match self {
            Column::Number { values, missing } => Column::Number {
                values: rows.iter().map(|&i| values[i]).collect::<Vec<_>>().into(),
                missing: missing
                    .as_ref()
                    .map(|m| rows.iter().map(|&i| m[i]).collect::<Vec<_>>())
                    .filter(|m| m.contains(&true)),
            },
            Column::Text { codes, names } => {
                let mut kept: Vec<String> = Vec::new();
                let mut new = vec![Column::MISSING; names.len()];
                let codes = rows.iter().map(|&i| {
                    let Some(code) = new.get_mut(codes[i] as usize) else { return Column::MISSING };
                    if *code == Column::MISSING {
                        *code = kept.len() as u32;
                        kept.push(names[codes[i] as usize].clone());
                    }
                    *code
                });
                Column::Text { codes: codes.collect(), names: kept }
            }
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Number { values, .. } => values.len(),
            Column::Text { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a table could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Columns differ in length.
    #[error("column {name} has {found} rows where the first column has {expected}; give every column the same length")]
    Ragged {
        /// The column.
        name: String,
        /// Its length.
        found: usize,
        /// The length of the first column.
        expected: usize,
    },
    /// A name stands twice.
    #[error("column {name} stands twice; rename one of the two")]
    Duplicate {
        /// The name.
        name: String,
    },
}

impl<'a> Table<'a> {
    /// A table of columns; they have one length and distinct names.
    pub fn new(columns: Vec<(String, Column<'a>)>) -> Result<Self, TableError> {
        let rows = columns.first().map_or(0, |(_, c)| c.len());
        let mut seen = std::collections::HashSet::new();
        for (name, column) in &columns {
            if column.len() != rows {
                return Err(TableError::Ragged { name: name.clone(), found: column.len(), expected: rows });
            }
            if !seen.insert(name.as_str()) {
                return Err(TableError::Duplicate { name: name.clone() });
            }
        }
        Ok(Table { rows, columns })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows at these places, in this order; places beyond the end are left out.
    ///
    /// ```
    /// use serinus::{Column, Table};
    /// let table = Table::new(vec![("arm".to_owned(), Column::texts(["baseline", "canary", "canary"]))])?;
    /// let last = table.pick(&[2, 1, 9]);
    /// assert_eq!((last.rows(), last.column("arm")), (2, Some(&Column::texts(["canary", "canary"]))));
    /// # Ok::<(), serinus::TableError>(())
    /// ```
    pub fn pick(&self, rows: &[usize]) -> Table<'static> {
        let rows: Vec<usize> = rows.iter().copied().filter(|&i| i < self.rows).collect();
        let columns = self.columns.iter().map(|(name, column)| (name.clone(), column.pick(&rows))).collect();
        Table { columns, rows: rows.len() }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column<'a>> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// The columns' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(n, _)| n.as_str())
    }

    /// The columns with their names.
    pub fn columns(&self) -> &[(String, Column<'a>)] {
        &self.columns
    }

    /// The columns with their names, without the table.
    pub(crate) fn into_columns(self) -> Vec<(String, Column<'a>)> {
        self.columns
    }
}
