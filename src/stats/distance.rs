//! How far apart two samples lie, in the metric's own units: Wasserstein's and the energy distance.

use super::ecdf::{self, Admit, ShareStep};
use super::{Unanswerable, scale};
use crate::arms::Arms;

const TEST_W1: &str = "wasserstein_1";
const TEST_ENERGY: &str = "energy_distance";

/// The first Wasserstein distance between canary `x` and baseline `y`: the area between their distribution functions.
///
/// How far, on average, the canary's values have to be moved to become the baseline's. O(N log N). Two samples of one
/// distribution lie about spread * sqrt(1/m + 1/n) apart, so that the distance alone shows nothing; see
/// [`wasserstein_p_value`]. SciPy's `wasserstein_distance`.
///
/// ```
/// use serinus::stats::distance::wasserstein_1;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// assert_eq!(wasserstein_1(&[5.0, 7.0, 12.0], &[2.0, 4.0, 9.0])?, 3.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a value that is NaN or infinite, a distance above the largest f64.
pub fn wasserstein_1(x: &[f64], y: &[f64]) -> Result<f64, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST_W1, x, y, Admit::Finite)?;
    area(TEST_W1, &ecdf::shares(&sorted).collect::<Vec<_>>())
}

/// [`wasserstein_1`] of weighted rows, such as a baseline reweighted to the canary's strata.
///
/// ```
/// use serinus::{Arms, stats::distance::weighted_wasserstein_1};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let values = Arms { canary: &[0.0, 1.0][..], baseline: &[5.0, 6.0][..] };
/// let weights = Arms { canary: &[3.0, 1.0][..], baseline: &[2.0, 2.0][..] };
/// assert_eq!(weighted_wasserstein_1(values, weights)?, 5.25);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`wasserstein_1`], and a weight that is negative or not finite, or an arm without weight.
pub fn weighted_wasserstein_1(values: Arms<&[f64]>, weights: Arms<&[f64]>) -> Result<f64, Unanswerable> {
    area(TEST_W1, &ecdf::weighted_shares(TEST_W1, values, weights, Admit::Finite)?)
}

/// [`wasserstein_1`] over the baseline's interquartile range, which frees it of the unit.
///
/// Quartiles are linear between order statistics (type 7). `None` where that range is 0.
///
/// ```
/// use serinus::stats::distance::relative_wasserstein_1;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline = [0.0, 1.0, 2.0, 3.0, 4.0];
/// assert_eq!(relative_wasserstein_1(&[1.0, 2.0, 3.0, 4.0, 5.0], &baseline)?, Some(0.5));
/// assert_eq!(relative_wasserstein_1(&baseline, &[1.0])?, None);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`wasserstein_1`].
pub fn relative_wasserstein_1(x: &[f64], y: &[f64]) -> Result<Option<f64>, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST_W1, x, y, Admit::Finite)?;
    let distance = area(TEST_W1, &ecdf::shares(&sorted).collect::<Vec<_>>())?;
    let y = &sorted.baseline;
    let quartile = |q: f64| {
        let at = q * (y.len() - 1) as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        let next = y[(low + 1).min(y.len() - 1)];
        y[low] * (1.0 - part) + next * part
    };
    let range = 0.5 * quartile(0.75) - 0.5 * quartile(0.25);
    let relative = 0.5 * distance / range;
    Ok((range > 0.0 && relative.is_finite()).then_some(relative))
}

/// The energy distance between canary `x` and baseline `y`, with its square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energy {
    /// sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|); SciPy's `energy_distance`.
    pub distance: f64,
    /// The same before the root, in the metric's unit.
    pub squared: f64,
}

/// The energy distance: the root of twice the area of the squared gap between the distribution functions.
///
/// In one dimension 2 E|X - Y| - E|X - X'| - E|Y - Y'| = 2 times the integral of (F - G)^2 (Székely 2002), so that no
/// pairs are visited. O(N log N).
///
/// ```
/// use serinus::stats::distance::energy_distance;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// assert_eq!(energy_distance(&[0.0], &[8.0])?.distance, 4.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a value that is NaN or infinite, a square above the largest f64.
pub fn energy_distance(x: &[f64], y: &[f64]) -> Result<Energy, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST_ENERGY, x, y, Admit::Finite)?;
    let steps: Vec<ShareStep> = ecdf::shares(&sorted).collect();
    // An even exponent, so that its root is a power of two as well.
    let unit = exponent(&steps) & !1;
    let squared = 2.0 * integral(&steps, unit, |gap| gap * gap);
    let out = Energy { distance: scale::up(squared.sqrt(), unit / 2), squared: scale::up(squared, unit) };
    if out.squared.is_finite() { Ok(out) } else { Err(too_far(TEST_ENERGY)) }
}

