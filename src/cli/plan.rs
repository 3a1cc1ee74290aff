//! `serinus plan`: how many samples, how long, in which steps.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::config_args::{Changes, load};
use super::data_args::InputFormat;
use super::data_args::table;
use super::fault::Fault;
use super::{Answer, output};
use crate::config::{ArmsIn, Direction};
use crate::plan::{
    Behaviour, Claim, Design, PlannedMetric, Platform, RampRequest, Schedule, Size, emit, from_config, ramp,
    sample_size,
};

/// Sample size, power, detectable effect, bake time and ramp
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Config whose metrics are planned for
    #[arg(short, long, value_name = "CONFIG", requires = "history")]
    config: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// A log of past requests of the serving version
    #[arg(long, value_name = "FILE", requires = "config")]
    history: Option<PathBuf>,
    /// Format of the log, when the suffix does not tell it
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
    /// Requests per minute, such as 900/min
    #[arg(long, value_name = "N/min", value_parser = rate)]
    rate: Option<f64>,
    /// From numbers: the baseline's share of events, in (0, 1)
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["config", "mean"])]
    proportion: Option<f64>,
    /// From numbers: the baseline's mean
    #[arg(long, value_name = "MEAN", requires = "sd", conflicts_with = "config")]
    mean: Option<f64>,
    /// From numbers: the standard deviation
    #[arg(long, value_name = "SD", requires = "mean")]
    sd: Option<f64>,
    /// Margin as a share of the baseline
    #[arg(long, value_name = "SHARE")]
    relative: Option<f64>,
    /// Margin in the metric's own unit
    #[arg(long, value_name = "DIFFERENCE", conflicts_with = "relative")]
    absolute: Option<f64>,
    /// Canary's share of traffic in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0)]
    percent: f64,
    /// Error rate of calling a worse canary safe
    #[arg(long, value_name = "ALPHA", default_value_t = 0.05)]
    alpha: f64,
    /// Chance that an equal canary passes
    #[arg(long, value_name = "POWER", default_value_t = 0.8)]
    power: f64,
    /// Emit the ramp for a rollout controller
    #[arg(long, value_enum, value_name = "FORM")]
    emit: Option<Emit>,
    /// Write the plan here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    Json,
    ArgoSteps,
    Flagger,
    Istio,
}

/// Requests per minute from `900/min`, `15/s`, `54000/h` or a plain number a minute.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "min"));
    let per_minute = match unit.trim() {
        "min" | "m" | "minute" => 1.0,
        "s" | "sec" | "second" => 60.0,
        "h" | "hour" => 1.0 / 60.0,
        other => return Err(format!("`{other}` is not a unit of time; write 900/min, 15/s or 54000/h")),
    };
    let number: f64 = number.trim().parse().map_err(|_| format!("`{number}` is not a number; write 900/min"))?;
    let rate = number * per_minute;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err(format!("{text} is not above 0; write 900/min")) }
}

impl Plan {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let (metrics, mut text) = match (&self.config, &self.history) {
            (Some(config), Some(history)) => {
                let config = load(config, &self.changes)?;
                let Some(rate) = self.rate else {
                    return Err(Fault::Usage("--rate is needed with --config; write --rate 900/min".into()));
                };
                let table = table(history, self.input_format, &config, ArmsIn::TwoTables)?;
                let plan = from_config(&config, &table, rate);
                let text = serde_json::to_string_pretty(&plan).expect("a plan holds finite numbers and names only");
                (plan.waited_for(), format!("{text}\n"))
            }
            _ => self.from_numbers()?,
        };
        if let Some(form) = self.emit {
            let Some(rate) = self.rate else {
                return Err(Fault::Usage("--rate is needed to emit a ramp; write --rate 900/min".into()));
            };
            let request = RampRequest { schedule: Schedule::default(), ..RampRequest::new(rate, metrics) };
            let ramp = ramp(&request).map_err(|e| Fault::Usage(e.to_string()))?;
            for warning in &ramp.warnings {
                eprintln!("warning: {warning}");
            }
            let platform = match form {
                Emit::Json => Platform::Json,
                Emit::ArgoSteps => Platform::ArgoSteps,
                Emit::Flagger => Platform::Flagger,
                Emit::Istio => Platform::Istio,
            };
            text = emit(&ramp, platform).map_err(|e| Fault::Usage(e.to_string()))?;
        }
        output::write(self.output.as_deref(), &text)?;
        Ok(Answer::Done)
    }

    /// One metric from numbers on the command line.
    fn from_numbers(&self) -> Result<(Vec<PlannedMetric>, String), Fault> {
        let behaviour = match (self.proportion, self.mean, self.sd) {
            (Some(p), ..) => Behaviour::Proportion { p, variance: Default::default() },
            (None, Some(mean), Some(sd)) => Behaviour::Mean { mean: Some(mean), sd, canary_sd: None },
            _ => return Err(Fault::Usage("give --proportion, or --mean with --sd, or --config with --history".into())),
        };
        let margin = match (self.relative, self.absolute) {
            (Some(r), _) => Size::Relative(r),
            (None, Some(d)) => Size::Absolute(d),
            (None, None) => return Err(Fault::Usage("give the margin: --relative or --absolute".into())),
        };
        let direction = Direction::LowerIsBetter;
        let claim = Claim::NonInferiority { direction, margin, change: Size::default() };
        let design = Design { alpha: self.alpha, power: self.power, ..Design::default() }.at_percent(self.percent);
        let size = sample_size(&behaviour, &claim, &design).map_err(|e| Fault::Usage(e.to_string()))?;
        let minutes = self.rate.map(|rate| size.canary as f64 / (rate * self.percent / 100.0));
        let shown = serde_json::json!({
            "canary_samples": size.canary, "baseline_samples": size.baseline, "minutes": minutes,
            "percent": self.percent, "alpha": self.alpha, "power": self.power,
        });
        Ok((vec![PlannedMetric::new("metric", behaviour, direction, margin)], format!("{shown:#}\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_minute() {
        assert_eq!(rate("900/min"), Ok(900.0));
        assert_eq!(rate("15/s"), Ok(900.0));
        assert_eq!(rate("54000/h"), Ok(900.0));
        assert_eq!(rate("900"), Ok(900.0));
        assert!(rate("900/year").is_err() && rate("-1").is_err() && rate("x/min").is_err());
    }
}
