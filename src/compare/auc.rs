//! The area under the ROC curve by DeLong's placements, with strata, units and pairs.
//!
//! DeLong, DeLong and Clarke-Pearson (1988), in O(n log n) by midranks (Sun and Xu 2014). A positive's influence is
//! (V10 - AUC) / P and a negative's (V01 - AUC) / Q; with rows as units the sums of squares are DeLong's variances.

use super::Question;
use super::contrast::{Contrast, Estimand, Scale};
use super::design::{Cell, Design};
use super::linear::{Linear, Pairs};
use super::mean::Stream;
use super::resample::{self, Law, Replicates};
use crate::arms::{Arm, Arms};
use crate::stats::Unanswerable;

/// Positives and negatives that each arm needs in total.
pub const LEAST: u64 = 10;

/// AUC under its design: scores in the values, 0/1 labels in the second column.
#[derive(Debug)]
pub struct Auc {
    linear: Linear,
    replicates: Option<Replicates>,
    alpha: f64,
}

/// Positives and negatives of a cell.
pub fn classes(cell: &Cell) -> (u64, u64) {
    let positives = cell.second.iter().filter(|&&label| label > 0.5).count() as u64;
    (positives, cell.n() as u64 - positives)
}

/// The thin-stratum rule of AUC: fewer than five positives or negatives in an arm.
pub fn thin(cells: &Arms<Cell>) -> bool {
    [&cells.baseline, &cells.canary].into_iter().any(|cell| {
        let (positives, negatives) = classes(cell);
        positives < 5 || negatives < 5
    })
}

