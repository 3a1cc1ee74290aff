//! A plan for every metric of a judge's config, from a stretch of the baseline's history.

use serde::{Deserialize, Serialize};

use super::claim::Size;
use super::design::Design;
use super::planned::PlannedMetric;
use super::ramp::{Allocation, minutes_in_words};
use super::size::up;
use super::table::{behaviour, kind};
use crate::config::{Correction, JudgeConfig, OnInconclusive, Role};
use crate::evidence::MarginUsed;
use crate::table::Table;

/// The canary's traffic shares, in percent, at which a config is planned unless others are asked for.
pub const DEFAULT_WEIGHTS: [f64; 6] = [1.0, 5.0, 10.0, 20.0, 25.0, 50.0];

/// What a config needs before it can promote, and what it can detect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigPlan {
    /// `serinus.plan/1`.
    pub schema: String,
    /// Requests a minute that were planned with.
    pub rate_per_minute: f64,
    /// What the canary is compared with.
    pub allocation: Allocation,
    /// Joint power.
    pub power: f64,
    /// Whether a canary that is like the baseline can ever be promoted.
    pub can_promote: bool,
    /// Why it cannot.
    pub blockers: Vec<String>,
    /// Each weight: the time it takes and what it waits for.
    pub weights: Vec<WeightPlan>,
    /// Each metric.
    pub metrics: Vec<MetricPlan>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// One traffic weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightPlan {
    /// Canary share of the traffic.
    pub percent: f64,
    /// Minutes until every metric that has to pass can pass; `None` when one of them never can.
    pub minutes: Option<f64>,
    /// The metric that takes longest.
    pub bottleneck: Option<String>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPlan {
    /// Its name.
    pub name: String,
    /// Its type, as in the config.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its role.
    pub role: Role,
    /// Whether promotion waits for it: a critical metric, or one without which the score stays below the threshold.
    pub must_pass: bool,
    /// Rows of history that it was planned from.
    pub history_rows: u64,
    /// Distinct units among them, when the config names a unit.
    pub history_units: Option<u64>,
    /// Rows needed for the information of one independent row.
    pub design_effect: f64,
    /// Share of requests that make a row of this metric.
    pub usable_share: f64,
    /// Each weight.
    pub weights: Vec<MetricAtWeight>,
    /// Why it cannot pass, or cannot be planned.
    pub cannot_pass: Option<String>,
    /// What was planned, for further plans; not part of the JSON.
    #[serde(skip)]
    pub planned: Option<PlannedMetric>,
}

/// One metric at one weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricAtWeight {
    /// Canary share of the traffic.
    pub percent: f64,
    /// Canary rows with which an identical canary passes.
    pub canary_rows: Option<u64>,
    /// Minutes until they are there.
    pub minutes: Option<f64>,
    /// Smallest margin that can be shown in the time that this weight takes (in an hour, when it takes forever).
    pub detectable_margin: Option<Size>,
    /// Smallest change for the worse that is found in that time, with power .8 at alpha.harm after correction. One
    /// that is smaller may pass unnoticed, or be held.
    pub detectable_harm: Option<Size>,
}

/// What a judge's config needs at the default weights, against all the traffic beside the canary.
///
/// ```
/// use serinus::config::{Direction, JudgeConfig, Margin, MetricConfig, MetricKind};
/// use serinus::{Column, Table};
/// let latency: Vec<f64> = (0..5_000).map(|i| 50.0 + f64::from((i * 7919) % 200)).collect();
/// let history = Table::new(vec![("latency_ms".to_owned(), Column::numbers(latency))])?;
/// let metric = MetricConfig::new("latency", MetricKind::Mean { column: "latency_ms".to_owned() }, Direction::LowerIsBetter)
///     .margin(Margin::relative(0.05));
/// let config = JudgeConfig { metrics: vec![metric], ..JudgeConfig::default() };
/// let plan = serinus::plan::from_config(&config, &history, 10_000.0);
/// assert!(plan.can_promote);
/// assert_eq!(plan.weights[0].bottleneck.as_deref(), Some("latency"));
/// # Ok::<(), serinus::TableError>(())
/// ```
pub fn from_config(config: &JudgeConfig, history: &Table<'_>, rate_per_minute: f64) -> ConfigPlan {
    from_config_at(config, history, rate_per_minute, &DEFAULT_WEIGHTS, Allocation::AllStable)
}

