//! Values on a grid, such as latencies rounded to 0.1, are counted and not sorted.

/// Grids that are looked for, coarse ones first: whole numbers, eighths, tenths, hundredths and so on.
const SCALES: [f64; 6] = [1.0, 8.0, 10.0, 100.0, 1_024.0, 1_000.0];
/// Values that are looked at before all are counted.
const PROBES: usize = 61;
/// 1.5 * 2^52: adding it leaves the nearest whole number in the low bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// Whole numbers up to here stay whole beside [`MAGIC`].
const MOST: f64 = 1_125_899_906_842_624.0;
/// Values converted at once.
const CHUNK: usize = 256;

/// A grid whose cell c holds the value (low + c) / scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lattice {
    scale: f64,
    low: f64,
    cells: usize,
}

impl Lattice {
    /// A grid on which the values seem to lie, with at most `most` cells. No value is NaN.
    ///
    /// Costs a few probes where there is none.
    pub(crate) fn find(arms: &[&[f64]], most: usize) -> Option<Lattice> {
        let on = |scale: f64| {
            arms.iter().all(|values| {
                let step = (values.len() / PROBES).max(1);
                values.iter().step_by(step).all(|&v| ((v * scale + MAGIC) - MAGIC) / scale == v)
            })
        };
        let scale = SCALES.into_iter().find(|&s| on(s))?;
        let (low, high) = arms.iter().map(|values| ends(values)).fold(EMPTY, wider);
        let (low, high) = ((low * scale).round_ties_even(), (high * scale).round_ties_even());
        let cells = high - low + 1.0;
        let fits = low.abs() <= MOST && high.abs() <= MOST && cells <= most as f64;
        fits.then_some(Lattice { scale, low, cells: cells as usize })
    }

    /// The value of a cell, exactly as it was counted; 0.0 for both zeros.
    pub(crate) fn value(&self, cell: usize) -> f64 {
        (self.low + cell as f64) / self.scale
    }

    /// How many of at most 2^32 - 1 values lie in each cell; `None` when one is not on the grid after all.
    pub(crate) fn count(&self, values: &[f64]) -> Option<Vec<u32>> {
        let mut counts = vec![0u32; self.cells];
        let base = (self.low + MAGIC).to_bits();
        let mut cells = [0u64; CHUNK];
        for chunk in values.chunks(CHUNK) {
            let mut off = false;
            for (cell, &v) in cells.iter_mut().zip(chunk) {
                let shifted = v * self.scale + MAGIC;
                off |= (shifted - MAGIC) / self.scale != v;
                *cell = shifted.to_bits().wrapping_sub(base);
            }
            if off {
                return None;
            }
            for &cell in &cells[..chunk.len()] {
                *counts.get_mut(cell as usize)? += 1;
            }
        }
        Some(counts)
    }
}

const EMPTY: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

fn wider(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let smaller = |a: f64, b: f64| if b < a { b } else { a };
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    (smaller(a.0, b.0), larger(a.1, b.1))
}

/// The least and the largest value.
fn ends(values: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let mut lanes = [EMPTY; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &v) in lanes.iter_mut().zip(block) {
            *lane = wider(*lane, (v, v));
        }
    }
    lanes.into_iter().chain(rest.iter().map(|&v| (v, v))).fold(EMPTY, wider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_on_a_grid_come_back_as_they_were() {
        for scale in SCALES {
            let values: Vec<f64> = (-2_000..3_000).map(|i| f64::from((i * 7919) % 701) / scale).collect();
            let lattice = Lattice::find(&[&values], 200_000).unwrap();
            let counts = lattice.count(&values).unwrap();
            let mut back: Vec<f64> = Vec::new();
            for (cell, &count) in counts.iter().enumerate() {
                back.extend(std::iter::repeat_n(lattice.value(cell), count as usize));
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(back.iter().zip(&sorted).all(|(a, b)| a == b) && back.len() == sorted.len());
        }
    }

    #[test]
    fn one_value_off_the_grid_is_seen() {
        let mut values: Vec<f64> = (0..5_000).map(|i| f64::from(i % 300) / 10.0).collect();
        values[17] = 3.05 + 1e-9;
        let found = Lattice::find(&[&values], 5_000).and_then(|l| l.count(&values));
        assert_eq!(found, None);
    }

    #[test]
    fn what_lies_on_no_grid_or_a_wide_one_is_left_alone() {
        assert_eq!(Lattice::find(&[&[0.1234567, 3.0]], 100), None);
        assert_eq!(Lattice::find(&[&[0.0, 1e6]], 100), None);
        assert_eq!(Lattice::find(&[&[0.0, f64::INFINITY]], 100), None);
        assert_eq!(Lattice::find(&[&[1e300]], 100), None);
        let zeros = [0.0, -0.0];
        let lattice = Lattice::find(&[&zeros], 100).unwrap();
        assert!(lattice.count(&zeros) == Some(vec![2]) && lattice.value(0).is_sign_positive());
    }
}
