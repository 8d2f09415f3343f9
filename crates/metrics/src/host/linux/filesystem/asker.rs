//! Asks file systems on a thread of its own, because one whose server is gone holds up whoever asks it, and nothing
//! but its answer or its end frees that thread.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};

use super::Reply;
use crate::Error;

/// What a file system says of itself, in bytes and files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) size: u64,
    pub(crate) free: u64,
    pub(crate) available: u64,
    pub(crate) files: u64,
    pub(crate) files_free: u64,
}

/// Asks one file system, for as long as that takes.
pub(crate) trait Ask: Send + Sync {
    fn ask(&self, path: &Path) -> io::Result<Answer>;
}

/// Asks the kernel.
#[derive(Debug)]
pub(crate) struct Statvfs;

impl Ask for Statvfs {
    fn ask(&self, path: &Path) -> io::Result<Answer> {
        let found = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Answer {
            size: bytes(found.f_blocks),
            free: bytes(found.f_bfree),
            available: bytes(found.f_bavail),
            files: found.f_files,
            files_free: found.f_ffree,
        })
    }
}

pub(super) struct Asker {
    ask: Arc<dyn Ask>,
    worker: Option<Worker>,
    /// Threads that wait for an answer, by what they asked.
    stuck: HashMap<PathBuf, Worker>,
}

/// A thread that is asked one question at a time, so that one left behind has no other to be stuck at.
struct Worker {
    questions: Sender<PathBuf>,
    answers: Receiver<io::Result<Answer>>,
}

impl Asker {
    pub(super) fn new(ask: Arc<dyn Ask>) -> Self {
        Self { ask, worker: None, stuck: HashMap::new() }
    }

    /// Asks all of these file systems, and waits no longer than the deadline for all together.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub(super) fn ask(
        &mut self,
        paths: &[PathBuf],
        deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        self.stuck
            .retain(|_, worker| matches!(worker.answers.try_recv(), Err(TryRecvError::Empty)));
        let mut replies = vec![Reply::Silent; paths.len()];
        let open: Vec<usize> =
            (0..paths.len()).filter(|&at| !self.stuck.contains_key(&paths[at])).collect();
        let end = SystemClock.uptime().saturating_add(deadline);
        // One that is silent leaves time for others.
        let patience = deadline / SILENT_IN_A_DEADLINE;
        for at in open {
            let left = end.saturating_sub(SystemClock.uptime()).min(patience);
            if left.is_zero() || self.stuck.len() == MOST_STUCK {
                break;
            }
            let worker = match self.worker.take() {
                Some(worker) => worker,
                None => Worker::start(Arc::clone(&self.ask))?,
            };
            match worker.ask(&paths[at], left) {
                Ok(reply) => {
                    replies[at] = reply;
                    self.worker = Some(worker);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.stuck.insert(paths[at].clone(), worker);
                }
                // Its thread is gone, which only a panic does.
                Err(RecvTimeoutError::Disconnected) => {}
            }
        }
        Ok(replies)
    }
}

impl Worker {
    fn start(ask: Arc<dyn Ask>) -> Result<Self, Error> {
        let (questions, asked) = channel::<PathBuf>();
        let (answer, answers) = channel();
        let work = move || {
            while let Ok(path) = asked.recv() {
                if answer.send(ask.ask(&path)).is_err() {
                    return;
                }
            }
        };
        // It cannot be joined: it may wait for ever. It ends with its channels.
        thread::Builder::new()
            .name("file-systems".to_owned())
            .spawn(work)
            .map_err(|source| Error::NoThread { source })?;
        Ok(Self { questions, answers })
    }

    fn ask(&self, path: &Path, patience: Duration) -> Result<Reply, RecvTimeoutError> {
        let gone = |_| RecvTimeoutError::Disconnected;
        self.questions.send(path.to_owned()).map_err(gone)?;
        Ok(self.answers.recv_timeout(patience)?.map_or(Reply::Failed, Reply::Answered))
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stuck: Vec<_> = self.stuck.keys().collect();
        f.debug_struct("Asker").field("stuck", &stuck).finish_non_exhaustive()
    }
}

/// How many can be silent for the first time in one collection before the deadline is used up.
const SILENT_IN_A_DEADLINE: u32 = 4;
/// How many threads may wait for ever. With more, no further file system is asked until one answers.
const MOST_STUCK: usize = 32;

#[cfg(test)]
mod tests;
