//! Quantiles: order-statistic bounds of both arms, combined by MOVER.
//!
//! Each arm's bounds are distribution-free; the interval of the contrast recovers variances from them (Zou and Donner
//! 2008). Positive data are compared as sum W_h ln(Qc_h / Qs_h), with W_h squared in the interval; data with zeros or
//! negative values as sum W_h (Qc_h - rho Qs_h). Units lower the effective size by the design effect of being at or
//! below the quantile.

use super::contrast::{Contrast, Estimand, Label, Scale, first_true};
use super::design::{Cell, Design};
use crate::arms::{Arm, Arms};
use crate::evidence::Method;
use crate::stats::quantile::ManyBounds;
use crate::stats::{Unanswerable, rank};

/// Least p-value that the bisection over alpha reports.
const FLOOR: f64 = 1e-12;

/// A quantile under its design.
#[derive(Debug)]
pub struct Quantile {
    strata: Vec<Arms<Sorted>>,
    weights: Vec<f64>,
    q: f64,
    positive: bool,
    flags: Vec<String>,
}

#[derive(Debug)]
struct Sorted {
    values: Vec<f64>,
    quantile: f64,
    /// `None` where the values bound nothing at any alpha.
    bounds: Option<ManyBounds>,
}

impl Quantile {
    /// Sorts both arms; O(N log N).
    pub fn new(design: &Design, q: f64) -> Result<Self, Unanswerable> {
        design.require("quantile", 1)?;
        let mut strata = Vec::with_capacity(design.strata.len());
        let mut flags = Vec::new();
        let effects = if design.clustered {
            Arms { baseline: design_effect(design, Arm::Baseline, q), canary: design_effect(design, Arm::Canary, q) }
        } else {
            Arms { baseline: 1.0, canary: 1.0 }
        };
        if effects.baseline.max(effects.canary) > 1.0 {
            flags.push(format!("design_effect_{:.2}", effects.baseline.max(effects.canary)));
        }
        let mut positive = true;
        for s in &design.strata {
            let sorted = |arm: Arm| -> Result<Sorted, Unanswerable> {
                let cell = &s.cells[arm];
                if let Some(index) = cell.values.iter().position(|v| v.is_nan()) {
                    return Err(Unanswerable::NonFinite { test: "quantile", arm, index, value: f64::NAN });
                }
                if cell.n() == 0 {
                    return Err(Unanswerable::TooFew { test: "quantile", what: "rows", arm, needed: 1, found: 0 });
                }
                let values = rank::sorted(&cell.values);
                let quantile = at(&values, q);
                let effective = (values.len() as f64 / effects[arm]).max(1.0);
                let bounds = ManyBounds::new(&values, effective, q).ok();
                Ok(Sorted { values, quantile, bounds })
            };
            let pair = Arms { baseline: sorted(Arm::Baseline)?, canary: sorted(Arm::Canary)? };
            positive &= pair.baseline.values[0] > 0.0 && pair.canary.values[0] > 0.0;
            strata.push(pair);
        }
        Ok(Quantile { strata, weights: design.strata.iter().map(|s| s.weight).collect(), q, positive, flags })
    }

    fn mean(&self, arm: Arm) -> f64 {
        self.strata.iter().zip(&self.weights).map(|(s, w)| w * s[arm].quantile).sum()
    }

    /// Bounds of every arm and stratum at one-sided alpha: (low, high).
    fn bounds(&self, alpha: f64) -> Vec<Arms<(f64, f64)>> {
        self.strata
            .iter()
            .map(|s| {
                s.as_ref().map(|arm| {
                    let bounds = arm.bounds.as_ref().filter(|_| alpha > 0.0 && alpha < 1.0);
                    bounds.map_or((f64::NEG_INFINITY, f64::INFINITY), |b| b.at(&arm.values, alpha))
                })
            })
            .collect()
    }

    /// MOVER bounds of sum W_h (f(Qc) - rho f(Qs)).
    fn mover(&self, alpha: f64, rho: f64, log: bool) -> (f64, f64, f64) {
        let f = |v: f64| if log { v.max(0.0).ln() } else { v };
        let (mut centre, mut down, mut up) = (0.0, 0.0, 0.0);
        for ((s, bounds), w) in self.strata.iter().zip(self.bounds(alpha)).zip(&self.weights) {
            let (qc, qs) = (f(s.canary.quantile), f(s.baseline.quantile));
            let (lc, uc) = (f(bounds.canary.0), f(bounds.canary.1));
            let (ls, us) = (f(bounds.baseline.0), f(bounds.baseline.1));
            centre += w * (qc - rho * qs);
            // A negative rho turns the baseline's bounds around.
            let (below, above) = if rho >= 0.0 { (us - qs, qs - ls) } else { (qs - ls, us - qs) };
            down += w * w * ((qc - lc).powi(2) + (rho * below).powi(2));
            up += w * w * ((uc - qc).powi(2) + (rho * above).powi(2));
        }
        (centre, centre - down.sqrt(), centre + up.sqrt())
    }
}

/// The inverted-cdf quantile: the value of rank ceil(n q).
fn at(sorted: &[f64], q: f64) -> f64 {
    let n = sorted.len();
    // A product such as 0.95 * 20 is 19 but for rounding.
    let rank = (n as f64 * q - 1e-9).ceil().clamp(1.0, n as f64) as usize;
    sorted[rank - 1]
}

