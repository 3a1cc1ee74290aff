//! One metric, judged natively: which questions its points answer, and what they say.

use serde_json::{Map, Value, json};

use super::events::new_events;
use super::harm::{Change, mean_harms, rank_harms, spread_harms};
use super::points::Points;
use super::ranks::Ranks;
use super::safety::{SPARSE_SHARE, Safety, safe_mean, safe_ranks, safe_sparse};
use super::settings::{Focus, Margin, Native};
use super::words::{percent, probability};
use crate::judge::Outcome;
use crate::kayenta::settings::Deviation;
use crate::kayenta::{Label, effect, prepare};
use crate::stats::ratio_of_means::fieller_welch;
use crate::{Arms, config::Alpha};

/// What was found of a metric, before correction over metrics.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Which way the harm points.
    pub(super) side: Label,
    /// Worst p-value of harm that lies beyond its margin; 1 when none does. `None` when nothing was tested.
    pub(super) p_harm: Option<f64>,
    /// p-value of "worse than the margin".
    pub(super) p_safe: Option<f64>,
    /// Decided without a test: what and why.
    pub(super) settled: Option<(Outcome, String)>,
    /// The sentence that goes with harm.
    harm: String,
    /// The sentence that goes with everything else.
    state: String,
    /// A question other than the one of safety points to harm, at `alpha.safe`.
    doubt: Option<String>,
    pub(super) evidence: Map<String, Value>,
    pub(super) stats: Arms<prepare::Stats>,
    /// P(canary point above a baseline point), where it was looked at.
    pub(super) above: Option<f64>,
}

impl Finding {
    /// The outcome, given the p-value of harm after correction, and why.
    pub(super) fn outcome(&self, adjusted: Option<f64>, alpha: Alpha) -> (Outcome, String) {
        if let Some((outcome, why)) = &self.settled {
            return (*outcome, why.clone());
        }
        if let Some(p) = adjusted.filter(|p| *p <= alpha.harm) {
            return (Outcome::Fail, format!("{}; p = {}", self.harm, probability(p)));
        }
        let p_safe = self.p_safe.unwrap_or(1.0);
        match &self.doubt {
            Some(doubt) if p_safe <= alpha.safe => (Outcome::Inconclusive, format!("not enough data to tell: {doubt}")),
            None if p_safe <= alpha.safe => (Outcome::Pass, format!("{}; p = {}", self.state, probability(p_safe))),
            _ => {
                let why = format!("not enough data to tell: {}; p of safety {}", self.state, probability(p_safe));
                (Outcome::Inconclusive, why)
            }
        }
    }
}

/// Judges one metric's points.
pub(super) fn find(
    points: &Points,
    settings: &Native,
    direction: Deviation,
    must_have_data: bool,
    alpha: Alpha,
) -> Finding {
    let (x, y) = (&points.values.canary[..], &points.values.baseline[..]);
    let stats = Arms { baseline: prepare::Stats::of(y), canary: prepare::Stats::of(x) };
    let ratio = effect::mean_ratio(stats.canary.mean, stats.baseline.mean);
    let mut evidence = Map::new();
    evidence.insert("n".into(), json!({"control": y.len(), "experiment": x.len()}));
    if points.missing.baseline + points.missing.canary > 0 {
        let missing = json!({"control": points.missing.baseline, "experiment": points.missing.canary});
        evidence.insert("missing".into(), missing);
    }
    let blank = Finding {
        side: Label::High,
        p_harm: None,
        p_safe: None,
        settled: None,
        harm: String::new(),
        state: String::new(),
        doubt: None,
        evidence,
        stats,
        above: None,
    };
    let settle = |blank: Finding, outcome, why: String| Finding { settled: Some((outcome, why)), ..blank };

    if let Some(why) = without_data(points, must_have_data) {
        return settle(blank, Outcome::NoData, why);
    }
    if let Some(why) = new_events(points, direction, settings.margin) {
        let mut found = settle(blank, Outcome::Fail, why);
        found.evidence.insert("test".into(), json!("new_events"));
        return found;
    }
    let (m, n) = (x.len() as u64, y.len() as u64);
    if m.min(n) < settings.min_samples {
        let least = settings.min_samples;
        let why = format!("not enough data: {m} canary and {n} baseline points, {least} of each are needed");
        return settle(blank, Outcome::Inconclusive, why);
    }
    if x.iter().chain(y).all(|v| *v == x[0]) {
        return settle(blank, Outcome::Pass, format!("all {m} canary and {n} baseline points are {}", x[0]));
    }
    tested(blank, points, settings, direction, alpha, ratio)
}

/// Why there is nothing to compare, if so.
fn without_data(points: &Points, must_have_data: bool) -> Option<String> {
    let values = &points.values;
    let all_missing = |arm: &[f64], missing: u64| missing > 0 && missing == arm.len() as u64;
    if must_have_data && all_missing(&values.canary, points.missing.canary) {
        return Some("no data: every canary point is missing, and the config asks for data".into());
    }
    match (values.baseline.is_empty(), values.canary.is_empty()) {
        (true, true) => Some("no data: neither side has points".into()),
        (false, true) => Some("no data: the canary has no points".into()),
        (true, false) => Some("not enough data: the baseline has no points, and the canary's do not look like counts of events; if a missing series means none, set missing to zero".into()),
        (false, false) => None,
    }
}

