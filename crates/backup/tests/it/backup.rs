mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use wardkit_backup::engine::{
    Error, Event, InitOptions, Observer, Outcome, Parent, Repository, Silent, Writer,
};
use wardkit_backup::format::{Id, Snapshot};
use wardkit_backup::source::SourceError;
use wardkit_backup::store::{Key, Kind, Memory, PutOnly};

pub(crate) use support::{
    Made, MadeUp, back_up, bytes, contents, files, init_options, new_store, open, options, password,
};

/// The folders on the way are in a snapshot too; this is what is in the folder that was to be backed up.
fn within(
    all: BTreeMap<PathBuf, Option<Vec<u8>>>,
    root: &Path,
) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let below = all.into_iter().filter_map(|(path, content)| {
        let path = path.strip_prefix(root).ok()?.to_owned();
        Some((path, content)).filter(|(path, _)| path != Path::new(""))
    });
    below.collect()
}

#[test]
fn threads_that_have_nothing_to_do_end_none_that_have() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "a").unwrap();
    let repository = open(new_store()).unwrap();
    // Who ends first is chance: of so many, some end in each order.
    for _ in 0..100 {
        let report = back_up(&repository, &mut files(folder.path())).unwrap();
        assert_eq!(report.outcome, Outcome::Complete);
    }
}

#[test]
fn everything_is_in_the_snapshot_and_an_unchanged_tree_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("b/c")).unwrap();
    fs::write(root.join("a"), bytes(1, 900_000)).unwrap();
    fs::write(root.join("b/empty"), "").unwrap();
    fs::write(root.join("b/c/small"), "small").unwrap();
    fs::write(root.join("b.txt"), "sorts before `b/`, and after `b`").unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("link")).unwrap();
    let repository = open(new_store()).unwrap();

    let first = back_up(&repository, &mut files(root)).unwrap();
    assert_eq!(first.outcome, Outcome::Complete);
    assert_eq!((first.counts.files_new, first.counts.bytes_processed), (4, 900_037));
    assert_eq!(first.parent, None);
    assert!(first.counts.data_blobs >= 3, "{first:?}");
    let found = within(contents(&repository, &first.tree).unwrap(), root);
    let expected = BTreeMap::from([
        ("a".into(), Some(bytes(1, 900_000))),
        ("b".into(), None),
        ("b/c".into(), None),
        ("b/c/small".into(), Some(b"small".to_vec())),
        ("b/empty".into(), Some(Vec::new())),
        ("b.txt".into(), Some(b"sorts before `b/`, and after `b`".to_vec())),
        ("link".into(), None),
    ]);
    assert!(found == expected, "{:?}", found.keys());

    let second = back_up(&repository, &mut files(root)).unwrap();
    assert_eq!(second.parent, Some(first.snapshot));
    assert_eq!((second.counts.files_unmodified, second.counts.files_changed), (4, 0));
    assert_eq!(second.counts.data_blobs, 0);
    // The folders above change by other tests.
    assert!(second.counts.dirs_unmodified >= 2, "{second:?}");

    fs::write(root.join("b/c/small"), "it grew").unwrap();
    let third = back_up(&repository, &mut files(root)).unwrap();
    assert_eq!((third.counts.files_unmodified, third.counts.files_changed), (3, 1));
    assert_eq!(third.counts.data_blobs, 1);
    assert!(third.counts.dirs_changed >= 2, "{third:?}");
    let found = within(contents(&repository, &third.tree).unwrap(), root);
    assert_eq!(found[Path::new("b/c/small")].as_deref(), Some(&b"it grew"[..]));
}

