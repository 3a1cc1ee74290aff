//! What an answer costs as the work grows: time and memory against values, metrics and segments, on one thread and on two.
//!
//! `cargo run --release --example scaling -- docs` writes the table and the picture of docs/performance.md; without `docs`
//! the table is only printed. `scaling only WORD` runs the rows whose name holds a word, for a profiler. Times are the
//! least of several runs; memory is the peak of one run in a process of its own.

use std::fs;
use std::hint::black_box;
use std::io;
use std::process::Command;
use std::time::Instant;

use serinus::config::{DataConfig, Direction, Margin, MetricConfig, MetricKind};
use serinus::judge::Judge;
use serinus::stats::Alternative;
use serinus::stats::hodges_lehmann::{HodgesLehmann, hodges_lehmann};
use serinus::stats::rank_tests::{RankTests, Samples, rank_tests, rank_tests_many};
use serinus::stats::welch::welch_t;
use serinus::{Arms, Column, JudgeConfig, Table};

/// One measurement.
struct Point {
    group: &'static str,
    name: String,
    size: f64,
    threads: usize,
    seconds: f64,
}

/// Lognormal latencies around 50, from a fixed stream.
fn latencies(n: usize, seed: u64, scale: f64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut normal = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..n).map(|_| scale * (3.9 + 0.5 * normal()).exp()).collect()
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|k| k * 1024)
}

/// Peak memory beyond what was held before, where the kernel tells.
fn peak(run: &mut dyn FnMut()) -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = field("VmRSS")?;
    run();
    Some(field("VmHWM")?.saturating_sub(before))
}

/// What a process is there for.
enum Task {
    /// All rows, or those whose name holds a word.
    Time { only: Option<String> },
    /// The memory of one row, for the process that prints the table.
    Peak { name: String, size: usize },
}

struct Bench {
    task: Task,
    points: Vec<Point>,
    table: String,
}

impl Bench {
    fn print(&mut self, line: &str) {
        println!("{line}");
        self.table += line;
        self.table.push('\n');
    }

    fn run(&mut self, group: &'static str, name: &str, size: usize, mut run: impl FnMut() + Send) {
        match &self.task {
            Task::Peak { name: wanted, size: at } => {
                if wanted == name && *at == size {
                    println!("{}", peak(&mut run).map_or_else(|| "not told".into(), |b| b.to_string()));
                }
                return;
            }
            Task::Time { only } if only.as_ref().is_some_and(|word| !name.contains(word.as_str())) => return,
            Task::Time { .. } => {}
        }
        let mut times = Vec::new();
        for threads in [1, 2] {
            let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else { continue };
            let seconds = pool.install(|| {
                run();
                let (mut least, mut spent) = (f64::INFINITY, 0.0);
                let mut rounds = 0;
                while (rounds < 3 && spent < 2.0) || (spent < 0.3 && rounds < 200) {
                    let start = Instant::now();
                    run();
                    let seconds = start.elapsed().as_secs_f64();
                    (least, spent, rounds) = (least.min(seconds), spent + seconds, rounds + 1);
                }
                least
            });
            times.push(time(seconds));
            self.points.push(Point { group, name: name.into(), size: size as f64, threads, seconds });
        }
        self.print(&format!("| {name} | {size} | {} | {} |", times.join(" | "), memory(peak_elsewhere(name, size))));
    }
}

/// The peak of one row, in a process that has not held any memory yet.
fn peak_elsewhere(name: &str, size: usize) -> Option<u64> {
    let own = std::env::current_exe().ok()?;
    let child =
        Command::new(own).args(["peak", name, &size.to_string()]).env("RAYON_NUM_THREADS", "1").output().ok()?;
    String::from_utf8(child.stdout).ok()?.trim().parse().ok()
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} us", s * 1e6),
    }
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "not told".into(), |b| format!("{:.1} MB", b as f64 / 1e6))
}

fn metric(name: String, column: &str, kind: usize) -> MetricConfig {
    let column = column.to_owned();
    let kind = match kind % 3 {
        0 => MetricKind::Mean { column },
        1 => MetricKind::Distribution { column },
        _ => MetricKind::Quantile { column, q: 0.99 },
    };
    MetricConfig::new(name, kind, Direction::LowerIsBetter).margin(Margin::relative(0.1))
}

