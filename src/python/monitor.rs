//! `serinus.monitor`: a canary looked at as often as one likes, and the error rates hold over all looks together.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyModule, PyTuple};

use super::config::{self, PyConfig};
use super::errors::{self, ConfigError, DataError, bad_data};
use super::records::{read, record, show_json, show_record};
use super::rows::Rows;
use super::shown;
use super::spec::{data, spec};
use super::values::from_value;
use super::work;
use crate::config::{ArmsIn, JudgeConfig};
use crate::monitor::{Batch, BatchReader, History, Look, Monitor, MonitorError, Rollback, Totals};

show_json!(Totals);

record!(
    @in "serinus.monitor";
    /// A rollback, once decided for good.
    PyRollback, "Rollback", Rollback, super::records::line,
    {
        /// The batch at which it was decided.
        sequence = sequence,
        /// When that batch ended.
        end_seconds = end_seconds,
        /// Canary requests (units) assigned by then.
        canary_exposed = canary_exposed,
        /// Why.
        reasons = reasons,
    }
);

show_record!(Rollback => PyRollback);

fn look_text(_name: &str, look: &Look) -> String {
    let (looks, seconds) = (look.looks, look.elapsed_seconds);
    format!("look {looks} at {seconds} s, {} canary requests\n{}", look.assigned.canary, shown::text(&look.judgement))
}

record!(
    @in "serinus.monitor";
    /// What the monitor says after a batch.
    PyLook, "Look", Look, look_text,
    {
        /// The schema's name.
        schema = schema,
        /// The last batch consumed.
        sequence = sequence,
        /// Number of looks so far.
        looks = looks,
        /// When that batch ended, in seconds.
        end_seconds = end_seconds,
        /// Seconds since the start of the first batch.
        elapsed_seconds = elapsed_seconds,
        /// Ramp stage.
        stage = stage,
        /// Requests or units assigned so far.
        assigned = assigned,
        /// Logs of the combined e-values and what they are held against, as a dict.
        totals = totals,
        /// The rollback, from the look at which it was decided on.
        rollback = rollback,
        /// Verdict, decision, findings and reasons.
        judgement = judgement,
    },
    {
        /// What to do: `promote`, `hold` or `rollback`.
        #[getter]
        fn decision(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            super::records::Show::show(&self.0.judgement.decision, py)
        }

        /// The look as a line of JSON: what `serinus monitor` prints, without the line break.
        fn to_json(&self) -> PyResult<String> {
            Ok(super::records::to_json(&self.0)?.to_string())
        }

        fn _repr_html_(&self) -> String {
            shown::html(&self.0.judgement)
        }

        fn __bool__(&self) -> PyResult<bool> {
            Err(pyo3::exceptions::PyTypeError::new_err(
                "a look has three answers and no truth value; compare look.decision with 'promote', 'hold' or 'rollback'",
            ))
        }
    }
);

fn fault(error: &MonitorError) -> PyErr {
    match error {
        MonitorError::Config(errors) => errors::config(None, errors),
        error => DataError::new_err(error.to_string()),
    }
}

fn history(object: Option<&Bound<'_, PyAny>>) -> PyResult<BTreeMap<String, History>> {
    object.map(|h| spec(h, "history")).transpose().map(Option::unwrap_or_default)
}

/// What changes with every batch.
struct Watch {
    monitor: Monitor,
    /// Cuts tables into batches; none once the monitor was resumed and the units that it had seen are not known.
    reader: Option<BatchReader>,
    /// Counts the batches taken, so that two threads do not overwrite each other.
    version: u64,
}

