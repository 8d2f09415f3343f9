//! What the system says of an entry, in the terms of Unix.

use std::sync::Arc;

/// What the system says of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: EntryKind,
    /// Its permissions, with the bits for another user, another group and sticky: the lowest twelve bits.
    pub mode: u32,
    /// The number of its owner.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// The name of its owner, where the number has one.
    pub user: Option<Arc<str>>,
    /// The name of its group, where the number has one.
    pub group: Option<Arc<str>>,
    /// When its content changed.
    pub modified: FileTime,
    /// When anything of it changed.
    pub changed: FileTime,
    /// When it was read.
    pub accessed: FileTime,
    /// Its inode.
    pub inode: u64,
    /// The device that it lies on.
    pub device: u64,
    /// How many names it has.
    pub links: u64,
    /// Its size; the size of its content for a file.
    pub size: u64,
    /// The device that it is, of a block or character device.
    pub special: u64,
    /// What a symbolic link says, as it says it.
    pub link_target: Vec<u8>,
    /// Its extended attributes, in the order in which the system lists them.
    pub xattrs: Vec<Xattr>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// A time of a file: seconds since 1970, which may be before it, and nanoseconds after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime {
    /// Seconds.
    pub seconds: i64,
    /// Nanoseconds, less than a second.
    pub nanos: u32,
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xattr {
    /// Its name, with its name space: `user.comment`.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

impl Metadata {
    /// What is said of something that lies in no file system: the owner is root, the times are 1970.
    #[must_use]
    pub const fn plain(kind: EntryKind, mode: u32) -> Self {
        let never = FileTime { seconds: 0, nanos: 0 };
        Self {
            kind,
            mode,
            uid: 0,
            gid: 0,
            user: None,
            group: None,
            modified: never,
            changed: never,
            accessed: never,
            inode: 0,
            device: 0,
            links: 1,
            size: 0,
            special: 0,
            link_target: Vec::new(),
            xattrs: Vec::new(),
        }
    }
}
