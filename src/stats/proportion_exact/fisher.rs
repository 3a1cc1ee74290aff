//! Fisher's exact test.

use crate::stats::binomial::ln_pmf;
use crate::stats::proportion::{Proportions, StratumCounts};
use crate::stats::{Unanswerable, binomial::check_counts};

/// What Fisher's test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fisher {
    /// Small when the canary has too few events.
    pub p_less: f64,
    /// Small when the canary has too many events.
    pub p_greater: f64,
    /// Sums the tables no likelier than the one seen.
    pub p_two_sided: f64,
    /// The sample odds ratio; `None` where it does not exist.
    pub odds_ratio: Option<f64>,
}

/// Tells whether the canary's proportion differs from the baseline's at all: exact given both margins.
///
/// A test of no difference, not of a margin. Cost: the length of the tails, at most the smaller margin.
///
/// ```
/// use serinus::stats::{proportion::Proportions, proportion_exact::fisher_exact};
/// let found = fisher_exact(Proportions { x_events: 3, x_n: 40, y_events: 3, y_n: 120 })?;
/// assert!((found.p_greater - 0.165619829475).abs() < 1e-10);
/// # Ok::<(), serinus::stats::Unanswerable>(())
/// ```
///
/// # Errors
/// An arm is empty or has more events than trials.
pub fn fisher_exact(counts: Proportions) -> Result<Fisher, Unanswerable> {
    let c = StratumCounts::from(counts);
    check_counts("fisher_exact", c.x_events, c.x_n)?;
    check_counts("fisher_exact", c.y_events, c.y_n)?;
    let tables = Hypergeometric::new(counts.x_n, counts.y_n, counts.x_events.saturating_add(counts.y_events));
    let x = counts.x_events;
    let cross = c.y_events * (c.x_n - c.x_events);
    Ok(Fisher {
        p_less: tables.at_most(x).min(1.0),
        p_greater: tables.at_least(x).min(1.0),
        p_two_sided: tables.no_likelier(x).min(1.0),
        odds_ratio: (cross > 0.0).then_some(c.x_events * (c.y_n - c.y_events) / cross),
    })
}

/// The number of events that fall to the first arm when `events` fall on `first + second` trials.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hypergeometric {
    first: u64,
    second: u64,
    events: u64,
}

impl Hypergeometric {
    pub fn new(first: u64, second: u64, events: u64) -> Self {
        Hypergeometric { first, second, events }
    }

    pub fn smallest(&self) -> u64 {
        self.events.saturating_sub(self.second)
    }

    pub fn largest(&self) -> u64 {
        self.first.min(self.events)
    }

    pub fn mode(&self) -> u64 {
        let mode =
            (self.events as f64 + 1.0) * ((self.first as f64 + 1.0) / (self.first as f64 + self.second as f64 + 2.0));
        (mode as u64).clamp(self.smallest(), self.largest())
    }

    /// log P(k): three binomial densities, so that no large factorials cancel (Loader 2000).
    pub fn ln_pmf(&self, k: u64) -> f64 {
        let (m, n, t) = (self.first as f64, self.second as f64, self.events as f64);
        let (p, q) = (t / (m + n), (m + n - t) / (m + n));
        ln_pmf(k as f64, m, p, q) + ln_pmf(t - k as f64, n, p, q) - ln_pmf(t, m + n, p, q)
    }

    /// P(k + 1) / P(k).
    pub fn step(&self, k: u64) -> f64 {
        let (m, n, t, k) = (self.first as f64, self.second as f64, self.events as f64, k as f64);
        (m - k) / (k + 1.0) * ((t - k) / (n - t + k + 1.0))
    }

    /// P(K <= k), summed from k down until nothing changes.
    pub fn at_most(&self, k: u64) -> f64 {
        if k >= self.largest() {
            return 1.0;
        }
        if k > self.mode() {
            return 1.0 - self.at_least(k + 1);
        }
        let (mut term, mut sum) = (1.0, 1.0);
        for j in (self.smallest()..k).rev() {
            term /= self.step(j);
            sum += term;
            if term < f64::EPSILON * 0.01 * sum {
                break;
            }
        }
        self.ln_pmf(k).exp() * sum
    }

