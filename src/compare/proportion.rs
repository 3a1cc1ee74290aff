//! Proportions: score tests with the null's own variance, exact tests where events are rare.
//!
//! Differences by Farrington and Manning (1990), ratios by Koopman's (1984) score, strata combined with the canary's
//! share. Units widen the null variance by the design effect of the contrast: influences alone would call 0 of 20 safe at
//! any margin. Below 1 % or ten expected events a ratio is tested conditionally on the events (Clopper and Pearson 1934
//! on the split). Below five expected canary events at the margin a difference is tested exactly, with the baseline's
//! rate anywhere in a wide confidence interval (Berger and Boos 1994).

use super::Question;
use super::contrast::{Contrast, Estimand, Label, Scale, first_true};
use super::design::{Cell, Design};
use crate::arms::{Arm, Arms};
use crate::config::{Direction, TestKind};
use crate::evidence::Method;
use crate::stats::proportion::{
    self, StratumCounts, conditional_binomial_strata, score_difference_interval_strata, score_difference_strata,
    score_ratio_interval_strata, score_ratio_strata,
};
use crate::stats::special::{beta_inc, gamma_q};
use crate::stats::{Unanswerable, binomial};

/// Chance that the baseline's rate lies outside the interval over which the exact test takes its worst case, a side.
/// Added to the p-value (Berger and Boos 1994, eq. 2).
const GAMMA: f64 = 1e-6;

/// A proportion under its design: events are values of 1.
#[derive(Debug)]
pub struct Proportion {
    strata: Vec<StratumCounts>,
    /// Both arms' counts divided by their design effects.
    effective: Vec<StratumCounts>,
    design_effect: f64,
    clustered: bool,
    direction: Direction,
    test: Option<TestKind>,
    margins: (Option<f64>, Option<f64>),
    flags: Vec<String>,
}

impl Proportion {
    /// Counts events in both arms.
    pub fn new(design: &Design, question: &Question, test: Option<TestKind>) -> Result<Self, Unanswerable> {
        design.require("proportion", 1)?;
        let events = Cell::total;
        let strata: Vec<StratumCounts> = design
            .strata
            .iter()
            .map(|s| StratumCounts {
                weight: s.weight,
                x_events: events(&s.cells.canary),
                x_n: s.cells.canary.n() as f64,
                y_events: events(&s.cells.baseline),
                y_n: s.cells.baseline.n() as f64,
            })
            .collect();
        let mut flags = Vec::new();
        let design_effect = if design.clustered { design_effect(design) } else { 1.0 };
        if design_effect > 1.0 {
            flags.push(format!("design_effect_{design_effect:.2}"));
        }
        // An arm without events shows no clustering: its trials are its units.
        let divisor = |arm: Arm| {
            let (events, n) = strata.iter().fold((0.0, 0.0), |(e, n), s| match arm {
                Arm::Canary => (e + s.x_events, n + s.x_n),
                Arm::Baseline => (e + s.y_events, n + s.y_n),
            });
            if events == 0.0 && design.clustered { n / design.units[arm] as f64 } else { design_effect }
        };
        let (x, y) = (divisor(Arm::Canary), divisor(Arm::Baseline));
        let effective = strata
            .iter()
            .map(|s| StratumCounts {
                weight: s.weight,
                x_events: s.x_events / x,
                x_n: s.x_n / x,
                y_events: s.y_events / y,
                y_n: s.y_n / y,
            })
            .collect();
        if strata.iter().all(|s| s.x_events == 0.0 && s.y_events == 0.0) {
            flags.push("no_events".into());
        }
        let margins = question.margin.map_or((None, None), |m| (m.relative, m.absolute));
        Ok(Proportion {
            strata,
            effective,
            design_effect,
            clustered: design.clustered,
            direction: question.direction,
            test,
            margins,
            flags,
        })
    }

    fn rate(&self, arm: Arm) -> f64 {
        self.strata
            .iter()
            .map(|s| match arm {
                Arm::Canary => s.weight * s.x_events / s.x_n,
                Arm::Baseline => s.weight * s.y_events / s.y_n,
            })
            .sum()
    }

