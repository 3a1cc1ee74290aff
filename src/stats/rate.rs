//! Event rates: counts over exposure, one arm or two, as Poisson counts.
//!
//! The exact test of two rates is conditional on the total: of T events the canary's are binomial with
//! `pi = R e / (R e + g)` at exposures e and g. Counts that vary more than Poisson's (hosts, minutes) need units instead.
//!
//! Sources: Przyborowski & Wilenski 1940; Garwood 1936; Huffman 1984 and Gu, Ng, Tang & Schucany 2008 (score, square root).
//! Golden values: R `poisson.test` 4.2.2, statsmodels `test_poisson_2indep` 0.15.0.

mod e_test;

pub use e_test::{ETest, e_test};

use super::binomial::{check_alpha, two_sided};
use super::boundary::{Look, flip};
use super::proportion::{Conditional, Tail};
use super::special::{gamma_p, gamma_q, norm_cdf, norm_isf, norm_sf};
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;

/// Events over exposure in both arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Events of the canary.
    pub x_events: u64,
    /// Exposure of the canary: requests, hours, anything that events are counted over.
    pub x_exposure: f64,
    /// Events of the baseline.
    pub y_events: u64,
    /// Exposure of the baseline, in the same unit.
    pub y_exposure: f64,
}

impl Rates {
    fn checked(self, test: &'static str) -> Result<Self, Unanswerable> {
        for (arm, exposure) in [(Arm::Canary, self.x_exposure), (Arm::Baseline, self.y_exposure)] {
            if exposure == 0.0 {
                return Err(Unanswerable::TooFew { test, what: "units of exposure", arm, needed: 1, found: 0 });
            }
            check_exposure(exposure)?;
        }
        Ok(self)
    }

    /// The canary's rate over the baseline's; `None` without baseline events.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = self.x_events as f64 / self.y_events as f64 * (self.y_exposure / self.x_exposure);
        (self.y_events > 0 && ratio.is_finite()).then_some(ratio)
    }

    fn conditional(&self) -> Conditional {
        Conditional::of_rates(self.x_events, self.y_events, self.x_exposure / self.y_exposure)
    }

    /// The baseline's events at the canary's exposure and the ratio asked about: `b R e / g`, as events and factor.
    fn scale(&self, ratio: f64) -> f64 {
        ratio * (self.x_exposure / self.y_exposure)
    }
}

fn check_exposure(exposure: f64) -> Result<(), Unanswerable> {
    if exposure > 0.0 && exposure.is_finite() {
        Ok(())
    } else {
        Err(Unanswerable::Argument {
            argument: "exposure",
            value: exposure,
            expected: "it has to be positive and finite",
        })
    }
}

/// A test of two rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RateTest {
    /// Conditional and exact: its size is never above the nominal one.
    #[default]
    Exact,
    /// Conditional, the outcome seen counted by half.
    MidP,
    /// `z = (a - b rho) / sqrt((a + b) rho)`, `rho = R e / g`.
    Score,
    /// `z = 2 (sqrt(a + 3/8) - sqrt((b + 3/8) rho)) / sqrt(1 + rho)`.
    SquareRoot,
}

/// What a test of two rates says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// The canary's rate over the baseline's; `None` without baseline events.
    pub estimate: Option<f64>,
    /// Small when the canary's rate is significantly below the ratio asked about.
    pub p_less: f64,
    /// Small when it is significantly above.
    pub p_greater: f64,
    /// Two-sided: exact by likelihood (R's rule), otherwise twice the smaller tail.
    pub p_two_sided: f64,
}

