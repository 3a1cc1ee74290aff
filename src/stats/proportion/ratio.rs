//! Score test of a ratio of proportions (relative risk), and the interval that inverts it.

use super::envelope::{Envelope, grid};
use super::restricted::at_ratio;
use super::{Proportions, ScoreTest, ScoreVariance, StratumCounts, check_factor, check_ratio, checked};
use crate::stats::binomial::check_alpha;
use crate::stats::boundary::{Look, flip};
use crate::stats::special::norm_isf;
use crate::stats::{Confidence, Unanswerable};

/// Tells whether the canary's proportion is more, or less, than `ratio` times the baseline's.
///
/// `z = (p_x - R p_y) / sqrt(p~_x (1 - p~_x) / m + R^2 p~_y (1 - p~_y) / n)`, with p~ of greatest likelihood under `p_x = R p_y`
/// (Miettinen & Nurminen 1985; Farrington & Manning 1990). It never divides by the baseline. Without any event z is 0 and
/// there is no estimate.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_ratio};
/// // Conversions: is the canary's share at least 90 % of the baseline's?
/// let counts = Proportions { x_events: 101, x_n: 1000, y_events: 1990, y_n: 20000 };
/// let found = score_ratio(counts, 0.9, ScoreVariance::FarringtonManning)?;
/// assert!(found.p_greater() > 0.05 && found.p_greater() < 0.2);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `ratio` is not positive and finite.
pub fn score_ratio(counts: Proportions, ratio: f64, kind: ScoreVariance) -> Result<ScoreTest, Unanswerable> {
    let strata = checked("score_ratio", &[counts.into()])?;
    Ok(at(&strata, check_ratio(ratio)?, 1.0, kind))
}

/// The same question over strata: `sum W (p_x - R p_y)`, each stratum fitted under its own null.
///
/// The variance is that of the sum, times `variance_factor` (a design effect, 1 when rows are independent). The estimate is
/// `sum W p_x / sum W p_y`. With one stratum and factor 1 this is [`score_ratio`] to the last digit.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, score_ratio_strata};
/// let strata = [
///     StratumCounts { weight: 0.3, x_events: 10.0, x_n: 100.0, y_events: 200.0, y_n: 1900.0 },
///     StratumCounts { weight: 0.7, x_events: 60.0, x_n: 500.0, y_events: 190.0, y_n: 1500.0 },
/// ];
/// let found = score_ratio_strata(&strata, 1.5, 1.0)?;
/// assert!(found.p_less() < 0.001);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A stratum has an empty arm or impossible counts, no stratum has weight, `ratio` is not positive and finite, or the factor
/// is not positive.
pub fn score_ratio_strata(
    strata: &[StratumCounts],
    ratio: f64,
    variance_factor: f64,
) -> Result<ScoreTest, Unanswerable> {
    let strata = checked("score_ratio_strata", strata)?;
    let factor = check_factor(variance_factor)?;
    let test = at(&strata, check_ratio(ratio)?, factor, ScoreVariance::FarringtonManning);
    Ok(test.levelled(ratio.ln(), &envelope(&strata, factor, ScoreVariance::FarringtonManning)))
}

/// The ratios that [`score_ratio`] keeps at one-sided `alpha` (Koopman 1984; Miettinen & Nurminen 1985).
///
/// Without canary events the lower end is 0, without baseline events the upper end is infinite.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_ratio_interval};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// let found = score_ratio_interval(counts, 0.025, ScoreVariance::MiettinenNurminen)?;
/// assert!((found.low - 1.079047).abs() < 1e-5 && (found.high - 1.672145).abs() < 1e-5);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn score_ratio_interval(counts: Proportions, alpha: f64, kind: ScoreVariance) -> Result<Confidence, Unanswerable> {
    let strata = checked("score_ratio_interval", &[counts.into()])?;
    Ok(inverted(&strata, check_alpha(alpha)?, 1.0, kind))
}

