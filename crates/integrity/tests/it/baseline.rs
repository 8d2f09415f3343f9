//! Baselines: what is written is what is read, and nothing else is.

mod damage;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wardkit_core::Transient;
use wardkit_integrity::{
    Algorithm, Baseline, BaselineDir, BaselineHeader, Digest, Entry, EntryKind, Error, FileTime,
    Known, Refusal, Seen, Xattr, XattrValue,
};
use wardkit_tlog::{Checkpoint, Hash, Note, SigningKey};

fn key() -> SigningKey {
    SigningKey::from_seed("host.example/fim", [7; 32]).expect("the name is sound")
}

fn header() -> BaselineHeader {
    BaselineHeader::new("host.example", [9; 16])
        .with_roots(["/etc", "/usr"])
        .with_policy(Digest::from_bytes([3; 32]))
        .with_scan_started(FileTime { seconds: 1_790_000_000, nanos: 5 })
}

fn file(path: &str, byte: u8) -> Entry {
    let mut entry = Entry::new(path, EntryKind::File);
    entry.mode = 0o644;
    entry.size = u64::from(byte) * 1000;
    entry.nlink = 1;
    entry.inode = 1000 + u64::from(byte);
    entry.dev = 0x801;
    entry.mtime = FileTime { seconds: 1_700_000_000, nanos: 123 };
    entry.ctime = FileTime { seconds: 1_710_000_000, nanos: 456 };
    entry.content = Some(Digest::from_bytes([byte; 32]));
    entry
}

/// Makes directories with files, in the order of snapshots.
fn tree(directories: u8, files: u8) -> Vec<Entry> {
    let directory = |path: String| Entry::new(path, EntryKind::Directory);
    let mut entries = vec![directory("/".to_owned())];
    entries.extend((0..directories).map(|d| directory(format!("/dir{d:03}"))));
    for d in 0..directories {
        entries.extend((0..files).map(|f| file(&format!("/dir{d:03}/file{f:03}"), d ^ f)));
    }
    entries
}

struct Place {
    _root: tempfile::TempDir,
    dir: BaselineDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let dir = BaselineDir::new(root.path().join("baseline"));
        Self { _root: root, dir }
    }

    fn with(entries: &[Entry]) -> Self {
        let place = Self::new();
        place.dir.init(&header(), entries.to_vec(), &key()).expect("a baseline");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn newest(&self, seen: Option<&Seen>) -> Result<Baseline, Error> {
        self.dir.newest([key().verifier()], seen)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path())
            .expect("the directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn commit(&self, entries: Vec<Entry>) -> Seen {
        let newest = self.newest(None).expect("a baseline");
        self.dir.commit(&newest, newest.header(), entries, &key()).expect("a generation")
    }
}