/// Tells whether the canary's event rate is more, or less, than `ratio` times the baseline's.
///
/// Without any event every test answers 1 or one half: nothing is known.
///
/// ```
/// use serinus::stats::rate::{RateTest, Rates, rate_ratio_test};
/// let rates = Rates { x_events: 12, x_exposure: 100.0, y_events: 900, y_exposure: 10_000.0 };
/// let found = rate_ratio_test(rates, 1.25, RateTest::Exact)?;
/// assert!((found.p_less - 0.660537525).abs() < 1e-8);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An exposure is not positive and finite, or `ratio` is not.
pub fn rate_ratio_test(rates: Rates, ratio: f64, test: RateTest) -> Result<RateRatio, Unanswerable> {
    let rates = rates.checked("rate_ratio_test")?;
    let conditional = rates.conditional().test(ratio)?;
    let (a, b) = (rates.x_events as f64, rates.y_events as f64);
    let rho = rates.scale(ratio);
    let doubled = |less: f64, greater: f64| (2.0 * less.min(greater)).min(1.0);
    let (p_less, p_greater, p_two_sided) = match test {
        RateTest::Exact => {
            let (p, q) = (1.0 / (1.0 + 1.0 / rho), 1.0 / (1.0 + rho));
            let both = two_sided(rates.x_events, rates.x_events + rates.y_events, p, q);
            (conditional.p_less, conditional.p_greater, both)
        }
        RateTest::MidP => {
            let (less, greater) = (conditional.p_less_mid, conditional.p_greater_mid);
            (less, greater, doubled(less, greater))
        }
        RateTest::Score | RateTest::SquareRoot => {
            let z = if test == RateTest::Score { score(a, b, rho) } else { square_root(a, b, rho) };
            (norm_cdf(z), norm_sf(z), doubled(norm_cdf(z), norm_sf(z)))
        }
    };
    Ok(RateRatio { estimate: rates.ratio(), p_less, p_greater, p_two_sided })
}

/// `(a - b rho) / sqrt((a + b) rho)`; an arm without events adds nothing, however extreme rho is.
fn score(a: f64, b: f64, rho: f64) -> f64 {
    let root = rho.sqrt();
    let x = if a > 0.0 { a / (a + b).sqrt() / root } else { 0.0 };
    let y = if b > 0.0 { b / (a + b).sqrt() * root } else { 0.0 };
    x - y
}

fn square_root(a: f64, b: f64, rho: f64) -> f64 {
    let (x, y) = ((a + 0.375).sqrt(), (b + 0.375).sqrt());
    if rho > 1.0 {
        2.0 * (x / rho.sqrt() - y) / (1.0 + 1.0 / rho).sqrt()
    } else {
        2.0 * (x - y * rho.sqrt()) / (1.0 + rho).sqrt()
    }
}

/// Which interval of a rate ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RateInterval {
    /// Inverts the exact conditional test: Clopper and Pearson's bounds for the canary's share of events.
    #[default]
    Exact,
    /// Inverts the conditional mid-P test.
    MidP,
    /// Inverts the score test, in closed form.
    Score,
}

/// The rate ratios that a test keeps at one-sided `alpha`.
///
/// Without canary events the lower end is 0, without baseline events the upper end is infinite.
///
/// DIFFERENCE: statsmodels 0.15.0 (`confint_poisson_2indep(method="score")`) finds the upper end twice when the canary has no
/// events; the lower end is 0 there, since z is never positive.
///
/// ```
/// use serinus::stats::rate::{RateInterval, Rates, rate_ratio_interval};
/// let rates = Rates { x_events: 12, x_exposure: 100.0, y_events: 900, y_exposure: 10_000.0 };
/// let found = rate_ratio_interval(rates, 0.05, RateInterval::Score)?;
/// assert!((found.low - 0.8303863).abs() < 1e-6 && (found.high - 2.1409045).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An exposure is not positive and finite, or `alpha` lies outside (0, 0.5).
pub fn rate_ratio_interval(rates: Rates, alpha: f64, interval: RateInterval) -> Result<Confidence, Unanswerable> {
    let rates = rates.checked("rate_ratio_interval")?;
    let z = norm_isf(check_alpha(alpha)?);
    match interval {
        RateInterval::Exact => rates.conditional().interval(alpha, Tail::Exact),
        RateInterval::MidP => rates.conditional().interval(alpha, Tail::MidP),
        RateInterval::Score => {
            // (a - b rho)^2 = z^2 (a + b) rho, roots without cancellation.
            let (a, b) = (rates.x_events as f64, rates.y_events as f64);
            let spread = z * z * (a + b);
            let sum = 2.0 * a * b + spread + (spread * (4.0 * a * b + spread)).sqrt();
            let unit = rates.y_exposure / rates.x_exposure;
            let low = if a > 0.0 { (2.0 * a * (a / sum) * unit).min(f64::MAX) } else { 0.0 };
            let high = if b > 0.0 { sum / (2.0 * b) / b * unit } else { f64::INFINITY };
            Ok(Confidence { low, high, level: 1.0 - 2.0 * alpha })
        }
    }
}

