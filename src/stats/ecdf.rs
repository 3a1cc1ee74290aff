//! Both arms' empirical distribution functions as one staircase: what is at most each distinct pooled value.

use super::{Unanswerable, rank};
use crate::arms::{Arm, Arms};

/// Which values a statistic can use besides finite ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admit {
    /// Only the order matters, so infinite values are values.
    Infinite,
    /// Distances matter, so values are finite.
    Finite,
}

/// Refuses NaN, and infinite values where they mean nothing.
pub(crate) fn check(test: &'static str, arm: Arm, values: &[f64], admit: Admit) -> Result<(), Unanswerable> {
    let bad = |v: &f64| v.is_nan() || (admit == Admit::Finite && v.is_infinite());
    match values.iter().position(bad) {
        Some(index) => Err(Unanswerable::NonFinite { test, arm, index, value: values[index] }),
        None => Ok(()),
    }
}

/// Refuses an arm with fewer than `needed` of something.
pub(crate) fn enough(
    test: &'static str,
    what: &'static str,
    arm: Arm,
    needed: u64,
    found: usize,
) -> Result<(), Unanswerable> {
    let found = found as u64;
    if found < needed { Err(Unanswerable::TooFew { test, what, arm, needed, found }) } else { Ok(()) }
}

/// Both arms checked, not empty, and in ascending order.
pub(crate) fn sorted_arms(
    test: &'static str,
    x: &[f64],
    y: &[f64],
    admit: Admit,
) -> Result<Arms<Vec<f64>>, Unanswerable> {
    enough(test, "rows", Arm::Canary, 1, x.len())?;
    enough(test, "rows", Arm::Baseline, 1, y.len())?;
    check(test, Arm::Canary, x, admit)?;
    check(test, Arm::Baseline, y, admit)?;
    Ok(Arms { canary: rank::sorted(x), baseline: rank::sorted(y) })
}

/// A distinct pooled value, with how many of each arm are at most it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// The value.
    pub value: f64,
    /// Canary values at most `value`.
    pub canary: usize,
    /// Baseline values at most `value`.
    pub baseline: usize,
}

/// The staircase of two arms in ascending order. O(N).
pub(crate) fn steps<'a>(sorted: &'a Arms<Vec<f64>>) -> impl Iterator<Item = Step> + 'a {
    steps_of(&sorted.canary, &sorted.baseline)
}

/// [`steps`] of two slices.
pub(crate) fn steps_of<'a>(x: &'a [f64], y: &'a [f64]) -> impl Iterator<Item = Step> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        let value = match (x.get(i), y.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) => a,
            (None, Some(&b)) => b,
            (None, None) => return None,
        };
        while x.get(i) == Some(&value) {
            i += 1;
        }
        while y.get(j) == Some(&value) {
            j += 1;
        }
        Some(Step { value, canary: i, baseline: j })
    })
}

/// A distinct pooled value, with the share of each arm's weight that is at most it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ShareStep {
    /// The value.
    pub value: f64,
    /// Share of the canary's weight at most `value`, 1 at the last step.
    pub canary: f64,
    /// Share of the baseline's weight at most `value`, 1 at the last step.
    pub baseline: f64,
}

/// The staircase of two arms as shares, each row weighing 1.
pub(crate) fn shares<'a>(sorted: &'a Arms<Vec<f64>>) -> impl Iterator<Item = ShareStep> + 'a {
    shares_of(&sorted.canary, &sorted.baseline)
}

/// [`shares`] of two slices.
pub(crate) fn shares_of<'a>(x: &'a [f64], y: &'a [f64]) -> impl Iterator<Item = ShareStep> + 'a {
    let (m, n) = (x.len() as f64, y.len() as f64);
    steps_of(x, y).map(move |s| ShareStep {
        value: s.value,
        canary: s.canary as f64 / m,
        baseline: s.baseline as f64 / n,
    })
}

