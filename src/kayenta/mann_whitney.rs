//! Kayenta's Mann-Whitney interval: by how much the experiment lies above the control, to the original's own tolerance.
//!
//! The two ends and the estimate are roots in mu of a step function, the standardised rank sum of x - mu against y. The
//! original stops its root search at an absolute tolerance of 1e-4, so its estimate may be any point of a flat piece, and
//! on data of small unit the answers are coarse; verdicts hang on that. The search is therefore repeated step for step,
//! and only the function is computed another way: by merging two sorted arrays, where the original ranks the pooled
//! sample anew. A statistic without this history is [`crate::stats::hodges_lehmann`].

use super::brent;

/// The interval and the estimate of one comparison, in data units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftInterval {
    /// Lower end.
    pub low: f64,
    /// Upper end. On heavily tied data it may lie below the lower one.
    pub high: f64,
    /// The Hodges-Lehmann shift as the original's search finds it.
    pub estimate: f64,
}

/// No interval: at some shift that the search tried, all observations are tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot compute confidence interval when all observations are tied")]
pub struct AllTied;

/// The interval and estimate of x - y, as Kayenta's `mannWhitneyUTest` gives them; x is the experiment, the canary.
///
/// Normal approximation with tie and continuity corrections, no exact distribution however few the points. NaN counts as
/// infinite. About 35 evaluations of O(n) after sorting.
///
/// ```
/// use serinus::kayenta::mann_whitney::interval;
/// let canary = [7.0, 8.5, 9.0, 7.5, 8.0, 9.5];
/// let baseline = [5.0, 6.5, 5.5, 6.0, 7.0, 5.2];
/// let shift = interval(&canary, &baseline, 0.98)?;
/// assert!(shift.low > 0.0 && shift.low < shift.estimate && shift.estimate < shift.high);
/// # Ok::<(), serinus::kayenta::mann_whitney::AllTied>(())
/// ```
///
/// # Errors
/// [`AllTied`] when every shifted canary point equals every baseline point, and when a side is empty.
pub fn interval(x: &[f64], y: &[f64], confidence: f64) -> Result<ShiftInterval, AllTied> {
    if x.is_empty() || y.is_empty() {
        return Err(AllTied);
    }
    let mut search = Search::new(x, y, quantile(confidence));
    Ok(ShiftInterval { low: search.low()?, high: search.high()?, estimate: search.estimate()? })
}

/// Normal quantiles of half the error at the usual levels, as commons-math computes them: a difference in the last place
/// sends the search to another point of a flat piece.
const QUANTILES: [(f64, f64); 6] = [
    (super::CONFIDENCE, super::Z_QUANTILE),
    (0.5, -0.6744897501960816),
    (0.9, -1.644853626951473),
    (0.95, -1.959963984540054),
    (0.99, -2.5758293035489004),
    (0.999, -3.290526731491895),
];

fn quantile(confidence: f64) -> f64 {
    let usual = QUANTILES.iter().find(|(level, _)| *level == confidence);
    usual.map_or_else(|| crate::stats::special::norm_ppf((1.0 - confidence) / 2.0), |(_, z)| *z)
}

/// Stretches of one merge that run side by side, so that one waits for memory while another compares.
const STRETCHES: usize = 4;

/// Both samples sorted, and what the root searches share.
pub(super) struct Search {
    x: Vec<f64>,
    /// One more than the points: infinity stops the merge.
    y: Vec<f64>,
    /// Room for x - mu, which ends with infinity too.
    shifted: Vec<f64>,
    shift_min: f64,
    shift_max: f64,
    z_quantile: f64,
    /// Sum of t^3 - t over ties within x and within y, which is all there are at most shifts.
    own_ties: f64,
    /// Smallest distance of two different x.
    least_gap: f64,
    /// Largest |x|; infinite if any point of either side is.
    largest: f64,
    at_ends: Option<(f64, f64)>,
}

