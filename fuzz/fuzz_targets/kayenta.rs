//! Any bytes as requests of Kayenta's: every answer, in both modes, is JSON that its classes accept.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| doors::kayenta(bytes));
