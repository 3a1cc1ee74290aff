//! `serinus.plan`: how long, how big, how much is at risk.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString};
use serde_json::Value;

use super::config;
use super::errors::{ConfigError, DataError, bad_data};
use super::plan_records::{PyConfigPlan, PyHistory, PyRamp, PySampleSize};
use super::records::to_json;
use super::rows::Rows;
use super::spec::{read, spec, unanswerable, whole, word};
use super::values::{shown, to_value};
use super::work;
use crate::config::{ArmsIn, Direction};
use crate::plan::{
    self, Allocation, Behaviour, Claim, DEFAULT_WEIGHTS, Design, PlannedMetric, RampRequest, Scale, Schedule, Size,
};

/// What is known of a metric: a dict, or a history, which brings its design effect.
fn behaviour(object: &Bound<'_, PyAny>, name: &str) -> PyResult<(Behaviour, Option<f64>)> {
    match object.cast::<PyHistory>() {
        Ok(history) => Ok((history.get().0.behaviour.clone(), Some(history.get().0.design_effect))),
        Err(_) => Ok((spec(object, name)?, None)),
    }
}

/// How the comparison is made: what is not said is the default, and a history's own design effect.
fn design(object: Option<&Bound<'_, PyAny>>, percent: Option<f64>, design_effect: Option<f64>) -> PyResult<Design> {
    let mut value = match object {
        Some(object) => to_value(object, "design")?,
        None => Value::Object(serde_json::Map::new()),
    };
    let Value::Object(fields) = &mut value else {
        return Err(ConfigError::new_err("design: give a dict, such as {'power': 0.9}"));
    };
    if percent.is_some() && fields.contains_key("allocation") {
        return Err(ConfigError::new_err("design.allocation: given together with percent=; give one of them"));
    }
    if let Some(effect) = design_effect {
        fields.entry("design_effect").or_insert(Value::from(effect));
    }
    let design: Design = read(value, "design")?;
    match percent {
        Some(percent) if percent > 0.0 && percent < 100.0 => Ok(design.at_percent(percent)),
        Some(percent) => Err(bad_data(format!("percent: {percent} is not in (0, 100); both arms need traffic"))),
        None => Ok(design),
    }
}

fn scale(text: &str) -> PyResult<Scale> {
    word(text, "scale", &["relative", "absolute"])
}

fn direction(text: &str) -> PyResult<Direction> {
    word(text, "direction", &["higher_is_better", "lower_is_better", "either"])
}

/// Rows with which a comparison shows the claim with the design's power.
///
/// Parameters
/// ----------
/// behaviour : dict or History
///     What is known of the metric: `{"type": "mean", "sd", "mean"?}`, `{"type": "proportion", "p"}`, `{"type": "rate",
///     "rate", "dispersion"?}`, `{"type": "quantile", "q", "slope", "value"?}`, `{"type": "ranks", "theta"}`, `{"type":
///     "distribution", "sample"}`, `{"type": "auc", "auc", "positives"}`, `{"type": "ratio", "ratio", "sd"}`, `{"type":
///     "shift"}`; or what a `History` found in an array.
/// claim : dict
///     What is to be shown: `{"claim": "non_inferiority", "direction", "margin"}`, `{"claim": "harm", "direction", "margin",
///     "change"}`, `{"claim": "superiority", "change"}` or `{"claim": "limit", "limit", "bound"}`. Sizes are
///     `{"relative": share}` or `{"absolute": difference}`.
/// design : dict, optional
///     `alpha` (0.05), `sides` ('one', 'two', 'two_directed'), `power` (0.8), `metrics` (1), `split`, `allocation` (baseline
///     rows a canary row), `design_effect`, `reference` ('normal', 'pooled_t', 'welch_t').
/// percent : float, optional
///     In place of the allocation: the canary's share of the traffic, against all the rest.
///
/// Returns
/// -------
/// SampleSize
///
/// Raises
/// ------
/// ConfigError
///     A dict has another form.
/// DataError
///     The claim is not true of the canary as described, or a number is out of range.
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> claim = {"claim": "superiority", "change": {"absolute": 0.05}}
/// >>> plan.sample_size({"type": "mean", "sd": 1.0}, claim, percent=1).canary
/// 2499
#[pyfunction]
#[pyo3(signature = (behaviour, claim, design=None, *, percent=None))]
fn sample_size(
    behaviour: &Bound<'_, PyAny>,
    claim: &Bound<'_, PyAny>,
    design: Option<&Bound<'_, PyAny>>,
    percent: Option<f64>,
) -> PyResult<PySampleSize> {
    let (behaviour, effect) = self::behaviour(behaviour, "behaviour")?;
    let (claim, design): (Claim, Design) = (spec(claim, "claim")?, self::design(design, percent, effect)?);
    plan::sample_size(&behaviour, &claim, &design).map(PySampleSize).map_err(unanswerable)
}

