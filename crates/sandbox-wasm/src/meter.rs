//! What a call is measured by.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wardkit_core::{Clock, SystemClock, Timestamp};

/// Time, the time of the processor, and standing still. Called by the thread that runs a call.
pub(crate) trait Meter: Send + Sync {
    /// The wall time, for the plugins that may know it.
    fn now(&self) -> Timestamp;

    /// Time that never runs backwards.
    fn uptime(&self) -> Duration;

    /// What the calling thread has used of a processor.
    fn cpu(&self) -> Duration;

    /// Stands still.
    fn pause(&self, time: Duration);
}

/// The host's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HostMeter;

impl Meter for HostMeter {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }

    fn cpu(&self) -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }

    #[expect(clippy::disallowed_methods, reason = "the driver that sleeps")]
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
