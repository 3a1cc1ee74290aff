//! A request log cut into looks: rows become batches.

mod feed;

use std::collections::{BTreeMap, HashSet};

use super::batch::{ArmStatistics, Batch, GroupSums, SegmentBatch};
use super::columns::{Columns, Value};
use super::error::MonitorError;
use super::metric::HASH_GROUPS;
use super::plan::{History, MetricPlan, Process};
use crate::arms::{Arm, Arms};
use crate::config::{Event, JudgeConfig, LookEvery, MetricKind, Missing, WarmUp};
use crate::table::Table;

pub(crate) use feed::Feed;

/// Cuts tables into batches, and remembers what a batch cannot hold: which units were seen, and which of them failed.
///
/// With `data.unit`, a unit counts once in a stage for the sample ratio; a proportion with a relative margin counts units,
/// and the first event of each; other metrics keep rows, with sums by hash group of the unit; quantiles and distributions
/// take a unit's first row in each batch. Rows are told to be late labels by `data.labels`: they enter the metrics on those
/// columns when their label arrives, in a batch of their own stage.
#[derive(Debug, Clone)]
pub struct BatchReader {
    config: JudgeConfig,
    plans: Vec<MetricPlan>,
    next_sequence: u64,
    seen: HashSet<(String, String)>,
    failed: Vec<HashSet<String>>,
    /// Canary rows counted for the warm-up so far, and the time up to which it drops rows.
    warm_up: (u64, f64),
}

/// One row, once its arm, time and labels are known.
#[derive(Debug, Clone)]
struct Row {
    index: usize,
    seconds: f64,
    stage: String,
    /// When its label arrives.
    label_seconds: Option<f64>,
}

/// The rows of one batch.
struct Slice<'r> {
    start_seconds: f64,
    end_seconds: f64,
    stage: String,
    rows: Vec<&'r Row>,
    /// Rows whose labels arrive here.
    labelled: Vec<&'r Row>,
}

impl BatchReader {
    /// A reader that numbers its batches from 0.
    ///
    /// # Errors
    /// [`MonitorError::Config`] with every fault at once.
    pub fn new(config: &JudgeConfig) -> Result<Self, MonitorError> {
        super::plan::check(config)?;
        let plans: Vec<MetricPlan> =
            config.metrics.iter().map(|m| MetricPlan::new(m, config, History::default())).collect();
        let failed = vec![HashSet::new(); plans.len()];
        Ok(BatchReader {
            config: config.clone(),
            plans,
            next_sequence: 0,
            seen: HashSet::new(),
            failed,
            warm_up: (0, f64::NEG_INFINITY),
        })
    }

    /// All batches of a table, in the order of time: a look every `monitoring.look`, and at every change of stage.
    ///
    /// ```
    /// use serinus::config::{Direction, Event, LookEvery, Margin, MetricKind, ArmColumn};
    /// use serinus::monitor::BatchReader;
    /// use serinus::{Arms, Column, JudgeConfig, MetricConfig, Table};
    ///
    /// let errors = MetricKind::Proportion { column: "error".into(), event: Event::True };
    /// let mut config = JudgeConfig::default();
    /// config.metrics =
    ///     vec![MetricConfig::new("errors", errors, Direction::LowerIsBetter).margin(Margin::absolute(0.01))];
    /// config.data.arm = Some(ArmColumn {
    ///     column: "arm".into(),
    ///     values: Arms { baseline: "baseline".into(), canary: "canary".into() },
    ///     ignore: vec![],
    /// });
    /// config.monitoring.look = LookEvery::Requests(2);
    /// let table = Table::new(vec![
    ///     ("arm".into(), Column::texts(["baseline", "canary", "baseline", "baseline"])),
    ///     ("error".into(), Column::numbers(vec![0.0, 1.0, 0.0, 0.0])),
    /// ])?;
    /// let batches = BatchReader::new(&config)?.batches(&table)?;
    /// assert_eq!(batches.len(), 2);
    /// assert_eq!(batches[0].metrics["errors"].canary.events, Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`MonitorError::Table`]: a column is lacking, an arm is unknown, a time or a value is unfit.
    pub fn batches(&mut self, table: &Table<'_>) -> Result<Vec<Batch>, MonitorError> {
        let config = self.config.clone();
        let columns = Columns::new(&config, table)?;
        let mut rows = (0..table.rows()).map(|i| self.row(&columns, i)).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let rows = self.without_warm_up(&columns, rows)?;
        let slices = self.slices(&rows)?;
        slices.iter().map(|slice| self.batch(&columns, slice)).collect()
    }

