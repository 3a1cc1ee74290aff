//! Brunner and Munzel's test: is P(canary larger) one half, whatever the spreads?

use serde::{Deserialize, Serialize};

use super::contrast::{Better, check_level};
use super::location::separated_p;
use super::mann_whitney::{RankMargin, RankNonInferiority, at_margin};
use super::rank::{SortedArms, doubled_placements};
use super::special::{norm_cdf, norm_isf, norm_sf, t_isf, t_tails};
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;
use crate::evidence::Method;

mod permutation;

const TEST: &str = "brunner_munzel";

/// The smaller arm from which the t distribution is calibrated; below it the permutation law is preferable.
const SMALL_BELOW: u64 = 10;

/// What the statistic is referred to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Student's t with Satterthwaite's degrees of freedom.
    #[default]
    StudentT,
    /// The normal distribution, for large samples.
    Normal,
    /// The statistic's own law over divisions of the pooled values (Neubert & Brunner 2007), for arms below 10 values.
    /// All divisions when there are at most 100,000, else `draws` random ones.
    Permutation {
        /// Number of random divisions.
        draws: u32,
        /// Seed of their stream.
        seed: u64,
    },
}

/// Options of [`brunner_munzel`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BrunnerMunzel {
    /// The alternative, about the canary.
    pub alternative: Alternative,
    /// What the statistic is referred to.
    pub reference: Reference,
    /// P(X > Y) + P(X = Y)/2 under the null; one half less a little is a margin that needs no unit.
    pub null: f64,
    /// Level of the interval.
    pub level: f64,
}

impl Default for BrunnerMunzel {
    fn default() -> Self {
        let (alternative, reference) = (Alternative::TwoSided, Reference::StudentT);
        BrunnerMunzel { alternative, reference, null: 0.5, level: 0.95 }
    }
}

impl BrunnerMunzel {
    /// These options with another alternative.
    pub fn alternative(self, alternative: Alternative) -> Self {
        BrunnerMunzel { alternative, ..self }
    }

    /// These options with another reference.
    pub fn reference(self, reference: Reference) -> Self {
        BrunnerMunzel { reference, ..self }
    }

    /// These options with another null.
    pub fn null(self, null: f64) -> Self {
        BrunnerMunzel { null, ..self }
    }

    /// These options with another level.
    pub fn level(self, level: f64) -> Self {
        BrunnerMunzel { level, ..self }
    }

    fn check(&self) -> Result<(), Unanswerable> {
        check_level(self.level)?;
        if self.null > 0.0 && self.null < 1.0 {
            return Ok(());
        }
        Err(Unanswerable::Argument { argument: "null", value: self.null, expected: "it has to lie in (0, 1)" })
    }
}

/// Why the statistic does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degenerate {
    /// Every value of one arm lies beyond every value of the other; the p-value is that of the exact rank test.
    Separated,
    /// All pooled values are equal; nothing is shown.
    AllTied,
}

/// What Brunner and Munzel's test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrunnerMunzelTest {
    /// (superiority - null) / standard error; `None` when the standard error is zero.
    pub statistic: Option<f64>,
    /// Satterthwaite's degrees of freedom; `None` when the standard error is zero.
    pub dof: Option<f64>,
    /// p-value of the alternative.
    pub p_value: f64,
    /// P(X > Y) + P(X = Y)/2 in the sample.
    pub superiority: f64,
    /// Standard error of the superiority.
    pub standard_error: f64,
    /// Interval of the superiority on the logit scale, one-sided for a one-sided alternative; `None` when the standard
    /// error is zero. Its ends agree with the test to first order, not exactly.
    pub interval: Option<Confidence>,
    /// Why the statistic does not exist, when it does not.
    pub degenerate: Option<Degenerate>,
    /// Whether an arm has fewer than 10 values, where the t distribution is rough.
    pub small_sample: bool,
    /// Where the p-value came from.
    pub method: Method,
}

