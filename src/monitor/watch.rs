//! The monitor: batches in, a judgement at every look.

use std::collections::BTreeMap;

use super::answer_look::Window;
use super::batch::{ArmStatistics, Batch};
use super::decide::{Standing, anything_failed, attribute, rollback_reasons, standing};
use super::error::MonitorError;
use super::look::{Look, Totals};
use super::metric::Checked;
use super::plan::{Budget, History, MetricPlan, check};
use super::state::{MonitorState, Rollback, STATE_SCHEMA, SegmentState, Stored};
use super::weights::Weights;
use crate::arms::Arms;
use crate::config::{JudgeConfig, Role};

/// What is checked of a batch: a metric's place in the config, and its statistics.
type Parsed = Vec<(usize, Checked)>;

/// Watches a canary look by look, with guarantees that hold at every look.
///
/// The rollback error is `alpha_rollback` over all looks together, the promotion error `alpha_promote`; both hold whatever
/// the number of looks and whenever one stops. Looking more often costs nothing.
///
/// ```
/// use serinus::config::{Direction, Event, Margin, MetricKind};
/// use serinus::monitor::{ArmStatistics, Batch, Monitor};
/// use serinus::{Arms, Decision, JudgeConfig, MetricConfig};
///
/// let errors = MetricKind::Proportion { column: "error".into(), event: Event::True };
/// let mut config = JudgeConfig::default();
/// config.metrics = vec![
///     MetricConfig::new("errors", errors, Direction::LowerIsBetter).margin(Margin::absolute(0.005)),
/// ];
/// let mut monitor = Monitor::new(&config)?;
/// for minute in 0..60u64 {
///     let statistics = Arms { baseline: ArmStatistics::events(950, 1), canary: ArmStatistics::events(50, 0) };
///     let look = monitor.observe(&Batch {
///         sequence: minute,
///         start_seconds: 60.0 * minute as f64,
///         end_seconds: 60.0 * (minute + 1) as f64,
///         assigned: Arms { baseline: 950, canary: 50 },
///         metrics: [("errors".to_owned(), statistics)].into(),
///         ..Batch::default()
///     })?;
///     if minute == 59 {
///         assert_eq!(look.judgement.decision, Decision::Promote);
///     }
/// }
/// # Ok::<(), serinus::monitor::MonitorError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    pub(crate) config: JudgeConfig,
    pub(crate) plans: Vec<MetricPlan>,
    pub(crate) budget: Budget,
    pub(crate) weights: Weights,
    pub(crate) state: MonitorState,
}

impl Monitor {
    /// A fresh monitor of a config.
    ///
    /// # Errors
    /// [`MonitorError::Config`] with every fault at once.
    pub fn new(config: &JudgeConfig) -> Result<Self, MonitorError> {
        Monitor::with_history(config, &BTreeMap::new())
    }

    /// A fresh monitor that knows what a dry run found about some metrics, by name.
    ///
    /// # Errors
    /// As [`Monitor::new`].
    pub fn with_history(config: &JudgeConfig, history: &BTreeMap<String, History>) -> Result<Self, MonitorError> {
        check(config)?;
        let known = |name: &str| history.get(name).copied().unwrap_or_default();
        let plans: Vec<MetricPlan> =
            config.metrics.iter().map(|m| MetricPlan::new(m, config, known(&m.name))).collect();
        let state = MonitorState::new(config.digest(), plans.iter().map(MetricPlan::fresh).collect());
        let weights = Weights::of(config, &plans);
        Ok(Monitor { config: config.clone(), plans, budget: Budget::of(config), weights, state })
    }

    /// A monitor that goes on from a stored state.
    ///
    /// # Errors
    /// [`MonitorError::StateVersion`], [`MonitorError::OtherConfig`] or [`MonitorError::State`].
    pub fn resume(config: &JudgeConfig, stored: &str) -> Result<Self, MonitorError> {
        Monitor::resume_with_history(config, &BTreeMap::new(), stored)
    }

