//! Where it goes what happens to services, and how other parts help to recover them.

use std::future::ready;
use std::sync::Arc;

use tokio::sync::Notify;
use wardkit_core::{Clock as _, Event, Labels, Severity, SystemClock};
use wardkit_runner::BoxFuture;
use wardkit_supervise::Step;

use crate::events::Events;

/// Hands what happens to services to the daemon's events: the log, the trail, the alerts.
pub(crate) struct Outlet {
    pub events: Events,
    /// Told after each.
    pub changed: Arc<Notify>,
}

impl wardkit_runner::Outlet for Outlet {
    fn publish(&self, event: Event) {
        self.events.publish(event);
        self.changed.notify_one();
    }

    fn recover(&self, service: &str, step: &Step) -> BoxFuture<'static, Result<(), String>> {
        let done = match step {
            Step::Escalate => {
                // A rule makes an alert of it.
                let (now, kind) = (SystemClock.now(), "supervise.escalated");
                let labels = Labels::from_pairs([("service", service)]).unwrap_or_default();
                let event = Event::new(now, kind, Severity::Critical, "supervise");
                self.publish(event.with_subject(service).with_labels(labels));
                Ok(())
            }
            step => Err(format!("no part of agentd does `{step}`")),
        };
        Box::pin(ready(done))
    }
}
