//! All followed files.

use std::path::Path;
use std::time::Duration;

use crate::followed::{Followed, Reading};
use crate::{Config, Error, Notice, Start, State};

/// Follows log files through rotation, truncation and restarts.
#[derive(Debug)]
pub struct Tail {
    files: Vec<Followed>,
    start: Start,
    max_line: usize,
    max_bytes: usize,
    buffer: Vec<u8>,
}

/// A line of a followed file.
///
/// Exhaustive on purpose: this is what a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The file's path, as it was configured.
    pub path: &'a Path,
    /// The line without its end. Bytes that are no UTF-8 are replaced.
    pub text: &'a str,
    /// Whether the line was longer and the rest is left out.
    pub is_cut: bool,
}

/// What was read from a followed path since it is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Lines handed out.
    pub lines: u64,
    /// Lines that were too long and handed out cut.
    pub cut: u64,
    /// Bytes read.
    pub bytes: u64,
    /// How often the path was given to another file.
    pub rotated: u64,
    /// How often the file was emptied in place.
    pub truncated: u64,
    /// Bytes that there are and that were not read yet.
    pub behind: u64,
}

impl Tail {
    /// Begins to follow files that were never followed before.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong with the configuration. What is wrong with a file is told by
    /// [`Tail::poll`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        Self::resume(config, &State::default())
    }

    /// Goes on from where another one was. Files that it did not follow are begun as the configuration says.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong with the configuration.
    pub fn resume(config: &Config, state: &State) -> Result<Self, Error> {
        config.check()?;
        let mut paths = config.files.clone();
        paths.sort();
        paths.dedup();
        let files = paths.into_iter().map(|path| {
            let known = state.files.get(&path).map(Vec::as_slice);
            Followed::new(path, known)
        });
        Ok(Self {
            files: files.collect(),
            start: config.start,
            max_line: config.max_line,
            max_bytes: config.max_bytes_per_poll,
            buffer: Vec::new(),
        })
    }

    /// Hands out the lines that are new, and returns what else there is to say about the files. Call it about once a
    /// second, from a thread that may block: a file system that does not answer keeps it waiting.
    ///
    /// `now` is [`Clock::uptime`](wardkit_core::Clock::uptime).
    pub fn poll(&mut self, now: Duration, mut each: impl FnMut(Line<'_>)) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.buffer.resize(BUFFER.max(self.max_line + 1), 0);
        for file in &mut self.files {
            file.poll(&mut Reading {
                now,
                start: self.start,
                max_line: self.max_line,
                budget: self.max_bytes,
                buffer: &mut self.buffer,
                each: &mut |path, text, is_cut| each(Line { path, text: &text, is_cut }),
                tell: &mut |path, kind| notices.push(Notice { path: path.to_owned(), kind }),
            });
        }
        notices
    }

    /// Returns how far the files were read. Keep it after what the lines said is kept.
    #[must_use]
    pub fn state(&self) -> State {
        let known = self.files.iter().map(|file| Some((file.path.clone(), file.checkpoints()?)));
        State { files: known.flatten().collect() }
    }

    /// Returns what was read from each path.
    pub fn statistics(&self) -> impl Iterator<Item = (&Path, Statistics)> {
        self.files.iter().map(|file| (file.path.as_path(), file.statistics))
    }
}

/// Read at a time.
const BUFFER: usize = 64 << 10;
