//! The config: what it accepts, what it refuses and with which words, and that nothing is lost on the way back.

use serde_json::{Value, json};
use serinus::JudgeConfig;
use serinus::config::{Alpha, AsOf, MetricKind, Share, Stratum, TimeUnit, WarmUp, set};

/// Every key of the format at least once.
fn full() -> Value {
    json!({
        "version": 1,
        "data": {
            "arm": {"column": "arm", "baseline": "baseline", "canary": "canary", "ignore": ["rest"]},
            "id": "request_id", "unit": "user_id", "stratum": "stage", "time": {"column": "ts_ms", "unit": "ms"},
            "share": "canary_pct", "segments": ["age_band", "job"],
            "labels": {"arrive": "label_at_ms", "columns": ["label", "converted", "revenue"], "as_of": "last"},
            "warm_up": {"requests": 200},
        },
        "alpha": {"safe": 0.05, "harm": 0.01},
        "correction": "holm",
        "thresholds": {"pass": 95, "fail": 60},
        "policy": {"inconclusive": "hold", "no_data": "hold"},
        "groups": {"reliability": 50, "quality": 30, "latency": 20},
        "seed": 0,
        "metrics": [
            {"name": "error_rate", "type": "proportion", "column": "error", "direction": "lower_is_better",
             "margin": {"absolute": 0.005}, "limit": {"max": 0.02}, "role": "critical", "group": "reliability"},
            {"name": "latency_typical", "type": "distribution", "column": "latency_ms", "direction": "lower_is_better",
             "margin": {"relative": 0.10}, "group": "latency"},
            {"name": "latency_p99", "type": "quantile", "q": 0.99, "column": "latency_ms", "direction": "lower_is_better",
             "where": {"status": 200}, "margin": {"relative": 0.20}, "weight": 2, "group": "latency", "min_samples": 500,
             "segments": false},
            {"name": "slow_requests", "type": "proportion", "column": "latency_ms", "above": 250,
             "direction": "lower_is_better", "margin": {"relative": 0.5}, "group": "latency"},
            {"name": "auc", "type": "auc", "score": "score", "label": "label", "direction": "higher_is_better",
             "margin": {"absolute": 0.02}, "group": "quality"},
            {"name": "revenue", "type": "mean", "column": "revenue", "direction": "higher_is_better",
             "margin": {"relative": 0.05, "absolute": 1, "combine": "both"}, "alpha": 0.02,
             "test": {"kind": "bootstrap", "method": "studentized", "draws": 2000}, "group": "quality",
             "outliers": {"method": "quantile", "factor": 0.999}, "missing": "zero"},
            {"name": "ctr", "type": "ratio", "numerator": "clicks", "denominator": "impressions",
             "direction": "higher_is_better", "margin": {"relative": 0.03}, "group": "quality"},
            {"name": "incidents", "type": "rate", "events": "incidents", "exposure": "seconds",
             "direction": "lower_is_better", "margin": {"relative": 0.5}, "group": "reliability"},
            {"name": "bias", "type": "calibration", "score": "score", "label": "label", "margin": {"absolute": 0.01},
             "group": "quality"},
            {"name": "score_shift", "type": "shift", "column": "score", "max_distance": 0.10, "role": "advisory"},
        ],
        "monitoring": {"alpha_rollback": 0.05, "split": {"metrics": 0.6, "spike": 0.2, "shift": 0.2},
            "alpha_promote": 0.05, "look": {"seconds": 60}, "burn_in": {"rows": 100, "events": 5},
            "min_bake_seconds": 0, "expected_rows": 10000, "watermark_seconds": 0},
    })
}

fn shadow() -> Value {
    json!({
        "version": 1,
        "data": {"time": "ts_ms", "id": "request_id", "segments": ["age_band"],
                 "paired": {"baseline": "baseline_", "canary": "canary_"}},
        "metrics": [
            {"name": "mean_score", "type": "mean", "column": "score", "direction": "either", "margin": {"relative": 0.05}},
            {"name": "agreement", "type": "agreement", "column": "score", "tolerance": 0.2, "min": 0.98, "role": "critical"},
        ],
    })
}

