//! Replicates drawn in parallel, each to its own slot.

use std::ops::Range;

use rayon::prelude::*;

/// Replicates that one task draws. Slots and streams belong to replicates, so this number changes no answer.
const CHUNK: u64 = 64;

/// Random draws below which one thread is faster than several.
const SERIAL_BELOW: u64 = 200_000;

/// What `one` answers for every replicate of a range, in order; `cost` is the number of random draws in one.
pub(super) fn draw<T: Send>(range: Range<u64>, cost: u64, one: &(impl Fn(u64, &mut Vec<u32>) -> T + Sync)) -> Vec<T> {
    let chunk = |from: u64| {
        let mut scratch = Vec::new();
        let to = (from + CHUNK).min(range.end);
        (from..to).map(|b| one(b, &mut scratch)).collect::<Vec<T>>()
    };
    let draws = range.end.saturating_sub(range.start);
    let starts: Vec<u64> = range.clone().step_by(CHUNK as usize).collect();
    let chunks: Vec<Vec<T>> = if draws.saturating_mul(cost) < SERIAL_BELOW {
        starts.into_iter().map(chunk).collect()
    } else {
        starts.into_par_iter().map(chunk).collect()
    };
    chunks.into_iter().flatten().collect()
}
