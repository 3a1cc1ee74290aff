//! What a rollout did, look by look: traffic, score, decision.

use serde::{Deserialize, Serialize};

use super::Theme;
use super::axis::{Axis, label};
use super::paint::{decision_class, line, mark, n, picture, rect, text};
use crate::judge::{Decision, Outcome};

/// One look of a replay or of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Requests of both arms so far.
    pub requests: u64,
    /// The canary's share of the traffic after this look, in percent.
    pub weight_percent: f64,
    /// What was decided.
    pub decision: Decision,
    /// The score; `None` when nothing counted.
    pub score: Option<f64>,
    /// The score if every open question came out well.
    pub score_best: Option<f64>,
}

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 400.0;
const ACROSS: (f64, f64) = (64.0, 800.0);
const WEIGHT: (f64, f64) = (160.0, 50.0);
const SCORE: (f64, f64) = (304.0, 194.0);
const STRIP: (f64, f64) = (324.0, 346.0);
/// Looks drawn; more would fall on one another.
const MOST: usize = 400;

/// The canary's traffic, the score between what is shown and what is still possible, and the decisions, over requests.
///
/// Looks come in the order they were made. Of more than 400, evenly spaced ones and every change of the decision are
/// drawn.
///
/// ```
/// use serinus::{Decision, report::svg::{Look, Theme, timeline}};
/// let look = |requests, weight_percent, decision| Look { requests, weight_percent, decision, score: Some(50.0), score_best: Some(100.0) };
/// let picture = timeline(&[look(500, 5.0, Decision::Hold), look(1_000, 0.0, Decision::Rollback)], Theme::Light);
/// assert!(picture.contains("rollback"));
/// ```
pub fn timeline(looks: &[Look], theme: Theme) -> String {
    let title = "traffic, score and decisions of a rollout";
    let mut body = text(16.0, 24.0, "ink strong", "rollout by requests");
    let Some(last) = looks.last() else {
        body.push_str(&text(ACROSS.0, 190.0, "faint", "no looks to draw"));
        return picture(theme, WIDTH, HEIGHT, title, "no looks to draw", &body);
    };
    let most = looks.iter().map(|l| l.requests).max().unwrap_or(0).max(1);
    let across = Axis::new(0.0, most as f64, ACROSS.0, ACROSS.1);
    let shown = thinned(looks);
    for ((from, to), name) in [(WEIGHT, "canary traffic"), (SCORE, "score: shown (line) to possible (band)")] {
        let up = Axis::new(0.0, 100.0, from, to);
        for share in [0.0, 50.0, 100.0] {
            body.push_str(&line(ACROSS.0, up.at(share), ACROSS.1, up.at(share), "rule", 1.0));
            let unit = if from == WEIGHT.0 { "%" } else { "" };
            body.push_str(&text(ACROSS.0 - 8.0, up.at(share) + 4.0, "faint small end", &format!("{share}{unit}")));
        }
        body.push_str(&text(ACROSS.0, to - 6.0, "faint small", name));
    }
    body.push_str(&weight(&shown, &across));
    body.push_str(&score(&shown, &across));
    body.push_str(&strip(&shown, &across));
    for tick in across.ticks() {
        body.push_str(&line(across.at(tick), STRIP.1, across.at(tick), STRIP.1 + 5.0, "rule", 1.0));
        body.push_str(&text(across.at(tick), STRIP.1 + 20.0, "faint small middle", &label(tick)));
    }
    body.push_str(&legend());
    let description = format!(
        "{} looks over {} requests; the last decision is {} at {}% of the traffic",
        looks.len(),
        last.requests,
        last.decision.name(),
        n(last.weight_percent)
    );
    picture(theme, WIDTH, HEIGHT, title, &description, &body)
}

/// Evenly spaced looks, the last, and every look that changes the decision or the traffic (of those, at most as many).
fn thinned(looks: &[Look]) -> Vec<Look> {
    if looks.len() <= MOST {
        return looks.to_vec();
    }
    let step = looks.len().div_ceil(MOST);
    let mut changes = 0;
    let keeps = |i: usize, changes: &mut usize| {
        let new = i > 0
            && (looks[i].decision != looks[i - 1].decision || looks[i].weight_percent != looks[i - 1].weight_percent);
        let change = new && *changes < MOST;
        *changes += usize::from(change);
        i.is_multiple_of(step) || i + 1 == looks.len() || change
    };
    (0..looks.len()).filter(|&i| keeps(i, &mut changes)).map(|i| looks[i]).collect()
}

