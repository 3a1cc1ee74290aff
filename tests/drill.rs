//! Fire drills on a recording of one model in both arms: large faults are caught, and none is no fault.
#![cfg(feature = "files")]

use std::path::Path;

use serinus::drill::{DrillError, DrillOptions, Fault, drill};
use serinus::input::{ReadOptions, Source, read_config, read_table};
use serinus::replay::{Method, ReplayOptions};
use serinus::rollout::{LookRule, RolloutConfig};
use serinus::{JudgeConfig, Table, report};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/");

fn read() -> (JudgeConfig, Table<'static>) {
    let source = |file: &str| Source::from_argument(Path::new(&format!("{FOLDER}{file}"))).clone();
    let config = read_config(&source("demo.yaml")).expect("a bundled config can be read");
    let table = read_table(&source("aa_parity.parquet"), ReadOptions::default()).expect("the recording can be read");
    (JudgeConfig::from_value(&config).expect("it is valid"), table)
}

fn options(faults: Vec<Fault>, replicates: u64) -> DrillOptions {
    DrillOptions { faults, replicates, seed: 11, ..DrillOptions::default() }
}

#[test]
fn large_faults_are_caught_and_nothing_is_no_fault() {
    let (config, table) = read();
    let faults = vec![Fault::None, Fault::Latency { factor: 4.0 }, Fault::Errors { share: 0.05 }];
    let found = drill(&config, &table, &options(faults, 2), &|_, _| {}).expect("it can be drilled");
    assert_eq!(found.columns.latency.as_deref(), Some("latency_ms"));
    assert_eq!(found.columns.error.as_deref(), Some("error"));
    assert_eq!(found.columns.score.as_deref(), Some("score"));
    let [none, slow, failing] = &found.faults[..] else { panic!("three faults were asked for") };
    assert_eq!((none.judged.rollback, none.rolled_out.rolled_back), (0, 0), "{none:?}");
    for (one, metric) in [(slow, "latency_p97"), (failing, "errors")] {
        assert_eq!((one.judged.rollback, one.rolled_out.rolled_back), (2, 2), "{one:?}");
        assert_eq!(one.named[0], (metric.to_owned(), 2));
        let exposed = one.exposed.expect("it was rolled back");
        assert!(exposed.least > 0 && exposed.least <= exposed.median && exposed.median <= exposed.most);
    }
    let table = report::drill_table(&found);
    assert_eq!(table.lines().count(), 5, "a head, a rule and three faults:\n{table}");
}

#[test]
fn a_broken_segment_is_never_promoted_by_a_monitored_rollout() {
    let (config, table) = read();
    let source = Source::from_argument(Path::new(&format!("{FOLDER}rollout.yaml"))).clone();
    let rollout = RolloutConfig::from_value(&read_config(&source).expect("it can be read")).expect("it is valid");
    let replay = ReplayOptions { method: Method::Anytime, look_every: Some(LookRule::Requests(100)) };
    let broken = vec![Fault::Segment];
    // The deals of docs/drill.md, one of which the monitor alone promotes.
    let options = DrillOptions { rollout: Some(rollout), replay, seed: 0, ..options(broken, 5) };
    let found = drill(&config, &table, &options, &|_, _| {}).expect("it can be drilled");
    assert_eq!(found.faults[0].judged.rollback, 5, "{:?}", found.faults[0]);
    assert_eq!(found.faults[0].rolled_out.promoted, 0, "{:?}", found.faults[0]);
}

#[test]
fn the_same_seed_gives_the_same_drill_on_any_number_of_threads() {
    let (config, table) = read();
    let faults = || vec![Fault::Tail { share: 0.1, factor: 10.0 }];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| drill(&config, &table, &options(faults(), 2), &|_, _| {}).expect("it can be drilled"))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn what_cannot_be_planted_is_named_and_what_cannot_be_dealt_is_an_error() {
    let (mut config, table) = read();
    config.metrics.retain(|m| m.name == "errors");
    let found = drill(&config, &table, &options(vec![Fault::Latency { factor: 2.0 }], 1), &|_, _| {});
    let found = found.expect("a fault without a column is no error");
    assert!(found.faults[0].skipped.is_some() && found.faults[0].exposed.is_none());
    assert!(report::drill_table(&found).contains("not planted"));
    config.data.arm = None;
    let error = drill(&config, &table, &options(vec![Fault::None], 1), &|_, _| {});
    assert!(
        matches!(error, Err(DrillError::Monitor(_) | DrillError::Shape { .. } | DrillError::Config(_))),
        "{error:?}"
    );
}
