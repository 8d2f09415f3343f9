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
    head: Head,
    /// Size and time of change when it was read to its end.
    seen: Option<(u64, i64, i64)>,
}

/// What a file is known by while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// The beginning of a file, which an append leaves as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
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
            head: Head::EMPTY,
            seen: None,
        })
    }

    /// Moves to the end; a line that is being written there is left out, because its beginning is unknown.
    pub(crate) fn skip_to_end(&mut self) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if let Some(before) = size.checked_sub(1) {
            self.file.read_exact_at(&mut last, before)?;
        }
        self.offset = size;
        self.is_within = last != [b'\n'];
        self.head = self.head_of(Head::LENGTH)?;
        Ok(())
    }

    /// Goes on from a checkpoint, if it is this file's; tells whether it is.
    pub(crate) fn resume(&mut self, from: &Checkpoint) -> io::Result<bool> {
        let head = Head { length: from.head_length, hash: from.head_hash };
        let is_same = self.id == FileId { device: from.device, inode: from.inode }
            && self.file.metadata()?.len() >= from.offset
            && self.head_of(head.length)? == head;
        if is_same {
            self.offset = from.offset;
            self.is_within = from.is_within;
            self.head = head;
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
        let is_other = size < self.offset || self.head_of(self.head.length)? != self.head;
        if is_other {
            (self.offset, self.is_within, self.head) = (0, false, Head::EMPTY);
        }
        if self.head.length < Head::LENGTH {
            self.head = self.head_of(Head::LENGTH)?;
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
        let rest = &buffer[..length];
        if !self.is_within && !rest.is_empty() {
            hand_out(rest, max_line, each, statistics);
        }
        self.offset += length as u64;
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
        let rest = &chunk[taken..];
        if self.is_within {
            taken = chunk.len();
        } else if rest.len() > max_line {
            // Zeros are what a writer leaves that goes on behind the end of an emptied file; a line comes after them.
            self.is_within = rest.iter().any(|byte| *byte != 0);
            if self.is_within {
                hand_out(rest, max_line, each, statistics);
            }
            taken = chunk.len();
        }
        self.offset += taken as u64;
        taken
    }

    /// Leaps over a hole: a terabyte of zeros that take no space takes no time either.
    fn leap(&mut self) {
        if let Ok(data) = rustix::fs::seek(&self.file, SeekFrom::Data(self.offset)) {
            self.offset = self.offset.max(data);
        }
    }

    fn head_of(&self, length: u16) -> io::Result<Head> {
        let mut bytes = [0; Head::LENGTH as usize];
        let most = usize::from(length).min(bytes.len());
        let mut filled = 0;
        while filled < most {
            match read_at(&self.file, &mut bytes[filled..most], filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(Head {
            length: u16::try_from(filled).unwrap_or(Head::LENGTH),
            hash: hash(&bytes[..filled]),
        })
    }
}

impl Head {
    /// Enough for a few lines with their times, which no two files have in common.
    const LENGTH: u16 = 512;

    /// That of a file of which nothing was seen.
    const EMPTY: Self = Self { length: 0, hash: HASH_OF_NOTHING };
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
