use super::*;
use crate::stats::contrast::Better;
use crate::stats::describe::{QuantileRule, quantile, sorted};
use crate::stats::rng::Stream;
use crate::stats::welch::welch_noninferiority;

fn lognormal(seed: u64, n: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, "lognormal", 0);
    (0..n).map(|_| libm::exp(stream.normal())).collect()
}

const LOWER: Better = Better::Lower;
const METHODS: [Method; 4] = [Method::Percentile, Method::Basic, Method::Bca, Method::Studentized];

#[test]
fn the_same_bits_come_from_one_thread_and_from_four() {
    let (x, y) = (Mean::new(&lognormal(1, 300)).unwrap(), Mean::new(&lognormal(2, 900)).unwrap());
    let margin = Contrast::relative(LOWER, 0.2);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Bootstrap { seed: 5, name: "cost", ..Bootstrap::default() }.test(&x, &y, &margin).unwrap())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn other_names_and_seeds_draw_other_streams() {
    let (x, y) = (Mean::new(&lognormal(1, 50)).unwrap(), Mean::new(&lognormal(2, 90)).unwrap());
    let margin = Contrast::relative(LOWER, 0.2);
    let run = |seed, name| Bootstrap { seed, name, ..Bootstrap::default() }.test(&x, &y, &margin).unwrap();
    assert_eq!(run(1, "a"), run(1, "a"));
    assert_ne!(run(1, "a").interval, run(1, "b").interval);
    assert_ne!(run(1, "a").interval, run(2, "a").interval);
}

#[test]
fn the_interval_and_the_p_value_agree_at_alpha_for_every_method() {
    let (x, y) = (Mean::new(&lognormal(3, 60)).unwrap(), Mean::new(&lognormal(4, 200)).unwrap());
    for method in METHODS {
        for better in [Better::Lower, Better::Higher] {
            for i in 1..25 {
                let margin = 0.05 * f64::from(i);
                let b = Bootstrap { method, draws: Draws::Fixed(399), ..Bootstrap::default() };
                let t = b.test(&x, &y, &Contrast::absolute(better, margin)).unwrap();
                let inside = match better {
                    Better::Lower => t.interval.high < margin,
                    Better::Higher => t.interval.low > -margin,
                };
                assert_eq!(t.p_noninferior <= 0.05, inside, "{method:?} {better:?} {margin} {t:?}");
                assert!(t.p_noninferior >= 1.0 / 400.0 && t.p_noninferior <= 1.0);
            }
        }
    }
}

#[test]
fn percentile_replicates_follow_the_exact_distribution() {
    let values = [1.0, 2.5, 7.0, 3.0, 11.0];
    let exact = exact_distribution(&values, |v| v.iter().sum::<f64>() / v.len() as f64).unwrap();
    let arm = Mean::new(&values).unwrap();
    let mut scratch = Vec::new();
    let draws = 20_000;
    let mut replicates: Vec<f64> = (0..draws)
        .map(|b| arm.estimate() + arm.replicate(&mut Stream::keyed(9, b, 0), &mut scratch).unwrap().change)
        .collect();
    replicates.sort_by(f64::total_cmp);
    // Kolmogorov distance against the exact distribution; 1.63 / sqrt(n) is its 1 % point.
    let (mut cumulative, mut largest) = (0.0, 0.0_f64);
    for (value, p) in exact {
        cumulative += p;
        let share = replicates.partition_point(|v| *v <= value + 1e-9) as f64 / draws as f64;
        largest = largest.max((share - cumulative).abs());
    }
    assert!(largest < 1.63 / (draws as f64).sqrt(), "{largest}");
}

#[test]
fn order_statistics_follow_their_law_and_the_naive_resample() {
    let values: Vec<f64> = lognormal(7, 40);
    let ordered = sorted(&values);
    let draws = 20_000_u64;
    for rule in [QuantileRule::InvertedCdf, QuantileRule::Linear] {
        let arm = Quantile::new(&values, 0.9, rule).unwrap();
        let naive = Counted::new(values.len(), |counts: &[u32]| {
            let resample: Vec<f64> =
                ordered.iter().zip(counts).flat_map(|(v, c)| std::iter::repeat_n(*v, *c as usize)).collect();
            quantile(&resample, 0.9, rule).map(|v| (v, None))
        })
        .unwrap();
        let mut scratch = Vec::new();
        let mut of = |arm: &dyn Resample, key| {
            let all = (0..draws).map(|b| arm.replicate(&mut Stream::keyed(key, b, 0), &mut scratch).unwrap().change);
            sorted(&all.collect::<Vec<_>>())
        };
        let (fast, slow) = (of(&arm, 11), of(&naive, 12));
        let largest = ordered
            .windows(2)
            .flat_map(|w| [w[0], 0.5 * (w[0] + w[1])])
            .map(|v| {
                let share = |s: &[f64]| s.partition_point(|c| *c <= v - arm.estimate() + 1e-9) as f64 / draws as f64;
                (share(&fast) - share(&slow)).abs()
            })
            .fold(0.0, f64::max);
        assert!(largest < 1.63 * (2.0 / draws as f64).sqrt(), "{rule:?} {largest}");
    }
}

