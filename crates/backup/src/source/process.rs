//! Programs that are run for a backup, each ended with all that it started.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::SourceError;

mod output;

pub(super) use output::Output;

/// A program with its arguments, which is given a time to end. No shell is asked.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// The program: a path, or a name that is looked up where programs lie.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// After this time it is killed, with all of its process group.
    pub deadline: Duration,
}

/// A program that runs. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    deadline: Duration,
    child: Child,
    state: Arc<State>,
    has_ended: bool,
    watcher: Option<JoinHandle<()>>,
    listener: Option<JoinHandle<Vec<u8>>>,
}

#[derive(Debug)]
struct State {
    progress: Mutex<Progress>,
    ended: Condvar,
    /// Closed when nobody is to wait for output any more.
    stop: Mutex<Option<PipeWriter>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Runs,
    Late,
    Ended,
}

impl Program {
    /// A program with its arguments, of which the first is the program.
    #[must_use]
    pub fn new<A: Into<OsString>>(
        argv: impl IntoIterator<Item = A>,
        deadline: Duration,
    ) -> Option<Self> {
        let mut argv = argv.into_iter().map(Into::into);
        let program = argv.next().filter(|program| !program.is_empty())?;
        Some(Self { program, arguments: argv.collect(), deadline })
    }

    /// Runs it to its end without looking at its output.
    pub(super) fn run(&self) -> Result<(), SourceError> {
        let (mut running, output) = self.start(Stdio::null())?;
        drop(output);
        running.finish()
    }

    /// Starts it, and returns what it writes when that is a pipe.
    pub(super) fn start(&self, stdout: Stdio) -> Result<(Running, Option<Output>), SourceError> {
        let name = self.program.to_string_lossy().into_owned();
        let failed = |source| SourceError::Start { program: name.clone(), source };
        let (stopped, stop) = io::pipe().map_err(failed)?;
        let stopped: Arc<PipeReader> = Arc::new(stopped);
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        let mut running = Running {
            name: name.clone(),
            deadline: self.deadline,
            child,
            state: Arc::new(State::new(stop)),
            has_ended: false,
            watcher: None,
            listener: None,
        };
        let group = running.group();
        let state = Arc::clone(&running.state);
        let deadline = self.deadline;
        // From here on an error drops what runs, which ends it.
        running.watcher = Some(thread(move || state.watch(group, deadline)).map_err(failed)?);
        if let Some(stderr) = stderr {
            let output = Output::new(stderr, Arc::clone(&stopped));
            running.listener = Some(thread(move || output.into_tail()).map_err(failed)?);
        }
        Ok((running, stdout.map(|stdout| Output::new(stdout, stopped))))
    }
}

impl fmt::Debug for Program {
    /// Arguments may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("program", &self.program).finish_non_exhaustive()
    }
}

impl Running {
    /// Waits for its end, which its deadline brings about at the latest, and tells whether that was a success.
    pub(super) fn finish(&mut self) -> Result<(), SourceError> {
        let (status, said) = self.end(End::Awaited);
        let program = || self.name.clone();
        if *self.state.progress() == Progress::Late {
            return Err(SourceError::Deadline { program: program(), deadline: self.deadline });
        }
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let said = String::from_utf8_lossy(said.trim_ascii()).into_owned();
                Err(SourceError::Unsuccessful { program: program(), status, said })
            }
            Err(source) => Err(SourceError::Start { program: program(), source }),
        }
    }

    /// Ends it and all of its group; what it started and is still there is no use to anybody.
    fn end(&mut self, end: End) -> (io::Result<ExitStatus>, Vec<u8>) {
        if end == End::Forced {
            kill(self.group());
        }
        // As long as its status is not taken, its number and its group are nobody else's.
        if let Some(pid) = self.group() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ =
                rustix::io::retry_on_intr(|| rustix::process::waitid(WaitId::Pid(pid), options));
        }
        {
            let mut progress = self.state.progress();
            if *progress == Progress::Runs {
                *progress = Progress::Ended;
            }
        }
        self.state.ended.notify_all();
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
            kill(self.group());
        }
        let status = self.child.wait();
        self.has_ended = true;
        self.state.stop();
        let said = self.listener.take().and_then(|listener| listener.join().ok());
        (status, said.unwrap_or_default())
    }

    /// Its group has its own number.
    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = self.end(End::Forced);
        }
    }
}

impl State {
    fn new(stop: PipeWriter) -> Self {
        Self { progress: Mutex::default(), ended: Condvar::new(), stop: Mutex::new(Some(stop)) }
    }

    /// Kills the group when the time is over.
    fn watch(&self, group: Option<Pid>, deadline: Duration) {
        let runs = |progress: &mut Progress| *progress == Progress::Runs;
        let waited = self.ended.wait_timeout_while(self.progress(), deadline, runs);
        let (mut progress, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() && *progress == Progress::Runs {
            *progress = Progress::Late;
            kill(group);
            self.stop();
        }
    }

    fn stop(&self) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Awaited,
    Forced,
}

fn kill(group: Option<Pid>) {
    if let Some(group) = group {
        // An error says that nobody of it is left.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

fn thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name("backup-command".to_owned()).spawn(work)
}
