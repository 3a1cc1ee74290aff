//! Two quantiles compared without a bootstrap: each arm's distribution-free bounds, joined by MOVER.
//!
//! The method of variance estimates recovery (Zou & Donner 2008) takes from each arm the distance between estimate and
//! bound on the side that matters, and adds their squares. The percentile bootstrap's upper bound of a p99 covers 0.38
//! of the time at n = 50 where 0.95 is promised; this one keeps its level or reports no bound.

use super::rank_table::RankTable;
use super::{EffectiveSize, check, check_share};
use crate::stats::contrast::{BaselineSign, Better, Contrast, Flag, check_alpha};
use crate::stats::describe::rank;
use crate::stats::{Confidence, Unanswerable};

const TEST: &str = "quantile_mover";

/// The least p-value that is reported.
const FLOOR: f64 = super::rank_table::LEAST_ALPHA;

/// Halvings of the log of alpha between the floor and 1/2: enough for 12 digits.
const HALVINGS: usize = 44;

/// On which scale two quantiles are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoverScale {
    /// Q_x - rho Q_y, with an absolute margin, a relative one, or both.
    Difference,
    /// ln Q_x - ln Q_y, with a relative margin; for positive data. Estimate and interval are reported as ratios.
    LogRatio,
}

/// One stratum of both arms. Without strata there is one, of weight 1.
#[derive(Debug, Clone, Copy)]
pub struct StratumQuantile<'a> {
    /// Share of the canary in this stratum; weights are scaled to sum to 1.
    pub weight: f64,
    /// Ascending values of the canary.
    pub x: &'a [f64],
    /// Ascending values of the baseline.
    pub y: &'a [f64],
    /// What the canary's values are worth as independent ones: n over the design effect.
    pub x_effective: f64,
    /// What the baseline's values are worth.
    pub y_effective: f64,
}

