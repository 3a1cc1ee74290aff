//! `serinus schema`: JSON Schema for editors and contract tests.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::fault::Fault;
use super::{Answer, output};
use crate::config;

/// Print the JSON Schema of the config, the judgement or the rollout file
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Which schema
    #[arg(value_enum, default_value_t)]
    of: Of,
    /// Write it here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Of {
    /// All three, under $defs
    #[default]
    All,
    Config,
    Judgement,
    Rollout,
}

impl Schema {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let schema = match self.of {
            Of::All => config::schema(),
            Of::Config => config::config_schema(),
            Of::Judgement => config::judgement_schema(),
            Of::Rollout => config::rollout_schema(),
        };
        output::write(self.output.as_deref(), &format!("{schema:#}\n"))?;
        Ok(Answer::Done)
    }
}
