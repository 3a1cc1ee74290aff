//! Ranks of two arms: each arm sorted once, then everything that a rank test needs in one merge.
//!
//! Values are sorted as order-preserving u64 keys, which is twice as fast as comparing floats. -0.0 and 0.0 are one
//! value; ties are exact equality, never a tolerance. Infinite values are legal: a request that timed out is slower than
//! every other. NaN is not a value.

use super::Unanswerable;
use crate::arms::Arm;

mod lattice;
mod order;
mod sweep;

use lattice::Lattice;
pub(crate) use sweep::{Peak, Sweep};

/// Values from which counting on a grid pays.
const COUNT_FROM: usize = 512;

/// The order of f64 as an order of u64, with -0.0 taken as 0.0.
pub(crate) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The value of a key.
pub(crate) fn from_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The values in ascending order, -0.0 as 0.0; none may be NaN.
///
/// O(n) for values spread out, on a grid or in order, O(n log n) at worst.
///
/// ```
/// use serinus::stats::rank::sorted;
/// assert_eq!(sorted(&[3.0, f64::NEG_INFINITY, 1.0]), [f64::NEG_INFINITY, 1.0, 3.0]);
/// ```
pub fn sorted(values: &[f64]) -> Vec<f64> {
    match counted(values) {
        Some(sorted) => sorted,
        None => by_keys(values.iter().map(|&v| key(v)).collect(), &mut Vec::new()),
    }
}

/// [`sorted`] in the memory of the values, with `scratch` beside it.
pub(crate) fn sorted_in_place(values: Vec<f64>, scratch: &mut Vec<u64>) -> Vec<f64> {
    match counted(&values) {
        Some(sorted) => sorted,
        None => by_keys(values.into_iter().map(key).collect(), scratch),
    }
}

fn by_keys(mut keys: Vec<u64>, scratch: &mut Vec<u64>) -> Vec<f64> {
    order::sort(&mut keys, scratch);
    keys.into_iter().map(from_key).collect()
}

/// The values in ascending order by counting them on a grid of at most as many cells; `None` when they lie on none.
fn counted(values: &[f64]) -> Option<Vec<f64>> {
    if values.len() < COUNT_FROM || values.len() > u32::MAX as usize {
        return None;
    }
    let lattice = Lattice::find(&[values], values.len())?;
    let counts = lattice.count(values)?;
    let mut sorted = Vec::with_capacity(values.len());
    for (cell, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        sorted.extend(std::iter::repeat_n(lattice.value(cell), count as usize));
    }
    Some(sorted)
}

/// Keys in ascending order with the places of their values, equal ones in the order given. At most 2^32 values.
pub(crate) fn order_of(values: &[f64]) -> Vec<(u64, u32)> {
    let mut order: Vec<(u64, u32)> = values.iter().zip(0..).map(|(&v, i)| (key(v), i)).collect();
    order::sort(&mut order, &mut Vec::new());
    order
}

/// Ranks from 1 in the order given, tied values sharing the mean of their ranks. None of the values may be NaN.
///
/// O(n log n).
///
/// ```
/// use serinus::stats::rank::midranks;
/// assert_eq!(midranks(&[10.0, 20.0, 10.0]), [1.5, 3.0, 1.5]);
/// ```
pub fn midranks(values: &[f64]) -> Vec<f64> {
    let order = order_of(values);
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = start as f64 + 0.5 * (run.len() + 1) as f64;
        for &(_, i) in run {
            ranks[i as usize] = rank;
        }
        start += run.len();
    }
    ranks
}

/// t^3 - t for a run of t equal values, exact.
pub(crate) fn cubic(t: u64) -> u128 {
    let t = u128::from(t);
    t * t * t - t
}

/// Sum of t^3 - t over the runs of equal values in a sorted slice.
pub(crate) fn tie_term(sorted: &[f64]) -> u128 {
    sorted.chunk_by(|a, b| a == b).map(|run| cubic(run.len() as u64)).sum()
}

/// The largest distance between two empirical distribution functions on one side, and where it is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// The distance times m n, exact.
    pub times_mn: u128,
    /// The smallest value after which the distance is reached; `None` when it is zero.
    pub location: Option<f64>,
}

/// What one merge of two sorted arms tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merged {
    /// Values in the canary (x).
    pub m: u64,
    /// Values in the baseline (y).
    pub n: u64,
    /// Twice Mann and Whitney's U of x: 2 for each pair with x > y and 1 for each tied pair. Exact.
    pub twice_u: u128,
    /// Sum of t^3 - t over the runs of equal pooled values.
    pub tie_term: u128,
    /// The same over the runs inside x and inside y, without ties across the arms.
    pub tie_term_within: u128,
    /// F_x above F_y: x tends to be smaller (Kolmogorov-Smirnov D+).
    pub ks_plus: Gap,
    /// F_x below F_y: x tends to be larger (Kolmogorov-Smirnov D-).
    pub ks_minus: Gap,
}