impl Auc {
    /// Both arms' AUC; needs ten positives and ten negatives in each arm.
    pub fn new(
        design: &Design,
        question: &Question,
        resampling: Option<(Law, Stream<'_>)>,
    ) -> Result<Self, Unanswerable> {
        design.require_finite("delong")?;
        for arm in [Arm::Baseline, Arm::Canary] {
            let (mut positives, mut negatives) = (0, 0);
            for s in &design.strata {
                let (p, q) = classes(&s.cells[arm]);
                positives += p;
                negatives += q;
            }
            for (what, found) in [("positives", positives), ("negatives", negatives)] {
                if found < LEAST {
                    return Err(Unanswerable::TooFew { test: "delong", what, arm, needed: LEAST, found });
                }
            }
        }
        let roc = |arm: Arm| design.strata.iter().map(|s| placements(&s.cells[arm])).collect::<Vec<_>>();
        let curves = Arms { baseline: roc(Arm::Baseline), canary: roc(Arm::Canary) };
        let weighted = |arm: Arm| design.strata.iter().zip(&curves[arm]).map(|(s, c)| s.weight * c.auc).sum();
        let estimate = Arms { baseline: weighted(Arm::Baseline), canary: weighted(Arm::Canary) };
        let parts = Arms {
            baseline: design.parts(Arm::Baseline, |h, cell| influence(cell, &curves.baseline[h], design.clustered)),
            canary: design.parts(Arm::Canary, |h, cell| influence(cell, &curves.canary[h], design.clustered)),
        };
        let mut linear = Linear::new("delong", "AUC", estimate, &parts);
        if design.paired {
            linear.pairs = Some(Pairs::new(&parts));
        }
        let separated = parts.canary.variance() == 0.0 || parts.baseline.variance() == 0.0;
        if separated {
            widen(&mut linear, design);
        }
        // A separated arm has nothing to resample.
        let replicates = resampling
            .filter(|_| !separated)
            .map(|(law, stream)| Replicates::draw(&linear, &parts, law, question, &stream));
        Ok(Auc { linear, replicates, alpha: question.alpha.safe })
    }
}

/// An arm whose classes are perfectly separated has no placement variance; it gets Hanley and McNeil's (1982) variance
/// at the AUC that half a misplaced pair would give.
fn widen(linear: &mut Linear, design: &Design) {
    linear.flags.push("separated".into());
    for arm in [Arm::Baseline, Arm::Canary] {
        if linear.variance[arm] > 0.0 {
            continue;
        }
        let (p, q) = design.strata.iter().fold((0.0, 0.0), |(p, q), s| {
            let (positives, negatives) = classes(&s.cells[arm]);
            (p + positives as f64, q + negatives as f64)
        });
        let n = p.min(q);
        let a = (linear.estimate[arm] * n + 0.5) / (n + 1.0);
        let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
        let variance = (a * (1.0 - a) + (p - 1.0) * (q1 - a * a) + (q - 1.0) * (q2 - a * a)) / (p * q);
        let squares = variance * variance / (p + q - 1.0);
        match arm {
            Arm::Baseline => (linear.variance.baseline, linear.squares_over_dof.baseline) = (variance, squares),
            Arm::Canary => (linear.variance.canary, linear.squares_over_dof.canary) = (variance, squares),
        }
        linear.pairs = None;
    }
}

/// AUC of one arm with its influences.
pub fn one_arm(cell: &Cell, clustered: bool) -> Result<(f64, Vec<f64>), Unanswerable> {
    let (positives, negatives) = classes(cell);
    for (what, found) in [("positives", positives), ("negatives", negatives)] {
        if found < LEAST {
            return Err(Unanswerable::TooFew { test: "delong", what, arm: Arm::Canary, needed: LEAST, found });
        }
    }
    let curve = placements(cell);
    Ok((curve.auc, influence(cell, &curve, clustered)))
}

struct Curve {
    auc: f64,
    /// Placement of each row: V10 of positives, V01 of negatives.
    placement: Vec<f64>,
}

/// AUC and placements by midranks; ties count one half.
fn placements(cell: &Cell) -> Curve {
    let n = cell.n();
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by(|&a, &b| cell.values[a as usize].total_cmp(&cell.values[b as usize]));
    let positive = |i: u32| cell.second[i as usize] > 0.5;
    let (positives, negatives) = classes(cell);
    let (p, q) = (positives as f64, negatives as f64);
    let mut placement = vec![0.0; n];
    let (mut positives_below, mut negatives_below, mut auc) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < n {
        let value = cell.values[order[start] as usize];
        let mut end = start;
        while end < n && cell.values[order[end] as usize] == value {
            end += 1;
        }
        let tied = &order[start..end];
        let positives_here = tied.iter().filter(|&&i| positive(i)).count() as f64;
        let negatives_here = tied.len() as f64 - positives_here;
        for &i in tied {
            placement[i as usize] = if positive(i) {
                (negatives_below + 0.5 * negatives_here) / q
            } else {
                (p - positives_below - 0.5 * positives_here) / p
            };
        }
        auc += positives_here * (negatives_below + 0.5 * negatives_here);
        positives_below += positives_here;
        negatives_below += negatives_here;
        start = end;
    }
    Curve { auc: if p * q > 0.0 { auc / (p * q) } else { 0.5 }, placement }
}

fn influence(cell: &Cell, curve: &Curve, clustered: bool) -> Vec<f64> {
    let (positives, negatives) = classes(cell);
    let n = cell.n() as f64;
    // With rows as units DeLong's own factors P/(P-1) and Q/(Q-1) stand in place of the design's n/(n-1).
    let factor = |m: f64| if clustered { 1.0 } else { (m / (m - 1.0) * (n - 1.0) / n).sqrt() };
    let (p, q) = (positives as f64, negatives as f64);
    let (of_positive, of_negative) = (factor(p) / p, factor(q) / q);
    curve
        .placement
        .iter()
        .zip(&cell.second)
        .map(|(v, &label)| (v - curve.auc) * if label > 0.5 { of_positive } else { of_negative })
        .collect()
}

impl Estimand for Auc {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        resample::contrast(&self.linear, self.replicates.as_ref(), scale, self.alpha)
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.linear.estimate.map(Some)
    }
}
