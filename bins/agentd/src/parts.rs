//! The daemon's own parts: each a named task that is restarted with backoff when it fails, while the rest lives on.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use wardkit_api::PartStatus;
use wardkit_core::{Clock, Event, Health, Severity, SystemClock, Timestamp};
use wardkit_metrics::Samples;

use crate::config::PartsConfig;
use crate::events::Events;
use crate::telemetry::{counter, float, gauge};
use crate::trail;

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;
type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The daemon's parts. Cloning gives another handle to the same ones.
#[derive(Clone)]
pub(crate) struct Parts {
    inner: Arc<Inner>,
}

struct Inner {
    events: Events,
    config: Mutex<PartsConfig>,
    table: Mutex<BTreeMap<&'static str, Entry>>,
    /// Told whenever the health of a part changes.
    changed: Notify,
    tasks: TaskTracker,
    stop: CancellationToken,
}

struct Entry {
    health: Health,
    since: Timestamp,
    restarts: u64,
    stop: CancellationToken,
    /// Tells the run that owns the entry from one that was replaced.
    run: u64,
}

/// What a running part is given.
#[derive(Clone)]
pub(crate) struct Context {
    parts: Parts,
    name: &'static str,
    run: u64,
    /// Cancelled when the part must end.
    pub stop: CancellationToken,
}

impl Context {
    /// Says how the part is; the first call of a run says that it has started.
    pub(crate) fn set_health(&self, health: Health) {
        self.parts.update(self.name, self.run, |entry| {
            if entry.health != health {
                let changed = trail::health_changed(self.name, &entry.health, &health);
                self.parts.inner.events.recorder().record(changed);
                entry.health = health;
                entry.since = SystemClock.now();
            }
        });
        self.parts.inner.changed.notify_waiters();
    }
}

impl Parts {
    /// Creates an empty set that ends when `stop` is cancelled.
    pub(crate) fn new(events: Events, config: PartsConfig, stop: CancellationToken) -> Self {
        let inner = Inner {
            events,
            config: Mutex::new(config),
            table: Mutex::default(),
            changed: Notify::new(),
            tasks: TaskTracker::new(),
            stop,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts a part; one of the same name is told to end, and the new one does not wait for it.
    ///
    /// `make` is called for the first run and for every restart.
    pub(crate) fn start<F, R>(&self, name: &'static str, mut make: F)
    where
        F: FnMut(Context) -> R + Send + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let stop = self.inner.stop.child_token();
        let run = self.enter(name, stop.clone());
        let context = Context { parts: self.clone(), name, run, stop };
        let span = tracing::info_span!("part", name);
        let supervised = supervise(context, move |context| -> Running { Box::pin(make(context)) });
        self.inner.tasks.spawn(supervised.instrument(span));
    }

    /// Tells a part to end, and shows it no more. One that is not there has ended.
    pub(crate) fn end(&self, name: &str) {
        if let Some(entry) = lock(&self.inner.table).remove(name) {
            entry.stop.cancel();
        }
    }

    /// Takes over a changed configuration, from the next failure on.
    pub(crate) fn apply(&self, config: PartsConfig) {
        *lock(&self.inner.config) = config;
    }

    /// Waits until no part is starting any more, at most for `limit`.
    pub(crate) async fn settled(&self, limit: Duration) {
        let settled = async {
            loop {
                // Made before the look, so that a change in between is not missed.
                let changed = self.inner.changed.notified();
                if !lock(&self.inner.table).values().any(|entry| entry.health == Health::Starting) {
                    return;
                }
                changed.await;
            }
        };
        // Whoever waits goes on either way: the health says which part is late.
        let _ = tokio::time::timeout(limit, settled).await;
    }

    /// Waits for every part to end, at most for `limit`, and returns whether all did.
    pub(crate) async fn ended(&self, limit: Duration) -> bool {
        self.inner.tasks.close();
        tokio::time::timeout(limit, self.inner.tasks.wait()).await.is_ok()
    }

    /// Returns how each part is, by name.
    pub(crate) fn status(&self) -> Vec<PartStatus> {
        let table = lock(&self.inner.table);
        let status = |(name, entry): (&&str, &Entry)| PartStatus {
            name: (*name).to_owned(),
            health: entry.health.clone(),
            restarts: entry.restarts,
            since: entry.since,
        };
        table.iter().map(status).collect()
    }

    /// Appends the state and the restarts of each part.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let parts = self.status();
        let help = "Whether the part does its work.";
        out.family(gauge("agentd_part_up", help));
        for part in &parts {
            let is_up = f64::from(u8::from(part.health.is_ready()));
            out.push(&[("part", &part.name)], is_up);
        }
        let (name, help) = ("agentd_part_restarts_total", "Restarts after a failure.");
        out.family(counter(name, help));
        for part in &parts {
            out.push(&[("part", &part.name)], float(part.restarts));
        }
    }

    /// Makes the entry of a new run, ends the run that had it, and returns the new run's number.
    fn enter(&self, name: &'static str, stop: CancellationToken) -> u64 {
        let mut table = lock(&self.inner.table);
        let old = table.remove(name);
        let (run, restarts) = old.as_ref().map_or((0, 0), |old| (old.run + 1, old.restarts));
        table.insert(
            name,
            Entry { health: Health::Starting, since: SystemClock.now(), restarts, stop, run },
        );
        if let Some(old) = old {
            old.stop.cancel();
        }
        run
    }

    fn update(&self, name: &str, run: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = lock(&self.inner.table).get_mut(name).filter(|entry| entry.run == run)
        {
            change(entry);
        }
    }
}

/// Runs a part until it is told to end, again and again.
async fn supervise(context: Context, mut make: impl FnMut(Context) -> Running) {
    let Inner { events, config, .. } = &*context.parts.inner;
    let mut failures = 0_usize;
    while !context.stop.is_cancelled() {
        let started = SystemClock.uptime();
        // Making the future may panic as well, so it is made inside the task.
        let running = std::panic::catch_unwind(AssertUnwindSafe(|| make(context.clone())));
        let reason = match running {
            Ok(running) => tokio::spawn(running.in_current_span())
                .await
                .map_or_else(|error| panicked(&error), ended),
            Err(_) => "panicked while starting".to_owned(),
        };
        if context.stop.is_cancelled() {
            return;
        }
        let config = lock(config).clone();
        let lived = SystemClock.uptime().saturating_sub(started);
        failures = if lived >= config.stable_after { 1 } else { failures + 1 };
        let delay = delay_of(&config, failures);
        let event = Event::new(SystemClock.now(), "part.failed", Severity::Error, "agentd")
            .with_subject(context.name)
            .with_message(reason.clone())
            .with_detail("restart_in_seconds", delay.as_secs_f64());
        events.publish(event);
        context.set_health(Health::down(reason));
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = context.stop.cancelled() => return,
        }
        context.parts.update(context.name, context.run, |entry| entry.restarts += 1);
        context.set_health(Health::Starting);
    }
}

