//! From a JSON-like value to the config.

use serde_json::Value;

use super::keys::CONFIG;
use super::reader::{Faults, Fields};
use super::*;
use crate::arms::Arms;

impl JudgeConfig {
    /// Reads a config from any JSON-like value, as a YAML, TOML or JSON file gives it.
    ///
    /// ```
    /// use serinus::JudgeConfig;
    /// let value = serde_json::json!({
    ///     "version": 1,
    ///     "metrics": [{"name": "errors", "type": "proportion", "column": "error", "direction": "lower_is_better",
    ///                  "marign": {"absolute": 0.005}}],
    /// });
    /// let errors = JudgeConfig::from_value(&value).expect_err("a key is misspelt");
    /// assert_eq!(errors.to_string(), "metrics[0].marign: unknown key `marign`; did you mean `margin`?");
    /// ```
    ///
    /// # Errors
    ///
    /// Every fault at once, each with its path, the value found and what is expected; unknown keys with the nearest
    /// known one.
    pub fn from_value(value: &Value) -> Result<JudgeConfig, ConfigErrors> {
        let mut faults = Faults::default();
        faults.walk(value, &CONFIG, "");
        let config = config(Fields::of(value), &mut faults);
        super::rules::rules(&config, &mut faults);
        faults.finish(config)
    }

    /// Checks a config that was built by hand, by the rules of [`JudgeConfig::from_value`].
    ///
    /// ```
    /// use serinus::JudgeConfig;
    /// assert!(JudgeConfig::default().check().is_err(), "there is no metric");
    /// ```
    ///
    /// # Errors
    ///
    /// Every fault at once, each with its path.
    pub fn check(&self) -> Result<(), ConfigErrors> {
        let mut faults = Faults::default();
        faults.walk(&self.to_value(), &CONFIG, "");
        super::rules::rules(self, &mut faults);
        faults.finish(())
    }
}

fn config(fields: Fields<'_>, faults: &mut Faults) -> JudgeConfig {
    let default = JudgeConfig::default();
    let alpha = alpha(fields, default.alpha).unwrap_or(default.alpha);
    let thresholds = fields.table("thresholds");
    let policy = fields.table("policy");
    JudgeConfig {
        data: data(fields.table("data"), faults),
        alpha,
        correction: fields.word("correction").unwrap_or_default(),
        thresholds: Thresholds {
            pass: thresholds.number("pass").unwrap_or(default.thresholds.pass),
            fail: thresholds.number("fail").unwrap_or(default.thresholds.fail),
        },
        policy: Policy {
            inconclusive: policy.word("inconclusive").unwrap_or_default(),
            no_data: policy.word("no_data").unwrap_or_default(),
        },
        groups: fields.table("groups").entries().map(|(k, v)| (k.clone(), v.as_f64().unwrap_or(0.0))).collect(),
        seed: fields.count("seed").unwrap_or(default.seed),
        metrics: (fields.list("metrics").iter().enumerate())
            .map(|(i, metric)| self::metric(Fields::of(metric), alpha, &format!("metrics[{i}]"), faults))
            .collect(),
        monitoring: monitoring(fields.table("monitoring")),
    }
}

fn alpha(fields: Fields<'_>, default: Alpha) -> Option<Alpha> {
    if let Some(both) = fields.number("alpha") {
        return Some(Alpha { safe: both, harm: both });
    }
    let table = fields.table("alpha");
    table.is_present().then(|| Alpha {
        safe: table.number("safe").unwrap_or(default.safe),
        harm: table.number("harm").unwrap_or(default.harm),
    })
}

