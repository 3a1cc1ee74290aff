//! Each metric's confidence sequence against its margin while a rollout goes on, and where the decision fell.

use serde::{Deserialize, Serialize};

use super::Theme;
use super::axis::{Axis, label};
use super::paint::{decision_class, line, mark, n, outcome_class, picture, rect, text};
use crate::config::{Direction, Role};
use crate::evidence::Scale;
use crate::judge::sentence::significant;
use crate::judge::{Decision, Outcome};
use crate::report::escape::{line as one_line, shortened};
use crate::report::outline;

/// One metric over the looks of a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Which way is better; `None` when either way is harm.
    pub direction: Option<Direction>,
    /// What its numbers are.
    pub scale: Scale,
    /// What is estimated, in words.
    pub estimand: String,
    /// The margin, on that scale, as a distance from no difference. Without one only zero is drawn.
    pub margin: Option<f64>,
    /// Why the last outcome is what it is, where a code says so.
    pub reason: Option<String>,
    /// The looks at which it was asked, in their order.
    pub points: Vec<SequencePoint>,
}

/// One metric at one look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SequencePoint {
    /// Requests of both arms so far.
    pub requests: u64,
    /// The estimate.
    pub estimate: Option<f64>,
    /// Ends of the interval; `None` where the data bound nothing. Without an interval both are `None` and
    /// `has_interval` is false.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// Whether there is an interval at all.
    pub has_interval: bool,
    /// What was shown by then.
    pub outcome: Outcome,
}

/// What stands across all panels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Where a traffic share began: requests so far, and the canary's share in percent.
    pub stages: Vec<(u64, f64)>,
    /// The look at which the last decision fell: requests so far, and the decision.
    pub decided: Option<(u64, Decision)>,
    /// That decision in a few words.
    pub text: String,
}

const WIDTH: f64 = 850.0;
const LEFT: f64 = 16.0;
const ACROSS: (f64, f64) = (76.0, 708.0);
/// Where words stand beside a panel.
const BESIDE: f64 = 720.0;
const TOP: f64 = 100.0;
const PANEL: f64 = 84.0;
const GAP: f64 = 34.0;
/// Margins shown on either side of no difference.
const REACH: f64 = 2.2;
/// Looks drawn of one metric; more would fall on one another.
const MOST: usize = 240;
const NAME: usize = 90;
const SENTENCE: usize = 118;
/// Characters beside a panel.
const REASON: usize = 21;

