//! How many times the baseline's mean the canary's mean is, with three intervals.
//!
//! [`fieller_welch`] inverts Welch's test and is the one that agrees with it; [`log_delta`] needs nothing but moments
//! of positive means; [`log_welch`] compares geometric means, which is another question.

use super::contrast::{Flag, check_level};
use super::describe::{Moments, require_rows};
use super::location::{Location, NO_EXPONENT};
use super::special::{t_isf, t_tails};
use super::welch::{self, welch_t};
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;

const FIELLER: &str = "fieller_welch";
const DELTA: &str = "log_delta";
const GEOMETRIC: &str = "log_welch";

/// A ratio of means with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanRatio {
    /// Canary over baseline; `None` when the baseline's mean is 0.
    pub ratio: Option<f64>,
    /// Interval of the ratio; (-inf, inf) when the baseline's mean is not shown to differ from 0.
    pub interval: Confidence,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// The ratio of means with the interval of all rho that Welch's test of mean_x - rho mean_y does not reject.
///
/// Fieller's (1954) interval with unequal variances and with Satterthwaite's degrees of freedom taken anew at every
/// rho. It agrees with [`welch_noninferiority`](super::welch::welch_noninferiority) under a relative margin. When the
/// baseline's mean is within its own error of 0 no bounded interval exists, and none is given.
///
/// ```
/// use serinus::stats::ratio_of_means::fieller_welch;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let (x, y) = ([11.0, 12.0, 13.0, 12.5], [10.0, 9.0, 11.0, 10.5, 9.5]);
/// let found = fieller_welch(&x, &y, 0.9)?;
/// assert!(found.interval.low > 1.0 && found.interval.high < 1.4);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`],
/// [`Unanswerable::Undefined`] when both means are 0 without spread.
pub fn fieller_welch(x: &[f64], y: &[f64], level: f64) -> Result<MeanRatio, Unanswerable> {
    let (x, y) = welch::moments(x, y)?;
    fieller_welch_from_moments(&x, &y, level)
}

/// [`fieller_welch`] from moments.
///
/// # Errors
/// As [`fieller_welch`].
pub fn fieller_welch_from_moments(x: &Moments, y: &Moments, level: f64) -> Result<MeanRatio, Unanswerable> {
    check_level(level)?;
    let (x, y) = (scaled(FIELLER, Arm::Canary, x)?, scaled(FIELLER, Arm::Baseline, y)?);
    // A ratio is the same for -x and -y; from here on the baseline's mean is not negative.
    let sign = if y.mean < 0.0 { -1.0 } else { 1.0 };
    let arms = Fieller { x: sign * x.mean, y: sign * y.mean, a: x.variance, b: y.variance, dof: (x.dof, y.dof) };
    let native = |rho: f64| libm::ldexp(rho, x.exponent - y.exponent);
    let tail = 0.5 * (1.0 - level);
    let far = t_isf(tail, y.dof);
    if arms.y == 0.0 && arms.b == 0.0 {
        return Err(Unanswerable::Undefined { test: FIELLER, why: "the baseline is 0 throughout" });
    }
    let ratio = (arms.y != 0.0).then(|| native(arms.x / arms.y)).filter(|r| r.is_finite());
    if arms.y * arms.y <= far * far * arms.b {
        return Ok(MeanRatio {
            ratio,
            interval: Confidence { low: f64::NEG_INFINITY, high: f64::INFINITY, level },
            flags: vec![Flag::BaselineNearZero],
        });
    }
    let low = native(arms.end(-1.0, tail));
    let high = native(arms.end(1.0, tail));
    Ok(MeanRatio { ratio, interval: Confidence { low, high, level }, flags: Vec::new() })
}

/// A mean and its squared standard error in units of 2^exponent and 4^exponent.
struct Scaled {
    mean: f64,
    variance: f64,
    dof: f64,
    exponent: i32,
}

