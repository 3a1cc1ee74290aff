//! Do two samples come from one distribution, wherever the difference lies? And is the largest gap small enough?
//!
//! The p-value says whether the distributions differ at all, which with enough rows they always do; [`gate`] says
//! whether the gap is shown to be larger or smaller than a gap that matters.

use super::ecdf::{self, Admit, ShareStep};
use super::kolmogorov_one_sample::two_sided_sf;
use super::rank::{self, SortedArms, Sweep};
use super::{Alternative, Unanswerable, special};
use crate::arms::{Arm, Arms};

const TEST: &str = "kolmogorov_smirnov";
/// Up to this many pairs of rows [`KsMethod::Auto`] counts lattice paths.
pub const EXACT_PAIRS: u64 = 1_000_000;
/// The most pairs of rows for which paths are counted when asked, about a second's work.
pub const MOST_PAIRS: u64 = 200_000_000;

/// How the p-value is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KsMethod {
    /// [`KsMethod::Exact`] up to [`EXACT_PAIRS`] pairs of rows, else [`KsMethod::OneSample`].
    #[default]
    Auto,
    /// Counts lattice paths, given the ties (Schroeer & Trenkler 1995); R's `ks.test(exact = TRUE)` since 4.2.
    Exact,
    /// Counts lattice paths as if there were no ties, which is conservative when there are; SciPy's `exact`.
    ExactUntied,
    /// The one-sample law at n = round(mn / (m + n)); SciPy's `asymp`. One-sided: Hodges (1958), equation 5.3.
    OneSample,
    /// Kolmogorov's limit law; R's `ks.test(exact = FALSE)`. One-sided: Smirnov's exp(-2 d^2 mn / (m + n)).
    Limit,
}

/// The largest gap between two empirical distribution functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The gap, in [0, 1].
    pub d: f64,
    /// The smallest value at which the gap is reached.
    pub location: f64,
    /// SciPy's sign: 1 where the canary's distribution function lies above (the canary is smaller), else -1.
    pub sign: i8,
    /// Probability of a gap at least this large when both arms have one distribution.
    pub p_value: f64,
    /// How `p_value` was found; never [`KsMethod::Auto`].
    pub method: KsMethod,
}

/// The two-sample Kolmogorov-Smirnov test of canary `x` against baseline `y`.
///
/// The gap is looked for after each distinct pooled value, so ties are handled; infinite values are values.
/// `Alternative::Less` asks whether the canary is smaller: the largest amount by which its distribution function lies
/// above the baseline's. DIFFERENCE: SciPy names the functions and not the values, so its `greater` is our `Less`.
///
/// O(N log N) for the gap; exact p-values take O(mn) time and O(n) memory, without ties and with arms of one size O(n).
///
/// ```
/// use serinus::stats::{Alternative, kolmogorov_smirnov::{KsMethod, kolmogorov_smirnov}};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let canary = [31.0, 35.0, 38.0, 44.0, 52.0];
/// let baseline = [11.0, 12.0, 15.0, 19.0, 22.0, 24.0];
/// let ks = kolmogorov_smirnov(&canary, &baseline, Alternative::TwoSided, KsMethod::Auto)?;
/// assert_eq!((ks.d, ks.sign, ks.location), (1.0, -1, 24.0));
/// // Two of the 462 ways to deal eleven values into five and six separate the arms.
/// assert!((ks.p_value - 2.0 / 462.0).abs() < 1e-15);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An empty arm, a NaN, or more than [`MOST_PAIRS`] pairs of rows for an exact p-value.
pub fn kolmogorov_smirnov(
    x: &[f64],
    y: &[f64],
    alternative: Alternative,
    method: KsMethod,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    match counted(x, y, alternative, method)? {
        Some(found) => Ok(found),
        None => kolmogorov_smirnov_sorted(&SortedArms::new(TEST, x, y)?, alternative, method),
    }
}

