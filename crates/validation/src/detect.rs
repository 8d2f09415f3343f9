//! What is dangerous in a text, by where the text is to go.

mod names;
mod verdict;

pub use names::{Class, Sink};
pub use verdict::{Finding, Layer, Level, Rule, Verdict};
