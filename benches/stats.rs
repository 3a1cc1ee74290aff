//! The hot path of each test, beside the least that any program has to do with the same values: a copy, a sum, or the
//! merge of arms that are in order already.
//!
//! `cargo bench --bench stats`; names are group/variant/sizes, `ties` for values rounded to 0.1.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serinus::stats::adjust::{Adjustment, adjust};
use serinus::stats::bootstrap::{Bootstrap, Draws, Mean, Method, Quantile};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::describe::QuantileRule;
use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann, hodges_lehmann_sorted};
use serinus::stats::kolmogorov_smirnov::{KsMethod, kolmogorov_smirnov};
use serinus::stats::mann_whitney::{MannWhitney, mann_whitney};
use serinus::stats::rank::{SortedArms, sorted};
use serinus::stats::rank_tests::{RankTests, Samples, rank_tests, rank_tests_many};
use serinus::stats::welch::welch_t;
use serinus::stats::{Alternative, Unanswerable};

/// Lognormal latencies around 50, from a fixed stream.
fn latencies(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut normal = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..n).map(|_| (3.9 + 0.5 * normal()).exp()).collect()
}

fn rounded(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| (v * 10.0).round() / 10.0).collect()
}

fn ranks(c: &mut Criterion) {
    let mut group = c.benchmark_group("rank_tests");
    group.sample_size(10);
    for (m, n) in [(1_000, 1_000), (10_000, 10_000), (5_000, 100_000), (100_000, 100_000), (1_000_000, 1_000_000)] {
        let (x, y) = (latencies(m, 1), latencies(n, 2));
        let id = |what: &str| BenchmarkId::new(what, format!("{m}_{n}"));
        group.bench_function(id("both"), |b| b.iter(|| rank_tests(black_box(&x), &y, &RankTests::default())));
        group.bench_function(id("mann_whitney"), |b| {
            b.iter(|| mann_whitney(black_box(&x), &y, &MannWhitney::default()));
        });
        group.bench_function(id("kolmogorov_smirnov"), |b| {
            b.iter(|| kolmogorov_smirnov(black_box(&x), &y, Alternative::TwoSided, KsMethod::OneSample));
        });
        group.bench_function(id("sort"), |b| b.iter(|| (sorted(black_box(&x)), sorted(&y))));
        group.bench_function(id("limit: copy"), |b| b.iter(|| (black_box(&x).clone(), y.clone())));
        if let Ok(arms) = SortedArms::new("bench", &x, &y) {
            group.bench_function(id("limit: merge in order"), |b| b.iter(|| black_box(&arms).merge()));
        }
        let (x, y) = (rounded(&x), rounded(&y));
        group.bench_function(id("both, ties"), |b| b.iter(|| rank_tests(black_box(&x), &y, &RankTests::default())));
    }
    group.finish();
}

fn shift(c: &mut Criterion) {
    let mut group = c.benchmark_group("hodges_lehmann");
    group.sample_size(10);
    for (m, n) in [(200, 200), (500, 5_000), (10_000, 10_000), (5_000, 95_000), (1_000_000, 1_000_000)] {
        let (x, y) = (latencies(m, 1), latencies(n, 2));
        let id = |what: &str| BenchmarkId::new(what, format!("{m}_{n}"));
        group.bench_function(id("with interval"), |b| {
            b.iter(|| hodges_lehmann(black_box(&x), &y, &HodgesLehmann::default()));
        });
        if let Ok(arms) = SortedArms::new("bench", &x, &y) {
            group.bench_function(id("in order"), |b| {
                b.iter(|| hodges_lehmann_sorted(black_box(&arms), &HodgesLehmann::default()));
            });
            group.bench_function(id("limit: merge in order"), |b| b.iter(|| black_box(&arms).merge()));
        }
    }
    group.finish();
}

fn means(c: &mut Criterion) {
    let mut group = c.benchmark_group("welch");
    for n in [10_000, 1_000_000] {
        let (x, y) = (latencies(n, 1), latencies(n, 2));
        group.bench_function(BenchmarkId::new("t", n), |b| {
            b.iter(|| welch_t(black_box(&x), &y, Alternative::TwoSided, 0.9));
        });
        let sum = |v: &[f64]| v.chunks(8).map(|c| c.iter().sum::<f64>()).sum::<f64>();
        group.bench_function(BenchmarkId::new("limit: sum", n), |b| b.iter(|| sum(black_box(&x)) + sum(&y)));
    }
    group.finish();
}

fn resampling(c: &mut Criterion) -> Result<(), Unanswerable> {
    let mut group = c.benchmark_group("bootstrap");
    group.sample_size(10);
    let bootstrap =
        Bootstrap { method: Method::Percentile, draws: Draws::Fixed(9_999), name: "bench", ..Bootstrap::default() };
    let margin = Contrast::absolute(Better::Lower, 0.0);
    let (x, y) = (latencies(500, 1), latencies(5_000, 2));
    let (at_x, at_y) = (Mean::new(&x)?, Mean::new(&y)?);
    group.bench_function("mean/500_5000", |b| b.iter(|| bootstrap.test(black_box(&at_x), &at_y, &margin)));
    let p99 = |values: &[f64]| Quantile::new(values, 0.99, QuantileRule::InvertedCdf);
    let (at_x, at_y) = (p99(&x)?, p99(&y)?);
    group.bench_function("p99/500_5000", |b| b.iter(|| bootstrap.test(black_box(&at_x), &at_y, &margin)));
    let (at_x, at_y) = (p99(&latencies(1_000_000, 1))?, p99(&latencies(1_000_000, 2))?);
    group.bench_function("p99, in order/1000000_1000000", |b| {
        b.iter(|| bootstrap.test(black_box(&at_x), &at_y, &margin));
    });
    group.finish();
    Ok(())
}

fn many(c: &mut Criterion) -> Result<(), Unanswerable> {
    let mut group = c.benchmark_group("many");
    group.sample_size(10);
    let (x, y) = (latencies(2_000_000, 1), latencies(2_000_000, 2));
    let (xs, ys) = (Samples::of_size(&x, 200)?, Samples::of_size(&y, 200)?);
    let options = RankTests { kolmogorov_smirnov: None, ..RankTests::default() };
    group.bench_function("rank_tests_many/10000x200_200", |b| b.iter(|| rank_tests_many(xs, ys, black_box(&options))));
    group.bench_function("limit: copy/10000x200_200", |b| b.iter(|| (black_box(&x).clone(), y.clone())));
    for k in [100, 100_000] {
        let p: Vec<Option<f64>> = latencies(k, 3).into_iter().map(|v| Some(1.0 / (1.0 + v))).collect();
        group.bench_function(BenchmarkId::new("benjamini_hochberg", k), |b| {
            b.iter(|| adjust(black_box(&p), Adjustment::BenjaminiHochberg));
        });
    }
    group.finish();
    Ok(())
}

fn bench(c: &mut Criterion) {
    ranks(c);
    shift(c);
    means(c);
    for done in [resampling(c), many(c)] {
        if let Err(why) = done {
            eprintln!("left out: {why}");
        }
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
