//! Why a sample has its score, in words.

use std::fmt;

/// Why a sample has its score. Prints as a phrase for people.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Reason {
    /// Too little was seen to tell.
    Learning,
    /// Nothing is unusual.
    Usual,
    /// Something is.
    Unusual(Unusual),
    /// It is as unusual as a sample shortly before, which was told.
    Ongoing(Unusual),
    /// The sample is the first one after a time without any.
    AfterGap,
    /// The sample cannot be scored.
    Unusable(Unusable),
}

/// What is most unusual about a sample, and how much so.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Unusual {
    /// What it is.
    pub what: What,
    /// The share of the past, from 0 to 1, in which it was less so; older samples count less.
    pub share: f64,
    /// How many samples came before.
    pub samples: u64,
}

/// One way to be unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum What {
    /// The sample is higher or lower than usual.
    Level {
        /// Which of them.
        side: Side,
        /// By how much.
        by: f64,
        /// What is usual.
        usual: f64,
    },
    /// The mean of the last samples is not that of those before.
    Shifted {
        /// The mean of the last samples.
        now: f64,
        /// The mean before.
        before: f64,
        /// How many samples are the last ones.
        samples: usize,
    },
    /// The last samples lie further apart than usual.
    Restless {
        /// Their standard deviation.
        spread: f64,
        /// How many.
        samples: usize,
    },
    /// The last samples lie closer together than usual.
    Still {
        /// Their standard deviation.
        spread: f64,
        /// How many.
        samples: usize,
    },
    /// The sample is not where it usually is at this hour.
    Hour {
        /// On which side it is.
        side: Side,
        /// By how much.
        by: f64,
    },
    /// For some time the samples have been to one side of what is usual at their hours.
    Lasting {
        /// Which side.
        side: Side,
        /// By how much.
        by: f64,
    },
    /// The last samples do not follow from those before them as they used to.
    Unpredicted,
}

/// The side of what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum Side {
    /// Higher.
    Above,
    /// Lower.
    Below,
}

/// Why a sample cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Unusable {
    /// The value is not a number, or infinite.
    NotFinite,
    /// The value is beyond 1e150.
    TooLarge,
    /// The time is before the one of the sample before.
    ClockWentBack,
    /// The time is that of the sample before.
    SameTime,
}

impl Side {
    pub(super) const fn of(difference: f64) -> Self {
        if difference < 0.0 { Self::Below } else { Self::Above }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learning => f.write_str("learning"),
            Self::Usual => f.write_str("usual"),
            Self::Unusual(unusual) => unusual.fmt(f),
            Self::Ongoing(unusual) => write!(f, "goes on: {unusual}"),
            Self::AfterGap => f.write_str("first after a gap"),
            Self::Unusable(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, share, samples } = self;
        if *share >= 1.0 {
            return write!(f, "{what}; more so than all {samples} samples before");
        }
        // Cut, not rounded: 100 % would be a lie.
        let percent = (share * 10_000.0).floor() / 100.0;
        write!(f, "{what}; more so than {percent} % of {samples} samples before")
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Level { side, by, usual } => {
                write!(f, "{} {side} the usual {}", Brief(by), Brief(usual))
            }
            Self::Shifted { now, before, samples } => {
                write!(f, "mean of {samples} samples {}, before {}", Brief(now), Brief(before))
            }
            Self::Restless { spread, samples } => {
                write!(f, "restless: {samples} samples spread by {}", Brief(spread))
            }
            Self::Still { spread, samples } => {
                write!(f, "still: {samples} samples spread by {}", Brief(spread))
            }
            Self::Hour { side, by } => write!(f, "{} {side} what is usual at this hour", Brief(by)),
            Self::Lasting { side, by } => {
                write!(f, "for some time {} {side} what is usual at these hours", Brief(by))
            }
            Self::Unpredicted => {
                f.write_str("does not follow from the samples before as it used to")
            }
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Above => "above",
            Self::Below => "below",
        })
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinite => "not a finite number",
            Self::TooLarge => "beyond 1e150",
            Self::ClockWentBack => "earlier than the sample before",
            Self::SameTime => "the same time as the sample before",
        })
    }
}

/// A number in about three digits.
struct Brief(f64);

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        match number.abs() {
            0.0 => f.write_str("0"),
            size if !(1e-3..1e6).contains(&size) => write!(f, "{number:.2e}"),
            size if size >= 100.0 => write!(f, "{number:.0}"),
            size if size >= 10.0 => write!(f, "{}", (number * 10.0).round() / 10.0),
            size if size >= 1.0 => write!(f, "{}", (number * 100.0).round() / 100.0),
            _ => write!(f, "{}", (number * 1e4).round() / 1e4),
        }
    }
}
