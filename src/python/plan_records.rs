//! What a plan answers with: `serinus.plan`'s classes.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use serde_json::Value;

use super::columns::{column, sample};
use super::config::path;
use super::errors::{DataError, bad_data};
use super::frame::{aligned, cell, frame};
use super::records::{line, read, record, show_json, show_record};
use super::spec::{unanswerable, word};
use super::values::{from_value, shown};
use crate::plan::{
    Allocation, Behaviour, ConfigPlan, Exposure, History, MetricAtWeight, MetricOutlook, MetricPlan, Outlook, Platform,
    Ramp, RampStage, SampleSize, Size, StageNeed, WeightPlan, argo_steps, emit, flagger, istio, rollout,
};
use crate::table::Column;

show_json!(Size, Behaviour, Allocation);

record!(
    @in "serinus.plan";
    /// The rows that a comparison needs.
    PySampleSize, "SampleSize", SampleSize, line,
    {
        /// Canary rows, rounded up.
        canary = canary,
        /// Baseline rows, rounded up.
        baseline = baseline,
        /// The same before rounding.
        exact = exact,
        /// Power planned for this one metric.
        metric_power = metric_power,
    }
);

fn history_line(name: &str, history: &History) -> String {
    let History { rows, units, design_effect, .. } = history;
    let kind = serde_json::to_value(&history.behaviour).ok().and_then(|b| b["type"].as_str().map(str::to_owned));
    let units = units.map_or_else(|| "None".to_owned(), |u| u.to_string());
    format!("{name}(type={:?}, rows={rows}, units={units}, design_effect={design_effect})", kind.unwrap_or_default())
}