/// A panel for each metric over requests: the interval as a band, the estimate as a line, the harmful side shaded from the
/// margin on. A metric is shown safe when its band has left the shaded side, and harmful when the band lies inside it.
///
/// With confidence sequences this may be read at every look; a band of fixed tests is right at one look only. Bands that
/// leave the picture are cut at its edge. Of more than 240 looks evenly spaced ones are drawn.
///
/// ```
/// use serinus::config::{Direction, Role};
/// use serinus::report::svg::{Course, Sequence, SequencePoint, Theme, sequences};
/// use serinus::{Decision, Outcome, Scale};
/// let point = |requests, half: f64, outcome| SequencePoint {
///     requests, estimate: Some(0.001), low: Some(0.001 - half), high: Some(0.001 + half), has_interval: true, outcome,
/// };
/// let errors = Sequence {
///     name: "errors".into(), role: Role::Critical, direction: Some(Direction::LowerIsBetter), scale: Scale::Difference,
///     estimand: "difference of proportions".into(), margin: Some(0.005), reason: None,
///     points: vec![point(500, 0.02, Outcome::Inconclusive), point(4_000, 0.003, Outcome::Pass)],
/// };
/// let course = Course { stages: vec![(0, 5.0)], decided: Some((4_000, Decision::Promote)), text: "promoted".into() };
/// assert!(sequences(&[errors], &course, Theme::Auto).contains("difference of proportions"));
/// ```
pub fn sequences(metrics: &[Sequence], course: &Course, theme: Theme) -> String {
    let title = "each metric's interval against its margin while the rollout went on";
    let bottom = TOP + metrics.len() as f64 * (PANEL + GAP);
    let last = metrics.iter().flat_map(|m| &m.points).map(|p| p.requests).max();
    let Some(most) = last.map(|r| r.max(course.decided.map_or(0, |d| d.0)).max(1)) else {
        let body = text(LEFT, 24.0, "ink strong", "intervals against margins")
            + &text(LEFT, 52.0, "faint", "no looks to draw");
        return picture(theme, WIDTH, 76.0, title, "no looks to draw", &body);
    };
    let across = Axis::new(0.0, most as f64, ACROSS.0, ACROSS.1);
    let mut body = text(LEFT, 24.0, "ink strong", "intervals against margins, by requests");
    for (i, words) in two_lines(&one_line(&course.text)).iter().enumerate() {
        body.push_str(&text(LEFT, 43.0 + 16.0 * i as f64, "faint small", words));
    }
    for (i, metric) in metrics.iter().enumerate() {
        body.push_str(&panel(metric, TOP + i as f64 * (PANEL + GAP) + GAP - 12.0, &across));
    }
    body.push_str(&course_lines(course, &across, bottom));
    for tick in across.ticks() {
        let x = across.at(tick);
        body.push_str(&line(x, bottom - 12.0, x, bottom - 7.0, "rule", 1.0));
        body.push_str(&text(x, bottom + 8.0, "faint small middle", &label(tick)));
    }
    body.push_str(&text(ACROSS.1, bottom + 26.0, "faint small end", "requests of both arms"));
    body.push_str(&text(
        LEFT,
        bottom + 26.0,
        "faint small",
        "band: interval; line: estimate; shaded: beyond the margin",
    ));
    let words: Vec<String> = metrics
        .iter()
        .map(|m| {
            let outcome = m.points.last().map_or(Outcome::NoData, |p| p.outcome);
            format!("{}: {}", m.name, outline::outcome(outcome))
        })
        .collect();
    let description = format!("{}. {}", one_line(&course.text), words.join(". "));
    picture(theme, WIDTH, bottom + 40.0, title, &description, &body)
}

/// A sentence on two lines, the second cut where it is too long.
fn two_lines(sentence: &str) -> Vec<String> {
    let short = sentence.chars().count() <= SENTENCE;
    let fits = |s: &str| s.char_indices().nth(SENTENCE).map_or(s.len(), |(at, _)| at);
    match sentence[..fits(sentence)].rfind(' ').filter(|_| !short) {
        Some(at) => vec![sentence[..at].to_owned(), shortened(&sentence[at + 1..], SENTENCE)],
        None => vec![shortened(sentence, SENTENCE)],
    }
}

/// Stages and the decision, across all panels.
fn course_lines(course: &Course, across: &Axis, bottom: f64) -> String {
    let mut body = String::new();
    let mut free = f64::NEG_INFINITY;
    for (requests, percent) in &course.stages {
        let x = across.at(*requests as f64);
        body.push_str(&line(x, TOP - 10.0, x, bottom - 12.0, "rule", 1.0));
        let words = format!("{}%", n(*percent));
        // Labels that would stand on one another are left out.
        if x + 3.0 > free {
            body.push_str(&text(x + 3.0, TOP - 2.0, "faint small", &words));
            free = x + 10.0 + 7.0 * words.len() as f64;
        }
    }
    if let Some((requests, decision)) = course.decided {
        let (x, class) = (across.at(requests as f64), decision_class(decision));
        body.push_str(&line(x, TOP - 22.0, x, bottom - 12.0, class, 1.5));
        let words = decision.name();
        let right = x + 8.0 * words.len() as f64 > ACROSS.1;
        let (at, end) = if right { (x - 9.0, " end") } else { (x + 9.0, "") };
        let shape = match decision {
            Decision::Promote => Outcome::Pass,
            Decision::Hold => Outcome::Inconclusive,
            Decision::Rollback => Outcome::Fail,
        };
        body.push_str(&mark(x, TOP - 24.0, shape));
        body.push_str(&text(at, TOP - 20.0, &format!("{class} strong small{end}"), words));
    }
    body
}

