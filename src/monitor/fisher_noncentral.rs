//! Does the canary have higher odds of the event, when events are frequent?
//!
//! Given the number k of events in a batch, the canary's count follows Fisher's noncentral hypergeometric distribution
//! with the odds ratio as its only parameter, whatever the base rate. The likelihood ratio of psi against the null psi0,
//! multiplied over batches and averaged over a grid, is an e-process that is exact at every rate; above some 10 % it is
//! faster than the label e-process, whose Poisson envelope is too wide there. O(min(k, n_c)) a batch and point.

use super::log_sum::log_sum_exp;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// Rows and events of one arm of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trials {
    /// Rows.
    pub rows: u64,
    /// Rows with an event.
    pub events: u64,
}

/// The e-process against the null odds ratio, a mixture over given odds ratios.
#[derive(Debug, Clone, PartialEq)]
pub struct FisherNoncentral {
    log_null: f64,
    log_odds: Vec<f64>,
    log_weights: Vec<f64>,
    gains: Vec<f64>,
}

impl FisherNoncentral {
    /// A fresh process, with E = 1, of equal weights over `odds_ratios`.
    ///
    /// ```
    /// use serinus::Arms;
    /// use serinus::monitor::{FisherNoncentral, Trials};
    /// let mut e = FisherNoncentral::new(1.0, &[1.5, 2.0, 4.0])?;
    /// e.update(&Arms { baseline: Trials { rows: 200, events: 60 }, canary: Trials { rows: 200, events: 110 } });
    /// assert!(e.log_e() > 100f64.ln());
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// An odds ratio is not a positive number, or there is none.
    pub fn new(null: f64, odds_ratios: &[f64]) -> Result<Self, Unanswerable> {
        let good = |v: f64| v > 0.0 && v.is_finite();
        if let Some(bad) = std::iter::once(&null).chain(odds_ratios).find(|v| !good(**v)) {
            return Err(Unanswerable::Argument {
                argument: "odds_ratio",
                value: *bad,
                expected: "it has to be a positive number",
            });
        }
        if odds_ratios.is_empty() {
            return Err(Unanswerable::Argument { argument: "odds_ratios", value: 0.0, expected: "give at least one" });
        }
        let count = odds_ratios.len();
        Ok(FisherNoncentral {
            log_null: null.ln(),
            log_odds: odds_ratios.iter().map(|r| r.ln()).collect(),
            log_weights: vec![-(count as f64).ln(); count],
            gains: vec![0.0; count],
        })
    }

    /// Takes one batch. A batch with an empty arm, or in which no or every row has an event, changes nothing.
    ///
    /// Events beyond the rows of an arm count as its rows.
    pub fn update(&mut self, trials: &Arms<Trials>) {
        let (c, s) = (trials.canary, trials.baseline);
        let (x, k) = (c.events.min(c.rows), c.events.min(c.rows) + s.events.min(s.rows));
        let least = k.saturating_sub(s.rows);
        let coefficients = log_coefficients(c.rows, s.rows, k);
        if coefficients.len() < 2 {
            return;
        }
        let log_total = |theta: f64| {
            log_sum_exp(coefficients.iter().enumerate().map(|(i, c)| c + (least as f64 + i as f64) * theta))
        };
        let at_null = log_total(self.log_null);
        for (gain, theta) in self.gains.iter_mut().zip(&self.log_odds) {
            *gain += x as f64 * (theta - self.log_null) - (log_total(*theta) - at_null);
        }
    }

    /// log E so far.
    pub fn log_e(&self) -> f64 {
        log_sum_exp(self.log_weights.iter().zip(&self.gains).map(|(w, g)| w + g))
    }
}

/// Logs of C(n_c, x) C(n_s, k - x) over the support of x, up to a common factor.
fn log_coefficients(n_c: u64, n_s: u64, k: u64) -> Vec<f64> {
    let (least, most) = (k.saturating_sub(n_s), k.min(n_c));
    let mut log = 0.0;
    let mut all = Vec::with_capacity((most - least + 1) as usize);
    all.push(log);
    for x in least..most {
        let up = (n_c - x) as f64 * (k - x) as f64;
        let down = (x + 1) as f64 * (n_s - (k - x) + 1) as f64;
        log += (up / down).ln();
        all.push(log);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coefficients_are_the_hypergeometric_weights() {
        // C(3, x) C(4, 3 - x) for x = 0..3: 4, 18, 12, 1.
        let found = log_coefficients(3, 4, 3);
        for (log, expected) in found.iter().zip([4.0, 18.0, 12.0, 1.0]) {
            assert!((log - (expected / 4.0f64).ln()).abs() < 1e-12);
        }
        // The support starts above 0 when the baseline cannot hold all events: C(3, x) C(2, 4 - x) for x = 2, 3.
        let found = log_coefficients(3, 2, 4);
        assert_eq!(found.len(), 2);
        assert!((found[1] - (2.0f64 / 3.0).ln()).abs() < 1e-12);
    }

    #[test]
    fn the_expectation_is_one_at_the_null_given_the_total() {
        let (n_c, n_s, k) = (6u64, 10u64, 8u64);
        let null = 1.4f64;
        let coefficients = log_coefficients(n_c, n_s, k);
        let weights: Vec<f64> = coefficients.iter().enumerate().map(|(x, c)| c.exp() * null.powi(x as i32)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        for (x, weight) in weights.iter().enumerate() {
            let x = x as u64;
            let mut e = FisherNoncentral::new(null, &[2.0, 4.0, 0.5]).expect("valid");
            e.update(&Arms { baseline: Trials { rows: n_s, events: k - x }, canary: Trials { rows: n_c, events: x } });
            sum += weight / total * e.log_e().exp();
        }
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn batches_that_say_nothing_change_nothing() {
        let mut e = FisherNoncentral::new(1.0, &[2.0]).expect("valid");
        for (n_c, x_c, n_s, x_s) in [(0, 0, 10, 3), (10, 3, 0, 0), (5, 0, 5, 0), (5, 5, 5, 5), (5, 9, 5, 9)] {
            e.update(&Arms { baseline: Trials { rows: n_s, events: x_s }, canary: Trials { rows: n_c, events: x_c } });
        }
        assert_eq!(e.log_e(), 0.0);
        assert!(FisherNoncentral::new(1.0, &[]).is_err());
        assert!(FisherNoncentral::new(1.0, &[f64::INFINITY]).is_err());
    }
}
