//! Agreement of two models on the same requests: the share of pairs that differ by at most a tolerance.
//!
//! Exact binomial bounds (Clopper and Pearson 1934) on the share; with units the pairs are worth their number over the
//! design effect.

use super::design::{Cell, Design};
use crate::arms::{Arm, Arms};
use crate::config::Alpha;
use crate::evidence::{Evidence, Interval, MarginUsed, Method, Scale};
use crate::stats::special::beta_inc;
use crate::stats::{Unanswerable, binomial};

/// Whether at least a share `min` of the pairs agrees.
pub fn agreement(design: &Design, tolerance: f64, min: f64, alpha: &Alpha) -> Result<Evidence, Unanswerable> {
    let agrees = |c: f64, b: f64| f64::from(u8::from((c - b).abs() <= tolerance || c == b));
    let (mut agreed, mut pairs) = (0.0, 0.0);
    for s in &design.strata {
        for (c, b) in s.cells.canary.values.iter().zip(&s.cells.baseline.values) {
            agreed += agrees(*c, *b);
            pairs += 1.0;
        }
    }
    let share = agreed / pairs;
    let effect = if design.clustered {
        // The influence of a pair stands with its canary row; the design's own weights sum to the whole.
        let influence = |h: usize, cell: &Cell| -> Vec<f64> {
            let baseline = &design.strata[h].cells.baseline.values;
            let n = cell.n() as f64;
            let own = cell.values.iter().zip(baseline).map(|(c, b)| agrees(*c, *b)).sum::<f64>() / n;
            cell.values.iter().zip(baseline).map(|(c, b)| (agrees(*c, *b) - own) / n).collect()
        };
        let clustered = design.parts(Arm::Canary, influence).variance();
        let effect = clustered / (share * (1.0 - share) / pairs);
        if effect.is_finite() { effect.max(1.0) } else { pairs / design.units.canary as f64 }
    } else {
        1.0
    };
    let (agreed, trials) = (agreed / effect, pairs / effect);
    let bounds = binomial::clopper_pearson(agreed, trials, alpha.safe)?;
    // P(X >= agreed) at the least share, and P(X <= agreed).
    let p_safe = if agreed <= 0.0 { 1.0 } else { beta_inc(agreed, trials - agreed + 1.0, min) };
    let p_harm = if agreed >= trials { 1.0 } else { beta_inc(trials - agreed, agreed + 1.0, 1.0 - min) };
    let n = pairs as u64;
    Ok(Evidence {
        test: "exact_binomial".into(),
        estimand: "share of pairs that agree".into(),
        scale: Scale::Share,
        estimate: Some(share),
        interval: Some(Interval::new(bounds.low, bounds.high, 1.0 - 2.0 * alpha.safe)),
        p_safe: Some(p_safe),
        p_harm: Some(p_harm),
        p_harm_adjusted: None,
        margin: Some(MarginUsed { relative: None, absolute: Some(1.0 - min), combine: None }),
        n: Arms { baseline: n, canary: n },
        units: design.clustered.then_some(design.units),
        value: Arms { baseline: None, canary: None },
        method: Method::Exact,
        flags: if effect > 1.0 { vec![format!("design_effect_{effect:.2}")] } else { Vec::new() },
        log_e: None,
    })
}
