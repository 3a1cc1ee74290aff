//! Sufficient statistics in place of rows: the same judgement where they suffice, a refusal that says why where not.
#![cfg(feature = "files")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use serinus::input::{ReadOptions, Source, read_summary, read_table};
use serinus::judge::Judge;
use serinus::summary::{SummaryRow, read_rows};
use serinus::{Arms, Column, Decision, Evidence, JudgeConfig, Judgement, Outcome, Table};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/");

fn words() -> Arms<String> {
    Arms { baseline: "baseline".into(), canary: "canary".into() }
}

fn recording(name: &str) -> Table<'static> {
    let path = format!("{FOLDER}{name}.parquet");
    read_table(&Source::from_argument(Path::new(&path)), ReadOptions::default()).unwrap()
}

fn numbers(table: &Table<'_>, name: &str) -> Vec<f64> {
    match table.column(name) {
        Some(Column::Number { values, .. }) => values.to_vec(),
        other => panic!("{name} is {other:?}"),
    }
}

fn texts(table: &Table<'_>, name: &str) -> Vec<String> {
    match table.column(name) {
        Some(Column::Text { codes, names }) => codes.iter().map(|c| names[*c as usize].clone()).collect(),
        Some(Column::Number { values, .. }) => values.iter().map(|v| v.to_string()).collect(),
        None => panic!("there is no column {name}"),
    }
}

/// How one metric's rows are summed.
enum By {
    Events,
    Moments,
    Sums,
    Counts,
    /// Numerator, denominator and unit.
    Units(&'static str, Option<&'static str>),
}

/// One row for each arm and value of the keys.
fn summarise(table: &Table<'_>, metric: &str, column: &str, keys: &[(&str, &str)], by: &By) -> Vec<Value> {
    let arm = texts(table, "arm");
    let keyed: Vec<Vec<String>> = keys.iter().map(|(column, _)| texts(table, column)).collect();
    let values = numbers(table, column);
    let mut groups: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for row in 0..table.rows() {
        if values[row].is_finite() {
            let key = std::iter::once(&arm[row]).chain(keyed.iter().map(|k| &k[row])).cloned().collect();
            groups.entry(key).or_default().push(row);
        }
    }
    let rows = groups.into_iter().map(|(key, rows)| {
        let own: Vec<f64> = rows.iter().map(|&r| values[r]).collect();
        let n = own.len() as f64;
        let mut row = json!({"metric": metric, "arm": key[0], "n": own.len()});
        for ((_, name), value) in keys.iter().zip(&key[1..]) {
            row[*name] = json!(value);
        }
        match by {
            By::Events => row["events"] = json!(own.iter().sum::<f64>() as u64),
            By::Moments => {
                let mean = own.iter().sum::<f64>() / n;
                row["mean"] = json!(mean);
                row["m2"] = json!(own.iter().map(|v| (v - mean).powi(2)).sum::<f64>());
            }
            By::Sums => {
                row["sum"] = json!(own.iter().sum::<f64>());
                row["sumsq"] = json!(own.iter().map(|v| v * v).sum::<f64>());
            }
            By::Counts => {
                let mut sorted = own.clone();
                sorted.sort_by(f64::total_cmp);
                let mut counts: Vec<(f64, u64)> = Vec::new();
                for v in sorted {
                    match counts.last_mut() {
                        Some((last, count)) if *last == v => *count += 1,
                        _ => counts.push((v, 1)),
                    }
                }
                row["values"] = json!(counts.iter().map(|c| c.0).collect::<Vec<_>>());
                row["counts"] = json!(counts.iter().map(|c| c.1).collect::<Vec<_>>());
            }
            By::Units(unit, denominator) => {
                let unit = texts(table, unit);
                let below = denominator.map(|name| numbers(table, name));
                let mut totals: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
                for &r in &rows {
                    let total = totals.entry(&unit[r]).or_default();
                    total.0 += values[r];
                    total.1 += below.as_ref().map_or(1.0, |d| d[r]);
                }
                let sum = |f: fn(&(f64, f64)) -> f64| json!(totals.values().map(f).sum::<f64>());
                row["sum_y"] = sum(|t| t.0);
                row["sum_x"] = sum(|t| t.1);
                row["sum_yy"] = sum(|t| t.0 * t.0);
                row["sum_xy"] = sum(|t| t.0 * t.1);
                row["sum_xx"] = sum(|t| t.1 * t.1);
                row["clusters"] = json!(totals.len());
            }
        }
        row
    });
    rows.collect()
}

fn config(data: Value, metrics: Value) -> JudgeConfig {
    JudgeConfig::from_value(&json!({"version": 1, "data": data, "metrics": metrics})).unwrap()
}

