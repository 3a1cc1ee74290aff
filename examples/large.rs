//! A large log and a finely cut one: what they cost in time and memory.
//!
//! `large write FILE [ROWS]` writes a seeded log of 10,000,000 rows and five metrics as Parquet, row group by row group, and
//! `FILE.yaml` beside it; `serinus judge -c FILE.yaml FILE` judges it. `large judge FILE` does the same in this process and
//! says how the peak of memory compares with the columns that the config needs. `large cells [SEGMENTS]` judges five
//! metrics in 20,000 segments, 100,000 cells, from memory.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serinus::input::{ConfigFormat, ReadOptions, Source, parse_config, read_table};
use serinus::judge::Judge;
use serinus::{Column, JudgeConfig, Judgement, Table};

const CONFIG: &str = "version: 1
data: {arm: {column: arm}, share: 10}
metrics:
  - {name: errors, type: proportion, column: error, direction: lower_is_better, margin: {absolute: 0.001}, role: critical}
  - {name: latency_p99, type: quantile, q: 0.99, column: latency_ms, direction: lower_is_better, margin: {relative: 0.05}}
  - {name: tokens, type: mean, column: tokens, direction: lower_is_better, margin: {relative: 0.02}}
  - {name: queue, type: distribution, column: queue_ms, direction: lower_is_better, margin: {relative: 0.05}}
  - {name: score_shift, type: shift, column: score, max_distance: 0.05}
";

/// Rows of one row group.
const GROUP: usize = 1 << 17;

/// A stream of numbers from a seed (splitmix64).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// One request: whether the canary served it, an error, latency, tokens, waiting time, score.
    fn request(&mut self) -> (bool, i64, [f64; 4]) {
        let canary = self.uniform() < 0.1;
        let error = i64::from(self.uniform() < 0.004);
        let values = [
            (3.9 + 0.5 * self.normal()).exp(),
            (5.0 + 0.8 * self.normal()).exp().round(),
            (1.0 + self.normal()).exp(),
            self.uniform().powi(2),
        ];
        (canary, error, values)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or: usize| words.get(i).map_or(Ok(or), |w| w.replace('_', "").parse::<usize>());
    match (words.first().map(String::as_str), words.get(1)) {
        (Some("write"), Some(file)) => write(Path::new(file), number(2, 10_000_000)?),
        (Some("judge"), Some(file)) => judge(Path::new(file)),
        (Some("cells"), _) => cells(number(1, 20_000)?),
        _ => Err("usage: large write FILE [ROWS] | large judge FILE | large cells [SEGMENTS]".into()),
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".yaml");
    name.into()
}

fn write(file: &Path, rows: usize) -> Result<(), Box<dyn Error>> {
    let mut noise = Noise(1);
    let mut writer: Option<ArrowWriter<File>> = None;
    let mut left = rows;
    while left > 0 {
        let n = left.min(GROUP);
        left -= n;
        let (mut arm, mut error, mut columns) = (Vec::with_capacity(n), Vec::with_capacity(n), vec![Vec::new(); 4]);
        for _ in 0..n {
            let (canary, err, values) = noise.request();
            arm.push(if canary { "canary" } else { "baseline" });
            error.push(err);
            columns.iter_mut().zip(values).for_each(|(c, v)| c.push(v));
        }
        let mut fields = vec![
            ("arm", Arc::new(StringArray::from(arm)) as ArrayRef),
            ("error", Arc::new(Int64Array::from(error)) as ArrayRef),
        ];
        for (name, values) in ["latency_ms", "tokens", "queue_ms", "score"].into_iter().zip(columns) {
            fields.push((name, Arc::new(Float64Array::from(values))));
        }
        let batch = RecordBatch::try_from_iter(fields)?;
        if writer.is_none() {
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(GROUP))
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            writer = Some(ArrowWriter::try_new(File::create(file)?, batch.schema(), Some(properties))?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
            writer.flush()?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    fs::write(beside(file), CONFIG)?;
    println!("{rows} rows, {:.0} MB", fs::metadata(file)?.len() as f64 / 1e6);
    Ok(())
}

/// Bytes that the columns take as they lie in memory: 8 a number, 4 a text.
fn bytes(table: &Table<'_>) -> u64 {
    let of = |column: &Column<'_>| match column {
        Column::Number { values, missing } => 8 * values.len() + missing.as_ref().map_or(0, Vec::len),
        Column::Text { codes, .. } => 4 * codes.len(),
    };
    table.columns().iter().map(|(_, column)| of(column) as u64).sum()
}

/// A field of `/proc/self/status` in bytes, where the system has one.
fn memory(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|k| k * 1024)
}

