//! The law of the one-sample Kolmogorov-Smirnov statistic at a finite n, which SciPy's two-sample test borrows.
//!
//! Regions and switches after Simard & L'Ecuyer (2011), Journal of Statistical Software 39(11), as SciPy's `kstwo`
//! draws them; the matrix power is Marsaglia, Tsang & Wang (2003), Journal of Statistical Software 8(18).

use std::f64::consts::PI;

use super::special;

/// Beyond this n the one-sided sum is replaced by its limit, as SciPy's `smirnov` does.
const LARGEST_SUM: u64 = 1_000_000;
/// From this n d^2 on the summands are flat enough at their ends for a subset to stand for all.
const SMOOTH_FROM: f64 = 2.0;
/// Summands of such a subset, at least.
const SUMMANDS: u64 = 192;
/// Up to this n every region is exact to about 1e-10.
const SMALL: u64 = 140;
/// Where matrix powers rescale, so that 1e5-fold products stay in range.
const RESCALE: f64 = 1e140;

/// P(D+ >= d) for the one-sided one-sample statistic of n continuous values.
///
/// The sum of Birnbaum & Tingey (1951), written as x sum_v b(v; n, x + v/n) / (x + v/n) with binomial probabilities b,
/// all of one sign. The summands rise and fall smoothly and vanish with all their slopes at both ends, so that a regular
/// subset of a few hundred of them, times its stride, has the sum of all (Trefethen & Weideman 2014, SIAM Review 56).
/// Beyond a million values exp(-(6 n d + 1)^2 / (18 n)), as SciPy's `smirnov` does.
///
/// ```
/// use serinus::stats::kolmogorov_one_sample::one_sided_sf;
/// // With one value, D+ is one minus the value's rank in its law.
/// assert!((one_sided_sf(0.3, 1) - 0.7).abs() < 1e-14);
/// ```
pub fn one_sided_sf(d: f64, n: u64) -> f64 {
    if d.is_nan() || d <= 0.0 || n == 0 {
        return 1.0;
    }
    if d >= 1.0 {
        return 0.0;
    }
    let size = n as f64;
    if n > LARGEST_SUM {
        return (-(6.0 * size * d + 1.0).powi(2) / (18.0 * size)).exp();
    }
    let last = (size * (1.0 - d)).floor() as u64;
    let stride = if size * d * d >= SMOOTH_FROM { (n / SUMMANDS).max(1) } else { 1 };
    let mut sum = 0.0;
    for v in (0..=last.min(n)).step_by(stride as usize) {
        let p = (d + v as f64 / size).min(1.0);
        sum += special::binom_pmf(v, n, p) / p;
    }
    (d * sum * stride as f64).clamp(0.0, 1.0)
}

/// P(D >= d) for the two-sided one-sample statistic of n continuous values.
///
/// Exact to about 1e-10 up to n = 140; beyond it the published switches hold 5 digits or more: twice the one-sided
/// tail where n d^2 >= 2.2, else one minus a matrix power or the expansion of Pelz & Good (1976), JRSS B 38.
///
/// ```
/// use serinus::stats::kolmogorov_one_sample::two_sided_sf;
/// assert_eq!(two_sided_sf(0.5, 1), 1.0);
/// assert!((two_sided_sf(0.75, 1) - 0.5).abs() < 1e-14);
/// ```
pub fn two_sided_sf(d: f64, n: u64) -> f64 {
    if d.is_nan() || d <= 0.0 || n == 0 {
        return 1.0;
    }
    if d >= 1.0 {
        return 0.0;
    }
    let size = n as f64;
    let t = size * d;
    if t <= 0.5 {
        return 1.0;
    }
    if t <= 1.0 {
        return 1.0 - below_one_step(n, t);
    }
    if t >= size - 1.0 {
        return 2.0 * (1.0 - d).powf(size);
    }
    let twice = || (2.0 * one_sided_sf(d, n)).min(1.0);
    if d >= 0.5 {
        return twice();
    }
    let nd2 = t * d;
    let cdf = if n <= SMALL {
        if nd2 > 4.0 {
            return twice();
        }
        matrix_cdf(n, d)
    } else if nd2 >= 370.0 {
        return 0.0;
    } else if nd2 >= 2.2 {
        return twice();
    } else if n <= 100_000 && size * d.powf(1.5) <= 1.4 {
        matrix_cdf(n, d)
    } else {
        pelz_good_cdf(size, d)
    };
    (1.0 - cdf).clamp(0.0, 1.0)
}

