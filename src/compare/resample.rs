//! The studentised bootstrap of a contrast's influences (Hall 1992; Davison and Hinkley 1997, section 5.2).
//!
//! Each part of the design (a stratum of an arm, or a whole arm when units cross strata) is resampled by itself, at its
//! own size. For a mean of rows this is the bootstrap of the studentised mean; for totals of units it is the cluster
//! bootstrap. A part of more than 2,048 units is first summed into 1,024 buckets, which keeps its variance and
//! skewness, so a replicate costs at most 1,024 draws a part.

use rayon::prelude::*;

use super::Question;
use super::contrast::{Contrast, Label, Scale, first_true};
use super::design::Parts;
use super::linear::{Linear, OnScale};
use super::mean::Stream;
use crate::arms::Arms;
use crate::config::Direction;
use crate::evidence::Method;
use crate::stats::rng;

/// Replicates drawn at first, and at most: (B + 1) alpha is a whole number for the usual alphas.
const FIRST: u64 = 1_999;
const MOST: u64 = 39_999;
/// Replicates in the rarer tail below which more are drawn.
const ENOUGH: usize = 50;
const CHUNK: u64 = 250;

/// One replicate: each arm's error and its variance.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Replicate {
    error: Arms<f64>,
    variance: Arms<f64>,
}

/// Replicates of both arms' errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    replicates: Vec<Replicate>,
    seed: u64,
}

impl Replicates {
    /// Draws replicates until the answer is `settled`, doubling their number up to `MOST`.
    pub fn draw(parts: &Arms<Parts>, stream: &Stream<'_>, settled: impl Fn(&Replicates) -> bool) -> Self {
        let buckets = parts.as_ref().map(|p| p.0.iter().map(|part| bucket(&part.influence)).collect::<Vec<_>>());
        let mut drawn = Replicates { replicates: Vec::new(), seed: stream.seed };
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
            if stream.draws.is_some() || goal >= MOST || settled(&drawn) {
                return drawn;
            }
            goal = (2 * goal + 1).min(MOST);
        }
    }

    /// Studentised errors at or below `t`, and at or above it, of canary minus rho times baseline.
    fn count(&self, rho: f64, t: f64) -> (usize, usize) {
        let (mut below, mut above) = (0, 0);
        for r in &self.replicates {
            let error = r.error.canary - rho * r.error.baseline;
            let se = (r.variance.canary + rho * rho * r.variance.baseline).sqrt();
            // A replicate without variance is as extreme as its error says.
            let studentised = if se > 0.0 { error / se } else { error * f64::INFINITY };
            below += usize::from(studentised <= t || studentised.is_nan());
            above += usize::from(studentised >= t || studentised.is_nan());
        }
        (below, above)
    }

    /// Whether the replicates answer a question: the p-value of safety is not within three Monte Carlo errors of alpha,
    /// and harm is either out of question or known from enough replicates to be corrected for many metrics.
    pub fn settle(&self, linear: &Linear, question: &Question) -> bool {
        let draws = self.replicates.len() as f64;
        let nulls = question.margin.iter().flat_map(|m| {
            let relative = m.relative.map(|r| [(1.0 - r, 0.0), (1.0 + r, 0.0)]);
            let absolute = m.absolute.map(|d| [(1.0, -d), (1.0, d)]);
            relative.into_iter().chain(absolute)
        });
        for [lower, upper] in nulls {
            let ask = |(rho, difference): (f64, f64)| self.count(rho, linear.studentised(rho, difference));
            let (below_lower, above_lower) = ask(lower);
            let (below_upper, above_upper) = ask(upper);
            let (safe, harm) = match question.direction {
                Direction::HigherIsBetter => (above_lower, below_lower),
                Direction::LowerIsBetter => (below_upper, above_upper),
                Direction::Either => (above_lower.max(below_upper), below_lower.min(above_upper)),
            };
            let p = (safe as f64 + 1.0) / (draws + 1.0);
            let near = (p - question.alpha.safe).abs() < 3.0 * (p * (1.0 - p) / draws).sqrt();
            if near || harm < ENOUGH {
                return false;
            }
        }
        true
    }
}

fn replicate(parts: &Arms<Vec<Vec<f64>>>, stream: &Stream<'_>, index: u64) -> Replicate {
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
            // The influences carry sqrt(G / (G - 1)), which belongs to the variance alone.
            error += sum * ((g - 1.0) / g).sqrt();
            variance += (squares - sum * sum / g).max(0.0);
        }
        (error, variance)
    };
    let (canary, canary_variance) = arm(&parts.canary);
    let (baseline, baseline_variance) = arm(&parts.baseline);
    Replicate {
        error: Arms { baseline, canary },
        variance: Arms { baseline: baseline_variance, canary: canary_variance },
    }
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

/// A linear contrast whose p-values come from replicates.
pub struct Resampled<'a> {
    pub(super) linear: OnScale<'a>,
    pub(super) source: &'a Linear,
    pub(super) scale: Scale,
    pub(super) replicates: &'a Replicates,
}

impl Resampled<'_> {
    fn tails(&self, value: f64) -> (f64, f64) {
        let (rho, difference) = match self.scale {
            Scale::Difference => (1.0, value),
            Scale::Ratio => (value, 0.0),
        };
        let (below, above) = self.replicates.count(rho, self.source.studentised(rho, difference));
        let draws = self.replicates.replicates.len() as f64;
        ((below as f64 + 1.0) / (draws + 1.0), (above as f64 + 1.0) / (draws + 1.0))
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
