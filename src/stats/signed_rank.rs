//! Wilcoxon's signed rank: are the differences within pairs symmetric around zero?

use serde::{Deserialize, Serialize};

use super::contrast::{Better, Contrast, check_level};
use super::describe::require_rows;
use super::hodges_lehmann::{Ends, HodgesLehmann, RankEstimate, interval, order_at};
use super::mann_whitney::{Continuity, RankMethod};
use super::paired_differences::PairedDifferences;
use super::pairwise_sums::PairwiseSums;
use super::rank::{cubic, sorted, tie_term};
use super::special::{norm_isf, norm_sf};
use super::{Alternative, Confidence, Unanswerable};
use crate::arms::Arm;
use crate::evidence::Method;

const TEST: &str = "signed_rank";

/// Differences up to which the exact law is the automatic choice.
const EXACT_UPTO: usize = 50;
/// Differences up to which all sign patterns are counted in u128.
const MOST_EXACT: usize = 120;

/// What becomes of differences that are zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// They are dropped before ranking (Wilcoxon 1945).
    #[default]
    Wilcox,
    /// They are ranked, then their ranks are dropped (Pratt 1959).
    Pratt,
    /// They are ranked, and half of their ranks goes to each side.
    Split,
}

/// Options of [`signed_rank`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignedRank {
    /// What becomes of differences that are zero.
    pub zeros: Zeros,
    /// Where the p-value comes from. `Auto` is exact up to 50 differences, tied ones included.
    pub method: RankMethod,
    /// Correction of the normal approximation.
    pub continuity: Continuity,
}

impl SignedRank {
    /// These options with another treatment of zeros.
    pub fn zeros(self, zeros: Zeros) -> Self {
        SignedRank { zeros, ..self }
    }

    /// These options with another method.
    pub fn method(self, method: RankMethod) -> Self {
        SignedRank { method, ..self }
    }

    /// These options with another correction.
    pub fn continuity(self, continuity: Continuity) -> Self {
        SignedRank { continuity, ..self }
    }
}

/// What Wilcoxon's signed rank test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRankTest {
    /// Sum of the ranks of positive differences; R's V.
    pub positive: f64,
    /// Sum of the ranks of negative differences.
    pub negative: f64,
    /// Standard normal score, with the correction asked for; `None` when no difference is left.
    pub z: Option<f64>,
    /// p-value of "differences tend to be smaller than zero".
    pub p_less: f64,
    /// p-value of "differences tend to be larger than zero".
    pub p_greater: f64,
    /// p-value of "differences are not symmetric around zero".
    pub p_two_sided: f64,
    /// Differences that are not zero.
    pub n: u64,
    /// Differences that are zero.
    pub zeros: u64,
    /// Where the p-values came from.
    pub method: Method,
}

impl SignedRankTest {
    /// The p-value of an alternative about the canary.
    pub fn p_value(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.p_two_sided,
            Alternative::Less => self.p_less,
            Alternative::Greater => self.p_greater,
        }
    }
}

/// Whether the canary's value tends to be larger or smaller within pairs.
///
/// Ranks of |x - y| are summed by sign (Wilcoxon 1945). Symmetry of the differences is assumed: where it fails,
/// [`sign_test`](super::paired_t::sign_test) asks about the median alone. The exact law flips all signs given the ranks,
/// ties and zeros included; the normal one has variance n(n+1)(2n+1)/24 - sum(t^3 - t)/48, less z(z+1)(2z+1)/24 for
/// Pratt's z zeros (Cureton 1967). When no difference is left all p-values are 1.
///
/// O(n log n), the exact law O(n^3) up to 120 differences.
///
/// ```
/// use serinus::stats::Alternative;
/// use serinus::stats::signed_rank::{SignedRank, signed_rank};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let test = signed_rank(&[5.0, 7.5, 6.0, 9.0], &[4.0, 7.0, 4.5, 7.0], &SignedRank::default())?;
/// assert_eq!(test.positive, 10.0);
/// assert!((test.p_value(Alternative::Greater) - 1.0 / 16.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] without pairs, [`Unanswerable::NonFinite`], [`Unanswerable::Undefined`] for arms of unequal
/// length, [`Unanswerable::TooLarge`] when the exact law is asked for beyond its limit.
pub fn signed_rank(x: &[f64], y: &[f64], options: &SignedRank) -> Result<SignedRankTest, Unanswerable> {
    signed_rank_at(x, y, &Contrast::absolute(Better::Higher, 0.0), options)
}

