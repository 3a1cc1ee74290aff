//! Bins for a shift of a number: cut where the baseline's quantiles lie, wide enough for the canary's size.

use super::Unanswerable;
use super::divergence::Categories;
use super::ecdf::{self, Admit};
use crate::arms::{Arm, Arms};

const TEST: &str = "binning";
/// The customary number of bins.
pub const BINS: usize = 10;
/// The least number of canary rows that a bin holds on average when nothing has shifted.
pub const LEAST_EXPECTED: f64 = 5.0;

/// Bins with ascending upper edges; the last one has none. An edge belongs to the bin below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    edges: Vec<f64>,
}

impl Bins {
    /// Bins that cut the baseline into `bins` parts of about equal weight.
    ///
    /// Edges are baseline values: the smallest with at least k / bins of the baseline's weight at or below it. Values
    /// that hold more than one part's weight keep one bin. Then neighbours merge, the bin with the least weight into
    /// its lighter neighbour, until each baseline bin has at least [`LEAST_EXPECTED`] of `canary_rows` expected in it;
    /// `canary_rows` may be an effective size. Infinite values are values. O(n log n).
    ///
    /// ```
    /// use serinus::stats::binning::Bins;
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let baseline: Vec<f64> = (0..1000).map(f64::from).collect();
    /// assert_eq!(Bins::from_baseline(&baseline, None, 10, 500.0)?.len(), 10);
    /// // Thirty canary rows leave room for six bins of five.
    /// assert!(Bins::from_baseline(&baseline, None, 10, 30.0)?.len() <= 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// No baseline rows, a NaN, weights that are negative, not finite or not one a row, no bins asked for.
    pub fn from_baseline(
        baseline: &[f64],
        weights: Option<&[f64]>,
        bins: usize,
        canary_rows: f64,
    ) -> Result<Bins, Unanswerable> {
        if bins == 0 {
            return Err(Unanswerable::Argument { argument: "bins", value: 0.0, expected: "it has to be at least 1" });
        }
        if canary_rows.is_nan() || canary_rows < 0.0 {
            let expected = "it has to be at least 0";
            return Err(Unanswerable::Argument { argument: "canary_rows", value: canary_rows, expected });
        }
        let even;
        let weights = match weights {
            Some(weights) => weights,
            None => {
                even = vec![1.0; baseline.len()];
                &even
            }
        };
        // The staircase of the baseline against itself: its distinct values with the share of weight up to each.
        let alone = Arms { canary: baseline, baseline };
        let both = Arms { canary: weights, baseline: weights };
        let steps = ecdf::weighted_shares(TEST, alone, both, Admit::Infinite)?;
        let (mut edges, mut shares): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let (mut below, mut next) = (0.0, 1);
        for step in &steps {
            // A part is full a rounding error early, so that 1000 even weights make ten even bins.
            if step.baseline * bins as f64 >= next as f64 - 1e-9 {
                edges.push(step.value);
                shares.push(step.baseline - below);
                below = step.baseline;
                while step.baseline * bins as f64 >= next as f64 - 1e-9 {
                    next += 1;
                }
            }
        }
        // The last edge is the largest baseline value; the last bin has to take larger canary values too.
        edges.pop();
        while !edges.is_empty() {
            let (lightest, share) = shares
                .iter()
                .copied()
                .enumerate()
                .fold((0, f64::INFINITY), |best, here| if here.1 < best.1 { here } else { best });
            if share * canary_rows >= LEAST_EXPECTED {
                break;
            }
            let left = lightest.checked_sub(1).map(|l| shares[l]);
            let right = shares.get(lightest + 1).copied();
            // Merging with the left neighbour takes the edge between away, edges[lightest - 1].
            let low = match (left, right) {
                (Some(l), Some(r)) if l <= r => lightest - 1,
                (Some(_), None) => lightest - 1,
                _ => lightest,
            };
            edges.remove(low);
            let merged = shares.remove(low + 1);
            shares[low] += merged;
        }
        Ok(Bins { edges })
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.edges.len() + 1
    }

