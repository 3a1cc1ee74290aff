//! Rules between the keys of one metric.

use super::TestKind::{
    Bootstrap, BrunnerMunzel, ChiSquare, ConditionalBinomial, Delong, DeltaMethod, ExactBinomial, FarringtonManning,
    JensenShannon, KolmogorovSmirnov, MannWhitney, MiettinenNurminen, Newcombe, PairedT, PoissonRate, Psi, Quantile,
    ScoreRatio, SignedRank, Tango, Welch, Yuen,
};
use super::reader::Faults;
use super::*;

pub(super) fn metric_rules(metric: &MetricConfig, data: &DataConfig, base: &str, faults: &mut Faults) {
    let by_itself = matches!(metric.kind, MetricKind::Shift { .. } | MetricKind::Agreement { .. });
    if metric.margin.is_none() && metric.limit.is_none() && !by_itself {
        let message =
            "nothing to judge by: give a margin ({relative: 0.05} or {absolute: 0.01}) or a limit ({max: 0.02})";
        faults.rule(base, base, &["margin", "limit", "type"], message);
    }
    if by_itself && (metric.margin.is_some() || metric.limit.is_some()) {
        // A file cannot say this, for the keys are not there; a hand-built config can.
        let message = format!("{} takes neither a margin nor a limit", metric.kind.type_name());
        faults.rule(base, base, &["margin", "limit", "type"], message);
    }
    margin(metric, base, faults);
    limit(metric, base, faults);
    test(metric, data.paired.is_some(), base, faults);
    if let Some(Outliers { method: OutlierMethod::Quantile, factor, .. }) = metric.outliers
        && !(factor > 0.5 && factor < 1.0)
    {
        let message =
            format!("{factor} is not in (0.5, 1); with method quantile it is the baseline quantile, such as 0.999");
        faults.rule(&format!("{base}.outliers.factor"), base, &["outliers"], message);
    }
    if matches!(metric.kind, MetricKind::Agreement { .. }) && data.paired.is_none() {
        let message = "agreement compares both arms' answers to one request; it needs `data.paired`";
        faults.rule(&format!("{base}.type"), base, &["type"], message);
    }
    if let Some(arm) = &data.arm
        && metric.filter.iter().any(|(column, _)| *column == arm.column)
    {
        let message = format!("a filter on the arm's column `{}` would empty an arm; take it away", arm.column);
        faults.rule(&format!("{base}.where"), base, &["where"], message);
    }
}

fn margin(metric: &MetricConfig, base: &str, faults: &mut Faults) {
    let Some(margin) = metric.margin else { return };
    let reads = ["margin", "direction", "type"];
    if let Some(relative) = margin.relative {
        let path = format!("{base}.margin.relative");
        // Losing the whole baseline value, or more, is never acceptable: at 1 nothing could fail.
        if relative >= 1.0 && metric.direction != Direction::LowerIsBetter {
            let message = format!("{relative} is not in [0, 1); it is a share of the baseline, 0.05 for 5 %");
            faults.rule(&path, base, &reads, message);
        }
        if matches!(metric.kind, MetricKind::Calibration { .. }) {
            let message = "calibration is a difference near 0, and a share of it says nothing; give an absolute margin";
            faults.rule(&path, base, &reads, message);
        }
    }
    let share = matches!(metric.kind, MetricKind::Proportion { .. } | MetricKind::Auc { .. });
    if let Some(absolute) = margin.absolute.filter(|a| share && *a >= 1.0) {
        let message = format!(
            "{absolute} is not in [0, 1); {} lies between 0 and 1, and 0.01 is one percentage point",
            metric.kind.with_article()
        );
        faults.rule(&format!("{base}.margin.absolute"), base, &reads, message);
    }
}

fn limit(metric: &MetricConfig, base: &str, faults: &mut Faults) {
    let Some(limit) = metric.limit else { return };
    let reads = ["limit", "type"];
    if let (Some(min), Some(max)) = (limit.min, limit.max)
        && min >= max
    {
        let message = format!("min is {min} and max is {max}; min has to lie below max");
        faults.rule(&format!("{base}.limit"), base, &reads, message);
    }
    let range = match metric.kind {
        MetricKind::Proportion { .. } | MetricKind::Auc { .. } => 0.0..=1.0,
        MetricKind::Rate { .. } => 0.0..=f64::MAX,
        _ => return,
    };
    for (key, value) in [("min", limit.min), ("max", limit.max)] {
        if let Some(value) = value.filter(|v| !range.contains(v)) {
            let lies = if *range.end() == 1.0 { "lies between 0 and 1" } else { "is never negative" };
            let message = format!("{value} can never be reached; {} {lies}", metric.kind.with_article());
            faults.rule(&format!("{base}.limit.{key}"), base, &reads, message);
        }
    }
}

/// The tests of each type: those for two arms of rows, and those for pairs.
fn tests(kind: &MetricKind) -> (&'static [TestKind], &'static [TestKind]) {
    match kind {
        MetricKind::Proportion { .. } => {
            (&[FarringtonManning, MiettinenNurminen, Newcombe, ScoreRatio, ConditionalBinomial], &[Tango])
        }
        MetricKind::Mean { .. } => (&[Welch, Yuen, Bootstrap], &[PairedT, Bootstrap]),
        MetricKind::Distribution { .. } => (&[BrunnerMunzel, MannWhitney], &[SignedRank]),
        MetricKind::Quantile { .. } => (&[Quantile], &[Quantile]),
        MetricKind::Auc { .. } => (&[Delong, Bootstrap], &[Delong, Bootstrap]),
        MetricKind::Ratio { .. } => (&[DeltaMethod, Bootstrap], &[DeltaMethod, Bootstrap]),
        MetricKind::Shift { .. } => {
            const SHIFT: &[TestKind] = &[KolmogorovSmirnov, Psi, JensenShannon, ChiSquare];
            (SHIFT, SHIFT)
        }
        MetricKind::Calibration { .. } => (&[Welch, Yuen, Bootstrap], &[PairedT, Bootstrap]),
        MetricKind::Agreement { .. } => (&[ExactBinomial], &[ExactBinomial]),
        MetricKind::Rate { .. } => (&[PoissonRate, ConditionalBinomial], &[PoissonRate, ConditionalBinomial]),
    }
}

fn test(metric: &MetricConfig, paired: bool, base: &str, faults: &mut Faults) {
    let Some(test) = &metric.test else { return };
    let (apart, pairs) = tests(&metric.kind);
    let fitting = if paired { pairs } else { apart };
    if fitting.contains(&test.kind) {
        return;
    }
    let word = |kind: &TestKind| match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    };
    let kind = word(&test.kind);
    let words = fitting.iter().map(word).collect::<Vec<_>>().join(", ");
    let name = metric.kind.type_name();
    let message = if paired && apart.contains(&test.kind) {
        format!("{kind} would ignore the pairs of a shadow log; for type {name} take one of {words}")
    } else if !paired && pairs.contains(&test.kind) {
        format!("{kind} needs pairs (`data.paired`); without them type {name} takes one of {words}")
    } else {
        format!("{kind} does not test {}; for type {name} take one of {words}", metric.kind.with_article())
    };
    faults.rule(&format!("{base}.test.kind"), base, &["test", "type"], message);
}
