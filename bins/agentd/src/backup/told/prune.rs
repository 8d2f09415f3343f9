use wardkit_core::{Event, Health, Severity, Timestamp};

use crate::app::App;
use crate::backup::{Kept, Pruned, Unpruned};

/// Tells what was removed, remembers it, and returns how the part is.
pub(crate) fn tell_prune(
    app: &App,
    now: Timestamp,
    kept: &mut Kept,
    ended: Result<Result<Pruned, Unpruned>, String>,
) -> Health {
    let event = |kind, severity| Event::new(now, kind, severity, "backup");
    let (event, reason) = match ended {
        Ok(Ok(Pruned { forgotten, report })) => {
            kept.pruned = Some(now);
            let message = "what is not to stay is gone, or goes after its time of grace";
            let event = event("backup.prune.succeeded", Severity::Notice)
                .with_detail("snapshots_forgotten", forgotten as u64)
                .with_detail("snapshots", report.seen.snapshots)
                .with_detail("bytes_marked", report.bytes_marked)
                .with_detail("bytes_removed", report.bytes_removed);
            app.events.publish(event.with_message(message));
            return Health::Up;
        }
        Ok(Err(Unpruned::Refused(reason))) => {
            (event("backup.prune.refused", Severity::Critical), reason)
        }
        Ok(Err(Unpruned::Failed(reason))) | Err(reason) => {
            (event("backup.prune.failed", Severity::Error), reason)
        }
    };
    app.events.publish(event.with_message(reason.clone()));
    Health::degraded(format!("nothing was removed from the repository: {reason}"))
}
