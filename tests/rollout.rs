//! Does the rollout machine keep its promises, whatever comes and in whatever order?

use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Strategy_;
use serde_json::{Value, json};
use serinus::rollout::{
    Action, Cause, Effect, Event, EventOutcome, Level, Look, Phase, Refused, Rollout, RolloutConfig, State, Strategy,
    Timestamp, Trigger, Waiting, step,
};
use serinus::{Arms, Decision, Verdict};

fn config(value: Value) -> RolloutConfig {
    RolloutConfig::from_value(&value).unwrap_or_else(|e| panic!("{e}"))
}

fn two_stages() -> Value {
    json!({"version": 1, "stages": [
        {"percent": 5, "min_seconds": 60, "min_samples": 100}, {"percent": 50, "min_seconds": 60, "min_samples": 400}]})
}

fn with(mut value: Value, key: &str, new: Value) -> Value {
    value[key] = new;
    value
}

fn start() -> Event {
    Event::Start { revision: "v42".to_owned() }
}

fn look(phase: Phase, decision: Decision, canary: u64) -> Event {
    let verdict = match decision {
        Decision::Promote => Verdict::Pass,
        Decision::Hold => Verdict::Marginal,
        Decision::Rollback => Verdict::Fail,
    };
    let trigger = Trigger {
        code: "critical_failed".to_owned(),
        metric: Some("latency_p99".to_owned()),
        value: Some(132.0),
        baseline: Some(100.0),
        limit: Some(0.2),
        text: "latency_p99 is 32% higher".to_owned(),
    };
    let look = Look {
        decision,
        verdict,
        valid: true,
        score: Some(90.0),
        samples: Arms { baseline: canary, canary },
        data_until: None,
        trigger: (decision == Decision::Rollback).then_some(trigger),
        digests: None,
    };
    Event::Judged { phase, look }
}

fn invalid(phase: Phase, canary: u64) -> Event {
    let Event::Judged { phase, look } = look(phase, Decision::Hold, canary) else { unreachable!("look makes Judged") };
    Event::Judged { phase, look: Look { valid: false, ..look } }
}

fn abort() -> Event {
    Event::Abort { who: "ada".to_owned(), why: "pager".to_owned() }
}

fn act(action: Action) -> Event {
    Event::Override { who: "ada".to_owned(), why: "known".to_owned(), action }
}

/// Takes events at seconds, all of which have to be taken.
fn run(config: RolloutConfig, events: &[(f64, Event)]) -> Rollout {
    let mut rollout = Rollout::new(config);
    for (seconds, event) in events {
        rollout.take(event, at(*seconds)).unwrap_or_else(|e| panic!("{event:?} at {seconds} s: {e}"));
    }
    rollout
}

fn at(seconds: f64) -> Timestamp {
    Timestamp(0).plus_seconds(seconds)
}

fn effects(rollout: &Rollout) -> Vec<Effect> {
    rollout
        .trail
        .iter()
        .flat_map(|e| match &e.outcome {
            EventOutcome::Taken { effects } => effects.clone(),
            _ => Vec::new(),
        })
        .collect()
}

fn weights(rollout: &Rollout) -> Vec<f64> {
    effects(rollout)
        .iter()
        .filter_map(|e| if let Effect::SetWeight { percent } = e { Some(*percent) } else { None })
        .collect()
}

const S0: Phase = Phase::Stage(0);
const S1: Phase = Phase::Stage(1);

#[test]
fn a_healthy_canary_goes_to_the_end() {
    let rollout = run(
        config(two_stages()),
        &[
            (0.0, start()),
            (30.0, look(S0, Decision::Hold, 60)),
            (59.0, look(S0, Decision::Hold, 120)),
            (60.0, Event::Tick {}), // seconds and samples are met, and the hold is no rollback
            (100.0, look(S1, Decision::Hold, 300)),
            (130.0, look(S1, Decision::Promote, 500)),
        ],
    );
    assert_eq!(weights(&rollout), [5.0, 50.0, 100.0]);
    assert_eq!(rollout.state.phase, Phase::Promoted);
    assert!(effects(&rollout).contains(&Effect::Promote { revision: "v42".to_owned() }));
    let times: Vec<f64> = rollout.state.history.iter().map(|h| h.left.seconds_since(h.entered)).collect();
    assert_eq!(times, [60.0, 70.0, 0.0]);
}

