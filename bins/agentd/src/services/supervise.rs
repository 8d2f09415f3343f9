//! The part `services`: takes services up, and says how they are. They run on a thread of their own, and are held by a
//! process of their own.

use std::path::Path;
use std::sync::Arc;

use wardkit_core::{Clock as _, Event, Labels, Severity, SystemClock};
use wardkit_runner::{Options, Services};
use wardkit_supervise::tasks::Context;
use wardkit_supervise::{Config, State};

use crate::app::App;
use crate::supervision::{Keeper, Outlet, health, options};

/// Starts the part where there are services, or were.
pub(crate) fn start(app: &App, config: &crate::config::Config) {
    app.supervision.want(config.supervise());
    let options = options(app, config);
    // What is there of services that are no longer declared must end.
    if config.service.is_empty() && !options.directory.exists() {
        return;
    }
    let app_of_part = app.clone();
    app.parts.start("services", move |context| run(app_of_part.clone(), context, options.clone()));
}

/// Takes over a changed configuration; what is wrong with it was found before.
pub(crate) fn reload(app: &App, config: &crate::config::Config) -> tokio::task::JoinHandle<()> {
    let Some(services) = app.supervision.services() else {
        start(app, config);
        return tokio::spawn(std::future::ready(()));
    };
    let config = config.supervise();
    app.supervision.want(config.clone());
    let changed = Arc::clone(&app.supervision.changed);
    tokio::spawn(async move {
        if let Err(error) = services.reload(config).await {
            tracing::error!(%error, "the services go on as they were declared before");
        }
        changed.notify_one();
    })
}

async fn run(
    app: App,
    context: Context,
    options: Options,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let services = if let Some(services) = app.supervision.services() {
        services
    } else {
        let (config, events) = (app.supervision.wanted(), app.events.clone());
        let changed = Arc::clone(&app.supervision.changed);
        let take_up = move || take_up(config, options, Outlet { events, changed });
        let services = tokio::task::spawn_blocking(take_up).await??;
        app.supervision.set(services.clone());
        tell_again(&app, &services);
        services
    };
    loop {
        context.set_health(health(&services.list()));
        tokio::select! {
            () = context.stopped() => return Ok(()),
            () = app.supervision.changed.notified() => {}
            () = services.broken() => {
                app.supervision.give_up();
                return Err("the thread of the services broke".into());
            }
        }
    }
}

/// Tells of crash loops that began before this run of agentd: it may have ended before anybody was alerted. An alert that
/// lasts already goes on.
fn tell_again(app: &App, services: &Services) {
    for status in services.list() {
        if matches!(status.state, State::CrashLoop { .. }) {
            let (now, kind) = (SystemClock.now(), "supervise.crash_loop");
            let labels = Labels::from_pairs([("service", &*status.name)]).unwrap_or_default();
            let event = Event::new(now, kind, Severity::Error, "supervise");
            let event = event.with_subject(status.name).with_labels(labels);
            app.events.publish(event.with_message("is still in a crash loop".to_owned()));
        }
    }
}

fn take_up(
    config: Config,
    options: Options,
    outlet: Outlet,
) -> Result<Services, Box<dyn std::error::Error + Send + Sync>> {
    private(&options.directory)?;
    let keeper = Keeper::open(&options.directory.join("state.sqlite"), &outlet.events)?;
    let clock = Arc::new(SystemClock);
    Ok(Services::start(config, options, Box::new(keeper), Arc::new(outlet), clock)?)
}

fn private(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}
