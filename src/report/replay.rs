//! A replay as people read it: the end and its sentence, the stages, the looks, and what set them off.

use super::escape;
use super::svg::{self, Course, Sequence, SequencePoint, Theme};
use crate::evidence::Scale;
use crate::judge::Decision;
use crate::judge::judgement::{Finding, Reason};
use crate::replay::{LookRecord, Method, Outcome, Replay};

/// Looks in a table; of more, those that changed something and evenly spaced ones are shown.
const MOST_LOOKS: usize = 40;
/// Characters of a reason in a table.
const REASON: usize = 90;

/// The replay for a terminal.
pub fn replay_text(replay: &Replay) -> String {
    let mut out = format!("{}  {}\n", word(replay), escape::line(&replay.text));
    out.push_str("\nstages\n");
    out.push_str(&aligned(&stage_rows(replay)));
    out.push_str(&format!("\nlooks ({})\n", method(replay)));
    out.push_str(&aligned(&look_rows(replay)));
    list(&mut out, "anomalies", &anomalies(replay), "  - ");
    list(&mut out, "warnings", &replay.warnings, "  - ");
    out.push('\n');
    out.push_str(&format!("exposure: {}\n", exposure(replay)));
    out
}

/// The replay for a pull request.
pub fn replay_markdown(replay: &Replay) -> String {
    let mut out = format!("## {}: {}\n\n{}\n", word(replay), escape::markdown(&replay.text), exposure(replay));
    for (title, rows) in [("Stages", stage_rows(replay)), ("Looks", look_rows(replay))] {
        out.push_str(&format!("\n### {title}\n\n"));
        for (i, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|c| escape::markdown(c)).collect();
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
            if i == 0 {
                out.push_str(&format!("|{}\n", " --- |".repeat(row.len())));
            }
        }
    }
    let escaped = |texts: Vec<String>| texts.iter().map(|t| escape::markdown(t)).collect::<Vec<_>>();
    list(&mut out, "### Anomalies\n", &escaped(anomalies(replay)), "- ");
    list(&mut out, "### Warnings\n", &escaped(replay.warnings.clone()), "- ");
    out
}

/// The replay as one HTML page with its pictures, light and dark as the reader's system prefers: no script, nothing loaded.
pub fn replay_html(replay: &Replay) -> String {
    let mut body = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<p>{}</p>\n<figure>{}</figure>\n<figure>{}</figure>\n",
        word(replay),
        escape::xml(&replay.text),
        escape::xml(&exposure(replay)),
        replay_picture(replay, Theme::Auto),
        replay_sequences(replay, Theme::Auto)
    );
    for (title, rows) in [("Stages", stage_rows(replay)), ("Looks", look_rows(replay))] {
        body.push_str(&format!("<h2>{title}</h2>\n<table>\n"));
        for (i, row) in rows.iter().enumerate() {
            let tag = if i == 0 { "th" } else { "td" };
            let cells: String = row.iter().map(|c| format!("<{tag}>{}</{tag}>", escape::xml(c))).collect();
            body.push_str(&format!("<tr>{cells}</tr>\n"));
        }
        body.push_str("</table>\n");
    }
    for (title, texts) in [("Anomalies", anomalies(replay)), ("Warnings", replay.warnings.clone())] {
        if !texts.is_empty() {
            let items: String = texts.iter().map(|t| format!("<li>{}</li>\n", escape::xml(t))).collect();
            body.push_str(&format!("<h2>{title}</h2>\n<ul>\n{items}</ul>\n"));
        }
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} - Serinus replay</title>\n<style>\
         :root{{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--line:#d1d9e0}}\
         @media (prefers-color-scheme:dark){{:root{{--paper:#0d1117;--ink:#e6edf3;--line:#3d444d}}}}\
         body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;background:var(--paper);color:var(--ink)}}\
         figure{{margin:1rem 0;overflow-x:auto}}figure svg{{max-width:100%;height:auto}}table{{border-collapse:collapse}}\
         th,td{{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line)}}\
         </style></head>\n<body>\n{body}</body></html>\n",
        word(replay)
    )
}

/// Traffic, score and decisions over requests, as SVG.
pub fn replay_picture(replay: &Replay, theme: Theme) -> String {
    let looks: Vec<svg::Look> = replay
        .looks
        .iter()
        .map(|l| svg::Look {
            requests: l.served.baseline + l.served.canary,
            weight_percent: l.percent_after,
            decision: l.decision,
            score: l.score,
            score_best: l.score_best,
        })
        .collect();
    svg::timeline(&looks, theme)
}

/// Each metric's interval against its margin, look by look, and where the decision fell, as SVG. With the monitor the
/// intervals are confidence sequences, which may be read at every look. Metrics without an estimate are left out.
pub fn replay_sequences(replay: &Replay, theme: Theme) -> String {
    let findings = replay.judgement.iter().flat_map(|j| &j.metrics).enumerate();
    let metrics: Vec<Sequence> = findings.filter_map(|(i, finding)| sequence(replay, i, finding)).collect();
    let both = |l: &LookRecord| l.served.baseline + l.served.canary;
    // A share may change at a look or, by time alone, between two.
    let (mut stages, mut now, mut seen) = (Vec::new(), 0.0, 0);
    for look in &replay.looks {
        for (at, percent) in [(seen, look.percent), (both(look), look.percent_after)] {
            if percent != now && percent > 0.0 {
                stages.push((at, percent));
            }
            now = percent;
        }
        seen = both(look);
    }
    let decided = replay.looks.last().map(|l| (both(l), replay.decision));
    svg::sequences(&metrics, &Course { stages, decided, text: replay.text.clone() }, theme)
}

fn sequence(replay: &Replay, place: usize, finding: &Finding) -> Option<Sequence> {
    let evidence = finding.evidence.as_ref()?;
    let margin = evidence.margin.and_then(|m| if evidence.scale == Scale::Ratio { m.relative } else { m.absolute });
    let of_look = |l: &LookRecord| {
        let m = l.metrics.get(place).filter(|m| m.name == finding.name)?;
        Some(SequencePoint {
            requests: l.served.baseline + l.served.canary,
            estimate: m.estimate,
            low: m.interval.and_then(|i| i.low),
            high: m.interval.and_then(|i| i.high),
            has_interval: m.interval.is_some(),
            outcome: m.outcome,
        })
    };
    let points: Vec<SequencePoint> = replay.looks.iter().filter_map(of_look).collect();
    points.iter().any(|p| p.estimate.is_some() || p.has_interval).then(|| Sequence {
        name: finding.name.clone(),
        role: finding.role,
        direction: finding.direction,
        scale: evidence.scale,
        estimand: evidence.estimand.clone(),
        margin,
        reason: finding.reason.clone(),
        points,
    })
}

fn word(replay: &Replay) -> &'static str {
    match replay.outcome {
        Outcome::Promoted => "PROMOTED",
        Outcome::RolledBack => "ROLLED BACK",
        Outcome::Undecided => "UNDECIDED",
    }
}

