//! The transition: a state, an event and a time give a state and effects. No clock, no I/O.

use super::config::{AtDeadline, NoDataRule, SpikeRule, Strategy, WarmUpRule};
use super::effect::{Alert, Cause, Effect, Level};
use super::event::{Action, Event, Look, Timestamp, Trigger};
use super::refused::Refused;
use super::state::{Ending, Paused, Phase, PhaseRecord, State, Told, Waiting};
use crate::arms::Arms;
use crate::judge::Decision;

/// Takes one event. The state given is not changed; a refused event leaves it as it was. Numbers that are infinite or
/// NaN are taken as absent.
///
/// ```
/// use serde_json::json;
/// use serinus::rollout::{Effect, Event, RolloutConfig, State, Timestamp, step};
/// let config = RolloutConfig::from_value(&json!({"version": 1, "stages": [{"percent": 5}]}))?;
/// let state = State::new(config);
/// let (state, effects) = step(&state, &Event::Start { revision: "v42".to_owned() }, Timestamp(0))?;
/// assert_eq!(effects[0], Effect::SetWeight { percent: 5.0 });
///
/// let abort = Event::Abort { who: "ada".to_owned(), why: "pager".to_owned() };
/// let (state, effects) = step(&state, &abort, Timestamp(1_000))?;
/// assert_eq!(effects[0], Effect::SetWeight { percent: 0.0 });
/// assert_eq!(state.percent, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The event is late, out of order, about another phase, or makes no sense in this state; the reason says which.
pub fn step(state: &State, event: &Event, now: Timestamp) -> Result<(State, Vec<Effect>), Refused> {
    let event = &event.clone().finite();
    if let Some((who, why)) = event.person() {
        // An abort without a name is still an abort: nothing stands between a person and weight 0.
        let abort = matches!(event, Event::Abort { .. });
        for (field, text) in [("who", who), ("why", why)] {
            if text.trim().is_empty() && !abort {
                return Err(Refused::Nameless { field: field.to_owned() });
            }
        }
    }
    if now < state.last && !event.is_emergency() {
        return Err(Refused::backwards(now, state.last));
    }
    if let Some(about) = event.phase() {
        match state.phase {
            Phase::Pending => return Err(Refused::NotStarted),
            Phase::Promoted | Phase::RolledBack => return Err(Refused::Over { phase: state.phase }),
            current if current != about => return Err(Refused::WrongPhase { about, current }),
            _ => {}
        }
    }
    let now = now.max(state.last);
    let mut machine = Machine { state: state.clone(), now, effects: Vec::new() };
    machine.state.last = now;
    machine.take(event)?;
    Ok((machine.state, machine.effects))
}

struct Machine {
    state: State,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Machine {
    fn take(&mut self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::Start { revision } => return self.start(revision),
            Event::Tick {} => {}
            Event::Observed { served, .. } => self.observe(*served)?,
            Event::Judged { look, .. } => self.judged(look)?,
            Event::NoData { why, .. } => self.no_data(why),
            Event::ErrorSpike { trigger, .. } => {
                match self.state.config.on.error_spike {
                    SpikeRule::Rollback => self.roll_back(Cause::ErrorSpike, trigger.clone()),
                    SpikeRule::Pause => self.pause("serinus", trigger.clone()),
                }
                return Ok(());
            }
            Event::Pause { who, why } => {
                self.under_way()?;
                if self.state.paused.is_some() {
                    return Err(Refused::AlreadyPaused);
                }
                self.pause(who, said("paused", who, why));
                return Ok(());
            }
            Event::Resume { who, why } => {
                self.under_way()?;
                self.resume()?;
                self.notify(Level::Info, said("resumed", who, why));
            }
            Event::Approve { who, why } => {
                self.under_way()?;
                let waiting = self.state.waiting(self.now);
                if waiting != [Waiting::Approval] {
                    return Err(Refused::NotReady { waiting });
                }
                self.advance(said("approved", who, why));
                return Ok(());
            }
            Event::Abort { who, why } => {
                self.roll_back(Cause::Aborted, said("aborted", who, why));
                return Ok(());
            }
            Event::Override { who, why, action } => return self.decide(who, why, action),
        }
        self.settle();
        Ok(())
    }

