//! The bootstrap of a contrast's influences (Hall 1992; Davison and Hinkley 1997, chapter 5).
//!
//! Each part of the design (a stratum of an arm, or a whole arm when units cross strata) is resampled by itself, at its
//! own size; of pairs, both halves together. For a mean of rows this is the bootstrap of the mean; for totals of units
//! it is the cluster bootstrap; for ratios and AUC it is the bootstrap of their linear parts. A part of more than 2,048
//! units is first summed into 1,024 buckets, which keeps its variance and skewness, so a replicate costs at most 1,024
//! draws a part.
//!
//! p-values are by inversion: the level at which the interval's end meets the value asked about. Of the four laws only
//! the studentised one holds its level with skewed data in arms of unequal size; the others are there for comparison
//! with what teams have.

use rayon::prelude::*;

use super::Question;
use super::contrast::{Contrast, Label, Scale, first_true};
use super::design::Parts;
use super::linear::{Linear, OnScale};
use super::mean::Stream;
use crate::arms::Arms;
use crate::config::{Direction, TestConfig, TestKind};
use crate::evidence::Method;
use crate::stats::special::{norm_cdf, norm_ppf};
use crate::stats::{Unanswerable, rng};

/// Replicates drawn at first, and at most: (B + 1) alpha is a whole number for the usual alphas.
const FIRST: u64 = 1_999;
const MOST: u64 = 39_999;
/// Replicates in the rarer tail below which more are drawn.
const ENOUGH: f64 = 50.0;
const CHUNK: u64 = 250;

/// How replicates become p-values and intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Errors over their own standard errors (Hall 1992).
    Studentised,
    /// Quantiles of the replicated estimates (Efron 1979).
    Percentile,
    /// Quantiles of the errors, mirrored at the estimate.
    Basic,
    /// Percentiles with bias and acceleration taken off (Efron 1987).
    Bca,
}

impl Law {
    /// The law that a config asks for; `None` when it does not ask for a bootstrap.
    pub fn asked(test: Option<&TestConfig>) -> Option<Law> {
        let test = test.filter(|t| t.kind == TestKind::Bootstrap)?;
        Some(match test.options.get("method").and_then(serde_json::Value::as_str) {
            Some("percentile") => Law::Percentile,
            Some("basic") => Law::Basic,
            Some("bca") => Law::Bca,
            _ => Law::Studentised,
        })
    }
}

/// One replicate: each arm's error and its variance, and the covariance of pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Replicate {
    error: Arms<f64>,
    variance: Arms<f64>,
    covariance: f64,
}

impl Replicate {
    fn error(&self, rho: f64) -> f64 {
        self.error.canary - rho * self.error.baseline
    }

    fn standard_error(&self, rho: f64) -> f64 {
        let cross = 2.0 * rho * self.covariance;
        (self.variance.canary + rho * rho * self.variance.baseline - cross).max(0.0).sqrt()
    }
}

/// Replicates of both arms' errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    replicates: Vec<Replicate>,
    seed: u64,
    law: Law,
    /// Sums of cubed and squared influences, from which the acceleration follows.
    cubes: Arms<f64>,
}

impl Replicates {
    /// Draws replicates until the question is settled, doubling their number up to `MOST`.
    pub fn draw(linear: &Linear, parts: &Arms<Parts>, law: Law, question: &Question, stream: &Stream<'_>) -> Self {
        let buckets = parts.as_ref().map(|p| p.0.iter().map(|part| bucket(&part.influence)).collect::<Vec<_>>());
        let cubes = parts.as_ref().map(|p| p.0.iter().flat_map(|part| &part.influence).map(|e| e * e * e).sum());
        let mut drawn = Replicates { replicates: Vec::new(), seed: stream.seed, law, cubes };
        let replicate = if linear.pairs.is_some() { pairs } else { apart };
        let mut goal = stream.draws.unwrap_or(FIRST);
        loop {
            let from = drawn.replicates.len() as u64;
            let chunks: Vec<u64> = (from / CHUNK..=(goal - 1) / CHUNK).collect();
            // Each replicate has its own stream, so chunks and threads change nothing.
            let fresh: Vec<Vec<Replicate>> = chunks
                .into_par_iter()
                .map(|chunk| {
                    let range = (chunk * CHUNK).max(from)..((chunk + 1) * CHUNK).min(goal);
                    range.map(|b| replicate(&buckets, stream, b)).collect()
                })
                .collect();
            drawn.replicates.extend(fresh.into_iter().flatten());
            if stream.draws.is_some() || goal >= MOST || drawn.settle(linear, question) {
                return drawn;
            }
            goal = (2 * goal + 1).min(MOST);
        }
    }

