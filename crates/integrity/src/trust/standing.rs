//! Who may write a record.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Standing;

/// Tells whether nobody but these owners, and root, may write a file, replace it, or replace a directory above it.
pub(super) fn standing(path: &Path, owners: &[u32]) -> Standing {
    let is_guarded = path
        .ancestors()
        .all(|place| fs::symlink_metadata(place).is_ok_and(|found| is_guarded(&found, owners)));
    if is_guarded { Standing::Guarded } else { Standing::Exposed }
}

/// Tells whether nobody but these owners, and root, may write what was found.
pub(super) fn is_guarded(found: &Metadata, owners: &[u32]) -> bool {
    let is_trusted = found.uid() == 0 || owners.contains(&found.uid());
    // In a sticky directory others may add names; they cannot replace one that a trusted owner has. Where a link leads
    // is not looked at.
    let is_sticky = found.is_dir() && found.mode() & 0o1000 != 0;
    let by_others = found.mode() & 0o002 != 0 || found.mode() & 0o020 != 0 && found.gid() != 0;
    is_trusted && !found.is_symlink() && (is_sticky || !by_others)
}
