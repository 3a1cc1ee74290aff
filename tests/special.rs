//! Do the special functions agree with many-digit references, in both tails?

use serde_json::Value;
use serinus::stats::special as s;

/// Relative error promised by the module.
const PROMISED: f64 = 1e-12;

fn evaluate(name: &str, a: &[f64]) -> Option<f64> {
    let k = |v: f64| v as i64;
    Some(match name {
        "norm_sf" => s::norm_sf(a[0]),
        "norm_cdf" => s::norm_cdf(a[0]),
        "norm_ppf" => s::norm_ppf(a[0]),
        "log_norm_cdf" => s::log_norm_cdf(a[0]),
        "erfcx" => s::erfcx(a[0]),
        "ln_gamma" => s::ln_gamma(a[0]),
        "ln_beta" => s::ln_beta(a[0], a[1]),
        "beta_inc" => s::beta_inc(a[0], a[1], a[2]),
        "beta_inc_sf" => s::beta_inc_sf(a[0], a[1], a[2]),
        "beta_inc_inv" => s::beta_inc_inv(a[0], a[1], a[2]),
        "beta_inc_inv_sf" => s::beta_inc_inv_sf(a[0], a[1], a[2]),
        "t_sf" => s::t_sf(a[0], a[1]),
        "t_cdf" => s::t_cdf(a[0], a[1]),
        "t_isf" => s::t_isf(a[0], a[1]),
        "gamma_p" => s::gamma_p(a[0], a[1]),
        "gamma_q" => s::gamma_q(a[0], a[1]),
        "chi2_sf" => s::chi2_sf(a[0], a[1]),
        "chi2_isf" => s::chi2_isf(a[0], a[1]),
        "binom_pmf" => s::binom_pmf(a[0] as u64, a[1] as u64, a[2]),
        "binom_cdf" => s::binom_cdf(k(a[0]), a[1] as u64, a[2]),
        "binom_sf" => s::binom_sf(k(a[0]), a[1] as u64, a[2]),
        "poisson_cdf" => s::poisson_cdf(k(a[0]), a[1]),
        "poisson_sf" => s::poisson_sf(k(a[0]), a[1]),
        "f_sf" => s::f_sf(a[0], a[1], a[2]),
        "kolmogorov_sf" => s::kolmogorov_sf(a[0]),
        "nct_sf" => s::nct_sf(a[0], a[1], a[2]),
        _ => return None,
    })
}

#[test]
fn every_reference_value_agrees() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/special/values.json");
    let text = std::fs::read_to_string(path).expect("fixtures/special is part of the repository");
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    let mut worst: std::collections::BTreeMap<String, (f64, usize, String)> = Default::default();
    let mut faults = 0;
    for row in file["rows"].as_array().expect("rows is a list") {
        let row = row.as_array().expect("a row is a list");
        let name = row[0].as_str().expect("a row starts with a name");
        let numbers: Vec<f64> = row[1..].iter().map(|v| v.as_f64().expect("arguments are numbers")).collect();
        let (expected, arguments) = numbers.split_last().expect("a row ends with a value");
        let found = evaluate(name, arguments).unwrap_or_else(|| panic!("no function {name}"));
        // Logs pass through zero: there the error is absolute.
        let scale = if name.starts_with("l") { expected.abs().max(1.0) } else { expected.abs() };
        let error = if found == *expected { 0.0 } else { (found - expected).abs() / scale };
        let entry = worst.entry(name.to_owned()).or_default();
        entry.1 += 1;
        if error.is_nan() || error > entry.0 {
            entry.0 = if error.is_nan() { f64::INFINITY } else { error };
            entry.2 = format!("{arguments:?}: {found:e}, expected {expected:e}");
        }
        // The inverse at shape a raises to the power 1/a: below a hundredth it multiplies the rounding of p itself.
        let shape = row[1].as_f64().unwrap_or(1.0).min(row[2].as_f64().unwrap_or(1.0));
        let condition = if name.starts_with("beta_inc_inv") { (0.01 / shape).max(1.0) } else { 1.0 };
        if error.is_nan() || error > PROMISED * condition {
            faults += 1;
            if faults <= 60 {
                println!("{name}{arguments:?}: {found:e}, expected {expected:e}, relative error {error:.1e}");
            }
        }
    }
    for (name, (error, count, place)) in &worst {
        println!("{name}: {count} points, worst {error:.1e} at {place}");
    }
    assert_eq!(faults, 0);
    assert!(worst.len() >= 25, "every function has references");
}

