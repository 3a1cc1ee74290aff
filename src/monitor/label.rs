//! Does the canary have more than its share of the events, at whatever look one stops?
//!
//! With exposures n_c, n_s and w = n_c / (n_c + n_s), an event falls on the canary with probability
//! w r / (w r + 1 - w) when the canary's rate is r times the baseline's, whatever that rate is. The likelihood ratio of
//! r against the null ratio r0, multiplied over batches and averaged over a prior on r, is the label e-process
//! (Lindon and Malek 2022):
//!
//! l(r) += x_c log(r / r0) - k log((1 + w (r - 1)) / (1 + w (r0 - 1))), k = x_c + x_s.
//!
//! An outage that hits both arms cancels, because only the labels of the events count. For Poisson counts it is exact.
//! For rows that each have an event or not it is an e-value too, at any rate and without randomised routing: with
//! a = exp of the gain of a canary event and c of a baseline event,
//! E exp(l) = Π(1 + p_i (a - 1)) Π(1 + q_j (c - 1)) <= exp(n_c p̄ (a - 1) + n_s q̄ (c - 1)), and by the choice of a and c
//! the exponent is at most 0 as soon as p̄ <= r0 q̄ (for r > r0; the reverse for r < r0). Only independence of the rows is
//! needed: count units, not requests, where one user can fail in bursts, or temper with [`LabelMixture::dispersion`].

use serde::{Deserialize, Serialize};

use super::log_sum::log_sum_exp;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// On which side of the null the alternative lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The canary lies above.
    Above,
    /// The canary lies below.
    Below,
}

impl Side {
    /// +1 above, -1 below.
    pub fn sign(self) -> f64 {
        match self {
            Side::Above => 1.0,
            Side::Below => -1.0,
        }
    }

    /// The other side.
    pub fn opposite(self) -> Side {
        match self {
            Side::Above => Side::Below,
            Side::Below => Side::Above,
        }
    }
}

/// Events among exposures: rows, units, or any measure of opportunity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Exposure, such as the number of rows.
    pub exposure: f64,
    /// Events.
    pub events: f64,
}

impl Counts {
    /// Events among rows.
    pub fn new(rows: u64, events: u64) -> Self {
        Counts { exposure: rows as f64, events: events as f64 }
    }
}

/// Share of the canary in the exposure, or `None` when an arm has none.
pub(crate) fn canary_share(counts: &Arms<Counts>) -> Option<f64> {
    let (c, s) = (counts.canary.exposure, counts.baseline.exposure);
    (c > 0.0 && s > 0.0).then(|| c / (c + s)).filter(|w| *w > 0.0 && *w < 1.0)
}

/// A prior over how far the ratio of rates lies from the null, as distances on the log scale.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioPrior {
    steps: Vec<f64>,
    /// exp of the steps.
    factors: Vec<f64>,
    log_weights: Vec<f64>,
}

/// Points of a prior.
pub(crate) const POINTS: usize = 32;
/// Scale of the half-Cauchy on log r: half of the mass lies below a doubling.
const CAUCHY_SCALE: f64 = 0.7;
/// Nearest and farthest ratio of the priors for harm.
const NEAREST: f64 = 1.05;
const FARTHEST: f64 = 64.0;
/// Log ratios between which the default prior is flat: from 1.2 to 6.
const FLAT: (f64, f64) = (0.18, 1.8);
/// Its height beyond, and the mass at the farthest ratio.
const BEYOND: f64 = 0.4;
const AT_FARTHEST: f64 = 0.04;

impl Default for RatioPrior {
    /// Ratios from 1.05 to 64 in 32 points, equidistant in the log of log r; flat there from 1.2 to 6, falling below, and
    /// with 4 % of the mass at 64, so that three canary errors are enough against a clean baseline, and mostly two.
    ///
    /// Measured at 5 % traffic, median rows to E = 20 over the fixed sample's for ratios 1.25, 1.5, 2, 4, 10: 1.15, 1.09,
    /// 1.06, 1.17, 1.25; with [`RatioPrior::half_cauchy`] 1.17, 1.11, 1.08, 1.19, 1.29.
    fn default() -> Self {
        RatioPrior::for_harm(POINTS)
    }
}

