//! Unconditional exact tests: the worst case over the proportion that the null leaves open.

use super::fisher::{Hypergeometric, fisher_exact};
use crate::stats::binomial::{check_counts, ln_pmf};
use crate::stats::proportion::{Proportions, ScoreVariance, score_difference};
use crate::stats::{Alternative, Unanswerable};

/// The most tables, `(m + 1)(n + 1)`, that an unconditional test enumerates.
pub const TABLES_LIMIT: u64 = 200_000;

/// An unconditional exact test's answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactTest {
    /// What orders the tables: z for Barnard's test, Fisher's p-value for Boschloo's.
    pub statistic: f64,
    /// The probability of a table at least as extreme, at the worst common proportion.
    pub p_value: f64,
}

/// The statistic of Barnard's test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BarnardStatistic {
    /// z with the pooled variance; ties are found exactly, in whole numbers.
    #[default]
    Pooled,
    /// z with each arm's own variance.
    Unpooled,
}

/// Tells whether the proportions differ: Barnard's test, exact at every common proportion.
///
/// Tables are ordered by z; the p-value is the largest probability, over all common proportions, of those at least as extreme
/// as the one seen. Fine grid on the arcsine scale, then golden section about every high place: within 1e-9 of the supremum.
///
/// Cost: O((m + n)^1.5) after the O(mn) enumeration.
///
/// ```
/// use serinus::stats::{Alternative, proportion::Proportions};
/// use serinus::stats::proportion_exact::{BarnardStatistic, barnard_exact};
/// let counts = Proportions { x_events: 3, x_n: 40, y_events: 3, y_n: 120 };
/// let found = barnard_exact(counts, Alternative::Greater, BarnardStatistic::Pooled)?;
/// assert!((found.p_value - 0.12355084).abs() < 1e-6);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or there are more than [`TABLES_LIMIT`] tables.
pub fn barnard_exact(
    counts: Proportions,
    alternative: Alternative,
    kind: BarnardStatistic,
) -> Result<ExactTest, Unanswerable> {
    let (m, n) = within_limit("barnard_exact", counts)?;
    let statistic = |x: u64, y: u64| wald_z(x, m, y, n, kind);
    let seen = statistic(counts.x_events, counts.y_events);
    let order = |x: u64, y: u64| match kind {
        BarnardStatistic::Pooled => pooled_order(x, m, y, n, counts.x_events, counts.y_events),
        BarnardStatistic::Unpooled => {
            let z = statistic(x, y);
            // Values that only rounding keeps apart are equal; infinite ones are equal to themselves alone.
            let slack = if seen.is_finite() { 1e-11 * seen.abs() } else { 0.0 };
            let equal = z == seen || (z - seen).abs() <= slack && z.is_finite();
            let both = z.abs() >= seen.abs() - slack;
            Order { at_most: equal || z <= seen, at_least: equal || z >= seen, as_far: both }
        }
    };
    let region = Region::of(m, n, |x, y| {
        let order = order(x, y);
        match alternative {
            Alternative::Less => order.at_most,
            Alternative::Greater => order.at_least,
            Alternative::TwoSided => order.as_far,
        }
    });
    Ok(ExactTest { statistic: seen, p_value: region.supremum(0.0) })
}

/// Tells whether the proportions differ: Boschloo's test, never less powerful than Fisher's.
///
/// Tables are ordered by Fisher's one-sided p-value. Two-sided: twice the smaller one-sided p-value.
///
/// ```
/// use serinus::stats::{Alternative, proportion::Proportions, proportion_exact::boschloo_exact};
/// let counts = Proportions { x_events: 12, x_n: 100, y_events: 10, y_n: 100 };
/// let found = boschloo_exact(counts, Alternative::Greater)?;
/// assert!((found.p_value - 0.3618855).abs() < 1e-6 && found.p_value < found.statistic);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, or there are more than [`TABLES_LIMIT`] tables.
pub fn boschloo_exact(counts: Proportions, alternative: Alternative) -> Result<ExactTest, Unanswerable> {
    let (m, n) = within_limit("boschloo_exact", counts)?;
    let fisher = fisher_exact(counts)?;
    let one_sided = |greater: bool| {
        let seen = if greater { fisher.p_greater } else { fisher.p_less };
        let p = fisher_p_values(m, n, greater);
        // p-values that only rounding keeps apart are equal.
        let limit = seen * (1.0 + 1e-11);
        let region = Region::of(m, n, |x, y| p[(x * (n + 1) + y) as usize] <= limit);
        ExactTest { statistic: seen, p_value: region.supremum(0.0) }
    };
    Ok(match alternative {
        Alternative::Less => one_sided(false),
        Alternative::Greater => one_sided(true),
        Alternative::TwoSided => {
            let (less, greater) = (one_sided(false), one_sided(true));
            let smaller = if less.p_value < greater.p_value { less } else { greater };
            ExactTest { p_value: (2.0 * smaller.p_value).min(1.0), ..smaller }
        }
    })
}

