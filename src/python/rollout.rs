//! `serinus.rollout`: what happens next, as a pure machine. Events and effects are dicts, as the JSON has them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString};
use serde_json::Value;

use super::config::path;
use super::errors::{self, ConfigError, DataError, bad_data};
use super::judgement::PyJudgement;
use super::records::to_json;
use super::spec::{data, data_value, whole};
use super::values::{from_value, shown, to_value};
use crate::arms::Arms;
use crate::input::{Source, read_config};
use crate::rollout::{
    self, Entry, Event, Look, Phase, Refused, Rollout, RolloutConfig, STATE_SCHEMA, State, Timestamp,
};

pyo3::create_exception!(
    serinus.rollout,
    RefusedError,
    DataError,
    "An event that the rollout refused: late, out of order, about another phase, or without sense there. `reason` is the reason as a dict."
);

fn refused(py: Python<'_>, reason: &Refused) -> PyErr {
    let error = RefusedError::new_err(reason.to_string());
    let set = || error.value(py).setattr("reason", from_value(py, &to_json(reason)?)?);
    match set() {
        Ok(()) => error,
        Err(other) => other,
    }
}

/// Path or dict as a checked rollout.
pub(super) fn read_rollout(source: &Bound<'_, PyAny>) -> PyResult<RolloutConfig> {
    if let Some(path) = path(source)? {
        let source = Source::Path(path);
        let value = read_config(&source).map_err(|e| errors::config_file(&e))?;
        return RolloutConfig::from_value(&value).map_err(|e| errors::config(Some(&source.name()), &e));
    }
    if !source.is_instance_of::<PyDict>() && source.cast::<pyo3::types::PyMapping>().is_err() {
        let message = format!("rollout: {} is no rollout file; give a path or a dict", shown(source));
        return Err(ConfigError::new_err(message));
    }
    RolloutConfig::from_value(&to_value(source, "rollout")?).map_err(|e| errors::config(None, &e))
}

fn timestamp(now: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    whole(now, "now").map(Timestamp)
}

/// A state as it was stored: read, and its config checked.
fn state(value: Value, name: &str) -> PyResult<State> {
    let schema = value["schema"].as_str().unwrap_or("unknown").to_owned();
    if schema != STATE_SCHEMA {
        return Err(bad_data(format!("{name}: schema is `{schema}`; this version reads {STATE_SCHEMA}")));
    }
    let state: State = serde_json::from_value(value).map_err(|e| bad_data(format!("{name}: {e}")))?;
    state.config.check().map_err(|e| errors::config(Some(name), &e))?;
    // A blue-green switch has a stage without stages in its file.
    if matches!(state.phase, Phase::Stage(i) if i >= state.config.stages.len().max(1)) {
        return Err(bad_data(format!("{name}: it is in a stage that its config does not have; it was changed")));
    }
    Ok(state)
}

/// A rollout with its audit trail: events in, effects out.
///
/// It has no clock and opens nothing: times are milliseconds since an epoch of your choice, and effects are for you to carry
/// out. Store `to_json()` after each event; any process can go on with `from_json`.
///
/// Parameters
/// ----------
/// config : str, os.PathLike or dict
///     A rollout file, or the same as a dict.
///
/// Raises
/// ------
/// ConfigError
///     With every fault at once.
///
/// Examples
/// --------
/// >>> from serinus import rollout
/// >>> machine = rollout.Rollout({"version": 1, "stages": [{"percent": 5}]})
/// >>> machine.step({"event": "start", "revision": "v42"}, 0)[0]
/// {'effect': 'set_weight', 'percent': 5.0}
/// >>> machine.step({"event": "abort", "who": "ada", "why": "pager"}, 1000)[0]
/// {'effect': 'set_weight', 'percent': 0.0}
/// >>> machine.phase, machine.percent
/// ('rolled_back', 0.0)
#[pyclass(frozen, module = "serinus.rollout", name = "Rollout")]
pub(super) struct PyRollout {
    inner: Mutex<Rollout>,
}

impl PyRollout {
    fn lock(&self) -> MutexGuard<'_, Rollout> {
        // A step panics nowhere, and leaves the rollout whole if it did.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn of(rollout: Rollout) -> PyRollout {
        PyRollout { inner: Mutex::new(rollout) }
    }

    fn show<T: serde::Serialize>(&self, py: Python<'_>, of: impl FnOnce(&Rollout) -> T) -> PyResult<Py<PyAny>> {
        let value = to_json(&of(&self.lock()))?;
        from_value(py, &value)
    }
}

