//! `serinus.parity`: are two arms the same?

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::errors::SerinusError;
use super::judge::Asked;
use super::records::{read, record, show_json};
use crate::judge::Judge;
use crate::judge::parity::{Parity, Sameness};
use crate::report::{Style, parity_text};

show_json!(Sameness);

fn told(_name: &str, parity: &Parity) -> String {
    parity_text(parity, Style::default()).trim_end().to_owned()
}

record!(
    /// Whether two arms are the same.
    PyParity, "Parity", Parity, told,
    {
        /// `same`, `different` or `open`.
        answer = answer,
        /// Why, the weightiest first.
        reasons = reasons,
        /// What each metric showed: `pass` is shown to be the same, `fail` shown to differ.
        metrics = metrics,
        /// Sample ratio, missing values, balance of segments, and what else is reported.
        checks = checks,
        /// What a reader should know; decides nothing.
        warnings = warnings,
        /// Enough to make the same bytes again.
        provenance = provenance,
    },
    {
        /// The answer as JSON text: what `serinus judge --parity --format json` prints, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            serde_json::to_string_pretty(&self.0).map_err(|e| SerinusError::new_err(e.to_string()))
        }
    }
);

/// Ask whether two arms are the same: equivalence within the margins both ways, the split, and the mix of segments.
///
/// What an A/A comparison asks before any canary is trusted. A test that finds no difference does not answer it.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     The canary's own config; its margins bound a change in either direction.
/// data : str, os.PathLike or table, optional
///     The request log with both arms, as in `judge`.
/// baseline, canary : table or mapping, optional
///     In place of `data`, one table an arm.
/// summary : str, os.PathLike, list of dict or table, optional
///     In place of rows, sufficient statistics, as in `judge`; they do not tell the mix of segments.
/// progress : bool, default False
///     Say on `sys.stderr` how far reading and judging are.
///
/// Returns
/// -------
/// Parity
///
/// Raises
/// ------
/// ConfigError
///     The config is at fault.
/// DataError
///     The data are at fault, or no metric has a margin.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = {"version": 1, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}
/// >>> arm = {"error": [0] * 9900 + [1] * 100}
/// >>> serinus.parity(config, baseline=arm, canary=arm).answer
/// 'same'
#[pyfunction]
#[pyo3(signature = (config, data=None, *, baseline=None, canary=None, summary=None, progress=false))]
pub(super) fn parity(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    data: Option<&Bound<'_, PyAny>>,
    baseline: Option<&Bound<'_, PyAny>>,
    canary: Option<&Bound<'_, PyAny>>,
    summary: Option<&Bound<'_, PyAny>>,
    progress: bool,
) -> PyResult<PyParity> {
    let asked = Asked::take(config, data, baseline, canary, summary)?;
    asked.answer(py, progress, Judge::parity, Judge::parity_arms, Judge::parity_summary).map(PyParity)
}

/// An answer out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "Parity" => PyParity(read(json)?).into_py_any(py)?,
        _ => return Ok(None),
    }))
}

/// Adds the function and its class.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyParity>()?;
    module.add_function(wrap_pyfunction!(parity, module)?)
}
