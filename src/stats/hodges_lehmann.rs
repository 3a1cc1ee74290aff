//! The Hodges-Lehmann shift: the median of all differences canary - baseline, with its interval.

use serde::{Deserialize, Serialize};

use super::contrast::check_level;
use super::describe::require_finite;
use super::mann_whitney::{Continuity, RankMethod, exact};
use super::pairwise_sums::PairwiseSums;
use super::rank::{Merged, SortedArms};
use super::special::norm_isf;
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;
use crate::evidence::Method;

const TEST: &str = "hodges_lehmann";

/// Options of [`hodges_lehmann`] and [`hodges_lehmann_ratio`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HodgesLehmann {
    /// Level of the interval, such as 0.9.
    pub level: f64,
    /// Two-sided, or the side that is bounded: `Less` gives an upper bound and `Greater` a lower one, as R does.
    pub alternative: Alternative,
    /// Which law of U is inverted.
    pub method: RankMethod,
    /// Correction of the normal approximation.
    pub continuity: Continuity,
}

impl Default for HodgesLehmann {
    fn default() -> Self {
        HodgesLehmann {
            level: 0.95,
            alternative: Alternative::TwoSided,
            method: RankMethod::Auto,
            continuity: Continuity::Corrected,
        }
    }
}

impl HodgesLehmann {
    /// These options with another level.
    pub fn level(self, level: f64) -> Self {
        HodgesLehmann { level, ..self }
    }

    /// These options with another side.
    pub fn alternative(self, alternative: Alternative) -> Self {
        HodgesLehmann { alternative, ..self }
    }

    /// These options with another method.
    pub fn method(self, method: RankMethod) -> Self {
        HodgesLehmann { method, ..self }
    }

    /// Probability outside each bounded end.
    pub(crate) fn tail(&self) -> f64 {
        let outside = 1.0 - self.level;
        if self.alternative == Alternative::TwoSided { 0.5 * outside } else { outside }
    }
}

/// A shift or ratio by ranks, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankEstimate {
    /// The median of all differences, or of all ratios.
    pub estimate: f64,
    /// Interval between two order statistics of the differences; infinite on the side that is not bounded.
    pub interval: Confidence,
    /// Which law was inverted.
    pub method: Method,
    /// The ends are the so-manieth smallest and largest difference.
    pub order: u64,
    /// False when even the smallest and largest difference do not reach the level: the interval covers less than it says.
    pub reaches_level: bool,
}

/// How much larger the canary's values tend to be: the median of all differences, with an interval.
///
/// The interval inverts Mann and Whitney's test (Hodges & Lehmann 1963): its ends are order statistics of the m n
/// differences. Without ties the exact law of U decides which, as in R's `wilcox.test(conf.int = TRUE)`; else
/// k = floor(mn/2 - z s - 1/2) + 1 with s corrected for ties inside each arm, since at a generic shift ties across the
/// arms vanish. The ends are exact rounded differences, found without laying the differences out.
///
/// DIFFERENCE: R's estimate and ends with `exact = FALSE` are roots found to 1e-4; these are the order statistics to
/// which those roots converge.
///
/// O(N log N) time and O(N) memory.
///
/// ```
/// use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let slower = hodges_lehmann(&[12.0, 15.0, 11.0, 14.0], &[8.0, 10.0, 9.0, 7.5], &HodgesLehmann::default())?;
/// assert_eq!(slower.estimate, 4.25);
/// assert_eq!((slower.interval.low, slower.interval.high), (1.0, 7.5));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] for an empty arm, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`] for a level outside
/// (0, 1), [`Unanswerable::TooLarge`] or [`Unanswerable::Undefined`] when the exact law is asked for and does not apply.
pub fn hodges_lehmann(x: &[f64], y: &[f64], options: &HodgesLehmann) -> Result<RankEstimate, Unanswerable> {
    require_finite(TEST, Arm::Canary, x)?;
    require_finite(TEST, Arm::Baseline, y)?;
    hodges_lehmann_sorted(&SortedArms::new(TEST, x, y)?, options)
}

