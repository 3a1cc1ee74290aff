//! `serinus check`: every fault of a config at once, and what seems not to be meant.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::config_args::Changes;
use super::data_args::{InputFormat, table};
use super::fault::Fault;
use super::{Answer, output};
use crate::config::{ArmsIn, ConfigError, JudgeConfig};
use crate::input::{InputError, Source, read_config};

/// Check a config: every fault at once, with path and way out
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Config file (YAML, TOML or JSON; - for standard input)
    #[arg(short, long, value_name = "CONFIG")]
    config: PathBuf,
    #[command(flatten)]
    changes: Changes,
    /// A log of past requests: do its columns fit the config?
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Format of the log, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// Write the answer here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Formats of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For a terminal
    #[default]
    Text,
    /// {"errors": [{"path", "message"}], "warnings": [...], "config_sha256"}
    Json,
}

impl Check {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let source = Source::from_argument(&self.config);
        let read = read_config(&source);
        let errors = match (read, self.format) {
            // With JSON asked for, faults that have a path are an answer like any other.
            (Err(InputError::Keys { errors, .. }), CheckFormat::Json) => errors.0,
            (Err(error), _) => return Err(error.into()),
            (Ok(mut value), _) => {
                self.changes.apply(&mut value)?;
                match JudgeConfig::from_value(&value) {
                    Ok(config) => return self.valid(&config, &source.name()),
                    Err(errors) if self.format == CheckFormat::Text => {
                        return Err(Fault::Config { path: source.name(), errors });
                    }
                    Err(errors) => errors.0,
                }
            }
        };
        self.write_json(&errors, &[], None)?;
        let path = source.name();
        let count = errors.len();
        Err(Fault::Usage(format!("{path}: {count} fault{}", if count == 1 { "" } else { "s" })))
    }

    fn valid(&self, config: &JudgeConfig, path: &str) -> Result<Answer, Fault> {
        if let Some(history) = &self.history {
            // A history has one arm as a rule, and no column that says so.
            let rows = table(history, self.input_format, config, ArmsIn::TwoTables)?.rows();
            eprintln!("{}: {rows} rows have every column that the config reads", history.display());
        }
        let remarks = config.lints();
        match self.format {
            CheckFormat::Json => self.write_json(&[], &remarks, Some(config))?,
            CheckFormat::Text => {
                for remark in &remarks {
                    eprintln!("warning: {remark}");
                }
                let metrics = config.metrics.len();
                let plural = if metrics == 1 { "" } else { "s" };
                let text = format!("{path}: valid, {metrics} metric{plural}, sha256 {}\n", config.digest());
                output::write(self.output.as_deref(), &text)?;
            }
        }
        Ok(Answer::Done)
    }

    fn write_json(
        &self,
        errors: &[ConfigError],
        remarks: &[ConfigError],
        config: Option<&JudgeConfig>,
    ) -> Result<(), Fault> {
        let list = |faults: &[ConfigError]| {
            faults.iter().map(|f| json!({"path": f.path, "message": f.message})).collect::<Vec<_>>()
        };
        let answer = json!({
            "errors": list(errors),
            "warnings": list(remarks),
            "config_sha256": config.map(JudgeConfig::digest),
        });
        output::write(self.output.as_deref(), &format!("{answer:#}\n"))
    }
}
