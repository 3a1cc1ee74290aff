//! Powers of two that keep squares in range: scaling by them is exact, so that 1e300 and 1e-300 answer as 1 does.

/// The exponent e of the largest magnitude, with |v| < 2^(e+1); 0 for zero.
pub(crate) fn exponent(largest: f64) -> i32 {
    if largest == 0.0 { 0 } else { libm::ilogb(largest) }
}

/// The exponent that brings the largest of the magnitudes to [1, 2).
pub(crate) fn exponent_of<'a>(values: impl IntoIterator<Item = &'a f64>) -> i32 {
    exponent(values.into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs())))
}

/// The value times 2^-exponent.
pub(crate) fn down(value: f64, exponent: i32) -> f64 {
    libm::scalbn(value, -exponent)
}

/// The value times 2^exponent.
pub(crate) fn up(value: f64, exponent: i32) -> f64 {
    libm::scalbn(value, exponent)
}

/// A sum with the rounding of each addition carried along (Neumaier 1974). Depends on the order, in the last digit only.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for value in values {
        let next: f64 = sum + value;
        lost += if f64::abs(sum) >= f64::abs(value) { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_there_and_back_is_exact() {
        for v in [1e300, -1e-300, 5e-324, 3.0, f64::MAX] {
            let e = exponent_of(&[v]);
            assert!((1.0..2.0).contains(&down(v, e).abs()));
            assert_eq!(up(down(v, e), e), v);
        }
        assert_eq!(exponent_of(&[]), 0);
    }

    #[test]
    fn a_sum_keeps_what_each_addition_loses() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum([]), 0.0);
    }
}