/// Two quantiles compared with the margin.
#[derive(Debug, Clone, PartialEq)]
pub struct MoverTest {
    /// The scale that was used: a ratio with bounds that are not positive falls back to the difference.
    pub scale: MoverScale,
    /// Ratio (the exponential of the weighted mean of log ratios) or Q_x - rho Q_y, by the scale.
    pub estimate: f64,
    /// Interval at 1 - 2 alpha on the same scale; an end is infinite (0 for a ratio) where the data bound nothing.
    pub interval: Confidence,
    /// p-value of "worse than the margin", at least 1e-12.
    pub p_noninferior: f64,
    /// p-value of "not worse than the margin"; the two sum to 1.
    pub p_inferior: f64,
    /// Weighted quantile of the canary (geometric on the ratio scale).
    pub x: f64,
    /// Weighted quantile of the baseline.
    pub y: f64,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// Whether the canary's q-quantile keeps the margin, from two samples of independent values in ascending order.
///
/// [`mover_strata`] with one stratum.
///
/// ```
/// use serinus::stats::contrast::{Better, Contrast};
/// use serinus::stats::quantile::{MoverScale, mover};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline: Vec<f64> = (1..=2_000).map(f64::from).collect();
/// let margin = Contrast::relative(Better::Lower, 0.20);
/// let same = mover(&baseline, &baseline, 0.95, MoverScale::LogRatio, &margin, 0.05)?;
/// assert!(same.estimate == 1.0 && same.p_noninferior < 1e-6);
/// let slower: Vec<f64> = baseline.iter().map(|v| 1.5 * v).collect();
/// assert!(mover(&slower, &baseline, 0.95, MoverScale::LogRatio, &margin, 0.05)?.p_inferior < 1e-6);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`mover_strata`].
pub fn mover(
    x: &[f64],
    y: &[f64],
    q: f64,
    scale: MoverScale,
    contrast: &Contrast,
    alpha: f64,
) -> Result<MoverTest, Unanswerable> {
    let (x_effective, y_effective) = (x.len() as f64, y.len() as f64);
    mover_strata(&[StratumQuantile { weight: 1.0, x, y, x_effective, y_effective }], q, scale, contrast, alpha)
}

/// Whether the canary's q-quantile keeps the margin, stratum by stratum.
///
/// The estimate is sum W_h (Q_xh - rho Q_yh), or sum W_h ln(Q_xh / Q_yh). With one-sided bounds l and u of each arm,
/// its upper bound is estimate + sqrt(sum W_h^2 ((u_xh - Q_xh)^2 + rho^2 (Q_yh - l_yh)^2)) and its lower bound the
/// mirror image. The p-value is the smallest alpha, found by bisection down to 1e-12, at which the bound clears the
/// margin; the p-value of the other side is 1 minus it. Where neither side clears at alpha = 1/2 both are 1/2.
///
/// A ratio whose quantiles, or whose bounds at alpha, are not positive is tested as the contrast Q_x - rho Q_y against
/// 0, flagged [`Flag::ContrastForm`]. Costs O(sqrt(n q (1 - q))) per stratum.
///
/// # Errors
/// [`Unanswerable::Undefined`] for no strata, an empty arm or an infinite quantile; [`Unanswerable::Argument`] for
/// weights, q, alpha or margins out of range, and for an absolute margin on the ratio scale.
pub fn mover_strata(
    strata: &[StratumQuantile<'_>],
    q: f64,
    scale: MoverScale,
    contrast: &Contrast,
    alpha: f64,
) -> Result<MoverTest, Unanswerable> {
    contrast.check()?;
    check_alpha(alpha)?;
    check_share("q", q)?;
    if scale == MoverScale::LogRatio && contrast.absolute != 0.0 {
        let expected = "a ratio takes a relative margin; use the difference scale for an absolute one";
        return Err(Unanswerable::Argument { argument: "absolute margin", value: contrast.absolute, expected });
    }
    let arms = Arms::of(strata, q)?;
    let ratio = scale == MoverScale::LogRatio && arms.are_positive(alpha);
    let mut flags = Vec::new();
    if scale == MoverScale::LogRatio && !ratio {
        flags.push(Flag::ContrastForm);
    }
    if !ratio && contrast.relative > 0.0 {
        flags.extend(arms.baseline_flags(contrast, alpha));
    }
    let form = if ratio { Form::log(contrast) } else { Form::linear(contrast, &arms) };
    let estimate = arms.sum(|s| form.of(s.x.quantile) - form.rho * form.of(s.y.quantile));
    let (low, high) = form.bounds(&arms, estimate, alpha);
    let interval = Confidence { low: form.native(low), high: form.native(high), level: 1.0 - 2.0 * alpha };
    let (p_noninferior, p_inferior) = form.p_values(&arms, estimate);
    Ok(MoverTest {
        scale: if ratio { MoverScale::LogRatio } else { MoverScale::Difference },
        estimate: form.native(estimate),
        interval,
        p_noninferior,
        p_inferior,
        x: form.native(arms.sum(|s| form.of(s.x.quantile))),
        y: form.native(arms.sum(|s| form.of(s.y.quantile))),
        flags,
    })
}

/// One arm of one stratum: its quantile, and its order statistics for the bounds.
struct Side<'a> {
    sorted: &'a [f64],
    size: EffectiveSize,
    quantile: f64,
    q: f64,
    ranks: RankTable,
}

impl Side<'_> {
    fn low(&self, alpha: f64) -> f64 {
        let rank = self.size.carry_low(self.ranks.lower(alpha), self.q);
        rank.map_or(f64::NEG_INFINITY, |r| self.sorted[r - 1])
    }

    fn high(&self, alpha: f64) -> f64 {
        let rank = self.size.carry_high(self.ranks.upper(alpha), self.q);
        rank.map_or(f64::INFINITY, |r| self.sorted[r - 1])
    }
}

struct Stratum<'a> {
    weight: f64,
    x: Side<'a>,
    y: Side<'a>,
}

struct Arms<'a>(Vec<Stratum<'a>>);