fn panel(metric: &Sequence, top: f64, across: &Axis) -> String {
    let last = metric.points.last();
    let outcome = last.map_or(Outcome::NoData, |p| p.outcome);
    let role =
        if metric.role == Role::Scored { String::new() } else { format!(" \u{b7} {}", outline::role(metric.role)) };
    let name = shortened(&format!("{}{role} \u{b7} {}", one_line(&metric.name), one_line(&metric.estimand)), NAME);
    let mut body = text(ACROSS.0, top - 5.0, "ink small strong", &name);
    let span = Span::new(metric);
    let up = Axis::new(span.low, span.high, top + PANEL, top);
    let (width, floor) = (ACROSS.1 - ACROSS.0, top + PANEL);
    if let Some(margin) = span.margin {
        for (is_harm, at, from, to) in
            [(span.harm.0, -margin, up.at(-margin), floor), (span.harm.1, margin, top, up.at(margin))]
        {
            if is_harm {
                body.push_str(&rect(ACROSS.0, from, width, to - from, "shade"));
                body.push_str(&line(ACROSS.0, up.at(at), ACROSS.1, up.at(at), "bad", 1.5));
                body.push_str(&text(ACROSS.0 - 6.0, up.at(at) + 4.0, "bad small end", &written(at, metric.scale)));
            }
        }
    }
    body.push_str(&line(ACROSS.0, up.at(0.0), ACROSS.1, up.at(0.0), "edge", 0.75));
    body.push_str(&text(ACROSS.0 - 6.0, up.at(0.0) + 4.0, "faint small end", &zero(metric.scale)));
    body.push_str(&drawn(&thinned(&metric.points), metric.scale.null(), &span, &up, across));
    body.push_str(&line(ACROSS.0, floor, ACROSS.1, floor, "rule", 1.0));
    body.push_str(&line(ACROSS.0, top, ACROSS.1, top, "rule", 1.0));
    let class = outcome_class(outcome);
    body.push_str(&mark(BESIDE + 6.0, top + 14.0, outcome));
    body.push_str(&text(BESIDE + 17.0, top + 18.0, &format!("{class} small strong"), outline::outcome(outcome)));
    if let Some(since) = since(&metric.points, outcome) {
        body.push_str(&text(BESIDE, top + 36.0, "faint small", &format!("since {}", label(since as f64))));
        let x = across.at(since as f64);
        body.push_str(&mark(x, top + PANEL - 9.0, outcome));
    }
    let estimate = last.and_then(|p| p.estimate).map(|e| written(e - metric.scale.null(), metric.scale));
    // A failure's reason is its band; an open question may have another than the band.
    let reason = metric.reason.as_ref().filter(|_| outcome != Outcome::Fail);
    let told = [estimate.map(|e| format!("estimate {e}")), reason.map(|r| r.replace('_', " "))];
    for (i, words) in told.iter().flatten().enumerate() {
        body.push_str(&text(BESIDE, top + 54.0 + 17.0 * i as f64, "faint small", &shortened(&one_line(words), REASON)));
    }
    body
}

/// Since when it has been passing or failing, when it does.
fn since(points: &[SequencePoint], outcome: Outcome) -> Option<u64> {
    matches!(outcome, Outcome::Pass | Outcome::Fail)
        .then(|| points.iter().rev().take_while(|p| p.outcome == outcome).last().map(|p| p.requests))
        .flatten()
}

/// What a panel shows, in distances from no difference.
struct Span {
    low: f64,
    high: f64,
    margin: Option<f64>,
    /// Whether the side below and the side above is harm.
    harm: (bool, bool),
}

