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
    let cases: Vec<Case> = cases
        .into_iter()
        .map(|(name, config, file, bytes, pieces)| Case {
            name,
            files: vec![("c.yaml", config.into_bytes()), (file, bytes)],
            arguments: vec!["judge", "-c", "c.yaml", file],
            pieces,
        })
        .chain(faults_of_files())
        .chain(faults_of_configs())
        .chain(faults_of_arguments())
        .collect();
    let mut faults = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let place = place(&format!("case_{i}"));
        for (name, bytes) in &case.files {
            std::fs::write(place.join(name), bytes).unwrap();
        }
        let name = case.name;
        let output = serinus(&place, &case.arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        let absent: Vec<&&str> = case.pieces.iter().filter(|p| !message.contains(**p)).collect();
        if output.status.code() != Some(2) || !absent.is_empty() || !output.stdout.is_empty() {
            faults.push(format!("{name}: {:?}, without {absent:?}: {message:.400}", output.status.code()));
        }
        if message.trim_end().ends_with(['.', '!']) && message.starts_with("error: ") && !message.contains("--help") {
            faults.push(format!("{name}: the style of: {message:.400}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let names: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    println!("{} distinct faults, each with its message and exit code 2", names.len());
    assert_eq!(names.len(), cases.len(), "a fault stands twice");
    assert!(names.len() >= 100, "{}", names.len());
}

/// One fault: what lies in the folder, what is run there, and the pieces of the message.
struct Case {
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    arguments: Vec<&'static str>,
    pieces: Vec<&'static str>,
}

fn recording() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/aa_parity.parquet")).unwrap()
}

/// Faults of the data's file, under a good config.
fn faults_of_files() -> Vec<Case> {
    let of = |name, file, bytes: Vec<u8>, pieces: &[&'static str]| Case {
        name,
        files: vec![("c.yaml", CONFIG.into()), (file, bytes)],
        arguments: vec!["judge", "-c", "c.yaml", file],
        pieces: pieces.to_vec(),
    };
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(GOOD.bytes().flat_map(|b| [b, 0])).collect();
    let half = recording()[..recording().len() / 2].to_vec();
    let no_footer = recording()[..recording().len() - 4].to_vec();
    let mut flipped = recording();
    let at = flipped.len() - 60;
    flipped[at..at + 8].fill(0xFF);
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        of("UTF-16", "d.csv", utf16, &["d.csv", "UTF-16", "UTF-8"]),
        of("NUL bytes", "d.csv", text("arm,error,cost\n\0\0\0,0,1\n"), &["d.csv", "binary"]),
        of("half a Parquet file", "d.parquet", half, &["d.parquet", "damaged or cut off", "again"]),
        of("Parquet without its last bytes", "d.parquet", no_footer, &["d.parquet", "damaged or cut off"]),
        of("Parquet with a damaged footer", "d.parquet", flipped, &["d.parquet", "damaged or cut off"]),
        of("Parquet called CSV", "d.csv", recording(), &["d.csv", "a Parquet file", "--input-format parquet"]),
        of("zstd called NDJSON", "d.ndjson", vec![0x28, 0xB5, 0x2F, 0xFD, 1], &["d.ndjson", "zstd"]),
        of("a spreadsheet called CSV", "d.csv", text("PK\u{3}\u{4}..."), &["d.csv", "spreadsheet", "CSV"]),
        of("an error page", "d.csv", text("<!DOCTYPE html><p>404"), &["d.csv", "HTML", "fetch"]),
        of("JSON called CSV", "d.csv", text("{\"arm\": \"canary\"}\n"), &["d.csv", "JSON", "--input-format ndjson"]),
        of("a JSON list", "d.json", text("[{\"arm\": \"canary\"}]"), &["d.json", "JSON list", "jq"]),
        of("semicolons and decimal commas", "d.csv", text("arm;error;cost\ncanary;0;1,5\n"), &["`;`", "commas"]),
        of("quoted decimal commas", "d.csv", text("arm,error,cost\ncanary,0,\"1,5\"\n"), &["cost", "row 1", "\"1,5\""]),
        of(
            "decimal commas without quotes",
            "d.csv",
            text("arm,error,cost\ncanary,0,1,5\n"),
            &["line 2", "4 cells", "3"],
        ),
        of("tabs called CSV", "d.csv", text("arm\terror\tcost\ncanary\t0\t1\n"), &["tab", "--input-format tsv"]),
        of(
            "a log that breaks off in its last line",
            "d.csv",
            text("arm,error,cost\nbaseline,0,1\ncanary,0,1\ncanary,"),
            &["d.csv, line 4", "2 cells where the header has 3", "mend the row"],
        ),
        of(
            "a quote that never closes",
            "d.csv",
            text("arm,error,cost\ncanary,0,\"1\nbaseline,0,2\n"),
            &["d.csv", "line 2", "never closed"],
        ),
        of("only blank lines", "d.csv", text("\n\n\n"), &["d.csv", "empty"]),
        of("an empty NDJSON", "d.ndjson", vec![], &["d.ndjson", "empty"]),
        of("an empty Parquet", "d.parquet", vec![], &["d.parquet", "empty"]),
        of("two objects on a line", "d.ndjson", text("{\"arm\": 1} {\"arm\": 2}\n"), &["line 1", "trailing"]),
        of("a bare NaN in JSON", "d.ndjson", text("{\"cost\": NaN}\n"), &["line 1", "null"]),
        of("a number beyond range in JSON", "d.ndjson", text("{\"cost\": 1e400}\n"), &["line 1", "out of range"]),
        of("a list in a cell", "d.ndjson", text("{\"cost\": [1]}\n"), &["line 1", "`cost`", "a list"]),
        of("an object in a cell", "d.ndjson", text("{\"cost\": {}}\n"), &["line 1", "`cost`", "an object"]),
        of(
            "a key twice in a line",
            "d.ndjson",
            text("{\"cost\": 1, \"cost\": 2}\n"),
            &["line 1", "`cost` stands twice"],
        ),
        of("a line that is no object", "d.ndjson", text("17\n"), &["line 1", "`17`", "one object a line"]),
        of("a cost in hexadecimal", "d.csv", text("arm,error,cost\ncanary,0,0x10\n"), &["cost", "row 1", "\"0x10\""]),
        of("a cost with its unit", "d.csv", text("arm,error,cost\ncanary,0,5ms\n"), &["cost", "row 1", "\"5ms\""]),
        of("an error that says no", "d.csv", text("arm,error,cost\ncanary,no,1\n"), &["error", "row 1", "\"no\""]),
        of(
            "an arm in capitals",
            "d.csv",
            text("arm,error,cost\nCanary,0,1\n"),
            &["arm", "row 1", "\"Canary\"", "data.arm"],
        ),
    ]
}

/// Faults of the config, over good data.
fn faults_of_configs() -> Vec<Case> {
    let of = |name, config: String, pieces: &[&'static str]| Case {
        name,
        files: vec![("c.yaml", config.into_bytes()), ("d.csv", GOOD.into())],
        arguments: vec!["judge", "-c", "c.yaml", "d.csv"],
        pieces: pieces.to_vec(),
    };
    let data = |keys: &str| CONFIG.replace("column: arm}", &format!("column: arm}}, {keys}"));
    let metric = |keys: &str| CONFIG.replace("role: critical", keys);
    let bomb = {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (one, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
            text.push_str(&format!("{next}: &{next} [{}]\n", vec![format!("*{one}"); 10].join(", ")));
        }
        text
    };
    vec![
        of("an alias bomb", bomb, &["c.yaml", "alias"]),
        of("an unknown alias", format!("{CONFIG}seed: *x\n"), &["c.yaml, line 6", "unknown anchor"]),
        of("a key twice", format!("{CONFIG}seed: 1\nseed: 2\n"), &["c.yaml, line 7", "duplicate", "seed"]),
        of("a tab in YAML", format!("{CONFIG}\tseed: 1\n"), &["c.yaml", "tab"]),
        of("an open bracket", "version: 1\nmetrics: [a\n".into(), &["c.yaml, line"]),
        of("prose for a config", "promote it please\n".into(), &["c.yaml", "is text"]),
        of("a misspelt key", CONFIG.replace("margin", "marign"), &["marign", "did you mean `margin`"]),
        of("a misspelt key of the data", data("untt: u"), &["data.untt", "did you mean `unit`"]),
        of(
            "a quantile of 1.5",
            metric("type: quantile, q: 1.5").replace("type: proportion, ", ""),
            &["metrics[0].q", "1.5"],
        ),
        of("a quantile without q", CONFIG.replace("type: mean", "type: quantile"), &["metrics[1].q"]),
        of("a weight below zero", metric("weight: -1"), &["metrics[0].weight", "-1"]),
        of("a limit upside down", metric("limit: {min: 0.5, max: 0.1}"), &["metrics[0].limit", "0.5", "0.1"]),
        of(
            "a limit that no proportion reaches",
            metric("limit: {max: 7}"),
            &["metrics[0].limit.max", "7", "a proportion"],
        ),
        of("above and below at once", metric("above: 1, below: 2"), &["metrics[0]", "below"]),
        of(
            "a test of another type",
            metric("test: {kind: delong}"),
            &["metrics[0].test.kind", "delong", "a proportion"],
        ),
        of("an unknown test", metric("test: {kind: chi}"), &["metrics[0].test", "chi"]),
        of("an unknown role", metric("role: vital"), &["metrics[0].role", "vital"]),
        of("an unknown group", metric("group: speed"), &["metrics[0].group", "speed", "groups"]),
        of("groups above 100", format!("{}groups: {{a: 70, b: 70}}\n", metric("group: a")), &["groups", "140"]),
        of("an unknown correction", format!("{CONFIG}correction: holmes\n"), &["correction", "holmes", "holm"]),
        of(
            "thresholds upside down",
            format!("{CONFIG}thresholds: {{pass: 50, fail: 60}}\n"),
            &["thresholds", "50", "60"],
        ),
        of("an unknown policy", format!("{CONFIG}policy: {{no_data: promote}}\n"), &["policy.no_data", "promote"]),
        of("a seed that is no number", format!("{CONFIG}seed: lucky\n"), &["seed", "lucky"]),
        of(
            "labels without a time",
            data("labels: {arrive: cost, columns: [error]}"),
            &["data.labels", "add `time: COLUMN`"],
        ),
        of("a warm-up without a time", data("warm_up: {requests: 5}"), &["warm_up", "time"]),
        of("time blocks without a time", data("stratum: {seconds: 60}"), &["stratum", "time"]),
        of("time blocks of no length", data("time: cost, stratum: {seconds: 0}"), &["data.stratum", "0"]),
        of("an unknown unit of time", data("time: {column: cost, unit: minutes}"), &["data.time.unit", "minutes"]),
        of("a share of 150 percent", data("share: 150"), &["data.share", "150"]),
        of("a segment that is not there", data("segments: [country]"), &["data.segments", "country"]),
        of("a unit that is not there", data("unit: user_id"), &["data.unit", "user_id"]),
        of("a stratum that is not there", data("stratum: stage"), &["data.stratum", "stage"]),
        of("an id that is not there", data("id: request"), &["data.id", "request"]),
        of(
            "both arms under one name",
            data("share: 10").replace("arm: {column: arm}", "arm: {column: arm, canary: baseline}"),
            &["data.arm"],
        ),
        of(
            "agreement without pairs",
            metric("min: 0.9, tolerance: 0").replace("proportion", "agreement"),
            &["metrics[0]", "paired"],
        ),
        of("pairs and an arm column", data("paired: {baseline: b_, canary: c_}"), &["data", "paired"]),
        of("a filter on no column", metric("where: {status: 200}"), &["status"]),
    ]
}

/// Faults of the command's arguments, over a good config and good data.
fn faults_of_arguments() -> Vec<Case> {
    let of = |name, arguments: &[&'static str], pieces: &[&'static str]| Case {
        name,
        files: vec![
            ("c.yaml", CONFIG.into()),
            ("d.csv", GOOD.into()),
            ("other.csv", b"arm,error\ncanary,0\n".to_vec()),
            (
                "limit.yaml",
                CONFIG
                    .replace(", margin: {absolute: 0.02}", ", limit: {max: 0.02}")
                    .replace(", margin: {absolute: 5}", ", limit: {max: 5}")
                    .into(),
            ),
        ],
        arguments: arguments.to_vec(),
        pieces: pieces.to_vec(),
    };
    const JUDGE: [&str; 4] = ["judge", "-c", "c.yaml", "d.csv"];
    let with = |name, more: &[&'static str], pieces: &[&'static str]| of(name, &[&JUDGE, more].concat(), pieces);
    vec![
        of(
            "data that are not there",
            &["judge", "-c", "c.yaml", "nowhere.csv"],
            &["nowhere.csv", "no such file", "check the path"],
        ),
        of("a config that is not there", &["judge", "-c", "nowhere.yaml", "d.csv"], &["nowhere.yaml", "no such file"]),
        of("a directory for data", &["judge", "-c", "c.yaml", "."], &["directory", "name a file in it"]),
        of("a directory for a config", &["judge", "-c", ".", "d.csv"], &["directory", "name a file in it"]),
        of("no data at all", &["judge", "-c", "c.yaml"], &["DATA"]),
        of("one arm's file alone", &["judge", "-c", "c.yaml", "--baseline", "d.csv"], &["--canary"]),
        of(
            "a log and an arm's file",
            &[&JUDGE[..], &["--baseline", "d.csv", "--canary", "d.csv"]].concat(),
            &["--baseline"],
        ),
        of(
            "arms of different columns",
            &["judge", "-c", "c.yaml", "--baseline", "d.csv", "--canary", "other.csv"],
            &["other.csv", "cost"],
        ),
        with("a change without a value", &["--set", "seed"], &["--set seed", "KEY=VALUE"]),
        with("a change of an unknown key", &["--set", "sede=1"], &["sede", "seed"]),
        with("a change of an unknown metric", &["--set", "metrics.latency.weight=1"], &["--set", "latency"]),
        with("an as-of without labels", &["--as-of", "last"], &["--as-of", "data.labels"]),
        with("no threads", &["--threads", "0"], &["--threads", "0"]),
        with("an unknown format", &["--format", "xml"], &["--format", "xml", "json"]),
        with("an unknown flag", &["--fast"], &["--fast"]),
        with("a hold code beyond 255", &["--hold-exit-code", "256"], &["--hold-exit-code", "256"]),
        with("parity as HTML", &["--parity", "--format", "html"], &["--format", "--parity", "json"]),
        with("parity for JUnit", &["--parity", "--junit", "j.xml"], &["--junit", "--parity"]),
        of(
            "parity of limits alone",
            &["judge", "--parity", "-c", "limit.yaml", "d.csv"],
            &["d.csv", "no metric has a margin"],
        ),
        of("an unknown command", &["jugde"], &["jugde", "judge"]),
        of("a judgement that is none", &["report", "d.csv"], &["d.csv"]),
        of("a rollout that is none", &["replay", "-c", "c.yaml", "-r", "d.csv", "d.csv"], &["d.csv"]),
        of("a request of Kayenta's that is none", &["kayenta", "d.csv"], &["d.csv"]),
        of("a state of the monitor that is none", &["monitor", "-c", "c.yaml", "--state", "d.csv"], &["d.csv"]),
    ]
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_or_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = place("denied");
    std::fs::write(place.join("c.yaml"), CONFIG).unwrap();
    std::fs::write(place.join("d.csv"), GOOD).unwrap();
    let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv", "-o", "no/such/folder/report.txt"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && message.contains("no/such/folder/report.txt"), "{message}");
    std::fs::set_permissions(place.join("d.csv"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(place.join("d.csv")).is_ok() {
        println!("skipped: this user may read every file (root), so nothing is denied");
        return;
    }
    let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("d.csv") && message.contains("permission") && message.contains("mode"), "{message}");
}

#[test]
fn what_looks_like_a_fault_and_is_none_is_judged() {
    let rows = log(400, |i, _| (u8::from(i == 7).to_string(), format!("{}", i % 7)));
    let timed = {
        let mut text = "arm,error,cost,ts,id\n".to_owned();
        for (i, row) in rows.lines().skip(1).enumerate() {
            text.push_str(&format!("{row},{},{i}\n", 1_000_000 - i));
        }
        text
    };
    let clock = CONFIG.replace("column: arm}", "column: arm}, time: ts, id: id");
    for (name, config, text) in [
        ("a byte order mark", CONFIG.to_owned(), format!("\u{feff}{rows}")),
        ("a config with a byte order mark", format!("\u{feff}{CONFIG}"), rows.clone()),
        ("Windows line ends", CONFIG.replace('\n', "\r\n"), rows.replace('\n', "\r\n")),
        ("no last line end", CONFIG.to_owned(), rows.trim_end().to_owned()),
        ("quoted line breaks", CONFIG.to_owned(), quoted_breaks(&rows)),
        ("a clock that runs backwards", clock, timed),
    ] {
        let place = place("fine");
        std::fs::write(place.join("c.yaml"), config).unwrap();
        std::fs::write(place.join("d.csv"), text).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv"]);
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {talk}{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// The rows with a note that runs over two lines.
fn quoted_breaks(rows: &str) -> String {
    let noted = |row: &str| match row.starts_with("arm") {
        true => format!("{row},note\n"),
        false => format!("{row},\"one\ntwo, three\"\n"),
    };
    rows.lines().map(noted).collect()
}

#[test]
fn ids_that_repeat_and_times_in_another_unit_are_told() {
    let mut text = "arm,error,cost,ts,id\n".to_owned();
    for i in 0..800 {
        let arm = if i % 2 == 0 { "baseline" } else { "canary" };
        text.push_str(&format!("{arm},0,{},{},{}\n", i % 7, 1_780_000_000 + i, i / 2));
    }
    let config = |unit: &str| {
        CONFIG.replace(
            "column: arm}",
            &format!("column: arm}}, time: {{column: ts, unit: {unit}}}, id: id, stratum: {{seconds: 200}}"),
        )
    };
    for (unit, text, told) in [
        ("s", text.clone(), None),
        ("ms", text.clone(), Some("data.time.unit is ms")),
        ("s", text.replace(",1780", ",1780000"), Some("data.time.unit is s")),
    ] {
        let place = place("units");
        std::fs::write(place.join("c.yaml"), config(unit)).unwrap();
        std::fs::write(place.join("d.csv"), &text).unwrap();
        let output = serinus(&place, &["judge", "-c", "c.yaml", "d.csv", "--format", "json"]);
        let judgement: Value = serde_json::from_slice(&output.stdout).unwrap();
        let warnings = judgement["warnings"].to_string();
        assert_eq!(warnings.contains("data.time.unit"), told.is_some(), "{unit}: {warnings}");
        assert!(warnings.contains(told.unwrap_or_default()), "{unit}: {warnings}");
        let ids = judgement["checks"].as_array().unwrap().iter().find(|c| c["name"] == "duplicate_ids").unwrap();
        assert_eq!(ids["details"]["repeated"], 400);
    }
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
