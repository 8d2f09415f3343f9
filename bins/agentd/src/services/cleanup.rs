//! The part `cleanup`: removes old temporary files, now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_cleanup::{Cleaner, Config, Report};
use wardkit_core::{Clock as _, Health, SystemClock};
use wardkit_metrics::{Collector, Samples};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::telemetry::{counter, float, gauge};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts the part, replaces it, or ends it where there is nothing to remove.
pub(crate) fn start(app: &App, config: &Config) {
    if config.rules.is_empty() {
        app.parts.end("cleanup");
        app.telemetry.hide("cleanup");
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("cleanup", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(app: App, context: Context, config: Config) -> Result<(), Error> {
    let (every, jitter) = (config.every, config.jitter);
    let cleaner = Cleaner::new(config, vec![app.data_dir().to_owned()]);
    let cleaner = Arc::new(cleaner.map_err(|found| {
        let found: Vec<_> = found.iter().map(|one| format!("cleanup.{one}")).collect();
        found.join("; ")
    })?);
    let totals = Totals::default();
    app.telemetry.show("cleanup", totals.clone());
    context.set_health(Health::Up);
    let mut told = Vec::new();
    let mut wait = chance(jitter);
    loop {
        tokio::select! {
            () = context.stopped() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        let (cleaner, part) = (Arc::clone(&cleaner), context.clone());
        let work = move || {
            let report = cleaner.run(&SystemClock, &|| part.is_stopped());
            // A walk over a million files is more than anything else here takes.
            wardkit_process::release_unused_memory();
            report
        };
        let report = tokio::task::spawn_blocking(work).await?;
        totals.add(&report);
        tell(&app, &context, &report, &mut told);
        wait = every + chance(jitter);
    }
}

/// Tells what was removed, and once what was refused.
fn tell(app: &App, context: &Context, report: &Report, told: &mut Vec<(String, String)>) {
    let mut refused = Vec::new();
    for event in report.events(SystemClock.now()) {
        if event.kind.as_str() == "cleanup.refused" {
            let reason = (event.subject.clone(), event.message.clone());
            let is_known = told.contains(&reason);
            refused.push(reason);
            if is_known {
                continue;
            }
        }
        app.events.publish(event);
    }
    let health = refused.first().map_or(Health::Up, |(path, reason)| {
        Health::degraded(format!("{path} is not cleaned: {reason}"))
    });
    context.set_health(health);
    *told = refused;
}

/// Returns a part of a span, by chance.
fn chance(most: Duration) -> Duration {
    let mut byte = [0];
    // Whoever has no random numbers waits for all of it.
    let drawn = getrandom(&mut byte, GetRandomFlags::empty()).map_or(u8::MAX, |_| byte[0]);
    most * u32::from(drawn) / u32::from(u8::MAX)
}

/// How many and how much all runs removed, and how many the last one could not.
#[derive(Clone, Default)]
struct Totals(Arc<[AtomicU64; 3]>);

impl Totals {
    fn add(&self, report: &Report) {
        let [removed, bytes, kept] = &*self.0;
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        removed.fetch_add(count(report.removed()), Ordering::Relaxed);
        bytes.fetch_add(report.bytes(), Ordering::Relaxed);
        kept.store(count(report.rules.iter().map(|rule| rule.kept_count).sum()), Ordering::Relaxed);
    }
}

impl Collector for Totals {
    fn name(&self) -> &'static str {
        "cleanup"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let [removed, bytes, kept] =
            self.0.each_ref().map(|total| float(total.load(Ordering::Relaxed)));
        let help = "Files and directories that were removed.";
        out.single(counter("agentd_cleanup_removed_total", help), removed);
        let help = "The room that this made.";
        out.single(counter("agentd_cleanup_removed_bytes_total", help), bytes);
        let help = "Files and directories that the rules want gone and something keeps.";
        out.single(gauge("agentd_cleanup_kept", help), kept);
        Ok(())
    }
}
