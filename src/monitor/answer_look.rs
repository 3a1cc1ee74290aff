//! Writes the answer of a look: findings, checks, reasons, judgement.

use std::collections::BTreeMap;

use super::decide::{CELL_ROWS, MISSING_ALPHA, Standing, adjusted};
use super::log_sum::p_from_log_e;
use super::look::{LOOK_SCHEMA, Look};
use super::metric::MetricState;
use super::plan::{MetricPlan, Process};
use super::score::{Score, score};
use super::watch::Monitor;
use super::words;
use crate::config::{OnInconclusive, OnNoData, Role};
use crate::judge::judgement::{Check, Finding, Judgement, Needs, Provenance, Reason, SCHEMA, SegmentFinding};
use crate::judge::{Decision, Outcome, Verdict};

/// Whether more batches are to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Window {
    Open,
    Over,
}

impl Monitor {
    /// The answer now, without taking anything.
    pub fn look(&self) -> Look {
        self.write(Window::Open)
    }

    /// The answer at the end of the window: what was not shown by now stays open, with what it would have needed.
    pub fn conclude(&self) -> Look {
        self.write(Window::Over)
    }

    pub(crate) fn score(&self, findings: &[Finding], window: Window) -> Score {
        let monitored: Vec<bool> = self.plans.iter().map(MetricPlan::is_monitored).collect();
        score(&self.config, findings, &monitored, window)
    }

    pub(crate) fn findings(&self, standing: &Standing) -> Vec<Finding> {
        let each = self.plans.iter().zip(&self.state.metrics).enumerate();
        let mut findings: Vec<Finding> =
            each.map(|(i, (plan, state))| self.finding(i, plan, state, standing)).collect();
        for role in [Role::Critical, Role::Scored, Role::Advisory] {
            for (i, left) in adjusted(&self.plans, &self.weights, standing, role) {
                if let Some(evidence) = &mut findings[i].evidence {
                    evidence.p_harm_adjusted = Some(p_from_log_e(left));
                }
            }
        }
        findings
    }

    fn finding(&self, i: usize, plan: &MetricPlan, state: &MetricState, standing: &Standing) -> Finding {
        let pair = standing.pairs[i];
        let evidence = plan.evidence(state, pair);
        let limit = plan.limit(state);
        let segments = self.segments(i);
        let missing_shown = state.peak_missing >= -MISSING_ALPHA.ln();
        let failing_cell = segments.iter().any(|s| s.outcome == Outcome::Fail);
        let units = state.rows.canary;
        let (outcome, reason) = match (&evidence, limit.as_ref().map(|l| l.outcome)) {
            _ if !plan.is_monitored() => (Outcome::NoData, Some("not_monitored")),
            (_, Some(Outcome::Fail)) => (Outcome::Fail, Some("limit_crossed")),
            _ if state.failed.is_some() => (Outcome::Fail, state.failed.as_deref()),
            _ if failing_cell => (Outcome::Fail, Some("segment_failed")),
            (None, _) => (Outcome::NoData, Some("no_rows")),
            _ if units < plan.min_samples => (Outcome::Inconclusive, Some("below_min_samples")),
            (Some(_), Some(Outcome::Inconclusive)) => (Outcome::Inconclusive, Some("limit_open")),
            (Some(e), _) => {
                let safe = e.p_safe.is_some_and(|p| p <= plan.alpha_safe);
                // With a limit alone, keeping it is all that is asked.
                let only_limit = e.p_safe.is_none() && limit.is_some();
                match (safe || only_limit, missing_shown) {
                    (true, true) => (Outcome::Inconclusive, Some("differential_missing")),
                    (true, false) => (Outcome::Pass, None),
                    (false, _) => (Outcome::Inconclusive, None),
                }
            }
        };
        let needs = (outcome == Outcome::Inconclusive).then(|| self.needs(plan, state));
        let clause = match (&evidence, &plan.process) {
            (_, Process::None(why)) => (*why).to_owned(),
            (Some(e), _) => words::evidence(e),
            (None, _) => "no rows in an arm yet".into(),
        };
        Finding {
            name: plan.config.name.clone(),
            kind: plan.config.kind.type_name().into(),
            role: plan.config.role,
            group: plan.config.group.clone(),
            weight: plan.config.weight,
            outcome,
            reason: reason.map(Into::into),
            text: format!("{} is {}: {clause}", plan.config.name, words::outcome(outcome)),
            evidence,
            limit,
            effect_size: None,
            needs,
            missing: (state.missing.baseline + state.missing.canary > 0).then_some(state.missing),
            segments,
            movers: Vec::new(),
            direction: Some(plan.config.direction),
        }
    }

