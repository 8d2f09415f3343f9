//! A log file that rotates itself: what programs write, within a budget of disk.
//!
//! ```
//! use wardkit_core::SystemClock;
//! use wardkit_logs::writer::{Limits, Writer, last_lines};
//!
//! # let dir = tempfile::tempdir()?;
//! let path = dir.path().join("bot.log");
//! let mut writer = Writer::open(&path, Limits::default(), &SystemClock)?;
//! let written = writer.write(&SystemClock, b"started\nanswered /start in 17 ms\nunfini")?;
//! assert_eq!(written.taken, 33); // whole lines; what is left comes again with its end
//! assert_eq!(last_lines(&path, 1)?, [b"answered /start in 17 ms".to_vec()]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod limits;
#[cfg(target_os = "linux")]
mod pipe;
mod rate;
mod read;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use memchr::{memchr, memrchr};
use rustix::fs::OFlags;
use wardkit_core::{Clock, Timestamp};

use crate::Error;
use crate::file::FileId;
use rate::Bucket;

pub use archive::{Compression, hold_budget, next_compression};
pub use limits::{Limits, Rate, Sync};
#[cfg(target_os = "linux")]
pub use pipe::{Peek, discard};
pub use read::last_lines;

/// A log file that rotates itself.
///
/// It keeps nothing in memory: what it took is in the file, and what it did not take is still with the caller, who may
/// leave it in a pipe. So a program that is killed between two calls loses no line.
///
/// What could not be written, and what was more than the limit of the service, is left out, counted, and marked in the
/// file by a line of its own at the place where it is missing.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    limits: Limits,
    file: File,
    id: FileId,
    length: u64,
    /// Its last line has no end yet.
    is_open: bool,
    /// When the file was begun.
    begun: Timestamp,
    /// When what was written was last made durable.
    synced: Duration,
    is_dirty: bool,
    rate: Option<Bucket>,
    left_out: LeftOut,
}

/// What a call of [`Writer::write`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// How many bytes need not come again.
    pub taken: usize,
    /// How many lines of them were left out, because they were more than the limit.
    pub left_out: u64,
    /// Whether the file was exchanged; see [`Writer::compression`].
    pub rotated: bool,
}

/// What is missing in the file and not marked there yet.
#[derive(Clone, Debug, Default)]
struct LeftOut {
    lines: u64,
    bytes: u64,
    reason: String,
}

impl Writer {
    /// Opens the file, or begins it. Its directory must be there.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong with the limits, or why the file cannot be opened. A symbolic link is not
    /// followed.
    pub fn open(path: &Path, limits: Limits, clock: &dyn Clock) -> Result<Self, Error> {
        limits.check()?;
        let open = |error| Error::Open { path: path.to_owned(), source: error };
        let (file, id, length) = open_file(path).map_err(open)?;
        let is_open = is_open(&file, length).map_err(open)?;
        let begun = if length == 0 { clock.now() } else { begun_at(&file, clock.now()) };
        let room = limits.budget.saturating_sub(length);
        archive::tidy(path, limits.keep, room).map_err(open)?;
        let rate = limits.rate.map(|rate| Bucket::new(rate, clock.uptime()));
        let synced = clock.uptime();
        Ok(Self {
            path: path.to_owned(),
            limits,
            file,
            id,
            length,
            is_open,
            begun,
            synced,
            is_dirty: false,
            rate,
            left_out: LeftOut::default(),
        })
    }

    /// Writes the whole lines of `chunk`, and says how many bytes that were. The rest must come again, with what
    /// follows it; of a line longer than [`Limits::max_line`] a part is taken.
    ///
    /// # Errors
    ///
    /// When it cannot be written: then nothing was taken and nothing of it stands in the file. The caller tries again
    /// or gives it up with [`Writer::skip`].
    pub fn write(&mut self, clock: &dyn Clock, chunk: &[u8]) -> io::Result<Written> {
        let end = match memrchr(b'\n', chunk) {
            Some(place) => place + 1,
            None if chunk.len() >= self.limits.max_line => chunk.len(),
            None => return Ok(Written::default()),
        };
        self.take(clock, &chunk[..end])
    }