impl Merged {
    /// Pairs of one canary and one baseline value.
    pub fn pairs(&self) -> u128 {
        u128::from(self.m) * u128::from(self.n)
    }

    /// P(X > Y) + P(X = Y)/2 in the sample: U/(m n).
    pub fn superiority(&self) -> f64 {
        self.twice_u as f64 / (2 * self.pairs()) as f64
    }

    /// Whether any two pooled values are equal.
    pub fn tied(&self) -> bool {
        self.tie_term > 0
    }

    /// N^3 - N minus the tie term, exact: zero when all pooled values are equal.
    pub(crate) fn untied(&self) -> u128 {
        cubic(self.m + self.n) - self.tie_term
    }
}

/// Both arms in order, checked and sorted once, for every rank test of the same data.
///
/// ```
/// use serinus::stats::rank::SortedArms;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let arms = SortedArms::new("mann_whitney", &[3.0, 1.0], &[2.0, 1.0, 0.0])?;
/// let merged = arms.merge();
/// assert_eq!((merged.twice_u, merged.tie_term), (9, 6));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SortedArms {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl SortedArms {
    /// Sorts both arms; `test` is named in the errors.
    ///
    /// # Errors
    /// [`Unanswerable::TooFew`] for an empty arm, [`Unanswerable::NonFinite`] for a NaN.
    pub fn new(test: &'static str, x: &[f64], y: &[f64]) -> Result<SortedArms, Unanswerable> {
        check(test, x, y)?;
        Ok(SortedArms { x: sorted(x), y: sorted(y) })
    }

    /// Sorts both arms in their own memory, with one arm's size beside it.
    pub(crate) fn of_owned(
        test: &'static str,
        x: Vec<f64>,
        y: Vec<f64>,
        scratch: &mut Vec<u64>,
    ) -> Result<SortedArms, Unanswerable> {
        check(test, &x, &y)?;
        Ok(SortedArms { x: sorted_in_place(x, scratch), y: sorted_in_place(y, scratch) })
    }

    /// The memory of both arms, to be used again.
    pub(crate) fn into_parts(self) -> (Vec<f64>, Vec<f64>) {
        (self.x, self.y)
    }

    /// The canary in ascending order.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// The baseline in ascending order.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// The arms as they are but for a shift of the canary. Ties are found anew among the rounded values.
    ///
    /// Rounding never turns an order around, so nothing is sorted again.
    pub(crate) fn with_canary_shifted(&self, shift: f64) -> SortedArms {
        SortedArms { x: self.x.iter().map(|v| v + shift + 0.0).collect(), y: self.y.clone() }
    }

    /// The arms as they are but for a positive factor on the baseline.
    pub(crate) fn with_baseline_scaled(&self, factor: f64) -> SortedArms {
        SortedArms { x: self.x.clone(), y: self.y.iter().map(|v| v * factor + 0.0).collect() }
    }

    /// U, tie terms and both Kolmogorov-Smirnov distances in one pass. O(m + n).
    pub fn merge(&self) -> Merged {
        merge(&self.x, &self.y)
    }
}

/// Refuses an empty arm and NaN.
fn check(test: &'static str, x: &[f64], y: &[f64]) -> Result<(), Unanswerable> {
    for (arm, values) in [(Arm::Canary, x), (Arm::Baseline, y)] {
        if values.is_empty() {
            return Err(Unanswerable::TooFew { test, what: "values", arm, needed: 1, found: 0 });
        }
        if has_nan(values)
            && let Some(index) = values.iter().position(|v| v.is_nan())
        {
            return Err(Unanswerable::NonFinite { test, arm, index, value: values[index] });
        }
    }
    Ok(())
}

/// Whether any value is NaN, without a branch for each.
fn has_nan(values: &[f64]) -> bool {
    values.chunks(1024).any(|chunk| chunk.iter().fold(false, |seen, v| seen | v.is_nan()))
}

/// Both arms in one pass, counted on a common grid; `None` when they lie on none or are few.
///
/// An empty arm and NaN are refused. O(N), without sorting.
pub(crate) fn counted_sweep(test: &'static str, x: &[f64], y: &[f64]) -> Result<Option<Sweep>, Unanswerable> {
    check(test, x, y)?;
    let total = x.len() + y.len();
    if total < COUNT_FROM {
        return Ok(None);
    }
    let counts = || {
        let mut sweep = Sweep::new(x.len(), y.len())?;
        let lattice = Lattice::find(&[x, y], total)?;
        let (a, b) = (lattice.count(x)?, lattice.count(y)?);
        for (cell, (&a, &b)) in a.iter().zip(&b).enumerate().filter(|(_, (a, b))| **a + **b > 0) {
            sweep.group(lattice.value(cell), a as usize, b as usize);
        }
        Some(sweep)
    };
    Ok(counts())
}

