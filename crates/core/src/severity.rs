//! How much an event matters.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How much an event matters, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// For the record.
    #[default]
    Info,
    /// A rare but expected change of state.
    Notice,
    /// Unexpected, and recovered without help.
    Warning,
    /// An operator must act.
    Error,
    /// An operator must act now: users are affected, data is at risk, or security is breached.
    Critical,
}

impl Severity {
    /// All severities, least first.
    pub const ALL: [Self; 5] =
        [Self::Info, Self::Notice, Self::Warning, Self::Error, Self::Critical];

    /// Returns the lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text).ok_or(Error::Severity)
    }
}
