//! Laws of the tests of proportions: what has to hold for any counts, and the traps that others fall into.

use proptest::prelude::*;
use serinus::stats::adjust::{Adjustment, adjust};
use serinus::stats::binomial::{clopper_pearson, trials_without_events, wilson};
use serinus::stats::paired_proportion::{PairedCounts, tango, tango_interval};
use serinus::stats::proportion::{
    Proportions, ScoreVariance, StratumCounts, Tail, conditional_binomial, conditional_binomial_strata,
    conditional_ratio_interval, fitted_at_difference, newcombe, score_difference, score_difference_interval,
    score_difference_interval_strata, score_difference_strata, score_odds_ratio, score_odds_ratio_interval,
    score_ratio, score_ratio_interval, score_ratio_interval_strata, score_ratio_strata, wald,
};
use serinus::stats::proportion_exact::fisher_exact;
use serinus::stats::rate::{RateInterval, RateTest, Rates, rate_ratio_interval, rate_ratio_test};
use serinus::stats::special::norm_isf;

const FM: ScoreVariance = ScoreVariance::FarringtonManning;
const MN: ScoreVariance = ScoreVariance::MiettinenNurminen;

/// Events of n trials: none, one, all, all but one, few, or any.
fn events(n: u64) -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(n), Just(1.min(n)), Just(n - 1.min(n)), 0..=n.min(20), 0..=n]
}

fn trials() -> impl Strategy<Value = u64> {
    prop_oneof![1u64..4, 1u64..200, 1u64..100_000, Just(4_000_000u64)]
}

fn counts() -> impl Strategy<Value = Proportions> {
    (trials(), trials()).prop_flat_map(|(m, n)| {
        (events(m), events(n)).prop_map(move |(a, b)| Proportions { x_events: a, x_n: m, y_events: b, y_n: n })
    })
}

fn strata() -> impl Strategy<Value = Vec<StratumCounts>> {
    prop::collection::vec((counts(), 0.01f64..5.0, prop_oneof![Just(1.0), 1.0f64..4.0]), 1..5).prop_map(|all| {
        all.into_iter()
            .map(|(c, weight, effect)| {
                let whole = StratumCounts::from(c);
                StratumCounts {
                    weight,
                    x_events: whole.x_events / effect,
                    x_n: whole.x_n / effect,
                    y_events: whole.y_events / effect,
                    y_n: whole.y_n / effect,
                }
            })
            .collect()
    })
}

fn delta() -> impl Strategy<Value = f64> {
    prop_oneof![-1.0f64..=1.0, -0.01f64..0.01, Just(0.0), Just(1.0), Just(-1.0), Just(1e-12), Just(0.999_999_9)]
}

fn ratio() -> impl Strategy<Value = f64> {
    prop_oneof![0.5f64..2.0, (-7f64..7.0).prop_map(f64::exp), Just(1.0), Just(1e-300), Just(1e300)]
}

fn mirrored(c: Proportions) -> Proportions {
    Proportions { x_events: c.y_events, x_n: c.y_n, y_events: c.x_events, y_n: c.x_n }
}

