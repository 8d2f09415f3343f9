use wardkit_process::Process;

use crate::{Ended, Record};

/// A service that the guardian holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Held {
    /// What names it.
    pub record: Record,
    /// How it ended, if it has.
    pub ended: Option<Ended>,
    /// The process; `None` when it is gone.
    pub process: Option<Process>,
}

/// What happened at the guardian's.
#[expect(clippy::large_enum_variant, reason = "there are few at a time, and ends are most of them")]
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A service has ended. It is told again to each new master until it is acknowledged.
    Ended(Held),
    /// A tree that was to stop is gone.
    Stopped {
        /// The service.
        service: String,
        /// Which start of it.
        generation: u64,
        /// Processes that could not be ended, such as one that waits for a device.
        left: Vec<u32>,
    },
    /// All that were to stop are gone.
    AllStopped,
}
