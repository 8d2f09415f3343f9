//! Who touched a path.

use std::fmt;
use std::path::{Path, PathBuf};

/// Who touched a path, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Actor {
    /// The process.
    pub pid: u32,
    /// The program that it runs. One of another namespace of users is named below `/proc/PID/root`: its user chose what
    /// is mounted there.
    pub exe: Option<PathBuf>,
    /// The user that it runs as.
    pub uid: Option<u32>,
    /// The programs of its parent, its parent's parent and so on, as far as they are known.
    pub ancestors: Vec<PathBuf>,
    /// How much of this is certain.
    pub confidence: Confidence,
}

impl Actor {
    /// Creates an actor of whom nothing but the process is known.
    #[must_use]
    pub const fn new(pid: u32) -> Self {
        Self { pid, exe: None, uid: None, ancestors: Vec::new(), confidence: Confidence::Unknown }
    }

    /// Returns the programs that are known to be behind it: its own first, then its ancestors'.
    pub fn programs(&self) -> impl Iterator<Item = &Path> {
        self.exe.iter().chain(&self.ancestors).map(PathBuf::as_path)
    }
}

/// How much is certain of an [`Actor`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Confidence {
    /// Only the number of the process, which may be another's by now.
    #[default]
    Unknown,
    /// Remembered from when the process started: it had ended when it was looked at.
    Cached,
    /// Read of the process while it lived. One that wrote and started another program at once is named by the latter.
    Exact,
}

impl Confidence {
    /// Returns the name: `unknown`, `cached`, `exact`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Cached => "cached",
            Self::Exact => "exact",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
