//! Sharper comparisons of means: by a covariate from before the release, or by strata.
//!
//! A covariate has to be measured before the canary could affect it. Anything later is an outcome.

use super::ecdf::{self, Admit};
use super::estimate::{Contrast, satterthwaite};
use super::{Unanswerable, scale};
use crate::arms::{Arm, Arms};

const TEST: &str = "covariate";

/// Both arms' outcomes with their covariate, each scaled by a power of two and centred at a common point.
struct Paired {
    y: Arms<Vec<f64>>,
    pre: Arms<Vec<f64>>,
    /// Exponent and centre of the outcomes.
    unit: i32,
    centre: f64,
    /// Exponent of the covariate, whose centre cancels.
    pre_unit: i32,
}

impl Paired {
    fn new(y: Arms<&[f64]>, pre: Arms<&[f64]>, needed: u64) -> Result<Paired, Unanswerable> {
        for (arm, y, pre) in [(Arm::Canary, y.canary, pre.canary), (Arm::Baseline, y.baseline, pre.baseline)] {
            if y.len() != pre.len() {
                let expected = "it has to hold one value a row";
                return Err(Unanswerable::Argument { argument: "covariate", value: pre.len() as f64, expected });
            }
            ecdf::enough(TEST, "rows", arm, needed, y.len())?;
            ecdf::check(TEST, arm, y, Admit::Finite)?;
            ecdf::check(TEST, arm, pre, Admit::Finite)?;
        }
        let (y, unit, centre) = centred(y);
        let (pre, pre_unit, _) = centred(pre);
        Ok(Paired { y, pre, unit, centre, pre_unit })
    }

    /// A slope in the data's own units.
    fn slope(&self, scaled: f64) -> f64 {
        scale::up(scaled, self.unit - self.pre_unit)
    }

    /// A contrast in the data's own units.
    fn contrast(&self, estimate: f64, standard_error: f64, dof: f64) -> Result<Contrast, Unanswerable> {
        let estimate = scale::up(estimate, self.unit);
        let standard_error = scale::up(standard_error, self.unit);
        if estimate.is_finite() && standard_error.is_finite() && dof > 0.0 {
            return Ok(Contrast { estimate, standard_error, dof });
        }
        Err(Unanswerable::Undefined { test: TEST, why: "the estimate is above the largest number there is" })
    }
}

/// Values times 2^-unit, less their first baseline value: differences of means keep the digits that offsets would eat.
fn centred(values: Arms<&[f64]>) -> (Arms<Vec<f64>>, i32, f64) {
    let unit = scale::exponent_of(values.baseline.iter().chain(values.canary));
    let centre = values.baseline.first().map_or(0.0, |v| scale::down(*v, unit));
    (values.map(|v| v.iter().map(|v| scale::down(*v, unit) - centre).collect()), unit, centre)
}

/// Sums of squares and products about an arm's means.
struct Moments {
    n: f64,
    y: f64,
    pre: f64,
    yy: f64,
    xx: f64,
    xy: f64,
}

impl Moments {
    fn of(y: &[f64], pre: &[f64]) -> Moments {
        let n = y.len() as f64;
        let mean = |v: &[f64]| scale::sum(v.iter().copied()) / n;
        let (mean_y, mean_pre) = (mean(y), mean(pre));
        let product =
            |f: &dyn Fn(f64, f64) -> f64| scale::sum(y.iter().zip(pre).map(|(y, x)| f(y - mean_y, x - mean_pre)));
        Moments {
            n,
            y: mean_y,
            pre: mean_pre,
            yy: product(&|y, _| y * y),
            xx: product(&|_, x| x * x),
            xy: product(&|y, x| x * y),
        }
    }

    /// Sum of squares about the line of this slope through the means.
    fn about(&self, y: &[f64], pre: &[f64], slope: f64) -> f64 {
        scale::sum(y.iter().zip(pre).map(|(y, x)| (y - self.y - slope * (x - self.pre)).powi(2)))
    }
}

