//! What one metric answers at a look: evidence, limit, and what is still needed.

use super::boundary::{Pair, margin_used};
use super::dkw::{distance, p_of_distance, quantile_band};
use super::histogram::Histogram;
use super::label::Side;
use super::log_sum::p_from_log_e;
use super::metric::MetricState;
use super::normal_mixture::bisect;
use super::one_arm::{poisson_limit_log_e, rate_bounds, rate_limit_log_e};
use super::plan::{MetricPlan, Process};
use super::rates::effect;
use super::{beta_binomial, stratified::VarianceRule};
use crate::arms::Arms;
use crate::config::{Limit, MetricKind};
use crate::evidence::{Evidence, Interval, LogE, Method, Scale};
use crate::judge::Outcome;
use crate::judge::judgement::LimitFinding;

/// Rows for which a quantile's interval is tightest, over the share of rows in its tail.
const TAIL_ROWS: f64 = 50.0;

impl MetricPlan {
    /// The evidence so far; `None` when there are no rows in an arm or the metric is not monitored.
    ///
    /// `p_harm` is the smallest so far, as an always-valid p-value is. `p_safe` is that of this look alone: safety has to
    /// stand when it is used, so a canary that was good once is not good for ever.
    pub fn evidence(&self, state: &MetricState, pair: Option<Pair>) -> Option<Evidence> {
        let paired = matches!(self.process, Process::Agreement { .. });
        if !self.is_monitored() || state.rows.canary == 0 || (state.rows.baseline == 0 && !paired) {
            return None;
        }
        let relative = self.boundaries.is_relative();
        let measured = self.measure(state, relative);
        let shift = self.shift(state);
        let p_safe = match (&shift, pair) {
            (Some((_, p_safe)), _) => Some(*p_safe),
            (None, Some(p)) => Some(p_from_log_e(p.safe)),
            (None, None) => None,
        };
        let p_harm = match (&shift, pair) {
            (Some((p_harm, _)), _) => Some(*p_harm),
            (None, Some(_)) => Some(p_from_log_e(state.peak_harm)),
            (None, None) => None,
        };
        let level = 1.0 - 2.0 * self.alpha_safe;
        Some(Evidence {
            test: measured.test.into(),
            estimand: measured.estimand,
            scale: self.scale(relative),
            estimate: measured.estimate.filter(|v| v.is_finite()),
            interval: measured.interval.map(|(low, high)| Interval::new(low, high, level)),
            p_safe,
            p_harm,
            p_harm_adjusted: None,
            margin: margin_used(&self.config),
            n: state.rows,
            units: None,
            value: measured.value,
            method: Method::AnytimeValid,
            flags: measured.flags,
            log_e: pair.map(|p| LogE { safe: Some(p.safe), harm: Some(p.harm) }),
        })
    }

    fn scale(&self, relative: bool) -> Scale {
        match self.process {
            Process::Shift { .. } => Scale::Distance,
            Process::Agreement { .. } => Scale::Share,
            _ if relative => Scale::Ratio,
            _ => Scale::Difference,
        }
    }

    /// p-values of a distance: harm so far, safety at this look.
    fn shift(&self, state: &MetricState) -> Option<(f64, f64)> {
        let Process::Shift { max_distance } = self.process else { return None };
        let data = state.histograms.as_ref()?;
        let n = data.as_ref().map(|h| h.total());
        Some((state.order_p, p_of_distance(max_distance - distance(data), n)))
    }

