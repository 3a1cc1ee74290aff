//! What a test says of one metric.

use serde::{Deserialize, Serialize};

use crate::arms::Arms;
use crate::config::Combine;

/// Evidence from one comparison. `p_safe` is of the null "worse than the margin"; `p_harm` of "not worse than the margin".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The test used, such as `farrington_manning`.
    pub test: String,
    /// What is estimated, in words: "ratio of p99", "difference of proportions".
    pub estimand: String,
    /// What the numbers are: a difference, a ratio, a distance or a share.
    pub scale: Scale,
    /// The estimate, canary minus baseline or canary over baseline; `None` where it does not exist.
    pub estimate: Option<f64>,
    /// The interval that decides: two-sided at 1 - 2 alpha.safe. `None` where the test has none.
    pub interval: Option<Interval>,
    /// p-value of "worse than the margin"; small means shown safe. `None` where there is no margin.
    pub p_safe: Option<f64>,
    /// p-value of "not worse than the margin"; small means shown harmful.
    pub p_harm: Option<f64>,
    /// `p_harm` after correction in its family.
    pub p_harm_adjusted: Option<f64>,
    /// The margin asked about.
    pub margin: Option<MarginUsed>,
    /// Rows compared.
    pub n: Arms<u64>,
    /// Units compared, when rows are not the units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Arms<u64>>,
    /// Each arm's own value of the metric, strata weighted alike.
    pub value: Arms<Option<f64>>,
    /// How the p-values were found.
    pub method: Method,
    /// What a reader has to know: `skew`, `separated`, `no_events`, `small_sample`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Anytime-valid evidence: log e-values behind the two p-values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_e: Option<LogE>,
}

/// What an estimate and its interval are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Canary minus baseline; no difference is 0.
    Difference,
    /// Canary over baseline; no difference is 1.
    Ratio,
    /// A distance between distributions; no difference is 0.
    Distance,
    /// A share of pairs.
    Share,
}

impl Scale {
    /// The value of no difference.
    pub fn null(self) -> f64 {
        match self {
            Scale::Difference | Scale::Distance => 0.0,
            Scale::Ratio | Scale::Share => 1.0,
        }
    }
}

/// Natural logs of the e-values behind anytime-valid p-values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogE {
    /// Against "worse than the margin".
    pub safe: Option<f64>,
    /// Against "not worse than the margin".
    pub harm: Option<f64>,
}

/// A confidence interval; an end is `None` where the data bound nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Two-sided level.
    pub level: f64,
}

impl Interval {
    /// An interval from two ends, of which one may be infinite.
    pub fn new(low: f64, high: f64, level: f64) -> Self {
        let finite = |v: f64| v.is_finite().then_some(v);
        Interval { low: finite(low), high: finite(high), level }
    }
}

/// The margin as it was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarginUsed {
    /// As a share of the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// In the metric's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
    /// How the two combine, when both are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<Combine>,
}

/// How p-values were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From the exact distribution.
    Exact,
    /// From a limit distribution.
    Asymptotic,
    /// From resampling.
    Resampled {
        /// Number of replicates.
        draws: u64,
        /// Seed of their streams.
        seed: u64,
    },
    /// Valid at every look.
    AnytimeValid,
}