/// Outcomes adjusted by a covariate with one slope for both arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Cuped {
    /// Slope of outcome on covariate over the rows of both arms; 0 when the covariate does not vary.
    pub theta: f64,
    /// Outcomes less theta times the covariate's distance from its mean over both arms.
    pub adjusted: Arms<Vec<f64>>,
    /// Each arm's mean of the adjusted outcomes.
    pub mean: Arms<f64>,
    /// 1 - r^2: about what is left of the variance. `None` when the outcome does not vary.
    pub variance_ratio: Option<f64>,
    scaled: Arms<(f64, f64, f64)>,
    unit: i32,
    centre: f64,
}

/// CUPED (Deng, Xu, Kohavi & Walker 2013, WSDM): takes from each outcome what a covariate from before the release explains.
///
/// theta = cov(outcome, covariate) / var(covariate) over both arms together.
///
/// ```
/// use serinus::{Arms, stats::covariate::cuped};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let pre = Arms { canary: &[1.0, 2.0, 3.0, 4.0][..], baseline: &[2.0, 3.0, 4.0, 5.0, 6.0][..] };
/// let post = Arms { canary: &[1.6, 2.4, 3.6, 4.4][..], baseline: &[2.1, 2.9, 4.1, 4.9, 6.0][..] };
/// let adjusted = cuped(post, pre)?;
/// assert!(adjusted.variance_ratio.is_some_and(|v| v < 0.1));
/// assert!(adjusted.contrast(1.0)?.estimate > 0.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two rows in an arm, a covariate that is not one a row, a value that is NaN or infinite.
pub fn cuped(y: Arms<&[f64]>, pre: Arms<&[f64]>) -> Result<Cuped, Unanswerable> {
    let data = Paired::new(y, pre, 2)?;
    let all = |arms: &Arms<Vec<f64>>| [arms.canary.as_slice(), arms.baseline.as_slice()].concat();
    let whole = Moments::of(&all(&data.y), &all(&data.pre));
    let theta = if whole.xx > 0.0 { whole.xy / whole.xx } else { 0.0 };
    let adjust =
        |y: &[f64], pre: &[f64]| -> Vec<f64> { y.iter().zip(pre).map(|(y, x)| y - theta * (x - whole.pre)).collect() };
    let adjusted = Arms {
        canary: adjust(&data.y.canary, &data.pre.canary),
        baseline: adjust(&data.y.baseline, &data.pre.baseline),
    };
    let scaled = adjusted.as_ref().map(|v| {
        let moments = Moments::of(v, v);
        (moments.y, moments.yy, moments.n)
    });
    let up = |v: f64| scale::up(v + data.centre, data.unit);
    let out = Cuped {
        theta: data.slope(theta),
        mean: scaled.map(|s| up(s.0)),
        adjusted: adjusted.map(|v| v.into_iter().map(up).collect()),
        variance_ratio: (whole.yy > 0.0).then(|| {
            let explained =
                if whole.xx > 0.0 { whole.xy / whole.xx.sqrt() * (whole.xy / whole.xx.sqrt()) } else { 0.0 };
            (1.0 - explained / whole.yy).clamp(0.0, 1.0)
        }),
        scaled,
        unit: data.unit,
        centre: data.centre,
    };
    let finite = out.theta.is_finite()
        && [&out.adjusted.canary, &out.adjusted.baseline].iter().all(|v| v.iter().all(|a| a.is_finite()));
    if finite {
        return Ok(out);
    }
    Err(Unanswerable::Undefined { test: TEST, why: "an adjusted value is above the largest number there is" })
}

