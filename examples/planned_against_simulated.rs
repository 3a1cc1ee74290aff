//! Does the planned n give the planned power? Each metric type is planned, drawn and tested so many times.
//!
//! `cargo run --release --example planned_against_simulated [DRAWS]` prints the table of docs/plan.md.

use rayon::prelude::*;
use serinus::config::Direction;
use serinus::plan::{Behaviour, Claim, Design, History, ProportionVariance, Size, sample_size};
use serinus::stats::special;

/// SplitMix64 (Steele, Lea and Flood 2014): enough for a simulation, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
    /// A standard normal number (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
    /// A Poisson number, by Knuth's products.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut k) = ((-mean).exp(), self.uniform(), 0.0);
        while product > limit {
            product *= self.uniform();
            k += 1.0;
        }
        k
    }
    /// So many draws.
    pub fn many(&mut self, n: u64, mut draw: impl FnMut(&mut Self) -> f64) -> Vec<f64> {
        (0..n).map(|_| draw(self)).collect()
    }
}

fn moments(v: &[f64]) -> (f64, f64) {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
}

const Z: f64 = 1.644_853_626_951_472_7;
const LOWER: Direction = Direction::LowerIsBetter;

fn claim(margin: Size) -> Claim {
    Claim::NonInferiority { direction: LOWER, margin, change: Size::default() }
}

/// One metric type: what was planned, and how often it came out.
pub struct Line {
    /// The metric type.
    pub name: &'static str,
    /// The margin planned for.
    pub margin: String,
    /// Canary rows planned.
    pub canary: u64,
    /// Baseline rows planned.
    pub baseline: u64,
    /// Share of the draws in which the canary was shown to keep its margin.
    pub simulated: f64,
    /// Standard error of the simulation at the planned power.
    pub error: f64,
}

impl Line {
    /// Four standard errors of the simulation, and .015 for the approximations that the formulas are.
    pub fn holds(&self) -> bool {
        (self.simulated - POWER).abs() < 4.0 * self.error + 0.015
    }
}

/// The planned power.
const POWER: f64 = 0.8;

/// Planned n, then how often `shown` says yes on data of that size. Each draw has a stream of its own.
fn simulate(
    draws: u64,
    name: &'static str,
    behaviour: &Behaviour,
    margin: Size,
    k: f64,
    shown: impl Fn(&mut Random, u64, u64) -> bool + Sync,
) -> Line {
    let design = Design { allocation: k, ..Design::default() };
    let n = sample_size(behaviour, &claim(margin), &design).unwrap_or_else(|e| panic!("{name}: {e}"));
    let seed = name.bytes().fold(7u64, |a, b| a.wrapping_mul(31).wrapping_add(u64::from(b)));
    let hits = (0..draws)
        .into_par_iter()
        .filter(|draw| shown(&mut Random(Random(seed.wrapping_add(*draw)).bits()), n.canary, n.baseline))
        .count();
    Line {
        name,
        margin: margin.to_string(),
        canary: n.canary,
        baseline: n.baseline,
        simulated: hits as f64 / draws as f64,
        error: (POWER * (1.0 - POWER) / draws as f64).sqrt(),
    }
}

