//! Any bytes as a config in YAML, TOML and JSON: a valid one keeps its digest through its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serinus::JudgeConfig;
use serinus::input::{ConfigFormat, parse_config};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for format in [ConfigFormat::Yaml, ConfigFormat::Toml, ConfigFormat::Json] {
        let Ok(value) = parse_config("fuzz", text, format) else { continue };
        if let Ok(config) = JudgeConfig::from_value(&value) {
            let again = JudgeConfig::from_value(&config.to_value()).expect("a valid config stays valid");
            assert_eq!(again.digest(), config.digest());
        }
    }
});