/// The staircase of two weighted arms as shares. Weights are finite, not negative, and one a row. O(N log N).
pub(crate) fn weighted_shares(
    test: &'static str,
    values: Arms<&[f64]>,
    weights: Arms<&[f64]>,
    admit: Admit,
) -> Result<Vec<ShareStep>, Unanswerable> {
    let canary = weighted_arm(test, Arm::Canary, values.canary, weights.canary, admit)?;
    let baseline = weighted_arm(test, Arm::Baseline, values.baseline, weights.baseline, admit)?;
    let (mut i, mut j) = (0, 0);
    let (mut below_x, mut below_y) = (0.0, 0.0);
    let mut out = Vec::new();
    while i < canary.len() || j < baseline.len() {
        let value = match (canary.get(i), baseline.get(j)) {
            (Some(a), Some(b)) => a.0.min(b.0),
            (Some(a), None) => a.0,
            (None, Some(b)) => b.0,
            (None, None) => break,
        };
        while i < canary.len() && canary[i].0 == value {
            below_x = canary[i].1;
            i += 1;
        }
        while j < baseline.len() && baseline[j].0 == value {
            below_y = baseline[j].1;
            j += 1;
        }
        out.push(ShareStep { value, canary: below_x, baseline: below_y });
    }
    Ok(out)
}

/// One arm's values in ascending order with the share of weight up to each.
fn weighted_arm(
    test: &'static str,
    arm: Arm,
    values: &[f64],
    weights: &[f64],
    admit: Admit,
) -> Result<Vec<(f64, f64)>, Unanswerable> {
    enough(test, "rows", arm, 1, values.len())?;
    check(test, arm, values, admit)?;
    if weights.len() != values.len() {
        return Err(Unanswerable::Argument {
            argument: "weights",
            value: weights.len() as f64,
            expected: "it has to hold one weight a row",
        });
    }
    if let Some(&value) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
        return Err(Unanswerable::Argument {
            argument: "weights",
            value,
            expected: "it has to be finite and at least 0",
        });
    }
    let largest = weights.iter().fold(0.0, |a: f64, &b| a.max(b));
    if largest == 0.0 {
        return Err(Unanswerable::TooFew { test, what: "rows with weight", arm, needed: 1, found: 0 });
    }
    let mut rows: Vec<(f64, f64)> =
        values.iter().zip(weights).filter(|(_, w)| **w > 0.0).map(|(v, w)| (v + 0.0, w / largest)).collect();
    // The weight breaks ties of value, so that the order of rows leaves no trace in the sums.
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut below = 0.0;
    for row in &mut rows {
        below += row.1;
        row.1 = below;
    }
    for row in &mut rows {
        row.1 /= below;
    }
    Ok(rows)
}

/// Kish's effective number of rows, (sum w)^2 / sum w^2: how many equally weighted rows the weights are worth.
///
/// Kish (1965), Survey Sampling. `None` when no weight is positive or one is not finite.
pub fn kish_size(weights: &[f64]) -> Option<f64> {
    let largest = weights.iter().fold(0.0, |a: f64, &b| a.max(b));
    if !(largest > 0.0 && largest.is_finite()) || weights.iter().any(|w| w.is_nan() || *w < 0.0) {
        return None;
    }
    let (sum, squares) = weights.iter().map(|w| w / largest).fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
    Some(sum * sum / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_count_ties_of_both_arms_at_once() {
        let sorted = sorted_arms("test", &[2.0, -0.0, 2.0], &[0.0, 3.0], Admit::Finite).unwrap();
        let all: Vec<Step> = steps(&sorted).collect();
        assert_eq!(
            all,
            [
                Step { value: 0.0, canary: 1, baseline: 1 },
                Step { value: 2.0, canary: 3, baseline: 1 },
                Step { value: 3.0, canary: 3, baseline: 2 },
            ]
        );
    }

    #[test]
    fn equal_weights_are_no_weights() {
        let (x, y) = ([1.0, 4.0, 2.0, 2.0], [2.0, 8.0, 3.0]);
        let plain: Vec<ShareStep> = shares(&sorted_arms("test", &x, &y, Admit::Finite).unwrap()).collect();
        let weighted = weighted_shares(
            "test",
            Arms { canary: &x, baseline: &y },
            Arms { canary: &[0.5; 4], baseline: &[3.0; 3] },
            Admit::Finite,
        )
        .unwrap();
        assert_eq!(plain, weighted);
    }

    #[test]
    fn kish_size_of_equal_weights_is_their_number() {
        assert_eq!(kish_size(&[1e300; 7]), Some(7.0));
        assert_eq!(kish_size(&[1.0, 0.0]), Some(1.0));
        assert_eq!(kish_size(&[0.0]), None);
        assert_eq!(kish_size(&[f64::NAN, 1.0]), None);
    }
}
