//! Moments written as RFC 3339, as milliseconds.

/// Milliseconds since 1970-01-01T00:00:00Z of a moment such as `2026-11-20T09:30:00.5+01:00`.
///
/// `None` when the text is not RFC 3339. A space may stand for the `T`, and a moment without offset is taken as UTC. A
/// leap second counts as the first second of the next minute.
///
/// ```
/// use serinus::config::rfc3339_ms;
/// assert_eq!(rfc3339_ms("1970-01-02T00:00:00Z"), Some(86_400_000.0));
/// assert_eq!(rfc3339_ms("1970-01-01T01:00:00.25+01:00"), Some(250.0));
/// assert_eq!(rfc3339_ms("yesterday"), None);
/// ```
pub fn rfc3339_ms(text: &str) -> Option<f64> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 19 {
        return None;
    }
    let punctuation = [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")];
    if punctuation.iter().any(|(i, c)| bytes[*i] != c[0]) || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let year = digits(&bytes[0..4])?;
    let month = digits(&bytes[5..7]).filter(|m| (1..=12).contains(m))?;
    let day = digits(&bytes[8..10]).filter(|d| (1..=month_length(year, month)).contains(d))?;
    let hour = digits(&bytes[11..13]).filter(|h| *h < 24)?;
    let minute = digits(&bytes[14..16]).filter(|m| *m < 60)?;
    let second = digits(&bytes[17..19]).filter(|s| *s <= 60)?;
    let mut rest = &bytes[19..];
    let mut fraction = 0.0;
    if let [b'.', tail @ ..] = rest {
        let length = tail.iter().take_while(|c| c.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        fraction = text[19..20 + length].parse::<f64>().ok()?;
        rest = &tail[length..];
    }
    let offset_minutes = match rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), tail @ ..] => {
            let (hours, minutes) = match tail {
                [a, b, b':', c, d] | [a, b, c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(seconds as f64 * 1e3 + fraction * 1e3)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, c| c.is_ascii_digit().then(|| sum * 10 + i64::from(c - b'0')))
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_come_out_exactly() {
        assert_eq!(rfc3339_ms("2026-11-20T23:26:28Z"), Some(1_795_217_188_000.0));
        assert_eq!(rfc3339_ms("2000-02-29 12:00:00"), Some(951_825_600_000.0));
        assert_eq!(rfc3339_ms("1969-12-31T23:59:59.999Z"), Some(-1.0));
        assert_eq!(rfc3339_ms("2026-01-01T00:00:00-0330"), rfc3339_ms("2026-01-01T03:30:00Z"));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-20",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T23:26:28.Z",
            "2026-11-20T23:26:28+1",
            "2026-11-20T23:26:28é",
            "20x6-11-20T23:26:28Z",
        ] {
            assert_eq!(rfc3339_ms(text), None, "{text}");
        }
    }
}
