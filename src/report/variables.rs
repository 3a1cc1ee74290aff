//! The judgement as variables that later steps of a pipeline read.

use super::escape::{line, shortened, single_quoted};
use super::outline;
use crate::judge::judgement::Judgement;

/// GitLab refuses dotenv files above 5 KiB.
const LONGEST_REASON: usize = 1_000;

/// Lines for the file that `GITHUB_OUTPUT` names: `decision`, `verdict`, `score`, `score_best`, `reason`.
///
/// Each value is one line, whatever the names in it hold. A score that does not exist is empty.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/promote.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let outputs = report::github_outputs(&judgement);
/// assert!(outputs.starts_with("decision=promote\nverdict=pass\nscore=100\n"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn github_outputs(judgement: &Judgement) -> String {
    values(judgement).into_iter().map(|(name, value)| format!("{name}={}\n", line(&value))).collect()
}

/// A dotenv file: `SERINUS_DECISION`, `SERINUS_VERDICT`, `SERINUS_SCORE`, `SERINUS_SCORE_BEST`, `SERINUS_REASON`.
///
/// The reason stands in single quotes, so that a shell that sources the file takes it literally. GitLab keeps the quotes.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/promote.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let variables = report::dotenv(&judgement);
/// assert!(variables.starts_with("SERINUS_DECISION=promote\nSERINUS_VERDICT=pass\nSERINUS_SCORE=100\n"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn dotenv(judgement: &Judgement) -> String {
    values(judgement)
        .into_iter()
        .map(|(name, value)| {
            let value = if name == "reason" { single_quoted(&value) } else { value };
            format!("SERINUS_{}={value}\n", name.to_uppercase())
        })
        .collect()
}

fn values(judgement: &Judgement) -> [(&'static str, String); 5] {
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    [
        ("decision", judgement.decision.name().into()),
        ("verdict", outline::verdict_name(judgement.verdict).into()),
        ("score", number(judgement.score)),
        ("score_best", number(judgement.score_best)),
        ("reason", shortened(&outline::lead(judgement), LONGEST_REASON)),
    ]
}