fn scaled(test: &'static str, arm: Arm, moments: &Moments) -> Result<Scaled, Unanswerable> {
    let at: Location =
        moments.location().ok_or(Unanswerable::TooFew { test, what: "rows", arm, needed: 2, found: moments.n() })?;
    // The mean can be far larger than the spread; the larger of the two sets the unit.
    let mean = moments.mean().unwrap_or(0.0);
    let own = if mean == 0.0 { NO_EXPONENT } else { libm::ilogb(mean) };
    let exponent = match own.max(at.exponent) {
        e if e == NO_EXPONENT || e.abs() <= 200 => 0,
        e => e,
    };
    Ok(Scaled { mean: at.at(exponent), variance: at.variance_at(exponent), dof: at.dof, exponent })
}

struct Fieller {
    x: f64,
    y: f64,
    a: f64,
    b: f64,
    dof: (f64, f64),
}

impl Fieller {
    /// How far rho lies beyond the interval on the side of `sign`: negative inside, positive outside.
    fn excess(&self, rho: f64, sign: f64, tail: f64) -> f64 {
        let b = rho * rho * self.b;
        let variance = self.a + b;
        if variance == 0.0 {
            return sign * (rho * self.y - self.x);
        }
        let w = self.a / variance;
        let dof = 1.0 / (w * w / self.dof.0 + (1.0 - w) * (1.0 - w) / self.dof.1);
        sign * (rho * self.y - self.x) - t_isf(tail, dof) * variance.sqrt()
    }

    /// One end of the interval: the rho on the side of `sign` where the test begins to reject.
    fn end(&self, sign: f64, tail: f64) -> f64 {
        let ratio = self.x / self.y;
        if self.a == 0.0 && self.b == 0.0 {
            return ratio;
        }
        let mut step = ((self.a + ratio * ratio * self.b).sqrt() / self.y).max(f64::EPSILON * ratio.abs());
        let (mut inside, mut outside) = (ratio, ratio + sign * step);
        // The excess grows as |rho| (y - t sqrt(b)) in the end, so the doubling stops; far out it stops at infinity.
        while self.excess(outside, sign, tail) < 0.0 {
            inside = outside;
            step *= 2.0;
            outside = ratio + sign * step;
            if !outside.is_finite() {
                return sign * f64::INFINITY;
            }
        }
        root(inside, outside, |rho| self.excess(rho, sign, tail))
    }
}

/// The root of a function that is negative at `inside` and not at `outside`, by Chandrupatla's (1997) method.
fn root(inside: f64, outside: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut a, mut b) = (outside, inside);
    let (mut fa, mut fb) = (f(a), f(b));
    let (mut c, mut fc);
    let mut t: f64 = 0.5;
    for _ in 0..200 {
        let x = a + t * (b - a);
        let fx = f(x);
        if (fx < 0.0) == (fa < 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc, b, fb) = (b, fb, a, fa);
        }
        (a, fa) = (x, fx);
        let best = if fa.abs() < fb.abs() { a } else { b };
        let tolerance = 2.0 * f64::EPSILON * best.abs() + f64::MIN_POSITIVE;
        let share = tolerance / (b - c).abs();
        if share > 0.5 || fx == 0.0 || (b - a).abs() <= tolerance {
            return best;
        }
        let (xi, phi) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
        let quadratic = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        t = if quadratic {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = t.clamp(share, 1.0 - share);
    }
    a
}

