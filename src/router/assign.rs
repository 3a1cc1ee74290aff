//! The assignment itself: a unit, a salt, a weight; nothing else.

use serde::{Deserialize, Serialize};

use super::hash::siphash;

/// The name of the algorithm; it is also the sixteen-byte key under which salts are turned into keys.
pub const VERSION: &str = "serinus.router/1";

/// Who serves a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The serving version, as an arm of the comparison.
    Baseline,
    /// The new version.
    Canary,
    /// The serving version, outside the comparison (three arms only).
    Rest,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Side::Baseline => "baseline",
            Side::Canary => "canary",
            Side::Rest => "rest",
        })
    }
}

/// Why a router cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// A weight is not a percentage.
    #[error("weight: {0} is not in [0, 100] percent")]
    Weight(f64),
    /// The salt is empty.
    #[error("salt: it is empty; name the rollout and its revision, so that no two rollouts pick the same users")]
    Salt,
}

/// Traffic share of the canary; in JSON its percentage.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub struct Weight {
    percent: f64,
    share: f64,
}

impl Weight {
    /// Nobody.
    pub const ZERO: Weight = Weight { percent: 0.0, share: 0.0 };
    /// Everybody.
    pub const FULL: Weight = Weight { percent: 100.0, share: 1.0 };

    /// A share in percent.
    ///
    /// # Errors
    /// The number does not lie in [0, 100].
    pub fn percent(percent: f64) -> Result<Weight, RouterError> {
        if (0.0..=100.0).contains(&percent) {
            Ok(Weight { percent: percent + 0.0, share: percent / 100.0 + 0.0 })
        } else {
            Err(RouterError::Weight(percent))
        }
    }

    /// The share, in [0, 1].
    pub fn share(self) -> f64 {
        self.share
    }
}

impl From<Weight> for f64 {
    fn from(weight: Weight) -> f64 {
        weight.percent
    }
}

impl TryFrom<f64> for Weight {
    type Error = RouterError;
    fn try_from(percent: f64) -> Result<Weight, RouterError> {
        Weight::percent(percent)
    }
}

/// What makes one rollout's split independent of every other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Salt {
    unit: (u64, u64),
    request: (u64, u64),
    shadow: (u64, u64),
}

impl Salt {
    /// A salt from a text, such as the rollout's name and revision.
    ///
    /// Key number i of six is SipHash-2-4 of the byte i followed by the text's UTF-8, under the key `serinus.router/1`;
    /// units use keys 0 and 1, request numbers 2 and 3, shadow copies 4 and 5.
    ///
    /// # Errors
    /// The text is empty.
    pub fn new(text: &str) -> Result<Salt, RouterError> {
        if text.is_empty() {
            return Err(RouterError::Salt);
        }
        let version: [u8; 16] = VERSION.as_bytes().try_into().expect("the version has sixteen bytes");
        let half = |i: usize| u64::from_le_bytes(version[i..i + 8].try_into().expect("eight of sixteen bytes"));
        let key = |number: u8| {
            let mut message = vec![number];
            message.extend_from_slice(text.as_bytes());
            siphash(half(0), half(8), &message)
        };
        Ok(Salt { unit: (key(0), key(1)), request: (key(2), key(3)), shadow: (key(4), key(5)) })
    }
}

/// Where a unit stands on [0, 1): the upper 53 bits of its hash.
///
/// ```
/// use serinus::router::{Salt, position};
/// let salt = Salt::new("checkout v42")?;
/// let here = position(b"user-1", &salt);
/// assert!((0.0..1.0).contains(&here));
/// # Ok::<(), serinus::router::RouterError>(())
/// ```
#[inline]
pub fn position(unit: &[u8], salt: &Salt) -> f64 {
    fraction(siphash(salt.unit.0, salt.unit.1, unit))
}

/// Where the request of this number stands on [0, 1): a counter-based random number, seeded by the salt. Every
/// request of one number gets the same place, on any machine, in any order.
#[inline]
pub fn request_position(number: u64, salt: &Salt) -> f64 {
    fraction(siphash(salt.request.0, salt.request.1, &number.to_le_bytes()))
}

/// Where a unit stands for shadow copies, independent of its [`position`].
#[inline]
pub fn shadow_position(unit: &[u8], salt: &Salt) -> f64 {
    fraction(siphash(salt.shadow.0, salt.shadow.1, unit))
}

#[inline]
fn fraction(hash: u64) -> f64 {
    // 53 bits fit a double exactly, so every language computes the same number.
    (hash >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Canary or baseline, for a unit at a weight.
///
/// The same unit, salt and weight give the same side everywhere and always. Raising the weight moves units from the
/// baseline to the canary only, never back; the resolution is 2^-53.
///
/// ```
/// use serinus::router::{Salt, Side, Weight, assign};
/// let salt = Salt::new("checkout v42")?;
/// let (five, half) = (Weight::percent(5.0)?, Weight::percent(50.0)?);
/// for user in 0..1000 {
///     let id = format!("user-{user}");
///     if assign(id.as_bytes(), &salt, five) == Side::Canary {
///         assert_eq!(assign(id.as_bytes(), &salt, half), Side::Canary);
///     }
/// }
/// # Ok::<(), serinus::router::RouterError>(())
/// ```
#[inline]
pub fn assign(unit: &[u8], salt: &Salt, weight: Weight) -> Side {
    two_arms(position(unit, salt), weight)
}

/// Canary, a baseline of the canary's own size, or the rest.
///
/// The canary grows from one end of [0, 1) and the baseline from the other, until they meet at 50 %; above, the
/// canary goes on at the baseline's cost. A unit that has been in the canary stays there.
///
/// ```
/// use serinus::router::{Salt, Side, Weight, assign_three};
/// let salt = Salt::new("checkout v42")?;
/// let five = Weight::percent(5.0)?;
/// let count = |side| (0..100_000u32).filter(|id| assign_three(&id.to_le_bytes(), &salt, five) == side).count();
/// let (canary, baseline) = (count(Side::Canary), count(Side::Baseline));
/// assert!(canary.abs_diff(5_000) < 300 && baseline.abs_diff(5_000) < 300);
/// # Ok::<(), serinus::router::RouterError>(())
/// ```
#[inline]
pub fn assign_three(unit: &[u8], salt: &Salt, weight: Weight) -> Side {
    three_arms(position(unit, salt), weight)
}

/// Canary or baseline for the request of this number, whoever sent it: for stateless traffic that is judged by request.
#[inline]
pub fn assign_request(number: u64, salt: &Salt, weight: Weight) -> Side {
    two_arms(request_position(number, salt), weight)
}

#[inline]
pub(super) fn two_arms(position: f64, weight: Weight) -> Side {
    if position < weight.share { Side::Canary } else { Side::Baseline }
}

#[inline]
pub(super) fn three_arms(position: f64, weight: Weight) -> Side {
    if position < weight.share {
        Side::Canary
    } else if position >= 1.0 - weight.share || weight.share > 0.5 {
        Side::Baseline
    } else {
        Side::Rest
    }
}
