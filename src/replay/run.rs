//! The loop: rows, looks, the machine, and which rows come next.

use std::collections::HashSet;

use super::error::ReplayError;
use super::record::{Anomaly, Exposure, LookRecord, MetricAtLook, Outcome, REPLAY_SCHEMA, Replay, StageRecord};
use super::recording::{Place, Recording, Row};
use super::watcher::Watcher;
use super::{Method, ReplayOptions, ReplayProgress};
use crate::arms::{Arm, Arms};
use crate::config::JudgeConfig;
use crate::judge::Decision;
use crate::judge::judgement::Judgement;
use crate::rollout::{Event, Look, LookRule, Phase, Refused, Rollout, RolloutConfig, Timestamp};
use crate::table::Table;

/// How often a rollout is looked at that does not say so.
const LOOK_SECONDS: f64 = 60.0;

/// The name under which a recording is rolled out.
const REVISION: &str = "the canary";

pub(super) fn run(
    config: &JudgeConfig,
    rollout: &RolloutConfig,
    table: &Table<'_>,
    options: &ReplayOptions,
    progress: &mut dyn FnMut(ReplayProgress),
) -> Result<Replay, ReplayError> {
    let recording = Recording::read(config, rollout, table)?;
    let look_every = options.look_every.or(rollout.look_every).unwrap_or(LookRule::Seconds(LOOK_SECONDS));
    let mut run = Run {
        recording: &recording,
        watcher: Watcher::new(config, table, options.method)?,
        rollout: Rollout::new(rollout.clone()),
        pending: Vec::new(),
        since_look: 0,
        seen_until: recording.rows.first().map_or(0.0, |r| r.seconds),
        phase: Phase::Pending,
        in_phase: Arms::default(),
        samples: Samples::default(),
        served: Arms::default(),
        units: Arms::default(),
        not_taken: Arms::default(),
        looks: Vec::new(),
        last: None,
    };
    run.send(&Event::Start { revision: REVISION.to_owned() }, Timestamp(0))?;
    let first = run.seen_until;
    let total_rows = recording.rows.len() as u64;
    let mut told = 0;
    for (i, row) in recording.rows.iter().enumerate() {
        let new_stage = i > 0 && (recording.rows[i - 1].stage, recording.rows[i - 1].place) != (row.stage, row.place);
        let new_block = i > 0
            && matches!(look_every, LookRule::Seconds(s) if block(row, first, s) > block(&recording.rows[i - 1], first, s));
        if new_stage || new_block {
            run.look(&recording.rows[i - 1])?;
        }
        run.wake_until(row.at)?;
        run.serve(row);
        if matches!(look_every, LookRule::Requests(n) if run.since_look >= n.max(1)) || i + 1 == recording.rows.len() {
            run.look(row)?;
        }
        if run.looks.len() as u64 > told {
            told = run.looks.len() as u64;
            progress(ReplayProgress { rows: i as u64 + 1, total_rows, looks: told });
        }
    }
    let end = run.seen_until;
    let at_the_end = if run.rollout.state.is_active() { run.watcher.at_the_end(end)? } else { None };
    Ok(run.finish(options.method, look_every, at_the_end.as_ref()))
}

fn block(row: &Row, first: f64, seconds: f64) -> f64 {
    ((row.seconds - first) / seconds).floor()
}

/// Rows and units of the present stage that were judged.
#[derive(Default)]
struct Samples {
    rows: Arms<u64>,
    units: Arms<HashSet<usize>>,
}

struct Run<'c, 't> {
    recording: &'c Recording,
    watcher: Watcher<'c, 't>,
    rollout: Rollout,
    /// Rows served since the last look.
    pending: Vec<&'c Row>,
    /// Rows recorded since the last look, served or not.
    since_look: u64,
    /// Up to where, in seconds, looks have seen.
    seen_until: f64,
    /// The phase that `in_phase` and `samples` are of.
    phase: Phase,
    in_phase: Arms<u64>,
    samples: Samples,
    served: Arms<u64>,
    units: Arms<HashSet<usize>>,
    not_taken: Arms<u64>,
    looks: Vec<LookRecord>,
    /// The judgement of the last look.
    last: Option<Judgement>,
}

