//! How good a model's answers are: from labels and scores, item by item, to the customary numbers.
//!
//! What is a mean over items (a loss) is given item by item, to be compared as any mean. What has no value (a precision
//! without predicted positives) is `None`, not 0.

use super::{Unanswerable, scale, special};

/// The smallest distance from 0 and 1 that probabilities are clipped to before a logarithm: 2^-52, as scikit-learn.
pub const CLIP: f64 = f64::EPSILON;

/// Counts of a yes-or-no classifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Positives called positive.
    pub true_positives: u64,
    /// Negatives called positive.
    pub false_positives: u64,
    /// Positives called negative.
    pub false_negatives: u64,
    /// Negatives called negative.
    pub true_negatives: u64,
}

impl Confusion {
    /// Counts of scores at least `threshold` (called positive) against labels.
    ///
    /// ```
    /// use serinus::stats::classification::Confusion;
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let counts = Confusion::new(&[0.9, 0.5, 0.2, 0.7], &[true, true, true, false], 0.5)?;
    /// assert_eq!((counts.recall(), counts.accuracy()), (Some(2.0 / 3.0), Some(0.5)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Lists of different lengths, a score or threshold that is NaN.
    pub fn new(scores: &[f64], labels: &[bool], threshold: f64) -> Result<Self, Unanswerable> {
        same_length(scores.len(), labels.len())?;
        no_nan("threshold", &[threshold])?;
        no_nan("scores", scores)?;
        let mut out = Confusion::default();
        for (score, label) in scores.iter().zip(labels) {
            *match (score >= &threshold, label) {
                (true, true) => &mut out.true_positives,
                (true, false) => &mut out.false_positives,
                (false, true) => &mut out.false_negatives,
                (false, false) => &mut out.true_negatives,
            } += 1;
        }
        Ok(out)
    }

    /// Share of items called right.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.true_positives + self.true_negatives;
        share(right, right + self.false_positives + self.false_negatives)
    }

    /// Share of the called positives that are positive: binomial given what was called.
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the positives that were called: binomial given the positives.
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).
    pub fn f1(&self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        share(twice, twice + self.false_positives + self.false_negatives)
    }

    /// Matthews' correlation of call and label, in [-1, 1].
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, fneg, tn] = [self.true_positives, self.false_positives, self.false_negatives, self.true_negatives]
            .map(|count| count as f64);
        let margins = [tp + fp, tp + fneg, tn + fp, tn + fneg];
        // Roots before products, so that counts of 1e9 stay in range.
        let scale: f64 = margins.iter().map(|m| m.sqrt()).product();
        (scale > 0.0).then(|| ((tp * tn - fp * fneg) / scale).clamp(-1.0, 1.0))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// F1 as a ratio of sums over items: (2 TP, 2 TP + FP + FN) for each item, ready for the clustered ratio contrast.
///
/// ```
/// use serinus::stats::classification::f1_terms;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let (numerator, denominator) = f1_terms(&[0.9, 0.1, 0.8], &[true, true, false], 0.5)?;
/// assert_eq!((numerator, denominator), (vec![2.0, 0.0, 0.0], vec![2.0, 1.0, 1.0]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Confusion::new`].
pub fn f1_terms(scores: &[f64], labels: &[bool], threshold: f64) -> Result<(Vec<f64>, Vec<f64>), Unanswerable> {
    same_length(scores.len(), labels.len())?;
    no_nan("threshold", &[threshold])?;
    no_nan("scores", scores)?;
    let terms = scores.iter().zip(labels).map(|(score, &label)| match (*score >= threshold, label) {
        (true, true) => (2.0, 2.0),
        (true, false) | (false, true) => (0.0, 1.0),
        (false, false) => (0.0, 0.0),
    });
    Ok(terms.unzip())
}

/// Losses item by item.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLosses {
    /// -ln of the probability that was given to what happened.
    pub losses: Vec<f64>,
    /// Items whose probability was clipped; report it, because the clip decides their loss.
    pub clipped: u64,
}

/// The log-loss of each item, probabilities clipped to [`clip`, 1 - `clip`].
///
/// Both arms have to be clipped alike; [`CLIP`] is scikit-learn's.
///
/// ```
/// use serinus::stats::classification::{CLIP, log_losses};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let out = log_losses(&[0.5, 0.0], &[true, true], CLIP)?;
/// assert_eq!(out.clipped, 1);
/// assert!((out.losses[1] - 52.0 * 2f64.ln()).abs() < 1e-12);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Lists of different lengths, a probability outside [0, 1], a clip outside (0, 1/2).
pub fn log_losses(probabilities: &[f64], labels: &[bool], clip: f64) -> Result<LogLosses, Unanswerable> {
    same_length(probabilities.len(), labels.len())?;
    in_unit("probabilities", probabilities)?;
    if !(clip > 0.0 && clip < 0.5) {
        return Err(Unanswerable::Argument { argument: "clip", value: clip, expected: "it has to lie in (0, 0.5)" });
    }
    let mut clipped = 0;
    let losses = probabilities
        .iter()
        .zip(labels)
        .map(|(&p, &label)| {
            clipped += u64::from(p < clip || p > 1.0 - clip);
            let p = p.clamp(clip, 1.0 - clip);
            -if label { p.ln() } else { (-p).ln_1p() }
        })
        .collect();
    Ok(LogLosses { losses, clipped })
}

