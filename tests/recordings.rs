//! The bundled recordings and what can be done to them: arms swapped, rows doubled, survivors dropped, labels cut.
#![cfg(feature = "files")]

use std::path::Path;

use serde_json::{Value, json};
use serinus::input::{ConfigFormat, ReadOptions, Source, parse_config, read_table};
use serinus::judge::Judge;
use serinus::{Column, Decision, JudgeConfig, Judgement, Outcome, Table};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/");

fn table(file: &str) -> Table<'static> {
    read_table(&Source::from_argument(Path::new(&format!("{FOLDER}{file}"))), ReadOptions::default())
        .expect("a bundled recording can be read")
}

fn config_of(name: &str, data: Value) -> JudgeConfig {
    let text = std::fs::read_to_string(format!("{FOLDER}{name}")).expect("a bundled config can be read");
    let mut value = parse_config(name, &text, ConfigFormat::Yaml).expect("a bundled config is YAML");
    for (key, given) in data.as_object().expect("an object") {
        value["data"][key] = given.clone();
    }
    JudgeConfig::from_value(&value).expect("a bundled config is valid")
}

fn judge_with(config: JudgeConfig, table: &Table<'_>) -> Judgement {
    Judge::new(config).expect("the config is valid").judge(table).expect("the recording can be judged")
}

fn judge(table: &Table<'_>) -> Judgement {
    judge_with(config_of("demo.yaml", json!({})), table)
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
        other => panic!("{name} is {other:?}"),
    }
}

/// The rows of a table in the given order, or some of them.
fn rows(table: &Table<'_>, keep: &[usize]) -> Table<'static> {
    let columns = table.columns().iter().map(|(name, column)| {
        let picked = match column {
            Column::Number { values, missing } => Column::Number {
                values: keep.iter().map(|&i| values[i]).collect::<Vec<_>>().into(),
                missing: missing.as_ref().map(|m| keep.iter().map(|&i| m[i]).collect()),
            },
            Column::Text { codes, names } => {
                Column::Text { codes: keep.iter().map(|&i| codes[i]).collect(), names: names.clone() }
            }
        };
        (name.clone(), picked)
    });
    Table::new(columns.collect()).expect("all columns keep the same rows")
}

/// The table with one column replaced.
fn with(table: &Table<'_>, name: &str, column: Column<'static>) -> Table<'static> {
    let all: Vec<usize> = (0..table.rows()).collect();
    let copy = rows(table, &all);
    let columns = copy.columns().iter().map(|(n, c)| (n.clone(), if n == name { column.clone() } else { c.clone() }));
    Table::new(columns.collect()).expect("the column has as many rows")
}

fn swapped(table: &Table<'_>) -> Table<'static> {
    let arms: Vec<&str> =
        texts(table, "arm").iter().map(|a| if a == "canary" { "baseline" } else { "canary" }).collect();
    let share: Vec<f64> = numbers(table, "canary_pct").iter().map(|s| 100.0 - s).collect();
    with(&with(table, "arm", Column::texts(arms)), "canary_pct", Column::numbers(share))
}

fn finding<'a>(judgement: &'a Judgement, name: &str) -> &'a serinus::Finding {
    judgement.metrics.iter().find(|m| m.name == name).expect("the config has the metric")
}

fn check<'a>(judgement: &'a Judgement, name: &str) -> &'a serinus::Check {
    judgement.checks.iter().find(|c| c.name == name).expect("the judgement has the check")
}

