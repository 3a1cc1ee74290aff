//! Tests of counts, proportions and p-values, with SciPy's names where SciPy has the test.

use pyo3::prelude::*;

use super::arguments::{choice, fault, proportions, table, two_by_two};
use super::results::{
    BinomTestResult, Chi2ContingencyResult, ConfidenceInterval, EstimateResult, QuantileTestResult, SignificanceResult,
    TailsResult,
};
use crate::python::columns::column;
use crate::python::errors::bad_data;
use crate::stats::adjust::{self, Adjustment};
use crate::stats::binomial;
use crate::stats::paired_proportion::{self, Mcnemar, PairedCounts};
use crate::stats::proportion::{self, Proportions, ScoreTest, ScoreVariance};
use crate::stats::proportion_exact::{self, BarnardStatistic};
use crate::stats::rank::sorted;
use crate::stats::rate::{self, RateInterval, RateTest, Rates};
use crate::stats::special;
use crate::stats::{Alternative, Confidence};
use crate::table::Column;

/// p-values and which of them are missing.
fn p_values(object: &Bound<'_, PyAny>, name: &str) -> PyResult<(Vec<f64>, Option<Vec<bool>>)> {
    let Column::Number { values, missing } = column(object, name)? else {
        return Err(bad_data(format!("{name}: text is no p-value; give numbers")));
    };
    let gone = |i: usize| missing.as_ref().is_some_and(|m| m[i]);
    match (0..).zip(values.iter()).find(|&(i, p)| !(0.0..=1.0).contains(p) && !gone(i)) {
        Some((i, p)) => Err(bad_data(format!("{name}, row {}: {p} is no p-value; it has to lie in [0, 1]", i + 1))),
        None => Ok((values.into_owned(), missing)),
    }
}

/// p-values adjusted to control the false discovery rate.
///
/// Parameters
/// ----------
/// ps : array_like
///     p-values in [0, 1], in one dimension.
/// axis : int, default 0
///     For SciPy's sake.
/// method : {'bh', 'by'}
///     Benjamini and Hochberg's, or Benjamini and Yekutieli's under any dependence.
///
/// Returns
/// -------
/// list of float
///     In the order given.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.false_discovery_control([0.01, 0.02, 0.04])
/// [0.03, 0.03, 0.04]
#[pyfunction]
#[pyo3(signature = (ps, *, axis=0, method="bh"))]
pub(super) fn false_discovery_control(ps: &Bound<'_, PyAny>, axis: Option<i64>, method: &str) -> PyResult<Vec<f64>> {
    super::arguments::Nan::new("raise", axis, false)?;
    let rule = match method.to_ascii_lowercase().as_str() {
        "bh" => Adjustment::BenjaminiHochberg,
        "by" => Adjustment::BenjaminiYekutieli,
        _ => return Err(choice("method", method, &["bh", "by"])),
    };
    let (p, missing) = p_values(ps, "ps")?;
    if let Some(i) = missing.and_then(|m| m.iter().position(|gone| *gone)) {
        return Err(bad_data(format!("ps, row {}: the p-value is missing; drop it, or use stats.adjust", i + 1)));
    }
    Ok(adjust::adjust_all(&p, rule))
}

/// p-values adjusted for the number of tests, by any of eight rules.
///
/// Parameters
/// ----------
/// ps : array_like
///     p-values in [0, 1]; None stands for a test that could not be made, does not count and stays None.
/// method : str
///     'bonferroni', 'sidak', 'holm', 'holm_sidak', 'hochberg', 'hommel', 'benjamini_hochberg' or 'benjamini_yekutieli'.
///
/// Returns
/// -------
/// list of float or None
///     In the order given.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.adjust([0.01, None, 0.04, 0.03], method="holm")
/// [0.03, None, 0.06, 0.06]
#[pyfunction]
#[pyo3(name = "adjust", signature = (ps, *, method="holm"))]
pub(super) fn adjusted(ps: &Bound<'_, PyAny>, method: &str) -> PyResult<Vec<Option<f64>>> {
    let rules = [
        ("bonferroni", Adjustment::Bonferroni),
        ("sidak", Adjustment::Sidak),
        ("holm", Adjustment::Holm),
        ("holm_sidak", Adjustment::HolmSidak),
        ("hochberg", Adjustment::Hochberg),
        ("hommel", Adjustment::Hommel),
        ("benjamini_hochberg", Adjustment::BenjaminiHochberg),
        ("benjamini_yekutieli", Adjustment::BenjaminiYekutieli),
    ];
    let Some((_, rule)) = rules.iter().find(|(name, _)| *name == method) else {
        return Err(choice("method", method, &rules.map(|(name, _)| name)));
    };
    let (p, missing) = p_values(ps, "ps")?;
    let gone = |i: usize| missing.as_ref().is_some_and(|m| m[i]);
    let p: Vec<Option<f64>> = p.iter().enumerate().map(|(i, p)| (!gone(i)).then_some(*p)).collect();
    Ok(adjust::adjust(&p, *rule))
}

