//! Is one rate, or one share of labels, other than it should be, at whatever look one stops?
//!
//! Averaging the binomial likelihood ratio over a beta prior gives a martingale in closed form: with x of n and null p,
//! log E = log B(a + x, b + n - x) - log B(a, b) - x log p - (n - x) log(1 - p) (Robbins 1970; Howard, Ramdas, McAuliffe
//! and Sekhon 2021, the sub-Bernoulli mixture). The set of p with E below 1/alpha is a confidence sequence.

use super::normal_mixture::{NormalMixture, Sides, bisect};
use crate::stats::{Confidence, Unanswerable, special};

/// A beta mixture for sums of variables that lie `g` below to `h` above their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    r: f64,
    g: f64,
    h: f64,
}

impl BetaBinomial {
    /// The mixture whose bound at level `alpha` is tightest near variance `v_opt`, both sides.
    ///
    /// For 0/1 rows with null p: g = p, h = 1 - p, the sum is x - n p and its variance n p (1 - p).
    ///
    /// # Errors
    /// `g` or `h` is not positive, or `v_opt` and `alpha` do not tune a normal mixture.
    pub fn tuned(v_opt: f64, alpha: f64, g: f64, h: f64) -> Result<Self, Unanswerable> {
        for (argument, value) in [("g", g), ("h", h)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Unanswerable::Argument { argument, value, expected: "it has to be a positive number" });
            }
        }
        let rho = NormalMixture::tuned(v_opt, alpha, Sides::Two)?.rho();
        Ok(BetaBinomial { r: (rho - g * h).max(1e-3 * g * h), g, h })
    }

    /// log E of a sum `s` with variance `v`.
    ///
    /// ```
    /// use serinus::monitor::BetaBinomial;
    /// // Reference: confseq 0.0.11, beta_binomial_log_mixture, two-sided.
    /// let mixture = BetaBinomial::tuned(1670.189, 0.05, 0.595, 0.405)?;
    /// assert!((mixture.log_e(223.101, 2212.42)? - 9.124090101458933).abs() < 1e-6);
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `v` is negative, or `s` lies outside what variables of that range can sum to.
    pub fn log_e(&self, s: f64, v: f64) -> Result<f64, Unanswerable> {
        let BetaBinomial { r, g, h } = *self;
        if !(v >= 0.0 && v.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "v",
                value: v,
                expected: "it has to be finite and not negative",
            });
        }
        let range = g + h;
        // What is left of rounding at an extreme sum counts as none.
        let up = ((v + h * s) / (h * range)).max(-1e-9 * v);
        let down = ((v - g * s) / (g * range)).max(-1e-9 * v);
        let (up_a, down_a) = (r / (h * range) + up, r / (g * range) + down);
        if !(s.is_finite() && up_a > 0.0 && down_a > 0.0) {
            return Err(Unanswerable::Argument { argument: "s", value: s, expected: "it has to lie in [-v/h, v/g]" });
        }
        let log_e = v / (g * h) * range.ln() - up * g.ln() - down * h.ln() + special::ln_beta(down_a, up_a)
            - special::ln_beta(r / (g * range), r / (h * range));
        if log_e.is_nan() {
            return Err(Unanswerable::Argument {
                argument: "v",
                value: v,
                expected: "it is too large for this tuning",
            });
        }
        Ok(log_e)
    }
}

