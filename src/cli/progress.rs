//! A bar for long reading, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::input::Progress;

/// Below this size a file is read before anybody looks.
const SMALL_BYTES: u64 = 32 << 20;
/// Below this number of rows a judgement is there before anybody looks.
const MANY_ROWS: usize = 500_000;

/// A bar that follows a reader, and vanishes when it is done.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar when standard error is a terminal and the file is not small.
    pub(super) fn new(what: &str, bytes: Option<u64>) -> Bar {
        if !stderr().is_terminal() || bytes.is_some_and(|b| b < SMALL_BYTES) {
            return Bar(None);
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {human_pos} rows") {
            bar.set_style(style);
        }
        bar.set_message(format!("reading {what}"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(Some(bar))
    }

    /// A clock that runs while so many metrics are judged, when there are rows enough to wait for.
    pub(super) fn judging(metrics: usize, rows: usize) -> Bar {
        if !stderr().is_terminal() || rows < MANY_ROWS {
            return Bar(None);
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(format!("judging {metrics} metrics on {rows} rows"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(Some(bar))
    }

    pub(super) fn follow(&self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        // Where only bytes are known, the rows to come are guessed from those read so far.
        let total = progress.total_rows.or_else(|| {
            let share = progress.bytes.max(1) as f64 / progress.total_bytes? as f64;
            Some((progress.rows as f64 / share) as u64)
        });
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(progress.rows);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
