//! Seeded damage at every door that reads bytes, on the stable compiler: what the fuzz targets do, without coverage.
//!
//! `cargo run --release --features files --example mutate -- DOOR|all [SECONDS] [SEED]`. Each round takes a file of the
//! repository, damages it (bytes changed, cut, doubled, numbers replaced, two files spliced) and hands it to the door. A
//! panic ends the run with exit code 1 and leaves the bytes in `target/mutate-DOOR-SEED-ROUND`.

#[path = "../fuzz/doors.rs"]
mod doors;

use std::error::Error;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// A door, and the files whose damage it is shown.
struct Door {
    name: &'static str,
    enter: fn(&[u8]),
    seeds: &'static [&'static str],
}

const DOORS: [Door; 6] = [
    Door {
        name: "config",
        enter: doors::config,
        seeds: &[
            "fixtures/recordings/demo.yaml",
            "fixtures/recordings/shadow.yaml",
            "fixtures/recordings/expected.json",
        ],
    },
    Door { name: "tables", enter: doors::tables, seeds: &["fixtures/recordings/low_traffic_healthy.csv"] },
    Door { name: "parquet", enter: doors::parquet, seeds: &["fixtures/recordings/aa_parity.parquet"] },
    Door {
        name: "judgement",
        enter: doors::judgement,
        seeds: &[
            "fixtures/judgements/hold.json",
            "fixtures/judgements/rollback.json",
            "fixtures/judgements/segments.json",
            "fixtures/judgements/hostile.json",
        ],
    },
    Door { name: "kayenta", enter: doors::kayenta, seeds: &["fixtures/kayenta/kayenta_requests.jsonl"] },
    Door { name: "summary", enter: doors::summary, seeds: &[] },
];

/// Small inputs that no file holds.
const TABLE: &str = "arm,x,tier\nbaseline,1.5,gold\ncanary,2,\"a\nb\"\ncanary,,gold\nbaseline,-3e5,\n";
const LINES: &str =
    "{\"arm\":\"canary\",\"x\":1.5}\n{\"arm\":\"baseline\",\"x\":null}\n{\"arm\":\"baseline\",\"x\":7}\n";
const SUMMARY: &str = "metric,arm,tier,n,events,mean,m2,values,counts\ne,canary,gold,9,1,,,,\ne,baseline,,90,4,,,,\n\
                       m,canary,,9,,1.5,3,,\nh,baseline,,,,,,1;2;3.5,4;0;9\n";
const ROWS: &str = r#"{"schema":"serinus.summary/1","rows":[{"metric":"e","arm":"canary","n":9,"events":1},{"metric":"r","arm":"baseline","n":40,"sum_y":4,"sum_x":40,"sum_yy":9,"sum_xy":5,"sum_xx":90,"clusters":20}]}"#;
const CONFIG: &str = "version = 1\nalpha = {safe = 0.05, harm = 0.01}\n[data]\nunit = \"u\"\n[data.arm]\ncolumn = \"arm\"\n\
                      [[metrics]]\nname = \"a\"\ntype = \"mean\"\ncolumn = \"x\"\ndirection = \"either\"\nmargin = {absolute = 1}\n";

/// splitmix64.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

const HARD: [&str; 22] = [
    "1e308",
    "-1e308",
    "1e-320",
    "-0.0",
    "0",
    "-1",
    "null",
    "NaN",
    "\"NaN\"",
    "inf",
    "\"Infinity\"",
    "[]",
    "{}",
    "\"\"",
    "9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "1e400",
    ".nan",
    "~",
    "&a *a",
    "2026-02-30T25:61:61Z",
];

fn damage(noise: &mut Noise, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[noise.below(seeds.len())].clone();
    for _ in 0..1 + noise.below(6) {
        let at = noise.below(bytes.len());
        match noise.below(9) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, b"\",{}[]:\n\0&*-;|\t#"[noise.below(16)]),
            2 if !bytes.is_empty() => bytes[at] = noise.next() as u8,
            3 if !bytes.is_empty() => bytes[at] ^= 1 << noise.below(8),
            4 => {
                let end = (at + noise.below(60)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                let end = (at + noise.below(30)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => {
                let other = &seeds[noise.below(seeds.len())];
                let from = noise.below(other.len());
                let end = (from + noise.below(200)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                // The number that stands next, replaced.
                if let Some(start) = (at..bytes.len()).find(|&i| bytes[i].is_ascii_digit()) {
                    let part = |b: &u8| b.is_ascii_digit() || b".eE+-".contains(b);
                    let end = start + bytes[start..].iter().take_while(|b| part(b)).count();
                    bytes.splice(start..end, HARD[noise.below(HARD.len())].bytes());
                }
            }
        }
    }
    bytes
}

fn seeds(door: &Door) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for file in door.seeds {
        let bytes = fs::read(home.join(file))?;
        if file.ends_with(".jsonl") {
            // The archive keeps a request beside its expected answer.
            for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty() && l.len() < 20_000) {
                let archived: serde_json::Value = serde_json::from_slice(line)?;
                seeds.push(archived.get("request").unwrap_or(&archived).to_string().into_bytes());
            }
        } else if file.ends_with(".csv") {
            seeds.push(bytes.split_inclusive(|b| *b == b'\n').take(60).flatten().copied().collect());
        } else {
            seeds.push(bytes);
        }
    }
    let small: &[&str] = match door.name {
        "tables" => &[TABLE, LINES],
        "summary" => &[SUMMARY, ROWS],
        "config" => &[CONFIG],
        _ => &[],
    };
    seeds.extend(small.iter().map(|text| text.as_bytes().to_vec()));
    Ok(seeds)
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let door = words.first().map_or("all", String::as_str);
    let seconds: u64 = words.get(1).map_or(Ok(60), |w| w.parse())?;
    let seed: u64 = words.get(2).map_or(Ok(1), |w| w.parse())?;
    let chosen: Vec<&Door> = DOORS.iter().filter(|d| door == "all" || d.name == door).collect();
    if chosen.is_empty() {
        return Err(format!("{door} is no door; take all, {}", DOORS.map(|d| d.name).join(", ")).into());
    }
    for door in chosen {
        let seeds = seeds(door)?;
        let mut noise = Noise(seed);
        let (start, mut round, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
        while start.elapsed() < Duration::from_secs(seconds) {
            let bytes = damage(&mut noise, &seeds);
            let entered = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| (door.enter)(&bytes))).is_err() {
                let place = format!("target/mutate-{}-{seed}-{round}", door.name);
                fs::write(&place, &bytes)?;
                return Err(format!("{} panicked; its bytes are in {place}", door.name).into());
            }
            slowest = slowest.max(entered.elapsed());
            round += 1;
        }
        println!(
            "{}: {round} rounds in {seconds} s, seed {seed}, the slowest {:.2} s",
            door.name,
            slowest.as_secs_f64()
        );
    }
    Ok(())
}
