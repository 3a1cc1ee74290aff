//! A ramp in the forms that other tools accept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ramp::Ramp;
use super::yaml;

/// A tool that a ramp is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// The ramp itself, with everything that is known.
    Json,
    /// Argo Rollouts: `spec.strategy.canary.steps`.
    ArgoSteps,
    /// Flagger: `spec.analysis`.
    Flagger,
    /// Istio: the route of a VirtualService and a JSON patch for it, stage by stage.
    Istio,
    /// A rollout file of this library.
    Rollout,
}

/// Why a ramp cannot be written for a tool.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The tool takes whole percents.
    #[error("stages[{stage}].percent: {percent} is not whole, and {tool} takes whole percents; choose another weight")]
    Fraction {
        /// The stage's index.
        stage: usize,
        /// Its weight.
        percent: f64,
        /// The tool.
        tool: &'static str,
    },
    /// The bake time is beyond what a manifest can hold.
    #[error("stages[{stage}].minutes: {minutes} is longer than a year; choose a larger weight or a wider margin")]
    TooLong {
        /// The stage's index.
        stage: usize,
        /// Its bake time.
        minutes: f64,
    },
}

/// The ramp as text: JSON for `json` and `istio`, YAML for the others.
///
/// ```
/// # use serinus::config::Direction;
/// # use serinus::plan::{Behaviour, PlannedMetric, RampRequest, Size, ramp};
/// use serinus::plan::{Platform, emit};
/// # let errors = Behaviour::Proportion { p: 0.01, variance: Default::default() };
/// # let metric = PlannedMetric::new("errors", errors, Direction::LowerIsBetter, Size::Absolute(0.005));
/// let plan = ramp(&RampRequest::new(1e6, vec![metric]))?;
/// let steps = emit(&plan, Platform::ArgoSteps)?;
/// assert!(steps.starts_with("- setWeight: 5\n- pause:\n    duration: \"600s\"\n- setWeight: 25\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The tool cannot express a stage.
pub fn emit(ramp: &Ramp, platform: Platform) -> Result<String, EmitError> {
    let pretty = |value: &Value| format!("{value:#}\n");
    Ok(match platform {
        Platform::Json => pretty(&serde_json::to_value(ramp).expect("a ramp holds finite numbers and names only")),
        Platform::ArgoSteps => yaml::text(&argo_steps(ramp, None)?),
        Platform::Flagger => yaml::text(&flagger(ramp)?),
        Platform::Istio => pretty(&istio(ramp, "HOST", "stable", "canary")?),
        Platform::Rollout => yaml::text(&rollout(ramp)?),
    })
}

/// Steps of an Argo Rollouts canary: a weight, then a pause of the stage's bake time, and with a template's name an
/// analysis before the next step. After the last step Argo goes to 100 % by itself.
///
/// # Errors
/// A weight that is not whole (`setWeight` is an int32), or a pause longer than a year.
pub fn argo_steps(ramp: &Ramp, analysis_template: Option<&str>) -> Result<Value, EmitError> {
    let mut steps = Vec::new();
    for (i, stage) in ramp.stages.iter().enumerate() {
        steps.push(json!({"setWeight": whole(i, stage.percent, "Argo Rollouts")?}));
        steps.push(json!({"pause": {"duration": format!("{}s", seconds(i, stage.minutes)?)}}));
        if let Some(name) = analysis_template {
            steps.push(json!({"analysis": {"templates": [{"templateName": name}]}}));
        }
    }
    Ok(Value::Array(steps))
}

/// The `analysis` of a Flagger Canary: `stepWeights`, one `interval`, a `threshold` of one failed check.
///
/// Flagger takes one step an interval and has no bake time of its own for a step, so the interval is the longest bake
/// time of the ramp: every stage then has the rows it needs. With a confirming webhook that holds until the judge
/// promotes, a shorter interval is better. `interval` is in seconds, which the CRD's pattern accepts.
///
/// # Errors
/// A weight that is not whole (`stepWeights` are ints), or an interval longer than a year.
pub fn flagger(ramp: &Ramp) -> Result<Value, EmitError> {
    let mut weights = Vec::new();
    let mut interval = 1;
    for (i, stage) in ramp.stages.iter().enumerate() {
        weights.push(whole(i, stage.percent, "Flagger")?);
        interval = interval.max(seconds(i, stage.minutes)?);
    }
    Ok(json!({"analysis": {"interval": format!("{interval}s"), "threshold": 1, "stepWeights": weights}}))
}

