//! A router for a rollout: strategy, cohorts and sessions around the bare assignment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assign::{
    RouterError, Salt, Side, VERSION, Weight, position, request_position, shadow_position, three_arms, two_arms,
};

/// How traffic is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Division {
    /// Canary and baseline; everything that is not canary is compared with it.
    #[default]
    TwoArms,
    /// Canary, a baseline of its size, and the rest, which is not compared.
    ThreeArms,
    /// Everybody on blue (the serving version) or on green (the new one): weight 0 or more than 0.
    BlueGreen,
    /// Everybody is served by the baseline; the canary gets copies of a share of the requests.
    Shadow,
}

/// A router: pure, and as cheap to copy as its cohorts are few.
#[derive(Debug, Clone, PartialEq)]
pub struct Router {
    salt: Salt,
    division: Division,
    weight: Weight,
    stage: u32,
    cohorts: BTreeMap<String, Side>,
}

/// Who serves, and what the judge needs to know about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Version of the algorithm.
    pub router: String,
    /// Who serves.
    pub arm: Side,
    /// What was assigned: a user, a session; `None` for a single request.
    pub unit: Option<String>,
    /// The rollout's stage, the judge's stratum.
    pub stage: u32,
    /// The canary's weight in percent of all traffic.
    pub weight_percent: f64,
    /// The canary's share in percent of baseline plus canary: what the judge's sample-ratio check expects.
    pub share_percent: f64,
    /// How the arm was chosen. Only random rows compare like with like.
    pub chance: Chance,
    /// Whether the canary gets a copy of the request.
    pub copy: bool,
}

/// How an arm was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chance {
    /// By the hash, blind to who the unit is.
    Random,
    /// By a cohort's rule. Not random: leave the row out of the judgement.
    Cohort(String),
    /// A session that began in the canary and was moved off it, because the canary was rolled back.
    RolledBack,
}

impl Assignment {
    /// Whether the row may be judged: it was assigned at random.
    pub fn is_random(&self) -> bool {
        self.chance == Chance::Random
    }
}

impl Router {
    /// A router at weight 0, in stage 0, without cohorts.
    ///
    /// ```
    /// use serinus::router::{Division, Router, Side, Weight};
    /// let router = Router::new("checkout v42", Division::TwoArms)?
    ///     .with_cohort("staff", Side::Canary)
    ///     .at(1, Weight::percent(5.0)?);
    /// let staff = router.route("user-7", &["staff"]);
    /// assert_eq!(staff.arm, Side::Canary);
    /// assert!(!staff.is_random());
    /// // Once rolled back, nobody is on the canary, whatever their cohort.
    /// assert_eq!(router.at(1, Weight::ZERO).route("user-7", &["staff"]).arm, Side::Baseline);
    /// # Ok::<(), serinus::router::RouterError>(())
    /// ```
    ///
    /// # Errors
    /// The salt is empty. Take the rollout's name with its revision: a salt that is used again sends the same users
    /// into the canary again.
    pub fn new(salt: &str, division: Division) -> Result<Router, RouterError> {
        Ok(Router { salt: Salt::new(salt)?, division, weight: Weight::ZERO, stage: 0, cohorts: BTreeMap::new() })
    }

    /// The same router with units of a cohort sent to one side. They are marked as not random.
    pub fn with_cohort(mut self, name: &str, side: Side) -> Router {
        self.cohorts.insert(name.to_owned(), side);
        self
    }

    /// The same router in another stage, at another weight.
    pub fn at(&self, stage: u32, weight: Weight) -> Router {
        Router { stage, weight, ..self.clone() }
    }

    /// The arm of a unit (a user id, a session id), sticky for as long as the salt lives. `cohorts` are those that the
    /// unit belongs to; the first that has a rule decides.
    pub fn route(&self, unit: &str, cohorts: &[&str]) -> Assignment {
        let rule = cohorts.iter().find_map(|name| self.cohorts.get(*name).map(|side| (*name, *side)));
        match rule {
            Some((name, side)) if self.division != Division::Shadow => {
                let side = if side == Side::Canary && self.weight == Weight::ZERO { self.off() } else { side };
                self.assignment(side, Some(unit), Chance::Cohort(name.to_owned()), false)
            }
            _ => {
                let copy = self.division == Division::Shadow
                    && shadow_position(unit.as_bytes(), &self.salt) < self.weight.share();
                self.assignment(self.side(position(unit.as_bytes(), &self.salt)), Some(unit), Chance::Random, copy)
            }
        }
    }

    /// The arm of a single request, by its number: weighted random, the same for the same number.
    pub fn route_request(&self, number: u64) -> Assignment {
        let place = request_position(number, &self.salt);
        let copy = self.division == Division::Shadow && place < self.weight.share();
        self.assignment(self.side(place), None, Chance::Random, copy)
    }

    /// The arm of a session that goes on: the one it began with, whatever the weight is by now. Keep the assignment
    /// that [`Router::route`] gave at its start (in the session, in a cookie). A session leaves the canary only when
    /// the canary is rolled back.
    ///
    /// ```
    /// use serinus::router::{Division, Router, Side, Weight};
    /// let router = Router::new("checkout v42", Division::TwoArms)?;
    /// let begun = router.at(1, Weight::percent(5.0)?).route("session-9", &[]);
    /// let later = router.at(3, Weight::percent(50.0)?).resume(&begun);
    /// assert_eq!((later.arm, later.stage), (begun.arm, begun.stage));
    /// # Ok::<(), serinus::router::RouterError>(())
    /// ```
    pub fn resume(&self, begun: &Assignment) -> Assignment {
        if begun.arm == Side::Canary && self.weight == Weight::ZERO {
            let unit = begun.unit.as_deref();
            return self.assignment(self.off(), unit, Chance::RolledBack, false);
        }
        begun.clone()
    }

    fn side(&self, position: f64) -> Side {
        match self.division {
            Division::TwoArms => two_arms(position, self.weight),
            Division::ThreeArms => three_arms(position, self.weight),
            Division::BlueGreen if self.weight > Weight::ZERO => Side::Canary,
            Division::BlueGreen | Division::Shadow => Side::Baseline,
        }
    }

    /// Who serves when nobody may be on the canary.
    fn off(&self) -> Side {
        if self.division == Division::ThreeArms { Side::Rest } else { Side::Baseline }
    }

    fn assignment(&self, arm: Side, unit: Option<&str>, chance: Chance, copy: bool) -> Assignment {
        let canary = self.weight.share();
        let share = match self.division {
            Division::TwoArms => canary,
            Division::ThreeArms if canary > 0.0 => canary / (canary + canary.min(1.0 - canary)),
            Division::ThreeArms => 0.0,
            Division::BlueGreen => f64::from(u8::from(canary > 0.0)),
            Division::Shadow => 0.0,
        };
        Assignment {
            router: VERSION.to_owned(),
            arm,
            unit: unit.map(str::to_owned),
            stage: self.stage,
            weight_percent: f64::from(self.weight),
            share_percent: 100.0 * share,
            chance,
            copy,
        }
    }
}
