//! Ranks of two arms: each arm sorted once, then everything that a rank test needs in one merge.
//!
//! Values are sorted as order-preserving u64 keys, which is twice as fast as comparing floats. -0.0 and 0.0 are one
//! value; ties are exact equality, never a tolerance. Infinite values are legal: a request that timed out is slower than
//! every other. NaN is not a value.

use super::Unanswerable;
use crate::arms::Arm;

/// Number of values from which a radix sort beats the comparison sort on continuous data.
const RADIX_FROM: usize = 2048;

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
/// O(n log n); O(n) for data in order.
///
/// ```
/// use serinus::stats::rank::sorted;
/// assert_eq!(sorted(&[3.0, f64::NEG_INFINITY, 1.0]), [f64::NEG_INFINITY, 1.0, 3.0]);
/// ```
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut keys: Vec<u64> = values.iter().map(|&v| key(v)).collect();
    if !keys.is_sorted() {
        if keys.len() >= RADIX_FROM { radix_sort(&mut keys) } else { keys.sort_unstable() }
    }
    keys.into_iter().map(from_key).collect()
}

/// Least-significant-digit radix sort, 11 bits a pass; passes in which all keys agree are left out.
fn radix_sort(keys: &mut Vec<u64>) {
    const BITS: usize = 11;
    const BUCKETS: usize = 1 << BITS;
    const PASSES: usize = 6;
    let digit = |key: u64, pass: usize| (key >> (BITS * pass)) as usize & (BUCKETS - 1);
    let mut counts = vec![[0usize; BUCKETS]; PASSES];
    for &key in keys.iter() {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[digit(key, pass)] += 1;
        }
    }
    let mut scratch = vec![0u64; keys.len()];
    for (pass, count) in counts.iter_mut().enumerate() {
        if count.contains(&keys.len()) {
            continue;
        }
        let mut start = 0;
        for slot in count.iter_mut() {
            start += std::mem::replace(slot, start);
        }
        for &key in keys.iter() {
            let slot = &mut count[digit(key, pass)];
            scratch[*slot] = key;
            *slot += 1;
        }
        std::mem::swap(keys, &mut scratch);
    }
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
    let mut order: Vec<(u64, usize)> = values.iter().enumerate().map(|(i, &v)| (key(v), i)).collect();
    order.sort_unstable();
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = start as f64 + 0.5 * (run.len() + 1) as f64;
        for &(_, i) in run {
            ranks[i] = rank;
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
        for (arm, values) in [(Arm::Canary, x), (Arm::Baseline, y)] {
            if values.is_empty() {
                return Err(Unanswerable::TooFew { test, what: "values", arm, needed: 1, found: 0 });
            }
            if let Some(index) = values.iter().position(|v| v.is_nan()) {
                return Err(Unanswerable::NonFinite { test, arm, index, value: values[index] });
            }
        }
        Ok(SortedArms { x: sorted(x), y: sorted(y) })
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

/// One pass over two sorted slices, run by run.
pub(crate) fn merge(x: &[f64], y: &[f64]) -> Merged {
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
