//! Mann-Whitney's U: do the canary's values tend to be larger or smaller?

use serde::{Deserialize, Serialize};

use super::contrast::Better;
use super::rank::{self, Merged, SortedArms, Sweep};
use super::special::norm_sf;
use super::{Alternative, Unanswerable};
use crate::evidence::Method;

pub(crate) mod exact;

const TEST: &str = "mann_whitney";

/// Where the p-value comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankMethod {
    /// Exact where it is cheap, else the normal approximation.
    ///
    /// Without ties exact up to a million pairs, 2e7 steps and 2^126 arrangements: 50 against 50, 10 against 10,000 or
    /// 5 against 100,000. With ties exact when the smaller arm has fewer than 10 values and the count stays below 5e7
    /// steps.
    #[default]
    Auto,
    /// The exact law of U given the ties, or [`Unanswerable::TooLarge`].
    Exact,
    /// The normal approximation with the variance corrected for ties.
    Asymptotic,
}

/// Whether the normal approximation moves U by half a step towards the middle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// By half a step, as SciPy and R do unless told otherwise.
    #[default]
    Corrected,
    /// Not at all.
    Uncorrected,
}

impl Continuity {
    pub(crate) fn step(self) -> f64 {
        match self {
            Continuity::Corrected => 0.5,
            Continuity::Uncorrected => 0.0,
        }
    }
}

/// Options of [`mann_whitney`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MannWhitney {
    /// The alternative, about the canary.
    pub alternative: Alternative,
    /// Where the p-value comes from.
    pub method: RankMethod,
    /// Correction of the normal approximation.
    pub continuity: Continuity,
}

impl MannWhitney {
    /// These options with another alternative.
    pub fn alternative(self, alternative: Alternative) -> Self {
        MannWhitney { alternative, ..self }
    }

    /// These options with another method.
    pub fn method(self, method: RankMethod) -> Self {
        MannWhitney { method, ..self }
    }

    /// These options with another correction.
    pub fn continuity(self, continuity: Continuity) -> Self {
        MannWhitney { continuity, ..self }
    }
}

/// What Mann and Whitney's test says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MannWhitneyTest {
    /// U of the canary: pairs in which the canary is larger, tied pairs counting half.
    pub u: f64,
    /// p-value of the alternative.
    pub p_value: f64,
    /// Standard normal score of U without correction; `None` when all pooled values are equal.
    pub z: Option<f64>,
    /// P(X > Y) + P(X = Y)/2 in the sample: common-language effect size, Vargha and Delaney's A, area under the curve.
    pub superiority: f64,
    /// Whether any pooled values are equal.
    pub tied: bool,
    /// Where the p-value came from.
    pub method: Method,
    /// Values in the canary.
    pub m: u64,
    /// Values in the baseline.
    pub n: u64,
}

impl MannWhitneyTest {
    /// Cliff's delta, P(X > Y) - P(X < Y), from -1 to 1.
    pub fn cliffs_delta(&self) -> f64 {
        2.0 * self.superiority - 1.0
    }
}

/// Whether the canary's values tend to be larger or smaller than the baseline's.
///
/// U counts the pairs in which the canary is larger, ties for half (Mann & Whitney 1947). The p-value is exact for small
/// samples and otherwise normal with variance m n/12 ((N + 1) - sum(t^3 - t)/(N (N - 1))). With ties the exact two-sided
/// p-value is P(|U - mn/2| >= |u - mn/2|), as in R's exactRankTests and coin; without ties twice the smaller tail.
///
/// The test is exact only for the null that both arms have one distribution. When the spreads differ it is not
/// calibrated for equal medians; [`brunner_munzel`](super::brunner_munzel::brunner_munzel) is. Infinite values are legal.
///
/// DIFFERENCE: when all pooled values are equal p is 1, where SciPy without correction and R give NaN; SciPy's
/// `method="exact"` ignores ties, this one counts them.
///
/// O(N log N), and for the exact law up to 5e7 steps.
///
/// ```
/// use serinus::stats::mann_whitney::{MannWhitney, mann_whitney};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let test = mann_whitney(&[8.0, 9.0, 10.0], &[1.0, 2.0, 3.0, 4.0], &MannWhitney::default())?;
/// assert_eq!((test.u, test.cliffs_delta()), (12.0, 1.0));
/// assert!((test.p_value - 2.0 / 35.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Unanswerable::TooFew`] for an empty arm, [`Unanswerable::NonFinite`] for a NaN, [`Unanswerable::TooLarge`] when
/// the exact law is asked for beyond its limits.
pub fn mann_whitney(x: &[f64], y: &[f64], options: &MannWhitney) -> Result<MannWhitneyTest, Unanswerable> {
    match counted(x, y, options)? {
        Some(found) => Ok(found),
        None => mann_whitney_sorted(&SortedArms::new(TEST, x, y)?, options),
    }
}

