//! Tests of two samples, with SciPy's names, arguments and defaults.

use pyo3::buffer::ReadOnlyCell;
use pyo3::prelude::*;

use super::arguments::{Nan, choice, fault};
use super::results::{KstestResult, SignificanceResult, TtestResult};
use crate::python::columns::{in_place, sample};
use crate::python::errors::bad_data;
use crate::stats::Alternative;
use crate::stats::anderson_darling::{AdMethod, anderson_darling};
use crate::stats::brunner_munzel::{BrunnerMunzel, Reference, brunner_munzel_alone};
use crate::stats::cramer_von_mises::{CvmMethod, cramer_von_mises};
use crate::stats::distance;
use crate::stats::kolmogorov_smirnov::{KsMethod, kolmogorov_smirnov_owned};
use crate::stats::location::DifferenceTest;
use crate::stats::mann_whitney::{Continuity, MannWhitney, RankMethod, mann_whitney_owned};
use crate::stats::paired_t::paired_t_alone;
use crate::stats::signed_rank::{SignedRank, Zeros, signed_rank, signed_rank_differences};
use crate::stats::welch::{welch_t, welch_t_by};
use crate::stats::yuen::yuen_t;

fn rank_method(word: &str) -> PyResult<RankMethod> {
    match word {
        "auto" => Ok(RankMethod::Auto),
        "exact" => Ok(RankMethod::Exact),
        "asymptotic" | "approx" => Ok(RankMethod::Asymptotic),
        other => Err(choice("method", other, &["auto", "exact", "asymptotic"])),
    }
}

fn continuity(corrected: bool) -> Continuity {
    if corrected { Continuity::Corrected } else { Continuity::Uncorrected }
}

/// Whether x tends to be larger or smaller than y, by ranks.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of one dimension.
/// use_continuity : bool, default True
///     Correct the normal approximation by half a step.
/// alternative : {'two-sided', 'less', 'greater'}
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// method : {'auto', 'exact', 'asymptotic'}
///     `auto` is exact wherever that is cheap, with ties too; SciPy's is exact up to 8 values and without ties only.
/// nan_policy : {'propagate', 'omit', 'raise'}
///     NaN raises `DataError` unless it is left out.
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is U of x.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.mannwhitneyu([1, 2, 3, 4], [3, 5, 6, 7], method="asymptotic").statistic
/// 1.5
#[pyfunction]
#[pyo3(signature = (x, y, use_continuity=true, alternative="two-sided", axis=0, method="auto", *, nan_policy="propagate", keepdims=false))]
#[allow(clippy::too_many_arguments)]
pub(super) fn mannwhitneyu(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    use_continuity: bool,
    alternative: &str,
    axis: Option<i64>,
    method: &str,
    nan_policy: &str,
    keepdims: bool,
) -> PyResult<SignificanceResult> {
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let (x, y) = (nan.sample(x, "x")?, nan.sample(y, "y")?);
    let options = MannWhitney {
        alternative: super::arguments::alternative(alternative)?,
        method: rank_method(method)?,
        continuity: continuity(use_continuity),
    };
    let found = py.detach(|| mann_whitney_owned(x, y, &options)).map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.u), pvalue: found.p_value })
}

