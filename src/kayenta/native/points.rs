//! What a pair's points are: which are missing, which mean "no events", and how much they depend on each other.

use crate::Arms;
use crate::kayenta::request::Pair;

use super::settings::Native;

/// Autocorrelation up to which points count as independent.
const DEPENDENT: f64 = 0.2;
/// Greatest autocorrelation that is believed.
const MOST: f64 = 0.95;
/// Points from which an autocorrelation is estimated.
const LONG: usize = 20;

/// Both sides without missing points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    pub(super) values: Arms<Vec<f64>>,
    /// Points that were null or NaN.
    pub(super) missing: Arms<u64>,
    /// The baseline has no series, and the canary's looks like counts of events: no events is what that means.
    pub(super) absent_means_none: bool,
}

impl Points {
    /// Null and NaN are missing: left out, or 0 where the settings say so.
    pub(super) fn of(pair: &Pair, settings: &Native) -> Self {
        let side = |values: &[f64], nulls: &[usize]| {
            let mut values = values.to_vec();
            for k in nulls {
                values[*k] = f64::NAN;
            }
            let missing = values.iter().filter(|v| v.is_nan()).count() as u64;
            if settings.missing_is_zero {
                values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
            } else {
                values.retain(|v| !v.is_nan());
            }
            (values, missing)
        };
        let (baseline, no_baseline) = side(&pair.values.baseline, &pair.nulls.baseline);
        let (canary, no_canary) = side(&pair.values.canary, &pair.nulls.canary);
        let absent = baseline.is_empty() && (settings.missing_is_zero || events(&canary, no_canary));
        Points {
            values: Arms { baseline: if absent { vec![0.0; canary.len()] } else { baseline }, canary },
            missing: Arms { baseline: no_baseline, canary: no_canary },
            absent_means_none: absent,
        }
    }

    /// At least half of all points are 0 and none is negative: events that are rare, or a series mostly idle.
    pub(super) fn is_sparse(&self) -> bool {
        let all = || self.values.baseline.iter().chain(&self.values.canary);
        let zeros = all().filter(|v| **v == 0.0).count();
        2 * zeros >= all().count() && all().all(|v| *v >= 0.0)
    }

    /// The factor by which dependence in time widens variances: (1 + phi)/(1 - phi) of a first-order autoregression.
    ///
    /// phi is the baseline's, since what happened to the canary must not excuse it; points below 20, and a phi up to 0.2,
    /// count as independent.
    pub(super) fn inflation(&self) -> f64 {
        let phi = autocorrelation(&self.values.baseline);
        if phi > DEPENDENT { (1.0 + phi.min(MOST)) / (1.0 - phi.min(MOST)) } else { 1.0 }
    }
}

/// Whether a series without a counterpart looks like counts of events: not negative, and with idle points, gaps, or only
/// whole multiples of its least value. None of these depends on the unit.
fn events(values: &[f64], missing: u64) -> bool {
    let least = values.iter().copied().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let whole = |v: &f64| (v / least - (v / least).round()).abs() < 1e-9;
    let idle = missing > 0 || values.contains(&0.0);
    least.is_finite() && values.iter().all(|v| *v >= 0.0 && v.is_finite()) && (idle || values.iter().all(whole))
}

/// Autocorrelation at lag 1; 0 of a short, constant or infinite series.
fn autocorrelation(values: &[f64]) -> f64 {
    if values.len() < LONG {
        return 0.0;
    }
    let scale = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if !(scale > 0.0 && scale.is_finite()) {
        return 0.0;
    }
    let mean = values.iter().map(|v| v / scale).sum::<f64>() / values.len() as f64;
    let deviations: Vec<f64> = values.iter().map(|v| v / scale - mean).collect();
    let squares: f64 = deviations.iter().map(|d| d * d).sum();
    let products: f64 = deviations.windows(2).map(|w| w[0] * w[1]).sum();
    if squares > 1e-24 { products / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_from_measurements_in_any_unit() {
        for unit in [1.0, 1e-5, 1000.0] {
            let scaled = |values: &[f64]| values.iter().map(|v| v * unit).collect::<Vec<_>>();
            assert!(events(&scaled(&[5.0, 3.0, 8.0, 1.0]), 0));
            assert!(events(&scaled(&[0.0, 2.5, 0.0]), 0));
            assert!(!events(&scaled(&[101.3, 99.7, 100.2]), 0));
            assert!(events(&scaled(&[101.3, 99.7, 100.2]), 2));
        }
        assert!(!events(&[0.0, 0.0], 0));
    }

    #[test]
    fn a_slow_baseline_counts_for_fewer_points() {
        let baseline: Vec<f64> = (0..60).map(|k| (f64::from(k) / 10.0).sin()).collect();
        let points = |baseline: Vec<f64>| Points {
            values: Arms { canary: baseline.clone(), baseline },
            missing: Arms::default(),
            absent_means_none: false,
        };
        assert!(points(baseline).inflation() > 10.0);
        assert_eq!(points((0..60).map(|k| f64::from(k * 37 % 11)).collect()).inflation(), 1.0);
    }
}