/// [`mann_whitney`] in the memory of the samples: half the memory.
///
/// # Errors
/// As [`mann_whitney`].
pub fn mann_whitney_owned(x: Vec<f64>, y: Vec<f64>, options: &MannWhitney) -> Result<MannWhitneyTest, Unanswerable> {
    match counted(&x, &y, options)? {
        Some(found) => Ok(found),
        None => mann_whitney_sorted(&SortedArms::of_owned(TEST, x, y, &mut Vec::new())?, options),
    }
}

/// The test without putting the arms in order, where they lie on a grid and no exact law is asked for.
fn counted(x: &[f64], y: &[f64], options: &MannWhitney) -> Result<Option<MannWhitneyTest>, Unanswerable> {
    if options.method == RankMethod::Exact || (x.len().min(y.len()) as u64) < exact::TIES_BELOW {
        return Ok(None);
    }
    match rank::counted_sweep(TEST, x, y)? {
        Some(sweep) if sweep.tie_term > 0 => of_sweep(&sweep, None, options).map(Some),
        _ => Ok(None),
    }
}

/// [`mann_whitney`] of one pass over both arms. The arms themselves are needed by the exact law with ties only.
pub(crate) fn of_sweep(
    sweep: &Sweep,
    arms: Option<&SortedArms>,
    options: &MannWhitney,
) -> Result<MannWhitneyTest, Unanswerable> {
    let merged = Merged::from(sweep);
    let tails = match arms {
        Some(arms) => Tails::of(arms, &merged, options.method, options.continuity)?,
        None => Tails::asymptotic(&merged, options.continuity),
    };
    Ok(tails.test(&merged, options.alternative))
}

/// [`mann_whitney`] of arms that are sorted already.
///
/// # Errors
/// As [`mann_whitney`].
pub fn mann_whitney_sorted(arms: &SortedArms, options: &MannWhitney) -> Result<MannWhitneyTest, Unanswerable> {
    let merged = arms.merge();
    let tails = Tails::of(arms, &merged, options.method, options.continuity)?;
    Ok(tails.test(&merged, options.alternative))
}

/// The margin of a rank test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankMargin {
    /// Worse by so much in the metric's own unit, 0 or more.
    Shift(f64),
    /// Worse by this share of the baseline, 0 or more, and below 1 when higher is better. The data may not be negative.
    Scale(f64),
}

/// Whether a rank test shows that the canary keeps the margin, or that it breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankNonInferiority {
    /// p-value of "worse than the margin": small shows safety.
    pub p_noninferior: f64,
    /// p-value of "not worse than the margin": small shows harm.
    pub p_inferior: f64,
    /// U of the canary against the baseline at the margin.
    pub u: f64,
    /// P(X > Y) + P(X = Y)/2 at the margin, one half being the border.
    pub superiority: f64,
    /// Where the p-values came from.
    pub method: Method,
}

