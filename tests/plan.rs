//! Does the planned n give the planned power? And does a config's plan say what it should?
//!
//! `cargo run --release --example planned_against_simulated` prints planned against simulated power for each metric type.

#[path = "../examples/planned_against_simulated.rs"]
mod simulated;

use serde_json::json;
use serinus::config::{Direction, JudgeConfig, Limit, Margin, MetricConfig, MetricKind, Role};
use serinus::plan::{
    Behaviour, Claim, Design, Platform, RampRequest, Scale, Size, detectable_change, emit, from_config, power, ramp,
    sample_size,
};
use serinus::rollout::RolloutConfig;
use serinus::{Column, Table};
use simulated::Random;

const LOWER: Direction = Direction::LowerIsBetter;

#[test]
fn the_planned_rows_give_the_planned_power_for_every_metric_type() {
    let lines = simulated::all(1_500);
    assert_eq!(lines.len(), 8);
    for line in lines {
        assert!(line.holds(), "{}: {} for 0.8", line.name, line.simulated);
    }
}

#[test]
fn the_published_claims_hold_as_documented() {
    let metric = Behaviour::Mean { mean: None, sd: 1.0, canary_sd: None };
    let small = Claim::Superiority { change: Size::Absolute(0.05) };
    let against = |design: Design| sample_size(&metric, &small, &design).expect("plans").exact.canary;
    let two = serinus::plan::Sides::Two;
    for (design, expected) in [
        (Design::default().at_percent(1.0), 2_498.0),
        (Design { sides: two, ..Design::default() }.at_percent(1.0), 3_171.0),
        (Design::default(), 4_946.0),
        (Design { sides: two, ..Design::default() }, 6_279.0),
        (Design { sides: two, design_effect: 2.9, ..Design::default() }.at_percent(1.0), 9_197.0),
    ] {
        assert!((against(design) - expected).abs() < 1.0, "{expected}: {}", against(design));
    }
    let at = |design: Design| power(&metric, &small, &design, 6_000).expect("has power");
    assert!((at(Design { sides: two, ..Design::default() }.at_percent(1.0)) - 0.971).abs() < 5e-4);
    assert!((at(Design::default().at_percent(1.0)) - 0.986).abs() < 5e-4);
    assert!((at(Design { sides: two, ..Design::default() }) - 0.782).abs() < 5e-4);
    let mde = |design| detectable_change(&metric, true, Scale::Absolute, &design, 6_000).expect("some change is found");
    assert!((mde(Design { sides: two, ..Design::default() }.at_percent(1.0)) - 0.036).abs() < 5e-4);
    assert!((mde(Design::default().at_percent(1.0)) - 0.032).abs() < 5e-4);
}

fn history(rows: usize) -> Table<'static> {
    let mut r = Random(3);
    let latency = r.many(rows as u64, |r| 80.0 * (0.5 * r.normal()).exp());
    let error: Vec<f64> = (0..rows).map(|i| f64::from(u8::from(i % 100 == 7))).collect();
    let user: Vec<String> = (0..rows).map(|i| format!("u{}", i / 4)).collect();
    // A value of the user's own, so that rows of a user repeat it.
    let spend: Vec<f64> = (0..rows).map(|i| ((i / 4 * 7919) % 1009) as f64).collect();
    Table::new(vec![
        ("latency_ms".to_owned(), Column::numbers(latency)),
        ("error".to_owned(), Column::numbers(error)),
        ("spend".to_owned(), Column::numbers(spend)),
        ("user".to_owned(), Column::texts(user)),
    ])
    .expect("columns of one length")
}

fn config() -> JudgeConfig {
    let column = |name: &str| name.to_owned();
    let event = Default::default();
    JudgeConfig {
        metrics: vec![
            MetricConfig::new("errors", MetricKind::Proportion { column: column("error"), event }, LOWER)
                .margin(Margin::absolute(0.005))
                .role(Role::Critical),
            MetricConfig::new("typical", MetricKind::Distribution { column: column("latency_ms") }, LOWER)
                .margin(Margin::relative(0.1)),
            MetricConfig::new("p99", MetricKind::Quantile { column: column("latency_ms"), q: 0.99 }, LOWER)
                .margin(Margin::relative(0.2)),
            MetricConfig::new("spend", MetricKind::Mean { column: column("spend") }, Direction::HigherIsBetter)
                .margin(Margin::relative(0.05)),
        ],
        ..JudgeConfig::default()
    }
}

