//! The bare anytime-valid methods of `serinus.monitor`: e-values combined and corrected, confidence sequences, bounds.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString};

use super::columns::sample;
use super::errors::bad_data;
use super::spec::{unanswerable, whole};
use super::stats::{ConfidenceInterval, choice};
use super::values::shown;
use crate::monitor::{self, Side, Spending};

/// Logs of e-values: any number but NaN.
fn logs(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<f64>> {
    let values = sample(object, name)?;
    match values.iter().position(|v| v.is_nan()) {
        Some(i) => Err(bad_data(format!("{name}, row {}: NaN is no log of an e-value; leave it out", i + 1))),
        None => Ok(values),
    }
}

fn level(value: f64, name: &str) -> PyResult<f64> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(bad_data(format!("{name}: {value} is not in (0, 1)")))
}

/// Which e-values survive e-Holm at `alpha`: controls the chance of any false one under any dependence.
///
/// Parameters
/// ----------
/// log_e : array_like
///     Natural logarithms of e-values.
/// alpha : float, default 0.05
///     Error rate.
///
/// Examples
/// --------
/// >>> from math import log
/// >>> from serinus import monitor
/// >>> monitor.e_holm([log(70), log(45), log(2)])
/// [True, True, False]
#[pyfunction]
#[pyo3(signature = (log_e, *, alpha=0.05))]
fn e_holm(log_e: &Bound<'_, PyAny>, alpha: f64) -> PyResult<Vec<bool>> {
    Ok(monitor::e_holm(&logs(log_e, "log_e")?, level(alpha, "alpha")?))
}

/// The p-value that e-Holm gives each e-value: the least alpha at which it is rejected, at most 1.
///
/// Parameters
/// ----------
/// log_e : array_like
///     Natural logarithms of e-values.
///
/// Examples
/// --------
/// >>> from math import log
/// >>> from serinus import monitor
/// >>> [round(p, 4) for p in monitor.e_holm_adjusted([log(100), log(10)])]
/// [0.02, 0.1]
#[pyfunction]
fn e_holm_adjusted(log_e: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    Ok(monitor::e_holm_adjusted(&logs(log_e, "log_e")?))
}

/// Which e-values survive e-BH at false discovery rate `q`, under any dependence.
///
/// Parameters
/// ----------
/// log_e : array_like
///     Natural logarithms of e-values.
/// q : float, default 0.05
///     False discovery rate.
///
/// Examples
/// --------
/// >>> from math import log
/// >>> from serinus import monitor
/// >>> monitor.e_bh([log(45), log(41), log(1)], q=0.1)
/// [True, True, False]
#[pyfunction]
#[pyo3(signature = (log_e, *, q=0.05))]
fn e_bh(log_e: &Bound<'_, PyAny>, q: f64) -> PyResult<Vec<bool>> {
    Ok(monitor::e_bh(&logs(log_e, "log_e")?, level(q, "q")?))
}

/// The log of the weighted mean of e-values: again an e-value; None when no weight is positive.
///
/// Parameters
/// ----------
/// log_e : array_like
///     Natural logarithms of e-values.
/// weights : array_like, optional
///     Of one length; equal ones by default.
///
/// Examples
/// --------
/// >>> from math import exp, log
/// >>> from serinus import monitor
/// >>> round(exp(monitor.log_mean_e([log(100), 0.0], [1, 3])), 9)
/// 25.75
#[pyfunction]
#[pyo3(signature = (log_e, weights=None))]
fn log_mean_e(log_e: &Bound<'_, PyAny>, weights: Option<&Bound<'_, PyAny>>) -> PyResult<Option<f64>> {
    let logs = logs(log_e, "log_e")?;
    let weights = match weights {
        Some(weights) => sample(weights, "weights")?,
        None => vec![1.0; logs.len()],
    };
    if weights.len() != logs.len() {
        let (n, m) = (weights.len(), logs.len());
        return Err(bad_data(format!("weights has {n} values and log_e has {m}; give them one length")));
    }
    match weights.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
        Some(i) => Err(bad_data(format!("weights, row {}: {} is not a number of at least 0", i + 1, weights[i]))),
        None => Ok(monitor::log_mean_e(&logs, &weights)),
    }
}

