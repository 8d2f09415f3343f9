//! What a run removed, and what it could not.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};

/// What a run removed, or would remove, and what it could not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// What came of each rule, in their order.
    pub rules: Vec<RuleReport>,
    /// How many processes did not let us see which files they have open: those of others, unless we are root.
    pub unseen_processes: usize,
    /// Why the run ended before it was done; the next one goes on.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub cut_short: Option<CutShort>,
}

/// What came of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RuleReport {
    /// The directory.
    pub path: PathBuf,
    /// Why nothing was looked at.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub refused: Option<String>,
    /// What was removed, oldest first; directories last.
    pub removed: Vec<Removed>,
    /// What should have gone and stays, each with what is in the way; at most a thousand.
    pub kept: Vec<Kept>,
    /// How many there are of those.
    pub kept_count: usize,
}

/// Something that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Removed {
    /// What.
    pub path: PathBuf,
    /// The room that it took on the disk.
    pub bytes: u64,
    /// Why.
    pub why: Why,
}

/// Why something is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Why {
    /// It was last used longer ago than that, in seconds.
    Unused(u64),
    /// It is larger than the rule allows.
    Large,
    /// All together take too much room, and it is the oldest.
    OverTotal,
    /// It is not among the newest that are kept.
    NotAmongNewest,
    /// Nothing is left in it.
    Empty,
}

/// Something that should have gone and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Kept {
    /// What.
    pub path: PathBuf,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// What is in the way of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Obstacle {
    /// A process has it open, mapped, or works in it.
    InUse,
    /// A process holds a lock on it.
    Locked,
    /// It is a socket, a pipe or a device, whose user is not seen.
    Special,
    /// It is a symbolic link.
    Link,
    /// It has another name elsewhere.
    HardLink,
    /// It belongs to another user.
    ForeignOwner,
    /// Something else is mounted there.
    Mount,
    /// A link or another directory took the place of a directory that was being searched.
    Swapped,
    /// It changed since it was looked at.
    Changed,
    /// There is more in the directory than can be looked at.
    TooMany,
    /// The system refused it.
    Refused(String),
}

/// Why a run ended before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CutShort {
    /// It removed as many as it may.
    MaxFiles,
    /// It took as long as it may.
    MaxTime,
    /// It was told to.
    Stopped,
}

impl Report {
    /// Returns how many files and directories were removed.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.rules.iter().map(|rule| rule.removed.len()).sum()
    }

    /// Returns how much room that made.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.rules.iter().map(RuleReport::bytes).sum()
    }

    /// Returns what an operator should know of a run that was no dry one: `cleanup.removed` for each rule that removed
    /// something, `cleanup.refused` for each that was refused or found a directory swapped.
    #[must_use]
    pub fn events(&self, now: Timestamp) -> Vec<Event> {
        self.rules.iter().flat_map(|rule| rule.events(now)).collect()
    }
}

impl RuleReport {
    /// Returns how much room was made.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.removed.iter().fold(0, |sum, removed| sum.saturating_add(removed.bytes))
    }

    fn events(&self, now: Timestamp) -> Vec<Event> {
        let event = |kind, severity| {
            Event::new(now, kind, severity, "cleanup").with_subject(self.path.display().to_string())
        };
        let mut events = Vec::new();
        if !self.removed.is_empty() {
            let (count, bytes) = (self.removed.len(), self.bytes());
            events.push(
                event("cleanup.removed", Severity::Info)
                    .with_message(format!("{count} removed, {bytes} bytes"))
                    .with_detail("count", i64::try_from(count).unwrap_or(i64::MAX))
                    .with_detail("bytes", i64::try_from(bytes).unwrap_or(i64::MAX)),
            );
        }
        let swapped = self.kept.iter().find(|kept| kept.obstacle == Obstacle::Swapped);
        let swapped = swapped.map(|kept| format!("{}: {}", kept.path.display(), kept.obstacle));
        if let Some(reason) = self.refused.clone().or(swapped) {
            events.push(event("cleanup.refused", Severity::Warning).with_message(reason));
        }
        events
    }

    pub(crate) fn keep(&mut self, path: PathBuf, obstacle: Obstacle) {
        self.kept_count += 1;
        // A swap is an attack or an accident, and is told however many others there are.
        if self.kept.len() < MOST_KEPT
            || obstacle == Obstacle::Swapped && self.kept.len() < 2 * MOST_KEPT
        {
            self.kept.push(Kept { path, obstacle });
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused(seconds) => {
                let age = Duration::from_secs(*seconds);
                let (number, unit) = match *seconds {
                    0..60 => (age.as_secs(), "s"),
                    60..3_600 => (age.as_secs() / 60, "m"),
                    3_600..86_400 => (age.as_secs() / 3_600, "h"),
                    _ => (age.as_secs() / 86_400, "d"),
                };
                write!(f, "unused for {number}{unit}")
            }
            Self::Large => f.write_str("too large"),
            Self::OverTotal => f.write_str("the oldest where there is too much"),
            Self::NotAmongNewest => f.write_str("not among the newest"),
            Self::Empty => f.write_str("empty"),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InUse => "in use",
            Self::Locked => "locked",
            Self::Special => "no file",
            Self::Link => "a link",
            Self::HardLink => "has another name",
            Self::ForeignOwner => "of another user",
            Self::Mount => "something is mounted there",
            Self::Swapped => "something else took its place while it was searched",
            Self::Changed => "changed meanwhile",
            Self::TooMany => "more than can be looked at",
            Self::Refused(reason) => reason,
        })
    }
}

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxFiles => "max-files is reached",
            Self::MaxTime => "max-time is over",
            Self::Stopped => "told to stop",
        })
    }
}

const MOST_KEPT: usize = 1_000;
