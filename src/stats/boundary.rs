//! Where a monotone decision changes, to the last float.
//!
//! Intervals by inversion end where a test's answer flips. Bisection over the order-preserving integer image of the
//! floats finds two adjacent floats on either side of the flip, so test and interval agree at every margin that a
//! caller can write down. Interpolation (ITP; Oliveira & Takahashi 2020) shortens the way to some fifteen steps.

/// One look at a candidate: on which side of the flip it lies, and a smooth value that is positive before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The candidate lies before the flip.
    pub before: bool,
    /// Positive before the flip, negative after; it guides the search and decides nothing.
    pub value: f64,
}

/// Two adjacent floats, the last before the flip and the first after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Flip {
    /// The last float before the flip.
    pub before: f64,
    /// The first float after it.
    pub after: f64,
}

/// The flip of `look` in `[low, high]`: `low` is taken to lie before it and `high` after it, neither is looked at.
/// `guess` and `step` say where to begin and how wide to reach; a bad guess costs time, never the answer.
pub(crate) fn flip(low: f64, high: f64, guess: f64, step: f64, look: impl Fn(f64) -> Look) -> Flip {
    let mut before = End { at: ordinal(low), value: f64::INFINITY };
    let mut after = End { at: ordinal(high), value: f64::NEG_INFINITY };
    let place = |x: f64, before: &mut End, after: &mut End| {
        let at = ordinal(x);
        if at <= before.at || at >= after.at {
            return None;
        }
        let seen = look(x);
        let end = if seen.before { before } else { after };
        *end = End { at, value: seen.value };
        Some(seen.before)
    };
    // Reach out from the guess, wider each time, until the flip is enclosed.
    if let Some(mut is_before) = place(guess, &mut before, &mut after) {
        let side = is_before;
        let (mut x, mut reach) = (guess, step.abs().max(guess.abs() * 1e-9));
        while is_before == side {
            x += if side { reach } else { -reach };
            reach *= 4.0;
            match place(x, &mut before, &mut after) {
                Some(answer) => is_before = answer,
                None => break,
            }
        }
    }
    narrow(before, after, look)
}

#[derive(Debug, Clone, Copy)]
struct End {
    at: i64,
    value: f64,
}

/// The ITP steps, on ordinals: at most one or two more than bisection takes, superlinear where `look` is smooth.
fn narrow(mut before: End, mut after: End, look: impl Fn(f64) -> Look) -> Flip {
    let first = width(before, after) as f64;
    let mut steps_left = (u64::BITS - width(before, after).leading_zeros()) as i32 + 1;
    while width(before, after) > 1 {
        let wide = width(before, after);
        let half = 0.5 * wide as f64;
        let secant = wide as f64 * (before.value / (before.value - after.value));
        let step = if secant.is_finite() {
            let nudge = (0.2 * wide as f64 * (wide as f64 / first)).max(1.0);
            let gap = half - secant;
            let nudged = if nudge <= gap.abs() { secant + nudge.copysign(gap) } else { half };
            let radius = (2f64.powi(steps_left) - half).max(0.0);
            nudged.clamp(half - radius, half + radius)
        } else {
            half
        };
        steps_left -= 1;
        let at = before.at + (step as u64).clamp(1, wide - 1) as i64;
        let seen = look(from_ordinal(at));
        let end = End { at, value: seen.value };
        if seen.before {
            before = end;
        } else {
            after = end;
        }
    }
    Flip { before: from_ordinal(before.at), after: from_ordinal(after.at) }
}

fn width(before: End, after: End) -> u64 {
    (after.at as i128 - before.at as i128).clamp(0, u64::MAX as i128) as u64
}

/// The position of a float among all floats; both zeros are 0.
fn ordinal(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

fn from_ordinal(at: i64) -> f64 {
    let bits = if at < 0 { i64::MIN - at } else { at };
    f64::from_bits(bits as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn root_of(f: impl Fn(f64) -> f64, low: f64, high: f64, guess: f64) -> (Flip, u32) {
        let looks = Cell::new(0);
        let found = flip(low, high, guess, 0.1, |x| {
            looks.set(looks.get() + 1);
            Look { before: f(x) > 0.0, value: f(x) }
        });
        (found, looks.get())
    }

    #[test]
    fn the_two_ends_are_adjacent_floats_around_the_root() {
        for (low, high, guess, root) in
            [(-1.0, 1.0, 0.3, 0.2), (-1.0, 1.0, 0.9, -1e-9), (0.0, f64::MAX, 1.0, 1e-12), (0.0, f64::MAX, 3.0, 7e200)]
        {
            let (found, _) = root_of(|x| root - x, low, high, guess);
            assert_eq!(found.after, root);
            assert_eq!(found.before, root.next_down());
        }
    }

    #[test]
    fn a_smooth_value_needs_few_looks_and_a_step_never_more_than_bisection() {
        let (_, smooth) = root_of(|x| 0.05 - x * x * x, -1.0, 1.0, 0.3);
        assert!(smooth < 20, "{smooth} looks");
        let (found, step) = root_of(|x| if x < 0.123 { 1.0 } else { -1.0 }, -1.0, 1.0, 0.3);
        assert_eq!(found.after, 0.123);
        assert!(step < 80, "{step} looks");
    }

    #[test]
    fn without_a_flip_the_end_of_the_range_comes_back() {
        assert_eq!(root_of(|_| 1.0, -1.0, 1.0, 0.5).0.after, 1.0);
        assert_eq!(root_of(|_| -1.0, 0.0, 5.0, 0.5).0.before, 0.0);
    }
}
