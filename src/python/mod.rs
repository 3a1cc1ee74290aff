//! The Python module: wraps in, wraps out, and releases the interpreter while judging. No arithmetic, no policy.

mod check;
mod columns;
mod config;
mod drill;
mod e_values;
mod errors;
mod frame;
mod judge;
mod judgement;
mod kayenta;
mod monitor;
mod parity;
mod plan;
mod plan_records;
mod records;
mod replay;
mod rollout;
mod router;
mod rows;
mod shown;
mod spec;
mod stats;
mod summary;
mod tools;
mod values;
mod work;

use pyo3::prelude::*;
use pyo3::types::PyModule;

/// The command line: what the console script `serinus` calls. Returns the exit code.
#[pyfunction]
#[pyo3(signature = (args, /))]
fn _main(py: Python<'_>, args: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| crate::cli::run(args))
}

/// What Serinus computes; `serinus` and `serinus.stats` are its faces.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("SerinusError", py.get_type::<errors::SerinusError>())?;
    module.add("ConfigError", py.get_type::<errors::ConfigError>())?;
    module.add("DataError", py.get_type::<errors::DataError>())?;
    module.add_class::<config::PyConfig>()?;
    module.add_class::<judgement::PyJudgement>()?;
    module.add_class::<records::PyArms>()?;
    module.add_class::<records::PyInterval>()?;
    module.add_class::<records::PyMargin>()?;
    module.add_class::<records::PyLogE>()?;
    module.add_class::<records::PyEvidence>()?;
    module.add_class::<records::PyReason>()?;
    module.add_class::<records::PyGroup>()?;
    module.add_class::<records::PyLimit>()?;
    module.add_class::<records::PyEffectSize>()?;
    module.add_class::<records::PyNeeds>()?;
    module.add_class::<records::PySegment>()?;
    module.add_class::<records::PyFinding>()?;
    module.add_class::<records::PyCheck>()?;
    module.add_class::<records::PyProvenance>()?;
    module.add_function(wrap_pyfunction!(judge::judge, module)?)?;
    module.add_function(wrap_pyfunction!(records::restore, module)?)?;
    module.add_function(wrap_pyfunction!(_main, module)?)?;
    module.add_function(wrap_pyfunction!(kayenta::kayenta_judge, module)?)?;
    module.add_function(wrap_pyfunction!(kayenta::kayenta_judge_native, module)?)?;
    module.add_function(wrap_pyfunction!(kayenta::kayenta_compare, module)?)?;
    module.add_function(wrap_pyfunction!(kayenta::kayenta_import, module)?)?;
    module.add_function(wrap_pyfunction!(tools::schema, module)?)?;
    module.add_function(wrap_pyfunction!(tools::template, module)?)?;
    check::register(module)?;
    parity::register(module)?;
    drill::register(module)?;
    e_values::register(module)?;
    monitor::register(module)?;
    plan::register(module)?;
    plan_records::register(module)?;
    replay::register(module)?;
    rollout::register(module)?;
    router::register(module)?;
    stats::register(module)?;
    Ok(())
}
