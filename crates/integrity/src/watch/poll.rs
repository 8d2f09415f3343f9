//! Where nothing tells of changes: a scan from time to time.

use std::time::Duration;

use wardkit_core::Clock;

use super::mounts::Mounts;
use super::roots::Roots;
use super::{Batch, ChangeSource, LostReason, WatchOptions};
use crate::Error;

/// A source that only says when a scan is due: at once, then at every interval, and when something was mounted or
/// unmounted.
#[derive(Debug)]
pub struct PollWatch<C> {
    clock: C,
    roots: Roots,
    mounts: Mounts,
    interval: Duration,
    /// The uptime at which the next scan is due; `None` before the first.
    due: Option<Duration>,
}

impl<C: Clock> PollWatch<C> {
    /// Creates a source that takes the time from `clock`.
    #[must_use]
    pub fn new(options: &WatchOptions, clock: C) -> Self {
        Self {
            clock,
            roots: Roots::resolve(options),
            mounts: Mounts::open(),
            interval: options.poll_interval,
            due: None,
        }
    }

    fn scan(&self, batch: &mut Batch, reason: LostReason) {
        self.roots.given().for_each(|root| batch.lose(root, reason));
    }
}

impl<C: Clock> ChangeSource for PollWatch<C> {
    fn next(&mut self, wait: Duration) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let now = self.clock.uptime();
        let Some(due) = self.due else {
            self.due = Some(now.saturating_add(self.interval));
            self.scan(&mut batch, LostReason::Started);
            return Ok(batch);
        };
        let ready = self.mounts.wait(None, wait.min(due.saturating_sub(now)));
        if ready.map_err(Error::watch("wait for mounts"))?.mounts {
            for point in self.mounts.changed() {
                for scope in self.roots.scopes(&point) {
                    batch.lose(&scope, LostReason::Mounts);
                }
            }
        }
        let now = self.clock.uptime();
        if now >= due {
            self.due = Some(now.saturating_add(self.interval));
            self.scan(&mut batch, LostReason::Polled);
        }
        Ok(batch)
    }
}
