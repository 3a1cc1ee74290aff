//! The bootstrap: a margin tested, or an interval found, by resampling each arm at its own size.
//!
//! The default is the studentised bootstrap, the only one of the four whose error rate on skewed means is near what it
//! promises. Percentile and basic intervals are anti-conservative there: at n = 20 and lognormal(1) data a one-sided
//! 95 % upper bound covers 0.82 and 0.81 of the time, the studentised one 0.90. For quantiles prefer
//! [`mover`](super::quantile::mover), for AUC DeLong; no bootstrap is honest at n = 10 with a heavy tail.
//!
//! Replicate b of a metric draws from its own stream, keyed by seed, name and b, and goes to slot b. The answer has the
//! same bits on any number of threads, and with other metrics added or removed.

use super::contrast::{Contrast, Flag, check_alpha};
use super::location::separated_p;
use super::rng::hash_name;
use super::{Confidence, Unanswerable};

mod arm;
mod auc;
mod draws;
mod exact;
mod interval;
mod order_statistic;
mod pivot;
mod trimmed;
mod units;

pub use arm::{Counted, Replicate, Resample};
pub use auc::Auc;
pub use exact::exact_distribution;
pub use interval::{IntervalMethod, RankRule, interval_from_replicates, mean_acceleration};
pub use order_statistic::{Quantile, order_statistic_cdf};
pub use trimmed::TrimmedMean;
pub use units::{Mean, RatioOfSums};

use pivot::{Evidence, Pivot};

const TEST: &str = "bootstrap";

/// Most replicates that are drawn before a p-value near alpha is left as it is.
const MOST_DRAWS: u64 = 39_999;

/// How replicates become an interval and a p-value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// Quantiles of the replicates.
    Percentile,
    /// Quantiles of the replicates, mirrored at the estimate.
    Basic,
    /// Bias-corrected and accelerated (Efron 1987).
    Bca,
    /// Each replicate over its own standard error. The default.
    #[default]
    Studentized,
}

/// How many replicates are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Draws {
    /// 1,999 (9,999 where a replicate costs O(1)), doubled while a p-value lies within three Monte-Carlo standard
    /// errors of its alpha, up to 39,999.
    #[default]
    Adaptive,
    /// So many; at least 1.
    Fixed(u64),
}

/// On which scale the two arms are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Scale {
    /// x - rho y.
    #[default]
    Difference,
    /// ln x - ln y, for positive values and a relative margin; the interval is one of the ratio.
    LogRatio,
}

/// What to resample with: a method, error rates, a seed and the metric's name.
///
/// ```
/// use serinus::stats::bootstrap::{Bootstrap, Mean};
/// use serinus::stats::contrast::{Better, Contrast};
/// # fn main() -> Result<(), serinus::stats::Unanswerable> {
/// let baseline: Vec<f64> = (0..200).map(|i| 100.0 + f64::from(i % 17)).collect();
/// let canary: Vec<f64> = (0..40).map(|i| 101.0 + f64::from(i % 13)).collect();
/// let margin = Contrast::relative(Better::Lower, 0.10);
/// let bootstrap = Bootstrap { seed: 1, name: "latency", ..Bootstrap::default() };
/// let test = bootstrap.test(&Mean::new(&canary)?, &Mean::new(&baseline)?, &margin)?;
/// assert!(test.p_noninferior < 0.01 && test.p_noninferior >= 1.0 / 2000.0);
/// assert_eq!(test, bootstrap.test(&Mean::new(&canary)?, &Mean::new(&baseline)?, &margin)?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap<'a> {
    /// How replicates are used.
    pub method: Method,
    /// On which scale.
    pub scale: Scale,
    /// How many replicates.
    pub draws: Draws,
    /// One-sided error rate of "safe"; the interval is two-sided at 1 - 2 alpha.
    pub alpha: f64,
    /// One-sided error rate of "harmful"; it matters only to the number of draws.
    pub alpha_harm: f64,
    /// Seed of all streams; publish it with the answer.
    pub seed: u64,
    /// The metric's name, which keeps its stream apart from those of others.
    pub name: &'a str,
}