/// Who each row belongs to, as codes.
fn units(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<u32>>> {
    let Some(object) = object else { return Ok(None) };
    let gone = |row: usize| bad_data(format!("units, row {}: the unit is missing; drop such rows first", row + 1));
    match column(object, "units")? {
        Column::Text { codes, .. } => match codes.iter().position(|c| *c == Column::MISSING) {
            Some(row) => Err(gone(row)),
            None => Ok(Some(codes)),
        },
        Column::Number { values, missing } => {
            if let Some(row) = missing.as_ref().and_then(|m| m.iter().position(|m| *m)) {
                return Err(gone(row));
            }
            let mut seen = std::collections::HashMap::new();
            let code = |v: &f64| {
                let next = seen.len() as u32;
                *seen.entry((v + 0.0).to_bits()).or_insert(next)
            };
            Ok(Some(values.iter().map(code).collect()))
        }
    }
}

fn known(found: Result<History, crate::stats::Unanswerable>) -> PyResult<PyHistory> {
    found.map(PyHistory).map_err(unanswerable)
}

record!(
    @in "serinus.plan";
    /// What a stretch of the baseline's own history says of a metric: its behaviour, and how dependent its rows are.
    ///
    /// Made from arrays by `mean`, `proportion`, `quantile`, `distribution`, `shift`, `auc`, `ratio` and `rate`; the functions of
    /// `serinus.plan` take it in place of a behaviour, with its design effect. `units` says who each row belongs to.
    ///
    /// Examples
    /// --------
    /// >>> from serinus import plan
    /// >>> latency = plan.History.mean([80.0 + i % 50 for i in range(1000)])
    /// >>> latency.behaviour["mean"]
    /// 104.5
    PyHistory, "History", History, history_line,
    {
        /// What is known of the metric, as a dict.
        behaviour = behaviour,
        /// Rows used.
        rows = rows,
        /// Distinct units, when they were given.
        units = units,
        /// Rows needed for the information of one independent row.
        design_effect = design_effect,
    },
    {
        /// Behaviour of a mean.
        #[staticmethod]
        #[pyo3(signature = (values, *, units=None))]
        fn mean(values: &Bound<'_, PyAny>, units: Option<&Bound<'_, PyAny>>) -> PyResult<PyHistory> {
            known(History::mean(&sample(values, "values")?, self::units(units)?.as_deref()))
        }

        /// Behaviour of a proportion, from 0 and 1.
        #[staticmethod]
        #[pyo3(signature = (values, *, units=None))]
        fn proportion(values: &Bound<'_, PyAny>, units: Option<&Bound<'_, PyAny>>) -> PyResult<PyHistory> {
            known(History::proportion(&sample(values, "values")?, self::units(units)?.as_deref()))
        }

        /// Behaviour of a quantile of positive values; needs ten rows beyond it.
        #[staticmethod]
        #[pyo3(signature = (values, q, *, units=None))]
        fn quantile(values: &Bound<'_, PyAny>, q: f64, units: Option<&Bound<'_, PyAny>>) -> PyResult<PyHistory> {
            known(History::quantile(&sample(values, "values")?, q, self::units(units)?.as_deref()))
        }

        /// Behaviour of a typical value under a rank test: the sample itself.
        #[staticmethod]
        #[pyo3(signature = (values, *, units=None))]
        fn distribution(values: &Bound<'_, PyAny>, units: Option<&Bound<'_, PyAny>>) -> PyResult<PyHistory> {
            known(History::distribution(&sample(values, "values")?, self::units(units)?.as_deref()))
        }

        /// Behaviour of a distance between distributions.
        #[staticmethod]
        #[pyo3(signature = (values, *, units=None))]
        fn shift(values: &Bound<'_, PyAny>, units: Option<&Bound<'_, PyAny>>) -> PyResult<PyHistory> {
            known(History::shift(&sample(values, "values")?, self::units(units)?.as_deref()))
        }

        /// Behaviour of an area under the ROC curve, from scores and labels of 0 and 1.
        #[staticmethod]
        #[pyo3(signature = (scores, labels, *, units=None))]
        fn auc(
            scores: &Bound<'_, PyAny>,
            labels: &Bound<'_, PyAny>,
            units: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<PyHistory> {
            let (scores, labels) = (sample(scores, "scores")?, sample(labels, "labels")?);
            known(History::auc(&scores, &labels, self::units(units)?.as_deref()))
        }

        /// Behaviour of a sum over a sum, by the delta method.
        #[staticmethod]
        #[pyo3(signature = (numerators, denominators, *, units=None))]
        fn ratio(
            numerators: &Bound<'_, PyAny>,
            denominators: &Bound<'_, PyAny>,
            units: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<PyHistory> {
            let (top, bottom) = (sample(numerators, "numerators")?, sample(denominators, "denominators")?);
            known(History::ratio(&top, &bottom, self::units(units)?.as_deref()))
        }

        /// Behaviour of a rate of counted events, with its dispersion. A row of the plan is one unit of exposure.
        #[staticmethod]
        #[pyo3(signature = (events, exposure, *, units=None))]
        fn rate(
            events: &Bound<'_, PyAny>,
            exposure: &Bound<'_, PyAny>,
            units: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<PyHistory> {
            let (events, exposure) = (sample(events, "events")?, sample(exposure, "exposure")?);
            known(History::rate(&events, &exposure, self::units(units)?.as_deref()))
        }
    }
);

record!(
    @in "serinus.plan";
    /// One traffic weight of a config's plan.
    PyWeightPlan, "WeightPlan", WeightPlan, line,
    {
        /// Canary share of the traffic in percent.
        percent = percent,
        /// Minutes until every metric that has to pass can pass; None when one of them never can.
        minutes = minutes,
        /// The metric that takes longest.
        bottleneck = bottleneck,
    }
);

record!(
    @in "serinus.plan";
    /// One metric at one weight.
    PyMetricAtWeight, "MetricAtWeight", MetricAtWeight, line,
    {
        /// Canary share of the traffic in percent.
        percent = percent,
        /// Canary rows with which an identical canary passes.
        canary_rows = canary_rows,
        /// Minutes until they are there.
        minutes = minutes,
        /// Smallest margin that can be shown in the time that this weight takes (in an hour, when it takes forever).
        detectable_margin = detectable_margin,
        /// Smallest change for the worse that is found in that time.
        detectable_harm = detectable_harm,
    }
);

record!(
    @in "serinus.plan";
    /// One metric of a config's plan.
    PyMetricPlan, "MetricPlan", MetricPlan, line,
    {
        /// Its name.
        name = name,
        /// Its type, as in the config.
        r#type = kind,
        /// Its role.
        role = role,
        /// Whether promotion waits for it.
        must_pass = must_pass,
        /// Rows of history that it was planned from.
        history_rows = history_rows,
        /// Distinct units among them, when the config names a unit.
        history_units = history_units,
        /// Rows needed for the information of one independent row.
        design_effect = design_effect,
        /// Share of requests that make a row of this metric.
        usable_share = usable_share,
        /// Each weight.
        weights = weights,
        /// Why it cannot pass, or cannot be planned.
        cannot_pass = cannot_pass,
    }
);

/// A plan as text: what each weight takes and waits for, then what cannot pass.
fn plan_table(_name: &str, plan: &ConfigPlan) -> String {
    let head = match plan.can_promote {
        true => "a canary that is like the baseline can be promoted",
        false => "no canary can be promoted",
    };
    let mut rows = vec![["percent", "minutes", "waits for"].map(str::to_owned).to_vec()];
    rows.extend(plan.weights.iter().map(|w| {
        let minutes = w.minutes.map(|m| format!("{m:.1}"));
        vec![w.percent.to_string(), cell(minutes), cell(w.bottleneck.as_ref())]
    }));
    let mut text = format!("{head}, at {} requests a minute\n\n{}", plan.rate_per_minute, aligned(&rows));
    for line in plan.blockers.iter().chain(&plan.notes) {
        text.push_str(&format!("\n  {line}"));
    }
    text
}

/// A plan whose metrics have left what they were planned with: what the JSON holds.
fn plain(plan: &ConfigPlan) -> ConfigPlan {
    let mut plan = plan.clone();
    plan.metrics.iter_mut().for_each(|m| m.planned = None);
    plan
}

/// What a config needs before it can promote, and what it can detect.
#[pyclass(frozen, module = "serinus.plan", name = "ConfigPlan")]
pub(super) struct PyConfigPlan(pub(super) ConfigPlan);

macro_rules! getters {
    ($class:ident, $($(#[$doc:meta])* $field:ident),* $(,)?) => {
        #[pymethods]
        impl $class {
            $(
                $(#[$doc])*
                #[getter]
                fn $field(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                    super::records::Show::show(&self.0.$field, py)
                }
            )*

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyTuple>> {
                pyo3::types::PyTuple::new(py, [$(stringify!($field)),*])
            }

            /// The same as a dict, with the names of the JSON.
            fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                from_value(py, &super::records::to_json(&self.0)?)
            }

            /// The plan as JSON text: what `serinus plan` prints, without the last line break.
            fn to_json(&self) -> PyResult<String> {
                pretty(&self.0)
            }

            /// One row a metric and weight, as a pandas DataFrame, or a polars one where pandas is not installed.
            fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                let mut rows = Vec::new();
                for metric in &self.0.metrics {
                    for weight in &metric.weights {
                        let mut row = serde_json::Map::new();
                        row.insert("metric".to_owned(), Value::from(metric.name.clone()));
                        row.insert("must_pass".to_owned(), Value::from(metric.must_pass));
                        if let Value::Object(fields) = super::records::to_json(weight)? {
                            row.extend(fields);
                        }
                        rows.push(row);
                    }
                }
                frame(py, rows)
            }

            fn __repr__(&self) -> String {
                plan_table("ConfigPlan", &self.0)
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<$class>().is_ok_and(|other| other.get().0 == self.0)
            }

            fn __hash__(&self) -> PyResult<u64> {
                super::records::hash(&self.0)
            }

            fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (&'static str, String))> {
                let restore = py.import("serinus._native")?.getattr("_restore")?;
                let planned: Vec<_> = self.0.metrics.iter().map(|m| &m.planned).collect();
                let both = serde_json::json!({"plan": plain(&self.0), "planned": planned});
                Ok((restore, ("ConfigPlan", both.to_string())))
            }
        }
    };
}

getters!(
    PyConfigPlan,
    /// The schema's name.
    schema,
    /// Requests a minute that were planned with.
    rate_per_minute,
    /// What the canary is compared with.
    allocation,
    /// Joint power.
    power,
    /// Whether a canary that is like the baseline can ever be promoted.
    can_promote,
    /// Why it cannot.
    blockers,
    /// Each weight: the time it takes and what it waits for.
    weights,
    /// Each metric.
    metrics,
    /// What a reader should know.
    notes,
);

record!(
    @in "serinus.plan";
    /// What one metric needs in one stage.
    PyStageNeed, "StageNeed", StageNeed, line,
    {
        /// The metric.
        metric = metric,
        /// Canary rows; None when no number of rows is enough.
        canary_rows = canary_rows,
        /// Minutes until they are there.
        minutes = minutes,
    }
);

record!(
    @in "serinus.plan";
    /// One stage of a ramp.
    PyRampStage, "RampStage", RampStage, line,
    {
        /// Canary share of the traffic in percent.
        percent = percent,
        /// Baseline rows for each canary row.
        baseline_per_canary = baseline_per_canary,
        /// Bake time: the longest of power, least minutes, least rows and traffic period.
        minutes = minutes,
        /// Canary requests served in that time.
        canary_requests = canary_requests,
        /// Least canary rows before the stage may end.
        min_samples = min_samples,
        /// What sets the bake time: a metric's name, `min_minutes`, `min_samples` or `period`.
        bottleneck = bottleneck,
        /// What each metric needs here.
        needs = needs,
        /// Probability that a bad canary gets as far as this stage.
        reached = reached,
        /// Probability that this stage rolls it back.
        caught = caught,
    }
);

record!(
    @in "serinus.plan";
    /// What a bad canary serves before it is rolled back, judged once at the end of each stage.
    PyExposure, "Exposure", Exposure, line,
    {
        /// Canary requests on average.
        expected_requests = expected_requests,
        /// Canary requests up to the end of the stage that catches it with probability .95, or of the last stage.
        worst_requests = worst_requests,
        /// Whether some stage catches it with probability .95.
        caught_surely = caught_surely,
        /// Probability that no stage rolls it back.
        missed = missed,
        /// Units on average, when requests per unit are known.
        expected_units = expected_units,
        /// Units at worst.
        worst_units = worst_units,
        /// Errors more than the baseline would have made, on average; for proportions and rates.
        expected_excess = expected_excess,
        /// The same at worst.
        worst_excess = worst_excess,
    }
);

fn ramp_table(_name: &str, ramp: &Ramp) -> String {
    let mut rows =
        vec![["percent", "minutes", "canary requests", "least rows", "waits for"].map(str::to_owned).to_vec()];
    rows.extend(ramp.stages.iter().map(|s| {
        let minutes = format!("{:.1}", s.minutes);
        let (requests, least) = (s.canary_requests.to_string(), s.min_samples.to_string());
        vec![s.percent.to_string(), minutes, requests, least, s.bottleneck.clone()]
    }));
    let mut text = format!(
        "{:.1} minutes to 100 percent, at {} requests a minute\n\n{}",
        ramp.total_minutes,
        ramp.rate_per_minute,
        aligned(&rows)
    );
    if let Some(e) = &ramp.exposure {
        let (expected, worst) = (e.expected_requests, e.worst_requests);
        text.push_str(&format!("\n\na bad canary serves {expected:.0} requests on average, {worst:.0} at worst"));
        text.push_str(&format!("; it is missed with probability {:.4}", e.missed));
    }
    for warning in &ramp.warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    text
}

fn pretty<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string_pretty(value).map_err(|e| DataError::new_err(e.to_string()))
}

/// The forms that a ramp can be written in.
const FORMS: [&str; 5] = ["json", "argo-steps", "flagger", "istio", "rollout"];

record!(
    @in "serinus.plan";
    /// A laid ramp: the stages before 100 percent, how long each bakes, and what a bad canary costs on the way.
    PyRamp, "Ramp", Ramp, ramp_table,
    {
        /// The schema's name.
        schema = schema,
        /// Requests a minute over all versions.
        rate_per_minute = rate_per_minute,
        /// What the canary is compared with.
        allocation = allocation,
        /// The stages before 100 percent.
        stages = stages,
        /// Minutes until the step to 100 percent.
        total_minutes = total_minutes,
        /// What a bad canary costs on average, and at worst, when one was described.
        exposure = exposure,
        /// What a reader should act on.
        warnings = warnings,
    },
    {
        /// The ramp as JSON text: what `serinus plan --emit json` prints, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            pretty(&self.0)
        }

        /// One row a stage, as a pandas DataFrame, or a polars one where pandas is not installed.
        fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            frame(py, &self.0.stages)
        }

        /// The ramp as text for a tool; written to `path` when given, else returned.
        ///
        /// Parameters
        /// ----------
        /// form : {'json', 'argo-steps', 'flagger', 'istio', 'rollout'}
        ///     What `serinus plan --emit` prints: the ramp itself, the steps of an Argo Rollouts canary, the analysis of a
        ///     Flagger Canary, routes and patches of an Istio VirtualService, or a rollout file of this library.
        /// path : str or os.PathLike, optional
        ///     Where to write.
        ///
        /// Raises
        /// ------
        /// DataError
        ///     The tool cannot express a stage, such as a weight that is not whole.
        #[pyo3(signature = (form, path=None))]
        fn emit(&self, form: &str, path: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
            let platform: Platform = word(form, "form", &FORMS)?;
            let text = emit(&self.0, platform).map_err(|e| bad_data(e.to_string()))?;
            let Some(target) = path else { return Ok(Some(text)) };
            let Some(target) = self::path(target)? else {
                return Err(bad_data(format!("path: {} is no path", shown(target))));
            };
            std::fs::write(&target, text)?;
            Ok(None)
        }

        /// Steps of an Argo Rollouts canary, as `yaml.dump` takes them; with a template's name an analysis follows each pause.
        #[pyo3(signature = (analysis_template=None))]
        fn argo_steps(&self, py: Python<'_>, analysis_template: Option<&str>) -> PyResult<Py<PyAny>> {
            from_value(py, &argo_steps(&self.0, analysis_template).map_err(|e| bad_data(e.to_string()))?)
        }

        /// The `analysis` of a Flagger Canary, as a dict.
        fn flagger(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            from_value(py, &flagger(&self.0).map_err(|e| bad_data(e.to_string()))?)
        }

        /// Routes and JSON patches of an Istio VirtualService, stage by stage.
        #[pyo3(signature = (host, *, stable_subset="stable", canary_subset="canary"))]
        fn istio(&self, py: Python<'_>, host: &str, stable_subset: &str, canary_subset: &str) -> PyResult<Py<PyAny>> {
            let found = istio(&self.0, host, stable_subset, canary_subset).map_err(|e| bad_data(e.to_string()))?;
            from_value(py, &found)
        }

        /// A rollout file of this library, as a dict that `serinus.rollout.Rollout` takes.
        fn rollout(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            from_value(py, &rollout(&self.0).map_err(|e| bad_data(e.to_string()))?)
        }
    }
);

record!(
    @in "serinus.plan";
    /// What one metric of a config can show on traffic like its history.
    PyMetricOutlook, "MetricOutlook", MetricOutlook, line,
    {
        /// Its name.
        name = name,
        /// Its type, as in the config.
        r#type = kind,
        /// Its role.
        role = role,
        /// Whether promotion waits for it.
        must_pass = must_pass,
        /// Canary rows that this traffic gives.
        canary_rows = canary_rows,
        /// Canary rows with which an identical canary passes.
        rows_needed = rows_needed,
        /// Smallest margin that this traffic can show.
        detectable_margin = detectable_margin,
        /// Smallest change for the worse that is found in this traffic.
        detectable_harm = detectable_harm,
        /// The one value that the history has, when it has but one.
        constant = constant,
        /// Share of the history's rows that the metric can use.
        usable_share = usable_share,
        /// Why it cannot pass, or cannot be planned.
        cannot_pass = cannot_pass,
        /// All that in a sentence.
        text = text,
    }
);

fn outlook_text(_name: &str, outlook: &Outlook) -> String {
    crate::cli::outlook_text(outlook).trim_end().to_owned()
}

record!(
    @in "serinus.plan";
    /// What a config can and cannot detect on traffic like its history.
    PyOutlook, "Outlook", Outlook, outlook_text,
    {
        /// Rows of the history.
        rows = rows,
        /// The canary's share of the traffic, in percent.
        percent = percent,
        /// Whether a canary that is like the baseline can ever be promoted, given enough traffic.
        can_promote = can_promote,
        /// Why it cannot.
        blockers = blockers,
        /// Each metric.
        metrics = metrics,
        /// What a reader should know.
        notes = notes,
    },
    {
        /// One row a metric, as a pandas DataFrame, or a polars one where pandas is not installed.
        fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            frame(py, &self.0.metrics)
        }
    }
);

show_record!(
    WeightPlan => PyWeightPlan,
    MetricAtWeight => PyMetricAtWeight,
    StageNeed => PyStageNeed,
    RampStage => PyRampStage,
    Exposure => PyExposure,
    MetricOutlook => PyMetricOutlook,
    Outlook => PyOutlook,
);

impl super::records::Show for MetricPlan {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        PyMetricPlan(MetricPlan { planned: None, ..self.clone() }).into_py_any(py)
    }
}

