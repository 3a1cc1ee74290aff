//! What every report says, in the order it says it; the formats only lay it out and escape it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::Role;
use crate::evidence::{Evidence, Scale};
use crate::judge::judgement::{Check, Finding, Judgement, LimitFinding, Provenance, Reason, SegmentFinding};
use crate::judge::parity::Parity;
use crate::judge::sentence::{self, Form};
use crate::judge::{Decision, Outcome, Verdict};

/// Failing segments of one metric that are told before the rest is only counted.
const SEGMENTS_TOLD: usize = 5;

/// The content of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outline {
    /// "score 62 (at best 62)".
    pub score: String,
    /// The one sentence behind the decision.
    pub lead: String,
    /// "change (90% CI)" when all intervals have one level.
    pub change_header: String,
    /// A row a metric, in the config's order.
    pub rows: Vec<Row>,
    /// Every reason, long lists of segments shortened with a count.
    pub reasons: Vec<String>,
    /// Group, weight, score.
    pub groups: Vec<String>,
    /// A line for each metric that has segments.
    pub segments: Vec<SegmentLine>,
    /// Checks that did not pass.
    pub checks: Vec<String>,
    /// All checks, for reports that have room.
    pub all_checks: Vec<CheckLine>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// What is still needed.
    pub needs: Vec<String>,
    /// Pairs whose values differ most.
    pub movers: Vec<String>,
    /// Versions, digests and seed.
    pub provenance: String,
}

/// One metric in a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub name: String,
    pub role: &'static str,
    pub change: String,
    pub margin: String,
    pub outcome: Outcome,
    /// Whether the outcome is that of a segment, beside the change of the whole.
    pub in_segment: bool,
}

impl Row {
    /// The outcome's word, and that it is a segment's where the whole would read otherwise.
    pub fn outcome(&self, word: &str) -> String {
        if self.in_segment { format!("{word} in a segment") } else { word.to_owned() }
    }
}

/// One metric's segments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SegmentLine {
    pub metric: String,
    pub summary: String,
    /// Segment and sentence of those that failed.
    pub failing: Vec<(String, String)>,
}

/// One check.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CheckLine {
    pub name: String,
    pub outcome: Outcome,
    pub text: String,
}

impl Outline {
    pub fn new(judgement: &Judgement) -> Outline {
        let level = one_level(&judgement.metrics);
        Outline {
            score: score(judgement),
            lead: lead(judgement),
            change_header: change_header(level),
            rows: judgement.metrics.iter().map(|f| row(f, level.is_none())).collect(),
            reasons: reasons(&judgement.reasons),
            groups: judgement
                .groups
                .iter()
                .map(|g| {
                    let number = |v| sentence::significant(v, 4);
                    let best = if g.score_best > g.score {
                        format!(" (at best {})", number(g.score_best))
                    } else {
                        String::new()
                    };
                    format!("{}: {}{best}, weight {}%", g.name, number(g.score), sentence::significant(g.weight, 3))
                })
                .collect(),
            segments: judgement.metrics.iter().filter_map(segments).collect(),
            checks: judgement.checks.iter().filter(|c| c.outcome != Outcome::Pass).map(check).collect(),
            all_checks: judgement
                .checks
                .iter()
                .map(|c| CheckLine { name: c.name.clone(), outcome: c.outcome, text: c.text.clone() })
                .collect(),
            warnings: judgement.warnings.clone(),
            needs: judgement.metrics.iter().filter_map(|f| needs(f, "safe")).collect(),
            movers: judgement.metrics.iter().flat_map(movers).collect(),
            provenance: provenance(&judgement.provenance),
        }
    }

    /// The outline of an answer about parity, which has no score and no groups.
    pub fn of_parity(parity: &Parity) -> Outline {
        let level = one_level(&parity.metrics);
        Outline {
            score: String::new(),
            lead: parity.reasons.first().map_or_else(|| "no reason was recorded".into(), |r| r.text.clone()),
            change_header: change_header(level),
            rows: parity.metrics.iter().map(|f| row(f, level.is_none())).collect(),
            reasons: reasons(&parity.reasons),
            groups: Vec::new(),
            segments: Vec::new(),
            checks: parity.checks.iter().filter(|c| c.outcome != Outcome::Pass).map(check).collect(),
            all_checks: Vec::new(),
            warnings: parity.warnings.clone(),
            needs: parity.metrics.iter().filter_map(|f| needs(f, "to be the same")).collect(),
            movers: parity.metrics.iter().flat_map(movers).collect(),
            provenance: provenance(&parity.provenance),
        }
    }
}

