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
    /// The move that makes a baseline's value equal to a canary's.
    pub(super) fn between(scale: Scale, x: f64, y: f64) -> f64 {
        match scale {
            Scale::Difference => x - y,
            Scale::Ratio => x / y,
        }
    }

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
    /// Adds the canary values that are open, at their places of the last look.
    fn add(&mut self, open: &[Open], x: &[f64], y: &[f64]) {
        // As many at a time as cannot overflow 64 bits.
        let (m, n) = (x.len() as u64, y.len() as u64);
        let chunk = u64::MAX / (2 * n).saturating_mul(2 * n.max(m)).max(1);
        for open in open.chunks(chunk.clamp(1, 1 << 20) as usize) {
            let (mut doubled, mut squares, mut weighted) = (0, 0, 0);
            for open in open {
                let (twice, weight) = open.twice_and_weight(x);
                doubled += twice;
                squares += twice * twice;
                weighted += twice * weight;
            }
            self.doubled += u128::from(doubled);
            self.squares += u128::from(squares);
            self.weighted += u128::from(weighted);
        }
        self.add_ties(open, x);
    }

    fn add_one(&mut self, open: Open, x: &[f64]) {
        let (twice, weight) = open.twice_and_weight(x);
        self.doubled += u128::from(twice);
        self.squares += u128::from(twice * twice);
        self.weighted += u128::from(twice * weight);
        self.add_ties(&[open], x);
    }

    fn add_ties(&mut self, open: &[Open], x: &[f64]) {
        for open in open {
            // A group of equal canary values is counted at its last one.
            let i = open.i as usize;
            if open.high > open.low && x.get(i + 1) != Some(&x[i]) {
                let group = x[..=i].iter().rev().take_while(|v| **v == x[i]).count() as u128;
                self.tied += group * group * u128::from(open.high - open.low);
            }
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

impl Open {
    /// Twice its placement: below, plus at most as large; and 2k - 1 for the canary's k-th largest value.
    fn twice_and_weight(self, x: &[f64]) -> (u64, u64) {
        (u64::from(self.low + self.high), u64::from(2 * (x.len() as u32 - self.i) - 1))
    }
}

/// One stratum's arms between two moves.
#[derive(Debug, Clone)]
pub(super) struct Between<'a> {
    x: &'a [f64],
    y: &'a [f64],
    settled: Exact,
    open: Vec<Open>,
    looked_at: bool,
}

impl<'a> Between<'a> {
    /// Both arms in ascending order, between moves that are not known yet. At most 2^31 - 1 values in an arm.
    pub(super) fn new(x: &'a [f64], y: &'a [f64]) -> Between<'a> {
        let open = |i| Open { i, least: 0, most: y.len() as u32, low: 0, high: 0 };
        Between { x, y, settled: Exact::default(), open: (0..x.len() as u32).map(open).collect(), looked_at: false }
    }

    /// Pairs of values whose order is still to be known.
    pub(super) fn pairs(&self) -> u64 {
        self.open.iter().map(|open| u64::from(open.most - open.least)).sum()
    }

    /// The first of them: a canary's value and a baseline's.
    pub(super) fn first_pair(&self) -> Option<(f64, f64)> {
        self.open.first().map(|open| (self.x[open.i as usize], self.y[open.least as usize]))
    }

    /// The sums at a move inside.
    pub(super) fn at(&mut self, by: Move) -> Sums {
        match by.scale {
            Scale::Difference => self.look(|w| w + by.value),
            Scale::Ratio => self.look(|w| w * by.value),
        }
        let mut exact = self.settled;
        exact.add(&self.open, self.x, self.y);
        sums(&exact)
    }

    fn look(&mut self, moved: impl Fn(f64) -> f64 + Copy) {
        let (x, y) = (self.x, self.y);
        if self.looked_at {
            near(x, y, &mut self.open, moved);
        } else {
            // Blocks that hold most steps from one place to the next.
            match y.len() / x.len().max(1) {
                0..=4 => far::<8>(x, y, &mut self.open, moved),
                5..=12 => far::<16>(x, y, &mut self.open, moved),
                _ => far::<32>(x, y, &mut self.open, moved),
            }
            self.looked_at = true;
        }
        for open in &mut self.open {
            let v = x[open.i as usize];
            let ties = y[open.low as usize..open.most as usize].iter().take_while(|w| moved(**w) == v).count();
            open.high = open.low + ties as u32;
        }
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
        let x = self.x;
        let mut settled = self.settled;
        self.open.retain(|open| {
            let one = open.least == open.most;
            if one {
                settled.add_one(Open { low: open.least, high: open.most, ..*open }, x);
            }
            !one
        });
        self.settled = settled;
    }
}

fn sums(exact: &Exact) -> Sums {
    // Each pair in which the canary is larger is counted once from either side.
    let sum = exact.doubled as f64 / 2.0;
    Sums { canary: (sum, exact.squares as f64 / 4.0), baseline: (sum, (2 * exact.weighted - exact.tied) as f64 / 4.0) }
}

