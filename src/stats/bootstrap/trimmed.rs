//! The trimmed mean under resampling, by counts over the sorted sample.

use super::arm::{Replicate, Resample, count, finite, jackknife_influences};
use crate::stats::Unanswerable;
use crate::stats::describe::{Moments, cut, sorted};
use crate::stats::rng::Stream;

/// The mean of what is left when floor(trim n) values are cut from each end, with its winsorised standard error.
///
/// The sample is sorted once; a replicate counts its draws and runs over them in order, O(n).
#[derive(Debug, Clone)]
pub struct TrimmedMean {
    /// Ascending values about the estimate's pivot, in units of 2^exponent.
    values: Vec<f64>,
    pivot: f64,
    exponent: i32,
    cut: usize,
    estimate: f64,
    standard_error: f64,
}

impl TrimmedMean {
    /// The trimmed mean of a sample.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for trim outside [0, 0.5), [`Unanswerable::NonFinite`],
    /// [`Unanswerable::Undefined`] when fewer than two values are left.
    pub fn new(values: &[f64], trim: f64) -> Result<TrimmedMean, Unanswerable> {
        finite(values)?;
        if !(0.0..0.5).contains(&trim) {
            return Err(Unanswerable::Argument {
                argument: "trim",
                value: trim,
                expected: "it has to lie in [0, 0.5)",
            });
        }
        let few = Unanswerable::Undefined { test: "bootstrap", why: "fewer than two values are left after trimming" };
        let cut = cut(values.len(), trim).ok_or(few.clone())?;
        if values.len() < 2 * cut + 2 {
            return Err(few);
        }
        let sorted = sorted(values);
        let pivot = sorted[sorted.len() / 2];
        // Half of everything fits whatever the ends are; the exponent makes the largest distance about 1.
        let largest = sorted.iter().fold(0.0_f64, |m, v| m.max((0.5 * v - 0.5 * pivot).abs()));
        let exponent = if largest == 0.0 { 0 } else { libm::ilogb(largest) + 1 };
        let values = sorted.iter().map(|v| libm::ldexp(0.5 * v - 0.5 * pivot, 1 - exponent)).collect();
        let mut arm = TrimmedMean { values, pivot, exponent, cut, estimate: 0.0, standard_error: 0.0 };
        let (mean, se) = arm.of_counts(|_| 1);
        arm.estimate = Moments::of(&sorted[cut..sorted.len() - cut]).and_then(|m| m.mean()).unwrap_or(pivot);
        arm.standard_error = libm::ldexp(se, exponent);
        debug_assert!(mean.is_finite());
        Ok(arm)
    }

    /// Trimmed mean about the pivot and winsorised standard error, in units of 2^exponent.
    fn of_counts(&self, counts: impl Fn(usize) -> u32) -> (f64, f64) {
        let n = self.values.len();
        let (first, last) = (self.cut, n - self.cut);
        let kept = |visit: &mut dyn FnMut(f64, f64)| {
            let mut before = 0;
            for (i, v) in self.values.iter().enumerate() {
                let after = before + counts(i) as usize;
                let inside = after.min(last).saturating_sub(before.max(first));
                if inside > 0 {
                    visit(*v, inside as f64);
                }
                before = after;
            }
        };
        let (mut sum, mut low, mut high) = (0.0, f64::NAN, f64::NAN);
        kept(&mut |v, c| {
            sum += c * v;
            low = if low.is_nan() { v } else { low };
            high = v;
        });
        let (h, g) = ((last - first) as f64, self.cut as f64);
        let centre = (sum + g * low + g * high) / n as f64;
        let mut squares = g * (low - centre).powi(2) + g * (high - centre).powi(2);
        kept(&mut |v, c| squares += c * (v - centre).powi(2));
        let squares = if low == high { 0.0 } else { squares };
        (sum / h, (squares / (h * (h - 1.0))).sqrt())
    }

    fn change(&self, mean: f64) -> f64 {
        libm::ldexp(mean - libm::ldexp(0.5 * self.estimate - 0.5 * self.pivot, 1 - self.exponent), self.exponent)
    }
}

impl Resample for TrimmedMean {
    fn n(&self) -> u64 {
        self.values.len() as u64
    }

    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn standard_error(&self) -> Option<f64> {
        Some(self.standard_error)
    }

    fn replicate(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<Replicate> {
        count(stream, self.values.len(), scratch);
        let (mean, se) = self.of_counts(|i| scratch[i]);
        Some(Replicate { change: self.change(mean), standard_error: Some(libm::ldexp(se, self.exponent)) })
    }

    /// By the jackknife in O(n): without value i the cut of n - 1 values shifts by one.
    fn influences(&self) -> Option<Vec<f64>> {
        let n = self.values.len();
        let cut = (self.cut as f64 / n as f64 * (n - 1) as f64).floor() as usize;
        let kept = n - 1 - 2 * cut;
        if kept == 0 {
            return None;
        }
        let prefix: Vec<f64> = std::iter::once(0.0)
            .chain(self.values.iter().scan(0.0, |sum, v| {
                *sum += v;
                Some(*sum)
            }))
            .collect();
        let range = |from: usize, to: usize| prefix[to] - prefix[from];
        // Ranks of the sample without i are those of the sample, one higher from i on.
        let without = (0..n).map(|i| {
            let (first, last) = (cut, n - 1 - cut);
            let sum = if i < first {
                range(first + 1, last + 1)
            } else if i >= last {
                range(first, last)
            } else {
                range(first, last + 1) - self.values[i]
            };
            libm::ldexp(sum / kept as f64, self.exponent)
        });
        Some(jackknife_influences(&without.collect::<Vec<_>>()))
    }

    fn is_constant(&self) -> bool {
        self.values.first() == self.values.last()
    }
}
