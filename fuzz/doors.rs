//! What each target does with its bytes; `examples/mutate.rs` does the same on the stable compiler.
#![allow(dead_code)]

use serde_json::Value;
use serinus::input::{ConfigFormat, ReadOptions, Source, parse_config, read_summary, read_table};
use serinus::judge::Judge;
use serinus::kayenta::{Mode, answer, documents};
use serinus::report::{self, Style};
use serinus::{Arms, JudgeConfig};

/// Any bytes as a config in YAML, TOML and JSON: a valid one keeps its digest through its own canonical form.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for format in [ConfigFormat::Yaml, ConfigFormat::Toml, ConfigFormat::Json] {
        let Ok(value) = parse_config("fuzz", text, format) else { continue };
        if let Ok(config) = JudgeConfig::from_value(&value) {
            let again = JudgeConfig::from_value(&config.to_value()).expect("a valid config stays valid");
            assert_eq!(again.digest(), config.digest());
        }
    }
}

/// Any bytes as a stored judgement, in every report.
pub fn judgement(bytes: &[u8]) {
    let Ok(judgement) = serde_json::from_slice::<serinus::Judgement>(bytes) else { return };
    for text in [
        report::text(&judgement, Style::default()),
        report::markdown(&judgement),
        report::html(&judgement),
        report::junit(&judgement),
        report::github(&judgement),
        report::dotenv(&judgement),
    ] {
        assert!(!text.contains("NaN") || String::from_utf8_lossy(bytes).contains("NaN"));
    }
}

/// Any bytes as requests of Kayenta's: every answer, in both modes, is JSON that its classes accept.
pub fn kayenta(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for request in documents(&text) {
        for mode in [Mode::Compatible, Mode::Native] {
            let Ok(given) = answer(request, mode) else { continue };
            // A bare NaN or Infinity is no JSON, so that reading it back is the test for them.
            let value: Value = serde_json::from_str(&given).expect("an answer is JSON");
            assert!(value["score"]["score"].is_number() || value["score"]["score"].is_string(), "{given}");
            for group in value["groupScores"].as_array().expect("group scores are a list") {
                assert!(group["score"].is_number() || group["score"].is_string(), "{given}");
            }
            assert!(value["results"].is_array(), "{given}");
        }
    }
}

/// Any bytes as Parquet.
pub fn parquet(bytes: &[u8]) {
    if let Ok(table) = read_table(&Source::bytes("t.parquet", bytes.to_vec()), ReadOptions::default()) {
        for (_, column) in table.columns() {
            assert_eq!(column.len(), table.rows());
        }
    }
}

/// Any bytes as rows of sufficient statistics, in JSON, CSV and NDJSON.
pub fn summary(bytes: &[u8]) {
    let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
    for name in ["s.json", "s.csv", "s.ndjson"] {
        let _ = read_summary(&Source::bytes(name, bytes.to_vec()), None, &words, &["tier".to_owned()]);
    }
}

/// Any bytes as CSV, TSV and NDJSON, and what can be read of them judged.
pub fn tables(bytes: &[u8]) {
    let config = serde_json::json!({
        "version": 1,
        "data": {"arm": {"column": "arm"}},
        "metrics": [
            {"name": "m", "type": "mean", "column": "x", "direction": "lower_is_better", "margin": {"absolute": 1}},
            {"name": "d", "type": "distribution", "column": "x", "direction": "lower_is_better", "margin": {"relative": 0.1}},
        ],
    });
    let judge =
        Judge::new(JudgeConfig::from_value(&config).expect("the config is valid")).expect("the config is valid");
    for name in ["t.csv", "t.tsv", "t.ndjson"] {
        let Ok(table) = read_table(&Source::bytes(name, bytes.to_vec()), ReadOptions::default()) else { continue };
        if let Ok(judgement) = judge.judge(&table) {
            let json = serde_json::to_string(&judgement).expect("a judgement is JSON");
            serde_json::from_str::<serinus::Judgement>(&json).expect("a judgement reads back");
        }
        if let Ok(parity) = judge.parity(&table) {
            let json = serde_json::to_string(&parity).expect("an answer is JSON");
            serde_json::from_str::<serinus::judge::parity::Parity>(&json).expect("an answer reads back");
        }
    }
}
