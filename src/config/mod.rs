//! The judge's config: what the user writes, as plain structs with defaults.
//!
//! [`JudgeConfig::from_value`] reads the config from any JSON-like value and reports every fault at once, each with its
//! path and the nearest known key. The structs can also be built by hand; [`crate::judge::Judge::new`] checks them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod columns;
mod error;
mod from_value;
pub(crate) mod keys;
mod lints;
mod metric_rules;
pub(crate) mod nearest;
mod overrides;
pub(crate) mod reader;
mod rfc3339;
#[cfg_attr(not(feature = "schema"), allow(dead_code))]
pub(crate) mod rollout_keys;
mod rules;
#[cfg(feature = "schema")]
mod schema;
pub(crate) mod shape;
mod to_value;

pub use columns::ArmsIn;
pub use error::{ConfigError, ConfigErrors};
pub use overrides::set;
pub use rfc3339::rfc3339_ms;
#[cfg(feature = "schema")]
pub use schema::{config_schema, judgement_schema, rollout_schema, schema};

/// Everything that the judge needs to know besides the data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JudgeConfig {
    /// How to read a request log; not needed when arrays are passed in.
    pub data: DataConfig,
    /// Error rates of the two questions asked of each metric.
    pub alpha: Alpha,
    /// How p-values of one family are corrected.
    pub correction: Correction,
    /// Where the score passes and fails.
    pub thresholds: Thresholds,
    /// What an open question costs.
    pub policy: Policy,
    /// Weights of metric groups in percent, in the order given.
    pub groups: Vec<(String, f64)>,
    /// Seed of everything that is resampled.
    pub seed: u64,
    /// The metrics, in the order given.
    pub metrics: Vec<MetricConfig>,
    /// Anytime-valid monitoring.
    pub monitoring: MonitoringConfig,
}

/// How to read a request log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataConfig {
    /// Where the arm stands. `None` with paired data or with one table an arm.
    pub arm: Option<ArmColumn>,
    /// Column that names rows in reports.
    pub id: Option<String>,
    /// Column of what was randomised; makes every test cluster-robust.
    pub unit: Option<String>,
    /// Blocks inside which the arms are compared.
    pub stratum: Option<Stratum>,
    /// When a row happened.
    pub time: Option<TimeColumn>,
    /// Declared traffic share of the canary, for the sample-ratio check.
    pub share: Option<Share>,
    /// Columns whose values are judged one by one.
    pub segments: Vec<String>,
    /// Labels that arrive late.
    pub labels: Option<Labels>,
    /// What to drop at the start.
    pub warm_up: Option<WarmUp>,
    /// Column prefixes of a shadow log, in place of `arm`.
    pub paired: Option<crate::Arms<String>>,
}

/// The column that says which arm served a row.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmColumn {
    /// Column name; default `arm`.
    pub column: String,
    /// The value of each arm; default `baseline` and `canary`.
    pub values: crate::Arms<String>,
    /// Values whose rows are left out.
    pub ignore: Vec<String>,
}

/// Blocks inside which the arms are compared, never pooled across.
#[derive(Debug, Clone, PartialEq)]
pub enum Stratum {
    /// A column, such as the ramp stage.
    Column(String),
    /// Time blocks of so many seconds.
    Seconds(f64),
}

/// The column that says when a row happened.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeColumn {
    /// Column name.
    pub column: String,
    /// Its unit; default milliseconds.
    pub unit: TimeUnit,
}

/// Unit of a time column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Milliseconds since an epoch.
    #[default]
    Ms,
    /// Seconds since an epoch.
    S,
    /// RFC 3339 text.
    Rfc3339,
}

/// Declared share of the canary, in percent of baseline plus canary rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Share {
    /// A column, constant within a stratum.
    Column(String),
    /// One number for all rows.
    Percent(f64),
}

/// Labels that arrive late: a row counts for metrics on these columns once its label has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Column with the time of arrival, in the unit of `time`.
    pub arrive: String,
    /// Columns that wait for it.
    pub columns: Vec<String>,
    /// The moment of judgement.
    pub as_of: AsOf,
}

/// The moment up to which labels count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum AsOf {
    /// Time of the last row.
    #[default]
    Last,
    /// A moment, in the unit of `time` (RFC 3339 is turned into milliseconds).
    At(f64),
}

/// What to drop at the start of a canary, in both arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WarmUp {
    /// Up to the time of the canary's k-th row.
    Requests(u64),
    /// Up to that time after the canary's first row.
    Seconds(f64),
}

/// One-sided error rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alpha {
    /// Of calling a canary safe that is worse than the margin.
    pub safe: f64,
    /// Of calling a canary harmful that is not worse than the margin.
    pub harm: f64,
}

