//! The rank tests of two samples in one call: each arm is put in order once and both are walked through once.

use rayon::prelude::*;

use super::hodges_lehmann::{HodgesLehmann, RankEstimate, hodges_lehmann_sorted};
use super::kolmogorov_smirnov::{self, KolmogorovSmirnov, KsMethod, kolmogorov_smirnov_sorted};
use super::mann_whitney::{self, MannWhitney, MannWhitneyTest, RankMethod, mann_whitney_sorted};
use super::rank::{self, SortedArms, Sweep};
use super::{Alternative, Unanswerable};

const TEST: &str = "rank_tests";

/// Up to so many pairs of rows [`KsMethod::Auto`] is exact here: 100 against 100. Beyond it the exact law would cost more
/// than all the rest.
pub const EXACT_KS_PAIRS: u64 = 10_000;

/// Which tests, and how.
///
/// ```
/// use serinus::stats::rank_tests::RankTests;
/// let with_interval = RankTests { shift_level: Some(0.9), ..RankTests::default() };
/// assert!(with_interval.kolmogorov_smirnov.is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTests {
    /// Mann and Whitney's test; its alternative is everybody's.
    pub mann_whitney: MannWhitney,
    /// Kolmogorov and Smirnov's test, or `None` to leave it out. `Auto` is exact up to [`EXACT_KS_PAIRS`] pairs.
    pub kolmogorov_smirnov: Option<KsMethod>,
    /// Level of Hodges and Lehmann's interval, or `None` to leave estimate and interval out: they cost several times the
    /// rest.
    pub shift_level: Option<f64>,
}

impl Default for RankTests {
    fn default() -> Self {
        RankTests { mann_whitney: MannWhitney::default(), kolmogorov_smirnov: Some(KsMethod::Auto), shift_level: None }
    }
}

/// What the rank tests say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTestsResult {
    /// Whether the canary's values tend to be larger or smaller.
    pub mann_whitney: MannWhitneyTest,
    /// The largest gap between the distributions, when it was asked for.
    pub kolmogorov_smirnov: Option<KolmogorovSmirnov>,
    /// The median of all differences with its interval, when it was asked for.
    pub shift: Option<RankEstimate>,
}

/// Mann and Whitney's test, Kolmogorov and Smirnov's, and Hodges and Lehmann's shift, from one ordering of each arm.
///
/// Each answer is that of the function of its own name. Values on a common grid, such as milliseconds with one decimal,
/// are counted and not sorted. O(N) for values spread out or on a grid, O(N log N) at worst; 16 bytes a value beside the
/// input, 8 or less when counted.
///
/// ```
/// use serinus::stats::rank_tests::{RankTests, rank_tests};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let canary = [31.0, 35.0, 38.0, 44.0, 52.0];
/// let baseline = [11.0, 12.0, 15.0, 19.0, 22.0, 24.0];
/// let found = rank_tests(&canary, &baseline, &RankTests::default())?;
/// assert_eq!(found.mann_whitney.u, 30.0);
/// assert_eq!(found.kolmogorov_smirnov.map(|ks| ks.d), Some(1.0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of the tests asked for: an empty arm, a NaN, an infinite value when the shift is asked for, an exact law beyond
/// its limits.
pub fn rank_tests(x: &[f64], y: &[f64], options: &RankTests) -> Result<RankTestsResult, Unanswerable> {
    if let Some(found) = counted(x, y, options)? {
        return Ok(found);
    }
    of_arms(&SortedArms::new(TEST, x, y)?, options)
}

/// [`rank_tests`] in the memory of the samples: half the memory of [`rank_tests`].
///
/// # Errors
/// As [`rank_tests`].
pub fn rank_tests_owned(x: Vec<f64>, y: Vec<f64>, options: &RankTests) -> Result<RankTestsResult, Unanswerable> {
    Worker { x, y, scratch: Vec::new() }.test(options)
}

/// Many samples in one slice, one behind the other.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    values: &'a [f64],
    cuts: Cuts<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Cuts<'a> {
    Every(usize),
    At(&'a [usize]),
}

