//! The names in a directory.

use std::ffi::CStr;
use std::ops::Range;
use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

/// The names in a directory, sorted: one piece of memory for all of them.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Each with a zero byte behind it.
    bytes: Vec<u8>,
    /// Where names start and end, the zero byte included.
    names: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    length: u32,
    is_directory: bool,
}

impl Listing {
    /// Reads the names. Those that were read before an error are kept.
    pub(super) fn read(fd: BorrowedFd<'_>) -> (Self, Option<Errno>) {
        let mut listing = Self::default();
        let mut buffer = Vec::with_capacity(BUFFER);
        let mut entries = RawDir::new(fd, buffer.spare_capacity_mut());
        let mut fault = None;
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) => listing.push(entry.file_name(), entry.file_type()),
                Err(Errno::INTR) => {}
                // It was removed since it was opened: it has no names.
                Err(Errno::NOENT) => break,
                Err(errno) => {
                    fault = Some(errno);
                    break;
                }
            }
        }
        listing.sort();
        (listing, fault)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns some of the names, and whether each is that of a directory as far as the listing tells.
    pub(super) fn names(&self, range: Range<usize>) -> impl Iterator<Item = (&CStr, bool)> {
        let spans = self.names.get(range).unwrap_or_default();
        spans.iter().filter_map(|span| Some((self.name(*span)?, span.is_directory)))
    }

    fn name(&self, span: Span) -> Option<&CStr> {
        CStr::from_bytes_with_nul(self.bytes(span)).ok()
    }

    fn bytes(&self, span: Span) -> &[u8] {
        &self.bytes[span.start..span.start + span.length as usize]
    }

    fn push(&mut self, name: &CStr, kind: FileType) {
        let bytes = name.to_bytes_with_nul();
        if matches!(name.to_bytes(), b"." | b"..") {
            return;
        }
        let Ok(length) = u32::try_from(bytes.len()) else { return };
        let is_directory = kind == FileType::Directory;
        self.names.push(Span { start: self.bytes.len(), length, is_directory });
        self.bytes.extend_from_slice(bytes);
    }

    fn sort(&mut self) {
        let mut names = std::mem::take(&mut self.names);
        names.sort_unstable_by(|left, right| self.bytes(*left).cmp(self.bytes(*right)));
        // A name that is moved while it is listed may come twice.
        names.dedup_by(|left, right| self.bytes(*left) == self.bytes(*right));
        names.shrink_to_fit();
        self.bytes.shrink_to_fit();
        self.names = names;
    }
}

const BUFFER: usize = 64 * 1024;