    fn start(&mut self, revision: &str) -> Result<(), Refused> {
        if revision.trim().is_empty() {
            return Err(Refused::Nameless { field: "revision".to_owned() });
        }
        if self.state.is_active() {
            return Err(Refused::UnderWay { revision: self.revision() });
        }
        let same = |how: &str| Refused::SameRevision { revision: revision.to_owned(), how: how.to_owned() };
        if self.state.rolled_back.iter().any(|r| r == revision) {
            return Err(same("rolled back"));
        }
        if self.state.phase == Phase::Promoted && self.state.revision.as_deref() == Some(revision) {
            return Err(same("promoted"));
        }
        if let Some(until) = self.state.cool_until.filter(|until| self.now < *until) {
            return Err(Refused::CoolingDown { until: until.0 });
        }
        self.begin(revision);
        Ok(())
    }

    fn begin(&mut self, revision: &str) {
        let old = &self.state;
        self.state = State {
            last: self.now,
            started: self.now,
            revision: Some(revision.to_owned()),
            percent: old.percent,
            history: old.history.clone(),
            rolled_back: old.rolled_back.clone(),
            warm: match old.config.warm_up {
                None => Some(self.now),
                Some(WarmUpRule::Seconds(0.0)) => Some(self.now),
                Some(_) => None,
            },
            ..State::new(old.config.clone())
        };
        let text = format!("{revision} starts");
        self.enter(self.state.first(), Trigger { code: "started".to_owned(), text, ..Trigger::default() });
    }

    /// Goes into a phase with its weight, and tells.
    fn enter(&mut self, phase: Phase, trigger: Trigger) {
        if self.state.is_active() {
            self.record();
        }
        let state = &mut self.state;
        state.served_before = state.served_in_all();
        let shadowed = state.phase == Phase::Shadow;
        state.phase = phase;
        state.entered = self.now;
        state.ready = None;
        state.bake_ends = None;
        state.paused = None;
        state.paused_ms = 0;
        state.latest = None;
        state.latest_at = None;
        state.consecutive_passes = 0;
        state.looks = 0;
        state.served = Arms::default();
        state.told = Told::default();
        let percent = match phase {
            Phase::Stage(i) => state.config.stages.get(i).map_or(0.0, |s| s.percent),
            Phase::FinalBake | Phase::Promoted => 100.0,
            Phase::Pending | Phase::Shadow | Phase::RolledBack => 0.0,
        };
        let changed = state.percent != percent || phase == Phase::RolledBack;
        state.percent = percent;
        let shadow = state.config.shadow.map_or(100.0, |s| s.percent);
        if changed {
            self.effects.push(Effect::SetWeight { percent });
        }
        match phase {
            Phase::Shadow => self.effects.push(Effect::SetShadow { percent: shadow }),
            _ if shadowed => self.effects.push(Effect::SetShadow { percent: 0.0 }),
            _ => {}
        }
        if phase == Phase::FinalBake {
            self.begin_bake(trigger);
        } else {
            self.notify(Level::Info, trigger);
        }
    }

    /// The final bake, or the end when there is none.
    fn begin_bake(&mut self, trigger: Trigger) {
        let config = &self.state.config;
        let mut ends = self.now.plus_seconds(config.final_bake_seconds);
        if config.strategy == Strategy::BlueGreen {
            // The window runs from the switch, which was the start.
            ends = ends.max(self.state.started.plus_seconds(config.rollback_window_seconds));
        }
        self.state.bake_ends = Some(ends);
        if ends > self.now {
            self.notify(Level::Info, trigger);
        } else {
            self.promoted(trigger);
        }
    }

