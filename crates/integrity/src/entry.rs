//! What is known of one path.

use std::fmt;
use std::path::PathBuf;

use crate::{Digest, FileTime};

/// What is known of one path: everything that a change would show in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Entry {
    /// The absolute path, byte by byte as the file system has it.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
    /// The permission bits, with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The size in bytes.
    pub size: u64,
    /// How many names it has.
    pub nlink: u64,
    /// The number of the inode.
    pub inode: u64,
    /// The device that it lies on.
    pub dev: u64,
    /// The device that it is, for device nodes.
    pub rdev: u64,
    /// When its content changed last, or so it says: its owner may set this.
    pub mtime: FileTime,
    /// When anything of it changed last.
    pub ctime: FileTime,
    /// When it was made, where the file system keeps that.
    pub btime: Option<FileTime>,
    /// Its inode flags, where it could be opened and the file system has them.
    pub flags: Option<Flags>,
    /// Where it points to, for symbolic links.
    pub target: Option<PathBuf>,
    /// Its extended attributes: access control lists, capabilities and security labels among them.
    pub xattrs: Xattrs,
    /// The digest of its content, for regular files whose content was read.
    pub content: Option<Digest>,
    /// The digest of its first bytes, as many as it had before: for files that may only grow. Not kept in baselines.
    pub prefix: Option<Prefix>,
    /// Why this is not all there is to know.
    pub fault: Option<Fault>,
}

impl Entry {
    /// Creates an entry of which only path and kind are known.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, kind: EntryKind) -> Self {
        Self {
            path: path.into(),
            kind,
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            nlink: 0,
            inode: 0,
            dev: 0,
            rdev: 0,
            mtime: FileTime::default(),
            ctime: FileTime::default(),
            btime: None,
            flags: None,
            target: None,
            xattrs: Xattrs::default(),
            content: None,
            prefix: None,
            fault: None,
        }
    }
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
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
    /// Something that could not be looked at, or that this version does not know.
    Unknown,
}

impl EntryKind {
    /// Returns the name, as in `stat`: `file`, `directory`, `symlink`, `fifo`, …
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::CharDevice => "char-device",
            Self::BlockDevice => "block-device",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Inode flags as `lsattr` shows them, without those that the file system sets for itself.
///
/// Prints as their names: `immutable,noatime`, or `-` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Keeps those bits of `FS_IOC_GETFLAGS` that a person or a program sets, and drops the file system's own.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & !OWN_FLAGS)
    }

    /// Returns the bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = FLAG_NAMES.iter().filter(|(bit, _)| self.0 & bit != 0);
        let mut names: Vec<String> = set.map(|(_, name)| (*name).to_owned()).collect();
        let known = FLAG_NAMES.iter().fold(0, |known, (bit, _)| known | bit);
        if self.0 & !known != 0 {
            names.push(format!("{:#x}", self.0 & !known));
        }
        if names.is_empty() {
            names.push("-".to_owned());
        }
        f.pad(&names.join(","))
    }
}

/// What ext4 and others set by themselves as a file grows: a hashed directory, extents, data in the inode, errors
/// of compression, blocks past the end, a huge file.
const OWN_FLAGS: u32 =
    0x100 | 0x200 | 0x400 | 0x1000 | 0x4_0000 | 0x8_0000 | 0x40_0000 | 0x1000_0000;

/// The flags of `linux/fs.h`, with the words of `chattr`'s manual.
const FLAG_NAMES: &[(u32, &str)] = &[
    (0x1, "secure-deletion"),
    (0x2, "undeletable"),
    (0x4, "compressed"),
    (0x8, "synchronous"),
    (0x10, "immutable"),
    (0x20, "append-only"),
    (0x40, "no-dump"),
    (0x80, "no-atime"),
    (0x800, "encrypted"),
    (0x4000, "journal-data"),
    (0x8000, "no-tail-merging"),
    (0x1_0000, "synchronous-directory"),
    (0x2_0000, "top-of-directory-hierarchy"),
    (0x10_0000, "verity"),
    (0x80_0000, "no-copy-on-write"),
    (0x200_0000, "dax"),
    (0x2000_0000, "project-inherit"),
    (0x4000_0000, "case-folded"),
];

/// The extended attributes of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Xattrs {
    /// One digest over all names and values, or `None` where there are none.
    pub digest: Option<Digest>,
    /// Names and values, sorted by name. A value of more than 256 bytes is kept as its digest and size.
    pub list: Vec<Xattr>,
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xattr {
    /// The name with its name space: `security.capability`.
    pub name: Box<[u8]>,
    /// The value.
    pub value: XattrValue,
}

/// The value of an extended attribute, or what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XattrValue {
    /// The whole value.
    Whole(Box<[u8]>),
    /// The digest of a value that is too long to keep, and its size.
    Digest(Digest, u64),
}

/// The digest of a file's first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// How many bytes.
    pub size: u64,
    /// Their digest.
    pub digest: Digest,
}

/// Why an entry is not known in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The system refused to open, list, read or look at it.
    #[error("{}", std::io::Error::from_raw_os_error(*.0))]
    Refused(i32),
    /// What was opened was not what its directory said, at every try: somebody exchanges it.
    #[error("exchanged for something else while it was looked at")]
    Raced,
    /// It changed while it was read, at every try.
    #[error("changed while it was read")]
    Unstable,
    /// More than 4 GiB of it are holes, which cost nothing to make and hours to hash. The digest is over its size and
    /// the blocks of 4096 bytes that are not all zeros, each after its place: no other program's digest, but as good
    /// to see a change by.
    #[error("too large a hole to hash: the digest is of its data alone")]
    Sparse,
}
