//! One pass over two sorted arms: U, ties and both Kolmogorov-Smirnov distances, with their places.
//!
//! Where no two pooled values are equal the pass runs as four chains from four places of the merged order at once, since
//! a single chain waits for the last comparison before it knows what to load next. Each chain looks at blocks of values
//! and keeps a block's extremes only; the places are found afterwards in the few blocks that can hold them. The first
//! equal values send the pass back to go run by run, which ties make quick.

use super::cubic;

/// Products of the sizes up to here: gaps times m n are exact, and two different ones differ in f64 too.
const MOST_PAIRS: u128 = 100_000_000_000_000;
/// Pooled values from which chains pay.
const CHAINS_FROM: usize = 256;
/// Chains at once.
const CHAINS: usize = 4;
/// Pooled values from which blocks are long and the gap is looked at now and then: with fewer, too many blocks could hold
/// the extremes.
const LONG_FROM: usize = 1_024;

/// The largest gap between the distribution functions on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Peak {
    /// |F_x - F_y| times m n.
    pub times_mn: i64,
    /// The smallest value after which it is reached.
    pub first: f64,
    /// F_x - F_y as two divisions and a difference give it, the largest of the roundings that occur.
    pub difference: f64,
    /// The smallest value after which that rounding occurs.
    pub value: f64,
}

impl Peak {
    const NONE: Peak = Peak { times_mn: i64::MIN, first: 0.0, difference: 0.0, value: 0.0 };
}

/// What a pass found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sweep {
    m: usize,
    n: usize,
    i: usize,
    j: usize,
    pub twice_u: u64,
    pub tie_term: u128,
    pub tie_term_within: u128,
    /// F_x above F_y.
    pub above: Peak,
    /// F_x below F_y.
    pub below: Peak,
}

impl Sweep {
    /// A pass that has seen nothing yet; `None` for arms too large for it.
    pub(crate) fn new(m: usize, n: usize) -> Option<Sweep> {
        (m as u128 * n as u128 <= MOST_PAIRS && m.max(n) <= u32::MAX as usize).then_some(Sweep {
            m,
            n,
            i: 0,
            j: 0,
            twice_u: 0,
            tie_term: 0,
            tie_term_within: 0,
            above: Peak::NONE,
            below: Peak::NONE,
        })
    }

