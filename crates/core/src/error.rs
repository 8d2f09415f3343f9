//! What is wrong with a text or a label from outside.

use std::fmt;

use crate::Labels;

/// A text or a label from outside that is not of the form it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not an RFC 3339 timestamp between the years 1677 and 2262.
    Timestamp,
    /// Not the name of a severity.
    Severity,
    /// Not an event kind.
    EventKind,
    /// Not 26 characters of Crockford's base 32.
    Id,
    /// The label's name is malformed or too long.
    LabelName,
    /// The label's value is too long.
    LabelValue,
    /// The set of labels is full.
    LabelsFull,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestamp => {
                f.write_str("not an RFC 3339 timestamp such as 2026-01-31T08:00:00Z")
            }
            Self::Severity => f.write_str("not one of info, notice, warning, error, critical"),
            Self::EventKind => f.write_str("not dotted lower-case words such as service.restarted"),
            Self::Id => f.write_str("not an id of 26 characters"),
            Self::LabelName => {
                write!(
                    f,
                    "label name is not [a-zA-Z_][a-zA-Z0-9_]* of at most {} bytes",
                    Labels::MAX_NAME
                )
            }
            Self::LabelValue => write!(f, "label value is longer than {} bytes", Labels::MAX_VALUE),
            Self::LabelsFull => write!(f, "more than {} labels", Labels::MAX_PAIRS),
        }
    }
}

impl std::error::Error for Error {}
