//! Golden cases: sequential.

use serde_json::{Value, json};
use serinus::Arms;
use serinus::monitor::*;
use serinus::stats::Unanswerable;

use super::{Answer, Case, list, number, numbers, value};

pub fn answer(case: &Case) -> Answer {
    let found = match case.method.as_str() {
        "normal_mixture.log_e" => normal(case).and_then(|m| m.log_e(input(case, "s"), input(case, "v"))).map(value),
        "normal_mixture.bound" => {
            normal(case).and_then(|m| m.bound(input(case, "v"), option(case, "alpha"))).map(value)
        }
        "gamma_exponential_mixture.log_e" => {
            gamma(case).and_then(|m| m.log_e(input(case, "s"), input(case, "v"))).map(value)
        }
        "gamma_exponential_mixture.bound" => {
            gamma(case).and_then(|m| m.bound(input(case, "v"), option(case, "alpha"))).map(value)
        }
        "beta_binomial_mixture.log_e" if case.options["sided"] == "two" => {
            let [v_opt, alpha, g, h] = ["v_opt", "alpha_opt", "g", "h"].map(|k| option(case, k));
            BetaBinomial::tuned(v_opt, alpha, g, h).and_then(|m| m.log_e(input(case, "s"), input(case, "v"))).map(value)
        }
        "bernoulli.confidence_sequence" => bernoulli_confidence_sequence(
            count(&case.inputs["successes"]),
            count(&case.inputs["n"]),
            option(case, "alpha"),
            option(case, "t_opt"),
            option(case, "alpha_opt"),
        )
        .map(|c| json!([value(c.low), value(c.high)])),
        "mh_stratified_mean_e" => stratified(case),
        "block_grid_kelly.log_e" => betting(case),
        "label_mixture.log_e" => label(case),
        "fisher_nch_mixture.log_e" => fisher(case),
        "dirichlet_multinomial.log_e" | "srm.log_e" => {
            dirichlet_log_e(&counts(&case.inputs["counts"]), &numbers(&case.options["theta0"]), option(case, "k"))
                .map(value)
        }
        "srm.log_e_staged" => staged(case),
        "dkw_time_uniform.radius" => dkw_radius(count(&case.inputs["n"]), option(case, "alpha")).map(value),
        "stochastic_order_test" => order(case),
        "lan_demets.bounds" => bounds(case),
        "bernoulli_cusum.path" => jump(case).and_then(|j| cusum_path(j, &batches(case))).map(|p| json!(p)),
        "shiryaev_roberts.log_path" => {
            jump(case).and_then(|j| shiryaev_roberts_log_path(j, &batches(case))).map(|p| json!(p))
        }
        "label_e_detector.log_path" => detector(case),
        "bernoulli_cusum.arl" => {
            let [up, down, h] = ["up", "down", "h"].map(|k| count(&case.inputs[k]));
            bernoulli_cusum_arl(up, down, h, input(case, "p")).map(value)
        }
        "e_values.combine" => combined(case),
        "calibrator.p_to_e" => p_to_e(input(case, "p"), 0.5).map(value),
        "exponential_histogram.index_upper_inclusive" => {
            let schema = option(case, "schema") as i8;
            Ok(json!(list(case, "x").iter().map(|x| bucket_index(*x, schema)).collect::<Vec<_>>()))
        }
        _ => return None,
    };
    Some(found.map_err(|why| why.to_string()))
}

fn input(case: &Case, key: &str) -> f64 {
    number(&case.inputs[key]).unwrap_or(f64::NAN)
}

fn option(case: &Case, key: &str) -> f64 {
    number(&case.options[key]).unwrap_or(f64::NAN)
}

fn count(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_f64().map(|v| v as u64)).unwrap_or(0)
}

fn counts(list: &Value) -> Vec<u64> {
    list.as_array().map(|a| a.iter().map(count).collect()).unwrap_or_default()
}

fn normal(case: &Case) -> Result<NormalMixture, Unanswerable> {
    let sides = if case.options["sided"] == "one" { Sides::One } else { Sides::Two };
    NormalMixture::tuned(option(case, "v_opt"), option(case, "alpha_opt"), sides)
}

fn gamma(case: &Case) -> Result<GammaExponential, Unanswerable> {
    GammaExponential::tuned(option(case, "v_opt"), option(case, "alpha_opt"), option(case, "c"))
}

