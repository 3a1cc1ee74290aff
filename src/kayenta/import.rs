//! A canary config of Kayenta's, as a config of this library.

use serde_json::{Map, Value, json};

use super::error::KayentaError;
use super::json::Json;
use super::settings::{Deviation, EffectMeasure, MetricSettings, NanStrategy};

/// Margin written where the canary config states none.
const MARGIN: f64 = 0.25;
/// Largest relative margin of a config.
const MOST: f64 = 0.99;

/// Turns a canary config into a config of this library, with notes on what changes and why.
///
/// Kayenta compares series of aggregated points that it fetches by the queries in its config; this library judges requests,
/// one a row, by columns. Names, groups, weights, roles, directions and margins carry over; the columns are guesses to be
/// checked, and each note says what else to look at. The result is always a config that is accepted as it stands.
///
/// ```
/// let canary_config = serde_json::json!({
///     "name": "ranker",
///     "metrics": [{"name": "latency", "groups": ["speed"], "analysisConfigurations": {"canary": {
///         "direction": "increase", "critical": true, "effectSize": {"allowedIncrease": 1.1}}}}],
///     "classifier": {"groupWeights": {"speed": 100}, "scoreThresholds": {"pass": 95, "marginal": 75}}
/// });
/// let (config, notes) = serinus::kayenta::import(&canary_config)?;
/// assert_eq!(config["metrics"][0]["direction"], "lower_is_better");
/// assert_eq!(config["metrics"][0]["role"], "critical");
/// assert!(serinus::JudgeConfig::from_value(&config).is_ok());
/// assert!(!notes.is_empty());
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
///
/// # Errors
/// There is no list of metrics: the file is something else, such as an answer of a metric store.
pub fn import(canary_config: &Value) -> Result<(Value, Vec<String>), KayentaError> {
    // A stored request holds the config one level down.
    let canary_config = canary_config.get("canaryConfig").unwrap_or(canary_config);
    let list = match canary_config.get("metrics") {
        Some(Value::Array(list)) => list.as_slice(),
        None => return Err(KayentaError::NoCanaryConfig { found: outline(canary_config) }),
        Some(other) => return Err(KayentaError::ill_typed("metrics", other.to_string(), "a list of metrics")),
    };
    let mut notes = vec![
        "Kayenta compares points that it fetches, one a minute; this library judges requests, one a row: check every column".to_string(),
        "Kayenta passes a metric unless a change is shown; here a metric passes when it is shown to be inside its margin, and otherwise the canary holds (policy.inconclusive: pass is Kayenta's habit)".to_string(),
    ];
    let mut metrics: Vec<Imported> = Vec::new();
    for (index, metric) in list.iter().enumerate() {
        let name = match metric["name"].as_str() {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => format!("metric_{index}"),
        };
        if metrics.iter().any(|m| m.name == name) {
            notes.push(format!("{name}: named twice; Kayenta uses the first and so does this config"));
            continue;
        }
        metrics.push(import_metric(metric, index, name, &mut notes));
    }
    if metrics.is_empty() {
        notes.push("the canary config has no metrics; add them to metrics".into());
    }
    let groups = groups(canary_config, &mut metrics, &mut notes);
    let mut config = Map::new();
    config.insert("version".into(), json!(1));
    config.insert("data".into(), json!({"arm": {"column": "arm", "baseline": "baseline", "canary": "canary"}}));
    config.insert("thresholds".into(), thresholds(canary_config, &mut notes));
    if !groups.is_empty() {
        config.insert("groups".into(), Value::Object(groups));
    }
    config.insert("metrics".into(), Value::Array(metrics.into_iter().map(|m| Value::Object(m.config)).collect()));
    Ok((Value::Object(config), notes))
}

/// What a JSON value is, in a few words.
fn outline(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "an empty object".into(),
        Value::Object(map) => format!("keys {}", map.keys().take(5).map(String::as_str).collect::<Vec<_>>().join(", ")),
        Value::Array(_) => "a list".into(),
        _ => "a single value".into(),
    }
}

