//! Comparisons when rows come in clusters: several requests of one user are not several users.
//!
//! One formula covers means of rows, ratios of sums (clicks over impressions) and anything that is a sum over a sum.

use std::collections::BTreeMap;

use super::ecdf::{self, Admit};
use super::estimate::{Contrast, Tested, satterthwaite};
use super::{Alternative, Unanswerable, scale};
use crate::arms::{Arm, Arms};

const TEST: &str = "cluster_ratio";
/// Below this many clusters in an arm the variance is too poor an estimate to be used.
pub const LEAST_CLUSTERS: u64 = 5;
/// Below this many clusters in an arm the answer deserves a flag.
pub const FEW_CLUSTERS: u64 = 20;

/// One arm's ratio of sums over clusters, with its cluster-robust error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterRatio {
    /// Sum of numerators over sum of denominators.
    pub ratio: f64,
    /// Root of G/(G-1) sum (u - R d)^2 / (sum d)^2; 0 with one cluster.
    pub standard_error: f64,
    /// The same without G/(G-1): HC0, statsmodels' `use_correction=False`.
    pub standard_error_hc0: f64,
    /// Number of clusters, G.
    pub clusters: u64,
    pivot: f64,
    /// `ratio` less the pivot, where the digits are when rows are 1e9 and something.
    centred: f64,
}

/// The ratio of sums of one arm, each entry one cluster's totals; the delta method of Deng, Knoblich & Lu (2018, KDD).
///
/// ```
/// use serinus::{Arm, stats::cluster::cluster_ratio};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let clicks = [0.0, 1.0, 0.0, 2.0, 1.0];
/// let impressions = [1.0, 4.0, 1.0, 8.0, 6.0];
/// assert_eq!(cluster_ratio(Arm::Canary, &clicks, &impressions)?.ratio, 0.2);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No clusters, lists of different lengths, a value that is NaN or infinite, a negative denominator, a sum of
/// denominators of 0, a ratio above the largest f64.
pub fn cluster_ratio(arm: Arm, numerators: &[f64], denominators: &[f64]) -> Result<ClusterRatio, Unanswerable> {
    ratio_about(arm, 0.0, numerators, denominators)
}

fn ratio_about(arm: Arm, pivot: f64, numerators: &[f64], denominators: &[f64]) -> Result<ClusterRatio, Unanswerable> {
    if numerators.len() != denominators.len() {
        return Err(Unanswerable::Argument {
            argument: "denominators",
            value: denominators.len() as f64,
            expected: "it has to hold one denominator a numerator",
        });
    }
    ecdf::enough(TEST, "clusters", arm, 1, numerators.len())?;
    ecdf::check(TEST, arm, numerators, Admit::Finite)?;
    ecdf::check(TEST, arm, denominators, Admit::Finite)?;
    if let Some(&value) = denominators.iter().find(|d| **d < 0.0) {
        return Err(Unanswerable::Argument { argument: "denominators", value, expected: "it has to be at least 0" });
    }
    let (unit_u, unit_d) = (scale::exponent_of(numerators), scale::exponent_of(denominators));
    let rows = || numerators.iter().zip(denominators).map(|(u, d)| (scale::down(*u, unit_u), scale::down(*d, unit_d)));
    let whole = scale::sum(rows().map(|(_, d)| d));
    if whole <= 0.0 {
        return Err(Unanswerable::Undefined { test: TEST, why: "the denominators sum to 0" });
    }
    let scaled = scale::sum(rows().map(|(u, _)| u)) / whole;
    let squares = scale::sum(rows().map(|(u, d)| (u - scaled * d).powi(2)));
    let clusters = numerators.len() as f64;
    let hc0 = squares.sqrt() / whole;
    let correction = if clusters > 1.0 { (clusters / (clusters - 1.0)).sqrt() } else { 0.0 };
    let up = |v: f64| scale::up(v, unit_u - unit_d);
    let centred = up(scaled);
    let out = ClusterRatio {
        ratio: pivot + centred,
        standard_error: up(hc0 * correction),
        standard_error_hc0: up(hc0),
        clusters: numerators.len() as u64,
        pivot,
        centred,
    };
    if out.ratio.is_finite() && out.standard_error.is_finite() {
        return Ok(out);
    }
    Err(Unanswerable::Undefined { test: TEST, why: "the ratio is above the largest number there is" })
}

