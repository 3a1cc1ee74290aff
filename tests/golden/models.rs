//! Golden cases: model quality.

use serde_json::{Value, json};
use serinus::Arm;
use serinus::stats::classification::{Confusion, average_precision, brier_losses, log_losses};
use serinus::stats::delong::{Auc, delong_paired, delong_unpaired};
use serinus::stats::{Alternative, Unanswerable};

use super::{Answer, Case, list, value};

pub fn answer(case: &Case) -> Answer {
    let found = match case.method.as_str() {
        "delong_unpaired" => unpaired(case),
        "delong_paired" => paired(case),
        "ml_metrics" => metrics(case),
        _ => return None,
    };
    Some(found.map_err(|why| why.to_string()))
}

fn labels(case: &Case, key: &str) -> Vec<bool> {
    list(case, key).into_iter().map(|l| l == 1.0).collect()
}

fn some(number: Option<f64>) -> Value {
    number.map_or(Value::Null, value)
}

fn unpaired(case: &Case) -> Result<Value, Unanswerable> {
    let canary = Auc::new(Arm::Canary, &list(case, "scores_canary"), &labels(case, "labels_canary"))?;
    let stable = Auc::new(Arm::Baseline, &list(case, "scores_stable"), &labels(case, "labels_stable"))?;
    let interval = canary.interval(0.95)?;
    let variances = (canary.variance, stable.variance);
    let test = delong_unpaired(canary, stable);
    let tested = test.test(0.0, Alternative::TwoSided)?;
    Ok(json!({
        "auc_canary": value(test.auc.canary),
        "auc_stable": value(test.auc.baseline),
        "var_canary": some(variances.0),
        "var_stable": some(variances.1),
        "statistic": value(tested.statistic),
        "df": value(test.contrast.dof),
        "p_value": value(tested.p_value),
        "auc_canary_ci_low": value(interval.low),
        "auc_canary_ci_high": value(interval.high),
    }))
}

fn paired(case: &Case) -> Result<Value, Unanswerable> {
    let (canary, stable, labels) = (list(case, "scores_canary"), list(case, "scores_stable"), labels(case, "labels"));
    let test = delong_paired(&canary, &stable, &labels)?;
    let tested = test.test(0.0, Alternative::TwoSided)?;
    Ok(json!({
        "auc_canary": value(test.auc.canary),
        "auc_stable": value(test.auc.baseline),
        "var_canary": some(Auc::new(Arm::Canary, &canary, &labels)?.variance),
        "var_stable": some(Auc::new(Arm::Baseline, &stable, &labels)?.variance),
        "cov": value(test.covariance),
        "z": value(tested.statistic),
        "p_value": value(tested.p_value),
    }))
}

fn metrics(case: &Case) -> Result<Value, Unanswerable> {
    let (labels, prob) = (labels(case, "labels"), list(case, "prob"));
    let counts = Confusion::new(&prob, &labels, case.options["threshold"].as_f64().unwrap_or(0.5))?;
    let losses = log_losses(&prob, &labels, case.options["eps"].as_f64().unwrap_or(f64::EPSILON))?.losses;
    let brier = brier_losses(&prob, &labels)?;
    let mean = |v: &[f64]| value(v.iter().sum::<f64>() / v.len() as f64);
    Ok(json!({
        "auc": value(Auc::new(Arm::Canary, &prob, &labels)?.auc),
        "average_precision": some(average_precision(&prob, &labels)?),
        "log_loss": mean(&losses),
        "brier": mean(&brier),
        "accuracy": some(counts.accuracy()),
        "precision": some(counts.precision()),
        "recall": some(counts.recall()),
        "f1": some(counts.f1()),
        "mcc": some(counts.mcc()),
    }))
}
