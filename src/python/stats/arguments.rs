//! Arguments of the statistical functions: words, samples, tables and counts.

use pyo3::prelude::*;

use crate::python::columns::sample;
use crate::python::errors::{DataError, bad_data};
use crate::stats::contrast::{Better, Contrast};
use crate::stats::proportion::Proportions;
use crate::stats::{Alternative, Unanswerable};

/// Why there is no answer. `stats` has no policy about it, so it is an exception.
pub(super) fn fault(error: Unanswerable) -> PyErr {
    DataError::new_err(error.to_string())
}

/// A word that is not one of those known.
pub(in crate::python) fn choice(argument: &str, found: &str, known: &[&str]) -> PyErr {
    let known: Vec<String> = known.iter().map(|k| format!("'{k}'")).collect();
    bad_data(format!("{argument} is '{}'; give one of {}", crate::config::reader::short(found), known.join(", ")))
}

pub(super) fn alternative(word: &str) -> PyResult<Alternative> {
    match word {
        "two-sided" => Ok(Alternative::TwoSided),
        "less" => Ok(Alternative::Less),
        "greater" => Ok(Alternative::Greater),
        other => Err(choice("alternative", other, &["two-sided", "less", "greater"])),
    }
}

pub(super) fn better(word: &str) -> PyResult<Better> {
    match word {
        "higher_is_better" => Ok(Better::Higher),
        "lower_is_better" => Ok(Better::Lower),
        other => Err(choice("direction", other, &["higher_is_better", "lower_is_better"])),
    }
}

/// A direction with its margins; at least one of them.
pub(super) fn contrast(direction: &str, relative: Option<f64>, absolute: Option<f64>) -> PyResult<Contrast> {
    if relative.is_none() && absolute.is_none() {
        return Err(bad_data("margin: neither relative= nor absolute= is given; give one of them, or both"));
    }
    let better = better(direction)?;
    Ok(Contrast { relative: relative.unwrap_or(0.0), ..Contrast::absolute(better, absolute.unwrap_or(0.0)) })
}

/// The two-sided level whose ends are the one-sided bounds of this level.
pub(super) fn two_sided_level(alternative: Alternative, level: f64) -> PyResult<f64> {
    if !(level > 0.0 && level < 1.0) {
        return Err(bad_data(format!("confidence_level is {level}; it has to lie in (0, 1)")));
    }
    match alternative {
        Alternative::TwoSided => Ok(level),
        _ if level > 0.5 => Ok(2.0 * level - 1.0),
        _ => Err(bad_data(format!("confidence_level is {level}; a one-sided interval needs more than 0.5"))),
    }
}

/// The ends, the one that the alternative does not bound being infinite.
pub(super) fn ends(alternative: Alternative, low: f64, high: f64) -> (f64, f64) {
    match alternative {
        Alternative::TwoSided => (low, high),
        Alternative::Less => (f64::NEG_INFINITY, high),
        Alternative::Greater => (low, f64::INFINITY),
    }
}

/// What SciPy's functions share: samples have one dimension here, so `axis` and `keepdims` have one value, and NaN is
/// refused unless it is left out.
pub(super) struct Nan {
    omit: bool,
}

impl Nan {
    pub(super) fn new(nan_policy: &str, axis: Option<i64>, keepdims: bool) -> PyResult<Nan> {
        if !matches!(axis, None | Some(0 | -1)) {
            let axis = axis.unwrap_or_default();
            return Err(bad_data(format!("axis is {axis}; samples have one dimension here, so it has to be 0")));
        }
        if keepdims {
            return Err(bad_data("keepdims is True; samples have one dimension here, so it has to be False"));
        }
        match nan_policy {
            "propagate" | "raise" => Ok(Nan { omit: false }),
            "omit" => Ok(Nan { omit: true }),
            other => Err(choice("nan_policy", other, &["propagate", "omit", "raise"])),
        }
    }

    pub(super) fn sample(&self, object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<f64>> {
        let mut values = sample(object, name)?;
        if self.omit {
            values.retain(|v| !v.is_nan());
        }
        Ok(values)
    }

    pub(super) fn pairs(
        &self,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        names: [&str; 2],
    ) -> PyResult<(Vec<f64>, Vec<f64>)> {
        let (x, y) = (sample(x, names[0])?, sample(y, names[1])?);
        if x.len() != y.len() {
            let [first, second] = names;
            return Err(bad_data(format!(
                "{first} has {} values and {second} has {}; pairs need one of each",
                x.len(),
                y.len()
            )));
        }
        Ok(if self.omit { x.into_iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan()).unzip() } else { (x, y) })
    }
}

/// A table of counts, row by row.
pub(super) fn table(object: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<f64>>> {
    let rows = match object.call_method0("tolist") {
        Ok(rows) => rows,
        Err(_) => object.clone(),
    };
    let rows: Vec<Vec<f64>> = rows.extract().map_err(|_| {
        bad_data(format!("table: {} is no table; give rows of counts", crate::python::values::shown(object)))
    })?;
    let width = rows.first().map_or(0, Vec::len);
    for (i, row) in rows.iter().enumerate() {
        if row.len() != width {
            return Err(bad_data(format!("table: row {} has {} cells and the first has {width}", i + 1, row.len())));
        }
        if let Some(bad) = row.iter().find(|v| !(**v >= 0.0 && v.is_finite())) {
            return Err(bad_data(format!("table: {bad} is not a count; give numbers of 0 or more")));
        }
    }
    Ok(rows)
}

/// A two-by-two table of whole counts, row by row.
pub(super) fn two_by_two(object: &Bound<'_, PyAny>) -> PyResult<[[u64; 2]; 2]> {
    let rows = table(object)?;
    let [first, second] = rows.as_slice() else {
        return Err(bad_data(format!("table: it has {} rows; give 2", rows.len())));
    };
    let row = |row: &[f64]| match row {
        [a, b] => Ok([count(*a)?, count(*b)?]),
        _ => Err(bad_data(format!("table: a row has {} cells; give 2", row.len()))),
    };
    Ok([row(first)?, row(second)?])
}

fn count(value: f64) -> PyResult<u64> {
    if value.fract() == 0.0 && value <= 9_007_199_254_740_992.0 {
        return Ok(value as u64);
    }
    Err(bad_data(format!("table: {value} is not a whole count up to 2^53")))
}

/// Events of n of each arm, the canary first.
pub(super) fn proportions(x_events: u64, x_n: u64, y_events: u64, y_n: u64) -> PyResult<Proportions> {
    for (name, events, n) in [("x", x_events, x_n), ("y", y_events, y_n)] {
        if events > n {
            return Err(bad_data(format!("{name}_events is {events} of {name}_n {n}; events cannot exceed trials")));
        }
    }
    Ok(Proportions { x_events, x_n, y_events, y_n })
}
