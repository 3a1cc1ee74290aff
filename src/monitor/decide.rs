//! From the metrics' answers to a decision.
//!
//! Rollback, in this order: a limit is crossed; the weighted mean of the gating metrics' e-values reaches its level (the
//! critical metrics gate; where none is critical, all scored ones do); a spike; both taken together; the whole
//! distribution of a gating metric; a segment of a critical metric; the best score left is at or below `thresholds.fail`.
//! A rollback stays. Then invalid: a sample-ratio mismatch or an arm without rows. Then promotion: every critical metric
//! shown safe at this look and the score at `thresholds.pass`, which with the default thresholds is the intersection of all
//! metrics, after the least bake time, without an open spike, and without a segment in which a critical metric alone would
//! be shown to be worse. Otherwise hold.

use super::boundary::Pair;
use super::combine::{e_bh, log_mean_e, weighted_e_holm};
use super::log_sum::log_add_exp;
use super::look::Totals;
use super::plan::{Budget, MetricPlan};
use super::state::MonitorState;
use super::weights::{Weights, gating};
use super::words;
use crate::config::{JudgeConfig, Role};
use crate::judge::judgement::Reason;

/// Everything a decision looks at, computed once a look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    /// The pair of each metric, in the config's order.
    pub pairs: Vec<Option<Pair>>,
    pub totals: Totals,
    /// Metrics that gate.
    pub gating: Vec<bool>,
    /// log of each metric's spike detector.
    pub spikes: Vec<Option<f64>>,
}

/// Rows of each arm that a segment cell needs.
pub(crate) const CELL_ROWS: u64 = 30;
/// Level of differential missingness over all looks.
pub(crate) const MISSING_ALPHA: f64 = 0.001;

pub(crate) fn standing(plans: &[MetricPlan], budget: &Budget, weights: &Weights, state: &MonitorState) -> Standing {
    let pairs: Vec<Option<Pair>> = plans.iter().zip(&state.metrics).map(|(p, s)| p.pair(s)).collect();
    let spikes: Vec<Option<f64>> = plans.iter().zip(&state.metrics).map(|(p, s)| p.spike(s)).collect();
    let gating = gating(plans);
    let logs: Vec<f64> = pairs.iter().map(|p| p.map_or(0.0, |p| p.harm)).collect();
    let spike_logs: Vec<f64> = spikes.iter().map(|s| s.unwrap_or(f64::NEG_INFINITY)).collect();
    let tests = order_tests(plans, |role| role != Role::Advisory) as f64;
    let ordered =
        (0..plans.len()).filter(|i| gating[*i] && plans[*i].has_order_test()).map(|i| state.metrics[i].order_p);
    let needed = (0..plans.len()).filter(|i| plans[*i].config.role != Role::Advisory);
    let safe = needed.filter_map(|i| pairs[i].map(|p| p.safe)).reduce(f64::min);
    let log_e_rollback = log_mean_e(&logs, &weights.gate);
    let log_e_spike = log_mean_e(&spike_logs, &weights.spike).filter(|e| e.is_finite());
    // A mean of e-values again, each weighted with its part of the error rate: never slower than either alone.
    let log_e_total = match (log_e_rollback, log_e_spike) {
        (Some(gate), Some(spike)) => log_mean_e(&[gate, spike], &[budget.gate, budget.spike]),
        _ => None,
    };
    Standing {
        totals: Totals {
            log_e_rollback,
            log_rollback_at: -budget.gate.ln(),
            log_e_total,
            log_total_at: -(budget.gate + budget.spike).ln(),
            log_e_spike,
            log_spike_at: -budget.spike.ln(),
            p_shift: ordered.reduce(f64::min).map(|p| (p * tests).min(1.0)),
            p_shift_at: budget.shift,
            log_e_promote: safe,
            log_promote_at: -budget.promote.ln(),
        },
        pairs,
        gating,
        spikes,
    }
}

/// Number of metrics of these roles whose whole distribution is tested.
fn order_tests(plans: &[MetricPlan], among: impl Fn(Role) -> bool) -> usize {
    plans.iter().filter(|p| among(p.config.role) && p.has_order_test()).count()
}

