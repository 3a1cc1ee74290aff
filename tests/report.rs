//! Reports of stored judgements, as a person and a machine read them.

use serinus::report::svg::{self, Look, Theme};
use serinus::{Decision, Interval, Judgement, report};

const STORED: [(&str, &str); 7] = [
    ("promote", include_str!("../fixtures/judgements/promote.json")),
    ("hold", include_str!("../fixtures/judgements/hold.json")),
    ("rollback", include_str!("../fixtures/judgements/rollback.json")),
    ("segments", include_str!("../fixtures/judgements/segments.json")),
    ("segment_rollback", include_str!("../fixtures/judgements/segment_rollback.json")),
    ("hostile", include_str!("../fixtures/judgements/hostile.json")),
    ("empty", include_str!("../fixtures/judgements/empty.json")),
];

fn all() -> impl Iterator<Item = (&'static str, Judgement)> {
    STORED.iter().map(|(name, text)| (*name, serde_json::from_str(text).expect(name)))
}

fn stored(name: &str) -> Judgement {
    all().find(|(n, _)| *n == name).expect("a stored judgement").1
}

/// Whether tags nest and nothing is left unescaped; the names of the elements in order.
fn elements(xml: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>'), "an unescaped > in {text:?}");
        entities(text);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('?') || tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        entities(tag);
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default().to_owned();
        seen.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(!xml.chars().any(|c| c.is_control() && c != '\n'), "control characters");
    seen
}

fn entities(text: &str) {
    for after in text.split('&').skip(1) {
        let name = after.split(';').next().unwrap_or_default();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "a bare & before {after:.10}");
    }
}

#[test]
fn a_terminal_report_leads_with_the_decision_and_its_sentence() {
    let report = report::text(&stored("rollback"), report::Style { color: false, width: 160 });
    let first = report.lines().next().unwrap();
    assert_eq!(
        first,
        "ROLLBACK  score 90 (at best 90)  latency_p97 is 121% higher (90% CI +97.5% to +153%), margin 60%; p = 0.00015"
    );
    insta::assert_snapshot!("text_rollback", report);
    insta::assert_snapshot!("text_hold", report::text(&stored("hold"), report::Style::default()));
    insta::assert_snapshot!(
        "text_hostile",
        report::text(&stored("hostile"), report::Style { color: false, width: 90 })
    );
    insta::assert_snapshot!("text_empty", report::text(&stored("empty"), report::Style::default()));
}

#[test]
fn no_line_is_wider_than_the_terminal_and_colour_only_adds() {
    for (name, judgement) in all() {
        for width in [40, 60, 80, 100, 133, 200] {
            let plain = report::text(&judgement, report::Style { color: false, width });
            for line in plain.lines() {
                assert!(line.chars().count() <= width, "{name} at {width}: {line}");
                assert!(!line.ends_with(' '), "{name} at {width}: {line:?}");
            }
            assert!(!plain.contains('\u{1b}'), "{name}");
            let mut coloured = report::text(&judgement, report::Style { color: true, width });
            for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"] {
                coloured = coloured.replace(code, "");
            }
            for code in ["31", "32", "33"] {
                coloured = coloured.replace(&format!("\u{1b}[1;{code}m"), "");
            }
            assert_eq!(coloured, plain, "{name} at {width}");
        }
    }
}

#[test]
fn markdown_tables_have_five_cells_whatever_the_names_hold() {
    for (name, judgement) in all() {
        let report = report::markdown(&judgement);
        let rows: Vec<&str> = report.lines().filter(|l| l.starts_with('|')).collect();
        assert_eq!(rows.len(), if judgement.metrics.is_empty() { 0 } else { judgement.metrics.len() + 2 }, "{name}");
        for row in rows {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{name}: {row}");
        }
        let tags = report.matches('<').count();
        let own = ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<!-- -->"];
        assert_eq!(tags, own.iter().map(|t| report.matches(t).count()).sum::<usize>(), "{name}");
        assert_eq!(report.matches("<details>").count(), report.matches("</details>").count());
    }
    insta::assert_snapshot!("markdown_hostile", report::markdown(&stored("hostile")));
    insta::assert_snapshot!("markdown_segments", report::markdown(&stored("segments")));
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    for (name, judgement) in all() {
        let report = report::junit(&judgement);
        let elements = elements(&report);
        let count = |n: &str| elements.iter().filter(|e| *e == n).count();
        assert_eq!(count("testcase"), judgement.metrics.len() + 1, "{name}");
        let counts = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
            count("testcase"),
            count("failure"),
            count("skipped")
        );
        assert_eq!(report.matches(&counts).count(), 2, "{name}: {counts}");
        match judgement.decision {
            Decision::Rollback => assert!(count("failure") > 0, "{name}"),
            Decision::Promote => assert_eq!(count("failure"), 0, "{name}"),
            Decision::Hold => {}
        }
    }
    insta::assert_snapshot!("junit_hostile", report::junit(&stored("hostile")));
}

