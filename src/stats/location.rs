//! What follows from two independent estimates of location and their standard errors: the tests of a difference, of a
//! margin and of equivalence that Welch's and Yuen's procedures share.

use super::contrast::{BaselineSign, Better, Contrast, Flag};
use super::describe::p_of;
use super::special::{t_isf, t_tails};
use super::{Alternative, Confidence, Unanswerable};

/// The difference of two locations, tested against zero.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferenceTest {
    /// Canary minus baseline.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Difference over standard error; `None` when no arm varies.
    pub t: Option<f64>,
    /// Welch-Satterthwaite degrees of freedom; `None` when no arm varies.
    pub dof: Option<f64>,
    /// p-value of the alternative.
    pub p_value: f64,
    /// Interval of the difference on the side or sides of the alternative.
    pub interval: Confidence,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// The contrast mu_x - rho mu_y, tested against the margin from both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginTest {
    /// Estimate of mu_x - rho mu_y.
    pub difference: f64,
    /// s times the difference plus the absolute margin; positive is safe.
    pub psi: f64,
    /// Standard error of both.
    pub standard_error: f64,
    /// psi over its standard error; `None` when no arm varies.
    pub t: Option<f64>,
    /// Welch-Satterthwaite degrees of freedom; `None` when no arm varies.
    pub dof: Option<f64>,
    /// p-value of "worse than the margin": small shows safety.
    pub p_noninferior: f64,
    /// p-value of "not worse than the margin": small shows harm.
    pub p_inferior: f64,
    /// Interval of the difference at 1 - 2 alpha; inside the margin exactly when `p_noninferior` is below alpha.
    pub interval: Confidence,
    /// Size that the skewness of the data gives to a safe decision at nominal alpha, to first order; `None` where the
    /// third moment is unknown or does not apply.
    pub predicted_size: Option<f64>,
    /// The larger skewness g1 of the arms, by size; `None` where it is unknown.
    pub skewness: Option<f64>,
    /// Fieller's g of the baseline under a relative margin: at 1 or more the ratio of means has no bounded interval.
    pub baseline_g: Option<f64>,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// Bounds between which a change does not matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EquivalenceMargin {
    /// low < mu_x - mu_y < high.
    Absolute {
        /// Lower bound, usually negative.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// low < mu_x / mu_y < high, for a positive baseline.
    Relative {
        /// Lower bound, such as 0.9.
        low: f64,
        /// Upper bound, such as 1.1.
        high: f64,
    },
}

/// Two one-sided tests.
#[derive(Debug, Clone, PartialEq)]
pub struct EquivalenceTest {
    /// Against the lower bound, with higher as better.
    pub low: MarginTest,
    /// Against the upper bound, with lower as better.
    pub high: MarginTest,
    /// The larger of the two p-values: small shows equivalence.
    pub p_equivalent: f64,
    /// Twice the smaller p-value of lying beyond a bound, at most 1: small shows a change that matters.
    pub p_different: f64,
}

/// One arm's estimate of location with its squared standard error, scaled so that nothing overflows.
///
/// The estimate is `pivot + offset * 2^exponent`; the variance is in units of 4^exponent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Location {
    pub pivot: f64,
    pub offset: f64,
    pub exponent: i32,
    pub variance: f64,
    pub dof: f64,
    pub n: u64,
}

/// The exponent of an arm that neither varies nor leaves its pivot; below that of any number.
pub(crate) const NO_EXPONENT: i32 = -1200;

impl Location {
    /// The estimate in units of 2^exponent.
    pub fn at(&self, exponent: i32) -> f64 {
        libm::ldexp(self.pivot, -exponent) + libm::ldexp(self.offset, self.exponent.saturating_sub(exponent))
    }

    /// The squared standard error in units of 4^exponent.
    pub fn variance_at(&self, exponent: i32) -> f64 {
        libm::ldexp(self.variance, 2 * (self.exponent - exponent))
    }
}

/// psi and its parts, in units of 2^exponent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// mu_x - rho mu_y.
    pub difference: f64,
    /// s difference + delta.
    pub psi: f64,
    /// Squared standard error of the x part.
    pub a: f64,
    /// Squared standard error of the rho y part.
    pub b: f64,
    pub exponent: i32,
}

impl Parts {
    /// The contrast of two locations. With a common pivot and rho = 1 the pivot cancels without rounding.
    pub fn of(x: &Location, y: &Location, contrast: &Contrast) -> Parts {
        let (rho, rest) = (contrast.rho(), contrast.one_minus_rho());
        let exponent = match x.exponent.max(y.exponent) {
            NO_EXPONENT => 0,
            e => e,
        };
        let offset = |l: &Location| libm::ldexp(l.offset, l.exponent - exponent);
        let pivots = if x.pivot == y.pivot {
            rest * libm::ldexp(x.pivot, -exponent)
        } else {
            let difference = libm::ldexp(x.pivot, -exponent) - libm::ldexp(y.pivot, -exponent);
            difference + rest * libm::ldexp(y.pivot, -exponent)
        };
        let difference = (pivots + (offset(x) - rho * offset(y))).clamp(-f64::MAX, f64::MAX);
        let absolute = libm::ldexp(contrast.absolute, -exponent);
        Parts {
            difference,
            psi: (contrast.better.sign() * difference + absolute).clamp(-f64::MAX, f64::MAX),
            a: x.variance_at(exponent),
            b: rho * rho * y.variance_at(exponent),
            exponent,
        }
    }