impl<'a> Arms<'a> {
    fn of(strata: &[StratumQuantile<'a>], q: f64) -> Result<Arms<'a>, Unanswerable> {
        let total: f64 = strata.iter().map(|s| s.weight).sum();
        if let Some(bad) = strata.iter().find(|s| !(s.weight >= 0.0 && s.weight.is_finite())) {
            let expected = "a stratum's weight has to be a finite number, 0 or more";
            return Err(Unanswerable::Argument { argument: "weight", value: bad.weight, expected });
        }
        if !(total > 0.0 && total.is_finite()) {
            return Err(Unanswerable::Undefined { test: TEST, why: "there is no stratum with weight" });
        }
        let side = |sorted: &'a [f64], effective: f64| {
            check(sorted, q)?;
            let quantile = sorted[rank(sorted.len(), q) - 1];
            if !quantile.is_finite() {
                return Err(Unanswerable::Undefined { test: TEST, why: "the quantile itself is infinite" });
            }
            let size = EffectiveSize::of(sorted.len(), effective)?;
            Ok(Side { sorted, size, quantile, q, ranks: RankTable::new(size.effective, q) })
        };
        let strata: Result<Vec<_>, Unanswerable> = strata
            .iter()
            .filter(|s| s.weight > 0.0)
            .map(|s| {
                Ok(Stratum { weight: s.weight / total, x: side(s.x, s.x_effective)?, y: side(s.y, s.y_effective)? })
            })
            .collect();
        Ok(Arms(strata?))
    }

    /// The weighted sum over strata, in their order.
    fn sum(&self, of: impl Fn(&Stratum<'_>) -> f64) -> f64 {
        self.0.iter().map(|s| s.weight * of(s)).sum()
    }

    /// Whether all quantiles are positive, and so are the bounds that exist at alpha.
    fn are_positive(&self, alpha: f64) -> bool {
        let positive = |side: &Side<'_>| {
            let low = side.low(alpha);
            side.quantile > 0.0 && (low > 0.0 || low == f64::NEG_INFINITY && side.sorted[0] > 0.0)
        };
        self.0.iter().all(|s| positive(&s.x) && positive(&s.y))
    }

    /// What is wrong with the baseline as the scale of a relative margin: its sign, or bounds on both sides of 0.
    fn baseline_flags(&self, contrast: &Contrast, alpha: f64) -> Vec<Flag> {
        let side = match contrast.baseline_sign {
            BaselineSign::Positive => 1.0,
            BaselineSign::Negative => -1.0,
        };
        let wrong = self.0.iter().any(|s| side * s.y.quantile <= 0.0);
        let near = self.0.iter().any(|s| s.y.low(alpha) <= 0.0 && s.y.high(alpha) >= 0.0);
        let flags = [(near, Flag::BaselineNearZero), (wrong, Flag::BaselineSign)];
        flags.into_iter().filter_map(|(raised, flag)| raised.then_some(flag)).collect()
    }
}

/// The scale on which quantiles are compared, with the margin on it.
struct Form {
    logs: bool,
    better: Better,
    rho: f64,
    /// Where the contrast begins to be harmful: an upper limit when lower is better, else a lower one.
    limit: f64,
    /// Power of two by which values are multiplied, so that squares and differences stay in range.
    exponent: i32,
}

impl Form {
    fn log(contrast: &Contrast) -> Form {
        // rho is 1 on the log scale; the limit is ln(1 + r) or ln(1 - r), exact for small r.
        let limit = libm::log1p(-contrast.one_minus_rho());
        Form { logs: true, better: contrast.better, rho: 1.0, limit, exponent: 0 }
    }

    fn linear(contrast: &Contrast, arms: &Arms<'_>) -> Form {
        let size = |m: f64, s: &Stratum<'_>| m.max(s.x.quantile.abs()).max(s.y.quantile.abs());
        let exponent = match arms.0.iter().fold(contrast.absolute, size) {
            0.0 => 0,
            v => -libm::ilogb(v),
        };
        let limit = -contrast.better.sign() * libm::ldexp(contrast.absolute, exponent);
        Form { logs: false, better: contrast.better, rho: contrast.rho(), limit, exponent }
    }

    /// A value on this scale; what is not positive has the logarithm -inf, which bounds nothing.
    fn of(&self, value: f64) -> f64 {
        match self.logs {
            true if value > 0.0 => libm::log(value),
            true => f64::NEG_INFINITY,
            false => libm::ldexp(value, self.exponent),
        }
    }

    fn native(&self, value: f64) -> f64 {
        if self.logs { libm::exp(value) } else { libm::ldexp(value, -self.exponent) }
    }

    /// estimate + the root of the summed squares of what separates bounds and estimates.
    fn upper(&self, arms: &Arms<'_>, estimate: f64, alpha: f64) -> f64 {
        estimate + self.reach(arms, |s| (self.of(s.x.high(alpha)), self.of(s.y.low(alpha))))
    }

    fn lower(&self, arms: &Arms<'_>, estimate: f64, alpha: f64) -> f64 {
        estimate - self.reach(arms, |s| (self.of(s.x.low(alpha)), self.of(s.y.high(alpha))))
    }