    fn needs(&self, plan: &MetricPlan, state: &MetricState) -> Needs {
        let rows = plan.needed_rows(state);
        let elapsed = self.state.end_seconds - self.state.start_seconds;
        let rate = state.rows.canary as f64 / elapsed * 60.0;
        let minutes = rows.map(|r| r as f64 / rate).filter(|m| m.is_finite() && elapsed > 0.0);
        Needs { canary_samples: rows, minutes }
    }

    fn segments(&self, metric: usize) -> Vec<SegmentFinding> {
        let plan = &self.plans[metric];
        let cells = self.state.segments.iter().filter_map(|s| s.metrics.get(&metric).map(|cell| (&s.segment, cell)));
        cells
            .map(|(segment, cell)| {
                let pair = plan.pair(cell);
                let small = cell.rows.baseline.min(cell.rows.canary) < CELL_ROWS;
                let outcome = match cell.failed {
                    Some(_) => Outcome::Fail,
                    None if cell.rows.baseline.min(cell.rows.canary) == 0 => Outcome::NoData,
                    None => Outcome::Inconclusive,
                };
                let evidence = plan.evidence(cell, pair);
                let name: Vec<String> = segment.iter().map(|(k, v)| format!("{k} {v}")).collect();
                let clause = evidence.as_ref().map_or("no rows in an arm yet".to_owned(), words::evidence);
                SegmentFinding {
                    segment: segment.clone(),
                    outcome,
                    reason: small.then(|| "too_small".into()),
                    text: format!("{} in {}: {clause}", plan.config.name, name.join(", ")),
                    explained_by: None,
                    evidence,
                }
            })
            .collect()
    }

    fn write(&self, window: Window) -> Look {
        let standing = self.standing();
        let findings = self.findings(&standing);
        let score = self.score(&findings, window);
        let (verdict, decision, reasons) = self.decision(&standing, &findings, &score, window);
        let state = &self.state;
        let judgement = Judgement {
            schema: SCHEMA.into(),
            verdict,
            decision,
            score: score.score,
            score_best: score.best,
            reasons,
            groups: score.groups,
            metrics: findings,
            checks: self.checks(),
            warnings: self.warnings(),
            provenance: Provenance {
                serinus: env!("CARGO_PKG_VERSION").into(),
                config_sha256: state.config_sha256.clone(),
                data_sha256: state.data_sha256.clone(),
                seed: self.config.seed,
            },
        };
        Look {
            schema: LOOK_SCHEMA.into(),
            sequence: state.next_sequence.map(|n| n - 1),
            looks: state.looks,
            end_seconds: state.end_seconds,
            elapsed_seconds: state.end_seconds - state.start_seconds,
            stage: state.stage.clone(),
            assigned: state.assigned,
            totals: standing.totals,
            rollback: state.rollback.clone(),
            judgement,
        }
    }

    fn decision(
        &self,
        standing: &Standing,
        findings: &[Finding],
        score: &Score,
        window: Window,
    ) -> (Verdict, Decision, Vec<Reason>) {
        if let Some(rollback) = &self.state.rollback {
            return (Verdict::Fail, Decision::Rollback, rollback.reasons.clone());
        }
        let mut reasons = self.invalid();
        // What an open question costs at the end of the window is the config's policy.
        if window == Window::Over
            && let Some(failed) = self.failed_by_policy(findings, score)
        {
            return (Verdict::Fail, Decision::Rollback, vec![failed]);
        }
        if reasons.is_empty() {
            reasons = self.missing_for_promotion(standing, findings, score, window);
            if reasons.is_empty() {
                let text = "every metric is shown safe at this look".to_owned();
                let numbers = [("score", score.score.unwrap_or(f64::NAN))];
                return (Verdict::Pass, Decision::Promote, vec![words::reason("shown_safe", None, &numbers, text)]);
            }
        }
        (Verdict::Marginal, Decision::Hold, reasons)
    }

