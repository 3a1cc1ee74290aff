//! Is the mean of a bounded score worse, at whatever look one stops, without any asymptotics?
//!
//! Each canary score is set against the mean of the next few baseline scores: D lies in [-1, 1] with mean at most the
//! margin under the null. A bettor who puts a share lambda of his money on D - margin multiplies it by
//! 1 + lambda (D - margin), a martingale; the average over a grid of lambdas is an e-process (Waudby-Smith and Ramdas
//! 2024). It needs rows in order of arrival. Against the normal mixture it costs up to a third more rows on scores.

use super::log_sum::log_sum_exp;
use crate::stats::Unanswerable;

/// Number of bets of the default grid.
const BETS: usize = 16;
/// Smallest and largest bet of the default grid, for a margin of 0.
const SMALLEST: f64 = 0.02;
const LARGEST: f64 = 0.9;

/// The e-process against "the canary's mean exceeds the baseline's by at most the margin", for scores in [0, 1].
///
/// For harm in the other direction bet on 1 - score.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockBetting {
    margin: f64,
    bets: Vec<f64>,
    logs: Vec<f64>,
}

impl BlockBetting {
    /// A fresh process with 16 bets from 0.02 to 0.9, over 1 + margin.
    ///
    /// ```
    /// use serinus::monitor::BlockBetting;
    /// let mut e = BlockBetting::new(0.0)?;
    /// for _ in 0..30 {
    ///     e.update(0.6, &[0.3, 0.5, 0.4])?;
    /// }
    /// assert!(e.log_e() > 0.0);
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `margin` is not in (-1, 1).
    pub fn new(margin: f64) -> Result<Self, Unanswerable> {
        let (low, high) = (SMALLEST.ln(), LARGEST.ln());
        let bets: Vec<f64> = (0..BETS)
            .map(|j| (low + (high - low) * j as f64 / (BETS - 1) as f64).exp() / (1.0 + margin.abs()))
            .collect();
        BlockBetting::with_bets(margin, &bets)
    }

    /// A fresh process with given bets, each in (0, 1 / (1 + margin)).
    ///
    /// # Errors
    /// `margin` is not in (-1, 1), there is no bet, or a bet could lose everything.
    pub fn with_bets(margin: f64, bets: &[f64]) -> Result<Self, Unanswerable> {
        if !(margin > -1.0 && margin < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "margin",
                value: margin,
                expected: "it has to lie in (-1, 1)",
            });
        }
        let bad = bets.iter().find(|b| !(**b > 0.0 && **b * (1.0 + margin) < 1.0));
        if bets.is_empty() || bad.is_some() {
            return Err(Unanswerable::Argument {
                argument: "bets",
                value: bad.copied().unwrap_or(0.0),
                expected: "give at least one bet, each in (0, 1 / (1 + margin))",
            });
        }
        Ok(BlockBetting { margin, bets: bets.to_vec(), logs: vec![0.0; bets.len()] })
    }

    /// Takes one canary score and the baseline scores that came after the last ones used.
    ///
    /// # Errors
    /// There is no baseline score, or a score is not in [0, 1]; the process is then unchanged.
    pub fn update(&mut self, canary: f64, baseline: &[f64]) -> Result<(), Unanswerable> {
        if baseline.is_empty() {
            return Err(Unanswerable::TooFew {
                test: "block_betting",
                what: "scores",
                arm: crate::arms::Arm::Baseline,
                needed: 1,
                found: 0,
            });
        }
        if let Some(bad) = std::iter::once(&canary).chain(baseline).find(|v| !(0.0..=1.0).contains(*v)) {
            return Err(Unanswerable::Argument { argument: "score", value: *bad, expected: "it has to lie in [0, 1]" });
        }
        let difference = canary - baseline.iter().sum::<f64>() / baseline.len() as f64;
        for (log, bet) in self.logs.iter_mut().zip(&self.bets) {
            *log += (bet * (difference - self.margin)).ln_1p();
        }
        Ok(())
    }

    /// log E so far.
    pub fn log_e(&self) -> f64 {
        log_sum_exp(self.logs.iter().copied()) - (self.logs.len() as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_leaves_money() {
        let mut e = BlockBetting::new(0.5).expect("valid");
        for _ in 0..1000 {
            e.update(0.0, &[1.0, 1.0]).expect("valid");
        }
        assert!(e.log_e().is_finite() && e.log_e() < 0.0);
    }

    #[test]
    fn scores_outside_the_unit_interval_are_refused_and_change_nothing() {
        let mut e = BlockBetting::new(0.0).expect("valid");
        assert!(e.update(1.5, &[0.2]).is_err());
        assert!(e.update(0.5, &[]).is_err());
        assert!(e.update(f64::NAN, &[0.2]).is_err());
        assert!(e.log_e().abs() < 1e-14);
        assert!(BlockBetting::new(1.0).is_err());
        assert!(BlockBetting::with_bets(0.0, &[1.0]).is_err());
        assert!(BlockBetting::with_bets(0.0, &[]).is_err());
    }

    #[test]
    fn equal_scores_are_no_evidence() {
        let mut e = BlockBetting::new(0.0).expect("valid");
        for _ in 0..100 {
            e.update(0.4, &[0.4]).expect("valid");
        }
        assert!(e.log_e().abs() < 1e-12);
    }
}
