//! Do we agree with SciPy, statsmodels, R and direct maximisation, each to its own tolerance?
//!
//! `cargo test --release --test golden -- --nocapture` runs every case of `fixtures/golden/*.json`; with
//! `SERINUS_GOLDEN=FILE` it reads that one file of the same schema instead.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use serde_json::Value;

mod dependence;
mod means;
mod models;
mod plan;
mod proportions;
mod rank;
mod sequential;
mod shift;

/// One case of a golden file.
pub struct Case {
    pub id: String,
    pub method: String,
    pub inputs: Value,
    pub options: Value,
    pub expected: Value,
    pub tolerance: Value,
}

/// What a module says of a case: `None` when it does not know the method, else the answer in the form of `expected`
/// (an object with at least the expected keys, a number or a list), or why there is none.
pub type Answer = Option<Result<Value, String>>;

fn answer(case: &Case) -> Answer {
    rank::answer(case)
        .or_else(|| means::answer(case))
        .or_else(|| proportions::answer(case))
        .or_else(|| shift::answer(case))
        .or_else(|| models::answer(case))
        .or_else(|| dependence::answer(case))
        .or_else(|| plan::answer(case))
        .or_else(|| sequential::answer(case))
}

/// The tolerance of a case: `{rel, abs}` or `{kind, value}`.
fn tolerance(case: &Case) -> (f64, f64) {
    match case.tolerance["kind"].as_str() {
        Some("rel") => (case.tolerance["value"].as_f64().unwrap_or(0.0), 0.0),
        Some("abs") => (0.0, case.tolerance["value"].as_f64().unwrap_or(0.0)),
        _ => (case.tolerance["rel"].as_f64().unwrap_or(0.0), case.tolerance["abs"].as_f64().unwrap_or(0.0)),
    }
}

/// A number of a golden file; non-finite ones are the strings inf, -inf and nan.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => match s.as_str() {
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        },
        _ => None,
    }
}

/// A number in the golden form, the inverse of [`number`].
pub fn value(number: f64) -> Value {
    if number.is_nan() {
        "nan".into()
    } else if number == f64::INFINITY {
        "inf".into()
    } else if number == f64::NEG_INFINITY {
        "-inf".into()
    } else {
        number.into()
    }
}

/// A list of numbers under `key` of the case's inputs.
pub fn list(case: &Case, key: &str) -> Vec<f64> {
    numbers(&case.inputs[key])
}

/// A list of numbers.
pub fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().map(|a| a.iter().filter_map(number).collect()).unwrap_or_default()
}

fn compare(path: &str, found: &Value, expected: &Value, rel: f64, abs: f64, faults: &mut Vec<String>) {
    match expected {
        Value::Object(map) => {
            for (key, e) in map {
                compare(&format!("{path}.{key}"), &found[key], e, rel, abs, faults);
            }
        }
        Value::Array(items) => {
            let found_items = found.as_array().map_or(0, Vec::len);
            if found_items != items.len() {
                faults.push(format!("{path}: {found_items} items, expected {}", items.len()));
                return;
            }
            for (i, e) in items.iter().enumerate() {
                compare(&format!("{path}[{i}]"), &found[i], e, rel, abs, faults);
            }
        }
        _ => match (number(found), number(expected)) {
            (Some(v), Some(e)) => {
                let agrees = v == e || (v.is_nan() && e.is_nan()) || (v - e).abs() <= abs.max(rel * e.abs());
                if !agrees {
                    faults.push(format!("{path}: {v:e}, expected {e:e}"));
                }
            }
            _ if found == expected => {}
            _ => faults.push(format!("{path}: {found}, expected {expected}")),
        },
    }
}

fn cases(path: &std::path::Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let list = file.get("cases").unwrap_or(&file).as_array().expect("a golden file holds a list of cases").clone();
    list.into_iter()
        .map(|c| Case {
            id: c["id"].as_str().unwrap_or("?").to_owned(),
            method: c["method"].as_str().unwrap_or("?").to_owned(),
            inputs: c["inputs"].clone(),
            options: c["options"].clone(),
            expected: c["expected"].clone(),
            tolerance: c["tolerance"].clone(),
        })
        .collect()
}

#[test]
fn every_golden_case_agrees_within_its_tolerance() {
    let files: Vec<std::path::PathBuf> = match std::env::var_os("SERINUS_GOLDEN") {
        Some(file) => vec![file.into()],
        None => {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/golden");
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .expect("fixtures/golden is part of the repository")
                .filter_map(|entry| entry.ok().map(|e| e.path()))
                .filter(|p| p.extension().is_some_and(|e| e == "json"))
                .collect();
            files.sort();
            files
        }
    };
    let (mut passed, mut failed, mut unknown) = (0, 0, 0);
    let mut methods: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for file in &files {
        for case in cases(file) {
            let (rel, abs) = tolerance(&case);
            let tally = methods.entry(case.method.clone()).or_default();
            // A case that makes an adapter panic has failed, and the others are still read.
            let found = catch_unwind(|| answer(&case)).unwrap_or_else(|_| Some(Err("panicked".into())));
            match found {
                None => {
                    unknown += 1;
                    tally[2] += 1;
                    println!("unknown: {} ({}) {}", case.id, case.method, case.options);
                }
                Some(found) => {
                    let mut faults = Vec::new();
                    match found {
                        Ok(found) => compare("", &found, &case.expected, rel, abs, &mut faults),
                        Err(why) => faults.push(why),
                    }
                    if faults.is_empty() {
                        passed += 1;
                        tally[0] += 1;
                    } else {
                        failed += 1;
                        tally[1] += 1;
                        println!("failed: {} ({}) {}: {}", case.id, case.method, case.options, faults.join("; "));
                    }
                }
            }
        }
    }
    for (method, [p, f, u]) in &methods {
        println!("{method}: {p} agreed, {f} failed, {u} unknown");
    }
    println!("golden: {passed} passed, {failed} failed, {unknown} unknown");
    assert_eq!(failed, 0, "{failed} golden cases disagree");
    assert!(passed > 0, "no golden case was read");
}