    fn failed_by_policy(&self, findings: &[Finding], score: &Score) -> Option<Reason> {
        let fails = |f: &&Finding| match f.outcome {
            Outcome::Inconclusive => self.config.policy.inconclusive == OnInconclusive::Fail,
            Outcome::NoData => {
                self.config.policy.no_data == OnNoData::Fail && f.reason.as_deref() != Some("not_monitored")
            }
            _ => false,
        };
        let critical = findings.iter().filter(|f| f.role == Role::Critical).find(fails);
        let by_score =
            score.best.is_some_and(|b| b <= self.config.thresholds.fail) && findings.iter().any(|f| fails(&f));
        let best = score.best.unwrap_or(f64::NAN);
        match critical {
            Some(f) => {
                let text = format!("{}; the window is over and the policy counts that as failed", f.text);
                Some(words::reason("failed_by_policy", Some(&f.name), &[("score_best", best)], text))
            }
            None if by_score => {
                let text = format!("the window is over and the score is {} at best", words::number(best));
                Some(words::reason("failed_by_policy", None, &[("score_best", best)], text))
            }
            None => None,
        }
    }

    fn invalid(&self) -> Vec<Reason> {
        let state = &self.state;
        let mut reasons = Vec::new();
        if state.sample_ratio.mismatch() {
            let p = state.sample_ratio.p().unwrap_or(f64::NAN);
            let (share, n) = state.sample_ratio.stage().unwrap_or_default();
            reasons.push(words::reason(
                "invalid_sample_ratio",
                None,
                &[("p", p), ("share", share), ("baseline", n.baseline as f64), ("canary", n.canary as f64)],
                format!(
                    "the traffic does not split as declared: {} of {} fell to the canary in this stage where {}% were declared; p = {} at any look",
                    n.canary,
                    n.canary.saturating_add(n.baseline),
                    words::number(100.0 * share),
                    words::number(p)
                ),
            ));
        }
        let rows = |arm: fn(&MetricState) -> u64| state.metrics.iter().map(arm).max().unwrap_or(0);
        for (arm, empty) in [
            ("baseline", state.assigned.baseline == 0 && rows(|m| m.rows.baseline) == 0),
            ("canary", state.assigned.canary == 0 && rows(|m| m.rows.canary) == 0),
        ] {
            let paired = arm == "baseline" && self.config.data.paired.is_some();
            if empty && !paired {
                reasons.push(words::reason("invalid_empty_arm", None, &[], format!("the {arm} has no rows yet")));
            }
        }
        reasons
    }

