//! A fire drill: faults planted in a healthy recording, and which of them a config catches.
//!
//! Each replicate deals the arms again ([`deal`]), plants one fault in the canary's rows, and asks twice: the whole judge
//! about the whole recording, and the rollout, look by look, how far the canary would have come. Without a fault the same
//! says how often a healthy canary is rolled back.

mod deal;
mod fault;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use deal::deal;
pub use fault::{Fault, FaultColumns};

use crate::config::{ConfigErrors, JudgeConfig};
use crate::judge::{DataError, Decision, Judge};
use crate::monitor::MonitorError;
use crate::monitor::columns::Columns;
use crate::replay::{self, Outcome, ReplayError, ReplayOptions};
use crate::rollout::{LookRule, RolloutConfig};
use crate::stats::rng::Stream;
use crate::table::Table;

/// The schema's name, which every stored drill carries.
pub const DRILL_SCHEMA: &str = "serinus.drill/1";

/// Looks of the rollout that is made when none is given.
const LOOKS: u64 = 8;

/// How a drill is held.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillOptions {
    /// The faults, each of which is planted in every replicate.
    pub faults: Vec<Fault>,
    /// Where they are planted.
    pub columns: FaultColumns,
    /// Replicates of each fault.
    pub replicates: u64,
    /// Seed of deals and faults.
    pub seed: u64,
    /// The rollout; without one, a stage for each declared share of the recording and eight looks.
    pub rollout: Option<RolloutConfig>,
    /// Who is asked at each look of the rollout, and how often.
    pub replay: ReplayOptions,
}

impl Default for DrillOptions {
    fn default() -> Self {
        DrillOptions {
            faults: Fault::standard(),
            columns: FaultColumns::default(),
            replicates: 5,
            seed: 0,
            rollout: None,
            replay: ReplayOptions::default(),
        }
    }
}

/// What a drill found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drill {
    /// [`DRILL_SCHEMA`].
    pub schema: String,
    /// Replicates of each fault.
    pub replicates: u64,
    /// The seed.
    pub seed: u64,
    /// Where the faults were planted.
    pub columns: FaultColumns,
    /// Each fault, in the order asked.
    pub faults: Vec<Drilled>,
}

/// One fault and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drilled {
    /// The fault.
    pub fault: Fault,
    /// The same in words.
    pub name: String,
    /// Why it was not planted, when it was not.
    pub skipped: Option<String>,
    /// What the judge said of the whole recording.
    pub judged: Decisions,
    /// How the rollout ended.
    pub rolled_out: Outcomes,
    /// Canary requests served until the rollout rolled back: least, median and most over the replicates that did.
    pub exposed: Option<Spread>,
    /// The metric (or check) named first by the judge where it rolled back, most often first.
    pub named: Vec<(String, u64)>,
}

/// Replicates by decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Decisions {
    pub promote: u64,
    pub hold: u64,
    pub rollback: u64,
}

/// Replicates by end of the rollout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Outcomes {
    pub promoted: u64,
    pub undecided: u64,
    pub rolled_back: u64,
}

/// The least, the median (the lower of two) and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Spread {
    pub least: u64,
    pub median: u64,
    pub most: u64,
}