/// Whether the canary's values tend to be larger or smaller, with spreads that may differ.
///
/// theta = P(X > Y) + P(X = Y)/2 is compared with one half by the variances of the placements of each arm in the other
/// (Brunner & Munzel 2000); with a 1 % canary whose spread differs, Mann and Whitney's test is not calibrated for equal
/// medians and this one is. Positive statistics mean larger canary values, the opposite of SciPy's sign for
/// `brunnermunzel(canary, baseline)`. Infinite values are legal. Variances come from exact integers.
///
/// DIFFERENCE: where SciPy gives an infinite or NaN statistic, there is none: separated arms take the exact rank
/// test's 1/C(m + n, m), and equal constants p = 1.
///
/// O(N log N); the permutation law O(N) a division.
///
/// ```
/// use serinus::stats::brunner_munzel::{BrunnerMunzel, brunner_munzel};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let slow = [9.0, 10.5, 11.0, 30.0, 9.5, 12.0, 10.0, 14.0, 9.9, 11.1];
/// let fast = [5.0, 6.0, 9.6, 5.5, 6.1, 7.0, 5.9, 8.0, 7.5, 6.6];
/// let test = brunner_munzel(&slow, &fast, &BrunnerMunzel::default())?;
/// assert!(test.superiority > 0.9 && test.p_value < 1e-6);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] below two values in an arm, [`Unanswerable::NonFinite`] for a NaN,
/// [`Unanswerable::Argument`] for a null or level outside (0, 1).
pub fn brunner_munzel(x: &[f64], y: &[f64], options: &BrunnerMunzel) -> Result<BrunnerMunzelTest, Unanswerable> {
    brunner_munzel_sorted(&SortedArms::new(TEST, x, y)?, options)
}

/// [`brunner_munzel`] of arms that are sorted already.
///
/// # Errors
/// As [`brunner_munzel`].
pub fn brunner_munzel_sorted(arms: &SortedArms, options: &BrunnerMunzel) -> Result<BrunnerMunzelTest, Unanswerable> {
    options.check()?;
    let fit = Fit::of(arms)?;
    let tails = fit.tails(arms, options);
    let p_value = tails.p_value(options.alternative);
    Ok(BrunnerMunzelTest {
        statistic: fit.statistic(options.null),
        dof: fit.dof,
        p_value,
        superiority: fit.superiority,
        standard_error: fit.standard_error,
        interval: fit.interval(options),
        degenerate: fit.degenerate(),
        small_sample: fit.m.min(fit.n) < SMALL_BELOW,
        method: tails.method,
    })
}

/// Statistic and p-value of [`brunner_munzel`] without its interval, whose quantile costs more than the rest.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) fn brunner_munzel_alone(
    x: &[f64],
    y: &[f64],
    options: &BrunnerMunzel,
) -> Result<(Option<f64>, f64), Unanswerable> {
    options.check()?;
    let arms = SortedArms::new(TEST, x, y)?;
    let fit = Fit::of(&arms)?;
    Ok((fit.statistic(options.null), fit.tails(&arms, options).p_value(options.alternative)))
}

/// Whether the canary is shown to keep a margin, or shown to break it, with spreads that may differ.
///
/// The margin moves the data as in
/// [`mann_whitney_noninferiority`](super::mann_whitney::mann_whitney_noninferiority); then both tails of the statistic
/// are the two p-values. A margin on P(canary larger) itself is the option `null` and a one-sided alternative of
/// [`brunner_munzel`].
///
/// ```
/// use serinus::stats::brunner_munzel::{BrunnerMunzel, brunner_munzel_noninferiority};
/// use serinus::stats::contrast::Better;
/// use serinus::stats::mann_whitney::RankMargin;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline: Vec<f64> = (100..160).map(f64::from).collect();
/// let canary: Vec<f64> = (130..160).map(f64::from).collect();
/// let options = BrunnerMunzel::default();
/// let test = brunner_munzel_noninferiority(&canary, &baseline, Better::Lower, RankMargin::Scale(0.02), &options)?;
/// assert!(test.p_inferior < 0.001);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`brunner_munzel`]; [`Unanswerable::Argument`] for a margin out of its range, [`Unanswerable::Undefined`] for a
/// relative margin on negative values.
pub fn brunner_munzel_noninferiority(
    x: &[f64],
    y: &[f64],
    better: Better,
    margin: RankMargin,
    options: &BrunnerMunzel,
) -> Result<RankNonInferiority, Unanswerable> {
    options.check()?;
    let arms = at_margin(&SortedArms::new(TEST, x, y)?, TEST, better, margin)?;
    let fit = Fit::of(&arms)?;
    let tails = fit.tails(&arms, options);
    let (p_noninferior, p_inferior) = match better {
        Better::Higher => (tails.greater, tails.less),
        Better::Lower => (tails.less, tails.greater),
    };
    let (superiority, u) = (fit.superiority, fit.u);
    Ok(RankNonInferiority { p_noninferior, p_inferior, u, superiority, method: tails.method })
}