#[test]
fn the_snapshot_says_what_restic_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "a").unwrap();
    let repository = open(new_store()).unwrap();
    let mut options = options();
    options.user = Some("who".to_owned());
    options.tags = vec!["nightly".to_owned()];
    options.excludes = vec!["*.tmp".to_owned()];
    let first = repository.backup(&mut files(folder.path()), &options, &Silent).unwrap();
    let second = repository.backup(&mut files(folder.path()), &options, &Silent).unwrap();
    let list = repository.snapshots().unwrap();
    let ids: Vec<Id> = list.snapshots.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [first.snapshot, second.snapshot]);
    let snapshot = &list.snapshots[1].1;
    assert_eq!(snapshot.parent, Some(first.snapshot));
    assert_eq!(snapshot.tree, second.tree);
    assert_eq!(snapshot.paths, [folder.path().to_str().unwrap()]);
    assert_eq!((&snapshot.hostname[..], &snapshot.username[..]), ("host", "who"));
    assert_eq!((&snapshot.tags, &snapshot.excludes), (&options.tags, &options.excludes));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_kept() {
    let mut source = MadeUp::default()
        .dir("/made-up")
        .file("/made-up/broken", 900_000, Made::Broken)
        .file("/made-up/broken-small", 1_000, Made::Broken)
        .file("/made-up/closed", 10, Made::Closed)
        .file("/made-up/good", 600_000, Made::Of(1))
        .file("/made-up/restless", 550_000, Made::Restless);
    let repository = open(new_store()).unwrap();
    let report = back_up(&repository, &mut source).unwrap();
    let Outcome::Partial { failed } = &report.outcome else { panic!("{report:?}") };
    let failed: Vec<_> =
        failed.iter().map(|failed| (failed.path.to_str().unwrap(), &failed.error[..])).collect();
    assert_eq!(
        failed,
        [
            ("/made-up/broken", "cannot read `/made-up/broken`: the disk is broken"),
            ("/made-up/broken-small", "cannot read `/made-up/broken-small`: the disk is broken"),
            ("/made-up/closed", "cannot open `/made-up/closed`: permission denied"),
            (
                "/made-up/restless",
                "cannot read a single state of `/made-up/restless`: it changed each time that it was read"
            ),
        ]
    );
    let found = contents(&repository, &report.tree).unwrap();
    let names: Vec<_> = found.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["/made-up", "/made-up/good", "/made-up/restless"]);
    assert!(found[Path::new("/made-up/restless")] == Some(bytes(7, 550_000)));
}

#[test]
fn nothing_to_back_up_is_an_error_and_nothing_is_written() {
    let store = new_store();
    let before = store.keys();
    let repository = open(store.clone()).unwrap();
    let gone = back_up(&repository, &mut files(Path::new("/there/is/none")));
    assert!(matches!(gone, Err(Error::Source(SourceError::Nothing { .. }))), "{gone:?}");
    let empty = back_up(&repository, &mut MadeUp::default().file("/closed", 1, Made::Closed));
    let Err(Error::Source(SourceError::Nothing { failures })) = empty else { panic!("{empty:?}") };
    assert_eq!(failures.len(), 1);
    assert_eq!(store.keys(), before);
}

#[test]
fn a_source_that_takes_back_what_it_said_leaves_no_snapshot() {
    let store = new_store();
    let repository = open(store.clone()).unwrap();
    let mut source = MadeUp::default().file("/dump", 600_000, Made::Of(3));
    source.is_worthless = true;
    let refused = back_up(&repository, &mut source);
    assert!(matches!(refused, Err(Error::Source(SourceError::NotAbsolute { .. }))), "{refused:?}");
    assert!(kinds(&store).iter().all(|kind| !matches!(kind, Kind::Snapshot | Kind::Lock)));
}

#[test]
fn a_panic_of_any_thread_is_an_error() {
    for size in [10, 900_000] {
        let repository = open(new_store()).unwrap();
        let mut source = MadeUp::default().file("/panics", size, Made::Panics);
        for number in 0..50 {
            source = source.file(&format!("/q{number:02}"), 100_000, Made::Of(number));
        }
        let broken = back_up(&repository, &mut source);
        assert!(matches!(broken, Err(Error::Panicked)), "{broken:?}");
        assert!(repository.snapshots().unwrap().snapshots.is_empty());
    }
}

/// Cancels after so many bytes.
struct Impatient(AtomicU64);

impl Observer for Impatient {
    fn event(&self, event: &Event<'_>) {
        if let Event::Done { bytes, .. } = event {
            let _ = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.saturating_sub(*bytes))
            });
        }
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[test]
fn a_cancelled_backup_keeps_what_is_stored_for_the_next_one() {
    let source = || {
        let files =
            (0..60).map(|number| (format!("/f{number:02}"), 30_000 + usize::from(number == 7)));
        files.fold(MadeUp::default(), |source, (path, size)| {
            source.file(&path, size, Made::Of(size as u64 + path.len() as u64 + hash(&path)))
        })
    };
    let store = new_store();
    let repository = open(store.clone()).unwrap();
    let impatient = Impatient(AtomicU64::new(1_350_000));
    let ended = repository.backup(&mut source(), &options(), &impatient);
    assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    let kinds = kinds(&store);
    assert!(!kinds.contains(&Kind::Snapshot) && !kinds.contains(&Kind::Lock), "{kinds:?}");
    assert!(kinds.contains(&Kind::Pack) && kinds.contains(&Kind::Index), "{kinds:?}");

    let whole = back_up(&repository, &mut source()).unwrap();
    assert!(whole.counts.data_added < 1_500_000, "{whole:?}");
    let found = contents(&repository, &whole.tree).unwrap();
    assert_eq!(found.len(), 60);
}

