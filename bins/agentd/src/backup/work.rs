//! One piece of work on a thread of its own, and what is told of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use wardkit_core::{Health, Timestamp};
use wardkit_supervise::tasks::Context;

use super::told::{tell_backup, tell_copies, tell_drill, tell_prune};
use super::{Kept, Progress, Shown, Work, drill, job, prune, replicas};
use crate::app::App;
use crate::config::BackupConfig;

/// What keeps the part from going on.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is done now.
pub(crate) struct Job<'j> {
    pub(crate) app: &'j App,
    pub(crate) context: &'j Context,
    pub(crate) config: &'j Arc<BackupConfig>,
    pub(crate) shown: &'j Shown,
    pub(crate) now: Timestamp,
}

impl Job<'_> {
    /// Does it, tells what became of it, and returns how the part is.
    pub(crate) async fn run(
        &self,
        work: Work,
        every: Duration,
        kept: &mut Kept,
    ) -> Result<Health, Error> {
        let Self { app, context, config, shown, now } = *self;
        let (app_of, of, known) = (app.clone(), Arc::clone(config), kept.clone());
        let most = config.deadline;
        Ok(match work {
            Work::Backup => {
                let work = move |progress: &Progress| job::run(&app_of, &of, every, progress);
                let ended = aside(context, most, work).await?;
                tell_backup(app, now, kept, shown, ended)
            }
            Work::Copies => {
                let work = move |progress: &Progress| replicas::copy(&of, &known, progress);
                let ended = aside(context, most, work).await?;
                tell_copies(app, now, config, kept, ended)
            }
            Work::Drill => {
                let work = move |progress: &Progress| drill::hold(&app_of, &of, &known, progress);
                let ended = aside(context, most, work).await?;
                tell_drill(app, now, kept, ended)
            }
            Work::Prune => {
                let work =
                    move |progress: &Progress| Ok(prune::run(&app_of, &of, &known, progress));
                let ended = aside(context, most, work).await?;
                tell_prune(app, now, kept, ended)
            }
        })
    }
}

/// Runs what blocks for hours on a thread that yields to all else; at the deadline and at the end it is broken off.
async fn aside<T: Send + 'static>(
    context: &Context,
    deadline: Duration,
    work: impl FnOnce(&Progress) -> Result<T, String> + Send + 'static,
) -> Result<Result<T, String>, Error> {
    let progress = Arc::new(Progress::default());
    let (tell, mut told) = oneshot::channel();
    let seen = Arc::clone(&progress);
    std::thread::Builder::new().name("backup".to_owned()).spawn(move || {
        // Of this thread and of those that it starts.
        let _ = rustix::process::setpriority_process(None, NICE);
        let result = work(&seen);
        wardkit_process::release_unused_memory();
        let _ = tell.send(result);
    })?;
    let until = Instant::now() + deadline;
    let reason = tokio::select! {
        result = &mut told => return Ok(result.unwrap_or_else(|_| Err(PANICKED.to_owned()))),
        () = sleep_until(until) => format!("it was broken off after {} s", deadline.as_secs()),
        () = context.stopped() => "it was broken off: agentd stops".to_owned(),
    };
    progress.end();
    let result = told.await.unwrap_or_else(|_| Err(PANICKED.to_owned()));
    Ok(result.map_err(|_| reason))
}

const NICE: i32 = 10;
const PANICKED: &str = "it panicked; the log says where";
