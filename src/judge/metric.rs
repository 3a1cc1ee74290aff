//! One metric, judged by itself: evidence, limit, missing values and segment cells, before any correction.

use rayon::prelude::*;

use super::checks::{self, Missingness};
use super::dataset::Dataset;
use super::error::DataError;
use super::judgement::{LimitFinding, SegmentFinding};
use super::segments::{self, Cell};
use super::select::{self, Selection};
use crate::arms::Arms;
use crate::compare::{self, Compared, Comparison, Question, Rows, Stream};
use crate::config::{Alpha, JudgeConfig, MetricConfig, MetricKind};
use crate::evidence::Evidence;
use crate::stats::Unanswerable;

/// What one metric showed, before correction.
#[derive(Debug)]
pub(super) struct Judged<'c> {
    pub metric: &'c MetricConfig,
    pub alpha: Alpha,
    pub compared: Result<Compared, Unanswerable>,
    pub limit: Option<Result<LimitFinding, Unanswerable>>,
    pub missing: Arms<u64>,
    pub missingness: Missingness,
    pub outliers: Arms<u64>,
    pub n: Arms<u64>,
    /// Rows, or units when clustered, of each arm.
    pub units: Arms<u64>,
    pub drift: Option<f64>,
    pub cells: Vec<Cell>,
    /// Shift of the scores, while too few labels have arrived for the metric itself.
    pub stand_in: Option<Evidence>,
    pub movers: Vec<serde_json::Value>,
}

/// Whether this metric has a question about the other arm at all.
pub(super) fn compares(metric: &MetricConfig) -> bool {
    metric.margin.is_some() || matches!(metric.kind, MetricKind::Shift { .. } | MetricKind::Agreement { .. })
}

/// The question that a metric asks.
pub(super) fn question(metric: &MetricConfig, alpha: Alpha) -> Question {
    Question { direction: metric.direction, margin: metric.margin, alpha }
}

/// Rows from which memory is spared: below, all metrics may be judged at once.
const LARGE_ROWS: usize = 1 << 20;

/// Judges every metric; parallel over metrics and, inside, over segments. Order and threads change nothing.
///
/// A metric at work holds up to five times its own column. Of a large table two metrics in five are therefore judged at
/// once, so that the whole takes no more than three times the columns, however many processors there are.
pub(super) fn judge_all<'c>(config: &'c JudgeConfig, data: &Dataset<'_>) -> Result<Vec<Judged<'c>>, DataError> {
    let metrics = &config.metrics;
    let at_once = if data.arm.len() < LARGE_ROWS { metrics.len() } else { metrics.len() * 2 / 5 };
    let mut judged = Vec::with_capacity(metrics.len());
    for some in metrics.chunks(at_once.max(1)) {
        let one = |metric| judge(config, data, metric);
        // Work handed to a pool of one thread is only waited for.
        let found: Result<Vec<_>, DataError> = match some {
            _ if rayon::current_num_threads() == 1 => some.iter().map(one).collect(),
            [only] => std::iter::once(only).map(one).collect(),
            _ => some.par_iter().map(one).collect(),
        };
        judged.append(&mut found?);
    }
    Ok(judged)
}

