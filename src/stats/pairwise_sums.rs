//! Exact order statistics of all pairwise sums of two sorted lists, without laying the sums out.
//!
//! Differences x - y and Walsh averages are such sums. Rounded addition is monotone in each argument, so the rounded sums
//! rise along rows and columns and can be counted below a threshold with one search a row (Johnson & Mizoguchi 1978).
//! Selection keeps a bracket of thresholds and the candidates between them, narrows it with a sample spread evenly over
//! the candidates, and ends by sorting out the last few. No randomness; the answer is the bit pattern that a full sort
//! would find.

use super::rank::{from_key, key};

/// Candidates sampled in one round.
const SAMPLE: u64 = 1024;

/// Rows from which the border of the sums is walked in parts.
const CHAINED_FROM: usize = 64;
/// Columns for each row up to which walking is quicker than searching.
const LONGER: usize = 8;

/// Which pairs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairs {
    /// Every row with every column.
    All,
    /// Rows and columns are one list, and each pair counts once, a value with itself included.
    Upper,
}

/// The sums of a short and a long ascending list.
#[derive(Debug, Clone)]
pub(crate) struct PairwiseSums {
    rows: Vec<f64>,
    columns: Vec<f64>,
    pairs: Pairs,
    /// Sums are of values divided by four when they could overflow.
    scale: f64,
}

impl PairwiseSums {
    /// All differences x - y of two ascending lists of finite values.
    pub(crate) fn differences(x: &[f64], y: &[f64]) -> PairwiseSums {
        let negated: Vec<f64> = y.iter().rev().map(|v| 0.0 - v).collect();
        if x.len() <= y.len() {
            PairwiseSums::new(x.to_vec(), negated, Pairs::All)
        } else {
            PairwiseSums::new(negated, x.to_vec(), Pairs::All)
        }
    }

    /// All sums of two values of one ascending list of finite values, twice the Walsh averages.
    pub(crate) fn walsh(values: &[f64]) -> PairwiseSums {
        PairwiseSums::new(values.to_vec(), values.to_vec(), Pairs::Upper)
    }

    fn new(mut rows: Vec<f64>, mut columns: Vec<f64>, pairs: Pairs) -> PairwiseSums {
        let largest = |v: &[f64]| v.first().map_or(0.0_f64, |a| a.abs()).max(v.last().map_or(0.0, |b| b.abs()));
        let overflows = (largest(&rows) + largest(&columns)).is_infinite();
        let scale = if overflows { 4.0 } else { 1.0 };
        if overflows {
            rows.iter_mut().chain(columns.iter_mut()).for_each(|v| *v *= 0.25);
        }
        PairwiseSums { rows, columns, pairs, scale }
    }

    /// How many sums there are.
    pub(crate) fn len(&self) -> u64 {
        let (rows, columns) = (self.rows.len() as u64, self.columns.len() as u64);
        match self.pairs {
            Pairs::All => rows * columns,
            Pairs::Upper => rows * (rows + 1) / 2,
        }
    }

    /// The k-th smallest sum, k from 1. Saturates at the largest f64 where the sum itself would be infinite.
    ///
    /// O(s log(l/s) + s + l) a round for lists of s and l values, about log(s l)/3 rounds.
    pub(crate) fn smallest(&self, k: u64) -> f64 {
        (self.select(k) * self.scale).clamp(-f64::MAX, f64::MAX)
    }

    /// The median: the mean of the two middle sums when their number is even.
    pub(crate) fn median(&self) -> f64 {
        let count = self.len();
        let low = self.select(count.div_ceil(2));
        let high = if count % 2 == 1 { low } else { self.next_after(low, count / 2 + 1) };
        // Halves of the smallest numbers round out of the pair.
        ((0.5 * low + 0.5 * high).clamp(low, high) * self.scale).clamp(-f64::MAX, f64::MAX)
    }

