//! Two proportions on the same items: McNemar's test of no difference and Tango's score test with a margin.
//!
//! Only items on which the arms disagree carry information: `only_x` where the canary alone has the event, `only_y` where the
//! baseline alone has it. They are easy to swap, so they are named.
//!
//! Sources: McNemar 1947; Tango 1998.

use super::binomial::{check_alpha, check_counts, tails};
use super::boundary::{Look, flip};
use super::proportion::ScoreTest;
use super::special::{chi2_sf, norm_isf};
use super::{Confidence, Unanswerable};

/// Items on which the arms disagree, among all items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedCounts {
    /// Items with the event in the canary alone.
    pub only_x: f64,
    /// Items with the event in the baseline alone.
    pub only_y: f64,
    /// All items. Counts may be effective ones.
    pub n: f64,
}

/// How McNemar's p-value is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mcnemar {
    /// Binomial on the items that differ; the statistic is the smaller of the two counts.
    #[default]
    Exact,
    /// Chi-square with one degree of freedom: `(|b - c| - 1)^2 / (b + c)`, never below zero difference.
    Corrected,
    /// Chi-square without continuity correction.
    Uncorrected,
}

/// What McNemar's test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McnemarTest {
    /// The smaller count, or chi-square.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Exact and one-sided: small when the event is rarer in the canary.
    pub p_less: f64,
    /// Exact and one-sided: small when the event is more frequent in the canary.
    pub p_greater: f64,
}

/// Tells whether two arms that saw the same items differ: `only_x` and `only_y` items have the event in one arm alone.
///
/// DIFFERENCE: where both counts are equal the corrected statistic is 0, as in R; statsmodels overshoots to `1/(b + c)`.
///
/// ```
/// use serinus::stats::paired_proportion::{Mcnemar, mcnemar};
/// let found = mcnemar(5, 12, Mcnemar::Exact)?;
/// assert!((found.p_value - 0.143463134765625).abs() < 1e-12);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// The asymptotic forms have no answer when no item differs; the exact one answers 1.
pub fn mcnemar(only_x: u64, only_y: u64, kind: Mcnemar) -> Result<McnemarTest, Unanswerable> {
    let (b, c) = (only_x as f64, only_y as f64);
    let (p_less, p_greater) = tails(b, b + c, 0.5, 0.5);
    let asymptotic = |corrected: f64| {
        if b + c == 0.0 {
            return Err(Unanswerable::Undefined { test: "mcnemar", why: "no item differs; the exact form answers 1" });
        }
        let gap = ((b - c).abs() - corrected).max(0.0);
        let statistic = gap * (gap / (b + c));
        let p_value = if statistic > 0.0 { chi2_sf(statistic, 1.0) } else { 1.0 };
        Ok(McnemarTest { statistic, p_value, p_less, p_greater })
    };
    match kind {
        Mcnemar::Exact => {
            let p_value = (2.0 * p_less.min(p_greater)).min(1.0);
            Ok(McnemarTest { statistic: b.min(c), p_value, p_less, p_greater })
        }
        Mcnemar::Corrected => asymptotic(1.0),
        Mcnemar::Uncorrected => asymptotic(0.0),
    }
}

/// Tells whether the canary's proportion exceeds the baseline's on the same items by more, or by less, than `delta`.
///
/// Tango's score test: `z = (b - c - n delta) / sqrt(n (2 q~ + delta (1 - delta)))`, b the canary's items, c the baseline's and
/// q~ the probability of a c item of greatest likelihood when the difference is `delta` (Tango 1998, equation 5). The
/// variance reported is that of the difference, times `variance_factor` (a design effect; 1 when items are independent).
///
/// ```
/// use serinus::stats::paired_proportion::{PairedCounts, tango};
/// // Right answers on 200 items: 12 by the canary alone, 5 by the baseline alone. Not worse by five points?
/// let found = tango(PairedCounts { only_x: 12.0, only_y: 5.0, n: 200.0 }, -0.05, 1.0)?;
/// assert!((found.z - 3.543413555704155).abs() < 1e-12 && found.p_greater() < 0.001);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// There are no items, the counts are impossible, `delta` lies outside [-1, 1], or the factor is not positive.
pub fn tango(counts: PairedCounts, delta: f64, variance_factor: f64) -> Result<ScoreTest, Unanswerable> {
    let counts = counts.checked(variance_factor)?;
    if !(-1.0..=1.0).contains(&delta) {
        return Err(Unanswerable::Argument { argument: "delta", value: delta, expected: "it has to lie in [-1, 1]" });
    }
    Ok(counts.at(delta, variance_factor))
}

