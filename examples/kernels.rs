//! The hot kernels, one at a time: what `scripts/instructions` counts.
//!
//! `cargo run --release --example kernels` lists them; `cargo run --release --example kernels -- NAME [TIMES]` runs one
//! once, or often enough for a profiler. The instructions that count are those inside `kernel`, which leaves out making the
//! data.

use std::hint::black_box;

use serinus::config::{Direction, Margin, MetricConfig, MetricKind};
use serinus::judge::Judge;
use serinus::stats::adjust::{Adjustment, adjust};
use serinus::stats::bootstrap::{Bootstrap, Draws, Mean};
use serinus::stats::contrast::{Better, Contrast};
use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann};
use serinus::stats::rank_tests::{RankTests, rank_tests};
use serinus::stats::special::t_sf;
use serinus::stats::welch::welch_t;
use serinus::stats::{Alternative, rng};
use serinus::{Arms, Column, JudgeConfig, Table};

/// Lognormal latencies around 50, from a fixed stream.
fn latencies(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = rng::Stream::new(seed, "kernels", 0);
    (0..n).map(|_| (3.9 + 0.5 * stream.normal()).exp()).collect()
}

fn rounded(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| (v * 10.0).round() / 10.0).collect()
}

/// What is counted.
#[inline(never)]
fn kernel<T>(run: impl Fn() -> T) {
    let times = std::env::args().nth(2).and_then(|times| times.parse().ok()).unwrap_or(1);
    for _ in 0..times {
        let _ = black_box(run());
    }
}

fn table(rows: usize, seed: u64) -> Table<'static> {
    Table::new(vec![("ms".into(), Column::numbers(latencies(rows, seed)))]).expect("one column of one length")
}

const NAMES: [&str; 8] =
    ["rank_tests", "rank_tests_ties", "welch", "hodges_lehmann", "bootstrap_mean", "adjust", "t_sf", "judge"];

fn main() {
    let Some(name) = std::env::args().nth(1) else {
        println!("{}", NAMES.join("\n"));
        return;
    };
    // Work that is shared out stays on this thread, where it is counted.
    if rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().is_err() {
        return;
    }
    let (x, y) = (latencies(10_000, 1), latencies(10_000, 2));
    match name.as_str() {
        "rank_tests" => kernel(|| rank_tests(black_box(&x), &y, &RankTests::default())),
        "rank_tests_ties" => {
            let (x, y) = (rounded(&x), rounded(&y));
            kernel(|| rank_tests(black_box(&x), &y, &RankTests::default()));
        }
        "welch" => kernel(|| welch_t(black_box(&x), &y, Alternative::TwoSided, 0.9)),
        "hodges_lehmann" => {
            kernel(|| hodges_lehmann(black_box(&x[..2_000]), &y, &HodgesLehmann::default()));
        }
        "bootstrap_mean" => {
            let (Ok(x), Ok(y)) = (Mean::new(&x[..500]), Mean::new(&y[..500])) else { return };
            let bootstrap = Bootstrap { draws: Draws::Fixed(999), seed: 1, name: "ms", ..Bootstrap::default() };
            kernel(|| bootstrap.test(&x, &y, &Contrast::relative(Better::Lower, 0.1)));
        }
        "adjust" => {
            let p: Vec<Option<f64>> = x.iter().map(|v| Some(1.0 / v.max(1.0))).collect();
            kernel(|| adjust(black_box(&p), Adjustment::BenjaminiHochberg));
        }
        "t_sf" => kernel(|| (1..200).map(|k| t_sf(black_box(2.0), f64::from(k))).sum::<f64>()),
        "judge" => {
            let kind = MetricKind::Distribution { column: "ms".into() };
            let metric = MetricConfig::new("ms", kind, Direction::LowerIsBetter).margin(Margin::relative(0.1));
            let judge = Judge::new(JudgeConfig { metrics: vec![metric], ..JudgeConfig::default() });
            let (baseline, canary) = (table(5_000, 1), table(500, 2));
            let Ok(judge) = judge else { return };
            kernel(|| judge.judge_arms(Arms { baseline: baseline.clone(), canary: canary.clone() }));
        }
        other => {
            eprintln!("no kernel `{other}`; there are {}", NAMES.join(", "));
            std::process::exit(2);
        }
    }
}