/// The counts of a table as two proportions: the first row over the sum of rows, column by column. Whether the first
/// cell is large is the same question asked of the first column.
fn columns_of([[a, b], [c, d]]: [[u64; 2]; 2]) -> Proportions {
    Proportions { x_events: a, x_n: a + c, y_events: b, y_n: b + d }
}

/// Fisher's exact test of a two-by-two table.
///
/// Parameters
/// ----------
/// table : array_like
///     Two rows of two whole counts.
/// alternative : {'two-sided', 'less', 'greater'}, optional
///     'greater' means an odds ratio above one.
/// method : None
///     For SciPy's sake.
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is the sample odds ratio; None where it does not exist.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.fisher_exact([[6, 2], [1, 4]]).pvalue, 5)
/// 0.10256
#[pyfunction]
#[pyo3(signature = (table, alternative=None, *, method=None))]
pub(super) fn fisher_exact(
    py: Python<'_>,
    table: &Bound<'_, PyAny>,
    alternative: Option<&str>,
    method: Option<Py<PyAny>>,
) -> PyResult<SignificanceResult> {
    if method.is_some() {
        return Err(bad_data("method: no resampling here; leave it None"));
    }
    let alternative = super::arguments::alternative(alternative.unwrap_or("two-sided"))?;
    let counts = columns_of(two_by_two(table)?);
    let found = py.detach(|| proportion_exact::fisher_exact(counts)).map_err(fault)?;
    let pvalue = match alternative {
        Alternative::TwoSided => found.p_two_sided,
        Alternative::Less => found.p_less,
        Alternative::Greater => found.p_greater,
    };
    Ok(SignificanceResult { statistic: found.odds_ratio, pvalue })
}