fn data(fields: Fields<'_>, faults: &mut Faults) -> DataConfig {
    let arm = fields.table("arm");
    let arm = arm.is_present().then(|| ArmColumn {
        column: arm.text("column").unwrap_or_else(|| "arm".to_owned()),
        values: Arms {
            baseline: arm.label("baseline").unwrap_or_else(|| "baseline".to_owned()),
            canary: arm.label("canary").unwrap_or_else(|| "canary".to_owned()),
        },
        ignore: arm.texts("ignore"),
    });
    let stratum = fields.text("stratum").map(Stratum::Column);
    let stratum = stratum.or_else(|| fields.table("stratum").number("seconds").map(Stratum::Seconds));
    let time = fields.text("time").map(|column| TimeColumn { column, unit: TimeUnit::Ms });
    let time = time.or_else(|| {
        let table = fields.table("time");
        table.text("column").map(|column| TimeColumn { column, unit: table.word("unit").unwrap_or_default() })
    });
    let share = fields.text("share").map(Share::Column).or_else(|| fields.number("share").map(Share::Percent));
    let labels = fields.table("labels");
    let unit = time.as_ref().map_or(TimeUnit::Ms, |t| t.unit);
    let labels = labels.is_present().then(|| Labels {
        arrive: labels.text("arrive").unwrap_or_default(),
        columns: labels.texts("columns"),
        as_of: as_of(labels.get("as_of"), unit, faults),
    });
    let warm_up = fields.table("warm_up");
    let warm_up =
        (warm_up.count("requests").map(WarmUp::Requests)).or_else(|| warm_up.number("seconds").map(WarmUp::Seconds));
    let paired = fields.table("paired");
    let paired = paired.is_present().then(|| Arms {
        baseline: paired.text("baseline").unwrap_or_default(),
        canary: paired.text("canary").unwrap_or_default(),
    });
    DataConfig {
        arm,
        id: fields.text("id"),
        unit: fields.text("unit"),
        stratum,
        time,
        share,
        segments: fields.texts("segments"),
        labels,
        warm_up,
        paired,
    }
}

fn as_of(value: Option<&Value>, unit: TimeUnit, faults: &mut Faults) -> AsOf {
    let text = match value {
        Some(Value::Number(n)) => return n.as_f64().map_or(AsOf::Last, AsOf::At),
        Some(Value::String(text)) => text,
        _ => return AsOf::Last,
    };
    match AsOf::parse(text, unit) {
        Some(as_of) => as_of,
        None => {
            let message = format!(
                "`{}` is not a moment; expected `last`, a number in the unit of `time`, or RFC 3339 such as 2026-11-20T09:30:00Z",
                super::reader::short(text)
            );
            faults.add("data.labels.as_of", message);
            AsOf::Last
        }
    }
}

impl AsOf {
    /// A moment as a person writes it: `last`, a number in the unit of the time column, or RFC 3339.
    ///
    /// ```
    /// use serinus::config::{AsOf, TimeUnit};
    /// assert_eq!(AsOf::parse("last", TimeUnit::Ms), Some(AsOf::Last));
    /// assert_eq!(AsOf::parse("1970-01-01T00:01:00Z", TimeUnit::S), Some(AsOf::At(60.0)));
    /// assert_eq!(AsOf::parse("1500", TimeUnit::Ms), Some(AsOf::At(1500.0)));
    /// assert_eq!(AsOf::parse("soon", TimeUnit::Ms), None);
    /// ```
    pub fn parse(text: &str, unit: TimeUnit) -> Option<AsOf> {
        if text.trim() == "last" {
            return Some(AsOf::Last);
        }
        if let Some(number) = text.trim().parse::<f64>().ok().filter(|v| v.is_finite()) {
            return Some(AsOf::At(number));
        }
        let ms = rfc3339_ms(text)?;
        Some(AsOf::At(if unit == TimeUnit::S { ms / 1e3 } else { ms }))
    }
}

fn metric(fields: Fields<'_>, overall: Alpha, path: &str, faults: &mut Faults) -> MetricConfig {
    let kind = kind(fields, path, faults);
    let direction = fields.word("direction").unwrap_or(match kind {
        MetricKind::Agreement { .. } => Direction::HigherIsBetter,
        _ => Direction::Either,
    });
    let margin = fields.table("margin");
    let margin = margin.is_present().then(|| Margin {
        relative: margin.number("relative"),
        absolute: margin.number("absolute"),
        combine: margin.word("combine").unwrap_or_default(),
    });
    let limit = fields.table("limit");
    let test = fields.table("test");
    MetricConfig {
        name: fields.text("name").unwrap_or_default(),
        kind,
        direction,
        margin,
        limit: limit.is_present().then(|| Limit { max: limit.number("max"), min: limit.number("min") }),
        role: fields.word("role").unwrap_or_default(),
        group: fields.text("group"),
        weight: fields.number("weight").unwrap_or(1.0),
        alpha: alpha(fields, overall),
        test: test.word("kind").map(|kind| TestConfig {
            kind,
            options: test.entries().filter(|(k, _)| *k != "kind").map(|(k, v)| (k.clone(), v.clone())).collect(),
        }),
        filter: fields.table("where").entries().map(|(k, v)| (k.clone(), v.clone())).collect(),
        missing: fields.word("missing").unwrap_or_default(),
        outliers: outliers(fields.table("outliers")),
        min_samples: fields.count("min_samples").unwrap_or(0),
        segments: fields.flag("segments").unwrap_or(true),
    }
}

