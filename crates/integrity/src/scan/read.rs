//! Reading contents.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{SeekFrom, Statx};
use rustix::io::{Errno, Result};

use super::Control;
use crate::digest::Hasher;
use crate::{Algorithm, Digest};

/// Memory to read into, beginning at a page.
///
/// The kernel copies into a page-aligned buffer at 8 GB/s, and into one that lies 16 bytes beside it, where an
/// allocation of this size usually does, at 2 GB/s (Zen 3).
#[derive(Debug)]
pub(super) struct Buffer {
    memory: Vec<u8>,
    start: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        let memory = vec![0; LENGTH + PAGE];
        let start = memory.as_ptr().align_offset(PAGE).min(PAGE);
        Self { memory, start }
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + LENGTH]
    }
}

/// What a reading found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// How many bytes there were.
    pub(super) length: u64,
    /// Their digest, or that of the data alone where the rest is too large a hole.
    pub(super) digest: Digest,
    /// The digest of the first bytes, where they were asked for and there were as many.
    pub(super) prefix: Option<Digest>,
}

/// Why a reading has no result.
pub(super) enum Stop {
    Refused(Errno),
    Cancelled,
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno)
    }
}

/// What to read of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// No more than this.
    pub(super) limit: u64,
    /// Of so many first bytes a digest of their own.
    pub(super) prefix: Option<u64>,
}

/// Reads a file from its beginning.
pub(super) fn content(
    fd: BorrowedFd<'_>,
    algorithm: Algorithm,
    extent: Extent,
    buffer: &mut Buffer,
    control: &Control<'_>,
) -> std::result::Result<Reading, Stop> {
    let mut hasher = Hasher::new(algorithm);
    let mut length: u64 = 0;
    let mut prefix = None;
    if extent.prefix == Some(0) {
        prefix = Some(hasher.clone().finish());
    }
    while length < extent.limit {
        let bytes = buffer.bytes();
        // Stops where the prefix ends, so that its digest can be taken there.
        let stop = extent
            .prefix
            .filter(|&end| end > length)
            .map_or(extent.limit, |end| end.min(extent.limit));
        let want = usize::try_from(stop - length).map_or(bytes.len(), |left| left.min(bytes.len()));
        if !control.may_read(want) {
            return Err(Stop::Cancelled);
        }
        let read = rustix::io::retry_on_intr(|| rustix::io::pread(fd, &mut bytes[..want], length))?;
        if read == 0 {
            break;
        }
        hasher.update(&bytes[..read]);
        length += read as u64;
        control.progress.add_bytes(read as u64);
        if extent.prefix == Some(length) {
            prefix = Some(hasher.clone().finish());
        }
    }
    Ok(Reading { length, digest: hasher.finish(), prefix })
}

/// Tells whether a file is mostly holes, and these too large to hash: anybody can make a hole of petabytes for nothing.
pub(super) fn is_too_sparse(stat: &Statx) -> bool {
    let there = stat.stx_blocks.saturating_mul(512);
    stat.stx_size.saturating_sub(there) > LARGEST_HOLES
}

/// Reads the data of a file with large holes: the digest is over its size, and over place and content of every block
/// that is not all zeros. It follows from the content alone: whether zeros are a hole or written makes no difference.
pub(super) fn sparse(
    fd: BorrowedFd<'_>,
    algorithm: Algorithm,
    size: u64,
    buffer: &mut Buffer,
    control: &Control<'_>,
) -> std::result::Result<Reading, Stop> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(b"wardkit sparse content v1\n");
    hasher.update(&size.to_le_bytes());
    let mut offset = 0;
    while let Some(data) = next_data(fd, offset)?.filter(|&data| data < size) {
        // Whole blocks, so that their places do not depend on where the file system says that data begins.
        offset = data - data % BLOCK;
        let bytes = buffer.bytes();
        if !control.may_read(bytes.len()) {
            return Err(Stop::Cancelled);
        }
        let left = usize::try_from(size - offset).map_or(bytes.len(), |left| left.min(bytes.len()));
        let read = fill(fd, &mut bytes[..left], offset)?;
        control.progress.add_bytes(read as u64);
        for (block, place) in bytes[..read].chunks(BLOCK_BYTES).zip((offset..).step_by(BLOCK_BYTES))
        {
            if block.iter().any(|&byte| byte != 0) {
                hasher.update(&place.to_le_bytes());
                hasher.update(block);
            }
        }
        if read < left {
            break;
        }
        offset += read as u64;
    }
    Ok(Reading { length: size, digest: hasher.finish(), prefix: None })
}

/// Returns where the next data begins, if any does.
fn next_data(fd: impl AsFd, offset: u64) -> Result<Option<u64>> {
    match rustix::fs::seek(fd, SeekFrom::Data(offset)) {
        Ok(data) => Ok(Some(data)),
        Err(Errno::NXIO) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Reads until the bytes are full or the file ends.
fn fill(fd: impl AsFd, bytes: &mut [u8], offset: u64) -> Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        let place = offset + filled as u64;
        match rustix::io::retry_on_intr(|| rustix::io::pread(&fd, &mut bytes[filled..], place))? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// How much is read at once.
pub(super) const LENGTH: usize = 128 * 1024;

const PAGE: usize = 4096;

/// The unit of zeros that a sparse reading leaves out. Divides the length of a buffer.
const BLOCK: u64 = 4096;
const BLOCK_BYTES: usize = 4096;

/// Four gigabytes of zeros take one to three seconds.
const LARGEST_HOLES: u64 = 4 << 30;
