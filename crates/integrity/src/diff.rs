//! What differs between two looks at the same paths.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{major, minor};

use crate::order;
use crate::{
    Change, ChangeKind, Entry, EntryKind, Fault, Field, FieldChange, FieldValue, Fields,
    XattrValue, Xattrs,
};

/// Compares two looks at the same paths, both in the order of snapshots and baselines.
///
/// `fields` says what matters of a path. It is asked for the kind that the path has and for the one that it had: who
/// puts a directory where a file was does not escape the file's rule. Where it answers [`Fields::NONE`] nothing is a
/// change, not even that the path is new or gone.
pub fn diff<O, N, F>(old: O, new: N, fields: F) -> impl Iterator<Item = Change>
where
    O: IntoIterator<Item = Entry>,
    N: IntoIterator<Item = Entry>,
    F: Fn(&Path, EntryKind) -> Fields,
{
    join(old, new).filter_map(move |(old, new)| {
        let of = |entry: &Option<Entry>| {
            entry.as_ref().map_or(Fields::NONE, |entry| fields(&entry.path, entry.kind))
        };
        let fields = of(&old).union(of(&new));
        compare_entries(old.as_ref(), new.as_ref(), fields)
    })
}

/// Brings together what is known of each path from two looks, both in the order of snapshots and baselines. At least
/// one side of each pair is there.
pub fn join<O, N>(old: O, new: N) -> impl Iterator<Item = (Option<Entry>, Option<Entry>)>
where
    O: IntoIterator<Item = Entry>,
    N: IntoIterator<Item = Entry>,
{
    Join { old: old.into_iter().peekable(), new: new.into_iter().peekable() }
}

/// Compares two looks at one path, in these fields.
///
/// An entry that could not be read in full, and can no more be read now, has not changed by that. Whoever reports
/// lists all such entries anyway.
#[must_use]
pub fn compare_entries(old: Option<&Entry>, new: Option<&Entry>, fields: Fields) -> Option<Change> {
    if fields == Fields::NONE {
        return None;
    }
    let path = &new.or(old)?.path;
    let kind = match (old, new) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        // What is too sparse was read, and has a digest.
        (Some(old), Some(new))
            if new.fault.is_some_and(|fault| fault != Fault::Sparse) && new.fault != old.fault =>
        {
            ChangeKind::Unreadable
        }
        _ => ChangeKind::Modified,
    };
    let changes: Vec<FieldChange> = fields
        .iter()
        .filter(|&field| old.zip(new).is_none_or(|(old, new)| differs(old, new, field)))
        .map(|field| {
            let of = |entry: Option<&Entry>| entry.and_then(|entry| value(entry, field));
            FieldChange { field, old: of(old), new: of(new) }
        })
        .filter(|change| change.old.is_some() || change.new.is_some())
        .collect();
    let is_change = kind != ChangeKind::Modified || !changes.is_empty();
    is_change.then(|| Change::new(path, kind, changes))
}

struct Join<O: Iterator<Item = Entry>, N: Iterator<Item = Entry>> {
    old: Peekable<O>,
    new: Peekable<N>,
}

impl<O: Iterator<Item = Entry>, N: Iterator<Item = Entry>> Iterator for Join<O, N> {
    type Item = (Option<Entry>, Option<Entry>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.old.peek(), self.new.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => order::compare(&old.path, &new.path),
        };
        Some(match order {
            Ordering::Less => (self.old.next(), None),
            Ordering::Greater => (None, self.new.next()),
            Ordering::Equal => (self.old.next(), self.new.next()),
        })
    }
}

