//! What was measured, compressed on the disk: two years of it, and questions about any part of it.
//!
//! [`History`] has one owner, the sampler, and takes the samples of a moment. Every [`Reader`] answers beside it. Samples
//! stay as they were for three days, then a row a minute tells of them for a month and a row a quarter of an hour for
//! two years, each with the smallest, the largest, the sum, the count and the last of its time.
//!
//! ```
//! use std::time::Duration;
//! use wardkit_core::Timestamp;
//! use wardkit_metrics::history::{Aggregate, Config, History, MemoryIndex, Range};
//! use wardkit_metrics::{Family, Kind, Samples};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let (mut history, _) = History::open(dir, Config::default(), MemoryIndex::new())?;
//! let mut samples = Samples::new();
//! for second in 0..60 {
//!     samples.clear();
//!     samples.family(Family { name: "sent_total", help: "Messages sent.", kind: Kind::Counter });
//!     samples.push(&[("chat", "ops")], f64::from(second) * 2.0);
//!     history.append(Timestamp::from_unix_seconds(i64::from(second)), &samples)?;
//! }
//!
//! let minute = Range::new(Timestamp::UNIX_EPOCH, Timestamp::from_unix_seconds(60));
//! let reader = history.reader();
//! let found = reader.query(&"sent_total{chat=\"ops\"}".parse()?, minute, Duration::from_mins(1), Aggregate::Rate)?;
//! assert_eq!(found[0].points[0].value, 2.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[expect(
    clippy::cast_precision_loss,
    reason = "there are never as many values as a float cannot count"
)]
mod across;
#[expect(clippy::cast_possible_truncation, reason = "codes take the low bits of numbers")]
mod bits;
mod block;
#[expect(clippy::cast_possible_truncation, reason = "codes take the low bits of numbers")]
mod bytes;
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "numbers become floats and back, and are compared bit by bit"
)]
pub mod column;
mod config;
mod derive;
mod disk;
mod error;
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "places among values are small, and equal values have no difference"
)]
mod fold;
mod frame;
mod index;
#[expect(clippy::cast_possible_truncation, reason = "codes take the low bits of numbers")]
mod ints;
mod journal;
mod query;
mod reader;
mod recovery;
#[expect(clippy::cast_precision_loss, reason = "shares of a time are compared, roughly")]
mod retention;
mod segment;
mod selector;
mod stats;
mod store;
mod taken;
mod window;
#[expect(clippy::cast_possible_truncation, reason = "codes take the low bits of numbers")]
mod xor;

pub use across::{Combine, combine, top};
pub use config::Config;
pub use error::{Error, IndexError};
pub use index::{BlockAt, Commit, Index, MemoryIndex, SegmentState, Tier};
pub use query::{Aggregate, Point, Range, Series};
pub use reader::Reader;
pub use recovery::Recovery;
pub use selector::{Selector, labels_of};
pub use stats::Stats;
pub use store::History;