/// [`kolmogorov_smirnov`] in the memory of the samples: half the memory.
///
/// # Errors
/// As [`kolmogorov_smirnov`].
pub fn kolmogorov_smirnov_owned(
    x: Vec<f64>,
    y: Vec<f64>,
    alternative: Alternative,
    method: KsMethod,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    if let Some(found) = counted(&x, &y, alternative, method)? {
        return Ok(found);
    }
    kolmogorov_smirnov_sorted(&SortedArms::of_owned(TEST, x, y, &mut Vec::new())?, alternative, method)
}

/// The test without putting the arms in order, where they lie on a grid and their ties do not matter.
fn counted(
    x: &[f64],
    y: &[f64],
    alternative: Alternative,
    method: KsMethod,
) -> Result<Option<KolmogorovSmirnov>, Unanswerable> {
    ecdf::enough(TEST, "rows", Arm::Canary, 1, x.len())?;
    ecdf::enough(TEST, "rows", Arm::Baseline, 1, y.len())?;
    if settled(method, x.len(), y.len()) == KsMethod::Exact {
        return Ok(None);
    }
    match rank::counted_sweep(TEST, x, y)? {
        Some(sweep) => of_sweep(&sweep, alternative, method, None).map(Some),
        None => Ok(None),
    }
}

/// [`kolmogorov_smirnov`] of arms that are sorted already.
///
/// # Errors
/// As [`kolmogorov_smirnov`].
pub fn kolmogorov_smirnov_sorted(
    arms: &SortedArms,
    alternative: Alternative,
    method: KsMethod,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    let (x, y) = (arms.x(), arms.y());
    match Sweep::of(x, y) {
        Some(sweep) => of_sweep(&sweep, alternative, method, Some(arms)),
        // Beyond 1e14 pairs rounding decides between gaps, and no exact law is near.
        None => {
            let gap = Gap::of(ecdf::shares_of(x, y), alternative);
            answer(gap, 0, (x.len(), y.len()), alternative, method, None)
        }
    }
}

/// [`kolmogorov_smirnov`] of one pass over both arms; the arms themselves are needed by [`KsMethod::Exact`] only.
pub(crate) fn of_sweep(
    sweep: &Sweep,
    alternative: Alternative,
    method: KsMethod,
    arms: Option<&SortedArms>,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    let (above, below) = (sweep.above, sweep.below);
    let gap = Gap::between((above.difference, above.value), (below.difference, below.value), alternative);
    let reach = match alternative {
        Alternative::TwoSided => above.times_mn.max(below.times_mn),
        Alternative::Less => above.times_mn,
        Alternative::Greater => below.times_mn,
    };
    let (m, n) = sweep.sizes();
    answer(gap, i128::from(reach), (m as usize, n as usize), alternative, method, arms)
}

/// What [`KsMethod::Auto`] comes to for these sizes.
pub(crate) fn settled(method: KsMethod, m: usize, n: usize) -> KsMethod {
    match method {
        KsMethod::Auto if pairs(m, n) <= EXACT_PAIRS => KsMethod::Exact,
        KsMethod::Auto => KsMethod::OneSample,
        other => other,
    }
}

fn pairs(m: usize, n: usize) -> u64 {
    (m as u128 * n as u128).min(u128::from(u64::MAX)) as u64
}

fn answer(
    gap: Gap,
    reach: i128,
    (m, n): (usize, usize),
    alternative: Alternative,
    method: KsMethod,
    arms: Option<&SortedArms>,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    let method = settled(method, m, n);
    let p_value = match method {
        KsMethod::ExactUntied if m == n => equal_arms_reach(reach, n, alternative),
        KsMethod::Exact | KsMethod::ExactUntied | KsMethod::Auto => {
            if pairs(m, n) > MOST_PAIRS {
                return Err(Unanswerable::TooLarge {
                    test: "exact kolmogorov_smirnov",
                    limit: MOST_PAIRS,
                    needed: pairs(m, n),
                });
            }
            let ends = arms.filter(|_| method == KsMethod::Exact).map(|arms| group_ends(arms.x(), arms.y()));
            paths_that_reach(reach, m, n, alternative, ends.as_deref())
        }
        KsMethod::OneSample => one_sample_p(gap.d, m as f64, n as f64, alternative),
        KsMethod::Limit => limit_p(gap.d, effective(m as f64, n as f64), alternative),
    };
    Ok(KolmogorovSmirnov { d: gap.d, location: gap.location, sign: gap.sign, p_value: p_value.clamp(0.0, 1.0), method })
}

