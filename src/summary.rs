//! Sufficient statistics in place of rows: one row for each metric and arm, and for each stratum and segment if there are any.

use std::collections::HashMap;

use serde_json::Value;

use crate::arms::{Arm, Arms};
use crate::config::ConfigErrors;
use crate::config::reader::{Faults, Fields, found, label};
use crate::config::shape::Shape::{Count, List, Number, Object, Scalar, Text, Word};
use crate::config::shape::{Key, Keys, Range, Shape, Some as SomeOf, VAST, key};

/// The schema's name, which a summary in JSON carries.
pub const SCHEMA: &str = "serinus.summary/1";

/// What is known of one metric in one arm, stratum and segment.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// The metric's name.
    pub metric: String,
    /// The arm.
    pub arm: Arm,
    /// The stratum.
    pub stratum: Option<String>,
    /// Column and value of each segment; empty for the aggregate.
    pub segment: Vec<(String, String)>,
    /// Number of rows.
    pub n: u64,
    /// What is known of them.
    pub statistics: Statistics,
}

/// Statistics that stand for rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Statistics {
    /// So many of the rows are events.
    Events {
        /// Their number.
        events: u64,
    },
    /// Mean and sum of squared deviations from it.
    Moments {
        /// The mean.
        mean: f64,
        /// Sum of squared deviations from the mean.
        m2: f64,
    },
    /// Distinct values, ascending, with how often each occurs: a histogram, a sketch, or the rows themselves.
    Counts {
        /// The values.
        values: Vec<f64>,
        /// How often each occurs.
        counts: Vec<u64>,
    },
    /// Sums over clusters (units) of numerators y and denominators x, with their products.
    Clusters {
        /// Sum of y.
        sum_y: f64,
        /// Sum of x.
        sum_x: f64,
        /// Sum of y squared.
        sum_yy: f64,
        /// Sum of x times y.
        sum_xy: f64,
        /// Sum of x squared.
        sum_xx: f64,
        /// Number of clusters.
        clusters: u64,
    },
}

/// A key of a statistic: any number of a size that can be squared.
const fn number(name: &'static str) -> Key {
    key(name, Number(Range::any()), "")
}

const fn positive(name: &'static str) -> Key {
    key(name, Number(Range::closed(0.0, VAST * VAST)), "")
}

static ROW: Keys = Keys {
    keys: &[
        key("metric", Text("a metric's name"), "").required(),
        key("arm", Scalar { booleans: false }, "").required(),
        key("stratum", Scalar { booleans: false }, ""),
        key("n", Count(0), ""),
        key("events", Count(0), ""),
        number("mean"),
        positive("m2"),
        number("sum"),
        positive("sumsq"),
        key("values", List { of: &Number(Range::any()), least: 1 }, ""),
        key("counts", List { of: &Count(0), least: 1 }, ""),
        number("sum_y"),
        number("sum_x"),
        positive("sum_yy"),
        key("sum_xy", Number(Range::closed(-VAST * VAST, VAST * VAST)), ""),
        positive("sum_xx"),
        key("clusters", Count(0), ""),
    ],
    some: SomeOf::Any,
    strays: &[],
};

static SCHEMA_KEY: Shape = Word(&[SCHEMA]);

/// The sets of statistics of which a row has exactly one.
const SETS: [&[&str]; 5] = [
    &["events"],
    &["mean", "m2"],
    &["sum", "sumsq"],
    &["values", "counts"],
    &["sum_y", "sum_x", "sum_yy", "sum_xy", "sum_xx", "clusters"],
];

