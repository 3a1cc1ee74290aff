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
    Allocation, BadCanary, Behaviour, Claim, Design, PlannedMetric, Platform, ProportionVariance, RampRequest,
    Schedule, Sides, Size, emit, from_config_at, ramp, sample_size,
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
    /// Margin as a share of the baseline; with --superiority the change to be found, negative for a fall
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    relative: Option<f64>,
    /// Margin in the metric's own unit; with --superiority the change to be found, negative for a fall
    #[arg(long, value_name = "DIFFERENCE", conflicts_with = "relative", allow_negative_numbers = true)]
    absolute: Option<f64>,
    /// From numbers: plan to find a change of that size, in place of showing that the canary keeps a margin of that size
    #[arg(long, conflicts_with = "config")]
    superiority: bool,
    /// With --superiority: half of alpha on each side
    #[arg(long, requires = "superiority")]
    two_sided: bool,
    /// Canary's share of traffic in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0)]
    percent: f64,
    /// Error rate of calling a worse canary safe
    #[arg(long, value_name = "ALPHA", default_value_t = 0.05)]
    alpha: f64,
    /// Chance that an equal canary passes
    #[arg(long, value_name = "POWER", default_value_t = 0.8)]
    power: f64,
    /// Compare with a baseline of the canary's own size, in place of all traffic beside it
    #[arg(long)]
    equal_baseline: bool,
    /// Lay a ramp: aggressive (10, 50 %), standard (5, 25, 50), conservative (1, 5, 10, 25, 50), or weights such as 2,10,50
    #[arg(long, value_name = "SCHEDULE", value_parser = schedule)]
    schedule: Option<Schedule>,
    /// Emit the ramp for a rollout controller; json when only --schedule is given
    #[arg(long, value_enum, value_name = "FORM")]
    emit: Option<Emit>,
    /// Least minutes of a stage of the ramp; the schedule's own when not given
    #[arg(long, value_name = "MINUTES")]
    min_minutes: Option<f64>,
    /// A bad canary whose cost on the ramp is wanted: errors=0.05, or latency=20% of the baseline
    #[arg(long, value_name = "METRIC=CHANGE", value_parser = bad)]
    bad: Option<BadCanary>,
    /// Requests of one user over the rollout, for the number of users exposed
    #[arg(long, value_name = "N")]
    requests_per_unit: Option<f64>,
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
    Rollout,
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

/// A schedule by its name, or ascending weights in percent.
fn schedule(text: &str) -> Result<Schedule, String> {
    match text {
        "aggressive" => return Ok(Schedule::Aggressive),
        "standard" => return Ok(Schedule::Standard),
        "conservative" => return Ok(Schedule::Conservative),
        _ => {}
    }
    let weights: Result<Vec<f64>, _> = text.split(',').map(|w| w.trim().trim_end_matches('%').trim().parse()).collect();
    let weights = weights.map_err(|_| {
        format!("`{text}` is no schedule; write aggressive, standard, conservative, or weights such as 2,10,50")
    })?;
    let inside = weights.iter().all(|w: &f64| *w > 0.0 && *w < 100.0);
    if inside && weights.windows(2).all(|w| w[0] < w[1]) {
        Ok(Schedule::Weights(weights))
    } else {
        Err(format!("{text}: weights have to ascend inside (0, 100); write 2,10,50"))
    }
}

