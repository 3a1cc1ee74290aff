//! Replicates as evidence: p-values that invert the interval, and the interval that agrees with them.
//!
//! With k = floor((B + 1) alpha) the ends are order statistics of rank k from either side, so that the interval lies on
//! the safe side exactly when p = (1 + count) / (B + 1) is at most alpha. A replicate without a value counts as being
//! on the wrong side of both.

use super::arm::Replicate;
use super::interval::{TIE, acceleration, bca_level, bias};
use super::{Method, TEST};
use crate::stats::Unanswerable;
use crate::stats::contrast::Flag;
use crate::stats::special::{norm_cdf, norm_isf, norm_ppf};

/// Slack of a rank, so that 2,000 times 0.05 is 100 however alpha is rounded.
const RANK_SLACK: f64 = 1e-9;

/// What one replicate is turned into, and how many of them answer.
pub(super) struct Pivot {
    psi: f64,
    kind: Kind,
}

enum Kind {
    Percentile,
    Basic,
    Bca { acceleration: f64 },
    Studentized { standard_error: f64 },
}

/// The answer of all replicates.
pub(super) struct Evidence {
    pub p_noninferior: f64,
    pub p_inferior: f64,
    /// Ends of the interval as offsets from psi.
    pub low: f64,
    pub high: f64,
    pub undefined: u64,
    one_sided: bool,
}

impl Evidence {
    pub fn flags(&self) -> impl Iterator<Item = Flag> {
        let one_sided = self.one_sided.then_some(Flag::AllOneSide);
        one_sided.into_iter().chain((self.undefined > 0).then_some(Flag::UndefinedReplicates))
    }
}

impl Pivot {
    pub fn new(
        method: Method,
        psi: f64,
        standard_error: Option<f64>,
        influences: impl FnOnce() -> Option<Vec<f64>>,
    ) -> Result<Pivot, Unanswerable> {
        let undefined = |why| Err(Unanswerable::Undefined { test: TEST, why });
        let kind = match method {
            Method::Percentile => Kind::Percentile,
            Method::Basic => Kind::Basic,
            Method::Bca => match influences() {
                Some(influences) => Kind::Bca { acceleration: acceleration(&influences) },
                None => return undefined("bca needs the influence of every unit and this statistic has none"),
            },
            Method::Studentized => match standard_error {
                Some(standard_error) if standard_error > 0.0 && standard_error.is_finite() => {
                    Kind::Studentized { standard_error }
                }
                Some(_) => return undefined("the standard error is 0 or exceeds the range"),
                None => {
                    return undefined("the studentised method needs a standard error and this statistic has none");
                }
            },
        };
        Ok(Pivot { psi, kind })
    }

    /// What is kept of a replicate: its change, or its change over its own standard error.
    pub fn of(&self, replicate: Replicate) -> Option<f64> {
        let value = match self.kind {
            Kind::Studentized { .. } => replicate.change / replicate.standard_error?,
            _ => replicate.change,
        };
        // 0/0: a resample without spread at the estimate itself says nothing. Infinite ratios are on their side.
        (!value.is_nan()).then_some(value)
    }