    /// Effective events and trials of the canary: its strata carry its own shares as weights, so they add up.
    fn canary(&self) -> (f64, f64) {
        self.effective.iter().fold((0.0, 0.0), |(e, n), s| (e + s.x_events, n + s.x_n))
    }

    /// Canary rates that the margin allows at the worst, in both directions where both matter.
    fn at_margin(&self, scale: Scale) -> Vec<f64> {
        let base = self.rate(Arm::Baseline);
        let margin = match scale {
            Scale::Difference => self.margins.1.unwrap_or(0.0),
            Scale::Ratio => self.margins.0.unwrap_or(0.0) * base,
        };
        match self.direction {
            Direction::LowerIsBetter => vec![base + margin],
            Direction::HigherIsBetter => vec![base - margin],
            Direction::Either => vec![base - margin, base + margin],
        }
    }

    /// Chance of so few baseline events, or non-events, as there are, if their rate under the canary's weights is at least
    /// `rate`. The worst case puts that rate where it is seen least, in the stratum with the fewest trials for its weight;
    /// Poisson's law bounds the binomial's lower tail below its mean (Hoeffding 1956; Anderson and Samuels 1967).
    fn baseline_as_far(&self, events: impl Fn(&StratumCounts) -> f64, rate: f64) -> f64 {
        let seen: f64 = self.effective.iter().map(events).sum();
        let trials = self.effective.iter().map(|s| s.y_n / s.weight).fold(f64::INFINITY, f64::min);
        let expected = trials * rate;
        if expected - 1.0 <= seen { 1.0 } else { gamma_q(seen + 1.0, expected) }
    }

    fn rare(&self, scale: Scale) -> bool {
        let (_, n) = self.canary();
        let rates = self.at_margin(scale);
        match scale {
            Scale::Difference => {
                rates.iter().any(|p| n * p.clamp(0.0, 1.0) < 5.0 || n * (1.0 - p).clamp(0.0, 1.0) < 5.0)
            }
            Scale::Ratio => {
                let baseline: f64 = self.effective.iter().map(|s| s.y_events).sum();
                self.rate(Arm::Baseline) < 0.01 || baseline < 10.0 || rates.iter().any(|p| n * p < 10.0)
            }
        }
    }
}

/// Clustered over unclustered variance of the difference, at least 1.
fn design_effect(design: &Design) -> f64 {
    let influence = |cell: &Cell| -> Vec<f64> {
        let n = cell.n() as f64;
        let p = cell.values.iter().sum::<f64>() / n;
        cell.values.iter().map(|v| (v - p) / n).collect()
    };
    let (mut clustered, mut plain) = (0.0, 0.0);
    for arm in [Arm::Baseline, Arm::Canary] {
        clustered += design.parts(arm, |_, cell| influence(cell)).variance();
        for s in &design.strata {
            let cell = &s.cells[arm];
            let n = cell.n() as f64;
            if n > 1.0 {
                let squares = match cell.sums {
                    Some(sums) => sums.total() / n * (1.0 - sums.total() / n) / n,
                    None => influence(cell).iter().map(|e| e * e).sum::<f64>(),
                };
                plain += s.weight * s.weight * n / (n - 1.0) * squares;
            }
        }
    }
    let effect = clustered / plain;
    if effect.is_finite() { effect.max(1.0) } else { 1.0 }
}

impl Estimand for Proportion {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        let exact = match self.test {
            Some(TestKind::ConditionalBinomial) => scale == Scale::Ratio,
            Some(TestKind::ExactBinomial) => true,
            Some(
                TestKind::FarringtonManning | TestKind::MiettinenNurminen | TestKind::Newcombe | TestKind::ScoreRatio,
            ) => false,
            _ => self.rare(scale),
        };
        let kind = match (scale, exact) {
            (Scale::Difference, true) => Kind::ExactDifference(Bounds::new(self)?),
            (Scale::Difference, false) if self.test == Some(TestKind::Newcombe) => Kind::Newcombe,
            (Scale::Difference, false) => Kind::ScoreDifference,
            (Scale::Ratio, true) => Kind::Conditional,
            (Scale::Ratio, false) => Kind::ScoreRatio,
        };
        Ok(Box::new(Tested { of: self, kind }))
    }

    fn value(&self) -> Arms<Option<f64>> {
        Arms { baseline: Some(self.rate(Arm::Baseline)), canary: Some(self.rate(Arm::Canary)) }
    }
}