    fn reach(&self, arms: &Arms<'_>, bounds: impl Fn(&Stratum<'_>) -> (f64, f64)) -> f64 {
        let squares = arms.0.iter().map(|s| {
            let (x, y) = bounds(s);
            let dx = s.weight * (x - self.of(s.x.quantile));
            let dy = s.weight * self.rho * (y - self.of(s.y.quantile));
            dx * dx + dy * dy
        });
        squares.sum::<f64>().sqrt()
    }

    fn bounds(&self, arms: &Arms<'_>, estimate: f64, alpha: f64) -> (f64, f64) {
        (self.lower(arms, estimate, alpha), self.upper(arms, estimate, alpha))
    }

    /// p of "worse than the margin" and of "not worse", which sum to 1.
    fn p_values(&self, arms: &Arms<'_>, estimate: f64) -> (f64, f64) {
        let below = |alpha: f64| self.upper(arms, estimate, alpha) < self.limit;
        let above = |alpha: f64| self.lower(arms, estimate, alpha) > self.limit;
        let (p_below, p_above) = match (smallest(below), smallest(above)) {
            (Some(p), None) => (p, 1.0 - p),
            (None, Some(p)) => (1.0 - p, p),
            // Both never hold: a bound below the limit and one above it enclose the estimate the wrong way round.
            _ => (0.5, 0.5),
        };
        match self.better {
            Better::Lower => (p_below, p_above),
            Better::Higher => (p_above, p_below),
        }
    }
}