/// Reads rows of sufficient statistics from `{"schema": "serinus.summary/1", "rows": [...]}`, or from the list alone.
///
/// `arms` are the words for the arms, `segments` the columns that name a segment. Sums of squares are turned into
/// deviations from the mean, and refused where the subtraction leaves no digits.
///
/// ```
/// use serinus::{Arms, summary::{read_rows, Statistics}};
/// let rows = serde_json::json!([{"metric": "errors", "arm": "canary", "n": 200, "events": 3}]);
/// let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
/// assert_eq!(read_rows(&rows, &words, &[])?[0].statistics, Statistics::Events { events: 3 });
/// # Ok::<(), serinus::ConfigErrors>(())
/// ```
///
/// # Errors
///
/// Every fault at once, each with its path, such as `rows[3].events`.
pub fn read_rows(value: &Value, arms: &Arms<String>, segments: &[String]) -> Result<Vec<SummaryRow>, ConfigErrors> {
    let mut faults = Faults::default();
    let rows = match value {
        Value::Array(rows) => rows.as_slice(),
        Value::Object(map) => {
            for key in map.keys().filter(|key| !matches!(key.as_str(), "schema" | "rows")) {
                faults.add(key, "unknown key; a summary has `schema` and `rows`");
            }
            match map.get("schema") {
                Some(schema) => faults.walk(schema, &SCHEMA_KEY, "schema"),
                None => faults.add("schema", format!("missing; expected `{SCHEMA}`")),
            }
            match map.get("rows") {
                Some(Value::Array(rows)) => rows.as_slice(),
                Some(other) => {
                    faults.add("rows", format!("{}; expected a list of rows", found(other)));
                    &[]
                }
                None => {
                    faults.add("rows", "missing; expected a list of rows");
                    &[]
                }
            }
        }
        other => {
            faults.add("rows", format!("{}; expected a list of rows", found(other)));
            &[]
        }
    };
    let mut read = Vec::with_capacity(rows.len());
    let mut seen = HashMap::new();
    for (i, value) in rows.iter().enumerate() {
        let path = format!("rows[{i}]");
        let Some(row) = row(value, arms, segments, &path, &mut faults) else { continue };
        let cell = (row.metric.clone(), row.arm, row.stratum.clone(), row.segment.clone());
        match seen.get(&cell) {
            Some(first) => {
                let message = format!(
                    "the {} of {} stands in rows[{first}] already; a metric has one row for each arm, stratum and segment",
                    row.arm, row.metric
                );
                faults.add(&path, message);
            }
            None => {
                seen.insert(cell, i);
            }
        }
        read.push(row);
    }
    faults.finish(read)
}

fn row(value: &Value, arms: &Arms<String>, segments: &[String], path: &str, faults: &mut Faults) -> Option<SummaryRow> {
    let Value::Object(map) = value else {
        faults.walk(value, &Object(&ROW), path);
        return None;
    };
    // Segment columns are the user's own; the rest is walked. A null says that the column does not apply.
    let mut own = map.clone();
    let mut segment = Vec::new();
    for column in segments {
        match own.shift_remove(column) {
            None | Some(Value::Null) => {}
            Some(cell) => match label(&cell) {
                Some(text) => segment.push((column.clone(), text)),
                None => faults.add(&format!("{path}.{column}"), format!("{}; expected text", found(&cell))),
            },
        }
    }
    own.retain(|_, cell| !cell.is_null());
    let own = Value::Object(own);
    faults.walk(&own, &Object(&ROW), path);
    let fields = Fields::of(&own);
    let word = fields.label("arm")?;
    let arm = if word == arms.baseline {
        Arm::Baseline
    } else if word == arms.canary {
        Arm::Canary
    } else {
        let message = format!("`{word}` is no arm; expected `{}` or `{}`", arms.baseline, arms.canary);
        faults.rule(&format!("{path}.arm"), path, &["arm"], message);
        return None;
    };
    let (n, statistics) = statistics(fields, path, faults)?;
    let metric = fields.text("metric")?;
    Some(SummaryRow { metric, arm, stratum: fields.label("stratum"), segment, n, statistics })
}

