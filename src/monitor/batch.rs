//! One look's worth of data, as sufficient statistics: what a monitor is fed and what travels as a line of NDJSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::stratified::Moments;
use crate::arms::Arms;

/// A closed stretch of time: what happened in it, arm by arm and metric by metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Its place in the sequence, counted up by one.
    pub sequence: u64,
    /// When it starts, in seconds; not before the end of the batch before.
    pub start_seconds: f64,
    /// When it ends.
    pub end_seconds: f64,
    /// Time up to which data have been seen; a monitor with a watermark refuses a batch that may still change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_until_seconds: Option<f64>,
    /// Ramp stage, as a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Declared share of the canary in percent of baseline plus canary, for the sample-ratio check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_percent: Option<f64>,
    /// What was randomised in this batch: requests, or units seen for the first time in the stage.
    #[serde(default)]
    pub assigned: Arms<u64>,
    /// Statistics of each metric by name; a metric without data may be left out.
    #[serde(default)]
    pub metrics: BTreeMap<String, Arms<ArmStatistics>>,
    /// The same inside segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentBatch>,
}

/// Statistics inside one segment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentBatch {
    /// Column and value.
    pub segment: BTreeMap<String, String>,
    /// Statistics of each metric by name.
    pub metrics: BTreeMap<String, Arms<ArmStatistics>>,
}

/// What is known of one metric in one arm. Which fields are needed depends on the metric's type; `values` serve all
/// but ratios.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArmStatistics {
    /// Rows with a value, or units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Events among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Exposure of a rate; `n` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<f64>,
    /// Mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Centred sum of squares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m2: Option<f64>,
    /// Sum, in place of the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    /// Sum of squares, in place of the centred one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sumsq: Option<f64>,
    /// Sums of a ratio: numerator, denominator, squares and products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_y: Option<f64>,
    #[allow(missing_docs)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_x: Option<f64>,
    #[allow(missing_docs)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_yy: Option<f64>,
    #[allow(missing_docs)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_xy: Option<f64>,
    #[allow(missing_docs)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_xx: Option<f64>,
    /// Counts in exponential buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// The values themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// How often each value stands; once when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<u64>,
    /// Rows whose value is missing or not a number.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing: u64,
    /// Rows and sums by hash group of the unit, when rows of a unit come together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupSums>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Rows and sums of each hash group of units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSums {
    /// Rows of each group.
    pub n: Vec<u64>,
    /// Sum of the values (the numerator) of each group.
    pub sum_y: Vec<f64>,
    /// Sum of the denominator of each group; left out for means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sum_x: Vec<f64>,
}

/// Why statistics do not serve a metric: what is lacking or impossible.
pub(crate) type Fault = String;

impl ArmStatistics {
    /// Events among rows, or among units.
    pub fn events(n: u64, events: u64) -> Self {
        ArmStatistics { n: Some(n), events: Some(events), ..Self::default() }
    }

    /// Events over an exposure.
    pub fn rate(events: u64, exposure: f64) -> Self {
        ArmStatistics { events: Some(events), exposure: Some(exposure), ..Self::default() }
    }

    /// A mean with its centred sum of squares.
    pub fn moments(n: u64, mean: f64, m2: f64) -> Self {
        ArmStatistics { n: Some(n), mean: Some(mean), m2: Some(m2), ..Self::default() }
    }

    /// Counts in buckets.
    pub fn histogram(histogram: Histogram) -> Self {
        ArmStatistics { n: Some(histogram.total()), histogram: Some(histogram), ..Self::default() }
    }

    /// The values themselves; those that are not finite count as missing.
    pub fn values(values: Vec<f64>) -> Self {
        ArmStatistics { values, ..Self::default() }
    }

    /// The same statistics with a number of missing rows.
    pub fn missing(mut self, missing: u64) -> Self {
        self.missing = missing;
        self
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        *self == ArmStatistics::default()
    }

