//! Scans: what they find, what they leave alone, and how they stop.

use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_core::{Clock as _, ManualClock, SystemClock};
use wardkit_integrity::{
    Algorithm, Cancel, Entry, EntryKind, Error, Known as _, Progress, Reuse, ScanOptions,
    Selection, Snapshot, Take, inspect,
};

fn scan(root: &Path) -> Snapshot {
    ScanOptions::new([root]).run().unwrap()
}

fn paths(snapshot: &Snapshot, root: &Path) -> Vec<String> {
    let name = |entry: Entry| entry.path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    snapshot.entries().map(name).collect()
}

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/deep")).unwrap();
    fs::create_dir(dir.path().join("a-b")).unwrap();
    for (name, content) in [("a/x", "one"), ("a/deep/y", "two"), ("a-b/z", "three"), ("b", "")] {
        fs::write(dir.path().join(name), content).unwrap();
    }
    symlink("/nowhere", dir.path().join("link")).unwrap();
    dir
}

#[test]
fn entries_are_sorted_by_directory_and_name() {
    let dir = tree();
    for threads in [1, 2, 8] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let snapshot = ScanOptions::new([dir.path()]).with_threads(threads).run().unwrap();
        let expected = ["", "a", "a-b", "b", "link", "a/deep", "a/x", "a-b/z", "a/deep/y"];
        assert_eq!(paths(&snapshot, dir.path()), expected);
        assert_eq!(snapshot.len(), expected.len());
    }
}

#[test]
fn entries_have_all_that_the_system_tells() {
    let dir = tree();
    let path = dir.path().join("a/x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4751)).unwrap();
    let entry = scan(dir.path()).entry(&path).unwrap();
    let stat = rustix::fs::lstat(&path).unwrap();
    assert_eq!((entry.kind, entry.mode), (EntryKind::File, 0o4751));
    assert_eq!((entry.uid, entry.gid), (stat.st_uid, stat.st_gid));
    assert_eq!((entry.size, entry.nlink, entry.inode), (3, 1, stat.st_ino));
    assert_eq!((entry.dev, entry.rdev), (stat.st_dev, 0));
    assert_eq!(
        (entry.mtime.seconds, u64::from(entry.mtime.nanos)),
        (stat.st_mtime, stat.st_mtime_nsec)
    );
    assert_eq!(
        (entry.ctime.seconds, u64::from(entry.ctime.nanos)),
        (stat.st_ctime, stat.st_ctime_nsec)
    );
    assert_eq!(entry.content, Some(Algorithm::Blake3.digest(b"one")));
    assert_eq!((entry.target, entry.prefix, entry.fault), (None, None, None));

    let link = scan(dir.path()).entry(&dir.path().join("link")).unwrap();
    assert_eq!((link.kind, link.target), (EntryKind::Symlink, Some(PathBuf::from("/nowhere"))));
}

#[test]
fn a_snapshot_answers_for_paths_and_directories() {
    let dir = tree();
    let snapshot = scan(dir.path());
    for entry in snapshot.entries() {
        assert_eq!(snapshot.entry(&entry.path).as_ref(), Some(&entry));
        let listed: Vec<Entry> = snapshot.children(&entry.path).collect();
        let expected: Vec<Entry> =
            snapshot.entries().filter(|other| other.path.parent() == Some(&entry.path)).collect();
        assert_eq!(listed, expected);
    }
    assert_eq!(snapshot.entry(&dir.path().join("a/none")), None);
    assert_eq!(snapshot.entry(Path::new("/")), None);
}

#[test]
fn one_path_is_looked_at_as_in_a_scan() {
    let dir = tree();
    let snapshot = scan(dir.path());
    for entry in snapshot.entries() {
        assert_eq!(inspect(&entry.path, Algorithm::Blake3, Take::Content, None), Some(entry));
    }
    let through_a_link = dir.path().join("way");
    symlink(dir.path().join("a"), &through_a_link).unwrap();
    assert_eq!(inspect(&through_a_link.join("x"), Algorithm::Blake3, Take::Content, None), None);
    assert_eq!(inspect(&dir.path().join("b/x"), Algorithm::Blake3, Take::Content, None), None);
    let top = inspect(Path::new("/"), Algorithm::Blake3, Take::Content, None).unwrap();
    assert_eq!((top.kind, top.path), (EntryKind::Directory, PathBuf::from("/")));
}

#[test]
fn digests_are_of_the_content_whatever_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = [0, 1, 1024, 131_071, 131_072, 131_073, 1_000_000];
    for size in sizes {
        let content: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
        fs::write(dir.path().join(format!("{size}")), content).unwrap();
    }
    for algorithm in [Algorithm::Blake3, Algorithm::Sha256] {
        let snapshot = ScanOptions::new([dir.path()]).with_algorithm(algorithm).run().unwrap();
        for size in sizes {
            let path = dir.path().join(format!("{size}"));
            let expected = algorithm.digest(&fs::read(&path).unwrap());
            assert_eq!(snapshot.entry(&path).unwrap().content, Some(expected), "{size}");
        }
    }
}

