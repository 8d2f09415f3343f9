//! Asked before files are opened: the kernel holds the opener until there is an answer.

use std::collections::HashMap;
use std::fmt;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use wardkit_core::{Clock as _, SystemClock};

use super::fanotify::sys::{Delivered, Group};
use crate::{Error, FileTime};

/// Decides who may open a file. Called from one thread of the [`Enforcer`], while the opener waits.
///
/// A gate that panics, or takes longer than the options allow, is answered for as they say. What the gate itself opens
/// is never asked for.
pub trait Gate: Send + Sync {
    /// Returns whether the file may be opened.
    fn check(&self, question: &Question<'_>) -> Answer;
}

impl<F: Fn(&Question<'_>) -> Answer + Send + Sync> Gate for F {
    fn check(&self, question: &Question<'_>) -> Answer {
        self(question)
    }
}

/// A file that somebody wants to open.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question<'a> {
    /// The file, open for reading: reading it raises no further question.
    pub file: BorrowedFd<'a>,
    /// Its path, as the kernel has it.
    pub path: &'a Path,
    /// Who wants to open it.
    pub pid: u32,
}

/// Whether a file may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It may.
    Allow,
    /// It may not: the opener gets `EPERM`.
    Deny,
}

/// Which ways of opening a file are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Opens {
    /// Every one.
    #[default]
    All,
    /// Those that run the file as a program. An interpreter reads its script through an ordinary one.
    Programs,
}

/// What is asked for, and what happens when there is no answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnforceOptions {
    /// The directories: what lies in them, and in the directories below them when the enforcer starts.
    pub directories: Vec<PathBuf>,
    /// Which ways of opening.
    pub opens: Opens,
    /// How long an opener waits at most.
    pub timeout: Duration,
    /// What an opener is told that has waited so long.
    pub late: Answer,
}

impl EnforceOptions {
    /// Asks for every way of opening, denies what is not answered within five seconds.
    #[must_use]
    pub fn new<P: Into<PathBuf>>(directories: impl IntoIterator<Item = P>) -> Self {
        Self {
            directories: directories.into_iter().map(Into::into).collect(),
            opens: Opens::All,
            timeout: Duration::from_secs(5),
            late: Answer::Deny,
        }
    }

    /// Asks for these ways of opening.
    #[must_use]
    pub const fn with_opens(mut self, opens: Opens) -> Self {
        self.opens = opens;
        self
    }

    /// Answers so for a gate that takes longer.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration, late: Answer) -> Self {
        self.timeout = timeout;
        self.late = late;
        self
    }
}

/// What an [`Enforcer`] has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EnforceCounts {
    /// Allowed by the gate.
    pub allowed: u64,
    /// Denied by the gate.
    pub denied: u64,
    /// Answered as the same unchanged file was before.
    pub cached: u64,
    /// Answered by the options: too late, or the gate panicked. Or denied by the kernel: no descriptor was left.
    pub late: u64,
}

/// Holds everybody who opens a file in a few directories until a [`Gate`] has decided. Until it is dropped.
///
/// Two threads: one calls the gate, the other answers for a gate that takes too long, so that nobody hangs. The opens
/// of this process itself are allowed unasked. An answer holds until anything of the file changes; a file that changed
/// less than two seconds ago is asked for each time, because its times do not tell a further change.
///
/// Needs `CAP_SYS_ADMIN`. A process that has a file open already is not asked, whatever it does with it.
pub struct Enforcer {
    shared: Arc<Shared>,
    answering: Option<JoinHandle<()>>,
}

impl Enforcer {
    /// Starts to ask.
    ///
    /// # Errors
    ///
    /// When the system refuses, a directory cannot be listed, or there are more than 4096.
    pub fn start(options: &EnforceOptions, gate: Arc<dyn Gate>) -> Result<Self, Error> {
        let group = Group::gating().map_err(Error::watch("start to gate"))?;
        let stop = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| Error::watch("start to gate")(error.into()))?;
        let events = match options.opens {
            Opens::All => libc::FAN_OPEN_PERM,
            Opens::Programs => libc::FAN_OPEN_EXEC_PERM,
        };
        for directory in directories(&options.directories)? {
            group
                .mark(libc::FAN_MARK_INODE, events | libc::FAN_EVENT_ON_CHILD, &directory)
                .map_err(Error::io("gate", &directory))?;
        }
        let state = State { group: Some(Arc::new(group)), ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), options: options.clone(), stop });
        let (ask, asked) = sync_channel(QUEUE);
        let asking = Arc::clone(&shared);
        // Not waited for: a gate that hangs would hang whoever drops this.
        spawn("integrity-gate", move || asking.ask(&asked, &*gate))?;
        let answering = Arc::clone(&shared);
        let answering = spawn("integrity-answer", move || answering.answer_all(&ask))?;
        Ok(Self { shared, answering: Some(answering) })
    }

    /// Returns what was answered so far.
    #[must_use]
    pub fn counts(&self) -> EnforceCounts {
        self.shared.state().counts
    }

    /// Forgets all answers: the gate decides by other rules now.
    pub fn forget(&self) {
        self.shared.state().cache.clear();
    }
}

