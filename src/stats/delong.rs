//! The area under the ROC curve of each arm, its error, and whether the canary's is lower.
//!
//! DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837; in O(n log n) after Sun & Xu (2014), IEEE Signal
//! Processing Letters 21:1389. Where an arm's area does not vary (an area of 1, say), the difference is bounded from
//! Newcombe's (2006) intervals instead.

use super::ecdf::{self, Admit};
use super::estimate::{Contrast, Tested, satterthwaite};
use super::{Alternative, Confidence, Unanswerable, special};
use crate::arms::{Arm, Arms};

const TEST: &str = "delong";

/// One arm's area under the ROC curve: the chance that a positive scores above a negative, ties counting half.
#[derive(Debug, Clone, PartialEq)]
pub struct Auc {
    /// The area.
    pub auc: f64,
    /// Rows whose label is true.
    pub positives: u64,
    /// Rows whose label is false.
    pub negatives: u64,
    /// DeLong's variance of `auc`; `None` with fewer than two positives or negatives.
    pub variance: Option<f64>,
    /// One value a row: for a positive the share of negatives that it outscores (V10), for a negative the share of
    /// positives that outscore it (V01). Each kind averages to `auc`.
    pub placements: Vec<f64>,
    labels: Vec<bool>,
}

impl Auc {
    /// The area of one arm. Scores may be infinite; equal scores count half. O(n log n).
    ///
    /// ```
    /// use serinus::{Arm, stats::delong::Auc};
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let auc = Auc::new(Arm::Canary, &[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// assert_eq!(auc.auc, 0.75);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A score that is NaN, lists of different lengths, no positives or no negatives.
    pub fn new(arm: Arm, scores: &[f64], labels: &[bool]) -> Result<Auc, Unanswerable> {
        if scores.len() != labels.len() {
            return Err(Unanswerable::Argument {
                argument: "labels",
                value: labels.len() as f64,
                expected: "it has to hold one label a score",
            });
        }
        ecdf::check(TEST, arm, scores, Admit::Infinite)?;
        let p = labels.iter().filter(|l| **l).count();
        let q = labels.len() - p;
        ecdf::enough(TEST, "positives", arm, 1, p)?;
        ecdf::enough(TEST, "negatives", arm, 1, q)?;
        let mut order: Vec<(f64, usize)> = scores.iter().map(|s| s + 0.0).zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut placements = vec![0.0; scores.len()];
        // Twice the number of pairs a positive wins, ties counting one, so that the area is a ratio of integers.
        let mut twice_wins = 0u128;
        let (mut positives_below, mut negatives_below) = (0, 0);
        for tied in order.chunk_by(|a, b| a.0 == b.0) {
            let positives = tied.iter().filter(|row| labels[row.1]).count();
            let negatives = tied.len() - positives;
            let (beaten, beating) = (2 * negatives_below + negatives, 2 * positives_below + positives);
            let (v10, v01) = (beaten as f64 / (2 * q) as f64, (2 * p - beating) as f64 / (2 * p) as f64);
            tied.iter().for_each(|row| placements[row.1] = if labels[row.1] { v10 } else { v01 });
            twice_wins += beaten as u128 * positives as u128;
            (positives_below, negatives_below) = (positives_below + positives, negatives_below + negatives);
        }
        let auc = twice_wins as f64 / (2.0 * p as f64 * q as f64);
        let mut out =
            Auc { auc, positives: p as u64, negatives: q as u64, variance: None, placements, labels: labels.to_vec() };
        out.variance = (p > 1 && q > 1).then(|| component(&out, &out));
        Ok(out)
    }

    /// What each row adds to the error of `auc`: its placement's distance from `auc` over the number of its kind.
    ///
    /// Sums of a unit's or a stratum's influences, squared, estimate the variance where rows are not independent; over
    /// rows, with each kind's squares times P / (P - 1) or Q / (Q - 1), they give DeLong's variance.
    pub fn influence(&self) -> impl Iterator<Item = f64> + '_ {
        let (p, q) = (self.positives as f64, self.negatives as f64);
        self.placements.iter().zip(&self.labels).map(move |(v, &l)| (v - self.auc) / if l { p } else { q })
    }

    /// Whether DeLong's variance says nothing: fewer than two of a kind, or placements that do not vary.
    pub fn is_degenerate(&self) -> bool {
        !self.variance.is_some_and(|v| v > 0.0)
    }

    /// The two-sided confidence interval of the area, held to [0, 1].
    ///
    /// Normal with DeLong's variance, as pROC's `ci.auc`; [`Auc::newcombe`] where that variance says nothing.
    ///
    /// # Errors
    /// A level outside (0, 1).
    pub fn interval(&self, level: f64) -> Result<Confidence, Unanswerable> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "level",
                value: level,
                expected: "it has to lie in (0, 1)",
            });
        }
        let z = special::norm_isf(0.5 * (1.0 - level));
        let (low, high) = match self.variance.filter(|v| *v > 0.0) {
            Some(variance) => {
                let half = z * variance.sqrt();
                ((self.auc - half).max(0.0), (self.auc + half).min(1.0))
            }
            None => self.newcombe(z),
        };
        Ok(Confidence { low, high, level })
    }

    /// Newcombe's (2006, Statistics in Medicine 25:559) fifth interval, at `z` standard errors: the areas t whose
    /// distance from `auc` is at most z times the root of Hanley & McNeil's (1982) variance at t,
    /// t (1 - t) (1 + (N/2 - 1) ((1 - t) / (2 - t) + t / (1 + t))) / (P Q).
    ///
    /// An area of 1 gets a lower end below 1, which DeLong's variance of 0 does not give it.
    pub fn newcombe(&self, z: f64) -> (f64, f64) {
        let (p, q) = (self.positives as f64, self.negatives as f64);
        let half = 0.5 * (p + q) - 1.0;
        let beyond = |t: f64| {
            let variance = t * (1.0 - t) * (1.0 + half * ((1.0 - t) / (2.0 - t) + t / (1.0 + t))) / (p * q);
            (t - self.auc).abs() > z * variance.max(0.0).sqrt()
        };
        (bisect(0.0, self.auc, |t| !beyond(t)), bisect(self.auc, 1.0, beyond))
    }
}

