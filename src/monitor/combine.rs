//! What do several e-values say together?
//!
//! The weighted mean of e-values is an e-value under any dependence, and it is never below any of its weighted parts, so
//! testing it dominates e-Bonferroni (Vovk and Wang 2021). Take current e-values at one look: running maxima give
//! p-values, not e-values.

use super::log_sum::log_sum_exp;
use crate::stats::Unanswerable;

/// log of the weighted mean of e-values given by their logs; weights are taken as shares of their sum. `None` when no
/// weight is positive.
///
/// ```
/// use serinus::monitor::log_mean_e;
/// let log_e = log_mean_e(&[100f64.ln(), 0.0], &[1.0, 3.0]).map(f64::exp);
/// assert!(log_e.is_some_and(|e| (e - 25.75).abs() < 1e-10));
/// ```
pub fn log_mean_e(log_e: &[f64], weights: &[f64]) -> Option<f64> {
    let pairs = log_e.iter().zip(weights).filter(|(e, w)| **w > 0.0 && w.is_finite() && !e.is_nan());
    let total: f64 = pairs.clone().map(|(_, w)| w).sum();
    (total > 0.0).then(|| log_sum_exp(pairs.map(|(e, w)| e + (w / total).ln())))
}

/// Which e-values survive e-Bonferroni: E >= K / alpha.
pub fn e_bonferroni(log_e: &[f64], alpha: f64) -> Vec<bool> {
    let threshold = (log_e.len() as f64).ln() - alpha.ln();
    log_e.iter().map(|e| *e >= threshold).collect()
}

/// Which e-values survive e-Holm, step down: the largest at K / alpha, the next at (K - 1) / alpha, ... Controls the chance
/// of any false one under any dependence. O(K log K).
///
/// ```
/// use serinus::monitor::e_holm;
/// let logs = [70f64.ln(), 45f64.ln(), 2f64.ln()];
/// assert_eq!(e_holm(&logs, 0.05), [true, true, false]);
/// ```
pub fn e_holm(log_e: &[f64], alpha: f64) -> Vec<bool> {
    weighted_e_holm(log_e, &vec![1.0; log_e.len()]).into_iter().map(|left| left >= -alpha.ln()).collect()
}

/// The p-value that e-Holm gives each e-value: the least alpha at which it is rejected, at most 1.
pub fn e_holm_adjusted(log_e: &[f64]) -> Vec<f64> {
    let left = weighted_e_holm(log_e, &vec![1.0; log_e.len()]);
    left.into_iter().map(super::log_sum::p_from_log_e).collect()
}

/// What e-Holm with weights leaves of each e-value, as a log: it is rejected at alpha when that reaches log(1 / alpha).
///
/// In the order of w E, each is multiplied by its share of the weights not yet passed, and may not exceed the one before.
/// It is the step-down form of testing every intersection by its weighted mean, so a metric that carries such a mean over
/// its threshold alone is always named. A weight of 0 leaves nothing.
pub(crate) fn weighted_e_holm(log_e: &[f64], weights: &[f64]) -> Vec<f64> {
    // An e-value that is no number shows nothing.
    let known = |e: f64| if e.is_nan() { f64::NEG_INFINITY } else { e };
    let weighted: Vec<f64> = log_e.iter().zip(weights).map(|(e, w)| known(*e) + w.ln()).collect();
    let order = descending(&weighted);
    let mut left = vec![f64::NEG_INFINITY; log_e.len()];
    let mut least = f64::INFINITY;
    for (rank, &i) in order.iter().enumerate() {
        // Summed anew at each step, so that nothing cancels.
        let total: f64 = order[rank..].iter().map(|j| weights[*j]).sum();
        if weights[i] > 0.0 {
            least = least.min(weighted[i] - total.ln());
            left[i] = least;
        }
    }
    left
}

/// Which e-values survive e-BH at false discovery rate `q`, under any dependence: the k* largest, with k* the largest k
/// for which the k-th largest is at least K / (k q) (Wang and Ramdas 2022). O(K log K).
pub fn e_bh(log_e: &[f64], q: f64) -> Vec<bool> {
    let order = descending(log_e);
    let all = log_e.len() as f64;
    let mut found = order.iter().enumerate().filter(|(rank, i)| {
        let k = (*rank + 1) as f64;
        log_e[**i] >= (all / k).ln() - q.ln()
    });
    let kept = found.next_back().map_or(0, |(rank, _)| rank + 1);
    let mut rejected = vec![false; log_e.len()];
    order[..kept].iter().for_each(|i| rejected[*i] = true);
    rejected
}

