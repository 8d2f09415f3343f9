//! Finds secrets and personal data in texts, and masks them.

mod alphabet;
mod assignment;
mod bot;
mod digits;
mod gate;
mod header;
mod lines;
mod masked;
mod masker;
mod names;
mod personal;
mod place;
mod pseudonym;
mod recogniser;
mod recognisers;
mod shape;
mod structured;
mod table;
#[cfg(feature = "tracing")]
mod tracing;
mod verify;
mod writer;

pub use lines::MaskedLines;
pub use masked::Masked;
pub use masker::{Masker, MaskerBuilder};
pub use recogniser::{Recogniser, Sensitive};
pub use recognisers::{Found, Recognisers};
#[cfg(feature = "tracing")]
pub use tracing::MaskingMakeWriter;
pub use writer::MaskingWriter;