/// Boschloo's exact test of a two-by-two table whose columns are two samples.
///
/// Parameters
/// ----------
/// table : array_like
///     Two rows of two whole counts.
/// alternative : {'two-sided', 'less', 'greater'}
///     'less' means that the first column's share of the first row is smaller.
/// n : int
///     For SciPy's sake: the worst common proportion is found to full precision here, not among n points.
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is Fisher's p-value.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.boschloo_exact([[74, 31], [43, 32]], alternative="greater").pvalue, 4)
/// 0.0356
#[pyfunction]
#[pyo3(signature = (table, alternative="two-sided", n=32))]
pub(super) fn boschloo_exact(
    py: Python<'_>,
    table: &Bound<'_, PyAny>,
    alternative: &str,
    n: i64,
) -> PyResult<SignificanceResult> {
    points(n)?;
    let (which, counts) = (super::arguments::alternative(alternative)?, columns_of(two_by_two(table)?));
    let found =
        crate::python::work::run(py, move |_| proportion_exact::boschloo_exact(counts, which))?.map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

fn points(n: i64) -> PyResult<()> {
    if n > 0 { Ok(()) } else { Err(bad_data(format!("n is {n}; it has to be above 0"))) }
}

/// Barnard's exact test of a two-by-two table whose columns are two samples.
///
/// Parameters
/// ----------
/// table : array_like
///     Two rows of two whole counts.
/// alternative : {'two-sided', 'less', 'greater'}
///     'less' means that the first column's share of the first row is smaller.
/// pooled : bool, default True
///     Order the tables by z with the pooled variance.
/// n : int
///     For SciPy's sake: the worst common proportion is found to full precision here, not among n points.
///
/// Returns
/// -------
/// SignificanceResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.barnard_exact([[7, 12], [8, 3]], alternative="less").pvalue < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (table, alternative="two-sided", pooled=true, n=32))]
pub(super) fn barnard_exact(
    py: Python<'_>,
    table: &Bound<'_, PyAny>,
    alternative: &str,
    pooled: bool,
    n: i64,
) -> PyResult<SignificanceResult> {
    points(n)?;
    let kind = if pooled { BarnardStatistic::Pooled } else { BarnardStatistic::Unpooled };
    let (which, counts) = (super::arguments::alternative(alternative)?, columns_of(two_by_two(table)?));
    let found =
        crate::python::work::run(py, move |_| proportion_exact::barnard_exact(counts, which, kind))?.map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

/// Whether rows and columns of a table of counts are independent.
///
/// Parameters
/// ----------
/// observed : array_like
///     Rows of counts, two rows or columns at least.
/// correction : bool, default True
///     Yates' correction, with one degree of freedom only.
/// lambda\_ : {'pearson', 'log-likelihood'}, optional
///     Pearson's chi-square or the likelihood ratio.
/// method : None
///     For SciPy's sake.
///
/// Returns
/// -------
/// Chi2ContingencyResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.chi2_contingency([[10, 10, 20], [20, 20, 20]]).dof
/// 2
#[pyfunction]
#[pyo3(signature = (observed, correction=true, lambda_=None, *, method=None))]
pub(super) fn chi2_contingency(
    observed: &Bound<'_, PyAny>,
    correction: bool,
    lambda_: Option<&str>,
    method: Option<Py<PyAny>>,
) -> PyResult<Chi2ContingencyResult> {
    if method.is_some() {
        return Err(bad_data("method: no resampling here; leave it None"));
    }
    let observed = table(observed)?;
    let width = observed.first().map_or(0, Vec::len);
    if width == 0 {
        return Err(bad_data("observed: the table has no cells"));
    }
    let rows: Vec<f64> = observed.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = (0..width).map(|j| observed.iter().map(|row| row[j]).sum()).collect();
    let total: f64 = rows.iter().sum();
    if rows.iter().chain(&columns).any(|sum| *sum == 0.0) || !total.is_finite() {
        return Err(bad_data("observed: a row or a column is empty, so it says nothing; leave it out"));
    }
    let expected: Vec<Vec<f64>> = rows.iter().map(|r| columns.iter().map(|c| r * (c / total)).collect()).collect();
    let dof = (rows.len() - 1) * (width - 1);
    let yates = correction && dof == 1;
    let term = |o: f64, e: f64| -> f64 {
        let o = if yates { o + (e - o).clamp(-0.5, 0.5) } else { o };
        match lambda_ {
            Some("log-likelihood") if o > 0.0 => 2.0 * o * (o / e).ln(),
            Some("log-likelihood") => 0.0,
            _ => (o - e) * ((o - e) / e),
        }
    };
    if !matches!(lambda_, None | Some("pearson" | "log-likelihood")) {
        return Err(choice("lambda_", lambda_.unwrap_or_default(), &["pearson", "log-likelihood"]));
    }
    let statistic: f64 = if dof == 0 {
        0.0
    } else {
        observed.iter().flatten().zip(expected.iter().flatten()).map(|(o, e)| term(*o, *e)).sum()
    };
    let pvalue = if dof == 0 { 1.0 } else { special::chi2_sf(statistic.max(0.0), dof as f64) };
    Ok(Chi2ContingencyResult { statistic, pvalue, dof: dof as u64, expected_freq: expected })
}

/// Whether the p quantile of x is q.
///
/// Parameters
/// ----------
/// x : array_like
///     A sample of one dimension.
/// q : float, default 0
///     The hypothesised value of the quantile.
/// p : float, default 0.5
///     The probability of the quantile, in (0, 1).
/// alternative : {'two-sided', 'less', 'greater'}
///     'less' means that the quantile lies below q.
///
/// Returns
/// -------
/// QuantileTestResult
///     With `confidence_interval()`.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.quantile_test([1, 2, 3, 4, 5, 6], q=10).pvalue, 9)
/// 0.03125
#[pyfunction]
#[pyo3(signature = (x, *, q=0.0, p=0.5, alternative="two-sided"))]
pub(super) fn quantile_test(x: &Bound<'_, PyAny>, q: f64, p: f64, alternative: &str) -> PyResult<QuantileTestResult> {
    let values = crate::python::columns::sample(x, "x")?;
    let which = super::arguments::alternative(alternative)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(bad_data(format!("p is {p}; it has to lie in (0, 1)")));
    }
    if q.is_nan() {
        return Err(bad_data("q is NaN; give the value that the quantile is compared with"));
    }
    if let Some(i) = values.iter().position(|v| v.is_nan()) {
        return Err(bad_data(format!("x, row {}: the value is NaN; drop missing values first", i + 1)));
    }
    let n = values.len() as u64;
    let at_most = values.iter().filter(|v| **v <= q).count() as u64;
    let below = values.iter().filter(|v| **v < q).count() as u64;
    let greater = binomial::binomial_test(at_most, n, p, Alternative::Less).map_err(fault)?;
    let less = binomial::binomial_test(below, n, p, Alternative::Greater).map_err(fault)?;
    let (statistic, statistic_type, pvalue) = match which {
        Alternative::Less => (below, 2, less),
        Alternative::Greater => (at_most, 1, greater),
        Alternative::TwoSided if less < greater => (below, 2, (2.0 * less).min(1.0)),
        Alternative::TwoSided => (at_most, 1, (2.0 * greater).min(1.0)),
    };
    Ok(QuantileTestResult {
        statistic,
        statistic_type,
        pvalue,
        alternative: alternative.to_owned(),
        p,
        sample: sorted(&values),
    })
}

/// Whether k successes of n fit a probability of p, exactly.
///
/// Parameters
/// ----------
/// k, n : int
///     Successes and trials.
/// p : float, default 0.5
///     The probability under the null.
/// alternative : {'two-sided', 'less', 'greater'}
///
/// Returns
/// -------
/// BinomTestResult
///     With `proportion_ci()`.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.binomtest(3, n=15, p=0.1, alternative="greater").pvalue, 4)
/// 0.1841
#[pyfunction]
#[pyo3(signature = (k, n, p=0.5, alternative="two-sided"))]
pub(super) fn binomtest(k: u64, n: u64, p: f64, alternative: &str) -> PyResult<BinomTestResult> {
    let which = super::arguments::alternative(alternative)?;
    if k > n {
        return Err(bad_data(format!("k is {k} of n {n}; successes cannot exceed trials")));
    }
    let pvalue = binomial::binomial_test(k, n, p, which).map_err(fault)?;
    let statistic = (n > 0).then(|| k as f64 / n as f64);
    Ok(BinomTestResult { k, n, alternative: alternative.to_owned(), statistic, pvalue })
}

fn interval(found: Confidence) -> ConfidenceInterval {
    found.into()
}

/// Wilson's interval of a proportion.
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
/// >>> stats.wilson(0, 50).high < 0.08
/// True
#[pyfunction]
#[pyo3(signature = (events, trials, *, alpha=0.05))]
pub(super) fn wilson(events: f64, trials: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    binomial::wilson(events, trials, alpha).map(interval).map_err(fault)
}

/// Clopper and Pearson's exact interval of a proportion.
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
/// >>> round(stats.clopper_pearson(0, 100, alpha=0.1).high, 5)
/// 0.02276
#[pyfunction]
#[pyo3(signature = (events, trials, *, alpha=0.05))]
pub(super) fn clopper_pearson(events: f64, trials: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    binomial::clopper_pearson(events, trials, alpha).map(interval).map_err(fault)
}

/// Jeffreys' interval of a proportion.
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
/// >>> stats.jeffreys(5, 10).low < 0.5 < stats.jeffreys(5, 10).high
/// True
#[pyfunction]
#[pyo3(signature = (events, trials, *, alpha=0.05))]
pub(super) fn jeffreys(events: f64, trials: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    binomial::jeffreys(events, trials, alpha).map(interval).map_err(fault)
}

/// Newcombe's hybrid interval of the difference of two proportions, x minus y.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// alpha : float, default 0.05
///     One minus the level.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.newcombe(56, 70, 48, 80).low > 0
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05))]
pub(super) fn newcombe(x_events: u64, x_n: u64, y_events: u64, y_n: u64, alpha: f64) -> PyResult<ConfidenceInterval> {
    proportion::newcombe(proportions(x_events, x_n, y_events, y_n)?, alpha).map(interval).map_err(fault)
}

