//! One open file: whether it is still what was read, and its lines from where they were read.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use memchr::memchr;
use rustix::fs::{Mode, OFlags, SeekFrom};

use crate::{Checkpoint, Statistics};

/// A regular file that is read from an offset on.
#[derive(Debug)]
pub(crate) struct Open {
    file: File,
    pub(crate) id: FileId,
    /// Where the first line begins that was not handed out.
    offset: u64,
    /// Whether the offset is within a line whose beginning was handed out.
    is_within: bool,
    head: Mark,
    /// What stands before the offset.
    tail: Mark,
    /// Size and time of change when it was read to its end.
    seen: Option<(u64, i64, i64)>,
}

/// What a file is known by while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// A part of a file that was read, which an append leaves as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    length: u16,
    hash: u64,
}

/// What a look at an open file found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing since it was read to its end.
    Quiet,
    /// There may be more to read.
    Grown,
    /// It was emptied or written anew, and is read from its beginning.
    Truncated,
}

/// Why a path was not opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    NotAFile,
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Open {
    /// Opens a regular file. Opening a pipe would wait for its writer and opening a device may do anything, so what
    /// the path names is looked at first, and again once it is open.
    pub(crate) fn at(path: &Path) -> Result<Self, OpenError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(OpenError::NotAFile);
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty());
        let file = File::from(opened.map_err(io::Error::from)?);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(OpenError::NotAFile);
        }
        Ok(Self {
            file,
            id: FileId::of(&metadata),
            offset: 0,
            is_within: false,
            head: Mark::EMPTY,
            tail: Mark::EMPTY,
            seen: None,
        })
    }

    /// Moves to the end; a line that is being written there is left out, because its beginning is unknown.
    pub(crate) fn skip_to_end(&mut self) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        let mut last = [0; Mark::OF_TAIL];
        let last = &mut last[..usize::try_from(size).unwrap_or(usize::MAX).min(Mark::OF_TAIL)];
        self.file.read_exact_at(last, size - last.len() as u64)?;
        self.move_behind(last);
        self.offset = size;
        self.is_within = last.last().is_some_and(|byte| *byte != b'\n');
        self.head = self.mark(0, Mark::OF_HEAD)?;
        Ok(())
    }

    /// Goes on from a checkpoint, if it is this file's; tells whether it is.
    pub(crate) fn resume(&mut self, from: &Checkpoint) -> io::Result<bool> {
        let head = Mark { length: from.head_length, hash: from.head_hash };
        let tail = Mark { length: from.tail_length, hash: from.tail_hash };
        let is_same = self.id == FileId { device: from.device, inode: from.inode }
            && self.file.metadata()?.len() >= from.offset
            && self.has(from.offset, head, tail)?;
        if is_same {
            self.offset = from.offset;
            self.is_within = from.is_within;
            (self.head, self.tail) = (head, tail);
        }
        Ok(is_same)
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            device: self.id.device,
            inode: self.id.inode,
            offset: self.offset,
            is_within: self.is_within,
            head_length: self.head.length,
            head_hash: self.head.hash,
            tail_length: self.tail.length,
            tail_hash: self.tail.hash,
        }
    }

    /// Looks whether there is something to read, and whether the file is still the one that was read.
    pub(crate) fn look(&mut self) -> io::Result<Standing> {
        let metadata = self.file.metadata()?;
        let size = metadata.len();
        let seen = (size, metadata.mtime(), metadata.mtime_nsec());
        if self.seen == Some(seen) {
            return Ok(Standing::Quiet);
        }
        let is_other = size < self.offset || !self.has(self.offset, self.head, self.tail)?;
        if is_other {
            (self.offset, self.is_within) = (0, false);
            (self.head, self.tail) = (Mark::EMPTY, Mark::EMPTY);
        }
        if self.head.length < Mark::OF_HEAD {
            self.head = self.mark(0, Mark::OF_HEAD)?;
        }
        Ok(if is_other { Standing::Truncated } else { Standing::Grown })
    }

    /// Returns how many bytes there are that were not handed out.
    pub(crate) fn behind(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len().saturating_sub(self.offset))
    }

    /// Reads whole lines, at most as many bytes as are left of the budget. Tells whether it came to the end.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        max_line: usize,
        budget: &mut usize,
        each: &mut dyn FnMut(Cow<'_, str>, bool),
        statistics: &mut Statistics,
    ) -> io::Result<bool> {
        // Less than a line may not bring it any further.
        while *budget > max_line {
            let metadata = self.file.metadata()?;
            let most = buffer.len().min(*budget);
            let length = read_at(&self.file, &mut buffer[..most], self.offset)?;
            let chunk = &buffer[..length];
            let taken = self.lines(chunk, max_line, each, statistics);
            *budget -= length;
            statistics.bytes += taken as u64;
            if length < most {
                // What is left is the beginning of a line, or nothing.
                self.seen = Some((metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
                return Ok(true);
            }
            if chunk.iter().all(|byte| *byte == 0) {
                self.leap();
            }
        }
        Ok(false)
    }

    /// Hands out what is left without an end, when no end will come.
    pub(crate) fn read_rest(
        &mut self,
        buffer: &mut [u8],
        max_line: usize,
        each: &mut dyn FnMut(Cow<'_, str>, bool),
        statistics: &mut Statistics,
    ) {
        let Ok(length) = read_at(&self.file, buffer, self.offset) else { return };
        // Lines may have been ended since it was read last.
        let taken = self.lines(&buffer[..length], max_line, each, statistics);
        let rest = &buffer[taken..length];
        if !self.is_within && !rest.is_empty() {
            hand_out(rest, max_line, each, statistics);
        }
        self.move_behind(rest);
        statistics.bytes += length as u64;
    }

    /// Hands out the whole lines of what was read at the offset, and moves on behind them. Returns by how far.
    fn lines(
        &mut self,
        chunk: &[u8],
        max_line: usize,
        each: &mut dyn FnMut(Cow<'_, str>, bool),
        statistics: &mut Statistics,
    ) -> usize {
        let mut taken = 0;
        while let Some(length) = memchr(b'\n', &chunk[taken..]) {
            if !std::mem::take(&mut self.is_within) {
                hand_out(&chunk[taken..taken + length], max_line, each, statistics);
            }
            taken += length + 1;
        }
        if !self.is_within && chunk.len() - taken > max_line {
            // Zeros are what a writer leaves that goes on behind the end of an emptied file; a line comes after them.
            taken += chunk[taken..].iter().take_while(|byte| **byte == 0).count();
            self.is_within = chunk.len() - taken > max_line;
            if self.is_within {
                hand_out(&chunk[taken..], max_line, each, statistics);
            }
        }
        if self.is_within {
            taken = chunk.len();
        }
        self.move_behind(&chunk[..taken]);
        taken
    }

    /// Moves the offset behind what was read there.
    fn move_behind(&mut self, taken: &[u8]) {
        self.offset += taken.len() as u64;
        if !taken.is_empty() {
            self.tail = Mark::of(&taken[taken.len().saturating_sub(Mark::OF_TAIL)..]);
        }
    }

    /// Leaps over a hole: a terabyte of zeros that take no space takes no time either.
    fn leap(&mut self) {
        if let Ok(data) = rustix::fs::seek(&self.file, SeekFrom::Data(self.offset)) {
            self.offset = self.offset.max(data);
            self.tail = Mark::EMPTY;
        }
    }

    /// Tells whether the file still begins like this, and has this before the offset.
    fn has(&self, offset: u64, head: Mark, tail: Mark) -> io::Result<bool> {
        // A tail that cannot be is nowhere.
        let Some(start) = offset.checked_sub(u64::from(tail.length)) else { return Ok(false) };
        let has_tail = tail.length == 0 || self.mark(start, tail.length)? == tail;
        Ok(has_tail && self.mark(0, head.length)? == head)
    }

    /// Returns the mark of so many bytes, or of as many as there are.
    fn mark(&self, start: u64, length: u16) -> io::Result<Mark> {
        let mut bytes = [0; Mark::OF_HEAD as usize];
        let most = usize::from(length).min(bytes.len());
        let mut filled = 0;
        while filled < most {
            match read_at(&self.file, &mut bytes[filled..most], start + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(Mark::of(&bytes[..filled]))
    }
}

impl Mark {
    /// Enough for a few lines with their times, which no two files have in common.
    const OF_HEAD: u16 = 512;

    /// Enough for the end of a line; what stands there was read already and costs nothing to keep.
    const OF_TAIL: usize = 64;

    /// That of a file of which nothing was seen.
    const EMPTY: Self = Self { length: 0, hash: HASH_OF_NOTHING };

    fn of(bytes: &[u8]) -> Self {
        Self { length: u16::try_from(bytes.len()).unwrap_or(u16::MAX), hash: hash(bytes) }
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn hand_out(
    line: &[u8],
    max_line: usize,
    each: &mut dyn FnMut(Cow<'_, str>, bool),
    statistics: &mut Statistics,
) {
    let zeros = line.iter().take_while(|byte| **byte == 0).count();
    let line = &line[zeros..];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_cut = line.len() > max_line;
    statistics.lines += 1;
    statistics.cut += u64::from(is_cut);
    each(String::from_utf8_lossy(&line[..line.len().min(max_line)]), is_cut);
}

/// FNV-1a: the same on every machine and in every version, because checkpoints are kept.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(HASH_OF_NOTHING, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const HASH_OF_NOTHING: u64 = 0xcbf2_9ce4_8422_2325;
