//! The native score: what passes, what could still pass, and the decision that follows.

use super::Judged;
use super::bands::banded;
use crate::config::{OnInconclusive, OnNoData, Policy};
use crate::judge::{Decision, Outcome};
use crate::kayenta::response::{GroupScore, Score, ScoreClass};
use crate::kayenta::{KayentaError, Thresholds};

/// What a metric counts as once the policy has been asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Pass,
    Fail,
    Open,
    Nothing,
}

/// Scores the metrics and decides.
///
/// Within a group the weight of what passes over all weight; over groups the configured weights, groups without one sharing
/// what is left of 100, and all divided by their sum. Open metrics count 0 in the score and full in the best score: the
/// canary rolls back when a critical metric fails or even the best score is below `marginal`, is promoted when every
/// critical metric passes and the score reaches `pass`, and otherwise holds.
pub(super) fn tally(
    judged: &[Judged],
    weights: &[(String, f64)],
    thresholds: Thresholds,
    policy: Policy,
) -> Result<(Vec<GroupScore>, Score), KayentaError> {
    let mut groups: Vec<Group> = Vec::new();
    for one in judged.iter().filter(|j| !j.result.muted) {
        let names = one.result.groups.as_deref().unwrap_or_default();
        let counts = counts(one, policy);
        if names.is_empty() {
            add(&mut groups, None, one.weight, counts);
        }
        names.iter().for_each(|name| add(&mut groups, Some(name), one.weight, counts));
    }
    let (score, best) = overall(&groups, weights);
    let critical = || judged.iter().filter(|j| j.critical && !j.result.muted);
    // A failure that criticalIncrease leaves out weighs as any other.
    let failed =
        critical().find(|j| counts(j, policy) == Counts::Fail && (j.result.critical || j.outcome != Outcome::Fail));
    let decision = if failed.is_some() || best.is_some_and(|b| b < thresholds.marginal) {
        Decision::Rollback
    } else if critical().all(|j| counts(j, policy) == Counts::Pass) && score.is_some_and(|s| s >= thresholds.pass) {
        Decision::Promote
    } else {
        Decision::Hold
    };
    let raw = if failed.is_some() { 0.0 } else { score.unwrap_or(0.0) };
    let score = Score {
        score: banded(decision, round(raw), thresholds)?,
        classification: match decision {
            Decision::Promote => ScoreClass::Pass,
            Decision::Hold => ScoreClass::Marginal,
            Decision::Rollback => ScoreClass::Fail,
        },
        classification_reason: reason(judged, policy, decision, failed),
    };
    let scores = groups.into_iter().filter_map(|g| {
        Some(GroupScore {
            score: round(g.share().map_or(0.0, |(score, _)| score)),
            name: g.name?,
            classification: String::new(),
            classification_reason: String::new(),
        })
    });
    Ok((scores.collect(), score))
}

fn counts(one: &Judged, policy: Policy) -> Counts {
    match one.outcome {
        Outcome::Pass => Counts::Pass,
        Outcome::Fail => Counts::Fail,
        Outcome::Inconclusive => match policy.inconclusive {
            OnInconclusive::Hold => Counts::Open,
            OnInconclusive::Fail => Counts::Fail,
            OnInconclusive::Pass if one.critical => Counts::Open,
            OnInconclusive::Pass => Counts::Pass,
        },
        Outcome::NoData if one.must_have_data => Counts::Fail,
        Outcome::NoData => match policy.no_data {
            OnNoData::Hold => Counts::Open,
            OnNoData::Fail => Counts::Fail,
            OnNoData::Ignore if one.critical => Counts::Open,
            OnNoData::Ignore => Counts::Nothing,
        },
    }
}

struct Group {
    name: Option<String>,
    pass: f64,
    open: f64,
    total: f64,
}

impl Group {
    /// Score and best score in percent; `None` when nothing weighs.
    fn share(&self) -> Option<(f64, f64)> {
        let percent = |part: f64| 100.0 * part / self.total;
        (self.total > 0.0).then(|| (percent(self.pass), percent(self.pass + self.open)))
    }
}

fn add(groups: &mut Vec<Group>, name: Option<&String>, weight: f64, counts: Counts) {
    let at = groups.iter().position(|g| g.name.as_ref() == name).unwrap_or_else(|| {
        groups.push(Group { name: name.cloned(), pass: 0.0, open: 0.0, total: 0.0 });
        groups.len() - 1
    });
    let group = &mut groups[at];
    match counts {
        Counts::Nothing => return,
        Counts::Pass => group.pass += weight,
        Counts::Open => group.open += weight,
        Counts::Fail => {}
    }
    group.total += weight;
}

/// Score and best score over groups; `None` when nothing weighs.
fn overall(groups: &[Group], weights: &[(String, f64)]) -> (Option<f64>, Option<f64>) {
    let weight_of = |g: &Group| {
        let name = g.name.as_ref()?;
        weights.iter().find(|(w, _)| w == name).map(|(_, w)| if w.is_finite() { w.max(0.0) } else { 0.0 })
    };
    let weighing: Vec<(&Group, (f64, f64))> = groups.iter().filter_map(|g| Some((g, g.share()?))).collect();
    let given: f64 = weighing.iter().filter_map(|(g, _)| weight_of(g)).sum();
    let without = weighing.iter().filter(|(g, _)| weight_of(g).is_none()).count();
    let rest = (100.0 - given).max(0.0) / without.max(1) as f64;
    let mut parts: Vec<(f64, (f64, f64))> = weighing.iter().map(|(g, s)| (weight_of(g).unwrap_or(rest), *s)).collect();
    if parts.iter().all(|(w, _)| *w == 0.0) {
        parts.iter_mut().for_each(|(w, _)| *w = 1.0);
    }
    let total: f64 = parts.iter().map(|(w, _)| w).sum();
    if total <= 0.0 {
        return (None, None);
    }
    let mean = |of: fn(&(f64, f64)) -> f64| parts.iter().map(|(w, s)| w * of(s)).sum::<f64>() / total;
    (Some(mean(|s| s.0)), Some(mean(|s| s.1)))
}

/// The decision in a sentence that names the metrics behind it.
fn reason(judged: &[Judged], policy: Policy, decision: Decision, failed: Option<&Judged>) -> String {
    let say = |j: &Judged| {
        format!("{}: {}", j.result.name.as_deref().unwrap_or("null"), j.result.reason.as_deref().unwrap_or_default())
    };
    let first = |wanted| judged.iter().find(|j| !j.result.muted && counts(j, policy) == wanted);
    let number = |wanted| judged.iter().filter(|j| !j.result.muted && counts(j, policy) == wanted).count();
    let all = judged.iter().filter(|j| !j.result.muted).count();
    match (decision, failed) {
        (_, Some(one)) => format!("rollback: critical metric failed: {}", say(one)),
        (Decision::Rollback, None) => {
            let found = number(Counts::Fail);
            format!("rollback: {found} of {all} metrics failed; {}", first(Counts::Fail).map(say).unwrap_or_default())
        }
        (Decision::Promote, None) => format!("promote: {} of {all} metrics shown safe", number(Counts::Pass)),
        (Decision::Hold, None) => match first(Counts::Fail).or_else(|| first(Counts::Open)) {
            Some(one) => {
                let (failed, open) = (number(Counts::Fail), number(Counts::Open));
                format!("hold: {open} open and {failed} failed of {all} metrics; {}", say(one))
            }
            None => "hold: nothing was judged".into(),
        },
    }
}

/// Two decimals, as Kayenta rounds.
fn round(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}