/// Power of a comparison with so many canary rows, and `allocation` times as many baseline rows.
///
/// Parameters
/// ----------
/// behaviour, claim, design, percent
///     As in `sample_size`.
/// canary : int
///     Canary rows.
///
/// Returns
/// -------
/// float
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> claim = {"claim": "superiority", "change": {"absolute": 0.05}}
/// >>> plan.power({"type": "mean", "sd": 1.0}, claim, 6000, percent=1) > 0.98
/// True
#[pyfunction]
#[pyo3(signature = (behaviour, claim, canary, design=None, *, percent=None))]
fn power(
    behaviour: &Bound<'_, PyAny>,
    claim: &Bound<'_, PyAny>,
    canary: &Bound<'_, PyAny>,
    design: Option<&Bound<'_, PyAny>>,
    percent: Option<f64>,
) -> PyResult<f64> {
    let (behaviour, effect) = self::behaviour(behaviour, "behaviour")?;
    let (claim, design): (Claim, Design) = (spec(claim, "claim")?, self::design(design, percent, effect)?);
    plan::power(&behaviour, &claim, &design, whole(canary, "canary")?).map_err(unanswerable)
}

/// The smallest margin that so many canary rows would show to be kept; None when no margin is wide enough.
///
/// Parameters
/// ----------
/// behaviour, design, percent
///     As in `sample_size`.
/// direction : {'higher_is_better', 'lower_is_better', 'either'}
///     Which way is better.
/// canary : int
///     Canary rows.
/// scale : {'relative', 'absolute'}
///     A share of the baseline, or the metric's own unit.
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> errors = {"type": "proportion", "p": 0.01}
/// >>> round(plan.detectable_margin(errors, "lower_is_better", 2400, percent=1, scale="absolute"), 4)
/// 0.0059
#[pyfunction]
#[pyo3(signature = (behaviour, direction, canary, design=None, *, scale="relative", percent=None))]
fn detectable_margin(
    behaviour: &Bound<'_, PyAny>,
    direction: &str,
    canary: &Bound<'_, PyAny>,
    design: Option<&Bound<'_, PyAny>>,
    scale: &str,
    percent: Option<f64>,
) -> PyResult<Option<f64>> {
    let (behaviour, effect) = self::behaviour(behaviour, "behaviour")?;
    let (design, canary) = (self::design(design, percent, effect)?, whole(canary, "canary")?);
    Ok(plan::detectable_margin(&behaviour, self::direction(direction)?, self::scale(scale)?, &design, canary))
}

