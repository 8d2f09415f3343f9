//! The part `audit`: checks the host on schedule, and tells what changed.

use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock, Timestamp};
use wardkit_supervise::Cron;
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::audit::{self, Error, Kept, Shown};
use crate::config::AuditConfig;

/// Starts the part, replaces it, or ends it where the host is not checked.
pub(crate) fn start(app: &App, config: &AuditConfig) {
    if !config.enabled {
        app.parts.end("audit");
        app.telemetry.hide("audit");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("audit", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(app: App, context: Context, config: AuditConfig) -> Result<(), Error> {
    let cron: Cron = config.at.parse().map_err(|_| "the schedule cannot be read")?;
    let put_off = chance(config.jitter);
    let mut kept = Kept::read(&app);
    let shown = Shown::default();
    shown.kept(&kept);
    app.telemetry.show("audit", shown.clone());
    // What failed before this start is told by the first check, which a change of the configuration is worth, too.
    let mut due = SystemClock.now();
    context.set_health(Health::Up);
    loop {
        let now = SystemClock.now();
        if due > now {
            // Looked at again and again: the host may sleep, and its clock may be set.
            let wait = due.duration_since(now).unwrap_or_default().min(LOOK_AGAIN);
            tokio::select! {
                () = context.stopped() => return Ok(()),
                () = tokio::time::sleep(wait) => continue,
            }
        }
        let report = tokio::select! {
            () = context.stopped() => return Ok(()),
            report = audit::checked(config.clone()) => report?,
        };
        for event in audit::changes(&report, &kept, now) {
            app.events.publish(event);
        }
        kept = Kept::of(&report, now);
        kept.write(&app)?;
        shown.kept(&kept);
        app.events.publish(summary(&report, now));
        context.set_health(audit::health(&report));
        due = next(&cron, now, put_off).ok_or("the schedule names no time that ever comes")?;
    }
}

fn summary(report: &wardkit_audit::Report, now: Timestamp) -> Event {
    let totals = &report.totals;
    let failed = totals.critical + totals.high + totals.medium + totals.low;
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Event::new(now, "audit.host.checked", Severity::Info, "audit")
        .with_message(format!(
            "{} checks: {} passed, {failed} findings, {} could not be looked at",
            report.checks.len(),
            totals.passed,
            totals.unknown
        ))
        .with_detail("passed", count(totals.passed))
        .with_detail("failed", count(failed))
        .with_detail("unknown", count(totals.unknown))
}

/// Put off or not, each time of the line comes once.
fn next(cron: &Cron, last: Timestamp, put_off: Duration) -> Option<Timestamp> {
    Some(cron.next_after(last.saturating_sub(put_off))?.saturating_add(put_off))
}

/// Returns a part of a span, by chance.
fn chance(most: Duration) -> Duration {
    let mut byte = [0];
    // Whoever has no random numbers waits for all of it.
    let drawn = getrandom(&mut byte, GetRandomFlags::empty()).map_or(u8::MAX, |_| byte[0]);
    most * u32::from(drawn) / u32::from(u8::MAX)
}

const LOOK_AGAIN: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_comes_once_however_long_it_is_put_off() {
        let cron: Cron = "45 3 * * *".parse().unwrap();
        let at = |hour: i64, minute: i64| {
            Timestamp::from_unix_seconds(1_799_971_200 + hour * 3600 + minute * 60)
        };
        let quarter = Duration::from_mins(15);
        assert_eq!(next(&cron, at(1, 0), Duration::ZERO), Some(at(3, 45)));
        assert_eq!(next(&cron, at(3, 45), Duration::ZERO), Some(at(27, 45)));
        assert_eq!(next(&cron, at(1, 0), quarter), Some(at(4, 0)));
        assert_eq!(next(&cron, at(4, 0), quarter), Some(at(28, 0)));
    }
}
