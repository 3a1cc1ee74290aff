//! A drill as people read it: one line a fault.

use super::escape;
use crate::drill::{Drill, Drilled};

/// The table of a drill, as Markdown, which a terminal shows as well.
pub fn drill_table(drill: &Drill) -> String {
    let mut rows = vec![
        [
            "fault",
            "judged: rollback",
            "hold",
            "promote",
            "rolled out: rolled back",
            "undecided",
            "promoted",
            "canary requests until then",
            "named first",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    rows.extend(drill.faults.iter().map(row));
    let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| format!("{cell:w$}")).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
        if i == 0 {
            let rules: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
            out.push_str(&format!("| {} |\n", rules.join(" | ")));
        }
    }
    out
}

fn row(one: &Drilled) -> Vec<String> {
    if let Some(why) = &one.skipped {
        let mut cells = vec![one.name.clone()];
        cells.resize(8, "-".to_owned());
        cells.push(format!("not planted: {}", escape::markdown(why)));
        return cells;
    }
    let exposed = one.exposed.map_or("-".to_owned(), |e| match e.least == e.most {
        true => e.median.to_string(),
        false => format!("{} ({} to {})", e.median, e.least, e.most),
    });
    let named = one.named.first().map_or_else(String::new, |(name, _)| escape::markdown(name));
    let (judged, ended) = (one.judged, one.rolled_out);
    [judged.rollback, judged.hold, judged.promote, ended.rolled_back, ended.undecided, ended.promoted]
        .map(|n| n.to_string())
        .into_iter()
        .fold(vec![one.name.clone()], |mut cells, cell| {
            cells.push(cell);
            cells
        })
        .into_iter()
        .chain([exposed, named])
        .collect()
}
