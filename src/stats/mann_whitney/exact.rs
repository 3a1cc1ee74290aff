//! The exact law of U, without ties by Gaussian binomials and with ties by dynamic programming.

use super::super::Unanswerable;
use super::super::rank::Merged;

/// Largest number of pairs for which the law without ties is counted.
pub(crate) const MOST_PAIRS: u128 = 1_000_000;
/// Largest min(m, n) m n for which the law without ties is counted.
const MOST_STEPS: u128 = 20_000_000;
/// Number of arrangements that i128 still counts with a bit to spare for differences.
const MOST_ARRANGEMENTS: u128 = 1 << 126;
/// The smaller arm from which ties are left to the normal approximation.
pub(crate) const TIES_BELOW: u64 = 10;
/// Largest number of steps of the law with ties.
const MOST_TIED_STEPS: u128 = 50_000_000;

/// C(m + n, m), or `None` from 2^126 on.
pub(crate) fn arrangements(m: u64, n: u64) -> Option<u128> {
    let (small, large) = (m.min(n), m.max(n));
    // C(m + n, m) is at least ((m + n) / m)^m; one bit is spare for the rounding of the logarithm.
    if small as f64 * ((small + large) as f64 / small.max(1) as f64).log2() > 127.0 {
        return None;
    }
    let mut count: u128 = 1;
    for i in 1..=small {
        // count (large + i) / i is whole; dividing by the common factor first keeps it within u128.
        let (mut up, down) = (u128::from(large + i), u128::from(i));
        let common = gcd(count, down);
        let rest = down / common;
        count /= common;
        up /= rest;
        count = count.checked_mul(up)?;
        if count >= MOST_ARRANGEMENTS {
            return None;
        }
    }
    Some(count)
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Whether the law of U without ties is counted for these sizes, and if not, the limit that it exceeds.
pub(crate) fn check_untied(test: &'static str, m: u64, n: u64) -> Result<u128, Unanswerable> {
    let pairs = u128::from(m) * u128::from(n);
    let needed = pairs.min(u128::from(u64::MAX)) as u64;
    let too_large = Unanswerable::TooLarge { test, limit: MOST_PAIRS as u64, needed };
    if pairs > MOST_PAIRS || u128::from(m.min(n)) * pairs > MOST_STEPS {
        return Err(too_large);
    }
    arrangements(m, n).ok_or(too_large)
}

/// Numbers of arrangements with U = 0, 1, ..., top: the low coefficients of the Gaussian binomial [m+n choose m].
///
/// The product of (1 - q^(n+i)) / (1 - q^i) over i (Mann & Whitney 1947), in integers, exact. O(min(m, n) top).
pub(crate) fn low_counts(m: u64, n: u64, top: usize) -> Vec<i128> {
    let (small, large) = (m.min(n) as usize, m.max(n) as usize);
    let mut counts = vec![0_i128; top + 1];
    counts[0] = 1;
    for i in 1..=small {
        for k in (large + i..=top).rev() {
            counts[k] -= counts[k - large - i];
        }
        for k in i..=top {
            counts[k] += counts[k - i];
        }
    }
    counts
}

/// Exact P(U <= u) and P(U >= u) without ties.
pub(crate) fn untied_tails(m: u64, n: u64, u: u64, arrangements: u128) -> (f64, f64) {
    let mirror = m * n - u;
    let near = u.min(mirror);
    // The near tail holds `near` itself; the far tail does too, so it is one minus the near tail without it.
    let counts = low_counts(m, n, near as usize);
    let within: i128 = counts.iter().sum();
    let at = counts[near as usize];
    let near_tail = within as f64 / arrangements as f64;
    let far_tail = (arrangements - (within - at) as u128) as f64 / arrangements as f64;
    if u <= mirror { (near_tail, far_tail) } else { (far_tail, near_tail) }
}

/// Exact tails of U among all divisions of the pooled, tied values into arms of sizes m and n.
pub(crate) struct TiedTails {
    /// P(U <= u).
    pub less: f64,
    /// P(U >= u).
    pub greater: f64,
    /// P(|U - m n/2| >= |u - m n/2|).
    pub two_sided: f64,
}

/// Steps of the law with ties, to compare with its limit.
fn tied_steps(m: u64, n: u64, runs: &[u64]) -> u128 {
    let width = 2 * u128::from(m) * u128::from(n) + 1;
    let small = m.min(n);
    runs.iter().map(|&t| u128::from(t.min(small)) * u128::from(small) * width).sum()
}

/// Whether the law with ties is counted for these data.
pub(crate) fn check_tied(test: &'static str, m: u64, n: u64, runs: &[u64]) -> Result<(), Unanswerable> {
    let steps = tied_steps(m, n, runs);
    if steps > MOST_TIED_STEPS {
        let needed = steps.min(u128::from(u64::MAX)) as u64;
        return Err(Unanswerable::TooLarge { test, limit: MOST_TIED_STEPS as u64, needed });
    }
    Ok(())
}

/// Exact tails with ties, over runs of equal pooled values in ascending order (Streitberg & Röhmel 1986).
///
/// State: how many of the smaller arm's values stand so far, and their doubled U. A run of t with a of them adds
/// a (2 (values of the other arm below) + (t - a)). Weights are C(t, a) in f64, of which all are positive.
pub(crate) fn tied_tails(merged: &Merged, runs: &[u64]) -> TiedTails {
    let small = merged.m.min(merged.n) as usize;
    let large = merged.m.max(merged.n) as usize;
    let width = 2 * small * large + 1;
    let mut states = vec![vec![0.0_f64; width]; small + 1];
    states[0][0] = 1.0;
    let mut below = 0usize;
    for &run in runs {
        let run = run as usize;
        // Large counts first, so that a state is read before this run adds to it.
        for placed in (0..=small.min(below)).rev() {
            let Some(others_below) = below.checked_sub(placed).filter(|others| *others <= large) else {
                continue;
            };
            let mut weight = 1.0;
            for taken in 1..=run.min(small - placed) {
                weight *= (run - taken + 1) as f64 / taken as f64;
                let step = taken * (2 * others_below + (run - taken));
                let (from, to) = states.split_at_mut(placed + taken);
                let (from, to) = (&from[placed], &mut to[0]);
                for k in 0..width.saturating_sub(step) {
                    if from[k] != 0.0 {
                        to[k + step] += from[k] * weight;
                    }
                }
            }
        }
        below += run;
    }
    let law = &states[small];
    let total: f64 = law.iter().sum();
    let pairs = small * large;
    let twice_u = merged.twice_u as usize;
    // The smaller arm's U; its mirror image when the smaller arm is the baseline.
    let observed = if merged.m <= merged.n { twice_u } else { 2 * pairs - twice_u };
    let at_most: f64 = law[..=observed].iter().sum::<f64>() / total;
    let at_least: f64 = law[observed..].iter().sum::<f64>() / total;
    let distance = observed.abs_diff(pairs);
    let two_sided: f64 =
        law.iter().enumerate().filter(|(k, _)| k.abs_diff(pairs) >= distance).map(|(_, w)| w).sum::<f64>() / total;
    let (less, greater) = if merged.m <= merged.n { (at_most, at_least) } else { (at_least, at_most) };
    TiedTails { less: less.min(1.0), greater: greater.min(1.0), two_sided: two_sided.min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_symmetric_and_add_up() {
        for (m, n) in [(1, 1), (3, 5), (7, 4), (20, 20)] {
            let counts = low_counts(m, n, (m * n) as usize);
            assert_eq!(counts.iter().sum::<i128>() as u128, arrangements(m, n).expect("small"));
            assert!(counts.iter().eq(counts.iter().rev()));
        }
    }

    #[test]
    fn arrangements_are_exact_up_to_their_limit() {
        assert_eq!(arrangements(5, 8), Some(1287));
        assert_eq!(arrangements(5, 100_000), Some(83345834041685416895001));
        assert_eq!(arrangements(50, 50), Some(100891344545564193334812497256));
        assert_eq!(arrangements(70, 70), None);
    }
}
