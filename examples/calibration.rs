//! Size by simulation: how often a canary exactly at its margin is called safe (nominal .05) or harmful (nominal .01).
//!
//! `cargo run --release --example calibration [REPLICATES] [SEED]` prints the table of the docs, for every metric type
//! under four designs, with the naive analysis (no strata, no units) beside it.

use rayon::prelude::*;
use serinus::Arms;
use serinus::compare::{Comparison, Question, Rows, Stream, compare};
use serinus::config::{Alpha, Direction, Event, Margin, MetricKind};
use serinus::stats::rng;

/// How rows come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Independent rows of one stage.
    Plain,
    /// Three ramp stages between which the level moves.
    Strata,
    /// Users who come back, with a level of their own.
    Units,
    /// Users over three stages; a user may be in the baseline early and in the canary late.
    Both,
}

/// Every design, in the order of the table.
pub const PLANS: [Plan; 4] = [Plan::Plain, Plan::Strata, Plan::Units, Plan::Both];

/// One metric type at its margin.
pub struct Setting {
    /// Name in the table.
    pub name: &'static str,
    kind: MetricKind,
    margin: Margin,
    draw: fn(&mut rng::Stream, f64, f64, bool) -> (f64, f64),
}

impl Setting {
    /// A higher AUC is better; of everything else here a lower value is.
    fn direction(&self) -> Direction {
        match self.kind {
            MetricKind::Auc { .. } => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }
}

/// Metric types with their margins; the canary of `draw` lies exactly at the margin when the strata are alike.
pub fn settings() -> Vec<Setting> {
    let column = || "x".to_owned();
    vec![
        Setting {
            name: "proportion, absolute",
            kind: MetricKind::Proportion { column: column(), event: Event::True },
            margin: Margin::absolute(0.03),
            draw: |r, level, user, canary| {
                let p = (0.08 + 0.04 * level + 0.05 * user + if canary { 0.03 } else { 0.0 }).clamp(0.0, 1.0);
                (f64::from(u8::from(r.uniform() < p)), 0.0)
            },
        },
        Setting {
            name: "proportion, relative",
            kind: MetricKind::Proportion { column: column(), event: Event::True },
            margin: Margin::relative(0.30),
            draw: |r, level, user, canary| {
                let p = (0.10 + 0.04 * level + 0.05 * user) * if canary { 1.3 } else { 1.0 };
                (f64::from(u8::from(r.uniform() < p.clamp(0.0, 1.0))), 0.0)
            },
        },
        Setting {
            name: "mean",
            kind: MetricKind::Mean { column: column() },
            margin: Margin::relative(0.10),
            draw: |r, level, user, canary| {
                let x = (0.5 * r.normal()).exp() * (1.0 + 0.5 * level) * (0.3 * user).exp();
                (x * if canary { 1.1 } else { 1.0 }, 0.0)
            },
        },
        Setting {
            name: "distribution",
            kind: MetricKind::Distribution { column: column() },
            margin: Margin::relative(0.10),
            draw: |r, level, user, canary| {
                let x = r.normal().exp() * (1.0 + 0.5 * level) * (0.3 * user).exp();
                (x * if canary { 1.1 } else { 1.0 }, 0.0)
            },
        },
        Setting {
            name: "quantile (p90)",
            kind: MetricKind::Quantile { column: column(), q: 0.9 },
            margin: Margin::relative(0.15),
            draw: |r, level, user, canary| {
                let x = (0.7 * r.normal()).exp() * (1.0 + 0.5 * level) * (0.3 * user).exp();
                (x * if canary { 1.15 } else { 1.0 }, 0.0)
            },
        },
        Setting {
            name: "ratio of sums",
            kind: MetricKind::Ratio { numerator: column(), denominator: column() },
            margin: Margin::relative(0.10),
            draw: |r, level, user, canary| {
                let shown = 1.0 + (5.0 * r.uniform()).floor();
                let clicks = shown * (0.2 + 0.1 * level) * (0.3 * user).exp() * r.uniform() * 2.0;
                (clicks * if canary { 1.1 } else { 1.0 }, shown)
            },
        },
        Setting {
            name: "rate",
            kind: MetricKind::Rate { events: column(), exposure: column() },
            margin: Margin::relative(0.30),
            draw: |r, level, user, canary| {
                let exposure = 0.5 + r.uniform();
                let mean = exposure * (0.1 + 0.05 * level) * (0.3 * user).exp() * if canary { 1.3 } else { 1.0 };
                // A Poisson count by inversion.
                let (mut k, mut p, mut at) = (0.0, (-mean).exp(), r.uniform());
                while at > p && k < 50.0 {
                    at -= p;
                    k += 1.0;
                    p *= mean / k;
                }
                (k, exposure)
            },
        },
        Setting {
            name: "AUC",
            kind: MetricKind::Auc { score: column(), label: column() },
            margin: Margin::absolute(0.0),
            draw: |r, level, user, _| {
                let label = r.uniform() < 0.3;
                let score = r.normal() + if label { 1.0 } else { 0.0 } + 0.5 * level + 0.3 * user;
                (score, f64::from(u8::from(label)))
            },
        },
    ]
}

/// Both arms' rows of one replicate.
fn rows(setting: &Setting, plan: Plan, random: &mut rng::Stream) -> Arms<Rows> {
    let mut arms: Arms<Rows> = Arms::default();
    let stages = [(0.0, 0.05, 1200), (1.0, 0.25, 800), (2.0, 0.50, 600)];
    let mut push = |canary: bool, stage: usize, user: Option<u32>, value: (f64, f64), plan: Plan| {
        let arm = if canary { &mut arms.canary } else { &mut arms.baseline };
        arm.values.push(value.0);
        if matches!(setting.kind, MetricKind::Ratio { .. } | MetricKind::Rate { .. } | MetricKind::Auc { .. }) {
            arm.second.push(value.1);
        }
        if matches!(plan, Plan::Strata | Plan::Both) {
            arm.stratum.push(stage as u32);
        }
        if let Some(user) = user {
            arm.unit.push(user);
        }
    };
    match plan {
        Plan::Plain => {
            for i in 0..2_400 {
                let canary = i % 6 == 0;
                push(canary, 0, None, (setting.draw)(random, 0.0, 0.0, canary), plan);
            }
        }
        Plan::Strata => {
            for (stage, (level, share, n)) in stages.into_iter().enumerate() {
                for _ in 0..n {
                    let canary = random.uniform() < share;
                    push(canary, stage, None, (setting.draw)(random, level, 0.0, canary), plan);
                }
            }
        }
        Plan::Units | Plan::Both => {
            for user in 0..700u32 {
                let (taste, place) = (random.normal(), random.uniform());
                // Heavy-tailed visits: most come once or twice, a few very often.
                let visits = (1.0 + (1.0 / random.uniform().max(0.02)).sqrt() * 2.0) as usize;
                for _ in 0..visits {
                    let stage = if plan == Plan::Both { random.below(3) as usize } else { 1 };
                    let (level, share, _) = stages[stage];
                    let level = if plan == Plan::Both { level } else { 0.0 };
                    let canary = place < if plan == Plan::Both { share } else { 0.25 };
                    push(canary, stage, Some(user), (setting.draw)(random, level, taste, canary), plan);
                }
            }
        }
    }
    arms
}

/// How often the canary at the margin was called safe and harmful, by the design's analysis and by the naive one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Size {
    /// Replicates.
    pub replicates: u64,
    /// Called safe at .05.
    pub safe: u64,
    /// Called harmful at .01.
    pub harm: u64,
    /// Called safe by the naive analysis.
    pub naive_safe: u64,
    /// Called harmful by the naive analysis.
    pub naive_harm: u64,
}

