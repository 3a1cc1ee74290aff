//! Laws that every rank test and every test on pairs obeys, whatever the data.

use proptest::prelude::*;
use serinus::stats::brunner_munzel::{BrunnerMunzel, Reference, brunner_munzel, brunner_munzel_noninferiority};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann, hodges_lehmann_ratio};
use serinus::stats::mann_whitney::{
    Continuity, MannWhitney, RankMargin, RankMethod, mann_whitney, mann_whitney_noninferiority,
};
use serinus::stats::paired_t::{paired_t, paired_t_noninferiority, sign_test, sign_test_at};
use serinus::stats::rank::{SortedArms, midranks, sorted};
use serinus::stats::signed_rank::{SignedRank, Zeros, pseudo_median, signed_rank, signed_rank_at};
use serinus::stats::{Alternative, Confidence};

/// Values on hard ground: ties, constants, two points, huge offsets, subnormals, the ends of the range.
fn finite_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0..9_i32).prop_map(f64::from),
        2 => (-4..4_i32).prop_map(|v| f64::from(v) * 0.5),
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(1.0)],
        1 => (0..5_i32).prop_map(|v| 1e9 + f64::from(v) * 0.25),
        1 => (-3..3_i32).prop_map(|v| f64::from(v) * 5e-324),
        1 => (-300..300_i32, 1.0..10.0_f64).prop_map(|(e, v)| v * 10_f64.powi(e)),
        1 => (-300..300_i32, 1.0..10.0_f64).prop_map(|(e, v)| -v * 10_f64.powi(e)),
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(1e308)],
        2 => -100.0..100.0_f64,
    ]
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => finite_value(),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(f64::NAN)],
        1 => any::<f64>(),
    ]
}

/// A sample of one kind: mixed, of few values, constant, or all distinct.
fn sample_of(value: BoxedStrategy<f64>) -> BoxedStrategy<Vec<f64>> {
    prop_oneof![
        3 => prop::collection::vec(value.clone(), 1..24),
        2 => prop::collection::vec((0..4_i32).prop_map(f64::from), 1..40),
        1 => (value, 1..12_usize).prop_map(|(v, n)| vec![v; n]),
        2 => prop::collection::vec(-50.0..50.0_f64, 1..40),
    ]
    .boxed()
}

fn finite_sample() -> BoxedStrategy<Vec<f64>> {
    sample_of(finite_value().boxed())
}

/// Infinite but never NaN: legal for ranks.
fn rankable_sample() -> BoxedStrategy<Vec<f64>> {
    let value = prop_oneof![9 => finite_value(), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY)];
    sample_of(value.boxed())
}

fn any_sample() -> BoxedStrategy<Vec<f64>> {
    prop_oneof![9 => sample_of(any_value().boxed()), 1 => Just(Vec::new())].boxed()
}

fn method() -> impl Strategy<Value = RankMethod> {
    prop_oneof![Just(RankMethod::Auto), Just(RankMethod::Exact), Just(RankMethod::Asymptotic)]
}

fn alternative() -> impl Strategy<Value = Alternative> {
    prop_oneof![Just(Alternative::TwoSided), Just(Alternative::Less), Just(Alternative::Greater)]
}

fn probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

