//! From the config back to a value, every default written out, and its digest.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::*;

impl JudgeConfig {
    /// The config as a value with the keys of the file and every default written out. [`JudgeConfig::from_value`] reads
    /// it back to an equal config.
    ///
    /// ```
    /// use serinus::JudgeConfig;
    /// assert_eq!(JudgeConfig::default().to_value()["correction"], "holm");
    /// ```
    pub fn to_value(&self) -> Value {
        let groups: Map<String, Value> = self.groups.iter().map(|(name, w)| (name.clone(), number(*w))).collect();
        json!({
            "version": 1,
            "data": data(&self.data),
            "alpha": alpha(self.alpha),
            "correction": word(self.correction),
            "thresholds": {"pass": number(self.thresholds.pass), "fail": number(self.thresholds.fail)},
            "policy": {"inconclusive": word(self.policy.inconclusive), "no_data": word(self.policy.no_data)},
            "groups": groups,
            "seed": self.seed,
            "metrics": self.metrics.iter().map(metric).collect::<Vec<_>>(),
            "monitoring": monitoring(&self.monitoring),
        })
    }

    /// SHA-256, in hexadecimal, of the canonical JSON after defaults: keys sorted, metrics sorted by name. The order of
    /// metrics, the format of the file and defaults that are written out do not change it.
    ///
    /// ```
    /// use serinus::JudgeConfig;
    /// assert_eq!(JudgeConfig::default().digest().len(), 64);
    /// ```
    pub fn digest(&self) -> String {
        let mut value = self.to_value();
        if let Some(Value::Array(metrics)) = value.get_mut("metrics") {
            metrics.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        }
        value.sort_all_objects();
        let hash = Sha256::digest(value.to_string().as_bytes());
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A finite number; another is written as a word, which the reader refuses by name. Minus zero is zero.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value + 0.0).map_or_else(|| Value::from(format!("{value}")), Value::Number)
}

/// A free value; whole numbers are written alike whether they came as `200` or as `200.0`.
fn free(value: &Value) -> Value {
    match super::reader::whole(value) {
        Some(whole) => Value::from(whole),
        None => value.clone(),
    }
}

fn word(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Adds a key when there is a value for it.
fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value);
    }
}

fn alpha(alpha: Alpha) -> Value {
    json!({"safe": number(alpha.safe), "harm": number(alpha.harm)})
}

fn data(data: &DataConfig) -> Value {
    let mut map = Map::new();
    put(&mut map, "arm", data.arm.as_ref().map(|arm| {
        json!({"column": arm.column, "baseline": arm.values.baseline, "canary": arm.values.canary, "ignore": arm.ignore})
    }));
    put(&mut map, "id", data.id.clone().map(Value::from));
    put(&mut map, "unit", data.unit.clone().map(Value::from));
    put(
        &mut map,
        "stratum",
        data.stratum.as_ref().map(|stratum| match stratum {
            Stratum::Column(column) => json!(column),
            Stratum::Seconds(seconds) => json!({"seconds": number(*seconds)}),
        }),
    );
    put(&mut map, "time", data.time.as_ref().map(|time| json!({"column": time.column, "unit": word(time.unit)})));
    put(
        &mut map,
        "share",
        data.share.as_ref().map(|share| match share {
            Share::Column(column) => json!(column),
            Share::Percent(percent) => number(*percent),
        }),
    );
    map.insert("segments".to_owned(), json!(data.segments));
    put(
        &mut map,
        "labels",
        data.labels.as_ref().map(|labels| {
            let as_of = match labels.as_of {
                AsOf::Last => json!("last"),
                AsOf::At(moment) => number(moment),
            };
            json!({"arrive": labels.arrive, "columns": labels.columns, "as_of": as_of})
        }),
    );
    put(
        &mut map,
        "warm_up",
        data.warm_up.map(|warm_up| match warm_up {
            WarmUp::Requests(requests) => json!({"requests": requests}),
            WarmUp::Seconds(seconds) => json!({"seconds": number(seconds)}),
        }),
    );
    put(&mut map, "paired", data.paired.as_ref().map(|p| json!({"baseline": p.baseline, "canary": p.canary})));
    Value::Object(map)
}

