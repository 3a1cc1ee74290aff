//! A metric's settings under `analysisConfigurations.canary`, with the types and defaults that Kayenta's judge gives them.

use super::KayentaError;
use super::json::Json;

/// Which deviation is harm. An unknown word is `Either`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deviation {
    /// Only a higher canary.
    Increase,
    /// Only a lower canary.
    Decrease,
    /// Both.
    #[default]
    Either,
}

/// What becomes of NaN points. An unknown word is `Remove`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NanStrategy {
    /// They are dropped.
    #[default]
    Remove,
    /// They count as 0.
    Replace,
}

/// How large a deviation is, beside being shown. An unknown word is `MeanRatio`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EffectMeasure {
    /// Mean of the canary over mean of the baseline.
    #[default]
    MeanRatio,
    /// Probability that a canary point lies above a baseline point.
    Cles,
}

/// All that Kayenta's judge reads of one metric's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSettings {
    /// Which deviation is harm.
    pub direction: Deviation,
    /// What becomes of NaN points.
    pub nan_strategy: NanStrategy,
    /// The fence factor when outliers are removed.
    pub outlier_factor: Option<f64>,
    /// Fails the canary alone.
    pub critical: bool,
    /// No data is a failure of the metric.
    pub must_have_data: bool,
    /// Shown and not scored.
    pub muted: bool,
    /// Measure of the four thresholds below.
    pub measure: EffectMeasure,
    /// Least effect of a High.
    pub allowed_increase: f64,
    /// Greatest effect of a Low.
    pub allowed_decrease: f64,
    /// Least effect of a critical High.
    pub critical_increase: f64,
    /// Greatest effect of a critical Low.
    pub critical_decrease: f64,
    /// Which of the four thresholds the config states, in the order above.
    pub(super) stated: [bool; 4],
}

impl MetricSettings {
    /// Reads `analysisConfigurations`; `place` is the metric's path.
    pub(super) fn read(analysis: Option<&Json<'_>>, place: &str) -> Result<Self, KayentaError> {
        let settings = Lookup { canary: analysis.and_then(|a| a.get("canary")), place };
        let measure = match settings.word(&["effectSize", "measure"])? {
            Some("cles") => EffectMeasure::Cles,
            _ => EffectMeasure::MeanRatio,
        };
        let no_effect = match measure {
            EffectMeasure::Cles => 0.5,
            EffectMeasure::MeanRatio => 1.0,
        };
        let factor = settings.number(&["outliers", "outlierFactor"])?.unwrap_or(3.0);
        let outlier_factor = match settings.word(&["outliers", "strategy"])? {
            Some("remove") if factor > 0.0 => Some(factor),
            Some("remove") => {
                let place = settings.path(&["outliers", "outlierFactor"]);
                return Err(KayentaError::OutlierFactor { place, value: factor });
            }
            _ => None,
        };
        let threshold = |key| settings.number(&["effectSize", key]);
        let stated = [
            threshold("allowedIncrease")?,
            threshold("allowedDecrease")?,
            threshold("criticalIncrease")?,
            threshold("criticalDecrease")?,
        ];
        let [allowed_increase, allowed_decrease, critical_increase, critical_decrease] =
            stated.map(|t| t.unwrap_or(no_effect));
        Ok(MetricSettings {
            direction: match settings.word(&["direction"])? {
                Some("increase") => Deviation::Increase,
                Some("decrease") => Deviation::Decrease,
                _ => Deviation::Either,
            },
            nan_strategy: match settings.word(&["nanStrategy"])? {
                Some("replace") => NanStrategy::Replace,
                _ => NanStrategy::Remove,
            },
            outlier_factor,
            critical: settings.flag("critical")?,
            must_have_data: settings.flag("mustHaveData")?,
            muted: settings.flag("muted")?,
            measure,
            allowed_increase,
            allowed_decrease,
            critical_increase,
            critical_decrease,
            stated: stated.map(|t| t.is_some()),
        })
    }
}

struct Lookup<'a> {
    canary: Option<&'a Json<'a>>,
    place: &'a str,
}

/// What a path leads to.
enum Found<'a> {
    Nothing,
    One(&'a Json<'a>),
    /// A list on the way holds it, perhaps several times.
    Several,
}