/// Both one-sided answers about a difference of `delta`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactDifference {
    /// z of the score test at `delta`, which orders the tables.
    pub z: f64,
    /// Small when the canary exceeds the baseline by less than `delta`.
    pub p_less: f64,
    /// Small when it exceeds it by more.
    pub p_greater: f64,
}

/// Tells whether the canary exceeds the baseline by more, or by less, than `delta`: exact at every pair that differs by it.
///
/// Tables are ordered by the score test's z at `delta` (Chan 1998), and the p-values are the largest probabilities over all
/// pairs of proportions with that difference.
///
/// ```
/// use serinus::stats::{proportion::Proportions, proportion_exact::exact_difference};
/// // 0 errors of 60 against 2 of 900: worse by less than five points? Not quite shown.
/// let found = exact_difference(Proportions { x_events: 0, x_n: 60, y_events: 2, y_n: 900 }, 0.05)?;
/// assert!((found.p_less - 0.0509229).abs() < 1e-6 && found.p_greater > 0.9);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials, `delta` lies outside [-1, 1], or there are more than [`TABLES_LIMIT`]
/// tables.
pub fn exact_difference(counts: Proportions, delta: f64) -> Result<ExactDifference, Unanswerable> {
    let (m, n) = within_limit("exact_difference", counts)?;
    let seen = score_difference(counts, delta, ScoreVariance::FarringtonManning)?.z;
    let mut z = Vec::with_capacity(((m + 1) * (n + 1)) as usize);
    for x in 0..=m {
        for y in 0..=n {
            let table = Proportions { x_events: x, x_n: m, y_events: y, y_n: n };
            z.push(score_difference(table, delta, ScoreVariance::FarringtonManning)?.z);
        }
    }
    let at = |x: u64, y: u64| z[(x * (n + 1) + y) as usize];
    // Values that only rounding keeps apart are equal.
    let slack = 1e-11 * if seen.is_finite() { seen.abs() } else { 0.0 };
    Ok(ExactDifference {
        z: seen,
        p_less: Region::of(m, n, |x, y| at(x, y) <= seen + slack).supremum(delta),
        p_greater: Region::of(m, n, |x, y| at(x, y) >= seen - slack).supremum(delta),
    })
}

fn within_limit(test: &'static str, counts: Proportions) -> Result<(u64, u64), Unanswerable> {
    check_counts(test, counts.x_events as f64, counts.x_n as f64)?;
    check_counts(test, counts.y_events as f64, counts.y_n as f64)?;
    let (m, n) = (counts.x_n, counts.y_n);
    let needed = m.saturating_add(1).saturating_mul(n.saturating_add(1));
    if needed > TABLES_LIMIT {
        return Err(Unanswerable::TooLarge { test, limit: TABLES_LIMIT, needed });
    }
    Ok((m, n))
}

/// z of a difference; 0 where the proportions are equal.
fn wald_z(x: u64, m: u64, y: u64, n: u64, kind: BarnardStatistic) -> f64 {
    let (px, py) = (x as f64 / m as f64, y as f64 / n as f64);
    if x * n == y * m {
        return 0.0;
    }
    let variance = match kind {
        BarnardStatistic::Pooled => {
            let p = (x + y) as f64 / (m + n) as f64;
            p * (1.0 - p) * (1.0 / m as f64 + 1.0 / n as f64)
        }
        BarnardStatistic::Unpooled => px * (1.0 - px) / m as f64 + py * (1.0 - py) / n as f64,
    };
    // A variance of zero with different proportions is infinitely far.
    (px - py) / variance.sqrt()
}

/// How a table compares with the one seen.
struct Order {
    at_most: bool,
    at_least: bool,
    as_far: bool,
}

