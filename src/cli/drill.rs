//! `serinus drill`: planted faults, and which of them a config catches.

use std::path::PathBuf;

use clap::Args;

use super::Answer;
use super::config_args::ConfigArgs;
use super::data_args::InputFormat;
use super::fault::Fault;

/// Plant faults in a healthy recording and see which the config catches
#[derive(Debug, Args)]
pub(super) struct Drill {
    #[command(flatten)]
    config: ConfigArgs,
    /// A healthy request log (CSV, TSV, NDJSON or Parquet by suffix; - for standard input)
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Format of the data, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Write the answer here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Drill {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        Err(Fault::Absent("drill"))
    }
}
