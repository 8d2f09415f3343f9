//! Scans of trees that were made to be a burden.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{AtFlags, Mode, OFlags};
use wardkit_integrity::{
    Algorithm, Change, ChangeKind, Entry, EntryKind, Export, Fault, Field, Fields, Format,
    Known as _, Reuse, ScanOptions, Snapshot, Take, diff, inspect,
};

use crate::ordinary::ran_as_ordinary_user;

fn scan(root: &Path) -> Snapshot {
    ScanOptions::new([root]).run().unwrap()
}

/// A tree too deep for the functions that take paths.
struct Deep(tempfile::TempDir);

impl Deep {
    /// Makes directories below each other, each with a file and a directory beside the way down.
    fn new(depth: usize) -> Self {
        Self::with_names(depth, NAME, |at| {
            let last = rustix::fs::openat(at, "last", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR);
            rustix::io::write(last.unwrap(), b"deep").unwrap();
        })
    }

    fn with_names(depth: usize, name: &str, fill: impl FnOnce(&OwnedFd)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut at: OwnedFd = rustix::fs::open(dir.path(), flags, Mode::empty()).unwrap();
        for _ in 0..depth {
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
            rustix::fs::openat(&at, "file", flags, Mode::RUSR).unwrap();
            for name in ["beside", name] {
                rustix::fs::mkdirat(&at, name, Mode::RWXU).unwrap();
            }
            at = rustix::fs::openat(&at, name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
                .unwrap();
        }
        fill(&at);
        Self(dir)
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        // The standard library's way down is as deep as its stack.
        Command::new("rm").arg("-rf").arg(self.0.path()).status().unwrap();
    }
}

#[test]
fn a_tree_deeper_than_any_path_may_be_is_scanned_whole() {
    let depth = 3000;
    let deep = Deep::new(depth);
    let snapshot = scan(deep.0.path());
    assert_eq!((snapshot.len(), snapshot.statistics().faults), (3 * depth + 2, 0));
    let last = snapshot.entries().last().unwrap();
    assert!(last.path.as_os_str().len() > 60_000);
    assert_eq!(last.content, Some(Algorithm::Blake3.digest(b"deep")));
    assert_eq!(snapshot.entry(&last.path).as_ref(), Some(&last));
    assert_eq!(inspect(&last.path, Algorithm::Blake3, Take::Content, None), Some(last));
}

#[test]
fn content_that_changes_below_a_path_longer_than_any_may_be_is_reported() {
    let deep = Deep::new(300);
    let before = scan(deep.0.path());
    let last = before.entries().last().unwrap().path;
    assert!(last.as_os_str().len() > 4096);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = rustix::fs::open(deep.0.path(), flags, Mode::empty()).unwrap();
    for _ in 0..300 {
        at = rustix::fs::openat(&at, NAME, flags, Mode::empty()).unwrap();
    }
    rustix::fs::chmodat(&at, "last", Mode::RUSR | Mode::WUSR, AtFlags::empty()).unwrap();
    let file = rustix::fs::openat(&at, "last", OFlags::WRONLY, Mode::empty()).unwrap();
    rustix::io::write(file, b"DEEP").unwrap();
    for reuse in [Reuse::Nothing, Reuse::Unchanged] {
        let after = ScanOptions::new([deep.0.path()]).with_known(&before, reuse).run().unwrap();
        let changes: Vec<Change> =
            diff(before.entries(), after.entries(), |_, _| Fields::ALL).collect();
        let [change] = changes.as_slice() else { panic!("{changes:#?}") };
        assert_eq!((change.kind, &change.path), (ChangeKind::Modified, &last));
        assert!(change.field(Field::Content).is_some_and(|content| content.new.is_some()));
    }
}

#[test]
fn paths_that_take_more_memory_than_there_is_are_a_fault_and_no_end() {
    let deep = Deep::with_names(260, &"n".repeat(255), |at| {
        for number in 0..9_000 {
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
            rustix::fs::openat(at, number.to_string(), flags, Mode::RUSR).unwrap();
        }
    });
    fs::write(deep.0.path().join("beside it"), "").unwrap();
    let snapshot = scan(deep.0.path());
    assert_eq!((snapshot.len(), snapshot.statistics().faults), (262 + 2 * 260, 1));
    let faulty: Vec<Entry> = snapshot.entries().filter(|entry| entry.fault.is_some()).collect();
    let name_too_long = rustix::io::Errno::NAMETOOLONG.raw_os_error();
    assert_eq!(faulty[0].kind, EntryKind::Directory);
    assert_eq!(faulty[0].fault, Some(Fault::Refused(name_too_long)));
}

#[test]
fn few_files_may_be_open_and_a_deep_tree_is_scanned_whole() {
    let test = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256 && exec \"$0\" --exact \"$1\""]).arg(test);
    let output = shell
        .arg("scan_limits::a_tree_deeper_than_any_path_may_be_is_scanned_whole")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_terabyte_of_hole_is_known_by_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse");
    let file = File::create(&path).unwrap();
    let terabyte = 1 << 40;
    file.set_len(terabyte).unwrap();
    let look = || {
        let entry = scan(dir.path()).entry(&path).unwrap();
        assert_eq!((entry.fault, entry.size), (Some(Fault::Sparse), terabyte));
        entry.content.unwrap()
    };
    let empty = look();
    file.write_all_at(b"here", terabyte / 2 + 5).unwrap();
    let here = look();
    assert_ne!(here, empty);
    file.write_all_at(b"none", terabyte / 2 + 5).unwrap();
    assert_ne!(look(), here);
    // Zeros that are written are the same content as zeros that are not.
    file.write_all_at(&[0; 4], terabyte / 2 + 5).unwrap();
    assert_eq!(look(), empty);
    file.write_all_at(b"here", terabyte - 4).unwrap();
    assert_ne!(look(), empty);
}

