//! The report of a pull request.

use super::escape::markdown as escaped;
use super::outline::{self, Outline};
use crate::judge::Outcome;
use crate::judge::judgement::Judgement;

/// The judgement in GitHub's Markdown, for a pull request or a step summary; long lists are folded.
///
/// Names and values from outside are escaped: they cannot become markup, mention anyone or break the table.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/promote.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let report = report::markdown(&judgement);
/// assert!(report.starts_with("## PROMOTE: score 100"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn markdown(judgement: &Judgement) -> String {
    let outline = Outline::new(judgement);
    let mut out = format!("## {}: {}\n\n", outline::decision(judgement.decision), outline.score);
    out.push_str(&format!("{}\n", escaped(&outline.lead)));
    if !outline.rows.is_empty() {
        out.push_str(&format!(
            "\n| metric | role | {} | margin | outcome |\n| --- | --- | --- | --- | --- |\n",
            outline.change_header
        ));
    }
    for row in &outline.rows {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            escaped(&row.name),
            row.role,
            escaped(&row.change),
            escaped(&row.margin),
            row.outcome(&shown(row.outcome))
        ));
    }
    list(&mut out, "Why", &outline.reasons);
    list(&mut out, "Still needed", &outline.needs);
    list(&mut out, "Warnings", &outline.warnings);
    list(&mut out, "Checks that did not pass", &outline.checks);
    fold(&mut out, "Groups", &outline.groups.iter().map(|g| escaped(g)).collect::<Vec<_>>());
    fold(&mut out, "Segments", &segments(&outline));
    fold(&mut out, "Largest differences", &outline.movers.iter().map(|m| escaped(m)).collect::<Vec<_>>());
    let checks: Vec<String> = outline
        .all_checks
        .iter()
        .map(|c| format!("{} ({}): {}", escaped(&c.name), shown(c.outcome), escaped(&c.text)))
        .collect();
    fold(&mut out, "All checks", &checks);
    out.push_str(&format!("\n<sub>{}</sub>\n", escaped(&outline.provenance)));
    out
}

fn shown(outcome: Outcome) -> String {
    match outcome {
        Outcome::Fail => format!("**{}**", outline::outcome(outcome)),
        _ => outline::outcome(outcome).to_owned(),
    }
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        out.push_str(&format!("\n**{title}**\n\n"));
        for line in lines {
            out.push_str(&format!("- {}\n", escaped(line)));
        }
    }
}

/// A folded list; its lines are escaped already.
fn fold(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        out.push_str(&format!("\n<details><summary>{title}</summary>\n\n"));
        for line in lines {
            out.push_str(&format!("- {line}\n"));
        }
        out.push_str("\n</details>\n");
    }
}

fn segments(outline: &Outline) -> Vec<String> {
    let mut lines = Vec::new();
    for segment in &outline.segments {
        lines.push(format!("{}: {}", escaped(&segment.metric), segment.summary));
        lines.extend(
            segment.failing.iter().map(|(name, text)| format!("**fail** {}: {}", escaped(name), escaped(text))),
        );
    }
    lines
}
