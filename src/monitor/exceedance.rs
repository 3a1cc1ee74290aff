//! A quantile look by look: who has more rows beyond a threshold that was fixed before the rows came?
//!
//! The threshold of a batch is the baseline's quantile over all batches before it, so it is predictable; the canary's
//! rows are held against the boundary of that threshold (margin applied), and the counts go through the label e-process
//! with a null ratio of 1. Under a canary whose quantile is exactly on the boundary both arms exceed equally often. A band
//! on the whole distribution (DKW) needs ten times the rows, or never sees a change of one percent of them.

use serde::{Deserialize, Serialize};

use super::boundary::{Boundary, Measure, Pair};
use super::contrast::{ContrastState, Tuning};
use super::histogram::{Cell, Histogram, cell_of, upper_edge};
use super::label::{Counts, RatioPrior, Side};
use super::stratified::Moments;
use crate::arms::Arms;

/// Quantiles whose tail holds at most this share are counted as rare events; nearer the middle a normal mixture is faster.
const RARE: f64 = 0.1;

/// Which rows of a batch count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    Lower,
    Upper,
}

/// One metric's quantile and its lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExceedancePlan {
    pub q: f64,
    pub lines: Vec<Boundary>,
    tail: Tail,
    prior: RatioPrior,
    pub dispersion: f64,
    /// Expected rows beyond the threshold before it is used.
    pub burn_in_events: u64,
    pub tuning: Tuning,
}

/// State of one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExceedanceLine {
    Rare {
        #[serde(with = "super::exact::vec")]
        above: Vec<f64>,
        #[serde(with = "super::exact::vec")]
        below: Vec<f64>,
    },
    Frequent {
        above: ContrastState,
        below: ContrastState,
    },
}

/// Rows of a batch beyond threshold and boundary, counted so that the alternative is not favoured by the bucket's width.
struct Beyond {
    /// For "the canary's quantile lies above".
    above: Arms<u64>,
    /// For "below".
    below: Arms<u64>,
}

impl ExceedancePlan {
    pub fn new(q: f64, lines: &[Boundary], dispersion: f64, burn_in_events: u64, tuning: Tuning) -> Self {
        let tail = if q < 0.5 { Tail::Lower } else { Tail::Upper };
        let lines = lines.to_vec();
        ExceedancePlan { q, lines, tail, prior: RatioPrior::default(), dispersion, burn_in_events, tuning }
    }

    fn is_rare(&self) -> bool {
        self.q.min(1.0 - self.q) <= RARE
    }

    pub fn fresh(&self) -> Vec<ExceedanceLine> {
        let points = self.prior.steps().len();
        let line = || match self.is_rare() {
            true => ExceedanceLine::Rare { above: vec![0.0; points], below: vec![0.0; points] },
            false => ExceedanceLine::Frequent { above: ContrastState::default(), below: ContrastState::default() },
        };
        self.lines.iter().map(|_| line()).collect()
    }

    pub fn fits(&self, state: &[ExceedanceLine]) -> bool {
        let points = self.prior.steps().len();
        state.len() == self.lines.len()
            && state.iter().all(|line| match line {
                ExceedanceLine::Rare { above, below } => {
                    self.is_rare() && above.len() == points && below.len() == points
                }
                ExceedanceLine::Frequent { .. } => !self.is_rare(),
            })
    }

    /// The threshold's cell, from the baseline's past; `None` while too few rows lie beyond it.
    pub fn threshold(&self, past: &Histogram) -> Option<Cell> {
        let expected = past.total() as f64 * self.q.min(1.0 - self.q);
        (expected >= self.burn_in_events.max(1) as f64).then(|| past.quantile_cell(self.q)).flatten()
    }

