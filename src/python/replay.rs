//! `serinus.replay`: a rollout over a recording, look by look.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyModule};

use super::config::{self, PyConfig, path};
use super::errors::{self, ConfigError, DataError, bad_data};
use super::frame::frame;
use super::judgement::PyJudgement;
use super::records::{line, read, record, show_json, show_record};
use super::rollout::read_rollout;
use super::rows::Rows;
use super::spec::{whole, word};
use super::values::shown;
use super::work;
use crate::config::{ArmsIn, JudgeConfig, LookEvery};
use crate::input::{Source, read_config};
use crate::replay::{
    Anomaly, Exposure, LookRecord, Method, MetricAtLook, Outcome, Replay, ReplayError, ReplayOptions, StageRecord,
    replay_with_progress,
};
use crate::report::{self, svg::Theme};
use crate::rollout::{Cause, LookRule, Phase};

show_json!(Outcome, Method, LookRule, Cause, Phase);

record!(
    /// What a rollout exposed to the canary, and what it spared.
    PyReplayExposure, "ReplayExposure", Exposure, line,
    {
        /// Seconds from the first row to the end of the rollout.
        seconds = seconds,
        /// Requests served until then.
        served = served,
        /// Distinct units among them, with `data.unit`.
        units = units,
        /// Recorded requests that this rollout would not have served so.
        not_taken = not_taken,
    }
);

record!(
    /// One stage that a replayed rollout entered.
    PyStageRecord, "StageRecord", StageRecord, line,
    {
        /// Which: 'shadow', `{'stage': index}`, 'final_bake', ...
        phase = phase,
        /// The canary's traffic share in percent.
        percent = percent,
        /// Seconds from the first row to its beginning.
        entered_seconds = entered_seconds,
        /// Seconds spent in it.
        seconds = seconds,
        /// Requests served in it.
        served = served,
        /// Looks in it.
        looks = looks,
        /// The latest decision in it.
        decision = decision,
    }
);

record!(
    /// One metric at one look.
    PyMetricAtLook, "MetricAtLook", MetricAtLook, line,
    {
        /// Its name.
        name = name,
        /// Its role.
        role = role,
        /// What it showed.
        outcome = outcome,
        /// The arms' own values.
        value = value,
        /// What was estimated of their difference.
        estimate = estimate,
        /// The interval around it: a confidence sequence with the monitor.
        interval = interval,
        /// p-value of "worse than the margin".
        p_safe = p_safe,
        /// p-value of "not worse than the margin".
        p_harm = p_harm,
        /// Logs of the e-values, with the monitor.
        log_e = log_e,
    }
);

record!(
    /// Something that failed at a look.
    PyAnomaly, "Anomaly", Anomaly, line,
    {
        /// The check, metric, or metric and segment.
        name = name,
        /// In a sentence.
        text = text,
    }
);

record!(
    /// One look of a replay.
    PyLookRecord, "LookRecord", LookRecord, line,
    {
        /// Its number, from 1.
        number = number,
        /// Seconds since the first row.
        seconds = seconds,
        /// Requests served so far.
        served = served,
        /// Stage of the recording, when it has stages.
        recorded_stage = recorded_stage,
        /// Where the rollout was.
        phase = phase,
        /// The canary's traffic share then, in percent.
        percent = percent,
        /// Where the look has brought it.
        phase_after = phase_after,
        /// The canary's traffic share after it, in percent.
        percent_after = percent_after,
        /// Rows (units with `data.unit`) of this stage that were judged.
        samples = samples,
        /// What the statistics said.
        verdict = verdict,
        /// What to do.
        decision = decision,
        /// Whether the comparison was valid.
        valid = valid,
        /// 0 to 100; None when nothing counted.
        score = score,
        /// The score if every open question came out well.
        score_best = score_best,
        /// Why, the weightiest first.
        reasons = reasons,
        /// Each metric, in the config's order.
        metrics = metrics,
        /// Checks, metrics and segments that failed.
        anomalies = anomalies,
    }
);

fn text(_name: &str, replay: &Replay) -> String {
    report::replay_text(replay).trim_end().to_owned()
}

