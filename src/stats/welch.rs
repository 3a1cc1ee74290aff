//! Welch's t: means of two arms with their own variances, against zero, a margin or two bounds.
//!
//! Pooled-variance t is not offered: with a small canary whose spread differs, its size at a nominal 0.05 can be 0.42.

use super::contrast::{Contrast, Flag, check_alpha, check_level};
use super::describe::{Moments, Shape, require_finite, require_rows};
use super::location::{
    DifferenceTest, EquivalenceMargin, EquivalenceTest, Location, MarginTest, Parts, Spread, difference_test,
    difference_within, equivalence_test, margin_test,
};
use super::special::{norm_isf, norm_pdf};
use super::{Alternative, Unanswerable};
use crate::arms::Arm;

const TEST: &str = "welch";

/// Whether the means differ, by Welch's unequal-variance t.
///
/// t = (mean_x - mean_y) / sqrt(s_x^2/m + s_y^2/n) with Satterthwaite's degrees of freedom (Welch 1947). The interval
/// at `level` is one-sided for a one-sided alternative, as SciPy's is.
///
/// DIFFERENCE: when both arms are constant SciPy reports t of plus or minus infinity, p = 0 and one degree of freedom.
/// Here t does not exist and p is that of the exact rank test, 1/C(m + n, m), or 1 when the constants are equal.
///
/// ```
/// use serinus::stats::{Alternative, welch::welch_t};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let same = welch_t(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], Alternative::TwoSided, 0.95)?;
/// assert_eq!(same.t, Some(0.0));
/// let constants = welch_t(&[1.0, 1.0, 1.0], &[2.0, 2.0, 2.0, 2.0], Alternative::TwoSided, 0.95)?;
/// assert!((constants.p_value - 2.0 / 35.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`].
pub fn welch_t(x: &[f64], y: &[f64], alternative: Alternative, level: f64) -> Result<DifferenceTest, Unanswerable> {
    require_rows(TEST, Arm::Canary, 2, x.len() as u64)?;
    require_rows(TEST, Arm::Baseline, 2, y.len() as u64)?;
    let x = known(Arm::Canary, x, Shape::Unknown)?;
    welch_t_from_moments(&x, &known(Arm::Baseline, y, Shape::Unknown)?, alternative, level)
}

/// [`welch_t`] without its interval, of numbers that are read where they lie; `None` when one is not finite or there are
/// too few, for [`welch_t`] to say which.
#[cfg_attr(not(any(test, feature = "python")), allow(dead_code))]
pub(crate) fn welch_t_by<T>(
    x: &[T],
    y: &[T],
    get: impl Fn(&T) -> f64 + Copy,
    alternative: Alternative,
) -> Option<DifferenceTest> {
    let of = |values: &[T]| Moments::of_by(values, get, Shape::Unknown).and_then(|m| m.location());
    difference_within(TEST, &of(x)?, &of(y)?, Spread::Whole, alternative, 1.0, |_| f64::INFINITY).ok()
}

/// [`welch_t`] from moments, which give the same answer as the rows they were taken from.
///
/// # Errors
/// As [`welch_t`].
pub fn welch_t_from_moments(
    x: &Moments,
    y: &Moments,
    alternative: Alternative,
    level: f64,
) -> Result<DifferenceTest, Unanswerable> {
    check_level(level)?;
    let (x, y) = locations(x, y)?;
    difference_test(TEST, &x, &y, Spread::Whole, alternative, level)
}

/// Whether the canary's mean is shown to keep the margin, or to break it.
///
/// Tests psi = s (mean_x - rho mean_y) + delta with se^2 = s_x^2/m + rho^2 s_y^2/n, so that the margin's own
/// uncertainty counts. `predicted_size` is the first-order size under the arms' skewness (Hall 1992, the Edgeworth
/// expansion of the studentised mean); above 1.2 alpha the result is flagged [`Flag::Skew`].
///
/// ```
/// use serinus::stats::contrast::{Better, Contrast};
/// use serinus::stats::welch::welch_noninferiority;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline = [100.0, 102.0, 98.0, 101.0, 99.0, 100.5];
/// let canary = [101.0, 103.0, 99.5, 102.0];
/// let test = welch_noninferiority(&canary, &baseline, &Contrast::relative(Better::Lower, 0.10), 0.05)?;
/// assert!(test.p_noninferior < 0.001 && test.interval.high < 0.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`].
pub fn welch_noninferiority(x: &[f64], y: &[f64], contrast: &Contrast, alpha: f64) -> Result<MarginTest, Unanswerable> {
    let (x, y) = moments(x, y)?;
    welch_noninferiority_from_moments(&x, &y, contrast, alpha)
}

