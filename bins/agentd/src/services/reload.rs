//! The part `reload`: turns SIGHUP and changes of the configuration file, and of those that it names, into reloads.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::RecommendedWatcher;
use tokio::signal::unix::Signal;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use wardkit_core::{Clock, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::alerting::LookedAt;
use crate::app::App;
use crate::config::{ReloadConfig, watch};
use crate::reload::{Request, reload};

/// The stream of SIGHUP. It outlives the part, so that none is lost while the part is replaced.
pub(crate) type Hangup = Arc<Mutex<Signal>>;

/// Starts the part, or replaces it.
pub(crate) fn start(app: &App, config: &ReloadConfig) {
    let app_of_part = app.clone();
    let file = app.fixed.config_file.clone().filter(|_| config.watch);
    let settle = config.settle;
    app.parts
        .start("reload", move |context| run(app_of_part.clone(), context, file.clone(), settle));
}

async fn run(
    app: App,
    context: Context,
    file: Option<PathBuf>,
    settle: Duration,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (tell, mut changes) = mpsc::channel(1);
    let mut named = app.reloads.watched();
    let mut watch = Watch { file, tell, watcher: None, told: None };
    watch.follow(&app, &context, &named.borrow_and_update());
    loop {
        let request = tokio::select! {
            () = context.stopped() => return Ok(()),
            () = hung_up(&app.hangup) => Request::Signal,
            // What changed between the reading and the watching is read now.
            Ok(()) = named.changed(), if watch.file.is_some() => Request::FileChange,
            Some(()) = changes.recv() => tokio::select! {
                () = context.stopped() => return Ok(()),
                () = hung_up(&app.hangup) => Request::Signal,
                () = settled(&mut changes, settle) => Request::FileChange,
            },
        };
        // A link may lead elsewhere by now, or the directory be another one.
        watch.follow(&app, &context, &named.borrow_and_update());
        // The outcome is an event; who asked by a signal or by saving a file reads it there.
        let _ = reload(&app, request).await;
    }
}

async fn hung_up(hangup: &Hangup) {
    hangup.lock().await.recv().await;
}

/// Waits until no change was told for as long as `settle`, within bounds: a file that changes all the time is read
/// all the same.
async fn settled(changes: &mut mpsc::Receiver<()>, settle: Duration) {
    let quiet = async { while let Ok(Some(())) = timeout(settle, changes.recv()).await {} };
    let _ = timeout(settle * MOST_SETTLES, quiet).await;
}

/// The watch on the files.
struct Watch {
    file: Option<PathBuf>,
    tell: mpsc::Sender<()>,
    /// Dropping a watcher ends its watch.
    watcher: Option<RecommendedWatcher>,
    /// What was said of it last: it is said once.
    told: Option<String>,
}

impl Watch {
    /// Watches the files where they are now. While that cannot be done the old watch stays: a file that an editor moved
    /// away comes back to where it was.
    fn follow(&mut self, app: &App, context: &Context, named: &LookedAt) {
        let Some(file) = &self.file else { return context.set_health(Health::Up) };
        let failed = match watch(file, named, self.tell.clone()) {
            Ok((watcher, failed)) => {
                self.watcher = Some(watcher);
                failed
            }
            Err(error) => Some(error),
        };
        let reason = failed.map(|error| {
            format!("changes of the configuration file may go unnoticed, use SIGHUP: {error}")
        });
        context.set_health(reason.clone().map_or(Health::Up, Health::degraded));
        if let Some(reason) = reason.clone().filter(|reason| self.told.as_ref() != Some(reason)) {
            let (now, kind) = (SystemClock.now(), "config.watch.failed");
            let event = Event::new(now, kind, Severity::Warning, "reload");
            app.events.publish(event.with_message(reason));
        }
        self.told = reason;
    }
}

/// An editor that saves in several steps needs two or three.
const MOST_SETTLES: u32 = 10;
