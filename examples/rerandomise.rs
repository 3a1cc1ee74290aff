//! How often is a rollout rolled back in which nothing is wrong? Recordings of the same model in both arms, judged with
//! arm labels dealt again inside each stage, by user where users were routed.
//!
//! `cargo run --release --features cli --example rerandomise [DRAWS] [SEED]`

use std::collections::HashMap;

use rayon::prelude::*;
use serinus::input::{ConfigFormat, ReadOptions, Source, parse_config, read_table};
use serinus::judge::Judge;
use serinus::stats::rng;
use serinus::{Column, Decision, JudgeConfig, Outcome, Table};

const CONFIG: &str = include_str!("../fixtures/recordings/demo.yaml");
const PARITY: &[u8] = include_bytes!("../fixtures/recordings/aa_parity.parquet");
const STICKY: &[u8] = include_bytes!("../fixtures/recordings/aa_sticky_users.parquet");

fn codes(table: &Table<'_>, name: &str) -> Vec<u64> {
    match table.column(name) {
        Some(Column::Number { values, .. }) => values.iter().map(|v| v.to_bits()).collect(),
        Some(Column::Text { codes, .. }) => codes.iter().map(|c| u64::from(*c)).collect(),
        None => Vec::new(),
    }
}

/// The arm column dealt again: inside each stage as many canary rows (or users) as there were.
fn deal(table: &Table<'_>, by_user: bool, random: &mut rng::Stream) -> Column<'static> {
    let (arm, stage) = (codes(table, "arm"), codes(table, "stage"));
    let user = if by_user { codes(table, "user_id") } else { (0..table.rows() as u64).collect() };
    let canary = match table.column("arm") {
        Some(Column::Text { names, .. }) => names.iter().position(|n| n == "canary").map_or(0, |i| i as u64),
        _ => 0,
    };
    // One card a (stage, unit) in order of appearance, shuffled inside its stage (Fisher and Yates).
    let mut stages: Vec<(u64, Vec<bool>, HashMap<u64, usize>)> = Vec::new();
    for row in 0..table.rows() {
        let at = stages.iter().position(|s| s.0 == stage[row]).unwrap_or_else(|| {
            stages.push((stage[row], Vec::new(), HashMap::new()));
            stages.len() - 1
        });
        let (_, cards, place) = &mut stages[at];
        place.entry(user[row]).or_insert_with(|| {
            cards.push(arm[row] == canary);
            cards.len() - 1
        });
    }
    for (_, cards, _) in &mut stages {
        for i in (1..cards.len()).rev() {
            cards.swap(i, random.below(i as u64 + 1) as usize);
        }
    }
    let dealt = (0..table.rows()).map(|row| {
        let (_, cards, place) = stages.iter().find(|s| s.0 == stage[row]).expect("every stage was seen");
        if cards[place[&user[row]]] { "canary" } else { "baseline" }
    });
    Column::texts(dealt)
}

fn main() {
    let argument = |i: usize, default: u64| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (draws, seed) = (argument(1, 250), argument(2, 1));
    println!(
        "| recording | draws | promoted | held | rolled back | sample ratio fired |\n| --- | --- | --- | --- | --- | --- |"
    );
    for (name, bytes, by_user) in [("aa_parity", PARITY, false), ("aa_sticky_users", STICKY, true)] {
        let source = Source::bytes(name.to_owned() + ".parquet", bytes);
        let table = read_table(&source, ReadOptions::default()).expect("the recording can be read");
        let mut value = parse_config("demo.yaml", CONFIG, ConfigFormat::Yaml).expect("the config is YAML");
        if by_user {
            value["data"]["unit"] = "user_id".into();
        }
        let judge = Judge::new(JudgeConfig::from_value(&value).expect("the config is valid")).expect("it was checked");
        let found: Vec<(Decision, bool)> = (0..draws)
            .into_par_iter()
            .map(|draw| {
                let mut random = rng::Stream::new(seed, name, draw);
                let arm = deal(&table, by_user, &mut random);
                let columns =
                    table.columns().iter().map(|(n, c)| (n.clone(), if n == "arm" { arm.clone() } else { c.clone() }));
                let dealt = Table::new(columns.collect()).expect("the arm column has as many rows");
                let judgement = judge.judge(&dealt).expect("the recording can be judged");
                let fired = judgement.checks.iter().any(|c| c.name == "sample_ratio" && c.outcome == Outcome::Fail);
                (judgement.decision, fired)
            })
            .collect();
        let count = |decision| found.iter().filter(|f| f.0 == decision).count();
        println!(
            "| {name} | {draws} | {} | {} | {} | {} |",
            count(Decision::Promote),
            count(Decision::Hold),
            count(Decision::Rollback),
            found.iter().filter(|f| f.1).count()
        );
    }
}