/// Marks the metrics and cells that are shown to be worse at this look; a mark stays.
pub(crate) fn attribute(
    plans: &[MetricPlan],
    budget: &Budget,
    weights: &Weights,
    standing: &Standing,
    state: &mut MonitorState,
) {
    for (role, alpha) in [(Role::Critical, budget.gate), (Role::Scored, budget.scored), (Role::Advisory, budget.scored)]
    {
        for (i, left) in adjusted(plans, weights, standing, role) {
            if left >= -alpha.ln() {
                state.metrics[i].failed.get_or_insert_with(|| "harm_shown".into());
            }
        }
    }
    // A metric whose own parts of both means reach the whole is shown by itself.
    for i in (0..plans.len()).filter(|i| standing.gating[*i]) {
        let part = |share: f64, log_e: Option<f64>| log_e.map_or(f64::NEG_INFINITY, |e| share.ln() + e);
        let gate = part(budget.gate * weights.gate[i], standing.pairs[i].map(|p| p.harm));
        let spike = part(budget.spike * weights.spike[i], standing.spikes[i]);
        if log_add_exp(gate, spike) >= 0.0 {
            state.metrics[i].failed.get_or_insert_with(|| "harm_shown".into());
        }
    }
    let spiking = standing.totals.log_e_spike.is_some_and(|e| e >= standing.totals.log_spike_at);
    for i in 0..plans.len() {
        if spiking && standing.gating[i] && standing.spikes[i].is_some_and(|e| e >= standing.totals.log_spike_at) {
            state.metrics[i].failed.get_or_insert_with(|| "error_spike".into());
        }
    }
    for (i, plan) in plans.iter().enumerate() {
        let advisory = plan.config.role == Role::Advisory;
        let level = budget.shift / order_tests(plans, |role| (role == Role::Advisory) == advisory).max(1) as f64;
        if plan.has_order_test() && state.metrics[i].order_p <= level {
            state.metrics[i].failed.get_or_insert_with(|| "distribution_shifted".into());
        }
    }
    attribute_cells(plans, budget, state);
}

/// What e-Holm leaves of the e-values of harm of a role's metrics, as logs; the gating ones with their shares as weights.
pub(crate) fn adjusted(plans: &[MetricPlan], weights: &Weights, standing: &Standing, role: Role) -> Vec<(usize, f64)> {
    let family: Vec<usize> =
        (0..plans.len()).filter(|i| plans[*i].config.role == role && standing.pairs[*i].is_some()).collect();
    let logs: Vec<f64> = family.iter().map(|i| standing.pairs[*i].map_or(0.0, |p| p.harm)).collect();
    let shares: Vec<f64> = family.iter().map(|i| if standing.gating[*i] { weights.gate[*i] } else { 1.0 }).collect();
    family.into_iter().zip(weighted_e_holm(&logs, &shares)).collect()
}

/// Segment cells by e-BH, over all cells with rows enough.
fn attribute_cells(plans: &[MetricPlan], budget: &Budget, state: &mut MonitorState) {
    let mut cells = Vec::new();
    let mut logs = Vec::new();
    for (s, segment) in state.segments.iter().enumerate() {
        for (m, cell) in &segment.metrics {
            if cell.rows.baseline.min(cell.rows.canary) >= CELL_ROWS
                && let Some(pair) = plans[*m].pair(cell)
            {
                cells.push((s, *m));
                logs.push(pair.harm);
            }
        }
    }
    for ((s, m), rejected) in cells.into_iter().zip(e_bh(&logs, budget.segments)) {
        if rejected && let Some(cell) = state.segments[s].metrics.get_mut(&m) {
            cell.failed.get_or_insert_with(|| "harm_shown".into());
        }
    }
}

/// Whether anything is shown to be worse, so that the score can have fallen.
pub(crate) fn anything_failed(plans: &[MetricPlan], state: &MonitorState) -> bool {
    let metrics = plans.iter().zip(&state.metrics);
    metrics.into_iter().any(|(plan, metric)| metric.failed.is_some() || plan.limit_crossed(metric))
        || state.segments.iter().any(|s| s.metrics.values().any(|cell| cell.failed.is_some()))
}