fn stratified(case: &Case) -> Result<Value, Unanswerable> {
    let mut state = Stratified::default();
    for batch in case.inputs["batches"].as_array().into_iter().flatten() {
        let moments = |key: &str| Moments::of(&numbers(&batch[key]));
        state.update(&Arms { baseline: moments("stable"), canary: moments("canary") });
    }
    let margin = option(case, "margin");
    let contrast = state
        .contrast(1.0, margin, VarianceRule::Residual)
        .ok_or(Unanswerable::Undefined { test: "mh_stratified_mean_e", why: "no batch has rows in both arms" })?;
    let (s, v) = contrast
        .information()
        .ok_or(Unanswerable::Undefined { test: "mh_stratified_mean_e", why: "the variance is 0" })?;
    let (v_opt, alpha_opt) = (option(case, "v_opt"), option(case, "alpha_opt"));
    let s = if case.options["direction"] == "less" { -s } else { s };
    let log_e = NormalMixture::tuned(v_opt, alpha_opt, Sides::One)?.log_e(s, v)?;
    // The file's half width is the two-sided bound at half the alpha, tuned at that level too.
    let half =
        NormalMixture::tuned(v_opt, alpha_opt, Sides::Two)?.bound(v, 0.5 * option(case, "alpha"))? * contrast.variance;
    Ok(json!({
        "estimate": contrast.estimate + margin, "variance": contrast.variance, "s": s, "v": v, "log_e": log_e,
        "ci_half_width": half,
    }))
}

fn betting(case: &Case) -> Result<Value, Unanswerable> {
    let mut e = BlockBetting::with_bets(option(case, "margin"), &numbers(&case.options["lambdas"]))?;
    let blocks = case.inputs["stable_blocks"].as_array().into_iter().flatten();
    for (score, block) in list(case, "canary").iter().zip(blocks) {
        e.update(*score, &numbers(block))?;
    }
    Ok(value(e.log_e()))
}

/// Rows and events of each arm, batch by batch.
fn arm_counts(case: &Case) -> Vec<Arms<(u64, u64)>> {
    let batches = case.inputs["batches"].as_array().into_iter().flatten();
    let of = |b: &Value, n: &str, x: &str| (count(&b[n]), count(&b[x]));
    batches.map(|b| Arms { baseline: of(b, "n_stable", "x_stable"), canary: of(b, "n_canary", "x_canary") }).collect()
}

fn label(case: &Case) -> Result<Value, Unanswerable> {
    let grid = numbers(&case.options["rr_grid"]);
    let null = option(case, "rr_null");
    let side = if grid.iter().all(|r| *r >= null) { Side::Above } else { Side::Below };
    let ratios: Vec<f64> = grid.iter().map(|r| if side == Side::Above { r / null } else { null / r }).collect();
    let weights = numbers(&case.options["weights"]);
    let weights = if weights.is_empty() { vec![1.0; ratios.len()] } else { weights };
    let mut e = LabelMixture::new(null, side, RatioPrior::grid(&ratios, &weights)?)?;
    for batch in arm_counts(case) {
        e.update(&batch.map(|(n, x)| Counts::new(n, x)));
    }
    Ok(value(e.log_e()))
}

fn fisher(case: &Case) -> Result<Value, Unanswerable> {
    let mut e = FisherNoncentral::new(option(case, "or_null"), &numbers(&case.options["or_grid"]))?;
    for batch in arm_counts(case) {
        e.update(&batch.map(|(rows, events)| Trials { rows, events }));
    }
    Ok(value(e.log_e()))
}

fn staged(case: &Case) -> Result<Value, Unanswerable> {
    let mut sum = 0.0;
    for stage in case.inputs["stages"].as_array().into_iter().flatten() {
        sum += dirichlet_log_e(&counts(&stage["counts"]), &numbers(&stage["theta0"]), option(case, "k"))?;
    }
    // The check of a monitor is this sum for two arms and its own concentration.
    if option(case, "k") == SAMPLE_RATIO_CONCENTRATION {
        let mut check = SampleRatio::default();
        for stage in case.inputs["stages"].as_array().into_iter().flatten() {
            let n = counts(&stage["counts"]);
            check.update(numbers(&stage["theta0"])[0], &Arms { baseline: n[1], canary: n[0] })?;
        }
        assert!((check.log_e() - sum).abs() < 1e-9, "{} {sum}", check.log_e());
    }
    Ok(value(sum))
}

