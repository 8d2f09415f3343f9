use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_backup::engine::{
    Claim, Error, Index, IndexWriter, KnownBlobs, Quality, Reader, Repository, Silent,
};
use wardkit_backup::format::{BlobKind, Id, IndexFile, IndexPack, PackToDelete, PackedBlob};
use wardkit_backup::store::{Key, Kind, Memory};

use crate::support::{StepClock, alter, init, init_at, names, options, password, plant};

fn id(number: u32) -> Id {
    Id::of(&number.to_be_bytes())
}

fn blob(number: u32) -> PackedBlob {
    PackedBlob {
        kind: BlobKind::Data,
        id: id(number),
        offset: 100 * number,
        length: 90,
        uncompressed: NonZeroU32::new(number),
    }
}

fn pack(number: u32, blobs: impl IntoIterator<Item = u32>) -> IndexPack {
    IndexPack {
        id: Id::of(&[1, 2, u8::try_from(number).unwrap()]),
        blobs: blobs.into_iter().map(blob).collect(),
    }
}

fn load(files: &[IndexFile]) -> Index {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    for file in files {
        plant(&store, Kind::Index, &file.to_json());
    }
    repository.load_index(&Silent).unwrap()
}

fn of_packs(packs: Vec<IndexPack>) -> IndexFile {
    IndexFile { packs, ..IndexFile::default() }
}

#[test]
fn blobs_of_all_files_are_found_once_each() {
    let trees =
        IndexPack { id: id(99), blobs: vec![PackedBlob { kind: BlobKind::Tree, ..blob(1) }] };
    let first = of_packs(vec![pack(1, 0..3), trees]);
    let index = load(&[first.clone(), of_packs(vec![pack(1, 0..3), pack(2, 3..5)])]);
    assert_eq!((index.len(), index.packs().len(), index.files().len()), (6, 3, 2));
    let found: Vec<_> = index.find(BlobKind::Data, &id(2)).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].pack, found[0].blob, found[0].quality),
        (pack(1, []).id, blob(2), Quality::Good)
    );
    assert_eq!(index.best(BlobKind::Tree, &id(1)).unwrap().pack, id(99));
    assert_eq!(index.best(BlobKind::Tree, &id(2)), None);
    assert_eq!(index.plain_len(BlobKind::Data, &id(4)), Some(4));
    assert_eq!(index.plain_len(BlobKind::Data, &id(0)), Some(58));

    let packs: Vec<_> = index.by_pack().iter().map(|(pack, blobs)| (pack, blobs.len())).collect();
    let wanted = BTreeSet::from([(pack(1, []).id, 3), (id(99), 1), (pack(2, []).id, 2)]);
    assert_eq!(packs.len(), 3);
    assert_eq!(packs.into_iter().collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn what_is_replaced_or_marked_is_read_last_and_stored_again() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let old = plant(&store, Kind::Index, &of_packs(vec![pack(1, 0..3)]).to_json());
    let marked = PackToDelete { pack: pack(3, 1..4), since: None };
    let new = IndexFile {
        supersedes: vec![old],
        packs: vec![pack(2, 0..1)],
        packs_to_delete: vec![marked],
    };
    plant(&store, Kind::Index, &new.to_json());
    let index = repository.load_index(&Silent).unwrap();
    let qualities = |number| {
        index.find(BlobKind::Data, &id(number)).map(|place| place.quality).collect::<Vec<_>>()
    };
    assert_eq!(qualities(0), [Quality::Good, Quality::Superseded]);
    assert_eq!(qualities(1), [Quality::Superseded, Quality::Marked]);
    assert_eq!(qualities(3), [Quality::Marked]);
    assert_eq!(qualities(4), []);
    let stays = (0..5).filter(|number| index.contains(BlobKind::Data, &id(*number)));
    assert_eq!(stays.collect::<Vec<_>>(), [0]);
}

#[test]
fn an_index_that_is_too_large_is_refused_and_a_damaged_one_is_passed_over() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    drop(init_at(&store, &clock));
    let file = plant(&store, Kind::Index, &of_packs(vec![pack(1, 0..100)]).to_json());
    let mut open = options(&clock);
    open.index_memory = 4096;
    let repository =
        Repository::<Reader>::open(Arc::<Memory>::clone(&store), &password(), open).unwrap();
    let refused = repository.load_index(&Silent).unwrap_err();
    assert!(matches!(refused, Error::IndexTooLarge { needed: 4896, limit: 4096 }), "{refused:?}");

    alter(&store, Key::Named(Kind::Index, file));
    let index = repository.load_index(&Silent).unwrap();
    assert_eq!((index.len(), index.damaged()), (0, &[file][..]));
}

#[test]
fn a_blob_is_claimed_by_one_thread_only() {
    let known = KnownBlobs::new(Arc::new(load(&[of_packs(vec![pack(1, 0..10)])])));
    let mine = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..100 {
                    if known.claim(BlobKind::Data, &id(number)) == Claim::Mine {
                        mine.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(mine.into_inner(), 90);
    assert!(known.contains(BlobKind::Data, &id(99)));
    assert!(!known.contains(BlobKind::Tree, &id(99)));
    assert_eq!(known.claim(BlobKind::Tree, &id(99)), Claim::Mine);
}

#[test]
fn new_packs_are_in_the_index_when_it_is_old_full_or_finished() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let writer = IndexWriter::new(&repository);
    writer.finish().unwrap();
    assert_eq!(names(&store, Kind::Index), []);

    let add = |number, blobs: u32| {
        let IndexPack { id, blobs } = pack(number, 0..blobs);
        writer.add(id, blobs).unwrap();
        names(&store, Kind::Index).len()
    };
    assert_eq!(add(1, 3), 0);
    clock.time.advance(Duration::from_secs(59));
    assert_eq!(add(2, 3), 0);
    clock.time.advance(Duration::from_secs(1));
    assert_eq!(add(3, 3), 1);
    assert_eq!(add(4, 49_999), 1);
    assert_eq!(add(5, 1), 2);
    assert_eq!(add(6, 1), 2);
    writer.finish().unwrap();
    assert_eq!(names(&store, Kind::Index).len(), 3);
    writer.finish().unwrap();
    let index = repository.load_index(&Silent).unwrap();
    assert_eq!((index.files().len(), index.packs().len()), (3, 6));
    assert!(index.contains(BlobKind::Data, &id(49_998)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_index_has_what_its_files_have(
        files in prop::collection::vec(prop::collection::vec((0_u32..8, 0_u32..200), 0..60), 0..5),
    ) {
        let mut wanted = BTreeSet::new();
        let mut written = Vec::new();
        for file in &files {
            let mut packs: Vec<IndexPack> = (0..8).map(|number| pack(number, [])).collect();
            for (number, of) in file {
                packs[*number as usize].blobs.push(blob(*of));
                wanted.insert((*of, packs[*number as usize].id));
            }
            written.push(of_packs(packs));
        }
        let index = load(&written);
        prop_assert_eq!(index.len(), wanted.len());
        let found: BTreeSet<_> = (0..200)
            .flat_map(|number| {
                let places = index.find(BlobKind::Data, &id(number)).collect::<Vec<_>>();
                places.into_iter().map(move |place| (number, place.pack))
            })
            .collect();
        prop_assert_eq!(&found, &wanted);
        let by_pack = index.by_pack();
        let again = by_pack.iter().map(|(_, blobs)| blobs.len()).sum::<usize>();
        prop_assert_eq!(again, wanted.len());
    }
}