/// The Kolmogorov-Smirnov gap of weighted arms, such as a baseline reweighted to the canary's strata.
///
/// `sizes` are the effective numbers of rows (Kish's size over the design effect, see
/// [`kish_size`](super::ecdf::kish_size)); the p-value is that of the one-sample law at round(mn / (m + n)) with them
/// in place of m and n. Rows of weight 0 are no rows. With equal weights and the true sizes this is
/// [`KsMethod::OneSample`]. O(N log N).
///
/// ```
/// use serinus::{Arms, stats::kolmogorov_smirnov::weighted};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let values = Arms { canary: &[1.0, 2.0, 9.0][..], baseline: &[1.0, 2.0, 9.0][..] };
/// let weights = Arms { canary: &[1.0, 1.0, 1.0][..], baseline: &[2.0, 2.0, 0.0][..] };
/// let ks = weighted(values, weights, Arms { canary: 3.0, baseline: 2.0 })?;
/// assert!((ks.d - 1.0 / 3.0).abs() < 1e-15);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An arm without weight, a NaN, a weight that is negative or not finite, a size that is not positive.
pub fn weighted(
    values: Arms<&[f64]>,
    weights: Arms<&[f64]>,
    sizes: Arms<f64>,
) -> Result<KolmogorovSmirnov, Unanswerable> {
    positive("sizes.canary", sizes.canary)?;
    positive("sizes.baseline", sizes.baseline)?;
    let steps = ecdf::weighted_shares(TEST, values, weights, Admit::Infinite)?;
    let gap = Gap::of(steps.into_iter(), Alternative::TwoSided);
    let p_value = one_sample_p(gap.d, sizes.canary, sizes.baseline, Alternative::TwoSided);
    Ok(KolmogorovSmirnov { d: gap.d, location: gap.location, sign: gap.sign, p_value, method: KsMethod::OneSample })
}

/// [`weighted`] of rows that weigh alike: an eighth of its memory.
pub(crate) fn unweighted(values: Arms<&[f64]>, sizes: Arms<f64>) -> Result<KolmogorovSmirnov, Unanswerable> {
    positive("sizes.canary", sizes.canary)?;
    positive("sizes.baseline", sizes.baseline)?;
    let sorted = ecdf::sorted_arms(TEST, values.canary, values.baseline, Admit::Infinite)?;
    let gap = Gap::of(ecdf::shares(&sorted), Alternative::TwoSided);
    let p_value = one_sample_p(gap.d, sizes.canary, sizes.baseline, Alternative::TwoSided);
    Ok(KolmogorovSmirnov { d: gap.d, location: gap.location, sign: gap.sign, p_value, method: KsMethod::OneSample })
}

/// What the data show about a gap against the largest gap that is acceptable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KsGate {
    /// What the true gap is at least, at the level asked.
    pub low: f64,
    /// What the true gap is at most, at the level asked.
    pub high: f64,
    /// p-value of "the true gap is at least `d_max`"; small means shown equivalent.
    pub p_safe: f64,
    /// p-value of "the true gap is at most `d_max`"; small means shown shifted.
    pub p_harm: f64,
}

