//! The design of a comparison: strata, units and pairs as one mechanism.
//!
//! Every smooth estimand has an influence value for each row: what that row adds to the estimate's error. Inside an arm
//! a stratum's influences are scaled by the stratum's weight W_h and by sqrt(G_h / (G_h - 1)), with G_h its units, summed
//! over a unit's rows across strata, squared, and summed over units. No strata: one stratum. No unit: every row is its
//! own unit. With one stratum and rows as units the classical variance comes out.
//!
//! Linearised cluster-robust variance: Deng, Knoblich and Lu (2018); degrees of freedom: Satterthwaite (1946).

use super::sums::Sums;
use crate::arms::{Arm, Arms};
use crate::stats::Unanswerable;

/// The rows of one arm that a metric looks at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The metric's values.
    pub values: Vec<f64>,
    /// A second column (denominators, labels); empty when the metric has one column.
    pub second: Vec<f64>,
    /// Stratum of each row; empty when there is one stratum.
    pub stratum: Vec<u32>,
    /// Unit of each row; empty when rows are the units.
    pub unit: Vec<u32>,
    /// Sums in place of rows, each with its stratum; empty when there are rows.
    pub sums: Vec<(u32, Sums)>,
}

impl Rows {
    /// Rows of one column, without strata and units.
    pub fn of(values: impl Into<Vec<f64>>) -> Self {
        Rows { values: values.into(), ..Rows::default() }
    }

    /// Number of rows, summed ones included.
    pub fn n(&self) -> u64 {
        self.sums.iter().fold(self.values.len() as u64, |n, (_, s)| n.saturating_add(s.n()))
    }
}

/// Both arms, block by block.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The blocks inside which the arms are compared, in order.
    pub strata: Vec<Stratum>,
    /// Whether units are not rows.
    pub clustered: bool,
    /// Whether row i of the one arm and row i of the other are the same request.
    pub paired: bool,
    /// Units of each arm over all strata.
    pub units: Arms<u64>,
    crossed: Arms<bool>,
}

/// One block.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    /// The canary's share in this block; the weights sum to 1.
    pub weight: f64,
    /// Each arm's rows in this block.
    pub cells: Arms<Cell>,
}

/// One arm's rows in one block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// The metric's values.
    pub values: Vec<f64>,
    /// The second column; empty when there is none.
    pub second: Vec<f64>,
    /// Unit of each row, dense within the arm; empty when rows are the units.
    pub unit: Vec<u32>,
    /// Distinct units; the rows when rows are the units.
    pub units: u64,
    /// Sums in place of rows.
    pub sums: Option<Sums>,
}

impl Cell {
    /// Rows in the cell.
    pub fn n(&self) -> usize {
        self.sums.map_or(self.values.len(), |s| s.n() as usize)
    }

    /// Sum of the values.
    pub fn total(&self) -> f64 {
        self.sums.map_or_else(|| self.values.iter().sum(), |s| s.total())
    }

    fn of_sums(sums: Sums) -> Cell {
        Cell { units: sums.units(), sums: Some(sums), ..Cell::default() }
    }

    fn append(&mut self, mut other: Cell) {
        if let Some(sums) = other.sums {
            *self = Cell::of_sums(self.sums.map_or(sums, |own| own.merge(sums)));
            return;
        }
        if self.sums.is_some() {
            return;
        }
        self.values.append(&mut other.values);
        self.second.append(&mut other.second);
        self.unit.append(&mut other.unit);
        self.units = distinct(&self.unit, self.values.len());
    }
}

impl Arms<Cell> {
    /// The smaller arm's units, or rows when rows are the units.
    pub fn least_units(&self) -> u64 {
        self.baseline.units.min(self.canary.units)
    }

    /// The smaller arm's rows.
    pub fn least_rows(&self) -> u64 {
        self.baseline.n().min(self.canary.n()) as u64
    }
}

impl<T> std::ops::Index<Arm> for Arms<T> {
    type Output = T;

    fn index(&self, arm: Arm) -> &T {
        match arm {
            Arm::Baseline => &self.baseline,
            Arm::Canary => &self.canary,
        }
    }
}

fn distinct(unit: &[u32], rows: usize) -> u64 {
    if unit.is_empty() {
        return rows as u64;
    }
    let mut sorted = unit.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() as u64
}

