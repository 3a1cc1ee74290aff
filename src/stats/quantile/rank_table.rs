//! Binomial quantiles for many alphas at once.
//!
//! A bisection over alpha asks for the same few hundred binomial tails again and again. They are summed once, from the
//! far tail inwards, so that every partial sum keeps its relative accuracy.

use super::{lower_rank, start, upper_rank};
use crate::stats::special::{binom_cdf, binom_pmf, binom_sf};

/// Alphas from here to 1/2 are in the table.
pub(super) const LEAST_ALPHA: f64 = 1e-12;

/// Ranks of the one-sided bounds of the q-quantile of n values.
#[derive(Debug)]
pub(super) struct RankTable {
    n: u64,
    q: f64,
    /// P(X <= k), X binomial(n, q).
    below: Tails,
    /// P(n - X <= k).
    above: Tails,
}

impl RankTable {
    pub fn new(n: u64, q: f64) -> RankTable {
        let below = Tails::new(n, q, 1.0 - q, |k| binom_cdf(k as i64, n, q), |k| binom_pmf(k, n, q));
        let above = Tails::new(n, 1.0 - q, q, |k| binom_sf((n - k) as i64 - 1, n, q), |k| binom_pmf(n - k, n, q));
        RankTable { n, q, below, above }
    }

    /// The smallest k with P(X <= k) >= alpha.
    pub fn lower(&self, alpha: f64) -> u64 {
        if !(LEAST_ALPHA..=0.5).contains(&alpha) {
            return lower_rank(self.n, self.q, alpha);
        }
        self.below.first + self.below.tails.partition_point(|t| *t < alpha) as u64
    }

    /// One more than the smallest k with P(X > k) <= alpha.
    pub fn upper(&self, alpha: f64) -> u64 {
        if !(LEAST_ALPHA..=0.5).contains(&alpha) {
            return upper_rank(self.n, self.q, alpha);
        }
        // P(X > k) = P(n - X <= n - k - 1): with j entries up to alpha the largest such n - k - 1 is first + j - 1.
        let up_to = self.above.first + self.above.tails.partition_point(|t| *t <= alpha) as u64;
        self.n - up_to.min(self.n) + 1
    }
}

/// Tails of a binomial from a point below [`LEAST_ALPHA`], or from 0, to one above 1/2.
#[derive(Debug)]
struct Tails {
    first: u64,
    tails: Vec<f64>,
}

impl Tails {
    fn new(n: u64, a: f64, b: f64, tail: impl Fn(u64) -> f64, mass: impl Fn(u64) -> f64) -> Tails {
        /// 1e-12 is 7.03 standard deviations out.
        const FAR: f64 = -7.1;
        let mut first = start(n, a, FAR);
        // Skewed tails reach further out; steps of one standard deviation stop before the mass underflows.
        let step = 1 + (n as f64 * a * b).sqrt() as u64;
        let mut sum = tail(first);
        while sum >= LEAST_ALPHA && first > 0 {
            first = first.saturating_sub(step);
            sum = tail(first);
        }
        let mut p = mass(first);
        let mut tails = vec![sum];
        let mut k = first;
        while sum <= 0.5 && k < n {
            p *= (n - k) as f64 / (k + 1) as f64 * (a / b);
            sum += p;
            k += 1;
            tails.push(sum);
        }
        Tails { first, tails }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_ranks_of_the_tails() {
        for n in [1, 2, 3, 7, 59, 300, 4_001, 100_000] {
            for q in [1e-4, 0.01, 0.3, 0.5, 0.9, 0.99, 0.9999] {
                let table = RankTable::new(n, q);
                for i in 0..60 {
                    // Alphas between the steps, from 1e-12 to 1/2.
                    let alpha = 1e-12 * libm::exp(f64::from(i) * 0.4567);
                    assert_eq!(table.lower(alpha), lower_rank(n, q, alpha), "lower {n} {q} {alpha}");
                    assert_eq!(table.upper(alpha), upper_rank(n, q, alpha), "upper {n} {q} {alpha}");
                }
            }
        }
    }
}
