//! Whether somebody sets the host's clock.

use std::time::Duration;

use wardkit_core::{Clock, Event, Severity, SystemClock, Timestamp};

/// Wall time and uptime, which move apart when somebody sets the clock or the host sleeps.
pub(crate) struct ClockWatch {
    wall: Timestamp,
    uptime: Duration,
}

impl ClockWatch {
    /// Begins to watch.
    pub(crate) fn new() -> Self {
        Self { wall: SystemClock.now(), uptime: SystemClock.uptime() }
    }

    /// Returns an event when the clock was set since the last look.
    pub(crate) fn jump(&mut self) -> Option<Event> {
        let before = std::mem::replace(self, Self::new());
        let passed = self.uptime.saturating_sub(before.uptime);
        let expected = before.wall.saturating_add(passed);
        let off = self.wall.max(expected).duration_since(self.wall.min(expected))?;
        (off > MOST_DRIFT).then(|| {
            Event::new(self.wall, CLOCK_JUMPED, Severity::Warning, "trail")
                .with_detail("expected", expected.to_string())
                .with_detail("found", self.wall.to_string())
        })
    }
}

/// The event of a clock that was set.
pub(crate) const CLOCK_JUMPED: &str = "host.clock.jumped";
/// A host that keeps its clock by NTP moves it by less.
const MOST_DRIFT: Duration = Duration::from_secs(1);