/// The same at weights (in percent) and with a baseline of one's own choice.
///
/// Weights outside (0, 100) are left out with a note. Minutes are `None` when the rate is not positive.
pub fn from_config_at(
    config: &JudgeConfig,
    history: &Table<'_>,
    rate_per_minute: f64,
    weights: &[f64],
    allocation: Allocation,
) -> ConfigPlan {
    let mut notes = Vec::new();
    let weights: Vec<f64> = weights
        .iter()
        .copied()
        .filter(|w| {
            let good = *w > 0.0 && *w < 100.0;
            if !good {
                notes.push(format!("weight {w} left out: a comparison needs both arms, so it has to lie in (0, 100)"));
            }
            good
        })
        .collect();
    let rate = if rate_per_minute > 0.0 && rate_per_minute.is_finite() {
        Some(rate_per_minute)
    } else {
        notes.push(format!("minutes are left out: {rate_per_minute} requests a minute is no rate"));
        None
    };
    if config.data.paired.is_some() {
        notes.push("planned without pairing: paired rows need fewer".to_owned());
    }
    if config.data.labels.is_some() {
        notes.push("labels arrive late: add their delay to the minutes".to_owned());
    }
    let families: [f64; 3] = [Role::Critical, Role::Scored, Role::Advisory]
        .map(|role| config.metrics.iter().filter(|m| m.role == role).count().max(1) as f64);

    let mut metrics: Vec<MetricPlan> = Vec::new();
    for metric in &config.metrics {
        let alpha = metric.alpha.unwrap_or(config.alpha);
        let family = match config.correction {
            Correction::None => 1.0,
            _ => families[metric.role as usize],
        };
        let found = behaviour(config, metric, history);
        let margin =
            metric.margin.map(|m| MarginUsed { relative: m.relative, absolute: m.absolute, combine: Some(m.combine) });
        let mut plan = MetricPlan {
            name: metric.name.clone(),
            kind: kind(&metric.kind).to_owned(),
            role: metric.role,
            must_pass: metric.role == Role::Critical,
            history_rows: 0,
            history_units: None,
            design_effect: 1.0,
            usable_share: 1.0,
            weights: Vec::new(),
            cannot_pass: None,
            planned: None,
        };
        match found {
            Err(why) => plan.cannot_pass = Some(why),
            Ok(found) => {
                plan.history_rows = found.history.rows;
                plan.history_units = found.history.units;
                plan.design_effect = found.history.design_effect;
                plan.usable_share = found.usable_share;
                let rows_of_a_unit =
                    found.history.units.map_or(1.0, |units| found.history.rows as f64 / units.max(1) as f64);
                plan.planned = Some(PlannedMetric {
                    name: metric.name.clone(),
                    behaviour: found.history.behaviour,
                    direction: found.direction.unwrap_or(metric.direction),
                    margin: found.margin.or(margin),
                    limit: metric.limit,
                    alpha_safe: alpha.safe,
                    alpha_harm: alpha.harm / family,
                    design_effect: plan.design_effect,
                    usable_share: plan.usable_share,
                    min_rows: up(metric.min_samples as f64 * rows_of_a_unit),
                });
            }
        }
        metrics.push(plan);
    }
    // Whether a metric can pass at all does not depend on the weight.
    for plan in &mut metrics {
        if let Some(planned) = &plan.planned
            && let Err(why) = planned.rows(&Design::default())
        {
            plan.cannot_pass = Some(why.to_string());
        }
    }
    let passable: Vec<bool> = metrics.iter().map(|m| m.cannot_pass.is_none()).collect();
    let lenient = config.policy.inconclusive == OnInconclusive::Pass;
    for i in 0..metrics.len() {
        if metrics[i].role == Role::Scored && !lenient {
            let without: Vec<bool> = (0..metrics.len()).map(|j| j != i).collect();
            metrics[i].must_pass = best_score(config, &without).is_some_and(|s| s < config.thresholds.pass);
        }
    }
    let mut blockers = Vec::new();
    for plan in &metrics {
        if let (true, Some(why)) = (plan.must_pass, &plan.cannot_pass) {
            blockers.push(format!("{} has to pass and cannot: {why}", plan.name));
        }
    }
    match best_score(config, &if lenient { vec![true; passable.len()] } else { passable }) {
        None => blockers.push("no metric weighs in the score, so nothing is judged".to_owned()),
        Some(score) if score < config.thresholds.pass && blockers.is_empty() => blockers.push(format!(
            "the metrics that can pass reach a score of {score:.1}, and thresholds.pass is {}",
            config.thresholds.pass
        )),
        Some(_) => {}
    }

    let waiting = metrics.iter().filter(|m| m.must_pass && m.cannot_pass.is_none()).count().max(1) as u32;
    let base = Design { metrics: waiting, ..Design::default() };
    let mut weight_plans = Vec::new();
    for &percent in &weights {
        let design = allocation.design(base, percent);
        let pace = |plan: &MetricPlan| rate.map(|r| r * percent / 100.0 * plan.usable_share);
        let needs: Vec<Option<f64>> =
            metrics.iter().map(|m| m.planned.as_ref().and_then(|p| p.rows(&design).ok())).collect();
        let minutes: Vec<Option<f64>> =
            metrics.iter().zip(&needs).map(|(m, rows)| rows.zip(pace(m)).map(|(n, r)| n / r)).collect();
        let mut longest: Option<(f64, usize)> = None;
        for (i, m) in metrics.iter().enumerate() {
            if let (true, Some(t)) = (m.must_pass, minutes[i])
                && longest.is_none_or(|(l, _)| t > l)
            {
                longest = Some((t, i));
            }
        }
        let never = metrics.iter().zip(&minutes).any(|(m, t)| m.must_pass && t.is_none());
        let spent = longest.map_or(60.0, |(t, _)| t);
        let names: Vec<String> = metrics.iter().map(|m| m.name.clone()).collect();
        for (i, plan) in metrics.iter_mut().enumerate() {
            let rows = pace(plan).map(|r| (spent * r).floor() as u64);
            let of = |f: &dyn Fn(&PlannedMetric, u64) -> Option<Size>| {
                plan.planned.as_ref().zip(rows).and_then(|(p, n)| f(p, n))
            };
            let at = MetricAtWeight {
                percent,
                canary_rows: needs[i].map(up),
                minutes: minutes[i],
                detectable_margin: of(&|p, n| p.detectable_margin(&design, n)),
                detectable_harm: of(&|p, n| p.detectable_harm(&design, n)),
            };
            plan.weights.push(at);
        }
        weight_plans.push(WeightPlan {
            percent,
            minutes: if never { None } else { longest.map(|(t, _)| t) },
            bottleneck: longest.map(|(_, i)| names[i].clone()),
        });
    }
    if let Some(slow) = weight_plans.iter().find(|w| w.minutes.is_some_and(|m| m > 24.0 * 60.0)) {
        let quick = weight_plans.iter().find(|w| w.minutes.is_some_and(|m| m <= 24.0 * 60.0));
        notes.push(format!(
            "at {} % this takes {}{}",
            slow.percent,
            minutes_in_words(slow.minutes.unwrap_or(0.0)),
            quick.map_or(String::new(), |q| format!(
                "; start at {} % ({})",
                q.percent,
                minutes_in_words(q.minutes.unwrap_or(0.0))
            ))
        ));
    }
    ConfigPlan {
        schema: "serinus.plan/1".to_owned(),
        rate_per_minute,
        allocation,
        power: base.power,
        can_promote: blockers.is_empty(),
        blockers,
        weights: weight_plans,
        metrics,
        notes,
    }
}

