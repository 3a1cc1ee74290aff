//! `serinus.router`: who goes where. The assignment is a function of unit, salt and weight, the same in every language.

use std::collections::BTreeMap;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyModule, PyString};
use serde::{Deserialize, Serialize};

use super::errors::bad_data;
use super::records::{hash, line, read, record, show_json, to_json};
use super::spec::{data, spec, whole, word};
use super::values::{from_value, shown};
use crate::router::{self, Assignment, Chance, Division, Router, RouterError, Salt, Side, Weight};

show_json!(Side, Chance);

fn fault(error: RouterError) -> PyErr {
    bad_data(error.to_string())
}

/// A unit's bytes: text as UTF-8, or bytes.
fn unit(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    if let Ok(text) = object.cast::<PyString>() {
        let text = text.to_str().map_err(|_| bad_data(format!("{name}: the text is not valid Unicode; give bytes")))?;
        return Ok(text.as_bytes().to_vec());
    }
    match object.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
        // 17, "17" and 17.0 would be three units.
        Err(_) => Err(bad_data(format!("{name}: {} is no unit; give text or bytes, such as str(id)", shown(object)))),
    }
}

/// Many units: a list, an array or a column of text.
fn units(object: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u8>>> {
    let fault = || bad_data(format!("units: {} is no list of units; give a list or a column of text", shown(object)));
    if object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyDict>() {
        return Err(fault());
    }
    // Arrow's scalars are no text; its lists are.
    let listed = match ["to_pylist", "tolist", "to_list"].iter().find(|m| object.hasattr(**m).unwrap_or(false)) {
        Some(method) => object.call_method0(*method)?,
        None => object.clone(),
    };
    let mut units = Vec::with_capacity(listed.len().unwrap_or(0));
    for (i, item) in listed.try_iter().map_err(|_| fault())?.enumerate() {
        units.push(unit(&item?, &format!("units[{i}]"))?);
    }
    Ok(units)
}

/// Sides as a list of three shared words.
fn words(py: Python<'_>, sides: &[Side]) -> PyResult<Py<PyAny>> {
    let word = |side: Side| PyString::new(py, &side.to_string());
    let (baseline, canary, rest) = (word(Side::Baseline), word(Side::Canary), word(Side::Rest));
    let shared = |side: &Side| match side {
        Side::Baseline => &baseline,
        Side::Canary => &canary,
        Side::Rest => &rest,
    };
    PyList::new(py, sides.iter().map(shared))?.into_py_any(py)
}

/// Canary or baseline, for a unit at a weight.
///
/// The same unit, salt and weight give the same side everywhere and always. Raising the weight moves units from the baseline
/// to the canary only, never back.
///
/// Parameters
/// ----------
/// unit : str or bytes
///     A user, a session; text counts as its UTF-8 bytes.
/// salt : str
///     Names the rollout and its revision.
/// percent : float
///     The canary's share of the traffic.
///
/// Returns
/// -------
/// str
///     'canary' or 'baseline'.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> router.assign("user-1", "checkout v42", 50), router.assign("user-1", "checkout v42", 75)
/// ('baseline', 'canary')
#[pyfunction]
fn assign(unit: &Bound<'_, PyAny>, salt: &str, percent: f64) -> PyResult<String> {
    let (salt, weight) = (Salt::new(salt).map_err(fault)?, Weight::percent(percent).map_err(fault)?);
    Ok(router::assign(&self::unit(unit, "unit")?, &salt, weight).to_string())
}

/// Canary, a baseline of the canary's own size, or the rest, for a unit at a weight.
///
/// Parameters
/// ----------
/// unit, salt, percent
///     As in `assign`.
///
/// Returns
/// -------
/// str
///     'canary', 'baseline' or 'rest'.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> router.assign_three("user-1", "checkout v42", 5)
/// 'rest'
#[pyfunction]
fn assign_three(unit: &Bound<'_, PyAny>, salt: &str, percent: f64) -> PyResult<String> {
    let (salt, weight) = (Salt::new(salt).map_err(fault)?, Weight::percent(percent).map_err(fault)?);
    Ok(router::assign_three(&self::unit(unit, "unit")?, &salt, weight).to_string())
}

/// Canary or baseline for the request of this number, whoever sent it.
///
/// Parameters
/// ----------
/// number : int
///     The request's number.
/// salt, percent
///     As in `assign`.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> sum(router.assign_request(i, "checkout v42", 25) == "canary" for i in range(4000)) in range(900, 1100)
/// True
#[pyfunction]
fn assign_request(number: &Bound<'_, PyAny>, salt: &str, percent: f64) -> PyResult<String> {
    let (salt, weight) = (Salt::new(salt).map_err(fault)?, Weight::percent(percent).map_err(fault)?);
    Ok(router::assign_request(whole(number, "number")?, &salt, weight).to_string())
}

/// The sides of many units in one call.
///
/// Parameters
/// ----------
/// units : sequence of str or bytes
///     A list, an array, or a column of pandas, polars or pyarrow.
/// salt, percent
///     As in `assign`.
/// three_arms : bool, default False
///     As `assign_three` has it.
///
/// Returns
/// -------
/// list of str
///     In the order given.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> router.assign_many(["a", "user-1"], "checkout v42", 75)
/// ['canary', 'canary']
#[pyfunction]
#[pyo3(signature = (units, salt, percent, *, three_arms=false))]
fn assign_many(
    py: Python<'_>,
    units: &Bound<'_, PyAny>,
    salt: &str,
    percent: f64,
    three_arms: bool,
) -> PyResult<Py<PyAny>> {
    let (salt, weight) = (Salt::new(salt).map_err(fault)?, Weight::percent(percent).map_err(fault)?);
    let units = self::units(units)?;
    let assign = if three_arms { router::assign_three } else { router::assign };
    let sides: Vec<Side> = py.detach(|| units.iter().map(|unit| assign(unit, &salt, weight)).collect());
    words(py, &sides)
}

/// Where a unit stands on [0, 1): it is in the canary when this is below percent / 100.
///
/// Parameters
/// ----------
/// unit, salt
///     As in `assign`.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> router.position("user-1", "checkout v42")
/// 0.5593751245460203
#[pyfunction]
fn position(unit: &Bound<'_, PyAny>, salt: &str) -> PyResult<f64> {
    Ok(router::position(&self::unit(unit, "unit")?, &Salt::new(salt).map_err(fault)?))
}

/// Where the request of this number stands on [0, 1).
///
/// Parameters
/// ----------
/// number, salt
///     As in `assign_request`.
#[pyfunction]
fn request_position(number: &Bound<'_, PyAny>, salt: &str) -> PyResult<f64> {
    Ok(router::request_position(whole(number, "number")?, &Salt::new(salt).map_err(fault)?))
}

/// Where a unit stands for shadow copies, independent of its `position`.
///
/// Parameters
/// ----------
/// unit, salt
///     As in `assign`.
#[pyfunction]
fn shadow_position(unit: &Bound<'_, PyAny>, salt: &str) -> PyResult<f64> {
    Ok(router::shadow_position(&self::unit(unit, "unit")?, &Salt::new(salt).map_err(fault)?))
}

record!(
    @in "serinus.router";
    /// Who serves, and what the judge needs to know about it.
    PyAssignment, "Assignment", Assignment, line,
    {
        /// Version of the algorithm.
        router = router,
        /// 'baseline', 'canary' or 'rest'.
        arm = arm,
        /// What was assigned; None for a single request.
        unit = unit,
        /// The rollout's stage, the judge's stratum.
        stage = stage,
        /// The canary's weight in percent of all traffic.
        weight_percent = weight_percent,
        /// The canary's share in percent of baseline plus canary: what the judge's sample-ratio check expects.
        share_percent = share_percent,
        /// 'random', `{'cohort': name}` or 'rolled_back'.
        chance = chance,
        /// Whether the canary gets a copy of the request.
        copy = copy,
    },
    {
        /// Whether the row may be judged: it was assigned at random.
        #[getter]
        fn is_random(&self) -> bool {
            self.0.is_random()
        }
    }
);

const DIVISIONS: [&str; 4] = ["two_arms", "three_arms", "blue_green", "shadow"];

/// What a router is made from: enough to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recipe {
    salt: String,
    division: Division,
    percent: Weight,
    stage: u32,
    cohorts: BTreeMap<String, Side>,
}

