use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::SystemClock;
use wardkit_retry::Sleep;

use crate::format::{Compression, KdfParams, RepoVersion};

/// How a repository is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InitOptions {
    /// The version of the format: only the second one compresses.
    pub version: RepoVersion,
    /// The cost of trying a password.
    pub kdf: KdfParams,
    /// How it is opened afterwards.
    pub open: OpenOptions,
}

/// How a repository is opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Tells the time, and waits.
    pub clock: Arc<dyn Sleep>,
    /// How what is written is compressed, in a repository of version 2.
    pub compression: Compression,
    /// How many bytes the index may take in memory.
    pub index_memory: u64,
    /// How many threads read, decrypt and hash at once.
    pub threads: usize,
    /// How long to wait for a lock that another holds.
    pub lock_wait: Duration,
    /// How often a lock that is held is written anew. Others take one for stale after [`OpenOptions::LOCK_STALE`].
    pub lock_refresh: Duration,
    /// How long after writing a lock the others are looked at again, so that of two that write at once one sees the
    /// other.
    pub lock_settle: Duration,
}

impl OpenOptions {
    /// The age at which restic takes a lock for one that nobody holds any more.
    pub const LOCK_STALE: Duration = Duration::from_mins(30);
}

impl Default for InitOptions {
    fn default() -> Self {
        Self { version: RepoVersion::V2, kdf: KdfParams::default(), open: OpenOptions::default() }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            compression: Compression::default(),
            index_memory: INDEX_MEMORY,
            threads: std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS),
            lock_wait: Duration::ZERO,
            lock_refresh: Duration::from_mins(5),
            lock_settle: Duration::from_millis(200),
        }
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("compression", &self.compression)
            .field("index_memory", &self.index_memory)
            .field("threads", &self.threads)
            .field("lock_wait", &self.lock_wait)
            .field("lock_refresh", &self.lock_refresh)
            .field("lock_settle", &self.lock_settle)
            .finish_non_exhaustive()
    }
}

/// Forty million blobs, which is about forty terabytes.
const INDEX_MEMORY: u64 = 2 << 30;
/// More threads do not make a disk or a network faster.
const MOST_THREADS: usize = 8;
