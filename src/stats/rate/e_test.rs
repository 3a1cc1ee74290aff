//! The unconditional test of two Poisson rates: how often would rates that differ by no more give a gap this large?

use super::Rates;
use crate::stats::special::poisson_pmf;
use crate::stats::{Alternative, Unanswerable};

/// What the E-test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ETest {
    /// The gap beyond the difference asked about, over its standard error; `None` when no arm has events.
    pub statistic: Option<f64>,
    /// The p-value.
    pub p_value: f64,
}

/// Pairs of counts that are summed over at most: some 10 seconds.
const MOST_PAIRS: u64 = 1_000_000_000;
/// Counts less likely than this are left out on both sides.
const NEGLIGIBLE: f64 = 1e-20;
/// Statistics that agree to so many parts are ties: outcomes as extreme as the one seen count.
const TIE: f64 = 1e-12;

/// Whether two event rates differ by more than `difference` (canary minus baseline), unconditionally.
///
/// The rates under the null are estimated from both arms, and the probability of every pair of counts that is at least as
/// extreme is added up (Krishnamoorthy and Thomson 2004, as SciPy's `poisson_means_test` has it). More powerful than the conditional
/// [`rate_ratio_test`](super::rate_ratio_test), and its size may exceed the nominal one slightly. `less` and `greater` are
/// about the canary. Without events in either arm p is 1. O(m n) for counts that spread over m and n values.
///
/// DIFFERENCE: SciPy 1.17 (`poisson_means_test`) compares statistics without allowing for rounding, so that outcomes tied with
/// the one seen are counted or not by their last digit, and leaves out counts below the quantile at 1e-10.
///
/// ```
/// use serinus::stats::{Alternative, rate::{Rates, e_test}};
/// // No event in 100 hours beside three in 100.
/// let rates = Rates { x_events: 0, x_exposure: 100.0, y_events: 3, y_exposure: 100.0 };
/// let found = e_test(rates, 0.0, Alternative::TwoSided)?;
/// assert!((found.p_value - 0.088_379).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An exposure that is not positive, a difference that is negative or not finite, or counts so large that more than 1e9 pairs
/// would have to be added; the score test of [`rate_ratio_test`](super::rate_ratio_test) serves there.
pub fn e_test(rates: Rates, difference: f64, alternative: Alternative) -> Result<ETest, Unanswerable> {
    let Rates { x_events, x_exposure: m, y_events, y_exposure: n } = rates.checked("e_test")?;
    if !(difference >= 0.0 && difference.is_finite()) {
        let expected = "it has to be at least 0; swap the arms for a difference the other way";
        return Err(Unanswerable::Argument { argument: "difference", value: difference, expected });
    }
    let statistic = |x: f64, y: f64| ((x / m - y / n) - difference) / (x / (m * m) + y / (n * n)).sqrt();
    let seen = statistic(x_events as f64, y_events as f64);
    let baseline = (x_events as f64 + y_events as f64) / (m + n) - difference * m / (m + n);
    if baseline <= 0.0 {
        return Ok(ETest { statistic: seen.is_finite().then_some(seen), p_value: 1.0 });
    }
    let (x_mean, y_mean) = (m * (baseline + difference), n * baseline);
    // Twenty standard deviations each way, and what small means need.
    let pairs = (40.0 * x_mean.sqrt() + 100.0) * (40.0 * y_mean.sqrt() + 100.0);
    if !(pairs <= MOST_PAIRS as f64) {
        return Err(Unanswerable::TooLarge { test: "e_test", limit: MOST_PAIRS, needed: pairs as u64 });
    }
    let (xs, ys) = (likely(x_mean), likely(y_mean));
    let slack = TIE * seen.abs();
    let as_extreme = |t: f64| match alternative {
        Alternative::TwoSided => t.abs() >= seen.abs() - slack,
        Alternative::Less => t <= seen + slack,
        Alternative::Greater => t >= seen - slack,
    };
    let row = |&(x, p): &(f64, f64)| {
        // No events at all have no statistic: they are no evidence.
        let extreme = ys.iter().filter(|(y, _)| as_extreme(statistic(x, *y)));
        p * extreme.map(|(_, q)| q).sum::<f64>()
    };
    let p_value = xs.iter().map(row).sum::<f64>().min(1.0);
    Ok(ETest { statistic: seen.is_finite().then_some(seen), p_value })
}

