//! A linear axis with round ticks, for any two finite ends.

use crate::judge::sentence::significant;

/// A range of values laid over a range of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Values from `low` to `high` over pixels from `from` to `to`.
    pub fn new(low: f64, high: f64, from: f64, to: f64) -> Axis {
        Axis { low, high, from, to }
    }

    /// The pixel of a value; the middle where the ends are one.
    pub fn at(&self, value: f64) -> f64 {
        // Halved, so that the distance between the ends of the range of f64 is finite.
        let span = self.high / 2.0 - self.low / 2.0;
        let share = if span > 0.0 { (value / 2.0 - self.low / 2.0) / span } else { 0.5 };
        self.from + (self.to - self.from) * share.clamp(0.0, 1.0)
    }

    /// At most seven round values inside the range.
    pub fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        if !span.is_finite() || span <= 0.0 {
            return vec![self.low];
        }
        let size = 10f64.powf((span / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * size).into_iter().find(|s| span / s <= 6.0).unwrap_or(span);
        if !step.is_finite() || step <= 0.0 {
            return vec![self.low, self.high];
        }
        let first = (self.low / step).ceil();
        let ticks: Vec<f64> =
            (0..8).map(|i| (first + f64::from(i)) * step).filter(|t| *t >= self.low && *t <= self.high).collect();
        // A range far from zero and narrower than its own rounding has no round values inside.
        if ticks.windows(2).any(|t| t[0] >= t[1]) || ticks.is_empty() { vec![self.low, self.high] } else { ticks }
    }
}

/// A tick in as few digits as tell it.
pub(super) fn label(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    match value.abs() {
        size if size != 0.0 && !(1e-4..1e7).contains(&size) => format!("{value:.1e}"),
        _ => significant(value, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_for_any_range() {
        assert_eq!(Axis::new(0.0, 100.0, 0.0, 1.0).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        for (low, high) in
            [(0.0, 1e-300), (-1e308, 1e308), (5e-324, 1e-323), (3.0, 3.0), (1e16, 1e16 + 2.0), (-7.3, 11.9)]
        {
            let axis = Axis::new(low, high, 10.0, 20.0);
            let ticks = axis.ticks();
            assert!((1..=8).contains(&ticks.len()), "{low} {high}: {ticks:?}");
            assert!(ticks.iter().all(|t| (10.0..=20.0).contains(&axis.at(*t))), "{low} {high}: {ticks:?}");
        }
    }
}
