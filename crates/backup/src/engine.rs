//! Backup, restore, check and forget.

mod repository;
mod role;

mod options;
mod password;

mod observer;

mod keys;
mod lock;

mod blobs;
mod index;
mod known;
mod snapshots;

mod backup;
mod check;
mod packer;
mod restore;

mod browse;
mod copy;
mod diff;
mod policy;
mod prune;
mod repair;
mod select;

mod error;

mod host;
mod objects;
mod pack_writer;
mod parallel;
mod time;
mod tree_reader;
mod usage;

pub use backup::{BackupOptions, BackupReport, Counts, Failed, Outcome, Parent};
pub use blobs::BlobOpener;
pub use browse::Visit;
pub use check::{CheckOptions, CheckOutcome, CheckReport, Finding, ReadData, Severity};
pub use copy::CopyReport;
pub use diff::{Change, DiffCounts, DiffReport};
pub use error::Error;
pub use index::{ByPack, Index, IndexedBlob, Quality};
pub use keys::{KeyInfo, KeyList, KeyOptions};
pub use known::{Claim, IndexWriter, KnownBlobs};
pub use lock::{LockGuard, LockHolder, LockKind};
pub use observer::{Event, Observer, Silent, Stage};
pub use options::{InitOptions, OpenOptions};
pub use password::Password;
pub use policy::{Counters, Decision, KeepPolicy, ParseSpanError, Period, Reason, Span};
pub use prune::{PruneOptions, PruneReport, Seen};
pub use repair::{RepairOptions, RepairReport};
pub use repository::Repository;
pub use restore::{Existing, RestoreFault, RestoreOptions, RestoreReport, Unrestored};
pub use role::{Adds, Pruner, Reader, Role, Writer};
pub use select::{GroupBy, ParseGroupByError, SelectError, SnapshotFilter, SnapshotGroup, TagList};
pub use snapshots::{Damaged, SnapshotList};
pub(crate) use usage::Usage;