#[test]
fn time_alone_or_samples_alone_move_nothing() {
    let enough_time = run(
        config(two_stages()),
        &[(0.0, start()), (3600.0, look(S0, Decision::Promote, 99)), (3601.0, Event::Tick {})],
    );
    assert_eq!(enough_time.state.phase, S0);
    assert_eq!(enough_time.state.waiting(at(3601.0)), [Waiting::Samples { have: 99, need: 100 }]);
    let enough_rows = run(config(two_stages()), &[(0.0, start()), (59.9, look(S0, Decision::Promote, 9999))]);
    assert_eq!(enough_rows.state.phase, S0);
    let no_look = run(
        config(two_stages()),
        &[(0.0, start()), (9000.0, Event::Observed { phase: S0, served: Arms { baseline: 9999, canary: 9999 } })],
    );
    assert_eq!(no_look.state.phase, S0);
}

#[test]
fn only_a_promote_takes_the_last_step_and_only_in_a_row() {
    let file = with(two_stages(), "limits", json!({"consecutive_passes": 2}));
    let mut rollout = run(config(file), &[(0.0, start()), (60.0, look(S0, Decision::Hold, 100))]);
    for (t, decision, phase) in [
        (120.0, Decision::Promote, S1),
        (121.0, Decision::Hold, S1),
        (122.0, Decision::Promote, S1),
        (123.0, Decision::Promote, Phase::Promoted),
    ] {
        rollout.take(&look(S1, decision, 400), at(t)).expect("in order");
        assert_eq!(rollout.state.phase, phase, "{t}");
    }
}

#[test]
fn on_promote_and_manual_wait_for_what_they_say() {
    let mut rollout = run(
        config(with(two_stages(), "advance", json!("on_promote"))),
        &[(0.0, start()), (60.0, look(S0, Decision::Hold, 100))],
    );
    assert_eq!(rollout.state.phase, S0);
    rollout.take(&look(S0, Decision::Promote, 100), at(61.0)).expect("in order");
    assert_eq!(rollout.state.phase, S1);

    let approve = Event::Approve { who: "ada".to_owned(), why: "looks good".to_owned() };
    let mut rollout = run(config(with(two_stages(), "advance", json!("manual"))), &[(0.0, start())]);
    assert!(matches!(rollout.take(&approve, at(1.0)), Err(Refused::NotReady { .. })));
    rollout.take(&look(S0, Decision::Hold, 100), at(60.0)).expect("in order");
    let asked = effects(&rollout)
        .iter()
        .filter(|e| matches!(e, Effect::Notify { alert } if alert.trigger.code == "approval_needed"))
        .count();
    assert_eq!((asked, rollout.state.phase), (1, S0));
    rollout.take(&approve, at(70.0)).expect("ready");
    assert_eq!(rollout.state.phase, S1);
    rollout.take(&look(S1, Decision::Hold, 400), at(140.0)).expect("in order");
    assert!(
        matches!(rollout.take(&approve, at(141.0)), Err(Refused::NotReady { .. })),
        "100 percent needs a promote too"
    );
    rollout.take(&look(S1, Decision::Promote, 400), at(142.0)).expect("in order");
    rollout.take(&approve, at(143.0)).expect("ready");
    assert_eq!(rollout.state.phase, Phase::Promoted);
}

