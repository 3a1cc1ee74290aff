//! What is known of a metric before the rollout, and the contrast that each type comes down to.

use serde::{Deserialize, Serialize};

use super::claim::{Better, Bound, Question, Size};
use super::contrast::{Contrast, undefined};
use super::design::Design;
use super::proportion;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// What is known of a metric on the baseline: from numbers, or from a stretch of history ([`super::History`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Behaviour {
    /// A mean, tested by Welch's contrast.
    ///
    /// n_c = K (sd_c^2 + rho^2 sd_s^2/k)/psi^2 with K = (z_alpha + z_beta)^2 and rho = 1 + r or 1 - r for a relative
    /// margin r, 1 for an absolute one (Chow, Shao and Wang 2008, 3.2).
    Mean {
        /// The baseline's mean; needed for relative sizes only.
        #[serde(default)]
        mean: Option<f64>,
        /// Standard deviation of one row.
        sd: f64,
        /// Standard deviation in the canary, where it differs.
        #[serde(default)]
        canary_sd: Option<f64>,
    },
    /// A share of rows.
    Proportion {
        /// The baseline's proportion.
        p: f64,
        /// Which variance the test takes.
        #[serde(default)]
        variance: ProportionVariance,
    },
    /// Events by exposure, tested as a ratio of rates. Rows are units of exposure.
    ///
    /// t_c = K phi (1/lambda_c + 1/(k lambda_s))/ln(1 + r)^2 (Ng and Tang 2005).
    Rate {
        /// Events per unit of exposure in the baseline.
        rate: f64,
        /// Variance over mean of the counts; 1 for Poisson.
        #[serde(default = "one")]
        dispersion: f64,
    },
    /// A quantile, tested as a ratio by order statistics.
    ///
    /// n_c = 1.15 K q(1-q) g^2 (1 + 1/k)/ln(1 + r)^2 with g = d ln Q/dq. Order statistics move in steps, so the plain
    /// formula reaches power .74 where it promises .80; 1.15 makes up for it. At least ln(alpha)/ln(q) rows (or its
    /// mirror image for small q) before a bound exists at all.
    Quantile {
        /// Level.
        q: f64,
        /// The baseline's quantile; needed for absolute sizes only.
        #[serde(default)]
        value: Option<f64>,
        /// d ln Q / dq.
        slope: f64,
    },
    /// The typical value, tested by ranks, from P(canary is better) + P(tie)/2 after the margin is applied.
    ///
    /// N = K/(12 c(1-c)(theta - 1/2)^2) with c = n_c/N (Noether 1987).
    Ranks {
        /// The probability.
        theta: f64,
    },
    /// The typical value, tested by ranks, from a sample of the baseline: theta comes from the sample itself, scaled
    /// by a relative margin or shifted by an absolute one.
    Distribution {
        /// Baseline values, ascending.
        sample: Vec<f64>,
    },
    /// The area under the ROC curve (a difference between the arms).
    Auc {
        /// The baseline's AUC.
        auc: f64,
        /// Share of positives.
        positives: f64,
        /// Rows times the variance of the AUC; by default Hanley and McNeil's (1982) for many rows.
        #[serde(default)]
        variance: Option<f64>,
    },
    /// A sum over a sum, by the delta method.
    Ratio {
        /// The baseline's ratio.
        ratio: f64,
        /// Standard deviation of (numerator - ratio x denominator)/mean denominator.
        sd: f64,
    },
    /// The distance of the two distributions: D + its Dvoretzky-Kiefer-Wolfowitz bound has to stay below the margin.
    Shift {},
}

fn one() -> f64 {
    1.0
}

/// Which variance a test of proportions takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProportionVariance {
    /// Of the truth, for critical value and power alike: n_c = K (p_c(1-p_c) + rho^2 p_s(1-p_s)/k)/psi^2.
    Unpooled,
    /// At the boundary, restricted to it, for the critical value (Farrington and Manning 1990; a relative margin: the
    /// score of the ratio). With margin 0 this is the pooled variance. The judge's own test.
    #[default]
    Score,
}

/// Order statistics need so many times the rows of the plain formula.
const QUANTILE_INFLATION: f64 = 1.15;
/// Rank tests decide nothing by their asymptotic law below this many canary rows.
const RANK_FLOOR: f64 = 10.0;

