//! Means and ratios look by look: the stratified contrast in a normal mixture, tuned once.

use serde::{Deserialize, Serialize};

use super::boundary::{Boundary, Pair};
use super::label::{Counts, RatioPrior, Side, batch_gains};
use super::normal_mixture::{NormalMixture, Sides, bisect};
use super::stratified::{GroupSum, Moments, Stratified, VarianceRule};
use crate::arms::Arms;

/// What the mixtures are tuned for, frozen with the config.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tuning {
    pub rule: VarianceRule,
    /// Canary rows before the process may speak.
    pub burn_in_rows: u64,
    /// Canary rows expected over the window.
    pub expected_rows: Option<u64>,
    pub alpha_harm: f64,
    pub alpha_safe: f64,
}

/// (z_.95 + z_.8)²: information times squared effect that a fixed sample needs at .05 and power .8.
const FIXED_SAMPLE: f64 = 6.1826;
/// How far ahead of the burn-in a mixture looks when nothing says more.
const LOOK_AHEAD: f64 = 50.0;

/// State of one or more contrasts that share their sums: about ten numbers and two for each line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ContrastState {
    pub sums: Stratified,
    /// Precision of the mixture for the alternatives above and below each line; empty before the burn-in is over.
    pub rho: Vec<(f64, f64)>,
}

impl ContrastState {
    pub fn update(&mut self, batch: &Arms<Moments>, groups: Option<&Arms<Vec<GroupSum>>>) {
        self.sums.update_grouped(batch, groups);
    }

    pub fn ready(&self, tuning: &Tuning) -> bool {
        let rows = self.sums.rows();
        rows.canary >= tuning.burn_in_rows.max(2) && rows.baseline >= 2
    }

    /// Fixes the mixtures at the first look after the burn-in, from exposure, variance and margin and never from the
    /// difference itself. `effect` is the distance between a line and "no change" in the metric's own unit.
    pub fn freeze(&mut self, lines: &[Boundary], tuning: &Tuning, effect: impl Fn(&Boundary) -> f64) {
        if !self.rho.is_empty() || !self.ready(tuning) {
            return;
        }
        let mut rho = Vec::with_capacity(lines.len());
        for line in lines {
            let Some((_, v)) = self.sums.contrast(line.scale, line.offset, tuning.rule).and_then(|c| c.information())
            else {
                return;
            };
            let seen = self.sums.rows().canary as f64;
            let ahead = tuning.expected_rows.map_or(LOOK_AHEAD, |rows| (rows as f64 / seen).max(1.0));
            let needed = FIXED_SAMPLE / effect(line).powi(2);
            let v_opt = if needed.is_finite() { needed.clamp(v, v * ahead) } else { v * ahead };
            let tuned = |alpha: f64| NormalMixture::tuned(v_opt, alpha.min(0.4), Sides::One).map(|m| m.rho());
            let (Ok(harm), Ok(safe)) = (tuned(tuning.alpha_harm), tuned(tuning.alpha_safe)) else { return };
            rho.push(if line.harm == Side::Above { (harm, safe) } else { (safe, harm) });
        }
        self.rho = rho;
    }

    fn mixture(&self, line: usize, side: Side) -> Option<NormalMixture> {
        let (above, below) = *self.rho.get(line)?;
        NormalMixture::new(if side == Side::Above { above } else { below }, Sides::One).ok()
    }

    /// log E for "the canary lies on this side of the boundary".
    fn log_e(&self, line: usize, scale: f64, offset: f64, side: Side, tuning: &Tuning) -> Option<f64> {
        let (s, v) = self.sums.contrast(scale, offset, tuning.rule)?.information()?;
        Some(self.mixture(line, side)?.log_capital(side.sign() * s, v))
    }

    /// The pair of one line; E = 1 during the burn-in.
    pub fn pair(&self, line: usize, boundary: &Boundary, tuning: &Tuning) -> Pair {
        if !self.ready(tuning) {
            return Pair::NONE;
        }
        let side = |side| self.log_e(line, boundary.scale, boundary.offset, side, tuning);
        let (above, below) = match (side(Side::Above), side(Side::Below)) {
            (Some(above), Some(below)) => (above, below),
            _ if self.is_constant() => (self.separation(boundary, Side::Above), self.separation(boundary, Side::Below)),
            _ => return Pair::NONE,
        };
        match boundary.harm {
            Side::Above => Pair { harm: above, safe: below },
            Side::Below => Pair { harm: below, safe: above },
        }
    }

    /// Whether neither arm has varied inside a batch.
    pub fn is_constant(&self) -> bool {
        self.sums.contrast(1.0, 0.0, VarianceRule::Residual).is_some_and(|c| c.variance == 0.0)
    }

    /// Constant arms: the label e-process on "the value lies beyond the boundary", which all rows of one arm do and none of
    /// the other, the baseline's being moved onto the boundary. Arms that meet on the boundary say nothing.
    fn separation(&self, boundary: &Boundary, side: Side) -> f64 {
        let values = self.sums.values();
        let (Some(canary), Some(baseline)) = (values.canary, values.baseline) else { return 0.0 };
        let beyond = canary - boundary.scale * baseline - boundary.offset;
        if beyond == 0.0 {
            return 0.0;
        }
        let rows = self.sums.rows();
        let all = if beyond > 0.0 { (rows.canary, 0) } else { (0, rows.baseline) };
        let counts = Arms { baseline: Counts::new(rows.baseline, all.1), canary: Counts::new(rows.canary, all.0) };
        let prior = RatioPrior::default();
        prior.average(&batch_gains(&prior, 1.0, side, &counts, 1.0))
    }