/// The differences that [`tango`] keeps at one-sided `alpha`.
///
/// ```
/// use serinus::stats::paired_proportion::{PairedCounts, tango_interval};
/// // Tango 1998, table IV: 0 and 1 of 44 differ.
/// let found = tango_interval(PairedCounts { only_x: 0.0, only_y: 1.0, n: 44.0 }, 0.05, 1.0)?;
/// assert!(found.low > -0.1 && found.high > 0.0);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// As [`tango`], or `alpha` lies outside (0, 0.5).
pub fn tango_interval(counts: PairedCounts, alpha: f64, variance_factor: f64) -> Result<Confidence, Unanswerable> {
    let counts = counts.checked(variance_factor)?;
    let z = norm_isf(check_alpha(alpha)?);
    let n = counts.n;
    let estimate = (counts.only_x - counts.only_y) / n;
    let reach = z * (variance_factor * (counts.only_x + counts.only_y + 1.0)).sqrt() / n;
    let guess = |end: f64| end.clamp(-1.0 + 1e-9, 1.0 - 1e-9);
    let test = |delta: f64| counts.at(delta, variance_factor);
    let low = flip(-1.0, 1.0, guess(estimate - reach), 0.05 * reach, |delta| Look {
        before: test(delta).p_greater() <= alpha,
        value: test(delta).z - z,
    });
    let high = flip(-1.0, 1.0, guess(estimate + reach), 0.05 * reach, |delta| Look {
        before: test(delta).p_less() > alpha,
        value: test(delta).z + z,
    });
    // Only an estimate at the very end of the range is kept there.
    let low = if test(-1.0).p_greater() > alpha { -1.0 } else { low.after };
    let high = if test(1.0).p_less() > alpha { 1.0 } else { high.before };
    Ok(Confidence { low, high, level: 1.0 - 2.0 * alpha })
}

/// The probability of an item with the event in the baseline alone, of greatest likelihood when the difference is `delta`.
///
/// ```
/// use serinus::stats::paired_proportion::{PairedCounts, tango_fitted};
/// let q = tango_fitted(PairedCounts { only_x: 12.0, only_y: 5.0, n: 200.0 }, -0.05)?;
/// assert!((q - 0.08379322084953102).abs() < 1e-14);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// As [`tango`].
pub fn tango_fitted(counts: PairedCounts, delta: f64) -> Result<f64, Unanswerable> {
    tango(counts, delta, 1.0)?;
    Ok(counts.fitted_only_y(delta))
}

impl PairedCounts {
    fn checked(self, variance_factor: f64) -> Result<Self, Unanswerable> {
        check_counts("tango", self.only_x, self.n)?;
        check_counts("tango", self.only_y, self.n)?;
        check_counts("tango", self.only_x + self.only_y, self.n)?;
        if variance_factor > 0.0 && variance_factor.is_finite() {
            Ok(self)
        } else {
            Err(Unanswerable::Argument {
                argument: "variance_factor",
                value: variance_factor,
                expected: "it has to be positive and finite",
            })
        }
    }

    fn at(&self, delta: f64, factor: f64) -> ScoreTest {
        let (n, d) = (self.n, delta.abs());
        let (more, less) = if delta < 0.0 { (self.only_y, self.only_x) } else { (self.only_x, self.only_y) };
        let smaller = self.fitted_smaller(more, less, d);
        let estimate = (self.only_x - self.only_y) / n;
        let variance = factor * (2.0 * smaller + d * (1.0 - d)) / n;
        ScoreTest::new(estimate - delta, variance, Some(estimate))
    }

    fn fitted_only_y(&self, delta: f64) -> f64 {
        if delta < 0.0 {
            self.fitted_smaller(self.only_y, self.only_x, -delta) - delta
        } else {
            self.fitted_smaller(self.only_x, self.only_y, delta)
        }
    }

