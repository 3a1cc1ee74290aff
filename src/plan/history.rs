//! What a stretch of the baseline's own history says of a metric.

use serde::{Deserialize, Serialize};

use super::behaviour::{Behaviour, ProportionVariance};
use super::contrast::undefined;
use super::design::Design;
use crate::arms::Arm;
use crate::stats::{Unanswerable, special};

/// A metric's behaviour, and how dependent its rows are, from history.
///
/// `units` says what was randomised, a code a row (a user, a session); without it every row is its own unit. The
/// design effect is the variance of the estimate with whole units over that with independent rows; below 1 it is
/// taken as 1. A rollout that is shorter than the history sees fewer rows of a unit, so the plan errs on the long side.
///
/// ```
/// use serinus::plan::{Claim, Design, History, Size, sample_size};
/// use serinus::config::Direction;
/// let latency: Vec<f64> = (0..1000).map(|i| 80.0 + f64::from(i % 50)).collect();
/// let history = History::mean(&latency, None)?;
/// let claim = Claim::NonInferiority {
///     direction: Direction::LowerIsBetter,
///     margin: Size::Relative(0.05),
///     change: Size::default(),
/// };
/// let n = sample_size(&history.behaviour, &claim, &history.design(Design::default()))?;
/// assert!(n.canary > 50 && n.canary < 150);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// What is known of the metric.
    pub behaviour: Behaviour,
    /// Rows used.
    pub rows: u64,
    /// Distinct units, when they were given.
    pub units: Option<u64>,
    /// Rows needed for the information of one independent row.
    pub design_effect: f64,
}

/// A distribution is kept as so many of its order statistics at most; theta then errs by less than 1/20,000.
const KEPT: usize = 20_000;

impl History {
    /// Behaviour of a mean.
    ///
    /// # Errors
    /// Fewer than two rows, or a value that is not finite.
    pub fn mean(values: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        finite(values, 2)?;
        let (mean, sd) = mean_and_sd(values);
        let influence: Vec<f64> = values.iter().map(|v| v - mean).collect();
        History::new(Behaviour::Mean { mean: Some(mean), sd, canary_sd: None }, &influence, units)
    }

    /// Behaviour of a proportion, from 0 and 1.
    ///
    /// # Errors
    /// Fewer than two rows, or a value other than 0 and 1.
    pub fn proportion(values: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        finite(values, 2)?;
        if let Some(&value) = values.iter().find(|&&v| v != 0.0 && v != 1.0) {
            return Err(Unanswerable::Argument { argument: "event", value, expected: "it has to be 0 or 1" });
        }
        let p = values.iter().sum::<f64>() / values.len() as f64;
        let influence: Vec<f64> = values.iter().map(|v| v - p).collect();
        History::new(Behaviour::Proportion { p, variance: ProportionVariance::Score }, &influence, units)
    }

    /// Behaviour of a quantile of positive values.
    ///
    /// d ln Q/dq is a central difference over the bandwidth of Hall and Sheather (1988),
    /// h = n^(-1/3) z^(2/3) (1.5 phi(z_q)^2/(2 z_q^2 + 1))^(1/3), at most half of the way to the nearer end.
    ///
    /// # Errors
    /// Fewer than ten rows beyond the quantile, a value that is not finite, or order statistics around it that are
    /// not positive. O(n log n).
    pub fn quantile(values: &[f64], q: f64, units: Option<&[u32]>) -> Result<History, Unanswerable> {
        if !(q > 0.0 && q < 1.0) {
            return Err(Unanswerable::Argument { argument: "q", value: q, expected: "it has to lie in (0, 1)" });
        }
        finite(values, (10.0 / q.min(1.0 - q)).ceil() as u64)?;
        let sorted = ascending(values);
        let n = sorted.len() as f64;
        let at = |p: f64| sorted[((n * p).ceil() as usize).clamp(1, sorted.len()) - 1];
        let z = special::norm_isf(1.0 - q);
        let density = special::norm_pdf(z);
        let sheather = special::norm_isf(0.025).powf(2.0 / 3.0)
            * (1.5 * density * density / (2.0 * z * z + 1.0)).cbrt()
            / n.cbrt();
        let h = sheather.min(0.5 * q.min(1.0 - q)).max(1.0 / n);
        let (value, low, high) = (at(q), at(q - h), at(q + h));
        if low <= 0.0 {
            return Err(undefined("a quantile is planned as a ratio; values around it have to be positive"));
        }
        let slope = (high.ln() - low.ln()) / (2.0 * h);
        if slope == 0.0 {
            return Err(undefined(
                "every value around the quantile is the same; plan the share of rows above it instead",
            ));
        }
        let influence: Vec<f64> = values.iter().map(|&v| f64::from(u8::from(v <= value)) - q).collect();
        History::new(Behaviour::Quantile { q, value: Some(value), slope }, &influence, units)
    }