impl Behaviour {
    /// The contrast of one question, with so many baseline rows a canary row.
    pub(super) fn contrast(&self, question: &Question, design: &Design) -> Result<Contrast, Unanswerable> {
        self.check()?;
        let forward = match *self {
            Behaviour::Mean { mean, sd, canary_sd } => {
                linear(mean, question, Arms { baseline: sd * sd, canary: canary_sd.unwrap_or(sd).powi(2) })?
            }
            Behaviour::Ratio { ratio, sd } => linear(Some(ratio), question, same(sd * sd))?,
            Behaviour::Auc { auc, positives, variance } => {
                linear(Some(auc), question, same(variance.unwrap_or_else(|| hanley_mcneil(auc, positives))))?
            }
            Behaviour::Proportion { p, variance } => proportion::contrast(p, variance, question, design)?,
            Behaviour::Rate { rate, dispersion } => {
                let canary = rate * (1.0 + question.change.relative(Some(rate))?);
                if canary <= 0.0 || rate <= 0.0 {
                    return Err(undefined("a rate of 0 has no ratio; plan it as a proportion with an absolute margin"));
                }
                let variance = Arms { baseline: dispersion / rate, canary: dispersion / canary };
                Contrast::plain(log_distance(question, Some(rate))?, variance)
            }
            Behaviour::Quantile { q, value, slope } => {
                Contrast::plain(log_distance(question, value)?, same(q * (1.0 - q) * slope * slope))
                    .for_quantile(q, design)
            }
            Behaviour::Ranks { theta } => ranks(theta),
            Behaviour::Distribution { ref sample } => ranks(theta(sample, question)?),
            Behaviour::Shift {} => return Err(undefined("a distance has no direction; ask for direction either")),
        };
        Ok(if question.harm { forward.reversed() } else { forward })
    }

    /// The contrast of a limit on the canary alone, when it behaves like the baseline.
    pub(super) fn limit(&self, limit: f64, bound: Bound, design: &Design) -> Result<Contrast, Unanswerable> {
        self.check()?;
        let sign = match bound {
            Bound::Max => 1.0,
            Bound::Min => -1.0,
        };
        let alone = |variance: f64| Arms { baseline: 0.0, canary: variance };
        Ok(match *self {
            Behaviour::Mean { mean: Some(mean), sd, .. } => Contrast::plain(sign * (limit - mean), alone(sd * sd)),
            Behaviour::Mean { mean: None, .. } => return Err(undefined("a limit on a mean needs the mean")),
            Behaviour::Ratio { ratio, sd } => Contrast::plain(sign * (limit - ratio), alone(sd * sd)),
            Behaviour::Auc { auc, positives, variance } => {
                let variance = variance.unwrap_or_else(|| hanley_mcneil(auc, positives));
                Contrast::plain(sign * (limit - auc), alone(variance))
            }
            Behaviour::Proportion { p, .. } => proportion::limit(p, limit, sign, design),
            Behaviour::Rate { rate, dispersion } if rate > 0.0 && limit > 0.0 => {
                Contrast::plain(sign * (limit / rate).ln(), alone(dispersion / rate))
            }
            Behaviour::Quantile { q, value: Some(value), slope } if value > 0.0 && limit > 0.0 => {
                Contrast::plain(sign * (limit / value).ln(), alone(q * (1.0 - q) * slope * slope))
                    .for_quantile(q, design)
            }
            Behaviour::Rate { .. } => return Err(undefined("a rate of 0 is planned as a proportion")),
            Behaviour::Quantile { .. } => return Err(undefined("a limit on a quantile needs its positive value")),
            Behaviour::Ranks { .. } | Behaviour::Distribution { .. } | Behaviour::Shift {} => {
                return Err(undefined(
                    "this type compares two arms; a limit on the canary alone needs a mean or a quantile",
                ));
            }
        })
    }

    /// Refuses what no plan can be made of.
    pub(super) fn check(&self) -> Result<(), Unanswerable> {
        let fault = |argument, value, expected| Err(Unanswerable::Argument { argument, value, expected });
        let spread = |argument, v: f64| {
            if v >= 0.0 && v.is_finite() {
                Ok(())
            } else {
                fault(argument, v, "it has to be a finite number of at least 0")
            }
        };
        let share = |argument, v: f64| {
            if (0.0..=1.0).contains(&v) { Ok(()) } else { fault(argument, v, "it has to lie in [0, 1]") }
        };
        let inner = |argument, v: f64| {
            if v > 0.0 && v < 1.0 { Ok(()) } else { fault(argument, v, "it has to lie in (0, 1)") }
        };
        let level = |argument, v: Option<f64>| match v {
            Some(v) if !v.is_finite() => fault(argument, v, "it has to be finite"),
            _ => Ok(()),
        };
        match *self {
            Behaviour::Mean { mean, sd, canary_sd } => {
                level("mean", mean)?;
                spread("sd", sd)?;
                spread("canary_sd", canary_sd.unwrap_or(sd))
            }
            Behaviour::Proportion { p, .. } => share("p", p),
            Behaviour::Rate { rate, dispersion } => spread("rate", rate).and(spread("dispersion", dispersion)),
            Behaviour::Quantile { q, value, slope } => {
                inner("q", q)?;
                level("value", value)?;
                spread("slope", slope)
            }
            Behaviour::Ranks { theta } => share("theta", theta),
            Behaviour::Distribution { ref sample } => {
                if sample.len() < 2 {
                    return Err(undefined("a distribution is planned from at least two baseline values"));
                }
                match sample.iter().find(|v| !v.is_finite()) {
                    Some(&v) => fault("sample", v, "every value has to be finite"),
                    None if !sample.is_sorted() => Err(undefined("the sample has to be in ascending order")),
                    None => Ok(()),
                }
            }
            Behaviour::Auc { auc, positives, variance } => {
                share("auc", auc)?;
                inner("positives", positives)?;
                spread("variance", variance.unwrap_or(0.0))
            }
            Behaviour::Ratio { ratio, sd } => level("ratio", Some(ratio)).and(spread("sd", sd)),
            Behaviour::Shift {} => Ok(()),
        }
    }
}

