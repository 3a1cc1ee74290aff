//! JSON values as block YAML, for the pieces that go into other tools' manifests.

use serde_json::Value;

/// The value as YAML in block style. Strings are quoted as JSON quotes them wherever a plain one could be read as
/// something else; JSON's quoting is YAML's.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Array(_) | Value::Object(_) => block(value, 0, &mut out),
        scalar => {
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, v) in map {
                out.push_str(&format!("{pad}{}:", inline(&Value::String(key.clone()))));
                nested(v, indent + 1, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_block(item) {
                    let mut inner = String::new();
                    block(item, indent + 1, &mut inner);
                    // The first line of the item stands beside its dash.
                    out.push_str(&format!("{pad}- {}", inner.trim_start()));
                } else {
                    out.push_str(&format!("{pad}- {}\n", inline(item)));
                }
            }
        }
        scalar => out.push_str(&format!("{pad}{}\n", inline(scalar))),
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    if is_block(value) {
        out.push('\n');
        block(value, indent, out);
    } else {
        out.push_str(&format!(" {}\n", inline(value)));
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(s) if is_plain(s) => s.clone(),
        other => other.to_string(),
    }
}

/// Whether a string means itself without quotes: a letter first, then letters, digits and a few safe marks, and none
/// of the words that YAML reads as something else.
fn is_plain(s: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    s.starts_with(|c: char| c.is_ascii_alphabetic())
        && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        && !words.contains(&s.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn nested_lists_and_maps_are_laid_out_as_people_write_them() {
        let value = json!([{"setWeight": 5}, {"pause": {"duration": "600s"}}, {"on": []}]);
        let expected = "- setWeight: 5\n- pause:\n    duration: \"600s\"\n- \"on\": []\n";
        assert_eq!(super::text(&value), expected);
        let value = json!({"a": {"b": [1, {"c": "x", "d": true}]}, "e": "no"});
        assert_eq!(super::text(&value), "a:\n  b:\n    - 1\n    - c: x\n      d: true\ne: \"no\"\n");
    }
}
