//! Does the router split as declared, hold still, and agree with its published vectors?

use proptest::prelude::*;
use serde_json::Value;
use serinus::router::{
    Chance, Division, Router, Salt, Side, Weight, assign, assign_request, assign_three, position, request_position,
    shadow_position,
};
use serinus::stats::special;

fn percent(p: f64) -> Weight {
    Weight::percent(p).expect("a percentage")
}

fn salt(text: &str) -> Salt {
    Salt::new(text).expect("a salt")
}

#[test]
fn the_published_vectors_come_out() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/router/vectors.json")).expect("JSON");
    assert_eq!(file["version"], serinus::router::VERSION);
    let mut seen = 0;
    for case in file["units"].as_array().expect("units") {
        let salt = salt(case["salt"].as_str().expect("text"));
        let unit = case["unit"].as_str().expect("text").as_bytes();
        assert_eq!(case["position"].as_f64(), Some(position(unit, &salt)), "{case}");
        assert_eq!(case["shadow_position"].as_f64(), Some(shadow_position(unit, &salt)), "{case}");
        let hash = u64::from_str_radix(case["hash"].as_str().expect("text"), 16).expect("hexadecimal");
        assert_eq!((hash >> 11) as f64 / (1u64 << 53) as f64, position(unit, &salt));
        for (key, of) in [("two_arms", assign as fn(&[u8], &Salt, Weight) -> Side), ("three_arms", assign_three)] {
            for (weight, side) in case[key].as_object().expect("weights") {
                let found = of(unit, &salt, percent(weight.parse().expect("a number")));
                assert_eq!(side.as_str(), Some(found.to_string().as_str()), "{case} at {weight}");
                seen += 1;
            }
        }
    }
    for case in file["requests"].as_array().expect("requests") {
        let salt = salt(case["salt"].as_str().expect("text"));
        let number: u64 = case["number"].as_str().expect("text").parse().expect("a number");
        assert_eq!(case["position"].as_f64(), Some(request_position(number, &salt)));
        for (weight, side) in case["two_arms"].as_object().expect("weights") {
            let found = assign_request(number, &salt, percent(weight.parse().expect("a number")));
            assert_eq!(side.as_str(), Some(found.to_string().as_str()));
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen} assignments were checked");
}

/// Chi-square of counts against shares, as a p-value.
fn chi_square(counts: &[u64], shares: &[f64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let statistic: f64 = counts
        .iter()
        .zip(shares)
        .map(|(&n, &share)| {
            let expected = share * total as f64;
            (n as f64 - expected).powi(2) / expected
        })
        .sum();
    special::chi2_sf(statistic, (counts.len() - 1) as f64)
}

#[test]
fn a_million_ids_split_as_declared() {
    let salt = salt("chi-square");
    const IDS: u64 = 1_000_000;
    let mut bins = [[0u64; 1000]; 2];
    let weights = [0.1, 1.0, 5.0, 25.0, 50.0, 90.0];
    let mut two = [[0u64; 2]; 6];
    let mut three = [[0u64; 3]; 6];
    for id in 0..IDS {
        let unit = format!("user-{id}");
        bins[0][(position(unit.as_bytes(), &salt) * 1000.0) as usize] += 1;
        bins[1][(request_position(id, &salt) * 1000.0) as usize] += 1;
        for (i, &w) in weights.iter().enumerate() {
            two[i][usize::from(assign(unit.as_bytes(), &salt, percent(w)) == Side::Canary)] += 1;
            let side = match assign_three(unit.as_bytes(), &salt, percent(w)) {
                Side::Canary => 0,
                Side::Baseline => 1,
                Side::Rest => 2,
            };
            three[i][side] += 1;
        }
    }
    // 14 tests at .001 each: seeded by the ids, so this either always passes or never does.
    for bins in &bins {
        assert!(chi_square(bins, &[0.001; 1000]) > 0.001);
    }
    for (i, &w) in weights.iter().enumerate() {
        let w = w / 100.0;
        assert!(chi_square(&two[i], &[1.0 - w, w]) > 0.001, "{w}: {:?}", two[i]);
        let small = f64::min(w, 1.0 - w);
        if w < 0.5 {
            assert!(chi_square(&three[i], &[w, small, 1.0 - 2.0 * w]) > 0.001, "{w}: {:?}", three[i]);
        } else {
            assert_eq!(three[i][2], 0);
            assert!(chi_square(&three[i][..2], &[w, small]) > 0.001, "{w}: {:?}", three[i]);
        }
    }
}

#[test]
fn two_rollouts_pick_their_users_independently() {
    let (a, b, ten) = (salt("rollout a"), salt("rollout b"), percent(10.0));
    let mut counts = [0u64; 4];
    for id in 0..400_000u64 {
        let unit = id.to_le_bytes();
        let first = usize::from(assign(&unit, &a, ten) == Side::Canary);
        let second = usize::from(assign(&unit, &b, ten) == Side::Canary);
        counts[2 * first + second] += 1;
    }
    assert!(chi_square(&counts, &[0.81, 0.09, 0.09, 0.01]) > 0.001, "{counts:?}");
}

#[test]
fn shadow_copies_do_not_follow_the_assignment() {
    let salt = salt("shadow");
    let mut both = 0;
    for id in 0..100_000u64 {
        let unit = id.to_le_bytes();
        both += u32::from(position(&unit, &salt) < 0.2 && shadow_position(&unit, &salt) < 0.2);
    }
    assert!(both.abs_diff(4_000) < 250, "{both}");
    let router = Router::new("shadow", Division::Shadow).expect("a salt").at(0, percent(20.0));
    let copies = (0..10_000).filter(|id| router.route(&format!("u{id}"), &[]).copy).count();
    assert!(copies.abs_diff(2_000) < 200, "{copies}");
    assert!((0..1_000).all(|id| router.route(&format!("u{id}"), &[]).arm == Side::Baseline));
}

#[test]
fn weights_and_salts_are_checked() {
    for bad in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
        assert!(Weight::percent(bad).is_err(), "{bad}");
    }
    assert!(Salt::new("").is_err());
    assert!(serde_json::from_str::<Weight>("101").is_err());
    let five: Weight = serde_json::from_str("5").expect("a percentage");
    assert_eq!(five, percent(5.0));
}