/// Why to roll back now; empty when there is no reason.
pub(crate) fn rollback_reasons(
    config: &JudgeConfig,
    plans: &[MetricPlan],
    standing: &Standing,
    state: &MonitorState,
    best: Option<f64>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (plan, metric) in plans.iter().zip(&state.metrics) {
        if plan.limit_crossed(metric)
            && let Some(limit) = plan.limit(metric)
        {
            let value = limit.estimate.unwrap_or(f64::NAN);
            let p = limit.p_crossed.unwrap_or(f64::NAN);
            let bound = limit.limit.max.or(limit.limit.min).unwrap_or(f64::NAN);
            reasons.push(words::reason(
                "limit_crossed",
                Some(&plan.config.name),
                &[("estimate", value), ("limit", bound), ("p", p)],
                format!(
                    "{} of the canary is {}, beyond its limit {}; p = {} at any look",
                    plan.config.name,
                    words::number(value),
                    words::number(bound),
                    words::number(p)
                ),
            ));
        }
    }
    let t = &standing.totals;
    let reached = |e: Option<f64>, at: f64| e.filter(|e| *e >= at);
    if let Some(log_e) = reached(t.log_e_rollback, t.log_rollback_at) {
        reasons.extend(gate_reasons(plans, standing, state, (log_e, t.log_rollback_at)));
    } else if reached(t.log_e_spike, t.log_spike_at).is_none()
        && let Some(log_e) = reached(t.log_e_total, t.log_total_at)
    {
        reasons.extend(gate_reasons(plans, standing, state, (log_e, t.log_total_at)));
    }
    if let Some(log_e) = t.log_e_spike.filter(|e| *e >= t.log_spike_at) {
        let worst = largest(&standing.spikes, &standing.gating);
        let name = worst.map_or("", |i| plans[i].config.name.as_str());
        reasons.push(words::reason(
            "error_spike",
            Some(name),
            &[("log_e", log_e), ("log_e_at", t.log_spike_at)],
            format!(
                "{name} has jumped: the detector's e-value is {} and {} rolls back",
                words::e_value(log_e),
                words::e_value(t.log_spike_at)
            ),
        ));
    }
    if let Some(p) = t.p_shift.filter(|p| *p <= t.p_shift_at) {
        let shifted = plans
            .iter()
            .zip(&state.metrics)
            .enumerate()
            .filter(|(i, (plan, _))| standing.gating[*i] && plan.has_order_test());
        let worst = shifted
            .min_by(|a, b| a.1.1.order_p.total_cmp(&b.1.1.order_p))
            .map_or("", |(_, (plan, _))| plan.config.name.as_str());
        reasons.push(words::reason(
            "distribution_shift",
            Some(worst),
            &[("p", p), ("alpha", t.p_shift_at)],
            format!("the distribution of {worst} lies beyond its margin; p = {} at any look", words::number(p)),
        ));
    }
    reasons.extend(segment_reasons(plans, state));
    if let Some(best) = best.filter(|b| *b <= config.thresholds.fail) {
        reasons.push(words::reason(
            "score_failed",
            None,
            &[("score_best", best), ("threshold", config.thresholds.fail)],
            format!("the score is {} at best and {} fails", words::number(best), words::number(config.thresholds.fail)),
        ));
    }
    reasons
}

fn gate_reasons(
    plans: &[MetricPlan],
    standing: &Standing,
    state: &MonitorState,
    (log_e, log_e_at): (f64, f64),
) -> Vec<Reason> {
    let numbers = [("log_e", log_e), ("log_e_at", log_e_at)];
    let failed = |i: &usize| standing.gating[*i] && state.metrics[*i].failed.is_some();
    let mut named: Vec<usize> = (0..plans.len()).filter(failed).collect();
    let harm = |i: usize| standing.pairs[i].map_or(f64::NEG_INFINITY, |p| p.harm);
    named.sort_by(|a, b| harm(*b).total_cmp(&harm(*a)));
    let total =
        format!("together the e-value is {} and {} rolls back", words::e_value(log_e), words::e_value(log_e_at));
    if named.is_empty() {
        let logs: Vec<Option<f64>> = standing.pairs.iter().map(|p| p.map(|p| p.harm)).collect();
        let name = largest(&logs, &standing.gating).map_or("", |i| plans[i].config.name.as_str());
        let text = format!("harm is shown in the metrics taken together, most of it in {name}: {total}");
        return vec![words::reason("harm_shown", None, &numbers, text)];
    }
    named
        .into_iter()
        .map(|i| {
            let plan = &plans[i];
            let code = if plan.config.role == Role::Critical { "critical_failed" } else { "scored_failed" };
            let evidence = plan.evidence(&state.metrics[i], standing.pairs[i]);
            let clause = evidence.as_ref().map_or_else(String::new, words::evidence);
            words::reason(code, Some(&plan.config.name), &numbers, format!("{}: {clause}; {total}", plan.config.name))
        })
        .collect()
}

fn segment_reasons(plans: &[MetricPlan], state: &MonitorState) -> Vec<Reason> {
    let mut found = Vec::new();
    for segment in &state.segments {
        for (m, cell) in &segment.metrics {
            let plan = &plans[*m];
            if cell.failed.is_none() || plan.config.role != Role::Critical {
                continue;
            }
            let pair = plan.pair(cell);
            let clause = plan.evidence(cell, pair).as_ref().map_or_else(String::new, words::evidence);
            let name: Vec<String> = segment.segment.iter().map(|(k, v)| format!("{k} {v}")).collect();
            let text = format!("{} in {}: {clause}", plan.config.name, name.join(", "));
            let mut reason =
                words::reason("segment_failed", Some(&plan.config.name), &[("log_e", cell.peak_harm)], text);
            reason.segment = Some(segment.segment.clone());
            found.push((cell.peak_harm, reason));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, reason)| reason).collect()
}

fn largest(values: &[Option<f64>], among: &[bool]) -> Option<usize> {
    let candidates = (0..values.len()).filter(|i| among[*i] && values[*i].is_some());
    candidates.max_by(|a, b| values[*a].unwrap_or(0.0).total_cmp(&values[*b].unwrap_or(0.0)))
}
