//! Where a rollout stands: everything that the next step depends on, and nothing else.

use serde::{Deserialize, Serialize};

use super::config::{Advance, RolloutConfig, Strategy};
use super::effect::Cause;
use super::event::{Look, Timestamp};
use crate::arms::Arms;
use crate::judge::Decision;

/// The version of a stored state.
pub const STATE_SCHEMA: &str = "serinus.rollout/1";

/// Where a rollout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not started; weight 0.
    Pending,
    /// Copies of requests only; weight 0.
    Shadow,
    /// In the stage of this index.
    Stage(usize),
    /// At 100 percent, watched.
    FinalBake,
    /// Done; 100 percent.
    Promoted,
    /// Rolled back; weight 0.
    RolledBack,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Phase::Pending => f.write_str("pending"),
            Phase::Shadow => f.write_str("shadow"),
            Phase::Stage(i) => write!(f, "stage {i}"),
            Phase::FinalBake => f.write_str("final bake"),
            Phase::Promoted => f.write_str("promoted"),
            Phase::RolledBack => f.write_str("rolled back"),
        }
    }
}

/// The state of a rollout. It carries its config, so that any process can go on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`STATE_SCHEMA`].
    pub schema: String,
    /// How the rollout proceeds.
    pub config: RolloutConfig,
    /// Where it is.
    pub phase: Phase,
    /// The canary's traffic share in percent.
    pub percent: f64,
    /// What is rolled out.
    pub revision: Option<String>,
    /// Time of the last event taken.
    pub last: Timestamp,
    /// When the rollout started.
    pub started: Timestamp,
    /// When the phase began.
    pub entered: Timestamp,
    /// When the warm-up ended; `None` while it lasts.
    pub warm: Option<Timestamp>,
    /// When the phase's least seconds and samples were both met.
    pub ready: Option<Timestamp>,
    /// When the final bake ends.
    pub bake_ends: Option<Timestamp>,
    /// When the cool-down ends.
    pub cool_until: Option<Timestamp>,
    /// Who stopped it, when it is paused.
    pub paused: Option<Paused>,
    /// Milliseconds paused since `ready`: the hold's deadline does not run in them.
    pub paused_ms: u64,
    /// The latest look of this phase that counts.
    pub latest: Option<Look>,
    /// When the data of that look end.
    pub latest_at: Option<Timestamp>,
    /// Failed looks in all.
    pub failures: u64,
    /// Failed looks in a row.
    pub consecutive_failures: u64,
    /// Passed looks in a row, in this phase.
    pub consecutive_passes: u64,
    /// Looks in this phase.
    pub looks: u64,
    /// Requests served in this phase.
    pub served: Arms<u64>,
    /// Requests served in the phases before.
    pub served_before: Arms<u64>,
    /// What has been said in this phase, to say it once.
    pub told: Told,
    /// The phases gone through: time at each, requests, looks.
    pub history: Vec<PhaseRecord>,
    /// How it ended.
    pub ended: Option<Ending>,
    /// Revisions that were rolled back.
    pub rolled_back: Vec<String>,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// Who; `serinus` for the machine itself.
    pub who: String,
    /// Why.
    pub why: String,
}

/// What has been said in this phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// That data are stale.
    pub stale: bool,
    /// That an approval is waited for.
    pub approval: bool,
}

/// One phase gone through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecord {
    /// What was rolled out.
    pub revision: String,
    /// The phase.
    pub phase: Phase,
    /// The canary's traffic share in percent.
    pub percent: f64,
    /// When it began.
    pub entered: Timestamp,
    /// When it ended.
    pub left: Timestamp,
    /// Requests served in it.
    pub served: Arms<u64>,
    /// Looks in it.
    pub looks: u64,
    /// The latest decision in it.
    pub decision: Option<Decision>,
}

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// Why it was rolled back; `None` when it was promoted.
    pub cause: Option<Cause>,
    /// In a sentence.
    pub text: String,
}

