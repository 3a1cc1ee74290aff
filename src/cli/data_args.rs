//! The data to judge: one log, or one file an arm.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::fault::Fault;
use super::progress::Bar;
use crate::arms::Arms;
use crate::config::{ArmsIn, JudgeConfig};
use crate::input::{Format, ReadOptions, Source, read_summary, read_table};
use crate::summary::SummaryRow;
use crate::table::Table;

/// Where the data are.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// Request log (CSV, TSV, NDJSON or Parquet by suffix; - for standard input)
    #[arg(value_name = "DATA", required_unless_present_any = ["baseline", "summary"], conflicts_with_all = ["baseline", "canary", "summary"])]
    data: Option<PathBuf>,
    /// The baseline's rows, when each arm has a file of its own
    #[arg(long, value_name = "FILE", requires = "canary")]
    baseline: Option<PathBuf>,
    /// The canary's rows, when each arm has a file of its own
    #[arg(long, value_name = "FILE", requires = "baseline")]
    canary: Option<PathBuf>,
    /// Sufficient statistics in place of rows (CSV, NDJSON, Parquet or JSON)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "canary"])]
    pub(super) summary: Option<PathBuf>,
    /// Format of the data, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_format: Option<InputFormat>,
}

/// Formats by the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InputFormat {
    Csv,
    Tsv,
    Ndjson,
    Parquet,
}

impl From<InputFormat> for Format {
    fn from(format: InputFormat) -> Format {
        match format {
            InputFormat::Csv => Format::Csv,
            InputFormat::Tsv => Format::Tsv,
            InputFormat::Ndjson => Format::Ndjson,
            InputFormat::Parquet => Format::Parquet,
        }
    }
}

/// The data, read.
pub(super) enum Data {
    /// Both arms in one table.
    One(Table<'static>),
    /// One table an arm.
    Two(Arms<Table<'static>>),
    /// Sufficient statistics.
    Summary(Vec<SummaryRow>),
}

impl Data {
    /// Rows of both arms; of statistics, the lines that hold them.
    pub(super) fn rows(&self) -> usize {
        match self {
            Data::One(table) => table.rows(),
            Data::Two(tables) => tables.baseline.rows() + tables.canary.rows(),
            Data::Summary(rows) => rows.len(),
        }
    }
}

impl DataArgs {
    /// Reads the columns that the config needs.
    pub(super) fn load(&self, config: &JudgeConfig) -> Result<Data, Fault> {
        if let Some(path) = &self.summary {
            let words = config.arm_words();
            let source = Source::from_argument(path);
            let format = self.input_format.map(Format::from);
            return Ok(Data::Summary(read_summary(&source, format, &words, &config.data.segments)?));
        }
        if let (Some(baseline), Some(canary)) = (&self.baseline, &self.canary) {
            if config.data.paired.is_some() {
                let message = "the config is of a shadow log (`data.paired`), which is one file; give it without --baseline and --canary";
                return Err(Fault::Usage(message.to_owned()));
            }
            let read = |path| table(path, self.input_format, config, ArmsIn::TwoTables);
            return Ok(Data::Two(Arms { baseline: read(baseline)?, canary: read(canary)? }));
        }
        let Some(path) = &self.data else {
            return Err(Fault::Usage("no data; name a log, or give --baseline and --canary".to_owned()));
        };
        if config.data.arm.is_none() && config.data.paired.is_none() {
            let message = "the config does not say which arm served a row; add `data: {arm: {column: arm}}`, or give --baseline and --canary";
            return Err(Fault::Usage(message.to_owned()));
        }
        Ok(Data::One(table(path, self.input_format, config, ArmsIn::OneTable)?))
    }

    /// The name of the data for messages.
    pub(super) fn name(&self) -> String {
        match (self.data.as_ref().or(self.summary.as_ref()), &self.canary) {
            (Some(path), _) => Source::from_argument(path).name(),
            (None, Some(canary)) => canary.display().to_string(),
            (None, None) => "data".to_owned(),
        }
    }
}

/// Reads the columns of a table that a config needs; a missing one is named before the rows are read.
pub(super) fn table(
    path: &Path,
    format: Option<InputFormat>,
    config: &JudgeConfig,
    arms: ArmsIn,
) -> Result<Table<'static>, Fault> {
    let source = Source::from_argument(path);
    let columns = config.columns();
    let check = |names: &[&str]| config.check_columns(names, arms);
    let bytes = std::fs::metadata(path).ok().map(|m| m.len());
    let bar = Bar::new(&source.name(), bytes);
    let mut follow = |progress| bar.follow(progress);
    let options = ReadOptions {
        format: format.map(Format::from),
        columns: Some(&columns),
        header: Some(&check),
        progress: Some(&mut follow),
    };
    Ok(read_table(&source, options)?)
}
