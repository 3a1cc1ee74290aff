//! What the bootstrap needs of one arm's statistic.

use crate::arms::Arm;
use crate::stats::Unanswerable;
use crate::stats::contrast::Flag;
use crate::stats::rng::{Stream, resample};

/// One resample of one arm: how far its statistic lies from the sample's, and its own standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replicate {
    /// Replicate minus estimate.
    pub change: f64,
    /// The standard error found in this replicate; `None` for a statistic without one.
    pub standard_error: Option<f64>,
}

/// A statistic of one arm that can be resampled.
pub trait Resample: Sync {
    /// Number of resampled units.
    fn n(&self) -> u64;

    /// The statistic of the sample.
    fn estimate(&self) -> f64;

    /// The standard error of the estimate; `None` for a statistic without one.
    fn standard_error(&self) -> Option<f64>;

    /// One replicate; `None` where the statistic does not exist in it. `scratch` holds whatever the arm likes.
    fn replicate(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<Replicate>;

    /// The change of one replicate without its standard error, from the same draws.
    fn change(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<f64> {
        self.replicate(stream, scratch).map(|replicate| replicate.change)
    }

    /// What each unit adds to the error of the estimate (its influence over n); `None` when unknown.
    fn influences(&self) -> Option<Vec<f64>>;

    /// Whether every resample has the same statistic because every unit is the same.
    fn is_constant(&self) -> bool;

    /// Replicates to begin with; more where one costs O(1).
    fn draws(&self) -> u64 {
        1_999
    }

    /// Random draws in one replicate.
    fn cost(&self) -> u64 {
        self.n()
    }

    /// What has to be known of this arm.
    fn flags(&self) -> Vec<Flag> {
        Vec::new()
    }
}

/// Any statistic as a function of how often each unit was drawn.
///
/// The function sees one count a unit, all 1 for the sample itself, and answers `None` where the statistic does not
/// exist. It may give a standard error; without one the studentised method has no answer.
///
/// ```
/// use serinus::stats::bootstrap::{Bootstrap, Counted, Method};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let sizes = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
/// let geometric = Counted::new(sizes.len(), |counts: &[u32]| {
///     let logs: f64 = sizes.iter().zip(counts).map(|(v, c)| f64::ln(*v) * f64::from(*c)).sum();
///     Some(((logs / sizes.len() as f64).exp(), None))
/// })?;
/// let found = Bootstrap { method: Method::Bca, ..Bootstrap::default() }.interval(&geometric)?;
/// assert!(found.interval.low > 1.0 && found.interval.high < 9.0);
/// # Ok(())
/// # }
/// ```
pub struct Counted<F> {
    n: usize,
    estimate: f64,
    standard_error: Option<f64>,
    statistic: F,
}

impl<F> Counted<F>
where
    F: Fn(&[u32]) -> Option<(f64, Option<f64>)> + Sync,
{
    /// A statistic of `n` units.
    ///
    /// # Errors
    /// [`Unanswerable::Undefined`] when there is no unit or the sample's own statistic does not exist.
    pub fn new(n: usize, statistic: F) -> Result<Self, Unanswerable> {
        let undefined = Unanswerable::Undefined { test: "bootstrap", why: "the sample has no such statistic" };
        if n == 0 {
            return Err(undefined);
        }
        match statistic(&vec![1; n]) {
            Some((estimate, standard_error)) if estimate.is_finite() => {
                Ok(Counted { n, estimate, standard_error, statistic })
            }
            _ => Err(undefined),
        }
    }
}

impl<F> Resample for Counted<F>
where
    F: Fn(&[u32]) -> Option<(f64, Option<f64>)> + Sync,
{
    fn n(&self) -> u64 {
        self.n as u64
    }

    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn standard_error(&self) -> Option<f64> {
        self.standard_error
    }

    fn replicate(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<Replicate> {
        count(stream, self.n, scratch);
        let (value, standard_error) = (self.statistic)(scratch)?;
        value.is_finite().then_some(Replicate { change: value - self.estimate, standard_error })
    }

    /// By the jackknife: n evaluations.
    fn influences(&self) -> Option<Vec<f64>> {
        let mut counts = vec![1; self.n];
        let mut without = Vec::with_capacity(self.n);
        for i in 0..self.n {
            counts[i] = 0;
            without.push((self.statistic)(&counts)?.0);
            counts[i] = 1;
        }
        Some(jackknife_influences(&without))
    }

    fn is_constant(&self) -> bool {
        false
    }
}

/// Draws as many units as there are and counts how often each one came.
pub(super) fn count(stream: &mut Stream, n: usize, counts: &mut Vec<u32>) {
    counts.clear();
    counts.resize(n, 0);
    resample(stream, n, n, |_, j| counts[j] += 1);
}

/// Influences over n from the statistics without each unit: (n - 1) / n (mean - each).
pub(super) fn jackknife_influences(without: &[f64]) -> Vec<f64> {
    let n = without.len() as f64;
    let mean = without.iter().sum::<f64>() / n;
    without.iter().map(|v| (n - 1.0) / n * (mean - v)).collect()
}

/// The arm is named where the bootstrap is called, so errors of one arm's data name the canary.
pub(super) fn finite(values: &[f64]) -> Result<(), Unanswerable> {
    crate::stats::describe::require_finite("bootstrap", Arm::Canary, values)
}