#[test]
fn github_lines_are_commands_and_at_most_ten() {
    for (name, judgement) in all() {
        let report = report::github(&judgement);
        let kind = match judgement.decision {
            Decision::Promote => "::notice title=serinus",
            Decision::Hold => "::warning title=serinus",
            Decision::Rollback => "::error title=serinus",
        };
        assert!(report.lines().all(|l| l.starts_with(kind)), "{name}: {report}");
        assert!((1..=10).contains(&report.lines().count()), "{name}");
    }
    insta::assert_snapshot!("github_hostile", report::github(&stored("hostile")));
}

#[test]
fn variables_are_five_lines_and_nothing_from_outside_adds_one() {
    for (name, mut judgement) in all() {
        for reason in &mut judgement.reasons {
            reason.text.push_str("'\nSERINUS_DECISION=promote\ndecision=promote\r$(rm -rf x)");
        }
        for (text, prefix) in [(report::github_outputs(&judgement), ""), (report::dotenv(&judgement), "SERINUS_")] {
            let keys: Vec<&str> = text.lines().filter_map(|l| l.split('=').next()).collect();
            let wanted = ["decision", "verdict", "score", "score_best", "reason"];
            let wanted =
                wanted.map(|k| if prefix.is_empty() { k.to_owned() } else { format!("{prefix}{}", k.to_uppercase()) });
            assert_eq!(keys, wanted, "{name}: {text}");
            assert!(!text.contains('\r'));
        }
        let dotenv = report::dotenv(&judgement);
        let reason = dotenv.lines().last().unwrap().strip_prefix("SERINUS_REASON=").unwrap();
        assert!(reason.starts_with('\'') && reason.ends_with('\'') && reason.matches('\'').count() == 2, "{reason}");
    }
    assert!(report::dotenv(&stored("empty")).contains("SERINUS_SCORE=\nSERINUS_SCORE_BEST=\n"));
}

#[test]
fn an_alert_says_what_crossed_which_limit_and_comes_back_from_json() {
    let alert = report::alert(&stored("hostile"));
    assert_eq!(alert.trigger.as_deref(), Some("limit_crossed"));
    let threshold = alert.threshold.unwrap();
    assert_eq!((threshold.kind, threshold.limit, threshold.value), (report::ThresholdKind::LimitMax, 0.02, Some(0.03)));
    let alert = report::alert(&stored("rollback"));
    let threshold = alert.threshold.unwrap();
    assert_eq!((threshold.kind, threshold.limit), (report::ThresholdKind::MarginRelative, 0.6));
    assert!(threshold.value.is_some_and(|v| (v - 1.21).abs() < 0.01), "{threshold:?}");
    let alert = report::alert(&stored("promote"));
    let threshold = alert.threshold.unwrap();
    assert_eq!((threshold.kind, threshold.limit), (report::ThresholdKind::ScorePass, 95.0));
    for (name, judgement) in all() {
        let alert = report::alert(&judgement);
        let text = serde_json::to_string(&alert).unwrap();
        assert_eq!(serde_json::from_str::<report::Alert>(&text).unwrap(), alert, "{name}");
        assert_eq!(alert.reasons.len(), judgement.reasons.len());
    }
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    for (name, judgement) in all() {
        let page = report::html(&judgement);
        let elements = elements(&page);
        assert!(
            !elements.iter().any(|e| ["script", "link", "img", "iframe", "object"].contains(&e.as_str())),
            "{name}"
        );
        assert!(!page.contains("url(") && !page.contains("@import"), "{name}");
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http"), "{name}");
        let cells = elements.iter().filter(|e| *e == "tr").count();
        assert!(cells >= judgement.metrics.len(), "{name}");
        assert!(page.contains("<html lang=\"en\">") && page.contains("<title>"), "{name}");
    }
}

#[test]
fn the_forest_draws_every_metric_in_its_own_margins() {
    for (name, judgement) in all() {
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let picture = svg::forest(&judgement, theme);
            elements(&picture);
            numbers_are_finite(&picture);
            assert_eq!(picture.contains("prefers-color-scheme"), theme == Theme::Auto, "{name}");
        }
    }
    let picture = svg::forest(&stored("hostile"), Theme::Light);
    for words in
        ["judged by its limit alone", "no estimate and no interval", "no margin on this scale", "nothing to compare"]
    {
        assert!(picture.contains(words), "{words}");
    }
}