fn kind(fields: Fields<'_>, path: &str, faults: &mut Faults) -> MetricKind {
    let text = |key| fields.text(key).unwrap_or_default();
    let number = |key| fields.number(key).unwrap_or(0.0);
    let name = fields.text("type").unwrap_or_default();
    match name.as_str() {
        "proportion" => {
            let event = match (fields.number("above"), fields.number("below")) {
                (Some(_), Some(_)) => {
                    faults.rule(
                        path,
                        path,
                        &["above", "below"],
                        "an event is `above` one number or `below` one; give only one of the two",
                    );
                    Event::True
                }
                (Some(above), None) => Event::Above(above),
                (None, Some(below)) => Event::Below(below),
                (None, None) => Event::True,
            };
            MetricKind::Proportion { column: text("column"), event }
        }
        "distribution" => MetricKind::Distribution { column: text("column") },
        "quantile" => MetricKind::Quantile { column: text("column"), q: number("q") },
        "auc" => MetricKind::Auc { score: text("score"), label: text("label") },
        "ratio" => MetricKind::Ratio { numerator: text("numerator"), denominator: text("denominator") },
        "shift" => MetricKind::Shift { column: text("column"), max_distance: number("max_distance") },
        "calibration" => MetricKind::Calibration { score: text("score"), label: text("label") },
        "agreement" => {
            MetricKind::Agreement { column: text("column"), tolerance: number("tolerance"), min: number("min") }
        }
        "rate" => MetricKind::Rate { events: text("events"), exposure: text("exposure") },
        // An unknown type has been reported; what stands in its place is never judged.
        _ => MetricKind::Mean { column: text("column") },
    }
}

fn outliers(fields: Fields<'_>) -> Option<Outliers> {
    let method = fields.word("method")?;
    let factor = match method {
        OutlierMethod::Iqr => 1.5,
        OutlierMethod::Mad | OutlierMethod::Sigma => 3.0,
        OutlierMethod::Quantile => 0.999,
    };
    Some(Outliers {
        method,
        factor: fields.number("factor").unwrap_or(factor),
        action: fields.word("action").unwrap_or(OutlierAction::Clip),
    })
}

fn monitoring(fields: Fields<'_>) -> MonitoringConfig {
    let default = MonitoringConfig::default();
    let split = fields.table("split");
    let look = fields.table("look");
    let burn_in = fields.table("burn_in");
    MonitoringConfig {
        alpha_rollback: fields.number("alpha_rollback").unwrap_or(default.alpha_rollback),
        split: MonitoringSplit {
            metrics: split.number("metrics").unwrap_or(default.split.metrics),
            spike: split.number("spike").unwrap_or(default.split.spike),
            shift: split.number("shift").unwrap_or(default.split.shift),
        },
        alpha_promote: fields.number("alpha_promote").unwrap_or(default.alpha_promote),
        look: (look.count("requests").map(LookEvery::Requests))
            .or_else(|| look.number("seconds").map(LookEvery::Seconds))
            .unwrap_or(default.look),
        burn_in: BurnIn {
            rows: burn_in.count("rows").unwrap_or(default.burn_in.rows),
            events: burn_in.count("events").unwrap_or(default.burn_in.events),
        },
        min_bake_seconds: fields.number("min_bake_seconds").unwrap_or(default.min_bake_seconds),
        expected_rows: fields.count("expected_rows"),
        watermark_seconds: fields.number("watermark_seconds").unwrap_or(default.watermark_seconds),
    }
}
