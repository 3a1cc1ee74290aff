//! Why a test has no answer.

use crate::arms::Arm;

/// A question that the data cannot answer. Nobody has done wrong; a policy decides what it costs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswerable {
    /// An arm has fewer observations than the test can use.
    #[error("{test} needs at least {needed} {what} in the {arm} arm and there are {found}")]
    TooFew {
        /// The test's name.
        test: &'static str,
        /// What is counted: rows, units, events, positives.
        what: &'static str,
        /// The arm that is short.
        arm: Arm,
        /// The least number that the test can use.
        needed: u64,
        /// The number there is.
        found: u64,
    },
    /// A value is NaN or infinite where the test needs a finite one.
    #[error("{arm} value {index} is {value}; {test} needs finite values")]
    NonFinite {
        /// The test's name.
        test: &'static str,
        /// The arm that holds the value.
        arm: Arm,
        /// The value's position.
        index: usize,
        /// The value.
        value: f64,
    },
    /// An argument lies outside its range.
    #[error("{argument} is {value}; {expected}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// The value given.
        value: f64,
        /// What it has to be, as a sentence: "it has to lie in (0, 1)".
        expected: &'static str,
    },
    /// The statistic does not exist for these data, for a reason that fits no other case.
    #[error("{test}: {why}")]
    Undefined {
        /// The test's name.
        test: &'static str,
        /// Why, as a clause: "both arms are constant and equal".
        why: &'static str,
    },
    /// The exact computation would exceed its stated limit.
    #[error("{test} is limited to {limit} and these data need {needed}")]
    TooLarge {
        /// The test's name.
        test: &'static str,
        /// The limit, in the test's own terms.
        limit: u64,
        /// What these data need.
        needed: u64,
    },
}