#[test]
fn a_rollback_says_what_why_and_at_what_exposure() {
    let served = Arms { baseline: 19_000, canary: 1_000 };
    let rollout = run(
        config(two_stages()),
        &[(0.0, start()), (20.0, Event::Observed { phase: S0, served }), (30.0, look(S0, Decision::Rollback, 900))],
    );
    assert_eq!(rollout.state.phase, Phase::RolledBack);
    let last = effects(&rollout);
    let Some(Effect::Notify { alert }) = last.last() else { panic!("an alert comes last: {last:?}") };
    assert_eq!(alert.level, Level::Critical);
    assert_eq!(
        (alert.trigger.value, alert.trigger.baseline, alert.trigger.limit),
        (Some(132.0), Some(100.0), Some(0.2))
    );
    assert_eq!((alert.active_seconds, alert.served, alert.percent), (30.0, served, 5.0));
    assert!(
        alert.text.contains("latency_p99 is 32% higher") && alert.text.contains("1000 canary requests"),
        "{}",
        alert.text
    );
}

#[test]
fn failures_are_forgiven_as_often_as_the_limits_say_and_block_until_a_better_look() {
    let file = with(two_stages(), "limits", json!({"consecutive_failures": 1}));
    let mut rollout = run(config(file), &[(0.0, start()), (60.0, look(S0, Decision::Rollback, 100))]);
    assert_eq!(rollout.state.phase, S0);
    rollout.take(&Event::Tick {}, at(61.0)).expect("in order");
    assert_eq!(rollout.state.phase, S0, "a forgiven failure still blocks");
    rollout.take(&look(S0, Decision::Hold, 100), at(62.0)).expect("in order");
    assert_eq!(rollout.state.phase, S1);
    for t in [63.0, 64.0] {
        assert_eq!(rollout.state.phase, S1);
        rollout.take(&look(S1, Decision::Rollback, 10), at(t)).expect("in order");
    }
    assert_eq!(rollout.state.phase, Phase::RolledBack);

    let strict = run(config(two_stages()), &[(0.0, start()), (1.0, look(S0, Decision::Rollback, 1))]);
    assert_eq!(strict.state.phase, Phase::RolledBack);
}

#[test]
fn an_invalid_comparison_moves_nothing_on() {
    let mut rollout = run(config(two_stages()), &[(0.0, start()), (60.0, invalid(S0, 500)), (90.0, Event::Tick {})]);
    assert_eq!(rollout.state.waiting(at(90.0)), [Waiting::Validity]);
    rollout.take(&look(S0, Decision::Hold, 500), at(91.0)).expect("in order");
    assert_eq!(rollout.state.phase, S1);
}

#[test]
fn a_hold_ends_at_its_deadline_and_a_pause_stops_that_clock() {
    let file = with(two_stages(), "on", json!({"hold": {"deadline_seconds": 100}, "stale_seconds": 1e6}));
    let begin = [(0.0, start()), (60.0, look(S0, Decision::Hold, 100)), (130.0, look(S1, Decision::Hold, 400))];
    let mut rollout = run(config(file.clone()), &begin);
    rollout.take(&Event::Tick {}, at(229.9)).expect("in order");
    assert_eq!(rollout.state.phase, S1);
    assert_eq!(rollout.state.wake_at(), Some(at(230.0)));
    rollout.take(&Event::Tick {}, at(230.0)).expect("in order");
    assert_eq!(rollout.state.ended.as_ref().and_then(|e| e.cause), Some(Cause::Undetermined));

    let mut rollout = run(config(file), &begin);
    let (who, why) = ("ada".to_owned(), "lunch".to_owned());
    rollout.take(&Event::Pause { who: who.clone(), why: why.clone() }, at(150.0)).expect("runs");
    rollout.take(&Event::Tick {}, at(400.0)).expect("in order");
    assert_eq!(rollout.state.phase, S1);
    rollout.take(&Event::Resume { who, why }, at(450.0)).expect("paused");
    rollout.take(&Event::Tick {}, at(529.9)).expect("in order");
    assert_eq!(rollout.state.phase, S1);
    rollout.take(&Event::Tick {}, at(530.0)).expect("in order");
    assert_eq!(rollout.state.phase, Phase::RolledBack);
}

