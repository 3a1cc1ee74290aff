//! The body that Kayenta posts to a remote judge, as its own classes would read it.

use super::KayentaError;
use super::json::Json;
use super::settings::MetricSettings;
use crate::Arms;

/// A `RemoteJudgeRequest`: the canary config, the score thresholds and the series of each metric.
///
/// Only what a judge reads is kept. Scalars are coerced as Jackson does it: in `values` null and `""` are 0, `"NaN"`,
/// `"Infinity"` and numeric text are numbers; names may be numbers. Unknown keys are ignored.
///
/// ```
/// use serinus::kayenta::Request;
/// let request = Request::from_json(r#"{
///   "canaryConfig": {"metrics": [{"name": "errors", "groups": ["g"], "analysisConfigurations": {}}], "classifier": {}},
///   "scoreThresholds": {"pass": 95, "marginal": 75},
///   "metricSetPairList": [{"name": "errors", "id": "1", "tags": {}, "values": {"control": [0, 1], "experiment": [1, 0]}}]
/// }"#)?;
/// assert_eq!(request.judge()?.score.score, 100.0);
/// # Ok::<(), serinus::kayenta::KayentaError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub(super) metrics: Vec<Metric>,
    /// The weights of `classifier`; `None` without a classifier.
    pub(super) group_weights: Option<Vec<(String, f64)>>,
    pub(super) thresholds: Option<Thresholds>,
    pub(super) pairs: Vec<Pair>,
    /// `judge.judgeConfigurations.serinus`, for the native judge.
    pub(super) native: Option<serde_json::Value>,
}

/// The score's thresholds; an absent one is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Least score that passes.
    pub pass: f64,
    /// Least score that is marginal.
    pub marginal: f64,
}

/// One of `canaryConfig.metrics`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Metric {
    pub(super) name: Option<String>,
    pub(super) groups: Option<Vec<String>>,
    /// A fault in the settings is the request's only if a pair has this metric's name.
    pub(super) settings: Result<MetricSettings, KayentaError>,
    /// `analysisConfigurations.serinus`, for the native judge.
    pub(super) native: Option<serde_json::Value>,
}

/// One of `metricSetPairList`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) tags: Option<Vec<(String, Option<String>)>>,
    pub(super) values: Arms<Vec<f64>>,
    /// Which points were null or empty text in the JSON: missing for the native judge, 0 for Kayenta's.
    pub(super) nulls: Arms<Vec<usize>>,
}

impl Request {
    /// Reads a request from JSON text. O(length).
    ///
    /// # Errors
    /// Text that is not JSON (a bare NaN is not), and values that Kayenta's classes would not accept.
    pub fn from_json(text: &str) -> Result<Self, KayentaError> {
        Self::read(Json::parse(text)?)
    }

    /// Reads a request from serde_json's form. Integers keep their type, so the same values are refused as in text.
    ///
    /// # Errors
    /// Values that Kayenta's classes would not accept.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, KayentaError> {
        Self::read(Json::from_value(value))
    }

    /// Puts a canary config, thresholds and a metric set pair list that are stored apart into one request.
    ///
    /// These are the documents of Kayenta's `GET /canaryConfig/{id}` and `GET /metricSetPairList/{id}`; an archived list
    /// may be wrapped in an object under `metricSetPairList`. Without thresholds the config's own are taken.
    ///
    /// # Errors
    /// As [`Request::from_value`].
    pub fn from_parts(
        config: &serde_json::Value,
        pairs: &serde_json::Value,
        thresholds: Option<Thresholds>,
    ) -> Result<Self, KayentaError> {
        let thresholds = match thresholds {
            Some(t) => serde_json::json!({"pass": t.pass, "marginal": t.marginal}),
            None => config["classifier"]["scoreThresholds"].clone(),
        };
        let pairs = pairs.get("metricSetPairList").unwrap_or(pairs);
        let request =
            serde_json::json!({"canaryConfig": config, "scoreThresholds": thresholds, "metricSetPairList": pairs});
        Self::from_value(&request)
    }

    fn read(json: Json<'_>) -> Result<Self, KayentaError> {
        let Json::Object(mut top) = json else {
            return Err(KayentaError::ill_typed("the request", json.describe(), "an object"));
        };
        let pairs = take(&mut top, "metricSetPairList");
        let pairs = items(pairs, "metricSetPairList")?.ok_or_else(|| KayentaError::missing("metricSetPairList"))?;
        let pairs = pairs.into_iter().enumerate().map(|(k, p)| read_pair(p, k)).collect::<Result<Vec<_>, _>>()?;
        let top = Json::Object(top);
        let config =
            object(&top, "canaryConfig", "canaryConfig")?.ok_or_else(|| KayentaError::missing("canaryConfig"))?;
        let metrics = match config.get("metrics") {
            None | Some(Json::Null) if pairs.is_empty() => Vec::new(),
            None | Some(Json::Null) => return Err(KayentaError::missing("canaryConfig.metrics")),
            Some(Json::List(list)) => {
                list.iter().enumerate().map(|(k, m)| read_metric(m, k)).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(KayentaError::ill_typed("canaryConfig.metrics", other.describe(), "a list")),
        };
        let classifier = object(config, "classifier", "canaryConfig.classifier")?;
        Ok(Request {
            metrics,
            group_weights: classifier.map(read_weights).transpose()?,
            thresholds: object(&top, "scoreThresholds", "scoreThresholds")?.map(read_thresholds).transpose()?,
            pairs,
            native: config
                .get("judge")
                .and_then(|j| j.get("judgeConfigurations"))
                .and_then(|c| c.get("serinus"))
                .map(Json::to_value),
        })
    }
}