    fn measure(&self, state: &MetricState, relative: bool) -> Measured {
        let of = |what: &str| format!("{} of {what}", if relative { "ratio" } else { "difference" });
        let alpha = self.alpha_safe;
        match &self.process {
            Process::Rates { plan, .. } => {
                let Some(rates) = &state.rates else { return Measured::nothing() };
                let (estimate, interval) = plan.interval(rates, relative, alpha);
                let test = match (plan.is_frequent(rates), relative) {
                    (true, _) => "normal_mixture_restricted",
                    (false, true) => "label_e_process",
                    (false, false) => "rate_difference_e_process",
                };
                let mut flags = Vec::new();
                if rates.events == (Arms { baseline: 0, canary: 0 }) {
                    flags.push("no_events".to_owned());
                }
                let what = if matches!(self.config.kind, MetricKind::Rate { .. }) { "rates" } else { "proportions" };
                Measured { test, estimand: of(what), estimate, interval, value: plan.values(rates), flags }
            }
            Process::Contrast { tuning, ratio, event } => {
                let Some(contrast) = &state.contrast else { return Measured::nothing() };
                let value = contrast.sums.values();
                let found = if relative { contrast.ratio(tuning, alpha) } else { contrast.difference(tuning, alpha) };
                let estimate = match (value.canary, value.baseline) {
                    (Some(c), Some(s)) if relative => Some(c / s),
                    (Some(c), Some(s)) => Some(c - s),
                    _ => None,
                };
                let mut flags = Vec::new();
                if contrast.is_constant() && contrast.ready(tuning) {
                    flags.push("constant".to_owned());
                }
                if !contrast.ready(tuning) {
                    flags.push("burn_in".to_owned());
                }
                let what = match (event, ratio) {
                    (Some(_), _) => "proportions",
                    (None, true) => "ratios of sums",
                    (None, false) => "means",
                };
                let restricted = tuning.rule == VarianceRule::Restricted;
                let test = if restricted { "normal_mixture_restricted" } else { "normal_mixture" };
                Measured {
                    test,
                    estimand: of(what),
                    estimate,
                    interval: found.map(|(_, low, high)| (low, high)),
                    value,
                    flags,
                }
            }
            Process::Quantile(plan) => {
                let mut measured = self.quantiles(state, plan.q, relative, alpha);
                measured.test = "exceedance_e_process";
                let past = state.histograms.as_ref().map(|h| &h.baseline);
                if past.is_none_or(|p| plan.threshold(p).is_none()) {
                    measured.flags.push("burn_in".into());
                }
                measured
            }
            Process::Typical(plan) => {
                let mut measured = self.quantiles(state, 0.5, relative, alpha);
                measured.test = "rank_score_mixture";
                if !state.ranks.first().is_some_and(|r| r.ready(&plan.tuning)) {
                    measured.flags.push("burn_in".into());
                }
                measured
            }
            Process::Shift { .. } => {
                let Some(data) = &state.histograms else { return Measured::nothing() };
                let n = data.as_ref().map(|h| h.total());
                let d = distance(data);
                let radius = |n: u64| super::dkw_radius(n, alpha).unwrap_or(1.0);
                let half = radius(n.canary) + radius(n.baseline);
                Measured {
                    test: "dkw_time_uniform",
                    estimand: "largest distance of the distribution functions".into(),
                    estimate: Some(d),
                    interval: Some(((d - half).max(0.0), (d + half).min(1.0))),
                    value: Arms { baseline: None, canary: None },
                    flags: Vec::new(),
                }
            }
            Process::Agreement { .. } => {
                let Some(rates) = &state.rates else { return Measured::nothing() };
                let (n, agreeing) = (rates.exposure.canary, rates.events.canary as f64);
                let value = (n > 0.0).then(|| agreeing / n);
                Measured {
                    test: "one_arm_mixture",
                    estimand: "share of pairs that agree".into(),
                    estimate: value,
                    interval: Some(rate_bounds(n, agreeing, (alpha, alpha))),
                    value: Arms { baseline: None, canary: value },
                    flags: Vec::new(),
                }
            }
            Process::None(_) => Measured::nothing(),
        }
    }

    /// Ratio or difference of quantiles, with the interval that the arms' own confidence sequences give, half of the error
    /// to each end of each arm.
    fn quantiles(&self, state: &MetricState, q: f64, relative: bool, alpha: f64) -> Measured {
        let Some(data) = &state.histograms else { return Measured::nothing() };
        let value = data.as_ref().map(|h| h.quantile(q));
        let bands = data.as_ref().map(|h| band(h, q, alpha));
        let name = match q {
            0.5 => "medians".to_owned(),
            q => format!("p{}", (q * 1e6).round() / 1e4),
        };
        let estimand = format!("{} of {name}", if relative { "ratio" } else { "difference" });
        let (estimate, interval) = match (value.canary, value.baseline) {
            (Some(c), Some(s)) if relative => {
                let positive = bands.baseline.0 > 0.0 && bands.canary.0 >= 0.0;
                (
                    (s > 0.0).then(|| c / s),
                    positive.then(|| (bands.canary.0 / bands.baseline.1, bands.canary.1 / bands.baseline.0)),
                )
            }
            (Some(c), Some(s)) => {
                (Some(c - s), Some((bands.canary.0 - bands.baseline.1, bands.canary.1 - bands.baseline.0)))
            }
            _ => (None, None),
        };
        let interval = interval.filter(|(low, high)| !low.is_nan() && !high.is_nan());
        Measured { test: "", estimand, estimate, interval, value, flags: Vec::new() }
    }

