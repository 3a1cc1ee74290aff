//! Has the canary's share of the errors jumped since some look, whichever look that was?
//!
//! With e the likelihood ratio of one batch, the e-SR detector R = (1 + R) e sums the e-processes that start at every look
//! so far; e-CUSUM C = max(1, C) e keeps the best of them (Shin, Ramdas and Rinaldo 2023). At threshold c the mean
//! number of looks to a false alarm is at least c. Because e is the ratio of the label e-process, outages that hit both
//! arms do not fire it.
//!
//! A monitor needs a total error rate, not a rate per look. [`SpikeStarts`] therefore weighs the start looks by a series
//! that sums to 1: R = (weight + R) e is then an e-process, whose chance of ever reaching 1/alpha is at most alpha.

use super::label::{Counts, RatioPrior, Side, batch_gains};
use super::log_sum::log_add_exp;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// e-SR and e-CUSUM over the ratios of a prior.
#[derive(Debug, Clone, PartialEq)]
pub struct SpikeDetector {
    null_ratio: f64,
    prior: RatioPrior,
    log_sr: Vec<f64>,
    log_cusum: Vec<f64>,
}

impl SpikeDetector {
    /// A fresh detector of ratios above `null_ratio`.
    ///
    /// ```
    /// use serinus::Arms;
    /// use serinus::monitor::{Counts, RatioPrior, SpikeDetector};
    /// let mut detector = SpikeDetector::new(1.0, RatioPrior::default())?;
    /// for _ in 0..1000 {
    ///     detector.update(&Arms { baseline: Counts::new(950, 1), canary: Counts::new(50, 0) });
    /// }
    /// assert!(detector.log_e_sr() < 1e4f64.ln());
    /// for _ in 0..5 {
    ///     detector.update(&Arms { baseline: Counts::new(950, 1), canary: Counts::new(50, 2) });
    /// }
    /// assert!(detector.log_e_sr() > 1e4f64.ln());
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `null_ratio` is not a positive number.
    pub fn new(null_ratio: f64, prior: RatioPrior) -> Result<Self, Unanswerable> {
        if !(null_ratio > 0.0 && null_ratio.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "null_ratio",
                value: null_ratio,
                expected: "it has to be a positive number",
            });
        }
        let points = prior.steps().len();
        Ok(SpikeDetector {
            null_ratio,
            prior,
            log_sr: vec![f64::NEG_INFINITY; points],
            log_cusum: vec![f64::NEG_INFINITY; points],
        })
    }

    /// Takes one look.
    pub fn update(&mut self, counts: &Arms<Counts>) {
        let gains = batch_gains(&self.prior, self.null_ratio, Side::Above, counts, 1.0);
        for ((sr, cusum), gain) in self.log_sr.iter_mut().zip(&mut self.log_cusum).zip(&gains) {
            *sr = log_add_exp(0.0, *sr) + gain;
            *cusum = cusum.max(0.0) + gain;
        }
    }

    /// log of the prior's mean of R.
    pub fn log_e_sr(&self) -> f64 {
        self.prior.average(&self.log_sr)
    }

    /// log of the prior's mean of C.
    pub fn log_e_cusum(&self) -> f64 {
        self.prior.average(&self.log_cusum)
    }
}

/// How much of the error rate each start look gets: half of it evenly over the first `horizon` looks, the other half
/// over all looks after them as horizon / (t (t - 1)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpikeStarts {
    /// Looks for which the detector is tuned: a day of minutes.
    pub horizon: u64,
}

impl Default for SpikeStarts {
    fn default() -> Self {
        SpikeStarts { horizon: 1440 }
    }
}

impl SpikeStarts {
    /// log weight of look `t`, counted from 1.
    pub fn log_weight(&self, t: u64) -> f64 {
        let (t, horizon) = (t.max(1) as f64, self.horizon.max(1) as f64);
        if t <= horizon { -(2.0 * horizon).ln() } else { (0.5 * horizon / (t * (t - 1.0))).ln() }
    }
}

/// Adds one look to the detector's state: R = (weight + R) e in logs, for each point's gain.
pub(crate) fn add_look(log_r: &mut [f64], gains: &[f64], log_weight: f64) {
    for (r, gain) in log_r.iter_mut().zip(gains) {
        *r = log_add_exp(log_weight, *r) + gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_weights_sum_to_one() {
        for horizon in [1, 10, 1440] {
            let starts = SpikeStarts { horizon };
            let sum: f64 = (1..=2_000_000u64).map(|t| starts.log_weight(t).exp()).sum();
            // The tail beyond t is horizon / (2 t).
            assert!((sum + horizon as f64 / 4e6 - 1.0).abs() < 1e-6, "{horizon} {sum}");
        }
    }

    #[test]
    fn without_events_the_detector_counts_looks() {
        let mut detector = SpikeDetector::new(1.0, RatioPrior::default()).expect("valid");
        for _ in 0..7 {
            detector.update(&Arms { baseline: Counts::new(95, 0), canary: Counts::new(5, 0) });
        }
        assert!((detector.log_e_sr() - 7f64.ln()).abs() < 1e-12);
        assert!(detector.log_e_cusum().abs() < 1e-12);
        assert!(SpikeDetector::new(-1.0, RatioPrior::default()).is_err());
    }
}
