//! Configs from YAML, TOML and JSON, as values.

use std::collections::HashSet;
use std::fmt;
use std::io::Read;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Budget, NonFiniteFloatPolicy, Options};

use super::error::InputError;
use super::source::{BOM, Source};
use crate::config::reader::{join, short};
use crate::config::{ConfigError, ConfigErrors};

/// Format of a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigFormat {
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// Far more than any config that a person or a program writes.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a config file as a value, by its suffix; standard input is YAML, of which JSON is a part.
///
/// # Errors
///
/// [`InputError`]: the file cannot be opened, its suffix tells no format, or its text breaks the rules of its format;
/// then with line and column. A key that stands twice is an error in every format.
pub fn read_config(source: &Source) -> Result<Value, InputError> {
    let path = source.name();
    let format = match source.suffix().as_deref() {
        Some("yaml" | "yml") => ConfigFormat::Yaml,
        Some("toml") => ConfigFormat::Toml,
        Some("json") => ConfigFormat::Json,
        None if *source == Source::Stdin => ConfigFormat::Yaml,
        // What cannot be opened is the nearer fault.
        _ if source.content().is_ok() => {
            return Err(InputError::UnknownFormat { path, way_out: "name the config .yaml, .toml or .json" });
        }
        _ => ConfigFormat::Yaml,
    };
    let text = read_text(source)?;
    if text.trim().is_empty() {
        let expected = "a config begins with `version: 1`; `serinus init` writes one";
        return Err(InputError::Empty { path, expected });
    }
    parse_config(&path, &text, format)
}

/// Reads a text of modest size in UTF-8, a byte order mark left out.
///
/// # Errors
///
/// [`InputError`]: the file cannot be opened, is not UTF-8, or is larger than any config.
pub fn read_text(source: &Source) -> Result<String, InputError> {
    let path = source.name();
    let content = source.content()?;
    let mut bytes = Vec::new();
    let reader = content.reader().map_err(|e| InputError::io(&path, e))?;
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| InputError::io(&path, e))?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("longer than {} MiB; name the file that was meant", MOST_BYTES >> 20);
        return Err(InputError::Damaged { path, message });
    }
    if bytes.starts_with(BOM) {
        bytes.drain(..BOM.len());
    }
    String::from_utf8(bytes).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count() + 1;
        InputError::Syntax {
            path,
            place: format!("line {line}"),
            message: "the text is not UTF-8; save the file as UTF-8".to_owned(),
        }
    })
}

/// Parses a config's text. The name is the one that messages use.
///
/// ```
/// use serinus::input::{ConfigFormat, parse_config};
/// let value = parse_config("c.yaml", "seed: 7\nmetrics: []", ConfigFormat::Yaml)?;
/// assert_eq!(value["seed"], 7);
/// assert!(parse_config("c.json", r#"{"seed": 1, "seed": 2}"#, ConfigFormat::Json).is_err());
/// # Ok::<(), serinus::input::InputError>(())
/// ```
///
/// # Errors
///
/// With line and column, when the text breaks the rules of its format; with the key's path, when YAML leaves open what
/// an unquoted `no` among values means.
pub fn parse_config(name: &str, text: &str, format: ConfigFormat) -> Result<Value, InputError> {
    let syntax = |place: String, message: String| InputError::Syntax { path: name.to_owned(), place, message };
    match format {
        ConfigFormat::Json => serde_json::from_str::<Document>(text).map(|d| d.0).map_err(|e| {
            let said = e.to_string();
            let end = said.rfind(" at line ").unwrap_or(said.len());
            syntax(place(e.line() as u64, e.column() as u64), said[..end].to_owned())
        }),
        ConfigFormat::Toml => toml::from_str::<Document>(text).map(|d| d.0).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            syntax(place(line as u64, column as u64), one_line(e.message()))
        }),
        ConfigFormat::Yaml => {
            let value = yaml(text, Booleans::Loose).map_err(|(place, message)| syntax(place, message))?;
            let strict = yaml(text, Booleans::Strict).map_err(|(place, message)| syntax(place, message))?;
            let mut errors = Vec::new();
            open_booleans(&value, &strict, "", &mut errors);
            if errors.is_empty() {
                Ok(value)
            } else {
                Err(InputError::Keys { path: name.to_owned(), errors: ConfigErrors(errors) })
            }
        }
    }
}

