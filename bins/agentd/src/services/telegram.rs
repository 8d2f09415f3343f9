//! The part `telegram`: hears who presses the buttons of messages.

use tokio::task::JoinSet;
use wardkit_core::Health;
use wardkit_supervise::tasks::Context;

use crate::alerting::{read_buttons, telegram_readers};
use crate::app::App;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it where nobody may press a button.
pub(crate) fn start(app: &App) {
    let prepared = app.alerting.prepared();
    // Whether a token is one was checked when its channel was built.
    let has_none = telegram_readers(&prepared).is_ok_and(|readers| readers.is_empty());
    if !prepared.config.enabled || has_none {
        app.parts.end("telegram");
        return;
    }
    let app_of_part = app.clone();
    app.parts.start("telegram", move |context| run(app_of_part.clone(), context));
}

async fn run(app: App, context: Context) -> Result<(), Error> {
    let readers = telegram_readers(&app.alerting.prepared());
    let readers = readers
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    context.set_health(Health::Up);
    // They end with the part: a set that is dropped cuts its tasks off.
    let mut reading = JoinSet::new();
    for reader in readers {
        reading.spawn(read_buttons(app.clone(), context.clone(), reader));
    }
    tokio::select! {
        () = context.stopped() => Ok(()),
        Some(ended) = reading.join_next() => Ok(ended?),
    }
}