fn messages(value: &Value) -> Vec<String> {
    JudgeConfig::from_value(value).err().map_or_else(Vec::new, |e| e.0.iter().map(ToString::to_string).collect())
}

/// The full config with one key changed; null takes the key away.
fn with(path: &str, value: Value) -> Value {
    changed(full(), path, value)
}

fn changed(mut config: Value, path: &str, value: Value) -> Value {
    set(&mut config, path, value).unwrap();
    config
}

/// (key changed, its new value, beginning of the message, a piece of it)
fn faults() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    vec![
        ("version", Value::Null, "version: missing", "expected 1"),
        ("version", json!(2), "version: 2 is not a version", "write 1"),
        ("version", json!("1"), "version: \"1\" is text", "Take the quotes away"),
        ("metricss", json!([]), "metricss: unknown key `metricss`", "did you mean `metrics`?"),
        ("where", json!({"status": 200}), "where: filters stand on a metric", "never on all data"),
        ("data.where", json!({"status": 200}), "data.where: filters stand on a metric", "never at data level"),
        ("data.untt", json!("user"), "data.untt: unknown key", "did you mean `unit`?"),
        ("data.unit", json!(7), "data.unit: 7 is a number", "Put it in quotes"),
        ("data.unit", json!(false), "data.unit: false is a boolean", "no, off or false"),
        ("data.unit", json!("  "), "data.unit: empty text", "a column name"),
        ("data.segments", json!("job"), "data.segments: \"job\" is text", "a list"),
        ("data.segments", json!(["job", "job"]), "data.segments[1]: `job` stands twice", "take one away"),
        ("data.segments", json!(["arm"]), "data.segments[0]: `arm` is the arm's column", "one arm only"),
        ("data.segments", json!(["user_id"]), "data.segments[0]: `user_id` is the unit", "cannot be judged"),
        ("data.stratum", json!({"seconds": 0}), "data.stratum.seconds: 0 is not in (0, ", "]"),
        ("data.stratum", json!({"seconds": 600, "minutes": 1}), "data.stratum.minutes: unknown key", "seconds"),
        ("data.time", json!({"column": "ts", "unit": "us"}), "data.time.unit: `us` is not known", "ms, s, rfc3339"),
        ("data.time", json!({"unit": "ms"}), "data.time.column: missing", "a column name"),
        ("data.share", json!(100), "data.share: 100 is not in (0, 100)", ""),
        ("data.labels.as_of", json!("soon"), "data.labels.as_of: `soon` is not a moment", "RFC 3339"),
        ("data.labels.columns", json!([]), "data.labels.columns: the list is empty", "a column name"),
        ("data.labels.arrive", Value::Null, "data.labels.arrive: missing", "a column name"),
        (
            "data.warm_up",
            json!({"requests": 200, "seconds": 3}),
            "data.warm_up: expected only one of",
            "requests, seconds",
        ),
        ("data.warm_up", json!({}), "data.warm_up: expected one of", "requests, seconds"),
        ("data.warm_up", json!({"requests": 1.5}), "data.warm_up.requests: 1.5 is not a whole number", "at least 1"),
        ("data.arm.canary", json!("baseline"), "data.arm: baseline and canary are both `baseline`", "different values"),
        ("data.arm.ignore", json!(["canary"]), "data.arm.ignore[0]: `canary` is the value of an arm", ""),
        ("data.arm.ignore", json!([false]), "data.arm.ignore[0]: false is a boolean", "no, off or false"),
        (
            "data.paired",
            json!({"baseline": "b_", "canary": "c_"}),
            "data.paired: a shadow log has both arms",
            "not both",
        ),
        ("alpha", json!(0.5), "alpha: 0.5 is not in (0, 0.5)", ""),
        ("alpha.safe", json!(0), "alpha.safe: 0 is not in (0, 0.5)", ""),
        ("alpha.hram", json!(0.1), "alpha.hram: unknown key", "did you mean `harm`?"),
        ("alpha", json!("0.05"), "alpha: \"0.05\" is text", "Take the quotes away"),
        ("alpha", json!("NaN"), "alpha: NaN is not a number that can be judged by", "expected a number"),
        ("correction", json!("bonferoni"), "correction: `bonferoni` is not known", "did you mean `bonferroni`?"),
        ("correction", json!(true), "correction: true is a boolean", "yes, on or true"),
        ("thresholds", json!({"pass": 60, "fail": 60}), "thresholds: fail is 60 and pass is 60", "below pass"),
        ("thresholds.pass", json!(101), "thresholds.pass: 101 is not in [0, 100]", ""),
        ("policy.inconclusive", json!("ignore"), "policy.inconclusive: `ignore` is not known", "hold, fail, pass"),
        ("groups.latency", json!(40), "groups: the weights sum to 120", "at most 100"),
        ("groups.latency", json!(-1), "groups.latency: -1 is not in [0, 100]", ""),
        ("metrics[0].group", Value::Null, "groups: the weights sum to 100", "`error_rate`"),
        (
            "metrics[0].group",
            json!("latncy"),
            "metrics[0].group: group `latncy` is not among the groups",
            "did you mean `latency`?",
        ),
        ("groups", json!({}), "metrics[0].group: group `reliability` has no weight", "add `groups:"),
        ("seed", json!(-1), "seed: -1 is not a whole number", ""),
        ("seed", json!(1.5), "seed: 1.5 is not a whole number", ""),
        ("metrics", json!([]), "metrics: the list is empty", "a table with `type`"),
        ("metrics", Value::Null, "metrics: missing", "a list"),
        ("metrics", json!({"name": "a"}), "metrics: a table beginning with `name`", "expected a list"),
        ("metrics[1]", json!(3), "metrics[1]: 3 is a number", "a table with `type`"),
        ("metrics[0].name", json!(404), "metrics[0].name: 404 is a number", "\"404\""),
        ("metrics[0].name", json!(false), "metrics[0].name: false is a boolean", "no, off or false"),
        (
            "metrics[1].name",
            json!("error_rate"),
            "metrics[1].name: `error_rate` is also the name of metrics[0]",
            "unique",
        ),
        ("metrics[0].type", json!("proporton"), "metrics[0].type: `proporton` is not a known type", "`proportion`?"),
        ("metrics[0].type", Value::Null, "metrics[0].type: missing", "quantile"),
        ("metrics[0].direction", Value::Null, "metrics[0].direction: missing", "lower_is_better"),
        (
            "metrics[0].direction",
            json!("incresae"),
            "metrics[0].direction: `incresae` is not known",
            "higher_is_better",
        ),
        ("metrics[0].q", json!(0.5), "metrics[0].q: `q` is a key of type quantile", "type proportion does not have it"),
        ("metrics[2].q", Value::Null, "metrics[2].q: missing", "(0, 1)"),
        ("metrics[2].q", json!(99), "metrics[2].q: 99 is not in (0, 1)", ""),
        ("metrics[1].margin", Value::Null, "metrics[1]: nothing to judge by", "a limit"),
        ("metrics[1].margin", json!({}), "metrics[1].margin: expected one of relative, absolute", ""),
        ("metrics[1].margin", json!(0.05), "metrics[1].margin: 0.05 is a bare number", "{relative: 0.05}"),
        ("metrics[1].margin.relative", json!(-0.1), "metrics[1].margin.relative: -0.1 is not in [0, ", ""),
        ("metrics[0].margin.absolute", json!(1e300), "metrics[0].margin.absolute: 1e300 is not in [0, 1e100]", ""),
        ("metrics[0].margin.absolute", json!(5), "metrics[0].margin.absolute: 5 is not in [0, 1)", "percentage point"),
        ("metrics[6].margin.relative", json!(1), "metrics[6].margin.relative: 1 is not in [0, 1)", "5 %"),
        (
            "metrics[8].margin.relative",
            json!(0.1),
            "metrics[8].margin.relative: calibration is a difference",
            "absolute",
        ),
        ("metrics[0].limit", json!(0.02), "metrics[0].limit: 0.02 is a bare number", "{max: 0.02}"),
        (
            "metrics[0].limit",
            json!({"max": 0.1, "min": 0.2}),
            "metrics[0].limit: min is 0.2 and max is 0.1",
            "below max",
        ),
        ("metrics[0].limit", json!({"max": 2}), "metrics[0].limit.max: 2 can never be reached", "between 0 and 1"),
        ("metrics[7].limit", json!({"min": -1}), "metrics[7].limit.min: -1 can never be reached", "never negative"),
        ("metrics[0].above", json!(1), "", ""),
        ("metrics[3].below", json!(1), "metrics[3]: an event is `above` one number", "only one"),
        (
            "metrics[0].marign",
            json!({"absolute": 1}),
            "metrics[0].marign: unknown key `marign`",
            "did you mean `margin`?",
        ),
        ("metrics[0].weight", json!(-2), "metrics[0].weight: -2 is not in [0, 1000000]", ""),
        ("metrics[0].role", json!("citical"), "metrics[0].role: `citical` is not known", "did you mean `critical`?"),
        ("metrics[0].where", json!({}), "metrics[0].where: empty", "column names"),
        ("metrics[0].where", json!({"status": [200]}), "metrics[0].where.status: a list of 1", "a boolean"),
        (
            "metrics[0].where",
            json!({"arm": "canary"}),
            "metrics[0].where: a filter on the arm's column",
            "empty an arm",
        ),
        ("metrics[0].missing", json!("mean"), "metrics[0].missing: `mean` is not known", "drop, fail, zero"),
        ("metrics[0].segments", json!("no"), "metrics[0].segments: \"no\" is text", "true or false"),
        ("metrics[0].min_samples", json!("many"), "metrics[0].min_samples: \"many\" is text", "a whole number"),
        ("metrics[0].outliers", json!({"method": "iqr"}), "metrics[0].outliers: `outliers` is a key of type mean", ""),
        ("metrics[5].outliers", json!({"method": "iqrr"}), "metrics[5].outliers.method: `iqrr`", "did you mean `iqr`?"),
        ("metrics[5].outliers.factor", json!(1.5), "metrics[5].outliers.factor: 1.5 is not in (0.5, 1)", "0.999"),
        ("metrics[5].test.kind", json!("welsh"), "metrics[5].test.kind: `welsh` is not a known kind", "`welch`?"),
        ("metrics[5].test.draws", json!(3), "metrics[5].test.draws: 3 is not a whole number of at least 100", ""),
        ("metrics[5].test.metod", json!("bca"), "metrics[5].test.metod: unknown key", "did you mean `method`?"),
        ("metrics[5].test", json!("welch"), "metrics[5].test: \"welch\" is text", "a table with `kind`"),
        ("metrics[5].test", json!({"kind": "delong"}), "metrics[5].test.kind: delong does not test a mean", "welch"),
        ("metrics[5].test", json!({"kind": "paired_t"}), "metrics[5].test.kind: paired_t needs pairs", "welch"),
        ("metrics[9].max_distance", Value::Null, "metrics[9].max_distance: missing", "a number"),
        ("metrics[9].margin", json!({"absolute": 0.1}), "metrics[9].margin: `margin` is a key of type", "shift"),
        ("monitoring.split.metrics", json!(0.9), "monitoring.split: the shares sum to 1.3", "at most 1"),
        ("monitoring.look", json!({"minutes": 1}), "monitoring.look.minutes: unknown key", "seconds, requests"),
        ("data", json!([]), "data: a list of 0 stands here", "a table of arm"),
        ("data.id", json!({"a": null}), "data.id: a table beginning with `a`", "a column name"),
    ]
}

