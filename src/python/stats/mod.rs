//! `serinus.stats`: one function a test, x the canary and y the baseline. SciPy's names where SciPy has the test.

mod arguments;
mod canary;
mod counts;
mod quality;
mod ranks;
mod results;
mod summaries;
mod two_samples;

use pyo3::prelude::*;
use pyo3::types::PyModule;

pub(super) use arguments::choice;
pub(super) use results::ConfidenceInterval;

/// Adds every function and result class.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<results::ConfidenceInterval>()?;
    module.add_class::<results::SignificanceResult>()?;
    module.add_class::<results::TtestResult>()?;
    module.add_class::<results::KstestResult>()?;
    module.add_class::<results::Chi2ContingencyResult>()?;
    module.add_class::<results::QuantileTestResult>()?;
    module.add_class::<results::BinomTestResult>()?;
    module.add_class::<results::EstimateResult>()?;
    module.add_class::<results::MarginResult>()?;
    module.add_class::<results::TailsResult>()?;
    module.add_class::<results::ShiftResult>()?;
    module.add_class::<results::RankTestsResult>()?;
    module.add_class::<results::RankTestsManyResult>()?;
    module.add_class::<results::LogLossesResult>()?;
    module.add_class::<results::RegressionErrorResult>()?;
    module.add_class::<results::AgreementResult>()?;
    module.add_class::<results::IntraclassCorrelationResult>()?;
    module.add_class::<results::ClusterRatioResult>()?;
    module.add_class::<results::EffectSizeResult>()?;
    macro_rules! functions {
        ($($path:path),* $(,)?) => {$( module.add_function(wrap_pyfunction!($path, module)?)?; )*};
    }
    functions!(
        two_samples::mannwhitneyu,
        two_samples::brunnermunzel,
        two_samples::ttest_ind,
        two_samples::ttest_rel,
        two_samples::ks_2samp,
        two_samples::wilcoxon,
        two_samples::cramervonmises_2samp,
        two_samples::anderson_ksamp,
        two_samples::wasserstein_distance,
        two_samples::energy_distance,
        ranks::rank_tests,
        ranks::rank_tests_many,
        counts::false_discovery_control,
        counts::adjusted,
        counts::fisher_exact,
        counts::boschloo_exact,
        counts::barnard_exact,
        counts::chi2_contingency,
        counts::quantile_test,
        counts::binomtest,
        counts::wilson,
        counts::clopper_pearson,
        counts::jeffreys,
        counts::newcombe,
        counts::score_difference,
        counts::score_difference_interval,
        counts::score_ratio,
        counts::score_ratio_interval,
        counts::conditional_binomial,
        counts::mcnemar,
        counts::tango,
        counts::tango_interval,
        counts::rate_ratio_test,
        counts::rate_ratio_interval,
        canary::welch_noninferiority,
        canary::welch_equivalence,
        canary::yuen_noninferiority,
        canary::paired_t_noninferiority,
        canary::rank_noninferiority,
        canary::hodges_lehmann,
        canary::hodges_lehmann_ratio,
        canary::fieller_ratio,
        canary::geometric_ratio,
        canary::quantile_mover,
        canary::bootstrap,
        canary::auc,
        canary::delong,
        canary::cluster_contrast,
        canary::cuped,
        canary::van_elteren,
        canary::mantel_haenszel,
        canary::psi,
        canary::jensen_shannon,
        summaries::ttest_ind_from_stats,
        summaries::sign_test,
        summaries::pseudo_median,
        summaries::score_odds_ratio,
        summaries::score_odds_ratio_interval,
        summaries::log_ratio_interval,
        quality::log_losses,
        quality::brier_losses,
        quality::calibration_terms,
        quality::calibration_error,
        quality::average_precision,
        quality::regression_error,
        quality::agreement,
        quality::intraclass_correlation,
        quality::design_effect,
        quality::cluster_ratio,
        quality::clustered_rank,
        quality::trials_without_events,
        quality::agresti_coull,
        quality::agresti_caffo,
        quality::rate_interval,
        quality::rate_test,
        quality::poisson_means_test,
        quality::harrell_davis,
        quality::kish_size,
        quality::effect_size,
    );
    Ok(())
}
