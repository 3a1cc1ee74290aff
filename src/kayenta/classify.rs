//! One metric under NetflixACAJudge-v1.0, step by step in the original's order.

use super::mann_whitney::{AllTied, Search, interval, sorted};
use super::prepare::Side;
use super::response::{Label, MetricResult};
use super::settings::{Deviation, EffectMeasure, MetricSettings, NanStrategy};
use super::{Z_QUANTILE, effect, request};
use crate::Arms;
use crate::stats::special;

/// Share of the estimate's size that the near end of the interval has to clear; fixed in the original.
const TOLERANCE: f64 = 0.25;
/// Noise on a constant series, as a share of its value.
const NOISE: f64 = 1e-5;

/// A label with its reason, the mean ratio and whether it fails the canary alone.
struct Verdict {
    label: Label,
    reason: Option<String>,
    ratio: f64,
    critical: bool,
}

impl Verdict {
    fn plain(label: Label, reason: Option<String>, ratio: f64) -> Self {
        Verdict { label, reason, ratio, critical: false }
    }
}

/// Handles NaN and outliers, describes both sides and classifies. An `AllTied` error becomes the label `Error`.
pub(super) fn classify(
    pair: &request::Pair,
    name: &str,
    settings: &MetricSettings,
    groups: Option<Vec<String>>,
) -> MetricResult {
    let side = |values| Side::new(values, settings.nan_strategy, settings.outlier_factor);
    let sides = Arms { baseline: side(&pair.values.baseline[..]), canary: side(&pair.values.canary[..]) };
    let verdict = verdict(name, settings, &sides);
    let failed = || Some("Metric Classification Failed".to_string());
    MetricResult {
        name: pair.name.clone(),
        tags: pair.tags.clone(),
        id: pair.id.clone(),
        classification: verdict.as_ref().map_or(Label::Error, |v| v.label),
        ratio: verdict.as_ref().map(|v| v.ratio).ok(),
        critical: verdict.as_ref().is_ok_and(|v| v.critical),
        reason: verdict.map_or_else(|_| failed(), |v| v.reason),
        groups,
        stats: sides.map(|s| s.stats),
        evidence: None,
        muted: settings.muted,
    }
}

fn verdict(name: &str, settings: &MetricSettings, sides: &Arms<Side<'_>>) -> Result<Verdict, AllTied> {
    let (x, y) = (&sides.canary, &sides.baseline);
    if x.values.is_empty() || y.values.is_empty() {
        return Ok(missing(name, settings));
    }
    if identical(x, y) {
        let reason = "The Canary and Baseline data are identical".to_string();
        return Ok(Verdict::plain(Label::Pass, Some(reason), 1.0));
    }
    if x.is_constant() && y.is_constant() && x.stats.min == y.stats.min {
        return Ok(Verdict::plain(Label::Pass, None, 1.0));
    }
    let ratio = effect::mean_ratio(x.mean(), y.mean());
    let comparison = compare(settings, x, y, ratio)?;
    let (label, size) = comparison;
    // A size that does not exist is no obstacle.
    let beyond = match label {
        Label::High => size.is_nan() || size >= settings.critical_increase,
        Label::Low => size.is_nan() || size <= settings.critical_decrease,
        _ => return Ok(Verdict::plain(label, None, ratio)),
    };
    if settings.critical && beyond {
        let reason = format!("The metric {name} was classified as {label} (Critical)");
        return Ok(Verdict { label, reason: Some(reason), ratio, critical: true });
    }
    Ok(Verdict::plain(label, Some(format!("{name} was classified as {label}")), ratio))
}

/// A side is empty after NaN and outlier handling.
fn missing(name: &str, settings: &MetricSettings) -> Verdict {
    if settings.nan_strategy == NanStrategy::Replace {
        return Verdict::plain(Label::Pass, None, 1.0);
    }
    let reason = Some(format!("Missing data for {name}"));
    if settings.must_have_data && !settings.critical {
        return Verdict::plain(Label::NodataFailMetric, reason, 1.0);
    }
    Verdict { label: Label::Nodata, reason, ratio: 1.0, critical: settings.critical }
}

/// The same points in any order; 0.0 and -0.0 are the same.
fn identical(x: &Side<'_>, y: &Side<'_>) -> bool {
    let alike = x.stats.count == y.stats.count && x.stats.min == y.stats.min && x.stats.max == y.stats.max;
    alike && sorted(&x.values) == sorted(&y.values)
}

/// High, Low or Pass, and the effect's size.
///
/// The response does not show the interval, so an end is searched for only where the verdict needs it: with the other
/// conditions unmet, or the near end on the wrong side of zero, no search can change the answer.
fn compare(settings: &MetricSettings, x: &Side<'_>, y: &Side<'_>, ratio: f64) -> Result<(Label, f64), AllTied> {
    if x.is_constant() && y.is_constant() {
        return compare_constants(settings, x, y, ratio);
    }
    let size = match settings.measure {
        EffectMeasure::MeanRatio => ratio,
        EffectMeasure::Cles => effect::cles(&x.values, &y.values),
    };
    let (may_be_high, may_be_low) = sizes(settings, size);
    let search = |values: (bool, bool)| -> Result<(Label, f64), AllTied> {
        let mut search = Search::new(&x.values, &y.values, Z_QUANTILE);
        if search.may_tie_everything() {
            // Any of the searches may find all observations tied, which is an error whatever the others say.
            let (low, high, estimate) = (search.low()?, search.high()?, search.estimate()?);
            return Ok((label(values, low, high, estimate), size));
        }
        if values.0 {
            let low = search.low()?;
            if low > 0.0 && low > TOLERANCE * search.estimate()?.abs() {
                return Ok((Label::High, size));
            }
        }
        if values.1 {
            let high = search.high()?;
            if high < 0.0 && high < -TOLERANCE * search.estimate()?.abs() {
                return Ok((Label::Low, size));
            }
        }
        Ok((Label::Pass, size))
    };
    if may_be_high || may_be_low || y.is_constant() {
        search((may_be_high, may_be_low))
    } else {
        Ok((Label::Pass, size))
    }
}