impl RatioPrior {
    /// The default prior with another number of points.
    pub(crate) fn for_harm(points: usize) -> Self {
        let (low, high) = (NEAREST.ln().ln(), FARTHEST.ln().ln());
        let steps: Vec<f64> =
            (0..points).map(|j| (low + (high - low) * j as f64 / (points - 1) as f64).exp()).collect();
        let mut weights: Vec<f64> = steps
            .iter()
            .map(|d| match *d {
                d if d < FLAT.0 => BEYOND * (d / FLAT.0).powi(2),
                d if d > FLAT.1 => BEYOND,
                _ => 1.0,
            })
            .collect();
        let total: f64 = weights.iter().sum();
        if let Some(last) = weights.last_mut() {
            *last += total * AT_FARTHEST / (1.0 - AT_FARTHEST);
        }
        RatioPrior::weighted(steps, weights)
    }

    /// Half-Cauchy(0.7) on log r over 32 equidistant points of [log 1.05, log 64].
    pub fn half_cauchy() -> Self {
        let (low, high) = (NEAREST.ln(), FARTHEST.ln());
        let steps: Vec<f64> = (0..POINTS).map(|j| low + (high - low) * j as f64 / (POINTS - 1) as f64).collect();
        let weights = steps.iter().map(|d| 1.0 / (1.0 + (d / CAUCHY_SCALE).powi(2))).collect();
        RatioPrior::weighted(steps, weights)
    }

    /// A prior for showing that a ratio lies inside a margin: the alternatives of interest are near "no change", which
    /// is `distance` = |log r0| away. Half-Cauchy of that scale over 32 points, equidistant in the log of the distance,
    /// from a fifth of it to log 64.
    pub fn for_margin(distance: f64) -> Self {
        if !(distance > 1e-6 && distance < FARTHEST.ln()) {
            return RatioPrior::default();
        }
        let (low, high) = ((0.2 * distance).ln(), FARTHEST.ln().ln());
        let steps: Vec<f64> =
            (0..POINTS).map(|j| (low + (high - low) * j as f64 / (POINTS - 1) as f64).exp()).collect();
        // Density times the spacing, which is proportional to the distance itself.
        let weights = steps.iter().map(|d| d / (1.0 + (d / distance).powi(2))).collect();
        RatioPrior::weighted(steps, weights)
    }

    /// A prior over given ratios (each at least 1, taken to the null's own power of side) with given weights.
    ///
    /// # Errors
    /// Lengths differ or are 0, a ratio is below 1 or not finite, or a weight is not positive.
    pub fn grid(ratios: &[f64], weights: &[f64]) -> Result<Self, Unanswerable> {
        let bad = |argument, value| Unanswerable::Argument {
            argument,
            value,
            expected: "a prior needs as many positive weights as finite ratios of at least 1, and at least one",
        };
        if ratios.is_empty() || ratios.len() != weights.len() {
            return Err(bad("weights", weights.len() as f64));
        }
        if let Some(r) = ratios.iter().find(|r| !(**r >= 1.0 && r.is_finite())) {
            return Err(bad("ratios", *r));
        }
        if let Some(w) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return Err(bad("weights", *w));
        }
        Ok(RatioPrior::weighted(ratios.iter().map(|r| r.ln()).collect(), weights.to_vec()))
    }

    fn weighted(steps: Vec<f64>, weights: Vec<f64>) -> Self {
        let total: f64 = weights.iter().sum();
        let factors = steps.iter().map(|d| d.exp()).collect();
        RatioPrior { steps, factors, log_weights: weights.iter().map(|w| (w / total).ln()).collect() }
    }

    /// Distances from the null on the log scale.
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    /// Logs of the weights, which sum to 1.
    pub fn log_weights(&self) -> &[f64] {
        &self.log_weights
    }

    /// log of the average of exp(gains) under the prior.
    pub(crate) fn average(&self, gains: &[f64]) -> f64 {
        // Before anything has been seen E is 1 to the last bit.
        if gains.iter().all(|g| *g == 0.0) {
            return 0.0;
        }
        log_sum_exp(self.log_weights.iter().zip(gains).map(|(w, g)| w + g))
    }

    /// Adds one batch to the gains of the points on `side` of the null ratio `null`, divided by the dispersion.
    pub(crate) fn add(&self, gains: &mut [f64], null: f64, side: Side, counts: &Arms<Counts>, dispersion: f64) {
        let Some(w) = canary_share(counts) else { return };
        let (events, all) = (counts.canary.events, counts.canary.events + counts.baseline.events);
        if all <= 0.0 {
            return;
        }
        let at_null = (w * (null - 1.0)).ln_1p();
        let sign = side.sign();
        for ((gain, step), factor) in gains.iter_mut().zip(&self.steps).zip(&self.factors) {
            let ratio = if side == Side::Above { null * factor } else { null / factor };
            *gain += (events * sign * step - all * ((w * (ratio - 1.0)).ln_1p() - at_null)) / dispersion;
        }
    }
}