impl<'a> Samples<'a> {
    /// Samples of `size` values each, such as the rows of a table.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] when `size` is 0 or does not divide the number of values.
    pub fn of_size(values: &'a [f64], size: usize) -> Result<Samples<'a>, Unanswerable> {
        if size == 0 || !values.len().is_multiple_of(size) {
            let expected = "it has to be 1 or more and divide the number of values";
            return Err(Unanswerable::Argument { argument: "size", value: size as f64, expected });
        }
        Ok(Samples { values, cuts: Cuts::Every(size) })
    }

    /// Samples of any sizes: sample k runs from `offsets[k]` up to `offsets[k + 1]`, as in Arrow's lists.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] when offsets fall or lead beyond the values.
    pub fn at_offsets(values: &'a [f64], offsets: &'a [usize]) -> Result<Samples<'a>, Unanswerable> {
        let expected = "offsets may not fall, and none may lie beyond the values";
        let fault = |value: usize| Unanswerable::Argument { argument: "offsets", value: value as f64, expected };
        if let Some(falls) = offsets.windows(2).find(|w| w[1] < w[0]) {
            return Err(fault(falls[1]));
        }
        match offsets.last() {
            Some(&last) if last > values.len() => Err(fault(last)),
            _ => Ok(Samples { values, cuts: Cuts::At(offsets) }),
        }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        match self.cuts {
            Cuts::Every(size) => self.values.len() / size,
            Cuts::At(offsets) => offsets.len().saturating_sub(1),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sample(&self, k: usize) -> &'a [f64] {
        match self.cuts {
            Cuts::Every(size) => &self.values[k * size..(k + 1) * size],
            Cuts::At(offsets) => &self.values[offsets[k]..offsets[k + 1]],
        }
    }
}

/// [`rank_tests`] of many pairs of samples, such as every metric in every segment, on all threads.
///
/// Sample k of x is tested against sample k of y, and the answers come in that order: the same on any number of threads.
/// Each thread keeps its memory from pair to pair.
///
/// ```
/// use serinus::stats::rank_tests::{RankTests, Samples, rank_tests_many};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let canaries = [5.0, 6.0, 7.0, 1.0, 2.0, 3.0];
/// let baselines = [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 6.0, 7.0, 8.0];
/// let canaries = Samples::of_size(&canaries, 3)?;
/// let baselines = Samples::at_offsets(&baselines, &[0, 5, 9])?;
/// let found = rank_tests_many(canaries, baselines, &RankTests::default())?;
/// let u: Vec<f64> = found.iter().flatten().map(|pair| pair.mann_whitney.u).collect();
/// assert_eq!(u, [14.5, 0.0]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::Argument`] when x and y hold different numbers of samples. A pair without an answer has its reason in
/// its place.
pub fn rank_tests_many(
    x: Samples<'_>,
    y: Samples<'_>,
    options: &RankTests,
) -> Result<Vec<Result<RankTestsResult, Unanswerable>>, Unanswerable> {
    if x.len() != y.len() {
        let expected = "x and y need one sample each for every pair";
        return Err(Unanswerable::Argument { argument: "samples of y", value: y.len() as f64, expected });
    }
    /// Pairs that one task tests before it looks for more.
    const TASK: usize = 16;
    let one = |worker: &mut Worker, k: usize| {
        worker.load(x.sample(k), y.sample(k));
        worker.test(options)
    };
    Ok((0..x.len()).into_par_iter().with_min_len(TASK).map_init(Worker::default, one).collect())
}

/// The memory of one thread.
#[derive(Debug, Default)]
struct Worker {
    x: Vec<f64>,
    y: Vec<f64>,
    scratch: Vec<u64>,
}

impl Worker {
    fn load(&mut self, x: &[f64], y: &[f64]) {
        self.x.clear();
        self.x.extend_from_slice(x);
        self.y.clear();
        self.y.extend_from_slice(y);
    }

