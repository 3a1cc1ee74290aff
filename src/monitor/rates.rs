//! Event rates look by look: exact e-processes for rare events, a normal mixture once events prove frequent, and the
//! detector of spikes.

use serde::{Deserialize, Serialize};

use super::boundary::{Boundary, Measure, Pair};
use super::contrast::{ContrastState, Tuning};
use super::label::{Counts, RatioPrior, Side};
use super::rate_difference::{DifferenceGains, DifferencePrior};
use super::spike::{SpikeStarts, add_look};
use super::stratified::Moments;
use crate::arms::Arms;

/// Above this rate the Poisson envelope of the exact processes is too wide to be worth it.
const FREQUENT: f64 = 0.1;

/// What a line compares: the ratio of the rates, or their difference.
#[derive(Debug, Clone, PartialEq)]
enum Priors {
    Ratio {
        harm: RatioPrior,
        safe: RatioPrior,
    },
    Difference {
        above: DifferencePrior,
        below: DifferencePrior,
    },
    /// A ratio of 0 or less: no rate lies beyond it.
    Unreachable,
}

/// The lines of one metric, ready to be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RatePlan {
    pub lines: Vec<Boundary>,
    priors: Vec<Priors>,
    pub dispersion: f64,
    /// Whether jumps are watched for.
    pub spikes: Option<SpikeStarts>,
    /// For rows that have an event or not; a Poisson rate has no upper end.
    pub tuning: Option<Tuning>,
}

/// Gains of one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LineState {
    Ratio {
        #[serde(with = "super::exact::vec")]
        harm: Vec<f64>,
        #[serde(with = "super::exact::vec")]
        safe: Vec<f64>,
    },
    Difference {
        above: DifferenceGains,
        below: DifferenceGains,
    },
    Unreachable,
}

/// log R of each point of a line's harm prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct SpikeState(#[serde(with = "super::exact::vec")] Vec<f64>);

/// State of one rate metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RateState {
    pub exposure: Arms<f64>,
    pub events: Arms<u64>,
    /// Sum of h, and of h times each arm's rate.
    weight: f64,
    weighted: Arms<f64>,
    lines: Vec<LineState>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spikes: Vec<SpikeState>,
    /// Whether it was settled that events are rare, or frequent: after the burn-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<Settled>,
}

/// What the burn-in showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Settled {
    Rare,
    /// Log e-values so far, which later ones multiply, and the sums since.
    Frequent {
        carried: Vec<(f64, f64)>,
        contrast: ContrastState,
    },
}

impl RatePlan {
    pub fn new(lines: &[Boundary], dispersion: f64, spikes: Option<SpikeStarts>, tuning: Option<Tuning>) -> Self {
        let priors = lines
            .iter()
            .map(|line| {
                if line.scale <= 0.0 {
                    Priors::Unreachable
                } else if line.measure == Measure::Ratio {
                    Priors::Ratio { harm: RatioPrior::default(), safe: RatioPrior::for_margin(line.scale.ln().abs()) }
                } else {
                    let [above, below] = [Side::Above, Side::Below].map(DifferencePrior::new);
                    Priors::Difference { above, below }
                }
            })
            .collect();
        RatePlan { lines: lines.to_vec(), priors, dispersion: dispersion.max(1.0), spikes, tuning }
    }

    pub fn fresh(&self) -> RateState {
        let lines: Vec<LineState> = self
            .priors
            .iter()
            .map(|prior| match prior {
                Priors::Ratio { harm, safe } => {
                    LineState::Ratio { harm: vec![0.0; harm.steps().len()], safe: vec![0.0; safe.steps().len()] }
                }
                Priors::Difference { above, below } => {
                    LineState::Difference { above: above.fresh(), below: below.fresh() }
                }
                Priors::Unreachable => LineState::Unreachable,
            })
            .collect();
        let points = |line: &LineState| match line {
            LineState::Ratio { harm, .. } => harm.len(),
            LineState::Difference { above, .. } => above.gains.len(),
            LineState::Unreachable => 0,
        };
        let spikes = match self.spikes {
            Some(_) => lines.iter().map(|l| SpikeState(vec![f64::NEG_INFINITY; points(l)])).collect(),
            None => Vec::new(),
        };
        RateState { lines, spikes, ..RateState::default() }
    }