impl Default for Alpha {
    fn default() -> Self {
        Alpha { safe: 0.05, harm: 0.01 }
    }
}

/// How the p-values of one family are corrected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Not at all.
    None,
    /// Times the number of hypotheses.
    Bonferroni,
    /// Step-down Bonferroni: any dependence. The default.
    #[default]
    Holm,
    /// False discovery rate under positive dependence.
    BenjaminiHochberg,
    /// False discovery rate under any dependence.
    BenjaminiYekutieli,
    /// Step-up, under positive dependence.
    Hochberg,
    /// One minus the product, under independence.
    Sidak,
}

/// Where the score passes and fails.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Least score that promotes.
    pub pass: f64,
    /// A best score at or below this one rolls back.
    pub fail: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { pass: 95.0, fail: 60.0 }
    }
}

/// What an open question costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Neither safe nor harmful was shown.
    pub inconclusive: OnInconclusive,
    /// There were no data.
    pub no_data: OnNoData,
}

/// What an inconclusive metric counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// It stays open.
    #[default]
    Hold,
    /// It counts as failed.
    Fail,
    /// It counts as passed: Kayenta's habit; scored metrics only.
    Pass,
}

/// What a metric without data counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNoData {
    /// As inconclusive.
    #[default]
    Hold,
    /// As failed.
    Fail,
    /// Not at all.
    Ignore,
}

/// One metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricConfig {
    /// Unique name.
    pub name: String,
    /// What is estimated, with the columns it needs.
    pub kind: MetricKind,
    /// Which way is better.
    pub direction: Direction,
    /// How much worse is still acceptable.
    pub margin: Option<Margin>,
    /// Bounds on the canary alone.
    pub limit: Option<Limit>,
    /// What the metric decides.
    pub role: Role,
    /// Group in which it is scored.
    pub group: Option<String>,
    /// Weight in its group; default 1.
    pub weight: f64,
    /// Error rates of its own.
    pub alpha: Option<Alpha>,
    /// Test in place of the type's default: a `kind` and its options.
    pub test: Option<TestConfig>,
    /// Equality filters.
    pub filter: Vec<(String, Value)>,
    /// Missing values.
    pub missing: Missing,
    /// Outliers.
    pub outliers: Option<Outliers>,
    /// Least rows (units when clustered) of each arm.
    pub min_samples: u64,
    /// Whether segments are judged.
    pub segments: bool,
}

/// What a metric estimates.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Share of rows whose value is true, or above or below a number.
    Proportion {
        /// Column of 0/1, booleans or numbers.
        column: String,
        /// What counts as an event.
        event: Event,
    },
    /// Arithmetic mean.
    Mean {
        /// Column.
        column: String,
    },
    /// Typical value: P(canary > baseline) on the margin's scale.
    Distribution {
        /// Column.
        column: String,
    },
    /// A quantile.
    Quantile {
        /// Column.
        column: String,
        /// Its level in (0, 1).
        q: f64,
    },
    /// Area under the ROC curve.
    Auc {
        /// Column of scores.
        score: String,
        /// Column of 0/1 labels.
        label: String,
    },
    /// Sum over sum, such as clicks over impressions.
    Ratio {
        /// Column of the numerator.
        numerator: String,
        /// Column of the denominator.
        denominator: String,
    },
    /// Distance of the two distributions, in either direction.
    Shift {
        /// Column of numbers or of classes.
        column: String,
        /// Greatest distance that is acceptable.
        max_distance: f64,
    },
    /// Mean of score minus label.
    Calibration {
        /// Column of scores.
        score: String,
        /// Column of labels.
        label: String,
    },
    /// Share of pairs whose values differ by at most `tolerance` (paired data only).
    Agreement {
        /// Column of numbers or classes.
        column: String,
        /// Greatest difference that agrees.
        tolerance: f64,
        /// Least acceptable share.
        min: f64,
    },
    /// Events per exposure.
    Rate {
        /// Column of counts.
        events: String,
        /// Column of exposures.
        exposure: String,
    },
}

/// What counts as an event of a proportion.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Event {
    /// The value is true or 1; 0 and 1 are the only numbers allowed.
    #[default]
    True,
    /// The value is greater than this number.
    Above(f64),
    /// The value is less than this number.
    Below(f64),
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
    /// A change in either direction is harm.
    Either,
}

/// How much worse is still acceptable. At least one of the two is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// As a share of the baseline.
    pub relative: Option<f64>,
    /// In the metric's own unit.
    pub absolute: Option<f64>,
    /// How the two combine when both are given.
    pub combine: Combine,
}

/// How a relative and an absolute margin combine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The larger of the two is allowed. The default.
    #[default]
    Either,
    /// Both have to be kept.
    Both,
}

