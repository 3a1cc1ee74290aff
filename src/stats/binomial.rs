//! One proportion: intervals, and exact tests against a threshold.
//!
//! `events` of `trials` succeed. Where a function takes them as `f64`, effective counts (divided by a design effect) are
//! welcome: the tails are incomplete beta functions and continue between the integers. `alpha` is one-sided: an interval
//! has level `1 - 2 alpha`, and each of its ends is a one-sided bound at `alpha`.
//!
//! Sources: Wilson 1927; Clopper & Pearson 1934; Brown, Cai & DasGupta 2001 (Jeffreys, Agresti-Coull); Loader 2000 (the
//! binomial density by deviance).

use super::boundary::{Look, flip};
use super::special::{beta_inc, beta_inc_inv, ln_gamma, norm_isf};
use super::{Alternative, Confidence, Unanswerable};

/// Tells whether a proportion differs from a threshold: the exact binomial p-value. O(1), two-sided O(log n).
///
/// One-sided p-values are tails of Binomial(`trials`, `threshold`). The two-sided one adds the outcomes of the other tail
/// that are no likelier than the one seen (SciPy's and R's rule).
///
/// ```
/// use serinus::stats::{Alternative, binomial::binomial_test};
/// // 3 errors in 1,000 requests: are errors rarer than 1 %?
/// let p = binomial_test(3, 1000, 0.01, Alternative::Less)?;
/// assert!((p - 0.010072654772).abs() < 1e-9);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `trials` is 0, `events` exceeds `trials`, or `threshold` lies outside [0, 1].
pub fn binomial_test(events: u64, trials: u64, threshold: f64, alternative: Alternative) -> Result<f64, Unanswerable> {
    let (x, n) = (events as f64, trials as f64);
    check_counts("binomial_test", x, n)?;
    if !(0.0..=1.0).contains(&threshold) {
        return Err(Unanswerable::Argument {
            argument: "threshold",
            value: threshold,
            expected: "it has to lie in [0, 1]",
        });
    }
    let (p, q) = (threshold, 1.0 - threshold);
    let (less, greater) = tails(x, n, p, q);
    Ok(match alternative {
        Alternative::Less => less,
        Alternative::Greater => greater,
        Alternative::TwoSided => two_sided(events, trials, p, q),
    })
}

/// Sums the outcomes that are no likelier than `events`. Two likelihoods within 1e-7 of each other count as equal, as R has it.
pub(crate) fn two_sided(events: u64, trials: u64, p: f64, q: f64) -> f64 {
    const EQUALLY_LIKELY: f64 = 1e-7;
    let (x, n) = (events as f64, trials as f64);
    let (less, greater) = tails(x, n, p, q);
    if x == n * p {
        return 1.0;
    }
    let seen = ln_pmf(x, n, p, q) + EQUALLY_LIKELY;
    let no_likelier = |k: u64| ln_pmf(k as f64, n, p, q) <= seen;
    let total = if x < n * p {
        // The density falls beyond the mode: find the first outcome on the far side that is no likelier.
        let (mut low, mut high) = ((n * p).ceil() as u64, trials + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if no_likelier(middle) { high = middle } else { low = middle + 1 }
        }
        if low > trials { less } else { less + tails(low as f64, n, p, q).1 }
    } else {
        let (mut low, mut high) = (0, (n * p).floor() as u64 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if no_likelier(middle) { low = middle + 1 } else { high = middle }
        }
        if low == 0 { greater } else { greater + tails((low - 1) as f64, n, p, q).0 }
    };
    total.min(1.0)
}

/// Wilson's score interval: the proportions that a score test at `alpha` keeps.
///
/// Roots of `(x/n - p)^2 = z^2 p (1 - p) / n`. Never empty and never outside [0, 1]; 0 events give exactly 0 below.
///
/// ```
/// let found = serinus::stats::binomial::wilson(0.0, 60.0, 0.025)?;
/// assert_eq!(found.low, 0.0);
/// assert!((found.high - 0.060171852142).abs() < 1e-11);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `trials` is not positive, `events` lies outside [0, `trials`], or `alpha` outside (0, 0.5).
pub fn wilson(events: f64, trials: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    check_counts("wilson", events, trials)?;
    let z = norm_isf(check_alpha(alpha)?);
    Ok(Confidence {
        low: wilson_low(events, trials, z),
        high: wilson_high(events, trials, z),
        level: 1.0 - 2.0 * alpha,
    })
}

