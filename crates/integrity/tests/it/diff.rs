//! What is a change, and how it is told.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wardkit_integrity::{
    Change, ChangeKind, Digest, Entry, EntryKind, Fault, Field, Fields, FileTime, Flags, Prefix,
    Xattr, XattrValue, compare_entries, diff, join,
};

type Edit = fn(&mut Entry);

/// Makes a regular file of which everything is known.
fn file(path: &str) -> Entry {
    let mut entry = Entry::new(path, EntryKind::File);
    entry.mode = 0o644;
    entry.size = 5;
    entry.nlink = 1;
    entry.inode = 7;
    entry.dev = rustix::fs::makedev(8, 1);
    entry.mtime = FileTime { seconds: 1_000_000_000, nanos: 1 };
    entry.ctime = FileTime { seconds: 1_000_000_000, nanos: 2 };
    entry.btime = Some(FileTime { seconds: 999_999_999, nanos: 0 });
    entry.flags = Some(Flags::default());
    entry.content = Some(Digest::from_bytes([0xaa; 32]));
    entry
}

/// Makes what is left of a file that cannot be looked at.
fn refused(path: &str) -> Entry {
    let mut entry = Entry::new(path, EntryKind::Unknown);
    entry.fault = Some(Fault::Refused(13));
    entry
}

fn with(mut entry: Entry, edit: Edit) -> Entry {
    edit(&mut entry);
    entry
}

fn xattr(name: &str, value: &[u8]) -> Xattr {
    Xattr { name: name.as_bytes().into(), value: XattrValue::Whole(value.into()) }
}

