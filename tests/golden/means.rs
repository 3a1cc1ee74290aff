//! Golden cases: means, quantiles, outliers, effect sizes and the bootstrap.

use serde_json::{Value, json};
use serinus::stats::bootstrap::{self, IntervalMethod, RankRule};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::describe::{Moments, QuantileRule, quantile, sorted, trimmed_mean, winsorized};
use serinus::stats::location::{EquivalenceMargin, MarginTest};
use serinus::stats::outliers::{Fences, median_and_mad};
use serinus::stats::quantile::{harrell_davis, maritz_jarrett_se, order_statistic_bounds};
use serinus::stats::ratio_of_means::{fieller_welch, log_welch};
use serinus::stats::welch::{welch_equivalence, welch_noninferiority, welch_t, welch_t_from_moments};
use serinus::stats::yuen::yuen_t;
use serinus::stats::{Alternative, Unanswerable, effect_size::effect_size};

use super::{Answer, Case, list, numbers, value};

pub fn answer(case: &Case) -> Answer {
    let found = match case.method.as_str() {
        "welch_t" => welch(case),
        "welch_from_stats" => welch_from_stats(case),
        "welch_relative_margin" => margin(case, "margin_rel", Contrast::relative),
        "welch_absolute_margin" => margin(case, "margin_abs", Contrast::absolute),
        "tost_welch" => tost(case),
        "fieller_welch_ratio_ci" => fieller(case),
        "log_welch_gmr" => geometric(case),
        "yuen_t" => yuen(case),
        "effect_size" => effect(case),
        "moments" => moments(case),
        "quantile_types" => types(case),
        "quantile_ci_order_stat" => quantile_ci(case),
        "harrell_davis" => harrell_davis(&data(case), option(case, "q")).map(|hd| json!({ "hd": hd })),
        "maritz_jarrett_se" => maritz_jarrett_se(&data(case), option(case, "q")).map(|se| json!({ "se": se })),
        "outlier_iqr" => iqr(case),
        "outlier_mad" => mad(case),
        "winsorize" => winsorize(case),
        "bootstrap_ci_from_replicates" => from_replicates(case),
        "bootstrap_ci_boot_pkg" => boot_package(case),
        "bootstrap_exact_enumeration" => enumeration(case),
        "bootstrap_quantile_order_stat_cdf" => order_statistic(case),
        _ => return None,
    };
    Some(found.map_err(|why| why.to_string()))
}

type Found = Result<Value, Unanswerable>;

fn missing(why: &'static str) -> Unanswerable {
    Unanswerable::Undefined { test: "golden", why }
}

fn data(case: &Case) -> Vec<f64> {
    sorted(&list(case, "data"))
}

fn option(case: &Case, key: &str) -> f64 {
    case.options[key].as_f64().unwrap_or(f64::NAN)
}

fn alternative(case: &Case) -> Alternative {
    match case.options["alternative"].as_str() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}

fn level(case: &Case) -> f64 {
    case.options["conf_level"].as_f64().unwrap_or(0.95)
}

fn arms(case: &Case) -> (Vec<f64>, Vec<f64>) {
    (list(case, "canary"), list(case, "stable"))
}

/// A statistic that does not exist is `nan` in the reference.
fn or_nan(v: Option<f64>) -> Value {
    value(v.unwrap_or(f64::NAN))
}

fn welch(case: &Case) -> Found {
    let (x, y) = arms(case);
    let t = welch_t(&x, &y, alternative(case), level(case))?;
    Ok(json!({
        "diff": t.difference, "t": or_nan(t.t), "df": or_nan(t.dof), "p_value": t.p_value,
        "ci_low": value(t.interval.low), "ci_high": value(t.interval.high),
    }))
}

fn welch_from_stats(case: &Case) -> Found {
    let of = |arm: &str| {
        let stats = &case.inputs[arm];
        let (n, sd) = (stats["n"].as_u64().unwrap_or(0), stats["sd"].as_f64().unwrap_or(f64::NAN));
        Moments::from_m2(n, stats["mean"].as_f64().unwrap_or(f64::NAN), sd * sd * n.saturating_sub(1) as f64)
    };
    let t = welch_t_from_moments(&of("canary")?, &of("stable")?, alternative(case), level(case))?;
    Ok(json!({ "diff": t.difference, "t": or_nan(t.t), "df": or_nan(t.dof), "p_value": t.p_value }))
}