/// Whether the canary is shown to keep a margin, or shown to break it, by ranks.
///
/// An absolute margin shifts the canary towards better by the margin, a relative one scales the baseline towards worse;
/// then U's two tails are the two p-values. What is tested is P(X > Y at the margin) = 1/2, a statement about the
/// pseudo-median of differences or ratios and not about means. Both p-values come from the same data, and with ties or a
/// correction they add up to more than one.
///
/// ```
/// use serinus::stats::contrast::Better;
/// use serinus::stats::mann_whitney::{MannWhitney, RankMargin, mann_whitney_noninferiority};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline: Vec<f64> = (100..130).map(f64::from).collect();
/// let canary: Vec<f64> = (101..131).map(f64::from).collect();
/// let margin = RankMargin::Scale(0.10);
/// let test = mann_whitney_noninferiority(&canary, &baseline, Better::Lower, margin, &MannWhitney::default())?;
/// assert!(test.p_noninferior < 0.001 && test.p_inferior > 0.999);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`mann_whitney`]; [`Unanswerable::Argument`] for a margin out of its range, [`Unanswerable::Undefined`] for a
/// relative margin on negative values.
pub fn mann_whitney_noninferiority(
    x: &[f64],
    y: &[f64],
    better: Better,
    margin: RankMargin,
    options: &MannWhitney,
) -> Result<RankNonInferiority, Unanswerable> {
    let arms = at_margin(&SortedArms::new(TEST, x, y)?, TEST, better, margin)?;
    mann_whitney_at_border(&arms, better, options)
}

/// [`mann_whitney_noninferiority`] of arms already moved to the border of the margin.
pub(crate) fn mann_whitney_at_border(
    arms: &SortedArms,
    better: Better,
    options: &MannWhitney,
) -> Result<RankNonInferiority, Unanswerable> {
    let merged = arms.merge();
    let tails = Tails::of(arms, &merged, options.method, options.continuity)?;
    let (p_noninferior, p_inferior) = match better {
        Better::Higher => (tails.greater, tails.less),
        Better::Lower => (tails.less, tails.greater),
    };
    let u = merged.twice_u as f64 / 2.0;
    Ok(RankNonInferiority { p_noninferior, p_inferior, u, superiority: merged.superiority(), method: tails.method })
}

/// The arms at the border of a margin: the canary shifted towards better, or the baseline scaled towards worse.
pub(crate) fn at_margin(
    arms: &SortedArms,
    test: &'static str,
    better: Better,
    margin: RankMargin,
) -> Result<SortedArms, Unanswerable> {
    match margin {
        RankMargin::Shift(delta) => {
            if !(delta >= 0.0 && delta.is_finite()) {
                let expected = "it has to be a finite number, 0 or more";
                return Err(Unanswerable::Argument { argument: "absolute margin", value: delta, expected });
            }
            Ok(arms.with_canary_shifted(better.sign() * delta))
        }
        RankMargin::Scale(share) => {
            if !(share >= 0.0 && share.is_finite()) || (better == Better::Higher && share >= 1.0) {
                let expected = "it has to be a finite number, 0 or more, and below 1 when higher is better";
                return Err(Unanswerable::Argument { argument: "relative margin", value: share, expected });
            }
            let negative = arms.x()[0] < 0.0 || arms.y()[0] < 0.0;
            if negative {
                return Err(Unanswerable::Undefined { test, why: "a relative margin needs values of 0 or more" });
            }
            Ok(arms.with_baseline_scaled(1.0 - better.sign() * share))
        }
    }
}

/// Both tails of U and the two-sided p-value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tails {
    pub less: f64,
    pub greater: f64,
    pub two_sided: f64,
    pub z: Option<f64>,
    pub method: Method,
}

impl Tails {
    pub(crate) fn of(
        arms: &SortedArms,
        merged: &Merged,
        method: RankMethod,
        continuity: Continuity,
    ) -> Result<Tails, Unanswerable> {
        match method {
            RankMethod::Asymptotic => Ok(Tails::asymptotic(merged, continuity)),
            RankMethod::Exact => Tails::exact(arms, merged),
            // With ties the exact law is slow from ten rows on; it is used there when it is asked for.
            RankMethod::Auto if merged.tied() && merged.m.min(merged.n) >= exact::TIES_BELOW => {
                Ok(Tails::asymptotic(merged, continuity))
            }
            RankMethod::Auto => match Tails::exact(arms, merged) {
                Ok(tails) => Ok(tails),
                Err(_) => Ok(Tails::asymptotic(merged, continuity)),
            },
        }
    }

