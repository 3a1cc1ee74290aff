//! The limiting Kolmogorov distribution.

/// P(K > lambda) for the limiting Kolmogorov distribution.
///
/// The alternating series 2 sum (-1)^(k-1) exp(-2 k^2 lambda^2), or for small lambda one minus the theta series
/// sqrt(2 pi)/lambda sum exp(-(2k-1)^2 pi^2 / (8 lambda^2)) (Kolmogorov 1933; Marsaglia, Tsang & Wang 2003).
///
/// ```
/// use serinus::stats::special::kolmogorov_sf;
/// assert!((kolmogorov_sf(1.3580986393225505) - 0.05).abs() < 1e-13);
/// ```
pub fn kolmogorov_sf(lambda: f64) -> f64 {
    if lambda.is_nan() {
        return f64::NAN;
    }
    // The whole lower tail below 0.02 is exp(-3084).
    if lambda < 0.02 {
        return 1.0;
    }
    if lambda < 1.0 {
        return 1.0 - lower(lambda);
    }
    let mut sum = 0.0;
    for k in (1..=5).rev() {
        let k = f64::from(k);
        sum = (-2.0 * k * k * lambda * lambda).exp() - sum;
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

fn lower(lambda: f64) -> f64 {
    let rate = std::f64::consts::PI * std::f64::consts::PI / (8.0 * lambda * lambda);
    let sum: f64 = (0..5).map(|k| f64::from(2 * k + 1)).map(|odd| (-odd * odd * rate).exp()).sum();
    (2.0 * std::f64::consts::PI).sqrt() / lambda * sum
}
