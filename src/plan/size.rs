//! Sample size, power and detectable effect: the three faces of one equation.

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::claim::{Claim, Questions, Size};
use super::contrast::{Contrast, undefined};
use super::design::Design;
use super::shift;
use crate::arms::Arms;
use crate::config::Direction;
use crate::stats::Unanswerable;

/// The rows that a comparison needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleSize {
    /// Canary rows, rounded up.
    pub canary: u64,
    /// Baseline rows, rounded up.
    pub baseline: u64,
    /// The same before rounding.
    pub exact: Arms<f64>,
    /// Power planned for this one metric.
    pub metric_power: f64,
}

/// Rows with which a comparison shows the claim with the design's power.
///
/// ```
/// use serinus::config::Direction;
/// use serinus::plan::{Behaviour, Claim, Design, Size, sample_size};
/// // An error rate of 1 % may rise by half a point; the canary takes 1 % of the traffic.
/// let metric = Behaviour::Proportion { p: 0.01, variance: Default::default() };
/// let claim = Claim::NonInferiority {
///     direction: Direction::LowerIsBetter,
///     margin: Size::Absolute(0.005),
///     change: Size::default(),
/// };
/// let n = sample_size(&metric, &claim, &Design::default().at_percent(1.0))?;
/// assert!(n.canary > 2_400 && n.canary < 3_600);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// The claim is not true of the canary as described, an argument is out of range, or the rows exceed 1e15.
pub fn sample_size(behaviour: &Behaviour, claim: &Claim, design: &Design) -> Result<SampleSize, Unanswerable> {
    let canary = rows(behaviour, claim, design)?;
    let exact = Arms { baseline: canary * design.allocation, canary };
    if !exact.baseline.is_finite() {
        return Err(undefined("more baseline rows than can be counted would be needed; take a smaller allocation"));
    }
    Ok(SampleSize {
        canary: up(exact.canary),
        baseline: up(exact.baseline),
        exact,
        metric_power: design.metric_power(),
    })
}

/// Power of a comparison with so many canary rows (and `allocation` times as many baseline rows).
///
/// ```
/// use serinus::plan::{Behaviour, Claim, Design, Reference, Sides, Size, power};
/// let metric = Behaviour::Mean { mean: None, sd: 1.0, canary_sd: None };
/// let claim = Claim::Superiority { change: Size::Absolute(0.4) };
/// let design = Design { sides: Sides::Two, reference: Reference::PooledT, allocation: 20.0, ..Design::default() };
/// // R pwr.t2n.test(30, 600, d = 0.4): 0.5694
/// assert!((power(&metric, &claim, &design, 30)? - 0.569_424_550).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An argument is out of range.
pub fn power(behaviour: &Behaviour, claim: &Claim, design: &Design, canary: u64) -> Result<f64, Unanswerable> {
    design.check()?;
    power_at(behaviour, claim, design, canary as f64)
}

pub(super) fn rows(behaviour: &Behaviour, claim: &Claim, design: &Design) -> Result<f64, Unanswerable> {
    design.check()?;
    let questions = claim.questions()?;
    if let Some(max_distance) = shift::asked(behaviour, claim) {
        return shift::rows(max_distance, design);
    }
    match questions {
        Questions::One(q) => behaviour.contrast(&q, design)?.canary_rows(design),
        Questions::Half(q) => {
            let half = Design { alpha: 0.5 * design.alpha, ..*design };
            behaviour.contrast(&q, &half)?.canary_rows(&half)
        }
        Questions::Both(a, b) => {
            // Each side gets half of the metric's beta, so that both are shown together with its power.
            let stricter = Design { power: 0.5 * (1.0 + design.metric_power()), metrics: 1, ..*design };
            let rows = |q| behaviour.contrast(&q, &stricter)?.canary_rows(&stricter);
            Ok(f64::max(rows(a)?, rows(b)?))
        }
        Questions::Limit(limit, bound) => behaviour.limit(limit, bound, design)?.canary_rows(design),
    }
}

