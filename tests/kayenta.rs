//! Does the judge answer as NetflixACAJudge-v1.0 did, request by request?

use serde_json::Value;
use serinus::kayenta::{self, mann_whitney};

const REQUESTS: &str = include_str!("../fixtures/kayenta/kayenta_requests.jsonl");
const ERRORS: &str = include_str!("../fixtures/kayenta/kayenta_errors.jsonl");
const MANN_WHITNEY: &str = include_str!("../fixtures/kayenta/kayenta_mannwhitney.json");

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Everything in `expected` is in `actual`, numbers to 1e-12.
fn same(actual: &Value, expected: &Value, path: &str) {
    match (actual, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{path}: {a} and not {b}");
        }
        (Value::Object(a), Value::Object(b)) => {
            for (key, expected) in b {
                let actual = a.get(key).unwrap_or_else(|| panic!("{path}.{key} is not there"));
                same(actual, expected, &format!("{path}.{key}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}");
            a.iter().zip(b).enumerate().for_each(|(k, (a, b))| same(a, b, &format!("{path}[{k}]")));
        }
        _ => assert_eq!(actual, expected, "{path}"),
    }
}

/// Keys in the same order too.
fn keys(value: &Value) -> String {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| format!("{k}{{{}}}", keys(v))).collect::<Vec<_>>().join(","),
        Value::Array(list) => list.iter().map(keys).collect::<Vec<_>>().join(";"),
        _ => String::new(),
    }
}

#[test]
fn every_recorded_request_gets_the_recorded_answer() {
    let mut judged = 0;
    for case in lines(REQUESTS) {
        let id = case["id"].as_str().unwrap();
        let answer = kayenta::judge(&case["request"]).unwrap_or_else(|e| panic!("{id}: {e}"));
        let expected = &case["response"];
        same(&answer, expected, id);
        if case["nondeterministic"] != true {
            assert_eq!(keys(&answer), keys(expected), "{id}");
            assert_eq!(answer["score"]["score"], expected["score"]["score"], "{id}: scores are rounded, so equal");
        }
        judged += 1;
    }
    assert_eq!(judged, 104);
}

#[test]
fn where_the_original_throws_the_request_is_refused_and_the_cause_named() {
    let causes = [
        ("no groups key", "groups"),
        ("classifier missing", "classifier"),
        ("metric config missing", "could not find metric config for m"),
        ("'nan' lower", "\"nan\""),
        ("raw NaN token", "NaN"),
        ("missing control key", "values.control"),
        ("direction null", "direction"),
        ("critical string", "critical"),
        ("allowedIncrease string", "allowedIncrease"),
        ("allowedIncrease huge int", "allowedIncrease"),
        ("outlierFactor 0", "outlierFactor"),
        ("scoreThresholds missing", "scoreThresholds"),
    ];
    let mut refused = 0;
    for case in lines(ERRORS) {
        let id = case["id"].as_str().unwrap();
        let answer = match case["raw"].as_str() {
            Some(text) => kayenta::Request::from_json(text).and_then(|r| r.judge()).map(|_| ()),
            None => kayenta::judge(&case["request"]).map(|_| ()),
        };
        let message = answer.expect_err(id).to_string();
        let cause = causes.iter().find(|(name, _)| *name == id).unwrap().1;
        assert!(message.contains(cause), "{id}: {message}");
        refused += 1;
    }
    assert_eq!(refused, 12);
}

#[test]
fn every_recorded_interval_comes_out_and_so_does_what_follows_from_it() {
    let file: Value = serde_json::from_str(MANN_WHITNEY).unwrap();
    let list = |v: &Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect() };
    let class = |low: f64, high: f64, estimate: f64| {
        let bound = 0.25 * estimate.abs();
        (low > bound, high < -bound)
    };
    let (mut compared, mut equal_bits) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let answer = mann_whitney::interval(&list(&case["x"]), &list(&case["y"]), case["confLevel"].as_f64().unwrap());
        compared += 1;
        if let Some(message) = case["error"].as_str() {
            assert_eq!(answer.unwrap_err().to_string(), message);
            continue;
        }
        let ours = answer.unwrap();
        let ends = list(&case["confidenceInterval"]);
        let estimate = case["estimate"].as_f64().unwrap();
        let pairs = [(ours.low, ends[0]), (ours.high, ends[1]), (ours.estimate, estimate)];
        for (a, b) in pairs {
            assert!((a - b).abs() <= 1e-12 * b.abs(), "{id}: {a} and not {b}");
        }
        equal_bits += usize::from(pairs.iter().all(|(a, b)| a.to_bits() == b.to_bits() || (*a == 0.0 && *b == 0.0)));
        assert_eq!(class(ours.low, ours.high, ours.estimate), class(ends[0], ends[1], estimate), "{id}");
    }
    println!("{equal_bits} of {compared} to the last bit");
    assert_eq!(compared, file["cases"].as_array().unwrap().len());
}

