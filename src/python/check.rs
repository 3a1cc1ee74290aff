//! `serinus.check`: what seems not to be meant in a config, and what it can and cannot detect.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyModule;
use serde::{Deserialize, Serialize};

use super::config;
use super::errors::{DataError, bad_data};
use super::records::{read, record};
use super::rows::Rows;
use super::work;
use crate::config::{ArmsIn, ConfigError as Remark};
use crate::plan::{self, Outlook};

/// A remark on a config: where, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    path: String,
    message: String,
}

super::records::show_json!(Place);

/// What the command line's JSON holds of a config without faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checked {
    errors: Vec<Place>,
    warnings: Vec<Place>,
    config_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<Outlook>,
}

fn told(_name: &str, checked: &Checked) -> String {
    let mut text = format!("valid, sha256 {}", checked.config_sha256);
    for warning in &checked.warnings {
        text.push_str(&format!("\nwarning: {}: {}", warning.path, warning.message));
    }
    if let Some(outlook) = &checked.history {
        text.push_str(&format!("\n{}", crate::cli::outlook_text(outlook).trim_end()));
    }
    text
}

record!(
    /// A config without faults: what seems not to be meant in it, and what it can detect on traffic like its history.
    PyConfigCheck, "ConfigCheck", Checked, told,
    {
        /// Remarks, each a dict of `path` and `message`.
        warnings = warnings,
        /// SHA-256 of the config's canonical JSON.
        config_sha256 = config_sha256,
        /// What it can and cannot detect, when a history was given.
        history = history,
    },
    {
        /// The check as JSON text: what `serinus check --format json` prints, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            serde_json::to_string_pretty(&self.0).map_err(|e| DataError::new_err(e.to_string()))
        }
    }
);

/// Check a config: every fault at once, what seems not to be meant, and with a history what it can and cannot detect.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     What is judged, and how.
/// history : str, os.PathLike, table or mapping, optional
///     Past requests of the serving version, in any form that `judge` takes.
/// percent : float, default 10
///     Share of that traffic that the canary would take.
///
/// Returns
/// -------
/// ConfigCheck
///
/// Raises
/// ------
/// ConfigError
///     The config is at fault; every fault at once.
/// DataError
///     The history does not fit, or the share leaves an arm without traffic.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = {"version": 1, "metrics": [{
/// ...     "name": "latency", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.001}}]}
/// >>> found = serinus.check(config, {"ms": [50 + i * 7919 % 200 for i in range(5000)]})
/// >>> found.history.can_promote, found.history.metrics[0].rows_needed > 500
/// (True, True)
#[pyfunction]
#[pyo3(signature = (config, history=None, *, percent=10.0))]
fn check(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    history: Option<&Bound<'_, PyAny>>,
    percent: f64,
) -> PyResult<PyConfigCheck> {
    let config = config::read(config)?;
    if !(percent > 0.0 && percent < 100.0) {
        return Err(bad_data(format!("percent: {percent} is not in (0, 100); both arms need traffic")));
    }
    let place = |r: &Remark| Place { path: r.path.clone(), message: r.message.clone() };
    let warnings = config.lints().iter().map(place).collect();
    let config_sha256 = config.digest();
    let history = match history {
        None => None,
        Some(history) => {
            // A history has one arm as a rule, and no column that says so.
            let rows = Rows::take(history, &config, ArmsIn::TwoTables, "history")?;
            let found = work::run(py, move |_| {
                let table = rows.read(&config, ArmsIn::TwoTables, None)?;
                Ok::<_, String>(plan::outlook(&config, &table, percent))
            })?;
            Some(found.map_err(DataError::new_err)?)
        }
    };
    Ok(PyConfigCheck(Checked { errors: Vec::new(), warnings, config_sha256, history }))
}

/// A check out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "ConfigCheck" => PyConfigCheck(read(json)?).into_py_any(py)?,
        _ => return Ok(None),
    }))
}

/// Adds the function and its class.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyConfigCheck>()?;
    module.add_function(wrap_pyfunction!(check, module)?)
}