impl Lookup<'_> {
    fn path(&self, path: &[&str]) -> String {
        format!("{}.analysisConfigurations.canary.{}", self.place, path.join("."))
    }

    fn wrong(&self, path: &[&str], found: &Found<'_>, expected: &'static str) -> KayentaError {
        let found = match found {
            Found::One(json) => json.describe(),
            _ => "a list".into(),
        };
        KayentaError::ill_typed(self.path(path), found, expected)
    }

    fn find(&self, path: &[&str]) -> Found<'_> {
        self.canary.map_or(Found::Nothing, |canary| descend(canary, path))
    }

    /// A word; of another type its text, which is no word that is known. Null is refused.
    fn word(&self, path: &[&str]) -> Result<Option<&str>, KayentaError> {
        match self.find(path) {
            Found::One(Json::Null) => Err(KayentaError::missing(self.path(path))),
            Found::One(Json::Text(text)) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    /// A JSON boolean; null is false.
    fn flag(&self, key: &str) -> Result<bool, KayentaError> {
        match self.find(&[key]) {
            Found::Nothing | Found::One(Json::Null) => Ok(false),
            Found::One(Json::Bool(b)) => Ok(*b),
            other => Err(self.wrong(&[key], &other, "true or false")),
        }
    }

    /// A 32-bit integer or a double; null is 0.
    fn number(&self, path: &[&str]) -> Result<Option<f64>, KayentaError> {
        match self.find(path) {
            Found::Nothing => Ok(None),
            Found::One(Json::Null) => Ok(Some(0.0)),
            Found::One(Json::Int(v)) => Ok(Some(f64::from(*v))),
            Found::One(Json::Double(v)) => Ok(Some(*v)),
            other => Err(self.wrong(path, &other, "a number of 32 bits or with a decimal point")),
        }
    }
}

fn descend<'a>(json: &'a Json<'a>, path: &[&str]) -> Found<'a> {
    let Some((key, rest)) = path.split_first() else {
        return Found::One(json);
    };
    match json {
        Json::Object(_) => json.get(key).map_or(Found::Nothing, |inner| descend(inner, rest)),
        Json::List(items) => {
            let hit = items.iter().any(|item| !matches!(descend(item, path), Found::Nothing));
            if hit { Found::Several } else { Found::Nothing }
        }
        _ => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(canary: &str) -> Result<MetricSettings, KayentaError> {
        let text = format!(r#"{{"canary": {canary}}}"#);
        MetricSettings::read(Some(&Json::parse(&text)?), "metrics[0]")
    }

    #[test]
    fn defaults_follow_the_measure() {
        let settings = read(r#"{"effectSize": {"measure": "cles", "criticalIncrease": 1}}"#).unwrap();
        assert_eq!((settings.allowed_increase, settings.critical_increase), (0.5, 1.0));
        assert_eq!(read("{}").unwrap().allowed_decrease, 1.0);
    }

    #[test]
    fn null_is_zero_for_a_number_false_for_a_flag_and_refused_for_a_word() {
        let settings = read(r#"{"critical": null, "effectSize": {"allowedIncrease": null}}"#).unwrap();
        assert_eq!((settings.critical, settings.allowed_increase), (false, 0.0));
        assert!(read(r#"{"direction": null}"#).is_err());
    }

    #[test]
    fn texts_and_long_integers_are_no_numbers() {
        for value in ["\"1.1\"", "30000000000", "true", "[1.0]"] {
            let error = read(&format!(r#"{{"effectSize": {{"allowedIncrease": {value}}}}}"#)).unwrap_err();
            assert!(error.to_string().contains("effectSize.allowedIncrease"), "{error}");
        }
    }

    #[test]
    fn words_are_case_sensitive_and_unknown_ones_are_the_default() {
        let settings =
            read(r#"{"direction": "Increase", "nanStrategy": 3, "outliers": {"strategy": "REMOVE"}}"#).unwrap();
        assert_eq!(settings.direction, Deviation::Either);
        assert_eq!((settings.nan_strategy, settings.outlier_factor), (NanStrategy::Remove, None));
    }

    #[test]
    fn a_factor_of_zero_matters_only_when_outliers_are_removed() {
        assert!(read(r#"{"outliers": {"outlierFactor": 0}}"#).is_ok());
        assert!(read(r#"{"outliers": {"strategy": "remove", "outlierFactor": 0}}"#).is_err());
    }
}
