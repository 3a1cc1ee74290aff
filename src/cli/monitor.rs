//! `serinus monitor`: batches in, one answer a line out, valid at every look.

use std::io::BufRead;
use std::path::PathBuf;

use clap::Args;

use super::config_args::ConfigArgs;
use super::fault::Fault;
use super::{Answer, output};
use crate::monitor::{self, Batch};

/// Watch a canary: NDJSON batches in, one answer a line out
#[derive(Debug, Args)]
pub(super) struct Monitor {
    #[command(flatten)]
    config: ConfigArgs,
    /// Keep the state here, to go on after a restart
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl Monitor {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let config = self.config.load()?;
        let stored = match &self.state {
            Some(path) if path.is_file() => Some(
                std::fs::read_to_string(path)
                    .map_err(|source| Fault::Output { path: path.display().to_string(), source })?,
            ),
            _ => None,
        };
        let fault = |path: String| move |source| Fault::Monitor { path, source };
        let mut monitor = match &stored {
            None => monitor::Monitor::new(&config).map_err(fault("config".into()))?,
            Some(text) => {
                let path = self.state.as_ref().map_or(String::new(), |p| p.display().to_string());
                monitor::Monitor::resume(&config, text).map_err(fault(path))?
            }
        };
        let mut last = None;
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let place = format!("standard input, line {}", number + 1);
            let line = line.map_err(|source| Fault::Output { path: place.clone(), source })?;
            if line.trim().is_empty() {
                continue;
            }
            let batch: Batch =
                serde_json::from_str(&line).map_err(|e| Fault::Usage(format!("{place}: not a batch: {e}")))?;
            let look = monitor.observe(&batch).map_err(fault(place))?;
            // The state is kept before the answer is given: an answer that was seen is never forgotten.
            if let Some(path) = &self.state {
                output::write(Some(path), &monitor.save())?;
            }
            let text = serde_json::to_string(&look).expect("a look holds finite numbers, texts and lists");
            output::write(None, &format!("{text}\n"))?;
            last = Some(look.judgement.decision);
        }
        Ok(last.map_or(Answer::Done, Answer::Decision))
    }
}
