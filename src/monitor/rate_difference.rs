//! Does the canary's event rate exceed the baseline's by more than an absolute margin, at whatever look one stops?
//!
//! Give a canary event the gain log A, a baseline event log C, and charge n_c d (A - 1) a batch, with
//! n_c (A - 1) + n_s (C - 1) = 0. For rows that have an event or not, with mean rates p̄ and q̄ of a batch's arms,
//! E exp(gain) <= exp(n_c p̄ (A - 1) + n_s q̄ (C - 1) - n_c d (A - 1)) = exp(n_c (A - 1)(p̄ - q̄ - d)),
//! which is at most 1 when p̄ <= q̄ + d (for A > 1) or p̄ >= q̄ + d (for A < 1). So it is an e-value for every base rate at
//! once, without asymptotics and without burn-in, and the product over batches is an e-process. (A, C) with that
//! constraint are the likelihood ratios of Poisson rates against their nearest null point, so nothing is given away
//! while events are rare; at rate p the price is the factor 1 / (1 - p) of the Poisson variance. With d = 0 it is the
//! label e-process. Without any event in n_c canary rows, E for "safe" tends to exp(n_c d): the rule of three.
//!
//! Measured here for non-inferiority at (rate, margin) = (.5 %, .5 %), (.1 %, .2 %), (5 %, 1 %): false promotions .03,
//! .04, .01; median rows to promote over the fixed-sample score test 1.00, 1.08, 1.30.

use serde::{Deserialize, Serialize};

use super::label::{Counts, RatioPrior, Side, canary_share};
use super::log_sum::log_sum_exp;
use super::normal_mixture::bisect;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// Points of the prior on either side.
pub(crate) const POINTS: usize = 24;

/// The prior over A, as its log odds, for the side below: from a canary rate of 3 % of the null's to 99 % of it, with
/// Cauchy weights around 70 %.
const BELOW: (f64, f64) = (-3.5, 5.0);
const BELOW_CENTRE: f64 = 0.8;
const BELOW_SCALE: f64 = 1.5;

/// A prior over the gains of one side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DifferencePrior {
    side: Side,
    /// Above: the ratio r = A / C. Below: A itself.
    points: Vec<f64>,
    log_weights: Vec<f64>,
}

/// Gains so far of one side: the part without the margin, and what is charged for each unit of margin. Below, A is fixed
/// and the charges are in proportion to A - 1: one number holds them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct DifferenceGains {
    #[serde(with = "super::exact::vec")]
    pub gains: Vec<f64>,
    #[serde(with = "super::exact::vec")]
    pub charges: Vec<f64>,
}

