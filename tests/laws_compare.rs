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

/// A random design: rows in one to three strata, by users or not.
fn designed(second: &'static [f64]) -> impl Strategy<Value = Rows> {
    let row = (
        prop_oneof![1.0..100.0f64, (1..9u8).prop_map(|v| f64::from(v) * 5.0)],
        0..3u32,
        0..40u32,
        0..second.len().max(1),
    );
    (prop::collection::vec(row, 60..160), any::<bool>(), any::<bool>()).prop_map(move |(rows, strata, units)| Rows {
        values: rows.iter().map(|r| r.0).collect(),
        second: if second.is_empty() { Vec::new() } else { rows.iter().map(|r| second[r.3]).collect() },
        stratum: if strata { rows.iter().map(|r| r.1).collect() } else { Vec::new() },
        unit: if units { rows.iter().map(|r| r.2).collect() } else { Vec::new() },
        ..Rows::default()
    })
}

/// Both arms have the same shape of design.
fn alike(mut arms: Arms<Rows>) -> Arms<Rows> {
    if arms.baseline.stratum.is_empty() || arms.canary.stratum.is_empty() {
        arms.baseline.stratum.clear();
        arms.canary.stratum.clear();
    }
    if arms.baseline.unit.is_empty() || arms.canary.unit.is_empty() {
        arms.baseline.unit.clear();
        arms.canary.unit.clear();
    }
    arms
}

/// Whether the interval says what the p-value of safety says: it lies inside the margin exactly when p <= alpha. Where
/// both are within a hair of each other, rounding may part them.
fn agree(found: &Evidence, margin: f64, relative: bool, direction: Direction) -> Result<(), TestCaseError> {
    let (Some(p), Some(interval)) = (found.p_safe, found.interval.as_ref()) else { return Ok(()) };
    let null = if relative { 1.0 } else { 0.0 };
    let below = interval.high.map_or(f64::INFINITY, |h| h - (null + margin));
    let above = interval.low.map_or(f64::INFINITY, |l| null - margin - l);
    let beyond = match direction {
        Direction::LowerIsBetter => below,
        Direction::HigherIsBetter => above,
        Direction::Either => below.max(above),
    };
    let hair = 1e-6 * (1.0 + margin);
    prop_assert!(
        (p <= 0.05) == (beyond <= 0.0) || (p - 0.05).abs() < 1e-6 || beyond.abs() < hair,
        "{} {direction:?}: p {p}, interval {interval:?}, margin {margin} relative {relative}",
        found.test
    );
    prop_assert!(found.p_harm.is_none_or(|h| h > 0.01 || p > 0.05), "safe and harmful at once");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_type_s_interval_lies_inside_the_margin_exactly_when_it_is_shown_safe(
        values in (designed(&[]), designed(&[])),
        shares in (designed(&[0.0, 1.0]), designed(&[0.0, 1.0])),
        exposures in (designed(&[1.0, 2.0, 7.0]), designed(&[1.0, 2.0, 7.0])),
        size in 0.02..0.9f64,
        relative in any::<bool>(),
        direction in prop_oneof![Just(Direction::LowerIsBetter), Just(Direction::HigherIsBetter), Just(Direction::Either)],
    ) {
        let events = |rows: &Rows, above: f64| Rows { values: rows.values.iter().map(|v| f64::from(u8::from(*v > above))).collect(), ..rows.clone() };
        let column = || "v".to_owned();
        let pair = |(baseline, canary): &(Rows, Rows)| alike(Arms { baseline: baseline.clone(), canary: canary.clone() });
        let share = |above| alike(Arms { baseline: events(&values.0, above), canary: events(&values.1, above) });
        let kinds = [
            (MetricKind::Mean { column: column() }, pair(&values), 30.0, true),
            (MetricKind::Distribution { column: column() }, pair(&values), 30.0, true),
            (MetricKind::Quantile { column: column(), q: 0.5 }, pair(&values), 30.0, true),
            (MetricKind::Quantile { column: column(), q: 0.9 }, pair(&values), 30.0, true),
            (MetricKind::Proportion { column: column(), event: Event::True }, share(35.0), 0.5, true),
            (MetricKind::Proportion { column: column(), event: Event::True }, share(95.0), 0.2, true),
            (MetricKind::Auc { score: column(), label: column() }, pair(&shares), 0.2, true),
            (MetricKind::Ratio { numerator: column(), denominator: column() }, pair(&exposures), 10.0, true),
            (MetricKind::Rate { events: column(), exposure: column() }, pair(&exposures), 10.0, true),
            (MetricKind::Calibration { score: column(), label: column() }, pair(&shares), 10.0, false),
        ];
        for (kind, rows, unit, has_ratio) in kinds {
            let relative = relative && has_ratio;
            let margin = if relative { size } else { size * unit };
            let asked_margin = if relative { Margin::relative(margin) } else { Margin::absolute(margin) };
            let strata = if rows.baseline.stratum.is_empty() { 1 } else { 3 };
            let question = Question { direction, margin: Some(asked_margin), alpha: Alpha::default() };
            let comparison = Comparison { kind: &kind, test: None, rows, strata, paired: false, classes: None };
            if let Ok(found) = compare(comparison, &question, &Stream { seed: 0, name: "law", draws: Some(399) }) {
                agree(&found.evidence, margin, relative, direction)?;
            }
        }
    }

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