/// Tells whether one arm's rate differs from a threshold: exact Poisson p-value; two-sided is twice the smaller tail.
///
/// ```
/// use serinus::stats::{Alternative, rate::rate_test};
/// // 2 incidents in 1,000 hours: fewer than one in a hundred hours?
/// assert!(rate_test(2, 1000.0, 0.01, Alternative::Less)? < 0.01);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `exposure` or `threshold` is not positive and finite.
pub fn rate_test(events: u64, exposure: f64, threshold: f64, alternative: Alternative) -> Result<f64, Unanswerable> {
    check_exposure(exposure)?;
    if !(threshold > 0.0 && threshold.is_finite()) {
        return Err(Unanswerable::Argument {
            argument: "threshold",
            value: threshold,
            expected: "it has to be positive and finite",
        });
    }
    let (less, greater) = poisson_tails(events as f64, exposure * threshold);
    Ok(match alternative {
        Alternative::Less => less,
        Alternative::Greater => greater,
        Alternative::TwoSided => (2.0 * less.min(greater)).min(1.0),
    })
}

/// Garwood's exact interval of one rate: the rates that [`rate_test`] keeps at one-sided `alpha`. `events` may be effective.
///
/// ```
/// let found = serinus::stats::rate::rate_interval(0.0, 100.0, 0.05)?;
/// assert!(found.low == 0.0 && (found.high - 0.0299573).abs() < 1e-6); // ln 20 / 100
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `events` is negative or not finite, `exposure` is not positive and finite, or `alpha` lies outside (0, 0.5).
pub fn rate_interval(events: f64, exposure: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    check_exposure(exposure)?;
    let z = norm_isf(check_alpha(alpha)?);
    if !(events >= 0.0 && events.is_finite()) {
        return Err(Unanswerable::Argument {
            argument: "events",
            value: events,
            expected: "it has to be finite and not negative",
        });
    }
    // Where to begin: Byar's approximation (Wilson and Hilferty's cube root).
    let byar = |k: f64, z: f64| k * (1.0 - 1.0 / (9.0 * k) + z / (3.0 * k.sqrt())).max(0.0).powi(3);
    let reach = 1e-4 * (events + 1.0).sqrt();
    let low = if events > 0.0 {
        flip(0.0, f64::MAX, byar(events, -z).max(1e-300), reach, |mean| {
            let p = poisson_tails(events, mean).1;
            Look { before: p <= alpha, value: (alpha / p).ln() }
        })
        .after
    } else {
        0.0
    };
    let high = flip(0.0, f64::MAX, byar(events + 1.0, z), reach, |mean| {
        let p = poisson_tails(events, mean).0;
        Look { before: p > alpha, value: (p / alpha).ln() }
    })
    .before;
    Ok(Confidence { low: low / exposure, high: high / exposure, level: 1.0 - 2.0 * alpha })
}

