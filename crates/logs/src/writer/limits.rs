//! How large, how old and how many files may become.

use std::time::Duration;

use crate::Error;

/// How large, how old and how many the files of a [`Writer`](super::Writer) may become.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// From how many bytes on the file is exchanged; a chunk that is written at once may go over it.
    pub max_bytes: u64,
    /// From what age on the file is exchanged, if it has anything in it.
    pub max_age: Option<Duration>,
    /// How many files are kept beside the current one.
    pub keep: usize,
    /// How many bytes all files may have together; the oldest go first, the current one stays.
    pub budget: u64,
    /// Whether files that were put aside are compressed. Needs the feature `zstd`; without it they stay as they are.
    pub compress: bool,
    /// How much may be written a second; what is more is left out. `None`: all of it.
    pub rate: Option<Rate>,
    /// When what was written is made durable.
    pub sync: Sync,
    /// The longest line that is waited for; of a longer one parts are written as they come.
    pub max_line: usize,
}

/// How much may be written a second.
///
/// Exhaustive on purpose: this is what a rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bytes a second, in the long run.
    pub bytes: u64,
    /// Bytes at once, after a quiet time.
    pub burst: u64,
}

/// When what was written is made durable: what was written after that is lost if the host fails, not if a program does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sync {
    /// The system decides.
    Never,
    /// When a file is put aside.
    #[default]
    Rotation,
    /// At each tick, but no more often than this.
    Every(Duration),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            max_age: None,
            keep: 8,
            budget: 128 << 20,
            compress: true,
            rate: Some(Rate { bytes: 1 << 20, burst: 16 << 20 }),
            sync: Sync::Rotation,
            max_line: 64 << 10,
        }
    }
}

impl Limits {
    /// Returns everything that is wrong with the limits: the key, and why its value is refused.
    #[must_use]
    pub fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, reason: String| found.push((key.to_owned(), reason));
        if self.max_bytes < LEAST_BYTES {
            refuse("max-bytes", format!("{} is less than {LEAST_BYTES}", self.max_bytes));
        }
        if self.max_age.is_some_and(|age| age < LEAST_AGE) {
            refuse("max-age", "must be a minute at least".to_owned());
        }
        if self.budget < self.max_bytes {
            let reason = format!("{} is less than max-bytes, {}", self.budget, self.max_bytes);
            refuse("budget", reason);
        }
        if !(LEAST_LINE..=MOST_LINE).contains(&self.max_line) {
            let reason = format!("{} is not between {LEAST_LINE} and {MOST_LINE}", self.max_line);
            refuse("max-line", reason);
        }
        if let Some(rate) = self.rate
            && (rate.bytes == 0 || rate.burst < self.max_line as u64)
        {
            let reason = "must be 1 a second at least, with a burst of max-line at least";
            refuse("rate", reason.to_owned());
        }
        found
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self.violations().into_iter().next() {
            Some((key, reason)) => Err(Error::Config { key, reason }),
            None => Ok(()),
        }
    }
}

const LEAST_BYTES: u64 = 4 << 10;
const LEAST_AGE: Duration = Duration::from_mins(1);
const LEAST_LINE: usize = 256;
/// A line that is waited for lies in a pipe of at most a mebibyte.
const MOST_LINE: usize = 1 << 20;