impl Json<'_> {
    fn to_value(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Int(i) => Value::from(*i),
            Json::Long(v) | Json::Double(v) => Value::from(*v),
            Json::Text(t) => Value::from(t.as_ref()),
            Json::Numbers(list) => Value::from(list.as_slice()),
            Json::List(list) => Value::Array(list.iter().map(Json::to_value).collect()),
            Json::Object(entries) => entries.iter().map(|(k, v)| (k.to_string(), v.to_value())).collect(),
        }
    }
}

/// Moves the last value of a key out of an object.
fn take<'a>(entries: &mut [(std::borrow::Cow<'a, str>, Json<'a>)], key: &str) -> Option<Json<'a>> {
    entries.iter_mut().rev().find(|(k, _)| k == key).map(|(_, v)| std::mem::replace(v, Json::Null))
}

fn items<'a>(json: Option<Json<'a>>, place: &str) -> Result<Option<Vec<Json<'a>>>, KayentaError> {
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(Json::List(list)) => Ok(Some(list)),
        Some(Json::Numbers(list)) => Ok(Some(list.into_iter().map(Json::Double).collect())),
        Some(other) => Err(KayentaError::ill_typed(place, other.describe(), "a list")),
    }
}

/// An object under a key; null is as absent.
fn object<'j, 'a>(json: &'j Json<'a>, key: &str, place: &str) -> Result<Option<&'j Json<'a>>, KayentaError> {
    match json.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(inner @ Json::Object(_)) => Ok(Some(inner)),
        Some(other) => Err(KayentaError::ill_typed(place, other.describe(), "an object")),
    }
}

fn read_pair(json: Json<'_>, index: usize) -> Result<Pair, KayentaError> {
    let place = |key: &str| format!("metricSetPairList[{index}]{}{key}", if key.is_empty() { "" } else { "." });
    let Json::Object(mut entries) = json else {
        return Err(KayentaError::ill_typed(place(""), json.describe(), "an object"));
    };
    let Some(Json::Object(mut values)) = take(&mut entries, "values") else {
        return Err(KayentaError::missing(place("values")));
    };
    let mut side = |key| {
        let place = place(&format!("values.{key}"));
        match take(&mut values, key) {
            Some(Json::Numbers(list)) => Ok((list, Vec::new())),
            other => read_points(items(other, &place)?.ok_or_else(|| KayentaError::missing(&place))?, &place),
        }
    };
    let ((baseline, no_baseline), (canary, no_canary)) = (side("control")?, side("experiment")?);
    let pair = Json::Object(entries);
    Ok(Pair {
        name: text(pair.get("name"), || place("name"))?,
        id: text(pair.get("id"), || place("id"))?,
        tags: match pair.get("tags") {
            None | Some(Json::Null) => None,
            Some(Json::Object(tags)) => {
                let tags = distinct(tags).map(|(k, v)| Ok((k.to_string(), text(Some(v), || place("tags"))?)));
                Some(tags.collect::<Result<_, KayentaError>>()?)
            }
            Some(other) => return Err(KayentaError::ill_typed(place("tags"), other.describe(), "an object")),
        },
        values: Arms { baseline, canary },
        nulls: Arms { baseline: no_baseline, canary: no_canary },
    })
}

