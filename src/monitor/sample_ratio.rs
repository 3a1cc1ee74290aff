//! Does the traffic split as declared, at whatever look one stops, over all stages of a ramp?
//!
//! One Dirichlet mixture a stage, logs added: stages have their own declared share, and given it their counts are
//! independent (Lindon and Malek 2022). Count what was randomised: units, each once in a stage, else requests.

use serde::{Deserialize, Serialize};

use super::dirichlet::dirichlet_log_e;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// Concentration of the prior: within a few percent of the fixed-sample optimum for splits off by 1 % to 20 %.
pub const SAMPLE_RATIO_CONCENTRATION: f64 = 1000.0;
/// Error rate of the check over all looks.
pub const SAMPLE_RATIO_ALPHA: f64 = 0.001;

/// The sequential sample-ratio check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleRatio {
    /// log E of the stages that are over.
    closed: f64,
    /// The largest log E so far: the always-valid p-value is its inverse.
    largest: f64,
    /// Declared share of the canary in the current stage.
    share: Option<f64>,
    counts: Arms<u64>,
}

impl SampleRatio {
    /// Adds randomised units under a declared share of the canary; another share than before starts a new stage.
    ///
    /// ```
    /// use serinus::Arms;
    /// use serinus::monitor::SampleRatio;
    /// let mut check = SampleRatio::default();
    /// check.update(0.05, &Arms { baseline: 9480, canary: 520 })?;
    /// check.update(0.25, &Arms { baseline: 7400, canary: 2600 })?;
    /// check.update(0.5, &Arms { baseline: 5000, canary: 4935 })?;
    /// assert!((check.log_e() - -0.6478993863493088).abs() < 1e-8);
    /// assert!(!check.mismatch());
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// The share is not in (0, 1).
    pub fn update(&mut self, share: f64, units: &Arms<u64>) -> Result<(), Unanswerable> {
        if !(share > 0.0 && share < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "share",
                value: share,
                expected: "it has to lie in (0, 1)",
            });
        }
        if self.share != Some(share) {
            self.closed += self.stage_log_e();
            self.share = Some(share);
            self.counts = Arms::default();
        }
        self.counts.baseline = self.counts.baseline.saturating_add(units.baseline);
        self.counts.canary = self.counts.canary.saturating_add(units.canary);
        self.largest = self.largest.max(self.log_e());
        Ok(())
    }

    fn stage_log_e(&self) -> f64 {
        let Some(share) = self.share else { return 0.0 };
        let counts = [self.counts.canary, self.counts.baseline];
        dirichlet_log_e(&counts, &[share, 1.0 - share], SAMPLE_RATIO_CONCENTRATION).unwrap_or(0.0)
    }

    /// log E so far.
    pub fn log_e(&self) -> f64 {
        self.closed + self.stage_log_e()
    }

    /// The always-valid p-value; `None` when no share was declared.
    pub fn p(&self) -> Option<f64> {
        self.share.map(|_| super::log_sum::p_from_log_e(self.largest))
    }

    /// Whether a mismatch has ever been shown: false with probability at least .999 when the split is as declared.
    pub fn mismatch(&self) -> bool {
        self.largest >= -SAMPLE_RATIO_ALPHA.ln()
    }

    /// The declared share of the current stage, and its units.
    pub fn stage(&self) -> Option<(f64, Arms<u64>)> {
        self.share.map(|share| (share, self.counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_one_stage_add_up() {
        let (mut one, mut many) = (SampleRatio::default(), SampleRatio::default());
        one.update(0.05, &Arms { baseline: 950, canary: 60 }).expect("valid");
        for _ in 0..10 {
            many.update(0.05, &Arms { baseline: 95, canary: 6 }).expect("valid");
        }
        assert_eq!(one.log_e(), many.log_e());
    }

    #[test]
    fn a_wrong_split_is_found_and_stays_found() {
        let mut check = SampleRatio::default();
        assert_eq!(check.p(), None);
        check.update(0.05, &Arms { baseline: 9400, canary: 700 }).expect("valid");
        assert!(check.mismatch());
        check.update(0.05, &Arms { baseline: 9600, canary: 300 }).expect("valid");
        assert!(check.mismatch() && check.p().is_some_and(|p| p < 0.001));
        assert!(check.update(1.0, &Arms::default()).is_err());
        assert!(check.update(f64::NAN, &Arms::default()).is_err());
    }
}