record!(
    /// A rollout over a recording, from the first row to the end: when it would have moved on, promoted or rolled back, and at
    /// what exposure.
    PyReplay, "Replay", Replay, text,
    {
        /// The schema's name.
        schema = schema,
        /// Who was asked at each look: 'fixed' or 'anytime'.
        method = method,
        /// How often, as a dict.
        look_every = look_every,
        /// 'promoted', 'rolled_back' or 'undecided'.
        outcome = outcome,
        /// What to do: 'promote', 'hold' (undecided at the end of the recording) or 'rollback'.
        decision = decision,
        /// Why it was rolled back.
        cause = cause,
        /// The whole in a sentence.
        text = text,
        /// The canary's traffic until the end of the rollout.
        exposure = exposure,
        /// Each stage that was entered.
        stages = stages,
        /// Each look.
        looks = looks,
        /// What a reader should know; decides nothing.
        warnings = warnings,
        /// The judgement of the last look, whole.
        judgement = judgement,
        /// The machine with its audit trail.
        rollout = rollout,
    },
    {
        /// The replay as JSON text: what `serinus replay --format json` prints, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            serde_json::to_string_pretty(&self.0).map_err(|e| DataError::new_err(e.to_string()))
        }

        /// The replay as Markdown, for a pull request.
        fn to_markdown(&self) -> String {
            report::replay_markdown(&self.0)
        }

        /// The replay as one HTML page with its picture and without scripts; written to `path` when given, else returned.
        #[pyo3(signature = (path=None))]
        fn to_html(&self, path: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
            written(path, report::replay_html(&self.0))
        }

        /// A picture of the rollout as SVG: traffic, score and decisions; written to `path` when given, else returned.
        ///
        /// Parameters
        /// ----------
        /// path : str or os.PathLike, optional
        ///     Where to write.
        /// theme : {'light', 'dark', 'auto'}
        ///     'auto' follows the reader's system.
        #[pyo3(signature = (path=None, *, theme="auto"))]
        fn to_svg(&self, path: Option<&Bound<'_, PyAny>>, theme: &str) -> PyResult<Option<String>> {
            written(path, report::replay_picture(&self.0, theme_named(theme)?))
        }

        /// Each metric's interval against its margin, look by look, and where the decision fell, as SVG; written to `path` when
        /// given, else returned.
        ///
        /// Parameters
        /// ----------
        /// path : str or os.PathLike, optional
        ///     Where to write.
        /// theme : {'light', 'dark', 'auto'}
        ///     'auto' follows the reader's system.
        #[pyo3(signature = (path=None, *, theme="auto"))]
        fn to_metrics_svg(&self, path: Option<&Bound<'_, PyAny>>, theme: &str) -> PyResult<Option<String>> {
            written(path, report::replay_sequences(&self.0, theme_named(theme)?))
        }

        /// One row a look, as a pandas DataFrame, or a polars one where pandas is not installed.
        fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            frame(py, &self.0.looks)
        }

        /// The judgement of the last look with the rollout's own decision and its sentence in front; None without a look.
        fn to_judgement(&self) -> Option<PyJudgement> {
            self.0.to_judgement().map(PyJudgement)
        }

        fn _repr_html_(&self) -> String {
            let text = text("Replay", &self.0).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!("{}<pre>{text}</pre>", report::replay_picture(&self.0, Theme::Auto))
        }

        fn _repr_markdown_(&self) -> String {
            report::replay_markdown(&self.0)
        }

        fn __bool__(&self) -> PyResult<bool> {
            Err(pyo3::exceptions::PyTypeError::new_err(
                "a replay has three answers and no truth value; compare replay.decision with 'promote', 'hold' or 'rollback'",
            ))
        }
    }
);

show_record!(
    Exposure => PyReplayExposure,
    StageRecord => PyStageRecord,
    MetricAtLook => PyMetricAtLook,
    Anomaly => PyAnomaly,
    LookRecord => PyLookRecord,
);

fn theme_named(theme: &str) -> PyResult<Theme> {
    match theme {
        "light" => Ok(Theme::Light),
        "dark" => Ok(Theme::Dark),
        "auto" => Ok(Theme::Auto),
        other => Err(super::stats::choice("theme", other, &["light", "dark", "auto"])),
    }
}

/// Text to a file, or back to the caller.
fn written(target: Option<&Bound<'_, PyAny>>, text: String) -> PyResult<Option<String>> {
    let Some(target) = target else { return Ok(Some(text)) };
    let Some(target) = path(target)? else {
        return Err(bad_data(format!("path: {} is no path", shown(target))));
    };
    std::fs::write(&target, text)?;
    Ok(None)
}

/// Whether a config asks to be monitored: it has a section `monitoring`, or, checked already, one that is not the default.
fn is_monitored(source: &Bound<'_, PyAny>, config: &JudgeConfig) -> PyResult<bool> {
    if source.cast::<PyConfig>().is_ok() {
        return Ok(config.monitoring != JudgeConfig::default().monitoring);
    }
    if let Some(path) = path(source)? {
        let value = read_config(&Source::Path(path)).map_err(|e| errors::config_file(&e))?;
        return Ok(value.get("monitoring").is_some_and(|m| !m.is_null()));
    }
    match source.cast::<PyMapping>() {
        Ok(mapping) => Ok(mapping.contains("monitoring")? && !mapping.get_item("monitoring")?.is_none()),
        Err(_) => Ok(false),
    }
}

/// How often and whom to ask, as the command line has it.
pub(super) fn method(text: Option<&str>) -> PyResult<Option<Method>> {
    text.map(|text| word(text, "method", &["fixed", "anytime"])).transpose()
}

