//! The two effect sizes that Kayenta knows.

use super::mann_whitney::sorted;

/// Mean of the canary over mean of the baseline; NaN when either is 0, and Kayenta then ignores the size.
pub(super) fn mean_ratio(canary: f64, baseline: f64) -> f64 {
    if baseline == 0.0 || canary == 0.0 { f64::NAN } else { canary / baseline }
}

/// Probability that a canary point lies above a baseline point, ties counting half: Vargha and Delaney (2000).
///
/// The original computes its products in 32-bit integers, which overflow from some 33,000 points a side on; so do these.
/// O(n log n).
pub(super) fn cles(canary: &[f64], baseline: &[f64]) -> f64 {
    let (x, y) = (sorted(canary), sorted(baseline));
    let (m, n) = (x.len() as i32, y.len() as i32);
    let (mut below, mut up_to, mut twice_u) = (0, 0, 0u64);
    for v in &x {
        while below < y.len() && y[below].total_cmp(v).is_lt() {
            below += 1;
        }
        up_to = up_to.max(below);
        while up_to < y.len() && y[up_to].total_cmp(v).is_le() {
            up_to += 1;
        }
        twice_u += (below + up_to) as u64;
    }
    // Rank sum of the canary in the pooled sample.
    let ranks = twice_u as f64 / 2.0 + x.len() as f64 * (x.len() as f64 + 1.0) / 2.0;
    let least = f64::from(m.wrapping_mul(m.wrapping_add(1)));
    let pairs = f64::from(2i32.wrapping_mul(n).wrapping_mul(m));
    (2.0 * ranks - least) / pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separated_canary_has_probability_one_and_ties_count_half() {
        assert_eq!(cles(&[3.0, 4.0], &[1.0, 2.0, 2.0]), 1.0);
        assert_eq!(cles(&[1.0, 2.0], &[1.0, 2.0]), 0.5);
        assert_eq!(cles(&[1.0, 2.0], &[2.0]), 0.25);
    }

    #[test]
    fn a_zero_mean_leaves_no_ratio() {
        assert!(mean_ratio(0.0, 3.0).is_nan() && mean_ratio(3.0, -0.0).is_nan());
        assert_eq!(mean_ratio(3.0, 2.0), 1.5);
    }
}