pub(super) fn power_at(
    behaviour: &Behaviour,
    claim: &Claim,
    design: &Design,
    canary: f64,
) -> Result<f64, Unanswerable> {
    let questions = claim.questions()?;
    if let Some(max_distance) = shift::asked(behaviour, claim) {
        return Ok(shift::power(max_distance, design, canary));
    }
    let of = |contrast: Contrast, design: &Design| {
        let power = contrast.power(canary, design);
        if power.is_nan() { Err(undefined("the spread is not a finite number")) } else { Ok(power) }
    };
    match questions {
        Questions::One(q) => of(behaviour.contrast(&q, design)?, design),
        Questions::Half(q) => {
            let half = Design { alpha: 0.5 * design.alpha, ..*design };
            of(behaviour.contrast(&q, &half)?, &half)
        }
        Questions::Both(a, b) => {
            let sum = of(behaviour.contrast(&a, design)?, design)? + of(behaviour.contrast(&b, design)?, design)?;
            Ok((sum - 1.0).max(0.0))
        }
        Questions::Limit(limit, bound) => of(behaviour.limit(limit, bound, design)?, design),
    }
}

/// On which scale an effect is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// As a share of the baseline.
    Relative,
    /// In the metric's own unit.
    Absolute,
}

impl Scale {
    pub(super) fn size(self, amount: f64) -> Size {
        match self {
            Scale::Relative => Size::Relative(amount),
            Scale::Absolute => Size::Absolute(amount),
        }
    }
}

/// The smallest margin inside which so many canary rows show an identical canary to be; `None` where none is wide
/// enough.
///
/// ```
/// use serinus::config::Direction;
/// use serinus::plan::{Behaviour, Design, Scale, detectable_margin};
/// let latency = Behaviour::Mean { mean: Some(120.0), sd: 180.0, canary_sd: None };
/// let design = Design::default().at_percent(1.0);
/// let margin = detectable_margin(&latency, Direction::LowerIsBetter, Scale::Relative, &design, 5_626);
/// assert!(margin.is_some_and(|r| (r - 0.05).abs() < 0.0001));
/// ```
pub fn detectable_margin(
    behaviour: &Behaviour,
    direction: Direction,
    scale: Scale,
    design: &Design,
    canary: u64,
) -> Option<f64> {
    smallest(
        design,
        canary,
        |amount| Claim::NonInferiority { direction, margin: scale.size(amount), change: Size::default() },
        behaviour,
        ceiling(behaviour, direction, scale),
    )
}

/// The smallest true change upwards (or downwards, with a negative answer) that so many canary rows show to exist.
///
/// ```
/// use serinus::plan::{Behaviour, Design, Scale, Sides, detectable_change};
/// let metric = Behaviour::Mean { mean: None, sd: 1.0, canary_sd: None };
/// let design = Design { sides: Sides::Two, ..Design::default() }.at_percent(1.0);
/// let change = detectable_change(&metric, true, Scale::Absolute, &design, 6_000);
/// assert!(change.is_some_and(|d| (d - 0.0364).abs() < 0.0001));
/// ```
pub fn detectable_change(
    behaviour: &Behaviour,
    upwards: bool,
    scale: Scale,
    design: &Design,
    canary: u64,
) -> Option<f64> {
    let sign = if upwards { 1.0 } else { -1.0 };
    let direction = if upwards { Direction::LowerIsBetter } else { Direction::HigherIsBetter };
    smallest(
        design,
        canary,
        |amount| Claim::Superiority { change: scale.size(sign * amount) },
        behaviour,
        room(behaviour, direction, scale),
    )
    .map(|amount| sign * amount)
}