#[test]
fn a_file_that_becomes_a_hole_is_changed_and_in_no_list() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "content").unwrap();
    let before = scan(dir.path());
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let after = scan(dir.path());
    let changes: Vec<Change> =
        diff(before.entries(), after.entries(), |_, _| Fields::ALL).collect();
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!(change.kind, ChangeKind::Modified);
    assert!(change.field(Field::Content).is_some_and(|content| content.new.is_some()));

    let mut list = Vec::new();
    let export = Export::new(Format::B3sum, Algorithm::Blake3).unwrap();
    let exported = export.write(after.entries(), &mut list).unwrap();
    assert_eq!((exported.written, list), (0, Vec::new()));
}

#[test]
fn an_ordinary_hole_is_hashed_as_the_zeros_that_it_reads_as() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse");
    let file = File::create(&path).unwrap();
    file.set_len(3 << 20).unwrap();
    file.write_all_at(b"data", 1 << 20).unwrap();
    let entry = scan(dir.path()).entry(&path).unwrap();
    let expected = Algorithm::Blake3.digest(&fs::read(&path).unwrap());
    assert_eq!((entry.content, entry.fault), (Some(expected), None));
}

#[test]
fn files_of_the_kernel_that_say_they_are_empty_are_read() {
    let path = Path::new("/proc/self/cmdline");
    let entry = inspect(path, Algorithm::Blake3, Take::Content, None);
    // Below a link there is nothing; the process has a directory of its own.
    assert_eq!(entry, None);
    let path = PathBuf::from(format!("/proc/{}/cmdline", std::process::id()));
    let entry = inspect(&path, Algorithm::Blake3, Take::Content, None).unwrap();
    let expected = Algorithm::Blake3.digest(&fs::read(&path).unwrap());
    assert_eq!((entry.size, entry.content, entry.fault), (0, Some(expected), None));
}

#[test]
fn what_cannot_be_read_is_an_entry_with_a_fault() {
    if ran_as_ordinary_user("scan_limits::what_cannot_be_read_is_an_entry_with_a_fault") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "closed").unwrap();
    for (name, mode) in [("no-list", 0o300), ("no-enter", 0o600)] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("x"), "x").unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(at("file"), fs::Permissions::from_mode(0o200)).unwrap();
    let snapshot = scan(dir.path());
    let refused = Some(Fault::Refused(13));
    let entry = |name: &str| snapshot.entry(&at(name));
    let file = entry("file").unwrap();
    assert_eq!((file.kind, file.mode, file.size), (EntryKind::File, 0o200, 6));
    assert_eq!((file.content, file.fault), (None, refused));
    let no_list = entry("no-list").unwrap();
    assert_eq!((no_list.kind, no_list.mode, no_list.fault), (EntryKind::Directory, 0o300, refused));
    assert_eq!(entry("no-list/x"), None);
    let below: Entry = entry("no-enter/x").unwrap();
    assert_eq!((below.kind, below.fault), (EntryKind::Unknown, refused));
    assert_eq!((snapshot.len(), snapshot.statistics().faults), (5, 3));
    assert_eq!(inspect(&at("no-enter/x"), Algorithm::Blake3, Take::Content, None), Some(below));
    for name in ["no-list", "no-enter"] {
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

const NAME: &str = "twenty-letters-a-dir";