    /// Takes one look, with the baseline's histogram before it.
    pub fn update(&self, state: &mut [ExceedanceLine], past: &Histogram, batch: &Arms<&Histogram>) {
        let Some(threshold) = self.threshold(past) else { return };
        let n = batch.map(|h| h.total());
        for (line, state) in self.lines.iter().zip(state) {
            let Some(beyond) = self.count(line, threshold, batch) else { continue };
            let counts = |events: &Arms<u64>| Arms {
                baseline: Counts::new(n.baseline, events.baseline),
                canary: Counts::new(n.canary, events.canary),
            };
            // A higher quantile has more rows in the upper tail and fewer in the lower one.
            let (up, down) = match self.tail {
                Tail::Upper => (Side::Above, Side::Below),
                Tail::Lower => (Side::Below, Side::Above),
            };
            match state {
                ExceedanceLine::Rare { above, below } => {
                    self.prior.add(above, 1.0, up, &counts(&beyond.above), self.dispersion);
                    self.prior.add(below, 1.0, down, &counts(&beyond.below), self.dispersion);
                }
                ExceedanceLine::Frequent { above, below } => {
                    let effect = self.effect(line, threshold, past);
                    for (contrast, events) in [(above, &beyond.above), (below, &beyond.below)] {
                        contrast.update(&counts(events).as_ref().map(indicator), None);
                        contrast.freeze(&[self.on_counts(line)], &self.tuning, |_| effect);
                    }
                }
            }
        }
    }

    /// The line as the counts see it: equal shares, with harm on the tail's side.
    fn on_counts(&self, line: &Boundary) -> Boundary {
        let harm = if self.tail == Tail::Upper { line.harm } else { line.harm.opposite() };
        Boundary { scale: 1.0, offset: 0.0, harm, measure: Measure::Difference }
    }

    /// How far apart the shares would lie without any change: the baseline's own share beyond the boundary.
    fn effect(&self, line: &Boundary, threshold: Cell, past: &Histogram) -> f64 {
        let Some(cell) = cell_of(upper_edge(threshold) * line.scale + line.offset) else { return 0.0 };
        (past.up_to(cell) as f64 - past.up_to(threshold) as f64).abs() / past.total().max(1) as f64
    }

    fn count(&self, line: &Boundary, threshold: Cell, batch: &Arms<&Histogram>) -> Option<Beyond> {
        let boundary = upper_edge(threshold) * line.scale + line.offset;
        let cell = cell_of(boundary)?;
        let canary = batch.canary;
        // Rows surely beyond the boundary, and rows possibly beyond it: the boundary may cut its bucket in two.
        let on_edge = boundary == upper_edge(cell);
        let (sure, possible) = match self.tail {
            Tail::Upper => (canary.above(cell), if on_edge { canary.above(cell) } else { canary.above(cell - 1) }),
            Tail::Lower => (if on_edge { canary.up_to(cell) } else { canary.up_to(cell - 1) }, canary.up_to(cell)),
        };
        let baseline = match self.tail {
            Tail::Upper => batch.baseline.above(threshold),
            Tail::Lower => batch.baseline.up_to(threshold),
        };
        // More upper rows argue for "above", more lower rows for "below": each argument gets the smaller count.
        let (above, below) = match self.tail {
            Tail::Upper => (sure, possible),
            Tail::Lower => (possible, sure),
        };
        Some(Beyond { above: Arms { baseline, canary: above }, below: Arms { baseline, canary: below } })
    }

    /// The pair of each line.
    pub fn pairs(&self, state: &[ExceedanceLine]) -> Vec<Pair> {
        self.lines
            .iter()
            .zip(state)
            .map(|(line, state)| {
                let (above, below) = match state {
                    ExceedanceLine::Rare { above, below } => (self.prior.average(above), self.prior.average(below)),
                    ExceedanceLine::Frequent { above, below } => {
                        let counts = self.on_counts(line);
                        let towards = |side: Side, pair: Pair| if line.harm == side { pair.harm } else { pair.safe };
                        (
                            towards(Side::Above, above.pair(0, &counts, &self.tuning)),
                            towards(Side::Below, below.pair(0, &counts, &self.tuning)),
                        )
                    }
                };
                match line.harm {
                    Side::Above => Pair { harm: above, safe: below },
                    Side::Below => Pair { harm: below, safe: above },
                }
            })
            .collect()
    }

