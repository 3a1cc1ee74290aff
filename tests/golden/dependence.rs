//! Golden cases: clusters, strata and covariates.

use serde_json::{Value, json};
use serinus::stats::cluster::{
    cluster_ratio, clustered_means, clustered_rank, intraclass_correlation, pooled_standard_error_hc1,
};
use serinus::stats::covariate::{ancova, cuped};
use serinus::stats::strata::{Continuity, Events, mantel_haenszel, van_elteren};
use serinus::stats::{Alternative, Unanswerable};
use serinus::{Arm, Arms};

use super::{Answer, Case, list, numbers, value};

pub fn answer(case: &Case) -> Answer {
    let found = match case.method.as_str() {
        "cluster_robust_diff" => cluster_robust(case),
        "clustered_rank_obuchowski" => obuchowski(case),
        "icc_anova" => icc(case),
        "ratio_metric_delta" => ratio_metric(case),
        "van_elteren" => elteren(case),
        "mantel_haenszel" => mantel(case),
        "mantel_haenszel_rr" => mantel_rr(case),
        "ancova" => covariance(case),
        "cuped_pooled_theta" => pooled_theta(case),
        _ => return None,
    };
    Some(found.map_err(|why| why.to_string()))
}

fn ids(case: &Case, key: &str) -> Vec<u64> {
    list(case, key).into_iter().map(|id| id as u64).collect()
}

fn some(number: Option<f64>) -> Value {
    number.map_or(Value::Null, value)
}

fn alternative(case: &Case) -> Alternative {
    match case.options["alternative"].as_str() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}

fn cluster_robust(case: &Case) -> Result<Value, Unanswerable> {
    let (x, y) = (list(case, "canary"), list(case, "stable"));
    let arms = clustered_means(&x, &ids(case, "cluster_canary"), &y, &ids(case, "cluster_stable"))?;
    let rows = (x.len() + y.len()) as u64;
    Ok(json!({
        "diff": value(arms.canary.ratio - arms.baseline.ratio),
        "se_hc0": value(arms.canary.standard_error_hc0.hypot(arms.baseline.standard_error_hc0)),
        "se_hc1": some(pooled_standard_error_hc1(&arms, rows)),
    }))
}

fn obuchowski(case: &Case) -> Result<Value, Unanswerable> {
    let (x, y) = (list(case, "canary"), list(case, "stable"));
    let rank = clustered_rank(&x, &ids(case, "cluster_canary"), &y, &ids(case, "cluster_stable"))?;
    Ok(json!({
        "theta": value(rank.theta),
        "one_minus_theta": value(1.0 - rank.theta),
        "var_canary_part": value(rank.variance_canary),
        "var_stable_part": value(rank.variance_baseline),
        "z": value(rank.test(0.5, Alternative::TwoSided)?.statistic),
    }))
}

fn icc(case: &Case) -> Result<Value, Unanswerable> {
    let icc = intraclass_correlation(Arm::Baseline, &list(case, "values"), &ids(case, "cluster"))?;
    Ok(json!({
        "msb": value(icc.between),
        "msw": value(icc.within),
        "n0": value(icc.typical_size),
        "icc": some(icc.icc),
    }))
}

fn ratio_metric(case: &Case) -> Result<Value, Unanswerable> {
    let canary = cluster_ratio(Arm::Canary, &list(case, "num_canary"), &list(case, "den_canary"))?;
    let stable = cluster_ratio(Arm::Baseline, &list(case, "num_stable"), &list(case, "den_stable"))?;
    Ok(json!({
        "ratio_canary": value(canary.ratio),
        "ratio_stable": value(stable.ratio),
        "diff": value(canary.ratio - stable.ratio),
        "se_cluster_hc0": value(canary.standard_error_hc0.hypot(stable.standard_error_hc0)),
    }))
}

fn elteren(case: &Case) -> Result<Value, Unanswerable> {
    let strata = |key| ids(case, key).into_iter().map(|id| id as u32).collect::<Vec<_>>();
    let (x, y) = (list(case, "canary"), list(case, "stable"));
    let test = van_elteren(&x, &strata("stratum_canary"), &y, &strata("stratum_stable"))?;
    let tested = test.test(alternative(case));
    Ok(json!({ "z": value(tested.statistic), "p_value": value(tested.p_value) }))
}

fn mantel(case: &Case) -> Result<Value, Unanswerable> {
    let strata: Vec<Arms<Events>> = list(case, "table")
        .chunks(4)
        .map(|t| Arms {
            canary: Events { events: t[0] as u64, trials: (t[0] + t[2]) as u64 },
            baseline: Events { events: t[1] as u64, trials: (t[1] + t[3]) as u64 },
        })
        .collect();
    let common = mantel_haenszel(&strata)?;
    let corrected = case.options["continuity"].as_bool().unwrap_or(true);
    let tested = common.test(if corrected { Continuity::Corrected } else { Continuity::None })?;
    let interval = common.odds_ratio_interval(case.options["conf_level"].as_f64().unwrap_or(0.95));
    Ok(json!({
        "statistic": value(tested.statistic),
        "p_value": value(tested.p_value),
        "odds_ratio": some(common.odds_ratio),
        "ci_low": some(interval.map(|i| i.low)),
        "ci_high": some(interval.map(|i| i.high)),
    }))
}

fn mantel_rr(case: &Case) -> Result<Value, Unanswerable> {
    let arm = |row: &Value| {
        let counts = numbers(row);
        Events { events: counts[0] as u64, trials: (counts[0] + counts[1]) as u64 }
    };
    let tables = case.inputs["tables"].as_array().cloned().unwrap_or_default();
    let strata: Vec<Arms<Events>> = tables.iter().map(|t| Arms { canary: arm(&t[0]), baseline: arm(&t[1]) }).collect();
    let common = mantel_haenszel(&strata)?;
    Ok(json!({
        "or_pooled": some(common.odds_ratio),
        "rr_pooled": some(common.risk_ratio),
        "log_or_se": some(common.log_odds_ratio_error),
    }))
}

fn covariance(case: &Case) -> Result<Value, Unanswerable> {
    let [x, y, px, py] = ["canary", "stable", "canary_pre", "stable_pre"].map(|key| list(case, key));
    let fit = ancova(Arms { canary: &x, baseline: &y }, Arms { canary: &px, baseline: &py })?;
    Ok(json!({
        "ancova_coef": value(fit.contrast.estimate),
        "ancova_se": value(fit.contrast.standard_error),
        "ancova_slope": value(fit.slope),
    }))
}

fn pooled_theta(case: &Case) -> Result<Value, Unanswerable> {
    let [x, y, px, py] = ["canary", "stable", "canary_pre", "stable_pre"].map(|key| list(case, key));
    let out = cuped(Arms { canary: &x, baseline: &y }, Arms { canary: &px, baseline: &py })?;
    let welch = out.welch(1.0)?;
    let tested = welch.test(0.0, Alternative::TwoSided)?;
    Ok(json!({
        "theta": value(out.theta),
        "mean_canary_adj": value(out.mean.canary),
        "mean_stable_adj": value(out.mean.baseline),
        "t": value(tested.statistic),
        "df": value(welch.dof),
        "p_value": value(tested.p_value),
    }))
}