    pub fn evidence(&self, replicates: &[Option<f64>], alpha: f64) -> Evidence {
        let mut sorted: Vec<f64> = replicates.iter().filter_map(|v| v.map(|v| v + 0.0)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let undefined = replicates.len() - sorted.len();
        let largest = |m: f64, v: &f64| if v.is_finite() { m.max(v.abs()) } else { m };
        let slack = TIE * sorted.iter().fold(0.0, largest);
        let all = Tally { sorted, slack, undefined, draws: replicates.len() as f64 };
        let rank = |share: f64| (share + RANK_SLACK).floor();
        let k = rank((all.draws + 1.0) * alpha);
        let mut evidence = match self.kind {
            Kind::Percentile => all.percentile(self.psi, k),
            Kind::Basic => {
                let (low, high) = (-all.from_above(k), -all.from_below(k));
                all.evidence(all.at_least(self.psi), all.at_most(self.psi), low, high)
            }
            Kind::Studentized { standard_error: se } => {
                let t = self.psi / se;
                let (low, high) = (-all.from_above(k) * se, -all.from_below(k) * se);
                all.evidence(all.at_least(t), all.at_most(t), low, high)
            }
            Kind::Bca { acceleration } => match bias_of(&all.sorted) {
                None => Evidence { one_sided: true, ..all.percentile(self.psi, k) },
                Some(z0) => {
                    let z = norm_isf(alpha);
                    let ranks = (all.draws + 2.0, bca_level(z0, acceleration, -z), bca_level(-z0, -acceleration, -z));
                    let low = all.from_below(rank(ranks.0 * ranks.1));
                    let high = all.from_above(rank(ranks.0 * ranks.2));
                    let mut found = all.evidence(all.at_most(-self.psi), all.at_least(-self.psi), low, high);
                    found.p_noninferior = all.bca_p(all.at_most(-self.psi), z0, acceleration);
                    found.p_inferior = all.bca_p(all.at_least(-self.psi), -z0, -acceleration);
                    found
                }
            },
        };
        evidence.undefined = undefined as u64;
        evidence
    }
}

/// z0 of changes; `None` without any.
fn bias_of(changes: &[f64]) -> Option<f64> {
    if changes.is_empty() { None } else { bias(changes, 0.0) }
}

/// Sorted replicates.
struct Tally {
    sorted: Vec<f64>,
    /// Differences up to this are ties, which count against both conclusions.
    slack: f64,
    undefined: usize,
    draws: f64,
}

impl Tally {
    /// Replicates that are at most `limit`, or undefined.
    fn at_most(&self, limit: f64) -> f64 {
        (self.sorted.partition_point(|v| *v <= limit + self.slack) + self.undefined) as f64
    }

    /// Replicates that are at least `limit`, or undefined.
    fn at_least(&self, limit: f64) -> f64 {
        (self.sorted.len() - self.sorted.partition_point(|v| *v < limit - self.slack) + self.undefined) as f64
    }

    /// The replicate of that rank from below, undefined ones first; -inf where there is none.
    fn from_below(&self, rank: f64) -> f64 {
        let rank = rank - self.undefined as f64;
        if rank < 1.0 { f64::NEG_INFINITY } else { self.sorted[(rank as usize).min(self.sorted.len()) - 1] }
    }

    /// The replicate of that rank from above, undefined ones first; inf where there is none.
    fn from_above(&self, rank: f64) -> f64 {
        let rank = rank - self.undefined as f64;
        let n = self.sorted.len();
        if rank < 1.0 { f64::INFINITY } else { self.sorted[n - (rank as usize).min(n)] }
    }

    fn evidence(&self, against_safe: f64, against_harm: f64, low: f64, high: f64) -> Evidence {
        let p = |count: f64| ((1.0 + count) / (self.draws + 1.0)).min(1.0);
        let (p_noninferior, p_inferior) = (p(against_safe), p(against_harm));
        Evidence { p_noninferior, p_inferior, low, high, undefined: 0, one_sided: false }
    }

    fn percentile(&self, psi: f64, k: f64) -> Evidence {
        self.evidence(self.at_most(-psi), self.at_least(-psi), self.from_below(k), self.from_above(k))
    }

    /// Phi(w - z0) with w = (zG - z0) / (1 + a (zG - z0)) and zG the normal score of (1 + count) / (B + 2).
    fn bca_p(&self, count: f64, z0: f64, acceleration: f64) -> f64 {
        let share = (1.0 + count) / (self.draws + 2.0);
        if share >= 1.0 {
            return 1.0;
        }
        let shifted = norm_ppf(share) - z0;
        let denominator = 1.0 + acceleration * shifted;
        let p = if denominator > 0.0 {
            norm_cdf(shifted / denominator - z0)
        } else if shifted > 0.0 {
            1.0
        } else {
            0.0
        };
        p.clamp(1.0 / (self.draws + 1.0), 1.0)
    }
}
