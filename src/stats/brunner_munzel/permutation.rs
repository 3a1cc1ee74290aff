//! The studentised permutation law of Brunner and Munzel's statistic (Neubert & Brunner 2007).

use super::{Fit, Spread};
use crate::evidence::Method;
use crate::stats::mann_whitney::exact::arrangements;
use crate::stats::rank::SortedArms;
use crate::stats::rng::Stream;

/// Divisions that are all listed rather than drawn.
const MOST_LISTED: u128 = 100_000;

/// Statistics that differ by less than this share are one value, reached along two roads of rounding.
const ROUNDING: f64 = 1e-12;

/// P(W <= w), P(W >= w) over divisions of the pooled values, and how they were found.
pub(super) fn tails(arms: &SortedArms, w: f64, draws: u32, seed: u64) -> (f64, f64, Method) {
    let pooled = Pooled::of(arms);
    let (m, n) = (arms.x().len(), arms.y().len());
    let slack = ROUNDING * (1.0 + w.abs());
    let mut counts = (0_u64, 0_u64, 0_u64);
    let mut count = |in_x: &[bool]| {
        let other = pooled.statistic(in_x, m, n);
        counts.0 += u64::from(other <= w + slack);
        counts.1 += u64::from(other >= w - slack);
        counts.2 += 1;
    };
    let mut in_x = vec![false; m + n];
    in_x[..m].fill(true);
    if arrangements(m as u64, n as u64).is_some_and(|all| all <= MOST_LISTED) {
        loop {
            count(&in_x);
            if !next_division(&mut in_x) {
                break;
            }
        }
        let (less, greater, all) = counts;
        return (less as f64 / all as f64, greater as f64 / all as f64, Method::Exact);
    }
    let mut order: Vec<usize> = (0..m + n).collect();
    let small = m.min(n);
    for draw in 0..u64::from(draws) {
        let mut stream = Stream::new(seed, "brunner_munzel", draw);
        // The first `small` places of a shuffle are the smaller arm.
        for i in 0..small {
            let j = i + stream.below((m + n - i) as u64) as usize;
            order.swap(i, j);
        }
        in_x.fill(m > n);
        order[..small].iter().for_each(|&i| in_x[i] = m <= n);
        count(&in_x);
    }
    // The observed division is one of those possible, so no p-value is zero.
    let (less, greater, all) = counts;
    let p = |hits: u64| (hits + 1) as f64 / (all + 1) as f64;
    (p(less), p(greater), Method::Resampled { draws: u64::from(draws), seed })
}

/// The next division with the same sizes, in lexical order from all of x first; false after the last.
fn next_division(in_x: &mut [bool]) -> bool {
    // The last x with a free place behind it moves there, and all x after it close up.
    let Some(last) = (0..in_x.len().saturating_sub(1)).rev().find(|&i| in_x[i] && !in_x[i + 1]) else {
        return false;
    };
    in_x[last] = false;
    let after = in_x[last + 1..].iter().filter(|&&b| b).count() + 1;
    in_x[last + 1..].fill(false);
    in_x[last + 1..last + 1 + after].fill(true);
    true
}

/// Lengths of the runs of equal pooled values.
struct Pooled {
    runs: Vec<usize>,
}

impl Pooled {
    fn of(arms: &SortedArms) -> Pooled {
        let mut values: Vec<f64> = arms.x().iter().chain(arms.y()).copied().collect();
        values.sort_by(f64::total_cmp);
        Pooled { runs: values.chunk_by(|a, b| a == b).map(<[f64]>::len).collect() }
    }

    /// The statistic when the pooled values in ascending order belong to x as told; infinite for separated arms.
    fn statistic(&self, in_x: &[bool], m: usize, n: usize) -> f64 {
        let (mut x, mut y) = (Spread { sum: 0, squares: 0 }, Spread { sum: 0, squares: 0 });
        let (mut start, mut x_below, mut y_below) = (0, 0_usize, 0_usize);
        for &run in &self.runs {
            let a = in_x[start..start + run].iter().filter(|&&b| b).count();
            let b = run - a;
            x.add((2 * y_below + b) as u128, a as u128);
            y.add((2 * x_below + a) as u128, b as u128);
            (start, x_below, y_below) = (start + run, x_below + a, y_below + b);
        }
        let fit = Fit::from_spreads(m as u64, n as u64, &x, &y);
        fit.statistic(0.5).unwrap_or(if fit.centred == 0.0 { 0.0 } else { fit.centred * f64::INFINITY })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::brunner_munzel::{BrunnerMunzel, Reference, brunner_munzel};

    #[test]
    fn every_division_is_listed_once() {
        let mut in_x = vec![true, true, false, false, false];
        let mut seen = std::collections::BTreeSet::new();
        loop {
            assert!(seen.insert(in_x.clone()));
            if !next_division(&mut in_x) {
                break;
            }
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn drawn_divisions_come_near_the_listed_ones() {
        let x: Vec<f64> = (0..5).map(|i| f64::from(i * i % 7)).collect();
        let y: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 11) - 2.0).collect();
        let arms = SortedArms::new("brunner_munzel", &x, &y).expect("clean");
        let w = Fit::of(&arms).expect("clean").statistic(0.5).expect("spread");
        let (less, greater, method) = tails(&arms, w, 0, 0);
        assert_eq!(method, Method::Exact);
        assert!(less + greater > 1.0);
        // The same law from random divisions of a sample too large to list.
        let y: Vec<f64> = (0..60).map(|i| f64::from(i * 5 % 61) / 9.0 - 2.0).collect();
        let options = BrunnerMunzel::default().reference(Reference::Permutation { draws: 4000, seed: 1 });
        let drawn = brunner_munzel(&x, &y, &options).expect("clean");
        let t = brunner_munzel(&x, &y, &BrunnerMunzel::default()).expect("clean");
        // Four standard errors of the simulation, and what separates the laws.
        assert!((drawn.p_value - t.p_value).abs() < 0.06, "{} {}", drawn.p_value, t.p_value);
        assert_eq!(brunner_munzel(&x, &y, &options).expect("clean").p_value, drawn.p_value);
    }
}