#[test]
fn at_the_deadline_a_pause_waits_for_a_person() {
    let file = with(two_stages(), "on", json!({"hold": {"deadline_seconds": 10, "then": "pause"}}));
    let mut rollout = run(
        config(file),
        &[
            (0.0, start()),
            (60.0, look(S0, Decision::Hold, 100)),
            (130.0, look(S1, Decision::Hold, 400)),
            (140.0, Event::Tick {}),
        ],
    );
    assert_eq!(rollout.state.paused.as_ref().map(|p| p.who.as_str()), Some("serinus"));
    rollout.take(&act(Action::Promote), at(141.0)).expect("a person may");
    assert_eq!(rollout.state.phase, Phase::Promoted);
}

#[test]
fn stale_or_missing_data_hold_or_fail_as_said() {
    let stale = [(0.0, start()), (60.0, look(S0, Decision::Promote, 50)), (361.0, Event::Tick {})];
    let held = run(config(two_stages()), &stale);
    assert_eq!(held.state.phase, S0);
    assert!(held.state.waiting(at(361.0)).contains(&Waiting::FreshData));
    let failing = with(two_stages(), "on", json!({"no_data": "rollback"}));
    let failed = run(config(failing.clone()), &stale);
    assert_eq!(failed.state.ended.and_then(|e| e.cause), Some(Cause::NoData));
    let missing = [(0.0, start()), (70.0, Event::NoData { phase: S0, why: "the query gave nothing".to_owned() })];
    assert_eq!(run(config(failing), &missing).state.phase, Phase::RolledBack);
    let mut held = run(
        config(two_stages()),
        &[
            (0.0, start()),
            (50.0, look(S0, Decision::Hold, 500)),
            (59.0, Event::NoData { phase: S0, why: "gone".to_owned() }),
        ],
    );
    held.take(&Event::Tick {}, at(60.0)).expect("in order");
    assert_eq!(held.state.phase, S0, "an earlier look does not stand in for a missing one");
}

#[test]
fn error_spikes_act_at_once_even_when_warming_up_or_paused() {
    let spike =
        Event::ErrorSpike { phase: S0, trigger: Trigger { code: "error_spike".to_owned(), ..Trigger::default() } };
    let warming =
        run(config(with(two_stages(), "warm_up", json!({"seconds": 600}))), &[(0.0, start()), (1.0, spike.clone())]);
    assert_eq!(warming.state.ended.and_then(|e| e.cause), Some(Cause::ErrorSpike));
    let pause = Event::Pause { who: "ada".to_owned(), why: "hm".to_owned() };
    let paused = run(config(two_stages()), &[(0.0, start()), (1.0, pause), (2.0, spike.clone())]);
    assert_eq!(paused.state.phase, Phase::RolledBack);
    let gentle =
        run(config(with(two_stages(), "on", json!({"error_spike": "pause"}))), &[(0.0, start()), (1.0, spike)]);
    assert!(gentle.state.paused.is_some() && gentle.state.phase == S0);
}

#[test]
fn looks_during_the_warm_up_do_not_count() {
    let by_time = config(with(two_stages(), "warm_up", json!({"seconds": 100})));
    let mut rollout = run(
        by_time,
        &[(0.0, start()), (50.0, look(S0, Decision::Rollback, 10)), (100.0, look(S0, Decision::Hold, 100))],
    );
    assert_eq!((rollout.state.phase, rollout.state.failures), (S0, 0));
    rollout.take(&Event::Tick {}, at(160.0)).expect("in order");
    assert_eq!(rollout.state.phase, S1, "the stage's seconds run from the end of the warm-up");

    let by_requests = config(with(two_stages(), "warm_up", json!({"requests": 200})));
    let served = |canary| Event::Observed { phase: S0, served: Arms { baseline: 0, canary } };
    let rollout = run(
        by_requests,
        &[(0.0, start()), (1.0, served(199)), (2.0, look(S0, Decision::Rollback, 0)), (3.0, served(200))],
    );
    assert_eq!((rollout.state.phase, rollout.state.warm), (S0, Some(at(3.0))));
}

