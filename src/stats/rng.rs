//! Random numbers that depend on a seed, a name and a replicate, and on nothing else.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011) is a function of a key and a counter. Its key is the seed
//! exclusive-or the FNV-1a hash of a name, its counter the replicate and a block number, so replicate 17 of a metric
//! is the same on one thread and on 64, and with other metrics added or removed. One block starts a [`Stream`] that
//! draws with wyrand, which is four times faster. Samplers use `libm`, so the bits agree across platforms.

/// FNV-1a, 64 bits (Fowler, Noll & Vo): the name's part of the key.
pub fn hash_name(name: &str) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    name.bytes().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// One block of Philox4x32-10.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (mut c, mut k) = (counter, key);
    for _ in 0..10 {
        let low = u64::from(MULTIPLIERS[0]) * u64::from(c[0]);
        let high = u64::from(MULTIPLIERS[1]) * u64::from(c[2]);
        c = [(high >> 32) as u32 ^ c[1] ^ k[0], high as u32, (low >> 32) as u32 ^ c[3] ^ k[1], low as u32];
        k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
    }
    c
}

/// The draws of one replicate.
///
/// ```
/// use serinus::stats::rng::Stream;
/// let (mut one, mut again) = (Stream::new(7, "latency", 41), Stream::new(7, "latency", 41));
/// assert_eq!(one.bits(), again.bits());
/// assert_ne!(one.bits(), Stream::new(7, "latency", 42).bits());
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    state: u64,
    /// The second normal of a polar pair.
    spare: Option<f64>,
}

impl Stream {
    /// The stream of one replicate of one metric.
    pub fn new(seed: u64, name: &str, replicate: u64) -> Stream {
        Stream::keyed(seed ^ hash_name(name), replicate, 0)
    }

    /// The stream of a key that was made before, a replicate and a block.
    pub fn keyed(key: u64, replicate: u64, block: u64) -> Stream {
        let counter = [replicate as u32, (replicate >> 32) as u32, block as u32, (block >> 32) as u32];
        let start = philox(counter, [key as u32, (key >> 32) as u32]);
        Stream { state: u64::from(start[0]) | u64::from(start[1]) << 32, spare: None }
    }

    /// 64 random bits: one step of wyrand (Wang Yi, public domain).
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x2d35_8dcc_aa6c_78a5);
        let product = u128::from(self.state) * u128::from(self.state ^ 0x8bb8_4b93_962e_acc9);
        (product >> 64) as u64 ^ product as u64
    }

    /// Uniform on the open interval (0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform on 0..n without bias (Lemire 2019); 0 when n is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            // Only when the low half falls below n can there be bias; 2^64 mod n of them are drawn again.
            if product as u64 >= n || product as u64 >= n.wrapping_neg().checked_rem(n).unwrap_or(0) {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let factor = (-2.0 * libm::log(s) / s).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }

    /// Standard exponential.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform())
    }

    /// Gamma with a positive shape and scale 1 (Marsaglia & Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // X(a) = X(a + 1) U^(1/a).
            let boost = libm::exp(libm::log(self.uniform()) / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let z = self.normal();
            let v = 1.0 + c * z;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = self.uniform();
            let z2 = z * z;
            if u < 1.0 - 0.0331 * z2 * z2 || libm::log(u) < 0.5 * z2 + d * (1.0 - v + libm::log(v)) {
                return d * v;
            }
        }
    }

    /// Beta with positive shapes, as the share of one gamma in two; 1/2 when both gammas vanish.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        if x + y > 0.0 { x / (x + y) } else { 0.5 }
    }
}

/// Largest sample of which two indices are taken from one 64-bit draw.
///
/// A 32-bit fraction makes some indices likelier than others by at most n / 2^32, here 1 in 4,096.
const TWO_PER_DRAW: usize = 1 << 20;

/// Calls `visit` with the position of each of `count` draws and a uniform index below `n`; draws come in fours.
///
/// The inner loop of every bootstrap: 64 random bits make two indices.
#[inline]
pub fn resample(stream: &mut Stream, n: usize, count: usize, mut visit: impl FnMut(usize, usize)) {
    if n == 0 {
        return;
    }
    if n > TWO_PER_DRAW {
        for i in 0..count {
            visit(i, ((u128::from(stream.bits()) * n as u128) >> 64) as usize);
        }
        return;
    }
    resample_within::<TWO_PER_DRAW>(stream, n, count, visit);
}

