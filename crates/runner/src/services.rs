use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use wardkit_core::{Clock, Event};
use wardkit_supervise::{Command, Config, Graph, Now, ServiceStatus, State, Supervisor};

use crate::capture::Logs;
use crate::driver::Driver;
use crate::explained::Told;
use crate::part::Inputs;
use crate::{Error, Explained, LogMetrics, Options, Outlet, Refused, ServiceMetrics, Store};

/// Services that run, held by a guardian: a cheap handle for any thread and any runtime.
///
/// When the last handle is dropped the services are left as after a kill of this program: they run on, and whoever comes
/// next with the same folder takes them back.
#[derive(Clone)]
pub struct Services {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
}

/// What handles and the thread of the services both see.
pub(crate) struct Shared {
    pub(crate) supervisor: Mutex<Supervisor>,
    pub(crate) told: Mutex<HashMap<String, Told>>,
    pub(crate) inputs: Inputs,
    pub(crate) logs: Logs,
    pub(crate) options: Options,
    pub(crate) time: Time,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether the thread has ended because it was told to.
    is_shut_down: AtomicBool,
}

/// The clock, with an uptime that is the host's.
#[derive(Clone)]
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    /// How long the host had been up when the clock showed nothing.
    before: Duration,
}

/// What is wanted of the thread.
#[derive(Debug)]
pub(crate) enum Request {
    Command { service: String, command: Command, by: String, reply: Reply },
    Reload { config: Box<Config>, reply: Reply },
    Shutdown { then: Then, reply: Reply },
}

pub(crate) type Reply = oneshot::Sender<Result<(), Refused>>;

/// What becomes of services when their program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// They are stopped, those that are needed last, and the guardian ends.
    Stop,
    /// They are killed all at the same time, also while they are being stopped in order.
    Kill,
    /// They run on, and the guardian holds them until this program comes back.
    LeaveRunning,
}

