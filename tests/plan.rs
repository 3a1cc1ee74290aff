//! Does the planned n give the planned power? And does a config's plan say what it should?
//!
//! `cargo test --release --test plan -- --nocapture` prints planned against simulated power for each metric type.

use serde_json::json;
use serinus::config::{Direction, JudgeConfig, Limit, Margin, MetricConfig, MetricKind, Role};
use serinus::plan::{
    Behaviour, Claim, Design, History, Platform, RampRequest, Scale, Size, detectable_change, emit, from_config, power,
    ramp, sample_size,
};
use serinus::rollout::RolloutConfig;
use serinus::stats::special;
use serinus::{Column, Table};

/// SplitMix64 (Steele, Lea and Flood 2014): enough for a simulation, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
    fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut k) = ((-mean).exp(), self.uniform(), 0.0);
        while product > limit {
            product *= self.uniform();
            k += 1.0;
        }
        k
    }
    fn many(&mut self, n: u64, mut draw: impl FnMut(&mut Self) -> f64) -> Vec<f64> {
        (0..n).map(|_| draw(self)).collect()
    }
}

fn moments(v: &[f64]) -> (f64, f64) {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
}

const Z: f64 = 1.644_853_626_951_472_7;
const DRAWS: u64 = 1_500;
const LOWER: Direction = Direction::LowerIsBetter;

fn claim(margin: Size) -> Claim {
    Claim::NonInferiority { direction: LOWER, margin, change: Size::default() }
}

/// Planned n, then how often `shown` says yes on data of that size.
fn simulate(
    name: &str,
    behaviour: &Behaviour,
    margin: Size,
    k: f64,
    mut shown: impl FnMut(&mut Random, u64, u64) -> bool,
) {
    let design = Design { allocation: k, ..Design::default() };
    let n = sample_size(behaviour, &claim(margin), &design).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut random = Random(name.bytes().fold(7u64, |a, b| a.wrapping_mul(31).wrapping_add(u64::from(b))));
    let hits = (0..DRAWS).filter(|_| shown(&mut random, n.canary, n.baseline)).count();
    let found = hits as f64 / DRAWS as f64;
    let error = (0.8 * 0.2 / DRAWS as f64).sqrt();
    println!(
        "{name}: {} canary rows, planned power 0.80, simulated {found:.3} (simulation error {error:.3})",
        n.canary
    );
    // Four standard errors of the simulation, and .015 for the approximations that the formulas are.
    assert!((found - 0.8).abs() < 4.0 * error + 0.015, "{name}: {found}");
}

#[test]
fn planned_against_simulated_mean_and_ratio() {
    let mean = Behaviour::Mean { mean: Some(10.0), sd: 5.0, canary_sd: None };
    simulate("mean", &mean, Size::Relative(0.1), 4.0, |r, m, n| {
        let (c, vc) = moments(&r.many(m, |r| 10.0 + 5.0 * r.normal()));
        let (s, vs) = moments(&r.many(n, |r| 10.0 + 5.0 * r.normal()));
        (1.1 * s - c) / (vc + 1.21 * vs).sqrt() > Z
    });
    // Clicks over impressions of users with 1 to 9 impressions, click rate .2.
    let user = |r: &mut Random| {
        let d = (1.0 + 9.0 * r.uniform()).floor();
        ((0..d as u32).filter(|_| r.uniform() < 0.2).count() as f64, d)
    };
    let mut r = Random(5);
    let (u, d): (Vec<f64>, Vec<f64>) = (0..40_000).map(|_| user(&mut r)).unzip();
    let ratio = History::ratio(&u, &d, None).expect("plans").behaviour;
    simulate("ratio", &ratio, Size::Relative(0.15), 2.0, |r, m, n| {
        let mut arm = |n: u64| {
            let rows: Vec<(f64, f64)> = (0..n).map(|_| user(r)).collect();
            let (u, d) = rows.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let ratio = u / d;
            (ratio, rows.iter().map(|(u, v)| (u - ratio * v).powi(2)).sum::<f64>() / (d * d))
        };
        let ((c, vc), (s, vs)) = (arm(m), arm(n));
        (1.15 * s - c) / (vc + 1.15 * 1.15 * vs).sqrt() > Z
    });
}

#[test]
fn planned_against_simulated_proportion_and_rate() {
    for (name, variance) in [
        ("proportion, score", serinus::plan::ProportionVariance::Score),
        ("proportion, unpooled", serinus::plan::ProportionVariance::Unpooled),
    ] {
        let score = variance == serinus::plan::ProportionVariance::Score;
        let behaviour = Behaviour::Proportion { p: 0.1, variance };
        simulate(name, &behaviour, Size::Absolute(0.05), 3.0, |r, m, n| {
            let mut arm = |n: u64| (0..n).filter(|_| r.uniform() < 0.1).count() as f64 / n as f64;
            let (c, s) = (arm(m), arm(n));
            let (m, n) = (m as f64, n as f64);
            let (pc, ps) = if score { farrington_manning(c, s, n / m, 0.05) } else { (c, s) };
            (s + 0.05 - c) / (pc * (1.0 - pc) / m + ps * (1.0 - ps) / n).sqrt() > Z
        });
    }
    simulate("rate", &Behaviour::Rate { rate: 2.0, dispersion: 1.0 }, Size::Relative(0.15), 2.0, |r, m, n| {
        let mut arm = |n: u64| (0..n).map(|_| r.poisson(2.0)).sum::<f64>();
        let (a, b) = (arm(m), arm(n));
        let ratio = (a / m as f64) / (b / n as f64);
        (1.15f64.ln() - ratio.ln()) / (1.0 / a + 1.0 / b).sqrt() > Z
    });
}

