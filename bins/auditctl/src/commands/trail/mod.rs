//! `auditctl trail`: writes, proves and reads the audit trail.

mod append;
mod export;
mod keys;
mod read;
mod verify;

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_custody::{Custody, Error};
use wardkit_tlog::Note;

use super::{could_not_run, print};
use crate::cli::{Place, Trail, TrailCommand};

/// Runs the command.
pub(super) fn run(common: &Common, trail: &Trail) -> Result<ExitCode, Report> {
    let log = Log::new(common, &trail.place)?;
    match &trail.command {
        TrailCommand::Append => append::append(&log),
        TrailCommand::Verify { against, key } => verify::verify(&log, against, key.as_deref()),
        TrailCommand::Show { seq, last } => read::show(&log, *seq, *last),
        TrailCommand::Query(search) => read::query(&log, search),
        TrailCommand::Export(export) => export::export(&log, export),
        TrailCommand::Archive { to, keep } => archive(&log, to, *keep),
        TrailCommand::Anchor => keys::anchor(&log),
        TrailCommand::Key => keys::key(&log),
    }
}

/// The log that a command is about.
struct Log {
    custody: Custody,
    dir: PathBuf,
    archives: Vec<PathBuf>,
    format: Format,
}

impl Log {
    fn new(common: &Common, place: &Place) -> Result<Self, Report> {
        let custody = super::custody(common)?;
        let dir = place.log.clone().unwrap_or_else(|| custody.data_dir().join("trail"));
        Ok(Self { custody, dir, archives: place.archive.clone(), format: common.format })
    }

    /// Reads the newest checkpoint, which nobody has verified yet.
    fn newest_note(&self) -> Result<Note, Report> {
        let hint = "is there a log? name its directory: --log DIR";
        let note = wardkit_auditlog::newest_checkpoint(&self.dir).map_err(could_not_run)?;
        note.ok_or_else(|| {
            could_not_run(format!("no checkpoint in {}", self.dir.display())).with_hint(hint)
        })
    }
}

/// Moves closed segments away.
fn archive(log: &Log, to: &Path, keep: usize) -> Result<ExitCode, Report> {
    let trail = log.custody.trail(&log.dir).map_err(refused)?;
    let moved = trail.archive(to, keep).map_err(refused)?;
    let names: Vec<String> = moved.iter().map(|path| path.display().to_string()).collect();
    print(&match log.format {
        Format::Json => format!("{}\n", serde_json::json!({ "moved": names })),
        Format::Text if names.is_empty() => {
            "nothing to move: no segment is closed and old enough\n".to_owned()
        }
        Format::Text => names.iter().map(|name| escaped(name) + "\n").collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a note from a file.
fn read_note(path: &Path) -> Result<Note, Report> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(Note::MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|source| Unreadable { path: path.to_owned(), source: source.into() })
        .and_then(|_| {
            Note::from_bytes(&bytes)
                .map_err(|source| Unreadable { path: path.to_owned(), source: source.into() })
        })
        .map_err(could_not_run)
}

/// A file that was named on the command line.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
struct Unreadable {
    path: PathBuf,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Reports what keys and log refused, and what to do about it.
pub(super) fn refused(error: Error) -> Report {
    let hint = match &error {
        Error::LogGone { dir, .. }
        | Error::LogReplaced { dir }
        | Error::LogRolledBack { dir, .. } => {
            format!(
                "look: auditctl trail verify --log {}; bring it back from a copy, or, if you took it away on purpose, \
                 remove its directory below keys in the data directory: the next entry begins a new log",
                dir.display()
            )
        }
        Error::LogUnknown { .. } => {
            "name the data directory that the log was begun with: --data-dir DIR".to_owned()
        }
        Error::LogCopied { original, .. } => format!("append there: --log {}", original.display()),
        Error::Log { dir, .. } => format!("look: auditctl trail verify --log {}", dir.display()),
        Error::ForeignOwner { .. } => {
            "run it as the owner: sudo -u OWNER auditctl ...; or name another --data-dir".to_owned()
        }
        Error::WritableByOthers { path, .. } => {
            format!("make it private: chmod go-w {}", path.display())
        }
        Error::ReadableByOthers { path, .. } => {
            format!("make it private: chmod 600 {}", path.display())
        }
        _ => return could_not_run(error),
    };
    could_not_run(error).with_hint(hint)
}

/// Where an answer of many lines goes. A reader that has gone has read enough.
struct Out<W: Write>(BufWriter<W>);

impl<W: Write> Out<W> {
    fn new(writer: W) -> Self {
        Self(BufWriter::with_capacity(64 * 1024, writer))
    }

    fn line(&mut self, line: &[u8]) -> Result<ControlFlow<()>, Report> {
        let written = self.0.write_all(line).and_then(|()| self.0.write_all(b"\n"));
        goes_on(written)
    }

    fn finish(&mut self) -> Result<(), Report> {
        goes_on(self.0.flush()).map(drop)
    }
}

fn goes_on(written: io::Result<()>) -> Result<ControlFlow<()>, Report> {
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(could_not_run(error)),
    }
}
