//! A metric as a plan sees it: behaviour, margin, error rates.

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::claim::{Bound, Claim, Size};
use super::contrast::undefined;
use super::design::Design;
use super::size::{self, Scale};
use crate::config::{Combine, Direction, Limit};
use crate::evidence::MarginUsed;
use crate::stats::Unanswerable;

/// A metric that a rollout waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedMetric {
    /// Its name.
    pub name: String,
    /// What is known of it.
    pub behaviour: Behaviour,
    /// Which way is better.
    pub direction: Direction,
    /// How much worse is still acceptable.
    #[serde(default)]
    pub margin: Option<MarginUsed>,
    /// Bounds on the canary alone.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Error rate of calling it safe; default 0.05.
    #[serde(default = "safe")]
    pub alpha_safe: f64,
    /// Error rate of calling it harmful; default 0.01.
    #[serde(default = "harm")]
    pub alpha_harm: f64,
    /// Rows needed for the information of one independent row; default 1.
    #[serde(default = "one")]
    pub design_effect: f64,
    /// Share of requests that make a row of this metric; default 1.
    #[serde(default = "one")]
    pub usable_share: f64,
    /// Least canary rows.
    #[serde(default)]
    pub min_rows: u64,
}

fn safe() -> f64 {
    0.05
}
fn harm() -> f64 {
    0.01
}
fn one() -> f64 {
    1.0
}

impl PlannedMetric {
    /// A metric with the default error rates, independent rows and a margin.
    ///
    /// ```
    /// use serinus::config::Direction;
    /// use serinus::plan::{Behaviour, PlannedMetric, Size};
    /// let errors = Behaviour::Proportion { p: 0.01, variance: Default::default() };
    /// let metric = PlannedMetric::new("errors", errors, Direction::LowerIsBetter, Size::Absolute(0.005));
    /// assert_eq!(metric.alpha_safe, 0.05);
    /// ```
    pub fn new(name: impl Into<String>, behaviour: Behaviour, direction: Direction, margin: Size) -> Self {
        let margin = match margin {
            Size::Relative(r) => MarginUsed { relative: Some(r), absolute: None, combine: None },
            Size::Absolute(a) => MarginUsed { relative: None, absolute: Some(a), combine: None },
        };
        PlannedMetric {
            name: name.into(),
            behaviour,
            direction,
            margin: Some(margin),
            limit: None,
            alpha_safe: safe(),
            alpha_harm: harm(),
            design_effect: 1.0,
            usable_share: 1.0,
            min_rows: 0,
        }
    }

    /// Canary rows with which an identical canary passes.
    ///
    /// # Errors
    /// It cannot pass with any number of rows, and why.
    pub fn rows(&self, design: &Design) -> Result<f64, Unanswerable> {
        let design = Design { alpha: self.alpha_safe, design_effect: self.design_effect, ..*design };
        let mut rows = self.min_rows as f64;
        let ask = |size, design: &Design| {
            let claim = Claim::NonInferiority { direction: self.direction, margin: size, change: Size::default() };
            size::rows(&self.behaviour, &claim, design)
        };
        if let Some(margin) = self.margin {
            let needed = match (margin.relative, margin.absolute) {
                (Some(r), Some(a)) if margin.combine == Some(Combine::Both) => {
                    f64::max(ask(Size::Relative(r), &design)?, ask(Size::Absolute(a), &design)?)
                }
                (Some(r), Some(a)) => {
                    // The wider margin counts, at half the error rate: the p-value is twice the smaller one.
                    let half = Design { alpha: 0.5 * design.alpha, ..design };
                    match (ask(Size::Relative(r), &half), ask(Size::Absolute(a), &half)) {
                        (Ok(a), Ok(b)) => a.min(b),
                        (Ok(a), Err(_)) | (Err(_), Ok(a)) => a,
                        (Err(why), Err(_)) => return Err(why),
                    }
                }
                (Some(r), None) => ask(Size::Relative(r), &design)?,
                (None, Some(a)) => ask(Size::Absolute(a), &design)?,
                (None, None) => return Err(undefined("a margin needs a relative or an absolute size")),
            };
            rows = rows.max(needed);
        }
        if let Some(limit) = self.limit {
            for (limit, bound) in [(limit.max, Bound::Max), (limit.min, Bound::Min)] {
                if let Some(limit) = limit {
                    rows = rows.max(size::rows(&self.behaviour, &Claim::Limit { limit, bound }, &design)?);
                }
            }
        }
        if self.margin.is_none() && self.limit.is_none() {
            return Err(undefined("a metric without margin and limit shows nothing"));
        }
        Ok(rows)
    }

    /// Probability that a canary which differs by `change` is shown to be worse than the margin.
    ///
    /// # Errors
    /// The change is impossible for this metric.
    pub fn power_of_harm(&self, change: Size, design: &Design, canary_rows: f64) -> Result<f64, Unanswerable> {
        let Some(margin) = self.primary_margin() else { return Ok(0.0) };
        let design = Design { alpha: self.alpha_harm, design_effect: self.design_effect, ..*design };
        let claim = Claim::Harm { direction: self.direction, margin, change };
        size::power_at(&self.behaviour, &claim, &design, canary_rows)
    }

    /// The smallest margin that so many canary rows would show, on the scale of the metric's own margin.
    pub fn detectable_margin(&self, design: &Design, canary_rows: u64) -> Option<Size> {
        let design = Design { alpha: self.alpha_safe, design_effect: self.design_effect, ..*design };
        let scale = self.scale()?;
        let found = size::detectable_margin(&self.behaviour, self.direction, scale, &design, canary_rows);
        found.map(|amount| scale.size(amount))
    }

    /// The smallest change for the worse that so many canary rows would show to be beyond the margin.
    pub fn detectable_harm(&self, design: &Design, canary_rows: u64) -> Option<Size> {
        let design = Design { alpha: self.alpha_harm, design_effect: self.design_effect, metrics: 1, ..*design };
        let scale = self.scale()?;
        let margin = self.primary_margin()?;
        let found = size::detectable_harm(&self.behaviour, self.direction, margin, scale, &design, canary_rows);
        found.map(|amount| scale.size(amount))
    }

    /// The relative margin where there is one.
    fn primary_margin(&self) -> Option<Size> {
        let margin = self.margin?;
        margin.relative.map(Size::Relative).or(margin.absolute.map(Size::Absolute))
    }

    fn scale(&self) -> Option<Scale> {
        Some(match self.primary_margin()? {
            Size::Relative(_) => Scale::Relative,
            Size::Absolute(_) => Scale::Absolute,
        })
    }
}
