//! Lines of foreign text, one at a time.

use std::io::{BufRead, Read as _};
use std::sync::Arc;

use crate::Error;

/// What is wrong with a line.
pub(super) type Problem = &'static str;

/// Hands out lines of bounded length.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0 }
    }

    /// Calls `each` with every line, without its end, until one is at fault.
    pub(super) fn each(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), Problem>,
    ) -> Result<(), Error> {
        while self.next()? {
            each(&self.line).map_err(|reason| self.at_fault(reason))?;
        }
        Ok(())
    }

    pub(super) const fn at_fault(&self, reason: Problem) -> Error {
        Error::List { line: self.number, reason }
    }

    fn next(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let mut bounded = self.reader.by_ref().take(MAX_LINE);
        let read = bounded
            .read_until(b'\n', &mut self.line)
            .map_err(|source| Error::ReadList(Arc::new(source)))?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() as u64 == MAX_LINE {
            return Err(self.at_fault("is longer than 256 KiB"));
        }
        Ok(true)
    }
}

/// The longest path that the system takes at once, each byte of it escaped, and the rest of the line several times.
const MAX_LINE: u64 = 256 * 1024;
