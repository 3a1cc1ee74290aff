//! `serinus replay`: the rollout machine over a recording.

use std::path::PathBuf;

use clap::Args;

use super::Answer;
use super::config_args::ConfigArgs;
use super::data_args::InputFormat;
use super::fault::Fault;
use super::judge::AnswerArgs;

/// Run a rollout over a recording: when would it have promoted or rolled back?
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    config: ConfigArgs,
    /// Rollout file
    #[arg(short, long, value_name = "ROLLOUT")]
    rollout: PathBuf,
    /// Request log (CSV, TSV, NDJSON or Parquet by suffix; - for standard input)
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Format of the data, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Ask the judge every so many requests, whatever the rollout file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    look_every: Option<u64>,
    #[command(flatten)]
    answer: AnswerArgs,
    /// Number of threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Replay {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        Err(Fault::Absent("replay"))
    }
}