#[test]
fn each_fault_is_named_by_place_value_and_way_out() {
    for (path, value, start, piece) in faults() {
        let found = messages(&with(path, value.clone()));
        if start.is_empty() {
            assert_eq!(found, [] as [String; 0], "{path} = {value}");
            continue;
        }
        let fits = |m: &&String| m.starts_with(start) && m.contains(piece);
        assert!(found.iter().any(|m| fits(&m)), "{path} = {value} gives {found:#?}");
    }
}

#[test]
fn one_mistake_makes_one_message() {
    // These have several by nature: each metric of a vanished group, and what hangs on a key that is gone.
    let several = ["groups", "metrics", "metrics[9].margin", "data.paired"];
    for (path, value, start, _) in faults().into_iter().filter(|f| !several.contains(&f.0) && !f.2.is_empty()) {
        let found = messages(&with(path, value.clone()));
        assert_eq!(found.len(), 1, "{path} = {value} ({start}) gives {found:#?}");
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut config = full();
    for (path, value) in [
        ("metrics[0].marign", json!(1)),
        ("metrics[2].margin.relative", json!(-1)),
        ("metrics[5].group", json!("qualty")),
        ("alpha.safe", json!(0.7)),
        ("thresholds", json!({"pass": 10, "fail": 20})),
        ("data.unit", json!(false)),
        ("seed", json!("x")),
        ("version", Value::Null),
    ] {
        set(&mut config, path, value).unwrap();
    }
    assert_eq!(messages(&config).len(), 8, "{:#?}", messages(&config));
}

#[test]
fn rules_between_the_data_keys_name_what_is_missing() {
    let mut config = with("data.time", Value::Null);
    config["data"]["stratum"] = json!({"seconds": 600});
    let found = messages(&config);
    assert_eq!(found.len(), 3, "{found:#?}");
    for start in ["data.stratum: time blocks need", "data.labels: late labels need", "data.warm_up: a warm-up needs"] {
        assert!(found.iter().any(|m| m.starts_with(start) && m.contains("add `time: COLUMN`")), "{start}");
    }
    let agreement = changed(shadow(), "data.paired", Value::Null);
    assert!(messages(&agreement)[0].starts_with("metrics[1].type: agreement compares both arms' answers"));
    let welch = changed(shadow(), "metrics[0].test", json!({"kind": "welch"}));
    assert!(messages(&welch)[0].contains("ignore the pairs"));
    let share = changed(shadow(), "data.share", json!(10));
    assert!(messages(&share)[0].starts_with("data.share: a shadow log has no traffic share"));
}

#[test]
fn what_is_no_table_at_all_is_refused() {
    for value in [Value::Null, json!([]), json!("version: 1"), json!(1), json!(true)] {
        let found = messages(&value);
        assert_eq!(found.len(), 1, "{value}");
        assert!(found[0].starts_with("config: "), "{found:?}");
    }
}

#[test]
fn short_forms_mean_what_they_say() {
    let config = json!({
        "version": 1, "alpha": 0.02,
        "data": {"arm": {"baseline": 0, "canary": 1}, "time": "ts", "stratum": {"seconds": 600}, "share": 10.5,
                 "warm_up": {"seconds": 60}, "labels": {"arrive": "at", "columns": ["y"], "as_of": "1970-01-01T00:00:01Z"}},
        "metrics": [{"name": "a", "type": "mean", "column": "x", "direction": "either", "margin": {"absolute": 1},
                     "alpha": {"harm": 0.001}}],
    });
    let config = JudgeConfig::from_value(&config).unwrap();
    assert_eq!(config.alpha, Alpha { safe: 0.02, harm: 0.02 });
    assert_eq!(config.metrics[0].alpha, Some(Alpha { safe: 0.02, harm: 0.001 }));
    let data = config.data;
    let arm = data.arm.unwrap();
    assert_eq!((arm.column.as_str(), arm.values.baseline.as_str(), arm.values.canary.as_str()), ("arm", "0", "1"));
    assert_eq!(data.time.unwrap().unit, TimeUnit::Ms);
    assert_eq!(data.stratum, Some(Stratum::Seconds(600.0)));
    assert_eq!(data.share, Some(Share::Percent(10.5)));
    assert_eq!(data.warm_up, Some(WarmUp::Seconds(60.0)));
    assert_eq!(data.labels.unwrap().as_of, AsOf::At(1000.0));
    assert_eq!(config.correction, serinus::config::Correction::Holm);
}

#[test]
fn the_way_back_loses_nothing() {
    for value in [full(), shadow()] {
        let config = JudgeConfig::from_value(&value).unwrap();
        let back = config.to_value();
        assert_eq!(JudgeConfig::from_value(&back).unwrap(), config);
        assert_eq!(JudgeConfig::from_value(&back).unwrap().to_value(), back);
        config.check().unwrap();
    }
}

#[test]
fn a_hand_built_config_is_held_to_the_same_rules() {
    let mut config = JudgeConfig::from_value(&full()).unwrap();
    config.alpha.safe = f64::NAN;
    config.metrics[2].kind = MetricKind::Quantile { column: "latency_ms".into(), q: 1.5 };
    config.metrics[1].margin = None;
    config.metrics[3].name = "error_rate".into();
    let found: Vec<String> = config.check().unwrap_err().0.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[0].starts_with("alpha.safe: NaN is not a number"), "{found:#?}");
    assert!(found[1].starts_with("metrics[2].q: 1.5 is not in (0, 1)"), "{found:#?}");
}

