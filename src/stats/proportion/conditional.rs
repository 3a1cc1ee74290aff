//! The conditional exact test of a ratio, for rare events and for Poisson rates, and the interval that inverts it.

use super::{Proportions, StratumCounts, check_ratio};
use crate::arms::Arm;
use crate::stats::binomial::{check_alpha, ln_pmf, tails};
use crate::stats::boundary::{Look, flip};
use crate::stats::special::norm_isf;
use crate::stats::{Confidence, Unanswerable};

/// The most events over several strata that the exact convolution takes.
const EVENTS_LIMIT: u64 = 10_000;

/// What the conditional test says: exact p-values and their mid-P variants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConditionalBinomial {
    /// `P(A <= a)`: small when the canary's events are too few for the ratio. Exact, never too small.
    pub p_less: f64,
    /// `P(A >= a)`: small when they are too many. Exact, never too small.
    pub p_greater: f64,
    /// `p_less` less half the probability of a itself: close to the nominal size on average, not below it always.
    pub p_less_mid: f64,
    /// `p_greater` less half the probability of a itself.
    pub p_greater_mid: f64,
    /// Events of the canary.
    pub x_events: f64,
    /// Events of both arms.
    pub events: f64,
}

/// Whether a p-value counts the outcome seen wholly or by half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tail {
    /// Wholly: the size is never above the nominal one.
    #[default]
    Exact,
    /// By half: the size is near the nominal one.
    MidP,
}

/// Tells whether rare events are more, or less, frequent in the canary than `ratio` times the baseline's: exact given their total.
///
/// Of T events the canary's share is binomial with `pi = R m / (R m + n)`, so the p-values are binomial tails: O(1) at any
/// traffic. Exact for Poisson counts (Przyborowski & Wilenski 1940) and, to within the events' share of trials, for
/// proportions below one per cent; conservative beyond. Without any event both exact p-values are 1.
///
/// ```
/// use serinus::stats::proportion::{Proportions, conditional_binomial};
/// // 9 errors in 1,000 against 300 in 99,000: three times as many as expected.
/// let counts = Proportions { x_events: 9, x_n: 1000, y_events: 300, y_n: 99_000 };
/// assert!(conditional_binomial(counts, 1.1)?.p_greater < 0.01);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty, or `ratio` is not positive and finite.
pub fn conditional_binomial(counts: Proportions, ratio: f64) -> Result<ConditionalBinomial, Unanswerable> {
    conditional_binomial_strata(&[counts.into()], ratio)
}

/// The same question over strata with one common ratio: exact given each stratum's total.
///
/// The canary's events are then a sum of independent binomials, `A = sum of Bin(T_h, pi_h)`, whose distribution is convolved.
/// Weights play no part, and `x_n` and `y_n` may be exposures of any unit (Poisson rates). One stratum with events: the plain binomial, O(1). Effective counts (not whole) are continued by the
/// incomplete beta function in one stratum; over several, running totals are rounded, and a is rounded against the claim.
///
/// Cost: O(T^2) at worst, T at most 10,000 events over several strata.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, conditional_binomial_strata};
/// let strata = [
///     StratumCounts { weight: 0.2, x_events: 2.0, x_n: 500.0, y_events: 30.0, y_n: 9500.0 },
///     StratumCounts { weight: 0.8, x_events: 9.0, x_n: 2000.0, y_events: 25.0, y_n: 8000.0 },
/// ];
/// let found = conditional_binomial_strata(&strata, 1.1)?;
/// assert!(found.p_greater > 0.05 && found.p_less > 0.05);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A stratum has an empty arm or impossible counts, `ratio` is not positive and finite, or several strata hold more than
/// 10,000 events.
pub fn conditional_binomial_strata(strata: &[StratumCounts], ratio: f64) -> Result<ConditionalBinomial, Unanswerable> {
    conditional("conditional_binomial_strata", strata)?.test(ratio)
}