/// The smallest alpha in [1e-12, 1/2] at which a bound clears the limit; it clears at every larger one.
fn smallest(clears: impl Fn(f64) -> bool) -> Option<f64> {
    const TOP: f64 = 0.5;
    if !clears(TOP) {
        return None;
    }
    if clears(FLOOR) {
        return Some(FLOOR);
    }
    let (mut low, mut high) = (libm::log(FLOOR), libm::log(TOP));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if clears(libm::exp(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(libm::exp(high).min(TOP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: u32, factor: f64, offset: f64) -> Vec<f64> {
        (1..=n).map(|i| f64::from(i) * factor + offset).collect()
    }

    const LOWER: Better = Better::Lower;

    #[test]
    fn the_interval_and_the_p_value_agree_at_alpha() {
        let (x, y) = (ramp(400, 1.0, 40.0), ramp(2_000, 0.2, 38.0));
        for better in [Better::Lower, Better::Higher] {
            for i in 0..20 {
                let r = 0.01 * f64::from(i);
                let t = mover(&x, &y, 0.9, MoverScale::LogRatio, &Contrast::relative(better, r), 0.05).unwrap();
                let inside = match better {
                    Better::Lower => t.interval.high < 1.0 + r,
                    Better::Higher => t.interval.low > 1.0 - r,
                };
                assert_eq!(t.p_noninferior <= 0.05, inside, "{better:?} {r}: {t:?}");
                assert!((t.p_noninferior + t.p_inferior - 1.0).abs() < 1e-15);
                assert!(t.interval.low <= t.estimate && t.estimate <= t.interval.high);
            }
        }
    }

    #[test]
    fn equal_strata_of_equal_weight_shrink_the_reach_by_the_root_of_their_number() {
        let (x, y) = (ramp(500, 1.0, 100.0), ramp(900, 1.0, 100.0));
        let margin = Contrast::absolute(LOWER, 50.0);
        let one = mover(&x, &y, 0.5, MoverScale::Difference, &margin, 0.05).unwrap();
        let s = StratumQuantile { weight: 2.0, x: &x, y: &y, x_effective: 500.0, y_effective: 900.0 };
        let four = mover_strata(&[s; 4], 0.5, MoverScale::Difference, &margin, 0.05).unwrap();
        assert_eq!(four.estimate, one.estimate);
        assert!((four.interval.high - four.estimate - 0.5 * (one.interval.high - one.estimate)).abs() < 1e-12);
    }

    #[test]
    fn a_design_effect_widens_the_interval() {
        let (x, y) = (ramp(3_000, 1.0, 100.0), ramp(9_000, 0.3, 100.0));
        let margin = Contrast::relative(LOWER, 0.1);
        let of = |f: f64| {
            let s = StratumQuantile { weight: 1.0, x: &x, y: &y, x_effective: 3e3 / f, y_effective: 9e3 / f };
            mover_strata(&[s], 0.9, MoverScale::LogRatio, &margin, 0.05).unwrap()
        };
        let (rows, units) = (of(1.0), of(4.0));
        assert_eq!(rows.estimate, units.estimate);
        let width = |t: &MoverTest| (t.interval.high / t.interval.low).ln();
        assert!((width(&units) / width(&rows) - 2.0).abs() < 0.1);
    }

    #[test]
    fn too_few_values_for_a_tail_decide_nothing() {
        let (x, y) = (ramp(100, 1.0, 50.0), ramp(10_000, 0.01, 50.0));
        let t = mover(&x, &y, 0.99, MoverScale::LogRatio, &Contrast::relative(LOWER, 0.5), 0.05).unwrap();
        assert_eq!(t.interval.high, f64::INFINITY);
        assert!(t.p_noninferior > 0.05 && t.p_inferior > 0.01);
    }

    #[test]
    fn values_that_are_not_positive_are_compared_as_a_contrast() {
        let (x, y) = (ramp(300, 1.0, -150.0), ramp(300, 1.0, -150.0));
        let t = mover(&x, &y, 0.5, MoverScale::LogRatio, &Contrast::relative(LOWER, 0.1), 0.05).unwrap();
        assert_eq!(t.scale, MoverScale::Difference);
        assert_eq!(t.flags, [Flag::ContrastForm, Flag::BaselineNearZero, Flag::BaselineSign]);
        // Zeros far below the quantile do not matter.
        let mut zeros = ramp(300, 1.0, 100.0);
        zeros[..9].fill(0.0);
        let t = mover(&zeros, &zeros, 0.9, MoverScale::LogRatio, &Contrast::relative(LOWER, 0.1), 0.05).unwrap();
        assert_eq!((t.scale, t.estimate), (MoverScale::LogRatio, 1.0));
    }

    #[test]
    fn the_contrast_form_and_the_log_form_decide_alike_on_well_known_quantiles() {
        let (x, y) = (ramp(4_000, 1.0, 1_000.0), ramp(9_000, 0.5, 1_000.0));
        for r in [0.0, 0.05, 0.1, 0.2] {
            let margin = Contrast::relative(LOWER, r);
            let log = mover(&x, &y, 0.5, MoverScale::LogRatio, &margin, 0.05).unwrap();
            let linear = mover(&x, &y, 0.5, MoverScale::Difference, &margin, 0.05).unwrap();
            assert!((log.p_noninferior - linear.p_noninferior).abs() < 0.01, "{r}: {log:?} {linear:?}");
        }
    }

    #[test]
    fn the_unit_does_not_matter() {
        let (x, y) = (ramp(400, 1.0, 40.0), ramp(2_000, 0.2, 38.0));
        let margin = Contrast::relative(LOWER, 0.1);
        for scale in [MoverScale::Difference, MoverScale::LogRatio] {
            let plain = mover(&x, &y, 0.9, scale, &margin, 0.05).unwrap();
            for e in [-1000, 1000] {
                let by = |v: &[f64]| v.iter().map(|v| libm::ldexp(*v, e)).collect::<Vec<_>>();
                let t = mover(&by(&x), &by(&y), 0.9, scale, &margin, 0.05).unwrap();
                assert!((t.p_noninferior - plain.p_noninferior).abs() < 1e-11, "{scale:?} {e}");
            }
        }
    }

    #[test]
    fn hostile_inputs_are_errors_or_numbers() {
        let y = ramp(50, 1.0, 0.0);
        let margin = Contrast::relative(LOWER, 0.1);
        let of = |x: &[f64]| mover(x, &y, 0.9, MoverScale::LogRatio, &margin, 0.05);
        assert!(of(&[]).is_err());
        assert!(of(&[f64::INFINITY; 9]).is_err());
        assert!(of(&[f64::NAN; 9]).is_err());
        for x in [vec![5.0], vec![0.0; 4], vec![1.0, f64::INFINITY, f64::INFINITY], vec![5e-324, 1e308]] {
            if let Ok(t) = of(&x) {
                assert!(!t.estimate.is_nan() && !t.interval.low.is_nan() && !t.interval.high.is_nan());
                assert!((FLOOR..=1.0).contains(&t.p_noninferior));
            }
        }
        assert!(mover_strata(&[], 0.5, MoverScale::Difference, &margin, 0.05).is_err());
    }
}
