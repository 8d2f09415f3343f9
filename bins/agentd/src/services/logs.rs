//! The part `logs`: follows the log files that declared metrics are counted from.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::MetricsConfig;
use crate::telemetry::Follower;

/// Starts the part, replaces it, or ends it where no metric is declared.
pub(crate) fn start(app: &App, config: &MetricsConfig) {
    if config.log.is_empty() {
        app.parts.end("logs");
        app.telemetry.hide("logs");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("logs", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: MetricsConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // One run follows at a time: one that ends still keeps how far it read.
    let _turn = app.telemetry.logs_turn().await;
    let opened = app.clone();
    let opening = move || Follower::new(&opened, &config, opened.telemetry.registry());
    let mut follower = tokio::task::spawn_blocking(opening).await??;
    app.telemetry.show("logs", follower.metrics());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut count, mut fails) = (0_u32, false);
    context.set_health(Health::Up);
    loop {
        let ends = tokio::select! {
            () = context.stopped() => true,
            _ = ticks.tick() => false,
        };
        count = count.wrapping_add(1);
        let keeps = ends || count.is_multiple_of(KEEP_EVERY);
        let with = app.clone();
        let (events, kept);
        (follower, events, kept) = tokio::task::spawn_blocking(move || {
            let events = follower.poll();
            let kept = if keeps { Some(follower.keep(&with)) } else { None };
            (follower, events, kept)
        })
        .await?;
        for event in events {
            app.events.publish(event);
        }
        match kept {
            Some(Err(error)) if !fails => {
                fails = true;
                let reason = format!("how far logs were read is not kept: {error}");
                context.set_health(Health::degraded(reason.clone()));
                let event =
                    Event::new(SystemClock.now(), "logs.state.failed", Severity::Warning, "logs");
                app.events.publish(event.with_message(reason));
            }
            Some(Ok(())) if fails => {
                fails = false;
                context.set_health(Health::Up);
            }
            _ => {}
        }
        if ends {
            return Ok(());
        }
    }
}

const EVERY: Duration = Duration::from_secs(1);
/// What a crash lets be read again.
const KEEP_EVERY: u32 = 10;
