//! Why a sample has its score, in words.

use std::fmt;

/// Why a sample has its score. Prints as a phrase for people.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Too little was seen to tell.
    Learning,
    /// Nothing is unusual.
    Usual,
    /// The sample cannot be scored.
    Unusable(Unusable),
}

/// The side of what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Higher.
    Above,
    /// Lower.
    Below,
}

/// Why a sample cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unusable {
    /// The value is not a number, or infinite.
    NotFinite,
    /// The time is before the one of the sample before.
    ClockWentBack,
    /// The time is that of the sample before.
    SameTime,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learning => f.write_str("learning"),
            Self::Usual => f.write_str("usual"),
            Self::Unusable(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinite => "not a finite number",
            Self::ClockWentBack => "earlier than the sample before",
            Self::SameTime => "the same time as the sample before",
        })
    }
}