/// The smallest change that so many canary rows would show to be there; None when no change is large enough.
///
/// Parameters
/// ----------
/// behaviour, design, percent
///     As in `sample_size`.
/// canary : int
///     Canary rows.
/// upwards : bool, default True
///     Whether the canary is higher.
/// scale : {'relative', 'absolute'}
///     A share of the baseline, or the metric's own unit.
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> round(plan.detectable_change({"type": "mean", "sd": 1.0}, 2499, scale="absolute", percent=1), 3)
/// 0.05
#[pyfunction]
#[pyo3(signature = (behaviour, canary, design=None, *, upwards=true, scale="relative", percent=None))]
fn detectable_change(
    behaviour: &Bound<'_, PyAny>,
    canary: &Bound<'_, PyAny>,
    design: Option<&Bound<'_, PyAny>>,
    upwards: bool,
    scale: &str,
    percent: Option<f64>,
) -> PyResult<Option<f64>> {
    let (behaviour, effect) = self::behaviour(behaviour, "behaviour")?;
    let (design, canary) = (self::design(design, percent, effect)?, whole(canary, "canary")?);
    Ok(plan::detectable_change(&behaviour, upwards, self::scale(scale)?, &design, canary))
}

/// The smallest change for the worse that so many canary rows would show to be beyond a margin; None when there is none.
///
/// Parameters
/// ----------
/// behaviour, design, percent
///     As in `sample_size`.
/// direction : {'higher_is_better', 'lower_is_better', 'either'}
///     Which way is better.
/// margin : dict
///     `{"relative": share}` or `{"absolute": difference}`.
/// canary : int
///     Canary rows.
/// scale : {'relative', 'absolute'}
///     The scale of the answer.
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> errors, margin = {"type": "proportion", "p": 0.01}, {"absolute": 0.005}
/// >>> plan.detectable_harm(errors, "lower_is_better", margin, 10_000, scale="absolute") > 0.005
/// True
#[pyfunction]
#[pyo3(signature = (behaviour, direction, margin, canary, design=None, *, scale="relative", percent=None))]
fn detectable_harm(
    behaviour: &Bound<'_, PyAny>,
    direction: &str,
    margin: &Bound<'_, PyAny>,
    canary: &Bound<'_, PyAny>,
    design: Option<&Bound<'_, PyAny>>,
    scale: &str,
    percent: Option<f64>,
) -> PyResult<Option<f64>> {
    let (behaviour, effect) = self::behaviour(behaviour, "behaviour")?;
    let (design, canary) = (self::design(design, percent, effect)?, whole(canary, "canary")?);
    let (direction, margin): (Direction, Size) = (self::direction(direction)?, spec(margin, "margin")?);
    Ok(plan::detectable_harm(&behaviour, direction, margin, self::scale(scale)?, &design, canary))
}

/// Requests a minute from a number, or from text such as `15/s`.
fn rate(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    let rate = match object.cast::<PyString>() {
        Ok(text) => {
            let text = text.to_string_lossy();
            crate::cli::requests_per_minute(&text).map_err(|e| bad_data(format!("rate_per_minute: {e}")))?
        }
        Err(_) => object.extract().map_err(|_| {
            bad_data(format!("rate_per_minute: {} is no rate; write a number, or text like '15/s'", shown(object)))
        })?,
    };
    if rate > 0.0 && rate.is_finite() {
        return Ok(rate);
    }
    Err(bad_data(format!("rate_per_minute: {rate} is not above 0; give the requests a minute over all versions")))
}

