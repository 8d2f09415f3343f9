//! From a source to a snapshot.

mod options;
mod report;

pub use options::{BackupOptions, Cancel, Parent};
pub use report::{BackupReport, Counts, Failed, Outcome};