/// The ratios that [`conditional_binomial`] keeps at one-sided `alpha`: Clopper and Pearson's bounds for the canary's share.
///
/// ```
/// use serinus::stats::proportion::{Proportions, Tail, conditional_ratio_interval};
/// let counts = Proportions { x_events: 0, x_n: 1000, y_events: 25, y_n: 99_000 };
/// let found = conditional_ratio_interval(counts, 0.05, Tail::Exact)?;
/// assert!(found.low == 0.0 && found.high > 10.0);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty, or `alpha` lies outside (0, 0.5).
pub fn conditional_ratio_interval(counts: Proportions, alpha: f64, tail: Tail) -> Result<Confidence, Unanswerable> {
    conditional_ratio_interval_strata(&[counts.into()], alpha, tail)
}

/// The ratios that [`conditional_binomial_strata`] keeps at one-sided `alpha`; each end is a one-sided bound.
///
/// Without canary events the lower end is 0, without baseline events the upper end is infinite. Over several strata it costs
/// some twenty convolutions an end.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, Tail, conditional_ratio_interval_strata};
/// let strata = [
///     StratumCounts { weight: 0.2, x_events: 2.0, x_n: 500.0, y_events: 30.0, y_n: 9500.0 },
///     StratumCounts { weight: 0.8, x_events: 9.0, x_n: 2000.0, y_events: 25.0, y_n: 8000.0 },
/// ];
/// let found = conditional_ratio_interval_strata(&strata, 0.05, Tail::Exact)?;
/// assert!(found.low < 1.0 && found.high > 2.0);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// As [`conditional_binomial_strata`], or `alpha` lies outside (0, 0.5).
pub fn conditional_ratio_interval_strata(
    strata: &[StratumCounts],
    alpha: f64,
    tail: Tail,
) -> Result<Confidence, Unanswerable> {
    conditional("conditional_ratio_interval_strata", strata)?.interval(check_alpha(alpha)?, tail)
}

/// Only odds of trials enter, so `x_n` and `y_n` may be exposures, and events may outnumber them.
fn conditional(test: &'static str, strata: &[StratumCounts]) -> Result<Conditional, Unanswerable> {
    let mut splits = Vec::with_capacity(strata.len());
    for s in strata {
        for (arm, events, n) in [(Arm::Canary, s.x_events, s.x_n), (Arm::Baseline, s.y_events, s.y_n)] {
            if n == 0.0 {
                return Err(Unanswerable::TooFew { test, what: "trials", arm, needed: 1, found: 0 });
            }
            if !(n > 0.0 && n.is_finite()) {
                let expected = "it has to be positive and finite";
                return Err(Unanswerable::Argument { argument: "trials", value: n, expected });
            }
            if !(events >= 0.0 && events.is_finite()) {
                let expected = "it has to be finite and not negative";
                return Err(Unanswerable::Argument { argument: "events", value: events, expected });
            }
        }
        splits.push(Split { x: s.x_events, y: s.y_events, odds: s.x_n / s.y_n });
    }
    if splits.is_empty() {
        return Err(Unanswerable::Undefined { test, why: "there are no strata" });
    }
    Ok(Conditional { test, strata: splits })
}

/// One stratum's events, split between the arms.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// Events of the canary.
    x: f64,
    /// Events of the baseline.
    y: f64,
    /// The canary's trials or exposure over the baseline's.
    odds: f64,
}

impl Split {
    /// The canary's share of events under a ratio, and the rest.
    fn share(&self, ratio: f64) -> (f64, f64) {
        let odds = ratio * self.odds;
        (1.0 / (1.0 + 1.0 / odds), 1.0 / (1.0 + odds))
    }
}

/// Strata of a conditional test.
#[derive(Debug, Clone)]
pub(crate) struct Conditional {
    test: &'static str,
    strata: Vec<Split>,
}

impl Conditional {
    /// Two rates, `odds` the canary's exposure over the baseline's.
    pub fn of_rates(x: u64, y: u64, odds: f64) -> Self {
        Conditional { test: "rate_ratio", strata: vec![Split { x: x as f64, y: y as f64, odds }] }
    }

    /// The test at one ratio.
    pub fn test(&self, ratio: f64) -> Result<ConditionalBinomial, Unanswerable> {
        check_ratio(ratio)?;
        Ok(self.prepared()?.at(ratio))
    }

