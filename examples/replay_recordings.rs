//! The tables of docs/replay.md: every routed recording replayed, by the fixed test and by the monitor; then recordings of
//! healthy canaries replayed with their arms dealt again.
//!
//! `cargo run --release --features cli --example replay_recordings [DRAWS] [SEED]`

use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;
use serinus::drill::deal;
use serinus::input::{ReadOptions, Source, read_config, read_table};
use serinus::replay::{Method, Outcome, Replay, ReplayOptions, replay};
use serinus::rollout::{LookRule, RolloutConfig};
use serinus::stats::rng::Stream;
use serinus::{Column, JudgeConfig, Table};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/");
const FIXED: ReplayOptions = ReplayOptions { method: Method::Fixed, look_every: None };
const EVERY_100: ReplayOptions = ReplayOptions { method: Method::Anytime, look_every: Some(LookRule::Requests(100)) };

type Failure = Box<dyn std::error::Error>;

fn read(name: &str, data: &Value) -> Result<(JudgeConfig, Table<'static>), Failure> {
    let mut value = read_config(&Source::from_argument(Path::new(&format!("{FOLDER}demo.yaml"))))?;
    for (key, given) in data.as_object().into_iter().flatten() {
        value["data"][key] = given.clone();
    }
    let source = Source::from_argument(Path::new(&format!("{FOLDER}{name}.parquet"))).clone();
    Ok((JudgeConfig::from_value(&value)?, read_table(&source, ReadOptions::default())?))
}

/// Errors of the canary among the requests served until the end.
fn canary_errors(table: &Table<'_>, told: &Replay) -> usize {
    let (Some(Column::Number { values: time, .. }), Some(Column::Number { values: error, .. })) =
        (table.column("ts_ms"), table.column("error"))
    else {
        return 0;
    };
    let Some(Column::Text { codes, names }) = table.column("arm") else { return 0 };
    let first = time.iter().copied().fold(f64::INFINITY, f64::min);
    let end = first + 1000.0 * told.exposure.seconds;
    (0..table.rows()).filter(|&i| names[codes[i] as usize] == "canary" && time[i] <= end && error[i] == 1.0).count()
}

fn end(table: &Table<'_>, told: &Replay) -> String {
    let canary = told.exposure.served.canary;
    match told.outcome {
        Outcome::Promoted => format!("promoted after {canary}"),
        Outcome::Undecided => "held to the end".to_owned(),
        Outcome::RolledBack => {
            let errors = canary_errors(table, told);
            let reason = told.looks.last().and_then(|l| l.reasons.first());
            let what = reason.map_or("", |r| r.metric.as_deref().unwrap_or(r.code.as_str()));
            format!("rolled back after {canary} ({errors} errors): {what}")
        }
    }
}

fn main() -> Result<(), Failure> {
    let argument = |i: usize, default: u64| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (draws, seed) = (argument(1, 200), argument(2, 1));
    let expected: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(format!("{FOLDER}expected.json"))?)?;
    let rollout = read_config(&Source::from_argument(Path::new(&format!("{FOLDER}rollout.yaml"))))?;
    let rollout = RolloutConfig::from_value(&rollout)?;

    println!("| recording | planted | fixed test every 1,000 requests | monitor every 100 requests |");
    println!("| --- | --- | --- | --- |");
    for one in expected.iter().filter(|e| e["config"] == "demo.yaml") {
        let name = one["name"].as_str().unwrap_or_default();
        let (config, table) = read(name, &one["data"])?;
        let fixed = replay(&config, &rollout, &table, &FIXED)?;
        let anytime = replay(&config, &rollout, &table, &EVERY_100)?;
        let planted = one["fault"].as_str().unwrap_or_default();
        println!("| {name} | {planted} | {} | {} |", end(&table, &fixed), end(&table, &anytime));
    }

    println!("\n| recording, arms dealt again | draws | promoted | undecided | rolled back |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, data) in [
        ("healthy", Value::Null),
        ("aa_parity", Value::Null),
        ("aa_sticky_users", serde_json::json!({"unit": "user_id"})),
    ] {
        let (config, table) = read(name, &data)?;
        let ends: Vec<Outcome> = (0..draws)
            .into_par_iter()
            .map(|draw| {
                let dealt =
                    deal(&config, &table, &mut Stream::new(seed, name, draw)).expect("the recording can be dealt");
                replay(&config, &rollout, &dealt, &EVERY_100).expect("the recording can be replayed").outcome
            })
            .collect();
        let count = |outcome| ends.iter().filter(|e| **e == outcome).count();
        println!(
            "| {name} | {draws} | {} | {} | {} |",
            count(Outcome::Promoted),
            count(Outcome::Undecided),
            count(Outcome::RolledBack)
        );
    }
    Ok(())
}
