//! What a verification found.

use std::fmt;

use wardkit_tlog::{TreeHead, VerifierKey};

use crate::LineFault;

/// What a verification found. The log is as its checkpoints say when there is no failure.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Verdict {
    /// Size and root of the entries that were read, up to the first that is bad.
    pub head: TreeHead,
    /// What the newest checkpoint covers. Entries after it are as they were written only as far as the host was not
    /// tampered with since. In an intact log this is the head to remember: no crash makes the log shorter.
    pub sealed: TreeHead,
    /// How many segments were read.
    pub segments: usize,
    /// How many checkpoints agree with the entries.
    pub checkpoints: usize,
    /// The keys that signed for the log, the first one first.
    pub keys: Vec<VerifierKey>,
    /// How many bytes of an entry stand at the end that was never acknowledged: its writer died. The next one
    /// removes them.
    pub torn_bytes: u64,
    /// What is wrong.
    pub failures: Vec<Failure>,
}

impl Verdict {
    /// Tells whether nothing is wrong.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.failures.is_empty()
    }
}

/// What vouches for a tree head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Witness {
    /// A checkpoint in the log's directory, by its file's name.
    File(String),
    /// A note that was kept elsewhere.
    Note,
    /// The head that was seen last.
    Seen,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::File(name) => name,
            Self::Note => "the given note",
            Self::Seen => "the head seen last",
        })
    }
}

/// Something that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A line is not what its place demands. Nothing after it was read.
    #[error("{segment}:{line}: {reason}")]
    Line {
        /// The name of the segment.
        segment: String,
        /// The line, from one.
        line: u64,
        /// What is wrong.
        reason: LineFault,
    },
    /// The segment that begins with an entry is missing.
    #[error("the segment that begins with entry {first} is missing")]
    SegmentMissing {
        /// The entry.
        first: u64,
    },
    /// A checkpoint is missing.
    #[error("{file} is missing")]
    CheckpointMissing {
        /// The name of its file.
        file: String,
    },
    /// A checkpoint is malformed, of another log, or not signed by the key in force.
    #[error("{witness} is not a checkpoint by a key of this log")]
    Checkpoint {
        /// Which one.
        witness: Witness,
        /// Why.
        #[source]
        source: wardkit_tlog::Error,
    },
    /// A checkpoint is not of the place where it stands.
    #[error("{witness} is of {found} entries, and stands after {expected}")]
    Misplaced {
        /// Which one.
        witness: Witness,
        /// How many entries come before.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// Entries were changed: they are not those that somebody vouched for.
    #[error("{witness} vouches for {size} entries, and not all from {after} on are those")]
    Changed {
        /// Who vouches.
        witness: Witness,
        /// The first entry that may be the one.
        after: u64,
        /// How many entries are vouched for.
        size: u64,
    },
    /// Entries were removed: there are fewer than somebody vouched for.
    #[error("{witness} has {size} entries, and the log {found}")]
    Short {
        /// Who vouches.
        witness: Witness,
        /// How many entries are vouched for.
        size: u64,
        /// How many the log has.
        found: u64,
    },
}
