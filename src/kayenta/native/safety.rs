//! Whether a canary is shown to be inside its margin.

use super::harm::NEGLIGIBLE;
use super::ranks::{Ranks, widened};
use super::settings::{Focus, Margin};
use crate::kayenta::settings::Deviation;
use crate::stats::contrast::{Better, Contrast};
use crate::stats::special::norm_sf;
use crate::stats::welch::welch_noninferiority;

/// Difference of the shares of points with events that is acceptable in a sparse series.
pub(super) const SPARSE_SHARE: f64 = 0.1;

/// What the questions of safety are asked about.
pub(super) struct Safety<'a> {
    /// The canary.
    pub(super) x: &'a [f64],
    /// The baseline.
    pub(super) y: &'a [f64],
    pub(super) direction: Deviation,
    pub(super) inflation: f64,
    pub(super) alpha: f64,
}

fn worst(direction: Deviation, up: Option<f64>, down: Option<f64>) -> Option<f64> {
    match direction {
        Deviation::Increase => up,
        Deviation::Decrease => down,
        Deviation::Either => Some(up?.max(down?)),
    }
}

/// Safety by rank, and where no margin is stated also by mean: shown within a quarter while the ranks lie inside their
/// margin too, or within a thousandth whatever they say. Two claims share the error rate then.
pub(super) fn safe_ranks(ranks: &Ranks, data: &Safety<'_>, margin: Margin, focus: Focus) -> Option<f64> {
    let (up, down) = margin.probabilities();
    let below = ranks.p_below(up);
    let above = Ranks::of(data.y, data.x, data.inflation).p_below(1.0 - down);
    let by_rank = worst(data.direction, Some(below), Some(above));
    if margin != Margin::Unstated || focus == Focus::Ranks {
        return by_rank;
    }
    let inside = (down..=up).contains(&ranks.theta);
    let (up, down) = if inside { margin.shares() } else { (NEGLIGIBLE, NEGLIGIBLE) };
    match (by_rank, safe_mean(data, Margin::Relative { up, down })) {
        (Some(a), Some(b)) => Some((2.0 * a.min(b)).min(1.0)),
        (a, _) => a,
    }
}

/// Safety of the mean against a relative or absolute margin, by Welch's contrast.
pub(super) fn safe_mean(data: &Safety<'_>, margin: Margin) -> Option<f64> {
    let (up, down) = margin.shares();
    let p = |better, share: f64| {
        let contrast = match margin {
            Margin::Absolute(d) => Contrast::absolute(better, d),
            _ => Contrast::relative(better, share.min(0.999)),
        };
        let safe = welch_noninferiority(data.x, data.y, &contrast, data.alpha).ok()?;
        Some(widened(safe.p_noninferior, data.inflation))
    };
    // Below a mean of 0 a share of it points the other way.
    if !matches!(margin, Margin::Absolute(_)) && data.y.iter().sum::<f64>() <= 0.0 {
        return None;
    }
    worst(data.direction, p(Better::Lower, up), p(Better::Higher, down))
}

/// Safety of a sparse series: the share of points with events is not shown higher by a tenth. Newcombe (1998), method 10,
/// inverted.
pub(super) fn safe_sparse(data: &Safety<'_>) -> Option<f64> {
    let share = |v: &[f64]| (v.iter().filter(|v| **v > 0.0).count() as f64 / v.len() as f64, v.len() as f64);
    let wilson = |(p, n): (f64, f64), z: f64| {
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let (middle, scale) = (p + z * z / (2.0 * n), 1.0 + z * z / n);
        (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
    };
    let p = |worse: &[f64], better: &[f64]| {
        let (a, b) = (share(worse), share(better));
        let bound = |z: f64| {
            let (high, low) = (wilson(a, z).1, wilson(b, z).0);
            a.0 - b.0 + ((high - a.0).powi(2) + (b.0 - low).powi(2)).sqrt()
        };
        if a.0 - b.0 >= SPARSE_SHARE {
            return 1.0;
        }
        let (mut keeps, mut breaks) = (0.0, 40.0);
        for _ in 0..60 {
            let z = (keeps + breaks) / 2.0;
            if bound(z) < SPARSE_SHARE { keeps = z } else { breaks = z }
        }
        norm_sf(keeps)
    };
    worst(data.direction, Some(p(data.x, data.y)), Some(p(data.y, data.x)))
}
