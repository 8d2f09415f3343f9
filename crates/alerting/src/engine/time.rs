//! The times that the engine waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::group::GroupId;
use crate::Fingerprint;

/// A time since the boot, in nanoseconds. After a restart of the host, what lies before it is negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub(super) struct Mono(i64);

impl Mono {
    pub(super) const ZERO: Self = Self(0);

    pub(super) fn of(boot: Duration) -> Self {
        Self(nanos(boot))
    }

    #[must_use]
    pub(super) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the distance from `origin`, which may be negative, laid at another point.
    #[must_use]
    pub(super) fn moved(self, origin: Self, to: Self) -> Self {
        Self(self.0.saturating_sub(origin.0).saturating_add(to.0))
    }

    /// Returns the first of the times after `now` that are whole intervals from this one.
    #[must_use]
    pub(super) fn following(self, now: Self, interval: Duration) -> Self {
        if self > now {
            return self;
        }
        let interval = nanos(interval).max(1);
        let passed = now.0.saturating_sub(self.0) / interval + 1;
        Self(self.0.saturating_add(passed.saturating_mul(interval)))
    }

    pub(super) fn boot(self) -> Duration {
        self.since(Self(0))
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// What the engine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Nobody brings the alert any more.
    Expire(Fingerprint),
    /// The group tells its news.
    Flush(GroupId),
    /// Nobody takes care of the group's incident any more.
    Unattended(GroupId),
    /// A step of an escalation of the group's incident.
    Escalate(GroupId),
    /// The group is not reopened any more.
    Forget(GroupId),
    /// It is looked at whether the alert still flaps.
    Flap(Fingerprint),
    /// What a storm held back is told.
    Digest,
    /// It is written down what time it is.
    Anchor,
}

/// All that the engine waits for, in order.
#[derive(Debug, Default)]
pub(super) struct Timers {
    order: BTreeSet<(Mono, Timer)>,
    at: BTreeMap<Timer, Mono>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Mono) {
        if let Some(before) = self.at.insert(timer, at) {
            if before == at {
                return;
            }
            self.order.remove(&(before, timer));
        }
        self.order.insert((at, timer));
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(before) = self.at.remove(&timer) {
            self.order.remove(&(before, timer));
        }
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    pub(super) fn first(&self) -> Option<Mono> {
        self.order.first().map(|&(at, _)| at)
    }

    pub(super) fn pop(&mut self, now: Mono) -> Option<Timer> {
        let &(at, timer) = self.order.first()?;
        if at > now {
            return None;
        }
        self.clear(timer);
        Some(timer)
    }
}
