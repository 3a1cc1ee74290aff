//! The regularised incomplete beta function, both tails, and its inverse.

use super::normal::{norm_isf, norm_ppf};
use super::stirling::{LN_SQRT_2PI, stirling_correction};
use super::tail_integral::{
    LogIntegrand, deviance, distance_from_mean, exp_m1_minus, ln_1p_minus, reach_of_exponential, tail_integral,
};

/// Regularised incomplete beta I_x(a, b): P(X <= x) for X beta(a, b).
///
/// ```
/// use serinus::stats::special::beta_inc;
/// assert!((beta_inc(2.0, 3.0, 0.25) - 0.26171875).abs() < 1e-15);
/// ```
pub fn beta_inc(a: f64, b: f64, x: f64) -> f64 {
    beta_tails(a, b, x, 1.0 - x).0
}

/// 1 - I_x(a, b), computed directly.
pub fn beta_inc_sf(a: f64, b: f64, x: f64) -> f64 {
    beta_tails(a, b, x, 1.0 - x).1
}

/// I_x(a, b) and its complement, for x and y = 1 - x both given.
///
/// The caller who has the smaller of x and y at full precision loses nothing near the other border.
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let (lower, upper) = log_tails(a, b, x, y);
    (lower.value(), upper.value())
}

/// x with I_x(a, b) = p.
pub fn beta_inc_inv(a: f64, b: f64, p: f64) -> f64 {
    beta_quantile(a, b, p, 1.0 - p).0
}

/// x with 1 - I_x(a, b) = q, for an upper tail q too small to be written as one minus a lower one.
pub fn beta_inc_inv_sf(a: f64, b: f64, q: f64) -> f64 {
    beta_quantile(a, b, 1.0 - q, q).0
}

/// (x, 1 - x) with I_x(a, b) = p and its complement q = 1 - p; the smaller of p and q decides.
///
/// Newton's method on the log of the smaller tail over the log odds of x, inside a bracket. About ten evaluations of
/// the tail.
pub fn beta_quantile(a: f64, b: f64, p: f64, q: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && p >= 0.0 && q >= 0.0 && p <= 1.0 && q <= 1.0) {
        return (f64::NAN, f64::NAN);
    }
    if p == 0.0 {
        return (0.0, 1.0);
    }
    if q == 0.0 {
        return (1.0, 0.0);
    }
    let use_lower = p <= q;
    let target = if use_lower { p.ln() } else { q.ln() };
    let z = if use_lower { norm_ppf(p) } else { norm_isf(q) };
    // Log odds are roughly normal; the bracket spans every x that f64 can hold.
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let mut odds = ((a / b).ln() + (z * spread).clamp(-300.0, 300.0)).clamp(-740.0, 740.0);
    let (mut low, mut high) = (-745.0, 745.0);
    for _ in 0..200 {
        let (x, y) = from_log_odds(odds);
        let (lower, upper) = log_tails(a, b, x, y);
        let tail = if use_lower { lower.log() } else { upper.log() };
        let miss = if use_lower { tail - target } else { target - tail };
        if miss == 0.0 {
            break;
        }
        if miss > 0.0 {
            high = odds
        } else {
            low = odds
        }
        // d ln I / d(log odds) = x^a y^b / (B(a, b) I)
        let slope = (log_density_at(a, b, x, y) - tail).exp();
        let mut next = odds - miss / slope;
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        let step = (next - odds).abs();
        odds = next;
        if step <= 2e-16 * (1.0 + odds.abs()) || high - low <= 2e-16 * odds.abs() {
            break;
        }
    }
    polished(a, b, from_log_odds(odds), use_lower, target)
}

/// One Newton step in the smaller of x and y: log odds of size 700 cannot hold the last three digits of x.
fn polished(a: f64, b: f64, (x, y): (f64, f64), use_lower: bool, target: f64) -> (f64, f64) {
    let (lower, upper) = log_tails(a, b, x, y);
    let tail = if use_lower { lower.log() } else { upper.log() };
    let miss = if use_lower { tail - target } else { target - tail };
    let shift = -miss * (tail - log_density_at(a, b, x, y)).exp();
    if !(shift.is_finite() && shift.abs() < 1e-6) {
        return (x, y);
    }
    if x <= y {
        let x = (x + x * y * shift).clamp(0.0, 1.0);
        (x, 1.0 - x)
    } else {
        let y = (y - x * y * shift).clamp(0.0, 1.0);
        (1.0 - y, y)
    }
}

fn from_log_odds(odds: f64) -> (f64, f64) {
    let e = (-odds.abs()).exp();
    let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
    if odds < 0.0 { (small, large) } else { (large, small) }
}

/// A tail as log factor times a number near one, or as one minus the other tail.
#[derive(Clone, Copy)]
pub(super) enum Tail {
    Log(f64),
    Plain(f64),
}

impl Tail {
    fn value(self) -> f64 {
        match self {
            Tail::Log(l) => l.exp().min(1.0),
            Tail::Plain(v) => v,
        }
    }
    fn log(self) -> f64 {
        match self {
            Tail::Log(l) => l,
            Tail::Plain(v) => v.ln(),
        }
    }
}

