//! Multiplicity: p-values adjusted for their number.
//!
//! An adjusted p-value is compared with the level itself. Which error is held, and under which dependence:
//!
//! | rule | holds | dependence |
//! | --- | --- | --- |
//! | Bonferroni, Holm | probability of any false rejection | any |
//! | Šidák, Holm-Šidák | the same | independent or positively orthant dependent |
//! | Hochberg, Hommel | the same | positive regression dependence |
//! | Benjamini-Hochberg | false discovery rate | positive regression dependence |
//! | Benjamini-Yekutieli | false discovery rate | any |
//!
//! Rates of false discoveries are for lists that a person reads, not for gates.
//!
//! Sources: Holm 1979; Hochberg 1988; Hommel 1988; Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001. Golden values:
//! R `p.adjust` 4.2.2, statsmodels `multipletests` 0.15.0.

use super::rank::{from_key, order_of};

/// The rule of adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Adjustment {
    /// `k p`.
    Bonferroni,
    /// `1 - (1 - p)^k`.
    Sidak,
    /// Step-down Bonferroni; never worse than Bonferroni.
    Holm,
    /// Step-down Šidák.
    HolmSidak,
    /// Step-up Bonferroni.
    Hochberg,
    /// Closed testing with Simes' test; never worse than Hochberg.
    Hommel,
    /// False discovery rate, step-up.
    BenjaminiHochberg,
    /// False discovery rate under any dependence: Benjamini-Hochberg times `1 + 1/2 + ... + 1/k`.
    BenjaminiYekutieli,
}

/// Adjusts p-values, in the order given. O(k log k).
///
/// `None` and NaN are hypotheses that could not be tested: they do not count in `k` and come back as `None`. Values outside
/// [0, 1] are cut to it.
///
/// ```
/// use serinus::stats::adjust::{Adjustment, adjust};
/// let found = adjust(&[Some(0.01), None, Some(0.04), Some(0.03), Some(0.005)], Adjustment::Holm);
/// assert_eq!(found, [Some(0.03), None, Some(0.06), Some(0.06), Some(0.02)]);
/// ```
pub fn adjust(p: &[Option<f64>], rule: Adjustment) -> Vec<Option<f64>> {
    let tested = |p: &Option<f64>| p.filter(|p| !p.is_nan()).map(|p| p.clamp(0.0, 1.0));
    let (places, values): (Vec<u32>, Vec<f64>) = (0..).zip(p).filter_map(|(i, p)| tested(p).map(|p| (i, p))).unzip();
    let mut adjusted = vec![None; p.len()];
    for (value, i) in adjust_all(&values, rule).into_iter().zip(places) {
        adjusted[i as usize] = Some(value);
    }
    adjusted
}

/// Adjusts p-values in [0, 1], all of which were tested.
pub(crate) fn adjust_all(p: &[f64], rule: Adjustment) -> Vec<f64> {
    let order = order_of(p);
    let mut adjusted: Vec<f64> = order.iter().map(|&(key, _)| from_key(key)).collect();
    let sorted = adjust_sorted(&adjusted, rule);
    for (value, &(_, i)) in sorted.into_iter().zip(&order) {
        adjusted[i as usize] = value.min(1.0);
    }
    adjusted
}

/// Adjusts ascending p-values.
fn adjust_sorted(p: &[f64], rule: Adjustment) -> Vec<f64> {
    let k = p.len() as f64;
    let left = |i: usize| k - i as f64;
    match rule {
        Adjustment::Bonferroni => p.iter().map(|p| k * p).collect(),
        Adjustment::Sidak => p.iter().map(|&p| sidak(p, k)).collect(),
        Adjustment::Holm => step_down(p, |i, p| left(i) * p),
        Adjustment::HolmSidak => step_down(p, |i, p| sidak(p, left(i))),
        Adjustment::Hochberg => step_up(p, |i, p| left(i) * p),
        Adjustment::Hommel => hommel(p),
        Adjustment::BenjaminiHochberg => step_up(p, |i, p| k * p / (i + 1) as f64),
        Adjustment::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=p.len()).rev().map(|i| 1.0 / i as f64).sum();
            step_up(p, |i, p| harmonic * k * p / (i + 1) as f64)
        }
    }
}

/// `1 - (1 - p)^k` without cancellation.
fn sidak(p: f64, k: f64) -> f64 {
    -(k * (-p).ln_1p()).exp_m1()
}

