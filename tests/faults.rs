//! Faults as a user meets them: the whole command, its message and its exit code.
#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const CONFIG: &str = "version: 1
data: {arm: {column: arm}}
metrics:
  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.02}, role: critical}
  - {name: cost, type: mean, column: cost, direction: lower_is_better, margin: {absolute: 5}}
";

const GOOD: &str = "arm,error,cost\nbaseline,0,1.5\ncanary,1,2.5\n";

fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn serinus(place: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_serinus")).current_dir(place).args(arguments).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(!talk.contains("panicked"), "{arguments:?}: {talk}");
    output
}

/// A log with `rows` rows an arm, whose cells are made of the row's number and arm.
fn log(rows: usize, cells: impl Fn(usize, bool) -> (String, String)) -> String {
    let mut text = "arm,error,cost\n".to_owned();
    for i in 0..rows {
        for canary in [false, true] {
            let (error, cost) = cells(i, canary);
            text.push_str(&format!("{},{error},{cost}\n", if canary { "canary" } else { "baseline" }));
        }
    }
    text
}

#[test]
fn each_fault_is_exit_code_2_and_a_message_that_names_it() {
    let config = |data: &str, metrics: &str| format!("version: 1\ndata: {data}\nmetrics:\n{metrics}");
    let errors =
        "  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.02}}\n";
    let arm = "{arm: {column: arm}}";
    let deep_yaml = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep_rows = format!("{{\"arm\": {}1{}}}\n", "[".repeat(20_000), "]".repeat(20_000));
    let gzip: Vec<u8> = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0][..], &[0; 40]].concat();
    let cases: Vec<(&str, String, &str, Vec<u8>, Vec<&str>)> = vec![
        ("an empty config", String::new(), "d.csv", GOOD.into(), vec!["c.yaml"]),
        ("a config that is a list", "- 1\n".into(), "d.csv", GOOD.into(), vec!["c.yaml"]),
        ("a config that nests without end", deep_yaml, "d.csv", GOOD.into(), vec!["c.yaml"]),
        ("no metrics", "version: 1\nmetrics: []\n".into(), "d.csv", GOOD.into(), vec!["metrics"]),
        ("an unknown key", format!("{CONFIG}segment: [x]\n"), "d.csv", GOOD.into(), vec!["segment", "unknown"]),
        ("another version", CONFIG.replace("version: 1", "version: 7"), "d.csv", GOOD.into(), vec!["version", "7"]),
        (
            "a margin below zero",
            CONFIG.replace("0.02", "-0.02"),
            "d.csv",
            GOOD.into(),
            vec!["metrics[0].margin", "-0.02"],
        ),
        ("a margin that is infinite", CONFIG.replace("0.02", ".inf"), "d.csv", GOOD.into(), vec!["metrics[0].margin"]),
        (
            "a margin that is no number",
            CONFIG.replace("0.02", "much"),
            "d.csv",
            GOOD.into(),
            vec!["metrics[0].margin", "much"],
        ),
        (
            "an unknown type",
            CONFIG.replace("proportion", "share"),
            "d.csv",
            GOOD.into(),
            vec!["metrics[0].type", "share"],
        ),
        (
            "an unknown direction",
            CONFIG.replace("lower_is_better", "down"),
            "d.csv",
            GOOD.into(),
            vec!["direction", "down"],
        ),
        ("two metrics of one name", CONFIG.replace("name: cost", "name: errors"), "d.csv", GOOD.into(), vec!["errors"]),
        (
            "no margin and no limit",
            CONFIG.replace(", margin: {absolute: 5}", ""),
            "d.csv",
            GOOD.into(),
            vec!["metrics[1]", "margin"],
        ),
        ("an alpha above one", format!("{CONFIG}alpha: 2\n"), "d.csv", GOOD.into(), vec!["alpha", "2"]),
        ("no arm column in the config", config("{}", errors), "d.csv", GOOD.into(), vec!["arm"]),
        ("an empty file", CONFIG.into(), "d.csv", vec![], vec!["d.csv"]),
        ("a column that is not there", CONFIG.into(), "d.csv", "arm,error\nbaseline,0\n".into(), vec!["cost"]),
        (
            "an arm that nobody knows",
            CONFIG.into(),
            "d.csv",
            "arm,error,cost\nblue,0,1\n".into(),
            vec!["arm", "row 1", "\"blue\"", "data.arm.ignore"],
        ),
        (
            "an arm that is missing",
            CONFIG.into(),
            "d.csv",
            "arm,error,cost\n,0,1\ncanary,0,1\n".into(),
            vec!["arm", "row 1", "a missing value"],
        ),
        (
            "an error of 2",
            CONFIG.into(),
            "d.csv",
            "arm,error,cost\ncanary,2,1\nbaseline,0,1\n".into(),
            vec!["error", "row 1", "2 is not 0 or 1", "above:"],
        ),
        (
            "text among numbers",
            CONFIG.into(),
            "d.csv",
            "arm,error,cost\ncanary,0,1\nbaseline,0,cheap\n".into(),
            vec!["cost", "row 2", "\"cheap\"", "metric cost"],
        ),
        ("a row too long", CONFIG.into(), "d.csv", "arm,error,cost\ncanary,0,1,9\n".into(), vec!["d.csv", "line 2"]),
        ("a row too short", CONFIG.into(), "d.csv", "arm,error,cost\ncanary,0\n".into(), vec!["d.csv", "line 2"]),
        (
            "a header that stands twice",
            CONFIG.into(),
            "d.csv",
            "arm,error,error,cost\ncanary,0,0,1\n".into(),
            vec!["d.csv", "error"],
        ),
        (
            "bytes that are not UTF-8",
            CONFIG.into(),
            "d.csv",
            b"arm,error,cost\n\xff\xfe,0,1\n".to_vec(),
            vec!["d.csv", "UTF-8"],
        ),
        ("gzip called CSV", CONFIG.into(), "d.csv", gzip, vec!["d.csv", "gzip"]),
        ("NDJSON called Parquet", CONFIG.into(), "d.parquet", b"{\"arm\": 1}\n".to_vec(), vec!["d.parquet"]),
        ("Parquet cut short", CONFIG.into(), "d.parquet", b"PAR1\x15\x04".to_vec(), vec!["d.parquet"]),
        ("a suffix that tells nothing", CONFIG.into(), "d.dat", GOOD.into(), vec!["d.dat", "--input-format"]),
        ("JSON that nests without end", CONFIG.into(), "d.ndjson", deep_rows.into(), vec!["d.ndjson", "line 1"]),
        (
            "JSON that breaks off",
            CONFIG.into(),
            "d.ndjson",
            b"{\"arm\": \"canary\", \"error\"\n".to_vec(),
            vec!["d.ndjson", "line 1"],
        ),
        (
            "a label of 3",
            config(
                arm,
                "  - {name: auc, type: auc, score: cost, label: error, direction: higher_is_better, margin: {absolute: 0.05}}\n",
            ),
            "d.csv",
            "arm,error,cost\ncanary,3,1\nbaseline,0,1\n".into(),
            vec!["error", "row 1", "3 is not 0 or 1", "metric auc"],
        ),
        (
            "a denominator below zero",
            config(
                arm,
                "  - {name: ctr, type: ratio, numerator: error, denominator: cost, direction: higher_is_better, margin: {absolute: 0.05}}\n",
            ),
            "d.csv",
            "arm,error,cost\ncanary,1,-1\nbaseline,0,1\n".into(),
            vec!["cost", "row 1", "-1 is not zero or more"],
        ),
        (
            "a share above 100",
            config("{arm: {column: arm}, share: cost}", errors),
            "d.csv",
            "arm,error,cost\ncanary,1,101\nbaseline,0,1\n".into(),
            vec!["cost", "row 1", "101", "percent"],
        ),
        (
            "a share of nothing",
            config("{arm: {column: arm}, share: cost}", errors),
            "d.csv",
            "arm,error,cost\ncanary,1,\nbaseline,0,1\n".into(),
            vec!["cost", "row 1", "percent"],
        ),
        (
            "a time that is none",
            config("{arm: {column: arm}, time: {column: cost, unit: rfc3339}, warm_up: {seconds: 1}}", errors),
            "d.csv",
            "arm,error,cost\ncanary,1,noon\nbaseline,0,eve\n".into(),
            vec!["cost", "row 1", "\"noon\"", "RFC 3339"],
        ),
        (
            "a missing value that may not be",
            config(arm, &errors.replace("margin", "missing: fail, margin")),
            "d.csv",
            "arm,error,cost\ncanary,,1\nbaseline,0,1\n".into(),
            vec!["error", "row 1", "a missing value", "missing: fail"],
        ),
    ];
    let mut faults = Vec::new();
    for (i, (name, config, file, bytes, pieces)) in cases.iter().enumerate() {
        let place = place(&format!("case_{i}"));
        std::fs::write(place.join("c.yaml"), config).unwrap();
        std::fs::write(place.join(file), bytes).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", file]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        let absent: Vec<&&str> = pieces.iter().filter(|p| !message.contains(**p)).collect();
        if output.status.code() != Some(2) || !absent.is_empty() || !output.stdout.is_empty() {
            faults.push(format!("{name}: {:?}, without {absent:?}: {message:.400}", output.status.code()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases.len() >= 35, "{}", cases.len());
}

#[test]
fn a_summary_at_fault_is_exit_code_2_and_names_its_line() {
    let place = place("summary");
    std::fs::write(place.join("c.yaml"), CONFIG).unwrap();
    for (text, pieces) in [
        ("metric,arm,n,events\nerrors,blue,9,1\n", vec!["s.csv", "line 2", "`blue`"]),
        ("metric,arm,n,events\nerrors,canary,9,10\n", vec!["s.csv", "line 2", "10 events in 9 rows"]),
        ("metric,arm,n,events\nerrors,canary,9,1\nerrors,baseline,9,1\n", vec!["s.csv", "metric cost", "no row of it"]),
    ] {
        std::fs::write(place.join("s.csv"), text).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", "--summary", "s.csv"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        for piece in pieces {
            assert!(message.contains(piece), "{piece} is not in {message}");
        }
    }
    let good = "metric,arm,n,events,mean,m2\nerrors,baseline,9000,9,,\nerrors,canary,1000,1,,\n\
                cost,baseline,9000,,3.5,9000\ncost,canary,1000,,3.6,1000\n";
    std::fs::write(place.join("s.csv"), good).unwrap();
    let output = serinus(&place, &["judge", "-c", "c.yaml", "--summary", "s.csv", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let judgement: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(judgement["decision"], "promote");
}

#[test]
fn what_nobody_can_judge_is_never_a_pass() {
    let honest: Vec<(&str, String)> = vec![
        ("a header alone", "arm,error,cost\n".into()),
        ("one row", "arm,error,cost\ncanary,0,1\n".into()),
        ("one row an arm", GOOD.into()),
        ("one arm", log(500, |_, _| ("0".into(), "1".into())).replace("baseline", "canary")),
        ("every cost NaN", log(500, |_, _| ("0".into(), "NaN".into()))),
        ("every cost missing", log(500, |_, _| ("0".into(), String::new()))),
        (
            "NaN in the canary alone",
            log(500, |i, canary| ("0".into(), if canary { "NaN".into() } else { format!("{}", i % 7) })),
        ),
        ("an infinite cost", log(500, |i, _| ("0".into(), if i == 3 { "inf".into() } else { format!("{}", i % 7) }))),
        ("costs of 1e300 that differ", log(500, |i, _| ("0".into(), format!("{}e300", i % 7 + 1)))),
    ];
    for (i, (name, text)) in honest.iter().enumerate() {
        let place = place(&format!("honest_{i}"));
        std::fs::write(place.join("c.yaml"), CONFIG).unwrap();
        std::fs::write(place.join("d.csv"), text).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv", "--format", "json"]);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{name}: {talk}");
        let judgement: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(judgement["decision"], "hold", "{name}");
        assert_ne!(judgement["metrics"][1]["outcome"], "pass", "{name}: {}", judgement["metrics"][1]["text"]);
    }
}

#[test]
fn arms_of_booleans_and_numbers_are_matched_by_value() {
    let rows = log(400, |i, _| (u8::from(i == 7).to_string(), format!("{}", i % 7)));
    for (words, baseline, canary) in [
        ("baseline: \"false\", canary: \"true\"", "false", "true"),
        ("baseline: \"0\", canary: \"1\"", "false", "true"),
        ("baseline: 0, canary: 1", "0", "1"),
        ("baseline: \"1\", canary: \"2\"", "1.0", "2.0"),
    ] {
        let place = place("arms");
        let config = CONFIG.replace("column: arm}", &format!("column: arm, {words}}}"));
        std::fs::write(place.join("c.yaml"), config).unwrap();
        std::fs::write(place.join("d.csv"), rows.replace("baseline", baseline).replace("canary", canary)).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv"]);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}: {talk}{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_history_says_what_the_config_can_detect() {
    let place = place("history");
    std::fs::write(place.join("c.yaml"), CONFIG).unwrap();
    let history = log(3_000, |i, _| (u8::from(i % 50 == 0).to_string(), "4.5".into()));
    std::fs::write(place.join("h.csv"), history).unwrap();
    let output = serinus(&place, &["check", "-c", "c.yaml", "--history", "h.csv", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let metrics = &answer["history"]["metrics"];
    assert_eq!(metrics[0]["canary_rows"], 600);
    assert!(metrics[0]["detectable_margin"]["absolute"].as_f64().is_some_and(|d| d > 0.0 && d < 0.1), "{metrics}");
    assert_eq!(metrics[1]["constant"], 4.5);
    let output = serinus(&place, &["check", "-c", "c.yaml", "--history", "h.csv", "--percent", "100"]);
    assert_eq!(output.status.code(), Some(2));
    let text = serinus(&place, &["check", "-c", "c.yaml", "--history", "h.csv"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("the history has one value alone, 4.5"));
}

#[test]
fn ten_thousand_metrics_are_judged() {
    let place = place("many");
    let mut config = "version: 1\ndata: {arm: {column: arm}}\nmetrics:\n".to_owned();
    for i in 0..10_000 {
        config.push_str(&format!(
            "  - {{name: m{i}, type: proportion, column: error, direction: lower_is_better, margin: {{absolute: 0.5}}}}\n"
        ));
    }
    std::fs::write(place.join("c.yaml"), config).unwrap();
    std::fs::write(place.join("d.csv"), log(50, |_, _| ("0".into(), "1".into()))).unwrap();
    let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let judgement: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(judgement["metrics"].as_array().map(Vec::len), Some(10_000));
}
