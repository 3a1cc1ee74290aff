//! Means: Welch's contrast under strata, units and pairs; the studentised bootstrap where the data are too skewed for it.
//!
//! Welch (1938); the bootstrap of studentised means (Hall 1992). The first-order error of Welch's test grows with
//! g1 / sqrt(n) and does not cancel between arms of unequal size, so an arm of fewer than 120 g1^2 rows is resampled.

use std::borrow::Cow;

use super::Question;
use super::contrast::{Contrast, Estimand, Scale};
use super::design::{Cell, Design};
use super::linear::{Linear, Pairs};
use super::resample::{self, Law, Replicates};
use crate::arms::{Arm, Arms};
use crate::config::{TestConfig, TestKind};
use crate::stats::Unanswerable;
use crate::stats::special::ln_beta;

/// Rows an arm needs before a mean is judged.
pub const LEAST_ROWS: u64 = 30;

/// Which test of means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MeanTest {
    /// Welch, or the studentised bootstrap by the rule on skewness.
    Default,
    /// Welch always.
    Welch,
    /// Trimmed means with winsorised variances (Yuen 1974), this share cut off at each end of each stratum's arm.
    Yuen(f64),
    /// The bootstrap always.
    Bootstrap(Law),
}

impl MeanTest {
    /// The test that a config asks for.
    pub fn from_config(test: Option<&TestConfig>) -> Self {
        match test.map(|t| t.kind) {
            Some(TestKind::Welch | TestKind::PairedT | TestKind::DeltaMethod) => MeanTest::Welch,
            Some(TestKind::Yuen) => {
                let trim = test.and_then(|t| t.options.get("trim")).and_then(serde_json::Value::as_f64);
                MeanTest::Yuen(trim.unwrap_or(0.2))
            }
            _ => Law::asked(test).map_or(MeanTest::Default, MeanTest::Bootstrap),
        }
    }
}

/// A mean under its design.
#[derive(Debug)]
pub struct Mean {
    linear: Linear,
    replicates: Option<Replicates>,
    alpha: f64,
    /// Larger |skewness| of the two arms' influences.
    pub skewness: f64,
}

