//! Maximum likelihood of two proportions tied together by a null hypothesis.

use super::{Proportions, StratumCounts, check_ratio, checked};
use crate::stats::Unanswerable;

/// Both proportions where the likelihood is largest under a null, with their complements to full accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The canary's proportion.
    pub x: f64,
    /// One minus the canary's proportion.
    pub x_rest: f64,
    /// The baseline's proportion.
    pub y: f64,
    /// One minus the baseline's proportion.
    pub y_rest: f64,
}

impl Fitted {
    fn swap(self) -> Fitted {
        Fitted { x: self.y, x_rest: self.y_rest, y: self.x, y_rest: self.x_rest }
    }
}

/// Proportions of greatest likelihood among those whose difference, canary minus baseline, is `delta`.
///
/// ```
/// use serinus::stats::proportion::{Proportions, fitted_at_difference};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// assert!((fitted_at_difference(counts, 0.01)?.x - 0.6995345204936597).abs() < 1e-12);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty, has more events than trials, or `delta` lies outside [-1, 1].
pub fn fitted_at_difference(counts: Proportions, delta: f64) -> Result<Fitted, Unanswerable> {
    let strata = checked("fitted_at_difference", &[counts.into()])?;
    Ok(at_difference(&strata[0], check_difference(delta)?))
}

/// Proportions of greatest likelihood among those whose ratio, canary over baseline, is `ratio`.
///
/// ```
/// use serinus::stats::proportion::{Proportions, fitted_at_ratio};
/// let counts = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
/// assert!((fitted_at_ratio(counts, 1.5)?.x - 0.8230052950711901).abs() < 1e-12);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty, has more events than trials, or `ratio` is not positive.
pub fn fitted_at_ratio(counts: Proportions, ratio: f64) -> Result<Fitted, Unanswerable> {
    let strata = checked("fitted_at_ratio", &[counts.into()])?;
    Ok(at_ratio(&strata[0], check_ratio(ratio)?))
}

/// A difference of proportions.
pub(super) fn check_difference(delta: f64) -> Result<f64, Unanswerable> {
    if (-1.0..=1.0).contains(&delta) {
        Ok(delta)
    } else {
        Err(Unanswerable::Argument { argument: "delta", value: delta, expected: "it has to lie in [-1, 1]" })
    }
}

#[derive(Clone, Copy)]
struct Side {
    events: f64,
    rest: f64,
}

/// The fit under `x - y = delta`.
///
/// The likelihood equation is a cubic (Miettinen & Nurminen 1985, appendix I). Its trigonometric solution cancels when one
/// arm is a thousandth of the other or delta is near its ends, so the root is found by safeguarded Newton steps instead, in
/// the distance from the nearer end of the range: all four probabilities then come out with full relative accuracy.
pub(super) fn at_difference(c: &StratumCounts, delta: f64) -> Fitted {
    let d = delta.abs();
    let x = Side { events: c.x_events, rest: c.x_n - c.x_events };
    let y = Side { events: c.y_events, rest: c.y_n - c.y_events };
    if d == 0.0 {
        let n = c.x_n + c.y_n;
        let (p, q) = ((x.events + y.events) / n, (x.rest + y.rest) / n);
        return Fitted { x: p, x_rest: q, y: p, y_rest: q };
    }
    if delta < 0.0 { higher_by(y, x, d).swap() } else { higher_by(x, y, d) }
}

/// The fit with `high` above `low` by d in (0, 1], as `x` and `y` of the answer.
fn higher_by(high: Side, low: Side, d: f64) -> Fitted {
    let width = 1.0 - d;
    // The likelihood's slope in the middle of the range, where low's proportion is width / 2.
    let slope = (high.events - low.rest) / (0.5 * (1.0 + d)) + (low.events - high.rest) / (0.5 * width);
    if width <= 0.0 {
        Fitted { x: 1.0, x_rest: 0.0, y: 0.0, y_rest: 1.0 }
    } else if slope <= 0.0 {
        let t = distance(high, low, d, width);
        Fitted { x: d + t, x_rest: width - t, y: t, y_rest: 1.0 - t }
    } else {
        // Exchanging events and non-events turns the upper half of the range into the lower.
        let turned = |s: Side| Side { events: s.rest, rest: s.events };
        let t = distance(turned(low), turned(high), d, width);
        Fitted { x: 1.0 - t, x_rest: t, y: width - t, y_rest: d + t }
    }
}

