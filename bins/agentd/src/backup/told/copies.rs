use std::time::Duration;

use wardkit_core::{Event, Health, Severity, Timestamp};

use crate::app::App;
use crate::backup::job::age;
use crate::backup::{Copies, Kept};
use crate::config::BackupConfig;

/// Tells what became of the copies, remembers it, and returns how the part is. The backup itself is as good without them.
pub(crate) fn tell_copies(
    app: &App,
    now: Timestamp,
    config: &BackupConfig,
    kept: &mut Kept,
    ended: Result<Copies, String>,
) -> Health {
    let names = || config.replica.iter().map(|replica| replica.name.clone());
    let copies = ended.unwrap_or_else(|reason| {
        let behind: Vec<String> = names().filter(|name| kept.is_behind(name)).collect();
        behind.into_iter().map(|name| (name, Err(reason.clone()))).collect()
    });
    let mut health = Vec::new();
    for (name, copied) in copies {
        let event =
            |kind, severity| Event::new(now, kind, severity, "backup").with_subject(name.clone());
        let replica = kept.replicas.entry(name.clone()).or_default();
        replica.tried = Some(now);
        match copied {
            Ok(done) => {
                (replica.holds, replica.behind_since) = (kept.backup_stored, None);
                let message = "the replica has everything";
                let event = event("backup.replica.succeeded", Severity::Notice);
                let event = event.with_message(message).with_detail("objects", done.copied);
                app.events.publish(event.with_detail("bytes", done.copied_bytes));
            }
            Err(reason) => {
                let failed = event("backup.replica.failed", Severity::Error);
                app.events.publish(failed.with_message(format!("{name}: {reason}")));
                health.push((name.clone(), Health::degraded(format!("{name}: {reason}"))));
                let lag = replica.behind_since.map_or(Duration::ZERO, |since| age(now, since));
                if lag > config.max_age {
                    let hours = lag.as_secs() / 3600;
                    let message = format!("{name} does not have what was backed up {hours} h ago");
                    let event = event("backup.replica.lagging", Severity::Error);
                    app.events.publish(event.with_message(message));
                }
            }
        }
    }
    health.push(("copies".to_owned(), count(app, now, config, kept)));
    Health::merge(health)
}

/// Whether the newest backup is in as many places as it has to be.
fn count(app: &App, now: Timestamp, config: &BackupConfig, kept: &mut Kept) -> Health {
    let current = config.replica.iter().filter(|replica| !kept.is_behind(&replica.name)).count();
    let (places, required) = (current + 1, config.require);
    let event = |kind, severity| {
        let event = Event::new(now, kind, severity, "backup");
        event.with_detail("places", places as u64).with_detail("required", required as u64)
    };
    if places >= required {
        kept.copies_enough = kept.backup_stored;
        let message = format!("the newest backup is in {places} places");
        app.events.publish(event("backup.copies.enough", Severity::Info).with_message(message));
        return Health::Up;
    }
    let reason =
        format!("the newest backup is in {places} of the {required} places that it has to be in");
    let event = event("backup.copies.too_few", Severity::Error);
    app.events.publish(event.with_message(reason.clone()));
    Health::degraded(reason)
}