mod native {
    use serde_json::{Value, json};
    use serinus::kayenta::{judge, judge_native};

    fn request(canary: Value, control: Value, experiment: Value) -> Value {
        json!({
            "canaryConfig": {"metrics": [{"name": "m", "groups": ["g"], "analysisConfigurations": {"canary": canary}}], "classifier": {}},
            "scoreThresholds": {"pass": 95, "marginal": 75},
            "metricSetPairList": [{"name": "m", "id": "1", "tags": {}, "values": {"control": control, "experiment": experiment}}]
        })
    }

    fn label(request: &Value) -> (String, String) {
        let answer = judge_native(request).unwrap();
        let result = &answer["results"][0];
        (result["classification"].as_str().unwrap().into(), result["classificationReason"].as_str().unwrap().into())
    }

    /// Noise of a fixed stream: normal with mean 0 and standard deviation 1.
    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
    }

    fn around(middle: f64, spread: f64, n: usize, seed: u64) -> Vec<f64> {
        noise(n, seed).into_iter().map(|z| middle + spread * z).collect()
    }

    #[test]
    fn a_spread_that_explodes_or_collapses_is_harm_though_the_middle_stays() {
        for (canary, control) in [(10.0, 1.0), (0.1, 1.0)] {
            let request = request(json!({}), json!(around(100.0, control, 60, 1)), json!(around(100.0, canary, 60, 2)));
            assert_eq!(judge(&request).unwrap()["results"][0]["classification"], "Pass");
            let (label, reason) = label(&request);
            assert!(label == "High" || label == "Low", "{label}: {reason}");
            assert_eq!(judge_native(&request).unwrap()["score"]["classification"], "Fail");
        }
    }

    #[test]
    fn seven_high_points_of_ten_are_high_at_any_height() {
        for height in [2.0, 10.0, 100.0, 1000.0] {
            let mut canary = vec![1.0; 10];
            canary[3..].fill(height);
            let request = request(json!({}), json!(vec![1.0; 10]), json!(canary));
            assert_eq!(label(&request).0, "High", "{height}: {}", label(&request).1);
        }
    }

    #[test]
    fn sparse_errors_against_none_are_high() {
        let request = request(json!({"direction": "increase"}), json!([0, 0, 0, 0, 0, 0]), json!([0, 1, 2, 1, 0, 0]));
        assert_eq!(judge(&request).unwrap()["results"][0]["classification"], "Pass");
        assert_eq!(label(&request).0, "High");
    }

    #[test]
    fn errors_without_a_baseline_series_fail_a_critical_metric() {
        let errors = json!([3, 5, 1, 0, 2, 4, 7, 1, 0, 3]);
        let missing = json!(vec!["NaN"; 10]);
        for strategy in ["remove", "replace"] {
            for control in [json!([]), missing.clone(), json!(vec![0; 10])] {
                let canary = json!({"direction": "increase", "critical": true, "nanStrategy": strategy});
                let answer = judge_native(&request(canary, control, errors.clone())).unwrap();
                assert_eq!(answer["results"][0]["classification"], "High", "{strategy}");
                assert_eq!(answer["results"][0]["critical"], true);
                assert_eq!(answer["score"]["score"], 0.0);
            }
        }
    }

    #[test]
    fn outlier_removal_does_not_take_the_errors_away() {
        let mut errors = vec![0.0; 500];
        errors[100..104].fill(40.0);
        let canary = json!({"direction": "increase", "outliers": {"strategy": "remove"}});
        let request = request(canary, json!(vec![0.0; 500]), json!(errors));
        assert_eq!(judge(&request).unwrap()["results"][0]["experimentMetadata"]["stats"]["max"], 0.0);
        let answer = judge_native(&request).unwrap();
        assert_eq!(answer["results"][0]["classification"], "High");
        assert_eq!(answer["results"][0]["experimentMetadata"]["stats"]["max"], 40.0);
    }

    #[test]
    fn a_mean_far_above_the_allowed_increase_is_high() {
        let control = around(10.0, 1.0, 40, 3);
        let mut experiment = around(10.0, 1.0, 40, 4);
        experiment.iter_mut().step_by(4).for_each(|v| *v += 60.0);
        let canary = json!({"direction": "increase", "effectSize": {"allowedIncrease": 1.2}});
        let request = request(canary, json!(control), json!(experiment));
        assert_eq!(judge(&request).unwrap()["results"][0]["classification"], "Pass");
        assert_eq!(label(&request).0, "High", "{}", label(&request).1);
    }

    #[test]
    fn interval_margin_and_reason_stand_beside_every_metric() {
        let canary = json!({"direction": "increase", "effectSize": {"allowedIncrease": 1.1}});
        let request = request(canary, json!(around(100.0, 5.0, 30, 5)), json!(around(117.0, 5.0, 30, 6)));
        let answer = judge_native(&request).unwrap();
        let found = &answer["results"][0]["resultMetadata"];
        assert_eq!(found["outcome"], "fail");
        assert!(found["ratioInterval"]["low"].as_f64().unwrap() > 1.1);
        assert!(found["pHarm"].as_f64().unwrap() < 1e-4);
        let reason = answer["results"][0]["classificationReason"].as_str().unwrap();
        assert!(reason.contains("CI") && reason.contains("margin 10% up") && reason.contains("p = "), "{reason}");
    }

    #[test]
    fn the_verdict_does_not_depend_on_the_unit() {
        for unit in [1.0, 1e-5, 1e-9, 1e6] {
            let scaled = |values: Vec<f64>| json!(values.iter().map(|v| v * unit).collect::<Vec<_>>());
            let high = request(json!({}), scaled(around(10.0, 1.0, 30, 7)), scaled(around(13.5, 1.0, 30, 8)));
            assert_eq!(label(&high).0, "High", "{unit}");
            let same = request(json!({}), scaled(around(10.0, 1.0, 60, 9)), scaled(around(10.0, 1.0, 60, 10)));
            assert_eq!(label(&same).0, "Pass", "{unit}: {}", label(&same).1);
        }
    }

    #[test]
    fn two_against_two_and_one_against_one_are_not_enough_data() {
        for (control, experiment) in [(json!([1.0, 1.41]), json!([10.0, 10.37])), (json!([1.0]), json!([5.0]))] {
            let request = request(json!({}), control, experiment);
            let (label, reason) = label(&request);
            assert_eq!(label, "Nodata");
            assert!(reason.contains("not enough data"), "{reason}");
            let score = judge_native(&request).unwrap()["score"].clone();
            assert_eq!((score["classification"].as_str(), score["score"].as_f64()), (Some("Marginal"), Some(76.0)));
        }
    }

    #[test]
    fn null_is_missing_and_not_zero() {
        let mut control = json!(around(10.0, 0.5, 30, 11));
        for k in 0..10 {
            control[k * 3] = Value::Null;
        }
        let request = request(json!({}), control, json!(around(10.0, 0.5, 30, 12)));
        let answer = judge_native(&request).unwrap();
        assert_eq!(answer["results"][0]["controlMetadata"]["stats"]["count"], 20);
        assert_ne!(answer["results"][0]["classification"], "High");
    }

    #[test]
    fn equal_series_are_rarely_called_harmful() {
        let mut counted = [0, 0];
        for seed in 0..400 {
            let n = [6, 10, 30, 60][seed as usize % 4];
            let request = request(
                json!({}),
                json!(around(50.0, 5.0, n, 2 * seed + 100)),
                json!(around(50.0, 5.0, n, 2 * seed + 101)),
            );
            let (label, _) = label(&request);
            counted[0] += usize::from(label == "High" || label == "Low");
            counted[1] += usize::from(label == "Pass" && n == 60);
        }
        // At most 1 % by design: 4 of 400, with a standard error of 2.
        assert!(counted[0] <= 10, "{counted:?}");
        assert!(counted[1] >= 95, "{counted:?} of 100 healthy canaries with 60 points shown safe");
    }

    #[test]
    fn a_critical_metric_fails_the_canary_alone_only_from_its_critical_increase() {
        let effect = |critical: f64| json!({"critical": true, "effectSize": {"allowedIncrease": 1.1, "criticalIncrease": critical}});
        let (control, experiment) = (json!(around(10.0, 1.0, 30, 13)), json!(around(15.0, 1.0, 30, 14)));
        for (critical, expected) in [(1.2, true), (3.0, false)] {
            let answer = judge_native(&request(effect(critical), control.clone(), experiment.clone())).unwrap();
            assert_eq!(answer["results"][0]["classification"], "High");
            assert_eq!(answer["results"][0]["critical"], expected);
        }
    }

    #[test]
    fn a_slow_series_counts_for_fewer_points() {
        let drift =
            |phase: f64| (0..60).map(|k| 50.0 + 10.0 * ((f64::from(k) / 12.0) + phase).sin()).collect::<Vec<_>>();
        let answer = judge_native(&request(json!({}), json!(drift(0.0)), json!(drift(1.0)))).unwrap();
        let found = &answer["results"][0];
        assert!(found["resultMetadata"]["flags"].as_array().unwrap().contains(&json!("autocorrelated")));
        assert_eq!(found["classification"], "Nodata", "{found}");
    }

    #[test]
    fn the_documented_request_is_judged_by_its_own_settings() {
        let text = include_str!("../fixtures/kayenta/remote_judge_request.json");
        let answer = judge_native(&serde_json::from_str(text).unwrap()).unwrap();
        let latency = &answer["results"][1];
        assert_eq!(latency["classification"], "High", "{latency}");
        assert_eq!(latency["resultMetadata"]["test"], "mean");
        assert!(latency["classificationReason"].as_str().unwrap().contains("margin 5%"));
        assert_eq!(answer["score"]["classification"], "Fail");
        assert!(answer["score"]["score"].as_f64().unwrap() <= 74.0);
    }
}