    /// Whether a stored state is one of this plan.
    pub fn fits(&self, state: &RateState) -> bool {
        let fresh = self.fresh();
        state.lines.len() == fresh.lines.len()
            && state.spikes.iter().map(|s| s.0.len()).eq(fresh.spikes.iter().map(|s| s.0.len()))
            && self.priors.iter().zip(&state.lines).all(|pair| match pair {
                (Priors::Ratio { harm, safe }, LineState::Ratio { harm: h, safe: s }) => {
                    h.len() == harm.steps().len() && s.len() == safe.steps().len()
                }
                (Priors::Difference { above, below }, LineState::Difference { above: a, below: b }) => {
                    above.fits(a) && below.fits(b)
                }
                (Priors::Unreachable, LineState::Unreachable) => true,
                _ => false,
            })
    }

    /// Takes one look, the `look`-th.
    pub fn update(&self, state: &mut RateState, counts: &Arms<Counts>, look: u64) {
        let rate = |c: &Counts| if c.exposure > 0.0 { c.events / c.exposure } else { 0.0 };
        state.exposure.baseline += counts.baseline.exposure;
        state.exposure.canary += counts.canary.exposure;
        state.events.baseline = state.events.baseline.saturating_add(counts.baseline.events as u64);
        state.events.canary = state.events.canary.saturating_add(counts.canary.events as u64);
        if let Some(w) = super::label::canary_share(counts) {
            let h = w * counts.baseline.exposure;
            state.weight += h;
            state.weighted.baseline += h * rate(&counts.baseline);
            state.weighted.canary += h * rate(&counts.canary);
        }
        if let Some(Settled::Frequent { contrast, .. }) = &mut state.settled {
            contrast.update(&counts.as_ref().map(indicator), None);
            if let Some(tuning) = &self.tuning {
                let baseline = contrast.sums.values().baseline.unwrap_or(0.0);
                contrast.freeze(&self.lines, tuning, |l| effect(l, baseline));
            }
        } else {
            self.add(state, counts);
            self.settle(state);
        }
        self.watch(state, counts, look);
    }

    /// Adds to the exact processes.
    fn add(&self, state: &mut RateState, counts: &Arms<Counts>) {
        for (i, (line, prior)) in self.lines.iter().zip(&self.priors).enumerate() {
            match (prior, &mut state.lines[i]) {
                (Priors::Ratio { harm, safe }, LineState::Ratio { harm: h, safe: s }) => {
                    harm.add(h, line.scale, line.harm, counts, self.dispersion);
                    safe.add(s, line.scale, line.harm.opposite(), counts, self.dispersion);
                }
                (Priors::Difference { above, below }, LineState::Difference { above: a, below: b }) => {
                    above.add(a, counts, self.dispersion);
                    below.add(b, counts, self.dispersion);
                }
                _ => {}
            }
        }
    }

    /// Adds to the spike detector.
    fn watch(&self, state: &mut RateState, counts: &Arms<Counts>, look: u64) {
        let Some(starts) = self.spikes else { return };
        let log_weight = starts.log_weight(look);
        for ((line, prior), spike) in self.lines.iter().zip(&self.priors).zip(&mut state.spikes) {
            let gains = match prior {
                Priors::Ratio { harm, .. } => {
                    super::label::batch_gains(harm, line.scale, line.harm, counts, self.dispersion)
                }
                Priors::Difference { above, below } => {
                    let prior = if line.harm == Side::Above { above } else { below };
                    let mut batch = prior.fresh();
                    prior.add(&mut batch, counts, self.dispersion);
                    prior.gains(&batch, line.offset)
                }
                Priors::Unreachable => continue,
            };
            add_look(&mut spike.0, &gains, log_weight);
        }
    }