#[test]
fn an_open_or_far_interval_ends_in_an_arrow() {
    let mut judgement = stored("promote");
    judgement.metrics.truncate(1);
    let arrows = |j: &Judgement| svg::forest(j, Theme::Light).matches("<polygon").count();
    assert_eq!(arrows(&judgement), 0);
    let interval = |j: &mut Judgement, low, high| {
        let evidence = j.metrics[0].evidence.as_mut().unwrap();
        evidence.interval = Some(Interval { low, high, level: 0.9 });
    };
    interval(&mut judgement, None, Some(0.001));
    assert_eq!(arrows(&judgement), 1);
    interval(&mut judgement, None, None);
    assert_eq!(arrows(&judgement), 2);
    interval(&mut judgement, Some(-0.001), Some(1e308));
    assert_eq!(arrows(&judgement), 1);
}

fn numbers_are_finite(picture: &str) {
    for word in ["NaN", "inf", "-0\""] {
        assert!(!picture.replace("inference", "").contains(word), "{word}");
    }
}

#[test]
fn distributions_are_drawn_for_any_values() {
    let many: Vec<f64> = (0..100_000).map(|i| f64::from(i % 977)).collect();
    let picture = svg::ecdf("latency <ms>", &many, &many[..5_000], Theme::Auto);
    elements(&picture);
    assert!(picture.matches('V').count() <= 810, "{}", picture.matches('V').count());
    for (baseline, canary) in [
        (vec![], vec![]),
        (vec![1.0], vec![]),
        (vec![f64::NAN, f64::INFINITY], vec![3.0]),
        (vec![7.0; 50], vec![7.0; 3]),
        (vec![-f64::MAX, f64::MAX], vec![0.0, 5e-324]),
        (vec![5e-324, 1e-323], vec![0.0]),
        ((0..1_000).map(f64::from).chain([1e12]).collect(), vec![1.0, 2.0]),
    ] {
        for theme in [Theme::Light, Theme::Dark] {
            let picture = svg::ecdf("name", &baseline, &canary, theme);
            elements(&picture);
            numbers_are_finite(&picture);
        }
    }
    assert!(svg::ecdf("x", &[f64::NAN], &[], Theme::Light).contains("no values to draw"));
}

#[test]
fn a_timeline_is_drawn_for_any_looks() {
    let look = |i: u64| Look {
        requests: i * 100,
        weight_percent: if i < 50 { 5.0 } else { 25.0 },
        decision: if i % 7 == 3 { Decision::Promote } else { Decision::Hold },
        score: (i > 10).then_some(40.0),
        score_best: (i > 10).then_some(100.0),
    };
    for count in [0, 1, 2, 100, 5_000] {
        let looks: Vec<Look> = (0..count).map(look).collect();
        let picture = svg::timeline(&looks, Theme::Auto);
        elements(&picture);
        numbers_are_finite(&picture);
        assert!(picture.len() < 400_000, "{count}: {}", picture.len());
    }
    let odd = [Look { weight_percent: f64::NAN, score: Some(f64::INFINITY), ..look(0) }];
    numbers_are_finite(&svg::timeline(&odd, Theme::Dark));
}

/// Writes every report to the directory that `SERINUS_REPORTS` names, to be looked at.
#[test]
#[ignore = "writes files for a person to look at"]
fn reports_to_look_at() {
    let Ok(place) = std::env::var("SERINUS_REPORTS") else { return };
    let put = |name: String, text: String| std::fs::write(std::path::Path::new(&place).join(name), text).unwrap();
    for (name, judgement) in all() {
        put(format!("{name}.html"), report::html(&judgement));
        put(format!("{name}.md"), report::markdown(&judgement));
        put(format!("{name}.txt"), report::text(&judgement, report::Style { color: true, width: 120 }));
        for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            put(format!("forest_{name}_{word}.svg"), svg::forest(&judgement, theme));
        }
    }
    let wave = |scale: f64, n: u32| -> Vec<f64> {
        (1..n).map(|i| 10.0 * scale - 8.0 * scale * (1.0 - f64::from(i) / f64::from(n)).ln()).collect()
    };
    let looks: Vec<Look> = (1..60)
        .map(|i| Look {
            requests: 200 * i,
            weight_percent: if i < 20 {
                5.0
            } else if i < 40 {
                25.0
            } else {
                0.0
            },
            decision: if i < 40 { Decision::Hold } else { Decision::Rollback },
            score: (i > 3).then_some(if i < 30 { 2.0 * i as f64 } else { 60.0 }),
            score_best: (i > 3).then_some(if i < 38 { 100.0 } else { 60.0 }),
        })
        .collect();
    for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        put(format!("ecdf_{word}.svg"), svg::ecdf("latency_ms", &wave(1.0, 9_000), &wave(1.15, 1_000), theme));
        put(format!("timeline_{word}.svg"), svg::timeline(&looks, theme));
    }
}