#[pymethods]
impl PyRollout {
    #[new]
    fn new(config: &Bound<'_, PyAny>) -> PyResult<PyRollout> {
        Ok(PyRollout::of(Rollout::new(read_rollout(config)?)))
    }

    /// Takes an event and keeps it in the trail, a refused one too.
    ///
    /// Parameters
    /// ----------
    /// event : dict
    ///     `{"event": "start", "revision"}`, `{"event": "tick"}`, `{"event": "observed", "phase", "served"}`, `{"event":
    ///     "judged", "phase", "look"}`, `{"event": "no_data", "phase", "why"}`, `{"event": "error_spike", "phase", "trigger"}`,
    ///     or of a person with `who` and `why`: 'pause', 'resume', 'approve', 'abort', and 'override' with an `action`.
    /// now : int
    ///     The time in milliseconds.
    ///
    /// Returns
    /// -------
    /// list of dict
    ///     What to do: 'set_weight', 'set_shadow', 'roll_back', 'promote', 'notify'. Each can be carried out twice without harm.
    ///
    /// Raises
    /// ------
    /// RefusedError
    ///     The event was refused; the state is unchanged, and the trail says why. A `DataError` with a `reason`.
    fn step(&self, py: Python<'_>, event: &Bound<'_, PyAny>, now: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (event, now) = (data_value(event, "event")?, timestamp(now)?);
        let taken = self.lock().take_value(&event, now);
        match taken {
            Ok(effects) => from_value(py, &to_json(&effects)?),
            Err(reason) => Err(refused(py, &reason)),
        }
    }

    /// Everything that the next step depends on, as a dict.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.show(py, |r| r.state.clone())
    }

    /// Every event in the order received, the refused ones too, with what came of each: a list of dicts.
    #[getter]
    fn trail(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.show(py, |r| r.trail.clone())
    }

    /// The rollout file with every default written out, as a dict.
    #[getter]
    fn config(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let value = self.lock().state.config.to_value();
        from_value(py, &value)
    }

    /// Where it is: 'pending', 'shadow', `{'stage': index}`, 'final_bake', 'promoted' or 'rolled_back'.
    #[getter]
    fn phase(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.show(py, |r| r.state.phase)
    }

    /// The canary's traffic share in percent.
    #[getter]
    fn percent(&self) -> f64 {
        self.lock().state.percent
    }

    /// What is rolled out; None before the start.
    #[getter]
    fn revision(&self) -> Option<String> {
        self.lock().state.revision.clone()
    }

    /// Whether traffic goes, or is copied, to a canary that is not yet the stable version.
    #[getter]
    fn is_active(&self) -> bool {
        self.lock().state.is_active()
    }

    /// Requests served by each arm since the start, as a dict.
    #[getter]
    fn served(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.show(py, |r| r.state.served_in_all())
    }

    /// The next moment, in milliseconds, at which the passing of time alone may change something: when to send a tick at the
    /// latest. None when there is none.
    #[getter]
    fn wake_at(&self) -> Option<u64> {
        self.lock().state.wake_at().map(|t| t.0)
    }

    /// Everything that the next step still waits for, each as a sentence; empty when the next event takes it.
    fn waiting(&self, now: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let now = timestamp(now)?;
        Ok(self.lock().state.waiting(now).iter().map(ToString::to_string).collect())
    }

    /// State and trail as JSON text, the same for the same events.
    fn to_json(&self) -> PyResult<String> {
        Ok(to_json(&*self.lock())?.to_string())
    }

    /// State and trail as a dict.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.show(py, Rollout::clone)
    }

    /// A stored rollout, from what `to_json` gave.
    ///
    /// Raises
    /// ------
    /// DataError
    ///     The text is no rollout of this version.
    #[staticmethod]
    fn from_json(json: &str) -> PyResult<PyRollout> {
        let value: Value = serde_json::from_str(json)
            .map_err(|e| bad_data(format!("json: {e}; give a rollout as `to_json` writes it")))?;
        let state = state(value["state"].clone(), "json.state")?;
        let trail: Vec<Entry> = serde_json::from_value(value["trail"].clone())
            .map_err(|e| bad_data(format!("json.trail: {e}; give a rollout as `to_json` writes it")))?;
        Ok(PyRollout::of(Rollout { state, trail }))
    }

    /// The rollout that a trail leads to.
    ///
    /// Parameters
    /// ----------
    /// config : str, os.PathLike or dict
    ///     The rollout file.
    /// trail : list of dict
    ///     What `trail` gave.
    ///
    /// Raises
    /// ------
    /// DataError
    ///     An entry comes out otherwise than the trail says: it was changed, or made by another version.
    #[staticmethod]
    fn replay(config: &Bound<'_, PyAny>, trail: &Bound<'_, PyAny>) -> PyResult<PyRollout> {
        let config = read_rollout(config)?;
        let trail: Vec<Entry> = data(trail, "trail")?;
        Rollout::replay(config, &trail).map(PyRollout::of).map_err(|e| bad_data(format!("trail: {e}")))
    }

    fn __repr__(&self) -> String {
        let rollout = self.lock();
        let State { phase, percent, revision, .. } = &rollout.state;
        let revision = revision.as_ref().map_or_else(|| "None".to_owned(), |r| format!("{r:?}"));
        format!("Rollout({phase}, percent={percent}, revision={revision}, events={})", rollout.trail.len())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        let Ok(other) = other.cast::<PyRollout>() else { return false };
        // One after the other: an object compared with itself has one lock.
        let own = self.lock().clone();
        *other.get().lock() == own
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json()?,)))
    }

    fn __copy__(&self) -> PyRollout {
        PyRollout::of(self.lock().clone())
    }
}

