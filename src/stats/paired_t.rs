//! Paired t and the sign test: what the same requests did on both versions.

use super::contrast::{Better, Contrast, Flag, check_alpha, check_level};
use super::describe::{Moments, p_of, require_rows};
use super::location::{DifferenceTest, MarginTest};
use super::paired_differences::PairedDifferences;
use super::scale::up;
use super::special::{binom_cdf, binom_sf, t_isf, t_tails};
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;

const PAIRED_T: &str = "paired_t";
const SIGN_TEST: &str = "sign_test";

/// Units of the last place of the largest value within which differences count as one constant.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// Whether the mean difference within pairs is zero, by Student's t.
///
/// t = mean(d) / (s_d / sqrt(n)) with d = x - y and n - 1 degrees of freedom. The interval is one-sided for a one-sided
/// alternative.
///
/// DIFFERENCE: when all differences are one constant, up to rounding, t does not exist and p is that of the exact
/// sign-flip test, 2^-n a side, or 1 for the constant zero; SciPy gives an infinite t or NaN.
///
/// ```
/// use serinus::stats::Alternative;
/// use serinus::stats::paired_t::paired_t;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let test = paired_t(&[5.0, 7.0, 6.0, 8.0], &[4.0, 6.5, 5.0, 6.5], Alternative::TwoSided, 0.95)?;
/// assert_eq!((test.difference, test.dof), (1.0, Some(3.0)));
/// assert!(test.p_value < 0.02 && test.interval.low > 0.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two pairs, [`Unanswerable::NonFinite`], [`Unanswerable::Undefined`] for arms of unequal
/// length, [`Unanswerable::Argument`] for a level outside (0, 1).
pub fn paired_t(x: &[f64], y: &[f64], alternative: Alternative, level: f64) -> Result<DifferenceTest, Unanswerable> {
    check_level(level)?;
    let tail = if alternative == Alternative::TwoSided { 0.5 * (1.0 - level) } else { 1.0 - level };
    paired_t_within(x, y, alternative, level, |fit| fit.reach(tail))
}

/// [`paired_t`] without its interval, whose quantile costs more than the rest.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) fn paired_t_alone(x: &[f64], y: &[f64], alternative: Alternative) -> Result<DifferenceTest, Unanswerable> {
    paired_t_within(x, y, alternative, 1.0, |_| f64::INFINITY)
}

fn paired_t_within(
    x: &[f64],
    y: &[f64],
    alternative: Alternative,
    level: f64,
    reach: impl Fn(&Fit) -> f64,
) -> Result<DifferenceTest, Unanswerable> {
    let fit = Fit::of(x, y, &Contrast::absolute(Better::Higher, 0.0))?;
    let native = |v: f64| fit.native(v);
    let (lower, upper) = fit.tails();
    let reach = reach(&fit);
    let low = if alternative == Alternative::Less { f64::NEG_INFINITY } else { native(fit.mean - reach) };
    let high = if alternative == Alternative::Greater { f64::INFINITY } else { native(fit.mean + reach) };
    Ok(DifferenceTest {
        difference: native(fit.mean),
        standard_error: native(fit.standard_error),
        t: fit.t(),
        dof: fit.t().map(|_| fit.dof),
        p_value: p_of(alternative, lower, upper),
        interval: Confidence { low, high, level },
        flags: fit.flags(true),
    })
}

