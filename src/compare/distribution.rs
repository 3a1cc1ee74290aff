//! The typical value: is the canary's distribution shifted or stretched beyond the margin?
//!
//! The canary is compared with the baseline stretched by the margin (relative) or moved by it (absolute), by Brunner and
//! Munzel's (2000) test of P(canary > baseline) = 1/2, which holds under unequal spread; with strata and units its
//! variance is the design's (Obuchowski 1997). Below ten units in an arm the exact rank test takes over (Mann and
//! Whitney 1947). The estimate is the stretch or move at which P = 1/2: with one stratum, Hodges and Lehmann's.

use std::cell::{OnceCell, RefCell};

use super::Question;
use super::contrast::{Contrast, Estimand, Label, Scale};
use super::design::{Cell, Design};
use super::enclose::{Enclosure, Point};
use super::placements::{self, Between, Move, Sums as Placed};
use crate::arms::{Arm, Arms};
use crate::config::TestKind;
use crate::evidence::Method;
use crate::stats::mann_whitney::{MannWhitney, mann_whitney};
use crate::stats::special::{ln_beta, norm_cdf, norm_isf, norm_sf, t_tails};
use crate::stats::{Alternative, Unanswerable, rank};

/// Rows an arm needs before ranks are judged.
pub const LEAST_ROWS: u64 = 5;
/// Below so many units in an arm the exact rank test stands in for the t approximation.
const EXACT_BELOW: u64 = 10;

/// A distribution under its design; the cells are sorted by value.
#[derive(Debug)]
pub struct Distribution {
    design: Design,
    test: RankTest,
    negative: bool,
    medians: Arms<Option<f64>>,
    /// What is seen while neither arm is moved.
    unmoved: OnceCell<Placements>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RankTest {
    BrunnerMunzel,
    MannWhitney,
    Exact,
}

impl Distribution {
    /// Sorts both arms once; O(N log N).
    pub fn new(mut design: Design, _question: &Question, kind: Option<TestKind>) -> Result<Self, Unanswerable> {
        design.require("brunner_munzel", LEAST_ROWS)?;
        for s in &design.strata {
            for arm in [Arm::Baseline, Arm::Canary] {
                // Looked for in one go first: it is seldom there.
                let values = &s.cells[arm].values;
                if values.iter().fold(false, |any, v| any | v.is_nan())
                    && let Some(index) = values.iter().position(|v| v.is_nan())
                {
                    return Err(Unanswerable::NonFinite { test: "brunner_munzel", arm, index, value: f64::NAN });
                }
            }
        }
        let mut scratch = Vec::new();
        for s in &mut design.strata {
            sort(&mut s.cells.baseline, &mut scratch);
            sort(&mut s.cells.canary, &mut scratch);
        }
        drop(scratch);
        let negative = design.strata.iter().any(|s| {
            [&s.cells.baseline, &s.cells.canary].into_iter().any(|c| c.values.first().is_some_and(|&v| v < 0.0))
        });
        let small = design.units.baseline.min(design.units.canary) < EXACT_BELOW;
        let test = match kind {
            _ if small && !design.clustered && design.strata.len() == 1 => RankTest::Exact,
            Some(TestKind::MannWhitney) if !design.clustered => RankTest::MannWhitney,
            _ => RankTest::BrunnerMunzel,
        };
        let medians = Arms { baseline: median(&design, Arm::Baseline), canary: median(&design, Arm::Canary) };
        Ok(Distribution { design, test, negative, medians, unmoved: OnceCell::new() })
    }

    /// The design, its cells sorted.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// P(canary > baseline) + P(=)/2, strata weighted by the canary's share.
    pub fn superiority(&self) -> f64 {
        self.unmoved().theta
    }

    fn unmoved(&self) -> Placements {
        *self.unmoved.get_or_init(|| self.placements(Scale::Difference, 0.0))
    }

    /// Whether placements can be found canary value by canary value.
    fn by_value(&self) -> bool {
        let fits = |s: &super::design::Stratum| s.cells.baseline.n().max(s.cells.canary.n()) <= i32::MAX as usize;
        self.test != RankTest::MannWhitney && !self.design.clustered && self.design.strata.iter().all(fits)
    }