#[test]
fn a_config_is_planned_metric_by_metric() {
    let plan = from_config(&config(), &history(40_000), 10_000.0);
    assert!(plan.can_promote, "{:?}", plan.blockers);
    assert_eq!(plan.weights.len(), 6);
    let slowest = plan.weights[0].minutes.expect("it can promote");
    let longest = plan.metrics.iter().filter_map(|m| m.weights[0].minutes).fold(0.0, f64::max);
    assert_eq!(slowest, longest);
    for metric in &plan.metrics {
        assert!(metric.must_pass, "{} weighs a quarter of the score", metric.name);
        let rows: Vec<u64> = metric.weights.iter().map(|w| w.canary_rows.expect("plans")).collect();
        assert!(rows.windows(2).all(|w| w[0] <= w[1]), "fewer baseline rows a canary row need more: {rows:?}");
        let first = &metric.weights[0];
        assert!(first.detectable_margin.is_some() && first.detectable_harm.is_some(), "{}", metric.name);
    }
    // The JSON holds no null that should be a number, and no sample.
    let text = serde_json::to_string(&plan).expect("JSON");
    assert!(text.len() < 20_000 && !text.contains("sample\""));
}

#[test]
fn units_make_their_rows_count_less() {
    let mut by_user = config();
    by_user.data.unit = Some("user".to_owned());
    let (rows, users) = (from_config(&config(), &history(40_000), 1e4), from_config(&by_user, &history(40_000), 1e4));
    let spend = |plan: &serinus::plan::ConfigPlan| plan.metrics[3].weights[0].canary_rows.expect("plans") as f64;
    assert!((users.metrics[3].design_effect - 4.0).abs() < 1e-9);
    assert!((spend(&users) / spend(&rows) - 4.0).abs() < 0.01);
    assert!(users.metrics[1].design_effect < 1.2, "latencies of a user are independent here");
}

#[test]
fn a_config_that_can_never_promote_says_why() {
    let mut hopeless = config();
    hopeless.metrics[0].limit = Some(Limit { max: Some(0.005), min: None });
    let plan = from_config(&hopeless, &history(40_000), 1e4);
    assert!(!plan.can_promote && plan.blockers[0].starts_with("errors has to pass and cannot"), "{:?}", plan.blockers);
    assert_eq!(plan.weights[0].minutes, None);

    let mut missing = config();
    missing.metrics[3].kind = MetricKind::Mean { column: "revenue".to_owned() };
    let plan = from_config(&missing, &history(5_000), 1e4);
    assert!(plan.blockers[0].contains("the history has no column revenue"), "{:?}", plan.blockers);

    let mut strict = config();
    strict.metrics[2].margin = Some(Margin::relative(0.0));
    assert!(
        !from_config(&strict, &history(40_000), 1e4).can_promote,
        "no number of rows shows that nothing is worse at all"
    );
    strict.metrics[2].role = Role::Advisory;
    assert!(from_config(&strict, &history(40_000), 1e4).can_promote);
}

#[test]
fn a_config_s_plan_becomes_a_ramp_and_a_rollout_file() {
    let plan = from_config(&config(), &history(40_000), 1e4);
    let ramp = ramp(&RampRequest::new(1e4, plan.waited_for())).expect("a ramp");
    for platform in [Platform::Json, Platform::ArgoSteps, Platform::Flagger, Platform::Istio, Platform::Rollout] {
        assert!(!emit(&ramp, platform).expect("whole percents").contains("null,\n  \"null"));
    }
    let file = serinus::plan::rollout(&ramp).expect("bakes for less than a year");
    let read = RolloutConfig::from_value(&file).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.stages.len(), 3);
    assert_eq!(json!(read.stages[0].min_samples), file["stages"][0]["min_samples"]);
}