/// Takes one event: the state and the effects that follow. The state given is not changed.
///
/// Parameters
/// ----------
/// state : dict
///     What `Rollout.state` or this function gave.
/// event : dict
///     As for `Rollout.step`.
/// now : int
///     The time in milliseconds.
///
/// Returns
/// -------
/// tuple of dict and list of dict
///     The next state, and what to do.
///
/// Raises
/// ------
/// RefusedError
///     The event was refused.
///
/// Examples
/// --------
/// >>> from serinus import rollout
/// >>> state = rollout.Rollout({"version": 1, "stages": [{"percent": 5}]}).state
/// >>> state, effects = rollout.step(state, {"event": "start", "revision": "v42"}, 0)
/// >>> state["phase"], effects[0]["percent"]
/// ({'stage': 0}, 5.0)
#[pyfunction]
fn step(
    py: Python<'_>,
    state: &Bound<'_, PyAny>,
    event: &Bound<'_, PyAny>,
    now: &Bound<'_, PyAny>,
) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
    let state = self::state(data_value(state, "state")?, "state")?;
    let (event, now) = (data_value(event, "event")?, timestamp(now)?);
    let taken = Event::from_value(&event).and_then(|event| rollout::step(&state, &event, now));
    let (state, effects) = taken.map_err(|reason| refused(py, &reason))?;
    Ok((from_value(py, &to_json(&state)?)?, from_value(py, &to_json(&effects)?)?))
}

/// The look that a judgement amounts to: what the event 'judged' carries.
///
/// Parameters
/// ----------
/// judgement : Judgement
///     What `serinus.judge` said.
/// baseline, canary : int
///     Rows (units when clustered) of the current phase alone that were judged.
/// data_until : int, optional
///     Time of the last row judged, in milliseconds.
///
/// Returns
/// -------
/// dict
///
/// Examples
/// --------
/// >>> import serinus
/// >>> from serinus import rollout
/// >>> config = {"version": 1, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
/// >>> judgement = serinus.judge(config, baseline={"error": [0] * 990 + [1] * 10}, canary={"error": [0] * 800 + [1] * 200})
/// >>> rollout.look(judgement, baseline=1000, canary=1000)["decision"]
/// 'rollback'
#[pyfunction]
#[pyo3(signature = (judgement, *, baseline, canary, data_until=None))]
fn look(
    py: Python<'_>,
    judgement: &Bound<'_, PyAny>,
    baseline: &Bound<'_, PyAny>,
    canary: &Bound<'_, PyAny>,
    data_until: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let Ok(judgement) = judgement.cast::<PyJudgement>() else {
        return Err(bad_data(format!("judgement: {} is no judgement; give what serinus.judge gave", shown(judgement))));
    };
    let samples = Arms { baseline: whole(baseline, "baseline")?, canary: whole(canary, "canary")? };
    let until = data_until.map(|t| whole(t, "data_until").map(Timestamp)).transpose()?;
    from_value(py, &to_json(&Look::new(&judgement.get().0, samples, until))?)
}

/// A rollout as a getter shows it.
impl super::records::Show for Rollout {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        PyRollout::of(self.clone()).into_py_any(py)
    }
}

/// Adds the functions and classes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("RefusedError", py.get_type::<RefusedError>())?;
    module.add("_STATE_SCHEMA", PyString::new(py, STATE_SCHEMA))?;
    module.add_class::<PyRollout>()?;
    module.add_function(wrap_pyfunction!(step, module)?)?;
    module.add_function(wrap_pyfunction!(look, module)?)
}
