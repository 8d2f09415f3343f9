//! Backup, restore, check and forget.

mod backup;

pub use backup::{BackupOptions, BackupReport, Cancel, Counts, Failed, Outcome, Parent};
