//! Shift of a whole distribution, in either direction, gated on its size and not on a p-value alone.
//!
//! With strata the baseline is reweighted to the canary's strata and with units rows are worth less: both lower the
//! effective sizes (Kish 1965, times the design effect) that the gate and the p-values use.

use super::design::{Cell, Design};
use crate::arms::{Arm, Arms};
use crate::config::{Alpha, TestConfig, TestKind};
use crate::evidence::{Evidence, Interval, MarginUsed, Method, Scale};
use crate::judge::judgement::EffectSize;
use crate::stats::binning::Bins;
use crate::stats::divergence::Categories;
use crate::stats::kolmogorov_smirnov::{KolmogorovSmirnov, gate, unweighted, weighted};
use crate::stats::special::norm_sf;
use crate::stats::{Unanswerable, ecdf};

/// Bins of PSI and Jensen-Shannon, unless the config says otherwise.
const BINS: u64 = 10;

/// Tests whether the distributions lie further apart than `max_distance`.
pub fn shift(
    design: &Design,
    test: Option<&TestConfig>,
    classes: Option<&[String]>,
    max_distance: f64,
    alpha: &Alpha,
) -> Result<(Evidence, EffectSize), Unanswerable> {
    let kind =
        test.map_or(if classes.is_some() { TestKind::ChiSquare } else { TestKind::KolmogorovSmirnov }, |t| t.kind);
    let mut found = match kind {
        TestKind::Psi | TestKind::JensenShannon | TestKind::ChiSquare => {
            let pooled = Pooled::new(design);
            let table = match classes {
                Some(classes) => pooled.classes(classes.len())?,
                None => {
                    let bins =
                        test.and_then(|t| t.options.get("bins")).and_then(serde_json::Value::as_u64).unwrap_or(BINS);
                    pooled.bins(bins as usize)?
                }
            };
            by_categories(&table, kind, max_distance, alpha, pooled.sizes)?
        }
        _ => {
            let (ks, sizes) = largest_gap(design)?;
            let gate = gate(ks.d.min(1.0), sizes, max_distance.min(1.0), 2.0 * alpha.safe)?;
            Found {
                test: "kolmogorov_smirnov",
                estimand: "largest gap between the distribution functions",
                estimate: ks.d,
                low: gate.low,
                high: gate.high,
                p_safe: gate.p_safe,
                p_harm: gate.p_harm,
                effect: ("ks_p_value", ks.p_value),
            }
        }
    };
    found.low = found.low.max(0.0);
    let evidence = Evidence {
        test: found.test.into(),
        estimand: found.estimand.into(),
        scale: Scale::Distance,
        estimate: Some(found.estimate),
        interval: Some(Interval::new(found.low, found.high, 1.0 - 2.0 * alpha.safe)),
        p_safe: Some(found.p_safe),
        p_harm: Some(found.p_harm),
        p_harm_adjusted: None,
        margin: Some(MarginUsed { relative: None, absolute: Some(max_distance), combine: None }),
        n: design.n(),
        units: design.clustered.then_some(design.units),
        value: Arms { baseline: None, canary: None },
        method: Method::Asymptotic,
        flags: Vec::new(),
        log_e: None,
    };
    Ok((evidence, EffectSize { name: found.effect.0.into(), value: found.effect.1 }))
}

/// The largest gap and the effective sizes. Rows of one stratum weigh alike, and are neither copied nor weighted.
fn largest_gap(design: &Design) -> Result<(KolmogorovSmirnov, Arms<f64>), Unanswerable> {
    let [stratum] = design.strata.as_slice() else {
        let pooled = Pooled::new(design);
        return Ok((weighted(pooled.values(), pooled.weights(), pooled.sizes)?, pooled.sizes));
    };
    let effect = |arm: Arm| if design.clustered { design_effect(design, arm) } else { 1.0 };
    let size = |arm: Arm| stratum.cells[arm].n() as f64 / effect(arm);
    let sizes = Arms { baseline: size(Arm::Baseline), canary: size(Arm::Canary) };
    let values = stratum.cells.as_ref().map(|cell| cell.values.as_slice());
    Ok((unweighted(values, sizes)?, sizes))
}

