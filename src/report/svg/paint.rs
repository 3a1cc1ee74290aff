//! The frame, the colours and the marks that all pictures share.

use super::Theme;
use crate::judge::{Decision, Outcome};
use crate::report::escape::xml;

struct Palette {
    name: &'static str,
    paper: &'static str,
    ink: &'static str,
    faint: &'static str,
    line: &'static str,
    shade: &'static str,
    good: &'static str,
    open: &'static str,
    bad: &'static str,
    baseline: &'static str,
    canary: &'static str,
}

/// Text colours reach a contrast of 4.5 to 1 on their paper.
const LIGHT: Palette = Palette {
    name: "light",
    paper: "#ffffff",
    ink: "#1f2328",
    faint: "#59636e",
    line: "#d1d9e0",
    shade: "#fff0ee",
    good: "#1a7f37",
    open: "#8a5a00",
    bad: "#c21c28",
    baseline: "#59636e",
    canary: "#0757ba",
};

const DARK: Palette = Palette {
    name: "dark",
    paper: "#0d1117",
    ink: "#e6edf3",
    faint: "#9198a1",
    line: "#3d444d",
    shade: "#2b1416",
    good: "#3fb950",
    open: "#d9a521",
    bad: "#ff7b72",
    baseline: "#9198a1",
    canary: "#6cb1ff",
};

impl Palette {
    /// The rules of one theme, below the class of a picture.
    fn rules(&self, scope: &str) -> String {
        let Palette { paper, ink, faint, line, shade, good, open, bad, baseline, canary, .. } = self;
        let mut rules = String::new();
        for (class, body) in [
            ("paper", format!("fill:{paper}")),
            ("ink", format!("fill:{ink}")),
            ("faint", format!("fill:{faint}")),
            ("rule", format!("stroke:{line}")),
            ("edge", format!("stroke:{ink}")),
            ("shade", format!("fill:{shade}")),
            ("good", format!("fill:{good};stroke:{good}")),
            ("open", format!("fill:{open};stroke:{open}")),
            ("bad", format!("fill:{bad};stroke:{bad}")),
            ("hollow", format!("fill:{paper}")),
            ("baseline", format!("fill:{baseline};stroke:{baseline}")),
            ("canary", format!("fill:{canary};stroke:{canary}")),
        ] {
            rules.push_str(&format!(".{scope} .{class}{{{body}}}"));
        }
        rules
    }
}

/// A whole picture. `title` and `description` are read out by screen readers.
pub(super) fn picture(theme: Theme, width: f64, height: f64, title: &str, description: &str, body: &str) -> String {
    let scope = match theme {
        Theme::Light => format!("serinus-{}", LIGHT.name),
        Theme::Dark => format!("serinus-{}", DARK.name),
        Theme::Auto => "serinus-auto".to_owned(),
    };
    let rules = match theme {
        Theme::Light => LIGHT.rules(&scope),
        Theme::Dark => DARK.rules(&scope),
        Theme::Auto => {
            format!("{}@media (prefers-color-scheme:dark){{{}}}", LIGHT.rules(&scope), DARK.rules(&scope))
        }
    };
    let shared = format!(
        ".{scope} text{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
         font-size:13px;stroke:none!important}}.{scope} .small{{font-size:11.5px}}.{scope} .strong{{font-weight:600}}\
         .{scope} .end{{text-anchor:end}}.{scope} .middle{{text-anchor:middle}}.{scope} .nofill{{fill:none}}"
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{scope}\" role=\"img\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" \
         style=\"max-width:100%;height:auto\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{rules}{shared}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n",
        n(width),
        n(height),
        n(width),
        n(height),
        xml(title),
        xml(description)
    )
}

/// A coordinate, to a hundredth of a pixel.
pub(super) fn n(v: f64) -> String {
    let text = format!("{:.2}", if v.is_finite() { v } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A line of text.
pub(super) fn text(x: f64, y: f64, class: &str, content: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" class=\"{class}\">{}</text>\n", n(x), n(y), xml(content))
}

/// A straight line.
pub(super) fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str, width: f64) -> String {
    let at = format!("x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", n(x1), n(y1), n(x2), n(y2));
    format!("<line {at} class=\"{class}\" stroke-width=\"{}\"/>\n", n(width))
}

/// A rectangle.
pub(super) fn rect(x: f64, y: f64, width: f64, height: f64, class: &str) -> String {
    let at = format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", n(x), n(y), n(width.max(0.0)), n(height.max(0.0)));
    format!("<rect {at} class=\"{class}\" stroke-width=\"0\"/>\n")
}

/// The colour class of an outcome.
pub(super) fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "good",
        Outcome::Fail => "bad",
        Outcome::Inconclusive | Outcome::NoData => "open",
    }
}

/// The colour class of a decision.
pub(super) fn decision_class(decision: Decision) -> &'static str {
    match decision {
        Decision::Promote => "good",
        Decision::Hold => "open",
        Decision::Rollback => "bad",
    }
}

/// The mark of an outcome: a disc passes, a square fails, a ring is open, a cross has no data.
pub(super) fn mark(x: f64, y: f64, outcome: Outcome) -> String {
    let class = outcome_class(outcome);
    let (cx, cy) = (n(x), n(y));
    match outcome {
        Outcome::Pass => format!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"5\" class=\"{class}\" stroke-width=\"0\"/>\n"),
        Outcome::Fail => rect(x - 5.0, y - 5.0, 10.0, 10.0, class),
        Outcome::Inconclusive => {
            format!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"4.5\" class=\"{class} hollow\" stroke-width=\"2\"/>\n")
        }
        Outcome::NoData => format!(
            "{}{}",
            line(x - 4.0, y - 4.0, x + 4.0, y + 4.0, class, 2.0),
            line(x - 4.0, y + 4.0, x + 4.0, y - 4.0, class, 2.0)
        ),
    }
}

/// An arrow head that says that a line goes on beyond the picture.
pub(super) fn arrow(x: f64, y: f64, right: bool, class: &str) -> String {
    let back = if right { x - 8.0 } else { x + 8.0 };
    let points = format!("{},{} {},{} {},{}", n(x), n(y), n(back), n(y - 5.0), n(back), n(y + 5.0));
    format!("<polygon points=\"{points}\" class=\"{class}\" stroke-width=\"0\"/>\n")
}
