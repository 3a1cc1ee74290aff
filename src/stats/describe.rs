//! What one sample looks like: moments that merge, quantiles by five rules, trimmed and winsorised values.
//!
//! Moments are taken about a pivot, in two passes inside chunks of 4,096 values that are merged in order with the
//! formulas of Chan, Golub & LeVeque (1983) for the second and Pebay (2008) for the third and fourth. Values near
//! 1e9 with a spread of 1 keep 12 digits, and 1e300, 1e-300 and denormals neither overflow nor vanish.

use super::location::{Location, NO_EXPONENT};
use super::{Alternative, Unanswerable};
use crate::arms::Arm;

/// Values per chunk; sums inside a chunk and merges between chunks have a fixed order.
const CHUNK: usize = 4096;
/// Independent accumulators per sum; a fixed number, so that every build adds in the same order.
const LANES: usize = 4;
/// Spreads between 2^-200 and 2^200 are left as they are: their fourth powers neither overflow nor vanish.
const PLAIN_EXPONENT: i32 = 200;

/// Size, mean and central sums of one sample; merges with another and answers for both.
///
/// ```
/// use serinus::stats::describe::Moments;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let all = Moments::of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 6.0]).ok_or("finite values")?;
/// let parts = Moments::of(&[1e9 + 1.0]).ok_or("finite")?.merge(&Moments::of(&[1e9 + 2.0, 1e9 + 6.0]).ok_or("finite")?);
/// assert_eq!(all.mean(), Some(1e9 + 3.0));
/// assert_eq!(all.variance(), Some(7.0));
/// assert_eq!(parts.variance(), Some(7.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    n: u64,
    /// The mean is pivot + offset * 2^exponent; the k-th central sum is in units of 2^(k exponent).
    pivot: f64,
    offset: f64,
    exponent: i32,
    m2: f64,
    /// Third and fourth central sums, where they are known.
    shape: Option<(f64, f64)>,
}

impl Moments {
    /// No values yet; the neutral element of [`merge`](Self::merge).
    pub const EMPTY: Moments =
        Moments { n: 0, pivot: 0.0, offset: 0.0, exponent: NO_EXPONENT, m2: 0.0, shape: Some((0.0, 0.0)) };

    /// Moments of a sample; `None` when a value is NaN or infinite.
    ///
    /// The pivot is the rounded mean of the first chunk, so the mean is held in two numbers, a large and a small one,
    /// and the difference of two arms' means loses no digits to a common offset.
    pub fn of(values: &[f64]) -> Option<Moments> {
        Moments::of_by(values, |v| *v, Shape::Known)
    }

    /// Moments of whatever holds numbers; without third and fourth ones when they are not asked for.
    pub(crate) fn of_by<T>(values: &[T], get: impl Fn(&T) -> f64 + Copy, shape: Shape) -> Option<Moments> {
        let Some(first) = values.first().map(get) else { return Some(Moments::EMPTY) };
        let start = &values[..values.len().min(CHUNK)];
        let mean = first + lane_sum(start, |v| get(v) - first) / start.len() as f64;
        Moments::about(if mean.is_finite() { mean } else { first }, values, get, shape)
    }

    /// Moments of a sample about a given pivot; `None` when the pivot or a value is NaN or infinite.
    fn about<T>(pivot: f64, values: &[T], get: impl Fn(&T) -> f64 + Copy, shape: Shape) -> Option<Moments> {
        if !pivot.is_finite() {
            return None;
        }
        if values.is_empty() {
            return Some(Moments { pivot, ..Moments::EMPTY });
        }
        if shape == Shape::Unknown
            && let Some(sums) = Sums::at_once(values, |v| get(v) - pivot)
        {
            return Some(sums.moments(pivot, 0, shape));
        }
        let plain = Sums::of(values, |v| get(v) - pivot);
        if plain.is_plain() {
            return Some(plain.moments(pivot, 0, shape));
        }
        // A spread beyond 2^200, below 2^-200 or no number at all: look once at the size, then scale.
        let numbers = || values.iter().map(get);
        if numbers().any(|v| !v.is_finite()) {
            return None;
        }
        let largest = numbers().fold(0.0_f64, |m, v| m.max((0.25 * v - 0.25 * pivot).abs()));
        // A quarter of a denormal is not exact; small differences do not overflow and need no quarter.
        let small = largest < 1.0;
        let largest = if small { numbers().fold(0.0_f64, |m, v| m.max((v - pivot).abs())) } else { largest };
        let exponent = if largest == 0.0 { 0 } else { libm::ilogb(largest) + if small { 0 } else { 2 } };
        let sums = if small {
            Sums::of(values, |v| libm::ldexp(get(v) - pivot, -exponent))
        } else {
            let pivot = libm::ldexp(pivot, -exponent);
            Sums::of(values, |v| libm::ldexp(get(v), -exponent) - pivot)
        };
        Some(sums.moments(pivot, exponent, shape))
    }

