//! Are two whole distributions ordered, or equal, at whatever look one stops?
//!
//! The empirical distribution of n rows stays within f(n) = 0.85 sqrt((log log(e n) + 0.8 log(1612 / alpha)) / n) of the
//! true one at every n >= 1 at once, with probability 1 - alpha (Howard and Ramdas 2022, corollary 2): the
//! Dvoretzky-Kiefer-Wolfowitz band, uniform over time. Two bands make a two-sample test (Lindon, Sanden and Shirikian
//! 2022). Evaluated at shared bucket edges it stays valid. It is quick for shifts of the body and nearly blind in tails:
//! one percent of rows turned slow needs tens of thousands of canary rows; watch tails with exceedances.

use super::histogram::{Histogram, cell_of, lower_edge, upper_edge};
use super::label::Side;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// Half-width of the band at every n at once: f(n) above.
///
/// ```
/// use serinus::monitor::dkw_radius;
/// assert!((dkw_radius(194430, 0.05)? - 0.006359422988548901).abs() < 1e-12);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `n` is 0, or `alpha` is not in (0, 1].
pub fn dkw_radius(n: u64, alpha: f64) -> Result<f64, Unanswerable> {
    if n == 0 {
        return Err(Unanswerable::Argument { argument: "n", value: 0.0, expected: "a band needs at least one row" });
    }
    if !(alpha > 0.0 && alpha <= 1.0) {
        return Err(Unanswerable::Argument { argument: "alpha", value: alpha, expected: "it has to lie in (0, 1]" });
    }
    Ok(radius(n, (1612.0 / alpha).ln()))
}

/// f(n) with `log` = log(1612 / alpha).
fn radius(n: u64, log: f64) -> f64 {
    let n = n as f64;
    0.85 * ((1.0 + n.ln()).ln() + 0.8 * log).max(0.0).sqrt() / n.sqrt()
}

/// What the two-sample test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticOrder {
    /// Largest excess of the baseline's distribution function over the canary's: the canary is larger by so much.
    pub canary_larger: f64,
    /// Largest distance either way.
    pub either: f64,
    /// Sum of the two bands' half-widths at the level asked for, alpha / 2 an arm.
    pub radius: f64,
    /// p-value of "the canary is not stochastically larger", valid at the look; at most 1.
    pub p_order: f64,
    /// p-value of "the distributions are equal".
    pub p_equal: f64,
}

/// Tests the order of two histograms over the same classes, in ascending order. O(classes).
///
/// ```
/// use serinus::monitor::stochastic_order;
/// let test = stochastic_order(&[9000, 1000], &[500, 500], 0.05)?;
/// assert!(test.canary_larger > test.radius && test.p_order < 0.05);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// Lengths differ, an arm is empty, or `alpha` is not in (0, 1].
pub fn stochastic_order(baseline: &[u64], canary: &[u64], alpha: f64) -> Result<StochasticOrder, Unanswerable> {
    if baseline.len() != canary.len() {
        return Err(Unanswerable::Argument {
            argument: "canary",
            value: canary.len() as f64,
            expected: "both histograms need the same classes",
        });
    }
    let n = Arms { baseline: baseline.iter().sum::<u64>(), canary: canary.iter().sum::<u64>() };
    let width = dkw_radius(n.canary, alpha * 0.5)? + dkw_radius(n.baseline, alpha * 0.5)?;
    let (mut below, mut canary_larger, mut either) = (Arms { baseline: 0u64, canary: 0u64 }, 0.0f64, 0.0f64);
    for (s, c) in baseline.iter().zip(canary) {
        below.baseline += s;
        below.canary += c;
        let excess = below.baseline as f64 / n.baseline as f64 - below.canary as f64 / n.canary as f64;
        canary_larger = canary_larger.max(excess);
        either = either.max(excess.abs());
    }
    Ok(StochasticOrder {
        canary_larger,
        either,
        radius: width,
        p_order: p_of_distance(canary_larger, n),
        p_equal: p_of_distance(either, n),
    })
}

/// The least alpha at which a distance exceeds both bands together, at most 1: f(n_c) + f(n_s) = distance at alpha / 2.
pub(crate) fn p_of_distance(distance: f64, n: Arms<u64>) -> f64 {
    if n.baseline == 0 || n.canary == 0 || !(distance > 0.0) {
        return 1.0;
    }
    let at = |log: f64| radius(n.canary, log) + radius(n.baseline, log) >= distance;
    let least = 3224f64.ln();
    if at(least) {
        return 1.0;
    }
    // The band grows with log; a distance of at most 1 is exceeded by log = 2 n.
    let mut high = 2.0 * least;
    while !at(high) {
        high *= 2.0;
    }
    let log = super::normal_mixture::bisect(least, high, at);
    (least - log).exp().clamp(f64::MIN_POSITIVE, 1.0)
}

