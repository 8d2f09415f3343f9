//! What is wrong with a configuration.

use std::fmt;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The key: `service[2].stop_timeout`.
    pub path: String,
    /// Why its value is refused.
    pub reason: String,
}

impl Violation {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }

    /// Returns it as seen from the section that `path` belongs to.
    pub(crate) fn below(self, section: &str) -> Self {
        Self { path: format!("{section}.{}", self.path), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}