#[test]
fn the_first_version_of_the_format_is_written_without_compression() {
    let store = Arc::new(Memory::new());
    let mut init: InitOptions = init_options();
    init.version = wardkit_backup::format::RepoVersion::V1;
    let repository = Repository::<Writer>::init(store, &password(), init).unwrap();
    let mut source = MadeUp::default().dir("/d");
    for number in 0..1_000 {
        source = source.file(&format!("/d/{number:05}"), 3, Made::Of(number));
    }
    let report = back_up(&repository, &mut source).unwrap();
    let counts = report.counts;
    let overhead = 32 * (counts.data_blobs + counts.tree_blobs);
    assert_eq!(counts.data_added_packed, counts.data_added + overhead);
    assert_eq!(contents(&repository, &report.tree).unwrap().len(), 1_001);
}

#[test]
fn a_directory_of_many_files_is_one_tree() {
    let repository = open(new_store()).unwrap();
    let mut source = MadeUp::default().dir("/d");
    for number in 0..1_500_u64 {
        source = source.file(&format!("/d/{number:05}"), 3, Made::Of(number % 7));
    }
    let report = back_up(&repository, &mut source).unwrap();
    assert_eq!((report.counts.tree_blobs, report.counts.data_blobs), (2, 7));
    let found = contents(&repository, &report.tree).unwrap();
    for number in [0, 711, 1_499] {
        assert!(found[Path::new(&format!("/d/{number:05}"))] == Some(bytes(number % 7, 3)));
    }
}

#[test]
fn files_are_cut_as_restic_does_once_another_program_wrote_a_snapshot() {
    let store = new_store();
    let repository = open(store).unwrap();
    let source = || MadeUp::default().file("/large", 4_000_000, Made::Of(1));
    let keyed = back_up(&repository, &mut source()).unwrap();
    let again = back_up(&repository, &mut source()).unwrap();
    assert_eq!((again.tree, again.counts.data_added), (keyed.tree, 0));
    assert_eq!(program(&repository, again.snapshot).rsplit_once(' ').unwrap().1, "fastcdc");

    let mut foreign = snapshot(&repository, keyed.snapshot);
    foreign.program_version = String::new();
    let foreign = repository.save_snapshot(&foreign).unwrap();
    let mut from_nothing = options();
    from_nothing.parent = Parent::Nothing;
    let rabin = repository.backup(&mut source(), &from_nothing, &Silent).unwrap();
    assert_eq!(program(&repository, rabin.snapshot).rsplit_once(' ').unwrap().1, "rabin");
    assert_ne!(rabin.tree, keyed.tree);
    assert_eq!(
        contents(&repository, &rabin.tree).unwrap(),
        contents(&repository, &keyed.tree).unwrap()
    );
    assert_ne!(foreign, rabin.snapshot);
}

#[test]
fn a_store_that_only_takes_is_enough() {
    let store = Arc::new(PutOnly::new(new_store()));
    let repository = open(store).unwrap();
    let report = back_up(&repository, &mut MadeUp::default().file("/a", 9, Made::Of(1))).unwrap();
    assert!(report.outcome.is_complete());
}

fn kinds(store: &Memory) -> Vec<Kind> {
    store.keys().iter().map(Key::kind).collect()
}

fn snapshot(repository: &Repository<Writer>, id: Id) -> Snapshot {
    repository.load_snapshot(&id).unwrap()
}

fn program(repository: &Repository<Writer>, id: Id) -> String {
    snapshot(repository, id).program_version
}

fn hash(path: &str) -> u64 {
    path.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn what_was_edited_is_in_the_next_snapshot_as_it_is(
        first in prop::collection::btree_map("[a-d](/[a-d]){0,2}\\.f", 0..40_000_usize, 1..8),
        second in prop::collection::btree_map("[a-d](/[a-d]){0,2}\\.f", 0..40_000_usize, 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let repository = open(new_store()).unwrap();
        for edit in [first, second] {
            for (name, length) in edit {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes(length as u64, length)).unwrap();
            }
            let report = back_up(&repository, &mut files(folder.path())).unwrap();
            prop_assert!(report.outcome.is_complete());
            let found = within(contents(&repository, &report.tree).unwrap(), folder.path());
            prop_assert!(found == on_disk(folder.path()));
        }
    }
}

fn on_disk(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_owned();
            found.insert(name, if path.is_dir() { None } else { Some(fs::read(&path).unwrap()) });
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}