/// As [`resample`] for `n` up to `MOST`, a power of two: a table of that length takes any index without a check.
#[inline]
pub(crate) fn resample_within<const MOST: usize>(
    stream: &mut Stream,
    n: usize,
    count: usize,
    mut visit: impl FnMut(usize, usize),
) {
    const { assert!(MOST.is_power_of_two() && MOST <= TWO_PER_DRAW) }
    debug_assert!(n <= MOST, "{n}");
    let bits_of_index = const { MOST.ilog2() };
    // A 32-bit fraction times n, moved up so that what is left of it after one shift is known to be below MOST.
    let n = (n as u64) << (32 - bits_of_index);
    let first = |bits: u64| (((bits & 0xffff_ffff) * n) >> (64 - bits_of_index)) as usize;
    let second = |bits: u64| (((bits >> 32) * n) >> (64 - bits_of_index)) as usize;
    let fours = count / 4;
    for i in 0..fours {
        let (a, b) = (stream.bits(), stream.bits());
        visit(4 * i, first(a));
        visit(4 * i + 1, second(a));
        visit(4 * i + 2, first(b));
        visit(4 * i + 3, second(b));
    }
    for i in 4 * fours..count {
        visit(i, first(stream.bits()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn fnv_gives_its_published_answers() {
        assert_eq!(hash_name(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash_name("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash_name("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_bits_of_a_stream_are_fixed_for_ever() {
        // These change every published bootstrap answer; they must not.
        let mut s = Stream::new(0, "latency", 0);
        let bits = [s.bits(), s.bits()];
        let normal = Stream::new(0, "latency", 1).normal();
        let gamma = Stream::new(0, "latency", 2).gamma(2.5);
        assert_eq!(bits, FIXED_BITS);
        assert_eq!([normal.to_bits(), gamma.to_bits()], FIXED_VARIATES);
    }
    const FIXED_BITS: [u64; 2] = [9_105_833_385_599_494_012, 10_283_160_908_255_994_346];
    const FIXED_VARIATES: [u64; 2] = [4_612_403_716_514_074_675, 4_614_059_467_164_062_456];

    fn mean_and_variance(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..n).map(|_| draw()).collect();
        let m = crate::stats::describe::Moments::of(&values).unwrap();
        (m.mean().unwrap(), m.variance().unwrap())
    }

    #[test]
    fn variates_have_their_means_and_variances() {
        // 40,000 draws; tolerances are five standard errors.
        let n = 40_000;
        let root = (n as f64).sqrt();
        let mut s = Stream::new(1, "test", 0);
        let (mean, variance) = mean_and_variance(n, || s.uniform());
        assert!((mean - 0.5).abs() < 5.0 * 0.289 / root && (variance - 1.0 / 12.0).abs() < 5.0 * 0.075 / root);
        let (mean, variance) = mean_and_variance(n, || s.normal());
        assert!(mean.abs() < 5.0 / root && (variance - 1.0).abs() < 5.0 * 1.42 / root);
        for shape in [0.3, 1.0, 7.5, 400.0] {
            let (mean, variance) = mean_and_variance(n, || s.gamma(shape));
            assert!((mean - shape).abs() < 5.0 * shape.sqrt() / root, "gamma({shape}) mean {mean}");
            // Var of the variance estimate is (2 + excess) sigma^4 / n with excess 6 / shape.
            let se = shape * (2.0 + 6.0 / shape).sqrt() / root;
            assert!((variance - shape).abs() < 5.0 * se, "gamma({shape}) variance {variance}");
        }
        let (mean, _) = mean_and_variance(n, || s.beta(2.0, 6.0));
        assert!((mean - 0.25).abs() < 5.0 * 0.1443 / root);
    }

    #[test]
    fn bounded_integers_stay_below_and_reach_every_value() {
        let mut s = Stream::new(2, "test", 0);
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[s.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&c| (850..1150).contains(&c)), "{seen:?}");
        assert_eq!(s.below(0), 0);
        assert_eq!(s.below(1), 0);
    }

    #[test]
    fn resampled_indices_are_uniform_and_complete() {
        let (mut counts, mut visits) = (vec![0_u32; 10], 0);
        resample(&mut Stream::new(3, "test", 0), 10, 10_003, |i, j| {
            assert_eq!(i, visits);
            visits += 1;
            counts[j] += 1;
        });
        assert_eq!(visits, 10_003);
        assert!(counts.iter().all(|&c| (850..1150).contains(&c)), "{counts:?}");
    }

    #[test]
    fn indices_are_the_same_for_whatever_table_they_are_meant() {
        for n in [1, 2, 500, 1023, 1024] {
            let (mut plain, mut within) = (Vec::new(), Vec::new());
            resample(&mut Stream::new(4, "test", n as u64), n, 1001, |_, j| plain.push(j));
            resample_within::<1024>(&mut Stream::new(4, "test", n as u64), n, 1001, |_, j| within.push(j));
            assert_eq!(plain, within, "{n}");
        }
    }
}