/// Each arm's mean of rows, with the error of its clusters. Row i belongs to cluster `clusters[i]` of its arm.
///
/// Sums are taken about the first baseline value, so that rows of 1e9 and something keep their digits. O(n log G).
///
/// ```
/// use serinus::{Arms, stats::cluster::{cluster_contrast, clustered_means}};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let users: Vec<u64> = (0..30).map(|i| i / 3).collect();
/// let baseline: Vec<f64> = users.iter().map(|u| (u * u % 7) as f64).collect();
/// let canary: Vec<f64> = users.iter().map(|u| (u * u % 5) as f64).collect();
/// let arms = clustered_means(&canary, &users, &baseline, &users)?;
/// // Ten users answer, not thirty rows.
/// assert!(cluster_contrast(&arms.canary, &arms.baseline, 1.0)?.dof <= 18.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`cluster_ratio`].
pub fn clustered_means(
    x: &[f64],
    x_clusters: &[u64],
    y: &[f64],
    y_clusters: &[u64],
) -> Result<Arms<ClusterRatio>, Unanswerable> {
    let pivot = y.iter().copied().find(|v| v.is_finite()).unwrap_or(0.0);
    let arm = |arm, values: &[f64], ids: &[u64]| {
        ecdf::check(TEST, arm, values, Admit::Finite)?;
        // A pivot of the other sign could overflow the difference; there is then nothing to centre.
        let reach = values.iter().fold(0.0, |a: f64, v| a.max((v - pivot).abs()));
        let pivot = if reach.is_finite() { pivot } else { 0.0 };
        let (numerators, sizes) = totals(values, ids, pivot)?;
        ratio_about(arm, pivot, &numerators, &sizes)
    };
    Ok(Arms { canary: arm(Arm::Canary, x, x_clusters)?, baseline: arm(Arm::Baseline, y, y_clusters)? })
}

/// Each cluster's sum of (value - pivot) and its size, in order of the clusters' ids.
fn totals(values: &[f64], ids: &[u64], pivot: f64) -> Result<(Vec<f64>, Vec<f64>), Unanswerable> {
    if ids.len() != values.len() {
        return Err(Unanswerable::Argument {
            argument: "clusters",
            value: ids.len() as f64,
            expected: "it has to hold one cluster a row",
        });
    }
    let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (value, id) in values.iter().zip(ids) {
        let sum = sums.entry(*id).or_default();
        sum.0 += value - pivot;
        sum.1 += 1.0;
    }
    Ok(sums.into_values().unzip())
}

/// The contrast R_canary - rho R_baseline, with t and Satterthwaite's degrees of freedom from each arm's clusters.
///
/// `rho` is 1 for a difference, 1 plus or minus the margin for a relative margin, which needs no division by the baseline.
/// Fewer than [`FEW_CLUSTERS`] clusters in an arm deserve a flag.
///
/// # Errors
/// Fewer than [`LEAST_CLUSTERS`] clusters in an arm, no spread in either arm, a `rho` that is not finite.
pub fn cluster_contrast(canary: &ClusterRatio, baseline: &ClusterRatio, rho: f64) -> Result<Contrast, Unanswerable> {
    for (arm, ratio) in [(Arm::Canary, canary), (Arm::Baseline, baseline)] {
        ecdf::enough(TEST, "clusters", arm, LEAST_CLUSTERS, ratio.clusters as usize)?;
    }
    if !rho.is_finite() {
        return Err(Unanswerable::Argument { argument: "rho", value: rho, expected: "it has to be finite" });
    }
    let parts = [
        (canary.standard_error, canary.clusters as f64 - 1.0),
        (rho.abs() * baseline.standard_error, baseline.clusters as f64 - 1.0),
    ];
    let Some(dof) = satterthwaite(parts) else {
        return Err(Unanswerable::Undefined { test: TEST, why: "no cluster differs from its arm's ratio" });
    };
    let estimate = if canary.pivot == baseline.pivot {
        canary.centred - rho * baseline.centred + (1.0 - rho) * canary.pivot
    } else {
        canary.ratio - rho * baseline.ratio
    };
    Ok(Contrast { estimate, standard_error: parts[0].0.hypot(parts[1].0), dof })
}

