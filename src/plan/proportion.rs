//! Plans for proportions: variances at the boundary, and the rule of three where nothing ever happens.

use super::behaviour::{ProportionVariance, distance};
use super::claim::{Better, Question, Size};
use super::contrast::{Contrast, undefined};
use super::design::Design;
use crate::arms::Arms;
use crate::stats::Unanswerable;

/// The contrast of one question about a proportion.
pub(super) fn contrast(
    p: f64,
    variance: ProportionVariance,
    question: &Question,
    design: &Design,
) -> Result<Contrast, Unanswerable> {
    let canary = p + question.change.absolute(Some(p))?;
    if !(0.0..=1.0).contains(&canary) {
        let expected = "baseline plus change has to lie in [0, 1]";
        return Err(Unanswerable::Argument { argument: "change", value: canary, expected });
    }
    if p == 0.0 && matches!(question.margin, Size::Relative(r) if r > 0.0) {
        return Err(undefined("a share of a proportion of 0 is nothing; give an absolute margin"));
    }
    let (distance, rho) = distance(Some(p), question)?;
    let truth = Arms { baseline: rho * rho * bernoulli(p), canary: bernoulli(canary) };
    let plain = Contrast::plain(distance, truth);
    if variance == ProportionVariance::Unpooled {
        return Ok(plain);
    }
    let sign = question.better.sign();
    let at = match question.margin {
        Size::Relative(_) => restricted_by_ratio(canary, p, design.allocation, rho),
        Size::Absolute(margin) => {
            if margin >= 1.0 {
                return Err(undefined("a margin of 1 excludes nothing"));
            }
            restricted_by_difference(canary, p, design.allocation, -sign * margin)
        }
    };
    let null = Arms { baseline: rho * rho * bernoulli(at.baseline), canary: bernoulli(at.canary) };
    let nothing_happens = truth.baseline == 0.0 && truth.canary == 0.0;
    let floor = match (nothing_happens && !question.harm, question.margin, question.better) {
        (true, Size::Absolute(margin), Better::Lower) if p == 0.0 => none_in(margin, design),
        (true, Size::Absolute(margin), Better::Higher) if p == 1.0 => none_in(margin, design),
        _ => 0.0,
    };
    Ok(Contrast { null, floor, ..plain })
}

/// The contrast of a limit on the canary's proportion: max for sign +1, min for -1.
pub(super) fn limit(p: f64, limit: f64, sign: f64, design: &Design) -> Contrast {
    let alone = |variance: f64| Arms { baseline: 0.0, canary: variance };
    let at = limit.clamp(0.0, 1.0);
    let never = if sign > 0.0 { p == 0.0 } else { p == 1.0 };
    let floor = if never { none_in(if sign > 0.0 { at } else { 1.0 - at }, design) } else { 0.0 };
    Contrast {
        distance: sign * (limit - p),
        null: alone(bernoulli(at)),
        truth: alone(bernoulli(p)),
        inflation: 1.0,
        floor,
    }
}

/// Rows without an event that show a probability below `p`: ln(alpha)/ln(1 - p), the rule of three made exact.
fn none_in(p: f64, design: &Design) -> f64 {
    (design.tail().ln() / (-p).ln_1p()).ceil().max(1.0) * design.design_effect
}

fn bernoulli(p: f64) -> f64 {
    p * (1.0 - p)
}

/// Most likely pair with canary - baseline = d, by bisection of the score of the restricted likelihood.
///
/// Farrington and Manning (1990, section 2) solve the same equation as a cubic; the bisection has no cancellation
/// at allocations of 1 : 10^4.
fn restricted_by_difference(canary: f64, baseline: f64, allocation: f64, d: f64) -> Arms<f64> {
    let (low, high) = ((-d).max(0.0), (1.0 - d).min(1.0));
    // d log L / d p at baseline probability p; decreasing in p.
    let score = |p: f64| {
        let part = |observed: f64, p: f64| {
            (if observed > 0.0 { observed / p } else { 0.0 })
                - (if observed < 1.0 { (1.0 - observed) / (1.0 - p) } else { 0.0 })
        };
        part(canary, (p + d).clamp(0.0, 1.0)) + allocation * part(baseline, p)
    };
    let at = bisect(low, high, score);
    Arms { baseline: at, canary: (at + d).clamp(0.0, 1.0) }
}

/// Most likely pair with canary = rho x baseline: the smaller root of
/// N rho p^2 - (m rho + a + n + b rho) p + (a + b) = 0 (Miettinen and Nurminen 1985), here per canary row.
fn restricted_by_ratio(canary: f64, baseline: f64, allocation: f64, rho: f64) -> Arms<f64> {
    let a = (1.0 + allocation) * rho;
    let b = rho + canary + allocation + allocation * baseline * rho;
    let c = canary + allocation * baseline;
    if a <= 0.0 {
        return Arms { baseline: (c / b).clamp(0.0, 1.0), canary: 0.0 };
    }
    let root = 2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt());
    let at = root.clamp(0.0, 1.0_f64.min(1.0 / rho));
    Arms { baseline: at, canary: (rho * at).clamp(0.0, 1.0) }
}

/// Root of a decreasing function; an end where it keeps its sign.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_margin_the_restricted_pair_is_the_pooled_proportion() {
        let found = restricted_by_difference(0.05, 0.03, 1.0, 0.0);
        assert!((found.canary - 0.04).abs() < 1e-12 && (found.baseline - 0.04).abs() < 1e-12);
        let ratio = restricted_by_ratio(0.05, 0.03, 9.0, 1.0);
        assert!((ratio.baseline - 0.032).abs() < 1e-12);
    }

    #[test]
    fn the_restricted_pair_agrees_with_farrington_and_manning() {
        // Their cubic in closed form, as a second way.
        let (p1, p2, th, d) = (0.2_f64, 0.1_f64, 4.0_f64, 0.15_f64);
        let a = 1.0 + th;
        let b = -(1.0 + th + p1 + th * p2 + d * (th + 2.0));
        let c = d * d + d * (2.0 * p1 + th + 1.0) + p1 + th * p2;
        let e = -p1 * d * (1.0 + d);
        let v = b.powi(3) / (27.0 * a.powi(3)) - b * c / (6.0 * a * a) + e / (2.0 * a);
        let u = v.signum() * (b * b / (9.0 * a * a) - c / (3.0 * a)).sqrt();
        let w = (std::f64::consts::PI + (v / u.powi(3)).clamp(-1.0, 1.0).acos()) / 3.0;
        let p = 2.0 * u * w.cos() - b / (3.0 * a);
        assert!((restricted_by_difference(p1, p2, th, d).canary - p).abs() < 1e-12);
    }

    #[test]
    fn no_event_ever_needs_the_rule_of_three() {
        let design = Design::default();
        let found = limit(0.0, 0.01, 1.0, &design).canary_rows(&design);
        assert_eq!(found, Ok(299.0));
    }
}
