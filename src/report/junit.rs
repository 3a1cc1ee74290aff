//! The report of a CI server.

use super::escape::xml;
use super::outline::{self, Outline};
use crate::config::Role;
use crate::judge::judgement::{Finding, Judgement};
use crate::judge::{Decision, Outcome};

/// The judgement as JUnit XML: a test case a metric, and one named `decision` for the whole.
///
/// | shown | test case |
/// | --- | --- |
/// | metric passes | passes |
/// | metric fails | `<failure>` |
/// | metric inconclusive or without data | `<skipped>`, the message says why |
/// | advisory metric fails without a crossed limit | `<skipped>`, as it decides nothing |
/// | promote | `decision` passes |
/// | hold | `decision` is `<skipped>`: nothing is shown to be wrong |
/// | rollback | `decision` is a `<failure>` |
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/rollback.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let report = report::junit(&judgement);
/// assert!(report.contains("<testcase classname=\"serinus\" name=\"decision\" time=\"0\">"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn junit(judgement: &Judgement) -> String {
    let outline = Outline::new(judgement);
    let mut cases = vec![overall(judgement, &outline)];
    cases.extend(judgement.metrics.iter().map(case));
    let count = |end: &End| cases.iter().filter(|c| c.end == *end).count();
    let (tests, failures, skipped) = (cases.len(), count(&End::Failure), count(&End::Skipped));
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\"");
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!(
        "<testsuites name=\"serinus\" {counts}>\n  <testsuite name=\"serinus\" {counts}>\n    <properties>\n"
    ));
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    for (name, value) in [
        ("decision", judgement.decision.name().to_owned()),
        ("verdict", outline::verdict_name(judgement.verdict).to_owned()),
        ("score", number(judgement.score)),
        ("score_best", number(judgement.score_best)),
        ("provenance", outline.provenance.clone()),
    ] {
        out.push_str(&format!("      <property name=\"{name}\" value=\"{}\"/>\n", xml(&value)));
    }
    out.push_str("    </properties>\n");
    for case in &cases {
        case.write(&mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// How a test case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    Failure,
    Skipped,
}

struct Case {
    class: String,
    name: String,
    end: End,
    message: String,
    /// Lines below the message.
    lines: Vec<String>,
}

impl Case {
    fn write(&self, out: &mut String) {
        let body = self.lines.iter().map(|l| xml(l)).collect::<Vec<_>>().join("\n");
        let message = xml(&self.message);
        out.push_str(&format!(
            "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">\n",
            xml(&self.class),
            xml(&self.name)
        ));
        out.push_str(&match self.end {
            End::Success => String::new(),
            End::Failure => format!("      <failure message=\"{message}\" type=\"fail\">{body}</failure>\n"),
            End::Skipped => format!("      <skipped message=\"{message}\"/>\n"),
        });
        if self.end != End::Failure {
            out.push_str(&format!("      <system-out>{body}</system-out>\n"));
        }
        out.push_str("    </testcase>\n");
    }
}

fn overall(judgement: &Judgement, outline: &Outline) -> Case {
    Case {
        class: "serinus".into(),
        name: "decision".into(),
        end: match judgement.decision {
            Decision::Promote => End::Success,
            Decision::Hold => End::Skipped,
            Decision::Rollback => End::Failure,
        },
        message: format!("{}: {}; {}", judgement.decision.name(), outline.score, outline.lead),
        lines: outline.reasons.iter().chain(&outline.checks).chain(&outline.warnings).cloned().collect(),
    }
}

fn case(finding: &Finding) -> Case {
    let crossed = finding.limit.as_ref().is_some_and(|l| l.outcome == Outcome::Fail);
    let advice = finding.role == Role::Advisory && !crossed;
    let word = outline::outcome(finding.outcome);
    let (end, message) = match finding.outcome {
        Outcome::Pass => (End::Success, String::new()),
        Outcome::Fail if advice => (End::Skipped, format!("advisory, {word}: {}", finding.text)),
        Outcome::Fail => (End::Failure, finding.text.clone()),
        Outcome::Inconclusive | Outcome::NoData => (End::Skipped, format!("{word}: {}", finding.text)),
    };
    let failing = finding.segments.iter().filter(|s| s.outcome == Outcome::Fail);
    let mut lines = vec![finding.text.clone()];
    lines.extend(failing.map(|s| format!("{}: {}", outline::segment(&s.segment), s.text)));
    Case {
        class: finding.group.as_ref().map_or("serinus.metrics".into(), |g| format!("serinus.{g}")),
        name: finding.name.clone(),
        end,
        message,
        lines,
    }
}