fn descending(log_e: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..log_e.len()).collect();
    order.sort_by(|i, j| log_e[*j].total_cmp(&log_e[*i]));
    order
}

/// The e-value of a p-value from a test that was made once: kappa p^(kappa - 1) (Vovk and Wang 2021).
///
/// ```
/// use serinus::monitor::p_to_e;
/// assert_eq!(p_to_e(0.04, 0.5)?, 2.5);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `p` is not in (0, 1], or `kappa` is not in (0, 1).
pub fn p_to_e(p: f64, kappa: f64) -> Result<f64, Unanswerable> {
    if !(p > 0.0 && p <= 1.0) {
        return Err(Unanswerable::Argument { argument: "p", value: p, expected: "it has to lie in (0, 1]" });
    }
    if !(kappa > 0.0 && kappa < 1.0) {
        return Err(Unanswerable::Argument { argument: "kappa", value: kappa, expected: "it has to lie in (0, 1)" });
    }
    Ok((kappa * p.powf(kappa - 1.0)).min(f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_never_below_a_weighted_part() {
        let logs = [-3.0, 5.0, 800.0, 1e6];
        let mean = log_mean_e(&logs, &[1.0; 4]).expect("weights");
        assert!(mean >= 1e6 - 4f64.ln() && mean <= 1e6);
        assert_eq!(log_mean_e(&logs, &[0.0; 4]), None);
        assert_eq!(log_mean_e(&[], &[]), None);
    }

    #[test]
    fn e_holm_is_at_least_e_bonferroni_and_e_bh_at_least_e_holm() {
        let logs: Vec<f64> = [400.0, 130.0, 70.0, 3.0, 0.1, 25.0].iter().map(|e: &f64| e.ln()).collect();
        let (bonferroni, holm, bh) = (e_bonferroni(&logs, 0.05), e_holm(&logs, 0.05), e_bh(&logs, 0.05));
        for i in 0..logs.len() {
            assert!(!bonferroni[i] || holm[i]);
            assert!(!holm[i] || bh[i]);
        }
        assert_eq!(holm, [true, true, false, false, false, false]);
        assert_eq!(bh, [true, true, true, false, false, false]);
        let adjusted = e_holm_adjusted(&logs);
        assert!(adjusted.iter().zip(&holm).all(|(p, rejected)| (*p <= 0.05) == *rejected), "{adjusted:?}");
        assert!(e_bh(&[], 0.05).is_empty() && e_holm(&[], 0.05).is_empty());
    }

    #[test]
    fn with_weights_the_metric_that_carries_the_mean_is_named() {
        // One metric of weight one half at E = 40 carries the mean to 20; equal weights would ask for 120 here.
        let logs = [40f64.ln(), 0.0, f64::NEG_INFINITY];
        let left = weighted_e_holm(&logs, &[0.5, 0.25, 0.25]);
        assert!((left[0] - 20f64.ln()).abs() < 1e-12, "{left:?}");
        assert!((left[1] - 0.5f64.ln()).abs() < 1e-12 && left[2] == f64::NEG_INFINITY);
        // Step down: what is left of the second is measured against the remaining weights only.
        let left = weighted_e_holm(&[100f64.ln(), 30f64.ln()], &[0.5, 0.5]);
        assert!((left[0] - 50f64.ln()).abs() < 1e-12 && (left[1] - 30f64.ln()).abs() < 1e-12, "{left:?}");
        assert_eq!(weighted_e_holm(&[5.0, 900.0], &[1.0, 0.0]), [5.0, f64::NEG_INFINITY]);
        assert!(weighted_e_holm(&[], &[]).is_empty());
        assert_eq!(e_holm(&[f64::NAN, 100f64.ln()], 0.05), [false, true]);
    }

    #[test]
    fn a_calibrated_p_value_integrates_to_one() {
        let n = 1_000_000;
        let sum: f64 = (0..n).map(|i| p_to_e((f64::from(i) + 0.5) / f64::from(n), 0.5).expect("valid")).sum();
        assert!((sum / f64::from(n) - 1.0).abs() < 1e-3);
        assert!(p_to_e(0.0, 0.5).is_err() && p_to_e(0.5, 1.0).is_err() && p_to_e(f64::NAN, 0.5).is_err());
        assert!(p_to_e(f64::MIN_POSITIVE, 1e-9).expect("valid").is_finite());
    }
}
