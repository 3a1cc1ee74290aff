//! Sentences of a look: numbers at the precision that a reader can use.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::evidence::{Evidence, MarginUsed};
use crate::judge::Outcome;
use crate::judge::judgement::Reason;
use crate::judge::sentence::significant;

/// A number with four significant digits.
pub(crate) fn number(v: f64) -> String {
    significant(v, 4)
}

/// An e-value from its log, readable also where it overflows.
pub(crate) fn e_value(log_e: f64) -> String {
    if log_e.abs() < 300.0 { number(log_e.exp()) } else { format!("exp({})", number(log_e)) }
}

/// The evidence in a clause.
pub(crate) fn evidence(e: &Evidence) -> String {
    let mut text = match e.estimate {
        Some(v) => format!("{} {}", e.estimand, number(v)),
        None => format!("{} is not known yet", e.estimand),
    };
    if let Some(interval) = e.interval {
        let end = |v: Option<f64>| v.map_or("open".to_owned(), number);
        let level = number(100.0 * interval.level);
        text += &format!(" ({level}% confidence sequence {} to {})", end(interval.low), end(interval.high));
    }
    if let Some(margin) = &e.margin {
        text += &format!(", margin {}", margin_words(margin));
    }
    if let Some(log_e) = e.log_e {
        let words = |v: Option<f64>| v.map_or("none".to_owned(), e_value);
        text += &format!("; e-value of harm {}, of safety {}", words(log_e.harm), words(log_e.safe));
    }
    text
}

fn margin_words(margin: &MarginUsed) -> String {
    let relative = margin.relative.map(|m| format!("{}%", number(100.0 * m)));
    let absolute = margin.absolute.map(number);
    let joint = match margin.combine {
        Some(crate::config::Combine::Both) => " and ",
        _ => " or ",
    };
    [relative, absolute].into_iter().flatten().collect::<Vec<_>>().join(joint)
}

/// An outcome in words.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "shown safe",
        Outcome::Fail => "shown worse",
        Outcome::Inconclusive => "open",
        Outcome::NoData => "no data",
    }
}

/// A reason with its numbers.
pub(crate) fn reason(code: &str, metric: Option<&str>, numbers: &[(&str, f64)], text: String) -> Reason {
    let numbers = numbers.iter().filter(|(_, v)| v.is_finite());
    Reason {
        code: code.into(),
        metric: metric.map(Into::into),
        segment: None,
        numbers: numbers.map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect::<BTreeMap<_, _>>(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_value_is_readable_beyond_the_range_of_numbers() {
        assert_eq!(e_value(20f64.ln()), "20");
        assert_eq!(e_value(1e6), "exp(1000000)");
        assert_eq!(e_value(-1e6), "exp(-1000000)");
    }
}
