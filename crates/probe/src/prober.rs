//! The driver: runs what the checks ask for and tells them what came of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use wardkit_core::{Clock, Event, Health, Severity};

use crate::ask::Asker;
use crate::{
    Action, CheckId, CheckStatus, Checks, Config, Error, HttpGet, Input, Latency, Moment, Outcome,
    Record, room,
};

/// Runs checks on tokio. It is cheap to clone; the clones are the same checks.
///
/// ```
/// use std::sync::Arc;
/// use wardkit_core::SystemClock;
/// use wardkit_probe::{CheckConfig, Config, NoHttp, Prober, State, TcpTarget};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let mut config = Config::default();
/// let target = TcpTarget::new(listener.local_addr()?.to_string());
/// config.checks.push(CheckConfig::new("chat", target));
///
/// let prober = Prober::new(config, Arc::new(NoHttp), Arc::new(SystemClock), 7)?;
/// let (told, mut telling) = tokio::sync::mpsc::channel(16);
/// let stop = async { assert_eq!(telling.recv().await.as_deref(), Some("probe.check.passed")) };
/// prober.run(|event| drop(told.try_send(event.kind.to_string())), stop).await;
/// assert_eq!(prober.status()[0].state, State::Up);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Prober {
    shared: Arc<Shared>,
}

struct Shared {
    checks: Mutex<Checks>,
    clock: Arc<dyn Clock>,
    asker: Asker,
}

impl Prober {
    /// Creates the checks. Nothing runs before [`run`](Self::run); `seed` decides the jitter.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with everything that is wrong with the configuration.
    pub fn new(
        config: Config,
        http: Arc<dyn HttpGet>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Error> {
        let checks = Mutex::new(Checks::new(config, Moment::of(&*clock), seed)?);
        let asker = Asker::new(http, Arc::clone(&clock));
        Ok(Self { shared: Arc::new(Shared { checks, clock, asker }) })
    }

    /// Takes over what another prober knows of each check that is configured alike there: state, thresholds, history,
    /// when it is due. Call it before [`run`](Self::run), when a configuration has changed and the other has been told
    /// to stop; both go by the same clock.
    pub fn take_over(&self, from: &Self) {
        if Arc::ptr_eq(&self.shared, &from.shared) {
            return;
        }
        // One lock at a time: two probers that take over each other must not wait for each other.
        let before = from.with(|checks| checks.clone());
        let taken = self.with(|checks| checks.take_over(&before));
        self.shared.asker.take_over(&from.shared.asker, &taken);
    }

    /// Runs the checks until `stop` is done, and tells every change. `publish` is called between two steps and must
    /// not block.
    ///
    /// Runs that have begun are given up with it, and their programs are killed. Call it once: two at a time would
    /// share the checks and run each of them once all the same, but neither knows of the other's runs.
    pub async fn run(&self, mut publish: impl FnMut(Event), stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut runs = Runs::default();
        let mut input = Input::Tick;
        let mut is_waiting = false;
        loop {
            let (actions, wake) = self.step(input);
            for action in actions {
                match action {
                    Action::Start { check, run } => {
                        let has_room = room::is_there();
                        if has_room {
                            self.start(&mut runs, check, run);
                        } else {
                            runs.put_off(check, run);
                        }
                        if is_waiting == has_room {
                            is_waiting = !has_room;
                            publish(self.word_of_waiting(is_waiting));
                        }
                    }
                    Action::Publish(event) => publish(event),
                }
            }
            let clock = &self.shared.clock;
            let pause = wake.map(|wake| wake.saturating_sub(clock.uptime()));
            input = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(finished) = runs.next() => finished,
                () = sleep(pause) => Input::Tick,
            };
        }
        runs.tasks.shutdown().await;
    }

    /// Returns what is known of each check, in the configuration's order.
    #[must_use]
    pub fn status(&self) -> Vec<CheckStatus> {
        self.with(|checks| checks.status())
    }

    /// Returns what each check contributes to the health of the whole, for [`Health::merge`].
    #[must_use]
    pub fn health(&self) -> Vec<(String, Health)> {
        self.with(|checks| checks.health())
    }

    /// Returns the last runs of the check of this name, oldest first; none when there is no such check.
    #[must_use]
    pub fn history(&self, name: &str) -> Vec<Record> {
        self.with(|checks| checks.history(name).cloned().collect())
    }

    /// Returns how long the runs of the check of this name took.
    #[must_use]
    pub fn latency(&self, name: &str) -> Option<Latency> {
        self.with(|checks| checks.latency(name).cloned())
    }

    fn step(&self, input: Input) -> (Vec<Action>, Option<Duration>) {
        let now = Moment::of(&*self.shared.clock);
        self.with(|checks| (checks.step(now, input), checks.next_wake()))
    }

    fn start(&self, runs: &mut Runs, check: CheckId, run: u64) {
        let asked = self
            .with(|checks| checks.target(check).map(|(target, timeout)| (target.clone(), timeout)));
        let Some((target, timeout)) = asked else { return };
        let shared = Arc::clone(&self.shared);
        let task = runs.tasks.spawn(async move {
            let started = shared.clock.uptime();
            let outcome = shared.asker.ask(check, &target, timeout).await;
            Some((outcome, shared.clock.uptime().saturating_sub(started)))
        });
        runs.running.insert(task.id(), (check, run));
    }

    /// Returns the event that checks wait, or that they go on.
    fn word_of_waiting(&self, is_waiting: bool) -> Event {
        let (kind, severity, message) = if is_waiting {
            let message = "hardly a file can be opened any more: checks wait, and say nothing \
                           of what they check, until some are closed";
            ("probe.checks.waiting", Severity::Warning, message)
        } else {
            ("probe.checks.resumed", Severity::Notice, "files can be opened again: checks go on")
        };
        Event::new(self.shared.clock.now(), kind, severity, "probe").with_message(message)
    }

    /// The lock is never held across a wait; a panic under it leaves a state that is still of use.
    fn with<T>(&self, look: impl FnOnce(&mut Checks) -> T) -> T {
        look(&mut self.shared.checks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Runs {
    /// Runs that take place, and those that do not.
    tasks: JoinSet<Option<(Outcome, Duration)>>,
    running: HashMap<Id, (CheckId, u64)>,
}

impl Runs {
    /// Returns the next run that has ended; `None` while there is none. Cancel-safe.
    async fn next(&mut self) -> Option<Input> {
        let ended = self.tasks.join_next_with_id().await?;
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let found = ended.map_or_else(
            // A bug in a check must not be the end of all.
            |_| Some((Outcome::failed("the check itself broke off"), Duration::ZERO)),
            |(_, found)| found,
        );
        let Some((check, run)) = self.running.remove(&id) else { return Some(Input::Tick) };
        Some(match found {
            Some((outcome, took)) => Input::Finished { check, run, outcome, took },
            None => Input::PutOff { check, run },
        })
    }

    /// Lets a run end after a pause without having taken place.
    fn put_off(&mut self, check: CheckId, run: u64) {
        let task = self.tasks.spawn(async {
            tokio::time::sleep(PAUSE).await;
            None
        });
        self.running.insert(task.id(), (check, run));
    }
}

/// How long a run that cannot take place keeps its turn, so that checks that are urgent do not ask for it all the time.
const PAUSE: Duration = Duration::from_secs(1);

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
