//! Who looks: the judge at everything served so far, or the monitor at what is new.

use super::error::ReplayError;
use super::{Method, recording};
use crate::config::{AsOf, JudgeConfig, TimeUnit};
use crate::judge::Judge;
use crate::judge::judgement::Judgement;
use crate::monitor::{Feed, Monitor};
use crate::table::Table;

pub(super) enum Watcher<'c, 't> {
    Fixed { judge: Judge, table: &'c Table<'t>, kept: Vec<usize> },
    Anytime { monitor: Box<Monitor>, feed: Box<Feed<'c, 't>> },
}

impl<'c, 't> Watcher<'c, 't> {
    pub fn new(config: &'c JudgeConfig, table: &'c Table<'t>, method: Method) -> Result<Self, ReplayError> {
        Ok(match method {
            Method::Fixed => {
                let judge = Judge::new(config.clone()).map_err(ReplayError::Config)?;
                Watcher::Fixed { judge, table, kept: Vec::new() }
            }
            Method::Anytime => {
                Watcher::Anytime { monitor: Box::new(Monitor::new(config)?), feed: Box::new(Feed::new(config, table)?) }
            }
        })
    }

    /// A look after these rows, which are of one recorded stage and in the order of time. `None` when there is nothing yet
    /// to judge, because all of it is warm-up.
    pub fn look(
        &mut self,
        rows: &[&recording::Row],
        start_seconds: f64,
        end_seconds: f64,
    ) -> Result<Option<Judgement>, ReplayError> {
        match self {
            Watcher::Fixed { judge, table, kept } => {
                kept.extend(rows.iter().map(|r| r.index));
                if rows.iter().all(|r| r.warm_up) {
                    return Ok(None);
                }
                // The table's own order, on which digests and resampling depend, is that of the recording.
                kept.sort_unstable();
                let as_of = as_of(judge.config(), end_seconds);
                Ok(Some(judge.judge_as_of(&table.pick(kept), as_of)?))
            }
            Watcher::Anytime { monitor, feed } => {
                let warm: Vec<usize> = rows.iter().filter(|r| !r.warm_up).map(|r| r.index).collect();
                for batch in feed.batches(&warm, start_seconds, end_seconds)? {
                    monitor.consume(&batch)?;
                }
                if warm.is_empty() {
                    return Ok(None);
                }
                Ok(Some(monitor.look().judgement))
            }
        }
    }
}

/// The moment of the config when it has passed, else now, which is the time of the last row.
fn as_of(config: &JudgeConfig, now_seconds: f64) -> AsOf {
    let Some(labels) = &config.data.labels else { return AsOf::Last };
    let is_seconds = config.data.time.as_ref().is_some_and(|t| t.unit == TimeUnit::S);
    match labels.as_of {
        AsOf::At(moment) if moment / if is_seconds { 1.0 } else { 1000.0 } <= now_seconds => labels.as_of,
        _ => AsOf::Last,
    }
}
