//! The columns that a config reads.

use super::nearest::suggestion;
use super::*;
use crate::arms::Arms;

/// Whether the arms come in one table or one table each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmsIn {
    /// One table: a column says which arm served a row, or the log is paired.
    OneTable,
    /// One table an arm: no column is needed for it.
    TwoTables,
}

impl MetricKind {
    /// The word under `type` in the config: `proportion`, `mean`, ...
    ///
    /// ```
    /// use serinus::config::MetricKind;
    /// assert_eq!(MetricKind::Mean { column: "revenue".into() }.type_name(), "mean");
    /// ```
    pub fn type_name(&self) -> &'static str {
        match self {
            MetricKind::Proportion { .. } => "proportion",
            MetricKind::Mean { .. } => "mean",
            MetricKind::Distribution { .. } => "distribution",
            MetricKind::Quantile { .. } => "quantile",
            MetricKind::Auc { .. } => "auc",
            MetricKind::Ratio { .. } => "ratio",
            MetricKind::Shift { .. } => "shift",
            MetricKind::Calibration { .. } => "calibration",
            MetricKind::Agreement { .. } => "agreement",
            MetricKind::Rate { .. } => "rate",
        }
    }

    /// Its name after its article, as a sentence wants it: "a mean", "an auc".
    pub(crate) fn with_article(&self) -> String {
        let name = self.type_name();
        let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {name}")
    }

    /// The columns it reads, each with its key in the config, without the prefixes of a shadow log.
    ///
    /// ```
    /// use serinus::config::MetricKind;
    /// let auc = MetricKind::Auc { score: "score".into(), label: "bought".into() };
    /// assert_eq!(auc.columns(), [("score", "score"), ("label", "bought")]);
    /// ```
    pub fn columns(&self) -> Vec<(&'static str, &str)> {
        match self {
            MetricKind::Proportion { column, .. }
            | MetricKind::Mean { column }
            | MetricKind::Distribution { column }
            | MetricKind::Quantile { column, .. }
            | MetricKind::Shift { column, .. }
            | MetricKind::Agreement { column, .. } => vec![("column", column)],
            MetricKind::Auc { score, label } | MetricKind::Calibration { score, label } => {
                vec![("score", score), ("label", label)]
            }
            MetricKind::Ratio { numerator, denominator } => {
                vec![("numerator", numerator), ("denominator", denominator)]
            }
            MetricKind::Rate { events, exposure } => vec![("events", events), ("exposure", exposure)],
        }
    }
}

/// One column as the config names it, and where.
struct Read<'a> {
    path: String,
    name: &'a str,
    /// Whether a shadow log may hold it once an arm, behind the prefixes.
    per_arm: bool,
}

impl JudgeConfig {
    /// The words for the arms: those of `data.arm`, or `baseline` and `canary`.
    pub fn arm_words(&self) -> Arms<String> {
        match &self.data.arm {
            Some(arm) => arm.values.clone(),
            None => Arms { baseline: "baseline".into(), canary: "canary".into() },
        }
    }

