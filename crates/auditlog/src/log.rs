//! The log, as many threads use it.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wardkit_tlog::{Note, SigningKey, TreeHead, VerifierKey};

use crate::writer::{Batch, Writer};
use crate::{Durability, Entry, Error, LogOptions, MaskedFields, Receipt, Redact};

/// An append-only, signed log in a directory.
///
/// A handle that is cheap to clone. Threads that append at the same time share one write and one synchronisation;
/// other processes may append to the same log. Every call blocks until the file system has answered.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    answered: Condvar,
    writer: Mutex<Writer>,
    masked: MaskedFields,
    redact: Arc<dyn Redact>,
}

/// Entries that wait for the thread that writes, which is one of those that wait.
#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    next_ticket: u64,
    is_writing: bool,
    answers: HashMap<u64, Answer>,
}

struct Job {
    ticket: u64,
    bodies: Vec<Vec<u8>>,
    durability: Durability,
}

type Answer = Result<Vec<Receipt>, Error>;

impl Log {
    pub(crate) fn open(dir: &Path, options: LogOptions) -> Result<Self, Error> {
        let (masked, redact) = (options.masked.clone(), Arc::clone(&options.redact));
        let writer = Mutex::new(Writer::open(dir, options)?);
        let (queue, answered) = (Mutex::default(), Condvar::new());
        Ok(Self(Arc::new(Shared { queue, answered, writer, masked, redact })))
    }

    /// Appends an entry and returns when it is as durable as asked.
    ///
    /// # Errors
    ///
    /// When the entry is malformed, or the file system refuses. Then it was not acknowledged, and is not in the log
    /// except after [`Error::NotSealed`], or where the file system also refused to take it back.
    pub fn append(&self, entry: Entry, durability: Durability) -> Result<Receipt, Error> {
        let receipts = self.append_all([entry], durability)?;
        receipts.first().copied().ok_or(Error::Entry("there is none"))
    }

    /// Appends entries next to each other, all or none, and returns when they are as durable as asked.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append) does; [`Error::NotSealed`] then names the last of them.
    pub fn append_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        durability: Durability,
    ) -> Result<Vec<Receipt>, Error> {
        let (fields, redact) = (&self.0.masked, &*self.0.redact);
        let bodies: Vec<Vec<u8>> = entries
            .into_iter()
            .map(|entry| entry.body(fields, redact))
            .collect::<Result<_, _>>()?;
        if bodies.is_empty() { Ok(Vec::new()) } else { self.submit(bodies, durability) }
    }

    /// Makes durable what was only written, writes a checkpoint that is due, and returns the head of the tree.
    ///
    /// Call it every 50 ms or so while entries are appended as [`Durability::Written`], and at least as often as
    /// checkpoints are due: a log that nobody appends to does not wake up by itself.
    ///
    /// # Errors
    ///
    /// When the file system refuses, or another process changed what was written.
    pub fn maintain(&self) -> Result<TreeHead, Error> {
        self.writer().settle(false)
    }

    /// Makes everything durable, with a checkpoint over it, and returns the head of the tree: before a program ends.
    ///
    /// # Errors
    ///
    /// As [`maintain`](Self::maintain) does.
    pub fn seal(&self) -> Result<TreeHead, Error> {
        self.writer().settle(true)
    }

    /// Returns the head of the newest checkpoint that this handle knows of: what is worth remembering elsewhere, for no
    /// crash makes the log shorter than that.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.writer().sealed()
    }

    /// Returns the key that signs, as far as this handle knows.
    #[must_use]
    pub fn key(&self) -> VerifierKey {
        self.writer().key().clone()
    }

    /// Hands over to another key, which a certificate by the key in force or by the log's identity vouches for.
    ///
    /// The old key signs the handover and nothing after it. Store the new key before, and wipe the old one after.
    ///
    /// # Errors
    ///
    /// When the file system refuses. The change may then be half done: open the log again with both keys.
    pub fn change_key(&self, next: SigningKey, certificate: &Note) -> Result<(), Error> {
        self.writer().change_key(next, certificate)
    }

    /// Moves closed segments to another directory, all but the last `kept` and at least one, and returns where they
    /// are now. Nothing is lost of the proof: give that directory to [`Verifier::archive`](crate::Verifier::archive).
    ///
    /// # Errors
    ///
    /// When the file system refuses, or the directory holds another segment of that name. A segment is removed here
    /// only when its copy is durable.
    pub fn archive(&self, to: impl AsRef<Path>, kept: usize) -> Result<Vec<PathBuf>, Error> {
        self.writer().archive(to.as_ref(), kept)
    }

    fn submit(&self, bodies: Vec<Vec<u8>>, durability: Durability) -> Answer {
        let mut queue = self.queue();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.jobs.push(Job { ticket, bodies, durability });
        loop {
            if let Some(answer) = queue.answers.remove(&ticket) {
                return answer;
            }
            if queue.is_writing {
                queue = self.0.answered.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_writing = true;
            let jobs = std::mem::take(&mut queue.jobs);
            drop(queue);
            let answers = self.write(&jobs);
            queue = self.queue();
            queue.answers.extend(jobs.iter().map(|job| job.ticket).zip(answers));
            queue.is_writing = false;
            self.0.answered.notify_all();
        }
    }

    /// Writes what waited, with one synchronisation for all, and answers each in turn.
    fn write(&self, jobs: &[Job]) -> Vec<Answer> {
        let bodies = jobs.iter().flat_map(|job| &job.bodies).map(Vec::as_slice).collect();
        let durability = jobs.iter().map(|job| job.durability).max().unwrap_or_default();
        let committed = match self.writer().commit(&Batch { bodies, durability }) {
            Ok(committed) => committed,
            Err(error) => return jobs.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut receipts = committed.receipts.into_iter();
        let answer = |job: &Job| {
            let receipts: Vec<Receipt> = receipts.by_ref().take(job.bodies.len()).collect();
            match (&committed.unsealed, receipts.last()) {
                (Some(error), Some(last)) if job.durability == Durability::Sealed => {
                    Err(Error::NotSealed { seq: last.seq, source: Box::new(error.clone()) })
                }
                _ => Ok(receipts),
            }
        };
        jobs.iter().map(answer).collect()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}
