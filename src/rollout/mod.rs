//! What happens next: the rollout as a pure machine.
//!
//! [`step`] takes a state, an event and a time, and gives a state and effects. It has no clock, opens nothing and
//! forgets nothing: the state is plain data that any process can store and go on with, and a [`Rollout`] keeps every
//! event, so that its trail replays to the same bytes.
//!
//! ```text
//! pending ── start ──> shadow ──> stage 0 ──> stage 1 ── ... ── promote ──> final bake ──> promoted
//!                         │          │           │                              │              │
//!                         └──────────┴── rollback, spike, deadline, abort ──────┴──────────────┴──> rolled back
//! ```
//!
//! - **Between stages** `auto` goes on once the stage's least seconds and samples are met and the latest look is
//!   neither a rollback nor invalid nor stale: an inconclusive hold needs more traffic, not less. `on_promote` waits for a
//!   pass as well, `manual` for a person.
//! - **To 100 percent** it takes a `promote`, `consecutive_passes` times in a row, at the last stage.
//! - **A hold ends.** Its deadline runs from when the last stage's minimum is met; then the rollout is rolled back as
//!   undetermined, or paused for a person. Time spent paused does not count.
//! - **A rollback look** ends the rollout unless `limits` forgive it; a forgiven one still blocks the way on until a
//!   newer look is better. Paused or not, rollbacks act.
//! - **No data** (and data older than `stale_seconds`) hold or fail, as the config says; they never move anything on.
//! - **Weight 0 is one event away** from every state: `abort` is never refused, whatever its clock says.
//! - **No way back in by accident.** A revision that was rolled back needs an override to start again, and another
//!   one waits for the cool-down.

mod audit;
mod config;
mod effect;
mod event;
mod refused;
mod state;
mod step;

pub use audit::{Entry, EventOutcome, ReplayError, Rollout};
pub use config::{
    Advance, AtDeadline, HoldRule, Limits, Look as LookRule, NoDataRule, On, RolloutConfig, ShadowStage, SpikeRule,
    Stage, Strategy, WarmUpRule,
};
pub use effect::{Alert, Cause, Effect, Level};
pub use event::{Action, Digests, Event, Look, Timestamp, Trigger};
pub use refused::Refused;
pub use state::{Ending, Paused, Phase, PhaseRecord, STATE_SCHEMA, State, Told, Waiting};
pub use step::step;
