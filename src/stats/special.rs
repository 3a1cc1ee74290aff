//! Special functions: the one door to statrs and libm.
//!
//! Relative error is at most 1e-12 in both tails, down to 1e-300 and for parameters up to 1e9 and beyond, measured
//! against 50-digit values in `tests/special.rs`. Tails are tails: a `*_sf` function computes the upper tail directly
//! and never as one minus the lower. Where an argument is so near one that its complement would lose digits, the
//! `*_tails` functions take both.
//!
//! Incomplete beta and gamma come from one idea: after factoring out the density at the border, with its exponent as a
//! saddle-point deviance (Loader 2000), what is left is a smooth integral of a decaying function that a few
//! Gauss-Legendre panels settle to the last digit, whatever the size of the parameters.
//!
//! An argument outside its domain gives NaN here; this door is for code that has checked its data. Every public test
//! answers with [`Unanswerable`](crate::stats::Unanswerable) before it gets this far.

mod beta;
mod discrete;
mod fisher;
mod gamma;
mod kolmogorov;
mod noncentral_t;
mod normal;
mod stirling;
mod student;
mod tail_integral;

pub use beta::{beta_inc, beta_inc_inv, beta_inc_inv_sf, beta_inc_sf, beta_quantile, beta_tails};
pub use discrete::{binom_cdf, binom_pmf, binom_ppf, binom_sf, poisson_cdf, poisson_pmf, poisson_sf};
pub use fisher::{f_cdf, f_sf};
pub use gamma::{chi2_cdf, chi2_isf, chi2_sf, gamma_p, gamma_q, gamma_quantile, gamma_tails};
pub use kolmogorov::kolmogorov_sf;
pub use noncentral_t::{nct_cdf, nct_sf};
pub use normal::{erfc, erfcx, log_norm_cdf, norm_cdf, norm_isf, norm_pdf, norm_ppf, norm_sf};
pub use stirling::{ln_beta, ln_gamma};
pub(crate) use student::t_tails;
pub use student::{t_cdf, t_isf, t_pdf, t_ppf, t_sf};

/// log of a sum of exponentials, without overflow: the log of a total of weights known by their logs.
///
/// An empty list gives `-inf`, the log of nothing.
pub fn log_sum_exp(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if logs.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    if top.is_infinite() {
        return top;
    }
    top + logs.iter().map(|v| (v - top).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::log_sum_exp;

    #[test]
    fn a_sum_of_logs_survives_where_the_exponentials_do_not() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + std::f64::consts::LN_2)).abs() < 1e-12);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY, f64::NEG_INFINITY]), f64::NEG_INFINITY);
    }
}