    /// One batch of all rows of a table, from `start_seconds` to `end_seconds`. Labels that have not arrived by the end are
    /// left out for good: a stream sends a row's label metrics when the label is there.
    ///
    /// # Errors
    /// As [`BatchReader::batches`].
    pub fn batch_of(&mut self, table: &Table<'_>, start_seconds: f64, end_seconds: f64) -> Result<Batch, MonitorError> {
        let config = self.config.clone();
        let columns = Columns::new(&config, table)?;
        let rows = (0..table.rows()).map(|i| self.row(&columns, i)).collect::<Result<Vec<_>, _>>()?;
        let labelled = rows.iter().filter(|r| r.label_seconds.is_none_or(|at| at <= end_seconds)).collect();
        let stage = rows.first().map_or_else(String::new, |r| r.stage.clone());
        if let Some(other) = rows.iter().find(|r| r.stage != stage) {
            let fault = format!("one batch holds the stages {stage} and {}; send one batch a stage", other.stage);
            return Err(MonitorError::Table { path: "data.stratum".into(), fault });
        }
        self.batch(&columns, &Slice { start_seconds, end_seconds, stage, rows: rows.iter().collect(), labelled })
    }

    fn row(&self, columns: &Columns<'_, '_>, index: usize) -> Result<Row, MonitorError> {
        let seconds = columns.seconds(index)?.unwrap_or(index as f64);
        let label_seconds = match &self.config.data.labels {
            Some(labels) => {
                Some(columns.seconds_in("data.labels.arrive", &labels.arrive, index)?.unwrap_or(f64::INFINITY))
            }
            None => None,
        };
        Ok(Row { index, seconds, stage: columns.stage(index, seconds)?, label_seconds })
    }

    fn without_warm_up(&mut self, columns: &Columns<'_, '_>, rows: Vec<Row>) -> Result<Vec<Row>, MonitorError> {
        let Some(warm_up) = self.config.data.warm_up else { return Ok(rows) };
        let (mut canaries, mut until) = self.warm_up;
        for row in &rows {
            if columns.arm(row.index)? != Some(Arm::Canary) {
                continue;
            }
            canaries += 1;
            match warm_up {
                WarmUp::Requests(k) if canaries == k => until = row.seconds,
                WarmUp::Requests(k) if canaries < k => until = f64::INFINITY,
                WarmUp::Seconds(s) if canaries == 1 => until = row.seconds + s,
                _ => break,
            }
        }
        self.warm_up = (canaries, until);
        Ok(rows.into_iter().filter(|r| r.seconds > until).collect())
    }