    /// Once the burn-in is over, events are taken as rare or as frequent for good. What follows uses later rows only, so
    /// the choice is predictable and the product of the e-values stays one.
    fn settle(&self, state: &mut RateState) {
        let Some(tuning) = &self.tuning else { return };
        if state.settled.is_some() || state.exposure.canary < tuning.burn_in_rows as f64 {
            return;
        }
        let events = state.events.baseline as f64 + state.events.canary as f64;
        let rate = events / (state.exposure.baseline + state.exposure.canary);
        if rate <= FREQUENT {
            state.settled = Some(Settled::Rare);
            return;
        }
        let carried = self.exact(state).iter().map(|p| (p.harm, p.safe)).collect();
        state.settled = Some(Settled::Frequent { carried, contrast: ContrastState::default() });
    }

    fn exact(&self, state: &RateState) -> Vec<Pair> {
        self.lines
            .iter()
            .zip(&self.priors)
            .zip(&state.lines)
            .map(|((line, prior), gains)| match (prior, gains) {
                (Priors::Ratio { harm, safe }, LineState::Ratio { harm: h, safe: s }) => {
                    Pair { harm: harm.average(h), safe: safe.average(s) }
                }
                (Priors::Difference { above, below }, LineState::Difference { above: a, below: b }) => {
                    let (above, below) = (above.log_e(a, line.offset), below.log_e(b, line.offset));
                    if line.harm == Side::Above {
                        Pair { harm: above, safe: below }
                    } else {
                        Pair { harm: below, safe: above }
                    }
                }
                _ => Pair::NONE,
            })
            .collect()
    }

    /// The pair of each line.
    pub fn pairs(&self, state: &RateState) -> Vec<Pair> {
        let (Some(Settled::Frequent { carried, contrast }), Some(tuning)) = (&state.settled, &self.tuning) else {
            return self.exact(state);
        };
        let lines = self.lines.iter().zip(carried).enumerate();
        lines
            .map(|(i, (line, (harm, safe)))| {
                let later = contrast.pair(i, line, tuning);
                Pair { harm: harm + later.harm, safe: safe + later.safe }
            })
            .collect()
    }

    /// log of the spike detector's e-value at each line; empty when jumps are not watched for.
    pub fn spikes(&self, state: &RateState) -> Vec<f64> {
        let lines = self.priors.iter().zip(&self.lines).zip(&state.spikes);
        lines
            .map(|((prior, line), spike)| match prior {
                Priors::Ratio { harm, .. } => harm.average(&spike.0),
                Priors::Difference { above, .. } if line.harm == Side::Above => above.average(&spike.0),
                Priors::Difference { below, .. } => below.average(&spike.0),
                Priors::Unreachable => f64::NEG_INFINITY,
            })
            .collect()
    }

    /// Whether events proved frequent.
    pub fn is_frequent(&self, state: &RateState) -> bool {
        matches!(state.settled, Some(Settled::Frequent { .. }))
    }

    /// Estimate and confidence sequence with error `alpha` at each end: of the ratio when every line is one, else of the
    /// difference.
    pub fn interval(&self, state: &RateState, relative: bool, alpha: f64) -> (Option<f64>, Option<(f64, f64)>) {
        let value = self.values(state);
        let (Some(c), Some(s)) = (value.canary, value.baseline) else { return (None, None) };
        if let (Some(Settled::Frequent { contrast, .. }), Some(tuning)) = (&state.settled, &self.tuning) {
            let found = if relative { contrast.ratio(tuning, alpha) } else { contrast.difference(tuning, alpha) };
            let estimate = if relative { (s > 0.0).then(|| c / s) } else { Some(c - s) };
            return (estimate, found.map(|(_, low, high)| (low, high)));
        }
        match (self.priors.first(), state.lines.first()) {
            (Some(Priors::Ratio { harm, safe }), Some(LineState::Ratio { harm: h, safe: s_gains })) if relative => {
                let estimate = (s > 0.0).then(|| c / s);
                (estimate, ratio_interval(&self.lines[0], harm, h, safe, s_gains, alpha))
            }
            (Some(Priors::Difference { above, below }), Some(LineState::Difference { above: a, below: b })) => {
                let largest = if self.tuning.is_some() { 1.0 } else { 1e3 * (c + s).max(1e-300) };
                (Some(c - s), Some((above.bound(a, alpha, largest), below.bound(b, alpha, largest))))
            }
            _ => (Some(if relative { c / s } else { c - s }).filter(|v| v.is_finite()), None),
        }
    }

