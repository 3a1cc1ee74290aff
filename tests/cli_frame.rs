//! The command line as a shell sees it: exit codes, what goes where, files that are there whole or not at all.
#![cfg(feature = "cli")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn serinus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_serinus")).args(arguments).output().unwrap()
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_serinus"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli_frame").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn file(place: &Path, name: &str, text: &str) -> String {
    let path = place.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

const GOOD: &str = "version: 1
data: {arm: {column: arm}, share: 10}
metrics:
  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.01}, role: critical}
";

#[test]
fn help_and_version_are_answers_and_a_wrong_command_is_an_error() {
    for arguments in [&["--help"][..], &["judge", "--help"], &["--version"], &["help", "plan"]] {
        let output = serinus(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [
        &["wobble"][..],
        &[],
        &["judge"],
        &["judge", "-c", "c.yaml"],
        &["judge", "-c", "c.yaml", "d.csv", "--baseline", "b.csv", "--canary", "c.csv"],
        &["judge", "-c", "c.yaml", "--baseline", "b.csv"],
        &["judge", "-c", "c.yaml", "d.csv", "--format", "pdf"],
        &["judge", "-c", "c.yaml", "d.csv", "--threads", "0"],
        &["judge", "-c", "c.yaml", "d.csv", "--hold-exit-code", "300"],
        &["plan", "--rate", "900/year"],
    ] {
        let output = serinus(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_config_with_faults_says_them_all_on_standard_error() {
    let place = place("faults");
    let text = GOOD.replace("margin", "marign").replace("share: 10", "share: 110").replace("version: 1", "");
    let config = file(&place, "c.yaml", &text);
    let output = serinus(&["check", "-c", &config]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
    let talk = talk(&output);
    for piece in ["error: ", "c.yaml", "version: missing", "data.share: 110", "did you mean `margin`?"] {
        assert!(talk.contains(piece), "{piece}: {talk}");
    }
    let output = serinus(&["check", "-c", &config, "--format", "json"]);
    let answer: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 3);
}

#[test]
fn the_three_formats_of_a_config_are_one_config() {
    let place = place("formats");
    let toml = "version = 1\n[data]\nshare = 10\narm = {column = \"arm\"}\n[[metrics]]\nname = \"errors\"\ntype = \"proportion\"\ncolumn = \"error\"\ndirection = \"lower_is_better\"\nmargin = {absolute = 0.01}\nrole = \"critical\"\n";
    let json = r#"{"version": 1, "data": {"arm": {"column": "arm"}, "share": 10.0}, "metrics": [{"name": "errors", "role": "critical",
        "type": "proportion", "column": "error", "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}"#;
    let digests: Vec<String> = [("c.yaml", GOOD), ("c.toml", toml), ("c.json", json)]
        .iter()
        .map(|(name, text)| {
            let output = serinus(&["check", "-c", &file(&place, name, text), "--format", "json"]);
            assert_eq!(output.status.code(), Some(0), "{name}: {}", talk(&output));
            let answer: Value = serde_json::from_str(&out(&output)).unwrap();
            answer["config_sha256"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(digests.iter().all(|d| *d == digests[0] && d.len() == 64), "{digests:?}");
    let output = with_input(&["check", "-c", "-", "--format", "json"], GOOD);
    assert!(out(&output).contains(&digests[0]));
}

#[test]
fn set_changes_any_key_and_its_faults_are_named() {
    let place = place("set");
    let config = file(&place, "c.yaml", GOOD);
    let digest = |arguments: &[&str]| {
        let output = serinus(&[&["check", "-c", &config, "--format", "json"], arguments].concat());
        let answer: Value = serde_json::from_str(&out(&output)).unwrap_or_default();
        (output.status.code(), answer["config_sha256"].as_str().map(str::to_owned), talk(&output))
    };
    let plain = digest(&[]);
    let changed =
        digest(&["--set", "metrics.errors.margin.absolute=0.02", "--set", "data.unit=user_id", "--seed", "7"]);
    assert_eq!((plain.0, changed.0), (Some(0), Some(0)), "{}", changed.2);
    assert_ne!(plain.1, changed.1);
    assert_eq!(digest(&["--set", "metrics[0].margin.absolute=0.01", "--set", "seed=0"]).1, plain.1);
    for (set, piece) in [
        ("seed", "write KEY=VALUE"),
        ("metrics.erors.weight=2", "did you mean `errors`?"),
        ("metrics.errors.wieght=2", "did you mean `weight`?"),
        ("seed=no", "\"no\" is text"),
    ] {
        let (code, _, talk) = digest(&["--set", set]);
        // With JSON asked for, a fault of a key is in the answer.
        let output = serinus(&["check", "-c", &config, "--set", set]);
        assert_eq!(code, Some(2), "{set}");
        assert!(format!("{talk}{}", self::talk(&output)).contains(piece), "{set}: {}", self::talk(&output));
    }
    let (code, _, talk) = digest(&["--as-of", "last"]);
    assert!(code == Some(2) && talk.contains("no `data.labels`"), "{talk}");
}

#[test]
fn init_writes_a_config_that_check_accepts_and_keeps_what_is_there() {
    let place = place("init");
    let path = place.join("serinus.yaml").display().to_string();
    assert_eq!(serinus(&["init", "-o", &path]).status.code(), Some(0));
    let output = serinus(&["check", "-c", &path]);
    assert!(output.status.success() && out(&output).contains("valid, 3 metrics"), "{}", talk(&output));
    std::fs::write(&path, "mine").unwrap();
    let output = serinus(&["init", "-o", &path]);
    assert!(output.status.code() == Some(2) && talk(&output).contains("--force"), "{}", talk(&output));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(serinus(&["init", "-o", &path, "--force"]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), out(&serinus(&["init"])));
    let left: Vec<_> = std::fs::read_dir(&place).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let place = place("unwritable");
    let nowhere = place.join("no").join("such").join("place.yaml").display().to_string();
    let output = serinus(&["init", "-o", &nowhere]);
    assert!(output.status.code() == Some(2) && talk(&output).contains("writing failed"), "{}", talk(&output));
    let output = serinus(&["init", "-o", &place.display().to_string()]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
}

#[test]
fn schemas_and_completions_come_on_standard_output() {
    for of in ["all", "config", "judgement", "rollout"] {
        let output = serinus(&["schema", of]);
        let schema: Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{of}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&serinus(&["completions", shell])).contains("serinus"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_serinus"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), talk(&output).as_str()), (Some(0), ""));
}

#[test]
fn talk_has_no_colour_when_nobody_looks() {
    for arguments in [&["wobble"][..], &["check", "-c", "nowhere.yaml"], &["--help"]] {
        let output = serinus(arguments);
        assert!(!out(&output).contains('\u{1b}') && !talk(&output).contains('\u{1b}'), "{arguments:?}");
    }
}

fn planned(arguments: &[&str]) -> Value {
    let output = serinus(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", talk(&output));
    serde_json::from_str(&out(&output)).unwrap()
}

#[test]
fn each_published_claim_is_one_command() {
    let common = "plan --superiority --mean 0 --sd 1 --absolute 0.05 --percent 1 --rate 10000/min";
    let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    let hour = planned(&words(common));
    assert_eq!((hour["canary_samples"].as_u64(), hour["minutes"].as_f64()), (Some(2_499), Some(24.99)));
    let equal = planned(&[words(common), words("--equal-baseline --two-sided")].concat());
    assert_eq!(equal["canary_samples"], 6_280);
    let clicks = |p| planned(&["plan", "--superiority", "--two-sided", "--proportion", p, "--relative", "-0.02"]);
    assert_eq!(clicks("0.50")["canary_samples"], 39_237);
    assert_eq!(clicks("0.05")["canary_samples"], 738_572);
}

#[test]
fn a_ramp_follows_the_schedule_and_prices_a_bad_canary() {
    let base = ["plan", "--proportion", "0.01", "--absolute", "0.005", "--rate", "10000/min", "--schedule"];
    for (schedule, percents) in [
        ("aggressive", vec![10.0, 50.0]),
        ("standard", vec![5.0, 25.0, 50.0]),
        ("conservative", vec![1.0, 5.0, 10.0, 25.0, 50.0]),
        ("2,40", vec![2.0, 40.0]),
    ] {
        let ramp = planned(&[&base[..], &[schedule, "--bad", "metric=0.05", "--requests-per-unit", "4"]].concat());
        let stages = ramp["stages"].as_array().unwrap();
        assert_eq!(stages.iter().map(|s| s["percent"].as_f64().unwrap()).collect::<Vec<_>>(), percents);
        let (requests, users) = (&ramp["exposure"]["expected_requests"], &ramp["exposure"]["expected_units"]);
        assert_eq!(users.as_f64().unwrap(), requests.as_f64().unwrap() / 4.0);
        assert!(ramp["exposure"]["worst_excess"].as_f64().unwrap() > 0.0);
    }
    let file = serinus(&[&base[..], &["aggressive", "--emit", "rollout"]].concat());
    assert!(out(&file).starts_with("version: 1\n"), "{}", out(&file));
    for wrong in [&["50,5"][..], &["slow"], &["standard", "--bad", "other=1"], &["standard", "--superiority"]] {
        let output = serinus(&[&base[..], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(talk(&output).contains("error: "), "{}", talk(&output));
    }
    assert_eq!(serinus(&[&base[..7], &["--bad", "metric=1"]].concat()).status.code(), Some(2));
}
