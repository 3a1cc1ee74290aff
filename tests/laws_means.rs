//! Laws of means, quantiles and the bootstrap that no example can show.

use proptest::prelude::*;
use serinus::stats::bootstrap::{Bootstrap, Draws, Mean, Method, Scale};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::describe::{Moments, QuantileRule, quantile, sorted};
use serinus::stats::location::MarginTest;
use serinus::stats::quantile::{MoverScale, mover, order_statistic_bounds};
use serinus::stats::ratio_of_means::fieller_welch;
use serinus::stats::welch::{welch_noninferiority, welch_t};
use serinus::stats::yuen::yuen_noninferiority;
use serinus::stats::{Alternative, Unanswerable};

/// Values on the hard ground: few distinct ones, constants, huge offsets, every exponent.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (1_i32..9).prop_map(f64::from),
        2 => -100.0..100.0_f64,
        1 => (0.0..1.0_f64).prop_map(|v| 1e9 + v),
        1 => (1.0..2.0_f64, -1_070..1_020).prop_map(|(v, e)| libm::ldexp(v, e)),
        1 => Just(0.0),
    ]
}

fn sample(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec(value(), least..40),
        prop::collection::vec((1_i32..9).prop_map(f64::from), least..40),
        (value(), least..20).prop_map(|(v, n)| vec![v; n]),
        prop::collection::vec(0.5..20.0_f64, least..40),
    ]
}

/// Positive values of ordinary size.
fn plain(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec(0.5..20.0_f64, least..40),
        prop::collection::vec((1_i32..9).prop_map(f64::from), least..40),
    ]
}

fn better() -> impl Strategy<Value = Better> {
    prop_oneof![Just(Better::Lower), Just(Better::Higher)]
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), value(), Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(5e-324)]
}

fn no_nan(t: &MarginTest) -> bool {
    let numbers =
        [t.difference, t.psi, t.standard_error, t.p_noninferior, t.p_inferior, t.interval.low, t.interval.high];
    let maybe = [t.t, t.dof, t.predicted_size, t.skewness, t.baseline_g];
    numbers.iter().all(|v| !v.is_nan()) && maybe.iter().flatten().all(|v| !v.is_nan())
}