struct Imported {
    name: String,
    group: Option<String>,
    config: Map<String, Value>,
}

fn import_metric(metric: &Value, index: usize, name: String, notes: &mut Vec<String>) -> Imported {
    let mut note = |text: String| notes.push(format!("{name}: {text}"));
    if metric.get("extensions").is_some() {
        note("extensions is an old key that Kayenta no longer reads; analysisConfigurations is".into());
    }
    let analysis = Json::from_value(&metric["analysisConfigurations"]);
    let place = format!("metrics[{index}]");
    let settings = MetricSettings::read(Some(&analysis), &place).unwrap_or_else(|fault| {
        note(format!("Kayenta would refuse these settings, defaults are taken: {fault}"));
        MetricSettings::read(None, &place).expect("defaults are settings")
    });

    let mut config = Map::new();
    config.insert("name".into(), json!(name));
    let mean = settings.measure == EffectMeasure::MeanRatio && (settings.stated[0] || settings.stated[1]);
    config.insert("type".into(), json!(if mean { "mean" } else { "distribution" }));
    let source = metric["query"]["metricName"].as_str().unwrap_or(&name);
    config.insert("column".into(), json!(column(source)));
    if let Some(kind) = metric["query"]["type"].as_str() {
        let column = column(source);
        note(format!("the {kind} query is not carried over; {column} has to be a column of the request log"));
    }
    config.insert(
        "direction".into(),
        json!(match settings.direction {
            Deviation::Increase => "lower_is_better",
            Deviation::Decrease => "higher_is_better",
            Deviation::Either => "either",
        }),
    );
    config.insert("margin".into(), json!({"relative": margin(&settings, &mut note)}));
    if settings.muted {
        note("muted becomes the role advisory: reported, and deciding nothing".into());
        config.insert("role".into(), json!("advisory"));
    } else if settings.critical {
        config.insert("role".into(), json!("critical"));
        if settings.stated[2] || settings.stated[3] {
            note(
                "criticalIncrease and criticalDecrease have no counterpart: a critical metric fails at its margin"
                    .into(),
            );
        }
    }
    if settings.nan_strategy == NanStrategy::Replace {
        config.insert("missing".into(), json!("zero"));
    }
    if settings.outlier_factor.is_some() {
        note("outliers are kept: removing them on each side hides a canary whose tail got worse".into());
    }
    if settings.must_have_data {
        note("mustHaveData: a metric without data holds; policy.no_data: fail makes it fail".into());
    }
    let named: Vec<&str> = metric["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if named.len() > 1 {
        note(format!("a metric has one group here; of {} the first is taken", named.join(", ")));
    }
    Imported { group: named.first().map(|g| g.to_string()), name, config }
}

/// The margin that `effectSize` states. Kayenta asks the estimate to reach it, this library asks a test.
fn margin(settings: &MetricSettings, note: &mut impl FnMut(String)) -> f64 {
    let default = |note: &mut dyn FnMut(String), why: &str| {
        note(format!("{why}; a margin of {}% is written, set how much worse is acceptable", 100.0 * MARGIN));
        MARGIN
    };
    if settings.measure == EffectMeasure::Cles {
        return default(note, "thresholds of cles are probabilities and not shares of the baseline");
    }
    let up = (settings.allowed_increase > 1.0).then_some(settings.allowed_increase - 1.0);
    let down =
        (settings.allowed_decrease < 1.0 && settings.allowed_decrease > 0.0).then_some(1.0 - settings.allowed_decrease);
    let found = match settings.direction {
        Deviation::Increase => up,
        Deviation::Decrease => down,
        Deviation::Either => {
            match (up, down) {
                (Some(up), Some(down)) if (up - down).abs() > 1e-9 => {
                    note("one margin serves both directions; the smaller of allowedIncrease and allowedDecrease is taken".into());
                    Some(up.min(down))
                }
                (up, down) => up.or(down),
            }
        }
    };
    match found {
        Some(margin) if margin > MOST => {
            note(format!(
                "an allowed change of {}% is more than a margin can be; {}% is written",
                100.0 * margin,
                100.0 * MOST
            ));
            MOST
        }
        // 1.1 - 1 is not 0.1 in binary.
        Some(margin) => (margin * 1e12).round() / 1e12,
        None => default(note, "Kayenta's config states no allowed change"),
    }
}

