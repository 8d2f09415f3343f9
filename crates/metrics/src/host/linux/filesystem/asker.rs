//! Asks file systems on a thread of its own, because one whose server is gone holds up whoever asks it, and nothing
//! but its answer or its end frees that thread.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
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

struct Worker {
    questions: Sender<Vec<PathBuf>>,
    answers: Receiver<io::Result<Answer>>,
    /// Set when nobody waits any more: the answer that is due is the thread's last.
    is_given_up: Arc<AtomicBool>,
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
        let mut next = 0;
        while next < open.len() && self.stuck.len() < MOST_STUCK && SystemClock.uptime() < end {
            let rest = &open[next..];
            let worker = match self.worker.take() {
                Some(worker) => worker,
                None => Worker::start(Arc::clone(&self.ask))?,
            };
            let questions = rest.iter().map(|&at| paths[at].clone()).collect();
            if worker.questions.send(questions).is_err() {
                // Its thread is gone, which only a panic does; what it was at stays silent.
                next += 1;
                continue;
            }
            let heard =
                worker.hear(rest.len(), || end.saturating_sub(SystemClock.uptime()).min(patience));
            let silent = heard.len() < rest.len();
            for (&at, reply) in rest.iter().zip(heard) {
                replies[at] = reply;
                next += 1;
            }
            if silent {
                worker.is_given_up.store(true, Ordering::Release);
                self.stuck.insert(paths[open[next]].clone(), worker);
                next += 1;
            } else {
                self.worker = Some(worker);
            }
        }
        Ok(replies)
    }
}

impl Worker {
    fn start(ask: Arc<dyn Ask>) -> Result<Self, Error> {
        let (questions, asked) = channel::<Vec<PathBuf>>();
        let (answer, answers) = channel();
        let is_given_up = Arc::new(AtomicBool::new(false));
        let given_up = Arc::clone(&is_given_up);
        let work = move || {
            while let Ok(paths) = asked.recv() {
                for path in paths {
                    let heard = answer.send(ask.ask(&path)).is_ok();
                    if !heard || given_up.load(Ordering::Acquire) {
                        return;
                    }
                }
            }
        };
        // It cannot be joined: it may wait for ever. It ends with its channels, or with its answer.
        thread::Builder::new()
            .name("file-systems".to_owned())
            .spawn(work)
            .map_err(|source| Error::NoThread { source })?;
        Ok(Self { questions, answers, is_given_up })
    }

    /// Returns the answers up to `wanted`, fewer when one did not come in the time that `left` tells.
    fn hear(&self, wanted: usize, left: impl Fn() -> Duration) -> Vec<Reply> {
        let mut heard = Vec::with_capacity(wanted);
        while heard.len() < wanted {
            match self.answers.recv_timeout(left()) {
                Ok(Ok(answer)) => heard.push(Reply::Answered(answer)),
                Ok(Err(_)) => heard.push(Reply::Failed),
                Err(_) => break,
            }
        }
        heard
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