/// The standard error of the difference as R's `vcovCL(type = "HC1", cadjust = TRUE)` has it: the HC0 errors of both arms
/// with one factor G/(G-1) (N-1)/(N-2) over the G clusters and N rows of both. `None` with two rows or fewer.
pub fn pooled_standard_error_hc1(arms: &Arms<ClusterRatio>, rows: u64) -> Option<f64> {
    let clusters = (arms.canary.clusters + arms.baseline.clusters) as f64;
    let n = rows as f64;
    let hc0 = arms.canary.standard_error_hc0.hypot(arms.baseline.standard_error_hc0);
    (rows > 2).then(|| hc0 * (clusters / (clusters - 1.0) * (n - 1.0) / (n - 2.0)).sqrt())
}

/// How alike the rows of one cluster are, by one-way analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntraclassCorrelation {
    /// Mean square between clusters; infinite above the largest f64.
    pub between: f64,
    /// Mean square within clusters; infinite above the largest f64.
    pub within: f64,
    /// The size that stands for sizes that differ, (N - sum n^2 / N) / (k - 1).
    pub typical_size: f64,
    /// (MSB - MSW) / (MSB + (n0 - 1) MSW); negative values mean no likeness. `None` when all values are equal.
    pub icc: Option<f64>,
}

/// The intraclass correlation of one arm, from the mean squares of R's `anova`.
///
/// ```
/// use serinus::{Arm, stats::cluster::intraclass_correlation};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let alike = intraclass_correlation(Arm::Canary, &[1.0, 1.0, 5.0, 5.0, 9.0, 9.0], &[0, 0, 1, 1, 2, 2])?;
/// assert_eq!(alike.icc, Some(1.0));
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two clusters, no cluster of two rows, a value that is NaN or infinite.
pub fn intraclass_correlation(
    arm: Arm,
    values: &[f64],
    clusters: &[u64],
) -> Result<IntraclassCorrelation, Unanswerable> {
    let test = "intraclass_correlation";
    ecdf::check(test, arm, values, Admit::Finite)?;
    let unit = scale::exponent_of(values);
    let pivot = values.first().map_or(0.0, |v| scale::down(*v, unit));
    let scaled: Vec<f64> = values.iter().map(|v| scale::down(*v, unit) - pivot).collect();
    let (sums, sizes) = totals(&scaled, clusters, 0.0)?;
    ecdf::enough(test, "clusters", arm, 2, sums.len())?;
    let (n, k) = (values.len() as f64, sums.len() as f64);
    if n <= k {
        return Err(Unanswerable::TooFew { test, what: "rows in some cluster", arm, needed: 2, found: 1 });
    }
    let mean = scale::sum(sums.iter().copied()) / n;
    let cluster_means: BTreeMap<u64, f64> = {
        let mut ids = clusters.to_vec();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().zip(sums.iter().zip(&sizes).map(|(s, n)| s / n)).collect()
    };
    let between = scale::sum(cluster_means.values().zip(&sizes).map(|(m, n)| n * (m - mean).powi(2))) / (k - 1.0);
    let within = scale::sum(scaled.iter().zip(clusters).map(|(v, id)| (v - cluster_means[id]).powi(2))) / (n - k);
    let typical_size = (n - sizes.iter().map(|s| s * s).sum::<f64>() / n) / (k - 1.0);
    let whole = between + (typical_size - 1.0) * within;
    Ok(IntraclassCorrelation {
        between: scale::up(between, 2 * unit),
        within: scale::up(within, 2 * unit),
        typical_size,
        icc: (whole > 0.0).then(|| (between - within) / whole),
    })
}