/// Probability of a [`wasserstein_1`] at least the one observed when the rows are dealt to the arms at random.
///
/// (hits + 1) / (draws + 1), so never 0. `random` gives 64 random bits a call; the answer is a function of them. Each
/// draw is one pass over the pooled sorted rows: O(N log N + draws * N).
///
/// ```
/// use serinus::stats::distance::wasserstein_p_value;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let mut state = 1u64;
/// let random = move || {
///     state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
///     let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
///     let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
///     z ^ (z >> 31)
/// };
/// let canary: Vec<f64> = (0..50).map(|i| f64::from(i) + 40.0).collect();
/// let baseline: Vec<f64> = (0..50).map(f64::from).collect();
/// assert_eq!(wasserstein_p_value(&canary, &baseline, 199, random)?, 1.0 / 200.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`wasserstein_1`].
pub fn wasserstein_p_value(
    x: &[f64],
    y: &[f64],
    draws: u64,
    mut random: impl FnMut() -> u64,
) -> Result<f64, Unanswerable> {
    let sorted = ecdf::sorted_arms(TEST_W1, x, y, Admit::Finite)?;
    let steps: Vec<ShareStep> = ecdf::shares(&sorted).collect();
    let counts: Vec<usize> = ecdf::steps(&sorted).map(|s| s.canary + s.baseline).collect();
    let unit = exponent(&steps);
    let observed = integral(&steps, unit, f64::abs);
    let (m, n) = (x.len(), y.len());
    let mut hits = 0u64;
    for _ in 0..draws {
        let (mut dealt, mut canary, mut sum) = (0, 0, 0.0);
        for (pair, &up_to) in steps.windows(2).zip(&counts) {
            while dealt < up_to {
                // Selection sampling: the next row is a canary with probability (canaries left) / (rows left).
                let left = (m + n - dealt) as u128;
                let draw = (u128::from(random()) * left) >> 64;
                canary += usize::from(draw < (m - canary) as u128);
                dealt += 1;
            }
            let gap = canary as f64 / m as f64 - (dealt - canary) as f64 / n as f64;
            sum += gap.abs() * width(pair, unit);
        }
        // Equal arrangements differ by the rounding of their sums only.
        hits += u64::from(sum >= observed * (1.0 - 1e-12));
    }
    Ok((hits as f64 + 1.0) / (draws as f64 + 1.0))
}

fn area(test: &'static str, steps: &[ShareStep]) -> Result<f64, Unanswerable> {
    let unit = exponent(steps);
    let distance = scale::up(integral(steps, unit, f64::abs), unit);
    if distance.is_finite() { Ok(distance) } else { Err(too_far(test)) }
}

fn too_far(test: &'static str) -> Unanswerable {
    Unanswerable::Undefined { test, why: "the distance is above the largest number there is" }
}

/// The exponent e with all |values| at most 2^e, so that widths times 2^-e neither overflow nor lose digits.
fn exponent(steps: &[ShareStep]) -> i32 {
    let largest = steps.first().map_or(0.0, |s| s.value.abs()).max(steps.last().map_or(0.0, |s| s.value.abs()));
    scale::exponent(largest)
}

fn width(pair: &[ShareStep], unit: i32) -> f64 {
    scale::down(pair[1].value, unit) - scale::down(pair[0].value, unit)
}

/// The integral of `shape` of the gap between the distribution functions, in units of 2^unit.
fn integral(steps: &[ShareStep], unit: i32, shape: impl Fn(f64) -> f64) -> f64 {
    steps.windows(2).map(|pair| shape(pair[0].canary - pair[0].baseline) * width(pair, unit)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_have_answers() {
        assert_eq!(wasserstein_1(&[1e300], &[-1e300]), Ok(2e300));
        assert!(matches!(wasserstein_1(&[1.7e308], &[-1.7e308]), Err(Unanswerable::Undefined { .. })));
        assert_eq!(wasserstein_1(&[5e-324, 5e-324], &[0.0]), Ok(5e-324));
        assert_eq!(energy_distance(&[1e300], &[0.0]).unwrap().squared, 2e300);
        assert_eq!(energy_distance(&[5e-324], &[0.0]).unwrap().squared, 1e-323);
        assert!(wasserstein_1(&[f64::INFINITY], &[0.0]).is_err());
    }

    #[test]
    fn constants_are_no_distance_apart_and_nothing_is_shown() {
        assert_eq!(wasserstein_1(&[4.0; 3], &[4.0; 8]), Ok(0.0));
        assert_eq!(wasserstein_p_value(&[4.0; 3], &[4.0; 8], 9, || 1), Ok(1.0));
        assert_eq!(relative_wasserstein_1(&[4.0; 3], &[4.0; 8]), Ok(None));
    }

    #[test]
    fn energy_agrees_with_its_definition_by_pairs() {
        let (x, y) = ([1.0, 4.5, 4.5, -2.0], [0.5, 4.5, 9.0]);
        let mean = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().flat_map(|u| b.iter().map(move |v| (u - v).abs())).sum::<f64>() / (a.len() * b.len()) as f64
        };
        let expected = 2.0 * mean(&x, &y) - mean(&x, &x) - mean(&y, &y);
        assert!((energy_distance(&x, &y).unwrap().squared - expected).abs() < 1e-14);
    }
}