proptest! {
    #[test]
    fn raising_the_weight_never_moves_a_unit_back(unit in proptest::collection::vec(any::<u8>(), 0..40), name in "[a-z]{1,12}", a in 0.0..=100.0f64, b in 0.0..=100.0f64) {
        let (low, high) = (percent(a.min(b)), percent(a.max(b)));
        let salt = salt(&name);
        for of in [assign as fn(&[u8], &Salt, Weight) -> Side, assign_three] {
            let (before, after) = (of(&unit, &salt, low), of(&unit, &salt, high));
            prop_assert!(before != Side::Canary || after == Side::Canary);
            prop_assert!(before != Side::Baseline || after != Side::Rest);
            prop_assert_eq!(before, of(&unit, &salt, low));
        }
    }

    #[test]
    fn nobody_is_on_the_canary_at_weight_0_and_everybody_at_100(id in "[ -~]{0,20}", division in 0..4usize, staff: bool) {
        let division = [Division::TwoArms, Division::ThreeArms, Division::BlueGreen, Division::Shadow][division];
        let router = Router::new("salt", division).expect("a salt").with_cohort("staff", Side::Canary);
        let cohorts: &[&str] = if staff { &["staff"] } else { &[] };
        let off = router.at(0, Weight::ZERO);
        prop_assert!(off.route(&id, cohorts).arm != Side::Canary);
        let on = router.at(3, Weight::FULL);
        let full = on.route(&id, cohorts);
        prop_assert_eq!(full.arm == Side::Canary, division != Division::Shadow);
        prop_assert_eq!(full.copy, division == Division::Shadow);
        let moved = off.resume(&full);
        prop_assert!(moved.arm != Side::Canary);
        prop_assert!(full.arm != Side::Canary || moved.chance == Chance::RolledBack);
    }

    #[test]
    fn a_session_keeps_its_arm_until_rollback(id in "[a-z0-9]{1,16}", a in 0.1..100.0f64, b in 0.1..100.0f64) {
        let router = Router::new("sessions", Division::ThreeArms).expect("a salt");
        let begun = router.at(1, percent(a)).route(&id, &[]);
        prop_assert_eq!(&router.at(2, percent(b)).resume(&begun), &begun);
        let stored = serde_json::to_string(&begun).expect("an assignment is JSON");
        prop_assert_eq!(serde_json::from_str::<serinus::router::Assignment>(&stored).expect("the same"), begun);
    }
}