impl Services {
    /// Takes the services up: takes back what runs, starts what is to run, and looks after both from then on. It waits
    /// until the first of these is done, and does not wait until services are ready.
    ///
    /// A service with which something is wrong is `failed`, and the others run.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] when another instance has the folder, [`Error::Store`] when nobody knows what runs,
    /// [`Error::Guardian`] when there is nobody to hold services. Nothing was started then.
    pub fn start(
        config: Config,
        options: Options,
        store: Box<dyn Store>,
        outlet: Arc<dyn Outlet>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let (requests, wanted) = mpsc::channel(MOST_REQUESTS);
        let (started, is_started) = std::sync::mpsc::sync_channel(1);
        let body = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            match runtime.enable_all().build() {
                Ok(runtime) => runtime.block_on(async {
                    match Driver::start(config, options, store, outlet, clock) {
                        Ok(driver) => {
                            // Nobody is there who could be told otherwise.
                            let _ = started.send(Ok(driver.shared()));
                            driver.run(wanted).await;
                        }
                        Err(error) => drop(started.send(Err(error))),
                    }
                }),
                Err(error) => drop(started.send(Err(Error::System(error)))),
            }
        };
        let thread = std::thread::Builder::new().name("services".to_owned());
        let thread = thread.spawn(body).map_err(Error::System)?;
        let ended = |_| Error::System(std::io::Error::other("the thread of services has ended"));
        let shared = is_started.recv().map_err(ended)??;
        *lock(&shared.thread) = Some(thread);
        Ok(Self { shared, requests })
    }

    /// Returns how each service is, in the order of the configuration.
    #[must_use]
    pub fn list(&self) -> Vec<ServiceStatus> {
        self.shared.supervisor().status()
    }

    /// Returns who needs whom.
    #[must_use]
    pub fn graph(&self) -> Graph {
        self.shared.supervisor().graph().clone()
    }

    /// Returns what a service is, why, what comes next, what happened to it, and what it wrote last. It reads files.
    ///
    /// # Errors
    ///
    /// [`Refused::Unknown`] when there is no such service.
    pub fn explain(&self, name: &str) -> Result<Explained, Refused> {
        let explanation = self.shared.supervisor().explain(name);
        let Some(explanation) = explanation else { return Err(self.unknown(name)) };
        let events = lock(&self.shared.told)
            .get(name)
            .map(|told| told.events.iter().cloned().collect())
            .unwrap_or_default();
        Ok(Explained {
            explanation,
            notes: self.shared.inputs.notes(name),
            events,
            log_path: self.log_path(name),
            log: self.last_lines(name, EXPLAINED_LINES),
        })
    }

    /// Returns numbers of each service, in the order of the configuration.
    #[must_use]
    pub fn metrics(&self) -> Vec<ServiceMetrics> {
        let supervisor = self.shared.supervisor();
        let told = lock(&self.shared.told);
        let nothing = Told::default();
        let now = self.shared.time.now();
        let metrics = |status: ServiceStatus| {
            let told = told.get(&status.name).unwrap_or(&nothing);
            let runs = matches!(status.state, State::Running { .. } | State::Starting);
            ServiceMetrics {
                uptime: now.wall.duration_since(status.since).filter(|_| runs),
                exits: told.exits.clone(),
                probe_failures: told.probe_failures,
                denied_calls: (supervisor.spec(&status.name))
                    .and_then(|spec| spec.sandbox.as_ref())
                    .map(|_| told.denied_calls()),
                name: status.name,
                state: status.state,
                restarts: status.restarts,
            }
        };
        supervisor.status().into_iter().map(metrics).collect()
    }

    /// Returns what became of the output of all services.
    #[must_use]
    pub fn log_metrics(&self) -> LogMetrics {
        self.shared.logs.metrics()
    }

    /// Starts a service with all that it needs, and returns when it runs and is ready.
    ///
    /// # Errors
    ///
    /// [`Refused::NotRunning`] when it has failed, or waits for one that has.
    pub async fn start_service(&self, name: &str, by: &str) -> Result<(), Refused> {
        self.command(name, Command::Start, by).await
    }

    /// Stops a service and those that depend on it, and returns when nothing of it is left.
    ///
    /// # Errors
    ///
    /// [`Refused::Unkillable`] when something is.
    pub async fn stop_service(&self, name: &str, by: &str) -> Result<(), Refused> {
        self.command(name, Command::Stop, by).await
    }

    /// Stops a service, starts it again, and returns when it runs and is ready.
    ///
    /// # Errors
    ///
    /// As [`start_service`](Self::start_service) and [`stop_service`](Self::stop_service).
    pub async fn restart_service(&self, name: &str, by: &str) -> Result<(), Refused> {
        self.command(name, Command::Restart, by).await
    }

    /// Leaves a service alone, whatever it does, until the maintenance ends.
    ///
    /// # Errors
    ///
    /// [`Refused::Unknown`] when there is no such service.
    pub async fn begin_maintenance(
        &self,
        name: &str,
        comment: &str,
        by: &str,
    ) -> Result<(), Refused> {
        self.command(name, Command::BeginMaintenance { comment: comment.to_owned() }, by).await
    }

    /// Looks after a service again.
    ///
    /// # Errors
    ///
    /// [`Refused::Unknown`] when there is no such service.
    pub async fn end_maintenance(&self, name: &str, by: &str) -> Result<(), Refused> {
        self.command(name, Command::EndMaintenance, by).await
    }

    /// Takes over a new configuration, or refuses it as a whole.
    ///
    /// # Errors
    ///
    /// [`Refused::Configuration`] with everything that is wrong.
    pub async fn reload(&self, config: Config) -> Result<(), Refused> {
        self.ask(|reply| Request::Reload { config: Box::new(config), reply }).await
    }

    /// Ends looking after services, and returns when that is done.
    pub async fn shutdown(&self, then: Then) {
        // One that has ended already has nothing left to do.
        let _ = self.ask(|reply| Request::Shutdown { then, reply }).await;
        let thread = lock(&self.shared.thread).take();
        if let Some(thread) = thread {
            // It has answered as the last thing that it did.
            let _ = thread.join();
        }
    }

    /// Returns when nobody looks after the services any more although nobody has shut them down: a mistake in this program
    /// ended their thread. They run on; whoever starts the program again has them back.
    pub async fn broken(&self) {
        self.requests.closed().await;
        if self.shared.is_shut_down.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }

    /// Returns where the output of a service is kept; `None` when there is no such service.
    #[must_use]
    pub fn log_path(&self, name: &str) -> Option<PathBuf> {
        let is_there = self.shared.supervisor().spec(name).is_some();
        is_there.then(|| self.shared.logs.path(name))
    }

    /// Returns the last lines that a service wrote, oldest first. It reads files.
    #[must_use]
    pub fn last_lines(&self, name: &str, count: usize) -> Vec<String> {
        let is_there = self.shared.supervisor().spec(name).is_some();
        let lines = is_there.then(|| self.shared.logs.last_lines(name, count));
        let lines = lines.and_then(Result::ok).unwrap_or_default();
        lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    async fn command(&self, name: &str, command: Command, by: &str) -> Result<(), Refused> {
        if self.shared.supervisor().spec(name).is_none() {
            return Err(self.unknown(name));
        }
        let (service, by) = (name.to_owned(), by.to_owned());
        self.ask(|reply| Request::Command { service, command, by, reply }).await
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| Refused::ShutDown)?;
        answer.await.unwrap_or(Err(Refused::ShutDown))
    }

    fn unknown(&self, name: &str) -> Refused {
        let known = self.list().into_iter().map(|status| status.name).collect();
        Refused::Unknown { name: name.to_owned(), known }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        supervisor: Supervisor,
        options: Options,
        time: Time,
        inputs: Inputs,
        logs: Logs,
    ) -> Self {
        Self {
            supervisor: Mutex::new(supervisor),
            told: Mutex::new(HashMap::new()),
            inputs,
            logs,
            options,
            time,
            thread: Mutex::new(None),
            is_shut_down: AtomicBool::new(false),
        }
    }

    pub(crate) fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        lock(&self.supervisor)
    }

    pub(crate) fn note(&self, event: &Event) {
        let told = &mut *lock(&self.told);
        if !event.subject.is_empty() {
            told.entry(event.subject.clone()).or_default().note(event);
        }
    }

    pub(crate) fn shut_down(&self) {
        self.is_shut_down.store(true, Ordering::Release);
    }

    pub(crate) fn forget(&self, service: &str) {
        lock(&self.told).remove(service);
    }
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let up = Duration::try_from(up).unwrap_or_default();
        let before = up.saturating_sub(clock.uptime());
        Self { clock, before }
    }

    pub(crate) fn now(&self) -> Now {
        Now { wall: self.clock.now(), boot: self.before.saturating_add(self.clock.uptime()) }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever asks more at once waits.
const MOST_REQUESTS: usize = 64;

/// As many as the explanation of a crash loop needs.
const EXPLAINED_LINES: usize = 50;