fn close(a: f64, b: f64, rel: f64) -> bool {
    a == b || (a - b).abs() <= rel * a.abs().max(b.abs()).max(1e-300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn p_values_are_probabilities_and_nothing_is_nan(c in counts(), d in delta(), r in ratio()) {
        for kind in [FM, MN] {
            for test in [score_difference(c, d, kind)?, score_ratio(c, r, kind)?, score_odds_ratio(c, r, kind)?] {
                prop_assert!(!test.z.is_nan() && !test.variance.is_nan() && test.variance >= 0.0, "{test:?}");
                prop_assert!((test.p_less() + test.p_greater() - 1.0).abs() < 1e-12);
                prop_assert!(test.estimate.is_none_or(f64::is_finite));
            }
        }
        let found = conditional_binomial(c, r)?;
        for p in [found.p_less, found.p_greater, found.p_less_mid, found.p_greater_mid] {
            prop_assert!((0.0..=1.0).contains(&p), "{found:?}");
        }
        prop_assert!(found.p_less + found.p_greater >= 1.0 - 1e-9, "{found:?}");
    }

    #[test]
    fn swapping_the_arms_mirrors_difference_and_ratio(c in counts(), d in delta(), r in 0.01f64..100.0) {
        let (a, b) = (score_difference(c, d, FM)?, score_difference(mirrored(c), -d, FM)?);
        prop_assert_eq!(a.z, -b.z);
        let (a, b) = (score_ratio(c, r, FM)?, score_ratio(mirrored(c), 1.0 / r, FM)?);
        prop_assert!(close(a.z, -b.z, 1e-7) || (a.z + b.z).abs() < 1e-9, "{} {}", a.z, b.z);
        let (a, b) = (fisher_exact(c), fisher_exact(mirrored(c)));
        prop_assert!(close(a?.p_less, b?.p_greater, 1e-8));
    }

    #[test]
    fn one_stratum_is_the_classical_test_to_the_last_digit(c in counts(), d in delta(), r in ratio(), w in 1e-3f64..1e3) {
        let one = [StratumCounts { weight: w, ..c.into() }];
        prop_assert_eq!(score_difference(c, d, FM)?, score_difference_strata(&one, d, 1.0)?);
        prop_assert_eq!(score_ratio(c, r, FM)?, score_ratio_strata(&one, r, 1.0)?);
        prop_assert_eq!(conditional_binomial(c, r)?, conditional_binomial_strata(&one, r)?);
        prop_assert_eq!(score_difference_interval(c, 0.05, FM)?, score_difference_interval_strata(&one, 0.05, 1.0)?);
        prop_assert_eq!(score_ratio_interval(c, 0.05, FM)?, score_ratio_interval_strata(&one, 0.05, 1.0)?);
    }

    #[test]
    fn a_wider_margin_is_never_harder_to_show(all in strata(), d in delta(), e in delta(), r in ratio(), q in ratio()) {
        let ordered = |low: f64, high: f64| low <= high * (1.0 + 1e-6) + 1e-300;
        let (d, e) = (d.min(e), d.max(e));
        let (at_d, at_e) = (score_difference_strata(&all, d, 1.0)?, score_difference_strata(&all, e, 1.0)?);
        prop_assert!(ordered(at_e.p_less(), at_d.p_less()), "{at_d:?} at {d}, {at_e:?} at {e}");
        prop_assert!(ordered(at_d.p_greater(), at_e.p_greater()), "{at_d:?} at {d}, {at_e:?} at {e}");
        let (r, q) = (r.min(q), r.max(q));
        let (at_r, at_q) = (score_ratio_strata(&all, r, 1.0)?, score_ratio_strata(&all, q, 1.0)?);
        prop_assert!(ordered(at_q.p_less(), at_r.p_less()), "{at_r:?} at {r}, {at_q:?} at {q}");
        prop_assert!(ordered(at_r.p_greater(), at_q.p_greater()), "{at_r:?} at {r}, {at_q:?} at {q}");
    }

    #[test]
    fn in_one_stratum_z_falls_as_the_value_rises(c in counts(), d in delta(), e in delta(), r in ratio(), q in ratio()) {
        let (d, e) = (d.min(e), d.max(e));
        let (at_d, at_e) = (score_difference(c, d, MN)?.z, score_difference(c, e, MN)?.z);
        prop_assert!(at_e == at_d || at_e <= at_d + 1e-9 * (1.0 + at_d.abs()), "difference: {at_d} at {d}, {at_e} at {e}");
        let (r, q) = (r.min(q), r.max(q));
        let (at_r, at_q) = (score_ratio(c, r, MN)?.z, score_ratio(c, q, MN)?.z);
        prop_assert!(at_q == at_r || at_q <= at_r + 1e-9 * (1.0 + at_r.abs()), "ratio: {at_r} at {r}, {at_q} at {q}");
        let (at_r, at_q) = (score_odds_ratio(c, r, MN)?.z, score_odds_ratio(c, q, MN)?.z);
        prop_assert!(at_q == at_r || at_q <= at_r + 1e-7 * (1.0 + at_r.abs()), "odds: {at_r} at {r}, {at_q} at {q}");
    }

    #[test]
    fn a_difference_is_shown_exactly_when_the_interval_lies_inside(
        all in strata(), d in delta(), alpha in 1e-4f64..0.4, factor in 1.0f64..3.0,
    ) {
        let interval = score_difference_interval_strata(&all, alpha, factor)?;
        let test = score_difference_strata(&all, d, factor)?;
        let estimate = test.estimate.unwrap_or(f64::NAN);
        prop_assert!(interval.low <= estimate + 1e-15 && estimate <= interval.high + 1e-15, "{interval:?} {estimate}");
        // Rounding decides within a few floats of an end.
        if !close(d, interval.high, 1e-12) {
            prop_assert_eq!(test.p_less() <= alpha, interval.high < d, "{:?} {:?}", interval, test);
        }
        if !close(d, interval.low, 1e-12) {
            prop_assert_eq!(test.p_greater() <= alpha, d < interval.low, "{:?} {:?}", interval, test);
        }
    }

    #[test]
    fn a_ratio_is_shown_exactly_when_the_interval_lies_inside(
        all in strata(), r in ratio(), alpha in 1e-4f64..0.4, factor in 1.0f64..3.0,
    ) {
        let interval = score_ratio_interval_strata(&all, alpha, factor)?;
        let test = score_ratio_strata(&all, r, factor)?;
        if let Some(estimate) = test.estimate {
            prop_assert!(interval.low <= estimate * (1.0 + 1e-12) && estimate <= interval.high * (1.0 + 1e-12));
        }
        if !close(r, interval.high, 1e-9) {
            prop_assert_eq!(test.p_less() <= alpha, interval.high < r, "{:?} {:?}", interval, test);
        }
        if !close(r, interval.low, 1e-9) {
            prop_assert_eq!(test.p_greater() <= alpha, r < interval.low, "{:?} {:?}", interval, test);
        }
    }

    #[test]
    fn other_intervals_agree_with_their_tests(c in counts(), r in 0.01f64..100.0, d in delta(), alpha in 1e-4f64..0.4) {
        let (odds, test) = (score_odds_ratio_interval(c, alpha, MN)?, score_odds_ratio(c, r, MN)?);
        if !close(r, odds.high, 1e-7) && !close(r, odds.low, 1e-7) {
            prop_assert_eq!(test.p_less() <= alpha, odds.high < r, "{:?} {:?}", odds, test);
            prop_assert_eq!(test.p_greater() <= alpha, r < odds.low, "{:?} {:?}", odds, test);
        }
        let paired = PairedCounts {
            only_x: (c.x_events.min(c.x_n / 2)) as f64,
            only_y: (c.y_events.min(c.x_n / 2)) as f64,
            n: c.x_n as f64,
        };
        let (interval, test) = (tango_interval(paired, alpha, 1.0)?, tango(paired, d, 1.0)?);
        if !close(d, interval.high, 1e-12) && !close(d, interval.low, 1e-12) {
            prop_assert_eq!(test.p_less() <= alpha, interval.high < d, "{:?} {:?}", interval, test);
            prop_assert_eq!(test.p_greater() <= alpha, d < interval.low, "{:?} {:?}", interval, test);
        }
    }

    #[test]
    fn weights_matter_only_in_proportion(all in strata(), d in delta(), r in 0.1f64..10.0) {
        let doubled: Vec<_> = all.iter().map(|s| StratumCounts { weight: 2.0 * s.weight, ..*s }).collect();
        prop_assert_eq!(score_difference_strata(&all, d, 1.0)?, score_difference_strata(&doubled, d, 1.0)?);
        prop_assert_eq!(score_ratio_strata(&all, r, 1.0)?, score_ratio_strata(&doubled, r, 1.0)?);
    }

    #[test]
    fn a_design_effect_divides_z_by_its_root(all in strata(), d in -0.9f64..0.9, factor in 1.0f64..9.0) {
        let (plain, wide) = (score_difference_strata(&all, d, 1.0)?, score_difference_strata(&all, d, factor)?);
        prop_assert!(close(plain.z, wide.z * factor.sqrt(), 1e-12));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_exact_conditional_interval_inverts_its_test(
        a in 0u64..40, b in 0u64..400, m in 400u64..10_000, n in 400u64..1_000_000, r in 0.05f64..20.0, alpha in 1e-3f64..0.3,
    ) {
        let c = Proportions { x_events: a, x_n: m, y_events: b, y_n: n };
        for tail in [Tail::Exact, Tail::MidP] {
            let interval = conditional_ratio_interval(c, alpha, tail)?;
            let test = conditional_binomial(c, r)?;
            let (less, greater) = match tail {
                Tail::Exact => (test.p_less, test.p_greater),
                Tail::MidP => (test.p_less_mid, test.p_greater_mid),
            };
            if a + b > 0 && !close(r, interval.high, 1e-8) && !close(r, interval.low, 1e-8) {
                prop_assert_eq!(less <= alpha, interval.high < r, "{:?} {:?}", interval, test);
                prop_assert_eq!(greater <= alpha, r < interval.low, "{:?} {:?}", interval, test);
            }
        }
    }

    #[test]
    fn a_uniform_split_into_strata_of_equal_shares_changes_nothing_exact(a in 0u64..30, b in 0u64..90, k in 1u64..4, r in 0.2f64..5.0) {
        let whole = Proportions { x_events: a, x_n: 3000, y_events: b, y_n: 60_000 };
        let (first_a, first_b) = (a / (k + 1), b / (k + 1));
        let part = |x_events: u64, y_events: u64, share: f64| StratumCounts {
            weight: 1.0,
            x_events: x_events as f64,
            x_n: 3000.0 * share,
            y_events: y_events as f64,
            y_n: 60_000.0 * share,
        };
        let parts = [part(first_a, first_b, 0.25), part(a - first_a, b - first_b, 0.75)];
        let (one, two) = (conditional_binomial(whole, r)?, conditional_binomial_strata(&parts, r)?);
        prop_assert!(close(one.p_less, two.p_less, 1e-8) && close(one.p_greater, two.p_greater, 1e-8), "{one:?} {two:?}");
    }
}

/// statsmodels' cubic for the restricted baseline proportion (0.15.0, `score_test_proportions_2indep`, `compare="diff"`):
/// `tmp1` uses the baseline's events where its trials belong.
fn statsmodels_restricted(c: Proportions, delta: f64) -> f64 {
    let (m, n) = (c.x_n as f64, c.y_n as f64);
    let (all, events, y) = (m + n, (c.x_events + c.y_events) as f64, c.y_events as f64);
    let b = (m + 2.0 * n) * delta - all - events;
    let s = (y * delta - all - 2.0 * y) * delta + events;
    let t = y * delta * (1.0 - delta);
    let v = (b / (3.0 * all)).powi(3) - s * b / (6.0 * all * all) + t / (2.0 * all);
    let u = v.signum() * ((b / (3.0 * all)).powi(2) - s / (3.0 * all)).sqrt();
    let w = (std::f64::consts::PI + (v / u.powi(3)).acos()) / 3.0;
    2.0 * u * w.cos() - b / (3.0 * all)
}

#[test]
fn the_score_of_a_difference_is_the_likeliest_fit_and_not_that_of_statsmodels()
-> Result<(), serinus::stats::Unanswerable> {
    let c = Proportions { x_events: 56, x_n: 70, y_events: 48, y_n: 80 };
    for delta in [0.01, 0.1, 0.2, -0.1] {
        let ours = fitted_at_difference(c, delta)?;
        let theirs = statsmodels_restricted(c, delta);
        let likelihood = |y: f64| {
            let x = y + delta;
            56.0 * x.ln() + 14.0 * (1.0 - x).ln() + 48.0 * y.ln() + 32.0 * (1.0 - y).ln()
        };
        assert!(likelihood(ours.y) > likelihood(theirs), "at {delta}");
        assert!((ours.y - theirs).abs() > 1e-5, "at {delta}: the trap is one");
    }
    // z at 0.1 to 60 digits by direct maximisation, and what the wrong coefficient makes of it.
    let z =
        |x: f64, y: f64, d: f64| (56.0 / 70.0 - 48.0 / 80.0 - d) / (x * (1.0 - x) / 70.0 + y * (1.0 - y) / 80.0).sqrt();
    let theirs = statsmodels_restricted(c, 0.2 - 1e-3);
    let ours = fitted_at_difference(c, 0.2 - 1e-3)?;
    assert_ne!(z(theirs + 0.199, theirs, 0.199), z(ours.x, ours.y, 0.199));
    Ok(())
}

/// The probability, under given proportions, that a rule shows the canary safe: sums every table that matters.
fn size(m: u64, n: u64, p: f64, q: f64, shown: impl Fn(Proportions) -> bool) -> f64 {
    let pmf = |trials: u64, p: f64| {
        let mean = trials as f64 * p;
        let mut values = Vec::new();
        let mut value = (trials as f64 * (-p).ln_1p()).exp();
        for k in 0..=trials.min((mean + 12.0 * mean.sqrt() + 20.0) as u64) {
            values.push(value);
            value *= (trials - k) as f64 / (k + 1) as f64 * (p / (1.0 - p));
        }
        values
    };
    let mut sum = 0.0;
    for (x_events, a) in pmf(m, p).into_iter().enumerate() {
        for (y_events, b) in pmf(n, q).into_iter().enumerate() {
            if a * b > 1e-12 {
                let c = Proportions { x_events: x_events as u64, x_n: m, y_events: y_events as u64, y_n: n };
                sum += if shown(c) { a * b } else { 0.0 };
            }
        }
    }
    sum
}

#[test]
fn at_rare_events_wald_promotes_bad_canaries_and_the_score_test_does_not() {
    // At the boundary: errors doubled from 0.1 % to 0.2 %, margin 0.1 points, nominal 0.05. Exact, by enumeration.
    for (m, n, by_wald, by_score, by_newcombe) in
        [(1_000, 99_000, 0.135, 0.0, 0.0), (5_000, 95_000, 0.092, 0.040, 0.038), (20_000, 180_000, 0.068, 0.046, 0.046)]
    {
        let inside = |high: f64| high < 0.001;
        let shown = size(m, n, 0.002, 0.001, |c| inside(wald(c, 0.05).map_or(f64::NAN, |i| i.high)));
        assert!((shown - by_wald).abs() < 6e-4, "Wald {m}: {shown}");
        let shown = size(m, n, 0.002, 0.001, |c| score_difference(c, 0.001, FM).is_ok_and(|t| t.p_less() <= 0.05));
        assert!((shown - by_score).abs() < 6e-4, "score {m}: {shown}");
        let shown = size(m, n, 0.002, 0.001, |c| inside(newcombe(c, 0.05).map_or(f64::NAN, |i| i.high)));
        assert!((shown - by_newcombe).abs() < 6e-4, "Newcombe {m}: {shown}");
    }
}

#[test]
fn without_events_in_both_arms_only_enough_trials_show_a_margin() -> Result<(), serinus::stats::Unanswerable> {
    let none = |m: u64| Proportions { x_events: 0, x_n: m, y_events: 0, y_n: 100 * m };
    // No margin, no evidence.
    let test = score_difference(none(20), 0.0, FM)?;
    assert_eq!((test.z, test.p_less(), test.p_greater()), (0.0, 0.5, 0.5));
    // A relative margin of nothing is nothing.
    let test = score_ratio(none(1_000_000), 1.1, FM)?;
    assert_eq!((test.z, test.estimate), (0.0, None));
    let test = conditional_binomial(none(1_000_000), 1.1)?;
    assert_eq!((test.p_less, test.p_greater), (1.0, 1.0));
    let interval = conditional_ratio_interval(none(20), 0.05, Tail::Exact)?;
    assert_eq!((interval.low, interval.high), (0.0, f64::INFINITY));
    let interval = score_ratio_interval(none(20), 0.05, FM)?;
    assert_eq!((interval.low, interval.high), (0.0, f64::INFINITY));
    // An absolute margin: the canary's own exact bound.
    for threshold in [0.01, 0.001] {
        let needed = trials_without_events(threshold, 0.05)?;
        assert!(clopper_pearson(0.0, needed as f64, 0.05)?.high < threshold);
        assert!(clopper_pearson(0.0, (needed - 1) as f64, 0.05)?.high >= threshold);
    }
    // 0 of 20 does not show less than one per cent; Wald's interval of no width would.
    assert!(score_difference(none(20), 0.01, FM)?.p_less() > 0.3);
    assert!(wald(none(20), 0.05)?.high < 0.01);
    // Every trial an event is no evidence of a difference either.
    let all = Proportions { x_events: 20, x_n: 20, y_events: 2000, y_n: 2000 };
    assert_eq!(score_difference(all, 0.0, FM)?.z, 0.0);
    assert_eq!(score_ratio(all, 1.0, FM)?.z, 0.0);
    Ok(())
}

#[test]
fn pooling_over_ramp_stages_is_not_what_strata_do() -> Result<(), serinus::stats::Unanswerable> {
    // Simpson's paradox: the error rate falls by day as the canary's share rises; inside each stage the canary is worse.
    let stage = |weight: f64, a: u64, m: u64, b: u64, n: u64| StratumCounts {
        weight,
        ..Proportions { x_events: a, x_n: m, y_events: b, y_n: n }.into()
    };
    let strata = [stage(500.0, 30, 500, 380, 9500), stage(5000.0, 75, 5000, 50, 5000)];
    let pooled = Proportions { x_events: 105, x_n: 5500, y_events: 430, y_n: 14_500 };
    assert!(score_difference(pooled, 0.0, FM)?.p_less() < 0.01, "pooled, the canary looks better");
    assert!(score_difference_strata(&strata, 0.0, 1.0)?.p_greater() < 0.01, "inside stages it is worse");
    assert!(score_ratio_strata(&strata, 1.0, 1.0)?.p_greater() < 0.01);
    assert!(conditional_binomial_strata(&strata, 1.0)?.p_greater < 0.01);
    Ok(())
}

#[test]
fn the_score_end_of_a_rate_ratio_without_events_is_proven() -> Result<(), serinus::stats::Unanswerable> {
    // (0 - b rho) / sqrt(b rho) = -z at rho = z^2 / b, and it is below zero everywhere: the interval starts at 0.
    let rates = Rates { x_events: 0, x_exposure: 10.0, y_events: 25, y_exposure: 990.0 };
    let z = norm_isf(0.05);
    let found = rate_ratio_interval(rates, 0.05, RateInterval::Score)?;
    assert_eq!(found.low, 0.0);
    assert!(close(found.high, z * z / 25.0 * 99.0, 1e-12));
    assert!(rate_ratio_test(rates, 1e-6, RateTest::Score)?.p_greater > 0.49);
    Ok(())
}

#[test]
fn wilson_is_the_score_interval_of_one_arm() -> Result<(), serinus::stats::Unanswerable> {
    // A baseline so large that it is a constant: the difference's interval becomes Wilson's.
    let c = Proportions { x_events: 7, x_n: 50, y_events: 0, y_n: 4_000_000_000_000 };
    let (two, one) = (score_difference_interval(c, 0.05, FM)?, wilson(7.0, 50.0, 0.05)?);
    assert!(close(two.low, one.low, 1e-5) && close(two.high, one.high, 1e-5), "{two:?} {one:?}");
    Ok(())
}

#[test]
fn a_gate_over_a_hundred_thousand_segments_is_adjusted_quickly() {
    let p: Vec<Option<f64>> = (1..=100_000).map(|i| Some(i as f64 / 100_001.0)).collect();
    let start = adjust(&p, Adjustment::Holm);
    assert_eq!(start[0], Some(100_000.0 / 100_001.0));
    assert!(start.iter().flatten().all(|p| *p <= 1.0));
}
