//! Means of rows and ratios of sums over units, resampled by index with their standard errors.

use super::arm::{Replicate, Resample, finite};
use crate::stats::Unanswerable;
use crate::stats::contrast::Flag;
use crate::stats::describe::Moments;
use crate::stats::rng::{Stream, resample, resample_within};

/// Rows above which a mean is resampled in random buckets.
const MOST_ROWS: usize = 20_000;
/// Number of those buckets.
const BUCKETS: usize = 1_000;
/// A replicate's spread below this share of its sum of squares is rounding.
const ROUNDING: f64 = 1e-12;

/// The mean of rows.
///
/// Above 20,000 rows it resamples 1,000 random buckets of rows, as a ratio of their sums and sizes; mean, variance and
/// skewness of the replicates stay those of the rows, at a twentieth of the cost or less ([`Flag::Bucketed`]).
#[derive(Debug, Clone)]
pub struct Mean(Units);

impl Mean {
    /// The mean of a sample.
    ///
    /// # Errors
    /// [`Unanswerable::Undefined`] below two values, [`Unanswerable::NonFinite`].
    pub fn new(values: &[f64]) -> Result<Mean, Unanswerable> {
        finite(values)?;
        let few = Unanswerable::Undefined { test: "bootstrap", why: "a mean needs two rows or more" };
        let moments = Moments::of(values).expect("every value is finite");
        let at = moments.location().ok_or(few)?;
        let exponent = if moments.m2() == 0.0 && moments.skewness().is_none() { 0 } else { at.exponent };
        let (pivot, centre) = (libm::ldexp(at.pivot, -exponent), libm::ldexp(at.offset, at.exponent - exponent));
        let errors = values.iter().map(|v| {
            // A small difference is exact before it is scaled up; a large one is scaled down before it can overflow.
            let d =
                if exponent > 0 { libm::ldexp(*v, -exponent) - pivot } else { libm::ldexp(v - at.pivot, -exponent) };
            d - centre
        });
        let estimate = moments.mean().expect("there are two values or more");
        let (rows, flags) = if values.len() > MOST_ROWS {
            (Rows::Sized(buckets(errors)), vec![Flag::Bucketed])
        } else {
            (Rows::Equal(Equal::new(errors)), Vec::new())
        };
        Ok(Mean(Units { estimate, exponent, rows, flags }))
    }
}

/// The ratio of two sums over units, such as clicks over impressions by user, or a mean of rows that users share.
///
/// Whole units are resampled. The standard error is that of the linearised ratio, V = G/(G - 1) sum e^2 / (sum d)^2
/// with e = u - R d (Deng, Knoblich & Lu 2018), in every replicate anew.
#[derive(Debug, Clone)]
pub struct RatioOfSums(Units);

impl RatioOfSums {
    /// The ratio of the units' `totals` to their `sizes`.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for lists of unequal length or a negative size, [`Unanswerable::NonFinite`],
    /// [`Unanswerable::Undefined`] below five units or when all sizes are 0.
    pub fn new(totals: &[f64], sizes: &[f64]) -> Result<RatioOfSums, Unanswerable> {
        finite(totals)?;
        finite(sizes)?;
        let undefined = |why| Err(Unanswerable::Undefined { test: "bootstrap", why });
        if totals.len() != sizes.len() {
            let (value, expected) = (sizes.len() as f64, "there has to be one for each total");
            return Err(Unanswerable::Argument { argument: "number of sizes", value, expected });
        }
        if let Some(&value) = sizes.iter().find(|d| **d < 0.0) {
            let expected = "a unit's size cannot be negative";
            return Err(Unanswerable::Argument { argument: "size", value, expected });
        }
        if totals.len() < 5 {
            return undefined("a ratio of sums needs five units or more");
        }
        // Sizes in units of the largest, totals in units of theirs: neither sum can overflow.
        let largest = |v: &[f64]| match v.iter().fold(0.0_f64, |m, v| m.max(v.abs())) {
            0.0 => 0,
            v => libm::ilogb(v),
        };
        let (by_total, by_size) = (largest(totals), largest(sizes));
        let scaled = |v: &[f64], e: i32| v.iter().map(|v| libm::ldexp(*v, -e)).collect::<Vec<f64>>();
        let (u, d) = (scaled(totals, by_total), scaled(sizes, by_size));
        let sum_d: f64 = d.iter().sum();
        if sum_d == 0.0 {
            return undefined("all sizes are 0");
        }
        let ratio = u.iter().sum::<f64>() / sum_d;
        let exponent = by_total - by_size;
        let estimate = libm::ldexp(ratio, exponent);
        if !estimate.is_finite() {
            return undefined("the ratio exceeds the range");
        }
        let exact = |u: f64, d: f64| {
            let e = u - ratio * d;
            if e.abs() <= 4.0 * f64::EPSILON * u.abs() { 0.0 } else { e }
        };
        let rows = Rows::Sized(u.iter().zip(&d).map(|(&u, &d)| (exact(u, d), d)).collect());
        let flags = if totals.len() < 20 { vec![Flag::FewUnits] } else { Vec::new() };
        Ok(RatioOfSums(Units { estimate, exponent, rows, flags }))
    }
}

