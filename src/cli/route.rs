//! `serinus route`: which arm an id goes to.

use std::path::{Path, PathBuf};

use clap::Args;

use super::fault::Fault;
use super::{Answer, output};
use crate::input::{Source, read_text};
use crate::router::{Division, Router, Weight};

/// The published test vectors.
const VECTORS: &str = include_str!("../../fixtures/router/vectors.json");

/// Say which arm ids go to
#[derive(Debug, Args)]
pub(super) struct Route {
    /// Ids; without any, one a line from standard input
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Salt of the rollout
    #[arg(long, value_name = "TEXT", required_unless_present = "vectors")]
    salt: Option<String>,
    /// Canary's share of traffic in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0)]
    percent: f64,
    /// Print the published test vectors
    #[arg(long, conflicts_with_all = ["ids", "salt", "percent"])]
    vectors: bool,
    /// Write the answer here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Route {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        if self.vectors {
            output::write(self.output.as_deref(), VECTORS)?;
            return Ok(Answer::Done);
        }
        let usage = |e: crate::router::RouterError| Fault::Usage(e.to_string());
        let salt = self.salt.unwrap_or_default();
        let router = Router::new(&salt, Division::TwoArms).map_err(usage)?;
        let router = router.at(0, Weight::percent(self.percent).map_err(usage)?);
        let mut out = String::new();
        let mut line = |id: &str| {
            let assignment = serde_json::to_string(&router.route(id, &[])).expect("an assignment is plain data");
            out.push_str(&assignment);
            out.push('\n');
        };
        if self.ids.is_empty() {
            read_text(&Source::from_argument(Path::new("-")))?.lines().filter(|id| !id.is_empty()).for_each(&mut line);
        } else {
            self.ids.iter().for_each(|id| line(id));
        }
        output::write(self.output.as_deref(), &out)?;
        Ok(Answer::Done)
    }
}