    /// Moments of distinct values with counts, as histograms and tallies keep them.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] when the lists differ in length, [`Unanswerable::Undefined`] for a non-finite value.
    pub fn of_counts(values: &[f64], counts: &[u64]) -> Result<Moments, Unanswerable> {
        if values.len() != counts.len() {
            return Err(Unanswerable::Argument {
                argument: "number of counts",
                value: counts.len() as f64,
                expected: "there has to be one for each value",
            });
        }
        let mut all = Moments::EMPTY;
        for (&value, &n) in values.iter().zip(counts) {
            if !value.is_finite() {
                return Err(Unanswerable::Undefined { test: "moments", why: "a value is NaN or infinite" });
            }
            all = all.merge(&Moments { n, pivot: value, ..Moments::EMPTY });
        }
        Ok(all)
    }

    /// Moments from size, mean and the sum of squared deviations from the mean.
    ///
    /// A spread below the resolution of the mean is rounding and is taken as none.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for a non-finite mean and for a negative or non-finite `m2`.
    pub fn from_m2(n: u64, mean: f64, m2: f64) -> Result<Moments, Unanswerable> {
        if !mean.is_finite() {
            return Err(Unanswerable::Argument { argument: "mean", value: mean, expected: "it has to be finite" });
        }
        if !(m2 >= 0.0 && m2.is_finite()) {
            return Err(Unanswerable::Argument {
                argument: "m2",
                value: m2,
                expected: "a sum of squared deviations has to be a finite number, 0 or more",
            });
        }
        let resolution = f64::EPSILON * mean;
        let constant = n <= 1 || m2 <= n as f64 * resolution * resolution;
        let (m2, exponent) = if constant { (0.0, NO_EXPONENT) } else { (m2, 0) };
        Ok(Moments { n, pivot: mean, offset: 0.0, exponent, m2, shape: (n <= 1).then_some((0.0, 0.0)) })
    }

    /// Moments from size, sum and sum of squares, if these still hold the spread.
    ///
    /// Sums of integers below 2^53 are exact and are used exactly.
    ///
    /// # Errors
    /// [`Unanswerable::Undefined`] when subtracting the squared mean leaves less than 1e-8 of the sum of squares
    /// (half of all digits), or less than nothing.
    pub fn from_sums(n: u64, sum: f64, sumsq: f64) -> Result<Moments, Unanswerable> {
        /// 2^53: up to here an f64 holds every integer.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        /// Half the digits of an f64.
        const CANCELLED: f64 = 1e-8;
        if !(sum.is_finite() && sumsq.is_finite() && sumsq >= 0.0) {
            let (argument, value) = if sum.is_finite() { ("sumsq", sumsq) } else { ("sum", sum) };
            return Err(Unanswerable::Argument { argument, value, expected: "sums have to be finite numbers" });
        }
        if n == 0 {
            return Ok(Moments::EMPTY);
        }
        let size = n as f64;
        let whole = |v: f64| v.abs() < EXACT && v.fract() == 0.0;
        let m2 = if whole(sum) && whole(sumsq) && size < EXACT {
            let (sum, sumsq) = (sum as i128, sumsq as i128);
            (n as i128 * sumsq - sum * sum) as f64 / size
        } else {
            let scale = libm::ldexp(1.0, -(libm::ilogb(sumsq.max(f64::MIN_POSITIVE)) / 2));
            let (sum, sumsq) = (sum * scale, sumsq * scale * scale);
            let m2 = sumsq - sum * (sum / size);
            if n > 1 && m2.abs() < CANCELLED * sumsq {
                return Err(Unanswerable::Undefined {
                    test: "moments",
                    why: "the spread is lost in the sum of squares; send mean and m2",
                });
            }
            if n == 1 { 0.0 } else { m2 / scale / scale }
        };
        if m2 < 0.0 {
            return Err(Unanswerable::Undefined {
                test: "moments",
                why: "the sum of squares is too small for the sum; no sample has these sums",
            });
        }
        Moments::from_m2(n, sum / size, m2)
    }

