//! A table read under a config: arms, strata, units, times and segments as codes, before any metric looks at it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::DataError;
use crate::arms::{Arm, Arms};
use crate::config::{AsOf, JudgeConfig, Share, Stratum, TimeUnit, WarmUp};
use crate::table::{Column, Table};

/// The code of a row that has no value in a coded column.
pub(super) const NONE: u32 = u32::MAX;

/// A coded column: a small number a row and the names behind the numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Codes {
    pub codes: Vec<u32>,
    pub names: Vec<String>,
}

/// Declared canary shares, 0 to 1.
#[derive(Debug)]
pub(super) enum Shares {
    /// One for all rows.
    All(f64),
    /// One a row.
    Rows(Vec<f64>),
}

impl Shares {
    pub fn of(&self, row: usize) -> f64 {
        match self {
            Shares::All(share) => *share,
            Shares::Rows(shares) => shares[row],
        }
    }
}

/// The rows that are judged, in the table's order.
#[derive(Debug)]
pub(super) struct Dataset<'a> {
    pub table: &'a Table<'a>,
    /// Arm of each row; `None` for ignored and warm-up rows. All rows of paired data are of both arms.
    pub arm: Vec<Option<Arm>>,
    pub paired: bool,
    pub strata: Codes,
    pub units: Option<Codes>,
    /// Milliseconds.
    pub time: Option<Vec<f64>>,
    /// Whether a row's label has arrived, when labels arrive late.
    pub arrived: Option<Vec<bool>>,
    /// Declared canary share of each row, 0 to 1.
    pub share: Option<Shares>,
    pub segments: Vec<(String, Codes)>,
    /// Rows left out as warm-up, of each arm.
    pub warm_up: Arms<u64>,
    pub ignored: u64,
    /// Rows whose unit or stratum is missing, and which are therefore left out.
    pub incomplete: u64,
    pub repeated_ids: Option<u64>,
    /// What speaks for the times standing in another unit than the config says.
    pub time_unit_doubt: Option<&'static str>,
}

fn unknown(table: &Table<'_>, column: &str, used_by: &str) -> DataError {
    let names: Vec<&str> = table.names().collect();
    let nearest = crate::config::nearest::suggestion(column, names.iter().copied());
    let mut known = names.iter().take(30).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 30 {
        known.push_str(", ...");
    }
    if names.is_empty() {
        known.push_str("no columns");
    }
    DataError::UnknownColumn { column: column.into(), used_by: used_by.into(), known, nearest }
}

/// The column of that name, or an error that says what it is for.
pub(super) fn column<'t>(table: &'t Table<'_>, name: &str, used_by: &str) -> Result<&'t Column<'t>, DataError> {
    // The column's own lifetime is longer; a shorter borrow is all that is needed.
    table.column(name).ok_or_else(|| unknown(table, name, used_by))
}

/// A number as a person would write it: 200, not 200.0.
pub(super) fn number_name(v: f64) -> String {
    if v == v.trunc() && v.abs() < 1e15 { format!("{}", v as i64) } else { format!("{v}") }
}