/// Compares pooled z of two tables exactly: its square is `(x n - y m)^2 / (s (N - s))` times a constant, s the events.
fn pooled_order(x: u64, m: u64, y: u64, n: u64, seen_x: u64, seen_y: u64) -> Order {
    let square = |x: u64, y: u64| {
        let gap = i128::from(x * n) - i128::from(y * m);
        let events = i128::from(x + y);
        (gap.signum(), gap * gap, (events * (i128::from(m + n) - events)).max(1))
    };
    let ((sign, top, bottom), (seen_sign, seen_top, seen_bottom)) = (square(x, y), square(seen_x, seen_y));
    // top / bottom against seen_top / seen_bottom: below 4e10 * 1e10, far inside i128.
    let (a, b) = (top * seen_bottom, seen_top * bottom);
    Order { at_most: sign * a <= seen_sign * b, at_least: sign * a >= seen_sign * b, as_far: a >= b }
}

/// Fisher's one-sided p-value of every table, at index `x (n + 1) + y`.
fn fisher_p_values(m: u64, n: u64, greater: bool) -> Vec<f64> {
    let mut p = vec![1.0; ((m + 1) * (n + 1)) as usize];
    for events in 0..=(m + n) {
        let tables = Hypergeometric::new(m, n, events);
        let (first, last, mode) = (tables.smallest(), tables.largest(), tables.mode());
        let mut pmf = vec![0.0; (last - first + 1) as usize];
        pmf[(mode - first) as usize] = tables.ln_pmf(mode).exp();
        for k in mode..last {
            pmf[(k + 1 - first) as usize] = pmf[(k - first) as usize] * tables.step(k);
        }
        for k in (first..mode).rev() {
            pmf[(k - first) as usize] = pmf[(k + 1 - first) as usize] / tables.step(k);
        }
        // Tails are summed from their far ends, so that small ones keep their digits.
        let mut sum = 0.0;
        let mut place = |k: u64| {
            sum += pmf[(k - first) as usize];
            p[(k * (n + 1) + events - k) as usize] = sum.min(1.0);
        };
        if greater { (first..=last).rev().for_each(&mut place) } else { (first..=last).for_each(&mut place) }
    }
    p
}

/// A set of tables, as runs of y for each x.
struct Region {
    m: u64,
    n: u64,
    runs: Vec<Vec<(u64, u64)>>,
}

impl Region {
    fn of(m: u64, n: u64, contains: impl Fn(u64, u64) -> bool) -> Self {
        let row = |x: u64| {
            let mut runs: Vec<(u64, u64)> = Vec::new();
            for y in (0..=n).filter(|&y| contains(x, y)) {
                match runs.last_mut() {
                    Some(run) if run.1 + 1 == y => run.1 = y,
                    _ => runs.push((y, y)),
                }
            }
            runs
        };
        Region { m, n, runs: (0..=m).map(row).collect() }
    }

    /// The largest probability of the region over all pairs of proportions that differ by `delta`.
    fn supremum(&self, delta: f64) -> f64 {
        /// Probabilities below this share of a distribution's largest are left out at first.
        const NEGLIGIBLE: f64 = 1e-30;
        /// Suprema below this are found anew with nothing left out.
        const TINY: f64 = 1e-15;
        let found = self.highest(delta, NEGLIGIBLE);
        if found < TINY { self.highest(delta, 0.0) } else { found.min(1.0) }
    }

    fn highest(&self, delta: f64, floor: f64) -> f64 {
        /// Grid points to one standard deviation of all trials on the arcsine scale; humps cannot be narrower than that.
        const POINTS: f64 = 4.0;
        /// Places within this share of the best are refined: between grid points a hump rises by less.
        const NEAR_BEST: f64 = 0.95;
        /// And not more of them than this, the highest first.
        const REFINED: usize = 16;
        let trials = (self.m + self.n) as f64;
        let points = ((std::f64::consts::PI * trials.sqrt() * POINTS).ceil() as usize).max(128);
        let step = std::f64::consts::FRAC_PI_2 / points as f64;
        let at = |angle: f64| self.probability(angle, delta, floor);
        let grid: Vec<f64> = (0..=points).map(|i| at(i as f64 * step)).collect();
        let best = grid.iter().copied().fold(0.0, f64::max);
        if best >= 1.0 - 1e-12 {
            return 1.0;
        }
        let is_peak = |&i: &usize| {
            let left = if i > 0 { grid[i - 1] } else { f64::NEG_INFINITY };
            let right = grid.get(i + 1).copied().unwrap_or(f64::NEG_INFINITY);
            grid[i] > left && grid[i] >= right && grid[i] >= NEAR_BEST * best
        };
        let mut peaks: Vec<usize> = (0..=points).filter(is_peak).collect();
        peaks.sort_by(|&i, &j| grid[j].total_cmp(&grid[i]));
        peaks.into_iter().take(REFINED).fold(best, |highest, i| {
            let (low, high) = (i.saturating_sub(1) as f64 * step, (i + 1).min(points) as f64 * step);
            highest.max(golden_section(low, high, at))
        })
    }