    /// [`Monitor::resume`] of a monitor made with [`Monitor::with_history`].
    ///
    /// # Errors
    /// As [`Monitor::resume`].
    pub fn resume_with_history(
        config: &JudgeConfig,
        history: &BTreeMap<String, History>,
        stored: &str,
    ) -> Result<Self, MonitorError> {
        let mut monitor = Monitor::with_history(config, history)?;
        let damaged = |e: serde_json::Error| MonitorError::State { fault: e.to_string() };
        let value: serde_json::Value = serde_json::from_str(stored).map_err(damaged)?;
        let schema = value["schema"].as_str().unwrap_or("unknown");
        if schema != STATE_SCHEMA {
            return Err(MonitorError::StateVersion { found: schema.into(), expected: STATE_SCHEMA });
        }
        let stored: Stored = serde_json::from_value(value).map_err(damaged)?;
        if stored.config_sha256 != monitor.state.config_sha256 {
            return Err(MonitorError::OtherConfig {
                found: stored.config_sha256,
                expected: monitor.state.config_sha256,
            });
        }
        let unfit = || MonitorError::State { fault: "its processes are not those of this config".into() };
        monitor.state = stored.restore(&monitor.plans).ok_or_else(unfit)?;
        Ok(monitor)
    }

    /// The state as JSON: the same batches give the same bytes.
    pub fn save(&self) -> String {
        serde_json::to_string(&Stored::of(&self.state, &self.plans))
            .expect("a state holds finite numbers, texts and lists")
    }

    /// Takes one batch and answers. On an error nothing has changed.
    ///
    /// # Errors
    /// [`MonitorError`]: the batch is a duplicate, out of order, late, still open, or its statistics do not serve.
    pub fn observe(&mut self, batch: &Batch) -> Result<Look, MonitorError> {
        self.consume(batch)?;
        Ok(self.look())
    }

    /// Takes one batch and decides, without writing the answer out.
    ///
    /// # Errors
    /// As [`Monitor::observe`].
    pub fn consume(&mut self, batch: &Batch) -> Result<(), MonitorError> {
        self.check_window(batch)?;
        let (checked, cells) = self.check_statistics(batch)?;
        self.apply(batch, &checked, &cells)
    }

    /// The number of the batch that is due; any number may come first.
    pub fn next_sequence(&self) -> Option<u64> {
        self.state.next_sequence
    }

    /// The combined e-values of this look and what they are held against; cheap, for loops that need no more.
    pub fn totals(&self) -> Totals {
        self.standing().totals
    }

    /// The rollback, when one was decided.
    pub fn rollback(&self) -> Option<&Rollback> {
        self.state.rollback.as_ref()
    }

    pub(crate) fn standing(&self) -> Standing {
        standing(&self.plans, &self.budget, &self.weights, &self.state)
    }

    fn check_window(&self, batch: &Batch) -> Result<(), MonitorError> {
        let Batch { sequence, start_seconds, end_seconds, .. } = *batch;
        if let Some(next) = self.state.next_sequence {
            if sequence < next {
                return Err(MonitorError::Duplicate { sequence, next });
            }
            if sequence > next {
                return Err(MonitorError::OutOfOrder { sequence, next });
            }
        }
        if !(start_seconds.is_finite() && end_seconds.is_finite() && start_seconds <= end_seconds) {
            return Err(MonitorError::Window { sequence, start_seconds, end_seconds });
        }
        let closed_seconds = self.state.end_seconds;
        if self.state.next_sequence.is_some() && start_seconds < closed_seconds {
            return Err(MonitorError::Late { sequence, start_seconds, closed_seconds });
        }
        let watermark_seconds = self.config.monitoring.watermark_seconds;
        let seen_until_seconds = batch.seen_until_seconds.unwrap_or(end_seconds);
        if !(seen_until_seconds >= end_seconds + watermark_seconds) {
            return Err(MonitorError::StillOpen { sequence, end_seconds, seen_until_seconds, watermark_seconds });
        }
        if let Some(share_percent) = batch.share_percent
            && !(share_percent > 0.0 && share_percent < 100.0)
        {
            return Err(MonitorError::Share { sequence, share_percent });
        }
        Ok(())
    }