/// The smaller root, without cancellation.
fn wilson_low(x: f64, n: f64, z: f64) -> f64 {
    let sum = 2.0 * x + z * z + z * (z * z + 4.0 * x * ((n - x) / n)).sqrt();
    2.0 * x * (x / n) / sum
}

/// The larger root: directly where it is small, else as the complement, which is exactly 1 when every trial is an event.
fn wilson_high(x: f64, n: f64, z: f64) -> f64 {
    if x > 0.5 * n {
        return 1.0 - wilson_low(n - x, n, z);
    }
    (2.0 * x + z * z + z * (z * z + 4.0 * x * ((n - x) / n)).sqrt()) / (2.0 * (n + z * z))
}

/// Clopper and Pearson's exact interval: the proportions that the exact binomial test at `alpha` keeps.
///
/// The ends solve `P(X >= events; low) = alpha` and `P(X <= events; high) = alpha`, and agree with [`binomial_test`]
/// to the last float. 0 events give `high = 1 - alpha^(1/n)`.
///
/// ```
/// let found = serinus::stats::binomial::clopper_pearson(3.0, 1000.0, 0.025)?;
/// assert!((found.low - 0.00061909993164957).abs() < 1e-12);
/// assert!((found.high - 0.008742023238478).abs() < 1e-12);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `trials` is not positive, `events` lies outside [0, `trials`], or `alpha` outside (0, 0.5).
pub fn clopper_pearson(events: f64, trials: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    check_counts("clopper_pearson", events, trials)?;
    let z = norm_isf(check_alpha(alpha)?);
    let (x, n) = (events, trials);
    // Where to begin: Wilson's ends, half an event further out.
    let low_near = wilson_low((x - 0.5).max(0.0), n, z);
    let high_near = wilson_high((x + 0.5).min(n), n, z);
    let reach = 0.05 * (high_near - low_near);
    let low = if x <= 0.0 {
        0.0
    } else {
        flip(0.0, 1.0, low_near, reach, |p| {
            let greater = tails(x, n, p, 1.0 - p).1;
            Look { before: greater <= alpha, value: (alpha / greater).ln() }
        })
        .after
    };
    let high = if x >= n {
        1.0
    } else {
        flip(0.0, 1.0, high_near, reach, |p| {
            let less = tails(x, n, p, 1.0 - p).0;
            Look { before: less > alpha, value: (less / alpha).ln() }
        })
        .before
    };
    Ok(Confidence { low, high, level: 1.0 - 2.0 * alpha })
}

/// Jeffreys' interval: the central posterior interval under a Beta(1/2, 1/2) prior. Shorter than the exact one, for display.
///
/// ```
/// let found = serinus::stats::binomial::jeffreys(45.0, 60.0, 0.025)?;
/// assert!((found.low - 0.63048469).abs() < 1e-7 && (found.high - 0.84605932).abs() < 1e-7);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `trials` is not positive, `events` lies outside [0, `trials`], or `alpha` outside (0, 0.5).
pub fn jeffreys(events: f64, trials: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    check_counts("jeffreys", events, trials)?;
    check_alpha(alpha)?;
    let (a, b) = (events + 0.5, trials - events + 0.5);
    Ok(Confidence {
        low: beta_inc_inv(a, b, alpha),
        high: if a < b { beta_inc_inv(a, b, 1.0 - alpha) } else { 1.0 - beta_inc_inv(b, a, alpha) },
        level: 1.0 - 2.0 * alpha,
    })
}

/// Agresti and Coull's interval: Wald's after adding `z^2/2` events and as many non-events, cut to [0, 1].
///
/// ```
/// let found = serinus::stats::binomial::agresti_coull(3.0, 1000.0, 0.025)?;
/// assert!(found.low > 0.0 && found.high < 0.01);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `trials` is not positive, `events` lies outside [0, `trials`], or `alpha` outside (0, 0.5).
pub fn agresti_coull(events: f64, trials: f64, alpha: f64) -> Result<Confidence, Unanswerable> {
    check_counts("agresti_coull", events, trials)?;
    let z = norm_isf(check_alpha(alpha)?);
    let n = trials + z * z;
    let p = (events + 0.5 * z * z) / n;
    let half = z * (p * (1.0 - p) / n).sqrt();
    Ok(Confidence { low: (p - half).max(0.0), high: (p + half).min(1.0), level: 1.0 - 2.0 * alpha })
}

