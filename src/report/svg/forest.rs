//! Every metric's interval against its margin.

use super::Theme;
use super::paint::{arrow, line, mark, n, outcome_class, picture, rect, text};
use crate::config::{Direction, Role};
use crate::evidence::Scale;
use crate::judge::Outcome;
use crate::judge::judgement::{Finding, Judgement};
use crate::report::escape::{line as one_line, shortened};
use crate::report::outline;

const WIDTH: f64 = 916.0;
const LEFT: f64 = 16.0;
/// The plot, between the names and the outcomes.
const PLOT: (f64, f64) = (360.0, 770.0);
/// Margins shown on either side of no difference.
const REACH: f64 = 2.5;
const TOP: f64 = 64.0;
const ROW: f64 = 46.0;
/// Characters that fit into the column of names.
const NAME: usize = 36;
const NUMBERS: usize = 56;

/// A forest plot: each metric in units of its own margin, so that rows compare. 0 is no difference, 1 is the margin on
/// the harmful side; an interval left of 1 is shown safe, one right of it is shown harmful.
///
/// A metric for which a change either way is harm has a margin on both sides and keeps its sign: right is higher. A line
/// that leaves the picture, or has no end, ends in an arrow. A metric without a margin has a row in words.
///
/// ```
/// # let stored = include_str!("../../../fixtures/judgements/rollback.json");
/// use serinus::{Judgement, report::svg};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let picture = svg::forest(&judgement, svg::Theme::Auto);
/// assert!(picture.starts_with("<svg ") && picture.contains("latency_p97"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn forest(judgement: &Judgement, theme: Theme) -> String {
    let rows = judgement.metrics.len() as f64;
    let bottom = TOP + rows * ROW;
    let mut body = frame(judgement, bottom);
    for (i, finding) in judgement.metrics.iter().enumerate() {
        body.push_str(&row(finding, TOP + i as f64 * ROW));
    }
    let title = format!("{}: each metric's change against its margin", outline::decision(judgement.decision));
    let words: Vec<String> = judgement
        .metrics
        .iter()
        .map(|f| {
            format!(
                "{}: {}, {}, margin {}",
                f.name,
                outline::outcome(f.outcome),
                outline::change(f, true),
                outline::margin(f)
            )
        })
        .collect();
    picture(theme, WIDTH, bottom + 40.0, &title, &words.join(". "), &body)
}

/// The pixel of a position in margins.
fn x(position: f64) -> f64 {
    let share = (position + REACH) / (2.0 * REACH);
    PLOT.0 + (PLOT.1 - PLOT.0) * share.clamp(0.0, 1.0)
}

fn frame(judgement: &Judgement, bottom: f64) -> String {
    let mut body = text(
        LEFT,
        24.0,
        "ink strong",
        &format!("{}  {}", outline::decision(judgement.decision), outline::score(judgement)),
    );
    body.push_str(&text(LEFT, TOP - 12.0, "faint small", "metric, change with interval, margin"));
    body.push_str(&text(x(0.0), TOP - 12.0, "faint small middle", "no difference"));
    body.push_str(&text(x(1.0), TOP - 12.0, "faint small middle", "margin"));
    body.push_str(&text(PLOT.0, TOP - 12.0, "faint small", "\u{2190} better"));
    body.push_str(&text(PLOT.1, TOP - 12.0, "faint small end", "worse \u{2192}"));
    for tick in [-2.0, -1.0, 0.0, 1.0, 2.0] {
        body.push_str(&line(x(tick), TOP, x(tick), bottom + 5.0, "rule", 1.0));
        body.push_str(&text(x(tick), bottom + 20.0, "faint small middle", &n(tick)));
    }
    body.push_str(&text(LEFT, bottom + 20.0, "faint small", "in units of each metric's own margin"));
    body
}

fn row(finding: &Finding, top: f64) -> String {
    let middle = top + ROW / 2.0;
    let class = outcome_class(finding.outcome);
    let mut body = line(LEFT, top, WIDTH - LEFT, top, "rule", 1.0);
    let numbers = match outline::margin(finding) {
        margin if margin == "none" => outline::change(finding, false),
        margin => format!("{}, margin {margin}", outline::change(finding, false)),
    };
    let numbers = numbers.replace("margin limit", "limit");
    let role = match finding.role {
        Role::Scored => String::new(),
        role => format!(" \u{b7} {}", outline::role(role)),
    };
    let name = shortened(&one_line(&finding.name), NAME - role.chars().count());
    body.push_str(&text(LEFT, middle - 4.0, "ink strong", &format!("{name}{role}")));
    body.push_str(&text(LEFT, middle + 14.0, "faint small", &shortened(&numbers, NUMBERS)));
    body.push_str(&mark(PLOT.1 + 20.0, middle, finding.outcome));
    body.push_str(&text(PLOT.1 + 32.0, middle + 4.5, &format!("{class} strong"), outline::outcome(finding.outcome)));
    match Scaled::new(finding) {
        Ok(scaled) => body.push_str(&scaled.draw(finding.outcome, top)),
        Err(why) => {
            // The words stand on blank paper, not on the grid.
            body.push_str(&rect(PLOT.0, top + 1.0, PLOT.1 - PLOT.0, ROW - 2.0, "paper"));
            body.push_str(&text(PLOT.0 + 8.0, middle + 4.5, "faint small", why));
        }
    }
    body
}