fn statistics(fields: Fields<'_>, path: &str, faults: &mut Faults) -> Option<(u64, Statistics)> {
    let begun: Vec<&[&str]> = SETS.into_iter().filter(|set| set.iter().any(|key| fields.get(key).is_some())).collect();
    let names = |set: &[&str]| set.join(", ");
    let set = match begun[..] {
        [set] => set,
        [] => {
            let all: Vec<String> = SETS.iter().map(|set| names(set)).collect();
            faults.rule(path, path, &SETS.concat(), format!("no statistics; give one of: {}", all.join("; ")));
            return None;
        }
        [a, b, ..] => {
            let message = format!("both {} and {} are given; keep one of the two", names(a), names(b));
            faults.rule(path, path, &[], message);
            return None;
        }
    };
    let absent: Vec<&str> = set.iter().copied().filter(|key| fields.get(key).is_none()).collect();
    if !absent.is_empty() {
        faults.rule(path, path, &absent, format!("{} is missing; {} go together", absent.join(", "), names(set)));
        return None;
    }
    let values: Vec<f64> = fields.list("values").iter().filter_map(Value::as_f64).collect();
    let counts: Vec<u64> = fields.list("counts").iter().filter_map(crate::config::reader::whole).collect();
    if set[0] == "values" {
        return counted(fields, values, counts, path, faults);
    }
    let Some(n) = fields.count("n") else {
        faults.rule(&format!("{path}.n"), path, &["n"], "missing; expected the number of rows");
        return None;
    };
    let statistics = match set[0] {
        "events" => {
            let events = fields.count("events")?;
            if events > n {
                let message = format!("{events} events in {n} rows; there can be at most one a row");
                faults.rule(&format!("{path}.events"), path, &["events", "n"], message);
                return None;
            }
            Statistics::Events { events }
        }
        "mean" => Statistics::Moments { mean: fields.number("mean")?, m2: fields.number("m2")? },
        "sum" => {
            let (sum, sumsq) = (fields.number("sum")?, fields.number("sumsq")?);
            match moments(n, sum, sumsq) {
                Ok(statistics) => statistics,
                Err(message) => {
                    faults.rule(&format!("{path}.sumsq"), path, &["sum", "sumsq", "n"], message);
                    return None;
                }
            }
        }
        _ => Statistics::Clusters {
            sum_y: fields.number("sum_y")?,
            sum_x: fields.number("sum_x")?,
            sum_yy: fields.number("sum_yy")?,
            sum_xy: fields.number("sum_xy")?,
            sum_xx: fields.number("sum_xx")?,
            clusters: fields.count("clusters")?,
        },
    };
    Some((n, statistics))
}

fn counted(
    fields: Fields<'_>,
    values: Vec<f64>,
    counts: Vec<u64>,
    path: &str,
    faults: &mut Faults,
) -> Option<(u64, Statistics)> {
    let reads = ["values", "counts"];
    if fields.list("values").len() != fields.list("counts").len() {
        let message = format!("{} values and {} counts; each value needs its count", values.len(), counts.len());
        faults.rule(path, path, &reads, message);
        return None;
    }
    if let Some(i) = values.windows(2).position(|pair| pair[0] >= pair[1]) {
        let message = format!("{} does not come after {}; values have to ascend", values[i + 1], values[i]);
        faults.rule(&format!("{path}.values[{}]", i + 1), path, &reads, message);
        return None;
    }
    let Some(sum) = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count)) else {
        faults.rule(&format!("{path}.counts"), path, &reads, "the counts sum to more than a computer can hold");
        return None;
    };
    if let Some(n) = fields.count("n").filter(|n| *n != sum) {
        let message = format!("n is {n} and the counts sum to {sum}; leave n out or make them agree");
        faults.rule(&format!("{path}.n"), path, &["n", "counts"], message);
        return None;
    }
    Some((sum, Statistics::Counts { values, counts }))
}

