//! Numbers of a stored state, to the last bit and small: the bytes of a list of f64 in base64.
//!
//! A list of 32 is 344 characters; as decimal numbers it would be 600, and could not hold an infinity.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648, padded) of the little-endian bytes.
pub(crate) fn encode(values: &[f64]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            text.push(if i <= chunk.len() { char::from(ALPHABET[(word >> (18 - 6 * i)) as usize & 63]) } else { '=' });
        }
    }
    text
}

/// The inverse of [`encode`]; `None` when the text is not that of a list of numbers.
pub(crate) fn decode(text: &str) -> Option<Vec<f64>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (at, four) in text.chunks(4).enumerate() {
        let padding = four.iter().rev().take_while(|b| **b == b'=').count();
        if padding > 2 || (padding > 0 && (at + 1) * 4 != text.len()) {
            return None;
        }
        let mut word = 0u32;
        for (i, b) in four.iter().enumerate().take(4 - padding) {
            let value = ALPHABET.iter().position(|a| a == b)? as u32;
            word |= value << (18 - 6 * i);
        }
        bytes.extend_from_slice(&word.to_be_bytes()[1..4 - padding]);
    }
    let (numbers, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

/// For `#[serde(with)]` on a list.
pub(crate) mod vec {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode(values))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::decode(&text)
            .ok_or_else(|| serde::de::Error::custom("a list of numbers is not whole; the state is damaged"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_to_the_last_bit() {
        for n in 0..10 {
            let values: Vec<f64> = [0.1, -1e300, f64::NEG_INFINITY, 0.0, 5e-324, 1.0 / 3.0, -0.0, 7.0, 1e6]
                .iter()
                .take(n)
                .copied()
                .collect();
            let back = decode(&encode(&values)).expect("own text");
            assert_eq!(
                values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
                back.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn damaged_text_is_refused() {
        for text in ["A", "AAAA", "AAA*AAAA", "====", "AA==AAAA", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