    /// The moments of both samples together. The same bits come out for the same order of merges.
    pub fn merge(&self, other: &Moments) -> Moments {
        if self.n == 0 {
            return *other;
        }
        if other.n == 0 {
            return *self;
        }
        let gap = 0.5 * other.pivot - 0.5 * self.pivot;
        let of_gap = match plain_exponent(gap) {
            0 | NO_EXPONENT => plain_exponent(gap),
            e => e + 1,
        };
        let exponent = self.exponent.max(other.exponent).max(of_gap);
        let at = |v: f64| if exponent == NO_EXPONENT { v } else { libm::ldexp(v, -exponent) };
        let mut sums = self.sums(exponent);
        let moved = if self.pivot == other.pivot { 0.0 } else { at(other.pivot) - at(self.pivot) };
        let mut rest = other.sums(exponent);
        rest.mean += moved;
        sums.merge(&rest);
        let known = self.shape.is_some() && other.shape.is_some();
        Moments {
            n: self.n + other.n,
            pivot: self.pivot,
            offset: sums.mean,
            exponent,
            m2: sums.m2,
            shape: known.then_some((sums.m3, sums.m4)),
        }
    }

    fn sums(&self, exponent: i32) -> Sums {
        let shift = self.exponent - exponent;
        let (m3, m4) = self.shape.unwrap_or((0.0, 0.0));
        Sums {
            n: self.n as f64,
            mean: libm::ldexp(self.offset, shift),
            m2: libm::ldexp(self.m2, 2 * shift),
            m3: libm::ldexp(m3, 3 * shift),
            m4: libm::ldexp(m4, 4 * shift),
            largest: 0.0,
        }
    }

    /// Number of values.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| {
            let e = self.exponent.max(0);
            let scaled = libm::ldexp(self.pivot, -e) + libm::ldexp(self.offset, self.exponent - e);
            libm::ldexp(scaled, e)
        })
    }

    /// Sum of squared deviations from the mean; infinite when it exceeds the range.
    pub fn m2(&self) -> f64 {
        libm::ldexp(self.m2, 2 * self.exponent)
    }

    /// Sample variance (n - 1); `None` below two values. Infinite or 0 when it leaves the range, unlike
    /// [`standard_deviation`](Self::standard_deviation).
    pub fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| libm::ldexp(self.m2 / (self.n - 1) as f64, 2 * self.exponent))
    }

    /// Sample standard deviation (n - 1); `None` below two values.
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.n > 1).then(|| libm::ldexp((self.m2 / (self.n - 1) as f64).sqrt(), self.exponent))
    }

    /// Skewness g1 = sqrt(n) M3 / M2^1.5 (biased, as SciPy's default); `None` for constants and unknown M3.
    pub fn skewness(&self) -> Option<f64> {
        let (m3, _) = self.shape?;
        (self.m2 > 0.0).then(|| (self.n as f64).sqrt() * (m3 / self.m2 / self.m2.sqrt()))
    }

    /// Excess kurtosis g2 = n M4 / M2^2 - 3 (biased); `None` for constants and unknown M4.
    pub fn excess_kurtosis(&self) -> Option<f64> {
        let (_, m4) = self.shape?;
        (self.m2 > 0.0).then(|| self.n as f64 * (m4 / self.m2 / self.m2) - 3.0)
    }

    /// The mean with its squared standard error; `None` below two values.
    pub(crate) fn location(&self) -> Option<Location> {
        (self.n > 1).then(|| {
            let (n, dof) = (self.n as f64, (self.n - 1) as f64);
            let variance = self.m2 / dof / n;
            Location { pivot: self.pivot, offset: self.offset, exponent: self.exponent, variance, dof, n: self.n }
        })
    }

    /// Third central moment over n squared, in units of 8^exponent: this arm's part of the third cumulant of its mean.
    pub(crate) fn third_cumulant_of_mean(&self) -> Option<(f64, i32)> {
        let n = self.n as f64;
        (self.n > 0).then_some(())?;
        self.shape.map(|(m3, _)| (m3 / n / n / n, self.exponent))
    }
}

