//! The area under the ROC curve under resampling, by counts over the sorted scores.

use super::arm::{Replicate, Resample, count, finite};
use crate::stats::Unanswerable;
use crate::stats::rng::Stream;

/// The area under the ROC curve: P(score of a positive > score of a negative) + P(equal) / 2.
///
/// Rows are resampled, so the number of positives varies; a resample without one class has no AUC. The standard error
/// is DeLong's (1988) in every replicate. For independent rows DeLong's test itself is exact enough and needs no
/// resampling. The scores are sorted once; a replicate costs O(n).
#[derive(Debug, Clone)]
pub struct Auc {
    /// Row numbers grouped by equal score, ascending.
    order: Vec<usize>,
    /// Ends of the groups in `order`.
    ends: Vec<usize>,
    positive: Vec<bool>,
    estimate: f64,
    standard_error: Option<f64>,
}

impl Auc {
    /// The AUC of scores and whether each row is positive.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for lists of unequal length, [`Unanswerable::NonFinite`],
    /// [`Unanswerable::Undefined`] without a positive or without a negative.
    pub fn new(scores: &[f64], positive: &[bool]) -> Result<Auc, Unanswerable> {
        finite(scores)?;
        if scores.len() != positive.len() {
            let (value, expected) = (positive.len() as f64, "there has to be one for each score");
            return Err(Unanswerable::Argument { argument: "number of labels", value, expected });
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| (scores[*a] + 0.0).total_cmp(&(scores[*b] + 0.0)));
        let ends =
            (1..=order.len()).filter(|&i| i == order.len() || scores[order[i]] != scores[order[i - 1]]).collect();
        let mut arm = Auc { order, ends, positive: positive.to_vec(), estimate: 0.5, standard_error: None };
        let one_class = Unanswerable::Undefined { test: "bootstrap", why: "the AUC needs positives and negatives" };
        (arm.estimate, arm.standard_error) = arm.of_counts(|_| 1.0).ok_or(one_class)?;
        Ok(arm)
    }

    /// AUC and DeLong's standard error under counts; the error needs two rows of each class.
    fn of_counts(&self, count: impl Fn(usize) -> f64) -> Option<(f64, Option<f64>)> {
        let (mut positives, mut negatives) = (0.0, 0.0);
        for (i, positive) in self.positive.iter().enumerate() {
            *(if *positive { &mut positives } else { &mut negatives }) += count(i);
        }
        if positives == 0.0 || negatives == 0.0 {
            return None;
        }
        let mut sum = 0.0;
        self.placements(&count, positives, negatives, |_, positive, c, placement| {
            sum += if positive { c * placement } else { 0.0 };
        });
        let auc = sum / positives;
        let (mut by_positive, mut by_negative) = (0.0, 0.0);
        self.placements(&count, positives, negatives, |_, positive, c, placement| {
            *(if positive { &mut by_positive } else { &mut by_negative }) += c * (placement - auc).powi(2);
        });
        let error = (positives > 1.0 && negatives > 1.0).then(|| {
            let variance = by_positive / (positives - 1.0) / positives + by_negative / (negatives - 1.0) / negatives;
            variance.sqrt()
        });
        Some((auc, error))
    }

    /// Visits row, class, count and placement: the share of the other class that the row is ranked on the right side of.
    fn placements(
        &self,
        count: &impl Fn(usize) -> f64,
        positives: f64,
        negatives: f64,
        mut visit: impl FnMut(usize, bool, f64, f64),
    ) {
        let (mut positives_below, mut negatives_below, mut start) = (0.0, 0.0, 0);
        for &end in &self.ends {
            let group = &self.order[start..end];
            let (mut tied_positives, mut tied_negatives) = (0.0, 0.0);
            for &i in group {
                *(if self.positive[i] { &mut tied_positives } else { &mut tied_negatives }) += count(i);
            }
            let above = positives - positives_below - tied_positives;
            for &i in group {
                let placement = if self.positive[i] {
                    (negatives_below + 0.5 * tied_negatives) / negatives
                } else {
                    (above + 0.5 * tied_positives) / positives
                };
                visit(i, self.positive[i], count(i), placement);
            }
            positives_below += tied_positives;
            negatives_below += tied_negatives;
            start = end;
        }
    }
}

impl Resample for Auc {
    fn n(&self) -> u64 {
        self.positive.len() as u64
    }

    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn standard_error(&self) -> Option<f64> {
        self.standard_error
    }

    fn replicate(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<Replicate> {
        count(stream, self.positive.len(), scratch);
        let (auc, standard_error) = self.of_counts(|i| f64::from(scratch[i]))?;
        Some(Replicate { change: auc - self.estimate, standard_error })
    }

    fn influences(&self) -> Option<Vec<f64>> {
        let positives = self.positive.iter().filter(|p| **p).count() as f64;
        let negatives = self.positive.len() as f64 - positives;
        let mut influences = vec![0.0; self.positive.len()];
        self.placements(&|_| 1.0, positives, negatives, |i, positive, _, placement| {
            influences[i] = (placement - self.estimate) / if positive { positives } else { negatives };
        });
        Some(influences)
    }

    fn is_constant(&self) -> bool {
        // Perfect separation has AUC 1 in every resample, but no exact rule follows from that.
        false
    }
}