fn ordered(interval: Confidence, estimate: f64) -> bool {
    interval.low <= estimate && estimate <= interval.high
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_input_panics_and_no_answer_is_nan(
        x in any_sample(), y in any_sample(), method in method(), alternative in alternative(),
        level in prop_oneof![Just(0.9), 0.001..0.9999_f64], margin in prop_oneof![Just(0.1), 0.0..3.0_f64, any::<f64>()],
    ) {
        for continuity in [Continuity::Corrected, Continuity::Uncorrected] {
            let options = MannWhitney { alternative, method, continuity };
            if let Ok(test) = mann_whitney(&x, &y, &options) {
                prop_assert!(probability(test.p_value) && probability(test.superiority) && !test.u.is_nan());
                prop_assert!(test.z.is_none_or(|z| !z.is_nan()));
            }
            for margin in [RankMargin::Shift(margin), RankMargin::Scale(margin)] {
                for better in [Better::Higher, Better::Lower] {
                    if let Ok(test) = mann_whitney_noninferiority(&x, &y, better, margin, &options) {
                        prop_assert!(probability(test.p_noninferior) && probability(test.p_inferior));
                        prop_assert!(test.p_noninferior + test.p_inferior >= 1.0 - 1e-9);
                    }
                    let options = BrunnerMunzel::default().level(level);
                    if let Ok(test) = brunner_munzel_noninferiority(&x, &y, better, margin, &options) {
                        prop_assert!(probability(test.p_noninferior) && probability(test.p_inferior));
                    }
                }
            }
        }
        for reference in [Reference::StudentT, Reference::Normal, Reference::Permutation { draws: 20, seed: 1 }] {
            let options = BrunnerMunzel { alternative, reference, null: 0.45, level };
            if let Ok(test) = brunner_munzel(&x, &y, &options) {
                prop_assert!(probability(test.p_value) && probability(test.superiority) && test.standard_error >= 0.0);
                prop_assert!(test.statistic.is_none_or(|w| !w.is_nan()) && test.dof.is_none_or(|dof| dof > 0.0));
                prop_assert!(test.interval.is_none_or(|i| ordered(i, test.superiority) || alternative != Alternative::TwoSided));
            }
        }
        let options = HodgesLehmann { level, alternative, method, continuity: Continuity::Corrected };
        for found in [hodges_lehmann(&x, &y, &options), hodges_lehmann_ratio(&x, &y, &options), pseudo_median(&x, &options)].into_iter().flatten() {
            prop_assert!(found.estimate.is_finite());
            prop_assert!(!found.interval.low.is_nan() && !found.interval.high.is_nan());
            prop_assert!(ordered(found.interval, found.estimate), "{found:?}");
        }
        let contrast = Contrast { absolute: margin.abs(), ..Contrast::relative(Better::Lower, margin) };
        if let Ok(test) = paired_t(&x, &y, alternative, level) {
            prop_assert!(probability(test.p_value) && test.difference.is_finite() && test.standard_error >= 0.0);
            prop_assert!(test.t.is_none_or(|t| !t.is_nan()));
            prop_assert!(!test.interval.low.is_nan() && !test.interval.high.is_nan());
        }
        if let Ok(test) = paired_t_noninferiority(&x, &y, &contrast, 0.05) {
            prop_assert!(probability(test.p_noninferior) && probability(test.p_inferior) && !test.psi.is_nan());
            prop_assert!(test.interval.low <= test.interval.high);
        }
        for zeros in [Zeros::Wilcox, Zeros::Pratt, Zeros::Split] {
            let options = SignedRank { zeros, method, continuity: Continuity::Corrected };
            for test in [signed_rank(&x, &y, &options), signed_rank_at(&x, &y, &contrast, &options)].into_iter().flatten() {
                prop_assert!(probability(test.p_less) && probability(test.p_greater) && probability(test.p_two_sided));
                prop_assert!(test.z.is_none_or(|z| !z.is_nan()));
            }
        }
        for test in [sign_test(&x, &y), sign_test_at(&x, &y, &contrast)].into_iter().flatten() {
            prop_assert!(probability(test.p_less) && probability(test.p_greater));
        }
    }

    #[test]
    fn swapping_the_arms_mirrors_the_answer(x in rankable_sample(), y in rankable_sample(), method in method()) {
        let options = |alternative| MannWhitney { alternative, method, continuity: Continuity::Corrected };
        for (one, other) in [(Alternative::Less, Alternative::Greater), (Alternative::TwoSided, Alternative::TwoSided)] {
            let (a, b) = (mann_whitney(&x, &y, &options(one)), mann_whitney(&y, &x, &options(other)));
            prop_assert_eq!(a.is_ok(), b.is_ok());
            if let (Ok(a), Ok(b)) = (a, b) {
                prop_assert!(close(a.p_value, b.p_value), "{} {}", a.p_value, b.p_value);
                prop_assert_eq!(a.u + b.u, (x.len() * y.len()) as f64);
                prop_assert!((a.cliffs_delta() + b.cliffs_delta()).abs() < 1e-12);
            }
            let options = |alternative| BrunnerMunzel::default().alternative(alternative);
            if let (Ok(a), Ok(b)) = (brunner_munzel(&x, &y, &options(one)), brunner_munzel(&y, &x, &options(other))) {
                prop_assert!(close(a.p_value, b.p_value));
                prop_assert_eq!(a.statistic.map(|w| -w), b.statistic);
            }
        }
        let options = HodgesLehmann::default().method(method);
        if let (Ok(a), Ok(b)) = (hodges_lehmann(&x, &y, &options), hodges_lehmann(&y, &x, &options)) {
            prop_assert_eq!(a.estimate, 0.0 - b.estimate);
            prop_assert_eq!((a.interval.low, a.interval.high), (0.0 - b.interval.high, 0.0 - b.interval.low));
        }
    }

    #[test]
    fn order_scale_and_sign_of_zero_do_not_matter(x in finite_sample(), y in finite_sample(), turn in 0..40_usize) {
        let options = MannWhitney::default();
        let base = mann_whitney(&x, &y, &options);
        let mut turned = x.clone();
        turned.rotate_left(turn % x.len());
        prop_assert_eq!(mann_whitney(&turned, &y, &options), base.clone());
        // A quarter keeps every order but merges subnormals; those stay out.
        let tiny = |v: &f64| *v != 0.0 && v.abs() < 1e-300;
        if !x.iter().chain(&y).any(tiny) {
            let quarter = |values: &[f64]| values.iter().map(|v| -0.25 * -v).collect::<Vec<_>>();
            prop_assert_eq!(mann_whitney(&quarter(&x), &quarter(&y), &options), base.clone());
            let bm = brunner_munzel(&x, &y, &BrunnerMunzel::default());
            prop_assert_eq!(brunner_munzel(&quarter(&x), &quarter(&y), &BrunnerMunzel::default()), bm);
        }
        let unsigned = |values: &[f64]| values.iter().map(|v| v + 0.0).collect::<Vec<_>>();
        prop_assert_eq!(mann_whitney(&unsigned(&x), &unsigned(&y), &options), base);
    }

    #[test]
    fn a_merge_counts_what_all_pairs_count(x in rankable_sample(), y in rankable_sample()) {
        let merged = SortedArms::new("law", &x, &y).expect("no NaN").merge();
        let pairs = x.iter().flat_map(|a| y.iter().map(move |b| if a > b { 2 } else { u128::from(a == b) }));
        prop_assert_eq!(merged.twice_u, pairs.sum::<u128>());
        let pooled: Vec<f64> = x.iter().chain(&y).copied().collect();
        let ranks = midranks(&pooled);
        let rank_sum: f64 = ranks[..x.len()].iter().sum();
        prop_assert_eq!(rank_sum - (x.len() * (x.len() + 1)) as f64 / 2.0, merged.twice_u as f64 / 2.0);
        let tie_term: u128 = sorted(&pooled).chunk_by(|a, b| a == b).map(|run| (run.len() as u128).pow(3) - run.len() as u128).sum();
        prop_assert_eq!(merged.tie_term, tie_term);
        // Kolmogorov-Smirnov from the definition, at every value.
        let below = |values: &[f64], v: f64| values.iter().filter(|u| **u <= v).count() as i128;
        let gaps = pooled.iter().map(|v| below(&x, *v) * y.len() as i128 - below(&y, *v) * x.len() as i128);
        prop_assert_eq!(merged.ks_plus.times_mn as i128, gaps.clone().max().unwrap_or(0).max(0));
        prop_assert_eq!(merged.ks_minus.times_mn as i128, gaps.min().unwrap_or(0).min(0).abs());
    }

    #[test]
    fn the_shift_is_an_order_statistic_and_moves_with_the_canary(x in prop::collection::vec(-50..50_i32, 1..40), y in prop::collection::vec(-50..50_i32, 1..60), shift in -9..9_i32, method in method()) {
        let floats = |values: &[i32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        let (x, y) = (floats(&x), floats(&y));
        let options = HodgesLehmann::default().method(method).level(0.9);
        if let Ok(found) = hodges_lehmann(&x, &y, &options) {
            let mut all: Vec<f64> = x.iter().flat_map(|a| y.iter().map(move |b| a - b)).collect();
            all.sort_by(f64::total_cmp);
            let k = found.order as usize;
            prop_assert_eq!((found.interval.low, found.interval.high), (all[k - 1], all[all.len() - k]));
            prop_assert_eq!(found.estimate, 0.5 * (all[(all.len() - 1) / 2] + all[all.len() / 2]));
            // A shift may make or break ties across the arms, and with them the choice of method; not when it is fixed.
            if method != RankMethod::Auto {
                let moved: Vec<f64> = x.iter().map(|v| v + f64::from(shift)).collect();
                let moved = hodges_lehmann(&moved, &y, &options).expect("as before");
                prop_assert_eq!(moved.estimate, found.estimate + f64::from(shift));
                prop_assert_eq!(moved.interval.low, found.interval.low + f64::from(shift));
            }
        }
    }

    #[test]
    fn the_rank_test_and_the_shift_agree_about_a_margin(
        x in prop::collection::vec(-50.0..50.0_f64, 2..40), y in prop::collection::vec(-50.0..50.0_f64, 2..40),
        margin in 0.0..60.0_f64, method in prop_oneof![Just(RankMethod::Exact), Just(RankMethod::Asymptotic)],
    ) {
        let options = MannWhitney::default().method(method);
        let test = mann_whitney_noninferiority(&x, &y, Better::Lower, RankMargin::Shift(margin), &options).expect("clean");
        let one_sided = HodgesLehmann::default().level(0.95).alternative(Alternative::Less).method(method);
        let found = hodges_lehmann(&x, &y, &one_sided).expect("clean");
        // At a level that the data can reach, and away from the border itself.
        if found.reaches_level && (found.interval.high - margin).abs() > 1e-9 && (test.p_noninferior - 0.05).abs() > 1e-9 {
            prop_assert_eq!(test.p_noninferior < 0.05, found.interval.high < margin, "{:?} {:?}", test, found);
        }
    }

    #[test]
    fn paired_t_and_its_interval_agree_about_a_margin(
        pairs in prop::collection::vec((1.0..50.0_f64, 1.0..50.0_f64), 2..30), relative in 0.0..0.9_f64, absolute in 0.0..9.0_f64,
        better in prop_oneof![Just(Better::Higher), Just(Better::Lower)],
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let contrast = Contrast { absolute, ..Contrast::relative(better, relative) };
        let test = paired_t_noninferiority(&x, &y, &contrast, 0.05).expect("clean");
        let inside = match better {
            Better::Higher => test.interval.low > -absolute,
            Better::Lower => test.interval.high < absolute,
        };
        if (test.p_noninferior - 0.05).abs() > 1e-9 {
            prop_assert_eq!(inside, test.p_noninferior < 0.05);
        }
        prop_assert!((test.p_noninferior + test.p_inferior - 1.0).abs() < 1e-12);
    }

    #[test]
    fn swapping_a_pair_turns_the_paired_tests_around(pairs in prop::collection::vec((finite_value(), finite_value()), 1..40)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let (a, b) = (sign_test(&x, &y).expect("clean"), sign_test(&y, &x).expect("clean"));
        prop_assert!(close(a.p_less, b.p_greater) && a.positive == b.negative);
        for method in [RankMethod::Auto, RankMethod::Asymptotic] {
            let options = SignedRank::default().method(method);
            let (a, b) = (signed_rank(&x, &y, &options).expect("clean"), signed_rank(&y, &x, &options).expect("clean"));
            prop_assert!(close(a.p_less, b.p_greater) && close(a.p_two_sided, b.p_two_sided));
            prop_assert_eq!(a.positive, b.negative);
            prop_assert_eq!(a.positive + a.negative, (a.n * (a.n + 1)) as f64 / 2.0);
        }
        if let (Ok(a), Ok(b)) = (paired_t(&x, &y, Alternative::Less, 0.9), paired_t(&y, &x, Alternative::Greater, 0.9)) {
            prop_assert!(close(a.p_value, b.p_value));
            prop_assert!(close(a.interval.high, -b.interval.low));
        }
    }

    #[test]
    fn a_wider_margin_is_never_harder_to_keep(x in prop::collection::vec(0.0..9.0_f64, 2..20), y in prop::collection::vec(0.0..9.0_f64, 2..20), a in 0.0..0.9_f64, b in 0.0..0.9_f64) {
        // Without ties, the exact p is a function of U alone, and U moves one way with the margin.
        let options = MannWhitney::default().method(RankMethod::Exact);
        let p = |r| mann_whitney_noninferiority(&x, &y, Better::Lower, RankMargin::Scale(r), &options).map(|t| t.p_noninferior);
        if let (Ok(narrow), Ok(wide)) = (p(a.min(b)), p(a.max(b))) {
            prop_assert!(wide <= narrow + 1e-12);
        }
    }
}

#[test]
fn a_permutation_p_is_the_same_on_every_run() {
    let x: Vec<f64> = (0..7).map(|i| f64::from(i * i % 13)).collect();
    let y: Vec<f64> = (0..80).map(|i| f64::from(i * 17 % 83) / 7.0).collect();
    let options = BrunnerMunzel::default().reference(Reference::Permutation { draws: 500, seed: 42 });
    let first = brunner_munzel(&x, &y, &options);
    assert!(first.is_ok());
    assert_eq!(first, brunner_munzel(&x, &y, &options));
}