/// Whether the canary is shown to keep a margin on the mean, or to break it, within pairs.
///
/// Paired t on d = s (x - rho y) + delta, so that a relative margin carries the baseline's own variation. The interval
/// is of the mean of x - rho y at 1 - 2 alpha, and lies inside the margin exactly when `p_noninferior` is below alpha.
///
/// ```
/// use serinus::stats::contrast::{Better, Contrast};
/// use serinus::stats::paired_t::paired_t_noninferiority;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let margin = Contrast::relative(Better::Lower, 0.10);
/// let test = paired_t_noninferiority(&[10.1, 20.3, 30.2, 39.7], &[10.0, 20.0, 30.0, 40.0], &margin, 0.05)?;
/// assert!(test.p_noninferior < 0.05);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`paired_t`], and [`Unanswerable::Argument`] for a margin or alpha out of its range.
pub fn paired_t_noninferiority(
    x: &[f64],
    y: &[f64],
    contrast: &Contrast,
    alpha: f64,
) -> Result<MarginTest, Unanswerable> {
    check_alpha(alpha)?;
    let fit = Fit::of(x, y, contrast)?;
    let (lower, upper) = fit.tails();
    let reach = fit.reach(alpha);
    // psi = s difference + delta, turned around for the interval of the difference.
    let sign = contrast.better.sign();
    let delta = super::scale::down(contrast.absolute, fit.exponent);
    let difference = |psi: f64| fit.native(sign * (psi - delta));
    let (one, other) = (difference(fit.mean - reach), difference(fit.mean + reach));
    Ok(MarginTest {
        difference: difference(fit.mean),
        psi: fit.native(fit.mean),
        standard_error: fit.native(fit.standard_error),
        t: fit.t(),
        dof: fit.t().map(|_| fit.dof),
        p_noninferior: upper,
        p_inferior: lower,
        interval: Confidence { low: one.min(other), high: one.max(other), level: 1.0 - 2.0 * alpha },
        predicted_size: None,
        skewness: None,
        baseline_g: None,
        flags: fit.flags(contrast.relative == 0.0 && contrast.absolute == 0.0),
    })
}

/// Mean difference and standard error in units of 2^exponent.
struct Fit {
    mean: f64,
    standard_error: f64,
    dof: f64,
    n: u64,
    exponent: i32,
}

impl Fit {
    fn of(x: &[f64], y: &[f64], contrast: &Contrast) -> Result<Fit, Unanswerable> {
        let differences = PairedDifferences::of(PAIRED_T, x, y, contrast)?;
        let n = differences.values.len() as u64;
        require_rows(PAIRED_T, Arm::Canary, 2, n)?;
        let moments = Moments::of(&differences.values);
        let (mean, deviation) = moments.and_then(|m| m.mean().zip(m.standard_deviation())).unwrap_or((0.0, 0.0));
        let rounding = ROUNDING * differences.largest;
        let constant = deviation <= rounding;
        Ok(Fit {
            mean: if constant && mean.abs() <= rounding { 0.0 } else { mean },
            standard_error: if constant { 0.0 } else { deviation / (n as f64).sqrt() },
            dof: (n - 1) as f64,
            n,
            exponent: differences.exponent,
        })
    }

    fn native(&self, value: f64) -> f64 {
        up(value, self.exponent).clamp(-f64::MAX, f64::MAX)
    }

    fn t(&self) -> Option<f64> {
        (self.standard_error > 0.0).then(|| self.mean / self.standard_error)
    }

    fn tails(&self) -> (f64, f64) {
        if let Some(t) = self.t() {
            return t_tails(t, self.dof);
        }
        let all_one_way = 0.5_f64.powf(self.n as f64).max(f64::MIN_POSITIVE);
        if self.mean == 0.0 {
            (1.0, 1.0)
        } else if self.mean > 0.0 {
            (1.0, all_one_way)
        } else {
            (all_one_way, 1.0)
        }
    }

    fn reach(&self, tail: f64) -> f64 {
        if self.standard_error > 0.0 { t_isf(tail, self.dof) * self.standard_error } else { 0.0 }
    }

    fn flags(&self, without_margin: bool) -> Vec<Flag> {
        if self.standard_error > 0.0 {
            return Vec::new();
        }
        let same = without_margin && self.mean == 0.0;
        vec![if same { Flag::IdenticalConstant } else { Flag::DegenerateVariance }]
    }
}

/// What the sign test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignTest {
    /// Pairs in which the canary is larger, or safe for a margin.
    pub positive: u64,
    /// Pairs in which it is smaller, or harmed.
    pub negative: u64,
    /// Pairs without a difference; they do not count.
    pub zeros: u64,
    /// P(at most as many positive differences).
    pub p_less: f64,
    /// P(at least as many positive differences).
    pub p_greater: f64,
}

impl SignTest {
    /// The p-value of an alternative about the canary.
    pub fn p_value(&self, alternative: Alternative) -> f64 {
        p_of(alternative, self.p_less, self.p_greater)
    }
}

