//! Futures of this program as services: the driver of a [`Supervisor`](crate::Supervisor) on tokio.

mod context;
mod state;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use wardkit_core::{Clock, Event, Health, Timestamp};

pub use context::Context;
use state::State;

use crate::{
    Command, Ending, Exit, Explanation, GroupConfig, Input, Now, ServiceSpec, Tree, Violation,
};

/// What a task says when it is over.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;
type Heed = Box<dyn Fn(&str, &Health, &Health) + Send + Sync>;
type Make = Arc<Mutex<dyn FnMut(Context) -> Running + Send>>;

/// Futures of this program, each of which is started again when it fails or panics. Cloning gives another handle to the
/// same ones.
///
/// ```
/// use std::sync::Arc;
/// use wardkit_core::SystemClock;
/// use wardkit_supervise::tasks::Tasks;
/// use wardkit_supervise::ServiceSpec;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tasks = Tasks::new(Arc::new(SystemClock), |event| drop(event));
/// let mut runs = 0;
/// tasks.start(ServiceSpec::in_process("feed"), move |context| {
///     runs += 1;
///     async move {
///         assert!(runs > 1, "the first run panics, and the next one begins at once");
///         context.stopped().await;
///         Ok(())
///     }
/// }).expect("nothing is wrong with it");
/// # let watched = tasks.clone();
/// let stop = async { /* until the program is to end */
/// #   watched.wait_until(|status| status[0].restarts == 1).await;
/// };
/// let handle = tasks.clone();
/// tokio::join!(tasks.run(), async { stop.await; handle.shutdown() });
/// assert_eq!(tasks.status()[0].restarts, 1);
/// # }
/// ```
#[derive(Clone)]
pub struct Tasks {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    publish: Box<dyn Fn(Event) + Send + Sync>,
    heed: OnceLock<Heed>,
    /// Told when the driver has something to do.
    woken: Notify,
    /// Told when the status of a task may have changed.
    changed: watch::Sender<()>,
}

/// How a task is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskStatus {
    /// Its name.
    pub name: String,
    /// How it is, by its own word while it runs.
    pub health: Health,
    /// Since when it is so.
    pub since: Timestamp,
    /// How often it was started again.
    pub restarts: u64,
}