/// The label e-process against "the ratio of rates is not on this side of `null_ratio`".
#[derive(Debug, Clone, PartialEq)]
pub struct LabelMixture {
    null_ratio: f64,
    side: Side,
    prior: RatioPrior,
    gains: Vec<f64>,
    dispersion: f64,
}

impl LabelMixture {
    /// A fresh process, with E = 1. `Above` asks for harm beyond a ratio where less is better, `Below` for safety.
    ///
    /// ```
    /// use serinus::Arms;
    /// use serinus::monitor::{Counts, LabelMixture, RatioPrior, Side};
    /// let mut harm = LabelMixture::new(1.0, Side::Above, RatioPrior::default())?;
    /// // 5 % of the traffic, 6 of 10 errors.
    /// for _ in 0..2 {
    ///     harm.update(&Arms { baseline: Counts::new(950, 2), canary: Counts::new(50, 3) });
    /// }
    /// assert!(harm.log_e() > 20f64.ln());
    /// # Ok::<(), serinus::stats::Unanswerable>(())
    /// ```
    ///
    /// # Errors
    /// `null_ratio` is not a positive number.
    pub fn new(null_ratio: f64, side: Side, prior: RatioPrior) -> Result<Self, Unanswerable> {
        if !(null_ratio > 0.0 && null_ratio.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "null_ratio",
                value: null_ratio,
                expected: "it has to be a positive number",
            });
        }
        let gains = vec![0.0; prior.steps.len()];
        Ok(LabelMixture { null_ratio, side, prior, gains, dispersion: 1.0 })
    }

    /// The same process tempered: every gain is divided by `dispersion`, the mean squared over the mean burst size of
    /// events that come together, as measured on history. Values below 1 count as 1.
    pub fn dispersion(mut self, dispersion: f64) -> Self {
        self.dispersion = if dispersion > 1.0 && dispersion.is_finite() { dispersion } else { 1.0 };
        self
    }

    /// Takes one batch. A batch without exposure in an arm, or without events, changes nothing.
    pub fn update(&mut self, counts: &Arms<Counts>) {
        self.prior.add(&mut self.gains, self.null_ratio, self.side, counts, self.dispersion);
    }

    /// log E so far.
    pub fn log_e(&self) -> f64 {
        self.prior.average(&self.gains)
    }

    /// The gain of each point of the prior so far.
    pub fn gains(&self) -> &[f64] {
        &self.gains
    }
}