/// Is the true gap between the distributions shown to be below, or above, `d_max`?
///
/// By the inequality of Dvoretzky, Kiefer & Wolfowitz with Massart's (1990) constant on each arm and a union bound: at
/// level alpha the observed gap is within sqrt(ln(4/alpha)/2) (1/sqrt(m) + 1/sqrt(n)) of the true one. The p-values
/// invert it: 4 exp(-2 (d_max - d)^2 / (1/sqrt(m) + 1/sqrt(n))^2), at most 1. Holds for every sample size and with
/// ties, and is conservative. `sizes` may be effective sizes; then it holds as far as they do.
///
/// ```
/// use serinus::{Arms, stats::kolmogorov_smirnov::gate};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let many = gate(0.01, Arms { canary: 20_000.0, baseline: 20_000.0 }, 0.10, 0.05)?;
/// assert!(many.high < 0.10 && many.p_safe < 1e-10);
/// let few = gate(0.01, Arms { canary: 100.0, baseline: 20_000.0 }, 0.10, 0.05)?;
/// assert!(few.high > 0.10 && few.p_safe > 0.05);
/// # Ok(()) }
/// ```
///
/// # Errors
/// `d` or `d_max` outside [0, 1], `alpha` outside (0, 1), a size that is not positive.
pub fn gate(d: f64, sizes: Arms<f64>, d_max: f64, alpha: f64) -> Result<KsGate, Unanswerable> {
    positive("sizes.canary", sizes.canary)?;
    positive("sizes.baseline", sizes.baseline)?;
    for (argument, value) in [("d", d), ("d_max", d_max)] {
        if !(0.0..=1.0).contains(&value) {
            return Err(Unanswerable::Argument { argument, value, expected: "it has to lie in [0, 1]" });
        }
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Unanswerable::Argument { argument: "alpha", value: alpha, expected: "it has to lie in (0, 1)" });
    }
    let width = sizes.canary.sqrt().recip() + sizes.baseline.sqrt().recip();
    let epsilon = ((4.0 / alpha).ln() / 2.0).sqrt() * width;
    let p = |room: f64| if room <= 0.0 { 1.0 } else { (4.0 * (-2.0 * (room / width).powi(2)).exp()).min(1.0) };
    Ok(KsGate { low: (d - epsilon).max(0.0), high: (d + epsilon).min(1.0), p_safe: p(d_max - d), p_harm: p(d - d_max) })
}

fn positive(argument: &'static str, value: f64) -> Result<(), Unanswerable> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Unanswerable::Argument { argument, value, expected: "it has to be finite and above 0" })
}

struct Gap {
    d: f64,
    location: f64,
    sign: i8,
}

impl Gap {
    /// The gap as SciPy finds it: in f64, the first place of the extreme, the canary's side above winning a draw.
    fn of(steps: impl Iterator<Item = ShareStep>, alternative: Alternative) -> Gap {
        let (mut above, mut below) = ((f64::NEG_INFINITY, 0.0), (f64::INFINITY, 0.0));
        for step in steps {
            let difference = step.canary - step.baseline;
            if difference > above.0 {
                above = (difference, step.value);
            }
            if difference < below.0 {
                below = (difference, step.value);
            }
        }
        Gap::between(above, below, alternative)
    }

    /// The largest difference and the smallest, each with its place.
    fn between(above: (f64, f64), below: (f64, f64), alternative: Alternative) -> Gap {
        let up = Gap { d: above.0.clamp(0.0, 1.0), location: above.1, sign: 1 };
        let down = Gap { d: (-below.0).clamp(0.0, 1.0), location: below.1, sign: -1 };
        match alternative {
            Alternative::Less => up,
            Alternative::Greater => down,
            Alternative::TwoSided if down.d > up.d => down,
            Alternative::TwoSided => up,
        }
    }
}

fn oriented(difference: i128, alternative: Alternative) -> i128 {
    match alternative {
        Alternative::TwoSided => difference.abs(),
        Alternative::Less => difference,
        Alternative::Greater => -difference,
    }
}

/// Which numbers of pooled rows end a group of ties, from 0 to N.
fn group_ends(x: &[f64], y: &[f64]) -> Vec<bool> {
    let mut ends = vec![false; x.len() + y.len() + 1];
    ecdf::steps_of(x, y).for_each(|s| ends[s.canary + s.baseline] = true);
    ends
}

