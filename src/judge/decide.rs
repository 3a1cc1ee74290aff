//! From evidence to a decision: families, outcomes, verdict, reasons. Total: no config and no data leave it undefined.

use std::collections::BTreeMap;

use serde_json::json;

use super::checks;
use super::dataset::Dataset;
use super::error::DataError;
use super::judgement::{Check, Finding, Judgement, Provenance, Reason, SCHEMA, SegmentFinding};
use super::metric::{self, Judged};
use super::needs;
use super::score::{self, Count, Score};
use super::segments;
use super::select;
use super::sentence;
use super::{Decision, Judge, Outcome, Verdict, digest};
use crate::arms::Arms;
use crate::config::{Correction, JudgeConfig, Role};
use crate::evidence::Evidence;
use crate::stats::adjust::{Adjustment, adjust};

/// Judges a dataset.
pub(super) fn decide(judge: &Judge, data: &Dataset<'_>) -> Result<Judgement, DataError> {
    let config = &judge.config;
    let judged = metric::judge_all(config, data)?;
    let mut warnings = Vec::new();
    let checks = checks::all(config, data, &judged, &mut warnings);
    left_out(data, &mut warnings);
    let data_sha256 = digest::data(data.table, config.columns());
    conclude(judge, Shown { judged, checks, warnings, n: data.n(), data_sha256, rows: Some(data) })
}

/// What the metrics and checks showed, whether it was rows or their sums that were judged.
pub(super) struct Shown<'c, 'd> {
    pub judged: Vec<Judged<'c>>,
    pub checks: Vec<Check>,
    pub warnings: Vec<String>,
    /// Rows of each arm.
    pub n: Arms<u64>,
    pub data_sha256: String,
    /// The rows themselves, when there are any.
    pub rows: Option<&'d Dataset<'d>>,
}

/// Corrects, scores and decides.
pub(super) fn conclude(judge: &Judge, shown: Shown<'_, '_>) -> Result<Judgement, DataError> {
    let config = &judge.config;
    let Shown { mut judged, checks, mut warnings, n, data_sha256, rows } = shown;
    let adjusted = families(config, &judged);
    let mut findings = Vec::with_capacity(judged.len());
    let mut cells: Vec<Vec<SegmentFinding>> = Vec::with_capacity(judged.len());
    for (j, p) in judged.iter().zip(&adjusted.metrics) {
        findings.push(finding(j, *p));
    }
    for (m, j) in judged.iter_mut().enumerate() {
        let cells_of = segment_findings(j, &adjusted.cells[m]);
        cells.push(cells_of);
    }
    if let Some(data) = rows {
        explain(config, data, &judged, &mut cells)?;
    }
    for ((finding, j), cells) in findings.iter_mut().zip(&judged).zip(cells) {
        overall(finding, j, cells, rows);
    }
    let score = score::score(config, &findings);
    let invalid = invalid(&checks, n);
    let (verdict, decision) = verdict(config, &findings, &score, invalid.is_some());
    let reasons = reasons(config, &findings, &score, invalid, decision, &checks);
    notes(&judged, &mut warnings);
    Ok(Judgement {
        schema: SCHEMA.into(),
        verdict,
        decision,
        score: score.score,
        score_best: score.best,
        reasons,
        groups: score.groups,
        metrics: findings,
        checks,
        warnings,
        provenance: Provenance {
            serinus: env!("CARGO_PKG_VERSION").into(),
            config_sha256: judge.config_sha256.clone(),
            data_sha256,
            seed: config.seed,
        },
    })
}

/// p-values of one family, corrected by the config's rule.
fn corrected(p: &[Option<f64>], correction: Correction) -> Vec<Option<f64>> {
    let rule = match correction {
        Correction::None => return p.to_vec(),
        Correction::Bonferroni => Adjustment::Bonferroni,
        Correction::Holm => Adjustment::Holm,
        Correction::BenjaminiHochberg => Adjustment::BenjaminiHochberg,
        Correction::BenjaminiYekutieli => Adjustment::BenjaminiYekutieli,
        Correction::Hochberg => Adjustment::Hochberg,
        Correction::Sidak => Adjustment::Sidak,
    };
    adjust(p, rule)
}

struct Adjusted {
    metrics: Vec<Option<f64>>,
    cells: Vec<Vec<Option<f64>>>,
}

