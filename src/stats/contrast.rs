//! A margin as one linear contrast: psi = s (mu_x - rho mu_y) + delta, which is positive when the canary is safe.
//!
//! A relative margin is part of the contrast and not a constant taken from the baseline's mean. The estimate is the
//! same either way; the standard error is not. With the margin plugged in as if it were known, the test is too small
//! or too large: at a margin of 25 %, equal arms and a nominal 0.05 it rejects 0.073 of the time when lower is better
//! and 0.030 when higher is better.

use serde::{Deserialize, Serialize};

use super::Unanswerable;

/// Which way is better, for a test of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better; harm is a decrease.
    Higher,
    /// Less is better; harm is an increase.
    Lower,
}

impl Better {
    /// +1 when higher is better and -1 when lower is.
    pub fn sign(self) -> f64 {
        match self {
            Better::Higher => 1.0,
            Better::Lower => -1.0,
        }
    }
}

/// The sign that the baseline's mean is declared to have; it decides on which side a relative margin lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaselineSign {
    /// Above zero, as almost every metric is.
    #[default]
    Positive,
    /// Below zero, such as a log likelihood.
    Negative,
}

/// What has to be known to read a result: rules that were applied, weaknesses that were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flag {
    /// No arm varies; the p-value is that of the exact rank test of separated constants.
    DegenerateVariance,
    /// Both arms are one and the same constant and no margin separates them.
    IdenticalConstant,
    /// The skewness raises the error rate of the safe decision above 1.2 alpha.
    Skew,
    /// The baseline's mean is too close to zero for a relative margin to mean much.
    BaselineNearZero,
    /// The baseline's mean does not have the declared sign, so the relative margin lies on the wrong side.
    BaselineSign,
    /// The largest number of replicates left the p-value within three Monte-Carlo standard errors of alpha.
    McUncertain,
    /// All replicates lie on one side of the estimate; BCa fell back to the percentile interval.
    AllOneSide,
    /// The statistic does not exist in some replicates; they count against both conclusions.
    UndefinedReplicates,
    /// An arm was resampled in 1,000 random buckets of rows.
    Bucketed,
    /// Fewer than 20 units in an arm.
    FewUnits,
    /// A quantile or its bound is not positive, so the ratio was tested as a contrast.
    ContrastForm,
}

impl Flag {
    /// The flag's word in a judgement.
    pub fn as_str(self) -> &'static str {
        match self {
            Flag::DegenerateVariance => "degenerate_variance",
            Flag::IdenticalConstant => "identical_constant",
            Flag::Skew => "skew",
            Flag::BaselineNearZero => "baseline_near_zero",
            Flag::BaselineSign => "baseline_sign",
            Flag::McUncertain => "mc_uncertain",
            Flag::AllOneSide => "all_one_side",
            Flag::UndefinedReplicates => "undefined_replicates",
            Flag::Bucketed => "bucketed",
            Flag::FewUnits => "few_units",
            Flag::ContrastForm => "contrast_form",
        }
    }
}

impl std::fmt::Display for Flag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much worse the canary may be, as a contrast of one functional (mean, quantile, AUC, ...) of the two arms.
///
/// With s = +1 when higher is better and -1 when lower is, and rho = 1 - s r for a relative margin r, the canary is
/// safe when psi = s (mu_x - rho mu_y) + delta is positive. Both margins zero asks for superiority.
///
/// ```
/// use serinus::stats::contrast::{Better, Contrast};
/// // Latency may rise by 10 %: 108 against 100 is safe, 112 is not.
/// let margin = Contrast::relative(Better::Lower, 0.10);
/// assert!(margin.psi(108.0, 100.0) > 0.0);
/// assert!(margin.psi(112.0, 100.0) < 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// Which way is better.
    pub better: Better,
    /// Relative margin r as a share of the baseline; 0 for none.
    pub relative: f64,
    /// Absolute margin in the metric's unit; 0 for none.
    pub absolute: f64,
    /// The declared sign of the baseline's mean.
    pub baseline_sign: BaselineSign,
}

