//! `serinus.kayenta`: Kayenta's requests as dicts. The text between is what the command line reads and prints.

use pyo3::exceptions::PyRecursionError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::errors::{DataError, bad_data};
use super::values::{from_value, shown};
use crate::kayenta::{self, KayentaError, Mode, Request};

fn fault(error: KayentaError) -> PyErr {
    DataError::new_err(format!("request: {error}"))
}

/// A request as JSON text. A float NaN is refused further on; Kayenta has it as text.
fn text(object: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    let py = object.py();
    if !object.is_instance_of::<PyDict>() {
        return Err(bad_data(format!(
            "{name}: {} is not a dict; give the JSON document as json.loads reads it",
            shown(object)
        )));
    }
    let written = py.import(intern!(py, "json"))?.call_method1(intern!(py, "dumps"), (object,)).map_err(|error| {
        if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py)
            || error.is_instance_of::<pyo3::exceptions::PyValueError>(py)
            || error.is_instance_of::<PyRecursionError>(py)
        {
            bad_data(format!("{name}: {}; give dicts, lists, text, numbers, booleans and None", error.value(py)))
        } else {
            error
        }
    })?;
    Ok(written.cast_into::<PyString>()?.to_str()?.to_owned())
}

fn document(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    Ok(py.import(intern!(py, "json"))?.call_method1(intern!(py, "loads"), (text,))?.unbind())
}

fn answer(request: &Bound<'_, PyAny>, mode: Mode) -> PyResult<Py<PyAny>> {
    let py = request.py();
    let request = text(request, "request")?;
    let response = py.detach(|| kayenta::answer(&request, mode)).map_err(fault)?;
    document(py, &response)
}

/// What Kayenta's NetflixACAJudge-v1.0 answers to a judge request.
///
/// Parameters
/// ----------
/// request : dict
///     A remote judge request: `canaryConfig`, `scoreThresholds` and `metricSetPairList`.
///
/// Returns
/// -------
/// dict
///     The response, as Kayenta writes it.
///
/// Raises
/// ------
/// DataError
///     Where the original throws, and for what is no request: place, value, way out.
///
/// Examples
/// --------
/// >>> from serinus import kayenta
/// >>> request = {
/// ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
/// ...     "scoreThresholds": {"pass": 95, "marginal": 75},
/// ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
/// ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
/// >>> kayenta.judge(request)["results"][0]["classification"]
/// 'Pass'
#[pyfunction]
#[pyo3(signature = (request, /))]
pub(super) fn kayenta_judge(request: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    answer(request, Mode::Compatible)
}

/// The same request judged by the rules of this library.
///
/// Parameters
/// ----------
/// request : dict
///     As for `judge`.
///
/// Returns
/// -------
/// dict
///     A response of the same form.
///
/// Raises
/// ------
/// DataError
///     As `judge`; an unknown setting; thresholds closer than 2.
///
/// Examples
/// --------
/// >>> from serinus import kayenta
/// >>> request = {
/// ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"],
/// ...         "analysisConfigurations": {"canary": {"direction": "increase"}}}], "classifier": {}},
/// ...     "scoreThresholds": {"pass": 95, "marginal": 75},
/// ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
/// ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
/// >>> kayenta.judge_native(request)["results"][0]["classification"]
/// 'High'
#[pyfunction]
#[pyo3(signature = (request, /))]
pub(super) fn kayenta_judge_native(request: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    answer(request, Mode::Native)
}

/// Both judges on one request.
///
/// Parameters
/// ----------
/// request : dict
///     As for `judge`.
///
/// Returns
/// -------
/// dict
///     `kayenta` and `native`, each a whole response.
///
/// Raises
/// ------
/// DataError
///     As `judge` and `judge_native`.
///
/// Examples
/// --------
/// >>> from serinus import kayenta
/// >>> request = {
/// ...     "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
/// ...     "scoreThresholds": {"pass": 95, "marginal": 75},
/// ...     "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {
/// ...         "control": [0, 0, 0, 0, 0, 0], "experiment": [0, 1, 2, 1, 0, 0]}}]}
/// >>> sorted(kayenta.compare(request))
/// ['kayenta', 'native']
#[pyfunction]
#[pyo3(signature = (request, /))]
pub(super) fn kayenta_compare(request: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = request.py();
    let request = text(request, "request")?;
    let both = py.detach(|| Request::from_json(&request).and_then(|r| r.compare())).map_err(fault)?;
    let both_of = PyDict::new(py);
    both_of.set_item("kayenta", document(py, &both.kayenta.to_json())?)?;
    both_of.set_item("native", document(py, &both.native.to_json())?)?;
    Ok(both_of.into_any().unbind())
}

/// A Kayenta canary config as one of ours, with a note on each thing that has no equal.
///
/// Parameters
/// ----------
/// canary_config : dict
///     A Kayenta canary config, or a stored request that holds one.
///
/// Returns
/// -------
/// tuple of dict and tuple of str
///     The config, to be checked by `serinus.Config`, and the notes.
///
/// Raises
/// ------
/// DataError
///     It is no dict of JSON values, or it has no list of metrics.
///
/// Examples
/// --------
/// >>> from serinus import kayenta
/// >>> config, notes = kayenta.import_config({"metrics": [{"name": "errors", "groups": ["g"],
/// ...     "analysisConfigurations": {"canary": {"direction": "increase", "critical": True}}}]})
/// >>> config["metrics"][0]["direction"]
/// 'lower_is_better'
#[pyfunction]
#[pyo3(signature = (canary_config, /))]
pub(super) fn kayenta_import(canary_config: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
    let py = canary_config.py();
    let text = text(canary_config, "canary_config")?;
    let value = serde_json::from_str(&text).map_err(|e| bad_data(format!("canary_config: not JSON: {e}")))?;
    let (config, notes) = kayenta::import(&value).map_err(fault)?;
    Ok((from_value(py, &config)?, pyo3::types::PyTuple::new(py, notes)?.into_any().unbind()))
}