fn method(replay: &Replay) -> &'static str {
    match replay.method {
        Method::Fixed => "fixed test at each",
        Method::Anytime => "valid at all looks together",
    }
}

fn exposure(replay: &Replay) -> String {
    let e = &replay.exposure;
    let units = e.units.map_or_else(String::new, |u| format!(" of {} units", u.canary));
    format!(
        "{} canary requests{units} beside {} of the baseline in {} s; {} recorded canary requests not taken",
        e.served.canary, e.served.baseline, e.seconds, e.not_taken.canary
    )
}

fn stage_rows(replay: &Replay) -> Vec<Vec<String>> {
    let head = ["stage", "traffic", "from", "seconds", "baseline", "canary", "looks", "last decision"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(replay.stages.iter().map(|s| {
        vec![
            s.phase.to_string(),
            format!("{} %", s.percent),
            format!("{} s", s.entered_seconds),
            format!("{}", s.seconds),
            s.served.baseline.to_string(),
            s.served.canary.to_string(),
            s.looks.to_string(),
            s.decision.map_or("none", Decision::name).to_owned(),
        ]
    }));
    rows
}

fn look_rows(replay: &Replay) -> Vec<Vec<String>> {
    let head = ["look", "seconds", "stage", "baseline", "canary", "score", "decision", "then", "first reason"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(shown(&replay.looks).into_iter().map(|l| {
        let score = match (l.score, l.score_best) {
            (Some(low), Some(best)) => format!("{low:.0} to {best:.0}"),
            _ => "none".to_owned(),
        };
        let then = if l.phase_after == l.phase { String::new() } else { l.phase_after.to_string() };
        vec![
            l.number.to_string(),
            format!("{}", l.seconds),
            l.phase.to_string(),
            l.served.baseline.to_string(),
            l.served.canary.to_string(),
            score,
            l.decision.name().to_owned(),
            then,
            l.reasons.first().map_or_else(String::new, |r: &Reason| escape::shortened(&r.text, REASON)),
        ]
    }));
    rows
}

/// All looks, or those that changed the decision or the stage with evenly spaced ones between.
fn shown(looks: &[LookRecord]) -> Vec<&LookRecord> {
    let step = looks.len().div_ceil(MOST_LOOKS).max(1);
    let changes =
        |i: usize| looks[i].phase_after != looks[i].phase || i > 0 && looks[i].decision != looks[i - 1].decision;
    (0..looks.len())
        .filter(|&i| i.is_multiple_of(step) || i + 1 == looks.len() || changes(i))
        .map(|i| &looks[i])
        .collect()
}

/// What failed at the last look.
fn anomalies(replay: &Replay) -> Vec<String> {
    let last = replay.looks.last().map_or(&[][..], |l| &l.anomalies);
    last.iter().map(|a| escape::line(&a.text)).collect()
}

fn list(out: &mut String, title: &str, texts: &[String], bullet: &str) {
    if texts.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    texts.iter().for_each(|t| out.push_str(&format!("{bullet}{t}\n")));
}

/// Columns of one width each; the last is free.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| format!("{cell:w$}")).collect();
        out.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
    }
    out
}