    /// Brunner and Munzel's variance from the sums of each stratum.
    fn joined(&self, placed: impl Iterator<Item = Placed>) -> Placements {
        let mut total = Placements { theta: 0.0, variance: 0.0, squares_over_dof: 0.0 };
        for (s, sums) in self.design.strata.iter().zip(placed) {
            let (m, n) = (s.cells.canary.n() as f64, s.cells.baseline.n() as f64);
            total.theta += s.weight * (sums.canary.0 / (m * n));
            let w2 = s.weight * s.weight;
            for ((sum, squares), other, count) in [(sums.canary, n, m), (sums.baseline, m, n)] {
                let mean = sum / count;
                let v = w2 * (squares - count * mean * mean).max(0.0) / (other * other * (count - 1.0) * count);
                total.variance += v;
                total.squares_over_dof += v * v / (count - 1.0);
            }
        }
        total
    }

    /// The standard error of P among exchangeable units without ties (Mann and Whitney 1947).
    fn null_error(&self) -> f64 {
        let of = |s: &super::design::Stratum| {
            let (m, n) = (s.cells.canary.units as f64, s.cells.baseline.units as f64);
            s.weight * s.weight * (m + n + 1.0) / (12.0 * m * n)
        };
        self.design.strata.iter().map(of).sum::<f64>().sqrt()
    }

    fn placements(&self, scale: Scale, value: f64) -> Placements {
        if self.by_value() {
            let by = Move { scale, value };
            let of = |s: &super::design::Stratum| placements::at(&s.cells.canary.values, &s.cells.baseline.values, by);
            return self.joined(self.design.strata.iter().map(of));
        }
        let mut total = Placements { theta: 0.0, variance: 0.0, squares_over_dof: 0.0 };
        let moved = |y: f64| match scale {
            Scale::Difference => y + value,
            Scale::Ratio => y * value,
        };
        if self.design.clustered {
            let thetas: Vec<(f64, Arms<Vec<f64>>)> = self.design.strata.iter().map(|s| rows(&s.cells, moved)).collect();
            for arm in [Arm::Baseline, Arm::Canary] {
                let parts = self.design.parts(arm, |h, cell| {
                    let (theta, placements) = &thetas[h];
                    let n = cell.n() as f64;
                    placements[arm].iter().map(|p| (p - theta) / n).collect()
                });
                total.variance += parts.variance();
                total.squares_over_dof += parts.squares_over_dof();
            }
            total.theta = self.design.strata.iter().zip(&thetas).map(|(s, (theta, _))| s.weight * theta).sum();
            return total;
        }
        for s in &self.design.strata {
            let sums = merge(&s.cells, moved);
            let (m, n) = (s.cells.canary.n() as f64, s.cells.baseline.n() as f64);
            let theta = sums.canary.sum / (m * n);
            total.theta += s.weight * theta;
            let w2 = s.weight * s.weight;
            if self.test == RankTest::MannWhitney {
                let all = m + n;
                // Null variance of U with the tie correction, over (mn)^2.
                total.variance += w2 * ((all + 1.0) - sums.ties / (all * (all - 1.0))) / (12.0 * m * n);
                continue;
            }
            for (own, other, count) in [(sums.canary, n, m), (sums.baseline, m, n)] {
                let mean = own.sum / count;
                let v = w2 * (own.squares - count * mean * mean).max(0.0) / (other * other * (count - 1.0) * count);
                total.variance += v;
                total.squares_over_dof += v * v / (count - 1.0);
            }
        }
        total
    }

    /// p-values of both sides from the placements at a value.
    fn tails(&self, p: &Placements) -> (f64, f64) {
        if p.variance <= f64::EPSILON * f64::EPSILON {
            // Complete separation: the exact chance of it under exchangeability.
            let ln: f64 = self
                .design
                .strata
                .iter()
                .map(|s| {
                    let (m, n) = (s.cells.canary.units as f64, s.cells.baseline.units as f64);
                    (m + n + 1.0).ln() + ln_beta(m + 1.0, n + 1.0)
                })
                .sum();
            return if p.theta < 0.5 {
                (ln.exp(), 1.0)
            } else if p.theta > 0.5 {
                (1.0, ln.exp())
            } else {
                (1.0, 1.0)
            };
        }
        let w = (p.theta - 0.5) / p.variance.sqrt();
        if self.test == RankTest::MannWhitney {
            return (norm_cdf(w), norm_sf(w));
        }
        let dof = p.variance * p.variance / p.squares_over_dof;
        t_tails(w, dof)
    }