/// The ratio of positive means with the delta-method interval on the log scale, for merged and sufficient statistics.
///
/// se^2 of ln(mean_x / mean_y) is a / mean_x^2 + b / mean_y^2 with the squared standard errors a and b; the quantile is
/// Student's with Satterthwaite's degrees of freedom on these two parts.
///
/// ```
/// use serinus::stats::{describe::Moments, ratio_of_means::log_delta};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let x = Moments::from_m2(400, 105.0, 40_000.0)?;
/// let y = Moments::from_m2(9_000, 100.0, 900_000.0)?;
/// let found = log_delta(&x, &y, 0.9)?;
/// assert!(found.interval.low > 1.03 && found.interval.high < 1.07);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::Undefined`] for a mean that is not positive.
pub fn log_delta(x: &Moments, y: &Moments, level: f64) -> Result<MeanRatio, Unanswerable> {
    check_level(level)?;
    let (x, y) = (scaled(DELTA, Arm::Canary, x)?, scaled(DELTA, Arm::Baseline, y)?);
    if x.mean <= 0.0 || y.mean <= 0.0 {
        return Err(Unanswerable::Undefined { test: DELTA, why: "a mean is not positive and has no logarithm" });
    }
    let (a, b) = (x.variance / x.mean / x.mean, y.variance / y.mean / y.mean);
    let log_ratio = libm::log(x.mean) - libm::log(y.mean);
    let native = |log: f64| libm::ldexp(libm::exp(log), x.exponent - y.exponent);
    let reach = if a + b == 0.0 {
        0.0
    } else {
        let w = a / (a + b);
        let dof = 1.0 / (w * w / x.dof + (1.0 - w) * (1.0 - w) / y.dof);
        t_isf(0.5 * (1.0 - level), dof) * (a + b).sqrt()
    };
    Ok(MeanRatio {
        ratio: Some(libm::ldexp(x.mean / y.mean, x.exponent - y.exponent)).filter(|r| r.is_finite()),
        interval: Confidence { low: native(log_ratio - reach), high: native(log_ratio + reach), level },
        flags: Vec::new(),
    })
}