impl Cuped {
    /// Welch's contrast of the adjusted means, canary - rho baseline, as if theta had been known.
    ///
    /// # Errors
    /// Neither arm varies, or a `rho` that is not finite.
    pub fn welch(&self, rho: f64) -> Result<Contrast, Unanswerable> {
        let (c, b) = (self.scaled.canary, self.scaled.baseline);
        let part = |(_, squares, n): (f64, f64, f64), by: f64| (by * (squares / (n - 1.0) / n).sqrt(), n - 1.0);
        let parts = [part(c, 1.0), part(b, rho.abs())];
        let dof = spread(parts, rho)?;
        let estimate = c.0 - rho * b.0 + (1.0 - rho) * self.centre;
        let up = |v: f64| scale::up(v, self.unit);
        Ok(Contrast { estimate: up(estimate), standard_error: up(parts[0].0.hypot(parts[1].0)), dof })
    }

    /// [`Cuped::welch`] with one degree of freedom less, which theta has spent.
    ///
    /// # Errors
    /// As [`Cuped::welch`], and where no degree of freedom is left.
    pub fn contrast(&self, rho: f64) -> Result<Contrast, Unanswerable> {
        let welch = self.welch(rho)?;
        if welch.dof > 1.0 {
            return Ok(Contrast { dof: welch.dof - 1.0, ..welch });
        }
        Err(Unanswerable::Undefined { test: "cuped", why: "no degree of freedom is left after the slope" })
    }
}

fn spread(parts: [(f64, f64); 2], rho: f64) -> Result<f64, Unanswerable> {
    if !rho.is_finite() {
        return Err(Unanswerable::Argument { argument: "rho", value: rho, expected: "it has to be finite" });
    }
    satterthwaite(parts).ok_or(Unanswerable::Undefined { test: TEST, why: "no arm varies after the adjustment" })
}

/// Analysis of covariance with one slope: the difference of means at equal covariates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ancova {
    /// The difference, its standard error and N - 3 degrees of freedom.
    pub contrast: Contrast,
    /// Slope of the outcome on the covariate, common to both arms.
    pub slope: f64,
}

/// Least squares of outcome on arm and covariate, with one slope and one variance for both arms.
///
/// ```
/// use serinus::{Arms, stats::covariate::ancova};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let pre = Arms { canary: &[1.0, 2.0, 3.0, 4.0][..], baseline: &[2.0, 3.0, 4.0, 5.0, 6.0][..] };
/// let post = Arms { canary: &[2.5, 4.5, 6.4, 8.6][..], baseline: &[4.0, 6.1, 8.0, 9.9, 12.0][..] };
/// let fit = ancova(post, pre)?;
/// assert!((fit.slope - 2.0).abs() < 0.05 && (fit.contrast.estimate - 0.5).abs() < 0.1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two rows in an arm, a covariate constant in both arms, a value that is NaN or infinite.
pub fn ancova(y: Arms<&[f64]>, pre: Arms<&[f64]>) -> Result<Ancova, Unanswerable> {
    let data = Paired::new(y, pre, 2)?;
    let c = Moments::of(&data.y.canary, &data.pre.canary);
    let b = Moments::of(&data.y.baseline, &data.pre.baseline);
    let xx = c.xx + b.xx;
    if xx <= 0.0 {
        return Err(Unanswerable::Undefined { test: "ancova", why: "the covariate is constant in each arm" });
    }
    let slope = (c.xy + b.xy) / xx;
    let dof = c.n + b.n - 3.0;
    let residual =
        c.about(&data.y.canary, &data.pre.canary, slope) + b.about(&data.y.baseline, &data.pre.baseline, slope);
    let apart = c.pre - b.pre;
    let variance = residual / dof * (1.0 / c.n + 1.0 / b.n + apart * apart / xx);
    let contrast = data.contrast(c.y - b.y - slope * apart, variance.sqrt(), dof)?;
    Ok(Ancova { contrast, slope: data.slope(slope) })
}