/// Splits an arm's rows by stratum; strata are numbered 0 to `strata - 1`.
fn cells(rows: Rows, strata: usize) -> (Vec<Cell>, u64, bool) {
    let Rows { values, second, stratum, mut unit, sums } = rows;
    if !sums.is_empty() {
        let mut cells = vec![Cell::default(); strata.max(1)];
        let last = cells.len() - 1;
        for (h, sums) in sums {
            cells[(h as usize).min(last)].append(Cell::of_sums(sums));
        }
        let units = cells.iter().fold(0_u64, |units, c| units.saturating_add(c.units));
        return (cells, units, false);
    }
    let mut units = values.len() as u64;
    if !unit.is_empty() {
        let mut codes = unit.clone();
        codes.sort_unstable();
        codes.dedup();
        for u in &mut unit {
            *u = codes.binary_search(u).expect("every unit is among the distinct units") as u32;
        }
        units = codes.len() as u64;
    }
    if strata <= 1 || stratum.is_empty() {
        let count = units;
        let mut all = vec![Cell { values, second, unit, units: count, sums: None }];
        all.resize_with(strata.max(1), Cell::default);
        return (all, units, false);
    }
    let mut cells = vec![Cell::default(); strata];
    let mut sizes = vec![0usize; strata];
    for &h in &stratum {
        sizes[h as usize] += 1;
    }
    for (cell, &size) in cells.iter_mut().zip(&sizes) {
        cell.values.reserve_exact(size);
        if !second.is_empty() {
            cell.second.reserve_exact(size);
        }
        if !unit.is_empty() {
            cell.unit.reserve_exact(size);
        }
    }
    let mut seen_in: Vec<u32> = if unit.is_empty() { Vec::new() } else { vec![u32::MAX; units as usize] };
    let mut crossed = false;
    for (i, &h) in stratum.iter().enumerate() {
        let cell = &mut cells[h as usize];
        cell.values.push(values[i]);
        if !second.is_empty() {
            cell.second.push(second[i]);
        }
        if !unit.is_empty() {
            cell.unit.push(unit[i]);
            let first = &mut seen_in[unit[i] as usize];
            crossed |= *first != u32::MAX && *first != h;
            *first = h;
        }
    }
    for cell in &mut cells {
        cell.units = distinct(&cell.unit, cell.values.len());
    }
    (cells, units, crossed)
}

impl Design {
    /// Both arms split into `strata` blocks, thin blocks not yet merged; blocks without rows in either arm drop out.
    pub fn new(arms: Arms<Rows>, strata: usize, paired: bool) -> Self {
        let by_unit = |rows: &Rows| !rows.unit.is_empty() || rows.sums.iter().any(|(_, s)| s.by_unit());
        let clustered = by_unit(&arms.baseline) || by_unit(&arms.canary);
        let (baseline, baseline_units, baseline_crossed) = cells(arms.baseline, strata);
        let (canary, canary_units, canary_crossed) = cells(arms.canary, strata);
        let mut blocks: Vec<Stratum> = baseline
            .into_iter()
            .zip(canary)
            .map(|(baseline, canary)| Stratum { weight: 0.0, cells: Arms { baseline, canary } })
            .filter(|s| s.cells.baseline.n() + s.cells.canary.n() > 0)
            .collect();
        weigh(&mut blocks);
        Design {
            strata: blocks,
            clustered,
            paired,
            units: Arms { baseline: baseline_units, canary: canary_units },
            crossed: Arms { baseline: baseline_crossed, canary: canary_crossed },
        }
    }

    /// Merges every thin block with the next one, and a thin last block with the previous one.
    pub fn merge_thin(mut self, thin: impl Fn(&Arms<Cell>) -> bool) -> Self {
        let mut merged: Vec<Stratum> = Vec::with_capacity(self.strata.len());
        let mut open = false;
        for stratum in std::mem::take(&mut self.strata) {
            match merged.last_mut() {
                Some(last) if open => {
                    last.cells.baseline.append(stratum.cells.baseline);
                    last.cells.canary.append(stratum.cells.canary);
                }
                _ => merged.push(stratum),
            }
            open = merged.last().is_some_and(|last| thin(&last.cells));
        }
        if open && merged.len() > 1 {
            let last = merged.pop().expect("there are at least two blocks");
            let previous = merged.last_mut().expect("one block is left");
            previous.cells.baseline.append(last.cells.baseline);
            previous.cells.canary.append(last.cells.canary);
        }
        if merged.len() <= 1 {
            self.crossed = Arms { baseline: false, canary: false };
        }
        weigh(&mut merged);
        self.strata = merged;
        self
    }

