//! Config and data in, an explained judgement out.

mod checks;
mod dataset;
mod decide;
mod digest;
mod error;
pub mod judgement;
mod metric;
mod needs;
pub mod parity;
mod score;
mod segments;
mod select;
pub(crate) mod sentence;
mod stack;
mod summarised;

pub use error::DataError;

use serde::{Deserialize, Serialize};

use crate::arms::Arms;
use crate::config::{ArmColumn, AsOf, ConfigErrors, JudgeConfig};
use crate::summary::SummaryRow;
use crate::table::Table;
use dataset::Dataset;
use judgement::Judgement;

/// What one metric showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Shown safe.
    Pass,
    /// Shown worse than the margin.
    Fail,
    /// Neither.
    Inconclusive,
    /// Nothing to judge.
    NoData,
}

/// What the whole judgement says: statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Verdict {
    Pass,
    Marginal,
    Fail,
}

/// What to do: operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Decision {
    Promote,
    Hold,
    Rollback,
}

impl Decision {
    /// The word under which it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Decision::Promote => "promote",
            Decision::Hold => "hold",
            Decision::Rollback => "rollback",
        }
    }
}

/// A judge: a config that has been checked.
///
/// ```
/// use serinus::config::{Direction, Margin, MetricConfig, MetricKind, Role};
/// use serinus::{Arms, Column, Decision, JudgeConfig, Table, judge::Judge};
///
/// let errors = MetricConfig::new("errors", MetricKind::Proportion { column: "error".into(), event: Default::default() }, Direction::LowerIsBetter)
///     .margin(Margin::absolute(0.01))
///     .role(Role::Critical);
/// let judge = Judge::new(JudgeConfig { metrics: vec![errors], ..JudgeConfig::default() })?;
/// let arm = |errors: usize, n: usize| {
///     let values: Vec<f64> = (0..n).map(|i| if i < errors { 1.0 } else { 0.0 }).collect();
///     Table::new(vec![("error".into(), Column::numbers(values))])
/// };
/// let judgement = judge.judge_arms(Arms { baseline: arm(10, 5_000)?, canary: arm(40, 1_000)? })?;
/// assert_eq!(judgement.decision, Decision::Rollback);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    config: JudgeConfig,
    /// Digest of the config as it was given.
    config_sha256: String,
}

impl Judge {
    /// Checks the config, the only validation; every fault at once.
    pub fn new(config: JudgeConfig) -> Result<Judge, ConfigErrors> {
        config.check()?;
        let config_sha256 = config.digest();
        Ok(Judge { config, config_sha256 })
    }

    /// The checked config.
    pub fn config(&self) -> &JudgeConfig {
        &self.config
    }

    /// Judges one table that holds both arms, by the config's `data` section.
    ///
    /// # Errors
    /// A column is missing or holds what it cannot hold. No data is an outcome, not an error.
    pub fn judge(&self, table: &Table<'_>) -> Result<Judgement, DataError> {
        let as_of = self.config.data.labels.as_ref().map_or(AsOf::Last, |l| l.as_of);
        self.judge_as_of(table, as_of)
    }

    /// [`Judge::judge`] with the labels that had arrived at a moment of one's own, whatever the config says.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub fn judge_as_of(&self, table: &Table<'_>, as_of: AsOf) -> Result<Judgement, DataError> {
        let data = Dataset::new(&self.config, table, as_of)?;
        decide::decide(self, &data)
    }

    /// Judges sufficient statistics in place of rows.
    ///
    /// The judgement is the one that the rows would get where the statistics suffice: events for proportions; mean and
    /// m2, sum and sumsq or events for means; values and counts for everything that reads one column; sums over units
    /// for ratios and rates, and for proportions and means with `data.unit`. Without values the skewness of a mean
    /// cannot be seen, and Welch's test is used whatever it is (flag `skewness_unknown`). Linear in the rows of the
    /// summary and in the counts.
    ///
    /// ```
    /// use serinus::{Arms, Decision, JudgeConfig, judge::Judge, summary::read_rows};
    /// let config = JudgeConfig::from_value(&serde_json::json!({"version": 1, "metrics": [{
    ///     "name": "errors", "type": "proportion", "column": "error", "role": "critical",
    ///     "direction": "lower_is_better", "margin": {"absolute": 0.01}}]}))?;
    /// let rows = serde_json::json!([
    ///     {"metric": "errors", "arm": "baseline", "n": 50_000, "events": 100},
    ///     {"metric": "errors", "arm": "canary", "n": 5_000, "events": 300},
    /// ]);
    /// let words = Arms { baseline: "baseline".into(), canary: "canary".into() };
    /// let judgement = Judge::new(config)?.judge_summary(&read_rows(&rows, &words, &[])?)?;
    /// assert_eq!(judgement.decision, Decision::Rollback);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A metric without rows, or statistics that do not suffice for a metric's test; every metric at once.
    pub fn judge_summary(&self, rows: &[SummaryRow]) -> Result<Judgement, DataError> {
        decide::conclude(self, summarised::shown(&self.config, rows)?)
    }

    /// Judges one table an arm; the tables hold the same columns and no arm column is needed.
    ///
    /// # Errors
    /// As [`Judge::judge`]; and the two tables differ in the columns the config reads.
    pub fn judge_arms(&self, tables: Arms<Table<'_>>) -> Result<Judgement, DataError> {
        if self.config.data.paired.is_some() {
            return Err(DataError::Shape(
                "data.paired reads one table of pairs; pass that table, or drop data.paired".into(),
            ));
        }
        let mut judge = self.clone();
        let column = judge.config.data.arm.as_ref().map_or("arm", |a| a.column.as_str()).to_owned();
        judge.config.data.arm = Some(ArmColumn {
            column: column.clone(),
            values: Arms { baseline: "baseline".into(), canary: "canary".into() },
            ignore: Vec::new(),
        });
        let table = stack::stack(tables, &column)?;
        judge.judge(&table)
    }
}
