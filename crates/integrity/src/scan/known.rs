//! What is known from before, and how far it is trusted.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::{Algorithm, Entry, FileTime};

/// What an earlier scan found.
///
/// The scanner calls it from its own threads: [`children`](Self::children) once for a directory of ordinary size,
/// [`entry`](Self::entry) for every name of a huge one.
pub trait Known: Sync {
    /// Returns the entries of a directory, sorted by name.
    fn children(&self, directory: &Path) -> Box<dyn Iterator<Item = Entry> + '_>;

    /// Returns the entry of a path.
    fn entry(&self, path: &Path) -> Option<Entry>;

    /// Returns when the scan began that found this.
    fn scan_started(&self) -> FileTime;

    /// Returns the algorithm of its digests.
    fn algorithm(&self) -> Algorithm;
}

/// Which digests of an earlier scan stand for a file that looks as it did.
///
/// It looks as it did when device, inode, size, mode, owner, group, number of names and all times but that of the last
/// access are equal, and its change time lies more than two seconds before the earlier scan. That is advice, not
/// proof: who may write to the disk below the file system, or sets the clock back, gets past it. So read everything
/// from time to time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reuse {
    /// None: every content is read.
    #[default]
    Nothing,
    /// Those of all files that look as they did.
    Unchanged,
    /// The same, except in one part of several: with one part a scan, after all parts every content was read.
    UnchangedExcept {
        /// The number of the part, from 0.
        part: u32,
        /// How many parts there are.
        of: u32,
    },
}

impl Reuse {
    /// Tells whether what is known of a path may stand.
    pub(crate) fn covers(self, path: &Path) -> bool {
        match self {
            Self::Nothing => false,
            Self::Unchanged => true,
            Self::UnchangedExcept { part, of } => {
                u64::from(part) != spread(path).checked_rem(u64::from(of)).unwrap_or(0)
            }
        }
    }
}

/// Tells whether a file still looks as it did before a scan that began at `started`.
pub(crate) fn looks_the_same(now: &Entry, known: &Entry, started: FileTime) -> bool {
    let trusted = started.seconds.saturating_sub(RACY_SECONDS);
    let settled = FileTime { seconds: trusted, nanos: started.nanos };
    known.fault.is_none()
        && now.ctime < settled
        && (now.kind, now.mode, now.uid, now.gid) == (known.kind, known.mode, known.uid, known.gid)
        && (now.size, now.nlink, now.inode, now.dev, now.rdev)
            == (known.size, known.nlink, known.inode, known.dev, known.rdev)
        && (now.mtime, now.ctime, now.btime) == (known.mtime, known.ctime, known.btime)
}

/// FNV-1a: the same in every process, and even enough to spread work.
fn spread(path: &Path) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A file that changed again right after it was read may carry the same times: the clock of a file system ticks
/// slower than it writes, and the file systems of a network have clocks of their own.
const RACY_SECONDS: i64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_all_parts_every_path_was_read() {
        let paths: Vec<String> = (0..200).map(|number| format!("/etc/{number}")).collect();
        let of = 7;
        for path in &paths {
            let read =
                (0..of).filter(|&part| !Reuse::UnchangedExcept { part, of }.covers(path.as_ref()));
            assert_eq!(read.count(), 1, "{path}");
        }
        let share = paths
            .iter()
            .filter(|path| !Reuse::UnchangedExcept { part: 0, of }.covers(path.as_ref()));
        assert!((10..=50).contains(&share.count()));
    }

    #[test]
    fn no_parts_at_all_means_that_everything_is_read() {
        assert!(!Reuse::UnchangedExcept { part: 0, of: 0 }.covers("/a".as_ref()));
        assert!(!Reuse::Nothing.covers("/a".as_ref()));
        assert!(Reuse::Unchanged.covers("/a".as_ref()));
    }
}
