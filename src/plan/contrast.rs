//! What every plan comes down to: a distance from the boundary and the variance that one canary row brings.

use super::design::{Design, Reference, Sides};
use crate::arms::Arms;
use crate::stats::{Unanswerable, special};

/// A contrast that a test divides by its standard error.
///
/// With k baseline rows a canary row, n canary rows give it the variance (v_c + v_s/k)/n. A score test takes the
/// variance at the boundary of the null for its critical value and that of the truth for its power; the others have
/// one variance for both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contrast {
    /// How far the truth lies beyond the boundary; not positive when the claim is false.
    pub distance: f64,
    /// Variance of one row of each arm at the boundary.
    pub null: Arms<f64>,
    /// Variance of one row of each arm under the truth.
    pub truth: Arms<f64>,
    /// Factor by which the method needs more rows than its variance says.
    pub inflation: f64,
    /// Least canary rows with which the method can decide at all.
    pub floor: f64,
}

impl Contrast {
    /// One variance for the boundary and the truth.
    pub fn plain(distance: f64, variance: Arms<f64>) -> Self {
        Contrast { distance, null: variance, truth: variance, inflation: 1.0, floor: 0.0 }
    }

    /// The same contrast with the boundary on the other side: what shows that the claim is false.
    pub fn reversed(self) -> Self {
        Contrast { distance: -self.distance, ..self }
    }

    /// Power at so many canary rows (fractional, as planners have it).
    pub fn power(&self, canary: f64, design: &Design) -> f64 {
        if canary < self.floor || canary <= 0.0 {
            return 0.0;
        }
        let k = design.allocation;
        let n = canary / (design.design_effect * self.inflation);
        let (null, truth) = (mix(self.null, k).sqrt(), mix(self.truth, k).sqrt());
        let drift = self.distance * n.sqrt();
        match design.reference {
            Reference::Normal => {
                let boundary = design.z_alpha() * null;
                if truth == 0.0 {
                    return if drift > boundary { 1.0 } else { 0.0 };
                }
                let far = if design.sides == Sides::Two { special::norm_cdf((-drift - boundary) / truth) } else { 0.0 };
                special::norm_cdf((drift - boundary) / truth) + far
            }
            Reference::PooledT | Reference::WelchT => {
                let dof = self.dof(n, design);
                if dof < MIN_DOF {
                    return 0.0;
                }
                if truth == 0.0 {
                    return if drift > 0.0 { 1.0 } else { 0.0 };
                }
                let critical = special::t_isf(design.tail(), dof);
                let far = if design.sides == Sides::Two { special::nct_sf(critical, dof, -drift / truth) } else { 0.0 };
                special::nct_sf(critical, dof, drift / truth) + far
            }
        }
    }

    /// Canary rows (fractional) that give the design's power for one metric.
    pub fn canary_rows(&self, design: &Design) -> Result<f64, Unanswerable> {
        design.check()?;
        if !self.distance.is_finite() || !mix(self.null, 1.0).is_finite() || !mix(self.truth, 1.0).is_finite() {
            return Err(undefined("the spread is not a finite number"));
        }
        if self.distance <= 0.0 {
            return Err(undefined("what is claimed is not true of this canary, so no number of rows shows it"));
        }
        let k = design.allocation;
        let (null, truth) = (mix(self.null, k).sqrt(), mix(self.truth, k).sqrt());
        let z_beta = special::norm_isf(1.0 - design.metric_power());
        // The quotient before the square: distances of 1e-200 are legal.
        let closed = ((design.z_alpha() * null + z_beta * truth) / self.distance).powi(2);
        let independent = if design.reference == Reference::Normal && (design.sides != Sides::Two || truth == 0.0) {
            closed
        } else {
            self.solve(closed, design)?
        };
        let rows = (independent * design.design_effect * self.inflation).max(self.floor);
        if rows > MAX_ROWS {
            return Err(undefined("more than 1e15 rows would be needed; take a wider margin"));
        }
        Ok(rows)
    }

