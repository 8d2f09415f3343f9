use std::num::NonZeroUsize;

use crate::format::Id;

/// How a backup is made. The default is the safe and usual one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackupOptions {
    /// The host that the snapshot is of; this one's name unless it is given.
    pub host: Option<String>,
    /// The user that the snapshot is by; the name of the one that runs this unless it is given.
    pub user: Option<String>,
    /// Words that the snapshot is found by.
    pub tags: Vec<String>,
    /// The patterns that the source left out, as the snapshot tells them.
    pub excludes: Vec<String>,
    /// The snapshot that tells which files did not change.
    pub parent: Parent,
    /// Takes a file as unchanged although its time of change differs, which a copy of a file system has new.
    pub ignore_ctime: bool,
    /// Takes a file as unchanged although its inode differs, which some file systems make up.
    pub ignore_inode: bool,
    /// Stores blobs without first decrypting, decompressing and hashing them again. A flaw of the memory or the
    /// processor then stays unseen until the next restore.
    pub danger_skip_verify: bool,
    /// How many threads work on contents; as many as there are processors, and at most eight, unless it is given.
    pub threads: Option<NonZeroUsize>,
    /// A pack ends when it has so many bytes: at least 64 KiB, and at most 128 MiB.
    pub pack_size: usize,
    /// About how many bytes of contents are held in memory at once.
    pub memory: usize,
}

/// The snapshot that tells which files did not change, so that they are not read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parent {
    /// The newest of the same host and paths.
    #[default]
    Newest,
    /// This one.
    Snapshot(Id),
    /// None: each file is read.
    Nothing,
}

impl Default for BackupOptions {
    fn default() -> Self {
        Self {
            host: None,
            user: None,
            tags: Vec::new(),
            excludes: Vec::new(),
            parent: Parent::Newest,
            ignore_ctime: false,
            ignore_inode: false,
            danger_skip_verify: false,
            threads: None,
            pack_size: 16 << 20,
            memory: 64 << 20,
        }
    }
}
