//! The part `integrity`: runs the watch over files beside the daemon's tasks.

use std::sync::Arc;
use std::sync::mpsc::channel;

use wardkit_cli::host_name;
use wardkit_custody::Custody;
use wardkit_integrity::Cancel;
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::IntegrityConfig;
use crate::integrity::Watchman;

/// Starts the part, replaces it, or ends it where there is nothing to watch.
pub(crate) fn start(app: &App, config: &IntegrityConfig) {
    if config.is_off() {
        app.parts.end("integrity");
        app.integrity.off();
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("integrity", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: IntegrityConfig,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let cancel = Cancel::new();
    let (keep, stopped) = channel();
    let (events, says) = (app.events.clone(), context.clone());
    let watchman = Watchman {
        config,
        custody: Custody::new(app.data_dir(), &host_name()),
        gauges: Arc::clone(&app.integrity),
        tell: Box::new(move |event| events.publish(event)),
        health: Box::new(move |health| says.set_health(health)),
        cancel: cancel.clone(),
    };
    let mut watching = tokio::task::spawn_blocking(move || watchman.run(&stopped));
    tokio::select! {
        ended = &mut watching => ended?,
        () = context.stopped() => {
            cancel.cancel();
            drop::<std::sync::mpsc::Sender<()>>(keep);
            watching.await?
        }
    }
}