/// The e-value of a p-value from a test that was made once, kappa p^(kappa - 1).
///
/// Parameters
/// ----------
/// p : float
///     In (0, 1].
/// kappa : float, default 0.5
///     In (0, 1).
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> monitor.p_to_e(0.04)
/// 2.5
#[pyfunction]
#[pyo3(signature = (p, *, kappa=0.5))]
fn p_to_e(p: f64, kappa: f64) -> PyResult<f64> {
    monitor::p_to_e(p, kappa).map_err(unanswerable)
}

/// The p-value that an e-value gives at any stopping time: min(1, 1/E).
///
/// Parameters
/// ----------
/// log_e : float
///     Natural logarithm of the e-value.
///
/// Examples
/// --------
/// >>> from math import log
/// >>> from serinus import monitor
/// >>> round(monitor.p_from_log_e(log(20)), 9)
/// 0.05
#[pyfunction]
fn p_from_log_e(log_e: f64) -> PyResult<f64> {
    if log_e.is_nan() {
        return Err(bad_data("log_e: NaN is no log of an e-value"));
    }
    Ok(monitor::p_from_log_e(log_e))
}

/// The rate that `events` of `n` rows bound at every look at once: a confidence sequence.
///
/// Parameters
/// ----------
/// events, n : int
///     Events so far, and rows so far.
/// alpha : float, default 0.05
///     One minus the level.
/// n_opt : float, optional
///     Rows at which it is tightest; by default `n`.
///
/// Returns
/// -------
/// ConfidenceInterval
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> round(monitor.bernoulli_confidence_sequence(3494, 9315, n_opt=5000).low, 6)
/// 0.359836
#[pyfunction]
#[pyo3(signature = (events, n, *, alpha=0.05, n_opt=None))]
fn bernoulli_confidence_sequence(
    events: &Bound<'_, PyAny>,
    n: &Bound<'_, PyAny>,
    alpha: f64,
    n_opt: Option<f64>,
) -> PyResult<ConfidenceInterval> {
    let (events, n) = (whole(events, "events")?, whole(n, "n")?);
    let n_opt = n_opt.unwrap_or(n.max(1) as f64);
    monitor::bernoulli_confidence_sequence(events, n, alpha, n_opt, alpha).map(Into::into).map_err(unanswerable)
}

/// Half-width of a band around an empirical distribution function that holds at every number of rows at once.
///
/// Parameters
/// ----------
/// n : int
///     Rows so far.
/// alpha : float, default 0.05
///     One minus the level.
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> round(monitor.dkw_radius(194430), 6)
/// 0.006359
#[pyfunction]
#[pyo3(signature = (n, *, alpha=0.05))]
fn dkw_radius(n: &Bound<'_, PyAny>, alpha: f64) -> PyResult<f64> {
    monitor::dkw_radius(whole(n, "n")?, alpha).map_err(unanswerable)
}

/// One-sided bounds for a few planned looks (Lan and DeMets).
///
/// Parameters
/// ----------
/// fractions : array_like
///     Information so far over the planned one at each look, ascending.
/// spending : {'o_brien_fleming', 'pocock'} or float
///     How the error is spent: almost none early, evenly, or as alpha times the fraction to this power.
/// alpha : float, default 0.025
///     One-sided error rate.
///
/// Returns
/// -------
/// dict
///     `z`, the bound at each look, and `alpha_spent` by each.
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> round(monitor.group_sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0], "pocock")["z"][0], 5)
/// 2.43798
#[pyfunction]
#[pyo3(signature = (fractions, spending=None, *, alpha=0.025))]
fn group_sequential_bounds<'py>(
    py: Python<'py>,
    fractions: &Bound<'py, PyAny>,
    spending: Option<&Bound<'py, PyAny>>,
    alpha: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let fractions = sample(fractions, "fractions")?;
    let spending =
        match spending {
            None => Spending::OBrienFleming,
            Some(object) => match object.cast::<PyString>() {
                Ok(text) => match text.to_string_lossy().as_ref() {
                    "o_brien_fleming" => Spending::OBrienFleming,
                    "pocock" => Spending::Pocock,
                    other => return Err(choice("spending", other, &["o_brien_fleming", "pocock"])),
                },
                Err(_) => Spending::Power(object.extract().map_err(|_| {
                    bad_data(format!("spending: {} is no power; give a number, or a word", shown(object)))
                })?),
            },
        };
    let found = py.detach(|| monitor::group_sequential_bounds(&fractions, spending, alpha)).map_err(unanswerable)?;
    let bounds = PyDict::new(py);
    bounds.set_item("z", found.z)?;
    bounds.set_item("alpha_spent", found.alpha_spent)?;
    Ok(bounds)
}

