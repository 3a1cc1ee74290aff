//! The parts of a judgement as immutable Python objects, the names those of the JSON.

use std::collections::BTreeMap;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde::Serialize;
use serde_json::Value;

use super::errors::SerinusError;
use super::judgement::PyJudgement;
use crate::arms::Arms;
use crate::config::{Combine, Direction, Limit, Role};
use crate::evidence::{Evidence, Interval, LogE, MarginUsed, Method, Scale};
use crate::judge::judgement::{
    Check, EffectSize, Finding, Group, Judgement, LimitFinding, Needs, Provenance, Reason, SegmentFinding,
};
use crate::judge::{Decision, Outcome, Verdict};

/// A field as Python sees it.
pub(super) trait Show {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

macro_rules! show_plain {
    ($($type:ty),*) => {$(
        impl Show for $type {
            fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                self.clone().into_py_any(py)
            }
        }
    )*};
}
show_plain!(bool, f64, u32, u64, String);

macro_rules! show_json {
    ($($type:ty),*) => {$(
        impl $crate::python::records::Show for $type {
            fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                $crate::python::values::from_value(py, &$crate::python::records::to_json(self)?)
            }
        }
    )*};
}
pub(super) use show_json;
show_json!(Value, Direction, Role, Outcome, Verdict, Decision, Scale, Method, Combine, Limit);

impl<T: Show> Show for Option<T> {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None()), |value| value.show(py))
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items = self.iter().map(|item| item.show(py)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, items)?.into_py_any(py)
    }
}

impl<T: Show> Show for BTreeMap<String, T> {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let dict = PyDict::new(py);
        for (key, value) in self {
            dict.set_item(key, value.show(py)?)?;
        }
        dict.into_py_any(py)
    }
}

impl<T: Serialize> Show for Arms<T> {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        PyArms(Arms { baseline: to_json(&self.baseline)?, canary: to_json(&self.canary)? }).into_py_any(py)
    }
}

pub(super) fn to_json<T: Serialize>(value: &T) -> PyResult<Value> {
    serde_json::to_value(value).map_err(|e| SerinusError::new_err(e.to_string()))
}

/// A frozen class around a part of an answer; `repr` makes its line, and further methods follow in braces. `@in` names the
/// module that it belongs to, when that is not `serinus`.
macro_rules! record {
    (
        @in $module:literal;
        $(#[$doc:meta])*
        $class:ident, $name:literal, $inner:ty, $repr:expr,
        { $( $(#[$field_doc:meta])* $get:ident = $field:ident ),* $(,)? }
        $(, { $($method:tt)* })?
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, module = $module, name = $name)]
        pub(in crate::python) struct $class(pub(in crate::python) $inner);

        #[pymethods]
        impl $class {
            $(
                $(#[$field_doc])*
                #[getter]
                fn $get(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                    $crate::python::records::Show::show(&self.0.$field, py)
                }
            )*

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyTuple>> {
                pyo3::types::PyTuple::new(py, [$(stringify!($get).trim_start_matches("r#")),*])
            }

            /// The same as a dict, with the names of the JSON.
            fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                $crate::python::values::from_value(py, &$crate::python::records::to_json(&self.0)?)
            }

            fn __repr__(&self) -> String {
                $repr($name, &self.0)
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<$class>().is_ok_and(|other| other.get().0 == self.0)
            }

            fn __hash__(&self) -> PyResult<u64> {
                $crate::python::records::hash(&self.0)
            }

            fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (&'static str, String))> {
                let restore = py.import("serinus._native")?.getattr("_restore")?;
                Ok((restore, ($name, $crate::python::records::to_json(&self.0)?.to_string())))
            }

            $($($method)*)?
        }
    };
    ($($rest:tt)*) => {
        record!(@in "serinus"; $($rest)*);
    };
}
pub(super) use record;

pub(super) fn hash<T: Serialize>(value: &T) -> PyResult<u64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    to_json(value)?.to_string().hash(&mut hasher);
    Ok(hasher.finish())
}

/// `Interval(low=1.0, high=None, level=0.9)`.
pub(super) fn line<T: Serialize>(name: &str, value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", literal(value))).collect();
            format!("{name}({})", fields.join(", "))
        }
        _ => format!("{name}()"),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            format!("{{{}}}", map.iter().map(|(k, v)| format!("{k:?}: {}", literal(v))).collect::<Vec<_>>().join(", "))
        }
    }
}

record!(
    /// A value of each arm.
    PyArms, "Arms", Arms<Value>, line,
    {
        /// The baseline's.
        baseline = baseline,
        /// The canary's.
        canary = canary,
    }
);