/// A number of requests between looks.
pub(super) fn look_every(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<LookRule>> {
    let Some(object) = object else { return Ok(None) };
    match whole(object, "look_every")? {
        0 => Err(bad_data("look_every: 0 requests are no step; give 1 or more")),
        n => Ok(Some(LookRule::Requests(n))),
    }
}

/// Why a recording cannot be replayed: the config's or the rollout's author, or the recording's sender, has to act.
pub(super) fn fault(error: &ReplayError) -> PyErr {
    match error {
        ReplayError::Config(errors) | ReplayError::Rollout(errors) => ConfigError::new_err(errors.to_string()),
        ReplayError::Data(error) => errors::data("data", error),
        error => DataError::new_err(format!("data: {error}")),
    }
}

/// Run a rollout over a recording: when would it have moved on, promoted or rolled back, and at what exposure?
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     What is judged, and how. It has to name a time column.
/// rollout : str, os.PathLike or dict
///     The rollout file, or the same as a dict.
/// data : str, os.PathLike, table or mapping
///     A request log with both arms, in any form that `judge` takes.
/// look_every : int, optional
///     Look every so many requests, whatever the rollout file says, with the monitor.
/// method : {'fixed', 'anytime'}, optional
///     Who is asked at each look: the judge, whose error rates hold for one look, or the monitor, whose error rates hold for
///     all looks together. By default the monitor when `look_every` is given or the config has a section `monitoring`.
/// progress : bool, default False
///     Say on `sys.stderr` how far it is.
///
/// Returns
/// -------
/// Replay
///     What `serinus replay` tells, with its picture.
///
/// Raises
/// ------
/// ConfigError
///     The config or the rollout file is at fault.
/// DataError
///     The recording does not fit.
///
/// Notes
/// -----
/// Runs without the interpreter, gives the same bytes on any number of threads, and hears Ctrl-C.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = {"version": 1, "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}}, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.02}}]}
/// >>> log = {"arm": ["canary", "baseline"] * 1000, "error": [int(i % 6 == 0) for i in range(2000)], "second": range(2000)}
/// >>> told = serinus.replay(config, {"version": 1, "stages": [{"percent": 50, "min_samples": 400}]}, log, look_every=50)
/// >>> told.outcome, told.exposure.served.canary < 200
/// ('rolled_back', True)
#[pyfunction]
#[pyo3(signature = (config, rollout, data, *, look_every=None, method=None, progress=false))]
fn replay(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    rollout: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
    look_every: Option<&Bound<'_, PyAny>>,
    method: Option<&str>,
    progress: bool,
) -> PyResult<PyReplay> {
    let checked = config::read(config)?;
    let rollout = read_rollout(rollout)?;
    let monitored = is_monitored(config, &checked)?;
    let given = self::look_every(look_every)?;
    let asked = if given.is_some() || monitored { Method::Anytime } else { Method::Fixed };
    let look = match (given, checked.monitoring.look) {
        (Some(rule), _) => Some(rule),
        (None, look) if monitored && rollout.look_every.is_none() => Some(match look {
            LookEvery::Seconds(s) => LookRule::Seconds(s),
            LookEvery::Requests(n) => LookRule::Requests(n),
        }),
        _ => None,
    };
    let options = ReplayOptions { method: self::method(method)?.unwrap_or(asked), look_every: look };
    let rows = Rows::take(data, &checked, ArmsIn::OneTable, "data")?;
    let told = work::run(py, move |tell| {
        let tell = progress.then_some(tell);
        let table = rows.read(&checked, ArmsIn::OneTable, tell).map_err(Fault::Data)?;
        let mut told = 0;
        replay_with_progress(&checked, &rollout, &table, &options, &mut |p| {
            // A line for each tenth of the recording.
            let tenth = 10 * p.rows / p.total_rows.max(1);
            if let Some(tell) = tell.filter(|_| tenth > told) {
                told = tenth;
                tell(format!("{} of {} rows replayed, {} looks", p.rows, p.total_rows, p.looks));
            }
        })
        .map_err(Fault::Replay)
    })?;
    told.map(PyReplay).map_err(|e| match e {
        Fault::Data(message) => DataError::new_err(message),
        Fault::Replay(error) => fault(&error),
    })
}

/// Why there is no replay, in words that cross threads.
enum Fault {
    Data(String),
    Replay(ReplayError),
}

/// A record of a replay out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "Replay" => PyReplay(read(json)?).into_py_any(py)?,
        "ReplayExposure" => PyReplayExposure(read(json)?).into_py_any(py)?,
        "StageRecord" => PyStageRecord(read(json)?).into_py_any(py)?,
        "MetricAtLook" => PyMetricAtLook(read(json)?).into_py_any(py)?,
        "Anomaly" => PyAnomaly(read(json)?).into_py_any(py)?,
        "LookRecord" => PyLookRecord(read(json)?).into_py_any(py)?,
        _ => return Ok(None),
    }))
}

/// Adds the functions and classes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyReplayExposure>()?;
    module.add_class::<PyStageRecord>()?;
    module.add_class::<PyMetricAtLook>()?;
    module.add_class::<PyAnomaly>()?;
    module.add_class::<PyLookRecord>()?;
    module.add_class::<PyReplay>()?;
    module.add_function(wrap_pyfunction!(replay, module)?)
}