/// [`hodges_lehmann`] of arms that are sorted already.
///
/// # Errors
/// As [`hodges_lehmann`].
pub fn hodges_lehmann_sorted(arms: &SortedArms, options: &HodgesLehmann) -> Result<RankEstimate, Unanswerable> {
    check_level(options.level)?;
    for (arm, values) in [(Arm::Canary, arms.x()), (Arm::Baseline, arms.y())] {
        require_finite(TEST, arm, values)?;
    }
    let merged = arms.merge();
    let ends = ends(&merged, options)?;
    let sums = PairwiseSums::differences(arms.x(), arms.y());
    let interval = interval(&sums, &ends, options);
    Ok(RankEstimate {
        estimate: sums.median(),
        interval,
        method: ends.method,
        order: ends.order,
        reaches_level: ends.reaches_level,
    })
}

/// How many times larger the canary's values tend to be: the median of all ratios x/y, with an interval.
///
/// [`hodges_lehmann`] on logarithms, for values above zero.
///
/// ```
/// use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann_ratio};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let ratio = hodges_lehmann_ratio(&[2.0, 4.0, 8.0], &[1.0, 2.0, 4.0], &HodgesLehmann::default())?;
/// assert!((ratio.estimate - 2.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`hodges_lehmann`], and [`Unanswerable::Undefined`] for a value of zero or less.
pub fn hodges_lehmann_ratio(x: &[f64], y: &[f64], options: &HodgesLehmann) -> Result<RankEstimate, Unanswerable> {
    require_finite(TEST, Arm::Canary, x)?;
    require_finite(TEST, Arm::Baseline, y)?;
    if x.iter().chain(y).any(|v| *v <= 0.0) {
        return Err(Unanswerable::Undefined { test: TEST, why: "a ratio needs values above zero" });
    }
    let logs = |values: &[f64]| values.iter().map(|v| v.ln()).collect::<Vec<f64>>();
    let on_logs = hodges_lehmann(&logs(x), &logs(y), options)?;
    let Confidence { low, high, level } = on_logs.interval;
    let factor = |log: f64| if log == f64::INFINITY { log } else { log.exp().min(f64::MAX) };
    Ok(RankEstimate {
        estimate: factor(on_logs.estimate),
        interval: Confidence { low: factor(low), high: factor(high), level },
        ..on_logs
    })
}

/// Which order statistics are the ends.
pub(crate) struct Ends {
    pub order: u64,
    pub method: Method,
    pub reaches_level: bool,
}

pub(crate) fn interval(sums: &PairwiseSums, ends: &Ends, options: &HodgesLehmann) -> Confidence {
    let count = sums.len();
    let low = match options.alternative {
        Alternative::Less => f64::NEG_INFINITY,
        _ => sums.smallest(ends.order),
    };
    let high = match options.alternative {
        Alternative::Greater => f64::INFINITY,
        _ => sums.smallest(count + 1 - ends.order),
    };
    Confidence { low, high, level: options.level }
}

fn ends(merged: &Merged, options: &HodgesLehmann) -> Result<Ends, Unanswerable> {
    let exact = || exact_ends(merged, options.tail());
    match options.method {
        RankMethod::Asymptotic => Ok(asymptotic_ends(merged, options)),
        RankMethod::Exact if merged.tie_term_within > 0 => Err(Unanswerable::Undefined {
            test: TEST,
            why: "the exact interval needs values without ties inside an arm; use the asymptotic one",
        }),
        RankMethod::Exact => exact(),
        RankMethod::Auto if merged.tied() => Ok(asymptotic_ends(merged, options)),
        RankMethod::Auto => exact().or_else(|_| Ok(asymptotic_ends(merged, options))),
    }
}

/// The smallest q with P(U <= q) >= tail, as R's `qwilcox`.
fn exact_ends(merged: &Merged, tail: f64) -> Result<Ends, Unanswerable> {
    let (m, n) = (merged.m, merged.n);
    let arrangements = exact::check_untied(TEST, m, n)? as f64;
    let half = (m * n / 2) as usize;
    let mut within = 0_i128;
    let mut order = half as u64;
    for (q, count) in exact::low_counts(m, n, half).iter().enumerate() {
        within += count;
        if within as f64 / arrangements >= tail {
            order = q as u64;
            break;
        }
    }
    Ok(Ends { order: order.max(1), method: Method::Exact, reaches_level: order >= 1 })
}