    fn promoted(&mut self, trigger: Trigger) {
        let revision = self.revision();
        let text = trigger.text.clone();
        self.record();
        self.effects.push(Effect::Promote { revision });
        self.notify(Level::Info, Trigger { code: "promoted".to_owned(), ..trigger });
        self.state.phase = Phase::Promoted;
        self.state.bake_ends = None;
        self.state.ended = Some(Ending { at: self.now, cause: None, text });
    }

    /// Everything back, from wherever it is; again and again without harm.
    fn roll_back(&mut self, cause: Cause, trigger: Trigger) {
        let again = self.state.phase == Phase::RolledBack;
        let shadowed = self.state.phase == Phase::Shadow;
        let revision = self.revision();
        let text = trigger.text.clone();
        self.effects.push(Effect::SetWeight { percent: 0.0 });
        if shadowed {
            self.effects.push(Effect::SetShadow { percent: 0.0 });
        }
        self.effects.push(Effect::RollBack { revision: revision.clone(), cause });
        self.notify(Level::Critical, trigger);
        if again {
            return;
        }
        if self.state.is_active() {
            self.record();
        }
        let state = &mut self.state;
        state.phase = Phase::RolledBack;
        state.percent = 0.0;
        state.paused = None;
        state.bake_ends = None;
        state.cool_until = Some(self.now.plus_seconds(state.config.cool_down_seconds));
        state.ended = Some(Ending { at: self.now, cause: Some(cause), text });
        if state.revision.is_some() && !state.rolled_back.contains(&revision) {
            state.rolled_back.push(revision);
        }
    }

    fn observe(&mut self, served: Arms<u64>) -> Result<(), Refused> {
        let seen = self.state.served;
        if served.canary < seen.canary || served.baseline < seen.baseline {
            return Err(Refused::CountsFell { found: served.canary, seen: seen.canary });
        }
        self.state.served = served;
        Ok(())
    }

    fn judged(&mut self, look: &Look) -> Result<(), Refused> {
        let until = look.data_until.unwrap_or(self.now);
        if until > self.now {
            return Err(Refused::Future { until: until.0, now: self.now.0 });
        }
        let seen = self.state.latest_at.unwrap_or(self.state.entered);
        if until < seen {
            return Err(Refused::Late { until: until.0, seen: seen.0 });
        }
        if let Some(latest) = &self.state.latest
            && look.samples.canary < latest.samples.canary
        {
            return Err(Refused::CountsFell { found: look.samples.canary, seen: latest.samples.canary });
        }
        self.state.looks += 1;
        self.state.served = Arms {
            baseline: self.state.served.baseline.max(look.samples.baseline),
            canary: self.state.served.canary.max(look.samples.canary),
        };
        self.warm_up();
        if self.state.clock().is_none() {
            return Ok(());
        }
        self.state.latest = Some(look.clone());
        self.state.latest_at = Some(until);
        self.state.told.stale = false;
        let trigger = look.trigger.clone().unwrap_or_default();
        match look.decision {
            Decision::Rollback => self.failed(Cause::Verdict, trigger),
            Decision::Promote if look.valid => {
                self.state.consecutive_failures = 0;
                self.state.consecutive_passes += 1;
            }
            Decision::Promote | Decision::Hold => {
                self.state.consecutive_failures = 0;
                self.state.consecutive_passes = 0;
            }
        }
        Ok(())
    }

    fn no_data(&mut self, why: &str) {
        self.state.looks += 1;
        self.warm_up();
        if self.state.clock().is_none() {
            return;
        }
        // What was seen before says nothing of now.
        self.state.consecutive_passes = 0;
        self.state.latest = None;
        let trigger = Trigger { code: "no_data".to_owned(), text: why.to_owned(), ..Trigger::default() };
        match self.state.config.on.no_data {
            NoDataRule::Hold => self.notify(Level::Warning, trigger),
            NoDataRule::Rollback => self.failed(Cause::NoData, trigger),
        }
    }

