//! What a caller writes of a service and of its stop.

use std::ffi::OsString;
use std::time::Duration;

use wardkit_process::Signal;

use crate::{Spawn, Stop};

impl Spawn {
    /// Returns a service with a command, and nothing else.
    #[must_use]
    pub fn new<I>(service: impl Into<String>, generation: u64, command: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let command = command.into_iter().map(Into::into).collect();
        Self { service: service.into(), generation, command, ..Self::default() }
    }
}

impl Stop {
    /// Returns a stop by `SIGTERM` within ten seconds.
    #[must_use]
    pub fn new(service: impl Into<String>, generation: u64) -> Self {
        Self {
            service: service.into(),
            generation,
            signal: Signal::TERM,
            patience: Duration::from_secs(10),
            kill_patience: Duration::from_secs(5),
        }
    }

    /// Returns a stop that does not ask: the whole tree is killed, also when its first process has ended.
    #[must_use]
    pub fn kill(service: impl Into<String>, generation: u64) -> Self {
        let stop = Self::new(service, generation);
        Self { signal: Signal::KILL, patience: Duration::ZERO, ..stop }
    }
}
