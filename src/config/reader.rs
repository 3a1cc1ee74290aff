//! Reads a value against a table of keys and collects every fault at once, each with its path.
//!
//! [`Faults::walk`] finds what a table of [`Key`]s can say: unknown keys, wrong types, values out of range. What it
//! accepts is then taken out with [`Fields`], whose getters never fail: a faulty value reads as absent, for its fault has
//! been recorded. Rules between keys are added with [`Faults::rule`], which stays silent when a key that the rule reads
//! is faulty itself: one mistake makes one message.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::nearest::{nearest, suggestion};
use super::shape::{Key, Keys, Shape, Some as SomeOf, Variant, plain};
use super::{ConfigError, ConfigErrors};

/// Faults found so far.
#[derive(Default)]
pub(crate) struct Faults {
    errors: Vec<ConfigError>,
    /// Paths that are faulty, or that an unknown key most likely meant.
    touched: BTreeSet<String>,
}

impl Faults {
    /// Adds a fault at a path.
    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>) {
        self.touched.insert(path.to_owned());
        let path = if path.is_empty() { "config" } else { path };
        self.errors.push(ConfigError { path: path.to_owned(), message: message.into() });
    }

    /// Adds a fault of a rule that reads the keys `reads` under `base`, unless one of them is faulty itself.
    pub(crate) fn rule(&mut self, path: &str, base: &str, reads: &[&str], message: impl Into<String>) {
        if !reads.iter().any(|key| self.is_touched(&below(base, key))) {
            self.errors.push(ConfigError { path: path.to_owned(), message: message.into() });
        }
    }

    /// The value when nothing was found, else every fault.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigErrors> {
        if self.errors.is_empty() { Ok(value) } else { Err(ConfigErrors(self.errors)) }
    }

    fn is_touched(&self, path: &str) -> bool {
        let above = path.char_indices().filter(|(_, c)| matches!(c, '.' | '[')).map(|(i, _)| &path[..i]);
        self.touched.contains(path)
            || self.is_touched_below(path)
            || above.into_iter().any(|p| self.touched.contains(p))
    }

    fn is_touched_below(&self, path: &str) -> bool {
        ['.', '['].into_iter().any(|separator| {
            let start = format!("{path}{separator}");
            self.touched.range(start.clone()..).next().is_some_and(|t| t.starts_with(&start))
        })
    }

    /// Compares a value with a shape.
    pub(crate) fn walk(&mut self, value: &Value, shape: &Shape, path: &str) {
        match shape {
            Shape::Object(keys) => match value {
                Value::Object(map) => self.object(map, keys, path),
                _ => self.mismatch(value, shape, path),
            },
            Shape::Variants { tag, common, of } => match value {
                Value::Object(map) => self.variants(map, tag, common, of, path),
                _ => self.mismatch(value, shape, path),
            },
            Shape::Map { of, least, .. } => match value {
                Value::Object(map) if map.len() < *least => {
                    self.add(path, format!("empty; expected {}", shape.expects()))
                }
                Value::Object(map) => {
                    for (name, entry) in map {
                        self.walk(entry, of, &join(path, name));
                    }
                }
                _ => self.mismatch(value, shape, path),
            },
            Shape::List { of, least } => match value {
                Value::Array(list) if list.len() < *least => {
                    self.add(path, format!("the list is empty; expected {}", shape.expects()));
                }
                Value::Array(list) => {
                    for (i, entry) in list.iter().enumerate() {
                        self.walk(entry, of, &format!("{path}[{i}]"));
                    }
                }
                _ => self.mismatch(value, shape, path),
            },
            Shape::Either(shapes) => match shapes.iter().find(|s| same_type(value, s)) {
                Some(shape) => self.walk(value, shape, path),
                None => self.mismatch(value, shape, path),
            },
            _ => {
                if let Err(message) = scalar(value, shape) {
                    self.add(path, message);
                }
            }
        }
    }

    fn mismatch(&mut self, value: &Value, shape: &Shape, path: &str) {
        self.add(path, mismatch(value, shape));
    }

    fn object(&mut self, map: &Map<String, Value>, keys: &Keys, path: &str) {
        for (name, entry) in map {
            match keys.keys.iter().find(|k| k.name == name) {
                Some(key) => self.entry(entry, key, path),
                None => match keys.strays.iter().find(|(stray, _)| stray == name) {
                    Some((_, message)) => self.add(&join(path, name), *message),
                    None => self.unknown(name, keys.keys.iter().map(|k| k.name), path),
                },
            }
        }
        self.missing(map, keys.keys, path);
        let (names, fits): (&[&str], fn(usize) -> bool) = match keys.some {
            SomeOf::Any => return,
            SomeOf::AtLeastOne(names) => (names, |n| n >= 1),
            SomeOf::ExactlyOne(names) => (names, |n| n == 1),
        };
        let found = names.iter().filter(|n| map.contains_key(**n)).count();
        // An unknown key that stands here has been reported, and was most likely meant to be one of these.
        if !fits(found) && !(found == 0 && self.is_touched_below(path)) {
            let how = if found == 0 { "one of" } else { "only one of" };
            self.rule(path, path, &[], format!("expected {how} {}", names.join(", ")));
        }
    }

    fn entry(&mut self, entry: &Value, key: &Key, path: &str) {
        let at = join(path, key.name);
        match (key.bare, entry) {
            (Some(hint), Value::Number(n)) => {
                self.add(&at, hint.replace("{}", &n.to_string()));
            }
            _ => self.walk(entry, &key.shape, &at),
        }
    }

    /// Without a known tag a key may mean several things: it is faulty when it fits none of them.
    fn any_entry(&mut self, entry: &Value, meant: &[&Key], path: &str) {
        let mut first: Option<Faults> = None;
        for key in meant {
            let mut faults = Faults::default();
            faults.entry(entry, key, path);
            if faults.errors.is_empty() {
                return;
            }
            first.get_or_insert(faults);
        }
        if let Some(faults) = first {
            self.touched.extend(faults.touched);
            self.errors.extend(faults.errors);
        }
    }

    fn missing(&mut self, map: &Map<String, Value>, keys: &[Key], path: &str) {
        for key in keys.iter().filter(|k| k.required && !map.contains_key(k.name)) {
            let at = join(path, key.name);
            if !self.is_touched(&at) {
                self.add(&at, format!("missing; expected {}", key.shape.expects()));
            }
        }
    }

    fn unknown<'k>(&mut self, name: &str, known: impl IntoIterator<Item = &'k str> + Clone, path: &str) {
        if let Some(near) = nearest(name, known.clone()) {
            self.touched.insert(join(path, near));
        }
        self.add(&join(path, name), format!("unknown key `{}`{}", short(name), suggestion(name, known)));
    }

    fn variants(
        &mut self,
        map: &Map<String, Value>,
        tag: &'static str,
        common: &'static [&'static [Key]],
        of: &'static [Variant],
        path: &str,
    ) {
        let at = join(path, tag);
        let variant = match map.get(tag) {
            None => None,
            Some(Value::String(word)) => {
                let variant = of.iter().find(|v| v.tag == word);
                if variant.is_none() {
                    let words = of.iter().map(|v| v.tag);
                    self.add(&at, format!("`{}` is not a known {tag}{}", short(word), suggestion(word, words)));
                }
                variant
            }
            Some(other) => {
                let words: Vec<&str> = of.iter().map(|v| v.tag).collect();
                self.add(&at, format!("{}; expected one of {}", found(other), words.join(", ")));
                None
            }
        };
        // Without a variant every key that some variant knows is let through.
        let chosen: Vec<&'static [Key]> = match variant {
            Some(variant) => variant.keys.to_vec(),
            None => of.iter().flat_map(|v| v.keys.iter().copied()).collect(),
        };
        let known = || common.iter().copied().chain(chosen.iter().copied()).flatten();
        for (name, entry) in map.iter().filter(|(name, _)| *name != tag) {
            let meant: Vec<&Key> = known().filter(|k| k.name == name).collect();
            if !meant.is_empty() {
                self.any_entry(entry, &meant, path);
                continue;
            }
            let elsewhere: Vec<&str> =
                of.iter().filter(|v| v.keys.iter().copied().flatten().any(|k| k.name == name)).map(|v| v.tag).collect();
            match variant {
                Some(variant) if !elsewhere.is_empty() => {
                    let message = format!(
                        "`{name}` is a key of {tag} {}; {tag} {} does not have it",
                        elsewhere.join(", "),
                        variant.tag
                    );
                    self.add(&join(path, name), message);
                }
                _ => {
                    let names: Vec<&str> = std::iter::once(tag).chain(known().map(|k| k.name)).collect();
                    self.unknown(name, names.iter().copied(), path);
                }
            }
        }
        if !map.contains_key(tag) && !self.is_touched(&at) {
            let words: Vec<&str> = of.iter().map(|v| v.tag).collect();
            self.add(&at, format!("missing; expected one of {}", words.join(", ")));
        }
        for keys in common {
            self.missing(map, keys, path);
        }
        for keys in variant.map_or(&[][..], |v| v.keys) {
            self.missing(map, keys, path);
        }
    }
}

