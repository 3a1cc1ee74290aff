//! Sums that stand for the rows of one cell: enough for proportions, means, rates and ratios of sums.
//!
//! Every one of these is a ratio y / x of sums over units (Deng, Knoblich and Lu 2018): events over rows, a total over
//! rows, clicks over impressions. What its variance needs are the residuals' sum of squares, kept centred, so that
//! merging two cells loses no digits (Chan, Golub and LeVeque 1983).

/// Rows of one arm and stratum, summed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sums {
    n: u64,
    units: u64,
    by_unit: bool,
    y: f64,
    x: f64,
    /// Sum over units of (y - R x)^2 with R = y / x.
    residual: f64,
    /// Sum over units of x (y - R x).
    cross: f64,
    /// Sum over units of x^2.
    xx: f64,
}

impl Sums {
    /// So many events in so many rows.
    ///
    /// ```
    /// use serinus::compare::Sums;
    /// let sums = Sums::events(200, 3);
    /// assert_eq!((sums.n(), sums.ratio()), (200, Some(0.015)));
    /// ```
    pub fn events(n: u64, events: u64) -> Sums {
        let (rows, k) = (n as f64, events as f64);
        let residual = if n == 0 { 0.0 } else { k * (rows - k) / rows };
        Sums { n, units: n, by_unit: false, y: k, x: rows, residual, cross: 0.0, xx: rows }
    }

    /// Mean and sum of squared deviations from it.
    pub fn moments(n: u64, mean: f64, m2: f64) -> Sums {
        let rows = n as f64;
        Sums { n, units: n, by_unit: false, y: rows * mean, x: rows, residual: m2, cross: 0.0, xx: rows }
    }

    /// Sums over units of y and x and their products; `None` where the squares leave no digits for the variance, or
    /// where no data have such sums. `by_unit` says that rows are not the units.
    pub fn clusters(n: u64, units: u64, by_unit: bool, (y, x): (f64, f64), products: [f64; 3]) -> Option<Sums> {
        /// Least share of the squares that has to be left: below it fewer than six of sixteen digits are.
        const LEAST_LEFT: f64 = 1e-10;
        let [yy, xy, xx] = products;
        let ratio = if x > 0.0 { y / x } else { 0.0 };
        let residual = yy - 2.0 * ratio * xy + ratio * ratio * xx;
        let size = yy + 2.0 * (ratio * xy).abs() + ratio * ratio * xx;
        if !residual.is_finite() || (size > 0.0 && residual < -LEAST_LEFT * size) {
            return None;
        }
        // Units that are all alike leave rounding alone; so do sums that hide a small variance.
        if units > 1 && residual > 0.0 && residual < LEAST_LEFT * size {
            return None;
        }
        Some(Sums { n, units, by_unit, y, x, residual: residual.max(0.0), cross: xy - ratio * xx, xx })
    }

    /// Rows.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Units; the rows when rows are the units.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// Whether rows are not the units.
    pub fn by_unit(&self) -> bool {
        self.by_unit
    }

    /// Sum of the values: events, totals, numerators.
    pub fn total(&self) -> f64 {
        self.y
    }

    /// Sum of the denominators: rows, exposures.
    pub fn denominator(&self) -> f64 {
        self.x
    }

    /// The proportion, mean, rate or ratio; `None` without a denominator.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = self.y / self.x;
        (self.x > 0.0 && ratio.is_finite()).then_some(ratio)
    }

    /// Sum of squared deviations of the units from the ratio.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// One influence that stands for all units': its square is the sum of theirs.
    pub fn influence(&self) -> f64 {
        if self.x > 0.0 { self.residual.sqrt() / self.x } else { 0.0 }
    }

    /// Whether every number is one.
    pub fn is_finite(&self) -> bool {
        [self.y, self.x, self.residual, self.cross, self.xx].iter().all(|v| v.is_finite())
    }

    /// Both cells' rows together; no unit stands in both.
    ///
    /// ```
    /// use serinus::compare::Sums;
    /// // 1, 2, 3 and 10, 20 have the mean 7.2 and squared deviations that sum to 254.8.
    /// let merged = Sums::moments(3, 2.0, 2.0).merge(Sums::moments(2, 15.0, 50.0));
    /// assert!((merged.ratio().unwrap_or(0.0) - 7.2).abs() < 1e-12);
    /// assert!((merged.residual() - 254.8).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn merge(self, other: Sums) -> Sums {
        if self.x <= 0.0 || other.x <= 0.0 {
            let (of, empty) = if self.x > 0.0 { (self, other) } else { (other, self) };
            let (n, units) = (of.n.saturating_add(empty.n), of.units.saturating_add(empty.units));
            return Sums { n, units, by_unit: of.by_unit || empty.by_unit, ..of };
        }
        let x = self.x + other.x;
        let apart = self.y / self.x - other.y / other.x;
        let (d, e) = (apart * (other.x / x), -apart * (self.x / x));
        let moved = |s: &Sums, d: f64| s.residual + 2.0 * d * s.cross + d * d * s.xx;
        Sums {
            n: self.n.saturating_add(other.n),
            units: self.units.saturating_add(other.units),
            by_unit: self.by_unit || other.by_unit,
            y: self.y + other.y,
            x,
            residual: (moved(&self, d) + moved(&other, e)).max(0.0),
            cross: self.cross + d * self.xx + other.cross + e * other.xx,
            xx: self.xx + other.xx,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(units: &[(f64, f64)]) -> Sums {
        let sum = |f: fn(&(f64, f64)) -> f64| units.iter().map(f).sum::<f64>();
        let (y, x) = (sum(|u| u.0), sum(|u| u.1));
        let products = [sum(|u| u.0 * u.0), sum(|u| u.0 * u.1), sum(|u| u.1 * u.1)];
        Sums::clusters(units.len() as u64, units.len() as u64, true, (y, x), products).unwrap()
    }

    #[test]
    fn merged_clusters_are_the_clusters_of_both() {
        let units = [(1.0, 4.0), (0.0, 2.0), (3.0, 3.0), (7.0, 9.0), (2.0, 2.5)];
        let (whole, parts) = (of(&units), of(&units[..2]).merge(of(&units[2..])));
        assert!((whole.residual() - parts.residual()).abs() < 1e-12);
        assert!((whole.cross - parts.cross).abs() < 1e-12);
        assert_eq!((whole.units(), whole.total(), whole.xx), (parts.units(), parts.total(), parts.xx));
    }

    #[test]
    fn sums_that_no_data_have_are_refused() {
        assert_eq!(Sums::clusters(9, 3, true, (3.0, 9.0), [0.0, 9.0, 27.0]), None);
        let huge = 1e8;
        assert_eq!(Sums::clusters(2, 2, true, (2.0 * huge, 2.0), [2.0 * huge * huge + 4.0, 2.0 * huge, 2.0]), None);
    }
}
