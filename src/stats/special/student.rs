//! Student's t distribution.

use super::beta::{beta_quantile, beta_tails, log_density_at};
use super::normal::{norm_isf, norm_pdf, norm_sf};
use super::stirling::ln_beta;

/// From here on the t distribution is the normal one to the last digit, at any t with a tail above 1e-300.
const NORMAL_FROM: f64 = 1e22;

/// Student t density.
pub fn t_pdf(t: f64, dof: f64) -> f64 {
    if t.is_nan() || dof.is_nan() || dof <= 0.0 {
        return f64::NAN;
    }
    if dof >= NORMAL_FROM {
        return norm_pdf(t);
    }
    let (x, y) = shares(t, dof);
    if x == 0.0 {
        return 0.0;
    }
    if y == 0.0 {
        return (-ln_beta(0.5 * dof, 0.5) - 0.5 * dof.ln()).exp();
    }
    // |t| f(t) = x^(dof/2) y^(1/2) / B(dof/2, 1/2)
    log_density_at(0.5 * dof, 0.5, x, y).exp() / t.abs()
}

/// Student t lower tail.
pub fn t_cdf(t: f64, dof: f64) -> f64 {
    t_sf(-t, dof)
}

/// Both tails of Student's t, lower and upper, for the price of one.
pub(crate) fn t_tails(t: f64, dof: f64) -> (f64, f64) {
    let beyond = t_sf(t.abs(), dof);
    if t < 0.0 { (beyond, 1.0 - beyond) } else { (1.0 - beyond, beyond) }
}

/// Student t upper tail: half of I_x(dof/2, 1/2) at x = dof/(dof + t^2).
///
/// ```
/// use serinus::stats::special::t_sf;
/// assert!((t_sf(12.706204736174707, 1.0) - 0.025).abs() < 1e-14);
/// ```
pub fn t_sf(t: f64, dof: f64) -> f64 {
    if t.is_nan() || dof.is_nan() || dof <= 0.0 {
        return f64::NAN;
    }
    if t < 0.0 {
        return 1.0 - t_sf(-t, dof);
    }
    if dof >= NORMAL_FROM {
        return norm_sf(t);
    }
    if t == f64::INFINITY {
        return 0.0;
    }
    let root = dof.sqrt() / t.abs();
    if root < 1e-100 {
        // The leading power, where dof/t^2 itself would underflow.
        return 0.5 * (dof * root.ln() - (0.5 * dof).ln() - ln_beta(0.5 * dof, 0.5)).exp();
    }
    let (x, y) = shares(t, dof);
    0.5 * beta_tails(0.5 * dof, 0.5, x, y).0
}

/// dof/(dof + t^2) and t^2/(dof + t^2).
fn shares(t: f64, dof: f64) -> (f64, f64) {
    let root = t.abs() / dof.sqrt();
    if root <= 1.0 {
        let square = t * t / dof;
        (1.0 / (1.0 + square), square / (1.0 + square))
    } else {
        let root = dof.sqrt() / t.abs();
        let square = if t.abs() < 1e150 { dof / (t * t) } else { root * root };
        (square / (1.0 + square), 1.0 / (1.0 + square))
    }
}

/// Student t quantile of an upper-tail probability.
pub fn t_isf(p: f64, dof: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) || dof.is_nan() || dof <= 0.0 {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -t_isf(1.0 - p, dof);
    }
    if p == 0.5 {
        return 0.0;
    }
    if dof >= NORMAL_FROM {
        return norm_isf(p);
    }
    if let Some(t) = near_normal(p, dof) {
        return t;
    }
    // Far out the leading power is the whole answer: p = (sqrt(dof)/t)^dof / (dof B(dof/2, 1/2)).
    let log_root = ((2.0 * p).ln() + (0.5 * dof).ln() + ln_beta(0.5 * dof, 0.5)) / dof;
    if log_root < -230.0 {
        return (0.5 * dof.ln() - log_root).exp();
    }
    let (x, y) = beta_quantile(0.5 * dof, 0.5, 2.0 * p, 1.0 - 2.0 * p);
    let t = (dof * (y / x)).sqrt();
    let step = (t_sf(t, dof) - p) / t_pdf(t, dof);
    if step.is_finite() && step.abs() < 1e-6 * t { t + step } else { t }
}

/// The quantile by Newton steps on the log of the tail from a Cornish-Fisher start (Fisher & Cornish 1960), where that
/// start is close enough to settle in four.
fn near_normal(p: f64, dof: f64) -> Option<f64> {
    if dof < 3.0 || !(1e-12..=0.499).contains(&p) {
        return None;
    }
    let z = norm_isf(p);
    let z2 = z * z;
    let first = z * (z2 + 1.0) / 4.0;
    let second = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let mut t = z + (first + (second + third / dof) / dof) / dof;
    for _ in 0..8 {
        let (tail, density) = (t_sf(t, dof), t_pdf(t, dof));
        let step = (tail / p).ln() * tail / density;
        t += step;
        if !(t > 0.0) {
            return None;
        }
        // Newton's error is squared: after a step this small the next one is below the last digit.
        if step.abs() < 1e-8 * t {
            return Some(t);
        }
    }
    None
}

/// Student t quantile of a lower-tail probability.
pub fn t_ppf(p: f64, dof: f64) -> f64 {
    -t_isf(p, dof)
}
