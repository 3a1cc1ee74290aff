//! Every test as a function on slices, exact and cited; no config, no canaries.
//!
//! In this module `x` is the canary and `y` the baseline, as SciPy orders them. Every function answers with a small
//! struct or with [`Unanswerable`]; no answer is ever NaN.

mod boundary;
mod scale;
mod unanswerable;

pub mod adjust;
pub mod anderson_darling;
pub mod binning;
pub mod binomial;
pub mod bootstrap;
pub mod brunner_munzel;
pub mod classification;
pub mod cluster;
pub mod contrast;
pub mod covariate;
pub mod cramer_von_mises;
pub mod delong;
pub mod describe;
pub mod distance;
pub mod divergence;
pub mod ecdf;
pub mod effect_size;
pub mod estimate;
pub mod hodges_lehmann;
pub mod kolmogorov_one_sample;
pub mod kolmogorov_smirnov;
pub mod location;
pub mod mann_whitney;
pub mod outliers;
mod paired_differences;
pub mod paired_proportion;
pub mod paired_t;
mod pairwise_sums;
pub mod proportion;
pub mod proportion_exact;
pub mod quantile;
pub mod rank;
pub mod rank_tests;
pub mod rate;
pub mod ratio_of_means;
pub mod rng;
pub mod signed_rank;
pub mod special;
pub mod strata;
pub mod welch;
pub mod yuen;

pub use unanswerable::Unanswerable;

use serde::{Deserialize, Serialize};

/// Which departure from the null counts, always about the canary (x) relative to the baseline (y).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alternative {
    /// The canary differs.
    #[default]
    TwoSided,
    /// The canary is smaller.
    Less,
    /// The canary is greater.
    Greater,
}

/// A confidence interval; an end is infinite where the data bound nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// Lower end, `-inf` when unbounded.
    pub low: f64,
    /// Upper end, `inf` when unbounded.
    pub high: f64,
    /// Two-sided level, such as 0.9 for the interval that matches a one-sided test at 0.05.
    pub level: f64,
}
