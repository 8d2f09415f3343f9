use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_backup::engine::{
    Event, Existing, Observer, OpenOptions, Password, Reader, Repository, RestoreFault,
    RestoreOptions, RestoreReport, Silent,
};
use wardkit_backup::format::{Id, NodeKind, RepoVersion, Snapshot, Timestamp, Xattr};
use wardkit_backup::store::{Faulty, Memory, Operation};

use crate::crafted::{Crafted, directory, file, node};

mod hostile;

const PART: usize = 1 << 16;

fn restore(crafted: &Crafted, snapshot: &Snapshot, options: &RestoreOptions) -> RestoreReport {
    let repository = crafted.open();
    let index = repository.load_index(&Silent).unwrap();
    repository.restore(&index, snapshot, options, &Silent).unwrap()
}

fn failures(report: &RestoreReport) -> BTreeMap<PathBuf, String> {
    assert_eq!(report.failed_count, report.failed.len() as u64);
    assert_eq!(report.is_complete(), report.failed.is_empty());
    report.failed.iter().map(|it| (it.path.clone(), it.reason.to_string())).collect()
}

/// All paths below a directory.
fn paths(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![below.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            }
            found.push(entry.path().strip_prefix(below).unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// `/people/{a, big, empty, link, pipe, sub/b}` and `/etc/c`.
fn some_tree(version: RepoVersion) -> (Crafted, Snapshot, Vec<u8>) {
    let mut crafted = Crafted::new(version);
    let big: Vec<u8> = (0_u32..5 << 14).flat_map(u32::to_le_bytes).collect();
    let parts: Vec<Id> = big.chunks(PART).map(|part| crafted.data(part)).collect();
    let (a, b, c) = (crafted.data(b"a"), crafted.data(b"contents of b"), crafted.data(b"c"));
    let sub = crafted.tree(vec![file("b", &[b, a, a], 15)]);
    let mut link = node("link", NodeKind::Symlink, 0o777);
    link.link_target = b"/somewhere/\xff else".to_vec();
    let people = crafted.tree(vec![
        file("a", &[a], 1),
        file("big", &parts, big.len() as u64),
        file("empty", &[], 0),
        link,
        node("pipe", NodeKind::Fifo, 0o622),
        directory("sub", sub),
    ]);
    let etc = crafted.tree(vec![file("c", &[c], 1)]);
    let root = crafted.tree(vec![directory("etc", etc), directory("people", people)]);
    let snapshot = crafted.snapshot(root);
    (crafted, snapshot, big)
}

#[test]
fn a_snapshot_is_rebuilt_below_the_target() {
    for version in [RepoVersion::V1, RepoVersion::V2] {
        let scratch = tempfile::tempdir().unwrap();
        let target = scratch.path().join("new/target");
        let (crafted, snapshot, big) = some_tree(version);
        assert_eq!(crafted.version(), version);
        let report = restore(&crafted, &snapshot, &RestoreOptions::new(&target));
        assert_eq!(failures(&report), BTreeMap::new());
        assert_eq!((report.files, report.directories, report.others), (5, 3, 2));
        assert_eq!(report.bytes, big.len() as u64 + 1 + 15 + 1);
        assert!(fs::read(target.join("people/big")).unwrap() == big);
        assert_eq!(fs::read(target.join("people/sub/b")).unwrap(), b"contents of baa");
        assert_eq!(fs::read(target.join("people/empty")).unwrap(), b"");
        assert_eq!(fs::read(target.join("etc/c")).unwrap(), b"c");
        let link = fs::read_link(target.join("people/link")).unwrap();
        assert_eq!(link.as_os_str().as_bytes(), b"/somewhere/\xff else");
        let pipe = fs::symlink_metadata(target.join("people/pipe")).unwrap();
        assert!(pipe.file_type().is_fifo());
        assert_eq!(pipe.mode() & 0o7777, 0o622);
        assert_eq!(paths(&target).len(), 10, "nothing is left behind");
    }
}

#[test]
fn a_small_budget_of_memory_makes_many_batches_and_the_same_tree() {
    let scratch = tempfile::tempdir().unwrap();
    let (crafted, snapshot, big) = some_tree(RepoVersion::V2);
    let mut options = RestoreOptions::new(scratch.path());
    options.memory = 1;
    options.read_back = true;
    let report = restore(&crafted, &snapshot, &options);
    assert_eq!(failures(&report), BTreeMap::new());
    assert!(fs::read(scratch.path().join("people/big")).unwrap() == big);
    assert_eq!(paths(scratch.path()).len(), 10);
}

#[test]
fn included_paths_are_rebuilt_with_their_parents_and_excluded_ones_are_not() {
    let scratch = tempfile::tempdir().unwrap();
    let (crafted, snapshot, _) = some_tree(RepoVersion::V2);
    let mut options = RestoreOptions::new(scratch.path());
    options.include = vec!["/people/sub".into(), "/etc/none".into()];
    let report = restore(&crafted, &snapshot, &options);
    let missing = "the snapshot has no such path".to_owned();
    assert_eq!(failures(&report), BTreeMap::from([("/etc/none".into(), missing)]));
    let found = ["etc", "people", "people/sub", "people/sub/b"].map(PathBuf::from);
    assert_eq!(paths(scratch.path()), found);
    let mode = fs::metadata(scratch.path().join("people")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o750);

    let scratch = tempfile::tempdir().unwrap();
    let mut options = RestoreOptions::new(scratch.path());
    options.exclude = vec!["/people".into()];
    assert!(restore(&crafted, &snapshot, &options).is_complete());
    assert_eq!(paths(scratch.path()), ["etc", "etc/c"].map(PathBuf::from));
}

#[test]
fn what_belongs_to_a_path_is_restored() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"x");
    let mut program = file("program", &[id], 1);
    program.mode = wardkit_backup::format::Mode::new(NodeKind::File, 0o6751);
    program.mtime = Timestamp::new(-5, 123_456_789);
    program.atime = Timestamp::new(4_000_000_000, 1);
    program.xattrs =
        vec![Xattr { name: "user.comment".to_owned(), value: b"\0any \xff bytes".to_vec() }];
    let mut link = node("link", NodeKind::Symlink, 0o777);
    link.link_target = b"program".to_vec();
    link.mtime = Timestamp::new(1_000_000_000, 7);
    let inner = crafted.tree(vec![link, program]);
    let mut closed = directory("closed", inner);
    closed.mode = wardkit_backup::format::Mode::new(NodeKind::Dir, 0o3555);
    closed.mtime = Timestamp::new(1_234_567_890, 5);
    let root = crafted.tree(vec![closed]);
    let snapshot = crafted.snapshot(root);
    let report = restore(&crafted, &snapshot, &RestoreOptions::new(scratch.path()));
    assert_eq!(failures(&report), BTreeMap::new());
    assert!(report.less.is_empty(), "{:?}", report.less);

    let closed = fs::metadata(scratch.path().join("closed")).unwrap();
    assert_eq!((closed.mode() & 0o7777, closed.mtime()), (0o3555, 1_234_567_890));
    let program = scratch.path().join("closed/program");
    let found = fs::metadata(&program).unwrap();
    assert_eq!(found.mode() & 0o7777, 0o6751);
    assert_eq!((found.mtime(), found.mtime_nsec()), (-5, 123_456_789));
    assert_eq!((found.atime(), found.atime_nsec()), (4_000_000_000, 1));
    let mut value = [0; 64];
    let length = rustix::fs::getxattr(&program, "user.comment", &mut value[..]).unwrap();
    assert_eq!(&value[..length], b"\0any \xff bytes");
    let link = fs::symlink_metadata(scratch.path().join("closed/link")).unwrap();
    assert_eq!((link.mtime(), link.mtime_nsec()), (1_000_000_000, 7));
    fs::set_permissions(scratch.path().join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn holes_stay_holes() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let zeros = crafted.data(&vec![0; 4 * PART]);
    let end = crafted.data(b"the end");
    let size = 12 * PART as u64 + 7;
    let root = crafted.tree(vec![
        file("hole", &[zeros; 3], 12 * PART as u64),
        file("sparse", &[zeros, zeros, zeros, end], size),
    ]);
    let snapshot = crafted.snapshot(root);
    let report = restore(&crafted, &snapshot, &RestoreOptions::new(scratch.path()));
    assert_eq!(failures(&report), BTreeMap::new());
    let sparse = fs::metadata(scratch.path().join("sparse")).unwrap();
    assert_eq!(sparse.len(), size);
    assert!(sparse.blocks() * 512 <= 16 << 10, "{} blocks", sparse.blocks());
    let hole = fs::metadata(scratch.path().join("hole")).unwrap();
    assert_eq!((hole.len(), hole.blocks()), (12 * PART as u64, 0));
    let bytes = fs::read(scratch.path().join("sparse")).unwrap();
    assert!(bytes[..12 * PART].iter().all(|byte| *byte == 0) && bytes.ends_with(b"the end"));
}

#[test]
fn names_of_one_file_are_linked_if_they_have_the_same_content() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let (one, two) = (crafted.data(b"one"), crafted.data(b"two"));
    let linked = |name: &str, id| {
        let mut node = file(name, &[id], 3);
        (node.links, node.inode, node.device_id) = (3, 77, 5);
        node
    };
    let sub = crafted.tree(vec![linked("second", one)]);
    let root = crafted.tree(vec![
        linked("first", one),
        linked("liar", two),
        directory("sub", sub),
        linked("third", one),
    ]);
    let snapshot = crafted.snapshot(root);
    for memory in [1, 1 << 20] {
        // The second round meets what the first one left.
        let mut options = RestoreOptions::new(scratch.path());
        options.memory = memory;
        let report = restore(&crafted, &snapshot, &options);
        assert_eq!(failures(&report), BTreeMap::new());
        let first = fs::metadata(scratch.path().join("first")).unwrap();
        for name in ["sub/second", "third"] {
            assert_eq!(fs::metadata(scratch.path().join(name)).unwrap().ino(), first.ino());
        }
        assert_eq!(first.nlink(), 3);
        assert_eq!(fs::read(scratch.path().join("liar")).unwrap(), b"two");
        assert_eq!(paths(scratch.path()).len(), 5);
    }
}