/// The point in [low, high] where `after` turns true, to the last digit that matters.
fn bisect(mut low: f64, mut high: f64, after: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if after(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// cov(V10) / P + cov(V01) / Q of two scores of the same rows.
fn component(a: &Auc, b: &Auc) -> f64 {
    let (mut positive, mut negative) = (0.0, 0.0);
    for ((u, v), &label) in a.placements.iter().zip(&b.placements).zip(&a.labels) {
        let product = (u - a.auc) * (v - b.auc);
        if label {
            positive += product;
        } else {
            negative += product;
        }
    }
    let (p, q) = (a.positives as f64, a.negatives as f64);
    positive / ((p - 1.0) * p) + negative / ((q - 1.0) * q)
}

/// How the difference is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeLongMethod {
    /// DeLong's variance: t when unpaired, normal when paired.
    DeLong,
    /// Both arms' [`Auc::newcombe`] intervals, their distances from the areas squared and added (MOVER): an arm's area
    /// does not vary. Conservative for pairs.
    Newcombe,
}

/// The difference of two areas, canary minus baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct DeLong {
    /// The areas.
    pub auc: Arms<f64>,
    /// Difference, standard error and degrees of freedom by DeLong's variance; the standard error may be 0 when
    /// `method` is [`DeLongMethod::Newcombe`].
    pub contrast: Contrast,
    /// DeLong's covariance of the two areas, 0 when unpaired.
    pub covariance: f64,
    /// Which of the two the tests and the interval use.
    pub method: DeLongMethod,
    arms: Arms<Auc>,
}