impl Search {
    /// Neither side may be empty. `z_quantile` is the lower quantile, a negative number.
    pub(super) fn new(x: &[f64], y: &[f64], z_quantile: f64) -> Self {
        let shift_min = least(x) - greatest(y);
        let shift_max = greatest(x) - least(y);
        let x = sorted(x);
        let mut y = sorted(y);
        let own_ties = runs(&x, |a, b| a == b) + runs(&y, same_bits);
        let least_gap = x.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap != 0.0).fold(f64::INFINITY, f64::min);
        let finite = y[0].is_finite() && y[y.len() - 1].is_finite();
        let largest = if finite { x[0].abs().max(x[x.len() - 1].abs()) } else { f64::INFINITY };
        y.push(f64::INFINITY);
        let shifted = Vec::with_capacity(x.len() + 1);
        Search { x, y, shifted, shift_min, shift_max, z_quantile, own_ties, least_gap, largest, at_ends: None }
    }

    /// Lower end of the interval.
    pub(super) fn low(&mut self) -> Result<f64, AllTied> {
        self.root(-self.z_quantile)
    }

    /// Upper end of the interval.
    pub(super) fn high(&mut self) -> Result<f64, AllTied> {
        self.root(self.z_quantile)
    }

    /// The shift estimate: the same search around zero, without a look at the signs at the ends.
    pub(super) fn estimate(&mut self) -> Result<f64, AllTied> {
        let (at_min, at_max) = self.ends()?;
        brent::zero(self.shift_min, self.shift_max, at_min, at_max, |mu| self.z(mu))
    }

    /// True when every y is the same number: only then can a shift tie all observations.
    pub(super) fn may_tie_everything(&self) -> bool {
        same_bits(self.y[0], self.y[self.y.len() - 2])
    }

    fn root(&mut self, quantile: f64) -> Result<f64, AllTied> {
        let (at_min, at_max) = self.ends()?;
        let (f_min, f_max) = (at_min - quantile, at_max - quantile);
        if f_min <= 0.0 {
            Ok(self.shift_min)
        } else if f_max >= 0.0 {
            Ok(self.shift_max)
        } else {
            brent::zero(self.shift_min, self.shift_max, f_min, f_max, |mu| Ok(self.z(mu)? - quantile))
        }
    }

    fn ends(&mut self) -> Result<(f64, f64), AllTied> {
        if let Some(ends) = self.at_ends {
            return Ok(ends);
        }
        let ends = (self.z(self.shift_min)?, self.z(self.shift_max)?);
        self.at_ends = Some(ends);
        Ok(ends)
    }

    /// The standardised rank sum of x - mu against y.
    fn z(&mut self, mu: f64) -> Result<f64, AllTied> {
        let (m, n) = (self.x.len() as f64, (self.y.len() - 1) as f64);
        let (twice_u, ties) = match self.untied(mu) {
            Some(twice_u) => (twice_u, self.own_ties),
            None => self.tied(mu),
        };
        let dz = (twice_u as f64 - m * n) / 2.0;
        let correction = if dz > 0.0 {
            0.5
        } else if dz < 0.0 {
            -0.5
        } else {
            0.0
        };
        let sigma = ((m * n / 12.0) * ((m + n + 1.0) - ties / ((m + n) * (m + n - 1.0)))).sqrt();
        if sigma == 0.0 {
            return Err(AllTied);
        }
        Ok((dz - correction) / sigma)
    }

    /// Twice the number of pairs with x - mu above y, if no shifted x equals a y or, through rounding, another x.
    fn untied(&mut self, mu: f64) -> Option<u64> {
        if !mu.is_finite() || mu == 0.0 {
            return None;
        }
        // Subtraction errs by half a unit in the last place of a result of at most this size.
        let scale = self.largest + mu.abs();
        if !(scale.is_finite() && self.least_gap > 4.0 * f64::EPSILON * scale) {
            return None;
        }
        self.shifted.clear();
        self.shifted.extend(self.x.iter().map(|v| v - mu));
        self.shifted.push(f64::INFINITY);
        let (x, y) = (&self.shifted[..], &self.y[..]);
        let (m, n) = (x.len() - 1, y.len() - 1);

        // The merge takes m + n points; point d is x[i] or y[d - i], with i taken from x before it.
        let stretch = (m + n) / STRETCHES;
        let mut i: [usize; STRETCHES] = std::array::from_fn(|k| taken_from_x(&x[..m], &y[..n], k * stretch));
        // An x at place d of the merge has d - i points of y below it.
        let mut places = 0u64;
        let mut tie = false;
        for step in 0..stretch {
            for k in 0..STRETCHES {
                let d = k * stretch + step;
                let (a, b) = (x[i[k]], y[d - i[k]]);
                let take_x = !(b < a);
                tie |= a == b;
                places += if take_x { d as u64 } else { 0 };
                i[k] += usize::from(take_x);
            }
        }
        let mut last = i[STRETCHES - 1];
        for d in STRETCHES * stretch..m + n {
            let (a, b) = (x[last], y[d - last]);
            let take_x = !(b < a);
            tie |= a == b;
            places += if take_x { d as u64 } else { 0 };
            last += usize::from(take_x);
        }
        let m = m as u64;
        (!tie).then(|| 2 * (places - m * (m - 1) / 2))
    }

    /// Twice the number of pairs with x - mu above y, a tie counting one, and the sum of t^3 - t over all ties.
    fn tied(&self, mu: f64) -> (u64, f64) {
        let (m, n) = (self.x.len(), self.y.len() - 1);
        // Infinite minus infinite: NaN ranks highest, beside infinity.
        let shifted = |i: usize| {
            let v = self.x[i] - mu;
            if v.is_nan() { f64::INFINITY } else { v }
        };
        let (mut i, mut j) = (0, 0);
        let (mut twice_u, mut ties) = (0u64, 0.0);
        while i < m || j < n {
            let value = match (i < m, j < n) {
                (true, true) if shifted(i).total_cmp(&self.y[j]).is_le() => shifted(i),
                (true, false) => shifted(i),
                _ => self.y[j],
            };
            let (from_i, from_j) = (i, j);
            while i < m && same_bits(shifted(i), value) {
                i += 1;
            }
            while j < n && same_bits(self.y[j], value) {
                j += 1;
            }
            twice_u += (i - from_i) as u64 * (from_j + j) as u64;
            let t = (i - from_i + j - from_j) as f64;
            ties += t * t * t - t;
        }
        (twice_u, ties)
    }
}

