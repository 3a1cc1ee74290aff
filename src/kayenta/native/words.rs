//! Numbers as a sentence has them.

/// A share in percent with three digits at most.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", times(100.0 * share))
}

/// A number with three digits at most.
pub(super) fn times(v: f64) -> String {
    let size = v.abs();
    if size == 0.0 || (99.95..1e6).contains(&size) {
        format!("{v:.0}")
    } else if !(1e-4..1e6).contains(&size) {
        format!("{v:.2e}")
    } else if size >= 9.995 {
        trimmed(format!("{v:.1}"))
    } else if size >= 0.01 {
        trimmed(format!("{v:.2}"))
    } else {
        trimmed(format!("{v:.4}"))
    }
}

/// A p-value with two digits.
pub(super) fn probability(p: f64) -> String {
    if p == 0.0 {
        "0".into()
    } else if p < 1e-4 {
        format!("{p:.1e}")
    } else if p < 0.01 {
        format!("{p:.4}")
    } else {
        format!("{p:.2}")
    }
}

fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_they_deserve() {
        let said = [0.1684, 1.5, -0.05, 0.0, 41.234, 0.00012].map(percent);
        assert_eq!(said, ["16.8%", "150%", "-5%", "0%", "4123%", "0.01%"]);
        assert_eq!([0.04, 0.00031, 1e-9].map(probability), ["0.04", "0.0003", "1.0e-9"]);
    }
}
