//! What one run found, and what a check makes of its runs.

use std::fmt;

/// What one run of a check found.
///
/// Exhaustive on purpose: whoever counts outcomes has to decide about each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "result", rename_all = "kebab-case"))]
pub enum Outcome {
    /// What was asked for is there.
    Passed,
    /// It is there, with a defect.
    Degraded {
        /// What is wrong, in words for an operator.
        reason: String,
    },
    /// It is not there.
    Failed {
        /// What is wrong, in words for an operator.
        reason: String,
    },
}

impl Outcome {
    /// Creates a degraded outcome; the reason is shortened and made one printable line.
    #[must_use]
    pub fn degraded(reason: impl AsRef<str>) -> Self {
        Self::Degraded { reason: one_line(reason.as_ref()) }
    }

    /// Creates a failed outcome; the reason is shortened and made one printable line.
    #[must_use]
    pub fn failed(reason: impl AsRef<str>) -> Self {
        Self::Failed { reason: one_line(reason.as_ref()) }
    }

    /// Returns the outcome as one word: `passed`, `degraded` or `failed`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Degraded { .. } => "degraded",
            Self::Failed { .. } => "failed",
        }
    }

    /// Returns what is wrong, if anything is.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::Degraded { reason } | Self::Failed { reason } => Some(reason),
        }
    }

    pub(crate) const fn level(&self) -> Level {
        match self {
            Self::Passed => Level::Up,
            Self::Degraded { .. } => Level::Degraded,
            Self::Failed { .. } => Level::Down,
        }
    }

    /// Keeps reasons that were built without the constructors within the bounds of the history.
    pub(crate) fn bounded(self) -> Self {
        match self {
            Self::Passed => Self::Passed,
            Self::Degraded { reason } => Self::degraded(reason),
            Self::Failed { reason } => Self::failed(reason),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{}: {reason}", self.as_str()),
            None => f.pad(self.as_str()),
        }
    }
}

/// What a check says after its thresholds and dependencies.
///
/// Exhaustive on purpose: whoever acts on a state has to decide about each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "state", rename_all = "kebab-case"))]
pub enum State {
    /// It has not said anything yet.
    Starting,
    /// It passes.
    Up,
    /// It passes, with a defect.
    Degraded {
        /// What is wrong, in words for an operator.
        reason: String,
    },
    /// It fails.
    Down {
        /// What is wrong, in words for an operator.
        reason: String,
    },
    /// It is not asked, because what it depends on fails.
    Blocked {
        /// The checks that fail.
        by: Vec<String>,
    },
}

impl State {
    /// Returns the state as one word: `starting`, `up`, `degraded`, `down` or `blocked`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Degraded { .. } => "degraded",
            Self::Down { .. } => "down",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// Returns whether what depends on it may be asked: up or degraded.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Up | Self::Degraded { .. })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Degraded { reason } | Self::Down { reason } => {
                write!(f, "{} ({reason})", self.as_str())
            }
            Self::Blocked { by } => write!(f, "blocked by {}", by.join(", ")),
            Self::Starting | Self::Up => f.pad(self.as_str()),
        }
    }
}

/// How bad a run or a check is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Up,
    Degraded,
    Down,
}

/// Makes a text from outside one printable line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.trim().chars() {
        if line.len() + c.len_utf8() > LONGEST_REASON {
            line.push('…');
            break;
        }
        line.push(if is_printable(c) { c } else { ' ' });
    }
    line
}

/// Neither a control character nor one that turns the direction of reading.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Enough for a message, little enough for a thousand of them a check.
const LONGEST_REASON: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_printable_line() {
        let rows = [
            ("  plain \n", "plain"),
            ("two\nlines\x1b[31m", "two lines [31m"),
            ("turned\u{202e}around", "turned around"),
            ("", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(Outcome::failed(text).reason(), Some(expected));
        }
        let long = Outcome::failed("ä".repeat(1000));
        assert_eq!(long.reason().map(|reason| reason.chars().count()), Some(129));
    }
}