/// Units by what they add: e = u - R d, and d.
#[derive(Debug, Clone)]
struct Units {
    estimate: f64,
    /// Errors are in units of 2^exponent.
    exponent: i32,
    rows: Rows,
    flags: Vec<Flag>,
}

#[derive(Debug, Clone)]
enum Rows {
    /// Every size is 1.
    Equal(Equal),
    /// Errors and sizes.
    Sized(Vec<(f64, f64)>),
}

/// Rows put into random buckets: the sum of each and its size.
fn buckets(errors: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    // The buckets are the same in every run; which rows share one does not depend on their values.
    let mut stream = Stream::new(0, "buckets", 0);
    let mut buckets = vec![(0.0, 0.0); BUCKETS];
    for e in errors {
        let bucket = &mut buckets[stream.below(BUCKETS as u64) as usize];
        bucket.0 += e;
        bucket.1 += 1.0;
    }
    buckets
}

/// Errors of rows, and behind them zeros up to one of two lengths, so that a draw needs no check.
#[derive(Debug, Clone)]
struct Equal {
    table: Vec<f64>,
    rows: usize,
}

impl Equal {
    /// 16 KiB, so that small samples need not fill the long one.
    const SHORT: usize = 1 << 11;
    const LONG: usize = MOST_ROWS.next_power_of_two();

    fn new(errors: impl ExactSizeIterator<Item = f64>) -> Equal {
        let rows = errors.len();
        let mut table = vec![0.0; if rows <= Self::SHORT { Self::SHORT } else { Self::LONG }];
        table.iter_mut().zip(errors).for_each(|(cell, error)| *cell = error);
        Equal { table, rows }
    }

    fn errors(&self) -> &[f64] {
        &self.table[..self.rows]
    }

    /// Calls `visit` with the place of each draw and the error drawn.
    #[inline]
    fn resample(&self, stream: &mut Stream, mut visit: impl FnMut(usize, f64)) {
        let n = self.rows;
        if let Ok(table) = <&[f64; Self::SHORT]>::try_from(&self.table[..]) {
            resample_within::<{ Self::SHORT }>(stream, n, n, |i, j| visit(i, table[j]));
        } else {
            let table: &[f64; Self::LONG] = self.table[..].try_into().expect("a table is short or long");
            resample_within::<{ Self::LONG }>(stream, n, n, |i, j| visit(i, table[j]));
        }
    }
}

impl Units {
    /// Change and standard error, in units of 2^exponent, from sums over units; `None` when the sizes sum to 0.
    fn of_sums(units: f64, sums: &Sums) -> Option<(f64, f64)> {
        if !(sums.d > 0.0) {
            return None;
        }
        let change = sums.e / sums.d;
        let squares = sums.ee - 2.0 * change * sums.ed + change * change * sums.dd;
        let squares = if squares <= ROUNDING * sums.ee { 0.0 } else { squares };
        Some((change, (units / (units - 1.0) * squares).sqrt() / sums.d))
    }

