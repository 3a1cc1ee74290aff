//! Placements of two sorted arms while the baseline is moved to and fro: the work of an interval by ranks.
//!
//! A root search asks for the same sums at ever closer moves. Once two moves enclose the root, each canary value can lie
//! only between its two positions there; most have one position left after a few steps, and their part of the sums is
//! settled. A step then costs as much as there is left to know.

use super::contrast::Scale;

/// The baseline's values under a move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub scale: Scale,
    pub value: f64,
}

impl Move {
    fn of(self, y: f64) -> f64 {
        match self.scale {
            Scale::Difference => y + self.value,
            Scale::Ratio => y * self.value,
        }
    }
}

/// Sums over placements in whole numbers, exact.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Exact {
    /// Twice the canary's placements: baseline values below, plus those at most as large.
    doubled: u128,
    /// Their squares.
    squares: u128,
    /// Each times 2k - 1 for the canary's k-th largest value, from which the baseline's squares follow.
    weighted: u128,
    /// Squared numbers of canary values in tied groups, times the group's baseline values.
    tied: u128,
}

impl Exact {
    fn add(&mut self, i: usize, low: usize, high: usize, x: &[f64]) {
        let doubled = (low + high) as u64;
        self.doubled += u128::from(doubled);
        self.squares += u128::from(doubled) * u128::from(doubled);
        self.weighted += u128::from(doubled) * (2 * (x.len() - i) as u64 - 1) as u128;
        // A group of equal canary values is counted at its last one.
        if high > low && x.get(i + 1) != Some(&x[i]) {
            let group = x[..=i].iter().rev().take_while(|v| **v == x[i]).count() as u128;
            self.tied += group * group * (high - low) as u128;
        }
    }
}

/// Sum of each arm's placements, in rows of the other arm, and of their squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sums {
    pub canary: (f64, f64),
    pub baseline: (f64, f64),
}

/// A canary value that may still lie in more than one place.
#[derive(Debug, Clone, Copy)]
struct Open {
    i: u32,
    /// Between these numbers of baseline values below or at it.
    least: u32,
    most: u32,
    /// Below it, and at most as large, at the move looked at last.
    low: u32,
    high: u32,
}

/// One stratum's arms between two moves.
#[derive(Debug, Clone)]
pub(super) struct Between<'a> {
    x: &'a [f64],
    y: &'a [f64],
    settled: Exact,
    open: Vec<Open>,
}

impl<'a> Between<'a> {
    /// Both arms in ascending order, between a lower and a higher move. At most 2^32 - 1 values in an arm.
    pub(super) fn new(x: &'a [f64], y: &'a [f64], from: Move, to: Move) -> Between<'a> {
        let (mut least, mut most) = (0, 0);
        let open = x.iter().enumerate().map(|(i, &v)| {
            least = first_not(y, least, |w| to.of(w) < v);
            most = first_not(y, most, |w| from.of(w) <= v);
            Open { i: i as u32, least: least as u32, most: most.max(least) as u32, low: 0, high: 0 }
        });
        let mut between = Between { x, y, settled: Exact::default(), open: open.collect() };
        between.settle();
        between
    }

    /// The sums at a move inside.
    pub(super) fn at(&mut self, by: Move) -> Sums {
        let mut exact = self.settled;
        // No value lies before the place of a smaller one.
        let mut low = 0;
        for open in &mut self.open {
            let v = self.x[open.i as usize];
            let most = open.most as usize;
            low = first_not(&self.y[..most], low.max(open.least as usize), |w| by.of(w) < v);
            let ties = self.y[low..most].iter().take_while(|w| by.of(**w) == v).count();
            (open.low, open.high) = (low as u32, (low + ties) as u32);
            exact.add(open.i as usize, low, low + ties, self.x);
        }
        sums(&exact)
    }

    /// The move looked at last becomes the lower one.
    pub(super) fn raise(&mut self) {
        self.open.iter_mut().for_each(|open| open.most = open.high);
        self.settle();
    }

    /// The move looked at last becomes the higher one.
    pub(super) fn lower(&mut self) {
        self.open.iter_mut().for_each(|open| open.least = open.low);
        self.settle();
    }

    fn settle(&mut self) {
        let (settled, x) = (&mut self.settled, self.x);
        self.open.retain(|open| {
            let one = open.least == open.most;
            if one {
                settled.add(open.i as usize, open.least as usize, open.most as usize, x);
            }
            !one
        });
    }
}

