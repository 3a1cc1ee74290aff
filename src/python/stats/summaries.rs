//! Tests of what is left when the rows are gone: means with their spreads, pairs by sign, odds from counts.

use pyo3::prelude::*;

use super::arguments::{alternative, fault, proportions};
use super::canary::{hodges_lehmann_options, lengths, two};
use super::counts::{tails, variance};
use super::results::{ConfidenceInterval, EstimateResult, TailsResult, TtestResult};
use crate::python::columns::sample;
use crate::python::errors::bad_data;
use crate::python::spec::whole;
use crate::stats::describe::Moments;
use crate::stats::paired_t;
use crate::stats::proportion::{self, Smoothing};
use crate::stats::signed_rank;
use crate::stats::welch::welch_t_from_moments;

/// Whether two means differ, from means, standard deviations and numbers of values: Welch's test.
///
/// Parameters
/// ----------
/// mean1, std1, nobs1 : float, float, int
///     Mean, standard deviation (n - 1) and number of values of the canary.
/// mean2, std2, nobs2 : float, float, int
///     Those of the baseline.
/// equal_var : bool, default True
///     Has to be False: Student's test assumes that both arms vary alike.
/// alternative : {'two-sided', 'less', 'greater'}, optional
///
/// Returns
/// -------
/// TtestResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.ttest_ind_from_stats(15.0, 9.3, 13, 12.0, 5.8, 11, equal_var=False).pvalue, 4)
/// 0.347
#[pyfunction]
#[pyo3(signature = (mean1, std1, nobs1, mean2, std2, nobs2, equal_var=true, alternative="two-sided"))]
pub(super) fn ttest_ind_from_stats(
    mean1: f64,
    std1: f64,
    nobs1: &Bound<'_, PyAny>,
    mean2: f64,
    std2: f64,
    nobs2: &Bound<'_, PyAny>,
    equal_var: bool,
    alternative: &str,
) -> PyResult<TtestResult> {
    if equal_var {
        return Err(bad_data(
            "equal_var is True: Student's test assumes that both arms vary alike; give equal_var=False for Welch's test",
        ));
    }
    let moments = |mean: f64, std: f64, n: u64, name: &str| {
        if !(std >= 0.0 && std.is_finite()) {
            return Err(bad_data(format!("{name}: {std} is not a number of at least 0")));
        }
        Moments::from_m2(n, mean, std * std * n.saturating_sub(1) as f64).map_err(fault)
    };
    let x = moments(mean1, std1, whole(nobs1, "nobs1")?, "std1")?;
    let y = moments(mean2, std2, whole(nobs2, "nobs2")?, "std2")?;
    let found = welch_t_from_moments(&x, &y, self::alternative(alternative)?, 0.95).map_err(fault)?;
    Ok(TtestResult {
        statistic: found.t,
        pvalue: found.p_value,
        df: found.dof,
        estimate: found.difference,
        standard_error: found.standard_error,
        alternative: alternative.to_owned(),
    })
}

/// Whether the median difference within pairs is zero, by the signs alone: exact.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline, pair by pair.
///
/// Returns
/// -------
/// TailsResult
///     `statistic` is the number of pairs in which x is larger, `estimate` their share among the pairs that differ.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.sign_test([2.0, 3.0, 9.0, 4.0], [1.0, 2.0, 3.0, 4.0]).p_greater, 9)
/// 0.125
#[pyfunction]
pub(super) fn sign_test(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> PyResult<TailsResult> {
    let (x, y) = two(x, y)?;
    lengths(&[("x", x.len()), ("y", y.len())])?;
    let found = paired_t::sign_test(&x, &y).map_err(fault)?;
    let (positive, differing) = (found.positive as f64, (found.positive + found.negative) as f64);
    Ok(TailsResult {
        p_less: found.p_less,
        p_greater: found.p_greater,
        statistic: Some(positive),
        estimate: (differing > 0.0).then(|| positive / differing),
    })
}

/// The typical difference within pairs: the median of all averages of two differences, with its interval.
///
/// Parameters
/// ----------
/// d : array_like
///     Differences, canary minus baseline.
/// level : float, default 0.95
/// alternative : {'two-sided', 'less', 'greater'}
///
/// Returns
/// -------
/// EstimateResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.pseudo_median([1.0, 2.0, 3.0, 7.0], level=0.8).estimate
/// 2.75
#[pyfunction]
#[pyo3(signature = (d, *, level=0.95, alternative="two-sided"))]
pub(super) fn pseudo_median(
    py: Python<'_>,
    d: &Bound<'_, PyAny>,
    level: f64,
    alternative: &str,
) -> PyResult<EstimateResult> {
    let (d, options) = (sample(d, "d")?, hodges_lehmann_options(level, alternative)?);
    let found = py.detach(|| signed_rank::pseudo_median(&d, &options)).map_err(fault)?;
    let interval = found.interval;
    Ok(EstimateResult { estimate: Some(found.estimate), low: interval.low, high: interval.high, level: interval.level })
}

/// The score test of a ratio of odds, x over y, against `ratio`.
///
/// Parameters
/// ----------
/// x_events, x_n, y_events, y_n : int
///     Events and trials of the canary and of the baseline.
/// ratio : float, default 1
///     The ratio under the null.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Returns
/// -------
/// TailsResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.score_odds_ratio(56, 70, 48, 80).p_greater < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, ratio=1.0, variance="farrington_manning"))]
pub(super) fn score_odds_ratio(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    ratio: f64,
    variance: &str,
) -> PyResult<TailsResult> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    let found = proportion::score_odds_ratio(counts, ratio, self::variance(variance)?).map_err(fault)?;
    Ok(tails(&found))
}

/// The ratios of odds that `score_odds_ratio` keeps.
///
/// Parameters
/// ----------
/// x_events, x_n, y_events, y_n : int
///     Events and trials of the canary and of the baseline.
/// alpha : float, default 0.05
///     Error rate of each end.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> found = stats.score_odds_ratio_interval(56, 70, 48, 80, alpha=0.025, variance="miettinen_nurminen")
/// >>> round(found.low, 4), round(found.high, 4)
/// (1.2816, 5.5402)
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05, variance="farrington_manning"))]
pub(super) fn score_odds_ratio_interval(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    alpha: f64,
    variance: &str,
) -> PyResult<ConfidenceInterval> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::score_odds_ratio_interval(counts, alpha, self::variance(variance)?).map(Into::into).map_err(fault)
}

/// The interval of a ratio of proportions from the normal limit of its logarithm: for display; the score interval decides.
///
/// Parameters
/// ----------
/// x_events, x_n, y_events, y_n : int
///     Events and trials of the canary and of the baseline.
/// alpha : float, default 0.05
///     Error rate of each end.
/// smoothing : bool, default True
///     Whether half an event is added in each arm; without it an arm without events has no interval.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.log_ratio_interval(6, 200, 90, 6000, alpha=0.025).low, 6)
/// 0.982047
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05, smoothing=true))]
pub(super) fn log_ratio_interval(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    alpha: f64,
    smoothing: bool,
) -> PyResult<ConfidenceInterval> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    let smoothing = if smoothing { Smoothing::Half } else { Smoothing::None };
    proportion::log_ratio_interval(counts, alpha, smoothing).map(Into::into).map_err(fault)
}
