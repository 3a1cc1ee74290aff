//! Group scores and the score of the whole, as NetflixACAJudge-v1.0 adds them up.

use super::KayentaError;
use super::request::Thresholds;
use super::response::{GroupScore, Label, MetricResult, Score, ScoreClass};

/// Share of metrics without data that fails the canary, in percent.
const NODATA_PERCENT: f64 = 50.0;

/// Scores what is not muted. Critical failures come first, then too much missing data, then the weighted sum.
///
/// # Errors
/// A metric without the key `groups`.
pub(super) fn score(
    results: &[MetricResult],
    weights: &[(String, f64)],
    thresholds: Thresholds,
) -> Result<(Vec<GroupScore>, Score), KayentaError> {
    let judged: Vec<&MetricResult> = results.iter().filter(|r| !r.muted).collect();
    let groups = group_scores(&judged)?;
    let (score, reason) = if let Some(failure) = judged.iter().find(|r| r.critical && r.classification != Label::Pass) {
        (0.0, format!("Canary Failed: {}", failure.reason.as_deref().unwrap_or("null")))
    } else if too_many_without_data(&judged) {
        (0.0, format!("Canary Failed: {NODATA_PERCENT}% or more metrics returned NODATA"))
    } else {
        (round(summary(&groups, weights)), String::new())
    };
    let score = Score { score, classification: class(score, thresholds), classification_reason: reason };
    let groups = groups.into_iter().map(|g| GroupScore {
        score: g.percent().unwrap_or(0.0),
        name: g.name,
        classification: String::new(),
        classification_reason: String::new(),
    });
    Ok((groups.collect(), score))
}

/// The class of a score: pass is asked first, so with marginal above pass nothing is marginal.
pub(super) fn class(score: f64, thresholds: Thresholds) -> ScoreClass {
    if score >= thresholds.pass {
        ScoreClass::Pass
    } else if score >= thresholds.marginal {
        ScoreClass::Marginal
    } else {
        ScoreClass::Fail
    }
}

struct Group {
    name: String,
    pass: u64,
    total: u64,
}

impl Group {
    /// `None` when nothing in the group counts.
    fn percent(&self) -> Option<f64> {
        (self.total > 0).then(|| self.pass as f64 / self.total as f64 * 100.0)
    }
}

/// A metric counts in each of its groups, as often as it is named; Nodata and Error count nowhere.
fn group_scores(judged: &[&MetricResult]) -> Result<Vec<Group>, KayentaError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut position = std::collections::BTreeMap::new();
    for result in judged {
        let missing = || format!("groups of the metric {}", result.name.as_deref().unwrap_or("null"));
        for name in result.groups.as_ref().ok_or_else(|| KayentaError::missing(missing()))? {
            let at = *position.entry(name.as_str()).or_insert_with(|| {
                groups.push(Group { name: name.clone(), pass: 0, total: 0 });
                groups.len() - 1
            });
            groups[at].pass += u64::from(result.classification == Label::Pass);
            groups[at].total += u64::from(!matches!(result.classification, Label::Nodata | Label::Error));
        }
    }
    in_map_order(&mut groups, |g| &g.name);
    Ok(groups)
}

/// Exactly half is too many; none of none is not.
fn too_many_without_data(judged: &[&MetricResult]) -> bool {
    let without = judged.iter().filter(|r| r.classification == Label::Nodata).count();
    without as f64 / judged.len() as f64 * 100.0 >= NODATA_PERCENT
}