/// Renders a change as one line a field.
fn told(change: &Change) -> Vec<String> {
    let side = |value: &Option<wardkit_integrity::FieldValue>| {
        value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let fields = change.fields.iter();
    fields
        .map(|field| format!("{} {} {}", field.field, side(&field.old), side(&field.new)))
        .collect()
}

fn check(old: &Entry, new: &Entry, kind: ChangeKind, fields: &[&str]) {
    let change = compare_entries(Some(old), Some(new), Fields::ALL).expect("a change");
    assert_eq!(change.path, new.path);
    assert_eq!(change.kind, kind);
    assert_eq!(told(&change), fields);
}

#[test]
fn every_field_is_compared_and_told() {
    let aa = "aa".repeat(32);
    let bb = "bb".repeat(32);
    let cases: [(Edit, &str); 15] = [
        (|new| new.content = Some(Digest::from_bytes([0xbb; 32])), &format!("content {aa} {bb}")),
        (|new| new.kind = EntryKind::Fifo, "type file fifo"),
        (|new| new.mode = 0o4755, "mode 0644 4755"),
        (|new| new.uid = 1000, "uid 0 1000"),
        (|new| new.gid = 1000, "gid 0 1000"),
        (|new| new.size = 6, "size 5 6"),
        (|new| new.nlink = 2, "nlink 1 2"),
        (|new| new.inode = 8, "inode 7 8"),
        (|new| new.dev = rustix::fs::makedev(8, 2), "dev 8:1 8:2"),
        (|new| new.rdev = rustix::fs::makedev(1, 3), "rdev - 1:3"),
        (
            |new| new.mtime.nanos = 3,
            "mtime 2001-09-09T01:46:40.000000001Z 2001-09-09T01:46:40.000000003Z",
        ),
        (
            |new| new.ctime.nanos = 3,
            "ctime 2001-09-09T01:46:40.000000002Z 2001-09-09T01:46:40.000000003Z",
        ),
        (|new| new.btime = None, "btime 2001-09-09T01:46:39.000000000Z -"),
        (|new| new.flags = Some(Flags::from_bits(0x30)), "flags - immutable,append-only"),
        (|new| new.target = Some("/bin/sh".into()), "target - /bin/sh"),
    ];
    for (edit, told) in cases {
        check(&file("/f"), &with(file("/f"), edit), ChangeKind::Modified, &[told]);
    }
}

#[test]
fn what_is_equal_is_no_change() {
    let grown = |new: &mut Entry| {
        new.prefix = Some(Prefix { size: 5, digest: Digest::from_bytes([1; 32]) });
    };
    let cases = [
        (file("/f"), file("/f")),
        (file("/f"), with(file("/f"), grown)),
        (refused("/f"), refused("/f")),
        (
            with(file("/f"), |old| old.fault = Some(Fault::Unstable)),
            with(file("/f"), |new| new.fault = Some(Fault::Unstable)),
        ),
    ];
    for (old, new) in cases {
        assert_eq!(compare_entries(Some(&old), Some(&new), Fields::ALL), None);
    }
    assert_eq!(compare_entries(None, None, Fields::ALL), None);
}

#[test]
fn devices_are_told_by_both_numbers() {
    let null = |entry: &mut Entry| {
        entry.kind = EntryKind::CharDevice;
        entry.rdev = rustix::fs::makedev(1, 3);
    };
    let whiteout: Edit = |entry| entry.kind = EntryKind::CharDevice;
    let memory: Edit = |entry| entry.rdev = rustix::fs::makedev(1, 1);
    let old = with(file("/dev/null"), null);
    check(&old, &with(old.clone(), memory), ChangeKind::Modified, &["rdev 1:3 1:1"]);
    check(&old, &with(file("/dev/null"), whiteout), ChangeKind::Modified, &["rdev 1:3 0:0"]);
}

#[test]
fn an_attribute_is_told_as_text_where_it_is_readable() {
    let cases: [(&[u8], &str); 8] = [
        (b"value", "value"),
        ("größer".as_bytes(), "größer"),
        (b"system_u:object_r:etc_t:s0\0", "system_u:object_r:etc_t:s0\\0"),
        (b"", ""),
        (b"\x01\0\0\x02", "0x01000002"),
        (b"0x01", "0x30783031"),
        (b"end\\0", "0x656e645c30"),
        (b"blake3:00 (1 bytes)", "0x626c616b65333a303020283120627974657329"),
    ];
    for (value, told) in cases {
        let mut new = file("/f");
        new.xattrs.digest = Some(Digest::from_bytes([1; 32]));
        new.xattrs.list = vec![xattr("user.note", value)];
        let change = compare_entries(Some(&file("/f")), Some(&new), Fields::ALL).expect("a change");
        let field = change.field(Field::Xattrs).expect("the attributes");
        assert_eq!(field.old, None);
        let map = [("user.note".to_owned(), told.to_owned())].into();
        assert_eq!(field.new, Some(wardkit_integrity::FieldValue::Map(map)));
    }
}

#[test]
fn a_long_attribute_is_told_by_its_digest() {
    let long = |byte| {
        let mut entry = file("/f");
        entry.xattrs.digest = Some(Digest::from_bytes([byte; 32]));
        let value = XattrValue::Digest(Digest::from_bytes([byte; 32]), 3000);
        entry.xattrs.list = vec![Xattr { name: (*b"user.long").into(), value }];
        entry
    };
    let told = format!(
        "xattrs user.long=blake3:{} (3000 bytes) user.long=blake3:{} (3000 bytes)",
        "01".repeat(32),
        "02".repeat(32)
    );
    check(&long(1), &long(2), ChangeKind::Modified, &[&told]);
}

#[test]
fn attributes_that_differ_only_in_their_digest_are_a_change() {
    let mut old = file("/f");
    old.xattrs.digest = Some(Digest::from_bytes([1; 32]));
    old.xattrs.list = vec![xattr("user.a", b"1")];
    let new = with(old.clone(), |new| new.xattrs.digest = Some(Digest::from_bytes([2; 32])));
    check(&old, &new, ChangeKind::Modified, &["xattrs user.a=1 user.a=1"]);
}

#[test]
fn a_target_that_is_not_utf8_is_escaped() {
    let target = |bytes: &[u8]| {
        let mut entry = Entry::new("/link", EntryKind::Symlink);
        entry.target = Some(PathBuf::from(OsStr::from_bytes(bytes)));
        entry
    };
    let change = compare_entries(Some(&target(b"a\xff")), Some(&target(b"a\\xff")), Fields::ALL);
    let field = change.as_ref().and_then(|change| change.field(Field::Target)).expect("the target");
    let text = |text: &str| Some(wardkit_integrity::FieldValue::Text(text.to_owned()));
    assert_eq!((&field.old, &field.new), (&text("a\\xff"), &text("a\\\\xff")));
}

#[test]
fn a_new_path_has_only_new_values() {
    let entry = with(file("/f"), |entry| entry.btime = None);
    let change = compare_entries(None, Some(&entry), Fields::ALL).expect("a change");
    assert_eq!(change.kind, ChangeKind::Added);
    let known = [
        Field::Content,
        Field::Type,
        Field::Mode,
        Field::Uid,
        Field::Gid,
        Field::Size,
        Field::Nlink,
        Field::Inode,
        Field::Dev,
        Field::Mtime,
        Field::Ctime,
        Field::Flags,
    ];
    assert_eq!(change.fields.iter().map(|field| field.field).collect::<Vec<_>>(), known);
    assert!(change.fields.iter().all(|field| field.old.is_none() && field.new.is_some()));
    let gone = compare_entries(Some(&entry), None, Fields::ALL).expect("a change");
    assert_eq!(gone.kind, ChangeKind::Removed);
    for (added, removed) in change.fields.iter().zip(&gone.fields) {
        assert_eq!((added.field, &added.new, &None), (removed.field, &removed.old, &removed.new));
    }
}

#[test]
fn what_can_no_longer_be_read_is_unreadable() {
    let unread: Edit = |new| {
        new.content = None;
        new.fault = Some(Fault::Refused(5));
    };
    let told = format!("content {} -", "aa".repeat(32));
    check(&file("/f"), &with(file("/f"), unread), ChangeKind::Unreadable, &[&told]);

    // Another reason than before is news, even where nothing else differs.
    let raced: Edit = |new| new.fault = Some(Fault::Raced);
    let unstable: Edit = |old| old.fault = Some(Fault::Unstable);
    check(&with(file("/f"), unstable), &with(file("/f"), raced), ChangeKind::Unreadable, &[]);
}

#[test]
fn what_cannot_be_looked_at_has_no_values_of_zero() {
    let change =
        compare_entries(Some(&file("/f")), Some(&refused("/f")), Fields::ALL).expect("a change");
    assert_eq!(change.kind, ChangeKind::Unreadable);
    assert_eq!(change.field(Field::Type).map(|field| field.new.is_some()), Some(true));
    let others = change.fields.iter().filter(|field| field.field != Field::Type);
    assert!(others.clone().all(|field| field.old.is_some() && field.new.is_none()));
    assert_eq!(others.count(), 12);
}

#[test]
fn what_can_be_read_again_is_modified() {
    let unread: Edit = |old| {
        old.content = None;
        old.fault = Some(Fault::Refused(13));
    };
    let told = format!("content - {}", "aa".repeat(32));
    check(&with(file("/f"), unread), &file("/f"), ChangeKind::Modified, &[&told]);
    // It stayed unreadable, and something else of it changed.
    let taken: Edit = |new| new.uid = 5;
    let unread = with(file("/f"), unread);
    check(&unread, &with(unread.clone(), taken), ChangeKind::Modified, &["uid 0 5"]);
}

#[test]
fn only_the_fields_that_matter_are_compared() {
    let new = with(file("/f"), |new| {
        new.size = 6;
        new.uid = 1;
    });
    let compare = |fields| compare_entries(Some(&file("/f")), Some(&new), fields);
    assert_eq!(compare(Fields::NONE), None);
    assert_eq!(compare(Fields::NONE.with(Field::Mode)), None);
    assert_eq!(told(&compare(Fields::NONE.with(Field::Uid)).expect("a change")), ["uid 0 1"]);
    assert_eq!(compare_entries(None, Some(&new), Fields::NONE), None);
}

#[test]
fn a_change_of_kind_is_compared_by_the_rules_of_both() {
    let directory = |path: &str| with(file(path), |entry| entry.kind = EntryKind::Directory);
    let of_files = |_: &Path, kind: EntryKind| {
        if kind == EntryKind::File { Fields::ALL } else { Fields::NONE }
    };
    let changes: Vec<Change> = diff([file("/f")], [directory("/f")], of_files).collect();
    assert_eq!(told(&changes[0]), ["type file directory"]);
    let changes = diff([directory("/f")], [directory("/g")], of_files);
    assert_eq!(changes.count(), 0);
}

#[test]
fn two_looks_are_joined_by_path() {
    let old = ["/", "/a", "/c", "/a/x", "/a-b/x"].map(file);
    let new = ["/", "/b", "/c", "/a/x", "/a/y"].map(file);
    let changes: Vec<_> = diff(old, new, |_, _| Fields::ALL)
        .map(|change| format!("{} {}", change.kind, change.path.display()))
        .collect();
    assert_eq!(changes, ["removed /a", "added /b", "added /a/y", "removed /a-b/x"]);
}

proptest! {
    #[test]
    fn a_join_loses_and_invents_nothing(old in paths(), new in paths()) {
        let pairs: Vec<_> = join(old.clone(), new.clone()).collect();
        let (olds, news): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
        prop_assert_eq!(olds.into_iter().flatten().collect::<Vec<_>>(), old);
        prop_assert_eq!(news.into_iter().flatten().collect::<Vec<_>>(), new);
        for pair in &pairs {
            if let (Some(old), Some(new)) = pair {
                prop_assert_eq!(&old.path, &new.path);
            }
        }
    }
}

/// Names of one directory, whose order is that of their bytes.
fn paths() -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::btree_set("/[a-c]{1,2}", 0..8)
        .prop_map(|paths| paths.iter().map(|path| file(path)).collect())
}

#[cfg(feature = "serde")]
mod json {
    use super::*;

    fn json(change: &Change) -> String {
        serde_json::to_string(change).expect("changes are plain data")
    }

    #[test]
    fn a_change_is_json_by_its_contract() {
        let new = with(file("/etc/ä"), |new| {
            new.mode = 0o600;
            new.size = 6;
            new.btime = None;
        });
        let change = compare_entries(Some(&file("/etc/ä")), Some(&new), Fields::ALL);
        assert_eq!(
            json(&change.expect("a change")),
            r#"{"path":"/etc/ä","change":"modified","fields":{"mode":{"old":"0644","new":"0600"},"size":{"old":5,"new":6},"btime":{"old":"2001-09-09T01:46:39.000000000Z","new":null}}}"#
        );
    }

    #[test]
    fn a_path_that_is_not_utf8_is_there_in_base64() {
        let path = PathBuf::from(OsStr::from_bytes(b"/a\xff"));
        let change = Change::new(path, ChangeKind::Unreadable, Vec::new());
        assert_eq!(
            json(&change),
            r#"{"path":"/a�","path_b64":"L2H/","change":"unreadable","fields":{}}"#
        );
    }
}
