//! What is allowed in a config and is seldom meant.

use std::collections::BTreeSet;

use super::*;

impl JudgeConfig {
    /// Remarks on a config that is valid: each says what seems not to be meant, and decides nothing.
    ///
    /// ```
    /// use serinus::JudgeConfig;
    /// let config = JudgeConfig::default();
    /// assert!(config.lints().iter().any(|remark| remark.path == "metrics"));
    /// ```
    pub fn lints(&self) -> Vec<ConfigError> {
        let mut remarks = Vec::new();
        let mut say = |path: String, message: String| remarks.push(ConfigError { path, message });
        let weighs = |m: &MetricConfig| m.role != Role::Advisory && m.weight > 0.0;
        if !self.metrics.iter().any(weighs) {
            say("metrics".into(), "no metric weighs in the score; every judgement will be a hold".into());
        } else if !self.metrics.iter().any(|m| m.role == Role::Critical) {
            say("metrics".into(), "no metric is critical; only a low score can roll back".into());
        }
        let read: BTreeSet<&str> = self.metrics.iter().flat_map(|m| m.kind.columns()).map(|(_, c)| c).collect();
        if let Some(labels) = &self.data.labels
            && !labels.columns.iter().any(|c| read.contains(c.as_str()))
        {
            say("data.labels.columns".into(), "no metric reads any of these columns; the labels decide nothing".into());
        }
        if self.data.arm.is_some() && self.data.share.is_none() {
            let message = "without a declared share the sample ratio cannot be checked; give the canary's percentage";
            say("data".into(), message.into());
        }
        let judged_by_segment = |m: &&MetricConfig| m.segments && m.role != Role::Advisory;
        if !self.data.segments.is_empty() && self.metrics.iter().filter(judged_by_segment).count() == 0 {
            say("data.segments".into(), "no critical or scored metric is judged by segment".into());
        }
        for (i, (name, weight)) in self.groups.iter().enumerate() {
            let members = self.metrics.iter().any(|m| weighs(m) && m.group.as_deref() == Some(name));
            if *weight > 0.0 && !members {
                let message = format!("no metric weighs in group `{name}`; its {weight} % go to the other groups");
                say(format!("groups[{i}]"), message);
            }
        }
        for (i, metric) in self.metrics.iter().enumerate() {
            let path = format!("metrics[{i}]");
            if let Some(Margin { relative: Some(relative), .. }) = metric.margin
                && relative > 1.0
            {
                let percent = relative * 100.0;
                say(
                    format!("{path}.margin.relative"),
                    format!("{relative} allows {percent} % more than the baseline; 0.05 is 5 %"),
                );
            }
            if metric.margin.is_some_and(|m| m.relative == Some(0.0) || m.absolute == Some(0.0)) {
                let message =
                    "a margin of 0 asks for proof of no harm at all; an equal canary will mostly stay inconclusive";
                say(format!("{path}.margin"), message.into());
            }
            if metric.role == Role::Critical && metric.weight == 0.0 {
                say(format!("{path}.weight"), "a critical metric of weight 0 gates and does not score".into());
            }
        }
        remarks
    }
}
