//! The score: a weighted summary of outcomes between what is shown and what is still possible.

use super::Outcome;
use super::judgement::{Finding, Group};
use crate::config::{JudgeConfig, OnInconclusive, OnNoData, Role};

/// What a finding counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Full weight.
    Passed,
    /// Nothing.
    Failed,
    /// Nothing in the score, full weight in the best score.
    Open,
    /// Not at all.
    Out,
}

/// The policy in one place: what each outcome costs.
pub(super) fn count(config: &JudgeConfig, finding: &Finding) -> Count {
    if finding.role == Role::Advisory {
        return Count::Out;
    }
    let open = |policy: OnInconclusive| match policy {
        OnInconclusive::Hold => Count::Open,
        OnInconclusive::Fail => Count::Failed,
        OnInconclusive::Pass if finding.role == Role::Scored && !blocked(finding) => Count::Passed,
        OnInconclusive::Pass => Count::Open,
    };
    match finding.outcome {
        Outcome::Pass => Count::Passed,
        Outcome::Fail => Count::Failed,
        Outcome::Inconclusive => open(config.policy.inconclusive),
        Outcome::NoData => match config.policy.no_data {
            OnNoData::Hold => match open(config.policy.inconclusive) {
                // A policy that waves open questions through is not one that waves missing metrics through.
                Count::Passed => Count::Open,
                other => other,
            },
            OnNoData::Fail => Count::Failed,
            OnNoData::Ignore => Count::Out,
        },
    }
}

/// Missing values that differ between arms take away the right to pass, whatever the policy.
fn blocked(finding: &Finding) -> bool {
    finding.reason.as_deref() == Some("differential_missing")
}

/// The score and its best case, with the groups behind them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Score {
    pub score: Option<f64>,
    pub best: Option<f64>,
    pub groups: Vec<Group>,
}

/// Group scores first, then their weighted sum; groups without weighing metrics drop out and the others share their place.
pub(super) fn score(config: &JudgeConfig, findings: &[Finding]) -> Score {
    let mut given: Vec<(String, f64)> = config.groups.clone();
    if !given.is_empty() {
        let rest = 100.0 - given.iter().map(|g| g.1).sum::<f64>();
        given.push(("other".into(), rest.max(0.0)));
    } else {
        given.push(("all".into(), 100.0));
    }
    let grouped = !config.groups.is_empty();
    let mut groups: Vec<Group> = Vec::new();
    for (name, weight) in given {
        let (mut shown, mut best, mut all) = (0.0, 0.0, 0.0);
        for finding in findings {
            let own = if grouped { finding.group.as_deref().unwrap_or("other") } else { "all" };
            let count = count(config, finding);
            if own != name || count == Count::Out {
                continue;
            }
            all += finding.weight;
            shown += if count == Count::Passed { finding.weight } else { 0.0 };
            best += if matches!(count, Count::Passed | Count::Open) { finding.weight } else { 0.0 };
        }
        if all > 0.0 && weight > 0.0 {
            match groups.iter_mut().find(|g| g.name == name) {
                Some(_) => {}
                None => {
                    groups.push(Group { name, weight, score: 100.0 * (shown / all), score_best: 100.0 * (best / all) })
                }
            }
        }
    }
    let total: f64 = groups.iter().map(|g| g.weight).sum();
    if groups.is_empty() || total <= 0.0 {
        return Score { score: None, best: None, groups: Vec::new() };
    }
    for group in &mut groups {
        group.weight = 100.0 * group.weight / total;
    }
    let sum = |of: fn(&Group) -> f64| round(groups.iter().map(|g| of(g) * g.weight / 100.0).sum());
    let (score, best) = (sum(|g| g.score), sum(|g| g.score_best));
    if !grouped {
        groups.clear();
    }
    Score { score: Some(score), best: Some(best), groups }
}

/// Nine decimals: sums of weights in another order give the same score.
fn round(score: f64) -> f64 {
    (score * 1e9).round() / 1e9
}
