//! Contrasts of two estimates with normal errors: means, ratios of sums, AUC, calibration.
//!
//! psi(rho, d) = mu_c - rho mu_s - d with its own standard error, Satterthwaite's degrees of freedom, and the ratio's
//! interval by inversion in rho (Fieller 1954, with the degrees of freedom recomputed at every rho). A relative margin
//! is never plugged in as if rho mu_s were known.

use super::contrast::{Contrast, Label, Scale, first_true};
use super::design::Parts;
use crate::arms::Arms;
use crate::evidence::Method;
use crate::stats::Unanswerable;
use crate::stats::special::{t_isf, t_tails};

/// The influences of pairs, canary and baseline side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    influence: Vec<(f64, f64)>,
    dof: f64,
}

impl Pairs {
    /// Pairs of two arms' parts, which stand in the same order.
    pub fn new(parts: &Arms<Parts>) -> Self {
        let of = |p: &Parts| p.0.iter().flat_map(|p| p.influence.clone()).collect::<Vec<f64>>();
        Pairs {
            influence: of(&parts.canary).into_iter().zip(of(&parts.baseline)).collect(),
            dof: parts.canary.0.iter().map(|p| p.dof).sum(),
        }
    }

    fn variance(&self, rho: f64) -> f64 {
        self.influence.iter().map(|(c, b)| (c - rho * b).powi(2)).sum()
    }
}

/// Estimates of both arms with the pieces of their variance.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Test's name.
    pub test: &'static str,
    /// What is estimated: "mean", "AUC".
    pub what: &'static str,
    /// Both arms' estimates.
    pub estimate: Arms<f64>,
    /// Both arms' variances.
    pub variance: Arms<f64>,
    /// Each arm's sum of v^2 / dof.
    pub squares_over_dof: Arms<f64>,
    /// Pairs: each pair's two influences, subtracted before they are squared.
    pub pairs: Option<Pairs>,
    /// What a reader has to know.
    pub flags: Vec<String>,
    /// Multiply results by this to undo the scaling of very large or small values.
    pub unscale: f64,
    /// log of the chance of complete separation under exchangeability; the p-value of constant arms that differ.
    pub ln_separation: f64,
}

impl Linear {
    /// From two arms' parts.
    pub fn new(test: &'static str, what: &'static str, estimate: Arms<f64>, parts: &Arms<Parts>) -> Self {
        Linear {
            test,
            what,
            estimate,
            variance: parts.as_ref().map(Parts::variance),
            squares_over_dof: parts.as_ref().map(Parts::squares_over_dof),
            pairs: None,
            flags: Vec::new(),
            unscale: 1.0,
            ln_separation: f64::NEG_INFINITY,
        }
    }

    /// Standard error of canary minus rho times baseline. O(1), or O(pairs) for pairs.
    pub fn standard_error(&self, rho: f64) -> f64 {
        match &self.pairs {
            Some(pairs) => pairs.variance(rho).sqrt(),
            None => (self.variance.canary + rho * rho * self.variance.baseline).sqrt(),
        }
    }

    /// Degrees of freedom of that standard error.
    pub fn dof(&self, rho: f64) -> f64 {
        if let Some(pairs) = &self.pairs {
            return pairs.dof;
        }
        let v = self.variance.canary + rho * rho * self.variance.baseline;
        // Shares first: their squares cannot overflow.
        let share = Arms { baseline: rho * rho * self.variance.baseline / v, canary: self.variance.canary / v };
        let part = |share: f64, variance: f64, squares: f64| {
            if variance > 0.0 { share * share * (squares / (variance * variance)) } else { 0.0 }
        };
        1.0 / (part(share.canary, self.variance.canary, self.squares_over_dof.canary)
            + part(share.baseline, self.variance.baseline, self.squares_over_dof.baseline))
    }

    /// How far canary minus rho times baseline lies above a difference.
    pub fn distance(&self, rho: f64, difference: f64) -> f64 {
        self.estimate.canary - rho * self.estimate.baseline - difference / self.unscale
    }