    fn check_statistics(&self, batch: &Batch) -> Result<(Parsed, Vec<Parsed>), MonitorError> {
        let whole = self.parse(batch, &batch.metrics)?;
        let cells = batch.segments.iter().map(|s| self.parse(batch, &s.metrics)).collect::<Result<_, _>>()?;
        Ok((whole, cells))
    }

    fn parse(&self, batch: &Batch, metrics: &BTreeMap<String, Arms<ArmStatistics>>) -> Result<Parsed, MonitorError> {
        metrics
            .iter()
            .map(|(name, statistics)| {
                let place = self.plans.iter().position(|p| p.config.name == *name);
                let place = place.ok_or_else(|| MonitorError::UnknownMetric {
                    sequence: batch.sequence,
                    metric: name.clone(),
                    known: self.plans.iter().map(|p| p.config.name.as_str()).collect::<Vec<_>>().join(", "),
                })?;
                let checked = self.plans[place].parse(statistics).map_err(|(arm, fault)| MonitorError::Statistics {
                    sequence: batch.sequence,
                    metric: name.clone(),
                    arm,
                    fault,
                })?;
                Ok((place, checked))
            })
            .collect()
    }

    fn apply(&mut self, batch: &Batch, checked: &[(usize, Checked)], cells: &[Parsed]) -> Result<(), MonitorError> {
        let Some(following) = batch.sequence.checked_add(1) else {
            return Err(MonitorError::OutOfOrder { sequence: batch.sequence, next: 0 });
        };
        let state = &mut self.state;
        if state.next_sequence.is_none() {
            state.start_seconds = batch.start_seconds;
        }
        state.next_sequence = Some(following);
        state.looks += 1;
        state.end_seconds = batch.end_seconds;
        state.chain(batch);
        if batch.stage.is_some() {
            state.stage.clone_from(&batch.stage);
        }
        state.assigned = Arms {
            baseline: state.assigned.baseline.saturating_add(batch.assigned.baseline),
            canary: state.assigned.canary.saturating_add(batch.assigned.canary),
        };
        if let Some(percent) = batch.share_percent {
            // The share was checked; the call cannot fail.
            let _ = state.sample_ratio.update(percent / 100.0, &batch.assigned);
        }
        let look = state.looks;
        for (place, checked) in checked {
            self.plans[*place].apply(&mut state.metrics[*place], checked, look);
        }
        for (segment, cells) in batch.segments.iter().zip(cells) {
            let place = match state.segments.iter().position(|s| s.segment == segment.segment) {
                Some(place) => place,
                None => {
                    state.segments.push(SegmentState { segment: segment.segment.clone(), metrics: BTreeMap::new() });
                    state.segments.len() - 1
                }
            };
            for (m, checked) in cells {
                let plan = &self.plans[*m];
                if plan.config.segments && plan.config.role != Role::Advisory && plan.is_monitored() {
                    let cell = state.segments[place].metrics.entry(*m).or_insert_with(|| plan.fresh());
                    plan.apply(cell, checked, look);
                }
            }
        }
        self.decide(batch.sequence);
        Ok(())
    }

    /// Marks what is shown and latches a rollback.
    fn decide(&mut self, sequence: u64) {
        let standing = self.standing();
        attribute(&self.plans, &self.budget, &self.weights, &standing, &mut self.state);
        if self.state.rollback.is_some() {
            return;
        }
        let best = anything_failed(&self.plans, &self.state)
            .then(|| self.score(&self.findings(&standing), Window::Open).best)
            .flatten();
        let reasons = rollback_reasons(&self.config, &self.plans, &standing, &self.state, best);
        if !reasons.is_empty() {
            self.state.rollback = Some(Rollback {
                sequence,
                end_seconds: self.state.end_seconds,
                canary_exposed: self.state.assigned.canary,
                reasons,
            });
        }
    }
}
