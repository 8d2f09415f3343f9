//! What a history counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a history counts about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Series that take samples now.
    pub open_series: u64,
    /// Bytes of memory for what is not written as blocks yet.
    pub open_bytes: u64,
    /// Bytes of the segments and the journal.
    pub disk_bytes: u64,
    /// Segments on the disk.
    pub segments: u64,
    /// Samples taken in.
    pub samples: u64,
    /// Samples not taken in, because the clock had gone back.
    pub refused_samples: u64,
    /// Samples not taken in, because there were too many series.
    pub overflow_samples: u64,
    /// Samples lost, because nothing could be written for too long.
    pub lost_samples: u64,
    /// Failed attempts to write.
    pub write_failures: u64,
    /// Blocks that a question needed and that were damaged.
    pub damaged_blocks: u64,
}

/// The same, while it changes.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) disk_bytes: AtomicU64,
    pub(super) segments: AtomicU64,
    pub(super) samples: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) overflow: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) failures: AtomicU64,
    damaged: AtomicU64,
}

impl Counts {
    pub(super) fn damaged(&self) {
        add(&self.damaged, 1);
    }

    pub(super) fn stats(&self, open_series: u64, open_bytes: u64) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Stats {
            open_series,
            open_bytes,
            disk_bytes: read(&self.disk_bytes),
            segments: read(&self.segments),
            samples: read(&self.samples),
            refused_samples: read(&self.refused),
            overflow_samples: read(&self.overflow),
            lost_samples: read(&self.lost),
            write_failures: read(&self.failures),
            damaged_blocks: read(&self.damaged),
        }
    }
}

pub(super) fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Ordering::Relaxed);
}
