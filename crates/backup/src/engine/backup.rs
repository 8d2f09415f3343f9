//! From a source to a snapshot.
//!
//! ```text
//! walker ─┬─ what it met ───────────────────────────► trees ─┐
//!         ├─ small files ──► workers ─┬─ what was found ─► ┘  ├─ packs ─► uploaders ─► index
//!         └─ large files ─► reader ─► ┘└──────────────────────┘
//! ```
//!
//! Every queue is short, and what waits in chunks of large files is counted in bytes. Nothing flows back, so no thread
//! waits for another that waits for it.

mod options;
mod report;

mod run;
mod threads;

mod chunking;
mod parent;

mod node;
mod walk;

mod read;
mod seal;
mod work;

mod growing_tree;
mod trees;

mod upload;

mod budget;
mod shared;
mod stop;

pub use options::{BackupOptions, Parent};
pub use report::{BackupReport, Counts, Failed, Outcome};

/// A thread ended before its work was done; why, [`stop::Stop`] knows.
#[derive(Clone, Copy, Debug)]
struct Ended;