/// The canary's k-th request, and no row after it.
fn until_canary_request(table: &Table<'_>, k: usize) -> Table<'static> {
    let time = numbers(table, "ts_ms");
    let arm = texts(table, "arm");
    let mut canary: Vec<f64> = (0..table.rows()).filter(|&i| arm[i] == "canary").map(|i| time[i]).collect();
    canary.sort_by(f64::total_cmp);
    let keep: Vec<usize> = (0..table.rows()).filter(|&i| time[i] < canary[k - 1]).collect();
    rows(table, &keep)
}

#[test]
fn each_fault_is_named_by_the_metric_or_segment_it_was_planted_in() {
    let failing = |name: &str| {
        let judgement = judge(&table(&format!("{name}.parquet")));
        assert_eq!(judgement.decision, Decision::Rollback, "{name}: {:?}", judgement.reasons);
        judgement
    };
    for (name, metric) in [
        ("null_feature", "conversion"),
        ("slow_model", "latency_p97"),
        ("slow_tail", "latency_p97"),
        ("unseen_category", "errors"),
        ("error_spike", "errors"),
        ("skew_sentinel", "contacts"),
    ] {
        assert_eq!(finding(&failing(name), metric).outcome, Outcome::Fail, "{name}");
    }
    assert_ne!(finding(&failing("slow_tail"), "latency_typical").outcome, Outcome::Fail);
    for (name, key, values) in [
        ("unseen_category", "job", vec!["student"]),
        ("segment_only", "age_band", vec!["<=25", ">60"]),
        ("segment_young_zero", "age_band", vec!["<=25"]),
    ] {
        let judgement = failing(name);
        let first = judgement.reasons.iter().find_map(|r| r.segment.as_ref()).expect("a segment is named");
        assert!(values.contains(&first[key].as_str()), "{name} names {first:?}");
    }
}

/// Every bundled recording of a routed canary, with what its config is given beside `demo.yaml`.
const ROUTED: [(&str, Option<(&str, &str)>); 14] = [
    ("healthy", None),
    ("aa_parity", None),
    ("aa_sticky_users", Some(("unit", "user_id"))),
    ("skew_recency_units", None),
    ("skew_sentinel", None),
    ("null_feature", None),
    ("slow_model", None),
    ("slow_tail", None),
    ("unseen_category", None),
    ("error_spike", None),
    ("segment_only", None),
    ("segment_young_zero", None),
    ("cold_start", None),
    ("drift_both_arms", None),
];

fn config_for(unit: Option<(&str, &str)>) -> JudgeConfig {
    config_of("demo.yaml", unit.map_or(json!({}), |(key, value)| json!({key: value})))
}

/// A shadow log with its two models' columns exchanged.
fn twins_swapped(table: &Table<'_>) -> Table<'static> {
    let all: Vec<usize> = (0..table.rows()).collect();
    let columns = rows(table, &all).columns().to_vec().into_iter().map(|(name, column)| {
        let other = match (name.strip_prefix("baseline_"), name.strip_prefix("canary_")) {
            (Some(rest), _) => format!("canary_{rest}"),
            (_, Some(rest)) => format!("baseline_{rest}"),
            _ => name,
        };
        (other, column)
    });
    Table::new(columns.collect()).expect("names stay distinct")
}

/// What fails in both judgements although it has a direction: the metric, or a segment of it.
fn fails_both_ways(a: &Judgement, b: &Judgement) -> Vec<String> {
    let mut found = Vec::new();
    for (m, n) in a.metrics.iter().zip(&b.metrics) {
        let directed = m.direction != Some(serinus::config::Direction::Either)
            && !["shift", "agreement"].contains(&m.kind.as_str());
        let own = |f: &serinus::Finding| f.outcome == Outcome::Fail && f.reason.as_deref() != Some("segment_failed");
        if directed && own(m) && own(n) {
            found.push(m.name.clone());
        }
        for c in m.segments.iter().filter(|c| directed && c.outcome == Outcome::Fail) {
            if n.segments.iter().any(|d| d.segment == c.segment && d.outcome == Outcome::Fail) {
                found.push(format!("{} in {:?}", m.name, c.segment));
            }
        }
    }
    found
}

#[test]
fn an_improvement_never_fails_when_the_arms_are_swapped() {
    for (name, unit) in ROUTED {
        let data = table(&format!("{name}.parquet"));
        let (straight, turned) = (judge_with(config_for(unit), &data), judge_with(config_for(unit), &swapped(&data)));
        assert_eq!(fails_both_ways(&straight, &turned), Vec::<String>::new(), "{name}");
        assert_eq!(check(&turned, "sample_ratio").outcome, Outcome::Pass, "{name}");
    }
    for name in ["shadow_healthy", "shadow_skew"] {
        let data = table(&format!("{name}.parquet"));
        let judge = |table: &Table<'_>| judge_with(config_of("shadow.yaml", json!({})), table);
        let (straight, turned) = (judge(&data), judge(&twins_swapped(&data)));
        assert_eq!(fails_both_ways(&straight, &turned), Vec::<String>::new(), "{name}");
        // What has no direction is the same seen from either side.
        assert_eq!(finding(&straight, "agreement").outcome, finding(&turned, "agreement").outcome, "{name}");
    }
    // The planted harm is gone when the faulty version is the one that serves.
    for (name, metric) in [("null_feature", "conversion"), ("slow_model", "latency_p97"), ("unseen_category", "errors")]
    {
        let turned = judge(&swapped(&table(&format!("{name}.parquet"))));
        assert_ne!(finding(&turned, metric).outcome, Outcome::Fail, "{name}");
    }
}

#[test]
fn other_ids_of_requests_and_users_change_nothing() {
    for (name, unit) in ROUTED {
        let data = table(&format!("{name}.parquet"));
        let n = data.rows() as u64;
        // An odd multiplier modulo a power of two gives every id another one.
        let other = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5555) % (1 << 40);
        let requests: Vec<String> = (0..n).map(|i| format!("{:x}-{i}", other(i))).collect();
        let mut renamed = with(&data, "request_id", Column::texts(&requests));
        let users = match data.column("user_id") {
            Some(Column::Number { values, .. }) => {
                values.iter().map(|v| format!("u{:x}-{v}", other(*v as u64))).collect()
            }
            _ => texts(&data, "user_id").iter().map(|v| format!("{v}-{:x}", other(v.len() as u64))).collect::<Vec<_>>(),
        };
        renamed = with(&renamed, "user_id", Column::texts(&users));
        let (a, b) = (judge_with(config_for(unit), &data), judge_with(config_for(unit), &renamed));
        assert_eq!((a.decision, a.metrics, a.checks), (b.decision, b.metrics, b.checks), "{name}");
    }
}

#[test]
fn too_little_data_hold_and_say_what_is_missing() {
    let low = judge(&table("low_traffic_healthy.csv"));
    assert_eq!(low.decision, Decision::Hold, "{:?}", low.reasons);
    assert!(low.metrics.iter().any(|m| m.needs.is_some_and(|n| n.canary_samples.is_some())));
    let early = judge(&until_canary_request(&table("error_spike.parquet"), 400));
    assert_eq!(early.decision, Decision::Hold, "{:?}", early.reasons);
}

#[test]
fn rows_logged_twice_are_noticed_and_change_nothing_when_users_are_the_units() {
    let once = table("aa_sticky_users.parquet");
    let twice: Vec<usize> = (0..once.rows()).flat_map(|i| [i, i]).collect();
    let by_user = || config_of("demo.yaml", json!({"unit": "user_id"}));
    let (a, b) = (judge_with(by_user(), &once), judge_with(by_user(), &rows(&once, &twice)));
    assert_eq!(a.decision, b.decision);
    assert_eq!(check(&b, "duplicate_ids").outcome, Outcome::Fail);
    // Rows as units cannot know better: the check says what happened.
    let by_row = judge(&rows(&table("aa_parity.parquet"), &(0..8000).flat_map(|i| [i, i]).collect::<Vec<_>>()));
    let ids = check(&by_row, "duplicate_ids");
    assert_eq!((ids.outcome, &ids.details["repeated"]), (Outcome::Fail, &json!(8000)));
    for (a, b) in a.metrics.iter().zip(&b.metrics).filter(|(a, _)| a.kind == "mean") {
        let p = |m: &serinus::Finding| m.evidence.as_ref().and_then(|e| e.p_safe).expect("there is evidence");
        assert!((p(a) - p(b)).abs() < 0.02, "{}: {} and {}", a.name, p(a), p(b));
    }
}

#[test]
fn the_order_of_rows_and_the_time_column_change_nothing_with_a_stage_column() {
    let data = table("null_feature.parquet");
    let back: Vec<usize> = (0..data.rows()).rev().collect();
    let (a, b) = (judge(&data), judge(&rows(&data, &back)));
    assert_eq!((a.decision, a.score, a.score_best), (b.decision, b.score, b.score_best));
    let outcomes = |j: &Judgement| j.metrics.iter().map(|m| m.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&a), outcomes(&b));
}