/// How many trials without a single event show, at `alpha`, a proportion below `threshold`: `ln(alpha) / ln(1 - threshold)`.
///
/// ```
/// use serinus::stats::binomial::trials_without_events;
/// assert_eq!(trials_without_events(0.01, 0.05)?, 299);
/// assert_eq!(trials_without_events(0.001, 0.05)?, 2995);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// `threshold` lies outside (0, 1), or `alpha` outside (0, 0.5).
pub fn trials_without_events(threshold: f64, alpha: f64) -> Result<u64, Unanswerable> {
    check_alpha(alpha)?;
    if !(threshold > 0.0 && threshold < 1.0) {
        return Err(Unanswerable::Argument {
            argument: "threshold",
            value: threshold,
            expected: "it has to lie in (0, 1)",
        });
    }
    Ok((alpha.ln() / (-threshold).ln_1p()).ceil() as u64)
}

/// `P(X <= x)` and `P(X >= x)` for X binomial(n, p), both directly; q is 1 - p, given to full accuracy.
pub(crate) fn tails(x: f64, n: f64, p: f64, q: f64) -> (f64, f64) {
    (at_most(x, n, p, q), at_most(n - x, n, q, p))
}

/// `P(X <= x) = I_q(n - x, x + 1)`.
fn at_most(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if x >= n || p <= 0.0 {
        return 1.0;
    }
    if q <= 0.0 {
        return 0.0;
    }
    if x <= 0.0 {
        return ln_pmf(0.0, n, p, q).exp();
    }
    // 1 - q has lost the digits of a small p; then the complement is the sharper one, unless it is nearly all.
    if p < 0.5 {
        let above = beta_inc(x + 1.0, n - x, p);
        if above < 0.9 {
            return 1.0 - above;
        }
    }
    beta_inc(n - x, x + 1.0, q)
}