/// Mean and squared deviations from plain sums, where enough digits are left.
fn moments(n: u64, sum: f64, sumsq: f64) -> Result<Statistics, String> {
    /// Least share of sumsq that has to be left: below it fewer than six of its sixteen digits are.
    const LEAST_LEFT: f64 = 1e-10;
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if n == 0 {
        return if sum == 0.0 && sumsq == 0.0 {
            Ok(Statistics::Moments { mean: 0.0, m2: 0.0 })
        } else {
            Err("n is 0 and the sums are not".to_owned())
        };
    }
    let rows = n as f64;
    let mean = sum / rows;
    let m2 = sumsq - sum * mean;
    let exact = |v: f64| v.fract() == 0.0 && v.abs() < WHOLE;
    if m2 == 0.0 && exact(mean) && exact(sum * mean) {
        return Ok(Statistics::Moments { mean, m2 });
    }
    if m2 < -LEAST_LEFT * sumsq {
        return Err(format!("{sumsq} is less than sum squared over n, {}; no data have such sums", sum * mean));
    }
    if n > 1 && m2 < LEAST_LEFT * sumsq {
        return Err("the variance is lost in the digits of sumsq; send mean and m2 instead".to_owned());
    }
    Ok(Statistics::Moments { mean, m2: if n == 1 { 0.0 } else { m2 } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(rows: Value) -> Result<Vec<SummaryRow>, ConfigErrors> {
        let words = Arms { baseline: "baseline".to_owned(), canary: "canary".to_owned() };
        read_rows(&rows, &words, &["tier".to_owned()])
    }

    #[test]
    fn each_set_of_statistics_is_read() {
        let rows = read(json!({"schema": SCHEMA, "rows": [
            {"metric": "e", "arm": "canary", "n": 10, "events": 3, "stratum": 0},
            {"metric": "m", "arm": "canary", "n": 10, "mean": 2.5, "m2": 1, "tier": "gold"},
            {"metric": "s", "arm": "baseline", "n": 4, "sum": 10, "sumsq": 30},
            {"metric": "h", "arm": "baseline", "values": [1, 2, 4], "counts": [5, 0, 1]},
            {"metric": "r", "arm": "baseline", "n": 9, "sum_y": 1, "sum_x": 2, "sum_yy": 3, "sum_xy": 4, "sum_xx": 5, "clusters": 3},
        ]}))
        .unwrap();
        assert_eq!(rows[0].stratum.as_deref(), Some("0"));
        assert_eq!(rows[1].segment, [("tier".to_owned(), "gold".to_owned())]);
        assert_eq!(rows[2].statistics, Statistics::Moments { mean: 2.5, m2: 5.0 });
        assert_eq!(rows[3].n, 6);
        assert!(matches!(rows[4].statistics, Statistics::Clusters { clusters: 3, .. }));
    }

    #[test]
    fn each_fault_is_named() {
        for (row, piece) in [
            (json!({"arm": "canary", "n": 1, "events": 0}), "rows[0].metric: missing"),
            (json!({"metric": "e", "arm": "blue", "n": 1, "events": 0}), "rows[0].arm: `blue` is no arm"),
            (json!({"metric": "e", "arm": "canary", "n": 1, "events": 2}), "rows[0].events: 2 events in 1 rows"),
            (json!({"metric": "e", "arm": "canary", "n": 1.5, "events": 1}), "rows[0].n: 1.5 is not a whole number"),
            (json!({"metric": "e", "arm": "canary", "events": 1}), "rows[0].n: missing"),
            (json!({"metric": "e", "arm": "canary", "n": 1}), "rows[0]: no statistics"),
            (json!({"metric": "e", "arm": "canary", "n": 1, "mean": 1}), "rows[0]: m2 is missing"),
            (
                json!({"metric": "e", "arm": "canary", "n": 1, "mean": 1, "m2": 0, "events": 1}),
                "rows[0]: both events and mean, m2",
            ),
            (json!({"metric": "e", "arm": "canary", "n": 9, "mean": 1, "m2": -1}), "rows[0].m2: -1 is not in"),
            (json!({"metric": "e", "arm": "canary", "n": 2, "sum": 10, "sumsq": 3}), "rows[0].sumsq: 3 is less than"),
            (
                json!({"metric": "e", "arm": "canary", "n": 2, "sum": 2e9, "sumsq": 2.000000000000001e18}),
                "the variance is lost",
            ),
            (
                json!({"metric": "e", "arm": "canary", "values": [2, 1], "counts": [1, 1]}),
                "rows[0].values[1]: 1 does not come after 2",
            ),
            (json!({"metric": "e", "arm": "canary", "values": [2], "counts": [1, 1]}), "1 values and 2 counts"),
            (json!({"metric": "e", "arm": "canary", "n": 5, "values": [2], "counts": [1]}), "rows[0].n: n is 5"),
            (json!({"metric": "e", "arm": "canary", "n": 5, "evnts": 1}), "did you mean `events`?"),
            (json!(7), "rows[0]: 7 is a number"),
        ] {
            let errors = read(json!([row])).unwrap_err().to_string();
            assert!(errors.contains(piece), "{row}: {errors}");
        }
        let twice = json!({"metric": "e", "arm": "canary", "n": 1, "events": 0});
        assert!(
            read(json!([twice, twice])).unwrap_err().to_string().contains("rows[1]: the canary of e stands in rows[0]")
        );
        assert!(read(json!({"rows": 1})).unwrap_err().to_string().contains("schema: missing"));
    }
}
