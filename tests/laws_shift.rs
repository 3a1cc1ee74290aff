//! What has to hold of every test of shift, model quality and dependence, whatever the data.

use proptest::prelude::*;
use serinus::stats::anderson_darling::{AdMethod, anderson_darling, table_p_value};
use serinus::stats::binning::Bins;
use serinus::stats::classification::{
    Confusion, agreement, average_precision, brier_losses, calibration_error, log_losses, regression_error,
};
use serinus::stats::cluster::{
    cluster_contrast, cluster_ratio, clustered_means, clustered_rank, design_effect, intraclass_correlation,
};
use serinus::stats::covariate::{ancova, cuped, lin, post_stratified};
use serinus::stats::cramer_von_mises::{CvmMethod, cramer_von_mises};
use serinus::stats::delong::{Auc, DeLong, delong_paired, delong_unpaired};
use serinus::stats::distance::{energy_distance, relative_wasserstein_1, wasserstein_1, wasserstein_p_value};
use serinus::stats::divergence::Categories;
use serinus::stats::kolmogorov_smirnov::{KsMethod, gate, kolmogorov_smirnov, weighted};
use serinus::stats::strata::{Continuity, Events, mantel_haenszel, van_elteren};
use serinus::stats::{Alternative, estimate::Contrast};
use serinus::{Arm, Arms};

const SIDES: [Alternative; 3] = [Alternative::TwoSided, Alternative::Less, Alternative::Greater];

/// Numbers from the hard ground: few distinct values, both ends of the range, what is no number at all.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3i8..4).prop_map(f64::from),
        2 => -1e3..1e3f64,
        1 => prop::sample::select(vec![0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e300, -1e300, f64::MAX, f64::MIN]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        1 => any::<f64>(),
    ]
}

fn any_numbers() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![prop::collection::vec(any_number(), 0..30), prop::collection::vec((0i8..3).prop_map(f64::from), 0..30)]
}

/// Finite numbers, half of the time with many ties.
fn finite() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec((-4i8..5).prop_map(f64::from), 1..40),
        prop::collection::vec(-100.0..100.0f64, 1..40)
    ]
}

fn is_probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

fn near(a: f64, b: f64, rel: f64) -> bool {
    a == b || (a - b).abs() <= rel * a.abs().max(b.abs()).max(1e-300)
}

fn no_nan(values: &[f64]) -> bool {
    values.iter().all(|v| !v.is_nan())
}

fn contrast_is_sound(c: &Contrast) -> bool {
    let tests =
        SIDES.iter().all(|s| c.test(0.0, *s).map_or(true, |t| !t.statistic.is_nan() && is_probability(t.p_value)));
    let interval = c.interval(0.9).map_or(true, |i| i.low <= c.estimate && c.estimate <= i.high);
    no_nan(&[c.estimate, c.standard_error, c.dof]) && tests && interval
}

fn delong_is_sound(d: &DeLong) -> bool {
    let tests = SIDES.iter().all(|s| {
        [-1.0, -0.05, 0.0, 0.3].iter().all(|null| d.test(*null, *s).map_or(true, |t| is_probability(t.p_value)))
    });
    let interval =
        d.interval(0.9).map_or(true, |i| i.low <= d.contrast.estimate + 1e-12 && d.contrast.estimate <= i.high + 1e-12);
    tests && interval && no_nan(&[d.contrast.estimate, d.contrast.standard_error, d.covariance])
}

fn reversed<T: Clone>(v: &[T]) -> Vec<T> {
    v.iter().rev().cloned().collect()
}