/// Regression adjustment with a slope for each arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lin {
    /// canary - rho baseline at the covariate's mean over both arms; Satterthwaite's degrees of freedom.
    pub contrast: Contrast,
    /// Each arm's slope; 0 where the covariate is constant in the arm.
    pub slope: Arms<f64>,
    /// Each arm's mean at the covariate's mean over both arms.
    pub mean: Arms<f64>,
}

/// Lin's (2013, Annals of Applied Statistics 7:295) adjustment: a line for each arm, compared at the common mean.
///
/// Never less precise than the raw difference in large samples, however unequal the arms' sizes, which one common slope
/// cannot promise. The variance is each line's residual variance over n, with n - 2 degrees of freedom, plus
/// (b_canary - rho b_baseline)^2 var(covariate) / N for the mean that was estimated. The relative margin `rho` applies
/// to the adjusted baseline mean.
///
/// ```
/// use serinus::{Arms, stats::covariate::lin};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let pre = Arms { canary: &[1.0, 2.0, 3.0, 4.0][..], baseline: &[2.0, 3.0, 4.0, 5.0, 6.0][..] };
/// let post = Arms { canary: &[2.5, 4.5, 6.4, 8.6][..], baseline: &[4.0, 6.1, 8.0, 9.9, 12.0][..] };
/// assert!((lin(post, pre, 1.0)?.contrast.estimate - 0.5).abs() < 0.1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than three rows in an arm, residuals that do not vary, a value that is NaN or infinite.
pub fn lin(y: Arms<&[f64]>, pre: Arms<&[f64]>, rho: f64) -> Result<Lin, Unanswerable> {
    let data = Paired::new(y, pre, 3)?;
    let c = Moments::of(&data.y.canary, &data.pre.canary);
    let b = Moments::of(&data.y.baseline, &data.pre.baseline);
    let total = c.n + b.n;
    let middle = (c.n * c.pre + b.n * b.pre) / total;
    let line = |m: &Moments, y: &[f64], pre: &[f64]| {
        let slope = if m.xx > 0.0 { m.xy / m.xx } else { 0.0 };
        let error = (m.about(y, pre, slope) / (m.n - 2.0) / m.n).sqrt();
        (slope, m.y - slope * (m.pre - middle), error)
    };
    let canary = line(&c, &data.y.canary, &data.pre.canary);
    let baseline = line(&b, &data.y.baseline, &data.pre.baseline);
    let parts = [(canary.2, c.n - 2.0), (rho.abs() * baseline.2, b.n - 2.0)];
    let dof = spread(parts, rho)?;
    let apart = c.pre - b.pre;
    let variance = (c.xx + b.xx + c.n * b.n / total * apart * apart) / (total - 1.0);
    let middle_error = (canary.0 - rho * baseline.0).abs() * (variance / total).sqrt();
    let error = parts[0].0.hypot(parts[1].0).hypot(middle_error);
    let up = |v: f64| scale::up(v + data.centre, data.unit);
    Ok(Lin {
        contrast: data.contrast(canary.1 - rho * baseline.1 + (1.0 - rho) * data.centre, error, dof)?,
        slope: Arms { canary: data.slope(canary.0), baseline: data.slope(baseline.0) },
        mean: Arms { canary: up(canary.1), baseline: up(baseline.1) },
    })
}