impl Drop for Enforcer {
    /// Answers everybody who waits as if the gate were late, and asks for nothing more.
    fn drop(&mut self) {
        // Fails only when the counter is full, and then it wakes as well.
        rustix::io::write(&self.shared.stop, &1_u64.to_ne_bytes()).ok();
        if let Some(answering) = self.answering.take() {
            drop(answering.join());
        }
    }
}

impl fmt::Debug for Enforcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enforcer")
            .field("options", &self.shared.options)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

struct Shared {
    state: Mutex<State>,
    options: EnforceOptions,
    stop: OwnedFd,
}

#[derive(Default)]
struct State {
    /// `None` once nothing is asked for any more.
    group: Option<Arc<Group>>,
    /// Who waits, by the number of the file's descriptor.
    waiting: HashMap<RawFd, Waiting>,
    cache: HashMap<Content, Answer>,
    counts: EnforceCounts,
}

struct Waiting {
    file: Arc<OwnedFd>,
    until: Duration,
}

/// A question on its way to the gate.
struct Asked {
    file: Arc<OwnedFd>,
    pid: u32,
}

/// What an answer holds for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Content {
    dev: u64,
    inode: u64,
    size: i64,
    mode: u32,
    owner: (u32, u32),
    ctime: FileTime,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the gate for one question after the other.
    fn ask(&self, asked: &Receiver<Asked>, gate: &dyn Gate) {
        for Asked { file, pid } in asked {
            if !self.state().is_waiting(&file) {
                continue;
            }
            let before = Content::of(&file);
            let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
            let path = path.unwrap_or_default();
            let question = Question { file: file.as_fd(), path: &path, pid };
            let answer = catch_unwind(AssertUnwindSafe(|| gate.check(&question)));
            let mut state = self.state();
            if !state.is_waiting(&file) {
                continue;
            }
            let Ok(answer) = answer else {
                state.counts.late += 1;
                state.answer(&file, self.options.late);
                continue;
            };
            match answer {
                Answer::Allow => state.counts.allowed += 1,
                Answer::Deny => state.counts.denied += 1,
            }
            // What changed while the gate looked is not what the gate looked at.
            let content = before.filter(|before| Content::of(&file) == Some(*before));
            state.remember(content, answer);
            state.answer(&file, answer);
        }
    }

    /// Reads questions, answers those that need no gate, and those that the gate takes too long for.
    fn answer_all(&self, ask: &SyncSender<Asked>) {
        let mut buffer = vec![0; BUFFER];
        loop {
            let Some(group) = self.state().group.clone() else { return };
            let left = self.state().overdue(self.options.late, SystemClock.uptime());
            let mut fds =
                [PollFd::new(&self.stop, PollFlags::IN), PollFd::new(&group, PollFlags::IN)];
            let wait = left.and_then(|left| Timespec::try_from(left).ok());
            let polled = rustix::event::poll(&mut fds, wait.as_ref());
            let stop = !fds[0].revents().is_empty();
            let ended = matches!(polled, Err(error) if error != rustix::io::Errno::INTR);
            match group.read(&mut buffer) {
                Ok(events) if !stop && !ended => {
                    for delivered in events.into_iter().flatten() {
                        self.take(delivered, ask);
                    }
                }
                // The kernel had no descriptor left for a file, or could not open it: it has denied that one. Whoever
                // can bring this about must not end the gate for all.
                Err(_) if !stop && !ended => self.state().counts.late += 1,
                _ => break,
            }
        }
        let mut state = self.state();
        state.overdue(self.options.late, Duration::MAX);
        // The kernel allows what it still holds when the last descriptor of the group is closed.
        state.group = None;
    }

    fn take(&self, delivered: Delivered, ask: &SyncSender<Asked>) {
        let Some(file) = delivered.file.map(Arc::new) else { return };
        let pid = delivered.event.pid;
        let mut state = self.state();
        let until = SystemClock.uptime().saturating_add(self.options.timeout);
        state.waiting.insert(file.as_raw_fd(), Waiting { file: Arc::clone(&file), until });
        if pid == std::process::id() {
            return state.answer(&file, Answer::Allow);
        }
        let known = Content::of(&file).and_then(|content| state.cache.get(&content).copied());
        if let Some(answer) = known {
            state.counts.cached += 1;
            return state.answer(&file, answer);
        }
        if ask.try_send(Asked { file: Arc::clone(&file), pid }).is_err() {
            state.counts.late += 1;
            state.answer(&file, self.options.late);
        }
    }
}

