//! Why an event changes nothing.

use serde::{Deserialize, Serialize};

use super::event::Timestamp;
use super::state::{Phase, Waiting};

/// Why an event was refused. The state stays as it was; the trail keeps the event and this reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refused", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refused {
    /// The event is not known, or not of its form.
    #[error("unknown event: {why}")]
    Unknown {
        /// What the reader says.
        why: String,
    },
    /// The event is older than one that was taken before it.
    #[error("the event is of {now} ms and one of {last} ms was taken before; send events in order")]
    Backwards {
        /// Its time.
        now: u64,
        /// The time of the last one.
        last: u64,
    },
    /// The event is about another phase than the current one.
    #[error("the event is about {about} and the rollout is in {current}; it came too late or too early")]
    WrongPhase {
        /// The phase it is about.
        about: Phase,
        /// The current phase.
        current: Phase,
    },
    /// The data end before the phase began, or before data that were judged already.
    #[error("the data end at {until} ms, and data up to {seen} ms are needed or were judged already")]
    Late {
        /// Where they end.
        until: u64,
        /// What is newer.
        seen: u64,
    },
    /// The data are from the future.
    #[error("the data end at {until} ms, after the event at {now} ms; the clocks disagree")]
    Future {
        /// Where they end.
        until: u64,
        /// The event's time.
        now: u64,
    },
    /// Counts of a phase only grow.
    #[error("{found} canary rows after {seen} in the same phase; counts are cumulative")]
    CountsFell {
        /// The count of this event.
        found: u64,
        /// The count seen before.
        seen: u64,
    },
    /// Nothing has begun.
    #[error("the rollout has not started; send start first")]
    NotStarted,
    /// The rollout runs already.
    #[error("a rollout of {revision} is under way; abort it before another starts")]
    UnderWay {
        /// What is being rolled out.
        revision: String,
    },
    /// The rollout is over.
    #[error("the rollout is over ({phase}); start another revision, or override")]
    Over {
        /// How it ended.
        phase: Phase,
    },
    /// A rollback was not long enough ago.
    #[error("cooling down after a rollback until {until} ms; wait, or override with restart")]
    CoolingDown {
        /// When it ends.
        until: u64,
    },
    /// This revision has been rolled back, or promoted.
    #[error("revision {revision} was {how} before; start another revision, or override with restart")]
    SameRevision {
        /// The revision.
        revision: String,
        /// `rolled back` or `promoted`.
        how: String,
    },
    /// A person has to give a name and a reason.
    #[error("{field} is empty; say who decides and why")]
    Nameless {
        /// `who`, `why` or `revision`.
        field: String,
    },
    /// The rollout is paused already.
    #[error("the rollout is paused already")]
    AlreadyPaused,
    /// The rollout is not paused.
    #[error("the rollout is not paused")]
    NotPaused,
    /// There is nothing to approve, or not yet.
    #[error("not ready for approval: {}", .waiting.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotReady {
        /// What it waits for.
        waiting: Vec<Waiting>,
    },
}

impl Refused {
    pub(super) fn backwards(now: Timestamp, last: Timestamp) -> Refused {
        Refused::Backwards { now: now.0, last: last.0 }
    }
}
