//! What a monitor keeps between looks: small, versioned, and the same bytes for the same batches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::metric::MetricState;
use super::plan::MetricPlan;
use super::sample_ratio::SampleRatio;
use crate::arms::Arms;
use crate::judge::judgement::Reason;

/// The format's name, which every stored state carries.
pub const STATE_SCHEMA: &str = "serinus.monitor/1";

/// The state in use; what is stored of it is [`Stored`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MonitorState {
    pub config_sha256: String,
    /// Digest of all batches in order: each is hashed with the digest before it.
    pub data_sha256: String,
    /// Number of the batch that is due; none before the first.
    pub next_sequence: Option<u64>,
    pub looks: u64,
    pub start_seconds: f64,
    pub end_seconds: f64,
    pub stage: Option<String>,
    pub assigned: Arms<u64>,
    pub sample_ratio: SampleRatio,
    /// In the config's order.
    pub metrics: Vec<MetricState>,
    /// Cells by segment, each with the metrics seen in it by their place in the config.
    pub segments: Vec<SegmentState>,
    pub rollback: Option<Rollback>,
}

/// Processes inside one segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SegmentState {
    pub segment: BTreeMap<String, String>,
    pub metrics: BTreeMap<usize, MetricState>,
}

/// The state as it is stored: metrics by name, so that their order in the config is no part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    pub schema: String,
    pub config_sha256: String,
    data_sha256: String,
    next_sequence: Option<u64>,
    looks: u64,
    start_seconds: f64,
    end_seconds: f64,
    stage: Option<String>,
    assigned: Arms<u64>,
    sample_ratio: SampleRatio,
    metrics: BTreeMap<String, MetricState>,
    segments: Vec<StoredSegment>,
    rollback: Option<Rollback>,
}

/// See [`SegmentState`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSegment {
    segment: BTreeMap<String, String>,
    metrics: BTreeMap<String, MetricState>,
}

impl Stored {
    pub fn of(state: &MonitorState, plans: &[MetricPlan]) -> Self {
        let name = |i: usize| plans[i].config.name.clone();
        let cells = |s: &SegmentState| s.metrics.iter().map(|(m, cell)| (name(*m), cell.clone())).collect();
        let segments = state.segments.iter();
        Stored {
            schema: STATE_SCHEMA.into(),
            config_sha256: state.config_sha256.clone(),
            data_sha256: state.data_sha256.clone(),
            next_sequence: state.next_sequence,
            looks: state.looks,
            start_seconds: state.start_seconds,
            end_seconds: state.end_seconds,
            stage: state.stage.clone(),
            assigned: state.assigned,
            sample_ratio: state.sample_ratio.clone(),
            metrics: state.metrics.iter().enumerate().map(|(i, m)| (name(i), m.clone())).collect(),
            segments: segments.map(|s| StoredSegment { segment: s.segment.clone(), metrics: cells(s) }).collect(),
            rollback: state.rollback.clone(),
        }
    }

    /// The state in use; `None` when the processes are not those of these plans.
    pub fn restore(mut self, plans: &[MetricPlan]) -> Option<MonitorState> {
        let place = |name: &str| plans.iter().position(|p| p.config.name == name);
        let fitting = |i: usize, state: MetricState| plans[i].fits(&state).then_some((i, state));
        let mut metrics = Vec::with_capacity(plans.len());
        for (i, plan) in plans.iter().enumerate() {
            metrics.push(fitting(i, self.metrics.remove(&plan.config.name)?)?.1);
        }
        let segment = |s: StoredSegment| {
            let cells = s.metrics.into_iter().map(|(name, cell)| fitting(place(&name)?, cell));
            Some(SegmentState { segment: s.segment, metrics: cells.collect::<Option<_>>()? })
        };
        let segments = self.segments.into_iter().map(segment).collect::<Option<Vec<_>>>()?;
        let finite = self.start_seconds.is_finite() && self.end_seconds.is_finite();
        (self.metrics.is_empty() && finite).then_some(MonitorState {
            config_sha256: self.config_sha256,
            data_sha256: self.data_sha256,
            next_sequence: self.next_sequence,
            looks: self.looks,
            start_seconds: self.start_seconds,
            end_seconds: self.end_seconds,
            stage: self.stage,
            assigned: self.assigned,
            sample_ratio: self.sample_ratio,
            metrics,
            segments,
            rollback: self.rollback,
        })
    }
}

/// A rollback, once decided for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollback {
    /// The batch at which it was decided.
    pub sequence: u64,
    /// When that batch ended.
    pub end_seconds: f64,
    /// Canary requests (units) assigned by then.
    pub canary_exposed: u64,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl MonitorState {
    pub fn new(config_sha256: String, metrics: Vec<MetricState>) -> Self {
        MonitorState {
            config_sha256,
            data_sha256: hex(&Sha256::digest([])),
            next_sequence: None,
            looks: 0,
            start_seconds: 0.0,
            end_seconds: 0.0,
            stage: None,
            assigned: Arms::default(),
            sample_ratio: SampleRatio::default(),
            metrics,
            segments: Vec::new(),
            rollback: None,
        }
    }

    /// Adds a batch to the digest of the data.
    pub fn chain(&mut self, batch: &Batch) {
        let text = serde_json::to_string(batch).unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(self.data_sha256.as_bytes());
        hasher.update(text.as_bytes());
        self.data_sha256 = hex(&hasher.finalize());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