fn values(bench: &mut Bench) {
    for n in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let (x, y) = (latencies(n, 1, 1.02), latencies(n, 2, 1.0));
        let options = RankTests::default();
        bench.run("values in each arm", "Mann-Whitney and KS", n, || {
            let _ = black_box(rank_tests(black_box(&x), &y, &options));
        });
        bench.run("values in each arm", "Welch", n, || {
            let _ = black_box(welch_t(black_box(&x), &y, Alternative::TwoSided, 0.9));
        });
        if n <= 1_000_000 {
            bench.run("values in each arm", "Hodges-Lehmann with interval", n, || {
                let _ = black_box(hodges_lehmann(black_box(&x), &y, &HodgesLehmann::default()));
            });
        }
        let rounded = |v: &[f64]| v.iter().map(|v| (v * 10.0).round() / 10.0).collect::<Vec<f64>>();
        let (x, y) = (rounded(&x), rounded(&y));
        bench.run("values in each arm", "Mann-Whitney and KS, rounded to 0.1", n, || {
            let _ = black_box(rank_tests(black_box(&x), &y, &options));
        });
    }
}

fn metrics(bench: &mut Bench) {
    for count in [1, 10, 100, 1_000] {
        let metrics = (0..count).map(|k| metric(format!("m{k:04}"), "ms", k)).collect();
        let Ok(judge) = Judge::new(JudgeConfig { metrics, ..JudgeConfig::default() }) else { continue };
        let table = |n, seed| Table::new(vec![("ms".into(), Column::numbers(latencies(n, seed, 1.0)))]);
        let (Ok(baseline), Ok(canary)) = (table(5_000, 1), table(500, 2)) else { continue };
        bench.run("metrics", "judge, 500 v 5,000 rows", count, || {
            let _ = black_box(judge.judge_arms(Arms { baseline: baseline.clone(), canary: canary.clone() }));
        });
    }
}

fn segments(bench: &mut Bench) {
    for count in [1, 10, 100, 1_000, 10_000, 100_000] {
        let rows = count * 60;
        let table = |seed, scale| {
            let codes = (0..rows).map(|i| (i % count) as u32).collect();
            let names = (0..count).map(|k| format!("s{k:05}")).collect();
            Table::new(vec![
                ("ms".into(), Column::numbers(latencies(rows, seed, scale))),
                ("segment".into(), Column::Text { codes, names }),
            ])
        };
        let config = JudgeConfig {
            metrics: vec![metric("latency".into(), "ms", 1)],
            data: DataConfig { segments: vec!["segment".into()], ..DataConfig::default() },
            ..JudgeConfig::default()
        };
        let Ok(judge) = Judge::new(config) else { continue };
        let (Ok(baseline), Ok(canary)) = (table(1, 1.0), table(2, 1.0)) else { continue };
        bench.run("segments", "judge, 60 rows an arm in each segment", count, || {
            let _ = black_box(judge.judge_arms(Arms { baseline: baseline.clone(), canary: canary.clone() }));
        });
    }
    for pairs in [1_000, 10_000, 100_000] {
        let (x, y) = (latencies(pairs * 200, 3, 1.0), latencies(pairs * 200, 4, 1.0));
        let options = RankTests { kolmogorov_smirnov: None, ..RankTests::default() };
        bench.run("segments", "rank_tests_many, 200 v 200", pairs, || {
            let (Ok(x), Ok(y)) = (Samples::of_size(&x, 200), Samples::of_size(&y, 200)) else { return };
            let _ = black_box(rank_tests_many(x, y, &options));
        });
    }
}

