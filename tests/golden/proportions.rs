//! Golden cases: proportions.

use serde_json::{Value, json};
use serinus::stats::adjust::{Adjustment, adjust};
use serinus::stats::paired_proportion::{Mcnemar, PairedCounts, mcnemar, tango, tango_fitted};
use serinus::stats::proportion::{self, Proportions, ScoreVariance, Smoothing};
use serinus::stats::proportion_exact::{BarnardStatistic, ExactTest, barnard_exact, boschloo_exact, fisher_exact};
use serinus::stats::rate::{RateInterval, RateTest, Rates, rate_ratio_interval, rate_ratio_test};
use serinus::stats::{Alternative, Confidence, Unanswerable, binomial};

use super::{Answer, Case, list, numbers, value};

pub fn answer(case: &Case) -> Answer {
    let found = match case.method.as_str() {
        "prop2_ci" => two_arm_interval(case)?.map(ends),
        "prop2_score_noninferiority" => score(case)?,
        "fisher_exact" => fisher_exact(table(case)).map(|f| {
            let p = match alternative(case) {
                Alternative::Less => f.p_less,
                Alternative::Greater => f.p_greater,
                Alternative::TwoSided => f.p_two_sided,
            };
            json!({"p_value": value(p)})
        }),
        "boschloo_exact" => boschloo_exact(table(case), alternative(case)).map(exact),
        "barnard_exact" => {
            let unpooled = case.options["pooled"] == Value::Bool(false);
            let kind = if unpooled { BarnardStatistic::Unpooled } else { BarnardStatistic::Pooled };
            barnard_exact(table(case), alternative(case), kind).map(exact)
        }
        "prop1_ci" => one_arm_interval(case)?.map(ends),
        "binom_test_threshold" => {
            let p0 = option(case, "p0");
            binomial::binomial_test(count(case, "x"), count(case, "n"), p0, alternative(case))
                .map(|p| json!({"p_value": value(p)}))
        }
        "poisson_rate_ratio_test" => {
            let test = match case.options["test"].as_str()? {
                "exact-cond" => RateTest::Exact,
                "cond-midp" => RateTest::MidP,
                "score" => RateTest::Score,
                "sqrt" => RateTest::SquareRoot,
                _ => return None,
            };
            rate_ratio_test(rates(case), option(case, "ratio0"), test)
                .map(|r| json!({"p_smaller": value(r.p_less), "p_larger": value(r.p_greater)}))
        }
        "poisson_rate_ratio_ci_exact" => poisson_test(case),
        "poisson_rate_ratio_ci_score" => {
            let rates = rates(case);
            // When an arm has no events statsmodels 0.15.0 answers the one finite end twice (0 of 10 against 25 of 990:
            // 10.71 to 10.71, an interval without its own estimate, 0), so such a case is no reference; the laws of
            // proportions prove the end that we give.
            if rates.x_events == 0 || rates.y_events == 0 {
                return None;
            }
            rate_ratio_interval(rates, one_sided(case), RateInterval::Score).map(ends)
        }
        "mcnemar" => {
            let rows: Vec<Vec<f64>> = case.inputs["table"].as_array()?.iter().map(numbers).collect();
            let kind = match (case.options["exact"].as_bool(), case.options["correction"].as_bool()) {
                (Some(true), _) => Mcnemar::Exact,
                (_, Some(false)) => Mcnemar::Uncorrected,
                _ => Mcnemar::Corrected,
            };
            mcnemar(rows[0][1] as u64, rows[1][0] as u64, kind)
                .map(|m| json!({"statistic": value(m.statistic), "p_value": value(m.p_value)}))
        }
        "tango_paired_noninferiority" => paired(case),
        "p_adjust" => {
            let rule = match case.options["correction"].as_str()? {
                "bonferroni" => Adjustment::Bonferroni,
                "sidak" => Adjustment::Sidak,
                "holm" => Adjustment::Holm,
                "holm-sidak" => Adjustment::HolmSidak,
                "hochberg" => Adjustment::Hochberg,
                "hommel" => Adjustment::Hommel,
                "BH" | "fdr" => Adjustment::BenjaminiHochberg,
                "BY" => Adjustment::BenjaminiYekutieli,
                _ => return None,
            };
            let given: Vec<Option<f64>> = list(case, "p").into_iter().map(Some).collect();
            let adjusted: Vec<Value> =
                adjust(&given, rule).into_iter().map(|p| p.map_or(Value::from("nan"), value)).collect();
            Ok(json!({"adjusted": adjusted}))
        }
        _ => return None,
    };
    Some(found.map_err(|e| e.to_string()))
}

