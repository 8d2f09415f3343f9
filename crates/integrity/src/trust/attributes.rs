//! What no record clears: owners, permission bits, capabilities, inode flags.

use crate::{Change, ChangeKind, Entry, EntryKind, Field, Flags};

/// Tells whether a change touches what the records do not have.
///
/// Records have contents at most. A path that was there keeps all else; one that is new must give nobody a right that
/// a plain file or directory of a trusted owner does not give.
pub(super) fn is_beyond_records(change: &Change, entry: &Entry, owners: &[u32]) -> bool {
    if change.kind == ChangeKind::Added {
        return !is_plain(entry, owners);
    }
    // A directory's number of names follows what is in it.
    let names = change.field(Field::Nlink).is_some() && entry.kind != EntryKind::Directory;
    names || BEYOND.iter().any(|&field| change.field(field).is_some())
}

/// Tells whether nothing is other than if the same had been written anew.
pub(super) fn is_rewritten(change: &Change) -> bool {
    let is_anew = |field| ANEW.contains(&field);
    change.kind == ChangeKind::Modified && change.fields.iter().all(|one| is_anew(one.field))
}

/// Tells whether all of the content is known: nothing changed there that was not looked at.
pub(super) fn is_content_known(entry: &Entry) -> bool {
    entry.content.is_some() || entry.kind == EntryKind::Directory
}

fn is_plain(entry: &Entry, owners: &[u32]) -> bool {
    let is_trusted = entry.uid == 0 || owners.contains(&entry.uid);
    let is_label = |name: &[u8]| LABELS.contains(&name);
    let is_labelled_at_most = entry.xattrs.list.iter().all(|one| is_label(&one.name));
    let has_xattrs = entry.xattrs.digest.is_some() && entry.xattrs.list.is_empty();
    let flags = entry.flags.map_or(0, Flags::bits);
    // The mode of a link means nothing.
    let mode = if entry.kind == EntryKind::Symlink { 0 } else { entry.mode };
    is_trusted
        && mode & (SET_ID | BY_OTHERS) == 0
        && is_labelled_at_most
        && !has_xattrs
        && flags & (IMMUTABLE | APPEND_ONLY) == 0
        && (entry.kind == EntryKind::Directory || entry.nlink <= 1)
}

const BEYOND: [Field; 8] = [
    Field::Type,
    Field::Mode,
    Field::Uid,
    Field::Gid,
    Field::Dev,
    Field::Rdev,
    Field::Flags,
    Field::Xattrs,
];
const ANEW: [Field; 4] = [Field::Inode, Field::Mtime, Field::Ctime, Field::Btime];
/// What security modules put on every file.
const LABELS: [&[u8]; 3] = [b"security.selinux", b"security.ima", b"security.evm"];
const SET_ID: u32 = 0o6000;
const BY_OTHERS: u32 = 0o022;
const IMMUTABLE: u32 = 0x10;
const APPEND_ONLY: u32 = 0x20;
