//! The samples of the window that is open, on the disk: what a kill would lose without it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Error;
use super::bytes::{Bytes, put, put_signed};
use super::disk::{self, Kind};
use super::frame::{self, Frame};
use super::window::Window;
use super::xor::{self, Op, OpenRun, Ops};

/// The file that every moment is appended to.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    pub(super) number: u32,
    /// Up to where it is whole.
    pub(super) length: u64,
    unsynced: bool,
    buffer: Vec<u8>,
}

impl Journal {
    /// Creates one that begins with what the window holds.
    pub(super) fn create(dir: &Path, number: u32, window: &Window) -> Result<Self, Error> {
        let path = Kind::Journal.path(dir, number);
        let draft = path.with_extension("draft");
        let failed = |source| Error::Write { path: draft.clone(), source };
        let mut buffer = Vec::new();
        frame::put(&mut buffer, Frame::Window, |out| window.encode(out));
        let file = disk::open(&draft)?;
        let written = file
            .set_len(0)
            .and_then(|()| disk::write(&file, &buffer, 0))
            .and_then(|()| file.sync_data())
            .and_then(|()| std::fs::rename(&draft, &path));
        if let Err(error) = written {
            // What was written of it takes room on a disk that may have none.
            let _ = std::fs::remove_file(&draft);
            return Err(failed(error));
        }
        disk::sync_dir(dir)?;
        let length = buffer.len() as u64;
        Ok(Self { file, path, number, length, unsynced: false, buffer: Vec::new() })
    }

    /// Opens one and reads its window; what is not whole at its end is cut off and told of.
    pub(super) fn open(dir: &Path, number: u32) -> Result<(Self, Window, Option<String>), Error> {
        let path = Kind::Journal.path(dir, number);
        let bytes =
            std::fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let file = disk::open(&path)?;
        let (mut window, mut rest) = (Window::default(), &bytes[..]);
        while let Some((kind, payload, after)) = frame::split(rest) {
            let whole = match kind {
                Frame::Window => Window::decode(payload).map(|found| window = found),
                Frame::Tick => replay(payload, &mut window),
                _ => None,
            };
            if whole.is_none() {
                break;
            }
            rest = after;
        }
        let length = (bytes.len() - rest.len()) as u64;
        let mut journal = Self { file, path, number, length, unsynced: false, buffer: Vec::new() };
        let mut damage = None;
        if !rest.is_empty() {
            let path = journal.path.display();
            damage = Some(format!("{path} ends within a moment: cut {} bytes", rest.len()));
            journal.file.set_len(length).map_err(|source| journal.failed(source))?;
        }
        if length == 0 {
            // Without the first frame nothing that is appended could be read.
            journal = Self::create(dir, number, &window)?;
        }
        Ok((journal, window, damage))
    }

    /// Appends the samples of a moment: what each series is, by place, those that are new last.
    pub(super) fn append(&mut self, at: i64, fresh: &[&str], row: &[Op]) -> Result<(), Error> {
        self.buffer.clear();
        frame::put(&mut self.buffer, Frame::Tick, |out| {
            put_signed(out, at);
            put(out, fresh.len() as u64);
            for key in fresh {
                put(out, key.len() as u64);
                out.extend_from_slice(key.as_bytes());
            }
            let mut run = OpenRun::default();
            for op in row {
                xor::push(out, &mut run, *op);
            }
        });
        if let Err(source) = disk::write(&self.file, &self.buffer, self.length) {
            // A part of it may be there, and take room on a disk that has none.
            let _ = self.file.set_len(self.length);
            return Err(self.failed(source));
        }
        self.length += self.buffer.len() as u64;
        self.unsynced = true;
        Ok(())
    }

    /// Makes what was appended last. A file that somebody deleted holds nothing for the next start, and is an error.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced {
            let synced = self.file.sync_data().and_then(|()| disk::has_name(&self.file));
            synced.map_err(|source| self.failed(source))?;
            self.unsynced = false;
        }
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Write { path: self.path.clone(), source }
    }
}

fn replay(payload: &[u8], window: &mut Window) -> Option<()> {
    let mut bytes = Bytes(payload);
    let at = bytes.signed()?;
    if window.ticks.last().is_some_and(|last| *last >= at) {
        return None;
    }
    for _ in 0..bytes.count(payload.len())? {
        let length = bytes.count(payload.len())?;
        let key = std::str::from_utf8(bytes.take(length)?).ok()?;
        window.place(key, usize::MAX)?;
    }
    window.tick(at);
    let places = window.columns.len();
    for (place, op) in Ops::new(bytes.0).take(places).enumerate() {
        if op != Op::Absent {
            window.push(u32::try_from(place).ok()?, op);
        }
    }
    Some(())
}