fn judge_summary(config: &JudgeConfig, rows: Vec<Value>) -> Result<Judgement, String> {
    let rows: Vec<SummaryRow> =
        read_rows(&Value::Array(rows), &words(), &config.data.segments).map_err(|e| e.to_string())?;
    Judge::new(config.clone()).unwrap().judge_summary(&rows).map_err(|e| e.to_string())
}

fn close(a: Option<f64>, b: Option<f64>, what: &str) {
    match (a, b) {
        (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-9 * a.abs().max(1e-3), "{what}: {a} and {b}"),
        (a, b) => assert_eq!(a, b, "{what}"),
    }
}

fn same(rows: &Evidence, summary: &Evidence, what: &str) {
    close(rows.p_safe, summary.p_safe, &format!("{what}, p_safe"));
    close(rows.p_harm, summary.p_harm, &format!("{what}, p_harm"));
    close(rows.estimate, summary.estimate, &format!("{what}, estimate"));
    close(rows.interval.and_then(|i| i.high), summary.interval.and_then(|i| i.high), &format!("{what}, high"));
    assert_eq!(rows.n, summary.n, "{what}");
    assert_eq!(rows.test, summary.test, "{what}");
}

fn same_judgement(rows: &Judgement, summary: &Judgement, what: &str) {
    assert_eq!((rows.verdict, rows.decision), (summary.verdict, summary.decision), "{what}");
    assert_eq!((rows.score, rows.score_best), (summary.score, summary.score_best), "{what}");
    for (a, b) in rows.metrics.iter().zip(&summary.metrics) {
        let what = format!("{what}, {}", a.name);
        assert_eq!(a.outcome, b.outcome, "{what}: {} and {}", a.text, b.text);
        same(a.evidence.as_ref().unwrap(), b.evidence.as_ref().unwrap(), &what);
        let sorted = |m: &serinus::Finding| {
            let mut cells = m.segments.clone();
            cells.sort_by_key(|c| format!("{:?}", c.segment));
            cells
        };
        let (of_rows, of_sums) = (sorted(a), sorted(b));
        assert_eq!(of_rows.len(), of_sums.len(), "{what}");
        for (x, y) in of_rows.iter().zip(&of_sums) {
            assert_eq!((&x.segment, x.outcome), (&y.segment, y.outcome), "{what}: {} and {}", x.text, y.text);
            if let (Some(x), Some(y)) = (&x.evidence, &y.evidence) {
                same(x, y, &format!("{what}, {:?}", x.n));
            }
        }
        let limits = |j: &serinus::Finding| j.limit.as_ref().map(|l| (l.outcome, l.p_crossed, l.p_kept));
        if let (Some(x), Some(y)) = (limits(a), limits(b)) {
            assert_eq!(x.0, y.0, "{what}");
            close(x.1, y.1, &what);
            close(x.2, y.2, &what);
        }
    }
}

const STAGES: (&str, &str) = ("stage", "stratum");
const AGES: (&str, &str) = ("age_band", "age_band");

#[test]
fn events_moments_and_counts_give_the_judgement_of_the_rows() {
    // Cells of means are held back where few rows are skewed, which moments do not show: they are judged from counts.
    let metrics = json!([
        {"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
         "margin": {"absolute": 0.005}, "limit": {"max": 0.02}, "role": "critical"},
        {"name": "contacts", "type": "proportion", "column": "contacted", "direction": "either", "margin": {"relative": 0.2}},
        {"name": "score", "type": "mean", "column": "score", "direction": "either", "margin": {"absolute": 0.02},
         "limit": {"max": 0.5}, "test": {"kind": "welch"}, "segments": false},
        {"name": "revenue", "type": "mean", "column": "revenue", "direction": "higher_is_better",
         "margin": {"absolute": 0.3}, "test": {"kind": "welch"}, "segments": false},
        {"name": "typical", "type": "distribution", "column": "latency_ms", "direction": "lower_is_better", "margin": {"relative": 0.5}},
        {"name": "p95", "type": "quantile", "q": 0.95, "column": "latency_ms", "direction": "lower_is_better", "margin": {"relative": 0.5}},
        {"name": "slow", "type": "proportion", "column": "latency_ms", "above": 50, "direction": "lower_is_better", "margin": {"absolute": 0.05}},
        {"name": "moved", "type": "shift", "column": "score", "max_distance": 0.1},
    ]);
    let config = config(json!({"arm": {"column": "arm"}, "stratum": "stage", "segments": ["age_band"]}), metrics);
    for name in ["aa_parity", "null_feature", "segment_only", "unseen_category", "drift_both_arms"] {
        let table = recording(name);
        let mut rows = Vec::new();
        for keys in [vec![STAGES], vec![STAGES, AGES]] {
            for (metric, column, by) in [
                ("errors", "error", By::Events),
                ("contacts", "contacted", By::Counts),
                ("score", "score", By::Moments),
                ("revenue", "revenue", By::Sums),
                ("typical", "latency_ms", By::Counts),
                ("p95", "latency_ms", By::Counts),
                ("slow", "latency_ms", By::Counts),
                ("moved", "score", By::Counts),
            ] {
                rows.extend(summarise(&table, metric, column, &keys, &by));
            }
        }
        let by_rows = Judge::new(config.clone()).unwrap().judge(&table).unwrap();
        let by_sums = judge_summary(&config, rows).unwrap();
        // Scores that erred are missing, which only rows can tell: compared where nothing is missing.
        if by_rows.reasons.iter().all(|r| r.code != "differential_missing") {
            same_judgement(&by_rows, &by_sums, name);
        }
        let finding = |j: &Judgement| j.metrics.iter().find(|m| m.name == "errors").unwrap().outcome;
        assert_eq!(finding(&by_rows), finding(&by_sums), "{name}");
    }
}

