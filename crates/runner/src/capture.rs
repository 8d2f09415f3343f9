//! What services write: one thread takes it from all FIFOs into logs that rotate themselves.

mod archives;
mod patterns;
mod source;
mod thread;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::EventfdFlags;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use wardkit_core::Clock;
use wardkit_guardian::{Sink, Spawn};
use wardkit_logs::writer::{Limits, Rate, Sync, last_lines};
use wardkit_supervise::{LogSync, LogsConfig, ServiceSpec, SpawnError, SpawnErrorClass};

use crate::LogMetrics;
use crate::part::{Inputs, Part, Run};

/// The logs of all services: a cheap handle to the thread that writes them.
#[derive(Clone)]
pub(crate) struct Logs {
    shared: Arc<Shared>,
}

/// Has the output of each run go into the log of its service.
pub(crate) struct Capture {
    logs: Logs,
    /// How the log of each service is to be, as the thread was told.
    known: HashMap<Arc<str>, LogsConfig>,
    /// The last run of each service whose output is taken.
    begun: HashMap<Arc<str>, u64>,
    inputs: Inputs,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and its handles share.
struct Shared {
    fifos: PathBuf,
    logs: PathBuf,
    orders: Mutex<Orders>,
    wake: OwnedFd,
    counts: Counts,
    budget: AtomicU64,
}

/// What the thread is to do. There is one of each for a service at most, so it does not grow when the thread is held up.
#[derive(Default)]
struct Orders {
    services: BTreeMap<Arc<str>, Order>,
    /// Who waits until everything has been taken that was written by now.
    waiters: Vec<SyncSender<()>>,
    is_over: bool,
}

/// What is to be done for a service, in this order.
#[derive(Default)]
struct Order {
    /// Nothing more comes from the present run.
    finish: bool,
    /// Another run begins.
    begin: Option<Begin>,
    limits: Option<Limits>,
    /// Nothing more comes at all.
    forget: bool,
}

/// A run whose output is to be taken.
struct Begin {
    generation: u64,
    fifo: OwnedFd,
    /// It has written nothing yet: what lies in the FIFO is of earlier runs.
    is_new: bool,
    /// How much lies in the FIFO.
    backlog: u64,
    /// It was full: whoever writes to it may have had to wait.
    was_full: bool,
    spec: Arc<ServiceSpec>,
    limits: Limits,
}

/// See [`LogMetrics`].
#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicU64,
    left_out: AtomicU64,
    failures: AtomicU64,
}

impl Logs {
    /// Returns the path of a service's log.
    pub(crate) fn path(&self, service: &str) -> PathBuf {
        self.shared.logs.join(format!("{service}.log"))
    }

    /// Returns the last lines of a service, oldest first, with what it wrote just now. Reads files.
    pub(crate) fn last_lines(&self, service: &str, count: usize) -> io::Result<Vec<Vec<u8>>> {
        self.catch_up();
        last_lines(&self.path(service), count)
    }

    /// Sets how many bytes all logs may take together.
    pub(crate) fn set_budget(&self, budget: u64) {
        self.shared.budget.store(budget, Ordering::Relaxed);
    }

    /// Returns what became of the output of all services.
    pub(crate) fn metrics(&self) -> LogMetrics {
        let Counts { bytes, left_out, failures } = &self.shared.counts;
        let [bytes, left_out, failures] =
            [bytes, left_out, failures].map(|count| count.load(Ordering::Relaxed));
        LogMetrics { bytes, left_out, failures }
    }

    /// Waits until everything is in the logs that was written by now, but not for long: a disk may hang.
    pub(crate) fn catch_up(&self) {
        let (done, is_done) = sync_channel(1);
        self.order(|orders| orders.waiters.push(done));
        // Whether it was done or not, there is nothing else to do.
        let _ = is_done.recv_timeout(PATIENCE);
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.shared.orders());
        // It fails only when it was woken so often already that nothing more can be counted.
        let _ = rustix::io::write(&self.shared.wake, &1_u64.to_ne_bytes());
    }

    fn order_for(&self, service: &Arc<str>, change: impl FnOnce(&mut Order)) {
        self.order(|orders| change(orders.services.entry(Arc::clone(service)).or_default()));
    }

    /// Makes the FIFO of a service, where there is none, and opens it for both ways.
    fn fifo(&self, service: &str) -> io::Result<OwnedFd> {
        let path = self.shared.fifos.join(service);
        match rustix::fs::mkfifoat(CWD, &path, Mode::from_raw_mode(0o600)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fifo = rustix::fs::open(&path, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&fifo)?;
        if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_fifo() {
            let error = format!("{} is no FIFO", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, error));
        }
        // As much as may be waits while nobody reads.
        let _ = rustix::pipe::fcntl_setpipe_size(&fifo, BACKLOG);
        Ok(fifo)
    }

    /// Has the thread take what a run writes. A new run has written nothing yet.
    fn begin(&self, spec: &Arc<ServiceSpec>, generation: u64, is_new: bool) -> io::Result<()> {
        let fifo = self.fifo(&spec.name)?;
        let backlog = rustix::io::ioctl_fionread(&fifo)?;
        let was_full = wardkit_logs::writer::Peek::is_full(&fifo)?;
        let limits = limits(&spec.logs);
        let begin =
            Begin { generation, fifo, is_new, backlog, was_full, spec: Arc::clone(spec), limits };
        self.order_for(&spec.name.as_str().into(), |order| order.begin = Some(begin));
        Ok(())
    }
}

