//! Any bytes as requests of Kayenta's: every answer, in both modes, is JSON that its classes accept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serinus::kayenta::{Mode, answer, documents};

fuzz_target!(|bytes: &[u8]| {
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
});
