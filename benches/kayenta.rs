//! Judging a Kayenta request, parsed and in memory, beside the cost of reading its JSON.
//!
//! `cargo bench --bench kayenta`. The shapes are metrics x points a side; half of the metrics are 30 % higher, so that both
//! ends of an interval and its estimate are searched for.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serinus::kayenta::Request;

/// Lognormal latencies of a fixed stream, with six significant digits as a metric store would keep them.
fn series(points: usize, scale: f64, state: &mut u64) -> Vec<f64> {
    let mut uniform = || {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((*state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let normal = |u: f64, v: f64| (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    (0..points)
        .map(|_| scale * (4.6 + 0.5 * normal(uniform(), uniform())).exp())
        .map(|v| format!("{v:.5e}").parse().unwrap_or(v))
        .collect()
}

fn request(metrics: usize, points: usize) -> String {
    let mut state = 7;
    let names: Vec<String> = (0..metrics).map(|k| format!("metric{k}")).collect();
    let configs: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({"name": name, "groups": ["g"], "analysisConfigurations": {"canary": {}}}))
        .collect();
    let pairs: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let scale = if k % 2 == 0 { 1.3 } else { 1.0 };
            let (control, experiment) = (series(points, 1.0, &mut state), series(points, scale, &mut state));
            serde_json::json!({"name": name, "id": name, "tags": {}, "values": {"control": control, "experiment": experiment}})
        })
        .collect();
    serde_json::json!({
        "canaryConfig": {"metrics": configs, "classifier": {}},
        "scoreThresholds": {"pass": 95, "marginal": 75},
        "metricSetPairList": pairs
    })
    .to_string()
}

fn bench(c: &mut Criterion) {
    for (metrics, points) in [(20, 60), (50, 1_440), (1, 10_000), (1, 100_000)] {
        let shape = format!("{metrics}x{points}");
        let text = request(metrics, points);
        let Ok(parsed) = Request::from_json(&text) else { return };
        let mut group = c.benchmark_group("kayenta");
        group.sample_size(20);
        let id = |what| BenchmarkId::new(what, &shape);
        group.bench_function(id("judge"), |b| b.iter(|| black_box(&parsed).judge()));
        group.bench_function(id("judge natively"), |b| b.iter(|| black_box(&parsed).judge_native()));
        group.bench_function(id("read"), |b| b.iter(|| Request::from_json(black_box(&text))));
        group.bench_function(id("read by serde_json"), |b| {
            b.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&text)));
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