impl DifferencePrior {
    pub fn new(side: Side) -> Self {
        let (points, weights): (Vec<f64>, Vec<f64>) = match side {
            Side::Above => {
                let prior = RatioPrior::for_harm(POINTS);
                let points = prior.steps().iter().map(|step| step.exp());
                points.zip(prior.log_weights().iter().map(|w| w.exp())).unzip()
            }
            Side::Below => (0..POINTS)
                .map(|j| BELOW.0 + (BELOW.1 - BELOW.0) * j as f64 / (POINTS - 1) as f64)
                .map(|u| (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + ((u - BELOW_CENTRE) / BELOW_SCALE).powi(2))))
                .unzip(),
        };
        let total: f64 = weights.iter().sum();
        DifferencePrior { side, points, log_weights: weights.iter().map(|w| (w / total).ln()).collect() }
    }

    pub fn fresh(&self) -> DifferenceGains {
        let charges = if self.side == Side::Above { self.points.len() } else { 1 };
        DifferenceGains { gains: vec![0.0; self.points.len()], charges: vec![0.0; charges] }
    }

    /// Whether a stored state is one of this prior.
    pub fn fits(&self, state: &DifferenceGains) -> bool {
        let fresh = self.fresh();
        state.gains.len() == fresh.gains.len() && state.charges.len() == fresh.charges.len()
    }

    pub fn add(&self, state: &mut DifferenceGains, counts: &Arms<Counts>, dispersion: f64) {
        let Some(w) = canary_share(counts) else { return };
        let odds = w / (1.0 - w);
        let (x_c, x_s) = (counts.canary.events, counts.baseline.events);
        let rows = counts.canary.exposure;
        for (j, (gain, point)) in state.gains.iter_mut().zip(&self.points).enumerate() {
            let (a, log_c) = match self.side {
                Side::Above => {
                    let log_c = -(w * (point - 1.0)).ln_1p();
                    (point * log_c.exp(), log_c)
                }
                Side::Below => (*point, (odds * (1.0 - point)).ln_1p()),
            };
            if x_c > 0.0 {
                *gain += x_c * a.ln() / dispersion;
            }
            if x_s > 0.0 {
                *gain += x_s * log_c / dispersion;
            }
            match self.side {
                Side::Above => state.charges[j] += rows * (a - 1.0) / dispersion,
                Side::Below if j == 0 => state.charges[0] += rows / dispersion,
                Side::Below => {}
            }
        }
    }

    /// What point `j` is charged for each unit of margin.
    fn charge(&self, state: &DifferenceGains, j: usize) -> f64 {
        match self.side {
            Side::Above => state.charges[j],
            Side::Below => state.charges[0] * (self.points[j] - 1.0),
        }
    }

    /// The gain of each point under this margin.
    pub fn gains(&self, state: &DifferenceGains, margin: f64) -> Vec<f64> {
        state.gains.iter().enumerate().map(|(j, g)| g - margin * self.charge(state, j)).collect()
    }

    /// log of the average of exp(gains) under the prior.
    pub fn average(&self, gains: &[f64]) -> f64 {
        log_sum_exp(self.log_weights.iter().zip(gains).map(|(w, g)| w + g))
    }

    pub fn log_e(&self, state: &DifferenceGains, margin: f64) -> f64 {
        let points = self.log_weights.iter().zip(&state.gains).enumerate();
        log_sum_exp(points.map(|(j, (w, g))| w + g - margin * self.charge(state, j)))
    }

    /// The end of the one-sided confidence sequence at `alpha`: every difference beyond it has E >= 1/alpha.
    /// Differences beyond `largest` are not looked for.
    pub fn bound(&self, state: &DifferenceGains, alpha: f64, largest: f64) -> f64 {
        let threshold = -alpha.ln();
        match self.side {
            Side::Above => -bisect(-largest, largest, |d| self.log_e(state, -d) >= threshold),
            Side::Below => bisect(-largest, largest, |d| self.log_e(state, d) >= threshold),
        }
    }
}

/// The e-process against "the canary's rate is not on this side of the baseline's rate plus the margin".
#[derive(Debug, Clone, PartialEq)]
pub struct RateDifference {
    prior: DifferencePrior,
    state: DifferenceGains,
    margin: f64,
    dispersion: f64,
}

impl RateDifference {
    /// A fresh process, with E = 1. `Above` asks for harm beyond the margin where less is better, `Below` for safety.
    ///
    /// ```
    /// use serinus::Arms;
    /// use serinus::monitor::{Counts, RateDifference, Side};
    /// // 0 errors in 700 canary rows show a rate less than half a percent above a clean baseline's.
    /// let mut safe = RateDifference::new(0.005, Side::Below)?;
    /// safe.update(&Arms { baseline: Counts::new(13_300, 0), canary: Counts::new(700, 0) });
    /// assert!(safe.log_e() < 20f64.ln());
    /// safe.update(&Arms { baseline: Counts::new(13_300, 0), canary: Counts::new(700, 0) });
    /// assert!(safe.log_e() > 20f64.ln());
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `margin` is not in [-1, 1].
    pub fn new(margin: f64, side: Side) -> Result<Self, Unanswerable> {
        if !(-1.0..=1.0).contains(&margin) {
            return Err(Unanswerable::Argument {
                argument: "margin",
                value: margin,
                expected: "a difference of rates has to lie in [-1, 1]",
            });
        }
        let prior = DifferencePrior::new(side);
        Ok(RateDifference { state: prior.fresh(), prior, margin, dispersion: 1.0 })
    }

    /// The same process tempered by the overdispersion of events that come in bursts; below 1 counts as 1.
    pub fn dispersion(mut self, dispersion: f64) -> Self {
        self.dispersion = if dispersion > 1.0 && dispersion.is_finite() { dispersion } else { 1.0 };
        self
    }

    /// Takes one batch. A batch without exposure in an arm changes nothing.
    pub fn update(&mut self, counts: &Arms<Counts>) {
        self.prior.add(&mut self.state, counts, self.dispersion);
    }

    /// log E so far.
    pub fn log_e(&self) -> f64 {
        self.prior.log_e(&self.state, self.margin)
    }

