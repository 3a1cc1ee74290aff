//! Fences for outliers: found on the baseline, applied to both arms.
//!
//! Fences of each arm's own hide a canary whose tail got worse, because its own fences move out with it.

use super::Unanswerable;
use super::describe::{Moments, QuantileRule, quantile, require_finite, require_rows, sorted};
use crate::arms::Arm;

const TEST: &str = "outlier fences";

/// Phi^-1(3/4): the MAD of a standard normal, which makes the MAD a standard deviation.
const NORMAL_MAD: f64 = 0.674_489_750_196_081_7;

/// The range that a value has to lie in to be no outlier; both ends belong to it.
///
/// ```
/// use serinus::stats::outliers::Fences;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let fences = Fences::iqr(&[10.0, 11.0, 12.0, 13.0, 14.0], 1.5)?;
/// assert_eq!((fences.low, fences.high), (8.0, 16.0));
/// let (kept, removed) = fences.remove(&[12.0, 90.0, 13.0]);
/// assert_eq!((kept, removed), (vec![12.0, 13.0], 1));
/// assert_eq!(fences.clip(&[12.0, 90.0]), (vec![12.0, 16.0], 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fences {
    /// Lower fence, `-inf` when only the upper tail is fenced.
    pub low: f64,
    /// Upper fence.
    pub high: f64,
}

impl Fences {
    /// Tukey's fences: k interquartile ranges outside the type 7 quartiles; k = 1.5 is usual. O(n log n).
    ///
    /// # Errors
    /// [`Unanswerable::TooFew`] for an empty baseline, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`] for a
    /// negative k.
    pub fn iqr(baseline: &[f64], k: f64) -> Result<Fences, Unanswerable> {
        check(baseline, k, 1)?;
        let sorted = sorted(baseline);
        let at = |q| quantile(&sorted, q, QuantileRule::Linear).expect("a finite sample has its quartiles");
        let (q1, q3) = (at(0.25), at(0.75));
        Ok(Fences { low: q1 - k * (q3 - q1), high: q3 + k * (q3 - q1) })
    }

    /// k normal-scaled MADs either side of the median; k = 3 is usual. O(n log n).
    ///
    /// Unlike [`sigma`](Self::sigma) it is not masked by the outliers themselves. When more than half of the baseline
    /// is one value the MAD is 0 and the fences have no width, see [`width`](Self::width).
    ///
    /// # Errors
    /// As [`iqr`](Self::iqr).
    pub fn mad(baseline: &[f64], k: f64) -> Result<Fences, Unanswerable> {
        check(baseline, k, 1)?;
        let (median, mad) = median_and_mad(baseline).expect("the sample is finite and not empty");
        Ok(Fences { low: median - k * mad, high: median + k * mad })
    }

    /// k standard deviations either side of the mean. An outlier widens its own fence; prefer [`mad`](Self::mad).
    ///
    /// # Errors
    /// As [`iqr`](Self::iqr); two values are needed.
    pub fn sigma(baseline: &[f64], k: f64) -> Result<Fences, Unanswerable> {
        check(baseline, k, 2)?;
        let moments = Moments::of(baseline).expect("the sample is finite");
        let (mean, sd) = (moments.mean().unwrap_or(0.0), moments.standard_deviation().unwrap_or(0.0));
        Ok(Fences { low: mean - k * sd, high: mean + k * sd })
    }

    /// An upper fence at the baseline's q-quantile (inverted cdf); 0.999 with [`clip`](Self::clip) is the safe choice
    /// for a mean. O(n log n).
    ///
    /// # Errors
    /// [`Unanswerable::TooFew`], [`Unanswerable::NonFinite`], [`Unanswerable::Argument`] for q outside (0, 1].
    pub fn upper_quantile(baseline: &[f64], q: f64) -> Result<Fences, Unanswerable> {
        check(baseline, 0.0, 1)?;
        if !(q > 0.0 && q <= 1.0) {
            return Err(Unanswerable::Argument { argument: "quantile", value: q, expected: "it has to lie in (0, 1]" });
        }
        let high = quantile(&sorted(baseline), q, QuantileRule::InvertedCdf).expect("the sample is finite");
        Ok(Fences { low: f64::NEG_INFINITY, high })
    }

