//! How much of the rollback error does each metric get?
//!
//! The gate is a weighted mean of e-values: a metric with share w rolls back alone at E = 1 / (alpha w). Shares follow the
//! weights and groups of the config, with one default of their own: failures, which are the proportions and rates whose
//! jumps are watched for, get at least half of the gate together. What breaks requests has to be stopped after a handful of
//! them; a mean or a quantile that creeps can take its logarithm of two more.

use super::plan::MetricPlan;
use super::score::shares;
use crate::config::{JudgeConfig, Role};

/// The least share of the gate that failures have together.
pub(crate) const FAILURES: f64 = 0.5;

/// Shares of the metrics in the config's order; each list sums to 1, or is all 0 where nothing takes part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    /// Of the mean over e-values of harm.
    pub gate: Vec<f64>,
    /// Of the mean over spike detectors.
    pub spike: Vec<f64>,
}

impl Weights {
    /// Known before any data, as the weights of a mean of e-values have to be.
    pub fn of(config: &JudgeConfig, plans: &[MetricPlan]) -> Self {
        let gating = gating(plans);
        // A gating metric of weight 0 has no share in the score, but it gates: it counts like one of weight 1.
        let mut config = config.clone();
        config
            .metrics
            .iter_mut()
            .zip(&gating)
            .filter(|(m, g)| **g && m.weight == 0.0)
            .for_each(|(m, _)| m.weight = 1.0);
        let fresh: Vec<_> = plans.iter().map(MetricPlan::fresh).collect();
        let gates: Vec<bool> = (0..plans.len()).map(|i| gating[i] && plans[i].pair(&fresh[i]).is_some()).collect();
        let watched: Vec<bool> = (0..plans.len()).map(|i| gating[i] && plans[i].spike(&fresh[i]).is_some()).collect();
        let spike = shares(&config, |i| watched[i]);
        let gate = raised(shares(&config, |i| gates[i]), &watched);
        Weights { gate, spike }
    }
}

/// The critical metrics, or all scored ones where none is critical.
pub(crate) fn gating(plans: &[MetricPlan]) -> Vec<bool> {
    let monitored = |p: &MetricPlan, role| p.config.role == role && p.is_monitored();
    let critical = plans.iter().any(|p| monitored(p, Role::Critical));
    let role = if critical { Role::Critical } else { Role::Scored };
    plans.iter().map(|p| monitored(p, role)).collect()
}

/// Shares in which those of the failures sum to at least [`FAILURES`]; inside and outside of them they keep their ratios.
fn raised(shares: Vec<f64>, failures: &[bool]) -> Vec<f64> {
    let sum = |of: bool| shares.iter().zip(failures).filter(|(_, f)| **f == of).map(|(s, _)| s).sum::<f64>();
    let (failing, rest) = (sum(true), sum(false));
    if !(failing > 0.0 && rest > 0.0) || failing >= FAILURES * (failing + rest) {
        return shares;
    }
    let (up, down) = (FAILURES / failing, (1.0 - FAILURES) / rest);
    shares.iter().zip(failures).map(|(s, f)| if *f { s * up } else { s * down }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_raised_to_half_and_never_lowered() {
        assert_eq!(raised(vec![0.2; 5], &[true, false, false, false, false]), [0.5, 0.125, 0.125, 0.125, 0.125]);
        assert_eq!(raised(vec![0.6, 0.4], &[true, false]), [0.6, 0.4]);
        assert_eq!(raised(vec![0.0, 1.0], &[true, false]), [0.0, 1.0], "a group of weight 0 stays at 0");
        assert_eq!(raised(vec![1.0], &[true]), [1.0]);
        assert_eq!(raised(vec![0.5, 0.5], &[false, false]), [0.5, 0.5]);
        let two = raised(vec![0.1, 0.3, 0.6], &[true, true, false]);
        assert!((two[0] - 0.125).abs() < 1e-15 && (two[1] - 0.375).abs() < 1e-15 && two[2] == 0.5, "{two:?}");
    }
}