/// A ratio of geometric means and Welch's test on the logarithms.
#[derive(Debug, Clone, PartialEq)]
pub struct GeometricRatio {
    /// Geometric mean of the canary over that of the baseline.
    pub ratio: f64,
    /// Welch's t of the logarithms; `None` when no arm varies.
    pub t: Option<f64>,
    /// Its degrees of freedom; `None` when no arm varies.
    pub dof: Option<f64>,
    /// Two-sided p-value of equal geometric means.
    pub p_value: f64,
    /// p-value of the geometric mean ratio being 1 or more.
    pub p_less: f64,
    /// p-value of the geometric mean ratio being 1 or less.
    pub p_greater: f64,
    /// Interval of the ratio.
    pub interval: Confidence,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// The ratio of geometric means: Welch's t on the logarithms.
///
/// It is the ratio of means only when the logarithms have equal variances. There is no log(x + 1): its answer would
/// depend on the unit.
///
/// ```
/// use serinus::stats::ratio_of_means::log_welch;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let found = log_welch(&[2.0, 8.0, 4.0], &[1.0, 4.0, 2.0, 2.0], 0.95)?;
/// assert!((found.ratio - 2.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::Undefined`] for a value that is not positive, else as [`welch_t`].
pub fn log_welch(x: &[f64], y: &[f64], level: f64) -> Result<GeometricRatio, Unanswerable> {
    require_rows(GEOMETRIC, Arm::Canary, 2, x.len() as u64)?;
    require_rows(GEOMETRIC, Arm::Baseline, 2, y.len() as u64)?;
    if x.iter().chain(y).any(|v| *v <= 0.0) {
        return Err(Unanswerable::Undefined { test: GEOMETRIC, why: "a value is not positive and has no logarithm" });
    }
    let log = |values: &[f64]| values.iter().map(|v| libm::log(*v)).collect::<Vec<f64>>();
    let test = welch_t(&log(x), &log(y), Alternative::TwoSided, level)?;
    let tails = test.t.zip(test.dof).map(|(t, dof)| t_tails(t, dof));
    let half = 0.5 * test.p_value;
    let (p_less, p_greater) = tails.unwrap_or(match test.difference {
        d if d < 0.0 => (half, 1.0),
        d if d > 0.0 => (1.0, half),
        _ => (1.0, 1.0),
    });
    let interval = Confidence { low: libm::exp(test.interval.low), high: libm::exp(test.interval.high), level };
    Ok(GeometricRatio {
        ratio: libm::exp(test.difference),
        t: test.t,
        dof: test.dof,
        p_value: test.p_value,
        p_less,
        p_greater,
        interval,
        flags: test.flags,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::contrast::{Better, Contrast};
    use crate::stats::welch::welch_noninferiority;

    const X: [f64; 5] = [11.9, 14.2, 10.5, 13.1, 12.8];
    const Y: [f64; 8] = [12.1, 9.8, 11.4, 10.2, 13.7, 8.9, 10.9, 12.6];

    #[test]
    fn the_ends_are_where_the_welch_contrast_begins_to_reject() {
        let found = fieller_welch(&X, &Y, 0.9).unwrap();
        let at = |better, rho: f64| {
            let r = if better == Better::Lower { rho - 1.0 } else { 1.0 - rho };
            welch_noninferiority(&X, &Y, &Contrast::relative(better, r), 0.05).unwrap().p_noninferior
        };
        assert!((at(Better::Lower, found.interval.high) - 0.05).abs() < 1e-10);
        assert!((at(Better::Higher, found.interval.low) - 0.05).abs() < 1e-10);
    }

    #[test]
    fn a_baseline_around_zero_has_no_bounded_ratio() {
        let found = fieller_welch(&X, &[-1.0, 1.2, 0.1], 0.9).unwrap();
        assert_eq!((found.interval.low, found.interval.high), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(found.flags, [Flag::BaselineNearZero]);
        assert!(fieller_welch(&X, &[0.0; 4], 0.9).is_err());
    }

    #[test]
    fn signs_and_units_cancel() {
        let plain = fieller_welch(&X, &Y, 0.9).unwrap();
        let by = |v: &[f64], f: f64| v.iter().map(|v| v * f).collect::<Vec<_>>();
        for f in [-1.0, 2f64.powi(-1000), 2f64.powi(1000)] {
            let found = fieller_welch(&by(&X, f), &by(&Y, f), 0.9).unwrap();
            assert!((found.interval.low / plain.interval.low - 1.0).abs() < 1e-13);
            assert!((found.interval.high / plain.interval.high - 1.0).abs() < 1e-13);
        }
        let far = fieller_welch(&by(&X, 1e300), &by(&Y, 1e-300), 0.9).unwrap();
        assert_eq!((far.ratio, far.interval.low), (None, f64::INFINITY));
    }

    #[test]
    fn constants_have_a_ratio_without_width() {
        let found = fieller_welch(&[3.0; 4], &[2.0; 5], 0.9).unwrap();
        assert_eq!((found.ratio, found.interval.low, found.interval.high), (Some(1.5), 1.5, 1.5));
        let one = fieller_welch(&[3.0; 4], &Y, 0.9).unwrap();
        assert!(one.interval.low < 3.0 / 11.2 && one.interval.high > 3.0 / 11.2);
        let zero = fieller_welch(&[0.0; 4], &Y, 0.9).unwrap();
        assert_eq!((zero.interval.low, zero.interval.high), (0.0, 0.0));
    }

    #[test]
    fn the_log_delta_interval_is_near_fiellers_when_means_are_well_known() {
        let (x, y) = (Moments::of(&X).unwrap(), Moments::of(&Y).unwrap());
        let (delta, fieller) = (log_delta(&x, &y, 0.9).unwrap(), fieller_welch(&X, &Y, 0.9).unwrap());
        assert!((delta.interval.low - fieller.interval.low).abs() < 0.01);
        assert!((delta.interval.high - fieller.interval.high).abs() < 0.01);
        assert!(log_delta(&Moments::of(&[-1.0, 0.5]).unwrap(), &y, 0.9).is_err());
    }

    #[test]
    fn logarithms_need_positive_values() {
        assert!(matches!(log_welch(&[1.0, 0.0], &[1.0, 2.0], 0.9), Err(Unanswerable::Undefined { .. })));
        let equal = log_welch(&[2.0; 3], &[2.0; 3], 0.9).unwrap();
        assert_eq!((equal.ratio, equal.p_value), (1.0, 1.0));
    }
}
