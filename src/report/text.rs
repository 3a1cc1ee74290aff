//! The report of a terminal.

use super::escape;
use super::outline::{self, Outline};
use crate::judge::judgement::Judgement;
use crate::judge::parity::{Parity, Sameness};
use crate::judge::{Decision, Outcome};

/// How a terminal report is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Adds ANSI colours. Every colour stands on a word that says the same.
    pub color: bool,
    /// Columns of the terminal; less than 40 is taken as 40.
    pub width: usize,
}

impl Default for Style {
    /// No colour, 100 columns.
    fn default() -> Self {
        Style { color: false, width: 100 }
    }
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const BOLD: &str = "1";
const FAINT: &str = "2";
const LEAST_WIDTH: usize = 40;
const GAP: usize = 2;

/// The judgement for a terminal: the decision and its sentence, a table of metrics, then why, and what is still needed.
///
/// ```
/// # let stored = include_str!("../../fixtures/judgements/rollback.json");
/// use serinus::{Judgement, report};
/// let judgement: Judgement = serde_json::from_str(stored)?;
/// let report = report::text(&judgement, report::Style { color: false, width: 80 });
/// assert!(report.starts_with("ROLLBACK  score "));
/// assert!(report.lines().all(|line| line.chars().count() <= 80));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn text(judgement: &Judgement, style: Style) -> String {
    let outline = Outline::new(judgement);
    let paper = Paper { color: style.color, width: style.width.max(LEAST_WIDTH) };
    let mut out = String::new();
    let hue = match judgement.decision {
        Decision::Promote => GREEN,
        Decision::Hold => YELLOW,
        Decision::Rollback => RED,
    };
    let told = format!("{}  {}", outline.score, outline.lead);
    paper.lead(&mut out, outline::decision(judgement.decision), hue, &told);
    paper.body(&mut out, &outline, |outcome| match outcome {
        Outcome::Fail => "FAIL",
        outcome => outline::outcome(outcome),
    });
    out
}

/// An answer about parity for a terminal: same, different or open and its sentence, a table of metrics, why, and what is
/// still needed.
///
/// ```
/// use serinus::{Column, JudgeConfig, Table, judge::Judge, report};
/// let config = JudgeConfig::from_value(&serde_json::json!({"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": [
///     {"name": "cost", "type": "mean", "column": "cost", "direction": "lower_is_better", "margin": {"relative": 0.1}}]}))?;
/// let table = Table::new(vec![
///     ("arm".to_owned(), Column::texts((0..900).map(|i| if i % 3 > 0 { "baseline" } else { "canary" }))),
///     ("cost".to_owned(), Column::numbers((0..900).map(|i| f64::from(i % 7)).collect::<Vec<_>>())),
/// ])?;
/// let report = report::parity_text(&Judge::new(config)?.parity(&table)?, report::Style::default());
/// assert!(report.starts_with("SAME  1 metric is shown"), "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parity_text(parity: &Parity, style: Style) -> String {
    let outline = Outline::of_parity(parity);
    let paper = Paper { color: style.color, width: style.width.max(LEAST_WIDTH) };
    let mut out = String::new();
    let (word, hue) = match parity.answer {
        Sameness::Same => ("SAME", GREEN),
        Sameness::Open => ("OPEN", YELLOW),
        Sameness::Different => ("DIFFERENT", RED),
    };
    paper.lead(&mut out, word, hue, &outline.lead);
    paper.body(&mut out, &outline, |outcome| match outcome {
        Outcome::Pass => "same",
        Outcome::Fail => "DIFFERS",
        Outcome::Inconclusive => "open",
        Outcome::NoData => "no data",
    });
    out
}

struct Paper {
    color: bool,
    width: usize,
}

