//! Every resample of a small sample, with its probability: the oracle for what is drawn at random.

use crate::stats::Unanswerable;

/// Largest sample that is enumerated: 92,378 resamples that differ.
const MOST_VALUES: usize = 10;

/// The exact bootstrap distribution of a statistic: its values in ascending order with their probabilities.
///
/// Resamples that differ only in order are one, with probability n! / (c_1! ... c_n!) / n^n, so 10 values have 92,378
/// resamples in place of 1e10.
///
/// ```
/// use serinus::stats::bootstrap::exact_distribution;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let largest = exact_distribution(&[1.0, 2.0], |v| v.iter().copied().fold(f64::MIN, f64::max))?;
/// assert_eq!(largest, [(1.0, 0.25), (2.0, 0.75)]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooLarge`] above 10 values, [`Unanswerable::Undefined`] for an empty sample or a statistic that is
/// NaN in some resample.
pub fn exact_distribution(values: &[f64], statistic: impl Fn(&[f64]) -> f64) -> Result<Vec<(f64, f64)>, Unanswerable> {
    const TEST: &str = "exact bootstrap";
    let n = values.len();
    if n > MOST_VALUES {
        return Err(Unanswerable::TooLarge { test: TEST, limit: MOST_VALUES as u64, needed: n as u64 });
    }
    if n == 0 {
        return Err(Unanswerable::Undefined { test: TEST, why: "the sample is empty" });
    }
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let all = factorial(n) / (n as f64).powi(n as i32);
    let mut found = Vec::new();
    let mut resample = Vec::with_capacity(n);
    let mut counts = vec![0; n];
    each_composition(&mut counts, 0, n, &mut |counts| {
        resample.clear();
        for (value, &count) in values.iter().zip(counts) {
            resample.extend(std::iter::repeat_n(*value, count));
        }
        let ways = counts.iter().map(|&c| factorial(c)).product::<f64>();
        found.push((statistic(&resample), all / ways));
    });
    if found.iter().any(|(v, _)| v.is_nan()) {
        return Err(Unanswerable::Undefined { test: TEST, why: "the statistic is NaN in a resample" });
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (value, p) in found {
        match merged.last_mut() {
            Some(last) if last.0 == value => last.1 += p,
            _ => merged.push((value, p)),
        }
    }
    Ok(merged)
}

/// Visits every way to spread `left` draws over the positions from `at` on.
fn each_composition(counts: &mut [usize], at: usize, left: usize, visit: &mut impl FnMut(&[usize])) {
    if at + 1 == counts.len() {
        counts[at] = left;
        visit(counts);
        return;
    }
    for here in 0..=left {
        counts[at] = here;
        each_composition(counts, at + 1, left - here, visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_the_mean_has_its_bootstrap_variance() {
        for n in 1..=7 {
            let values: Vec<f64> = (0..n).map(|i| f64::from(i * i)).collect();
            let size = f64::from(n);
            let means = exact_distribution(&values, |v| v.iter().sum::<f64>() / v.len() as f64).unwrap();
            assert!((means.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-14);
            let mean = values.iter().sum::<f64>() / size;
            let spread = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / size / size;
            let found: f64 = means.iter().map(|(v, p)| p * (v - mean).powi(2)).sum();
            assert!((found - spread).abs() <= 1e-13 * spread.max(1.0), "{n}");
        }
        assert!(matches!(exact_distribution(&[0.0; 11], |_| 0.0), Err(Unanswerable::TooLarge { .. })));
        assert!(exact_distribution(&[1.0, 2.0], |_| f64::NAN).is_err());
    }
}