impl Default for Bootstrap<'_> {
    fn default() -> Self {
        Bootstrap {
            method: Method::default(),
            scale: Scale::default(),
            draws: Draws::default(),
            alpha: 0.05,
            alpha_harm: 0.01,
            seed: 0,
            name: "",
        }
    }
}

/// Two arms compared with the margin by resampling.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapTest {
    /// x - rho y, or x / y on the ratio scale.
    pub estimate: f64,
    /// Standard error of the difference, or of the log ratio; `None` for a statistic without one.
    pub standard_error: Option<f64>,
    /// Interval of the estimate at 1 - 2 alpha; inside the margin exactly when `p_noninferior` is at most alpha.
    pub interval: Confidence,
    /// p-value of "worse than the margin"; at least 1 / (draws + 1).
    pub p_noninferior: f64,
    /// p-value of "not worse than the margin"; at least 1 / (draws + 1).
    pub p_inferior: f64,
    /// Replicates drawn; 0 when both arms are constant and an exact rule answered.
    pub draws: u64,
    /// Replicates in which the statistic does not exist; they count against both conclusions.
    pub undefined: u64,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

/// One arm's interval by resampling.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapInterval {
    /// The statistic of the sample.
    pub estimate: f64,
    /// Its interval at 1 - 2 alpha; each end is a one-sided bound at alpha.
    pub interval: Confidence,
    /// Replicates drawn.
    pub draws: u64,
    /// What has to be known to read it.
    pub flags: Vec<Flag>,
}

impl Bootstrap<'_> {
    /// Tests the contrast of x (the canary) and y (the baseline).
    ///
    /// The contrast is formed anew in every replicate; a relative margin is never taken as known. p-values invert the
    /// interval: with c* = psi* - psi, percentile counts c* <= -psi, basic c* >= psi, studentised t* >= psi / se.
    ///
    /// # Errors
    /// [`Unanswerable::Argument`] for alpha, draws or margins out of range; [`Unanswerable::Undefined`] when the method
    /// needs what the statistic lacks (a standard error, influences), or a ratio of values that are not positive.
    pub fn test(&self, x: &dyn Resample, y: &dyn Resample, contrast: &Contrast) -> Result<BootstrapTest, Unanswerable> {
        contrast.check()?;
        self.check()?;
        let pair = Pair::new(x, y, contrast, self.scale)?;
        let mut flags = x.flags();
        flags.extend(y.flags());
        flags.sort_unstable();
        flags.dedup();
        let level = 1.0 - 2.0 * self.alpha;
        if x.is_constant() && y.is_constant() {
            return Ok(pair.of_constants(level, flags));
        }
        let error = pair.standard_error();
        let pivot = Pivot::new(self.method, pair.psi, error, || pair.influences())?;
        let key = self.seed ^ hash_name(self.name);
        let cost = x.cost() + y.cost();
        let errors = self.method == Method::Studentized;
        let one = |b: u64, scratch: &mut Vec<u32>| pair.replicate(key, b, errors, scratch).and_then(|r| pivot.of(r));
        let mut draws = self.first_draws(x.draws().min(y.draws()));
        let mut found = draws::draw(0..draws, cost, &one);
        let evidence = loop {
            let evidence = pivot.evidence(&found, self.alpha);
            if !self.is_uncertain(&evidence, draws) {
                break evidence;
            }
            if matches!(self.draws, Draws::Fixed(_)) || draws >= MOST_DRAWS {
                flags.push(Flag::McUncertain);
                break evidence;
            }
            let more = (2 * draws + 1).min(MOST_DRAWS);
            found.extend(draws::draw(draws..more, cost, &one));
            draws = more;
        };
        flags.extend(evidence.flags());
        let (low, high) = pair.interval(evidence.low, evidence.high);
        Ok(BootstrapTest {
            estimate: pair.estimate,
            standard_error: error,
            interval: Confidence { low, high, level },
            p_noninferior: evidence.p_noninferior,
            p_inferior: evidence.p_inferior,
            draws,
            undefined: evidence.undefined,
            flags,
        })
    }

    /// The interval of one arm's statistic, without a comparison.
    ///
    /// # Errors
    /// As [`test`](Self::test).
    pub fn interval(&self, x: &dyn Resample) -> Result<BootstrapInterval, Unanswerable> {
        self.check()?;
        let (estimate, level) = (x.estimate(), 1.0 - 2.0 * self.alpha);
        let mut flags = x.flags();
        if x.is_constant() {
            flags.push(Flag::DegenerateVariance);
            let interval = Confidence { low: estimate, high: estimate, level };
            return Ok(BootstrapInterval { estimate, interval, draws: 0, flags });
        }
        let pivot = Pivot::new(self.method, estimate, x.standard_error(), || x.influences())?;
        let key = self.seed ^ hash_name(self.name);
        let draws = self.first_draws(x.draws());
        let found = draws::draw(0..draws, x.cost(), &|b, scratch: &mut Vec<u32>| {
            let mut stream = super::rng::Stream::keyed(key, b, 0);
            x.replicate(&mut stream, scratch).and_then(|r| pivot.of(r))
        });
        let evidence = pivot.evidence(&found, self.alpha);
        flags.extend(evidence.flags());
        let interval = Confidence { low: estimate + evidence.low, high: estimate + evidence.high, level };
        Ok(BootstrapInterval { estimate, interval, draws, flags })
    }

    fn check(&self) -> Result<(), Unanswerable> {
        check_alpha(self.alpha)?;
        check_alpha(self.alpha_harm)?;
        if self.draws == Draws::Fixed(0) {
            return Err(Unanswerable::Argument { argument: "draws", value: 0.0, expected: "it has to be 1 or more" });
        }
        Ok(())
    }

    fn first_draws(&self, usual: u64) -> u64 {
        match self.draws {
            Draws::Adaptive => usual,
            Draws::Fixed(draws) => draws,
        }
    }

    /// Whether a p-value lies within three Monte-Carlo standard errors of its alpha.
    fn is_uncertain(&self, evidence: &Evidence, draws: u64) -> bool {
        let near = |p: f64, alpha: f64| (p - alpha).abs() < 3.0 * (alpha * (1.0 - alpha) / (draws + 1) as f64).sqrt();
        near(evidence.p_noninferior, self.alpha) || near(evidence.p_inferior, self.alpha_harm)
    }
}

