//! Any bytes as CSV, TSV and NDJSON, and what can be read of them judged.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| doors::tables(bytes));
