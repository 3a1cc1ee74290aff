//! Limits on the canary alone: one-arm tests, exact where the type has an exact bound.

use super::Comparison;
use super::design::{Design, Rows};
use super::mean::centre;
use crate::arms::{Arm, Arms};
use crate::config::{Alpha, Limit, MetricKind};
use crate::judge::Outcome;
use crate::judge::judgement::LimitFinding;
use crate::stats::quantile::order_statistic_bounds;
use crate::stats::special::{beta_inc, gamma_p, gamma_q, norm_isf, t_isf, t_sf};
use crate::stats::{Unanswerable, binomial};

/// One arm's quantity: p-values against a value, and bounds.
struct OneArm {
    estimate: f64,
    /// p-value of "at or below the value".
    above: Box<dyn Fn(f64) -> f64>,
    /// p-value of "at or above the value".
    below: Box<dyn Fn(f64) -> f64>,
    /// One-sided bounds at alpha.
    bounds: Box<dyn Fn(f64) -> (f64, f64)>,
    /// Independent observations, and the standard error where the bound is a normal one.
    size: f64,
    error: Option<f64>,
}

/// Tests whether the canary crosses a limit (at alpha.harm) or is shown to keep it (at alpha.safe).
pub fn limit(comparison: &Comparison<'_>, limit: &Limit, alpha: &Alpha) -> Result<LimitFinding, Unanswerable> {
    let canary = Rows { stratum: Vec::new(), ..comparison.rows.canary.clone() };
    if canary.n() == 0 {
        return Err(Unanswerable::TooFew { test: "limit", what: "rows", arm: Arm::Canary, needed: 1, found: 0 });
    }
    let design = Design::new(Arms { baseline: Rows::default(), canary }, 1, false);
    let arm = one_arm(comparison.kind, &design)?;
    let mut crossed = Vec::new();
    let mut kept = Vec::new();
    if let Some(max) = limit.max {
        crossed.push((arm.above)(max));
        kept.push((arm.below)(max));
    }
    if let Some(min) = limit.min {
        crossed.push((arm.below)(min));
        kept.push((arm.above)(min));
    }
    let p_crossed = (crossed.len() as f64 * crossed.iter().copied().fold(1.0, f64::min)).min(1.0);
    let p_kept = kept.iter().copied().fold(0.0, f64::max);
    let outcome = if p_crossed <= alpha.harm {
        Outcome::Fail
    } else if p_kept <= alpha.safe {
        Outcome::Pass
    } else {
        Outcome::Inconclusive
    };
    let finite = |v: f64| v.is_finite().then_some(v);
    let (low, high) = ((arm.bounds)(alpha.harm), (arm.bounds)(alpha.safe));
    let (low, high) = if limit.max.is_some() { (low.0, high.1) } else { (high.0, low.1) };
    Ok(LimitFinding {
        limit: *limit,
        estimate: finite(arm.estimate),
        low: finite(low),
        high: finite(high),
        p_crossed: Some(p_crossed),
        p_kept: Some(p_kept),
        needs: (outcome == Outcome::Inconclusive).then(|| needs(&arm, limit, alpha, comparison.kind)).flatten(),
        outcome,
    })
}

/// Further samples that show the limit kept if the estimate stays what it is.
fn needs(arm: &OneArm, limit: &Limit, alpha: &Alpha, kind: &MetricKind) -> Option<u64> {
    let room = match (limit.max, limit.min) {
        (Some(max), Some(min)) => (max - arm.estimate).min(arm.estimate - min),
        (Some(max), None) => max - arm.estimate,
        (None, Some(min)) => arm.estimate - min,
        (None, None) => return None,
    };
    if room <= 0.0 {
        return None;
    }
    let further = match (arm.error, kind, limit.max) {
        (_, MetricKind::Proportion { .. }, Some(max)) if arm.estimate == 0.0 => {
            binomial::trials_without_events(max, alpha.safe).ok()? as f64 - arm.size
        }
        (_, MetricKind::Proportion { .. }, _) => {
            let z = norm_isf(alpha.safe) + norm_isf(0.2);
            let p = limit.max.or(limit.min)?;
            p * (1.0 - p) * (z / room).powi(2) - arm.size
        }
        (Some(error), _, _) => {
            let z = norm_isf(alpha.safe) + norm_isf(0.2);
            arm.size * (z * error / room).powi(2) - arm.size
        }
        _ => return None,
    };
    Some(further.ceil().clamp(1.0, 9e15) as u64)
}