#[test]
fn survivors_alone_are_caught_by_the_sample_ratio() {
    let data = table("error_spike.parquet");
    let (arm, error) = (texts(&data, "arm"), numbers(&data, "error"));
    let canary = arm.iter().filter(|a| *a == "canary").count();
    let mut left = 3 * canary / 10;
    let mut order: Vec<usize> = (0..data.rows()).filter(|&i| arm[i] == "canary").collect();
    order.sort_by(|&a, &b| error[b].total_cmp(&error[a]).then(a.cmp(&b)));
    let dropped: std::collections::HashSet<usize> = order
        .into_iter()
        .take_while(|_| {
            left = left.saturating_sub(1);
            left > 0
        })
        .collect();
    let keep: Vec<usize> = (0..data.rows()).filter(|i| !dropped.contains(i)).collect();
    let judgement = judge(&rows(&data, &keep));
    assert_eq!(judgement.decision, Decision::Hold);
    assert!(judgement.reasons.iter().any(|r| r.code == "invalid_sample_ratio"), "{:?}", judgement.reasons);
}

#[test]
fn scores_missing_in_the_canary_alone_block_promotion() {
    let data = table("aa_parity.parquet");
    let arm = texts(&data, "arm");
    let mut score = numbers(&data, "score");
    (0..data.rows()).filter(|&i| arm[i] == "canary" && i % 5 == 0).for_each(|i| score[i] = f64::NAN);
    let judgement = judge(&with(&data, "score", Column::numbers(score)));
    assert_ne!(judgement.decision, Decision::Promote);
    assert!(judgement.reasons.iter().any(|r| r.code == "differential_missing"));
    assert_eq!(check(&judgement, "missingness").outcome, Outcome::Fail);
}

