//! The standard normal distribution and the complementary error function.

use statrs::distribution::ContinuousCDF;

use super::stirling::LN_SQRT_2PI;

/// 1 - erf(x), computed directly.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// exp(x^2) erfc(x): the complementary error function with its decay taken out. Overflows to infinity below -26.6.
///
/// ```
/// use serinus::stats::special::erfcx;
/// assert!((erfcx(1e10) * 1e10 * std::f64::consts::PI.sqrt() - 1.0).abs() < 1e-15);
/// ```
pub fn erfcx(x: f64) -> f64 {
    if x > 25.0 {
        // The asymptotic series in 1/(2 x^2); its seventh term is below 1e-16 here.
        let r = 0.5 / x / x;
        let series = 1.0 - r * (1.0 - 3.0 * r * (1.0 - 5.0 * r * (1.0 - 7.0 * r * (1.0 - 9.0 * r * (1.0 - 11.0 * r)))));
        return series / x / std::f64::consts::PI.sqrt();
    }
    let square = x * x;
    let rounding = x.mul_add(x, -square);
    square.exp() * rounding.exp() * libm::erfc(x)
}

/// Standard normal lower tail.
///
/// ```
/// use serinus::stats::special::norm_cdf;
/// assert!((norm_cdf(-10.0) / 7.619853024160526e-24 - 1.0).abs() < 1e-13);
/// ```
pub fn norm_cdf(z: f64) -> f64 {
    norm_sf(-z)
}

/// Standard normal upper tail.
pub fn norm_sf(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Standard normal density.
pub fn norm_pdf(z: f64) -> f64 {
    (-0.5 * z * z - LN_SQRT_2PI).exp()
}

/// Standard normal quantile of a lower-tail probability `p`; infinite at 0 and 1.
pub fn norm_ppf(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -norm_ppf(1.0 - p);
    }
    if p > 1e-290 {
        return statrs::distribution::Normal::standard().inverse_cdf(p);
    }
    // statrs loses its way among the subnormal numbers: Newton on the log of the tail, from its leading term.
    let log_p = p.ln();
    let mut z = -(-2.0 * log_p - (-2.0 * log_p).ln() - 2.0 * LN_SQRT_2PI).sqrt();
    for _ in 0..4 {
        let log_tail = log_norm_cdf(z);
        z -= (log_tail - log_p) * (log_tail + 0.5 * z * z + LN_SQRT_2PI).exp();
    }
    z
}

/// Standard normal quantile of an upper-tail probability `p`.
pub fn norm_isf(p: f64) -> f64 {
    -norm_ppf(p)
}

/// log of the standard normal lower tail, accurate however far in the tail.
///
/// ```
/// use serinus::stats::special::log_norm_cdf;
/// assert!((log_norm_cdf(-1000.0) + 500_007.826_694_812_2).abs() < 1e-9);
/// ```
pub fn log_norm_cdf(z: f64) -> f64 {
    if z > 0.0 {
        (-norm_sf(z)).ln_1p()
    } else if z > -1.0 {
        norm_cdf(z).ln()
    } else {
        (0.5 * erfcx(-z * std::f64::consts::FRAC_1_SQRT_2)).ln() - 0.5 * z * z
    }
}
