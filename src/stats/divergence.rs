//! How far apart two samples lie over categories: chi-square and G, the population stability index, Jensen-Shannon.
//!
//! All start from one table of counts. Counts may be weighted; then each arm has an effective size, the number of
//! independent rows that its weights are worth, and all p-values use it.

use std::f64::consts::LN_2;

use super::{Unanswerable, special};
use crate::arms::{Arm, Arms};

const TEST: &str = "divergence";

/// Counts of both arms over the same categories.
#[derive(Debug, Clone, PartialEq)]
pub struct Categories {
    /// Shares of each arm, which sum to 1; only categories in which some row lies.
    shares: Arms<Vec<f64>>,
    sizes: Arms<f64>,
}

/// A test of homogeneity: do both arms have one distribution over the categories?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homogeneity {
    /// The statistic, about chi-square under the null.
    pub statistic: f64,
    /// Degrees of freedom, categories minus one; 0 when all rows lie in one category.
    pub dof: u64,
    /// Upper tail of chi-square.
    pub p_value: f64,
}

/// The population stability index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StabilityIndex {
    /// Sum of (p - q) ln(p / q) over the categories, in nats.
    pub psi: f64,
    /// `psi` less what it is on average when nothing has shifted, (K - 1)(1/m + 1/n). May be negative.
    pub debiased: f64,
    /// Standard error of `psi` by the delta method; too small where the arms agree, because the slope is 0 there.
    pub standard_error: f64,
    /// Degrees of freedom, categories minus one.
    pub dof: u64,
    /// P-value of "nothing has shifted": upper tail of chi-square at psi m n / (m + n).
    pub p_value: f64,
}

/// The Jensen-Shannon divergence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JensenShannon {
    /// In bits, between 0 and 1.
    pub bits: f64,
    /// In nats, between 0 and ln 2.
    pub nats: f64,
    /// Square root of `bits`, a metric between 0 and 1; SciPy's `jensenshannon(base=2)`.
    pub distance: f64,
    /// Square root of `nats`; SciPy's `jensenshannon` as it comes.
    pub distance_nats: f64,
    /// Standard error of `nats` by the delta method; too small where the arms agree, because the slope is 0 there.
    pub standard_error_nats: f64,
    /// Degrees of freedom, categories minus one.
    pub dof: u64,
    /// P-value of "nothing has shifted": upper tail of chi-square at 8 nats m n / (m + n).
    pub p_value: f64,
}

impl Categories {
    /// A table of counts, one a category, worth as many rows as they sum to.
    ///
    /// Counts may be fractional (sums of weights). Categories without rows in both arms are left out.
    ///
    /// ```
    /// use serinus::stats::divergence::Categories;
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let table = Categories::new(&[12.0, 30.0, 8.0, 50.0], &[110.0, 310.0, 95.0, 485.0])?;
    /// assert!(table.chi_square().p_value > 0.9);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Lists of different lengths, a count that is negative or not finite, an arm without rows.
    pub fn new(canary: &[f64], baseline: &[f64]) -> Result<Self, Unanswerable> {
        if canary.len() != baseline.len() {
            return Err(Unanswerable::Argument {
                argument: "categories",
                value: canary.len() as f64,
                expected: "both arms have to have the same categories",
            });
        }
        let (x, m) = shares(Arm::Canary, canary)?;
        let (y, n) = shares(Arm::Baseline, baseline)?;
        let kept = x.iter().zip(&y).filter(|(p, q)| **p > 0.0 || **q > 0.0);
        let (x, y) = kept.map(|(p, q)| (*p, *q)).unzip();
        Ok(Categories { shares: Arms { canary: x, baseline: y }, sizes: Arms { canary: m, baseline: n } })
    }