#[test]
fn the_digest_sees_what_is_said_and_not_how() {
    let config = JudgeConfig::from_value(&full()).unwrap();
    let digest = config.digest();
    assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()));
    let mut turned = config.clone();
    turned.metrics.reverse();
    turned.groups.reverse();
    assert_eq!(turned.digest(), digest);
    assert_eq!(JudgeConfig::from_value(&with("metrics[2].where", json!({"status": 200.0}))).unwrap().digest(), digest);
    assert_eq!(JudgeConfig::from_value(&with("seed", Value::Null)).unwrap().digest(), digest);
    for (path, value) in [("seed", json!(1)), ("metrics[0].margin.absolute", json!(0.006)), ("data.unit", json!("u"))] {
        assert_ne!(JudgeConfig::from_value(&with(path, value)).unwrap().digest(), digest, "{path}");
    }
}

#[test]
fn columns_are_those_that_the_config_reads() {
    let columns = JudgeConfig::from_value(&full()).unwrap().columns();
    for name in
        ["arm", "request_id", "user_id", "stage", "ts_ms", "canary_pct", "job", "label_at_ms", "status", "clicks"]
    {
        assert!(columns.iter().any(|c| c == name), "{name}");
    }
    assert!(!columns.iter().any(|c| c == "converted"), "no metric reads it");
    let shadow = JudgeConfig::from_value(&shadow()).unwrap();
    assert_eq!(shadow.columns(), ["age_band", "baseline_score", "canary_score", "request_id", "score", "ts_ms"]);
    let available = ["age_band", "baseline_score", "request_id", "ts_ms"];
    let errors = shadow.check_columns(&available, serinus::config::ArmsIn::OneTable).unwrap_err();
    assert_eq!(errors.0.len(), 2, "{errors}");
    assert!(errors.to_string().contains("have column `baseline_score` but not `canary_score`"), "{errors}");
}