/// Two arms and the contrast between them on one scale.
struct Pair<'a> {
    x: &'a dyn Resample,
    y: &'a dyn Resample,
    contrast: &'a Contrast,
    scale: Scale,
    /// Positive is safe.
    psi: f64,
    /// x - rho y, or x / y.
    estimate: f64,
}

impl<'a> Pair<'a> {
    fn new(
        x: &'a dyn Resample,
        y: &'a dyn Resample,
        contrast: &'a Contrast,
        scale: Scale,
    ) -> Result<Self, Unanswerable> {
        let (at_x, at_y) = (x.estimate(), y.estimate());
        let (psi, estimate) = match scale {
            Scale::Difference => (contrast.psi(at_x, at_y), at_x - contrast.rho() * at_y),
            Scale::LogRatio => {
                if contrast.absolute != 0.0 {
                    let expected = "a ratio takes a relative margin; use the difference scale for an absolute one";
                    let value = contrast.absolute;
                    return Err(Unanswerable::Argument { argument: "absolute margin", value, expected });
                }
                if !(at_x > 0.0 && at_y > 0.0) {
                    return Err(Unanswerable::Undefined { test: TEST, why: "a ratio needs two positive values" });
                }
                let log = libm::log(at_x) - libm::log(at_y);
                (contrast.better.sign() * (log - libm::log1p(-contrast.one_minus_rho())), at_x / at_y)
            }
        };
        if !(psi.is_finite() && estimate.is_finite()) {
            return Err(Unanswerable::Undefined { test: TEST, why: "the contrast exceeds the range" });
        }
        Ok(Pair { x, y, contrast, scale, psi, estimate })
    }

