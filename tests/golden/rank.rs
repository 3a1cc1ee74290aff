//! Golden cases of rank tests and of tests on pairs.

use serde_json::{Value, json};
use serinus::stats::brunner_munzel::{BrunnerMunzel, Reference, brunner_munzel};
use serinus::stats::contrast::Better;
use serinus::stats::hodges_lehmann::{HodgesLehmann, RankEstimate, hodges_lehmann};
use serinus::stats::mann_whitney::{
    Continuity, MannWhitney, RankMargin, RankMethod, mann_whitney, mann_whitney_noninferiority,
};
use serinus::stats::paired_t::{paired_t, sign_test};
use serinus::stats::signed_rank::{SignedRank, Zeros, pseudo_median, signed_rank, signed_rank_differences};
use serinus::stats::{Alternative, Unanswerable};

use super::{Answer, Case, list, number, value};

pub fn answer(case: &Case) -> Answer {
    let answer = match case.method.as_str() {
        "mwu_exact" | "mwu_exact_ties" => mwu(case, RankMethod::Exact),
        "mwu_asymptotic" => mwu(case, RankMethod::Asymptotic),
        "mwu_noninferiority_scale" => noninferiority(case, "margin_rel", RankMargin::Scale),
        "mwu_noninferiority_shift" => noninferiority(case, "margin_abs", RankMargin::Shift),
        "hl_ci_exact" => hl(case, RankMethod::Exact),
        "hl_ci_asymptotic" => hl(case, RankMethod::Asymptotic),
        "hl_ci_large" => hl(case, RankMethod::Asymptotic),
        "brunner_munzel" => bm(case),
        "paired_t" => paired(case),
        "signed_rank" => signed(case),
        "signed_rank_exact_ci" => signed_exact(case),
        "sign_test" => sign(case),
        _ => return None,
    };
    Some(answer.map_err(|why| why.to_string()))
}

type Found = Result<Value, Unanswerable>;

/// The arms of a case: listed, or made by the generator that the case spells out.
fn arms(case: &Case) -> (Vec<f64>, Vec<f64>) {
    if case.inputs["canary"].is_object() {
        (generated(&case.inputs["canary"]), generated(&case.inputs["stable"]))
    } else {
        (list(case, "canary"), list(case, "stable"))
    }
}

/// v_i = (((a i + c) mod M)/q)^2 / M.
fn generated(law: &Value) -> Vec<f64> {
    let whole = |key: &str| law[key].as_u64().unwrap_or_else(|| panic!("the generator has a whole {key}"));
    let (a, c, modulus) = (whole("a"), whole("c"), whole("M"));
    let q = law["q"].as_f64().expect("the generator has a q");
    (0..whole("n"))
        .map(|i| {
            let v = ((a * i + c) % modulus) as f64 / q;
            v * v / modulus as f64
        })
        .collect()
}

fn alternative(case: &Case) -> Alternative {
    match case.options["alternative"].as_str() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}

fn continuity(case: &Case) -> Continuity {
    if case.options["continuity"] == json!(false) { Continuity::Uncorrected } else { Continuity::Corrected }
}

fn level(case: &Case) -> f64 {
    number(&case.options["conf_level"]).unwrap_or(0.95)
}

fn options(case: &Case, method: RankMethod) -> MannWhitney {
    MannWhitney { alternative: alternative(case), method, continuity: continuity(case) }
}

fn mwu(case: &Case, method: RankMethod) -> Found {
    let (x, y) = arms(case);
    let test = mann_whitney(&x, &y, &options(case, method))?;
    Ok(json!({
        "u": test.u,
        "p_value": test.p_value,
        "p_value_coin": test.p_value,
        "cles_canary_gt_stable": test.superiority,
    }))
}

