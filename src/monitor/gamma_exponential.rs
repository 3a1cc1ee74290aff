//! Is a drift shown in a sum whose steps are bounded, with the variance observed and not assumed?
//!
//! The gamma-exponential mixture (Howard, Ramdas, McAuliffe and Sekhon 2021, proposition 9) for sub-exponential sums of
//! scale c: with it an empirical-Bernstein bound needs no asymptotics. One-sided.

use super::normal_mixture::{NormalMixture, Sides, bisect};
use crate::stats::{Unanswerable, special};

/// A gamma mixture of given precision for steps of scale c.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaExponential {
    rho: f64,
    c: f64,
    leading: f64,
}

impl GammaExponential {
    /// The mixture whose bound at level `alpha` is tightest near variance `v_opt`, for steps of scale `c` (1 for
    /// variables in [0, 1]).
    ///
    /// # Errors
    /// `v_opt` or `c` is not positive, or `alpha` is not in (0, 1/2).
    pub fn tuned(v_opt: f64, alpha: f64, c: f64) -> Result<Self, Unanswerable> {
        if !(c > 0.0 && c.is_finite()) {
            return Err(Unanswerable::Argument { argument: "c", value: c, expected: "it has to be a positive number" });
        }
        let rho = NormalMixture::tuned(v_opt, alpha, Sides::One)?.rho();
        let shape = rho / (c * c);
        if !(shape > 1e-290 && shape < 1e290) {
            return Err(Unanswerable::Argument {
                argument: "v_opt",
                value: v_opt,
                expected: "it is too far from c squared",
            });
        }
        let leading = shape * shape.ln() - special::ln_gamma(shape) - log_gamma_p(shape, shape);
        Ok(GammaExponential { rho, c, leading })
    }

    /// log E of a sum `s` with variance `v`.
    ///
    /// ```
    /// use serinus::monitor::GammaExponential;
    /// // Reference: confseq 0.0.11, gamma_exponential_log_mixture.
    /// let mixture = GammaExponential::tuned(1670.189, 0.05, 1.303)?;
    /// assert!((mixture.log_e(11.806, 2212.42)? - -0.9358012686204802).abs() < 1e-7);
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `v` is negative or not finite, or `s` is at or below -(v + rho) / c, where the mixture ends.
    pub fn log_e(&self, s: f64, v: f64) -> Result<f64, Unanswerable> {
        if !(v >= 0.0 && v.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "v",
                value: v,
                expected: "it has to be finite and not negative",
            });
        }
        if !(s.is_finite() && self.c * s + v + self.rho > 0.0) {
            return Err(Unanswerable::Argument {
                argument: "s",
                value: s,
                expected: "it has to exceed -(v + rho) / c",
            });
        }
        let log_e = self.log_capital(s, v);
        if log_e.is_nan() {
            return Err(Unanswerable::Argument {
                argument: "v",
                value: v,
                expected: "it is too large for this tuning",
            });
        }
        Ok(log_e)
    }

    fn log_capital(&self, s: f64, v: f64) -> f64 {
        let c2 = self.c * self.c;
        let sum = (self.c * s + v) / c2;
        let shape = (v + self.rho) / c2;
        let point = sum + self.rho / c2;
        let log_e = self.leading + special::ln_gamma(shape) + log_gamma_p(shape, point) - shape * point.ln() + sum;
        if log_e.is_nan() { 0.0 } else { log_e.clamp(-f64::MAX, f64::MAX) }
    }

    /// The sum at which E reaches 1/alpha when its variance is `v`; by bisection.
    ///
    /// # Errors
    /// `v` is negative or not finite, or `alpha` is not in (0, 1).
    pub fn bound(&self, v: f64, alpha: f64) -> Result<f64, Unanswerable> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "alpha",
                value: alpha,
                expected: "it has to lie in (0, 1)",
            });
        }
        self.log_e(0.0, v)?;
        let threshold = -alpha.ln();
        let reached = |s: f64| self.log_capital(s, v) >= threshold;
        let mut high = v.sqrt().max(self.c);
        while !reached(high) && high < f64::MAX / 4.0 {
            high *= 2.0;
        }
        Ok(bisect(0.0, high, reached))
    }
}

/// log of the regularised lower incomplete gamma function, through its series where the function itself underflows.
fn log_gamma_p(a: f64, x: f64) -> f64 {
    let direct = special::gamma_p(a, x);
    if direct > 1e-200 {
        return direct.ln();
    }
    // DLMF 8.7.1: P(a, x) = x^a e^-x / Γ(a + 1) (1 + x/(a+1) + x²/((a+1)(a+2)) + ...), all terms positive.
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..10_000 {
        term *= x / (a + n as f64);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    a * x.ln() - x - special::ln_gamma(a + 1.0) + f64::ln(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_where_the_e_value_reaches_one_over_alpha() {
        let mixture = GammaExponential::tuned(100.0, 0.05, 1.0).expect("valid");
        for v in [0.0, 1.0, 100.0, 1e5] {
            let s = mixture.bound(v, 0.01).expect("valid");
            assert!((mixture.log_e(s, v).expect("valid") - 100f64.ln()).abs() < 1e-6, "{v}");
        }
    }

    #[test]
    fn no_drift_is_no_evidence_and_extremes_are_refused() {
        let mixture = GammaExponential::tuned(100.0, 0.05, 1.0).expect("valid");
        assert!(mixture.log_e(0.0, 0.0).expect("valid").abs() < 1e-9);
        assert!(mixture.log_e(0.0, 50.0).expect("valid") < 0.0);
        assert!(mixture.log_e(-1e9, 1.0).is_err());
        assert!(mixture.log_e(f64::NAN, 1.0).is_err());
        assert!(GammaExponential::tuned(1.0, 0.05, -1.0).is_err());
    }
}