    fn first_column(&self, row: usize) -> usize {
        match self.pairs {
            Pairs::All => 0,
            Pairs::Upper => row,
        }
    }

    /// The k-th smallest sum, given that the (k-1)-th is `previous`.
    fn next_after(&self, previous: f64, k: u64) -> f64 {
        let mut upto = 0;
        let mut next = f64::INFINITY;
        let mut guess = self.columns.len();
        for (i, &row) in self.rows.iter().enumerate() {
            let left = self.first_column(i);
            let end = boundary(row, &self.columns, left, self.columns.len(), guess, previous);
            guess = end;
            upto += (end - left) as u64;
            if let Some(column) = self.columns.get(end) {
                next = next.min(row + column);
            }
        }
        if upto >= k { previous } else { next }
    }

    fn select(&self, k: u64) -> f64 {
        let mut state = Bracket::whole(self);
        loop {
            if state.low + 1 == state.high {
                // The key below zero is -0.0, which counts as zero.
                return from_key(state.high) + 0.0;
            }
            if state.candidates <= SAMPLE.max((self.rows.len() + self.columns.len()) as u64 / 8) {
                return state.sorted_out(self, k);
            }
            let before = state.candidates;
            let sample = state.sample(self);
            let share = (k - state.below) as f64 / state.candidates as f64;
            let middle = ((share * sample.len() as f64) as usize).min(sample.len() - 1);
            // An even spread over rows errs by less than a random one; two of its standard errors are enough mostly.
            let reach = (sample.len() as f64).sqrt() as usize;
            let (low, high) = (sample[middle.saturating_sub(reach)], sample[(middle + reach).min(sample.len() - 1)]);
            if low < high {
                state.narrow(self, k, low);
                if high < state.high && high > state.low {
                    state.narrow(self, k, high);
                }
            }
            if state.candidates > before / 2 {
                // Many equal sums: is the sample's own value the answer? Else halve the keys between the thresholds.
                let value = sample[middle];
                if value > state.low + 1 && value <= state.high {
                    state.narrow(self, k, value - 1);
                }
                if value > state.low && value < state.high {
                    state.narrow(self, k, value);
                }
                if state.high - state.low > 1 && state.candidates > before / 2 {
                    let halfway = state.low + (state.high - state.low) / 2;
                    state.narrow(self, k, halfway);
                }
            }
        }
    }
}

