//! Under the null, is the false-alarm rate what we promised? A small seeded part of `examples/calibration.rs`.

#[path = "../examples/calibration.rs"]
#[allow(dead_code)]
mod calibration;

use calibration::{PLANS, settings, size};

/// Replicates of each cell; the standard error of .05 is then .018 and of .01 is .008.
const REPLICATES: u64 = 150;

#[test]
#[cfg_attr(debug_assertions, ignore = "simulation; run with --release")]
fn a_canary_at_its_margin_is_called_safe_or_harmful_no_more_often_than_promised() {
    let error = |p: f64| (p * (1.0 - p) / REPLICATES as f64).sqrt();
    for setting in settings() {
        for plan in PLANS {
            let s = size(&setting, plan, REPLICATES, 20_261_120);
            let share = |k: u64| k as f64 / s.replicates as f64;
            // Three standard errors of the simulation, and what the full table shows for users over stages.
            let (safe, harm) = (share(s.safe), share(s.harm));
            assert!(safe <= 0.05 + 0.015 + 3.0 * error(0.05), "{} {plan:?}: called safe {safe}", setting.name);
            assert!(harm <= 0.01 + 0.010 + 3.0 * error(0.01), "{} {plan:?}: called harmful {harm}", setting.name);
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "simulation; run with --release")]
fn the_naive_analysis_of_users_who_return_fails_the_same_test() {
    let mean = settings().into_iter().find(|s| s.name == "mean").expect("means are in the table");
    let s = size(&mean, calibration::Plan::Units, REPLICATES, 20_261_120);
    assert!(s.naive_safe as f64 / s.replicates as f64 > 0.10);
}
