//! Keeps stratified p-values in order: a wider margin is never harder to show.
//!
//! In one stratum z falls as the value asked about rises. Over strata it may rise for a while: where a thin stratum without
//! events leaves the edge of its range, its null variance grows faster than the contrast. The null "at least this value" is
//! composite, and its p-value is the largest over all the values in it; so z is replaced by its largest value from the one
//! asked about upwards (for the other null: its smallest from there downwards). The peaks and dips are found once.

/// Places where z turns.
#[derive(Debug, Clone, Default)]
pub(super) struct Envelope {
    peaks: Vec<(f64, f64)>,
    dips: Vec<(f64, f64)>,
}

impl Envelope {
    /// Scans z over ascending grid points and refines each turn that they show.
    pub fn scan(grid: &[f64], z: impl Fn(f64) -> f64) -> Self {
        let values: Vec<f64> = grid.iter().map(|&x| z(x)).collect();
        let mut found = Envelope::default();
        for i in 1..grid.len().saturating_sub(1) {
            let (left, here, right) = (values[i - 1], values[i], values[i + 1]);
            if here > left && here >= right {
                found.peaks.push(summit(grid[i - 1], grid[i + 1], (grid[i], here), &z));
            }
            if here < left && here <= right {
                let (x, height) = summit(grid[i - 1], grid[i + 1], (grid[i], -here), |x| -z(x));
                found.dips.push((x, -height));
            }
        }
        found
    }

    /// The largest z from `x` upwards.
    pub fn least_against_less(&self, x: f64, z: f64) -> f64 {
        self.peaks.iter().filter(|peak| peak.0 >= x).fold(z, |z, peak| z.max(peak.1))
    }

    /// The smallest z from `x` downwards.
    pub fn least_against_greater(&self, x: f64, z: f64) -> f64 {
        self.dips.iter().filter(|dip| dip.0 <= x).fold(z, |z, dip| z.min(dip.1))
    }
}

/// The highest place found by golden section, `best` included.
fn summit(mut low: f64, mut high: f64, mut best: (f64, f64), f: impl Fn(f64) -> f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let place = |x: f64| (x, f(x));
    let (mut a, mut b) = (place(high - GOLDEN * (high - low)), place(low + GOLDEN * (high - low)));
    for _ in 0..40 {
        for candidate in [a, b] {
            if candidate.1 > best.1 {
                best = candidate;
            }
        }
        if a.1 >= b.1 {
            (high, b) = (b.0, a);
            a = place(high - GOLDEN * (high - low));
        } else {
            (low, a) = (a.0, b);
            b = place(low + GOLDEN * (high - low));
        }
    }
    best
}

/// Ascending points in [low, high]: evenly spaced, and closer and closer towards each centre.
pub(super) fn grid(low: f64, high: f64, centres: &[f64]) -> Vec<f64> {
    let span = high - low;
    let mut points: Vec<f64> = (0..=16).map(|i| low + span * f64::from(i) / 16.0).collect();
    for &centre in centres {
        points.push(centre);
        let mut distance = span / 3.0;
        while distance > 1e-7 * span {
            points.extend([centre - distance, centre + distance]);
            distance /= 4.0;
        }
    }
    points.retain(|x| (low..=high).contains(x));
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hump_is_levelled_in_both_directions() {
        // Falls from 1 to -1 at 1, rises to 0 at 2, falls again.
        let z = |x: f64| if x < 1.0 { 1.0 - 2.0 * x } else { -(x - 2.0) * (x - 2.0) };
        let found = Envelope::scan(&grid(-3.0, 4.0, &[0.0]), z);
        assert!(found.least_against_less(1.0, z(1.0)).abs() < 1e-9);
        assert_eq!(found.least_against_less(3.0, z(3.0)), -1.0);
        assert!((found.least_against_greater(2.0, z(2.0)) + 1.0).abs() < 1e-6);
        assert_eq!(found.least_against_greater(0.0, z(0.0)), 1.0);
    }

    #[test]
    fn what_falls_throughout_is_left_alone() {
        let found = Envelope::scan(&grid(-1.0, 1.0, &[0.0, 0.3]), |x| -x);
        assert!(found.peaks.is_empty() && found.dips.is_empty());
    }
}
