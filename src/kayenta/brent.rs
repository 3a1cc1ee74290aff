//! Brent's root finder, as Kayenta stops it: after an absolute tolerance of 1e-4, whatever the data's unit.

/// Width of the bracket at which Kayenta stops, in data units.
const TOLERANCE: f64 = 1e-4;
/// Steps after which Kayenta takes what it has.
const STEPS: u32 = 1001;

/// A zero of `f` between `low` and `high`, where `f` is `f_low` and `f_high`.
///
/// The algorithm is *zero* of Brent, Algorithms for Minimization without Derivatives (1973), chapter 4: bisection, and a
/// secant or inverse quadratic step where that stays inside the bracket. The function here is a step function, so the
/// answer is a point within the tolerance of a step, and which point depends on every rounding on the way; the operations
/// are therefore in the order of the well-known `zeroin`, which Kayenta follows. The signs at the ends are not checked.
/// At most 1001 calls of `f`; in practice about ten.
///
/// # Errors
/// The first error of `f`.
pub(super) fn zero<E>(
    low: f64,
    high: f64,
    f_low: f64,
    f_high: f64,
    mut f: impl FnMut(f64) -> Result<f64, E>,
) -> Result<f64, E> {
    // b is the best guess, a the one before, c the other side of the bracket.
    let (mut a, mut fa) = (low, f_low);
    let (mut b, mut fb) = (high, f_high);
    let (mut c, mut fc) = (low, f_low);
    if vanishes(fa) {
        return Ok(a);
    }
    if vanishes(fb) {
        return Ok(b);
    }
    for _ in 0..STEPS {
        let previous = b - a;
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + TOLERANCE / 2.0;
        let mut step = (c - b) / 2.0;
        if step.abs() <= tolerance || vanishes(fb) {
            return Ok(b);
        }
        if previous.abs() >= tolerance && fa.abs() > fb.abs() {
            let width = c - b;
            let (mut p, mut q);
            if a == c {
                let s = fb / fa;
                p = width * s;
                q = 1.0 - s;
            } else {
                let r = fa / fc;
                let s = fb / fc;
                let t = fb / fa;
                p = t * (width * r * (r - s) - (b - a) * (s - 1.0));
                q = (r - 1.0) * (s - 1.0) * (t - 1.0);
            }
            if p > 0.0 {
                q = -q;
            } else {
                p = -p;
            }
            if p < (0.75 * width * q - (tolerance * q).abs() / 2.0) && p < (previous * q / 2.0).abs() {
                step = p / q;
            }
        }
        if step.abs() < tolerance {
            step = if step > 0.0 { tolerance } else { -tolerance };
        }
        (a, fa) = (b, fb);
        b += step;
        fb = f(b)?;
        if (fb > 0.0 && fc > 0.0) || (fb < 0.0 && fc < 0.0) {
            (c, fc) = (a, fa);
        }
    }
    Ok(b)
}

/// Zero, or next to it: commons-math calls two doubles equal when none lies between them.
fn vanishes(v: f64) -> bool {
    v.abs() <= f64::from_bits(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_a_smooth_root_to_its_tolerance() {
        let f = |v: f64| Ok::<f64, ()>(v * v * v - 2.0);
        let root = zero(0.0, 3.0, -2.0, 25.0, f).unwrap();
        assert!((root - 2f64.cbrt()).abs() < 1e-4, "{root}");
    }

    #[test]
    fn an_end_that_is_a_root_is_the_answer() {
        let never = |_: f64| Err("not called");
        assert_eq!(zero(1.0, 2.0, 0.0, 5.0, never), Ok(1.0));
        assert_eq!(zero(1.0, 2.0, -5.0, -0.0, never), Ok(2.0));
    }

    #[test]
    fn a_function_that_is_never_a_number_still_ends() {
        let mut calls = 0;
        let answer = zero(-1.0, 1.0, 1.0, -1.0, |_| {
            calls += 1;
            Ok::<f64, ()>(f64::NAN)
        });
        assert!(answer.is_ok() && calls <= 1001);
    }
}