/// Welch's contrast of means, and the delta method for a sum over a sum.
pub fn means_and_ratios(draws: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let mean = Behaviour::Mean { mean: Some(10.0), sd: 5.0, canary_sd: None };
    lines.push(simulate(draws, "mean", &mean, Size::Relative(0.1), 4.0, |r, m, n| {
        let (c, vc) = moments(&r.many(m, |r| 10.0 + 5.0 * r.normal()));
        let (s, vs) = moments(&r.many(n, |r| 10.0 + 5.0 * r.normal()));
        (1.1 * s - c) / (vc + 1.21 * vs).sqrt() > Z
    }));
    // Clicks over impressions of users with 1 to 9 impressions, click rate .2.
    let user = |r: &mut Random| {
        let d = (1.0 + 9.0 * r.uniform()).floor();
        ((0..d as u32).filter(|_| r.uniform() < 0.2).count() as f64, d)
    };
    let mut r = Random(5);
    let (u, d): (Vec<f64>, Vec<f64>) = (0..40_000).map(|_| user(&mut r)).unzip();
    let ratio = History::ratio(&u, &d, None).expect("plans").behaviour;
    lines.push(simulate(draws, "ratio", &ratio, Size::Relative(0.15), 2.0, |r, m, n| {
        let mut arm = |n: u64| {
            let rows: Vec<(f64, f64)> = (0..n).map(|_| user(r)).collect();
            let (u, d) = rows.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let ratio = u / d;
            (ratio, rows.iter().map(|(u, v)| (u - ratio * v).powi(2)).sum::<f64>() / (d * d))
        };
        let ((c, vc), (s, vs)) = (arm(m), arm(n));
        (1.15 * s - c) / (vc + 1.15 * 1.15 * vs).sqrt() > Z
    }));
    lines
}

/// Proportions by the score and by the unpooled variance, and rates.
pub fn proportions_and_rates(draws: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, variance) in
        [("proportion, score", ProportionVariance::Score), ("proportion, unpooled", ProportionVariance::Unpooled)]
    {
        let score = variance == ProportionVariance::Score;
        let behaviour = Behaviour::Proportion { p: 0.1, variance };
        lines.push(simulate(draws, name, &behaviour, Size::Absolute(0.05), 3.0, |r, m, n| {
            let mut arm = |n: u64| (0..n).filter(|_| r.uniform() < 0.1).count() as f64 / n as f64;
            let (c, s) = (arm(m), arm(n));
            let (m, n) = (m as f64, n as f64);
            let (pc, ps) = if score { farrington_manning(c, s, n / m, 0.05) } else { (c, s) };
            (s + 0.05 - c) / (pc * (1.0 - pc) / m + ps * (1.0 - ps) / n).sqrt() > Z
        }));
    }
    lines.push(simulate(
        draws,
        "rate",
        &Behaviour::Rate { rate: 2.0, dispersion: 1.0 },
        Size::Relative(0.15),
        2.0,
        |r, m, n| {
            let mut arm = |n: u64| (0..n).map(|_| r.poisson(2.0)).sum::<f64>();
            let (a, b) = (arm(m), arm(n));
            let ratio = (a / m as f64) / (b / n as f64);
            (1.15f64.ln() - ratio.ln()) / (1.0 / a + 1.0 / b).sqrt() > Z
        },
    ));
    lines
}

/// Farrington and Manning's (1990) restricted pair by their cubic.
fn farrington_manning(p1: f64, p2: f64, th: f64, d: f64) -> (f64, f64) {
    let a = 1.0 + th;
    let b = -(1.0 + th + p1 + th * p2 + d * (th + 2.0));
    let c = d * d + d * (2.0 * p1 + th + 1.0) + p1 + th * p2;
    let e = -p1 * d * (1.0 + d);
    let v = b.powi(3) / (27.0 * a.powi(3)) - b * c / (6.0 * a * a) + e / (2.0 * a);
    let u = v.signum() * (b * b / (9.0 * a * a) - c / (3.0 * a)).sqrt();
    let w = (std::f64::consts::PI + (v / u.powi(3)).clamp(-1.0, 1.0).acos()) / 3.0;
    let p = (2.0 * u * w.cos() - b / (3.0 * a)).clamp(d, 1.0);
    (p, p - d)
}

