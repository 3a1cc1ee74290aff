//! The known name that a misspelt one most likely meant.

/// The known name nearest to `name`, if one is near enough to be meant.
///
/// Distance is that of Damerau and Levenshtein with adjacent swaps (Damerau 1964); up to a third of the longer name's
/// letters may differ. Case, `-` and spaces cost nothing. A name that begins another one is near too.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond this length a quadratic distance is a burden and a typo unlikely.
    const LONGEST: usize = 64;
    let wanted = folded(name);
    if wanted.len() > LONGEST || wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let letters = folded(candidate);
        if letters.len() > LONGEST {
            continue;
        }
        let shorter = wanted.len().min(letters.len());
        let distance = if shorter >= 3 && (letters.starts_with(&wanted) || wanted.starts_with(&letters)) {
            1
        } else {
            distance(&wanted, &letters)
        };
        let allowed = (wanted.len().max(letters.len()) / 3).max(1);
        if distance <= allowed && distance < letters.len() && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// "; did you mean `margin`?", or the known names when none is near.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("; did you mean `{near}`?");
    }
    const MOST: usize = 24;
    let names: Vec<&str> = known.into_iter().collect();
    match names.len() {
        0 => String::new(),
        n if n > MOST => format!("; known are {}, and {} more", names[..MOST].join(", "), n - MOST),
        _ => format!("; known are {}", names.join(", ")),
    }
}

fn folded(name: &str) -> Vec<char> {
    name.trim().chars().flat_map(char::to_lowercase).map(|c| if c == '-' || c == ' ' { '_' } else { c }).collect()
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 6] = ["margin", "limit", "role", "threshold", "direction", "q"];

    #[test]
    fn a_swap_a_slip_and_a_missing_letter_are_near() {
        assert_eq!(nearest("marign", KEYS), Some("margin"));
        assert_eq!(nearest("limt", KEYS), Some("limit"));
        assert_eq!(nearest("thresholds", KEYS), Some("threshold"));
        assert_eq!(nearest("Direction", KEYS), Some("direction"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("wombat", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest("x", KEYS), None);
        assert!(suggestion("wombat", KEYS).contains("known are margin"));
    }
}
