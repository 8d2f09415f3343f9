//! What a result means for a retry.

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

/// What the result of one attempt means for the next.
///
/// Whoever does not know says [`Permanent`](Self::Permanent): a wrong retry does harm, a missing one is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// It worked.
    Success,
    /// It failed in a way that passes: a lost connection, a conflict, a restart.
    Transient,
    /// The caller asks too often.
    Throttled {
        /// The wait that the target asks for.
        after: Option<Duration>,
    },
    /// The target has more work than it can do.
    Overloaded {
        /// The wait that the target asks for.
        after: Option<Duration>,
    },
    /// No answer came in time.
    Timeout,
    /// It will fail again.
    Permanent,
    /// A quota, a credit or a spending limit is used up: waiting seconds does not help, so it is never tried again.
    QuotaExhausted {
        /// When there is quota again.
        until: Option<Timestamp>,
    },
}

impl Class {
    /// The names of all classes, in the order of the variants.
    pub const NAMES: [&'static str; 7] = [
        "success",
        "transient",
        "throttled",
        "overloaded",
        "timeout",
        "permanent",
        "quota-exhausted",
    ];

    /// Returns the name, as logs, metrics and configuration spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// Returns the class as a policy names it, or `None` where trying again is out of the question.
    #[must_use]
    pub const fn retryable(self) -> Option<Retryable> {
        match self {
            Self::Transient => Some(Retryable::Transient),
            Self::Throttled { .. } => Some(Retryable::Throttled),
            Self::Overloaded { .. } => Some(Retryable::Overloaded),
            Self::Timeout => Some(Retryable::Timeout),
            Self::Success | Self::Permanent | Self::QuotaExhausted { .. } => None,
        }
    }

    /// Returns the wait that the target asks for.
    #[must_use]
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::Throttled { after } | Self::Overloaded { after } => after,
            _ => None,
        }
    }

    /// Returns the class as if the target had asked for no wait.
    pub(crate) const fn without_wait(self) -> Self {
        match self {
            Self::Throttled { .. } => Self::Throttled { after: None },
            Self::Overloaded { .. } => Self::Overloaded { after: None },
            other => other,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Success => 0,
            Self::Transient => 1,
            Self::Throttled { .. } => 2,
            Self::Overloaded { .. } => 3,
            Self::Timeout => 4,
            Self::Permanent => 5,
            Self::QuotaExhausted { .. } => 6,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The failures that a policy tries again. Written in configuration as a list of [`Retryable`].
///
/// What is not in this set, and everything permanent, is given up at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<Retryable>", into = "Vec<Retryable>"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "Vec<Retryable>"))]
pub struct Classes(u8);

impl Classes {
    /// No class: nothing is tried again.
    pub const NONE: Self = Self(0);
    /// Every class that can be tried again.
    pub const ALL: Self = Self(0b1111);

    /// Creates the set of these classes.
    #[must_use]
    pub const fn of(classes: &[Retryable]) -> Self {
        let (mut set, mut index) = (0, 0);
        while index < classes.len() {
            set |= classes[index].bit();
            index += 1;
        }
        Self(set)
    }

    /// Returns whether failures of this class are tried again.
    #[must_use]
    pub const fn contains(self, class: Retryable) -> bool {
        self.0 & class.bit() != 0
    }

    /// Returns the classes of the set.
    pub fn iter(self) -> impl Iterator<Item = Retryable> {
        Retryable::ALL.into_iter().filter(move |&class| self.contains(class))
    }
}

impl Default for Classes {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl From<Vec<Retryable>> for Classes {
    fn from(classes: Vec<Retryable>) -> Self {
        Self::of(&classes)
    }
}

impl From<Classes> for Vec<Retryable> {
    fn from(set: Classes) -> Self {
        set.iter().collect()
    }
}

/// A class of failure that can be tried again. Exhaustive on purpose: a fifth one changes every policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Retryable {
    /// It failed in a way that passes.
    Transient,
    /// The caller asks too often.
    Throttled,
    /// The target has more work than it can do.
    Overloaded,
    /// No answer came in time.
    Timeout,
}

impl Retryable {
    /// Every class, in the order of the list in configuration.
    pub const ALL: [Self; 4] = [Self::Transient, Self::Throttled, Self::Overloaded, Self::Timeout];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}
