//! The rollout file, checked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::ConfigErrors;
use crate::config::reader::{Faults, Fields};
use crate::config::rollout_keys::ROLLOUT;

/// How a rollout proceeds. Read it with [`RolloutConfig::from_value`]; the state machine carries it in its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutConfig {
    /// Version of the format: 1.
    pub version: u32,
    /// How traffic moves to the canary.
    pub strategy: Strategy,
    /// The shadow stage, of `shadow_then_canary` only.
    pub shadow: Option<ShadowStage>,
    /// Traffic shares on the way to 100 percent. One stage of 100 percent for `blue_green`, none for `direct`.
    pub stages: Vec<Stage>,
    /// What to wait for before looks count.
    pub warm_up: Option<WarmUpRule>,
    /// How often the judge is asked; for the host, the machine itself takes looks as they come.
    pub look_every: Option<Look>,
    /// What moves a stage on.
    pub advance: Advance,
    /// What happens when no answer comes.
    pub on: On,
    /// How many failed looks end the rollout.
    pub limits: Limits,
    /// Time from a blue-green switch for which the old version is kept.
    pub rollback_window_seconds: f64,
    /// Watch at 100 percent before the rollout is done.
    pub final_bake_seconds: f64,
    /// Wait after a rollback before the next start.
    pub cool_down_seconds: f64,
}

/// How traffic moves to the canary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// By growing shares, baseline and canary side by side.
    #[default]
    Canary,
    /// All at once, with the old version kept for a window. There is no concurrent baseline: only limits can be judged.
    BlueGreen,
    /// Copies of requests first, then as `canary`.
    ShadowThenCanary,
    /// All at once, without a verdict: the one strategy that promotes without having asked. A failed look during the
    /// final bake, an error spike or a person still rolls back.
    Direct,
}

/// One traffic share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Traffic share of the canary in percent.
    pub percent: f64,
    /// Least time here.
    pub min_seconds: f64,
    /// Least canary rows (units when the judge has a unit) here.
    pub min_samples: u64,
}

/// The shadow stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShadowStage {
    /// Share of requests that are copied, in percent.
    pub percent: f64,
    /// Least time here.
    pub min_seconds: f64,
    /// Least copied rows here.
    pub min_samples: u64,
}

/// What ends the warm-up. Until then looks do not count, and the first stage's time does not run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUpRule {
    /// So many seconds from the start.
    Seconds(f64),
    /// So many canary requests.
    Requests(u64),
}

/// How often the judge is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Every so many seconds.
    Seconds(f64),
    /// Every so many requests, of both arms.
    Requests(u64),
}

/// What moves a stage on. The step to 100 percent needs a `promote` in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// Seconds and samples, unless the latest decision is `rollback` or the comparison was invalid: an inconclusive
    /// hold needs more traffic, not less.
    #[default]
    Auto,
    /// Those, and a `promote`.
    OnPromote,
    /// Those of `auto`, and a person's approval; the step to 100 percent too.
    Manual,
}

/// What happens when no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The end of a hold at the last stage.
    pub hold: HoldRule,
    /// What a look without data counts as, and what stale data do.
    pub no_data: NoDataRule,
    /// Age at which data count as none.
    pub stale_seconds: f64,
    /// What a spike of errors does, at once.
    pub error_spike: SpikeRule,
}

/// The end of a hold at the last stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRule {
    /// Longest hold after the stage's minimum is met.
    pub deadline_seconds: f64,
    /// What happens then.
    pub then: AtDeadline,
}

/// What happens at the deadline of a hold. Nothing here promotes: that needs a verdict, or a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtDeadline {
    /// Roll back, as undetermined.
    #[default]
    Rollback,
    /// Pause, for a person.
    Pause,
}

/// What a look without data counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDataRule {
    /// As no decision.
    #[default]
    Hold,
    /// As a failed look.
    Rollback,
}

/// What a spike of errors does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpikeRule {
    /// Rolls back.
    #[default]
    Rollback,
    /// Pauses, for a person.
    Pause,
}

/// How many failed looks end the rollout, and how many passed ones promote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Failed looks that are forgiven in all; `None` when only failures in a row count.
    pub failures: Option<u64>,
    /// Failed looks in a row that are forgiven; `None` when they are not counted apart.
    pub consecutive_failures: Option<u64>,
    /// Passed looks in a row that promote.
    pub consecutive_passes: u64,
}

