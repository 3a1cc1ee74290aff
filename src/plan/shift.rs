//! Plans for distribution shift: how many rows show that two distributions lie within a distance.

use super::behaviour::Behaviour;
use super::claim::{Claim, Size};
use super::contrast::{MAX_ROWS, undefined};
use super::design::Design;
use crate::stats::{Unanswerable, special};

/// The greatest distance, when this is a question about shift.
pub(super) fn asked(behaviour: &Behaviour, claim: &Claim) -> Option<f64> {
    match (behaviour, claim) {
        (Behaviour::Shift {}, Claim::NonInferiority { margin: Size::Absolute(max), .. }) => Some(*max),
        _ => None,
    }
}

/// Half-width of the Dvoretzky-Kiefer-Wolfowitz bounds of both arms together, times the root of the canary rows
/// (Massart 1990; half of alpha for each arm).
fn band(design: &Design) -> f64 {
    (0.5 * (4.0 / design.alpha).ln()).sqrt() * (1.0 + design.allocation.sqrt().recip())
}

/// Canary rows with which identical distributions are shown to be within the distance: the band plus the distance that
/// chance alone makes (Kolmogorov's law) have to fit.
pub(super) fn rows(max_distance: f64, design: &Design) -> Result<f64, Unanswerable> {
    if max_distance <= 0.0 {
        return Err(undefined("no number of rows shows a distance of 0"));
    }
    let beta = 1.0 - design.metric_power();
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..100 {
        let middle: f64 = 0.5 * (low + high);
        if special::kolmogorov_sf(middle) > beta { low = middle } else { high = middle }
    }
    let chance = high * (1.0 + 1.0 / design.allocation).sqrt();
    let rows = ((band(design) + chance) / max_distance).powi(2) * design.design_effect;
    if !(rows <= MAX_ROWS) {
        return Err(undefined("more than 1e15 rows would be needed; take a wider margin"));
    }
    Ok(rows)
}

/// Probability that so many canary rows show it.
pub(super) fn power(max_distance: f64, design: &Design, canary: f64) -> f64 {
    let n = canary / design.design_effect;
    let left = max_distance * n.sqrt() - band(design);
    if left <= 0.0 {
        return 0.0;
    }
    (1.0 - special::kolmogorov_sf(left / (1.0 + 1.0 / design.allocation).sqrt())).clamp(0.0, 1.0)
}
