//! Tables and configs from files: CSV, TSV, NDJSON and Parquet; YAML, TOML and JSON.
//!
//! Only the columns that are asked for are kept, and every error says the file, the place in it, what stands there and
//! the way out.

#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) mod column_builder;
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) mod columnar;
mod config_file;
mod delimited;
mod error;
mod ndjson;
mod source;
mod summary_file;

pub use config_file::{ConfigFormat, parse_config, parse_value, read_config, read_text};
pub use error::InputError;
pub use source::{Format, Source};
pub use summary_file::read_summary;

use crate::config::ConfigErrors;
use crate::table::Table;

/// What is known while a table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows read so far.
    pub rows: u64,
    /// Rows there are, when the file says so.
    pub total_rows: Option<u64>,
    /// Bytes read so far; 0 where only rows are counted.
    pub bytes: u64,
    /// Bytes there are, when they are counted.
    pub total_bytes: Option<u64>,
}

/// Is shown a table's column names before its rows are read (NDJSON: after), and may refuse them.
pub type HeaderCheck<'a> = &'a dyn Fn(&[&str]) -> Result<(), ConfigErrors>;

/// How a table is read. The default reads every column of the format that the suffix tells.
#[derive(Default)]
pub struct ReadOptions<'a> {
    /// The format, when the suffix does not tell it.
    pub format: Option<Format>,
    /// The columns to keep; those that the file does not have are passed over. All when `None`.
    pub columns: Option<&'a [String]>,
    /// Is shown the column names.
    pub header: Option<HeaderCheck<'a>>,
    /// Is told how far reading is.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

/// Reads a table.
///
/// A column is numeric when every cell that is not missing is a number (`inf` and `nan` in any case included) or every
/// one is true or false (1 and 0); else it is text. Empty cells, `NA`, `N/A`, `null`, `None` and `NaT` are missing in
/// CSV, nulls elsewhere. What could merge two names stays text: `007`, whole numbers beyond 2^53. RFC 3339 stays text;
/// dates and times of Parquet become milliseconds since 1970.
///
/// ```
/// use serinus::input::{Source, ReadOptions, read_table};
/// let csv = Source::bytes("log.csv", "arm,error\nbaseline,0\ncanary,1\n");
/// let table = read_table(&csv, ReadOptions::default())?;
/// assert_eq!(table.rows(), 2);
/// # Ok::<(), serinus::input::InputError>(())
/// ```
///
/// # Errors
///
/// [`InputError`]: the file cannot be opened, is of another format, or breaks its format's rules. A file with a header
/// and no rows is a table without rows.
pub fn read_table(source: &Source, mut options: ReadOptions<'_>) -> Result<Table<'static>, InputError> {
    let path = source.name();
    let content = source.content()?;
    let format = source::format(source, options.format, &content)?;
    match format {
        Format::Csv | Format::Tsv => delimited::read(&path, &content, format, &mut options),
        Format::Ndjson => ndjson::read(&path, &content, &mut options),
        Format::Parquet => columnar::read_parquet(&path, &content, &mut options),
    }
}

/// Whether a column is wanted.
fn keeps(wanted: Option<&[String]>, name: &str) -> bool {
    wanted.is_none_or(|names| names.iter().any(|n| n == name))
}