/// Farrington and Manning's (1990) restricted pair by their cubic.
fn farrington_manning(p1: f64, p2: f64, th: f64, d: f64) -> (f64, f64) {
    let a = 1.0 + th;
    let b = -(1.0 + th + p1 + th * p2 + d * (th + 2.0));
    let c = d * d + d * (2.0 * p1 + th + 1.0) + p1 + th * p2;
    let e = -p1 * d * (1.0 + d);
    let v = b.powi(3) / (27.0 * a.powi(3)) - b * c / (6.0 * a * a) + e / (2.0 * a);
    let u = v.signum() * (b * b / (9.0 * a * a) - c / (3.0 * a)).sqrt();
    let w = (std::f64::consts::PI + (v / u.powi(3)).clamp(-1.0, 1.0).acos()) / 3.0;
    let p = (2.0 * u * w.cos() - b / (3.0 * a)).clamp(d, 1.0);
    (p, p - d)
}

#[test]
fn planned_against_simulated_ranks_auc_and_quantile() {
    let mut r = Random(11);
    let lognormal = |r: &mut Random| (0.8 * r.normal()).exp();
    let history = r.many(20_000, lognormal);
    let distribution = History::distribution(&history, None).expect("plans").behaviour;
    simulate("Mann-Whitney", &distribution, Size::Relative(0.15), 2.0, |r, m, n| {
        let mut all: Vec<(f64, bool)> =
            (0..m + n).map(|i| if i < m { (lognormal(r), true) } else { (1.15 * lognormal(r), false) }).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ranks: f64 = all.iter().enumerate().filter(|(_, v)| v.1).map(|(i, _)| i as f64 + 1.0).sum();
        let (m, n) = (m as f64, n as f64);
        let u = ranks - m * (m + 1.0) / 2.0;
        (m * n / 2.0 - u) / (m * n * (m + n + 1.0) / 12.0).sqrt() > Z
    });

    let item = |r: &mut Random| {
        let label = f64::from(u8::from(r.uniform() < 0.3));
        (r.normal() + 1.2 * label, label)
    };
    let (scores, labels): (Vec<f64>, Vec<f64>) = (0..20_000).map(|_| item(&mut r)).unzip();
    let auc = History::auc(&scores, &labels, None).expect("plans").behaviour;
    let margin = Claim::NonInferiority {
        direction: Direction::HigherIsBetter,
        margin: Size::Absolute(0.05),
        change: Size::default(),
    };
    let lower = sample_size(&auc, &claim(Size::Absolute(0.05)), &Design::default()).expect("plans");
    assert_eq!(
        sample_size(&auc, &margin, &Design::default()).expect("plans"),
        lower,
        "an absolute margin is the same both ways"
    );
    simulate("AUC", &auc, Size::Absolute(0.05), 1.0, |r, m, n| {
        let mut arm = |n: u64| {
            let (s, l): (Vec<f64>, Vec<f64>) = (0..n).map(|_| item(r)).unzip();
            match History::auc(&s, &l, None) {
                Ok(History { behaviour: Behaviour::Auc { auc, variance: Some(v), .. }, .. }) => (auc, v / n as f64),
                other => panic!("{other:?}"),
            }
        };
        let ((c, vc), (s, vs)) = (arm(m), arm(n));
        (s + 0.05 - c) / (vc + vs).sqrt() > Z
    });

    let heavy = |r: &mut Random| r.normal().exp();
    let tail = History::quantile(&r.many(200_000, heavy), 0.9, None).expect("plans").behaviour;
    simulate("quantile", &tail, Size::Relative(0.25), 2.0, |r, m, n| {
        // MOVER on order-statistic bounds (Zou and Donner 2008).
        let mut arm = |n: u64| {
            let mut v = r.many(n, heavy);
            v.sort_by(f64::total_cmp);
            let at = |rank: u64| v[rank.clamp(1, n) as usize - 1].ln();
            let upper = special::binom_ppf(0.95, n, 0.9) + 1;
            (
                at((n as f64 * 0.9).ceil() as u64),
                at(special::binom_ppf(0.05, n, 0.9)),
                if upper > n { f64::INFINITY } else { at(upper) },
            )
        };
        let ((c, _, cu), (s, sl, _)) = (arm(m), arm(n));
        c - s + (cu - c).hypot(s - sl) < 1.25f64.ln()
    });
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
