//! The daemon's own parts: each a named task that is restarted with backoff when it fails, while the rest lives on.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::Instrument as _;
use wardkit_api::PartStatus;
use wardkit_core::{Event, Health, Severity, SystemClock};
use wardkit_metrics::Samples;
use wardkit_supervise::tasks::{Context, Outcome, TaskStatus, Tasks};
use wardkit_supervise::{ProbeConfig, ServiceSpec, Violation};

use crate::config::PartsConfig;
use crate::events::Events;
use crate::telemetry::{counter, float, gauge};
use crate::trail;

/// The daemon's parts. Cloning gives another handle to the same ones.
#[derive(Clone)]
pub(crate) struct Parts {
    tasks: Tasks,
    config: Arc<Mutex<PartsConfig>>,
    driver: Arc<tokio::sync::Mutex<JoinHandle<()>>>,
}

impl Parts {
    /// Creates an empty set, driven by the runtime that this is called on.
    pub(crate) fn new(events: Events, config: PartsConfig) -> Self {
        let recorder = events.recorder().clone();
        let tasks = Tasks::new(Arc::new(SystemClock), move |event| {
            if let Some(event) = failed(event) {
                events.publish(event);
            }
        });
        let tasks = tasks.with_health_changes(move |name, old, new| {
            recorder.record(trail::health_changed(name, old, new));
        });
        let handle = tasks.clone();
        let driver = tokio::spawn(async move { handle.run().await });
        let config = Arc::new(Mutex::new(config));
        Self { tasks, config, driver: Arc::new(tokio::sync::Mutex::new(driver)) }
    }

    /// Starts a part; one of the same name is told to end, and the new one does not wait for it.
    ///
    /// `make` is called for the first run and for every restart.
    pub(crate) fn start<F, R>(&self, name: &'static str, mut make: F)
    where
        F: FnMut(Context) -> R + Send + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spec = ServiceSpec::in_process(name);
        // It is starting until it says how it is, and has time for that; the end of the daemon has a limit of its own.
        spec.probes.readiness = Some(ProbeConfig::notify());
        (spec.start_timeout, spec.stop_timeout) = (PATIENCE, PATIENCE);
        spec.intensity.max_restarts = 0;
        delayed(&mut spec, &config);
        let span = tracing::info_span!("part", name);
        self.tasks.let_go(name);
        let started = self.tasks.start(spec, move |context| make(context).instrument(span.clone()));
        told(started);
    }

    /// Tells a part to end, and shows it no more. One that is not there has ended.
    pub(crate) fn end(&self, name: &str) {
        self.tasks.let_go(name);
    }

    /// Takes over a changed configuration, from the next failure on.
    pub(crate) fn apply(&self, config: PartsConfig) {
        let mut current = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        told(self.tasks.adjust(|spec| delayed(spec, &config)));
        *current = config;
    }

    /// Waits until no part is starting any more, at most for `limit`.
    pub(crate) async fn settled(&self, limit: Duration) {
        let is_settled =
            |all: &[TaskStatus]| all.iter().all(|part| part.health != Health::Starting);
        // Whoever waits goes on either way: the health says which part is late.
        let _ = tokio::time::timeout(limit, self.tasks.wait_until(is_settled)).await;
    }

    /// Tells every part to end, waits for them at most for `limit`, and returns whether all have ended.
    pub(crate) async fn ended(&self, limit: Duration) -> bool {
        self.tasks.shutdown();
        let mut driver = self.driver.lock().await;
        tokio::time::timeout(limit, &mut *driver).await.is_ok()
    }

    /// Returns how each part is, by name.
    pub(crate) fn status(&self) -> Vec<PartStatus> {
        let status = |TaskStatus { name, health, since, restarts, .. }| PartStatus {
            name,
            health,
            restarts,
            since,
        };
        let mut parts: Vec<_> = self.tasks.status().into_iter().map(status).collect();
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        parts
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
}

/// Gives a part the delays of the configuration.
fn delayed(spec: &mut ServiceSpec, config: &PartsConfig) {
    spec.backoff.schedule = Some(config.schedule.clone());
    spec.backoff.jitter = config.jitter;
    spec.backoff.stable_after = Some(config.stable_after.clamp(Duration::from_millis(1), PATIENCE));
}

/// Returns what is told of what happened to a part: that it failed, unless that is known.
fn failed(mut event: Event) -> Option<Event> {
    if event.kind.as_str() != "supervise.exited" || event.severity < Severity::Warning {
        return None;
    }
    let mut failed = Event::new(event.at, "part.failed", Severity::Error, "agentd")
        .with_subject(event.subject)
        .with_message(event.message);
    failed.details.extend(event.details.remove_entry("restart_in_seconds"));
    Some(failed)
}

/// Says what cannot be: names are part of the program, and delays were checked with the configuration.
fn told(result: Result<(), Vec<Violation>>) {
    for violation in result.err().into_iter().flatten() {
        tracing::error!(%violation, "a part is not declared as it should be");
    }
}

/// As long as nobody waits for.
const PATIENCE: Duration = Duration::from_hours(7 * 24);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use wardkit_retry::Schedule;

    use super::*;

    fn parts() -> (Parts, Events) {
        let events = Events::default();
        let schedule = Schedule::Fixed { delay: Duration::from_millis(1) };
        let config = PartsConfig { schedule, ..PartsConfig::default() };
        (Parts::new(events.clone(), config), events)
    }

    async fn until_stopped(context: Context) -> Outcome {
        context.set_health(Health::Up);
        context.stopped().await;
        Ok(())
    }

    /// Waits until a part has been restarted `restarts` times and is up.
    async fn recovered(parts: &Parts, name: &str, restarts: u64) -> PartStatus {
        let is_up = |part: &TaskStatus| part.restarts == restarts && part.health == Health::Up;
        parts.tasks.wait_until(|all| all.iter().any(|part| part.name == name && is_up(part))).await;
        parts.status().into_iter().find(|part| part.name == name).unwrap()
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
    async fn part_that_cannot_start_is_told_once_for_each_reason() {
        let (parts, events) = parts();
        let runs = Arc::new(AtomicU64::new(0));
        parts.start("stuck", move |context| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0..4 => Err("no such directory".into()),
                    4 => Err("not its owner".into()),
                    _ => until_stopped(context).await,
                }
            }
        });
        recovered(&parts, "stuck", 5).await;
        let reasons: Vec<_> = events.recent().into_iter().map(|event| event.message).collect();
        assert_eq!(reasons, ["no such directory", "not its owner"]);
    }

    #[tokio::test(start_paused = true)]
    async fn replaced_part_ends_and_cannot_speak_for_its_successor() {
        let (parts, _) = parts();
        let (tell, ended) = tokio::sync::oneshot::channel::<()>();
        let mut tell = Some(tell);
        parts.start("http", move |context| {
            let tell = tell.take();
            async move {
                context.stopped().await;
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
        assert!(!parts.ended(Duration::from_secs(1)).await);
    }

    #[test]
    fn delays_grow_up_to_the_cap_and_start_over_after_a_stable_run() {
        let config = PartsConfig { jitter: wardkit_retry::Jitter::None, ..PartsConfig::default() };
        let mut spec = ServiceSpec::in_process("any");
        delayed(&mut spec, &config);
        let delays: Vec<_> =
            [1, 2, 3, 20, 5_000_000].map(|failures| spec.backoff.wait(failures, 7)).into();
        assert_eq!(delays, [100, 200, 400, 30_000, 30_000].map(Duration::from_millis));
    }
}
