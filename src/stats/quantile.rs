//! Quantiles: estimates, standard errors, distribution-free bounds, and the comparison of two arms (in `mover`).

use super::Unanswerable;
use super::describe::rank;
use super::special::{beta_inc, binom_cdf, binom_sf, norm_isf};

mod mover;
mod rank_table;

pub use mover::{MoverScale, MoverTest, StratumQuantile, mover, mover_strata};

const TEST: &str = "quantile";

/// One-sided distribution-free bounds of a quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileBounds {
    /// The lower bound; `-inf` when no order statistic reaches the level.
    pub low: f64,
    /// The upper bound; `inf` when no order statistic reaches the level.
    pub high: f64,
}

/// The q-quantile (inverted cdf) with a lower and an upper bound, each at one-sided level 1 - alpha.
///
/// The lower bound is the order statistic of rank BinQuantile(alpha; n, q), the upper that of rank
/// BinQuantile(1 - alpha; n, q) + 1. Both hold for every distribution and are conservative for discrete ones. A finite
/// upper bound at 95 % needs ln(0.05)/ln(q) values: 5 for the median, 59 for p95, 299 for p99.
///
/// `n_effective` is the number of independent values that the sample is worth: n for independent rows, n over the
/// design effect for clustered ones. Below n the ranks are found for floor(n_effective) values and carried over to the
/// same share of the sample, rounded outwards; above n it counts as n. Values ascend and hold no NaN.
///
/// ```
/// use serinus::stats::quantile::order_statistic_bounds;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let sorted: Vec<f64> = (1..=300).map(f64::from).collect();
/// let p99 = order_statistic_bounds(&sorted, 300.0, 0.99, 0.05)?;
/// assert_eq!(p99.high, 300.0);
/// assert_eq!(order_statistic_bounds(&sorted[..298], 298.0, 0.99, 0.05)?.high, f64::INFINITY);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::Undefined`] for an empty sample, [`Unanswerable::Argument`] for q or alpha outside (0, 1) and for an
/// effective size below 1.
pub fn order_statistic_bounds(
    sorted: &[f64],
    n_effective: f64,
    q: f64,
    alpha: f64,
) -> Result<QuantileBounds, Unanswerable> {
    check(sorted, q)?;
    check_share("alpha", alpha)?;
    let size = EffectiveSize::of(sorted.len(), n_effective)?;
    let (low, high) = size.bound_ranks(q, alpha);
    Ok(QuantileBounds {
        low: low.map_or(f64::NEG_INFINITY, |r| sorted[r - 1]),
        high: high.map_or(f64::INFINITY, |r| sorted[r - 1]),
    })
}

/// [`order_statistic_bounds`] of one sample at many alphas: the binomial is summed once.
#[derive(Debug)]
pub(crate) struct ManyBounds {
    size: EffectiveSize,
    q: f64,
    table: rank_table::RankTable,
}

impl ManyBounds {
    /// Of ascending values that are worth `n_effective` independent ones.
    pub(crate) fn new(sorted: &[f64], n_effective: f64, q: f64) -> Result<ManyBounds, Unanswerable> {
        check(sorted, q)?;
        let size = EffectiveSize::of(sorted.len(), n_effective)?;
        Ok(ManyBounds { size, q, table: rank_table::RankTable::new(size.effective, q) })
    }

    /// The bounds in the same values, at an alpha inside (0, 1).
    pub(crate) fn at(&self, sorted: &[f64], alpha: f64) -> (f64, f64) {
        let low = self.size.carry_low(self.table.lower(alpha), self.q);
        let high = self.size.carry_high(self.table.upper(alpha), self.q);
        (low.map_or(f64::NEG_INFINITY, |r| sorted[r - 1]), high.map_or(f64::INFINITY, |r| sorted[r - 1]))
    }
}

/// A sample's size and what it is worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EffectiveSize {
    n: usize,
    effective: u64,
}

impl EffectiveSize {
    pub(crate) fn of(n: usize, effective: f64) -> Result<EffectiveSize, Unanswerable> {
        if !(effective >= 1.0) {
            return Err(Unanswerable::Argument {
                argument: "effective size",
                value: effective,
                expected: "it has to be 1 or more",
            });
        }
        Ok(EffectiveSize { n, effective: effective.min(n as f64).floor() as u64 })
    }

    /// One-based ranks of the one-sided bounds; `None` where the sample bounds nothing.
    pub(crate) fn bound_ranks(&self, q: f64, alpha: f64) -> (Option<usize>, Option<usize>) {
        let low = lower_rank(self.effective, q, alpha);
        let high = upper_rank(self.effective, q, alpha);
        (self.carry_low(low, q), self.carry_high(high, q))
    }

