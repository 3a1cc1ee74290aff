//! Counts in shared exponential buckets: how a distribution is kept from look to look.
//!
//! Bucket i of schema s holds the values in (γ^(i-1), γ^i] with γ = 2^(2^-s), as Prometheus native histograms do
//! (OpenTelemetry's index is one less). Both arms share the buckets, so their empirical distributions are exact at every
//! edge, and merging is adding.

use serde::{Deserialize, Serialize};

/// The schema monitors use: values within 0.54 % share a bucket.
pub const SCHEMA: i8 = 6;
/// Values at most this far from 0 share the zero bucket: Prometheus' default zero threshold, 2^-128.
const ZERO_THRESHOLD: f64 = f64::from_bits((1023 - 128) << 52);
/// Added to a bucket index, so that positive values have positive cells at every schema.
const OFFSET: i32 = 1 << 20;

/// The bucket of a positive finite value: the i with γ^(i-1) < x <= γ^i. `None` for any other value.
///
/// Exact at powers of two; schemas -4 to 8.
///
/// ```
/// use serinus::monitor::bucket_index;
/// assert_eq!(bucket_index(1024.0, 3), Some(80));
/// assert_eq!(bucket_index(359.645084, 3), Some(68));
/// assert_eq!(bucket_index(0.0, 3), None);
/// ```
pub fn bucket_index(x: f64, schema: i8) -> Option<i32> {
    if !(x > 0.0 && x.is_finite() && (-4..=8).contains(&schema)) {
        return None;
    }
    // x = m 2^e with m in [1/2, 1): 2m lies in [1, 2).
    let (m, e) = libm::frexp(x);
    let (m, e) = (2.0 * m, e - 1);
    if schema <= 0 {
        // Upper-inclusive: ceil(log2 x), then halved -s times rounding up.
        let whole = if m > 1.0 { e + 1 } else { e };
        let width = 1 << -schema;
        return Some(whole.div_euclid(width) + i32::from(whole.rem_euclid(width) > 0));
    }
    let steps = 1i32 << schema;
    let mut j = (m.log2() * f64::from(steps)).ceil().clamp(0.0, f64::from(steps)) as i32;
    // The log may be off by one at an edge.
    while j > 0 && m <= edge_within_octave(j - 1, schema) {
        j -= 1;
    }
    while j < steps && m > edge_within_octave(j, schema) {
        j += 1;
    }
    Some(e * steps + j)
}

/// 2^(j / 2^schema).
fn edge_within_octave(j: i32, schema: i8) -> f64 {
    (f64::from(j) / f64::from(1i32 << schema)).exp2()
}

/// The upper edge γ^i of a bucket; infinite beyond the largest number.
pub fn bucket_edge(index: i32, schema: i8) -> f64 {
    if schema <= 0 {
        return f64::from(index).exp2().powi(1 << -schema.clamp(-4, 0));
    }
    let steps = 1i32 << schema.min(8);
    let (octave, j) = (index.div_euclid(steps), index.rem_euclid(steps));
    libm::scalbn(edge_within_octave(j, schema), octave)
}

/// Counts of one arm in the cells of the whole line, ascending: negative buckets, zero, positive buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Histogram {
    /// Cells ascending, each with its count.
    cells: Vec<(i32, u64)>,
    total: u64,
}

/// A cell of the line: 0 is the zero bucket.
pub(crate) type Cell = i32;

/// The cell of a finite value.
pub(crate) fn cell_of(x: f64) -> Option<Cell> {
    if !x.is_finite() {
        return None;
    }
    if x.abs() <= ZERO_THRESHOLD {
        return Some(0);
    }
    let cell = bucket_index(x.abs(), SCHEMA)? + OFFSET;
    Some(if x > 0.0 { cell } else { -cell })
}

/// The upper end of a cell.
pub(crate) fn upper_edge(cell: Cell) -> f64 {
    match cell {
        0 => ZERO_THRESHOLD,
        c if c > 0 => bucket_edge(c - OFFSET, SCHEMA).min(f64::MAX),
        c => -lower_magnitude(-c),
    }
}