    /// One end of the confidence sequence of the difference of rates: the lower one of an `Above` process, the upper one
    /// of a `Below` process, each with error `alpha` over all looks.
    ///
    /// # Errors
    /// `alpha` is not in (0, 1).
    pub fn bound(&self, alpha: f64) -> Result<f64, Unanswerable> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "alpha",
                value: alpha,
                expected: "it has to lie in (0, 1)",
            });
        }
        Ok(self.prior.bound(&self.state, alpha, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::special::binom_pmf;

    fn arms(n_c: u64, x_c: u64, n_s: u64, x_s: u64) -> Arms<Counts> {
        Arms { baseline: Counts::new(n_s, x_s), canary: Counts::new(n_c, x_c) }
    }

    fn expectation(margin: f64, side: Side, n_c: u64, p_c: f64, n_s: u64, p_s: f64) -> f64 {
        let mut sum = 0.0;
        for x_c in 0..=n_c {
            for x_s in 0..=n_s {
                let mut e = RateDifference::new(margin, side).expect("valid");
                e.update(&arms(n_c, x_c, n_s, x_s));
                sum += e.log_e().exp() * binom_pmf(x_c, n_c, p_c) * binom_pmf(x_s, n_s, p_s);
            }
        }
        sum
    }

    #[test]
    fn the_expectation_is_at_most_one_on_the_null_at_every_rate() {
        for p in [0.0, 0.01, 0.2, 0.5] {
            for margin in [-0.2, 0.0, 0.05, 0.3] {
                let boundary = p + margin;
                if boundary < 0.0 {
                    continue;
                }
                for (n_c, n_s) in [(6, 20), (12, 12)] {
                    assert!(expectation(margin, Side::Above, n_c, boundary, n_s, p) <= 1.0 + 1e-12);
                    assert!(expectation(margin, Side::Below, n_c, boundary, n_s, p) <= 1.0 + 1e-12);
                    assert!(expectation(margin, Side::Below, n_c, (boundary + 0.1).min(1.0), n_s, p) <= 1.0 + 1e-12);
                }
            }
        }
        assert!(expectation(0.05, Side::Above, 6, 0.6, 20, 0.1) > 1.0);
        assert!(expectation(0.4, Side::Below, 12, 0.1, 12, 0.1) > 1.0);
    }

    #[test]
    fn without_a_margin_the_harm_side_is_the_label_process() {
        let label = |counts: &Arms<Counts>| {
            let steps: Vec<f64> = DifferencePrior::new(Side::Above).points;
            let prior = RatioPrior::grid(&steps, &vec![1.0; steps.len()]).expect("valid");
            super::super::label::batch_gains(&prior, 1.0, Side::Above, counts, 1.0)
        };
        let counts = arms(50, 3, 950, 7);
        let mut e = RateDifference::new(0.0, Side::Above).expect("valid");
        e.update(&counts);
        for (a, b) in e.state.gains.iter().zip(label(&counts)) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn the_bounds_close_in_on_the_difference_and_agree_with_the_test() {
        let mut above = RateDifference::new(0.005, Side::Above).expect("valid");
        let mut below = RateDifference::new(0.005, Side::Below).expect("valid");
        for _ in 0..200 {
            let counts = arms(50, 1, 950, 5);
            above.update(&counts);
            below.update(&counts);
        }
        let (low, high) = (above.bound(0.05).expect("valid"), below.bound(0.05).expect("valid"));
        let difference = 0.02 - 5.0 / 950.0;
        assert!(low < difference && difference < high && high - low < 0.03, "{low} {high}");
        assert_eq!(low > 0.005, above.log_e() > 20f64.ln());
        assert_eq!(high < 0.005, below.log_e() > 20f64.ln());
    }

    #[test]
    fn empty_arms_and_huge_counts_stay_finite() {
        let mut e = RateDifference::new(0.0, Side::Below).expect("valid");
        e.update(&arms(0, 0, 10, 1));
        assert!(e.log_e().abs() < 1e-14);
        for _ in 0..1000 {
            e.update(&arms(1_000_000, 1_000_000, 1_000_000, 0));
        }
        assert!(e.log_e().is_finite() && e.log_e() < -1e6);
        assert!(e.bound(0.05).expect("valid").is_finite());
        assert!(RateDifference::new(f64::NAN, Side::Above).is_err());
    }
}