fn margin(case: &Case, key: &str, contrast: impl Fn(Better, f64) -> Contrast) -> Found {
    let (x, y) = arms(case);
    let better = if case.options["direction"] == "higher" { Better::Higher } else { Better::Lower };
    let test: MarginTest = welch_noninferiority(&x, &y, &contrast(better, option(case, key)), 0.05)?;
    // SciPy's t is of canary minus baseline, ours of psi: positive is safe.
    Ok(json!({
        "contrast": test.difference, "se": test.standard_error,
        "t": or_nan(test.t.map(|t| better.sign() * t)), "df": or_nan(test.dof),
        "p_noninferior": test.p_noninferior, "p_inferior": test.p_inferior,
    }))
}

fn tost(case: &Case) -> Found {
    let (x, y) = arms(case);
    let bounds = EquivalenceMargin::Absolute { low: option(case, "low"), high: option(case, "upp") };
    let test = welch_equivalence(&x, &y, bounds, 0.05)?;
    Ok(json!({
        "p_value": test.p_equivalent, "df": or_nan(test.low.dof),
        "t_low": or_nan(test.low.t), "p_low": test.low.p_noninferior,
        "t_upp": or_nan(test.high.t.map(|t| -t)), "p_upp": test.high.p_noninferior,
    }))
}

fn fieller(case: &Case) -> Found {
    let (x, y) = arms(case);
    let found = fieller_welch(&x, &y, level(case))?;
    Ok(json!({
        "ratio": or_nan(found.ratio), "ci_low": value(found.interval.low), "ci_high": value(found.interval.high),
    }))
}

fn geometric(case: &Case) -> Found {
    let (x, y) = arms(case);
    let found = log_welch(&x, &y, level(case))?;
    Ok(json!({
        "gmr": found.ratio, "t": or_nan(found.t), "df": or_nan(found.dof), "p_value": found.p_value,
        "ci_low": found.interval.low, "ci_high": found.interval.high,
    }))
}

fn yuen(case: &Case) -> Found {
    let (x, y) = arms(case);
    let trim = option(case, "trim");
    let t = yuen_t(&x, &y, trim, alternative(case), level(case))?;
    Ok(json!({
        "trimmed_mean_canary": or_nan(trimmed_mean(&sorted(&x), trim)),
        "trimmed_mean_stable": or_nan(trimmed_mean(&sorted(&y), trim)),
        "t": or_nan(t.t), "df": or_nan(t.dof), "p_value": t.p_value,
        "ci_low": value(t.interval.low), "ci_high": value(t.interval.high),
    }))
}

fn effect(case: &Case) -> Found {
    let (x, y) = arms(case);
    let found = effect_size(&x, &y)?;
    Ok(json!({
        "hedges_g": or_nan(found.hedges_g), "cohens_d": or_nan(found.cohen_d), "glass_delta": or_nan(found.glass_delta),
    }))
}

fn moments(case: &Case) -> Found {
    let m = Moments::of(&list(case, "data")).ok_or(missing("a value is not finite"))?;
    Ok(json!({
        "mean": or_nan(m.mean()), "var": or_nan(m.variance()),
        "skew_g1": or_nan(m.skewness()), "excess_kurtosis_g2": or_nan(m.excess_kurtosis()),
    }))
}

fn types(case: &Case) -> Found {
    let (sorted, q) = (data(case), option(case, "q"));
    let at = |rule| or_nan(quantile(&sorted, q, rule));
    Ok(json!({
        "inverted_cdf": at(QuantileRule::InvertedCdf), "linear": at(QuantileRule::Linear),
        "median_unbiased": at(QuantileRule::MedianUnbiased), "hazen": at(QuantileRule::Hazen),
        "weibull": at(QuantileRule::Weibull),
    }))
}

fn quantile_ci(case: &Case) -> Found {
    let (sorted, q) = (data(case), option(case, "q"));
    let side = alternative(case);
    let alpha = (1.0 - level(case)) / if side == Alternative::TwoSided { 2.0 } else { 1.0 };
    let bounds = order_statistic_bounds(&sorted, sorted.len() as f64, q, alpha)?;
    // SciPy says nan where no order statistic attains the level, and inf on the side that was not asked for.
    let found = |v: f64| if v.is_finite() { value(v) } else { value(f64::NAN) };
    Ok(json!({
        "ci_low": if side == Alternative::Less { value(f64::NEG_INFINITY) } else { found(bounds.low) },
        "ci_high": if side == Alternative::Greater { value(f64::INFINITY) } else { found(bounds.high) },
    }))
}

