//! Sums of numbers that are kept as their logs.

/// log of the sum of `exp` of the terms; `-inf` of none.
///
/// The largest term is taken out first, so that terms of 1e6 or -1e6 neither overflow nor vanish.
///
/// ```
/// use serinus::monitor::log_sum_exp;
/// assert_eq!(log_sum_exp([1e6, 1e6]), 1e6 + 2f64.ln());
/// assert_eq!(log_sum_exp([]), f64::NEG_INFINITY);
/// ```
pub fn log_sum_exp(terms: impl IntoIterator<Item = f64, IntoIter: Clone>) -> f64 {
    let terms = terms.into_iter();
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + terms.map(|t| (t - largest).exp()).sum::<f64>().ln()
}

/// log(exp(a) + exp(b)).
pub fn log_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY || high == f64::INFINITY {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

/// The p-value that an e-value gives at any stopping time: min(1, 1/E), never below the least positive number.
///
/// ```
/// use serinus::monitor::p_from_log_e;
/// assert_eq!(p_from_log_e(-3.0), 1.0);
/// assert!((p_from_log_e(20f64.ln()) - 0.05).abs() < 1e-15);
/// assert!(p_from_log_e(1e6) > 0.0);
/// ```
pub fn p_from_log_e(log_e: f64) -> f64 {
    if log_e <= 0.0 { 1.0 } else { (-log_e).exp().max(f64::MIN_POSITIVE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_logs_hold_at_both_ends() {
        assert!((log_sum_exp([0.0, 0.0, 0.0]) - 3f64.ln()).abs() < 1e-15);
        assert_eq!(log_sum_exp([-1e6, -1e6 - 2000.0]), -1e6);
        assert_eq!(log_add_exp(f64::NEG_INFINITY, 3.0), 3.0);
        assert!((log_add_exp(1.0, 2.0) - log_sum_exp([1.0, 2.0])).abs() < 1e-15);
        assert_eq!(log_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
    }
}