fn change_header(level: Option<f64>) -> String {
    match level {
        Some(level) => format!("change ({:.0}% CI)", 100.0 * level),
        None => "change (CI)".into(),
    }
}

/// The decision as it is shouted.
pub(super) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Promote => "PROMOTE",
        Decision::Hold => "HOLD",
        Decision::Rollback => "ROLLBACK",
    }
}

/// The verdict as it is stored.
pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Marginal => "marginal",
        Verdict::Fail => "fail",
    }
}

/// The outcome in words.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Inconclusive => "inconclusive",
        Outcome::NoData => "no data",
    }
}

/// The role in a word.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Critical => "critical",
        Role::Scored => "scored",
        Role::Advisory => "advisory",
    }
}

/// "score 62 (at best 75)".
pub(super) fn score(judgement: &Judgement) -> String {
    let number = |v| sentence::significant(v, 4);
    match (judgement.score, judgement.score_best) {
        (Some(score), Some(best)) => format!("score {} (at best {})", number(score), number(best)),
        (Some(score), None) => format!("score {}", number(score)),
        (None, _) => "no score".into(),
    }
}

/// The reason that decides: the first that is not only advice.
pub(super) fn trigger(judgement: &Judgement) -> Option<&Reason> {
    judgement.reasons.iter().find(|r| !r.code.starts_with("advisory")).or(judgement.reasons.first())
}

/// The one sentence behind the decision.
pub(super) fn lead(judgement: &Judgement) -> String {
    trigger(judgement).map_or_else(|| "no reason was recorded".into(), |r| r.text.clone())
}

/// "age_band=>60, tier=gold".
pub(super) fn segment(segment: &BTreeMap<String, String>) -> String {
    segment.iter().map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>().join(", ")
}

/// How a finding's numbers are written.
pub(super) fn form(finding: &Finding, evidence: &Evidence) -> Form {
    sentence::form(evidence.scale, finding.kind == "proportion")
}

/// A value on the evidence's own scale: changes with a sign, distances and shares without.
pub(super) fn amount(value: f64, evidence: &Evidence, form: Form) -> String {
    match evidence.scale {
        Scale::Share => format!("{}%", sentence::significant(100.0 * value, 4)),
        Scale::Distance => sentence::significant(value, 3),
        Scale::Difference | Scale::Ratio => {
            let text = sentence::change(value, form);
            // Nothing has no sign, also when it was rounded to nothing.
            text.strip_prefix(['+', '-'])
                .filter(|t| t.starts_with("0") && !t.starts_with("0."))
                .map_or(text.clone(), str::to_owned)
        }
    }
}

/// An interval's end: the unit stands with the estimate already.
fn end(value: Option<f64>, evidence: &Evidence, form: Form) -> String {
    value.map_or("unbounded".into(), |v| amount(v, evidence, form).replace(" points", ""))
}

/// "+9.8% (+7.1% to +12.5%)".
pub(super) fn change(finding: &Finding, with_level: bool) -> String {
    let Some(evidence) = &finding.evidence else {
        return match &finding.limit {
            Some(limit) => canary_alone(limit),
            None => "none".into(),
        };
    };
    let form = form(finding, evidence);
    let at = match (evidence.estimate, evidence.value.baseline, evidence.value.canary) {
        (Some(e), _, _) => amount(e, evidence, form),
        (None, Some(b), Some(c)) => {
            format!("{} where the baseline has {}", sentence::significant(c, 3), sentence::significant(b, 3))
        }
        (None, ..) => "no estimate".into(),
    };
    let Some(i) = evidence.interval else { return at };
    let level = if with_level { format!("{:.0}% CI ", 100.0 * i.level) } else { String::new() };
    format!("{at} ({level}{} to {})", end(i.low, evidence, form), end(i.high, evidence, form))
}

fn canary_alone(limit: &LimitFinding) -> String {
    let number = |v: Option<f64>, none: &str| v.map_or(none.to_owned(), |v| sentence::significant(v, 3));
    format!(
        "canary {} ({} to {})",
        number(limit.estimate, "unknown"),
        number(limit.low, "unbounded"),
        number(limit.high, "unbounded")
    )
}

