//! The two times that alerting goes by.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wardkit_alerting::Now;
use wardkit_core::{Clock as _, SystemClock};

/// Returns now by the wall and since the host was started; the latter goes on while the host is suspended.
pub(crate) fn now() -> Now {
    let boot = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(boot.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(boot.tv_nsec).unwrap_or(0);
    Now { wall: SystemClock.now(), boot: Duration::new(seconds, nanos) }
}

/// Returns the run of the host, as the kernel names it; where it does not, each run of agentd counts as a new one.
pub(crate) fn boot_id() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    named.map_or_else(
        |_| format!("unnamed since {}", SystemClock.now()),
        |text| text.trim().to_owned(),
    )
}