    /// Every column that a table may hold for this config, sorted; a reader needs no others. In a shadow log a metric's
    /// column stands with both prefixes and without, for it may be shared by both arms.
    ///
    /// ```
    /// use serinus::config::{Direction, JudgeConfig, MetricConfig, MetricKind};
    /// let mut config = JudgeConfig::default();
    /// config.data.unit = Some("user_id".into());
    /// config.metrics.push(MetricConfig::new("cost", MetricKind::Mean { column: "cost".into() }, Direction::Either));
    /// assert_eq!(config.columns(), ["cost", "user_id"]);
    /// ```
    pub fn columns(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.reads(ArmsIn::OneTable).iter().flat_map(|read| self.spellings(read)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Checks that a table with these columns has every column that the config reads.
    ///
    /// ```
    /// use serinus::config::{ArmsIn, Direction, JudgeConfig, MetricConfig, MetricKind};
    /// let mut config = JudgeConfig::default();
    /// config.metrics.push(MetricConfig::new("cost", MetricKind::Mean { column: "csot".into() }, Direction::Either));
    /// let error = config.check_columns(&["arm", "cost"], ArmsIn::TwoTables).expect_err("no such column");
    /// assert_eq!(error.to_string(), "metrics[0].column: the data have no column `csot`; did you mean `cost`?");
    /// ```
    ///
    /// # Errors
    ///
    /// Every column that is missing, with the path of the key that names it and the nearest column there is.
    pub fn check_columns(&self, available: &[&str], arms: ArmsIn) -> Result<(), ConfigErrors> {
        let known: std::collections::HashSet<&str> = available.iter().copied().collect();
        let mut errors = Vec::new();
        for read in self.reads(arms) {
            let twins = match &self.data.paired {
                Some(prefix) if read.per_arm => {
                    Some([format!("{}{}", prefix.baseline, read.name), format!("{}{}", prefix.canary, read.name)])
                }
                _ => None,
            };
            let both = twins.as_ref().is_some_and(|twins| twins.iter().all(|t| known.contains(t.as_str())));
            if both || known.contains(read.name) {
                continue;
            }
            let found =
                twins.as_ref().and_then(|[b, c]| match (known.contains(b.as_str()), known.contains(c.as_str())) {
                    (true, false) => Some((b, c)),
                    (false, true) => Some((c, b)),
                    _ => None,
                });
            let message = match (found, &twins) {
                (Some((there, gone)), _) => {
                    format!("the data have column `{there}` but not `{gone}`; a shadow log needs both")
                }
                (None, Some([b, c])) => format!(
                    "the data have neither columns `{b}` and `{c}` nor `{}`{}",
                    read.name,
                    suggestion(b, available.iter().copied())
                ),
                (None, None) => {
                    format!(
                        "the data have no column `{}`{}",
                        read.name,
                        suggestion(read.name, available.iter().copied())
                    )
                }
            };
            errors.push(ConfigError { path: read.path, message });
        }
        if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
    }

    fn spellings(&self, read: &Read<'_>) -> Vec<String> {
        let mut names = vec![read.name.to_owned()];
        if let Some(prefix) = self.data.paired.as_ref().filter(|_| read.per_arm) {
            names.push(format!("{}{}", prefix.baseline, read.name));
            names.push(format!("{}{}", prefix.canary, read.name));
        }
        names
    }

    fn reads(&self, arms: ArmsIn) -> Vec<Read<'_>> {
        let data = &self.data;
        let stratum = match &data.stratum {
            Some(Stratum::Column(column)) => Some(column.as_str()),
            _ => None,
        };
        let share = match &data.share {
            Some(Share::Column(column)) => Some(column.as_str()),
            _ => None,
        };
        let arm = data.arm.as_ref().filter(|_| arms == ArmsIn::OneTable).map(|arm| arm.column.as_str());
        let shared = [
            ("data.arm.column", arm),
            ("data.id", data.id.as_deref()),
            ("data.unit", data.unit.as_deref()),
            ("data.stratum", stratum),
            ("data.time", data.time.as_ref().map(|time| time.column.as_str())),
            ("data.share", share),
            ("data.labels.arrive", data.labels.as_ref().map(|labels| labels.arrive.as_str())),
        ];
        let mut reads: Vec<(String, &str, bool)> =
            shared.into_iter().filter_map(|(path, name)| Some((path.to_owned(), name?, false))).collect();
        for (i, segment) in data.segments.iter().enumerate() {
            reads.push((format!("data.segments[{i}]"), segment, false));
        }
        for (i, metric) in self.metrics.iter().enumerate() {
            for (key, column) in metric.kind.columns() {
                reads.push((format!("metrics[{i}].{key}"), column, true));
            }
            for (column, _) in &metric.filter {
                reads.push((super::reader::join(&format!("metrics[{i}].where"), column), column.as_str(), true));
            }
        }
        reads.into_iter().map(|(path, name, per_arm)| Read { path, name, per_arm }).collect()
    }
}