/// Bounds tested on the canary alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Greatest acceptable value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Least acceptable value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
}

/// What a metric decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Hard gate.
    Critical,
    /// Weighs in the score.
    #[default]
    Scored,
    /// Reported; decides only by a crossed limit.
    Advisory,
}

/// A test in place of the type's default.
#[derive(Debug, Clone, PartialEq)]
pub struct TestConfig {
    /// Which test.
    pub kind: TestKind,
    /// Its options as given (checked by name): `method`, `draws`, `trim`, `bins`, ...
    pub options: BTreeMap<String, Value>,
}

/// The tests a metric can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum TestKind {
    MannWhitney,
    BrunnerMunzel,
    Welch,
    Yuen,
    Bootstrap,
    Quantile,
    FarringtonManning,
    MiettinenNurminen,
    Newcombe,
    ScoreRatio,
    ConditionalBinomial,
    KolmogorovSmirnov,
    Psi,
    JensenShannon,
    ChiSquare,
    Delong,
    DeltaMethod,
    PoissonRate,
    PairedT,
    SignedRank,
    Tango,
    ExactBinomial,
}

/// Missing values (nulls and NaN).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Left out and counted.
    #[default]
    Drop,
    /// The metric fails to be judged: an error of the data.
    Fail,
    /// Taken as 0: for event counts where missing means none.
    Zero,
}

/// Outliers, found on the baseline and treated alike in both arms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outliers {
    /// How they are found.
    pub method: OutlierMethod,
    /// Factor of the fence (IQR: 1.5, MAD: 3, sigma: 3) or, for `winsorize`, the baseline quantile (0.999).
    pub factor: f64,
    /// What is done with them.
    pub action: OutlierAction,
}

/// How outliers are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum OutlierMethod {
    Iqr,
    Mad,
    Sigma,
    Quantile,
}

/// What is done with outliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierAction {
    /// Left out and counted.
    Remove,
    /// Moved to the fence.
    Clip,
}

/// Anytime-valid monitoring; all optional.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitoringConfig {
    /// Error rate of a false rollback over all looks.
    pub alpha_rollback: f64,
    /// Shares of that rate for metrics, error spikes and distribution shift.
    pub split: MonitoringSplit,
    /// Error rate of a false promotion over all looks.
    pub alpha_promote: f64,
    /// How often to look.
    pub look: LookEvery,
    /// Canary rows and expected events before a metric may speak.
    pub burn_in: BurnIn,
    /// Least seconds before promotion.
    pub min_bake_seconds: f64,
    /// Canary rows expected over the whole window; tunes the mixtures.
    pub expected_rows: Option<u64>,
    /// How long a batch waits for late rows.
    pub watermark_seconds: f64,
}

/// Shares of the rollback budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MonitoringSplit {
    pub metrics: f64,
    pub spike: f64,
    pub shift: f64,
}

/// How often to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LookEvery {
    /// So many seconds.
    Seconds(f64),
    /// So many requests (rows of both arms).
    Requests(u64),
}

/// What a metric waits for before it may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurnIn {
    /// Canary rows.
    pub rows: u64,
    /// Expected events.
    pub events: u64,
}

impl Default for MonitoringConfig {
    fn default() -> Self {
        MonitoringConfig {
            alpha_rollback: 0.05,
            split: MonitoringSplit { metrics: 0.6, spike: 0.2, shift: 0.2 },
            alpha_promote: 0.05,
            look: LookEvery::Seconds(60.0),
            burn_in: BurnIn { rows: 100, events: 5 },
            min_bake_seconds: 0.0,
            expected_rows: None,
            watermark_seconds: 0.0,
        }
    }
}

impl MetricConfig {
    /// A scored metric of weight 1 without margin; give it a margin or a limit before it is judged.
    pub fn new(name: impl Into<String>, kind: MetricKind, direction: Direction) -> Self {
        MetricConfig {
            name: name.into(),
            kind,
            direction,
            margin: None,
            limit: None,
            role: Role::Scored,
            group: None,
            weight: 1.0,
            alpha: None,
            test: None,
            filter: Vec::new(),
            missing: Missing::Drop,
            outliers: None,
            min_samples: 0,
            segments: true,
        }
    }

    /// The same metric with a margin.
    pub fn margin(mut self, margin: Margin) -> Self {
        self.margin = Some(margin);
        self
    }

    /// The same metric with a role.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

impl Margin {
    /// A share of the baseline.
    pub fn relative(share: f64) -> Self {
        Margin { relative: Some(share), absolute: None, combine: Combine::Either }
    }

    /// A difference in the metric's own unit.
    pub fn absolute(difference: f64) -> Self {
        Margin { relative: None, absolute: Some(difference), combine: Combine::Either }
    }
}
