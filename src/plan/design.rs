//! How a comparison is to be made: error rates, power, allocation, dependence.

use serde::{Deserialize, Serialize};

use crate::stats::{Unanswerable, special};

/// The plan of one comparison, apart from the metric itself.
///
/// ```
/// use serinus::plan::Design;
/// let design = Design { metrics: 5, ..Design::default() };
/// // Five metrics that all have to pass: each gets more power, none gets less alpha.
/// assert!((design.metric_power() - 0.96).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Design {
    /// Error rate of the test; halved for each tail of a two-sided one.
    pub alpha: f64,
    /// Which rejections count.
    pub sides: Sides,
    /// Probability that all `metrics` show what they should.
    pub power: f64,
    /// Number of metrics that all have to show it. Power is split among them, alpha is not: each of them is a
    /// condition, so a canary that is bad in one passes with probability at most alpha whatever their number.
    pub metrics: u32,
    /// How the power is split among the metrics.
    pub split: PowerSplit,
    /// Baseline rows for each canary row.
    pub allocation: f64,
    /// Rows needed for the information of one independent row (1 when rows are independent).
    pub design_effect: f64,
    /// Distribution that the statistic is referred to.
    pub reference: Reference,
}

/// Which rejections count as success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// One-sided at alpha. What non-inferiority asks.
    #[default]
    One,
    /// Two-sided at alpha; a rejection in either direction counts, as statsmodels and R's pwr count.
    Two,
    /// Two-sided at alpha; only rejections in the true direction count: the closed formula, R's `power.prop.test`.
    TwoDirected,
}

/// How power is split among metrics that all have to pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerSplit {
    /// Each metric gets beta/m: enough under any dependence (Schultzberg, Ankargren and Franberg 2024).
    #[default]
    AnyDependence,
    /// Each metric gets power^(1/m): exact for independent metrics, enough for positively dependent ones.
    Independent,
}

/// The distribution that a statistic is referred to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Standard normal.
    #[default]
    Normal,
    /// Student t with n_c + n_s - 2 degrees of freedom; power from the noncentral t.
    PooledT,
    /// Student t with Satterthwaite's degrees of freedom; power from the noncentral t.
    WelchT,
}

impl Default for Design {
    fn default() -> Self {
        Design {
            alpha: 0.05,
            sides: Sides::One,
            power: 0.8,
            metrics: 1,
            split: PowerSplit::AnyDependence,
            allocation: 1.0,
            design_effect: 1.0,
            reference: Reference::Normal,
        }
    }
}

impl Design {
    /// The same design with the canary at this share of the traffic (in percent) against all the rest.
    ///
    /// ```
    /// use serinus::plan::Design;
    /// assert_eq!(Design::default().at_percent(1.0).allocation, 99.0);
    /// ```
    pub fn at_percent(self, percent: f64) -> Self {
        Design { allocation: (100.0 - percent) / percent, ..self }
    }

    /// Power that each metric needs for the joint power.
    pub fn metric_power(&self) -> f64 {
        let metrics = f64::from(self.metrics.max(1));
        match self.split {
            PowerSplit::Independent => self.power.powf(1.0 / metrics),
            PowerSplit::AnyDependence => 1.0 - (1.0 - self.power) / metrics,
        }
    }

    /// Alpha of one tail.
    pub(super) fn tail(&self) -> f64 {
        match self.sides {
            Sides::One => self.alpha,
            Sides::Two | Sides::TwoDirected => 0.5 * self.alpha,
        }
    }

    /// Normal quantile of the tail.
    pub(super) fn z_alpha(&self) -> f64 {
        special::norm_isf(self.tail())
    }

    /// Refuses what no plan can be made of.
    pub(super) fn check(&self) -> Result<(), Unanswerable> {
        let fault = |argument, value, expected| Err(Unanswerable::Argument { argument, value, expected });
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return fault("alpha", self.alpha, "it has to lie in (0, 1)");
        }
        if !(self.power > 0.0 && self.power < 1.0) {
            return fault("power", self.power, "it has to lie in (0, 1)");
        }
        if self.metric_power() <= self.alpha {
            return fault("power", self.power, "it has to exceed alpha, which a test has without any data");
        }
        if !(self.allocation > 0.0 && self.allocation.is_finite()) {
            return fault(
                "allocation",
                self.allocation,
                "it has to be a positive number of baseline rows a canary row",
            );
        }
        if !(self.design_effect > 0.0 && self.design_effect.is_finite()) {
            return fault("design_effect", self.design_effect, "it has to be a positive number");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_split_as_published() {
        for (metrics, power, factor) in [(5, 0.9564, 1.82), (10, 0.9779, 2.16), (20, 0.9889, 2.50)] {
            let design = Design { metrics, split: PowerSplit::Independent, ..Design::default() };
            let found = design.metric_power();
            assert!((found - power).abs() < 1e-4);
            let k = |p: f64| (special::norm_isf(0.05) + special::norm_isf(1.0 - p)).powi(2);
            assert!((k(found) / k(0.8) - factor).abs() < 0.01);
            let any = Design { split: PowerSplit::AnyDependence, ..design };
            assert!(any.metric_power() >= found);
        }
    }

    #[test]
    fn what_no_plan_can_be_made_of_is_refused() {
        let good = Design::default();
        for bad in [
            Design { alpha: 0.0, ..good },
            Design { alpha: f64::NAN, ..good },
            Design { power: 1.0, ..good },
            Design { power: 0.04, ..good },
            Design { allocation: 0.0, ..good },
            Design { allocation: f64::INFINITY, ..good },
            Design { design_effect: -1.0, ..good },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert!(good.check().is_ok());
    }
}