impl RolloutConfig {
    /// Reads a rollout file from any JSON-like value.
    ///
    /// ```
    /// use serde_json::json;
    /// use serinus::rollout::RolloutConfig;
    /// let config = RolloutConfig::from_value(&json!({
    ///     "version": 1,
    ///     "stages": [{"percent": 5, "min_seconds": 600, "min_samples": 500}, {"percent": 50}],
    /// }))?;
    /// assert_eq!(config.stages[1].percent, 50.0);
    ///
    /// let faults = RolloutConfig::from_value(&json!({
    ///     "version": 1,
    ///     "stages": [{"percent": 25}, {"percnt": 5}, {"percent": 100}],
    /// })).expect_err("a misspelt key and a stage without a baseline");
    /// assert_eq!(faults.0.len(), 2);
    /// assert_eq!(faults.0[0].to_string(), "stages[1].percnt: unknown key `percnt`; did you mean `percent`?");
    /// # Ok::<(), serinus::ConfigErrors>(())
    /// ```
    ///
    /// # Errors
    /// Every fault at once, each with its path and the way out; unknown keys with the nearest known one.
    pub fn from_value(value: &Value) -> Result<RolloutConfig, ConfigErrors> {
        let mut faults = Faults::default();
        faults.walk(value, &ROLLOUT, "");
        let config = read(Fields::of(value));
        config.rules(&mut faults, Fields::of(value));
        faults.finish(config)
    }

    /// Checks a config that was built by hand, by the rules of [`RolloutConfig::from_value`].
    ///
    /// # Errors
    /// Every fault at once, each with its path.
    pub fn check(&self) -> Result<(), ConfigErrors> {
        RolloutConfig::from_value(&self.to_value()).map(|_| ())
    }

    /// The config as a rollout file, defaults written out.
    pub fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(self).expect("a config holds numbers, words and lists only");
        if let Value::Object(map) = &mut value {
            let empty = |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
            map.retain(|_, v| !empty(v));
            if let Some(Value::Object(limits)) = map.get_mut("limits") {
                limits.retain(|_, v| !v.is_null());
            }
            if self.strategy != Strategy::BlueGreen {
                map.remove("rollback_window_seconds");
            }
        }
        value
    }

    fn rules(&self, faults: &mut Faults, given: Fields<'_>) {
        match self.strategy {
            Strategy::Canary | Strategy::ShadowThenCanary => {
                if given.get("stages").is_none() {
                    faults.rule(
                        "stages",
                        "",
                        &["strategy", "stages"],
                        "missing; a canary needs at least one traffic share below 100, such as [{percent: 5}]",
                    );
                }
                for (i, stage) in self.stages.iter().enumerate() {
                    let path = format!("stages[{i}].percent");
                    if stage.percent >= 100.0 {
                        faults.rule(
                            &path,
                            &format!("stages[{i}]"),
                            &["percent"],
                            "100 leaves no baseline to compare with; end below it and use final_bake_seconds",
                        );
                    }
                    if i > 0 && stage.percent <= self.stages[i - 1].percent && stage.percent > 0.0 {
                        let message = format!(
                            "{} is not above the stage before ({}); stages ascend",
                            stage.percent,
                            self.stages[i - 1].percent
                        );
                        faults.rule(&path, "", &[&format!("stages[{i}]"), &format!("stages[{}]", i - 1)], message);
                    }
                }
            }
            Strategy::BlueGreen => {
                let one = given.get("stages").is_none() || self.stages.len() == 1 && self.stages[0].percent == 100.0;
                if !one {
                    faults.rule("stages", "", &["strategy", "stages"], "blue_green switches all traffic at once; leave stages out, or give one of 100 percent for its least time and samples");
                }
            }
            Strategy::Direct => {
                if given.get("stages").is_some() {
                    faults.rule("stages", "", &["strategy"], "direct has no stages; leave them out, or choose canary");
                }
            }
        }
        if given.get("shadow").is_some() && self.strategy != Strategy::ShadowThenCanary {
            faults.rule(
                "shadow",
                "",
                &["strategy"],
                "only shadow_then_canary has a shadow stage; choose that strategy or leave it out",
            );
        }
        if given.get("rollback_window_seconds").is_some() && self.strategy != Strategy::BlueGreen {
            faults.rule(
                "rollback_window_seconds",
                "",
                &["strategy"],
                "only blue_green has a rollback window; for the others use final_bake_seconds",
            );
        }
    }
}

