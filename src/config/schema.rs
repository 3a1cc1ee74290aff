//! JSON Schema (draft 2020-12) of the config, the judgement and the rollout file.

use serde_json::{Map, Value, json};

use super::keys::CONFIG;
use super::rollout_keys::ROLLOUT;
use super::shape::{Bound, Key, Shape, Some as SomeOf, Variant};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The three schemas in one document: `$defs` holds `config`, `judgement` and `rollout`. A value that fits any of the
/// three is valid.
///
/// The schemas of config and rollout are made from the table of keys that the readers walk, so they say the same; what
/// keys mean together (a margin or a limit for each metric, groups that sum to 100) only the readers check.
///
/// ```
/// let schema = serinus::config::schema();
/// assert_eq!(schema["$defs"]["config"]["properties"]["seed"]["type"], "integer");
/// ```
pub fn schema() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "Serinus: config, judgement and rollout",
        "anyOf": [{"$ref": "#/$defs/config"}, {"$ref": "#/$defs/judgement"}, {"$ref": "#/$defs/rollout"}],
        "$defs": {"config": of(&CONFIG), "judgement": judgement(), "rollout": of(&ROLLOUT)},
    })
}

/// JSON Schema of the judge's config.
pub fn config_schema() -> Value {
    document("Serinus config", of(&CONFIG))
}

/// JSON Schema of a judgement, `serinus.judgement/1`.
pub fn judgement_schema() -> Value {
    document("Serinus judgement", judgement())
}

/// JSON Schema of a rollout file.
pub fn rollout_schema() -> Value {
    document("Serinus rollout", of(&ROLLOUT))
}

fn document(title: &str, schema: Value) -> Value {
    let mut map = Map::new();
    map.insert("$schema".to_owned(), json!(DRAFT));
    map.insert("title".to_owned(), json!(title));
    if let Value::Object(schema) = schema {
        map.extend(schema);
    }
    Value::Object(map)
}

/// The schema of a shape.
fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Text(_) => json!({"type": "string", "minLength": 1, "pattern": "\\S"}),
        Shape::Number(range) => {
            let mut map = Map::new();
            map.insert("type".to_owned(), json!("number"));
            let (low, key) = match range.low {
                Bound::Open(low) => (low, "exclusiveMinimum"),
                Bound::Closed(low) => (low, "minimum"),
            };
            map.insert(key.to_owned(), json!(low));
            let (high, key) = match range.high {
                Bound::Open(high) => (high, "exclusiveMaximum"),
                Bound::Closed(high) => (high, "maximum"),
            };
            map.insert(key.to_owned(), json!(high));
            Value::Object(map)
        }
        Shape::Count(least) => json!({"type": "integer", "minimum": least}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Version(version) => json!({"const": version}),
        Shape::Scalar { booleans: true } => json!({"type": ["string", "number", "boolean"]}),
        Shape::Scalar { booleans: false } => json!({"type": ["string", "number"]}),
        Shape::List { of: entry, least } => json!({"type": "array", "items": of(entry), "minItems": least}),
        Shape::Map { of: entry, least, .. } => {
            json!({"type": "object", "additionalProperties": of(entry), "minProperties": least})
        }
        Shape::Object(keys) => {
            let mut schema = object(keys.keys.iter());
            let required = |names: &[&str]| names.iter().map(|n| json!({"required": [n]})).collect::<Vec<_>>();
            match keys.some {
                SomeOf::Any => {}
                SomeOf::AtLeastOne(names) => schema["anyOf"] = json!(required(names)),
                SomeOf::ExactlyOne(names) => schema["oneOf"] = json!(required(names)),
            }
            schema
        }
        Shape::Variants { tag, common, of } => {
            let branches: Vec<Value> = of.iter().map(|variant| branch(tag, common, variant)).collect();
            json!({"oneOf": branches})
        }
        Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(of).collect::<Vec<_>>()}),
    }
}

fn branch(tag: &str, common: &[&[Key]], variant: &Variant) -> Value {
    let mut schema = object(common.iter().chain(variant.keys).copied().flatten());
    schema["description"] = json!(variant.doc);
    schema["properties"][tag] = json!({"const": variant.tag});
    match schema.get_mut("required") {
        Some(Value::Array(required)) => required.push(json!(tag)),
        _ => schema["required"] = json!([tag]),
    }
    schema
}

