//! Two proportions: score tests for a difference, a ratio or an odds ratio, their intervals, and the conditional exact test.
//!
//! `x` is the canary, `y` the baseline. Each test has a stratified form, which is what the judge calls: strata are weighted,
//! never pooled, and with one stratum the classical test comes out to the last digit, because it is the same code.
//!
//! Which one: [`score_difference_strata`] for an absolute margin, [`score_ratio_strata`] for a relative one, and
//! [`conditional_binomial_strata`] for a relative margin on rare events. Intervals are inversions of their tests, so test and
//! interval never contradict each other. Wald's interval is here to be compared with and not for decisions: at rare events
//! its size is several times the nominal one.
//!
//! Sources: Miettinen & Nurminen 1985; Mee 1984; Farrington & Manning 1990; Koopman 1984; Newcombe 1998; Agresti & Caffo
//! 2000; Przyborowski & Wilenski 1940 (the conditional test).

mod conditional;
mod difference;
mod envelope;
mod odds_ratio;
mod ratio;
mod restricted;
mod simple;

pub(crate) use conditional::Conditional;
pub use conditional::{
    ConditionalBinomial, Tail, conditional_binomial, conditional_binomial_strata, conditional_ratio_interval,
    conditional_ratio_interval_strata,
};
pub use difference::{
    score_difference, score_difference_interval, score_difference_interval_strata, score_difference_strata,
};
pub use odds_ratio::{score_odds_ratio, score_odds_ratio_interval};
pub use ratio::{score_ratio, score_ratio_interval, score_ratio_interval_strata, score_ratio_strata};
pub use restricted::{Fitted, fitted_at_difference, fitted_at_ratio};
pub use simple::{Smoothing, agresti_caffo, log_ratio_interval, logit_odds_ratio_interval, newcombe, wald};

use self::envelope::Envelope;
use super::special::{norm_cdf, norm_sf};
use super::{Unanswerable, binomial};
use crate::arms::Arm;

/// Events among trials in both arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportions {
    /// Events of the canary.
    pub x_events: u64,
    /// Trials of the canary.
    pub x_n: u64,
    /// Events of the baseline.
    pub y_events: u64,
    /// Trials of the baseline.
    pub y_n: u64,
}

/// Events among trials of both arms in one stratum. Counts may be effective ones, divided by a design effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StratumCounts {
    /// The stratum's weight, any non-negative number; weights are divided by their sum.
    pub weight: f64,
    /// Events of the canary.
    pub x_events: f64,
    /// Trials of the canary.
    pub x_n: f64,
    /// Events of the baseline.
    pub y_events: f64,
    /// Trials of the baseline.
    pub y_n: f64,
}

impl From<Proportions> for StratumCounts {
    /// The only stratum, with weight 1.
    fn from(counts: Proportions) -> Self {
        StratumCounts {
            weight: 1.0,
            x_events: counts.x_events as f64,
            x_n: counts.x_n as f64,
            y_events: counts.y_events as f64,
            y_n: counts.y_n as f64,
        }
    }
}

/// Which null variance a score test divides by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScoreVariance {
    /// As it is (Farrington & Manning 1990; Mee 1984 for the interval).
    #[default]
    FarringtonManning,
    /// Times N / (N - 1) in each stratum, N the trials of both arms (Miettinen & Nurminen 1985).
    MiettinenNurminen,
}

impl ScoreVariance {
    fn factor(self, counts: &StratumCounts) -> f64 {
        let n = counts.x_n + counts.y_n;
        match self {
            ScoreVariance::FarringtonManning => 1.0,
            // Effective counts may add up to one or less; a huge variance then says that they bear no evidence.
            ScoreVariance::MiettinenNurminen if n <= 1.0 => f64::MAX,
            ScoreVariance::MiettinenNurminen => n / (n - 1.0),
        }
    }
}

/// What a score test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreTest {
    /// The contrast over its null standard error; infinite where the null leaves no variance and the data contradict it.
    pub z: f64,
    /// The estimate, unrestricted; `None` where it does not exist (a ratio over no events).
    pub estimate: Option<f64>,
    /// The contrast's variance under the null, variance factor included.
    pub variance: f64,
    /// The largest z from the value asked about upwards; z itself in one stratum.
    z_upwards: f64,
    /// The smallest z from the value asked about downwards; z itself in one stratum.
    z_downwards: f64,
}

impl ScoreTest {
    /// Small when the estimate lies significantly below the value asked about: p-value of the null "at least this value".
    ///
    /// The lower tail at z. Over strata z can rise with the value for a while; then the largest tail among the values in the
    /// null counts, so that a wider margin is never harder to show.
    pub fn p_less(&self) -> f64 {
        norm_cdf(self.z_upwards)
    }

    /// Small when the estimate lies significantly above the value asked about: p-value of the null "at most this value".
    pub fn p_greater(&self) -> f64 {
        norm_sf(self.z_downwards)
    }

    fn levelled(self, value: f64, envelope: &Envelope) -> Self {
        ScoreTest {
            z_upwards: envelope.least_against_less(value, self.z),
            z_downwards: envelope.least_against_greater(value, self.z),
            ..self
        }
    }

    /// z of a contrast; 0 where nothing varies and nothing differs, which is no evidence either way.
    pub(crate) fn new(contrast: f64, variance: f64, estimate: Option<f64>) -> Self {
        let z = if contrast == 0.0 {
            0.0
        } else if variance > 0.0 {
            contrast / variance.sqrt()
        } else {
            f64::INFINITY.copysign(contrast)
        };
        ScoreTest { z, estimate, variance, z_upwards: z, z_downwards: z }
    }
}

/// Strata that passed the checks, with weights that sum to one; strata without weight are gone.
fn checked(test: &'static str, strata: &[StratumCounts]) -> Result<Vec<StratumCounts>, Unanswerable> {
    for s in strata {
        if !(s.weight >= 0.0 && s.weight.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "weight",
                value: s.weight,
                expected: "it has to be finite and not negative",
            });
        }
        for (arm, events, n) in [(Arm::Canary, s.x_events, s.x_n), (Arm::Baseline, s.y_events, s.y_n)] {
            if n == 0.0 {
                return Err(Unanswerable::TooFew { test, what: "trials", arm, needed: 1, found: 0 });
            }
            binomial::check_counts(test, events, n)?;
        }
    }
    let largest = strata.iter().map(|s| s.weight).fold(0.0, f64::max);
    if largest <= 0.0 {
        return Err(Unanswerable::Undefined { test, why: "no stratum has weight" });
    }
    let total: f64 = strata.iter().map(|s| s.weight / largest).sum();
    Ok(strata
        .iter()
        .filter(|s| s.weight > 0.0)
        .map(|s| StratumCounts { weight: s.weight / largest / total, ..*s })
        .collect())
}

/// A design effect or other factor on the null variance.
fn check_factor(factor: f64) -> Result<f64, Unanswerable> {
    if factor > 0.0 && factor.is_finite() {
        Ok(factor)
    } else {
        Err(Unanswerable::Argument {
            argument: "variance_factor",
            value: factor,
            expected: "it has to be positive and finite",
        })
    }
}

/// A ratio asked about.
fn check_ratio(ratio: f64) -> Result<f64, Unanswerable> {
    if ratio > 0.0 && ratio.is_finite() {
        Ok(ratio)
    } else {
        Err(Unanswerable::Argument { argument: "ratio", value: ratio, expected: "it has to be positive and finite" })
    }
}
