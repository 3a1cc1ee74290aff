//! Where acceptable ends: the lines "canary = baseline x scale + offset" that a metric's margins draw.

use super::label::Side;
use crate::config::{Combine, Direction, MetricConfig, MetricKind};
use crate::evidence::MarginUsed;

/// One line, and the side of it on which harm lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Boundary {
    pub scale: f64,
    pub offset: f64,
    /// The side on which the canary is worse.
    pub harm: Side,
    pub measure: Measure,
}

/// What a margin limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Canary over baseline.
    Ratio,
    /// Canary minus baseline.
    Difference,
}

/// All lines of a metric: sides, and on each side one margin or two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Boundaries {
    pub lines: Vec<Boundary>,
    margins: usize,
    combine: Combine,
}

/// log e-values of the two questions at one line, or of a metric: against "not worse" and against "worse".
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub harm: f64,
    pub safe: f64,
}

impl Pair {
    /// E = 1 for both.
    pub const NONE: Pair = Pair { harm: 0.0, safe: 0.0 };
}

impl Boundaries {
    /// The lines of a metric; none when it has no margin.
    pub fn of(metric: &MetricConfig) -> Self {
        let sides: &[Side] = match metric.direction {
            Direction::LowerIsBetter => &[Side::Above],
            Direction::HigherIsBetter => &[Side::Below],
            Direction::Either => &[Side::Above, Side::Below],
        };
        let Some(margin) = metric.margin else {
            return Boundaries { lines: Vec::new(), margins: 0, combine: Combine::Either };
        };
        let mut lines = Vec::new();
        for side in sides {
            let sign = side.sign();
            let relative = margin.relative.map(|m| Boundary {
                scale: 1.0 + sign * m,
                offset: 0.0,
                harm: *side,
                measure: Measure::Ratio,
            });
            let absolute = margin.absolute.map(|m| Boundary {
                scale: 1.0,
                offset: sign * m,
                harm: *side,
                measure: Measure::Difference,
            });
            lines.extend(relative.into_iter().chain(absolute));
        }
        let margins = usize::from(margin.relative.is_some()) + usize::from(margin.absolute.is_some());
        Boundaries { lines, margins, combine: margin.combine }
    }

    /// Joins the pairs of the lines, in their order.
    ///
    /// Where the larger of two margins is allowed, harm has to lie beyond both (the smaller e-value) and safety within
    /// either (the mean, valid because a canary worse than the larger margin is worse than both); and the other way round
    /// where both have to be kept. Harm on either of two sides is the mean, safety on both the smaller.
    pub fn join(&self, pairs: &[Pair]) -> Option<Pair> {
        let sides: Vec<Pair> = pairs
            .chunks(self.margins.max(1))
            .map(|side| match self.combine {
                Combine::Either => Pair { harm: least(side, |p| p.harm), safe: mean(side, |p| p.safe) },
                Combine::Both => Pair { harm: mean(side, |p| p.harm), safe: least(side, |p| p.safe) },
            })
            .collect();
        (!sides.is_empty()).then(|| Pair { harm: mean(&sides, |p| p.harm), safe: least(&sides, |p| p.safe) })
    }

    /// Whether the metric's own value is a ratio: one relative margin and no absolute one.
    pub fn is_relative(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|b| b.measure == Measure::Ratio)
    }
}

fn least(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> f64 {
    pairs.iter().map(of).fold(f64::INFINITY, f64::min)
}

fn mean(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> f64 {
    super::log_sum::log_sum_exp(pairs.iter().map(of).collect::<Vec<_>>()) - (pairs.len() as f64).ln()
}

/// The margin of a metric as evidence reports it.
pub(crate) fn margin_used(metric: &MetricConfig) -> Option<MarginUsed> {
    let own = |absolute| Some(MarginUsed { relative: None, absolute: Some(absolute), combine: None });
    match metric.kind {
        MetricKind::Shift { max_distance, .. } => return own(max_distance),
        MetricKind::Agreement { min, .. } => return own(1.0 - min),
        _ => {}
    }
    metric.margin.map(|m| MarginUsed {
        relative: m.relative,
        absolute: m.absolute,
        combine: (m.relative.is_some() && m.absolute.is_some()).then_some(m.combine),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Margin;

    fn metric(direction: Direction, margin: Margin) -> MetricConfig {
        MetricConfig::new("m", MetricKind::Mean { column: "m".into() }, direction).margin(margin)
    }

    #[test]
    fn one_margin_is_itself_and_two_sides_need_both_to_be_safe() {
        let one = Boundaries::of(&metric(Direction::LowerIsBetter, Margin::relative(0.1)));
        assert_eq!(one.lines, [Boundary { scale: 1.1, offset: 0.0, harm: Side::Above, measure: Measure::Ratio }]);
        assert_eq!(one.join(&[Pair { harm: 3.0, safe: -1.0 }]), Some(Pair { harm: 3.0, safe: -1.0 }));
        let two = Boundaries::of(&metric(Direction::Either, Margin::absolute(0.5)));
        let joined = two.join(&[Pair { harm: 3.0, safe: 4.0 }, Pair { harm: -900.0, safe: 1.0 }]).expect("lines");
        assert_eq!(joined.safe, 1.0);
        assert!((joined.harm - (3.0 - 2f64.ln())).abs() < 1e-12);
    }

    #[test]
    fn the_larger_margin_is_allowed_unless_both_have_to_be_kept() {
        let mut margin = Margin { relative: Some(0.1), absolute: Some(2.0), combine: Combine::Either };
        let pairs = [Pair { harm: 5.0, safe: -5.0 }, Pair { harm: 1.0, safe: 6.0 }];
        let either = Boundaries::of(&metric(Direction::HigherIsBetter, margin)).join(&pairs).expect("lines");
        assert_eq!(either.harm, 1.0);
        assert!(either.safe > 5.0);
        margin.combine = Combine::Both;
        let both = Boundaries::of(&metric(Direction::HigherIsBetter, margin)).join(&pairs).expect("lines");
        assert_eq!(both.safe, -5.0);
        assert!(both.harm > 4.0);
        let none = MetricConfig::new("m", MetricKind::Mean { column: "m".into() }, Direction::Either);
        assert_eq!(Boundaries::of(&none).join(&[]), None);
    }
}