record!(
    /// A confidence interval; an end is None where the data bound nothing.
    PyInterval, "Interval", Interval, line,
    {
        /// Lower end.
        low = low,
        /// Upper end.
        high = high,
        /// Two-sided level.
        level = level,
    }
);

record!(
    /// The margin as it was asked about.
    PyMargin, "Margin", MarginUsed, line,
    {
        /// As a share of the baseline.
        relative = relative,
        /// In the metric's own unit.
        absolute = absolute,
        /// How the two combine, when both are given.
        combine = combine,
    }
);

record!(
    /// Natural logarithms of the e-values behind anytime-valid p-values.
    PyLogE, "LogE", LogE, line,
    {
        /// Against "worse than the margin".
        safe = safe,
        /// Against "not worse than the margin".
        harm = harm,
    }
);

record!(
    /// What a test says of one metric.
    PyEvidence, "Evidence", Evidence, line,
    {
        /// The test used, such as `farrington_manning`.
        test = test,
        /// What is estimated, in words.
        estimand = estimand,
        /// `difference`, `ratio`, `distance` or `share`.
        scale = scale,
        /// Canary minus baseline, or canary over baseline; None where it does not exist.
        estimate = estimate,
        /// The interval that decides; None where the test has none.
        interval = interval,
        /// p-value of "worse than the margin": small means shown safe.
        p_safe = p_safe,
        /// p-value of "not worse than the margin": small means shown harmful.
        p_harm = p_harm,
        /// `p_harm` after correction in its family.
        p_harm_adjusted = p_harm_adjusted,
        /// The margin asked about.
        margin = margin,
        /// Rows compared.
        n = n,
        /// Units compared, when rows are not the units.
        units = units,
        /// Each arm's own value of the metric.
        value = value,
        /// How the p-values were found: `exact`, `asymptotic`, `anytime_valid`, or a dict of `resampled`.
        method = method,
        /// What a reader has to know, such as `skew` or `no_events`.
        flags = flags,
        /// Anytime-valid evidence.
        log_e = log_e,
    }
);

record!(
    /// One reason: a code to match on, the numbers, and the sentence they stand in.
    PyReason, "Reason", Reason, line,
    {
        /// Stable code, such as `critical_failed`.
        code = code,
        /// The metric concerned.
        metric = metric,
        /// The segment concerned.
        segment = segment,
        /// Every number of the sentence, by name.
        numbers = numbers,
        /// The sentence.
        text = text,
    }
);

record!(
    /// Score of one group.
    PyGroup, "Group", Group, line,
    {
        /// Its name.
        name = name,
        /// Its weight in percent.
        weight = weight,
        /// 0 to 100.
        score = score,
        /// The score if every open question came out well.
        score_best = score_best,
    }
);

record!(
    /// What the limit on the canary alone showed.
    PyLimit, "LimitFinding", LimitFinding, line,
    {
        /// The limit, a dict of `max` and `min`.
        limit = limit,
        /// The canary's own value.
        estimate = estimate,
        /// Lower one-sided bound on it.
        low = low,
        /// Upper one-sided bound on it.
        high = high,
        /// p-value of "the limit is not crossed".
        p_crossed = p_crossed,
        /// p-value of "the limit is not kept".
        p_kept = p_kept,
        /// `fail` when shown to be crossed, `pass` when shown to be kept, else `inconclusive`.
        outcome = outcome,
        /// Further canary samples that would show it kept at the present estimate.
        needs = needs,
    }
);

record!(
    /// Size of an effect on a standard scale.
    PyEffectSize, "EffectSize", EffectSize, line,
    {
        /// `cohens_d`, `cles`, `risk_ratio`, ...
        name = name,
        /// Its value.
        value = value,
    }
);

record!(
    /// What an inconclusive metric still needs.
    PyNeeds, "Needs", Needs, line,
    {
        /// Further canary samples for power 0.8 at no difference; None when the estimate lies beyond the margin.
        canary_samples = canary_samples,
        /// Minutes at the canary's rate so far, when there is a time column.
        minutes = minutes,
    }
);

record!(
    /// What one segment of one metric showed.
    PySegment, "SegmentFinding", SegmentFinding, line,
    {
        /// Column and value.
        segment = segment,
        /// `pass`, `fail`, `inconclusive` or `no_data`.
        outcome = outcome,
        /// `too_small` when it was not judged.
        reason = reason,
        /// The finding in a sentence.
        text = text,
        /// The stronger failing cell that explains this one.
        explained_by = explained_by,
        /// The evidence.
        evidence = evidence,
    }
);