fn one_arm(kind: &MetricKind, design: &Design) -> Result<OneArm, Unanswerable> {
    let cell = &design.strata[0].cells.canary;
    let n = cell.n() as f64;
    match kind {
        MetricKind::Proportion { .. } => {
            let events = cell.total();
            let effect = if design.clustered { effect(design, events / n) } else { 1.0 };
            Ok(binomial_arm(events / effect, n / effect))
        }
        MetricKind::Quantile { q, .. } => quantile_arm(design, *q),
        MetricKind::Distribution { .. } => quantile_arm(design, 0.5),
        MetricKind::Mean { .. } | MetricKind::Calibration { .. } => {
            design_finite(design)?;
            if let Some(sums) = cell.sums {
                let parts = design.parts(Arm::Canary, |_, _| Vec::new());
                return normal_arm(sums.ratio().unwrap_or(0.0), parts.variance(), design.units.canary);
            }
            let values: Vec<f64> = if cell.second.is_empty() {
                cell.values.clone()
            } else {
                cell.values.iter().zip(&cell.second).map(|(v, w)| v - w).collect()
            };
            let (mean, deviations) = centre(&values);
            let parts = design.parts(Arm::Canary, |_, _| deviations.iter().map(|d| d / n).collect());
            normal_arm(mean, parts.variance(), design.units.canary)
        }
        MetricKind::Ratio { .. } => {
            design_finite(design)?;
            let denominator: f64 = cell.sums.map_or_else(|| cell.second.iter().sum(), |s| s.denominator());
            let ratio = cell.total() / denominator;
            if !ratio.is_finite() {
                return Err(Unanswerable::Undefined { test: "limit", why: "the denominators sum to zero" });
            }
            let parts = design.parts(Arm::Canary, |_, cell| {
                cell.values.iter().zip(&cell.second).map(|(u, d)| (u - ratio * d) / denominator).collect()
            });
            normal_arm(ratio, parts.variance(), design.units.canary)
        }
        MetricKind::Rate { .. } => {
            design_finite(design)?;
            let exposure = cell.sums.map_or_else(|| cell.second.iter().sum::<f64>(), |s| s.denominator());
            let events = cell.total();
            if exposure <= 0.0 {
                return Err(Unanswerable::Undefined { test: "limit", why: "the exposures sum to zero" });
            }
            // Exact Poisson tails through the gamma distribution (Garwood 1936).
            Ok(OneArm {
                estimate: events / exposure,
                above: Box::new(move |v| if events <= 0.0 { 1.0 } else { gamma_p(events, v * exposure) }),
                below: Box::new(move |v| gamma_q(events + 1.0, v * exposure)),
                bounds: Box::new(move |alpha| {
                    let chi2 =
                        |p: f64, dof: f64| if dof <= 0.0 { 0.0 } else { crate::stats::special::chi2_isf(p, dof) };
                    (
                        0.5 * chi2(1.0 - alpha, 2.0 * events) / exposure,
                        0.5 * chi2(alpha, 2.0 * (events + 1.0)) / exposure,
                    )
                }),
                size: n,
                error: None,
            })
        }
        MetricKind::Auc { .. } => {
            design_finite(design)?;
            let (auc, influence) = super::auc::one_arm(cell, design.clustered)?;
            let parts = design.parts(Arm::Canary, |_, _| influence.clone());
            normal_arm(auc, parts.variance(), design.units.canary)
        }
        MetricKind::Shift { .. } | MetricKind::Agreement { .. } => Err(Unanswerable::Undefined {
            test: "limit",
            why: "this type compares the arms and has no limit on the canary alone",
        }),
    }
}

