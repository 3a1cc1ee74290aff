//! `serinus demo`: the bundled real recordings, judged.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use super::fault::Fault;
use super::judge::on_threads;
use super::{Answer, output};
use crate::config::JudgeConfig;
use crate::input::{self, ConfigFormat, Source};
use crate::judge::judgement::Judgement;
use crate::judge::{Decision, Judge};

/// Judge the bundled recordings of real canaries
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Format of the answer
    #[arg(long, value_enum, default_value_t)]
    format: DemoFormat,
    /// Write it here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Number of threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum DemoFormat {
    /// For a terminal
    #[default]
    Text,
    /// Every judgement, with what was expected
    Json,
    /// For a page
    Markdown,
}

macro_rules! recordings {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../fixtures/recordings/", $name, ".parquet")))),*]
    };
}

/// The recordings, in the order of `expected.json`.
const RECORDINGS: &[(&str, &[u8])] = recordings![
    "healthy",
    "aa_parity",
    "aa_sticky_users",
    "skew_recency_units",
    "skew_sentinel",
    "null_feature",
    "slow_model",
    "slow_tail",
    "unseen_category",
    "error_spike",
    "segment_only",
    "segment_young_zero",
    "cold_start",
    "drift_both_arms",
    "shadow_healthy",
    "shadow_skew",
];
const CONFIGS: &[(&str, &str)] = &[
    ("demo.yaml", include_str!("../../fixtures/recordings/demo.yaml")),
    ("shadow.yaml", include_str!("../../fixtures/recordings/shadow.yaml")),
];
const EXPECTED: &str = include_str!("../../fixtures/recordings/expected.json");

/// What was planted in a recording and which decisions are right.
#[derive(Debug, serde::Deserialize)]
struct Expected {
    name: String,
    config: String,
    /// Keys of the config's `data` that this recording sets.
    #[serde(default)]
    data: serde_json::Map<String, Value>,
    fault: String,
    expected: Vec<Decision>,
}

#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    recordings: Vec<Recording>,
}

#[derive(Debug, Serialize)]
struct Recording {
    name: String,
    config: String,
    fault: String,
    expected: Vec<Decision>,
    agrees: bool,
    judgement: Judgement,
}

impl Demo {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let expected: Vec<Expected> = serde_json::from_str(EXPECTED).expect("the bundled expectations are valid JSON");
        let recordings =
            on_threads(self.threads, || expected.into_iter().map(judge).collect::<Result<Vec<_>, Fault>>())??;
        let agree = recordings.iter().all(|r| r.agrees);
        let text = match self.format {
            DemoFormat::Text => text(&recordings),
            DemoFormat::Markdown => markdown(&recordings),
            DemoFormat::Json => {
                let shown = Shown { schema: "serinus.demo/1", recordings };
                let text = serde_json::to_string_pretty(&shown)
                    .map_err(|source| Fault::Output { path: "demo".to_owned(), source: source.into() })?;
                format!("{text}\n")
            }
        };
        output::write(self.output.as_deref(), &text)?;
        Ok(if agree { Answer::Done } else { Answer::Decision(Decision::Rollback) })
    }
}

fn judge(one: Expected) -> Result<Recording, Fault> {
    let text = CONFIGS.iter().find(|c| c.0 == one.config).expect("a bundled config").1;
    let mut value = input::parse_config(&one.config, text, ConfigFormat::Yaml)?;
    for (key, given) in &one.data {
        value["data"][key] = given.clone();
    }
    let fault = |errors| Fault::Config { path: one.config.clone(), errors };
    let config = JudgeConfig::from_value(&value).map_err(fault)?;
    let bytes = RECORDINGS.iter().find(|r| r.0 == one.name).expect("a bundled recording").1;
    let source = Source::bytes(format!("{}.parquet", one.name), bytes);
    let table = input::read_table(&source, input::ReadOptions::default())?;
    let judge = Judge::new(config).map_err(|errors| Fault::Config { path: one.config.clone(), errors })?;
    let judgement = judge.judge(&table).map_err(|source| Fault::Data { path: one.name.clone(), source })?;
    let agrees = one.expected.contains(&judgement.decision);
    Ok(Recording { name: one.name, config: one.config, fault: one.fault, expected: one.expected, agrees, judgement })
}

/// The reasons a person reads first; the rest is in the JSON.
fn leading(judgement: &Judgement, most: usize) -> Vec<&str> {
    judgement.reasons.iter().take(most).map(|r| r.text.as_str()).collect()
}

fn text(recordings: &[Recording]) -> String {
    let mut out = String::new();
    for r in recordings {
        let verdict = if r.agrees { "right" } else { "WRONG" };
        let expected: Vec<String> = r.expected.iter().map(|d| d.name().to_owned()).collect();
        out.push_str(&format!(
            "{:9} {:19} planted: {} ({verdict}: {})\n",
            r.judgement.decision.name().to_uppercase(),
            r.name,
            r.fault,
            expected.join(" or ")
        ));
        for reason in leading(&r.judgement, 3) {
            out.push_str(&format!("          - {reason}\n"));
        }
        if r.judgement.reasons.len() > 3 {
            out.push_str(&format!("          - and {} further reasons\n", r.judgement.reasons.len() - 3));
        }
        let movers = r.judgement.metrics.iter().find(|m| !m.movers.is_empty() && m.outcome == crate::Outcome::Fail);
        if let Some(metric) = movers {
            for mover in metric.movers.iter().take(3) {
                out.push_str(&format!("          > {} moved most: {mover}\n", metric.name));
            }
        }
    }
    let right = recordings.iter().filter(|r| r.agrees).count();
    out.push_str(&format!("\n{right} of {} recordings judged rightly\n", recordings.len()));
    out
}

fn markdown(recordings: &[Recording]) -> String {
    let mut out = String::from("| recording | planted | Serinus says | first reason |\n| --- | --- | --- | --- |\n");
    for r in recordings {
        let reason = leading(&r.judgement, 1).first().map_or(String::new(), |t| t.replace('|', "\\|"));
        let mark = if r.agrees { "" } else { " (wrong)" };
        out.push_str(&format!("| {} | {} | {}{mark} | {reason} |\n", r.name, r.fault, r.judgement.decision.name()));
    }
    out
}