/// The exponent by which a spread is divided: none for 0, 0 for ordinary numbers, its own otherwise.
fn plain_exponent(spread: f64) -> i32 {
    if spread == 0.0 {
        return NO_EXPONENT;
    }
    match libm::ilogb(spread) {
        e if e.abs() <= PLAIN_EXPONENT => 0,
        e => e,
    }
}

/// The sum of what `of` makes of the values, in a fixed order of a few chains.
fn lane_sum<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += of(&block[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(&of).sum::<f64>()
}

/// Whether third and fourth moments are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Known,
    Unknown,
}

/// Central sums about a mean that is itself relative to the pivot.
#[derive(Debug, Clone, Copy)]
struct Sums {
    n: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
    /// Largest distance from the pivot.
    largest: f64,
}

impl Sums {
    /// Mean and second sum with one look at each value; `None` where that would cost digits or leave the range.
    ///
    /// About a pivot near the mean of a chunk, sum d^2 - (sum d)^2 / n loses at most one bit.
    fn at_once<T>(values: &[T], from_pivot: impl Fn(&T) -> f64) -> Option<Sums> {
        let (smallest, largest) = (libm::ldexp(1.0, -2 * PLAIN_EXPONENT), libm::ldexp(1.0, 2 * PLAIN_EXPONENT));
        let mut all: Option<Sums> = None;
        for chunk in values.chunks(CHUNK) {
            let (mut s1, mut s2) = ([0.0; LANES], [0.0; LANES]);
            let mut step = |lane: usize, v: &T| {
                let d = from_pivot(v);
                s1[lane] += d;
                s2[lane] += d * d;
            };
            let (blocks, rest) = chunk.as_chunks::<LANES>();
            for block in blocks {
                for lane in 0..LANES {
                    step(lane, &block[lane]);
                }
            }
            for (lane, v) in rest.iter().enumerate() {
                step(lane, v);
            }
            let n = chunk.len() as f64;
            let (s1, s2) = (s1.iter().sum::<f64>(), s2.iter().sum::<f64>());
            let m2 = s2 - s1 * (s1 / n);
            if !(m2 >= 0.5 * s2 && m2 >= smallest * n && s2 <= largest) {
                return None;
            }
            let sums = Sums { n, mean: s1 / n, m2, m3: 0.0, m4: 0.0, largest: s2.sqrt() };
            match &mut all {
                None => all = Some(sums),
                Some(all) => all.merge(&sums),
            }
        }
        all
    }

    /// Sums over all chunks, in order.
    fn of<T>(values: &[T], from_pivot: impl Fn(&T) -> f64 + Copy) -> Sums {
        let mut chunks = values.chunks(CHUNK).map(|chunk| Sums::of_chunk(chunk, from_pivot));
        let mut all = chunks.next().expect("there is at least one value");
        for chunk in chunks {
            all.merge(&chunk);
        }
        all
    }