    /// What stands between this look and a promotion, the weightiest first; empty when nothing does.
    fn missing_for_promotion(
        &self,
        standing: &Standing,
        findings: &[Finding],
        score: &Score,
        window: Window,
    ) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let Some(points) = score.score else {
            return vec![words::reason("nothing_judged", None, &[], "no metric weighs in the decision".into())];
        };
        let promotable = points >= self.config.thresholds.pass;
        for (finding, plan) in findings.iter().zip(&self.plans) {
            let critical = plan.config.role == Role::Critical;
            let open =
                finding.outcome != Outcome::Pass && (critical || !promotable) && plan.config.role != Role::Advisory;
            if !open || (!critical && !plan.is_monitored()) {
                continue;
            }
            let code = match finding.outcome {
                Outcome::NoData if !plan.is_monitored() => "not_monitored",
                Outcome::NoData => "no_data",
                Outcome::Fail => "scored_failed",
                _ if window == Window::Over => "inconclusive",
                _ => "open",
            };
            let mut text = finding.text.clone();
            let mut numbers = Vec::new();
            if let Some(samples) = finding.needs.and_then(|n| n.canary_samples) {
                text += &format!("; about {samples} more canary samples would show it if there is no difference");
                numbers.push(("canary_samples", samples as f64));
            }
            reasons.push(words::reason(code, Some(&finding.name), &numbers, text));
        }
        reasons.extend(self.open_segments());
        let t = &standing.totals;
        // An open spike: the detector stands above 1 in 20 of what rolls back.
        let open_spike = t.log_e_spike.filter(|e| *e >= t.log_spike_at - OPEN_SPIKE.ln());
        if let Some(log_e) = open_spike {
            let text =
                format!("a spike of errors is not ruled out: the detector's e-value is {}", words::e_value(log_e));
            reasons.push(words::reason("open_spike", None, &[("log_e", log_e)], text));
        }
        let elapsed = self.state.end_seconds - self.state.start_seconds;
        let bake = self.config.monitoring.min_bake_seconds;
        if elapsed < bake {
            let text =
                format!("{} s of the least bake time of {} s are over", words::number(elapsed), words::number(bake));
            reasons.push(words::reason(
                "min_bake",
                None,
                &[("elapsed_seconds", elapsed), ("min_bake_seconds", bake)],
                text,
            ));
        }
        reasons
    }

    /// Segments in which a critical metric would be shown to be worse if they were the only one looked at: too little for a
    /// rollback among so many, too much for a promotion.
    fn open_segments(&self) -> Vec<Reason> {
        let level = -self.config.monitoring.alpha_rollback.ln();
        let mut found = Vec::new();
        for segment in &self.state.segments {
            for (m, cell) in &segment.metrics {
                let plan = &self.plans[*m];
                let large = cell.rows.baseline.min(cell.rows.canary) >= CELL_ROWS;
                let harm = plan.pair(cell).map(|p| p.harm).filter(|h| *h >= level);
                let (Role::Critical, true, Some(harm)) = (plan.config.role, large, harm) else { continue };
                let name: Vec<String> = segment.segment.iter().map(|(k, v)| format!("{k} {v}")).collect();
                let text = format!(
                    "{} in {}: harm is not ruled out, its e-value is {} and {} stops a promotion",
                    plan.config.name,
                    name.join(", "),
                    words::e_value(harm),
                    words::e_value(level)
                );
                let mut reason = words::reason("open_segment", Some(&plan.config.name), &[("log_e", harm)], text);
                reason.segment = Some(segment.segment.clone());
                found.push((harm, reason));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().map(|(_, reason)| reason).collect()
    }

    fn checks(&self) -> Vec<Check> {
        let ratio = &self.state.sample_ratio;
        let (outcome, reason) = match ratio.p() {
            None => (Outcome::NoData, Some("not_declared".to_owned())),
            Some(_) if ratio.mismatch() => (Outcome::Fail, None),
            Some(_) => (Outcome::Pass, None),
        };
        let text = match ratio.p() {
            None => "no share was declared".to_owned(),
            Some(p) => {
                format!("traffic against its declared share, stage by stage: p = {} at any look", words::number(p))
            }
        };
        let mut checks =
            vec![Check { name: "sample_ratio".into(), outcome, p: ratio.p(), reason, text, details: BTreeMap::new() }];
        let worst =
            self.state.metrics.iter().zip(&self.plans).max_by(|a, b| a.0.peak_missing.total_cmp(&b.0.peak_missing));
        if let Some((state, plan)) = worst {
            let p = p_from_log_e(state.peak_missing);
            let shown = state.peak_missing >= -MISSING_ALPHA.ln();
            checks.push(Check {
                name: "missingness".into(),
                outcome: if shown { Outcome::Fail } else { Outcome::Pass },
                p: Some(p),
                reason: None,
                text: format!(
                    "missing values in either arm, most unlike in {}: p = {} at any look",
                    plan.config.name,
                    words::number(p)
                ),
                details: BTreeMap::new(),
            });
        }
        checks
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for plan in &self.plans {
            if let Process::None(why) = plan.process {
                warnings.push(format!("{} is not monitored: {why}", plan.config.name));
            }
            if plan.config.outliers.is_some() {
                warnings.push(format!(
                    "{}: outliers are kept; a fence found on data yet to come is not known at a look",
                    plan.config.name
                ));
            }
            if plan.config.test.is_some() {
                warnings.push(format!(
                    "{}: the test named in the config is for the fixed judge; monitoring uses its own",
                    plan.config.name
                ));
            }
        }
        warnings
    }
}

/// A spike is open while its e-value is within this factor of a rollback.
const OPEN_SPIKE: f64 = 20.0;