impl Recipe {
    fn router(&self) -> PyResult<Router> {
        let mut router = Router::new(&self.salt, self.division).map_err(fault)?;
        for (name, side) in &self.cohorts {
            router = router.with_cohort(name, *side);
        }
        Ok(router.at(self.stage, self.percent))
    }
}

/// A router for a rollout: strategy, cohorts and sessions around the bare assignment. Immutable.
///
/// Parameters
/// ----------
/// salt : str
///     The rollout's name with its revision: a salt that is used again sends the same users into the canary again.
/// division : {'two_arms', 'three_arms', 'blue_green', 'shadow'}
///     How traffic is divided.
/// percent : float, default 0
///     The canary's share of the traffic.
/// stage : int, default 0
///     The rollout's stage.
/// cohorts : dict, optional
///     From a cohort's name to the side that its units go to. They are marked as not random.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> r = router.Router("checkout v42", percent=5, stage=1, cohorts={"staff": "canary"})
/// >>> staff = r.route("user-7", ["staff"])
/// >>> staff.arm, staff.is_random
/// ('canary', False)
#[pyclass(frozen, module = "serinus.router", name = "Router")]
pub(super) struct PyRouter {
    recipe: Recipe,
    router: Router,
}

impl PyRouter {
    fn of(recipe: Recipe) -> PyResult<PyRouter> {
        Ok(PyRouter { router: recipe.router()?, recipe })
    }
}