/// Something that a phase waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "waiting", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Waiting {
    /// A start.
    Start,
    /// Nothing: the rollout is over.
    Nothing,
    /// A person's resume.
    Resume,
    /// The end of the warm-up.
    WarmUp,
    /// So many seconds.
    Seconds {
        /// How many are left.
        left: f64,
    },
    /// Canary rows.
    Samples {
        /// Rows judged so far.
        have: u64,
        /// Rows needed.
        need: u64,
    },
    /// A look at this phase.
    Look,
    /// A look at newer data.
    FreshData,
    /// A valid comparison: the latest was not.
    Validity,
    /// A look that does not fail: the latest was forgiven, not forgotten.
    NoFailure,
    /// Passed looks in a row.
    Passes {
        /// How many there are.
        have: u64,
        /// How many are needed.
        need: u64,
    },
    /// A person's approval.
    Approval,
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Waiting::Start => f.write_str("the start"),
            Waiting::Nothing => f.write_str("nothing, the rollout is over"),
            Waiting::Resume => f.write_str("somebody to resume it"),
            Waiting::WarmUp => f.write_str("the warm-up to end"),
            Waiting::Seconds { left } => write!(f, "{left} more seconds"),
            Waiting::Samples { have, need } => write!(f, "{need} canary rows ({have} were judged)"),
            Waiting::Look => f.write_str("a look at this phase"),
            Waiting::FreshData => f.write_str("a look at newer data"),
            Waiting::Validity => f.write_str("a valid comparison"),
            Waiting::NoFailure => f.write_str("a look that does not fail"),
            Waiting::Passes { have, need } => write!(f, "a promote ({have} of {need} in a row)"),
            Waiting::Approval => f.write_str("an approval"),
        }
    }
}

impl State {
    /// A rollout that has not started.
    ///
    /// ```
    /// use serde_json::json;
    /// use serinus::rollout::{Phase, RolloutConfig, State};
    /// let config = RolloutConfig::from_value(&json!({"version": 1, "stages": [{"percent": 5}]}))?;
    /// let state = State::new(config);
    /// assert_eq!((state.phase, state.percent), (Phase::Pending, 0.0));
    /// # Ok::<(), serinus::ConfigErrors>(())
    /// ```
    pub fn new(config: RolloutConfig) -> State {
        State {
            schema: STATE_SCHEMA.to_owned(),
            config,
            phase: Phase::Pending,
            percent: 0.0,
            revision: None,
            last: Timestamp(0),
            started: Timestamp(0),
            entered: Timestamp(0),
            warm: None,
            ready: None,
            bake_ends: None,
            cool_until: None,
            paused: None,
            paused_ms: 0,
            latest: None,
            latest_at: None,
            failures: 0,
            consecutive_failures: 0,
            consecutive_passes: 0,
            looks: 0,
            served: Arms::default(),
            served_before: Arms::default(),
            told: Told::default(),
            history: Vec::new(),
            ended: None,
            rolled_back: Vec::new(),
        }
    }

