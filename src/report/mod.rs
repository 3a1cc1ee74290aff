//! A judgement as people and machines read it: terminal text, Markdown, HTML, JUnit, CI variables, pictures, an alert.
//!
//! Every report is a pure function of the judgement: no clock, no file, the same bytes for the same judgement. All lead
//! with the decision and the one sentence behind it; none tells anything by colour alone; and whatever came from outside
//! (names, segment values) is escaped for the format it goes to.

mod alert;
mod drill;
mod escape;
mod github;
mod html;
mod junit;
mod markdown;
mod outline;
mod replay;
pub mod svg;
mod text;
mod variables;

pub use alert::{Alert, Threshold, ThresholdKind, alert};
pub use drill::drill_table;
pub use github::github;
pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use replay::{replay_html, replay_markdown, replay_picture, replay_sequences, replay_text};
pub use text::{Style, parity_text, text};
pub use variables::{dotenv, github_outputs};
