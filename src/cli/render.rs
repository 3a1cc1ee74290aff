//! A judgement in the format that was asked for.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use clap::ValueEnum;

use super::fault::Fault;
use crate::judge::judgement::Judgement;
use crate::report;

/// Formats of a judgement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For a terminal
    #[default]
    Text,
    /// The judgement itself
    Json,
    /// For a pull request
    Markdown,
    /// One file for a browser
    Html,
    /// For CI
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// The judgement as text of that format, ending in a line break; `color` is for a terminal.
pub(super) fn render(judgement: &Judgement, format: ReportFormat, color: bool) -> Result<String, Fault> {
    let text = match format {
        ReportFormat::Json => json(judgement)?,
        ReportFormat::Text => report::text(judgement, report::Style { color, ..report::Style::default() }),
        ReportFormat::Markdown => report::markdown(judgement),
        ReportFormat::Html => report::html(judgement),
        ReportFormat::Junit => report::junit(judgement),
        ReportFormat::Github => report::github(judgement),
    };
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// A result as indented JSON.
pub(super) fn json(result: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string_pretty(result)
        .map_err(|source| Fault::Output { path: "answer".to_owned(), source: source.into() })
}

/// Whether a report to this place may carry colour: a terminal, and `NO_COLOR` unset or empty.
pub(super) fn color(output: Option<&Path>) -> bool {
    output.is_none() && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
