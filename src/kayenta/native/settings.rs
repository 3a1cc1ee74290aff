//! The native judge's settings: of the run in `judge.judgeConfigurations.serinus`, of a metric in
//! `analysisConfigurations.serinus`. Each has a default.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{Alpha, Correction, Missing, OnInconclusive, OnNoData, Policy};
use crate::kayenta::KayentaError;
use crate::kayenta::settings::{EffectMeasure, MetricSettings};

/// Points a side below which nothing is said.
const MIN_SAMPLES: u64 = 5;
/// Greatest P(canary point beyond a baseline point) that is still acceptable where no margin is stated: about three quarters
/// of a standard deviation.
const PROBABILITY: f64 = 0.7;
/// Change of the mean that is still acceptable where no margin is stated.
const MEAN: f64 = 0.25;
/// Change of spread that is still acceptable, as a factor.
const SPREAD: f64 = 2.0;

/// Settings of the run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) alpha: Alpha,
    pub(super) correction: Correction,
    pub(super) policy: Policy,
    metric: MetricJson,
}

/// Settings of one metric, with the run's and the built-in ones where it has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Native {
    pub(super) margin: Margin,
    pub(super) min_samples: u64,
    /// Missing points are 0.
    pub(super) missing_is_zero: bool,
    /// Acceptable factor between the spreads; `None` asks nothing of them.
    pub(super) spread: Option<f64>,
    pub(super) weight: f64,
    pub(super) focus: Focus,
}

/// How much worse is still acceptable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Margin {
    /// Nothing is stated: by rank 0.7, by mean a quarter.
    Unstated,
    /// Change of the mean, as a share of the baseline's, upwards and downwards.
    Relative { up: f64, down: f64 },
    /// Change of the mean in the metric's unit.
    Absolute(f64),
    /// P(canary point above a baseline point), upwards, and the least such probability downwards.
    Probability { up: f64, down: f64 },
}

impl Margin {
    /// The probabilities between which a shift by rank is acceptable.
    pub(super) fn probabilities(self) -> (f64, f64) {
        match self {
            Margin::Probability { up, down } => (up, down),
            _ => (PROBABILITY, 1.0 - PROBABILITY),
        }
    }

    /// The shares by which the mean may rise and fall.
    pub(super) fn shares(self) -> (f64, f64) {
        match self {
            Margin::Relative { up, down } => (up, down),
            _ => (MEAN, MEAN),
        }
    }
}