fn judge<'c>(config: &'c JudgeConfig, data: &Dataset<'_>, metric: &'c MetricConfig) -> Result<Judged<'c>, DataError> {
    let mut selection = select::select(config, data, metric)?;
    let alpha = metric.alpha.unwrap_or(config.alpha);
    let limit =
        metric.limit.as_ref().map(|limit| compare::limit(&comparison(data, metric, &selection, None), limit, &alpha));
    let missingness = checks::missingness(data, &selection);
    let cells = if metric.segments && compares(metric) && !data.segments.is_empty() {
        segments::cells(config, data, metric, &selection)
    } else {
        Vec::new()
    };
    let drift = checks::drift(data, &selection);
    let movers = if data.paired { checks::movers(config, data, metric, &selection) } else { Vec::new() };
    let n = selection.n();
    // The values are not copied: they are most of what a large table costs, and this is their last use.
    let rows = select::take_rows(data, &mut selection);
    let compared = compare::compare(
        of_rows(data, metric, &selection, rows),
        &question(metric, alpha),
        &Stream { seed: config.seed, name: &metric.name, draws: None },
    );
    let units = compared
        .as_ref()
        .map_or_else(|_| checks::units(data, &selection, n), |c| c.evidence.units.unwrap_or(c.evidence.n));
    let stand_in = stand_in(config, data, metric, &selection, n, &compared)?;
    Ok(Judged {
        metric,
        alpha,
        limit,
        missing: selection.missing(),
        missingness,
        outliers: selection.outliers,
        n,
        units,
        drift,
        movers,
        cells,
        stand_in,
        compared,
    })
}

/// The comparison of a selection's rows, or of the given entries of it.
fn comparison<'m>(
    data: &Dataset<'_>,
    metric: &'m MetricConfig,
    selection: &'m Selection,
    entries: Option<&Arms<Vec<u32>>>,
) -> Comparison<'m> {
    of_rows(data, metric, selection, select::rows(data, selection, entries))
}

fn of_rows<'m>(
    data: &Dataset<'_>,
    metric: &'m MetricConfig,
    selection: &'m Selection,
    rows: Arms<Rows>,
) -> Comparison<'m> {
    Comparison {
        kind: &metric.kind,
        test: metric.test.as_ref(),
        rows,
        strata: data.strata.names.len(),
        paired: data.paired,
        classes: selection.classes.as_deref(),
    }
}

/// Compares a selection's rows under the metric's question.
pub(super) fn compare_rows(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    selection: &Selection,
    entries: Option<&Arms<Vec<u32>>>,
    name: &str,
) -> Result<Compared, Unanswerable> {
    let alpha = metric.alpha.unwrap_or(config.alpha);
    let stream = Stream { seed: config.seed, name, draws: None };
    compare::compare(comparison(data, metric, selection, entries), &question(metric, alpha), &stream)
}

/// Share of arrived labels below which the shift of the scores is judged in the metric's place.
const MATURE: f64 = 0.5;

/// The question about the scores that stands in for a metric of scores and labels.
pub(super) fn as_shift(metric: &MetricConfig) -> Option<MetricConfig> {
    let (MetricKind::Auc { score, .. } | MetricKind::Calibration { score, .. }) = &metric.kind else { return None };
    Some(MetricConfig {
        kind: MetricKind::Shift { column: score.clone(), max_distance: 0.10 },
        margin: None,
        test: None,
        outliers: None,
        ..metric.clone()
    })
}

/// While labels are immature, the shift of the scores: harm can be seen there before any label arrives.
fn stand_in(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    metric: &MetricConfig,
    selection: &Selection,
    n: Arms<u64>,
    compared: &Result<Compared, Unanswerable>,
) -> Result<Option<Evidence>, DataError> {
    let Some(shift) = as_shift(metric) else { return Ok(None) };
    let waiting = selection.not_due.baseline + selection.not_due.canary;
    let arrived = n.baseline + n.canary;
    let immature = waiting > 0 && (compared.is_err() || (arrived as f64) < MATURE * (arrived + waiting) as f64);
    if !immature {
        return Ok(None);
    }
    let selection = select::select(config, data, &shift)?;
    Ok(compare_rows(config, data, &shift, &selection, None, &metric.name).ok().map(|c| c.evidence))
}

/// A segment's finding without evidence.
pub(super) fn too_small(cell: &Cell) -> Option<SegmentFinding> {
    cell.compared.as_ref().err().map(|why| SegmentFinding {
        segment: cell.segment.clone(),
        outcome: super::Outcome::NoData,
        reason: Some("too_small".into()),
        text: why.clone(),
        explained_by: None,
        evidence: None,
    })
}
