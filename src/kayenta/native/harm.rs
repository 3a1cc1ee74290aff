//! The three ways in which a canary can be worse: its typical point, its mean, its spread.

use super::ranks::{Ranks, widened};
use super::settings::Margin;
use super::words::times;
use crate::Arms;
use crate::kayenta::settings::Deviation;
use crate::kayenta::{Label, prepare};
use crate::stats::Alternative;
use crate::stats::welch::welch_t;

/// Shares of a metric's error rate for its three questions: rank, mean, spread.
const SHARES: [f64; 3] = [0.6, 0.2, 0.2];
/// Change of the mean that is never harm where no margin is stated.
pub(super) const NEGLIGIBLE: f64 = 0.001;
/// Spread, as a share of the level, that is noticed beside a baseline that has none.
const NOTICED: f64 = 0.05;

/// One possible harm.
pub(super) struct Harm {
    pub(super) side: Label,
    /// Of this question alone.
    pub(super) raw: f64,
    /// At its share of the error rate, and of both directions where both are asked.
    pub(super) p: f64,
    pub(super) beyond: bool,
    pub(super) text: String,
    pub(super) test: &'static str,
}

impl Harm {
    fn new(side: Label, raw: f64, share: f64, beyond: bool, text: String, test: &'static str) -> Self {
        Harm { side, raw, p: raw / share, beyond, text, test }
    }
}

/// How far the mean has moved.
pub(super) struct Change {
    /// As a share of the baseline's size; infinite from a mean of 0, NaN where a mean is not finite.
    pub(super) relative: f64,
    pub(super) absolute: f64,
}

impl Change {
    pub(super) fn of(stats: &Arms<prepare::Stats>) -> Self {
        let absolute = stats.canary.mean - stats.baseline.mean;
        let relative = if absolute == 0.0 { 0.0 } else { absolute / stats.baseline.mean.abs() };
        Change { relative, absolute }
    }

    /// Whether the mean has moved beyond the margin, upwards or downwards. A mean that does not exist is no obstacle.
    pub(super) fn beyond(&self, margin: Margin, side: Label) -> bool {
        let sign = if side == Label::High { 1.0 } else { -1.0 };
        let (up, down) = margin.shares();
        match margin {
            Margin::Absolute(d) => sign * self.absolute >= d,
            _ if self.relative.is_nan() => true,
            _ => sign * self.relative >= if side == Label::High { up } else { down },
        }
    }
}

/// Ranks say that there is a shift; its size is asked as the margin has it.
pub(super) fn rank_harms(ranks: &Ranks, change: &Change, margin: Margin, sparse: bool, text: &str) -> [Harm; 2] {
    let (up, down) = margin.probabilities();
    let beyond = |side| match (margin, sparse) {
        (Margin::Relative { .. } | Margin::Absolute(_), _) | (_, true) => change.beyond(margin, side),
        (Margin::Probability { .. }, _) if side == Label::High => ranks.theta >= up,
        (Margin::Probability { .. }, _) => ranks.theta <= down,
        (Margin::Unstated, _) if side == Label::High => ranks.theta >= up && !(change.relative < NEGLIGIBLE),
        (Margin::Unstated, _) => ranks.theta <= down && !(change.relative > -NEGLIGIBLE),
    };
    let harm = |side, p| Harm::new(side, p, SHARES[0], beyond(side), text.into(), "ranks");
    [harm(Label::High, ranks.p_higher), harm(Label::Low, ranks.p_lower)]
}

/// Means say what ranks miss: a few points, far out.
pub(super) fn mean_harms(
    x: &[f64],
    y: &[f64],
    inflation: f64,
    change: &Change,
    margin: Margin,
    text: &str,
) -> Vec<Harm> {
    let p = |alternative| welch_t(x, y, alternative, 0.9).ok().map(|t| widened(t.p_value, inflation));
    [(Label::High, Alternative::Greater), (Label::Low, Alternative::Less)]
        .into_iter()
        .filter_map(|(side, alternative)| {
            let beyond = change.beyond(margin, side);
            Some(Harm::new(side, p(alternative)?, SHARES[1], beyond, text.into(), "mean"))
        })
        .collect()
}

/// The same middle with another spread: ranks of the distances from each side's median.
///
/// More spread is harm in every direction; less is a change, and so harm only when any change is. Where the baseline is
/// constant the canary's spread has to matter beside its level.
pub(super) fn spread_harms(x: &[f64], y: &[f64], inflation: f64, factor: f64, direction: Deviation) -> Option<Harm> {
    let (dx, dy) = (distances(x)?, distances(y)?);
    let mean = |d: &[f64]| d.iter().sum::<f64>() / d.len() as f64;
    let (sx, sy) = (mean(&dx), mean(&dy));
    let ranks = Ranks::of(&dx, &dy, inflation);
    let level = y.iter().map(|v| v.abs()).sum::<f64>() / y.len() as f64;
    let side = if direction == Deviation::Decrease { Label::Low } else { Label::High };
    if sx > sy {
        let beyond = sx >= factor * sy && (sy > 0.0 || sx > NOTICED * level);
        let by = if sy > 0.0 {
            format!("{} times as much as the baseline", times(sx / sy))
        } else {
            "and the baseline does not".into()
        };
        let text = format!("the canary's points spread {by}, {} times is allowed", times(factor));
        return Some(Harm::new(side, ranks.p_higher, SHARES[2], beyond, text, "spread"));
    }
    if direction != Deviation::Either || sy == 0.0 {
        return None;
    }
    let beyond = sy >= factor * sx && (sx > 0.0 || sy > NEGLIGIBLE * level);
    let by = if sx > 0.0 {
        format!("{} times less than the baseline's", times(sy / sx))
    } else {
        "not at all, and the baseline's do".into()
    };
    let text = format!("the canary's points spread {by}, {} times is allowed", times(factor));
    Some(Harm::new(Label::Low, ranks.p_lower, SHARES[2], beyond, text, "spread"))
}

/// Distances from the median; `None` with an infinite point.
fn distances(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    let median = low + (high - low) / 2.0;
    Some(values.iter().map(|v| (v - median).abs()).collect())
}