#[track_caller]
fn check_refused<T>(result: Result<T, Error>, path: &Path, expected: Refusal) {
    match result.err() {
        Some(Error::Baseline { path: at, reason }) => {
            assert_eq!((at.as_path(), reason), (path, expected));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_read() {
    let entries = tree(7, 30);
    let place = Place::new();
    let header = header().with_algorithm(Algorithm::Sha256);
    let seen = place.dir.init(&header, entries.clone(), &key()).expect("a baseline");
    assert_eq!(place.names(), ["baseline-1.fim", "baseline-1.note", "lock"]);
    let baseline = place.newest(Some(&seen)).expect("the baseline");
    assert_eq!(baseline.header(), &header);
    assert_eq!(baseline.generation(), 1);
    assert_eq!(baseline.len(), 218);
    assert_eq!(baseline.seen(), seen);
    assert_eq!(baseline.entries().collect::<Vec<_>>(), entries);
    assert_eq!(baseline.check_tree(), Ok(()));
    for name in ["baseline-1.fim", "baseline-1.note", "lock"] {
        let mode = fs::metadata(place.path(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
}

#[test]
fn an_empty_baseline_is_a_baseline() {
    let place = Place::with(&[]);
    let baseline = place.newest(None).expect("the baseline");
    assert!(baseline.is_empty());
    assert_eq!(baseline.entries().count(), 0);
    assert_eq!(baseline.entry(Path::new("/")), None);
    assert_eq!(baseline.children(Path::new("/")).count(), 0);
    assert_eq!(baseline.check_tree(), Ok(()));
}

#[test]
fn a_path_is_found_and_what_is_not_there_is_not() {
    let entries = tree(5, 40);
    let place = Place::with(&entries);
    let baseline = place.newest(None).expect("the baseline");
    for entry in &entries {
        assert_eq!(baseline.entry(&entry.path).as_ref(), Some(entry));
        let missing = PathBuf::from(format!("{}x", entry.path.display()));
        assert_eq!(baseline.entry(&missing), None);
    }
    for path in ["", "a", "//", "/dir", "/dir000/", "/dir999/file000", "/zzz"] {
        assert_eq!(baseline.entry(Path::new(path)), None, "{path}");
    }
}

#[test]
fn the_names_of_a_directory_are_found_together() {
    let entries = tree(5, 40);
    let place = Place::with(&entries);
    let baseline = place.newest(None).expect("the baseline");
    let children = |path: &str| baseline.children(Path::new(path)).count();
    assert_eq!(children("/"), 5);
    for directory in 0..5 {
        assert_eq!(children(&format!("/dir{directory:03}")), 40);
    }
    for path in ["/dir", "/dir0000", "/dir000/file000", "/zzz", "a"] {
        assert_eq!(children(path), 0, "{path}");
    }
    // The root itself is no name of a directory.
    assert_eq!(children(""), 1);
}

#[test]
fn a_scan_can_begin_with_a_baseline() {
    let entries = tree(2, 20);
    let place = Place::with(&entries);
    let baseline = place.newest(None).expect("the baseline");
    let known: &dyn Known = &baseline;
    assert_eq!(known.children(Path::new("/dir001")).collect::<Vec<_>>(), entries[23..]);
    assert_eq!(known.entry(Path::new("/dir001")).as_ref(), Some(&entries[2]));
    assert_eq!(known.scan_started(), FileTime { seconds: 1_790_000_000, nanos: 5 });
    assert_eq!(known.algorithm(), Algorithm::Blake3);
}

#[test]
fn the_note_is_a_checkpoint_that_others_can_read() {
    let entries = tree(1, 2);
    let place = Place::with(&entries);
    let bytes = fs::read(place.path("baseline-1.note")).expect("the note");
    let note = Note::from_bytes(&bytes).expect("a note");
    let checkpoint =
        Checkpoint::open(&note, "host.example/fim", [key().verifier()]).expect("a checkpoint");
    let digest =
        Algorithm::Blake3.digest(&fs::read(place.path("baseline-1.fim")).expect("the file"));
    assert_eq!(
        checkpoint.extensions(),
        [
            format!("file-blake3 {digest}"),
            "generation 1".into(),
            format!("lineage {}", "09".repeat(16))
        ]
    );
    assert_eq!(checkpoint.head().size, 4);
    // The leaf of `/`: its path with the length before, then kind, and everything else zero.
    let root = [
        &b"\x01/"[..],
        &[0x81, 0],             // a directory whose times are equal
        &[0, 0, 0, 0, 0, 0, 0], // mode, owner, group, size, links, inode, device
        &[0, 0, 0, 0, 0],       // the time
    ]
    .concat();
    let single = Place::with(&entries[..1]);
    assert_eq!(single.newest(None).expect("a baseline").head().root, Hash::leaf(&root));
}

#[test]
fn generations_follow_each_other_and_the_old_ones_stay() {
    let place = Place::with(&tree(1, 3));
    let first = place.newest(None).expect("the first").seen();
    let old = fs::read(place.path("baseline-1.fim")).expect("the file");
    let second = place.commit(tree(2, 3));
    assert_eq!(second.generation, 2);
    assert_eq!(place.commit(tree(2, 4)).generation, 3);
    assert_eq!(place.dir.generations().expect("the list"), [1, 2, 3]);
    assert_eq!(place.newest(Some(&first)).expect("the newest").generation(), 3);
    assert_eq!(fs::read(place.path("baseline-1.fim")).expect("the file"), old);
    let older = place.dir.generation(2, [key().verifier()]).expect("the second");
    assert_eq!(older.entries().collect::<Vec<_>>(), tree(2, 3));
}

#[test]
fn a_baseline_is_not_begun_twice() {
    let place = Place::with(&tree(1, 1));
    let before = place.names();
    let again = place.dir.init(&header(), tree(1, 1), &key());
    check_refused(again, place.dir.path(), Refusal::Exists);
    assert_eq!(place.names(), before);
    // What is left of a baseline is enough to refuse.
    fs::remove_file(place.path("baseline-1.fim")).expect("removed");
    let again = place.dir.init(&header(), tree(1, 1), &key());
    check_refused(again, place.dir.path(), Refusal::Exists);
}

#[test]
fn a_generation_follows_the_newest_one_only() {
    let place = Place::with(&tree(1, 1));
    let first = place.newest(None).expect("the first");
    place.commit(tree(1, 2));
    let late = place.dir.commit(&first, first.header(), tree(1, 3), &key());
    check_refused(late, place.dir.path(), Refusal::Superseded { found: 2 });
    let second = place.newest(None).expect("the second");
    let other = BaselineHeader::new("host.example", [1; 16]);
    let other = place.dir.commit(&second, &other, tree(1, 3), &key());
    check_refused(other, place.dir.path(), Refusal::Forked { generation: 3 });
    assert_eq!(place.dir.generations().expect("the list"), [1, 2]);
}

#[test]
fn a_second_writer_is_told_that_there_is_one() {
    let place = Place::with(&tree(1, 1));
    let newest = place.newest(None).expect("the baseline");
    let lock = fs::File::open(place.path("lock")).expect("the lock");
    lock.lock().expect("nobody holds it");
    let before = place.names();
    let busy = place.dir.commit(&newest, newest.header(), tree(1, 2), &key());
    assert!(busy.as_ref().is_err_and(Transient::is_transient));
    check_refused(busy, &place.path("lock"), Refusal::Busy);
    assert_eq!(place.names(), before);
    // Readers do not wait for writers.
    assert_eq!(place.newest(None).expect("the baseline").generation(), 1);
    drop(lock);
    assert_eq!(place.commit(tree(1, 2)).generation, 2);
}

#[test]
fn a_missing_file_is_named() {
    let three = || {
        let place = Place::with(&tree(1, 1));
        place.commit(tree(1, 2));
        place.commit(tree(1, 3));
        place
    };
    for missing in ["baseline-3.fim", "baseline-2.fim", "baseline-2.note"] {
        let place = three();
        fs::remove_file(place.path(missing)).expect("removed");
        check_refused(place.newest(None), &place.path(missing), Refusal::Missing);
    }
    // Old generations may be taken away from the oldest on.
    let place = three();
    for name in ["baseline-1.fim", "baseline-1.note"] {
        fs::remove_file(place.path(name)).expect("removed");
    }
    assert_eq!(place.newest(None).expect("the newest").generation(), 3);

    let nothing = Place::new();
    check_refused(nothing.newest(None), nothing.dir.path(), Refusal::Missing);
    fs::create_dir(nothing.dir.path()).expect("a directory");
    check_refused(nothing.newest(None), nothing.dir.path(), Refusal::Missing);
}

#[test]
fn who_remembers_the_newest_generation_notices_that_it_is_gone() {
    let place = Place::with(&tree(1, 1));
    let seen = place.commit(tree(1, 2));
    // As a crash before the note would have left it.
    fs::remove_file(place.path("baseline-2.note")).expect("removed");
    assert_eq!(place.newest(None).expect("the first").generation(), 1);
    let older = Refusal::Older { found: 1, seen: 2 };
    check_refused(place.newest(Some(&seen)), place.dir.path(), older);
    fs::remove_file(place.path("baseline-2.fim")).expect("removed");
    check_refused(place.newest(Some(&seen)), place.dir.path(), older);
    // The same generation, signed by the same key, and yet another one.
    place.commit(tree(1, 3));
    let forked = Refusal::Forked { generation: 2 };
    check_refused(place.newest(Some(&seen)), place.dir.path(), forked);
    // The same entries, and another header.
    let newest = place.newest(None).expect("the newest");
    let header = newest.header().clone().with_policy(Digest::from_bytes([4; 32]));
    for name in ["baseline-2.fim", "baseline-2.note"] {
        fs::remove_file(place.path(name)).expect("removed");
    }
    let first = place.newest(None).expect("the first");
    place.dir.commit(&first, &header, tree(1, 3), &key()).expect("a generation");
    check_refused(place.newest(Some(&newest.seen())), place.dir.path(), forked);
    assert_eq!(header.lineage_name(), "09".repeat(16));
}

#[test]
fn a_first_generation_without_a_note_was_never_there() {
    let place = Place::with(&tree(1, 1));
    fs::remove_file(place.path("baseline-1.note")).expect("removed");
    check_refused(place.newest(None), &place.path("baseline-1.note"), Refusal::Missing);
    place.dir.init(&header(), tree(1, 2), &key()).expect("a baseline");
    assert_eq!(place.newest(None).expect("the baseline").len(), 4);
}

#[test]
fn a_file_far_ahead_of_its_note_is_no_leftover() {
    let place = Place::with(&tree(1, 1));
    for (name, missing) in [
        ("baseline-3.fim", "baseline-3.note"),
        ("baseline-18446744073709551615.note", "baseline-2.fim"),
    ] {
        fs::write(place.path(name), "").expect("written");
        check_refused(place.newest(None), &place.path(missing), Refusal::Missing);
        fs::remove_file(place.path(name)).expect("removed");
    }
    // Names that no generation has are somebody else's.
    for name in
        ["baseline-02.fim", "baseline-0.note", "baseline-+2.note", "baseline-x.fim", "notes"]
    {
        fs::write(place.path(name), "").expect("written");
    }
    assert_eq!(place.newest(None).expect("the baseline").generation(), 1);
}

#[test]
fn another_key_is_refused() {
    let place = Place::with(&tree(1, 1));
    let other = SigningKey::from_seed("host.example/fim", [8; 32]).expect("the name is sound");
    let note = place.path("baseline-1.note");
    check_refused(place.dir.newest([other.verifier()], None), &note, Refusal::ForeignKey);
    check_refused(place.dir.newest([], None), &note, Refusal::ForeignKey);
    let both = [other.verifier(), key().verifier()].map(Clone::clone);
    assert_eq!(place.dir.newest(&both, None).expect("the baseline").generation(), 1);
}

#[test]
fn files_cannot_be_exchanged_between_generations() {
    let place = Place::with(&tree(1, 1));
    place.commit(tree(1, 2));
    let swap = |end: &str| {
        let (one, two) =
            (place.path(&format!("baseline-1{end}")), place.path(&format!("baseline-2{end}")));
        fs::rename(&one, place.path("third")).expect("renamed");
        fs::rename(&two, &one).expect("renamed");
        fs::rename(place.path("third"), &two).expect("renamed");
    };
    swap(".fim");
    check_refused(place.newest(None), &place.path("baseline-2.fim"), Refusal::Altered);
    swap(".note");
    let reason = Refusal::Malformed("it is of another generation");
    check_refused(place.newest(None), &place.path("baseline-2.note"), reason);
}

#[test]
fn entries_out_of_order_are_refused_and_leave_nothing() {
    let mut twice = tree(1, 40);
    twice.insert(30, twice[29].clone());
    let mut reversed = tree(1, 40);
    reversed.reverse();
    for entries in [twice, reversed] {
        let place = Place::new();
        let refused = place.dir.init(&header(), entries, &key());
        check_refused(refused, place.dir.path(), Refusal::Unsorted);
        assert_eq!(place.names(), ["lock"]);
    }
}

#[test]
fn a_host_that_no_note_can_name_is_an_error() {
    let place = Place::new();
    let header = BaselineHeader::new("two\nlines", [0; 16]);
    let refused = place.dir.init(&header, tree(1, 1), &key());
    assert!(
        matches!(refused, Err(Error::Sign { path, .. }) if path == place.path("baseline-1.note"))
    );
    assert_eq!(place.names(), ["lock"]);
}

proptest! {
    // Each case writes and synchronises files.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_tree_is_found_again(
        names in proptest::collection::btree_set("(/[ab.]{1,3}){1,3}", 0..80),
        wanted in "(/[ab.]{1,3}){1,3}",
    ) {
        // A map from directory to names is the model of the order.
        let mut model: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
        for path in &names {
            let end = path.rfind('/').unwrap_or(0).max(1);
            model.entry(&path.as_bytes()[..end]).or_default().push(path);
        }
        let mut entries: Vec<Entry> = Vec::new();
        for paths in model.values() {
            entries.extend(paths.iter().zip(0..).map(|(path, byte)| file(path, byte)));
        }
        let place = Place::with(&entries);
        let baseline = place.newest(None).expect("the baseline");
        prop_assert_eq!(baseline.entries().collect::<Vec<_>>(), entries.clone());
        let listed = |directory: &[u8]| {
            let text = str::from_utf8(directory).expect("letters");
            baseline.children(Path::new(text)).map(|entry| entry.path).collect::<Vec<_>>()
        };
        for (directory, paths) in &model {
            prop_assert_eq!(listed(directory), paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        }
        let expected = entries.iter().find(|entry| entry.path.as_os_str() == wanted.as_str());
        let found = baseline.entry(Path::new(&wanted));
        prop_assert_eq!(found.as_ref(), expected);
        prop_assert_eq!(listed(wanted.as_bytes()).len(), model.get(wanted.as_bytes()).map_or(0, Vec::len));
    }
}

#[test]
fn attributes_and_links_are_kept() {
    let mut link = Entry::new("/link", EntryKind::Symlink);
    link.target = Some("/somewhere/else".into());
    link.xattrs.digest = Some(Digest::from_bytes([4; 32]));
    link.xattrs.list = vec![
        Xattr { name: (*b"user.a").into(), value: XattrValue::Whole((*b"1").into()) },
        Xattr {
            name: (*b"user.b").into(),
            value: XattrValue::Digest(Digest::from_bytes([5; 32]), 999),
        },
    ];
    let place = Place::with(std::slice::from_ref(&link));
    assert_eq!(place.newest(None).expect("the baseline").entry(Path::new("/link")), Some(link));
}
