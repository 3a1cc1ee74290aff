//! From a family of one-sided tests to evidence: direction, margin and interval in one place for every metric type.
//!
//! A type says how surely its contrast lies below or above any given value; what the margin asks of it follows here.

use super::Question;
use crate::arms::Arms;
use crate::config::{Combine, Direction, Margin};
use crate::evidence::{self, Interval, MarginUsed, Method};
use crate::stats::Unanswerable;

/// The scale on which two arms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Canary minus baseline.
    Difference,
    /// Canary over baseline.
    Ratio,
}

impl From<Scale> for evidence::Scale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::Difference => evidence::Scale::Difference,
            Scale::Ratio => evidence::Scale::Ratio,
        }
    }
}

impl Scale {
    pub(super) fn null(self) -> f64 {
        evidence::Scale::from(self).null()
    }
}

/// A difference or a ratio that can be tested against any value.
pub trait Contrast {
    /// The estimate; `None` where it does not exist.
    fn estimate(&self) -> Option<f64>;
    /// p-value of "at or above `value`"; small means shown to lie below.
    fn below(&self, value: f64) -> f64;
    /// p-value of "at or below `value`"; small means shown to lie above.
    fn above(&self, value: f64) -> f64;
    /// The values that neither test rejects at `alpha`; an end is infinite where nothing is rejected.
    fn interval(&self, alpha: f64) -> (f64, f64);
    /// Test, estimand and method.
    fn label(&self) -> Label;
    /// What a reader has to know.
    fn flags(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Names for the evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The test, such as `welch`.
    pub test: &'static str,
    /// What is estimated.
    pub estimand: String,
    /// How the p-values were found.
    pub method: Method,
}

/// A metric type under its design: makes contrasts on the scales that its estimand has.
pub trait Estimand {
    /// The contrast on a scale, or why there is none.
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable>;
    /// Each arm's own value.
    fn value(&self) -> Arms<Option<f64>>;
}

/// What a contrast says about a margin.
pub struct Answer {
    pub(super) scale: Scale,
    pub(super) estimate: Option<f64>,
    pub(super) interval: Option<Interval>,
    pub(super) p_safe: Option<f64>,
    pub(super) p_harm: Option<f64>,
    pub(super) margin: MarginUsed,
    pub(super) label: Label,
    pub(super) flags: Vec<String>,
}

struct Tails {
    scale: Scale,
    safe: f64,
    harm: f64,
}

/// One margin on one scale: both p-values by direction.
fn tails(contrast: &dyn Contrast, scale: Scale, margin: f64, direction: Direction) -> Tails {
    let null = scale.null();
    let (safe, harm) = match direction {
        Direction::HigherIsBetter => (contrast.above(null - margin), contrast.below(null - margin)),
        Direction::LowerIsBetter => (contrast.below(null + margin), contrast.above(null + margin)),
        // Two one-sided tests (Schuirmann 1987) inside, and twice the smaller tail outside.
        Direction::Either => (
            contrast.above(null - margin).max(contrast.below(null + margin)),
            (2.0 * contrast.below(null - margin).min(contrast.above(null + margin))).min(1.0),
        ),
    };
    Tails { scale, safe, harm }
}

/// Answers the question for a metric that has a margin.
pub fn answer(estimand: &dyn Estimand, question: &Question, margin: &Margin) -> Result<Answer, Unanswerable> {
    let mut flags = Vec::new();
    let relative = margin.relative.map(|r| (r, estimand.contrast(Scale::Ratio)));
    let absolute = margin.absolute.map(|d| (d, estimand.contrast(Scale::Difference)));
    // A ratio that has no meaning here leaves the absolute margin to decide, when there is one.
    let (relative, absolute) = match (relative, absolute) {
        (Some((_, Err(why))), Some((d, Ok(contrast)))) => {
            flags.push(format!("relative_margin_unused: {why}"));
            (None, Some((d, contrast)))
        }
        (Some((_, Err(why))), _) => return Err(why),
        (_, Some((_, Err(why)))) => return Err(why),
        (relative, absolute) => {
            (relative.and_then(|(r, c)| c.ok().map(|c| (r, c))), absolute.and_then(|(d, c)| c.ok().map(|c| (d, c))))
        }
    };
    let relative_tails = relative.as_ref().map(|(r, c)| tails(c.as_ref(), Scale::Ratio, *r, question.direction));
    let absolute_tails = absolute.as_ref().map(|(d, c)| tails(c.as_ref(), Scale::Difference, *d, question.direction));
    let (shown, p_safe, p_harm, alpha) = match (relative_tails, absolute_tails) {
        (Some(t), None) | (None, Some(t)) => (t.scale, t.safe, t.harm, question.alpha.safe),
        (Some(r), Some(a)) => match margin.combine {
            // The larger margin holds: safe on either scale is safe, at twice the smaller p; harm has to be shown on both.
            Combine::Either => {
                let shown = if r.safe <= a.safe { r.scale } else { a.scale };
                (shown, (2.0 * r.safe.min(a.safe)).min(1.0), r.harm.max(a.harm), question.alpha.safe / 2.0)
            }
            // Both margins hold: an intersection-union test of safety (Berger 1982).
            Combine::Both => {
                let shown = if r.safe >= a.safe { r.scale } else { a.scale };
                (shown, r.safe.max(a.safe), (2.0 * r.harm.min(a.harm)).min(1.0), question.alpha.safe)
            }
        },
        (None, None) => return Err(Unanswerable::Undefined { test: "margin", why: "there is no margin" }),
    };
    let contrast = match shown {
        Scale::Ratio => relative.as_ref().map(|(_, c)| c.as_ref()),
        _ => absolute.as_ref().map(|(_, c)| c.as_ref()),
    }
    .expect("the shown scale has a contrast");
    let (low, high) = contrast.interval(alpha);
    flags.extend(contrast.flags());
    let estimate = contrast.estimate().filter(|e| e.is_finite());
    Ok(Answer {
        scale: shown,
        estimate,
        interval: (low.is_finite() || high.is_finite()).then(|| Interval::new(low, high, 1.0 - 2.0 * alpha)),
        p_safe: Some(p_safe),
        p_harm: Some(p_harm),
        margin: MarginUsed {
            relative: margin.relative,
            absolute: margin.absolute,
            combine: (margin.relative.is_some() && margin.absolute.is_some()).then_some(margin.combine),
        },
        label: contrast.label(),
        flags,
    })
}

/// The least value in `(low, high)` at which `holds` is true, for a predicate that is false below and true above, to
/// the last representable bit; `high` when it never holds. At most 2,100 steps and usually under 70.
pub(super) fn first_true(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..2_100 {
        let middle = midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// A value between two: the arithmetic mean, or the geometric one when both are positive and far apart.
fn midpoint(low: f64, high: f64) -> f64 {
    if low > 0.0 && high > 4.0 * low { (low.sqrt()) * high.sqrt() } else { low + 0.5 * (high - low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bisection_finds_the_first_value_that_holds() {
        assert_eq!(first_true(0.0, 10.0, |v| v >= 3.25), 3.25);
        assert_eq!(first_true(1e-300, 1e300, |v| v >= 1e-9), 1e-9);
        assert_eq!(first_true(0.0, 1.0, |_| false), 1.0);
    }
}
