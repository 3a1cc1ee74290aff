//! Size by shape and sample size, and of whole decisions.
//!
//! `cargo run --release --example size_grid [REPLICATES] [SEED] [ROW]` prints two tables of the docs: how often a canary exactly
//! at its margin is called safe (nominal .05) and harmful (nominal .01) by each default test, over shapes of the data and
//! sizes from 20:400 to 5,000:100,000, with the shift by margin x mean beside it; and how often whole judgements err.
//! With ROW only the rows whose name holds that word are made, all at the given number of replicates.

use rayon::prelude::*;
use serinus::compare::{Comparison, Question, Rows, Stream, compare};
use serinus::config::{Alpha, Direction, Event, Margin, MetricConfig, MetricKind, Role};
use serinus::judge::Judge;
use serinus::stats::mann_whitney::{MannWhitney, RankMethod, mann_whitney};
use serinus::stats::{Alternative, rng};
use serinus::{Arms, Column, Decision, JudgeConfig, Table};

type Draw = fn(&mut rng::Stream) -> f64;

fn poisson(r: &mut rng::Stream, mean: f64) -> f64 {
    let (mut k, mut p, mut at) = (0.0, (-mean).exp(), r.uniform());
    while at > p && k < 100.0 {
        at -= p;
        k += 1.0;
        p *= mean / k;
    }
    k
}

fn shapes() -> Vec<(&'static str, Draw)> {
    vec![
        ("normal", |r| 10.0 + 2.0 * r.normal()),
        ("lognormal 1", |r| r.normal().exp()),
        ("lognormal 1.5", |r| (1.5 * r.normal()).exp()),
        ("Pareto 2.5", |r| r.uniform().max(1e-12).powf(-1.0 / 2.5)),
    ]
}

const SIZES: [(usize, usize); 4] = [(20, 400), (200, 4_000), (1_000, 20_000), (5_000, 100_000)];

fn answer(kind: &MetricKind, margin: Margin, arms: Arms<Vec<f64>>, seed: u64) -> Option<(bool, bool)> {
    let question = Question { direction: Direction::LowerIsBetter, margin: Some(margin), alpha: Alpha::default() };
    let rows = arms.map(Rows::of);
    let comparison = Comparison { kind, test: None, rows, strata: 1, paired: false, classes: None };
    let found = compare(comparison, &question, &Stream { seed, name: "grid", draws: None }).ok()?;
    // The judge leaves a metric open below the type's own minimum.
    if found.evidence.n.canary < found.least {
        return Some((false, false));
    }
    Some((found.evidence.p_safe? <= 0.05, found.evidence.p_harm? <= 0.01))
}

