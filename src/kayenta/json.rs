//! JSON as Jackson reads it: 32-bit integers apart from longer ones, numbers beyond f64 as infinite, the last of two equal
//! keys, no bare NaN.
//!
//! serde_json cannot tell the first three apart once it has read them, and one [`serde_json::Value`] a point costs more
//! than judging the point. A list of plain numbers is read into one `Vec<f64>`.

use std::borrow::Cow;

use serde_json::Value;

use super::KayentaError;

/// A document, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// An integer of 32 bits, Java's `Integer`.
    Int(i32),
    /// A longer integer, Java's `Long` or `BigInteger`.
    Long(f64),
    Double(f64),
    Text(Cow<'a, str>),
    /// A list of numbers only, with at least one.
    Numbers(Vec<f64>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Powers of ten that a double holds exactly, as far as fifteen digits need them.
const TENS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Nesting that is still read.
const DEPTH: usize = 200;

impl<'a> Json<'a> {
    /// Reads one document; white space around it is all that may follow. O(length).
    pub(super) fn parse(text: &'a str) -> Result<Self, KayentaError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
        let value = reader.value(0)?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.wrong("the document has ended and more follows")),
        }
    }

    /// The same document from serde_json's form.
    pub(super) fn from_value(value: &'a Value) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(n) => match n.as_i64() {
                Some(i) => i32::try_from(i).map_or(Json::Long(i as f64), Json::Int),
                None if n.is_u64() => Json::Long(n.as_f64().unwrap_or(f64::INFINITY)),
                None => Json::Double(n.as_f64().unwrap_or(f64::INFINITY)),
            },
            Value::String(s) => Json::Text(Cow::Borrowed(s)),
            Value::Array(items) => {
                if !items.is_empty() && items.iter().all(Value::is_number) {
                    return Json::Numbers(items.iter().filter_map(Value::as_f64).collect());
                }
                Json::List(items.iter().map(Json::from_value).collect())
            }
            Value::Object(map) => {
                Json::Object(map.iter().map(|(k, v)| (Cow::Borrowed(k.as_str()), Json::from_value(v))).collect())
            }
        }
    }

    /// The value under a key of an object; of two equal keys the last.
    pub(super) fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// What stands here, for a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Json::Null => "null".into(),
            Json::Bool(b) => b.to_string(),
            Json::Int(i) => i.to_string(),
            Json::Long(v) => format!("the long integer {v}"),
            Json::Double(v) => v.to_string(),
            Json::Text(t) => format!("the text {:?}", t.chars().take(40).collect::<String>()),
            Json::Numbers(_) | Json::List(_) => "a list".into(),
            Json::Object(_) => "an object".into(),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, why: impl Into<String>) -> KayentaError {
        KayentaError::Syntax { offset: self.at, why: why.into() }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b) = self.bytes.get(self.at) {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*b);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, KayentaError> {
        if depth > DEPTH {
            return Err(self.wrong(format!("nested deeper than {DEPTH}")));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err(self.wrong("the document ends where a value has to stand")),
        }
    }

    fn word(&mut self) -> Result<Json<'a>, KayentaError> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_')).count();
        let value = match &rest[..length] {
            b"null" => Json::Null,
            b"true" => Json::Bool(true),
            b"false" => Json::Bool(false),
            [] => return Err(self.wrong("this character cannot start a value")),
            token => {
                let token = String::from_utf8_lossy(&token[..length.min(40)]).into_owned();
                let why = format!("non-standard token '{token}'; NaN and infinities are written as strings: \"NaN\"");
                return Err(self.wrong(why));
            }
        };
        self.at += length;
        Ok(value)
    }

    fn number(&mut self) -> Result<Json<'a>, KayentaError> {
        let start = self.at;
        let bytes = self.bytes;
        let mut at = start + usize::from(bytes[start] == b'-');
        // Wraps around beyond 19 digits, and is then not used.
        let mut mantissa = 0u64;
        let mut digits = |at: &mut usize| {
            let from = *at;
            while let Some(digit) = bytes.get(*at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                *at += 1;
            }
            *at - from
        };
        let zero = bytes.get(at) == Some(&b'0');
        let whole = digits(&mut at);
        let mut fits = whole == 1 || (whole > 1 && !zero);
        let mut integer = true;
        let mut fraction = 0;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            integer = false;
            fraction = digits(&mut at);
            fits &= fraction > 0;
        }
        let short = whole + fraction <= 15 && fraction < TENS.len();
        let mut exponent = false;
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            (integer, exponent) = (false, true);
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            let from = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            fits &= at > from;
        }
        if !fits || bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            return Err(self.wrong("this is not a JSON number; NaN and infinities are written as strings: \"NaN\""));
        }
        self.at = at;
        let text = &self.text[start..at];
        if integer && let Ok(small) = text.parse::<i32>() {
            return Ok(Json::Int(small));
        }
        let value = if short && !exponent {
            // Both are exact, so the quotient is the nearest double: Clinger (1990), section 3.
            let magnitude = mantissa as f64 / TENS[fraction];
            if bytes[start] == b'-' { -magnitude } else { magnitude }
        } else {
            text.parse().unwrap_or(f64::INFINITY)
        };
        Ok(if integer { Json::Long(value) } else { Json::Double(value) })
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, KayentaError> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(Vec::new()));
        }
        let mut numbers = Vec::new();
        loop {
            let value = self.value(depth + 1)?;
            match value {
                Json::Int(v) => numbers.push(f64::from(v)),
                Json::Long(v) | Json::Double(v) => numbers.push(v),
                other => return self.mixed_list(depth, numbers, other),
            }
            if !self.goes_on(b']')? {
                return Ok(Json::Numbers(numbers));
            }
        }
    }

    /// The rest of a list in which something other than a number has turned up.
    fn mixed_list(&mut self, depth: usize, numbers: Vec<f64>, first: Json<'a>) -> Result<Json<'a>, KayentaError> {
        let mut items: Vec<Json<'a>> = numbers.into_iter().map(Json::Double).collect();
        items.push(first);
        while self.goes_on(b']')? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Json::List(items))
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, KayentaError> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(entries));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in double quotes has to stand here"));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong("a colon has to follow the key"));
            }
            self.at += 1;
            entries.push((key, self.value(depth + 1)?));
            if !self.goes_on(b'}')? {
                return Ok(Json::Object(entries));
            }
        }
    }

    /// True after a comma, false after the closing bracket.
    fn goes_on(&mut self, close: u8) -> Result<bool, KayentaError> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wrong(format!("a comma or '{}' has to stand here", char::from(close)))),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, KayentaError> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut plain = start;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(self.wrong("the document ends inside a string")),
                Some(b'"') => {
                    let tail = &self.text[plain..self.at];
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(tail),
                        Some(mut s) => {
                            s.push_str(tail);
                            Cow::Owned(s)
                        }
                    });
                }
                Some(b'\\') => {
                    let s = owned.get_or_insert_with(String::new);
                    s.push_str(&self.text[plain..self.at]);
                    let c = self.escape()?;
                    owned.get_or_insert_with(String::new).push(c);
                    plain = self.at;
                }
                Some(0..0x20) => return Err(self.wrong("a control character in a string has to be escaped")),
                Some(_) => self.at += 1,
            }
        }
    }

    /// The character after a backslash. Half of a surrogate pair, which Java keeps, becomes U+FFFD.
    fn escape(&mut self) -> Result<char, KayentaError> {
        let kind = self.bytes.get(self.at + 1).copied();
        self.at += 2;
        Ok(match kind {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = back;
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 2;
                return Err(self.wrong("no such escape in a string"));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, KayentaError> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err(self.wrong("four hexadecimal digits have to follow \\u"));
        };
        self.at += 4;
        Ok(digits.iter().fold(0, |code, d| 16 * code + char::from(*d).to_digit(16).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_of_32_bits_are_told_from_longer_ones_and_from_doubles() {
        let read = |text| Json::parse(text).ok();
        assert_eq!(read("2147483647"), Some(Json::Int(i32::MAX)));
        assert_eq!(read("2147483648"), Some(Json::Long(2147483648.0)));
        assert_eq!(read("99999999999999999999"), Some(Json::Long(1e20)));
        assert_eq!(read("1.0"), Some(Json::Double(1.0)));
        assert_eq!(read("1e400"), Some(Json::Double(f64::INFINITY)));
        assert_eq!(read("-0"), Some(Json::Int(0)));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for text in ["", "NaN", "[NaN]", "[-Infinity]", "01", "1.", ".5", "+1", "[1,]", "{a:1}", "\"\u{1}\"", "[1] 2"] {
            assert!(matches!(Json::parse(text), Err(KayentaError::Syntax { .. })), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(Json::parse(&deep).is_err());
    }

    #[test]
    fn escapes_and_the_last_of_two_equal_keys() {
        let json = Json::parse(r#"{"k": 1, "é\n": "\ud83d\ude00\u00e9\/", "k": 2}"#).ok();
        let json = json.as_ref();
        assert_eq!(json.and_then(|j| j.get("k")), Some(&Json::Int(2)));
        assert_eq!(json.and_then(|j| j.get("é\n")), Some(&Json::Text("😀é/".into())));
    }

    proptest! {
        #[test]
        fn numbers_are_the_nearest_doubles(whole in 0u64..100_000_000, fraction in "[0-9]{1,12}", minus in any::<bool>()) {
            let text = format!("{}{whole}.{fraction}", if minus { "-" } else { "" });
            prop_assert_eq!(Json::parse(&text), Ok(Json::Double(text.parse().unwrap())));
        }

        #[test]
        fn it_accepts_and_refuses_what_serde_json_does(text in r#"[\[\]{},:"a-e0-9.+\-\\untrlsf ]{0,24}"#) {
            let theirs = serde_json::from_str::<Value>(&text);
            match (Json::parse(&text), theirs) {
                (Ok(ours), Ok(value)) if !text.contains('{') => prop_assert_eq!(format!("{ours:?}"), format!("{:?}", Json::from_value(&value))),
                (Ok(_), Ok(_)) => {}
                (Err(_), Err(_)) => {}
                // Numbers beyond f64 and lone surrogates are refused there and read here, as Jackson does.
                (Ok(_), Err(e)) => prop_assert!(e.to_string().contains("out of range") || e.to_string().contains("surrogate"), "{}: {}", text, e),
                (Err(e), Ok(_)) => prop_assert!(false, "{}: {}", text, e),
            }
        }
    }
}