/// The weighted sum. Groups without a weight share what all configured weights, also of groups that do not occur, leave of
/// 100; nothing is checked or normalised. A group in which nothing counts is as good as one that passes.
fn summary(groups: &[Group], weights: &[(String, f64)]) -> f64 {
    let weight_of = |group: &Group| weights.iter().find(|(name, _)| *name == group.name).map(|(_, w)| *w);
    let mut ordered: Vec<&(String, f64)> = weights.iter().collect();
    in_map_order(&mut ordered, |w| &w.0);
    let given = ordered.iter().fold(0.0, |sum, (_, w)| sum + w);
    let unweighted = groups.iter().filter(|g| weight_of(g).is_none()).count();
    let share = if unweighted > 0 { (100.0 - given) / unweighted as f64 } else { 0.0 };
    groups
        .iter()
        .fold(0.0, |sum, group| sum + group.percent().unwrap_or(100.0) * (weight_of(group).unwrap_or(share) / 100.0))
}

/// Puts entries into the order in which a Scala 2.12 immutable map of their names is walked: as inserted up to four, from
/// five on by five bits of the mixed hash after another. Sums are taken in that order, and it can decide the last cent.
fn in_map_order<T>(entries: &mut [T], name: impl Fn(&T) -> &String) {
    if entries.len() <= 4 {
        return;
    }
    entries.sort_by_cached_key(|entry| {
        let hash = mixed(name(entry).encode_utf16().fold(0i32, |h, c| h.wrapping_mul(31).wrapping_add(i32::from(c))));
        [0, 5, 10, 15, 20, 25, 30].map(|shift| (hash >> shift) & 31)
    });
}

/// Scala 2.12's improvement of a hash code, in unsigned arithmetic.
fn mixed(hash: i32) -> u32 {
    let mut h = hash as u32;
    h = h.wrapping_add(!(h << 9));
    h ^= h >> 14;
    h = h.wrapping_add(h << 4);
    h ^ (h >> 10)
}

/// Rounds to two decimals, half away from zero, on the shortest decimal digits of the number and not on its binary value.
fn round(v: f64) -> f64 {
    if !v.is_finite() {
        return v;
    }
    let text = format!("{:?}", v.abs());
    let (digits, exponent) = match text.split_once('e') {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().unwrap_or(0)),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // v is 0.DIGITS times ten to the point.
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    let point = whole.len() as i32 + exponent;
    let kept = point + 2;
    if kept >= digits.len() as i32 {
        return v;
    }
    if kept < 0 {
        return 0.0 * v;
    }
    let kept = kept as usize;
    let mut rounded: Vec<u8> = std::iter::once(0).chain(digits[..kept].iter().copied()).collect();
    if digits[kept] >= 5 {
        let mut at = kept;
        while rounded[at] == 9 {
            rounded[at] = 0;
            at -= 1;
        }
        rounded[at] += 1;
    }
    let rounded: String = rounded.iter().map(|d| char::from(d + b'0')).collect();
    let magnitude: f64 = format!("{rounded}e-2").parse().unwrap_or(v.abs());
    if magnitude == 0.0 { 0.0 * v } else { magnitude.copysign(v) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_on_decimal_digits() {
        let cases = [
            (31.415, 31.42),
            (66.66666666666666, 66.67),
            (99.995, 100.0),
            (-0.005, -0.01),
            (0.004999, 0.0),
            (1e-9, 0.0),
            (0.05, 0.05),
            (1.005, 1.01),
            (123456789.125, 123456789.13),
            (1e300, 1e300),
            (5e-324, 0.0),
        ];
        for (v, expected) in cases {
            assert_eq!(round(v), expected, "{v}");
        }
        assert!(round(f64::NAN).is_nan());
        assert!(round(-0.001).is_sign_negative());
    }

    #[test]
    fn six_groups_stand_in_scalas_order() {
        let mut names: Vec<String> = (0..6).map(|k| format!("group{k}")).collect();
        in_map_order(&mut names, |n| n);
        assert_eq!(names, ["group2", "group3", "group0", "group4", "group1", "group5"]);
    }

    proptest! {
        #[test]
        fn rounding_moves_by_at_most_half_a_cent_and_is_idempotent(v in -1e6..1e6f64) {
            let once = round(v);
            prop_assert!((once - v).abs() <= 0.005 + 1e-9);
            prop_assert_eq!(round(once), once);
        }
    }
}
