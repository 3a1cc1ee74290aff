//! Any bytes as rows of sufficient statistics, in JSON, CSV and NDJSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serinus::Arms;
use serinus::input::{Source, read_summary};

fuzz_target!(|bytes: &[u8]| {
    let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
    for name in ["s.json", "s.csv", "s.ndjson"] {
        let _ = read_summary(&Source::bytes(name, bytes.to_vec()), None, &words, &["tier".to_owned()]);
    }
});