mod import {
    use serinus::JudgeConfig;
    use serinus::kayenta::import;

    #[test]
    fn every_canary_config_becomes_a_config_that_is_accepted() {
        let configs = [
            include_str!("../fixtures/kayenta/integration-test-cpu.json"),
            include_str!("../fixtures/kayenta/judge-test-config.json"),
            include_str!("../fixtures/kayenta/duplicated-metric-name.json"),
            include_str!("../fixtures/kayenta/remote_judge_request.json"),
        ];
        for text in configs {
            let (config, notes) = import(&serde_json::from_str(text).unwrap()).unwrap();
            let read = JudgeConfig::from_value(&config).unwrap_or_else(|e| panic!("{e}\n{config:#}"));
            assert!(!read.metrics.is_empty() && notes.len() > 2, "{notes:#?}");
        }
        for case in super::lines(super::REQUESTS) {
            let (config, _) = import(&case["request"]).unwrap_or_else(|e| panic!("{}: {e}", case["id"]));
            let read = JudgeConfig::from_value(&config);
            assert!(read.is_ok(), "{}: {}\n{config:#}", case["id"], read.unwrap_err());
        }
    }

    #[test]
    fn a_file_that_is_no_canary_config_is_refused() {
        let answer = serde_json::json!({"status": "success", "data": {"resultType": "matrix", "result": []}});
        let refused = import(&answer).unwrap_err().to_string();
        assert_eq!(refused, "metrics: a canary config lists its metrics there; this file has keys status, data");
        assert!(import(&serde_json::json!({"metrics": 3})).is_err() && import(&serde_json::json!([])).is_err());
    }