#[test]
fn late_events_are_refused_with_a_reason() {
    let mut rollout = run(config(two_stages()), &[(0.0, start()), (60.0, look(S0, Decision::Hold, 100))]);
    assert_eq!(rollout.state.phase, S1);
    let before = rollout.state.clone();
    let with_data = |until: f64, canary| {
        let Event::Judged { phase, look } = look(S1, Decision::Promote, canary) else {
            unreachable!("look makes Judged")
        };
        Event::Judged { phase, look: Look { data_until: Some(at(until)), ..look } }
    };
    for (seconds, event, part) in [
        (61.0, look(S0, Decision::Promote, 100), "the rollout is in stage 1"),
        (59.0, Event::Tick {}, "send events in order"),
        (61.0, start(), "under way"),
        (61.0, with_data(59.0, 400), "the data end at 59000 ms"),
        (61.0, with_data(62.0, 400), "the clocks disagree"),
        (61.0, Event::Pause { who: " ".to_owned(), why: "x".to_owned() }, "who is empty"),
        (61.0, Event::Resume { who: "a".to_owned(), why: "x".to_owned() }, "not paused"),
    ] {
        let refused = rollout.take(&event, at(seconds)).expect_err("is refused");
        assert!(refused.to_string().contains(part), "{refused}");
        assert_eq!(rollout.state, before);
    }
    let unknown = rollout.take_value(&json!({"event": "explode"}), at(61.0)).expect_err("is unknown");
    assert!(matches!(unknown, Refused::Unknown { .. }));
    assert_eq!(rollout.trail.len(), 10, "refused events are kept");
    rollout.take(&look(S1, Decision::Hold, 50), at(70.0)).expect("in order");
    assert!(matches!(rollout.take(&look(S1, Decision::Hold, 49), at(71.0)), Err(Refused::CountsFell { .. })));
    rollout.take(&abort(), at(0.0)).expect("an abort is never late");
    assert!(matches!(rollout.take(&look(S1, Decision::Hold, 60), at(80.0)), Err(Refused::Over { .. })));
}

#[test]
fn a_version_that_was_rolled_back_does_not_flap_back() {
    let file = with(two_stages(), "cool_down_seconds", json!(1000));
    let mut rollout = run(config(file), &[(0.0, start()), (10.0, abort())]);
    let other = Event::Start { revision: "v43".to_owned() };
    assert!(matches!(rollout.take(&other, at(11.0)), Err(Refused::CoolingDown { until: 1_010_000 })));
    assert!(matches!(rollout.take(&start(), at(2000.0)), Err(Refused::SameRevision { .. })));
    rollout.take(&act(Action::Restart { revision: "v42".to_owned() }), at(2001.0)).expect("a person may");
    assert_eq!(rollout.state.phase, S0);
    rollout.take(&abort(), at(2002.0)).expect("always");
    rollout.take(&other, at(4000.0)).expect("cooled down");
    assert_eq!(rollout.state.percent, 5.0);
}

#[test]
fn the_other_strategies_take_their_own_roads() {
    let shadow = config(json!({"version": 1, "strategy": "shadow_then_canary",
        "shadow": {"percent": 20, "min_seconds": 10, "min_samples": 50}, "stages": [{"percent": 10}]}));
    let rollout = run(
        shadow,
        &[(0.0, start()), (10.0, look(Phase::Shadow, Decision::Hold, 50)), (11.0, look(S0, Decision::Promote, 1))],
    );
    assert_eq!(weights(&rollout), [10.0, 100.0]);
    let copies: Vec<f64> = effects(&rollout)
        .iter()
        .filter_map(|e| if let Effect::SetShadow { percent } = e { Some(*percent) } else { None })
        .collect();
    assert_eq!(copies, [20.0, 0.0]);

    let blue_green = config(json!({"version": 1, "strategy": "blue_green", "rollback_window_seconds": 600,
        "stages": [{"percent": 100, "min_seconds": 60, "min_samples": 10}]}));
    let mut rollout =
        run(blue_green.clone(), &[(0.0, start()), (60.0, look(S0, Decision::Promote, 10)), (599.0, Event::Tick {})]);
    assert_eq!((weights(&rollout), rollout.state.phase), (vec![100.0], Phase::FinalBake));
    rollout.take(&Event::Tick {}, at(600.0)).expect("in order");
    assert_eq!(rollout.state.phase, Phase::Promoted);
    let back = run(
        blue_green,
        &[
            (0.0, start()),
            (60.0, look(S0, Decision::Promote, 10)),
            (300.0, look(Phase::FinalBake, Decision::Rollback, 90)),
        ],
    );
    assert_eq!(weights(&back), [100.0, 0.0]);

    let direct = config(json!({"version": 1, "strategy": "direct", "final_bake_seconds": 30}));
    let rollout = run(direct, &[(0.0, start()), (29.0, Event::Tick {}), (30.0, Event::Tick {})]);
    assert_eq!((weights(&rollout), rollout.state.phase), (vec![100.0], Phase::Promoted));
}