    /// Each arm's rate, batches weighted alike.
    pub fn values(&self, state: &RateState) -> Arms<Option<f64>> {
        state.weighted.map(|sum| (state.weight > 0.0).then(|| sum / state.weight))
    }

    /// Canary exposure that "safe" needs in all, at no difference and the rates and share so far. `None` when it cannot be
    /// shown at all.
    pub fn needed(&self, state: &RateState, alpha: f64) -> Option<f64> {
        let share = state.exposure.canary / (state.exposure.canary + state.exposure.baseline);
        let rate = state.events.baseline as f64 / state.exposure.baseline;
        if !(share > 0.0 && share < 1.0 && rate.is_finite()) {
            return None;
        }
        let threshold = -alpha.ln();
        let shown = |exposure: f64| {
            let mut fresh = self.fresh();
            let side = |n: f64| Counts { exposure: n, events: n * rate };
            let counts = Arms { baseline: side(exposure * (1.0 - share) / share), canary: side(exposure) };
            self.add(&mut fresh, &counts);
            self.exact(&fresh).iter().all(|p| p.safe >= threshold)
        };
        (shown(1e12)).then(|| super::normal_mixture::bisect(0.0, 1e12, shown))
    }
}

/// Distance between a line and "no change", in units of the rate.
pub(crate) fn effect(line: &Boundary, baseline: f64) -> f64 {
    ((line.scale - 1.0) * baseline + line.offset).abs()
}

/// 0/1 rows as moments.
fn indicator(c: &Counts) -> Moments {
    let p = if c.exposure > 0.0 { c.events / c.exposure } else { 0.0 };
    Moments::new(c.exposure as u64, p, c.exposure * p * (1.0 - p).max(0.0))
}

/// The ratios that the two-sided average of the two processes does not exclude at 2 alpha. The log likelihood of the
/// log ratio is concave; between points of the grid it is interpolated by a cubic.
fn ratio_interval(
    line: &Boundary,
    harm: &RatioPrior,
    harm_gains: &[f64],
    safe: &RatioPrior,
    safe_gains: &[f64],
    alpha: f64,
) -> Option<(f64, f64)> {
    let sign = line.harm.sign();
    let mut curve: Vec<(f64, f64)> = vec![(0.0, 0.0)];
    curve.extend(harm.steps().iter().zip(harm_gains).map(|(d, g)| (sign * d, *g)));
    curve.extend(safe.steps().iter().zip(safe_gains).map(|(d, g)| (-sign * d, *g)));
    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    let both = super::log_sum::log_add_exp(harm.average(harm_gains), safe.average(safe_gains));
    // E(r) = (E_harm + E_safe) / (2 L(r)) reaches 1 / (2 alpha) where log L(r) is this:
    let level = both + alpha.ln();
    let first = curve.iter().position(|(_, g)| *g > level)?;
    let last = curve.iter().rposition(|(_, g)| *g > level)?;
    let cross = |outside: usize, inside: usize| {
        let (a, b) = (curve[outside].0, curve[inside].0);
        let from = outside.min(inside).saturating_sub(1).min(curve.len().saturating_sub(4));
        let nodes = &curve[from..(from + 4).min(curve.len())];
        let t = bisect_between(|t| cubic(nodes, a + t * (b - a)) > level);
        line.scale * (a + t * (b - a)).exp()
    };
    let low = if first == 0 { f64::NEG_INFINITY } else { cross(first - 1, first) };
    let high = if last + 1 == curve.len() { f64::INFINITY } else { cross(last + 1, last) };
    Some((low, high))
}

fn bisect_between(reached: impl Fn(f64) -> bool) -> f64 {
    super::normal_mixture::bisect(0.0, 1.0, reached)
}

