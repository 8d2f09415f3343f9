//! Why a path was refused.

use std::io;

use rustix::io::Errno;

/// Why a path was refused, or what went wrong with the file. None shows the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It names nothing.
    #[error("the path names nothing")]
    Empty,
    /// It is longer than paths may be.
    #[error("the path is longer than 1024 bytes, or a name in it longer than 255")]
    TooLong,
    /// It has a control character.
    #[error("the path has a control character")]
    Control,
    /// It is absolute.
    #[error("the path is absolute; it must be relative to its root")]
    Absolute,
    /// It has `..` in it.
    #[error("the path has `..` in it")]
    Parent,
    /// It has a character that some system reserves, or that nobody sees.
    #[error("the path has a character that not every system allows in a name")]
    Character,
    /// It has a name with a dot or a space at its end.
    #[error("the path has a name with a dot or a space at its end")]
    TrailingDot,
    /// It has a name that is a device on Windows.
    #[error("the path has a name that is a device on Windows")]
    Device,
    /// It leads out of the root, or onto a mount where those are refused.
    #[error("the path leads out of its root")]
    Escapes,
    /// It has a symbolic link where those are refused, or too many of them.
    #[error("the path has a symbolic link that is not followed, or too many of them")]
    Link,
    /// It is no regular file.
    #[error("the path is not that of a regular file")]
    NotAFile,
    /// There is nothing there.
    #[error("there is no such file or directory")]
    Missing,
    /// There is something there already.
    #[error("there is a file or directory of that name already")]
    Exists,
    /// The tree changed faster than it could be walked.
    #[error("the directory changed while it was walked")]
    Changing,
    /// The system refused.
    #[error("the file cannot be used")]
    Io(#[source] io::Error),
}

impl PathError {
    /// Returns whether the same may go well a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Changing => true,
            Self::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::Interrupted
                    | io::ErrorKind::WouldBlock
                    | io::ErrorKind::ResourceBusy
            ),
            _ => false,
        }
    }
}

impl From<Errno> for PathError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::XDEV => Self::Escapes,
            Errno::LOOP => Self::Link,
            Errno::NOENT => Self::Missing,
            Errno::EXIST => Self::Exists,
            Errno::AGAIN => Self::Changing,
            Errno::NAMETOOLONG => Self::TooLong,
            // A socket, a pipe that nobody reads, a device without a driver, a directory that was to be written.
            Errno::NXIO | Errno::NODEV | Errno::ISDIR => Self::NotAFile,
            errno => Self::Io(errno.into()),
        }
    }
}
