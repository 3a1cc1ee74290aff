//! Why a request cannot be judged.

/// A request that Kayenta's judge would refuse too: each names the place in the request, what stands there and a way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KayentaError {
    /// The text is not JSON as Kayenta reads it.
    #[error("byte {offset}: {why}")]
    Syntax {
        /// Offset in the text, from 0.
        offset: usize,
        /// What is wrong there.
        why: String,
    },
    /// Something is absent or null that the judge cannot do without.
    #[error("{place} is missing; Kayenta's judge needs it")]
    Missing {
        /// Path in the request.
        place: String,
    },
    /// A value of the wrong JSON type, or text that is not a number.
    #[error("{place}: {found} is not {expected}")]
    Type {
        /// Path in the request.
        place: String,
        /// What stands there.
        found: String,
        /// What has to stand there.
        expected: &'static str,
    },
    /// A file without metrics: not a canary config.
    #[error("metrics: a canary config lists its metrics there; this file has {found}")]
    NoCanaryConfig {
        /// What the file holds instead.
        found: String,
    },
    /// A metric set pair whose name no metric of the config has.
    #[error("metricSetPairList[{index}]: could not find metric config for {name}; add it to canaryConfig.metrics")]
    NoMetricConfig {
        /// Position of the pair.
        index: usize,
        /// Its name.
        name: String,
    },
    /// `outliers.strategy` is remove and the factor is not positive.
    #[error("{place}: the factor must be greater than zero and is {value}")]
    OutlierFactor {
        /// Path in the request.
        place: String,
        /// The factor.
        value: f64,
    },
    /// A setting of the native judge that does not exist or has no such value.
    #[error("{place}: {why}")]
    Setting {
        /// Path in the request.
        place: String,
        /// What is wrong, and what can be written.
        why: String,
    },
    /// Score thresholds that leave no room for a hold.
    #[error("scoreThresholds: pass {pass} and marginal {marginal} are closer than 2; a hold needs room between them")]
    Bands {
        /// The pass threshold.
        pass: f64,
        /// The marginal threshold.
        marginal: f64,
    },
}

impl KayentaError {
    pub(super) fn missing(place: impl Into<String>) -> Self {
        KayentaError::Missing { place: place.into() }
    }

    pub(super) fn ill_typed(place: impl Into<String>, found: impl Into<String>, expected: &'static str) -> Self {
        KayentaError::Type { place: place.into(), found: found.into(), expected }
    }
}
