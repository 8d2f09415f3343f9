//! Why something could not be built.

use std::fmt;

use crate::Violation;

/// A retry, budget, breaker, bulkhead, hedge or chain that could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The settings are impossible or senseless.
    Invalid {
        /// What the settings are of: `policy`, `breaker`, ….
        what: &'static str,
        /// Everything that is wrong with them.
        violations: Vec<Violation>,
    },
    /// The policy names a budget that is not among those given.
    UnknownBudget {
        /// The name.
        name: String,
    },
    /// A call that must not happen twice cannot be hedged.
    HedgeNotSafe,
    /// A chain without targets answers nobody.
    EmptyChain,
    /// Two targets of a chain have the same name.
    DuplicateTarget {
        /// The name.
        name: String,
    },
}

impl Error {
    /// Returns an error unless there are no violations.
    pub(crate) fn unless_sound(what: &'static str, violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::Invalid { what, violations }) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { what, violations } => {
                write!(f, "{what} is unsound")?;
                for (index, violation) in violations.iter().enumerate() {
                    write!(f, "{}{violation}", if index == 0 { ": " } else { "; " })?;
                }
                Ok(())
            }
            Self::UnknownBudget { name } => write!(f, "no retry budget is named {name:?}"),
            Self::HedgeNotSafe => f.write_str("only a call that is safe to repeat can be hedged"),
            Self::EmptyChain => f.write_str("a chain needs at least one target"),
            Self::DuplicateTarget { name } => write!(f, "two targets are named {name:?}"),
        }
    }
}

impl std::error::Error for Error {}