/// A plain path below another one.
fn below(base: &str, path: &str) -> String {
    if base.is_empty() { path.to_owned() } else { format!("{base}.{path}") }
}

/// `base.key`, or `key` at the top. A key that is not a plain word is quoted.
pub(crate) fn join(base: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let key = if plain { short(key) } else { format!("\"{}\"", short(key)) };
    below(base, &key)
}

fn same_type(value: &Value, shape: &Shape) -> bool {
    match shape {
        Shape::Text(_) | Shape::Word(_) => value.is_string(),
        Shape::Number(_) | Shape::Count(_) | Shape::Version(_) => value.is_number(),
        Shape::Flag => value.is_boolean(),
        Shape::Scalar { booleans } => value.is_string() || value.is_number() || (*booleans && value.is_boolean()),
        Shape::List { .. } => value.is_array(),
        Shape::Object(_) | Shape::Map { .. } | Shape::Variants { .. } => value.is_object(),
        Shape::Either(shapes) => shapes.iter().any(|s| same_type(value, s)),
    }
}

fn scalar(value: &Value, shape: &Shape) -> Result<(), String> {
    match (shape, value) {
        (Shape::Text(what), Value::String(text)) if text.trim().is_empty() => {
            Err(format!("empty text; expected {what}"))
        }
        (Shape::Text(_), Value::String(_)) | (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::Scalar { .. }, Value::String(_) | Value::Number(_)) => Ok(()),
        (Shape::Scalar { booleans: true }, Value::Bool(_)) => Ok(()),
        (Shape::Word(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
        (Shape::Word(words), Value::String(text)) => {
            let near = nearest(text, words.iter().copied()).map(|w| format!("; did you mean `{w}`?"));
            Err(format!("`{}` is not known; expected {}{}", short(text), shape.expects(), near.unwrap_or_default()))
        }
        (Shape::Number(range), Value::Number(n)) => match n.as_f64() {
            Some(v) if range.holds(v) => Ok(()),
            Some(v) => Err(format!("{} is not in {range}", plain(v))),
            None => Err(format!("{n} is not a number that a computer can hold")),
        },
        (Shape::Count(least), Value::Number(n)) => match whole(value) {
            Some(v) if v >= *least => Ok(()),
            _ => Err(format!("{n} is not {}", shape.expects())),
        },
        (Shape::Version(version), Value::Number(n)) => match whole(value) {
            Some(v) if v == *version => Ok(()),
            _ => Err(format!("{n} is not a version that this release reads; write {version}")),
        },
        _ => Err(mismatch(value, shape)),
    }
}

/// The sentence for a value of another type.
fn mismatch(value: &Value, shape: &Shape) -> String {
    let expected = shape.expects();
    let wants_text = same_type(&Value::String(String::new()), shape);
    let wants_number = same_type(&Value::from(0), shape);
    match value {
        Value::Bool(flag) if wants_text => format!(
            "{flag} is a boolean; expected {expected}. In YAML an unquoted {} is a boolean: put it in quotes if the word is meant",
            if *flag { "yes, on or true" } else { "no, off or false" }
        ),
        Value::Number(n) if wants_text => {
            format!("{n} is a number; expected {expected}. Put it in quotes if it is a name: \"{n}\"")
        }
        Value::String(text) if wants_number && !finite_word(text) => {
            format!("{text} is not a number that can be judged by; expected {expected}")
        }
        Value::String(text) if wants_number && text.trim().parse::<f64>().is_ok() => {
            format!("\"{}\" is text; expected {expected}. Take the quotes away", short(text))
        }
        Value::String(text) if matches!(shape, Shape::Flag) => {
            format!("\"{}\" is text; expected true or false without quotes", short(text))
        }
        Value::Null => format!("empty; expected {expected}, or no such key"),
        _ => format!("{}; expected {expected}", found(value)),
    }
}

fn finite_word(text: &str) -> bool {
    let word = text.trim().trim_start_matches(['+', '-', '.']).to_ascii_lowercase();
    !matches!(word.as_str(), "nan" | "inf" | "infinity")
}

/// A value named by its type.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(flag) => format!("{flag} is a boolean"),
        Value::Number(n) => format!("{n} is a number"),
        Value::String(text) => format!("\"{}\" is text", short(text)),
        Value::Array(list) => format!("a list of {} stands here", list.len()),
        Value::Object(map) => match map.keys().next() {
            None => "an empty table stands here".to_owned(),
            Some(first) => format!("a table beginning with `{}` stands here", short(first)),
        },
    }
}