/// [`welch_noninferiority`] from moments; without third moments the skewness stays unknown.
///
/// # Errors
/// As [`welch_noninferiority`].
pub fn welch_noninferiority_from_moments(
    x: &Moments,
    y: &Moments,
    contrast: &Contrast,
    alpha: f64,
) -> Result<MarginTest, Unanswerable> {
    contrast.check()?;
    check_alpha(alpha)?;
    let (at_x, at_y) = locations(x, y)?;
    let mut test = margin_test(TEST, &at_x, &at_y, Spread::Whole, contrast, alpha)?;
    test.skewness = larger_skewness(x, y);
    test.predicted_size = predicted_size(x, y, &at_x, &at_y, contrast, alpha);
    if test.predicted_size.is_some_and(|size| size > 1.2 * alpha) {
        test.flags.push(Flag::Skew);
    }
    Ok(test)
}

/// Whether the means are equivalent: two one-sided Welch tests (Schuirmann 1987).
///
/// ```
/// use serinus::stats::{location::EquivalenceMargin, welch::welch_equivalence};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let (x, y) = ([10.0, 10.2, 9.9, 10.1], [10.0, 10.1, 9.8, 10.2, 10.0]);
/// let test = welch_equivalence(&x, &y, EquivalenceMargin::Relative { low: 0.9, high: 1.1 }, 0.05)?;
/// assert!(test.p_equivalent < 0.001);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`].
pub fn welch_equivalence(
    x: &[f64],
    y: &[f64],
    margin: EquivalenceMargin,
    alpha: f64,
) -> Result<EquivalenceTest, Unanswerable> {
    let (x, y) = moments(x, y)?;
    welch_equivalence_from_moments(&x, &y, margin, alpha)
}

/// [`welch_equivalence`] from moments.
///
/// # Errors
/// As [`welch_equivalence`].
pub fn welch_equivalence_from_moments(
    x: &Moments,
    y: &Moments,
    margin: EquivalenceMargin,
    alpha: f64,
) -> Result<EquivalenceTest, Unanswerable> {
    check_alpha(alpha)?;
    let (x, y) = locations(x, y)?;
    equivalence_test(TEST, &x, &y, Spread::Whole, margin, alpha)
}

/// Moments of both arms.
pub(crate) fn moments(x: &[f64], y: &[f64]) -> Result<(Moments, Moments), Unanswerable> {
    require_rows(TEST, Arm::Canary, 2, x.len() as u64)?;
    require_rows(TEST, Arm::Baseline, 2, y.len() as u64)?;
    Ok((known(Arm::Canary, x, Shape::Known)?, known(Arm::Baseline, y, Shape::Known)?))
}

/// Moments of an arm, or where it is not finite.
fn known(arm: Arm, values: &[f64], shape: Shape) -> Result<Moments, Unanswerable> {
    match Moments::of_by(values, |v| *v, shape) {
        Some(moments) => Ok(moments),
        None => Err(match require_finite(TEST, arm, values) {
            Err(why) => why,
            Ok(()) => Unanswerable::Undefined { test: TEST, why: "the values exceed the range" },
        }),
    }
}

fn locations(x: &Moments, y: &Moments) -> Result<(Location, Location), Unanswerable> {
    let of = |arm: Arm, m: &Moments| {
        m.location().ok_or(Unanswerable::TooFew { test: TEST, what: "rows", arm, needed: 2, found: m.n() })
    };
    Ok((of(Arm::Canary, x)?, of(Arm::Baseline, y)?))
}

/// The larger of two skewnesses by size; unknown when one is unknown, 0 for a constant arm.
fn larger_skewness(x: &Moments, y: &Moments) -> Option<f64> {
    let of = |m: &Moments| if m.m2() == 0.0 { Some(0.0) } else { m.skewness() };
    let (x, y) = (of(x)?, of(y)?);
    Some(if x.abs() >= y.abs() { x } else { y })
}

