//! What Kayenta does to a metric's points before it compares them: NaN, outliers, and the statistics it reports.

use std::borrow::Cow;

use super::mann_whitney::sorted;
use super::settings::NanStrategy;

/// The points of one side after NaN and outlier handling, with the statistics of what is left.
#[derive(Debug, Clone)]
pub(super) struct Side<'a> {
    pub(super) values: Cow<'a, [f64]>,
    pub(super) stats: Stats,
}

/// Count, mean, least, standard deviation and greatest, all zero of an empty side.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    /// Number of points.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least value.
    pub min: f64,
    /// Standard deviation with n - 1; 0 for one point.
    pub std: f64,
    /// Greatest value.
    pub max: f64,
}

impl<'a> Side<'a> {
    /// Handles NaN, then removes outliers if a factor is given.
    pub(super) fn new(values: &'a [f64], nan: NanStrategy, outlier_factor: Option<f64>) -> Self {
        let mut values = match nan {
            _ if !values.iter().any(|v| v.is_nan()) => Cow::Borrowed(values),
            NanStrategy::Remove => Cow::Owned(values.iter().copied().filter(|v| !v.is_nan()).collect()),
            NanStrategy::Replace => Cow::Owned(values.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect()),
        };
        if let Some((low, high)) = outlier_factor.and_then(|factor| fences(&values, factor))
            && values.iter().any(|v| *v > high || *v < low)
        {
            values = Cow::Owned(values.iter().copied().filter(|v| !(*v > high || *v < low)).collect());
        }
        let stats = Stats::of(&values);
        Side { values, stats }
    }

    /// True when all points are one value; false of an empty side.
    pub(super) fn is_constant(&self) -> bool {
        !self.values.is_empty() && self.stats.min == self.stats.max
    }

    /// The mean as `ratio` uses it: NaN of an empty side.
    pub(super) fn mean(&self) -> f64 {
        if self.values.is_empty() { f64::NAN } else { self.stats.mean }
    }
}

impl Stats {
    /// commons-math's two-pass mean and corrected two-pass variance, in the order of the points.
    pub(super) fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Stats::default();
        }
        let n = values.len() as f64;
        let first = values.iter().sum::<f64>() / n;
        let mean = first + values.iter().map(|v| v - first).sum::<f64>() / n;
        let (mut squares, mut sum) = (0.0, 0.0);
        for v in values {
            let d = v - mean;
            squares += d * d;
            sum += d;
        }
        let variance = if values.len() == 1 { 0.0 } else { (squares - (sum * sum / n)) / (n - 1.0) };
        Stats {
            count: values.len() as u64,
            mean,
            min: values.iter().copied().fold(values[0], |least, v| if least < v { least } else { v }),
            std: variance.sqrt(),
            max: values.iter().copied().fold(values[0], |most, v| if most > v { most } else { v }),
        }
    }
}

/// Points beyond these are outliers: the quartiles widened by `factor` interquartile ranges, and never inside the first and
/// 99th percentile. A fence is NaN, and removes nothing, where infinite percentiles leave it undefined.
fn fences(values: &[f64], factor: f64) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let sorted = sorted(values);
    let [p1, p25, p75, p99] = [1.0, 25.0, 75.0, 99.0].map(|p| percentile(&sorted, p));
    let range = p75 - p25;
    let either_nan = |a: f64, b: f64, choice: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { choice };
    let (low, high) = (p25 - factor * range, p75 + factor * range);
    Some((either_nan(p1, low, p1.min(low)), either_nan(p99, high, p99.max(high))))
}

/// Percentile of sorted values, Hyndman and Fan (1996) definition 7 as commons-math computes it.
fn percentile(sorted: &[f64], p: f64) -> f64 {
    let n = sorted.len();
    let position = 1.0 + (n as f64 - 1.0) * (p / 100.0);
    if n == 1 || position < 1.0 {
        return sorted[0];
    }
    if position >= n as f64 {
        return sorted[n - 1];
    }
    let below = position.floor();
    let (low, high) = (sorted[below as usize - 1], sorted[below as usize]);
    low + (position - below) * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_dropped_or_becomes_zero_on_each_side_by_itself() {
        let values = [1.0, f64::NAN, 3.0];
        assert_eq!(Side::new(&values, NanStrategy::Remove, None).values.as_ref(), [1.0, 3.0]);
        assert_eq!(Side::new(&values, NanStrategy::Replace, None).values.as_ref(), [1.0, 0.0, 3.0]);
    }

    #[test]
    fn every_error_point_of_a_mostly_zero_series_is_an_outlier() {
        let mut values = vec![0.0; 300];
        values[7] = 40.0;
        values[90] = 3.0;
        let side = Side::new(&values, NanStrategy::Remove, Some(3.0));
        assert_eq!((side.stats.count, side.stats.max), (298, 0.0));
    }

    #[test]
    fn an_empty_side_has_zero_statistics_and_no_mean() {
        let side = Side::new(&[f64::NAN], NanStrategy::Remove, Some(3.0));
        assert_eq!(side.stats, Stats::default());
        assert!(side.mean().is_nan() && !side.is_constant());
    }

    #[test]
    fn percentiles_interpolate_between_order_statistics() {
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 10.0], 50.0), 2.5);
        assert_eq!(percentile(&[5.0], 99.0), 5.0);
    }
}