type Found = Result<Value, Unanswerable>;

fn two_arm_interval(case: &Case) -> Option<Result<Confidence, Unanswerable>> {
    use ScoreVariance::{FarringtonManning, MiettinenNurminen};
    let (counts, alpha) = (arms(case), one_sided(case));
    let method = case.options["ci_method"].as_str()?;
    Some(match (case.options["compare"].as_str()?, method) {
        ("diff", "newcomb" | "newcombe") => proportion::newcombe(counts, alpha),
        ("diff", "miettinen-nurminen") => proportion::score_difference_interval(counts, alpha, MiettinenNurminen),
        ("diff", "mee/farrington-manning") => proportion::score_difference_interval(counts, alpha, FarringtonManning),
        ("diff", "agresti-caffo") => proportion::agresti_caffo(counts, alpha),
        ("diff", "wald") => proportion::wald(counts, alpha),
        ("ratio", "miettinen-nurminen score") => proportion::score_ratio_interval(counts, alpha, MiettinenNurminen),
        ("ratio", "log") => proportion::log_ratio_interval(counts, alpha, Smoothing::None),
        ("ratio", "log-adjusted") => proportion::log_ratio_interval(counts, alpha, Smoothing::Half),
        ("odds-ratio", "miettinen-nurminen score") => {
            proportion::score_odds_ratio_interval(counts, alpha, MiettinenNurminen)
        }
        ("odds-ratio", "logit") => proportion::logit_odds_ratio_interval(counts, alpha, Smoothing::None),
        ("odds-ratio", "logit-adjusted") => proportion::logit_odds_ratio_interval(counts, alpha, Smoothing::Half),
        ("odds-ratio", "logit-smoothed") => {
            proportion::logit_odds_ratio_interval(counts, alpha, Smoothing::Independence)
        }
        _ => return None,
    })
}

fn score(case: &Case) -> Option<Found> {
    let counts = arms(case);
    let variant = case.options["variant"].as_str()?;
    let kind = if variant.starts_with("miettinen") {
        ScoreVariance::MiettinenNurminen
    } else {
        ScoreVariance::FarringtonManning
    };
    let lower = case.options["direction"] == "lower";
    let margin = option(case, "margin");
    let (test, fitted) = match case.options["compare"].as_str()? {
        "diff" => {
            let delta = if lower { margin } else { -margin };
            (proportion::score_difference(counts, delta, kind), proportion::fitted_at_difference(counts, delta))
        }
        // The margin of a ratio is the ratio itself.
        "ratio" => (proportion::score_ratio(counts, margin, kind), proportion::fitted_at_ratio(counts, margin)),
        _ => return None,
    };
    let (test, fitted) = match (test, fitted) {
        (Ok(test), Ok(fitted)) => (test, fitted),
        (Err(e), _) | (_, Err(e)) => return Some(Err(e)),
    };
    let (safe, harm) = if lower { (test.p_less(), test.p_greater()) } else { (test.p_greater(), test.p_less()) };
    Some(Ok(json!({
        "z": value(test.z),
        "p_noninferior": value(safe),
        "p_inferior": value(harm),
        "restricted_p_canary": value(fitted.x),
    })))
}