    /// How many replicates say "below" and "above" as loudly as the data do, for canary minus rho times baseline.
    fn tails(&self, linear: &Linear, rho: f64, difference: f64) -> (f64, f64) {
        let (psi, se) = (linear.distance(rho, difference), linear.standard_error(rho));
        let draws = self.replicates.len() as f64;
        let share = |count: usize| (count as f64 + 1.0) / (draws + 1.0);
        let count = |error: &dyn Fn(&Replicate) -> f64, at: f64| {
            self.replicates.iter().fold((0, 0), |(below, above), r| {
                let e = error(r);
                (below + usize::from(e <= at || e.is_nan()), above + usize::from(e >= at || e.is_nan()))
            })
        };
        match self.law {
            Law::Studentised => {
                // A replicate without variance is as extreme as its error says.
                let studentised = |r: &Replicate| {
                    let (error, se) = (r.error(rho), r.standard_error(rho));
                    if se > 0.0 { error / se } else { error * f64::INFINITY }
                };
                let (below, above) = count(&studentised, if se > 0.0 { psi / se } else { psi * f64::INFINITY });
                (share(below), share(above))
            }
            Law::Basic => {
                let (below, above) = count(&|r| r.error(rho), psi);
                (share(below), share(above))
            }
            Law::Percentile => {
                let (above, below) = count(&|r| r.error(rho), -psi);
                (share(below), share(above))
            }
            Law::Bca => {
                let at_or_below = |at: f64| {
                    let (below, above) = count(&|r| r.error(rho), at);
                    let share = 0.5 * (below as f64 + draws - above as f64) / draws;
                    share.clamp(1.0 / (draws + 1.0), draws / (draws + 1.0))
                };
                let bias = norm_ppf(at_or_below(0.0));
                let acceleration = (self.cubes.canary - rho.powi(3) * self.cubes.baseline) / (6.0 * se.powi(3));
                let w = norm_ppf(at_or_below(-psi)) - bias;
                let slope = 1.0 + acceleration * w;
                let z = if slope > 0.0 { w / slope - bias } else { w.signum() * f64::INFINITY };
                (norm_cdf(-z).max(share(0)), norm_cdf(z).max(share(0)))
            }
        }
    }

    /// Whether the replicates answer a question: the p-value of safety is not within three Monte Carlo errors of alpha,
    /// and harm is either out of question or known from enough replicates to be corrected for many metrics.
    fn settle(&self, linear: &Linear, question: &Question) -> bool {
        let draws = self.replicates.len() as f64;
        let nulls = question.margin.iter().flat_map(|m| {
            let relative = m.relative.map(|r| [(1.0 - r, 0.0), (1.0 + r, 0.0)]);
            let absolute = m.absolute.map(|d| [(1.0, -d), (1.0, d)]);
            relative.into_iter().chain(absolute)
        });
        for [lower, upper] in nulls {
            let ask = |(rho, difference): (f64, f64)| self.tails(linear, rho, difference);
            let (below_lower, above_lower) = ask(lower);
            let (below_upper, above_upper) = ask(upper);
            let (safe, harm) = match question.direction {
                Direction::HigherIsBetter => (above_lower, below_lower),
                Direction::LowerIsBetter => (below_upper, above_upper),
                Direction::Either => (above_lower.max(below_upper), below_lower.min(above_upper)),
            };
            let near = (safe - question.alpha.safe).abs() < 3.0 * (safe * (1.0 - safe) / draws).sqrt();
            if near || harm * (draws + 1.0) <= ENOUGH {
                return false;
            }
        }
        true
    }
}

fn apart(parts: &Arms<Vec<Vec<f64>>>, stream: &Stream<'_>, index: u64) -> Replicate {
    let mut random = rng::Stream::new(stream.seed, stream.name, index);
    let mut arm = |parts: &[Vec<f64>]| {
        let (mut error, mut variance) = (0.0, 0.0);
        for part in parts {
            let g = part.len() as f64;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..part.len() {
                let e = part[random.below(part.len() as u64) as usize];
                sum += e;
                squares += e * e;
            }
            error += sum * without_factor(g);
            variance += (squares - sum * sum / g).max(0.0);
        }
        (error, variance)
    };
    let (canary, canary_variance) = arm(&parts.canary);
    let (baseline, baseline_variance) = arm(&parts.baseline);
    Replicate {
        error: Arms { baseline, canary },
        variance: Arms { baseline: baseline_variance, canary: canary_variance },
        covariance: 0.0,
    }
}

