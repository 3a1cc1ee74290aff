//! What must hold of every monitor and every e-process, on data that proptest chooses.

use proptest::prelude::*;
use serinus::config::{Direction, Event, Margin, MetricKind};
use serinus::monitor::{
    ArmStatistics, Batch, BetaBinomial, BlockBetting, Counts, FisherNoncentral, GammaExponential, Histogram,
    LabelMixture, Moments, Monitor, NormalMixture, RateDifference, RatioPrior, Side, Sides, Spending, Stratified,
    Trials, VarianceRule, bernoulli_confidence_sequence, bucket_edge, bucket_index, dirichlet_log_e, dkw_radius, e_bh,
    e_bonferroni, e_holm, group_sequential_bounds, log_mean_e, p_from_log_e, p_to_e, stochastic_order,
};
use serinus::{Arms, JudgeConfig, MetricConfig};

/// Rows and events of an arm: often none, often few, sometimes enormous.
fn arm() -> impl Strategy<Value = (u64, u64)> {
    let rows = prop_oneof![Just(0u64), 1u64..4, 1u64..2000, Just(1_000_000_000)];
    (rows, prop_oneof![Just(0.0), Just(1.0), 0.0..0.02f64, 0.0..1.0f64]).prop_map(|(n, p)| (n, (n as f64 * p) as u64))
}

fn counts() -> impl Strategy<Value = Arms<Counts>> {
    (arm(), arm()).prop_map(|(s, c)| Arms { baseline: Counts::new(s.0, s.1), canary: Counts::new(c.0, c.1) })
}

/// Any number at all, the hard ones often.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            1e300,
            -1e300,
            1e-300,
            5e-324,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY
        ]),
        -100.0..100.0f64,
    ]
}

/// Values with many ties.
fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![prop::sample::select(vec![0.0, 1.0, 2.0, 7.0]), -50.0..50.0f64], 2..20)
}

fn label(side: Side, batches: &[Arms<Counts>]) -> f64 {
    let mut e = LabelMixture::new(1.0, side, RatioPrior::default()).expect("1 is a ratio");
    batches.iter().for_each(|b| e.update(b));
    e.log_e()
}