fn ids(n: usize, clusters: u64) -> Vec<u64> {
    (0..n as u64).map(|i| i * 7 % clusters.max(1)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn shift_tests_answer_or_say_why_on_any_numbers(x in any_numbers(), y in any_numbers()) {
        for method in [KsMethod::Auto, KsMethod::Exact, KsMethod::ExactUntied, KsMethod::OneSample, KsMethod::Limit] {
            for side in SIDES {
                if let Ok(ks) = kolmogorov_smirnov(&x, &y, side, method) {
                    prop_assert!(is_probability(ks.d) && is_probability(ks.p_value) && !ks.location.is_nan());
                }
            }
        }
        for method in [AdMethod::Auto, AdMethod::Interpolated] {
            if let Ok(ad) = anderson_darling(&x, &y, method) {
                for version in [ad.right, ad.midrank] {
                    prop_assert!(version.statistic >= 0.0 && is_probability(version.p_value));
                    prop_assert!(version.standardised.is_none_or(|t| is_probability(table_p_value(t))));
                }
            }
        }
        for method in [CvmMethod::Auto, CvmMethod::Asymptotic, CvmMethod::Midrank] {
            if let Ok(cvm) = cramer_von_mises(&x, &y, method) {
                prop_assert!(!cvm.statistic.is_nan() && is_probability(cvm.p_value));
            }
        }
        if let Ok(w1) = wasserstein_1(&x, &y) {
            prop_assert!(w1 >= 0.0 && w1.is_finite());
        }
        if let Ok(Some(w1)) = relative_wasserstein_1(&x, &y) {
            prop_assert!(w1 >= 0.0);
        }
        if let Ok(e) = energy_distance(&x, &y) {
            prop_assert!(e.distance >= 0.0 && e.squared >= 0.0);
        }
        if let Ok(bins) = Bins::from_baseline(&y, None, 10, x.len() as f64) {
            prop_assert!(bins.edges().windows(2).all(|e| e[0] < e[1]));
            if let Ok(table) = bins.categories(&x, &y) {
                let psi = table.psi(0.5).unwrap();
                prop_assert!(no_nan(&[psi.psi, psi.debiased, psi.standard_error]) && is_probability(psi.p_value));
            }
        }
    }

    #[test]
    fn categories_answer_or_say_why_on_any_counts(x in any_numbers(), y in any_numbers(), m in any_number(), n in any_number()) {
        let k = x.len().min(y.len());
        if let Ok(table) = Categories::new(&x[..k], &y[..k]) {
            for table in [table.clone(), table.merge_rare(), table.clone().with_sizes(Arms { canary: m, baseline: n }).unwrap_or(table)] {
                for test in [table.chi_square(), table.g_test()] {
                    prop_assert!(test.statistic >= 0.0 && is_probability(test.p_value), "{test:?} {table:?}");
                }
                let js = table.jensen_shannon();
                prop_assert!(is_probability(js.bits) && is_probability(js.p_value) && js.standard_error_nats >= 0.0);
                prop_assert!(is_probability(table.cramers_v()) && is_probability(table.largest_difference().1));
                if let Ok(psi) = table.psi(0.5) {
                    prop_assert!(no_nan(&[psi.psi, psi.debiased, psi.standard_error]) && is_probability(psi.p_value), "{psi:?} {table:?}");
                }
            }
        }
    }

    #[test]
    fn models_and_clusters_answer_or_say_why_on_any_numbers(
        x in any_numbers(), y in any_numbers(), labels in prop::collection::vec(any::<bool>(), 30), clusters in 1u64..12,
    ) {
        let k = x.len().min(y.len());
        let (lx, ly, lk) = (&labels[..x.len()], &labels[30 - y.len()..], &labels[..k]);
        if let (Ok(a), Ok(b)) = (Auc::new(Arm::Canary, &x, lx), Auc::new(Arm::Baseline, &y, ly)) {
            prop_assert!(is_probability(a.auc) && a.placements.iter().all(|p| is_probability(*p)));
            let interval = a.interval(0.9).unwrap();
            prop_assert!(interval.low <= a.auc + 1e-12 && a.auc <= interval.high + 1e-12);
            prop_assert!(delong_is_sound(&delong_unpaired(a, b)));
        }
        if let Ok(d) = delong_paired(&x[..k], &y[..k], lk) {
            prop_assert!(delong_is_sound(&d));
        }
        if let Ok(c) = Confusion::new(&x, lx, 0.5) {
            prop_assert!([c.accuracy(), c.precision(), c.recall(), c.f1()].iter().flatten().all(|v| is_probability(*v)));
            prop_assert!(c.mcc().is_none_or(|v| (-1.0..=1.0).contains(&v)));
        }
        for loss in [log_losses(&x, lx, 1e-15).map(|l| l.losses), brier_losses(&x, lx)].into_iter().flatten() {
            prop_assert!(loss.iter().all(|l| *l >= 0.0 && l.is_finite()));
        }
        prop_assert!(calibration_error(&x, lx, 5).unwrap_or(None).is_none_or(is_probability));
        prop_assert!(average_precision(&x, lx).unwrap_or(None).is_none_or(|ap| is_probability(ap) || near(ap, 1.0, 1e-12)));
        if let Ok(Some(e)) = regression_error(&x[..k], &y[..k]) {
            prop_assert!(e.mae >= 0.0 && e.mae <= e.rmse * (1.0 + 1e-12), "{e:?}");
        }
        if let Ok(a) = agreement(&x[..k], &y[..k], 0.1, 0.1) {
            prop_assert!(is_probability(a.lower_bound(0.05).unwrap()) && a.lower_bound(0.05).unwrap() <= a.rate);
            prop_assert!(is_probability(a.p_value(0.9).unwrap()));
        }
        let (cx, cy) = (ids(x.len(), clusters), ids(y.len(), clusters));
        if let Ok(arms) = clustered_means(&x, &cx, &y, &cy) {
            prop_assert!(no_nan(&[arms.canary.ratio, arms.baseline.ratio, arms.canary.standard_error]));
            for rho in [1.0, 0.9, 1e300] {
                prop_assert!(cluster_contrast(&arms.canary, &arms.baseline, rho).map_or(true, |c| contrast_is_sound(&c)));
            }
        }
        if let Ok(r) = cluster_ratio(Arm::Canary, &x[..k], &y[..k]) {
            prop_assert!(r.ratio.is_finite() && r.standard_error.is_finite());
        }
        if let Ok(r) = clustered_rank(&x, &cx, &y, &cy) {
            prop_assert!(is_probability(r.theta) && contrast_is_sound(&r.contrast));
        }
        if let Ok(r) = intraclass_correlation(Arm::Canary, &x, &cx) {
            prop_assert!(no_nan(&[r.between, r.within, r.typical_size]) && r.icc.is_none_or(|v| v <= 1.0 + 1e-12));
        }
        let strata = |n: usize| (0..n as u32).map(|i| i % 3).collect::<Vec<_>>();
        if let Ok(v) = van_elteren(&x, &strata(x.len()), &y, &strata(y.len())) {
            prop_assert!(SIDES.iter().all(|s| is_probability(v.test(*s).p_value)));
        }
        let weights = |n: usize| (0..n).map(|i| (i % 4) as f64).collect::<Vec<_>>();
        let arms = Arms { canary: x.as_slice(), baseline: y.as_slice() };
        if let Ok(ks) = weighted(arms, Arms { canary: &weights(x.len()), baseline: &weights(y.len()) }, Arms { canary: 9.5, baseline: 3.0 }) {
            prop_assert!(is_probability(ks.d) && is_probability(ks.p_value));
        }
    }

    #[test]
    fn covariates_answer_or_say_why_on_any_numbers(rows in prop::collection::vec((any_number(), any_number()), 0..30), cut in 0usize..30) {
        let cut = cut.min(rows.len());
        let (y, pre): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let (ys, pres) = (Arms { canary: &y[..cut], baseline: &y[cut..] }, Arms { canary: &pre[..cut], baseline: &pre[cut..] });
        if let Ok(out) = cuped(ys, pres) {
            prop_assert!(out.theta.is_finite() && out.variance_ratio.is_none_or(is_probability));
            prop_assert!(no_nan(&out.adjusted.canary) && no_nan(&[out.mean.canary, out.mean.baseline]));
            for c in [out.welch(1.0), out.contrast(0.9)].iter().flatten() {
                prop_assert!(contrast_is_sound(c), "{c:?}");
            }
        }
        prop_assert!(ancova(ys, pres).map_or(true, |a| contrast_is_sound(&a.contrast) && !a.slope.is_nan()));
        prop_assert!(lin(ys, pres, 1.1).map_or(true, |a| contrast_is_sound(&a.contrast) && no_nan(&[a.slope.canary, a.slope.baseline])));
        prop_assert!(post_stratified(&[ys, pres], 0.9, 2).map_or(true, |c| contrast_is_sound(&c)));
    }

    #[test]
    fn counts_in_strata_answer_or_say_why(cells in prop::collection::vec((0u64..40, 0u64..40, 0u64..400, 0u64..400), 0..5)) {
        let strata: Vec<Arms<Events>> = cells.iter().map(|&(a, b, c, d)| Arms {
            canary: Events { events: a, trials: a + b },
            baseline: Events { events: c, trials: c + d },
        }).collect();
        if let Ok(mh) = mantel_haenszel(&strata) {
            prop_assert!(mh.risk_difference.abs() <= 1.0 && mh.risk_difference_error >= 0.0);
            for continuity in [Continuity::None, Continuity::Corrected] {
                prop_assert!(mh.test(continuity).map_or(true, |t| is_probability(t.p_value)));
            }
            for (ratio, interval) in [(mh.odds_ratio, mh.odds_ratio_interval(0.9)), (mh.risk_ratio, mh.risk_ratio_interval(0.9))] {
                if let (Some(ratio), Some(i)) = (ratio, interval) {
                    prop_assert!(i.low <= ratio && ratio <= i.high);
                }
            }
        }
    }

    #[test]
    fn swapping_the_arms_mirrors_the_answer(x in finite(), y in finite()) {
        let ks = |x: &[f64], y: &[f64], side, method| kolmogorov_smirnov(x, y, side, method).unwrap();
        for method in [KsMethod::Exact, KsMethod::OneSample, KsMethod::Limit] {
            let (a, b) = (ks(&x, &y, Alternative::TwoSided, method), ks(&y, &x, Alternative::TwoSided, method));
            prop_assert!(near(a.d, b.d, 1e-14) && near(a.p_value, b.p_value, 1e-9));
            let (a, b) = (ks(&x, &y, Alternative::Less, method), ks(&y, &x, Alternative::Greater, method));
            prop_assert!(near(a.d, b.d, 1e-14) && near(a.p_value, b.p_value, 1e-9));
        }
        let ad = |x: &[f64], y: &[f64]| anderson_darling(x, y, AdMethod::Interpolated).unwrap();
        prop_assert!((ad(&x, &y).midrank.statistic - ad(&y, &x).midrank.statistic).abs() < 1e-9);
        prop_assert!((ad(&x, &y).right.statistic - ad(&y, &x).right.statistic).abs() < 1e-9);
        let cvm = |x: &[f64], y: &[f64], method| cramer_von_mises(x, y, method).unwrap().statistic;
        for method in [CvmMethod::Asymptotic, CvmMethod::Midrank] {
            prop_assert_eq!(cvm(&x, &y, method), cvm(&y, &x, method));
        }
        prop_assert!(near(wasserstein_1(&x, &y).unwrap(), wasserstein_1(&y, &x).unwrap(), 1e-12));
        prop_assert_eq!(energy_distance(&x, &y).unwrap(), energy_distance(&y, &x).unwrap());
        if let (Ok(a), Ok(b)) = (clustered_rank(&x, &ids(x.len(), 9), &y, &ids(y.len(), 6)), clustered_rank(&y, &ids(y.len(), 6), &x, &ids(x.len(), 9))) {
            prop_assert!(near(a.theta, 1.0 - b.theta, 1e-12) && near(a.contrast.standard_error, b.contrast.standard_error, 1e-9));
        }
    }

    #[test]
    fn ranks_do_not_see_units_and_distances_scale_with_them(x in finite(), y in finite(), e in -40i32..40) {
        let factor = 2f64.powi(e);
        let by = |v: &[f64]| v.iter().map(|a| a * factor).collect::<Vec<_>>();
        let (sx, sy) = (by(&x), by(&y));
        let ks = |x: &[f64], y: &[f64]| kolmogorov_smirnov(x, y, Alternative::TwoSided, KsMethod::Auto).unwrap();
        prop_assert_eq!((ks(&x, &y).d, ks(&x, &y).p_value), (ks(&sx, &sy).d, ks(&sx, &sy).p_value));
        prop_assert_eq!(anderson_darling(&x, &y, AdMethod::Interpolated), anderson_darling(&sx, &sy, AdMethod::Interpolated));
        prop_assert_eq!(cramer_von_mises(&x, &y, CvmMethod::Asymptotic), cramer_von_mises(&sx, &sy, CvmMethod::Asymptotic));
        prop_assert_eq!(wasserstein_1(&x, &y).unwrap() * factor, wasserstein_1(&sx, &sy).unwrap());
        prop_assert_eq!(energy_distance(&x, &y).unwrap().squared * factor, energy_distance(&sx, &sy).unwrap().squared);
        let labels = |n: usize| (0..n).map(|i| i % 2 == 0).collect::<Vec<_>>();
        prop_assert_eq!(Auc::new(Arm::Canary, &x, &labels(x.len())), Auc::new(Arm::Canary, &sx, &labels(x.len())));
    }

    #[test]
    fn the_order_of_rows_leaves_no_trace(x in finite(), y in finite()) {
        let (rx, ry) = (reversed(&x), reversed(&y));
        prop_assert_eq!(
            kolmogorov_smirnov(&x, &y, Alternative::TwoSided, KsMethod::Auto),
            kolmogorov_smirnov(&rx, &ry, Alternative::TwoSided, KsMethod::Auto)
        );
        prop_assert_eq!(anderson_darling(&x, &y, AdMethod::Auto), anderson_darling(&rx, &ry, AdMethod::Auto));
        prop_assert_eq!(wasserstein_1(&x, &y), wasserstein_1(&rx, &ry));
        let weights = |n: usize| (0..n).map(|i| 1.0 + (i * 5 % 7) as f64).collect::<Vec<_>>();
        let (wx, wy) = (weights(x.len()), weights(y.len()));
        let sizes = Arms { canary: 10.0, baseline: 20.0 };
        let one = weighted(Arms { canary: &x, baseline: &y }, Arms { canary: &wx, baseline: &wy }, sizes);
        let two = weighted(Arms { canary: &rx, baseline: &ry }, Arms { canary: &reversed(&wx), baseline: &reversed(&wy) }, sizes);
        prop_assert_eq!(one, two);
        let labels: Vec<bool> = (0..x.len()).map(|i| i % 3 == 0).collect();
        prop_assert_eq!(average_precision(&x, &labels), average_precision(&rx, &reversed(&labels)));
        let (a, b) = (Auc::new(Arm::Canary, &x, &labels), Auc::new(Arm::Canary, &rx, &reversed(&labels)));
        prop_assert_eq!(a.map(|a| a.auc), b.map(|b| b.auc));
    }

    #[test]
    fn doubling_every_row_leaves_distances_alone(x in finite(), y in finite()) {
        let twice = |v: &[f64]| [v, v].concat();
        let d = |x: &[f64], y: &[f64]| kolmogorov_smirnov(x, y, Alternative::TwoSided, KsMethod::Limit).unwrap();
        prop_assert_eq!(d(&x, &y).d, d(&twice(&x), &twice(&y)).d);
        prop_assert!(d(&x, &y).p_value >= d(&twice(&x), &twice(&y)).p_value);
        prop_assert!(near(wasserstein_1(&x, &y).unwrap(), wasserstein_1(&twice(&x), &twice(&y)).unwrap(), 1e-13));
    }

    #[test]
    fn ignoring_ties_is_conservative(x in finite(), y in finite()) {
        for side in SIDES {
            let p = |method| kolmogorov_smirnov(&x, &y, side, method).unwrap().p_value;
            prop_assert!(p(KsMethod::ExactUntied) >= p(KsMethod::Exact) - 1e-12);
        }
    }

    #[test]
    fn a_sample_is_no_distance_from_itself(x in finite()) {
        for method in [KsMethod::Exact, KsMethod::OneSample, KsMethod::Limit] {
            let ks = kolmogorov_smirnov(&x, &x, Alternative::TwoSided, method).unwrap();
            prop_assert_eq!((ks.d, ks.p_value), (0.0, 1.0));
        }
        prop_assert_eq!(wasserstein_1(&x, &x), Ok(0.0));
        prop_assert_eq!(energy_distance(&x, &x).unwrap().distance, 0.0);
        prop_assert_eq!(cramer_von_mises(&x, &x, CvmMethod::Asymptotic).unwrap().statistic, 0.0);
        prop_assert_eq!(anderson_darling(&x, &x, AdMethod::Interpolated).unwrap().midrank.statistic, 0.0);
        prop_assert_eq!(wasserstein_p_value(&x, &x, 9, || 7), Ok(1.0));
    }

    #[test]
    fn a_wider_gate_is_never_less_safe(d in 0.0..1.0f64, d_max in 0.0..1.0f64, m in 1.0..1e6f64, n in 1.0..1e6f64) {
        let at = |d_max| gate(d, Arms { canary: m, baseline: n }, d_max, 0.05).unwrap();
        let (narrow, wide) = (at(d_max), at((d_max + 0.05).min(1.0)));
        prop_assert!(wide.p_safe <= narrow.p_safe && wide.p_harm >= narrow.p_harm);
        prop_assert!(narrow.p_safe == 1.0 || narrow.p_harm == 1.0);
    }

    #[test]
    fn units_names_do_not_matter(x in finite(), y in finite(), clusters in 5u64..9) {
        let (cx, cy) = (ids(x.len(), clusters), ids(y.len(), clusters));
        let renamed = |ids: &[u64]| ids.iter().map(|i| 1_000_003 - i * 17).collect::<Vec<_>>();
        let at = |cx: &[u64], cy: &[u64]| {
            let arms = clustered_means(&x, cx, &y, cy).unwrap();
            cluster_contrast(&arms.canary, &arms.baseline, 1.0)
        };
        if let (Ok(a), Ok(b)) = (at(&cx, &cy), at(&renamed(&cx), &renamed(&cy))) {
            prop_assert!((a.estimate - b.estimate).abs() < 1e-10 && near(a.standard_error, b.standard_error, 1e-9));
        }
        prop_assert!(design_effect(0.3, &[3, 4, 9]).is_some_and(|d| d >= 1.0));
    }
}