impl State {
    fn is_waiting(&self, file: &Arc<OwnedFd>) -> bool {
        // The number may be another file's by now, the allocation is not while somebody holds it.
        let waiting = self.waiting.get(&file.as_raw_fd());
        waiting.is_some_and(|waiting| Arc::ptr_eq(&waiting.file, file))
    }

    fn answer(&mut self, file: &Arc<OwnedFd>, answer: Answer) {
        self.waiting.remove(&file.as_raw_fd());
        let answer = match answer {
            Answer::Allow => libc::FAN_ALLOW,
            Answer::Deny => libc::FAN_DENY,
        };
        if let Some(group) = &self.group {
            // The kernel refuses answers to those who no longer wait.
            drop(group.answer(file.as_fd(), answer));
        }
    }

    /// Answers whoever has waited too long. Returns when the next one will have.
    fn overdue(&mut self, late: Answer, now: Duration) -> Option<Duration> {
        let overdue: Vec<Arc<OwnedFd>> = self
            .waiting
            .values()
            .filter(|waiting| waiting.until <= now)
            .map(|waiting| Arc::clone(&waiting.file))
            .collect();
        for file in overdue {
            self.counts.late += 1;
            self.answer(&file, late);
        }
        self.waiting.values().map(|waiting| waiting.until.saturating_sub(now)).min()
    }

    fn remember(&mut self, content: Option<Content>, answer: Answer) {
        let Some(content) = content.filter(Content::is_settled) else { return };
        if self.cache.len() >= MAX_CACHED {
            self.cache.clear();
        }
        self.cache.insert(content, answer);
    }
}

impl Content {
    fn of(file: &OwnedFd) -> Option<Self> {
        let stat = rustix::fs::fstat(file).ok()?;
        let nanos = u32::try_from(stat.st_ctime_nsec).ok()?;
        Some(Self {
            dev: stat.st_dev,
            inode: stat.st_ino,
            size: stat.st_size,
            mode: stat.st_mode,
            owner: (stat.st_uid, stat.st_gid),
            ctime: FileTime { seconds: stat.st_ctime, nanos },
        })
    }

    /// Tells whether a further change would show in the times.
    fn is_settled(&self) -> bool {
        self.ctime.seconds.saturating_add(SETTLED_SECONDS) < SystemClock.now().as_unix_seconds()
    }
}

/// Returns the directories and all below them.
fn directories(tops: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut all = tops.to_vec();
    let mut next = 0;
    while let Some(directory) = all.get(next).cloned() {
        next += 1;
        for entry in directory.read_dir().map_err(Error::io("list", &directory))? {
            let entry = entry.map_err(Error::io("list", &directory))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                all.push(entry.path());
            }
        }
        if all.len() > MAX_DIRECTORIES {
            let many = std::io::Error::other("too many directories to gate");
            return Err(Error::watch("start to gate")(many));
        }
    }
    Ok(all)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map_err(Error::watch("start to gate"))
}

/// Every open in them costs 20 to 60 microseconds more: this is for a few.
const MAX_DIRECTORIES: usize = 4096;

const MAX_CACHED: usize = 1 << 14;

/// Who is not among so many is answered as if the gate were late.
const QUEUE: usize = 1024;

/// 160 questions of the kernel's 24 bytes; each comes with a descriptor.
const BUFFER: usize = 4096;

/// The coarsest clock that file systems keep times by.
const SETTLED_SECONDS: i64 = 2;