/// Explicit weights: Kayenta's own rule for groups without one, applied once.
fn groups(canary_config: &Value, metrics: &mut [Imported], notes: &mut Vec<String>) -> Map<String, Value> {
    let given = canary_config["classifier"]["groupWeights"].as_object();
    let weight = |group: &str| given.and_then(|g| g.get(group)).and_then(Value::as_f64);
    let weighs = |m: &Imported| m.config.get("role") != Some(&json!("advisory"));
    let mut names: Vec<String> = Vec::new();
    for group in metrics.iter().filter(|m| weighs(m)).filter_map(|m| m.group.clone()) {
        if !names.contains(&group) {
            names.push(group);
        }
    }
    for (group, _) in given.into_iter().flatten().filter(|(g, _)| !names.contains(*g)) {
        notes.push(format!("groupWeights.{group}: no scored metric is in this group, its weight is dropped"));
    }
    let sum: f64 = given.into_iter().flatten().filter_map(|(_, w)| w.as_f64()).sum();
    let unweighted = names.iter().filter(|g| weight(g).is_none()).count();
    let rest = (100.0 - sum).max(0.0) / unweighted.max(1) as f64;
    let mut weights: Vec<f64> = names.iter().map(|g| weight(g).map_or(rest, |w| w.max(0.0))).collect();
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        weights.fill(1.0);
    }
    let total: f64 = weights.iter().sum();
    if !names.is_empty() && (total - 100.0).abs() > 1e-6 && given.is_some_and(|g| !g.is_empty()) {
        notes.push(format!(
            "group weights sum to {total} and not to 100; they are scaled, Kayenta uses them as they are"
        ));
    }
    for metric in metrics.iter_mut() {
        match metric.group.take().filter(|g| names.contains(g)) {
            Some(group) => {
                metric.config.insert("group".into(), json!(group));
            }
            None if !names.is_empty() && weighs(metric) => {
                notes.push(format!("{}: without a group it is not scored, as in Kayenta", metric.name));
                metric.config.insert("weight".into(), json!(0));
            }
            None => {}
        }
    }
    // Rounded down to eight decimals, so that the sum never passes 100.
    let scaled = |w: f64| (w / total * 100.0 * 1e8).floor() / 1e8;
    names.into_iter().zip(weights).map(|(g, w)| (g, json!(scaled(w)))).collect()
}

fn thresholds(canary_config: &Value, notes: &mut Vec<String>) -> Value {
    let given = &canary_config["classifier"]["scoreThresholds"];
    let number = |key: &str| given[key].as_f64().filter(|v| (0.0..=100.0).contains(v));
    match (number("pass"), number("marginal")) {
        (Some(pass), Some(fail)) if fail < pass => {
            notes.push(format!("thresholds: marginal {fail} becomes fail: a best score at or below it rolls back"));
            json!({"pass": pass, "fail": fail})
        }
        _ => {
            notes.push("thresholds: Kayenta takes them from the execution; 95 and 60 are written".into());
            json!({"pass": 95.0, "fail": 60.0})
        }
    }
}

/// A column name from a metric's: lower case, with underscores.
fn column(name: &str) -> String {
    let mut column = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            column.extend(c.to_lowercase());
        } else if !column.is_empty() && !column.ends_with('_') {
            column.push('_');
        }
    }
    let column = column.trim_end_matches('_');
    if column.is_empty() { "value".into() } else { column.into() }
}