record!(
    /// What one metric showed.
    PyFinding, "Finding", Finding, line,
    {
        /// The metric's name.
        name = name,
        /// Its type, as in the config.
        r#type = kind,
        /// Which way is better; None where nothing says so.
        direction = direction,
        /// `critical`, `scored` or `advisory`.
        role = role,
        /// Its group, when groups are given.
        group = group,
        /// Its weight.
        weight = weight,
        /// `pass`, `fail`, `inconclusive` or `no_data`.
        outcome = outcome,
        /// Why the outcome is not what the evidence alone says, or why there is none.
        reason = reason,
        /// The finding in a sentence.
        text = text,
        /// The evidence, when there is any.
        evidence = evidence,
        /// Evidence about the limit on the canary alone.
        limit = limit,
        /// Size of the effect on a standard scale.
        effect_size = effect_size,
        /// What is still needed, of an inconclusive metric.
        needs = needs,
        /// Missing rows of each arm.
        missing = missing,
        /// What each segment showed.
        segments = segments,
        /// In shadow mode the pairs whose values differ most, largest first.
        movers = movers,
    }
);

record!(
    /// A check of validity, or a report beside the metrics.
    PyCheck, "Check", Check, line,
    {
        /// `sample_ratio`, `missingness`, `baseline_drift`, `segment_balance`, `duplicate_ids`, `label_coverage`.
        name = name,
        /// What it showed; `no_data` when it could not be made.
        outcome = outcome,
        /// p-value, when it is a test.
        p = p,
        /// `not_declared` and the like.
        reason = reason,
        /// The check in a sentence.
        text = text,
        /// Its numbers.
        details = details,
    }
);

record!(
    /// Enough to make the same bytes again.
    PyProvenance, "Provenance", Provenance, line,
    {
        /// The library's version.
        serinus = serinus,
        /// SHA-256 of the config's canonical JSON.
        config_sha256 = config_sha256,
        /// SHA-256 over the columns used, in row order.
        data_sha256 = data_sha256,
        /// The seed.
        seed = seed,
    }
);

macro_rules! show_record {
    ($($inner:ty => $class:ident),* $(,)?) => {$(
        impl $crate::python::records::Show for $inner {
            fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                pyo3::IntoPyObjectExt::into_py_any($class(self.clone()), py)
            }
        }
    )*};
}
pub(super) use show_record;
show_record!(
    Judgement => PyJudgement,
    Interval => PyInterval,
    MarginUsed => PyMargin,
    LogE => PyLogE,
    Evidence => PyEvidence,
    Reason => PyReason,
    Group => PyGroup,
    LimitFinding => PyLimit,
    EffectSize => PyEffectSize,
    Needs => PyNeeds,
    SegmentFinding => PySegment,
    Finding => PyFinding,
    Check => PyCheck,
    Provenance => PyProvenance,
);

/// A record out of a pickle.
pub(super) fn read<T: serde::de::DeserializeOwned>(json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| SerinusError::new_err(format!("this pickle holds no such record: {e}")))
}

/// A part of an answer from its JSON: what unpickling calls.
#[pyfunction]
#[pyo3(name = "_restore", signature = (name, json, /))]
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Py<PyAny>> {
    for restore in [
        super::plan_records::restore,
        super::router::restore,
        super::monitor::restore,
        super::replay::restore,
        super::drill::restore,
        super::check::restore,
        super::parity::restore,
    ] {
        if let Some(record) = restore(py, name, json)? {
            return Ok(record);
        }
    }
    match name {
        "Judgement" => PyJudgement(read::<Judgement>(json)?).into_py_any(py),
        "Arms" => PyArms(read(json)?).into_py_any(py),
        "Interval" => PyInterval(read(json)?).into_py_any(py),
        "Margin" => PyMargin(read(json)?).into_py_any(py),
        "LogE" => PyLogE(read(json)?).into_py_any(py),
        "Evidence" => PyEvidence(read(json)?).into_py_any(py),
        "Reason" => PyReason(read(json)?).into_py_any(py),
        "Group" => PyGroup(read(json)?).into_py_any(py),
        "LimitFinding" => PyLimit(read(json)?).into_py_any(py),
        "EffectSize" => PyEffectSize(read(json)?).into_py_any(py),
        "Needs" => PyNeeds(read(json)?).into_py_any(py),
        "SegmentFinding" => PySegment(read(json)?).into_py_any(py),
        "Finding" => PyFinding(read(json)?).into_py_any(py),
        "Check" => PyCheck(read(json)?).into_py_any(py),
        "Provenance" => PyProvenance(read(json)?).into_py_any(py),
        other => Err(SerinusError::new_err(format!("`{other}` is no record of this version of serinus"))),
    }
}