    /// The ratios kept at `alpha`.
    pub fn interval(&self, alpha: f64, tail: Tail) -> Result<Confidence, Unanswerable> {
        let prepared = self.prepared()?;
        let (x, y) = (prepared.x, prepared.events - prepared.x);
        // Where to begin: the Mantel-Haenszel ratio and its log limits, half an event more on each side.
        let (top, bottom) = self.strata.iter().fold((0.0, 0.0), |(top, bottom), s| {
            let (share, rest) = s.share(1.0);
            (top + s.x * rest, bottom + s.y * share)
        });
        let (share, rest) = self.strata.first().map_or((0.5, 0.5), |s| s.share(1.0));
        let centre = (top + 0.5 * rest) / (bottom + 0.5 * share);
        let reach = norm_isf(alpha) * (1.0 / (x + 0.5) + 1.0 / (y + 0.5)).sqrt();
        let guess = |end: f64| (centre * end.exp()).clamp(1e-100, 1e100);
        let low = if x > 0.0 {
            flip(0.0, f64::MAX, guess(-reach), 0.05 * guess(-reach), |ratio| {
                let p = prepared.at(ratio).greater(tail);
                Look { before: p <= alpha, value: (alpha / p).ln() }
            })
            .after
        } else {
            0.0
        };
        let high = if y > 0.0 {
            flip(0.0, f64::MAX, guess(reach), 0.05 * guess(reach), |ratio| {
                let p = prepared.at(ratio).less(tail);
                Look { before: p > alpha, value: (p / alpha).ln() }
            })
            .before
        } else {
            f64::INFINITY
        };
        Ok(Confidence { low, high, level: 1.0 - 2.0 * alpha })
    }

    fn prepared(&self) -> Result<Prepared, Unanswerable> {
        let strata: Vec<Split> = self.strata.iter().copied().filter(|s| s.x + s.y > 0.0).collect();
        let x: f64 = strata.iter().map(|s| s.x).sum();
        let events: f64 = strata.iter().map(|s| s.x + s.y).sum();
        if strata.len() > 1 && events > EVENTS_LIMIT as f64 {
            return Err(Unanswerable::TooLarge { test: self.test, limit: EVENTS_LIMIT, needed: events.ceil() as u64 });
        }
        let mut running = 0.0;
        let totals = strata
            .iter()
            .map(|s| {
                let before = f64::round(running);
                running += s.x + s.y;
                (running.round() - before) as u64
            })
            .collect();
        Ok(Prepared { strata, totals, x, events })
    }
}

impl ConditionalBinomial {
    fn less(&self, tail: Tail) -> f64 {
        match tail {
            Tail::Exact => self.p_less,
            Tail::MidP => self.p_less_mid,
        }
    }

    fn greater(&self, tail: Tail) -> f64 {
        match tail {
            Tail::Exact => self.p_greater,
            Tail::MidP => self.p_greater_mid,
        }
    }
}

struct Prepared {
    strata: Vec<Split>,
    totals: Vec<u64>,
    x: f64,
    events: f64,
}

impl Prepared {
    fn at(&self, ratio: f64) -> ConditionalBinomial {
        let (p_less, p_greater, at_less, at_greater) = match self.strata.as_slice() {
            [] => (1.0, 1.0, 1.0, 1.0),
            [one] => {
                let (p, q) = one.share(ratio);
                let (less, greater) = tails(one.x, one.x + one.y, p, q);
                let at = ln_pmf(one.x, one.x + one.y, p, q).exp();
                (less, greater, at, at)
            }
            _ => self.convolved(ratio),
        };
        ConditionalBinomial {
            p_less: p_less.min(1.0),
            p_greater: p_greater.min(1.0),
            p_less_mid: (p_less - 0.5 * at_less).clamp(0.0, 1.0),
            p_greater_mid: (p_greater - 0.5 * at_greater).clamp(0.0, 1.0),
            x_events: self.x,
            events: self.events,
        }
    }

    /// Both tails and the probabilities of the outcome itself.
    fn convolved(&self, ratio: f64) -> (f64, f64, f64, f64) {
        /// Probabilities below this share of a stratum's largest are left out at first.
        const NEGLIGIBLE: f64 = 1e-40;
        /// Tails below this are found anew with nothing left out.
        const TINY: f64 = 1e-20;
        let answer = |floor: f64| {
            let sum = self.strata.iter().zip(&self.totals).fold(Density::certain(), |sum, (s, &total)| {
                let (p, q) = s.share(ratio);
                sum.plus(&Density::binomial(total, p, q, floor))
            });
            let (above, below) = (self.x.ceil() as u64, self.x.floor() as u64);
            (sum.at_most(above), sum.at_least(below), sum.at(above), sum.at(below))
        };
        let found = answer(NEGLIGIBLE);
        if found.0.min(found.1) < TINY { answer(0.0) } else { found }
    }
}