pub(super) fn variance(word: &str) -> PyResult<ScoreVariance> {
    match word {
        "farrington_manning" => Ok(ScoreVariance::FarringtonManning),
        "miettinen_nurminen" => Ok(ScoreVariance::MiettinenNurminen),
        other => Err(choice("variance", other, &["farrington_manning", "miettinen_nurminen"])),
    }
}

pub(super) fn tails(found: &ScoreTest) -> TailsResult {
    TailsResult {
        p_less: found.p_less(),
        p_greater: found.p_greater(),
        statistic: found.z.is_finite().then_some(found.z),
        estimate: found.estimate,
    }
}

/// The score test of a difference of proportions, x minus y, against delta.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// delta : float, default 0
///     The difference asked about: a margin shows safety when `p_less` is small there.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.score_difference(20, 2000, 200, 20000, delta=0.01).p_less < 0.001
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, delta=0.0, variance="farrington_manning"))]
pub(super) fn score_difference(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    delta: f64,
    variance: &str,
) -> PyResult<TailsResult> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::score_difference(counts, delta, self::variance(variance)?).map(|f| tails(&f)).map_err(fault)
}

/// The score interval of a difference of proportions, x minus y.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// alpha : float, default 0.05
///     One minus the level.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.score_difference_interval(0, 50, 0, 50).high > 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05, variance="farrington_manning"))]
pub(super) fn score_difference_interval(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    alpha: f64,
    variance: &str,
) -> PyResult<ConfidenceInterval> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::score_difference_interval(counts, alpha, self::variance(variance)?).map(interval).map_err(fault)
}