    /// Never: there is always the last bin.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The upper edges of all bins but the last, ascending.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The bin of a value that is not NaN.
    pub fn bin(&self, value: f64) -> usize {
        self.edges.partition_point(|edge| *edge < value)
    }

    /// How much weight of these values lies in each bin; each value weighs 1 when `weights` is `None`.
    ///
    /// # Errors
    /// A NaN, or weights that are not one a row.
    pub fn count(&self, arm: Arm, values: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>, Unanswerable> {
        ecdf::check(TEST, arm, values, Admit::Infinite)?;
        if let Some(weights) = weights.filter(|w| w.len() != values.len()) {
            return Err(Unanswerable::Argument {
                argument: "weights",
                value: weights.len() as f64,
                expected: "it has to hold one weight a row",
            });
        }
        let mut counts = vec![0.0; self.len()];
        for (i, &value) in values.iter().enumerate() {
            counts[self.bin(value)] += weights.map_or(1.0, |w| w[i]);
        }
        Ok(counts)
    }

    /// Both arms' counts over the bins, ready for PSI, Jensen-Shannon or chi-square.
    ///
    /// ```
    /// use serinus::stats::binning::{BINS, Bins};
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let baseline: Vec<f64> = (0..1000).map(f64::from).collect();
    /// let canary: Vec<f64> = (0..200).map(|i| f64::from(i) * 5.0 + 300.0).collect();
    /// let bins = Bins::from_baseline(&baseline, None, BINS, 200.0)?;
    /// let psi = bins.categories(&canary, &baseline)?.psi(0.5)?;
    /// assert!(psi.debiased > 0.25 && psi.p_value < 1e-6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An empty arm or a NaN.
    pub fn categories(&self, canary: &[f64], baseline: &[f64]) -> Result<Categories, Unanswerable> {
        Categories::new(&self.count(Arm::Canary, canary, None)?, &self.count(Arm::Baseline, baseline, None)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_ties_keep_one_bin_each() {
        let mut baseline = vec![0.0; 700];
        baseline.extend((1..=300).map(f64::from));
        let bins = Bins::from_baseline(&baseline, None, 10, 1000.0).unwrap();
        let counts = bins.count(Arm::Baseline, &baseline, None).unwrap();
        assert_eq!(counts, [700.0, 100.0, 100.0, 100.0]);
        assert_eq!(bins.bin(f64::NEG_INFINITY), 0);
        assert_eq!(bins.bin(f64::INFINITY), 3);
    }

    #[test]
    fn a_constant_baseline_is_one_bin() {
        let bins = Bins::from_baseline(&[2.0; 50], None, 10, 1000.0).unwrap();
        assert_eq!((bins.len(), bins.edges().len()), (1, 0));
    }

    #[test]
    fn every_bin_expects_five_canary_rows_or_is_alone() {
        let baseline: Vec<f64> = (0..997).map(|i| f64::from(i * i % 997)).collect();
        for canary in [0.0, 1.0, 12.0, 37.0, 49.9, 5000.0] {
            let bins = Bins::from_baseline(&baseline, None, 10, canary).unwrap();
            let counts = bins.count(Arm::Baseline, &baseline, None).unwrap();
            let least = counts.iter().fold(f64::INFINITY, |a, &b| a.min(b)) / 997.0 * canary;
            assert!(bins.len() == 1 || least >= 5.0, "{canary}: {counts:?}");
        }
    }

    #[test]
    fn weights_move_the_edges() {
        let baseline = [1.0, 2.0, 3.0, 4.0];
        let even = Bins::from_baseline(&baseline, None, 2, 100.0).unwrap();
        let tilted = Bins::from_baseline(&baseline, Some(&[1.0, 1.0, 2.0, 4.0]), 2, 100.0).unwrap();
        assert_eq!((even.edges(), tilted.edges()), (&[2.0][..], &[3.0][..]));
    }
}