/// The estimate and its standard error.
struct Fit {
    m: u64,
    n: u64,
    u: f64,
    superiority: f64,
    /// superiority - 1/2, from exact integers.
    centred: f64,
    standard_error: f64,
    dof: Option<f64>,
}

struct BmTails {
    less: f64,
    greater: f64,
    two_sided: f64,
    method: Method,
}

impl BmTails {
    fn p_value(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.two_sided,
            Alternative::Less => self.less,
            Alternative::Greater => self.greater,
        }
    }
}

impl Fit {
    fn of(arms: &SortedArms) -> Result<Fit, Unanswerable> {
        for (arm, values) in [(Arm::Canary, arms.x()), (Arm::Baseline, arms.y())] {
            if values.len() < 2 {
                let found = values.len() as u64;
                return Err(Unanswerable::TooFew { test: TEST, what: "values", arm, needed: 2, found });
            }
        }
        let (p, q) = doubled_placements(arms.x(), arms.y());
        let (x, y) = (Spread::of(&p), Spread::of(&q));
        Ok(Fit::from_spreads(p.len() as u64, q.len() as u64, &x, &y))
    }

    fn from_spreads(m: u64, n: u64, x: &Spread, y: &Spread) -> Fit {
        let (mf, nf) = (m as f64, n as f64);
        let pairs = u128::from(m) * u128::from(n);
        let (vx, vy) = (x.variance_of_mean(mf, nf), y.variance_of_mean(nf, mf));
        let variance = vx + vy;
        let share = vx / variance;
        let dof =
            (variance > 0.0).then(|| 1.0 / (share * share / (mf - 1.0) + (1.0 - share) * (1.0 - share) / (nf - 1.0)));
        Fit {
            m,
            n,
            u: x.sum as f64 / 2.0,
            superiority: x.sum as f64 / (2 * pairs) as f64,
            centred: (x.sum as i128 - pairs as i128) as f64 / (2 * pairs) as f64,
            standard_error: variance.sqrt(),
            dof,
        }
    }

    fn degenerate(&self) -> Option<Degenerate> {
        match self.dof {
            Some(_) => None,
            None if self.centred == 0.0 => Some(Degenerate::AllTied),
            None => Some(Degenerate::Separated),
        }
    }

    fn statistic(&self, null: f64) -> Option<f64> {
        self.dof.map(|_| (self.centred - (null - 0.5)) / self.standard_error)
    }

    fn tails(&self, arms: &SortedArms, options: &BrunnerMunzel) -> BmTails {
        let (Some(w), Some(dof)) = (self.statistic(options.null), self.dof) else {
            let p = match self.degenerate() {
                Some(Degenerate::Separated) => separated_p(self.m, self.n),
                _ => 1.0,
            };
            let (less, greater) = if self.centred < 0.0 { (p, 1.0) } else { (1.0, p) };
            return BmTails { less, greater, two_sided: (2.0 * p).min(1.0), method: Method::Exact };
        };
        let (less, greater, method) = match options.reference {
            Reference::StudentT => {
                let (less, greater) = t_tails(w, dof);
                (less, greater, Method::Asymptotic)
            }
            Reference::Normal => (norm_cdf(w), norm_sf(w), Method::Asymptotic),
            Reference::Permutation { draws, seed } => permutation::tails(arms, w, draws, seed),
        };
        BmTails { less, greater, two_sided: (2.0 * less.min(greater)).min(1.0), method }
    }