/// Simulates one cell of the table; the same numbers on any number of threads.
pub fn size(setting: &Setting, plan: Plan, replicates: u64, seed: u64) -> Size {
    let question = Question { direction: setting.direction(), margin: Some(setting.margin), alpha: Alpha::default() };
    // A higher AUC is better; at a margin of zero both directions ask the same of equal arms.
    let answer = |rows: Arms<Rows>, strata: usize| {
        let comparison = Comparison { kind: &setting.kind, test: None, rows, strata, paired: false, classes: None };
        let stream = Stream { seed, name: setting.name, draws: None };
        let found = compare(comparison, &question, &stream).ok()?;
        Some((found.evidence.p_safe? <= 0.05, found.evidence.p_harm? <= 0.01))
    };
    (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut random = rng::Stream::new(seed, &format!("{} {plan:?}", setting.name), replicate);
            let rows = rows(setting, plan, &mut random);
            let strip = |r: &Rows| Rows { stratum: Vec::new(), unit: Vec::new(), ..r.clone() };
            let naive = answer(rows.as_ref().map(strip), 1).unwrap_or_default();
            let ours = answer(rows, 3).unwrap_or_default();
            let count = |b: bool| u64::from(b);
            Size {
                replicates: 1,
                safe: count(ours.0),
                harm: count(ours.1),
                naive_safe: count(naive.0),
                naive_harm: count(naive.1),
            }
        })
        .reduce(Size::default, |a, b| Size {
            replicates: a.replicates + b.replicates,
            safe: a.safe + b.safe,
            harm: a.harm + b.harm,
            naive_safe: a.naive_safe + b.naive_safe,
            naive_harm: a.naive_harm + b.naive_harm,
        })
}

#[allow(dead_code)]
fn main() {
    let argument = |i: usize, default: u64| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (replicates, seed) = (argument(1, 2_000), argument(2, 1));
    let error = |p: f64| (p * (1.0 - p) / replicates as f64).sqrt();
    println!(
        "Called safe (nominal .05) and harmful (nominal .01) at the margin; {replicates} replicates, seed {seed},"
    );
    println!(
        "standard errors {:.4} and {:.4}; the naive analysis knows neither strata nor units.\n",
        error(0.05),
        error(0.01)
    );
    println!("| type | design | safe | harmful | naive safe | naive harmful |\n| --- | --- | --- | --- | --- | --- |");
    for setting in settings() {
        for plan in PLANS {
            let s = size(&setting, plan, replicates, seed);
            let share = |k: u64| format!("{:.3}", k as f64 / s.replicates as f64);
            println!(
                "| {} | {} | {} | {} | {} | {} |",
                setting.name,
                format!("{plan:?}").to_lowercase(),
                share(s.safe),
                share(s.harm),
                share(s.naive_safe),
                share(s.naive_harm)
            );
        }
    }
}
