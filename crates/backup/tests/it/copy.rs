use std::sync::Arc;

use wardkit_backup::engine::{Error, LockKind, Password, Repository, Silent, Writer};
use wardkit_backup::format::RepoVersion;
use wardkit_backup::store::{Key, Kind, Memory};

use crate::support::{Content, StepClock, alter, init, init_options, master, names, read_all};

#[test]
fn snapshots_are_copied_with_what_they_need_and_only_once() {
    let (from, to) = (Arc::new(Memory::new()), Arc::new(Memory::new()));
    let source = init(&from);
    let content = Content::plant(&from, &source);
    let target = init(&to);
    assert_ne!(target.config().id, source.config().id);
    assert_ne!(master(&from).derive("test"), master(&to).derive("test"));

    let report = target.copy_from(&source, &[content.second], &Silent).unwrap();
    assert_eq!((report.copied.len(), report.blobs, report.there.len()), (1, 3, 0));
    let both = [content.first, content.second];
    let report = target.copy_from(&source, &both, &Silent).unwrap();
    assert_eq!((report.copied.len(), report.blobs), (1, 2));
    assert_eq!(report.there, [content.second]);
    assert_eq!(read_all(&target), 5);

    let (_, copy) = report.copied[0];
    let (copy, original) =
        (target.load_snapshot(&copy).unwrap(), source.load_snapshot(&content.first).unwrap());
    assert_eq!(copy.original, Some(content.first));
    assert_eq!((copy.tree, copy.time), (original.tree, original.time));

    let before = to.keys();
    let report = target.copy_from(&source, &both, &Silent).unwrap();
    assert_eq!((report.copied.len(), report.blobs), (0, 0));
    assert_eq!(to.keys(), before);
    assert_eq!(names(&from, Kind::Lock), []);
}

#[test]
fn a_copy_is_of_the_version_of_its_repository() {
    let (from, to) = (Arc::new(Memory::new()), Arc::new(Memory::new()));
    let source = init(&from);
    let content = Content::plant(&from, &source);
    let mut options = init_options(&StepClock::new());
    options.version = RepoVersion::V1;
    let target =
        Repository::<Writer>::init(Arc::<Memory>::clone(&to), &Password::new("other"), options)
            .unwrap();
    let report = target.copy_from(&source, &[content.first, content.second], &Silent).unwrap();
    assert_eq!(report.copied.len(), 2);
    assert_eq!(read_all(&target), 5);
    let index = target.load_index(&Silent).unwrap();
    assert!(index.blobs().all(|place| place.blob.uncompressed.is_none()));
}

#[test]
fn of_a_damaged_snapshot_nothing_is_taken_for_copied() {
    let (from, to) = (Arc::new(Memory::new()), Arc::new(Memory::new()));
    let source = init(&from);
    let content = Content::plant(&from, &source);
    alter(&from, Key::Named(Kind::Pack, content.shared));
    let target = init(&to);
    let refused = target.copy_from(&source, &[content.first], &Silent).unwrap_err();
    assert!(refused.is_damage(), "{refused:?}");
    assert_eq!(names(&to, Kind::Snapshot), []);

    let lock = source.lock(LockKind::Exclusive, &Silent).unwrap();
    let refused = target.copy_from(&source, &[content.second], &Silent).unwrap_err();
    assert!(matches!(refused, Error::Locked { .. }), "{refused:?}");
    drop(lock);
    assert_eq!(names(&to, Kind::Lock), []);
}