/// Why a drill cannot be held.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DrillError {
    /// The judge's config is at fault.
    #[error("{0}")]
    Config(#[source] ConfigErrors),
    /// The config and the recording do not fit together.
    #[error("{path}: {fault}")]
    Shape {
        /// The key concerned.
        path: &'static str,
        /// What is wrong, with the way out.
        fault: String,
    },
    /// The judge cannot take the recording.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A column is lacking or unfit.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    /// The recording cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// Plants each fault in a healthy recording and says which the config catches, after how many canary requests.
///
/// `progress` is told how many replicates are done, of how many. The answer does not depend on the number of threads.
/// The cost is that of a judgement and of a [replay](crate::replay::replay) for each fault and replicate.
///
/// # Errors
/// The config is at fault, or the recording does not fit it: it has to have an arm column and times.
pub fn drill(
    config: &JudgeConfig,
    recording: &Table<'_>,
    options: &DrillOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Drill, DrillError> {
    let judge = Judge::new(config.clone()).map_err(DrillError::Config)?;
    let rollout = match &options.rollout {
        Some(rollout) => rollout.clone(),
        None => rollout_of(config, recording)?,
    };
    let columns = options.columns.resolve(config, recording);
    let jobs: Vec<(usize, u64)> =
        (0..options.faults.len()).flat_map(|f| (0..options.replicates).map(move |r| (f, r))).collect();
    let done = AtomicU64::new(0);
    let results: Vec<Result<Option<One>, DrillError>> = jobs
        .par_iter()
        .map(|&(f, replicate)| {
            // One deal a replicate, the same for every fault: faults differ by themselves alone.
            let dealt = deal(config, recording, &mut Stream::new(options.seed, "deal", replicate))?;
            let fault = &options.faults[f];
            let mut stream = Stream::new(options.seed, &fault.to_string(), replicate);
            let planted = fault::plant(fault, config, &dealt, &columns, &mut stream)?;
            let one = planted.map(|table| one(&judge, &rollout, &table, options)).transpose()?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len() as u64);
            Ok(one)
        })
        .collect();
    let mut results = results.into_iter();
    let mut faults = Vec::with_capacity(options.faults.len());
    for fault in &options.faults {
        let of_fault = results.by_ref().take(options.replicates as usize).collect::<Result<Vec<_>, _>>()?;
        faults.push(drilled(fault, of_fault));
    }
    Ok(Drill { schema: DRILL_SCHEMA.to_owned(), replicates: options.replicates, seed: options.seed, columns, faults })
}

/// One replicate of one fault.
struct One {
    decision: Decision,
    named: Option<String>,
    outcome: Outcome,
    exposed: u64,
}

fn one(judge: &Judge, rollout: &RolloutConfig, table: &Table<'_>, options: &DrillOptions) -> Result<One, DrillError> {
    let judgement = judge.judge(table)?;
    let told = replay::replay(judge.config(), rollout, table, &options.replay)?;
    let named = judgement.reasons.first().map(|r| r.metric.clone().unwrap_or_else(|| r.code.clone()));
    Ok(One {
        decision: judgement.decision,
        named: named.filter(|_| judgement.decision == Decision::Rollback),
        outcome: told.outcome,
        exposed: told.exposure.served.canary,
    })
}

fn drilled(fault: &Fault, replicates: Vec<Option<One>>) -> Drilled {
    let skipped = replicates
        .iter()
        .any(Option::is_none)
        .then(|| "the config and the recording have no column of numbers to plant it in; name one".to_owned());
    let ones: Vec<One> = replicates.into_iter().flatten().collect();
    let decided = |d: Decision| ones.iter().filter(|o| o.decision == d).count() as u64;
    let ended = |e: Outcome| ones.iter().filter(|o| o.outcome == e).count() as u64;
    let mut exposed: Vec<u64> = ones.iter().filter(|o| o.outcome == Outcome::RolledBack).map(|o| o.exposed).collect();
    exposed.sort_unstable();
    let mut named: Vec<(String, u64)> = Vec::new();
    for name in ones.iter().filter_map(|o| o.named.clone()) {
        match named.iter_mut().find(|n| n.0 == name) {
            Some(found) => found.1 += 1,
            None => named.push((name, 1)),
        }
    }
    named.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Drilled {
        name: fault.to_string(),
        fault: fault.clone(),
        skipped,
        judged: Decisions {
            promote: decided(Decision::Promote),
            hold: decided(Decision::Hold),
            rollback: decided(Decision::Rollback),
        },
        rolled_out: Outcomes {
            promoted: ended(Outcome::Promoted),
            undecided: ended(Outcome::Undecided),
            rolled_back: ended(Outcome::RolledBack),
        },
        exposed: exposed.first().zip(exposed.last()).map(|(&least, &most)| Spread {
            least,
            median: exposed[(exposed.len() - 1) / 2],
            most,
        }),
        named,
    }
}

/// A rollout fit to a recording: a stage for each declared share, without minima, and eight looks.
fn rollout_of(config: &JudgeConfig, table: &Table<'_>) -> Result<RolloutConfig, DrillError> {
    let columns = Columns::new(config, table)?;
    let mut shares: Vec<f64> = Vec::new();
    for row in 0..table.rows() {
        if let Some(share) = columns.share(row)?
            && !shares.contains(&share)
        {
            shares.push(share);
        }
    }
    shares.sort_by(f64::total_cmp);
    if shares.is_empty() {
        shares.push(50.0);
    }
    let stages: Vec<_> = shares.iter().map(|s| json!({"percent": s})).collect();
    let mut rollout =
        RolloutConfig::from_value(&json!({"version": 1, "stages": stages})).map_err(DrillError::Config)?;
    rollout.look_every = Some(LookRule::Requests((table.rows() as u64).div_ceil(LOOKS).max(1)));
    Ok(rollout)
}
