//! What an inconclusive metric still needs.

use super::dataset::Dataset;
use super::judgement::Needs;
use crate::arms::Arm;
use crate::config::{Alpha, Direction};
use crate::evidence::{Evidence, Scale};
use crate::stats::binomial;
use crate::stats::special::norm_isf;

/// Further canary samples for power .8 at no difference and the current allocation: the information grows with the
/// samples, and the standard error is read off the interval.
pub(super) fn needs(
    evidence: &Evidence,
    direction: Direction,
    alpha: &Alpha,
    data: Option<&Dataset<'_>>,
) -> Option<Needs> {
    let nothing = Some(Needs { canary_samples: None, minutes: None });
    let margin = evidence.margin?;
    let estimate = evidence.estimate;
    let n = evidence.units.unwrap_or(evidence.n).canary as f64;
    // The distance from no difference to the margin, on the scale on which the error is nearly normal.
    let (room, at, low, high) = match evidence.scale {
        Scale::Ratio => {
            let r = margin.relative?;
            let room = match direction {
                Direction::LowerIsBetter => r.ln_1p(),
                Direction::HigherIsBetter | Direction::Either => -(-r).ln_1p(),
            };
            let ln = |v: f64| (v > 0.0).then(|| v.ln());
            let interval = evidence.interval?;
            (room, estimate.and_then(ln), interval.low.and_then(ln), interval.high.and_then(ln))
        }
        Scale::Difference => {
            let interval = evidence.interval?;
            (margin.absolute?, estimate, interval.low, interval.high)
        }
        Scale::Distance | Scale::Share => return None,
    };
    if room <= 0.0 {
        return nothing;
    }
    if let Some(at) = at {
        let beyond = match direction {
            Direction::LowerIsBetter => at >= room,
            Direction::HigherIsBetter => at <= -room,
            Direction::Either => at.abs() >= room,
        };
        if beyond {
            return nothing;
        }
    }
    let level = evidence.interval.map_or(1.0 - 2.0 * alpha.safe, |i| i.level);
    let z = norm_isf(0.5 * (1.0 - level));
    if evidence.test == "exact_binomial" && evidence.value.canary == Some(0.0) && direction == Direction::LowerIsBetter
    {
        // No event has been seen: the bound falls with the trials, not with their root.
        let trials = binomial::trials_without_events(room, alpha.safe).ok()? as f64;
        return Some(after((trials - n).ceil().max(1.0), data, evidence));
    }
    // The side of the interval that has to clear the margin.
    let side = |low: Option<f64>, high: Option<f64>, at: f64| match direction {
        Direction::LowerIsBetter => high.map(|h| h - at),
        Direction::HigherIsBetter => low.map(|l| at - l),
        Direction::Either => low.zip(high).map(|(l, h)| (h - at).max(at - l)),
    };
    let half = match at.and_then(|at| side(low, high, at)) {
        Some(half) => half,
        None => match (low, high) {
            (Some(low), Some(high)) => 0.5 * (high - low),
            // Not even one end is bounded: twice the samples is the least that can be said.
            _ => return Some(after(n.max(1.0), data, evidence)),
        },
    };
    let error = half / z;
    let power = norm_isf(0.2);
    // Both directions have to be shown: the power of each is half the loss.
    let reach = norm_isf(alpha.safe) + if direction == Direction::Either { norm_isf(0.1) } else { power };
    let wanted = |room: f64| n * (reach * error / room).powi(2);
    let mut total = wanted(room);
    if total <= n {
        // Enough if there is no difference, and still open: what the estimate itself asks for.
        let left = at.map_or(room, |at| match direction {
            Direction::LowerIsBetter => room - at,
            Direction::HigherIsBetter => room + at,
            Direction::Either => room - at.abs(),
        });
        total = wanted(left);
    }
    if !total.is_finite() {
        return nothing;
    }
    Some(after((total - n).ceil().max(1.0), data, evidence))
}

fn after(samples: f64, data: Option<&Dataset<'_>>, evidence: &Evidence) -> Needs {
    let samples = samples.min(9e15);
    Needs {
        canary_samples: Some(samples as u64),
        minutes: data.and_then(|data| minutes(samples, data, evidence)).map(|m| (m * 10.0).ceil() / 10.0),
    }
}

/// Minutes at the canary's rate in the last stratum, scaled to the metric's own samples.
fn minutes(samples: f64, data: &Dataset<'_>, evidence: &Evidence) -> Option<f64> {
    let time = data.time.as_ref()?;
    let last = data.strata.codes.iter().zip(&data.arm).filter(|(_, a)| a.is_some()).map(|(s, _)| *s).max()?;
    let (mut first, mut end, mut rows, mut all) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0);
    for (row, arm) in data.arm.iter().enumerate() {
        if *arm != Some(Arm::Canary) || !time[row].is_finite() {
            continue;
        }
        all += 1.0;
        if data.strata.codes[row] == last {
            first = first.min(time[row]);
            end = end.max(time[row]);
            rows += 1.0;
        }
    }
    let minutes = (end - first) / 60_000.0;
    let own = evidence.units.unwrap_or(evidence.n).canary as f64;
    if minutes > 0.0 && minutes.is_finite() && own > 0.0 {
        Some(samples * (all / own) / (rows / minutes))
    } else {
        None
    }
}
