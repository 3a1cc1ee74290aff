//! Comparisons inside blocks, such as stages of a ramp: arms are compared within a block and never across.
//!
//! Pooling blocks in which the canary's share differs compares the times of day and not the versions (Simpson's paradox).

use super::ecdf::{self, Admit};
use super::estimate::Tested;
use super::{Alternative, Confidence, Unanswerable, special};
use crate::arms::{Arm, Arms};

/// Does the canary tend to be larger inside strata? The statistic is about normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VanElteren {
    /// (T - E T) / sd T; positive when the canary tends to be larger.
    pub z: f64,
    /// Strata with rows of both arms; only they count.
    pub strata: u64,
}

impl VanElteren {
    /// The p-value of no tendency.
    pub fn test(&self, alternative: Alternative) -> Tested {
        let p_value = match alternative {
            Alternative::Greater => special::norm_sf(self.z),
            Alternative::Less => special::norm_sf(-self.z),
            Alternative::TwoSided => (2.0 * special::norm_sf(self.z.abs())).min(1.0),
        };
        Tested { statistic: self.z, p_value }
    }
}

/// The stratified rank test of van Elteren (1960): Wilcoxon's, each stratum's midranks over its size plus one.
///
/// With one stratum it is the rank-sum test without continuity correction. Infinite values are values. O(N log N).
///
/// ```
/// use serinus::stats::{Alternative, strata::van_elteren};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// // Nights are slow. The canary is slower in each block though faster over all, for it ran by day.
/// let (canary, canary_block) = ([11.0, 12.0, 13.0, 14.0, 95.0], [0, 0, 0, 0, 1]);
/// let (baseline, baseline_block) = ([10.0, 10.5, 90.0, 91.0, 92.0, 93.0], [0, 0, 1, 1, 1, 1]);
/// assert!(van_elteren(&canary, &canary_block, &baseline, &baseline_block)?.z > 2.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a NaN, strata that are not one a row; no stratum in which both arms have rows that differ.
pub fn van_elteren(x: &[f64], x_strata: &[u32], y: &[f64], y_strata: &[u32]) -> Result<VanElteren, Unanswerable> {
    const TEST: &str = "van_elteren";
    let mut rows: Vec<(u32, f64, Arm)> = Vec::with_capacity(x.len() + y.len());
    for (arm, values, strata) in [(Arm::Canary, x, x_strata), (Arm::Baseline, y, y_strata)] {
        ecdf::enough(TEST, "rows", arm, 1, values.len())?;
        ecdf::check(TEST, arm, values, Admit::Infinite)?;
        if strata.len() != values.len() {
            let expected = "it has to hold one stratum a row";
            return Err(Unanswerable::Argument { argument: "strata", value: strata.len() as f64, expected });
        }
        rows.extend(values.iter().zip(strata).map(|(v, s)| (*s, v + 0.0, arm)));
    }
    rows.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut sum, mut variance, mut strata) = (0.0, 0.0, 0);
    for stratum in rows.chunk_by(|a, b| a.0 == b.0) {
        let size = stratum.len() as f64;
        let m = stratum.iter().filter(|r| r.2 == Arm::Canary).count() as f64;
        if m == 0.0 || m == size {
            continue;
        }
        strata += 1;
        // Midranks less their mean (N + 1) / 2; the division by N + 1 waits until the end.
        let (mut below, mut canary, mut squares) = (0.0, 0.0, 0.0);
        for tied in stratum.chunk_by(|a, b| a.1 == b.1) {
            let t = tied.len() as f64;
            let rank = below + 0.5 * t - 0.5 * size;
            canary += rank * tied.iter().filter(|r| r.2 == Arm::Canary).count() as f64;
            squares += rank * rank * t;
            below += t;
        }
        sum += canary / (size + 1.0);
        variance += m * (size - m) / (size * (size - 1.0)) * squares / (size + 1.0).powi(2);
    }
    if variance > 0.0 {
        return Ok(VanElteren { z: sum / variance.sqrt(), strata });
    }
    Err(Unanswerable::Undefined { test: TEST, why: "no stratum holds rows of both arms that differ" })
}

/// Events among trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Events {
    /// Trials with the event.
    pub events: u64,
    /// All trials.
    pub trials: u64,
}

/// Whether a chi-square statistic is moved half an event towards the null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Continuity {
    /// As it is.
    #[default]
    None,
    /// By one half where the sum is off by at least one half, as R's `mantelhaen.test(correct = TRUE)`.
    Corrected,
}

/// Two-by-two tables in strata: what the common odds ratio, risk ratio and risk difference are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszel {
    /// Common odds ratio; `None` when no stratum has both an event of the baseline and a non-event of the canary.
    pub odds_ratio: Option<f64>,
    /// Standard error of the log odds ratio: Robins, Breslow & Greenland (1986), Biometrics 42:311.
    pub log_odds_ratio_error: Option<f64>,
    /// Common ratio of event rates.
    pub risk_ratio: Option<f64>,
    /// Standard error of the log risk ratio: Greenland & Robins (1985), Biometrics 41:55.
    pub log_risk_ratio_error: Option<f64>,
    /// Common difference of event rates, strata weighted by m n / (m + n).
    pub risk_difference: f64,
    /// Standard error of the difference: Sato (1989), Biometrics 45:1323; good for sparse strata too.
    pub risk_difference_error: f64,
    /// Sum over strata of the canary's events less their expectation.
    excess: f64,
    /// Its hypergeometric variance.
    excess_variance: f64,
}