    /// The region's probability; the open proportion, from its least to its largest value, is `sin^2(angle)` of the way.
    fn probability(&self, angle: f64, delta: f64, floor: f64) -> f64 {
        let d = delta.abs();
        let (s, c) = angle.sin_cos();
        let (low, low_rest) = ((1.0 - d) * s * s, d + (1.0 - d) * c * c);
        let (high, high_rest) = (d + (1.0 - d) * s * s, (1.0 - d) * c * c);
        let ((px, qx), (py, qy)) =
            if delta >= 0.0 { ((high, high_rest), (low, low_rest)) } else { ((low, low_rest), (high, high_rest)) };
        let x = Tails::binomial(self.m, px, qx, floor);
        let y = Tails::binomial(self.n, py, qy, floor);
        let mut sum = 0.0;
        for (i, &p) in x.pmf.iter().enumerate() {
            for &(from, to) in &self.runs[x.start as usize + i] {
                sum += p * y.between(from, to);
            }
        }
        sum
    }
}

/// The highest value found by golden section in [low, high].
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    let mut best = fa.max(fb);
    for _ in 0..24 {
        if fa >= fb {
            (high, b, fb) = (b, a, fa);
            a = high - GOLDEN * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + GOLDEN * (high - low);
            fb = f(b);
        }
        best = best.max(fa).max(fb);
    }
    best
}

/// A binomial distribution where it is worth counting, with both cumulative sums.
struct Tails {
    start: u64,
    pmf: Vec<f64>,
    at_most: Vec<f64>,
    at_least: Vec<f64>,
}

impl Tails {
    /// By ratios from the mode outwards, down to `floor` times the largest.
    fn binomial(n: u64, p: f64, q: f64, floor: f64) -> Self {
        let mode = (((n + 1) as f64 * p) as u64).min(n);
        let peak = ln_pmf(mode as f64, n as f64, p, q).exp();
        let least = (floor * peak).max(f64::MIN_POSITIVE);
        let (mut down, mut up) = (Vec::new(), Vec::new());
        let mut value = peak;
        for k in (0..mode).rev() {
            value *= (k + 1) as f64 / (n - k) as f64 * (q / p);
            if value <= least {
                break;
            }
            down.push(value);
        }
        value = peak;
        for k in mode..n {
            value *= (n - k) as f64 / (k + 1) as f64 * (p / q);
            if value <= least {
                break;
            }
            up.push(value);
        }
        let start = mode - down.len() as u64;
        let pmf: Vec<f64> = down.iter().rev().chain(&[peak]).chain(&up).copied().collect();
        let running = |sum: &mut f64, v: f64| {
            *sum += v;
            Some(*sum)
        };
        let at_most: Vec<f64> = pmf.iter().scan(0.0, |sum, &v| running(sum, v)).collect();
        let mut at_least: Vec<f64> = pmf.iter().rev().scan(0.0, |sum, &v| running(sum, v)).collect();
        at_least.reverse();
        Tails { start, pmf, at_most, at_least }
    }

