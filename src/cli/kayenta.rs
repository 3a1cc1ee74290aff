//! `serinus kayenta`: requests of Kayenta's remote judge, answered.

use std::path::{Path, PathBuf};

use clap::Args;

use super::fault::Fault;
use super::{Answer, output};
use crate::input::{Source, read_text};
use crate::kayenta::{Comparison, Mode, Request, answer, documents};

/// Answer Kayenta RemoteJudge requests as NetflixACAJudge-v1.0 does
#[derive(Debug, Args)]
pub(super) struct Kayenta {
    /// Requests in JSON, one or one a line (none or -: standard input)
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Judge by Serinus' own rules in place of Kayenta's
    #[arg(long, conflicts_with = "compare")]
    native: bool,
    /// Give both answers and where they differ
    #[arg(long)]
    compare: bool,
    /// Write the answers here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Kayenta {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let source = Source::from_argument(self.file.as_deref().unwrap_or(Path::new("-")));
        let name = source.name();
        let text = read_text(&source)?;
        let requests = documents(&text);
        if requests.is_empty() {
            return Err(Fault::Usage(format!(
                "{name}: there is no request; give a RemoteJudge request in JSON, or one a line"
            )));
        }
        let mode = if self.native { Mode::Native } else { Mode::Compatible };
        let mut out = String::new();
        for (index, request) in requests.iter().enumerate() {
            let place = || if requests.len() == 1 { name.clone() } else { format!("{name}: request {}", index + 1) };
            let fault = |source| Fault::Kayenta { path: place(), source };
            if self.compare {
                let comparison = Request::from_json(request).and_then(|r| r.compare()).map_err(fault)?;
                out.push_str(&shown(&comparison));
            } else {
                out.push_str(&answer(request, mode).map_err(fault)?);
            }
            out.push('\n');
        }
        output::write(self.output.as_deref(), &out)?;
        Ok(Answer::Done)
    }
}

fn shown(comparison: &Comparison) -> String {
    comparison.to_string()
}
