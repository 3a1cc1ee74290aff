//! Score test of a difference of proportions, and the interval that inverts it.

use super::envelope::{Envelope, grid};
use super::restricted::{at_difference, check_difference};
use super::{Proportions, ScoreTest, ScoreVariance, StratumCounts, check_factor, checked};
use crate::stats::binomial::check_alpha;
use crate::stats::boundary::{Look, flip};
use crate::stats::special::norm_isf;
use crate::stats::{Confidence, Unanswerable};

/// Tells whether the canary's proportion exceeds the baseline's by more, or by less, than `delta`.
///
/// `z = (p_x - p_y - delta) / sqrt(p~_x (1 - p~_x) / m + p~_y (1 - p~_y) / n)`, with p~ of greatest likelihood under a difference
/// of `delta` (Farrington & Manning 1990; Miettinen & Nurminen 1985). Without events and with `delta` 0 nothing varies:
/// z is 0, evidence of neither.
///
/// DIFFERENCE: statsmodels 0.15.0 (`compare="diff"`, `value != 0`) has a wrong coefficient in the constrained likelihood;
/// its z is off by up to one per cent. These answers agree with direct maximisation.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_difference};
/// // Errors: 3 of 40 canary requests, 3 of 120 baseline requests. Is the canary worse by less than 0.2?
/// let counts = Proportions { x_events: 3, x_n: 40, y_events: 3, y_n: 120 };
/// let found = score_difference(counts, 0.2, ScoreVariance::FarringtonManning)?;
/// assert!(found.p_less() < 0.05 && found.p_greater() > 0.95);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `delta` lies outside [-1, 1].
pub fn score_difference(counts: Proportions, delta: f64, kind: ScoreVariance) -> Result<ScoreTest, Unanswerable> {
    let strata = checked("score_difference", &[counts.into()])?;
    Ok(at(&strata, check_difference(delta)?, 1.0, kind))
}

/// The same question over strata: `sum W (p_x - p_y - delta)`, each stratum fitted under its own null.
///
/// The variance is `variance_factor * sum W^2 (p~_x (1 - p~_x) / m + p~_y (1 - p~_y) / n)`; the factor is a design effect, 1
/// when rows are independent. With one stratum and factor 1 this is [`score_difference`] to the last digit.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, score_difference_strata};
/// let strata = [
///     StratumCounts { weight: 0.3, x_events: 1.0, x_n: 100.0, y_events: 20.0, y_n: 1900.0 },
///     StratumCounts { weight: 0.7, x_events: 6.0, x_n: 500.0, y_events: 19.0, y_n: 1500.0 },
/// ];
/// let found = score_difference_strata(&strata, 0.02, 1.0)?;
/// assert!(found.p_less() < 0.01);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A stratum has an empty arm or impossible counts, no stratum has weight, `delta` lies outside [-1, 1], or the factor is
/// not positive.
pub fn score_difference_strata(
    strata: &[StratumCounts],
    delta: f64,
    variance_factor: f64,
) -> Result<ScoreTest, Unanswerable> {
    let strata = checked("score_difference_strata", strata)?;
    let factor = check_factor(variance_factor)?;
    let test = at(&strata, check_difference(delta)?, factor, ScoreVariance::FarringtonManning);
    Ok(test.levelled(delta, &envelope(&strata, factor, ScoreVariance::FarringtonManning)))
}

/// The differences that [`score_difference`] keeps at one-sided `alpha`: Mee's interval, or Miettinen and Nurminen's.
///
/// A difference lies outside exactly when one of the test's p-values there is at most `alpha`.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_difference_interval};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// let found = score_difference_interval(counts, 0.025, ScoreVariance::FarringtonManning)?;
/// assert!((found.low - 0.0533338).abs() < 1e-6 && (found.high - 0.3377295).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn score_difference_interval(
    counts: Proportions,
    alpha: f64,
    kind: ScoreVariance,
) -> Result<Confidence, Unanswerable> {
    let strata = checked("score_difference_interval", &[counts.into()])?;
    Ok(inverted(&strata, check_alpha(alpha)?, 1.0, kind))
}