fn noninferiority(case: &Case, key: &str, margin: impl Fn(f64) -> RankMargin) -> Found {
    let (x, y) = arms(case);
    let better = if case.options["direction"] == "higher" { Better::Higher } else { Better::Lower };
    let margin = margin(number(&case.options[key]).unwrap_or(f64::NAN));
    let test = mann_whitney_noninferiority(&x, &y, better, margin, &options(case, RankMethod::Asymptotic))?;
    Ok(json!({"u": test.u, "p_value": test.p_noninferior}))
}

fn hl(case: &Case, method: RankMethod) -> Found {
    let (x, y) = arms(case);
    let test = mann_whitney(&x, &y, &options(case, method))?;
    let options =
        HodgesLehmann { level: level(case), alternative: alternative(case), method, continuity: continuity(case) };
    let found = hodges_lehmann(&x, &y, &options)?;
    let RankEstimate { estimate, interval, order, .. } = found;
    Ok(json!({
        "u": test.u,
        "p_value": test.p_value,
        "hl": value(estimate),
        "ci_low": value(interval.low),
        "ci_high": value(interval.high),
        "k": order,
    }))
}

fn bm(case: &Case) -> Found {
    let (x, y) = arms(case);
    let reference = if case.options["distribution"] == "normal" { Reference::Normal } else { Reference::StudentT };
    let options = BrunnerMunzel::default().alternative(alternative(case)).reference(reference);
    let test = brunner_munzel(&x, &y, &options)?;
    Ok(json!({"statistic": test.statistic, "p_value": test.p_value}))
}

fn paired(case: &Case) -> Found {
    let (x, y) = arms(case);
    let test = paired_t(&x, &y, alternative(case), level(case))?;
    Ok(json!({
        "t": test.t,
        "df": test.dof,
        "p_value": test.p_value,
        "ci_low": value(test.interval.low),
        "ci_high": value(test.interval.high),
    }))
}

fn signed(case: &Case) -> Found {
    let (x, y) = arms(case);
    // The reference rounds differences to eight decimals, which makes ties of decimal data.
    let differences: Vec<f64> = x.iter().zip(&y).map(|(a, b)| ((a - b) * 1e8).round() / 1e8).collect();
    let zeros = match case.options["zero_method"].as_str() {
        Some("pratt") => Zeros::Pratt,
        Some("zsplit") => Zeros::Split,
        _ => Zeros::Wilcox,
    };
    let corrected = case.options["correction"] == json!(true);
    let method = match case.options["method"].as_str() {
        Some("exact") => RankMethod::Exact,
        Some("auto") => RankMethod::Auto,
        _ => RankMethod::Asymptotic,
    };
    let continuity = if corrected { Continuity::Corrected } else { Continuity::Uncorrected };
    let test = signed_rank_differences(&differences, &SignedRank { zeros, method, continuity })?;
    Ok(json!({
        "statistic_min": test.positive.min(test.negative),
        "p_value": test.p_value(alternative(case)),
        "z_abs": test.z.map(f64::abs),
    }))
}

fn signed_exact(case: &Case) -> Found {
    let (x, y) = arms(case);
    let test = signed_rank(&x, &y, &SignedRank::default().method(RankMethod::Exact))?;
    let differences: Vec<f64> = x.iter().zip(&y).map(|(a, b)| a - b).collect();
    let options = HodgesLehmann::default().level(level(case)).method(RankMethod::Exact);
    let found = pseudo_median(&differences, &options.alternative(alternative(case)))?;
    Ok(json!({
        "v": test.positive,
        "p_value": test.p_value(alternative(case)),
        "ci_low": value(found.interval.low),
        "ci_high": value(found.interval.high),
        "hl": found.estimate,
    }))
}

fn sign(case: &Case) -> Found {
    let (x, y) = arms(case);
    let test = sign_test(&x, &y)?;
    Ok(json!({
        "n_pos": test.positive,
        "n_nonzero": test.positive + test.negative,
        "p_value": test.p_value(alternative(case)),
    }))
}
