//! Arms dealt again: what the router might as well have done, when both arms are the same.

use std::collections::HashMap;

use super::DrillError;
use crate::arms::Arm;
use crate::config::JudgeConfig;
use crate::monitor::columns::Columns;
use crate::stats::rng::Stream;
use crate::table::{Column, Table};

/// The table with its arms dealt again: inside each stage, and inside each declared share, as many canary rows (units with
/// `data.unit`) as there were. Ignored rows stay what they are.
///
/// If the canary differs from the baseline in nothing, each deal is a recording that might as well have been made; a judge
/// that rolls back in more deals than its error rate allows is wrong.
///
/// ```
/// use serde_json::json;
/// use serinus::drill::deal;
/// use serinus::stats::rng::Stream;
/// use serinus::{Column, JudgeConfig, Table};
/// let config = JudgeConfig::from_value(&json!({"version": 1, "data": {"arm": {"column": "arm"}}, "metrics": [
///     {"name": "ms", "type": "mean", "column": "ms", "direction": "lower_is_better", "margin": {"relative": 0.1}}]}))?;
/// let arms = || Column::texts(["canary", "baseline", "baseline", "baseline"]);
/// let log = Table::new(vec![("arm".into(), arms()), ("ms".into(), Column::numbers(vec![1.0, 2.0, 3.0, 4.0]))])?;
/// let dealt = deal(&config, &log, &mut Stream::new(1, "docs", 0))?;
/// let canaries = match dealt.column("arm") {
///     Some(Column::Text { codes, names }) => codes.iter().filter(|c| names[**c as usize] == "canary").count(),
///     _ => 0,
/// };
/// assert_eq!(canaries, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The config names no arm column, or the table does not fit the config.
pub fn deal<'t>(config: &JudgeConfig, table: &Table<'t>, stream: &mut Stream) -> Result<Table<'t>, DrillError> {
    let Some(arm) = &config.data.arm else {
        let fault = "arms cannot be dealt without an arm column; name it in data.arm".to_owned();
        return Err(DrillError::Shape { path: "data.arm", fault });
    };
    let columns = Columns::new(config, table)?;
    // One card a (stage, share, unit) in the order of its first row; it carries the arm of that row.
    let mut blocks: Vec<Block> = Vec::new();
    let mut places: HashMap<(String, Option<u64>), usize> = HashMap::new();
    let mut cards: Vec<Option<(usize, usize)>> = Vec::with_capacity(table.rows());
    for row in 0..table.rows() {
        let Some(served) = columns.arm(row)? else {
            cards.push(None);
            continue;
        };
        let seconds = columns.seconds(row)?.unwrap_or(0.0);
        let key = (columns.stage(row, seconds)?, columns.share(row)?.map(f64::to_bits));
        let at = *places.entry(key).or_insert_with(|| {
            blocks.push(Block::default());
            blocks.len() - 1
        });
        let block = &mut blocks[at];
        let card = match columns.unit(row)? {
            Some(unit) => *block.units.entry(unit).or_insert_with(|| {
                block.arms.push(served);
                block.arms.len() - 1
            }),
            None => {
                block.arms.push(served);
                block.arms.len() - 1
            }
        };
        cards.push(Some((at, card)));
    }
    // Fisher and Yates.
    for block in &mut blocks {
        for i in (1..block.arms.len()).rev() {
            block.arms.swap(i, stream.below(i as u64 + 1) as usize);
        }
    }
    let ignored = arm.ignore.first().map_or("", String::as_str);
    let dealt = Column::texts(cards.iter().map(|card| match card {
        None => ignored,
        Some((at, card)) => match blocks[*at].arms[*card] {
            Arm::Baseline => arm.values.baseline.as_str(),
            Arm::Canary => arm.values.canary.as_str(),
        },
    }));
    Ok(super::fault::with_column(table, &arm.column, dealt))
}

#[derive(Default)]
struct Block {
    arms: Vec<Arm>,
    units: HashMap<String, usize>,
}
