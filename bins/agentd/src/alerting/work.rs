//! What goes on while alerting runs: rules are asked, events are watched, changes are taken over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use wardkit_alerting::service::{Handle, Work};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use super::gaps::Gaps;
use super::heartbeat::NOBODY_HEARS;
use super::terminals::Terminals;
use super::{HistorySource, Prepared, Rules, look, now};
use crate::app::App;
use crate::clock_watch::CLOCK_JUMPED;
use crate::reload::error_chain;

/// Does all of it, for ever.
pub(crate) async fn work(
    app: &App,
    context: &Context,
    handle: &Handle,
    rules: &Arc<Rules>,
    changes: &mut watch::Receiver<Arc<Prepared>>,
    events: Receiver<Event>,
) {
    tokio::join!(
        ask_rules(app, handle, rules),
        watch_events(handle, rules, events),
        watch_gaps(app),
        look_at(app, context, handle),
        follow(app, handle, rules, changes),
    );
}

/// Asks the rules that are due.
async fn ask_rules(app: &App, handle: &Handle, rules: &Arc<Rules>) {
    let source = Arc::new(HistorySource::new(app));
    // The history opens at the same time. Asked before it is there, all rules would fail, and say so.
    for _ in 0..MOST_WAITS {
        if app.telemetry.history().is_some() {
            break;
        }
        sleep(WAIT).await;
    }
    loop {
        let due = rules.next_wake().map(|due| due.saturating_sub(now().boot));
        // A host that was suspended is ahead of the timer.
        sleep(due.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)).await;
        let is_due = |due: Duration| due <= now().boot;
        if !rules.next_wake().is_some_and(is_due) {
            continue;
        }
        let (rules, source) = (Arc::clone(rules), Arc::clone(&source));
        app.alerting.set_asking(Some(now().boot));
        let asked = tokio::task::spawn_blocking(move || rules.step(now(), &source.reading_once()));
        let asked = asked.await;
        app.alerting.set_asking(None);
        match asked {
            Ok(work) => bring(handle, work).await,
            Err(error) => {
                let reason = error.to_string();
                app.events.publish(event("alerting.rules.failed", Severity::Error, reason));
                sleep(LONGEST_SLEEP).await;
            }
        }
    }
}

/// Shows events to the rules on events.
async fn watch_events(handle: &Handle, rules: &Arc<Rules>, mut events: Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if event.kind.as_str() == CLOCK_JUMPED {
                    // Silences and mute times go by the wall.
                    handle.tick();
                }
                bring(handle, rules.observe(&event, now())).await;
            }
            Err(RecvError::Lagged(missed)) => {
                let reason = format!("{missed} events came faster than rules looked at them");
                tracing::warn!(reason, "rules on events missed some");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells when nobody is on call, before it comes.
async fn watch_gaps(app: &App) {
    let mut news = app.alerting.changes();
    let mut gaps = Gaps::default();
    loop {
        let prepared = Arc::clone(&news.borrow_and_update());
        for event in gaps.look(SystemClock.now(), &prepared.schedules) {
            app.events.publish(event);
        }
        tokio::select! {
            more = news.changed() => if more.is_err() { return },
            () = sleep(LOOK_FOR_GAPS) => {}
        }
    }
}

/// Brings what rules want done. While the store keeps nothing, the service says so by its health, and rules bring what
/// lasts again.
async fn bring(handle: &Handle, work: Work) {
    if work.inputs.is_empty() && work.records.is_empty() && work.transitions.is_empty() {
        return;
    }
    if let Err(error) = handle.work(work).await {
        tracing::debug!(error = error_chain(&error), "what rules said is not kept");
    }
}

/// Looks at what runs, for those who must not wait, and at the clock, which somebody may set.
async fn look_at(app: &App, context: &Context, handle: &Handle) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut terminals = Terminals::default();
    loop {
        ticks.tick().await;
        app.look_at_clock();
        let seen = look(handle).await;
        context.set_health(seen.health.clone().unwrap_or(Health::Up));
        app.alerting.set_look(seen);
        if app.alerting.sign().trouble == Some(NOBODY_HEARS)
            && let Some(told) =
                terminals.tell(now().boot, &app.alerting.prepared().config.terminals)
        {
            let message = format!("no channel takes anything; terminals told: {told}");
            app.events.publish(event("alerting.channels.mute", Severity::Critical, message));
        }
    }
}

/// Takes over what a reload puts in force.
async fn follow(
    app: &App,
    handle: &Handle,
    rules: &Arc<Rules>,
    changes: &mut watch::Receiver<Arc<Prepared>>,
) {
    while changes.changed().await.is_ok() {
        let prepared = Arc::clone(&changes.borrow_and_update());
        // It was checked before it was put in force.
        if let Ok(new) = prepared.rules() {
            let rules = Arc::clone(rules);
            let replaced = tokio::task::spawn_blocking(move || rules.replace(new, now())).await;
            if let Ok(work) = replaced {
                bring(handle, work).await;
            }
        }
        while let Err(error) = handle.reload(prepared.plan.clone(), prepared.channels.clone()).await
        {
            let reason = error_chain(&error);
            app.events.publish(event("alerting.reload.failed", Severity::Error, reason));
            sleep(LONGEST_SLEEP).await;
        }
    }
}

fn event(kind: &'static str, severity: Severity, reason: String) -> Event {
    Event::new(SystemClock.now(), kind, severity, "alerting").with_message(reason)
}

/// Five seconds at most: a history that is switched off never comes.
const MOST_WAITS: u32 = 50;
const WAIT: Duration = Duration::from_millis(100);
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// The weeks to come are not in a hurry.
const LOOK_FOR_GAPS: Duration = Duration::from_hours(1);
/// What a scrape and the status page show is as old as that at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