/// The contrast of means inside strata, sum of W_h (mean canary - rho mean baseline), W_h the canary's share of rows.
///
/// It is the effect on what the canary served. A stratum with fewer than `least` rows (at least 2) in an arm merges with
/// the next, the last with the one before. Satterthwaite's degrees of freedom over the arms of the strata.
///
/// ```
/// use serinus::{Arms, stats::covariate::post_stratified};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// // The canary ran by day, when all is fast; within blocks it is slower by 2.
/// let day = Arms { canary: &[12.0, 13.0, 14.0, 13.0][..], baseline: &[10.0, 11.0, 12.0][..] };
/// let night = Arms { canary: &[92.0, 94.0][..], baseline: &[90.0, 92.0, 91.0, 91.0, 90.0, 92.0][..] };
/// assert_eq!(post_stratified(&[day, night], 1.0, 2)?.estimate, 2.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two rows in an arm over all, no spread, a value that is NaN or infinite, a `rho` that is not finite.
pub fn post_stratified(strata: &[Arms<&[f64]>], rho: f64, least: usize) -> Result<Contrast, Unanswerable> {
    if !rho.is_finite() {
        return Err(Unanswerable::Argument { argument: "rho", value: rho, expected: "it has to be finite" });
    }
    let join = |pick: fn(&Arms<&[f64]>) -> Vec<f64>| strata.iter().flat_map(pick).collect::<Vec<f64>>();
    let all = Arms { canary: join(|s| s.canary.to_vec()), baseline: join(|s| s.baseline.to_vec()) };
    for (arm, values) in [(Arm::Canary, &all.canary), (Arm::Baseline, &all.baseline)] {
        ecdf::enough("post_stratified", "rows", arm, 2, values.len())?;
        ecdf::check("post_stratified", arm, values, Admit::Finite)?;
    }
    let (centred, unit, centre) = centred(Arms { canary: &all.canary, baseline: &all.baseline });
    let (mut estimate, mut parts) = (0.0, Vec::new());
    for block in blocks(strata, least.max(2)) {
        let (x, y) = (&centred.canary[block.canary], &centred.baseline[block.baseline]);
        let (c, b) = (Moments::of(x, x), Moments::of(y, y));
        let weight = c.n / all.canary.len() as f64;
        estimate += weight * (c.y - rho * b.y);
        for (m, by) in [(c, weight), (b, weight * rho.abs())] {
            parts.push((by * (m.yy / (m.n - 1.0) / m.n).sqrt(), m.n - 1.0));
        }
    }
    let why = "no stratum's rows vary";
    let dof = satterthwaite(parts.iter().copied()).ok_or(Unanswerable::Undefined { test: "post_stratified", why })?;
    let error = parts.iter().fold(0.0, |e: f64, p| e.hypot(p.0));
    Ok(Contrast {
        estimate: scale::up(estimate + (1.0 - rho) * centre, unit),
        standard_error: scale::up(error, unit),
        dof,
    })
}