    /// Two passes: the mean, then powers of the deviations with the correction for the mean's own rounding.
    fn of_chunk<T>(values: &[T], from_pivot: impl Fn(&T) -> f64) -> Sums {
        let n = values.len() as f64;
        let first = from_pivot(&values[0]);
        let larger = |a: f64, b: f64| if a > b { a } else { b };
        let smaller = |a: f64, b: f64| if a < b { a } else { b };
        let (mut sums, mut low, mut high) = ([0.0; LANES], [f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let mut step = |lane: usize, v: &T| {
            let d = from_pivot(v);
            sums[lane] += d;
            low[lane] = smaller(d, low[lane]);
            high[lane] = larger(d, high[lane]);
        };
        let (blocks, rest) = values.as_chunks::<LANES>();
        for block in blocks {
            for lane in 0..LANES {
                step(lane, &block[lane]);
            }
        }
        for (lane, v) in rest.iter().enumerate() {
            step(lane, v);
        }
        let (low, high) =
            (low.into_iter().fold(f64::INFINITY, smaller), high.into_iter().fold(f64::NEG_INFINITY, larger));
        let largest = larger(0.0, larger(-low, high));
        let mean = sums.iter().sum::<f64>() / n;
        // NaN and infinite values leave a mean that is none, so they are not taken for constants.
        if low == high && mean.is_finite() {
            return Sums { n, mean: first, m2: 0.0, m3: 0.0, m4: 0.0, largest };
        }
        let (mut s1, mut s2, mut s3, mut s4) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let mut step = |lane: usize, v: &T| {
            let d = from_pivot(v) - mean;
            let d2 = d * d;
            s1[lane] += d;
            s2[lane] += d2;
            s3[lane] += d2 * d;
            s4[lane] += d2 * d2;
        };
        for block in blocks {
            for lane in 0..LANES {
                step(lane, &block[lane]);
            }
        }
        for (lane, v) in rest.iter().enumerate() {
            step(lane, v);
        }
        let total = |s: [f64; LANES]| s.iter().sum::<f64>();
        let (s1, s2, s3, s4) = (total(s1), total(s2), total(s3), total(s4));
        let r = s1 / n;
        Sums {
            n,
            mean: mean + r,
            m2: s2 - r * s1,
            m3: s3 - 3.0 * r * s2 + 2.0 * r * r * s1,
            m4: s4 - 4.0 * r * s3 + 6.0 * r * r * s2 - 3.0 * r * r * r * s1,
            largest,
        }
    }

    /// Pebay (2008), with the shares of n in place of its powers.
    fn merge(&mut self, other: &Sums) {
        let n = self.n + other.n;
        let (fa, fb) = (self.n / n, other.n / n);
        let d = other.mean - self.mean;
        let d2n = d * d * n * fa * fb;
        self.m4 += other.m4
            + d * d * d2n * (fa * fa - fa * fb + fb * fb)
            + 6.0 * d * d * (fa * fa * other.m2 + fb * fb * self.m2)
            + 4.0 * d * (fa * other.m3 - fb * self.m3);
        self.m3 += other.m3 + d * d2n * (fa - fb) + 3.0 * d * (fa * other.m2 - fb * self.m2);
        self.m2 += other.m2 + d2n;
        self.mean += d * fb;
        self.n = n;
        self.largest = if other.largest > self.largest { other.largest } else { self.largest };
    }

    /// Whether the sums are good as they stand: finite, and of a spread whose fourth power is a normal number.
    fn is_plain(&self) -> bool {
        let finite = (self.mean + self.m2 + self.m3 + self.m4).is_finite();
        finite && matches!(plain_exponent(self.largest), 0 | NO_EXPONENT)
    }

    fn moments(self, pivot: f64, exponent: i32, shape: Shape) -> Moments {
        let exponent = if self.largest == 0.0 { NO_EXPONENT } else { exponent };
        let n = self.n as u64;
        Moments {
            n,
            pivot,
            offset: self.mean,
            exponent,
            m2: self.m2.max(0.0),
            shape: (shape == Shape::Known).then_some((self.m3, self.m4.max(0.0))),
        }
    }
}

/// How a quantile lies between order statistics, by NumPy's names (Hyndman & Fan 1996 types 1, 7, 8, 5 and 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum QuantileRule {
    /// Type 1: the order statistic of rank ceil(n q). The rule of every test here.
    #[default]
    InvertedCdf,
    /// Type 7: NumPy's and R's default.
    Linear,
    /// Type 8.
    MedianUnbiased,
    /// Type 5.
    Hazen,
    /// Type 6.
    Weibull,
}

/// The q-quantile of ascending values; `None` for an empty sample, q outside [0, 1], or between -inf and inf.
///
/// ```
/// use serinus::stats::describe::{QuantileRule, quantile};
/// let sorted = [1.0, 2.0, 3.0, 4.0];
/// assert_eq!(quantile(&sorted, 0.5, QuantileRule::InvertedCdf), Some(2.0));
/// assert_eq!(quantile(&sorted, 0.5, QuantileRule::Linear), Some(2.5));
/// ```
pub fn quantile(sorted: &[f64], q: f64, rule: QuantileRule) -> Option<f64> {
    quantile_by(sorted.len(), q, rule, |i| sorted[i])
}

/// [`quantile`] of `n` ascending values given by index.
pub(crate) fn quantile_by(n: usize, q: f64, rule: QuantileRule, value: impl Fn(usize) -> f64) -> Option<f64> {
    if n == 0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let size = n as f64;
    // Zero-based position; the plotting constants a, b enter as n q + a + q (1 - a - b) - 1.
    let between = |a: f64, b: f64| size * q + (a + q * (1.0 - a - b)) - 1.0;
    let position = match rule {
        QuantileRule::InvertedCdf => return number(value(rank(n, q) - 1)),
        QuantileRule::Linear => (size - 1.0) * q,
        QuantileRule::MedianUnbiased => between(1.0 / 3.0, 1.0 / 3.0),
        QuantileRule::Hazen => between(0.5, 0.5),
        QuantileRule::Weibull => between(0.0, 0.0),
    };
    let position = position.clamp(0.0, size - 1.0);
    let low = position.floor() as usize;
    if low + 1 >= n {
        return number(value(n - 1));
    }
    lerp(value(low), value(low + 1), position - low as f64)
}

/// The one-based rank ceil(n q) of the inverted-cdf quantile, at least 1 and at most n.
pub(crate) fn rank(n: usize, q: f64) -> usize {
    ((n as f64 * q).ceil() as usize).clamp(1, n.max(1))
}

fn number(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// The point a share `t` of the way from `a` to `b`, exact at both ends; `None` between -inf and inf.
pub(crate) fn lerp(a: f64, b: f64, t: f64) -> Option<f64> {
    if a == b || t == 0.0 {
        return number(a);
    }
    let step = b - a;
    if step.is_finite() {
        return Some(if t < 0.5 { a + step * t } else { b - step * (1.0 - t) });
    }
    number(if a.is_finite() && b.is_finite() { a * (1.0 - t) + b * t } else { a + b })
}

/// The values in ascending order; -0.0 becomes 0.0. O(n log n).
pub fn sorted(values: &[f64]) -> Vec<f64> {
    super::rank::sorted(values)
}

/// The mean of what is left when floor(trim n) values are cut from each end of ascending values.
///
/// `None` for trim outside [0, 0.5), an empty sample or a non-finite value among those kept.
pub fn trimmed_mean(sorted: &[f64], trim: f64) -> Option<f64> {
    let cut = cut(sorted.len(), trim)?;
    Moments::of(&sorted[cut..sorted.len() - cut])?.mean()
}

/// How many values floor(trim n) takes from each end; `None` for trim outside [0, 0.5) and an empty sample.
pub(crate) fn cut(n: usize, trim: f64) -> Option<usize> {
    (n > 0 && (0.0..0.5).contains(&trim)).then(|| (trim * n as f64).floor() as usize)
}

/// The values with floor(low n) smallest and floor(high n) largest moved to the nearest value kept, in the order given.
///
/// Agrees with SciPy's `mstats.winsorize(limits=(low, high))`. `None` when nothing would be kept or a value is NaN.
pub fn winsorized(values: &[f64], low: f64, high: f64) -> Option<Vec<f64>> {
    let n = values.len();
    if n == 0 || !(0.0..1.0).contains(&low) || !(0.0..1.0).contains(&high) || values.iter().any(|v| v.is_nan()) {
        return None;
    }
    let (cut_low, cut_high) = ((low * n as f64).floor() as usize, (high * n as f64).floor() as usize);
    if cut_low + cut_high >= n {
        return None;
    }
    let sorted = sorted(values);
    let (floor, ceiling) = (sorted[cut_low], sorted[n - 1 - cut_high]);
    Some(values.iter().map(|v| v.clamp(floor, ceiling)).collect())
}

/// The first value that is NaN or infinite, as the reason why `test` has no answer.
pub(crate) fn require_finite(test: &'static str, arm: Arm, values: &[f64]) -> Result<(), Unanswerable> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Unanswerable::NonFinite { test, arm, index, value: values[index] }),
    }
}

/// An arm with fewer values than `test` can use.
pub(crate) fn require_rows(test: &'static str, arm: Arm, needed: u64, found: u64) -> Result<(), Unanswerable> {
    if found >= needed { Ok(()) } else { Err(Unanswerable::TooFew { test, what: "rows", arm, needed, found }) }
}

/// The p-value of an alternative from its two tails.
pub(crate) fn p_of(alternative: Alternative, lower: f64, upper: f64) -> f64 {
    match alternative {
        Alternative::Less => lower,
        Alternative::Greater => upper,
        Alternative::TwoSided => (2.0 * lower.min(upper)).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, rel: f64) -> bool {
        (a - b).abs() <= rel * b.abs()
    }

    #[test]
    fn scaling_by_a_power_of_two_scales_every_moment_exactly() {
        let base = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 6.0];
        let plain = Moments::of(&base).unwrap();
        for e in [-1060, -1000, -300, 300, 1019] {
            let scaled: Vec<f64> = base.iter().map(|v| libm::ldexp(*v, e)).collect();
            let m = Moments::of(&scaled).unwrap();
            assert_eq!(m.skewness().unwrap(), plain.skewness().unwrap(), "2^{e}");
            assert!(close(m.excess_kurtosis().unwrap(), plain.excess_kurtosis().unwrap(), 1e-14), "2^{e}");
            let sd = libm::ldexp(plain.standard_deviation().unwrap(), e);
            assert!(close(m.standard_deviation().unwrap(), sd, if e < -1020 { 1e-3 } else { 1e-15 }), "2^{e}");
        }
    }