impl Capture {
    /// Starts the thread. Everything lies below `directory`, which must be there.
    ///
    /// # Errors
    ///
    /// When the folders, the descriptors or the thread cannot be made.
    pub(crate) fn start(
        directory: &Path,
        budget: u64,
        clock: Arc<dyn Clock>,
        inputs: Inputs,
    ) -> io::Result<Self> {
        let (fifos, logs) = (directory.join("fifo"), directory.join("logs"));
        for folder in [&fifos, &logs] {
            make_folder(folder)?;
        }
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let shared = Shared {
            fifos,
            logs,
            orders: Mutex::default(),
            wake,
            counts: Counts::default(),
            budget: AtomicU64::new(budget),
        };
        let logs = Logs { shared: Arc::new(shared) };
        let thread = thread::Thread::new(Arc::clone(&logs.shared), clock, inputs.clone())?;
        let thread =
            std::thread::Builder::new().name("logs".to_owned()).spawn(move || thread.run())?;
        Ok(Self {
            logs,
            known: HashMap::new(),
            begun: HashMap::new(),
            inputs,
            thread: Some(thread),
        })
    }

    pub(crate) fn logs(&self) -> Logs {
        self.logs.clone()
    }
}

impl Part for Capture {
    fn declared(&mut self, services: &[Arc<ServiceSpec>]) {
        for spec in services {
            let name: Arc<str> = spec.name.as_str().into();
            let before = self.known.insert(Arc::clone(&name), spec.logs.clone());
            if before.is_some_and(|before| before != spec.logs) {
                self.logs.order_for(&name, |order| order.limits = Some(limits(&spec.logs)));
            }
        }
    }

    fn prepare(
        &mut self,
        spec: &Arc<ServiceSpec>,
        _: u64,
        spawn: &mut Spawn,
    ) -> Result<(), SpawnError> {
        // One FIFO for both, so that their lines stay in order.
        let path = self.logs.shared.fifos.join(&spec.name);
        (spawn.stdout, spawn.stderr) = (Sink::Fifo(path.clone()), Sink::Fifo(path));
        Ok(())
    }

    fn starts(&mut self, spec: &Arc<ServiceSpec>, generation: u64) -> Result<(), SpawnError> {
        let name: Arc<str> = spec.name.as_str().into();
        if self.begun.get(&name) == Some(&generation) {
            return Ok(());
        }
        self.logs.begin(spec, generation, true).map_err(|error| {
            let reason = format!("its output cannot be taken: {error}");
            SpawnError::new(SpawnErrorClass::Transient, reason)
        })?;
        self.begun.insert(name, generation);
        Ok(())
    }

    fn began(&mut self, run: &Run) {
        if self.begun.get(&run.service) == Some(&run.generation) {
            return;
        }
        // It was started before we were. Without its output it runs all the same.
        match self.logs.begin(&run.spec, run.generation, false) {
            Ok(()) => {
                self.begun.insert(Arc::clone(&run.service), run.generation);
                self.inputs.note(&run.service, "output", None);
            }
            Err(error) => {
                let reason = format!("its output cannot be taken: {error}");
                self.inputs.note(&run.service, "output", Some(reason));
            }
        }
    }

    fn gone(&mut self, service: &Arc<str>, _: u64) {
        self.logs.order_for(service, |order| order.finish = order.begin.is_none());
        // The next run must not write into the last line of this one.
        self.logs.catch_up();
    }

    fn forgotten(&mut self, service: &Arc<str>) {
        self.known.remove(service);
        self.begun.remove(service);
        self.logs.order_for(service, |order| order.forget = true);
    }
}

/// Takes what is still there, and waits for the thread.
impl Drop for Capture {
    fn drop(&mut self) {
        self.logs.order(|orders| orders.is_over = true);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, there would be nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how a log is to be in the terms of the crate that writes it.
fn limits(config: &LogsConfig) -> Limits {
    let mut limits = Limits::default();
    limits.max_bytes = config.max_size.whole();
    limits.max_age = config.max_age;
    limits.keep = config.keep;
    limits.budget = config.budget.whole();
    limits.compress = config.compress;
    let is_limited = config.rate.whole() > 0;
    limits.rate = is_limited.then(|| Rate {
        bytes: config.rate.whole(),
        burst: config.burst.whole().max(limits.max_line as u64),
    });
    limits.sync = match config.sync {
        LogSync::Every(period) => Sync::Every(period),
        LogSync::Never => Sync::Never,
        _ => Sync::Rotation,
    };
    limits
}

/// Makes a folder for this user alone, where there is none.
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// As much as an ordinary user may have wait in a pipe.
const BACKLOG: usize = 1 << 20;
/// Nobody waits longer for a disk.
const PATIENCE: Duration = Duration::from_millis(200);