    fn exact(&self, scale: Scale, value: f64) -> (f64, f64) {
        let cells = &self.design.strata[0].cells;
        let moved = |y: &f64| match scale {
            Scale::Difference => y + value,
            Scale::Ratio => y * value,
        };
        let y: Vec<f64> = cells.baseline.values.iter().map(moved).collect();
        let p = |alternative| exact_p(&cells.canary.values, &y, alternative);
        (p(Alternative::Less), p(Alternative::Greater))
    }
}

fn exact_p(x: &[f64], y: &[f64], alternative: Alternative) -> f64 {
    mann_whitney(x, y, &MannWhitney::default().alternative(alternative)).map_or(1.0, |found| found.p_value)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Placements {
    theta: f64,
    variance: f64,
    squares_over_dof: f64,
}

fn sort(cell: &mut Cell, scratch: &mut Vec<u64>) {
    if cell.unit.is_empty() {
        cell.values = rank::sorted_in_place(std::mem::take(&mut cell.values), scratch);
        return;
    }
    let mut order: Vec<u32> = (0..cell.n() as u32).collect();
    order.sort_by(|&a, &b| cell.values[a as usize].total_cmp(&cell.values[b as usize]));
    cell.values = order.iter().map(|&i| cell.values[i as usize]).collect();
    cell.unit = order.iter().map(|&i| cell.unit[i as usize]).collect();
}

fn median(design: &Design, arm: Arm) -> Option<f64> {
    let mut total = 0.0;
    for s in &design.strata {
        let values = &s.cells[arm].values;
        if values.is_empty() {
            return None;
        }
        total += s.weight * 0.5 * (values[(values.len() - 1) / 2] + values[values.len() / 2]);
    }
    Some(total).filter(|v| v.is_finite())
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// Sum over rows of the other arm's rows below, ties one half.
    sum: f64,
    /// Sum of its squares.
    squares: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Merged {
    canary: Sums,
    baseline: Sums,
    /// Sum of t^3 - t over tied groups of the pooled sample.
    ties: f64,
}

/// One pass over both sorted arms: placement sums of each arm, in units of the other arm's rows.
fn merge(cells: &Arms<Cell>, moved: impl Fn(f64) -> f64) -> Merged {
    let (x, y) = (&cells.canary.values, &cells.baseline.values);
    let m = x.len() as f64;
    let mut out = Merged::default();
    let (mut i, mut j) = (0, 0);
    while i < x.len() || j < y.len() {
        let next_y = if j < y.len() { moved(y[j]) } else { f64::INFINITY };
        let value = if i < x.len() && (j >= y.len() || x[i] <= next_y) { x[i] } else { next_y };
        let (i0, j0) = (i, j);
        while i < x.len() && x[i] == value {
            i += 1;
        }
        while j < y.len() && moved(y[j]) == value {
            j += 1;
        }
        let (a, b) = ((i - i0) as f64, (j - j0) as f64);
        if a + b == 0.0 {
            break;
        }
        let below = j0 as f64 + 0.5 * b;
        out.canary.sum += a * below;
        out.canary.squares += a * below * below;
        let above = m - i0 as f64 - 0.5 * a;
        out.baseline.sum += b * above;
        out.baseline.squares += b * above * above;
        let t = a + b;
        out.ties += t * t * t - t;
    }
    out
}

/// The same pass, with every row's placement in [0, 1].
fn rows(cells: &Arms<Cell>, moved: impl Fn(f64) -> f64) -> (f64, Arms<Vec<f64>>) {
    let (x, y) = (&cells.canary.values, &cells.baseline.values);
    let (m, n) = (x.len() as f64, y.len() as f64);
    let mut out = Arms { baseline: Vec::with_capacity(y.len()), canary: Vec::with_capacity(x.len()) };
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < x.len() || j < y.len() {
        let next_y = if j < y.len() { moved(y[j]) } else { f64::INFINITY };
        let value = if i < x.len() && (j >= y.len() || x[i] <= next_y) { x[i] } else { next_y };
        let (i0, j0) = (i, j);
        while i < x.len() && x[i] == value {
            i += 1;
        }
        while j < y.len() && moved(y[j]) == value {
            j += 1;
        }
        let (a, b) = ((i - i0) as f64, (j - j0) as f64);
        if a + b == 0.0 {
            break;
        }
        let below = (j0 as f64 + 0.5 * b) / n;
        out.canary.extend(std::iter::repeat_n(below, i - i0));
        out.baseline.extend(std::iter::repeat_n((m - i0 as f64 - 0.5 * a) / m, j - j0));
        sum += a * below;
    }
    (sum / m, out)
}

impl Estimand for Distribution {
    fn contrast(&self, scale: Scale) -> Result<Box<dyn Contrast + '_>, Unanswerable> {
        if scale == Scale::Ratio && self.negative {
            return Err(Unanswerable::Undefined {
                test: "brunner_munzel",
                why: "a relative margin stretches values and some are negative; give an absolute margin",
            });
        }
        let known = vec![(scale.null(), Seen::Placed(self.unmoved()))];
        Ok(Box::new(Ranked { of: self, scale, known: known.into() }))
    }

    fn value(&self) -> Arms<Option<f64>> {
        self.medians
    }
}

struct Ranked<'a> {
    of: &'a Distribution,
    scale: Scale,
    /// Values that were looked at, and what was seen there.
    known: RefCell<Vec<(f64, Seen)>>,
}

/// Steps of a search that the next one may start from; later ones lie too close together to be of use.
const REMEMBERED: usize = 10;

/// A p-value nearer to 0 or 1 no longer tells how far away alpha is: near 1 its last digit is 2e-16.
const CERTAIN: f64 = 1e-12;

/// What is seen of all strata between two values that close in on each other.
enum Search<'a> {
    ByValue(Vec<Between<'a>>),
    Whole,
    Exact,
}

impl Search<'_> {
    /// Pairs of values whose order is still to be known, where they are counted.
    fn pairs(&self) -> Option<u64> {
        match self {
            Search::ByValue(strata) => Some(strata.iter().map(Between::pairs).sum()),
            Search::Whole | Search::Exact => None,
        }
    }

