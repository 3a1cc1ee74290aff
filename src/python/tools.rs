//! What helps to write a config: the commented template and the JSON Schema.

use pyo3::prelude::*;

use super::stats::choice;
use super::values::from_value;
use crate::config;

/// JSON Schema of the config, the judgement and the rollout file, for editors and contract tests.
///
/// Parameters
/// ----------
/// of : {'all', 'config', 'judgement', 'rollout'}
///     Which; 'all' has the three under `$defs`.
///
/// Returns
/// -------
/// dict
///     What `serinus schema` prints.
///
/// Raises
/// ------
/// DataError
///     An unknown word.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> "metrics" in serinus.schema("config")["properties"]
/// True
#[pyfunction]
#[pyo3(signature = (of="all"))]
pub(super) fn schema(py: Python<'_>, of: &str) -> PyResult<Py<PyAny>> {
    let schema = match of {
        "all" => config::schema(),
        "config" => config::config_schema(),
        "judgement" => config::judgement_schema(),
        "rollout" => config::rollout_schema(),
        other => return Err(choice("of", other, &["all", "config", "judgement", "rollout"])),
    };
    from_value(py, &schema)
}

/// A commented YAML config to start from: what `serinus init` writes.
///
/// Returns
/// -------
/// str
///     YAML; valid as it stands.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> serinus.template().splitlines()[0].startswith("#")
/// True
#[pyfunction]
pub(super) fn template() -> &'static str {
    include_str!("../cli/init.yaml")
}