/// The signed rank at the border of a margin, on s (x - rho y) + delta: `p_greater` shows safety and `p_less` harm.
///
/// # Errors
/// As [`signed_rank`], and [`Unanswerable::Argument`] for a margin out of its range.
pub fn signed_rank_at(
    x: &[f64],
    y: &[f64],
    contrast: &Contrast,
    options: &SignedRank,
) -> Result<SignedRankTest, Unanswerable> {
    signed_rank_differences(&PairedDifferences::of(TEST, x, y, contrast)?.values, options)
}

/// [`signed_rank`] of differences that were taken already.
///
/// # Errors
/// As [`signed_rank`].
pub fn signed_rank_differences(differences: &[f64], options: &SignedRank) -> Result<SignedRankTest, Unanswerable> {
    require_rows(TEST, Arm::Canary, 1, differences.len() as u64)?;
    if let Some(index) = differences.iter().position(|d| d.is_nan()) {
        return Err(Unanswerable::NonFinite { test: TEST, arm: Arm::Canary, index, value: differences[index] });
    }
    let ranks = Ranks::of(differences, options.zeros);
    let exact = match options.method {
        RankMethod::Asymptotic => false,
        RankMethod::Exact if ranks.runs.total() > MOST_EXACT => {
            let (limit, needed) = (MOST_EXACT as u64, ranks.runs.total() as u64);
            return Err(Unanswerable::TooLarge { test: TEST, limit, needed });
        }
        RankMethod::Exact => true,
        RankMethod::Auto => ranks.runs.total() <= EXACT_UPTO,
    };
    let z = ranks.score(options.continuity);
    let (p_less, p_greater, p_two_sided) = match (exact, ranks.deviation()) {
        (_, None) => (1.0, 1.0, 1.0),
        (true, Some(_)) => ranks.exact_tails(),
        (false, Some(deviation)) => {
            let (centred, step) = (ranks.centred(), options.continuity.step());
            let both = 2.0 * norm_sf((centred.abs() - step) / deviation);
            (norm_sf(-(centred + step) / deviation), norm_sf((centred - step) / deviation), both.min(1.0))
        }
    };
    Ok(SignedRankTest {
        positive: ranks.doubled_positive as f64 / 2.0,
        negative: ranks.doubled_negative as f64 / 2.0,
        z,
        p_less,
        p_greater,
        p_two_sided,
        n: ranks.n,
        zeros: ranks.zeros,
        method: if exact { Method::Exact } else { Method::Asymptotic },
    })
}

/// Ranks of the magnitudes, summed by sign; doubled, so that they are whole.
struct Ranks {
    doubled_positive: u128,
    doubled_negative: u128,
    n: u64,
    zeros: u64,
    treatment: Zeros,
    runs: Runs,
    /// Sum of t^3 - t over runs that count.
    tie_term: u128,
}

/// (doubled rank, how many) of the ranked differences that are not zero.
struct Runs(Vec<(u64, usize)>);

