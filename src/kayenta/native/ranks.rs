//! The two samples by rank: how often a canary point lies above a baseline point, and whether that can be chance.

use crate::evidence::Method;
use crate::stats::brunner_munzel::{BrunnerMunzel, brunner_munzel_sorted};
use crate::stats::contrast::Better;
use crate::stats::mann_whitney::{MannWhitney, RankMethod, mann_whitney_at_border};
use crate::stats::rank::SortedArms;
use crate::stats::special::{norm_isf, norm_sf, t_isf, t_sf};

/// Points of the smaller side up to which the exact distribution is used: it costs a millisecond there.
const EXACT_BELOW: usize = 12;
/// Points of both sides up to which it is used.
const EXACT_TOTAL: usize = 60;

/// P(canary > baseline) + P(equal)/2 with its error, and the p-values of "no difference".
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranks {
    pub(super) theta: f64,
    /// Brunner and Munzel's; 0 when the samples are separated.
    standard_error: f64,
    dof: f64,
    /// Small when the canary is higher.
    pub(super) p_higher: f64,
    /// Small when the canary is lower.
    pub(super) p_lower: f64,
    pub(super) exact: bool,
}

impl Ranks {
    /// Ranks of two samples without NaN; nothing is shown of an empty one. `inflation` is the factor by which dependence in
    /// time widens variances. O(n log n), and the exact distribution of small samples.
    pub(super) fn of(x: &[f64], y: &[f64], inflation: f64) -> Self {
        let nothing = Ranks { theta: 0.5, standard_error: 0.0, dof: 1.0, p_higher: 1.0, p_lower: 1.0, exact: false };
        let small = x.len().min(y.len()) <= EXACT_BELOW && x.len() + y.len() <= EXACT_TOTAL;
        let by = |method| MannWhitney { method, ..MannWhitney::default() };
        let tested = SortedArms::new("kayenta", x, y).and_then(|arms| {
            let tails = |method| mann_whitney_at_border(&arms, Better::Higher, &by(method));
            let exact = if small { tails(RankMethod::Exact).ok() } else { None };
            let tails = exact.map_or_else(|| tails(RankMethod::Asymptotic), Ok)?;
            Ok((brunner_munzel_sorted(&arms, &BrunnerMunzel::default())?, tails))
        });
        let Ok((placed, tails)) = tested else { return nothing };
        Ranks {
            theta: placed.superiority,
            standard_error: placed.standard_error * inflation.sqrt(),
            dof: placed.dof.unwrap_or(1.0),
            p_higher: widened(tails.p_noninferior, inflation),
            p_lower: widened(tails.p_inferior, inflation),
            exact: tails.method == Method::Exact && inflation == 1.0,
        }
    }

    /// p-value of "theta is at least `bound`": small shows that it lies below.
    pub(super) fn p_below(&self, bound: f64) -> f64 {
        if self.standard_error == 0.0 {
            return if self.theta < bound { self.p_lower } else { 1.0 };
        }
        t_sf((bound - self.theta) / self.standard_error, self.dof)
    }

    /// Two-sided interval of theta, within [0, 1].
    pub(super) fn interval(&self, level: f64) -> (f64, f64) {
        if self.standard_error == 0.0 {
            return (self.theta, self.theta);
        }
        let half = t_isf((1.0 - level) / 2.0, self.dof) * self.standard_error;
        ((self.theta - half).max(0.0), (self.theta + half).min(1.0))
    }
}

/// A p-value whose normal deviate is divided by the root of a variance inflation.
pub(super) fn widened(p: f64, inflation: f64) -> f64 {
    if inflation <= 1.0 || !(p > 0.0 && p < 1.0) { p } else { norm_sf(norm_isf(p) / inflation.sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_of_ten_above_a_constant_baseline_is_one_in_646() {
        let canary = [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0];
        let ranks = Ranks::of(&canary, &[1.0; 10], 1.0);
        // C(10, 7)/C(20, 7) of the ways to place seven high points put all of them into the canary.
        assert!((ranks.p_higher - 120.0 / 77520.0).abs() < 1e-12 && ranks.exact);
        assert_eq!(ranks.theta, 0.85);
    }

    #[test]
    fn separated_arms_have_the_least_p_there_is() {
        let ranks = Ranks::of(&[6.0, 7.0, 8.0, 9.0, 10.0], &[1.0, 2.0, 3.0, 4.0, 5.0], 1.0);
        assert!((ranks.p_higher - 1.0 / 252.0).abs() < 1e-15);
        assert_eq!((ranks.theta, ranks.p_lower), (1.0, 1.0));
        assert_eq!(ranks.interval(0.9), (1.0, 1.0));
    }

    #[test]
    fn swapping_the_arms_swaps_the_tails() {
        let (x, y) = ([1.0, 4.0, 2.0, 2.0], [3.0, 1.0, 2.0, 0.0, 5.0, 1.0]);
        let (one, other) = (Ranks::of(&x, &y, 1.0), Ranks::of(&y, &x, 1.0));
        assert!((one.p_higher - other.p_lower).abs() < 1e-15 && (one.theta + other.theta - 1.0).abs() < 1e-15);
    }

    #[test]
    fn dependence_moves_p_towards_a_half() {
        assert!((widened(0.001, 4.0) - norm_sf(norm_isf(0.001) / 2.0)).abs() < 1e-15);
        assert_eq!(widened(0.2, 1.0), 0.2);
    }
}
