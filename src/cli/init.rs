//! `serinus init`: a commented config to start from.

use std::path::{Path, PathBuf};

use clap::Args;

use super::fault::Fault;
use super::{Answer, output};
use crate::input::{Source, read_text};

/// The config that `init` writes; it is valid as it stands.
const TEMPLATE: &str = include_str!("init.yaml");

/// Write a commented config to start from
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Turn a Kayenta canary config (JSON) into a config
    #[arg(long, value_name = "FILE")]
    from_kayenta: Option<PathBuf>,
    /// Write it here in place of standard output; an existing file is kept
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "output")]
    force: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        if let Some(path) = self.output.as_ref().filter(|path| !self.force && path.is_file()) {
            return Err(Fault::Usage(format!("{}: the file is there already; --force replaces it", path.display())));
        }
        let text = match &self.from_kayenta {
            None => TEMPLATE.to_owned(),
            Some(path) => imported(path)?,
        };
        output::write(self.output.as_deref(), &text)?;
        if let Some(path) = &self.output {
            eprintln!("wrote {}; next: serinus check -c {}", path.display(), path.display());
        }
        Ok(Answer::Done)
    }
}

/// A Kayenta canary config as one of ours, in JSON; what changes, and why, is said on standard error.
fn imported(path: &Path) -> Result<String, Fault> {
    let source = Source::from_argument(path);
    let text = read_text(&source)?;
    let value = serde_json::from_str(&text).map_err(|e| Fault::Usage(format!("{}: not JSON: {e}", source.name())))?;
    let (config, notes) =
        crate::kayenta::import(&value).map_err(|e| Fault::Usage(format!("{}: {e}", source.name())))?;
    for note in notes {
        eprintln!("note: {note}");
    }
    Ok(format!("{config:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::JudgeConfig;
    use crate::input::{ConfigFormat, parse_config};

    #[test]
    fn the_template_is_a_valid_config() {
        let value = parse_config("init.yaml", TEMPLATE, ConfigFormat::Yaml).unwrap();
        assert_eq!(JudgeConfig::from_value(&value).unwrap().metrics.len(), 3);
    }

    #[test]
    fn every_key_that_is_commented_out_is_valid_too() {
        let open = TEMPLATE
            .lines()
            .map(|line| {
                let key = line.trim_start().strip_prefix("# ").unwrap_or_default();
                let starts =
                    ["unit:", "stratum:", "time:", "share:", "segments:", "labels:", "warm_up:", "where:", "- {"];
                if starts.iter().any(|s| key.starts_with(s)) { line.replacen("# ", "", 1) } else { line.to_owned() }
            })
            .collect::<Vec<_>>()
            .join("\n");
        let value = parse_config("init.yaml", &open, ConfigFormat::Yaml).unwrap();
        let config = JudgeConfig::from_value(&value).unwrap();
        assert!(config.data.labels.is_some() && config.data.warm_up.is_some() && config.metrics.len() == 5);
    }
}