    /// The first of them: a canary's value and a baseline's.
    fn first_pair(&self) -> Option<(f64, f64)> {
        match self {
            Search::ByValue(strata) => strata.iter().find_map(Between::first_pair),
            Search::Whole | Search::Exact => None,
        }
    }
}

/// Where a falling function crosses zero. Both values are the data's own ratio or difference at which it steps over zero
/// or, where that cannot be told, lie within one part in 1e10 of the data's spread.
struct Crossing {
    /// The last value at which it is above zero.
    last: f64,
    /// The first at which it is not.
    first: f64,
    /// A value beyond, with no other step in between, and what is seen there.
    beyond: f64,
    seen: Seen,
}

/// The p-value that the canary is the smaller, or the larger.
#[derive(Debug, Clone, Copy)]
enum Side {
    Below,
    Above,
}

/// What was seen at one value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Placed(Placements),
    Exact((f64, f64)),
}

impl Ranked<'_> {
    /// Values of the scale between which every answer changes: all ratios or differences of the data.
    fn reach(&self) -> (f64, f64) {
        let ends = |arm: Arm| {
            let strata = &self.of.design.strata;
            let low = strata.iter().filter_map(|s| s.cells[arm].values.iter().copied().find(|v| v.is_finite()));
            let high = strata.iter().filter_map(|s| s.cells[arm].values.iter().rev().copied().find(|v| v.is_finite()));
            (low.fold(f64::INFINITY, f64::min), high.fold(f64::NEG_INFINITY, f64::max))
        };
        let ((x0, x1), (y0, y1)) = (ends(Arm::Canary), ends(Arm::Baseline));
        match self.scale {
            Scale::Difference => {
                let pad = f64::EPSILON * (x0.abs() + x1.abs() + y0.abs() + y1.abs());
                ((x0 - y1 - pad).max(f64::MIN), (x1 - y0 + pad).min(f64::MAX))
            }
            Scale::Ratio => {
                let (low, high) = (x0.max(f64::MIN_POSITIVE) / y1, x1 / y0.max(f64::MIN_POSITIVE));
                ((low * 0.5).clamp(f64::MIN_POSITIVE, 1.0), (high * 2.0).clamp(1.0, f64::MAX))
            }
        }
    }

    /// p-values of both sides.
    fn tails(&self, value: f64) -> (f64, f64) {
        self.tails_of(&self.known(self.law(), value))
    }

    fn tails_of(&self, seen: &Seen) -> (f64, f64) {
        match seen {
            Seen::Placed(p) => self.of.tails(p),
            Seen::Exact(tails) => *tails,
        }
    }

    fn law(&self) -> RankTest {
        self.of.test
    }

    /// What is seen at a value, which is looked at once.
    fn known(&self, law: RankTest, value: f64) -> Seen {
        let same = |(v, seen): &&(f64, Seen)| *v == value && matches!(seen, Seen::Exact(_)) == (law == RankTest::Exact);
        if let Some((_, seen)) = self.known.borrow().iter().find(same) {
            return *seen;
        }
        let seen = self.seen(law, value);
        self.known.borrow_mut().push((value, seen));
        seen
    }

    /// All known values with what was seen there, in order.
    fn looked_at(&self, law: RankTest) -> Vec<(f64, Seen)> {
        let fits = |(_, seen): &&(f64, Seen)| matches!(seen, Seen::Exact(_)) == (law == RankTest::Exact);
        let mut known: Vec<(f64, Seen)> = self.known.borrow().iter().filter(fits).copied().collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        known
    }

    fn seen(&self, law: RankTest, value: f64) -> Seen {
        match law {
            RankTest::Exact => Seen::Exact(self.of.exact(self.scale, value)),
            _ => Seen::Placed(self.of.placements(self.scale, value)),
        }
    }

    fn search(&self, law: RankTest) -> Search<'_> {
        if law == RankTest::Exact {
            return Search::Exact;
        }
        if !self.of.by_value() {
            return Search::Whole;
        }
        let strata = self.of.design.strata.iter();
        Search::ByValue(strata.map(|s| Between::new(&s.cells.canary.values, &s.cells.baseline.values)).collect())
    }

    /// The value between two at which a falling function of what is seen crosses zero.
    fn crossing(&self, law: RankTest, low: f64, high: f64, excess: impl Fn(&Seen) -> f64) -> Crossing {
        if low >= high {
            return Crossing { last: low, first: high, beyond: high, seen: self.known(law, high) };
        }
        let log = self.scale == Scale::Ratio;
        let (to, from): (fn(f64) -> f64, fn(f64) -> f64) = if log { (f64::ln, f64::exp) } else { (|v| v, |v| v) };
        self.known(law, low);
        self.known(law, high);
        let known = self.looked_at(law);
        let (mut left, mut right) =
            (known.partition_point(|(v, _)| *v < low), known.partition_point(|(v, _)| *v <= high) - 1);
        while right - left > 1 {
            let middle = (left + right) / 2;
            if excess(&known[middle].1) > 0.0 { left = middle } else { right = middle }
        }
        let point = |k: usize| Point { at: to(known[k].0), f: excess(&known[k].1) };
        let beside = left.checked_sub(1).into_iter().chain(Some(right + 1).filter(|&k| k < known.len()));
        let mut enclosure = Enclosure::new([point(left), point(right)], beside.map(point));
        let mut seen = [known[left].1, known[right].1];
        let mut search = self.search(law);
        let enough = |a: f64, b: f64| {
            b - a <= (1e-11 * (a.abs() + b.abs()).max(if log { 1.0 } else { 0.0 })).max(f64::MIN_POSITIVE)
        };
        let mut met = None;
        for step in 0..200 {
            let [a, b] = enclosure.ends;
            if enough(a.at, b.at) || search.pairs() == Some(1) {
                met = search.first_pair().map(|(x, y)| Move::between(self.scale, x, y));
                break;
            }
            let Some(next) = enclosure.guess() else { break };
            let by = Move { scale: self.scale, value: from(next) };
            let p = match &mut search {
                Search::ByValue(strata) => Seen::Placed(self.of.joined(strata.iter_mut().map(|s| s.at(by)))),
                Search::Whole | Search::Exact => self.seen(law, by.value),
            };
            if step < REMEMBERED {
                self.known.borrow_mut().push((by.value, p));
            }
            let f = match [a, b].iter().zip(seen).find(|(_, known)| *known == p) {
                Some((end, _)) => end.f,
                None => excess(&p),
            };
            let lower = enclosure.put(Point { at: next, f });
            seen[usize::from(!lower)] = p;
            if let Search::ByValue(strata) = &mut search {
                strata.iter_mut().for_each(if lower { Between::raise } else { Between::lower });
            }
        }
        let [a, b] = enclosure.ends.map(|end| from(end.at));
        let (last, first) = met.filter(|met| (a..=b).contains(met)).map_or((a, b), |met| (met, met));
        Crossing { last, first, beyond: b, seen: seen[1] }
    }

    /// How far a p-value lies below alpha, as a difference of normal scores, which is nearly linear in the value. Where
    /// the p-value is all but 0 or 1, the distance of P from 1/2 in standard errors takes the place of its score.
    fn surplus(&self, seen: &Seen, side: Side, alpha: f64) -> f64 {
        let (below, above) = self.tails_of(seen);
        let (p, sign) = match side {
            Side::Below => (below, -1.0),
            Side::Above => (above, 1.0),
        };
        let far = match seen {
            Seen::Placed(placed) => sign * (placed.theta - 0.5) / self.of.null_error(),
            Seen::Exact(_) => 0.0,
        };
        let least = CERTAIN.min(1e-3 * alpha);
        let score = match p {
            p if p < least => far.max(norm_isf(least)),
            p if p > 1.0 - CERTAIN => far.min(-norm_isf(CERTAIN)),
            p => norm_isf(p),
        };
        let distance = (score - norm_isf(alpha)).abs().max(f64::MIN_POSITIVE);
        if p < alpha { distance } else { -distance }
    }
}

