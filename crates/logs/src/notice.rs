//! What there is to say about a followed file, besides its lines.

use std::fmt;
use std::io;
use std::path::PathBuf;

use wardkit_core::{Event, Severity, Timestamp};

/// Something about a followed file that an operator should know. Told once, when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The file's path, as it was configured.
    pub path: PathBuf,
    /// What happened.
    pub kind: NoticeKind,
}

/// What happened to a followed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// Nothing has this path.
    Missing,
    /// It is a directory, a pipe or a device, which are not opened.
    NotAFile,
    /// It cannot be opened or read.
    Unreadable(io::ErrorKind),
    /// It can be read again.
    Back,
    /// It was emptied or written anew in place; what was written to it just before may be missed.
    Truncated,
    /// It was exchanged while nobody looked, and the rest of the file before is nowhere to be found.
    Missed,
    /// It is exchanged faster than it can be read; the oldest of the files before was given up.
    Outrun,
}

impl Notice {
    /// Returns the notice as an event.
    #[must_use]
    pub fn event(&self, at: Timestamp) -> Event {
        let (kind, severity) = match self.kind {
            NoticeKind::Missing => ("logs.file.vanished", Severity::Warning),
            NoticeKind::NotAFile | NoticeKind::Unreadable(_) => {
                ("logs.file.refused", Severity::Warning)
            }
            NoticeKind::Back => ("logs.file.returned", Severity::Info),
            NoticeKind::Truncated => ("logs.file.truncated", Severity::Info),
            NoticeKind::Missed | NoticeKind::Outrun => ("logs.lines.missed", Severity::Warning),
        };
        Event::new(at, kind, severity, "logs")
            .with_subject(self.path.display().to_string())
            .with_message(self.kind.to_string())
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no such file; it is followed once there is",
            Self::NotAFile => "it is no regular file, and nothing else is opened",
            Self::Unreadable(kind) => return write!(f, "it cannot be read: {kind}"),
            Self::Back => "it can be read again",
            Self::Truncated => "it was emptied in place, and is read from its beginning",
            Self::Missed => "it was exchanged meanwhile, and the rest of the one before is lost",
            Self::Outrun => "it is exchanged faster than it can be read, and lines are lost",
        })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.kind)
    }
}
