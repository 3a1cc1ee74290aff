//! What the functions of `serinus.stats` answer with.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::arguments::{self, fault};
use crate::stats::Alternative;
use crate::stats::binomial;
use crate::stats::estimate::Contrast;
use crate::stats::quantile::order_statistic_bounds;

/// A frozen class of named values; those before the bar also unpack as a tuple, as SciPy's do.
macro_rules! result {
    (
        $(#[$doc:meta])*
        $class:ident, $name:literal,
        { $( $(#[$field_doc:meta])* $field:ident : $type:ty ),* $(,)? | $( $(#[$more_doc:meta])* $more:ident : $more_type:ty ),* $(,)? }
        $(, { $($method:tt)* })?
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "serinus.stats", name = $name)]
        #[derive(Debug, Clone, PartialEq)]
        pub(in crate::python) struct $class {
            $( pub(in crate::python) $field: $type, )*
            $( pub(in crate::python) $more: $more_type, )*
        }

        #[pymethods]
        impl $class {
            #[new]
            #[allow(clippy::too_many_arguments)]
            fn new($($field: $type,)* $($more: $more_type,)*) -> Self {
                $class { $($field,)* $($more,)* }
            }

            $(
                $(#[$field_doc])*
                #[getter]
                fn $field(&self) -> $type {
                    self.$field.clone()
                }
            )*
            $(
                $(#[$more_doc])*
                #[getter]
                fn $more(&self) -> $more_type {
                    self.$more.clone()
                }
            )*

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [$(stringify!($field),)* $(stringify!($more),)*])
            }

            fn __len__(&self) -> usize {
                [$(stringify!($field)),*].len()
            }

            fn __getitem__(&self, py: Python<'_>, index: isize) -> PyResult<Py<PyAny>> {
                let mut items = [$(self.$field.clone().into_py_any(py)?),*];
                let at = if index < 0 { index + items.len() as isize } else { index };
                match usize::try_from(at).ok().and_then(|at| items.get_mut(at)) {
                    Some(item) => Ok(item.clone_ref(py)),
                    None => Err(PyIndexError::new_err("result index out of range")),
                }
            }

            fn __iter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                let items = [$(self.$field.clone().into_py_any(py)?),*];
                Ok(PyTuple::new(py, items)?.try_iter()?.into_any().unbind())
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let mut parts: Vec<String> = Vec::new();
                $( parts.push(format!("{}={}", stringify!($field), self.$field.clone().into_bound_py_any(py)?.repr()?)); )*
                $( parts.push(format!("{}={}", stringify!($more), self.$more.clone().into_bound_py_any(py)?.repr()?)); )*
                Ok(format!("{}({})", $name, parts.join(", ")))
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<$class>().is_ok_and(|other| other.get() == self)
            }

            fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
                self.__repr__(py)?.into_bound_py_any(py)?.hash()
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
                let py = slf.py();
                let this = slf.get();
                let fields = [
                    $(this.$field.clone().into_py_any(py)?,)*
                    $(this.$more.clone().into_py_any(py)?,)*
                ];
                Ok((slf.get_type().into_any(), PyTuple::new(py, fields)?))
            }

            $($($method)*)?
        }
    };
}

result!(
    /// A confidence interval; an end is infinite where the data bound nothing.
    ConfidenceInterval, "ConfidenceInterval",
    {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64
        |
        /// Two-sided level.
        level: f64,
    }
);

impl From<crate::stats::Confidence> for ConfidenceInterval {
    fn from(c: crate::stats::Confidence) -> Self {
        ConfidenceInterval { low: c.low, high: c.high, level: c.level }
    }
}

result!(
    /// A statistic with its p-value.
    SignificanceResult, "SignificanceResult",
    {
        /// The statistic; None where it does not exist.
        statistic: Option<f64>,
        /// The p-value.
        pvalue: f64
        |
    }
);

result!(
    /// Student's or Welch's t.
    TtestResult, "TtestResult",
    {
        /// t; None when no arm varies.
        statistic: Option<f64>,
        /// The p-value.
        pvalue: f64
        |
        /// Degrees of freedom; None when no arm varies.
        df: Option<f64>,
        /// The difference of means.
        estimate: f64,
        /// Its standard error.
        standard_error: f64,
        /// The alternative that was tested.
        alternative: String,
    },
    {
        /// The interval of the difference, one-sided when the alternative is.
        #[pyo3(signature = (confidence_level=0.95))]
        fn confidence_interval(&self, confidence_level: f64) -> PyResult<ConfidenceInterval> {
            let alternative = arguments::alternative(&self.alternative)?;
            let Some(dof) = self.df else {
                let (low, high) = arguments::ends(alternative, self.estimate, self.estimate);
                return Ok(ConfidenceInterval { low, high, level: confidence_level });
            };
            let contrast = Contrast { estimate: self.estimate, standard_error: self.standard_error, dof };
            let both = arguments::two_sided_level(alternative, confidence_level)?;
            let found = contrast.interval(both).map_err(fault)?;
            let (low, high) = arguments::ends(alternative, found.low, found.high);
            Ok(ConfidenceInterval { low, high, level: confidence_level })
        }
    }
);

