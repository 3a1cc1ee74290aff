//! The score of a look: weights of passing metrics, inside groups first.

use std::collections::BTreeMap;

use super::answer_look::Window;
use crate::config::{JudgeConfig, OnInconclusive, OnNoData, Role};
use crate::judge::Outcome;
use crate::judge::judgement::{Finding, Group};

/// Score, best score and groups.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    pub score: Option<f64>,
    pub best: Option<f64>,
    pub groups: Vec<Group>,
}

/// The share of each metric in the score, in the config's order; 0 for metrics that do not weigh.
pub(crate) fn shares(config: &JudgeConfig, weighs: impl Fn(usize) -> bool) -> Vec<f64> {
    let other = 100.0 - config.groups.iter().map(|(_, w)| w).sum::<f64>();
    let weight_of = |group: Option<&String>| match group {
        Some(name) => config.groups.iter().find(|(g, _)| g == name).map_or(other, |(_, w)| *w),
        None => other,
    };
    let name_of = |i: usize| match &config.metrics[i].group {
        Some(name) if config.groups.iter().any(|(g, _)| g == name) => name.clone(),
        _ => String::new(),
    };
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for (i, metric) in config.metrics.iter().enumerate().filter(|(i, _)| weighs(*i)) {
        *sums.entry(name_of(i)).or_default() += metric.weight;
    }
    let shares: Vec<f64> = config
        .metrics
        .iter()
        .enumerate()
        .map(|(i, metric)| {
            let inside = sums.get(&name_of(i)).copied().unwrap_or(0.0);
            if !weighs(i) || inside <= 0.0 {
                return 0.0;
            }
            let group = if config.groups.is_empty() { 1.0 } else { weight_of(metric.group.as_ref()).max(0.0) };
            group * metric.weight / inside
        })
        .collect();
    let total: f64 = shares.iter().sum();
    if total > 0.0 { shares.into_iter().map(|s| s / total).collect() } else { shares }
}

/// What an outcome counts as now and at best. A policy on open questions speaks once the window is over: before that every
/// question is open.
fn points(finding: &Finding, config: &JudgeConfig, window: Window) -> (f64, f64) {
    let over = window == Window::Over;
    match finding.outcome {
        Outcome::Pass => (1.0, 1.0),
        Outcome::Fail => (0.0, 0.0),
        Outcome::Inconclusive if finding.reason.as_deref() == Some("differential_missing") => (0.0, 1.0),
        Outcome::Inconclusive => match config.policy.inconclusive {
            OnInconclusive::Pass if over && finding.role == Role::Scored => (1.0, 1.0),
            OnInconclusive::Fail if over => (0.0, 0.0),
            _ => (0.0, 1.0),
        },
        Outcome::NoData if over && config.policy.no_data == OnNoData::Fail => (0.0, 0.0),
        Outcome::NoData => (0.0, 1.0),
    }
}

/// The score of these findings, which stand in the config's order.
pub(crate) fn score(config: &JudgeConfig, findings: &[Finding], monitored: &[bool], window: Window) -> Score {
    let ignored = |i: usize| {
        let no_data = findings[i].outcome == Outcome::NoData;
        // What no monitor can watch is named in the warnings and weighs nothing.
        !monitored[i] || (no_data && config.policy.no_data == OnNoData::Ignore)
    };
    let shares = shares(config, |i| config.metrics[i].role != Role::Advisory && !ignored(i));
    if shares.iter().sum::<f64>() <= 0.0 {
        return Score { score: None, best: None, groups: Vec::new() };
    }
    let sum = |best: bool, of: &dyn Fn(usize) -> bool| -> f64 {
        let each = findings.iter().enumerate().filter(|(i, _)| of(*i));
        let point = |f| if best { points(f, config, window).1 } else { points(f, config, window).0 };
        each.map(|(i, f)| shares[i] * point(f)).sum()
    };
    let groups = config.groups.iter().map(|(name, _)| Some(name.clone())).chain([None]);
    let groups = groups
        .filter(|_| !config.groups.is_empty())
        .filter_map(|name| {
            let inside = |i: usize| match &name {
                Some(group) => config.metrics[i].group.as_ref() == Some(group),
                None => !config.groups.iter().any(|(g, _)| config.metrics[i].group.as_ref() == Some(g)),
            };
            let weight: f64 = (0..shares.len()).filter(|i| inside(*i)).map(|i| shares[i]).sum();
            (weight > 0.0).then(|| Group {
                name: name.clone().unwrap_or_else(|| "other".into()),
                weight: 100.0 * weight,
                score: round(100.0 * sum(false, &inside) / weight),
                score_best: round(100.0 * sum(true, &inside) / weight),
            })
        })
        .collect();
    let score = round(100.0 * sum(false, &|_| true));
    let best = round(100.0 * sum(true, &|_| true));
    Score { score: Some(score), best: Some(best), groups }
}

/// Scores are sums of shares: what rounding left beyond a thousand-millionth is none.
fn round(score: f64) -> f64 {
    (score * 1e9).round() / 1e9
}