/// Whether x tends to be larger or smaller than y, without assuming equal spread.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of one dimension.
/// alternative : {'two-sided', 'less', 'greater'}
///     As in SciPy: 'less' means that x tends to be smaller.
/// distribution : {'t', 'normal', 'permutation'}
///     What the statistic is referred to; 'permutation' is Neubert and Brunner's (2007), for small samples.
/// nan_policy : {'propagate', 'omit', 'raise'}
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is None when one sample lies wholly beyond the other; the p-value is then that of the exact rank test.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> round(stats.brunnermunzel([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]).pvalue, 4)
/// 0.0479
#[pyfunction]
#[pyo3(signature = (x, y, alternative="two-sided", distribution="t", nan_policy="propagate", *, axis=0, keepdims=false))]
#[allow(clippy::too_many_arguments)]
pub(super) fn brunnermunzel(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    alternative: &str,
    distribution: &str,
    nan_policy: &str,
    axis: Option<i64>,
    keepdims: bool,
) -> PyResult<SignificanceResult> {
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let (x, y) = (nan.sample(x, "x")?, nan.sample(y, "y")?);
    let reference = match distribution {
        "t" => Reference::StudentT,
        "normal" => Reference::Normal,
        "permutation" => Reference::Permutation { draws: 9_999, seed: 0 },
        other => return Err(choice("distribution", other, &["t", "normal", "permutation"])),
    };
    let options =
        BrunnerMunzel::default().alternative(super::arguments::alternative(alternative)?).reference(reference);
    let (statistic, pvalue) = py.detach(|| brunner_munzel_alone(&x, &y, &options)).map_err(fault)?;
    // SciPy's statistic is positive where y tends to be larger; ours where x does.
    Ok(SignificanceResult { statistic: statistic.map(|t| 0.0 - t), pvalue })
}

fn ttest(found: DifferenceTest, alternative: &str) -> TtestResult {
    TtestResult {
        statistic: found.t,
        pvalue: found.p_value,
        df: found.dof,
        estimate: found.difference,
        standard_error: found.standard_error,
        alternative: alternative.to_owned(),
    }
}

/// Level of intervals that are not asked for here; `confidence_interval` has its own.
const LEVEL: f64 = 0.95;

/// Whether the means of a and b differ: Welch's test, or Yuen's when trimmed.
///
/// Parameters
/// ----------
/// a, b : array_like
///     Samples of one dimension.
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// equal_var : bool
///     Has to be False. Student's test, SciPy's default, assumes that both arms vary alike, which a canary's do not.
/// nan_policy : {'propagate', 'omit', 'raise'}
/// alternative : {'two-sided', 'less', 'greater'}
/// trim : float, default 0
///     Share of values taken off each end, in [0, 0.5): Yuen's test.
/// method : None
///     For SciPy's sake.
///
/// Returns
/// -------
/// TtestResult
///     With `df` and `confidence_interval()`.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> result = stats.ttest_ind([5.1, 4.9, 5.6, 5.8], [4.1, 4.4, 4.0, 4.3], equal_var=False)
/// >>> result.pvalue < 0.01
/// True
#[pyfunction]
#[pyo3(signature = (a, b, *, axis=0, equal_var=true, nan_policy="propagate", alternative="two-sided", trim=0.0, method=None, keepdims=false))]
#[allow(clippy::too_many_arguments)]
pub(super) fn ttest_ind(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    axis: Option<i64>,
    equal_var: bool,
    nan_policy: &str,
    alternative: &str,
    trim: f64,
    method: Option<Py<PyAny>>,
    keepdims: bool,
) -> PyResult<TtestResult> {
    if equal_var {
        return Err(bad_data(
            "equal_var is True: Student's test assumes that both arms vary alike; give equal_var=False for Welch's test",
        ));
    }
    if method.is_some() {
        return Err(bad_data("method: no resampling here; leave it None, or see stats.bootstrap"));
    }
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let which = super::arguments::alternative(alternative)?;
    // Arrays are read where they lie. What has no answer that way is looked at again, for the reason.
    if trim == 0.0
        && let Some(Some(found)) = in_place(a, b, |x, y| welch_t_by(x, y, ReadOnlyCell::get, which))?
    {
        return Ok(ttest(found, alternative));
    }
    let (a, b) = (nan.sample(a, "a")?, nan.sample(b, "b")?);
    let found = py
        .detach(|| if trim == 0.0 { welch_t(&a, &b, which, LEVEL) } else { yuen_t(&a, &b, trim, which, LEVEL) })
        .map_err(fault)?;
    Ok(ttest(found, alternative))
}

