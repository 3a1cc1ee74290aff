//! What a config can and cannot detect on a stretch of traffic like its history.

use serde::{Deserialize, Serialize};

use super::claim::Size;
use super::config::{MetricPlan, from_config_at};
use super::design::Design;
use super::ramp::Allocation;
use crate::config::{JudgeConfig, Role};
use crate::judge::sentence::significant;
use crate::table::{Column, Table};

/// What a config can show of a canary that takes a share of as much traffic as the history holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Rows of the history.
    pub rows: u64,
    /// The canary's share of the traffic, in percent.
    pub percent: f64,
    /// Whether a canary that is like the baseline can ever be promoted, given enough traffic.
    pub can_promote: bool,
    /// Why it cannot.
    pub blockers: Vec<String>,
    /// Each metric.
    pub metrics: Vec<MetricOutlook>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricOutlook {
    /// Its name.
    pub name: String,
    /// Its type, as in the config.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its role.
    pub role: Role,
    /// Whether promotion waits for it.
    pub must_pass: bool,
    /// Canary rows that this traffic gives.
    pub canary_rows: u64,
    /// Canary rows with which an identical canary passes, with the plan's power.
    pub rows_needed: Option<u64>,
    /// Smallest margin that this traffic can show.
    pub detectable_margin: Option<Size>,
    /// Smallest change for the worse that is found in this traffic.
    pub detectable_harm: Option<Size>,
    /// The one value that the history has, when it has but one.
    pub constant: Option<f64>,
    /// Share of the history's rows that the metric can use: those that pass its filter and are not missing.
    pub usable_share: f64,
    /// Why it cannot pass, or cannot be planned.
    pub cannot_pass: Option<String>,
    /// All that in a sentence.
    pub text: String,
}

/// What a config can and cannot detect, with the canary at `percent` of as much traffic as the history holds.
///
/// ```
/// use serinus::config::{Direction, JudgeConfig, Margin, MetricConfig, MetricKind};
/// use serinus::{Column, Table};
/// let latency: Vec<f64> = (0..5_000).map(|i| 50.0 + f64::from((i * 7919) % 200)).collect();
/// let history = Table::new(vec![("latency_ms".to_owned(), Column::numbers(latency))])?;
/// let metric = MetricConfig::new("latency", MetricKind::Mean { column: "latency_ms".to_owned() }, Direction::LowerIsBetter)
///     .margin(Margin::relative(0.001));
/// let config = JudgeConfig { metrics: vec![metric], ..JudgeConfig::default() };
/// let outlook = serinus::plan::outlook(&config, &history, 10.0);
/// assert!(outlook.can_promote);
/// // A margin of 0.1 % asks for more than the 500 canary rows that there are.
/// assert!(outlook.metrics[0].rows_needed > Some(500));
/// # Ok::<(), serinus::TableError>(())
/// ```
pub fn outlook(config: &JudgeConfig, history: &Table<'_>, percent: f64) -> Outlook {
    // A rate of the whole history a minute: what is asked here does not depend on it.
    let rate = (history.rows() as f64).max(1.0);
    let plan = from_config_at(config, history, rate, &[percent], Allocation::AllStable);
    let design = Design { power: plan.power, ..Design::default() }.at_percent(percent);
    let metrics = plan.metrics.iter().zip(&config.metrics).map(|(metric, own)| {
        let constant = constant(history, own.kind.columns().first().map_or("", |c| c.1));
        one(metric, constant, history.rows() as f64 * percent / 100.0, &design)
    });
    let metrics = metrics.collect();
    Outlook {
        rows: history.rows() as u64,
        percent,
        can_promote: plan.can_promote,
        blockers: plan.blockers,
        metrics,
        notes: plan.notes,
    }
}

fn one(metric: &MetricPlan, constant: Option<f64>, requests: f64, design: &Design) -> MetricOutlook {
    let canary_rows = (requests * metric.usable_share).floor() as u64;
    let rows_needed = metric.weights.first().and_then(|w| w.canary_rows);
    let planned = metric.planned.as_ref().filter(|_| canary_rows > 1);
    let mut found = MetricOutlook {
        name: metric.name.clone(),
        kind: metric.kind.clone(),
        role: metric.role,
        must_pass: metric.must_pass,
        canary_rows,
        rows_needed,
        detectable_margin: planned.and_then(|p| p.detectable_margin(design, canary_rows)),
        detectable_harm: planned.and_then(|p| p.detectable_harm(design, canary_rows)),
        constant,
        usable_share: metric.usable_share,
        cannot_pass: metric.cannot_pass.clone(),
        text: String::new(),
    };
    found.text = text(&found);
    found
}

/// The one value of a column, when it has but one.
fn constant(history: &Table<'_>, name: &str) -> Option<f64> {
    let Column::Number { values, missing } = history.column(name)? else { return None };
    let there = |i: &usize| !missing.as_ref().is_some_and(|m| m[*i]) && !values[*i].is_nan();
    let first = values[(0..values.len()).find(there)?];
    let same = (0..values.len()).filter(there).all(|i| values[i] == first);
    (same && first.is_finite()).then_some(first)
}

fn text(metric: &MetricOutlook) -> String {
    let name = &metric.name;
    let size = |size: Size| match size {
        Size::Relative(r) => format!("{}%", significant(100.0 * r, 3)),
        Size::Absolute(d) => significant(d, 3),
    };
    let mut text = match (&metric.cannot_pass, metric.rows_needed) {
        (Some(why), _) => format!("{name} cannot pass: {why}"),
        (None, Some(needed)) if needed <= metric.canary_rows => {
            format!("{name} passes with {needed} canary rows; this traffic gives {}", metric.canary_rows)
        }
        (None, Some(needed)) => {
            format!("{name} needs {needed} canary rows to pass; this traffic gives {}", metric.canary_rows)
        }
        (None, None) => format!("{name} cannot be planned from this history"),
    };
    if let Some(margin) = metric.detectable_margin {
        text.push_str(&format!("; the smallest margin it can show is {}", size(margin)));
    }
    if let Some(harm) = metric.detectable_harm {
        text.push_str(&format!("; it finds a change for the worse of {}", size(harm)));
    }
    if let Some(value) = metric.constant {
        text.push_str(&format!("; the history has one value alone, {}", significant(value, 4)));
    }
    if metric.usable_share == 0.0 {
        text.push_str("; no row of the history can be used");
    }
    text
}
