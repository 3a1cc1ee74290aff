//! The audit trail: every event with its time and what came of it. It replays to the same state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::RolloutConfig;
use super::effect::Effect;
use super::event::{Event, Timestamp};
use super::refused::Refused;
use super::state::State;
use super::step::step;

/// A rollout with its trail. Store it after each event; any process can go on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Where it stands.
    pub state: State,
    /// Every event in the order received, the refused ones too.
    pub trail: Vec<Entry>,
}

/// One event and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Number in the trail, from 0.
    pub number: u64,
    /// When it was received.
    pub at: Timestamp,
    /// The event as it came.
    pub event: Value,
    /// What came of it.
    pub outcome: EventOutcome,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOutcome {
    /// Taken; these were its effects.
    Taken {
        /// The effects.
        effects: Vec<Effect>,
    },
    /// Refused; nothing changed.
    Refused {
        /// Why.
        reason: Refused,
        /// Why, in a sentence.
        text: String,
    },
}

/// Why a trail does not replay.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("entry {number} of the trail replays to another outcome; the trail was changed, or made by another version")]
pub struct ReplayError {
    /// The entry.
    pub number: u64,
}

impl Rollout {
    /// A rollout that has not started.
    pub fn new(config: RolloutConfig) -> Rollout {
        Rollout { state: State::new(config), trail: Vec::new() }
    }

    /// Takes an event and keeps it. The effects are for the host to carry out.
    ///
    /// ```
    /// use serde_json::json;
    /// use serinus::rollout::{Event, Rollout, RolloutConfig, Timestamp};
    /// let config = RolloutConfig::from_value(&json!({"version": 1, "stages": [{"percent": 5}]}))?;
    /// let mut rollout = Rollout::new(config.clone());
    /// rollout.take(&Event::Start { revision: "v42".to_owned() }, Timestamp(0))?;
    /// assert!(rollout.take(&Event::Start { revision: "v43".to_owned() }, Timestamp(9)).is_err());
    ///
    /// // Both events are in the trail, and the trail leads to the same rollout.
    /// assert_eq!(rollout.trail.len(), 2);
    /// assert_eq!(Rollout::replay(config, &rollout.trail)?, rollout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The event was refused; the state is unchanged, and the trail says why.
    pub fn take(&mut self, event: &Event, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        let value = serde_json::to_value(event).expect("an event has text keys only");
        let outcome = step(&self.state, event, now);
        self.keep(value, now, outcome)
    }

    /// The same from JSON: an event that cannot be read is refused and kept.
    ///
    /// # Errors
    /// The event is unknown or was refused.
    pub fn take_value(&mut self, event: &Value, now: Timestamp) -> Result<Vec<Effect>, Refused> {
        let outcome = Event::from_value(event).and_then(|event| step(&self.state, &event, now));
        self.keep(event.clone(), now, outcome)
    }

    fn keep(
        &mut self,
        event: Value,
        at: Timestamp,
        outcome: Result<(State, Vec<Effect>), Refused>,
    ) -> Result<Vec<Effect>, Refused> {
        let number = self.trail.len() as u64;
        let (kept, answer) = match outcome {
            Ok((state, effects)) => {
                self.state = state;
                (EventOutcome::Taken { effects: effects.clone() }, Ok(effects))
            }
            Err(reason) => (EventOutcome::Refused { reason: reason.clone(), text: reason.to_string() }, Err(reason)),
        };
        self.trail.push(Entry { number, at, event, outcome: kept });
        answer
    }

    /// The rollout that a trail leads to.
    ///
    /// # Errors
    /// An entry comes out otherwise than the trail says.
    pub fn replay(config: RolloutConfig, trail: &[Entry]) -> Result<Rollout, ReplayError> {
        let mut rollout = Rollout::new(config);
        for entry in trail {
            let _ = rollout.take_value(&entry.event, entry.at);
            if rollout.trail.last() != Some(entry) {
                return Err(ReplayError { number: entry.number });
            }
        }
        Ok(rollout)
    }
}
