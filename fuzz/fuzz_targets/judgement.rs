//! Any bytes as a stored judgement, in every report.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| doors::judgement(bytes));