fn one_arm_interval(case: &Case) -> Option<Result<Confidence, Unanswerable>> {
    let (x, n, alpha) = (count(case, "x") as f64, count(case, "n") as f64, one_sided(case));
    Some(match case.options["ci_method"].as_str()? {
        "wilson" => binomial::wilson(x, n, alpha),
        "clopper-pearson" => binomial::clopper_pearson(x, n, alpha),
        "jeffreys" => binomial::jeffreys(x, n, alpha),
        "agresti-coull" | "agresti_coull" => binomial::agresti_coull(x, n, alpha),
        _ => return None,
    })
}

/// R's `poisson.test`: the alternative decides which tail and which ends.
fn poisson_test(case: &Case) -> Found {
    let rates = rates(case);
    let level = option(case, "conf_level");
    let test = rate_ratio_test(rates, option(case, "ratio"), RateTest::Exact)?;
    let interval = |alpha: f64| rate_ratio_interval(rates, alpha, RateInterval::Exact);
    let (p, low, high) = match alternative(case) {
        Alternative::Less => (test.p_less, 0.0, interval(1.0 - level)?.high),
        Alternative::Greater => (test.p_greater, interval(1.0 - level)?.low, f64::INFINITY),
        Alternative::TwoSided => {
            let both = interval(0.5 * (1.0 - level))?;
            (test.p_two_sided, both.low, both.high)
        }
    };
    let ratio = test.estimate.map_or(Value::from("inf"), value);
    Ok(json!({"rate_ratio": ratio, "p_value": value(p), "ci_low": value(low), "ci_high": value(high)}))
}

fn paired(case: &Case) -> Found {
    let counts = PairedCounts {
        only_x: count(case, "canary_only_correct") as f64,
        only_y: count(case, "stable_only_correct") as f64,
        n: count(case, "n") as f64,
    };
    let margin = option(case, "margin");
    let higher = case.options["direction"] != "lower";
    let delta = if higher { -margin } else { margin };
    let test = tango(counts, delta, 1.0)?;
    let (safe, harm) = if higher { (test.p_greater(), test.p_less()) } else { (test.p_less(), test.p_greater()) };
    Ok(json!({
        "z": value(test.z),
        "restricted_q": value(tango_fitted(counts, delta)?),
        "p_noninferior": value(safe),
        "p_inferior": value(harm),
    }))
}

fn exact(test: ExactTest) -> Value {
    json!({"statistic": value(test.statistic), "p_value": value(test.p_value)})
}

fn ends(interval: Confidence) -> Value {
    json!({"ci_low": value(interval.low), "ci_high": value(interval.high)})
}

fn option(case: &Case, key: &str) -> f64 {
    case.options[key].as_f64().unwrap_or(f64::NAN)
}

/// The one-sided level of a two-sided confidence level.
fn one_sided(case: &Case) -> f64 {
    0.5 * (1.0 - option(case, "conf_level"))
}

fn count(case: &Case, key: &str) -> u64 {
    case.inputs[key].as_f64().map_or(0, |v| v as u64)
}

fn arms(case: &Case) -> Proportions {
    Proportions {
        x_events: count(case, "x_canary"),
        x_n: count(case, "n_canary"),
        y_events: count(case, "x_stable"),
        y_n: count(case, "n_stable"),
    }
}

/// `[canary events, canary rest, baseline events, baseline rest]`.
fn table(case: &Case) -> Proportions {
    let cells: Vec<u64> = list(case, "table").into_iter().map(|v| v as u64).collect();
    Proportions { x_events: cells[0], x_n: cells[0] + cells[1], y_events: cells[2], y_n: cells[2] + cells[3] }
}

fn rates(case: &Case) -> Rates {
    let (events, exposure) = (list(case, "events"), list(case, "exposure"));
    Rates { x_events: events[0] as u64, x_exposure: exposure[0], y_events: events[1] as u64, y_exposure: exposure[1] }
}

fn alternative(case: &Case) -> Alternative {
    match case.options["alternative"].as_str() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}
