//! Do two samples come from one distribution, by the mean squared gap between their distribution functions?
//!
//! Anderson (1962), Annals of Mathematical Statistics 33:1148, for the statistic and its moments; the limit law is
//! Smirnov's. More sensitive than Kolmogorov-Smirnov to a shift spread over the whole range.

use std::f64::consts::PI;

use super::Unanswerable;
use super::ecdf::{self, Admit};
use crate::arms::Arms;

const TEST: &str = "cramer_von_mises";
/// Exact p-values take at most this many pairs of rows, about a second's work.
pub const MOST_PAIRS: u64 = 2_500;
/// [`CvmMethod::Auto`] is exact while no arm has more rows, as SciPy's `auto`.
pub const EXACT_ROWS: usize = 20;

/// How ties enter and how the p-value is found. Without ties the statistic is the same for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CvmMethod {
    /// [`CvmMethod::Exact`] up to [`EXACT_ROWS`] rows an arm, else [`CvmMethod::Asymptotic`].
    #[default]
    Auto,
    /// The gap at each row's value; p from every way to deal the pooled values into the arms, given the ties.
    Exact,
    /// The gap at each row's value; p from the limit law once the statistic has its limit's mean and variance.
    Asymptotic,
    /// Midranks for ties, as SciPy's `asymptotic`. Ties inflate this statistic: two equal constants are "different" at
    /// any level. Only for comparing with SciPy.
    Midrank,
}

/// The two-sample Cramér-von Mises test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CramerVonMises {
    /// T = m n / N^2 times the sum of (F - G)^2 over the N pooled rows; with [`CvmMethod::Midrank`] what replaces it.
    pub statistic: f64,
    /// Probability of a statistic at least this large when both arms have one distribution.
    pub p_value: f64,
    /// How `p_value` was found; never [`CvmMethod::Auto`].
    pub method: CvmMethod,
}

/// The Cramér-von Mises test of canary `x` against baseline `y`.
///
/// The statistic uses only ranks, so infinite values are values. DIFFERENCE: SciPy's `cramervonmises_2samp` puts
/// midranks into a formula for data without ties, and its exact p-value is from the law without ties; ours are given
/// the ties. Without ties both agree. O(N log N); exact p-values take O(mn) steps over the statistic's distinct values.
///
/// ```
/// use serinus::stats::cramer_von_mises::{CvmMethod, cramer_von_mises};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let test = cramer_von_mises(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], CvmMethod::Auto)?;
/// // Two of the twenty ways to deal six values into three and three separate the arms.
/// assert!((test.p_value - 0.1).abs() < 1e-15);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a NaN, or more than [`MOST_PAIRS`] pairs of rows for an exact p-value.
pub fn cramer_von_mises(x: &[f64], y: &[f64], method: CvmMethod) -> Result<CramerVonMises, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST, x, y, Admit::Infinite)?;
    let (m, n) = (x.len() as i128, y.len() as i128);
    let groups = groups(&sorted);
    let method = match method {
        CvmMethod::Auto if x.len().max(y.len()) <= EXACT_ROWS => CvmMethod::Exact,
        CvmMethod::Auto => CvmMethod::Asymptotic,
        other => other,
    };
    let (pairs, total) = (m * n, m + n);
    let (mut gap, mut midrank) = (0, 0);
    let (mut i, mut j) = (0, 0);
    for &(a, b) in &groups {
        midrank += four_u(i, j, a, b, m, n);
        (i, j) = (i + a, j + b);
        gap += squared_gap(i, j, a + b, m, n);
    }
    let statistic = if method == CvmMethod::Midrank {
        (6 * midrank - 4 * pairs * (4 * pairs - 1)) as f64 / (24.0 * pairs as f64 * total as f64)
    } else {
        gap as f64 / (pairs as f64 * total as f64 * total as f64)
    };
    let p_value = if method == CvmMethod::Exact {
        if pairs > i128::from(MOST_PAIRS) {
            let needed = pairs.min(i128::from(u64::MAX)) as u64;
            return Err(Unanswerable::TooLarge { test: "exact cramer_von_mises", limit: MOST_PAIRS, needed });
        }
        exact(&groups, gap, m, n)
    } else {
        asymptotic(statistic, m as f64, n as f64)
    };
    Ok(CramerVonMises { statistic, p_value, method })
}