    fn exact(arms: &SortedArms, merged: &Merged) -> Result<Tails, Unanswerable> {
        let (m, n) = (merged.m, merged.n);
        let z = score(merged, 0.0);
        if merged.tied() {
            let runs = pooled_runs(arms);
            exact::check_tied(TEST, m, n, &runs)?;
            let tails = exact::tied_tails(merged, &runs);
            let exact::TiedTails { less, greater, two_sided } = tails;
            return Ok(Tails { less, greater, two_sided, z, method: Method::Exact });
        }
        let arrangements = exact::check_untied(TEST, m, n)?;
        // Without ties 2U is even and m n is at most a million.
        let (less, greater) = exact::untied_tails(m, n, (merged.twice_u / 2) as u64, arrangements);
        Ok(Tails { less, greater, two_sided: (2.0 * less.min(greater)).min(1.0), z, method: Method::Exact })
    }

    fn asymptotic(merged: &Merged, continuity: Continuity) -> Tails {
        let Some(deviation) = standard_deviation(merged) else {
            // All pooled values are equal: U is its mean and nothing is shown.
            return Tails { less: 1.0, greater: 1.0, two_sided: 1.0, z: None, method: Method::Asymptotic };
        };
        let step = continuity.step();
        let centred = centred(merged);
        Tails {
            less: norm_sf(-(centred + step) / deviation),
            greater: norm_sf((centred - step) / deviation),
            two_sided: (2.0 * norm_sf((centred.abs() - step) / deviation)).min(1.0),
            z: score(merged, 0.0),
            method: Method::Asymptotic,
        }
    }

    fn test(&self, merged: &Merged, alternative: Alternative) -> MannWhitneyTest {
        MannWhitneyTest {
            u: merged.twice_u as f64 / 2.0,
            p_value: match alternative {
                Alternative::TwoSided => self.two_sided,
                Alternative::Less => self.less,
                Alternative::Greater => self.greater,
            },
            z: self.z,
            superiority: merged.superiority(),
            tied: merged.tied(),
            method: self.method,
            m: merged.m,
            n: merged.n,
        }
    }
}

/// U - m n/2, from the exact integer.
fn centred(merged: &Merged) -> f64 {
    (merged.twice_u as i128 - merged.pairs() as i128) as f64 / 2.0
}

/// The standard deviation of U under the null; `None` when all pooled values are equal.
pub(crate) fn standard_deviation(merged: &Merged) -> Option<f64> {
    let untied = merged.untied();
    if untied == 0 {
        return None;
    }
    let total = (merged.m + merged.n) as f64;
    // m n/12 (N^3 - N - sum(t^3 - t)) / (N (N - 1)), the bracket exact.
    Some((merged.pairs() as f64 / 12.0 * (untied as f64 / (total * (total - 1.0)))).sqrt())
}

fn score(merged: &Merged, step: f64) -> Option<f64> {
    standard_deviation(merged).map(|deviation| (centred(merged) - step) / deviation)
}