    /// A rank among the effective values as a rank in the sample, rounded down; `None` for rank 0.
    fn carry_low(&self, rank: u64, q: f64) -> Option<usize> {
        match rank {
            0 => None,
            r if self.is_whole() => Some(r as usize),
            r => Some((self.share(r).floor() as usize).min(self::rank(self.n, q))).filter(|r| *r > 0),
        }
    }

    /// A rank among the effective values as a rank in the sample, rounded up; `None` beyond the last.
    fn carry_high(&self, rank: u64, q: f64) -> Option<usize> {
        match rank {
            r if r > self.effective => None,
            r if self.is_whole() => Some(r as usize),
            r => Some((self.share(r).ceil() as usize).clamp(self::rank(self.n, q), self.n)),
        }
    }

    fn is_whole(&self) -> bool {
        self.effective == self.n as u64
    }

    fn share(&self, rank: u64) -> f64 {
        rank as f64 / self.effective as f64 * self.n as f64
    }
}

/// The smallest k with P(X <= k) >= alpha, X binomial(n, q).
fn lower_rank(n: u64, q: f64, alpha: f64) -> u64 {
    first(n, start(n, q, -norm_isf(alpha)), |k| binom_cdf(k as i64, n, q) >= alpha)
}

/// One more than the smallest k with P(X > k) <= alpha, X binomial(n, q).
fn upper_rank(n: u64, q: f64, alpha: f64) -> u64 {
    1 + first(n, start(n, q, norm_isf(alpha)), |k| binom_sf(k as i64, n, q) <= alpha)
}

/// Where the normal approximation puts a binomial quantile.
fn start(n: u64, q: f64, z: f64) -> u64 {
    let size = n as f64;
    (size * q + z * (size * q * (1.0 - q)).sqrt()).clamp(0.0, size) as u64
}

/// The smallest k in 0..=n with `holds(k)`, which is true from some k on and at n; the search gallops from `start`.
fn first(n: u64, start: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let mut step = 1 + ((n as f64).sqrt() * 0.05) as u64;
    // `below` counts values that are known not to hold: the answer lies in below..=high.
    let (mut below, mut high) = (0, n);
    let mut at = start.min(n);
    if holds(at) {
        high = at;
        while high > 0 {
            at = high.saturating_sub(step);
            if holds(at) {
                high = at;
                step *= 2;
            } else {
                below = at + 1;
                break;
            }
        }
    } else {
        below = at + 1;
        while below < high {
            at = (below + step).min(n);
            if holds(at) {
                high = at;
                break;
            }
            below = at + 1;
            step *= 2;
        }
    }
    while below < high {
        let middle = below + (high - below) / 2;
        if holds(middle) {
            high = middle;
        } else {
            below = middle + 1;
        }
    }
    high
}

/// The Harrell-Davis estimate of the q-quantile: a mean of all order statistics with beta weights.
///
/// Weights I_{i/n}((n+1) q, (n+1)(1-q)) - I_{(i-1)/n}(...) (Harrell & Davis 1982). For display, not for tests. Values
/// ascend. O(sqrt(n)) incomplete betas.
///
/// # Errors
/// [`Unanswerable::Undefined`] for an empty sample or a non-finite value with weight, [`Unanswerable::Argument`] for q
/// outside (0, 1).
pub fn harrell_davis(sorted: &[f64], q: f64) -> Result<f64, Unanswerable> {
    check(sorted, q)?;
    let n = sorted.len() as f64;
    let weighted = weights(sorted.len(), (n + 1.0) * q, (n + 1.0) * (1.0 - q));
    finite(weighted_mean(sorted, &weighted))
}