fn read(fields: Fields<'_>) -> RolloutConfig {
    let (on, limits, shadow) = (fields.table("on"), fields.table("limits"), fields.table("shadow"));
    let hold = on.table("hold");
    let strategy: Strategy = fields.word("strategy").unwrap_or_default();
    let seconds = |fields: Fields<'_>, key: &str, default: f64| fields.number(key).unwrap_or(default);
    let stage = |fields: Fields<'_>| Stage {
        percent: fields.number("percent").unwrap_or(0.0),
        min_seconds: seconds(fields, "min_seconds", 0.0),
        min_samples: fields.count("min_samples").unwrap_or(0),
    };
    let mut stages: Vec<Stage> = fields.list("stages").iter().map(|s| stage(Fields::of(s))).collect();
    if strategy == Strategy::BlueGreen && stages.is_empty() {
        stages.push(Stage { percent: 100.0, min_seconds: 0.0, min_samples: 0 });
    }
    let consecutive_failures = limits.count("consecutive_failures");
    let failures = limits.count("failures").or(if consecutive_failures.is_some() { None } else { Some(0) });
    let warm_up = fields.table("warm_up");
    let look = fields.table("look_every");
    RolloutConfig {
        version: 1,
        strategy,
        shadow: (strategy == Strategy::ShadowThenCanary).then(|| ShadowStage {
            percent: shadow.number("percent").unwrap_or(100.0),
            min_seconds: seconds(shadow, "min_seconds", 0.0),
            min_samples: shadow.count("min_samples").unwrap_or(0),
        }),
        stages,
        warm_up: warm_up
            .number("seconds")
            .map(WarmUpRule::Seconds)
            .or_else(|| warm_up.count("requests").map(WarmUpRule::Requests)),
        look_every: look.number("seconds").map(Look::Seconds).or_else(|| look.count("requests").map(Look::Requests)),
        advance: fields.word("advance").unwrap_or_default(),
        on: On {
            hold: HoldRule {
                deadline_seconds: seconds(hold, "deadline_seconds", 3600.0),
                then: hold.word("then").unwrap_or_default(),
            },
            no_data: on.word("no_data").unwrap_or_default(),
            stale_seconds: seconds(on, "stale_seconds", 300.0),
            error_spike: on.word("error_spike").unwrap_or_default(),
        },
        limits: Limits {
            failures,
            consecutive_failures,
            consecutive_passes: limits.count("consecutive_passes").unwrap_or(1),
        },
        rollback_window_seconds: seconds(fields, "rollback_window_seconds", 3600.0),
        final_bake_seconds: seconds(fields, "final_bake_seconds", 0.0),
        cool_down_seconds: seconds(fields, "cool_down_seconds", 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(value: &Value) -> Vec<String> {
        RolloutConfig::from_value(value).expect_err("has faults").0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_default_is_as_documented_and_writes_back() {
        let config = RolloutConfig::from_value(&json!({"version": 1, "stages": [{"percent": 5}]})).expect("good");
        assert_eq!(config.strategy, Strategy::Canary);
        assert_eq!(config.advance, Advance::Auto);
        assert_eq!(config.on.hold, HoldRule { deadline_seconds: 3600.0, then: AtDeadline::Rollback });
        assert_eq!((config.on.no_data, config.on.stale_seconds), (NoDataRule::Hold, 300.0));
        assert_eq!(config.limits, Limits { failures: Some(0), consecutive_failures: None, consecutive_passes: 1 });
        for strategy in ["canary", "blue_green", "shadow_then_canary", "direct"] {
            let mut value = json!({"version": 1, "strategy": strategy});
            if strategy.ends_with("canary") {
                value["stages"] = json!([{"percent": 5}]);
            }
            let config = RolloutConfig::from_value(&value).expect("good");
            assert_eq!(RolloutConfig::from_value(&config.to_value()), Ok(config));
        }
    }

    #[test]
    fn the_documented_file_is_read() {
        let config = RolloutConfig::from_value(&json!({
            "version": 1, "strategy": "canary",
            "stages": [{"percent": 5, "min_seconds": 600, "min_samples": 500}, {"percent": 25, "min_seconds": 600, "min_samples": 2000}],
            "look_every": {"requests": 500}, "advance": "auto",
            "on": {"hold": {"deadline_seconds": 3600, "then": "rollback"}, "no_data": "hold", "stale_seconds": 300},
            "limits": {"failures": 0, "consecutive_failures": 0, "consecutive_passes": 1},
            "final_bake_seconds": 0, "cool_down_seconds": 0,
        }))
        .expect("good");
        assert_eq!(config.look_every, Some(Look::Requests(500)));
        assert_eq!(config.limits.consecutive_failures, Some(0));
    }

    #[test]
    fn every_fault_is_named_at_once_with_its_way_out() {
        let found = faults(&json!({
            "version": 2, "stratgy": "canary", "stages": [{"percent": 50}, {"percent": 5}, {"percent": 100}],
            "on": {"hold": {"then": "promote"}}, "shadow": {}, "final_bake_seconds": -1,
        }));
        let all = found.join("\n");
        for part in [
            "version",
            "did you mean `strategy`?",
            "stages[1].percent",
            "stages[2].percent",
            "on.hold.then",
            "final_bake_seconds",
        ] {
            assert!(all.contains(part), "{part} in\n{all}");
        }
        assert!(faults(&json!({"version": 1}))[0].starts_with("stages: missing"));
        assert_eq!(faults(&json!({"version": 1, "strategy": "direct", "stages": [{"percent": 5}]})).len(), 1);
        assert_eq!(faults(&json!({"version": 1, "strategy": "blue_green", "stages": [{"percent": 50}]})).len(), 1);
    }
}