    /// The probability of the rarer kind of item when the other is more probable by d: Tango's quadratic with d >= 0, where
    /// its roots have opposite signs and nothing cancels.
    fn fitted_smaller(&self, more: f64, less: f64, d: f64) -> f64 {
        let a = 2.0 * self.n;
        let b = -more - less + (2.0 * self.n - more + less) * d;
        let c = less * d * (1.0 - d);
        let root = (b * b + 4.0 * a * c).sqrt();
        let q = if b > 0.0 { 2.0 * c / (b + root) } else { (root - b) / (2.0 * a) };
        q.clamp(0.0, 0.5 * (1.0 - d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(only_x: f64, only_y: f64, n: f64) -> PairedCounts {
        PairedCounts { only_x, only_y, n }
    }

    const HARD: [(f64, f64, f64); 7] = [
        (12.0, 5.0, 200.0),
        (0.0, 1.0, 44.0),
        (0.0, 0.0, 10.0),
        (10.0, 0.0, 10.0),
        (0.0, 1.0, 1.0),
        (3.0, 900.0, 1e9),
        (4.5, 2.25, 20.5),
    ];

    #[test]
    fn the_fit_is_the_likeliest_on_the_constraint() {
        for (b, c, n) in HARD {
            for delta in [-0.7, -0.05, 1e-6, 0.3, 0.95] {
                let q = tango_fitted(counts(b, c, n), delta).expect("valid");
                let likelihood = |q: f64| {
                    let term = |k: f64, p: f64| if k == 0.0 { 0.0 } else { k * p.ln() };
                    term(b, q + delta) + term(c, q) + term(n - b - c, 1.0 - 2.0 * q - delta)
                };
                for step in [-1e-4, 1e-4] {
                    let near = q + step;
                    if near >= 0.0 && near + delta >= 0.0 && 2.0 * near + delta <= 1.0 {
                        let (best, other) = (likelihood(q), likelihood(near));
                        assert!(other <= best + 1e-12 * best.abs(), "{b} {c} {n} {delta}: {other} > {best}");
                    }
                }
            }
        }
    }

    #[test]
    fn swapping_the_arms_mirrors_the_test() {
        for (b, c, n) in HARD {
            for delta in [-1.0, -0.2, 0.0, 1e-9, 0.5, 1.0] {
                let (a, m) = (tango(counts(b, c, n), delta, 1.0), tango(counts(c, b, n), -delta, 1.0));
                assert_eq!(a.expect("valid").z, -m.expect("valid").z);
            }
        }
    }

    #[test]
    fn interval_and_test_agree_at_the_ends() {
        for (b, c, n) in HARD {
            let t = counts(b, c, n);
            let found = tango_interval(t, 0.05, 1.3).expect("valid");
            let at = |delta: f64| tango(t, delta, 1.3).expect("valid");
            assert!(at(found.high).p_less() > 0.05 && at(found.low).p_greater() > 0.05, "{t:?} {found:?}");
            if found.high < 1.0 {
                assert!(at(found.high.next_up()).p_less() <= 0.05, "{t:?}");
            }
            if found.low > -1.0 {
                assert!(at(found.low.next_down()).p_greater() <= 0.05, "{t:?}");
            }
            let estimate = (b - c) / n;
            assert!(found.low <= estimate && estimate <= found.high);
        }
    }

    #[test]
    fn no_disagreement_and_no_margin_is_no_evidence() {
        assert_eq!(tango(counts(0.0, 0.0, 10.0), 0.0, 1.0).expect("valid").z, 0.0);
        assert_eq!(mcnemar(0, 0, Mcnemar::Exact).expect("valid").p_value, 1.0);
        assert!(mcnemar(0, 0, Mcnemar::Corrected).is_err());
        assert_eq!(mcnemar(4, 4, Mcnemar::Corrected).expect("valid").p_value, 1.0);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(tango(counts(5.0, 6.0, 10.0), 0.1, 1.0).is_err());
        assert!(tango(counts(1.0, 1.0, 10.0), f64::NAN, 1.0).is_err());
        assert!(tango(counts(1.0, 1.0, 10.0), 0.1, 0.0).is_err());
        assert!(tango(counts(0.0, 0.0, 0.0), 0.1, 1.0).is_err());
    }
}
