//! The part `metrics`: measures the host once an interval.

use tokio::time::{MissedTickBehavior, interval, timeout};
use wardkit_core::Health;
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::MetricsConfig;
use crate::telemetry::Sampler;

/// Starts the part, replaces it, or ends it.
pub(crate) fn start(app: &App, config: &MetricsConfig) {
    if !config.enabled {
        app.parts.end("metrics");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("metrics", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: MetricsConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut sampler = Sampler::new(&config, app.telemetry.registry())?;
    let mut ticks = interval(config.interval);
    // After a stall there is one sample, not one for each that was missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = context.stopped() => return Ok(()),
            _ = ticks.tick() => {}
        }
        app.look_at_clock();
        let shown = app.clone();
        let mut work = tokio::task::spawn_blocking(move || {
            let events = sampler.sample(&shown);
            (sampler, events)
        });
        let done = if let Ok(done) = timeout(config.interval, &mut work).await {
            done
        } else {
            context.set_health(Health::degraded("the host is slow to tell about itself"));
            tokio::select! {
                () = context.stopped() => return Ok(()),
                done = work => done,
            }
        };
        let events;
        (sampler, events) = done?;
        context.set_health(Health::Up);
        for event in events {
            app.events.publish(event);
        }
    }
}