/// For each stage and for the step to 100 %: the two weighted destinations of an Istio route, and the RFC 6902 patch
/// that sets them on `spec.http[0]` of a VirtualService whose first destination is the stable subset.
///
/// # Errors
/// A weight that is not whole (weights are int32 and sum to 100), or a bake time longer than a year.
pub fn istio(ramp: &Ramp, host: &str, stable_subset: &str, canary_subset: &str) -> Result<Value, EmitError> {
    let step = |canary: u64, bake: u64| {
        json!({
            "percent": canary,
            "bake_seconds": bake,
            "route": [
                {"destination": {"host": host, "subset": stable_subset}, "weight": 100 - canary},
                {"destination": {"host": host, "subset": canary_subset}, "weight": canary},
            ],
            "patch": [
                {"op": "replace", "path": "/spec/http/0/route/0/weight", "value": 100 - canary},
                {"op": "replace", "path": "/spec/http/0/route/1/weight", "value": canary},
            ],
        })
    };
    let mut steps = Vec::new();
    for (i, stage) in ramp.stages.iter().enumerate() {
        steps.push(step(whole(i, stage.percent, "Istio")?, seconds(i, stage.minutes)?));
    }
    steps.push(step(100, 0));
    Ok(Value::Array(steps))
}

/// A rollout file with the ramp's stages, for [`crate::rollout::RolloutConfig::from_value`].
///
/// # Errors
/// A bake time longer than a year.
pub fn rollout(ramp: &Ramp) -> Result<Value, EmitError> {
    let mut stages = Vec::new();
    for (i, stage) in ramp.stages.iter().enumerate() {
        stages.push(json!({
            "percent": stage.percent,
            "min_seconds": seconds(i, stage.minutes)?,
            "min_samples": stage.min_samples,
        }));
    }
    Ok(json!({"version": 1, "strategy": "canary", "stages": stages}))
}

fn whole(stage: usize, percent: f64, tool: &'static str) -> Result<u64, EmitError> {
    if percent.fract() == 0.0 { Ok(percent as u64) } else { Err(EmitError::Fraction { stage, percent, tool }) }
}

fn seconds(stage: usize, minutes: f64) -> Result<u64, EmitError> {
    const YEAR: f64 = 366.0 * 1_440.0;
    if minutes <= YEAR {
        Ok((minutes * 60.0).ceil().max(1.0) as u64)
    } else {
        Err(EmitError::TooLong { stage, minutes })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ramp::{Allocation, RampStage};
    use super::*;

    fn plan(stages: &[(f64, f64)]) -> Ramp {
        let stage = |&(percent, minutes): &(f64, f64)| RampStage {
            percent,
            baseline_per_canary: (100.0 - percent) / percent,
            minutes,
            canary_requests: 0,
            min_samples: 500,
            bottleneck: "errors".to_owned(),
            needs: Vec::new(),
            reached: None,
            caught: None,
        };
        Ramp {
            schema: "serinus.ramp/1".to_owned(),
            rate_per_minute: 100.0,
            allocation: Allocation::AllStable,
            stages: stages.iter().map(stage).collect(),
            total_minutes: 0.0,
            exposure: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn each_tool_gets_its_own_form() {
        let ramp = plan(&[(5.0, 10.0), (50.0, 12.51)]);
        let argo = argo_steps(&ramp, Some("judge-web")).expect("whole percents");
        assert_eq!(argo[3], json!({"setWeight": 50}));
        assert_eq!(argo[4], json!({"pause": {"duration": "751s"}}));
        assert_eq!(argo[5], json!({"analysis": {"templates": [{"templateName": "judge-web"}]}}));
        let text = emit(&ramp, Platform::Flagger).expect("whole percents");
        assert_eq!(text, "analysis:\n  interval: \"751s\"\n  threshold: 1\n  stepWeights:\n    - 5\n    - 50\n");
        let istio = istio(&ramp, "podinfo", "stable", "canary").expect("whole percents");
        assert_eq!(istio[0]["route"][0], json!({"destination": {"host": "podinfo", "subset": "stable"}, "weight": 95}));
        assert_eq!(istio[2]["patch"][1]["value"], json!(100));
        for step in istio.as_array().expect("a list of steps") {
            let weights: u64 = step["route"].as_array().expect("two").iter().filter_map(|r| r["weight"].as_u64()).sum();
            assert_eq!(weights, 100);
        }
    }

    #[test]
    fn what_a_tool_cannot_say_is_an_error() {
        let ramp = plan(&[(0.5, 10.0)]);
        assert!(matches!(argo_steps(&ramp, None), Err(EmitError::Fraction { stage: 0, .. })));
        assert!(flagger(&ramp).is_err() && istio(&ramp, "h", "a", "b").is_err());
        assert!(rollout(&ramp).is_ok());
        assert!(matches!(rollout(&plan(&[(1.0, 1e9)])), Err(EmitError::TooLong { .. })));
    }
}
