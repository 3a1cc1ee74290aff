//! Batches made by hand: whoever feeds a monitor says which rows come now, and labels follow when they arrive.

use std::collections::BTreeMap;

use super::{BatchReader, Row, Slice};
use crate::config::JudgeConfig;
use crate::monitor::batch::Batch;
use crate::monitor::columns::Columns;
use crate::monitor::error::MonitorError;
use crate::table::Table;

/// A table that is handed to a monitor row by row. Rows that are never handed over leave no trace: neither their units nor
/// their labels count.
pub(crate) struct Feed<'c, 't> {
    reader: BatchReader,
    columns: Columns<'c, 't>,
    watermark_seconds: f64,
    has_labels: bool,
    /// Rows handed over whose labels are still to come.
    waiting: Vec<Row>,
}

impl<'c, 't> Feed<'c, 't> {
    pub fn new(config: &'c JudgeConfig, table: &'c Table<'t>) -> Result<Self, MonitorError> {
        Ok(Feed {
            reader: BatchReader::new(config)?,
            columns: Columns::new(config, table)?,
            watermark_seconds: config.monitoring.watermark_seconds,
            has_labels: config.data.labels.is_some(),
            waiting: Vec::new(),
        })
    }

    /// The batches of these rows, which are of one stage: first their own, then one for each other stage of which labels
    /// have arrived by the end.
    pub fn batches(
        &mut self,
        rows: &[usize],
        start_seconds: f64,
        end_seconds: f64,
    ) -> Result<Vec<Batch>, MonitorError> {
        let rows = rows.iter().map(|&i| self.reader.row(&self.columns, i)).collect::<Result<Vec<_>, _>>()?;
        let stage = rows.first().map(|r| r.stage.clone());
        let arrived = if self.has_labels { self.arrived(&rows, end_seconds) } else { rows.clone() };
        let mut late: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        let mut labelled = Vec::new();
        for row in &arrived {
            if Some(&row.stage) == stage.as_ref() {
                labelled.push(row);
            } else {
                late.entry(row.stage.as_str()).or_default().push(row);
            }
        }
        let mut slices = Vec::new();
        if let Some(stage) = stage {
            slices.push(Slice { start_seconds, end_seconds, stage, rows: rows.iter().collect(), labelled });
        }
        slices.extend(late.into_iter().map(|(stage, labelled)| Slice {
            start_seconds: end_seconds,
            end_seconds,
            stage: stage.to_owned(),
            rows: Vec::new(),
            labelled,
        }));
        let mut batches = Vec::with_capacity(slices.len());
        for slice in &slices {
            let mut batch = self.reader.batch(&self.columns, slice)?;
            // A recording is complete: nothing comes late to it.
            batch.seen_until_seconds = Some(end_seconds + self.watermark_seconds);
            batches.push(batch);
        }
        Ok(batches)
    }

    fn arrived(&mut self, rows: &[Row], end_seconds: f64) -> Vec<Row> {
        let finite = |r: &&Row| r.label_seconds.is_some_and(f64::is_finite);
        self.waiting.extend(rows.iter().filter(finite).cloned());
        let is_due = |r: &Row| r.label_seconds.is_some_and(|at| at <= end_seconds);
        let (mut due, rest): (Vec<Row>, Vec<Row>) = std::mem::take(&mut self.waiting).into_iter().partition(is_due);
        self.waiting = rest;
        due.sort_by(|a, b| a.label_seconds.unwrap_or(0.0).total_cmp(&b.label_seconds.unwrap_or(0.0)));
        due
    }
}
