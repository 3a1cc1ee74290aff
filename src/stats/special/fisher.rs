//! The F distribution.

use super::beta::beta_tails;

/// F upper tail with `d1` and `d2` degrees of freedom.
///
/// ```
/// use serinus::stats::special::f_sf;
/// assert!((f_sf(4.964602743730711, 1.0, 10.0) - 0.05).abs() < 1e-13);
/// ```
pub fn f_sf(x: f64, d1: f64, d2: f64) -> f64 {
    tails(x, d1, d2).1
}

/// F lower tail with `d1` and `d2` degrees of freedom.
pub fn f_cdf(x: f64, d1: f64, d2: f64) -> f64 {
    tails(x, d1, d2).0
}

fn tails(x: f64, d1: f64, d2: f64) -> (f64, f64) {
    if x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let ratio = (d1 / d2) * x;
    let (share, rest) = if ratio <= 1.0 {
        (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio))
    } else {
        let inverse = (d2 / d1) / x;
        (1.0 / (1.0 + inverse), inverse / (1.0 + inverse))
    };
    beta_tails(0.5 * d1, 0.5 * d2, share, rest)
}