fn read_points(list: Vec<Json<'_>>, place: &str) -> Result<(Vec<f64>, Vec<usize>), KayentaError> {
    let mut points = Vec::with_capacity(list.len());
    let mut nulls = Vec::new();
    for (k, json) in list.into_iter().enumerate() {
        if json == Json::Null || matches!(&json, Json::Text(t) if matches!(t.trim(), "" | "null")) {
            nulls.push(k);
        }
        points.push(point(&json).ok_or_else(|| {
            let expected = "a number; NaN and infinities are written as \"NaN\", \"Infinity\", \"-Infinity\"";
            KayentaError::ill_typed(format!("{place}[{k}]"), json.describe(), expected)
        })?);
    }
    Ok((points, nulls))
}

/// A `Double` as Jackson coerces it; null and empty text are null there, which the judge unboxes to 0.
fn point(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Null => Some(0.0),
        Json::Int(v) => Some(f64::from(*v)),
        Json::Long(v) | Json::Double(v) => Some(*v),
        Json::Text(t) => java_double(t),
        _ => None,
    }
}

/// Text as Java's `Double.valueOf` reads it, after Jackson's own words.
fn java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = match (text, body) {
        ("" | "null", _) => 0.0,
        ("INF" | "-INF", _) | (_, "Infinity") => f64::INFINITY,
        (_, "NaN") => f64::NAN,
        _ if body.starts_with("0x") || body.starts_with("0X") => hexadecimal(&body[2..])?,
        _ => {
            let digits = body.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(body);
            // Rust reads some words and signs that Java does not; a suffix means nothing to Double.valueOf.
            let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            digits.parse::<f64>().ok().filter(|_| plain)?
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Java's hexadecimal floats after the prefix: digits, a mandatory binary exponent, perhaps a suffix.
fn hexadecimal(body: &str) -> Option<f64> {
    let body = body.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(body);
    let (mantissa, exponent) = body.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let exponent = exponent.parse::<i32>().ok()?.saturating_sub(i32::try_from(4 * fraction.len()).ok()?);
    Some(value * 2f64.powi(exponent))
}

/// A `String` as Jackson coerces it: numbers and booleans become their text.
fn text(json: Option<&Json<'_>>, place: impl Fn() -> String) -> Result<Option<String>, KayentaError> {
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(t)) => Ok(Some(t.to_string())),
        Some(Json::Bool(b)) => Ok(Some(b.to_string())),
        Some(Json::Int(v)) => Ok(Some(v.to_string())),
        Some(Json::Long(v)) => Ok(Some(format!("{v:.0}"))),
        Some(Json::Double(v)) => Ok(Some(format!("{v:?}"))),
        Some(other) => Err(KayentaError::ill_typed(place(), other.describe(), "text")),
    }
}

fn read_metric(json: &Json<'_>, index: usize) -> Result<Metric, KayentaError> {
    let place = format!("canaryConfig.metrics[{index}]");
    if !matches!(json, Json::Object(_)) {
        return Err(KayentaError::ill_typed(place, json.describe(), "an object"));
    }
    let analysis = object(json, "analysisConfigurations", &format!("{place}.analysisConfigurations"))?;
    if let Some(Json::Object(entries)) = analysis {
        let odd = entries.iter().find(|(_, v)| !matches!(v, Json::Object(_) | Json::Null));
        if let Some((key, value)) = odd {
            let place = format!("{place}.analysisConfigurations.{key}");
            return Err(KayentaError::ill_typed(place, value.describe(), "an object"));
        }
    }
    let groups = match json.get("groups") {
        None | Some(Json::Null) => None,
        Some(Json::List(list)) => Some(read_groups(list.iter(), &place)?),
        Some(Json::Numbers(list)) => {
            let whole = |v: f64| v == v.trunc() && v.abs() < 1e15;
            Some(list.iter().map(|v| if whole(*v) { format!("{v:.0}") } else { format!("{v:?}") }).collect())
        }
        Some(other) => return Err(KayentaError::ill_typed(format!("{place}.groups"), other.describe(), "a list")),
    };
    Ok(Metric {
        name: text(json.get("name"), || format!("{place}.name"))?,
        groups,
        settings: MetricSettings::read(analysis, &place),
        native: analysis.and_then(|a| a.get("serinus")).map(Json::to_value),
    })
}

