//! Pairs, where both models answered the same request: Tango's score for proportions, signed ranks for distributions.
//!
//! Pairs are compared inside themselves, so strata cannot confound them; units widen the variance.

use super::Question;
use super::contrast::{Contrast, Estimand, Label, Scale, first_true};
use super::design::Design;
use super::mean::{Mean, MeanTest, Stream};
use crate::arms::{Arm, Arms};
use crate::evidence::Method;
use crate::stats::Unanswerable;
use crate::stats::special::{norm_cdf, norm_sf};

/// Difference of paired proportions (Tango 1998).
#[derive(Debug)]
pub struct PairedProportion {
    /// Pairs in which only the canary has the event, and only the baseline.
    canary_only: f64,
    baseline_only: f64,
    pairs: f64,
    effect: f64,
    rates: Arms<f64>,
    mean: Mean,
}

impl PairedProportion {
    /// Counts the pairs that differ.
    pub fn new(design: &Design, question: &Question) -> Result<Self, Unanswerable> {
        design.require("tango", 2)?;
        let (mut canary_only, mut baseline_only, mut pairs) = (0.0, 0.0, 0.0);
        let mut events = Arms { baseline: 0.0, canary: 0.0 };
        for s in &design.strata {
            for (c, b) in s.cells.canary.values.iter().zip(&s.cells.baseline.values) {
                canary_only += c * (1.0 - b);
                baseline_only += b * (1.0 - c);
                events.canary += c;
                events.baseline += b;
                pairs += 1.0;
            }
        }
        // The relative margin has no score test of its own and takes the paired mean.
        let mean = Mean::new(design, question, MeanTest::Welch, &Stream { seed: 0, name: "", draws: None })?;
        let difference = (canary_only - baseline_only) / pairs;
        let plain = (canary_only + baseline_only - pairs * difference * difference) / (pairs * (pairs - 1.0));
        let effect = if design.clustered { mean.variance_of_difference() / plain } else { 1.0 };
        let effect = if effect.is_finite() { effect.max(1.0) } else { pairs / design.units.canary as f64 };
        Ok(PairedProportion { canary_only, baseline_only, pairs, effect, rates: events.map(|e| e / pairs), mean })
    }

    fn z(&self, d: f64) -> f64 {
        let (b, c, n) = (self.canary_only, self.baseline_only, self.pairs);
        let linear = -b - c + (2.0 * n - b + c) * d;
        let constant = -c * d * (1.0 - d);
        let q = ((linear * linear - 8.0 * n * constant).max(0.0).sqrt() - linear) / (4.0 * n);
        let variance = n * (2.0 * q + d * (1.0 - d)) * self.effect;
        let contrast = b - c - n * d;
        if variance > 0.0 {
            contrast / variance.sqrt()
        } else if contrast == 0.0 {
            0.0
        } else {
            contrast * f64::INFINITY
        }
    }
}

impl Estimand for PairedProportion {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        match scale {
            Scale::Ratio => self.mean.contrast(scale),
            _ => Ok(Box::new(Tango(self))),
        }
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.rates.map(Some)
    }
}

struct Tango<'a>(&'a PairedProportion);

impl Contrast for Tango<'_> {
    fn estimate(&self) -> Option<f64> {
        Some((self.0.canary_only - self.0.baseline_only) / self.0.pairs)
    }

    fn below(&self, value: f64) -> f64 {
        norm_cdf(self.0.z(value.clamp(-1.0, 1.0)))
    }

    fn above(&self, value: f64) -> f64 {
        norm_sf(self.0.z(value.clamp(-1.0, 1.0)))
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let at = self.estimate().expect("pairs have a difference");
        let high = if self.below(1.0) <= alpha { first_true(at, 1.0, |d| self.below(d) <= alpha) } else { 1.0 };
        let low = if self.above(-1.0) <= alpha { -first_true(-at, 1.0, |d| self.above(-d) <= alpha) } else { -1.0 };
        (low, high)
    }

    fn label(&self) -> Label {
        Label { test: "tango", estimand: "difference of paired proportions".into(), method: Method::Asymptotic }
    }
}

/// Signed ranks of canary - rho baseline, or canary - baseline - d (Wilcoxon 1945). With units the signed ranks are
/// summed inside each unit before they are squared (Rosner, Glynn and Lee 2006).
#[derive(Debug)]
pub struct PairedRanks {
    canary: Vec<f64>,
    baseline: Vec<f64>,
    unit: Vec<u32>,
    units: u64,
    positive: bool,
}