#[test]
fn existing_files_are_replaced_or_kept_and_links_never_followed() {
    let (crafted, snapshot, _) = some_tree(RepoVersion::V2);
    let prepare = || {
        let scratch = tempfile::tempdir().unwrap();
        let (target, outside) = (scratch.path().join("target"), scratch.path().join("outside"));
        fs::create_dir_all(target.join("people/sub")).unwrap();
        fs::create_dir_all(target.join("people/empty/full")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("victim"), "stays").unwrap();
        symlink(outside.join("victim"), target.join("people/a")).unwrap();
        symlink(&outside, target.join("etc")).unwrap();
        fs::write(target.join("people/sub/b"), "old").unwrap();
        (scratch, target, outside)
    };
    let in_the_way = RestoreFault::InTheWay.to_string();
    let kept = RestoreFault::Kept.to_string();

    let (_scratch, target, outside) = prepare();
    let report = restore(&crafted, &snapshot, &RestoreOptions::new(&target));
    let expected = ["/etc", "/people/empty"].map(|path| (PathBuf::from(path), in_the_way.clone()));
    assert_eq!(failures(&report), BTreeMap::from(expected));
    assert_eq!(fs::read(target.join("people/sub/b")).unwrap(), b"contents of baa");
    assert_eq!(fs::read(target.join("people/a")).unwrap(), b"a");
    assert!(!target.join("people/a").is_symlink());
    assert_eq!(fs::read(outside.join("victim")).unwrap(), b"stays");
    assert_eq!(paths(&outside), [PathBuf::from("victim")]);

    let (_scratch, target, outside) = prepare();
    let mut options = RestoreOptions::new(&target);
    options.existing = Existing::Keep;
    let report = restore(&crafted, &snapshot, &options);
    let expected = [
        ("/etc", &in_the_way),
        ("/people/a", &kept),
        ("/people/empty", &kept),
        ("/people/sub/b", &kept),
    ];
    let expected = expected.map(|(path, reason)| (PathBuf::from(path), reason.clone()));
    assert_eq!(failures(&report), BTreeMap::from(expected));
    assert_eq!(fs::read(target.join("people/sub/b")).unwrap(), b"old");
    assert!(target.join("people/a").is_symlink());
    assert_eq!(paths(&outside), [PathBuf::from("victim")]);
    assert!(fs::read_link(target.join("people/link")).is_ok());
}