/// alpha - s gamma (2 z^2 + 1) phi(z) / 6, with gamma the skewness of the contrast's estimate.
///
/// On the right-skewed, lower-is-better side (latency, cost) this is the size of a false "safe".
fn predicted_size(
    x: &Moments,
    y: &Moments,
    at_x: &Location,
    at_y: &Location,
    contrast: &Contrast,
    alpha: f64,
) -> Option<f64> {
    let ((k3_x, e_x), (k3_y, e_y)) = (x.third_cumulant_of_mean()?, y.third_cumulant_of_mean()?);
    let parts = Parts::of(at_x, at_y, contrast);
    let se = parts.standard_error();
    if se == 0.0 {
        return None;
    }
    let rho = contrast.rho();
    let at = |k3: f64, e: i32| libm::ldexp(k3, 3 * (e - parts.exponent));
    let gamma = (at(k3_x, e_x) - rho * rho * rho * at(k3_y, e_y)) / se / se / se;
    let z = norm_isf(alpha);
    let change = gamma * (2.0 * z * z + 1.0) * norm_pdf(z) / 6.0;
    Some((alpha - contrast.better.sign() * change).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::contrast::Better;

    const LOW: Better = Better::Lower;

    #[test]
    fn scipys_degenerate_answer_is_not_copied() {
        // SciPy: t = -inf, p = 0, df = 1.
        let t = welch_t(&[1.0; 3], &[2.0; 4], Alternative::TwoSided, 0.95).unwrap();
        assert_eq!((t.difference, t.t, t.dof), (-1.0, None, None));
        assert!((t.p_value - 2.0 / 35.0).abs() < 1e-15);
        assert_eq!(t.flags, [Flag::DegenerateVariance]);
        let safe = welch_noninferiority(&[1.0; 30], &[2.0; 40], &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        assert!(safe.p_noninferior > 0.0 && safe.p_noninferior < 1e-15);
        assert_eq!(safe.p_inferior, 1.0);
        let harm = welch_noninferiority(&[3.0; 30], &[2.0; 40], &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        assert!(harm.p_inferior < 1e-15 && harm.p_noninferior == 1.0);
    }

    #[test]
    fn identical_constants_show_nothing_without_a_margin_and_safety_with_one() {
        let none = welch_noninferiority(&[1.1; 5], &[1.1; 9], &Contrast::absolute(LOW, 0.0), 0.05).unwrap();
        assert_eq!((none.p_noninferior, none.p_inferior), (1.0, 1.0));
        assert_eq!(none.flags, [Flag::IdenticalConstant]);
        let some = welch_noninferiority(&[1.1; 5], &[1.1; 9], &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        assert!(some.p_noninferior < 0.001);
        // 1.1 against 1.1 * 1.0 is on the margin, whichever way it rounds.
        let on = welch_noninferiority(&[1.1; 5], &[1.0; 9], &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        assert_eq!((on.p_noninferior, on.p_inferior), (1.0, 1.0));
    }

    #[test]
    fn the_margin_is_part_of_the_contrast_and_not_a_known_constant() {
        let x = [102.0, 118.5, 97.3, 140.1, 131.7, 110.2];
        let y = [95.1, 101.3, 88.7, 120.9, 99.9, 110.4];
        let ours = welch_noninferiority(&x, &y, &Contrast::relative(LOW, 0.5), 0.05).unwrap();
        let mean_y = y.iter().sum::<f64>() / 6.0;
        let plug_in = welch_noninferiority(&x, &y, &Contrast::absolute(LOW, 0.5 * mean_y), 0.05).unwrap();
        assert!((ours.psi - plug_in.psi).abs() < 1e-12);
        let m = |v: &[f64]| Moments::of(v).unwrap().variance().unwrap() / 6.0;
        assert!((ours.standard_error - (m(&x) + 2.25 * m(&y)).sqrt()).abs() < 1e-12);
        assert!(ours.standard_error > 1.1 * plug_in.standard_error);
    }

    #[test]
    fn the_interval_and_the_p_value_agree_at_alpha() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        for better in [Better::Lower, Better::Higher] {
            for i in 0..60 {
                let margin = 0.05 * f64::from(i);
                let t = welch_noninferiority(&x, &y, &Contrast::absolute(better, margin), 0.05).unwrap();
                let inside = match better {
                    Better::Lower => t.interval.high < margin,
                    Better::Higher => t.interval.low > -margin,
                };
                assert_eq!(t.p_noninferior < 0.05, inside, "{better:?} {margin}");
            }
        }
    }

    #[test]
    fn answers_do_not_depend_on_the_unit() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let plain = welch_noninferiority(&x, &y, &Contrast::relative(LOW, 0.2), 0.05).unwrap();
        for unit in [-1020, -900, 900, 1015] {
            let scale = |v: &[f64]| v.iter().map(|v| libm::ldexp(*v, unit)).collect::<Vec<_>>();
            let t = welch_noninferiority(&scale(&x), &scale(&y), &Contrast::relative(LOW, 0.2), 0.05).unwrap();
            assert_eq!((t.t, t.dof, t.p_noninferior), (plain.t, plain.dof, plain.p_noninferior), "2^{unit}");
            assert_eq!(t.predicted_size, plain.predicted_size);
        }
    }

    #[test]
    fn equal_means_have_both_tails_at_one_half() {
        for alternative in [Alternative::Less, Alternative::Greater] {
            assert_eq!(welch_t(&[2.0, 4.0], &[4.0, 2.0], alternative, 0.99).unwrap().p_value, 0.5);
        }
    }

    #[test]
    fn numbers_read_where_they_lie_give_the_same_answer() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let cells = |v: &[f64]| v.iter().map(|v| std::cell::Cell::new(*v)).collect::<Vec<_>>();
        let by = |x: &[f64], y: &[f64]| welch_t_by(&cells(x), &cells(y), |c| c.get(), Alternative::Less);
        let (found, expected) = (by(&x, &y).unwrap(), welch_t(&x, &y, Alternative::Less, 0.95).unwrap());
        assert_eq!((found.t, found.dof, found.p_value), (expected.t, expected.dof, expected.p_value));
        assert_eq!(by(&x[..1], &y), None);
        assert_eq!(by(&[1.0, f64::NAN], &y), None);
    }

    #[test]
    fn moments_give_the_answer_of_the_rows() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let rows = welch_t(&x, &y, Alternative::Less, 0.95).unwrap();
        let of = |v: &[f64]| {
            let m = Moments::of(v).unwrap();
            Moments::from_m2(m.n(), m.mean().unwrap(), m.m2()).unwrap()
        };
        let from = welch_t_from_moments(&of(&x), &of(&y), Alternative::Less, 0.95).unwrap();
        assert!((rows.p_value - from.p_value).abs() < 1e-14);
        assert_eq!(from.interval.low, f64::NEG_INFINITY);
    }

    #[test]
    fn right_skew_of_a_small_canary_raises_the_size_on_the_lower_is_better_side() {
        let y: Vec<f64> = (0..400).map(|i| 10.0 + (f64::from(i) * 0.7).sin()).collect();
        let mut x = y[..40].to_vec();
        x[7] = 40.0;
        let lower = welch_noninferiority(&x, &y, &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        let higher = welch_noninferiority(&x, &y, &Contrast::relative(Better::Higher, 0.1), 0.05).unwrap();
        assert!(lower.predicted_size.unwrap() > 0.06 && lower.flags.contains(&Flag::Skew));
        assert!(higher.predicted_size.unwrap() < 0.05 && !higher.flags.contains(&Flag::Skew));
        assert!(lower.skewness.unwrap() > 4.0);
    }

    #[test]
    fn a_baseline_around_zero_or_of_the_wrong_sign_is_flagged_under_a_relative_margin() {
        let near = welch_noninferiority(&[0.1, -0.2, 0.3], &[-1.0, 1.1, 0.2], &Contrast::relative(LOW, 0.1), 0.05);
        assert!(near.unwrap().flags.contains(&Flag::BaselineNearZero));
        let negative = [-10.0, -11.0, -9.0];
        let wrong = welch_noninferiority(&negative, &negative, &Contrast::relative(LOW, 0.1), 0.05).unwrap();
        assert_eq!(wrong.flags, [Flag::BaselineSign]);
        let absolute = welch_noninferiority(&negative, &negative, &Contrast::absolute(LOW, 0.1), 0.05).unwrap();
        assert_eq!((absolute.baseline_g, absolute.flags.len()), (None, 0));
    }

    #[test]
    fn hostile_values_are_errors_or_numbers() {
        let test = |x: &[f64], y: &[f64]| welch_noninferiority(x, y, &Contrast::relative(LOW, 0.1), 0.05);
        assert!(matches!(test(&[1.0], &[1.0, 2.0]), Err(Unanswerable::TooFew { arm: Arm::Canary, .. })));
        let nan = test(&[1.0, f64::NAN], &[1.0, 2.0]);
        assert!(matches!(nan, Err(Unanswerable::NonFinite { arm: Arm::Canary, index: 1, .. })));
        let ends = test(&[f64::MAX, -f64::MAX], &[5e-324, 0.0, f64::MIN_POSITIVE]).unwrap();
        assert!((0.0..=1.0).contains(&ends.p_noninferior) && !ends.psi.is_nan());
        let far = test(&[1e300, 1e300], &[1e-300, 2e-300]).unwrap();
        assert!(far.p_inferior < 0.5 && !far.difference.is_nan());
    }

    #[test]
    fn equivalence_is_the_worse_of_two_sides() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let t = welch_equivalence(&x, &y, EquivalenceMargin::Absolute { low: -2.0, high: 2.0 }, 0.05).unwrap();
        assert_eq!(t.p_equivalent, t.high.p_noninferior.max(t.low.p_noninferior));
        assert!(welch_equivalence(&x, &y, EquivalenceMargin::Absolute { low: 1.0, high: -1.0 }, 0.05).is_err());
    }
}