/// Mantel & Haenszel's estimates over strata; strata without trials in both arms say nothing and are left out.
///
/// ```
/// use serinus::{Arms, stats::strata::{Continuity, Events, mantel_haenszel}};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let table = |events, trials, base_events, base_trials| Arms {
///     canary: Events { events, trials },
///     baseline: Events { events: base_events, trials: base_trials },
/// };
/// let stages = [table(2, 100, 10, 1000), table(5, 100, 30, 1000), table(1, 50, 12, 1000)];
/// let common = mantel_haenszel(&stages)?;
/// assert!(common.odds_ratio.is_some_and(|r| r > 1.7 && r < 1.8));
/// assert!(common.test(Continuity::Corrected)?.p_value > 0.2);
/// # Ok(()) }
/// ```
///
/// # Errors
/// More events than trials; no stratum with trials in both arms.
pub fn mantel_haenszel(strata: &[Arms<Events>]) -> Result<MantelHaenszel, Unanswerable> {
    #[derive(Default)]
    struct Sums {
        /// Odds ratio: R = ad/N, S = bc/N, and Robins, Breslow & Greenland's P R, P S + Q R, Q S.
        r: f64,
        s: f64,
        pr: f64,
        ps_qr: f64,
        qs: f64,
        /// Risk ratio: a n0/N, c n1/N and the numerator of the variance.
        canary: f64,
        baseline: f64,
        ratio_variance: f64,
        /// Risk difference: weights n1 n0/N, and Sato's P and Q.
        weight: f64,
        sato_p: f64,
        sato_q: f64,
        excess: f64,
        excess_variance: f64,
    }
    let mut t = Sums::default();
    for stratum in strata {
        for (arm, e) in [("canary.events", stratum.canary), ("baseline.events", stratum.baseline)] {
            if e.events > e.trials {
                let expected = "it has to be at most the number of trials";
                return Err(Unanswerable::Argument { argument: arm, value: e.events as f64, expected });
            }
        }
        let (a, n1) = (stratum.canary.events as f64, stratum.canary.trials as f64);
        let (c, n0) = (stratum.baseline.events as f64, stratum.baseline.trials as f64);
        if n1 == 0.0 || n0 == 0.0 {
            continue;
        }
        let (b, d, n) = (n1 - a, n0 - c, n1 + n0);
        let (r, s, p, q) = (a * d / n, b * c / n, (a + d) / n, (b + c) / n);
        t.r += r;
        t.s += s;
        t.pr += p * r;
        t.ps_qr += p * s + q * r;
        t.qs += q * s;
        t.canary += a * n0 / n;
        t.baseline += c * n1 / n;
        let events = a + c;
        t.ratio_variance += (events * n1 / n * n0 - a * c) / n;
        t.weight += n1 * n0 / n;
        t.sato_p += n1 / n * (n1 / n) * c - n0 / n * (n0 / n) * a + n1 / n * (n0 / n) * (n0 - n1) / 2.0;
        t.sato_q += (a * (n0 - c) + c * (n1 - a)) / (2.0 * n);
        t.excess += a - n1 * events / n;
        t.excess_variance += n1 / n * n0 / n * events * (n - events) / (n - 1.0);
    }
    if t.weight == 0.0 {
        let why = "no stratum has trials in both arms";
        return Err(Unanswerable::Undefined { test: "mantel_haenszel", why });
    }
    let both = |u: f64, v: f64| u > 0.0 && v > 0.0;
    let difference = (t.canary - t.baseline) / t.weight;
    Ok(MantelHaenszel {
        odds_ratio: (t.s > 0.0).then(|| t.r / t.s),
        log_odds_ratio_error: both(t.r, t.s)
            .then(|| (t.pr / (2.0 * t.r * t.r) + t.ps_qr / (2.0 * t.r * t.s) + t.qs / (2.0 * t.s * t.s)).sqrt()),
        risk_ratio: (t.baseline > 0.0).then(|| t.canary / t.baseline),
        log_risk_ratio_error: both(t.canary, t.baseline)
            .then(|| (t.ratio_variance.max(0.0) / (t.canary * t.baseline)).sqrt()),
        risk_difference: difference,
        risk_difference_error: (difference * t.sato_p + t.sato_q).max(0.0).sqrt() / t.weight,
        excess: t.excess,
        excess_variance: t.excess_variance,
    })
}