impl Paper {
    fn painted(&self, text: &str, code: &str) -> String {
        if self.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// What follows the first sentence.
    fn body(&self, out: &mut String, outline: &Outline, word: impl Fn(Outcome) -> &'static str) {
        if !outline.rows.is_empty() {
            out.push('\n');
            self.table(out, outline, word);
        }
        let segments: Vec<String> = outline.segments.iter().map(|s| format!("{}: {}", s.metric, s.summary)).collect();
        self.list(out, "why", &outline.reasons);
        self.list(out, "still needed", &outline.needs);
        self.list(out, "groups", &outline.groups);
        self.list(out, "segments", &segments);
        self.list(out, "largest differences", &outline.movers);
        self.list(out, "checks that did not pass", &outline.checks);
        self.list(out, "warnings", &outline.warnings);
        out.push('\n');
        for line in wrap(&outline.provenance, self.width) {
            out.push_str(&self.painted(&line, FAINT));
            out.push('\n');
        }
    }

    fn lead(&self, out: &mut String, word: &str, hue: &str, told: &str) {
        let whole = format!("{word}  {told}");
        for (i, line) in hanging(&whole, self.width, 2).iter().enumerate() {
            match line.strip_prefix(word) {
                Some(rest) if i == 0 => {
                    out.push_str(&format!("{}{rest}", self.painted(word, &format!("{BOLD};{hue}"))))
                }
                _ => out.push_str(line),
            }
            out.push('\n');
        }
    }

    fn list(&self, out: &mut String, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        out.push('\n');
        out.push_str(&self.painted(title, BOLD));
        out.push('\n');
        for text in lines {
            for line in hanging(text, self.width - 2, 2) {
                out.push_str("  ");
                out.push_str(&line);
                out.push('\n');
            }
        }
    }

    fn table(&self, out: &mut String, outline: &Outline, word: impl Fn(Outcome) -> &'static str) {
        let header = ["metric", "role", &outline.change_header, "margin", "outcome"].map(str::to_owned);
        let rows: Vec<[String; 5]> = outline
            .rows
            .iter()
            .map(|r| {
                let word = r.outcome(word(r.outcome));
                [escape::line(&r.name), r.role.into(), escape::line(&r.change), r.margin.clone(), word]
            })
            .collect();
        let mut widths = [0; 5];
        for row in rows.iter().chain([&header]) {
            for (w, cell) in widths.iter_mut().zip(row) {
                *w = (*w).max(columns(cell));
            }
        }
        fit(&mut widths, self.width);
        self.row(out, &header, &widths, |_| BOLD);
        for (row, shown) in rows.iter().zip(&outline.rows) {
            let hue = match shown.outcome {
                Outcome::Pass => GREEN,
                Outcome::Fail => RED,
                Outcome::Inconclusive | Outcome::NoData => YELLOW,
            };
            self.row(out, row, &widths, |column| if column == 4 { hue } else { "" });
        }
    }

    fn row<'a>(&self, out: &mut String, cells: &[String; 5], widths: &[usize; 5], code: impl Fn(usize) -> &'a str) {
        let wrapped: Vec<Vec<String>> = cells.iter().zip(widths).map(|(c, &w)| wrap(c, w)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for i in 0..height {
            let mut line = String::new();
            let mut at = 0;
            let mut column_start = 0;
            for (column, cell) in wrapped.iter().enumerate() {
                let text = cell.get(i).map_or("", String::as_str);
                if !text.is_empty() {
                    line.push_str(&" ".repeat(column_start - at));
                    let code = code(column);
                    line.push_str(&if code.is_empty() { text.to_owned() } else { self.painted(text, code) });
                    at = column_start + columns(text);
                }
                column_start += widths[column] + GAP;
            }
            out.push_str(&line);
            out.push('\n');
        }
    }
}

/// Narrows the widest of the columns that can wrap until the table fits.
fn fit(widths: &mut [usize; 5], width: usize) {
    const LEAST: [usize; 5] = [6, 6, 8, 6, 6];
    while widths.iter().sum::<usize>() + 4 * GAP > width {
        let widest = (0..5).filter(|&c| widths[c] > LEAST[c]).max_by_key(|&c| (widths[c], c));
        match widest {
            Some(c) => widths[c] -= 1,
            None => return,
        }
    }
}

/// Columns that a text takes in a terminal.
fn columns(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// Columns of one character: two for East Asian wide forms and emoji, none for combining marks.
fn cells(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Wrapped lines, all but the first indented.
fn hanging(text: &str, width: usize, indent: usize) -> Vec<String> {
    let text = escape::line(text);
    let words = text.trim();
    let mut lines = wrap(words, width);
    if lines.len() > 1 {
        let rest = words.chars().skip(lines[0].chars().count()).collect::<String>();
        let first = lines.swap_remove(0);
        lines = vec![first];
        let pad = " ".repeat(indent);
        lines.extend(wrap(rest.trim_start(), width.saturating_sub(indent)).into_iter().map(|l| format!("{pad}{l}")));
    }
    lines
}

/// Lines of at most so many columns, broken at spaces, or inside a word that is longer than a line, there after a `_`,
/// `-`, `.`, `/` or `=` where one comes late enough. Spaces inside a
/// line are kept. Always at least one line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut rest: &str = text;
    loop {
        let mut used = 0;
        let mut end = rest.len();
        let (mut space, mut joint) = (None, None);
        for (i, c) in rest.char_indices() {
            if c == ' ' && i > 0 {
                space = Some(i);
            }
            used += cells(c);
            if used > width {
                end = i;
                break;
            }
            if matches!(c, '_' | '-' | '.' | '/' | '=') && used > width / 2 {
                joint = Some(i + c.len_utf8());
            }
        }
        if end == rest.len() {
            lines.push(rest.trim_end().to_owned());
            return lines;
        }
        let cut = space.filter(|&s| s <= end).or(joint).unwrap_or(end);
        lines.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
        if rest.is_empty() {
            return lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_inside() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("latency_p99_of_checkout", 10), ["latency_", "p99_of_", "checkout"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("日本語の名前", 6), ["日本語", "の名前"]);
        assert_eq!(hanging("one two three four", 9, 2), ["one two", "  three", "  four"]);
    }

    #[test]
    fn every_character_survives_wrapping() {
        let words = "a bb ccc dddd eeeee ffffff ggggggg hhhhhhhh";
        for width in 2..50 {
            let lines = wrap(words, width);
            assert!(lines.iter().all(|l| columns(l) <= width), "{width}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), words.replace(' ', ""), "{width}");
        }
    }

    #[test]
    fn a_table_narrows_until_it_fits() {
        let mut widths = [60, 8, 50, 20, 12];
        fit(&mut widths, 80);
        assert_eq!(widths.iter().sum::<usize>() + 4 * GAP, 80);
        assert_eq!(widths[1], 8);
    }
}
