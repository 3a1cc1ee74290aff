//! Several rank tests of one pair of samples, or of many pairs, in one call.

use pyo3::prelude::*;

use super::arguments::{alternative, choice, fault};
use super::results::{RankTestsManyResult, RankTestsResult};
use crate::python::columns::{sample, table_rows};
use crate::python::errors::bad_data;
use crate::stats::kolmogorov_smirnov::KsMethod;
use crate::stats::mann_whitney::{Continuity, MannWhitney, RankMethod};
use crate::stats::rank_tests::{self as tests, RankTests, Samples};

fn options(
    which: &str,
    use_continuity: bool,
    method: &str,
    ks: Option<&str>,
    shift_level: Option<f64>,
) -> PyResult<RankTests> {
    let method = match method {
        "auto" => RankMethod::Auto,
        "exact" => RankMethod::Exact,
        "asymptotic" => RankMethod::Asymptotic,
        other => return Err(choice("method", other, &["auto", "exact", "asymptotic"])),
    };
    let kolmogorov_smirnov = match ks {
        None => None,
        Some("auto") => Some(KsMethod::Auto),
        Some("exact") => Some(KsMethod::Exact),
        Some("asymp") => Some(KsMethod::OneSample),
        Some(other) => return Err(choice("ks", other, &["auto", "exact", "asymp"])),
    };
    let continuity = if use_continuity { Continuity::Corrected } else { Continuity::Uncorrected };
    let mann_whitney = MannWhitney { alternative: alternative(which)?, method, continuity };
    Ok(RankTests { mann_whitney, kolmogorov_smirnov, shift_level })
}

/// Mann and Whitney's test and Kolmogorov and Smirnov's of two samples, each put in order once.
///
/// Values on a grid, such as milliseconds with one decimal, are counted and not sorted.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Samples of the canary and of the baseline.
/// use_continuity : bool, default True
///     As in `mannwhitneyu`.
/// alternative : {'two-sided', 'less', 'greater'}
///     About values: 'less' asks whether x tends to be smaller, in both tests.
/// method : {'auto', 'exact', 'asymptotic'}
///     As in `mannwhitneyu`.
/// ks : {'auto', 'exact', 'asymp'} or None
///     `auto` is exact up to 10,000 pairs of values, given the ties; None leaves the test out.
/// shift_level : float, optional
///     Level of the interval for the median of all differences x - y. None leaves it out: it costs several times the rest.
///
/// Returns
/// -------
/// RankTestsResult
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> found = stats.rank_tests([31, 35, 38, 44, 52], [11, 12, 15, 19, 22, 24], shift_level=0.9)
/// >>> found.statistic, found.ks_statistic, found.shift
/// (30.0, 1.0, 22.5)
#[pyfunction]
#[pyo3(signature = (x, y, *, use_continuity=true, alternative="two-sided", method="auto", ks="auto", shift_level=None))]
#[allow(clippy::too_many_arguments)]
pub(super) fn rank_tests(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    use_continuity: bool,
    alternative: &str,
    method: &str,
    ks: Option<&str>,
    shift_level: Option<f64>,
) -> PyResult<RankTestsResult> {
    let options = options(alternative, use_continuity, method, ks, shift_level)?;
    let (x, y) = (sample(x, "x")?, sample(y, "y")?);
    let found = py.detach(|| tests::rank_tests_owned(x, y, &options)).map_err(fault)?;
    Ok(RankTestsResult {
        statistic: found.mann_whitney.u,
        pvalue: found.mann_whitney.p_value,
        superiority: found.mann_whitney.superiority,
        ks_statistic: found.kolmogorov_smirnov.map(|ks| ks.d),
        ks_pvalue: found.kolmogorov_smirnov.map(|ks| ks.p_value),
        ks_location: found.kolmogorov_smirnov.map(|ks| ks.location),
        shift: found.shift.map(|s| s.estimate),
        shift_low: found.shift.map(|s| s.interval.low),
        shift_high: found.shift.map(|s| s.interval.high),
    })
}