/// Numbers of a column with NaN where missing, or an error at the first text.
pub(super) fn numbers<'t>(table: &'t Table<'_>, name: &str, used_by: &str) -> Result<Cow<'t, [f64]>, DataError> {
    match column(table, name, used_by)? {
        Column::Number { values, missing } => Ok(match missing {
            None => Cow::Borrowed(values),
            Some(missing) => values.iter().zip(missing).map(|(&v, &gone)| if gone { f64::NAN } else { v }).collect(),
        }),
        Column::Text { codes, names } => {
            match codes.iter().position(|&c| c != Column::MISSING && !is_number(&names[c as usize])) {
                None => Ok(codes
                    .iter()
                    .map(|&c| names.get(c as usize).and_then(|n| n.trim().parse().ok()).unwrap_or(f64::NAN))
                    .collect()),
                Some(row) => Err(DataError::BadValue {
                    column: name.into(),
                    row: row + 1,
                    value: format!("\"{}\"", shorten(&names[codes[row] as usize])),
                    expected: "a number; clean the column or use another".into(),
                    used_by: used_by.into(),
                }),
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(57).chain("...".chars()).collect() }
}

/// A column as codes: texts as they are, numbers by value; names in order of first appearance.
pub(super) fn codes(table: &Table<'_>, name: &str, used_by: &str) -> Result<Codes, DataError> {
    Ok(match column(table, name, used_by)? {
        Column::Text { codes, names } => Codes {
            codes: codes.iter().map(|&c| if c == Column::MISSING { NONE } else { c }).collect(),
            names: names.clone(),
        },
        Column::Number { values, missing } => {
            let mut index: HashMap<u64, u32> = HashMap::new();
            let mut names = Vec::new();
            let codes = values
                .iter()
                .enumerate()
                .map(|(i, &v)| {
                    if v.is_nan() || missing.as_ref().is_some_and(|m| m[i]) {
                        return NONE;
                    }
                    let v = if v == 0.0 { 0.0 } else { v };
                    *index.entry(v.to_bits()).or_insert_with(|| {
                        names.push(v);
                        (names.len() - 1) as u32
                    })
                })
                .collect();
            Codes { codes, names: names.into_iter().map(number_name).collect() }
        }
    })
}

/// Numeric names ascending, others in order of first appearance: ramp stages come out in their order.
pub(super) fn in_order(mut coded: Codes) -> Codes {
    let values: Option<Vec<f64>> = coded.names.iter().map(|n| n.trim().parse::<f64>().ok()).collect();
    let Some(values) = values else { return coded };
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let mut rank = vec![0u32; order.len()];
    for (r, &old) in order.iter().enumerate() {
        rank[old as usize] = r as u32;
    }
    coded.names = order.iter().map(|&o| coded.names[o as usize].clone()).collect();
    coded.codes.iter_mut().filter(|c| **c != NONE).for_each(|c| *c = rank[*c as usize]);
    coded
}

/// Times in milliseconds.
fn times(table: &Table<'_>, name: &str, unit: TimeUnit, used_by: &str) -> Result<Vec<f64>, DataError> {
    let bad = |row: usize, value: String, expected: &str| DataError::BadValue {
        column: name.into(),
        row: row + 1,
        value,
        expected: expected.into(),
        used_by: used_by.into(),
    };
    match unit {
        TimeUnit::Rfc3339 => match column(table, name, used_by)? {
            Column::Text { codes, names } => {
                let parsed: Vec<Option<f64>> = names.iter().map(|n| crate::config::rfc3339_ms(n)).collect();
                codes
                    .iter()
                    .enumerate()
                    .map(|(row, &c)| match parsed.get(c as usize) {
                        None => Ok(f64::NAN),
                        Some(Some(ms)) => Ok(*ms),
                        Some(None) => Err(bad(
                            row,
                            format!("\"{}\"", shorten(&names[c as usize])),
                            "an RFC 3339 time such as 2026-11-20T12:00:00Z; set data.time.unit to ms or s for numbers",
                        )),
                    })
                    .collect()
            }
            Column::Number { .. } => Ok(numbers(table, name, used_by)?.into_owned()),
        },
        TimeUnit::Ms => Ok(numbers(table, name, used_by)?.into_owned()),
        TimeUnit::S => Ok(numbers(table, name, used_by)?.iter().map(|v| v * 1000.0).collect()),
    }
}

/// Seconds and milliseconds since 1970 of the years 2001 to 2096 lie three orders apart, so that one read as the other is
/// seen; times that count from another moment are left in peace.
fn doubt(unit: TimeUnit, times_ms: &[f64]) -> Option<&'static str> {
    const YEARS_S: std::ops::Range<f64> = 1e9..4e9;
    let lie = |scale: f64| {
        let mut found = times_ms.iter().filter(|t| t.is_finite()).peekable();
        found.peek().is_some() && found.all(|t| YEARS_S.contains(&(t / scale)))
    };
    match unit {
        TimeUnit::Ms if lie(1.0) => Some(
            "data.time.unit is ms, and all times lie in early 1970; as seconds they lie between 2001 and 2096: set \
             data.time.unit to s if that is what they are",
        ),
        TimeUnit::S if lie(1e6) => Some(
            "data.time.unit is s, and all times lie beyond the year 33000; as milliseconds they lie between 2001 and 2096: set \
             data.time.unit to ms if that is what they are",
        ),
        _ => None,
    }
}

impl<'a> Dataset<'a> {
    /// Reads the columns that concern rows as such.
    pub fn new(config: &JudgeConfig, table: &'a Table<'a>, as_of: AsOf) -> Result<Self, DataError> {
        let data = &config.data;
        let rows = table.rows();
        let paired = data.paired.is_some();
        let mut ignored = 0;
        let mut arm: Vec<Option<Arm>> = match &data.arm {
            None if paired => vec![Some(Arm::Canary); rows],
            None => {
                return Err(DataError::Shape(
                    "the config has no data.arm and the data are one table; name the arm column or pass one table an arm".into(),
                ));
            }
            Some(spec) => {
                let Codes { codes, names } = codes(table, &spec.column, "data.arm.column")?;
                let number = matches!(table.column(&spec.column), Some(Column::Number { .. }));
                let meaning: Vec<Result<Option<Arm>, ()>> = names
                    .iter()
                    .map(|name| match name {
                        n if names_arm(&spec.values.baseline, n, number) => Ok(Some(Arm::Baseline)),
                        n if names_arm(&spec.values.canary, n, number) => Ok(Some(Arm::Canary)),
                        n if spec.ignore.iter().any(|word| names_arm(word, n, number)) => Ok(None),
                        _ => Err(()),
                    })
                    .collect();
                let of = |code: &u32| meaning.get(*code as usize).copied().unwrap_or(Err(()));
                if let Some(row) = codes.iter().position(|code| of(code).is_err()) {
                    return Err(DataError::BadValue {
                        column: spec.column.clone(),
                        row: row + 1,
                        value: match names.get(codes[row] as usize) {
                            None => "a missing value".into(),
                            Some(name) => format!("\"{}\"", shorten(name)),
                        },
                        expected: format!(
                            "an arm: \"{}\" or \"{}\"; name it in data.arm, or list it under data.arm.ignore",
                            spec.values.baseline, spec.values.canary
                        ),
                        used_by: "data.arm".into(),
                    });
                }
                let arms: Vec<Option<Arm>> = codes.iter().map(|code| of(code).ok().flatten()).collect();
                ignored = arms.iter().filter(|arm| arm.is_none()).count() as u64;
                arms
            }
        };
        let time = data.time.as_ref().map(|t| times(table, &t.column, t.unit, "data.time")).transpose()?;
        let time_unit_doubt = data.time.as_ref().zip(time.as_ref()).and_then(|(t, times)| doubt(t.unit, times));
        let mut warm_up = Arms::default();
        if let Some(rule) = data.warm_up {
            let time = time.as_ref().ok_or_else(|| DataError::Shape("data.warm_up needs data.time".into()))?;
            warm_up = drop_warm_up(rule, time, &mut arm, paired);
        }
        let mut incomplete = 0;
        let strata = match &data.stratum {
            None => Codes { codes: vec![0; rows], names: vec!["all".into()] },
            Some(Stratum::Column(name)) => in_order(codes(table, name, "data.stratum")?),
            Some(Stratum::Seconds(seconds)) => {
                let time =
                    time.as_ref().ok_or_else(|| DataError::Shape("data.stratum.seconds needs data.time".into()))?;
                blocks(time, seconds * 1000.0, &arm)
            }
        };
        let units = data.unit.as_ref().map(|name| codes(table, name, "data.unit")).transpose()?;
        // Without either, every row stands in the one stratum.
        let parted = data.stratum.is_some() || units.is_some();
        for row in (0..rows).filter(|_| parted) {
            let lacks = strata.codes[row] == NONE || units.as_ref().is_some_and(|u| u.codes[row] == NONE);
            if arm[row].is_some() && lacks {
                arm[row] = None;
                incomplete += 1;
            }
        }
        let share = match &data.share {
            None => None,
            Some(Share::Percent(p)) => Some(Shares::All(p / 100.0)),
            Some(Share::Column(name)) => {
                let values = numbers(table, name, "data.share")?;
                if let Some(row) = (0..rows).find(|&i| arm[i].is_some() && !(0.0..=100.0).contains(&values[i])) {
                    return Err(DataError::BadValue {
                        column: name.clone(),
                        row: row + 1,
                        value: format!("{}", values[row]),
                        expected: "a share in percent, from 0 to 100".into(),
                        used_by: "data.share".into(),
                    });
                }
                Some(Shares::Rows(values.iter().map(|v| v / 100.0).collect()))
            }
        };
        let arrived = match (&data.labels, &time) {
            (None, _) => None,
            (Some(_), None) => return Err(DataError::Shape("data.labels needs data.time".into())),
            (Some(labels), Some(time)) => {
                let unit = data.time.as_ref().map_or(TimeUnit::Ms, |t| t.unit);
                let arrive = times(table, &labels.arrive, unit, "data.labels.arrive")?;
                let now = match as_of {
                    AsOf::At(moment) => {
                        if unit == TimeUnit::S {
                            moment * 1000.0
                        } else {
                            moment
                        }
                    }
                    AsOf::Last => time.iter().copied().filter(|t| t.is_finite()).fold(f64::NEG_INFINITY, f64::max),
                };
                Some(arrive.into_iter().map(|t| t <= now).collect())
            }
        };
        let segments = data
            .segments
            .iter()
            .map(|name| Ok((name.clone(), in_order(codes(table, name, "data.segments")?))))
            .collect::<Result<Vec<_>, DataError>>()?;
        let repeated_ids = match &data.id {
            None => None,
            Some(name) => {
                let ids = codes(table, name, "data.id")?;
                let mut seen = vec![false; ids.names.len()];
                let mut repeats = 0;
                for (row, &code) in ids.codes.iter().enumerate() {
                    if code != NONE && arm[row].is_some() {
                        repeats += u64::from(std::mem::replace(&mut seen[code as usize], true));
                    }
                }
                Some(repeats)
            }
        };
        Ok(Dataset {
            table,
            arm,
            paired,
            strata,
            units,
            time,
            arrived,
            share,
            segments,
            warm_up,
            ignored,
            incomplete,
            repeated_ids,
            time_unit_doubt,
        })
    }

    /// Whether it matters which row a value is of, beyond its arm.
    pub fn rows_matter(&self) -> bool {
        self.paired || self.units.is_some() || self.strata.names.len() > 1 || !self.segments.is_empty()
    }

    /// Rows of each arm.
    pub fn n(&self) -> Arms<u64> {
        let count = |arm| self.arm.iter().filter(|a| **a == Some(arm)).count() as u64;
        let canary = count(Arm::Canary);
        Arms { baseline: if self.paired { canary } else { count(Arm::Baseline) }, canary }
    }
}

/// Whether a config's word for an arm means this value. A column of booleans or numbers holds 1 and 0 whatever the file's
/// own spelling was, so that `true`, `1` and `1.0` mean the same there.
fn names_arm(word: &str, value: &str, number: bool) -> bool {
    let numeric = || match word.trim() {
        "true" | "True" | "TRUE" => Some(1.0),
        "false" | "False" | "FALSE" => Some(0.0),
        other => other.parse::<f64>().ok(),
    };
    word == value || (number && numeric().is_some_and(|word| value.parse::<f64>() == Ok(word)))
}

/// Takes out the rows of both arms up to the end of the warm-up and counts them.
fn drop_warm_up(rule: WarmUp, time: &[f64], arm: &mut [Option<Arm>], paired: bool) -> Arms<u64> {
    let mut canary: Vec<f64> =
        arm.iter().zip(time).filter(|(a, t)| **a == Some(Arm::Canary) && t.is_finite()).map(|(_, t)| *t).collect();
    canary.sort_unstable_by(f64::total_cmp);
    let end = match rule {
        WarmUp::Requests(0) => return Arms::default(),
        WarmUp::Requests(k) => canary.get(k as usize - 1).or(canary.last()).copied(),
        WarmUp::Seconds(seconds) => canary.first().map(|first| first + seconds * 1000.0),
    };
    let mut dropped = Arms::default();
    let Some(end) = end else { return dropped };
    for (a, t) in arm.iter_mut().zip(time) {
        // A row without a time cannot be shown to lie after the warm-up.
        if *t > end {
            continue;
        }
        match a.take() {
            Some(Arm::Baseline) => dropped.baseline += 1,
            Some(Arm::Canary) => dropped.canary += 1,
            None => {}
        }
    }
    if paired {
        dropped.baseline = dropped.canary;
    }
    dropped
}

/// Time blocks counted from the first judged row.
fn blocks(time: &[f64], length_ms: f64, arm: &[Option<Arm>]) -> Codes {
    let judged = || time.iter().zip(arm).filter(|(t, a)| a.is_some() && t.is_finite()).map(|(t, _)| *t);
    let start = judged().fold(f64::INFINITY, f64::min);
    let mut numbers: Vec<i64> = judged().map(|t| ((t - start) / length_ms).floor() as i64).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let codes = time
        .iter()
        .map(|t| {
            let block = ((t - start) / length_ms).floor();
            if block.is_finite() { numbers.binary_search(&(block as i64)).map_or(NONE, |i| i as u32) } else { NONE }
        })
        .collect();
    Codes { codes, names: numbers.iter().map(|b| format!("block {b}")).collect() }
}
