//! `serinus report`: a stored judgement as a report.

use std::path::PathBuf;

use clap::Args;

use super::fault::Fault;
use super::render::{ReportFormat, color, render};
use super::{Answer, output};
use crate::input::{ConfigFormat, InputError, Source, parse_config, read_text};
use crate::judge::judgement::{Judgement, SCHEMA};

/// Turn a stored judgement into a report
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Judgement in JSON, as `serinus judge --format json` writes it (- for standard input)
    #[arg(value_name = "JUDGEMENT")]
    judgement: PathBuf,
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// Write it here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Report {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let source = Source::from_argument(&self.judgement);
        let path = source.name();
        let value = parse_config(&path, &read_text(&source)?, ConfigFormat::Json)?;
        let schema = value["schema"].as_str().unwrap_or_default();
        let other = |message: String| Fault::Input(InputError::Damaged { path: path.clone(), message });
        if schema != SCHEMA {
            return Err(other(format!(
                "`schema` is `{schema}`; expected `{SCHEMA}`, as `serinus judge --format json` writes it"
            )));
        }
        let judgement: Judgement = serde_json::from_value(value)
            .map_err(|e| other(format!("this judgement lacks something or was changed: {e}; judge again")))?;
        output::write(self.output.as_deref(), &render(&judgement, self.format, color(self.output.as_deref()))?)?;
        Ok(Answer::Done)
    }
}
