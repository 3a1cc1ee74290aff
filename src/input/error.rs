//! Faults of files, for whoever sent them.

use crate::config::ConfigErrors;
use crate::table::TableError;

use super::source::Format;

/// Why a file could not be read: the file, the place in it, what stands there, and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file is not there.
    #[error("{path}: there is no such file; check the path (it is relative to the working directory)")]
    NotFound {
        /// The file.
        path: String,
    },
    /// A directory stands there.
    #[error("{path}: this is a directory; name a file in it")]
    Directory {
        /// The path.
        path: String,
    },
    /// The file may not be read.
    #[error("{path}: permission to read it is denied; change its mode or run as a user who may")]
    Denied {
        /// The file.
        path: String,
    },
    /// Reading failed.
    #[error("{path}: reading failed: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The suffix tells no format.
    #[error("{path}: the name does not tell the format; {way_out}")]
    UnknownFormat {
        /// The file.
        path: String,
        /// What to do about it.
        way_out: &'static str,
    },
    /// The file holds something else than was asked for.
    #[error("{path}: read as {expected}, but this is {found}; {way_out}")]
    WrongFormat {
        /// The file.
        path: String,
        /// The format that was asked for, or that the suffix tells.
        expected: Format,
        /// What the first bytes say.
        found: &'static str,
        /// What to do about it.
        way_out: &'static str,
    },
    /// There is not a byte in it.
    #[error("{path}: the file is empty; {expected}")]
    Empty {
        /// The file.
        path: String,
        /// What a file begins with.
        expected: &'static str,
    },
    /// Two columns have one name.
    #[error("{path}: column `{name}` stands twice in the header (columns {first} and {second}); rename one of the two")]
    DuplicateColumn {
        /// The file.
        path: String,
        /// The name.
        name: String,
        /// Position of the first one, from 1.
        first: usize,
        /// Position of the second one, from 1.
        second: usize,
    },
    /// A row is longer or shorter than the header.
    #[error(
        "{path}, line {line}: {found} cells where the header has {expected}; quote cells that hold commas, or mend the row"
    )]
    Ragged {
        /// The file.
        path: String,
        /// Line on which the row begins, from 1.
        line: u64,
        /// Number of cells.
        found: u64,
        /// Number of columns in the header.
        expected: u64,
    },
    /// The text breaks the rules of its format.
    #[error("{path}, {place}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// `line 7` or `line 7, column 3`.
        place: String,
        /// What is wrong and the way out.
        message: String,
    },
    /// A cell cannot be used.
    #[error("{path}, {place}, column `{column}`: {message}")]
    Cell {
        /// The file.
        path: String,
        /// `line 7` or `row 7`.
        place: String,
        /// The column.
        column: String,
        /// What is wrong and the way out.
        message: String,
    },
    /// A column's type cannot be judged.
    #[error("{path}: column `{column}` is {found}; {way_out}")]
    ColumnType {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What to do about it.
        way_out: &'static str,
    },
    /// A binary file does not hold together.
    #[error("{path}: {message}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong and the way out.
        message: String,
    },
    /// The keys or columns of a file are at fault.
    #[error("{path}:\n{errors}")]
    Keys {
        /// The file.
        path: String,
        /// Every fault.
        #[source]
        errors: ConfigErrors,
    },
    /// The columns make no table.
    #[error("{path}: {source}")]
    Table {
        /// The file.
        path: String,
        /// Why.
        source: TableError,
    },
}

impl InputError {
    /// The error of opening or reading a file.
    pub(crate) fn io(path: &str, source: std::io::Error) -> InputError {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => InputError::NotFound { path },
            std::io::ErrorKind::IsADirectory => InputError::Directory { path },
            std::io::ErrorKind::PermissionDenied => InputError::Denied { path },
            _ => InputError::Io { path, source },
        }
    }
}