result!(
    /// Kolmogorov and Smirnov's test.
    KstestResult, "KstestResult",
    {
        /// The gap, in [0, 1].
        statistic: f64,
        /// The p-value.
        pvalue: f64
        |
        /// The smallest value at which the gap is reached.
        statistic_location: f64,
        /// 1 where the first sample's distribution function lies above, else -1.
        statistic_sign: i8,
    }
);

result!(
    /// Pearson's chi-square of a table.
    Chi2ContingencyResult, "Chi2ContingencyResult",
    {
        /// Chi-square.
        statistic: f64,
        /// The p-value.
        pvalue: f64,
        /// Degrees of freedom.
        dof: u64,
        /// What each cell would hold without association, row by row.
        expected_freq: Vec<Vec<f64>>
        |
    }
);

result!(
    /// A test of a quantile.
    QuantileTestResult, "QuantileTestResult",
    {
        /// Number of values at most (type 1) or below (type 2) the hypothesised quantile.
        statistic: u64,
        /// Which of the two counts was used.
        statistic_type: u8,
        /// The p-value.
        pvalue: f64
        |
        /// The alternative that was tested.
        alternative: String,
        /// The probability of the quantile.
        p: f64,
        /// The sample in ascending order.
        sample: Vec<f64>,
    },
    {
        /// The interval of the quantile between order statistics, one-sided when the alternative is.
        #[pyo3(signature = (confidence_level=0.95))]
        fn confidence_interval(&self, confidence_level: f64) -> PyResult<ConfidenceInterval> {
            let alternative = arguments::alternative(&self.alternative)?;
            let both = arguments::two_sided_level(alternative, confidence_level)?;
            let n = self.sample.len() as f64;
            let found = order_statistic_bounds(&self.sample, n, self.p, 0.5 * (1.0 - both)).map_err(fault)?;
            let (low, high) = arguments::ends(alternative, found.low, found.high);
            Ok(ConfidenceInterval { low, high, level: confidence_level })
        }
    }
);

result!(
    /// An exact binomial test.
    BinomTestResult, "BinomTestResult",
    {
        /// Successes.
        k: u64,
        /// Trials.
        n: u64
        |
        /// The alternative that was tested.
        alternative: String,
        /// The share of successes; None without trials.
        statistic: Option<f64>,
        /// The p-value.
        pvalue: f64,
    },
    {
        /// The share of successes; None without trials.
        #[getter]
        fn proportion_estimate(&self) -> Option<f64> {
            self.statistic
        }

        /// The interval of the proportion, one-sided when the alternative is; `method` is `exact` (Clopper and Pearson's) or
        /// `wilson`.
        #[pyo3(signature = (confidence_level=0.95, method="exact"))]
        fn proportion_ci(&self, confidence_level: f64, method: &str) -> PyResult<ConfidenceInterval> {
            let alternative = arguments::alternative(&self.alternative)?;
            // The bounds take the error rate of one side.
            let alpha = 0.5 * (1.0 - arguments::two_sided_level(alternative, confidence_level)?);
            let (k, n) = (self.k as f64, self.n as f64);
            let found = match method {
                "exact" => binomial::clopper_pearson(k, n, alpha),
                "wilson" => binomial::wilson(k, n, alpha),
                other => return Err(arguments::choice("method", other, &["exact", "wilson"])),
            }
            .map_err(fault)?;
            // A proportion is bounded by 0 and 1 on the side that is not asked about.
            let (low, high) = match alternative {
                Alternative::TwoSided => (found.low, found.high),
                Alternative::Less => (0.0, found.high),
                Alternative::Greater => (found.low, 1.0),
            };
            Ok(ConfidenceInterval { low, high, level: confidence_level })
        }
    }
);

result!(
    /// An estimate with its interval.
    EstimateResult, "EstimateResult",
    {
        /// The estimate; None where it does not exist.
        estimate: Option<f64>,
        /// Lower end of the interval.
        low: f64,
        /// Upper end of the interval.
        high: f64
        |
        /// Level of the interval.
        level: f64,
    }
);

result!(
    /// A contrast tested against a margin from both sides.
    MarginResult, "MarginResult",
    {
        /// p-value of "worse than the margin": small shows safety.
        p_noninferior: f64,
        /// p-value of "not worse than the margin": small shows harm.
        p_inferior: f64
        |
        /// The estimate, on the test's own scale.
        estimate: f64,
        /// Lower end of the interval at 1 - 2 alpha.
        low: f64,
        /// Upper end of the interval at 1 - 2 alpha.
        high: f64,
        /// Level of the interval.
        level: f64,
        /// What has to be known to read it.
        flags: Vec<String>,
    }
);

