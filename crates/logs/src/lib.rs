//! Follows log files through rotation, truncation and restarts, finds what matches in their lines, and writes logs that
//! rotate themselves.
//!
//! ```
//! use std::io::Write as _;
//! use wardkit_core::{Clock, SystemClock};
//! use wardkit_logs::{Config, Pattern, Patterns, Tail};
//!
//! # let dir = tempfile::tempdir()?;
//! let path = dir.path().join("bot.log");
//! let patterns = Patterns::compile(&[Pattern {
//!     file: path.clone(),
//!     regex: r"answered (?<handler>\w+) in (?<value>\d+)".to_owned(),
//! }])?;
//! let mut tail = Tail::new(&Config::of(patterns.files()))?;
//! tail.poll(SystemClock.uptime(), |_| ()); // it is not there yet
//!
//! writeln!(std::fs::File::create(&path)?, "12:00 answered start in 17 ms")?;
//! let mut found = Vec::new();
//! tail.poll(SystemClock.uptime(), |line| {
//!     patterns.each_match(&line, |found_here| {
//!         found.push((found_here.group("handler").map(str::to_owned), found_here.index()));
//!     });
//! });
//! assert_eq!(found, [(Some("start".to_owned()), 0)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Tail`], [`Config`], [`Line`] | all followed files; which they are; what is handed out |
//! | [`State`], [`Checkpoint`] | how far they were read: serialise it, and a restart misses nothing |
//! | [`Notice`], [`NoticeKind`] | what else an operator should know, told once, as an [`Event`](wardkit_core::Event) |
//! | [`Statistics`] | lines, bytes, rotations, and how far behind |
//! | [`Patterns`], [`Pattern`], [`Match`] | regular expressions by file, compiled once |
//! | [`writer::Writer`], [`writer::Limits`] | a log file that rotates itself, within a budget of disk |
//!
//! # What it promises
//!
//! - A renamed file is read to its end before the one that takes its place, and for a minute after, because whoever
//!   writes to it may not have noticed. What was renamed while nobody looked is found beside the path by its inode.
//! - A file that is emptied in place is begun anew, also when it has grown past where it was before.
//! - Nothing but regular files is opened; no pipe or device can keep it waiting.
//! - A line is cut at a limit, a poll reads so many bytes a file at most, and holes in a file cost nothing.
//!
//! # What it does not do
//!
//! No thread, no clock, no file of its own: who calls polls about once a second and keeps the state. No globs, no
//! compressed files, no journal. What is written between the copy and the emptying of `copytruncate` is lost to every
//! reader. Symbolic links are followed, so list only paths whose directories you trust.
//!
//! # Features
//!
//! `serde`: the configuration and the state; `schema`: the JSON Schema of the configuration; `zstd`: logs that were put
//! aside are compressed.

#![forbid(unsafe_code)]

mod config;
mod error;
mod file;
mod followed;
mod notice;
mod patterns;
mod state;
mod tail;
pub mod writer;

pub use config::{Config, Start};
pub use error::Error;
pub use notice::{Notice, NoticeKind};
pub use patterns::{Match, Pattern, Patterns};
pub use state::{Checkpoint, State};
pub use tail::{Line, Statistics, Tail};