impl Mean {
    /// The mean of the values, or of value minus second column when there is one (calibration).
    pub fn new(
        design: &Design,
        question: &Question,
        test: MeanTest,
        stream: &Stream<'_>,
    ) -> Result<Self, Unanswerable> {
        let trim = if let MeanTest::Yuen(trim) = test { trim } else { 0.0 };
        let name = match test {
            MeanTest::Yuen(_) => "yuen",
            _ if design.paired => "paired_t",
            _ => "welch",
        };
        design.require(name, 2)?;
        design.require_finite(name)?;
        let summed = design.summed();
        if summed && !matches!(test, MeanTest::Default | MeanTest::Welch) {
            let test = if trim > 0.0 { "yuen" } else { "bootstrap" };
            return Err(Unanswerable::Undefined { test, why: "it looks at rows, and only sums are known" });
        }
        let scale = scale_of(design);
        for (arm, cell) in
            design.strata.iter().flat_map(|s| [(Arm::Baseline, &s.cells.baseline), (Arm::Canary, &s.cells.canary)])
        {
            let found = (cell.n() - 2 * cut(cell.n(), trim)) as u64;
            if trim > 0.0 && found < 2 {
                let what = "rows after trimming in each stratum";
                return Err(Unanswerable::TooFew { test: name, what, arm, needed: 2, found });
            }
        }
        let mean_of = |cell: &Cell| match cell.sums {
            Some(sums) => sums.ratio().unwrap_or(0.0),
            None => trimmed(&values(cell, scale), trim).0,
        };
        let estimates = |arm: Arm| -> Vec<f64> { design.strata.iter().map(|s| mean_of(&s.cells[arm])).collect() };
        let means = Arms { baseline: estimates(Arm::Baseline), canary: estimates(Arm::Canary) };
        let weighted = |arm: Arm| design.strata.iter().zip(&means[arm]).map(|(s, m)| s.weight * m).sum();
        let estimate = Arms { baseline: weighted(Arm::Baseline), canary: weighted(Arm::Canary) };
        let influence = |cell: &Cell| -> Vec<f64> {
            let (n, kept) = (cell.n() as f64, (cell.n() - 2 * cut(cell.n(), trim)) as f64);
            // Rows as units: the winsorised sum of squares over h (h - 1), where `parts` divides by n - 1 of n.
            let per_row = if cell.unit.is_empty() { ((n - 1.0) / n * (kept / (kept - 1.0))).sqrt() } else { 1.0 };
            let mut deviations = trimmed(&values(cell, scale), trim).1;
            let factor = if trim > 0.0 { per_row / kept } else { 1.0 / n };
            deviations.iter_mut().for_each(|d| *d *= factor);
            deviations
        };
        let mut parts = Arms {
            baseline: design.parts(Arm::Baseline, |_, cell| influence(cell)),
            canary: design.parts(Arm::Canary, |_, cell| influence(cell)),
        };
        if !design.clustered {
            // Yuen's degrees of freedom count the rows that are kept.
            for part in parts.baseline.0.iter_mut().chain(&mut parts.canary.0) {
                part.dof -= 2.0 * cut(part.influence.len(), trim) as f64;
            }
        }
        let what = if trim > 0.0 { "trimmed mean" } else { "mean" };
        let mut linear = Linear::new(name, what, estimate, &parts);
        linear.pairs = design.paired.then(|| Pairs::new(&parts));
        linear.unscale = 1.0 / scale;
        linear.ln_separation = design
            .strata
            .iter()
            .map(|s| {
                let (m, n) = (s.cells.canary.units as f64, s.cells.baseline.units as f64);
                // log of 1 / C(m + n, m).
                (m + n + 1.0).ln() + ln_beta(m + 1.0, n + 1.0)
            })
            .sum();
        let skewness = if summed { 0.0 } else { parts.baseline.skewness().abs().max(parts.canary.skewness().abs()) };
        if summed {
            linear.flags.push("skewness_unknown".into());
        }
        let least = design.units.baseline.min(design.units.canary) as f64;
        let too_skewed = least < 120.0 * skewness * skewness;
        if least < 20.0 * skewness * skewness {
            linear.flags.push("skew".into());
        }
        let law = match test {
            MeanTest::Welch | MeanTest::Yuen(_) => None,
            MeanTest::Bootstrap(law) => Some(law),
            MeanTest::Default => (too_skewed && !design.paired).then_some(Law::Studentised),
        };
        let replicates = law
            .filter(|_| linear.standard_error(1.0) > 0.0)
            .map(|law| Replicates::draw(&linear, &parts, law, question, stream));
        Ok(Mean { linear, replicates, alpha: question.alpha.safe, skewness })
    }

    /// Variance of canary minus baseline.
    pub(super) fn variance_of_difference(&self) -> f64 {
        self.linear.standard_error(1.0).powi(2)
    }

    /// Cohen's d from the two arms' row variances, when it exists.
    pub fn cohens_d(design: &Design) -> Option<f64> {
        let scale = scale_of(design);
        let (mut squares, mut dof, mut difference) = (0.0, 0.0, 0.0);
        for s in &design.strata {
            let mut mean = Arms { baseline: 0.0, canary: 0.0 };
            for (arm, slot) in [(Arm::Baseline, &mut mean.baseline), (Arm::Canary, &mut mean.canary)] {
                if let Some(sums) = s.cells[arm].sums {
                    // Of units' totals the rows' own spread cannot be had.
                    if sums.by_unit() {
                        return None;
                    }
                    *slot = sums.ratio()?;
                    squares += sums.residual();
                    dof += sums.n() as f64 - 1.0;
                    continue;
                }
                let (m, deviations) = centre(&values(&s.cells[arm], scale));
                *slot = m;
                squares += deviations.iter().map(|d| d * d).sum::<f64>();
                dof += deviations.len() as f64 - 1.0;
            }
            difference += s.weight * (mean.canary - mean.baseline);
        }
        let d = difference / (squares / dof).sqrt();
        d.is_finite().then_some(d)
    }
}

