//! One metric under its design: strata, units and pairs in, evidence out.
//!
//! Each metric type has a file that says how its estimand, with the design's strata, units and pairs, is tested against
//! any value; `contrast.rs` turns that into an answer about direction and margin. A new type is one file, one variant of
//! [`MetricKind`] and one arm of [`compare`].

mod agreement;
mod auc;
mod contrast;
pub mod design;
mod distribution;
mod enclose;
mod limit;
mod linear;
mod mean;
mod pairs;
mod placements;
mod proportion;
mod quantile;
mod rate;
mod ratio;
mod resample;
mod shift;
mod sums;

pub use contrast::{Contrast, Estimand, Label, Scale};
pub use design::{Design, Rows};
pub use limit::limit;
pub use mean::Stream;
pub use sums::Sums;

use self::resample::Law;
use crate::arms::Arms;
use crate::config::{Alpha, Direction, Margin, MetricKind, TestConfig};
use crate::evidence::{Evidence, Interval};
use crate::judge::judgement::EffectSize;
use crate::stats::Unanswerable;

/// What is asked of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Which way is better.
    pub direction: Direction,
    /// How much worse is still acceptable.
    pub margin: Option<Margin>,
    /// Error rates.
    pub alpha: Alpha,
}

/// One metric's rows and what they mean.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// What is estimated.
    pub kind: &'a MetricKind,
    /// Test in place of the default.
    pub test: Option<&'a TestConfig>,
    /// Both arms' rows.
    pub rows: Arms<Rows>,
    /// Number of strata; the rows' strata are numbered below it.
    pub strata: usize,
    /// Whether row i of both arms is one request.
    pub paired: bool,
    /// Names of the classes when values are class codes.
    pub classes: Option<&'a [String]>,
}

/// Evidence and what is told beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The evidence.
    pub evidence: Evidence,
    /// The effect on a standard scale.
    pub effect: Option<EffectSize>,
    /// Rows (units when clustered) of each arm that the type needs before its answer counts.
    pub least: u64,
    /// Larger |skewness| of the arms, where the type asks for it.
    pub skewness: f64,
}

/// Rows of each arm that a type needs before its answer counts; `clustered` data need units.
pub fn least_rows(kind: &MetricKind, clustered: bool) -> u64 {
    let rows = match kind {
        MetricKind::Mean { .. } | MetricKind::Calibration { .. } => mean::LEAST_ROWS,
        MetricKind::Ratio { .. } | MetricKind::Rate { .. } | MetricKind::Shift { .. } => 30,
        MetricKind::Distribution { .. } => distribution::LEAST_ROWS,
        MetricKind::Auc { .. } => 2 * auc::LEAST,
        MetricKind::Quantile { .. } | MetricKind::Proportion { .. } | MetricKind::Agreement { .. } => 1,
    };
    // Twenty clusters an arm: below that the normal theory of cluster totals is not to be trusted.
    if clustered { rows.max(20) } else { rows }
}

/// Tests one metric. Linear in the rows, but for a sort of each arm where ranks or quantiles are asked for.
pub fn compare(comparison: Comparison<'_>, question: &Question, stream: &Stream<'_>) -> Result<Compared, Unanswerable> {
    let Comparison { kind, test, rows, strata, paired, classes } = comparison;
    for (arm, n) in [(crate::Arm::Canary, rows.canary.n()), (crate::Arm::Baseline, rows.baseline.n())] {
        if n == 0 {
            return Err(Unanswerable::TooFew { test: "every test", what: "rows", arm, needed: 1, found: 0 });
        }
    }
    let design = Design::new(rows, strata, paired);
    let test_kind = test.map(|t| t.kind);
    let resampling = Law::asked(test).map(|law| (law, stream.asked(test)));
    let least = least_rows(kind, design.clustered);
    let finish = |design: &Design, estimand: &dyn Estimand, effect: Option<(&'static str, f64)>, skewness: f64| {
        let evidence = evidence(design, estimand, question)?;
        let effect = effect.filter(|(_, v)| v.is_finite()).map(|(name, value)| EffectSize { name: name.into(), value });
        Ok(Compared { evidence, effect, least, skewness })
    };
    match kind {
        MetricKind::Proportion { .. } => {
            let design = design.merge_thin_default();
            if paired {
                let of = pairs::PairedProportion::new(&design, question)?;
                return finish(&design, &of, None, 0.0);
            }
            let of = proportion::Proportion::new(&design, question, test_kind)?;
            let value = of.value();
            let ratio = value.canary.zip(value.baseline).filter(|(_, b)| *b > 0.0).map(|(c, b)| ("risk_ratio", c / b));
            finish(&design, &of, ratio, 0.0)
        }
        MetricKind::Mean { .. } | MetricKind::Calibration { .. } => {
            let design = design.merge_thin_default();
            let method = mean::MeanTest::from_config(test);
            let of = mean::Mean::new(&design, question, method, &stream.asked(test))?;
            finish(&design, &of, mean::Mean::cohens_d(&design).map(|d| ("cohens_d", d)), of.skewness)
        }
        MetricKind::Distribution { .. } => {
            let design = design.merge_thin_default();
            if paired {
                let of = pairs::PairedRanks::new(&design)?;
                return finish(&design, &of, None, 0.0);
            }
            let of = distribution::Distribution::new(design, question, test_kind)?;
            let effect = ("cles", of.superiority());
            finish(of.design(), &of, Some(effect), 0.0)
        }
        MetricKind::Quantile { q, .. } => {
            let least_in_stratum = (3.0 / q.min(1.0 - q)).ceil() as u64;
            let design = design.merge_thin(|cells| cells.least_units() < 10 || cells.least_rows() < least_in_stratum);
            let of = quantile::Quantile::new(&design, *q)?;
            finish(&design, &of, None, 0.0)
        }
        MetricKind::Auc { .. } => {
            let design = design.merge_thin(|cells| cells.least_units() < 10 || auc::thin(cells));
            let of = auc::Auc::new(&design, question, resampling)?;
            finish(&design, &of, None, 0.0)
        }
        MetricKind::Ratio { .. } => {
            let design = design.merge_thin_default();
            let of = ratio::Ratio::new(&design, question, resampling)?;
            finish(&design, &of, None, 0.0)
        }
        MetricKind::Rate { .. } => {
            let design = design.merge_thin_default();
            let of = rate::Rate::new(&design, question)?;
            finish(&design, &of, None, 0.0)
        }
        MetricKind::Shift { max_distance, .. } => {
            let design = design.merge_thin_default();
            let (evidence, effect) = shift::shift(&design, test, classes, *max_distance, &question.alpha)?;
            Ok(Compared { evidence, effect: Some(effect), least, skewness: 0.0 })
        }
        MetricKind::Agreement { tolerance, min, .. } => {
            let evidence = agreement::agreement(&design, *tolerance, *min, &question.alpha)?;
            Ok(Compared { evidence, effect: None, least, skewness: 0.0 })
        }
    }
}