/// Whether the median difference within pairs is zero, by the signs alone.
///
/// The number of positive differences among those that are not zero is binomial with one half; exact. Needs no symmetry
/// of the differences, unlike the signed rank. Without any difference both p-values are 1.
///
/// ```
/// use serinus::stats::Alternative;
/// use serinus::stats::paired_t::sign_test;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let test = sign_test(&[2.0, 3.0, 9.0, 4.0], &[1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!((test.positive, test.zeros), (3, 1));
/// assert!((test.p_value(Alternative::TwoSided) - 0.25).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] without pairs, [`Unanswerable::NonFinite`], [`Unanswerable::Undefined`] for arms of unequal
/// length.
pub fn sign_test(x: &[f64], y: &[f64]) -> Result<SignTest, Unanswerable> {
    sign_test_at(x, y, &Contrast::absolute(Better::Higher, 0.0))
}

/// The sign test at the border of a margin, on s (x - rho y) + delta: `p_greater` shows safety and `p_less` harm.
///
/// # Errors
/// As [`sign_test`], and [`Unanswerable::Argument`] for a margin out of its range.
pub fn sign_test_at(x: &[f64], y: &[f64], contrast: &Contrast) -> Result<SignTest, Unanswerable> {
    let differences = PairedDifferences::of(SIGN_TEST, x, y, contrast)?.values;
    require_rows(SIGN_TEST, Arm::Canary, 1, differences.len() as u64)?;
    let positive = differences.iter().filter(|d| **d > 0.0).count() as u64;
    let negative = differences.iter().filter(|d| **d < 0.0).count() as u64;
    let nonzero = positive + negative;
    Ok(SignTest {
        positive,
        negative,
        zeros: differences.len() as u64 - nonzero,
        p_less: binom_cdf(positive as i64, nonzero, 0.5),
        p_greater: binom_sf(positive as i64 - 1, nonzero, 0.5),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_difference_has_the_sign_flip_p() {
        let test = paired_t(&[1.1, 2.1, 3.1], &[1.0, 2.0, 3.0], Alternative::Greater, 0.95).expect("clean");
        assert_eq!((test.t, test.p_value), (None, 0.125));
        let zero = paired_t(&[1.0, 2.0], &[1.0, 2.0], Alternative::TwoSided, 0.95).expect("clean");
        assert_eq!((zero.p_value, zero.flags), (1.0, vec![Flag::IdenticalConstant]));
    }

    #[test]
    fn the_interval_and_the_margin_test_agree() {
        let x = [10.1, 20.9, 30.2, 39.0, 51.5];
        let y = [10.0, 20.0, 30.0, 40.0, 50.0];
        for better in [Better::Higher, Better::Lower] {
            for r in [0.0, 0.01, 0.02, 0.05, 0.1] {
                let margin = Contrast { better, relative: r, absolute: 0.2, ..Contrast::relative(better, r) };
                let test = paired_t_noninferiority(&x, &y, &margin, 0.05).expect("clean");
                let inside = match better {
                    Better::Higher => test.interval.low > -0.2,
                    Better::Lower => test.interval.high < 0.2,
                };
                assert_eq!(inside, test.p_noninferior < 0.05);
                assert!((test.p_noninferior + test.p_inferior - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_have_a_t() {
        let huge = paired_t(&[1.7e308, 1.2e308], &[-1.7e308, -1e308], Alternative::TwoSided, 0.9).expect("finite");
        let small = paired_t(&[17.0, 12.0], &[-17.0, -10.0], Alternative::TwoSided, 0.9).expect("finite");
        assert!((huge.p_value - small.p_value).abs() < 1e-12);
        assert!(huge.difference.is_finite());
    }

    #[test]
    fn without_pairs_there_is_no_test() {
        assert!(paired_t(&[1.0], &[2.0], Alternative::TwoSided, 0.95).is_err());
        assert!(sign_test(&[], &[]).is_err());
        assert!(sign_test(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
        let none = sign_test(&[1.0], &[1.0]).expect("clean");
        assert_eq!((none.p_less, none.p_greater), (1.0, 1.0));
    }
}
