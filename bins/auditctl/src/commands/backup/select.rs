//! Which snapshots are meant.

use wardkit_backup::engine::{SelectError, SnapshotFilter};
use wardkit_cli::Report;

use crate::cli::backup::Selection;
use crate::commands::could_not_run;

/// Returns the conditions that the options say.
pub(super) fn filter(selection: &Selection) -> SnapshotFilter {
    let mut filter = SnapshotFilter::default();
    filter.hosts.clone_from(&selection.hosts);
    filter.tags.clone_from(&selection.tags);
    filter.paths.clone_from(&selection.paths);
    filter
}

/// Reports that it is not clear which snapshot is meant.
pub(super) fn unclear(error: SelectError) -> Report {
    could_not_run(error).with_hint("list them: auditctl backup list")
}
