//! Series in CSV files: a row at a time, in bounded memory, whatever the bytes are.

use std::io::{self, ErrorKind, Read};
use std::str::FromStr as _;

use memchr::memchr;
use wardkit_core::Timestamp;

/// Reads the columns `timestamp` and `value`, wherever they stand.
#[derive(Debug)]
pub(super) struct Series<R> {
    rows: Rows<R>,
    timestamp: usize,
    value: usize,
}

/// One row of a series.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    /// The field as it is in the file.
    pub timestamp: String,
    /// The field as it is in the file.
    pub value: String,
    /// What the fields mean, or why they mean nothing. The value may be infinite or not a number.
    pub read: Result<(Timestamp, f64), &'static str>,
}

/// Why a file is no series.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSeries {
    #[error("the file is empty: it needs a header with the columns timestamp and value")]
    Empty,
    #[error("the header is not CSV: {0}")]
    Header(&'static str),
    #[error("the header has no column `{column}`; it has: {header}")]
    Missing { column: &'static str, header: String },
    #[error("the header has the column `{0}` twice")]
    Twice(&'static str),
    #[error("it cannot be read")]
    Read(#[source] io::Error),
}

impl<R: Read> Series<R> {
    /// Reads the header.
    pub(super) fn open(input: R) -> Result<Self, NoSeries> {
        let mut rows = Rows::new(input);
        rows.skip_mark().map_err(NoSeries::Read)?;
        let header = match rows.next().map_err(NoSeries::Read)? {
            None => return Err(NoSeries::Empty),
            Some(Row::Broken(why)) => return Err(NoSeries::Header(why)),
            Some(Row::Fields(fields)) => fields,
        };
        let column = |name: &'static str| {
            let mut places =
                (0..header.len()).filter(|at| header[*at].trim().eq_ignore_ascii_case(name));
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => Err(NoSeries::Twice(name)),
                (None, _) => {
                    let header = header.join(", ").chars().take(SHOWN).collect();
                    Err(NoSeries::Missing { column: name, header })
                }
            }
        };
        let (timestamp, value) = (column("timestamp")?, column("value")?);
        Ok(Self { rows, timestamp, value })
    }

    /// Returns the next row, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Sample>> {
        Ok(self.rows.next()?.map(|row| match row {
            Row::Fields(mut fields) => {
                let mut take = |at: usize| fields.get_mut(at).map(std::mem::take);
                let (timestamp, value) = (take(self.timestamp), take(self.value));
                let read = read(timestamp.as_deref(), value.as_deref());
                Sample {
                    timestamp: timestamp.unwrap_or_default(),
                    value: value.unwrap_or_default(),
                    read,
                }
            }
            Row::Broken(why) => {
                Sample { timestamp: String::new(), value: String::new(), read: Err(why) }
            }
        }))
    }

    /// Tells whether the next row is here already, or the input may keep us waiting for it.
    pub(super) fn is_ready(&self) -> bool {
        memchr(b'\n', &self.rows.buffer[self.rows.start..]).is_some()
    }
}

/// Writes a field as CSV wants it.
pub(super) fn quoted(field: &str, out: &mut String) {
    if field.contains(['"', ',', '\n', '\r']) {
        out.push('"');
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
}

fn read(timestamp: Option<&str>, value: Option<&str>) -> Result<(Timestamp, f64), &'static str> {
    let timestamp = timestamp.ok_or("the row has no timestamp")?.trim();
    let value = value.ok_or("the row has no value")?.trim();
    let at = time(timestamp).ok_or("the timestamp is not understood")?;
    let value = value.parse::<f64>().map_err(|_| "the value is not a number")?;
    Ok((at, value))
}

/// Reads RFC 3339, the same without a zone, which is UTC, or seconds since 1970.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = Timestamp::from_str(text).or_else(|_| Timestamp::from_str(&format!("{text}Z")))
    {
        return Some(at);
    }
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let seconds = text.parse::<f64>().ok().filter(|_| is_plain)?;
    // Whole seconds are exact; 2^53 of them are beyond what a timestamp holds.
    let (whole, part) = (seconds.floor(), seconds - seconds.floor());
    if whole.abs() > LATEST {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within a timestamp's range")]
    let (whole, nanos) = (whole as i64, (part * 1e9).round() as i64);
    Some(Timestamp::from_unix_nanos(whole * 1_000_000_000 + nanos.min(999_999_999)))
}

/// A row of a CSV file.
#[derive(Debug, PartialEq)]
enum Row {
    Fields(Vec<String>),
    /// The line is none, for this reason.
    Broken(&'static str),
}

/// Splits rows as RFC 4180 has them. A quoted field may go over lines, but a line whose quote is never closed properly
/// breaks that line alone, not all that follow.
#[derive(Debug)]
struct Rows<R> {
    input: R,
    chunk: Box<[u8]>,
    /// What was read of the row that begins at `start`, and after it.
    buffer: Vec<u8>,
    start: usize,
    is_ended: bool,
}

/// What the buffer holds of a row.
enum Split {
    /// The row, and where the next one begins.
    Row(Row, usize),
    /// More is needed to tell.
    Unfinished,
}

impl<R: Read> Rows<R> {
    fn new(input: R) -> Self {
        let chunk = vec![0; READ].into_boxed_slice();
        Self { input, chunk, buffer: Vec::new(), start: 0, is_ended: false }
    }