    /// Whether a value is no outlier. NaN is one.
    pub fn hold(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Distance between the fences; 0 means that the baseline is mostly one value and that every other value counts
    /// as an outlier.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The values inside the fences, in their order, and how many were removed.
    pub fn remove(&self, values: &[f64]) -> (Vec<f64>, u64) {
        let kept: Vec<f64> = values.iter().copied().filter(|v| self.hold(*v)).collect();
        let removed = (values.len() - kept.len()) as u64;
        (kept, removed)
    }

    /// All values with those outside moved to the nearest fence, and how many were moved. NaN stays and is not counted.
    pub fn clip(&self, values: &[f64]) -> (Vec<f64>, u64) {
        let moved = values.iter().filter(|v| **v < self.low || **v > self.high).count() as u64;
        (values.iter().map(|v| if v.is_nan() { *v } else { v.max(self.low).min(self.high) }).collect(), moved)
    }
}

/// The median and the normal-scaled median absolute deviation; `None` for an empty or non-finite sample. O(n log n).
///
/// ```
/// let (median, mad) = serinus::stats::outliers::median_and_mad(&[1.0, 2.0, 3.0, 4.0, 900.0]).unwrap_or((0.0, 0.0));
/// assert_eq!(median, 3.0);
/// assert!((mad - 1.4826).abs() < 1e-4);
/// ```
pub fn median_and_mad(values: &[f64]) -> Option<(f64, f64)> {
    if values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let median = middle(&sorted(values))?;
    let distances: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
    Some((median, middle(&sorted(&distances))? / NORMAL_MAD))
}

/// The middle of ascending values, or halfway between the two middle ones.
fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    if n == 0 {
        return None;
    }
    let (a, b) = (sorted[(n - 1) / 2], sorted[n / 2]);
    Some(if a == b { a } else { 0.5 * a + 0.5 * b })
}

fn check(baseline: &[f64], k: f64, needed: u64) -> Result<(), Unanswerable> {
    if !(k >= 0.0 && k.is_finite()) {
        let expected = "it has to be a finite number, 0 or more";
        return Err(Unanswerable::Argument { argument: "factor", value: k, expected });
    }
    require_rows(TEST, Arm::Baseline, needed, baseline.len() as u64)?;
    require_finite(TEST, Arm::Baseline, baseline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_masks_itself_from_sigma_and_not_from_the_mad() {
        let mut baseline: Vec<f64> = (0..9).map(f64::from).collect();
        baseline.push(1_000.0);
        assert!(Fences::sigma(&baseline, 3.0).unwrap().hold(900.0));
        assert!(!Fences::mad(&baseline, 3.0).unwrap().hold(900.0));
    }

    #[test]
    fn fences_of_a_mostly_constant_baseline_have_no_width() {
        let baseline = [5.0, 5.0, 5.0, 5.0, 6.0];
        assert_eq!(Fences::mad(&baseline, 3.0).unwrap().width(), 0.0);
        assert_eq!(Fences::iqr(&baseline, 1.5).unwrap(), Fences { low: 5.0, high: 5.0 });
    }

    #[test]
    fn the_upper_quantile_fences_one_side() {
        let baseline: Vec<f64> = (1..=1000).map(f64::from).collect();
        let fences = Fences::upper_quantile(&baseline, 0.999).unwrap();
        assert_eq!((fences.low, fences.high), (f64::NEG_INFINITY, 999.0));
        assert_eq!(fences.clip(&[-5.0, 1e9, 3.0]), (vec![-5.0, 999.0, 3.0], 1));
    }

    #[test]
    fn hostile_samples_are_refused() {
        assert!(Fences::iqr(&[], 1.5).is_err());
        assert!(Fences::mad(&[1.0, f64::NAN], 3.0).is_err());
        assert!(Fences::sigma(&[1.0], 3.0).is_err());
        assert!(Fences::iqr(&[1.0], -1.0).is_err());
        assert_eq!(median_and_mad(&[f64::INFINITY]), None);
    }
}