/// How many of the first `d` points of the merge come from x, which goes first among equals. O(log).
fn taken_from_x(x: &[f64], y: &[f64], d: usize) -> usize {
    let (mut least, mut most) = (d.saturating_sub(y.len()), d.min(x.len()));
    while least < most {
        let i = least + (most - least) / 2;
        if x[i] <= y[d - 1 - i] {
            least = i + 1;
        } else {
            most = i;
        }
    }
    least
}

/// The least value; of two zeros the first.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().reduce(|a, b| if a <= b { a } else { b }).unwrap_or(f64::NAN)
}

/// The greatest value; of two zeros the first.
fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().reduce(|a, b| if a >= b { a } else { b }).unwrap_or(f64::NAN)
}

/// Ascending, with -0.0 before 0.0 as Java has it, and NaN as infinity.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    // The image keeps the order: negative numbers have all bits turned, others the sign.
    const SIGN: u64 = 1 << 63;
    let mut keys: Vec<u64> = values
        .iter()
        .map(|v| {
            let bits = if v.is_nan() { f64::INFINITY.to_bits() } else { v.to_bits() };
            if bits & SIGN == 0 { bits | SIGN } else { !bits }
        })
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|k| f64::from_bits(if k & SIGN == 0 { !k } else { k & !SIGN })).collect()
}

fn same_bits(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// Sum of t^3 - t over runs of equal neighbours.
fn runs(values: &[f64], equal: impl Fn(f64, f64) -> bool) -> f64 {
    values
        .chunk_by(|a, b| equal(*a, *b))
        .filter(|run| run.len() > 1)
        .map(|run| run.len() as f64)
        .map(|t| t * t * t - t)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The original's function, as it is written: rank the pooled sample anew.
    fn ranked(x: &[f64], y: &[f64], mu: f64) -> Result<f64, AllTied> {
        let pool: Vec<f64> = x.iter().map(|v| v - mu).chain(y.iter().copied()).collect();
        let pool: Vec<f64> = pool.iter().map(|v| if v.is_nan() { f64::INFINITY } else { *v }).collect();
        let rank = |v: f64| {
            let below = pool.iter().filter(|w| w.total_cmp(&v).is_lt()).count() as f64;
            let equal = pool.iter().filter(|w| w.total_cmp(&v).is_eq()).count() as f64;
            (below + (equal + 1.0) / 2.0, equal)
        };
        let (m, n) = (x.len() as f64, y.len() as f64);
        let dz = pool[..x.len()].iter().map(|v| rank(*v).0).sum::<f64>() - m * (m + 1.0) / 2.0 - m * n / 2.0;
        let ties: f64 = pool.iter().map(|v| rank(*v).1).map(|t| t * t - 1.0).sum();
        let sigma = ((m * n / 12.0) * ((m + n + 1.0) - ties / ((m + n) * (m + n - 1.0)))).sqrt();
        if sigma == 0.0 {
            return Err(AllTied);
        }
        Ok((dz - if dz == 0.0 { 0.0 } else { 0.5 * dz.signum() }) / sigma)
    }

    fn point() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => (-4i32..5).prop_map(f64::from),
            3 => -10.0..10.0f64,
            1 => Just(-0.0),
            1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e300), Just(-1e-300), Just(1e16)],
        ]
    }

    proptest! {
        #[test]
        fn the_merge_gives_what_ranking_anew_gives(
            x in prop::collection::vec(point(), 1..40),
            y in prop::collection::vec(point(), 1..40),
            mu in prop_oneof![point(), Just(f64::NAN)],
        ) {
            let mut search = Search::new(&x, &y, -2.0);
            prop_assert_eq!(search.z(mu), ranked(&x, &y, mu));
        }

        #[test]
        fn split_chains_give_what_one_gives(seed in 0u64..1000, mu in -3.0..3.0f64) {
            let draw = |k: u64| (((k + 1) * (seed + 3)) % 7919) as f64 / 100.0;
            let x: Vec<f64> = (0..700).map(draw).collect();
            let y: Vec<f64> = (0..300).map(|k| draw(k + 5000)).collect();
            let mut search = Search::new(&x, &y, -2.0);
            if let Some(twice) = search.untied(mu) {
                prop_assert_eq!(twice, search.tied(mu).0);
                prop_assert_eq!(search.own_ties, search.tied(mu).1);
            }
        }

        #[test]
        fn no_input_panics(x in prop::collection::vec(any::<f64>(), 0..12), y in prop::collection::vec(any::<f64>(), 0..12)) {
            let _ = interval(&x, &y, 0.98);
        }
    }

    #[test]
    fn constants_that_a_shift_ties_have_no_interval() {
        assert_eq!(interval(&[2.0, 2.0, 2.0], &[1.0; 4], 0.98), Err(AllTied));
    }
}