impl From<&Sweep> for Merged {
    fn from(sweep: &Sweep) -> Merged {
        let gap = |peak: &Peak| {
            let times_mn = peak.times_mn.max(0) as u128;
            Gap { times_mn, location: (times_mn > 0).then_some(peak.first) }
        };
        let (m, n) = sweep.sizes();
        Merged {
            m,
            n,
            twice_u: u128::from(sweep.twice_u),
            tie_term: sweep.tie_term,
            tie_term_within: sweep.tie_term_within,
            ks_plus: gap(&sweep.above),
            ks_minus: gap(&sweep.below),
        }
    }
}

/// One pass over two sorted slices.
pub(crate) fn merge(x: &[f64], y: &[f64]) -> Merged {
    match Sweep::of(x, y) {
        Some(sweep) => Merged::from(&sweep),
        None => merge_by_runs(x, y),
    }
}

/// The pass for arms whose product of sizes is beyond [`Sweep`], in wide integers.
fn merge_by_runs(x: &[f64], y: &[f64]) -> Merged {
    let (m, n) = (x.len() as i128, y.len() as i128);
    let (mut i, mut j) = (0, 0);
    let mut merged = Merged {
        m: x.len() as u64,
        n: y.len() as u64,
        twice_u: 0,
        tie_term: 0,
        tie_term_within: 0,
        ks_plus: Gap { times_mn: 0, location: None },
        ks_minus: Gap { times_mn: 0, location: None },
    };
    while i < x.len() || j < y.len() {
        let value = match (x.get(i), y.get(j)) {
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
        let a = run(&x[i..], value);
        let b = run(&y[j..], value);
        merged.twice_u += a as u128 * (2 * j + b) as u128;
        if a + b > 1 {
            merged.tie_term += cubic((a + b) as u64);
            merged.tie_term_within += cubic(a as u64) * u128::from(a > 0) + cubic(b as u64) * u128::from(b > 0);
        }
        i += a;
        j += b;
        let gap = i as i128 * n - j as i128 * m;
        let side = if gap >= 0 { &mut merged.ks_plus } else { &mut merged.ks_minus };
        if gap.unsigned_abs() > side.times_mn {
            *side = Gap { times_mn: gap.unsigned_abs(), location: Some(value) };
        }
    }
    merged
}

/// How many leading values equal `value`.
fn run(sorted: &[f64], value: f64) -> usize {
    sorted.iter().take_while(|v| **v == value).count()
}

/// Placements: for each sorted x the number of y below it plus half of those equal, doubled; and the same for y.
///
/// O(m + n).
pub(crate) fn doubled_placements(x: &[f64], y: &[f64]) -> (Vec<u64>, Vec<u64>) {
    (placements_of(x, y), placements_of(y, x))
}

fn placements_of(x: &[f64], y: &[f64]) -> Vec<u64> {
    let mut placements = Vec::with_capacity(x.len());
    let (mut below, mut upto) = (0, 0);
    for &value in x {
        while below < y.len() && y[below] < value {
            below += 1;
        }
        upto = upto.max(below);
        while upto < y.len() && y[upto] == value {
            upto += 1;
        }
        placements.push((below + upto) as u64);
    }
    placements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_and_join_the_zeros() {
        let ascending = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300, f64::INFINITY];
        assert!(ascending.windows(2).all(|w| key(w[0]) < key(w[1])));
        assert!(ascending.iter().all(|&v| from_key(key(v)) == v));
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn the_radix_sort_sorts() {
        let values: Vec<f64> = (0..5000_i64).map(|i| ((i * 7919) % 4999 - 2500) as f64 * 1e-7).collect();
        let mut expected = values.clone();
        expected.sort_by(f64::total_cmp);
        let found = sorted(&values);
        assert!(found.iter().zip(&expected).all(|(a, b)| a == b));
    }

    #[test]
    fn a_merge_agrees_with_all_pairs() {
        let x = [1.0, 2.0, 2.0, 5.0, 9.0];
        let y = [0.0, 2.0, 2.0, 2.0, 5.0, 7.0, 8.0];
        let mut twice_u = 0;
        for a in x {
            for b in y {
                twice_u += if a > b { 2 } else { u128::from(a == b) };
            }
        }
        let merged = merge(&x, &y);
        assert_eq!(merged.twice_u, twice_u);
        assert_eq!(merged.tie_term, (125 - 5) + (8 - 2));
        assert_eq!(merged.tie_term_within, (8 - 2) + (27 - 3));
        // In units of 1/35: F_x - F_y is 28 - 25 after 5, and 28 - 35 after 8.
        assert_eq!(merged.ks_minus, Gap { times_mn: 7, location: Some(8.0) });
        assert_eq!(merged.ks_plus, Gap { times_mn: 3, location: Some(5.0) });
    }

    #[test]
    fn every_way_through_two_arms_finds_the_same() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64
        };
        // Continuous; with a few ties across the arms; with many ties; apart; one arm much smaller.
        for (m, n, grid, shift) in [
            (1500, 1700, 0.0, 0.0),
            (1500, 1700, 0.0, 3e7),
            (3000, 2000, 500.0, 0.0),
            (700, 900, 1e8, 0.0),
            (600, 800, 0.0, 1e10),
            (3, 4000, 0.0, 0.0),
            (4000, 2, 0.0, 0.0),
            (1, 600, 0.0, -1e10),
        ] {
            let mut arm = |n: usize, shift: f64| -> Vec<f64> {
                let on = |v: f64| if grid > 0.0 { (v / grid).floor() * grid } else { v + 0.1 };
                (0..n).map(|_| on(next()) + shift).collect()
            };
            let (x, y) = (arm(m, shift), arm(n, 0.0));
            let (sx, sy) = (sorted(&x), sorted(&y));
            assert!(sx.is_sorted() && sy.is_sorted() && sx.len() == m);
            let expected = merge_by_runs(&sx, &sy);
            assert_eq!(merge(&sx, &sy), expected, "{m} {n} {grid} {shift}");
            let counted = counted_sweep("test", &x, &y).unwrap();
            assert!(counted.is_none_or(|s| Merged::from(&s) == expected));
        }
        let tenths = |k: i32| (0..3000).map(|i| f64::from((i * k) % 1999) / 10.0).collect::<Vec<f64>>();
        let (x, y) = (tenths(7), tenths(11));
        let counted = counted_sweep("test", &x, &y).unwrap().expect("tenths are counted");
        assert_eq!(Merged::from(&counted), merge_by_runs(&sorted(&x), &sorted(&y)));
    }

    #[test]
    fn the_first_of_equal_gaps_is_found_wherever_a_pass_begins() {
        let mut stream = crate::stats::rng::Stream::new(1, "gaps", 0);
        for total in [300, 1000, 3000, 3002] {
            for _ in 0..40 {
                // Runs of one arm and then as many of the other: the gap rises and falls and comes back, again and again.
                let (mut x, mut y) = (Vec::new(), Vec::new());
                while x.len() + y.len() < total {
                    let run = 1 + stream.below(6);
                    let x_first = stream.below(2) == 0;
                    for k in 0..2 * run {
                        let value = (x.len() + y.len()) as f64;
                        if (k < run) == x_first { x.push(value) } else { y.push(value) }
                    }
                }
                assert_eq!(merge(&x, &y), merge_by_runs(&x, &y), "{total}");
            }
        }
    }

    #[test]
    fn arms_sorted_in_their_own_memory_are_the_same() {
        let values: Vec<f64> = (0..5000_i64).map(|i| ((i * 7919) % 4999 - 2500) as f64 * 1e-7).collect();
        assert_eq!(sorted_in_place(values.clone(), &mut Vec::new()), sorted(&values));
        // Many keys that agree in their first bits, among a few that do not.
        let clustered: Vec<f64> =
            values.iter().enumerate().map(|(i, v)| if i % 500 == 0 { 1e300 } else { 1.0 + v * 1e-6 }).collect();
        let mut expected = clustered.clone();
        expected.sort_by(f64::total_cmp);
        assert_eq!(sorted(&clustered), expected);
    }

    #[test]
    fn placements_sum_to_u() {
        let x = [1.0, 2.0, 2.0, 5.0, 9.0];
        let y = [0.0, 2.0, 2.0, 2.0, 5.0, 7.0, 8.0];
        let (p, q) = doubled_placements(&x, &y);
        let twice_u = merge(&x, &y).twice_u as u64;
        assert_eq!(p.iter().sum::<u64>(), twice_u);
        assert_eq!(q.iter().sum::<u64>(), 70 - twice_u);
    }

    #[test]
    fn ranks_of_ties_are_shared() {
        assert_eq!(midranks(&[2.0, -0.0, 0.0, 2.0, 2.0]), [4.0, 1.5, 1.5, 4.0, 4.0]);
        assert!(midranks(&[]).is_empty());
    }
}