    /// The usual rule: a block is thin with fewer than 10 rows, or 10 units when clustered, in an arm.
    pub fn merge_thin_default(self) -> Self {
        self.merge_thin(|cells| cells.least_units() < 10)
    }

    /// Rows of each arm.
    pub fn n(&self) -> Arms<u64> {
        let count = |arm: Arm| self.strata.iter().map(|s| s.cells[arm].n() as u64).sum();
        Arms { baseline: count(Arm::Baseline), canary: count(Arm::Canary) }
    }

    /// An error when an arm has fewer than `needed` units (rows when rows are the units).
    pub fn require(&self, test: &'static str, needed: u64) -> Result<(), Unanswerable> {
        let what = if self.clustered { "units" } else { "rows" };
        for arm in [Arm::Baseline, Arm::Canary] {
            if self.units[arm] < needed {
                return Err(Unanswerable::TooFew { test, what, arm, needed, found: self.units[arm] });
            }
        }
        Ok(())
    }

    /// Whether some cell is known by its sums alone.
    pub fn summed(&self) -> bool {
        self.strata.iter().any(|s| s.cells.baseline.sums.is_some() || s.cells.canary.sums.is_some())
    }

    /// An error that names the first value that is not finite.
    pub fn require_finite(&self, test: &'static str) -> Result<(), Unanswerable> {
        for stratum in &self.strata {
            for arm in [Arm::Baseline, Arm::Canary] {
                let cell = &stratum.cells[arm];
                if let Some(sums) = cell.sums.filter(|s| !s.is_finite()) {
                    return Err(Unanswerable::NonFinite { test, arm, index: 0, value: sums.residual() });
                }
                for (index, &value) in cell.values.iter().chain(&cell.second).enumerate() {
                    if !value.is_finite() {
                        return Err(Unanswerable::NonFinite { test, arm, index: index % cell.n().max(1), value });
                    }
                }
            }
        }
        Ok(())
    }

    /// An arm's influences, summed to units and scaled, as the parts that Satterthwaite's formula wants: one part a
    /// stratum, or one for the whole arm when units cross strata. `influence(h, cell)` gives one value a row whose sum
    /// over the cell is the error of the stratum's own estimate.
    pub fn parts(&self, arm: Arm, influence: impl Fn(usize, &Cell) -> Vec<f64>) -> Parts {
        let one_part = self.crossed[arm];
        let mut parts: Vec<Part> = Vec::new();
        let mut whole = if one_part { vec![0.0; self.units[arm] as usize] } else { Vec::new() };
        for (h, stratum) in self.strata.iter().enumerate() {
            let cell = &stratum.cells[arm];
            if cell.n() == 0 {
                continue;
            }
            // The influence that stands for a cell's sums is in place of its units'.
            let rows = cell.sums.map_or_else(|| influence(h, cell), |s| vec![s.influence()]);
            let g = cell.units as f64;
            let scale = stratum.weight * (g / (g - 1.0)).sqrt();
            if cell.unit.is_empty() {
                let influence: Vec<f64> = rows.into_iter().map(|e| e * scale).collect();
                parts.push(Part { dof: g - 1.0, scale, influence });
            } else if one_part {
                for (e, &u) in rows.iter().zip(&cell.unit) {
                    whole[u as usize] += e * scale;
                }
            } else {
                let mut totals = vec![0.0; self.units[arm] as usize];
                let mut present = vec![false; totals.len()];
                for (e, &u) in rows.iter().zip(&cell.unit) {
                    totals[u as usize] += e * scale;
                    present[u as usize] = true;
                }
                let influence = totals.into_iter().zip(present).filter_map(|(e, p)| p.then_some(e)).collect();
                parts.push(Part { dof: g - 1.0, scale, influence });
            }
        }
        if one_part {
            parts.push(Part { dof: self.units[arm] as f64 - 1.0, scale: 1.0, influence: whole });
        }
        Parts(parts)
    }
}

