//! Which bounds hold at a few planned looks? Lan and DeMets' error spending.
//!
//! The error rate is spent as information accrues; the bound of look k is the z with
//! P(Z_1 < z_1, ..., Z_k >= z_k) = a(t_k) - a(t_{k-1}), found by the recursion of Armitage, McPherson and Rowe (1969) on
//! S = Z sqrt(t), whose increments are independent. For a bake of fixed, short length with few looks it has nearly the
//! power of the fixed test, where an e-process gives up some twenty points; applied at every minute between the planned
//! looks it raises false alarms in 7 % to 16 % of healthy canaries at a nominal 5 %.

use serde::{Deserialize, Serialize};

use crate::stats::{Unanswerable, special};

/// How the error rate is spent as the information fraction t grows from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// 2 - 2 Φ(z_{alpha/2} / sqrt t): almost nothing early (Lan and DeMets 1983, after O'Brien and Fleming).
    OBrienFleming,
    /// alpha log(1 + (e - 1) t): evenly (after Pocock).
    Pocock,
    /// alpha t^g (Kim and DeMets 1987).
    Power(f64),
}

impl Spending {
    /// The error rate spent by information fraction `t`; beyond 1 nothing more is spent.
    pub fn spent(self, t: f64, alpha: f64) -> f64 {
        let t = t.clamp(0.0, 1.0);
        match self {
            _ if t == 0.0 => 0.0,
            Spending::OBrienFleming => 2.0 * special::norm_sf(special::norm_isf(0.5 * alpha) / t.sqrt()),
            Spending::Pocock => alpha * ((std::f64::consts::E - 1.0) * t).ln_1p(),
            Spending::Power(g) => alpha * t.powf(g),
        }
    }
}

/// The bounds of the looks made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSequential {
    /// One-sided bound on z at each look.
    pub z: Vec<f64>,
    /// Error rate spent by each look.
    pub alpha_spent: Vec<f64>,
}

/// Bounds above this are this: the error there is 6e-16.
const LARGEST_Z: f64 = 8.0;
/// Where the density is cut off below, in standard deviations.
const LOWEST: f64 = -8.5;
/// Nodes of a look's density; more when the next look comes soon after it.
const NODES: usize = 400;
const MOST_NODES: usize = 3000;

/// One-sided bounds of level `alpha` at looks with these information fractions (information so far over the planned
/// one). O(looks x nodes²).
///
/// ```
/// use serinus::monitor::{Spending, group_sequential_bounds};
/// // Reference: R rpact 3.3.4.
/// let bounds = group_sequential_bounds(&[0.2, 0.4, 0.6, 0.8, 1.0], Spending::Pocock, 0.025)?;
/// assert!((bounds.z[0] - 2.43797668805).abs() < 1e-6);
/// assert!((bounds.z[4] - 2.385999701917).abs() < 1e-5);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// Fractions do not ascend from above 0, `alpha` is not in (0, 1/2), a power is not positive, or two looks are so close
/// that the recursion would need more than 3000 nodes.
pub fn group_sequential_bounds(
    fractions: &[f64],
    spending: Spending,
    alpha: f64,
) -> Result<GroupSequential, Unanswerable> {
    check(fractions, spending, alpha)?;
    let mut z = Vec::with_capacity(fractions.len());
    let mut alpha_spent = Vec::with_capacity(fractions.len());
    let mut density: Vec<(f64, f64)> = Vec::new();
    let (mut spent, mut before) = (0.0, 0.0);
    for (k, &t) in fractions.iter().enumerate() {
        let now = spending.spent(t, alpha);
        let increment = (now - spent).max(0.0);
        let gap = (t - before).sqrt();
        let beyond = |c: f64| {
            if k == 0 {
                special::norm_sf(c / gap)
            } else {
                density.iter().map(|(u, f)| f * special::norm_sf((c - u) / gap)).sum()
            }
        };
        let root = t.sqrt();
        let bound = super::normal_mixture::bisect(LOWEST * root, LARGEST_Z * root, |c| beyond(c) <= increment);
        z.push(bound / root);
        alpha_spent.push(now);
        if let Some(next) = fractions.get(k + 1) {
            let width = bound - LOWEST * root;
            // Six nodes to each standard deviation of the step to the next look.
            let nodes = ((6.0 * width / (next - t).sqrt()).ceil() as usize).max(NODES);
            if nodes > MOST_NODES {
                return Err(Unanswerable::TooLarge {
                    test: "group_sequential_bounds",
                    limit: MOST_NODES as u64,
                    needed: nodes as u64,
                });
            }
            let points = gauss_legendre(nodes, LOWEST * root, bound);
            density = points
                .into_iter()
                .map(|(s, weight)| {
                    let f: f64 = if k == 0 {
                        special::norm_pdf(s / gap) / gap
                    } else {
                        density.iter().map(|(u, f)| f * special::norm_pdf((s - u) / gap)).sum::<f64>() / gap
                    };
                    (s, f * weight)
                })
                .collect();
        }
        (spent, before) = (now.max(spent), t);
    }
    Ok(GroupSequential { z, alpha_spent })
}

