//! Are counts in classes other than they should be, at whatever look one stops?
//!
//! Averaging the multinomial likelihood ratio over a Dirichlet prior centred on the null gives
//! log E = log B(k θ + n) - log B(k θ) - Σ n_i log θ_i (Lindon and Malek 2022). With two classes it is the beta-binomial
//! mixture on labels; with the arms as classes, the sequential sample-ratio check ([`super::sample_ratio`]).

use super::label::canary_share;
use super::log_sum::log_sum_exp;
use crate::arms::Arms;
use crate::monitor::Counts;
use crate::stats::{Unanswerable, special};

/// log E of class counts against the shares `theta`, with a Dirichlet prior of concentration `k`.
///
/// O(number of classes). A larger `k` looks nearer to the null: 100 for large departures, 1000 for a few percent.
///
/// ```
/// use serinus::monitor::dirichlet_log_e;
/// // Reference: savvi 0.3.1.
/// let log_e = dirichlet_log_e(&[225, 169], &[0.5, 0.5], 100.0)?;
/// assert!((log_e - 2.386721549322658).abs() < 1e-8);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// Lengths differ, a share is not positive, the shares do not sum to 1 within 1e-9, or `k` is not positive.
pub fn dirichlet_log_e(counts: &[u64], theta: &[f64], k: f64) -> Result<f64, Unanswerable> {
    if counts.len() != theta.len() || counts.is_empty() {
        return Err(Unanswerable::Argument {
            argument: "theta",
            value: theta.len() as f64,
            expected: "as many shares as counts, and at least one",
        });
    }
    if !(k > 0.0 && k.is_finite()) {
        return Err(Unanswerable::Argument { argument: "k", value: k, expected: "it has to be a positive number" });
    }
    if let Some(bad) = theta.iter().find(|t| !(**t > 0.0 && **t <= 1.0)) {
        return Err(Unanswerable::Argument {
            argument: "theta",
            value: *bad,
            expected: "a share has to lie in (0, 1]",
        });
    }
    let sum: f64 = theta.iter().sum();
    if (sum - 1.0).abs() > 1e-9 {
        return Err(Unanswerable::Argument { argument: "theta", value: sum, expected: "shares have to sum to 1" });
    }
    let total: f64 = counts.iter().map(|n| *n as f64).sum();
    let mut log_e = -log_rise(k, total);
    for (n, share) in counts.iter().zip(theta) {
        let n = *n as f64;
        log_e += log_rise(k * share, n) - n * share.ln();
    }
    Ok(log_e)
}

/// log Γ(a + n) - log Γ(a).
fn log_rise(a: f64, n: f64) -> f64 {
    if n == 0.0 { 0.0 } else { special::ln_gamma(a + n) - special::ln_gamma(a) }
}

/// log E against "every class of events falls on the canary in the share of its exposure": status classes 2xx, 4xx, 5xx.
///
/// The mean of one two-sided label mixture a class, so it finds a shift of any class; `k` as in [`dirichlet_log_e`].
/// `None` when an arm has no exposure. The exposures are those of the whole arm, the same for all classes.
///
/// ```
/// use serinus::Arms;
/// use serinus::monitor::status_class_log_e;
/// let exposure = Arms { baseline: 9500, canary: 500 };
/// let classes = [Arms { baseline: 9400, canary: 480 }, Arms { baseline: 95, canary: 5 }, Arms { baseline: 5, canary: 15 }];
/// assert!(status_class_log_e(&classes, &exposure, 20.0)?.is_some_and(|log_e| log_e > 20f64.ln()));
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `k` is not positive, or there is no class.
pub fn status_class_log_e(classes: &[Arms<u64>], exposure: &Arms<u64>, k: f64) -> Result<Option<f64>, Unanswerable> {
    let Some(w) = canary_share(&exposure.map(|n| Counts::new(n, 0))) else { return Ok(None) };
    if classes.is_empty() {
        return Err(Unanswerable::Argument { argument: "classes", value: 0.0, expected: "give at least one" });
    }
    let mut logs = Vec::with_capacity(classes.len());
    for class in classes {
        logs.push(dirichlet_log_e(&[class.canary, class.baseline], &[w, 1.0 - w], k)?);
    }
    Ok(Some(log_sum_exp(logs.iter().copied()) - (logs.len() as f64).ln()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expectation_is_one_over_the_multinomial() {
        let theta = [0.2f64, 0.3, 0.5];
        let n = 6u64;
        let factorial = |m: u64| (1..=m).map(|i| i as f64).product::<f64>();
        let mut sum = 0.0;
        for a in 0..=n {
            for b in 0..=n - a {
                let c = n - a - b;
                let p = factorial(n) / (factorial(a) * factorial(b) * factorial(c))
                    * theta[0].powi(a as i32)
                    * theta[1].powi(b as i32)
                    * theta[2].powi(c as i32);
                sum += p * dirichlet_log_e(&[a, b, c], &theta, 10.0).expect("valid").exp();
            }
        }
        assert!((sum - 1.0).abs() < 1e-10);
    }

    #[test]
    fn nothing_counted_is_no_evidence_and_huge_counts_are_finite() {
        assert_eq!(dirichlet_log_e(&[0, 0], &[0.05, 0.95], 100.0), Ok(0.0));
        let skewed = dirichlet_log_e(&[1_000_000_000, 1_000_000_000], &[0.05, 0.95], 1000.0).expect("valid");
        assert!(skewed.is_finite() && skewed > 1e6);
        assert!(dirichlet_log_e(&[1], &[0.5, 0.5], 1.0).is_err());
        assert!(dirichlet_log_e(&[1, 1], &[0.5, 0.6], 1.0).is_err());
        assert!(dirichlet_log_e(&[1, 1], &[0.0, 1.0], 1.0).is_err());
    }
}