/// Whether the mean of the differences of pairs is zero.
///
/// Parameters
/// ----------
/// a, b : array_like
///     Paired samples of one length.
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// nan_policy : {'propagate', 'omit', 'raise'}
///     'omit' leaves out pairs.
/// alternative : {'two-sided', 'less', 'greater'}
///
/// Returns
/// -------
/// TtestResult
///     With `df` and `confidence_interval()`.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.ttest_rel([3.0, 4.0, 5.5], [2.0, 3.5, 4.0]).df
/// 2.0
#[pyfunction]
#[pyo3(signature = (a, b, axis=0, nan_policy="propagate", alternative="two-sided", *, keepdims=false))]
pub(super) fn ttest_rel(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    axis: Option<i64>,
    nan_policy: &str,
    alternative: &str,
    keepdims: bool,
) -> PyResult<TtestResult> {
    let (a, b) = Nan::new(nan_policy, axis, keepdims)?.pairs(a, b, ["a", "b"])?;
    let which = super::arguments::alternative(alternative)?;
    let found = py.detach(|| paired_t_alone(&a, &b, which)).map_err(fault)?;
    Ok(ttest(found, alternative))
}

/// Whether two samples come from one distribution, by the largest gap between their distribution functions.
///
/// Parameters
/// ----------
/// data1, data2 : array_like
///     Samples of one dimension.
/// alternative : {'two-sided', 'less', 'greater'}
///     About distribution functions, as in SciPy: 'greater' means that the function of data1 lies above, and so that its
///     values are smaller.
/// method : {'auto', 'exact', 'asymp', 'exact-ties'}
///     'exact' counts as if there were no ties, as SciPy does; 'exact-ties' allows for them and is less conservative.
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// nan_policy : {'propagate', 'omit', 'raise'}
///
/// Returns
/// -------
/// KstestResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.ks_2samp([1, 2, 3], [4, 5, 6]).statistic
/// 1.0
#[pyfunction]
#[pyo3(signature = (data1, data2, alternative="two-sided", method="auto", *, axis=0, nan_policy="propagate", keepdims=false))]
#[allow(clippy::too_many_arguments)]
pub(super) fn ks_2samp(
    py: Python<'_>,
    data1: &Bound<'_, PyAny>,
    data2: &Bound<'_, PyAny>,
    alternative: &str,
    method: &str,
    axis: Option<i64>,
    nan_policy: &str,
    keepdims: bool,
) -> PyResult<KstestResult> {
    // SciPy's rule: exact up to so many rows in the larger sample.
    const SCIPY_EXACT: usize = 10_000;
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let (x, y) = (nan.sample(data1, "data1")?, nan.sample(data2, "data2")?);
    let method = match method {
        "auto" if x.len().max(y.len()) <= SCIPY_EXACT => KsMethod::ExactUntied,
        "auto" | "asymp" => KsMethod::OneSample,
        "exact" => KsMethod::ExactUntied,
        "exact-ties" => KsMethod::Exact,
        other => return Err(choice("method", other, &["auto", "exact", "asymp", "exact-ties"])),
    };
    // SciPy speaks of distribution functions and we of values, which are small where the function is high.
    let alternative = match super::arguments::alternative(alternative)? {
        Alternative::TwoSided => Alternative::TwoSided,
        Alternative::Less => Alternative::Greater,
        Alternative::Greater => Alternative::Less,
    };
    let found = py.detach(|| kolmogorov_smirnov_owned(x, y, alternative, method)).map_err(fault)?;
    Ok(KstestResult {
        statistic: found.d,
        pvalue: found.p_value,
        statistic_location: found.location,
        statistic_sign: found.sign,
    })
}