/// The rate that `events` of `n` rows bound at every look at once: a confidence sequence at level 1 - `alpha`.
///
/// The prior is tuned to be tightest near `n_opt` rows at level `alpha_opt`. O(1) with two bisections.
///
/// ```
/// use serinus::monitor::bernoulli_confidence_sequence;
/// let rate = bernoulli_confidence_sequence(3494, 9315, 0.05, 5000.0, 0.05)?;
/// assert!((rate.low - 0.3598359629317766).abs() < 1e-7 && (rate.high - 0.39049737317418054).abs() < 1e-7);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// More events than rows, `n_opt` not positive, or an alpha outside (0, 1).
pub fn bernoulli_confidence_sequence(
    events: u64,
    n: u64,
    alpha: f64,
    n_opt: f64,
    alpha_opt: f64,
) -> Result<Confidence, Unanswerable> {
    if events > n {
        return Err(Unanswerable::Argument {
            argument: "events",
            value: events as f64,
            expected: "at most as many as rows",
        });
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Unanswerable::Argument { argument: "alpha", value: alpha, expected: "it has to lie in (0, 1)" });
    }
    let concentration = concentration(n_opt, alpha_opt)?;
    let threshold = -alpha.ln();
    let (x, m) = (events as f64, n as f64);
    let beyond = |p: f64| log_e_of_rate(x, m, p, concentration) >= threshold;
    let rate = if n == 0 { 0.5 } else { x / m };
    let low = if events == 0 { 0.0 } else { rate - bisect(0.0, rate, |d| beyond(rate - d)) };
    let high = if events == n { 1.0 } else { rate + bisect(0.0, 1.0 - rate, |d| beyond(rate + d)) };
    Ok(Confidence { low: low.clamp(0.0, 1.0), high: high.clamp(0.0, 1.0), level: 1.0 - alpha })
}

/// Sum of the beta prior's parameters when it is tuned for `n_opt` rows: rho / (p (1 - p)) - 1.
pub(crate) fn concentration(n_opt: f64, alpha: f64) -> Result<f64, Unanswerable> {
    Ok((NormalMixture::tuned(n_opt, alpha, Sides::Two)?.rho() - 1.0).max(1e-3))
}

/// log E of x of n against the rate p, with the prior Beta(k p, k (1 - p)); +inf where p cannot have given the data.
pub(crate) fn log_e_of_rate(x: f64, n: f64, p: f64, k: f64) -> f64 {
    let q = 1.0 - p;
    if p <= 0.0 || q <= 0.0 {
        let possible = if p <= 0.0 { x == 0.0 } else { x == n };
        return if possible { 0.0 } else { f64::INFINITY };
    }
    let (a, b) = (k * p, k * q);
    special::ln_beta(a + x, b + n - x) - special::ln_beta(a, b) - x * p.ln() - (n - x) * (-p).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_agree_for_rows() {
        let (x, n, p) = (37.0, 210.0, 0.13);
        let mixture = BetaBinomial::tuned(500.0 * p * (1.0 - p), 0.05, p, 1.0 - p).expect("valid");
        let by_sum = mixture.log_e(x - n * p, n * p * (1.0 - p)).expect("valid");
        let by_count = log_e_of_rate(x, n, p, concentration(500.0, 0.05).expect("valid"));
        assert!((by_sum - by_count).abs() < 1e-9, "{by_sum} {by_count}");
    }

    #[test]
    fn the_expectation_is_one() {
        let (n, p) = (12u64, 0.3);
        let sum: f64 =
            (0..=n).map(|x| special::binom_pmf(x, n, p) * log_e_of_rate(x as f64, n as f64, p, 4.0).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-10);
    }

    #[test]
    fn the_ends_of_the_scale_have_answers() {
        let none = bernoulli_confidence_sequence(0, 100, 0.05, 100.0, 0.05).expect("valid");
        assert!(none.low == 0.0 && none.high > 0.0 && none.high < 0.2);
        let all = bernoulli_confidence_sequence(100, 100, 0.05, 100.0, 0.05).expect("valid");
        assert!(all.high == 1.0 && (all.low - (1.0 - none.high)).abs() < 1e-9);
        let nothing = bernoulli_confidence_sequence(0, 0, 0.05, 100.0, 0.05).expect("valid");
        assert!(nothing.low == 0.0 && nothing.high == 1.0);
        let many = bernoulli_confidence_sequence(5_000_000, 1_000_000_000, 0.05, 1e6, 0.05).expect("valid");
        assert!(many.low < 0.005 && many.high > 0.005 && many.high - many.low < 1e-4);
        assert!(bernoulli_confidence_sequence(2, 1, 0.05, 100.0, 0.05).is_err());
        assert!(BetaBinomial::tuned(10.0, 0.05, 0.0, 1.0).is_err());
    }
}