/// "5%; limit at most 0.02".
pub(super) fn margin(finding: &Finding) -> String {
    let margin = finding.evidence.as_ref().and_then(|e| sentence::margin(e, finding.kind == "proportion"));
    let limit = finding.limit.as_ref().and_then(|l| match (l.limit.max, l.limit.min) {
        (Some(max), Some(min)) => Some(format!("limit {min} to {max}")),
        (Some(max), None) => Some(format!("limit at most {max}")),
        (None, Some(min)) => Some(format!("limit at least {min}")),
        (None, None) => None,
    });
    match (margin, limit) {
        (Some(m), Some(l)) => format!("{m}; {l}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "none".into(),
    }
}

/// The level of every interval, when there is one.
fn one_level(metrics: &[Finding]) -> Option<f64> {
    let mut levels = metrics.iter().filter_map(|f| f.evidence.as_ref()?.interval.map(|i| i.level));
    let first = levels.next()?;
    levels.all(|l| l == first).then_some(first)
}

fn row(finding: &Finding, with_level: bool) -> Row {
    Row {
        name: finding.name.clone(),
        role: role(finding.role),
        change: change(finding, with_level),
        margin: margin(finding),
        outcome: finding.outcome,
        in_segment: finding.reason.as_deref() == Some("segment_failed"),
    }
}

/// Every sentence, the failing segments of a metric cut to the strongest few and a count.
fn reasons(reasons: &[Reason]) -> Vec<String> {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left: Vec<(&str, usize)> = Vec::new();
    let mut lines = Vec::new();
    for reason in reasons {
        if let (Some(metric), true) = (&reason.metric, reason.segment.is_some()) {
            let count = told.entry(metric).or_default();
            *count += 1;
            if *count > SEGMENTS_TOLD {
                match left.iter_mut().find(|l| l.0 == metric.as_str()) {
                    Some(l) => l.1 += 1,
                    None => left.push((metric, 1)),
                }
                continue;
            }
        }
        let advice = if reason.code.starts_with("advisory") { "(advisory) " } else { "" };
        lines.push(format!("{advice}{}", reason.text));
    }
    lines.extend(
        left.into_iter().map(|(metric, n)| {
            format!("{metric} also fails in {n} more {}", if n == 1 { "segment" } else { "segments" })
        }),
    );
    lines
}

fn segments(finding: &Finding) -> Option<SegmentLine> {
    if finding.segments.is_empty() {
        return None;
    }
    let too_small = |s: &&SegmentFinding| s.reason.as_deref() == Some("too_small") || s.outcome == Outcome::NoData;
    let count = |outcome: Outcome| finding.segments.iter().filter(|s| s.outcome == outcome && !too_small(s)).count();
    let parts: Vec<String> = [
        (count(Outcome::Fail), "fail"),
        (count(Outcome::Inconclusive), "inconclusive"),
        (count(Outcome::Pass), "pass"),
        (finding.segments.iter().filter(too_small).count(), "too small"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    Some(SegmentLine {
        metric: finding.name.clone(),
        summary: parts.join(", "),
        failing: finding
            .segments
            .iter()
            .filter(|s| s.outcome == Outcome::Fail)
            .map(|s| (segment(&s.segment), s.text.clone()))
            .collect(),
    })
}

fn check(check: &Check) -> String {
    format!("{} ({}): {}", check.name, outcome(check.outcome), check.text)
}

fn needs(finding: &Finding, asked: &str) -> Option<String> {
    let needs = finding.needs?;
    let name = &finding.name;
    let units = finding.evidence.as_ref().is_some_and(|e| e.units.is_some());
    let what = sentence::samples(needs.canary_samples.unwrap_or(2), units);
    Some(match (needs.canary_samples, needs.minutes) {
        (Some(n), Some(minutes)) => {
            format!(
                "{name}: about {n} more canary {what}, {} minutes at the rate so far",
                sentence::significant(minutes, 3)
            )
        }
        (Some(n), None) => format!("{name}: about {n} more canary {what}"),
        (None, _) => format!("{name}: at the present estimate no number of further {what} would show it {asked}"),
    })
}

fn movers(finding: &Finding) -> Vec<String> {
    let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    finding
        .movers
        .iter()
        .map(|mover| match mover.as_object() {
            Some(fields) => {
                let parts: Vec<String> = fields.iter().map(|(name, v)| format!("{name} {}", plain(v))).collect();
                format!("{}: {}", finding.name, parts.join(", "))
            }
            None => format!("{}: {}", finding.name, plain(mover)),
        })
        .collect()
}

fn provenance(p: &Provenance) -> String {
    let digest = |d: &str| d.chars().take(12).collect::<String>();
    format!(
        "serinus {}, config {}, data {}, seed {}",
        p.serinus,
        digest(&p.config_sha256),
        digest(&p.data_sha256),
        p.seed
    )
}
