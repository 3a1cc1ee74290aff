//! Intervals from replicates that somebody else drew.

use crate::stats::describe::{Moments, QuantileRule, lerp, quantile, sorted};
use crate::stats::special::{norm_cdf, norm_ppf};
use crate::stats::{Confidence, Unanswerable};

const TEST: &str = "bootstrap interval";

/// How given replicates become an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IntervalMethod {
    /// Quantiles of the replicates.
    Percentile,
    /// Quantiles of the replicates, mirrored at the estimate.
    Basic,
    /// Bias-corrected and accelerated (Efron 1987).
    Bca {
        /// a = sum L^3 / (6 (sum L^2)^1.5) of the influences; [`mean_acceleration`] for a mean.
        acceleration: f64,
    },
}

/// Where a quantile of the replicates lies between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RankRule {
    /// Type 7, as SciPy and NumPy.
    #[default]
    Linear,
    /// Rank (R + 1) p with interpolation on the normal scale, as R's `boot` (Davison & Hinkley 1997, equation 5.8).
    BootR,
}

/// The two-sided interval from replicates of a statistic and its estimate.
///
/// ```
/// use serinus::stats::bootstrap::{IntervalMethod, RankRule, interval_from_replicates};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let replicates: Vec<f64> = (1..=199).map(f64::from).collect();
/// let ci = interval_from_replicates(&replicates, 100.0, IntervalMethod::Percentile, 0.9, RankRule::BootR)?;
/// assert!((ci.low - 10.0).abs() < 1e-9 && (ci.high - 190.0).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::Argument`] for a level outside (0, 1); [`Unanswerable::Undefined`] without replicates, for values
/// that are not finite, and for BCa when all replicates lie on one side of the estimate.
pub fn interval_from_replicates(
    replicates: &[f64],
    estimate: f64,
    method: IntervalMethod,
    level: f64,
    rule: RankRule,
) -> Result<Confidence, Unanswerable> {
    crate::stats::contrast::check_level(level)?;
    let undefined = |why| Unanswerable::Undefined { test: TEST, why };
    if replicates.is_empty() || !estimate.is_finite() || replicates.iter().any(|v| !v.is_finite()) {
        return Err(undefined("there are no replicates, or one of the values is not finite"));
    }
    let sorted = sorted(replicates);
    let tail = 0.5 * (1.0 - level);
    let at = |p: f64| rule.quantile(&sorted, p).ok_or(undefined("the replicates have no such quantile"));
    let (low, high) = match method {
        IntervalMethod::Percentile => (at(tail)?, at(1.0 - tail)?),
        IntervalMethod::Basic => {
            let mirror = |v: f64| estimate + (estimate - v);
            (mirror(at(1.0 - tail)?), mirror(at(tail)?))
        }
        IntervalMethod::Bca { acceleration } => {
            let z0 = bias(&sorted, estimate).ok_or(undefined("all replicates lie on one side of the estimate"))?;
            let z = norm_ppf(tail);
            (at(bca_level(z0, acceleration, z))?, at(bca_level(z0, acceleration, -z))?)
        }
    };
    Ok(Confidence { low, high, level })
}

/// Replicates of data on a lattice tie with the estimate up to this share of their size.
pub(super) const TIE: f64 = 1e-14;

/// z0 = Phi^-1 of the share of replicates below the estimate, equal ones by half; `None` at 0 and 1.
pub(super) fn bias(sorted: &[f64], estimate: f64) -> Option<f64> {
    let size = sorted[0].abs().max(sorted[sorted.len() - 1].abs());
    let slack = if size.is_finite() { TIE * size } else { 0.0 };
    let below = sorted.partition_point(|v| *v < estimate - slack) as f64;
    let up_to = sorted.partition_point(|v| *v <= estimate + slack) as f64;
    let share = 0.5 * (below + up_to) / sorted.len() as f64;
    (share > 0.0 && share < 1.0).then(|| norm_ppf(share))
}

/// Phi(z0 + (z0 + z) / (1 - a (z0 + z))), which runs to 0 or 1 at the pole.
pub(super) fn bca_level(z0: f64, acceleration: f64, z: f64) -> f64 {
    let shifted = z0 + z;
    let denominator = 1.0 - acceleration * shifted;
    if denominator <= 0.0 {
        return if shifted > 0.0 { 1.0 } else { 0.0 };
    }
    norm_cdf(z0 + shifted / denominator)
}

impl RankRule {
    fn quantile(self, sorted: &[f64], p: f64) -> Option<f64> {
        match self {
            RankRule::Linear => quantile(sorted, p, QuantileRule::Linear),
            RankRule::BootR => {
                let size = sorted.len() as f64 + 1.0;
                let rank = size * p;
                let k = rank.floor();
                if k < 1.0 {
                    return sorted.first().copied();
                }
                if k >= size - 1.0 {
                    return sorted.last().copied();
                }
                if k == rank {
                    return Some(sorted[k as usize - 1]);
                }
                let (at, low, high) = (norm_ppf(p), norm_ppf(k / size), norm_ppf((k + 1.0) / size));
                lerp(sorted[k as usize - 1], sorted[k as usize], (at - low) / (high - low))
            }
        }
    }
}

/// BCa's acceleration of a mean: g1 / (6 sqrt(n)), which is what its jackknife gives; 0 for a constant sample.
///
/// # Errors
/// [`Unanswerable::Undefined`] for an empty or non-finite sample.
pub fn mean_acceleration(values: &[f64]) -> Result<f64, Unanswerable> {
    let why = "the sample is empty or holds a value that is not finite";
    let moments = Moments::of(values).filter(|m| m.n() > 0).ok_or(Unanswerable::Undefined { test: TEST, why })?;
    Ok(moments.skewness().map_or(0.0, |g1| g1 / (6.0 * (values.len() as f64).sqrt())))
}

/// BCa's acceleration of influences; 0 when none has any.
pub(super) fn acceleration(influences: &[f64]) -> f64 {
    let largest = influences.iter().fold(0.0_f64, |m, l| m.max(l.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return 0.0;
    }
    let (squares, cubes) = influences.iter().fold((0.0, 0.0), |(s, c), l| {
        let l = l / largest;
        (s + l * l, c + l * l * l)
    });
    cubes / (6.0 * squares * squares.sqrt())
}