    fn replicate_by(&self, stream: &mut Stream) -> Option<(f64, f64)> {
        match &self.rows {
            Rows::Equal(equal) => {
                let (mut e, mut ee) = ([0.0; 4], [0.0; 4]);
                equal.resample(stream, |i, v| {
                    e[i & 3] += v;
                    ee[i & 3] += v * v;
                });
                let (e, ee, n) = (e.iter().sum(), ee.iter().sum(), equal.rows as f64);
                Units::of_sums(n, &Sums { e, ee, d: n, ed: e, dd: n })
            }
            Rows::Sized(pairs) => {
                let mut sums = Sums::default();
                resample(stream, pairs.len(), pairs.len(), |_, j| sums.add(pairs[j]));
                Units::of_sums(pairs.len() as f64, &sums)
            }
        }
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        match &self.rows {
            Rows::Equal(equal) => equal.errors().iter().for_each(|e| sums.add((*e, 1.0))),
            Rows::Sized(pairs) => pairs.iter().for_each(|p| sums.add(*p)),
        }
        sums
    }

    fn len(&self) -> usize {
        match &self.rows {
            Rows::Equal(equal) => equal.rows,
            Rows::Sized(pairs) => pairs.len(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    e: f64,
    ee: f64,
    d: f64,
    ed: f64,
    dd: f64,
}

impl Sums {
    fn add(&mut self, (e, d): (f64, f64)) {
        self.e += e;
        self.ee += e * e;
        self.d += d;
        self.ed += e * d;
        self.dd += d * d;
    }
}

impl Resample for Units {
    fn n(&self) -> u64 {
        self.len() as u64
    }

    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn standard_error(&self) -> Option<f64> {
        Units::of_sums(self.len() as f64, &self.sums()).map(|(_, se)| libm::ldexp(se, self.exponent))
    }

    fn change(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<f64> {
        let Rows::Equal(equal) = &self.rows else { return self.replicate(stream, scratch).map(|r| r.change) };
        let mut e = [0.0; 4];
        equal.resample(stream, |i, v| e[i & 3] += v);
        Some(libm::ldexp(e.iter().sum::<f64>() / equal.rows as f64, self.exponent))
    }

    fn replicate(&self, stream: &mut Stream, _: &mut Vec<u32>) -> Option<Replicate> {
        let (change, se) = self.replicate_by(stream)?;
        let native = |v: f64| libm::ldexp(v, self.exponent);
        Some(Replicate { change: native(change), standard_error: Some(native(se)) })
    }

    fn influences(&self) -> Option<Vec<f64>> {
        let total = self.sums().d;
        let of = |e: f64| libm::ldexp(e / total, self.exponent);
        Some(match &self.rows {
            Rows::Equal(equal) => equal.errors().iter().map(|e| of(*e)).collect(),
            Rows::Sized(pairs) => pairs.iter().map(|(e, _)| of(*e)).collect(),
        })
    }

    fn is_constant(&self) -> bool {
        match &self.rows {
            Rows::Equal(equal) => equal.errors().iter().all(|e| *e == 0.0),
            Rows::Sized(pairs) => pairs.iter().all(|(e, _)| *e == 0.0),
        }
    }

    fn flags(&self) -> Vec<Flag> {
        self.flags.clone()
    }
}

macro_rules! resample_as_units {
    ($($name:ident),*) => {$(
        impl Resample for $name {
            fn n(&self) -> u64 {
                self.0.n()
            }
            fn estimate(&self) -> f64 {
                self.0.estimate()
            }
            fn standard_error(&self) -> Option<f64> {
                self.0.standard_error()
            }
            fn replicate(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<Replicate> {
                self.0.replicate(stream, scratch)
            }
            fn change(&self, stream: &mut Stream, scratch: &mut Vec<u32>) -> Option<f64> {
                self.0.change(stream, scratch)
            }
            fn influences(&self) -> Option<Vec<f64>> {
                self.0.influences()
            }
            fn is_constant(&self) -> bool {
                self.0.is_constant()
            }
            fn flags(&self) -> Vec<Flag> {
                self.0.flags()
            }
        }
    )*};
}

resample_as_units!(Mean, RatioOfSums);
