//! Two empirical distribution functions, one over the other.

use super::Theme;
use super::axis::{Axis, label};
use super::paint::{line, n, picture, text};
use crate::report::escape::{line as one_line, shortened};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const PLOT_X: (f64, f64) = (56.0, 700.0);
const PLOT_Y: (f64, f64) = (330.0, 56.0);
/// Points of one curve.
const MOST: usize = 400;
/// A full range this many times wider than the middle 99 % is cut to the middle.
const WIDE: f64 = 3.0;

/// The share of values at or below each value, for both arms: where the canary's curve lies to the right, it is larger.
///
/// Values that are not finite are left out. At most 400 points an arm are drawn. Long tails that would squeeze the rest
/// are cut, and the picture says so. O(n log n).
///
/// ```
/// use serinus::report::svg::{Theme, ecdf};
/// let picture = ecdf("latency_ms", &[12.0, 15.0, 11.0], &[14.0, 19.0, 13.0], Theme::Light);
/// assert!(picture.contains("latency_ms") && picture.contains("canary"));
/// ```
pub fn ecdf(name: &str, baseline: &[f64], canary: &[f64], theme: Theme) -> String {
    let (baseline, canary) = (sorted(baseline), sorted(canary));
    let title = format!("{}: distribution of both arms", one_line(name));
    let mut body = text(16.0, 26.0, "ink strong", &shortened(&one_line(name), 80));
    let Some(range) = Range::new(&baseline, &canary) else {
        body.push_str(&text(PLOT_X.0, 190.0, "faint", "no values to draw"));
        return picture(theme, WIDTH, HEIGHT, &title, "no values to draw", &body);
    };
    let across = Axis::new(range.low, range.high, PLOT_X.0, PLOT_X.1);
    let up = Axis::new(0.0, 1.0, PLOT_Y.0, PLOT_Y.1);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        body.push_str(&line(PLOT_X.0, up.at(share), PLOT_X.1, up.at(share), "rule", 1.0));
        body.push_str(&text(PLOT_X.0 - 8.0, up.at(share) + 4.0, "faint small end", &format!("{:.0}%", 100.0 * share)));
    }
    for tick in across.ticks() {
        body.push_str(&line(across.at(tick), PLOT_Y.0, across.at(tick), PLOT_Y.0 + 5.0, "rule", 1.0));
        body.push_str(&text(across.at(tick), PLOT_Y.0 + 20.0, "faint small middle", &label(tick)));
    }
    body.push_str(&curve(&baseline, &across, &up, &range, "baseline", " stroke-dasharray=\"7 4\""));
    body.push_str(&curve(&canary, &across, &up, &range, "canary", ""));
    body.push_str(&legend(baseline.len(), canary.len()));
    if range.cut {
        body.push_str(&text(
            PLOT_X.1,
            HEIGHT - 8.0,
            "faint small end",
            "tails beyond the middle 99% of values lie outside the picture",
        ));
    }
    let description = format!(
        "share of values at or below each value; baseline {} values, canary {} values, from {} to {}",
        baseline.len(),
        canary.len(),
        label(range.low),
        label(range.high)
    );
    picture(theme, WIDTH, HEIGHT, &title, &description, &body)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    kept.sort_by(f64::total_cmp);
    kept
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    /// Whether values lie outside.
    cut: bool,
}

impl Range {
    fn new(baseline: &[f64], canary: &[f64]) -> Option<Range> {
        let arms = [baseline, canary].into_iter().filter(|a| !a.is_empty());
        let (mut full, mut middle) = ((f64::MAX, f64::MIN), (f64::MAX, f64::MIN));
        for arm in arms {
            let at = |q: f64| arm[((arm.len() - 1) as f64 * q).round() as usize];
            full = (full.0.min(at(0.0)), full.1.max(at(1.0)));
            middle = (middle.0.min(at(0.005)), middle.1.max(at(0.995)));
        }
        if full.0 > full.1 {
            return None;
        }
        let span = |r: (f64, f64)| r.1 / 2.0 - r.0 / 2.0;
        let cut = span(middle) > 0.0 && span(full) / span(middle) > WIDE;
        let (low, high) = if cut { middle } else { full };
        Some(Range { low, high, cut })
    }
}

/// A step function, thinned to at most [`MOST`] points that keep both ends.
fn curve(values: &[f64], across: &Axis, up: &Axis, range: &Range, class: &str, dash: &str) -> String {
    if values.is_empty() {
        return String::new();
    }
    let count = values.len();
    let shown = count.min(MOST);
    let mut path = format!("M{} {}", n(across.at(range.low)), n(up.at(below(values, range.low) / count as f64)));
    let mut last = None;
    for i in 0..shown {
        let at = if shown > 1 { i * (count - 1) / (shown - 1) } else { 0 };
        let value = values[at];
        if value < range.low || value > range.high {
            continue;
        }
        // Ties step once, to the share that is at or below all of them.
        let share = values.partition_point(|v| *v <= value) as f64 / count as f64;
        let point = (n(across.at(value)), n(up.at(share)));
        if last.as_ref() != Some(&point) {
            path.push_str(&format!("H{}V{}", point.0, point.1));
            last = Some(point);
        }
    }
    path.push_str(&format!("H{}", n(across.at(range.high))));
    format!("<path d=\"{path}\" class=\"{class} nofill\" style=\"fill:none\" stroke-width=\"2\"{dash}/>\n")
}

fn below(values: &[f64], limit: f64) -> f64 {
    values.partition_point(|v| *v < limit) as f64
}

fn legend(baseline: usize, canary: usize) -> String {
    let mut body = String::new();
    for (i, (class, words, dash)) in [
        ("baseline", format!("baseline ({baseline} values, dashed)"), " stroke-dasharray=\"7 4\""),
        ("canary", format!("canary ({canary} values, solid)"), ""),
    ]
    .into_iter()
    .enumerate()
    {
        let x = PLOT_X.0 + 240.0 * i as f64;
        body.push_str(&format!("<path d=\"M{} 41.5h26\" class=\"{class}\" stroke-width=\"2.5\"{dash}/>\n", n(x)));
        body.push_str(&text(x + 34.0, 46.0, "ink small", &words));
    }
    body
}