impl ConfigPlan {
    /// The metrics that promotion waits for, as a ramp wants them.
    pub fn waited_for(&self) -> Vec<PlannedMetric> {
        self.metrics.iter().filter(|m| m.must_pass).filter_map(|m| m.planned.clone()).collect()
    }
}

/// The score, 0 to 100, when these metrics pass and the others do not; `None` when nothing weighs.
fn best_score(config: &JudgeConfig, passes: &[bool]) -> Option<f64> {
    let given: f64 = config.groups.iter().map(|(_, w)| w).sum();
    let mut cells: Vec<(f64, f64, f64)> = config.groups.iter().map(|(_, w)| (*w, 0.0, 0.0)).collect();
    cells.push((if config.groups.is_empty() { 100.0 } else { 100.0 - given }, 0.0, 0.0));
    for (metric, passes) in config.metrics.iter().zip(passes) {
        if metric.role == Role::Advisory {
            continue;
        }
        let cell = metric
            .group
            .as_ref()
            .and_then(|g| config.groups.iter().position(|(name, _)| name == g))
            .unwrap_or(config.groups.len());
        cells[cell].1 += if *passes { metric.weight } else { 0.0 };
        cells[cell].2 += metric.weight;
    }
    let live = || cells.iter().filter(|c| c.2 > 0.0 && c.0 > 0.0);
    let total: f64 = live().map(|c| c.0).sum();
    (total > 0.0).then(|| live().map(|c| c.0 * c.1 / c.2).sum::<f64>() / total * 100.0)
}