    /// Values in x and in y.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.m as u64, self.n as u64)
    }

    /// Both arms in ascending order; `None` when they are too large.
    pub(crate) fn of(x: &[f64], y: &[f64]) -> Option<Sweep> {
        let sweep = Sweep::new(x.len(), y.len())?;
        if x.len() + y.len() >= CHAINS_FROM
            && !has_repeats(x)
            && !has_repeats(y)
            && let Some(found) =
                if x.len() + y.len() < LONG_FROM { sweep.untied::<16, 1>(x, y) } else { sweep.untied::<128, 16>(x, y) }
        {
            return Some(found);
        }
        Some(sweep.by_runs(x, y))
    }

    /// Takes in the next distinct value: `a` times in x and `b` times in y, not both 0.
    #[inline]
    pub(crate) fn group(&mut self, value: f64, a: usize, b: usize) {
        self.twice_u += a as u64 * (2 * self.j + b) as u64;
        if a + b > 1 {
            self.tie_term += cubic((a + b) as u64);
            self.tie_term_within += cubic(a.max(1) as u64) + cubic(b.max(1) as u64);
        }
        self.i += a;
        self.j += b;
        self.note(value, self.i, self.j);
    }

    /// Both functions have just stepped to i/m and j/n at `value`.
    #[inline]
    fn note(&mut self, value: f64, i: usize, j: usize) {
        let gap = i as i64 * self.n as i64 - j as i64 * self.m as i64;
        if gap >= self.above.times_mn {
            let difference = i as f64 / self.m as f64 - j as f64 / self.n as f64;
            raise(&mut self.above, gap, difference, difference, value);
        }
        if -gap >= self.below.times_mn {
            let difference = i as f64 / self.m as f64 - j as f64 / self.n as f64;
            raise(&mut self.below, -gap, difference, -difference, value);
        }
    }

    fn by_runs(mut self, x: &[f64], y: &[f64]) -> Sweep {
        while self.i < self.m || self.j < self.n {
            let value = match (x.get(self.i), y.get(self.j)) {
                (Some(&a), Some(&b)) => {
                    if a < b {
                        a
                    } else {
                        b
                    }
                }
                (Some(&a), None) => a,
                (None, Some(&b)) => b,
                (None, None) => break,
            };
            let a = run(&x[self.i..], value);
            let b = run(&y[self.j..], value);
            self.group(value, a, b);
        }
        self
    }

    /// The pass by chains, in blocks of `BLOCK` steps with a look at the gap every `STRIDE`; `None` as soon as a value is
    /// in both arms.
    fn untied<const BLOCK: usize, const STRIDE: usize>(mut self, x: &[f64], y: &[f64]) -> Option<Sweep> {
        let total = self.m + self.n;
        let mut chains: [Chain; CHAINS] = std::array::from_fn(|c| Chain::at(x, y, total * c / CHAINS));
        let (m, n) = (self.m as i64, self.n as i64);
        let mut blocks = Vec::with_capacity(CHAINS * (total / CHAINS).div_ceil(BLOCK) + CHAINS);
        for done in (0..total / CHAINS).step_by(BLOCK) {
            let steps = BLOCK.min(total / CHAINS - done);
            blocks.extend(four::<STRIDE>(&mut chains, x, y, m, n, steps));
            if chains.iter().any(|c| c.equal) {
                return None;
            }
        }
        for (c, chain) in chains.iter_mut().enumerate() {
            if chain.i + chain.j < total * (c + 1) / CHAINS {
                blocks.push(chain.last(x, y, m, n));
            }
            if chain.equal {
                return None;
            }
        }
        self.twice_u = 2 * chains.iter().map(|c| c.below).sum::<u64>();
        let (high, low) = blocks.iter().fold((i64::MIN, i64::MAX), |(h, l), b: &Block| (h.max(b.high), l.min(b.low)));
        // In the merged order, so that the first of equal gaps is met first.
        blocks.sort_unstable_by_key(|b| b.i + b.j);
        for block in blocks.iter().filter(|b| b.high + b.reach >= high || b.low - b.reach <= low) {
            let mut at = Chain { i: block.i, j: block.j, ..Chain::default() };
            for _ in 0..block.steps {
                let value = at.step(x, y);
                self.note(value, at.i, at.j);
            }
        }
        Some(self)
    }
}

/// `size` is the outward side of `difference`.
#[inline]
fn raise(peak: &mut Peak, gap: i64, difference: f64, size: f64, value: f64) {
    if gap > peak.times_mn {
        *peak = Peak { times_mn: gap, first: value, difference, value };
    } else if size > peak.difference.abs() {
        (peak.difference, peak.value) = (difference, value);
    }
}

/// A place in the merged order, y first among equals.
#[derive(Debug, Clone, Copy, Default)]
struct Chain {
    i: usize,
    j: usize,
    /// Sum over the x passed of the y before them.
    below: u64,
    equal: bool,
}

/// Where a block starts, the extremes of the gap times m n that were seen in it, and how far it can have gone beyond.
#[derive(Debug, Clone, Copy)]
struct Block {
    i: usize,
    j: usize,
    steps: usize,
    high: i64,
    low: i64,
    reach: i64,
}

impl Chain {
    /// The place after `passed` pooled values.
    fn at(x: &[f64], y: &[f64], passed: usize) -> Chain {
        let (mut low, mut high) = (passed.saturating_sub(y.len()), passed.min(x.len()));
        while low < high {
            let i = (low + high) / 2;
            // With i of x passed, the next x comes before the last y that is passed with it.
            if x[i] < y[passed - i - 1] { low = i + 1 } else { high = i }
        }
        Chain { i: low, j: passed - low, ..Chain::default() }
    }