/// One picture a group: time against size, both on scales of powers of ten; one thread solid, two dashed.
fn svg(points: &[Point], groups: &[&'static str]) -> String {
    let (width, height, left, bottom, top) = (320.0, 240.0, 56.0, 40.0, 26.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"10\">\n",
        groups.len() as f64 * (width + 40.0),
        height + 60.0
    );
    out += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    let colours = ["#1b6ca8", "#c2571a", "#3a7d44", "#7a3b9a", "#555555"];
    for (g, group) in groups.iter().enumerate() {
        let of: Vec<&Point> = points.iter().filter(|p| p.group == *group).collect();
        if of.is_empty() {
            continue;
        }
        let ends = |f: &dyn Fn(&Point) -> f64| {
            let logs = of.iter().map(|p| f(p).log10());
            let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            (low.floor(), high.ceil().max(low.floor() + 1.0))
        };
        let ((x0, x1), (y0, y1)) = (ends(&|p| p.size), ends(&|p| p.seconds));
        let origin = g as f64 * (width + 40.0);
        let px = |v: f64| origin + left + (v.log10() - x0) / (x1 - x0) * (width - left);
        let py = |v: f64| top + (y1 - v.log10()) / (y1 - y0) * (height - bottom - top);
        out += &format!("<text x=\"{}\" y=\"14\" font-weight=\"bold\">seconds against {group}</text>\n", origin + left);
        for e in x0 as i32..=x1 as i32 {
            let at = px(10f64.powi(e));
            out += &format!(
                "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">1e{e}</text>\n",
                height - bottom + 14.0
            );
        }
        for e in y0 as i32..=y1 as i32 {
            let at = py(10f64.powi(e));
            out += &format!(
                "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">1e{e}</text>\n",
                origin + left,
                origin + width,
                origin + left - 6.0,
                at + 3.0
            );
        }
        let mut names: Vec<&str> = of.iter().map(|p| p.name.as_str()).collect();
        names.dedup();
        let mut seen: Vec<&str> = Vec::new();
        names.retain(|n| {
            !seen.contains(n) && {
                seen.push(n);
                true
            }
        });
        for (k, name) in names.iter().enumerate() {
            let colour = colours[k % colours.len()];
            for (threads, dash) in [(1, ""), (2, " stroke-dasharray=\"4 3\"")] {
                let line: Vec<String> = of
                    .iter()
                    .filter(|p| p.name == *name && p.threads == threads)
                    .map(|p| format!("{:.1},{:.1}", px(p.size), py(p.seconds)))
                    .collect();
                out += &format!("<polyline fill=\"none\" stroke=\"{colour}\"{dash} points=\"{}\"/>\n", line.join(" "));
            }
            let y = height - bottom + 32.0 + 13.0 * k as f64;
            out += &format!("<text x=\"{}\" y=\"{y:.1}\" fill=\"{colour}\">{name}</text>\n", origin + left);
        }
    }
    out + "</svg>\n"
}

/// Puts the table between its marks in the page.
fn replace(page: &str, table: &str) -> Option<String> {
    let (begin, end) = ("<!-- scaling: begin -->\n", "<!-- scaling: end -->");
    let (head, rest) = page.split_once(begin)?;
    let (_, tail) = rest.split_once(end)?;
    Some(format!("{head}{begin}{table}{end}{tail}"))
}

fn main() -> io::Result<()> {
    const PAGE: &str = "docs/performance.md";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let task = match arguments[..] {
        [] | ["docs"] => Task::Time { only: None },
        ["only", word] => Task::Time { only: Some(word.into()) },
        ["peak", name, size] => Task::Peak { name: name.into(), size: size.parse().map_err(io::Error::other)? },
        _ => return Err(io::Error::other("expected nothing, `docs` or `only WORD`")),
    };
    let mut bench = Bench { task, points: Vec::new(), table: String::new() };
    if let Task::Time { .. } = bench.task {
        bench.print("| what | size | one thread | two threads | memory beyond the input |");
        bench.print("| --- | ---: | ---: | ---: | ---: |");
    }
    values(&mut bench);
    metrics(&mut bench);
    segments(&mut bench);
    if arguments == ["docs"] {
        let page = fs::read_to_string(PAGE)?;
        let page = replace(&page, &bench.table).ok_or_else(|| io::Error::other("the page has lost its marks"))?;
        fs::write(PAGE, page)?;
        fs::write("docs/pictures/cost.svg", svg(&bench.points, &["values in each arm", "metrics", "segments"]))?;
    }
    Ok(())
}