/// P(D < d) = n! (2d - 1/n)^n for 1/2 <= n d <= 1 (Ruben & Gambino 1982).
fn below_one_step(n: u64, t: f64) -> f64 {
    let size = n as f64;
    let log_step = (2.0 * t - 1.0).ln();
    (special::ln_gamma(size + 1.0) - size * size.ln() + size * log_step).exp()
}

/// A square matrix times a power of ten, so that its entries stay in range.
struct Scaled {
    entries: Vec<f64>,
    exponent: i32,
}

/// P(D < d): the middle entry of the n-th power of a (2k-1)-square matrix, times n!/n^n. O(k^3 log n).
fn matrix_cdf(n: u64, d: f64) -> f64 {
    let size = n as f64;
    let k = (size * d).ceil() as usize;
    let h = k as f64 - size * d;
    let order = 2 * k - 1;
    let mut base = vec![0.0; order * order];
    for i in 0..order {
        for j in 0..order {
            base[i * order + j] = if i + 1 >= j { 1.0 } else { 0.0 };
        }
    }
    for i in 0..order {
        base[i * order] -= h.powi(i as i32 + 1);
        base[(order - 1) * order + i] -= h.powi((order - i) as i32);
    }
    if 2.0 * h > 1.0 {
        base[(order - 1) * order] += (2.0 * h - 1.0).powi(order as i32);
    }
    for i in 0..order {
        for j in 0..(i + 1).min(order) {
            base[i * order + j] /= (1..=(i + 1 - j)).map(|g| g as f64).product::<f64>();
        }
    }
    let power = matrix_power(Scaled { entries: base, exponent: 0 }, order, n);
    let mut value = power.entries[(k - 1) * order + k - 1];
    let mut exponent = power.exponent;
    for i in 1..=n {
        value *= i as f64 / size;
        if value < 1.0 / RESCALE {
            value *= RESCALE;
            exponent -= 140;
        }
    }
    value * 10f64.powi(exponent)
}

fn matrix_power(mut square: Scaled, order: usize, mut n: u64) -> Scaled {
    let mut result: Option<Scaled> = None;
    loop {
        if n & 1 == 1 {
            result = Some(match result {
                None => Scaled { entries: square.entries.clone(), exponent: square.exponent },
                Some(r) => product(&r, &square, order),
            });
        }
        n >>= 1;
        if n == 0 {
            return result.expect("the power is at least 1");
        }
        square = product(&square, &square, order);
    }
}

fn product(a: &Scaled, b: &Scaled, order: usize) -> Scaled {
    let mut entries = vec![0.0; order * order];
    for i in 0..order {
        for l in 0..order {
            let left = a.entries[i * order + l];
            if left != 0.0 {
                let row = &b.entries[l * order..(l + 1) * order];
                for (entry, right) in entries[i * order..(i + 1) * order].iter_mut().zip(row) {
                    *entry += left * right;
                }
            }
        }
    }
    let mut exponent = a.exponent + b.exponent;
    let middle = order / 2;
    if entries[middle * order + middle] > RESCALE {
        entries.iter_mut().for_each(|e| *e /= RESCALE);
        exponent += 140;
    }
    Scaled { entries, exponent }
}