#[test]
fn quantiles_come_back_to_their_probabilities() {
    for dof in [0.5, 1.0, 2.7, 30.0, 1e4, 1e9, 1e12, 1e15, 1e30] {
        for p in [1e-300, 1e-100, 1e-17, 1e-6, 0.01, 0.3, 0.49, 0.5, 0.8] {
            let t = s::t_isf(p, dof);
            if t.is_finite() {
                // A quantile is known to one unit in the last place; the tail magnifies that by t f(t) / p.
                let slack = 1e-12 + 4e-16 * t.abs() * s::t_pdf(t, dof) / p;
                assert!((s::t_sf(t, dof) / p - 1.0).abs() < slack, "{dof} {p} {t} {}", s::t_sf(t, dof));
            }
        }
    }
    for a in [1e-2, 0.5, 1.0, 17.0, 1e4, 1e9] {
        for b in [1e-2, 0.5, 1.0, 17.0, 1e4, 1e9] {
            for p in [1e-200, 1e-9, 0.05, 0.5, 0.999] {
                let (x, y) = s::beta_quantile(a, b, p, 1.0 - p);
                assert!((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y), "{a} {b} {p}");
                if x > 1e-290 && y > 1e-290 {
                    let back = s::beta_tails(a, b, x, y).0;
                    // One unit in the last place of x, magnified by the slope of ln I.
                    let nudged = if x <= y {
                        (x * (1.0 + 1e-9), 1.0 - x * (1.0 + 1e-9))
                    } else {
                        (1.0 - y * (1.0 - 1e-9), y * (1.0 - 1e-9))
                    };
                    let slope = (s::beta_tails(a, b, nudged.0, nudged.1).0 / back).ln() / 1e-9;
                    assert!(
                        (back / p - 1.0).abs() < 1e-12 + 4e-16 * slope.abs(),
                        "{a} {b} {p:e}: {x} {back:e} {slope}"
                    );
                }
            }
        }
    }
}

#[test]
fn outside_its_domain_a_function_is_nan_and_never_panics() {
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, -0.0, 1e-320, 0.5, 1.0, 2.0, 1e300, 1.7e308];
    for &a in &bad {
        let each =
            [s::norm_sf(a), s::norm_ppf(a), s::log_norm_cdf(a), s::erfcx(a), s::ln_gamma(a), s::kolmogorov_sf(a)];
        for v in each {
            assert!(!v.is_nan() || a.is_nan() || !(0.0..=1.0).contains(&a), "{a:e}: {each:?}");
        }
        for &b in &bad {
            for v in [s::t_sf(a, b), s::chi2_sf(a, b), s::gamma_p(b, a)] {
                assert!(v.is_nan() || (0.0..=1.0).contains(&v), "{a} {b}: {v}");
            }
            let _ = (s::t_isf(a, b), s::chi2_isf(a, b), s::ln_beta(a, b), s::poisson_cdf(3, a), s::binom_ppf(a, 10, b));
            for &c in &bad {
                for v in [s::beta_inc(a, b, c), s::beta_inc_sf(a, b, c), s::f_sf(c, a, b), s::binom_cdf(2, 5, c)] {
                    assert!(v.is_nan() || (0.0..=1.0).contains(&v), "{a} {b} {c}: {v}");
                }
                let _ = (s::beta_inc_inv(a, b, c), s::nct_sf(a, b, c));
            }
        }
    }
}
