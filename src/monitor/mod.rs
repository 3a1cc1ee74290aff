//! Look every minute, and still be right: anytime-valid monitoring.
//!
//! A test at 5 % that is looked at each minute for a day raises a false alarm in 30 % to 56 % of healthy canaries. Here
//! every question keeps an **e-process**: a number E that starts at 1 and has mean at most 1 whenever one stops, as long as
//! the null holds. Reaching 1/alpha at any look has probability at most alpha (Ville 1939), and min(1, 1/E) is a p-value
//! at any look. What it costs is some 20 % more data at the median than the best fixed sample would take for the same
//! effect; what it buys is that nobody has to say beforehand when to look.

mod answer;
mod answer_look;
mod batch;
mod beta_binomial;
mod betting;
mod boundary;
pub(crate) mod columns;
mod combine;
mod contrast;
mod cusum;
mod decide;
mod dirichlet;
mod dkw;
mod error;
mod exact;
mod exceedance;
mod fisher_noncentral;
mod gamma_exponential;
mod group_sequential;
mod histogram;
mod label;
mod log_sum;
mod look;
mod metric;
mod normal_mixture;
mod one_arm;
mod plan;
mod rank_score;
mod rate_difference;
mod rates;
mod rows;
mod sample_ratio;
mod score;
mod spike;
mod state;
mod stratified;
mod watch;
mod weights;
mod words;

pub use batch::{ArmStatistics, Batch, GroupSums, SegmentBatch};
pub use beta_binomial::{BetaBinomial, bernoulli_confidence_sequence};
pub use betting::BlockBetting;
pub use combine::{e_bh, e_bonferroni, e_holm, e_holm_adjusted, log_mean_e, p_to_e};
pub use cusum::{RateJump, bernoulli_cusum_arl, cusum_path, shiryaev_roberts_log_path};
pub use dirichlet::{dirichlet_log_e, status_class_log_e};
pub use dkw::{StochasticOrder, dkw_radius, quantile_band, stochastic_order};
pub use error::MonitorError;
pub use fisher_noncentral::{FisherNoncentral, Trials};
pub use gamma_exponential::GammaExponential;
pub use group_sequential::{GroupSequential, Spending, group_sequential_bounds};
pub use histogram::{Histogram, SCHEMA as HISTOGRAM_SCHEMA, bucket_edge, bucket_index};
pub use label::{Counts, LabelMixture, RatioPrior, Side};
pub use log_sum::{log_add_exp, log_sum_exp, p_from_log_e};
pub use look::{LOOK_SCHEMA, Look, Totals};
pub use metric::HASH_GROUPS;
pub use normal_mixture::{NormalMixture, Sides};
pub use one_arm::rate_limit_log_e;
pub use plan::History;
pub use rate_difference::RateDifference;
pub use rows::BatchReader;
pub(crate) use rows::Feed;
pub use sample_ratio::{SAMPLE_RATIO_ALPHA, SAMPLE_RATIO_CONCENTRATION, SampleRatio};
pub use spike::{SpikeDetector, SpikeStarts};
pub use state::{Rollback, STATE_SCHEMA};
pub use stratified::{Contrast, Moments, Stratified, VarianceRule};
pub use watch::Monitor;
