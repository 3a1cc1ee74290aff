//! Integrals of exp(h(u)) over [0, inf) for an h that falls: the body of every incomplete beta and gamma.

/// Nodes and weights of the 20-point Gauss-Legendre rule on [-1, 1], positive half, to 17 digits.
const GAUSS_LEGENDRE_20: [(f64, f64); 10] = [
    (0.076_526_521_133_497_34, 0.15275338713072585),
    (0.22778585114164508, 0.14917298647260375),
    (0.37370608871541956, 0.14209610931838205),
    (0.5108670019508271, 0.13168863844917663),
    (0.636_053_680_726_515, 0.11819453196151842),
    (0.746_331_906_460_150_8, 0.10193011981724044),
    (0.839_116_971_822_218_8, 0.083_276_741_576_704_75),
    (0.912_234_428_251_326, 0.062_672_048_334_109_07),
    (0.963_971_927_277_913_8, 0.040_601_429_800_386_94),
    (0.993_128_599_185_094_9, 0.017614007139152118),
];

/// Fall of the log integrand over one panel. The 20-point rule is exact to the last digit for an exponential over 16
/// and for a bell over four standard deviations, which is a fall of 8.
const FALL_PER_PANEL: f64 = 8.0;

/// A log integrand on [0, inf), zero at zero.
pub(super) trait LogIntegrand {
    /// h(u).
    fn at(&self, u: f64) -> f64;
    /// h'(u) and h''(u), for the width of a panel; rough values will do.
    fn slopes(&self, u: f64) -> (f64, f64);
    /// The widest panel from u that stays clear of singularities.
    fn reach(&self, u: f64) -> f64;
    /// A rate below which the far slope does not fall, for the remainder.
    fn least_rate(&self) -> f64;
}

/// The integral of exp(h) over [0, inf).
pub(super) fn tail_integral(h: &impl LogIntegrand) -> f64 {
    let mut u = 0.0;
    let mut sum = 0.0;
    // A thousand panels reach from the smallest to the largest exponent of f64; a handful is usual.
    for _ in 0..1000 {
        let (slope, bend) = h.slopes(u);
        let slope = slope.abs();
        let width = 2.0 * FALL_PER_PANEL / (slope + (slope * slope + 2.0 * FALL_PER_PANEL * bend.abs()).sqrt());
        let half = 0.5 * width.min(h.reach(u));
        let middle = u + half;
        let mut panel = 0.0;
        for (node, weight) in GAUSS_LEGENDRE_20 {
            panel += weight * (h.at(middle - half * node).exp() + h.at(middle + half * node).exp());
        }
        sum += half * panel;
        u += 2.0 * half;
        let (slope, _) = h.slopes(u);
        if slope < 0.0 && h.at(u).exp() <= 1e-18 * sum * (-slope).min(h.least_rate()) {
            break;
        }
    }
    sum
}

/// The widest panel over which `rest` exp(-u) is followed to the last digit; any, once it has no digit left.
pub(super) fn reach_of_exponential(rest: f64) -> f64 {
    if rest.abs() < 1e-18 { f64::INFINITY } else { FALL_PER_PANEL }
}

/// ln(1 + z) - z without cancellation.
pub(super) fn ln_1p_minus(z: f64) -> f64 {
    if z.abs() > 0.3 {
        return z.ln_1p() - z;
    }
    // ln(1+z) = 2 atanh v with v = z/(2+z), and 2v - z = -z v.
    let v = z / (2.0 + z);
    let v2 = v * v;
    let (mut power, mut sum) = (v2, 0.0);
    for j in 1..=40 {
        let term = power / (2 * j + 1) as f64;
        sum += term;
        if term <= 1e-17 * sum {
            break;
        }
        power *= v2;
    }
    -z * v + 2.0 * v * sum
}

/// exp(z) - 1 - z without cancellation.
pub(super) fn exp_m1_minus(z: f64) -> f64 {
    if z.abs() > 0.5 {
        return z.exp_m1() - z;
    }
    let (mut term, mut sum) = (0.5 * z * z, 0.0);
    let mut j = 2.0;
    while f64::abs(term) > 1e-18 * f64::abs(sum) {
        sum += term;
        j += 1.0;
        term *= z / j;
    }
    sum
}

/// a - n x, where n x has all its digits: the distance from the mean that every exponent hangs on.
pub(super) fn distance_from_mean(a: f64, b: f64, x: f64) -> f64 {
    let n = a + b;
    let virtual_b = n - a;
    let lost = (a - (n - virtual_b)) + (b - virtual_b);
    let product = n * x;
    let rounding = n.mul_add(x, -product);
    (a - product) - rounding - lost * x
}

/// mean * phi(delta/mean) with phi(e) = (1+e) ln(1+e) - e: Loader's deviance of `value = mean + delta`.
pub(super) fn deviance(value: f64, delta: f64, mean: f64) -> f64 {
    if delta.abs() < 0.1 * (value + mean) {
        let v = delta / (value + mean);
        let v2 = v * v;
        let mut sum = delta * v;
        let mut term = 2.0 * value * v;
        for j in 1..=60 {
            term *= v2;
            let next = sum + term / (2 * j + 1) as f64;
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    let ratio = value / mean;
    let log = if ratio.is_finite() && ratio > 0.0 { ratio.ln() } else { value.ln() - mean.ln() };
    value * log - delta
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_differences_keep_their_digits() {
        assert!((ln_1p_minus(1e-8) / -4.999_999_966_666_667e-17 - 1.0).abs() < 1e-14);
        assert!((exp_m1_minus(1e-8) / 5.000_000_016_666_667e-17 - 1.0).abs() < 1e-14);
        assert_eq!(ln_1p_minus(0.0), 0.0);
        assert_eq!(exp_m1_minus(0.0), 0.0);
    }
}
