//! `serinus judge`: a request log in, a judgement out.

use std::path::{Path, PathBuf};

use clap::Args;

use super::config_args::ConfigArgs;
use super::data_args::{Data, DataArgs};
use super::fault::Fault;
use super::progress::Bar;
use super::render::{ReportFormat, color, json, render};
use super::{Answer, output};
use crate::config::JudgeConfig;
use crate::judge::judgement::Judgement;
use crate::judge::parity::{Parity, Sameness};
use crate::judge::{self, Decision};
use crate::report;

/// Judge a request log: promote, hold or roll back
#[derive(Debug, Args)]
pub(super) struct Judge {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    answer: AnswerArgs,
    /// Number of threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Ask whether the two arms are the same, within the margins both ways: exit code 0 same, 1 different, 3 open. Answers
    /// as text or JSON
    #[arg(long)]
    parity: bool,
}

/// How the answer is given.
#[derive(Debug, Args)]
pub(super) struct AnswerArgs {
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Write the report here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also write a JUnit report here
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write SERINUS_DECISION=... and its like here
    #[arg(long, value_name = "FILE")]
    dotenv: Option<PathBuf>,
    /// Exit code of hold
    #[arg(long, value_name = "N", default_value_t = 3)]
    hold_exit_code: u8,
}

impl Judge {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let config = self.config.load()?;
        let data = self.data.load(&config)?;
        let name = self.data.name();
        let clock = Bar::judging(config.metrics.len(), data.rows());
        if self.parity {
            self.answer.fits_parity()?;
            let parity = on_threads(self.threads, || parity(config, &self.config, data, &name))??;
            drop(clock);
            return self.answer.give_parity(&parity);
        }
        let judgement = on_threads(self.threads, || judge(config, &self.config, data, &name))??;
        drop(clock);
        self.answer.give(&judgement)
    }
}

fn judge(config: JudgeConfig, args: &ConfigArgs, data: Data, name: &str) -> Result<Judgement, Fault> {
    let path = args.config.display().to_string();
    let judge = judge::Judge::new(config).map_err(|errors| Fault::Config { path, errors })?;
    let judgement = match data {
        Data::One(table) => judge.judge(&table),
        Data::Two(tables) => judge.judge_arms(tables),
        Data::Summary(rows) => judge.judge_summary(&rows),
    };
    judgement.map_err(|source| Fault::Data { path: name.to_owned(), source })
}

fn parity(config: JudgeConfig, args: &ConfigArgs, data: Data, name: &str) -> Result<Parity, Fault> {
    let path = args.config.display().to_string();
    let judge = judge::Judge::new(config).map_err(|errors| Fault::Config { path, errors })?;
    let parity = match data {
        Data::One(table) => judge.parity(&table),
        Data::Two(tables) => judge.parity_arms(tables),
        Data::Summary(rows) => judge.parity_summary(&rows),
    };
    parity.map_err(|source| Fault::Data { path: name.to_owned(), source })
}

/// Runs on so many threads, or on as many as there are processors.
pub(super) fn on_threads<T: Send>(threads: Option<u16>, work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let Some(threads) = threads else { return Ok(work()) };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build()
        .map_err(|e| Fault::Usage(format!("--threads {threads}: {e}")))?;
    Ok(pool.install(work))
}

impl AnswerArgs {
    /// An answer about parity is no judgement, and what is made of judgements alone cannot be made of it.
    fn fits_parity(&self) -> Result<(), Fault> {
        let asked = match self.format {
            ReportFormat::Text | ReportFormat::Json if self.junit.is_some() => "--junit",
            ReportFormat::Text | ReportFormat::Json if self.dotenv.is_some() => "--dotenv",
            ReportFormat::Text | ReportFormat::Json => return Ok(()),
            _ => "--format",
        };
        Err(Fault::Usage(format!(
            "{asked}: with --parity the answer is text or json; take --format text or --format json"
        )))
    }

    /// Writes an answer about parity, and turns it into an exit code.
    fn give_parity(&self, parity: &Parity) -> Result<Answer, Fault> {
        let text = match self.format {
            ReportFormat::Json => json(parity)? + "\n",
            _ => {
                let style = report::Style { color: color(self.output.as_deref()), ..report::Style::default() };
                report::parity_text(parity, style)
            }
        };
        output::write(self.output.as_deref(), &text)?;
        Ok(match parity.answer {
            Sameness::Same => Answer::Decision(Decision::Promote),
            Sameness::Different => Answer::Decision(Decision::Rollback),
            Sameness::Open => Answer::HoldAs(self.hold_exit_code),
        })
    }

    /// Writes the report and its companions, and turns the decision into an exit code.
    pub(super) fn give(&self, judgement: &Judgement) -> Result<Answer, Fault> {
        if let Some(path) = &self.junit {
            output::write(Some(path), &render(judgement, ReportFormat::Junit, false)?)?;
        }
        if let Some(path) = &self.dotenv {
            output::write(Some(path), &report::dotenv(judgement))?;
        }
        // GitHub Actions names the files that take a job's summary and outputs.
        for (variable, text) in
            [("GITHUB_STEP_SUMMARY", report::markdown(judgement)), ("GITHUB_OUTPUT", report::github_outputs(judgement))]
        {
            if let Some(path) = std::env::var_os(variable).filter(|p| !p.is_empty()) {
                output::append(Path::new(&path), &text)?;
            }
        }
        output::write(self.output.as_deref(), &render(judgement, self.format, color(self.output.as_deref()))?)?;
        Ok(match judgement.decision {
            Decision::Hold => Answer::HoldAs(self.hold_exit_code),
            decision => Answer::Decision(decision),
        })
    }
}