    /// What a change of each arm's statistic and its standard error make of psi; `None` where a ratio does not exist.
    fn join(&self, x: Replicate, y: Replicate) -> Option<Replicate> {
        let sign = self.contrast.better.sign();
        let (change, errors) = match self.scale {
            Scale::Difference => {
                let rho = self.contrast.rho();
                (x.change - rho * y.change, x.standard_error.zip(y.standard_error.map(|se| rho * se)))
            }
            Scale::LogRatio => {
                let (at_x, at_y) = (self.x.estimate(), self.y.estimate());
                let (new_x, new_y) = (at_x + x.change, at_y + y.change);
                if !(new_x > 0.0 && new_y > 0.0) {
                    return None;
                }
                let change = libm::log1p(x.change / at_x) - libm::log1p(y.change / at_y);
                let errors = x.standard_error.map(|se| se / new_x).zip(y.standard_error.map(|se| se / new_y));
                (change, errors)
            }
        };
        let standard_error = errors.map(|(a, b)| libm::hypot(a, b));
        change.is_finite().then_some(Replicate { change: sign * change, standard_error })
    }

    fn replicate(&self, key: u64, b: u64, errors: bool, scratch: &mut Vec<u32>) -> Option<Replicate> {
        let mut stream = super::rng::Stream::keyed(key, b, 0);
        let mut of = |arm: &dyn Resample| {
            if errors {
                return arm.replicate(&mut stream, scratch);
            }
            arm.change(&mut stream, scratch).map(|change| Replicate { change, standard_error: None })
        };
        let (x, y) = (of(self.x)?, of(self.y)?);
        self.join(x, y)
    }

    fn standard_error(&self) -> Option<f64> {
        let none = |arm: &dyn Resample| Replicate { change: 0.0, standard_error: arm.standard_error() };
        self.join(none(self.x), none(self.y)).and_then(|r| r.standard_error)
    }

    /// Influences of both arms on psi, stacked (Davison & Hinkley 1997, section 5.3).
    fn influences(&self) -> Option<Vec<f64>> {
        let sign = self.contrast.better.sign();
        let (by_x, by_y) = match self.scale {
            Scale::Difference => (sign, -sign * self.contrast.rho()),
            Scale::LogRatio => (sign / self.x.estimate(), -sign / self.y.estimate()),
        };
        let (x, y) = (self.x.influences()?, self.y.influences()?);
        Some(x.into_iter().map(|l| by_x * l).chain(y.into_iter().map(|l| by_y * l)).collect())
    }

    /// The interval of the estimate from offsets of psi.
    fn interval(&self, low: f64, high: f64) -> (f64, f64) {
        let sign = self.contrast.better.sign();
        let (a, b) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        match self.scale {
            Scale::Difference => (self.estimate + a, self.estimate + b),
            Scale::LogRatio => (self.estimate * libm::exp(a), self.estimate * libm::exp(b)),
        }
    }

    /// Constants have one replicate, themselves: the exact rank test of separated arms answers in its place.
    fn of_constants(&self, level: f64, mut flags: Vec<Flag>) -> BootstrapTest {
        let size = match self.scale {
            Scale::Difference => self.x.estimate().abs() + self.y.estimate().abs() + self.contrast.absolute,
            Scale::LogRatio => 1.0,
        };
        let on_the_margin = self.psi.abs() <= 4.0 * f64::EPSILON * size;
        let p = separated_p(self.x.n(), self.y.n());
        let (p_noninferior, p_inferior) = match self.psi {
            _ if on_the_margin => (1.0, 1.0),
            psi if psi > 0.0 => (p, 1.0),
            _ => (1.0, p),
        };
        let no_margin = self.contrast.relative == 0.0 && self.contrast.absolute == 0.0;
        let same = no_margin && self.psi == 0.0;
        flags.push(if same { Flag::IdenticalConstant } else { Flag::DegenerateVariance });
        BootstrapTest {
            estimate: self.estimate,
            standard_error: Some(0.0),
            interval: Confidence { low: self.estimate, high: self.estimate, level },
            p_noninferior,
            p_inferior,
            draws: 0,
            undefined: 0,
            flags,
        }
    }
}

#[cfg(test)]
mod tests;
