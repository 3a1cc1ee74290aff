//! The command that each CI example runs, run on real recordings: exit codes, files and variables.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The `serinus judge` command line of an example, as words.
fn command_of(example: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("{ROOT}/examples/ci/{example}")).expect("the example is in the repository");
    let start = text.find("serinus judge").expect("the example judges");
    let line = text[start..].lines().next().expect("a line").split(['\'', '"']).next().expect("a command");
    line.split_whitespace().skip(1).map(str::to_owned).collect()
}

fn run(example: &str, recording: &str) -> (Output, PathBuf) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("serinus-ci-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(format!("{ROOT}/fixtures/recordings/{recording}.parquet"), folder.join("requests.parquet")).expect("data");
    fs::copy(format!("{ROOT}/fixtures/recordings/demo.yaml"), folder.join("serinus.yaml")).expect("config");
    let words: Vec<String> =
        command_of(example).into_iter().map(|w| w.replace("/config/", "").replace("/data/", "")).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_serinus"))
        .args(words)
        .current_dir(&folder)
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .env("GITHUB_OUTPUT", folder.join("output.txt"))
        .output()
        .expect("the command runs");
    (output, folder)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn each_example_ends_with_the_decision_as_its_exit_code() {
    for example in ["github-actions.yml", "gitlab-ci.yml", "Jenkinsfile", "argo-job.yaml"] {
        for (recording, code) in [("aa_parity", 0), ("slow_tail", 1)] {
            let (output, folder) = run(example, recording);
            let talk = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{example} on {recording}: {talk}");
            fs::remove_dir_all(folder).expect("the folder can go");
        }
    }
}

#[test]
fn a_hold_is_what_each_tool_can_tell_apart() {
    for (example, code) in [("github-actions.yml", 0), ("gitlab-ci.yml", 3), ("Jenkinsfile", 3), ("argo-job.yaml", 3)] {
        let (output, folder) = run(example, "drift_both_arms");
        assert_eq!(output.status.code(), Some(code), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        fs::remove_dir_all(folder).expect("the folder can go");
    }
}

#[test]
fn summary_outputs_variables_and_junit_are_written() {
    let (_, folder) = run("github-actions.yml", "slow_tail");
    assert!(text(&folder.join("output.txt")).contains("decision=rollback"));
    assert!(text(&folder.join("summary.md")).contains("latency_p97"));
    assert!(text(&folder.join("judgement.xml")).contains("<failure"));
    let (_, other) = run("gitlab-ci.yml", "slow_tail");
    assert!(text(&other.join("judgement.env")).contains("SERINUS_DECISION"));
    for folder in [folder, other] {
        fs::remove_dir_all(folder).expect("the folder can go");
    }
}