/// Where a metric's random numbers come from: the same for the same seed and name, whatever else is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream<'a> {
    /// Seed of the judgement.
    pub seed: u64,
    /// Name of the metric, with its segment when it is a cell.
    pub name: &'a str,
    /// Replicates, or `None` for the default rule.
    pub draws: Option<u64>,
}

impl Estimand for Mean {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        resample::contrast(&self.linear, self.replicates.as_ref(), scale, self.alpha)
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.linear.estimate.map(|v| Some(v * self.linear.unscale).filter(|v| v.is_finite()))
    }
}

/// A power of two that brings very large or very small values to where their squares are representable; else 1.
fn scale_of(design: &Design) -> f64 {
    let largest = design
        .strata
        .iter()
        .flat_map(|s| [&s.cells.baseline, &s.cells.canary])
        .flat_map(|c| c.values.iter().chain(&c.second))
        .fold(0.0_f64, |m, v| m.max(v.abs()));
    let (low, high) = (2f64.powi(-400), 2f64.powi(400));
    if largest == 0.0 || (low..=high).contains(&largest) {
        return 1.0;
    }
    // 2^-e with e the exponent, in two steps so that a subnormal's scale stays finite.
    let exponent = (((largest.to_bits() >> 52) & 0x7ff) as i32 - 1023).max(-1000);
    2f64.powi(-exponent)
}

fn values(cell: &Cell, scale: f64) -> Cow<'_, [f64]> {
    if cell.second.is_empty() && scale == 1.0 {
        Cow::Borrowed(&cell.values)
    } else if cell.second.is_empty() {
        Cow::Owned(cell.values.iter().map(|v| v * scale).collect())
    } else {
        Cow::Owned(cell.values.iter().zip(&cell.second).map(|(v, w)| (v - w) * scale).collect())
    }
}

/// Rows cut off at each end.
fn cut(n: usize, trim: f64) -> usize {
    (trim * n as f64) as usize
}

/// The mean of what is left after trimming, and the deviations of the winsorised values from their own mean.
fn trimmed(values: &[f64], trim: f64) -> (f64, Vec<f64>) {
    let g = cut(values.len(), trim);
    if g == 0 {
        return centre(values);
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let kept = &sorted[g..sorted.len() - g];
    let (Some(&low), Some(&high)) = (kept.first(), kept.last()) else { return centre(values) };
    let winsorised: Vec<f64> = values.iter().map(|v| v.clamp(low, high)).collect();
    (centre(kept).0, centre(&winsorised).1)
}

/// Mean and deviations from it, two-pass around the first value; empty data have mean 0.
pub(super) fn centre(values: &[f64]) -> (f64, Vec<f64>) {
    let Some(&pivot) = values.first() else { return (0.0, Vec::new()) };
    let n = values.len() as f64;
    let shift = chunked_sum(values.iter().map(|v| v - pivot)) / n;
    let mean = pivot + shift;
    let mut deviations: Vec<f64> = values.iter().map(|v| (v - pivot) - shift).collect();
    // What rounding left in the mean is taken off, so that the deviations sum to zero.
    let left = chunked_sum(deviations.iter().copied()) / n;
    deviations.iter_mut().for_each(|d| *d -= left);
    (mean + left, deviations)
}

/// A sum with Neumaier's compensation, so that the order of magnitude of the rows does not matter.
pub(super) fn chunked_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for v in values {
        let t = sum + v;
        lost += if sum.abs() >= v.abs() { (sum - t) + v } else { (v - t) + sum };
        sum = t;
    }
    sum + lost
}