fn differs(old: &Entry, new: &Entry, field: Field) -> bool {
    // One that the system refused to show has no owner 0 and no time 0 that could differ.
    if is_known(old) != is_known(new) {
        return value(old, field) != value(new, field);
    }
    match field {
        Field::Content => old.content != new.content,
        Field::Type => old.kind != new.kind,
        Field::Mode => old.mode != new.mode,
        Field::Uid => old.uid != new.uid,
        Field::Gid => old.gid != new.gid,
        Field::Size => old.size != new.size,
        Field::Nlink => old.nlink != new.nlink,
        Field::Inode => old.inode != new.inode,
        Field::Dev => old.dev != new.dev,
        Field::Rdev => old.rdev != new.rdev,
        Field::Mtime => old.mtime != new.mtime,
        Field::Ctime => old.ctime != new.ctime,
        Field::Btime => old.btime != new.btime,
        Field::Flags => old.flags != new.flags,
        Field::Xattrs => old.xattrs != new.xattrs,
        Field::Target => old.target != new.target,
    }
}

fn value(entry: &Entry, field: Field) -> Option<FieldValue> {
    let text = |text: &dyn ToString| Some(FieldValue::Text(text.to_string()));
    let number = |number| Some(FieldValue::Number(number));
    if field == Field::Type {
        return text(&entry.kind);
    }
    if !is_known(entry) {
        return None;
    }
    match field {
        Field::Content => text(&entry.content?),
        Field::Type => text(&entry.kind),
        Field::Mode => Some(FieldValue::Text(format!("{:04o}", entry.mode))),
        Field::Uid => number(u64::from(entry.uid)),
        Field::Gid => number(u64::from(entry.gid)),
        Field::Size => number(entry.size),
        Field::Nlink => number(entry.nlink),
        Field::Inode => number(entry.inode),
        Field::Dev => Some(device(entry.dev)),
        Field::Rdev => {
            let is_device = matches!(entry.kind, EntryKind::CharDevice | EntryKind::BlockDevice);
            (is_device || entry.rdev != 0).then(|| device(entry.rdev))
        }
        Field::Mtime => text(&entry.mtime),
        Field::Ctime => text(&entry.ctime),
        Field::Btime => text(&entry.btime?),
        Field::Flags => text(&entry.flags?),
        Field::Xattrs => attributes(&entry.xattrs),
        Field::Target => text(&escaped(entry.target.as_ref()?.as_os_str().as_bytes())),
    }
}

/// Tells whether more is known than a name and what its directory says of it. Nothing that exists lies on device 0.
fn is_known(entry: &Entry) -> bool {
    entry.fault.is_none() || (entry.dev, entry.nlink, entry.mode) != (0, 0, 0)
}

fn device(number: u64) -> FieldValue {
    FieldValue::Text(format!("{}:{}", major(number), minor(number)))
}

fn attributes(xattrs: &Xattrs) -> Option<FieldValue> {
    xattrs.digest?;
    let shown: BTreeMap<String, String> = xattrs
        .list
        .iter()
        .map(|xattr| {
            let value = match &xattr.value {
                XattrValue::Whole(value) => attribute(value),
                XattrValue::Digest(digest, size) => format!("{DIGEST}{digest} ({size} bytes)"),
            };
            (escaped(&xattr.name), value)
        })
        .collect();
    Some(FieldValue::Map(shown))
}

/// Shows a value as text where it is readable, the zero byte that ends security labels as `\0`, and else in
/// hexadecimal digits. Two values never look the same.
fn attribute(value: &[u8]) -> String {
    let (text, end) = value.strip_suffix(b"\0").map_or((value, ""), |text| (text, ZERO));
    match str::from_utf8(text) {
        Ok(text)
            if !text.contains(char::is_control)
                && !text.ends_with(ZERO)
                && !text.starts_with(HEX)
                && !text.starts_with(DIGEST) =>
        {
            format!("{text}{end}")
        }
        _ => value.iter().fold(HEX.to_owned(), |shown, byte| format!("{shown}{byte:02x}")),
    }
}

/// Shows what is not UTF-8 as `\xNN`, and then backslashes as two: two texts never look the same.
fn escaped(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains('\\') => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

const HEX: &str = "0x";
/// The digests of attributes are BLAKE3, whatever the algorithm of contents.
const DIGEST: &str = "blake3:";
const ZERO: &str = "\\0";