/// log P(X = x) for X binomial(n, p), by deviances (Loader 2000): no large numbers cancel at any n.
pub(crate) fn ln_pmf(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return if x == 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if q <= 0.0 {
        return if x == n { 0.0 } else { f64::NEG_INFINITY };
    }
    let log = |p: f64, q: f64| if p < 0.5 { p.ln() } else { (-q).ln_1p() };
    if x <= 0.0 {
        return n * log(q, p);
    }
    if x >= n {
        return n * log(p, q);
    }
    let rest = n - x;
    let scale = stirling_error(n) - stirling_error(x) - stirling_error(rest);
    let misfit = deviance(x, n * p) + deviance(rest, n * q);
    scale - misfit - 0.5 * (std::f64::consts::TAU * x * (rest / n)).ln()
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)`, Stirling's series from 16 on.
fn stirling_error(n: f64) -> f64 {
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
    if n <= 16.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - HALF_LN_TAU;
    }
    let n2 = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / n2) / n2) / n2) / n2) / n
}

/// `x ln(x/m) + m - x`, by its series where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let gap = x - m;
    if gap.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = gap / (x + m);
    let mut sum = gap * v;
    let mut power = 2.0 * x * v;
    for j in 1..1000 {
        power *= v * v;
        let next = sum + power / (2 * j + 1) as f64;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// Counts have to be finite, with trials positive and events among them.
pub(crate) fn check_counts(test: &'static str, events: f64, trials: f64) -> Result<(), Unanswerable> {
    if trials == 0.0 {
        return Err(Unanswerable::Undefined { test, why: "there are no trials" });
    }
    if !(trials > 0.0 && trials.is_finite()) {
        return Err(Unanswerable::Argument {
            argument: "trials",
            value: trials,
            expected: "it has to be positive and finite",
        });
    }
    if !(events >= 0.0 && events <= trials) {
        return Err(Unanswerable::Argument {
            argument: "events",
            value: events,
            expected: "it has to lie between 0 and the number of trials",
        });
    }
    Ok(())
}

/// A one-sided level.
pub(crate) fn check_alpha(alpha: f64) -> Result<f64, Unanswerable> {
    if alpha > 0.0 && alpha < 0.5 {
        Ok(alpha)
    } else {
        Err(Unanswerable::Argument {
            argument: "alpha",
            value: alpha,
            expected: "it has to lie in (0, 0.5), one-sided",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, rel: f64) {
        assert!((found - expected).abs() <= rel * expected.abs(), "{found:e}, expected {expected:e}");
    }

    #[test]
    fn the_density_sums_to_one_and_keeps_its_digits_at_a_thousand_million_trials() {
        let total: f64 = (0..=40).map(|k| ln_pmf(k as f64, 40.0, 0.3, 0.7).exp()).sum();
        close(total, 1.0, 1e-13);
        // Poisson limit: Bin(1e9, 1e-9) at 3 is e^-1 / 6 to nine digits.
        close(ln_pmf(3.0, 1e9, 1e-9, 1.0 - 1e-9).exp(), (-1f64).exp() / 6.0, 1e-8);
        close(ln_pmf(0.0, 1e9, 1e-9, 1.0 - 1e-9).exp(), (-1f64).exp(), 1e-9);
    }

    #[test]
    fn the_exact_interval_and_the_exact_test_agree_at_the_ends() {
        for (x, n) in [(0u64, 20u64), (1, 20), (7, 20), (20, 20), (3, 1000), (999, 1000)] {
            let alpha = 0.05;
            let found = clopper_pearson(x as f64, n as f64, alpha).expect("counts are valid");
            if x > 0 {
                assert!(binomial_test(x, n, found.low, Alternative::Greater).expect("valid") > alpha);
                assert!(binomial_test(x, n, found.low.next_down(), Alternative::Greater).expect("valid") <= alpha);
            }
            if x < n {
                assert!(binomial_test(x, n, found.high, Alternative::Less).expect("valid") > alpha);
                assert!(binomial_test(x, n, found.high.next_up(), Alternative::Less).expect("valid") <= alpha);
            }
        }
    }

    #[test]
    fn zero_events_have_the_closed_form() {
        for (n, alpha) in [(60.0, 0.025), (1e9, 0.05), (12.5, 0.01)] {
            let found = clopper_pearson(0.0, n, alpha).expect("counts are valid");
            assert_eq!(found.low, 0.0);
            close(found.high, -(alpha.ln() / n).exp_m1(), 1e-9);
        }
    }

    #[test]
    fn swapping_events_for_non_events_mirrors_every_interval() {
        for interval in [wilson, clopper_pearson, jeffreys, agresti_coull] {
            for (x, n) in [(0.0, 7.0), (2.0, 7.0), (3.5, 7.0), (40.0, 1000.0)] {
                let (a, b) = (interval(x, n, 0.05).expect("valid"), interval(n - x, n, 0.05).expect("valid"));
                assert!((a.low - (1.0 - b.high)).abs() < 1e-9 && (a.high - (1.0 - b.low)).abs() < 1e-9, "{x} {n}");
                assert!(a.low <= a.high && a.low >= 0.0 && a.high <= 1.0);
            }
        }
    }

    #[test]
    fn the_two_sided_test_counts_equally_likely_outcomes() {
        // Symmetric: 2 of 10 and 8 of 10 are equally likely under one half.
        let p = binomial_test(2, 10, 0.5, Alternative::TwoSided).expect("valid");
        close(p, 0.109375, 1e-12);
        // R: binom.test(3, 10, 0.1)
        close(binomial_test(3, 10, 0.1, Alternative::TwoSided).expect("valid"), 0.0701908264, 1e-9);
        assert_eq!(binomial_test(0, 10, 0.0, Alternative::TwoSided).expect("valid"), 1.0);
        assert_eq!(binomial_test(1, 10, 0.0, Alternative::TwoSided).expect("valid"), 0.0);
    }

    #[test]
    fn nonsense_is_refused_and_named() {
        assert!(wilson(3.0, 2.0, 0.05).is_err());
        assert!(wilson(f64::NAN, 2.0, 0.05).is_err());
        assert!(clopper_pearson(1.0, f64::INFINITY, 0.05).is_err());
        assert!(clopper_pearson(0.0, 0.0, 0.05).is_err());
        assert!(jeffreys(1.0, 2.0, 0.7).is_err());
        assert!(binomial_test(1, 2, f64::NAN, Alternative::Less).is_err());
    }
}