#[pymethods]
impl PyRouter {
    #[new]
    #[pyo3(signature = (salt, *, division="two_arms", percent=0.0, stage=None, cohorts=None))]
    fn new(
        salt: &str,
        division: &str,
        percent: f64,
        stage: Option<&Bound<'_, PyAny>>,
        cohorts: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyRouter> {
        PyRouter::of(Recipe {
            salt: salt.to_owned(),
            division: word(division, "division", &DIVISIONS)?,
            percent: Weight::percent(percent).map_err(fault)?,
            stage: stage.map(stage_number).transpose()?.unwrap_or(0),
            cohorts: cohorts.map(|c| spec(c, "cohorts")).transpose()?.unwrap_or_default(),
        })
    }

    /// The same router in another stage, at another weight.
    fn at(&self, stage: &Bound<'_, PyAny>, percent: f64) -> PyResult<PyRouter> {
        let percent = Weight::percent(percent).map_err(fault)?;
        PyRouter::of(Recipe { stage: stage_number(stage)?, percent, ..self.recipe.clone() })
    }

    /// The same router with units of a cohort sent to one side.
    fn with_cohort(&self, name: &str, side: &str) -> PyResult<PyRouter> {
        let mut recipe = self.recipe.clone();
        recipe.cohorts.insert(name.to_owned(), word(side, "side", &["baseline", "canary", "rest"])?);
        PyRouter::of(recipe)
    }

    /// The arm of a unit, sticky for as long as the salt lives.
    ///
    /// Parameters
    /// ----------
    /// unit : str
    ///     A user or session id.
    /// cohorts : sequence of str, optional
    ///     Those that the unit belongs to; the first that has a rule decides.
    #[pyo3(signature = (unit, cohorts=None))]
    fn route(&self, unit: &Bound<'_, PyAny>, cohorts: Option<&Bound<'_, PyAny>>) -> PyResult<PyAssignment> {
        let Ok(unit) = unit.cast::<PyString>() else {
            return Err(bad_data(format!("unit: {} is no text; give text, such as str(id)", shown(unit))));
        };
        let unit = unit.to_str().map_err(|_| bad_data("unit: the text is not valid Unicode"))?;
        let cohorts = self::cohorts(cohorts)?;
        let cohorts: Vec<&str> = cohorts.iter().map(String::as_str).collect();
        Ok(PyAssignment(self.router.route(unit, &cohorts)))
    }

    /// The arms of many units without cohorts in one call: a list of 'baseline', 'canary' and 'rest'.
    fn route_many(&self, py: Python<'_>, units: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let mut texts = Vec::new();
        for (i, unit) in self::units(units)?.into_iter().enumerate() {
            let text = String::from_utf8(unit);
            texts.push(text.map_err(|_| bad_data(format!("units[{i}]: the bytes are not UTF-8; give text")))?);
        }
        let sides: Vec<Side> = py.detach(|| texts.iter().map(|unit| self.router.route(unit, &[]).arm).collect());
        words(py, &sides)
    }

    /// The arm of a single request, by its number: weighted random, the same for the same number.
    fn route_request(&self, number: &Bound<'_, PyAny>) -> PyResult<PyAssignment> {
        Ok(PyAssignment(self.router.route_request(whole(number, "number")?)))
    }

    /// The arm of a session that goes on: the one it began with, unless the canary was rolled back.
    ///
    /// Parameters
    /// ----------
    /// begun : Assignment or dict
    ///     What `route` gave at its start, or its `to_dict`.
    fn resume(&self, begun: &Bound<'_, PyAny>) -> PyResult<PyAssignment> {
        let begun = match begun.cast::<PyAssignment>() {
            Ok(begun) => begun.get().0.clone(),
            Err(_) => data(begun, "begun")?,
        };
        Ok(PyAssignment(self.router.resume(&begun)))
    }

    /// The salt, the division, the weight in percent, the stage and the cohorts, as a dict.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        from_value(py, &to_json(&self.recipe)?)
    }