#[test]
fn a_target_that_cannot_be_is_an_error_that_names_it() {
    let scratch = tempfile::tempdir().unwrap();
    let (crafted, snapshot, _) = some_tree(RepoVersion::V2);
    fs::write(scratch.path().join("file"), "").unwrap();
    let repository = crafted.open();
    let index = repository.load_index(&Silent).unwrap();
    for target in ["file", "file/below"] {
        let options = RestoreOptions::new(scratch.path().join(target));
        let error = repository.restore(&index, &snapshot, &options, &Silent).unwrap_err();
        assert!(error.to_string().contains(target), "{error}");
    }
}

#[test]
fn a_restore_that_is_cancelled_leaves_nothing_half_written() {
    struct Cancels(std::sync::atomic::AtomicUsize);
    impl Observer for Cancels {
        fn event(&self, _: &Event<'_>) {}
        fn is_cancelled(&self) -> bool {
            self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 0
        }
    }
    let (crafted, snapshot, big) = some_tree(RepoVersion::V2);
    let repository = crafted.open();
    let index = repository.load_index(&Silent).unwrap();
    let mut cancelled = 0;
    for after in (0..60).step_by(6) {
        let scratch = tempfile::tempdir().unwrap();
        let options = RestoreOptions::new(scratch.path());
        let result = repository.restore(&index, &snapshot, &options, &Cancels(after.into()));
        cancelled += usize::from(result.is_err());
        for path in paths(scratch.path()) {
            assert!(!path.to_string_lossy().contains(".wardkit"), "{}", path.display());
        }
        if let Ok(found) = fs::read(scratch.path().join("people/big")) {
            assert!(found == big);
        }
    }
    assert!((1..10).contains(&cancelled), "{cancelled}");
}

/// Restores a file whose blobs are in three packs, one after the other; the process is killed when the store is read
/// for the `last` time. Tells how many times it was read.
fn restore_of_three_packs(target: &Path, last: u64) -> u64 {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let mut ids = Vec::new();
    for part in [b"one", b"two", b"six"] {
        ids.push(crafted.data(part));
        crafted.end_packs();
    }
    let sub = crafted.tree(vec![file("file", &ids, 9)]);
    let root = crafted.tree(vec![directory("sub", sub)]);
    let snapshot = crafted.snapshot(root);
    let store = Arc::new(Faulty::new(crafted.store.to_copy()).before(move |operation, nth| {
        if operation == Operation::Get && nth == last {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
        }
    }));
    let mut options = OpenOptions::default();
    options.threads = 1;
    let password = Password::new(crate::crafted::PASSWORD);
    let repository =
        Repository::<Reader>::open(Arc::<Faulty<Memory>>::clone(&store), &password, options);
    let repository = repository.unwrap();
    let index = repository.load_index(&Silent).unwrap();
    let report = repository.restore(&index, &snapshot, &RestoreOptions::new(target), &Silent);
    assert!(report.unwrap().is_complete());
    store.count(Operation::Get)
}

#[test]
fn what_killed_restores_left_is_removed_by_the_next_one() {
    const TARGET: &str = "WARDKIT_TEST_TARGET";
    const LAST: &str = "WARDKIT_TEST_LAST";
    if let Ok(target) = std::env::var(TARGET) {
        let last = std::env::var(LAST).unwrap().parse().unwrap();
        restore_of_three_packs(Path::new(&target), last);
        return;
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let count = restore_of_three_packs(elsewhere.path(), u64::MAX);

    let scratch = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "restore::what_killed_restores_left_is_removed_by_the_next_one"])
            .env(TARGET, scratch.path())
            .env(LAST, (count - 1).to_string())
            .output()
            .unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.status), Some(9));
        // The second one removed what the first one left, and left the same.
        let found = paths(scratch.path());
        assert_eq!((found.len(), &found[0]), (2, &PathBuf::from("sub")));
        assert!(found[1].to_string_lossy().contains(".wardkit-restore-"), "{found:?}");
    }
    // What others have in their hands stays.
    let other = scratch.path().join("sub/.wardkit-restore-00000000-00000000-1-1-1f-0");
    fs::write(&other, "of another host").unwrap();
    restore_of_three_packs(scratch.path(), u64::MAX);
    assert_eq!(fs::read(scratch.path().join("sub/file")).unwrap(), b"onetwosix");
    fs::remove_file(other).unwrap();
    assert_eq!(paths(scratch.path()).len(), 2);
}