    fn slices<'r>(&self, rows: &'r [Row]) -> Result<Vec<Slice<'r>>, MonitorError> {
        let first = rows.first().map_or(0.0, |r| r.seconds);
        let has_time = self.config.data.time.is_some();
        if matches!(self.config.monitoring.look, LookEvery::Seconds(_)) && !has_time && !rows.is_empty() {
            let fault = "looks by seconds need data.time; name the column, or look every so many requests".to_owned();
            return Err(MonitorError::Table { path: "monitoring.look".into(), fault });
        }
        let mut slices: Vec<Slice<'r>> = Vec::new();
        let mut look = f64::NEG_INFINITY;
        for row in rows {
            let due = match (self.config.monitoring.look, slices.last()) {
                (_, None) => true,
                (LookEvery::Requests(n), Some(slice)) => slice.rows.len() as u64 >= n.max(1),
                (LookEvery::Seconds(s), _) => ((row.seconds - first) / s).floor() > look,
            };
            if due || slices.last().is_some_and(|s| s.stage != row.stage) {
                if let LookEvery::Seconds(s) = self.config.monitoring.look {
                    look = ((row.seconds - first) / s).floor();
                }
                let start_seconds = slices.last().map_or(row.seconds, |s| s.end_seconds);
                let (stage, rows, labelled) = (row.stage.clone(), Vec::new(), Vec::new());
                slices.push(Slice { start_seconds, end_seconds: row.seconds, stage, rows, labelled });
            }
            if let Some(slice) = slices.last_mut() {
                slice.rows.push(row);
                slice.end_seconds = row.seconds;
            }
        }
        if self.config.data.labels.is_none() {
            slices.iter_mut().for_each(|s| s.labelled = s.rows.clone());
            return Ok(slices);
        }
        Ok(with_labels(slices, rows))
    }

    fn batch(&mut self, columns: &Columns<'_, '_>, slice: &Slice<'_>) -> Result<Batch, MonitorError> {
        let share_percent = match slice.rows.first() {
            Some(row) => columns.share(row.index)?,
            None => None,
        };
        let mut batch = Batch {
            sequence: self.next_sequence,
            start_seconds: slice.start_seconds,
            end_seconds: slice.end_seconds,
            stage: (!slice.stage.is_empty()).then(|| slice.stage.clone()),
            share_percent,
            ..Batch::default()
        };
        for row in &slice.rows {
            let Some(arm) = columns.arm(row.index)? else { continue };
            let counts = match columns.unit(row.index)? {
                Some(unit) => self.seen.insert((slice.stage.clone(), unit)),
                None => true,
            };
            if counts {
                *side(&mut batch.assigned, arm) += 1;
            }
        }
        for m in 0..self.plans.len() {
            if !self.plans[m].is_monitored() {
                continue;
            }
            let rows = if self.waits_for_label(m) { &slice.labelled } else { &slice.rows };
            let failed_before = self.failed[m].clone();
            let statistics = self.statistics(columns, m, rows.iter().map(|r| r.index), &failed_before)?;
            self.remember(columns, m, rows)?;
            if statistics == Arms::default() {
                continue;
            }
            batch.metrics.insert(self.plans[m].config.name.clone(), statistics);
            if self.plans[m].config.segments {
                self.add_segments(columns, m, rows, &failed_before, &mut batch.segments)?;
            }
        }
        self.next_sequence += 1;
        Ok(batch)
    }

    fn add_segments(
        &self,
        columns: &Columns<'_, '_>,
        m: usize,
        rows: &[&Row],
        failed: &HashSet<String>,
        segments: &mut Vec<SegmentBatch>,
    ) -> Result<(), MonitorError> {
        for name in &self.config.data.segments {
            let mut cells: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for row in rows {
                if let Some(value) = columns.text("data.segments", name, row.index)? {
                    cells.entry(value).or_default().push(row.index);
                }
            }
            for (value, rows) in cells {
                let statistics = self.statistics(columns, m, rows.into_iter(), failed)?;
                let segment: BTreeMap<String, String> = [(name.clone(), value)].into();
                let place = match segments.iter().position(|s| s.segment == segment) {
                    Some(place) => place,
                    None => {
                        segments.push(SegmentBatch { segment, metrics: BTreeMap::new() });
                        segments.len() - 1
                    }
                };
                segments[place].metrics.insert(self.plans[m].config.name.clone(), statistics);
            }
        }
        Ok(())
    }

    fn waits_for_label(&self, m: usize) -> bool {
        let Some(labels) = &self.config.data.labels else { return false };
        let kind = &self.plans[m].config.kind;
        kind.columns().iter().any(|(_, c)| labels.columns.iter().any(|l| l == c))
    }

    /// Units whose event is counted are counted once, in whichever arm they were.
    fn remember(&mut self, columns: &Columns<'_, '_>, m: usize, rows: &[&Row]) -> Result<(), MonitorError> {
        let Process::Rates { event: Some(event), .. } = self.plans[m].process else { return Ok(()) };
        if self.config.data.unit.is_none() {
            return Ok(());
        }
        for row in rows {
            for arm in columns.arms(row.index)? {
                let metric = &self.plans[m].config;
                let Some(Value::Number(v)) = columns.value(metric, arm, row.index, 0)? else { continue };
                if happened(event, v, metric, columns, row.index)?
                    && let Some(unit) = columns.unit(row.index)?
                {
                    self.failed[m].insert(unit);
                }
            }
        }
        Ok(())
    }

    fn statistics(
        &self,
        columns: &Columns<'_, '_>,
        m: usize,
        rows: impl Iterator<Item = usize>,
        failed: &HashSet<String>,
    ) -> Result<Arms<ArmStatistics>, MonitorError> {
        let mut tallies: Arms<Tally> = Arms::default();
        let plan = &self.plans[m];
        for row in rows {
            for arm in columns.arms(row)? {
                if !columns.passes_filter(&plan.config, arm, row)? {
                    continue;
                }
                tallies_add(side(&mut tallies, arm), plan, columns, arm, row, failed)?;
            }
        }
        let clustered = self.config.data.unit.is_some();
        Ok(tallies.map(|t| t.finish(plan, clustered)))
    }
}

