//! An audit log under the keys that are kept for it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardkit_auditlog::{Durability, Entry, Error as LogError, Log, LogOptions, Receipt};
use wardkit_core::Clock as _;
use wardkit_tlog::{Epoch, TreeHead, VerifierKey};

use crate::custody::{Custody, first_certificate, resolve};
use crate::files::make_dir;
use crate::keyring::{Keys, Place, lock_all};
use crate::mask::Recognised;
use crate::{Error, Keyring, Seen, Subject};

/// An audit log under the keys that are kept for it, and that change each day.
///
/// A handle that is cheap to clone, for many threads, beside other processes. Every call blocks until the file system
/// has answered.
#[derive(Clone)]
pub struct Trail(Arc<Inner>);

struct Inner {
    custody: Custody,
    dir: PathBuf,
    keyring: Keyring,
    open: Mutex<Open>,
}

/// The log under the key of one day.
#[derive(Clone)]
struct Open {
    log: Log,
    epoch: Epoch,
    /// How often the log was opened before.
    turn: u64,
}

impl Trail {
    pub(crate) fn open(custody: &Custody, log: &Path) -> Result<Self, Error> {
        custody.make_data_dir()?;
        let keys = custody.keys();
        let all = lock_all(&keys)?;
        let found = custody.find(&resolve(log), &[])?;
        check_place(custody, &resolve(log), found.as_ref())?;
        make_dir(log)?;
        let dir = resolve(log);
        let keyring = found.map_or_else(
            || {
                let name = format!("{}/trail", custody.host());
                Keyring::create(&keys, Place::Log(&dir), &name, Arc::clone(custody.clock()))
            },
            Ok,
        )?;
        drop(all);
        let lock = keyring.lock()?;
        if keyring.log()?.as_deref() != Some(&dir) {
            keyring.set_log(&lock, &dir)?;
        }
        drop(lock);
        let open = Mutex::new(open_log(custody, &dir, &keyring, 0)?);
        let trail = Self(Arc::new(Inner { custody: custody.clone(), dir, keyring, open }));
        trail.check_seen()?;
        Ok(trail)
    }

    /// Appends entries next to each other, all or none, and returns when they are as durable as asked.
    ///
    /// # Errors
    ///
    /// When an entry is malformed, or the file system refuses: then nothing was acknowledged.
    pub fn append(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        durability: Durability,
    ) -> Result<Vec<Receipt>, Error> {
        let entries: Vec<Entry> = entries.into_iter().collect();
        self.with_log(|log| log.append_all(entries.iter().cloned(), durability))
    }

    /// Makes durable what was only written, writes a checkpoint that is due, changes the key when its day is over, and
    /// returns the head of the tree.
    ///
    /// # Errors
    ///
    /// When the file system refuses, or another process changed what was written.
    pub fn maintain(&self) -> Result<TreeHead, Error> {
        let open = self.current();
        let today = Epoch::of(self.0.custody.clock().now().as_unix_seconds());
        if today > open.epoch {
            self.reopen(open.turn)?;
        }
        self.with_log(Log::maintain)
    }

    /// Makes everything durable, with a checkpoint over it, remembers its head, and returns it: before a program ends.
    ///
    /// # Errors
    ///
    /// As [`maintain`](Self::maintain) does, and when the head cannot be remembered.
    pub fn seal(&self) -> Result<TreeHead, Error> {
        self.with_log(Log::seal)?;
        self.remember()
    }

    /// Remembers the head of the newest checkpoint, and returns it.
    ///
    /// # Errors
    ///
    /// When the file system refuses, or another head of the same size was remembered.
    pub fn remember(&self) -> Result<TreeHead, Error> {
        let head = self.head();
        self.seen().advance(Subject::Log(self.identity()), head)?;
        Ok(head)
    }