fn read_groups<'j, 'a: 'j>(list: impl Iterator<Item = &'j Json<'a>>, place: &str) -> Result<Vec<String>, KayentaError> {
    let place = || format!("{place}.groups");
    list.map(|g| text(Some(g), place)?.ok_or_else(|| KayentaError::missing(place()))).collect()
}

fn read_weights(classifier: &Json<'_>) -> Result<Vec<(String, f64)>, KayentaError> {
    let place = "canaryConfig.classifier.groupWeights";
    let Some(Json::Object(entries)) = object(classifier, "groupWeights", place)? else {
        return Ok(Vec::new());
    };
    let read = |(name, json): (&str, &Json<'_>)| match point(json) {
        Some(weight) => Ok((name.to_string(), weight)),
        None => Err(KayentaError::ill_typed(format!("{place}.{name}"), json.describe(), "a number")),
    };
    distinct(entries).map(read).collect()
}

fn read_thresholds(json: &Json<'_>) -> Result<Thresholds, KayentaError> {
    let threshold = |key: &str| match json.get(key) {
        None => Ok(0.0),
        Some(value) => point(value)
            .ok_or_else(|| KayentaError::ill_typed(format!("scoreThresholds.{key}"), value.describe(), "a number")),
    };
    Ok(Thresholds { pass: threshold("pass")?, marginal: threshold("marginal")? })
}

/// Entries of an object, an equal key once: where it stood first, with the value it had last.
fn distinct<'j, 'a>(
    entries: &'j [(std::borrow::Cow<'a, str>, Json<'a>)],
) -> impl Iterator<Item = (&'j str, &'j Json<'a>)> {
    let last: std::collections::BTreeMap<&str, &Json<'a>> = entries.iter().map(|(k, v)| (k.as_ref(), v)).collect();
    let mut seen = std::collections::BTreeSet::new();
    entries
        .iter()
        .filter(move |(k, _)| seen.insert(k.as_ref()))
        .filter_map(move |(k, _)| last.get(k.as_ref()).map(|v| (k.as_ref(), *v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text_are_read_as_java_reads_them() {
        for (text, value) in [
            ("7.5", 7.5),
            (" -1e3 ", -1000.0),
            ("", 0.0),
            ("  ", 0.0),
            ("INF", f64::INFINITY),
            ("-INF", f64::NEG_INFINITY),
            ("+Infinity", f64::INFINITY),
            ("1.5f", 1.5),
            ("0x1.8p1", 3.0),
            (".5", 0.5),
        ] {
            assert_eq!(java_double(text), Some(value), "{text}");
        }
        assert!(java_double("NaN").is_some_and(f64::is_nan));
        for text in ["nan", "inf", "infinity", "+INF", "1,5", "--1", "0x10", "e5", "abc", "-"] {
            assert_eq!(java_double(text), None, "{text}");
        }
    }

    #[test]
    fn a_fault_in_an_unused_metrics_settings_is_no_fault() {
        let text = r#"{"canaryConfig": {"metrics": [{"name": "x", "analysisConfigurations": {"canary": {"critical": "true"}}}],
            "classifier": {}}, "scoreThresholds": {"pass": 95, "marginal": 75}, "metricSetPairList": []}"#;
        assert!(Request::from_json(text).unwrap().judge().is_ok());
    }

    #[test]
    fn text_and_value_give_one_request() {
        let text = r#"{"canaryConfig": {"metrics": [{"name": 5, "groups": ["a", "b"]}], "classifier": {"groupWeights": {"a": "3", "b": 2, "a": 1}}},
            "scoreThresholds": {"pass": 95}, "metricSetPairList": [{"name": "5", "values": {"control": [1, "NaN", null], "experiment": [1, 2.5]}}]}"#;
        let ours = Request::from_json(text).unwrap();
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(format!("{ours:?}"), format!("{:?}", Request::from_value(&value).unwrap()));
        assert_eq!(ours.group_weights, Some(vec![("a".into(), 1.0), ("b".into(), 2.0)]));
        assert_eq!(ours.pairs[0].nulls.baseline, [2]);
    }
}
