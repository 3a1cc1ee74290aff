//! How good answers are, how alike the rows of a user are, and rates of rare events.

use pyo3::prelude::*;

use super::arguments::{alternative, fault, proportions};
use super::canary::{codes, labels, lengths, two};
use super::results::{
    AgreementResult, ClusterRatioResult, ConfidenceInterval, EffectSizeResult, IntraclassCorrelationResult,
    LogLossesResult, RegressionErrorResult, SignificanceResult, TailsResult,
};
use crate::arms::Arm;
use crate::python::columns::sample;
use crate::python::spec::whole;
use crate::python::work;
use crate::stats::rank::sorted;
use crate::stats::rate::{self, Rates};
use crate::stats::{Alternative, binomial, classification, cluster, ecdf, effect_size as sizes, proportion, quantile};

/// Probabilities and labels of one length.
fn judged(probabilities: &Bound<'_, PyAny>, of: &Bound<'_, PyAny>, name: &str) -> PyResult<(Vec<f64>, Vec<bool>)> {
    let (values, labels) = (sample(probabilities, name)?, labels(of, "labels")?);
    lengths(&[(name, values.len()), ("labels", labels.len())])?;
    Ok((values, labels))
}

/// The log-loss of each item: a column to compare the arms' means of.
///
/// Parameters
/// ----------
/// probabilities, labels : array_like
///     Probabilities in [0, 1], and labels of 0 and 1, of one length.
/// clip : float, optional
///     Probabilities are clipped to [clip, 1 - clip]; by default as scikit-learn does, at 2^-52. Both arms have to be clipped alike.
///
/// Returns
/// -------
/// LogLossesResult
///     `losses`, and how many items were `clipped`.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> [round(loss, 4) for loss in stats.log_losses([0.5, 0.9], [1, 0]).losses]
/// [0.6931, 2.3026]
#[pyfunction]
#[pyo3(signature = (probabilities, labels, *, clip=None))]
pub(super) fn log_losses(
    probabilities: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    clip: Option<f64>,
) -> PyResult<LogLossesResult> {
    let (p, labels) = judged(probabilities, labels, "probabilities")?;
    let found = classification::log_losses(&p, &labels, clip.unwrap_or(classification::CLIP)).map_err(fault)?;
    Ok(LogLossesResult { losses: found.losses, clipped: found.clipped })
}

/// The Brier loss of each item, (probability - label)^2: a column to compare the arms' means of.
///
/// Parameters
/// ----------
/// probabilities, labels : array_like
///     Probabilities in [0, 1], and labels of 0 and 1, of one length.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.brier_losses([0.5, 1.0], [1, 1])
/// [0.25, 0.0]
#[pyfunction]
pub(super) fn brier_losses(probabilities: &Bound<'_, PyAny>, labels: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let (p, labels) = judged(probabilities, labels, "probabilities")?;
    classification::brier_losses(&p, &labels).map_err(fault)
}

/// Probability minus label of each item; their mean is calibration in the large.
///
/// Parameters
/// ----------
/// probabilities, labels : array_like
///     Probabilities in [0, 1], and labels of 0 and 1, of one length.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.calibration_terms([0.75, 0.25], [1, 0])
/// [-0.25, 0.25]
#[pyfunction]
pub(super) fn calibration_terms(probabilities: &Bound<'_, PyAny>, labels: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let (p, labels) = judged(probabilities, labels, "probabilities")?;
    classification::calibration_terms(&p, &labels).map_err(fault)
}