/// The score test of a ratio of proportions, x over y, against ratio.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// ratio : float, default 1
///     The ratio asked about: a margin shows safety when `p_less` is small there.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.score_ratio(100, 1000, 1000, 10000, ratio=1.5).p_less < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, ratio=1.0, variance="farrington_manning"))]
pub(super) fn score_ratio(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    ratio: f64,
    variance: &str,
) -> PyResult<TailsResult> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::score_ratio(counts, ratio, self::variance(variance)?).map(|f| tails(&f)).map_err(fault)
}

/// The score interval of a ratio of proportions, x over y.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// alpha : float, default 0.05
///     One minus the level.
/// variance : {'farrington_manning', 'miettinen_nurminen'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.score_ratio_interval(10, 1000, 0, 1000).high
/// inf
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, alpha=0.05, variance="farrington_manning"))]
pub(super) fn score_ratio_interval(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    alpha: f64,
    variance: &str,
) -> PyResult<ConfidenceInterval> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    proportion::score_ratio_interval(counts, alpha, self::variance(variance)?).map(interval).map_err(fault)
}

/// The exact conditional test of a ratio of rare events, x over y.
///
/// Parameters
/// ----------
/// x_events, x_n : int
///     Events and trials of the canary.
/// y_events, y_n : int
///     Events and trials of the baseline.
/// ratio : float, default 1
///     The ratio asked about: a margin shows safety when `p_less` is small there.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.conditional_binomial(9, 1000, 20, 10000).p_greater < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_n, y_events, y_n, *, ratio=1.0))]
pub(super) fn conditional_binomial(
    x_events: u64,
    x_n: u64,
    y_events: u64,
    y_n: u64,
    ratio: f64,
) -> PyResult<TailsResult> {
    let counts = proportions(x_events, x_n, y_events, y_n)?;
    let found = proportion::conditional_binomial(counts, ratio).map_err(fault)?;
    Ok(TailsResult { p_less: found.p_less, p_greater: found.p_greater, statistic: None, estimate: None })
}