    /// Behaviour of a typical value under a rank test: the sample itself. O(n log n).
    ///
    /// # Errors
    /// Fewer than two rows, or a value that is not finite.
    pub fn distribution(values: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        finite(values, 2)?;
        let sorted = ascending(values);
        let influence = centred_ranks(values, &sorted);
        History::new(Behaviour::Distribution { sample: thinned(sorted) }, &influence, units)
    }

    /// Behaviour of a distance between distributions. O(n log n).
    ///
    /// # Errors
    /// Fewer than two rows, or a value that is not finite.
    pub fn shift(values: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        finite(values, 2)?;
        let influence = centred_ranks(values, &ascending(values));
        History::new(Behaviour::Shift {}, &influence, units)
    }

    /// Behaviour of an area under the ROC curve, from scores and labels of 0 and 1.
    ///
    /// The variance is DeLong's (1988): that of the positives' placements over their share plus that of the
    /// negatives' over theirs. O(n log n).
    ///
    /// # Errors
    /// Slices of unequal length, fewer than two positives or negatives, or a value that is not finite.
    pub fn auc(scores: &[f64], labels: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        paired(scores, labels)?;
        let class = |wanted: f64| -> Vec<f64> {
            scores.iter().zip(labels).filter(|(_, l)| **l == wanted).map(|(s, _)| *s).collect()
        };
        let (positives, negatives) = (ascending(&class(1.0)), ascending(&class(0.0)));
        if positives.len() + negatives.len() != scores.len() {
            return Err(undefined("labels have to be 0 or 1"));
        }
        if positives.len() < 2 || negatives.len() < 2 {
            return Err(undefined("an AUC needs two positives and two negatives"));
        }
        let placement = |s: f64, l: f64| if l == 1.0 { midrank(s, &negatives) } else { 1.0 - midrank(s, &positives) };
        let placements: Vec<f64> = scores.iter().zip(labels).map(|(s, l)| placement(*s, *l)).collect();
        let of = |wanted: f64| -> Vec<f64> {
            placements.iter().zip(labels).filter(|(_, l)| **l == wanted).map(|(p, _)| *p).collect()
        };
        let share = positives.len() as f64 / scores.len() as f64;
        let ((auc, a), (_, b)) = (mean_and_sd(&of(1.0)), mean_and_sd(&of(0.0)));
        let influence: Vec<f64> = placements
            .iter()
            .zip(labels)
            .map(|(p, l)| (p - auc) / if *l == 1.0 { share } else { 1.0 - share })
            .collect();
        let variance = a * a / share + b * b / (1.0 - share);
        History::new(Behaviour::Auc { auc, positives: share, variance: Some(variance) }, &influence, units)
    }

    /// Behaviour of a sum over a sum, by the delta method (Deng, Knoblich and Lu 2018).
    ///
    /// # Errors
    /// Slices of unequal length, fewer than two rows, a value that is not finite, or denominators that sum to 0 or less.
    pub fn ratio(numerators: &[f64], denominators: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        paired(numerators, denominators)?;
        let n = numerators.len() as f64;
        let (top, bottom) = (numerators.iter().sum::<f64>() / n, denominators.iter().sum::<f64>() / n);
        if bottom <= 0.0 {
            return Err(undefined("the denominators have to sum to more than 0"));
        }
        let ratio = top / bottom;
        let influence: Vec<f64> = numerators.iter().zip(denominators).map(|(u, d)| (u - ratio * d) / bottom).collect();
        let (_, sd) = mean_and_sd(&influence);
        History::new(Behaviour::Ratio { ratio, sd }, &influence, units)
    }

