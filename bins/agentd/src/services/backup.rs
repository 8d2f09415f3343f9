//! The part `backup`: makes backups on schedule, and holds drills that prove them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock as _, Health, SystemClock};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::backup::{Job, Kept, Overdue, Plan, Shown, Work};
use crate::config::BackupConfig;

use crate::backup::Error;

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
    kept.settle_replicas(config.replica.iter().map(|replica| replica.name.as_str()));
    let mut overdue = Overdue::default();
    let shown = Shown::default();
    // A backup that succeeds makes no red drill green.
    let mut healths = BTreeMap::new();
    shown.kept(&kept);
    app.telemetry.show("backup", shown.clone());
    context.set_health(Health::Up);
    if config.own_state {
        // What the other parts are only making is not to be missing from the first backup.
        tokio::select! {
            () = context.stopped() => return Ok(()),
            () = app.parts.settled(SETTLED) => {}
        }
    }
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
            Work::Prune => kept.prune_tried = Some(now),
            // Noted of each replica, and as cheap as it is to begin again.
            Work::Copies => {}
        }
        // Before it begins: what ends agentd each time is not to be begun again at each start.
        kept.write(&app)?;
        shown.running(true);
        let job = Job { app: &app, context: &context, config: &config, shown: &shown, now };
        let health = job.run(work, plan.every(now), &mut kept).await?;
        shown.running(false);
        shown.kept(&kept);
        kept.write(&app)?;
        healths.insert(work.name(), health);
        context.set_health(Health::merge(healths.clone()));
        if context.is_stopped() {
            return Ok(());
        }
    }
}

const SETTLED: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_secs(30);