    /// A failed look: forgiven, or the end.
    fn failed(&mut self, cause: Cause, trigger: Trigger) {
        let state = &mut self.state;
        state.consecutive_passes = 0;
        state.failures += 1;
        state.consecutive_failures += 1;
        let limits = state.config.limits;
        let in_all = limits.failures.is_some_and(|most| state.failures > most);
        let in_a_row = limits.consecutive_failures.is_some_and(|most| state.consecutive_failures > most);
        if in_all || in_a_row {
            self.roll_back(cause, trigger);
        } else {
            self.notify(Level::Warning, trigger);
        }
    }

    fn pause(&mut self, who: &str, trigger: Trigger) {
        if self.state.paused.is_none() {
            self.state.paused = Some(Paused { since: self.now, who: who.to_owned(), why: trigger.text.clone() });
        }
        self.notify(Level::Warning, trigger);
    }

    fn resume(&mut self) -> Result<(), Refused> {
        let Some(paused) = self.state.paused.take() else { return Err(Refused::NotPaused) };
        if let Some(ready) = self.state.ready {
            let since = paused.since.max(ready);
            self.state.paused_ms = self.state.paused_ms.saturating_add(self.now.0.saturating_sub(since.0));
        }
        // A hold that was paused at its deadline gets that time again.
        if self.state.deadline().is_some_and(|end| end <= self.now) {
            self.state.ready = Some(self.now);
            self.state.paused_ms = 0;
        }
        Ok(())
    }