/// Compares the areas of two arms with rows of their own.
///
/// t with Welch's degrees of freedom over all rows of each arm, as pROC's `roc.test(paired = FALSE)`.
///
/// ```
/// use serinus::{Arm, stats::{Alternative, delong::{Auc, DeLongMethod, delong_unpaired}}};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let labels: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
/// let scores: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 40) + if i % 2 == 0 { 15.0 } else { 0.0 }).collect();
/// let perfect: Vec<f64> = labels.iter().map(|&l| f64::from(u8::from(l))).collect();
/// let baseline = Auc::new(Arm::Baseline, &scores, &labels)?;
/// let test = delong_unpaired(Auc::new(Arm::Canary, &perfect, &labels)?, baseline);
/// // A perfect area does not vary in the sample; it is still not known to be 1.
/// assert_eq!(test.method, DeLongMethod::Newcombe);
/// assert!(test.test(0.0, Alternative::Greater)?.p_value > 0.0);
/// # Ok(()) }
/// ```
pub fn delong_unpaired(canary: Auc, baseline: Auc) -> DeLong {
    let part = |a: &Auc| (a.variance.unwrap_or(0.0).sqrt(), (a.positives + a.negatives) as f64 - 1.0);
    let parts = [part(&canary), part(&baseline)];
    let standard_error = parts[0].0.hypot(parts[1].0);
    let dof = satterthwaite(parts).unwrap_or(f64::INFINITY);
    assemble(canary, baseline, standard_error, dof, 0.0)
}

/// Compares two scores of the same rows, as in shadow traffic.
///
/// Normal with DeLong's covariance, as pROC's `roc.test(paired = TRUE)`.
///
/// ```
/// use serinus::stats::{Alternative, delong::delong_paired};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let labels: Vec<bool> = (0..60).map(|i| i % 3 == 0).collect();
/// let old: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 60) + if i % 3 == 0 { 20.0 } else { 0.0 }).collect();
/// let new: Vec<f64> = old.iter().zip(0..).map(|(s, i)| s + f64::from(i % 2)).collect();
/// let test = delong_paired(&new, &old, &labels)?;
/// // Pairs settle a small difference that two samples of 60 could not.
/// assert!(test.test(-0.05, Alternative::Greater)?.p_value < 0.05);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Auc::new`].
pub fn delong_paired(canary: &[f64], baseline: &[f64], labels: &[bool]) -> Result<DeLong, Unanswerable> {
    let canary = Auc::new(Arm::Canary, canary, labels)?;
    let baseline = Auc::new(Arm::Baseline, baseline, labels)?;
    let (mut covariance, mut variance) = (0.0, 0.0);
    if canary.variance.is_some() {
        covariance = component(&canary, &baseline);
        // The variance of the rows' differences: no digits are lost when both scores rank nearly alike.
        let mut difference = canary.clone();
        difference.auc -= baseline.auc;
        difference.placements.iter_mut().zip(&baseline.placements).for_each(|(a, b)| *a -= b);
        variance = component(&difference, &difference);
    }
    Ok(assemble(canary, baseline, variance.sqrt(), f64::INFINITY, covariance))
}

fn assemble(canary: Auc, baseline: Auc, standard_error: f64, dof: f64, covariance: f64) -> DeLong {
    let degenerate = canary.is_degenerate() || baseline.is_degenerate() || standard_error <= 0.0;
    DeLong {
        auc: Arms { canary: canary.auc, baseline: baseline.auc },
        contrast: Contrast { estimate: canary.auc - baseline.auc, standard_error, dof },
        covariance,
        method: if degenerate { DeLongMethod::Newcombe } else { DeLongMethod::DeLong },
        arms: Arms { canary, baseline },
    }
}

impl DeLong {
    /// Tests the difference of areas against `null`: minus the margin for non-inferiority, with `Greater`.
    ///
    /// By [`DeLongMethod::Newcombe`] the statistic is the number of standard errors at which the bound meets `null`.
    ///
    /// # Errors
    /// A null that is NaN.
    pub fn test(&self, null: f64, alternative: Alternative) -> Result<Tested, Unanswerable> {
        if self.method == DeLongMethod::DeLong || null.is_nan() {
            return self.contrast.test(null, alternative);
        }
        let below = null < self.contrast.estimate;
        // Beyond 38 standard errors the normal tail is 0.
        let z = bisect(0.0, 38.0, |z| if below { self.bounds(z).0 <= null } else { self.bounds(z).1 >= null });
        let statistic = if below { z } else { -z };
        let p_value = match alternative {
            Alternative::Greater => special::norm_sf(statistic),
            Alternative::Less => special::norm_sf(-statistic),
            Alternative::TwoSided => (2.0 * special::norm_sf(z)).min(1.0),
        };
        Ok(Tested { statistic, p_value })
    }

