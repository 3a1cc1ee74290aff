//! The config, with what the command line changes in it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::fault::Fault;
use crate::config::{JudgeConfig, set};
use crate::input::{Source, parse_value, read_config};

/// A config file and changes to it.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Config file (YAML, TOML or JSON; - for standard input)
    #[arg(short, long, value_name = "CONFIG")]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
}

/// Changes to a config.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Change a key of the config, such as data.unit=user_id or metrics.errors.margin.absolute=0.01; null takes it away
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Seed of everything that is resampled
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The moment up to which late labels count: last, a number in the unit of the time column, or RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    as_of: Option<String>,
}

impl ConfigArgs {
    /// The checked config.
    pub(super) fn load(&self) -> Result<JudgeConfig, Fault> {
        load(&self.config, &self.changes)
    }
}

impl ConfigArgs {
    /// Whether the file or a change has a `monitoring` section. Standard input has been read by then and is taken not to.
    pub(super) fn names_monitoring(&self) -> Result<bool, Fault> {
        if self.config.as_os_str() == "-" {
            return Ok(self.changes.sets.iter().any(|s| s.starts_with("monitoring")));
        }
        let mut value = read_config(&Source::from_argument(&self.config))?;
        self.changes.apply(&mut value)?;
        Ok(value.get("monitoring").is_some_and(|m| !m.is_null()))
    }
}

/// A config file with changes, checked.
pub(super) fn load(path: &Path, changes: &Changes) -> Result<JudgeConfig, Fault> {
    let source = Source::from_argument(path);
    let mut value = read_config(&source)?;
    changes.apply(&mut value)?;
    JudgeConfig::from_value(&value).map_err(|errors| Fault::Config { path: source.name(), errors })
}

impl Changes {
    /// Makes the changes in the order of the command line, `--seed` and `--as-of` last.
    pub(super) fn apply(&self, config: &mut Value) -> Result<(), Fault> {
        for assignment in &self.sets {
            let Some((key, text)) = assignment.split_once('=') else {
                return Err(Fault::Usage(format!("--set {assignment}: write KEY=VALUE, such as data.unit=user_id")));
            };
            set(config, key, parse_value(text)).map_err(Fault::Set)?;
        }
        if let Some(seed) = self.seed {
            set(config, "seed", seed.into()).map_err(Fault::Set)?;
        }
        if let Some(as_of) = &self.as_of {
            if config["data"]["labels"].is_null() {
                let message = "--as-of says up to when late labels count, and the config has no `data.labels`";
                return Err(Fault::Usage(message.to_owned()));
            }
            set(config, "data.labels.as_of", parse_value(as_of)).map_err(Fault::Set)?;
        }
        Ok(())
    }
}