    /// Behaviour of a rate of counted events, with its dispersion (Pearson's chi-square over its degrees of freedom;
    /// below 1 taken as 1). A row of the plan is one unit of exposure.
    ///
    /// # Errors
    /// Slices of unequal length, fewer than two rows, no event, or an exposure that is not positive.
    pub fn rate(events: &[f64], exposure: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        paired(events, exposure)?;
        if let Some(&value) = exposure.iter().find(|&&e| e <= 0.0) {
            return Err(Unanswerable::Argument { argument: "exposure", value, expected: "it has to be positive" });
        }
        let rate = events.iter().sum::<f64>() / exposure.iter().sum::<f64>();
        if rate <= 0.0 {
            return Err(undefined(
                "a rate without events has no ratio; plan it as a proportion with an absolute margin",
            ));
        }
        let pearson: f64 = events.iter().zip(exposure).map(|(x, e)| (x - rate * e).powi(2) / (rate * e)).sum();
        let dispersion = (pearson / (events.len() - 1) as f64).max(1.0);
        let influence: Vec<f64> = events.iter().zip(exposure).map(|(x, e)| x - rate * e).collect();
        History::new(Behaviour::Rate { rate, dispersion }, &influence, units)
    }

    /// The design with this history's design effect.
    pub fn design(&self, design: Design) -> Design {
        Design { design_effect: self.design_effect, ..design }
    }

    fn new(behaviour: Behaviour, influence: &[f64], units: Option<&[u32]>) -> Result<History, Unanswerable> {
        // Values near the largest number there is may have no spread that is one.
        behaviour.check()?;
        let rows = influence.len() as u64;
        let Some(units) = units else { return Ok(History { behaviour, rows, units: None, design_effect: 1.0 }) };
        if units.len() != influence.len() {
            return Err(undefined("units and values have to be of one length"));
        }
        // Scaled first: influences of 1e200 have squares too.
        let scale = influence.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let mut sums: std::collections::BTreeMap<u32, f64> = std::collections::BTreeMap::new();
        let mut single = 0.0;
        for (&unit, &value) in units.iter().zip(influence) {
            let value = if scale > 0.0 { value / scale } else { 0.0 };
            *sums.entry(unit).or_default() += value;
            single += value * value;
        }
        let whole: f64 = sums.values().map(|s| s * s).sum();
        let design_effect = if single > 0.0 { (whole / single).max(1.0) } else { 1.0 };
        Ok(History { behaviour, rows, units: Some(sums.len() as u64), design_effect })
    }
}

fn finite(values: &[f64], needed: u64) -> Result<(), Unanswerable> {
    if (values.len() as u64) < needed {
        let (arm, found) = (Arm::Baseline, values.len() as u64);
        return Err(Unanswerable::TooFew { test: "a plan from history", what: "rows", arm, needed, found });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => {
            let (arm, value) = (Arm::Baseline, values[index]);
            Err(Unanswerable::NonFinite { test: "a plan from history", arm, index, value })
        }
        None => Ok(()),
    }
}

fn paired(a: &[f64], b: &[f64]) -> Result<(), Unanswerable> {
    finite(a, 2)?;
    finite(b, 2)?;
    if a.len() == b.len() { Ok(()) } else { Err(undefined("the two columns have to be of one length")) }
}

/// Mean and standard deviation (n - 1), two passes around the first value; spreads of 1e-300 and 1e300 are kept.
fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let pivot = values.first().copied().unwrap_or(0.0);
    let scale = values.iter().fold(0.0_f64, |m, v| m.max((0.5 * v - 0.5 * pivot).abs()));
    if scale == 0.0 {
        return (pivot, 0.0);
    }
    let scaled = |v: f64| (0.5 * v - 0.5 * pivot) / scale;
    let mean = values.iter().map(|&v| scaled(v)).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|&v| (scaled(v) - mean).powi(2)).sum();
    (pivot + 2.0 * (mean * scale), 2.0 * ((squares / (n - 1.0)).sqrt() * scale))
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Share of `sorted` below the value plus half of that equal to it.
fn midrank(value: f64, sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|&v| v < value);
    let upto = sorted.partition_point(|&v| v <= value);
    0.5 * (below + upto) as f64 / sorted.len() as f64
}