    fn interval(&self, options: &BrunnerMunzel) -> Option<Confidence> {
        let dof = self.dof?;
        let outside = 1.0 - options.level;
        let tail = if options.alternative == Alternative::TwoSided { 0.5 * outside } else { outside };
        let quantile = match options.reference {
            Reference::Normal => norm_isf(tail),
            _ => t_isf(tail, dof),
        };
        // With a variance above zero the superiority lies inside (0, 1).
        let rest = 0.5 - self.centred;
        let logit = self.superiority.ln() - rest.ln();
        let reach = quantile * self.standard_error / (self.superiority * rest);
        let logistic = |v: f64| 1.0 / (1.0 + (-v).exp());
        let low = if options.alternative == Alternative::Less { 0.0 } else { logistic(logit - reach) };
        let high = if options.alternative == Alternative::Greater { 1.0 } else { logistic(logit + reach) };
        Some(Confidence { low, high, level: options.level })
    }
}

/// Doubled placements of one arm: their sum and n times their centred sum of squares, exact.
struct Spread {
    sum: u128,
    squares: u128,
}

impl Spread {
    fn of(placements: &[u64]) -> Spread {
        let mut spread = Spread { sum: 0, squares: 0 };
        for &p in placements {
            spread.add(u128::from(p), 1);
        }
        spread
    }

    fn add(&mut self, placement: u128, times: u128) {
        self.sum += times * placement;
        self.squares += times * placement * placement;
    }

    /// var(p)/m for placements p = doubled/(2 other).
    fn variance_of_mean(&self, own: f64, other: f64) -> f64 {
        let count = own as u128;
        let centred = (count * self.squares - self.sum * self.sum) as f64;
        centred / (own * own * (own - 1.0)) / (4.0 * other * other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: [f64; 6] = [3.0, 4.0, 4.0, 5.0, 7.0, 7.0];
    const FAST: [f64; 10] = [1.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0, 5.0, 6.0, 2.0];

    #[test]
    fn separated_arms_take_the_exact_probability_of_separation() {
        let options = BrunnerMunzel::default().alternative(Alternative::Greater);
        let test = brunner_munzel(&[5.0, 6.0, 7.0], &[1.0, 2.0, 3.0, 4.0], &options).expect("clean");
        assert_eq!((test.degenerate, test.statistic), (Some(Degenerate::Separated), None));
        assert!((test.p_value - 1.0 / 35.0).abs() < 1e-16);
        let other = brunner_munzel(&[1.0, 1.0], &[2.0, 2.0], &options).expect("clean");
        assert_eq!(other.p_value, 1.0);
        let tied = brunner_munzel(&[2.0; 4], &[2.0; 3], &BrunnerMunzel::default()).expect("clean");
        assert_eq!((tied.degenerate, tied.p_value), (Some(Degenerate::AllTied), 1.0));
    }

    #[test]
    fn the_interval_holds_the_estimate_and_mirrors_with_the_arms() {
        let options = BrunnerMunzel::default();
        let one = brunner_munzel(&SLOW, &FAST, &options).expect("clean");
        let other = brunner_munzel(&FAST, &SLOW, &options).expect("clean");
        let (a, b) = (one.interval.expect("spread"), other.interval.expect("spread"));
        assert!(a.low < one.superiority && one.superiority < a.high);
        assert!((a.low + b.high - 1.0).abs() < 1e-14 && (a.high + b.low - 1.0).abs() < 1e-14);
        assert!((one.p_value - other.p_value).abs() < 1e-15);
    }

    #[test]
    fn one_value_is_too_few() {
        assert!(matches!(
            brunner_munzel(&[1.0], &FAST, &BrunnerMunzel::default()),
            Err(Unanswerable::TooFew { needed: 2, found: 1, .. })
        ));
        assert!(brunner_munzel(&SLOW, &FAST, &BrunnerMunzel::default().null(1.0)).is_err());
    }

    #[test]
    fn a_margin_on_the_superiority_moves_the_statistic() {
        let at = |null| brunner_munzel(&SLOW, &FAST, &BrunnerMunzel::default().null(null)).expect("clean").statistic;
        assert!(at(0.4) > at(0.5));
    }
}