result!(
    /// A test of a value from both sides.
    TailsResult, "TailsResult",
    {
        /// p-value of "at least this value": small shows that it is less.
        p_less: f64,
        /// p-value of "at most this value": small shows that it is greater.
        p_greater: f64
        |
        /// The test statistic; None where it has none.
        statistic: Option<f64>,
        /// The estimate; None where it does not exist.
        estimate: Option<f64>,
    }
);

result!(
    /// A distance between distributions with its test of "nothing has shifted".
    ShiftResult, "ShiftResult",
    {
        /// The distance.
        statistic: f64,
        /// p-value of "nothing has shifted".
        pvalue: f64
        |
        /// Degrees of freedom.
        dof: u64,
        /// Standard error of the distance by the delta method.
        standard_error: f64,
    }
);

result!(
    /// Several rank tests of one pair of samples.
    RankTestsResult, "RankTestsResult",
    {
        /// U of x: pairs in which x is larger, ties counting half.
        statistic: f64,
        /// p-value of Mann and Whitney's test.
        pvalue: f64
        |
        /// P(X > Y) + P(X = Y)/2 in the sample.
        superiority: f64,
        /// The largest gap between the distribution functions; None when it was not asked for.
        ks_statistic: Option<f64>,
        /// p-value of Kolmogorov and Smirnov's test.
        ks_pvalue: Option<f64>,
        /// The smallest value at which the gap is reached.
        ks_location: Option<f64>,
        /// The median of all differences x - y; None when no level was given.
        shift: Option<f64>,
        /// Lower end of its interval.
        shift_low: Option<f64>,
        /// Upper end of its interval.
        shift_high: Option<f64>,
    }
);

result!(
    /// Rank tests of many pairs of samples: lists with one answer a pair.
    RankTestsManyResult, "RankTestsManyResult",
    {
        /// U of x; None where a pair has no answer.
        statistic: Vec<Option<f64>>,
        /// p-values of Mann and Whitney's test.
        pvalue: Vec<Option<f64>>
        |
        /// P(X > Y) + P(X = Y)/2 in each pair.
        superiority: Vec<Option<f64>>,
        /// The largest gaps between the distribution functions; None when they were not asked for.
        ks_statistic: Vec<Option<f64>>,
        /// p-values of Kolmogorov and Smirnov's test.
        ks_pvalue: Vec<Option<f64>>,
    }
);

result!(
    /// Log-losses item by item.
    LogLossesResult, "LogLossesResult",
    {
        /// -ln of the probability that was given to what happened.
        losses: Vec<f64>,
        /// Items whose probability was clipped; report it, because the clip decides their loss.
        clipped: u64
        |
    }
);

result!(
    /// How far predictions lie from what came.
    RegressionErrorResult, "RegressionErrorResult",
    {
        /// Mean absolute error.
        mae: f64,
        /// Root of the mean squared error.
        rmse: f64
        |
    }
);

result!(
    /// How often two answers to the same items agree.
    AgreementResult, "AgreementResult",
    {
        /// Items whose answers agree.
        agreeing: u64,
        /// All items.
        items: u64
        |
        /// Share of items that agree.
        rate: f64,
    },
    {
        /// The exact lower bound of the share that agrees, at one-sided `alpha`.
        #[pyo3(signature = (alpha=0.05))]
        fn lower_bound(&self, alpha: f64) -> PyResult<f64> {
            self.agreement().lower_bound(alpha).map_err(fault)
        }

        /// The exact p-value of "at most this share agrees": small shows that more do.
        fn p_value(&self, threshold: f64) -> PyResult<f64> {
            self.agreement().p_value(threshold).map_err(fault)
        }
    }
);

impl AgreementResult {
    fn agreement(&self) -> crate::stats::classification::Agreement {
        let AgreementResult { agreeing, items, rate } = *self;
        crate::stats::classification::Agreement { agreeing, items, rate }
    }
}

result!(
    /// How alike the rows of one cluster are.
    IntraclassCorrelationResult, "IntraclassCorrelationResult",
    {
        /// The intraclass correlation; None when all values are equal.
        icc: Option<f64>
        |
        /// Mean square between clusters.
        between: f64,
        /// Mean square within clusters.
        within: f64,
        /// The size that stands for sizes that differ.
        typical_size: f64,
    }
);

result!(
    /// A sum over a sum with its cluster-robust error.
    ClusterRatioResult, "ClusterRatioResult",
    {
        /// Sum of numerators over sum of denominators.
        ratio: f64,
        /// Its standard error, with G / (G - 1).
        standard_error: f64
        |
        /// The same without G / (G - 1).
        standard_error_hc0: f64,
        /// Number of clusters.
        clusters: u64,
    }
);

result!(
    /// Standardised differences of two samples; None where one does not exist.
    EffectSizeResult, "EffectSizeResult",
    {
        /// Difference over the pooled standard deviation.
        cohen_d: Option<f64>,
        /// Cohen's d without its small-sample bias.
        hedges_g: Option<f64>,
        /// Difference over the baseline's standard deviation.
        glass_delta: Option<f64>
        |
    }
);