    #[test]
    fn roles_margins_groups_and_thresholds_carry_over() {
        let text = include_str!("../fixtures/kayenta/integration-test-cpu.json");
        let (config, notes) = import(&serde_json::from_str(text).unwrap()).unwrap();
        let metric = &config["metrics"][0];
        assert_eq!(metric["column"], "integration_test_cpu");
        assert_eq!(
            (metric["role"].as_str(), metric["direction"].as_str()),
            (Some("critical"), Some("lower_is_better"))
        );
        assert_eq!(config["groups"]["pod-group"], 100.0);
        assert_eq!(
            (config["thresholds"]["pass"].as_f64(), config["thresholds"]["fail"].as_f64()),
            (Some(75.0), Some(50.0))
        );
        assert!(notes.iter().any(|n| n.contains("prometheus")), "{notes:#?}");
    }
}

mod fuzz {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use serinus::kayenta::{Mode, Request, answer, import};

    static CASES: LazyLock<Vec<String>> = LazyLock::new(|| {
        super::lines(super::REQUESTS).map(|c| c["request"].to_string()).filter(|t| t.len() < 2_500).collect()
    });

    /// What every answer has to be, whatever the request was.
    fn acceptable(text: &str) -> Result<(), TestCaseError> {
        for mode in [Mode::Compatible, Mode::Native] {
            let Ok(response) = answer(text, mode) else { continue };
            let value: Value =
                serde_json::from_str(&response).map_err(|e| TestCaseError::fail(format!("{e}: {response}")))?;
            let number =
                |v: &Value| v.is_number() || v.as_str().is_some_and(|s| ["NaN", "Infinity", "-Infinity"].contains(&s));
            prop_assert!(number(&value["score"]["score"]), "{}", response);
            prop_assert!(mode == Mode::Compatible || value["score"]["score"].is_number(), "{}", response);
            prop_assert!(value["score"]["classificationReason"].is_string());
            for result in value["results"].as_array().unwrap() {
                prop_assert!(result["controlMetadata"]["stats"]["count"].is_u64());
                prop_assert!(result["critical"].is_boolean() && result["classification"].is_string());
            }
            prop_assert!(value["groupScores"].as_array().unwrap().iter().all(|g| number(&g["score"])));
        }
        if let Ok(both) = Request::from_json(text).and_then(|r| r.compare()) {
            prop_assert!(!both.to_string().is_empty());
        }
        Ok(())
    }