    /// Independent rows by bisection, from the closed formula as a start; power grows with the rows.
    fn solve(&self, start: f64, design: &Design) -> Result<f64, Unanswerable> {
        let plain = Contrast { inflation: 1.0, floor: 0.0, ..*self };
        let single = Design { design_effect: 1.0, ..*design };
        let target = design.metric_power();
        let enough = |n: f64| plain.power(n, &single) >= target;
        let (mut low, mut high) = (start.max(1e-9), start.max(1e-9));
        while enough(low) && low > 1e-12 {
            low *= 0.5;
        }
        while !enough(high) {
            high = 2.0 * high + 1e-9;
            if high > 2.0 * MAX_ROWS {
                return Err(undefined("more than 1e15 rows would be needed; take a wider margin"));
            }
        }
        for _ in 0..120 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if enough(middle) { high = middle } else { low = middle }
        }
        Ok(high)
    }

    fn dof(&self, n: f64, design: &Design) -> f64 {
        let baseline = n * design.allocation;
        match design.reference {
            Reference::Normal => f64::INFINITY,
            Reference::PooledT => n + baseline - 2.0,
            Reference::WelchT => {
                if n <= 1.0 || baseline <= 1.0 {
                    return 0.0;
                }
                let (c, b) = (self.truth.canary / n, self.truth.baseline / baseline);
                let share = c / (c + b);
                if share.is_nan() {
                    return n + baseline - 2.0;
                }
                1.0 / (share * share / (n - 1.0) + (1.0 - share) * (1.0 - share) / (baseline - 1.0))
            }
        }
    }
}

/// Below this many degrees of freedom a t test decides nothing.
const MIN_DOF: f64 = 0.05;
/// Above this many rows a plan is no plan.
pub(super) const MAX_ROWS: f64 = 1e15;

/// Variance that one canary row brings, with k baseline rows beside it.
fn mix(variance: Arms<f64>, allocation: f64) -> f64 {
    variance.canary + variance.baseline / allocation
}

pub(super) fn undefined(why: &'static str) -> Unanswerable {
    Unanswerable::Undefined { test: "plan", why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(distance: f64) -> Contrast {
        Contrast::plain(distance, Arms { baseline: 1.0, canary: 1.0 })
    }

    #[test]
    fn rows_and_power_are_inverses() {
        for reference in [Reference::Normal, Reference::PooledT, Reference::WelchT] {
            for sides in [Sides::One, Sides::Two, Sides::TwoDirected] {
                for (distance, power, allocation) in
                    [(0.05, 0.8, 1.0), (0.4, 0.95, 99.0), (1.5, 0.5, 0.2), (0.01, 0.2, 7.0)]
                {
                    let design =
                        Design { reference, sides, power, allocation, design_effect: 1.7, ..Design::default() };
                    let rows = unit(distance).canary_rows(&design).expect("a true claim has a size");
                    let found = unit(distance).power(rows, &design);
                    assert!((found - power).abs() < 1e-9, "{design:?}: {rows} rows give {found}");
                }
            }
        }
    }

    #[test]
    fn a_false_claim_has_no_sample_size() {
        assert!(unit(0.0).canary_rows(&Design::default()).is_err());
        assert!(unit(-1.0).canary_rows(&Design::default()).is_err());
        assert!(unit(1e-200).canary_rows(&Design::default()).is_err());
        assert!(unit(f64::NAN).canary_rows(&Design::default()).is_err());
    }

    #[test]
    fn a_certain_outcome_needs_only_the_floor() {
        let sure = Contrast { floor: 299.0, ..Contrast::plain(1.0, Arms { baseline: 0.0, canary: 0.0 }) };
        assert_eq!(sure.canary_rows(&Design::default()), Ok(299.0));
        assert_eq!(sure.power(298.0, &Design::default()), 0.0);
        assert_eq!(sure.power(299.0, &Design::default()), 1.0);
    }
}
