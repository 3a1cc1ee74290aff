//! Any bytes as a stored judgement, in every report.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serinus::report::{self, Style};

fuzz_target!(|bytes: &[u8]| {
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
});
