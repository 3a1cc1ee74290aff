//! Events per exposure: the conditional test of two Poisson rates, or the delta method where counts vary more than that.
//!
//! Conditional test: Przyborowski and Wilenski (1940). Counts whose Pearson dispersion exceeds 1.5, and counts of units,
//! are compared as ratios of sums with their own variance.

use super::Question;
use super::contrast::{Contrast, Estimand, Label, Scale, first_true};
use super::design::{Cell, Design};
use super::ratio::Ratio;
use crate::arms::{Arm, Arms};
use crate::config::Direction;
use crate::evidence::Method;
use crate::stats::Unanswerable;
use crate::stats::proportion::{StratumCounts, conditional_binomial_strata};

/// Pearson dispersion above which counts are not taken as Poisson.
const OVERDISPERSED: f64 = 1.5;

/// A rate under its design: events in the values, exposures in the second column.
#[derive(Debug)]
pub struct Rate {
    ratio: Ratio,
    /// Events and exposures by stratum, when the Poisson test applies.
    poisson: Option<Vec<StratumCounts>>,
    direction: Direction,
    dispersion: f64,
}

impl Rate {
    /// Both arms' rates.
    pub fn new(design: &Design, question: &Question) -> Result<Self, Unanswerable> {
        let ratio = Ratio::new(design, question, None)?;
        let dispersion = if design.summed() { 1.0 } else { dispersion(design) };
        let whole = design
            .strata
            .iter()
            .flat_map(|s| [&s.cells.baseline, &s.cells.canary])
            .all(|cell| cell.values.iter().all(|v| *v >= 0.0 && v.fract() == 0.0));
        // Sums do not say how far the counts vary beyond Poisson's law; the ratio's own variance covers both.
        let poisson = (whole && !design.summed() && !design.clustered && !design.paired && dispersion <= OVERDISPERSED)
            .then(|| {
                let sum = |v: &[f64]| v.iter().sum::<f64>();
                design
                    .strata
                    .iter()
                    .map(|s| StratumCounts {
                        weight: s.weight,
                        x_events: sum(&s.cells.canary.values),
                        x_n: sum(&s.cells.canary.second),
                        y_events: sum(&s.cells.baseline.values),
                        y_n: sum(&s.cells.baseline.second),
                    })
                    .collect()
            });
        Ok(Rate { ratio, poisson, direction: question.direction, dispersion })
    }
}

/// Pearson's X^2 over its degrees of freedom, inside arms and strata.
fn dispersion(design: &Design) -> f64 {
    let (mut squares, mut dof) = (0.0, 0.0);
    for s in &design.strata {
        for arm in [Arm::Baseline, Arm::Canary] {
            let cell: &Cell = &s.cells[arm];
            let rate = cell.values.iter().sum::<f64>() / cell.second.iter().sum::<f64>();
            for (events, exposure) in cell.values.iter().zip(&cell.second) {
                let expected = rate * exposure;
                if expected > 0.0 {
                    squares += (events - expected) * (events - expected) / expected;
                }
            }
            dof += cell.n() as f64 - 1.0;
        }
    }
    if dof > 0.0 { squares / dof } else { 1.0 }
}

impl Estimand for Rate {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        match (&self.poisson, scale) {
            (Some(strata), Scale::Ratio) => {
                Ok(Box::new(Poisson { strata, direction: self.direction, value: self.ratio.value() }))
            }
            _ => self.ratio.contrast(scale).map(|inner| {
                Box::new(Flagged { inner, dispersed: self.dispersion > OVERDISPERSED }) as Box<dyn Contrast>
            }),
        }
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.ratio.value()
    }
}

struct Flagged<'a> {
    inner: Box<dyn Contrast + 'a>,
    dispersed: bool,
}

impl Contrast for Flagged<'_> {
    fn estimate(&self) -> Option<f64> {
        self.inner.estimate()
    }

    fn below(&self, value: f64) -> f64 {
        self.inner.below(value)
    }

    fn above(&self, value: f64) -> f64 {
        self.inner.above(value)
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        self.inner.interval(alpha)
    }

    fn label(&self) -> Label {
        let label = self.inner.label();
        Label { estimand: label.estimand.replace("ratios", "rates"), ..label }
    }

    fn flags(&self) -> Vec<String> {
        let mut flags = self.inner.flags();
        if self.dispersed {
            flags.push("overdispersed".into());
        }
        flags
    }
}

struct Poisson<'a> {
    strata: &'a [StratumCounts],
    direction: Direction,
    value: Arms<Option<f64>>,
}

impl Contrast for Poisson<'_> {
    fn estimate(&self) -> Option<f64> {
        self.value.canary.zip(self.value.baseline).filter(|(_, b)| *b > 0.0).map(|(c, b)| c / b)
    }

    fn below(&self, value: f64) -> f64 {
        conditional_binomial_strata(self.strata, value).map_or(1.0, |p| match self.direction {
            Direction::HigherIsBetter => p.p_less_mid,
            _ => p.p_less,
        })
    }

    fn above(&self, value: f64) -> f64 {
        conditional_binomial_strata(self.strata, value).map_or(1.0, |p| match self.direction {
            Direction::LowerIsBetter => p.p_greater_mid,
            _ => p.p_greater,
        })
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let (least, most) = (1e-12, 1e12);
        let below = |r: f64| conditional_binomial_strata(self.strata, r).map_or(1.0, |p| p.p_less);
        let above = |r: f64| conditional_binomial_strata(self.strata, r).map_or(1.0, |p| p.p_greater);
        let high = if below(most) <= alpha { first_true(least, most, |r| below(r) <= alpha) } else { f64::INFINITY };
        let low = if above(least) <= alpha {
            1.0 / first_true(1.0 / most, 1.0 / least, |inverse| above(1.0 / inverse) <= alpha)
        } else {
            0.0
        };
        (low, high)
    }

    fn label(&self) -> Label {
        Label { test: "poisson_rate", estimand: "ratio of rates".into(), method: Method::Exact }
    }
}
