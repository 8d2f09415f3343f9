//! Standard input, a line at a time, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

/// Reads lines up to a length.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
    line: Vec<u8>,
}

/// One line.
pub(super) enum Line<'l> {
    /// The line without its end.
    Whole(&'l [u8]),
    /// More bytes than the limit. They were read over.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { reader: BufReader::with_capacity(READ, input), limit, line: Vec::new() }
    }

    /// Tells whether the next line is here already, or the input may keep us waiting for it.
    pub(super) fn is_ready(&self) -> bool {
        memchr::memchr(b'\n', self.reader.buffer()).is_some()
    }

    /// Returns the next line, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut is_any, mut is_too_long) = (false, false);
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                break;
            }
            is_any = true;
            let end = memchr::memchr(b'\n', buffer);
            let taken = end.unwrap_or(buffer.len());
            is_too_long |= self.line.len() + taken > self.limit;
            if !is_too_long {
                self.line.extend_from_slice(&buffer[..taken]);
            }
            self.reader.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() {
                break;
            }
        }
        Ok(match (is_any, is_too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(&self.line)),
        })
    }
}

const READ: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(input, limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("a slice can be read") {
            all.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong => None,
            });
        }
        all
    }

    #[test]
    fn lines_come_without_their_ends_and_the_last_one_needs_none() {
        let some = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(lines(b"a\n\nb", 9), [some("a"), some(""), some("b")]);
        assert_eq!(lines(b"a\r\n", 9), [some("a\r")]);
        assert_eq!(lines(b"", 9), [] as [Option<Vec<u8>>; 0]);
    }

    #[test]
    fn what_is_too_long_is_read_over_and_nothing_of_it_kept() {
        let long = [vec![b'x'; 300_000], b"\nshort\n".to_vec()].concat();
        assert_eq!(lines(&long, 5), [None, Some(b"short".to_vec())]);
        assert_eq!(lines(&long[..299_999], 299_998), [None]);
        assert_eq!(lines(&long[..299_999], 299_999)[0].as_ref().map(Vec::len), Some(299_999));
    }
}