/// Canary and baseline rows at each distinct pooled value.
fn groups(sorted: &Arms<Vec<f64>>) -> Vec<(i128, i128)> {
    let (mut i, mut j) = (0, 0);
    ecdf::steps(sorted)
        .map(|s| {
            let here = ((s.canary - i) as i128, (s.baseline - j) as i128);
            (i, j) = (s.canary, s.baseline);
            here
        })
        .collect()
}

/// What a group of `size` rows, with i canary and j baseline rows up to its end, adds to m n N^2 T.
fn squared_gap(i: i128, j: i128, size: i128, m: i128, n: i128) -> i128 {
    let gap = n * i - m * j;
    size * gap * gap
}

/// What a group of a canary and b baseline rows, with i and j below it, adds to 4 U.
///
/// U = m sum (R_k - k)^2 + n sum (S_k - k)^2 with pooled midranks R, S and k the rank within the arm, and SciPy's T is
/// U / (m n N) - (4 m n - 1) / (6 N). A group's midrank is i + j + (a + b + 1) / 2; the sum over k is in closed form.
fn four_u(i: i128, j: i128, a: i128, b: i128, m: i128, n: i128) -> i128 {
    // Twice the offset of the midrank from the mean rank within the arm.
    let (from_x, from_y) = (2 * j + b, 2 * i + a);
    m * (a * from_x * from_x + (a * a * a - a) / 3) + n * (b * from_y * from_y + (b * b * b - b) / 3)
}

/// Share of the arrangements with a statistic at least that observed: its law given the ties, group by group.
fn exact(groups: &[(i128, i128)], observed: i128, m: i128, n: i128) -> f64 {
    // For each number of canary rows dealt so far: the values of the statistic, with the number of ways to each.
    let mut laws: Vec<Vec<(i128, f64)>> = vec![Vec::new(); m as usize + 1];
    laws[0].push((0, 1.0));
    let mut dealt = 0;
    for &(here_x, here_y) in groups {
        let size = here_x + here_y;
        let mut next: Vec<Vec<(i128, f64)>> = vec![Vec::new(); m as usize + 1];
        for (i, law) in laws.iter().enumerate().filter(|(_, law)| !law.is_empty()) {
            let (i, j) = (i as i128, dealt - i as i128);
            let mut ways = 1.0;
            for a in 0..=size {
                let b = size - a;
                if i + a <= m && j + b <= n {
                    let added = squared_gap(i + a, j + b, size, m, n);
                    next[(i + a) as usize].extend(law.iter().map(|&(u, w)| (u + added, w * ways)));
                }
                ways *= b as f64 / (a + 1) as f64;
            }
        }
        for law in &mut next {
            law.sort_by_key(|&(u, _)| u);
            law.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    kept.1 += later.1;
                }
                same
            });
        }
        laws = next;
        dealt += size;
    }
    let law = &laws[m as usize];
    let all: f64 = law.iter().map(|l| l.1).sum();
    law.iter().filter(|l| l.0 >= observed).map(|l| l.1).sum::<f64>() / all
}

/// The statistic is given the mean and variance of its limit (Anderson 1962, section 5), then the limit's upper tail.
fn asymptotic(statistic: f64, m: f64, n: f64) -> f64 {
    let (pairs, total) = (m * n, m + n);
    let mean = (1.0 + 1.0 / total) / 6.0;
    // 45 times the variance.
    let variance =
        (total + 1.0) / total * (4.0 * pairs - 2.0 * pairs / total - 3.0 * (m * m + n * n) / total) / (4.0 * pairs);
    if variance <= 0.0 {
        // One row an arm: the statistic has one value.
        return 1.0;
    }
    limit_sf(1.0 / 6.0 + (statistic - mean) / variance.sqrt())
}

