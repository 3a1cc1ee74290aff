//! The points at which a falling function is looked at, so that few looks enclose its crossing of zero.

/// A place and the function there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub at: f64,
    pub f: f64,
}

impl Point {
    fn nearer(self, other: Point) -> bool {
        self.f.abs() < other.f.abs()
    }
}

/// Looks saved by good guesses are given back before bisection takes over: this many halvings.
const PATIENCE: i32 = 3;
/// How far a guess is carried beyond its aim, as a share of its distance from the nearer end.
const BEYOND: f64 = 0.05;
/// The same once guesses fall on one side: a share of the geometric mean of its distances from both ends.
const BEYOND_AGAIN: f64 = 0.1;

/// Two places with the crossing between them.
///
/// A guess is the secant through the two points where the function is smallest, on whatever side. It is carried a little
/// beyond its aim, away from the nearer end, so that both ends close in. Guesses are kept so near the middle that they
/// are never more than `PATIENCE` steps behind bisection, after Oliveira and Takahashi (2020).
#[derive(Debug)]
pub(super) struct Enclosure {
    /// Here the function is above zero, and there it is not.
    pub ends: [Point; 2],
    /// The smallest of the points outside.
    outside: Option<Point>,
    /// Half the width that bisection, as many steps later, would have left.
    slack: f64,
    /// Guesses in a row that moved the lower (negative) or the upper end.
    run: i32,
}

impl Enclosure {
    /// Between two places; other points that are known may help the first guess.
    pub fn new(ends: [Point; 2], others: impl Iterator<Item = Point>) -> Enclosure {
        let outside = others.reduce(|best, p| if p.nearer(best) { p } else { best });
        let slack = half(ends) * f64::from(2 << PATIENCE);
        Enclosure { ends, outside, slack, run: 0 }
    }

    /// The next place to look at; `None` when no number is left in between.
    pub fn guess(&mut self) -> Option<f64> {
        let [low, high] = self.ends;
        let (half, middle) = (half(self.ends), 0.5 * low.at + 0.5 * high.at);
        if !(middle > low.at && middle < high.at) {
            return None;
        }
        self.slack *= 0.5;
        let (best, second) = if low.nearer(high) { (low, high) } else { (high, low) };
        let second = self.outside.filter(|p| p.nearer(second) && p.f != best.f).unwrap_or(second);
        let aim = best.at + (second.at - best.at) * (best.f / (best.f - second.f));
        let aim = if aim.is_finite() { aim.clamp(low.at, high.at) } else { middle };
        let (below, above) = (aim - low.at, high.at - aim);
        let beyond = match self.run.abs() {
            0 | 1 => BEYOND * below.min(above),
            _ => BEYOND_AGAIN * (below * above).sqrt(),
        }
        .max(half * f64::EPSILON);
        let moved = if aim < middle { (aim + beyond).min(middle) } else { (aim - beyond).max(middle) };
        let radius = (self.slack - half).max(0.0);
        let kept = moved.clamp(middle - radius, middle + radius);
        Some(if kept > low.at && kept < high.at { kept } else { middle })
    }

    /// What was seen at the place last guessed; whether it is the lower end now.
    pub fn put(&mut self, seen: Point) -> bool {
        let lower = seen.f > 0.0;
        let end = &mut self.ends[usize::from(!lower)];
        let out = std::mem::replace(end, seen);
        if self.outside.is_none_or(|p| out.nearer(p)) {
            self.outside = Some(out);
        }
        self.run = match (lower, self.run) {
            (true, run) => run.min(0) - 1,
            (false, run) => run.max(0) + 1,
        };
        lower
    }
}

/// Half the distance, which is finite whatever the ends.
fn half(ends: [Point; 2]) -> f64 {
    0.5 * ends[1].at - 0.5 * ends[0].at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until the ends are `enough` apart, and the ends.
    fn looks(f: impl Fn(f64) -> f64, low: f64, high: f64, enough: f64) -> (usize, [Point; 2]) {
        let point = |at| Point { at, f: f(at) };
        let mut enclosure = Enclosure::new([point(low), point(high)], std::iter::empty());
        let mut looks = 0;
        while enclosure.ends[1].at - enclosure.ends[0].at > enough {
            let Some(at) = enclosure.guess() else { break };
            assert!(enclosure.ends[0].at < at && at < enclosure.ends[1].at, "{at}");
            let lower = enclosure.put(point(at));
            assert_eq!(lower, f(at) > 0.0);
            looks += 1;
            assert!(looks < 1000, "no end: {:?}", enclosure.ends);
        }
        (looks, enclosure.ends)
    }

    #[test]
    fn smooth_functions_take_a_few_looks_and_no_function_more_than_bisection_and_patience() {
        let functions: [(&str, fn(f64) -> f64, f64, usize); 7] = [
            ("line", |x| 0.3 - x, 0.3, 9),
            ("curve", |x| 0.7 - x - 0.2 * x * x, (1.0_f64 + 0.8 * 0.7).sqrt() * 2.5 - 2.5, 9),
            ("steep", |x| (-40.0 * x).exp() - 1e-4, 1e4_f64.ln() / 40.0, 30),
            ("step", |x| if x < 0.123 { 1.0 } else { -1e-9 }, 0.123, 30),
            ("stairs", |x| 0.5 - (x * 1000.0).floor() / 1000.0, 0.5, 30),
            ("flat at zero", |x| if x < 0.6 { 1.0 } else { 0.0 }, 0.6, 30),
            ("no number", |x| if x < 0.4 { f64::INFINITY } else { f64::NAN }, 0.4, 30),
        ];
        for (name, f, root, few) in functions {
            let (looks, ends) = looks(f, 0.0, 1.0, 1e-8);
            assert!(ends[0].at <= root + 1e-12 && root <= ends[1].at + 1e-12, "{name} {ends:?}");
            assert!(ends[0].f > 0.0 && !(ends[1].f > 0.0), "{name} {ends:?}");
            assert!(looks <= few.min(27 + PATIENCE as usize + 1), "{name}: {looks} looks");
        }
    }

    #[test]
    fn ends_beyond_all_measure_close_in() {
        let (_, ends) = looks(|x| 3.0 - x, f64::MIN, f64::MAX, 1e-3);
        assert!(ends[0].at < 3.0 && 3.0 <= ends[1].at && ends[1].at - ends[0].at <= 1e-3, "{ends:?}");
    }

    #[test]
    fn a_known_point_outside_makes_the_first_guess_a_good_one() {
        let f = |x: f64| 0.4 - x;
        let point = |at| Point { at, f: f(at) };
        // The far end says nothing about the slope near the root.
        let ends = [Point { at: -1000.0, f: 30.0 }, point(0.5)];
        let mut enclosure = Enclosure::new(ends, [point(0.9)].into_iter());
        let guess = enclosure.guess().expect("there is room");
        assert!((guess - 0.4).abs() < 0.01, "{guess}");
    }
}
