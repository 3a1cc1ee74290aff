//! Differences within pairs, at the border of a margin: d = s (x - rho y) + delta.

use super::Unanswerable;
use super::contrast::Contrast;
use super::describe::require_finite;
use super::scale::{down, exponent, exponent_of};
use crate::arms::Arm;

/// Differences in units of 2^exponent, which is 1 unless they would leave the range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PairedDifferences {
    pub values: Vec<f64>,
    pub exponent: i32,
    /// The largest magnitude that went into a difference, in the same unit.
    pub largest: f64,
}

impl PairedDifferences {
    /// s (x_i - rho y_i) + delta for every pair.
    pub(crate) fn of(
        test: &'static str,
        x: &[f64],
        y: &[f64],
        contrast: &Contrast,
    ) -> Result<PairedDifferences, Unanswerable> {
        contrast.check()?;
        if x.len() != y.len() {
            return Err(Unanswerable::Undefined { test, why: "pairs need as many canary values as baseline values" });
        }
        require_finite(test, Arm::Canary, x)?;
        require_finite(test, Arm::Baseline, y)?;
        let (sign, rho, delta) = (contrast.better.sign(), contrast.rho(), contrast.absolute);
        let largest = exponent_of(x).max(exponent_of(y) + exponent(rho).max(0)).max(exponent(delta));
        // Below this the sum of three terms cannot overflow.
        let scale = (largest - 1020).max(0);
        let mut reach = 0.0_f64;
        let values = x
            .iter()
            .zip(y)
            .map(|(&x, &y)| {
                let (x, y, delta) = (down(x, scale), down(y, scale) * rho, down(delta, scale));
                reach = reach.max(x.abs()).max(y.abs()).max(delta);
                sign * (x - y) + delta + 0.0
            })
            .collect();
        Ok(PairedDifferences { values, exponent: scale, largest: reach })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::contrast::Better;

    #[test]
    fn differences_stay_in_range() {
        let d = PairedDifferences::of("paired_t", &[1.7e308], &[-1.7e308], &Contrast::absolute(Better::Higher, 0.0));
        let d = d.expect("finite");
        assert!(d.values[0].is_finite() && d.exponent > 0);
        let d = PairedDifferences::of("paired_t", &[3.0], &[2.0], &Contrast::relative(Better::Lower, 0.5)).expect("ok");
        assert_eq!(d.values, [0.0]);
        assert!(PairedDifferences::of("paired_t", &[3.0], &[], &Contrast::relative(Better::Lower, 0.5)).is_err());
    }
}
