//! With one stratum and rows as units every metric type gives the classical test.

use proptest::prelude::*;
use serinus::compare::{Comparison, Question, Rows, Stream, compare};
use serinus::config::{Alpha, Direction, Event, Margin, MetricKind, TestConfig, TestKind};
use serinus::stats::brunner_munzel::{BrunnerMunzel, brunner_munzel_noninferiority};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::delong::{Auc, delong_unpaired};
use serinus::stats::mann_whitney::RankMargin;
use serinus::stats::proportion::{Proportions, ScoreVariance, score_difference, score_ratio};
use serinus::stats::quantile::{MoverScale, mover};
use serinus::stats::welch::welch_noninferiority;
use serinus::stats::yuen::yuen_noninferiority;
use serinus::stats::{Alternative, Unanswerable};
use serinus::{Arm, Arms, Evidence};

fn judged(
    kind: MetricKind,
    margin: Margin,
    test: Option<TestKind>,
    rows: Arms<Rows>,
    direction: Direction,
) -> Evidence {
    let test = test.map(|kind| TestConfig { kind, options: Default::default() });
    asked(kind, margin, test, rows, direction, false).expect("the data can be compared")
}

fn asked(
    kind: MetricKind,
    margin: Margin,
    test: Option<TestConfig>,
    rows: Arms<Rows>,
    direction: Direction,
    paired: bool,
) -> Result<Evidence, Unanswerable> {
    let question = Question { direction, margin: Some(margin), alpha: Alpha::default() };
    let comparison = Comparison { kind: &kind, test: test.as_ref(), rows, strata: 1, paired, classes: None };
    compare(comparison, &question, &Stream { seed: 0, name: "law", draws: None }).map(|c| c.evidence)
}

