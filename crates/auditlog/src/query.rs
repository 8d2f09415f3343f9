//! Reading entries back.

use std::fs::File;
use std::io::BufReader;
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};

use wardkit_core::Timestamp;

use crate::layout::{Layout, name_of, next_line};
use crate::{Error, LineFault, Record};

/// Which entries to read. Unless narrowed, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Query {
    archives: Vec<PathBuf>,
    kinds: Vec<String>,
    subject: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    first: u64,
    end: Option<u64>,
}

impl Query {
    /// Asks for every entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads segments that are no longer in the log's directory from this one.
    pub fn archive(mut self, dir: impl Into<PathBuf>) -> Self {
        self.archives.push(dir.into());
        self
    }

    /// Asks for a kind and those below it: `integrity` is also `integrity.file.changed`. Further kinds add to it.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kinds.push(kind.into());
        self
    }

    /// Asks for what happened to one subject.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Asks for what was written at this time or later.
    pub const fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    /// Asks for what was written before this time.
    pub const fn until(mut self, at: Timestamp) -> Self {
        self.until = Some(at);
        self
    }

    /// Asks for entries with these numbers.
    pub fn seqs(mut self, seqs: impl RangeBounds<u64>) -> Self {
        self.first = match seqs.start_bound() {
            Bound::Included(&first) => first,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        self.end = match seqs.end_bound() {
            Bound::Included(&last) => last.checked_add(1),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => None,
        };
        self
    }

    /// Reads the entries of a log in order, one at a time. Nothing is proven: verify first where it matters.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn read(self, dir: impl AsRef<Path>) -> Result<Records, Error> {
        let layout = Layout::with_archives(dir.as_ref().to_owned(), self.archives.clone());
        let firsts = layout.segments()?;
        // The last segment that begins no later than the first entry wanted, and those after it.
        let skipped = firsts.partition_point(|&first| first <= self.first).saturating_sub(1);
        let mut segments = firsts[skipped..].to_vec();
        segments.reverse();
        Ok(Records { query: self, layout, segments, open: None, line: Vec::new() })
    }

    fn matches(&self, record: &Record) -> bool {
        let is_kind = |kind: &String| {
            record
                .entry
                .kind
                .strip_prefix(kind.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        record.seq >= self.first
            && (self.kinds.is_empty() || self.kinds.iter().any(is_kind))
            && self.subject.as_ref().is_none_or(|subject| *subject == record.entry.subject)
            && self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
    }
}

/// The entries of a log that a [`Query`] asks for. After an error it ends.
#[derive(Debug)]
pub struct Records {
    query: Query,
    layout: Layout,
    /// The segments that are left, the next one last.
    segments: Vec<u64>,
    open: Option<Segment>,
    line: Vec<u8>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    reader: BufReader<File>,
    lines: u64,
}

impl Records {
    /// Returns the line of the entry that was read last, without its newline: what its leaf hash is of.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    fn advance(&mut self) -> Result<Option<Record>, Error> {
        loop {
            let Some(segment) = &mut self.open else {
                let Some(first) = self.segments.pop() else { return Ok(None) };
                let (path, file) = self.layout.open_segment(first)?;
                self.open = Some(Segment { path, reader: BufReader::new(file), lines: 0 });
                continue;
            };
            segment.lines += 1;
            let read = next_line(&mut segment.reader, &mut self.line);
            let reason = match read.map_err(Error::io("read", &segment.path))? {
                Ok(true) => match Record::parse(&self.line) {
                    Ok(record) if self.query.end.is_some_and(|end| record.seq >= end) => {
                        return Ok(None);
                    }
                    Ok(record) if self.query.matches(&record) => return Ok(Some(record)),
                    Ok(_) => continue,
                    Err(_) => LineFault::Malformed,
                },
                // At the end of the log a line is being written, or was when its writer died.
                Err(LineFault::Torn) if self.segments.is_empty() => return Ok(None),
                Ok(false) => {
                    self.open = None;
                    continue;
                }
                Err(reason) => reason,
            };
            return Err(Error::Line {
                segment: name_of(&segment.path),
                line: segment.lines,
                reason,
            });
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.segments.clear();
            self.open = None;
        }
        next
    }
}
