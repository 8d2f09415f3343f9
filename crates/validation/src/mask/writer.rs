//! Masks what is written, on its way.

use std::fmt;
use std::io::{self, Write};

use super::{MaskedLines, Masker};

/// Writes to another writer what is written to it, masked line by line.
///
/// A line is passed on when it is complete, and what is left when this is flushed or dropped.
///
/// ```
/// use std::io::Write as _;
/// use wardkit_validation::{MaskingWriter, Masker};
///
/// let mut log = Vec::new();
/// let mut writer = MaskingWriter::new(&mut log, &Masker::default());
/// write!(writer, "password={}\n", "hunter2").unwrap();
/// drop(writer);
/// assert_eq!(log, b"password=***\n");
/// ```
pub struct MaskingWriter<W: Write> {
    inner: W,
    lines: MaskedLines,
    /// The beginning of a line whose end was not written yet.
    pending: Vec<u8>,
}

impl<W: Write> MaskingWriter<W> {
    /// Masks what goes to `inner`.
    pub fn new(inner: W, masker: &Masker) -> Self {
        Self { inner, lines: masker.lines(), pending: Vec::new() }
    }

    fn pass_on(&mut self, line: &[u8]) -> io::Result<()> {
        if self.pending.is_empty() {
            return self.inner.write_all(&self.lines.mask(line));
        }
        self.pending.extend_from_slice(line);
        let pending = std::mem::take(&mut self.pending);
        self.inner.write_all(&self.lines.mask(&pending))
    }
}

impl<W: Write> Write for MaskingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.ends_with(b"\n") || self.pending.len() + line.len() > LONGEST_LINE {
                self.pass_on(line)?;
            } else {
                self.pending.extend_from_slice(line);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.pass_on(&[])?;
        }
        self.inner.flush()
    }
}

impl<W: Write> Drop for MaskingWriter<W> {
    fn drop(&mut self) {
        // Nobody can be told here; who must know flushes.
        let _ = self.flush();
    }
}

impl<W: Write> fmt::Debug for MaskingWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskingWriter").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// A line that is longer is masked in pieces.
const LONGEST_LINE: usize = 16 * 1024 * 1024;