/// The Maritz-Jarrett standard error of the q-quantile (Maritz & Jarrett 1978), as SciPy's `mjci` computes it.
///
/// With M = floor(n q + 1/2) the weights are those of Beta(M - 1, n - M). Values ascend. O(sqrt(n)) incomplete betas.
///
/// # Errors
/// [`Unanswerable::Undefined`] when M < 2 or M >= n, so that the beta does not exist, else as [`harrell_davis`].
pub fn maritz_jarrett_se(sorted: &[f64], q: f64) -> Result<f64, Unanswerable> {
    check(sorted, q)?;
    let n = sorted.len();
    let m = (n as f64 * q + 0.5).floor();
    if m < 2.0 || m >= n as f64 {
        return Err(Unanswerable::Undefined {
            test: "maritz_jarrett",
            why: "the quantile lies too near an end of the sample",
        });
    }
    let weighted = weights(n, m - 1.0, n as f64 - m);
    let centre = finite(weighted_mean(sorted, &weighted))?;
    let (first, weights) = &weighted;
    let deviations = || sorted[*first..].iter().zip(weights).map(|(v, w)| (v - centre, *w));
    // Squares of the largest deviation have to fit: scale by a power of two.
    let largest = deviations().fold(0.0_f64, |m, (d, _)| m.max(d.abs()));
    if largest == 0.0 {
        return Ok(0.0);
    }
    let exponent = libm::ilogb(largest);
    let square = |d: f64| libm::ldexp(d, -exponent) * libm::ldexp(d, -exponent);
    let variance: f64 = deviations().map(|(d, w)| w * square(d)).sum();
    finite(libm::ldexp(variance.sqrt(), exponent))
}

/// Beta weights of order statistics, from the first index with weight; those before and after it have less than 1e-30.
fn weights(n: usize, a: f64, b: f64) -> (usize, Vec<f64>) {
    let size = n as f64;
    let mean = a / (a + b);
    let reach = 14.0 * (a * b / (a + b + 1.0)).sqrt() / (a + b) + 80.0 / (a + b);
    let first = ((mean - reach) * size).floor().clamp(0.0, size - 1.0) as usize;
    let last = ((mean + reach) * size).ceil().clamp(1.0, size) as usize;
    let mut before = 0.0;
    let weights = (first + 1..=last).map(|i| {
        let now = if i == last { 1.0 } else { beta_inc(a, b, i as f64 / size) };
        let weight = now - before;
        before = now;
        weight
    });
    (first, weights.collect())
}

fn weighted_mean(sorted: &[f64], (first, weights): &(usize, Vec<f64>)) -> f64 {
    // About the middle value, so that large offsets keep their digits.
    let pivot = sorted[first + weights.len() / 2];
    let rest: f64 = sorted[*first..].iter().zip(weights).map(|(v, w)| w * (v - pivot)).sum();
    pivot + rest
}

/// The standard error of the q-quantile from the width of its own binomial interval.
///
/// With ranks l and u at n q -+ z sqrt(n q (1 - q)), se = (x_(u) - x_(l)) / (z_l + z_u), where z_l and z_u are the
/// exact binomial scores of the two ranks (Woodruff 1952; Price & Bonett 2001). Values ascend.
///
/// # Errors
/// [`Unanswerable::Undefined`] when a rank lies outside the sample: p99 at z = 1.96 needs 381 values.
pub fn price_bonett_se(sorted: &[f64], q: f64, z: f64) -> Result<f64, Unanswerable> {
    check(sorted, q)?;
    if !(z > 0.0 && z.is_finite()) {
        return Err(Unanswerable::Argument { argument: "z", value: z, expected: "it has to be a positive number" });
    }
    let n = sorted.len();
    let (centre, reach) = (n as f64 * q, z * (n as f64 * q * (1.0 - q)).sqrt());
    let (low, high) = ((centre - reach).floor(), (centre + reach).ceil());
    let outside = Unanswerable::Undefined { test: "price_bonett", why: "the sample is too small for this quantile" };
    if low < 1.0 || high > n as f64 {
        return Err(outside);
    }
    let (l, u) = (low as usize, high as usize);
    // P(Q < x_(l)) <= P(X <= l - 1) and P(Q > x_(u)) <= P(X > u - 1).
    let z_low = norm_isf(binom_cdf(l as i64 - 1, n as u64, q));
    let z_high = norm_isf(binom_sf(u as i64 - 1, n as u64, q));
    if !(z_low + z_high > 0.0) {
        return Err(outside);
    }
    finite((sorted[u - 1] - sorted[l - 1]) / (z_low + z_high))
}

/// Whether a quantile can be asked of these values.
fn check(sorted: &[f64], q: f64) -> Result<(), Unanswerable> {
    check_share("q", q)?;
    // NaN sorts to the ends.
    match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) if !first.is_nan() && !last.is_nan() => Ok(()),
        _ => Err(Unanswerable::Undefined { test: TEST, why: "the sample is empty or holds NaN" }),
    }
}

fn check_share(argument: &'static str, value: f64) -> Result<(), Unanswerable> {
    super::contrast::check_open(argument, value, 1.0, "it has to lie in (0, 1)")
}

