//! How a judgement is shown in a terminal, a notebook, a frame and a picture.

use pyo3::PyResult;
use serde_json::{Value, json};

use super::records::to_json;
use crate::config::Direction;
use crate::evidence::{Evidence, Scale};
use crate::judge::judgement::{Finding, Judgement};
use crate::report::{self, Style, svg};

/// Aligned text.
pub(super) fn text(judgement: &Judgement) -> String {
    report::text(judgement, Style::default()).trim_end().to_owned()
}

/// A fragment of HTML for a notebook: the forest plot and the text. The page would bring its style to the whole notebook.
pub(super) fn html(judgement: &Judgement) -> String {
    let text = text(judgement).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    format!("{}<pre>{text}</pre>", svg::forest(judgement, svg::Theme::Auto))
}

/// Columns of a table with one row a metric.
pub(super) fn frame(judgement: &Judgement) -> PyResult<Vec<(&'static str, Vec<Value>)>> {
    type Cell = fn(&Finding) -> PyResult<Value>;
    fn of<T: serde::Serialize>(finding: &Finding, take: impl Fn(&Evidence) -> T) -> PyResult<Value> {
        to_json(&finding.evidence.as_ref().map(take))
    }
    let columns: [(&'static str, Cell); 19] = [
        ("metric", |f| to_json(&f.name)),
        ("type", |f| to_json(&f.kind)),
        ("direction", |f| to_json(&f.direction)),
        ("role", |f| to_json(&f.role)),
        ("group", |f| to_json(&f.group)),
        ("weight", |f| to_json(&f.weight)),
        ("outcome", |f| to_json(&f.outcome)),
        ("reason", |f| to_json(&f.reason)),
        ("test", |f| of(f, |e| e.test.clone())),
        ("estimand", |f| of(f, |e| e.estimand.clone())),
        ("estimate", |f| of(f, |e| e.estimate)),
        ("low", |f| of(f, |e| e.interval.and_then(|i| i.low))),
        ("high", |f| of(f, |e| e.interval.and_then(|i| i.high))),
        ("level", |f| of(f, |e| e.interval.map(|i| i.level))),
        ("p_safe", |f| of(f, |e| e.p_safe)),
        ("p_harm", |f| of(f, |e| e.p_harm)),
        ("p_harm_adjusted", |f| of(f, |e| e.p_harm_adjusted)),
        ("n_baseline", |f| of(f, |e| e.n.baseline)),
        ("n_canary", |f| of(f, |e| e.n.canary)),
    ];
    columns
        .into_iter()
        .map(|(name, cell)| Ok((name, judgement.metrics.iter().map(cell).collect::<PyResult<Vec<_>>>()?)))
        .collect()
}

/// What a forest plot draws: each metric's estimate and interval in units of its own margin, harm positive. The margin
/// lies at 1, and at -1 too where a change either way is harm.
pub(super) fn forest(judgement: &Judgement) -> Value {
    Value::Array(judgement.metrics.iter().filter_map(forest_row).collect())
}

fn forest_row(finding: &Finding) -> Option<Value> {
    let evidence = finding.evidence.as_ref()?;
    let margin = evidence.margin.and_then(|m| if evidence.scale == Scale::Ratio { m.relative } else { m.absolute });
    let margin = margin.filter(|m| *m > 0.0)?;
    let higher = evidence.scale == Scale::Share || finding.direction == Some(Direction::HigherIsBetter);
    let harm = if higher { -1.0 } else { 1.0 };
    let in_margins = |v: f64| harm * (v - evidence.scale.null()) / margin;
    let interval = evidence.interval;
    let (low, high) = (interval.and_then(|i| i.low).map(in_margins), interval.and_then(|i| i.high).map(in_margins));
    let (low, high) = if higher { (high, low) } else { (low, high) };
    Some(json!({
        "name": finding.name,
        "outcome": finding.outcome,
        "estimate": evidence.estimate.map(in_margins),
        "low": low,
        "high": high,
        "either": evidence.scale != Scale::Distance && finding.direction == Some(Direction::Either),
    }))
}