/// The log of an e-value for "the rate lies on this side of the limit", from `events` of `n` rows.
///
/// Parameters
/// ----------
/// n, events : int
///     Rows and events so far.
/// limit : float
///     In (0, 1).
/// side : {'above', 'below'}
///     What is to be shown.
///
/// Examples
/// --------
/// >>> from math import log
/// >>> from serinus import monitor
/// >>> monitor.rate_limit_log_e(100, 9, 0.02, "above") > log(20)
/// True
#[pyfunction]
fn rate_limit_log_e(n: &Bound<'_, PyAny>, events: &Bound<'_, PyAny>, limit: f64, side: &str) -> PyResult<f64> {
    let (n, events) = (whole(n, "n")?, whole(events, "events")?);
    let side = match side {
        "above" => Side::Above,
        "below" => Side::Below,
        other => return Err(choice("side", other, &["above", "below"])),
    };
    if events > n {
        return Err(bad_data(format!("events: {events} among {n} rows; an event is one of the rows")));
    }
    Ok(monitor::rate_limit_log_e(n as f64, events as f64, level(limit, "limit")?, side))
}

/// The log of an e-value of class counts against given shares.
///
/// Parameters
/// ----------
/// counts : sequence of int
///     Rows of each class so far.
/// shares : array_like
///     The share of each class under the null; they sum to 1.
/// concentration : float, default 100
///     A larger one looks nearer to the null: 1000 for a few percent.
///
/// Examples
/// --------
/// >>> from serinus import monitor
/// >>> round(monitor.dirichlet_log_e([225, 169], [0.5, 0.5]), 6)
/// 2.386722
#[pyfunction]
#[pyo3(signature = (counts, shares, *, concentration=100.0))]
fn dirichlet_log_e(counts: &Bound<'_, PyAny>, shares: &Bound<'_, PyAny>, concentration: f64) -> PyResult<f64> {
    let fault = || bad_data(format!("counts: {} is no list of counts", shown(counts)));
    let mut found = Vec::new();
    for (i, count) in counts.try_iter().map_err(|_| fault())?.enumerate() {
        found.push(whole(&count?, &format!("counts[{i}]"))?);
    }
    monitor::dirichlet_log_e(&found, &sample(shares, "shares")?, concentration).map_err(unanswerable)
}

/// Adds the functions.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(e_holm, module)?)?;
    module.add_function(wrap_pyfunction!(e_holm_adjusted, module)?)?;
    module.add_function(wrap_pyfunction!(e_bh, module)?)?;
    module.add_function(wrap_pyfunction!(log_mean_e, module)?)?;
    module.add_function(wrap_pyfunction!(p_to_e, module)?)?;
    module.add_function(wrap_pyfunction!(p_from_log_e, module)?)?;
    module.add_function(wrap_pyfunction!(bernoulli_confidence_sequence, module)?)?;
    module.add_function(wrap_pyfunction!(dkw_radius, module)?)?;
    module.add_function(wrap_pyfunction!(group_sequential_bounds, module)?)?;
    module.add_function(wrap_pyfunction!(rate_limit_log_e, module)?)?;
    module.add_function(wrap_pyfunction!(dirichlet_log_e, module)?)
}