/// The root in [0, width/2] of the likelihood's slope in t, where low has proportion t and high has d + t.
fn distance(high: Side, low: Side, d: f64, width: f64) -> f64 {
    let middle = 0.5 * width;
    if low.events == 0.0 {
        // The factor t drops out and a quadratic is left; without a positive root the range's end is best.
        let q0 = high.events * width - d * (high.rest + low.rest * width);
        if q0 <= 0.0 {
            return 0.0;
        }
        let q1 = high.events * (1.0 + width) + high.rest * width + low.rest * (width - d);
        let q2 = high.events + high.rest + low.rest;
        let root = 2.0 * q0 / (q1 + (q1 * q1 - 4.0 * q0 * q2).max(0.0).sqrt());
        return root.clamp(0.0, middle);
    }
    // The slope times t (d + t) (width - t) (1 - t), and its derivative.
    let cubic = |t: f64| {
        let (a, b, c, e) = (t, d + t, width - t, 1.0 - t);
        let value = high.events * a * c * e + low.events * b * c * e - high.rest * a * b * e - low.rest * a * b * c;
        let slope = high.events * (c * e - a * e - a * c) + low.events * (c * e - b * e - b * c)
            - high.rest * (b * e + a * e - a * b)
            - low.rest * (b * c + a * c - a * b);
        (value, slope)
    };
    // Dropping high's events moves the root down: a positive lower bound.
    let mut below = (low.events / (2.0 * high.rest / width + 2.0 * low.rest)).min(middle);
    let mut above = middle;
    let n = high.events + high.rest + low.events + low.rest;
    let mut t = ((low.events + high.events - d * (high.events + high.rest)) / n).clamp(below, above);
    for _ in 0..200 {
        let (value, slope) = cubic(t);
        if value > 0.0 {
            below = t;
        } else if value < 0.0 {
            above = t;
        } else {
            break;
        }
        let newton = t - value / slope;
        let next = if newton > below && newton < above { newton } else { below.sqrt() * above.sqrt() };
        if (next - t).abs() <= f64::EPSILON * next {
            break;
        }
        t = next;
    }
    t
}

/// The fit under `x = ratio y`: the likelihood equation is a quadratic (Miettinen & Nurminen 1985, equation 11; Koopman 1984).
///
/// It is solved for the complement of the larger proportion, where its roots have opposite signs and nothing cancels.
pub(super) fn at_ratio(c: &StratumCounts, ratio: f64) -> Fitted {
    let x = Side { events: c.x_events, rest: c.x_n - c.x_events };
    let y = Side { events: c.y_events, rest: c.y_n - c.y_events };
    if ratio > 1.0 {
        lower_by(x, y, 1.0 / ratio, (ratio - 1.0) / ratio)
    } else {
        lower_by(y, x, ratio, 1.0 - ratio).swap()
    }
}