/// Which questions are asked of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    /// Ranks, mean and spread.
    All,
    /// The mean only.
    Mean,
    /// Ranks only.
    Ranks,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RunJson {
    alpha: Option<AlphaJson>,
    correction: Correction,
    policy: PolicyJson,
    /// Accepted, since a config of this library has one; nothing here is resampled.
    #[serde(rename = "seed")]
    _seed: Option<u64>,
    margin: Option<MarginJson>,
    min_samples: Option<u64>,
    missing: Option<Missing>,
    spread: Option<SpreadJson>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicyJson {
    inconclusive: OnInconclusive,
    no_data: OnNoData,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
enum AlphaJson {
    Both(f64),
    Each(Alpha),
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MetricJson {
    margin: Option<MarginJson>,
    min_samples: Option<u64>,
    missing: Option<Missing>,
    spread: Option<SpreadJson>,
    weight: Option<f64>,
    test: Option<TestJson>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MarginJson {
    Relative(f64),
    Absolute(f64),
    Probability(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
enum SpreadJson {
    Factor(f64),
    Asked(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestJson {
    kind: KindJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindJson {
    Auto,
    Welch,
    MannWhitney,
    BrunnerMunzel,
}

impl Run {
    /// Reads the run's settings.
    pub(super) fn read(json: Option<&Value>) -> Result<Self, KayentaError> {
        let place = "canaryConfig.judge.judgeConfigurations.serinus";
        let run: RunJson = read(json, place)?;
        let alpha = match run.alpha {
            None => Alpha::default(),
            Some(AlphaJson::Both(alpha)) => Alpha { safe: alpha, harm: alpha },
            Some(AlphaJson::Each(alpha)) => alpha,
        };
        for (key, value) in [("safe", alpha.safe), ("harm", alpha.harm)] {
            if !(value > 0.0 && value < 0.5) {
                return Err(fault(place, &format!("alpha.{key}: {value} is not in (0, 0.5)")));
            }
        }
        let metric = MetricJson {
            margin: run.margin,
            min_samples: run.min_samples,
            missing: run.missing,
            spread: run.spread,
            ..MetricJson::default()
        };
        metric.check(place)?;
        let policy = Policy { inconclusive: run.policy.inconclusive, no_data: run.policy.no_data };
        Ok(Run { alpha, correction: run.correction, policy, metric })
    }

    /// Reads a metric's settings. Kayenta's `effectSize` is the margin where neither the metric nor the run has one.
    pub(super) fn metric(
        &self,
        json: Option<&Value>,
        kayenta: &MetricSettings,
        name: &str,
    ) -> Result<Native, KayentaError> {
        let place = format!("analysisConfigurations.serinus of the metric {name}");
        let own: MetricJson = read(json, &place)?;
        own.check(&place)?;
        let stated = own.margin.or(self.metric.margin);
        let spread = match own.spread.or(self.metric.spread) {
            None | Some(SpreadJson::Asked(true)) => Some(SPREAD),
            Some(SpreadJson::Asked(false)) => None,
            Some(SpreadJson::Factor(factor)) => Some(factor),
        };
        let missing = own.missing.or(self.metric.missing);
        let replace = kayenta.nan_strategy == crate::kayenta::NanStrategy::Replace;
        Ok(Native {
            margin: stated.map_or_else(|| effect_size(kayenta), |m| m.both_ways()),
            min_samples: own.min_samples.or(self.metric.min_samples).unwrap_or(MIN_SAMPLES).max(2),
            missing_is_zero: missing.map_or(replace, |m| m == Missing::Zero),
            spread,
            weight: own.weight.unwrap_or(1.0),
            focus: match own.test.map(|t| t.kind) {
                None | Some(KindJson::Auto) => Focus::All,
                Some(KindJson::Welch) => Focus::Mean,
                Some(KindJson::MannWhitney | KindJson::BrunnerMunzel) => Focus::Ranks,
            },
        })
    }
}

/// The margin that Kayenta's `effectSize` states. A threshold on the wrong side of "no change", such as the default
/// `allowedIncrease` of 1, states none for its direction.
fn effect_size(kayenta: &MetricSettings) -> Margin {
    let (increase, decrease) = (kayenta.allowed_increase, kayenta.allowed_decrease);
    match kayenta.measure {
        EffectMeasure::MeanRatio if increase > 1.0 || (decrease < 1.0 && kayenta.stated[1]) => Margin::Relative {
            up: if increase > 1.0 { increase - 1.0 } else { MEAN },
            down: if decrease < 1.0 && decrease > 0.0 { 1.0 - decrease } else { MEAN },
        },
        EffectMeasure::Cles if increase > 0.5 || decrease < 0.5 => Margin::Probability {
            up: if increase > 0.5 { increase } else { PROBABILITY },
            down: if decrease < 0.5 { decrease } else { 1.0 - PROBABILITY },
        },
        _ => Margin::Unstated,
    }
}

impl MarginJson {
    fn both_ways(self) -> Margin {
        match self {
            MarginJson::Relative(r) => Margin::Relative { up: r, down: r.min(1.0) },
            MarginJson::Absolute(d) => Margin::Absolute(d),
            MarginJson::Probability(p) => Margin::Probability { up: p, down: 1.0 - p },
        }
    }
}

impl MetricJson {
    fn check(&self, place: &str) -> Result<(), KayentaError> {
        let why = match self.margin {
            Some(MarginJson::Relative(r)) if !(r > 0.0 && r.is_finite()) => {
                format!("margin.relative: {r} is not above 0")
            }
            Some(MarginJson::Absolute(d)) if !(d > 0.0 && d.is_finite()) => {
                format!("margin.absolute: {d} is not above 0")
            }
            Some(MarginJson::Probability(p)) if !(p > 0.5 && p < 1.0) => {
                format!("margin.probability: {p} is not in (0.5, 1)")
            }
            _ => match (self.spread, self.weight, self.missing) {
                (Some(SpreadJson::Factor(f)), ..) if !(f > 1.0 && f.is_finite()) => {
                    format!("spread: {f} is not above 1")
                }
                (_, Some(w), _) if !(w >= 0.0 && w.is_finite()) => format!("weight: {w} is not 0 or more"),
                (.., Some(Missing::Fail)) => "missing: fail is not offered here; drop or zero are".into(),
                _ => return Ok(()),
            },
        };
        Err(fault(place, &why))
    }
}

fn read<T: DeserializeOwned + Default>(json: Option<&Value>, place: &str) -> Result<T, KayentaError> {
    match json {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|e| fault(place, &e.to_string())),
    }
}

fn fault(place: &str, why: &str) -> KayentaError {
    KayentaError::Setting { place: place.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_setting_is_refused_with_the_known_ones() {
        let error = Run::read(Some(&json!({"marginn": 1}))).unwrap_err().to_string();
        assert!(error.contains("judgeConfigurations.serinus") && error.contains("`margin`"), "{error}");
        assert!(Run::read(Some(&json!({"alpha": 0.7}))).is_err());
    }

    #[test]
    fn the_documented_settings_are_read() {
        let run = json!({"alpha": {"safe": 0.05, "harm": 0.01}, "correction": "holm", "seed": 7});
        let run = Run::read(Some(&run)).unwrap();
        assert_eq!((run.alpha, run.correction), (Alpha::default(), Correction::Holm));
    }
}