/// The lower end of a cell.
pub(crate) fn lower_edge(cell: Cell) -> f64 {
    match cell {
        0 => -ZERO_THRESHOLD,
        c if c > 0 => lower_magnitude(c),
        c => -bucket_edge(-c - OFFSET, SCHEMA).min(f64::MAX),
    }
}

fn lower_magnitude(cell: Cell) -> f64 {
    bucket_edge(cell - 1 - OFFSET, SCHEMA)
}

impl Histogram {
    /// The counts of values; what is not finite is left out.
    ///
    /// ```
    /// use serinus::monitor::Histogram;
    /// let latency = Histogram::from_values(&[12.0, 15.0, 200.0, f64::NAN]);
    /// assert_eq!(latency.total(), 3);
    /// ```
    pub fn from_values(values: &[f64]) -> Self {
        let mut keys: Vec<Cell> = values.iter().filter_map(|v| cell_of(*v)).collect();
        keys.sort_unstable();
        let mut cells: Vec<(Cell, u64)> = Vec::new();
        for key in keys {
            match cells.last_mut() {
                Some((cell, count)) if *cell == key => *count += 1,
                _ => cells.push((key, 1)),
            }
        }
        let total = cells.iter().map(|(_, n)| n).sum();
        Histogram { cells, total }
    }

    /// The counts of distinct values that stand several times each; what is not finite is left out.
    pub fn from_counts(values: &[f64], counts: &[u64]) -> Self {
        let mut cells: Vec<(Cell, u64)> =
            values.iter().zip(counts).filter_map(|(v, n)| cell_of(*v).map(|c| (c, *n))).collect();
        cells.sort_unstable_by_key(|(cell, _)| *cell);
        Histogram::from_cells(cells)
    }

    fn from_cells(sorted: Vec<(Cell, u64)>) -> Self {
        let mut cells: Vec<(Cell, u64)> = Vec::with_capacity(sorted.len());
        let mut total = 0u64;
        for (cell, count) in sorted.into_iter().filter(|(_, n)| *n > 0) {
            total = total.saturating_add(count);
            match cells.last_mut() {
                Some((last, n)) if *last == cell => *n = n.saturating_add(count),
                _ => cells.push((cell, count)),
            }
        }
        Histogram { cells, total }
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Adds another histogram. O(cells of both).
    pub fn merge(&mut self, other: &Histogram) {
        if other.cells.is_empty() {
            return;
        }
        let mut all = Vec::with_capacity(self.cells.len() + other.cells.len());
        all.extend_from_slice(&self.cells);
        all.extend_from_slice(&other.cells);
        all.sort_by_key(|(cell, _)| *cell);
        *self = Histogram::from_cells(all);
    }

    pub(crate) fn cells(&self) -> &[(Cell, u64)] {
        &self.cells
    }

    /// How many values lie in cells above this one.
    pub(crate) fn above(&self, cell: Cell) -> u64 {
        self.cells[self.cells.partition_point(|(c, _)| *c <= cell)..].iter().map(|(_, n)| n).sum()
    }

    /// How many values lie in cells up to and with this one.
    pub(crate) fn up_to(&self, cell: Cell) -> u64 {
        self.total - self.above(cell).min(self.total)
    }

    /// The lowest cell at which the empirical distribution reaches `q`.
    pub(crate) fn quantile_cell(&self, q: f64) -> Option<Cell> {
        let needed = (q * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0u64;
        self.cells.iter().find_map(|(cell, count)| {
            seen = seen.saturating_add(*count);
            (seen >= needed).then_some(*cell)
        })
    }

    /// The quantile, in the middle of its bucket: within 0.27 % of a value of the sample. `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.quantile_cell(q).map(middle)
    }
}

/// What stands for the values of a cell: the middle of the bucket, 0 for the zero bucket.
pub(crate) fn middle(cell: Cell) -> f64 {
    if cell == 0 { 0.0 } else { 0.5 * lower_edge(cell) + 0.5 * upper_edge(cell) }
}

/// A histogram as it travels: exponential buckets by index.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: i8,
    #[serde(default)]
    zero: u64,
    #[serde(default)]
    positive: Vec<(i32, u64)>,
    #[serde(default)]
    negative: Vec<(i32, u64)>,
}