fn iqr(case: &Case) -> Found {
    let (values, sorted) = (list(case, "data"), data(case));
    let fences = Fences::iqr(&values, option(case, "k"))?;
    Ok(json!({
        "q1": or_nan(quantile(&sorted, 0.25, QuantileRule::Linear)),
        "q3": or_nan(quantile(&sorted, 0.75, QuantileRule::Linear)),
        "lo": fences.low, "hi": fences.high, "kept": fences.remove(&values).0.len(),
    }))
}

fn mad(case: &Case) -> Found {
    let (median, mad) = median_and_mad(&list(case, "data")).ok_or(missing("a value is not finite"))?;
    Ok(json!({ "median": median, "mad": mad }))
}

fn winsorize(case: &Case) -> Found {
    let limits = numbers(&case.options["limits"]);
    let moved = winsorized(&list(case, "data"), limits[0], limits[1]).ok_or(missing("nothing is left"))?;
    let m = Moments::of(&moved).ok_or(missing("a value is not finite"))?;
    let ends = sorted(&moved);
    Ok(json!({
        "mean": or_nan(m.mean()), "var": or_nan(m.variance()), "min": ends[0], "max": ends[ends.len() - 1],
    }))
}

fn from_replicates(case: &Case) -> Found {
    let (values, replicates) = (list(case, "data"), list(case, "replicates"));
    let estimate = Moments::of(&values).and_then(|m| m.mean()).ok_or(missing("a value is not finite"))?;
    let method = match case.options["method"].as_str() {
        Some("basic") => IntervalMethod::Basic,
        Some("bca") => IntervalMethod::Bca { acceleration: bootstrap::mean_acceleration(&values)? },
        _ => IntervalMethod::Percentile,
    };
    let ci = bootstrap::interval_from_replicates(&replicates, estimate, method, level(case), RankRule::Linear)?;
    Ok(json!({ "ci_low": ci.low, "ci_high": ci.high }))
}

fn boot_package(case: &Case) -> Found {
    let replicates = list(case, "t_star");
    let estimate = case.inputs["t0"].as_f64().unwrap_or(f64::NAN);
    let ci = |method| bootstrap::interval_from_replicates(&replicates, estimate, method, level(case), RankRule::BootR);
    let (percentile, basic) = (ci(IntervalMethod::Percentile)?, ci(IntervalMethod::Basic)?);
    Ok(json!({
        "perc_low": percentile.low, "perc_high": percentile.high, "basic_low": basic.low, "basic_high": basic.high,
    }))
}

fn enumeration(case: &Case) -> Found {
    let values = list(case, "data");
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let rank = case.options["order_stat_rank"].as_u64().unwrap_or(1) as usize;
    let means = bootstrap::exact_distribution(&values, mean)?;
    let orders = bootstrap::exact_distribution(&values, |v| sorted(v)[rank - 1])?;
    let centre: f64 = means.iter().map(|(v, p)| v * p).sum();
    let mut distinct = sorted(&values);
    distinct.dedup();
    // A mean of the same values in another order may differ in its last bit.
    let slack = |v: f64| v + 1e-12 * v.abs();
    let below = |of: &[(f64, f64)], limit: f64| of.iter().filter(|(v, _)| *v <= limit).map(|(_, p)| p).sum::<f64>();
    Ok(json!({
        "boot_var_mean": means.iter().map(|(v, p)| p * (v - centre).powi(2)).sum::<f64>(),
        "prob_mean_le_obs": below(&means, slack(mean(&values))),
        "p_lower_median_le": distinct.iter().map(|v| below(&orders, *v)).collect::<Vec<_>>(),
    }))
}

fn order_statistic(case: &Case) -> Found {
    let (n, rank) = (case.inputs["n"].as_u64().unwrap_or(0), case.inputs["rank"].as_u64().unwrap_or(0));
    let cdf: Result<Vec<f64>, _> =
        list(case, "index").into_iter().map(|j| bootstrap::order_statistic_cdf(n, rank, j as u64)).collect();
    Ok(json!({ "cdf": cdf? }))
}