#[test]
fn the_percentile_bootstrap_undercovers_a_skewed_mean_and_the_studentised_one_less() {
    // One-sided 95 % upper bounds of a lognormal(1) mean at n = 20; published coverage 0.823 and 0.900.
    let (truth, runs) = (libm::exp(0.5), 400);
    let covered = |method| {
        let hits = (0..runs).filter(|&i| {
            let arm = Mean::new(&lognormal(1_000 + i, 20)).unwrap();
            let b = Bootstrap { method, draws: Draws::Fixed(399), seed: i, ..Bootstrap::default() };
            b.interval(&arm).unwrap().interval.high >= truth
        });
        hits.count() as f64 / runs as f64
    };
    let (percentile, studentised) = (covered(Method::Percentile), covered(Method::Studentized));
    // Standard errors of the simulation: 0.019 and 0.015.
    assert!((percentile - 0.823).abs() < 0.057, "{percentile}");
    assert!((studentised - 0.900).abs() < 0.045, "{studentised}");
    assert!(studentised > percentile + 0.03);
}

#[test]
fn a_margin_of_a_share_of_the_mean_is_recomputed_in_every_replicate() {
    // Resampling with a margin frozen at 0.5 mean(y) leaves out the margin's own spread; the recomputed one does not.
    let (xs, ys) = (lognormal(21, 400), lognormal(22, 30));
    let (x, y) = (Mean::new(&xs).unwrap(), Mean::new(&ys).unwrap());
    let b = Bootstrap { method: Method::Percentile, draws: Draws::Fixed(1_999), ..Bootstrap::default() };
    let recomputed = b.test(&x, &y, &Contrast::relative(LOWER, 0.5)).unwrap();
    let frozen = b.test(&x, &y, &Contrast::absolute(LOWER, 0.5 * y.estimate())).unwrap();
    let width = |t: &BootstrapTest| t.interval.high - t.interval.low;
    assert!(width(&recomputed) > 1.25 * width(&frozen));
}

#[test]
fn the_studentised_bootstrap_is_near_welch_on_well_behaved_data() {
    let mut stream = Stream::new(31, "normal", 0);
    let mut normals = |n: usize| (0..n).map(|_| 10.0 + stream.normal()).collect::<Vec<f64>>();
    let (xs, ys) = (normals(60), normals(400));
    let margin = Contrast::relative(LOWER, 0.05);
    let welch = welch_noninferiority(&xs, &ys, &margin, 0.05).unwrap();
    let b = Bootstrap { draws: Draws::Fixed(9_999), ..Bootstrap::default() };
    let boot = b.test(&Mean::new(&xs).unwrap(), &Mean::new(&ys).unwrap(), &margin).unwrap();
    assert!((boot.standard_error.unwrap() / welch.standard_error - 1.0).abs() < 1e-12);
    assert!((boot.p_noninferior - welch.p_noninferior).abs() < 0.01, "{} {}", boot.p_noninferior, welch.p_noninferior);
}

#[test]
fn buckets_keep_the_spread_of_the_mean() {
    let values = lognormal(41, 30_000);
    let arm = Mean::new(&values).unwrap();
    assert_eq!((arm.n(), arm.flags()), (1_000, vec![Flag::Bucketed]));
    let moments = crate::stats::describe::Moments::of(&values).unwrap();
    let se = moments.standard_deviation().unwrap() / (30_000.0_f64).sqrt();
    // The variance over 1,000 buckets has a relative standard error of about 5 %.
    assert!((arm.standard_error().unwrap() / se - 1.0).abs() < 0.1);
}