/// McNemar's test of paired proportions.
///
/// Parameters
/// ----------
/// only_x, only_y : int
///     Pairs with the event in the canary alone, and in the baseline alone.
/// method : {'exact', 'corrected', 'uncorrected'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.mcnemar(1, 9).pvalue, 9)
/// 0.021484375
#[pyfunction]
#[pyo3(signature = (only_x, only_y, *, method="exact"))]
pub(super) fn mcnemar(only_x: u64, only_y: u64, method: &str) -> PyResult<SignificanceResult> {
    let kind = match method {
        "exact" => Mcnemar::Exact,
        "corrected" => Mcnemar::Corrected,
        "uncorrected" => Mcnemar::Uncorrected,
        other => return Err(choice("method", other, &["exact", "corrected", "uncorrected"])),
    };
    let found = paired_proportion::mcnemar(only_x, only_y, kind).map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

/// Tango's score test of a difference of paired proportions, x minus y, against delta.
///
/// Parameters
/// ----------
/// only_x, only_y : float
///     Pairs with the event in the canary alone, and in the baseline alone.
/// n : float
///     All pairs.
/// delta : float, default 0
///     The difference asked about.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.tango(2, 3, 500, delta=0.02).p_less < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (only_x, only_y, n, *, delta=0.0))]
pub(super) fn tango(only_x: f64, only_y: f64, n: f64, delta: f64) -> PyResult<TailsResult> {
    paired_proportion::tango(PairedCounts { only_x, only_y, n }, delta, 1.0).map(|f| tails(&f)).map_err(fault)
}

/// Tango's score interval of a difference of paired proportions, x minus y.
///
/// Parameters
/// ----------
/// only_x, only_y : float
///     Pairs with the event in the canary alone, and in the baseline alone.
/// n : float
///     All pairs.
/// alpha : float, default 0.05
///     One minus the level.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.tango_interval(0, 0, 100).high < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (only_x, only_y, n, *, alpha=0.05))]
pub(super) fn tango_interval(only_x: f64, only_y: f64, n: f64, alpha: f64) -> PyResult<ConfidenceInterval> {
    paired_proportion::tango_interval(PairedCounts { only_x, only_y, n }, alpha, 1.0).map(interval).map_err(fault)
}

/// Whether two rates of events over exposures differ, conditionally on all events.
///
/// Parameters
/// ----------
/// x_events : int
/// x_exposure : float
///     Events of the canary and what they are counted over.
/// y_events : int
/// y_exposure : float
///     The same of the baseline, in the same unit.
/// ratio : float, default 1
///     The ratio asked about.
/// method : {'exact', 'mid_p', 'score', 'square_root'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.rate_ratio_test(11, 800.0, 5, 1011.0).p_greater < 0.06
/// True
#[pyfunction]
#[pyo3(signature = (x_events, x_exposure, y_events, y_exposure, *, ratio=1.0, method="exact"))]
pub(super) fn rate_ratio_test(
    x_events: u64,
    x_exposure: f64,
    y_events: u64,
    y_exposure: f64,
    ratio: f64,
    method: &str,
) -> PyResult<TailsResult> {
    let test = match method {
        "exact" => RateTest::Exact,
        "mid_p" => RateTest::MidP,
        "score" => RateTest::Score,
        "square_root" => RateTest::SquareRoot,
        other => return Err(choice("method", other, &["exact", "mid_p", "score", "square_root"])),
    };
    let found =
        rate::rate_ratio_test(Rates { x_events, x_exposure, y_events, y_exposure }, ratio, test).map_err(fault)?;
    Ok(TailsResult { p_less: found.p_less, p_greater: found.p_greater, statistic: None, estimate: found.estimate })
}

/// The interval of a ratio of rates, x over y.
///
/// Parameters
/// ----------
/// x_events : int
/// x_exposure : float
///     Events of the canary and what they are counted over.
/// y_events : int
/// y_exposure : float
///     The same of the baseline, in the same unit.
/// alpha : float, default 0.05
///     One minus the level.
/// method : {'exact', 'mid_p', 'score'}
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.rate_ratio_interval(10, 100.0, 0, 100.0).high
/// inf
#[pyfunction]
#[pyo3(signature = (x_events, x_exposure, y_events, y_exposure, *, alpha=0.05, method="exact"))]
pub(super) fn rate_ratio_interval(
    x_events: u64,
    x_exposure: f64,
    y_events: u64,
    y_exposure: f64,
    alpha: f64,
    method: &str,
) -> PyResult<EstimateResult> {
    let kind = match method {
        "exact" => RateInterval::Exact,
        "mid_p" => RateInterval::MidP,
        "score" => RateInterval::Score,
        other => return Err(choice("method", other, &["exact", "mid_p", "score"])),
    };
    let rates = Rates { x_events, x_exposure, y_events, y_exposure };
    let found = rate::rate_ratio_interval(rates, alpha, kind).map_err(fault)?;
    let estimate = rate::rate_ratio_test(rates, 1.0, RateTest::Exact).map_err(fault)?.estimate;
    Ok(EstimateResult { estimate, low: found.low, high: found.high, level: found.level })
}