#[test]
fn a_stored_trail_still_replays() {
    let stored = include_str!("../fixtures/rollout/trail.json");
    let rollout: Rollout = serde_json::from_str(stored).expect("a stored rollout");
    let again = Rollout::replay(rollout.state.config.clone(), &rollout.trail).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(serde_json::to_string_pretty(&again).expect("JSON"), stored.trim_end());
    let mut changed = rollout;
    changed.trail[3].at = at(500.0);
    assert!(Rollout::replay(changed.state.config.clone(), &changed.trail).is_err());
}

/// Writes the stored trail anew: `cargo test --test rollout write_trail -- --ignored`.
#[test]
#[ignore = "writes fixtures/rollout/trail.json, after a deliberate change of the format"]
fn write_trail() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/rollout/rollout.json")).expect("JSON");
    let mut rollout = Rollout::new(config(file));
    let served = Arms { baseline: 9_500, canary: 500 };
    let _ = rollout.take(&start(), at(0.0));
    let _ = rollout.take(&Event::Observed { phase: S0, served }, at(300.0));
    let _ = rollout.take(&look(S0, Decision::Hold, 450), at(400.0));
    let _ = rollout.take(&look(S0, Decision::Hold, 600), at(600.0));
    let _ = rollout.take(&look(S0, Decision::Promote, 900), at(610.0));
    let _ = rollout.take_value(&json!({"event": "explode"}), at(620.0));
    let _ = rollout.take(&look(S1, Decision::Rollback, 700), at(900.0));
    let _ = rollout.take(&start(), at(950.0));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rollout/trail.json");
    std::fs::write(path, serde_json::to_string_pretty(&rollout).expect("JSON") + "\n").expect("writable");
}

// ---- Any events in any order -------------------------------------------------------------------------------------

fn any_phase() -> impl Strategy_<Value = Phase> {
    prop_oneof![
        4 => Just(S0), 4 => Just(S1), 1 => Just(Phase::Stage(2)), 1 => Just(Phase::Shadow), 1 => Just(Phase::FinalBake),
        1 => Just(Phase::Pending),
    ]
}

