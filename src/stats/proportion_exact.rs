//! Exact tests of a 2 x 2 table: Fisher's, Barnard's, Boschloo's, and Chan's for a difference other than zero.
//!
//! [`fisher_exact`] conditions on both margins and has no limit of size. The others take the worst case over the proportion
//! that the null leaves open; they enumerate every table and are limited to [`TABLES_LIMIT`] of them, which no one-to-hundred
//! canary satisfies: there, [`conditional_binomial`](super::proportion::conditional_binomial) answers.
//!
//! Sources: Fisher 1935; Barnard 1947; Boschloo 1970; Chan 1998. Golden values: SciPy 1.17.1.

mod fisher;
mod unconditional;

pub use fisher::{Fisher, fisher_exact};
pub use unconditional::{
    BarnardStatistic, ExactDifference, ExactTest, TABLES_LIMIT, barnard_exact, boschloo_exact, exact_difference,
};
