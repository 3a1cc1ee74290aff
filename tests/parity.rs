//! Are these two arms the same? The bundled recordings of one model twice, and of faults that are not.
#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/");

/// Margins that 1,800 canary requests can show on both sides.
const WIDE: [&str; 4] =
    ["--set", "metrics.conversion.margin.relative=0.4", "--set", "metrics.revenue.margin.relative=0.6"];

fn ask(config: &str, data: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_serinus"))
        .current_dir(FOLDER)
        .args(["judge", "--parity", "--format", "json", "-c", config])
        .arg(data)
        .args(more)
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {talk}"));
    (output.status.code(), answer)
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["reasons"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect()
}

fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity");
    std::fs::create_dir_all(&path).unwrap();
    path.join(name)
}

#[test]
fn one_model_twice_is_the_same() {
    let (code, answer) = ask("demo.yaml", Path::new("aa_parity.parquet"), &WIDE);
    assert_eq!((code, &answer["answer"]), (Some(0), &"same".into()), "{:#}", answer["reasons"]);
    assert_eq!(answer["schema"], "serinus.parity/1");
    assert_eq!(codes(&answer), ["all_same"]);
    let text = answer["reasons"][0]["text"].as_str().unwrap();
    assert!(text.contains("sample_ratio, segment_balance, missingness"), "{text}");
    // With the margins of the canary's own config the traffic is too little, and that is what is said.
    let (code, answer) = ask("demo.yaml", Path::new("aa_parity.parquet"), &[]);
    assert_eq!((code, &answer["answer"]), (Some(3), &"open".into()));
    assert!(codes(&answer).iter().all(|c| *c == "not_shown"), "{:?}", codes(&answer));
    assert!(answer["reasons"][0]["numbers"]["canary_samples"].as_u64().is_some_and(|n| n > 0 && n < 100_000));
    assert!(answer["reasons"][0]["text"].as_str().unwrap().contains("neither the same nor different is shown"));
}

#[test]
fn a_planted_fault_is_not_the_same_whichever_way_it_points() {
    for (name, metric) in [("null_feature", "conversion"), ("skew_sentinel", "contacts"), ("slow_model", "latency_p97")]
    {
        let (code, answer) = ask("demo.yaml", &PathBuf::from(format!("{name}.parquet")), &WIDE);
        assert_eq!((code, &answer["answer"]), (Some(1), &"different".into()), "{name}");
        let named = answer["reasons"].as_array().unwrap().iter().any(|r| r["metric"] == metric);
        assert!(named, "{name}: {:#}", answer["reasons"]);
    }
    // A gain is a difference too: a canary with fewer contacts would be promoted.
    let (_, answer) = ask("demo.yaml", Path::new("null_feature.parquet"), &WIDE);
    let contacts = answer["metrics"].as_array().unwrap().iter().find(|m| m["name"] == "contacts").unwrap();
    assert_eq!(contacts["outcome"], "fail");
    let estimate = contacts["evidence"]["estimate"].as_f64().unwrap();
    assert!(estimate < 1.0, "{estimate}");
}

#[test]
fn a_fault_of_one_segment_alone_is_named() {
    let (code, answer) = ask("demo.yaml", Path::new("segment_only.parquet"), &WIDE);
    assert_eq!(code, Some(1));
    let named = answer["reasons"].as_array().unwrap().iter().find(|r| r["code"] == "segment_differs").unwrap();
    assert!(named["segment"]["age_band"] == ">60" || named["segment"]["age_band"] == "<=25", "{named}");
}

#[test]
fn a_split_and_a_mix_that_are_not_as_declared_are_not_the_same() {
    let (code, answer) =
        ask("demo.yaml", Path::new("aa_parity.parquet"), &[&WIDE[..], &["--set", "data.share=40"]].concat());
    assert_eq!((code, codes(&answer)[0]), (Some(1), "sample_ratio_differs"));
    let mut text = "arm,tier,cost\n".to_owned();
    for i in 0..4000 {
        let canary = i % 2 == 1;
        // The router sends gold customers to the canary twice as often; the cost is the same for all.
        let gold = i % if canary { 3 } else { 6 } == 1;
        text.push_str(&format!(
            "{},{},{}\n",
            ["baseline", "canary"][usize::from(canary)],
            ["iron", "gold"][usize::from(gold)],
            i % 7
        ));
    }
    let (data, config) = (place("mix.csv"), place("mix.yaml"));
    std::fs::write(&data, text).unwrap();
    let yaml = "version: 1\ndata: {arm: {column: arm}, segments: [tier]}\nmetrics:\n  - {name: cost, type: mean, column: cost, \
                direction: lower_is_better, margin: {relative: 0.1}}\n  - {name: cap, type: mean, column: cost, \
                direction: lower_is_better, limit: {max: 9}}\n";
    std::fs::write(&config, yaml).unwrap();
    let (code, answer) = ask(config.to_str().unwrap(), &data, &[]);
    assert_eq!((code, codes(&answer)), (Some(1), vec!["segments_differ"]), "{answer:#}");
    let warnings = answer["warnings"].to_string();
    assert!(warnings.contains("compared with the baseline: cap"), "{warnings}");
    assert!(warnings.contains("sample_ratio was not checked"), "{warnings}");
    let (code, answer) = ask(config.to_str().unwrap(), &data, &["--set", "data.segments=null"]);
    assert_eq!((code, codes(&answer)), (Some(0), vec!["all_same"]));
}

#[test]
fn pairs_and_an_arm_without_rows_have_their_answers() {
    let (code, answer) = ask("shadow.yaml", Path::new("shadow_healthy.parquet"), &[]);
    assert_eq!((code, &answer["answer"]), (Some(0), &"same".into()), "{:#}", answer["reasons"]);
    let (code, answer) = ask("shadow.yaml", Path::new("shadow_skew.parquet"), &[]);
    assert_eq!((code, &answer["answer"]), (Some(1), &"different".into()));
    let alone = place("alone.csv");
    std::fs::write(&alone, "arm,cost\nbaseline,1\nbaseline,2\n").unwrap();
    let config = place("alone.yaml");
    let yaml = "version: 1\ndata: {arm: {column: arm}}\nmetrics:\n  - {name: cost, type: mean, column: cost, direction: \
                lower_is_better, margin: {relative: 0.1}}\n";
    std::fs::write(&config, yaml).unwrap();
    let (code, answer) = ask(config.to_str().unwrap(), &alone, &[]);
    assert_eq!((code, codes(&answer)), (Some(3), vec!["empty_arm"]), "{answer:#}");
}