impl From<Histogram> for Wire {
    fn from(histogram: Histogram) -> Wire {
        let mut wire = Wire { schema: SCHEMA, ..Wire::default() };
        for (cell, count) in histogram.cells {
            match cell {
                0 => wire.zero = count,
                c if c > 0 => wire.positive.push((c - OFFSET, count)),
                c => wire.negative.push((-c - OFFSET, count)),
            }
        }
        wire.negative.reverse();
        wire
    }
}

impl TryFrom<Wire> for Histogram {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Histogram, String> {
        if wire.schema != SCHEMA {
            return Err(format!(
                "histogram.schema: {} is not {SCHEMA}; monitors keep buckets of schema {SCHEMA}",
                wire.schema
            ));
        }
        let indices = wire.positive.iter().chain(&wire.negative);
        if let Some((index, _)) = indices.clone().find(|(i, _)| i.unsigned_abs() >= OFFSET.unsigned_abs()) {
            return Err(format!("histogram: index {index} is beyond the range of numbers; it lies in ±{}", OFFSET - 1));
        }
        let mut cells: Vec<(Cell, u64)> = wire.positive.iter().map(|(i, n)| (i + OFFSET, *n)).collect();
        cells.extend(wire.negative.iter().map(|(i, n)| (-(i + OFFSET), *n)));
        cells.push((0, wire.zero));
        cells.sort_by_key(|(cell, _)| *cell);
        Ok(Histogram::from_cells(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_upper_edge_at_every_schema() {
        for schema in -4..=8i8 {
            for exponent in [-1074, -1000, -3, -1, 0, 1, 2, 7, 1000] {
                let x = libm::scalbn(1.0, exponent);
                let i = bucket_index(x, schema).expect("positive");
                let next = bucket_index(x * 1.000001, schema).expect("positive");
                if schema >= 0 {
                    assert_eq!(i, exponent * (1 << schema), "{schema} {exponent}");
                    if exponent > -1060 {
                        assert_eq!(next, i + 1);
                    }
                }
            }
        }
        for x in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(bucket_index(x, 3), None);
        }
    }

    #[test]
    fn a_value_lies_between_the_edges_of_its_cell() {
        for x in [1e-300, 1e-30, 0.37, 1.0, 1.5, 12345.678, 1e300, f64::MAX, f64::MIN_POSITIVE] {
            for v in [x, -x] {
                let cell = cell_of(v).expect("finite");
                assert!(
                    lower_edge(cell) <= v && v <= upper_edge(cell),
                    "{v} {} {}",
                    lower_edge(cell),
                    upper_edge(cell)
                );
            }
        }
        let mut cells: Vec<Cell> = [-3.0, -0.1, 0.0, 1e-9, 2.0].iter().filter_map(|v| cell_of(*v)).collect();
        let sorted = cells.clone();
        cells.sort();
        assert_eq!(cells, sorted);
    }

    #[test]
    fn merging_is_adding_and_the_wire_form_is_the_same_histogram() {
        let values: Vec<f64> = (0..500).map(|i| f64::from(i * 37 % 211) - 50.0).collect();
        let whole = Histogram::from_values(&values);
        let mut parts = Histogram::from_values(&values[..200]);
        parts.merge(&Histogram::from_values(&values[200..]));
        assert_eq!(whole, parts);
        let json = serde_json::to_string(&whole).expect("serialisable");
        assert_eq!(serde_json::from_str::<Histogram>(&json).expect("valid"), whole);
        assert!(serde_json::from_str::<Histogram>(r#"{"schema":3}"#).is_err());
        assert!(serde_json::from_str::<Histogram>(r#"{"schema":6,"positive":[[2147483647,1]]}"#).is_err());
    }

    #[test]
    fn counts_and_quantiles_follow_the_cells() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let h = Histogram::from_values(&values);
        let p99 = h.quantile(0.99).expect("not empty");
        assert!((p99 / 990.0 - 1.0).abs() < 0.006, "{p99}");
        let cell = cell_of(500.0).expect("finite");
        assert_eq!(h.above(cell) + h.up_to(cell), 1000);
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::from_counts(&values, &vec![1; 1000]), h);
    }
}