/// The expected calibration error over bins of equal numbers of items; None without items.
///
/// Parameters
/// ----------
/// probabilities, labels : array_like
///     Probabilities in [0, 1], and labels of 0 and 1, of one length.
/// bins : int, default 10
///     Number of bins. Equal probabilities stay in one.
///
/// Notes
/// -----
/// Biased upwards by about the root of bins / n: compare arms of one size.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> p = [0.2] * 5 + [0.8] * 5
/// >>> stats.calibration_error(p, [1, 0, 0, 0, 0, 1, 1, 1, 1, 0], bins=2) < 1e-15
/// True
#[pyfunction]
#[pyo3(signature = (probabilities, labels, *, bins=None))]
pub(super) fn calibration_error(
    probabilities: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    bins: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<f64>> {
    let (p, labels) = judged(probabilities, labels, "probabilities")?;
    let bins = bins.map(|b| whole(b, "bins")).transpose()?.unwrap_or(10);
    classification::calibration_error(&p, &labels, usize::try_from(bins).unwrap_or(usize::MAX)).map_err(fault)
}

/// Average precision: the precision at each threshold times the recall gained, as scikit-learn; None without positives.
///
/// Parameters
/// ----------
/// scores, labels : array_like
///     Scores, and labels of 0 and 1, of one length.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 4)
/// 0.8333
#[pyfunction]
pub(super) fn average_precision(scores: &Bound<'_, PyAny>, labels: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    let (scores, labels) = judged(scores, labels, "scores")?;
    classification::average_precision(&scores, &labels).map_err(fault)
}

/// How far predictions lie from what came: mean absolute error and root of the mean squared error; None without items.
///
/// Parameters
/// ----------
/// predicted, actual : array_like
///     Of one length.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.regression_error([3.0, 1.0], [0.0, 5.0]).mae
/// 3.5
#[pyfunction]
pub(super) fn regression_error(
    predicted: &Bound<'_, PyAny>,
    actual: &Bound<'_, PyAny>,
) -> PyResult<Option<RegressionErrorResult>> {
    let (predicted, actual) = (sample(predicted, "predicted")?, sample(actual, "actual")?);
    lengths(&[("predicted", predicted.len()), ("actual", actual.len())])?;
    let found = classification::regression_error(&predicted, &actual).map_err(fault)?;
    Ok(found.map(|e| RegressionErrorResult { mae: e.mae, rmse: e.rmse }))
}

/// How often two models give the same answer to the same items, within a tolerance.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Answers of the canary and of the baseline, item by item.
/// absolute, relative : float, default 0
///     Answers agree within absolute + relative |y|.
///
/// Returns
/// -------
/// AgreementResult
///     With `lower_bound(alpha)` and `p_value(threshold)`, both exact.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> same = stats.agreement([1.0, 2.0, 3.0], [1.0, 2.1, 9.0], relative=0.05)
/// >>> same.agreeing, same.items, same.p_value(0.5) > 0.05
/// (2, 3, True)
#[pyfunction]
#[pyo3(signature = (x, y, *, absolute=0.0, relative=0.0))]
pub(super) fn agreement(
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    absolute: f64,
    relative: f64,
) -> PyResult<AgreementResult> {
    let (x, y) = two(x, y)?;
    lengths(&[("x", x.len()), ("y", y.len())])?;
    let found = classification::agreement(&x, &y, absolute, relative).map_err(fault)?;
    Ok(AgreementResult { agreeing: found.agreeing, items: found.items, rate: found.rate })
}

/// How alike the rows of one cluster (a user) are, by one-way analysis of variance.
///
/// Parameters
/// ----------
/// x : array_like
///     Values of one arm.
/// clusters : array_like
///     Who each value belongs to: numbers or text.
///
/// Returns
/// -------
/// IntraclassCorrelationResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.intraclass_correlation([1, 1, 5, 5, 9, 9], list("aabbcc")).icc
/// 1.0
#[pyfunction]
pub(super) fn intraclass_correlation(
    x: &Bound<'_, PyAny>,
    clusters: &Bound<'_, PyAny>,
) -> PyResult<IntraclassCorrelationResult> {
    let (x, of) = (sample(x, "x")?, codes(clusters, "clusters")?);
    lengths(&[("x", x.len()), ("clusters", of.len())])?;
    let found = cluster::intraclass_correlation(Arm::Canary, &x, &of).map_err(fault)?;
    let cluster::IntraclassCorrelation { between, within, typical_size, icc } = found;
    Ok(IntraclassCorrelationResult { icc, between, within, typical_size })
}

/// By how much clusters of these sizes inflate a variance; None without rows.
///
/// Parameters
/// ----------
/// icc : float
///     The intraclass correlation; a negative one counts 0.
/// sizes : sequence of int
///     Rows of each cluster.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.design_effect(0.1, [21, 21, 21])
/// 3.0
#[pyfunction]
pub(super) fn design_effect(icc: f64, sizes: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    let sizes = sample(sizes, "sizes")?;
    let count = |(i, v): (usize, &f64)| match *v >= 0.0 && v.fract() == 0.0 && *v <= 9_007_199_254_740_992.0 {
        true => Ok(*v as u64),
        false => Err(crate::python::errors::bad_data(format!("sizes, row {}: {v} is not a count", i + 1))),
    };
    let sizes = sizes.iter().enumerate().map(count).collect::<PyResult<Vec<_>>>()?;
    Ok(cluster::design_effect(icc, &sizes))
}

/// A sum over a sum of one arm, with an error that allows for users who return: each entry is one cluster's totals.
///
/// Parameters
/// ----------
/// numerators, denominators : array_like
///     Of one length.
///
/// Returns
/// -------
/// ClusterRatioResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.cluster_ratio([0, 1, 0, 2, 1], [1, 4, 1, 8, 6]).ratio
/// 0.2
#[pyfunction]
pub(super) fn cluster_ratio(
    numerators: &Bound<'_, PyAny>,
    denominators: &Bound<'_, PyAny>,
) -> PyResult<ClusterRatioResult> {
    let (top, bottom) = (sample(numerators, "numerators")?, sample(denominators, "denominators")?);
    lengths(&[("numerators", top.len()), ("denominators", bottom.len())])?;
    let found = cluster::cluster_ratio(Arm::Canary, &top, &bottom).map_err(fault)?;
    Ok(ClusterRatioResult {
        ratio: found.ratio,
        standard_error: found.standard_error,
        standard_error_hc0: found.standard_error_hc0,
        clusters: found.clusters,
    })
}

/// Whether the canary's values tend to be larger, by ranks, with an error that allows for users who return.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Values of the canary and of the baseline.
/// x_clusters, y_clusters : array_like
///     Who each value belongs to: numbers or text.
/// null : float, default 0.5
///     P(x > y) + P(x = y) / 2 is tested against this.
///
/// Returns
/// -------
/// TailsResult
///     `estimate` is that probability.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> found = stats.clustered_rank([1, 2, 3, 4, 6], list("aabbc"), [0, 1, 2, 3, 5], list("ddeef"))
/// >>> found.estimate
/// 0.66
#[pyfunction]
#[pyo3(signature = (x, x_clusters, y, y_clusters, *, null=0.5))]
pub(super) fn clustered_rank(
    x: &Bound<'_, PyAny>,
    x_clusters: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    y_clusters: &Bound<'_, PyAny>,
    null: f64,
) -> PyResult<TailsResult> {
    let (x, y) = two(x, y)?;
    let (of_x, of_y) = (codes(x_clusters, "x_clusters")?, codes(y_clusters, "y_clusters")?);
    lengths(&[("x", x.len()), ("x_clusters", of_x.len())])?;
    lengths(&[("y", y.len()), ("y_clusters", of_y.len())])?;
    let found = cluster::clustered_rank(&x, &of_x, &y, &of_y).map_err(fault)?;
    let less = found.test(null, Alternative::Less).map_err(fault)?;
    let greater = found.test(null, Alternative::Greater).map_err(fault)?;
    Ok(TailsResult {
        p_less: less.p_value,
        p_greater: greater.p_value,
        statistic: greater.statistic.is_finite().then_some(greater.statistic),
        estimate: Some(found.theta),
    })
}

/// How many trials without a single event show that the rate is below a threshold.
///
/// Parameters
/// ----------
/// threshold : float
///     In (0, 1).
/// alpha : float, default 0.05
///     One-sided error rate.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.trials_without_events(0.01)
/// 299
#[pyfunction]
#[pyo3(signature = (threshold, *, alpha=0.05))]
pub(super) fn trials_without_events(threshold: f64, alpha: f64) -> PyResult<u64> {
    binomial::trials_without_events(threshold, alpha).map_err(fault)
}

/// Agresti and Coull's interval of a proportion.
///
/// Parameters
/// ----------
/// events, trials : float
///     Counts; effective ones need not be whole.
/// alpha : float, default 0.05
///     One minus the level.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.agresti_coull(0, 50).high < 0.1
/// True
#[pyfunction]
#[pyo3(signature = (events, trials, *, alpha=0.05))]
pub(super) fn agresti_coull(events: f64, trials: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    binomial::agresti_coull(events, trials, alpha).map(Into::into).map_err(fault)
}

/// Agresti and Caffo's interval of a difference of proportions, canary minus baseline.
///
/// Parameters
/// ----------
/// x_events, x_n, y_events, y_n : int
///     Events of trials of the canary and of the baseline.
/// alpha : float, default 0.05
///     Error rate of each end.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.agresti_caffo(6, 200, 90, 6000, alpha=0.025).low, 6)
/// -0.005919
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05))]
pub(super) fn agresti_caffo(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    alpha: f64,
) -> PyResult<ConfidenceInterval> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::agresti_caffo(counts, alpha).map(Into::into).map_err(fault)
}