/// P(W > w) for the limit W = sum Z_k^2 / (k pi)^2.
///
/// Smirnov's formula: 2/pi sum over k of (-1)^(k-1) times the integral over ((2k-1) pi, 2k pi) of
/// exp(-w u^2 / 2) / sqrt(-u sin u). Both ends are square-root poles, so that Chebyshev's nodes are the right ones.
/// Relative accuracy 1e-12 down to 1e-300: nothing is subtracted from one.
///
/// ```
/// use serinus::stats::cramer_von_mises::limit_sf;
/// assert!((limit_sf(0.46136) - 0.05).abs() < 1e-5);
/// assert_eq!(limit_sf(0.0), 1.0);
/// ```
pub fn limit_sf(w: f64) -> f64 {
    // Below 0.003 the probability rounds to one.
    if w.is_nan() || w < 0.003 {
        return 1.0;
    }
    // The integrand falls like exp(-w pi v), and the nodes have to resolve that.
    let nodes = 80 + (4.0 * w.min(1000.0)) as u32;
    let mut sum = 0.0;
    for k in 1..=60u32 {
        let low = f64::from(2 * k - 1) * PI;
        if w * low * low / 2.0 > 745.0 {
            break;
        }
        let mut integral = 0.0;
        for node in 0..nodes {
            // u = low + v with v in (0, pi): sin u = -sin v.
            let angle = PI * (f64::from(node) + 0.5) / f64::from(nodes);
            let v = PI * (0.5 * angle).sin().powi(2);
            let u = low + v;
            integral += (-0.5 * w * u * u).exp() * (v * (PI - v) / (u * v.sin())).sqrt();
        }
        let term = integral * PI / f64::from(nodes);
        sum += if k % 2 == 1 { term } else { -term };
        if term < 1e-17 * sum {
            break;
        }
    }
    (2.0 / PI * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_agrees_with_high_precision() {
        // mpmath, 40 digits, Smirnov's formula by tanh-sinh quadrature
        for (w, expected) in LIMIT {
            let found = limit_sf(w);
            assert!((found - expected).abs() <= 1e-12 * expected, "{w}: {found:e}, expected {expected:e}");
        }
    }

    const LIMIT: [(f64, f64); 9] = [
        (0.01, 0.999_994_135_567_190_1),
        (0.03, 0.976_168_450_558_292),
        (0.1, 0.584_873_438_406_794_8),
        (0.24615384615384617, 0.19337553592348827),
        (0.46136, 0.050_000_383_132_651_28),
        (1.0, 0.002_460_452_180_133_964),
        (3.0, 7.567_743_459_316_02e-8),
        (10.0, 4.1789410928852873e-23),
        (60.0, 1.192152306499509e-130),
    ];

    #[test]
    fn exact_with_ties_agrees_with_brute_force() {
        let x = [1.0, 2.0, 2.0, 5.0];
        let y = [2.0, 3.0, 3.0, 5.0, 6.0];
        let observed = cramer_von_mises(&x, &y, CvmMethod::Exact).unwrap();
        let pooled: Vec<f64> = x.iter().chain(&y).copied().collect();
        let (mut hits, mut all) = (0, 0);
        for mask in 0u32..1 << pooled.len() {
            if mask.count_ones() as usize == x.len() {
                let pick = |wanted: bool| -> Vec<f64> {
                    (0..pooled.len()).filter(|i| (mask >> i & 1 == 1) == wanted).map(|i| pooled[i]).collect()
                };
                let t = cramer_von_mises(&pick(true), &pick(false), CvmMethod::Asymptotic).unwrap().statistic;
                all += 1;
                hits += u32::from(t >= observed.statistic - 1e-12);
            }
        }
        assert!((observed.p_value - f64::from(hits) / f64::from(all)).abs() < 1e-14);
    }

    #[test]
    fn small_and_constant_arms_have_answers() {
        let one = cramer_von_mises(&[1.0], &[2.0], CvmMethod::Auto).unwrap();
        assert_eq!(one.p_value, 1.0);
        assert_eq!(cramer_von_mises(&[1.0], &[2.0], CvmMethod::Asymptotic).unwrap().p_value, 1.0);
        for (m, n) in [(1, 1), (2, 3), (10, 400)] {
            let same = cramer_von_mises(&vec![7.0; m], &vec![7.0; n], CvmMethod::Auto).unwrap();
            assert_eq!(same.p_value, 1.0);
        }
        assert!(cramer_von_mises(&[f64::NAN], &[2.0], CvmMethod::Auto).is_err());
        assert!(cramer_von_mises(&[f64::INFINITY, 2.0], &[2.0], CvmMethod::Auto).is_ok());
    }
}
