//! Who looks: the judge at everything served so far, or the monitor at what is new.
//!
//! Where the monitor would promote, the judge is asked as well, about the same rows, and nothing is promoted that it would
//! roll back or cannot compare. It sees what no monitor does: segments with a budget of their own, an AUC, repeated ids, a
//! baseline that drifts. A promotion that has to be shown twice is false no more often than one that is shown once (an
//! intersection-union test, Berger 1982), at however many looks; the monitor alone rolls back, so its error rate stays.

use super::error::ReplayError;
use super::{Method, recording};
use crate::config::{AsOf, JudgeConfig, TimeUnit};
use crate::judge::judgement::{Judgement, Reason};
use crate::judge::{Decision, Judge, Verdict};
use crate::monitor::{Feed, Monitor};
use crate::table::Table;

/// The fixed test over all rows served so far.
pub(super) struct Fixed<'c, 't> {
    judge: Judge,
    table: &'c Table<'t>,
    kept: Vec<usize>,
}

pub(super) enum Watcher<'c, 't> {
    Fixed(Fixed<'c, 't>),
    Anytime { monitor: Box<Monitor>, feed: Box<Feed<'c, 't>>, fixed: Fixed<'c, 't> },
}

impl Fixed<'_, '_> {
    fn judge(&mut self, end_seconds: f64) -> Result<Judgement, ReplayError> {
        // The table's own order, on which digests and resampling depend, is that of the recording.
        self.kept.sort_unstable();
        let as_of = as_of(self.judge.config(), end_seconds);
        Ok(self.judge.judge_as_of(&self.table.pick(&self.kept), as_of)?)
    }
}

impl<'c, 't> Watcher<'c, 't> {
    pub fn new(config: &'c JudgeConfig, table: &'c Table<'t>, method: Method) -> Result<Self, ReplayError> {
        let judge = Judge::new(config.clone()).map_err(ReplayError::Config)?;
        let fixed = Fixed { judge, table, kept: Vec::new() };
        Ok(match method {
            Method::Fixed => Watcher::Fixed(fixed),
            Method::Anytime => Watcher::Anytime {
                monitor: Box::new(Monitor::new(config)?),
                feed: Box::new(Feed::new(config, table)?),
                fixed,
            },
        })
    }

    /// A look after these rows, which are of one recorded stage and in the order of time. `None` when there is nothing yet
    /// to judge, because all of it is warm-up.
    pub fn look(
        &mut self,
        rows: &[&recording::Row],
        start_seconds: f64,
        end_seconds: f64,
    ) -> Result<Option<Judgement>, ReplayError> {
        let warm: Vec<usize> = rows.iter().filter(|r| !r.warm_up).map(|r| r.index).collect();
        let indices = rows.iter().map(|r| r.index);
        match self {
            Watcher::Fixed(fixed) => {
                fixed.kept.extend(indices);
                if warm.is_empty() { Ok(None) } else { fixed.judge(end_seconds).map(Some) }
            }
            Watcher::Anytime { monitor, feed, fixed } => {
                fixed.kept.extend(indices);
                for batch in feed.batches(&warm, start_seconds, end_seconds)? {
                    monitor.consume(&batch)?;
                }
                if warm.is_empty() {
                    return Ok(None);
                }
                let judgement = monitor.look().judgement;
                if judgement.decision != Decision::Promote {
                    return Ok(Some(judgement));
                }
                let second = fixed.judge(end_seconds)?;
                Ok(Some(confirmed(judgement, &second)))
            }
        }
    }

    /// What the fixed test says of everything served, asked once at the end of a monitored rollout; `None` when it was
    /// asked at every look.
    pub fn at_the_end(&mut self, end_seconds: f64) -> Result<Option<Judgement>, ReplayError> {
        match self {
            Watcher::Anytime { fixed, .. } if !fixed.kept.is_empty() => fixed.judge(end_seconds).map(Some),
            _ => Ok(None),
        }
    }
}

/// The monitor's promotion, held when the fixed test over the same rows would roll back or finds no valid comparison.
fn confirmed(judgement: Judgement, fixed: &Judgement) -> Judgement {
    let is_valid = !fixed.reasons.iter().any(|r| r.code.starts_with("invalid"));
    if fixed.decision != Decision::Rollback && is_valid {
        return judgement;
    }
    let first = fixed.reasons.first();
    let why = first.map_or("it gives no reason", |r| r.text.as_str());
    let reason = Reason {
        code: "not_confirmed".to_owned(),
        metric: first.and_then(|r| r.metric.clone()),
        segment: first.and_then(|r| r.segment.clone()),
        numbers: first.map(|r| r.numbers.clone()).unwrap_or_default(),
        text: format!("the monitor would promote, and the fixed test over the same rows would not: {why}"),
    };
    Judgement { verdict: Verdict::Marginal, decision: Decision::Hold, reasons: vec![reason], ..judgement }
}

/// The moment of the config when it has passed, else now, which is the time of the last row.
fn as_of(config: &JudgeConfig, now_seconds: f64) -> AsOf {
    let Some(labels) = &config.data.labels else { return AsOf::Last };
    let is_seconds = config.data.time.as_ref().is_some_and(|t| t.unit == TimeUnit::S);
    match labels.as_of {
        AsOf::At(moment) if moment / if is_seconds { 1.0 } else { 1000.0 } <= now_seconds => labels.as_of,
        _ => AsOf::Last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> Judgement {
        serde_json::from_str(text).expect("a stored judgement")
    }

    #[test]
    fn what_the_fixed_test_would_roll_back_or_cannot_compare_is_held() {
        let promote = || stored(include_str!("../../fixtures/judgements/promote.json"));
        let hold = stored(include_str!("../../fixtures/judgements/hold.json"));
        assert_eq!(promote().decision, Decision::Promote);
        assert_eq!(confirmed(promote(), &promote()), promote());
        assert_eq!(confirmed(promote(), &hold), promote(), "an open question of the fixed test is not harm");

        let broken = stored(include_str!("../../fixtures/judgements/segment_rollback.json"));
        let held = confirmed(promote(), &broken);
        assert_eq!((held.decision, held.verdict), (Decision::Hold, Verdict::Marginal));
        assert_eq!((held.reasons.len(), held.reasons[0].code.as_str()), (1, "not_confirmed"));
        assert_eq!(held.reasons[0].segment, broken.reasons[0].segment);
        assert!(held.reasons[0].text.ends_with(&broken.reasons[0].text), "{}", held.reasons[0].text);

        let mut invalid = hold;
        invalid.reasons[0].code = "invalid_sample_ratio".to_owned();
        assert_eq!(confirmed(promote(), &invalid).decision, Decision::Hold);
    }
}