fn pairs(parts: &Arms<Vec<Vec<f64>>>, stream: &Stream<'_>, index: u64) -> Replicate {
    let mut random = rng::Stream::new(stream.seed, stream.name, index);
    let (mut error, mut variance) = (Arms { baseline: 0.0, canary: 0.0 }, Arms { baseline: 0.0, canary: 0.0 });
    let mut covariance = 0.0;
    for (c, b) in parts.canary.iter().zip(&parts.baseline) {
        let g = c.len() as f64;
        let (mut sum, mut squares, mut products) = ((0.0, 0.0), (0.0, 0.0), 0.0);
        for _ in 0..c.len() {
            let i = random.below(c.len() as u64) as usize;
            sum = (sum.0 + c[i], sum.1 + b[i]);
            squares = (squares.0 + c[i] * c[i], squares.1 + b[i] * b[i]);
            products += c[i] * b[i];
        }
        error.canary += sum.0 * without_factor(g);
        error.baseline += sum.1 * without_factor(g);
        variance.canary += (squares.0 - sum.0 * sum.0 / g).max(0.0);
        variance.baseline += (squares.1 - sum.1 * sum.1 / g).max(0.0);
        covariance += products - sum.0 * sum.1 / g;
    }
    Replicate { error, variance, covariance }
}

/// The influences carry sqrt(G / (G - 1)), which belongs to the variance alone.
fn without_factor(g: f64) -> f64 {
    ((g - 1.0) / g).sqrt()
}

fn bucket(influence: &[f64]) -> Vec<f64> {
    const BUCKETS: usize = 1_024;
    if influence.len() <= 2 * BUCKETS {
        return influence.to_vec();
    }
    let mut sums = vec![0.0; BUCKETS];
    for (i, e) in influence.iter().enumerate() {
        sums[i % BUCKETS] += e;
    }
    sums
}

/// The contrast of a linear estimand on a scale: normal, or from replicates when there are some.
pub(super) fn contrast<'a>(
    linear: &'a Linear,
    replicates: Option<&'a Replicates>,
    scale: Scale,
    alpha: f64,
) -> Result<Box<dyn Contrast + 'a>, Unanswerable> {
    let on_scale = linear.on(scale, alpha)?;
    Ok(match replicates {
        None => Box::new(on_scale),
        Some(replicates) => Box::new(Resampled { linear: on_scale, source: linear, scale, replicates }),
    })
}

/// A linear contrast whose p-values come from replicates.
pub struct Resampled<'a> {
    linear: OnScale<'a>,
    source: &'a Linear,
    scale: Scale,
    replicates: &'a Replicates,
}

impl Resampled<'_> {
    fn tails(&self, value: f64) -> (f64, f64) {
        let (rho, difference) = match self.scale {
            Scale::Difference => (1.0, value),
            Scale::Ratio => (value, 0.0),
        };
        self.replicates.tails(self.source, rho, difference)
    }
}

impl Contrast for Resampled<'_> {
    fn estimate(&self) -> Option<f64> {
        self.linear.estimate()
    }

    fn below(&self, value: f64) -> f64 {
        self.tails(value).0
    }

    fn above(&self, value: f64) -> f64 {
        self.tails(value).1
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let estimate = self.estimate().expect("a linear contrast has an estimate");
        let se = self.source.standard_error(1.0) * self.source.unscale;
        let reach = match self.scale {
            Scale::Difference => 1e4 * se,
            Scale::Ratio => 1e4 * (1.0 + estimate.abs()),
        };
        let high = if self.below(estimate + reach) <= alpha {
            estimate + first_true(0.0, reach, |d| self.below(estimate + d) <= alpha)
        } else {
            f64::INFINITY
        };
        let low = if self.above(estimate - reach) <= alpha {
            estimate - first_true(0.0, reach, |d| self.above(estimate - d) <= alpha)
        } else {
            f64::NEG_INFINITY
        };
        (low, high)
    }

    fn label(&self) -> Label {
        let label = self.linear.label();
        let draws = self.replicates.replicates.len() as u64;
        Label { test: "bootstrap", method: Method::Resampled { draws, seed: self.replicates.seed }, ..label }
    }

    fn flags(&self) -> Vec<String> {
        self.linear.flags()
    }
}