    /// P(from <= Y <= to), from the nearer tail where the run reaches one.
    fn between(&self, from: u64, to: u64) -> f64 {
        let end = self.start + self.pmf.len() as u64;
        let (from, to) = (from.max(self.start), (to + 1).min(end));
        if from >= to {
            return 0.0;
        }
        let (i, j) = ((from - self.start) as usize, (to - self.start) as usize);
        if i == 0 {
            self.at_most[j - 1]
        } else if j == self.pmf.len() {
            self.at_least[i]
        } else {
            self.pmf[i..j].iter().sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(x_events: u64, x_n: u64, y_events: u64, y_n: u64) -> Proportions {
        Proportions { x_events, x_n, y_events, y_n }
    }

    /// The supremum by brute force: a fine grid on the plain scale, no refinement.
    fn brute(m: u64, n: u64, delta: f64, contains: impl Fn(u64, u64) -> bool) -> f64 {
        let pmf = |k: u64, n: u64, p: f64| ln_pmf(k as f64, n as f64, p, 1.0 - p).exp();
        let mut best = 0.0_f64;
        for i in 0..=2000 {
            let low = (1.0 - delta.abs()) * i as f64 / 2000.0;
            let (px, py) = if delta >= 0.0 { (low + delta, low) } else { (low, low - delta) };
            let mut sum = 0.0;
            for x in 0..=m {
                for y in (0..=n).filter(|&y| contains(x, y)) {
                    sum += pmf(x, m, px.min(1.0)) * pmf(y, n, py.min(1.0));
                }
            }
            best = best.max(sum);
        }
        best
    }

    #[test]
    fn suprema_are_those_of_brute_force() {
        for t in [table(3, 7, 1, 9), table(0, 5, 4, 12), table(5, 5, 2, 12), table(1, 1, 3, 20)] {
            for alternative in [Alternative::Less, Alternative::Greater, Alternative::TwoSided] {
                let found = barnard_exact(t, alternative, BarnardStatistic::Pooled).expect("valid");
                let z = |x, y| wald_z(x, t.x_n, y, t.y_n, BarnardStatistic::Pooled);
                let seen = found.statistic;
                let expected = brute(t.x_n, t.y_n, 0.0, |x, y| match alternative {
                    Alternative::Less => z(x, y) <= seen + 1e-9,
                    Alternative::Greater => z(x, y) >= seen - 1e-9,
                    Alternative::TwoSided => z(x, y).abs() >= seen.abs() - 1e-9,
                });
                assert!(found.p_value >= expected - 1e-12 && found.p_value <= expected + 1e-5, "{t:?} {alternative:?}");
            }
            for delta in [-0.3, 0.05, 0.2] {
                let found = exact_difference(t, delta).expect("valid");
                let z = |x, y| {
                    let test = score_difference(table(x, t.x_n, y, t.y_n), delta, ScoreVariance::FarringtonManning);
                    test.expect("valid").z
                };
                let less = brute(t.x_n, t.y_n, delta, |x, y| z(x, y) <= found.z + 1e-9);
                let greater = brute(t.x_n, t.y_n, delta, |x, y| z(x, y) >= found.z - 1e-9);
                assert!((found.p_less - less).abs() < 1e-5, "{t:?} {delta}: {} {less}", found.p_less);
                assert!((found.p_greater - greater).abs() < 1e-5, "{t:?} {delta}: {} {greater}", found.p_greater);
            }
        }
    }

    #[test]
    fn perfectly_separated_arms_are_only_as_extreme_as_themselves() {
        let t = table(10, 10, 0, 10);
        for kind in [BarnardStatistic::Pooled, BarnardStatistic::Unpooled] {
            let found = barnard_exact(t, Alternative::Greater, kind).expect("valid");
            assert!((found.p_value - 0.5f64.powi(20)).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn boschloo_never_exceeds_fisher() {
        for t in [table(3, 40, 3, 120), table(0, 50, 3, 500), table(1, 3, 0, 4), table(2, 2, 1, 700)] {
            for alternative in [Alternative::Less, Alternative::Greater] {
                let found = boschloo_exact(t, alternative).expect("valid");
                assert!(found.p_value <= found.statistic * (1.0 + 1e-9), "{t:?} {alternative:?} {found:?}");
                assert!(found.p_value > 0.0);
            }
        }
    }

    #[test]
    fn mirrored_tables_have_mirrored_answers() {
        let (t, mirror) = (table(7, 20, 30, 200), table(13, 20, 170, 200));
        let p = |t, alternative| boschloo_exact(t, alternative).expect("valid").p_value;
        assert!((p(t, Alternative::Greater) - p(mirror, Alternative::Less)).abs() < 1e-10);
        let (a, b) = (exact_difference(t, 0.1).expect("valid"), exact_difference(mirror, -0.1).expect("valid"));
        assert!((a.p_less - b.p_greater).abs() < 1e-10 && (a.p_greater - b.p_less).abs() < 1e-10);
    }

    #[test]
    fn tables_beyond_the_limit_are_refused() {
        let big = table(1, 1000, 1, 99_000);
        assert!(matches!(boschloo_exact(big, Alternative::Less), Err(Unanswerable::TooLarge { .. })));
        assert!(matches!(exact_difference(big, 0.1), Err(Unanswerable::TooLarge { .. })));
        assert!(barnard_exact(table(0, 0, 1, 5), Alternative::Less, BarnardStatistic::Pooled).is_err());
    }

    #[test]
    fn no_events_say_nothing_about_a_difference() {
        let t = table(0, 20, 0, 100);
        let barnard = barnard_exact(t, Alternative::Greater, BarnardStatistic::Pooled).expect("valid");
        assert_eq!((barnard.statistic, barnard.p_value), (0.0, 1.0));
        assert_eq!(boschloo_exact(t, Alternative::TwoSided).expect("valid").p_value, 1.0);
    }
}
