//! The vocabulary in which the keys of a file are written down once: the reader walks it and the JSON Schema is made from it.

/// One key of a table.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// One line for the schema and for editors.
    #[cfg_attr(not(feature = "schema"), allow(dead_code))]
    pub(crate) doc: &'static str,
    /// What to say when a bare number stands where a table is expected; `{}` is the number.
    pub(crate) bare: Option<&'static str>,
}

impl Key {
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn bare(mut self, hint: &'static str) -> Self {
        self.bare = Some(hint);
        self
    }
}

/// An optional key.
pub(crate) const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: false, doc, bare: None }
}

/// What a value may look like.
pub(crate) enum Shape {
    /// Text that is not empty; the words say of what: "a column name".
    Text(&'static str),
    /// A finite number.
    Number(Range),
    /// A whole number of at least so much.
    Count(u64),
    /// true or false.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// This number and no other.
    Version(u64),
    /// A value to compare cells with: text or a number, with or without booleans.
    Scalar { booleans: bool },
    /// A list of at least so many.
    List { of: &'static Shape, least: usize },
    /// A table of known keys.
    Object(&'static Keys),
    /// A table of free keys: names of the given kind.
    Map { names: &'static str, of: &'static Shape, least: usize },
    /// A table whose keys depend on the word that stands under `tag`.
    Variants { tag: &'static str, common: &'static [&'static [Key]], of: &'static [Variant] },
    /// Any of these, told apart by the type of the value.
    Either(&'static [Shape]),
}

/// The known keys of a table.
pub(crate) struct Keys {
    pub(crate) keys: &'static [Key],
    pub(crate) some: Some,
    /// Keys that people write here and what to tell them.
    pub(crate) strays: &'static [(&'static str, &'static str)],
}

/// How many of some keys have to be there.
pub(crate) enum Some {
    Any,
    AtLeastOne(&'static [&'static str]),
    ExactlyOne(&'static [&'static str]),
}

/// One word under the tag, with the keys that come with it.
pub(crate) struct Variant {
    pub(crate) tag: &'static str,
    pub(crate) keys: &'static [&'static [Key]],
    #[cfg_attr(not(feature = "schema"), allow(dead_code))]
    pub(crate) doc: &'static str,
}

/// An interval of numbers.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) low: Bound,
    pub(crate) high: Bound,
}

/// An end of a range.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    Open(f64),
    Closed(f64),
}

/// Far beyond any quantity and still safe to square: larger magnitudes are mistakes.
pub(crate) const VAST: f64 = 1e100;

impl Range {
    pub(crate) const fn open(low: f64, high: f64) -> Range {
        Range { low: Bound::Open(low), high: Bound::Open(high) }
    }

    pub(crate) const fn closed(low: f64, high: f64) -> Range {
        Range { low: Bound::Closed(low), high: Bound::Closed(high) }
    }

    pub(crate) const fn above(low: f64, high: f64) -> Range {
        Range { low: Bound::Open(low), high: Bound::Closed(high) }
    }

    pub(crate) const fn any() -> Range {
        Range::closed(-VAST, VAST)
    }

    pub(crate) fn holds(self, value: f64) -> bool {
        let low = match self.low {
            Bound::Open(low) => value > low,
            Bound::Closed(low) => value >= low,
        };
        let high = match self.high {
            Bound::Open(high) => value < high,
            Bound::Closed(high) => value <= high,
        };
        low && high
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.low {
            Bound::Open(low) => write!(f, "({}", plain(low))?,
            Bound::Closed(low) => write!(f, "[{}", plain(low))?,
        }
        match self.high {
            Bound::Open(high) => write!(f, ", {})", plain(high)),
            Bound::Closed(high) => write!(f, ", {}]", plain(high)),
        }
    }
}

/// A number as a person writes it: `0.05`, `1e100`.
pub(crate) fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e15 || value.abs() < 1e-6) { format!("{value:e}") } else { format!("{value}") }
}

impl Shape {
    /// What is expected, to end a sentence with.
    pub(crate) fn expects(&self) -> String {
        match self {
            Shape::Text(what) => (*what).to_owned(),
            Shape::Number(range) => format!("a number in {range}"),
            Shape::Count(0) => "a whole number".to_owned(),
            Shape::Count(least) => format!("a whole number of at least {least}"),
            Shape::Flag => "true or false".to_owned(),
            Shape::Word([word]) => format!("`{word}`"),
            Shape::Word(words) => format!("one of {}", words.join(", ")),
            Shape::Version(version) => format!("{version}"),
            Shape::Scalar { booleans: true } => "text, a number or a boolean".to_owned(),
            Shape::Scalar { booleans: false } => "text or a number".to_owned(),
            Shape::List { of, .. } => format!("a list, each entry {}", of.expects()),
            Shape::Object(keys) => {
                let names: Vec<&str> = keys.keys.iter().map(|k| k.name).collect();
                format!("a table of {}", names.join(", "))
            }
            Shape::Map { names, of, .. } => format!("a table of {names}, each with {}", of.expects()),
            Shape::Variants { tag, .. } => format!("a table with `{tag}`"),
            Shape::Either(shapes) => shapes.iter().map(Shape::expects).collect::<Vec<_>>().join(" or "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_and_closed_ends_are_told_apart() {
        assert!(!Range::open(0.0, 0.5).holds(0.0));
        assert!(Range::closed(0.0, 0.5).holds(0.5));
        assert!(!Range::any().holds(f64::NAN));
        assert_eq!(Range::open(0.0, 0.5).to_string(), "(0, 0.5)");
        assert_eq!(Range::closed(0.0, VAST).to_string(), "[0, 1e100]");
    }
}