    /// The same shares, worth these numbers of rows: Kish's sizes over design effects.
    ///
    /// # Errors
    /// A size that is not finite and positive.
    pub fn with_sizes(mut self, sizes: Arms<f64>) -> Result<Self, Unanswerable> {
        for (argument, value) in [("sizes.canary", sizes.canary), ("sizes.baseline", sizes.baseline)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Unanswerable::Argument { argument, value, expected: "it has to be finite and above 0" });
            }
        }
        self.sizes = sizes;
        Ok(self)
    }

    /// Number of categories in which some row lies.
    pub fn len(&self) -> usize {
        self.shares.canary.len()
    }

    /// Never: each arm has rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each arm's shares over the categories in which some row lies.
    pub fn shares(&self) -> Arms<&[f64]> {
        Arms { canary: &self.shares.canary, baseline: &self.shares.baseline }
    }

    /// Pearson's chi-square test of homogeneity, without Yates' correction; SciPy's `chi2_contingency(correction=False)`.
    ///
    /// Its p-value is good when few expected counts are below 5; [`Categories::merge_rare`] sees to that.
    pub fn chi_square(&self) -> Homogeneity {
        let effective = self.effective();
        let statistic = effective * self.pairs().map(|(p, q)| (p - q) * ((p - q) / self.pooled(p, q))).sum::<f64>();
        self.homogeneity(statistic)
    }

    /// The likelihood-ratio (G) test of homogeneity; SciPy's `chi2_contingency(lambda_='log-likelihood')`.
    pub fn g_test(&self) -> Homogeneity {
        let Arms { canary: m, baseline: n } = self.sizes;
        let statistic = self
            .pairs()
            .map(|(p, q)| {
                let pooled = self.pooled(p, q);
                2.0 * (m * divergence_term(p, pooled) + n * divergence_term(q, pooled))
            })
            .sum::<f64>()
            .max(0.0);
        self.homogeneity(statistic)
    }

    /// Cramér's V, the root of chi-square over the number of rows: 0 when the shares agree, 1 when no category is shared.
    ///
    /// It depends on the arms' sizes: at one to ninety-nine V is small whatever the shares are.
    pub fn cramers_v(&self) -> f64 {
        (self.chi_square().statistic / (self.sizes.canary + self.sizes.baseline)).sqrt().min(1.0)
    }

    /// The largest difference of any category's share between the arms, with the category's place among those kept.
    pub fn largest_difference(&self) -> (usize, f64) {
        self.pairs().map(|(p, q)| (p - q).abs()).enumerate().fold(
            (0, 0.0),
            |best, here| {
                if here.1 > best.1 { here } else { best }
            },
        )
    }

    /// The population stability index, after adding `smoothing` rows to each category of each arm.
    ///
    /// It is Jeffreys' divergence, sum (p - q) ln(p / q). With `smoothing` of one half a category empty in one arm has
    /// an answer. The customary alarms at 0.1 and 0.25 are noise at canary sizes: 100 rows over 10 bins average 0.09
    /// when nothing has shifted, which `debiased` takes off and `p_value` allows for.
    ///
    /// ```
    /// use serinus::stats::divergence::Categories;
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// let canary = [14.0, 6.0, 9.0, 11.0, 13.0, 8.0, 12.0, 7.0, 15.0, 5.0];
    /// let psi = Categories::new(&canary, &[1000.0; 10])?.psi(0.5)?;
    /// assert!(psi.psi > 0.1 && psi.p_value > 0.2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A `smoothing` that is negative or not finite; an empty category of one arm without smoothing.
    pub fn psi(&self, smoothing: f64) -> Result<StabilityIndex, Unanswerable> {
        if !(smoothing >= 0.0 && smoothing.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "smoothing",
                value: smoothing,
                expected: "it has to be finite and at least 0",
            });
        }
        let categories = self.len() as f64;
        // (c + s) / (n + s K), with c = p n.
        let smooth = |p: f64, n: f64| (p + smoothing / n) / (1.0 + smoothing / n * categories);
        let Arms { canary: m, baseline: n } = self.sizes;
        let (mut psi, mut slopes) = (0.0, Slopes::default());
        for (p, q) in self.pairs() {
            let (p, q) = (smooth(p, m), smooth(q, n));
            let log = (p / q).ln();
            if !log.is_finite() {
                return Err(Unanswerable::Undefined {
                    test: "psi",
                    why: "a category is empty in one arm; smooth, or merge rare categories",
                });
            }
            psi += (p - q) * log;
            slopes.add((p, log + 1.0 - q / p), (q, 1.0 - p / q - log));
        }
        let dof = self.dof();
        Ok(StabilityIndex {
            psi,
            debiased: psi - dof as f64 * (1.0 / m + 1.0 / n),
            standard_error: slopes.standard_error(self.sizes),
            dof,
            p_value: upper_tail(psi * self.effective(), dof),
        })
    }

    /// The Jensen-Shannon divergence: the mean Kullback-Leibler divergence of the arms from their middle.
    ///
    /// Always finite, empty categories included. Biased upwards as PSI is; `p_value` allows for it.
    ///
    /// ```
    /// use serinus::stats::divergence::Categories;
    /// # fn main() -> Result<(), serinus::stats::Unanswerable> {
    /// assert_eq!(Categories::new(&[10.0, 0.0], &[0.0, 10.0])?.jensen_shannon().distance, 1.0);
    /// # Ok(()) }
    /// ```
    pub fn jensen_shannon(&self) -> JensenShannon {
        let (mut nats, mut slopes) = (0.0, Slopes::default());
        for (p, q) in self.pairs() {
            let middle = 0.5 * p + 0.5 * q;
            nats += 0.5 * divergence_term(p, middle) + 0.5 * divergence_term(q, middle);
            let slope = |v: f64| if v > 0.0 { 0.5 * (v / middle).ln() } else { 0.0 };
            slopes.add((p, slope(p)), (q, slope(q)));
        }
        let nats = nats.clamp(0.0, LN_2);
        let bits = (nats / LN_2).min(1.0);
        let dof = self.dof();
        JensenShannon {
            bits,
            nats,
            distance: bits.sqrt(),
            distance_nats: nats.sqrt(),
            standard_error_nats: slopes.standard_error(self.sizes),
            dof,
            p_value: upper_tail(8.0 * nats * self.effective(), dof),
        }
    }

    /// The table with its rarest categories merged until at most a fifth of its expected counts are below 5.
    ///
    /// Cochran's (1954) rule for the chi-square approximation. The two categories with the smallest pooled shares are
    /// merged, again and again; between equal shares the earlier wins, so that the answer is one. Stops at two
    /// categories. O(K^2).
    pub fn merge_rare(&self) -> Categories {
        let Arms { canary: m, baseline: n } = self.sizes;
        let mut table: Vec<(f64, f64)> = self.pairs().collect();
        while table.len() > 2 {
            let low = table.iter().map(|&(p, q)| self.pooled(p, q));
            let low: usize = low.map(|r| usize::from(r * m < 5.0) + usize::from(r * n < 5.0)).sum();
            // low / (2 K) at most 1/5.
            if 5 * low <= 2 * table.len() {
                break;
            }
            let mut order: Vec<usize> = (0..table.len()).collect();
            order.sort_by(|&a, &b| self.pooled(table[a].0, table[a].1).total_cmp(&self.pooled(table[b].0, table[b].1)));
            let (first, second) = (order[0].min(order[1]), order[0].max(order[1]));
            let (p, q) = table.remove(second);
            table[first].0 += p;
            table[first].1 += q;
        }
        let (canary, baseline) = table.into_iter().unzip();
        Categories { shares: Arms { canary, baseline }, sizes: self.sizes }
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.shares.canary.iter().copied().zip(self.shares.baseline.iter().copied())
    }

    /// A category's share of all rows.
    fn pooled(&self, p: f64, q: f64) -> f64 {
        let canary = 1.0 / (1.0 + self.sizes.baseline / self.sizes.canary);
        let baseline = 1.0 / (1.0 + self.sizes.canary / self.sizes.baseline);
        canary * p + baseline * q
    }

    /// m n / (m + n).
    fn effective(&self) -> f64 {
        let (few, many) = (self.sizes.canary.min(self.sizes.baseline), self.sizes.canary.max(self.sizes.baseline));
        few / (1.0 + few / many)
    }

    fn dof(&self) -> u64 {
        self.len() as u64 - 1
    }

    fn homogeneity(&self, statistic: f64) -> Homogeneity {
        let dof = self.dof();
        Homogeneity { statistic, dof, p_value: upper_tail(statistic, dof) }
    }
}