fn check(fractions: &[f64], spending: Spending, alpha: f64) -> Result<(), Unanswerable> {
    if !(alpha > 0.0 && alpha < 0.5) {
        return Err(Unanswerable::Argument { argument: "alpha", value: alpha, expected: "it has to lie in (0, 1/2)" });
    }
    if let Spending::Power(g) = spending
        && !(g > 0.0 && g.is_finite())
    {
        return Err(Unanswerable::Argument { argument: "power", value: g, expected: "it has to be a positive number" });
    }
    let mut before = 0.0;
    for &t in fractions {
        if !(t > before && t.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "fractions",
                value: t,
                expected: "information fractions have to ascend from above 0",
            });
        }
        before = t;
    }
    Ok(())
}

/// Nodes and weights of Gauss-Legendre quadrature on [low, high].
fn gauss_legendre(n: usize, low: f64, high: f64) -> Vec<(f64, f64)> {
    let (half, middle) = (0.5 * (high - low), 0.5 * (high + low));
    (0..n)
        .map(|i| {
            // Newton from the usual cosine start; converges in a handful of steps.
            let mut x = -(std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut p, mut previous) = (1.0, 0.0);
                for j in 0..n {
                    let j = j as f64;
                    (p, previous) = (((2.0 * j + 1.0) * x * p - j * previous) / (j + 1.0), p);
                }
                slope = n as f64 * (x * p - previous) / (x * x - 1.0);
                let step = p / slope;
                x -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            (middle + half * x, half * 2.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_integrates_polynomials_exactly() {
        let sum: f64 = gauss_legendre(5, -1.0, 3.0).iter().map(|(x, w)| w * x.powi(9)).sum();
        assert!((sum - (3f64.powi(10) - 1.0) / 10.0).abs() < 1e-9);
    }

    #[test]
    fn one_look_is_the_fixed_test_and_spending_ends_at_alpha() {
        for spending in [Spending::OBrienFleming, Spending::Pocock, Spending::Power(3.0)] {
            let bounds = group_sequential_bounds(&[1.0], spending, 0.05).expect("valid");
            assert!((bounds.z[0] - 1.6448536269514722).abs() < 1e-7, "{:?}", bounds);
            assert!((spending.spent(1.3, 0.05) - 0.05).abs() < 1e-12);
        }
    }

    #[test]
    fn beyond_the_plan_nothing_more_is_spent() {
        let bounds = group_sequential_bounds(&[0.5, 1.0, 1.2], Spending::Pocock, 0.05).expect("valid");
        assert!(bounds.z[2] > 7.0);
        assert!(group_sequential_bounds(&[0.5, 0.5], Spending::Pocock, 0.05).is_err());
        assert!(group_sequential_bounds(&[f64::NAN], Spending::Pocock, 0.05).is_err());
        assert!(group_sequential_bounds(&[1.0], Spending::Power(0.0), 0.05).is_err());
        assert!(group_sequential_bounds(&[1.0], Spending::Pocock, 0.5).is_err());
        assert!(group_sequential_bounds(&[0.9, 0.900001], Spending::Pocock, 0.05).is_err());
        assert_eq!(group_sequential_bounds(&[], Spending::Pocock, 0.05).expect("valid").z, Vec::<f64>::new());
    }
}