fn weigh(strata: &mut [Stratum]) {
    let total: usize = strata.iter().map(|s| s.cells.canary.n()).sum();
    for stratum in strata.iter_mut() {
        stratum.weight = if total == 0 { 0.0 } else { stratum.cells.canary.n() as f64 / total as f64 };
    }
}

/// One independent part of an arm's variance.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Degrees of freedom of its variance.
    pub dof: f64,
    /// What the influences were scaled by: the stratum's weight and the factor for few units; 1 across strata.
    pub scale: f64,
    /// Scaled influence of each unit.
    pub influence: Vec<f64>,
}

impl Part {
    /// Sum of squared influences.
    pub fn variance(&self) -> f64 {
        sum_of_squares(&self.influence)
    }
}

/// An arm's parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts(pub Vec<Part>);

impl Parts {
    /// Variance of the arm's estimate.
    pub fn variance(&self) -> f64 {
        self.0.iter().map(Part::variance).sum()
    }

    /// Satterthwaite's sum of v^2 / dof over the parts.
    pub fn squares_over_dof(&self) -> f64 {
        self.0.iter().map(|p| p.variance().powi(2) / p.dof).sum()
    }

    /// Skewness of the units' influences, each part on its own scale, so that strata of unequal weight do not count as
    /// skewness; with one part and rows as units this is g1.
    pub fn skewness(&self) -> f64 {
        let n: f64 = self.0.iter().map(|p| p.influence.len() as f64).sum();
        let (mut second, mut third) = (0.0, 0.0);
        for part in &self.0 {
            // A unit's influence is its deviation times weight / n: back to deviations, up to a common factor.
            let spread = part.influence.len() as f64 / part.scale;
            for e in &part.influence {
                let d = e * spread;
                second += d * d;
                third += d * d * d;
            }
        }
        if second > 0.0 { third * n.sqrt() / second.powf(1.5) } else { 0.0 }
    }
}

/// Sum of squares in fixed chunks, so that its rounding does not depend on who calls it.
fn sum_of_squares(values: &[f64]) -> f64 {
    values.chunks(4096).map(|chunk| chunk.iter().map(|v| v * v).sum::<f64>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_influence(_: usize, cell: &Cell) -> Vec<f64> {
        let n = cell.n() as f64;
        let mean = cell.values.iter().sum::<f64>() / n;
        cell.values.iter().map(|v| (v - mean) / n).collect()
    }

    #[test]
    fn one_stratum_of_rows_gives_the_classical_variance_of_the_mean() {
        let rows = Rows::of([1.0, 2.0, 4.0, 9.0]);
        let design = Design::new(Arms { baseline: rows.clone(), canary: rows }, 1, false);
        let parts = design.parts(Arm::Canary, mean_influence);
        assert!((parts.variance() - 12.666666666666666 / 4.0).abs() < 1e-14);
        assert_eq!(parts.0[0].dof, 3.0);
    }

    #[test]
    fn a_unit_in_two_strata_is_summed_before_squaring() {
        let rows = |values: [f64; 4]| Rows {
            values: values.to_vec(),
            stratum: vec![0, 0, 1, 1],
            unit: vec![7, 8, 7, 8],
            ..Rows::default()
        };
        let design =
            Design::new(Arms { baseline: rows([1.0, 3.0, 1.0, 3.0]), canary: rows([1.0, 3.0, 1.0, 3.0]) }, 2, false);
        let parts = design.parts(Arm::Canary, mean_influence);
        // e = -+1/2 in each stratum, W = 1/2, sqrt(2): a unit's sum is -+sqrt(2)/2, so the variance is 1.
        assert_eq!(parts.0.len(), 1);
        assert!((parts.variance() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_thin_block_merges_with_the_next_and_a_thin_last_one_with_the_previous() {
        let rows = |stratum: Vec<u32>| Rows { values: vec![1.0; stratum.len()], stratum, ..Rows::default() };
        let stages = [vec![0; 3], vec![1; 20], vec![2; 20], vec![3; 2]].concat();
        let design =
            Design::new(Arms { baseline: rows(stages.clone()), canary: rows(stages) }, 4, false).merge_thin_default();
        let sizes: Vec<usize> = design.strata.iter().map(|s| s.cells.canary.n()).collect();
        assert_eq!(sizes, [23, 22]);
        assert!((design.strata.iter().map(|s| s.weight).sum::<f64>() - 1.0).abs() < 1e-15);
    }
}
