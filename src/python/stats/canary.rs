//! Tests that a canary needs and SciPy does not have: margins, strata, clusters, pairs, distances.

use pyo3::prelude::*;

use super::arguments::{Nan, choice, contrast, fault};
use super::results::{EstimateResult, MarginResult, ShiftResult, SignificanceResult, TailsResult};
use crate::arms::{Arm, Arms};
use crate::python::columns::{column, sample};
use crate::python::errors::bad_data;
use crate::python::work;
use crate::stats::binning::Bins;
use crate::stats::bootstrap::{Bootstrap, Draws, Mean, Method, Quantile, Scale, TrimmedMean};
use crate::stats::brunner_munzel::{BrunnerMunzel, brunner_munzel_noninferiority};
use crate::stats::cluster;
use crate::stats::contrast::{Contrast, Flag};
use crate::stats::covariate;
use crate::stats::delong as roc;
use crate::stats::describe::QuantileRule;
use crate::stats::divergence::Categories;
use crate::stats::hodges_lehmann::{self as shift, HodgesLehmann, RankEstimate};
use crate::stats::location::{EquivalenceMargin, MarginTest};
use crate::stats::mann_whitney::{MannWhitney, RankMargin, mann_whitney_noninferiority};
use crate::stats::paired_t;
use crate::stats::quantile::{MoverScale, mover};
use crate::stats::rank::sorted;
use crate::stats::ratio_of_means;
use crate::stats::strata::{self, Events};
use crate::stats::welch;
use crate::stats::yuen;
use crate::stats::{Alternative, Confidence, Unanswerable};
use crate::table::Column;

fn flags(flags: &[Flag]) -> Vec<String> {
    flags.iter().map(ToString::to_string).collect()
}

fn margin(found: MarginTest) -> MarginResult {
    MarginResult {
        p_noninferior: found.p_noninferior,
        p_inferior: found.p_inferior,
        estimate: found.difference,
        low: found.interval.low,
        high: found.interval.high,
        level: found.interval.level,
        flags: flags(&found.flags),
    }
}

fn estimate(estimate: Option<f64>, interval: Confidence) -> EstimateResult {
    EstimateResult { estimate, low: interval.low, high: interval.high, level: interval.level }
}

fn ranked(found: RankEstimate) -> EstimateResult {
    estimate(Some(found.estimate), found.interval)
}

