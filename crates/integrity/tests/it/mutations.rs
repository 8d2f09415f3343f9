//! Every way to change a tree that we know of: what is reported of it, with the values before and after.

mod replaced;
mod root;
mod rows;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::IFlags;
use wardkit_integrity::{
    Algorithm, Change, ChangeKind, Field, FieldValue, Fields, Reuse, ScanOptions, Snapshot, diff,
};

use crate::ordinary::ran_as_ordinary_user;

/// A way to change a tree. Before it there are the file `f` with `content`, and the directory `d` with the file `x`.
struct Mutation {
    name: &'static str,
    prepare: fn(&Path),
    apply: fn(&Path),
    expected: &'static [Expected],
}

/// A change that must be reported.
struct Expected {
    path: &'static str,
    kind: ChangeKind,
    /// Of what is modified all fields that differ; of what came or went some.
    fields: &'static [(Field, Value)],
}

/// The values of a field before and after.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// As they are shown.
    Text(Option<&'static str>, Option<&'static str>),
    /// The digests of contents.
    Content(Option<&'static str>, Option<&'static str>),
    /// Two that differ.
    Differs,
    /// Two that differ, or none: the system decides whether an inode is used again.
    MayDiffer,
}

#[test]
fn every_change_that_an_ordinary_user_can_make_is_reported() {
    rows::ROWS.iter().chain(replaced::ROWS).for_each(check);
    ran_as_ordinary_user("mutations::every_change_that_an_ordinary_user_can_make_is_reported");
}

#[test]
fn every_change_that_root_can_make_is_reported() {
    // What an ordinary user cannot do is refused, and nothing else is reported.
    if rustix::process::geteuid().is_root() {
        root::ROWS.iter().for_each(check);
    } else {
        let refused = |row: &Mutation| std::panic::catch_unwind(|| changes(row)).is_err();
        assert!(root::ROWS.iter().all(refused));
    }
}

#[test]
fn content_that_is_written_within_a_tick_of_the_clock_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    for round in 0..50 {
        fs::write(&path, format!("{round:09}")).unwrap();
        let before = ScanOptions::new([dir.path()]).run().unwrap();
        fs::write(&path, format!("{:09}", round + 1)).unwrap();
        let again = ScanOptions::new([dir.path()]).with_known(&before, Reuse::Unchanged);
        let after = again.run().unwrap();
        let changes: Vec<Change> =
            diff(before.entries(), after.entries(), |_, _| Fields::ALL).collect();
        assert_eq!(changes.len(), 1, "{changes:#?}");
        assert!(changes[0].field(Field::Content).is_some(), "{changes:#?}");
    }
}

#[test]
fn name_that_is_no_text_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let before = ScanOptions::new([dir.path()]).run().unwrap();
    let path = dir.path().join(OsStr::from_bytes(b"\xff\xfe"));
    fs::write(&path, "new").unwrap();
    let after = ScanOptions::new([dir.path()]).run().unwrap();
    let changes = diff(before.entries(), after.entries(), |_, _| Fields::ALL);
    let last = changes.last().unwrap();
    assert_eq!((last.kind, last.path), (ChangeKind::Added, path));
}

#[test]
fn file_that_can_no_longer_be_read_is_reported_as_that() {
    if ran_as_ordinary_user("mutations::file_that_can_no_longer_be_read_is_reported_as_that") {
        return;
    }
    let row = Mutation {
        name: "no longer readable",
        prepare: |_| (),
        apply: |root| fs::set_permissions(root.join("f"), fs::Permissions::from_mode(0o0)).unwrap(),
        expected: &[Expected {
            path: "f",
            kind: ChangeKind::Unreadable,
            fields: &[
                (Field::Mode, Value::Text(Some("0644"), Some("0000"))),
                (Field::Content, Value::Content(Some("content"), None)),
                (Field::Ctime, Value::Differs),
            ],
        }],
    };
    check(&row);
}

fn check(row: &Mutation) {
    for reuse in [Reuse::Nothing, Reuse::Unchanged] {
        let changes = with(row, reuse);
        for expected in row.expected {
            let found = changes.iter().find(|change| change.path == Path::new(expected.path));
            let Some(found) = found else {
                panic!("{}: nothing is reported of {}: {changes:#?}", row.name, expected.path)
            };
            expect(row.name, found, expected);
        }
        let others: Vec<&Change> = changes.iter().filter(|change| is_other(row, change)).collect();
        assert!(others.is_empty(), "{}: {others:#?}", row.name);
    }
}