/// `rank_tests` of many pairs of samples in one call, such as every metric in every segment, on all threads.
///
/// Parameters
/// ----------
/// x, y : array_like
///     Tables with one sample in a row; or all samples of an arm one behind the other, with offsets.
/// x_offsets, y_offsets : sequence of int, optional
///     Sample k runs from offset k up to offset k + 1, as in Arrow's lists.
/// use_continuity, alternative, method
///     As in `rank_tests`.
/// ks : {'auto', 'exact', 'asymp'} or None, default None
///     None leaves Kolmogorov and Smirnov's test out.
///
/// Returns
/// -------
/// RankTestsManyResult
///     Lists with one answer a pair; None where a pair has none, such as one with an empty sample.
///
/// Examples
/// --------
/// >>> from serinus import stats
/// >>> stats.rank_tests_many([[5, 6, 7], [1, 2, 3]], [[1, 2, 3], [4, 5, 6]]).statistic
/// [9.0, 0.0]
/// >>> stats.rank_tests_many([5, 6, 7, 1], [1, 2, 3, 4], x_offsets=[0, 3, 4], y_offsets=[0, 2, 4]).statistic
/// [6.0, 0.0]
#[pyfunction]
#[pyo3(signature = (x, y, *, x_offsets=None, y_offsets=None, use_continuity=true, alternative="two-sided", method="auto", ks=None))]
#[allow(clippy::too_many_arguments)]
pub(super) fn rank_tests_many(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    x_offsets: Option<&Bound<'_, PyAny>>,
    y_offsets: Option<&Bound<'_, PyAny>>,
    use_continuity: bool,
    alternative: &str,
    method: &str,
    ks: Option<&str>,
) -> PyResult<RankTestsManyResult> {
    let options = options(alternative, use_continuity, method, ks, None)?;
    let (x, y) = (arm(x, x_offsets, "x")?, arm(y, y_offsets, "y")?);
    let found = py.detach(|| tests::rank_tests_many(x.samples()?, y.samples()?, &options)).map_err(fault)?;
    let all = |of: &dyn Fn(&tests::RankTestsResult) -> Option<f64>| {
        found.iter().map(|pair| pair.as_ref().ok().and_then(of)).collect::<Vec<Option<f64>>>()
    };
    Ok(RankTestsManyResult {
        statistic: all(&|r| Some(r.mann_whitney.u)),
        pvalue: all(&|r| Some(r.mann_whitney.p_value)),
        superiority: all(&|r| Some(r.mann_whitney.superiority)),
        ks_statistic: all(&|r| r.kolmogorov_smirnov.map(|k| k.d)),
        ks_pvalue: all(&|r| r.kolmogorov_smirnov.map(|k| k.p_value)),
    })
}

/// The samples of one arm.
struct Arm {
    values: Vec<f64>,
    cuts: Result<usize, Vec<usize>>,
}

impl Arm {
    fn samples(&self) -> Result<Samples<'_>, crate::stats::Unanswerable> {
        match &self.cuts {
            Ok(size) => Samples::of_size(&self.values, *size),
            Err(offsets) => Samples::at_offsets(&self.values, offsets),
        }
    }
}

fn arm(object: &Bound<'_, PyAny>, offsets: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Arm> {
    let Some(offsets) = offsets else {
        let (values, size) = table_rows(object, name)?;
        return Ok(Arm { values, cuts: Ok(size) });
    };
    let offsets = sample(offsets, &format!("{name}_offsets"))?;
    if let Some(bad) = offsets.iter().find(|v| !(**v >= 0.0 && v.fract() == 0.0 && **v < 9e15)) {
        return Err(bad_data(format!(
            "{name}_offsets: {bad} is not a place in {name}; give whole numbers of 0 or more"
        )));
    }
    Ok(Arm { values: sample(object, name)?, cuts: Err(offsets.into_iter().map(|v| v as usize).collect()) })
}