/// Probabilities of the whole numbers from `start` on.
struct Density {
    start: u64,
    values: Vec<f64>,
}

impl Density {
    /// 0 for certain.
    fn certain() -> Self {
        Density { start: 0, values: vec![1.0] }
    }

    /// Binomial(n, p) without what is below `floor` times its largest probability, by ratios from the mode.
    fn binomial(n: u64, p: f64, q: f64, floor: f64) -> Self {
        let mode = (((n + 1) as f64 * p).floor() as u64).min(n);
        let (mut down, mut up) = (Vec::new(), Vec::new());
        let mut value = 1.0;
        for k in (0..mode).rev() {
            value *= (k + 1) as f64 / (n - k) as f64 * (q / p);
            if value <= floor {
                break;
            }
            down.push(value);
        }
        value = 1.0;
        for k in mode..n {
            value *= (n - k) as f64 / (k + 1) as f64 * (p / q);
            if value <= floor {
                break;
            }
            up.push(value);
        }
        let total = down.iter().rev().sum::<f64>() + 1.0 + up.iter().rev().sum::<f64>();
        let start = mode - down.len() as u64;
        let values = down.iter().rev().chain(&[1.0]).chain(&up).map(|v| v / total).collect();
        Density { start, values }
    }

    /// The sum of two independent numbers.
    fn plus(&self, other: &Density) -> Density {
        let mut values = vec![0.0; self.values.len() + other.values.len() - 1];
        let (long, short) = if self.values.len() >= other.values.len() { (self, other) } else { (other, self) };
        for (i, &a) in short.values.iter().enumerate() {
            for (out, &b) in values[i..].iter_mut().zip(&long.values) {
                *out += a * b;
            }
        }
        Density { start: self.start + other.start, values }
    }

    fn at(&self, k: u64) -> f64 {
        k.checked_sub(self.start).and_then(|i| self.values.get(i as usize)).copied().unwrap_or(0.0)
    }

    fn at_most(&self, k: u64) -> f64 {
        let Some(last) = k.checked_sub(self.start) else { return 0.0 };
        self.values.iter().take(last as usize + 1).sum()
    }