#[test]
fn roots_may_lie_anywhere_to_each_other() {
    let dir = tree();
    let at = |name: &str| dir.path().join(name);
    let cases: [(&[&str], &[&str]); 5] = [
        (&["a/deep", "a-b"], &["a-b", "a/deep", "a-b/z", "a/deep/y"]),
        (&["a", "a/deep", "a/deep/y"], &["a", "a/deep", "a/x", "a/deep/y"]),
        (&["b", "a/x", "b"], &["b", "a/x"]),
        (&["none", "none/below", "link/below"], &[]),
        (&["link"], &["link"]),
    ];
    for (roots, expected) in cases {
        let snapshot = ScanOptions::new(roots.iter().map(|root| at(root))).run().unwrap();
        assert_eq!(paths(&snapshot, dir.path()), expected, "{roots:?}");
        let sorted: Vec<Entry> = snapshot.entries().collect();
        assert_eq!(sorted.len(), snapshot.len());
    }
    let refused = |root: &str| matches!(ScanOptions::new([root]).run(), Err(Error::Root(path)) if path == Path::new(root));
    assert!(refused("relative") && refused("/a/../b"));
    let spelled = ScanOptions::new([format!("{}/./a-b//", dir.path().display())]).run().unwrap();
    assert_eq!(paths(&spelled, dir.path()), ["a-b", "a-b/z"]);
}

/// Skips some names, and takes no content of others.
struct Rules;

impl Selection for Rules {
    fn take(&self, path: &Path, _: EntryKind) -> Take {
        match path.file_name().and_then(OsStr::to_str) {
            Some("a") => Take::Skip,
            Some("z") => Take::Metadata,
            _ => Take::Content,
        }
    }
}

#[test]
fn what_is_skipped_is_not_visited_and_metadata_comes_without_content() {
    let dir = tree();
    let snapshot = ScanOptions::new([dir.path()]).with_selection(&Rules).run().unwrap();
    assert_eq!(paths(&snapshot, dir.path()), ["", "a-b", "b", "link", "a-b/z"]);
    let entry = snapshot.entry(&dir.path().join("a-b/z")).unwrap();
    assert_eq!((entry.content, entry.size, entry.fault), (None, 5, None));
    // A root below what is skipped is a root all the same.
    let roots = [dir.path().to_owned(), dir.path().join("a/deep")];
    let snapshot = ScanOptions::new(roots).with_selection(&Rules).run().unwrap();
    assert_eq!(
        paths(&snapshot, dir.path()),
        ["", "a-b", "b", "link", "a/deep", "a-b/z", "a/deep/y"]
    );
}

#[test]
fn a_scan_ends_when_it_is_told_to() {
    let dir = tree();
    let cancel = Cancel::new();
    cancel.cancel();
    let ended = ScanOptions::new([dir.path()]).with_cancel(&cancel).run();
    assert!(matches!(ended, Err(Error::Cancelled)));
}

#[test]
fn others_see_how_far_a_scan_is() {
    let dir = tree();
    let progress = Progress::new();
    let snapshot = ScanOptions::new([dir.path()]).with_progress(&progress).run().unwrap();
    assert_eq!((progress.entries(), progress.files()), (9, 4));
    assert_eq!(snapshot.statistics().files_read, 4);
    assert_eq!(snapshot.statistics().faults, 0);
}

#[test]
fn names_are_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 6] = [b"-rf", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"sp ace", b"\xe2\x80\xae"];
    for name in names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let snapshot = scan(dir.path());
    for name in names {
        let entry = snapshot.entry(&dir.path().join(OsStr::from_bytes(name))).unwrap();
        assert_eq!(entry.content, Some(Algorithm::Blake3.digest(name)));
    }
    assert_eq!(snapshot.len(), names.len() + 1);
}

/// A clock that runs so many seconds ahead of the host's.
fn ahead(seconds: u64) -> ManualClock {
    ManualClock::at(SystemClock.now().saturating_add(Duration::from_secs(seconds)))
}

