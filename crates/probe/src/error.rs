//! What can go wrong before anything is checked. What a check finds is an [`Outcome`](crate::Outcome), no error.

use crate::Violation;

/// Checks that could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error("{}", listed(.violations))]
    Invalid {
        /// Everything that is wrong with it.
        violations: Vec<Violation>,
    },
}

fn listed(violations: &[Violation]) -> String {
    let found: Vec<String> = violations.iter().map(ToString::to_string).collect();
    found.join("; ")
}