#[test]
fn a_router_biased_on_a_segment_is_reported() {
    let data = table("aa_parity.parquet");
    let (arm, band) = (texts(&data, "arm"), texts(&data, "age_band"));
    let keep: Vec<usize> =
        (0..data.rows()).filter(|&i| !(arm[i] == "canary" && band[i] == "26-40" && i % 2 == 0)).collect();
    assert_eq!(check(&judge(&rows(&data, &keep)), "segment_balance").outcome, Outcome::Fail);
    assert_eq!(check(&judge(&data), "segment_balance").outcome, Outcome::Pass);
}

#[test]
fn one_request_of_a_minute_changes_no_decision() {
    let data = table("aa_parity.parquet");
    let mut latency = numbers(&data, "latency_ms");
    let canary = texts(&data, "arm").iter().position(|a| a == "canary").expect("there is a canary row");
    latency[canary] = 60_000.0;
    let judgement = judge(&with(&data, "latency_ms", Column::numbers(latency)));
    assert_eq!(judgement.decision, judge(&data).decision);
    // Nor does it hide a canary that is truly slow.
    let data = table("slow_model.parquet");
    let mut latency = numbers(&data, "latency_ms");
    let baseline = texts(&data, "arm").iter().position(|a| a == "baseline").expect("there is a baseline row");
    latency[baseline] = 60_000.0;
    assert_eq!(judge(&with(&data, "latency_ms", Column::numbers(latency))).decision, Decision::Rollback);
}

#[test]
fn labels_that_have_not_arrived_are_not_counted_and_not_held_against_an_arm() {
    let data = table("null_feature.parquet");
    let mut arrive = numbers(&data, "label_at_ms");
    arrive.sort_by(f64::total_cmp);
    for (percent, decisions) in [
        (10, vec![Decision::Hold, Decision::Rollback]),
        (30, vec![Decision::Hold, Decision::Rollback]),
        (60, vec![Decision::Rollback]),
    ] {
        let as_of = arrive[data.rows() * percent / 100];
        let mut config = config_of("demo.yaml", json!({}));
        config.data.labels.as_mut().expect("the config has labels").as_of = serinus::config::AsOf::At(as_of);
        let judgement = judge_with(config, &data);
        assert!(decisions.contains(&judgement.decision), "{percent}%: {:?}", judgement.reasons);
        let coverage = check(&judgement, "label_coverage").details["canary"].as_f64().expect("a share");
        assert!(coverage < 0.75, "{percent}%: {coverage}");
        assert!(finding(&judgement, "conversion").missing.is_none());
    }
    // Of a canary that is well nothing is held against it at any maturity.
    let data = table("healthy.parquet");
    let mut arrive = numbers(&data, "label_at_ms");
    arrive.sort_by(f64::total_cmp);
    for percent in [10, 30, 60] {
        let mut config = config_of("demo.yaml", json!({}));
        let as_of = serinus::config::AsOf::At(arrive[data.rows() * percent / 100]);
        config.data.labels.as_mut().expect("the config has labels").as_of = as_of;
        let judgement = judge_with(config, &data);
        assert_ne!(judgement.decision, Decision::Rollback, "{percent}%: {:?}", judgement.reasons);
    }
}