/// Parses the value of `--set key=value`: YAML, in which only `true` and `false` are booleans. What does not parse is text.
///
/// ```
/// use serinus::input::parse_value;
/// assert_eq!(parse_value("0.05"), 0.05);
/// assert_eq!(parse_value("user_id"), "user_id");
/// assert_eq!(parse_value("[a, b]"), serde_json::json!(["a", "b"]));
/// ```
pub fn parse_value(text: &str) -> Value {
    yaml(text, Booleans::Strict).unwrap_or_else(|_| Value::from(text))
}

/// Which words YAML takes for booleans.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Booleans {
    /// Those of YAML 1.1: yes, no, on, off as well.
    Loose,
    /// true and false alone, as in YAML 1.2.
    Strict,
}

fn yaml(text: &str, booleans: Booleans) -> Result<Value, (String, String)> {
    let mut budget = Budget::default();
    budget.max_events = 20_000_000;
    budget.max_nodes = 10_000_000;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    options.strict_booleans = booleans == Booleans::Strict;
    options.non_finite_float_policy = NonFiniteFloatPolicy::AsString;
    // Aliases that multiply each other are cut off: a config of this size is no config.
    options.alias_limits.max_total_replayed_events = 200_000;
    serde_saphyr::from_str_with_options::<Document>(text, options).map(|d| d.0).map_err(|e| {
        let place = e.location().map_or_else(|| "line 1".to_owned(), |at| place(at.line(), at.column()));
        let said = e.without_snippet().to_string();
        // The place is said once, and in front.
        let end = said.rfind(" at line ").unwrap_or(said.len());
        (place, one_line(&said[..end]))
    })
}

/// Compares what both readings of YAML made of a text and names the values on which they differ where either would do.
fn open_booleans(loose: &Value, strict: &Value, path: &str, errors: &mut Vec<ConfigError>) {
    match (loose, strict) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                open_booleans(value, b.get(key).unwrap_or(value), &join(path, key), errors);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                open_booleans(a, b, &format!("{path}[{i}]"), errors);
            }
        }
        (Value::Bool(flag), Value::String(word)) if path.contains(".where.") || path.starts_with("data.arm.") => {
            let message = format!(
                "an unquoted {word} is {flag} in YAML 1.1 and the word in YAML 1.2; write \"{word}\" or {flag}"
            );
            errors.push(ConfigError { path: path.to_owned(), message });
        }
        _ => {}
    }
}

fn place(line: u64, column: u64) -> String {
    if column == 0 { format!("line {}", line.max(1)) } else { format!("line {line}, column {column}") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Any value of the three formats. A key that stands twice is an error; a number that is not finite becomes a word, which
/// the config's reader refuses by name.
struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
        Ok(Document(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
        Ok(Document(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
        Ok(Document(Value::from(value)))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Document, E> {
        Ok(Document(Value::from(value as f64)))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Document, E> {
        Ok(Document(Value::from(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Document, E> {
        Ok(Document(serde_json::Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Document, E> {
        Ok(Document(Value::from(value)))
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Document, E> {
        Ok(Document(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        let mut list = Vec::new();
        while let Some(Document(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Document(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Document, A::Error> {
        /// The key under which the toml crate hands out a date.
        const TOML_DATE: &str = "$__toml_private_datetime";
        let mut map = Map::new();
        let mut seen = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("key `{}` stands twice; take one away", short(&key))));
            }
            let Document(value) = access.next_value()?;
            map.insert(key, value);
        }
        match map.get(TOML_DATE) {
            Some(date) if map.len() == 1 => Ok(Document(date.clone())),
            _ => Ok(Document(Value::Object(map))),
        }
    }
}
