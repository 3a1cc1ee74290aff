//! How large a difference is, in standard deviations.

use super::describe::Moments;
use super::location::{NO_EXPONENT, Parts};
use super::special::ln_gamma;
use super::{Unanswerable, welch};
use crate::arms::Arm;
use crate::stats::contrast::{Better, Contrast};

const TEST: &str = "effect_size";

/// Standardised differences of means, canary minus baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectSize {
    /// Difference over the pooled standard deviation; `None` when no arm varies.
    pub cohen_d: Option<f64>,
    /// Cohen's d without its small-sample bias, by the exact factor J; `None` also below four values in all.
    pub hedges_g: Option<f64>,
    /// Difference over the baseline's standard deviation, for unequal spreads; `None` for a constant baseline.
    pub glass_delta: Option<f64>,
}

/// Cohen's d, Hedges' g and Glass' delta of two samples.
///
/// g = J d with J = Gamma(v/2) / (sqrt(v/2) Gamma((v-1)/2)), v = m + n - 2 (Hedges 1981); the approximation
/// 1 - 3/(4v - 1) is not used.
///
/// ```
/// use serinus::stats::effect_size::effect_size;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let found = effect_size(&[2.0, 4.0, 6.0], &[1.0, 3.0, 5.0])?;
/// assert_eq!(found.cohen_d, Some(0.5));
/// assert!(found.hedges_g < found.cohen_d);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`].
pub fn effect_size(x: &[f64], y: &[f64]) -> Result<EffectSize, Unanswerable> {
    let (x, y) = welch::moments(x, y)?;
    effect_size_from_moments(&x, &y)
}

/// [`effect_size`] from moments.
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm.
pub fn effect_size_from_moments(x: &Moments, y: &Moments) -> Result<EffectSize, Unanswerable> {
    let of = |arm: Arm, m: &Moments| {
        m.location().ok_or(Unanswerable::TooFew { test: TEST, what: "rows", arm, needed: 2, found: m.n() })
    };
    let (at_x, at_y) = (of(Arm::Canary, x)?, of(Arm::Baseline, y)?);
    let parts = Parts::of(&at_x, &at_y, &Contrast::absolute(Better::Higher, 0.0));
    let (m, n) = (x.n() as f64, y.n() as f64);
    let v = at_x.dof + at_y.dof;
    let pooled = (parts.a * m * at_x.dof + parts.b * n * at_y.dof) / v;
    let in_units_of = |variance: f64| (variance > 0.0).then(|| parts.difference / variance.sqrt());
    let cohen_d = in_units_of(pooled).filter(|d| d.is_finite());
    let hedges_g = cohen_d.filter(|_| v >= 2.0).map(|d| d * hedges_j(v));
    let constant = at_y.exponent == NO_EXPONENT;
    let glass_delta = if constant { None } else { in_units_of(parts.b * n).filter(|d| d.is_finite()) };
    Ok(EffectSize { cohen_d, hedges_g, glass_delta })
}

/// Hedges' exact factor J(v) for v > 1.
fn hedges_j(v: f64) -> f64 {
    if v < 100.0 {
        return (ln_gamma(0.5 * v) - ln_gamma(0.5 * (v - 1.0))).exp() / (0.5 * v).sqrt();
    }
    // The two log gammas cancel for large v; ln Gamma(z + 1/2) - ln Gamma(z) has the series below in 1/z.
    let z = 0.5 * (v - 1.0);
    let w = 1.0 / (z * z);
    let series = (-1.0 / 8.0 + w * (1.0 / 192.0 + w * (-1.0 / 640.0 + w * (17.0 / 14336.0)))) / z;
    libm::exp(series + 0.5 * libm::log1p(-1.0 / v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_factor_joins_its_series() {
        let exact = |v: f64| (libm::lgamma(0.5 * v) - libm::lgamma(0.5 * (v - 1.0))).exp() / (0.5 * v).sqrt();
        for v in [100.0, 128.0, 200.0] {
            assert!((hedges_j(v) / exact(v) - 1.0).abs() < 1e-12, "{v}");
        }
        // v = 2: Gamma(1) / Gamma(1/2) = 1 / sqrt(pi).
        assert!((hedges_j(2.0) - 1.0 / std::f64::consts::PI.sqrt()).abs() < 1e-14);
        assert!((1.0 - hedges_j(1e9) - 0.75e-9).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_spread_has_no_effect_size() {
        let none = effect_size(&[1.0; 3], &[2.0; 3]).unwrap();
        assert_eq!(none, EffectSize { cohen_d: None, hedges_g: None, glass_delta: None });
        let one = effect_size(&[1.0, 3.0], &[2.0; 3]).unwrap();
        assert_eq!((one.cohen_d, one.glass_delta), (Some(0.0), None));
    }

    #[test]
    fn the_unit_does_not_matter() {
        let (x, y) = ([2.0, 4.0, 9.0], [1.0, 3.0, 5.0, 5.0]);
        let by = |v: &[f64], e: i32| v.iter().map(|v| libm::ldexp(*v, e)).collect::<Vec<_>>();
        let plain = effect_size(&x, &y).unwrap();
        for e in [-1030, 1015] {
            assert_eq!(effect_size(&by(&x, e), &by(&y, e)).unwrap(), plain);
        }
    }
}