    /// What the limit on the canary alone shows.
    pub fn limit(&self, state: &MetricState) -> Option<LimitFinding> {
        let limit = self.config.limit?;
        let (any, all) = self.limit_logs(state)?;
        let outcome = if any >= -self.alpha_limit.ln() {
            Outcome::Fail
        } else if all >= -self.alpha_safe.ln() {
            Outcome::Pass
        } else {
            Outcome::Inconclusive
        };
        let (estimate, bounds) = self.limit_estimate(state, limit);
        let end = |v: f64| v.is_finite().then_some(v);
        Some(LimitFinding {
            limit,
            estimate,
            low: bounds.and_then(|b| end(b.0)),
            high: bounds.and_then(|b| end(b.1)),
            p_crossed: Some(p_from_log_e(any)),
            p_kept: Some(p_from_log_e(all)),
            outcome,
            needs: None,
        })
    }

    /// Whether the limit is shown to be crossed at this look.
    pub fn limit_crossed(&self, state: &MetricState) -> bool {
        self.limit_logs(state).is_some_and(|(any, _)| any >= -self.alpha_limit.ln())
    }

    /// log E of "crossed" and of "kept": crossed when any end is (the mean), kept when all are (the smallest).
    fn limit_logs(&self, state: &MetricState) -> Option<(f64, f64)> {
        let limit = self.config.limit?;
        let sides = [limit.max.map(|at| (at, Side::Above)), limit.min.map(|at| (at, Side::Below))];
        let (mut beyond, mut within) = (Vec::new(), f64::INFINITY);
        for (at, side) in sides.into_iter().flatten() {
            beyond.push(self.limit_log_e(state, at, side)?);
            within = within.min(self.limit_log_e(state, at, side.opposite())?);
        }
        Some((super::log_mean_e(&beyond, &vec![1.0; beyond.len()])?, within))
    }

    /// log E for "the canary lies on this side of the limit".
    fn limit_log_e(&self, state: &MetricState, at: f64, side: Side) -> Option<f64> {
        match &self.process {
            Process::Rates { event, .. } => {
                let rates = state.rates.as_ref()?;
                let (n, x) = (rates.exposure.canary, rates.events.canary as f64);
                let exact = if event.is_some() { rate_limit_log_e } else { poisson_limit_log_e };
                Some(exact(n, x, at, side))
            }
            Process::Contrast { .. } => Some(state.one_arm.as_ref()?.log_e(at, side, self.burn_in_rows)),
            Process::Quantile(plan) => Some(quantile_limit(&state.histograms.as_ref()?.canary, plan.q, at, side)),
            Process::Typical(_) => Some(quantile_limit(&state.histograms.as_ref()?.canary, 0.5, at, side)),
            Process::Shift { .. } | Process::Agreement { .. } | Process::None(_) => None,
        }
    }

    /// The canary's own value with one-sided bounds: against `max` the lower at the level of a crossed limit, the upper at
    /// that of a kept one; against `min` the other way round.
    fn limit_estimate(&self, state: &MetricState, limit: Limit) -> (Option<f64>, Option<(f64, f64)>) {
        let (crossed, kept) = (self.alpha_limit, self.alpha_safe);
        let alpha = match (limit.max, limit.min) {
            (Some(_), None) => (crossed, kept),
            (None, Some(_)) => (kept, crossed),
            _ => (crossed.min(kept), crossed.min(kept)),
        };
        match &self.process {
            Process::Rates { event, .. } => {
                let Some(rates) = &state.rates else { return (None, None) };
                let (n, x) = (rates.exposure.canary, rates.events.canary as f64);
                let bounds = event.map(|_| rate_bounds(n, x, alpha));
                ((n > 0.0).then(|| x / n), bounds)
            }
            Process::Contrast { .. } => {
                let Some(one_arm) = &state.one_arm else { return (None, None) };
                (one_arm.value(), one_arm.bounds(alpha))
            }
            Process::Quantile(_) | Process::Typical(_) => {
                let q = if let Process::Quantile(plan) = &self.process { plan.q } else { 0.5 };
                let Some(data) = &state.histograms else { return (None, None) };
                (data.canary.quantile(q), Some(band(&data.canary, q, alpha.0.min(alpha.1))))
            }
            _ => (None, None),
        }
    }