struct Found {
    test: &'static str,
    estimand: &'static str,
    estimate: f64,
    low: f64,
    high: f64,
    p_safe: f64,
    p_harm: f64,
    effect: (&'static str, f64),
}

/// Distances of category shares, normal on the scale of the distance with its delta-method error.
fn by_categories(
    table: &Categories,
    kind: TestKind,
    max_distance: f64,
    alpha: &Alpha,
    sizes: Arms<f64>,
) -> Result<Found, Unanswerable> {
    let (test, estimand, distance, error, p) = match kind {
        TestKind::Psi => {
            let psi = table.psi(0.5)?;
            (
                "psi",
                "population stability index, without its bias",
                psi.debiased.max(0.0),
                psi.standard_error,
                psi.p_value,
            )
        }
        TestKind::JensenShannon => {
            let js = table.jensen_shannon();
            // The bias of the divergence under no shift is dof / (8 mn / (m + n)); it is taken off before the root.
            let harmonic = sizes.canary * sizes.baseline / (sizes.canary + sizes.baseline);
            let nats = (js.nats - js.dof as f64 / (8.0 * harmonic)).max(0.0);
            let ln2 = std::f64::consts::LN_2;
            let distance = (nats / ln2).sqrt();
            // d sqrt(v) = dv / (2 sqrt(v)), at the margin where the estimate is near zero.
            let error = js.standard_error_nats / ln2 / (2.0 * distance.max(0.5 * max_distance));
            ("jensen_shannon", "Jensen-Shannon distance (base 2), without its bias", distance, error, js.p_value)
        }
        _ => {
            let table = table.merge_rare();
            let (place, difference) = table.largest_difference();
            let shares = table.shares();
            let (p, q) = (shares.canary[place], shares.baseline[place]);
            let error = (p * (1.0 - p) / sizes.canary + q * (1.0 - q) / sizes.baseline).sqrt();
            ("chi_square", "largest difference of a class's share", difference, error, table.chi_square().p_value)
        }
    };
    // The error at the margin is at least that of the chi-square law, so that an estimate of zero is not taken as certain.
    let harmonic = sizes.canary * sizes.baseline / (sizes.canary + sizes.baseline);
    let floor = match kind {
        TestKind::Psi => (2.0 * (table.len() as f64 - 1.0)).sqrt() / harmonic,
        _ => 0.5 / harmonic.sqrt() / (table.len() as f64).sqrt(),
    };
    let error = error.max(floor);
    let z = crate::stats::special::norm_isf(alpha.safe);
    Ok(Found {
        test,
        estimand,
        estimate: distance,
        low: distance - z * error,
        high: distance + z * error,
        p_safe: norm_sf((max_distance - distance) / error),
        // Harm needs both: the distance beyond the margin, and a shift at all.
        p_harm: norm_sf((distance - max_distance) / error).max(p),
        effect: ("p_value", p),
    })
}

/// Both arms over all strata, the baseline weighted to the canary's strata, with effective sizes.
struct Pooled {
    values: Arms<Vec<f64>>,
    weights: Arms<Vec<f64>>,
    sizes: Arms<f64>,
}

impl Pooled {
    fn new(design: &Design) -> Self {
        let canary: f64 = design.strata.iter().map(|s| s.cells.canary.n() as f64).sum();
        let mut values = Arms { baseline: Vec::new(), canary: Vec::new() };
        let mut weights = Arms { baseline: Vec::new(), canary: Vec::new() };
        for s in &design.strata {
            values.canary.extend_from_slice(&s.cells.canary.values);
            values.baseline.extend_from_slice(&s.cells.baseline.values);
            weights.canary.extend(std::iter::repeat_n(1.0, s.cells.canary.n()));
            let each = s.weight * canary / (s.cells.baseline.n() as f64);
            weights.baseline.extend(std::iter::repeat_n(each, s.cells.baseline.n()));
        }
        let effect = |arm: Arm| if design.clustered { design_effect(design, arm) } else { 1.0 };
        let sizes = Arms {
            baseline: ecdf::kish_size(&weights.baseline).unwrap_or(1.0) / effect(Arm::Baseline),
            canary: canary / effect(Arm::Canary),
        };
        Pooled { values, weights, sizes }
    }

    fn values(&self) -> Arms<&[f64]> {
        Arms { baseline: &self.values.baseline, canary: &self.values.canary }
    }

    fn weights(&self) -> Arms<&[f64]> {
        Arms { baseline: &self.weights.baseline, canary: &self.weights.canary }
    }

    fn classes(&self, classes: usize) -> Result<Categories, Unanswerable> {
        let count = |arm: Arm| {
            let mut counts = vec![0.0; classes];
            for (v, w) in self.values[arm].iter().zip(&self.weights[arm]) {
                counts[*v as usize] += w;
            }
            counts
        };
        Categories::new(&count(Arm::Canary), &count(Arm::Baseline))?.with_sizes(self.sizes)
    }

    fn bins(&self, bins: usize) -> Result<Categories, Unanswerable> {
        let edges = Bins::from_baseline(&self.values.baseline, Some(&self.weights.baseline), bins, self.sizes.canary)?;
        let canary = edges.count(Arm::Canary, &self.values.canary, Some(&self.weights.canary))?;
        let baseline = edges.count(Arm::Baseline, &self.values.baseline, Some(&self.weights.baseline))?;
        Categories::new(&canary, &baseline)?.with_sizes(self.sizes)
    }
}

/// The largest design effect of being below the arm's deciles: clustering may show in one part of the distribution.
fn design_effect(design: &Design, arm: Arm) -> f64 {
    let mut all: Vec<f64> = design.strata.iter().flat_map(|s| s.cells[arm].values.iter().copied()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let mut largest = 1.0_f64;
    for tenth in 1..10 {
        let cut = all[(all.len() * tenth / 10).min(all.len() - 1)];
        let influence = |cell: &Cell| -> Vec<f64> {
            let n = cell.n() as f64;
            let share = cell.values.iter().filter(|v| **v <= cut).count() as f64 / n;
            cell.values.iter().map(|v| (f64::from(u8::from(*v <= cut)) - share) / n).collect()
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
        if (clustered / plain).is_finite() {
            largest = largest.max(clustered / plain);
        }
    }
    largest
}
