//! Annotations of GitHub Actions.

use super::escape::{command, property};
use super::outline::{self, Outline};
use crate::judge::Decision;
use crate::judge::judgement::Judgement;

/// GitHub shows ten annotations of a kind for each step; the rest would vanish without a word.
const SHOWN: usize = 10;

/// The judgement as workflow commands: `::error` for a rollback, `::warning` for a hold, `::notice` for a promotion; one
/// line for the decision, one for each further reason, at most ten.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/rollback.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// assert!(report::github(&judgement).starts_with("::error title=serinus%3A ROLLBACK%2C score "));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn github(judgement: &Judgement) -> String {
    let outline = Outline::new(judgement);
    let kind = match judgement.decision {
        Decision::Promote => "notice",
        Decision::Hold => "warning",
        Decision::Rollback => "error",
    };
    let title = format!("serinus: {}, {}", outline::decision(judgement.decision), outline.score);
    let mut out = format!("::{kind} title={}::{}\n", property(&title), command(&outline.lead));
    let more: Vec<&String> = outline
        .reasons
        .iter()
        .filter(|r| **r != outline.lead)
        .chain(&outline.checks)
        .chain(&outline.warnings)
        .collect();
    let told = if more.len() > SHOWN - 1 { SHOWN - 2 } else { more.len() };
    for text in &more[..told] {
        out.push_str(&format!("::{kind} title=serinus::{}\n", command(text)));
    }
    if more.len() > told {
        out.push_str(&format!("::{kind} title=serinus::{} more in the full report\n", more.len() - told));
    }
    out
}
