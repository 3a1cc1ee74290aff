//! The stages of a rollout: how long each bakes, and what a bad canary costs on the way.

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::claim::Size;
use super::contrast::undefined;
use super::design::Design;
use super::planned::PlannedMetric;
use super::size::up;
use crate::stats::Unanswerable;

/// What a ramp is laid for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampRequest {
    /// Requests a minute over all versions.
    pub rate_per_minute: f64,
    /// The weights.
    #[serde(default)]
    pub schedule: Schedule,
    /// What the canary is compared with.
    #[serde(default)]
    pub allocation: Allocation,
    /// The metrics that every stage waits for.
    pub metrics: Vec<PlannedMetric>,
    /// Joint power; default 0.8.
    #[serde(default = "default_power")]
    pub power: f64,
    /// Least minutes a stage; the schedule's own when not given.
    #[serde(default)]
    pub min_minutes: Option<f64>,
    /// Least canary rows a stage.
    #[serde(default)]
    pub min_samples: u64,
    /// Length of a traffic period in minutes (1,440 for a day) that each stage should see whole, if any.
    #[serde(default)]
    pub period_minutes: Option<f64>,
    /// A stage longer than this is warned about; default one day.
    #[serde(default = "default_longest")]
    pub longest_minutes: f64,
    /// The bad canary whose cost is wanted.
    #[serde(default)]
    pub bad: Option<BadCanary>,
    /// Requests of one unit (a user) over the rollout, for the number of units exposed.
    #[serde(default)]
    pub requests_per_unit: Option<f64>,
}

fn default_power() -> f64 {
    0.8
}
fn default_longest() -> f64 {
    1_440.0
}

impl RampRequest {
    /// The standard schedule against all stable traffic, at power 0.8.
    pub fn new(rate_per_minute: f64, metrics: Vec<PlannedMetric>) -> Self {
        RampRequest {
            rate_per_minute,
            schedule: Schedule::Standard,
            allocation: Allocation::AllStable,
            metrics,
            power: default_power(),
            min_minutes: None,
            min_samples: 0,
            period_minutes: None,
            longest_minutes: default_longest(),
            bad: None,
            requests_per_unit: None,
        }
    }
}

/// Which weights, in percent, a ramp goes through before 100.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// 10, 50; at least 5 minutes each.
    Aggressive,
    /// 5, 25, 50; at least 10 minutes each.
    #[default]
    Standard,
    /// 1, 5, 10, 25, 50; at least 30 minutes each.
    Conservative,
    /// The user's own, ascending, in (0, 100).
    Weights(Vec<f64>),
}

impl Schedule {
    /// The weights in percent.
    pub fn percents(&self) -> &[f64] {
        match self {
            Schedule::Aggressive => &[10.0, 50.0],
            Schedule::Standard => &[5.0, 25.0, 50.0],
            Schedule::Conservative => &[1.0, 5.0, 10.0, 25.0, 50.0],
            Schedule::Weights(weights) => weights,
        }
    }

    /// Least minutes of a stage.
    pub fn min_minutes(&self) -> f64 {
        match self {
            Schedule::Aggressive => 5.0,
            Schedule::Standard | Schedule::Weights(_) => 10.0,
            Schedule::Conservative => 30.0,
        }
    }
}

/// What the canary is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// All traffic beside it: (1 - w)/w baseline rows a canary row.
    #[default]
    AllStable,
    /// A baseline of the canary's own size, as long as there is room for it.
    EqualBaseline,
}

impl Allocation {
    /// Baseline rows for each canary row at a weight in percent.
    pub fn at_percent(self, percent: f64) -> f64 {
        let all = (100.0 - percent) / percent;
        match self {
            Allocation::AllStable => all,
            Allocation::EqualBaseline => all.min(1.0),
        }
    }

    pub(super) fn design(self, design: Design, percent: f64) -> Design {
        Design { allocation: self.at_percent(percent), ..design }
    }
}

/// A canary that is bad in one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadCanary {
    /// The metric's name.
    pub metric: String,
    /// How the canary differs from the baseline there.
    pub change: Size,
}