impl Tasks {
    /// Creates an empty set. `publish` is called for each event, from whichever task brings it about.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, publish: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let now = Now::of(&*clock);
        let inner = Inner {
            state: Mutex::new(State::new(now)),
            clock,
            publish: Box::new(publish),
            heed: OnceLock::new(),
            woken: Notify::new(),
            changed: watch::Sender::new(()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Has `heed` called whenever the health of a task changes, with its name and its old and new health; not for what
    /// the shutdown brings about. Only the first that is given is called.
    #[must_use]
    pub fn with_health_changes(
        self,
        heed: impl Fn(&str, &Health, &Health) + Send + Sync + 'static,
    ) -> Self {
        let _ = self.inner.heed.set(Box::new(heed));
        self
    }

    /// Starts a task, and has one of the same name end before, unless that is [let go](Self::let_go).
    ///
    /// `make` is called for each run, within the run's own task: it may panic, too.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the declaration, such as a need that is not there. Nothing has changed then.
    pub fn start<F, R>(&self, spec: ServiceSpec, mut make: F) -> Result<(), Vec<Violation>>
    where
        F: FnMut(Context) -> R + Send + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let make: Make =
            Arc::new(Mutex::new(move |context| -> Running { Box::pin(make(context)) }));
        self.change(|state, now| state.declare(now, spec, make))
    }

    /// Says which tasks are started again together.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the groups. Nothing has changed then.
    pub fn group(&self, groups: Vec<GroupConfig>) -> Result<(), Vec<Violation>> {
        self.change(|state, now| state.group(now, groups))
    }

    /// Has a task end and be forgotten. One that is not there has ended.
    pub fn end(&self, name: &str) {
        self.change(|state, now| state.remove(now, name));
    }

    /// Has a task end and be forgotten at once: only [`run`](Self::run) waits for it, and another of its name may start
    /// beside it. Such as a server that still answers while its successor takes what comes in.
    pub fn let_go(&self, name: &str) {
        self.change(|state, now| state.let_go(now, name));
    }

    /// Changes how tasks are declared, without starting them again.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the declarations. Nothing has changed then.
    pub fn adjust(&self, adjust: impl FnMut(&mut ServiceSpec)) -> Result<(), Vec<Violation>> {
        self.change(|state, now| state.adjust(now, adjust))
    }

    /// Has a task end and start again, or start at once when it waits.
    pub fn restart(&self, name: &str) {
        let (service, by) = (name.to_owned(), "the program".to_owned());
        let input = Input::Command { service, command: Command::Restart, by };
        self.change(|state, now| state.step(now, input));
    }

    /// Has all tasks end, those first that need others; [`run`](Self::run) ends when they have.
    pub fn shutdown(&self) {
        self.change(|state, now| {
            state.is_shutdown = true;
            state.step(now, Input::Shutdown);
        });
    }

    /// Returns how each task is, in the order in which they were declared.
    #[must_use]
    pub fn status(&self) -> Vec<TaskStatus> {
        lock(&self.inner.state).status()
    }

    /// Returns what a task is, why, and what comes next.
    #[must_use]
    pub fn explain(&self, name: &str) -> Option<Explanation> {
        lock(&self.inner.state).supervisor.explain(name)
    }

    /// Waits until the tasks are as `wanted` says. Cancelling it changes nothing.
    pub async fn wait_until(&self, mut wanted: impl FnMut(&[TaskStatus]) -> bool) {
        let mut changed = self.inner.changed.subscribe();
        // The sender is in `self`, so there is always a next change to wait for.
        while !wanted(&self.status()) && changed.changed().await.is_ok() {}
    }

    /// Runs the tasks until [`shutdown`](Self::shutdown) and the end of the last one. Two at a time make no sense.
    /// Cancelling it ends all tasks where they stand.
    pub async fn run(&self) {
        let mut set = JoinSet::new();
        let mut runs = HashMap::new();
        self.change(|state, now| state.step(now, Input::Tick));
        loop {
            self.spawn_wanted(&mut set, &mut runs);
            if lock(&self.inner.state).is_over() && set.is_empty() {
                return;
            }
            let wake = lock(&self.inner.state).supervisor.next_wake();
            let left = wake.map(|wake| wake.saturating_sub(self.inner.clock.uptime()));
            tokio::select! {
                Some(joined) = set.join_next_with_id() => self.joined(&mut runs, joined),
                () = self.inner.woken.notified() => {}
                () = tokio::time::sleep(left.unwrap_or(LONGEST_SLEEP)) => {
                    self.change(|state, now| state.step(now, Input::Tick));
                }
            }
        }
    }

    /// Starts what the supervisor wants started.
    fn spawn_wanted(&self, set: &mut JoinSet<Outcome>, runs: &mut HashMap<Id, Arc<str>>) {
        while !lock(&self.inner.state).wanted.is_empty() {
            // In one go: what a run says at once, on another thread, is said of a run that is known.
            self.change(|state, now| {
                let Some((service, generation)) = state.wanted.pop_front() else { return };
                let Some((make, stopped)) = state.maker(&service) else { return };
                let context =
                    Context::new(self.clone(), service.clone(), generation, stopped.subscribe());
                let handle = set.spawn(async move {
                    let running = lock(&make)(context);
                    running.await
                });
                runs.insert(handle.id(), service.clone());
                state.spawned(now, service, generation, handle, stopped);
            });
        }
    }

    fn joined(&self, runs: &mut HashMap<Id, Arc<str>>, joined: Result<(Id, Outcome), JoinError>) {
        let (id, result) = match joined {
            Ok((id, outcome)) => (id, Ok(outcome)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(service) = runs.remove(&id) else { return };
        self.change(|state, now| {
            // One that was let go has ended for the supervisor long since.
            let run = state.running.get(&service).filter(|run| run.abort.id() == id);
            let Some(generation) = run.map(|run| run.generation) else { return };
            let was_told = state.was_told_to_stop(&service);
            let mut ending = Ending::new(exit_of(result, was_told));
            ending.tree = Tree::Gone;
            state.running.remove(&service);
            state.step(now, Input::Exited { service, generation, ending });
        });
    }

    /// Changes the state, and tells what comes of it when it can be looked at again.
    fn change<T>(&self, change: impl FnOnce(&mut State, Now) -> T) -> T {
        let now = Now::of(&*self.inner.clock);
        let (done, events, changes) = {
            let mut state = lock(&self.inner.state);
            let done = change(&mut state, now);
            (done, std::mem::take(&mut state.events), state.look(now.wall))
        };
        events.into_iter().for_each(&self.inner.publish);
        for (name, old, new) in changes {
            if let Some(heed) = self.inner.heed.get() {
                heed(&name, &old, &new);
            }
        }
        self.inner.changed.send_replace(());
        self.inner.woken.notify_one();
        done
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("status", &self.status()).finish_non_exhaustive()
    }
}

fn exit_of(result: Result<Outcome, JoinError>, was_told: bool) -> Exit {
    match result {
        Ok(Ok(())) if was_told => Exit::Code(0),
        Ok(Ok(())) => Exit::Error("ended without being told to".to_owned()),
        Ok(Err(error)) => {
            let causes = std::iter::successors(error.source(), |&error| error.source());
            Exit::Error(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
        }
        Err(error) if error.is_panic() => {
            let payload = error.into_panic();
            let text = payload.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            Exit::Error(text.map_or_else(|| "panicked".into(), |text| format!("panicked: {text}")))
        }
        Err(_) => Exit::Unknown,
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held is that of a closure of the user, which is called again at its own risk.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long to sleep when nothing is due.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