/// E(r) of each point for one batch alone: what [`super::spike`] multiplies.
pub(crate) fn batch_gains(
    prior: &RatioPrior,
    null: f64,
    side: Side,
    counts: &Arms<Counts>,
    dispersion: f64,
) -> Vec<f64> {
    let mut gains = vec![0.0; prior.steps.len()];
    prior.add(&mut gains, null, side, counts, dispersion);
    gains
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(n_c: u64, x_c: u64, n_s: u64, x_s: u64) -> Arms<Counts> {
        Arms { baseline: Counts::new(n_s, x_s), canary: Counts::new(n_c, x_c) }
    }

    /// Exact expectation of E over binomial arms, for one batch.
    fn expectation(null: f64, side: Side, prior: RatioPrior, n_c: u64, p_c: f64, n_s: u64, p_s: f64) -> f64 {
        let mut sum = 0.0;
        for x_c in 0..=n_c {
            for x_s in 0..=n_s {
                let mut e = LabelMixture::new(null, side, prior.clone()).expect("valid");
                e.update(&arms(n_c, x_c, n_s, x_s));
                let pmf = crate::stats::special::binom_pmf;
                sum += e.log_e().exp() * pmf(x_c, n_c, p_c) * pmf(x_s, n_s, p_s);
            }
        }
        sum
    }

    #[test]
    fn the_expectation_is_at_most_one_at_and_inside_the_null_for_rows_at_any_rate() {
        for p in [0.001, 0.05, 0.3, 0.6] {
            for ratio in [0.8, 1.0, 1.5] {
                let at = |p_c: f64, side| expectation(ratio, side, RatioPrior::default(), 7, p_c, 23, p);
                assert!(at(p * ratio, Side::Above) <= 1.0 + 1e-12, "{p} {ratio}");
                assert!(at(p * ratio * 0.7, Side::Above) <= 1.0 + 1e-12);
                assert!(at(p * ratio, Side::Below) <= 1.0 + 1e-12);
                assert!(at((p * ratio * 1.1).min(1.0), Side::Below) <= 1.0 + 1e-12);
            }
        }
        // And it can exceed 1 beyond the null, so the assertion above can fail.
        assert!(expectation(1.0, Side::Above, RatioPrior::default(), 7, 0.5, 23, 0.05) > 1.0);
    }

    #[test]
    fn an_outage_on_both_arms_is_no_evidence() {
        let mut e = LabelMixture::new(1.0, Side::Above, RatioPrior::default()).expect("valid");
        for _ in 0..10 {
            e.update(&arms(50, 25, 950, 475));
        }
        assert!(e.log_e() < 0.0);
    }

    #[test]
    fn empty_arms_and_zero_events_change_nothing() {
        let mut e = LabelMixture::new(1.0, Side::Above, RatioPrior::default()).expect("valid");
        for counts in [arms(0, 0, 950, 3), arms(50, 1, 0, 0), arms(50, 0, 950, 0), arms(0, 0, 0, 0)] {
            e.update(&counts);
        }
        assert!(e.log_e().abs() < 1e-14);
        assert!(e.gains().iter().all(|g| *g == 0.0));
    }

    #[test]
    fn a_margin_prior_holds_no_change_and_sums_to_one() {
        for distance in [0.01f64, 0.05, 0.2, 0.7, 0.0, f64::NAN, 9.0] {
            let prior = RatioPrior::for_margin(distance);
            let total: f64 = prior.log_weights().iter().map(|w| w.exp()).sum();
            assert!((total - 1.0).abs() < 1e-12);
            if (1e-6..4.0).contains(&distance) {
                let nearest = prior.steps().iter().map(|s| (s / distance).ln().abs()).fold(f64::MAX, f64::min);
                assert!(nearest < 0.2);
            }
        }
    }

    #[test]
    fn tempering_divides_the_gains() {
        let plain = {
            let mut e = LabelMixture::new(1.0, Side::Above, RatioPrior::default()).expect("valid");
            e.update(&arms(50, 3, 950, 2));
            e
        };
        let mut half = LabelMixture::new(1.0, Side::Above, RatioPrior::default()).expect("valid").dispersion(2.0);
        half.update(&arms(50, 3, 950, 2));
        for (a, b) in plain.gains().iter().zip(half.gains()) {
            assert!((a - 2.0 * b).abs() < 1e-12);
        }
    }

    #[test]
    fn a_thousand_million_events_stay_finite() {
        let mut e = LabelMixture::new(1.0, Side::Above, RatioPrior::default()).expect("valid");
        for _ in 0..1000 {
            e.update(&arms(1_000_000, 500_000, 19_000_000, 500_000));
        }
        assert!(e.log_e().is_finite() && e.log_e() > 1e6);
        let mut e = LabelMixture::new(1.0, Side::Below, RatioPrior::default()).expect("valid");
        for _ in 0..1000 {
            e.update(&arms(1_000_000, 500_000, 19_000_000, 500_000));
        }
        assert!(e.log_e().is_finite() && e.log_e() < -1e6);
        assert!(RatioPrior::grid(&[0.5], &[1.0]).is_err());
        assert!(LabelMixture::new(0.0, Side::Above, RatioPrior::default()).is_err());
    }
}