/// The Brier loss of each item: (probability - label)^2.
///
/// # Errors
/// Lists of different lengths, a probability outside [0, 1].
pub fn brier_losses(probabilities: &[f64], labels: &[bool]) -> Result<Vec<f64>, Unanswerable> {
    Ok(calibration_terms(probabilities, labels)?.into_iter().map(|d| d * d).collect())
}

/// Probability minus label of each item; their mean is calibration in the large, the calibration metric to gate on.
///
/// ```
/// use serinus::stats::classification::calibration_terms;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// assert_eq!(calibration_terms(&[0.75, 0.25], &[true, false])?, [-0.25, 0.25]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Lists of different lengths, a probability outside [0, 1].
pub fn calibration_terms(probabilities: &[f64], labels: &[bool]) -> Result<Vec<f64>, Unanswerable> {
    same_length(probabilities.len(), labels.len())?;
    in_unit("probabilities", probabilities)?;
    Ok(probabilities.iter().zip(labels).map(|(p, &l)| p - f64::from(u8::from(l))).collect())
}

/// The expected calibration error over `bins` bins of equal numbers of items: the mean over items of the distance between
/// their bin's mean probability and its share of positives.
///
/// Biased upwards by about the root of bins / n, so that it compares poorly across sizes: advisory. Equal probabilities
/// stay in one bin, so that the order of items leaves no trace. `None` without items. O(n log n).
///
/// ```
/// use serinus::stats::classification::calibration_error;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let p = [0.2, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.8];
/// let labels = [true, false, false, false, false, true, true, true, true, false];
/// let ece = calibration_error(&p, &labels, 2)?;
/// assert!(ece.is_some_and(|e| e < 1e-15));
/// # Ok(()) }
/// ```
///
/// # Errors
/// Lists of different lengths, a probability outside [0, 1], no bins.
pub fn calibration_error(probabilities: &[f64], labels: &[bool], bins: usize) -> Result<Option<f64>, Unanswerable> {
    same_length(probabilities.len(), labels.len())?;
    in_unit("probabilities", probabilities)?;
    if bins == 0 {
        return Err(Unanswerable::Argument { argument: "bins", value: 0.0, expected: "it has to be at least 1" });
    }
    let groups = by_score(probabilities, labels);
    let n = probabilities.len();
    let (mut seen, mut sum, mut bin, mut next) = (0usize, 0.0, (0.0, 0u64), 1u128);
    for (i, group) in groups.iter().enumerate() {
        let size = group.positives + group.negatives;
        bin.0 += group.score * size as f64;
        bin.1 += group.positives;
        seen += size as usize;
        if seen as u128 * bins as u128 >= next * n as u128 || i + 1 == groups.len() {
            sum += (bin.0 - bin.1 as f64).abs();
            bin = (0.0, 0);
            next = seen as u128 * bins as u128 / n as u128 + 1;
        }
    }
    Ok((n > 0).then(|| sum / n as f64))
}

/// Average precision: the sum over thresholds of the precision times the recall gained, as scikit-learn.
///
/// `None` without positives. Scores may be infinite; equal scores are one threshold. O(n log n).
///
/// ```
/// use serinus::stats::classification::average_precision;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let ap = average_precision(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// assert!(ap.is_some_and(|ap| (ap - 5.0 / 6.0).abs() < 1e-15));
/// # Ok(()) }
/// ```
///
/// # Errors
/// Lists of different lengths, a score that is NaN.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> Result<Option<f64>, Unanswerable> {
    same_length(scores.len(), labels.len())?;
    no_nan("scores", scores)?;
    let all = labels.iter().filter(|l| **l).count() as f64;
    let (mut positives, mut called, mut sum) = (0u64, 0u64, 0.0);
    for group in by_score(scores, labels).iter().rev() {
        positives += group.positives;
        called += group.positives + group.negatives;
        sum += group.positives as f64 / all * (positives as f64 / called as f64);
    }
    Ok((all > 0.0).then_some(sum))
}

struct ScoreGroup {
    score: f64,
    positives: u64,
    negatives: u64,
}

