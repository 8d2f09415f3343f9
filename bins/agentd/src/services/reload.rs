//! The part `reload`: turns SIGHUP and changes of the configuration file into reloads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::RecommendedWatcher;
use tokio::signal::unix::Signal;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use wardkit_core::{Clock, Event, Health, Severity, SystemClock};

use crate::app::App;
use crate::config::{ReloadConfig, watch};
use crate::parts::Context;
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
    // Dropping a watcher ends its watch.
    let mut watcher = None;
    follow(&app, &context, file.as_deref(), &tell, &mut watcher);
    loop {
        let request = tokio::select! {
            () = context.stop.cancelled() => return Ok(()),
            () = hung_up(&app.hangup) => Request::Signal,
            Some(()) = changes.recv() => tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                () = hung_up(&app.hangup) => Request::Signal,
                () = settled(&mut changes, settle) => Request::FileChange,
            },
        };
        // A link may lead elsewhere by now, or the directory be another one.
        follow(&app, &context, file.as_deref(), &tell, &mut watcher);
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

/// Watches the file where it is now. While that cannot be done the old watch stays: a file that an editor moved away
/// comes back to where it was.
fn follow(
    app: &App,
    context: &Context,
    file: Option<&Path>,
    tell: &mpsc::Sender<()>,
    watcher: &mut Option<RecommendedWatcher>,
) {
    match file.map(|file| watch(file, tell.clone())).transpose() {
        Ok(new) => {
            *watcher = new;
            context.set_health(Health::Up);
        }
        Err(error) => blind(app, context, &error),
    }
}

/// Says that changes of the file may go unnoticed.
fn blind(app: &App, context: &Context, error: &notify::Error) {
    let reason = format!("changes of the configuration file may go unnoticed, use SIGHUP: {error}");
    context.set_health(Health::degraded(reason.clone()));
    let event = Event::new(SystemClock.now(), "config.watch.failed", Severity::Warning, "reload");
    app.events.publish(event.with_message(reason));
}

/// An editor that saves in several steps needs two or three.
const MOST_SETTLES: u32 = 10;