impl Span {
    fn new(metric: &Sequence) -> Span {
        let null = metric.scale.null();
        let margin = metric.margin.filter(|m| *m > 0.0 && m.is_finite());
        // Without a margin as a unit the estimates themselves say how far to look.
        let widest = metric.points.iter().filter_map(|p| p.estimate).map(|e| (e - null).abs()).fold(0.0, f64::max);
        let unit = margin.unwrap_or(if widest > 0.0 && widest.is_finite() { widest } else { 1.0 });
        let harm = match (metric.scale, metric.direction) {
            (Scale::Distance, _) => (false, true),
            (Scale::Share, _) | (_, Some(Direction::HigherIsBetter)) => (true, false),
            (_, Some(Direction::LowerIsBetter)) => (false, true),
            (_, Some(Direction::Either) | None) => (true, true),
        };
        let (low, high) = match metric.scale {
            Scale::Distance => (0.0, REACH * unit),
            Scale::Share => (-REACH * unit, 0.0),
            Scale::Difference | Scale::Ratio => (-REACH * unit, REACH * unit),
        };
        Span { low, high, margin, harm }
    }
}

/// The band and the line, with a gap where there is nothing.
fn drawn(points: &[SequencePoint], null: f64, span: &Span, up: &Axis, across: &Axis) -> String {
    let mut body = String::new();
    let x = |p: &SequencePoint| n(across.at(p.requests as f64));
    let end = |v: Option<f64>, beyond: f64| n(up.at(v.map_or(beyond, |v| v - null)));
    for run in points.split(|p| !p.has_interval).filter(|run| !run.is_empty()) {
        let upper: Vec<String> = run.iter().map(|p| format!("{},{}", x(p), end(p.high, span.high))).collect();
        let lower: Vec<String> = run.iter().rev().map(|p| format!("{},{}", x(p), end(p.low, span.low))).collect();
        let band = format!("{} {}", upper.join(" "), lower.join(" "));
        body.push_str(&format!(
            "<polygon points=\"{band}\" class=\"canary\" fill-opacity=\"0.2\" stroke-width=\"0\"/>\n"
        ));
        // The ends themselves, but not along the edge of the picture.
        for edge in [|p: &SequencePoint| p.low, |p: &SequencePoint| p.high] {
            body.push_str(&path(run, |p| edge(p).map(|v| v - null), span, up, across, 1.0));
        }
    }
    body.push_str(&path(points, |p| p.estimate.map(|e| e - null), span, up, across, 2.0));
    body
}

/// A line through the values that lie inside the picture.
fn path(
    points: &[SequencePoint],
    value: impl Fn(&SequencePoint) -> Option<f64>,
    span: &Span,
    up: &Axis,
    across: &Axis,
    width: f64,
) -> String {
    let inside = |p: &SequencePoint| value(p).filter(|v| (span.low..=span.high).contains(v));
    let mut body = String::new();
    for run in points.split(|p| inside(p).is_none()).filter(|run| run.len() > 1) {
        let at: Vec<String> = run
            .iter()
            .map(|p| format!("{},{}", n(across.at(p.requests as f64)), n(up.at(inside(p).unwrap_or(0.0)))))
            .collect();
        body.push_str(&format!(
            "<polyline points=\"{}\" class=\"canary\" style=\"fill:none\" stroke-width=\"{}\"/>\n",
            at.join(" "),
            n(width)
        ));
    }
    body
}

/// Evenly spaced looks, and the last.
fn thinned(points: &[SequencePoint]) -> Vec<SequencePoint> {
    let step = points.len().div_ceil(MOST).max(1);
    (0..points.len()).filter(|i| i.is_multiple_of(step) || i + 1 == points.len()).map(|i| points[i]).collect()
}

/// A distance from no difference, as the axis writes it.
fn written(away: f64, scale: Scale) -> String {
    let sign = if away > 0.0 { "+" } else { "" };
    match scale {
        Scale::Ratio => format!("{sign}{}%", significant(100.0 * away, 3)),
        Scale::Share => format!("{}%", significant(100.0 * (1.0 + away), 4)),
        Scale::Distance => significant(away, 3),
        Scale::Difference => format!("{sign}{}", significant(away, 3)),
    }
}

fn zero(scale: Scale) -> String {
    match scale {
        Scale::Share => "100%".to_owned(),
        Scale::Ratio => "0%".to_owned(),
        Scale::Difference | Scale::Distance => "0".to_owned(),
    }
}
