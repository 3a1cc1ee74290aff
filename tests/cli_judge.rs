//! `serinus judge` from file to exit code.
#![cfg(feature = "cli")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const CONFIG: &str = "version: 1
data: {arm: {column: arm, ignore: [rest]}, share: 20}
metrics:
  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.02}, role: critical}
  - {name: cost, type: mean, column: cost, direction: lower_is_better, margin: {relative: 0.2}}
";

/// A log of so many rows, a fifth of them the canary's; one in `every` of its requests fails, one in 100 of the baseline's.
fn log(rows: usize, every: usize) -> String {
    let mut text = "id,arm,error,cost\n".to_owned();
    for i in 0..rows {
        let canary = i % 5 == 0;
        let error = if canary { (i / 5) % every == 0 } else { i % 100 == 1 };
        let cost = 10.0 + ((i * 7919) % 101) as f64 / 50.0;
        writeln!(text, "r{i},{},{},{cost}", if canary { "canary" } else { "baseline" }, u8::from(error)).unwrap();
    }
    text
}

fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli_judge").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("c.yaml"), CONFIG).unwrap();
    path
}

fn serinus(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_serinus")).current_dir(place).args(arguments).output().unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_exit_code_is_the_decision() {
    let place = place("exit");
    for (name, text, code, decision) in [
        ("healthy.csv", log(20_000, 100), 0, "promote"),
        ("errors.csv", log(20_000, 4), 1, "rollback"),
        ("few.csv", log(100, 100), 3, "hold"),
    ] {
        std::fs::write(place.join(name), text).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", name, "--format", "json"]);
        let judgement: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert_eq!(output.status.code(), Some(code), "{name}: {}{}", talk(&output), judgement["reasons"]);
        assert_eq!(judgement["decision"], decision);
        assert!(output.stderr.is_empty(), "{}", talk(&output));
    }
    let output = serinus(&place, &["judge", "-c", "c.yaml", "few.csv", "--hold-exit-code", "75"]);
    assert_eq!(output.status.code(), Some(75));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("HOLD"));
}

#[test]
fn every_way_in_gives_the_same_judgement() {
    let place = place("ways");
    let text = log(4_000, 100);
    std::fs::write(place.join("log.csv"), &text).unwrap();
    let mut ndjson = String::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        writeln!(ndjson, "{{\"arm\":\"{}\",\"error\":{},\"cost\":{}}}", cells[1], cells[2] == "1", cells[3]).unwrap();
    }
    std::fs::write(place.join("log.ndjson"), ndjson).unwrap();
    let judged = |arguments: &[&str]| {
        let output = serinus(&place, &[&["judge", "-c", "c.yaml", "--format", "json"], arguments].concat());
        assert!(!output.stdout.is_empty(), "{arguments:?}: {}", talk(&output));
        output.stdout
    };
    let first = judged(&["log.csv"]);
    assert_eq!(judged(&["log.csv", "--threads", "1"]), first);
    assert_eq!(judged(&["log.csv", "--threads", "7"]), first);
    assert_eq!(judged(&["log.ndjson"]), first);
    assert_eq!(judged(&["log.csv", "-o", "-"]), first);
    let mut child = Command::new(env!("CARGO_BIN_EXE_serinus"))
        .current_dir(&place)
        .args(["judge", "-c", "c.yaml", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, first);
}

#[test]
fn one_file_an_arm_needs_no_arm_column() {
    let place = place("arms");
    let text = log(20_000, 4);
    for arm in ["baseline", "canary"] {
        let rows: Vec<String> = (text.lines().skip(1).filter(|l| l.split(',').nth(1) == Some(arm)))
            .map(|l| l.split(',').skip(2).collect::<Vec<_>>().join(","))
            .collect();
        std::fs::write(place.join(format!("{arm}.csv")), format!("error,cost\n{}\n", rows.join("\n"))).unwrap();
    }
    let output = serinus(&place, &["judge", "-c", "c.yaml", "--baseline", "baseline.csv", "--canary", "canary.csv"]);
    assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
}

#[test]
fn companions_are_written_and_the_report_can_be_made_again() {
    let place = place("companions");
    std::fs::write(place.join("log.csv"), log(100, 100)).unwrap();
    let arguments = ["judge", "-c", "c.yaml", "log.csv", "--format", "json", "-o", "j.json", "--dotenv", "vars.env"];
    let output = serinus(&place, &arguments);
    assert!(output.status.code() == Some(3) && output.stdout.is_empty(), "{}", talk(&output));
    let variables = std::fs::read_to_string(place.join("vars.env")).unwrap();
    assert!(variables.starts_with("SERINUS_DECISION=hold\nSERINUS_VERDICT=marginal\n"), "{variables}");
    let again = serinus(&place, &["report", "j.json", "--format", "json"]);
    assert_eq!(again.stdout, std::fs::read(place.join("j.json")).unwrap());
    std::fs::write(place.join("other.json"), "{\"schema\": \"else\"}").unwrap();
    let output = serinus(&place, &["report", "other.json"]);
    assert!(output.status.code() == Some(2) && talk(&output).contains("`serinus.judgement/1`"), "{}", talk(&output));
}

#[test]
fn what_cannot_be_judged_is_an_error_with_place_and_way_out() {
    let place = place("faults");
    let good = log(50, 100);
    std::fs::write(place.join("log.csv"), &good).unwrap();
    std::fs::write(place.join("typo.csv"), good.replacen("cost", "csot", 1)).unwrap();
    std::fs::write(place.join("arm.csv"), good.replacen("canary", "green", 1)).unwrap();
    std::fs::write(place.join("text.csv"), good.replacen(",10.0\n", ",cheap\n", 1).replacen(",10\n", ",cheap\n", 1))
        .unwrap();
    std::fs::write(place.join("noarm.yaml"), CONFIG.replace("arm: {column: arm, ignore: [rest]}, ", "")).unwrap();
    for (arguments, pieces) in [
        (&["-c", "c.yaml", "nowhere.csv"][..], &["nowhere.csv: there is no such file"][..]),
        (&["-c", "nowhere.yaml", "log.csv"], &["nowhere.yaml: there is no such file"]),
        (&["-c", "c.yaml", "."], &["this is a directory"]),
        (&["-c", "c.yaml", "typo.csv"], &["typo.csv", "metrics[1].column", "no column `cost`; did you mean `csot`?"]),
        (&["-c", "c.yaml", "arm.csv"], &["arm.csv", "green"]),
        (&["-c", "c.yaml", "text.csv"], &["text.csv", "cost", "cheap"]),
        (&["-c", "noarm.yaml", "log.csv"], &["which arm served a row", "--baseline and --canary"]),
        (&["-c", "c.yaml", "log.csv", "--input-format", "parquet"], &["read as Parquet, but this is text"]),
    ] {
        let output = serinus(&place, &[&["judge"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", talk(&output));
        assert!(output.stdout.is_empty());
        for piece in pieces {
            assert!(talk(&output).contains(piece), "{piece}: {}", talk(&output));
        }
    }
}