#[test]
fn shadow_pairs_are_told_apart_and_the_rows_that_moved_most_are_listed() {
    let shadow = |name: &str| judge_with(config_of("shadow.yaml", json!({})), &table(name));
    assert_eq!(shadow("shadow_healthy.parquet").decision, Decision::Promote);
    let skewed = shadow("shadow_skew.parquet");
    assert_eq!(skewed.decision, Decision::Rollback);
    let movers = &finding(&skewed, "agreement").movers;
    assert_eq!(movers.len(), 5);
    let size = |m: &Value| (m["canary"].as_f64().unwrap() - m["baseline"].as_f64().unwrap()).abs();
    assert!(size(&movers[0]) >= size(&movers[4]) && size(&movers[4]) > 0.2 && movers[0]["id"].is_string());
}

#[test]
fn threads_and_the_order_of_metrics_do_not_change_a_byte() {
    let data = table("null_feature.parquet");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| serde_json::to_string(&judge(&data)).expect("a judgement is JSON"))
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(7));
    let mut config = config_of("demo.yaml", json!({}));
    config.metrics.reverse();
    let turned = judge_with(config, &data);
    let straight = judge(&data);
    assert_eq!(turned.provenance, straight.provenance);
    for m in &straight.metrics {
        assert_eq!(Some(m), turned.metrics.iter().find(|t| t.name == m.name));
    }
}

#[test]
fn a_filter_that_keeps_every_row_changes_nothing() {
    let data = table("error_spike.parquet");
    let mut columns = rows(&data, &(0..data.rows()).collect::<Vec<_>>()).columns().to_vec();
    columns.push(("every".into(), Column::numbers(vec![1.0; data.rows()])));
    let data = Table::new(columns).expect("as many rows");
    let plain = judge(&data);
    let mut config = config_of("demo.yaml", json!({}));
    config.metrics.iter_mut().for_each(|m| m.filter.push(("every".into(), json!(1))));
    let filtered = judge_with(config, &data);
    assert!(!plain.metrics.is_empty());
    assert_eq!(plain.metrics, filtered.metrics);
}

#[test]
fn permuted_times_matter_to_time_blocks_and_not_to_stages() {
    let data = table("null_feature.parquet");
    let mut time = numbers(&data, "ts_ms");
    let length_ms = time.iter().copied().fold(0.0, f64::max) - time.iter().copied().fold(f64::INFINITY, f64::min);
    time.reverse();
    let permuted = with(&data, "ts_ms", Column::numbers(time));
    let outcomes = |j: &Judgement| j.metrics.iter().map(|m| (m.outcome, m.evidence.clone())).collect::<Vec<_>>();
    let (a, b) = (judge(&data), judge(&permuted));
    assert_eq!((a.decision, outcomes(&a)), (b.decision, outcomes(&b)));
    let blocks = || config_of("demo.yaml", json!({"stratum": {"seconds": length_ms / 1000.0 / 4.0}}));
    let (a, b) = (judge_with(blocks(), &data), judge_with(blocks(), &permuted));
    assert_ne!(outcomes(&a), outcomes(&b), "time blocks hold other rows now");
}

#[test]
fn classes_that_differ_are_told_by_name() {
    let config = json!({"version": 1, "data": {"paired": {"baseline": "old_", "canary": "new_"}}, "metrics": [
        {"name": "same", "type": "agreement", "column": "class", "tolerance": 0, "min": 0.5}]});
    let old: Vec<&str> = (0..60).map(|i| ["cat", "dog", "bus"][i % 3]).collect();
    let new: Vec<&str> = (0..60).map(|i| if i % 20 == 6 { "dog" } else { ["cat", "dog", "bus"][i % 3] }).collect();
    let columns = vec![("old_class".to_owned(), Column::texts(old)), ("new_class".to_owned(), Column::texts(new))];
    let table = Table::new(columns).expect("the columns are of one length");
    let judgement = judge_with(JudgeConfig::from_value(&config).expect("the config is valid"), &table);
    let movers = &finding(&judgement, "same").movers;
    assert_eq!(movers[0], json!({"row": 7, "baseline": "cat", "canary": "dog"}));
    // Among the rows that were changed, those that were dogs before do not differ.
    let places: Vec<u64> = movers.iter().filter_map(|m| m["row"].as_u64()).collect();
    assert_eq!(places, (0..60_u64).filter(|i| i % 20 == 6 && i % 3 != 1).map(|i| i + 1).collect::<Vec<_>>());
}
