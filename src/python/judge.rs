//! `serinus.judge`.

use pyo3::prelude::*;

use super::config;
use super::errors::{self, DataError, bad_data};
use super::judgement::PyJudgement;
use super::rows::Rows;
use super::summary::Summary;
use super::work;
use crate::arms::Arms;
use crate::config::{ArmsIn, JudgeConfig, MetricConfig, MetricKind};
use crate::judge::judgement::Judgement;
use crate::judge::{DataError as JudgeError, Judge};
use crate::summary::SummaryRow;
use crate::table::Table;

/// Judge a canary: promote, hold or roll back, with the evidence.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     What is judged, and how: a YAML, TOML or JSON file, the same as a dict, or a checked `Config`.
/// data : str, os.PathLike or table, optional
///     The request log with both arms: a CSV, TSV, NDJSON or Parquet file; a pandas, polars, pyarrow or DuckDB table, or
///     anything else with the Arrow C stream or array interface; or a mapping from column to array.
/// baseline, canary : table or mapping, optional
///     In place of `data`, one table an arm: mappings from column to array, or anything that `data` takes.
/// summary : str, os.PathLike, list of dict or table, optional
///     In place of rows, sufficient statistics: one row for each metric and arm (and stratum and segment, if there are any)
///     with `n` and one of `events`; `mean`, `m2`; `sum`, `sumsq`; `values`, `counts`; or sums over units. A JSON, CSV, NDJSON or
///     Parquet file, a list of dicts, or a table.
/// progress : bool, default False
///     Say on `sys.stderr` how far reading and judging are.
///
/// Returns
/// -------
/// Judgement
///     Has no truth value, because there are three answers; ask for `decision`.
///
/// Raises
/// ------
/// ConfigError
///     The config is at fault.
/// DataError
///     The data are at fault. "No data" is an outcome, not an error.
///
/// Notes
/// -----
/// Nulls are missing values; NaN is a value that no test takes, except in pandas, whose NaN means missing. Judging runs
/// without the interpreter, on as many threads as there are processors, and gives the same bytes on any number of them.
/// Ctrl-C is heard.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = {"version": 1, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
/// >>> baseline = {"error": [0] * 4950 + [1] * 50}
/// >>> canary = {"error": [0] * 900 + [1] * 100}
/// >>> serinus.judge(config, baseline=baseline, canary=canary).decision
/// 'rollback'
#[pyfunction]
#[pyo3(signature = (config, data=None, *, baseline=None, canary=None, summary=None, progress=false))]
pub(super) fn judge(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    data: Option<&Bound<'_, PyAny>>,
    baseline: Option<&Bound<'_, PyAny>>,
    canary: Option<&Bound<'_, PyAny>>,
    summary: Option<&Bound<'_, PyAny>>,
    progress: bool,
) -> PyResult<PyJudgement> {
    let asked = Asked::take(config, data, baseline, canary, summary)?;
    asked.answer(py, progress, Judge::judge, Judge::judge_arms, Judge::judge_summary).map(PyJudgement)
}

/// A config and what it is asked about.
pub(super) struct Asked {
    judge: Judge,
    input: Input,
}

/// Work that ends before Ctrl-C would be heard, in nanoseconds.
const BRIEF: usize = 25_000_000;

/// About how many nanoseconds a metric takes a row.
fn cost(metric: &MetricConfig) -> usize {
    match metric.kind {
        // Skewed values are resampled.
        MetricKind::Mean { .. } | MetricKind::Calibration { .. } => 10_000,
        _ => 100,
    }
}