    /// Passes over the byte order mark.
    fn skip_mark(&mut self) -> io::Result<()> {
        while self.buffer.len() < MARK.len() && !self.is_ended {
            self.fill()?;
        }
        if self.buffer.starts_with(MARK) {
            self.start = MARK.len();
        }
        Ok(())
    }

    /// Returns the next row that is not blank, or `None` at the end.
    fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let rest = &self.buffer[self.start..];
            if rest.is_empty() && self.is_ended {
                return Ok(None);
            }
            match split(rest, self.is_ended) {
                Split::Unfinished if rest.len() > LONGEST => return self.overlong().map(Some),
                Split::Unfinished => self.fill()?,
                Split::Row(row, length) => {
                    let is_blank = matches!(rest[..length], [b'\n' | b'\r'] | [b'\r', b'\n']);
                    self.start += length;
                    if !is_blank {
                        return Ok(Some(row));
                    }
                }
            }
        }
    }

    /// Gives up a row that is longer than any should be: its first line, wherever that ends.
    fn overlong(&mut self) -> io::Result<Row> {
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[self.start..]) {
                self.start += end + 1;
                break;
            }
            self.start = self.buffer.len();
            if self.is_ended {
                break;
            }
            self.fill()?;
        }
        Ok(Row::Broken("the row is longer than 64 KiB, or a quote in it is not closed"))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = loop {
            match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.buffer.extend_from_slice(&self.chunk[..read]);
        self.is_ended = read == 0;
        Ok(())
    }
}

/// Splits the first row off.
fn split(text: &[u8], is_ended: bool) -> Split {
    let (mut fields, mut at) = (Vec::new(), 0);
    loop {
        let (field, end) = match text.get(at) {
            Some(b'"') => match closed(text, at + 1, is_ended) {
                Closed::At(quote) => {
                    let field = String::from_utf8_lossy(&text[at + 1..quote]).replace("\"\"", "\"");
                    (field, quote + 1)
                }
                Closed::Unfinished => return Split::Unfinished,
                Closed::Never => return broken(text, is_ended),
            },
            _ => match text[at..].iter().position(|byte| matches!(byte, b',' | b'\n')) {
                None if !is_ended => return Split::Unfinished,
                found => {
                    let end = found.map_or(text.len(), |found| at + found);
                    let is_last = text.get(end) != Some(&b',');
                    let field = &text[at..end];
                    let field =
                        if is_last { field.strip_suffix(b"\r").unwrap_or(field) } else { field };
                    (String::from_utf8_lossy(field).into_owned(), end)
                }
            },
        };
        fields.push(field);
        match &text[end..] {
            [b',', ..] => at = end + 1,
            [b'\r', b'\n', ..] => return Split::Row(Row::Fields(fields), end + 2),
            [b'\n', ..] => return Split::Row(Row::Fields(fields), end + 1),
            _ => return Split::Row(Row::Fields(fields), text.len()),
        }
    }
}

enum Closed {
    At(usize),
    Unfinished,
    Never,
}

/// Finds the quote that closes a field: the next that is not doubled, if a comma or the end of the line follows.
fn closed(text: &[u8], mut at: usize, is_ended: bool) -> Closed {
    let open = if is_ended { Closed::Never } else { Closed::Unfinished };
    loop {
        let Some(quote) = memchr(b'"', &text[at..]).map(|found| at + found) else { return open };
        match &text[quote + 1..] {
            [b'"', ..] => at = quote + 2,
            [b',' | b'\n', ..] | [b'\r', b'\n', ..] => return Closed::At(quote),
            [] | [b'\r'] if is_ended => return Closed::At(quote),
            [] | [b'\r'] => return Closed::Unfinished,
            _ => return Closed::Never,
        }
    }
}

/// Takes the first line for a row that is none.
fn broken(text: &[u8], is_ended: bool) -> Split {
    let length = match memchr(b'\n', text) {
        Some(end) => end + 1,
        None if is_ended => text.len(),
        None => return Split::Unfinished,
    };
    Split::Row(Row::Broken("a quote in the row is not closed"), length)
}

const MARK: &[u8] = b"\xef\xbb\xbf";
/// A row that goes on for longer is given up.
const LONGEST: usize = 64 * 1024;
const READ: usize = 64 * 1024;
/// How much of a header that is no use is shown, in characters.
const SHOWN: usize = 200;
/// The last second that a timestamp has nanoseconds for, in 2262.
const LATEST: f64 = 9_223_372_035.0;

#[cfg(test)]
mod tests;