fn asymptotic_ends(merged: &Merged, options: &HodgesLehmann) -> Ends {
    let total = (merged.m + merged.n) as f64;
    let untied = (super::rank::cubic(merged.m + merged.n) - merged.tie_term_within) as f64;
    let pairs = merged.pairs() as f64;
    let deviation = (pairs / 12.0 * (untied / (total * (total - 1.0)))).sqrt();
    let position = 0.5 * pairs - norm_isf(options.tail()) * deviation - options.continuity.step();
    order_at(position, merged.pairs() as u64, Method::Asymptotic)
}

/// k = floor(position) + 1, kept between the first sum and the middle one.
pub(crate) fn order_at(position: f64, count: u64, method: Method) -> Ends {
    let order = position.floor() + 1.0;
    Ends { order: (order.max(1.0) as u64).min(count.div_ceil(2)), method, reaches_level: order >= 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::mann_whitney::{MannWhitney, mann_whitney};

    #[test]
    fn the_exact_interval_holds_the_shifts_that_the_exact_test_keeps() {
        let x = [11.9, 14.2, 10.5, 13.1, 12.8];
        let y = [12.1, 9.8, 11.4, 10.2, 13.7, 8.9, 10.9, 12.6];
        let options = HodgesLehmann::default().level(0.9);
        let found = hodges_lehmann(&x, &y, &options).expect("the data are clean");
        for (inside, end, step) in [
            (true, found.interval.low, 1e-6),
            (false, found.interval.low, -1e-6),
            (true, found.interval.high, -1e-6),
            (false, found.interval.high, 1e-6),
        ] {
            let shifted: Vec<f64> = x.iter().map(|v| v - end - step).collect();
            let p = mann_whitney(&shifted, &y, &MannWhitney::default()).expect("the data are clean").p_value;
            assert_eq!(p > 0.1, inside, "{end} {step} {p}");
        }
    }

    #[test]
    fn bounds_of_one_side_are_the_ends_of_a_wider_interval() {
        let x: Vec<f64> = (0..30).map(|i| f64::from(i * i % 31)).collect();
        let y: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 40)).collect();
        let both = hodges_lehmann(&x, &y, &HodgesLehmann::default().level(0.9)).expect("clean").interval;
        let one = HodgesLehmann::default().level(0.95).alternative(Alternative::Greater);
        let one = hodges_lehmann(&x, &y, &one).expect("clean").interval;
        assert_eq!((one.low, one.high), (both.low, f64::INFINITY));
    }

    #[test]
    fn single_values_and_constants_have_an_estimate_and_no_false_level() {
        let single = hodges_lehmann(&[5.0], &[2.0], &HodgesLehmann::default()).expect("clean");
        assert_eq!((single.estimate, single.interval.low, single.interval.high), (3.0, 3.0, 3.0));
        assert!(!single.reaches_level);
        let smallest = hodges_lehmann(&[0.0], &[-5e-324], &HodgesLehmann::default()).expect("clean");
        assert_eq!((smallest.estimate, smallest.interval.low), (5e-324, 5e-324));
        let constant = hodges_lehmann(&[5.0; 30], &[2.0; 40], &HodgesLehmann::default()).expect("clean");
        assert_eq!((constant.interval.low, constant.interval.high), (3.0, 3.0));
        assert!(constant.reaches_level);
    }

    #[test]
    fn what_has_no_shift_says_so() {
        let options = HodgesLehmann::default();
        assert!(hodges_lehmann(&[f64::INFINITY], &[1.0], &options).is_err());
        assert!(hodges_lehmann(&[], &[1.0], &options).is_err());
        assert!(hodges_lehmann(&[1.0], &[1.0], &options.level(1.0)).is_err());
        assert!(hodges_lehmann_ratio(&[0.0], &[1.0], &options).is_err());
    }
}