/// The smallest true change for the worse that so many canary rows show to be worse than the margin; its sign is the
/// change's own. `None` where no change is large enough. With direction `either`, the change upwards.
///
/// ```
/// use serinus::config::Direction;
/// use serinus::plan::{Behaviour, Design, Scale, Size, detectable_harm};
/// let errors = Behaviour::Proportion { p: 0.01, variance: Default::default() };
/// let design = Design { alpha: 0.01, ..Design::default() }.at_percent(5.0);
/// let rise = detectable_harm(&errors, Direction::LowerIsBetter, Size::Absolute(0.005), Scale::Absolute, &design, 2_000);
/// assert!(rise.is_some_and(|d| d > 0.005 && d < 0.02));
/// ```
pub fn detectable_harm(
    behaviour: &Behaviour,
    direction: Direction,
    margin: Size,
    scale: Scale,
    design: &Design,
    canary: u64,
) -> Option<f64> {
    let sign = if direction == Direction::HigherIsBetter { -1.0 } else { 1.0 };
    smallest(
        design,
        canary,
        |amount| Claim::Harm { direction, margin, change: scale.size(sign * amount) },
        behaviour,
        room(behaviour, direction, scale),
    )
    .map(|amount| sign * amount)
}

/// The smallest amount whose claim has the design's power. Bisects on the bit pattern, so that 1e-300 and 1e300 are
/// found in 64 steps.
fn smallest(
    design: &Design,
    canary: u64,
    claim: impl Fn(f64) -> Claim,
    behaviour: &Behaviour,
    ceiling: f64,
) -> Option<f64> {
    design.check().ok()?;
    let target = design.metric_power();
    let shown = |amount: f64| power_at(behaviour, &claim(amount), design, canary as f64).is_ok_and(|p| p >= target);
    if !shown(ceiling) {
        return None;
    }
    let (mut low, mut high) = (f64::MIN_POSITIVE.to_bits(), ceiling.to_bits());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if shown(f64::from_bits(middle)) { high = middle } else { low = middle }
    }
    Some(f64::from_bits(high))
}

/// The widest margin that means anything.
fn ceiling(behaviour: &Behaviour, direction: Direction, scale: Scale) -> f64 {
    match (behaviour, scale) {
        (_, Scale::Relative) if direction != Direction::LowerIsBetter => 1.0 - 1e-9,
        (_, Scale::Relative) => 1e6,
        (Behaviour::Proportion { .. } | Behaviour::Auc { .. } | Behaviour::Shift {}, _) => 1.0 - 1e-9,
        (Behaviour::Quantile { value: Some(v), .. }, _) if direction != Direction::LowerIsBetter => v * (1.0 - 1e-9),
        (Behaviour::Rate { rate, .. }, _) if direction != Direction::LowerIsBetter => rate * (1.0 - 1e-9),
        _ => 1e150,
    }
}

/// The greatest change for the worse that the quantity has room for.
fn room(behaviour: &Behaviour, direction: Direction, scale: Scale) -> f64 {
    let up = direction != Direction::HigherIsBetter;
    match (behaviour, scale) {
        (Behaviour::Proportion { p, .. }, Scale::Absolute) => {
            if up {
                1.0 - p
            } else {
                *p
            }
        }
        (Behaviour::Proportion { p, .. }, Scale::Relative) if up && *p > 0.0 => (1.0 - p) / p,
        (Behaviour::Auc { auc, .. }, Scale::Absolute) => {
            if up {
                1.0 - auc
            } else {
                *auc
            }
        }
        (Behaviour::Auc { auc, .. }, Scale::Relative) if up && *auc > 0.0 => (1.0 - auc) / auc,
        (Behaviour::Quantile { value: Some(v), .. }, Scale::Absolute) if !up => v * (1.0 - 1e-9),
        (Behaviour::Rate { rate, .. }, Scale::Absolute) if !up => rate * (1.0 - 1e-9),
        (_, Scale::Relative) if !up => 1.0 - 1e-9,
        (_, Scale::Relative) => 1e6,
        _ => 1e150,
    }
}