fn order(case: &Case) -> Result<Value, Unanswerable> {
    let alpha = option(case, "alpha");
    let t = stochastic_order(&counts(&case.inputs["hist_stable"]), &counts(&case.inputs["hist_canary"]), alpha)?;
    Ok(json!({
        "stat_canary_slower": t.canary_larger, "stat_two_sided": t.either, "radius": t.radius,
        "reject_order": t.canary_larger > t.radius, "reject_equality": t.either > t.radius,
        "p_order": t.p_order, "p_equality": t.p_equal,
    }))
}

fn bounds(case: &Case) -> Result<Value, Unanswerable> {
    let spending = case.options["spending"].as_str().unwrap_or("");
    let power = || spending.split("t^").nth(1).and_then(|p| p.split([',', ' ']).next()).and_then(|p| p.parse().ok());
    let family = if spending.starts_with("OBF") {
        Spending::OBrienFleming
    } else if spending.starts_with("Pocock") {
        Spending::Pocock
    } else {
        Spending::Power(power().unwrap_or(f64::NAN))
    };
    let two_sided = case.options["sided"].as_str().is_some_and(|s| s.starts_with('2'));
    let alpha = option(case, "alpha") * if two_sided { 0.5 } else { 1.0 };
    let found = group_sequential_bounds(&list(case, "information"), family, alpha)?;
    Ok(json!({"z": found.z, "alpha_spent": found.alpha_spent}))
}

fn jump(case: &Case) -> Result<RateJump, Unanswerable> {
    RateJump::new(option(case, "p0"), option(case, "p1"))
}

fn batches(case: &Case) -> Vec<(u64, u64)> {
    counts(&case.inputs["x"]).into_iter().map(|x| (x, count(&case.inputs["n"]))).collect()
}

fn detector(case: &Case) -> Result<Value, Unanswerable> {
    let grid = numbers(&case.options["rr_grid"]);
    let mut detector = SpikeDetector::new(option(case, "rr_null"), RatioPrior::grid(&grid, &vec![1.0; grid.len()])?)?;
    let (n_c, n_s) = (count(&case.inputs["n_canary"]), count(&case.inputs["n_stable"]));
    let (mut sr, mut cusum) = (Vec::new(), Vec::new());
    for (c, s) in counts(&case.inputs["x_canary"]).into_iter().zip(counts(&case.inputs["x_stable"])) {
        detector.update(&Arms { baseline: Counts::new(n_s, s), canary: Counts::new(n_c, c) });
        sr.push(detector.log_e_sr());
        cusum.push(detector.log_e_cusum());
    }
    Ok(json!({"log_e_sr": sr, "log_e_cusum": cusum}))
}

fn combined(case: &Case) -> Result<Value, Unanswerable> {
    let e = list(case, "e");
    let alpha = option(case, "alpha");
    let logs: Vec<f64> = e.iter().map(|e| e.ln()).collect();
    let mean = log_mean_e(&logs, &vec![1.0; logs.len()])
        .ok_or(Unanswerable::Undefined { test: "log_mean_e", why: "there are no e-values" })?;
    Ok(json!({
        "e_bh": e_bh(&logs, alpha), "e_holm": e_holm(&logs, alpha), "e_bonferroni": e_bonferroni(&logs, alpha),
        "mean": mean.exp(), "global_reject": mean >= -alpha.ln(),
    }))
}

/// Methods of the file that are there for reference: this crate does not offer them.
const REFERENCE_ONLY: [&str; 9] = [
    "gamma_poisson_mixture.log_e",
    "poly_stitching.bound",
    "ipw_asymptotic_cs",
    "predictable_plugin_empirical_bernstein_cs",
    "gamma_exponential_empirical_bernstein_cs",
    "betting_martingale",
    "empirical_process_lil_bound",
    "double_stitching_bound",
    "quantile_ab_p_value",
];

#[test]
fn only_the_reference_methods_of_the_sequential_file_are_unknown() {
    let file = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/golden/sequential.json"));
    let cases = super::cases(file);
    assert_eq!(cases.len(), 106);
    for case in cases {
        assert_eq!(answer(&case).is_none(), REFERENCE_ONLY.contains(&case.method.as_str()), "{}", case.method);
    }
}