/// A laid ramp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ramp {
    /// `serinus.ramp/1`.
    pub schema: String,
    /// Requests a minute over all versions.
    pub rate_per_minute: f64,
    /// What the canary is compared with.
    pub allocation: Allocation,
    /// The stages before 100 %.
    pub stages: Vec<RampStage>,
    /// Minutes until the step to 100 %.
    pub total_minutes: f64,
    /// What a bad canary costs on average, and at worst, when one was described.
    pub exposure: Option<Exposure>,
    /// What a reader should act on.
    pub warnings: Vec<String>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RampStage {
    /// Canary share of the traffic.
    pub percent: f64,
    /// Baseline rows for each canary row.
    pub baseline_per_canary: f64,
    /// Bake time: the longest of power, least minutes, least rows and traffic period.
    pub minutes: f64,
    /// Canary requests served in that time.
    pub canary_requests: u64,
    /// Least canary rows before the stage may end: what its slowest metric needs.
    pub min_samples: u64,
    /// What sets the bake time: a metric's name, `min_minutes`, `min_samples` or `period`.
    pub bottleneck: String,
    /// What each metric needs here.
    pub needs: Vec<StageNeed>,
    /// Probability that a bad canary gets as far as this stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<f64>,
    /// Probability that this stage rolls it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught: Option<f64>,
}

/// What one metric needs in one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageNeed {
    /// The metric.
    pub metric: String,
    /// Canary rows; `None` when no number of rows is enough.
    pub canary_rows: Option<u64>,
    /// Minutes until they are there.
    pub minutes: Option<f64>,
}

/// What a bad canary serves before it is rolled back, judged once at the end of each stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Canary requests on average: the sum over stages of rate x weight x minutes x the chance to get there.
    pub expected_requests: f64,
    /// Canary requests up to the end of the stage that catches it with probability .95, or of the last stage.
    pub worst_requests: f64,
    /// Whether some stage catches it with probability .95.
    pub caught_surely: bool,
    /// Probability that no stage rolls it back. It is then held before 100 %, not promoted, unless it also passes.
    pub missed: f64,
    /// Units on average, when requests per unit are known: requests over requests of one unit.
    pub expected_units: Option<f64>,
    /// Units at worst.
    pub worst_units: Option<f64>,
    /// Errors more than the baseline would have made, on average; for proportions and rates.
    pub expected_excess: Option<f64>,
    /// The same at worst.
    pub worst_excess: Option<f64>,
}

/// A stage that detects with this probability is taken to end a bad canary at worst.
const SURELY: f64 = 0.95;

/// Lays the stages of a rollout.
///
/// ```
/// use serinus::config::Direction;
/// use serinus::plan::{Behaviour, PlannedMetric, RampRequest, Schedule, Size, ramp};
/// let errors = Behaviour::Proportion { p: 0.01, variance: Default::default() };
/// let metric = PlannedMetric::new("errors", errors, Direction::LowerIsBetter, Size::Absolute(0.002));
/// let mut request = RampRequest::new(60.0, vec![metric]);
/// request.schedule = Schedule::Weights(vec![1.0, 10.0, 50.0]);
/// let plan = ramp(&request)?;
/// // 60 requests a minute are few: 1 % of them takes weeks to show half a percent.
/// assert!(plan.warnings[0].starts_with("at 1 % this takes"));
/// assert!(plan.stages[0].minutes > plan.stages[1].minutes);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// A rate that is not positive, no weights, weights that are not ascending in (0, 100), or a bad canary whose metric
/// is not planned or whose change is impossible.
pub fn ramp(request: &RampRequest) -> Result<Ramp, Unanswerable> {
    let fault = |argument, value, expected| Err(Unanswerable::Argument { argument, value, expected });
    let rate = request.rate_per_minute;
    if !(rate > 0.0 && rate.is_finite()) {
        return fault("rate_per_minute", rate, "it has to be positive");
    }
    let percents = request.schedule.percents();
    if percents.is_empty() {
        return Err(undefined("a ramp needs at least one weight before 100"));
    }
    let mut last = 0.0;
    for &percent in percents {
        if !(percent > last && percent < 100.0) {
            return fault("weights", percent, "they have to ascend inside (0, 100)");
        }
        last = percent;
    }
    let min_minutes = request.min_minutes.unwrap_or(request.schedule.min_minutes());
    if !(min_minutes >= 0.0 && min_minutes.is_finite()) {
        return fault("min_minutes", min_minutes, "it has to be at least 0");
    }
    let design = Design { power: request.power, metrics: request.metrics.len().max(1) as u32, ..Design::default() };
    design.check()?;

    let mut warnings = Vec::new();
    let mut stages: Vec<RampStage> = Vec::new();
    for &percent in percents {
        stages.push(stage(request, &design, percent, min_minutes));
    }
    for metric in &request.metrics {
        if let Err(why) = metric.rows(&request.allocation.design(design, percents[0])) {
            warnings.push(format!("{} never passes: {why}; the stages do not wait for it", metric.name));
        }
    }
    for stage in stages.iter().filter(|s| s.minutes > request.longest_minutes) {
        let quicker = (1..=50)
            .map(f64::from)
            .filter(|p| *p > stage.percent)
            .map(|p| (p, self::stage(request, &design, p, min_minutes).minutes))
            .find(|(_, minutes)| *minutes <= request.longest_minutes);
        let way_out = match quicker {
            Some((p, minutes)) => format!("start at {p} % ({})", minutes_in_words(minutes)),
            None => format!(
                "no weight up to 50 % takes less than {}; widen the margin of {}",
                minutes_in_words(request.longest_minutes),
                stage.bottleneck
            ),
        };
        warnings.push(format!("at {} % this takes {}; {way_out}", stage.percent, minutes_in_words(stage.minutes)));
    }
    let exposure = match &request.bad {
        Some(bad) => Some(expose(request, &design, &mut stages, bad)?),
        None => None,
    };
    if let Some(exposure) = &exposure
        && !exposure.caught_surely
    {
        warnings.push(format!(
            "no stage rolls this canary back with probability {SURELY}; it is missed with probability {:.2}",
            exposure.missed
        ));
    }
    Ok(Ramp {
        schema: "serinus.ramp/1".to_owned(),
        rate_per_minute: rate,
        allocation: request.allocation,
        total_minutes: stages.iter().map(|s| s.minutes).sum(),
        stages,
        exposure,
        warnings,
    })
}

