//! What is masked, and what is not.

mod chance;
mod clean;
mod keys;
mod kinds;
mod lines;
mod names;
mod personal;
#[cfg(feature = "tracing")]
mod tracing;

use wardkit_validation::Masker;

/// Masks with the defaults.
fn masked(text: &str) -> String {
    Masker::default().mask(text).into_owned()
}
