//! The two times that everything here goes by.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

/// Now, by both clocks: schedules and silences go by the wall, durations by the time since the host was started, which
/// nobody can set and which counts while the host is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall's time.
    pub wall: Timestamp,
    /// The time since the host was started.
    pub boot: Duration,
}

/// When something was, told so that another run of the program can place it, even after the host was started anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The host's run, as the kernel names it.
    pub boot_id: String,
    /// The wall's time.
    pub wall: Timestamp,
    /// The time since the host was started.
    pub boot: Duration,
}