/// Shares of (safe, harmful, naive safe).
fn size(
    kind: &MetricKind,
    margin: Margin,
    m: usize,
    n: usize,
    replicates: u64,
    seed: u64,
    draw: impl Fn(&mut rng::Stream, bool) -> f64 + Sync,
) -> [f64; 3] {
    let counts = (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut random = rng::Stream::new(seed, "size grid", replicate);
            let canary: Vec<f64> = (0..m).map(|_| draw(&mut random, true)).collect();
            let baseline: Vec<f64> = (0..n).map(|_| draw(&mut random, false)).collect();
            let mean = baseline.iter().sum::<f64>() / n as f64;
            let shift = margin.relative.map_or(margin.absolute.unwrap_or(0.0), |r| r * mean);
            let moved: Vec<f64> = baseline.iter().map(|v| v + shift).collect();
            let options = MannWhitney::default().alternative(Alternative::Less).method(RankMethod::Asymptotic);
            let naive = mann_whitney(&canary, &moved, &options).is_ok_and(|found| found.p_value <= 0.05);
            let (safe, harm) = answer(kind, margin, Arms { baseline, canary }, replicate).unwrap_or_default();
            [u64::from(safe), u64::from(harm), u64::from(naive)]
        })
        .reduce(|| [0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    counts.map(|c| c as f64 / replicates as f64)
}

/// How often 20 identical metrics roll back, and how often a canary at the margin of one of five critical metrics is
/// promoted.
fn decisions(replicates: u64, seed: u64) -> (f64, f64) {
    let judge = |k: usize, margin: f64, role: Role| {
        let metric = |i: usize| {
            MetricConfig::new(format!("m{i}"), MetricKind::Mean { column: format!("c{i}") }, Direction::LowerIsBetter)
                .margin(Margin::relative(margin))
                .role(role)
        };
        Judge::new(JudgeConfig { metrics: (0..k).map(metric).collect(), ..JudgeConfig::default() })
            .expect("a valid config")
    };
    let (twenty, five) = (judge(20, 0.0, Role::Critical), judge(5, 0.05, Role::Critical));
    let count = |judge: &Judge, name: &str, k: usize, worse: f64, wanted: Decision| {
        let hits: u64 = (0..replicates)
            .into_par_iter()
            .map(|replicate| {
                let mut random = rng::Stream::new(seed, name, replicate);
                let mut table = |n: usize, factor: f64| {
                    let columns = (0..k).map(|i| {
                        let scale = if i == 0 { factor } else { 1.0 };
                        let values: Vec<f64> = (0..n).map(|_| scale * (10.0 + 2.0 * random.normal())).collect();
                        (format!("c{i}"), Column::numbers(values))
                    });
                    Table::new(columns.collect()).expect("columns of one length")
                };
                let canary = table(400, worse);
                let baseline = table(1_600, 1.0);
                u64::from(judge.judge_arms(Arms { baseline, canary }).is_ok_and(|j| j.decision == wanted))
            })
            .sum();
        hits as f64 / replicates as f64
    };
    (
        count(&twenty, "twenty identical metrics", 20, 1.0, Decision::Rollback),
        count(&five, "one metric at its margin", 5, 1.05, Decision::Promote),
    )
}

/// A default test at its margin.
struct Case {
    test: &'static str,
    data: &'static str,
    shown: &'static str,
    kind: MetricKind,
    margin: Margin,
    /// A value of the baseline, or of the canary exactly at the margin.
    draw: Box<dyn Fn(&mut rng::Stream, bool) -> f64 + Sync>,
}

fn cases() -> Vec<Case> {
    let column = || "x".to_owned();
    let (ten, twenty, double) = (Margin::relative(0.10), Margin::relative(0.20), Margin::relative(1.0));
    let mut cases = Vec::new();
    for (data, draw) in shapes() {
        let kinds = [
            ("mean", MetricKind::Mean { column: column() }),
            ("distribution", MetricKind::Distribution { column: column() }),
            ("quantile p95", MetricKind::Quantile { column: column(), q: 0.95 }),
        ];
        for (test, kind) in kinds {
            let draw = Box::new(move |r: &mut rng::Stream, canary| draw(r) * if canary { 1.1 } else { 1.0 });
            cases.push(Case { test, data, shown: "10%", kind, margin: ten, draw });
        }
    }
    let draw = Box::new(|r: &mut rng::Stream, canary| poisson(r, if canary { 2.2 } else { 2.0 }));
    let kind = MetricKind::Mean { column: column() };
    cases.push(Case { test: "mean", data: "counts", shown: "10%", kind, margin: ten, draw });
    for (data, shown, margin, p, q) in [
        ("0.5% events", "0.5 points", Margin::absolute(0.005), 0.005, 0.010),
        ("0.5% events", "100%", double, 0.005, 0.010),
        ("10% events", "20%", twenty, 0.10, 0.12),
    ] {
        let draw =
            Box::new(move |r: &mut rng::Stream, canary| f64::from(u8::from(r.uniform() < if canary { q } else { p })));
        let kind = MetricKind::Proportion { column: column(), event: Event::True };
        cases.push(Case { test: "proportion", data, shown, kind, margin, draw });
    }
    cases
}

fn main() {
    let argument = |i: usize, default: u64| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (replicates, seed) = (argument(1, 1_000), argument(2, 1));
    let only = std::env::args().nth(3);
    let error = |p: f64, n: u64| (p * (1.0 - p) / n as f64).sqrt();
    let fewer = if only.is_none() { " (a tenth of them at 5,000:100,000)" } else { "" };
    println!(
        "{replicates} replicates a cell{fewer}, seed {seed}; standard errors {:.4} and {:.4}.\n",
        error(0.05, replicates),
        error(0.01, replicates)
    );
    println!(
        "| test | data | canary:baseline | margin | safe | harmful | shifted Mann-Whitney safe |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for (m, n) in SIZES {
        let runs = if m == 5_000 && only.is_none() { (replicates / 10).max(50) } else { replicates };
        for Case { test, data, shown, kind, margin, draw } in cases() {
            let name = format!("{test} | {data} | {m}:{n} | {shown}");
            if only.as_ref().is_none_or(|word| name.contains(word.as_str())) {
                let s = size(&kind, margin, m, n, runs, seed, draw);
                println!("| {name} | {:.3} | {:.3} | {:.3} |", s[0], s[1], s[2]);
            }
        }
    }
    if only.is_some() {
        return;
    }
    let replays = 2 * replicates;
    let (rollback, promote) = decisions(replays, seed);
    println!("\n| decision | nominal | measured in {replays} replays |\n| --- | --- | --- |");
    println!("| 20 identical critical metrics rolled back | .01 | {rollback:.4} (se {:.4}) |", error(0.01, replays));
    println!(
        "| canary at the margin of one of five critical metrics promoted | .05 | {promote:.4} (se {:.4}) |",
        error(0.05, replays)
    );
}