    /// Rows that are missing, with values that are not numbers.
    pub(crate) fn missing_rows(&self) -> u64 {
        let not_numbers =
            self.weighted().filter(|(v, _)| !v.is_finite()).fold(0u64, |sum, (_, n)| sum.saturating_add(n));
        self.missing.saturating_add(not_numbers)
    }

    fn weighted(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let times = |i: usize| if self.counts.is_empty() { 1 } else { self.counts.get(i).copied().unwrap_or(0) };
        self.values.iter().enumerate().map(move |(i, v)| (*v, times(i)))
    }

    fn check_lists(&self) -> Result<(), Fault> {
        if self.counts.is_empty() || self.counts.len() == self.values.len() {
            return Ok(());
        }
        Err(format!("{} counts for {} values; send one count a value", self.counts.len(), self.values.len()))
    }

    /// Exposure and events.
    pub(crate) fn counted(&self, is_event: impl Fn(f64) -> bool) -> Result<(f64, u64, u64), Fault> {
        self.check_lists()?;
        if !self.values.is_empty() {
            let finite = self.weighted().filter(|(v, _)| v.is_finite());
            let (n, events) = finite.fold((0u64, 0u64), |(n, e), (v, k)| {
                (n.saturating_add(k), e.saturating_add(if is_event(v) { k } else { 0 }))
            });
            return Ok((n as f64, n, events));
        }
        if self.is_empty() {
            return Ok((0.0, 0, 0));
        }
        let events = self.events.ok_or("send n and events, or values")?;
        let exposure = match (self.exposure, self.n) {
            (Some(e), _) if e >= 0.0 && e.is_finite() => e,
            (Some(e), _) => return Err(format!("exposure {e} is not a number of at least 0")),
            (None, Some(n)) => n as f64,
            (None, None) => return Err("send n, or exposure, with events".into()),
        };
        if self.exposure.is_none() && events as f64 > exposure {
            return Err(format!("{events} events among {exposure} rows; an event is one of the rows"));
        }
        if exposure == 0.0 && events > 0 {
            return Err(format!("{events} events without exposure"));
        }
        Ok((exposure, self.n.unwrap_or(events), events))
    }

    /// Moments of a mean or of a ratio.
    pub(crate) fn to_moments(&self) -> Result<Moments, Fault> {
        self.check_lists()?;
        if !self.values.is_empty() {
            return sound(self.moments_of_values());
        }
        if self.is_empty() {
            return Ok(Moments::new(0, 0.0, 0.0));
        }
        let n = self.n.ok_or("send n with the moments")?;
        let moments = match self {
            _ if n == 0 => Moments::new(0, 0.0, 0.0),
            Self { mean: Some(mean), m2: Some(m2), .. } => Moments::new(n, *mean, *m2),
            Self { sum: Some(sum), sumsq: Some(sumsq), .. } => {
                Moments::new(n, sum / n as f64, centred(*sumsq, *sum, *sum, n)?)
            }
            Self { sum_y: Some(y), sum_x: Some(x), sum_yy: Some(yy), sum_xy: Some(xy), sum_xx: Some(xx), .. } => {
                Moments {
                    n,
                    y: y / n as f64,
                    x: x / n as f64,
                    yy: centred(*yy, *y, *y, n)?,
                    yx: xy - y * x / n as f64,
                    xx: centred(*xx, *x, *x, n)?,
                }
            }
            _ => {
                return Err(
                    "send n with mean and m2, with sum and sumsq, or with the five sums of a ratio; or values".into()
                );
            }
        };
        sound(moments)
    }

    fn moments_of_values(&self) -> Moments {
        let finite = || self.weighted().filter(|(v, _)| v.is_finite());
        let n = finite().fold(0u64, |sum, (_, k)| sum.saturating_add(k));
        if n == 0 {
            return Moments::new(0, 0.0, 0.0);
        }
        let mean = finite().map(|(v, k)| v * k as f64).sum::<f64>() / n as f64;
        Moments::new(n, mean, finite().map(|(v, k)| k as f64 * (v - mean) * (v - mean)).sum())
    }