/// Evidence about a margin, or, without one, the difference and its interval alone.
fn evidence(design: &Design, estimand: &dyn Estimand, question: &Question) -> Result<Evidence, Unanswerable> {
    let value = estimand.value();
    let (scale, estimate, interval, p_safe, p_harm, margin, label, mut flags) = match &question.margin {
        Some(margin) => {
            let a = contrast::answer(estimand, question, margin)?;
            (a.scale, a.estimate, a.interval, a.p_safe, a.p_harm, Some(a.margin), a.label, a.flags)
        }
        None => {
            let contrast = estimand.contrast(Scale::Difference)?;
            let (low, high) = contrast.interval(question.alpha.safe);
            let interval = Interval::new(low, high, 1.0 - 2.0 * question.alpha.safe);
            (
                Scale::Difference,
                contrast.estimate(),
                Some(interval),
                None,
                None,
                None,
                contrast.label(),
                contrast.flags(),
            )
        }
    };
    flags.dedup();
    // Two constants that are equal differ by nothing, whatever the margin: policy, not a test.
    let (p_safe, p_harm) = match (identical_constants(design), p_safe, p_harm) {
        (true, Some(_), Some(_)) => {
            flags.push("identical_constant".into());
            (Some(0.0), Some(1.0))
        }
        (_, p_safe, p_harm) => (p_safe, p_harm),
    };
    Ok(Evidence {
        test: label.test.into(),
        estimand: label.estimand,
        scale: scale.into(),
        estimate: estimate.filter(|e| e.is_finite()),
        interval,
        p_safe: p_safe.map(|p| p.clamp(0.0, 1.0)),
        p_harm: p_harm.map(|p| p.clamp(0.0, 1.0)),
        p_harm_adjusted: None,
        margin,
        n: design.n(),
        units: design.clustered.then_some(design.units),
        value: value.map(|v| v.filter(|v| v.is_finite())),
        method: label.method,
        flags,
        log_e: None,
    })
}

/// Whether every value of both arms is one and the same number, in enough rows to say so.
fn identical_constants(design: &Design) -> bool {
    let cells = || design.strata.iter().flat_map(|s| [&s.cells.baseline, &s.cells.canary]);
    if cells().any(|c| c.sums.is_some_and(|s| s.by_unit() || s.residual() > 0.0)) {
        return false;
    }
    let constants: Vec<f64> = cells().filter_map(|c| c.sums?.ratio()).collect();
    let mut all = cells().flat_map(|c| &c.values).chain(&constants);
    let Some(first) = all.next() else { return false };
    // Events that never happen are no evidence that they cannot: 0 and 1 are left to the tests of proportions.
    *first != 0.0
        && *first != 1.0
        && design.strata.iter().all(|s| s.cells.baseline.second.is_empty())
        && design.n().canary >= mean::LEAST_ROWS
        && design.n().baseline >= mean::LEAST_ROWS
        && all.all(|v| v == first)
}

impl Stream<'_> {
    /// The stream with the number of draws that a config asks for.
    fn asked(self, test: Option<&TestConfig>) -> Self {
        let draws = test.and_then(|t| t.options.get("draws")).and_then(serde_json::Value::as_u64);
        Stream { draws: draws.or(self.draws), ..self }
    }
}