fn finite(value: f64) -> Result<f64, Unanswerable> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Unanswerable::Undefined { test: TEST, why: "a value that counts is infinite or exceeds the range" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: u32) -> Vec<f64> {
        (1..=n).map(f64::from).collect()
    }

    #[test]
    fn the_ranks_are_binomial_quantiles() {
        for n in [1_u64, 2, 5, 30, 300, 1_001] {
            for q in [0.01, 0.5, 0.9, 0.99, 0.999] {
                for alpha in [1e-12, 0.01, 0.05, 0.4] {
                    let low = (0..=n).find(|&k| binom_cdf(k as i64, n, q) >= alpha).unwrap();
                    let high = (0..=n).find(|&k| binom_sf(k as i64, n, q) <= alpha).unwrap() + 1;
                    assert_eq!(lower_rank(n, q, alpha), low, "lower {n} {q} {alpha}");
                    assert_eq!(upper_rank(n, q, alpha), high, "upper {n} {q} {alpha}");
                }
            }
        }
    }

    #[test]
    fn a_finite_upper_bound_needs_the_published_sizes() {
        for (q, n) in [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299), (0.999, 2_995)] {
            let high = |n: u32| order_statistic_bounds(&ramp(n), f64::from(n), q, 0.05).unwrap().high;
            assert!(high(n).is_finite() && high(n - 1).is_infinite(), "{q} {n}");
        }
    }

    #[test]
    fn a_smaller_effective_size_widens_the_bounds() {
        let sorted = ramp(3_000);
        let full = order_statistic_bounds(&sorted, 3_000.0, 0.9, 0.05).unwrap();
        let worth = order_statistic_bounds(&sorted, 1_000.0, 0.9, 0.05).unwrap();
        let small = order_statistic_bounds(&ramp(1_000), 1_000.0, 0.9, 0.05).unwrap();
        assert!(worth.low < full.low && worth.high > full.high);
        assert!((worth.high / 3.0 - small.high).abs() <= 1.0 && (worth.low / 3.0 - small.low).abs() <= 1.0);
        assert_eq!(order_statistic_bounds(&sorted, 9_000.0, 0.9, 0.05).unwrap(), full);
        let tiny = order_statistic_bounds(&sorted, 10.0, 0.99, 0.05).unwrap();
        assert!(tiny.high.is_infinite());
    }

    #[test]
    fn weights_outside_the_window_do_not_matter() {
        let sorted: Vec<f64> = (0..2_000).map(|i| f64::from(i).powi(2)).collect();
        for q in [0.001, 0.5, 0.99, 0.9995] {
            let (a, b) = (2_001.0 * q, 2_001.0 * (1.0 - q));
            let mut all = 0.0;
            for i in 1..=2_000_u32 {
                let w = beta_inc(a, b, f64::from(i) / 2_000.0) - beta_inc(a, b, f64::from(i - 1) / 2_000.0);
                all += w * sorted[i as usize - 1];
            }
            let hd = harrell_davis(&sorted, q).unwrap();
            assert!((hd - all).abs() <= 1e-9 * all.max(1.0), "{q}: {hd} {all}");
        }
    }

    #[test]
    fn estimates_survive_constants_and_extremes() {
        assert_eq!(harrell_davis(&[7.0; 9], 0.9).unwrap(), 7.0);
        assert_eq!(maritz_jarrett_se(&[7.0; 9], 0.5).unwrap(), 0.0);
        let huge = [1e300, 2e300, 3e300, 4e300, 5e300];
        let se = maritz_jarrett_se(&huge, 0.5).unwrap();
        assert!((se / 1e300 / maritz_jarrett_se(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5).unwrap() - 1.0).abs() < 1e-12);
        assert!(maritz_jarrett_se(&[1.0, 2.0], 0.5).is_err());
        assert!(harrell_davis(&[], 0.5).is_err() && harrell_davis(&[1.0], 1.0).is_err());
        assert!(harrell_davis(&[1.0, f64::INFINITY], 0.5).is_err());
    }

    #[test]
    fn the_woodruff_error_is_near_the_asymptotic_one() {
        // Uniform values: se of the q-quantile is sqrt(q (1 - q) / n).
        let sorted: Vec<f64> = (1..=4_000).map(|i| f64::from(i) / 4_000.0).collect();
        for q in [0.5, 0.9, 0.99] {
            let se = price_bonett_se(&sorted, q, 1.96).unwrap();
            assert!((se / (q * (1.0 - q) / 4_000.0_f64).sqrt() - 1.0).abs() < 0.06, "{q} {se}");
        }
        assert!(price_bonett_se(&ramp(380), 0.99, 1.96).is_err());
        assert!(price_bonett_se(&ramp(400), 0.99, 1.96).is_ok());
    }
}
