//! One key of a config value changed from outside, as `--set data.unit=user_id` does.

use serde_json::{Map, Value, json};

use super::ConfigError;
use super::reader::{found, short};

/// Sets the key at `path` to `value`; null takes the key away.
///
/// Entries of a list are named by position (`metrics[0]`, `metrics.0`) or by their `name` (`metrics.error_rate`). Tables
/// on the way are made when they are absent. Short forms are widened: `alpha.harm` of `alpha: 0.05`, `data.time.unit` of
/// `time: ts_ms`. Whether the key is known is for [`super::JudgeConfig::from_value`] to say.
///
/// ```
/// let mut config = serde_json::json!({"metrics": [{"name": "errors", "margin": {"absolute": 0.01}}]});
/// serinus::config::set(&mut config, "metrics.errors.margin.absolute", 0.02.into())?;
/// serinus::config::set(&mut config, "data.unit", "user_id".into())?;
/// assert_eq!(config["metrics"][0]["margin"]["absolute"], 0.02);
/// assert_eq!(config["data"]["unit"], "user_id");
/// # Ok::<(), serinus::ConfigError>(())
/// ```
///
/// # Errors
///
/// When the path is malformed, names an entry that is not there, or leads through something that is not a table.
pub fn set(config: &mut Value, path: &str, value: Value) -> Result<(), ConfigError> {
    let fault = |message: String| ConfigError { path: short(path), message };
    let mut rest = path.trim();
    if rest.is_empty() {
        return Err(fault("an empty path; write a key, such as data.unit".to_owned()));
    }
    let mut at = config;
    let mut done = String::new();
    loop {
        widen(at, rest);
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        match at {
            Value::Object(map) => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, tail) = (&rest[..end], rest[end..].trim_start_matches('.'));
                if key.is_empty() {
                    return Err(fault(format!("no key stands before `{}`", short(rest))));
                }
                done = if done.is_empty() { key.to_owned() } else { format!("{done}.{key}") };
                if tail.is_empty() {
                    if value.is_null() {
                        map.shift_remove(key);
                    } else {
                        map.insert(key.to_owned(), value);
                    }
                    return Ok(());
                }
                at = map.entry(key).or_insert(Value::Null);
                rest = tail;
            }
            Value::Array(list) => {
                let (index, tail) = entry(list, rest).ok_or_else(|| {
                    let names: Vec<&str> = list.iter().filter_map(|e| e["name"].as_str()).collect();
                    fault(format!(
                        "{done} has {} entries and none is `{}`{}",
                        list.len(),
                        short(rest),
                        super::nearest::suggestion(rest.split('.').next().unwrap_or(rest), names)
                    ))
                })?;
                done = format!("{done}[{index}]");
                if tail.is_empty() {
                    if value.is_null() {
                        list.remove(index);
                    } else {
                        list[index] = value;
                    }
                    return Ok(());
                }
                at = &mut list[index];
                rest = tail;
            }
            other => return Err(fault(format!("{done}: {}; it has no keys below", found(other)))),
        }
    }
}

/// The entry that a path begins with, and the rest of the path. The longest fitting name wins, for names may hold dots.
fn entry<'p>(list: &[Value], path: &'p str) -> Option<(usize, &'p str)> {
    let named = list.iter().enumerate().filter_map(|(i, e)| {
        let rest = path.strip_prefix(e["name"].as_str()?)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| (i, rest.trim_start_matches('.')))
    });
    if let Some(found) = named.min_by_key(|(_, rest)| rest.len()) {
        return Some(found);
    }
    let digits = path.trim_start_matches('[');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let index = digits[..end].parse::<usize>().ok().filter(|i| *i < list.len())?;
    Some((index, digits[end..].trim_start_matches(']').trim_start_matches('.')))
}

/// Turns a short form into its table when a key below it is meant.
fn widen(value: &mut Value, below: &str) {
    match (below, &*value) {
        ("safe" | "harm", Value::Number(n)) => *value = json!({"safe": n, "harm": n}),
        ("unit", Value::String(column)) => *value = json!({"column": column}),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_widened_and_null_takes_away() {
        let mut config = json!({"alpha": 0.05, "data": {"time": "ts", "unit": "user"}});
        set(&mut config, "alpha.harm", 0.001.into()).unwrap();
        set(&mut config, "data.time.unit", "s".into()).unwrap();
        set(&mut config, "data.unit", Value::Null).unwrap();
        assert_eq!(
            config,
            json!({"alpha": {"safe": 0.05, "harm": 0.001}, "data": {"time": {"column": "ts", "unit": "s"}}})
        );
    }

    #[test]
    fn entries_are_found_by_position_and_by_the_longest_name() {
        let mut config = json!({"metrics": [{"name": "p99"}, {"name": "p99.all"}]});
        set(&mut config, "metrics[0].weight", 2.into()).unwrap();
        set(&mut config, "metrics.1.role", "critical".into()).unwrap();
        set(&mut config, "metrics.p99.all.weight", 3.into()).unwrap();
        assert_eq!(
            config["metrics"],
            json!([{"name": "p99", "weight": 2}, {"name": "p99.all", "role": "critical", "weight": 3}])
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        let mut config = json!({"seed": 1, "metrics": [{"name": "errors"}]});
        for (path, piece) in [
            ("", "an empty path"),
            ("seed.x", "it has no keys below"),
            ("metrics.erors.weight", "did you mean `errors`?"),
            ("metrics[7].weight", "has 1 entries"),
            (".a", "no key stands before"),
        ] {
            let error = set(&mut config, path, Value::Null).unwrap_err();
            assert!(error.message.contains(piece), "{path}: {error}");
        }
    }
}