impl Asked {
    pub(super) fn take(
        config: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyAny>>,
        baseline: Option<&Bound<'_, PyAny>>,
        canary: Option<&Bound<'_, PyAny>>,
        summary: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Asked> {
        let judge = config::judge(config)?;
        let input = Input::take(judge.config(), data, baseline, canary, summary)?;
        Ok(Asked { judge, input })
    }

    /// Whether the answer needs no thread of its own: little to do in memory, by default tests, without segments.
    fn brief(&self) -> bool {
        let config = self.judge.config();
        let rows = match &self.input {
            Input::Two(Arms { baseline: Rows::Table(baseline), canary: Rows::Table(canary) }) => {
                baseline.rows() + canary.rows()
            }
            Input::One(Rows::Table(table)) => table.rows(),
            _ => return false,
        };
        let plain = config.data.segments.is_empty() && config.metrics.iter().all(|metric| metric.test.is_none());
        plain && rows.saturating_mul(config.metrics.iter().map(cost).sum()) <= BRIEF
    }

    /// What the judge says to one of its questions, by the form of the input.
    pub(super) fn answer<T: Send + 'static>(
        self,
        py: Python<'_>,
        progress: bool,
        table: fn(&Judge, &Table<'_>) -> Result<T, JudgeError>,
        arms: fn(&Judge, Arms<Table<'_>>) -> Result<T, JudgeError>,
        sums: fn(&Judge, &[SummaryRow]) -> Result<T, JudgeError>,
    ) -> PyResult<T> {
        let brief = !progress && self.brief();
        let Asked { judge, input } = self;
        let work = move |tell: work::Tell<'_>| {
            let tell = progress.then_some(tell);
            let config = judge.config();
            let fault = |name: &'static str| move |error| Fault::Judge(name, error);
            match input {
                Input::One(rows) => {
                    let rows = rows.read(config, ArmsIn::OneTable, tell).map_err(Fault::Data)?;
                    say(tell, rows.rows());
                    table(&judge, &rows).map_err(fault("data"))
                }
                Input::Two(rows) => {
                    let read = |rows: Rows| rows.read(config, ArmsIn::TwoTables, tell).map_err(Fault::Data);
                    let tables = Arms { baseline: read(rows.baseline)?, canary: read(rows.canary)? };
                    say(tell, tables.baseline.rows() + tables.canary.rows());
                    arms(&judge, tables).map_err(fault("baseline and canary"))
                }
                Input::Summary(summary) => {
                    let rows = summary.read(config).map_err(Fault::Data)?;
                    sums(&judge, &rows).map_err(fault("summary"))
                }
            }
        };
        let answer = if brief { work::run_here(py, work) } else { work::run(py, work) }?;
        answer.map_err(Fault::raise)
    }
}

fn say(tell: Option<work::Tell<'_>>, rows: usize) {
    if let Some(tell) = tell {
        tell(format!("judging {rows} rows"));
    }
}

/// Where the rows are.
enum Input {
    One(Rows),
    Two(Arms<Rows>),
    Summary(Summary),
}

impl Input {
    fn take(
        config: &JudgeConfig,
        data: Option<&Bound<'_, PyAny>>,
        baseline: Option<&Bound<'_, PyAny>>,
        canary: Option<&Bound<'_, PyAny>>,
        summary: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Input> {
        if let Some(summary) = summary {
            if data.is_some() || baseline.is_some() || canary.is_some() {
                return Err(bad_data("summary: given together with rows; give one of the two"));
            }
            return Ok(Input::Summary(Summary::take(summary, config)?));
        }
        let (baseline, canary) = match (data, baseline, canary) {
            (Some(data), None, None) => {
                if config.data.arm.is_none() && config.data.paired.is_none() {
                    let message = "data.arm: the config does not say which arm served a row; \
                        add `data: {arm: {column: arm}}`, or give baseline= and canary=";
                    return Err(errors::ConfigError::new_err(message));
                }
                return Ok(Input::One(Rows::take(data, config, ArmsIn::OneTable, "data")?));
            }
            (None, Some(baseline), Some(canary)) => (baseline, canary),
            (None, None, None) => {
                return Err(bad_data("data: nothing to judge; give data, baseline= and canary=, or summary="));
            }
            (Some(_), _, _) => {
                return Err(bad_data("data: given together with baseline= or canary=; give one table, or one an arm"));
            }
            (None, Some(_), None) => return Err(bad_data("canary: missing beside baseline=; give both arms")),
            (None, None, Some(_)) => return Err(bad_data("baseline: missing beside canary=; give both arms")),
        };
        if config.data.paired.is_some() {
            let message = "data.paired: the config is of a shadow log, which is one table; pass it as data";
            return Err(errors::ConfigError::new_err(message));
        }
        Ok(Input::Two(Arms {
            baseline: Rows::take(baseline, config, ArmsIn::TwoTables, "baseline")?,
            canary: Rows::take(canary, config, ArmsIn::TwoTables, "canary")?,
        }))
    }
}

/// Why there is no judgement, in words that cross threads.
enum Fault {
    Data(String),
    Judge(&'static str, JudgeError),
}

impl Fault {
    fn raise(self) -> PyErr {
        match self {
            Fault::Data(message) => DataError::new_err(message),
            Fault::Judge(name, error) => errors::data(name, &error),
        }
    }
}

/// The judgement as the command line prints it with `--format json`, without the last line break.
pub(super) fn json(judgement: &Judgement) -> PyResult<String> {
    serde_json::to_string_pretty(judgement).map_err(|e| errors::SerinusError::new_err(e.to_string()))
}