    fn test(&mut self, options: &RankTests) -> Result<RankTestsResult, Unanswerable> {
        if let Some(found) = counted(&self.x, &self.y, options)? {
            return Ok(found);
        }
        let (x, y) = (std::mem::take(&mut self.x), std::mem::take(&mut self.y));
        let arms = SortedArms::of_owned(TEST, x, y, &mut self.scratch)?;
        let found = of_arms(&arms, options);
        (self.x, self.y) = arms.into_parts();
        found
    }
}

/// Both tests by counting on a grid, where neither needs the arms in order.
fn counted(x: &[f64], y: &[f64], options: &RankTests) -> Result<Option<RankTestsResult>, Unanswerable> {
    let few = x.len().min(y.len()) as u64 <= mann_whitney::exact::TIES_BELOW;
    let exact_ks = options.kolmogorov_smirnov.is_some_and(|m| ks_method(m, x.len(), y.len()) == KsMethod::Exact);
    if few || exact_ks || options.shift_level.is_some() || options.mann_whitney.method == RankMethod::Exact {
        return Ok(None);
    }
    match rank::counted_sweep(TEST, x, y)? {
        Some(sweep) if sweep.tie_term > 0 => of_sweep(&sweep, None, options).map(Some),
        _ => Ok(None),
    }
}

fn of_arms(arms: &SortedArms, options: &RankTests) -> Result<RankTestsResult, Unanswerable> {
    let mut found = match Sweep::of(arms.x(), arms.y()) {
        Some(sweep) => of_sweep(&sweep, Some(arms), options)?,
        None => RankTestsResult {
            mann_whitney: mann_whitney_sorted(arms, &options.mann_whitney)?,
            kolmogorov_smirnov: options
                .kolmogorov_smirnov
                .map(|method| kolmogorov_smirnov_sorted(arms, options.mann_whitney.alternative, method))
                .transpose()?,
            shift: None,
        },
    };
    if let Some(level) = options.shift_level {
        let MannWhitney { alternative, method, continuity } = options.mann_whitney;
        found.shift = Some(hodges_lehmann_sorted(arms, &HodgesLehmann { level, alternative, method, continuity })?);
    }
    Ok(found)
}

fn of_sweep(sweep: &Sweep, arms: Option<&SortedArms>, options: &RankTests) -> Result<RankTestsResult, Unanswerable> {
    let alternative: Alternative = options.mann_whitney.alternative;
    let (m, n) = sweep.sizes();
    let ks = options.kolmogorov_smirnov.map(|method| {
        kolmogorov_smirnov::of_sweep(sweep, alternative, ks_method(method, m as usize, n as usize), arms)
    });
    Ok(RankTestsResult {
        mann_whitney: mann_whitney::of_sweep(sweep, arms, &options.mann_whitney)?,
        kolmogorov_smirnov: ks.transpose()?,
        shift: None,
    })
}

fn ks_method(method: KsMethod, m: usize, n: usize) -> KsMethod {
    match method {
        KsMethod::Auto if m as u128 * n as u128 <= u128::from(EXACT_KS_PAIRS) => KsMethod::Exact,
        KsMethod::Auto => KsMethod::OneSample,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::hodges_lehmann::hodges_lehmann;
    use crate::stats::kolmogorov_smirnov::kolmogorov_smirnov;
    use crate::stats::mann_whitney::mann_whitney;

    fn noise(n: usize, seed: u64, grid: Option<f64>) -> Vec<f64> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let v = (state >> 11) as f64 / (1_u64 << 53) as f64 * 90.0;
                grid.map_or(v, |g| (v * g).round() / g)
            })
            .collect()
    }

    #[test]
    fn together_they_say_what_each_says_alone() {
        for (m, n) in [(1, 1), (4, 9), (60, 70), (200, 300), (900, 2_000), (11, 5_000)] {
            for grid in [None, Some(0.1), Some(10.0), Some(1e6)] {
                for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                    let (x, y) = (noise(m, 3, grid), noise(n, 5, grid));
                    let by = MannWhitney::default().alternative(alternative);
                    let options = RankTests { mann_whitney: by, shift_level: None, ..RankTests::default() };
                    let found = rank_tests(&x, &y, &options).unwrap();
                    assert_eq!(found.mann_whitney, mann_whitney(&x, &y, &by).unwrap());
                    let method = ks_method(KsMethod::Auto, m, n);
                    let alone = kolmogorov_smirnov(&x, &y, alternative, method).unwrap();
                    assert_eq!(found.kolmogorov_smirnov, Some(alone));
                    let with = rank_tests(&x, &y, &RankTests { shift_level: Some(0.9), ..options }).unwrap();
                    assert_eq!((with.mann_whitney, with.kolmogorov_smirnov), (found.mann_whitney, Some(alone)));
                    let level = HodgesLehmann::default().level(0.9).alternative(alternative);
                    assert_eq!(with.shift, hodges_lehmann(&x, &y, &level).ok());
                    assert_eq!(rank_tests_owned(x, y, &options).unwrap(), found);
                }
            }
        }
    }

    #[test]
    fn many_pairs_are_answered_as_if_alone_and_a_bad_one_spoils_no_other() {
        let (mut x, y) = (noise(40 * 200, 7, Some(10.0)), noise(40 * 150, 9, None));
        x[3 * 200 + 5] = f64::NAN;
        let options = RankTests::default();
        let many =
            rank_tests_many(Samples::of_size(&x, 200).unwrap(), Samples::of_size(&y, 150).unwrap(), &options).unwrap();
        for (k, found) in many.iter().enumerate() {
            let alone = rank_tests(&x[k * 200..(k + 1) * 200], &y[k * 150..(k + 1) * 150], &options);
            if k == 3 {
                assert!(matches!(found, Err(Unanswerable::NonFinite { index: 5, .. })));
            } else {
                assert_eq!(found.as_ref().ok(), alone.as_ref().ok());
            }
        }
    }

    #[test]
    fn samples_that_do_not_fit_are_refused() {
        let values = [1.0, 2.0, 3.0];
        assert!(Samples::of_size(&values, 2).is_err() && Samples::of_size(&values, 0).is_err());
        assert!(Samples::at_offsets(&values, &[0, 2, 1]).is_err() && Samples::at_offsets(&values, &[0, 4]).is_err());
        let (one, two) = (Samples::of_size(&values, 3).unwrap(), Samples::at_offsets(&values, &[0, 1, 3]).unwrap());
        assert!(rank_tests_many(one, two, &RankTests::default()).is_err());
        assert!(Samples::at_offsets(&values, &[]).unwrap().is_empty());
    }
}