    #[test]
    fn one_look_gives_the_moments_of_two() {
        let drifting: Vec<f64> = (0..20_000).map(|i| f64::from(i) + f64::from(i % 7)).collect();
        let steady: Vec<f64> = (0..20_000).map(|i| 1e6 + f64::from((i * 7919) % 1009)).collect();
        for values in
            [&drifting[..], &steady[..], &steady[..2], &[1.5; 9][..], &[1e-300, 3e-300][..], &[1e300, -1e300][..]]
        {
            let (one, two) = (Moments::of_by(values, |v| *v, Shape::Unknown).unwrap(), Moments::of(values).unwrap());
            assert!((one.mean().unwrap() - two.mean().unwrap()).abs() <= 1e-15 * two.mean().unwrap().abs());
            let (a, b) = (one.standard_deviation().unwrap(), two.standard_deviation().unwrap());
            assert!((a - b).abs() <= 1e-14 * b, "{a} {b}");
        }
        assert_eq!(Moments::of_by(&[1.0, f64::NAN], |v| *v, Shape::Unknown), None);
        assert_eq!(Moments::of_by(&[1.0, f64::INFINITY], |v| *v, Shape::Unknown), None);
    }

    #[test]
    fn opposite_ends_of_the_range_do_not_overflow() {
        let m = Moments::of(&[f64::MAX, -f64::MAX, f64::MAX, -f64::MAX]).unwrap();
        assert_eq!(m.mean(), Some(0.0));
        assert!(m.standard_deviation().unwrap().is_infinite() || m.standard_deviation().unwrap() > 1e308);
        assert_eq!(m.skewness(), Some(0.0));
        assert_eq!(m.excess_kurtosis(), Some(-2.0));
    }

