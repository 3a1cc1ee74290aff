//! Serinus judges canaries: from the samples of a new version and of the serving version, metric by metric, it says
//! pass, marginal or fail, and so promote, hold or roll back, with the evidence for it.
//!
//! The default features are a pure library: no clock, file, socket or global state.
#![forbid(unsafe_code)]

mod arms;
pub mod compare;
pub mod config;
pub mod drill;
mod evidence;
pub mod judge;
pub mod kayenta;
pub mod monitor;
pub mod plan;
pub mod replay;
pub mod report;
pub mod rollout;
pub mod router;
pub mod stats;
pub mod summary;
mod table;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "files")]
pub mod input;
#[cfg(feature = "python")]
mod python;

pub use arms::{Arm, Arms};
pub use config::{ConfigError, ConfigErrors, JudgeConfig, MetricConfig};
pub use evidence::{Evidence, Interval, LogE, MarginUsed, Method, Scale};
pub use judge::judgement::{Check, Finding, Group, Judgement, Needs, Provenance, Reason, SegmentFinding};
pub use judge::{Decision, Outcome, Verdict};
pub use table::{Column, Table, TableError};