/// By how much clusters of these sizes inflate a variance: 1 + (sum n^2 / sum n - 1) icc, a negative icc counting 0.
///
/// sum n^2 / sum n is the mean size times 1 + cv^2. `None` without rows.
///
/// ```
/// use serinus::stats::cluster::design_effect;
/// assert_eq!(design_effect(0.1, &[21, 21, 21]), Some(3.0));
/// assert_eq!(design_effect(-0.2, &[21, 21, 21]), Some(1.0));
/// ```
pub fn design_effect(icc: f64, sizes: &[u64]) -> Option<f64> {
    let (sum, squares) = sizes.iter().map(|&n| n as f64).fold((0.0, 0.0), |(s, q), n| (s + n, q + n * n));
    (sum > 0.0 && !icc.is_nan()).then(|| 1.0 + (squares / sum - 1.0) * icc.clamp(0.0, 1.0))
}

/// The clustered rank comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredRank {
    /// P(canary > baseline) + P(equal) / 2, over rows.
    pub theta: f64,
    /// What the canary's clusters add to the variance of `theta`.
    pub variance_canary: f64,
    /// What the baseline's clusters add.
    pub variance_baseline: f64,
    /// `theta`, its standard error and Satterthwaite's degrees of freedom over clusters.
    pub contrast: Contrast,
}

impl ClusteredRank {
    /// Tests `theta` against `null`, 1/2 for no tendency.
    ///
    /// # Errors
    /// No spread: each canary row stands alike to all baseline rows.
    pub fn test(&self, null: f64, alternative: Alternative) -> Result<Tested, Unanswerable> {
        self.contrast.test(null, alternative)
    }
}