    /// Standard error in units of 2^exponent.
    pub fn standard_error(&self) -> f64 {
        (self.a + self.b).sqrt()
    }

    /// Welch-Satterthwaite degrees of freedom, in the form with w = a / (a + b) that cannot overflow.
    pub fn dof(&self, x: &Location, y: &Location) -> f64 {
        let w = self.a / (self.a + self.b);
        1.0 / (w * w / x.dof + (1.0 - w) * (1.0 - w) / y.dof)
    }

    /// A quantity of these units in the metric's own.
    pub fn native(&self, value: f64) -> f64 {
        libm::ldexp(value, self.exponent)
    }
}

/// 1 / C(m + n, m): the exact one-sided rank p-value of two separated arms; never 0.
pub(crate) fn separated_p(m: u64, n: u64) -> f64 {
    let (few, all) = (m.min(n), m as f64 + n as f64);
    let mut p = 1.0;
    for i in 0..few {
        p *= (few - i) as f64 / (all - i as f64);
        if p < f64::MIN_POSITIVE {
            return f64::MIN_POSITIVE;
        }
    }
    p
}

/// Whether a missing spread means that the arms are constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// Every value of an arm without spread is the same.
    Whole,
    /// Only the values that were kept are known to be the same.
    Trimmed,
}

/// Relative rounding of a contrast of constants; closer to the margin than this is on it.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The two p-values (lower tail, upper tail) of a contrast without spread, from the exact rank test of constants.
fn constant_tails(parts: &Parts, value: f64, x: &Location, y: &Location) -> (f64, f64) {
    let scale = x.at(parts.exponent).abs() + y.at(parts.exponent).abs();
    let p = separated_p(x.n, y.n);
    if value.abs() <= ROUNDING * scale {
        (1.0, 1.0)
    } else if value > 0.0 {
        (1.0, p)
    } else {
        (p, 1.0)
    }
}

fn no_spread(test: &'static str) -> Unanswerable {
    Unanswerable::Undefined { test, why: "what is left of both arms after trimming is constant" }
}

/// The difference of two locations against zero.
pub(crate) fn difference_test(
    test: &'static str,
    x: &Location,
    y: &Location,
    spread: Spread,
    alternative: Alternative,
    level: f64,
) -> Result<DifferenceTest, Unanswerable> {
    let tail = if alternative == Alternative::TwoSided { 0.5 * (1.0 - level) } else { 1.0 - level };
    difference_within(test, x, y, spread, alternative, level, |dof| t_isf(tail, dof))
}

/// [`difference_test`] with the interval's half width given as a multiple of the standard error, by degrees of freedom:
/// the quantile costs more than all the rest.
pub(crate) fn difference_within(
    test: &'static str,
    x: &Location,
    y: &Location,
    spread: Spread,
    alternative: Alternative,
    level: f64,
    reach: impl Fn(f64) -> f64,
) -> Result<DifferenceTest, Unanswerable> {
    let parts = Parts::of(x, y, &Contrast::absolute(Better::Higher, 0.0));
    let (se, difference) = (parts.standard_error(), parts.difference);
    let native = |v| parts.native(v);
    if se == 0.0 {
        if spread == Spread::Trimmed {
            return Err(no_spread(test));
        }
        let (lower, upper) = constant_tails(&parts, difference, x, y);
        let d = native(difference);
        return Ok(DifferenceTest {
            difference: d,
            standard_error: 0.0,
            t: None,
            dof: None,
            p_value: p_of(alternative, lower, upper),
            interval: Confidence { low: d, high: d, level },
            flags: vec![if difference == 0.0 { Flag::IdenticalConstant } else { Flag::DegenerateVariance }],
        });
    }
    let (t, dof) = (difference / se, parts.dof(x, y));
    let (lower, upper) = t_tails(t, dof);
    let reach = reach(dof) * se;
    let low = if alternative == Alternative::Less { f64::NEG_INFINITY } else { native(difference - reach) };
    let high = if alternative == Alternative::Greater { f64::INFINITY } else { native(difference + reach) };
    Ok(DifferenceTest {
        difference: native(difference),
        standard_error: native(se),
        t: Some(t),
        dof: Some(dof),
        p_value: p_of(alternative, lower, upper),
        interval: Confidence { low, high, level },
        flags: Vec::new(),
    })
}