    /// Writes all of `chunk`, and ends its last line if it has no end: nothing will follow.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    pub fn finish(&mut self, clock: &dyn Clock, chunk: &[u8]) -> io::Result<Written> {
        if chunk.is_empty() || chunk.ends_with(b"\n") {
            return self.write(clock, chunk);
        }
        let mut whole = chunk.to_vec();
        whole.push(b'\n');
        let written = self.take(clock, &whole)?;
        Ok(Written { taken: written.taken.min(chunk.len()), ..written })
    }

    /// Leaves `chunk` out; the file says so, and why, where it goes on.
    pub fn skip(&mut self, chunk: &[u8], reason: &str) {
        self.leave_out(chunk, reason);
    }

    /// Ends the last line if it has no end, and says what is missing: what follows is another's.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn end(&mut self) -> io::Result<()> {
        self.end_line()?;
        self.write_mark()
    }

    /// Writes a line of the log's own: what an operator should know at this place. It counts for no limit.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.end()?;
        self.write_here(format!("wardkit: {text}\n").as_bytes())
    }

    /// Exchanges a file that is too old, opens anew one that was taken away, and makes durable what is due. Call it
    /// about once a second.
    ///
    /// # Errors
    ///
    /// When the file cannot be exchanged, opened or made durable. What was written before stays.
    pub fn tick(&mut self, clock: &dyn Clock) -> io::Result<bool> {
        self.reopen_if_gone(clock)?;
        let age = clock.now().duration_since(self.begun).unwrap_or_default();
        let rotated = self.length > 0 && self.limits.max_age.is_some_and(|most| age >= most);
        if rotated {
            self.rotate(clock)?;
        }
        if let Sync::Every(period) = self.limits.sync
            && self.is_dirty
            && clock.uptime().saturating_sub(self.synced) >= period
        {
            self.file.sync_data()?;
            (self.is_dirty, self.synced) = (false, clock.uptime());
        }
        Ok(rotated)
    }

    /// Returns in how much time [`Writer::tick`] has something to do even if nothing is written until then.
    #[must_use]
    pub fn due(&self, clock: &dyn Clock) -> Option<Duration> {
        let sync = match self.limits.sync {
            Sync::Every(period) if self.is_dirty => {
                Some((self.synced + period).saturating_sub(clock.uptime()))
            }
            _ => None,
        };
        let age = self.limits.max_age.filter(|_| self.length > 0).map(|most| {
            most.saturating_sub(clock.now().duration_since(self.begun).unwrap_or_default())
        });
        sync.into_iter().chain(age).min()
    }

    /// Returns the next file that waits to be compressed. Run it on a thread that may block, then ask again.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        self.limits.compress.then(|| next_compression(&self.path)).flatten()
    }

    /// Removes the oldest files until there are no more, and no more of them, than the limits allow; returns how many
    /// it removed. The current file stays.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read or a file cannot be removed.
    pub fn hold(&mut self) -> io::Result<usize> {
        let room = self.limits.budget.saturating_sub(self.length);
        archive::hold(&self.path, self.limits.keep, room)
    }

    /// The path of the current file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn take(&mut self, clock: &dyn Clock, lines: &[u8]) -> io::Result<Written> {
        let mut written = Written { taken: lines.len(), ..Written::default() };
        let (allowed, refused) = match &mut self.rate {
            Some(bucket) => lines.split_at(bucket.allow(clock.uptime(), lines)),
            None => (lines, [].as_slice()),
        };
        if !allowed.is_empty() {
            if self.must_rotate(allowed.len()) {
                self.rotate(clock)?;
                written.rotated = true;
            }
            self.append(allowed)?;
        }
        if !refused.is_empty() {
            written.left_out = self.leave_out(refused, TOO_FAST);
        }
        Ok(written)
    }

    /// A file may be longer than it should by one chunk, but a line is never in two files.
    fn must_rotate(&self, more: usize) -> bool {
        self.length > 0 && self.length + more as u64 > self.limits.max_bytes
    }

    /// Appends all of it or nothing, and before it what is missing.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        // Somebody may have emptied the file in place.
        self.length = self.file.metadata()?.len();
        self.write_mark()?;
        self.write_here(lines)?;
        self.is_open = !lines.ends_with(b"\n");
        Ok(())
    }

    fn end_line(&mut self) -> io::Result<()> {
        if self.is_open {
            self.write_here(b"\n")?;
            self.is_open = false;
        }
        Ok(())
    }

    /// Says what is missing here.
    fn write_mark(&mut self) -> io::Result<()> {
        if self.left_out.lines > 0 {
            self.end_line()?;
            self.write_here(self.left_out.mark().as_bytes())?;
            self.left_out = LeftOut::default();
        }
        Ok(())
    }

    /// Appends all of it or nothing.
    fn write_here(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all_at(bytes, self.length) {
            // Half a line would be read as one. If this fails as well, the next line follows the half.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        self.is_dirty = true;
        Ok(())
    }

    fn leave_out(&mut self, chunk: &[u8], reason: &str) -> u64 {
        let lines = memchr::memchr_iter(b'\n', chunk).count() as u64
            + u64::from(!chunk.is_empty() && !chunk.ends_with(b"\n"));
        self.left_out.lines += lines;
        self.left_out.bytes += chunk.len() as u64;
        reason.clone_into(&mut self.left_out.reason);
        lines
    }

    fn rotate(&mut self, clock: &dyn Clock) -> io::Result<()> {
        if self.limits.sync != Sync::Never {
            self.file.sync_data()?;
        }
        archive::put_aside(&self.path)?;
        self.begin(clock)?;
        self.hold()?;
        Ok(())
    }

    fn begin(&mut self, clock: &dyn Clock) -> io::Result<()> {
        (self.file, self.id, self.length) = open_file(&self.path)?;
        (self.begun, self.is_dirty) = (clock.now(), false);
        self.is_open = is_open(&self.file, self.length)?;
        Ok(())
    }

    fn reopen_if_gone(&mut self, clock: &dyn Clock) -> io::Result<()> {
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) if FileId::of(&found) == self.id => {
                // Somebody may have emptied it in place.
                self.length = found.len();
                Ok(())
            }
            Ok(_) => self.begin(clock),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.begin(clock),
            Err(error) => Err(error),
        }
    }
}

impl LeftOut {
    fn mark(&self) -> String {
        let Self { lines, bytes, reason } = self;
        format!("wardkit: {lines} lines of {bytes} bytes are left out here: {reason}\n")
    }
}

fn open_file(path: &Path) -> io::Result<(File, FileId, u64)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o640)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, FileId::of(&metadata), metadata.len()))
}

/// Tells whether its last line has no end.
fn is_open(file: &File, length: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok(last != [b'\n'])
}

/// When a file that was there was begun: when it was made, where the file system knows that.
fn begun_at(file: &File, now: Timestamp) -> Timestamp {
    let made = file.metadata().and_then(|data| data.created().or_else(|_| data.modified()));
    made.map_or(now, |made| Timestamp::from(made).min(now))
}

/// Where the first line of `bytes` ends, its end included.
fn line_end(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).map_or(bytes.len(), |place| place + 1)
}

const TOO_FAST: &str = "more than its limit a second";