impl Contrast {
    /// A margin as a share of the baseline.
    pub fn relative(better: Better, margin: f64) -> Contrast {
        Contrast { better, relative: margin, absolute: 0.0, baseline_sign: BaselineSign::Positive }
    }

    /// A margin in the metric's unit.
    pub fn absolute(better: Better, margin: f64) -> Contrast {
        Contrast { better, relative: 0.0, absolute: margin, baseline_sign: BaselineSign::Positive }
    }

    /// Declares the sign of the baseline's mean; it matters only to a relative margin.
    pub fn baseline_sign(self, sign: BaselineSign) -> Contrast {
        Contrast { baseline_sign: sign, ..self }
    }

    /// The factor on the baseline: 1 - s r, and 1 + s r when the baseline is declared negative.
    pub fn rho(&self) -> f64 {
        1.0 - self.one_minus_rho()
    }

    /// 1 - rho without the rounding of rho.
    pub(crate) fn one_minus_rho(&self) -> f64 {
        let side = match self.baseline_sign {
            BaselineSign::Positive => 1.0,
            BaselineSign::Negative => -1.0,
        };
        self.better.sign() * self.relative * side
    }

    /// psi for known values of the two arms; positive is safe. Infinite when it overflows.
    pub fn psi(&self, x: f64, y: f64) -> f64 {
        self.better.sign() * (x - self.rho() * y) + self.absolute
    }

    /// Whether the margins are margins.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for a negative or non-finite margin, and for a relative one of 1 or more where it
    /// would turn the baseline's sign around.
    pub fn check(&self) -> Result<(), Unanswerable> {
        if !(self.absolute >= 0.0 && self.absolute.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "absolute margin",
                value: self.absolute,
                expected: "it has to be a finite number, 0 or more",
            });
        }
        if !(self.relative >= 0.0 && self.relative.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "relative margin",
                value: self.relative,
                expected: "it has to be a finite number, 0 or more",
            });
        }
        if self.one_minus_rho() >= 1.0 {
            return Err(Unanswerable::Argument {
                argument: "relative margin",
                value: self.relative,
                expected: "it has to lie in [0, 1) when it takes from the baseline",
            });
        }
        Ok(())
    }
}

/// An argument that has to lie strictly between 0 and `high`.
pub(crate) fn check_open(
    argument: &'static str,
    value: f64,
    high: f64,
    expected: &'static str,
) -> Result<(), Unanswerable> {
    if value > 0.0 && value < high { Ok(()) } else { Err(Unanswerable::Argument { argument, value, expected }) }
}

/// A one-sided error rate.
pub(crate) fn check_alpha(alpha: f64) -> Result<(), Unanswerable> {
    check_open("alpha", alpha, 0.5, "it has to lie in (0, 0.5)")
}

/// A two-sided confidence level.
pub(crate) fn check_level(level: f64) -> Result<(), Unanswerable> {
    check_open("level", level, 1.0, "it has to lie in (0, 1)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_baseline_turns_the_relative_margin_around() {
        // Log likelihood -100, higher is better, 10 %: -109 is safe and -111 is not.
        let c = Contrast::relative(Better::Higher, 0.1).baseline_sign(BaselineSign::Negative);
        assert!(c.psi(-109.0, -100.0) > 0.0 && c.psi(-111.0, -100.0) < 0.0);
    }

    #[test]
    fn margins_that_are_none_are_refused() {
        for c in [
            Contrast::relative(Better::Higher, 1.0),
            Contrast::relative(Better::Lower, -0.1),
            Contrast::absolute(Better::Lower, f64::NAN),
            Contrast::absolute(Better::Lower, f64::INFINITY),
        ] {
            assert!(matches!(c.check(), Err(Unanswerable::Argument { .. })), "{c:?}");
        }
        assert!(Contrast::relative(Better::Lower, 1.5).check().is_ok());
    }
}
