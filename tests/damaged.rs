//! Bytes that nobody meant, seeded: stored judgements, Kayenta's requests and summaries, damaged at random. What the fuzz
//! targets look for, on the stable compiler and the same every time.

use serde_json::Value;
use serinus::judge::Judge;
use serinus::kayenta::{Mode, answer, documents};
use serinus::report::{self, Style};
use serinus::summary::read_rows;
use serinus::{Arms, JudgeConfig, Judgement};

/// A small generator (Knuth's constants).
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end.max(1) as u64) as usize
    }

    /// Bytes changed, cut, doubled; and numbers replaced by those that hurt.
    fn damage(&mut self, seed: &str) -> String {
        const HARD: [&str; 14] = [
            "1e308",
            "-1e308",
            "1e-320",
            "-0.0",
            "0",
            "-1",
            "null",
            "\"NaN\"",
            "\"Infinity\"",
            "[]",
            "{}",
            "9007199254740993",
            "18446744073709551615",
            "\"\"",
        ];
        let mut bytes = seed.as_bytes().to_vec();
        for _ in 0..1 + self.below(3) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, b"\",{}[]:0-e."[self.below(11)]),
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    // The number that stands next, replaced.
                    let start = (at..bytes.len()).find(|&i| bytes[i].is_ascii_digit());
                    if let Some(start) = start {
                        let number = |b: &u8| b.is_ascii_digit() || b".eE+-".contains(b);
                        let end = start + bytes[start..].iter().take_while(|b| number(b)).count();
                        bytes.splice(start..end, HARD[self.below(HARD.len())].bytes());
                    }
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_answer_to_a_damaged_request_is_json_with_scores() {
    let mut noise = Noise(3);
    let requests = fixture("kayenta/kayenta_requests.jsonl");
    let seeds: Vec<&str> = requests.lines().filter(|line| line.len() < 20_000).collect();
    let mut answered = 0;
    for round in 0..3_000 {
        let line = seeds[round % seeds.len()];
        // The archive keeps the request beside its expected answer.
        let archived: Value = serde_json::from_str(line).unwrap();
        let request = archived.get("request").unwrap_or(&archived).to_string();
        let text = noise.damage(&request);
        for request in documents(&text) {
            for mode in [Mode::Compatible, Mode::Native] {
                let Ok(given) = answer(request, mode) else { continue };
                answered += 1;
                let value: Value = serde_json::from_str(&given).expect("an answer is JSON");
                let whole = &value["score"]["score"];
                assert!(whole.is_number() || whole.is_string(), "{request}\n{given}");
                for group in value["groupScores"].as_array().expect("group scores are a list") {
                    assert!(group["score"].is_number() || group["score"].is_string(), "{request}\n{given}");
                }
            }
        }
    }
    assert!(answered > 500, "only {answered} requests survived the damage");
}

#[test]
fn every_report_of_a_damaged_judgement_is_text() {
    let mut noise = Noise(5);
    let mut read = 0;
    for name in ["promote", "hold", "rollback", "segments", "segment_rollback", "hostile", "empty"] {
        let seed = fixture(&format!("judgements/{name}.json"));
        for _ in 0..150 {
            let Ok(judgement) = serde_json::from_str::<Judgement>(&noise.damage(&seed)) else { continue };
            read += 1;
            for text in [
                report::text(&judgement, Style::default()),
                report::markdown(&judgement),
                report::html(&judgement),
                report::junit(&judgement),
                report::github(&judgement),
                report::dotenv(&judgement),
            ] {
                assert!(!text.contains(" NaN") && !text.contains("\"NaN\""), "{name}: {text}");
            }
        }
    }
    assert!(read > 100, "only {read} judgements survived the damage");
}

#[test]
fn every_summary_is_judged_or_refused_and_reads_back() {
    let config = serde_json::json!({"version": 1, "data": {"segments": ["tier"], "share": 10}, "metrics": [
        {"name": "e", "type": "proportion", "column": "e", "direction": "lower_is_better", "margin": {"relative": 0.1}, "limit": {"max": 0.2}},
        {"name": "m", "type": "mean", "column": "m", "direction": "either", "margin": {"relative": 0.1}, "limit": {"min": 0.1}},
        {"name": "h", "type": "quantile", "q": 0.9, "column": "h", "direction": "lower_is_better", "margin": {"relative": 0.1}},
        {"name": "r", "type": "ratio", "numerator": "y", "denominator": "x", "direction": "lower_is_better", "margin": {"absolute": 0.1}},
    ]});
    let judge = Judge::new(JudgeConfig::from_value(&config).unwrap()).unwrap();
    let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
    let row = |arm: &str, stratum: u8, tier: &str| {
        format!(
            r#"{{"metric":"e","arm":"{arm}","stratum":{stratum}{tier},"n":400,"events":30}},
            {{"metric":"m","arm":"{arm}","stratum":{stratum}{tier},"n":400,"mean":5.5,"m2":900}},
            {{"metric":"h","arm":"{arm}","stratum":{stratum}{tier},"values":[1,2,3.5],"counts":[300,90,10]}},
            {{"metric":"r","arm":"{arm}","stratum":{stratum}{tier},"n":400,"sum_y":40,"sum_x":400,"sum_yy":90,"sum_xy":50,"sum_xx":900,"clusters":200}}"#
        )
    };
    let rows: Vec<String> = ["baseline", "canary"]
        .iter()
        .flat_map(|arm| [row(arm, 1, ""), row(arm, 2, ""), row(arm, 1, r#","tier":"gold""#)])
        .collect();
    let seed = format!("[{}]", rows.join(","));
    let mut noise = Noise(7);
    let mut judged = 0;
    for _ in 0..1_500 {
        let Ok(value) = serde_json::from_str::<Value>(&noise.damage(&seed)) else { continue };
        let Ok(rows) = read_rows(&value, &words, &["tier".to_owned()]) else { continue };
        // Counts of 10^15 rows are refused by their number, not by the machine's memory.
        let Ok(judgement) = judge.judge_summary(&rows) else { continue };
        judged += 1;
        let json = serde_json::to_string(&judgement).expect("a judgement is JSON");
        assert_eq!(serde_json::from_str::<Judgement>(&json).expect("a judgement reads back"), judgement);
    }
    assert!(judged > 25, "only {judged} summaries survived the damage");
}