fn difference(margin: f64, side: Side, batches: &[Arms<Counts>]) -> f64 {
    let mut e = RateDifference::new(margin, side).expect("a difference");
    batches.iter().for_each(|b| e.update(b));
    e.log_e()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn swapping_the_arms_mirrors_the_label_process(batches in prop::collection::vec(counts(), 1..6)) {
        let swapped: Vec<_> = batches.iter().map(|b| b.swap()).collect();
        let (above, below) = (label(Side::Above, &batches), label(Side::Below, &swapped));
        // The gains are differences of terms as large as the events, so that is what rounding is relative to.
        let events: f64 = batches.iter().map(|b| b.canary.events + b.baseline.events).sum();
        prop_assert!(near(above, below) || (above - below).abs() <= 1e-13 * events, "{above} {below}");
    }

    #[test]
    fn the_order_of_batches_and_an_even_split_of_one_change_nothing(batches in prop::collection::vec(counts(), 1..6)) {
        let backwards: Vec<_> = batches.iter().rev().copied().collect();
        let halves: Vec<_> = batches
            .iter()
            .flat_map(|b| [b.map(|c| Counts { exposure: 0.5 * c.exposure, events: 0.5 * c.events }); 2])
            .collect();
        for side in [Side::Above, Side::Below] {
            let whole = label(side, &batches);
            prop_assert!(near(whole, label(side, &backwards)) && near(whole, label(side, &halves)));
            let whole = difference(0.01, side, &batches);
            prop_assert!(near(whole, difference(0.01, side, &backwards)) && near(whole, difference(0.01, side, &halves)));
        }
    }

    #[test]
    fn both_rate_processes_are_finite_and_a_larger_margin_is_easier_to_keep(
        batches in prop::collection::vec(counts(), 1..6),
        margin in -0.5..0.5f64,
    ) {
        for side in [Side::Above, Side::Below] {
            prop_assert!(label(side, &batches).is_finite());
            prop_assert!(difference(margin, side, &batches).is_finite());
        }
        let slack = |a: f64, b: f64| a <= b + 1e-9 * (1.0 + a.abs().max(b.abs()));
        prop_assert!(slack(difference(margin, Side::Below, &batches), difference(margin + 0.1, Side::Below, &batches)));
        prop_assert!(slack(difference(margin + 0.1, Side::Above, &batches), difference(margin, Side::Above, &batches)));
    }

    #[test]
    fn a_contrast_follows_shifts_and_scales(s in values(), c in values(), shift in -1e3..1e3f64, factor in 0.1..10.0f64) {
        let contrast = |s: &[f64], c: &[f64]| {
            let mut state = Stratified::default();
            state.update(&Arms { baseline: Moments::of(s), canary: Moments::of(c) });
            state.contrast(1.0, 0.0, VarianceRule::Residual).expect("two rows each")
        };
        let moved = |v: &[f64]| v.iter().map(|x| x * factor + shift).collect::<Vec<f64>>();
        let (plain, other) = (contrast(&s, &c), contrast(&moved(&s), &moved(&c)));
        prop_assert!((other.estimate - factor * plain.estimate).abs() < 1e-8 * (1.0 + shift.abs() + factor * 100.0));
        prop_assert!((other.variance - factor * factor * plain.variance).abs() <= 1e-6 * (1.0 + other.variance));
    }

    #[test]
    fn a_normal_mixture_rises_with_the_sum_and_its_bound_is_the_test(
        s in -1e3..1e3f64, v in 0.0..1e6f64, rho in 1e-3..1e3f64, alpha in 1e-6..0.4f64,
    ) {
        let one = NormalMixture::new(rho, Sides::One).expect("positive");
        let (low, high) = (one.log_e(s, v).expect("finite"), one.log_e(s + 1.0, v).expect("finite"));
        prop_assert!(high >= low - 1e-9 * (1.0 + low.abs()));
        let bound = one.bound(v, alpha).expect("valid");
        prop_assert!(one.log_e(bound * 1.001, v).expect("finite") >= -alpha.ln());
        prop_assert!(one.log_e(bound * 0.999, v).expect("finite") <= -alpha.ln());
    }

    #[test]
    fn no_argument_makes_a_panic_or_a_nan(a in any_number(), b in any_number(), c in any_number(), n in any::<u64>(), m in any::<u64>()) {
        let mut found = Vec::new();
        for sides in [Sides::One, Sides::Two] {
            if let Ok(mixture) = NormalMixture::new(a, sides) {
                found.extend(mixture.log_e(b, c));
                found.extend(mixture.bound(b, c));
            }
            found.extend(NormalMixture::tuned(a, b, sides).map(|m| m.rho()));
        }
        if let Ok(mixture) = BetaBinomial::tuned(a, 0.05, 0.3, 0.7) {
            found.extend(mixture.log_e(b, c));
        }
        if let Ok(mixture) = GammaExponential::tuned(a, 0.05, 1.0) {
            found.extend(mixture.log_e(b, c));
        }
        found.extend(dkw_radius(n, a));
        found.extend(p_to_e(a, b));
        found.extend(dirichlet_log_e(&[n, m], &[a, b], c));
        if n.max(m) < u64::MAX / 4 {
            found.extend(bernoulli_confidence_sequence(n.min(m), n.max(m), a, b, 0.05).map(|c| c.low + c.high));
            found.extend(stochastic_order(&[n, m], &[m, 1], a).map(|t| t.p_order + t.p_equal + t.radius));
        }
        found.extend(group_sequential_bounds(&[0.5, 1.0], Spending::Power(a), b).map(|g| g.z[1]));
        found.push(p_from_log_e(if a.is_nan() { 0.0 } else { a }));
        if let Ok(mut e) = BlockBetting::new(a) {
            let _ = e.update(b, &[c]);
            found.push(e.log_e());
        }
        if let Ok(mut e) = FisherNoncentral::new(a, &[b]) {
            e.update(&Arms { baseline: Trials { rows: n % 500, events: m % 500 }, canary: Trials { rows: m % 300, events: n % 400 } });
            found.push(e.log_e());
        }
        found.extend(RateDifference::new(a, Side::Above).map(|e| e.log_e()));
        prop_assert!(found.iter().all(|v| !v.is_nan()), "{found:?}");
    }

    #[test]
    fn a_bucket_holds_its_value_and_ends_at_its_edge(x in prop_oneof![1e-300..1e300f64, 0.5..2.0f64, 1e-9..1e9f64], schema in 0i8..=8) {
        let i = bucket_index(x, schema).expect("positive");
        prop_assert!(bucket_edge(i - 1, schema) < x && x <= bucket_edge(i, schema), "{x} {i}");
        prop_assert_eq!(bucket_index(bucket_edge(i, schema), schema), Some(i));
    }

    #[test]
    fn histograms_merge_in_any_order(a in values(), b in values(), c in values()) {
        let [x, y, z] = [&a, &b, &c].map(|v| Histogram::from_values(v));
        let merged = |order: [&Histogram; 3]| {
            let mut all = Histogram::default();
            order.into_iter().for_each(|h| all.merge(h));
            all
        };
        prop_assert_eq!(merged([&x, &y, &z]), merged([&z, &x, &y]));
    }

    #[test]
    fn corrections_are_nested_and_the_mean_dominates_bonferroni(
        logs in prop::collection::vec(prop_oneof![-5.0..10.0f64, Just(1e6), Just(-1e6)], 1..12), alpha in 0.001..0.4f64,
    ) {
        let (bonferroni, holm, bh) = (e_bonferroni(&logs, alpha), e_holm(&logs, alpha), e_bh(&logs, alpha));
        for i in 0..logs.len() {
            prop_assert!((!bonferroni[i] || holm[i]) && (!holm[i] || bh[i]));
        }
        let mean = log_mean_e(&logs, &vec![1.0; logs.len()]).expect("weights");
        prop_assert!(bonferroni.iter().all(|r| !r) || mean >= -alpha.ln() - 1e-12);
    }

    #[test]
    fn a_monitor_survives_any_statistics_and_its_state_comes_back_to_the_byte(
        steps in prop::collection::vec((counts(), any_number(), any_number(), prop::collection::vec(any_number(), 0..8)), 1..8),
    ) {
        let margin = Margin::relative(0.1);
        let metric = |name: &str, kind| MetricConfig::new(name, kind, Direction::Either).margin(margin);
        let config = JudgeConfig {
            metrics: vec![
                metric("rate", MetricKind::Proportion { column: "x".into(), event: Event::True }),
                metric("mean", MetricKind::Mean { column: "x".into() }),
                metric("p90", MetricKind::Quantile { column: "x".into(), q: 0.9 }),
                metric("typical", MetricKind::Distribution { column: "x".into() }),
            ],
            ..JudgeConfig::default()
        };
        let mut monitor = Monitor::new(&config).expect("valid");
        let mut sequence = 0;
        for (counts, mean, m2, values) in steps {
            let rate = counts.map(|c| ArmStatistics::events(c.exposure as u64, c.events as u64));
            let moments = counts.map(|c| ArmStatistics::moments(c.exposure as u64, mean, m2));
            let many = ArmStatistics::values(values.iter().cycle().take(values.len() * 20).copied().collect());
            let all = Arms { baseline: many.clone(), canary: many };
            let metrics = [("rate", rate), ("mean", moments), ("p90", all.clone()), ("typical", all)];
            // Statistics that are refused leave the monitor as it was.
            for (name, statistics) in metrics {
                let batch = Batch {
                    sequence,
                    start_seconds: sequence as f64,
                    end_seconds: sequence as f64 + 1.0,
                    metrics: [(name.to_owned(), statistics)].into(),
                    ..Batch::default()
                };
                let before = monitor.save();
                match monitor.observe(&batch) {
                    Ok(look) => {
                        sequence += 1;
                        for evidence in look.judgement.metrics.iter().filter_map(|m| m.evidence.as_ref()) {
                            let numbers = [evidence.p_safe, evidence.p_harm, evidence.estimate, evidence.log_e.and_then(|l| l.harm), evidence.log_e.and_then(|l| l.safe)];
                            prop_assert!(numbers.into_iter().flatten().all(f64::is_finite), "{evidence:?}");
                        }
                    }
                    Err(_) => prop_assert_eq!(monitor.save(), before),
                }
            }
            let stored = monitor.save();
            prop_assert_eq!(Monitor::resume(&config, &stored).expect("own state").save(), stored);
        }
    }
}