    /// Whether traffic goes, or is copied, to a canary that is not yet the stable version.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Shadow | Phase::Stage(_) | Phase::FinalBake)
    }

    /// Requests served since the start.
    pub fn served_in_all(&self) -> Arms<u64> {
        Arms {
            baseline: self.served_before.baseline.saturating_add(self.served.baseline),
            canary: self.served_before.canary.saturating_add(self.served.canary),
        }
    }

    /// Everything that the next step still waits for; empty when the next event takes it.
    pub fn waiting(&self, now: Timestamp) -> Vec<Waiting> {
        match self.phase {
            Phase::Pending => return vec![Waiting::Start],
            Phase::Promoted | Phase::RolledBack => return vec![Waiting::Nothing],
            _ => {}
        }
        let mut waits = Vec::new();
        if self.paused.is_some() {
            waits.push(Waiting::Resume);
        }
        if self.phase == Phase::FinalBake {
            let left = self.bake_ends.map_or(0.0, |end| end.seconds_since(now));
            if left > 0.0 {
                waits.push(Waiting::Seconds { left });
            }
            if self.latest.as_ref().is_some_and(|look| look.decision == Decision::Rollback) {
                waits.push(Waiting::NoFailure);
            }
            return waits;
        }
        let Some(clock) = self.clock() else {
            waits.push(Waiting::WarmUp);
            return waits;
        };
        let (seconds, samples) = self.minimum();
        let left = clock.plus_seconds(seconds).seconds_since(now);
        if left > 0.0 {
            waits.push(Waiting::Seconds { left });
        }
        let have = self.latest.as_ref().map_or(0, |look| look.samples.canary);
        if have < samples {
            waits.push(Waiting::Samples { have, need: samples });
        }
        match &self.latest {
            None => waits.push(Waiting::Look),
            Some(look) => {
                if look.decision == Decision::Rollback {
                    waits.push(Waiting::NoFailure);
                }
                if !look.valid {
                    waits.push(Waiting::Validity);
                }
                if self.is_stale(now) {
                    waits.push(Waiting::FreshData);
                }
            }
        }
        let needs_promote = self.is_last() || self.config.advance == Advance::OnPromote;
        let need = self.config.limits.consecutive_passes.max(1);
        if needs_promote && self.consecutive_passes < need {
            waits.push(Waiting::Passes { have: self.consecutive_passes, need });
        }
        if self.config.advance == Advance::Manual {
            waits.push(Waiting::Approval);
        }
        waits
    }

    /// The next moment at which the passing of time alone may change something: when to send a tick at the latest.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if !self.is_active() || self.paused.is_some() {
            return None;
        }
        if self.phase == Phase::FinalBake {
            return self.bake_ends;
        }
        let Some(clock) = self.clock() else {
            return match self.config.warm_up {
                Some(super::config::WarmUpRule::Seconds(s)) => Some(self.started.plus_seconds(s)),
                _ => None,
            };
        };
        let minimum = clock.plus_seconds(self.minimum().0);
        let stale = self.fresh_since().plus_seconds(self.config.on.stale_seconds);
        let after = |moment: Timestamp| (moment > self.last).then_some(moment);
        [after(minimum), after(Timestamp(stale.0.saturating_add(1))), self.deadline().and_then(after)]
            .into_iter()
            .flatten()
            .min()
    }

    /// From when the phase's least time runs; `None` during the warm-up.
    pub(super) fn clock(&self) -> Option<Timestamp> {
        self.warm.map(|warm| warm.max(self.entered))
    }

    /// Least seconds and samples of the phase.
    pub(super) fn minimum(&self) -> (f64, u64) {
        match self.phase {
            Phase::Shadow => self.config.shadow.map_or((0.0, 0), |s| (s.min_seconds, s.min_samples)),
            Phase::Stage(i) => self.config.stages.get(i).map_or((0.0, 0), |s| (s.min_seconds, s.min_samples)),
            _ => (0.0, 0),
        }
    }

    /// Whether the next step is the one to 100 percent (or, after a blue-green switch, to the end).
    pub(super) fn is_last(&self) -> bool {
        matches!(self.phase, Phase::Stage(i) if i + 1 >= self.config.stages.len())
    }

    /// Since when nothing newer has been seen.
    pub(super) fn fresh_since(&self) -> Timestamp {
        let began = self.clock().unwrap_or(self.entered);
        self.latest_at.map_or(began, |at| at.max(began))
    }

    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        now > self.fresh_since().plus_seconds(self.config.on.stale_seconds)
    }

    /// When a hold at the last stage ends.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let ready = self.ready.filter(|_| self.is_last())?;
        let end = ready.plus_seconds(self.config.on.hold.deadline_seconds);
        Some(Timestamp(end.0.saturating_add(self.paused_ms)))
    }

    /// The first phase of a rollout.
    pub(super) fn first(&self) -> Phase {
        match self.config.strategy {
            Strategy::Canary | Strategy::BlueGreen => Phase::Stage(0),
            Strategy::ShadowThenCanary => Phase::Shadow,
            Strategy::Direct => Phase::FinalBake,
        }
    }
}