/// Events as they may come: mostly about the phase the rollout is likely in, with times that sometimes run backwards.
fn any_event(overrides: bool) -> impl Strategy_<Value = (Event, i64)> {
    let decision = prop_oneof![3 => Just(Decision::Hold), 4 => Just(Decision::Promote), 1 => Just(Decision::Rollback)];
    let judged = (any_phase(), decision, 0..900u64, proptest::bool::weighted(0.9), proptest::option::of(0..2_000u64))
        .prop_map(|(phase, decision, canary, valid, until)| {
            let Event::Judged { phase, look } = look(phase, decision, canary) else {
                unreachable!("look makes Judged")
            };
            Event::Judged { phase, look: Look { valid, data_until: until.map(|s| Timestamp(s * 1000)), ..look } }
        });
    let name = || prop_oneof![9 => Just("ada".to_owned()), 1 => Just(String::new())];
    let action = prop_oneof![
        Just(Action::Advance),
        Just(Action::Promote),
        Just(Action::Rollback),
        Just(Action::Restart { revision: "v42".to_owned() })
    ];
    let event = prop_oneof![
        2 => prop_oneof![Just("v42"), Just("v43"), Just("")].prop_map(|r| Event::Start { revision: r.to_owned() }),
        4 => Just(Event::Tick {}),
        3 => (any_phase(), 0..5_000u64, 0..1_000u64).prop_map(|(phase, baseline, canary)| Event::Observed { phase, served: Arms { baseline, canary } }),
        14 => judged,
        1 => any_phase().prop_map(|phase| Event::NoData { phase, why: "nothing".to_owned() }),
        1 => (any_phase(), proptest::option::of(proptest::num::f64::ANY)).prop_map(|(phase, value)| Event::ErrorSpike { phase, trigger: Trigger { value, ..Trigger::default() } }),
        1 => name().prop_map(|who| Event::Pause { who, why: "x".to_owned() }),
        2 => name().prop_map(|who| Event::Resume { who, why: "x".to_owned() }),
        2 => name().prop_map(|who| Event::Approve { who, why: "x".to_owned() }),
        1 => name().prop_map(|who| Event::Abort { who, why: "x".to_owned() }),
        2 => (name(), action).prop_map(move |(who, action)| if overrides { Event::Override { who, why: "x".to_owned(), action } } else { Event::Tick {} }),
    ];
    (event, prop_oneof![1 => -50..0i64, 19 => 0..120i64])
}

fn any_config() -> impl Strategy_<Value = RolloutConfig> {
    (
        0..4usize,
        0..3usize,
        proptest::option::of(0..3u64),
        proptest::option::of(0..3u64),
        1..3u64,
        (any::<bool>(), any::<bool>(), any::<bool>(), 0..3usize),
    )
        .prop_map(|(strategy, advance, failures, row, passes, (no_data, then, bake, warm))| {
            let strategy = ["canary", "blue_green", "shadow_then_canary", "direct"][strategy];
            let advance = ["auto", "on_promote", "manual"][advance];
            let mut file = json!({
                "version": 1, "strategy": strategy, "advance": advance,
                "on": {"no_data": if no_data { "hold" } else { "rollback" }, "stale_seconds": 400,
                    "hold": {"deadline_seconds": 500, "then": if then { "rollback" } else { "pause" }}},
                "limits": {"consecutive_passes": passes},
                "final_bake_seconds": if bake { 100 } else { 0 }, "cool_down_seconds": 100,
            });
            if let Some(f) = failures {
                file["limits"]["failures"] = json!(f);
            }
            if let Some(f) = row {
                file["limits"]["consecutive_failures"] = json!(f);
            }
            match warm {
                1 => file["warm_up"] = json!({"seconds": 60}),
                2 => file["warm_up"] = json!({"requests": 50}),
                _ => {}
            }
            if strategy.ends_with("canary") {
                file["stages"] = two_stages()["stages"].clone();
            }
            if strategy == "blue_green" {
                file["stages"] = json!([{"percent": 100, "min_seconds": 60, "min_samples": 100}]);
                file["rollback_window_seconds"] = json!(200);
            }
            config(file)
        })
}

/// The weight that a phase may have at most.
fn ceiling(state: &State) -> f64 {
    match state.phase {
        Phase::Pending | Phase::Shadow | Phase::RolledBack => 0.0,
        Phase::Stage(i) => state.config.stages[i].percent,
        Phase::FinalBake | Phase::Promoted => 100.0,
    }
}