impl<'c> Run<'c, '_> {
    /// Tells the machine; what it emits is in its trail. A new phase counts from nothing.
    fn send(&mut self, event: &Event, at: Timestamp) -> Result<(), ReplayError> {
        let look = self.looks.len() as u64 + 1;
        self.rollout.take(event, at).map_err(|refused: Refused| ReplayError::Refused { look, refused })?;
        if self.rollout.state.phase != self.phase {
            self.phase = self.rollout.state.phase;
            self.in_phase = Arms::default();
            self.samples = Samples::default();
        }
        Ok(())
    }

    /// Lets time pass up to a row: deadlines, stale data and the end of a bake come about between looks too.
    fn wake_until(&mut self, at: Timestamp) -> Result<(), ReplayError> {
        while let Some(wake) = self.rollout.state.wake_at().filter(|w| *w < at && *w > self.rollout.state.last) {
            self.send(&Event::Tick {}, wake)?;
        }
        Ok(())
    }

    fn serve(&mut self, row: &'c Row) {
        self.since_look += 1;
        let Some(arm) = row.arm else { return };
        let taken = match (self.rollout.state.phase, row.place) {
            (Phase::Stage(now), Place::Stage(of)) => of <= now,
            (Phase::Stage(_), Place::Any) | (Phase::Shadow, Place::Shadow) => true,
            (Phase::FinalBake, place) => place != Place::Shadow,
            _ => false,
        };
        let paired = self.recording.paired;
        if !taken {
            count(&mut self.not_taken, arm, paired);
            return;
        }
        count(&mut self.served, arm, paired);
        count(&mut self.in_phase, arm, paired);
        if let Some(unit) = row.unit {
            add(&mut self.units, arm, paired, unit);
        }
        let of_this_stage = match row.place {
            Place::Stage(of) => self.rollout.state.phase == Phase::Stage(of),
            _ => true,
        };
        if of_this_stage && !row.warm_up {
            count(&mut self.samples.rows, arm, paired);
            if let Some(unit) = row.unit {
                add(&mut self.samples.units, arm, paired, unit);
            }
        }
        self.pending.push(row);
    }

    /// The judge looks after this row, and the machine hears of it.
    fn look(&mut self, last: &Row) -> Result<(), ReplayError> {
        self.since_look = 0;
        let rows = std::mem::take(&mut self.pending);
        if !self.rollout.state.is_active() {
            return Ok(());
        }
        let at = last.at;
        if rows.is_empty() {
            // Nothing new: only time has passed.
            return self.send(&Event::Tick {}, at);
        }
        let start = std::mem::replace(&mut self.seen_until, last.seconds);
        let judgement = self.watcher.look(&rows, start, last.seconds)?;
        self.send(&Event::Observed { phase: self.rollout.state.phase, served: self.in_phase }, at)?;
        // Time alone may have moved it on in this millisecond; the new phase then hears of the look, with no rows of its own.
        let (phase, percent) = (self.rollout.state.phase, self.rollout.state.percent);
        let Some(judgement) = judgement.filter(|_| self.rollout.state.is_active()) else { return Ok(()) };
        let look = Look::new(&judgement, self.samples(), Some(at));
        let record = self.record(&judgement, &look, phase, percent, last);
        let spike = judgement.decision == Decision::Rollback
            && judgement.reasons.first().is_some_and(|r| r.code == "error_spike");
        let event = match look.trigger.clone() {
            Some(trigger) if spike => Event::ErrorSpike { phase, trigger },
            _ => Event::Judged { phase, look },
        };
        self.send(&event, at)?;
        let state = &self.rollout.state;
        self.looks.push(LookRecord { phase_after: state.phase, percent_after: state.percent, ..record });
        self.last = Some(judgement);
        Ok(())
    }

    fn samples(&self) -> Arms<u64> {
        if self.recording.has_units { self.samples.units.as_ref().map(|u| u.len() as u64) } else { self.samples.rows }
    }

    fn record(&self, judgement: &Judgement, look: &Look, phase: Phase, percent: f64, last: &Row) -> LookRecord {
        LookRecord {
            number: self.looks.len() as u64 + 1,
            seconds: last.at.seconds_since(Timestamp(0)),
            served: self.served,
            recorded_stage: Some(self.recording.stages[last.stage].clone()).filter(|s| !s.is_empty()),
            phase,
            percent,
            phase_after: phase,
            percent_after: percent,
            samples: look.samples,
            verdict: judgement.verdict,
            decision: judgement.decision,
            valid: look.valid,
            score: judgement.score,
            score_best: judgement.score_best,
            reasons: judgement.reasons.clone(),
            metrics: MetricAtLook::all(judgement),
            anomalies: Anomaly::all(judgement),
        }
    }

    fn finish(self, method: Method, look_every: LookRule, at_the_end: Option<&Judgement>) -> Replay {
        let state = &self.rollout.state;
        let end = state.ended.as_ref().map_or(state.last, |e| e.at);
        let (outcome, decision) = match state.phase {
            Phase::Promoted => (Outcome::Promoted, Decision::Promote),
            Phase::RolledBack => (Outcome::RolledBack, Decision::Rollback),
            _ => (Outcome::Undecided, Decision::Hold),
        };
        let exposure = Exposure {
            seconds: end.seconds_since(Timestamp(0)),
            served: self.served,
            units: self.recording.has_units.then(|| self.units.as_ref().map(|u| u.len() as u64)),
            not_taken: self.not_taken,
        };
        let mut stages: Vec<StageRecord> = state
            .history
            .iter()
            .filter(|r| r.phase != Phase::Pending)
            .map(|r| StageRecord {
                phase: r.phase,
                percent: r.percent,
                entered_seconds: r.entered.seconds_since(Timestamp(0)),
                seconds: r.left.seconds_since(r.entered),
                served: r.served,
                looks: r.looks,
                decision: r.decision,
            })
            .collect();
        if state.is_active() {
            stages.push(StageRecord {
                phase: state.phase,
                percent: state.percent,
                entered_seconds: state.entered.seconds_since(Timestamp(0)),
                seconds: state.last.seconds_since(state.entered),
                served: self.in_phase,
                looks: state.looks,
                decision: state.latest.as_ref().map(|l| l.decision),
            });
        }
        let text = self.sentence(outcome, &exposure);
        let mut warnings = self.warnings(method);
        warnings.extend(at_the_end.map(|fixed| {
            let why = fixed.reasons.first().map_or(String::new(), |r| format!(": {}", r.text));
            format!(
                "the fixed test, asked once about everything served until the end, says {}{why}",
                fixed.decision.name()
            )
        }));
        Replay {
            schema: REPLAY_SCHEMA.to_owned(),
            method,
            look_every,
            outcome,
            decision,
            cause: state.ended.as_ref().and_then(|e| e.cause),
            text,
            exposure,
            stages,
            looks: self.looks,
            warnings,
            judgement: self.last,
            rollout: self.rollout,
        }
    }

    fn sentence(&self, outcome: Outcome, exposure: &Exposure) -> String {
        let state = &self.rollout.state;
        let units = exposure.units.map_or_else(String::new, |u| format!(" of {} units", u.canary));
        let canary = exposure.served.canary;
        let cost = format!(
            "after {} s and {canary} canary request{}{units}",
            exposure.seconds,
            if canary == 1 { "" } else { "s" }
        );
        let why = state.ended.as_ref().map_or("", |e| e.text.as_str());
        match outcome {
            Outcome::Promoted => format!("promoted {cost}: {why}"),
            Outcome::RolledBack => format!("rolled back {cost}: {why}"),
            Outcome::Undecided => {
                let waits: Vec<String> = state.waiting(state.last).iter().map(ToString::to_string).collect();
                let missing = if waits.is_empty() { "nothing but the next look".to_owned() } else { waits.join("; ") };
                format!("undecided at the end of the recording, {cost}, in {}: waits for {missing}", state.phase)
            }
        }
    }

    fn warnings(&self, method: Method) -> Vec<String> {
        let mut warnings = Vec::new();
        let looks = self.looks.len();
        if method == Method::Fixed && looks > 1 {
            warnings.push(format!(
                "the fixed test was asked at {looks} looks; its error rates hold for one of them, and those of \
                 `--look-every N` (anytime-valid) for all together"
            ));
        }
        if looks == 0 {
            warnings.push("no look was made: the recording has no rows that this rollout would have served".to_owned());
        }
        let beyond = self.recording.rows.iter().filter(|r| r.place == Place::Beyond).count();
        if beyond > 0 {
            warnings.push(format!(
                "{beyond} rows were recorded at a traffic share above the rollout's last stage and are not judged before \
                 the final bake"
            ));
        }
        warnings
    }
}

/// A row of a shadow log is of both arms.
fn count(arms: &mut Arms<u64>, arm: Arm, paired: bool) {
    arms.canary += u64::from(paired || arm == Arm::Canary);
    arms.baseline += u64::from(paired || arm == Arm::Baseline);
}

fn add(arms: &mut Arms<HashSet<usize>>, arm: Arm, paired: bool, unit: usize) {
    if paired || arm == Arm::Canary {
        arms.canary.insert(unit);
    }
    if paired || arm == Arm::Baseline {
        arms.baseline.insert(unit);
    }
}
