//! The class `Config`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::errors;
use super::values::{from_value, shown, to_value};
use crate::config::JudgeConfig;
use crate::input::{Source, read_config};
use crate::judge::Judge;

/// A checked config: what is judged, and how.
///
/// Parameters
/// ----------
/// source : str, os.PathLike or dict
///     A YAML, TOML or JSON file, or the same as a dict.
///
/// Raises
/// ------
/// ConfigError
///     With every fault at once: its path, the value found and what is expected.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = serinus.Config({"version": 1, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]})
/// >>> config.to_dict()["correction"]
/// 'holm'
#[pyclass(frozen, module = "serinus", name = "Config")]
pub(super) struct PyConfig {
    judge: Judge,
}

impl PyConfig {
    /// A config that the library made.
    pub(super) fn of(config: JudgeConfig) -> PyResult<PyConfig> {
        Ok(PyConfig { judge: Judge::new(config).map_err(|e| errors::config(None, &e))? })
    }

    fn config(&self) -> &JudgeConfig {
        self.judge.config()
    }
}

/// Path, dict or `Config` as a judge; a `Config` was checked when it was made.
pub(super) fn judge(source: &Bound<'_, PyAny>) -> PyResult<Judge> {
    match source.cast::<PyConfig>() {
        Ok(config) => Ok(config.get().judge.clone()),
        Err(_) => Ok(PyConfig::of(read(source)?)?.judge),
    }
}

/// Path, dict or `Config` as a checked config.
pub(super) fn read(source: &Bound<'_, PyAny>) -> PyResult<JudgeConfig> {
    if let Ok(config) = source.cast::<PyConfig>() {
        return Ok(config.get().config().clone());
    }
    if let Some(path) = path(source)? {
        let source = Source::Path(path);
        let value = read_config(&source).map_err(|e| errors::config_file(&e))?;
        return JudgeConfig::from_value(&value).map_err(|e| errors::config(Some(&source.name()), &e));
    }
    if !source.is_instance_of::<pyo3::types::PyDict>() && source.cast::<pyo3::types::PyMapping>().is_err() {
        let message = format!("config: {} is no config; give a path, a dict or a serinus.Config", shown(source));
        return Err(errors::ConfigError::new_err(message));
    }
    let value = to_value(source, "")?;
    JudgeConfig::from_value(&value).map_err(|e| errors::config(None, &e))
}

/// The path, when the object is one.
pub(super) fn path(object: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    if object.is_instance_of::<PyString>() || object.hasattr("__fspath__")? {
        return Ok(Some(object.extract()?));
    }
    Ok(None)
}

#[pymethods]
impl PyConfig {
    #[new]
    fn new(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        PyConfig::of(read(source)?)
    }

    /// The config as a dict with the keys of the file and every default written out.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        from_value(py, &self.config().to_value())
    }

    /// SHA-256 of the canonical JSON after defaults, metrics sorted by name; what a judgement's provenance carries.
    #[getter]
    fn digest(&self) -> String {
        self.config().digest()
    }

    /// The columns that judging reads, sorted.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.config().columns())
    }

    /// Advice on a config that is valid but may not do what its author expects, a line each.
    ///
    /// Examples
    /// --------
    /// >>> import serinus
    /// >>> config = serinus.Config({"version": 1, "metrics": [{
    /// ...     "name": "errors", "type": "proportion", "column": "error",
    /// ...     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]})
    /// >>> isinstance(config.check(), tuple)
    /// True
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.config().lints().iter().map(ToString::to_string))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<PyConfig>().is_ok_and(|other| other.get().judge == self.judge)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.config().digest().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.config().metrics.iter().map(|m| m.name.as_str()).collect();
        let shown = if names.len() > 6 {
            format!("{}, ... {} in all", names[..6].join(", "), names.len())
        } else {
            names.join(", ")
        };
        format!("Config(metrics: {shown}; digest {})", &self.config().digest()[..12])
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Py<PyAny>,))> {
        let class = slf.get_type().into_any();
        Ok((class, (slf.get().to_dict(slf.py())?,)))
    }
}
