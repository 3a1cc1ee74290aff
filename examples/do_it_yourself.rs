//! The recordings judged by the usual twenty lines, beside Serinus.
//!
//! The script that people write shifts the baseline by the margin times its mean, runs Mann-Whitney at .05, calls what is
//! not significant failed, and adds up weights; it pools the ramp's stages.
//! `cargo run --release --features cli --example do_it_yourself` prints the table of the README.

use serinus::input::{ConfigFormat, ReadOptions, Source, parse_config, read_table};
use serinus::judge::Judge;
use serinus::stats::Alternative;
use serinus::stats::mann_whitney::{MannWhitney, RankMethod, mann_whitney};
use serinus::{Arms, Column, JudgeConfig, Table};

const CONFIG: &str = include_str!("../fixtures/recordings/demo.yaml");
const EXPECTED: &str = include_str!("../fixtures/recordings/expected.json");

fn arms(table: &Table<'_>, name: &str) -> Arms<Vec<f64>> {
    let (Some(Column::Number { values, missing }), Some(Column::Text { codes, names })) =
        (table.column(name), table.column("arm"))
    else {
        return Arms::default();
    };
    let of = |arm: &str| {
        let kept = |i: &usize| {
            names[codes[*i] as usize] == arm && !missing.as_ref().is_some_and(|m| m[*i]) && !values[*i].is_nan()
        };
        (0..values.len()).filter(kept).map(|i| values[i]).collect()
    };
    Arms { baseline: of("baseline"), canary: of("canary") }
}

/// The script's p-value of "not worse": never do this.
fn shifted(arms: &Arms<Vec<f64>>, lower_is_better: bool, margin: f64) -> f64 {
    let mean = arms.baseline.iter().sum::<f64>() / arms.baseline.len() as f64;
    let shift = (mean * margin).abs() * if lower_is_better { 1.0 } else { -1.0 };
    let moved: Vec<f64> = arms.baseline.iter().map(|v| v + shift).collect();
    let alternative = if lower_is_better { Alternative::Less } else { Alternative::Greater };
    let options = MannWhitney::default().alternative(alternative).method(RankMethod::Asymptotic);
    mann_whitney(&arms.canary, &moved, &options).map_or(1.0, |found| found.p_value)
}

fn main() {
    let expected: serde_json::Value = serde_json::from_str(EXPECTED).expect("the expectations are JSON");
    println!(
        "| recording | planted | the script | its p that conversions are fine | Serinus |\n| --- | --- | --- | --- | --- |"
    );
    let (mut script_right, mut ours_right, mut all) = (0, 0, 0);
    for one in expected.as_array().expect("a list") {
        if one["config"] != "demo.yaml" {
            continue;
        }
        let name = one["name"].as_str().expect("a name");
        let path = format!("{}/fixtures/recordings/{name}.parquet", env!("CARGO_MANIFEST_DIR"));
        let source = Source::from_argument(std::path::Path::new(&path));
        let table = read_table(&source, ReadOptions::default()).expect("the recording can be read");
        let metrics = [
            ("converted", 3.0, false, 0.05),
            ("latency_ms", 2.0, true, 0.05),
            ("score", 1.5, false, 0.05),
            ("error", 2.5, true, 0.01),
        ];
        let p: Vec<f64> =
            metrics.iter().map(|(column, _, lower, margin)| shifted(&arms(&table, column), *lower, *margin)).collect();
        let weight: f64 = metrics.iter().map(|m| m.1).sum();
        let score = 100.0 * metrics.iter().zip(&p).filter(|(_, p)| **p < 0.05).map(|(m, _)| m.1).sum::<f64>() / weight;
        let script = if score >= 95.0 {
            "promote"
        } else if score <= 60.0 {
            "rollback"
        } else {
            "hold"
        };
        let mut value = parse_config("demo.yaml", CONFIG, ConfigFormat::Yaml).expect("the config is YAML");
        if let Some(data) = one["data"].as_object() {
            for (key, given) in data {
                value["data"][key] = given.clone();
            }
        }
        let judge = Judge::new(JudgeConfig::from_value(&value).expect("the config is valid")).expect("it was checked");
        let decision = serde_json::to_value(judge.judge(&table).expect("it can be judged").decision).expect("a word");
        let right = |word: &str| one["expected"].as_array().is_some_and(|e| e.iter().any(|d| d == word));
        let ours = decision.as_str().expect("a word");
        all += 1;
        script_right += usize::from(right(script));
        ours_right += usize::from(right(ours));
        let mark = |word: &str| if right(word) { word.to_owned() } else { format!("**{word}**") };
        println!(
            "| {name} | {} | {} | {:.3} | {} |",
            one["fault"].as_str().expect("a text"),
            mark(script),
            p[0],
            mark(ours)
        );
    }
    println!("\nThe script is right on {script_right} of {all}, Serinus on {ours_right}; wrong answers are in bold.");
}