    #[test]
    fn a_constant_has_no_spread_whatever_the_pivot() {
        for n in [2, 3, 7, 5000] {
            let m = Moments::about(0.3, &vec![1.1; n], |v| *v, Shape::Known).unwrap();
            assert_eq!((m.mean(), m.m2()), (Some(1.1), 0.0));
            assert_eq!(m.skewness(), None);
        }
    }

    #[test]
    fn merging_parts_gives_the_moments_of_the_whole() {
        let values: Vec<f64> = (0..9_001).map(|i| ((i * 7919) % 1009) as f64 * 0.37 + 1e6).collect();
        let whole = Moments::of(&values).unwrap();
        for cut in [1, 17, 4096, 9_000] {
            let merged = Moments::of(&values[..cut]).unwrap().merge(&Moments::of(&values[cut..]).unwrap());
            assert_eq!(merged.n(), whole.n());
            assert!(close(merged.mean().unwrap(), whole.mean().unwrap(), 1e-15));
            assert!(close(merged.variance().unwrap(), whole.variance().unwrap(), 1e-12));
            assert!((merged.skewness().unwrap() - whole.skewness().unwrap()).abs() < 1e-10);
            assert!(close(merged.excess_kurtosis().unwrap(), whole.excess_kurtosis().unwrap(), 1e-10));
        }
    }