    /// Canary rows that "safe" needs in all, if the canary's distribution is the baseline's so far. `None` when the margin
    /// moves too few rows for that.
    pub fn needed(&self, past: &Histogram, share: f64, alpha: f64) -> Option<f64> {
        let threshold = self.threshold(past)?;
        if !(share > 0.0 && share < 1.0) {
            return None;
        }
        let log_threshold = -alpha.ln();
        let shown = |rows: f64| {
            self.lines.iter().all(|line| {
                let Some(beyond) = self.count(line, threshold, &Arms { baseline: past, canary: past }) else {
                    return false;
                };
                let events = if line.harm == Side::Above { beyond.below } else { beyond.above };
                let rate = events.map(|x| x as f64 / past.total() as f64);
                let other = rows * (1.0 - share) / share;
                let counts = Arms {
                    baseline: Counts { exposure: other, events: other * rate.baseline },
                    canary: Counts { exposure: rows, events: rows * rate.canary },
                };
                let towards = line.harm.opposite();
                let side = if self.tail == Tail::Upper { towards } else { towards.opposite() };
                let gains = super::label::batch_gains(&self.prior, 1.0, side, &counts, self.dispersion);
                self.prior.average(&gains) >= log_threshold
            })
        };
        shown(1e12).then(|| super::normal_mixture::bisect(0.0, 1e12, shown))
    }
}

fn indicator(c: &Counts) -> Moments {
    let p = if c.exposure > 0.0 { c.events / c.exposure } else { 0.0 };
    Moments::new(c.exposure as u64, p, c.exposure * p * (1.0 - p).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::stratified::VarianceRule;

    fn plan(q: f64, scale: f64, harm: Side) -> ExceedancePlan {
        let tuning = Tuning {
            rule: VarianceRule::Restricted,
            burn_in_rows: 100,
            expected_rows: None,
            alpha_harm: 0.05,
            alpha_safe: 0.05,
        };
        ExceedancePlan::new(q, &[Boundary { scale, offset: 0.0, harm, measure: Measure::Ratio }], 1.0, 5, tuning)
    }

    /// Rows spread evenly over 0..1000, times a factor.
    fn rows(n: usize, start: usize, factor: f64) -> Histogram {
        let values: Vec<f64> = (0..n).map(|i| factor * (((start + i) * 617) % 1000) as f64).collect();
        Histogram::from_values(&values)
    }

    fn run(plan: &ExceedancePlan, factor: f64, looks: usize) -> Pair {
        let mut state = plan.fresh();
        let mut past = Histogram::default();
        for look in 0..looks {
            let (baseline, canary) = (rows(950, look * 950, 1.0), rows(50, look * 50, factor));
            plan.update(&mut state, &past, &Arms { baseline: &baseline, canary: &canary });
            past.merge(&baseline);
        }
        plan.pairs(&state)[0]
    }

    #[test]
    fn every_quantile_and_both_directions_tell_harm_from_safety() {
        for q in [0.05, 0.5, 0.75, 0.95, 0.99] {
            let slower = run(&plan(q, 1.2, Side::Above), 1.6, 200);
            assert!(slower.harm > 20f64.ln() && slower.safe < 0.0, "{q} {slower:?}");
            let equal = run(&plan(q, 1.3, Side::Above), 1.0, 200);
            assert!(equal.safe > 20f64.ln() && equal.harm < 0.0, "{q} {equal:?}");
            let lower = run(&plan(q, 0.8, Side::Below), 0.5, 200);
            assert!(lower.harm > 20f64.ln() && lower.safe < 0.0, "{q} {lower:?}");
            let kept = run(&plan(q, 0.7, Side::Below), 1.0, 200);
            assert!(kept.safe > 20f64.ln() && kept.harm < 0.0, "{q} {kept:?}");
        }
    }

    #[test]
    fn the_first_batch_only_sets_the_threshold() {
        assert_eq!(run(&plan(0.99, 1.0, Side::Above), 5.0, 1), Pair::NONE);
    }

    #[test]
    fn a_constant_latency_says_nothing_and_stays_finite() {
        let plan = plan(0.99, 1.0, Side::Above);
        let mut state = plan.fresh();
        let (past, same) = (Histogram::from_values(&[3.0; 1000]), Histogram::from_values(&[3.0; 100]));
        plan.update(&mut state, &past, &Arms { baseline: &same, canary: &same });
        let pair = plan.pairs(&state)[0];
        assert!(pair.harm.abs() < 1e-12 && pair.safe.abs() < 1e-12);
        assert!(plan.fits(&state));
    }
}
