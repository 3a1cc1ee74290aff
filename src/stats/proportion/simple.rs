//! Closed-form intervals for two proportions: Newcombe's, and those that others quote.

use super::{Proportions, StratumCounts, checked};
use crate::stats::binomial::{check_alpha, wilson};
use crate::stats::special::norm_isf;
use crate::stats::{Confidence, Unanswerable};

/// Newcombe's hybrid score interval for a difference: both arms' Wilson intervals, put together (Newcombe 1998, method 10).
///
/// `d - sqrt((p_x - l_x)^2 + (u_y - p_y)^2)` to `d + sqrt((u_x - p_x)^2 + (p_y - l_y)^2)`, with Wilson's ends at one-sided `alpha`.
///
/// ```
/// use serinus::stats::proportion::{Proportions, newcombe};
/// let found = newcombe(Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 }, 0.025)?;
/// assert!((found.low - 0.0524315).abs() < 1e-6 && (found.high - 0.3338727).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn newcombe(counts: Proportions, alpha: f64) -> Result<Confidence, Unanswerable> {
    let c = one("newcombe", counts)?;
    let (x, y) = (wilson(c.x_events, c.x_n, alpha)?, wilson(c.y_events, c.y_n, alpha)?);
    let (px, py) = (c.x_events / c.x_n, c.y_events / c.y_n);
    Ok(Confidence {
        low: px - py - (px - x.low).hypot(y.high - py),
        high: px - py + (x.high - px).hypot(py - y.low),
        level: 1.0 - 2.0 * alpha,
    })
}

/// Agresti and Caffo's interval for a difference: Wald's after one event and one non-event more in each arm.
///
/// ```
/// use serinus::stats::proportion::{Proportions, agresti_caffo};
/// let found = agresti_caffo(Proportions { x_events: 6, x_n: 200, y_events: 90, y_n: 6000 }, 0.025)?;
/// assert!((found.low + 0.005919346).abs() < 1e-8);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn agresti_caffo(counts: Proportions, alpha: f64) -> Result<Confidence, Unanswerable> {
    unpooled(one("agresti_caffo", counts)?, 1.0, alpha)
}

/// Wald's interval for a difference, to compare with. Not for decisions: at 2 and 1 events in a thousand its one-sided size
/// at a nominal 0.05 exceeds 0.13, and without events it has no width.
///
/// ```
/// use serinus::stats::proportion::{Proportions, wald};
/// let found = wald(Proportions { x_events: 0, x_n: 20, y_events: 0, y_n: 2000 }, 0.05)?;
/// assert_eq!((found.low, found.high), (0.0, 0.0)); // which nobody should believe
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or `alpha` lies outside (0, 0.5).
pub fn wald(counts: Proportions, alpha: f64) -> Result<Confidence, Unanswerable> {
    unpooled(one("wald", counts)?, 0.0, alpha)
}

fn unpooled(c: StratumCounts, added: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    let z = norm_isf(check_alpha(alpha)?);
    let (m, n) = (c.x_n + 2.0 * added, c.y_n + 2.0 * added);
    let (px, py) = ((c.x_events + added) / m, (c.y_events + added) / n);
    let half = z * (px * (1.0 - px) / m + py * (1.0 - py) / n).sqrt();
    Ok(Confidence { low: px - py - half, high: px - py + half, level: 1.0 - 2.0 * alpha })
}

/// What is added to counts before logarithms are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Smoothing {
    /// Nothing: cells of zero have no interval.
    None,
    /// Half an event (and, for odds, half a non-event) in each arm.
    #[default]
    Half,
    /// Two observations in total, spread as independence would have them (for odds; for ratios the same as `Half`).
    Independence,
}

/// The interval of a ratio of proportions from the normal limit of its logarithm (Katz et al. 1978).
///
/// For display and for comparison; [`score_ratio_interval`](super::score_ratio_interval) decides.
///
/// ```
/// use serinus::stats::proportion::{Proportions, Smoothing, log_ratio_interval};
/// let counts = Proportions { x_events: 6, x_n: 200, y_events: 90, y_n: 6000 };
/// let found = log_ratio_interval(counts, 0.025, Smoothing::Half)?;
/// assert!((found.low - 0.98204677).abs() < 1e-7);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, `alpha` lies outside (0, 0.5), or an arm has no events and nothing is added.
pub fn log_ratio_interval(counts: Proportions, alpha: f64, smoothing: Smoothing) -> Result<Confidence, Unanswerable> {
    let c = one("log_ratio_interval", counts)?;
    let z = norm_isf(check_alpha(alpha)?);
    let added = if smoothing == Smoothing::None { 0.0 } else { 0.5 };
    let (a, m, b, n) = (c.x_events + added, c.x_n + added, c.y_events + added, c.y_n + added);
    if a == 0.0 || b == 0.0 {
        return Err(Unanswerable::Undefined {
            test: "log_ratio_interval",
            why: "an arm has no events; smooth the counts or use the score interval",
        });
    }
    let se = ((m - a) / (a * m) + (n - b) / (b * n)).sqrt();
    let centre = (a / m / (b / n)).ln();
    Ok(Confidence { low: (centre - z * se).exp(), high: (centre + z * se).exp(), level: 1.0 - 2.0 * alpha })
}

/// The interval of an odds ratio from the normal limit of its logarithm (Woolf 1955; smoothed: Haldane 1956, Agresti 1999).
///
/// ```
/// use serinus::stats::proportion::{Proportions, Smoothing, logit_odds_ratio_interval};
/// let counts = Proportions { x_events: 6, x_n: 200, y_events: 90, y_n: 6000 };
/// let found = logit_odds_ratio_interval(counts, 0.025, Smoothing::None)?;
/// assert!((found.low - 0.87793458).abs() < 1e-7);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, `alpha` lies outside (0, 0.5), or a cell is zero after smoothing.
pub fn logit_odds_ratio_interval(
    counts: Proportions,
    alpha: f64,
    smoothing: Smoothing,
) -> Result<Confidence, Unanswerable> {
    let c = one("logit_odds_ratio_interval", counts)?;
    let z = norm_isf(check_alpha(alpha)?);
    let cells = [c.x_events, c.x_n - c.x_events, c.y_events, c.y_n - c.y_events];
    let n = c.x_n + c.y_n;
    let columns = [cells[0] + cells[2], cells[1] + cells[3]];
    let added = |i: usize| match smoothing {
        Smoothing::None => 0.0,
        Smoothing::Half => 0.5,
        Smoothing::Independence => 2.0 * (columns[i % 2] / n) * ([c.x_n, c.y_n][i / 2] / n),
    };
    let cells = [0, 1, 2, 3].map(|i| cells[i] + added(i));
    if cells.contains(&0.0) {
        return Err(Unanswerable::Undefined {
            test: "logit_odds_ratio_interval",
            why: "a cell of the table is zero; smooth the counts or use the score interval",
        });
    }
    let se = cells.iter().map(|cell| 1.0 / cell).sum::<f64>().sqrt();
    let centre = (cells[0] / cells[1]).ln() - (cells[2] / cells[3]).ln();
    Ok(Confidence { low: (centre - z * se).exp(), high: (centre + z * se).exp(), level: 1.0 - 2.0 * alpha })
}

fn one(test: &'static str, counts: Proportions) -> Result<StratumCounts, Unanswerable> {
    Ok(checked(test, &[counts.into()])?[0])
}
