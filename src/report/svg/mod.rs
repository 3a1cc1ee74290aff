//! Pictures as SVG: one string each, no script, no font from elsewhere, light and dark.
//!
//! Every shape that carries a meaning differs in form as well as in colour, and its word stands beside it.

mod axis;
mod ecdf;
mod forest;
mod paint;
mod sequences;
mod timeline;

pub use ecdf::ecdf;
pub use forest::forest;
pub use sequences::{Course, Sequence, SequencePoint, sequences};
pub use timeline::{Look, timeline};

/// The colours of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on near black.
    Dark,
    /// What the reader's system prefers.
    #[default]
    Auto,
}
