//! One score that every tool reads as the same decision.

use crate::judge::Decision;
use crate::kayenta::{KayentaError, Thresholds};

/// Moves a score into the band of its decision.
///
/// Spinnaker, Kayenta's own classifier and Argo Rollouts decide on the number, by three different rules: some call the
/// marginal threshold itself a failure, some cut decimals off. Promote is at least `pass`, hold lies one inside the two
/// thresholds, rollback at least one below `marginal`; so all of them agree.
///
/// ```
/// use serinus::Decision;
/// use serinus::kayenta::{Thresholds, banded};
/// let thresholds = Thresholds { pass: 95.0, marginal: 75.0 };
/// assert_eq!(banded(Decision::Hold, 20.0, thresholds)?, 76.0);
/// assert_eq!(banded(Decision::Rollback, 90.0, thresholds)?, 74.0);
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// [`KayentaError::Bands`] when the thresholds are not finite or closer than 2.
pub fn banded(decision: Decision, score: f64, thresholds: Thresholds) -> Result<f64, KayentaError> {
    let Thresholds { pass, marginal } = thresholds;
    if !(pass.is_finite() && marginal.is_finite() && pass - marginal >= 2.0) {
        return Err(KayentaError::Bands { pass, marginal });
    }
    Ok(match decision {
        Decision::Promote => score.max(pass),
        Decision::Hold => score.clamp(marginal + 1.0, pass - 1.0),
        Decision::Rollback => score.min(marginal - 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_tool_reads_the_decision_back(
            score in 0.0..100.0f64,
            marginal in 2u32..96,
            gap in 2u32..40,
            decision in prop_oneof![Just(Decision::Promote), Just(Decision::Hold), Just(Decision::Rollback)],
        ) {
            let (pass, marginal) = (f64::from(marginal + gap), f64::from(marginal));
            let score = banded(decision, score, Thresholds { pass, marginal }).unwrap();
            // Kayenta's classifier; Orca and Kayenta standalone, on integers or not; Argo's provider, on integers.
            let kayenta = |s: f64| if s >= pass { 2 } else if s >= marginal { 1 } else { 0 };
            let orca = |s: f64| if s >= pass { 2 } else if s > marginal { 1 } else { 0 };
            let expected = match decision { Decision::Promote => 2, Decision::Hold => 1, Decision::Rollback => 0 };
            for read in [kayenta(score), orca(score), orca(score.trunc()), kayenta(score.trunc())] {
                prop_assert_eq!(read, expected);
            }
        }
    }

    #[test]
    fn thresholds_without_room_for_a_hold_are_refused() {
        for (pass, marginal) in [(95.0, 94.0), (75.0, 95.0), (f64::NAN, 1.0), (f64::INFINITY, 0.0)] {
            assert!(banded(Decision::Hold, 50.0, Thresholds { pass, marginal }).is_err());
        }
    }
}
