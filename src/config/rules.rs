//! Rules between keys: what no single key can say of itself.

use std::collections::{BTreeMap, BTreeSet};

use super::metric_rules::metric_rules;
use super::nearest::suggestion;
use super::reader::Faults;
use super::*;

/// Every rule, for a config that was read as well as for one that was built by hand.
pub(super) fn rules(config: &JudgeConfig, faults: &mut Faults) {
    data(&config.data, faults);
    let Thresholds { pass, fail } = config.thresholds;
    if fail >= pass {
        let message = format!("fail is {fail} and pass is {pass}; fail has to lie below pass");
        faults.rule("thresholds", "thresholds", &["pass", "fail"], message);
    }
    names(&config.metrics, faults);
    groups(config, faults);
    for (i, metric) in config.metrics.iter().enumerate() {
        metric_rules(metric, &config.data, &format!("metrics[{i}]"), faults);
    }
    let split = config.monitoring.split;
    let sum = split.metrics + split.spike + split.shift;
    // The shares are typed in decimals: 0.6 + 0.2 + 0.2 may miss 1 by a rounding.
    if sum > 1.0 + 1e-9 {
        let message = format!("the shares sum to {sum}; together they may be at most 1");
        faults.rule("monitoring.split", "monitoring.split", &["metrics", "spike", "shift"], message);
    }
}

fn data(data: &DataConfig, faults: &mut Faults) {
    if let Some(arm) = &data.arm {
        if arm.values.baseline == arm.values.canary {
            let message =
                format!("baseline and canary are both `{}`; the arms need different values", arm.values.canary);
            faults.rule("data.arm", "data.arm", &["baseline", "canary"], message);
        }
        for (i, ignored) in arm.ignore.iter().enumerate() {
            if *ignored == arm.values.baseline || *ignored == arm.values.canary {
                let message = format!("`{ignored}` is the value of an arm; it cannot be ignored");
                faults.rule(&format!("data.arm.ignore[{i}]"), "data.arm", &["baseline", "canary", "ignore"], message);
            }
        }
    }
    if let Some(paired) = &data.paired {
        if data.arm.is_some() {
            let message = "a shadow log has both arms in each row; give `paired` or `arm`, not both";
            faults.rule("data.paired", "data", &["arm", "paired"], message);
        }
        if paired.baseline == paired.canary {
            let message = format!("both prefixes are `{}`; the arms need different prefixes", paired.canary);
            faults.rule("data.paired", "data.paired", &["baseline", "canary"], message);
        }
        if data.share.is_some() {
            let message = "a shadow log has no traffic share: both arms answer every request; take the key away";
            faults.rule("data.share", "data", &["share", "paired"], message);
        }
    }
    if data.time.is_none() {
        let needy = [
            ("stratum", matches!(data.stratum, Some(Stratum::Seconds(_))), "time blocks need the time of each row"),
            ("labels", data.labels.is_some(), "late labels need the time of each row"),
            ("warm_up", data.warm_up.is_some(), "a warm-up needs the time of each row"),
        ];
        for (key, there, why) in needy {
            if there {
                let message = format!("{why}; add `time: COLUMN` to data");
                faults.rule(&format!("data.{key}"), "data", &[key, "time"], message);
            }
        }
    }
    unique("data.segments", "data", "segments", &data.segments, faults);
    if let Some(labels) = &data.labels {
        unique("data.labels.columns", "data.labels", "columns", &labels.columns, faults);
    }
    for (i, segment) in data.segments.iter().enumerate() {
        if data.arm.as_ref().is_some_and(|arm| arm.column == *segment) {
            let message = format!("`{segment}` is the arm's column; a segment of it would hold one arm only");
            faults.rule(&format!("data.segments[{i}]"), "data", &["arm", "segments"], message);
        }
        if data.unit.as_ref() == Some(segment) {
            let message = format!("`{segment}` is the unit; a segment of one unit cannot be judged");
            faults.rule(&format!("data.segments[{i}]"), "data", &["unit", "segments"], message);
        }
    }
}

fn unique(path: &str, base: &str, key: &str, names: &[String], faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (i, name) in names.iter().enumerate() {
        if !seen.insert(name) {
            faults.rule(&format!("{path}[{i}]"), base, &[key], format!("`{name}` stands twice; take one away"));
        }
    }
}

fn names(metrics: &[MetricConfig], faults: &mut Faults) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, metric) in metrics.iter().enumerate().filter(|(_, m)| !m.name.is_empty()) {
        match first.get(metric.name.as_str()) {
            Some(j) => {
                let message = format!("`{}` is also the name of metrics[{j}]; names have to be unique", metric.name);
                faults.rule(&format!("metrics[{i}].name"), &format!("metrics[{i}]"), &["name"], message);
            }
            None => {
                first.insert(&metric.name, i);
            }
        }
    }
}

/// The group of metrics outside the given ones.
const OTHER: &str = "other";

fn groups(config: &JudgeConfig, faults: &mut Faults) {
    let given: f64 = config.groups.iter().map(|(_, weight)| weight).sum();
    let known = || config.groups.iter().map(|(name, _)| name.as_str());
    let mut seen = BTreeSet::new();
    for name in known() {
        if !seen.insert(name) {
            faults.rule("groups", "", &["groups"], format!("`{name}` stands twice; take one away"));
        }
    }
    for (i, metric) in config.metrics.iter().enumerate() {
        let base = format!("metrics[{i}]");
        let Some(group) = metric.group.as_deref() else { continue };
        if known().any(|name| name == group) || (group == OTHER && !config.groups.is_empty()) {
            continue;
        }
        let message = if config.groups.is_empty() {
            format!("group `{group}` has no weight; add `groups: {{{group}: 100}}`, or take the key away")
        } else {
            format!("group `{group}` is not among the groups{}", suggestion(group, known().collect::<Vec<_>>()))
        };
        faults.rule(&format!("{base}.group"), &base, &["group"], message);
    }
    if config.groups.is_empty() {
        return;
    }
    let rounding = 1e-9;
    if given > 100.0 + rounding {
        faults.rule("groups", "", &["groups"], format!("the weights sum to {given}; together they may be at most 100"));
        return;
    }
    let weighs = |m: &MetricConfig| m.role != Role::Advisory && m.weight > 0.0;
    let outside = |alone: bool| {
        (config.metrics.iter().enumerate())
            .find(|(_, m)| weighs(m) && m.group.as_deref().is_none_or(|group| !alone && group == OTHER))
    };
    // What a faulty metric means is not known; then the rule has nothing to say.
    let reads = |i: usize| ["group", "role", "weight"].map(|key| format!("metrics[{i}].{key}"));
    let mut say = |path: &str, i: usize, message: String| {
        let [group, role, weight] = reads(i);
        faults.rule(path, "", &["groups", &group, &role, &weight], message);
    };
    if known().any(|name| name == OTHER) {
        if let Some((i, metric)) = outside(true) {
            let message = format!(
                "`other` is the group of metrics outside the given ones, and `{}` has no group; put it in a group, or take `other` away",
                metric.name
            );
            say("groups.other", i, message);
        }
    } else if given >= 100.0 - rounding
        && let Some((i, metric)) = outside(false)
    {
        let message = format!(
            "the weights sum to {given} and nothing is left for `{}`, which has no group; put it in a group or lower a weight",
            metric.name
        );
        say("groups", i, message);
    }
}