    /// The confidence sequence of the difference, each end with error `alpha`.
    pub fn difference(&self, tuning: &Tuning, alpha: f64) -> Option<(f64, f64, f64)> {
        let contrast = self.sums.contrast(1.0, 0.0, tuning.rule)?;
        let (_, v) = contrast.information()?;
        let half = |side| Some(self.mixture(0, side)?.bound(v, alpha).ok()? * contrast.variance);
        Some((contrast.estimate, contrast.estimate - half(Side::Above)?, contrast.estimate + half(Side::Below)?))
    }

    /// The confidence sequence of canary over baseline, each end with error `alpha`: the scales that no e-process
    /// excludes. An end that the data do not bound is infinite. `None` where the baseline is not positive.
    pub fn ratio(&self, tuning: &Tuning, alpha: f64) -> Option<(f64, f64, f64)> {
        let values = self.sums.values();
        let baseline = values.baseline.filter(|b| *b > 0.0)?;
        let estimate = values.canary? / baseline;
        self.mixture(0, Side::Above)?;
        let threshold = -alpha.ln();
        let excluded = |scale: f64, side| self.log_e(0, scale, 0.0, side, tuning).is_some_and(|e| e >= threshold);
        let end = |side: Side| {
            let at = |distance: f64| excluded(estimate - side.sign() * distance, side);
            let mut far = estimate.abs().max(1e-9) * 1e-3;
            while !at(far) {
                far *= 2.0;
                if far > 1e6 * estimate.abs().max(1.0) {
                    return -side.sign() * f64::INFINITY;
                }
            }
            estimate - side.sign() * bisect(0.0, far, at)
        };
        Some((estimate, end(Side::Above), end(Side::Below)))
    }

    /// Information that "safe" needs at no difference, over the information there is: how much more is to come.
    pub fn needed(&self, line: usize, boundary: &Boundary, tuning: &Tuning, alpha: f64, effect: f64) -> Option<f64> {
        let (_, v) = self.sums.contrast(boundary.scale, boundary.offset, tuning.rule)?.information()?;
        let mixture = self.mixture(line, boundary.harm.opposite())?;
        let threshold = -alpha.ln();
        // Power .8 at no difference: the drift less .84 standard deviations.
        let shown = |more: f64| {
            let v = v * more;
            mixture.log_capital(v * effect - 0.8416 * v.sqrt(), v) >= threshold
        };
        (effect > 0.0 && shown(1e9)).then(|| bisect(0.0, 1e9, shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::boundary::Measure;

    fn tuning() -> Tuning {
        Tuning {
            rule: VarianceRule::Residual,
            burn_in_rows: 10,
            expected_rows: None,
            alpha_harm: 0.05,
            alpha_safe: 0.05,
        }
    }

    fn fed(shift: f64, spread: f64, batches: usize) -> ContrastState {
        let line = [Boundary { scale: 1.0, offset: 0.5, harm: Side::Above, measure: Measure::Difference }];
        let mut state = ContrastState::default();
        for b in 0..batches {
            let row = |i: usize| 10.0 + spread * (((i * 7 + b * 3) % 11) as f64 - 5.0);
            let canary: Vec<f64> = (0..10).map(|i| row(i) + shift).collect();
            let baseline: Vec<f64> = (0..90).map(row).collect();
            state.update(&Arms { baseline: Moments::of(&baseline), canary: Moments::of(&canary) }, None);
            state.freeze(&line, &tuning(), |_| 0.5);
        }
        state
    }

    #[test]
    fn the_interval_excludes_the_margin_exactly_when_the_e_value_is_large() {
        let line = Boundary { scale: 1.0, offset: 0.5, harm: Side::Above, measure: Measure::Difference };
        for (shift, batches) in [(0.0, 40), (0.0, 3), (1.0, 40), (0.4, 40)] {
            let state = fed(shift, 0.2, batches);
            let pair = state.pair(0, &line, &tuning());
            let (estimate, low, high) = state.difference(&tuning(), 0.05).expect("rows");
            assert!((estimate - shift).abs() < 0.2);
            assert_eq!(low > 0.5, pair.harm >= 20f64.ln(), "{shift} {batches}");
            assert_eq!(high < 0.5, pair.safe >= 20f64.ln(), "{shift} {batches}");
            let (_, low, high) = state.ratio(&tuning(), 0.05).expect("rows");
            assert!(low < estimate / 10.0 + 1.0 && high > 1.0);
        }
    }

    #[test]
    fn constant_arms_have_stated_answers() {
        let line = Boundary { scale: 1.0, offset: 0.5, harm: Side::Above, measure: Measure::Difference };
        let safe = fed(0.0, 0.0, 40).pair(0, &line, &tuning());
        assert!(safe.safe > 20f64.ln() && safe.harm < 0.0);
        let harmful = fed(3.0, 0.0, 40).pair(0, &line, &tuning());
        assert!(harmful.harm > 20f64.ln() && harmful.safe < 0.0);
        let on_it = Boundary { scale: 1.0, offset: 0.0, harm: Side::Above, measure: Measure::Difference };
        assert_eq!(fed(0.0, 0.0, 40).pair(0, &on_it, &tuning()), Pair::NONE);
    }

    #[test]
    fn before_the_burn_in_nothing_is_said() {
        let line = Boundary { scale: 1.0, offset: 0.5, harm: Side::Above, measure: Measure::Difference };
        let mut waiting = tuning();
        waiting.burn_in_rows = 1000;
        assert_eq!(fed(5.0, 0.2, 40).pair(0, &line, &waiting), Pair::NONE);
        assert!(fed(0.0, 0.2, 1).needed(0, &line, &tuning(), 0.05, 0.5).is_some_and(|more| more > 1.0));
    }
}