    fn at_least(&self, k: u64) -> f64 {
        self.values.iter().skip(k.saturating_sub(self.start) as usize).rev().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(x_events: f64, x_n: f64, y_events: f64, y_n: f64) -> StratumCounts {
        StratumCounts { weight: 1.0, x_events, x_n, y_events, y_n }
    }

    fn close(found: f64, expected: f64, rel: f64) {
        assert!((found - expected).abs() <= rel * expected.abs(), "{found:e}, expected {expected:e}");
    }

    #[test]
    fn equal_shares_convolve_to_one_binomial() {
        let whole = conditional_binomial_strata(&[stratum(9.0, 4000.0, 60.0, 40_000.0)], 1.2).expect("valid");
        let parts = [
            stratum(2.0, 1000.0, 10.0, 10_000.0),
            stratum(0.0, 2000.0, 30.0, 20_000.0),
            stratum(7.0, 1000.0, 20.0, 10_000.0),
        ];
        let split = conditional_binomial_strata(&parts, 1.2).expect("valid");
        for (a, b) in [
            (split.p_less, whole.p_less),
            (split.p_greater, whole.p_greater),
            (split.p_less_mid, whole.p_less_mid),
            (split.p_greater_mid, whole.p_greater_mid),
        ] {
            close(a, b, 1e-10);
        }
    }

    #[test]
    fn a_sum_of_unlike_strata_is_that_of_full_enumeration() {
        let strata = [stratum(1.0, 100.0, 2.0, 300.0), stratum(2.0, 50.0, 0.0, 50.0), stratum(0.0, 10.0, 4.0, 900.0)];
        let found = conditional_binomial_strata(&strata, 1.5).expect("valid");
        let pmf = |k: u64, s: &StratumCounts| {
            let n = s.x_events + s.y_events;
            let p = 1.5 * s.x_n / (1.5 * s.x_n + s.y_n);
            ln_pmf(k as f64, n, p, 1.0 - p).exp()
        };
        let (mut less, mut greater) = (0.0, 0.0);
        for i in 0..=3 {
            for j in 0..=2 {
                for k in 0..=4 {
                    let p = pmf(i, &strata[0]) * pmf(j, &strata[1]) * pmf(k, &strata[2]);
                    less += if i + j + k <= 3 { p } else { 0.0 };
                    greater += if i + j + k >= 3 { p } else { 0.0 };
                }
            }
        }
        close(found.p_less, less, 1e-12);
        close(found.p_greater, greater, 1e-12);
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // 400 events, all in the canary, which has half the traffic: 2^-400, and the strata do not matter.
        let halves = [stratum(150.0, 1e4, 0.0, 1e4), stratum(250.0, 1e5, 0.0, 1e5)];
        let found = conditional_binomial_strata(&halves, 1.0).expect("valid");
        close(found.p_greater, 2f64.powi(-400), 1e-10);
        close(found.p_less, 1.0, 1e-14);
    }

    #[test]
    fn interval_and_test_agree_at_the_ends_over_strata() {
        let strata = [stratum(2.0, 500.0, 30.0, 9500.0), stratum(9.0, 2000.0, 25.0, 8000.0)];
        for tail in [Tail::Exact, Tail::MidP] {
            let found = conditional_ratio_interval_strata(&strata, 0.05, tail).expect("valid");
            let test = |ratio: f64| conditional_binomial_strata(&strata, ratio).expect("valid");
            assert!(test(found.high).less(tail) > 0.05 && test(found.high * (1.0 + 1e-12)).less(tail) <= 0.05);
            assert!(test(found.low).greater(tail) > 0.05 && test(found.low * (1.0 - 1e-12)).greater(tail) <= 0.05);
        }
    }

    #[test]
    fn without_events_nothing_is_known() {
        let found = conditional_binomial_strata(&[stratum(0.0, 10.0, 0.0, 10.0)], 1.1).expect("valid");
        assert_eq!((found.p_less, found.p_greater), (1.0, 1.0));
        let interval = conditional_ratio_interval_strata(&[stratum(0.0, 10.0, 0.0, 10.0)], 0.05, Tail::Exact);
        let interval = interval.expect("valid");
        assert_eq!((interval.low, interval.high), (0.0, f64::INFINITY));
    }

    #[test]
    fn effective_counts_are_rounded_against_the_claim() {
        let strata = [stratum(1.25, 100.0, 2.5, 300.0), stratum(0.5, 50.0, 3.75, 500.0)];
        let found = conditional_binomial_strata(&strata, 1.0).expect("valid");
        let more = conditional_binomial_strata(&[stratum(1.0, 100.0, 3.0, 300.0), stratum(1.0, 50.0, 3.0, 500.0)], 1.0)
            .expect("valid");
        close(found.p_less, more.p_less, 1e-14);
        assert!(found.p_greater > more.p_greater);
    }

    #[test]
    fn exposures_may_be_smaller_than_events() {
        let hours = conditional_binomial_strata(&[stratum(40.0, 10.0, 100.0, 50.0)], 1.0).expect("valid");
        let seconds = conditional_binomial_strata(&[stratum(40.0, 36_000.0, 100.0, 180_000.0)], 1.0).expect("valid");
        assert_eq!(hours, seconds);
        assert!(hours.p_greater < 0.01);
        assert!(conditional_binomial_strata(&[stratum(1.0, 0.0, 1.0, 5.0)], 1.0).is_err());
        assert!(conditional_binomial_strata(&[stratum(f64::NAN, 1.0, 1.0, 5.0)], 1.0).is_err());
        assert!(conditional_binomial_strata(&[], 1.0).is_err());
    }

    #[test]
    fn too_many_events_over_strata_are_refused_and_in_one_stratum_are_not() {
        let big = stratum(6000.0, 1e6, 6000.0, 1e6);
        assert!(matches!(
            conditional_binomial_strata(&[big, big], 1.0),
            Err(Unanswerable::TooLarge { needed: 24_000, .. })
        ));
        assert!(conditional_binomial_strata(&[big], 1.0).is_ok());
    }
}