/// Whether direction and effect size leave room for High and for Low.
fn sizes(settings: &MetricSettings, size: f64) -> (bool, bool) {
    let high = settings.direction != Deviation::Decrease && (size.is_nan() || size >= settings.allowed_increase);
    let low = settings.direction != Deviation::Increase && (size.is_nan() || size <= settings.allowed_decrease);
    (high, low)
}

fn label((may_be_high, may_be_low): (bool, bool), low: f64, high: f64, estimate: f64) -> Label {
    let bound = TOLERANCE * estimate.abs();
    if may_be_high && low > bound {
        Label::High
    } else if may_be_low && high < -bound {
        Label::Low
    } else {
        Label::Pass
    }
}

/// Both sides constant and different.
///
/// DIFFERENCE: the original adds Gaussian noise with a standard deviation of 1e-5 of the value, from a generator that
/// nobody seeds, so its ratio, and for near values or tiny samples its verdict, change from call to call. Here the noise is
/// the normal quantiles at (i - 1/2)/n, in order: the same every time, and the noise that the original adds on average. The
/// ratio and the mean ratio's size are those of the values themselves. One point against one point is High or Low there
/// when a rounding error keeps the shifted values apart (three times in four) and Error otherwise; here it is always the
/// former, except that a zero gets no noise and so, as there, is always tied: Error.
fn compare_constants(
    settings: &MetricSettings,
    x: &Side<'_>,
    y: &Side<'_>,
    ratio: f64,
) -> Result<(Label, f64), AllTied> {
    let (noisy_x, noisy_y) = (noisy(&x.values), noisy(&y.values));
    let size = match settings.measure {
        EffectMeasure::MeanRatio => ratio,
        EffectMeasure::Cles => effect::cles(&noisy_x, &noisy_y),
    };
    let one_by_one = x.stats.count == 1 && y.stats.count == 1;
    if one_by_one && x.stats.min != 0.0 && y.stats.min != 0.0 {
        let shift = x.stats.min - y.stats.min;
        return Ok((label(sizes(settings, size), shift, shift, shift), size));
    }
    let shift = interval(&noisy_x, &noisy_y, super::CONFIDENCE)?;
    Ok((label(sizes(settings, size), shift.low, shift.high, shift.estimate), size))
}

/// A constant series with the noise that the original adds on average.
fn noisy(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let scale = values.first().filter(|v| v.is_finite()).map_or(0.0, |v| v * NOISE);
    let quantile = |i: usize| special::norm_ppf((i as f64 + 0.5) / n);
    values
        .iter()
        .enumerate()
        .map(|(i, v)| if scale == 0.0 || n == 1.0 { *v } else { v + scale * quantile(i) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point() -> impl Strategy<Value = f64> {
        prop_oneof![3 => (-3i32..4).prop_map(f64::from), 3 => 5.0..9.0f64, 1 => Just(-0.0), 1 => Just(1e-9)]
    }

    proptest! {
        #[test]
        fn searching_only_where_it_matters_changes_no_label(
            x in prop::collection::vec(point(), 1..25),
            y in prop_oneof![prop::collection::vec(point(), 1..25), prop::collection::vec(Just(2.0), 1..9)],
            direction in prop_oneof![Just(Deviation::Increase), Just(Deviation::Decrease), Just(Deviation::Either)],
            allowed in prop_oneof![Just(1.0), 0.2..3.0f64],
        ) {
            let mut settings = MetricSettings::read(None, "")?;
            (settings.direction, settings.allowed_increase) = (direction, allowed);
            let (x, y) = (Side::new(&x, NanStrategy::Remove, None), Side::new(&y, NanStrategy::Remove, None));
            prop_assume!(!(x.is_constant() && y.is_constant()));
            let ratio = effect::mean_ratio(x.mean(), y.mean());
            let ours = compare(&settings, &x, &y, ratio).map(|(label, _)| label);
            let eager = interval(&x.values, &y.values, crate::kayenta::CONFIDENCE)
                .map(|shift| label(sizes(&settings, ratio), shift.low, shift.high, shift.estimate));
            prop_assert_eq!(ours, eager);
        }
    }

    #[test]
    fn constants_are_answered_alike_every_time() {
        let settings = MetricSettings::read(None, "").unwrap();
        let answer = |x: &[f64], y: &[f64]| {
            let (x, y) = (Side::new(x, NanStrategy::Remove, None), Side::new(y, NanStrategy::Remove, None));
            compare(&settings, &x, &y, effect::mean_ratio(x.mean(), y.mean())).map(|(label, _)| label)
        };
        assert_eq!(answer(&[3.0; 20], &[2.0; 20]), Ok(Label::High));
        assert_eq!(answer(&[2.0; 7], &[3.0; 20]), Ok(Label::Low));
        assert_eq!(answer(&[3.0, 3.0], &[3.00001, 3.00001]), Ok(Label::Pass));
        assert_eq!(answer(&[5.0], &[1.0]), Ok(Label::High));
        // No noise on a zero: the shifted values are always tied.
        assert_eq!(answer(&[0.0], &[1.0]), Err(AllTied));
        assert_eq!(answer(&[1.0], &[0.0]), Err(AllTied));
    }
}
