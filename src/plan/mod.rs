//! Before the rollout: how long, how big, how much is at risk.
//!
//! A plan asks four things: what is known of the metric ([`Behaviour`], from numbers or from [`History`]), what is to
//! be shown ([`Claim`]), how the comparison is made ([`Design`]), and then [`sample_size`], [`power`] or what is
//! [detectable](detectable_margin). [`from_config`] asks them of every metric of a judge's config; [`ramp()`] lays the
//! stages of a rollout.
//!
//! Two claims that are often quoted, computed:
//!
//! A canary at 1 % of 10,000 requests a minute collects 6,000 rows an hour. Against all the stable traffic beside it
//! that is enough to show a difference of 0.05 standard deviations; against a baseline of equal size, two-sided, it is
//! not.
//!
//! ```
//! use serinus::plan::{Behaviour, Claim, Design, Sides, Size, power, sample_size};
//! let metric = Behaviour::Mean { mean: None, sd: 1.0, canary_sd: None };
//! let claim = Claim::Superiority { change: Size::Absolute(0.05) };
//!
//! let all_stable = Design::default().at_percent(1.0);
//! assert_eq!(sample_size(&metric, &claim, &all_stable)?.canary, 2_499);
//! assert!(power(&metric, &claim, &all_stable, 6_000)? > 0.98);
//!
//! let equal_arms = Design { sides: Sides::Two, ..Design::default() };
//! assert_eq!(sample_size(&metric, &claim, &equal_arms)?.canary, 6_280);
//! # Ok::<(), serinus::stats::Unanswerable>(())
//! ```
//!
//! "A click rate that falls by 2 % needs 40,000 users a group" is true only where every second user clicks:
//!
//! ```
//! use serinus::plan::{Behaviour, Claim, Design, ProportionVariance, Sides, Size, sample_size};
//! let design = Design { sides: Sides::TwoDirected, ..Design::default() };
//! let claim = Claim::Superiority { change: Size::Relative(-0.02) };
//! let users = |p| {
//!     let metric = Behaviour::Proportion { p, variance: ProportionVariance::Unpooled };
//!     sample_size(&metric, &claim, &design).map(|n| n.canary)
//! };
//! assert_eq!(users(0.50)?, 39_237);
//! assert_eq!(users(0.05)?, 738_572); // about 739,000
//! # Ok::<(), serinus::stats::Unanswerable>(())
//! ```

mod behaviour;
mod claim;
mod config;
mod contrast;
mod design;
mod emit;
mod history;
mod outlook;
mod planned;
mod proportion;
mod ramp;
mod shift;
mod size;
mod table;
mod yaml;

pub use behaviour::{Behaviour, ProportionVariance};
pub use claim::{Bound, Claim, Size};
pub use config::{ConfigPlan, DEFAULT_WEIGHTS, MetricAtWeight, MetricPlan, WeightPlan, from_config, from_config_at};
pub use design::{Design, PowerSplit, Reference, Sides};
pub use emit::{EmitError, Platform, argo_steps, emit, flagger, istio, rollout};
pub use history::History;
pub use outlook::{MetricOutlook, Outlook, outlook};
pub use planned::PlannedMetric;
pub use ramp::{Allocation, BadCanary, Exposure, Ramp, RampRequest, RampStage, Schedule, StageNeed, ramp};
pub use size::{SampleSize, Scale, detectable_change, detectable_harm, detectable_margin, power, sample_size};