    /// Further canary rows that "safe" needs, at power about .8 if there is no difference. `None` when it cannot be shown,
    /// or when there is no margin.
    pub fn needed_rows(&self, state: &MetricState) -> Option<u64> {
        let rows = state.rows.canary as f64;
        let share = rows / (rows + state.rows.baseline as f64);
        let alpha = self.alpha_safe;
        let all = match &self.process {
            Process::Rates { plan, .. } if !self.boundaries.lines.is_empty() => {
                plan.needed(state.rates.as_ref()?, alpha)?
            }
            Process::Contrast { tuning, .. } if !self.boundaries.lines.is_empty() => {
                let contrast = state.contrast.as_ref()?;
                let baseline = contrast.sums.values().baseline?;
                let lines = self.boundaries.lines.iter().enumerate();
                let each = lines.map(|(i, line)| contrast.needed(i, line, tuning, alpha, effect(line, baseline)));
                let factors: Vec<f64> = each.collect::<Option<_>>()?;
                rows * factors.into_iter().fold(0.0, f64::max)
            }
            Process::Quantile(plan) if !plan.lines.is_empty() => {
                plan.needed(&state.histograms.as_ref()?.baseline, share, alpha)?
            }
            Process::Typical(plan) if !plan.lines.is_empty() => {
                rows * plan.needed(&state.ranks, &state.histograms.as_ref()?.baseline, alpha)?
            }
            Process::Shift { max_distance } => {
                // No distance shown where both arms' bands together fit into the distance allowed.
                let fits = |n: f64| {
                    let other = n * (1.0 - share) / share;
                    let radius = |n: f64| super::dkw_radius(n.max(1.0) as u64, alpha).unwrap_or(1.0);
                    share > 0.0 && radius(n) + radius(other) <= *max_distance
                };
                fits(1e12).then(|| bisect(1.0, 1e12, fits))?
            }
            _ => return None,
        };
        // At least one more row: it is not shown yet.
        (all.is_finite() && all < 1e15).then(|| (all - rows).max(1.0).ceil() as u64)
    }
}

/// What is measured of a metric besides its e-values.
struct Measured {
    test: &'static str,
    estimand: String,
    estimate: Option<f64>,
    interval: Option<(f64, f64)>,
    value: Arms<Option<f64>>,
    flags: Vec<String>,
}

impl Measured {
    fn nothing() -> Self {
        let value = Arms { baseline: None, canary: None };
        Measured { test: "", estimand: String::new(), estimate: None, interval: None, value, flags: Vec::new() }
    }
}

/// log E for "the quantile lies on this side of `at`": the share of rows beyond it against the quantile's tail.
fn quantile_limit(canary: &Histogram, q: f64, at: f64, side: Side) -> f64 {
    let Some(cell) = super::histogram::cell_of(at) else { return 0.0 };
    let n = canary.total() as f64;
    // Above: many rows above `at`. Below: few of them. The cut bucket's rows count where they weaken the statement.
    let rows = match side {
        Side::Above => canary.above(cell),
        Side::Below => canary.above(cell.saturating_sub(1)),
    };
    rate_limit_log_e(n, rows as f64, 1.0 - q, side)
}

/// Confidence sequence of one arm's quantile with error `alpha` in all, from the counts at or below each edge.
fn band(histogram: &Histogram, q: f64, alpha: f64) -> (f64, f64) {
    let n = histogram.total();
    let Ok(k) = beta_binomial::concentration(TAIL_ROWS / q.min(1.0 - q), 0.05) else {
        return (f64::NEG_INFINITY, f64::INFINITY);
    };
    let threshold = -alpha.ln();
    let excluded = |count: f64| beta_binomial::log_e_of_rate(count, n as f64, q, k) >= threshold;
    // Counts at the quantile that are not excluded lie around n q.
    let centre = n as f64 * q;
    let down = bisect(0.0, centre.max(1e-9), |d| excluded(centre - d));
    let up = bisect(0.0, (n as f64 - centre).max(1e-9), |d| excluded(centre + d));
    quantile_band_of_counts(histogram, q, down / n.max(1) as f64, up / n.max(1) as f64)
}

fn quantile_band_of_counts(histogram: &Histogram, q: f64, down: f64, up: f64) -> (f64, f64) {
    let low = quantile_band(histogram, q, down.min(1.0)).0;
    let high = quantile_band(histogram, q, up.min(1.0)).1;
    (low, high)
}
