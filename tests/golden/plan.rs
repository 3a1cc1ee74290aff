//! Golden cases: plan.

use serde_json::{Value, json};
use serinus::config::Direction;
use serinus::plan::{Behaviour, Claim, Design, ProportionVariance, Reference, Sides, Size, power, sample_size};

use super::{Answer, Case, number, value};

pub fn answer(case: &Case) -> Answer {
    Some(match case.method.as_str() {
        "plan_means" => means(case),
        "power_means" => power_of_means(case),
        "plan_noninferiority_proportions" => noninferiority_proportions(case),
        "plan_noninferiority_means" => noninferiority_means(case),
        "plan_proportions_superiority" => superiority_of_proportions(case),
        _ => return None,
    })
}

fn input(case: &Case, key: &str) -> Result<f64, String> {
    number(&case.inputs[key]).ok_or_else(|| format!("no input {key}"))
}

fn standardised(d: f64) -> (Behaviour, Claim) {
    (Behaviour::Mean { mean: None, sd: 1.0, canary_sd: None }, Claim::Superiority { change: Size::Absolute(d) })
}

/// statsmodels and pwr: an effect against the alternative's direction has the power of its mirror image.
fn sides(case: &Case, d: f64) -> (Sides, f64) {
    match case.options["alternative"].as_str() {
        Some("two-sided") | None => (Sides::Two, d),
        Some("smaller" | "less") => (Sides::One, -d),
        Some(_) => (Sides::One, d),
    }
}

fn alpha(case: &Case) -> f64 {
    number(&case.options["alpha"]).unwrap_or(0.05)
}

fn means(case: &Case) -> Result<Value, String> {
    let (sides, d) = sides(case, input(case, "d")?);
    let reference = if case.options["test"] == "t" { Reference::PooledT } else { Reference::Normal };
    let design = Design {
        alpha: alpha(case),
        sides,
        power: input(case, "power")?,
        allocation: input(case, "ratio_stable_to_canary")?,
        reference,
        ..Design::default()
    };
    let (behaviour, claim) = standardised(d);
    let n = sample_size(&behaviour, &claim, &design).map_err(|e| e.to_string())?;
    Ok(json!({"n_canary": value(n.exact.canary)}))
}

fn power_of_means(case: &Case) -> Result<Value, String> {
    let (n1, n2) = (input(case, "n1")?, input(case, "n2")?);
    let (sides, d) = sides(case, input(case, "d")?);
    let design =
        Design { alpha: alpha(case), sides, allocation: n2 / n1, reference: Reference::PooledT, ..Design::default() };
    let (behaviour, claim) = standardised(d);
    let found = power(&behaviour, &claim, &design, n1 as u64).map_err(|e| e.to_string())?;
    Ok(json!({"power": value(found)}))
}

/// epiR: successes are good, r is canary over stable.
fn epi(behaviour: &Behaviour, change: f64, case: &Case) -> Result<Value, String> {
    let claim = Claim::NonInferiority {
        direction: Direction::HigherIsBetter,
        margin: Size::Absolute(input(case, "delta")?),
        change: Size::Absolute(change),
    };
    let design = Design {
        alpha: alpha(case),
        power: input(case, "power")?,
        allocation: 1.0 / input(case, "r")?,
        ..Design::default()
    };
    let n = sample_size(behaviour, &claim, &design).map_err(|e| e.to_string())?.exact;
    Ok(json!({"n_total": value(n.canary + n.baseline), "n_treat": value(n.canary), "n_control": value(n.baseline)}))
}

fn noninferiority_proportions(case: &Case) -> Result<Value, String> {
    let (canary, stable) = (input(case, "p_canary")?, input(case, "p_stable")?);
    epi(&Behaviour::Proportion { p: stable, variance: ProportionVariance::Unpooled }, canary - stable, case)
}

fn noninferiority_means(case: &Case) -> Result<Value, String> {
    let (canary, stable) = (input(case, "mean_canary")?, input(case, "mean_stable")?);
    epi(&Behaviour::Mean { mean: Some(stable), sd: input(case, "sd")?, canary_sd: None }, canary - stable, case)
}

/// R `power.prop.test`, strict = FALSE: pooled variance under the null, rejections in the true direction only.
fn superiority_of_proportions(case: &Case) -> Result<Value, String> {
    let (p1, p2) = (input(case, "p1")?, input(case, "p2")?);
    let sides = if case.options["alternative"] == "one.sided" { Sides::One } else { Sides::TwoDirected };
    let design = Design { alpha: alpha(case), sides, power: input(case, "power")?, ..Design::default() };
    let behaviour = Behaviour::Proportion { p: p2, variance: ProportionVariance::Score };
    let claim = Claim::Superiority { change: Size::Absolute(p1 - p2) };
    let n = sample_size(&behaviour, &claim, &design).map_err(|e| e.to_string())?;
    Ok(json!({"n_per_arm": value(n.exact.canary)}))
}