fn stage(request: &RampRequest, design: &Design, percent: f64, min_minutes: f64) -> RampStage {
    let design = request.allocation.design(*design, percent);
    let pace = request.rate_per_minute * percent / 100.0;
    let mut minutes = min_minutes;
    let mut bottleneck = "min_minutes".to_owned();
    let mut longest = |candidate: f64, name: &str| {
        if candidate > minutes {
            minutes = candidate;
            bottleneck = name.to_owned();
        }
    };
    longest(request.min_samples as f64 / pace, "min_samples");
    if let Some(period) = request.period_minutes {
        longest(period, "period");
    }
    let mut min_samples = request.min_samples;
    let mut needs = Vec::new();
    for metric in &request.metrics {
        let rows = metric.rows(&design).ok();
        let time = rows.map(|n| n / (pace * metric.usable_share)).filter(|t| t.is_finite());
        if let (Some(rows), Some(time)) = (rows, time) {
            longest(time, &metric.name);
            // Counted in requests, as the rollout counts them: a metric with few usable rows needs more of them.
            min_samples = min_samples.max(up(rows / metric.usable_share));
        }
        needs.push(StageNeed { metric: metric.name.clone(), canary_rows: rows.map(up), minutes: time });
    }
    RampStage {
        percent,
        baseline_per_canary: design.allocation,
        minutes,
        canary_requests: (pace * minutes).round() as u64,
        min_samples,
        bottleneck,
        needs,
        reached: None,
        caught: None,
    }
}

/// E = sum of R w T over stages, each times the chance that no stage before it rolled back.
fn expose(
    request: &RampRequest,
    design: &Design,
    stages: &mut [RampStage],
    bad: &BadCanary,
) -> Result<Exposure, Unanswerable> {
    let metric = request
        .metrics
        .iter()
        .find(|m| m.name == bad.metric)
        .ok_or_else(|| undefined("the bad canary's metric is not among the planned ones"))?;
    let (mut reached, mut expected, mut worst, mut surely) = (1.0, 0.0, 0.0, false);
    for stage in stages {
        let requests = request.rate_per_minute * stage.percent / 100.0 * stage.minutes;
        let at = request.allocation.design(*design, stage.percent);
        let caught = metric.power_of_harm(bad.change, &at, requests * metric.usable_share)?;
        stage.reached = Some(reached);
        stage.caught = Some(caught);
        expected += requests * reached;
        if !surely {
            worst += requests;
        }
        surely |= caught >= SURELY;
        reached *= 1.0 - caught;
    }
    let level = match metric.behaviour {
        Behaviour::Proportion { p, .. } => Some(p),
        Behaviour::Rate { rate, .. } => Some(rate),
        _ => None,
    };
    let excess = level.and_then(|p| bad.change.absolute(Some(p)).ok()).map(|c| c.abs() * metric.usable_share);
    let units = |requests: f64| request.requests_per_unit.filter(|r| *r > 0.0).map(|r| requests / r);
    Ok(Exposure {
        expected_requests: expected,
        worst_requests: worst,
        caught_surely: surely,
        missed: reached,
        expected_units: units(expected),
        worst_units: units(worst),
        expected_excess: excess.map(|e| e * expected),
        worst_excess: excess.map(|e| e * worst),
    })
}