    /// p-values of "at or above" and "at or below" for canary - rho baseline against a difference.
    pub fn tails(&self, rho: f64, difference: f64) -> (f64, f64) {
        let (psi, se) = (self.distance(rho, difference), self.standard_error(rho));
        if se > 0.0 {
            let (t, dof) = (psi / se, self.dof(rho));
            return t_tails(t, dof);
        }
        // No variance at all: the arms are constants. What can be shown is what complete separation shows.
        let separated = self.ln_separation.exp();
        if psi < 0.0 {
            (separated, 1.0)
        } else if psi > 0.0 {
            (1.0, separated)
        } else {
            (1.0, 1.0)
        }
    }

    /// The contrast on a scale.
    pub fn on(&self, scale: Scale, alpha: f64) -> Result<OnScale<'_>, Unanswerable> {
        let mut flags = self.flags.clone();
        if self.standard_error(1.0) == 0.0 {
            flags.push("degenerate_variance".into());
        }
        if scale == Scale::Ratio {
            if self.estimate.baseline <= 0.0 {
                return Err(Unanswerable::Undefined {
                    test: self.test,
                    why: "a relative margin needs a baseline above zero; give an absolute margin",
                });
            }
            // Fieller's g: at 1 or more the ratio has no bounded interval and a share of the baseline means nothing.
            let v = self.variance.baseline;
            let dof = if v > 0.0 {
                self.pairs.as_ref().map_or(v * v / self.squares_over_dof.baseline, |p| p.dof)
            } else {
                1.0
            };
            if v > 0.0 && t_isf(alpha, dof).powi(2) * v >= self.estimate.baseline.powi(2) {
                return Err(Unanswerable::Undefined {
                    test: self.test,
                    why: "the baseline cannot be told from zero, so a share of it means nothing; give an absolute margin",
                });
            }
        }
        Ok(OnScale { linear: self, scale, flags })
    }
}

/// A linear contrast on one scale.
pub struct OnScale<'a> {
    linear: &'a Linear,
    scale: Scale,
    flags: Vec<String>,
}

impl OnScale<'_> {
    fn tails(&self, value: f64) -> (f64, f64) {
        match self.scale {
            Scale::Difference => self.linear.tails(1.0, value),
            Scale::Ratio => self.linear.tails(value, 0.0),
        }
    }
}

impl Contrast for OnScale<'_> {
    fn estimate(&self) -> Option<f64> {
        let Arms { baseline, canary } = self.linear.estimate;
        Some(match self.scale {
            Scale::Difference => (canary - baseline) * self.linear.unscale,
            Scale::Ratio => canary / baseline,
        })
    }

    fn below(&self, value: f64) -> f64 {
        self.tails(value).0
    }

    fn above(&self, value: f64) -> f64 {
        self.tails(value).1
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let linear = self.linear;
        let estimate = self.estimate().expect("a linear contrast has an estimate");
        match self.scale {
            Scale::Difference => {
                let se = linear.standard_error(1.0);
                if se == 0.0 {
                    return (estimate, estimate);
                }
                let half = t_isf(alpha, linear.dof(1.0)) * se * linear.unscale;
                (estimate - half, estimate + half)
            }
            Scale::Ratio => {
                // Beyond these values nothing is rejected any more: the ends are unbounded.
                let reach = 1e6 * (1.0 + estimate.abs());
                let high = if self.below(reach) <= alpha {
                    first_true(estimate, reach, |rho| self.below(rho) <= alpha)
                } else {
                    f64::INFINITY
                };
                let low = if self.above(-reach) <= alpha {
                    -first_true(-estimate, reach, |rho| self.above(-rho) <= alpha)
                } else {
                    f64::NEG_INFINITY
                };
                (low, high)
            }
        }
    }

    fn label(&self) -> Label {
        let what = self.linear.what;
        let estimand = match self.scale {
            Scale::Difference => format!("difference of {what}s"),
            Scale::Ratio => format!("ratio of {what}s"),
        };
        Label { test: self.linear.test, estimand, method: Method::Asymptotic }
    }

    fn flags(&self) -> Vec<String> {
        self.flags.clone()
    }
}