/// Does the canary tend to be larger, when rows come in clusters? Obuchowski (1997), Biometrics 53:567.
///
/// Placements as in DeLong's variance, summed over each cluster before they are squared. Clusters are taken as nested in
/// arms. Infinite values are values. O(N log N).
///
/// ```
/// use serinus::stats::{Alternative, cluster::clustered_rank};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let users: Vec<u64> = (0..60).map(|i| i / 3).collect();
/// let baseline: Vec<f64> = users.iter().map(|u| (u * 7 % 20) as f64).collect();
/// let canary: Vec<f64> = users.iter().map(|u| (u * 3 % 20) as f64 + 9.5).collect();
/// let rank = clustered_rank(&canary, &users, &baseline, &users)?;
/// assert!(rank.theta > 0.8 && rank.test(0.5, Alternative::Greater)?.p_value < 0.001);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two clusters in an arm, a NaN, clusters that are not one a row.
pub fn clustered_rank(
    x: &[f64],
    x_clusters: &[u64],
    y: &[f64],
    y_clusters: &[u64],
) -> Result<ClusteredRank, Unanswerable> {
    let test = "clustered_rank";
    let sorted = ecdf::sorted_arms(test, x, y, Admit::Infinite)?;
    let placements = |values: &[f64], other: &[f64]| -> Vec<f64> {
        let half = 0.5 / other.len() as f64;
        let place = |v: &f64| other.partition_point(|o| o < v) + other.partition_point(|o| o <= v);
        values.iter().map(|v| place(v) as f64 * half).collect()
    };
    let (p, q) = (placements(x, &sorted.baseline), placements(y, &sorted.canary));
    let theta = scale::sum(p.iter().copied()) / p.len() as f64;
    let part = |arm, placements: &[f64], ids: &[u64], mean: f64| {
        let (sums, _) = totals(placements, ids, mean)?;
        ecdf::enough(test, "clusters", arm, 2, sums.len())?;
        let clusters = sums.len() as f64;
        let squares = scale::sum(sums.iter().map(|s| (s / placements.len() as f64).powi(2)));
        Ok::<_, Unanswerable>((clusters / (clusters - 1.0) * squares, clusters - 1.0))
    };
    let canary = part(Arm::Canary, &p, x_clusters, theta)?;
    let baseline = part(Arm::Baseline, &q, y_clusters, 1.0 - theta)?;
    let parts = [(canary.0.sqrt(), canary.1), (baseline.0.sqrt(), baseline.1)];
    Ok(ClusteredRank {
        theta,
        variance_canary: canary.0,
        variance_baseline: baseline.0,
        contrast: Contrast {
            estimate: theta,
            standard_error: (canary.0 + baseline.0).sqrt(),
            dof: satterthwaite(parts).unwrap_or(f64::INFINITY),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(n: u64, step: u64, offset: f64) -> Vec<f64> {
        (0..n).map(|i| offset + (i * step % n) as f64 / 3.0).collect()
    }

    #[test]
    fn rows_as_clusters_give_welch() {
        let (x, y) = (spread(9, 5, 1.0), spread(14, 3, 0.0));
        let ids: Vec<u64> = (0..14).collect();
        let arms = clustered_means(&x, &ids[..9], &y, &ids).unwrap();
        let found = cluster_contrast(&arms.canary, &arms.baseline, 1.0).unwrap();
        let moments = |v: &[f64]| {
            let n = v.len() as f64;
            let mean = v.iter().sum::<f64>() / n;
            (mean, v.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / (n - 1.0) / n, n - 1.0)
        };
        let (a, b) = (moments(&x), moments(&y));
        assert!((found.estimate - (a.0 - b.0)).abs() < 1e-13);
        assert!((found.standard_error - (a.1 + b.1).sqrt()).abs() < 1e-14);
        let dof = (a.1 + b.1).powi(2) / (a.1 * a.1 / a.2 + b.1 * b.1 / b.2);
        assert!((found.dof - dof).abs() < 1e-10);
    }

    #[test]
    fn large_offsets_and_scales_keep_the_digits() {
        let ids: Vec<u64> = (0..24).map(|i| i / 2).collect();
        let (x, y) = (spread(24, 7, 0.25), spread(24, 11, 0.0));
        let plain = clustered_means(&x, &ids, &y, &ids).unwrap();
        let plain = cluster_contrast(&plain.canary, &plain.baseline, 1.0).unwrap();
        let grid = 2f64.powi(-20);
        let shift = |v: &[f64]| v.iter().map(|a| (a / grid).round() * grid + 1048576.0).collect::<Vec<_>>();
        let near = |v: &[f64]| v.iter().map(|a| (a / grid).round() * grid).collect::<Vec<_>>();
        let contrast = |x: &[f64], y: &[f64]| {
            let arms = clustered_means(x, &ids, y, &ids).unwrap();
            cluster_contrast(&arms.canary, &arms.baseline, 1.0).unwrap()
        };
        let (moved, still) = (contrast(&shift(&x), &shift(&y)), contrast(&near(&x), &near(&y)));
        assert!((moved.estimate / still.estimate - 1.0).abs() < 1e-12);
        for factor in [2f64.powi(900), 2f64.powi(-900)] {
            let by = |v: &[f64]| v.iter().map(|a| a * factor).collect::<Vec<_>>();
            let scaled = contrast(&by(&x), &by(&y));
            assert_eq!(scaled.estimate, plain.estimate * factor);
            assert_eq!(scaled.dof, plain.dof);
        }
    }

    #[test]
    fn few_clusters_and_no_spread_are_no_answer() {
        let ids = [0, 0, 1, 1, 2, 3];
        let arms = clustered_means(&spread(6, 5, 0.0), &ids, &spread(6, 1, 0.0), &ids).unwrap();
        assert!(matches!(cluster_contrast(&arms.canary, &arms.baseline, 1.0), Err(Unanswerable::TooFew { .. })));
        let ids: Vec<u64> = (0..6).collect();
        let flat = clustered_means(&[1.0; 6], &ids, &[2.0; 6], &ids).unwrap();
        assert!(matches!(cluster_contrast(&flat.canary, &flat.baseline, 1.0), Err(Unanswerable::Undefined { .. })));
        assert!(cluster_ratio(Arm::Canary, &[0.0, 1.0], &[0.0, 0.0]).is_err());
        assert!(clustered_rank(&[1.0, 2.0], &[0, 0], &[1.0, 2.0], &[0, 1]).is_err());
    }

    #[test]
    fn constant_values_have_no_likeness() {
        let icc = intraclass_correlation(Arm::Canary, &[3.0; 6], &[0, 0, 1, 1, 2, 2]).unwrap();
        assert_eq!((icc.between, icc.within, icc.icc), (0.0, 0.0, None));
        assert!(intraclass_correlation(Arm::Canary, &[3.0, 4.0], &[0, 1]).is_err());
        assert!(intraclass_correlation(Arm::Canary, &[3.0, 4.0], &[0, 0]).is_err());
    }
}