fn centred_ranks(values: &[f64], sorted: &[f64]) -> Vec<f64> {
    values.iter().map(|&v| midrank(v, sorted) - 0.5).collect()
}

fn thinned(sorted: Vec<f64>) -> Vec<f64> {
    let n = sorted.len();
    if n <= KEPT {
        return sorted;
    }
    (0..KEPT).map(|i| sorted[(2 * i + 1) * n / (2 * KEPT)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_repeated_by_unit_count_as_one() {
        let values: Vec<f64> = (0..600).map(|i| f64::from((i / 3 * 37) % 101)).collect();
        let units: Vec<u32> = (0..600).map(|i| i / 3).collect();
        let history = History::mean(&values, Some(&units)).expect("plans");
        assert!((history.design_effect - 3.0).abs() < 1e-9);
        assert_eq!(history.units, Some(200));
        let single = History::mean(&values, None).expect("plans");
        assert_eq!((single.design_effect, single.behaviour), (1.0, history.behaviour));
    }

    #[test]
    fn the_slope_of_a_uniform_quantile_is_known() {
        // Q(q) = 1 + q, so d ln Q/dq = 1/(1 + q).
        let values: Vec<f64> = (0..100_000).map(|i| 1.0 + (f64::from(i) + 0.5) / 100_000.0).collect();
        for q in [0.1, 0.5, 0.9, 0.99] {
            let Ok(History { behaviour: Behaviour::Quantile { slope, .. }, .. }) = History::quantile(&values, q, None)
            else {
                panic!("a quantile of positive values has a plan");
            };
            assert!((slope * (1.0 + q) - 1.0).abs() < 0.01, "{q}: {slope}");
        }
    }

    #[test]
    fn the_auc_of_history_is_the_share_of_ordered_pairs() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4];
        let labels = [0.0, 0.0, 1.0, 1.0, 1.0];
        let Ok(History { behaviour: Behaviour::Auc { auc, .. }, .. }) = History::auc(&scores, &labels, None) else {
            panic!("both classes are there");
        };
        // Pairs: .35 beats .1 only; .8 beats both; .4 beats .1 and ties .4.
        assert!((auc - (1.0 + 2.0 + 1.5) / 6.0).abs() < 1e-12);
    }

    #[test]
    fn unusable_history_is_said_to_be() {
        assert!(History::mean(&[1.0], None).is_err());
        assert!(History::mean(&[1.0, f64::NAN], None).is_err());
        assert!(History::proportion(&[0.0, 0.5], None).is_err());
        assert!(History::quantile(&[1.0; 999], 0.99, None).is_err());
        assert!(History::quantile(&[1.0; 5000], 0.99, None).is_err());
        assert!(History::auc(&[1.0, 2.0], &[1.0, 1.0], None).is_err());
        assert!(History::rate(&[0.0, 0.0], &[1.0, 1.0], None).is_err());
        assert!(History::ratio(&[1.0, 2.0], &[0.0, 0.0], None).is_err());
        assert!(History::mean(&[1.0, 2.0], Some(&[1])).is_err());
    }

    #[test]
    fn extreme_scales_keep_their_spread() {
        for scale in [1e-300, 1.0, 1e300] {
            let (mean, sd) = mean_and_sd(&[1.0 * scale, 1.5 * scale, 1.25 * scale]);
            assert!((mean / scale - 1.25).abs() < 1e-12 && (sd / scale - 0.25).abs() < 1e-12, "{scale}");
        }
    }

    #[test]
    fn spreads_beyond_the_largest_number_are_refused() {
        assert!(History::rate(&[1.0, 1.0e300], &[1.0e300, 1.0e-300], None).is_err());
        assert!(History::mean(&[f64::MAX, -f64::MAX], None).is_err());
    }
}