/// Lengths of the runs of equal pooled values, ascending.
fn pooled_runs(arms: &SortedArms) -> Vec<u64> {
    let (x, y) = (arms.x(), arms.y());
    let (mut i, mut j) = (0, 0);
    let mut runs = Vec::new();
    while i < x.len() || j < y.len() {
        let value = if j >= y.len() || (i < x.len() && x[i] < y[j]) { x[i] } else { y[j] };
        let start = i + j;
        while i < x.len() && x[i] == value {
            i += 1;
        }
        while j < y.len() && y[j] == value {
            j += 1;
        }
        runs.push((i + j - start) as u64);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: &[f64], y: &[f64], options: MannWhitney) -> f64 {
        mann_whitney(x, y, &options).expect("the data are clean").p_value
    }

    /// P-values by listing every division of the pooled values.
    fn enumerated(x: &[f64], y: &[f64]) -> (f64, f64, f64) {
        let pooled: Vec<f64> = x.iter().chain(y).copied().collect();
        let twice_u = |mask: u32| {
            let mut sum = 0_i64;
            for (i, a) in pooled.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1) {
                for (j, b) in pooled.iter().enumerate().filter(|(j, _)| mask >> j & 1 == 0) {
                    assert_ne!(i, j);
                    sum += if a > b { 2 } else { i64::from(a == b) };
                }
            }
            sum
        };
        let observed = twice_u((1 << x.len()) - 1);
        let middle = (x.len() * y.len()) as i64;
        let (mut less, mut greater, mut both, mut all) = (0, 0, 0, 0);
        for mask in (0_u32..1 << pooled.len()).filter(|m| m.count_ones() as usize == x.len()) {
            let u = twice_u(mask);
            all += 1;
            less += i32::from(u <= observed);
            greater += i32::from(u >= observed);
            both += i32::from((u - middle).abs() >= (observed - middle).abs());
        }
        let share = |count: i32| f64::from(count) / f64::from(all);
        (share(less), share(greater), share(both))
    }

    #[test]
    fn the_exact_law_agrees_with_every_division_of_the_values() {
        let samples: [(&[f64], &[f64]); 6] = [
            (&[1.0, 2.0, 2.0], &[2.0, 3.0, 1.0, 0.0, 5.0]),
            (&[4.0, 4.0, 4.0, 4.0], &[4.0, 4.0, 1.0]),
            (&[1.0], &[1.0]),
            (&[9.0, 8.5, 7.0, 3.3, 2.0, 6.0], &[1.0, 2.5, 3.0]),
            (&[0.0, 0.0, 0.0, 1.0, 1.0, f64::INFINITY], &[0.0, 1.0, 1.0, f64::INFINITY, -1.0, 0.0]),
            (&[5.0, 5.0], &[1.0, 1.0, 1.0, 1.0, 1.0]),
        ];
        for (x, y) in samples {
            for (x, y) in [(x, y), (y, x)] {
                let (less, greater, both) = enumerated(x, y);
                let exact = MannWhitney::default().method(RankMethod::Exact);
                assert!((p(x, y, exact.alternative(Alternative::Less)) - less).abs() < 1e-14);
                assert!((p(x, y, exact.alternative(Alternative::Greater)) - greater).abs() < 1e-14);
                assert!((p(x, y, exact) - both).abs() < 1e-14, "{x:?} {y:?}");
            }
        }
    }

    #[test]
    fn constants_show_nothing() {
        for method in [RankMethod::Auto, RankMethod::Exact, RankMethod::Asymptotic] {
            let options = MannWhitney::default().method(method);
            assert_eq!(p(&[2.0; 5], &[2.0; 9], options), 1.0);
            assert_eq!(p(&[2.0; 5], &[2.0; 9], options.continuity(Continuity::Uncorrected)), 1.0);
        }
    }

    #[test]
    fn the_exact_law_refuses_what_it_cannot_count() {
        let many: Vec<f64> = (0..2000).map(f64::from).collect();
        let more: Vec<f64> = (0..2000).map(|v| f64::from(v) + 0.5).collect();
        let exact = MannWhitney::default().method(RankMethod::Exact);
        assert!(matches!(mann_whitney(&many, &more, &exact), Err(Unanswerable::TooLarge { .. })));
        let tied = mann_whitney(&many, &many, &exact);
        assert!(matches!(tied, Err(Unanswerable::TooLarge { .. })));
        let auto = mann_whitney(&many, &more, &MannWhitney::default());
        assert_eq!(auto.map(|t| t.method), Ok(Method::Asymptotic));
        assert!(mann_whitney(&[], &many, &exact).is_err());
        assert!(mann_whitney(&[f64::NAN], &many, &exact).is_err());
    }

    #[test]
    fn a_relative_margin_refuses_negative_values() {
        let options = MannWhitney::default();
        let scale = RankMargin::Scale(0.1);
        let refused = mann_whitney_noninferiority(&[-1.0, 2.0], &[1.0, 2.0], Better::Lower, scale, &options);
        assert!(matches!(refused, Err(Unanswerable::Undefined { .. })));
        let negative_margin =
            mann_whitney_noninferiority(&[1.0], &[1.0], Better::Lower, RankMargin::Shift(-1.0), &options);
        assert!(matches!(negative_margin, Err(Unanswerable::Argument { .. })));
    }

    #[test]
    fn equal_constants_keep_a_margin_with_the_exact_probability_of_separation() {
        let options = MannWhitney::default();
        let test = mann_whitney_noninferiority(&[5.0; 4], &[5.0; 6], Better::Lower, RankMargin::Scale(0.1), &options);
        let test = test.expect("the data are clean");
        assert!((test.p_noninferior - 1.0 / 210.0).abs() < 1e-15);
        assert_eq!(test.p_inferior, 1.0);
    }
}
