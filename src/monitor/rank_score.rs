//! Is the canary's typical value worse, at whatever look one stops?
//!
//! Each row is replaced by its rank among the baseline's rows of all earlier batches, a number in [0, 1], the canary's after
//! the margin is taken off. The ranks are fixed before the batch comes, so their mean difference, stratified by batch, is
//! one more mean for the normal mixture: positive when a canary row tends to exceed the boundary of a baseline row, as
//! Mann and Whitney compare them. Tails hardly move it; watch them as quantiles.

use super::boundary::{Boundary, Measure, Pair};
use super::contrast::{ContrastState, Tuning};
use super::histogram::{Histogram, cell_of, lower_edge, middle, upper_edge};
use super::stratified::Moments;
use crate::arms::Arms;

/// Baseline rows before ranks mean anything.
const LEAST_PAST: u64 = 30;

/// One metric's lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankScorePlan {
    pub lines: Vec<Boundary>,
    pub tuning: Tuning,
}

/// The empirical distribution function of past rows, ready for look-ups.
struct Past<'a> {
    histogram: &'a Histogram,
    /// Rows below each cell.
    below: Vec<u64>,
}

impl<'a> Past<'a> {
    fn new(histogram: &'a Histogram) -> Self {
        let mut sum = 0u64;
        let below = histogram
            .cells()
            .iter()
            .map(|(_, n)| {
                let before = sum;
                sum = sum.saturating_add(*n);
                before
            })
            .collect();
        Past { histogram, below }
    }

    /// Share of past rows below `x`, inside a bucket in proportion to its width.
    fn rank(&self, x: f64) -> f64 {
        let cells = self.histogram.cells();
        let Some(cell) = cell_of(x) else { return if x > 0.0 { 1.0 } else { 0.0 } };
        let total = self.histogram.total() as f64;
        match cells.binary_search_by_key(&cell, |(c, _)| *c) {
            Ok(i) => {
                let (low, high) = (lower_edge(cell), upper_edge(cell));
                let within = if high > low { ((x - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
                (self.below[i] as f64 + within * cells[i].1 as f64) / total
            }
            Err(i) => self.below.get(i).map_or(1.0, |n| *n as f64 / total),
        }
    }
}

impl RankScorePlan {
    pub fn fresh(&self) -> Vec<ContrastState> {
        vec![ContrastState::default(); self.lines.len()]
    }

    /// Takes one look, with the baseline's histogram before it.
    pub fn update(&self, state: &mut [ContrastState], past: &Histogram, batch: &Arms<&Histogram>) {
        if past.total() < LEAST_PAST {
            return;
        }
        let past = Past::new(past);
        let baseline = moments(batch.baseline, |x| past.rank(x));
        for (line, state) in self.lines.iter().zip(state) {
            if line.scale <= 0.0 {
                continue;
            }
            let onto = |x: f64| past.rank((x - line.offset) / line.scale);
            state.update(&Arms { baseline, canary: moments(batch.canary, onto) }, None);
            state.freeze(&[on_ranks(line)], &self.tuning, |_| effect(&past, line));
        }
    }

    /// The pair of each line.
    pub fn pairs(&self, state: &[ContrastState]) -> Vec<Pair> {
        let lines = self.lines.iter().zip(state);
        lines.map(|(line, state)| state.pair(0, &on_ranks(line), &self.tuning)).collect()
    }

    /// How much more data "safe" needs, as a factor on what there is.
    pub fn needed(&self, state: &[ContrastState], past: &Histogram, alpha: f64) -> Option<f64> {
        if past.total() == 0 {
            return None;
        }
        let past = Past::new(past);
        let each = self
            .lines
            .iter()
            .zip(state)
            .map(|(line, state)| state.needed(0, &on_ranks(line), &self.tuning, alpha, effect(&past, line)));
        each.collect::<Option<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max))
    }
}

/// The margin is in the ranks already.
fn on_ranks(line: &Boundary) -> Boundary {
    Boundary { scale: 1.0, offset: 0.0, harm: line.harm, measure: Measure::Difference }
}

/// How far the mean rank of a canary like the baseline lies from the boundary.
fn effect(past: &Past<'_>, line: &Boundary) -> f64 {
    let same = moments(past.histogram, |x| past.rank(x)).y;
    let moved = moments(past.histogram, |x| past.rank((x - line.offset) / line.scale)).y;
    (moved - same).abs()
}

fn moments(histogram: &Histogram, rank: impl Fn(f64) -> f64) -> Moments {
    let n = histogram.total();
    if n == 0 {
        return Moments::new(0, 0.0, 0.0);
    }
    let ranks: Vec<(f64, f64)> = histogram.cells().iter().map(|(c, k)| (rank(middle(*c)), *k as f64)).collect();
    let mean = ranks.iter().map(|(r, k)| r * k).sum::<f64>() / n as f64;
    Moments::new(n, mean, ranks.iter().map(|(r, k)| k * (r - mean) * (r - mean)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::label::Side;
    use crate::monitor::stratified::VarianceRule;

    fn run(scale: f64, offset: f64, harm: Side, canary: impl Fn(f64) -> f64) -> Pair {
        let tuning = Tuning {
            rule: VarianceRule::Residual,
            burn_in_rows: 100,
            expected_rows: None,
            alpha_harm: 0.05,
            alpha_safe: 0.05,
        };
        let plan = RankScorePlan { lines: vec![Boundary { scale, offset, harm, measure: Measure::Ratio }], tuning };
        let (mut state, mut past) = (plan.fresh(), Histogram::default());
        for look in 0..100usize {
            let row = |i: usize| 10.0 + ((look * 613 + i * 37) % 1009) as f64;
            let baseline = Histogram::from_values(&(0..190).map(row).collect::<Vec<_>>());
            let slow = Histogram::from_values(&(190..200).map(|i| canary(row(i))).collect::<Vec<_>>());
            plan.update(&mut state, &past, &Arms { baseline: &baseline, canary: &slow });
            past.merge(&baseline);
        }
        plan.pairs(&state)[0]
    }

    #[test]
    fn a_slower_body_is_harm_and_an_equal_one_safe() {
        let slower = run(1.1, 0.0, Side::Above, |x| 1.8 * x);
        assert!(slower.harm > 20f64.ln() && slower.safe < 0.0, "{slower:?}");
        let equal = run(1.5, 0.0, Side::Above, |x| x);
        assert!(equal.safe > 20f64.ln() && equal.harm < 0.0, "{equal:?}");
        let shifted = run(1.0, -100.0, Side::Below, |x| x - 300.0);
        assert!(shifted.harm > 20f64.ln(), "{shifted:?}");
    }

    #[test]
    fn a_tail_of_one_percent_hardly_moves_it() {
        let tail = run(1.1, 0.0, Side::Above, |x| if x > 1005.0 { 50.0 * x } else { x });
        assert!(tail.harm < 0.0, "{tail:?}");
    }
}
