//! The state of a part, and of the whole that it belongs to.

use std::fmt;

/// The state of a part or of a whole.
///
/// Exhaustive on purpose: whoever reports health must decide what each state means there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "state", rename_all = "kebab-case"))]
pub enum Health {
    /// Does its work.
    Up,
    /// Does its work, with a defect that an operator should know of.
    Degraded {
        /// What is wrong, in words for an operator.
        reason: String,
    },
    /// Has not done its work yet.
    Starting,
    /// Does not do its work.
    Down {
        /// What is wrong, in words for an operator.
        reason: String,
    },
}

impl Health {
    /// Creates a degraded health.
    #[must_use]
    pub fn degraded(reason: impl Into<String>) -> Self {
        Self::Degraded { reason: reason.into() }
    }

    /// Creates a health that is down.
    #[must_use]
    pub fn down(reason: impl Into<String>) -> Self {
        Self::Down { reason: reason.into() }
    }

    /// Returns whether the work is done: up or degraded.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Up | Self::Degraded { .. })
    }

    /// Returns the state as one word: `up`, `degraded`, `starting` or `down`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded { .. } => "degraded",
            Self::Starting => "starting",
            Self::Down { .. } => "down",
        }
    }

    /// Returns the reason, if the state has one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Up | Self::Starting => None,
            Self::Degraded { reason } | Self::Down { reason } => Some(reason),
        }
    }

    /// Merges the health of named parts into that of the whole: the worst state wins (down, starting, degraded,
    /// up), and its reason lists every part in that state, in the order given. No parts at all are up.
    #[must_use]
    pub fn merge<N: fmt::Display>(parts: impl IntoIterator<Item = (N, Self)>) -> Self {
        let mut worst = Self::Up;
        for (name, part) in parts {
            let part = part.named(&name);
            match part.rank().cmp(&worst.rank()) {
                std::cmp::Ordering::Greater => worst = part,
                std::cmp::Ordering::Equal => worst.append(&part),
                std::cmp::Ordering::Less => {}
            }
        }
        worst
    }

    fn named(self, name: &dyn fmt::Display) -> Self {
        match self {
            Self::Degraded { reason } => Self::degraded(format!("{name}: {reason}")),
            Self::Down { reason } => Self::down(format!("{name}: {reason}")),
            Self::Up | Self::Starting => self,
        }
    }

    fn append(&mut self, other: &Self) {
        if let (Self::Degraded { reason } | Self::Down { reason }, Some(more)) =
            (self, other.reason())
        {
            reason.push_str("; ");
            reason.push_str(more);
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Up => 0,
            Self::Degraded { .. } => 1,
            Self::Starting => 2,
            Self::Down { .. } => 3,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{} ({reason})", self.as_str()),
            None => f.pad(self.as_str()),
        }
    }
}