    fn __repr__(&self) -> String {
        line("Router", &self.recipe)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<PyRouter>().is_ok_and(|other| other.get().recipe == self.recipe)
    }

    fn __hash__(&self) -> PyResult<u64> {
        hash(&self.recipe)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (&'static str, String))> {
        let restore = py.import("serinus._native")?.getattr("_restore")?;
        Ok((restore, ("Router", to_json(&self.recipe)?.to_string())))
    }
}

fn stage_number(object: &Bound<'_, PyAny>) -> PyResult<u32> {
    u32::try_from(whole(object, "stage")?).map_err(|_| bad_data(format!("stage: {} is above 2^32", shown(object))))
}

fn cohorts(object: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let Some(object) = object else { return Ok(Vec::new()) };
    let fault = || bad_data(format!("cohorts: {} is no list of names; give a list of text", shown(object)));
    if object.is_instance_of::<PyString>() {
        return Err(fault());
    }
    object.try_iter().map_err(|_| fault())?.map(|name| name?.extract().map_err(|_| fault())).collect()
}

/// The published test vectors: positions and sides that every implementation has to give.
///
/// Returns
/// -------
/// dict
///     What `serinus route --vectors` prints.
///
/// Examples
/// --------
/// >>> from serinus import router
/// >>> router.vectors()["version"] == router.VERSION
/// True
#[pyfunction]
fn vectors(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let value: serde_json::Value = read(include_str!("../../fixtures/router/vectors.json"))?;
    from_value(py, &value)
}

/// A record of the router out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "Assignment" => PyAssignment(read(json)?).into_py_any(py)?,
        "Router" => PyRouter::of(read(json)?)?.into_py_any(py)?,
        _ => return Ok(None),
    }))
}

/// Adds the functions and classes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("_ROUTER_VERSION", router::VERSION)?;
    module.add_class::<PyAssignment>()?;
    module.add_class::<PyRouter>()?;
    module.add_function(wrap_pyfunction!(assign, module)?)?;
    module.add_function(wrap_pyfunction!(assign_three, module)?)?;
    module.add_function(wrap_pyfunction!(assign_request, module)?)?;
    module.add_function(wrap_pyfunction!(assign_many, module)?)?;
    module.add_function(wrap_pyfunction!(position, module)?)?;
    module.add_function(wrap_pyfunction!(request_position, module)?)?;
    module.add_function(wrap_pyfunction!(shadow_position, module)?)?;
    module.add_function(wrap_pyfunction!(vectors, module)?)
}
