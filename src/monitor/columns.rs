//! A table's columns as the config names them: arms, times, stages, units and values of a row.

use super::error::MonitorError;
use crate::arms::{Arm, Arms};
use crate::config::{JudgeConfig, MetricConfig, MetricKind, Share, Stratum, TimeUnit};
use crate::table::{Column, Table};

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'v> {
    Number(f64),
    Text(&'v str),
}

/// Look-ups into one table.
pub(crate) struct Columns<'c, 't> {
    config: &'c JudgeConfig,
    table: &'c Table<'t>,
}

impl<'c, 't> Columns<'c, 't> {
    pub fn new(config: &'c JudgeConfig, table: &'c Table<'t>) -> Result<Self, MonitorError> {
        if config.data.arm.is_none() && config.data.paired.is_none() {
            return Err(table_fault("data.arm", "a table needs the column that says which arm served a row".into()));
        }
        Ok(Columns { config, table })
    }

    fn column(&self, path: &str, name: &str) -> Result<&'c Column<'t>, MonitorError> {
        self.table.column(name).ok_or_else(|| {
            let known = self.table.names().collect::<Vec<_>>().join(", ");
            table_fault(path, format!("there is no column {name}; there are {known}"))
        })
    }

    fn at(&self, path: &str, name: &str, row: usize) -> Result<Option<Value<'c>>, MonitorError> {
        Ok(match self.column(path, name)? {
            Column::Number { values, missing } => {
                let null = missing.as_ref().is_some_and(|m| m.get(row).copied().unwrap_or(false));
                (!null).then(|| Value::Number(values[row]))
            }
            Column::Text { codes, names } => names.get(codes[row] as usize).map(|t| Value::Text(t.as_str())),
        })
    }

    /// A value as text: numbers that are whole without a point.
    pub fn text(&self, path: &str, name: &str, row: usize) -> Result<Option<String>, MonitorError> {
        Ok(self.at(path, name, row)?.map(|v| match v {
            Value::Number(v) => format!("{v}"),
            Value::Text(t) => t.to_owned(),
        }))
    }

    /// The arm that served a row; none for ignored ones.
    pub fn arm(&self, row: usize) -> Result<Option<Arm>, MonitorError> {
        let Some(arm) = &self.config.data.arm else { return Ok(Some(Arm::Canary)) };
        let value = self.text("data.arm", &arm.column, row)?.unwrap_or_default();
        if value == arm.values.baseline {
            return Ok(Some(Arm::Baseline));
        }
        if value == arm.values.canary {
            return Ok(Some(Arm::Canary));
        }
        if arm.ignore.contains(&value) {
            return Ok(None);
        }
        let fault = format!(
            "row {row} has {value:?}, which is neither {} nor {}; name it in ignore to leave it out",
            arm.values.baseline, arm.values.canary
        );
        Err(table_fault("data.arm", fault))
    }

    /// The arms a row gives values of: both in a shadow log.
    pub fn arms(&self, row: usize) -> Result<Vec<Arm>, MonitorError> {
        if self.config.data.paired.is_some() {
            return Ok(vec![Arm::Baseline, Arm::Canary]);
        }
        Ok(self.arm(row)?.into_iter().collect())
    }

    /// When a row happened.
    pub fn seconds(&self, row: usize) -> Result<Option<f64>, MonitorError> {
        match &self.config.data.time {
            Some(time) => {
                let found = self.seconds_in("data.time", &time.column, row)?;
                match found {
                    Some(_) => Ok(found),
                    None => Err(table_fault("data.time", format!("row {row} has no time"))),
                }
            }
            None => Ok(None),
        }
    }

    /// A moment of a column in the unit of `data.time`, in seconds.
    pub fn seconds_in(&self, path: &str, name: &str, row: usize) -> Result<Option<f64>, MonitorError> {
        let unit = self.config.data.time.as_ref().map_or(TimeUnit::S, |t| t.unit);
        match (self.at(path, name, row)?, unit) {
            (None, _) => Ok(None),
            (Some(Value::Number(v)), _) if v.is_nan() => Ok(None),
            (Some(Value::Number(v)), TimeUnit::Ms | TimeUnit::Rfc3339) => Ok(Some(v / 1000.0)),
            (Some(Value::Number(v)), TimeUnit::S) => Ok(Some(v)),
            (Some(Value::Text(text)), _) => match crate::config::rfc3339_ms(text) {
                Some(ms) => Ok(Some(ms / 1000.0)),
                None => Err(table_fault(path, format!("row {row} has {text:?}, which is not an RFC 3339 time"))),
            },
        }
    }

    /// The stage of a row, as text; empty without strata.
    pub fn stage(&self, row: usize, seconds: f64) -> Result<String, MonitorError> {
        match &self.config.data.stratum {
            Some(Stratum::Column(name)) => Ok(self.text("data.stratum", name, row)?.unwrap_or_default()),
            Some(Stratum::Seconds(block)) if *block > 0.0 => Ok(format!("{}", (seconds / block).floor())),
            _ => Ok(String::new()),
        }
    }

    /// The declared share of a row.
    pub fn share(&self, row: usize) -> Result<Option<f64>, MonitorError> {
        let percent = match &self.config.data.share {
            Some(Share::Percent(percent)) => Some(*percent),
            Some(Share::Column(name)) => match self.at("data.share", name, row)? {
                Some(Value::Number(v)) => Some(v),
                _ => None,
            },
            None => None,
        };
        Ok(percent.filter(|p| *p > 0.0 && *p < 100.0))
    }

    /// What was randomised.
    pub fn unit(&self, row: usize) -> Result<Option<String>, MonitorError> {
        match &self.config.data.unit {
            Some(name) => self.text("data.unit", name, row),
            None => Ok(None),
        }
    }

    /// The value of a metric's `which`-th column in an arm; nulls and text where a number is needed are none.
    pub fn value(
        &self,
        metric: &MetricConfig,
        arm: Arm,
        row: usize,
        which: usize,
    ) -> Result<Option<Value<'c>>, MonitorError> {
        let path = format!("metrics.{}", metric.name);
        let name = metric.kind.columns()[which].1;
        match self.at(&path, &self.arm_column(name, arm), row)? {
            Some(Value::Text(text)) if !matches!(metric.kind, MetricKind::Shift { .. }) => {
                Err(self.fault(metric, row, format!("{text:?} is not a number")))
            }
            Some(Value::Text(_)) => Ok(None),
            other => Ok(other),
        }
    }

    /// In a shadow log a column with twins has the arm's prefix.
    fn arm_column(&self, name: &str, arm: Arm) -> String {
        let Some(Arms { baseline, canary }) = &self.config.data.paired else { return name.to_owned() };
        let prefix = if arm == Arm::Baseline { baseline } else { canary };
        let twin = format!("{prefix}{name}");
        if self.table.column(&twin).is_some() { twin } else { name.to_owned() }
    }

    /// Whether the two values of a pair agree.
    pub fn agreement(&self, metric: &MetricConfig, row: usize) -> Result<bool, MonitorError> {
        let MetricKind::Agreement { column, tolerance, .. } = &metric.kind else { return Ok(false) };
        let path = format!("metrics.{}", metric.name);
        let [a, b] = [Arm::Baseline, Arm::Canary].map(|arm| self.at(&path, &self.arm_column(column, arm), row));
        Ok(match (a?, b?) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => (a - b).abs() <= *tolerance,
            (Some(Value::Text(a)), Some(Value::Text(b))) => a == b,
            _ => false,
        })
    }

    /// Whether a row passes the metric's filters.
    pub fn passes_filter(&self, metric: &MetricConfig, arm: Arm, row: usize) -> Result<bool, MonitorError> {
        for (name, wanted) in &metric.filter {
            let path = format!("metrics.{}.where", metric.name);
            let found = self.at(&path, &self.arm_column(name, arm), row)?;
            let equal = match (found, wanted) {
                (Some(Value::Number(v)), serde_json::Value::Number(w)) => w.as_f64() == Some(v),
                (Some(Value::Number(v)), serde_json::Value::Bool(w)) => v == f64::from(u8::from(*w)),
                (Some(Value::Text(t)), serde_json::Value::String(w)) => t == w,
                _ => false,
            };
            if !equal {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A fault at one row of a metric.
    pub fn fault(&self, metric: &MetricConfig, row: usize, fault: String) -> MonitorError {
        table_fault(&format!("metrics.{}", metric.name), format!("row {row}: {fault}"))
    }
}

fn table_fault(path: &str, fault: String) -> MonitorError {
    MonitorError::Table { path: path.into(), fault }
}