/// Returns the delay before the restart after `failures` in a row.
fn delay_of(config: &PartsConfig, failures: usize) -> Duration {
    let seed = u64::from(std::process::id()) ^ u64::try_from(failures).unwrap_or(0);
    config.policy().delays(seed).nth(failures.saturating_sub(1).min(MOST_STEPS)).unwrap_or_default()
}

fn ended(outcome: Outcome) -> String {
    match outcome {
        Ok(()) => "ended without being told to".to_owned(),
        Err(error) => {
            let causes = std::iter::successors(error.source(), |&error| error.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
    }
}

fn panicked(error: &JoinError) -> String {
    error.to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves plain values behind, never half an update.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every schedule has reached its cap by then.
const MOST_STEPS: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn parts() -> (Parts, Events) {
        let events = Events::default();
        (Parts::new(events.clone(), PartsConfig::default(), CancellationToken::new()), events)
    }

    async fn until_stopped(context: Context) -> Outcome {
        context.set_health(Health::Up);
        context.stop.cancelled().await;
        Ok(())
    }

    /// Waits until a part has been restarted `restarts` times and is up.
    async fn recovered(parts: &Parts, name: &str, restarts: u64) -> PartStatus {
        loop {
            let changed = parts.inner.changed.notified();
            let status = parts.status().into_iter().find(|part| part.name == name).unwrap();
            if status.restarts == restarts && status.health == Health::Up {
                return status;
            }
            changed.await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failing_part_is_restarted_and_the_rest_lives_on() {
        let (parts, events) = parts();
        let runs = Arc::new(AtomicU64::new(0));
        parts.start("steady", until_stopped);
        parts.start("shaky", move |context| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0 => panic!("out of luck"),
                    1 => Err("disk on fire".into()),
                    2 => Ok(()),
                    _ => until_stopped(context).await,
                }
            }
        });
        recovered(&parts, "shaky", 3).await;
        assert_eq!(recovered(&parts, "steady", 0).await.restarts, 0);
        let reasons: Vec<_> = events.recent().into_iter().map(|event| event.message).collect();
        assert!(reasons[0].contains("panicked"), "{}", reasons[0]);
        assert_eq!(reasons[1..], ["disk on fire", "ended without being told to"]);
    }

    #[tokio::test(start_paused = true)]
    async fn replaced_part_ends_and_cannot_speak_for_its_successor() {
        let (parts, _) = parts();
        let (tell, ended) = tokio::sync::oneshot::channel::<()>();
        let mut tell = Some(tell);
        parts.start("http", move |context| {
            let tell = tell.take();
            async move {
                context.stop.cancelled().await;
                context.set_health(Health::down("late word of the old run"));
                drop(tell);
                Ok(())
            }
        });
        parts.start("http", until_stopped);
        assert!(ended.await.is_err(), "the old run was told to end");
        assert_eq!(recovered(&parts, "http", 0).await.health, Health::Up);
    }

    #[tokio::test(start_paused = true)]
    async fn part_that_ignores_its_stop_is_not_waited_for_longer_than_the_limit() {
        let (parts, _) = parts();
        parts.start("deaf", |context| {
            context.set_health(Health::Up);
            std::future::pending::<Outcome>()
        });
        parts.settled(Duration::from_secs(1)).await;
        parts.inner.stop.cancel();
        assert!(!parts.ended(Duration::from_secs(1)).await);
    }

    #[test]
    fn delays_grow_up_to_the_cap_and_start_over_after_a_stable_run() {
        let config = PartsConfig { jitter: wardkit_retry::Jitter::None, ..PartsConfig::default() };
        let delays: Vec<_> =
            [1, 2, 3, 20, 5_000_000].map(|failures| delay_of(&config, failures)).into();
        assert_eq!(delays, [100, 200, 400, 30_000, 30_000].map(Duration::from_millis));
    }
}
