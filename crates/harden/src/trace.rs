//! Needs from what `strace -f -y` wrote.

mod call;
mod files;
mod line;
mod sockets;

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Serialize;

use crate::{Error, Needs, Network};
use line::{Line, Words};

/// Reads what strace wrote and collects what was needed.
///
/// ```
/// use wardkit_harden::{Place, Trace};
///
/// let text = b"71 openat(AT_FDCWD, \"/etc/hosts\", O_RDONLY) = 3\n71 +++ exited with 0 +++\n";
/// let trace = Trace::read(&text[..])?;
/// assert!(trace.needs.files.contains_key(&Place::new("/etc/hosts")?));
/// assert_eq!(trace.calls, 1);
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Trace {
    /// What was needed.
    pub needs: Needs,
    /// How many system calls there were.
    pub calls: u64,
    /// What could not be taken into the needs.
    pub skipped: Skipped,
}

/// What of a trace could not be taken into the needs. Where it is not all zero the needs may be too small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Skipped {
    /// Lines that are no lines of strace, or are cut.
    pub lines: u64,
    /// Paths whose directory is not known: strace was run without `-y`.
    pub relative_paths: u64,
    /// Paths that cannot stand in a profile.
    pub odd_paths: u64,
    /// Calls with names that no architecture here has.
    pub unknown_calls: u64,
    /// Uses of files beyond the first thirty thousand places.
    pub surplus: u64,
}

impl Trace {
    /// Reads a trace to its end. Lines may hold anything; what is no line of strace is counted and left out.
    ///
    /// # Errors
    ///
    /// [`Error::Trace`] when it cannot be read, [`Error::EmptyTrace`] when there is no call in it.
    pub fn read(mut from: impl BufRead) -> Result<Self, Error> {
        let mut reader = Reader::default();
        reader.trace.needs.network = Some(Network::default());
        let mut line = Vec::new();
        loop {
            line.clear();
            let (is_end, is_whole) = next_line(&mut from, &mut line).map_err(Error::Trace)?;
            if !line.is_empty() {
                // Paths that are no UTF-8 are escaped by strace itself.
                reader.line(&String::from_utf8_lossy(&line), is_whole);
            }
            if is_end {
                break;
            }
        }
        if reader.trace.calls == 0 { Err(Error::EmptyTrace) } else { Ok(reader.trace) }
    }
}

#[derive(Default)]
struct Reader {
    trace: Trace,
    /// The beginnings of calls that others came between, by process.
    begun: BTreeMap<u32, String>,
    begun_bytes: usize,
    /// Where processes are, as far as that is known.
    directories: BTreeMap<u32, String>,
}

impl Reader {
    fn line(&mut self, text: &str, is_whole: bool) {
        let (process, line) = line::read(text);
        match line {
            Line::Nothing => {}
            Line::Odd => self.trace.skipped.lines += 1,
            Line::Begun(head) => {
                // One that was never ended is forgotten.
                self.taken(process);
                if self.begun_bytes + head.len() <= MOST_BEGUN {
                    self.begun_bytes += head.len();
                    self.begun.insert(process, head.to_owned());
                } else {
                    self.trace.skipped.lines += 1;
                }
            }
            Line::Resumed { name, rest } => match self.taken(process) {
                Some(head) if head.starts_with(name) => {
                    self.call(process, &format!("{head}{rest}"), is_whole);
                }
                _ => self.trace.skipped.lines += 1,
            },
            Line::Call(call) => self.call(process, call, is_whole),
        }
    }

    /// Returns what a process began last.
    fn taken(&mut self, process: u32) -> Option<String> {
        let head = self.begun.remove(&process)?;
        self.begun_bytes -= head.len();
        Some(head)
    }

    fn call(&mut self, process: u32, text: &str, is_whole: bool) {
        let Some((name, arguments)) = text.split_once('(') else { return };
        let Some(words) = Words::of(arguments) else {
            self.trace.skipped.lines += 1;
            return;
        };
        if !is_whole {
            self.trace.skipped.lines += 1;
        }
        self.trace.calls += 1;
        call::take(self, process, name, &words);
    }
}

/// Reads a line without its end, as much of it as is looked at. Returns whether the input ended, and whether the line
/// is whole.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<(bool, bool)> {
    let mut is_whole = true;
    loop {
        let buffer = match from.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok((true, is_whole));
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let piece = &buffer[..end.unwrap_or(buffer.len())];
        let room = LONGEST_LINE.saturating_sub(line.len());
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        is_whole &= piece.len() <= room;
        let taken = end.map_or(buffer.len(), |end| end + 1);
        from.consume(taken);
        if end.is_some() {
            return Ok((false, is_whole));
        }
    }
}

/// Two paths of the greatest length, each byte written in four letters, fit.
const LONGEST_LINE: usize = 64 * 1024;
/// The beginnings of calls that wait for their ends, in all.
const MOST_BEGUN: usize = 16 << 20;
/// The processes whose directories are remembered: more than a bot has.
const MOST_PROCESSES: usize = 1 << 14;
/// What a profile could still be made of.
const MOST_PLACES: usize = 30_000;
