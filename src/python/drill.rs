//! `serinus.drill`: planted faults, and which of them a config catches.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::config;
use super::errors::{self, ConfigError, DataError, bad_data};
use super::frame::frame;
use super::records::{line, read, record, show_json, show_record};
use super::replay::{look_every, method};
use super::rollout::read_rollout;
use super::rows::Rows;
use super::spec::{spec, whole};
use super::work;
use crate::config::ArmsIn;
use crate::drill::{
    self as drills, Decisions, Drill, DrillError, DrillOptions, Drilled, Fault, FaultColumns, Outcomes, Spread,
};
use crate::replay::{Method, ReplayOptions};
use crate::report;

show_json!(Fault, FaultColumns);

impl super::records::Show for (String, u64) {
    fn show(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.clone().into_py_any(py)
    }
}

record!(
    /// Replicates of a drill by the judge's decision.
    PyDecisions, "Decisions", Decisions, line,
    {
        /// Promoted.
        promote = promote,
        /// Held.
        hold = hold,
        /// Rolled back.
        rollback = rollback,
    }
);

record!(
    /// Replicates of a drill by the end of the rollout.
    PyOutcomes, "Outcomes", Outcomes, line,
    {
        /// Promoted.
        promoted = promoted,
        /// Neither by the end of the recording.
        undecided = undecided,
        /// Rolled back.
        rolled_back = rolled_back,
    }
);

record!(
    /// The least, the median (the lower of two) and the most.
    PySpread, "Spread", Spread, line,
    {
        /// The least.
        least = least,
        /// The median.
        median = median,
        /// The most.
        most = most,
    }
);

record!(
    /// One fault and what came of it.
    PyDrilled, "Drilled", Drilled, line,
    {
        /// The fault, as a dict.
        fault = fault,
        /// The same in words.
        name = name,
        /// Why it was not planted, when it was not.
        skipped = skipped,
        /// What the judge said of the whole recording.
        judged = judged,
        /// How the rollout ended.
        rolled_out = rolled_out,
        /// Canary requests served until the rollout rolled back, over the replicates that did.
        exposed = exposed,
        /// What the judge named first where it rolled back, with how often, most often first.
        named = named,
    }
);

fn table(_name: &str, found: &Drill) -> String {
    report::drill_table(found).trim_end().to_owned()
}

record!(
    /// What a drill found: each planted fault, and whether the config catches it.
    PyDrill, "Drill", Drill, table,
    {
        /// The schema's name.
        schema = schema,
        /// Replicates of each fault.
        replicates = replicates,
        /// The seed.
        seed = seed,
        /// Where the faults were planted, as a dict.
        columns = columns,
        /// Each fault, in the order asked.
        faults = faults,
    },
    {
        /// The drill as JSON text: what `serinus drill --format json` prints, without the last line break.
        fn to_json(&self) -> PyResult<String> {
            serde_json::to_string_pretty(&self.0).map_err(|e| DataError::new_err(e.to_string()))
        }

        /// The drill as a Markdown table.
        fn to_markdown(&self) -> String {
            report::drill_table(&self.0)
        }

        /// One row a fault, as a pandas DataFrame, or a polars one where pandas is not installed.
        fn to_frame(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            frame(py, &self.0.faults)
        }

        fn _repr_markdown_(&self) -> String {
            report::drill_table(&self.0)
        }
    }
);

show_record!(Decisions => PyDecisions, Outcomes => PyOutcomes, Spread => PySpread, Drilled => PyDrilled);