/// Thresholds, as keys, with fewer than k sums up to `low` and at least k up to `high`, and the columns between them.
struct Bracket {
    low: u64,
    high: u64,
    /// Sums up to `low`.
    below: u64,
    /// Sums above `low` and up to `high`.
    candidates: u64,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Bracket {
    fn whole(sums: &PairwiseSums) -> Bracket {
        let left: Vec<usize> = (0..sums.rows.len()).map(|i| sums.first_column(i)).collect();
        let right = vec![sums.columns.len(); sums.rows.len()];
        let (low, high) = match (sums.rows.first(), sums.columns.first(), sums.rows.last(), sums.columns.last()) {
            (Some(a), Some(b), Some(c), Some(d)) => (key(a + b) - 1, key(c + d)),
            _ => (0, 1),
        };
        Bracket { low, high, below: 0, candidates: sums.len(), left, right }
    }

    /// Moves one threshold to `pivot`, which lies between them.
    fn narrow(&mut self, sums: &PairwiseSums, k: u64, pivot: u64) {
        let threshold = from_key(pivot);
        let mut ends = Vec::with_capacity(self.left.len());
        let mut within = 0;
        if sums.rows.len() >= CHAINED_FROM && sums.columns.len() <= LONGER * sums.rows.len() {
            staircase(&sums.rows, &sums.columns, threshold, &mut ends);
            for ((end, &left), &right) in ends.iter_mut().zip(&self.left).zip(&self.right) {
                // Rows of which nothing is left keep their place.
                *end = (*end).min(right).max(left);
                within += (*end - left) as u64;
            }
        } else {
            let mut guess = sums.columns.len();
            for ((&row, &left), &right) in sums.rows.iter().zip(&self.left).zip(&self.right) {
                let end = boundary(row, &sums.columns, left, right, guess, threshold);
                guess = end;
                within += (end - left) as u64;
                ends.push(end);
            }
        }
        if self.below + within >= k {
            self.high = pivot;
            self.right = ends;
            self.candidates = within;
        } else {
            self.low = pivot;
            self.left = ends;
            self.below += within;
            self.candidates -= within;
        }
    }

    /// Keys of candidates spread evenly over all of them, sorted.
    fn sample(&self, sums: &PairwiseSums) -> Vec<u64> {
        let stride = self.candidates / SAMPLE;
        let mut next = stride / 2;
        let mut seen = 0;
        let mut sample = Vec::with_capacity(SAMPLE as usize + 2);
        // A step of the golden ratio inside each stride keeps columns from falling on a lattice.
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut turn = 0_u64;
        for ((&row, &left), &right) in sums.rows.iter().zip(&self.left).zip(&self.right) {
            let width = right.saturating_sub(left) as u64;
            while next < seen + width {
                sample.push(key(row + sums.columns[left + (next - seen) as usize]));
                turn = turn.wrapping_add(GOLDEN);
                let start = sample.len() as u64 * stride;
                next = (start + ((u128::from(turn) * u128::from(stride)) >> 64) as u64).max(next + 1);
            }
            seen += width;
        }
        sample.sort_unstable();
        sample
    }

    /// The k-th sum out of the few candidates.
    fn sorted_out(&self, sums: &PairwiseSums, k: u64) -> f64 {
        let mut keys = Vec::with_capacity(self.candidates as usize);
        for ((&row, &left), &right) in sums.rows.iter().zip(&self.left).zip(&self.right) {
            keys.extend(sums.columns[left..right.max(left)].iter().map(|column| key(row + column)));
        }
        let rank = (k - self.below - 1) as usize;
        from_key(*keys.select_nth_unstable(rank).1)
    }
}

/// For each row the number of columns whose sum with it is at most the threshold, by walking the border of the sums.
///
/// The border falls from the last column to the first as rows rise. A walk waits at each step for the comparison before,
/// so four parts of it are walked in turns.
fn staircase(rows: &[f64], columns: &[f64], threshold: f64, ends: &mut Vec<usize>) {
    const WALKS: usize = 4;
    ends.clear();
    ends.resize(rows.len(), 0);
    let mut at: [usize; WALKS] = std::array::from_fn(|w| rows.len() * w / WALKS);
    let last: [usize; WALKS] = std::array::from_fn(|w| rows.len() * (w + 1) / WALKS);
    let mut end = at.map(|row| columns.partition_point(|column| rows[row] + column <= threshold));
    // One step of a walk: to the next row where the sum before the border fits, else to the column before.
    let mut step = |at: &mut usize, end: &mut usize| {
        let beyond = *end > 0 && rows[*at] + columns[*end - 1] > threshold;
        ends[*at] = *end;
        *at += usize::from(!beyond);
        *end -= usize::from(beyond);
    };
    while (0..WALKS).all(|w| at[w] < last[w]) {
        for w in 0..WALKS {
            step(&mut at[w], &mut end[w]);
        }
    }
    for w in 0..WALKS {
        while at[w] < last[w] {
            step(&mut at[w], &mut end[w]);
        }
    }
}

/// The first column from `left` to `right` whose sum with `row` exceeds the threshold, searched outwards from a guess.
fn boundary(row: f64, columns: &[f64], left: usize, right: usize, guess: usize, threshold: f64) -> usize {
    if left >= right {
        return left;
    }
    let guess = guess.clamp(left, right - 1);
    let within = |j: usize| row + columns[j] <= threshold;
    let (mut low, mut high);
    if within(guess) {
        // The answer lies above the guess.
        (low, high) = (guess + 1, right);
        let mut stride = 1;
        while low + stride <= right {
            if !within(low + stride - 1) {
                high = low + stride - 1;
                break;
            }
            low += stride;
            stride *= 2;
        }
    } else {
        (low, high) = (left, guess);
        let mut stride = 1;
        while high >= left + stride {
            if within(high - stride) {
                low = high - stride + 1;
                break;
            }
            high -= stride;
            stride *= 2;
        }
    }
    low + columns[low..high].partition_point(|column| row + column <= threshold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::rank::sorted;

    fn check(x: &[f64], y: &[f64]) {
        let (x, y) = (sorted(x), sorted(y));
        let mut all: Vec<f64> = x.iter().flat_map(|a| y.iter().map(move |b| a - b)).collect();
        all.sort_by(f64::total_cmp);
        let sums = PairwiseSums::differences(&x, &y);
        assert_eq!(sums.len(), all.len() as u64);
        let count = all.len();
        for k in [1, 2, count / 40, count / 3, count / 2, count / 2 + 1, count * 99 / 100, count - 1, count] {
            let k = k.clamp(1, count);
            assert_eq!(sums.smallest(k as u64), all[k - 1], "{k} of {count}");
        }
        let (low, high) = (all[(count - 1) / 2], all[count / 2]);
        assert_eq!(sums.median(), (0.5 * low + 0.5 * high).clamp(low, high));
    }

    fn check_walsh(x: &[f64]) {
        let x = sorted(x);
        let mut all: Vec<f64> =
            (0..x.len()).flat_map(|i| x[i..].iter().map(move |b| (i, b))).map(|(i, b)| x[i] + b).collect();
        all.sort_by(f64::total_cmp);
        let sums = PairwiseSums::walsh(&x);
        assert_eq!(sums.len(), all.len() as u64);
        for k in [1, all.len() / 7 + 1, all.len() / 2 + 1, all.len()] {
            assert_eq!(sums.smallest(k as u64), all[k - 1]);
        }
    }

    /// A deterministic stream of values of a kind.
    fn values(kind: u64, n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1;
        (0..n)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let u = (state >> 11) as f64 / (1_u64 << 53) as f64;
                match kind {
                    0 => u,
                    1 => (9.0 * u).floor(),
                    2 => -(1.0 - u).ln().abs().powi(5),
                    3 => 1e300 * (u - 0.5),
                    4 => 5e-324 * (u * 7.0).floor(),
                    5 => 10_f64.powf(600.0 * u - 300.0),
                    6 => 1e9 + u,
                    _ => f64::from(u > 0.9),
                }
            })
            .collect()
    }

    #[test]
    fn selection_agrees_with_a_full_sort() {
        let mut seed = 1;
        for kind in 0..8 {
            for (m, n) in [(1, 1), (1, 7), (3, 2), (40, 60), (200, 30), (7, 2000), (150, 151)] {
                seed += 1;
                check(&values(kind, m, seed), &values(kind, n, seed + 1000));
                check(&values(kind, m, seed), &values((kind + 3) % 8, n, seed + 1000));
            }
            for n in [1, 2, 5, 130] {
                check_walsh(&values(kind, n, seed + 5000));
            }
        }
    }

    #[test]
    fn zero_has_no_sign() {
        let values: Vec<f64> = (0..90).map(|i| f64::from(i % 3)).collect();
        let median = PairwiseSums::differences(&values, &values).median();
        assert!(median == 0.0 && median.is_sign_positive());
    }

    #[test]
    fn differences_beyond_the_largest_number_saturate() {
        let sums = PairwiseSums::differences(&[1.5e308], &[-1.5e308]);
        assert_eq!(sums.median(), f64::MAX);
        let sums = PairwiseSums::differences(&[-1e308, 1e308], &[-1e308, 1e308]);
        assert_eq!(sums.median(), 0.0);
    }
}