/// Both tails, the directly computed one by its log.
fn log_tails(a: f64, b: f64, x: f64, y: f64) -> (Tail, Tail) {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)) {
        return (Tail::Plain(f64::NAN), Tail::Plain(f64::NAN));
    }
    if x == 0.0 {
        return (Tail::Plain(0.0), Tail::Plain(1.0));
    }
    if y == 0.0 {
        return (Tail::Plain(1.0), Tail::Plain(0.0));
    }
    let delta = delta(a, b, x, y);
    let density = log_density(a, b, x, y, delta);
    let lower = |density: f64| density + one_sided(b, x, y, a, delta);
    let upper = |density: f64| density + one_sided(a, y, x, b, -delta);
    // The side beyond the mean falls from the border on. Where that side holds nearly everything, the other one is
    // computed directly too: with a shape below one it falls as well.
    let (direct, other): (f64, &dyn Fn(f64) -> f64) =
        if delta >= 0.0 { (lower(density), &upper) } else { (upper(density), &lower) };
    let far_shape = if delta >= 0.0 { a } else { b };
    let second = if direct > -0.3 && far_shape <= 1.0 {
        Tail::Log(other(density))
    } else {
        Tail::Plain(-direct.min(0.0).exp_m1())
    };
    if delta >= 0.0 { (Tail::Log(direct), second) } else { (second, Tail::Log(direct)) }
}

/// a y - b x = a - (a+b) x, from the smaller of x and y.
fn delta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= y { distance_from_mean(a, b, x) } else { -distance_from_mean(b, a, y) }
}

/// ln of x^a y^b / B(a, b).
pub(super) fn log_density_at(a: f64, b: f64, x: f64, y: f64) -> f64 {
    log_density(a, b, x, y, delta(a, b, x, y))
}

fn log_density(a: f64, b: f64, x: f64, y: f64, delta: f64) -> f64 {
    let n = a + b;
    let exponent = deviance(a, delta, n * x) + deviance(b, -delta, n * y);
    // ab/n, which must not overflow.
    let harmonic = a.min(b) * (a.max(b) / n);
    stirling_correction(n) - stirling_correction(a) - stirling_correction(b) + 0.5 * harmonic.ln()
        - LN_SQRT_2PI
        - exponent
}

/// ln of the integral of (t/x)^(a-1) ((1-t)/y)^(b-1) dt / (x y) over t in (0, x): by continued fraction where that is
/// quick, else with t = x exp(-u).
fn one_sided(b: f64, x: f64, y: f64, a: f64, delta: f64) -> f64 {
    if let Some(value) = fraction(a, b, x, delta) {
        return value.ln();
    }
    let odds = x / y;
    let slope = -(delta + x) / y;
    let border = if x <= 0.5 { -x.ln() } else { -(-y).ln_1p() };
    (tail_integral(&BetaBody { a, b, x, odds, slope, border }) / y).ln()
}

/// The same integral, short of the mean and for moderate shapes, by the continued fraction of Didonato and Morris (1992,
/// equation 9) with Lentz's evaluation; `None` elsewhere. Relative error below 1e-14.
fn fraction(a: f64, b: f64, x: f64, delta: f64) -> Option<f64> {
    const SHAPES: std::ops::RangeInclusive<f64> = 0.2..=2e4;
    const STEPS: u32 = 100;
    if delta < 0.0 || x < 1e-100 || !SHAPES.contains(&a) || !SHAPES.contains(&b) {
        return None;
    }
    let mut inverse = 1.0 / (a + 1.0);
    let mut whole = a * (delta + 1.0) * inverse;
    let (mut upper, mut lower) = (whole, 0.0);
    for m in 1..STEPS {
        let m = f64::from(m);
        let before = inverse;
        inverse = 1.0 / (a + 2.0 * m + 1.0);
        let share = m * (b - m) * x * before;
        let numerator = (a + m - 1.0) * (a + b + m - 1.0) * share * x * before;
        let denominator = m + share + (a + m) * (delta + 1.0 + m * (2.0 - x)) * inverse;
        lower = 1.0 / (denominator + numerator * lower);
        upper = denominator + numerator / upper;
        let step = upper * lower;
        whole *= step;
        if (step - 1.0).abs() <= f64::EPSILON {
            return Some(1.0 / whole);
        }
    }
    None
}

struct BetaBody {
    a: f64,
    b: f64,
    x: f64,
    odds: f64,
    slope: f64,
    border: f64,
}

impl LogIntegrand for BetaBody {
    fn at(&self, u: f64) -> f64 {
        let rise = -(-u).exp_m1();
        let q = self.odds * rise;
        let (fall, log) = (self.a * u, (self.b - 1.0) * q.ln_1p());
        if fall + log.abs() <= -2.0 * self.slope * u {
            return log - fall;
        }
        // The same with the linear parts of both terms, which nearly cancel for large shapes, taken out in `slope`.
        self.slope * u + (self.b - 1.0) * (ln_1p_minus(q) - self.odds * exp_m1_minus(-u))
    }
    fn slopes(&self, u: f64) -> (f64, f64) {
        // 1 - x exp(-u) = (1 - exp(-(u + border))), with no cancellation near the border.
        let gap = -(-(u + self.border)).exp_m1();
        let share = self.x * (-u).exp() / gap;
        (-self.a + (self.b - 1.0) * share, (self.b - 1.0) * share / gap)
    }
    fn reach(&self, u: f64) -> f64 {
        let rest = (self.b - 1.0) * self.x * (-u).exp();
        (3.0 * (u + self.border)).min(reach_of_exponential(rest))
    }
    fn least_rate(&self) -> f64 {
        self.a
    }
}