#[test]
fn ratios_of_sums_with_sizes_of_one_are_means() {
    // Means of up to 2,048 rows and of up to 20,000 are drawn from tables of different lengths.
    for n in [30, 2_048, 2_049, 20_000] {
        let values = lognormal(51, n);
        let ratio = RatioOfSums::new(&values, &vec![1.0; n]).unwrap();
        let mean = Mean::new(&values).unwrap();
        assert!((ratio.estimate() - mean.estimate()).abs() < 1e-14, "{n}");
        assert!((ratio.standard_error().unwrap() / mean.standard_error().unwrap() - 1.0).abs() < 1e-12, "{n}");
        let stream = || Stream::keyed(1, 2, 0);
        let r = ratio.replicate(&mut stream(), &mut Vec::new()).unwrap();
        let m = mean.replicate(&mut stream(), &mut Vec::new()).unwrap();
        assert!((r.change - m.change).abs() < 1e-13, "{n}");
        assert!((r.standard_error.unwrap() - m.standard_error.unwrap()).abs() < 1e-13, "{n}");
        let alone = mean.change(&mut stream(), &mut Vec::new()).unwrap();
        assert!((alone - m.change).abs() < 1e-13, "{n}");
    }
}

#[test]
fn clusters_widen_the_interval() {
    // 40 users with 10 equal rows each are worth 40 rows, not 400.
    let users = lognormal(61, 40);
    let rows: Vec<f64> = users.iter().flat_map(|v| [*v; 10]).collect();
    let clustered = RatioOfSums::new(&users.iter().map(|v| 10.0 * v).collect::<Vec<_>>(), &[10.0; 40]).unwrap();
    let naive = Mean::new(&rows).unwrap();
    let ratio = clustered.standard_error().unwrap() / naive.standard_error().unwrap();
    assert!((ratio / (399.0_f64 / 39.0).sqrt() - 1.0).abs() < 1e-12);
}

#[test]
fn trimmed_means_match_their_definition_in_every_replicate() {
    let values = lognormal(71, 23);
    let ordered = sorted(&values);
    let arm = TrimmedMean::new(&values, 0.2).unwrap();
    let naive = Counted::new(23, |counts: &[u32]| {
        let resample: Vec<f64> =
            ordered.iter().zip(counts).flat_map(|(v, c)| std::iter::repeat_n(*v, *c as usize)).collect();
        crate::stats::describe::trimmed_mean(&resample, 0.2).map(|v| (v, None))
    })
    .unwrap();
    for b in 0..50 {
        let of = |arm: &dyn Resample| arm.replicate(&mut Stream::keyed(3, b, 0), &mut Vec::new()).unwrap().change;
        assert!((of(&arm) - of(&naive)).abs() < 1e-13);
    }
    // Winsorised standard error as Yuen's test has it.
    let constant = vec![0.0; 5];
    let yuen = crate::stats::yuen::yuen_t(&values, &constant, 0.2, crate::stats::Alternative::Less, 0.95).unwrap();
    assert!((arm.standard_error().unwrap() / yuen.standard_error - 1.0).abs() < 1e-12);
}

#[test]
fn auc_has_its_value_its_error_and_its_undefined_replicates() {
    let auc = Auc::new(&[1.0, 2.0, 2.0, 3.0], &[false, true, false, true]).unwrap();
    assert_eq!(auc.estimate(), 0.875);
    // DeLong by hand: placements of positives 0.75, 1; of negatives 1, 0.75: 2 (1/32) / 2.
    assert!((auc.standard_error().unwrap() - (1.0_f64 / 32.0).sqrt()).abs() < 1e-15);
    let margin = Contrast::absolute(Better::Higher, 0.5);
    let b = Bootstrap { method: Method::Percentile, draws: Draws::Fixed(999), ..Bootstrap::default() };
    let t = b.test(&auc, &auc, &margin).unwrap();
    assert!(t.undefined > 0 && t.flags.contains(&Flag::UndefinedReplicates));
    assert!(t.p_noninferior > t.undefined as f64 / 1_000.0 && t.p_inferior > t.undefined as f64 / 1_000.0);
    assert!(Auc::new(&[1.0, 2.0], &[true, true]).is_err());
}

#[test]
fn a_ratio_scale_needs_positive_values_and_reports_a_ratio() {
    let (x, y) = (Mean::new(&lognormal(81, 80)).unwrap(), Mean::new(&lognormal(82, 300)).unwrap());
    let b = Bootstrap { scale: Scale::LogRatio, draws: Draws::Fixed(999), ..Bootstrap::default() };
    let t = b.test(&x, &y, &Contrast::relative(LOWER, 0.5)).unwrap();
    assert!((t.estimate - x.estimate() / y.estimate()).abs() < 1e-15);
    assert_eq!(t.p_noninferior <= 0.05, t.interval.high < 1.5);
    assert!(b.test(&x, &y, &Contrast::absolute(LOWER, 0.5)).is_err());
    let negative = Mean::new(&[-1.0, -2.0, -4.0]).unwrap();
    assert!(b.test(&negative, &y, &Contrast::relative(LOWER, 0.5)).is_err());
}

