//! The whole judge, beside reading the same values once.
//!
//! `cargo bench --bench judge`; names are metric type/metrics x rows of canary and baseline.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serinus::config::{Direction, Margin, MetricConfig, MetricKind};
use serinus::judge::Judge;
use serinus::{Arms, Column, JudgeConfig, Table};

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

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("judge");
    group.sample_size(10);
    let kinds: [(&str, fn(String) -> MetricKind); 3] = [
        ("distribution", |column| MetricKind::Distribution { column }),
        ("mean", |column| MetricKind::Mean { column }),
        ("p99", |column| MetricKind::Quantile { column, q: 0.99 }),
    ];
    for (metrics, m, n) in [(4, 500, 5_000), (20, 5_000, 95_000)] {
        let name = |k: usize| format!("metric{k}");
        let arm = |rows, seed: u64| {
            Table::new((0..metrics).map(|k| (name(k), Column::numbers(latencies(rows, seed + k as u64)))).collect())
        };
        let (Ok(baseline), Ok(canary)) = (arm(n, 1), arm(m, 1_000)) else { return };
        let size = format!("{metrics}x{m}_{n}");
        for (what, kind) in kinds {
            let metric = |k: usize| {
                MetricConfig::new(name(k), kind(name(k)), Direction::LowerIsBetter).margin(Margin::relative(0.1))
            };
            let config = JudgeConfig { metrics: (0..metrics).map(metric).collect(), ..JudgeConfig::default() };
            let Ok(judge) = Judge::new(config) else { return };
            group.bench_function(BenchmarkId::new(what, &size), |b| {
                b.iter(|| judge.judge_arms(Arms { baseline: black_box(&baseline).clone(), canary: canary.clone() }));
            });
        }
        group.bench_function(BenchmarkId::new("limit: copy", &size), |b| {
            b.iter(|| (black_box(&baseline).clone(), canary.clone()));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
