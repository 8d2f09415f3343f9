use std::sync::Arc;

use wardkit_backup::engine::{PruneOptions, Pruner, Quality, RepairOptions, Repository, Silent};
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore, PrunableStore};

use crate::support::{Content, StepClock, alter, init_at, names, options, password, read_all};

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