/// The counts that a Poisson variable takes with more than a negligible probability, with it.
fn likely(mean: f64) -> Vec<(f64, f64)> {
    let mode = mean.floor() as u64;
    let from = (0..=mode).rev().take_while(|k| poisson_pmf(*k, mean) > NEGLIGIBLE).last().unwrap_or(mode);
    (from..).map(|k| (k as f64, poisson_pmf(k, mean))).take_while(|(k, p)| *k <= mean || *p > NEGLIGIBLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: (u64, f64), y: (u64, f64), difference: f64, alternative: Alternative) -> f64 {
        let rates = Rates { x_events: x.0, x_exposure: x.1, y_events: y.0, y_exposure: y.1 };
        e_test(rates, difference, alternative).expect("answerable").p_value
    }

    #[test]
    fn agrees_with_scipy() {
        // scipy.stats.poisson_means_test(0, 100, 3, 100), 1.17
        assert!((p((0, 100.0), (3, 100.0), 0.0, Alternative::TwoSided) - 0.088_379_009_454_835).abs() < 1e-13);
    }

    #[test]
    fn the_sides_mirror_each_other() {
        for (x, y) in [((3, 50.0), (9, 70.0)), ((20, 10.0), (11, 8.0)), ((0, 5.0), (2, 5.0))] {
            let less = p(x, y, 0.0, Alternative::Less);
            assert!((less - p(y, x, 0.0, Alternative::Greater)).abs() < 1e-12);
            let both = p(x, y, 0.0, Alternative::TwoSided);
            assert!(both >= less.min(p(x, y, 0.0, Alternative::Greater)) - 1e-12 && both <= 1.0);
        }
    }

    #[test]
    fn a_margin_is_harder_to_exceed() {
        let mut last = 0.0;
        for difference in [0.0, 0.02, 0.05, 0.1] {
            let now = p((30, 100.0), (10, 100.0), difference, Alternative::Greater);
            assert!(now > last, "{difference}: {now} after {last}");
            last = now;
        }
        assert_eq!(p((0, 10.0), (0, 10.0), 0.0, Alternative::TwoSided), 1.0);
    }

    #[test]
    fn its_size_is_near_the_nominal_one() {
        // Exact size at 0.05 over all pairs of counts of two equal rates.
        for (mean, m, n) in [(4.0, 1.0, 1.0), (6.0, 1.0, 2.0)] {
            let (xs, ys) = (likely(mean * m), likely(mean * n));
            let mut size = 0.0;
            for (x, p_x) in &xs {
                for (y, p_y) in &ys {
                    if p((*x as u64, m), (*y as u64, n), 0.0, Alternative::TwoSided) <= 0.05 {
                        size += p_x * p_y;
                    }
                }
            }
            assert!(size > 0.02 && size < 0.06, "{mean} {m} {n}: {size}");
        }
    }

    #[test]
    fn what_has_no_answer_is_refused() {
        let good = Rates { x_events: 3, x_exposure: 10.0, y_events: 5, y_exposure: 10.0 };
        for (rates, difference) in [
            (Rates { x_exposure: 0.0, ..good }, 0.0),
            (Rates { y_exposure: f64::NAN, ..good }, 0.0),
            (good, -0.1),
            (good, f64::NAN),
            (Rates { x_events: u64::MAX, ..good }, 0.0),
        ] {
            assert!(e_test(rates, difference, Alternative::TwoSided).is_err(), "{rates:?} {difference}");
        }
    }
}