/// Ranges of rows of each arm, thin strata merged; there are at least two rows of each arm in all.
fn blocks(strata: &[Arms<&[f64]>], least: usize) -> Vec<Arms<std::ops::Range<usize>>> {
    let mut out: Vec<Arms<std::ops::Range<usize>>> = Vec::new();
    let mut open = Arms { canary: 0..0, baseline: 0..0 };
    for stratum in strata {
        open.canary.end += stratum.canary.len();
        open.baseline.end += stratum.baseline.len();
        if open.canary.len() >= least && open.baseline.len() >= least {
            let next =
                Arms { canary: open.canary.end..open.canary.end, baseline: open.baseline.end..open.baseline.end };
            out.push(std::mem::replace(&mut open, next));
        }
    }
    if !open.canary.is_empty() || !open.baseline.is_empty() {
        match out.last_mut() {
            Some(last) => (last.canary.end, last.baseline.end) = (open.canary.end, open.baseline.end),
            None => out.push(open),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: u32, step: u32, by: f64) -> Vec<f64> {
        (0..n).map(|i| f64::from(i * step % n) * by).collect()
    }

    fn arms<'a>(canary: &'a [f64], baseline: &'a [f64]) -> Arms<&'a [f64]> {
        Arms { canary, baseline }
    }

    #[test]
    fn a_covariate_that_does_not_vary_adjusts_nothing() {
        let (x, y) = (wave(9, 4, 0.5), wave(14, 3, 0.3));
        let out = cuped(arms(&x, &y), arms(&[2.0; 9], &[2.0; 14])).unwrap();
        assert_eq!((out.theta, out.variance_ratio), (0.0, Some(1.0)));
        assert!(out.adjusted.canary.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-15));
        assert!(ancova(arms(&x, &y), arms(&[2.0; 9], &[2.0; 14])).is_err());
        let flat = lin(arms(&x, &y), arms(&[2.0; 9], &[2.0; 14]), 1.0).unwrap();
        assert!((flat.contrast.estimate - out.welch(1.0).unwrap().estimate).abs() < 1e-14);
    }

    #[test]
    fn scales_and_offsets_keep_the_answer() {
        let (x, y, px, py) = (wave(9, 4, 0.5), wave(14, 3, 0.375), wave(9, 5, 0.25), wave(14, 5, 0.5));
        let plain = lin(arms(&x, &y), arms(&px, &py), 1.0).unwrap().contrast;
        let by = |v: &[f64], f: f64| v.iter().map(|a| a * f).collect::<Vec<_>>();
        let plus = |v: &[f64], f: f64| v.iter().map(|a| a + f).collect::<Vec<_>>();
        for factor in [2f64.powi(990), 2f64.powi(-990)] {
            let scaled =
                lin(arms(&by(&x, factor), &by(&y, factor)), arms(&by(&px, factor), &by(&py, factor)), 1.0).unwrap();
            assert_eq!(scaled.contrast.estimate, plain.estimate * factor);
            assert_eq!(scaled.contrast.dof, plain.dof);
        }
        let moved = lin(arms(&plus(&x, 1e9), &plus(&y, 1e9)), arms(&plus(&px, 1e9), &plus(&py, 1e9)), 1.0).unwrap();
        assert!((moved.contrast.estimate / plain.estimate - 1.0).abs() < 1e-12);
        let ancova_plain = ancova(arms(&x, &y), arms(&px, &py)).unwrap();
        let ancova_moved =
            ancova(arms(&plus(&x, 1e9), &plus(&y, 1e9)), arms(&plus(&px, 1e9), &plus(&py, 1e9))).unwrap();
        assert!((ancova_moved.contrast.estimate / ancova_plain.contrast.estimate - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_stratum_is_welch() {
        let (x, y) = (wave(9, 4, 0.5), wave(14, 3, 0.3));
        let plain = cuped(arms(&x, &y), arms(&[0.0; 9], &[0.0; 14])).unwrap().welch(1.1).unwrap();
        let one = post_stratified(&[arms(&x, &y)], 1.1, 2).unwrap();
        assert!((one.estimate - plain.estimate).abs() < 1e-14);
        assert!((one.standard_error - plain.standard_error).abs() < 1e-14);
        assert!((one.dof - plain.dof).abs() < 1e-9);
    }

    #[test]
    fn thin_strata_merge_forward_and_the_last_back() {
        let (x, y) = (wave(9, 4, 0.5), wave(14, 3, 0.3));
        let cut = [arms(&x[..1], &y[..5]), arms(&x[1..6], &y[5..9]), arms(&x[6..], &y[9..13]), arms(&[], &y[13..])];
        let merged = [arms(&x[..6], &y[..9]), arms(&x[6..], &y[9..])];
        assert_eq!(post_stratified(&cut, 0.9, 2), post_stratified(&merged, 0.9, 2));
    }

    #[test]
    fn too_few_rows_are_no_answer() {
        assert!(cuped(arms(&[1.0], &[1.0, 2.0]), arms(&[1.0], &[1.0, 2.0])).is_err());
        assert!(lin(arms(&[1.0, 2.0], &[1.0, 2.0, 4.0]), arms(&[1.0, 2.0], &[1.0, 2.0, 4.0]), 1.0).is_err());
        assert!(post_stratified(&[], 1.0, 2).is_err());
        assert!(post_stratified(&[arms(&[1.0, 1.0], &[2.0, 2.0])], 1.0, 2).is_err());
        assert!(cuped(arms(&[1.0, f64::NAN], &[1.0, 2.0]), arms(&[1.0, 2.0], &[1.0, 2.0])).is_err());
    }
}
