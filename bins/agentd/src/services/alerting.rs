//! The part `alerting`: makes alerts of metrics and events, takes those of others, and tells people.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use wardkit_alerting::service::{Service, Surroundings};
use wardkit_core::{Event, Health};
use wardkit_sqlite::AlertStore;
use wardkit_supervise::tasks::Context;

use crate::alerting::{
    AlertingGauges, Look, Prepared, Recorded, Rules, RulesHook, Running, ack_key, ack_links,
    boot_id, now, work,
};
use crate::app::App;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it.
pub(crate) fn start(app: &App) {
    let prepared = app.alerting.prepared();
    super::heartbeat::start(app, &prepared.config.heartbeat);
    super::telegram::start(app);
    if !prepared.config.enabled {
        app.parts.end("alerting");
        app.telemetry.hide("alerting");
        return;
    }
    app.telemetry.show("alerting", AlertingGauges(app.clone()));
    let app_of_part = app.clone();
    // From here on, and not from when the store is open: services may fail as soon as they are started.
    let mut first = Some(app.events.follow());
    app.parts.start("alerting", move |context| {
        let events = first.take().unwrap_or_else(|| app_of_part.events.follow());
        run(app_of_part.clone(), context, events)
    });
}

async fn run(app: App, context: Context, events: Receiver<Event>) -> Result<(), Error> {
    let _turn = app.alerting.turn().await;
    let mut changes = app.alerting.changes();
    let prepared = Arc::clone(&changes.borrow_and_update());
    for warning in &prepared.warnings {
        tracing::warn!(warning, "the configuration of alerting is not as it was meant");
    }
    let (service, running) = open(&app, &prepared).await?;
    let Running { handle, rules, .. } = running.clone();
    app.telemetry.show("rules", Recorded(Arc::clone(&rules)));
    app.alerting.set_running(Some(running));
    context.set_health(Health::Up);
    let working = work(&app, &context, &handle, &rules, &mut changes, events);
    let serving = service.run();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => Some(ended),
        () = working => None,
        () = context.stopped() => None,
    };
    app.alerting.set_running(None);
    app.alerting.set_look(Look::default());
    app.telemetry.hide("rules");
    handle.shutdown(PATIENCE);
    match ended {
        Some(ended) => Ok(ended?),
        None => Ok(serving.await?),
    }
}

/// Opens the store and reads what an earlier run kept.
async fn open(app: &App, prepared: &Prepared) -> Result<(Service, Running), Error> {
    // It was checked when it was prepared.
    let rules = prepared.rules().map_err(|errors| errors.join("; "))?;
    let rules = Arc::new(Rules::new(rules));
    let boot_id = boot_id();
    let mut surroundings = Surroundings::new(now, boot_id.clone());
    let events = app.events.clone();
    surroundings.events = Arc::new(move |event| events.publish(event));
    surroundings.hooks = vec![Box::new(RulesHook::new(Arc::clone(&rules), boot_id))];
    let (config, plan) = (prepared.service(), prepared.plan.clone());
    let (channels, dir) = (prepared.channels.clone(), app.data_dir().join("alerting"));
    let app = app.clone();
    let opened = tokio::task::spawn_blocking(move || -> Result<_, Error> {
        private(&dir)?;
        let ack = ack_key(&dir)?;
        let key = ack.clone();
        surroundings.links = Arc::new(move |of| ack_links(&app, &key, of));
        let store = AlertStore::open(&dir.join("alerts.sqlite"))?;
        let opened = Service::open(config, plan, channels, Box::new(store), surroundings)?;
        Ok((opened, ack))
    });
    let ((service, handle), ack) = opened.await??;
    Ok((service, Running { handle, rules, ack }))
}

/// Makes a directory that is nobody else's.
fn private(dir: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// What is under way may be decided by then; what is not is tried again by the next run.
const PATIENCE: Duration = Duration::from_secs(5);