pub(super) fn up(rows: f64) -> u64 {
    rows.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::super::behaviour::ProportionVariance;
    use super::*;

    fn lower(margin: Size) -> Claim {
        Claim::NonInferiority { direction: Direction::LowerIsBetter, margin, change: Size::default() }
    }

    #[test]
    fn the_worked_examples_of_the_literature_come_out() {
        let at_one_percent = Design::default().at_percent(1.0);
        let cost = Behaviour::Mean { mean: Some(1.0), sd: 1.5, canary_sd: None };
        let found = rows(&cost, &lower(Size::Relative(0.05)), &at_one_percent).expect("plans");
        assert!((found - 5_626.0).abs() < 1.0, "{found}");
        // p99 of lognormal(1): g = 1/phi(2.326) = 37.5; at many baseline rows 9,486, times 1.15.
        let tail = Behaviour::Quantile { q: 0.99, value: None, slope: 1.0 / 0.026_652_142_203_457_5 };
        let found =
            rows(&tail, &lower(Size::Relative(0.1)), &Design { allocation: 1e9, ..Design::default() }).expect("plans");
        assert!((found / 1.15 - 9_486.0).abs() < 2.0, "{found}");
    }

    #[test]
    fn inside_both_sides_costs_more_than_on_one() {
        let metric = Behaviour::Mean { mean: Some(1.0), sd: 1.0, canary_sd: None };
        let both = Claim::NonInferiority {
            direction: Direction::Either,
            margin: Size::Absolute(0.1),
            change: Size::default(),
        };
        let one = rows(&metric, &lower(Size::Absolute(0.1)), &Design::default()).expect("plans");
        let two = rows(&metric, &both, &Design::default()).expect("plans");
        // (1.645 + 1.282)^2 / (1.645 + 0.842)^2
        assert!((two / one - 8.563_847 / 6.182_557).abs() < 1e-4);
        let found = power_at(&metric, &both, &Design::default(), two).expect("has power");
        assert!((found - 0.8).abs() < 1e-9);
    }

    #[test]
    fn detectable_sizes_invert_the_sample_size() {
        let design = Design { allocation: 9.0, ..Design::default() };
        let metrics = [
            Behaviour::Mean { mean: Some(3.0), sd: 2.0, canary_sd: None },
            Behaviour::Proportion { p: 0.02, variance: ProportionVariance::Score },
            Behaviour::Proportion { p: 0.02, variance: ProportionVariance::Unpooled },
            Behaviour::Rate { rate: 0.1, dispersion: 1.3 },
            Behaviour::Quantile { q: 0.95, value: Some(200.0), slope: 9.0 },
            Behaviour::Auc { auc: 0.8, positives: 0.3, variance: None },
            Behaviour::Ratio { ratio: 0.05, sd: 0.4 },
            Behaviour::Distribution { sample: (1..400).map(|i| f64::from(i).powf(1.5)).collect() },
        ];
        for metric in &metrics {
            for scale in [Scale::Relative, Scale::Absolute] {
                let margin =
                    detectable_margin(metric, Direction::LowerIsBetter, scale, &design, 4_000).expect("wide enough");
                let needed = rows(metric, &lower(scale.size(margin)), &design).expect("plans");
                assert!(
                    (needed - 4_000.0).abs() < 1.0
                        || matches!(metric, Behaviour::Distribution { .. }) && needed <= 4_000.0,
                    "{metric:?} {scale:?}: {needed}"
                );
                let change =
                    detectable_harm(metric, Direction::LowerIsBetter, scale.size(margin), scale, &design, 4_000)
                        .expect("room enough");
                assert!(change > margin, "{metric:?} {scale:?}");
            }
        }
    }

    #[test]
    fn rows_beyond_counting_are_refused() {
        let shift = Claim::NonInferiority {
            direction: Direction::Either,
            margin: Size::Absolute(1e-300),
            change: Size::default(),
        };
        assert!(sample_size(&Behaviour::Shift {}, &shift, &Design::default()).is_err());
        let errors = Behaviour::Proportion { p: 0.01, variance: Default::default() };
        let far = Design { allocation: 1e308, ..Design::default() };
        assert!(sample_size(&errors, &lower(Size::Absolute(0.005)), &far).is_err());
    }
}
