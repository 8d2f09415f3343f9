//! Logs that were put aside: compressed, and held within the budget of all, by a thread that yields to everybody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tracing::warn;
use wardkit_logs::writer::{hold_budget, next_compression};

/// Takes care of logs that were put aside. There is a thread only while there is something to do.
#[derive(Default)]
pub(super) struct Archives {
    work: Arc<Mutex<Work>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Work {
    /// Logs of which something was put aside, and whether that is to be compressed.
    logs: BTreeMap<PathBuf, bool>,
    is_running: bool,
}

impl Archives {
    /// Takes care of what was put aside of a log, soon.
    pub(super) fn add(&mut self, log: &Path, compress: bool, folder: &Path, budget: u64) {
        let mut work = lock(&self.work);
        work.logs.insert(log.to_owned(), compress);
        if std::mem::replace(&mut work.is_running, true) {
            return;
        }
        drop(work);
        self.wait();
        let (work, folder) = (Arc::clone(&self.work), folder.to_owned());
        let thread = std::thread::Builder::new().name("logs-archive".to_owned());
        match thread.spawn(move || run(&work, &folder, budget)) {
            Ok(thread) => self.thread = Some(thread),
            // It is tried again with the next log.
            Err(_) => lock(&self.work).is_running = false,
        }
    }

    /// Waits until what was begun is done.
    pub(super) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // What it has not done is done with the next log.
            let _ = thread.join();
        }
    }

    /// Gives up what was not begun.
    pub(super) fn end(&mut self) {
        lock(&self.work).logs.clear();
        self.wait();
    }
}

fn run(work: &Mutex<Work>, folder: &Path, budget: u64) {
    // Of this thread alone. Where that is refused, it competes.
    let _ = rustix::process::nice(19);
    loop {
        let next = {
            let mut work = lock(work);
            let next = work.logs.pop_first();
            work.is_running = next.is_some();
            next
        };
        let Some((log, compress)) = next else { return };
        while compress && let Some(waiting) = next_compression(&log) {
            if let Err(error) = waiting.run() {
                let path = waiting.path().display();
                warn!(log = %path, %error, "log that was put aside could not be compressed");
                break;
            }
        }
        let held = all_logs(folder).and_then(|logs| hold_budget(&logs, budget));
        if let Err(error) = held {
            warn!(folder = %folder.display(), %error, "logs could not be held within their budget");
        }
    }
}

/// Also those of services that are no longer declared.
fn all_logs(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "log") {
            logs.push(path);
        }
    }
    Ok(logs)
}

fn lock(work: &Mutex<Work>) -> MutexGuard<'_, Work> {
    work.lock().unwrap_or_else(PoisonError::into_inner)
}