/// A metric in units of its margin, harm to the right.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scaled {
    estimate: Option<f64>,
    /// Ends; infinite where the data bound nothing.
    low: f64,
    high: f64,
    /// Where the margins lie, right and left.
    margin: f64,
    both_sides: bool,
}

impl Scaled {
    fn new(finding: &Finding) -> Result<Scaled, &'static str> {
        let Some(evidence) = &finding.evidence else {
            return Err(if finding.limit.is_some() { "judged by its limit alone" } else { "nothing to compare" });
        };
        if evidence.estimate.is_none() && evidence.interval.is_none() {
            return Err("no estimate and no interval");
        }
        let margin = match evidence.scale {
            Scale::Ratio => evidence.margin.and_then(|m| m.relative),
            _ => evidence.margin.and_then(|m| m.absolute),
        };
        let margin = margin.ok_or("no margin on this scale to draw it against")?;
        let (low, high) = evidence.interval.map_or((None, None), |i| (i.low, i.high));
        let null = evidence.scale.null();
        let away = |v: Option<f64>| v.map(|v| v - null);
        // A margin of nothing cannot be a unit: the widest end is then two units away.
        let widest = [low, high, evidence.estimate].into_iter().filter_map(away).map(f64::abs).fold(0.0, f64::max);
        let unit = if margin > 0.0 { margin } else { widest / 2.0 };
        let scaled = |v: f64| if v == 0.0 || unit <= 0.0 { 0.0 } else { v / unit };
        let toward_harm = match (evidence.scale, finding.direction) {
            (Scale::Distance, _) => 1.0,
            (Scale::Share, _) | (_, Some(Direction::HigherIsBetter)) => -1.0,
            _ => 1.0,
        };
        let both_sides = matches!(evidence.scale, Scale::Difference | Scale::Ratio)
            && matches!(finding.direction, Some(Direction::Either) | None);
        let (low, high) = (away(low).map_or(f64::NEG_INFINITY, scaled), away(high).map_or(f64::INFINITY, scaled));
        let has_interval = evidence.interval.is_some();
        let estimate = away(evidence.estimate).map(|v| toward_harm * scaled(v));
        let (low, high) = match (has_interval, estimate) {
            (false, Some(e)) => (e, e),
            _ if toward_harm < 0.0 => (-high, -low),
            _ => (low, high),
        };
        Ok(Scaled { estimate, low, high, margin: if margin > 0.0 { 1.0 } else { 0.0 }, both_sides })
    }

    fn draw(&self, outcome: Outcome, top: f64) -> String {
        let middle = top + ROW / 2.0;
        let class = outcome_class(outcome);
        let inside = |v: f64| (-REACH..=REACH).contains(&v);
        let (above, below) = (top + 1.0, top + ROW - 1.0);
        let mut body = rect(x(self.margin), above, PLOT.1 - x(self.margin), below - above, "shade");
        body.push_str(&line(x(self.margin), above, x(self.margin), below, "bad", 2.0));
        if self.both_sides {
            body.push_str(&rect(PLOT.0, above, x(-self.margin) - PLOT.0, below - above, "shade"));
            body.push_str(&line(x(-self.margin), above, x(-self.margin), below, "bad", 2.0));
            body.push_str(&text(PLOT.0 + 4.0, below - 4.0, "faint small", "lower"));
            body.push_str(&text(PLOT.1 - 4.0, below - 4.0, "faint small end", "higher"));
        }
        body.push_str(&line(x(0.0), top, x(0.0), top + ROW, "edge", 1.0));
        let (low, high) = (self.low.clamp(-REACH, REACH), self.high.clamp(-REACH, REACH));
        body.push_str(&line(x(low), middle, x(high), middle, class, 2.5));
        for (end, right) in [(self.low, false), (self.high, true)] {
            if inside(end) {
                body.push_str(&line(x(end), middle - 6.0, x(end), middle + 6.0, class, 2.0));
            }
            if end < -REACH && !right {
                body.push_str(&arrow(PLOT.0 - 1.0, middle, false, class));
            }
            if end > REACH && right {
                body.push_str(&arrow(PLOT.1 + 1.0, middle, true, class));
            }
        }
        // An estimate outside stands beside the arrow that its interval ends in.
        if let Some(e) = self.estimate {
            let at = if inside(e) { x(e) } else { x(e) - 16.0_f64.copysign(e) };
            body.push_str(&mark(at, middle, outcome));
        }
        body
    }
}