/// Whether the differences of pairs lie symmetrically about zero, by signed ranks.
///
/// Parameters
/// ----------
/// x : array_like
///     The first of each pair, or the differences when y is None.
/// y : array_like, optional
///     The second of each pair.
/// zero_method : {'wilcox', 'pratt', 'zsplit'}
///     What becomes of differences of zero.
/// correction : bool, default False
///     Correct the normal approximation by half a step.
/// alternative : {'two-sided', 'less', 'greater'}
/// method : {'auto', 'exact', 'asymptotic'}
///     `auto` is exact up to 50 differences, with ties and zeros too.
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// nan_policy : {'propagate', 'omit', 'raise'}
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is the smaller rank sum when two-sided, else that of the positive differences.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.wilcoxon([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]).statistic
/// 24.0
#[pyfunction]
#[pyo3(signature = (x, y=None, zero_method="wilcox", correction=false, alternative="two-sided", method="auto", *, axis=0, nan_policy="propagate", keepdims=false))]
#[allow(clippy::too_many_arguments)]
pub(super) fn wilcoxon(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: Option<&Bound<'_, PyAny>>,
    zero_method: &str,
    correction: bool,
    alternative: &str,
    method: &str,
    axis: Option<i64>,
    nan_policy: &str,
    keepdims: bool,
) -> PyResult<SignificanceResult> {
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let zeros = match zero_method {
        "wilcox" => Zeros::Wilcox,
        "pratt" => Zeros::Pratt,
        "zsplit" => Zeros::Split,
        other => return Err(choice("zero_method", other, &["wilcox", "pratt", "zsplit"])),
    };
    let options = SignedRank { zeros, method: rank_method(method)?, continuity: continuity(correction) };
    let which = super::arguments::alternative(alternative)?;
    let found = match y {
        None => {
            let differences = nan.sample(x, "x")?;
            py.detach(|| signed_rank_differences(&differences, &options))
        }
        Some(y) => {
            let (x, y) = nan.pairs(x, y, ["x", "y"])?;
            py.detach(|| signed_rank(&x, &y, &options))
        }
    }
    .map_err(fault)?;
    let statistic = match which {
        Alternative::TwoSided => found.positive.min(found.negative),
        _ => found.positive,
    };
    Ok(SignificanceResult { statistic: Some(statistic), pvalue: found.p_value(which) })
}

/// Whether two samples come from one distribution, by the squared gap between their distribution functions.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of one dimension.
/// method : {'auto', 'exact', 'asymptotic', 'exact-ties', 'asymptotic-ties'}
///     The first three are SciPy's: midranks for ties, which inflate the statistic. The last two allow for ties.
/// axis, keepdims
///     For SciPy's sake; samples have one dimension.
/// nan_policy : {'propagate', 'omit', 'raise'}
///
/// Returns
/// -------
/// SignificanceResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.cramervonmises_2samp([1, 2, 3, 4], [5, 6, 7, 8]).pvalue < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (x, y, method="auto", *, axis=0, nan_policy="propagate", keepdims=false))]
pub(super) fn cramervonmises_2samp(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    method: &str,
    axis: Option<i64>,
    nan_policy: &str,
    keepdims: bool,
) -> PyResult<SignificanceResult> {
    // SciPy's rule: exact up to so many rows in the larger sample.
    const SCIPY_EXACT: usize = 20;
    let nan = Nan::new(nan_policy, axis, keepdims)?;
    let (x, y) = (nan.sample(x, "x")?, nan.sample(y, "y")?);
    let small = x.len().max(y.len()) <= SCIPY_EXACT;
    let method = match method {
        "auto" if small => CvmMethod::Exact,
        "auto" | "asymptotic" => CvmMethod::Midrank,
        "exact" | "exact-ties" => CvmMethod::Exact,
        "asymptotic-ties" => CvmMethod::Asymptotic,
        other => {
            let known = ["auto", "exact", "asymptotic", "exact-ties", "asymptotic-ties"];
            return Err(choice("method", other, &known));
        }
    };
    let found = py.detach(|| cramer_von_mises(&x, &y, method)).map_err(fault)?;
    Ok(SignificanceResult { statistic: Some(found.statistic), pvalue: found.p_value })
}