/// Puts each row's labels into the slice in which they arrive; labels of an earlier stage get a batch of their own.
fn with_labels<'r>(slices: Vec<Slice<'r>>, rows: &'r [Row]) -> Vec<Slice<'r>> {
    let mut waiting: Vec<&Row> = rows.iter().filter(|r| r.label_seconds.is_some_and(f64::is_finite)).collect();
    waiting.sort_by(|a, b| a.label_seconds.unwrap_or(0.0).total_cmp(&b.label_seconds.unwrap_or(0.0)));
    let mut waiting = waiting.into_iter().peekable();
    let mut all = Vec::new();
    for mut slice in slices {
        let mut late: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        while let Some(row) = waiting.next_if(|r| r.label_seconds.is_some_and(|at| at <= slice.end_seconds)) {
            if row.stage == slice.stage {
                slice.labelled.push(row);
            } else {
                late.entry(row.stage.as_str()).or_default().push(row);
            }
        }
        let end = slice.end_seconds;
        all.push(slice);
        all.extend(late.into_iter().map(|(stage, labelled)| Slice {
            start_seconds: end,
            end_seconds: end,
            stage: stage.to_owned(),
            rows: Vec::new(),
            labelled,
        }));
    }
    all
}

fn side<T>(arms: &mut Arms<T>, arm: Arm) -> &mut T {
    match arm {
        Arm::Baseline => &mut arms.baseline,
        Arm::Canary => &mut arms.canary,
    }
}

fn happened(
    event: Event,
    v: f64,
    metric: &crate::config::MetricConfig,
    columns: &Columns<'_, '_>,
    row: usize,
) -> Result<bool, MonitorError> {
    match event {
        Event::True if v == 0.0 || v == 1.0 => Ok(v == 1.0),
        Event::True => {
            Err(columns.fault(metric, row, format!("{v} is neither 0 nor 1; say above or below in the config")))
        }
        Event::Above(limit) => Ok(v > limit),
        Event::Below(limit) => Ok(v < limit),
    }
}

/// What is gathered of one arm.
#[derive(Default)]
struct Tally {
    values: Vec<f64>,
    others: Vec<f64>,
    groups: Vec<usize>,
    units: HashSet<String>,
    failing: HashSet<String>,
    events: u64,
    missing: u64,
}