fn sums(exact: &Exact) -> Sums {
    // Each pair in which the canary is larger is counted once from either side.
    let sum = exact.doubled as f64 / 2.0;
    Sums { canary: (sum, exact.squares as f64 / 4.0), baseline: (sum, (2 * exact.weighted - exact.tied) as f64 / 4.0) }
}

/// The sums at one move. O(m log(n / m)) for m canary and n baseline values.
pub(super) fn at(x: &[f64], y: &[f64], by: Move) -> Sums {
    let mut exact = Exact::default();
    let mut low = 0;
    for (i, &v) in x.iter().enumerate() {
        low = first_not(y, low, |w| by.of(w) < v);
        let ties = y[low..].iter().take_while(|w| by.of(**w) == v).count();
        exact.add(i, low, low + ties, x);
    }
    sums(&exact)
}

/// The first place from `start` on at which `before`, which holds up to some place, no longer does.
///
/// Most places are near: a block is counted without a branch. Further ones are looked for by steps that double.
fn first_not(y: &[f64], start: usize, before: impl Fn(f64) -> bool) -> usize {
    const BLOCK: usize = 16;
    let (mut low, mut step) = (start, BLOCK);
    while low + step <= y.len() && before(y[low + step - 1]) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(y.len());
    while high - low > BLOCK {
        let middle = low.midpoint(high);
        if before(y[middle]) { low = middle + 1 } else { high = middle }
    }
    low + y[low..high].iter().map(|&w| usize::from(before(w))).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By all pairs.
    fn brute(x: &[f64], y: &[f64], by: Move) -> Sums {
        let place = |v: f64, others: &[f64], sign: f64| -> f64 {
            others
                .iter()
                .map(|w| {
                    if sign * (v - w) > 0.0 {
                        1.0
                    } else if v == *w {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum()
        };
        let moved: Vec<f64> = y.iter().map(|&w| by.of(w)).collect();
        let of = |own: &[f64], other: &[f64], sign: f64| {
            own.iter().map(|&v| place(v, other, sign)).fold((0.0, 0.0), |(s, q), p| (s + p, q + p * p))
        };
        Sums { canary: of(x, &moved, 1.0), baseline: of(&moved, x, -1.0) }
    }

    #[test]
    fn sums_agree_with_all_pairs_however_they_are_reached() {
        let arm = |n: i32, k: i32, distinct: i32| {
            let mut values: Vec<f64> = (0..n).map(|i| f64::from((i * k) % distinct + 1)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        for (m, n) in [(1, 1), (3, 40), (40, 3), (25, 30), (40, 4000), (300, 110)] {
            let distinct = if m.max(n) < 100 { 17 } else { 9973 };
            let (x, y) = (arm(m, 251, distinct), arm(n, 5, distinct));
            for scale in [Scale::Difference, Scale::Ratio] {
                let by = |value: f64| Move { scale, value };
                let mut between = Between::new(&x, &y, by(0.05), by(30.0));
                for (value, up) in [(2.0, false), (1.0, true), (1.5, false), (1.25, true), (1.375, true), (1.4, false)]
                {
                    let expected = brute(&x, &y, by(value));
                    assert_eq!(at(&x, &y, by(value)), expected, "{m} {n} {scale:?} {value}");
                    assert_eq!(between.at(by(value)), expected, "{m} {n} {scale:?} {value}");
                    if up { between.raise() } else { between.lower() }
                }
            }
        }
    }
}