    /// Returns the head of the newest checkpoint that this handle knows of.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.current().log.head()
    }

    /// Moves closed segments to another directory, all but the last `kept`: see [`Log::archive`].
    ///
    /// # Errors
    ///
    /// When the file system refuses.
    pub fn archive(&self, to: impl AsRef<Path>, kept: usize) -> Result<Vec<PathBuf>, Error> {
        self.with_log(|log| log.archive(to.as_ref(), kept))
    }

    /// Returns the public key of the log's identity.
    #[must_use]
    pub fn identity(&self) -> &VerifierKey {
        self.0.keyring.identity()
    }

    /// Returns the log's directory, without links.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    fn seen(&self) -> Seen {
        self.0.custody.seen()
    }

    /// Refuses a log that was taken back to an earlier state, and remembers one that begins.
    fn check_seen(&self) -> Result<(), Error> {
        let head = self.with_log(Log::maintain)?;
        let Some(seen) = self.seen().last(Subject::Log(self.identity()))? else {
            return self.remember().map(drop);
        };
        if head.size < seen.number {
            let (seen, found) = (seen.number, head.size);
            return Err(Error::LogRolledBack { dir: self.0.dir.clone(), seen, found });
        }
        if head.size == seen.number && head.root != seen.root {
            return Err(Error::LogReplaced { dir: self.0.dir.clone() });
        }
        Ok(())
    }

    fn with_log<T>(&self, run: impl Fn(&Log) -> Result<T, LogError>) -> Result<T, Error> {
        for _ in 0..MOST_REOPENED {
            let open = self.current();
            match run(&open.log) {
                // Another process changed the key, and wrote on.
                Err(LogError::UnknownKey { .. }) => self.reopen(open.turn)?,
                other => return other.map_err(Error::log(&self.0.dir)),
            }
        }
        run(&self.current().log).map_err(Error::log(&self.0.dir))
    }

    /// Opens the log with the keys as they are now, unless somebody did since `turn`.
    fn reopen(&self, turn: u64) -> Result<(), Error> {
        let mut open = self.lock();
        if open.turn == turn {
            *open = open_log(&self.0.custody, &self.0.dir, &self.0.keyring, turn + 1)?;
        }
        Ok(())
    }

    fn current(&self) -> Open {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").field("dir", &self.0.dir).finish_non_exhaustive()
    }
}

/// Refuses to begin a log where one was, or to go on with one that is not ours.
fn check_place(custody: &Custody, log: &Path, keyring: Option<&Keyring>) -> Result<(), Error> {
    let dir = log.to_owned();
    let is_there = has_log(log);
    let Some(keyring) = keyring else {
        let keys = custody.keys();
        return if is_there { Err(Error::LogUnknown { dir, keys }) } else { Ok(()) };
    };
    if !is_there {
        let seen = custody.seen().last(Subject::Log(keyring.identity()))?;
        return seen.map_or(Ok(()), |seen| Err(Error::LogGone { dir, size: seen.number }));
    }
    let certificate = keyring.first_certificate()?.to_string();
    if first_certificate(log, &[]).is_some_and(|found| found != certificate) {
        return Err(Error::LogReplaced { dir });
    }
    match keyring.log()? {
        Some(original) if original != log && has_log(&original) => {
            Err(Error::LogCopied { dir, original })
        }
        _ => Ok(()),
    }
}

/// Tells whether there is anything of a log in a directory.
pub(crate) fn has_log(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = Path::new(&name);
        name == Path::new("checkpoint")
            || name.extension().is_some_and(|found| found == "jsonl" || found == "note")
    })
}

/// Opens the log with the keys as they are, after finishing a change of keys that was interrupted and doing one that
/// is due.
fn open_log(custody: &Custody, dir: &Path, keyring: &Keyring, turn: u64) -> Result<Open, Error> {
    let lock = keyring.lock()?;
    loop {
        let Keys { current, next } = keyring.load(&lock)?;
        let mut options = LogOptions::new(current.key().clone())
            .with_host(custody.host())
            .with_certificate(keyring.first_certificate()?)
            .with_known_keys(keyring.chain()?.keys().cloned())
            .with_redact(Arc::new(Recognised::new()))
            .with_clock(Arc::clone(custody.clock()));
        if let Some((next, _)) = &next {
            options = options.with_other_key(next.key().clone());
        }
        let log = options.open(dir).map_err(Error::log(dir))?;
        let (next, certificate) = match next {
            Some(next) => next,
            None if keyring.is_due(&current) => keyring.prepare(&lock, &current)?,
            None => return Ok(Open { log, epoch: current.epoch(), turn }),
        };
        if log.key() != *next.key().verifier() {
            log.change_key(next.key().clone(), &certificate).map_err(Error::log(dir))?;
        }
        keyring.promote(&lock, &certificate)?;
    }
}

/// Each time the key has changed once more.
const MOST_REOPENED: usize = 3;
