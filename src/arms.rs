//! The two sides of a comparison, by name.

use serde::{Deserialize, Serialize};

/// One thing for each arm. Effects are always canary minus baseline, or canary over baseline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arms<T> {
    /// The serving version, beside the canary on live traffic.
    pub baseline: T,
    /// The new version.
    pub canary: T,
}

impl<T> Arms<T> {
    /// The same thing for each arm, transformed.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Arms<U> {
        Arms { baseline: f(self.baseline), canary: f(self.canary) }
    }

    /// References to each arm's thing.
    pub fn as_ref(&self) -> Arms<&T> {
        Arms { baseline: &self.baseline, canary: &self.canary }
    }

    /// The arms exchanged.
    pub fn swap(self) -> Arms<T> {
        Arms { baseline: self.canary, canary: self.baseline }
    }
}

/// Which arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The serving version.
    Baseline,
    /// The new version.
    Canary,
}

impl std::fmt::Display for Arm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Arm::Baseline => "baseline",
            Arm::Canary => "canary",
        })
    }
}