/// A record of a plan out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    let found = match name {
        "SampleSize" => PySampleSize(read(json)?).into_py_any(py),
        "History" => PyHistory(read(json)?).into_py_any(py),
        "WeightPlan" => PyWeightPlan(read(json)?).into_py_any(py),
        "MetricAtWeight" => PyMetricAtWeight(read(json)?).into_py_any(py),
        "MetricPlan" => PyMetricPlan(read(json)?).into_py_any(py),
        "ConfigPlan" => {
            #[derive(serde::Deserialize)]
            struct Both {
                plan: ConfigPlan,
                planned: Vec<Option<crate::plan::PlannedMetric>>,
            }
            let Both { mut plan, planned } = read(json)?;
            for (metric, planned) in plan.metrics.iter_mut().zip(planned) {
                metric.planned = planned;
            }
            PyConfigPlan(plan).into_py_any(py)
        }
        "StageNeed" => PyStageNeed(read(json)?).into_py_any(py),
        "RampStage" => PyRampStage(read(json)?).into_py_any(py),
        "Exposure" => PyExposure(read(json)?).into_py_any(py),
        "Ramp" => PyRamp(read(json)?).into_py_any(py),
        "MetricOutlook" => PyMetricOutlook(read(json)?).into_py_any(py),
        "Outlook" => PyOutlook(read(json)?).into_py_any(py),
        _ => return Ok(None),
    };
    found.map(Some)
}

/// Adds the classes.
pub(super) fn register(module: &Bound<'_, pyo3::types::PyModule>) -> PyResult<()> {
    module.add_class::<PySampleSize>()?;
    module.add_class::<PyHistory>()?;
    module.add_class::<PyWeightPlan>()?;
    module.add_class::<PyMetricAtWeight>()?;
    module.add_class::<PyMetricPlan>()?;
    module.add_class::<PyConfigPlan>()?;
    module.add_class::<PyStageNeed>()?;
    module.add_class::<PyRampStage>()?;
    module.add_class::<PyExposure>()?;
    module.add_class::<PyRamp>()?;
    module.add_class::<PyMetricOutlook>()?;
    module.add_class::<PyOutlook>()
}
