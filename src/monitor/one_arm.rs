//! Does the canary alone keep its limit, at whatever look one stops?

use serde::{Deserialize, Serialize};

use super::label::{RatioPrior, Side};
use super::log_sum::log_sum_exp;
use super::normal_mixture::{NormalMixture, Sides, bisect};
use super::stratified::Moments;

/// What stands for an e-value that no chance could give: an event where the limit allows none at all.
const CERTAIN: f64 = 1e6;
/// How far ahead of the burn-in the mixture of a mean looks.
const LOOK_AHEAD: f64 = 20.0;

/// log E for "the rate lies on this side of the limit", from `events` of `n` rows: likelihood ratios of rates at odds up to
/// 64 times the limit's, averaged. By monotone likelihood ratios it is an e-value for every rate on the other side.
///
/// O(1): the sums suffice, since the limit does not move.
///
/// ```
/// use serinus::monitor::{Side, rate_limit_log_e};
/// // 9 errors in 100 rows against a limit of 2 %.
/// assert!(rate_limit_log_e(100.0, 9.0, 0.02, Side::Above) > 20f64.ln());
/// // No error in 50 rows does not show less than 1 %.
/// assert!(rate_limit_log_e(50.0, 0.0, 0.01, Side::Below) < 20f64.ln());
/// ```
pub fn rate_limit_log_e(n: f64, events: f64, limit: f64, side: Side) -> f64 {
    if !(n > 0.0 && events >= 0.0 && events <= n) {
        return 0.0;
    }
    match side {
        Side::Above if limit <= 0.0 => return if events > 0.0 { CERTAIN } else { 0.0 },
        Side::Below if limit <= 0.0 => return 0.0,
        Side::Above if limit >= 1.0 => return 0.0,
        Side::Below if limit >= 1.0 => return if events < n { CERTAIN } else { 0.0 },
        _ => {}
    }
    let prior = RatioPrior::default();
    let terms = prior.steps().iter().zip(prior.log_weights()).map(|(step, weight)| {
        let odds = (limit / (1.0 - limit)) * (side.sign() * step).exp();
        let p = odds / (1.0 + odds);
        let clean = -(odds.ln_1p()) - (-limit).ln_1p();
        // At the least limits there are, p is 0, and no events of probability 0 are no evidence.
        let hits = if events > 0.0 { events * (p / limit).ln() } else { 0.0 };
        weight + hits + (n - events) * clean
    });
    log_sum_exp(terms.collect::<Vec<_>>())
}

/// log E for "the events per exposure lie on this side of the limit", for Poisson counts.
pub(crate) fn poisson_limit_log_e(exposure: f64, events: f64, limit: f64, side: Side) -> f64 {
    if !(exposure > 0.0) {
        return 0.0;
    }
    if limit <= 0.0 {
        return if side == Side::Above && events > 0.0 { CERTAIN } else { 0.0 };
    }
    let prior = RatioPrior::default();
    let terms = prior.steps().iter().zip(prior.log_weights()).map(|(step, weight)| {
        let step = side.sign() * step;
        weight + events * step - exposure * limit * step.exp_m1()
    });
    log_sum_exp(terms.collect::<Vec<_>>())
}

/// The ends at which a function of a limit reaches 1/alpha: one-sided bounds on a rate.
pub(crate) fn rate_bounds(n: f64, events: f64, alpha: (f64, f64)) -> (f64, f64) {
    let rate = if n > 0.0 { events / n } else { 0.5 };
    let low = rate - bisect(0.0, rate, |d| rate_limit_log_e(n, events, rate - d, Side::Above) >= -alpha.0.ln());
    let high = rate + bisect(0.0, 1.0 - rate, |d| rate_limit_log_e(n, events, rate + d, Side::Below) >= -alpha.1.ln());
    (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0))
}

/// Moments of the canary over all batches, for the limit of a mean or a ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OneArm {
    n: u64,
    y: f64,
    x: f64,
    yy: f64,
    yx: f64,
    xx: f64,
    /// Precision of the mixture, fixed after the burn-in.
    rho: Option<f64>,
}