impl MantelHaenszel {
    /// The Cochran-Mantel-Haenszel chi-square test of no association in any stratum, on one degree of freedom.
    ///
    /// # Errors
    /// No stratum in which both arms and both outcomes occur.
    pub fn test(&self, continuity: Continuity) -> Result<Tested, Unanswerable> {
        if self.excess_variance <= 0.0 {
            let why = "no stratum has both arms and both outcomes";
            return Err(Unanswerable::Undefined { test: "mantel_haenszel", why });
        }
        let off = self.excess.abs();
        let off = if continuity == Continuity::Corrected && off >= 0.5 { off - 0.5 } else { off };
        let statistic = off * off / self.excess_variance;
        let p_value = if statistic > 0.0 { special::chi2_sf(statistic, 1.0).clamp(0.0, 1.0) } else { 1.0 };
        Ok(Tested { statistic, p_value })
    }

    /// The two-sided interval of the common odds ratio; `None` where its error does not exist.
    pub fn odds_ratio_interval(&self, level: f64) -> Option<Confidence> {
        log_interval(self.odds_ratio?, self.log_odds_ratio_error?, level)
    }

    /// The two-sided interval of the common risk ratio; `None` where its error does not exist.
    pub fn risk_ratio_interval(&self, level: f64) -> Option<Confidence> {
        log_interval(self.risk_ratio?, self.log_risk_ratio_error?, level)
    }
}

fn log_interval(ratio: f64, error: f64, level: f64) -> Option<Confidence> {
    if !(level > 0.0 && level < 1.0) {
        return None;
    }
    let half = special::norm_isf(0.5 * (1.0 - level)) * error;
    Some(Confidence { low: ratio * (-half).exp(), high: ratio * half.exp(), level })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(a: u64, m: u64, c: u64, n: u64) -> Arms<Events> {
        Arms { canary: Events { events: a, trials: m }, baseline: Events { events: c, trials: n } }
    }

    #[test]
    fn swapping_the_arms_turns_every_estimate_round() {
        let strata = [table(2, 100, 10, 1000), table(5, 100, 30, 1000), table(1, 50, 12, 1000)];
        let (a, b) = (mantel_haenszel(&strata).unwrap(), mantel_haenszel(&strata.map(Arms::swap)).unwrap());
        let near = |u: f64, v: f64| assert!((u / v - 1.0).abs() < 1e-12, "{u} {v}");
        near(a.odds_ratio.unwrap(), 1.0 / b.odds_ratio.unwrap());
        near(a.log_odds_ratio_error.unwrap(), b.log_odds_ratio_error.unwrap());
        near(a.risk_ratio.unwrap(), 1.0 / b.risk_ratio.unwrap());
        near(a.log_risk_ratio_error.unwrap(), b.log_risk_ratio_error.unwrap());
        near(a.risk_difference, -b.risk_difference);
        near(a.risk_difference_error, b.risk_difference_error);
        near(a.test(Continuity::None).unwrap().statistic, b.test(Continuity::None).unwrap().statistic);
    }

    #[test]
    fn one_stratum_is_the_plain_table() {
        let one = mantel_haenszel(&[table(12, 80, 30, 400)]).unwrap();
        assert!((one.odds_ratio.unwrap() - 12.0 * 370.0 / (68.0 * 30.0)).abs() < 1e-12);
        let woolf: f64 = 1.0 / 12.0 + 1.0 / 68.0 + 1.0 / 30.0 + 1.0 / 370.0;
        assert!((one.log_odds_ratio_error.unwrap() - woolf.sqrt()).abs() < 1e-12);
        assert!((one.risk_ratio.unwrap() - 0.15 / 0.075).abs() < 1e-12);
        let katz: f64 = 1.0 / 12.0 - 1.0 / 80.0 + 1.0 / 30.0 - 1.0 / 400.0;
        assert!((one.log_risk_ratio_error.unwrap() - katz.sqrt()).abs() < 1e-12);
        assert!((one.risk_difference - 0.075).abs() < 1e-15);
    }

    #[test]
    fn empty_cells_have_no_ratio_and_no_panic() {
        let none = mantel_haenszel(&[table(0, 10, 0, 10)]).unwrap();
        assert_eq!((none.odds_ratio, none.risk_ratio, none.risk_difference), (None, None, 0.0));
        assert!(none.test(Continuity::None).is_err());
        assert_eq!(mantel_haenszel(&[table(0, 10, 3, 10)]).unwrap().odds_ratio, Some(0.0));
        assert!(mantel_haenszel(&[table(0, 0, 3, 10)]).is_err());
        assert!(mantel_haenszel(&[table(4, 3, 3, 10)]).is_err());
        assert!(mantel_haenszel(&[table(1, 1, 0, 1)]).unwrap().test(Continuity::Corrected).is_ok());
    }

    #[test]
    fn strata_with_one_arm_say_nothing() {
        let z = van_elteren(&[1.0, 5.0, 9.0], &[0, 0, 7], &[2.0, 3.0], &[0, 0]).unwrap();
        let alone = van_elteren(&[1.0, 5.0], &[0, 0], &[2.0, 3.0], &[0, 0]).unwrap();
        assert_eq!(z, alone);
        assert!(van_elteren(&[1.0], &[0], &[1.0], &[1]).is_err());
        assert!(van_elteren(&[1.0], &[0], &[1.0], &[0]).is_err());
    }
}
