//! Ratios of sums, such as clicks over impressions: the delta method on units.
//!
//! R = sum u / sum d in each stratum, with influence (u - R d) / sum d (Deng, Knoblich and Lu 2018). Strata combine with
//! the canary's share of rows, as for every type.

use super::Question;
use super::contrast::{Contrast, Estimand, Scale};
use super::design::{Cell, Design};
use super::linear::{Linear, Pairs};
use super::mean::{Stream, chunked_sum};
use super::resample::{self, Law, Replicates};
use crate::arms::{Arm, Arms};
use crate::stats::Unanswerable;

/// A ratio of sums under its design: values over the second column.
#[derive(Debug)]
pub struct Ratio {
    linear: Linear,
    replicates: Option<Replicates>,
    alpha: f64,
}

impl Ratio {
    /// The ratio of both arms, resampled when a law is asked for; a stratum whose denominators sum to zero has no ratio.
    pub fn new(
        design: &Design,
        question: &Question,
        resampling: Option<(Law, Stream<'_>)>,
    ) -> Result<Self, Unanswerable> {
        design.require("delta_method", 2)?;
        design.require_finite("delta_method")?;
        if resampling.is_some() && design.summed() {
            return Err(Unanswerable::Undefined {
                test: "bootstrap",
                why: "it looks at rows, and only sums are known",
            });
        }
        let mut estimate = Arms { baseline: 0.0, canary: 0.0 };
        for s in &design.strata {
            for arm in [Arm::Baseline, Arm::Canary] {
                let (_, ratio) = ratio(&s.cells[arm]).ok_or(Unanswerable::Undefined {
                    test: "delta_method",
                    why: "the denominators of an arm sum to zero",
                })?;
                match arm {
                    Arm::Baseline => estimate.baseline += s.weight * ratio,
                    Arm::Canary => estimate.canary += s.weight * ratio,
                }
            }
        }
        let influence = |cell: &Cell| -> Vec<f64> {
            let Some((sum, ratio)) = ratio(cell) else { return vec![0.0; cell.n()] };
            cell.values.iter().zip(&cell.second).map(|(u, d)| (u - ratio * d) / sum).collect()
        };
        let parts = Arms {
            baseline: design.parts(Arm::Baseline, |_, cell| influence(cell)),
            canary: design.parts(Arm::Canary, |_, cell| influence(cell)),
        };
        let mut linear = Linear::new("delta_method", "ratio", estimate, &parts);
        if design.paired {
            linear.pairs = Some(Pairs::new(&parts));
        }
        let replicates = resampling
            .filter(|_| linear.standard_error(1.0) > 0.0)
            .map(|(law, stream)| Replicates::draw(&linear, &parts, law, question, &stream));
        Ok(Ratio { linear, replicates, alpha: question.alpha.safe })
    }
}

/// Sum of denominators and ratio of sums.
fn ratio(cell: &Cell) -> Option<(f64, f64)> {
    if let Some(sums) = cell.sums {
        return sums.ratio().map(|ratio| (sums.denominator(), ratio));
    }
    let denominator = chunked_sum(cell.second.iter().copied());
    let ratio = chunked_sum(cell.values.iter().copied()) / denominator;
    (denominator > 0.0 && ratio.is_finite()).then_some((denominator, ratio))
}

impl Estimand for Ratio {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        resample::contrast(&self.linear, self.replicates.as_ref(), scale, self.alpha)
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.linear.estimate.map(Some)
    }
}
