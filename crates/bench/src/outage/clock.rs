//! wardkit's clock on tokio's virtual time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use wardkit_core::{Clock, Timestamp};
use wardkit_retry::{Sleep, SleepAsync, Sleeping};

/// Tells and waits tokio's time; its seeds depend on nothing but the first one.
#[derive(Debug)]
pub(super) struct VirtualClock {
    start: Instant,
    seed: AtomicU64,
}

impl VirtualClock {
    pub(super) fn new(seed: u64) -> Self {
        Self { start: Instant::now(), seed: AtomicU64::new(seed) }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(self.uptime())
    }

    fn uptime(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Sleep for VirtualClock {
    fn sleep(&self, duration: Duration) {
        unreachable!("nothing here blocks the thread, and certainly not for {duration:?}")
    }

    fn seed(&self) -> u64 {
        // Far apart for calls of one client, and for clients whose seeds are neighbours.
        self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
    }
}

impl SleepAsync for VirtualClock {
    fn sleep_async(&self, duration: Duration) -> Sleeping {
        Box::pin(tokio::time::sleep(duration))
    }
}