/// Tells whether nobody expected it. That the times of a directory move when names in it come and go goes without
/// saying.
fn is_other(row: &Mutation, change: &Change) -> bool {
    let goes_along = [Field::Size, Field::Nlink, Field::Mtime, Field::Ctime];
    if row.expected.iter().any(|expected| Path::new(expected.path) == change.path) {
        return false;
    }
    let is_directory = ["", "d"].map(Path::new).contains(&change.path.as_path());
    !is_directory || change.fields.iter().any(|field| !goes_along.contains(&field.field))
}

fn changes(row: &Mutation) -> Vec<Change> {
    with(row, Reuse::Nothing)
}

/// Scans, changes the tree, scans again, and returns what differs, with paths below the root.
fn with(row: &Mutation, reuse: Reuse) -> Vec<Change> {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::write(root.join("f"), "content").unwrap();
    fs::create_dir(root.join("d")).unwrap();
    fs::write(root.join("d/x"), "x").unwrap();
    for (name, mode) in [("f", 0o644), ("d", 0o755), ("d/x", 0o644)] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let clock = tempfile::NamedTempFile::new().unwrap();
    tick(clock.path());
    (row.prepare)(root);
    tick(clock.path());
    let before: Snapshot = ScanOptions::new([root]).run().unwrap();
    (row.apply)(root);
    let after = ScanOptions::new([root]).with_known(&before, reuse).run().unwrap();
    // Else the directory could not be removed.
    if rustix::process::geteuid().is_root() && root.join("f").is_file() {
        set_flags(&root.join("f"), IFlags::empty());
    }
    let changes = diff(before.entries(), after.entries(), |_, _| Fields::ALL);
    let below = |mut change: Change| {
        change.path = change.path.strip_prefix(root).unwrap().to_owned();
        change
    };
    changes.map(below).collect()
}

/// Waits until the clock of the file system has moved on, so that whatever is written now has other times than what was
/// written before.
fn tick(path: &Path) {
    let touched = || {
        fs::write(path, "").unwrap();
        fs::metadata(path).unwrap().modified().unwrap()
    };
    let started = touched();
    while touched() == started {}
}

fn expect(name: &str, found: &Change, expected: &Expected) {
    assert_eq!(found.kind, expected.kind, "{name}: {found:#?}");
    for (field, value) in expected.fields {
        let (old, new) = match found.field(*field) {
            Some(change) => (shown(change.old.as_ref()), shown(change.new.as_ref())),
            None if matches!(value, Value::MayDiffer) => continue,
            None => panic!("{name}: {field} is not reported: {found:#?}"),
        };
        match *value {
            Value::Text(before, after) => {
                assert_eq!((old.as_deref(), new.as_deref()), (before, after), "{name}: {field}");
            }
            Value::Content(before, after) => {
                let digest = |text: &str| Algorithm::Blake3.digest(text.as_bytes()).to_string();
                assert_eq!((old, new), (before.map(digest), after.map(digest)), "{name}: {field}");
            }
            Value::Differs | Value::MayDiffer => assert_ne!(old, new, "{name}: {field}"),
        }
    }
    let is_expected = |field: Field| expected.fields.iter().any(|(other, _)| *other == field);
    let more = found.fields.iter().find(|change| !is_expected(change.field));
    assert!(found.kind != ChangeKind::Modified || more.is_none(), "{name}: {more:#?}");
}

fn shown(value: Option<&FieldValue>) -> Option<String> {
    value.map(ToString::to_string)
}

fn set_flags(path: &Path, flags: IFlags) {
    // Those that the file system sets by itself must stay.
    let file = fs::File::open(path).unwrap();
    let ours = IFlags::IMMUTABLE | IFlags::APPEND | IFlags::NODUMP | IFlags::NOATIME;
    let own = rustix::fs::ioctl_getflags(&file).unwrap().difference(ours);
    rustix::fs::ioctl_setflags(&file, own | flags).unwrap();
}
