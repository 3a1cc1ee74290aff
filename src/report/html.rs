//! The report of a browser: one file that needs nothing else.

use super::escape::xml;
use super::outline::{self, Outline};
use super::svg;
use crate::judge::judgement::{Judgement, SegmentFinding};
use crate::judge::{Decision, Outcome};

/// Failing segments of one metric told in full; the rest is in the judgement itself.
const SEGMENTS_TOLD: usize = 50;

const LOOK: &str = "
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--line:#d1d9e0;--good:#1a7f37;--open:#8a5a00;--bad:#c21c28}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#3d444d;--good:#3fb950;--open:#d9a521;--bad:#ff7b72}}
body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.lead{font-size:1.1rem;margin:.5rem 0 0}
.good{color:var(--good)}.open{color:var(--open)}.bad{color:var(--bad)}.faint{color:var(--faint)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:normal}
td:first-child,tbody th{overflow-wrap:anywhere;font-weight:600}
.outcome{font-weight:600;white-space:nowrap}ul{margin:.25rem 0;padding-left:1.25rem}summary{cursor:pointer}
footer{margin-top:2rem;font-size:.85rem}
";

/// The judgement as one HTML page: no script, nothing loaded, light and dark as the reader's system prefers.
///
/// The content is that of [`text`](super::text) with the forest plot, every check and the failing segments. Everything
/// that came from outside is escaped.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/rollback.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let page = report::html(&judgement);
/// assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("<script"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn html(judgement: &Judgement) -> String {
    let outline = Outline::new(judgement);
    let word = outline::decision(judgement.decision);
    let hue = match judgement.decision {
        Decision::Promote => "good",
        Decision::Hold => "open",
        Decision::Rollback => "bad",
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{word}: {}</title>\n<style>{LOOK}</style>\n</head>\n<body>\n<main>\n\
         <h1><span class=\"{hue}\">{word}</span> {}</h1>\n<p class=\"lead\">{}</p>\n",
        xml(&outline.score),
        xml(&outline.score),
        xml(&outline.lead)
    );
    if !outline.rows.is_empty() {
        metrics(&mut out, &outline);
        out.push_str("<h2>Changes against their margins</h2>\n<div class=\"wide\">\n");
        out.push_str(&svg::forest(judgement, svg::Theme::Auto));
        out.push_str("</div>\n");
    }
    list(&mut out, "Why", &outline.reasons);
    list(&mut out, "Still needed", &outline.needs);
    list(&mut out, "Groups", &outline.groups);
    segments(&mut out, judgement, &outline);
    list(&mut out, "Largest differences", &outline.movers);
    checks(&mut out, &outline);
    list(&mut out, "Warnings", &outline.warnings);
    let p = &judgement.provenance;
    out.push_str(&format!(
        "</main>\n<footer class=\"faint\">serinus {}, seed {}<br/>config {}<br/>data {}</footer>\n</body>\n</html>\n",
        xml(&p.serinus),
        p.seed,
        xml(&p.config_sha256),
        xml(&p.data_sha256)
    ));
    out
}

/// The outcome in a cell: a form and a word.
fn shown(outcome: Outcome) -> String {
    let (hue, form) = match outcome {
        Outcome::Pass => ("good", "\u{25cf}"),
        Outcome::Fail => ("bad", "\u{25a0}"),
        Outcome::Inconclusive => ("open", "\u{25cb}"),
        Outcome::NoData => ("open", "\u{2715}"),
    };
    format!("<td class=\"outcome {hue}\"><span aria-hidden=\"true\">{form}</span> {}</td>", outline::outcome(outcome))
}

fn metrics(out: &mut String, outline: &Outline) {
    out.push_str("<h2>Metrics</h2>\n<div class=\"wide\">\n<table>\n<thead><tr>");
    for header in ["metric", "role", &outline.change_header, "margin", "outcome"] {
        out.push_str(&format!("<th scope=\"col\">{}</th>", xml(header)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &outline.rows {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td>{}</tr>\n",
            xml(&row.name),
            row.role,
            xml(&row.change),
            xml(&row.margin),
            shown(row.outcome)
        ));
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("<h2>{title}</h2>\n<ul>\n"));
    for line in lines {
        out.push_str(&format!("<li>{}</li>\n", xml(line)));
    }
    out.push_str("</ul>\n");
}

fn segments(out: &mut String, judgement: &Judgement, outline: &Outline) {
    if outline.segments.is_empty() {
        return;
    }
    out.push_str("<h2>Segments</h2>\n");
    let with_segments = judgement.metrics.iter().filter(|f| !f.segments.is_empty());
    for (finding, line) in with_segments.zip(&outline.segments) {
        let failing: Vec<&SegmentFinding> = finding.segments.iter().filter(|s| s.outcome == Outcome::Fail).collect();
        let (name, summary) = (xml(&line.metric), xml(&line.summary));
        if failing.is_empty() {
            out.push_str(&format!("<p>{name}: {summary}</p>\n"));
            continue;
        }
        out.push_str(&format!(
            "<details><summary>{name}: {summary}</summary>\n<table>\n<thead><tr><th scope=\"col\">segment</th>\
             <th scope=\"col\">finding</th><th scope=\"col\">outcome</th></tr></thead>\n<tbody>\n"
        ));
        for segment in failing.iter().take(SEGMENTS_TOLD) {
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td>{}</tr>\n",
                xml(&outline::segment(&segment.segment)),
                xml(&segment.text),
                shown(segment.outcome)
            ));
        }
        out.push_str("</tbody>\n</table>\n");
        if failing.len() > SEGMENTS_TOLD {
            out.push_str(&format!("<p>and {} more failing segments</p>\n", failing.len() - SEGMENTS_TOLD));
        }
        out.push_str("</details>\n");
    }
}

fn checks(out: &mut String, outline: &Outline) {
    if outline.all_checks.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Checks</h2>\n<div class=\"wide\">\n<table>\n<thead><tr><th scope=\"col\">check</th>\
         <th scope=\"col\">finding</th><th scope=\"col\">outcome</th></tr></thead>\n<tbody>\n",
    );
    for check in &outline.all_checks {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td>{}</tr>\n",
            xml(&check.name),
            xml(&check.text),
            shown(check.outcome)
        ));
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}