    /// The two-sided confidence interval of the difference, held to [-1, 1].
    ///
    /// # Errors
    /// A level outside (0, 1).
    pub fn interval(&self, level: f64) -> Result<Confidence, Unanswerable> {
        if self.method == DeLongMethod::DeLong {
            let ci = self.contrast.interval(level)?;
            return Ok(Confidence { low: ci.low.max(-1.0), high: ci.high.min(1.0), level });
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "level",
                value: level,
                expected: "it has to lie in (0, 1)",
            });
        }
        let (low, high) = self.bounds(special::norm_isf(0.5 * (1.0 - level)));
        Ok(Confidence { low: low.max(-1.0), high: high.min(1.0), level })
    }

    /// Lower and upper bound of the difference at `z` standard errors (MOVER, Zou & Donner 2008).
    fn bounds(&self, z: f64) -> (f64, f64) {
        let (a, b) = (self.auc.canary, self.auc.baseline);
        let (a_low, a_high) = self.arms.canary.newcombe(z);
        let (b_low, b_high) = self.arms.baseline.newcombe(z);
        (a - b - (a - a_low).hypot(b_high - b), a - b + (a_high - a).hypot(b - b_low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(n: usize) -> Vec<bool> {
        (0..n).map(|i| i % 3 == 0).collect()
    }

    fn auc(scores: &[f64], labels: &[bool]) -> Auc {
        Auc::new(Arm::Canary, scores, labels).unwrap()
    }

    #[test]
    fn influences_sum_to_nothing_and_square_to_delongs_variance() {
        let labels = labels(31);
        let scores: Vec<f64> = (0..31).map(|i| f64::from(i * 11 % 13)).collect();
        let a = auc(&scores, &labels);
        let influence: Vec<f64> = a.influence().collect();
        assert!(influence.iter().sum::<f64>().abs() < 1e-14);
        let (p, q) = (a.positives as f64, a.negatives as f64);
        let factor = |l: bool| if l { p / (p - 1.0) } else { q / (q - 1.0) };
        let variance: f64 = influence.iter().zip(&labels).map(|(v, &l)| v * v * factor(l)).sum();
        assert!((variance - a.variance.unwrap()).abs() < 1e-15);
    }

    #[test]
    fn a_perfect_area_has_a_lower_bound_below_one() {
        let labels = labels(30);
        let scores: Vec<f64> = labels.iter().map(|&l| f64::from(u8::from(l))).collect();
        let a = auc(&scores, &labels);
        assert_eq!((a.auc, a.variance), (1.0, Some(0.0)));
        let ci = a.interval(0.9).unwrap();
        assert!(ci.low > 0.6 && ci.low < 0.99);
        assert!((ci.high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_fallbacks_tests_and_interval_agree() {
        let labels = labels(30);
        let perfect: Vec<f64> = labels.iter().map(|&l| f64::from(u8::from(l))).collect();
        let noisy: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11)).collect();
        let test = delong_unpaired(auc(&noisy, &labels), auc(&perfect, &labels));
        assert_eq!(test.method, DeLongMethod::Newcombe);
        let ci = test.interval(0.9).unwrap();
        let p = |null, alternative| test.test(null, alternative).unwrap().p_value;
        assert!((p(ci.low, Alternative::Greater) - 0.05).abs() < 1e-9);
        assert!((p(ci.high, Alternative::Less) - 0.05).abs() < 1e-9);
        for null in [-0.9, ci.low, -0.2, 0.0, 0.3] {
            assert!((p(null, Alternative::Greater) + p(null, Alternative::Less) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn identical_scores_do_not_differ() {
        let labels = labels(30);
        let scores: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11)).collect();
        let test = delong_paired(&scores, &scores, &labels).unwrap();
        assert_eq!((test.contrast.estimate, test.method), (0.0, DeLongMethod::Newcombe));
        assert!((test.test(0.0, Alternative::TwoSided).unwrap().p_value - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_row_of_a_kind_still_has_an_area() {
        let test =
            delong_unpaired(auc(&[2.0, 1.0], &[true, false]), auc(&[1.0, 1.0, f64::INFINITY], &[true, false, false]));
        assert_eq!((test.auc.canary, test.auc.baseline), (1.0, 0.25));
        assert!(test.interval(0.9).unwrap().low < 0.0);
        assert!(Auc::new(Arm::Canary, &[1.0], &[true]).is_err());
        assert!(Auc::new(Arm::Canary, &[1.0, f64::NAN], &[true, false]).is_err());
    }
}