/// What a config needs before it can promote, and what it can detect: what `serinus plan -c CONFIG --history FILE` prints.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     What is judged, and how.
/// history : str, os.PathLike, table or mapping
///     Past requests of the serving version, in any form that `judge` takes.
/// rate_per_minute : float or str
///     Requests a minute over all versions; or text such as '15/s', '900/min' or '54000/h'.
/// weights : sequence of float, optional
///     The canary's traffic shares in percent; by default 1, 5, 10, 20, 25 and 50.
/// allocation : {'all_stable', 'equal_baseline'}
///     What the canary is compared with: all traffic beside it, or a baseline of its own size.
///
/// Returns
/// -------
/// ConfigPlan
///
/// Raises
/// ------
/// ConfigError
///     The config is at fault.
/// DataError
///     The history or the rate is.
///
/// Examples
/// --------
/// >>> from serinus import plan
/// >>> config = {"version": 1, "metrics": [{
/// ...     "name": "latency", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.05}}]}
/// >>> found = plan.from_config(config, {"ms": [50 + i * 7919 % 200 for i in range(5000)]}, 10_000)
/// >>> found.can_promote, found.weights[0].bottleneck
/// (True, 'latency')
#[pyfunction]
#[pyo3(signature = (config, history, rate_per_minute, *, weights=None, allocation="all_stable"))]
fn from_config(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    history: &Bound<'_, PyAny>,
    rate_per_minute: &Bound<'_, PyAny>,
    weights: Option<&Bound<'_, PyAny>>,
    allocation: &str,
) -> PyResult<PyConfigPlan> {
    let config = config::read(config)?;
    let rate = rate(rate_per_minute)?;
    let allocation: Allocation = word(allocation, "allocation", &["all_stable", "equal_baseline"])?;
    let weights: Vec<f64> = match weights {
        Some(weights) => super::columns::sample(weights, "weights")?,
        None => DEFAULT_WEIGHTS.to_vec(),
    };
    let rows = Rows::take(history, &config, ArmsIn::TwoTables, "history")?;
    let planned = work::run(py, move |_| {
        let table = rows.read(&config, ArmsIn::TwoTables, None)?;
        Ok::<_, String>(plan::from_config_at(&config, &table, rate, &weights, allocation))
    })?;
    planned.map(PyConfigPlan).map_err(DataError::new_err)
}

/// The metrics that a ramp waits for: those of a config's plan, or dicts.
fn planned(object: &Bound<'_, PyAny>) -> PyResult<Vec<PlannedMetric>> {
    if let Ok(found) = object.cast::<PyConfigPlan>() {
        return Ok(found.get().0.waited_for());
    }
    let fault = || {
        ConfigError::new_err(format!("metrics: {} is no list of metrics; give dicts, or a ConfigPlan", shown(object)))
    };
    if object.is_instance_of::<PyString>() || object.is_instance_of::<PyDict>() {
        return Err(fault());
    }
    let mut metrics = Vec::new();
    for (i, item) in object.try_iter().map_err(|_| fault())?.enumerate() {
        let (item, name) = (item?, format!("metrics[{i}]"));
        let Ok(given) = item.cast::<PyDict>() else {
            return Err(ConfigError::new_err(format!("{name}: {} is no metric; give a dict", shown(&item))));
        };
        // A history stands for its behaviour and brings its design effect.
        let given = given.copy()?;
        if let Some(found) = given.get_item("behaviour")?
            && let Ok(history) = found.cast::<PyHistory>()
        {
            let history = &history.get().0;
            let behaviour = super::values::from_value(item.py(), &to_json(&history.behaviour)?)?;
            given.set_item("behaviour", behaviour)?;
            if !given.contains("design_effect")? {
                given.set_item("design_effect", history.design_effect)?;
            }
        }
        metrics.push(spec(&given, &name)?);
    }
    Ok(metrics)
}