/// `errors=0.05` or `latency=20%`.
fn bad(text: &str) -> Result<BadCanary, String> {
    let help = || format!("`{text}` is no change of a metric; write errors=0.05, or latency=20%");
    let (metric, change) = text.split_once('=').ok_or_else(help)?;
    let (number, relative) = match change.trim().strip_suffix('%') {
        Some(share) => (share, true),
        None => (change, false),
    };
    let number: f64 = number.trim().parse().map_err(|_| help())?;
    if metric.is_empty() || !number.is_finite() {
        return Err(help());
    }
    let change = if relative { Size::Relative(number / 100.0) } else { Size::Absolute(number) };
    Ok(BadCanary { metric: metric.to_owned(), change })
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
                let plan = from_config_at(&config, &table, rate, self.weights(), self.allocation());
                let text = serde_json::to_string_pretty(&plan).expect("a plan holds finite numbers and names only");
                (plan.waited_for(), format!("{text}\n"))
            }
            _ => self.from_numbers()?,
        };
        if self.emit.is_some() || self.schedule.is_some() {
            text = self.ramp(metrics)?;
        } else if self.bad.is_some() || self.min_minutes.is_some() || self.requests_per_unit.is_some() {
            return Err(Fault::Usage("that belongs to a ramp; add --schedule standard".into()));
        }
        output::write(self.output.as_deref(), &text)?;
        Ok(Answer::Done)
    }

    fn allocation(&self) -> Allocation {
        if self.equal_baseline { Allocation::EqualBaseline } else { Allocation::AllStable }
    }

    /// The weights that a config is planned at.
    fn weights(&self) -> &[f64] {
        self.schedule.as_ref().map_or(&crate::plan::DEFAULT_WEIGHTS, Schedule::percents)
    }

    /// The ramp in the form that was asked for.
    fn ramp(&self, metrics: Vec<PlannedMetric>) -> Result<String, Fault> {
        let Some(rate) = self.rate else {
            return Err(Fault::Usage("--rate is needed for a ramp; write --rate 900/min".into()));
        };
        let request = RampRequest {
            schedule: self.schedule.clone().unwrap_or_default(),
            allocation: self.allocation(),
            power: self.power,
            min_minutes: self.min_minutes,
            bad: self.bad.clone(),
            requests_per_unit: self.requests_per_unit,
            ..RampRequest::new(rate, metrics)
        };
        let ramp = ramp(&request).map_err(|e| Fault::Usage(e.to_string()))?;
        for warning in &ramp.warnings {
            eprintln!("warning: {warning}");
        }
        let platform = match self.emit.unwrap_or(Emit::Json) {
            Emit::Json => Platform::Json,
            Emit::ArgoSteps => Platform::ArgoSteps,
            Emit::Flagger => Platform::Flagger,
            Emit::Istio => Platform::Istio,
            Emit::Rollout => Platform::Rollout,
        };
        emit(&ramp, platform).map_err(|e| Fault::Usage(e.to_string()))
    }

    /// One metric from numbers on the command line.
    fn from_numbers(&self) -> Result<(Vec<PlannedMetric>, String), Fault> {
        // To find a change the textbook formula is meant, with the variance of the truth.
        let variance = if self.superiority { ProportionVariance::Unpooled } else { ProportionVariance::default() };
        let behaviour = match (self.proportion, self.mean, self.sd) {
            (Some(p), ..) => Behaviour::Proportion { p, variance },
            (None, Some(mean), Some(sd)) => Behaviour::Mean { mean: Some(mean), sd, canary_sd: None },
            _ => return Err(Fault::Usage("give --proportion, or --mean with --sd, or --config with --history".into())),
        };
        let size = match (self.relative, self.absolute) {
            (Some(r), _) => Size::Relative(r),
            (None, Some(d)) => Size::Absolute(d),
            (None, None) => return Err(Fault::Usage("give the size: --relative or --absolute".into())),
        };
        let direction = Direction::LowerIsBetter;
        let (claim, form) = if self.superiority {
            (Claim::Superiority { change: size }, "superiority")
        } else {
            (Claim::NonInferiority { direction, margin: size, change: Size::default() }, "non_inferiority")
        };
        let sides = if self.two_sided { Sides::TwoDirected } else { Sides::One };
        let allocation = self.allocation().at_percent(self.percent);
        let design = Design { alpha: self.alpha, power: self.power, sides, allocation, ..Design::default() };
        let needed = sample_size(&behaviour, &claim, &design).map_err(|e| Fault::Usage(e.to_string()))?;
        let minutes = self.rate.map(|rate| needed.canary as f64 / (rate * self.percent / 100.0));
        let shown = serde_json::json!({
            "canary_samples": needed.canary, "baseline_samples": needed.baseline, "minutes": minutes,
            "percent": self.percent, "claim": form, "two_sided": self.two_sided, "alpha": self.alpha, "power": self.power,
        });
        if self.superiority && (self.emit.is_some() || self.schedule.is_some()) {
            return Err(Fault::Usage("a ramp waits for margins to be kept; take --superiority away".into()));
        }
        Ok((vec![PlannedMetric::new("metric", behaviour, direction, size)], format!("{shown:#}\n")))
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

    #[test]
    fn schedules_have_names_or_ascending_weights() {
        assert_eq!(schedule("conservative"), Ok(Schedule::Conservative));
        assert_eq!(schedule("2, 10,50%"), Ok(Schedule::Weights(vec![2.0, 10.0, 50.0])));
        for wrong in ["", "slow", "10,5", "0,5", "50,100", "nan", "5,,10"] {
            assert!(schedule(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bad_canary_changes_a_metric_by_an_amount_or_a_share() {
        let change = |text| bad(text).map(|b| (b.metric, b.change));
        assert_eq!(change("errors=0.05"), Ok(("errors".to_owned(), Size::Absolute(0.05))));
        assert_eq!(change("latency=-20%"), Ok(("latency".to_owned(), Size::Relative(-0.2))));
        assert!(
            bad("errors").is_err() && bad("=1").is_err() && bad("errors=inf").is_err() && bad("errors=x%").is_err()
        );
    }
}