/// Plant faults in a healthy recording and see which the config catches, after how many canary requests.
///
/// Each replicate deals the arms again, plants one fault in the canary's rows, and asks twice: the whole judge about the whole
/// recording, and the rollout, look by look, how far the canary would have come.
///
/// Parameters
/// ----------
/// config : str, os.PathLike, dict or Config
///     What is judged, and how. It has to name an arm and a time column.
/// data : str, os.PathLike, table or mapping
///     A healthy request log with both arms, in any form that `judge` takes.
/// rollout : str, os.PathLike or dict, optional
///     The rollout; without it, a stage for each declared share of the recording and eight looks.
/// replicates : int, default 5
///     Replicates of each fault, up to 10,000.
/// faults : sequence of dict, optional
///     In place of the standard ones: `{"fault": "none"}`, `{"fault": "latency", "factor"}`, `{"fault": "tail", "share",
///     "factor"}`, `{"fault": "errors", "share"}`, `{"fault": "score_skew", "factor"}`, `{"fault": "segment"}`, `{"fault":
///     "nulls", "share"}`, `{"fault": "cold_start", "requests", "factor"}`.
/// columns : dict, optional
///     Where they are planted: `latency`, `error`, `score`, `segment`; what is not given is taken from the config's metrics.
/// look_every : int, optional
///     Look every so many requests, with the monitor.
/// method : {'fixed', 'anytime'}, optional
///     Who is asked at each look; the monitor when `look_every` is given, else the judge.
/// seed : int, optional
///     Seed of deals and faults; by default the config's.
/// progress : bool, default False
///     Say on `sys.stderr` how far it is.
///
/// Returns
/// -------
/// Drill
///     What `serinus drill` prints.
///
/// Raises
/// ------
/// ConfigError
///     The config, the rollout or a fault is at fault.
/// DataError
///     The recording does not fit.
///
/// Notes
/// -----
/// Runs without the interpreter on as many threads as there are processors; the answer does not depend on their number.
///
/// Examples
/// --------
/// >>> import serinus
/// >>> config = {"version": 1, "data": {"arm": {"column": "arm"}, "time": {"column": "second", "unit": "s"}}, "metrics": [{
/// ...     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
/// ...     "direction": "lower_is_better", "margin": {"absolute": 0.02}}]}
/// >>> log = {"arm": ["canary", "baseline"] * 1000, "error": [0] * 2000, "second": range(2000)}
/// >>> found = serinus.drill(config, log, faults=[{"fault": "none"}, {"fault": "errors", "share": 0.2}], replicates=2)
/// >>> [(fault.name, fault.judged.rollback) for fault in found.faults]
/// [('none', 0), ('errors in 20 %', 2)]
#[pyfunction]
#[pyo3(signature = (
    config, data, *, rollout=None, replicates=None, faults=None, columns=None, look_every=None, method=None, seed=None,
    progress=false,
))]
fn drill(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
    rollout: Option<&Bound<'_, PyAny>>,
    replicates: Option<&Bound<'_, PyAny>>,
    faults: Option<&Bound<'_, PyAny>>,
    columns: Option<&Bound<'_, PyAny>>,
    look_every: Option<&Bound<'_, PyAny>>,
    method: Option<&str>,
    seed: Option<&Bound<'_, PyAny>>,
    progress: bool,
) -> PyResult<PyDrill> {
    let config = config::read(config)?;
    let look_every = self::look_every(look_every)?;
    let by_look = if look_every.is_some() { Method::Anytime } else { Method::Fixed };
    let defaults = DrillOptions::default();
    let options = DrillOptions {
        faults: faults.map(|f| planted(f)).transpose()?.unwrap_or(defaults.faults),
        columns: columns.map(|c| spec(c, "columns")).transpose()?.unwrap_or_default(),
        replicates: match replicates.map(|n| whole(n, "replicates")).transpose()? {
            Some(n) if !(1..=10_000).contains(&n) => {
                return Err(bad_data(format!("replicates: {n} is not in 1 to 10,000")));
            }
            n => n.unwrap_or(defaults.replicates),
        },
        seed: seed.map(|s| whole(s, "seed")).transpose()?.unwrap_or(config.seed),
        rollout: rollout.map(read_rollout).transpose()?,
        replay: ReplayOptions { method: self::method(method)?.unwrap_or(by_look), look_every },
    };
    let rows = Rows::take(data, &config, ArmsIn::OneTable, "data")?;
    let found = work::run(py, move |tell| {
        let tell = progress.then_some(tell);
        let table = rows.read(&config, ArmsIn::OneTable, tell).map_err(Why::Data)?;
        let follow = |done: u64, total: u64| {
            if let Some(tell) = tell {
                tell(format!("{done} of {total} replicates"));
            }
        };
        drills::drill(&config, &table, &options, &follow).map_err(Why::Drill)
    })?;
    found.map(PyDrill).map_err(|e| match e {
        Why::Data(message) => DataError::new_err(message),
        Why::Drill(error) => fault(&error),
    })
}

/// Faults to plant, their numbers checked.
fn planted(object: &Bound<'_, PyAny>) -> PyResult<Vec<Fault>> {
    let faults: Vec<Fault> = spec(object, "faults")?;
    for (i, fault) in faults.iter().enumerate() {
        let out_of_range = |name: &str, value: f64, range: &str| {
            Err(ConfigError::new_err(format!("faults[{i}].{name}: {value} is not {range}")))
        };
        let share = match fault {
            Fault::Tail { share, .. } | Fault::Errors { share } | Fault::Nulls { share } => Some(*share),
            _ => None,
        };
        let factor = match fault {
            Fault::Latency { factor }
            | Fault::Tail { factor, .. }
            | Fault::ScoreSkew { factor }
            | Fault::ColdStart { factor, .. } => Some(*factor),
            _ => None,
        };
        match (share, factor) {
            (Some(share), _) if !(0.0..=1.0).contains(&share) => return out_of_range("share", share, "in [0, 1]"),
            (_, Some(factor)) if factor < 0.0 => return out_of_range("factor", factor, "at least 0"),
            _ => {}
        }
    }
    Ok(faults)
}

/// Why there is no drill, in words that cross threads.
enum Why {
    Data(String),
    Drill(DrillError),
}

fn fault(error: &DrillError) -> PyErr {
    match error {
        DrillError::Config(errors) => errors::config(None, errors),
        DrillError::Data(error) => errors::data("data", error),
        DrillError::Replay(error) => super::replay::fault(error),
        error => DataError::new_err(format!("data: {error}")),
    }
}

/// A record of a drill out of a pickle; `None` for a name of another module.
pub(super) fn restore(py: Python<'_>, name: &str, json: &str) -> PyResult<Option<Py<PyAny>>> {
    Ok(Some(match name {
        "Drill" => PyDrill(read(json)?).into_py_any(py)?,
        "Drilled" => PyDrilled(read(json)?).into_py_any(py)?,
        "Decisions" => PyDecisions(read(json)?).into_py_any(py)?,
        "Outcomes" => PyOutcomes(read(json)?).into_py_any(py)?,
        "Spread" => PySpread(read(json)?).into_py_any(py)?,
        _ => return Ok(None),
    }))
}

/// Adds the functions and classes.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyDecisions>()?;
    module.add_class::<PyOutcomes>()?;
    module.add_class::<PySpread>()?;
    module.add_class::<PyDrilled>()?;
    module.add_class::<PyDrill>()?;
    module.add_function(wrap_pyfunction!(drill, module)?)
}
