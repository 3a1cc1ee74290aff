//! What a comparison is to show.

use serde::{Deserialize, Serialize};

use super::contrast::undefined;
use crate::config::Direction;
use crate::stats::Unanswerable;

/// What a comparison is to show of the canary.
///
/// Changes are canary minus baseline: positive means that the canary is higher, whichever way is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Claim {
    /// The canary is not worse than the margin. With direction `either`: it is inside the margin on both sides.
    NonInferiority {
        /// Which way is better.
        direction: Direction,
        /// How much worse is still acceptable.
        margin: Size,
        /// How the canary really differs; by default not at all.
        #[serde(default)]
        change: Size,
    },
    /// The canary is worse than the margin, because it really differs by `change`.
    Harm {
        /// Which way is better.
        direction: Direction,
        /// How much worse is still acceptable.
        margin: Size,
        /// How the canary really differs: beyond the margin.
        change: Size,
    },
    /// The canary differs from the baseline, because it really differs by `change`.
    Superiority {
        /// How the canary really differs.
        change: Size,
    },
    /// The canary alone keeps below a limit (or above, for `min`), being like the baseline.
    Limit {
        /// Greatest or least acceptable value.
        limit: f64,
        /// Which of the two.
        bound: Bound,
    },
}

/// A difference, in the metric's own unit or as a share of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// As a share of the baseline.
    Relative(f64),
    /// In the metric's own unit.
    Absolute(f64),
}

impl Default for Size {
    fn default() -> Self {
        Size::Absolute(0.0)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Size::Relative(r) => write!(f, "{}%", 100.0 * r),
            Size::Absolute(a) => write!(f, "{a}"),
        }
    }
}

/// Which side a limit bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Greatest acceptable value.
    Max,
    /// Least acceptable value.
    Min,
}

/// Which way a one-sided question looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
}

impl Better {
    /// +1 when higher is better.
    pub fn sign(self) -> f64 {
        match self {
            Better::Higher => 1.0,
            Better::Lower => -1.0,
        }
    }
}

/// One one-sided question between the arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Question {
    pub better: Better,
    pub margin: Size,
    pub change: Size,
    /// Whether the claim is that the canary is worse than the margin.
    pub harm: bool,
}

/// The one-sided questions that a claim consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Questions {
    /// One question.
    One(Question),
    /// Two that both have to be shown.
    Both(Question, Question),
    /// One that is tested on the two sides, at half the error rate each.
    Half(Question),
    /// A limit on the canary alone.
    Limit(f64, Bound),
}

impl Claim {
    pub(super) fn questions(&self) -> Result<Questions, Unanswerable> {
        let checked = |size: Size| match size {
            Size::Relative(v) | Size::Absolute(v) if v.is_finite() => Ok(()),
            Size::Relative(v) | Size::Absolute(v) => {
                Err(Unanswerable::Argument { argument: "change", value: v, expected: "it has to be finite" })
            }
        };
        let margin_checked = |size: Size| match size {
            Size::Relative(v) | Size::Absolute(v) if v >= 0.0 && v.is_finite() => Ok(()),
            Size::Relative(v) | Size::Absolute(v) => {
                Err(Unanswerable::Argument { argument: "margin", value: v, expected: "it has to be at least 0" })
            }
        };
        Ok(match *self {
            Claim::NonInferiority { direction, margin, change } => {
                margin_checked(margin)?;
                checked(change)?;
                let ask = |better| Question { better, margin, change, harm: false };
                match direction {
                    Direction::HigherIsBetter => Questions::One(ask(Better::Higher)),
                    Direction::LowerIsBetter => Questions::One(ask(Better::Lower)),
                    Direction::Either => Questions::Both(ask(Better::Higher), ask(Better::Lower)),
                }
            }
            Claim::Harm { direction, margin, change } => {
                margin_checked(margin)?;
                checked(change)?;
                let ask = |better| Question { better, margin, change, harm: true };
                match direction {
                    Direction::HigherIsBetter => Questions::One(ask(Better::Higher)),
                    Direction::LowerIsBetter => Questions::One(ask(Better::Lower)),
                    Direction::Either if change.amount() < 0.0 => Questions::Half(ask(Better::Higher)),
                    Direction::Either => Questions::Half(ask(Better::Lower)),
                }
            }
            Claim::Superiority { change } => {
                checked(change)?;
                if change.amount() == 0.0 {
                    return Err(undefined("no difference is claimed, so no number of rows shows one"));
                }
                let better = if change.amount() > 0.0 { Better::Higher } else { Better::Lower };
                Questions::One(Question { better, margin: Size::Absolute(0.0), change, harm: false })
            }
            Claim::Limit { limit, bound } => {
                if !limit.is_finite() {
                    let expected = "it has to be finite";
                    return Err(Unanswerable::Argument { argument: "limit", value: limit, expected });
                }
                Questions::Limit(limit, bound)
            }
        })
    }
}

impl Size {
    /// The number, whatever its scale.
    pub(super) fn amount(self) -> f64 {
        match self {
            Size::Relative(v) | Size::Absolute(v) => v,
        }
    }

    /// In the metric's own unit, given the baseline's level.
    pub(super) fn absolute(self, level: Option<f64>) -> Result<f64, Unanswerable> {
        match (self, level) {
            (Size::Absolute(v), _) => Ok(v),
            (Size::Relative(0.0), _) => Ok(0.0),
            (Size::Relative(v), Some(level)) if level > 0.0 => Ok(v * level),
            (Size::Relative(_), _) => {
                Err(undefined("a share of the baseline needs a positive baseline level; give one, or an absolute size"))
            }
        }
    }

    /// As a share of the baseline.
    pub(super) fn relative(self, level: Option<f64>) -> Result<f64, Unanswerable> {
        match (self, level) {
            (Size::Relative(v), _) => Ok(v),
            (Size::Absolute(0.0), _) => Ok(0.0),
            (Size::Absolute(v), Some(level)) if level > 0.0 => Ok(v / level),
            (Size::Absolute(_), _) => {
                Err(undefined("this type is planned as a ratio; give a positive baseline level, or a relative size"))
            }
        }
    }
}