/// Lays the stages of a rollout: how long each bakes, and what a bad canary costs on the way.
///
/// Parameters
/// ----------
/// rate_per_minute : float or str
///     Requests a minute over all versions; or text such as '15/s'.
/// metrics : ConfigPlan or sequence of dict
///     What every stage waits for: the metrics of `serinus.plan.from_config` that have to pass, or dicts with `name`,
///     `behaviour` (a dict or a `History`), `direction`, `margin` and `limit` as in the config, and optionally `alpha_safe`,
///     `alpha_harm`, `design_effect`, `usable_share` and `min_rows`.
/// schedule : str or sequence of float, default 'standard'
///     'aggressive' (10, 50), 'standard' (5, 25, 50), 'conservative' (1, 5, 10, 25, 50), or weights in percent.
/// allocation : {'all_stable', 'equal_baseline'}
///     What the canary is compared with.
/// power : float, default 0.8
///     Joint power.
/// min_minutes, min_samples : optional
///     Least minutes and least canary rows of a stage.
/// period_minutes : float, optional
///     Length of a traffic period that each stage should see whole.
/// longest_minutes : float, default 1440
///     A stage longer than this is warned about.
/// bad : dict, optional
///     The bad canary whose cost is wanted: `{"metric": name, "change": {"relative": 0.3}}`.
/// requests_per_unit : float, optional
///     Requests of one user over the rollout, for the number of users exposed.
///
/// Returns
/// -------
/// Ramp
///
/// Raises
/// ------
/// ConfigError
///     A dict has another form.
/// DataError
///     A rate or weight is out of range, or the bad canary is impossible.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> errors = {"name": "errors", "behaviour": {"type": "proportion", "p": 0.01}, "direction": "lower_is_better",
/// ...           "margin": {"absolute": 0.005}}
/// >>> ramp = serinus.ramp(1_000_000, [errors])
/// >>> [stage.percent for stage in ramp.stages], ramp.total_minutes
/// ([5.0, 25.0, 50.0], 30.0)
#[pyfunction]
#[pyo3(signature = (
    rate_per_minute, metrics, *, schedule=None, allocation="all_stable", power=0.8, min_minutes=None, min_samples=None,
    period_minutes=None, longest_minutes=1440.0, bad=None, requests_per_unit=None,
))]
fn ramp(
    rate_per_minute: &Bound<'_, PyAny>,
    metrics: &Bound<'_, PyAny>,
    schedule: Option<&Bound<'_, PyAny>>,
    allocation: &str,
    power: f64,
    min_minutes: Option<f64>,
    min_samples: Option<&Bound<'_, PyAny>>,
    period_minutes: Option<f64>,
    longest_minutes: f64,
    bad: Option<&Bound<'_, PyAny>>,
    requests_per_unit: Option<f64>,
) -> PyResult<PyRamp> {
    let schedule = match schedule {
        None => Schedule::default(),
        Some(schedule) => match schedule.cast::<PyString>() {
            Ok(text) => word(&text.to_string_lossy(), "schedule", &["aggressive", "standard", "conservative"])?,
            Err(_) => Schedule::Weights(super::columns::sample(schedule, "schedule")?),
        },
    };
    let finite = |name: &str, value: Option<f64>| match value {
        Some(value) if !(value >= 0.0 && value.is_finite()) => {
            Err(bad_data(format!("{name}: {value} is not a number of at least 0")))
        }
        value => Ok(value),
    };
    let request = RampRequest {
        schedule,
        allocation: word(allocation, "allocation", &["all_stable", "equal_baseline"])?,
        power,
        min_minutes: finite("min_minutes", min_minutes)?,
        min_samples: min_samples.map(|n| whole(n, "min_samples")).transpose()?.unwrap_or(0),
        period_minutes: finite("period_minutes", period_minutes)?,
        longest_minutes: finite("longest_minutes", Some(longest_minutes))?.unwrap_or(longest_minutes),
        bad: bad.map(|bad| spec(bad, "bad")).transpose()?,
        requests_per_unit: finite("requests_per_unit", requests_per_unit)?,
        ..RampRequest::new(rate(rate_per_minute)?, planned(metrics)?)
    };
    plan::ramp(&request).map(PyRamp).map_err(unanswerable)
}

/// Adds the functions.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sample_size, module)?)?;
    module.add_function(wrap_pyfunction!(power, module)?)?;
    module.add_function(wrap_pyfunction!(detectable_margin, module)?)?;
    module.add_function(wrap_pyfunction!(detectable_change, module)?)?;
    module.add_function(wrap_pyfunction!(detectable_harm, module)?)?;
    module.add_function(wrap_pyfunction!(from_config, module)?)?;
    module.add_function(wrap_pyfunction!(ramp, module)?)
}
