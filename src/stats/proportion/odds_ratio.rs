//! Score test of an odds ratio, and the interval that inverts it.

use super::{Proportions, ScoreTest, ScoreVariance, StratumCounts, check_ratio, checked};
use crate::stats::binomial::check_alpha;
use crate::stats::boundary::{Look, flip};
use crate::stats::special::norm_isf;
use crate::stats::{Confidence, Unanswerable};

/// Tells whether the odds of an event are more, or less, than `ratio` times as high in the canary.
///
/// With e the canary's events of greatest likelihood under the null and margins kept, `z = (a - e) / sqrt(V)`, where 1/V is
/// the sum of the reciprocals of the four expected cells' binomial variances: `1/V = 1/(m p~_x q~_x) + 1/(n p~_y q~_y)`
/// (Miettinen & Nurminen 1985; Cornfield 1956 for the fit). The variance reported is that of the canary's events.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_odds_ratio};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// let found = score_odds_ratio(counts, 1.0, ScoreVariance::FarringtonManning)?;
/// assert!((found.estimate.unwrap_or(0.0) - 8.0 / 3.0).abs() < 1e-12 && found.p_greater() < 0.01);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `ratio` is not positive and finite.
pub fn score_odds_ratio(counts: Proportions, ratio: f64, kind: ScoreVariance) -> Result<ScoreTest, Unanswerable> {
    let strata = checked("score_odds_ratio", &[counts.into()])?;
    Ok(at(&strata[0], check_ratio(ratio)?, kind))
}

/// The odds ratios that [`score_odds_ratio`] keeps at one-sided `alpha`.
///
/// The lower end is 0 where the estimate is 0, the upper end infinite where the estimate is.
///
/// ```
/// use serinus::stats::proportion::{Proportions, ScoreVariance, score_odds_ratio_interval};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// let found = score_odds_ratio_interval(counts, 0.025, ScoreVariance::MiettinenNurminen)?;
/// assert!((found.low - 1.281573).abs() < 1e-5 && (found.high - 5.540202).abs() < 1e-5);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn score_odds_ratio_interval(
    counts: Proportions,
    alpha: f64,
    kind: ScoreVariance,
) -> Result<Confidence, Unanswerable> {
    let strata = checked("score_odds_ratio_interval", &[counts.into()])?;
    let c = &strata[0];
    let z = norm_isf(check_alpha(alpha)?);
    let [a, b, d, e] = [c.x_events, c.x_n - c.x_events, c.y_events, c.y_n - c.y_events];
    let centre = (a + 0.5) / (b + 0.5) * ((e + 0.5) / (d + 0.5));
    let reach = z * [a, b, d, e].iter().map(|cell| 1.0 / (cell + 0.5)).sum::<f64>().sqrt();
    let guess = |end: f64| (centre * end.exp()).clamp(1e-100, 1e100);
    let low = if a > 0.0 && e > 0.0 {
        flip(0.0, f64::MAX, guess(-reach), 0.05 * guess(-reach), |ratio| {
            let test = at(c, ratio, kind);
            Look { before: test.p_greater() <= alpha, value: test.z - z }
        })
        .after
    } else {
        0.0
    };
    let high = if b > 0.0 && d > 0.0 {
        flip(0.0, f64::MAX, guess(reach), 0.05 * guess(reach), |ratio| {
            let test = at(c, ratio, kind);
            Look { before: test.p_less() > alpha, value: test.z + z }
        })
        .before
    } else {
        f64::INFINITY
    };
    Ok(Confidence { low, high, level: 1.0 - 2.0 * alpha })
}

fn at(c: &StratumCounts, ratio: f64, kind: ScoreVariance) -> ScoreTest {
    let rest = |events: f64, n: f64| n - events;
    let (a, d) = (c.x_events, c.y_events);
    let cross = d * rest(a, c.x_n);
    let estimate = (cross > 0.0).then_some(a * rest(d, c.y_n) / cross).filter(|e| e.is_finite());
    let events = a + d;
    if events == 0.0 || events == c.x_n + c.y_n {
        return ScoreTest::new(0.0, 0.0, estimate);
    }
    let rests = c.x_n + c.y_n - events;
    // Of the two arms one has the lower odds, and the other the lower odds of a non-event. What is rarer is fitted.
    let lower_is_x = ratio <= 1.0;
    let (m, n) = if lower_is_x { (c.x_n, c.y_n) } else { (c.y_n, c.x_n) };
    let r = if lower_is_x { ratio } else { 1.0 / ratio };
    let [e, f, g, h] = if events <= rests {
        fitted(m, n, events, r)
    } else {
        let [h, g, f, e] = fitted(n, m, rests, r);
        [e, f, g, h]
    };
    // Binomial variances of both arms' events: e f / m and g h / n.
    let precision = m / (e * f) + n / (g * h);
    let x = if lower_is_x { e } else { g };
    ScoreTest::new(a - x, kind.factor(c) / precision, estimate)
}

/// The four expected cells (first events, first rest, second events, second rest) when `events`, at most half of all trials,
/// fall in both arms and the first arm's odds are `ratio` (at most 1) times the second's.
fn fitted(first_n: f64, second_n: f64, events: f64, ratio: f64) -> [f64; 4] {
    // (1 - ratio) e^2 + b e - ratio first_n events = 0
    let a = 1.0 - ratio;
    let b = second_n - events + ratio * (first_n + events);
    let c = ratio * first_n * events;
    let root = (b * b + 4.0 * a * c).sqrt();
    let e = if b > 0.0 { 2.0 * c / (b + root) } else { (root - b) / (2.0 * a) };
    let (f, g) = (first_n - e, (events - e).min(second_n));
    // Next to nothing left in the second arm: the odds ratio says how much.
    let h = if second_n - g < 0.001 * second_n { ratio * f * g / e } else { second_n - g };
    [e, f, g, h]
}
