//! The vocabulary that wardkit's crates share in their public signatures, and nothing else.
//!
//! A type lives here only when two crates must exchange it. The crate does no IO, starts no task, knows no
//! runtime and has no convenience functions: its every change is a change of everybody's API.
//!
//! ```
//! use std::time::Duration;
//! use wardkit_core::{Clock, Event, Health, ManualClock, Secret, Severity, Timestamp};
//!
//! // Engines take the time as an argument, so a test decides what time it is.
//! let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
//! clock.advance(Duration::from_secs(5));
//! assert_eq!(clock.now().to_string(), "2023-11-14T22:13:25Z");
//!
//! // What happened travels as an event.
//! let event = Event::new(clock.now(), "service.restarted", Severity::Warning, "supervise")
//!     .with_subject("shop-bot")
//!     .with_detail("attempt", 3_u64);
//! assert_eq!(event.kind.as_str(), "service.restarted");
//!
//! // The health of a whole is that of its worst part, and says which one.
//! let whole = Health::merge([("http", Health::Up), ("disk", Health::degraded("93 % full"))]);
//! assert_eq!(whole, Health::degraded("disk: 93 % full"));
//!
//! // A secret does not show itself.
//! assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(***)");
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Timestamp`], [`Clock`], [`SystemClock`], [`ManualClock`] | wall time and time that never runs backwards |
//! | [`Event`], [`EventKind`], [`Severity`], [`Labels`], [`Value`] | the envelope of everything that happens |
//! | [`Health`] | up, starting, degraded, down; merged worst first |
//! | [`Secret`] | a value that neither prints nor serialises, wiped when dropped |
//! | [`Transient`] | an error that knows whether trying again makes sense |
//! | [`Id`] | 128 bits that sort by time |
//!
//! # Features
//!
//! - `serde`: `Serialize` and `Deserialize` for the types above; `Secret` only serialises, as `"***"`.
//!
//! # What it does not do
//!
//! No sleeping (each driver owns its own trait for that), no calendar, no time zones, no error type for everybody.

mod error;
mod event;
mod health;
mod id;
mod labels;
mod secret;
mod severity;
mod time;
mod transient;
mod value;

pub use error::Error;
pub use event::{Event, EventKind};
pub use health::Health;
pub use id::Id;
pub use labels::Labels;
pub use secret::Secret;
pub use severity::Severity;
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use transient::Transient;
pub use value::Value;
pub use zeroize::Zeroize;

#[cfg(feature = "serde")]
mod serde_text;