/// The baseline's rate between two bounds, each wrong with chance `GAMMA`.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    low: f64,
    high: f64,
    none: bool,
    all: bool,
}

impl Bounds {
    fn new(of: &Proportion) -> Result<Self, Unanswerable> {
        let share = GAMMA / of.effective.len() as f64;
        let mut bounds = Bounds { low: 0.0, high: 0.0, none: true, all: true };
        for s in &of.effective {
            let rate = binomial::clopper_pearson(s.y_events, s.y_n, share)?;
            bounds.low += s.weight * rate.low;
            bounds.high += s.weight * rate.high;
            bounds.none &= s.y_events == 0.0;
            bounds.all &= s.y_events == s.y_n;
        }
        Ok(bounds)
    }
}

enum Kind {
    ScoreDifference,
    Newcombe,
    ExactDifference(Bounds),
    ScoreRatio,
    Conditional,
}

struct Tested<'a> {
    of: &'a Proportion,
    kind: Kind,
}

/// P(X <= events) of a binomial with real-valued effective counts.
fn at_most(events: f64, trials: f64, p: f64) -> f64 {
    if p <= 0.0 || events >= trials {
        1.0
    } else if p >= 1.0 {
        0.0
    } else {
        beta_inc(trials - events, events + 1.0, 1.0 - p)
    }
}

/// P(X >= events).
fn at_least(events: f64, trials: f64, p: f64) -> f64 {
    if events <= 0.0 || p >= 1.0 {
        1.0
    } else if p <= 0.0 {
        0.0
    } else {
        beta_inc(events, trials - events + 1.0, p)
    }
}

impl Tested<'_> {
    /// The chance of each event to be the canary's at a ratio of rates, averaged over strata by their events.
    fn split(&self, ratio: f64) -> (f64, f64, f64) {
        let (mut events, mut total, mut share) = (0.0, 0.0, 0.0);
        for s in &self.of.effective {
            let t = s.x_events + s.y_events;
            events += s.x_events;
            total += t;
            share += t * ratio * s.x_n / (ratio * s.x_n + s.y_n);
        }
        (events, total, if total > 0.0 { share / total } else { 0.0 })
    }

    /// Conditional p-values (exact below, exact above, mid below, mid above).
    fn conditional(&self, ratio: f64) -> (f64, f64, f64, f64) {
        if ratio <= 0.0 {
            return (1.0, 1.0, 1.0, 1.0);
        }
        if !self.of.clustered
            && let Ok(found) = conditional_binomial_strata(&self.of.strata, ratio)
        {
            return (found.p_less, found.p_greater, found.p_less_mid, found.p_greater_mid);
        }
        let (events, total, share) = self.split(ratio);
        if total == 0.0 {
            return (1.0, 1.0, 1.0, 1.0);
        }
        let (below, above) = (at_most(events, total, share), at_least(events, total, share));
        (below, above, below, above)
    }

    fn exact(&self, bounds: &Bounds, difference: f64) -> (f64, f64) {
        let (events, trials) = self.of.canary();
        // A canary whose every row says the same cannot be shown to lie above its own floor, or below its own ceiling: what
        // is left to ask is whether the baseline's rate lies close enough, and the baseline's rows answer that.
        let below = if difference > 0.0 && events >= trials {
            self.of.baseline_as_far(|s| s.y_n - s.y_events, difference)
        } else if bounds.low + difference > 1.0 {
            GAMMA
        } else {
            at_most(events, trials, bounds.low + difference) + if bounds.none { 0.0 } else { GAMMA }
        };
        let above = if difference < 0.0 && events <= 0.0 {
            self.of.baseline_as_far(|s| s.y_events, -difference)
        } else if bounds.high + difference < 0.0 {
            GAMMA
        } else {
            at_least(events, trials, bounds.high + difference) + if bounds.all { 0.0 } else { GAMMA }
        };
        (below.min(1.0), above.min(1.0))
    }

    fn newcombe(&self, alpha: f64) -> (f64, f64) {
        let (mut low, mut high, mut d) = (0.0, 0.0, 0.0);
        for s in &self.of.effective {
            let (Ok(x), Ok(y)) =
                (binomial::wilson(s.x_events, s.x_n, alpha), binomial::wilson(s.y_events, s.y_n, alpha))
            else {
                return (-1.0, 1.0);
            };
            let (p, q, w2) = (s.x_events / s.x_n, s.y_events / s.y_n, s.weight * s.weight);
            d += s.weight * (p - q);
            low += w2 * ((p - x.low).powi(2) + (y.high - q).powi(2));
            high += w2 * ((x.high - p).powi(2) + (q - y.low).powi(2));
        }
        (d - low.sqrt(), d + high.sqrt())
    }

    fn factor(&self) -> f64 {
        let n: f64 = self.of.strata.iter().map(|s| s.x_n + s.y_n).sum();
        let mn = if self.of.test == Some(TestKind::MiettinenNurminen) && n > 1.0 { n / (n - 1.0) } else { 1.0 };
        self.of.design_effect * mn
    }

    fn score(&self, value: f64) -> Option<proportion::ScoreTest> {
        match self.kind {
            Kind::ScoreRatio if value > 0.0 => score_ratio_strata(&self.of.strata, value, self.factor()).ok(),
            Kind::ScoreDifference => {
                score_difference_strata(&self.of.strata, value.clamp(-1.0, 1.0), self.factor()).ok()
            }
            _ => None,
        }
    }
}