impl Runs {
    fn total(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

impl Ranks {
    fn of(differences: &[f64], treatment: Zeros) -> Ranks {
        let magnitudes = sorted(&differences.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let positives = sorted(&differences.iter().copied().filter(|d| *d > 0.0).collect::<Vec<_>>());
        let zeros = magnitudes.iter().take_while(|d| **d == 0.0).count();
        let mut ranks = Ranks {
            doubled_positive: 0,
            doubled_negative: 0,
            n: (magnitudes.len() - zeros) as u64,
            zeros: zeros as u64,
            treatment,
            runs: Runs(Vec::new()),
            tie_term: 0,
        };
        let mut start = if treatment == Zeros::Wilcox { 0 } else { zeros as u64 };
        let mut next_positive = 0;
        for run in magnitudes[zeros..].chunk_by(|a, b| a == b) {
            let doubled = 2 * start + run.len() as u64 + 1;
            let positive = positives[next_positive..].iter().take_while(|v| **v == run[0]).count();
            next_positive += positive;
            ranks.doubled_positive += u128::from(doubled) * positive as u128;
            ranks.doubled_negative += u128::from(doubled) * (run.len() - positive) as u128;
            ranks.runs.0.push((doubled, run.len()));
            ranks.tie_term += cubic(run.len() as u64);
            start += run.len() as u64;
        }
        if treatment == Zeros::Split && zeros > 0 {
            // Each side gets half of the zeros' ranks, z (z + 1)/4; doubled that is whole.
            let z = zeros as u128;
            ranks.doubled_positive += z * (z + 1) / 2;
            ranks.doubled_negative += z * (z + 1) / 2;
            ranks.tie_term += cubic(zeros as u64);
        }
        ranks
    }

    /// W+ less its mean under the null, which is half of the difference to W-.
    fn centred(&self) -> f64 {
        (self.doubled_positive as i128 - self.doubled_negative as i128) as f64 / 4.0
    }

    /// Standard deviation of W+; `None` when nothing is left to rank.
    fn deviation(&self) -> Option<f64> {
        if self.n == 0 {
            return None;
        }
        let cube = |n: u64| {
            let n = n as f64;
            n * (n + 1.0) * (2.0 * n + 1.0)
        };
        let sum = match self.treatment {
            Zeros::Wilcox => cube(self.n),
            Zeros::Pratt => cube(self.n + self.zeros) - cube(self.zeros),
            Zeros::Split => cube(self.n + self.zeros),
        };
        Some((sum / 24.0 - self.tie_term as f64 / 48.0).sqrt())
    }

    fn score(&self, continuity: Continuity) -> Option<f64> {
        let centred = self.centred();
        let step = if centred == 0.0 { 0.0 } else { continuity.step() * centred.signum() };
        self.deviation().map(|deviation| (centred - step) / deviation)
    }

    /// P(W+ <= w), P(W+ >= w) and twice the smaller over all sign patterns. Split zeros move W+ and its law alike.
    fn exact_tails(&self) -> (f64, f64, f64) {
        let law = sign_flip_law(&self.runs);
        let shift =
            if self.treatment == Zeros::Split { u128::from(self.zeros) * u128::from(self.zeros + 1) / 2 } else { 0 };
        let observed = (self.doubled_positive - shift) as usize;
        let all = 2_f64.powi(self.runs.total() as i32);
        let less = law[..=observed].iter().sum::<u128>() as f64 / all;
        let greater = law[observed..].iter().sum::<u128>() as f64 / all;
        (less, greater, (2.0 * less.min(greater)).min(1.0))
    }
}

/// Sign patterns by doubled W+. O(n S) for n ranks of doubled sum S.
fn sign_flip_law(runs: &Runs) -> Vec<u128> {
    let total: usize = runs.0.iter().map(|(rank, count)| *rank as usize * count).sum();
    let mut law = vec![0_u128; total + 1];
    law[0] = 1;
    let mut reached = 0;
    for &(rank, count) in &runs.0 {
        let rank = rank as usize;
        for _ in 0..count {
            for k in (0..=reached).rev() {
                law[k + rank] += law[k];
            }
            reached += rank;
        }
    }
    law
}

/// The typical difference within pairs: the median of all Walsh averages, with an interval.
///
/// Walsh averages are (d_i + d_j)/2 for i <= j (Hodges & Lehmann 1963); the interval inverts the signed rank test, exactly
/// up to 50 untied differences as R's `wilcox.test(paired = TRUE, conf.int = TRUE)` does, and otherwise with the normal
/// approximation. Zero differences count as differences.
///
/// O(n log n) time and O(n) memory.
///
/// ```
/// use serinus::stats::hodges_lehmann::HodgesLehmann;
/// use serinus::stats::signed_rank::pseudo_median;
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let typical = pseudo_median(&[1.0, 2.0, 3.0, 7.0], &HodgesLehmann::default().level(0.8))?;
/// assert_eq!(typical.estimate, 3.0 - 0.25);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] without differences, [`Unanswerable::NonFinite`], [`Unanswerable::Argument`] for a level
/// outside (0, 1), [`Unanswerable::TooLarge`] or [`Unanswerable::Undefined`] when the exact law is asked for and does not
/// apply.
pub fn pseudo_median(differences: &[f64], options: &HodgesLehmann) -> Result<RankEstimate, Unanswerable> {
    check_level(options.level)?;
    require_rows(TEST, Arm::Canary, 1, differences.len() as u64)?;
    super::describe::require_finite(TEST, Arm::Canary, differences)?;
    let values = sorted(differences);
    let sums = PairwiseSums::walsh(&values);
    let ends = ends(&values, sums.len(), options)?;
    let Confidence { low, high, level } = interval(&sums, &ends, options);
    Ok(RankEstimate {
        estimate: 0.5 * sums.median(),
        interval: Confidence { low: 0.5 * low, high: 0.5 * high, level },
        method: ends.method,
        order: ends.order,
        reaches_level: ends.reaches_level,
    })
}

fn ends(values: &[f64], count: u64, options: &HodgesLehmann) -> Result<Ends, Unanswerable> {
    let n = values.len();
    let magnitudes = sorted(&values.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let untied = tie_term(values) == 0;
    let clean = tie_term(&magnitudes) == 0 && magnitudes[0] > 0.0;
    let exact = match options.method {
        RankMethod::Asymptotic => false,
        RankMethod::Exact if !untied => {
            let why = "the exact interval needs differences without ties; use the asymptotic one";
            return Err(Unanswerable::Undefined { test: TEST, why });
        }
        RankMethod::Exact if n > MOST_EXACT => {
            return Err(Unanswerable::TooLarge { test: TEST, limit: MOST_EXACT as u64, needed: n as u64 });
        }
        RankMethod::Exact => true,
        RankMethod::Auto => clean && n <= EXACT_UPTO,
    };
    if exact {
        // The smallest q with P(W+ <= q) >= tail, as R's `qsignrank`.
        let law = sign_flip_law(&Runs((1..=n as u64).map(|rank| (rank, 1)).collect()));
        let all = 2_f64.powi(n as i32);
        let mut within = 0;
        let order = law.iter().position(|patterns| {
            within += patterns;
            within as f64 / all >= options.tail()
        });
        let order = order.map_or(count, |q| q as u64);
        let middle = count.div_ceil(2);
        return Ok(Ends { order: order.clamp(1, middle), method: Method::Exact, reaches_level: order >= 1 });
    }
    let size = n as f64;
    let variance = size * (size + 1.0) * (2.0 * size + 1.0) / 24.0 - tie_term(values) as f64 / 48.0;
    let position = 0.5 * count as f64 - norm_isf(options.tail()) * variance.sqrt() - options.continuity.step();
    Ok(order_at(position, count, Method::Asymptotic))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tails by listing every sign pattern of the ranked differences.
    fn enumerated(differences: &[f64]) -> (f64, f64) {
        let kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
        let ranks = crate::stats::rank::midranks(&kept.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let observed: f64 = ranks.iter().zip(&kept).filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
        let (mut less, mut greater) = (0, 0);
        for mask in 0..1_u32 << kept.len() {
            let w: f64 = ranks.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, r)| r).sum();
            less += i32::from(w <= observed);
            greater += i32::from(w >= observed);
        }
        let all = f64::from(1_u32 << kept.len());
        (f64::from(less) / all, f64::from(greater) / all)
    }

    #[test]
    fn the_exact_law_agrees_with_every_sign_pattern() {
        let samples: [&[f64]; 4] = [
            &[1.0, -2.0, 3.5, 4.0, -0.5],
            &[1.0, 1.0, -1.0, 2.0, 0.0, 0.0, -2.0],
            &[-3.0],
            &[2.0, 2.0, 2.0, -2.0, 5.0],
        ];
        for d in samples {
            let test = signed_rank_differences(d, &SignedRank::default().method(RankMethod::Exact)).expect("clean");
            let (less, greater) = enumerated(d);
            assert!((test.p_less - less).abs() < 1e-15 && (test.p_greater - greater).abs() < 1e-15, "{d:?}");
        }
    }

    #[test]
    fn the_three_treatments_of_zeros_keep_their_sums() {
        let d = [0.0, 0.0, 1.0, -2.0, 3.0, 3.0];
        let sums = |zeros| {
            let test = signed_rank_differences(&d, &SignedRank::default().zeros(zeros)).expect("clean");
            (test.positive, test.negative)
        };
        assert_eq!(sums(Zeros::Wilcox), (8.0, 2.0));
        assert_eq!(sums(Zeros::Pratt), (14.0, 4.0));
        assert_eq!(sums(Zeros::Split), (15.5, 5.5));
    }

    #[test]
    fn without_a_difference_nothing_is_shown() {
        for zeros in [Zeros::Wilcox, Zeros::Pratt, Zeros::Split] {
            let test = signed_rank(&[1.0, 2.0], &[1.0, 2.0], &SignedRank::default().zeros(zeros)).expect("clean");
            assert_eq!((test.p_less, test.p_greater, test.p_two_sided, test.z), (1.0, 1.0, 1.0, None));
        }
        assert!(signed_rank(&[], &[], &SignedRank::default()).is_err());
    }

    #[test]
    fn the_pseudo_median_is_the_median_of_walsh_averages() {
        let d = [3.0, -1.0, 4.0, 1.5, -5.0, 9.0, 2.6];
        let mut walsh: Vec<f64> =
            (0..d.len()).flat_map(|i| (i..d.len()).map(move |j| (i, j))).map(|(i, j)| 0.5 * (d[i] + d[j])).collect();
        walsh.sort_by(f64::total_cmp);
        let found = pseudo_median(&d, &HodgesLehmann::default()).expect("clean");
        assert_eq!(found.estimate, 0.5 * (walsh[13] + walsh[14]));
        // P(W+ <= 2) = 3/128 is below 0.025 and P(W+ <= 3) = 5/128 is not, so q = 3.
        assert_eq!((found.interval.low, found.interval.high), (walsh[2], walsh[25]));
    }
}
