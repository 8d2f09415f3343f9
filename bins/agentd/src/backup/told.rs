//! What became of backups and drills: events, what is remembered, and health.

mod copies;
mod prune;

use std::time::Duration;

use wardkit_backup::dr::{DrillReport, SignedReport, Verdict};
use wardkit_backup::engine::{CheckOutcome, Outcome};
use wardkit_core::{Event, Health, Severity, Timestamp};
use wardkit_supervise::tasks::Context;

use super::job::{Ended, Verified, age};
use super::{Kept, Shown};
use crate::app::App;
use crate::reload::error_chain;

pub(crate) use copies::tell_copies;
pub(crate) use prune::tell_prune;

/// Whether there is no backup that is young enough; told once until there is.
#[derive(Debug, Default)]
pub(crate) struct Overdue {
    since: Option<Timestamp>,
    is_told: bool,
}

impl Overdue {
    /// Looks, and tells.
    pub(crate) fn look(
        &mut self,
        app: &App,
        context: &Context,
        now: Timestamp,
        most: Duration,
        kept: &Kept,
    ) {
        // Whoever never had a backup has as long, from when it is asked for on.
        let since = kept.backup_complete.unwrap_or(*self.since.get_or_insert(now));
        let found = age(now, since);
        if found <= most {
            self.is_told = false;
        } else if !std::mem::replace(&mut self.is_told, true) {
            let hours = found.as_secs() / 3600;
            let most = most.as_secs() / 3600;
            let reason =
                format!("the newest complete backup is {hours} h old, and may be {most} h old");
            context.set_health(Health::degraded(reason.clone()));
            let event = Event::new(now, "backup.overdue", Severity::Error, "backup");
            app.events.publish(event.with_message(reason));
        }
    }
}

/// Tells what became of a backup, remembers it, and returns how the part is.
pub(crate) fn tell_backup(
    app: &App,
    began: Timestamp,
    kept: &mut Kept,
    shown: &Shown,
    ended: Result<Ended, String>,
) -> Health {
    let event = |kind, severity| Event::new(began, kind, severity, "backup");
    let Ended { report, verified } = match ended {
        Ok(ended) => ended,
        Err(reason) => {
            let failed = event("backup.failed", Severity::Error).with_message(reason.clone());
            app.events.publish(failed);
            return Health::degraded(format!("the last backup failed: {reason}"));
        }
    };
    kept.stored(began);
    kept.snapshot = Some(report.snapshot.to_string());
    shown.added(report.counts.data_added_packed);
    let detailed = |event: Event| {
        event
            .with_detail("snapshot", report.snapshot.to_string())
            .with_detail("bytes", report.counts.bytes_processed)
            .with_detail("added", report.counts.data_added_packed)
            .with_detail("seconds", report.took.as_secs())
    };
    let mut health = Health::Up;
    match &report.outcome {
        Outcome::Complete => {
            kept.backup_complete = Some(began);
            let message = "everything is backed up";
            app.events.publish(detailed(
                event("backup.succeeded", Severity::Notice).with_message(message),
            ));
        }
        Outcome::Partial { failed } => {
            let first: Vec<String> =
                failed.iter().take(5).map(|one| one.path.display().to_string()).collect();
            let message =
                format!("{} paths are not as they should be: {}", failed.len(), first.join(", "));
            health = Health::degraded(format!("the last backup is partial: {message}"));
            app.events.publish(detailed(
                event("backup.partial", Severity::Warning).with_message(message),
            ));
        }
    }
    match verified {
        Ok(verified) => tell_verified(app, began, shown, &verified, health),
        Err(reason) => {
            let event = event("backup.verification.failed", Severity::Error);
            app.events.publish(event.with_message(reason.clone()));
            Health::degraded(format!("the repository was not verified: {reason}"))
        }
    }
}

fn tell_verified(
    app: &App,
    began: Timestamp,
    shown: &Shown,
    verified: &Verified,
    health: Health,
) -> Health {
    shown.verified(verified);
    let report = &verified.report;
    if report.outcome() == CheckOutcome::Clean {
        let event = Event::new(began, "backup.verification.succeeded", Severity::Info, "backup");
        app.events.publish(event.with_detail("bytes", report.bytes));
        return health;
    }
    let worst: Vec<String> =
        report.findings.iter().take(5).map(|finding| error_chain(finding)).collect();
    let count = report.damaged + report.unreadable;
    let reason = format!("{count} findings in the repository: {}", worst.join("; "));
    let event = Event::new(began, "backup.verification.failed", Severity::Critical, "backup");
    app.events.publish(event.with_message(reason.clone()));
    Health::degraded(reason)
}

/// Tells what drills found, remembers it, and returns how the part is.
pub(crate) fn tell_drill(
    app: &App,
    began: Timestamp,
    kept: &mut Kept,
    ended: Result<Vec<(DrillReport, SignedReport)>, String>,
) -> Health {
    let red = |reason: String| {
        let event = Event::new(began, "backup.drill.failed", Severity::Error, "backup");
        app.events.publish(event.with_message(reason.clone()));
        Health::degraded(format!("the last drill is red: {reason}"))
    };
    let reports = match ended {
        Ok(reports) => reports,
        Err(reason) => return red(reason),
    };
    kept.restore_millis = reports.first().map(|(report, _)| report.restore_millis);
    for (report, signed) in &reports {
        kept.report = Some(signed.id().to_string());
        let color = if report.is_green() { "green" } else { "red" };
        // On the trail, which is signed and which nobody rewrites.
        let event = Event::new(began, "backup.drill.report", Severity::Notice, "backup")
            .with_detail("report", signed.id().to_string())
            .with_detail("snapshot", report.snapshot.clone())
            .with_detail("result", color)
            .with_detail("compared", report.compared)
            .with_detail("restore_millis", report.restore_millis)
            .with_detail("isolation", report.isolation.clone());
        app.events.publish(event.with_message(format!("the drill is {color}")));
    }
    if let Some((report, _)) = reports.iter().find(|(report, _)| !report.is_green()) {
        return red(reason(report));
    }
    kept.drill_green = Some(began);
    let event = Event::new(began, "backup.drill.succeeded", Severity::Notice, "backup");
    app.events.publish(event.with_message("what was restored is what was backed up"));
    Health::Up
}

/// The first things that are wrong.
fn reason(report: &DrillReport) -> String {
    let probes = report.probes.iter().filter_map(|checked| match &checked.verdict {
        Verdict::Failed { reason } | Verdict::NotRun { reason } => {
            Some(format!("{}: {reason}", checked.probe))
        }
        Verdict::Passed { .. } => None,
    });
    let steps = report.steps.iter().filter_map(|step| match &step.verdict {
        Verdict::Failed { reason } => Some(format!("{}: {reason}", step.step)),
        _ => None,
    });
    let all = probes.chain(report.failures.iter().cloned()).chain(steps);
    let all: Vec<String> = all.take(3).collect();
    all.join("; ")
}
