//! Any bytes as a config in YAML, TOML and JSON: a valid one keeps its digest through its own canonical form.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| doors::config(bytes));
