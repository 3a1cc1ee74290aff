//! Any bytes as rows of sufficient statistics, in JSON, CSV and NDJSON.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| doors::summary(bytes));