fn weight(looks: &[Look], across: &Axis) -> String {
    let up = Axis::new(0.0, 100.0, WEIGHT.0, WEIGHT.1);
    let height = |l: &Look| n(up.at(if l.weight_percent.is_finite() { l.weight_percent } else { 0.0 }));
    let mut path = String::new();
    for (i, look) in looks.iter().enumerate() {
        let x = n(across.at(look.requests as f64));
        path.push_str(&if i == 0 { format!("M{x} {}", height(look)) } else { format!("H{x}V{}", height(look)) });
    }
    path.push_str(&format!("H{}", n(ACROSS.1)));
    format!("<path d=\"{path}\" class=\"canary\" style=\"fill:none\" stroke-width=\"2\"/>\n")
}

fn score(looks: &[Look], across: &Axis) -> String {
    let up = Axis::new(0.0, 100.0, SCORE.0, SCORE.1);
    let mut body = String::new();
    // A look without a score leaves a gap.
    for run in looks.split(|l| l.score.is_none()).filter(|run| !run.is_empty()) {
        let at =
            |l: &Look, v: Option<f64>| format!("{},{}", n(across.at(l.requests as f64)), n(up.at(v.unwrap_or(0.0))));
        let shown: Vec<String> = run.iter().map(|l| at(l, l.score)).collect();
        let best: Vec<String> = run.iter().rev().map(|l| at(l, l.score_best.or(l.score))).collect();
        let band = format!("{} {}", shown.join(" "), best.join(" "));
        body.push_str(&format!(
            "<polygon points=\"{band}\" class=\"canary\" fill-opacity=\"0.18\" stroke-width=\"0\"/>\n"
        ));
        body.push_str(&format!(
            "<polyline points=\"{}\" class=\"canary\" style=\"fill:none\" stroke-width=\"2\"/>\n",
            shown.join(" ")
        ));
        if let [only] = run {
            let (x, low) = (across.at(only.requests as f64), up.at(only.score.unwrap_or(0.0)));
            body.push_str(&line(x, low, x, up.at(only.score_best.or(only.score).unwrap_or(0.0)), "canary", 2.0));
        }
    }
    body
}

/// Runs of one decision, each from its first look to the first look of the next.
fn strip(looks: &[Look], across: &Axis) -> String {
    let mut body = String::new();
    let mut start = 0;
    while start < looks.len() {
        let decision = looks[start].decision;
        let end = (start..looks.len()).find(|&i| looks[i].decision != decision);
        let from = across.at(looks[start].requests as f64);
        let to = end.map_or(ACROSS.1, |e| across.at(looks[e].requests as f64));
        let class = decision_class(decision);
        let middle = (STRIP.0 + STRIP.1) / 2.0;
        body.push_str(&rect(from, middle - 2.0, (to - from).max(2.0), 4.0, class));
        // The last run may have no width left: its mark then stands inside the picture.
        let x = from.min(ACROSS.1 - 6.0);
        body.push_str(&mark(x, middle, shape(decision)));
        let word = decision.name();
        let room = 7.0 * word.len() as f64 + 12.0;
        if to - from >= room {
            body.push_str(&text(x + 9.0, STRIP.0 + 5.0, &format!("{class} small"), word));
        } else if end.is_none() {
            body.push_str(&text(ACROSS.1, STRIP.0 - 2.0, &format!("{class} small strong end"), word));
        }
        start = end.unwrap_or(looks.len());
    }
    body
}

/// Decisions borrow the marks of outcomes.
fn shape(decision: Decision) -> Outcome {
    match decision {
        Decision::Promote => Outcome::Pass,
        Decision::Hold => Outcome::Inconclusive,
        Decision::Rollback => Outcome::Fail,
    }
}

fn legend() -> String {
    let mut body = String::new();
    for (i, decision) in [Decision::Promote, Decision::Hold, Decision::Rollback].into_iter().enumerate() {
        let x = ACROSS.0 + 6.0 + 110.0 * i as f64;
        body.push_str(&mark(x, HEIGHT - 14.0, shape(decision)));
        body.push_str(&text(x + 12.0, HEIGHT - 10.0, "ink small", decision.name()));
    }
    body.push_str(&text(ACROSS.1, HEIGHT - 10.0, "faint small end", "requests of both arms"));
    body
}