impl Contrast for Ranked<'_> {
    fn estimate(&self) -> Option<f64> {
        let (low, high) = self.reach();
        // Between the last value with P > 1/2 and the first with P < 1/2; they differ where P = 1/2 on a stretch.
        let of = |seen: &Seen| match seen {
            Seen::Placed(p) => p.theta - 0.5,
            Seen::Exact(_) => 0.0,
        };
        let law = RankTest::BrunnerMunzel;
        if of(&self.known(law, low)) <= 0.0 {
            return Some(low);
        }
        if of(&self.known(law, high)) > 0.0 {
            return Some(high);
        }
        let Crossing { last, first, beyond, seen } = self.crossing(law, low, high, of);
        let last = if of(&seen) < 0.0 {
            last
        } else {
            let by = Move { scale: self.scale, value: beyond };
            let cells = self.of.design.strata.iter().map(|s| &s.cells);
            cells.filter_map(|c| placements::next(&c.canary.values, &c.baseline.values, by)).fold(high, f64::min)
        };
        let estimate =
            if self.scale == Scale::Ratio && first > 0.0 { (first * last).sqrt() } else { 0.5 * (first + last) };
        Some(estimate).filter(|e| e.is_finite())
    }

    fn below(&self, value: f64) -> f64 {
        self.tails(value).0
    }

    fn above(&self, value: f64) -> f64 {
        self.tails(value).1
    }

    fn interval(&self, alpha: f64) -> (f64, f64) {
        let (low, high) = self.reach();
        let floor = if self.scale == Scale::Ratio { 0.0 } else { f64::NEG_INFINITY };
        let lower = if self.above(low) <= alpha {
            self.crossing(self.law(), low, high, |seen| self.surplus(seen, Side::Above, alpha)).first
        } else {
            floor
        };
        let upper = if self.below(high) <= alpha {
            self.crossing(self.law(), low, high, |seen| -self.surplus(seen, Side::Below, alpha)).last
        } else {
            f64::INFINITY
        };
        (lower, upper)
    }

    fn label(&self) -> Label {
        let (test, method) = match self.of.test {
            RankTest::BrunnerMunzel => ("brunner_munzel", Method::Asymptotic),
            RankTest::MannWhitney => ("mann_whitney", Method::Asymptotic),
            RankTest::Exact => ("mann_whitney", Method::Exact),
        };
        let estimand = match self.scale {
            Scale::Difference => "typical difference, at which either arm is as likely the larger",
            Scale::Ratio => "typical ratio, at which either arm is as likely the larger",
        };
        Label { test, estimand: estimand.into(), method }
    }

    fn flags(&self) -> Vec<String> {
        if self.of.test == RankTest::Exact { vec!["small_sample".into()] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::design::Rows;
    use crate::config::{Alpha, Direction};
    use crate::stats::rng::Stream;

    fn distribution(arms: Arms<Rows>, strata: usize) -> Distribution {
        let question = Question { direction: Direction::LowerIsBetter, margin: None, alpha: Alpha::default() };
        Distribution::new(Design::new(arms, strata, false), &question, None).unwrap()
    }

    fn values(n: usize, grid: f64, seed: u64) -> Vec<f64> {
        let mut stream = Stream::new(seed, "distribution", 0);
        (0..n).map(|_| ((3.0 + 0.5 * stream.normal()).exp() / grid).ceil() * grid).collect()
    }

    /// All moves at which the order of a pair changes, ascending.
    fn moves(x: &[f64], y: &[f64], scale: Scale) -> Vec<f64> {
        let mut moves: Vec<f64> = x.iter().flat_map(|&x| y.iter().map(move |&y| Move::between(scale, x, y))).collect();
        moves.sort_by(f64::total_cmp);
        moves.dedup();
        moves
    }

    #[test]
    fn the_estimate_is_the_median_of_all_pairs() {
        for (m, n, grid) in [(11, 31, 1e-9), (15, 15, 1e-9), (40, 301, 1e-9), (12, 30, 1e-9), (13, 45, 4.0)] {
            let (x, y) = (values(m, grid, 1), values(n, grid, 2));
            let of = distribution(Arms { baseline: Rows::of(&*y), canary: Rows::of(&*x) }, 1);
            for scale in [Scale::Ratio, Scale::Difference] {
                let mut all: Vec<f64> =
                    x.iter().flat_map(|&x| y.iter().map(move |&y| Move::between(scale, x, y))).collect();
                all.sort_by(f64::total_cmp);
                let (low, high) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
                let median = if scale == Scale::Ratio { (low * high).sqrt() } else { 0.5 * (low + high) };
                let estimate = of.contrast(scale).unwrap().estimate();
                assert_eq!(estimate, Some(median), "{m} {n} {grid} {scale:?}");
            }
        }
    }

    #[test]
    fn what_is_all_but_certain_still_tells_how_far_it_is() {
        let rows = |seed| Rows::of(values(5000, 1e-9, seed));
        let of = distribution(Arms { baseline: rows(1), canary: rows(2) }, 1);
        let ranked = Ranked { of: &of, scale: Scale::Ratio, known: RefCell::default() };
        for (side, sign) in [(Side::Below, -1.0), (Side::Above, 1.0)] {
            // At the outer ones the two normal scores cannot be told from p-values, of which one is 0 and the other 1.
            let of = |value| sign * ranked.surplus(&ranked.known(RankTest::BrunnerMunzel, value), side, 0.05);
            let surpluses = [0.3, 0.4, 0.7, 0.9, 0.98, 1.02, 1.1, 1.4, 2.5, 3.0].map(of);
            assert!(surpluses.is_sorted_by(|a, b| a > b), "{surpluses:?}");
            assert!(surpluses[0] > 40.0 && surpluses[9] < -40.0, "{surpluses:?}");
        }
    }

    #[test]
    fn the_intervals_ends_are_pairs_at_which_the_test_changes_its_mind() {
        for (m, n, strata) in [(12, 30, 1), (30, 12, 1), (60, 400, 1), (80, 160, 2)] {
            let (x, y) = (values(m, 1e-9, 3), values(n, 1e-9, 4));
            let parted = |values: &[f64]| Rows {
                stratum: if strata > 1 { (0..values.len()).map(|i| (i % 2) as u32).collect() } else { Vec::new() },
                ..Rows::of(values)
            };
            let of = distribution(Arms { baseline: parted(&y), canary: parted(&x) }, strata);
            for scale in [Scale::Ratio, Scale::Difference] {
                let contrast = of.contrast(scale).unwrap();
                let (low, high) = contrast.interval(0.05);
                let moves = moves(&x, &y, scale);
                for (end, upper) in [(low, false), (high, true)] {
                    let rejects = |value| (if upper { contrast.below(value) } else { contrast.above(value) }) <= 0.05;
                    let k = moves.binary_search_by(|v| v.total_cmp(&end)).expect("an end is a pair's own move");
                    let beside = |a: usize, b: usize| rejects(0.5 * (moves[a] + moves[b]));
                    assert_ne!(beside(k - 1, k), beside(k, k + 1), "{m} {n} {strata} {scale:?} {end}");
                }
            }
        }
    }
}
