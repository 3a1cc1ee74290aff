//! The noncentral t distribution, which power needs.

use super::gamma::{chi2_cdf, chi2_sf};
use super::normal::log_norm_cdf;
use super::stirling::{LN_SQRT_2PI, stirling_correction};
use super::student::t_sf;
use super::tail_integral::exp_m1_minus;

/// Noncentrality from which the limit law is taken, with a relative error of about its inverse.
const LARGEST_SHIFT: f64 = 1e4;
/// |t| from which the tail is a power of t to the last digit.
const LARGEST_T: f64 = 1e30;
/// Terms of the trapezoidal sum on each side; the widest case within the two limits takes fewer.
const MOST_STEPS: u32 = 2_000_000;

/// P(T <= t) for T noncentral t with `dof` degrees of freedom and noncentrality `shift`.
///
/// ```
/// use serinus::stats::special::{nct_cdf, t_cdf};
/// assert!((nct_cdf(1.5, 7.0, 0.0) - t_cdf(1.5, 7.0)).abs() < 1e-14);
/// ```
pub fn nct_cdf(t: f64, dof: f64, shift: f64) -> f64 {
    nct_sf(-t, dof, -shift)
}

/// P(T > t) for T noncentral t with `dof` degrees of freedom and noncentrality `shift`.
///
/// T = (Z + shift)/S with S = sqrt(chi2/dof), so the tail is the mean of Phi(shift - t S) over S. The integral over
/// ln S is of a positive analytic function, where the trapezoidal rule converges geometrically and a small tail keeps
/// its digits. A few hundred evaluations of Phi. Accurate for noncentralities up to 1e4, which is far beyond any plan.
pub fn nct_sf(t: f64, dof: f64, shift: f64) -> f64 {
    if t.is_nan() || shift.is_nan() || dof.is_nan() || dof <= 0.0 {
        return f64::NAN;
    }
    if shift == 0.0 {
        return t_sf(t, dof);
    }
    if t.is_infinite() || shift.is_infinite() {
        return if shift == f64::INFINITY || (t == f64::NEG_INFINITY && shift.is_finite()) { 1.0 } else { 0.0 };
    }
    if dof >= 1e20 || t == 0.0 {
        return log_norm_cdf(shift - t).exp();
    }
    if shift.abs() > LARGEST_SHIFT || t.abs() > LARGEST_T {
        return far_out(t, dof, shift);
    }
    // Density of w = ln S: (dof/2)^(dof/2) 2/gamma(dof/2) exp(dof (w - exp(2w)/2)), by Stirling
    // sqrt(dof/pi) exp(-correction - dof (exp(2w) - 1 - 2w)/2).
    let constant = 0.5 * (2.0 * dof).ln() - LN_SQRT_2PI - stirling_correction(0.5 * dof);
    let log_at = |w: f64| constant - 0.5 * dof * exp_m1_minus(2.0 * w) + log_norm_cdf(shift - t * w.exp());
    let peak = peak_of(&log_at, dof);
    let top = log_at(peak);
    if top == f64::NEG_INFINITY {
        return 0.0;
    }
    let inner = t * peak.exp();
    let step = 0.2 / (2.0 * dof + inner * inner + (shift - inner) * (shift - inner) + 1.0).sqrt();
    let mut sum = 1.0;
    // Left of here only exp(dof w) is left of the integrand, and the rest of the sum is a geometric series.
    let flat = -(45.0 + t.abs().max(1.0).ln());
    for side in [-1.0, 1.0] {
        for k in 1..MOST_STEPS {
            let w = peak + side * f64::from(k) * step;
            let term = (log_at(w) - top).exp();
            sum += term;
            if side < 0.0 && w < flat {
                sum += term / (dof * step).exp_m1();
                break;
            }
            if term < 1e-19 {
                break;
            }
        }
    }
    (top + (sum * step).ln()).min(0.0).exp()
}

/// The tail where t is astronomical, or where the noncentrality is and T is shift/S.
fn far_out(t: f64, dof: f64, shift: f64) -> f64 {
    if shift.abs() <= LARGEST_SHIFT {
        // Only S near zero matters, where its density is a power: the tail falls as t^-dof.
        let tail = |t: f64, shift: f64| nct_sf(LARGEST_T, dof, shift) * (dof * (LARGEST_T.ln() - t.ln())).exp();
        return if t > 0.0 { tail(t, shift) } else { 1.0 - tail(-t, -shift) };
    }
    if t * shift <= 0.0 {
        return if shift > 0.0 { 1.0 } else { 0.0 };
    }
    let border = dof * (shift / t) * (shift / t);
    if shift > 0.0 { chi2_cdf(border, dof) } else { chi2_sf(border, dof) }
}

/// Where a unimodal log density is largest, roughly: a bracket grown from zero, then golden sections.
fn peak_of(f: &impl Fn(f64) -> f64, dof: f64) -> f64 {
    let scale = (1.0 / (2.0 * dof).sqrt()).min(10.0);
    let (mut low, mut high) = (-scale, scale);
    let mut reach = scale;
    while f(low) > f(low + 0.5 * reach) && low > -700.0 {
        reach *= 2.0;
        low -= reach;
    }
    reach = scale;
    while f(high) > f(high - 0.5 * reach) && high < 350.0 {
        reach *= 2.0;
        high += reach;
    }
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    for _ in 0..60 {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if f(left) < f(right) {
            low = left
        } else {
            high = right
        }
        if high - low < 0.05 * scale {
            break;
        }
    }
    0.5 * (low + high)
}