/// Slopes of a function of shares, for its delta-method variance: each arm's is the multinomial variance of its slopes.
#[derive(Default)]
struct Slopes {
    canary: (f64, f64),
    baseline: (f64, f64),
}

impl Slopes {
    /// Adds a category: each arm's (share, slope).
    fn add(&mut self, canary: (f64, f64), baseline: (f64, f64)) {
        for (sums, (share, slope)) in [(&mut self.canary, canary), (&mut self.baseline, baseline)] {
            sums.0 += share * slope;
            sums.1 += share * slope * slope;
        }
    }

    fn standard_error(&self, sizes: Arms<f64>) -> f64 {
        let variance = |(mean, square): (f64, f64)| (square - mean * mean).max(0.0);
        let squared = variance(self.canary) / sizes.canary + variance(self.baseline) / sizes.baseline;
        squared.min(f64::MAX).sqrt()
    }
}

/// An arm's shares and their number of rows.
fn shares(arm: Arm, counts: &[f64]) -> Result<(Vec<f64>, f64), Unanswerable> {
    if let Some(index) = counts.iter().position(|c| !c.is_finite()) {
        return Err(Unanswerable::NonFinite { test: TEST, arm, index, value: counts[index] });
    }
    if let Some(&value) = counts.iter().find(|c| **c < 0.0) {
        return Err(Unanswerable::Argument { argument: "counts", value, expected: "it has to be at least 0" });
    }
    let largest = counts.iter().fold(0.0, |a: f64, &b| a.max(b));
    if largest == 0.0 {
        return Err(Unanswerable::TooFew { test: TEST, what: "rows", arm, needed: 1, found: 0 });
    }
    let sum: f64 = counts.iter().map(|c| c / largest).sum();
    let size = (sum * largest).min(f64::MAX);
    Ok((counts.iter().map(|c| c / largest / sum).collect(), size))
}

