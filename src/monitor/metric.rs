//! One metric under watch: what it takes from a batch, what it keeps, and what it answers.

use serde::{Deserialize, Serialize};

use super::batch::{ArmStatistics, Fault};
use super::boundary::Pair;
use super::contrast::ContrastState;
use super::dkw::{distance, excess_beyond, p_of_distance};
use super::exceedance::ExceedanceLine;
use super::histogram::Histogram;
use super::label::{Counts, RatioPrior, Side};
use super::log_sum::log_add_exp;
use super::one_arm::OneArm;
use super::plan::{MetricPlan, Process};
use super::rates::{RateState, effect};
use super::stratified::{GroupSum, Moments};
use crate::arms::{Arm, Arms};
use crate::config::Event;

/// A batch's statistics of one metric, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Parsed {
    Counts(Arms<Counts>),
    Moments(Arms<Moments>, Option<Arms<Vec<GroupSum>>>),
    Histograms(Arms<Histogram>),
    Nothing,
}

/// Checked statistics with the rows and the missing rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked {
    pub parsed: Parsed,
    pub rows: Arms<u64>,
    pub missing: Arms<u64>,
}

/// What is kept of one metric between looks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MetricState {
    pub rows: Arms<u64>,
    #[serde(default, skip_serializing_if = "is_none_missing")]
    pub missing: Arms<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<RateState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<ContrastState>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceedance: Vec<ExceedanceLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranks: Vec<ContrastState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histograms: Option<Arms<Histogram>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_arm: Option<OneArm>,
    /// Gains of the two label processes on missing rows, above then below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_gains: Option<MissingGains>,
    /// Largest log e-value of harm so far.
    pub peak_harm: f64,
    /// Largest log e-value of missing rows so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub peak_missing: f64,
    /// Smallest p-value of the test on the whole distribution so far.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub order_p: f64,
    /// Shown to be worse at some look: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// See [`MetricState::missing_gains`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MissingGains {
    #[serde(with = "super::exact::vec")]
    above: Vec<f64>,
    #[serde(with = "super::exact::vec")]
    below: Vec<f64>,
}