/// Share of the paths from (0, 0) to (m, n) on which the gap reaches `reach` at the end of some group.
///
/// The recursion of Schroeer & Trenkler (1995) for the upper tail: every term is positive, so that the smallest
/// p-values keep their digits.
fn paths_that_reach(reach: i128, m: usize, n: usize, alternative: Alternative, ends: Option<&[bool]>) -> f64 {
    if reach <= 0 {
        return 1.0;
    }
    let hit = |i: usize, j: usize| {
        ends.is_none_or(|e| e[i + j]) && oriented(i as i128 * n as i128 - j as i128 * m as i128, alternative) >= reach
    };
    // Where every place can hit, those beyond a band around the diagonal do, and stay at 1.
    let banded = ends.is_none();
    let from = |i: usize| {
        let ahead = i as i128 * n as i128 - reach;
        let any = banded && alternative != Alternative::Greater && ahead >= 0;
        if any { (ahead / m as i128 + 1).min(n as i128 + 1) as usize } else { 0 }
    };
    let upto = |i: usize| {
        let ahead = i as i128 * n as i128 + reach;
        let any = banded && alternative != Alternative::Less;
        if any { ((ahead + m as i128 - 1) / m as i128).min(n as i128 + 1) as usize } else { n + 1 }
    };
    let mut row = vec![0.0; n + 1];
    for j in 1..=n {
        row[j] = if hit(0, j) { 1.0 } else { row[j - 1] };
    }
    let mut low = 0;
    for i in 1..=m {
        let start = from(i);
        row[low..start].fill(1.0);
        low = start;
        if start == 0 && hit(i, 0) {
            row[0] = 1.0;
        }
        for j in start.max(1)..upto(i) {
            row[j] = if !banded && hit(i, j) {
                1.0
            } else {
                let total = (i + j) as f64;
                i as f64 / total * row[j] + j as f64 / total * row[j - 1]
            };
        }
    }
    row[n]
}

/// [`paths_that_reach`] for arms of one size without ties, by reflection (Gnedenko & Korolyuk 1951): with h = n d, the sum of
/// (-1)^(k+1) C(2n, n - kh) / C(2n, n) over k >= 1, twice for both sides; the first term for one. O(n).
fn equal_arms_reach(reach: i128, n: usize, alternative: Alternative) -> f64 {
    if reach <= 0 {
        return 1.0;
    }
    let h = (reach as usize).div_ceil(n);
    // C(2n, n - kh) over C(2n, n - (k - 1) h).
    let step = |k: usize| (0..h).map(|i| (n - (k - 1) * h - i) as f64 / (n + k * h - i) as f64).product::<f64>();
    match alternative {
        Alternative::TwoSided => 2.0 * (1..=n / h).rev().fold(0.0, |rest, k| step(k) * (1.0 - rest)),
        _ => step(1),
    }
}

/// mn / (m + n) without overflow.
fn effective(m: f64, n: f64) -> f64 {
    m.min(n) / (1.0 + m.min(n) / m.max(n))
}

fn one_sample_p(d: f64, m: f64, n: f64, alternative: Alternative) -> f64 {
    let size = effective(m, n);
    if alternative == Alternative::TwoSided {
        return two_sided_sf(d, (size.round_ties_even() as u64).max(1));
    }
    let (large, small) = (m.max(n), m.min(n));
    let z2 = size * d * d;
    let correction = 2.0 * d * size.sqrt() * (large + 2.0 * small) / (large * small * (large + small)).sqrt() / 3.0;
    (-2.0 * z2 - correction).exp()
}