    /// Every place in a document, as a pointer.
    fn places(value: &Value, at: String, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| places(v, format!("{at}/{k}"), out)),
            Value::Array(list) => {
                list.iter().take(4).enumerate().for_each(|(k, v)| places(v, format!("{at}/{k}"), out))
            }
            _ => {}
        }
        out.push(at);
    }

    fn odd() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            Just("NaN"),
            Just("Infinity"),
            Just("-INF"),
            Just(""),
            Just("7.5"),
            Just("replace"),
            Just("cles"),
            Just("remove")
        ];
        let list = prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), -2.0..2.0f64, any::<f64>()], 0..12);
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|v| json!(v)),
            text.prop_map(Value::from),
            list.prop_map(|l| json!(l)),
            Just(json!({})),
            Just(json!({"serinus": {"margin": {"absolute": 1e300}, "min_samples": 0}})),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_bytes_make_it_panic_or_answer_what_kayenta_could_not_read(
            which in any::<prop::sample::Index>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..6),
        ) {
            let mut bytes = CASES[which.index(CASES.len())].clone().into_bytes();
            for (at, byte, kind) in edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, b"0123456789-.eE\"[]{},:"[byte as usize % 21]),
                    _ => { bytes.remove(at); }
                }
                if bytes.is_empty() {
                    bytes.push(b' ');
                }
            }
            acceptable(&String::from_utf8_lossy(&bytes))?;
        }

        #[test]
        fn no_structure_makes_it_panic_or_answer_what_kayenta_could_not_read(
            which in any::<prop::sample::Index>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), odd()), 1..5),
        ) {
            let mut request: Value = serde_json::from_str(&CASES[which.index(CASES.len())]).unwrap();
            for (at, value) in changes {
                let mut all = Vec::new();
                places(&request, String::new(), &mut all);
                if let Some(place) = request.pointer_mut(&all[at.index(all.len())]) {
                    *place = value;
                }
            }
            acceptable(&request.to_string())?;
            if let Ok((config, _)) = import(&request) {
                prop_assert!(config.is_object());
            }
        }
    }
}