/// Clustered over unclustered variance of the share at or below the quantile, at least 1.
fn design_effect(design: &Design, arm: Arm, q: f64) -> f64 {
    let influence = |cell: &Cell| -> Vec<f64> {
        let mut sorted = cell.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantile = if sorted.is_empty() { 0.0 } else { at(&sorted, q) };
        let n = cell.n() as f64;
        let share = cell.values.iter().filter(|v| **v <= quantile).count() as f64 / n;
        cell.values.iter().map(|v| (f64::from(u8::from(*v <= quantile)) - share) / n).collect()
    };
    let clustered = design.parts(arm, |_, cell| influence(cell)).variance();
    let plain: f64 = design
        .strata
        .iter()
        .map(|s| {
            let n = s.cells[arm].n() as f64;
            s.weight * s.weight * n / (n - 1.0) * influence(&s.cells[arm]).iter().map(|e| e * e).sum::<f64>()
        })
        .sum();
    let effect = clustered / plain;
    // Where no row lies beyond the quantile nothing shows the clustering: a row is worth no more than its unit.
    if effect.is_finite() {
        effect.max(1.0)
    } else {
        (design.n()[arm] as f64 / design.units[arm].max(1) as f64).max(1.0)
    }
}

impl Estimand for Quantile {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        if scale == Scale::Ratio && self.mean(Arm::Baseline) <= 0.0 {
            return Err(Unanswerable::Undefined {
                test: "quantile",
                why: "a relative margin needs a baseline above zero; give an absolute margin",
            });
        }
        Ok(Box::new(Mover { of: self, scale }))
    }

    fn value(&self) -> Arms<Option<f64>> {
        let finite = |v: f64| v.is_finite().then_some(v);
        Arms { baseline: finite(self.mean(Arm::Baseline)), canary: finite(self.mean(Arm::Canary)) }
    }
}

struct Mover<'a> {
    of: &'a Quantile,
    scale: Scale,
}

impl Mover<'_> {
    /// Whether the upper bound at alpha lies below the value.
    fn clears_below(&self, value: f64, alpha: f64) -> bool {
        match self.scale {
            Scale::Ratio if self.of.positive => value > 0.0 && self.of.mover(alpha, 1.0, true).2 < value.ln(),
            Scale::Ratio => self.of.mover(alpha, value, false).2 < 0.0,
            _ => self.of.mover(alpha, 1.0, false).2 < value,
        }
    }

    /// Whether the lower bound at alpha lies above the value.
    fn clears_above(&self, value: f64, alpha: f64) -> bool {
        match self.scale {
            Scale::Ratio if self.of.positive => value <= 0.0 || self.of.mover(alpha, 1.0, true).1 > value.ln(),
            Scale::Ratio => self.of.mover(alpha, value, false).1 > 0.0,
            _ => self.of.mover(alpha, 1.0, false).1 > value,
        }
    }

    /// p-values of both sides; they sum to 1.
    fn tails(&self, value: f64) -> (f64, f64) {
        // Bisection over ln alpha: the bound is a step function of alpha, so twelve digits are more than enough.
        let least = |clears: &dyn Fn(f64) -> bool| {
            if clears(FLOOR) {
                return FLOOR;
            }
            let (mut low, mut high) = (FLOOR.ln(), 0.5_f64.ln());
            for _ in 0..40 {
                let middle = 0.5 * (low + high);
                if clears(middle.exp()) { high = middle } else { low = middle }
            }
            high.exp()
        };
        if self.clears_below(value, 0.5) {
            let p = least(&|alpha| self.clears_below(value, alpha));
            (p, 1.0 - p)
        } else if self.clears_above(value, 0.5) {
            let p = least(&|alpha| self.clears_above(value, alpha));
            (1.0 - p, p)
        } else {
            (0.5, 0.5)
        }
    }
}

impl Contrast for Mover<'_> {
    fn estimate(&self) -> Option<f64> {
        let estimate = match self.scale {
            Scale::Ratio if self.of.positive => {
                let log: f64 = self
                    .of
                    .strata
                    .iter()
                    .zip(&self.of.weights)
                    .map(|(s, w)| w * (s.canary.quantile / s.baseline.quantile).ln())
                    .sum();
                log.exp()
            }
            Scale::Ratio => self.of.mean(Arm::Canary) / self.of.mean(Arm::Baseline),
            _ => self.of.mean(Arm::Canary) - self.of.mean(Arm::Baseline),
        };
        estimate.is_finite().then_some(estimate)
    }

    fn below(&self, value: f64) -> f64 {
        self.tails(value).0
    }

    fn above(&self, value: f64) -> f64 {
        self.tails(value).1
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        match self.scale {
            Scale::Ratio if self.of.positive => {
                let (_, low, high) = self.of.mover(alpha, 1.0, true);
                (low.exp(), high.exp())
            }
            Scale::Ratio => {
                let reach = 1e6 * (1.0 + self.estimate().unwrap_or(1.0).abs());
                let high = if self.clears_below(reach, alpha) {
                    first_true(-reach, reach, |rho| self.clears_below(rho, alpha))
                } else {
                    f64::INFINITY
                };
                let low = if self.clears_above(-reach, alpha) {
                    -first_true(-reach, reach, |rho| self.clears_above(-rho, alpha))
                } else {
                    f64::NEG_INFINITY
                };
                (low, high)
            }
            _ => {
                let (_, low, high) = self.of.mover(alpha, 1.0, false);
                (low, high)
            }
        }
    }

    fn label(&self) -> Label {
        let name = name(self.of.q);
        let estimand = match self.scale {
            Scale::Ratio => format!("ratio of {name}"),
            _ => format!("difference of {name}"),
        };
        Label { test: "quantile", estimand, method: Method::Exact }
    }

    fn flags(&self) -> Vec<String> {
        self.of.flags.clone()
    }
}

/// "p99", "p99.9".
fn name(q: f64) -> String {
    let text = format!("{:.6}", 100.0 * q);
    format!("p{}", text.trim_end_matches('0').trim_end_matches('.'))
}