fn bytes(rollout: &Rollout) -> String {
    serde_json::to_string(rollout).expect("a rollout is JSON")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn weight_crash_replay_and_escape_hold_for_any_events(
        config in any_config(),
        events in proptest::collection::vec(any_event(true), 0..60),
    ) {
        let mut rollout = Rollout::new(config.clone());
        let mut crashing = Rollout::new(config.clone());
        let mut clock = 1_000i64;
        // The weight that a host which carries out the effects has set.
        let mut set = 0.0;
        // Everything starts, so that the events have something to meet.
        rollout.take(&start(), Timestamp(0)).expect("starts");
        crashing.take(&start(), Timestamp(0)).expect("starts");
        for e in effects(&rollout) {
            if let Effect::SetWeight { percent } = e { set = percent }
        }
        for (event, passed) in events {
            clock = (clock + passed * 1000).max(0);
            let now = Timestamp(clock as u64);
            let before = rollout.state.clone();
            match rollout.take(&event, now) {
                Ok(effects) => {
                    for effect in effects {
                        match effect {
                            Effect::SetWeight { percent } => set = percent,
                            Effect::RollBack { .. } => prop_assert_eq!(set, 0.0),
                            Effect::Promote { .. } => prop_assert_eq!(set, 100.0),
                            _ => {}
                        }
                    }
                }
                Err(reason) => {
                    prop_assert_eq!(&rollout.state, &before);
                    prop_assert!(!reason.to_string().is_empty());
                    let abort = matches!(event, Event::Abort { .. });
                    prop_assert!(!abort, "an abort is never refused");
                }
            }
            prop_assert!(rollout.state.percent <= ceiling(&rollout.state));
            prop_assert_eq!(set, rollout.state.percent);

            // A crash between any two events: stored, read, and taken on by another process.
            let _ = crashing.take(&event, now);
            crashing = serde_json::from_str(&bytes(&crashing)).expect("a stored rollout");

            // One event away from weight 0, whatever the clock says.
            let (after, out) = step(&rollout.state, &abort(), Timestamp(0)).expect("an abort is never refused");
            prop_assert_eq!((after.phase, after.percent), (Phase::RolledBack, 0.0));
            prop_assert_eq!(&out[0], &Effect::SetWeight { percent: 0.0 });
        }
        prop_assert_eq!(bytes(&crashing), bytes(&rollout));
        let replayed = Rollout::replay(config, &rollout.trail).expect("an honest trail");
        prop_assert_eq!(bytes(&replayed), bytes(&rollout));
    }

    #[test]
    fn nothing_is_promoted_without_its_minimum_and_its_verdict(
        config in any_config().prop_filter("direct asks for no verdict", |c| c.strategy != Strategy::Direct),
        events in proptest::collection::vec(any_event(false), 0..80),
    ) {
        let mut state = State::new(config.clone());
        let mut clock = 1_000i64;
        (state, _) = step(&state, &start(), Timestamp(0)).expect("starts");
        // Kept apart from the machine: looks of the current phase that were taken after the warm-up could be over.
        let mut looks: Vec<Look> = Vec::new();
        for (event, passed) in events {
            clock = (clock + passed * 1000).max(0);
            let now = Timestamp(clock as u64);
            let Ok((next, _)) = step(&state, &event, now) else { continue };
            if let Event::Judged { look, .. } = &event {
                looks.push(look.clone());
            }
            if matches!(event, Event::NoData { .. }) {
                looks.clear();
            }
            if let Phase::Stage(i) = state.phase {
                let left = next.phase != state.phase && next.phase != Phase::RolledBack;
                if left {
                    let stage = config.stages[i];
                    prop_assert!(now.seconds_since(state.entered) >= stage.min_seconds);
                    let last = looks.last().expect("nothing moves on without a look");
                    prop_assert!(last.samples.canary >= stage.min_samples);
                    prop_assert!(last.valid && last.decision != Decision::Rollback);
                    let going = state.paused.is_none() || matches!(event, Event::Resume { .. });
                    prop_assert!(going, "a paused rollout moves on only when it is resumed");
                    if i + 1 == config.stages.len() {
                        let passes = looks.iter().rev().take_while(|l| l.valid && l.decision == Decision::Promote).count() as u64;
                        prop_assert!(passes >= config.limits.consecutive_passes);
                        let to_full = matches!(next.phase, Phase::FinalBake | Phase::Promoted);
                        prop_assert!(to_full);
                    } else {
                        prop_assert_eq!(next.phase, Phase::Stage(i + 1));
                    }
                }
            }
            if next.phase != state.phase {
                looks.clear();
            }
            state = next;
        }
    }
}