fn object<'k>(keys: impl Iterator<Item = &'k Key>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in keys {
        let mut schema = of(&key.shape);
        schema["description"] = json!(key.doc);
        properties.insert(key.name.to_owned(), schema);
        if key.required {
            required.push(json!(key.name));
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The schema of a judgement. Readers should let unknown keys pass: later versions of `serinus.judgement/1` may add some.
fn judgement() -> Value {
    let number_or_null = json!({"type": ["number", "null"]});
    let text_or_null = json!({"type": ["string", "null"]});
    let p = json!({"type": ["number", "null"], "minimum": 0, "maximum": 1});
    let score = json!({"type": ["number", "null"], "minimum": 0, "maximum": 100});
    let count = json!({"type": "integer", "minimum": 0});
    let outcome = json!({"enum": ["pass", "fail", "inconclusive", "no_data"]});
    let segment = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let arms = |of: &Value| json!({"type": "object", "required": ["baseline", "canary"], "properties": {"baseline": of, "canary": of}});
    let nullable = |of: Value| json!({"anyOf": [{"type": "null"}, of]});
    let interval = json!({
        "type": "object",
        "required": ["low", "high", "level"],
        "properties": {"low": number_or_null, "high": number_or_null, "level": {"type": "number", "minimum": 0, "maximum": 1}},
    });
    let margin = json!({
        "type": "object",
        "properties": {"relative": {"type": "number"}, "absolute": {"type": "number"}, "combine": {"enum": ["either", "both"]}},
    });
    let method = json!({"anyOf": [
        {"enum": ["exact", "asymptotic", "anytime_valid"]},
        {"type": "object", "required": ["resampled"], "properties": {"resampled": {
            "type": "object", "required": ["draws", "seed"], "properties": {"draws": count, "seed": count},
        }}},
    ]});
    let evidence = json!({
        "type": "object",
        "required": ["test", "estimand", "estimate", "interval", "p_safe", "p_harm", "p_harm_adjusted", "margin", "n", "value", "method"],
        "properties": {
            "test": {"type": "string"},
            "estimand": {"type": "string"},
            "estimate": number_or_null,
            "interval": nullable(interval),
            "p_safe": p,
            "p_harm": p,
            "p_harm_adjusted": p,
            "margin": nullable(margin),
            "n": arms(&count),
            "units": arms(&count),
            "value": arms(&number_or_null),
            "method": method,
            "flags": {"type": "array", "items": {"type": "string"}},
            "log_e": {"type": "object", "properties": {"safe": number_or_null, "harm": number_or_null}},
        },
    });
    let reason = json!({
        "type": "object",
        "required": ["code", "text"],
        "properties": {
            "code": {"type": "string"},
            "metric": {"type": "string"},
            "segment": segment,
            "numbers": {"type": "object"},
            "text": {"type": "string"},
        },
    });
    let group = json!({
        "type": "object",
        "required": ["name", "weight", "score", "score_best"],
        "properties": {"name": {"type": "string"}, "weight": {"type": "number"}, "score": score, "score_best": score},
    });
    let limit = json!({
        "type": "object",
        "required": ["limit", "outcome"],
        "properties": {
            "limit": {"type": "object", "properties": {"max": {"type": "number"}, "min": {"type": "number"}}},
            "estimate": number_or_null, "low": number_or_null, "high": number_or_null,
            "p_crossed": p, "p_kept": p, "outcome": outcome,
        },
    });
    let needs = json!({
        "type": "object",
        "properties": {"canary_samples": {"type": ["integer", "null"], "minimum": 0}, "minutes": number_or_null},
    });
    let cell = json!({
        "type": "object",
        "required": ["segment", "outcome", "text", "evidence"],
        "properties": {
            "segment": segment, "outcome": outcome, "reason": {"type": "string"}, "text": {"type": "string"},
            "explained_by": segment, "evidence": nullable(json!({"$ref": "#/$defs/evidence"})),
        },
    });
    let finding = json!({
        "type": "object",
        "required": ["name", "type", "role", "group", "weight", "outcome", "text", "evidence", "effect_size", "needs"],
        "properties": {
            "name": {"type": "string"},
            "type": {"type": "string"},
            "direction": {"enum": ["higher_is_better", "lower_is_better", "either"]},
            "role": {"enum": ["critical", "scored", "advisory"]},
            "group": text_or_null,
            "weight": {"type": "number", "minimum": 0},
            "outcome": outcome,
            "reason": {"type": "string"},
            "text": {"type": "string"},
            "evidence": nullable(json!({"$ref": "#/$defs/evidence"})),
            "limit": limit,
            "effect_size": nullable(json!({
                "type": "object",
                "required": ["name", "value"],
                "properties": {"name": {"type": "string"}, "value": {"type": "number"}},
            })),
            "needs": nullable(needs),
            "missing": arms(&count),
            "segments": {"type": "array", "items": cell},
        },
    });
    let check = json!({
        "type": "object",
        "required": ["name", "outcome", "p", "text"],
        "properties": {
            "name": {"type": "string"}, "outcome": outcome, "p": p, "reason": {"type": "string"},
            "text": {"type": "string"}, "details": {"type": "object"},
        },
    });
    let digest = json!({"type": "string", "pattern": "^([0-9a-f]{64})?$"});
    json!({
        // An id of its own makes `#/$defs/evidence` mean this schema's, also where it stands inside another document.
        "$id": "https://serinus.invalid/schema/judgement-1.json",
        "type": "object",
        "required": ["schema", "verdict", "decision", "score", "score_best", "reasons", "groups", "metrics", "checks", "warnings", "provenance"],
        "properties": {
            "schema": {"const": crate::judge::judgement::SCHEMA},
            "verdict": {"enum": ["pass", "marginal", "fail"]},
            "decision": {"enum": ["promote", "hold", "rollback"]},
            "score": score,
            "score_best": score,
            "reasons": {"type": "array", "items": reason},
            "groups": {"type": "array", "items": group},
            "metrics": {"type": "array", "items": finding},
            "checks": {"type": "array", "items": check},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "provenance": {
                "type": "object",
                "required": ["serinus", "config_sha256", "data_sha256", "seed"],
                "properties": {"serinus": {"type": "string"}, "config_sha256": digest, "data_sha256": digest, "seed": count},
            },
        },
        "$defs": {"evidence": evidence},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::CORRECTIONS;

    #[test]
    fn each_type_of_metric_is_a_branch_with_its_own_keys() {
        let schema = config_schema();
        let branches = schema["properties"]["metrics"]["items"]["oneOf"].as_array().unwrap();
        assert_eq!(branches.len(), 10);
        let quantile = branches.iter().find(|b| b["properties"]["type"]["const"] == "quantile").unwrap();
        assert!(quantile["required"].as_array().unwrap().contains(&json!("q")));
        assert_eq!(schema["properties"]["correction"]["enum"], json!(CORRECTIONS));
    }
}