/// Positives and negatives at each distinct score, ascending.
fn by_score(scores: &[f64], labels: &[bool]) -> Vec<ScoreGroup> {
    let mut rows: Vec<(f64, bool)> = scores.iter().map(|s| s + 0.0).zip(labels.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    rows.chunk_by(|a, b| a.0 == b.0)
        .map(|rows| {
            let positives = rows.iter().filter(|r| r.1).count();
            ScoreGroup { score: rows[0].0, positives: positives as u64, negatives: (rows.len() - positives) as u64 }
        })
        .collect()
}

/// The mean absolute error, and the root of the mean squared error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegressionError {
    /// Mean of |predicted - actual|.
    pub mae: f64,
    /// Root of the mean of (predicted - actual)^2. For a relative margin r test the squares with the margin (1 + r)^2 - 1.
    pub rmse: f64,
}

/// How far predictions lie from what came; `None` without items.
///
/// ```
/// use serinus::stats::classification::regression_error;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let error = regression_error(&[3.0, 1.0], &[0.0, 5.0])?;
/// assert!(error.is_some_and(|e| e.mae == 3.5 && (e.rmse - 12.5f64.sqrt()).abs() < 1e-15));
/// # Ok(()) }
/// ```
///
/// # Errors
/// Lists of different lengths, a value that is NaN or infinite, an error above the largest f64.
pub fn regression_error(predicted: &[f64], actual: &[f64]) -> Result<Option<RegressionError>, Unanswerable> {
    same_length(predicted.len(), actual.len())?;
    for (argument, values) in [("predicted", predicted), ("actual", actual)] {
        if let Some(&value) = values.iter().find(|v| !v.is_finite()) {
            return Err(Unanswerable::Argument { argument, value, expected: "it has to be finite" });
        }
    }
    let errors: Vec<f64> = predicted.iter().zip(actual).map(|(p, a)| (p - a).abs()).collect();
    let unit = scale::exponent_of(&errors);
    if errors.iter().any(|e| e.is_infinite()) {
        let why = "an error is above the largest number there is";
        return Err(Unanswerable::Undefined { test: "regression_error", why });
    }
    let n = errors.len() as f64;
    let (sum, squares) = errors.iter().map(|e| scale::down(*e, unit)).fold((0.0, 0.0), |(s, q), e| (s + e, q + e * e));
    let out = RegressionError { mae: scale::up(sum / n, unit), rmse: scale::up((squares / n).sqrt(), unit) };
    Ok((!errors.is_empty()).then_some(out))
}

/// How often two answers to the same items agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Items whose answers agree.
    pub agreeing: u64,
    /// All items.
    pub items: u64,
    /// Share of items that agree.
    pub rate: f64,
}

/// Counts items whose answers lie within `absolute` + `relative` |baseline| of each other.
///
/// Equal infinities agree. With both tolerances 0 answers have to be equal, as for classes.
///
/// ```
/// use serinus::stats::classification::agreement;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let same = agreement(&[1.0, 2.0, 3.0], &[1.0, 2.1, 9.0], 0.0, 0.05)?;
/// assert_eq!((same.agreeing, same.items), (2, 3));
/// // Two of three do not show that more than half agree.
/// assert!(same.lower_bound(0.05)? < 0.5 && same.p_value(0.5)? > 0.05);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No items, lists of different lengths, a NaN, a negative tolerance.
pub fn agreement(canary: &[f64], baseline: &[f64], absolute: f64, relative: f64) -> Result<Agreement, Unanswerable> {
    same_length(canary.len(), baseline.len())?;
    no_nan("canary", canary)?;
    no_nan("baseline", baseline)?;
    for (argument, value) in [("absolute", absolute), ("relative", relative)] {
        if value.is_nan() || value < 0.0 {
            return Err(Unanswerable::Argument { argument, value, expected: "it has to be at least 0" });
        }
    }
    if canary.is_empty() {
        return Err(Unanswerable::Undefined { test: "agreement", why: "there are no items" });
    }
    let agrees = |(x, y): (&f64, &f64)| {
        // Zero times an infinite baseline would be NaN.
        let allowed = absolute + if relative > 0.0 && y.is_finite() { relative * y.abs() } else { 0.0 };
        x == y || (x - y).abs() <= allowed && x.is_finite() && y.is_finite()
    };
    let agreeing = canary.iter().zip(baseline).filter(|pair| agrees(*pair)).count() as u64;
    let items = canary.len() as u64;
    Ok(Agreement { agreeing, items, rate: agreeing as f64 / items as f64 })
}

