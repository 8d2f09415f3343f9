//! The part `detect`: watches what was measured for the unusual.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use wardkit_core::{Clock as _, Health, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::DetectConfig;
use crate::telemetry::{Ahead, Watch};

/// Starts the part, replaces it, or ends it.
pub(crate) fn start(app: &App, config: &DetectConfig) {
    if !config.enabled {
        app.parts.end("detect");
        app.telemetry.hide("detect");
        app.telemetry.hide("ahead");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("detect", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: DetectConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut moments = app.telemetry.moments();
    let warn_before = config.warn_before;
    let mut watch = Watch::new(config);
    let ahead = Ahead::default();
    app.telemetry.show("detect", watch.shown());
    app.telemetry.show("ahead", ahead.clone());
    let mut looks = interval(LOOK_AHEAD_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    context.set_health(Health::Up);
    loop {
        let moment = tokio::select! {
            () = context.stopped() => return Ok(()),
            _ = looks.tick() => {
                // At the start the history may not be open yet.
                let Some(reader) = app.telemetry.history() else {
                    looks.reset_after(LOOK_AGAIN);
                    continue;
                };
                let (ahead, now) = (ahead.clone(), SystemClock.now());
                let look = move || ahead.look(&reader, now, warn_before);
                for event in tokio::task::spawn_blocking(look).await? {
                    app.events.publish(event);
                }
                continue;
            }
            moment = moments.recv() => match moment {
                Ok(moment) => moment,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        for event in watch.step(&moment) {
            app.events.publish(event);
        }
    }
}

/// What is told is hours ahead.
const LOOK_AHEAD_EVERY: Duration = Duration::from_hours(1);
const LOOK_AGAIN: Duration = Duration::from_secs(10);
