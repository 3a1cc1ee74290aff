//! Any bytes as CSV, TSV and NDJSON, and what can be read of them judged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serinus::JudgeConfig;
use serinus::input::{ReadOptions, Source, read_table};
use serinus::judge::Judge;

fuzz_target!(|bytes: &[u8]| {
    let config = serde_json::json!({
        "version": 1,
        "data": {"arm": {"column": "arm"}},
        "metrics": [
            {"name": "m", "type": "mean", "column": "x", "direction": "lower_is_better", "margin": {"absolute": 1}},
            {"name": "d", "type": "distribution", "column": "x", "direction": "lower_is_better", "margin": {"relative": 0.1}},
        ],
    });
    let judge = Judge::new(JudgeConfig::from_value(&config).expect("the config is valid")).expect("the config is valid");
    for name in ["t.csv", "t.tsv", "t.ndjson"] {
        if let Ok(table) = read_table(&Source::bytes(name, bytes.to_vec()), ReadOptions::default())
            && let Ok(judgement) = judge.judge(&table)
        {
            let json = serde_json::to_string(&judgement).expect("a judgement is JSON");
            serde_json::from_str::<serinus::Judgement>(&json).expect("a judgement reads back");
        }
    }
});