/// Running maximum from the smallest p.
fn step_down(p: &[f64], scaled: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut worst = 0.0_f64;
    p.iter()
        .enumerate()
        .map(|(i, &p)| {
            worst = worst.max(scaled(i, p));
            worst
        })
        .collect()
}

/// Running minimum from the largest p.
fn step_up(p: &[f64], scaled: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut best = 1.0_f64;
    let mut adjusted: Vec<f64> = (0..p.len())
        .rev()
        .map(|i| {
            best = best.min(scaled(i, p[i]));
            best
        })
        .collect();
    adjusted.reverse();
    adjusted
}

/// Hommel's adjusted p-values.
///
/// For each m let `c(m) = min over j = 2..m of m p(k-m+j) / j`. The adjusted p(i) is the largest of `min(m p(i), c(m))` over
/// the m that reach i from above (m <= k-i+1), and of `min(m p(k-m+1), c(m))` over the other m. `c(m) / m` is the least
/// slope from the point (k-m, 0) to the points (j, p(j)) right of k-m+1, so it is read off their lower convex hull, and as
/// `m p(i)` rises in m while `c(m)` falls, the first maximum sits at their crossing: O(k log k).
fn hommel(p: &[f64]) -> Vec<f64> {
    let k = p.len();
    if k < 2 {
        return p.to_vec();
    }
    // c[m] and simes[m] for m = 1..=k; p(i) of the text is p[i - 1].
    let mut c = vec![f64::INFINITY; k + 1];
    let mut simes = vec![0.0; k + 1];
    simes[1] = p[k - 1];
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for m in 2..=k {
        let added = k - m + 2;
        let point = (added as f64, p[added - 1]);
        while hull.len() >= 2 && !turns(point, hull[hull.len() - 1], hull[hull.len() - 2]) {
            hull.pop();
        }
        hull.push(point);
        let from = (k - m) as f64;
        let slope = |h: &(f64, f64)| h.1 / (h.0 - from);
        // Along the hull, from its left end, the slopes from the outside point fall and then rise.
        let (mut low, mut high) = (0, hull.len() - 1);
        while low < high {
            let middle = (low + high) / 2;
            if slope(&hull[middle]) < slope(&hull[middle + 1]) { high = middle } else { low = middle + 1 }
        }
        let least = [low.saturating_sub(1), low, (low + 1).min(hull.len() - 1)]
            .into_iter()
            .map(|i| slope(&hull[i]))
            .fold(f64::INFINITY, f64::min);
        c[m] = m as f64 * least;
        simes[m] = c[m].min(m as f64 * p[k - m]);
    }
    // The largest Simes value over m >= the index.
    let mut beyond = simes.clone();
    beyond.push(0.0);
    for m in (1..=k).rev() {
        beyond[m] = beyond[m].max(beyond[m + 1]);
    }
    let mut adjusted: Vec<f64> = (1..=k)
        .map(|i| {
            let reach = k - i + 1;
            let at = |m: usize| (m as f64 * p[i - 1]).min(c[m]);
            // The first m whose c(m) is below m p(i).
            let (mut low, mut high) = (1, reach);
            while low < high {
                let middle = (low + high) / 2;
                if c[middle] <= middle as f64 * p[i - 1] { high = middle } else { low = middle + 1 }
            }
            let within = at(low).max(at(low.saturating_sub(1).max(1)));
            within.max(beyond[reach + 1]).max(p[i - 1])
        })
        .collect();
    // Equal p-values have equal answers, rounding included.
    for i in 1..k {
        adjusted[i] = adjusted[i].max(adjusted[i - 1]);
    }
    for i in (1..k).rev() {
        if p[i] == p[i - 1] {
            adjusted[i - 1] = adjusted[i];
        }
    }
    adjusted
}