/// The differences that [`score_difference_strata`] keeps at one-sided `alpha`.
///
/// ```
/// use serinus::stats::proportion::{StratumCounts, score_difference_interval_strata, score_difference_strata};
/// let strata = [
///     StratumCounts { weight: 0.3, x_events: 1.0, x_n: 100.0, y_events: 20.0, y_n: 1900.0 },
///     StratumCounts { weight: 0.7, x_events: 6.0, x_n: 500.0, y_events: 19.0, y_n: 1500.0 },
/// ];
/// let found = score_difference_interval_strata(&strata, 0.05, 1.5)?;
/// assert!(score_difference_strata(&strata, found.high, 1.5)?.p_less() > 0.05);
/// assert!(score_difference_strata(&strata, found.high.next_up(), 1.5)?.p_less() <= 0.05);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// As [`score_difference_strata`], or `alpha` lies outside (0, 0.5).
pub fn score_difference_interval_strata(
    strata: &[StratumCounts],
    alpha: f64,
    variance_factor: f64,
) -> Result<Confidence, Unanswerable> {
    let strata = checked("score_difference_interval_strata", strata)?;
    let factor = check_factor(variance_factor)?;
    Ok(inverted(&strata, check_alpha(alpha)?, factor, ScoreVariance::FarringtonManning))
}

/// The test at one difference; the strata's weights sum to one.
fn at(strata: &[StratumCounts], delta: f64, factor: f64, kind: ScoreVariance) -> ScoreTest {
    let (mut contrast, mut estimate, mut variance) = (0.0, 0.0, 0.0);
    for s in strata {
        let difference = difference(s);
        let fit = at_difference(s, delta);
        let spread = fit.x * fit.x_rest / s.x_n + fit.y * fit.y_rest / s.y_n;
        estimate += s.weight * difference;
        contrast += s.weight * (difference - delta);
        variance += s.weight * s.weight * (spread * kind.factor(s));
    }
    ScoreTest::new(contrast, factor * variance, Some(estimate))
}

/// Where z turns as the difference rises: nowhere in one stratum.
fn envelope(strata: &[StratumCounts], factor: f64, kind: ScoreVariance) -> Envelope {
    if strata.len() < 2 {
        return Envelope::default();
    }
    let estimate = strata.iter().map(|s| s.weight * difference(s)).sum();
    Envelope::scan(&grid(-1.0, 1.0, &[0.0, estimate]), |delta| at(strata, delta, factor, kind).z)
}

/// `p_x - p_y`, exactly 0 when both arms are all events or all non-events.
fn difference(s: &StratumCounts) -> f64 {
    s.x_events / s.x_n - s.y_events / s.y_n
}

/// Both ends, each the last difference that the test keeps.
fn inverted(strata: &[StratumCounts], alpha: f64, factor: f64, kind: ScoreVariance) -> Confidence {
    let z = norm_isf(alpha);
    let estimate: f64 = strata.iter().map(|s| s.weight * difference(s)).sum();
    // Where to begin: Wald's ends after half an event and half a non-event more in each arm.
    let near = |events: f64, n: f64| {
        let (p, q) = ((events + 0.5) / (n + 1.0), (n - events + 0.5) / (n + 1.0));
        p * q / n
    };
    let spread: f64 =
        strata.iter().map(|s| s.weight * s.weight * (near(s.x_events, s.x_n) + near(s.y_events, s.y_n))).sum();
    let reach = z * (factor * spread).sqrt();
    let guess = |end: f64| end.clamp(-1.0 + 1e-9, 1.0 - 1e-9);
    let envelope = envelope(strata, factor, kind);
    let test = |delta: f64| at(strata, delta, factor, kind).levelled(delta, &envelope);
    let low = flip(-1.0, 1.0, guess(estimate - reach), 0.05 * reach, |delta| {
        let test = test(delta);
        Look { before: test.p_greater() <= alpha, value: test.z_downwards - z }
    });
    let high = flip(-1.0, 1.0, guess(estimate + reach), 0.05 * reach, |delta| {
        let test = test(delta);
        Look { before: test.p_less() > alpha, value: test.z_upwards + z }
    });
    // Only an estimate at the very end of the range is kept there.
    let low = if test(-1.0).p_greater() > alpha { -1.0 } else { low.after };
    let high = if test(1.0).p_less() > alpha { 1.0 } else { high.before };
    Confidence { low, high, level: 1.0 - 2.0 * alpha }
}
