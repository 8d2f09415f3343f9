//! The part `backup`: makes backups on schedule, and holds drills that prove them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use wardkit_core::{Clock as _, Health, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::backup::{Kept, Plan, Progress, Shown, Work, hold_drill, run_backup};
use crate::backup::{Overdue, tell_backup, tell_drill};
use crate::config::BackupConfig;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it where nothing is backed up.
pub(crate) fn start(app: &App, config: &BackupConfig) {
    if !config.is_enabled() {
        app.parts.end("backup");
        app.telemetry.hide("backup");
        return;
    }
    let (app_of_part, config) = (app.clone(), Arc::new(config.clone()));
    app.parts
        .start("backup", move |context| run(app_of_part.clone(), context, Arc::clone(&config)));
}

async fn run(app: App, context: Context, config: Arc<BackupConfig>) -> Result<(), Error> {
    let plan = Plan::drawn(&config).ok_or("the schedule cannot be read")?;
    let mut kept = Kept::read(&app);
    let mut overdue = Overdue::default();
    let shown = Shown::default();
    // A backup that succeeds makes no red drill green.
    let (mut backups, mut drills) = (Health::Up, Health::Up);
    shown.kept(&kept);
    app.telemetry.show("backup", shown.clone());
    context.set_health(Health::Up);
    loop {
        let now = SystemClock.now();
        overdue.look(&app, &context, now, config.max_age, &kept);
        let Some((due, work)) = plan.next(now, &kept) else {
            return Err("the schedule names no time that ever comes".into());
        };
        if due > now {
            // Looked at again and again: the host may sleep, and its clock may be set.
            let wait = due.duration_since(now).unwrap_or_default().min(LOOK_AGAIN);
            tokio::select! {
                () = context.stopped() => return Ok(()),
                () = tokio::time::sleep(wait) => continue,
            }
        }
        match work {
            Work::Backup => kept.backup_tried = Some(now),
            Work::Drill => kept.drill_tried = Some(now),
        }
        // Before it begins: what ends agentd each time is not to be begun again at each start.
        kept.write(&app)?;
        shown.running(true);
        let job = (app.clone(), Arc::clone(&config), kept.clone(), plan.every(now));
        match work {
            Work::Backup => {
                let work = move |progress: &Progress| {
                    let (app, config, _, every) = job;
                    run_backup(&app, &config, every, progress)
                };
                let ended = aside(&context, config.deadline, work).await?;
                backups = tell_backup(&app, now, &mut kept, &shown, ended);
            }
            Work::Drill => {
                let work = move |progress: &Progress| {
                    let (app, config, kept, _) = job;
                    hold_drill(&app, &config, &kept, progress)
                };
                let ended = aside(&context, config.deadline, work).await?;
                drills = tell_drill(&app, now, &mut kept, ended);
            }
        }
        shown.running(false);
        shown.kept(&kept);
        kept.write(&app)?;
        let healths = [("backup", backups.clone()), ("drill", drills.clone())];
        context.set_health(Health::merge(healths));
        if context.is_stopped() {
            return Ok(());
        }
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

const LOOK_AGAIN: Duration = Duration::from_secs(30);
const NICE: i32 = 10;
const PANICKED: &str = "it panicked; the log says where";