    /// P(K >= k), summed from k up until nothing changes.
    pub fn at_least(&self, k: u64) -> f64 {
        if k <= self.smallest() {
            return 1.0;
        }
        if k <= self.mode() {
            return 1.0 - self.at_most(k - 1);
        }
        let (mut term, mut sum) = (1.0, 1.0);
        for j in k..self.largest() {
            term *= self.step(j);
            sum += term;
            if term < f64::EPSILON * 0.01 * sum {
                break;
            }
        }
        self.ln_pmf(k).exp() * sum
    }

    /// The sum over all tables no likelier than k; likelihoods within 1e-9 of each other count as equal.
    fn no_likelier(&self, k: u64) -> f64 {
        const EQUALLY_LIKELY: f64 = 1e-9;
        let seen = self.ln_pmf(k) + EQUALLY_LIKELY;
        let (first, last, mode) = (self.smallest(), self.largest(), self.mode());
        if self.ln_pmf(mode) <= seen {
            return 1.0;
        }
        if k < mode {
            // The first table on the falling side that is no likelier.
            let (mut low, mut high) = (mode + 1, last + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.ln_pmf(middle) <= seen { high = middle } else { low = middle + 1 }
            }
            self.at_most(k) + if low > last { 0.0 } else { self.at_least(low) }
        } else {
            let (mut low, mut high) = (first, mode);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.ln_pmf(middle) <= seen { low = middle + 1 } else { high = middle }
            }
            self.at_least(k) + if low == first { 0.0 } else { self.at_most(low - 1) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(x_events: u64, x_n: u64, y_events: u64, y_n: u64) -> Proportions {
        Proportions { x_events, x_n, y_events, y_n }
    }

    fn close(found: f64, expected: f64, rel: f64) {
        assert!((found - expected).abs() <= rel * expected.abs(), "{found:e}, expected {expected:e}");
    }

    #[test]
    fn tails_are_sums_over_every_table() {
        for t in [table(3, 7, 1, 9), table(0, 7, 4, 9), table(7, 7, 2, 9), table(1, 1, 0, 1), table(5, 30, 2, 11)] {
            let h = Hypergeometric::new(t.x_n, t.y_n, t.x_events + t.y_events);
            let all: Vec<(u64, f64)> = (h.smallest()..=h.largest()).map(|k| (k, h.ln_pmf(k).exp())).collect();
            close(all.iter().map(|a| a.1).sum(), 1.0, 1e-12);
            let found = fisher_exact(t).expect("valid");
            let seen = h.ln_pmf(t.x_events).exp();
            let sum = |keep: &dyn Fn(u64, f64) -> bool| all.iter().filter(|a| keep(a.0, a.1)).map(|a| a.1).sum::<f64>();
            close(found.p_less, sum(&|k, _| k <= t.x_events), 1e-12);
            close(found.p_greater, sum(&|k, _| k >= t.x_events), 1e-12);
            close(found.p_two_sided, sum(&|_, p| p <= seen * (1.0 + 1e-9)), 1e-12);
        }
    }

    #[test]
    fn swapping_the_arms_swaps_the_tails() {
        let (a, b) = (fisher_exact(table(9, 50, 30, 5000)), fisher_exact(table(30, 5000, 9, 50)));
        let (a, b) = (a.expect("valid"), b.expect("valid"));
        close(a.p_less, b.p_greater, 1e-11);
        close(a.p_greater, b.p_less, 1e-10);
        close(a.p_two_sided, b.p_two_sided, 1e-10);
    }

    #[test]
    fn a_table_of_a_thousand_million_has_an_answer() {
        // Far from the limit of factorials: near the normal tail of z = 3.16.
        let found = fisher_exact(table(1_001_000, 500_000_000, 998_000, 500_000_000)).expect("valid");
        assert!(found.p_greater > 0.014 && found.p_greater < 0.02, "{}", found.p_greater);
    }

    #[test]
    fn no_events_and_only_events_say_nothing() {
        for t in [table(0, 20, 0, 100), table(20, 20, 100, 100)] {
            let found = fisher_exact(t).expect("valid");
            assert_eq!((found.p_less, found.p_greater, found.p_two_sided), (1.0, 1.0, 1.0));
        }
    }
}