impl Agreement {
    /// Clopper & Pearson's (1934) exact one-sided lower bound of the true rate, at level 1 - alpha.
    ///
    /// # Errors
    /// An alpha outside (0, 1).
    pub fn lower_bound(&self, alpha: f64) -> Result<f64, Unanswerable> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Unanswerable::Argument {
                argument: "alpha",
                value: alpha,
                expected: "it has to lie in (0, 1)",
            });
        }
        if self.agreeing == 0 {
            return Ok(0.0);
        }
        let (k, n) = (self.agreeing as f64, self.items as f64);
        Ok(special::beta_inc_inv(k, n - k + 1.0, alpha))
    }

    /// Exact p-value of "the true rate is at most `least`": P(X >= agreeing) for X binomial(items, `least`).
    ///
    /// # Errors
    /// A rate outside [0, 1].
    pub fn p_value(&self, least: f64) -> Result<f64, Unanswerable> {
        in_unit("least", &[least])?;
        Ok(special::binom_sf(self.agreeing as i64 - 1, self.items, least).clamp(0.0, 1.0))
    }
}

fn same_length(a: usize, b: usize) -> Result<(), Unanswerable> {
    if a == b {
        return Ok(());
    }
    let expected = "it has to be as long as the first list";
    Err(Unanswerable::Argument { argument: "length of the second list", value: b as f64, expected })
}

fn no_nan(argument: &'static str, values: &[f64]) -> Result<(), Unanswerable> {
    match values.iter().find(|v| v.is_nan()) {
        Some(&value) => Err(Unanswerable::Argument { argument, value, expected: "it has to be a number" }),
        None => Ok(()),
    }
}

fn in_unit(argument: &'static str, values: &[f64]) -> Result<(), Unanswerable> {
    match values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
        Some(&value) => Err(Unanswerable::Argument { argument, value, expected: "it has to lie in [0, 1]" }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_none() {
        let none = Confusion::default();
        assert_eq!(
            (none.accuracy(), none.precision(), none.recall(), none.f1(), none.mcc()),
            (None, None, None, None, None)
        );
        let quiet = Confusion::new(&[0.1, 0.2], &[true, false], 0.5).unwrap();
        assert_eq!((quiet.precision(), quiet.recall(), quiet.mcc()), (None, Some(0.0), None));
        assert_eq!(average_precision(&[0.5], &[false]).unwrap(), None);
        assert_eq!(calibration_error(&[], &[], 10).unwrap(), None);
        assert_eq!(regression_error(&[], &[]).unwrap(), None);
    }

    #[test]
    fn f1_terms_sum_to_f1() {
        let scores: Vec<f64> = (0..50).map(|i| f64::from(i * 17 % 50) / 50.0).collect();
        let labels: Vec<bool> = (0..50).map(|i| i % 3 == 0).collect();
        let (u, v) = f1_terms(&scores, &labels, 0.4).unwrap();
        let f1 = Confusion::new(&scores, &labels, 0.4).unwrap().f1().unwrap();
        assert!((u.iter().sum::<f64>() / v.iter().sum::<f64>() - f1).abs() < 1e-15);
    }

    #[test]
    fn the_ends_of_the_range_have_answers() {
        let huge = regression_error(&[1e300, 0.0], &[-1e300, 0.0]).unwrap().unwrap();
        assert!((huge.rmse / (2e300 / 2f64.sqrt()) - 1.0).abs() < 1e-15);
        let tiny = regression_error(&[5e-324], &[0.0]).unwrap().unwrap();
        assert_eq!((tiny.mae, tiny.rmse), (5e-324, 5e-324));
        assert!(regression_error(&[1.7e308], &[-1.7e308]).is_err());
        let inf = f64::INFINITY;
        assert_eq!(agreement(&[inf, inf, 1.0], &[inf, -inf, inf], 1.0, 1.0).unwrap().agreeing, 1);
        assert!(log_losses(&[1.5], &[true], CLIP).is_err());
    }

    #[test]
    fn calibration_error_does_not_see_the_order_of_items() {
        let p: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 5) / 5.0).collect();
        let labels: Vec<bool> = (0..60).map(|i| i % 4 == 0).collect();
        let forward = calibration_error(&p, &labels, 7).unwrap().unwrap();
        let back = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        let turned: Vec<bool> = labels.iter().rev().copied().collect();
        assert_eq!(forward, calibration_error(&back(&p), &turned, 7).unwrap().unwrap());
    }

    #[test]
    fn the_agreement_bound_and_p_value_agree() {
        let a = Agreement { agreeing: 97, items: 100, rate: 0.97 };
        let bound = a.lower_bound(0.05).unwrap();
        assert!((a.p_value(bound).unwrap() - 0.05).abs() < 1e-9);
        assert_eq!(Agreement { agreeing: 0, items: 5, rate: 0.0 }.lower_bound(0.05), Ok(0.0));
        assert_eq!(a.p_value(0.0), Ok(0.0));
        assert_eq!(a.p_value(1.0), Ok(1.0));
    }
}