/// Garwood's exact interval of a rate of events.
///
/// Parameters
/// ----------
/// events : float
///     Their number.
/// exposure : float
///     Requests, hours, anything that events are counted over.
/// alpha : float, default 0.05
///     Error rate of each end.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.rate_interval(0, 1000.0, alpha=0.05).high, 6)
/// 0.002996
#[pyfunction]
#[pyo3(signature = (events, exposure, *, alpha=0.05))]
pub(super) fn rate_interval(events: f64, exposure: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    rate::rate_interval(events, exposure, alpha).map(Into::into).map_err(fault)
}

/// The exact p-value of a rate of events against a threshold.
///
/// Parameters
/// ----------
/// events : int
///     Their number.
/// exposure : float
///     Requests, hours, anything that events are counted over.
/// threshold : float
///     The rate under the null.
/// alternative : {'two-sided', 'less', 'greater'}, optional
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.rate_test(12, 1000.0, 0.005, alternative="greater") < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (events, exposure, threshold, *, alternative="two-sided"))]
pub(super) fn rate_test(events: &Bound<'_, PyAny>, exposure: f64, threshold: f64, alternative: &str) -> PyResult<f64> {
    let which = super::arguments::alternative(alternative)?;
    rate::rate_test(whole(events, "events")?, exposure, threshold, which).map_err(fault)
}

