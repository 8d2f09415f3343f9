use std::fmt;

use super::{Span, TagList};

/// Why a snapshot is kept. It is shown in restic's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no rule.
    EmptyPolicy,
    /// It has these tags.
    HasTags(TagList),
    /// It is not older than that.
    Within(Span),
    /// It is the newest of its period, and few enough periods are newer.
    Newest(Period),
    /// It is the newest of its period, and not older than that.
    NewestWithin(Period, Span),
}

/// What one snapshot is kept of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "restic's periods")]
pub enum Period {
    /// No period: each snapshot counts.
    Last,
    /// An hour.
    Hourly,
    /// A day.
    Daily,
    /// A week from Monday to Sunday, as ISO 8601 numbers them.
    Weekly,
    /// A month.
    Monthly,
    /// A year.
    Yearly,
}

impl Period {
    /// The word of restic's options.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPolicy => f.write_str("policy is empty"),
            Self::HasTags(tags) => write!(f, "has tags {tags}"),
            Self::Within(span) => write!(f, "within {span}"),
            Self::Newest(period) => write!(f, "{} snapshot", period.name()),
            Self::NewestWithin(period, span) => write!(f, "{} within {span}", period.name()),
        }
    }
}