/// Text cut to what fits into a message, on one line.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 60;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().nth(MOST).is_none() {
        return text.chars().map(clean).collect();
    }
    text.chars().take(MOST).map(clean).chain("...".chars()).collect()
}

/// A whole number, also when it is written as `200.0`.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let as_float = |v: f64| (v.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&v)).then_some(v as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(as_float))
}

/// A cell's value as the text that a table would show: `200`, `0.5`, `true`, `rest`.
pub(crate) fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(n) => Some(match n.as_f64() {
            Some(v) if n.is_f64() => format!("{v}"),
            _ => n.to_string(),
        }),
        _ => None,
    }
}

/// The fields of a table that has been walked: what is absent or faulty reads as `None`.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(Option<&'a Map<String, Value>>);

impl<'a> Fields<'a> {
    /// The fields of a value; none when it is not a table.
    pub(crate) fn of(value: &'a Value) -> Self {
        Fields(value.as_object())
    }

    pub(crate) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.and_then(|map| map.get(key))
    }

    pub(crate) fn number(self, key: &str) -> Option<f64> {
        self.get(key).and_then(Value::as_f64)
    }

    pub(crate) fn count(self, key: &str) -> Option<u64> {
        self.get(key).and_then(whole)
    }

    pub(crate) fn flag(self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }

    pub(crate) fn text(self, key: &str) -> Option<String> {
        self.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    /// One of an enum's words.
    pub(crate) fn word<T: DeserializeOwned>(self, key: &str) -> Option<T> {
        self.get(key).filter(|v| v.is_string()).and_then(|v| T::deserialize(v).ok())
    }

    pub(crate) fn label(self, key: &str) -> Option<String> {
        self.get(key).and_then(label)
    }

    /// The fields of a table below; none when there is no such table.
    pub(crate) fn table(self, key: &str) -> Fields<'a> {
        Fields(self.get(key).and_then(Value::as_object))
    }

    pub(crate) fn list(self, key: &str) -> &'a [Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn texts(self, key: &str) -> Vec<String> {
        self.list(key).iter().filter_map(label).collect()
    }

    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.0.into_iter().flatten()
    }

    pub(crate) fn is_present(self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::{Range, key};
    use super::*;
    use serde_json::json;

    static INNER: Keys = Keys {
        keys: &[
            key("relative", Shape::Number(Range::closed(0.0, 1.0)), ""),
            key("absolute", Shape::Number(Range::any()), ""),
        ],
        some: SomeOf::AtLeastOne(&["relative", "absolute"]),
        strays: &[],
    };
    static OUTER: Keys = Keys {
        keys: &[
            key("version", Shape::Version(1), "").required(),
            key("name", Shape::Text("a name"), "").required(),
            key("margin", Shape::Object(&INNER), "").bare("write {relative: {}}"),
            key("segments", Shape::Flag, ""),
        ],
        some: SomeOf::Any,
        strays: &[("where", "filters stand on a metric")],
    };

    fn faults(value: Value) -> Vec<String> {
        let mut faults = Faults::default();
        faults.walk(&value, &Shape::Object(&OUTER), "");
        faults.finish(()).err().map_or_else(Vec::new, |e| e.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_fault_is_reported_once_and_with_its_path() {
        let found =
            faults(json!({"name": false, "margin": {"relative": 2, "absolut": 1}, "segments": "no", "where": {}}));
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(found.iter().any(|f| f.starts_with("name: false is a boolean") && f.contains("no, off")));
        assert!(found.iter().any(|f| f == "margin.relative: 2 is not in [0, 1]"));
        assert!(found.iter().any(|f| f.contains("margin.absolut: unknown key `absolut`; did you mean `absolute`?")));
        assert!(found.iter().any(|f| f.starts_with("segments: \"no\" is text")));
        assert!(found.iter().any(|f| f.starts_with("version: missing")));
        assert!(found.iter().any(|f| f == "where: filters stand on a metric"));
    }

    #[test]
    fn a_misspelt_key_does_not_also_count_as_missing() {
        assert_eq!(faults(json!({"version": 1, "nmae": "a"})).len(), 1);
        assert_eq!(faults(json!({"version": 1, "name": "a", "margin": {"relatve": 0.1}})).len(), 1);
        assert_eq!(
            faults(json!({"version": 1, "name": "a", "margin": {}})),
            ["margin: expected one of relative, absolute"]
        );
    }

    #[test]
    fn a_rule_over_a_faulty_key_stays_silent() {
        let mut faults = Faults::default();
        faults.add("metrics[2].margin.relative", "x");
        faults.rule("metrics[2]", "metrics[2]", &["margin"], "silent");
        faults.rule("metrics[20]", "metrics[20]", &["margin"], "heard");
        faults.rule("metrics[2]", "metrics[2]", &["limit"], "heard");
        assert_eq!(faults.errors.len(), 3);
    }
}