#[test]
fn ten_thousand_metrics_are_read_in_reasonable_time() {
    let metric = |i: usize| json!({"name": format!("m{i}"), "type": "mean", "column": "x", "direction": "either", "margin": {"absolute": 1}});
    let mut config = json!({"version": 1, "metrics": (0..10_000).map(metric).collect::<Vec<_>>()});
    assert_eq!(JudgeConfig::from_value(&config).unwrap().metrics.len(), 10_000);
    for metric in config["metrics"].as_array_mut().unwrap() {
        metric["weight"] = json!(-1);
        metric["margin"] = json!({});
    }
    assert_eq!(messages(&config).len(), 20_000);
}

#[cfg(feature = "schema")]
mod schema {
    use super::*;

    /// The keywords that our schemas use, and no more: an unknown one is a fault of the test.
    fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
        let number = |s: &Value| s.as_f64().unwrap();
        schema.as_object().unwrap().iter().all(|(keyword, want)| match keyword.as_str() {
            "type" => {
                let is = |t: &Value| match t.as_str().unwrap() {
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.as_f64().is_some_and(|v| v.fract() == 0.0),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("{other}"),
                };
                want.as_array().map_or_else(|| is(want), |types| types.iter().any(is))
            }
            "const" => want == value || want.as_f64().zip(value.as_f64()).is_some_and(|(a, b)| a == b),
            "enum" => want.as_array().unwrap().contains(value),
            "minLength" => value.as_str().is_none_or(|s| s.chars().count() as f64 >= number(want)),
            "pattern" if want == "\\S" => value.as_str().is_none_or(|s| !s.trim().is_empty()),
            "pattern" => value.as_str().is_none_or(|s| s.is_empty() || s.len() == 64),
            "minimum" => value.as_f64().is_none_or(|v| v >= number(want)),
            "maximum" => value.as_f64().is_none_or(|v| v <= number(want)),
            "exclusiveMinimum" => value.as_f64().is_none_or(|v| v > number(want)),
            "exclusiveMaximum" => value.as_f64().is_none_or(|v| v < number(want)),
            "items" => value.as_array().is_none_or(|list| list.iter().all(|v| fits(v, want, root))),
            "minItems" => value.as_array().is_none_or(|list| list.len() as f64 >= number(want)),
            "minProperties" => value.as_object().is_none_or(|map| map.len() as f64 >= number(want)),
            "properties" => value
                .as_object()
                .is_none_or(|map| map.iter().all(|(k, v)| want.get(k).is_none_or(|s| fits(v, s, root)))),
            "required" => value
                .as_object()
                .is_none_or(|m| want.as_array().unwrap().iter().all(|k| m.contains_key(k.as_str().unwrap()))),
            "additionalProperties" => value.as_object().is_none_or(|map| {
                let others = map.iter().filter(|(k, _)| schema["properties"].get(k).is_none());
                if want == false { others.count() == 0 } else { others.map(|(_, v)| v).all(|v| fits(v, want, root)) }
            }),
            "anyOf" => want.as_array().unwrap().iter().any(|s| fits(value, s, root)),
            "oneOf" => want.as_array().unwrap().iter().filter(|s| fits(value, s, root)).count() == 1,
            "$ref" => fits(value, root.pointer(want.as_str().unwrap().trim_start_matches('#')).unwrap(), root),
            "$defs" | "$id" | "$schema" | "title" | "description" => true,
            other => panic!("{other} is not a keyword that this test knows"),
        })
    }

    #[test]
    fn the_schema_accepts_what_the_reader_accepts() {
        let schema = serinus::config::config_schema();
        for value in [full(), shadow()] {
            assert!(fits(&value, &schema, &schema));
            let after_defaults = JudgeConfig::from_value(&value).unwrap().to_value();
            assert!(fits(&after_defaults, &schema, &schema));
        }
    }

    #[test]
    fn the_schema_refuses_what_a_single_key_gets_wrong() {
        let schema = serinus::config::config_schema();
        // Rules between keys and words inside texts are the reader's alone.
        let between = [
            "stands twice",
            "`arm` is the arm's column",
            "is the unit",
            "is not a moment",
            "are both `baseline`",
            "is the value of an arm",
            "both arms",
            "fail is 60",
            "sum to",
            "among the groups",
            "has no weight",
            "is also the name",
            "nothing to judge by",
            "percentage point",
            "[0, 1)",
            "calibration is",
            "min is",
            "can never",
            "an event is",
            "empty an arm",
            "(0.5, 1)",
            "does not test",
            "needs pairs",
        ];
        for (path, value, start, _) in faults() {
            let config = with(path, value);
            let found = messages(&config);
            let by_rule = found.iter().all(|m| between.iter().any(|b| m.contains(b)));
            assert_eq!(fits(&config, &schema, &schema), by_rule, "{start}: {found:?}");
        }
    }

    #[test]
    fn the_committed_schemas_are_current() {
        let schemas = [
            ("config", serinus::config::config_schema()),
            ("judgement", serinus::config::judgement_schema()),
            ("rollout", serinus::config::rollout_schema()),
        ];
        for (name, schema) in schemas {
            let path = format!("{}/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
            if std::env::var_os("SERINUS_UPDATE_SCHEMA").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == text,
                "schema/{name}.json is out of date; run SERINUS_UPDATE_SCHEMA=1 cargo test --features schema --test config"
            );
        }
    }

    #[test]
    fn the_rollout_schema_accepts_a_whole_rollout() {
        let schema = serinus::config::rollout_schema();
        let rollout = json!({
            "version": 1, "strategy": "canary", "stages": [{"percent": 5, "min_seconds": 600, "min_samples": 500}],
            "look_every": {"requests": 500}, "advance": "auto",
            "on": {"hold": {"deadline_seconds": 3600, "then": "rollback"}, "no_data": "hold", "stale_seconds": 300},
            "limits": {"failures": 0, "consecutive_failures": 0, "consecutive_passes": 1},
            "final_bake_seconds": 0, "cool_down_seconds": 0,
        });
        assert!(fits(&rollout, &schema, &schema));
        assert!(!fits(&changed(rollout, "stages[0].percnt", json!(5)), &schema, &schema));
    }
}