#[test]
fn unchanged_files_are_not_read_again() {
    let dir = tree();
    let root = [dir.path()];
    let first = ScanOptions::new(root).run().unwrap();
    let entries: Vec<Entry> = first.entries().collect();
    // Too young: the files may have changed again within the tick of the same clock.
    let young = ScanOptions::new(root).with_known(&first, Reuse::Unchanged).run().unwrap();
    assert_eq!((young.statistics().files_read, young.statistics().files_reused), (4, 0));
    assert_eq!(young.entries().collect::<Vec<_>>(), entries);

    let clock = ahead(10);
    let first = ScanOptions::new(root).with_clock(&clock).run().unwrap();
    let again = |reuse| ScanOptions::new(root).with_known(&first, reuse).run().unwrap();
    for (reuse, reused) in [(Reuse::Nothing, 0), (Reuse::Unchanged, 4)] {
        let snapshot = again(reuse);
        assert_eq!(snapshot.statistics().files_reused, reused, "{reuse:?}");
        assert_eq!(snapshot.entries().collect::<Vec<_>>(), entries, "{reuse:?}");
    }
    let parts =
        (0..3).map(|part| again(Reuse::UnchangedExcept { part, of: 3 }).statistics().files_read);
    assert_eq!(parts.sum::<u64>(), 4);

    fs::write(dir.path().join("a/x"), "ONE").unwrap();
    fs::set_permissions(dir.path().join("a-b/z"), fs::Permissions::from_mode(0o600)).unwrap();
    let after = again(Reuse::Unchanged);
    assert_eq!((after.statistics().files_read, after.statistics().files_reused), (2, 2));
    let expected = Some(Algorithm::Blake3.digest(b"ONE"));
    assert_eq!(after.entry(&dir.path().join("a/x")).unwrap().content, expected);
}

#[test]
fn digests_of_another_algorithm_are_not_reused() {
    let dir = tree();
    let clock = ahead(10);
    let first = ScanOptions::new([dir.path()]).with_clock(&clock).run().unwrap();
    let other = ScanOptions::new([dir.path()])
        .with_algorithm(Algorithm::Sha256)
        .with_known(&first, Reuse::Unchanged)
        .run()
        .unwrap();
    let entry = other.entry(&dir.path().join("a/x")).unwrap();
    assert_eq!(entry.content, Some(Algorithm::Sha256.digest(b"one")));
}

#[test]
fn a_huge_directory_is_one_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let count = 10_000;
    for number in 0..count {
        fs::write(dir.path().join(format!("{number:05}")), number.to_string()).unwrap();
    }
    fs::create_dir(dir.path().join("05000d")).unwrap();
    let clock = ahead(10);
    let first = ScanOptions::new([dir.path()]).with_clock(&clock).run().unwrap();
    assert_eq!(first.len(), count + 2);
    assert!(first.entries().skip(1).is_sorted_by(|left, right| left.path < right.path));
    let entry = first.entry(&dir.path().join("07777")).unwrap();
    assert_eq!(entry.content, Some(Algorithm::Blake3.digest(b"7777")));
    let again = ScanOptions::new([dir.path()]).with_known(&first, Reuse::Unchanged).run().unwrap();
    assert_eq!(again.statistics().files_reused, count as u64);
    assert!(again.entries().eq(first.entries()));
}

/// Takes files as growing.
struct Logs;

impl Selection for Logs {
    fn take(&self, _: &Path, _: EntryKind) -> Take {
        Take::Growing
    }
}

#[test]
fn a_growing_file_has_the_digest_of_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "line one\n").unwrap();
    let first = scan(dir.path());
    for (content, prefix) in [
        ("line one\n", Some("line one\n")),
        ("line one\nline two\n", Some("line one\n")),
        ("LINE one\nline two\n", Some("LINE one\n")),
        ("line", None),
    ] {
        fs::write(&path, content).unwrap();
        let options = ScanOptions::new([dir.path()]).with_selection(&Logs);
        let entry = options.with_known(&first, Reuse::Nothing).run().unwrap().entry(&path).unwrap();
        assert_eq!(entry.content, Some(Algorithm::Blake3.digest(content.as_bytes())));
        let expected = prefix.map(|prefix| (9, Algorithm::Blake3.digest(prefix.as_bytes())));
        assert_eq!(entry.prefix.map(|prefix| (prefix.size, prefix.digest)), expected, "{content}");
        let known = first.entry(&path);
        assert_eq!(inspect(&path, Algorithm::Blake3, Take::Growing, known.as_ref()), Some(entry));
    }
}