/// Watches a canary look by look, with guarantees that hold at every look.
///
/// The rollback error is `monitoring.alpha_rollback` over all looks together, the promotion error `monitoring.alpha_promote`,
/// whatever the number of looks and whenever one stops.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     The judge's config; its section `monitoring` is optional.
/// history : dict, optional
///     What a dry run found about some metrics, by name: `{"errors": {"dispersion": 1.8}}`.
///
/// Raises
/// ------
/// ConfigError
///     The config is at fault, or asks for what cannot be monitored.
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> watch = monitor.Monitor({"version": 1, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
/// ...     "margin": {"absolute": 0.005}}]})
/// >>> for minute in range(60):
/// ...     look = watch.observe({
/// ...         "sequence": minute, "start_seconds": 60 * minute, "end_seconds": 60 * (minute + 1),
/// ...         "assigned": {"baseline": 950, "canary": 50},
/// ...         "metrics": {"errors": {"baseline": {"n": 950, "events": 1}, "canary": {"n": 50, "events": 0}}}})
/// >>> look.decision
/// 'promote'
#[pyclass(frozen, module = "serinus.monitor", name = "Monitor")]
pub(super) struct PyMonitor {
    config: JudgeConfig,
    history: BTreeMap<String, History>,
    watch: Mutex<Watch>,
}

impl PyMonitor {
    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(config: JudgeConfig, history: BTreeMap<String, History>) -> PyResult<PyMonitor> {
        let monitor = Monitor::with_history(&config, &history).map_err(|e| fault(&e))?;
        let reader = Some(BatchReader::new(&config).map_err(|e| fault(&e))?);
        Ok(PyMonitor { config, history, watch: Mutex::new(Watch { monitor, reader, version: 0 }) })
    }

    fn going_on(self, state: &str) -> PyResult<PyMonitor> {
        let monitor = Monitor::resume_with_history(&self.config, &self.history, state).map_err(|e| fault(&e))?;
        {
            let mut watch = self.lock();
            if monitor.next_sequence().is_some() && PyMonitor::forgets(&self.config) {
                watch.reader = None;
            }
            watch.monitor = monitor;
        }
        Ok(self)
    }

    /// Whether a state lacks what cutting further tables needs: which units were seen, how long the warm-up still lasts.
    fn forgets(config: &JudgeConfig) -> bool {
        config.data.unit.is_some() || config.data.warm_up.is_some()
    }
}

#[pymethods]
impl PyMonitor {
    #[new]
    #[pyo3(signature = (config, *, history=None))]
    fn new(config: &Bound<'_, PyAny>, history: Option<&Bound<'_, PyAny>>) -> PyResult<PyMonitor> {
        PyMonitor::fresh(config::read(config)?, self::history(history)?)
    }

    /// A monitor that goes on from a stored state.
    ///
    /// Parameters
    /// ----------
    /// config, history
    ///     As the monitor was made with.
    /// state : str
    ///     What `save` gave.
    ///
    /// Raises
    /// ------
    /// DataError
    ///     The state is of another version or of another config.
    #[staticmethod]
    #[pyo3(signature = (config, state, *, history=None))]
    fn resume(config: &Bound<'_, PyAny>, state: &str, history: Option<&Bound<'_, PyAny>>) -> PyResult<PyMonitor> {
        PyMonitor::fresh(config::read(config)?, self::history(history)?)?.going_on(state)
    }

    /// The state as JSON text, the same for the same batches. It is what `serinus monitor --state` keeps.
    fn save(&self) -> String {
        self.lock().monitor.save()
    }

    /// Takes one batch of sufficient statistics and answers. On an error nothing has changed.
    ///
    /// Parameters
    /// ----------
    /// batch : dict
    ///     A line of what `serinus monitor` reads: `sequence`, `start_seconds`, `end_seconds`, `assigned`, `metrics` (from a
    ///     name to `{"baseline": statistics, "canary": statistics}`), and optionally `stage`, `share_percent`, `segments` and
    ///     `seen_until_seconds`. Statistics are `n` with `events`; `mean` and `m2`; `sum` and `sumsq`; `values` and `counts`; a
    ///     `histogram`; or the sums of a ratio.
    ///
    /// Returns
    /// -------
    /// Look
    ///
    /// Raises
    /// ------
    /// DataError
    ///     The dict has another form; or the batch is a duplicate, out of order, late or still open, or its statistics do not serve.
    fn observe(&self, batch: &Bound<'_, PyAny>) -> PyResult<PyLook> {
        let batch: Batch = data(batch, "batch")?;
        let mut watch = self.lock();
        let look = watch.monitor.observe(&batch).map_err(|e| fault(&e))?;
        watch.version += 1;
        Ok(PyLook(look))
    }

    /// Takes the rows of a table and answers at each look: every `monitoring.look`, and at every change of stage.
    ///
    /// The end of a table ends a look. Rows have to come in the order of time from one table to the next. On an error nothing
    /// has changed.
    ///
    /// Parameters
    /// ----------
    /// data : str, os.PathLike, table or mapping
    ///     A request log with both arms, in any form that `judge` takes.
    /// progress : bool, default False
    ///     Say on `sys.stderr` how far it is.
    ///
    /// Returns
    /// -------
    /// tuple of Look
    ///
    /// Raises
    /// ------
    /// DataError
    ///     The table does not fit the config or comes late; or the monitor was resumed and the config has units or a warm-up,
    ///     of which the state does not say enough to cut further tables.
    #[pyo3(signature = (data, *, progress=false))]
    fn feed<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>, progress: bool) -> PyResult<Bound<'py, PyTuple>> {
        let config = self.config.clone();
        let rows = Rows::take(data, &config, ArmsIn::OneTable, "data")?;
        let (mut monitor, reader, version) = {
            let watch = self.lock();
            (watch.monitor.clone(), watch.reader.clone(), watch.version)
        };
        let Some(mut reader) = reader else {
            return Err(bad_data(
                "data: the stored state does not say which units were seen; feed batches made by serinus.monitor.batches, \
                 or rebuild the monitor from all tables",
            ));
        };
        let fed = work::run(py, move |tell| {
            let tell = progress.then_some(tell);
            let table = rows.read(&config, ArmsIn::OneTable, tell).map_err(Fault::Data)?;
            let mut looks = Vec::new();
            let batches = reader.batches(&table).map_err(Fault::Monitor)?;
            let total = batches.len();
            for mut batch in batches {
                if let Some(next) = monitor.next_sequence() {
                    batch.sequence = next;
                }
                looks.push(monitor.observe(&batch).map_err(Fault::Monitor)?);
                if let Some(tell) = tell
                    && looks.len() % 100 == 0
                {
                    tell(format!("{} of {total} looks", looks.len()));
                }
            }
            Ok((monitor, reader, looks))
        })?;
        let (monitor, reader, looks) = fed.map_err(Fault::raise)?;
        {
            let mut watch = self.lock();
            if watch.version != version {
                return Err(bad_data("data: another thread fed this monitor meanwhile; feed it from one thread"));
            }
            *watch = Watch { monitor, reader: Some(reader), version: version + 1 };
        }
        PyTuple::new(py, looks.into_iter().map(PyLook).map(|l| l.into_py_any(py)).collect::<PyResult<Vec<_>>>()?)
    }

    /// The answer now, without taking anything.
    fn look(&self) -> PyLook {
        PyLook(self.lock().monitor.look())
    }

    /// The answer at the end of the window: what was not shown by now stays open, with what it would have needed.
    fn conclude(&self) -> PyLook {
        PyLook(self.lock().monitor.conclude())
    }

    /// The number of the batch that is due; None before the first, which may have any number.
    #[getter]
    fn next_sequence(&self) -> Option<u64> {
        self.lock().monitor.next_sequence()
    }

    /// The combined e-values of this look and what they are held against, as a dict; cheap.
    #[getter]
    fn totals(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let totals = self.lock().monitor.totals();
        super::records::Show::show(&totals, py)
    }

    /// The rollback, when one was decided.
    #[getter]
    fn rollback(&self) -> Option<PyRollback> {
        self.lock().monitor.rollback().cloned().map(PyRollback)
    }

    /// The config that it was made with.
    #[getter]
    fn config(&self) -> PyResult<PyConfig> {
        PyConfig::of(self.config.clone())
    }

    fn __repr__(&self) -> String {
        let watch = self.lock();
        let next = watch.monitor.next_sequence().map_or_else(|| "None".to_owned(), |n| n.to_string());
        format!("Monitor(metrics={}, next_sequence={next})", self.config.metrics.len())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        let Ok(other) = other.cast::<PyMonitor>() else { return false };
        let other = other.get();
        let own = self.save();
        other.config == self.config && other.history == self.history && other.save() == own
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (&'static str, String))> {
        let restore = py.import("serinus._native")?.getattr("_restore")?;
        let whole = serde_json::json!({
            "config": self.config.to_value(), "history": self.history, "state": self.save(),
        });
        Ok((restore, ("Monitor", whole.to_string())))
    }
}

/// Why a table cannot be fed, in words that cross threads.
enum Fault {
    Data(String),
    Monitor(MonitorError),
}

impl Fault {
    fn raise(self) -> PyErr {
        match self {
            Fault::Data(message) => DataError::new_err(message),
            Fault::Monitor(error) => fault(&error),
        }
    }
}

/// A table cut into batches: what `Monitor.feed` takes one after the other, for a monitor elsewhere.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     The judge's config.
/// data : str, os.PathLike, table or mapping
///     A request log with both arms.
///
/// Returns
/// -------
/// list of dict
///     Lines for `serinus monitor`, and batches for `Monitor.observe`, numbered from 0.
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> config = {"version": 1, "data": {"arm": {"column": "arm"}}, "monitoring": {"look": {"requests": 2}}, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
/// ...     "margin": {"absolute": 0.005}}]}
/// >>> log = {"arm": ["baseline", "canary", "baseline", "baseline"], "error": [0, 1, 0, 0]}
/// >>> [batch["metrics"]["errors"]["canary"] for batch in monitor.batches(config, log)]
/// [{'n': 1, 'events': 1}, {}]
#[pyfunction]
fn batches(py: Python<'_>, config: &Bound<'_, PyAny>, data: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let config = config::read(config)?;
    let rows = Rows::take(data, &config, ArmsIn::OneTable, "data")?;
    let cut = work::run(py, move |tell| {
        let _ = tell;
        let table = rows.read(&config, ArmsIn::OneTable, None).map_err(Fault::Data)?;
        BatchReader::new(&config).and_then(|mut reader| reader.batches(&table)).map_err(Fault::Monitor)
    })?;
    from_value(py, &super::records::to_json(&cut.map_err(Fault::raise)?)?)
}

/// A record of the monitor out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "Look" => PyLook(read(json)?).into_py_any(py)?,
        "Rollback" => PyRollback(read(json)?).into_py_any(py)?,
        "Monitor" => {
            #[derive(serde::Deserialize)]
            struct Whole {
                config: serde_json::Value,
                history: BTreeMap<String, History>,
                state: String,
            }
            let Whole { config, history, state } = read(json)?;
            let config = JudgeConfig::from_value(&config).map_err(|e| ConfigError::new_err(e.to_string()))?;
            PyMonitor::fresh(config, history)?.going_on(&state)?.into_py_any(py)?
        }
        _ => return Ok(None),
    }))
}

/// Adds the functions and classes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRollback>()?;
    module.add_class::<PyLook>()?;
    module.add_class::<PyMonitor>()?;
    module.add_function(wrap_pyfunction!(batches, module)?)
}
