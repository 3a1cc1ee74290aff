//! `serinus replay`: the rollout machine over a recording.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::config_args::ConfigArgs;
use super::data_args::{InputFormat, table};
use super::fault::Fault;
use super::judge::on_threads;
use super::render::{ReportFormat, render};
use super::{Answer, output};
use crate::config::{ArmsIn, LookEvery};
use crate::input::{Source, read_config};
use crate::judge::Decision;
use crate::replay::{self, Method, ReplayOptions, replay_with_progress};
use crate::report;
use crate::report::svg::Theme;
use crate::rollout::{LookRule, RolloutConfig};

/// Run a rollout over a recording: when would it have promoted or rolled back, and at what exposure?
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
    /// Look every so many requests, whatever the rollout file says, with the monitor (valid at all looks together)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    look_every: Option<u64>,
    /// Who is asked at each look; the monitor when --look-every is given or the config has `monitoring`, else the fixed test
    #[arg(long, value_enum, value_name = "METHOD")]
    method: Option<Asked>,
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Write the report here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also write a picture of the rollout here, as SVG: traffic, score and decisions
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Also write each metric's interval against its margin, look by look, here as SVG
    #[arg(long, value_name = "FILE")]
    metrics_picture: Option<PathBuf>,
    /// Colours of the pictures; auto follows the reader's system
    #[arg(long, value_enum, value_name = "THEME", default_value_t)]
    theme: Colours,
    /// Also write a JUnit report of the last look here
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write SERINUS_DECISION=... and its like here
    #[arg(long, value_name = "FILE")]
    dotenv: Option<PathBuf>,
    /// Exit code of hold: the recording ended before the rollout did
    #[arg(long, value_name = "N", default_value_t = 3)]
    hold_exit_code: u8,
    /// Number of threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Methods by the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Asked {
    /// The judge: its error rates hold for one look
    Fixed,
    /// The monitor: its error rates hold for all looks together
    Anytime,
}

impl Asked {
    pub(super) fn method(self) -> Method {
        match self {
            Asked::Fixed => Method::Fixed,
            Asked::Anytime => Method::Anytime,
        }
    }
}

/// Themes by the words of the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Colours {
    Light,
    Dark,
    #[default]
    Auto,
}

impl Colours {
    fn theme(self) -> Theme {
        match self {
            Colours::Light => Theme::Light,
            Colours::Dark => Theme::Dark,
            Colours::Auto => Theme::Auto,
        }
    }
}

/// A checked rollout file.
pub(super) fn read_rollout(path: &std::path::Path) -> Result<RolloutConfig, Fault> {
    let source = Source::from_argument(path);
    let value = read_config(&source)?;
    RolloutConfig::from_value(&value).map_err(|errors| Fault::Config { path: source.name(), errors })
}

impl Replay {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let rollout = read_rollout(&self.rollout)?;
        let config = self.config.load()?;
        let is_monitored = self.config.names_monitoring()?;
        let data = table(&self.data, self.input_format, &config, ArmsIn::OneTable)?;
        let asked = if self.look_every.is_some() || is_monitored { Asked::Anytime } else { Asked::Fixed };
        let method = self.method.unwrap_or(asked).method();
        let look_every = match (self.look_every, is_monitored, config.monitoring.look) {
            (Some(n), ..) => Some(LookRule::Requests(n)),
            (None, true, look) if rollout.look_every.is_none() => Some(match look {
                LookEvery::Seconds(s) => LookRule::Seconds(s),
                LookEvery::Requests(n) => LookRule::Requests(n),
            }),
            _ => None,
        };
        let options = ReplayOptions { method, look_every };
        let name = Source::from_argument(&self.data).name();
        let bar = stderr().is_terminal().then(|| ProgressBar::new(data.rows() as u64).with_message("replaying"));
        let told = on_threads(self.threads, || {
            replay_with_progress(&config, &rollout, &data, &options, &mut |p| {
                if let Some(bar) = &bar {
                    bar.set_position(p.rows);
                }
            })
        })?;
        if let Some(bar) = &bar {
            bar.finish_and_clear();
        }
        self.give(&told.map_err(|source| Fault::Replay { path: name, source })?)
    }

    fn give(&self, told: &replay::Replay) -> Result<Answer, Fault> {
        let judged = |format| match told.to_judgement() {
            Some(judgement) => render(&judgement, format, false),
            None => Err(Fault::Usage(format!("no judgement to write: {}", told.text))),
        };
        if let Some(path) = &self.picture {
            output::write(Some(path), &report::replay_picture(told, self.theme.theme()))?;
        }
        if let Some(path) = &self.metrics_picture {
            output::write(Some(path), &report::replay_sequences(told, self.theme.theme()))?;
        }
        if let Some(path) = &self.junit {
            output::write(Some(path), &judged(ReportFormat::Junit)?)?;
        }
        if let (Some(path), Some(judgement)) = (&self.dotenv, told.to_judgement()) {
            output::write(Some(path), &report::dotenv(&judgement))?;
        }
        let text = match self.format {
            ReportFormat::Text => report::replay_text(told),
            ReportFormat::Markdown => report::replay_markdown(told),
            ReportFormat::Html => report::replay_html(told),
            ReportFormat::Json => {
                let text = serde_json::to_string_pretty(told)
                    .map_err(|source| Fault::Output { path: "replay".to_owned(), source: source.into() })?;
                format!("{text}\n")
            }
            ReportFormat::Junit | ReportFormat::Github => judged(self.format)?,
        };
        output::write(self.output.as_deref(), &text)?;
        Ok(match told.decision {
            Decision::Hold => Answer::HoldAs(self.hold_exit_code),
            decision => Answer::Decision(decision),
        })
    }
}