#[test]
fn one_set_of_rows_by_every_key_gives_the_aggregate_and_the_cells() {
    let config = config(
        json!({"arm": {"column": "arm"}, "stratum": "stage", "segments": ["age_band", "job"]}),
        json!([{"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
                "margin": {"absolute": 0.005}, "role": "critical"},
               {"name": "score", "type": "mean", "column": "contacted", "direction": "either", "margin": {"absolute": 0.05},
                "test": {"kind": "welch"}, "segments": false}]),
    );
    let table = recording("unseen_category");
    let keys = [STAGES, AGES, ("job", "job")];
    let mut rows = summarise(&table, "errors", "error", &keys, &By::Events);
    rows.extend(summarise(&table, "score", "contacted", &keys, &By::Moments));
    let by_sums = judge_summary(&config, rows).unwrap();
    same_judgement(&Judge::new(config).unwrap().judge(&table).unwrap(), &by_sums, "by every key");
    assert_eq!(by_sums.decision, Decision::Rollback);
    assert!(by_sums.reasons.iter().any(|r| r.segment.as_ref().is_some_and(|s| s["job"] == "student")));
}

#[test]
fn sums_over_users_give_the_judgement_of_their_rows() {
    let config = config(
        json!({"arm": {"column": "arm"}, "unit": "user_id"}),
        json!([
            {"name": "conversion", "type": "proportion", "column": "converted", "direction": "higher_is_better",
             "margin": {"absolute": 0.02}, "limit": {"min": 0.01}},
            {"name": "revenue", "type": "mean", "column": "revenue", "direction": "higher_is_better", "margin": {"absolute": 0.5},
             "test": {"kind": "welch"}, "limit": {"min": -1}},
            {"name": "per_contact", "type": "ratio", "numerator": "converted", "denominator": "contacted",
             "direction": "higher_is_better", "margin": {"relative": 0.3}, "limit": {"min": 0.05}},
            {"name": "rate", "type": "rate", "events": "converted", "exposure": "contacted",
             "direction": "higher_is_better", "margin": {"relative": 0.3}},
        ]),
    );
    let table = recording("aa_sticky_users");
    let mut rows = Vec::new();
    for (metric, column, denominator) in [
        ("conversion", "converted", None),
        ("revenue", "revenue", None),
        ("per_contact", "converted", Some("contacted")),
        ("rate", "converted", Some("contacted")),
    ] {
        rows.extend(summarise(&table, metric, column, &[], &By::Units("user_id", denominator)));
    }
    let by_sums = judge_summary(&config, rows).unwrap();
    same_judgement(&Judge::new(config).unwrap().judge(&table).unwrap(), &by_sums, "by user");
}

#[test]
fn the_split_is_checked_where_a_share_is_declared() {
    let config = config(
        json!({"share": 10}),
        json!([{"name": "errors", "type": "proportion", "column": "e", "direction": "lower_is_better", "margin": {"absolute": 0.01}}]),
    );
    let of = |canary: u64| {
        let rows = [("baseline", 9_000), ("canary", canary)]
            .map(|(arm, n)| json!({"metric": "errors", "arm": arm, "n": n, "events": 9}));
        judge_summary(&config, rows.to_vec()).unwrap()
    };
    let code = |j: &Judgement| j.reasons.iter().any(|r| r.code == "invalid_sample_ratio");
    assert!(!code(&of(1_000)) && of(1_000).checks[0].outcome == Outcome::Pass);
    assert!(code(&of(700)) && of(700).decision == Decision::Hold);
}

