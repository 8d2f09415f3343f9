//! Takes samples in and writes them as blocks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Timestamp;

use super::{Aggregate, Config, Error, Index, Range, Selector, Series};
use crate::Samples;

/// The history of many series. It has one owner, who appends; [`History::reader`] answers beside it.
#[derive(Debug)]
pub struct History {
    reader: Reader,
}

impl History {
    /// Opens the history in a directory, and makes one if there is none. Whoever opens it has it alone: the lock is the
    /// caller's.
    ///
    /// # Errors
    ///
    /// When the configuration is out of bounds, or the directory or the index cannot be read or written.
    pub fn open(
        dir: &Path,
        config: Config,
        index: impl Index + 'static,
    ) -> Result<(Self, Recovery), Error> {
        let _ = (dir, config, index);
        Ok((Self { reader: Reader(Arc::new(())) }, Recovery::default()))
    }

    /// Takes in the samples of a moment. Called once an interval from a thread that may block: when a window of two hours
    /// is over it writes that window's blocks.
    ///
    /// # Errors
    ///
    /// When the disk or the index began to fail with this call: an event is due. While it keeps failing there is none:
    /// samples are taken in, kept in memory, and counted in [`Stats`].
    pub fn append(&mut self, at: Timestamp, samples: &Samples) -> Result<(), Error> {
        let _ = (at, samples);
        Ok(())
    }

    /// Writes what is in memory to the disk: before an orderly end.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn sync(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Returns what answers questions, from any thread.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }
}

/// Answers questions about the history, from any thread, while it grows.
#[derive(Clone, Debug)]
pub struct Reader(Arc<()>);

impl Reader {
    /// Returns the chosen series over a stretch of time, one value a step.
    ///
    /// # Errors
    ///
    /// When the range is empty, the answer would be too large, or what is asked for cannot be read.
    pub fn query(
        &self,
        selector: &Selector,
        range: Range,
        step: Duration,
        aggregate: Aggregate,
    ) -> Result<Vec<Series>, Error> {
        let _ = (selector, range, step, aggregate);
        Ok(Vec::new())
    }

    /// Returns the keys of the chosen series, sorted.
    ///
    /// # Errors
    ///
    /// When the index does not answer.
    pub fn series(&self, selector: &Selector) -> Result<Vec<String>, Error> {
        let _ = selector;
        Ok(Vec::new())
    }

    /// Returns what the history counts about itself.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::default()
    }
}

/// What was found when a history was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// What was damaged or cut short, a sentence each, with its file and what was kept: an event is due.
    pub damage: Vec<String>,
    /// How many segments the index had to be told of again.
    pub reindexed_segments: usize,
    /// How many samples were taken from the journal of the window that was not written yet.
    pub journal_samples: u64,
}

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
}