#[test]
fn constants_are_answered_exactly() {
    let (x, y) = (Mean::new(&[1.0; 20]).unwrap(), Mean::new(&[1.0; 30]).unwrap());
    for method in METHODS {
        let b = Bootstrap { method, ..Bootstrap::default() };
        let safe = b.test(&x, &y, &Contrast::relative(LOWER, 0.1)).unwrap();
        assert!(safe.p_noninferior > 0.0 && safe.p_noninferior < 1e-10 && safe.p_inferior == 1.0);
        let none = b.test(&x, &y, &Contrast::relative(LOWER, 0.0)).unwrap();
        assert_eq!((none.p_noninferior, none.p_inferior), (1.0, 1.0));
        assert_eq!(none.flags, [Flag::IdenticalConstant]);
    }
}

#[test]
fn draws_double_while_p_is_near_alpha_and_stop_at_the_limit() {
    let (xs, ys) = (lognormal(91, 60), lognormal(92, 400));
    let (x, y) = (Mean::new(&xs).unwrap(), Mean::new(&ys).unwrap());
    let b = Bootstrap { method: Method::Percentile, ..Bootstrap::default() };
    let far = b.test(&x, &y, &Contrast::absolute(LOWER, 50.0)).unwrap();
    assert_eq!((far.draws, far.flags.len()), (1_999, 0));
    // A margin at the end of the interval puts p at alpha.
    let margin = Contrast::absolute(LOWER, far.interval.high.max(0.0));
    let near = b.test(&x, &y, &margin).unwrap();
    assert!(near.draws > 1_999, "{near:?}");
    assert_eq!(near.flags.contains(&Flag::McUncertain), near.draws == 39_999);
}

#[test]
fn methods_refuse_what_they_cannot_use() {
    let q = Quantile::new(&lognormal(1, 50), 0.9, QuantileRule::Linear).unwrap();
    let margin = Contrast::relative(LOWER, 0.1);
    assert!(matches!(Bootstrap::default().test(&q, &q, &margin), Err(Unanswerable::Undefined { .. })));
    let bca = Bootstrap { method: Method::Bca, ..Bootstrap::default() }.test(&q, &q, &margin).unwrap();
    assert!(bca.draws >= 9_999);
    assert!(Bootstrap { draws: Draws::Fixed(0), ..Bootstrap::default() }.test(&q, &q, &margin).is_err());
    assert!(Mean::new(&[1.0]).is_err() && Mean::new(&[1.0, f64::NAN]).is_err());
    assert!(RatioOfSums::new(&[1.0; 5], &[0.0; 5]).is_err() && RatioOfSums::new(&[1.0; 4], &[1.0; 4]).is_err());
    assert!(Quantile::new(&[1.0], 0.5, QuantileRule::Hazen).is_err());
}

#[test]
fn units_of_any_size_give_the_same_p() {
    let (xs, ys) = (lognormal(95, 25), lognormal(96, 60));
    let margin = Contrast::relative(LOWER, 0.3);
    let b = Bootstrap { draws: Draws::Fixed(499), ..Bootstrap::default() };
    let p = |e: i32| {
        let by = |v: &[f64]| Mean::new(&v.iter().map(|v| libm::ldexp(*v, e)).collect::<Vec<_>>()).unwrap();
        b.test(&by(&xs), &by(&ys), &margin).unwrap().p_noninferior
    };
    assert_eq!(p(0), p(-1000));
    assert_eq!(p(0), p(1000));
}

#[test]
fn tiny_samples_never_panic_or_report_nan() {
    let hostile: [&[f64]; 6] =
        [&[0.0, 1.0], &[5e-324, 0.0, 5e-324], &[1e300, -1e300], &[1.0, 1.0, 1.0, 2.0], &[3.0, 3.0], &[f64::MAX, 1.0]];
    for x in hostile {
        for y in hostile {
            for method in METHODS {
                let b = Bootstrap { method, draws: Draws::Fixed(99), ..Bootstrap::default() };
                let (x, y) = (Mean::new(x).unwrap(), Mean::new(y).unwrap());
                if let Ok(t) = b.test(&x, &y, &Contrast::relative(LOWER, 0.1)) {
                    assert!(t.p_noninferior > 0.0 && t.p_noninferior <= 1.0 && t.p_inferior > 0.0);
                    assert!(!t.interval.low.is_nan() && !t.interval.high.is_nan(), "{t:?}");
                }
            }
        }
    }
}