impl PairedRanks {
    /// All pairs, whatever their stratum.
    pub fn new(design: &Design) -> Result<Self, Unanswerable> {
        design.require("signed_rank", super::distribution::LEAST_ROWS)?;
        design.require_finite("signed_rank")?;
        let all =
            |arm: Arm| design.strata.iter().flat_map(|s| s.cells[arm].values.iter().copied()).collect::<Vec<f64>>();
        let (canary, baseline) = (all(Arm::Canary), all(Arm::Baseline));
        let positive = canary.iter().chain(&baseline).all(|v| *v >= 0.0);
        let unit = design.strata.iter().flat_map(|s| s.cells.canary.unit.iter().copied()).collect();
        Ok(PairedRanks { canary, baseline, unit, units: design.units.canary, positive })
    }

    /// The signed-rank sum over its standard error.
    fn z(&self, scale: Scale, value: f64) -> f64 {
        let difference = |i: usize| match scale {
            Scale::Ratio => self.canary[i] - value * self.baseline[i],
            _ => self.canary[i] - self.baseline[i] - value,
        };
        let mut signed: Vec<(f64, u32)> =
            (0..self.canary.len()).map(|i| (difference(i), i as u32)).filter(|(d, _)| *d != 0.0).collect();
        signed.sort_unstable_by(|a, b| a.0.abs().total_cmp(&b.0.abs()).then(a.1.cmp(&b.1)));
        let mut totals = vec![0.0; if self.unit.is_empty() { 0 } else { self.units as usize }];
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut start = 0;
        while start < signed.len() {
            let size = signed[start].0.abs();
            let end = start + signed[start..].iter().take_while(|s| s.0.abs() == size).count();
            let rank = 0.5 * (start + 1 + end) as f64;
            for &(d, i) in &signed[start..end] {
                let score = rank * d.signum();
                sum += score;
                match self.unit.get(i as usize) {
                    Some(&u) => totals[u as usize] += score,
                    None => squares += score * score,
                }
            }
            start = end;
        }
        squares += totals.iter().map(|t: &f64| t * t).sum::<f64>();
        if squares > 0.0 { sum / squares.sqrt() } else { 0.0 }
    }
}

impl Estimand for PairedRanks {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        if scale == Scale::Ratio && !self.positive {
            return Err(Unanswerable::Undefined {
                test: "signed_rank",
                why: "a relative margin stretches values and some are negative; give an absolute margin",
            });
        }
        Ok(Box::new(SignedRank { of: self, scale }))
    }

    fn value(&self) -> Arms<Option<f64>> {
        let median = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            Some(0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]))
        };
        Arms { baseline: median(&self.baseline), canary: median(&self.canary) }
    }
}

struct SignedRank<'a> {
    of: &'a PairedRanks,
    scale: Scale,
}

impl SignedRank<'_> {
    fn reach(&self) -> (f64, f64) {
        let pairs = || self.of.canary.iter().zip(&self.of.baseline);
        let values = |of: fn(f64, f64) -> f64| {
            pairs()
                .map(move |(c, b)| of(*c, *b))
                .filter(|v| v.is_finite())
                .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)))
        };
        let (low, high) = match self.scale {
            Scale::Ratio => values(|c, b| c / b),
            _ => values(|c, b| c - b),
        };
        let pad = 1.0 + 0.01 * (high - low).abs() + low.abs().max(high.abs());
        (low - pad, high + pad)
    }

    /// Bisection to one part in 2^60 of the reach: the rank sum only changes at finitely many values.
    fn crossing(&self, target: f64) -> f64 {
        let (mut low, mut high) = self.reach();
        for _ in 0..60 {
            let middle = low + 0.5 * (high - low);
            if self.of.z(self.scale, middle) > target { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

impl Contrast for SignedRank<'_> {
    fn estimate(&self) -> Option<f64> {
        Some(self.crossing(0.0)).filter(|e| e.is_finite())
    }

    fn below(&self, value: f64) -> f64 {
        norm_cdf(self.of.z(self.scale, value))
    }

    fn above(&self, value: f64) -> f64 {
        norm_sf(self.of.z(self.scale, value))
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let z = crate::stats::special::norm_isf(alpha);
        (self.crossing(z), self.crossing(-z))
    }

    fn label(&self) -> Label {
        let estimand = match self.scale {
            Scale::Ratio => "typical ratio within pairs",
            _ => "typical difference within pairs",
        };
        Label { test: "signed_rank", estimand: estimand.into(), method: Method::Asymptotic }
    }
}