impl OneArm {
    /// Adds a batch (Chan, Golub and LeVeque 1983) and, once there are rows enough, fixes the mixture.
    pub fn update(&mut self, m: &Moments, burn_in_rows: u64, alpha: f64) {
        if m.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, m.n as f64);
        let all = a + b;
        let (dy, dx) = (m.y - self.y, m.x - self.x);
        self.n = self.n.saturating_add(m.n);
        self.y += dy * (b / all);
        self.x += dx * (b / all);
        let cross = a * b / all;
        self.yy += m.yy + dy * dy * cross;
        self.yx += m.yx + dy * dx * cross;
        self.xx += m.xx + dx * dx * cross;
        if self.rho.is_none() && self.n >= burn_in_rows.max(2) {
            self.rho = self
                .variance()
                .filter(|v| *v > 0.0)
                .and_then(|v| NormalMixture::tuned(LOOK_AHEAD / v, alpha.min(0.4), Sides::One).ok())
                .map(|m| m.rho());
        }
    }

    /// The mean, or the ratio of the sums.
    pub fn value(&self) -> Option<f64> {
        let ratio = self.y / self.x;
        (self.n > 0 && ratio.is_finite()).then_some(ratio)
    }

    fn variance(&self) -> Option<f64> {
        let ratio = self.value()?;
        let n = self.n as f64;
        let sum = (self.yy - 2.0 * ratio * self.yx + ratio * ratio * self.xx).max(0.0);
        let variance = sum / (n - 1.0) / n / (self.x * self.x);
        (self.n >= 2 && variance.is_finite()).then_some(variance)
    }

    /// log E for "the value lies on this side of the limit"; 0 during the burn-in. A constant away from the limit separates
    /// as rows of an even chance would.
    pub fn log_e(&self, limit: f64, side: Side, burn_in_rows: u64) -> f64 {
        let (Some(value), Some(variance)) = (self.value(), self.variance()) else { return 0.0 };
        if self.n < burn_in_rows {
            return 0.0;
        }
        let distance = side.sign() * (value - limit);
        if variance == 0.0 {
            return if distance == 0.0 { 0.0 } else { distance.signum() * self.n as f64 * std::f64::consts::LN_2 };
        }
        let Some(mixture) = self.rho.and_then(|rho| NormalMixture::new(rho, Sides::One).ok()) else { return 0.0 };
        let v = 1.0 / variance;
        if v.is_finite() && (distance * v).is_finite() { mixture.log_capital(distance * v, v) } else { 0.0 }
    }

    /// One-sided bounds, the lower with error `alpha.0`, the upper with `alpha.1`.
    pub fn bounds(&self, alpha: (f64, f64)) -> Option<(f64, f64)> {
        let (value, variance) = (self.value()?, self.variance()?);
        let mixture = NormalMixture::new(self.rho?, Sides::One).ok()?;
        let v = 1.0 / variance;
        if !v.is_finite() {
            return None;
        }
        let half = |alpha: f64| mixture.bound(v, alpha).ok().map(|s| s * variance);
        Some((value - half(alpha.0)?, value + half(alpha.1)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::special::binom_pmf;

    #[test]
    fn the_expectation_is_at_most_one_up_to_the_limit() {
        for limit in [0.02, 0.3, 0.9] {
            for (side, p) in
                [(Side::Above, limit), (Side::Above, limit * 0.5), (Side::Below, limit), (Side::Below, 0.95)]
            {
                let sum: f64 = (0..=40u64)
                    .map(|x| binom_pmf(x, 40, p) * rate_limit_log_e(40.0, x as f64, limit, side).exp())
                    .sum();
                assert!(sum <= 1.0 + 1e-9, "{limit} {side:?} {p} {sum}");
            }
        }
    }

    #[test]
    fn limits_at_the_ends_have_answers() {
        assert_eq!(rate_limit_log_e(10.0, 1.0, 0.0, Side::Above), CERTAIN);
        assert_eq!(rate_limit_log_e(10.0, 0.0, 0.0, Side::Above), 0.0);
        assert_eq!(rate_limit_log_e(10.0, 10.0, 1.0, Side::Above), 0.0);
        assert_eq!(rate_limit_log_e(0.0, 0.0, 0.1, Side::Above), 0.0);
        assert!(poisson_limit_log_e(1000.0, 30.0, 0.01, Side::Above) > 20f64.ln());
        let (low, high) = rate_bounds(1000.0, 20.0, (0.05, 0.05));
        assert!(low > 0.005 && low < 0.02 && high > 0.02 && high < 0.05);
        assert_eq!(rate_bounds(100.0, 0.0, (0.05, 0.05)).0, 0.0);
    }

    #[test]
    fn the_moments_of_parts_are_those_of_the_whole() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i * 31 % 17)).collect();
        let (mut parts, mut whole) = (OneArm::default(), OneArm::default());
        whole.update(&Moments::of(&values), 100, 0.01);
        for chunk in values.chunks(7) {
            parts.update(&Moments::of(chunk), 100, 0.01);
        }
        assert!((whole.value().expect("rows") - parts.value().expect("rows")).abs() < 1e-12);
        assert!(whole.log_e(7.0, Side::Above, 100) > 20f64.ln());
        assert!(whole.log_e(9.0, Side::Below, 100) > 20f64.ln());
        let (low, high) = whole.bounds((0.01, 0.05)).expect("rows");
        assert!(low < 8.0 && high > 8.0 && low > 6.5 && high < 9.5);
        let mut constant = OneArm::default();
        constant.update(&Moments::of(&[3.0; 200]), 100, 0.01);
        assert!(constant.log_e(2.0, Side::Above, 100) > 100.0);
        assert_eq!(constant.log_e(3.0, Side::Above, 100), 0.0);
    }
}