/// The fit with low's proportion `r` times high's, r at most 1 and `gap` = 1 - r; high and low are `x` and `y` of the answer.
fn lower_by(high: Side, low: Side, r: f64, gap: f64) -> Fitted {
    let events = high.events + low.events;
    if events == 0.0 {
        return Fitted { x: 0.0, x_rest: 1.0, y: 0.0, y_rest: 1.0 };
    }
    let n = events + high.rest + low.rest;
    // n r q^2 + b q - c = 0 in q = 1 - p of the high arm.
    let (a, b, c) = (n * r, events * gap - high.rest * (2.0 * r - 1.0) - low.rest * r, high.rest * gap);
    let root = (b * b + 4.0 * a * c).sqrt();
    let q = if b > 0.0 { 2.0 * c / (b + root) } else { (root - b) / (2.0 * a) };
    let (p, q) = if q < 0.5 {
        (1.0 - q, q)
    } else {
        // A small p: the same equation in p, whose other root is beyond 1.
        let b = (low.events + low.rest) * r + low.events + (high.events + high.rest) + high.events * r;
        let p = 2.0 * events / (b + (b * b - 4.0 * a * events).max(0.0).sqrt());
        (p, 1.0 - p)
    };
    Fitted { x: p, x_rest: q, y: r * p, y_rest: gap + r * q }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(x_events: f64, x_n: f64, y_events: f64, y_n: f64) -> StratumCounts {
        StratumCounts { weight: 1.0, x_events, x_n, y_events, y_n }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found:e}, expected {expected:e}");
    }

    fn likelihood(c: &StratumCounts, f: &Fitted) -> f64 {
        let term = |k: f64, p: f64| if k == 0.0 { 0.0 } else { k * p.ln() };
        term(c.x_events, f.x)
            + term(c.x_n - c.x_events, f.x_rest)
            + term(c.y_events, f.y)
            + term(c.y_n - c.y_events, f.y_rest)
    }

    const HARD: [(f64, f64, f64, f64); 12] = [
        (56.0, 70.0, 48.0, 80.0),
        (0.0, 50.0, 3.0, 500.0),
        (0.0, 50.0, 0.0, 500.0),
        (50.0, 50.0, 500.0, 500.0),
        (50.0, 50.0, 0.0, 500.0),
        (1.0, 1.0, 0.0, 1.0),
        (2.0, 250.0, 900.0, 1_000_000.0),
        (0.0, 1000.0, 1.0, 4_000_000.0),
        (999.0, 1000.0, 3_999_000.0, 4_000_000.0),
        (1.5, 12.25, 0.75, 30.5),
        (1.0, 1e9, 5.0, 1e9),
        (3.0, 10.0, 3e14, 1e15),
    ];

    #[test]
    fn no_neighbour_on_the_constraint_is_likelier_for_a_difference() {
        for (a, m, b, n) in HARD {
            let c = counts(a, m, b, n);
            for delta in [-1.0, -0.999, -0.3, -1e-3, -1e-9, 0.0, 1e-9, 1e-4, 0.02, 0.5, 0.9999, 1.0] {
                let f = at_difference(&c, delta);
                assert!((f.x - f.y - delta).abs() < 1e-15, "{c:?} {delta}");
                for v in [f.x, f.x_rest, f.y, f.y_rest] {
                    assert!((0.0..=1.0).contains(&v), "{c:?} {delta} {f:?}");
                }
                let best = likelihood(&c, &f);
                for step in [-1e-3, -1e-5, 1e-5, 1e-3] {
                    let near =
                        Fitted { x: f.x + step, x_rest: f.x_rest - step, y: f.y + step, y_rest: f.y_rest - step };
                    if near.x.min(near.x_rest).min(near.y).min(near.y_rest) >= 0.0 {
                        let other = likelihood(&c, &near);
                        assert!(other <= best + 1e-13 * best.abs(), "{c:?} {delta}: {other} > {best}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_neighbour_on_the_constraint_is_likelier_for_a_ratio() {
        for (a, m, b, n) in HARD {
            let c = counts(a, m, b, n);
            for ratio in [1e-300, 1e-3, 0.5, 0.95, 1.0, 1.0 + 1e-9, 1.1, 2.0, 1e3, 1e300] {
                let f = at_ratio(&c, ratio);
                for v in [f.x, f.x_rest, f.y, f.y_rest] {
                    assert!((0.0..=1.0).contains(&v), "{c:?} {ratio} {f:?}");
                }
                assert!((f.x - ratio * f.y).abs() <= 1e-15 * f.x, "{c:?} {ratio} {f:?}");
                let best = likelihood(&c, &f);
                for step in [-1e-3f64, -1e-5, 1e-5, 1e-3] {
                    let (x, y) = (f.x * step.exp(), f.y * step.exp());
                    if x < 1.0 && y < 1.0 {
                        let other = likelihood(&c, &Fitted { x, x_rest: 1.0 - x, y, y_rest: 1.0 - y });
                        // ln(1 - x) is rounded once for each trial.
                        let slack = 1e-12 * best.abs() + 4e-16 * (m + n);
                        assert!(other <= best + slack, "{c:?} {ratio}: {other} > {best}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_fit_is_that_of_sixty_digit_maximisation() {
        close(at_difference(&counts(56.0, 70.0, 48.0, 80.0), 0.01).x, 0.6995345204936597);
        close(at_difference(&counts(56.0, 70.0, 48.0, 80.0), -0.01).x, 0.6870583986601465);
        close(at_difference(&counts(0.0, 50.0, 3.0, 500.0), 0.01).x, 0.015449513611738113);
    }

    #[test]
    fn everything_an_event_is_fitted_without_noise() {
        let f = at_ratio(&counts(50.0, 50.0, 500.0, 500.0), 1.0);
        assert_eq!((f.x, f.x_rest, f.y, f.y_rest), (1.0, 0.0, 1.0, 0.0));
        let f = at_ratio(&counts(50.0, 50.0, 500.0, 500.0), 0.9);
        assert_eq!((f.y, f.y_rest), (1.0, 0.0));
    }
}