/// Mann-Whitney, DeLong, and order statistics.
pub fn ranks_auc_and_quantiles(draws: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut r = Random(11);
    let lognormal = |r: &mut Random| (0.8 * r.normal()).exp();
    let history = r.many(20_000, lognormal);
    let distribution = History::distribution(&history, None).expect("plans").behaviour;
    lines.push(simulate(draws, "Mann-Whitney", &distribution, Size::Relative(0.15), 2.0, |r, m, n| {
        let mut all: Vec<(f64, bool)> =
            (0..m + n).map(|i| if i < m { (lognormal(r), true) } else { (1.15 * lognormal(r), false) }).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ranks: f64 = all.iter().enumerate().filter(|(_, v)| v.1).map(|(i, _)| i as f64 + 1.0).sum();
        let (m, n) = (m as f64, n as f64);
        let u = ranks - m * (m + 1.0) / 2.0;
        (m * n / 2.0 - u) / (m * n * (m + n + 1.0) / 12.0).sqrt() > Z
    }));

    let item = |r: &mut Random| {
        let label = f64::from(u8::from(r.uniform() < 0.3));
        (r.normal() + 1.2 * label, label)
    };
    let (scores, labels): (Vec<f64>, Vec<f64>) = (0..20_000).map(|_| item(&mut r)).unzip();
    let auc = History::auc(&scores, &labels, None).expect("plans").behaviour;
    let margin = Claim::NonInferiority {
        direction: Direction::HigherIsBetter,
        margin: Size::Absolute(0.05),
        change: Size::default(),
    };
    let lower = sample_size(&auc, &claim(Size::Absolute(0.05)), &Design::default()).expect("plans");
    assert_eq!(
        sample_size(&auc, &margin, &Design::default()).expect("plans"),
        lower,
        "an absolute margin is the same both ways"
    );
    lines.push(simulate(draws, "AUC", &auc, Size::Absolute(0.05), 1.0, |r, m, n| {
        let mut arm = |n: u64| {
            let (s, l): (Vec<f64>, Vec<f64>) = (0..n).map(|_| item(r)).unzip();
            match History::auc(&s, &l, None) {
                Ok(History { behaviour: Behaviour::Auc { auc, variance: Some(v), .. }, .. }) => (auc, v / n as f64),
                other => panic!("{other:?}"),
            }
        };
        let ((c, vc), (s, vs)) = (arm(m), arm(n));
        (s + 0.05 - c) / (vc + vs).sqrt() > Z
    }));

    let heavy = |r: &mut Random| r.normal().exp();
    let tail = History::quantile(&r.many(200_000, heavy), 0.9, None).expect("plans").behaviour;
    lines.push(simulate(draws, "quantile", &tail, Size::Relative(0.25), 2.0, |r, m, n| {
        // MOVER on order-statistic bounds (Zou and Donner 2008).
        let mut arm = |n: u64| {
            let mut v = r.many(n, heavy);
            v.sort_by(f64::total_cmp);
            let at = |rank: u64| v[rank.clamp(1, n) as usize - 1].ln();
            let upper = special::binom_ppf(0.95, n, 0.9) + 1;
            (
                at((n as f64 * 0.9).ceil() as u64),
                at(special::binom_ppf(0.05, n, 0.9)),
                if upper > n { f64::INFINITY } else { at(upper) },
            )
        };
        let ((c, _, cu), (s, sl, _)) = (arm(m), arm(n));
        c - s + (cu - c).hypot(s - sl) < 1.25f64.ln()
    }));
    lines
}

/// Every metric type.
pub fn all(draws: u64) -> Vec<Line> {
    [means_and_ratios(draws), proportions_and_rates(draws), ranks_auc_and_quantiles(draws)]
        .into_iter()
        .flatten()
        .collect()
}

#[allow(dead_code)]
fn main() {
    let draws = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10_000);
    println!("| metric | margin | canary rows | baseline rows | planned power | simulated | simulation error |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for line in all(draws) {
        let Line { name, margin, canary, baseline, simulated, error } = &line;
        println!("| {name} | {margin} | {canary} | {baseline} | {POWER:.2} | {simulated:.3} | {error:.3} |");
    }
}