/// A duration as a person says it: `45 min`, `4.2 h`, `9 days`.
pub(super) fn minutes_in_words(minutes: f64) -> String {
    if minutes < 120.0 {
        format!("{} min", minutes.ceil())
    } else if minutes < 48.0 * 60.0 {
        format!("{:.1} h", minutes / 60.0)
    } else {
        format!("{:.0} days", minutes / 1_440.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Direction;

    fn errors(margin: f64) -> PlannedMetric {
        let behaviour = Behaviour::Proportion { p: 0.01, variance: Default::default() };
        PlannedMetric::new("errors", behaviour, Direction::LowerIsBetter, Size::Absolute(margin))
    }

    #[test]
    fn a_bad_canary_is_counted_stage_by_stage() {
        let mut request = RampRequest::new(10_000.0, vec![errors(0.005)]);
        request.bad = Some(BadCanary { metric: "errors".to_owned(), change: Size::Absolute(0.05) });
        request.requests_per_unit = Some(4.0);
        let plan = ramp(&request).expect("a ramp");
        let exposure = plan.exposure.expect("a bad canary was described");
        // The first stage catches a five-fold error rate, so nothing beyond it is exposed.
        let first = plan.stages[0].minutes * 500.0;
        assert!((exposure.worst_requests - first).abs() < 1e-6);
        assert!((exposure.expected_requests - first).abs() < 1.0);
        assert_eq!(exposure.expected_units, Some(exposure.expected_requests / 4.0));
        assert!((exposure.worst_excess.unwrap_or(0.0) - 0.05 * first).abs() < 1e-6);
        assert!(exposure.caught_surely && exposure.missed < 1e-3);
    }

    #[test]
    fn a_canary_inside_its_margin_is_not_caught() {
        let mut request = RampRequest::new(10_000.0, vec![errors(0.005)]);
        request.bad = Some(BadCanary { metric: "errors".to_owned(), change: Size::Absolute(0.001) });
        let plan = ramp(&request).expect("a ramp");
        let exposure = plan.exposure.expect("a bad canary was described");
        assert!(!exposure.caught_surely && exposure.missed > 0.97);
        let all: f64 = plan.stages.iter().map(|s| 100.0 * s.percent * s.minutes).sum();
        assert!((exposure.worst_requests - all).abs() < 1e-6);
        assert!(plan.warnings.iter().any(|w| w.contains("no stage rolls this canary back")));
    }

    #[test]
    fn least_time_least_rows_and_period_all_bind() {
        let mut request = RampRequest::new(1e7, vec![errors(0.005)]);
        assert!(
            ramp(&request).expect("a ramp").stages.iter().all(|s| s.minutes == 10.0 && s.bottleneck == "min_minutes")
        );
        request.period_minutes = Some(1_440.0);
        assert!(
            ramp(&request).expect("a ramp").stages.iter().all(|s| s.minutes == 1_440.0 && s.bottleneck == "period")
        );
        request.min_samples = u64::from(u32::MAX);
        assert_eq!(ramp(&request).expect("a ramp").stages[0].bottleneck, "min_samples");
    }

    #[test]
    fn impossible_ramps_are_refused() {
        let good = RampRequest::new(100.0, vec![errors(0.005)]);
        for schedule in [vec![], vec![0.0], vec![5.0, 5.0], vec![50.0, 100.0], vec![f64::NAN]] {
            assert!(ramp(&RampRequest { schedule: Schedule::Weights(schedule), ..good.clone() }).is_err());
        }
        assert!(ramp(&RampRequest { rate_per_minute: 0.0, ..good.clone() }).is_err());
        let bad = Some(BadCanary { metric: "latency".to_owned(), change: Size::Relative(0.1) });
        assert!(ramp(&RampRequest { bad, ..good }).is_err());
    }

    #[test]
    fn durations_read_as_a_person_says_them() {
        assert_eq!(minutes_in_words(44.2), "45 min");
        assert_eq!(minutes_in_words(252.0), "4.2 h");
        assert_eq!(minutes_in_words(12_960.0), "9 days");
    }
}
