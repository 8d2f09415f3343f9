//! The part `trail`: writes the audit trail, and keeps its checkpoint and its key fresh.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use wardkit_auditlog::Entry;
use wardkit_core::{Clock, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;
use wardkit_tlog::Epoch;

use crate::app::App;
use crate::reload::error_chain;
use crate::trail::Checkpoints;

/// Starts the part.
pub(crate) fn start(app: &App) {
    let app_of_part = app.clone();
    app.parts.start("trail", move |context| run(app_of_part.clone(), context));
}

/// Writes what is left when everything has ended, and covers it with a checkpoint.
pub(crate) async fn finish(app: &App) {
    let recorder = app.events.recorder().clone();
    recorder.record(Entry::new("agentd.stopped", ""));
    let finish = move || recorder.flush().and_then(|()| recorder.seal());
    match timeout(FINISH_LIMIT, tokio::task::spawn_blocking(finish)).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => {
            tracing::error!(
                error = error_chain(&error),
                "the end of the audit trail is not sealed"
            );
        }
        _ => tracing::error!("the end of the audit trail is not sealed in time"),
    }
}

async fn run(app: App, context: Context) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let recorder = app.events.recorder().clone();
    let mut failures: u32 = 0;
    let mut due = Instant::now();
    context.set_health(Health::Up);
    loop {
        tokio::select! {
            () = context.stopped() => return Ok(()),
            // While the disk refuses, it is asked again when that is due, not at every entry.
            () = recorder.arrived(), if failures == 0 => {}
            () = sleep_until(due) => {}
        }
        app.look_at_clock();
        let work = recorder.clone();
        let done = tokio::task::spawn_blocking(move || {
            work.flush()?;
            work.maintain()
        });
        tokio::pin!(done);
        let done = if let Ok(done) = timeout(PATIENCE, &mut done).await {
            done
        } else {
            let reason = "the disk, or a program that holds the log, does not answer";
            troubled(&app, &context, &mut failures, reason);
            tokio::select! {
                () = context.stopped() => return Ok(()),
                done = done => done,
            }
        };
        match done? {
            Ok(checkpoints) => {
                if failures > 0 {
                    context.set_health(Health::Up);
                    app.events.publish(event("trail.append.resumed", Severity::Notice));
                }
                failures = 0;
                due = Instant::now() + next_look(checkpoints);
            }
            Err(error) => {
                due = Instant::now() + RETRY * 2_u32.pow(failures.min(5));
                troubled(&app, &context, &mut failures, &error_chain(&error));
            }
        }
    }
}

/// Says that entries wait, and once, why.
fn troubled(app: &App, context: &Context, failures: &mut u32, reason: &str) {
    if *failures == 0 {
        let event = event("trail.append.failed", Severity::Error);
        app.events.publish(event.with_message(reason));
    }
    context.set_health(Health::degraded(format!("entries wait: {reason}")));
    *failures += 1;
}

fn event(kind: &'static str, severity: Severity) -> Event {
    Event::new(SystemClock.now(), kind, severity, "trail")
}

/// Returns how long to wait where no entry comes: until a checkpoint is due, else until the key's day is over.
fn next_look(checkpoints: Checkpoints) -> Duration {
    if checkpoints == Checkpoints::Due {
        return CHECKPOINT_EVERY;
    }
    let now = SystemClock.now().as_unix_seconds();
    let midnight = Epoch::of(now).next().map_or(now, Epoch::start);
    Duration::from_secs(u64::try_from(midnight - now).unwrap_or(0)) + CHECKPOINT_EVERY
}

const FINISH_LIMIT: Duration = Duration::from_secs(5);
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// A disk that is busy answers by then.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_secs(1);
