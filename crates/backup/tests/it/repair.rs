use std::sync::Arc;

use wardkit_backup::engine::{
    CheckOptions, Finding, PruneOptions, Pruner, Quality, ReadData, RepairOptions, Repository,
    Silent,
};
use wardkit_backup::format::{BlobKind, Id};
use wardkit_backup::store::{Fault, Faulty, Key, Kind, Memory, ObjectStore, PrunableStore};

use crate::support::{
    Content, Notes, StepClock, alter, init_at, names, options, password, plant_index, plant_pack,
    read_all,
};

fn stage() -> (Arc<Memory>, Repository<Pruner>, Content) {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let content = Content::plant(&store, &init_at(&store, &clock));
    let repository =
        Repository::<Pruner>::open(Arc::<Memory>::clone(&store), &password(), options(&clock));
    (store, repository.unwrap(), content)
}

#[test]
fn an_index_that_is_lost_or_damaged_is_made_of_the_packs() {
    for loss in 0..3 {
        let (store, repository, _) = stage();
        for file in names(&store, Kind::Index).into_iter().take(loss) {
            store.delete(&Key::Named(Kind::Index, file)).unwrap();
        }
        if loss == 0 {
            alter(&store, Key::Named(Kind::Index, names(&store, Kind::Index)[0]));
        }
        let report = repository.repair_index(&RepairOptions::default(), &Silent).unwrap();
        assert_eq!(report.packs_kept + report.packs_read, 3, "{report:?}");
        assert_eq!(report.damaged.len(), usize::from(loss == 0));
        assert_eq!(names(&store, Kind::Index).len(), 1);
        assert_eq!(read_all(&repository), 5);
    }
}

#[test]
fn packs_that_are_gone_or_damaged_are_told_and_leave_the_index() {
    let (store, repository, content) = stage();
    store.delete(&Key::Named(Kind::Pack, content.unneeded)).unwrap();
    let mut bytes = store.get(&Key::Named(Kind::Pack, content.shared), None).unwrap();
    let header = bytes.len() - 20;
    bytes[header] ^= 1;
    store.overwrite(Key::Named(Kind::Pack, content.shared), &bytes);

    let mut options = RepairOptions::default();
    options.read_all = true;
    options.dry_run = true;
    let before = store.keys();
    let report = repository.repair_index(&options, &Silent).unwrap();
    assert_eq!(store.keys(), before);
    assert_eq!(report.packs_missing, [content.unneeded]);
    assert_eq!((report.packs_read, report.damaged.len()), (1, 1));
    assert_eq!(report.damaged[0].key, Key::Named(Kind::Pack, content.shared));

    options.dry_run = false;
    let _ = repository.repair_index(&options, &Silent).unwrap();
    assert_eq!(repository.load_index(&Silent).unwrap().packs().len(), 1);
    assert!(store.keys().contains(&Key::Named(Kind::Pack, content.shared)));
}

#[test]
fn a_mark_outlives_the_repair() {
    let (_, repository, content) = stage();
    let _ = repository.prune(&PruneOptions::default(), &Silent).unwrap();
    let report = repository.repair_index(&RepairOptions::default(), &Silent).unwrap();
    assert_eq!((report.packs_kept, report.packs_read), (3, 0));
    let index = repository.load_index(&Silent).unwrap();
    let marked: Vec<_> = index
        .blobs()
        .filter(|place| place.quality == Quality::Marked)
        .map(|place| place.pack)
        .collect();
    assert_eq!(marked, [content.unneeded]);
}

/// A repository with one snapshot that all parts of the index but the last one serve; that one is half stored.
fn torn() -> (Arc<Memory>, Id) {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let _ = Content::plant(&store, &repository);
    let pack = plant_pack(&store, &[(BlobKind::Data, b"of the run that broke off")], 11);
    let index = plant_index(&store, vec![pack]);
    let key = Key::Named(Kind::Index, index);
    let bytes = store.get(&key, None).unwrap();
    store.overwrite(key, &bytes[..bytes.len() / 2]);
    (store, index)
}

fn pruner(store: &Arc<Memory>) -> Repository<Pruner> {
    let options = options(&StepClock::new());
    Repository::<Pruner>::open(Arc::<Memory>::clone(store), &password(), options).unwrap()
}

#[test]
fn a_torn_index_is_told_is_in_nobodys_way_and_is_gone_after_the_repair() {
    let (store, torn) = torn();
    let repository = pruner(&store);
    let notes = Notes::default();
    let index = repository.load_index(&notes).unwrap();
    assert_eq!((index.damaged(), index.files().len()), (&[torn][..], 2));
    let told = notes.0.into_inner().unwrap();
    assert!(
        told.iter().any(|it| it.contains("Damaged") && it.contains(&torn.to_string())),
        "{told:?}"
    );
    assert_eq!(read_all(&repository), 5);
    // It may have named what is needed: nothing is removed for it.
    let before = store.keys();
    let refused = repository.prune(&PruneOptions::default(), &Silent).unwrap_err();
    assert!(refused.to_string().contains(&torn.to_string()), "{refused}");
    assert_eq!(store.keys(), before);
    let is_damaged = |repository: &Repository<Pruner>| {
        let report = repository.check(&CheckOptions::reading(ReadData::All), &Silent).unwrap();
        let is_index = |finding: &Finding| matches!(finding, Finding::Object { .. });
        report.findings.iter().any(is_index)
    };
    assert!(is_damaged(&repository));

    let report = repository.repair_index(&RepairOptions::default(), &Silent).unwrap();
    assert_eq!((report.packs_kept, report.packs_read, report.damaged.len()), (3, 1, 1));
    assert!(repository.load_index(&Silent).unwrap().damaged().is_empty());
    assert!(!is_damaged(&repository));
    assert_eq!(repository.prune(&PruneOptions::default(), &Silent).unwrap().packs_kept, 2);
}

#[test]
fn a_repair_that_breaks_off_anywhere_is_ended_by_the_next_one() {
    let (begun, _) = torn();
    for fault in [Fault::Dead, Fault::Torn, Fault::Unacknowledged] {
        for step in 0.. {
            let faulty = Arc::new(Faulty::new(begun.to_copy()).at_any(step, fault));
            let opened = Repository::<Pruner>::open(
                Arc::<Faulty<Memory>>::clone(&faulty),
                &password(),
                options(&StepClock::new()),
            );
            let _ = opened.and_then(|it| it.repair_index(&RepairOptions::default(), &Silent));
            let left = Arc::new(faulty.store().to_copy());
            for lock in names(&left, Kind::Lock) {
                left.remove_lock(&lock).unwrap();
            }
            let repository = pruner(&left);
            assert_eq!(read_all(&repository), 5, "{fault:?} at {step}");
            let _ = repository.repair_index(&RepairOptions::default(), &Silent).unwrap();
            let index = repository.load_index(&Silent).unwrap();
            assert_eq!((index.damaged().len(), index.packs().len()), (0, 4), "{fault:?} at {step}");
            if faulty.count_all() <= step {
                break;
            }
        }
    }
}
