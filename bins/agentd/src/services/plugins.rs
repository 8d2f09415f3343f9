//! The part `plugins`: calls plugins on events, on schedule and for those who ask.

use tokio::sync::broadcast::Receiver;
use wardkit_core::Event;
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::config::PluginsConfig;
use crate::plugins::Worker;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, has it follow what changed, or ends it where nothing is run.
pub(crate) fn start(app: &App, config: &PluginsConfig) {
    app.plugins.configure(config);
    if !config.is_enabled() {
        app.parts.end("plugins");
        app.telemetry.hide("plugins");
        return;
    }
    // One that runs follows by itself, and what it has in hand goes on.
    if app.parts.status().iter().any(|part| part.name == "plugins") {
        return;
    }
    app.telemetry.show("plugins", app.plugins.shown());
    let app_of_part = app.clone();
    // From here on, and not from when everything is open: other parts are started, too.
    let mut first = Some(app.events.follow());
    app.parts.start("plugins", move |context| {
        let events = first.take().unwrap_or_else(|| app_of_part.events.follow());
        run(app_of_part.clone(), context, events)
    });
}

async fn run(app: App, context: Context, events: Receiver<Event>) -> Result<(), Error> {
    let worker = Worker::open(&app, &context).await?;
    worker.work(events).await
}
