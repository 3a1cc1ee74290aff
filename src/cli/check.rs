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
use crate::plan::{Outlook, outlook};

/// Check a config: every fault at once, with path and way out
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Config file (YAML, TOML or JSON; - for standard input)
    #[arg(short, long, value_name = "CONFIG")]
    config: PathBuf,
    #[command(flatten)]
    changes: Changes,
    /// A log of past requests: what can the config detect on traffic like it, and can it ever promote?
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Share of that traffic that the canary would take, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, requires = "history", value_parser = percent)]
    percent: f64,
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
    /// {"errors": [{"path", "message"}], "warnings": [...], "config_sha256", "history"?}
    Json,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent),
        _ => Err(format!("`{text}` is not a share; both arms need traffic, so write a number above 0 and below 100")),
    }
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
        self.write_json(&errors, &[], None, None)?;
        let path = source.name();
        let count = errors.len();
        Err(Fault::Usage(format!("{path}: {count} fault{}", if count == 1 { "" } else { "s" })))
    }

    fn valid(&self, config: &JudgeConfig, path: &str) -> Result<Answer, Fault> {
        let outlook = match &self.history {
            // A history has one arm as a rule, and no column that says so.
            Some(history) => {
                let table = table(history, self.input_format, config, ArmsIn::TwoTables)?;
                Some(outlook(config, &table, self.percent))
            }
            None => None,
        };
        let remarks = config.lints();
        match self.format {
            CheckFormat::Json => self.write_json(&[], &remarks, Some(config), outlook.as_ref())?,
            CheckFormat::Text => {
                for remark in &remarks {
                    eprintln!("warning: {remark}");
                }
                let metrics = config.metrics.len();
                let plural = if metrics == 1 { "" } else { "s" };
                let mut text = format!("{path}: valid, {metrics} metric{plural}, sha256 {}\n", config.digest());
                if let Some(outlook) = &outlook {
                    text.push_str(&told(outlook));
                }
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
        history: Option<&Outlook>,
    ) -> Result<(), Fault> {
        let list = |faults: &[ConfigError]| {
            faults.iter().map(|f| json!({"path": f.path, "message": f.message})).collect::<Vec<_>>()
        };
        let mut answer = json!({
            "errors": list(errors),
            "warnings": list(remarks),
            "config_sha256": config.map(JudgeConfig::digest),
        });
        if let Some(outlook) = history {
            answer["history"] = json!(outlook);
        }
        output::write(self.output.as_deref(), &format!("{answer:#}\n"))
    }
}

/// What the history says, a line a metric.
pub(crate) fn told(outlook: &Outlook) -> String {
    let Outlook { rows, percent, .. } = outlook;
    let mut text = format!("on traffic like these {rows} rows, with {percent}% of it to the canary:\n");
    for metric in &outlook.metrics {
        text.push_str(&format!("  {}\n", metric.text));
    }
    text.push_str(match outlook.can_promote {
        true => "a canary that is like the baseline can be promoted, given enough traffic\n",
        false => "no canary can be promoted:\n",
    });
    for line in outlook.blockers.iter().chain(&outlook.notes) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