fn judge(file: &Path) -> Result<(), Box<dyn Error>> {
    let config = parse_config("config", &fs::read_to_string(beside(file))?, ConfigFormat::Yaml)?;
    let config = JudgeConfig::from_value(&config)?;
    let before = memory("VmHWM");
    let start = Instant::now();
    let columns = config.columns();
    let mut shown = 0;
    let mut follow = |progress: serinus::input::Progress| {
        let percent = progress.total_rows.map_or(0, |all| 100 * progress.rows / all.max(1));
        if percent >= shown + 20 {
            shown = percent;
            eprintln!("read {} rows, {percent} %", progress.rows);
        }
    };
    let options = ReadOptions { columns: Some(&columns), progress: Some(&mut follow), ..ReadOptions::default() };
    let table = read_table(&Source::from_argument(file), options)?;
    let needed = bytes(&table);
    let (read, peak_read) = (start.elapsed(), memory("VmHWM"));
    let judgement = Judge::new(config)?.judge(&table)?;
    println!("{} rows: {:?}", table.rows(), judgement.decision);
    println!("read in {:.1} s, judged in {:.1} s", read.as_secs_f64(), (start.elapsed() - read).as_secs_f64());
    println!("columns {:.0} MB", needed as f64 / 1e6);
    for (what, peak) in [("reading", peak_read), ("judging", memory("VmHWM"))] {
        if let (Some(peak), Some(before)) = (peak, before) {
            let held = peak - before.min(peak);
            println!(
                "peak after {what} {:.0} MB, {:.2} times the columns ({:.0} MB held before reading left out)",
                held as f64 / 1e6,
                held as f64 / needed as f64,
                before as f64 / 1e6
            );
        }
    }
    Ok(())
}

/// Five metrics in so many segments, 120 rows each, every tenth with a fault.
fn cells(segments: usize) -> Result<(), Box<dyn Error>> {
    const ROWS: usize = 120;
    let mut noise = Noise(2);
    let names: Vec<String> = (0..segments).map(|s| format!("shop-{s}")).collect();
    let (mut arm, mut shop, mut error) = (Vec::new(), Vec::new(), Vec::new());
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); 4];
    for s in 0..segments {
        for row in 0..ROWS {
            let (_, err, mut values) = noise.request();
            let canary = row % 2 == 1;
            if canary && s % 1000 == 7 {
                values[1] *= 3.0;
            }
            arm.push(u32::from(canary));
            shop.push(s as u32);
            error.push(err as f64);
            columns.iter_mut().zip(values).for_each(|(c, v)| c.push(v));
        }
    }
    let mut table = vec![
        ("arm".to_owned(), Column::Text { codes: arm, names: vec!["baseline".into(), "canary".into()] }),
        ("shop".to_owned(), Column::Text { codes: shop, names }),
        ("error".to_owned(), Column::numbers(error)),
    ];
    for (name, values) in ["latency_ms", "tokens", "queue_ms", "score"].into_iter().zip(columns) {
        table.push((name.to_owned(), Column::numbers(values)));
    }
    let table = Table::new(table)?;
    let mut config = parse_config("config", CONFIG, ConfigFormat::Yaml)?;
    config["data"] = serde_json::json!({"arm": {"column": "arm"}, "share": 50, "segments": ["shop"]});
    let start = Instant::now();
    let judgement = Judge::new(JudgeConfig::from_value(&config)?)?.judge(&table)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{} rows, {} metrics: {:?} in {seconds:.1} s", table.rows(), judgement.metrics.len(), judgement.decision);
    tell(&judgement);
    if let Some(peak) = memory("VmHWM") {
        let needed = bytes(&table) as f64;
        println!("columns {:.0} MB, peak of the whole process {:.0} MB", needed / 1e6, peak as f64 / 1e6);
    }
    Ok(())
}

fn tell(judgement: &Judgement) {
    let mut all = 0;
    for metric in &judgement.metrics {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for cell in &metric.segments {
            let word = cell.reason.clone().unwrap_or_else(|| format!("{:?}", cell.outcome).to_lowercase());
            *counts.entry(word).or_default() += 1;
        }
        all += metric.segments.len();
        println!("  {}: {counts:?}", metric.name);
    }
    println!("{all} cells");
}