/// The ratios that [`score_ratio_strata`] keeps at one-sided `alpha`.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, score_ratio_interval_strata};
/// let strata = [
///     StratumCounts { weight: 0.3, x_events: 0.0, x_n: 100.0, y_events: 200.0, y_n: 1900.0 },
///     StratumCounts { weight: 0.7, x_events: 0.0, x_n: 500.0, y_events: 190.0, y_n: 1500.0 },
/// ];
/// let found = score_ratio_interval_strata(&strata, 0.05, 1.0)?;
/// assert!(found.low == 0.0 && found.high < 0.1);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// As [`score_ratio_strata`], or `alpha` lies outside (0, 0.5).
pub fn score_ratio_interval_strata(
    strata: &[StratumCounts],
    alpha: f64,
    variance_factor: f64,
) -> Result<Confidence, Unanswerable> {
    let strata = checked("score_ratio_interval_strata", strata)?;
    let factor = check_factor(variance_factor)?;
    Ok(inverted(&strata, check_alpha(alpha)?, factor, ScoreVariance::FarringtonManning))
}

/// The test at one ratio; the strata's weights sum to one.
fn at(strata: &[StratumCounts], ratio: f64, factor: f64, kind: ScoreVariance) -> ScoreTest {
    // Above 1 the contrast is divided by the ratio: z is the same and nothing overflows.
    let (kx, ky) = if ratio > 1.0 { (1.0 / ratio, 1.0) } else { (1.0, ratio) };
    let (mut contrast, mut variance) = (0.0, 0.0);
    for s in strata {
        let fit = at_ratio(s, ratio);
        let spread = kx * kx * (fit.x * fit.x_rest / s.x_n) + ky * ky * (fit.y * fit.y_rest / s.y_n);
        contrast += s.weight * (kx * (s.x_events / s.x_n) - ky * (s.y_events / s.y_n));
        variance += s.weight * s.weight * (spread * kind.factor(s));
    }
    let (x, y) = means(strata);
    let estimate = (y > 0.0).then_some(x / y).filter(|e| e.is_finite());
    let test = ScoreTest::new(contrast, factor * variance, estimate);
    ScoreTest { variance: test.variance / kx / kx, ..test }
}

/// Where z turns as the ratio's logarithm rises: nowhere in one stratum.
fn envelope(strata: &[StratumCounts], factor: f64, kind: ScoreVariance) -> Envelope {
    if strata.len() < 2 {
        return Envelope::default();
    }
    let (x, y) = means(strata);
    let log = (x / y).ln();
    let centres = [0.0, if log.is_finite() { log } else { 0.0 }];
    Envelope::scan(&grid(-30.0, 30.0, &centres), |log| at(strata, log.exp(), factor, kind).z)
}

/// Weighted proportions of both arms.
fn means(strata: &[StratumCounts]) -> (f64, f64) {
    let mean = |share: fn(&StratumCounts) -> f64| strata.iter().map(|s| s.weight * share(s)).sum::<f64>();
    (mean(|s| s.x_events / s.x_n), mean(|s| s.y_events / s.y_n))
}

/// Both ends, each the last ratio that the test keeps.
fn inverted(strata: &[StratumCounts], alpha: f64, factor: f64, kind: ScoreVariance) -> Confidence {
    let z = norm_isf(alpha);
    let (x, y) = means(strata);
    // Where to begin: the log interval after half an event more in each arm.
    let half = |p: f64, n: f64| (p * n + 0.5) / (n + 0.5);
    let (x_n, y_n) = strata.iter().fold((0.0, 0.0), |(m, n), s| (m + s.x_n, n + s.y_n));
    let centre = half(x, x_n) / half(y, y_n);
    let spread = 1.0 / (x * x_n + 0.5) + 1.0 / (y * y_n + 0.5);
    let reach = (z * (factor * spread).sqrt()).min(50.0);
    let guess = |end: f64| (centre * end.exp()).clamp(1e-100, 1e100);
    let envelope = envelope(strata, factor, kind);
    let test = |ratio: f64| at(strata, ratio, factor, kind).levelled(ratio.ln(), &envelope);
    let low = if x > 0.0 {
        let start = guess(-reach);
        flip(0.0, f64::MAX, start, 0.05 * start, |ratio| {
            let test = test(ratio);
            Look { before: test.p_greater() <= alpha, value: test.z_downwards - z }
        })
        .after
    } else {
        0.0
    };
    let high = if y > 0.0 {
        let start = guess(reach);
        flip(0.0, f64::MAX, start, 0.05 * start, |ratio| {
            let test = test(ratio);
            Look { before: test.p_less() > alpha, value: test.z_upwards + z }
        })
        .before
    } else {
        f64::INFINITY
    };
    Confidence { low, high, level: 1.0 - 2.0 * alpha }
}