    /// One step, and the value passed.
    fn step(&mut self, x: &[f64], y: &[f64]) -> f64 {
        match (x.get(self.i), y.get(self.j)) {
            (Some(&a), Some(&b)) => {
                self.equal |= a == b;
                if b <= a { self.pass_y(b) } else { self.pass_x(a) }
            }
            (Some(&a), None) => self.pass_x(a),
            (None, Some(&b)) => self.pass_y(b),
            (None, None) => 0.0,
        }
    }

    fn pass_x(&mut self, value: f64) -> f64 {
        self.below += self.j as u64;
        self.i += 1;
        value
    }

    fn pass_y(&mut self, value: f64) -> f64 {
        self.j += 1;
        value
    }

    /// The step by which this chain is longer than others.
    fn last(&mut self, x: &[f64], y: &[f64], m: i64, n: i64) -> Block {
        let (i, j) = (self.i, self.j);
        self.step(x, y);
        let gap = self.i as i64 * n - self.j as i64 * m;
        Block { i, j, steps: 1, high: gap, low: gap, reach: 0 }
    }
}

/// A block of each chain, step by step in turns. No chain goes beyond the merged order.
///
/// The gap is looked at after every `STRIDE` steps only; what it can have reached in between is added to the bounds.
fn four<const STRIDE: usize>(
    chains: &mut [Chain; CHAINS],
    x: &[f64],
    y: &[f64],
    m: i64,
    n: i64,
    steps: usize,
) -> [Block; CHAINS] {
    let starts = *chains;
    let mut i = starts.map(|c| c.i);
    let mut j = starts.map(|c| c.j);
    let mut below = [0usize; CHAINS];
    let mut equal = false;
    let (mut high, mut low) = ([i64::MIN; CHAINS], [i64::MAX; CHAINS]);
    // Beyond an arm's end stands infinity, which no smaller value passes; an infinite value counts as equal to it.
    let at = |arm: &[f64], k: usize| arm.get(k).copied().unwrap_or(f64::INFINITY);
    for done in (0..steps).step_by(STRIDE) {
        for _ in 0..STRIDE.min(steps - done) {
            for c in 0..CHAINS {
                let (a, b) = (at(x, i[c]), at(y, j[c]));
                let from_x = usize::from(a < b);
                equal |= a == b;
                below[c] += j[c] & from_x.wrapping_neg();
                i[c] += from_x;
                j[c] += 1 - from_x;
            }
        }
        for c in 0..CHAINS {
            let gap = i[c] as i64 * n - j[c] as i64 * m;
            high[c] = high[c].max(gap);
            low[c] = low[c].min(gap);
        }
    }
    std::array::from_fn(|c| {
        let start = starts[c];
        chains[c] = Chain { i: i[c], j: j[c], below: start.below + below[c] as u64, equal };
        if STRIDE == 1 {
            // Every gap was looked at.
            return Block { i: start.i, j: start.j, steps, high: high[c], low: low[c], reach: 0 };
        }
        let at = start.i as i64 * n - start.j as i64 * m;
        // Between two looks the gap rises by steps of n and falls by steps of m.
        let reach = STRIDE as i64 * m * n / (m + n);
        Block { i: start.i, j: start.j, steps, high: high[c].max(at), low: low[c].min(at), reach }
    })
}

/// Whether a value occurs twice in an ascending slice.
fn has_repeats(sorted: &[f64]) -> bool {
    /// Pairs that are compared before anything is asked of them.
    const LOOK: usize = 128;
    let (Some(all_but_last), Some(all_but_first)) = (sorted.get(..sorted.len().saturating_sub(1)), sorted.get(1..))
    else {
        return false;
    };
    let pairs = all_but_last.chunks(LOOK).zip(all_but_first.chunks(LOOK));
    pairs.into_iter().any(|(a, b)| a.iter().zip(b).fold(false, |seen, (a, b)| seen | (a == b)))
}

/// How many leading values equal `value`.
fn run(sorted: &[f64], value: f64) -> usize {
    sorted.iter().take_while(|v| **v == value).count()
}