impl Contrast for Tested<'_> {
    fn estimate(&self) -> Option<f64> {
        let (canary, baseline) = (self.of.rate(Arm::Canary), self.of.rate(Arm::Baseline));
        match self.kind {
            Kind::ScoreRatio | Kind::Conditional => (baseline > 0.0).then(|| canary / baseline),
            _ => Some(canary - baseline),
        }
    }

    fn below(&self, value: f64) -> f64 {
        match &self.kind {
            Kind::ScoreDifference | Kind::ScoreRatio => self.score(value).map_or(1.0, |s| s.p_less()),
            Kind::ExactDifference(bounds) => self.exact(bounds, value).0,
            Kind::Newcombe => first_true(1e-12, 0.5, |alpha| self.newcombe(alpha).1 <= value),
            // Harm by mid-p, safety exactly.
            Kind::Conditional if self.of.direction == Direction::HigherIsBetter => self.conditional(value).2,
            Kind::Conditional => self.conditional(value).0,
        }
    }

    fn above(&self, value: f64) -> f64 {
        match &self.kind {
            Kind::ScoreDifference | Kind::ScoreRatio => self.score(value).map_or(1.0, |s| s.p_greater()),
            Kind::ExactDifference(bounds) => self.exact(bounds, value).1,
            Kind::Newcombe => first_true(1e-12, 0.5, |alpha| self.newcombe(alpha).0 >= value),
            Kind::Conditional if self.of.direction == Direction::LowerIsBetter => self.conditional(value).3,
            Kind::Conditional => self.conditional(value).1,
        }
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let factor = self.factor();
        match &self.kind {
            Kind::ScoreDifference => score_difference_interval_strata(&self.of.strata, alpha, factor)
                .map_or((-1.0, 1.0), |found| (found.low, found.high)),
            Kind::ScoreRatio => score_ratio_interval_strata(&self.of.strata, alpha, factor)
                .map_or((0.0, f64::INFINITY), |found| (found.low, found.high)),
            Kind::Newcombe => self.newcombe(alpha),
            Kind::ExactDifference(_) => {
                let high =
                    if self.below(1.0) <= alpha { first_true(-1.0, 1.0, |d| self.below(d) <= alpha) } else { 1.0 };
                let low =
                    if self.above(-1.0) <= alpha { -first_true(-1.0, 1.0, |d| self.above(-d) <= alpha) } else { -1.0 };
                (low, high)
            }
            Kind::Conditional => {
                let (least, most) = (1e-12, 1e12);
                let (below, above) = (|r: f64| self.conditional(r).0, |r: f64| self.conditional(r).1);
                let high =
                    if below(most) <= alpha { first_true(least, most, |r| below(r) <= alpha) } else { f64::INFINITY };
                let low = if above(least) <= alpha {
                    1.0 / first_true(1.0 / most, 1.0 / least, |inverse| above(1.0 / inverse) <= alpha)
                } else {
                    0.0
                };
                (low, high)
            }
        }
    }

    fn label(&self) -> Label {
        let (test, estimand, method) = match self.kind {
            Kind::ScoreDifference if self.of.test == Some(TestKind::MiettinenNurminen) => {
                ("miettinen_nurminen", "difference of proportions", Method::Asymptotic)
            }
            Kind::ScoreDifference => ("farrington_manning", "difference of proportions", Method::Asymptotic),
            Kind::Newcombe => ("newcombe", "difference of proportions", Method::Asymptotic),
            Kind::ExactDifference(_) => ("exact_binomial", "difference of proportions", Method::Exact),
            Kind::ScoreRatio => ("score_ratio", "ratio of proportions", Method::Asymptotic),
            Kind::Conditional => ("conditional_binomial", "ratio of proportions", Method::Exact),
        };
        Label { test, estimand: estimand.into(), method }
    }

    fn flags(&self) -> Vec<String> {
        self.of.flags.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::special::binom_pmf;

    fn of(x_events: f64, x_n: f64, y_events: f64, y_n: f64) -> Proportion {
        let strata = vec![StratumCounts { weight: 1.0, x_events, x_n, y_events, y_n }];
        Proportion {
            effective: strata.clone(),
            strata,
            design_effect: 1.0,
            clustered: false,
            direction: Direction::Either,
            test: Some(TestKind::ExactBinomial),
            margins: (None, Some(0.05)),
            flags: Vec::new(),
        }
    }

    fn tails(x_events: f64, x_n: f64, y_events: f64, y_n: f64, difference: f64) -> (f64, f64) {
        let of = of(x_events, x_n, y_events, y_n);
        let contrast = of.contrast(Scale::Difference).expect("both arms have rows");
        (contrast.below(difference), contrast.above(difference))
    }

    #[test]
    fn two_arms_without_events_are_shown_to_be_alike_from_both_sides() {
        // 0 of 400: a rate of 1 % would have shown itself with chance 1 - exp(-4).
        let (below, above) = tails(0.0, 400.0, 0.0, 400.0, 0.0);
        assert_eq!((below, above), (1.0, 1.0));
        let above = tails(0.0, 400.0, 0.0, 400.0, -0.01).1;
        assert!((above - (-4.0_f64).exp()).abs() < 1e-12, "{above}");
        assert!(tails(0.0, 400.0, 0.0, 400.0, 0.01).0 < 0.02);
        // The same of two arms in which every row has the event.
        let below = tails(400.0, 400.0, 400.0, 400.0, 0.01).0;
        assert!((below - (-4.0_f64).exp()).abs() < 1e-12, "{below}");
        let of = of(0.0, 400.0, 0.0, 400.0);
        let (low, high) = of.contrast(Scale::Difference).expect("both arms have rows").interval(0.05);
        assert!(low > -0.0076 && low < -0.0074 && high < 0.0076 && high > 0.0, "{low} to {high}");
    }

    #[test]
    fn a_canary_that_is_lower_by_the_margin_is_not_shown_to_be_closer_too_often() {
        for (m, n, difference) in [(60, 60, -0.1), (40, 200, -0.08), (200, 40, -0.15)] {
            let shown: Vec<Vec<bool>> = (0..=m)
                .map(|x| (0..=n).map(|y| tails(x as f64, m as f64, y as f64, n as f64, difference).1 <= 0.05).collect())
                .collect();
            assert!(shown[0][0], "no event in {m} and {n} shows a difference below {difference}");
            for step in 0..40 {
                let canary = 0.4 * (f64::from(step) / 40.0).powi(2);
                let chance: f64 = (0..=m)
                    .flat_map(|x| (0..=n).map(move |y| (x, y)))
                    .filter(|&(x, y)| shown[x as usize][y as usize])
                    .map(|(x, y)| binom_pmf(x, m, canary) * binom_pmf(y, n, canary - difference))
                    .sum();
                assert!(chance <= 0.05, "{m}, {n}, {difference}: {chance} at {canary}");
            }
        }
    }
}
