//! The rows of a recording as a rollout sees them: in the order of time, each with the stage that would have served it.

use std::collections::HashMap;

use super::error::ReplayError;
use crate::arms::Arm;
use crate::config::{JudgeConfig, Share, Stratum, WarmUp};
use crate::monitor::MonitorError;
use crate::monitor::columns::Columns;
use crate::rollout::{RolloutConfig, Strategy, Timestamp};
use crate::table::Table;

/// Shares this close are one: percentages come from files.
const SAME_PERCENT: f64 = 1e-9;

/// Where in a rollout a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Wherever the rollout is: the recording declares no shares and has no stages.
    Any,
    /// A copy of a request.
    Shadow,
    /// In this stage.
    Stage(usize),
    /// At a share above the last stage's.
    Beyond,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its place in the table.
    pub index: usize,
    /// When it was served, in seconds of the recording's own clock.
    pub seconds: f64,
    /// The same for the machine, from the first row on.
    pub at: Timestamp,
    pub place: Place,
    /// Stage as recorded, by number in [`Recording::stages`].
    pub stage: usize,
    /// `None` of an ignored row.
    pub arm: Option<Arm>,
    /// What was randomised, by number; `None` without `data.unit`, or where it is missing.
    pub unit: Option<usize>,
    /// Whether the judge leaves it out as warm-up.
    pub warm_up: bool,
}

/// A recording in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recording {
    pub rows: Vec<Row>,
    /// Stages as recorded, in the order of their first rows.
    pub stages: Vec<String>,
    pub has_units: bool,
    pub paired: bool,
}

impl Recording {
    pub fn read(config: &JudgeConfig, rollout: &RolloutConfig, table: &Table<'_>) -> Result<Recording, ReplayError> {
        if config.data.time.is_none() {
            let fault = "a replay needs to know when a row was served; name the column".to_owned();
            return Err(ReplayError::Shape { path: "data.time", fault });
        }
        let paired = config.data.paired.is_some();
        if rollout.strategy == Strategy::ShadowThenCanary && !paired {
            let fault = "shadow_then_canary begins with copies, and this recording has arms; replay it with strategy \
                canary, or name the columns of a shadow log in data.paired"
                .to_owned();
            return Err(ReplayError::Shape { path: "strategy", fault });
        }
        let columns = Columns::new(config, table)?;
        let mut times = Vec::with_capacity(table.rows());
        for index in 0..table.rows() {
            let seconds = columns.seconds(index)?.unwrap_or(0.0);
            if !seconds.is_finite() {
                let fault = format!("row {} has the time {seconds}; give a finite time", index + 1);
                return Err(ReplayError::Shape { path: "data.time", fault });
            }
            times.push((seconds, index));
        }
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let first = times.first().map_or(0.0, |t| t.0);
        let mut recording =
            Recording { rows: Vec::new(), stages: Vec::new(), has_units: config.data.unit.is_some(), paired };
        let mut units: HashMap<String, usize> = HashMap::new();
        let by_column = matches!(config.data.stratum, Some(Stratum::Column(_)));
        for (seconds, index) in times {
            let name = columns.stage(index, seconds)?;
            let stage = recording.stages.iter().position(|s| *s == name).unwrap_or_else(|| {
                recording.stages.push(name);
                recording.stages.len() - 1
            });
            let unit = columns.unit(index)?.map(|name| {
                let next = units.len();
                *units.entry(name).or_insert(next)
            });
            recording.rows.push(Row {
                index,
                seconds,
                // The machine counts whole milliseconds; a row is served by the end of its own.
                at: Timestamp(((seconds - first) * 1000.0).ceil().max(0.0) as u64),
                place: place(config, rollout, &columns, index, by_column.then_some(stage), paired)?,
                stage,
                arm: columns.arm(index)?,
                unit,
                warm_up: false,
            });
        }
        recording.mark_warm_up(config);
        Ok(recording)
    }

    /// As the judge does: rows of both arms up to the time of the canary's k-th row, or so many seconds from its first.
    fn mark_warm_up(&mut self, config: &JudgeConfig) {
        let canary: Vec<f64> = self.rows.iter().filter(|r| r.arm == Some(Arm::Canary)).map(|r| r.seconds).collect();
        let until = match config.data.warm_up {
            None | Some(WarmUp::Requests(0)) => None,
            Some(WarmUp::Requests(k)) => canary.get(k as usize - 1).or(canary.last()).copied(),
            Some(WarmUp::Seconds(s)) => canary.first().map(|first| first + s),
        };
        if let Some(until) = until {
            self.rows.iter_mut().for_each(|r| r.warm_up = r.seconds <= until);
        }
    }
}

/// By the declared share where there is one for each row, else by the order of the recorded stages.
fn place(
    config: &JudgeConfig,
    rollout: &RolloutConfig,
    columns: &Columns<'_, '_>,
    row: usize,
    stage: Option<usize>,
    paired: bool,
) -> Result<Place, MonitorError> {
    if paired {
        return Ok(if rollout.strategy == Strategy::ShadowThenCanary { Place::Shadow } else { Place::Any });
    }
    let at = |found: Option<usize>| found.map_or(Place::Beyond, Place::Stage);
    if let Some(Share::Column(_)) = config.data.share
        && let Some(percent) = columns.share(row)?
    {
        return Ok(at(rollout.stages.iter().position(|s| s.percent + SAME_PERCENT >= percent)));
    }
    Ok(stage.map_or(Place::Any, |i| at((i < rollout.stages.len()).then_some(i))))
}
