//! What a look costs: the update of one metric from a batch's sufficient statistics, and a whole batch through a monitor.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serinus::config::{Direction, Event, Margin, MetricKind};
use serinus::monitor::{
    ArmStatistics, Batch, Counts, Histogram, LabelMixture, Moments, Monitor, NormalMixture, RateDifference, RatioPrior,
    Side, Sides, Stratified, VarianceRule,
};
use serinus::{Arms, JudgeConfig, MetricConfig};

fn updates(c: &mut Criterion) {
    let counts = Arms { baseline: Counts::new(950, 3), canary: Counts::new(50, 1) };
    // Both sides: the pair that a metric keeps. The goal is 2 µs and 32 exponentials.
    c.bench_function("monitor/label pair, one batch", |b| {
        let new = |side| LabelMixture::new(1.2, side, RatioPrior::default()).expect("a ratio");
        let mut pair = [new(Side::Above), new(Side::Below)];
        b.iter(|| pair.iter_mut().for_each(|e| e.update(black_box(&counts))));
    });
    c.bench_function("monitor/label log e, 32 exponentials", |b| {
        let mut e = LabelMixture::new(1.2, Side::Above, RatioPrior::default()).expect("a ratio");
        e.update(&counts);
        b.iter(|| black_box(&e).log_e());
    });
    c.bench_function("monitor/rate difference pair, one batch", |b| {
        let new = |side| RateDifference::new(0.005, side).expect("a difference");
        let mut pair = [new(Side::Above), new(Side::Below)];
        b.iter(|| pair.iter_mut().for_each(|e| e.update(black_box(&counts))));
    });
    c.bench_function("monitor/stratified mean, one batch and both e-values", |b| {
        let mut state = Stratified::default();
        let mixture = NormalMixture::new(100.0, Sides::One).expect("positive");
        let batch = Arms { baseline: Moments::new(950, 10.0, 950.0), canary: Moments::new(50, 10.1, 50.0) };
        b.iter(|| {
            state.update(black_box(&batch));
            let (s, v) = state.contrast(1.1, 0.0, VarianceRule::Residual)?.information()?;
            Some((mixture.log_e(s, v).ok()?, mixture.log_e(-s, v).ok()?))
        });
    });
    c.bench_function("monitor/histogram of 1000 values", |b| {
        let values: Vec<f64> = (1..=1000).map(|i| f64::from(i).sqrt()).collect();
        b.iter(|| Histogram::from_values(black_box(&values)));
    });
}

fn whole(c: &mut Criterion) {
    let kind = |i: usize| match i % 2 {
        0 => MetricKind::Proportion { column: "x".into(), event: Event::True },
        _ => MetricKind::Mean { column: "x".into() },
    };
    let metric =
        |i: usize| MetricConfig::new(format!("m{i}"), kind(i), Direction::LowerIsBetter).margin(Margin::relative(0.1));
    let config = JudgeConfig { metrics: (0..20).map(metric).collect(), ..JudgeConfig::default() };
    let statistics = |i: usize| match i % 2 {
        0 => Arms { baseline: ArmStatistics::events(950, 3), canary: ArmStatistics::events(50, 0) },
        _ => {
            Arms { baseline: ArmStatistics::moments(950, 10.0, 950.0), canary: ArmStatistics::moments(50, 10.0, 50.0) }
        }
    };
    let batch = |look: u64| Batch {
        sequence: look,
        start_seconds: look as f64,
        end_seconds: (look + 1) as f64,
        metrics: (0..20).map(|i| (format!("m{i}"), statistics(i))).collect(),
        ..Batch::default()
    };
    c.bench_function("monitor/consume, 20 metrics", |b| {
        let mut monitor = Monitor::new(&config).expect("the config is sound");
        let mut look = 0;
        b.iter(|| {
            monitor.consume(&batch(look)).expect("batches come in order");
            look += 1;
        });
    });
    c.bench_function("monitor/look, 20 metrics", |b| {
        let mut monitor = Monitor::new(&config).expect("the config is sound");
        (0..100).for_each(|look| monitor.consume(&batch(look)).expect("batches come in order"));
        b.iter(|| monitor.look());
    });
}

criterion_group!(benches, updates, whole);
criterion_main!(benches);