impl Contrast {
    fn for_quantile(self, q: f64, design: &Design) -> Self {
        // The outer order statistic on the side of the shorter tail bounds the quantile only from so many rows on.
        let tail = q.max(1.0 - q);
        let floor = (design.tail().ln() / tail.ln()).ceil() * design.design_effect;
        Contrast { inflation: QUANTILE_INFLATION, floor, ..self }
    }
}

/// A level type: psi = s (mu_c - rho mu_s) + margin, the baseline's variance times rho squared.
fn linear(level: Option<f64>, question: &Question, variance: Arms<f64>) -> Result<Contrast, Unanswerable> {
    let (distance, rho) = distance(level, question)?;
    Ok(Contrast::plain(distance, Arms { baseline: rho * rho * variance.baseline, canary: variance.canary }))
}

/// Signed distance of the truth from the margin, and the factor that a relative margin puts on the baseline.
pub(super) fn distance(level: Option<f64>, question: &Question) -> Result<(f64, f64), Unanswerable> {
    let sign = question.better.sign();
    let distance = sign * question.change.absolute(level)? + question.margin.absolute(level)?;
    let rho = match question.margin {
        Size::Relative(r) => 1.0 - sign * r,
        Size::Absolute(_) => 1.0,
    };
    Ok((distance, rho))
}

/// Signed distance on the log scale: s (ln(canary/baseline) - ln rho).
fn log_distance(question: &Question, level: Option<f64>) -> Result<f64, Unanswerable> {
    let sign = question.better.sign();
    let rho = 1.0 - sign * question.margin.relative(level)?;
    let ratio = 1.0 + question.change.relative(level)?;
    if rho <= 0.0 {
        return Err(undefined("a margin of the whole baseline leaves nothing to be worse than"));
    }
    if ratio <= 0.0 {
        return Err(undefined("a change by more than the whole baseline has no ratio"));
    }
    Ok(sign * (ratio.ln() - rho.ln()))
}

/// Noether's contrast: theta - 1/2 with variance 1/12 a row of each arm.
fn ranks(theta: f64) -> Contrast {
    Contrast { floor: RANK_FLOOR, ..Contrast::plain(theta - 0.5, same(1.0 / 12.0)) }
}

/// P(canary better) + P(tie)/2 for a canary drawn from the changed sample against the sample at its margin. O(n).
fn theta(sample: &[f64], question: &Question) -> Result<f64, Unanswerable> {
    let sign = question.better.sign();
    let nonnegative = sample.first().is_none_or(|&v| v >= 0.0);
    let refuse = || undefined("scaling by a margin needs values of at least 0; give an absolute margin");
    let moved: Box<dyn Fn(f64) -> f64> = match question.margin {
        Size::Relative(r) if nonnegative || r == 0.0 => Box::new(move |v| v * (1.0 - sign * r)),
        Size::Absolute(a) => Box::new(move |v| v - sign * a),
        Size::Relative(_) => return Err(refuse()),
    };
    let changed: Box<dyn Fn(f64) -> f64> = match question.change {
        Size::Relative(c) if nonnegative || c == 0.0 => Box::new(move |v| v * (1.0 + c)),
        Size::Absolute(c) => Box::new(move |v| v + c),
        Size::Relative(_) => return Err(refuse()),
    };
    // Both transformations keep the order (a factor of 0 ties all), so one merge counts the pairs.
    let (mut below, mut upto, mut twice) = (0, 0, 0.0);
    for &value in sample {
        let canary = changed(value);
        while below < sample.len() && moved(sample[below]) < canary {
            below += 1;
        }
        upto = upto.max(below);
        while upto < sample.len() && moved(sample[upto]) <= canary {
            upto += 1;
        }
        twice += (below + upto) as f64;
    }
    let n = sample.len() as f64;
    let higher = 0.5 * twice / (n * n);
    Ok(match question.better {
        Better::Higher => higher,
        Better::Lower => 1.0 - higher,
    })
}

/// Rows times the variance of an AUC, for many rows: (Q1 - A^2)/(1 - pi) + (Q2 - A^2)/pi with Q1 = A/(2 - A) and
/// Q2 = 2A^2/(1 + A) (Hanley and McNeil 1982, equation 1, with n_pos = pi n).
fn hanley_mcneil(auc: f64, positives: f64) -> f64 {
    let squared = auc * auc;
    let among_negatives = (auc / (2.0 - auc) - squared).max(0.0);
    let among_positives = (2.0 * squared / (1.0 + auc) - squared).max(0.0);
    among_negatives / (1.0 - positives) + among_positives / positives
}

fn same(variance: f64) -> Arms<f64> {
    Arms { baseline: variance, canary: variance }
}
