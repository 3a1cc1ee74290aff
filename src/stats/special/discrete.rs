//! Binomial and Poisson probabilities.

use super::beta::{beta_tails, log_density_at};
use super::gamma::{gamma_p, gamma_q, log_density};
use super::normal::norm_ppf;

/// P(X <= k) for X binomial(n, p); 0 for k < 0. O(1) through the incomplete beta.
///
/// ```
/// use serinus::stats::special::binom_cdf;
/// assert!((binom_cdf(2, 5, 0.5) - 0.5).abs() < 1e-15);
/// assert!((binom_cdf(0, 1_000_000_000, 1e-9) / (-1.0000000005_f64).exp() - 1.0).abs() < 1e-12);
/// ```
pub fn binom_cdf(k: i64, n: u64, p: f64) -> f64 {
    if k < 0 {
        return 0.0;
    }
    if k as u64 >= n {
        return 1.0;
    }
    // P(X <= k) is the upper tail at p of beta(k + 1, n - k): no 1 - p that loses a small p.
    beta_tails(k as f64 + 1.0, (n - k as u64) as f64, p, 1.0 - p).1
}

/// P(X > k) for X binomial(n, p); 1 for k < 0.
pub fn binom_sf(k: i64, n: u64, p: f64) -> f64 {
    if k < 0 {
        return 1.0;
    }
    if k as u64 >= n {
        return 0.0;
    }
    beta_tails(k as f64 + 1.0, (n - k as u64) as f64, p, 1.0 - p).0
}

/// P(X = k) for X binomial(n, p), by the saddle point (Loader 2000).
pub fn binom_pmf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return 0.0;
    }
    if p == 0.0 {
        return if k == 0 { 1.0 } else { 0.0 };
    }
    if p == 1.0 {
        return if k == n { 1.0 } else { 0.0 };
    }
    if k == 0 {
        return (n as f64 * (-p).ln_1p()).exp();
    }
    if k == n {
        return (n as f64 * p.ln()).exp();
    }
    // C(n, k) = n / (k (n - k) B(k, n - k))
    let (k, rest) = (k as f64, (n - k) as f64);
    log_density_at(k, rest, p, 1.0 - p).exp() * (n as f64 / k / rest)
}

/// The smallest k with P(X <= k) >= q, X binomial(n, p).
///
/// A cdf value within 64 units of the last place of q counts as reaching it, as in R, so that `q` = 0.5 finds the
/// median of a symmetric law. O(log n) evaluations at worst, a few in practice.
pub fn binom_ppf(q: f64, n: u64, p: f64) -> u64 {
    if q.is_nan() || p.is_nan() || q <= 0.0 || p <= 0.0 {
        return 0;
    }
    if q >= 1.0 || p >= 1.0 {
        return n;
    }
    let reaches = |k: u64| binom_cdf(k as i64, n, p) * (1.0 + 64.0 * f64::EPSILON) >= q;
    let mean = n as f64 * p;
    let guess = (mean + norm_ppf(q) * (mean * (1.0 - p)).sqrt()).clamp(0.0, n as f64) as u64;
    // Gallop to a bracket: `low` does not reach q, `high` does.
    let (mut low, mut high, mut stride);
    if reaches(guess) {
        (high, stride) = (guess, 1u64);
        loop {
            if high == 0 {
                return 0;
            }
            low = high.saturating_sub(stride);
            if !reaches(low) {
                break;
            }
            high = low;
            stride *= 4;
        }
    } else {
        (low, stride) = (guess, 1u64);
        loop {
            high = low.saturating_add(stride).min(n);
            if high == n || reaches(high) {
                break;
            }
            low = high;
            stride *= 4;
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if reaches(middle) { high = middle } else { low = middle }
    }
    high
}

/// P(X <= k) for X Poisson(mean).
pub fn poisson_cdf(k: i64, mean: f64) -> f64 {
    if k < 0 { 0.0 } else { gamma_q(k as f64 + 1.0, mean) }
}

/// P(X > k) for X Poisson(mean).
pub fn poisson_sf(k: i64, mean: f64) -> f64 {
    if k < 0 { 1.0 } else { gamma_p(k as f64 + 1.0, mean) }
}

/// P(X = k) for X Poisson(mean), by the saddle point (Loader 2000).
pub fn poisson_pmf(k: u64, mean: f64) -> f64 {
    if mean.is_nan() || mean < 0.0 {
        return f64::NAN;
    }
    if k == 0 {
        return (-mean).exp();
    }
    if mean == 0.0 || mean.is_infinite() {
        return 0.0;
    }
    log_density(k as f64, mean).exp() / k as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_first_count_whose_cdf_reaches_it() {
        for (n, p) in [(1u64, 0.5), (7, 0.5), (10, 0.01), (1000, 0.999), (1_000_000_000, 0.99)] {
            for q in [1e-300, 1e-12, 0.01, 0.5, 0.975, 1.0 - 1e-12] {
                let k = binom_ppf(q, n, p);
                assert!(binom_cdf(k as i64, n, p) * (1.0 + 1e-13) >= q, "{n} {p} {q}");
                assert!(k == 0 || binom_cdf(k as i64 - 1, n, p) < q, "{n} {p} {q}");
            }
        }
        assert_eq!(binom_ppf(0.5, 7, 0.5), 3);
    }
}
