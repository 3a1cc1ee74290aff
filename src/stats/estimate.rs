//! An estimate with its standard error and degrees of freedom: the tests and intervals that follow from it.

use super::{Alternative, Confidence, Unanswerable, special};

/// A difference that is about t (or normal) around its true value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The estimate, canary minus what the baseline stands for.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of t; infinite for the normal.
    pub dof: f64,
}

/// A test statistic with its p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// (estimate - null) / standard error.
    pub statistic: f64,
    /// Probability of a statistic at least this far in the direction asked, if the null holds.
    pub p_value: f64,
}

impl Contrast {
    /// Tests the estimate against `null`.
    ///
    /// ```
    /// use serinus::stats::{Alternative, estimate::Contrast};
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let change = Contrast { estimate: -0.4, standard_error: 0.5, dof: f64::INFINITY };
    /// // Shown to be above -2, the margin, though not above 0.
    /// assert!(change.test(-2.0, Alternative::Greater)?.p_value < 0.001);
    /// assert!(change.test(0.0, Alternative::Greater)?.p_value > 0.5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A standard error of 0: what does not vary cannot be tested so.
    pub fn test(&self, null: f64, alternative: Alternative) -> Result<Tested, Unanswerable> {
        if null.is_nan() {
            return Err(Unanswerable::Argument { argument: "null", value: null, expected: "it has to be a number" });
        }
        let statistic = (self.estimate - null) / self.spread()?;
        if statistic.is_nan() {
            return Err(Unanswerable::Undefined { test: "contrast", why: "the estimate or the null is out of range" });
        }
        let p_value = match alternative {
            Alternative::Greater => self.upper_tail(statistic),
            Alternative::Less => self.upper_tail(-statistic),
            Alternative::TwoSided => (2.0 * self.upper_tail(statistic.abs())).min(1.0),
        };
        Ok(Tested { statistic, p_value })
    }

    /// The two-sided confidence interval.
    ///
    /// # Errors
    /// A standard error of 0, or a level outside (0, 1).
    pub fn interval(&self, level: f64) -> Result<Confidence, Unanswerable> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "level",
                value: level,
                expected: "it has to lie in (0, 1)",
            });
        }
        let tail = 0.5 * (1.0 - level);
        let quantile = if self.dof.is_finite() { special::t_isf(tail, self.dof) } else { special::norm_isf(tail) };
        let half = quantile * self.spread()?;
        Ok(Confidence { low: self.estimate - half, high: self.estimate + half, level })
    }

    fn spread(&self) -> Result<f64, Unanswerable> {
        if self.standard_error > 0.0 && self.standard_error.is_finite() && self.dof > 0.0 {
            return Ok(self.standard_error);
        }
        Err(Unanswerable::Undefined { test: "contrast", why: "the estimate has no spread to be tested against" })
    }

    fn upper_tail(&self, statistic: f64) -> f64 {
        if statistic.is_infinite() {
            return if statistic > 0.0 { 0.0 } else { 1.0 };
        }
        // -0.0 is 0 here.
        let statistic = statistic + 0.0;
        if self.dof.is_finite() { special::t_sf(statistic, self.dof) } else { special::norm_sf(statistic) }
    }
}

/// Satterthwaite's (1946) degrees of freedom of a sum of independent variance estimates: (sum v)^2 / sum v^2 / dof.
///
/// Parts are (standard error, its degrees of freedom); `None` when all are 0.
pub(crate) fn satterthwaite(parts: impl IntoIterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let largest = parts.clone().into_iter().fold(0.0, |a: f64, (se, _)| a.max(se));
    if !(largest > 0.0 && largest.is_finite()) {
        return None;
    }
    let (sum, squares) = parts.into_iter().fold((0.0, 0.0), |(sum, squares), (se, dof)| {
        let v = (se / largest).powi(2);
        (sum + v, if v > 0.0 { squares + v * v / dof } else { squares })
    });
    Some(sum * sum / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_exactly_the_nulls_that_are_not_rejected() {
        let c = Contrast { estimate: 1.5, standard_error: 0.7, dof: 9.3 };
        let ci = c.interval(0.9).unwrap();
        for null in [-1.0, 0.2, 0.22, 1.5, 2.7, 2.8, 5.0] {
            let inside = ci.low < null && null < ci.high;
            assert_eq!(inside, c.test(null, Alternative::TwoSided).unwrap().p_value > 0.1, "{null}");
        }
    }

    #[test]
    fn no_spread_is_no_answer() {
        for standard_error in [0.0, f64::NAN, f64::INFINITY] {
            let c = Contrast { estimate: 1.0, standard_error, dof: 3.0 };
            assert!(c.test(0.0, Alternative::Greater).is_err());
            assert!(c.interval(0.9).is_err());
        }
    }

    #[test]
    fn equal_parts_add_their_degrees_of_freedom() {
        assert_eq!(satterthwaite([(1e300, 4.0), (1e300, 4.0)]), Some(8.0));
        assert_eq!(satterthwaite([(0.0, 4.0), (2.0, 7.0)]), Some(7.0));
        assert_eq!(satterthwaite([(0.0, 4.0)]), None);
    }
}