fn metric(metric: &MetricConfig) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), json!(metric.name));
    kind(&mut map, &metric.kind);
    map.insert("direction".to_owned(), word(metric.direction));
    put(
        &mut map,
        "margin",
        metric.margin.map(|margin| {
            let mut map = Map::new();
            put(&mut map, "relative", margin.relative.map(number));
            put(&mut map, "absolute", margin.absolute.map(number));
            let matters = margin.combine == Combine::Both || (margin.relative.is_some() && margin.absolute.is_some());
            put(&mut map, "combine", matters.then(|| word(margin.combine)));
            Value::Object(map)
        }),
    );
    put(
        &mut map,
        "limit",
        metric.limit.map(|limit| {
            let mut map = Map::new();
            put(&mut map, "max", limit.max.map(number));
            put(&mut map, "min", limit.min.map(number));
            Value::Object(map)
        }),
    );
    map.insert("role".to_owned(), word(metric.role));
    put(&mut map, "group", metric.group.clone().map(Value::from));
    map.insert("weight".to_owned(), number(metric.weight));
    put(&mut map, "alpha", metric.alpha.map(alpha));
    put(
        &mut map,
        "test",
        metric.test.as_ref().map(|test| {
            let mut map = Map::new();
            map.insert("kind".to_owned(), word(test.kind));
            map.extend(test.options.iter().map(|(k, v)| (k.clone(), free(v))));
            Value::Object(map)
        }),
    );
    let filter: Map<String, Value> = metric.filter.iter().map(|(k, v)| (k.clone(), free(v))).collect();
    put(&mut map, "where", (!filter.is_empty()).then_some(Value::Object(filter)));
    map.insert("missing".to_owned(), word(metric.missing));
    put(
        &mut map,
        "outliers",
        metric.outliers.map(|outliers| {
            json!({
                "method": word(outliers.method),
                "factor": number(outliers.factor),
                "action": word(outliers.action),
            })
        }),
    );
    map.insert("min_samples".to_owned(), json!(metric.min_samples));
    map.insert("segments".to_owned(), json!(metric.segments));
    Value::Object(map)
}

fn kind(map: &mut Map<String, Value>, kind: &MetricKind) {
    map.insert("type".to_owned(), json!(kind.type_name()));
    for (key, column) in kind.columns() {
        map.insert(key.to_owned(), json!(column));
    }
    match kind {
        MetricKind::Proportion { event: Event::Above(above), .. } => put(map, "above", Some(number(*above))),
        MetricKind::Proportion { event: Event::Below(below), .. } => put(map, "below", Some(number(*below))),
        MetricKind::Quantile { q, .. } => put(map, "q", Some(number(*q))),
        MetricKind::Shift { max_distance, .. } => put(map, "max_distance", Some(number(*max_distance))),
        MetricKind::Agreement { tolerance, min, .. } => {
            put(map, "tolerance", Some(number(*tolerance)));
            put(map, "min", Some(number(*min)));
        }
        _ => {}
    }
}

fn monitoring(monitoring: &MonitoringConfig) -> Value {
    let split = monitoring.split;
    let mut map = Map::new();
    map.insert("alpha_rollback".to_owned(), number(monitoring.alpha_rollback));
    map.insert(
        "split".to_owned(),
        json!({"metrics": number(split.metrics), "spike": number(split.spike), "shift": number(split.shift)}),
    );
    map.insert("alpha_promote".to_owned(), number(monitoring.alpha_promote));
    map.insert(
        "look".to_owned(),
        match monitoring.look {
            LookEvery::Seconds(seconds) => json!({"seconds": number(seconds)}),
            LookEvery::Requests(requests) => json!({"requests": requests}),
        },
    );
    map.insert("burn_in".to_owned(), json!({"rows": monitoring.burn_in.rows, "events": monitoring.burn_in.events}));
    map.insert("min_bake_seconds".to_owned(), number(monitoring.min_bake_seconds));
    put(&mut map, "expected_rows", monitoring.expected_rows.map(Value::from));
    map.insert("watermark_seconds".to_owned(), number(monitoring.watermark_seconds));
    Value::Object(map)
}
