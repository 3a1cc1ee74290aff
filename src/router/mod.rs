//! Who goes where: thin, pure, the same answer everywhere.
//!
//! An assignment is a function of the unit's bytes, the rollout's salt and the weight. Nothing is stored, so every
//! instance of a service, in any language, agrees without talking.
//!
//! # The algorithm, version `serinus.router/1`
//!
//! 1. Key number i is SipHash-2-4 of the byte i followed by the salt's UTF-8 bytes, under the sixteen bytes
//!    `serinus.router/1`.
//! 2. The hash of a unit is SipHash-2-4 of its bytes under keys 0 and 1; of a request number, of its eight
//!    little-endian bytes under keys 2 and 3; for shadow copies, of the unit's bytes under keys 4 and 5.
//! 3. The position is the hash's upper 53 bits over 2^53, a double in [0, 1).
//! 4. Two arms: canary when position < percent/100, else baseline. Three arms: canary likewise; baseline when
//!    position >= 1 - percent/100 or the percentage exceeds 50; else rest.
//!
//! `fixtures/router/vectors.json` holds test vectors, made by a second implementation. A change to any of these steps
//! gets a new version.
//!
//! By [unit](assign) is for products with users: a user stays where they are, and the judge needs `data.unit`. By
//! [request](assign_request) is for stateless traffic. By session: assign its id once and [`Router::resume`] it.

mod assign;
mod hash;
mod route;

pub use assign::{
    RouterError, Salt, Side, VERSION, Weight, assign, assign_request, assign_three, position, request_position,
    shadow_position,
};
pub use route::{Assignment, Chance, Division, Router};