#[test]
fn what_a_test_still_needs_is_said_for_every_metric_at_once() {
    let metric = |name: &str, kind: Value| {
        let mut metric = json!({"name": name, "direction": "lower_is_better", "margin": {"absolute": 0.1}});
        metric.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        metric
    };
    let all = json!([
        metric("typical", json!({"type": "distribution", "column": "x"})),
        metric("p99", json!({"type": "quantile", "q": 0.99, "column": "x"})),
        metric("auc", json!({"type": "auc", "score": "s", "label": "l", "direction": "higher_is_better"})),
        metric("ctr", json!({"type": "ratio", "numerator": "a", "denominator": "b"})),
        metric("boot", json!({"type": "mean", "column": "x", "test": {"kind": "bootstrap"}})),
        metric("share", json!({"type": "proportion", "column": "x"})),
        metric("absent", json!({"type": "mean", "column": "x"})),
        metric(
            "clipped",
            json!({"type": "mean", "column": "x", "outliers": {"method": "iqr", "factor": 3, "action": "clip"}})
        ),
    ]);
    let config = config(json!({}), all);
    let mut rows = Vec::new();
    for name in ["typical", "p99", "auc", "ctr", "boot", "share", "clipped"] {
        for arm in ["baseline", "canary"] {
            rows.push(json!({"metric": name, "arm": arm, "n": 100, "mean": 1.5, "m2": 40}));
        }
    }
    let message = judge_summary(&config, rows).unwrap_err();
    for piece in [
        "metric typical: a distribution needs values and counts, and the summary has moments alone; send values and counts",
        "metric p99: a quantile needs values and counts",
        "metric auc: an auc needs each row's two values, which no summary keeps; send the rows",
        "metric ctr: a ratio needs sum_y, sum_x, sum_yy, sum_xy, sum_xx and clusters",
        "metric boot: a bootstrap draws from values and counts",
        "metric share: a proportion needs n and events",
        "metric absent: the summary has no row of it",
        "metric clipped: outliers are found among rows",
    ] {
        assert!(message.contains(piece), "{piece}\nis not in\n{message}");
    }
    let by_user =
        self::config(json!({"unit": "user"}), json!([metric("share", json!({"type": "proportion", "column": "x"}))]));
    let rows = ["baseline", "canary"].map(|arm| json!({"metric": "share", "arm": arm, "n": 9, "events": 1}));
    let message = judge_summary(&by_user, rows.to_vec()).unwrap_err();
    assert!(message.contains("data.unit is user, so its test needs sum_y"), "{message}");
}

#[test]
fn an_arm_without_rows_is_no_data_and_a_billion_rows_are_no_burden() {
    let config = config(
        json!({}),
        json!([{"name": "e", "type": "proportion", "column": "e", "direction": "lower_is_better", "margin": {"absolute": 0.001},
                "role": "critical"}]),
    );
    let row = |arm: &str, n: u64, events: u64| json!({"metric": "e", "arm": arm, "n": n, "events": events});
    let one = judge_summary(&config, vec![row("baseline", 100, 1)]).unwrap();
    assert_eq!((one.decision, one.metrics[0].outcome), (Decision::Hold, Outcome::NoData));
    let many = [row("baseline", 3_000_000_000, 3_000_000), row("canary", 1_000_000_000, 1_000_100)];
    let many = judge_summary(&config, many.to_vec()).unwrap();
    assert_eq!(many.decision, Decision::Promote, "{:?}", many.reasons);
}

#[test]
fn tables_and_documents_of_statistics_are_read_alike() {
    let config = config(
        json!({"stratum": "stage", "segments": ["tier"]}),
        json!([{"name": "e", "type": "proportion", "column": "e", "direction": "lower_is_better", "margin": {"absolute": 0.05}}]),
    );
    let csv = "metric,arm,stratum,tier,n,events\ne,baseline,1,,500,5\ne,canary,1,,400,4\ne,baseline,1,gold,100,1\ne,canary,1,gold,90,1\n";
    let ndjson = "{\"metric\":\"e\",\"arm\":\"baseline\",\"stratum\":1,\"n\":500,\"events\":5}\n\
                  {\"metric\":\"e\",\"arm\":\"canary\",\"stratum\":1,\"n\":400,\"events\":4}\n\
                  {\"metric\":\"e\",\"arm\":\"baseline\",\"stratum\":1,\"tier\":\"gold\",\"n\":100,\"events\":1}\n\
                  {\"metric\":\"e\",\"arm\":\"canary\",\"stratum\":1,\"tier\":\"gold\",\"n\":90,\"events\":1}\n";
    let of = |name: &str, text: &str| {
        let rows = read_summary(&Source::bytes(name, text.to_owned()), None, &words(), &config.data.segments).unwrap();
        Judge::new(config.clone()).unwrap().judge_summary(&rows).unwrap()
    };
    let (a, b) = (of("s.csv", csv), of("s.ndjson", ndjson));
    assert_eq!(a, b);
    assert_eq!(a.metrics[0].segments.len(), 1);
    assert_eq!(a.metrics[0].evidence.as_ref().unwrap().n, Arms { baseline: 500, canary: 400 });
}