/// Whether a, b, c (left to right) turn left: b lies below the line from a to c.
fn turns(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> bool {
    (b.1 - a.1) * (c.0 - a.0) < (c.1 - a.1) * (b.0 - a.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Adjustment; 8] = [
        Adjustment::Bonferroni,
        Adjustment::Sidak,
        Adjustment::Holm,
        Adjustment::HolmSidak,
        Adjustment::Hochberg,
        Adjustment::Hommel,
        Adjustment::BenjaminiHochberg,
        Adjustment::BenjaminiYekutieli,
    ];

    /// R's `p.adjust(method = "hommel")`, quadratic.
    fn hommel_by_definition(p: &[f64]) -> Vec<f64> {
        let n = p.len();
        let start = (1..=n).map(|i| n as f64 * p[i - 1] / i as f64).fold(f64::INFINITY, f64::min);
        let mut adjusted = vec![start; n];
        for m in (2..n).rev() {
            let q1 = (2..=m).map(|j| m as f64 * p[n - m + j - 1] / j as f64).fold(f64::INFINITY, f64::min);
            let q = |i: usize| (m as f64 * p[i - 1]).min(q1);
            for i in 1..=n {
                let value = if i <= n - m + 1 { q(i) } else { q(n - m + 1) };
                adjusted[i - 1] = adjusted[i - 1].max(value);
            }
        }
        adjusted.iter().zip(p).map(|(a, p)| a.max(*p)).collect()
    }

    fn noise(seed: u64, k: usize) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..k)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let u = (state >> 11) as f64 / (1u64 << 53) as f64;
                match state % 5 {
                    0 => u * 1e-3,
                    1 => (u * 9.0).floor() / 9.0,
                    2 => u * u * u,
                    _ => u,
                }
            })
            .collect()
    }

    #[test]
    fn hommel_by_hulls_is_hommel_by_definition() {
        for seed in 1..400 {
            let mut p = noise(seed, 1 + (seed as usize * 7) % 40);
            p.sort_by(f64::total_cmp);
            for (found, expected) in hommel(&p).into_iter().zip(hommel_by_definition(&p)) {
                assert!((found - expected).abs() <= 1e-12 * expected, "seed {seed}: {found} {expected}");
            }
        }
    }

    #[test]
    fn untested_hypotheses_do_not_count() {
        for rule in ALL {
            let with = adjust(&[Some(0.2), Some(f64::NAN), Some(0.001), None, Some(0.04)], rule);
            let without = adjust(&[Some(0.2), Some(0.001), Some(0.04)], rule);
            assert_eq!([with[0], with[2], with[4]], [without[0], without[1], without[2]]);
            assert_eq!((with[1], with[3]), (None, None));
        }
    }

    #[test]
    fn adjusted_values_stay_in_range_keep_the_order_and_never_shrink() {
        for seed in 1..60 {
            let p = noise(seed, 25);
            let given: Vec<_> = p.iter().copied().map(Some).collect();
            for rule in ALL {
                let found: Vec<f64> = adjust(&given, rule).into_iter().flatten().collect();
                for i in 0..p.len() {
                    assert!(found[i] >= p[i] * (1.0 - 1e-15) && found[i] <= 1.0, "{rule:?}");
                    for j in 0..p.len() {
                        assert!(p[i] > p[j] || found[i] <= found[j], "{rule:?} changes the order");
                    }
                }
            }
        }
    }

    #[test]
    fn step_rules_are_ordered_by_their_power() {
        for seed in 1..60 {
            let given: Vec<_> = noise(seed, 17).into_iter().map(Some).collect();
            let by = |rule| adjust(&given, rule).into_iter().flatten().collect::<Vec<f64>>();
            let (bonferroni, holm, hochberg, hommel, bh) = (
                by(Adjustment::Bonferroni),
                by(Adjustment::Holm),
                by(Adjustment::Hochberg),
                by(Adjustment::Hommel),
                by(Adjustment::BenjaminiHochberg),
            );
            for i in 0..given.len() {
                let slack = 1.0 + 1e-12;
                assert!(holm[i] <= bonferroni[i] * slack);
                assert!(hochberg[i] <= holm[i] * slack);
                assert!(hommel[i] <= hochberg[i] * slack);
                assert!(bh[i] <= hommel[i] * slack);
            }
        }
    }

    #[test]
    fn empty_and_single_inputs_have_answers() {
        for rule in ALL {
            assert!(adjust(&[], rule).is_empty());
            assert_eq!(adjust(&[None], rule), [None]);
            let one = adjust(&[Some(0.3)], rule)[0].expect("tested");
            assert!((one - 0.3).abs() < 1e-15, "{rule:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_hypotheses_are_quick() {
        let given: Vec<_> = noise(5, 100_000).into_iter().map(Some).collect();
        for rule in ALL {
            assert_eq!(adjust(&given, rule).len(), 100_000);
        }
    }
}