fn close(a: f64, b: f64, rel: f64) -> bool {
    a == b || (a - b).abs() <= rel * a.abs().max(b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_floats_give_numbers_or_a_reason(
        x in prop::collection::vec(any_float(), 0..12), y in prop::collection::vec(any_float(), 0..12),
        r in 0.0..0.9_f64, side in better(), q in 0.0..1.0_f64,
    ) {
        let margin = Contrast::relative(side, r);
        for t in [welch_noninferiority(&x, &y, &margin, 0.05), yuen_noninferiority(&x, &y, 0.2, &margin, 0.05)].into_iter().flatten() {
            prop_assert!(no_nan(&t), "{t:?}");
            prop_assert!((0.0..=1.0).contains(&t.p_noninferior) && (0.0..=1.0).contains(&t.p_inferior));
            prop_assert!(t.interval.low <= t.interval.high);
        }
        if let Ok(found) = fieller_welch(&x, &y, 0.9) {
            prop_assert!(!found.interval.low.is_nan() && !found.interval.high.is_nan());
            prop_assert!(found.interval.low <= found.interval.high, "{found:?}");
        }
        let (sx, sy) = (sorted(&x), sorted(&y));
        for scale in [MoverScale::Difference, MoverScale::LogRatio] {
            if let Ok(t) = mover(&sx, &sy, q, scale, &margin, 0.05) {
                prop_assert!(!t.estimate.is_nan() && !t.interval.low.is_nan() && !t.interval.high.is_nan(), "{t:?}");
                prop_assert!((1e-12..=1.0).contains(&t.p_noninferior) && (1e-12..=1.0).contains(&t.p_inferior));
            }
        }
        for rule in [QuantileRule::InvertedCdf, QuantileRule::Linear, QuantileRule::Hazen, QuantileRule::Weibull] {
            prop_assert!(quantile(&sx, q, rule).is_none_or(|v| !v.is_nan()));
        }
    }

    #[test]
    fn swapping_the_arms_mirrors_the_difference(x in sample(2), y in sample(2)) {
        let (a, b) = (
            welch_t(&x, &y, Alternative::Less, 0.9).unwrap(),
            welch_t(&y, &x, Alternative::Greater, 0.9).unwrap(),
        );
        prop_assert!(close(a.p_value, b.p_value, 1e-7) || (a.p_value - b.p_value).abs() < 1e-7, "{a:?} {b:?}");
    }

    #[test]
    fn a_power_of_two_changes_no_p_value(x in plain(2), y in plain(2), e in -1_000..1_000_i32, side in better()) {
        let by = |v: &[f64]| v.iter().map(|v| libm::ldexp(*v, e)).collect::<Vec<_>>();
        let margin = Contrast::relative(side, 0.1);
        let (a, b) = (
            welch_noninferiority(&x, &y, &margin, 0.05).unwrap(),
            welch_noninferiority(&by(&x), &by(&y), &margin, 0.05).unwrap(),
        );
        prop_assert_eq!((a.t, a.dof, a.p_noninferior, a.p_inferior), (b.t, b.dof, b.p_noninferior, b.p_inferior));
    }

    #[test]
    fn the_interval_lies_on_the_safe_side_exactly_when_the_test_rejects(
        x in sample(2), y in sample(2), margin in 0.0..10.0_f64, side in better(),
    ) {
        let t = welch_noninferiority(&x, &y, &Contrast::absolute(side, margin), 0.05).unwrap();
        let inside = match side {
            Better::Lower => t.interval.high < margin,
            Better::Higher => t.interval.low > -margin,
        };
        let at_the_border = (t.p_noninferior - 0.05).abs() < 1e-9;
        // Constants have no interval; the exact test of very few of them cannot reject.
        prop_assert!(t.t.is_none() || at_the_border || (t.p_noninferior < 0.05) == inside, "{t:?}");
    }

    #[test]
    fn a_worse_canary_is_never_shown_safer(x in plain(2), y in plain(2), shift in 0.0..5.0_f64) {
        let margin = Contrast::relative(Better::Lower, 0.1);
        let worse: Vec<f64> = x.iter().map(|v| v + shift).collect();
        let p = |x: &[f64]| welch_noninferiority(x, &y, &margin, 0.05).unwrap();
        let (a, b) = (p(&x), p(&worse));
        prop_assert!(a.t.is_none() || b.t.is_none() || b.p_noninferior >= a.p_noninferior - 1e-9);
    }

    #[test]
    fn fiellers_ends_are_where_the_margin_test_turns(x in plain(3), y in plain(3)) {
        let found = fieller_welch(&x, &y, 0.9).unwrap();
        let high = found.interval.high;
        prop_assume!(high.is_finite() && high > 1.0 && found.interval.low < high);
        let t = welch_noninferiority(&x, &y, &Contrast::relative(Better::Lower, high - 1.0), 0.05).unwrap();
        prop_assert!((t.p_noninferior - 0.05).abs() < 1e-7, "{found:?} {t:?}");
    }

    #[test]
    fn moments_of_parts_merge_into_those_of_the_whole(values in sample(1), at in 0.0..1.0_f64) {
        let cut = (at * values.len() as f64) as usize;
        let whole = Moments::of(&values).unwrap();
        let merged = Moments::of(&values[..cut]).unwrap().merge(&Moments::of(&values[cut..]).unwrap());
        prop_assert_eq!(whole.n(), merged.n());
        let spread = whole.standard_deviation().unwrap_or(0.0);
        let size = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let near = |a: Option<f64>, b: Option<f64>, slack: f64| match (a, b) {
            (Some(a), Some(b)) => a == b || (a - b).abs() <= slack,
            (a, b) => a == b,
        };
        prop_assert!(near(whole.mean(), merged.mean(), 1e-13 * size.max(f64::MIN_POSITIVE)), "{whole:?} {merged:?}");
        let slack = 1e-11 * spread + 1e-13 * size * f64::EPSILON + f64::MIN_POSITIVE;
        prop_assert!(near(whole.standard_deviation(), merged.standard_deviation(), slack), "{whole:?} {merged:?}");
    }

    #[test]
    fn a_quantile_lies_between_its_bounds(x in sample(1), q in 0.01..0.99_f64, alpha in 0.001..0.49_f64) {
        let x = sorted(&x);
        let bounds = order_statistic_bounds(&x, x.len() as f64, q, alpha).unwrap();
        let at = quantile(&x, q, QuantileRule::InvertedCdf).unwrap();
        prop_assert!(bounds.low <= at && at <= bounds.high);
        let fewer = order_statistic_bounds(&x, (x.len() as f64 / 3.0).max(1.0), q, alpha).unwrap();
        prop_assert!(fewer.low <= at && at <= fewer.high);
    }

    #[test]
    fn the_two_sides_of_mover_sum_to_one_and_mirror_the_direction(x in plain(1), y in plain(1), q in 0.05..0.95_f64) {
        let (x, y) = (sorted(&x), sorted(&y));
        let of = |better| mover(&x, &y, q, MoverScale::LogRatio, &Contrast::relative(better, 0.0), 0.05).unwrap();
        let (lower, higher) = (of(Better::Lower), of(Better::Higher));
        prop_assert!((lower.p_noninferior + lower.p_inferior - 1.0).abs() < 1e-12);
        prop_assert_eq!(lower.p_noninferior, higher.p_inferior);
        let t = lower;
        prop_assert_eq!(t.p_noninferior <= 0.05, t.interval.high < 1.0, "{:?}", t);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_bootstraps_interval_and_p_value_agree(
        x in prop::collection::vec(0.5..20.0_f64, 3..30), y in prop::collection::vec(0.5..20.0_f64, 3..30),
        r in 0.01..0.8_f64, side in better(), scale in prop_oneof![Just(Scale::Difference), Just(Scale::LogRatio)],
        method in prop_oneof![
            Just(Method::Percentile), Just(Method::Basic), Just(Method::Bca), Just(Method::Studentized)
        ],
    ) {
        let b = Bootstrap { method, scale, draws: Draws::Fixed(199), ..Bootstrap::default() };
        let t = b.test(&Mean::new(&x).unwrap(), &Mean::new(&y).unwrap(), &Contrast::relative(side, r)).unwrap();
        let inside = match (side, scale) {
            (Better::Lower, Scale::Difference) => t.interval.high < 0.0,
            (Better::Higher, Scale::Difference) => t.interval.low > 0.0,
            (Better::Lower, Scale::LogRatio) => t.interval.high < 1.0 + r,
            (Better::Higher, Scale::LogRatio) => t.interval.low > 1.0 - r,
        };
        prop_assert_eq!(t.p_noninferior <= 0.05, inside, "{:?}", t);
        prop_assert!(t.p_noninferior >= 1.0 / 200.0 && t.p_inferior >= 1.0 / 200.0);
    }

    #[test]
    fn swapping_the_direction_swaps_the_bootstraps_p_values(x in plain(3), y in plain(3)) {
        for method in [Method::Percentile, Method::Basic, Method::Bca, Method::Studentized] {
            let b = Bootstrap { method, draws: Draws::Fixed(199), ..Bootstrap::default() };
            let of = |better| b.test(&Mean::new(&x).unwrap(), &Mean::new(&y).unwrap(), &Contrast::absolute(better, 0.0));
            match (of(Better::Lower), of(Better::Higher)) {
                (Ok(a), Ok(b)) => {
                    prop_assert!((a.p_noninferior - b.p_inferior).abs() < 1e-12, "{a:?} {b:?}");
                    prop_assert!((a.p_inferior - b.p_noninferior).abs() < 1e-12);
                }
                (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
            }
        }
    }
}

#[test]
fn a_margin_of_a_share_of_the_mean_is_not_a_shift_of_the_sample() {
    // Lower is better, margin 10 %, heavy tail: the mean is far above the typical value. Shifting every value by
    // 10 % of the mean gives almost all requests a margin far above 10 %, so a quantile test that shifted would call
    // a canary safe that is slower by 15 % throughout. The margin has to scale.
    let baseline: Vec<f64> = (1..2_000).map(|i| 1.0 / (1.0 - f64::from(i) / 2_000.0)).collect();
    let canary: Vec<f64> = baseline.iter().map(|v| 1.15 * v).collect();
    let mean = Moments::of(&baseline).and_then(|m| m.mean()).unwrap();
    let (x, y) = (sorted(&canary), sorted(&baseline));
    let scaled = mover(&x, &y, 0.5, MoverScale::LogRatio, &Contrast::relative(Better::Lower, 0.1), 0.05).unwrap();
    let shift = Contrast::absolute(Better::Lower, 0.1 * mean);
    let shifted = mover(&x, &y, 0.5, MoverScale::Difference, &shift, 0.05).unwrap();
    assert!(scaled.p_noninferior > 0.5);
    assert!(shifted.p_noninferior < 1e-6);
}

#[test]
fn plugging_the_margin_in_has_the_wrong_size_and_the_contrast_the_right_one() {
    // Margin 50 %, 20 baseline rows, canary exactly on the margin, nominal 0.05. Published sizes: plug-in 0.126 when
    // lower is better and 0.003 when higher is; contrast 0.050 and 0.049.
    use serinus::stats::rng::Stream;
    let mut stream = Stream::new(11, "size", 0);
    let runs = 4_000;
    for (better, wrong, factor) in [(Better::Lower, 0.126, 1.5), (Better::Higher, 0.003, 0.5)] {
        let (mut plug_in, mut contrast) = (0, 0);
        for _ in 0..runs {
            let y: Vec<f64> = (0..20).map(|_| 10.0 + stream.normal()).collect();
            let x: Vec<f64> = (0..400).map(|_| 10.0 * factor + stream.normal()).collect();
            let mean = Moments::of(&y).and_then(|m| m.mean()).unwrap_or(0.0);
            let p = |margin: &Contrast| welch_noninferiority(&x, &y, margin, 0.05).map(|t| t.p_noninferior);
            let safe = |p: Result<f64, Unanswerable>| i32::from(p.is_ok_and(|p| p <= 0.05));
            plug_in += safe(p(&Contrast::absolute(better, 0.5 * mean)));
            contrast += safe(p(&Contrast::relative(better, 0.5)));
        }
        let share = |count: i32| f64::from(count) / f64::from(runs);
        // Three standard errors at 0.05 are 0.0103; the published plug-in sizes had other sizes of canary.
        assert!((share(contrast) - 0.05).abs() < 0.0103, "{better:?} {}", share(contrast));
        assert!((share(plug_in) - wrong).abs() < 0.02, "{better:?} {}", share(plug_in));
        assert!((share(plug_in) - 0.05).abs() > 0.03);
    }
}

#[test]
fn the_p99_test_keeps_its_size_where_the_percentile_bootstrap_does_not() {
    // Lognormal(1) latency, 300 against 6,000, canary exactly 10 % slower, margin 10 %, nominal 0.05. Published sizes of
    // a false "safe": MOVER 0.045, percentile bootstrap 0.155.
    use serinus::stats::bootstrap::Quantile;
    use serinus::stats::rng::Stream;
    let mut stream = Stream::new(12, "p99", 0);
    let margin = Contrast::relative(Better::Lower, 0.1);
    let (mut by_mover, mut by_bootstrap) = (0, 0);
    let runs = 500;
    for seed in 0..runs {
        let mut draw =
            |n: usize, factor: f64| sorted(&(0..n).map(|_| factor * libm::exp(stream.normal())).collect::<Vec<_>>());
        let (x, y) = (draw(300, 1.1), draw(6_000, 1.0));
        let found = mover(&x, &y, 0.99, MoverScale::LogRatio, &margin, 0.05).unwrap();
        by_mover += i32::from(found.p_noninferior <= 0.05);
        let b = Bootstrap {
            method: Method::Percentile,
            scale: Scale::LogRatio,
            draws: Draws::Fixed(199),
            seed,
            ..Bootstrap::default()
        };
        let of = |v: &[f64]| Quantile::new(v, 0.99, QuantileRule::InvertedCdf).unwrap();
        by_bootstrap += i32::from(b.test(&of(&x), &of(&y), &margin).unwrap().p_noninferior <= 0.05);
    }
    let share = |count: i32| f64::from(count) / runs as f64;
    // Three standard errors: 0.028 and 0.049.
    assert!((share(by_mover) - 0.045).abs() < 0.028, "{}", share(by_mover));
    assert!((share(by_bootstrap) - 0.155).abs() < 0.049, "{}", share(by_bootstrap));
}
