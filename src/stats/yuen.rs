//! Yuen's t: trimmed means with winsorised variances, for centres under heavy tails.
//!
//! Trimming removes exactly the tail that hurts users. Never let it be the only latency metric: pair it with p95 or p99.

use super::contrast::{Contrast, check_alpha, check_level};
use super::describe::{Moments, cut, require_finite, sorted};
use super::location::{DifferenceTest, Location, MarginTest, NO_EXPONENT, Spread, difference_test, margin_test};
use super::{Alternative, Unanswerable};
use crate::arms::Arm;

const TEST: &str = "yuen";

/// Whether the trimmed means differ.
///
/// floor(trim n) values are cut from each end, h = n - 2 floor(trim n) remain; with SSW the winsorised sum of squares,
/// d = SSW / (h (h - 1)) and t = difference / sqrt(d_x + d_y) with Satterthwaite's degrees of freedom on h - 1 (Yuen
/// 1974). Agrees with SciPy's `ttest_ind(equal_var=False, trim=...)`. O(n log n).
///
/// ```
/// use serinus::stats::{Alternative, yuen::yuen_t};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// // One request of ten minutes does not move the centre.
/// let x = [100.0, 101.0, 99.0, 102.0, 98.0, 600_000.0];
/// let y = [100.0, 103.0, 99.0, 101.0, 97.0, 100.5];
/// let test = yuen_t(&x, &y, 0.2, Alternative::TwoSided, 0.95)?;
/// assert!(test.difference.abs() < 1.0 && test.p_value > 0.5);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] when fewer than two values remain in an arm, [`Unanswerable::NonFinite`],
/// [`Unanswerable::Argument`] for trim outside [0, 0.5), [`Unanswerable::Undefined`] when what remains is constant in
/// both arms and the tails are not.
pub fn yuen_t(
    x: &[f64],
    y: &[f64],
    trim: f64,
    alternative: Alternative,
    level: f64,
) -> Result<DifferenceTest, Unanswerable> {
    check_level(level)?;
    let (x, y, spread) = locations(x, y, trim)?;
    difference_test(TEST, &x, &y, spread, alternative, level)
}

/// Whether the canary's trimmed mean is shown to keep the margin, or to break it.
///
/// The contrast is that of [`welch_noninferiority`](super::welch::welch_noninferiority) with trimmed means and
/// winsorised standard errors.
///
/// # Errors
/// As [`yuen_t`].
pub fn yuen_noninferiority(
    x: &[f64],
    y: &[f64],
    trim: f64,
    contrast: &Contrast,
    alpha: f64,
) -> Result<MarginTest, Unanswerable> {
    contrast.check()?;
    check_alpha(alpha)?;
    let (x, y, spread) = locations(x, y, trim)?;
    margin_test(TEST, &x, &y, spread, contrast, alpha)
}

fn locations(x: &[f64], y: &[f64], trim: f64) -> Result<(Location, Location, Spread), Unanswerable> {
    if !(0.0..0.5).contains(&trim) {
        return Err(Unanswerable::Argument { argument: "trim", value: trim, expected: "it has to lie in [0, 0.5)" });
    }
    require_finite(TEST, Arm::Canary, x)?;
    require_finite(TEST, Arm::Baseline, y)?;
    let (at_x, constant_x) = trimmed(Arm::Canary, x, trim)?;
    let (at_y, constant_y) = trimmed(Arm::Baseline, y, trim)?;
    Ok((at_x, at_y, if constant_x && constant_y { Spread::Whole } else { Spread::Trimmed }))
}

/// The trimmed mean with its winsorised squared standard error, and whether the whole arm is constant.
fn trimmed(arm: Arm, values: &[f64], trim: f64) -> Result<(Location, bool), Unanswerable> {
    let n = values.len();
    let g = cut(n, trim).unwrap_or(0);
    let h = n - 2 * g;
    if h < 2 {
        let (needed, found) = (2, h as u64);
        return Err(Unanswerable::TooFew { test: TEST, what: "rows after trimming", arm, needed, found });
    }
    let mut sorted = sorted(values);
    let constant = sorted[0] == sorted[n - 1];
    let location = |values: &[f64]| Moments::of(values).and_then(|m| m.location()).expect("two or more finite values");
    let kept = location(&sorted[g..n - g]);
    let (low, high) = (sorted[g], sorted[n - 1 - g]);
    sorted[..g].fill(low);
    sorted[n - g..].fill(high);
    // Winsorised SSW = variance (n - 1); the location's variance is SSW / (n - 1) / n.
    let whole = location(&sorted);
    let exponent = kept.exponent.max(whole.exponent);
    let dof = (h - 1) as f64;
    let variance = if exponent == NO_EXPONENT {
        0.0
    } else {
        whole.variance_at(exponent) * whole.dof * n as f64 / (h as f64 * dof)
    };
    let offset = libm::ldexp(kept.offset, kept.exponent - exponent);
    Ok((Location { pivot: kept.pivot, offset, exponent, variance, dof, n: n as u64 }, constant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::contrast::Better;
    use crate::stats::welch::welch_t;

    #[test]
    fn without_trimming_it_is_welch() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let a = yuen_t(&x, &y, 0.0, Alternative::Less, 0.9).unwrap();
        let b = welch_t(&x, &y, Alternative::Less, 0.9).unwrap();
        assert!((a.p_value - b.p_value).abs() < 1e-14 && (a.interval.high - b.interval.high).abs() < 1e-13);
    }

    #[test]
    fn fewer_than_two_kept_values_are_refused() {
        let few = yuen_t(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0], 0.4, Alternative::Less, 0.95);
        assert!(matches!(few, Err(Unanswerable::TooFew { arm: Arm::Canary, needed: 2, found: 1, .. })));
        assert!(yuen_t(&[], &[], 0.2, Alternative::Less, 0.95).is_err());
        assert!(yuen_t(&[1.0; 9], &[1.0; 9], 0.5, Alternative::Less, 0.95).is_err());
    }

    #[test]
    fn constants_after_trimming_are_no_constants() {
        let x = [0.0, 0.0, 0.0, 0.0, 9.0];
        let margin = Contrast::absolute(Better::Lower, 1.0);
        assert!(matches!(yuen_noninferiority(&x, &x, 0.2, &margin, 0.05), Err(Unanswerable::Undefined { .. })));
        let whole = yuen_noninferiority(&[0.0; 5], &[0.0; 5], 0.2, &margin, 0.05).unwrap();
        assert!((whole.p_noninferior - 1.0 / 252.0).abs() < 1e-15);
    }

    #[test]
    fn a_relative_margin_scales_the_baselines_part_of_the_standard_error() {
        let (x, y) = ([5.1, 6.0, 5.5, 7.2, 4.9, 30.0], [5.0, 5.2, 4.4, 6.1, 5.7, 5.9]);
        let t = yuen_noninferiority(&x, &y, 0.2, &Contrast::relative(Better::Lower, 0.5), 0.05).unwrap();
        let scaled: Vec<f64> = y.iter().map(|v| 1.5 * v).collect();
        let same = yuen_t(&x, &scaled, 0.2, Alternative::Less, 0.95).unwrap();
        assert!((t.p_noninferior - same.p_value).abs() < 1e-13);
        assert!(
            (t.interval.high - yuen_t(&x, &scaled, 0.2, Alternative::TwoSided, 0.9).unwrap().interval.high).abs()
                < 1e-12
        );
    }
}
