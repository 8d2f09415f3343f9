//! The part `history`: keeps what was measured.

use tokio::sync::broadcast::error::RecvError;
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::HistoryConfig;
use crate::reload::error_chain;
use crate::telemetry::{Change, Keeper};

/// Starts the part, replaces it, or ends it.
pub(crate) fn start(app: &App, config: &HistoryConfig) {
    if !config.enabled {
        app.parts.end("history");
        app.telemetry.set_history(None);
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("history", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: HistoryConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // One run has the directory at a time: one that ends still writes what it holds.
    let _turn = app.telemetry.history_turn().await;
    let mut moments = app.telemetry.moments();
    let dir = if config.dir.as_os_str().is_empty() {
        app.data_dir().join("history")
    } else {
        config.dir.clone()
    };
    let opened = tokio::task::spawn_blocking(move || Keeper::open(&dir, config.keep)).await?;
    let (mut keeper, damage) = opened?;
    if let Some(reason) = damage {
        app.events.publish(event("history.segment.repaired", Severity::Warning, reason));
    }
    app.telemetry.set_history(Some(keeper.reader()));
    context.set_health(Health::Up);
    let mut behind = false;
    loop {
        let moment = tokio::select! {
            () = context.stopped() => break,
            moment = moments.recv() => moment,
        };
        let moment = match moment {
            Ok(moment) => moment,
            Err(RecvError::Lagged(missed)) => {
                // A disk that stays slow is told of once, until what waited is kept.
                if !std::mem::replace(&mut behind, true) {
                    let reason =
                        format!("the disk was too slow to keep {missed} samples of the host");
                    app.events.publish(event("history.samples.lost", Severity::Warning, reason));
                }
                continue;
            }
            Err(RecvError::Closed) => break,
        };
        let (change, surplus);
        (keeper, change, surplus) = tokio::task::spawn_blocking(move || {
            let change = keeper.keep(&moment);
            let surplus = keeper.overflow(SystemClock.uptime());
            (keeper, change, surplus)
        })
        .await?;
        behind &= !moments.is_empty();
        tell(&app, &context, change);
        if let Some(surplus) = surplus {
            let reason = format!(
                "{surplus} samples had no room among the series: see `max-series` under [history.keep]"
            );
            app.events.publish(event("history.series.overflow", Severity::Warning, reason));
        }
    }
    tokio::task::spawn_blocking(move || keeper.finish()).await??;
    Ok(())
}

/// Says that writing began to fail, and that it works again.
fn tell(app: &App, context: &Context, change: Option<Change>) {
    match change {
        Some(Change::Fails(error)) => {
            let reason = error_chain(&error);
            context.set_health(Health::degraded(format!("samples wait in memory: {reason}")));
            app.events.publish(event("history.write.failed", Severity::Error, reason));
        }
        Some(Change::Works) => {
            context.set_health(Health::Up);
            let reason = "what waited in memory is written".to_owned();
            app.events.publish(event("history.write.resumed", Severity::Notice, reason));
        }
        None => {}
    }
}

fn event(kind: &'static str, severity: Severity, reason: String) -> Event {
    Event::new(SystemClock.now(), kind, severity, "history").with_message(reason)
}
