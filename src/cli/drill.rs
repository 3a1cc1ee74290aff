//! `serinus drill`: planted faults, and which of them a config catches.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::config_args::ConfigArgs;
use super::data_args::{InputFormat, table};
use super::fault::Fault;
use super::judge::on_threads;
use super::replay::{Asked, read_rollout};
use super::{Answer, output};
use crate::config::ArmsIn;
use crate::drill::{DrillOptions, FaultColumns, drill};
use crate::input::Source;
use crate::replay::{Method, ReplayOptions};
use crate::report;
use crate::rollout::LookRule;

/// Plant faults in a healthy recording and see which the config catches, at what exposure
#[derive(Debug, Args)]
pub(super) struct Drill {
    #[command(flatten)]
    config: ConfigArgs,
    /// Rollout file; without it, a stage for each declared share of the recording and eight looks
    #[arg(short, long, value_name = "ROLLOUT")]
    rollout: Option<PathBuf>,
    /// A healthy request log (CSV, TSV, NDJSON or Parquet by suffix; - for standard input)
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Format of the data, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Replicates of each fault, with arms dealt again in each
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    replicates: u64,
    /// Look every so many requests, with the monitor (valid at all looks together)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    look_every: Option<u64>,
    /// Who is asked at each look; the monitor when --look-every is given, else the fixed test
    #[arg(long, value_enum, value_name = "METHOD")]
    method: Option<Asked>,
    /// Column of latencies
    #[arg(long, value_name = "COLUMN")]
    latency: Option<String>,
    /// Column that is 1 for a failed request
    #[arg(long, value_name = "COLUMN")]
    error: Option<String>,
    /// Column of scores
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// Column of segments
    #[arg(long, value_name = "COLUMN")]
    segment: Option<String>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t)]
    format: DrillFormat,
    /// Write the answer here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Number of threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum DrillFormat {
    /// A table
    #[default]
    Text,
    /// Everything
    Json,
    /// For a page
    Markdown,
}

impl Drill {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let config = self.config.load()?;
        let rollout = self.rollout.as_deref().map(read_rollout).transpose()?;
        let data = table(&self.data, self.input_format, &config, ArmsIn::OneTable)?;
        let by_look = if self.look_every.is_some() { Method::Anytime } else { Method::Fixed };
        let options = DrillOptions {
            columns: FaultColumns {
                latency: self.latency,
                error: self.error,
                score: self.score,
                segment: self.segment,
            },
            replicates: self.replicates,
            seed: config.seed,
            rollout,
            replay: ReplayOptions {
                method: self.method.map_or(by_look, Asked::method),
                look_every: self.look_every.map(LookRule::Requests),
            },
            ..DrillOptions::default()
        };
        let name = Source::from_argument(&self.data).name();
        let total = options.replicates * options.faults.len() as u64;
        let bar = stderr().is_terminal().then(|| ProgressBar::new(total).with_message("drilling"));
        let started = Instant::now();
        let follow = |done, _| {
            if let Some(bar) = &bar {
                bar.set_position(done);
            }
        };
        let found = on_threads(self.threads, || drill(&config, &data, &options, &follow))?;
        if let Some(bar) = &bar {
            bar.finish_and_clear();
        }
        let found = found.map_err(|source| Fault::Drill { path: name, source })?;
        eprintln!("{total} replicates in {:.1} s", started.elapsed().as_secs_f64());
        let text = match self.format {
            DrillFormat::Text | DrillFormat::Markdown => report::drill_table(&found),
            DrillFormat::Json => {
                let text = serde_json::to_string_pretty(&found)
                    .map_err(|source| Fault::Output { path: "drill".to_owned(), source: source.into() })?;
                format!("{text}\n")
            }
        };
        output::write(self.output.as_deref(), &text)?;
        Ok(Answer::Done)
    }
}