fn limit_p(d: f64, size: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => special::kolmogorov_sf(d * size.sqrt()),
        _ => (-2.0 * size * d * d).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 5] = [11.9, 14.2, 10.5, 13.1, 12.8];
    const Y: [f64; 8] = [12.1, 9.8, 11.4, 10.2, 13.7, 8.9, 10.9, 12.6];

    fn p(x: &[f64], y: &[f64], alternative: Alternative, method: KsMethod) -> f64 {
        kolmogorov_smirnov(x, y, alternative, method).unwrap().p_value
    }

    #[test]
    fn one_sided_p_values_agree_with_scipy() {
        // scipy 1.17.1 ks_2samp(X, Y, alternative, method); its `less` is our Greater.
        for (alternative, method, expected) in [
            (Alternative::Greater, KsMethod::Exact, 0.2004662004662005),
            (Alternative::Less, KsMethod::Exact, 1.0),
            (Alternative::Greater, KsMethod::OneSample, 0.16090790811730304),
        ] {
            let found = p(&X, &Y, alternative, method);
            assert!((found - expected).abs() < 1e-12, "{alternative:?} {method:?}: {found}");
        }
    }

    #[test]
    fn exact_counts_agree_with_brute_force_with_ties() {
        let x = [1.0, 2.0, 2.0, 5.0];
        let y = [2.0, 3.0, 3.0, 5.0, 6.0];
        let observed = kolmogorov_smirnov(&x, &y, Alternative::TwoSided, KsMethod::Exact).unwrap();
        let pooled: Vec<f64> = x.iter().chain(&y).copied().collect();
        let (mut hits, mut all) = (0, 0);
        for mask in 0u32..1 << pooled.len() {
            if mask.count_ones() as usize == x.len() {
                let pick = |wanted: bool| -> Vec<f64> {
                    (0..pooled.len()).filter(|i| (mask >> i & 1 == 1) == wanted).map(|i| pooled[i]).collect()
                };
                let d =
                    kolmogorov_smirnov(&pick(true), &pick(false), Alternative::TwoSided, KsMethod::Limit).unwrap().d;
                all += 1;
                hits += u32::from(d >= observed.d - 1e-12);
            }
        }
        assert!((observed.p_value - f64::from(hits) / f64::from(all)).abs() < 1e-14);
    }

    #[test]
    fn arms_of_one_size_agree_with_the_paths() {
        for n in [1, 2, 7, 60] {
            for h in 0..=n {
                for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                    let reach = (h * n) as i128;
                    let (found, expected) =
                        (equal_arms_reach(reach, n, alternative), paths_that_reach(reach, n, n, alternative, None));
                    assert!((found / expected - 1.0).abs() < 1e-12, "{n} {h} {alternative:?}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        let x: Vec<f64> = (0..200).map(f64::from).collect();
        let y: Vec<f64> = (1000..1200).map(f64::from).collect();
        let found = p(&x, &y, Alternative::TwoSided, KsMethod::Exact);
        let expected = (2f64.ln() - (special::ln_gamma(401.0) - 2.0 * special::ln_gamma(201.0))).exp();
        assert!((found / expected - 1.0).abs() < 1e-9);
    }

    #[test]
    fn constants_do_not_differ_and_infinite_values_count() {
        let same = kolmogorov_smirnov(&[3.0; 4], &[3.0; 9], Alternative::TwoSided, KsMethod::Auto).unwrap();
        assert_eq!((same.d, same.p_value), (0.0, 1.0));
        let x = [f64::INFINITY, 1.0];
        let ks = kolmogorov_smirnov(&x, &[1.0, 2.0], Alternative::TwoSided, KsMethod::Auto).unwrap();
        assert_eq!(ks.d, 0.5);
        assert!(kolmogorov_smirnov(&[f64::NAN], &[1.0], Alternative::TwoSided, KsMethod::Auto).is_err());
        assert!(kolmogorov_smirnov(&[], &[1.0], Alternative::TwoSided, KsMethod::Auto).is_err());
    }

    #[test]
    fn equal_weights_give_the_unweighted_answer() {
        let plain = kolmogorov_smirnov(&X, &Y, Alternative::TwoSided, KsMethod::OneSample).unwrap();
        let even = weighted(
            Arms { canary: &X, baseline: &Y },
            Arms { canary: &[2.0; 5], baseline: &[0.25; 8] },
            Arms { canary: 5.0, baseline: 8.0 },
        )
        .unwrap();
        assert_eq!(plain, even);
    }

    #[test]
    fn the_gates_interval_and_p_values_agree() {
        let sizes = Arms { canary: 2000.0, baseline: 50_000.0 };
        for d in [0.0, 0.03, 0.08, 0.12, 0.2, 0.6] {
            for alpha in [0.01, 0.05, 0.2] {
                let g = gate(d, sizes, 0.10, alpha).unwrap();
                assert_eq!(g.high < 0.10, g.p_safe < alpha);
                assert_eq!(g.low > 0.10, g.p_harm < alpha);
            }
        }
    }
}
