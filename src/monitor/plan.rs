//! How each metric of a config is monitored: which process, with which lines, tuned for what.

use super::boundary::{Boundaries, Measure};
use super::contrast::Tuning;
use super::exceedance::ExceedancePlan;
use super::rank_score::RankScorePlan;
use super::rates::RatePlan;
use super::spike::SpikeStarts;
use super::stratified::VarianceRule;
use crate::config::{
    ConfigError, ConfigErrors, Direction, Event, JudgeConfig, LookEvery, MetricConfig, MetricKind, Role,
};

/// What is known beforehand about a metric, from a dry run on history.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Overdispersion of event counts: the mean squared over the mean burst size. 1 when events are independent.
    pub dispersion: Option<f64>,
}

/// The process that watches one metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Process {
    Rates {
        plan: RatePlan,
        event: Option<Event>,
    },
    Contrast {
        tuning: Tuning,
        ratio: bool,
        event: Option<Event>,
    },
    Quantile(ExceedancePlan),
    Typical(RankScorePlan),
    Shift {
        max_distance: f64,
    },
    Agreement {
        min: f64,
    },
    /// Not watched, and why.
    None(&'static str),
}

/// One metric, ready to be monitored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricPlan {
    pub config: MetricConfig,
    pub boundaries: Boundaries,
    pub process: Process,
    pub burn_in_rows: u64,
    /// Level of "safe" at every look.
    pub alpha_safe: f64,
    /// Level of a crossed limit at every look.
    pub alpha_limit: f64,
    pub min_samples: u64,
}

/// Levels of the parts of the rollback budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Budget {
    /// Of the mean over gating metrics.
    pub gate: f64,
    /// Of scored metrics where critical ones gate.
    pub scored: f64,
    pub spike: f64,
    pub shift: f64,
    /// Of segment cells: a family of its own, on top.
    pub segments: f64,
    pub promote: f64,
}

impl Budget {
    pub fn of(config: &JudgeConfig) -> Self {
        let m = &config.monitoring;
        let metrics = m.alpha_rollback * m.split.metrics;
        let has = |role| config.metrics.iter().any(|metric| metric.role == role);
        // With both roles the metrics' part is halved, so that the sum stays within the budget.
        let gate = if has(Role::Critical) && has(Role::Scored) { 0.5 * metrics } else { metrics };
        Budget {
            gate,
            scored: gate,
            spike: m.alpha_rollback * m.split.spike,
            shift: m.alpha_rollback * m.split.shift,
            segments: metrics,
            promote: m.alpha_promote,
        }
    }
}

impl MetricPlan {
    pub fn new(metric: &MetricConfig, config: &JudgeConfig, history: History) -> Self {
        let monitoring = &config.monitoring;
        let budget = Budget::of(config);
        let boundaries = Boundaries::of(metric);
        let alpha = metric.alpha.unwrap_or(config.alpha);
        let alpha_safe = metric.alpha.map_or(budget.promote, |a| a.safe);
        let tuning = |rule| Tuning {
            rule,
            burn_in_rows: monitoring.burn_in.rows,
            expected_rows: monitoring.expected_rows,
            alpha_harm: budget.gate,
            alpha_safe,
        };
        let dispersion = history.dispersion.unwrap_or(1.0);
        let watched = metric.role != Role::Advisory && metric.direction == Direction::LowerIsBetter;
        let spikes = (watched && !boundaries.lines.is_empty()).then(|| SpikeStarts { horizon: horizon(config) });
        let clustered = config.data.unit.is_some();
        let process = match &metric.kind {
            // Repeated failures of one user: with a ratio the first failure of each unit counts, with a difference rows do,
            // and their hash groups widen the variance.
            MetricKind::Proportion { event, .. }
                if clustered && boundaries.lines.iter().any(|l| l.measure == Measure::Difference) =>
            {
                Process::Contrast { tuning: tuning(VarianceRule::Restricted), ratio: false, event: Some(*event) }
            }
            MetricKind::Proportion { event, .. } => {
                let tuning = tuning(VarianceRule::Restricted);
                let plan = RatePlan::new(&boundaries.lines, dispersion, spikes, Some(tuning));
                Process::Rates { plan, event: Some(*event) }
            }
            MetricKind::Rate { .. } => {
                Process::Rates { plan: RatePlan::new(&boundaries.lines, dispersion, spikes, None), event: None }
            }
            MetricKind::Mean { .. } | MetricKind::Calibration { .. } => {
                Process::Contrast { tuning: tuning(VarianceRule::Residual), ratio: false, event: None }
            }
            MetricKind::Ratio { .. } => {
                Process::Contrast { tuning: tuning(VarianceRule::Residual), ratio: true, event: None }
            }
            MetricKind::Quantile { q, .. } => Process::Quantile(ExceedancePlan::new(
                *q,
                &boundaries.lines,
                dispersion,
                monitoring.burn_in.events,
                tuning(VarianceRule::Restricted),
            )),
            MetricKind::Distribution { .. } => Process::Typical(RankScorePlan {
                lines: boundaries.lines.clone(),
                tuning: tuning(VarianceRule::Residual),
            }),
            MetricKind::Shift { max_distance, .. } => Process::Shift { max_distance: *max_distance },
            MetricKind::Agreement { min, .. } => Process::Agreement { min: *min },
            MetricKind::Auc { .. } => Process::None(
                "an AUC has no anytime-valid method here; watch calibration or the score's mean, and judge the AUC at the end",
            ),
        };
        MetricPlan {
            config: metric.clone(),
            boundaries,
            process,
            burn_in_rows: monitoring.burn_in.rows,
            alpha_safe,
            alpha_limit: alpha.harm,
            min_samples: metric.min_samples,
        }
    }

    pub fn is_monitored(&self) -> bool {
        !matches!(self.process, Process::None(_))
    }
}

/// Looks of a day.
fn horizon(config: &JudgeConfig) -> u64 {
    match config.monitoring.look {
        LookEvery::Seconds(seconds) if seconds > 0.0 => (86_400.0 / seconds).clamp(1.0, 1e6) as u64,
        _ => SpikeStarts::default().horizon,
    }
}

/// Every fault of the config, and what a monitor cannot run with besides.
pub(crate) fn check(config: &JudgeConfig) -> Result<(), ConfigErrors> {
    config.check()?;
    let m = &config.monitoring;
    let mut faults = Vec::new();
    for (key, alpha) in [("alpha_rollback", m.alpha_rollback), ("alpha_promote", m.alpha_promote)] {
        if alpha >= 0.5 {
            let message = format!("{alpha} is no error rate to watch at; it has to lie below 0.5");
            faults.push(ConfigError { path: format!("monitoring.{key}"), message });
        }
    }
    for (key, share) in [("metrics", m.split.metrics), ("spike", m.split.spike), ("shift", m.split.shift)] {
        if share <= 0.0 {
            let message = format!("{share} leaves this part no error rate; give it a share above 0");
            faults.push(ConfigError { path: format!("monitoring.split.{key}"), message });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(ConfigErrors(faults)) }
}
