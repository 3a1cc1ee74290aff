//! Events that the baseline has none of.

use super::points::Points;
use super::settings::Margin;
use super::words::probability;
use crate::kayenta::prepare;
use crate::kayenta::settings::Deviation;

/// Error rate of calling events new.
const NEW_EVENTS: f64 = 0.05;

/// Events where the baseline has none at all.
///
/// With k canary points above 0 and n baseline points at 0, an equal chance q of an event in every point gives this at most
/// with probability max over q of (1 - q)^n P(Bin(m, q) >= k): the unconditional exact test (Barnard 1945). It needs no
/// margin, since any number is infinitely many times none.
pub(super) fn new_events(points: &Points, direction: Deviation, margin: Margin) -> Option<String> {
    let (x, y) = (&points.values.canary, &points.values.baseline);
    let events = x.iter().filter(|v| **v > 0.0).count();
    if direction == Deviation::Decrease || events == 0 || x.iter().any(|v| *v < 0.0) || y.iter().any(|v| *v != 0.0) {
        return None;
    }
    let stats = prepare::Stats::of(x);
    if matches!(margin, Margin::Absolute(d) if stats.mean < d) {
        return None;
    }
    let p = chance_of_new_events(x.len() as u64, y.len() as u64, events as u64);
    (p <= NEW_EVENTS).then(|| {
        let (m, n) = (x.len(), y.len());
        let largest = stats.max;
        let none = if points.absent_means_none {
            "the baseline has no series".into()
        } else {
            format!("none in {n} baseline points")
        };
        format!("events in {events} of {m} canary points, the largest {largest}, and {none}; p = {}", probability(p))
    })
}

fn chance_of_new_events(m: u64, n: u64, k: u64) -> f64 {
    let at = |q: f64| {
        let none = (n as f64 * (-q).ln_1p()).exp();
        none * crate::stats::special::binom_sf(k as i64 - 1, m, q)
    };
    // One hump in q: a grid in the log-odds and a golden section around its best point.
    let q_of = |t: f64| 1.0 / (1.0 + (-t).exp());
    let best =
        (-120..=40).map(|i| f64::from(i) / 10.0).max_by(|a, b| at(q_of(*a)).total_cmp(&at(q_of(*b)))).unwrap_or(0.0);
    (-50..=50).map(|i| at(q_of(best + f64::from(i) / 500.0))).fold(0.0, f64::max).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_points_of_six_are_new_and_one_is_not() {
        let three = chance_of_new_events(6, 6, 3);
        assert!(three < NEW_EVENTS && three > 0.02, "{three}");
        assert!(chance_of_new_events(6, 6, 1) > 0.2);
        // One chance in 16 at best: an event in both of two points against none in two.
        assert!((chance_of_new_events(2, 2, 2) - 0.0625).abs() < 1e-4);
    }

    #[test]
    fn a_longer_silent_baseline_says_more() {
        assert!(chance_of_new_events(10, 100, 2) < chance_of_new_events(10, 10, 2));
    }
}