    fn decide(&mut self, who: &str, why: &str, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Rollback => {
                self.roll_back(Cause::Override, said("rolled back by override", who, why));
                return Ok(());
            }
            Action::Restart { revision } => {
                if revision.trim().is_empty() {
                    return Err(Refused::Nameless { field: "revision".to_owned() });
                }
                if self.state.is_active() {
                    return Err(Refused::UnderWay { revision: self.revision() });
                }
                self.notify(Level::Warning, said("restarted by override", who, why));
                self.begin(revision);
                return Ok(());
            }
            Action::Advance | Action::Promote => {}
        }
        self.under_way()?;
        if *action == Action::Advance {
            self.advance(said("advanced by override", who, why));
        } else if self.state.phase == Phase::FinalBake {
            self.promoted(said("promoted by override", who, why));
        } else {
            self.enter(Phase::FinalBake, said("promoted by override", who, why));
        }
        Ok(())
    }

    /// What time and the latest look together bring about: at most one move.
    fn settle(&mut self) {
        if !self.state.is_active() || self.state.paused.is_some() {
            return;
        }
        self.warm_up();
        if self.state.phase == Phase::FinalBake {
            if self.state.waiting(self.now).is_empty() {
                let text = format!("{} has baked at 100 % and is promoted", self.revision());
                self.promoted(Trigger { code: "promoted".to_owned(), text, ..Trigger::default() });
            }
            return;
        }
        if self.state.clock().is_none() {
            return;
        }
        if self.state.is_stale(self.now) && !self.state.told.stale {
            self.state.told.stale = true;
            let seconds = self.now.seconds_since(self.state.fresh_since());
            let text = format!(
                "nothing newer than {seconds} s has been judged; the limit is {} s",
                self.state.config.on.stale_seconds
            );
            let limit = Some(self.state.config.on.stale_seconds);
            let trigger = Trigger { code: "stale".to_owned(), value: Some(seconds), limit, text, ..Trigger::default() };
            match self.state.config.on.no_data {
                NoDataRule::Hold => self.notify(Level::Warning, trigger),
                NoDataRule::Rollback => self.failed(Cause::NoData, trigger),
            }
            if !self.state.is_active() {
                return;
            }
        }
        let waits = self.state.waiting(self.now);
        let met = |w: &Waiting| !matches!(w, Waiting::Seconds { .. } | Waiting::Samples { .. });
        if self.state.ready.is_none() && self.state.latest.is_some() && waits.iter().all(met) {
            self.state.ready = Some(self.now);
        }
        if waits.is_empty() {
            let look = self.state.latest.clone();
            let text = look.and_then(|l| l.trigger).map_or_else(|| format!("{} passed", self.state.phase), |t| t.text);
            self.advance(Trigger { code: "advanced".to_owned(), text, ..Trigger::default() });
        } else if waits == [Waiting::Approval] {
            if !self.state.told.approval {
                self.state.told.approval = true;
                let text = format!("{} has all it needs and waits for an approval", self.state.phase);
                self.notify(Level::Info, Trigger { code: "approval_needed".to_owned(), text, ..Trigger::default() });
            }
        } else if self.state.deadline().is_some_and(|end| self.now >= end) {
            let seconds = self.state.config.on.hold.deadline_seconds;
            let missing: Vec<String> = waits.iter().map(ToString::to_string).collect();
            let text = format!("held for {seconds} s without a decision; still missing: {}", missing.join("; "));
            let trigger = Trigger { code: "undetermined".to_owned(), limit: Some(seconds), text, ..Trigger::default() };
            match self.state.config.on.hold.then {
                AtDeadline::Rollback => self.roll_back(Cause::Undetermined, trigger),
                AtDeadline::Pause => self.pause("serinus", trigger),
            }
        }
    }

    /// One stage on, or to 100 percent.
    fn advance(&mut self, trigger: Trigger) {
        match self.state.phase {
            Phase::Shadow => self.enter(Phase::Stage(0), trigger),
            Phase::Stage(i) if i + 1 < self.state.config.stages.len() => self.enter(Phase::Stage(i + 1), trigger),
            Phase::FinalBake => self.promoted(trigger),
            _ => self.enter(Phase::FinalBake, trigger),
        }
    }

    fn warm_up(&mut self) {
        if self.state.warm.is_some() {
            return;
        }
        self.state.warm = match self.state.config.warm_up {
            Some(WarmUpRule::Seconds(seconds)) => {
                let end = self.state.started.plus_seconds(seconds);
                (self.now >= end).then_some(end)
            }
            Some(WarmUpRule::Requests(requests)) => (self.state.served_in_all().canary >= requests).then_some(self.now),
            None => Some(self.state.started),
        };
    }

    fn under_way(&self) -> Result<(), Refused> {
        match self.state.phase {
            Phase::Pending => Err(Refused::NotStarted),
            Phase::Promoted | Phase::RolledBack => Err(Refused::Over { phase: self.state.phase }),
            _ => Ok(()),
        }
    }

    /// Closes the record of the current phase.
    fn record(&mut self) {
        let record = PhaseRecord {
            revision: self.revision(),
            phase: self.state.phase,
            percent: self.state.percent,
            entered: self.state.entered,
            left: self.now,
            served: self.state.served,
            looks: self.state.looks,
            decision: self.state.latest.as_ref().map(|l| l.decision),
        };
        self.state.history.push(record);
    }

    fn notify(&mut self, level: Level, trigger: Trigger) {
        let state = &self.state;
        let began = state.started;
        let served = state.served_in_all();
        let revision = self.revision();
        let text = format!(
            "{revision} at {} % ({}), {} s after its start, {} canary requests served: {}",
            state.percent,
            state.phase,
            self.now.seconds_since(began),
            served.canary,
            trigger.text
        );
        let alert = Box::new(Alert {
            level,
            trigger,
            revision,
            phase: state.phase,
            percent: state.percent,
            active_seconds: if state.revision.is_some() { self.now.seconds_since(began) } else { 0.0 },
            phase_seconds: if state.revision.is_some() { self.now.seconds_since(state.entered) } else { 0.0 },
            served,
            decision: state.latest.as_ref().map(|l| l.decision),
            text,
        });
        self.effects.push(Effect::Notify { alert });
    }

    fn revision(&self) -> String {
        self.state.revision.clone().unwrap_or_else(|| "nothing".to_owned())
    }
}

/// What a person did, as a trigger.
fn said(what: &str, who: &str, why: &str) -> Trigger {
    let text = format!("{what}, {who}: {why}");
    Trigger { code: what.replace(' ', "_"), text, ..Trigger::default() }
}
