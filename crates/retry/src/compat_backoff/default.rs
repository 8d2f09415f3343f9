//! The values an exponential backoff starts from.

/// The first interval: half a second.
pub const INITIAL_INTERVAL_MILLIS: u64 = 500;

/// How far a wait lies below or above its interval: half of it.
pub const RANDOMIZATION_FACTOR: f64 = 0.5;

/// What an interval is multiplied with to get the next one.
pub const MULTIPLIER: f64 = 1.5;

/// The interval that is not exceeded: one minute.
pub const MAX_INTERVAL_MILLIS: u64 = 60_000;

/// The time after which no attempt is started: fifteen minutes.
pub const MAX_ELAPSED_TIME_MILLIS: u64 = 900_000;