fn design_finite(design: &Design) -> Result<(), Unanswerable> {
    design.require_finite("limit")?;
    if design.units.canary < 2 {
        let found = design.units.canary;
        return Err(Unanswerable::TooFew { test: "limit", what: "rows", arm: Arm::Canary, needed: 2, found });
    }
    Ok(())
}

/// Clustered over binomial variance of one arm's share; without events a row is worth its unit.
fn effect(design: &Design, share: f64) -> f64 {
    let cell = &design.strata[0].cells.canary;
    let n = cell.n() as f64;
    let parts = design.parts(Arm::Canary, |_, cell| cell.values.iter().map(|v| (v - share) / n).collect());
    let effect = parts.variance() / (share * (1.0 - share) / n);
    if effect.is_finite() { effect.max(1.0) } else { n / design.units.canary as f64 }
}

fn binomial_arm(events: f64, trials: f64) -> OneArm {
    OneArm {
        estimate: events / trials,
        above: Box::new(move |v| {
            if events <= 0.0 || v >= 1.0 {
                1.0
            } else if v <= 0.0 {
                0.0
            } else {
                beta_inc(events, trials - events + 1.0, v)
            }
        }),
        below: Box::new(move |v| {
            if events >= trials || v <= 0.0 {
                1.0
            } else if v >= 1.0 {
                0.0
            } else {
                beta_inc(trials - events, events + 1.0, 1.0 - v)
            }
        }),
        bounds: Box::new(move |alpha| {
            binomial::clopper_pearson(events, trials, alpha).map_or((0.0, 1.0), |c| (c.low, c.high))
        }),
        size: trials,
        error: None,
    }
}

fn normal_arm(estimate: f64, variance: f64, units: u64) -> Result<OneArm, Unanswerable> {
    let (se, dof) = (variance.sqrt(), units as f64 - 1.0);
    if !se.is_finite() || !estimate.is_finite() {
        return Err(Unanswerable::Undefined { test: "limit", why: "the values are too large to have a variance" });
    }
    let tail = move |distance: f64| {
        if se > 0.0 {
            t_sf(distance / se, dof)
        } else if distance > 0.0 {
            0.0
        } else {
            1.0
        }
    };
    Ok(OneArm {
        estimate,
        above: Box::new(move |v| tail(estimate - v)),
        below: Box::new(move |v| tail(v - estimate)),
        bounds: Box::new(move |alpha| {
            let half = if se > 0.0 { t_isf(alpha, dof) * se } else { 0.0 };
            (estimate - half, estimate + half)
        }),
        size: units as f64,
        error: Some(se),
    })
}

fn quantile_arm(design: &Design, q: f64) -> Result<OneArm, Unanswerable> {
    let cell = &design.strata[0].cells.canary;
    let mut sorted = cell.values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let effective = if design.clustered { design.units.canary as f64 } else { n };
    let estimate = sorted[((n * q - 1e-9).ceil().max(1.0) as usize).min(sorted.len()) - 1];
    // The number of rows above a value is binomial(n, 1 - q) when the value is the quantile.
    let (above, below, all) = (sorted.clone(), sorted.clone(), sorted);
    let scale = effective / n;
    Ok(OneArm {
        estimate,
        above: Box::new(move |v| {
            let over = above.iter().filter(|x| **x > v).count() as f64 * scale;
            if over <= 0.0 { 1.0 } else { beta_inc(over, effective - over + 1.0, 1.0 - q) }
        }),
        below: Box::new(move |v| {
            let under = below.iter().filter(|x| **x < v).count() as f64 * scale;
            if under <= 0.0 { 1.0 } else { beta_inc(under, effective - under + 1.0, q) }
        }),
        bounds: Box::new(move |alpha| {
            order_statistic_bounds(&all, effective, q, alpha)
                .map_or((f64::NEG_INFINITY, f64::INFINITY), |b| (b.low, b.high))
        }),
        size: effective,
        error: None,
    })
}
