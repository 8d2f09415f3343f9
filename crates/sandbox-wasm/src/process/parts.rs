//! Messages as bytes: numbers of eight bytes, and bytes after their length.

use std::io::{self, Read, Write};
use std::time::Duration;

/// Writes the parts of a message.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

/// Reads the parts of a message, which may be hostile: what is not there is an error, and nothing is set aside for a
/// length before the bytes are known to be there.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl Writer {
    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn time(self, time: Duration) -> Self {
        self.number(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let mut writer = self.number(length(bytes));
        writer.0.extend_from_slice(bytes);
        writer
    }

    /// Sends the message, after its length.
    pub(super) fn send(self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&length(&self.0).to_le_bytes())?;
        to.write_all(&self.0)?;
        to.flush()
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    pub(super) fn number(&mut self) -> io::Result<u64> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    pub(super) fn time(&mut self) -> io::Result<Duration> {
        self.number().map(Duration::from_nanos)
    }

    pub(super) fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| broken())?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(self) -> io::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(broken()) }
    }
}

/// Receives a message that has at most this many bytes.
pub(super) fn receive(from: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(broken());
    }
    let mut message = Vec::new();
    from.take(length).read_to_end(&mut message)?;
    if u64::try_from(message.len()).unwrap_or(u64::MAX) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(message)
}

pub(super) fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no message")
}

pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// What a message has beside the bytes that it carries: its numbers and names.
pub(super) const BESIDE: u64 = 64 * 1024;