/// Whether two Poisson rates differ, unconditionally: the E-test.
///
/// Parameters
/// ----------
/// k1, n1 : int, float
///     Events and exposure of the canary.
/// k2, n2 : int, float
///     Events and exposure of the baseline.
/// diff : float, default 0
///     The difference of rates under the null, at least 0.
/// alternative : {'two-sided', 'less', 'greater'}, optional
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is None where it does not exist.
///
/// Notes
/// -----
/// SciPy's test. Outcomes tied with the one seen count here; there they count or not by their last digit.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.poisson_means_test(0, 100, 3, 100).pvalue, 6)
/// 0.088379
#[pyfunction]
#[pyo3(signature = (k1, n1, k2, n2, *, diff=0.0, alternative="two-sided"))]
pub(super) fn poisson_means_test(
    py: Python<'_>,
    k1: &Bound<'_, PyAny>,
    n1: f64,
    k2: &Bound<'_, PyAny>,
    n2: f64,
    diff: f64,
    alternative: &str,
) -> PyResult<SignificanceResult> {
    let which = self::alternative(alternative)?;
    let rates = Rates { x_events: whole(k1, "k1")?, x_exposure: n1, y_events: whole(k2, "k2")?, y_exposure: n2 };
    let found = work::run(py, move |_| rate::e_test(rates, diff, which))?.map_err(fault)?;
    Ok(SignificanceResult { statistic: found.statistic, pvalue: found.p_value })
}

/// Harrell and Davis' estimate of a quantile: a mean over all order statistics, smoother than one of them.
///
/// Parameters
/// ----------
/// x : array_like
///     One sample.
/// q : float
///     The quantile's probability.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.harrell_davis([1, 2, 3, 4, 5], 0.5), 9)
/// 3.0
#[pyfunction]
pub(super) fn harrell_davis(x: &Bound<'_, PyAny>, q: f64) -> PyResult<f64> {
    quantile::harrell_davis(&sorted(&sample(x, "x")?), q).map_err(fault)
}

/// Kish's effective size of a weighted sample; None without weight.
///
/// Parameters
/// ----------
/// weights : array_like
///     At least 0 each.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.kish_size([1, 1, 2])
/// 2.6666666666666665
#[pyfunction]
pub(super) fn kish_size(weights: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    Ok(ecdf::kish_size(&sample(weights, "weights")?))
}

/// Cohen's d, Hedges' g and Glass' delta of two samples.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
///
/// Returns
/// -------
/// EffectSizeResult
///     None where a size does not exist.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.effect_size([2, 4, 6], [1, 3, 5]).cohen_d, 9)
/// 0.5
#[pyfunction]
pub(super) fn effect_size(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> PyResult<EffectSizeResult> {
    let (x, y) = two(x, y)?;
    let found = sizes::effect_size(&x, &y).map_err(fault)?;
    Ok(EffectSizeResult { cohen_d: found.cohen_d, hedges_g: found.hedges_g, glass_delta: found.glass_delta })
}