/// Lagrange's polynomial through the nodes.
fn cubic(nodes: &[(f64, f64)], x: f64) -> f64 {
    nodes
        .iter()
        .map(|(xi, yi)| {
            let others = nodes.iter().filter(|(xj, _)| xj != xi);
            yi * others.map(|(xj, _)| (x - xj) / (xi - xj)).product::<f64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::stratified::VarianceRule;

    fn tuning() -> Tuning {
        Tuning {
            rule: VarianceRule::Restricted,
            burn_in_rows: 100,
            expected_rows: None,
            alpha_harm: 0.05,
            alpha_safe: 0.05,
        }
    }

    fn counts(n_c: u64, x_c: u64, n_s: u64, x_s: u64) -> Arms<Counts> {
        Arms { baseline: Counts::new(n_s, x_s), canary: Counts::new(n_c, x_c) }
    }

    fn plan(scale: f64, offset: f64) -> RatePlan {
        let measure = if offset == 0.0 { Measure::Ratio } else { Measure::Difference };
        let line = Boundary { scale, offset, harm: Side::Above, measure };
        RatePlan::new(&[line], 1.0, Some(SpikeStarts::default()), Some(tuning()))
    }

    #[test]
    fn the_interval_of_the_ratio_matches_the_e_values_and_holds_the_ratio() {
        for scale in [1.0, 1.25] {
            let plan = plan(scale, 0.0);
            let mut state = plan.fresh();
            for look in 1..=300 {
                plan.update(&mut state, &counts(50, u64::from(look % 10 == 0) * 2, 950, 9), look);
            }
            let pair = plan.pairs(&state)[0];
            let (estimate, interval) = plan.interval(&state, true, 0.05);
            let (low, high) = interval.expect("events");
            let ratio = estimate.expect("events");
            assert!((ratio - 0.2 / 50.0 / (9.0 / 950.0)).abs() < 1e-12);
            assert!(low < ratio && ratio < high, "{low} {ratio} {high}");
            assert_eq!(high < scale, super::super::log_sum::log_add_exp(pair.harm, pair.safe) >= 20f64.ln());
        }
    }

    #[test]
    fn the_interpolated_end_is_the_exact_one() {
        // All batches alike: the likelihood of any ratio is known in closed form.
        let plan = plan(1.0, 0.0);
        let mut state = plan.fresh();
        let (looks, x_c, x_s) = (100.0, 1.0, 9.0);
        for look in 1..=100 {
            plan.update(&mut state, &counts(50, 1, 950, 9), look);
        }
        let (_, interval) = plan.interval(&state, true, 0.05);
        let (low, high) = interval.expect("events");
        let log_l = |r: f64| looks * (x_c * r.ln() - (x_c + x_s) * (0.05 * (r - 1.0)).ln_1p());
        let pair = plan.pairs(&state)[0];
        let level = super::super::log_sum::log_add_exp(pair.harm, pair.safe) + 0.05f64.ln();
        for end in [low, high] {
            assert!((log_l(end) - level).abs() < 0.02, "{end}: {} {level}", log_l(end));
        }
    }

    #[test]
    fn frequent_events_move_to_the_normal_mixture_and_keep_their_capital() {
        let plan = plan(1.0, 0.05);
        let mut state = plan.fresh();
        for look in 1..=400 {
            plan.update(&mut state, &counts(50, 15, 950, 285), look);
        }
        assert!(plan.is_frequent(&state));
        let pair = plan.pairs(&state)[0];
        assert!(pair.safe > 20f64.ln() && pair.harm < 0.0, "{pair:?}");
        let (_, interval) = plan.interval(&state, false, 0.05);
        assert!(interval.is_some_and(|(low, high)| low < 0.0 && high < 0.05));
    }

    #[test]
    fn a_late_spike_is_found_by_the_detector() {
        let plan = plan(1.0, 0.0);
        let mut state = plan.fresh();
        for look in 1..=1000 {
            plan.update(&mut state, &counts(50, 0, 950, u64::from(look % 20 == 0)), look);
        }
        assert!(plan.spikes(&state)[0] < 0.0);
        for look in 1001..=1010 {
            plan.update(&mut state, &counts(50, 1, 950, 0), look);
        }
        assert!(plan.spikes(&state)[0] > 100f64.ln());
    }

    #[test]
    fn a_margin_beyond_all_rates_is_never_exceeded() {
        let plan = plan(0.0, 0.0);
        let mut state = plan.fresh();
        plan.update(&mut state, &counts(50, 50, 950, 0), 1);
        assert_eq!(plan.pairs(&state), [Pair::NONE]);
        assert!(plan.fits(&state) && plan.fits(&plan.fresh()));
    }
}