fn bootstrap(method: &str) -> TestConfig {
    let options = [("method".to_owned(), method.into()), ("draws".to_owned(), 999.into())];
    TestConfig { kind: TestKind::Bootstrap, options: options.into() }
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= 1e-11 * expected.abs().max(1e-3))
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![1.0..100.0f64, (1..9u8).prop_map(|v| f64::from(v) * 5.0)], 12..60)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_mean_is_welchs_contrast(x in values(), y in values(), r in 0.0..0.5f64) {
        let rows = Arms { baseline: Rows::of(y.clone()), canary: Rows::of(x.clone()) };
        let ours = judged(MetricKind::Mean { column: "v".into() }, Margin::relative(r), Some(TestKind::Welch), rows, Direction::LowerIsBetter);
        let classical = welch_noninferiority(&x, &y, &Contrast::relative(Better::Lower, r), 0.05).expect("there is a test");
        prop_assert!(near(ours.p_safe, classical.p_noninferior), "{:?} {}", ours.p_safe, classical.p_noninferior);
        prop_assert!(near(ours.p_harm, classical.p_inferior));
    }

    #[test]
    fn a_trimmed_mean_is_yuens_contrast(x in values(), y in values(), r in 0.0..0.5f64, trim in 0.0..0.3f64) {
        let rows = Arms { baseline: Rows::of(y.clone()), canary: Rows::of(x.clone()) };
        let test = TestConfig { kind: TestKind::Yuen, options: [("trim".to_owned(), trim.into())].into() };
        let kind = MetricKind::Mean { column: "v".into() };
        let ours = asked(kind, Margin::relative(r), Some(test), rows, Direction::LowerIsBetter, false);
        let classical = yuen_noninferiority(&x, &y, trim, &Contrast::relative(Better::Lower, r), 0.05);
        // A baseline that cannot be told from zero has no ratio.
        prop_assume!(ours.is_ok());
        let (ours, classical) = (ours.expect("just asked"), classical.expect("there is a test"));
        prop_assert!(near(ours.p_safe, classical.p_noninferior), "{:?} {}", ours.p_safe, classical.p_noninferior);
        prop_assert!(near(ours.p_harm, classical.p_inferior));
        prop_assert!(ours.test == "yuen");
    }

    #[test]
    fn a_bootstrap_s_interval_holds_what_its_test_keeps(
        x in values(), y in values(), r in 0.0..0.5f64, paired in any::<bool>(), ratio in any::<bool>(),
    ) {
        let n = x.len().min(y.len());
        let rows = |v: &[f64]| Rows {
            second: if ratio { (0..n).map(|i| 1.0 + (i % 3) as f64).collect() } else { Vec::new() },
            ..Rows::of(v[..n].to_vec())
        };
        let kind = || if ratio {
            MetricKind::Ratio { numerator: "u".into(), denominator: "d".into() }
        } else {
            MetricKind::Mean { column: "v".into() }
        };
        for method in ["studentized", "percentile", "basic", "bca"] {
            let rows = Arms { baseline: rows(&y), canary: rows(&x) };
            let ours = asked(kind(), Margin::relative(r), Some(bootstrap(method)), rows, Direction::LowerIsBetter, paired);
            let ours = ours.expect("the data can be compared");
            let (p, high) = (ours.p_safe.expect("there is a margin"), ours.interval.expect("there are bounds").high);
            prop_assert!(ours.test == "bootstrap" && p > 0.0 && p <= 1.0);
            prop_assert!(high.is_some_and(|high| (p <= 0.05) == (high <= 1.0 + r)) || (p - 0.05).abs() < 1e-9, "{method} {p} {high:?} {r}");
        }
    }

    #[test]
    fn a_distribution_is_brunner_and_munzels_test(x in values(), y in values(), r in 0.0..0.5f64) {
        let rows = Arms { baseline: Rows::of(y.clone()), canary: Rows::of(x.clone()) };
        let ours = judged(MetricKind::Distribution { column: "v".into() }, Margin::relative(r), None, rows, Direction::LowerIsBetter);
        let classical = brunner_munzel_noninferiority(&x, &y, Better::Lower, RankMargin::Scale(r), &BrunnerMunzel::default()).expect("there is a test");
        prop_assert!(near(ours.p_safe, classical.p_noninferior), "{:?} {}", ours.p_safe, classical.p_noninferior);
        prop_assert!(near(ours.p_harm, classical.p_inferior));
    }

    #[test]
    fn a_quantile_is_mover(x in values(), y in values(), r in 0.05..0.5f64) {
        let rows = Arms { baseline: Rows::of(y.clone()), canary: Rows::of(x.clone()) };
        let ours = judged(MetricKind::Quantile { column: "v".into(), q: 0.5 }, Margin::relative(r), None, rows, Direction::LowerIsBetter);
        let classical = mover(&sorted(x), &sorted(y), 0.5, MoverScale::LogRatio, &Contrast::relative(Better::Lower, r), 0.05).expect("there is a test");
        // Both bisect a step function of alpha; they agree to the width at which they stop.
        prop_assert!(ours.p_safe.is_some_and(|p| (p - classical.p_noninferior).abs() <= 1e-9), "{:?} {}", ours.p_safe, classical.p_noninferior);
        prop_assert!(near(ours.estimate, classical.estimate));
    }

    #[test]
    fn a_proportion_is_the_score_test(a in 0..40u64, b in 0..90u64, r in 0.0..0.5f64) {
        let counts = Proportions { x_events: a, x_n: 50, y_events: b, y_n: 100 };
        let column = |events: u64, n: u64| Rows::of((0..n).map(|i| if i < events { 1.0 } else { 0.0 }).collect::<Vec<_>>());
        let rows = || Arms { baseline: column(b, 100), canary: column(a, 50) };
        let kind = || MetricKind::Proportion { column: "v".into(), event: Event::True };
        let ours = judged(kind(), Margin::absolute(0.1), Some(TestKind::FarringtonManning), rows(), Direction::LowerIsBetter);
        let classical = score_difference(counts, 0.1, ScoreVariance::FarringtonManning).expect("there is a test");
        prop_assert!(near(ours.p_safe, classical.p_less()) && near(ours.p_harm, classical.p_greater()));
        let ours = judged(kind(), Margin::relative(r), Some(TestKind::ScoreRatio), rows(), Direction::LowerIsBetter);
        let classical = score_ratio(counts, 1.0 + r, ScoreVariance::FarringtonManning).expect("there is a test");
        prop_assert!(near(ours.p_safe, classical.p_less()) && near(ours.p_harm, classical.p_greater()));
    }

    #[test]
    fn an_auc_is_delongs_test(x in values(), y in values()) {
        let labels = |v: &[f64]| (0..v.len()).map(|i| i % 2 == 0).collect::<Vec<bool>>();
        prop_assume!(x.len() >= 20 && y.len() >= 20);
        let rows = |v: &[f64]| Rows { second: labels(v).iter().map(|l| f64::from(u8::from(*l))).collect(), ..Rows::of(v.to_vec()) };
        let kind = MetricKind::Auc { score: "s".into(), label: "l".into() };
        let ours = judged(kind, Margin::absolute(0.05), None, Arms { baseline: rows(&y), canary: rows(&x) }, Direction::HigherIsBetter);
        let auc = |arm, v: &[f64]| Auc::new(arm, v, &labels(v)).expect("both classes are there");
        let classical = delong_unpaired(auc(Arm::Canary, &x), auc(Arm::Baseline, &y)).test(-0.05, Alternative::Greater).expect("there is a test");
        prop_assert!(near(ours.p_safe, classical.p_value), "{:?} {}", ours.p_safe, classical.p_value);
    }
}