    /// Counts in buckets.
    pub(crate) fn to_histogram(&self) -> Result<std::borrow::Cow<'_, Histogram>, Fault> {
        use std::borrow::Cow;
        self.check_lists()?;
        if let Some(histogram) = &self.histogram {
            return Ok(Cow::Borrowed(histogram));
        }
        if self.values.is_empty() && !self.is_empty() && self.n != Some(0) && self.n.is_some() {
            return Err("send a histogram, or values".into());
        }
        Ok(Cow::Owned(if self.counts.is_empty() {
            Histogram::from_values(&self.values)
        } else {
            Histogram::from_counts(&self.values, &self.counts)
        }))
    }
}

fn sound(moments: Moments) -> Result<Moments, Fault> {
    if moments.is_sound() {
        return Ok(moments);
    }
    Err("a moment is not a finite number, or a sum of squares is negative; scale the values".into())
}

/// Sum of squares about the mean from plain sums; refused where cancellation has left nothing to trust.
fn centred(squares: f64, a: f64, b: f64, n: u64) -> Result<f64, Fault> {
    let about_mean = squares - a * b / n as f64;
    // Rounding of the two terms, with room for sums made in any order.
    let noise = 1e-10 * squares.abs();
    if about_mean < -noise {
        return Err(format!("sum of squares {squares} is less than the square of the sum over n; send mean and m2"));
    }
    Ok(if about_mean <= noise * 1e-3 { 0.0 } else { about_mean })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_counts_sums_and_moments_give_one_answer() {
        let values = vec![1.0, 2.0, 2.0, 7.0];
        let by_values = ArmStatistics::values(values.clone()).to_moments().expect("valid");
        let tally = ArmStatistics { values: vec![1.0, 2.0, 7.0], counts: vec![1, 2, 1], ..Default::default() };
        let sums = ArmStatistics { n: Some(4), sum: Some(12.0), sumsq: Some(58.0), ..Default::default() };
        let moments = ArmStatistics::moments(4, 3.0, 22.0);
        for other in [tally.to_moments(), sums.to_moments(), moments.to_moments()] {
            assert_eq!(other, Ok(by_values));
        }
        assert_eq!(tally.to_histogram().expect("valid").into_owned(), Histogram::from_values(&values));
    }

    #[test]
    fn what_is_impossible_is_refused_with_its_reason() {
        assert!(ArmStatistics::events(3, 5).counted(|_| true).is_err_and(|e| e.contains("5 events among 3")));
        assert!(ArmStatistics::moments(3, f64::NAN, 1.0).to_moments().is_err());
        assert!(ArmStatistics::moments(3, 0.0, -1.0).to_moments().is_err());
        assert!(ArmStatistics::rate(3, f64::INFINITY).counted(|_| true).is_err());
        let tally = ArmStatistics { values: vec![1.0], counts: vec![1, 2], ..Default::default() };
        assert!(tally.to_moments().is_err());
        assert!(ArmStatistics::events(3, 1).to_histogram().is_err());
        assert!(ArmStatistics::events(3, 1).to_moments().is_err());
    }

    #[test]
    fn values_that_are_not_numbers_are_missing() {
        let arm = ArmStatistics::values(vec![1.0, f64::NAN, f64::INFINITY]).missing(2);
        assert_eq!(arm.missing_rows(), 4);
        assert_eq!(arm.to_moments().map(|m| m.n), Ok(1));
    }

    #[test]
    fn a_batch_is_a_line_of_json() {
        let text = r#"{"sequence":1,"start_seconds":0,"end_seconds":60,"share_percent":5,"assigned":{"baseline":950,"canary":50},
            "metrics":{"errors":{"baseline":{"n":950,"events":3},"canary":{"n":50,"events":1}}}}"#;
        let batch: Batch = serde_json::from_str(text).expect("valid");
        let back: Batch = serde_json::from_str(&serde_json::to_string(&batch).expect("valid")).expect("valid");
        assert_eq!(batch, back);
        assert!(serde_json::from_str::<Batch>(r#"{"sequence":1,"start":0}"#).is_err());
    }
}