/// Corrects p_harm inside each family: critical, scored, advisory metrics; cells of critical and scored ones; cells of
/// advisory ones.
fn families(config: &JudgeConfig, judged: &[Judged<'_>]) -> Adjusted {
    let rule = config.correction;
    let p = |j: &Judged<'_>| j.compared.as_ref().ok().and_then(|c| c.evidence.p_harm);
    let mut metrics = vec![None; judged.len()];
    for role in [Role::Critical, Role::Scored, Role::Advisory] {
        let members: Vec<usize> = (0..judged.len()).filter(|&i| judged[i].metric.role == role).collect();
        let raw: Vec<Option<f64>> = members.iter().map(|&i| p(&judged[i])).collect();
        for (&i, p) in members.iter().zip(corrected(&raw, rule)) {
            metrics[i] = p;
        }
    }
    let mut cells: Vec<Vec<Option<f64>>> = judged.iter().map(|j| vec![None; j.cells.len()]).collect();
    for advisory in [false, true] {
        let members: Vec<(usize, usize)> = judged
            .iter()
            .enumerate()
            .filter(|(_, j)| (j.metric.role == Role::Advisory) == advisory)
            .flat_map(|(m, j)| (0..j.cells.len()).map(move |c| (m, c)))
            .collect();
        let raw: Vec<Option<f64>> = members
            .iter()
            .map(|&(m, c)| judged[m].cells[c].compared.as_ref().ok().and_then(|c| c.evidence.p_harm))
            .collect();
        for (&(m, c), p) in members.iter().zip(corrected(&raw, rule)) {
            cells[m][c] = p;
        }
    }
    Adjusted { metrics, cells }
}

/// A metric's own finding, segments aside.
fn finding(j: &Judged<'_>, p_harm_adjusted: Option<f64>) -> Finding {
    let metric = j.metric;
    let mut reason: Option<&str> = None;
    let mut evidence: Option<Evidence> = None;
    let (mut outcome, mut text) = match &j.compared {
        Err(why) => {
            reason = Some(if j.n.canary == 0 || j.n.baseline == 0 { "no_rows" } else { "unanswerable" });
            (Outcome::NoData, format!("{} cannot be judged: {why}", metric.name))
        }
        Ok(compared) => {
            let mut found = compared.evidence.clone();
            found.p_harm_adjusted = p_harm_adjusted;
            let sentence = sentence::evidence(metric, &found, "");
            let smaller = j.units.baseline.min(j.units.canary);
            let needed = compared.least.max(metric.min_samples);
            let (outcome, text) = if !metric::compares(metric) {
                (Outcome::Pass, sentence)
            } else if smaller < needed {
                reason = Some("too_few_samples");
                let text = format!("{sentence}; {smaller} samples in the smaller arm, at least {needed} are needed");
                (Outcome::Inconclusive, text)
            } else if found.p_harm_adjusted.is_some_and(|p| p <= j.alpha.harm) {
                (Outcome::Fail, sentence::with_p(sentence, found.p_harm_adjusted))
            } else if found.p_safe.is_some_and(|p| p <= j.alpha.safe) {
                (Outcome::Pass, sentence::with_p(sentence, found.p_safe))
            } else {
                (Outcome::Inconclusive, format!("{sentence}; {}", sentence::UNDECIDED))
            };
            evidence = Some(found);
            (outcome, text)
        }
    };
    if let Some(stand_in) = &j.stand_in {
        reason = Some("labels_immature");
        let scores = metric::as_shift(metric).unwrap_or_else(|| metric.clone());
        let shift = sentence::evidence(&scores, stand_in, "'s score");
        if stand_in.p_harm.is_some_and(|p| p <= j.alpha.harm) {
            outcome = Outcome::Fail;
            text = format!("{shift}: judged in the metric's place while its labels have not arrived");
            evidence = Some(stand_in.clone());
        } else if outcome != Outcome::Fail {
            outcome = Outcome::Inconclusive;
            text = format!("{text}; too few labels have arrived, and by its scores alone {shift}");
        }
    }
    if j.missingness.differs() && outcome == Outcome::Pass {
        outcome = Outcome::Inconclusive;
        reason = Some("differential_missing");
        let share = j.missingness.share;
        text = format!(
            "{text}; but its values are missing in {}% of the canary's rows and {}% of the baseline's, so it cannot pass",
            sentence::significant(100.0 * share.canary, 3),
            sentence::significant(100.0 * share.baseline, 3)
        );
    }
    let mut limit = None;
    if let Some(Ok(found)) = &j.limit {
        match found.outcome {
            Outcome::Fail => {
                outcome = Outcome::Fail;
                reason = Some("limit_crossed");
                text = limit_text(metric.name.as_str(), found, true);
            }
            Outcome::Pass if !metric::compares(metric) => text = limit_text(&metric.name, found, false),
            Outcome::Pass => {}
            _ => {
                if outcome == Outcome::Pass || !metric::compares(metric) {
                    outcome = Outcome::Inconclusive;
                    reason = Some("limit_open");
                    text = limit_text(&metric.name, found, false);
                }
            }
        }
        limit = Some(found.clone());
    }
    if let Some(Err(why)) = &j.limit
        && outcome == Outcome::Pass
    {
        outcome = Outcome::Inconclusive;
        reason = Some("limit_open");
        text = format!("{text}; its limit cannot be judged: {why}");
    }
    let effect_size = j.compared.as_ref().ok().and_then(|c| c.effect.clone());
    Finding {
        name: metric.name.clone(),
        kind: sentence::kind(&metric.kind).into(),
        direction: Some(metric.direction),
        role: metric.role,
        group: metric.group.clone(),
        weight: metric.weight,
        outcome,
        reason: reason.map(Into::into),
        text,
        evidence,
        limit,
        effect_size,
        needs: None,
        missing: (j.missing.baseline + j.missing.canary > 0).then_some(j.missing),
        segments: Vec::new(),
        movers: j.movers.clone(),
    }
}

fn limit_text(name: &str, limit: &super::judgement::LimitFinding, crossed: bool) -> String {
    let bound = |v: Option<f64>| v.map_or("unbounded".into(), |v| sentence::significant(v, 3));
    let at = limit.estimate.map_or("unknown".into(), |v| sentence::significant(v, 3));
    let asked = match (limit.limit.max, limit.limit.min) {
        (Some(max), Some(min)) => format!("{min} to {max}"),
        (Some(max), None) => format!("at most {max}"),
        (None, Some(min)) => format!("at least {min}"),
        (None, None) => "nothing".into(),
    };
    let state = match (crossed, limit.outcome) {
        (true, _) => "the limit is crossed",
        (false, Outcome::Pass) => "the limit is kept",
        _ => "the limit is not shown to be kept",
    };
    format!(
        "{name} of the canary alone is {at} (bounds {} to {}), asked is {asked}: {state}",
        bound(limit.low),
        bound(limit.high)
    )
}

fn segment_findings(j: &Judged<'_>, adjusted: &[Option<f64>]) -> Vec<SegmentFinding> {
    j.cells
        .iter()
        .zip(adjusted)
        .map(|(cell, p)| match &cell.compared {
            Err(_) => metric::too_small(cell).expect("a cell without evidence says what it lacks"),
            Ok(compared) => {
                let mut evidence = compared.evidence.clone();
                evidence.p_harm_adjusted = *p;
                let place = format!(" in {}", name(&cell.segment));
                let text = sentence::evidence(j.metric, &evidence, &place);
                let (outcome, text) = if p.is_some_and(|p| p <= j.alpha.harm) {
                    (Outcome::Fail, sentence::with_p(text, *p))
                } else if evidence.p_safe.is_some_and(|p| p <= j.alpha.safe) {
                    (Outcome::Pass, text)
                } else {
                    (Outcome::Inconclusive, text)
                };
                SegmentFinding {
                    segment: cell.segment.clone(),
                    outcome,
                    reason: None,
                    text,
                    explained_by: None,
                    evidence: Some(evidence),
                }
            }
        })
        .collect()
}

/// "age_band=>60".
pub(super) fn name(segment: &BTreeMap<String, String>) -> String {
    segment.iter().map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>().join(", ")
}

/// Marks failing cells that no longer fail without the rows of a stronger failing cell of the same metric.
fn explain(
    config: &JudgeConfig,
    data: &Dataset<'_>,
    judged: &[Judged<'_>],
    cells: &mut [Vec<SegmentFinding>],
) -> Result<(), DataError> {
    const STRONGER: usize = 5;
    for (j, found) in judged.iter().zip(cells) {
        let strength = |f: &SegmentFinding| {
            let e = f.evidence.as_ref();
            (e.and_then(|e| e.p_harm_adjusted).unwrap_or(1.0), e.and_then(|e| e.p_harm).unwrap_or(1.0))
        };
        let mut failing: Vec<usize> = (0..found.len()).filter(|&c| found[c].outcome == Outcome::Fail).collect();
        if failing.len() < 2 {
            continue;
        }
        failing.sort_by(|&a, &b| strength(&found[a]).partial_cmp(&strength(&found[b])).expect("p-values are numbers"));
        let selection = select::select(config, data, j.metric)?;
        let mut strong: Vec<usize> = vec![failing[0]];
        for &c in &failing[1..] {
            let (adjusted, raw) = strength(&found[c]);
            // What correction multiplied the p-value by holds for the cell without the other's rows too.
            let factor = if raw > 0.0 { adjusted / raw } else { j.cells.len() as f64 };
            let explained = strong.iter().take(STRONGER).copied().find(|&s| {
                let (own, other) = (&j.cells[c], &j.cells[s]);
                own.key.0 != other.key.0
                    && segments::cell_without(config, data, j.metric, &selection, own.key, other.key, &own.segment)
                        .ok()
                        .and_then(|left| left.evidence.p_harm)
                        .is_none_or(|p| (p * factor).min(1.0) > j.alpha.harm)
            });
            match explained {
                Some(s) => {
                    let by = found[s].segment.clone();
                    found[c].text = format!("{}; explained by {}", found[c].text, name(&by));
                    found[c].explained_by = Some(by);
                }
                None => strong.push(c),
            }
        }
    }
    Ok(())
}

/// The metric's finding with its segments.
fn overall(finding: &mut Finding, j: &Judged<'_>, cells: Vec<SegmentFinding>, data: Option<&Dataset<'_>>) {
    let worst = cells.iter().filter(|c| c.outcome == Outcome::Fail && c.explained_by.is_none()).min_by(|a, b| {
        let p = |c: &SegmentFinding| c.evidence.as_ref().and_then(|e| e.p_harm_adjusted).unwrap_or(1.0);
        p(a).partial_cmp(&p(b)).expect("p-values are numbers")
    });
    if let Some(cell) = worst
        && finding.role != Role::Advisory
        && finding.outcome != Outcome::Fail
    {
        finding.outcome = Outcome::Fail;
        finding.reason = Some("segment_failed".into());
        finding.text = cell.text.clone();
    }
    if matches!(finding.outcome, Outcome::Inconclusive)
        && let Some(evidence) = &finding.evidence
    {
        finding.needs = match finding.reason.as_deref() {
            Some("differential_missing" | "labels_immature") => None,
            Some("limit_open") => limit_needs(j),
            _ => needs::needs(evidence, j.metric.direction, &j.alpha, data),
        };
        if finding.reason.as_deref() == Some("too_few_samples") {
            let smaller = j.units.canary;
            let least = j.compared.as_ref().map_or(0, |c| c.least).max(j.metric.min_samples);
            if let Some(needs) = &mut finding.needs {
                needs.canary_samples = needs.canary_samples.map(|n| n.max(least.saturating_sub(smaller)));
            }
        }
        if let Some(needs) = &finding.needs
            && let Some(samples) = needs.canary_samples
        {
            let what = sentence::samples(samples, evidence.units.is_some());
            finding.text.push_str(&format!("; about {samples} more canary {what} would decide it"));
            if let Some(minutes) = needs.minutes {
                finding.text.push_str(&format!(" ({} minutes)", sentence::significant(minutes, 3)));
            }
        }
    }
    finding.segments = cells;
}

/// What a limit that is neither crossed nor kept still needs: the rule of three and its like.
fn limit_needs(j: &Judged<'_>) -> Option<super::judgement::Needs> {
    let limit = j.limit.as_ref()?.as_ref().ok()?;
    limit.needs.map(|canary_samples| super::judgement::Needs { canary_samples: Some(canary_samples), minutes: None })
}

/// Why the judgement is invalid, if it is.
fn invalid(checks: &[Check], n: Arms<u64>) -> Option<(&'static str, String)> {
    for (arm, rows) in [("canary", n.canary), ("baseline", n.baseline)] {
        if rows == 0 {
            return Some(("invalid_empty_arm", format!("the {arm} arm has no rows, so nothing can be compared")));
        }
    }
    let ratio = checks.iter().find(|c| c.name == "sample_ratio")?;
    (ratio.outcome == Outcome::Fail)
        .then(|| ("invalid_sample_ratio", format!("the split is not the declared one: {}", ratio.text)))
}

fn limit_crossed(finding: &Finding) -> bool {
    finding.limit.as_ref().is_some_and(|l| l.outcome == Outcome::Fail)
}

fn verdict(config: &JudgeConfig, findings: &[Finding], score: &Score, invalid: bool) -> (Verdict, Decision) {
    let fail = (Verdict::Fail, Decision::Rollback);
    let hold = (Verdict::Marginal, Decision::Hold);
    if findings.iter().any(limit_crossed) {
        return fail;
    }
    if invalid {
        return hold;
    }
    let critical: Vec<&Finding> = findings.iter().filter(|f| f.role == Role::Critical).collect();
    if critical.iter().any(|f| score::count(config, f) == Count::Failed) {
        return fail;
    }
    match (score.score, score.best) {
        (Some(_), Some(best)) if best <= config.thresholds.fail => fail,
        (Some(score), _) if score >= config.thresholds.pass && critical.iter().all(|f| f.outcome == Outcome::Pass) => {
            (Verdict::Pass, Decision::Promote)
        }
        _ => hold,
    }
}

fn reason(code: &str, finding: Option<&Finding>, text: String) -> Reason {
    let numbers = finding.and_then(|f| f.evidence.as_ref()).map(sentence::numbers).unwrap_or_default();
    Reason { code: code.into(), metric: finding.map(|f| f.name.clone()), segment: None, numbers, text }
}

/// Why, the weightiest first.
fn reasons(
    config: &JudgeConfig,
    findings: &[Finding],
    score: &Score,
    invalid: Option<(&'static str, String)>,
    decision: Decision,
    checks: &[Check],
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for finding in findings.iter().filter(|f| limit_crossed(f)) {
        let mut found = reason("limit_crossed", Some(finding), finding.text.clone());
        if let Some(limit) = &finding.limit {
            for (name, v) in [
                ("limit_max", limit.limit.max),
                ("limit_min", limit.limit.min),
                ("canary", limit.estimate),
                ("p_crossed", limit.p_crossed),
            ] {
                if let Some(v) = v {
                    found.numbers.insert(name.into(), json!(v));
                }
            }
        }
        reasons.push(found);
    }
    if let Some((code, text)) = invalid {
        let mut found = reason(code, None, text);
        if let Some(p) = checks.iter().find(|c| c.name == "sample_ratio").and_then(|c| c.p) {
            found.numbers.insert("p".into(), json!(p));
        }
        reasons.push(found);
    }
    for role in [Role::Critical, Role::Scored, Role::Advisory] {
        let mut failing: Vec<&Finding> = findings
            .iter()
            .filter(|f| {
                f.role == role
                    && f.outcome == Outcome::Fail
                    && !limit_crossed(f)
                    && f.reason.as_deref() != Some("segment_failed")
            })
            .collect();
        let p = |f: &Finding| f.evidence.as_ref().and_then(|e| e.p_harm_adjusted).unwrap_or(1.0);
        failing.sort_by(|a, b| p(a).partial_cmp(&p(b)).expect("p-values are numbers"));
        let code = match role {
            Role::Critical => "critical_failed",
            Role::Scored => "scored_failed",
            Role::Advisory => "advisory_failed",
        };
        reasons.extend(failing.into_iter().map(|f| reason(code, Some(f), f.text.clone())));
        // Failing cells of the same role, the surest first; what another cell explains comes last.
        let mut cells: Vec<(&Finding, &SegmentFinding)> = findings
            .iter()
            .filter(|f| f.role == role)
            .flat_map(|f| f.segments.iter().filter(|c| c.outcome == Outcome::Fail).map(move |c| (f, c)))
            .collect();
        let p = |c: &SegmentFinding| {
            (c.explained_by.is_some(), c.evidence.as_ref().and_then(|e| e.p_harm_adjusted).unwrap_or(1.0))
        };
        cells.sort_by(|a, b| p(a.1).partial_cmp(&p(b.1)).expect("p-values are numbers"));
        for (finding, cell) in cells {
            let code = if role == Role::Advisory { "advisory_segment_failed" } else { "segment_failed" };
            reasons.push(Reason {
                code: code.into(),
                metric: Some(finding.name.clone()),
                segment: Some(cell.segment.clone()),
                numbers: cell.evidence.as_ref().map(sentence::numbers).unwrap_or_default(),
                text: cell.text.clone(),
            });
        }
    }
    for finding in findings.iter().filter(|f| f.role != Role::Advisory) {
        let code = match (finding.outcome, finding.reason.as_deref()) {
            (Outcome::Inconclusive, Some("differential_missing")) => "differential_missing",
            (Outcome::Inconclusive, Some("labels_immature")) => "labels_immature",
            (Outcome::Inconclusive, _) if finding.role == Role::Critical => "critical_inconclusive",
            (Outcome::Inconclusive, _) => "inconclusive",
            (Outcome::NoData, _) => "no_data",
            _ => continue,
        };
        let mut found = reason(code, Some(finding), finding.text.clone());
        if let Some(samples) = finding.needs.and_then(|n| n.canary_samples) {
            found.numbers.insert("canary_samples".into(), json!(samples));
        }
        reasons.push(found);
    }
    let summary = match (score.score, score.best) {
        (None, _) => {
            let found = reason(
                "nothing_judged",
                None,
                "no metric that weighs was judged, so there is nothing to decide on".into(),
            );
            reasons.push(found);
            return reasons;
        }
        (Some(s), Some(best)) => (s, best),
        (Some(s), None) => (s, s),
    };
    let (code, text) = match decision {
        Decision::Rollback if summary.1 <= config.thresholds.fail => (
            "score_failed",
            format!(
                "the score is at best {}, and {} or less fails",
                sentence::significant(summary.1, 4),
                sentence::significant(config.thresholds.fail, 4)
            ),
        ),
        Decision::Promote => {
            let shown = findings.iter().filter(|f| f.outcome == Outcome::Pass && f.role != Role::Advisory).count();
            (
                "all_passed",
                format!(
                    "{shown} {} shown safe and the score is {} of the {} needed",
                    if shown == 1 { "metric is" } else { "metrics are" },
                    sentence::significant(summary.0, 4),
                    sentence::significant(config.thresholds.pass, 4)
                ),
            )
        }
        Decision::Hold => (
            "score_open",
            format!(
                "the score is {} and could still be {}; {} passes",
                sentence::significant(summary.0, 4),
                sentence::significant(summary.1, 4),
                sentence::significant(config.thresholds.pass, 4)
            ),
        ),
        Decision::Rollback => return reasons,
    };
    let mut found = reason(code, None, text);
    found.numbers.insert("score".into(), json!(summary.0));
    found.numbers.insert("score_best".into(), json!(summary.1));
    found.numbers.insert("threshold_pass".into(), json!(config.thresholds.pass));
    found.numbers.insert("threshold_fail".into(), json!(config.thresholds.fail));
    if decision == Decision::Promote {
        reasons.insert(0, found)
    } else {
        reasons.push(found)
    }
    reasons
}

fn left_out(data: &Dataset<'_>, warnings: &mut Vec<String>) {
    let dropped = data.warm_up.baseline + data.warm_up.canary;
    if dropped > 0 {
        warnings.push(format!(
            "{} canary rows and {} baseline rows were left out as warm-up",
            data.warm_up.canary, data.warm_up.baseline
        ));
    }
    if let Some(unit) = data.time_unit_doubt {
        warnings.push(unit.into());
    }
    if data.incomplete > 0 {
        warnings.push(format!("{} rows without a stratum or a unit were left out", data.incomplete));
    }
    if data.ignored > 0 {
        warnings.push(format!("{} rows of ignored arms were left out", data.ignored));
    }
}

fn notes(judged: &[Judged<'_>], warnings: &mut Vec<String>) {
    for j in judged {
        let count = j.outliers.baseline + j.outliers.canary;
        if count > 0 {
            warnings.push(format!(
                "{}: {} canary values and {} baseline values lie outside the baseline's fences and were treated as outliers",
                j.metric.name, j.outliers.canary, j.outliers.baseline
            ));
        }
        if let Ok(compared) = &j.compared
            && compared.evidence.flags.iter().any(|f| f == "skew")
        {
            warnings.push(format!(
                    "{}: the values are so skewed that its error rates are nominal at best; more rows or a quantile would be surer",
                    j.metric.name
                ));
        }
    }
}