/// Both samples.
pub(super) fn two(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> PyResult<(Vec<f64>, Vec<f64>)> {
    Ok((sample(x, "x")?, sample(y, "y")?))
}

type MarginFunction = fn(&[f64], &[f64], &Contrast, f64) -> Result<MarginTest, Unanswerable>;

/// Whether the canary's mean keeps a margin, by Welch's test.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable, as a share of the baseline's mean, in the metric's unit, or both added.
/// alpha : float, default 0.05
///     The interval is at 1 - 2 alpha, and lies inside the margin exactly when `p_noninferior` is below alpha.
///
/// Returns
/// -------
/// MarginResult
///     `estimate` and interval are of mean_x - (1 + or - relative) mean_y.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [10.1, 10.3, 9.9, 10.0, 10.2], [10.0, 10.2, 9.8, 10.1, 9.9]
/// >>> stats.welch_noninferiority(x, y, direction="lower_is_better", relative=0.1).p_noninferior < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, direction, relative=None, absolute=None, alpha=0.05))]
pub(super) fn welch_noninferiority(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    alpha: f64,
) -> PyResult<MarginResult> {
    noninferiority(py, two(x, y)?, contrast(direction, relative, absolute)?, alpha, welch::welch_noninferiority)
}

fn noninferiority(
    py: Python<'_>,
    (x, y): (Vec<f64>, Vec<f64>),
    contrast: Contrast,
    alpha: f64,
    test: MarginFunction,
) -> PyResult<MarginResult> {
    py.detach(|| test(&x, &y, &contrast, alpha)).map(margin).map_err(fault)
}

/// Whether two means are equivalent, by two one-sided Welch tests.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// low, high : float
///     Bounds of the difference of means, or of their ratio when `relative`.
/// relative : bool, default False
/// alpha : float, default 0.05
///
/// Returns
/// -------
/// TailsResult
///     `p_less`: shown above the low bound when small; `p_greater`: shown below the high bound when small. The larger of the
///     two, `statistic` being None, is the p-value of equivalence.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> found = stats.welch_equivalence([10.1, 10.3, 9.9, 10.0], [10.0, 10.2, 9.8, 10.1], low=-1, high=1)
/// >>> max(found) < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, low, high, relative=false, alpha=0.05))]
#[allow(clippy::too_many_arguments)]
pub(super) fn welch_equivalence(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    low: f64,
    high: f64,
    relative: bool,
    alpha: f64,
) -> PyResult<TailsResult> {
    let (x, y) = two(x, y)?;
    let margin =
        if relative { EquivalenceMargin::Relative { low, high } } else { EquivalenceMargin::Absolute { low, high } };
    let found = py.detach(|| welch::welch_equivalence(&x, &y, margin, alpha)).map_err(fault)?;
    Ok(TailsResult {
        p_less: found.low.p_noninferior,
        p_greater: found.high.p_noninferior,
        statistic: None,
        estimate: Some(found.low.difference),
    })
}

/// Whether the canary's trimmed mean keeps a margin, by Yuen's test.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// trim : float, default 0.2
///     Share of values taken off each end.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable.
/// alpha : float, default 0.05
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [10.1, 10.3, 9.9, 10.0, 99.0], [10.0, 10.2, 9.8, 10.1, 9.9]
/// >>> stats.yuen_noninferiority(x, y, direction="lower_is_better", relative=0.2).p_noninferior < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, direction, relative=None, absolute=None, trim=0.2, alpha=0.05))]
#[allow(clippy::too_many_arguments)]
pub(super) fn yuen_noninferiority(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    trim: f64,
    alpha: f64,
) -> PyResult<MarginResult> {
    let ((x, y), contrast) = (two(x, y)?, contrast(direction, relative, absolute)?);
    py.detach(|| yuen::yuen_noninferiority(&x, &y, trim, &contrast, alpha)).map(margin).map_err(fault)
}

/// Whether the canary's mean keeps a margin over pairs.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Pairs: the canary's values and the baseline's, of one length.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable.
/// alpha : float, default 0.05
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [5.1, 7.0, 9.2, 4.1], [5.0, 7.1, 9.0, 4.0]
/// >>> stats.paired_t_noninferiority(x, y, direction="lower_is_better", absolute=0.5).p_noninferior < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, direction, relative=None, absolute=None, alpha=0.05))]
pub(super) fn paired_t_noninferiority(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    alpha: f64,
) -> PyResult<MarginResult> {
    let pairs = Nan::new("raise", None, false)?.pairs(x, y, ["x", "y"])?;
    noninferiority(py, pairs, contrast(direction, relative, absolute)?, alpha, paired_t::paired_t_noninferiority)
}

/// Whether the canary tends to keep a margin, by ranks.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable; one of the two.
/// method : {'mann_whitney', 'brunner_munzel'}
///     Brunner and Munzel's does not assume equal spread.
///
/// Returns
/// -------
/// TailsResult
///     `p_less` is the p-value of "worse than the margin": small shows safety. `p_greater` is that of "not worse than the
///     margin": small shows harm. `estimate` is P(X > Y) + P(X = Y)/2 at the margin.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [10.1, 10.3, 9.9, 10.0], [10.0, 10.2, 9.8, 10.1]
/// >>> stats.rank_noninferiority(x, y, direction="lower_is_better", relative=0.2).p_less < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, direction, relative=None, absolute=None, method="mann_whitney"))]
pub(super) fn rank_noninferiority(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    method: &str,
) -> PyResult<TailsResult> {
    let (x, y) = two(x, y)?;
    let better = super::arguments::better(direction)?;
    let margin = match (relative, absolute) {
        (Some(share), None) => RankMargin::Scale(share),
        (None, Some(shift)) => RankMargin::Shift(shift),
        _ => return Err(bad_data("margin: give one of relative= and absolute=")),
    };
    let found = match method {
        "mann_whitney" => py.detach(|| mann_whitney_noninferiority(&x, &y, better, margin, &MannWhitney::default())),
        "brunner_munzel" => {
            py.detach(|| brunner_munzel_noninferiority(&x, &y, better, margin, &BrunnerMunzel::default()))
        }
        other => return Err(choice("method", other, &["mann_whitney", "brunner_munzel"])),
    }
    .map_err(fault)?;
    Ok(TailsResult {
        p_less: found.p_noninferior,
        p_greater: found.p_inferior,
        statistic: Some(found.u),
        estimate: Some(found.superiority),
    })
}

pub(super) fn hodges_lehmann_options(level: f64, alternative: &str) -> PyResult<HodgesLehmann> {
    Ok(HodgesLehmann::default().level(level).alternative(super::arguments::alternative(alternative)?))
}

/// The median of all differences x - y, with the interval that inverts the rank test.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// level : float, default 0.95
/// alternative : {'two-sided', 'less', 'greater'}
///     'less' bounds above, 'greater' below.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.hodges_lehmann([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).estimate
/// 1.0
#[pyfunction]
#[pyo3(signature = (x, y, *, level=0.95, alternative="two-sided"))]
pub(super) fn hodges_lehmann(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    level: f64,
    alternative: &str,
) -> PyResult<EstimateResult> {
    let ((x, y), options) = (two(x, y)?, hodges_lehmann_options(level, alternative)?);
    py.detach(|| shift::hodges_lehmann(&x, &y, &options)).map(ranked).map_err(fault)
}

/// The median of all ratios x / y of positive values, with the interval that inverts the rank test.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// level : float, default 0.95
/// alternative : {'two-sided', 'less', 'greater'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.hodges_lehmann_ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]).estimate, 9)
/// 2.0
#[pyfunction]
#[pyo3(signature = (x, y, *, level=0.95, alternative="two-sided"))]
pub(super) fn hodges_lehmann_ratio(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    level: f64,
    alternative: &str,
) -> PyResult<EstimateResult> {
    let ((x, y), options) = (two(x, y)?, hodges_lehmann_options(level, alternative)?);
    py.detach(|| shift::hodges_lehmann_ratio(&x, &y, &options)).map(ranked).map_err(fault)
}

/// The ratio of means with Fieller's interval, variances unequal.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// level : float, default 0.95
///
/// Returns
/// -------
/// EstimateResult
///     Unbounded when the baseline's mean is not shown to differ from 0.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.fieller_ratio([11.0, 10.0, 12.0], [10.0, 9.0, 11.0]).estimate
/// 1.1
#[pyfunction]
#[pyo3(signature = (x, y, *, level=0.95))]
pub(super) fn fieller_ratio(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<EstimateResult> {
    let (x, y) = two(x, y)?;
    let found = py.detach(|| ratio_of_means::fieller_welch(&x, &y, level)).map_err(fault)?;
    Ok(estimate(found.ratio, found.interval))
}

/// The ratio of geometric means of positive values, by Welch's test on logarithms.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// level : float, default 0.95
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.geometric_ratio([2.0, 8.0], [1.0, 4.0]).estimate, 9)
/// 2.0
#[pyfunction]
#[pyo3(signature = (x, y, *, level=0.95))]
pub(super) fn geometric_ratio(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<EstimateResult> {
    let (x, y) = two(x, y)?;
    let found = py.detach(|| ratio_of_means::log_welch(&x, &y, level)).map_err(fault)?;
    Ok(estimate(Some(found.ratio), found.interval))
}

/// Whether a quantile of the canary keeps a margin, from order statistics of both arms (MOVER).
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// q : float
///     The probability of the quantile, such as 0.99.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable.
/// scale : {'log_ratio', 'difference'}
/// alpha : float, default 0.05
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [float(v) for v in range(1, 400)], [float(v) for v in range(1, 400)]
/// >>> stats.quantile_mover(x, y, q=0.5, direction="lower_is_better", relative=0.3).estimate
/// 1.0
#[pyfunction]
#[pyo3(signature = (x, y, *, q, direction, relative=None, absolute=None, scale="log_ratio", alpha=0.05))]
#[allow(clippy::too_many_arguments)]
pub(super) fn quantile_mover(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    q: f64,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    scale: &str,
    alpha: f64,
) -> PyResult<MarginResult> {
    let ((x, y), contrast) = (two(x, y)?, contrast(direction, relative, absolute)?);
    let scale = match scale {
        "log_ratio" => MoverScale::LogRatio,
        "difference" => MoverScale::Difference,
        other => return Err(choice("scale", other, &["log_ratio", "difference"])),
    };
    let found = py.detach(|| mover(&sorted(&x), &sorted(&y), q, scale, &contrast, alpha)).map_err(fault)?;
    Ok(MarginResult {
        p_noninferior: found.p_noninferior,
        p_inferior: found.p_inferior,
        estimate: found.estimate,
        low: found.interval.low,
        high: found.interval.high,
        level: found.interval.level,
        flags: Vec::new(),
    })
}

/// Whether a statistic of the canary keeps a margin, by resampling.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// direction : {'higher_is_better', 'lower_is_better'}
/// relative, absolute : float, optional
///     How much worse is acceptable.
/// statistic : {'mean', 'trimmed_mean', 'quantile'}
/// q : float, default 0.5
///     The probability of the quantile, or the share that is trimmed off each end.
/// method : {'studentized', 'percentile', 'basic', 'bca'}
/// scale : {'difference', 'log_ratio'}
/// draws : int, optional
///     Number of replicates; as many as the answer needs when None.
/// alpha : float, default 0.05
/// seed : int, default 0
///     The same seed gives the same bits, on any number of threads.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [10.1, 10.3, 9.9, 10.0, 10.2], [10.0, 10.2, 9.8, 10.1, 9.9]
/// >>> stats.bootstrap(x, y, direction="lower_is_better", relative=0.1).p_noninferior < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, direction, relative=None, absolute=None, statistic="mean", q=0.5, method="studentized", scale="difference", draws=None, alpha=0.05, seed=0))]
#[allow(clippy::too_many_arguments)]
pub(super) fn bootstrap(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    direction: &str,
    relative: Option<f64>,
    absolute: Option<f64>,
    statistic: &str,
    q: f64,
    method: &str,
    scale: &str,
    draws: Option<u64>,
    alpha: f64,
    seed: u64,
) -> PyResult<MarginResult> {
    let ((x, y), contrast) = (two(x, y)?, contrast(direction, relative, absolute)?);
    let method = match method {
        "studentized" => Method::Studentized,
        "percentile" => Method::Percentile,
        "basic" => Method::Basic,
        "bca" => Method::Bca,
        other => return Err(choice("method", other, &["studentized", "percentile", "basic", "bca"])),
    };
    let scale = match scale {
        "difference" => Scale::Difference,
        "log_ratio" => Scale::LogRatio,
        other => return Err(choice("scale", other, &["difference", "log_ratio"])),
    };
    let known = ["mean", "trimmed_mean", "quantile"];
    let Some(statistic) = known.into_iter().find(|s| *s == statistic) else {
        return Err(choice("statistic", statistic, &known));
    };
    let draws = draws.map_or(Draws::Adaptive, Draws::Fixed);
    let found = work::run(py, move |_| {
        let options = Bootstrap { method, scale, draws, alpha, seed, ..Bootstrap::default() };
        match statistic {
            "mean" => options.test(&Mean::new(&x)?, &Mean::new(&y)?, &contrast),
            "trimmed_mean" => options.test(&TrimmedMean::new(&x, q)?, &TrimmedMean::new(&y, q)?, &contrast),
            _ => {
                let rule = QuantileRule::default();
                options.test(&Quantile::new(&x, q, rule)?, &Quantile::new(&y, q, rule)?, &contrast)
            }
        }
    })?
    .map_err(fault)?;
    Ok(MarginResult {
        p_noninferior: found.p_noninferior,
        p_inferior: found.p_inferior,
        estimate: found.estimate,
        low: found.interval.low,
        high: found.interval.high,
        level: found.interval.level,
        flags: flags(&found.flags),
    })
}

pub(super) fn labels(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<bool>> {
    let values = sample(object, name)?;
    match values.iter().position(|v| *v != 0.0 && *v != 1.0) {
        Some(i) => Err(bad_data(format!("{name}, row {}: {} is no label; give 0 and 1", i + 1, values[i]))),
        None => Ok(values.iter().map(|v| *v == 1.0).collect()),
    }
}

/// The area under the ROC curve, with DeLong's interval.
///
/// Parameters
/// ----------
/// scores, labels : array_like
///     Scores, and labels of 0 and 1, of one length.
/// level : float, default 0.95
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.auc([0.9, 0.8, 0.7, 0.3, 0.2], [1, 1, 0, 1, 0]).estimate
/// 0.8333333333333334
#[pyfunction]
#[pyo3(signature = (scores, labels, *, level=0.95))]
pub(super) fn auc(
    py: Python<'_>,
    scores: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<EstimateResult> {
    let (scores, labels) = (sample(scores, "scores")?, self::labels(labels, "labels")?);
    lengths(&[("scores", scores.len()), ("labels", labels.len())])?;
    let found = py.detach(|| {
        let area = roc::Auc::new(Arm::Canary, &scores, &labels)?;
        area.interval(level).map(|interval| (area.auc, interval))
    });
    found.map(|(area, interval)| estimate(Some(area), interval)).map_err(fault)
}

pub(super) fn lengths(of: &[(&str, usize)]) -> PyResult<()> {
    let Some((first, n)) = of.first() else { return Ok(()) };
    match of.iter().find(|(_, m)| m != n) {
        Some((name, m)) => Err(bad_data(format!("{name} has {m} values and {first} has {n}; give them one length"))),
        None => Ok(()),
    }
}

/// Whether two areas under ROC curves differ, by DeLong's test.
///
/// Parameters
/// ----------
/// x_scores, y_scores : array_like
///     Scores of the canary and of the baseline.
/// x_labels : array_like
///     Labels of 0 and 1 of the canary's rows.
/// y_labels : array_like, optional
///     Labels of the baseline's rows; None when both arms scored the same rows.
/// null : float, default 0
///     The difference asked about, canary minus baseline; minus a margin shows safety when `p_greater` is small there.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> labels = [1, 1, 1, 0, 0, 0]
/// >>> round(stats.delong([.9, .8, .3, .4, .2, .1], [.9, .2, .3, .4, .8, .1], labels).estimate, 4)
/// 0.3333
#[pyfunction]
#[pyo3(signature = (x_scores, y_scores, x_labels, y_labels=None, *, null=0.0))]
pub(super) fn delong(
    py: Python<'_>,
    x_scores: &Bound<'_, PyAny>,
    y_scores: &Bound<'_, PyAny>,
    x_labels: &Bound<'_, PyAny>,
    y_labels: Option<&Bound<'_, PyAny>>,
    null: f64,
) -> PyResult<TailsResult> {
    let (x, y) = (sample(x_scores, "x_scores")?, sample(y_scores, "y_scores")?);
    let x_labels = labels(x_labels, "x_labels")?;
    lengths(&[("x_scores", x.len()), ("x_labels", x_labels.len())])?;
    let y_labels = y_labels.map(|l| labels(l, "y_labels")).transpose()?;
    match &y_labels {
        Some(labels) => lengths(&[("y_scores", y.len()), ("y_labels", labels.len())])?,
        None => lengths(&[("x_labels", x_labels.len()), ("y_scores", y.len())])?,
    }
    py.detach(|| {
        let found = match &y_labels {
            Some(labels) => {
                let canary = roc::Auc::new(Arm::Canary, &x, &x_labels)?;
                roc::delong_unpaired(canary, roc::Auc::new(Arm::Baseline, &y, labels)?)
            }
            None => roc::delong_paired(&x, &y, &x_labels)?,
        };
        let less = found.test(null, Alternative::Less)?;
        let greater = found.test(null, Alternative::Greater)?;
        Ok(TailsResult {
            p_less: less.p_value,
            p_greater: greater.p_value,
            statistic: greater.statistic.is_finite().then_some(greater.statistic),
            estimate: Some(found.contrast.estimate),
        })
    })
    .map_err(fault)
}

/// Names or numbers as codes.
pub(super) fn codes(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u64>> {
    match column(object, name)? {
        Column::Text { codes, .. } => match codes.iter().position(|c| *c == Column::MISSING) {
            Some(i) => Err(bad_data(format!("{name}, row {}: the value is missing", i + 1))),
            None => Ok(codes.iter().map(|c| u64::from(*c)).collect()),
        },
        Column::Number { values, missing } => {
            if let Some(i) = missing.as_ref().and_then(|m| m.iter().position(|m| *m)) {
                return Err(bad_data(format!("{name}, row {}: the value is missing", i + 1)));
            }
            // -0.0 and 0.0 are one name.
            Ok(values.iter().map(|v| (v + 0.0).to_bits()).collect())
        }
    }
}

/// The difference of means with an error that allows for users who return.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline.
/// x_clusters, y_clusters : array_like
///     Who each value belongs to: numbers or text.
/// relative : float, default 0
///     mean_x - (1 + relative) mean_y is estimated.
/// level : float, default 0.95
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 1.5, 2.5, 3.5, 4.5]
/// >>> found = stats.cluster_contrast(x, list("abcde"), y, list("fghij"))
/// >>> round(found.estimate, 9)
/// 0.5
#[pyfunction]
#[pyo3(signature = (x, x_clusters, y, y_clusters, *, relative=0.0, level=0.95))]
pub(super) fn cluster_contrast(
    x: &Bound<'_, PyAny>,
    x_clusters: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    y_clusters: &Bound<'_, PyAny>,
    relative: f64,
    level: f64,
) -> PyResult<EstimateResult> {
    let (x, y) = two(x, y)?;
    let (of_x, of_y) = (codes(x_clusters, "x_clusters")?, codes(y_clusters, "y_clusters")?);
    lengths(&[("x", x.len()), ("x_clusters", of_x.len())])?;
    lengths(&[("y", y.len()), ("y_clusters", of_y.len())])?;
    let means = cluster::clustered_means(&x, &of_x, &y, &of_y).map_err(fault)?;
    let found = cluster::cluster_contrast(&means.canary, &means.baseline, 1.0 + relative).map_err(fault)?;
    let interval = found.interval(level).map_err(fault)?;
    Ok(estimate(Some(found.estimate), interval))
}

/// The difference of means after taking off what a covariate from before the canary explains.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Outcomes of the canary and of the baseline.
/// x_before, y_before : array_like
///     The covariate, of one length with the outcomes.
/// level : float, default 0.95
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> x, y = [2.1, 3.9, 6.1, 8.0], [1.0, 3.1, 5.0, 6.9]
/// >>> found = stats.cuped(x, y, x_before=[1, 2, 3, 4], y_before=[1, 2, 3, 4])
/// >>> found.high - found.low < 1
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, x_before, y_before, level=0.95))]
pub(super) fn cuped(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    x_before: &Bound<'_, PyAny>,
    y_before: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<EstimateResult> {
    let (x, y) = two(x, y)?;
    let (bx, by) = (sample(x_before, "x_before")?, sample(y_before, "y_before")?);
    lengths(&[("x", x.len()), ("x_before", bx.len())])?;
    lengths(&[("y", y.len()), ("y_before", by.len())])?;
    py.detach(|| {
        let outcomes = Arms { canary: x.as_slice(), baseline: y.as_slice() };
        let found = covariate::cuped(outcomes, Arms { canary: bx.as_slice(), baseline: by.as_slice() })?;
        let test = welch::welch_t(&found.adjusted.canary, &found.adjusted.baseline, Alternative::TwoSided, level)?;
        Ok(estimate(Some(test.difference), test.interval))
    })
    .map_err(fault)
}

fn stratum_codes(x: Vec<u64>, y: Vec<u64>) -> (Vec<u32>, Vec<u32>) {
    let mut known = std::collections::BTreeMap::new();
    let mut code = |name: u64| -> u32 {
        let next = known.len() as u32;
        *known.entry(name).or_insert(next)
    };
    (x.into_iter().map(&mut code).collect(), y.into_iter().map(&mut code).collect())
}

/// The stratified rank test of van Elteren: whether x tends to be larger or smaller than y inside strata.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline.
/// x_strata, y_strata : array_like of numbers
///     The stratum of each value.
/// alternative : {'two-sided', 'less', 'greater'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.van_elteren([5, 6, 15, 16], [1, 1, 2, 2], [1, 2, 11, 12], [1, 1, 2, 2]).pvalue < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, x_strata, y, y_strata, *, alternative="two-sided"))]
pub(super) fn van_elteren(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    x_strata: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    y_strata: &Bound<'_, PyAny>,
    alternative: &str,
) -> PyResult<SignificanceResult> {
    let which = super::arguments::alternative(alternative)?;
    let (x, y) = two(x, y)?;
    // Numbers have one code in both arms; text would need its names.
    let numbers = |object, name| sample(object, name).map(|v| v.iter().map(|v| (v + 0.0).to_bits()).collect());
    let (of_x, of_y) = stratum_codes(numbers(x_strata, "x_strata")?, numbers(y_strata, "y_strata")?);
    lengths(&[("x", x.len()), ("x_strata", of_x.len())])?;
    lengths(&[("y", y.len()), ("y_strata", of_y.len())])?;
    let found = py.detach(|| strata::van_elteren(&x, &of_x, &y, &of_y)).map_err(fault)?.test(which);
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

/// The common difference of event rates over strata, x minus y, with Sato's error (Mantel and Haenszel).
///
/// Parameters
/// ----------
/// tables : sequence of tuples
///     One tuple a stratum: events and trials of the canary, events and trials of the baseline.
/// correction : bool, default False
///     Correct the test by one half.
///
/// Returns
/// -------
/// SignificanceResult
///     The Cochran-Mantel-Haenszel test.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.mantel_haenszel([(30, 100, 100, 1000), (40, 100, 200, 1000)]).pvalue < 0.001
/// True
#[pyfunction]
#[pyo3(signature = (tables, *, correction=false))]
pub(super) fn mantel_haenszel(tables: Vec<(u64, u64, u64, u64)>, correction: bool) -> PyResult<SignificanceResult> {
    let mut strata = Vec::with_capacity(tables.len());
    for (i, (x_events, x_n, y_events, y_n)) in tables.into_iter().enumerate() {
        super::arguments::proportions(x_events, x_n, y_events, y_n)
            .map_err(|e| bad_data(format!("tables, stratum {}: {e}", i + 1)))?;
        strata.push(Arms {
            canary: Events { events: x_events, trials: x_n },
            baseline: Events { events: y_events, trials: y_n },
        });
    }
    let continuity = if correction { strata::Continuity::Corrected } else { strata::Continuity::None };
    let found = strata::mantel_haenszel(&strata).and_then(|f| f.test(continuity)).map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

/// Categories of two samples: numbers in bins of the baseline, text as it is.
fn categories(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>, bins: usize) -> PyResult<Categories> {
    match (column(x, "x")?, column(y, "y")?) {
        (Column::Number { values: x, missing: None }, Column::Number { values: y, missing: None }) => {
            let bins = Bins::from_baseline(&y, None, bins, x.len() as f64).map_err(fault)?;
            bins.categories(&x, &y).map_err(fault)
        }
        (Column::Text { codes: x, names: of_x }, Column::Text { codes: y, names: of_y }) => {
            let mut names: Vec<&String> = of_x.iter().chain(&of_y).collect();
            names.sort_unstable();
            names.dedup();
            let count = |codes: &[u32], of: &[String]| {
                let mut counts = vec![0.0; names.len()];
                for name in codes.iter().filter_map(|c| of.get(*c as usize)) {
                    if let Ok(i) = names.binary_search(&name) {
                        counts[i] += 1.0;
                    }
                }
                counts
            };
            Categories::new(&count(&x, &of_x), &count(&y, &of_y)).map_err(fault)
        }
        _ => Err(bad_data("x and y: one is text and the other numbers, or a number is missing; give both alike")),
    }
}

/// The population stability index, with what it is worth at these sizes.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline: numbers, or text as categories.
/// bins : int, default 10
///     Quantile bins of the baseline, for numbers.
/// smoothing : float, default 0.5
///     Rows added to each category of each arm.
///
/// Returns
/// -------
/// ShiftResult
///     `pvalue` is of "nothing has shifted"; the customary alarms at 0.1 and 0.25 are noise at canary sizes.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.psi(["a"] * 50 + ["b"] * 50, ["a"] * 500 + ["b"] * 500).statistic < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x, y, *, bins=10, smoothing=0.5))]
pub(super) fn psi(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>, bins: usize, smoothing: f64) -> PyResult<ShiftResult> {
    let found = categories(x, y, bins)?.psi(smoothing).map_err(fault)?;
    Ok(ShiftResult {
        statistic: found.psi,
        pvalue: found.p_value,
        dof: found.dof,
        standard_error: found.standard_error,
    })
}

/// Jensen and Shannon's divergence in bits, between 0 and 1, with its test.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline: numbers, or text as categories.
/// bins : int, default 10
///     Quantile bins of the baseline, for numbers.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.jensen_shannon(["a"] * 50, ["b"] * 50).statistic, 12)
/// 1.0
#[pyfunction]
#[pyo3(signature = (x, y, *, bins=10))]
pub(super) fn jensen_shannon(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>, bins: usize) -> PyResult<ShiftResult> {
    let found = categories(x, y, bins)?.jensen_shannon();
    Ok(ShiftResult {
        statistic: found.bits,
        pvalue: found.p_value,
        dof: found.dof,
        standard_error: found.standard_error_nats / std::f64::consts::LN_2,
    })
}