/// `P(X <= k)` and `P(X >= k)` for X Poisson(mean).
fn poisson_tails(k: f64, mean: f64) -> (f64, f64) {
    if mean <= 0.0 {
        return (1.0, if k > 0.0 { 0.0 } else { 1.0 });
    }
    if !mean.is_finite() {
        return (0.0, 1.0);
    }
    (gamma_q(k + 1.0, mean), if k > 0.0 { gamma_p(k, mean) } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, rel: f64) {
        assert!((found - expected).abs() <= rel * expected.abs(), "{found:e}, expected {expected:e}");
    }

    const HARD: [Rates; 6] = [
        Rates { x_events: 12, x_exposure: 100.0, y_events: 900, y_exposure: 10_000.0 },
        Rates { x_events: 0, x_exposure: 10.0, y_events: 25, y_exposure: 990.0 },
        Rates { x_events: 25, x_exposure: 990.0, y_events: 0, y_exposure: 10.0 },
        Rates { x_events: 0, x_exposure: 1.0, y_events: 0, y_exposure: 1.0 },
        Rates { x_events: 3, x_exposure: 1e-300, y_events: 5, y_exposure: 1e300 },
        Rates { x_events: 1_000_000, x_exposure: 1.0, y_events: 1_000_000_000, y_exposure: 999.0 },
    ];

    #[test]
    fn every_answer_is_a_probability() {
        for rates in HARD {
            for test in [RateTest::Exact, RateTest::MidP, RateTest::Score, RateTest::SquareRoot] {
                for ratio in [1e-300, 0.5, 1.0, 1.25, 1e300] {
                    let found = rate_ratio_test(rates, ratio, test).expect("valid");
                    for p in [found.p_less, found.p_greater, found.p_two_sided] {
                        assert!((0.0..=1.0).contains(&p), "{rates:?} {test:?} {ratio}: {found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_lower_score_end_is_zero_without_canary_events() {
        // z = (0 - b rho) / sqrt(b rho) is never positive: no small ratio can be refuted from below.
        let found = rate_ratio_interval(HARD[1], 0.05, RateInterval::Score).expect("valid");
        assert_eq!(found.low, 0.0);
        close(found.high, 10.713952078219194, 1e-9);
        for ratio in [1e-9, 0.01, 1.0, 10.0] {
            let test = rate_ratio_test(HARD[1], ratio, RateTest::Score).expect("valid");
            assert!(test.p_greater >= 0.5, "{ratio} is kept by the lower bound");
        }
    }

    #[test]
    fn intervals_and_tests_agree_at_the_ends() {
        for (interval, test) in [
            (RateInterval::Exact, RateTest::Exact),
            (RateInterval::MidP, RateTest::MidP),
            (RateInterval::Score, RateTest::Score),
        ] {
            for rates in [HARD[0], HARD[1], HARD[2]] {
                let found = rate_ratio_interval(rates, 0.05, interval).expect("valid");
                let p = |ratio: f64| rate_ratio_test(rates, ratio, test).expect("valid");
                if found.high.is_finite() {
                    assert!(p(found.high * (1.0 - 1e-9)).p_less > 0.05 && p(found.high * (1.0 + 1e-9)).p_less <= 0.05);
                }
                if found.low > 0.0 {
                    assert!(p(found.low * (1.0 + 1e-9)).p_greater > 0.05);
                    assert!(p(found.low * (1.0 - 1e-9)).p_greater <= 0.05);
                }
            }
        }
    }

    #[test]
    fn one_rate_has_the_known_bounds() {
        // R: poisson.test(10, conf.level = 0.95)
        let found = rate_interval(10.0, 1.0, 0.025).expect("valid");
        close(found.low, 4.795389, 1e-6);
        close(found.high, 18.39036, 1e-6);
        assert!(rate_test(10, 1.0, found.high, Alternative::Less).expect("valid") > 0.025);
        assert!(rate_test(10, 1.0, found.high.next_up(), Alternative::Less).expect("valid") <= 0.025);
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |x_exposure: f64| Rates { x_exposure, ..HARD[0] };
        for exposure in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(rate_ratio_test(with(exposure), 1.0, RateTest::Exact).is_err());
        }
        assert!(rate_ratio_test(HARD[0], f64::NAN, RateTest::Score).is_err());
        assert!(rate_interval(-1.0, 1.0, 0.05).is_err());
    }
}