fn tested(
    blank: Finding,
    points: &Points,
    settings: &Native,
    direction: Deviation,
    alpha: Alpha,
    ratio: f64,
) -> Finding {
    let (x, y) = (&points.values.canary[..], &points.values.baseline[..]);
    let sparse = points.is_sparse();
    let inflation = points.inflation();
    let ranks = Ranks::of(x, y, inflation);
    let change = Change::of(&blank.stats);
    let level = 1.0 - 2.0 * alpha.safe;
    let interval = fieller_welch(x, y, level).ok().map(|r| (r.interval.low, r.interval.high));

    let moved = moved(&change, interval, level);
    let (low, high) = ranks.interval(level);
    let by_rank = format!(
        "a canary point lies above a baseline point with probability {:.2} ({:.0}% CI {low:.2} to {high:.2})",
        ranks.theta,
        100.0 * level
    );
    let margin = margin_text(settings.margin, sparse);
    let mut harms = Vec::new();
    if settings.focus != Focus::Mean {
        harms.extend(rank_harms(&ranks, &change, settings.margin, sparse, &format!("{moved}; {by_rank}, {margin}")));
    }
    if settings.focus != Focus::Ranks {
        harms.extend(mean_harms(
            x,
            y,
            inflation,
            &change,
            settings.margin,
            &format!("{moved}, {}", mean_margin(settings.margin)),
        ));
    }
    if let (Some(factor), Focus::All, false) = (settings.spread, settings.focus, sparse) {
        harms.extend(spread_harms(x, y, inflation, factor, direction));
    }
    harms.retain(|h| {
        let watched = match direction {
            Deviation::Increase => Label::High,
            Deviation::Decrease => Label::Low,
            Deviation::Either => h.side,
        };
        h.side == watched
    });
    let both_ways = if direction == Deviation::Either { 2.0 } else { 1.0 };
    harms.iter_mut().for_each(|h| h.p = (h.p * both_ways).min(1.0));

    let data = Safety { x, y, direction, inflation, alpha: alpha.safe };
    let p_safe = match (settings.focus, settings.margin) {
        _ if sparse => safe_sparse(&data),
        (Focus::Mean, _) | (Focus::All, Margin::Relative { .. } | Margin::Absolute(_)) => {
            safe_mean(&data, settings.margin)
        }
        _ => safe_ranks(&ranks, &data, settings.margin, settings.focus),
    };
    let best = harms.iter().filter(|h| h.beyond).min_by(|a, b| a.p.total_cmp(&b.p));
    let doubt = harms.iter().filter(|h| h.beyond && h.raw <= alpha.safe).min_by(|a, b| a.raw.total_cmp(&b.raw));
    let doubt = doubt.map(|h| format!("{}; p = {}", h.text, probability(h.raw)));
    let mut found = Finding {
        side: best.map_or(Label::High, |h| h.side),
        p_harm: Some(best.map_or(1.0, |h| h.p)),
        p_safe,
        harm: best.map(|h| h.text.clone()).unwrap_or_default(),
        state: format!("{moved}; {by_rank}, {margin}"),
        doubt,
        above: Some(ranks.theta),
        ..blank
    };
    let out = &mut found.evidence;
    out.insert("test".into(), json!(best.map_or("ranks", |h| h.test)));
    out.insert("probabilityAbove".into(), json!({"estimate": ranks.theta, "low": low, "high": high, "level": level}));
    if let Some((low, high)) = interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        out.insert("ratioInterval".into(), json!({"low": low, "high": high, "level": level}));
    }
    out.insert("margin".into(), json!(margin));
    out.insert("pHarm".into(), json!(found.p_harm));
    out.insert("pSafe".into(), json!(p_safe));
    let mut flags = Vec::new();
    if sparse {
        flags.push("sparse");
    }
    if ranks.exact {
        flags.push("exact");
    }
    if inflation > 1.0 {
        flags.push("autocorrelated");
        out.insert("effectiveShare".into(), json!(1.0 / inflation));
    }
    if points.absent_means_none {
        flags.push("baseline_absent");
    }
    if !ratio.is_finite() {
        flags.push("no_ratio");
    }
    out.insert("flags".into(), json!(flags));
    found
}

fn moved(change: &Change, interval: Option<(f64, f64)>, level: f64) -> String {
    let word = if change.absolute < 0.0 { "lower" } else { "higher" };
    if !change.relative.is_finite() {
        return format!("mean {word} than the baseline's of 0");
    }
    let by = format!("mean {} {word}", percent(change.relative.abs()));
    match interval {
        Some((low, high)) if low.is_finite() && high.is_finite() => {
            let ends = format!("{} to {}", percent(low - 1.0), percent(high - 1.0));
            format!("{by} ({:.0}% CI {ends})", 100.0 * level)
        }
        _ => by,
    }
}

fn mean_margin(margin: Margin) -> String {
    match margin {
        Margin::Absolute(d) => format!("margin {d}"),
        _ => {
            let (up, down) = margin.shares();
            format!("margin {} up, {} down", percent(up), percent(down))
        }
    }
}

fn margin_text(margin: Margin, sparse: bool) -> String {
    let (up, down) = margin.probabilities();
    match margin {
        Margin::Relative { .. } | Margin::Absolute(_) => mean_margin(margin),
        Margin::Probability { .. } => format!("margin {down:.2} to {up:.2}"),
        Margin::Unstated if sparse => {
            format!(
                "margin {} of the mean, {} more points with events",
                percent(margin.shares().0),
                percent(SPARSE_SHARE)
            )
        }
        Margin::Unstated => {
            format!("none configured, so margin {down:.2} to {up:.2} and {} of the mean", percent(margin.shares().0))
        }
    }
}
