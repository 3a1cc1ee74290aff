//! Findings in words: one sentence a tired person can act on, each number of which is also a field.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{MetricConfig, MetricKind};
use crate::evidence::{Evidence, Scale};

/// What is said of a metric that neither test decides.
pub(super) const UNDECIDED: &str = "neither safe nor harmful is shown";

/// A p-value at the precision that matters.
pub(crate) fn p_value(p: f64) -> String {
    if p < 1e-4 {
        "p < 0.0001".into()
    } else if p < 0.1 {
        format!("p = {}", significant(p, 2))
    } else {
        format!("p = {p:.2}")
    }
}

/// What is counted, after its number.
pub(crate) fn samples(count: u64, units: bool) -> &'static str {
    match (units, count == 1) {
        (true, true) => "unit",
        (true, false) => "units",
        (false, true) => "sample",
        (false, false) => "samples",
    }
}

/// A number at so many significant digits, without trailing zeros.
pub(crate) fn significant(v: f64, digits: i32) -> String {
    if v == 0.0 || !v.is_finite() {
        return "0".into();
    }
    let exponent = v.abs().log10().floor() as i32;
    if !(-6..=14).contains(&exponent) {
        return format!("{v:.*e}", (digits - 1).max(0) as usize);
    }
    let decimals = (digits - 1 - exponent).clamp(0, 12) as usize;
    let text = format!("{v:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// How a metric's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// Ratios as percent of change.
    Percent,
    /// Differences of proportions as percentage points.
    Points,
    /// Plain numbers.
    Plain,
}

/// The form of a finding's estimate.
pub(crate) fn form(scale: Scale, proportion: bool) -> Form {
    match scale {
        Scale::Ratio => Form::Percent,
        Scale::Share => Form::Points,
        Scale::Difference if proportion => Form::Points,
        Scale::Difference | Scale::Distance => Form::Plain,
    }
}

/// An estimate or an interval's end in its form, with a sign.
pub(crate) fn change(value: f64, form: Form) -> String {
    let signed = |v: f64, unit: &str| format!("{}{}{unit}", if v < 0.0 { "-" } else { "+" }, significant(v.abs(), 3));
    match form {
        Form::Percent => signed(100.0 * (value - 1.0), "%"),
        Form::Points => signed(100.0 * value, " points"),
        Form::Plain => signed(value, ""),
    }
}

/// The interval in its form; an open end is a word.
pub(crate) fn interval(evidence: &Evidence, form: Form) -> Option<String> {
    let i = evidence.interval?;
    let end = |v: Option<f64>, open: &str| match v {
        None => open.to_owned(),
        // A distance has no direction and so no sign.
        Some(v) if evidence.scale == Scale::Distance => significant(v, 3),
        Some(v) => change(v, form),
    };
    Some(format!("{:.0}% CI {} to {}", 100.0 * i.level, end(i.low, "unbounded"), end(i.high, "unbounded")))
}

/// The margin in its form.
pub(crate) fn margin(evidence: &Evidence, proportion: bool) -> Option<String> {
    let m = evidence.margin?;
    let proportion = proportion || evidence.scale == Scale::Share;
    let relative = m.relative.map(|r| format!("{}%", significant(100.0 * r, 4)));
    let absolute = m
        .absolute
        .map(|a| if proportion { format!("{} points", significant(100.0 * a, 4)) } else { significant(a, 4) });
    match (relative, absolute) {
        (Some(r), Some(a)) => Some(match m.combine {
            Some(crate::config::Combine::Both) => format!("{r} and {a}"),
            _ => format!("{r} or {a}"),
        }),
        (r, a) => r.or(a),
    }
}

/// The type's name as in the config.
pub(crate) fn kind(kind: &MetricKind) -> &'static str {
    match kind {
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

/// What a metric's evidence says: "latency_p99 is 32% higher (90% CI +24% to +41%), margin 20%; p = 0.0004".
pub(super) fn evidence(metric: &MetricConfig, evidence: &Evidence, place: &str) -> String {
    let proportion = matches!(metric.kind, MetricKind::Proportion { .. });
    let form = form(evidence.scale, proportion);
    let name = &metric.name;
    let mut text = match (evidence.scale, evidence.estimate) {
        (Scale::Distance, Some(d)) => {
            format!("{name}{place} lies {} from the baseline's distribution", significant(d, 3))
        }
        (Scale::Share, Some(s)) => format!("{name}{place}: {}% of pairs agree", significant(100.0 * s, 4)),
        (_, None) => match (evidence.value.canary, evidence.value.baseline) {
            (Some(c), Some(b)) => {
                format!("{name}{place} is {} where the baseline has {}", significant(c, 3), significant(b, 3))
            }
            _ => format!("{name}{place} has no estimate"),
        },
        (scale, Some(e)) => {
            let way = if e > scale.null() { "higher" } else { "lower" };
            let size = change(e, form).trim_start_matches(['+', '-']).to_owned();
            if e == scale.null() {
                format!("{name}{place} is unchanged")
            } else {
                format!("{name}{place} is {size} {way}")
            }
        }
    };
    match evidence.scale {
        Scale::Share => {
            if let Some(i) = evidence.interval {
                let end = |v: Option<f64>| v.map_or("unbounded".into(), |v| format!("{}%", significant(100.0 * v, 4)));
                text.push_str(&format!(" ({:.0}% CI {} to {})", 100.0 * i.level, end(i.low), end(i.high)));
            }
        }
        _ => {
            if let Some(interval) = interval(evidence, form) {
                text.push_str(&format!(" ({interval})"));
            }
        }
    }
    match &metric.kind {
        MetricKind::Shift { max_distance, .. } => text.push_str(&format!(", at most {max_distance}")),
        MetricKind::Agreement { min, .. } => text.push_str(&format!(", at least {}%", significant(100.0 * min, 4))),
        _ => {
            if let Some(margin) = margin(evidence, proportion) {
                text.push_str(&format!(", margin {margin}"));
            }
        }
    }
    text
}

/// The p-value that carries an outcome.
pub(super) fn with_p(text: String, p: Option<f64>) -> String {
    match p {
        Some(p) => format!("{text}; {}", p_value(p)),
        None => text,
    }
}

/// Every number of an evidence sentence, by name.
pub(super) fn numbers(evidence: &Evidence) -> BTreeMap<String, Value> {
    let mut numbers = BTreeMap::new();
    let mut put = |name: &str, v: Option<f64>| {
        if let Some(v) = v {
            numbers.insert(name.to_owned(), json!(v));
        }
    };
    put("estimate", evidence.estimate);
    put("low", evidence.interval.and_then(|i| i.low));
    put("high", evidence.interval.and_then(|i| i.high));
    put("level", evidence.interval.map(|i| i.level));
    put("margin_relative", evidence.margin.and_then(|m| m.relative));
    put("margin_absolute", evidence.margin.and_then(|m| m.absolute));
    put("p_safe", evidence.p_safe);
    put("p_harm", evidence.p_harm);
    put("p_harm_adjusted", evidence.p_harm_adjusted);
    put("baseline", evidence.value.baseline);
    put("canary", evidence.value.canary);
    numbers
}
