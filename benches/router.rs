//! Assignments a second, on one core.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serinus::router::{Salt, Weight, assign, assign_request, assign_three};
use std::hint::black_box;

fn routes(c: &mut Criterion) {
    let salt = Salt::new("bench").expect("a salt");
    let weight = Weight::percent(5.0).expect("a percentage");
    let mut group = c.benchmark_group("router");
    for length in [6, 8, 16, 36] {
        let ids: Vec<String> = (0..1024).map(|i| format!("{i:0length$}")).collect();
        group.throughput(Throughput::Elements(ids.len() as u64));
        group.bench_function(format!("assign, ids of {length} bytes"), |b| {
            b.iter(|| {
                ids.iter()
                    .filter(|id| assign(black_box(id.as_bytes()), &salt, weight) == serinus::router::Side::Canary)
                    .count()
            });
        });
        group.bench_function(format!("assign_three, ids of {length} bytes"), |b| {
            b.iter(|| {
                ids.iter()
                    .filter(|id| assign_three(black_box(id.as_bytes()), &salt, weight) == serinus::router::Side::Canary)
                    .count()
            });
        });
    }
    group.throughput(Throughput::Elements(1024));
    group.bench_function("assign_request", |b| {
        b.iter(|| {
            (0..1024u64)
                .filter(|&n| assign_request(black_box(n), &salt, weight) == serinus::router::Side::Canary)
                .count()
        });
    });
    group.finish();
}

criterion_group!(benches, routes);
criterion_main!(benches);