/// The contrast of two locations against its margin; the contrast has been checked.
pub(crate) fn margin_test(
    test: &'static str,
    x: &Location,
    y: &Location,
    spread: Spread,
    contrast: &Contrast,
    alpha: f64,
) -> Result<MarginTest, Unanswerable> {
    let parts = Parts::of(x, y, contrast);
    let se = parts.standard_error();
    let (baseline_g, mut flags) = baseline_scale(y, contrast, alpha);
    let level = 1.0 - 2.0 * alpha;
    let difference = parts.native(parts.difference);
    let mut result = MarginTest {
        difference,
        psi: parts.native(parts.psi),
        standard_error: parts.native(se),
        t: None,
        dof: None,
        p_noninferior: 1.0,
        p_inferior: 1.0,
        interval: Confidence { low: difference, high: difference, level },
        predicted_size: None,
        skewness: None,
        baseline_g,
        flags: Vec::new(),
    };
    if se == 0.0 {
        if spread == Spread::Trimmed {
            return Err(no_spread(test));
        }
        (result.p_inferior, result.p_noninferior) = constant_tails(&parts, parts.psi, x, y);
        let no_margin = contrast.relative == 0.0 && contrast.absolute == 0.0;
        let same = no_margin && parts.psi == 0.0;
        flags.push(if same { Flag::IdenticalConstant } else { Flag::DegenerateVariance });
    } else {
        let (t, dof) = (parts.psi / se, parts.dof(x, y));
        let reach = t_isf(alpha, dof) * se;
        result.t = Some(t);
        result.dof = Some(dof);
        (result.p_inferior, result.p_noninferior) = t_tails(t, dof);
        result.interval.low = parts.native(parts.difference - reach);
        result.interval.high = parts.native(parts.difference + reach);
    }
    result.flags = flags;
    Ok(result)
}

/// Fieller's g = t^2 (s_y^2 / n) / mean^2 of the baseline, and what is wrong with it as the scale of a relative margin.
fn baseline_scale(y: &Location, contrast: &Contrast, alpha: f64) -> (Option<f64>, Vec<Flag>) {
    if contrast.relative == 0.0 {
        return (None, Vec::new());
    }
    let exponent = if y.exponent == NO_EXPONENT { 0 } else { y.exponent };
    let mean = y.at(exponent);
    let t = t_isf(0.5 * alpha, y.dof);
    let g = if mean == 0.0 { f64::INFINITY } else { t * t * (y.variance_at(exponent) / mean / mean) };
    let mut flags = Vec::new();
    if g >= 1.0 {
        flags.push(Flag::BaselineNearZero);
    }
    let as_declared = match contrast.baseline_sign {
        BaselineSign::Positive => mean > 0.0,
        BaselineSign::Negative => mean < 0.0,
    };
    if !as_declared {
        flags.push(Flag::BaselineSign);
    }
    (Some(g), flags)
}

/// Two one-sided tests of two locations (Schuirmann 1987).
pub(crate) fn equivalence_test(
    test: &'static str,
    x: &Location,
    y: &Location,
    spread: Spread,
    margin: EquivalenceMargin,
    alpha: f64,
) -> Result<EquivalenceTest, Unanswerable> {
    let (low, high) = match margin {
        EquivalenceMargin::Absolute { low, high } | EquivalenceMargin::Relative { low, high } => (low, high),
    };
    if !(low.is_finite() && high.is_finite() && low < high) {
        let value = if low.is_finite() { high } else { low };
        let expected = "the bounds have to be finite, the lower one first";
        return Err(Unanswerable::Argument { argument: "equivalence bound", value, expected });
    }
    // The bounds may lie on either side of "no change", so these contrasts are made without the check of a margin.
    let (above, below) = match margin {
        EquivalenceMargin::Absolute { .. } => {
            (Contrast::absolute(Better::Higher, -low), Contrast::absolute(Better::Lower, high))
        }
        EquivalenceMargin::Relative { .. } => {
            (Contrast::relative(Better::Higher, 1.0 - low), Contrast::relative(Better::Lower, high - 1.0))
        }
    };
    let low = margin_test(test, x, y, spread, &above, alpha)?;
    let high = margin_test(test, x, y, spread, &below, alpha)?;
    Ok(EquivalenceTest {
        p_equivalent: low.p_noninferior.max(high.p_noninferior),
        p_different: (2.0 * low.p_inferior.min(high.p_inferior)).min(1.0),
        low,
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separated_p_is_one_over_the_binomial_and_never_zero() {
        assert!((separated_p(3, 4) - 1.0 / 35.0).abs() < 1e-17);
        assert!((separated_p(2, 2) - 1.0 / 6.0).abs() < 1e-17);
        assert!(separated_p(1_000_000, 1_000_000_000) > 0.0);
    }

    #[test]
    fn a_shared_pivot_cancels_without_rounding() {
        let at = |offset| Location { pivot: 1e15, offset, exponent: 0, variance: 1.0, dof: 9.0, n: 10 };
        let parts = Parts::of(&at(0.5), &at(0.125), &Contrast::absolute(Better::Higher, 0.0));
        assert_eq!(parts.difference, 0.375);
    }
}