/// The sums at one move. O(m log(n / m)) for m canary and n baseline values.
pub(super) fn at(x: &[f64], y: &[f64], by: Move) -> Sums {
    Between::new(x, y).at(by)
}

/// Places of canary values of which nothing is known: each is looked for upwards from the one before, in a few parts at
/// once, so that one part need not wait for the other.
fn far<const BLOCK: usize>(x: &[f64], y: &[f64], open: &mut [Open], moved: impl Fn(f64) -> f64) {
    const PARTS: usize = 4;
    let length = open.len().div_ceil(PARTS).max(1);
    let mut parts: Vec<(&mut [Open], usize)> = open.chunks_mut(length).map(|part| (part, 0)).collect();
    for k in 0..length {
        for (part, low) in &mut parts {
            let Some(open) = part.get_mut(k) else { continue };
            let v = x[open.i as usize];
            *low = first_not::<BLOCK>(y, *low, |w| moved(w) < v);
            open.low = *low as u32;
        }
    }
}

/// Places of canary values that have moved little since they were looked at last: most of them as far as those before.
fn near(x: &[f64], y: &[f64], open: &mut [Open], moved: impl Fn(f64) -> f64) {
    // One length for all, so that the processor foresees where a window ends.
    let pairs: u64 = open.iter().map(|open| u64::from(open.most - open.least)).sum();
    let length = match pairs / (open.len() as u64).max(1) {
        0..=4 => 8,
        5..=12 => 16,
        _ if y.len() <= 20_000 => 16,
        _ => 32,
    };
    // As far as the last value of the run before, for which no value of this run has to wait.
    const RUN: usize = 4;
    let mut shift = 0;
    for run in open.chunks_mut(RUN) {
        let mut last = shift;
        for open in run {
            let v = x[open.i as usize];
            let before = |w: f64| moved(w) < v;
            let (old, least, most) = (open.low as usize, open.least as usize, open.most as usize);
            let hint = old.saturating_add_signed(shift).saturating_sub(length / 2).clamp(least, most);
            let from = if most - least <= length { least } else { hint };
            let window = &y[from..(from + length).min(y.len())];
            let inside = window.iter().map(|&w| usize::from(before(w))).sum::<usize>();
            let low = if inside == 0 && from > least {
                // Not far below, most probably.
                let below = from.saturating_sub(4 * length).max(least);
                let start = if before(y[below]) { below } else { least };
                first_not::<16>(&y[..from], start, before)
            } else if inside == window.len() {
                first_not::<16>(&y[..most], from + inside, before)
            } else {
                from + inside
            };
            last = low as isize - old as isize;
            open.low = low as u32;
        }
        shift = last;
    }
}

/// The least higher move that makes a baseline's value, which lies below a canary's now, equal to it: there the sums
/// change next.
pub(super) fn next(x: &[f64], y: &[f64], by: Move) -> Option<f64> {
    let mut low = 0;
    let nearest = x.iter().filter_map(|&v| {
        low = first_not::<16>(y, low, |w| by.of(w) < v);
        Some(Move::between(by.scale, v, *y[..low].last()?))
    });
    nearest.reduce(f64::min)
}

/// The first place from `start` on at which `before`, which holds up to some place, no longer does.
///
/// Most places are near: a block is counted without a branch. Further ones are looked for by steps that double.
fn first_not<const BLOCK: usize>(y: &[f64], start: usize, before: impl Fn(f64) -> bool) -> usize {
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
        for (m, n) in [(1, 1), (3, 40), (40, 3), (25, 30), (40, 400), (40, 4000), (300, 110), (50, 25_000)] {
            let distinct = if m.max(n) < 100 { 17 } else { 9973 };
            let (x, y) = (arm(m, 251, distinct), arm(n, 5, distinct));
            for scale in [Scale::Difference, Scale::Ratio] {
                let by = |value: f64| Move { scale, value };
                let mut between = Between::new(&x, &y);
                assert_eq!((between.pairs(), between.first_pair()), ((m * n) as u64, Some((x[0], y[0]))));
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

    #[test]
    fn the_next_change_is_the_least_pair_not_yet_reached() {
        let (x, y) = ([1.0, 2.0, 4.0, 4.0], [1.0, 2.0, 3.0]);
        let by = |scale, value| Move { scale, value };
        // The ratios in order: 1/3, 1/2, 2/3, 1, 4/3, 2, 4.
        let ratios: Vec<f64> = [0.4, 0.9, 1.1, 1.5, 3.0].map(|v| next(&x, &y, by(Scale::Ratio, v)).unwrap()).into();
        assert_eq!(ratios, [0.5, 1.0, 4.0 / 3.0, 2.0, 4.0]);
        assert_eq!(next(&x, &y, by(Scale::Difference, 0.5)), Some(1.0));
        assert_eq!(next(&x, &y, by(Scale::Ratio, 5.0)), None);
    }
}