/// How far the canary lies beyond the boundary "baseline x scale + offset", as the largest excess of one distribution
/// function over the other; every bucket of the canary counts at the end that makes the excess smaller.
pub(crate) fn excess_beyond(data: &Arms<Histogram>, scale: f64, offset: f64, side: Side) -> f64 {
    let n = data.as_ref().map(|h| h.total() as f64);
    if n.baseline == 0.0 || n.canary == 0.0 {
        return 0.0;
    }
    let mut largest = 0.0f64;
    let mut seen = 0u64;
    for (cell, count) in data.baseline.cells() {
        let before = seen;
        seen += count;
        let share = match side {
            // P(baseline <= edge) against P(canary <= boundary of that edge).
            Side::Above => {
                let edge = upper_edge(*cell);
                let Some(to) = cell_of(edge * scale + offset) else { continue };
                seen as f64 / n.baseline - data.canary.up_to(to) as f64 / n.canary
            }
            Side::Below => {
                let edge = lower_edge(*cell);
                let Some(to) = cell_of(edge * scale + offset) else { continue };
                data.canary.up_to(to.saturating_sub(1)) as f64 / n.canary - before as f64 / n.baseline
            }
        };
        largest = largest.max(share);
    }
    largest
}

/// Largest distance of two empirical distribution functions at bucket edges, either way.
pub(crate) fn distance(data: &Arms<Histogram>) -> f64 {
    let n = data.as_ref().map(|h| h.total() as f64);
    if n.baseline == 0.0 || n.canary == 0.0 {
        return 0.0;
    }
    let edges = data.baseline.cells().iter().chain(data.canary.cells()).map(|(c, _)| *c);
    edges
        .map(|c| (data.baseline.up_to(c) as f64 / n.baseline - data.canary.up_to(c) as f64 / n.canary).abs())
        .fold(0.0, f64::max)
}

/// The quantile of one arm at every look at once, by the interval of `radius` around its level; an end without data is
/// infinite.
pub fn quantile_band(histogram: &Histogram, q: f64, radius: f64) -> (f64, f64) {
    let low = if q - radius <= 0.0 { None } else { histogram.quantile_cell(q - radius) };
    let high = if q + radius >= 1.0 { None } else { histogram.quantile_cell(q + radius) };
    (low.map_or(f64::NEG_INFINITY, lower_edge), high.map_or(f64::INFINITY, upper_edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_p_value_is_the_level_at_which_the_bands_part() {
        let n = Arms { baseline: 9000, canary: 700 };
        for alpha in [0.5, 0.05, 1e-10] {
            let width = dkw_radius(700, alpha / 2.0).expect("valid") + dkw_radius(9000, alpha / 2.0).expect("valid");
            assert!((p_of_distance(width, n) / alpha - 1.0).abs() < 1e-9);
        }
        assert_eq!(p_of_distance(0.0, n), 1.0);
        assert_eq!(p_of_distance(f64::NAN, n), 1.0);
        assert!(p_of_distance(1.0, Arms { baseline: u64::MAX / 2, canary: u64::MAX / 2 }) > 0.0);
    }

    #[test]
    fn a_scaled_boundary_lets_a_scaled_canary_pass() {
        let values: Vec<f64> = (1..2000).map(f64::from).collect();
        let slower: Vec<f64> = values.iter().map(|v| v * 1.5).collect();
        let data = Arms { baseline: Histogram::from_values(&values), canary: Histogram::from_values(&slower) };
        assert!(excess_beyond(&data, 1.0, 0.0, Side::Above) > 0.3);
        assert!(excess_beyond(&data, 1.6, 0.0, Side::Above) < 0.01);
        assert_eq!(excess_beyond(&data, 1.0, 0.0, Side::Below), 0.0);
        assert!(excess_beyond(&data.clone().swap(), 1.0, 0.0, Side::Below) > 0.3);
        assert!(distance(&data) > 0.3);
    }

    #[test]
    fn empty_arms_have_no_band() {
        assert!(dkw_radius(0, 0.05).is_err());
        assert!(stochastic_order(&[0], &[1], 0.05).is_err());
        assert!(stochastic_order(&[1, 2], &[1], 0.05).is_err());
        assert_eq!(quantile_band(&Histogram::default(), 0.5, 0.1), (f64::NEG_INFINITY, f64::INFINITY));
        let band = quantile_band(&Histogram::from_values(&[1.0, 2.0, 3.0, 4.0, 5.0]), 0.5, 0.25);
        assert!(band.0 <= 2.0 && band.1 >= 4.0 && band.0 > 1.0);
    }
}