    #[test]
    fn tiny_constants_merge_into_their_true_spread() {
        let m = Moments::of(&[1e-300]).unwrap().merge(&Moments::of(&[3e-300]).unwrap());
        assert!(close(m.standard_deviation().unwrap(), 2e-300 / 2f64.sqrt(), 1e-15));
        let far = Moments::of(&[1e300]).unwrap().merge(&Moments::of(&[-1e300]).unwrap());
        assert!(close(far.standard_deviation().unwrap(), 2f64.sqrt() * 1e300, 1e-15));
    }

    #[test]
    fn counts_are_repeated_values() {
        let counted = Moments::of_counts(&[1.0, 4.0, 9.0], &[3, 1, 2]).unwrap();
        let rows = Moments::of(&[1.0, 1.0, 1.0, 4.0, 9.0, 9.0]).unwrap();
        assert!(close(counted.variance().unwrap(), rows.variance().unwrap(), 1e-14));
        assert!(close(counted.skewness().unwrap(), rows.skewness().unwrap(), 1e-13));
    }

    #[test]
    fn sums_that_lost_the_spread_are_refused_and_integers_are_exact() {
        assert!(matches!(Moments::from_sums(3, 3e9 + 0.5, 3e18 + 1e9), Err(Unanswerable::Undefined { .. })));
        assert!(matches!(Moments::from_sums(2, 10.0, 1.0), Err(Unanswerable::Undefined { .. })));
        // 1,000,000,000 trials with all but one event: the spread is 1e-9 of the sum of squares, and is exact.
        let m = Moments::from_sums(1_000_000_000, 999_999_999.0, 999_999_999.0).unwrap();
        assert!(close(m.m2(), 1.0 - 1e-9, 1e-15));
        assert!(close(Moments::from_sums(3, 6.5, 20.25).unwrap().m2(), 20.25 - 6.5 * 6.5 / 3.0, 1e-14));
    }

    #[test]
    fn no_moments_of_what_is_no_number() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Moments::of(&[1.0, bad, 2.0]), None);
        }
        assert_eq!(Moments::of(&[]).unwrap().mean(), None);
        assert_eq!(Moments::of(&[2.0]).unwrap().variance(), None);
    }

    #[test]
    fn quantiles_between_infinities_do_not_exist() {
        let s = [f64::NEG_INFINITY, f64::INFINITY];
        assert_eq!(quantile(&s, 0.5, QuantileRule::Linear), None);
        assert_eq!(quantile(&s, 0.5, QuantileRule::InvertedCdf), Some(f64::NEG_INFINITY));
        assert_eq!(quantile(&[-f64::MAX, f64::MAX], 0.5, QuantileRule::Linear), Some(0.0));
        assert_eq!(quantile(&[], 0.5, QuantileRule::Linear), None);
        assert_eq!(quantile(&[1.0], 1.1, QuantileRule::Linear), None);
    }

    #[test]
    fn winsorising_moves_the_tails_and_keeps_the_order() {
        assert_eq!(winsorized(&[9.0, 1.0, 5.0, 4.0], 0.25, 0.25), Some(vec![5.0, 4.0, 5.0, 4.0]));
        assert_eq!(winsorized(&[9.0, 1.0], 0.5, 0.5), None);
        assert_eq!(trimmed_mean(&[0.0, 1.0, 2.0, 900.0], 0.25), Some(1.5));
    }
}