fn is_none_missing(missing: &Arms<u64>) -> bool {
    *missing == Arms::default()
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

fn one() -> f64 {
    1.0
}

/// Number of hash groups into which units are folded.
pub const HASH_GROUPS: usize = 64;
/// Largest size of a value and of a sum of squares: beyond it sums over many batches would leave the range of numbers.
const LARGEST_VALUE: f64 = 1e140;
const LARGEST_SQUARES: f64 = 1e280;

impl MetricPlan {
    pub fn fresh(&self) -> MetricState {
        let mut state = MetricState { order_p: 1.0, ..MetricState::default() };
        match &self.process {
            Process::Rates { plan, .. } => state.rates = Some(plan.fresh()),
            Process::Contrast { .. } => state.contrast = Some(ContrastState::default()),
            Process::Quantile(plan) => state.exceedance = plan.fresh(),
            Process::Typical(plan) => state.ranks = plan.fresh(),
            Process::Agreement { .. } => state.rates = Some(RateState::default()),
            Process::Shift { .. } | Process::None(_) => {}
        }
        if matches!(self.process, Process::Quantile(_) | Process::Typical(_) | Process::Shift { .. }) {
            state.histograms = Some(Arms::default());
        }
        if self.config.limit.is_some() && matches!(self.process, Process::Contrast { .. }) {
            state.one_arm = Some(OneArm::default());
        }
        state
    }

    /// Whether a stored state is one of this plan.
    pub fn fits(&self, state: &MetricState) -> bool {
        let fresh = self.fresh();
        let points = RatioPrior::default().steps().len();
        let missing = state.missing_gains.as_ref();
        let inner = match &self.process {
            Process::Rates { plan, .. } => state.rates.as_ref().is_some_and(|r| plan.fits(r)),
            Process::Quantile(plan) => plan.fits(&state.exceedance),
            Process::Typical(plan) => state.ranks.len() == plan.lines.len(),
            _ => true,
        };
        inner
            && state.rates.is_some() == fresh.rates.is_some()
            && state.contrast.is_some() == fresh.contrast.is_some()
            && state.histograms.is_some() == fresh.histograms.is_some()
            && state.one_arm.is_some() == fresh.one_arm.is_some()
            && missing.is_none_or(|m| m.above.len() == points && m.below.len() == points)
    }

    /// Reads what this metric needs; an arm that cannot be read is named.
    pub fn parse(&self, statistics: &Arms<ArmStatistics>) -> Result<Checked, (Arm, Fault)> {
        let missing = statistics.as_ref().map(|s| s.missing_rows());
        let mut rows = Arms::default();
        let parsed = match &self.process {
            Process::None(_) => Parsed::Nothing,
            Process::Rates { event, .. } => {
                let counts = both(statistics, |s| counted(s, *event))?;
                rows = counts.map(|(_, n)| n);
                Parsed::Counts(counts.map(|(c, _)| c))
            }
            Process::Agreement { .. } => {
                let counts = both(statistics, |s| counted(s, Some(Event::True)))?;
                rows = counts.map(|(_, n)| n);
                Parsed::Counts(counts.map(|(c, _)| c))
            }
            Process::Contrast { event, ratio, .. } => {
                let moments = both(statistics, |s| moments(s, *event))?;
                rows = moments.map(|m| m.n);
                let groups = match (&statistics.baseline.groups, &statistics.canary.groups) {
                    (None, None) => None,
                    _ => Some(group_sums(statistics, &moments, *ratio)?),
                };
                Parsed::Moments(moments, groups)
            }
            Process::Quantile(_) | Process::Typical(_) | Process::Shift { .. } => {
                let histograms = both(statistics, |s| s.to_histogram().map(|h| h.into_owned()))?;
                rows = histograms.as_ref().map(|h| h.total());
                Parsed::Histograms(histograms)
            }
        };
        Ok(Checked { parsed, rows, missing })
    }

    /// Takes one checked batch, the `look`-th.
    pub fn apply(&self, state: &mut MetricState, checked: &Checked, look: u64) {
        let add = |a: u64, b: u64| a.saturating_add(b);
        state.rows = Arms {
            baseline: add(state.rows.baseline, checked.rows.baseline),
            canary: add(state.rows.canary, checked.rows.canary),
        };
        state.missing = Arms {
            baseline: add(state.missing.baseline, checked.missing.baseline),
            canary: add(state.missing.canary, checked.missing.canary),
        };
        state.add_missing(checked);
        match (&self.process, &checked.parsed) {
            (Process::Rates { plan, .. }, Parsed::Counts(counts)) => {
                if let Some(rates) = &mut state.rates {
                    plan.update(rates, counts, look);
                }
            }
            (Process::Agreement { .. }, Parsed::Counts(counts)) => {
                if let Some(rates) = &mut state.rates {
                    rates.exposure.canary += counts.canary.exposure;
                    rates.events.canary = add(rates.events.canary, counts.canary.events as u64);
                }
            }
            (Process::Contrast { tuning, .. }, Parsed::Moments(moments, groups)) => {
                if let Some(one_arm) = &mut state.one_arm {
                    one_arm.update(&moments.canary, self.burn_in_rows, self.alpha_limit);
                }
                if let Some(contrast) = &mut state.contrast {
                    contrast.update(moments, groups.as_ref());
                    let baseline = contrast.sums.values().baseline.unwrap_or(0.0);
                    contrast.freeze(&self.boundaries.lines, tuning, |line| effect(line, baseline));
                }
            }
            (process, Parsed::Histograms(batch)) => {
                let Some(past) = &mut state.histograms else { return };
                match process {
                    Process::Quantile(plan) => plan.update(&mut state.exceedance, &past.baseline, &batch.as_ref()),
                    Process::Typical(plan) => plan.update(&mut state.ranks, &past.baseline, &batch.as_ref()),
                    _ => {}
                }
                past.baseline.merge(&batch.baseline);
                past.canary.merge(&batch.canary);
                state.order_p = state.order_p.min(self.order_p(past));
            }
            _ => {}
        }
        state.peak_harm = state.peak_harm.max(self.pair(state).map_or(0.0, |p| p.harm));
    }

    /// The pair of the metric now; `None` when it has no line to be held against, or no e-process.
    pub fn pair(&self, state: &MetricState) -> Option<Pair> {
        match &self.process {
            Process::Rates { plan, .. } => self.boundaries.join(&plan.pairs(state.rates.as_ref()?)),
            Process::Contrast { tuning, .. } => {
                let contrast = state.contrast.as_ref()?;
                let lines = self.boundaries.lines.iter().enumerate();
                let pairs: Vec<Pair> = lines.map(|(i, line)| contrast.pair(i, line, tuning)).collect();
                self.boundaries.join(&pairs)
            }
            Process::Quantile(plan) => self.boundaries.join(&plan.pairs(&state.exceedance)),
            Process::Typical(plan) => self.boundaries.join(&plan.pairs(&state.ranks)),
            Process::Agreement { min } => {
                let rates = state.rates.as_ref()?;
                let (n, agreeing) = (rates.exposure.canary, rates.events.canary as f64);
                let at = |side| super::one_arm::rate_limit_log_e(n, agreeing, *min, side);
                Some(Pair { harm: at(Side::Below), safe: at(Side::Above) })
            }
            Process::Shift { .. } | Process::None(_) => None,
        }
    }

    /// log of the spike detector's e-value.
    pub fn spike(&self, state: &MetricState) -> Option<f64> {
        match &self.process {
            Process::Rates { plan, .. } => {
                // The lines join as they do for harm.
                let each = plan.spikes(state.rates.as_ref()?);
                let pairs: Vec<Pair> = each.into_iter().map(|harm| Pair { harm, safe: 0.0 }).collect();
                (!pairs.is_empty()).then(|| self.boundaries.join(&pairs)).flatten().map(|p| p.harm)
            }
            _ => None,
        }
    }

    /// Whether the whole distribution is tested too.
    pub fn has_order_test(&self) -> bool {
        match self.process {
            Process::Shift { .. } => true,
            Process::Quantile(_) | Process::Typical(_) => !self.boundaries.lines.is_empty(),
            _ => false,
        }
    }

    /// p-value of "the canary's distribution is not beyond the boundary anywhere", or of "not farther than allowed".
    fn order_p(&self, data: &Arms<Histogram>) -> f64 {
        let n = data.as_ref().map(|h| h.total());
        if let Process::Shift { max_distance } = self.process {
            return p_of_distance(distance(data) - max_distance, n);
        }
        // The metric is within its margin when it is within any line of a side (or all, for `both`): the largest p is
        // right for one side in either case; two sides double the smaller.
        let lines = &self.boundaries.lines;
        let of = |side: Side| {
            let here = lines.iter().filter(|l| l.harm == side);
            here.map(|l| p_of_distance(excess_beyond(data, l.scale, l.offset, side), n)).reduce(f64::max)
        };
        match (of(Side::Above), of(Side::Below)) {
            (Some(a), Some(b)) => (2.0 * a.min(b)).min(1.0),
            (one, other) => one.or(other).unwrap_or(1.0),
        }
    }
}

impl MetricState {
    /// Missing rows among all rows, as label processes of a null ratio of 1 in both directions.
    fn add_missing(&mut self, checked: &Checked) {
        let missing = checked.missing;
        if missing.baseline == 0 && missing.canary == 0 {
            return;
        }
        let prior = RatioPrior::default();
        let points = prior.steps().len();
        let gains = self
            .missing_gains
            .get_or_insert_with(|| MissingGains { above: vec![0.0; points], below: vec![0.0; points] });
        let counts = |arm: u64, rows: u64| Counts::new(arm.saturating_add(rows), arm);
        let counts = Arms {
            baseline: counts(missing.baseline, checked.rows.baseline),
            canary: counts(missing.canary, checked.rows.canary),
        };
        prior.add(&mut gains.above, 1.0, Side::Above, &counts, 1.0);
        prior.add(&mut gains.below, 1.0, Side::Below, &counts, 1.0);
        let log_e = log_add_exp(prior.average(&gains.above), prior.average(&gains.below)) - std::f64::consts::LN_2;
        self.peak_missing = self.peak_missing.max(log_e);
    }
}

/// Reads both arms, naming the one that fails.
fn both<T>(
    statistics: &Arms<ArmStatistics>,
    read: impl Fn(&ArmStatistics) -> Result<T, Fault>,
) -> Result<Arms<T>, (Arm, Fault)> {
    Ok(Arms {
        baseline: read(&statistics.baseline).map_err(|f| (Arm::Baseline, f))?,
        canary: read(&statistics.canary).map_err(|f| (Arm::Canary, f))?,
    })
}

fn counted(statistics: &ArmStatistics, event: Option<Event>) -> Result<(Counts, u64), Fault> {
    if event == Some(Event::True)
        && let Some(v) = statistics.values.iter().find(|v| v.is_finite() && **v != 0.0 && **v != 1.0)
    {
        return Err(format!("value {v} is neither 0 nor 1; say above or below in the config, or send n and events"));
    }
    let (exposure, n, events) = statistics.counted(|v| match event {
        Some(Event::Above(limit)) => v > limit,
        Some(Event::Below(limit)) => v < limit,
        _ => v == 1.0,
    })?;
    if exposure > 1e18 {
        return Err(format!("exposure {exposure} is beyond 1e18; use a larger unit"));
    }
    if event.is_some() && statistics.exposure.is_some() {
        return Err("a proportion has rows and no exposure; send n and events, or make it a rate".into());
    }
    Ok((Counts { exposure, events: events as f64 }, n))
}

fn moments(statistics: &ArmStatistics, event: Option<Event>) -> Result<Moments, Fault> {
    let moments = if event.is_some() {
        let (counts, n) = counted(statistics, event)?;
        let p = if n > 0 { counts.events / n as f64 } else { 0.0 };
        Moments::new(n, p, n as f64 * p * (1.0 - p))
    } else {
        statistics.to_moments()?
    };
    let large = moments.y.abs().max(moments.x.abs());
    if large > LARGEST_VALUE || moments.yy.max(moments.xx) > LARGEST_SQUARES {
        return Err(format!("values near {large:e} are too large to be summed over many batches; scale them"));
    }
    Ok(moments)
}

/// Hash groups of both arms, as many in each.
fn group_sums(
    statistics: &Arms<ArmStatistics>,
    moments: &Arms<Moments>,
    ratio: bool,
) -> Result<Arms<Vec<GroupSum>>, (Arm, Fault)> {
    let count = HASH_GROUPS;
    let of = |s: &ArmStatistics, m: &Moments| -> Result<Vec<GroupSum>, Fault> {
        let Some(groups) = &s.groups else {
            let silent = Ok(vec![GroupSum::default(); count]);
            return if m.n == 0 { silent } else { Err("send groups in both arms or in none".into()) };
        };
        if groups.n.len() != count || groups.sum_y.len() != count {
            return Err(format!(
                "{} groups with {} sums; there are {count} hash groups",
                groups.n.len(),
                groups.sum_y.len()
            ));
        }
        if ratio && groups.sum_x.len() != count {
            return Err("groups of a ratio need sum_x as well".into());
        }
        if groups.sum_y.iter().chain(&groups.sum_x).any(|v| !v.is_finite() || v.abs() > LARGEST_VALUE) {
            return Err("a group's sum is not a finite number, or too large".into());
        }
        if groups.n.iter().fold(0u64, |a, b| a.saturating_add(*b)) != m.n {
            return Err(format!("the groups' rows do not sum to n = {}", m.n));
        }
        let x = |i: usize| if ratio { groups.sum_x[i] } else { groups.n[i] as f64 };
        Ok((0..count).map(|i| GroupSum { rows: groups.n[i] as f64, y: groups.sum_y[i], x: x(i) }).collect())
    };
    Ok(Arms {
        baseline: of(&statistics.baseline, &moments.baseline).map_err(|f| (Arm::Baseline, f))?,
        canary: of(&statistics.canary, &moments.canary).map_err(|f| (Arm::Canary, f))?,
    })
}