fn tallies_add(
    tally: &mut Tally,
    plan: &MetricPlan,
    columns: &Columns<'_, '_>,
    arm: Arm,
    row: usize,
    failed: &HashSet<String>,
) -> Result<(), MonitorError> {
    let metric = &plan.config;
    let read = |which: usize| -> Result<Option<f64>, MonitorError> {
        match (columns.value(metric, arm, row, which)?, metric.missing) {
            (Some(Value::Number(v)), _) if v.is_finite() => Ok(Some(v)),
            (_, Missing::Zero) => Ok(Some(0.0)),
            (_, Missing::Drop) => Ok(None),
            (_, Missing::Fail) => Err(columns.fault(metric, row, "a value is missing and missing is fail".into())),
        }
    };
    let pair =
        matches!(metric.kind, MetricKind::Ratio { .. } | MetricKind::Rate { .. } | MetricKind::Calibration { .. });
    let (Some(value), other) = (read(0)?, if pair { read(1)? } else { Some(1.0) }) else {
        tally.missing += 1;
        return Ok(());
    };
    let Some(other) = other else {
        tally.missing += 1;
        return Ok(());
    };
    let unit = columns.unit(row)?;
    let first = unit.as_ref().is_none_or(|u| tally.units.insert(u.clone()));
    match &plan.process {
        Process::Rates { event: Some(event), .. } => {
            let happens = happened(*event, value, metric, columns, row)?;
            match unit {
                Some(unit) => {
                    if happens && !failed.contains(&unit) && tally.failing.insert(unit) {
                        tally.events += 1;
                    }
                }
                None => {
                    tally.values.push(value);
                    tally.events += u64::from(happens);
                }
            }
        }
        Process::Agreement { .. } => {
            let agrees = columns.agreement(metric, row)?;
            tally.values.push(value);
            tally.events += u64::from(agrees);
        }
        Process::Contrast { event, .. } => {
            let value = match event {
                Some(event) => f64::from(u8::from(happened(*event, value, metric, columns, row)?)),
                None if matches!(metric.kind, MetricKind::Calibration { .. }) => value - other,
                None => value,
            };
            tally.values.push(value);
            tally.others.push(other);
            tally.groups.extend(unit.as_deref().map(hash_group));
        }
        Process::Quantile(_) | Process::Typical(_) | Process::Shift { .. } => {
            if first {
                tally.values.push(value);
            }
        }
        Process::Rates { event: None, .. } | Process::None(_) => {
            tally.values.push(value);
            tally.others.push(other);
        }
    }
    Ok(())
}

impl Tally {
    fn finish(self, plan: &MetricPlan, clustered: bool) -> ArmStatistics {
        let n = self.values.len() as u64;
        if n == 0 && self.units.is_empty() && self.missing == 0 {
            return ArmStatistics::default();
        }
        let statistics = match &plan.process {
            Process::Rates { event: Some(_), .. } if clustered => {
                ArmStatistics::events(self.units.len() as u64, self.events)
            }
            Process::Rates { event: Some(_), .. } | Process::Agreement { .. } => ArmStatistics::events(n, self.events),
            Process::Rates { event: None, .. } => {
                let events = self.values.iter().sum::<f64>().max(0.0).round() as u64;
                ArmStatistics { n: Some(n), ..ArmStatistics::rate(events, self.others.iter().sum()) }
            }
            Process::Contrast { ratio, event, .. } => {
                let groups = clustered.then(|| self.group_sums(*ratio));
                let statistics = match (ratio, event) {
                    (_, Some(_)) => ArmStatistics::events(n, self.values.iter().sum::<f64>() as u64),
                    (true, None) => self.sums(),
                    (false, None) => {
                        let m = super::stratified::Moments::of(&self.values);
                        ArmStatistics::moments(n, m.y, m.yy)
                    }
                };
                ArmStatistics { groups, ..statistics }
            }
            _ => ArmStatistics::histogram(super::histogram::Histogram::from_values(&self.values)),
        };
        statistics.missing(self.missing)
    }

    fn sums(&self) -> ArmStatistics {
        let (y, x) = (&self.values, &self.others);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        ArmStatistics {
            n: Some(y.len() as u64),
            sum_y: Some(y.iter().sum()),
            sum_x: Some(x.iter().sum()),
            sum_yy: Some(dot(y, y)),
            sum_xy: Some(dot(y, x)),
            sum_xx: Some(dot(x, x)),
            ..ArmStatistics::default()
        }
    }

    fn group_sums(&self, ratio: bool) -> GroupSums {
        let mut sums = GroupSums { n: vec![0; HASH_GROUPS], sum_y: vec![0.0; HASH_GROUPS], sum_x: Vec::new() };
        if ratio {
            sums.sum_x = vec![0.0; HASH_GROUPS];
        }
        for (i, group) in self.groups.iter().enumerate() {
            sums.n[*group] += 1;
            sums.sum_y[*group] += self.values[i];
            if ratio {
                sums.sum_x[*group] += self.others[i];
            }
        }
        sums
    }
}

/// FNV-1a of the unit's text, folded into the groups.
fn hash_group(unit: &str) -> usize {
    let hash = unit.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    // The low bits of FNV alone are weak; fold the high ones in.
    ((hash ^ (hash >> 32)) % HASH_GROUPS as u64) as usize
}