/// P(D < d) by the expansion in 1/sqrt(n), each term a theta series that converges fast at small d (Pelz & Good 1976).
fn pelz_good_cdf(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, z4, z6) = (z * z, z.powi(4), z.powi(6));
    let q_log = -PI * PI / (8.0 * z2);
    if q_log < -708.0 {
        return 0.0;
    }
    let (pi2, pi4, pi6) = (PI * PI, PI.powi(4), PI.powi(6));
    let mut k = [0.0; 4];
    let terms = (16.0 * z / PI).ceil() as u32;
    for i in (1..=terms).rev() {
        let o = f64::from(2 * i - 1);
        let (o2, o4, o6) = (o * o, o.powi(4), o.powi(6));
        let q = (q_log * o2).exp();
        k[0] += q;
        k[1] += q * (-z2 + pi2 / 4.0 * o2);
        k[2] += q * (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * o2 + pi4 * (1.0 - 2.0 * z2) / 16.0 * o4);
        k[3] += q
            * (-30.0 * z6 - 90.0 * z.powi(8)
                + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * o2
                + pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * o4
                + pi6 * (5.0 - 30.0 * z2) / 64.0 * o6);
    }
    let root = (2.0 * PI).sqrt();
    for (value, divisor) in k.iter_mut().zip([z, 6.0 * z4, 72.0 * z.powi(7), 6480.0 * z.powi(10)]) {
        *value *= root / divisor;
    }
    let (mut even2, mut even3) = (0.0, 0.0);
    for i in (1..=terms).rev() {
        let i2 = f64::from(i) * f64::from(i);
        let q = (-pi2 / 2.0 / z2 * i2).exp();
        even2 += i2 * q;
        even3 += (3.0 * z2 - pi2 * i2) * i2 * q;
    }
    k[2] -= even2 * pi2 * root / (36.0 * z.powi(3));
    k[3] += even3 * pi2 * root / (216.0 * z6);
    k[0] + k[1] / n.sqrt() + k[2] / n + k[3] / (n * n.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_of_the_summands_has_the_sum_of_all() {
        for n in [400_u64, 1_000, 5_003, 50_000] {
            for nd2 in [2.0, 2.2, 3.0, 7.0, 40.0, 150.0, 360.0] {
                let d = (nd2 / n as f64).sqrt();
                if d >= 1.0 {
                    continue;
                }
                let size = n as f64;
                let last = (size * (1.0 - d)).floor() as u64;
                let term = |v: u64| {
                    let p = (d + v as f64 / size).min(1.0);
                    special::binom_pmf(v, n, p) / p
                };
                let all = d * (0..=last).map(term).sum::<f64>();
                let found = one_sided_sf(d, n);
                // Summands that are no longer normal numbers have lost their digits either way.
                assert!(found < 1e-290 || (found - all).abs() <= 1e-12 * all, "{n} {nd2}: {found} {all}");
            }
        }
    }

    #[track_caller]
    fn agrees(found: f64, expected: f64, rel: f64) {
        assert!((found - expected).abs() <= rel * expected.abs(), "{found:e}, expected {expected:e}");
    }

    #[test]
    fn every_region_agrees_with_scipy_kstwo() {
        // scipy 1.17.1 stats.kstwo.sf(d, n)
        for (d, n, p) in KSTWO {
            agrees(two_sided_sf(d, n), p, 1e-9);
        }
    }

    const KSTWO: [(f64, u64, f64); 25] = [
        (0.05, 3, 1.0),
        (0.3, 2, 0.98),
        (0.475, 3, 0.3939791666666669),
        (0.45, 3, 0.4584999999999999),
        (0.7, 5, 0.005560000000000004),
        (0.2, 10, 0.7487190399999999),
        (0.35, 10, 0.1339605462624991),
        (0.05, 100, 0.9532159710635725),
        (0.09, 100, 0.3706320255863282),
        (0.19, 100, 0.0012339926382722768),
        (0.21, 100, 0.00023947345214651332),
        (0.6, 100, 5.912822156396238e-35),
        (0.99, 50, 2.0000000000000889e-100),
        (0.004, 130, 1.0),
        (0.05, 200, 0.6802625495871704),
        (0.09, 200, 0.07358925139953587),
        (0.11, 200, 0.014579948726993197),
        (0.02, 2000, 0.39531336268920436),
        (0.01, 2000, 0.9871373661366796),
        (0.04, 2000, 0.0032305680961256145),
        (0.001, 100000, 0.9999638407940036),
        (0.004, 100000, 0.08130148920222469),
        (0.0012, 1000000, 0.11215991901443556),
        (0.002, 1000001, 0.0006700258874578572),
        (0.3, 1000, 2.590715705736845e-80),
    ];

    #[test]
    fn tails_fall_as_the_distance_grows() {
        for n in [1, 2, 7, 100, 140, 141, 1000, 20_000] {
            let mut last = 1.0;
            for i in 0..=200 {
                let p = two_sided_sf(i as f64 / 200.0, n);
                assert!((0.0..=1.0).contains(&p));
                // The switches between regions hold five digits, not more.
                assert!(p <= last * (1.0 + 1e-4), "n {n}, step {i}: {p} after {last}");
                last = p;
            }
            assert_eq!(last, 0.0);
        }
    }

    #[test]
    fn odd_arguments_have_answers() {
        for d in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, 5e-324] {
            assert_eq!(two_sided_sf(d, 10), 1.0);
        }
        assert_eq!(two_sided_sf(f64::INFINITY, 10), 0.0);
        assert_eq!(two_sided_sf(0.4, 0), 1.0);
        assert!(two_sided_sf(1e-3, 1 << 40) < 1e-300);
    }
}