/// Whether two samples come from one distribution, by a gap that weighs the tails.
///
/// Parameters
/// ----------
/// samples : sequence of two array_like
///     Two samples of one dimension; SciPy takes more.
/// variant : {'midrank', 'right'}
///     How ties are split.
/// method : {'auto', 'exact', 'interpolated'}
///     Where the p-value comes from. SciPy's is interpolated in a table and capped to [0.001, 0.25]; this one is exact for
///     small samples.
///
/// Returns
/// -------
/// SignificanceResult
///     `statistic` is standardised, as SciPy's.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.anderson_ksamp([[1, 2, 3, 4], [5, 6, 7, 8]]).pvalue < 0.05
/// True
#[pyfunction]
#[pyo3(signature = (samples, *, variant="midrank", method="auto"))]
pub(super) fn anderson_ksamp(
    py: Python<'_>,
    samples: &Bound<'_, PyAny>,
    variant: &str,
    method: &str,
) -> PyResult<SignificanceResult> {
    let pair: Vec<Bound<'_, PyAny>> = samples
        .try_iter()
        .and_then(Iterator::collect)
        .map_err(|_| bad_data("samples: give a sequence of two samples"))?;
    let [x, y] = pair.as_slice() else {
        return Err(bad_data(format!("samples: there are {}; give two", pair.len())));
    };
    let (x, y) = (sample(x, "samples[0]")?, sample(y, "samples[1]")?);
    let method = match method {
        "auto" => AdMethod::Auto,
        "exact" => AdMethod::Exact,
        "interpolated" => AdMethod::Interpolated,
        other => return Err(choice("method", other, &["auto", "exact", "interpolated"])),
    };
    let found = py.detach(|| anderson_darling(&x, &y, method)).map_err(fault)?;
    let version = match variant {
        "midrank" => found.midrank,
        "right" => found.right,
        other => return Err(choice("variant", other, &["midrank", "right"])),
    };
    Ok(SignificanceResult { statistic: version.standardised, pvalue: version.p_value })
}

/// How far values have to be moved, on average, to turn one distribution into the other.
///
/// Parameters
/// ----------
/// u_values, v_values : array_like
///     Samples of one dimension.
/// u_weights, v_weights : array_like, optional
///     Weights of the values, by default equal.
///
/// Returns
/// -------
/// float
///     In the unit of the values.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.wasserstein_distance([0, 1, 3], [5, 6, 8])
/// 5.0
#[pyfunction]
#[pyo3(signature = (u_values, v_values, u_weights=None, v_weights=None))]
pub(super) fn wasserstein_distance(
    py: Python<'_>,
    u_values: &Bound<'_, PyAny>,
    v_values: &Bound<'_, PyAny>,
    u_weights: Option<&Bound<'_, PyAny>>,
    v_weights: Option<&Bound<'_, PyAny>>,
) -> PyResult<f64> {
    let (u, v) = (sample(u_values, "u_values")?, sample(v_values, "v_values")?);
    if u_weights.is_none() && v_weights.is_none() {
        return py.detach(|| distance::wasserstein_1(&u, &v)).map_err(fault);
    }
    let weights = |given: Option<&Bound<'_, PyAny>>, n: usize, name: &str| match given {
        Some(weights) => sample(weights, name),
        None => Ok(vec![1.0; n]),
    };
    let (uw, vw) = (weights(u_weights, u.len(), "u_weights")?, weights(v_weights, v.len(), "v_weights")?);
    for (name, values, weights) in [("u", &u, &uw), ("v", &v, &vw)] {
        if values.len() != weights.len() {
            return Err(bad_data(format!(
                "{name}_weights has {} values and {name}_values has {}; give each value its weight",
                weights.len(),
                values.len()
            )));
        }
    }
    use crate::arms::Arms;
    let values = Arms { canary: u.as_slice(), baseline: v.as_slice() };
    let weights = Arms { canary: uw.as_slice(), baseline: vw.as_slice() };
    py.detach(|| distance::weighted_wasserstein_1(values, weights)).map_err(fault)
}

/// The energy distance of Székely and Rizzo between two samples.
///
/// Parameters
/// ----------
/// u_values, v_values : array_like
///     Samples of one dimension.
///
/// Returns
/// -------
/// float
///     Root of 2 E|X - Y| - E|X - X'| - E|Y - Y'|.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.energy_distance([0], [2])
/// 2.0
#[pyfunction]
#[pyo3(signature = (u_values, v_values))]
pub(super) fn energy_distance(
    py: Python<'_>,
    u_values: &Bound<'_, PyAny>,
    v_values: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let (u, v) = (sample(u_values, "u_values")?, sample(v_values, "v_values")?);
    py.detach(|| distance::energy_distance(&u, &v)).map(|found| found.distance).map_err(fault)
}