/// p ln(p / q), 0 at p = 0.
fn divergence_term(p: f64, q: f64) -> f64 {
    if p > 0.0 { p * (p / q).ln() } else { 0.0 }
}

fn upper_tail(statistic: f64, dof: u64) -> f64 {
    if dof == 0 || statistic <= 0.0 {
        return 1.0;
    }
    if statistic.is_infinite() {
        return 0.0;
    }
    special::chi2_sf(statistic, dof as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(x: &[f64], y: &[f64]) -> Categories {
        Categories::new(x, y).unwrap()
    }

    #[test]
    fn one_category_shows_no_shift() {
        let t = table(&[4.0, 0.0], &[9.0, 0.0]);
        for test in [t.chi_square(), t.g_test()] {
            assert_eq!((test.statistic, test.dof, test.p_value), (0.0, 0, 1.0));
        }
        assert_eq!(t.psi(0.5).unwrap().p_value, 1.0);
        assert_eq!(t.jensen_shannon().nats, 0.0);
        assert_eq!(t.cramers_v(), 0.0);
    }

    #[test]
    fn an_empty_category_needs_smoothing_for_psi_only() {
        let t = table(&[5.0, 0.0, 15.0], &[40.0, 10.0, 50.0]);
        assert!(matches!(t.psi(0.0), Err(Unanswerable::Undefined { .. })));
        let psi = t.psi(0.5).unwrap();
        // (c + 1/2) / (n + 3/2)
        let (p, q) = ([5.5 / 21.5, 0.5 / 21.5, 15.5 / 21.5], [40.5 / 101.5, 10.5 / 101.5, 50.5 / 101.5]);
        let expected: f64 = p.iter().zip(&q).map(|(p, q): (&f64, &f64)| (p - q) * (p / q).ln()).sum();
        assert!((psi.psi - expected).abs() < 1e-14);
        assert!((psi.debiased - (expected - 2.0 * (1.0 / 20.0 + 1.0 / 100.0))).abs() < 1e-14);
    }

    #[test]
    fn effective_sizes_change_p_values_and_not_distances() {
        let t = table(&[20.0, 60.0, 20.0], &[30.0, 40.0, 30.0]);
        let half = t.clone().with_sizes(Arms { canary: 50.0, baseline: 50.0 }).unwrap();
        assert!((half.chi_square().statistic - 0.5 * t.chi_square().statistic).abs() < 1e-12);
        assert_eq!(half.jensen_shannon().nats, t.jensen_shannon().nats);
        assert!(half.jensen_shannon().p_value > t.jensen_shannon().p_value);
        let doubled = table(&[0.4, 1.2, 0.4], &[3e300, 4e300, 3e300]).with_sizes(Arms { canary: 50.0, baseline: 50.0 });
        assert!((doubled.unwrap().g_test().statistic - half.g_test().statistic).abs() < 1e-12);
    }

    #[test]
    fn rare_categories_merge_until_the_rule_holds() {
        let merged = table(&[1.0, 30.0, 2.0, 0.0, 40.0, 1.0], &[5.0, 300.0, 12.0, 3.0, 420.0, 6.0]).merge_rare();
        let total: f64 = merged.shares().canary.iter().sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert!(merged.len() >= 2 && merged.len() < 6);
        let plenty = table(&[50.0, 60.0], &[500.0, 600.0]);
        assert_eq!(plenty.merge_rare(), plenty);
    }

    #[test]
    fn the_delta_methods_standard_errors_agree_with_differences() {
        // Numeric slopes of the functions of shares, then the multinomial variance by hand.
        let (x, y) = ([20.0, 60.0, 25.0], [30.0, 40.0, 35.0]);
        let t = table(&x, &y);
        let jsd = |x: [f64; 3], y: [f64; 3]| table(&x, &y).jensen_shannon().nats;
        let psi = |x: [f64; 3], y: [f64; 3]| table(&x, &y).psi(0.0).unwrap().psi;
        let error = |f: &dyn Fn([f64; 3], [f64; 3]) -> f64| {
            let mut variance = 0.0;
            for (arm, counts) in [x, y].into_iter().enumerate() {
                let n: f64 = counts.iter().sum();
                // The influence of one more row in category k, from counts that are renormalised.
                for k in 0..3 {
                    let shifted = |h: f64| {
                        let mut c = counts;
                        c[k] += h;
                        if arm == 0 { f(c, y) } else { f(x, c) }
                    };
                    let influence = n * (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
                    variance += counts[k] / n * influence * influence / n;
                }
            }
            variance.sqrt()
        };
        assert!((t.jensen_shannon().standard_error_nats / error(&jsd) - 1.0).abs() < 1e-6);
        assert!((t.psi(0.0).unwrap().standard_error / error(&psi) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(Categories::new(&[1.0], &[1.0, 2.0]).is_err());
        assert!(Categories::new(&[], &[]).is_err());
        assert!(Categories::new(&[0.0, 0.0], &[1.0, 2.0]).is_err());
        assert!(Categories::new(&[-1.0, 2.0], &[1.0, 2.0]).is_err());
        assert!(Categories::new(&[f64::NAN, 2.0], &[1.0, 2.0]).is_err());
        assert!(table(&[1.0], &[1.0]).psi(-1.0).is_err());
    }
}
