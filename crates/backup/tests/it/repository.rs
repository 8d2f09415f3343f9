use std::error::Error as _;
use std::num::NonZeroU32;
use std::sync::Arc;

use wardkit_backup::engine::{Error, Password, Reader, Repository, Silent, Writer};
use wardkit_backup::format::{BlobKind, Id, RepoVersion, Snapshot, Timestamp, Tree};
use wardkit_backup::store::{Key, Kind, Memory};

use crate::support::{
    StepClock, alter, init, init_options, names, options, password, plant_index, plant_pack,
};

#[test]
fn a_repository_is_opened_by_its_password_and_no_other() {
    let store = Arc::new(Memory::new());
    let made = init(&store);
    let clock = StepClock::new();
    let opened =
        Repository::<Reader>::open(Arc::<Memory>::clone(&store), &password(), options(&clock))
            .unwrap();
    assert_eq!(opened.config(), made.config());
    assert_eq!(opened.fingerprint(), made.fingerprint());
    assert_eq!(opened.config().version, RepoVersion::V2);

    let refused =
        Repository::<Reader>::open(store, &Password::new("wrong"), options(&clock)).unwrap_err();
    assert!(matches!(refused, Error::WrongPassword { tried: 1 }), "{refused:?}");
    assert!(!refused.is_damage());
}

#[test]
fn a_repository_is_not_made_twice_and_not_with_an_empty_password() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let empty = Repository::<Writer>::init(
        Arc::<Memory>::clone(&store),
        &Password::new(""),
        init_options(&clock),
    );
    assert!(matches!(empty, Err(Error::EmptyPassword)), "{empty:?}");
    assert_eq!(store.keys(), []);

    drop(init(&store));
    let before = store.keys();
    let again =
        Repository::<Writer>::init(Arc::<Memory>::clone(&store), &password(), init_options(&clock));
    assert!(matches!(again, Err(Error::RepositoryThere)), "{again:?}");
    assert_eq!(store.keys(), before);
}

#[test]
fn nothing_is_opened_where_there_is_no_repository() {
    let refused = Repository::<Reader>::open(
        Arc::new(Memory::new()),
        &password(),
        options(&StepClock::new()),
    );
    assert!(matches!(refused, Err(Error::NoRepository { .. })), "{refused:?}");
}

#[test]
fn an_altered_configuration_and_key_are_damage() {
    for kind in [Kind::Config, Kind::Key] {
        let store = Arc::new(Memory::new());
        drop(init(&store));
        let key = store.keys().into_iter().find(|key| key.kind() == kind).unwrap();
        alter(&store, key);
        let refused =
            Repository::<Reader>::open(store, &password(), options(&StepClock::new())).unwrap_err();
        assert!(refused.is_damage(), "{refused:?}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let store = Arc::new(Memory::new());
    let shown = format!("{:?} {:?} {:?}", init(&store), password(), options(&StepClock::new()));
    assert!(!shown.contains("correct horse"), "{shown}");
    assert!(shown.contains("Password(***)"), "{shown}");
}

#[test]
fn a_damaged_snapshot_is_told_beside_the_whole_ones() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let snapshot = |seconds| {
        Snapshot::new(Timestamp::new(seconds, 0).into(), Id::of(b"tree"), vec!["/a".to_owned()])
    };
    let late = repository.save_snapshot(&snapshot(20)).unwrap();
    let early = repository.save_snapshot(&snapshot(10)).unwrap();
    let bad = repository.save_snapshot(&snapshot(30)).unwrap();
    alter(&store, Key::Named(Kind::Snapshot, bad));

    let list = repository.snapshots().unwrap();
    assert_eq!(list.snapshots, [(early, snapshot(10)), (late, snapshot(20))]);
    assert_eq!(list.damaged.len(), 1);
    assert_eq!(list.damaged[0].key, Key::Named(Kind::Snapshot, bad));
    assert!(matches!(list.damaged[0].error, Error::Altered { .. }), "{list:?}");
    assert!(repository.load_snapshot(&bad).unwrap_err().is_damage());
    assert_eq!(repository.load_snapshot(&late).unwrap(), snapshot(20));
}

#[test]
fn a_blob_is_read_from_the_pack_that_is_whole() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let blob = b"what is in the file, what is in the file, what is in the file".as_slice();
    let id = Id::of(blob);
    let packs = vec![
        plant_pack(&store, &[(BlobKind::Data, blob)], 1),
        plant_pack(&store, &[(BlobKind::Data, blob)], 3),
    ];
    plant_index(&store, packs);
    let index = repository.load_index(&Silent).unwrap();
    let packs = names(&store, Kind::Pack);
    assert_eq!(packs.len(), 2);
    assert_eq!(repository.read_blob(&index, BlobKind::Data, &id).unwrap(), blob);

    alter(&store, Key::Named(Kind::Pack, packs[0]));
    assert_eq!(repository.read_blob(&index, BlobKind::Data, &id).unwrap(), blob);
    alter(&store, Key::Named(Kind::Pack, packs[1]));
    let both = repository.read_blob(&index, BlobKind::Data, &id);
    assert!(both.unwrap_err().is_damage());
    let other = repository.read_blob(&index, BlobKind::Tree, &id).unwrap_err();
    assert!(matches!(other, Error::BlobMissing { kind: BlobKind::Tree, .. }), "{other:?}");
}

#[test]
fn a_blob_that_is_another_than_its_id_says_is_refused() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let mut pack = plant_pack(&store, &[(BlobKind::Data, b"what is there")], 1);
    let id = Id::of(b"what is wanted");
    pack.blobs[0].id = id;
    plant_index(&store, vec![pack]);
    let index = repository.load_index(&Silent).unwrap();
    let refused = repository.read_blob(&index, BlobKind::Data, &id).unwrap_err();
    assert!(matches!(refused, Error::BlobDamaged { source: None, .. }), "{refused:?}");
}

#[test]
fn a_blob_that_says_to_be_gigabytes_is_refused_before_there_is_memory_for_it() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let mut pack = plant_pack(&store, &[(BlobKind::Data, &[0; 1000])], 1);
    let id = pack.blobs[0].id;
    pack.blobs[0].uncompressed = NonZeroU32::new(u32::MAX);
    plant_index(&store, vec![pack]);
    let index = repository.load_index(&Silent).unwrap();
    let refused = repository.read_blob(&index, BlobKind::Data, &id).unwrap_err();
    assert!(refused.source().unwrap().to_string().contains("larger than"), "{refused:?}");
}

#[test]
fn a_tree_is_read_and_what_is_none_is_refused() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let tree = Tree::default().to_json();
    let packs = vec![
        plant_pack(&store, &[(BlobKind::Tree, &tree)], 1),
        plant_pack(&store, &[(BlobKind::Tree, b"no tree")], 3),
    ];
    plant_index(&store, packs);
    let index = repository.load_index(&Silent).unwrap();
    assert_eq!(repository.read_tree(&index, &Id::of(&tree)).unwrap(), Tree::default());
    let refused = repository.read_tree(&index, &Id::of(b"no tree")).unwrap_err();
    assert!(matches!(refused, Error::MalformedTree { .. }), "{refused:?}");
}
