use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::engine::{Error, PruneOptions, PruneReport, Pruner, Repository, Seen, Silent};
use wardkit_backup::format::{BlobKind, Id};
use wardkit_backup::store::{Fault, Faulty, Key, Kind, Memory, ObjectStore, PrunableStore};

use crate::support::{
    Content, StepClock, alter, init_at, names, noise, options, password, plant_pack, read_all,
};

struct Stage {
    store: Arc<Memory>,
    clock: Arc<StepClock>,
    content: Content,
}

impl Stage {
    fn new() -> Self {
        let store = Arc::new(Memory::new());
        let clock = StepClock::new();
        let content = Content::plant(&store, &init_at(&store, &clock));
        Self { store, clock, content }
    }

    fn open(&self) -> Repository<Pruner> {
        open(Arc::<Memory>::clone(&self.store), &self.clock)
    }

    fn prune(&self, options: &PruneOptions) -> PruneReport {
        self.open().prune(options, &Silent).unwrap()
    }

    fn refuses(&self, options: &PruneOptions) -> Error {
        let before = self.store.keys();
        let refused = self.open().prune(options, &Silent).unwrap_err();
        assert_eq!(self.store.keys(), before);
        refused
    }

    fn has(&self, pack: Id) -> bool {
        names(&self.store, Kind::Pack).contains(&pack)
    }
}

fn open(store: Arc<dyn PrunableStore>, clock: &Arc<StepClock>) -> Repository<Pruner> {
    Repository::<Pruner>::open(store, &password(), options(clock)).unwrap()
}

fn at_once() -> PruneOptions {
    let mut options = PruneOptions::default();
    options.grace = Duration::ZERO;
    options
}

#[test]
fn what_nobody_needs_is_marked_and_removed_after_the_time_of_grace() {
    let stage = Stage::new();
    let report = stage.prune(&PruneOptions::default());
    assert_eq!((report.packs_marked, report.packs_removed, report.packs_kept), (1, 0, 2));
    assert_eq!(report.seen.snapshots, 2);
    assert!(stage.has(stage.content.unneeded));
    let index = stage.open().load_index(&Silent).unwrap();
    assert!(!index.contains(BlobKind::Data, &Id::of(&noise(3, 4000))));
    assert_eq!(index.files().len(), 1);

    // Nothing is to be done, and nothing is written.
    let before = stage.store.keys();
    stage.clock.time.advance(Duration::from_hours(23));
    assert_eq!(stage.prune(&PruneOptions::default()), report);
    assert_eq!(stage.store.keys(), before);

    stage.clock.time.advance(Duration::from_hours(1));
    let report = stage.prune(&PruneOptions::default());
    assert_eq!((report.packs_marked, report.packs_removed), (0, 1));
    assert!(report.bytes_removed > 4000);
    assert!(!stage.has(stage.content.unneeded));
    assert_eq!(read_all(&stage.open()), 5);
}

#[test]
fn what_is_needed_of_a_pack_is_packed_anew() {
    let stage = Stage::new();
    stage.open().forget_snapshot(&stage.content.first).unwrap();
    let mut dry = at_once();
    dry.dry_run = true;
    let before = stage.store.keys();
    let planned = stage.prune(&dry);
    assert_eq!(stage.store.keys(), before);
    assert_eq!((planned.packs_repacked, planned.packs_removed), (2, 3));

    assert_eq!(stage.prune(&at_once()), planned);
    assert!(!stage.has(stage.content.shared));
    assert!(!stage.has(stage.content.unneeded));
    assert_eq!(names(&stage.store, Kind::Pack).len(), 2);
    assert_eq!(read_all(&stage.open()), 3);
    assert_eq!(stage.prune(&at_once()).packs_kept, 2);
}

#[test]
fn with_grace_a_pack_that_was_packed_anew_stays_for_a_while() {
    let stage = Stage::new();
    stage.open().forget_snapshot(&stage.content.first).unwrap();
    let report = stage.prune(&PruneOptions::default());
    assert_eq!((report.packs_repacked, report.packs_marked, report.packs_removed), (2, 3, 0));
    assert!(stage.has(stage.content.shared));
    stage.clock.time.advance(Duration::from_hours(24));
    assert_eq!(stage.prune(&PruneOptions::default()).packs_removed, 3);
    assert_eq!(names(&stage.store, Kind::Pack).len(), 2);
    assert_eq!(read_all(&stage.open()), 3);
}

#[test]
fn a_marked_pack_that_is_needed_again_is_recovered() {
    let stage = Stage::new();
    let repository = stage.open();
    let first = repository.load_snapshot(&stage.content.first).unwrap();
    repository.forget_snapshot(&stage.content.first).unwrap();
    let second = repository.load_snapshot(&stage.content.second).unwrap();
    repository.forget_snapshot(&stage.content.second).unwrap();
    let mut ignore = PruneOptions::default();
    ignore.danger_ignore_brake = true;
    assert_eq!(stage.prune(&ignore).packs_marked, 3);

    repository.save_snapshot(&first).unwrap();
    repository.save_snapshot(&second).unwrap();
    stage.clock.time.advance(Duration::from_hours(48));
    let report = stage.prune(&PruneOptions::default());
    assert_eq!((report.packs_kept, report.packs_removed), (2, 1));
    assert_eq!(read_all(&stage.open()), 5);
    let index = stage.open().load_index(&Silent).unwrap();
    assert!(index.contains(BlobKind::Data, &Id::of(&noise(1, 4000))));
}

#[test]
fn a_pack_that_no_index_names_has_its_time_of_grace_too() {
    let stage = Stage::new();
    let stranger = plant_pack(&stage.store, &[(BlobKind::Data, b"of a run that broke off")], 9).id;
    assert_eq!(stage.prune(&PruneOptions::default()).packs_marked, 2);
    stage.clock.time.advance(Duration::from_hours(23));
    assert_eq!(stage.prune(&PruneOptions::default()).packs_marked, 2);
    assert!(stage.has(stranger));
    stage.clock.time.advance(Duration::from_hours(1));
    assert_eq!(stage.prune(&PruneOptions::default()).packs_removed, 2);
    assert!(!stage.has(stranger));
}

#[test]
fn nothing_is_removed_when_it_cannot_be_known_what_is_needed() {
    let stage = Stage::new();
    alter(&stage.store, Key::Named(Kind::Snapshot, stage.content.first));
    let refused = stage.refuses(&at_once());
    assert!(matches!(refused, Error::PruneRefused { .. }), "{refused:?}");

    let stage = Stage::new();
    stage.store.delete(&Key::Named(Kind::Pack, stage.content.shared)).unwrap();
    let refused = stage.refuses(&at_once());
    assert!(matches!(refused, Error::BlobMissing { .. }), "{refused:?}");

    let stage = Stage::new();
    let index = names(&stage.store, Kind::Index)[0];
    stage.store.delete(&Key::Named(Kind::Index, index)).unwrap();
    let refused = stage.refuses(&at_once());
    assert!(matches!(refused, Error::BlobMissing { .. }), "{refused:?}");
}

#[test]
fn the_brake_holds_when_snapshots_or_bytes_have_gone() {
    let stage = Stage::new();
    let seen = |snapshots, bytes| {
        let mut options = at_once();
        options.seen = Some(Seen { snapshots, bytes });
        options
    };
    for options in [seen(5, 0), seen(2, 1 << 20)] {
        let refused = stage.refuses(&options);
        assert!(matches!(refused, Error::PruneRefused { .. }), "{refused:?}");
    }
    let mut told = seen(4, 100);
    assert_eq!(stage.prune(&told).packs_removed, 1);

    stage.open().forget_snapshot(&stage.content.first).unwrap();
    stage.open().forget_snapshot(&stage.content.second).unwrap();
    assert!(matches!(stage.refuses(&at_once()), Error::PruneRefused { .. }));
    told.danger_ignore_brake = true;
    assert_eq!(stage.prune(&told).packs_removed, 2);
    assert_eq!(names(&stage.store, Kind::Pack), []);
}

#[test]
fn whatever_a_prune_breaks_off_at_the_snapshots_are_whole() {
    let stage = Stage::new();
    stage.open().forget_snapshot(&stage.content.first).unwrap();
    for fault in [Fault::Dead, Fault::Denied, Fault::Unacknowledged] {
        let mut step = 0;
        loop {
            let faulty = Arc::new(Faulty::new(stage.store.to_copy()).at_any(step, fault));
            let opened = Repository::<Pruner>::open(
                Arc::<Faulty<Memory>>::clone(&faulty),
                &password(),
                options(&stage.clock),
            );
            let done = opened.is_ok_and(|repository| repository.prune(&at_once(), &Silent).is_ok());
            let over = faulty.count_all() <= step;
            let left = Arc::new(faulty.store().to_copy());
            for lock in names(&left, Kind::Lock) {
                left.remove_lock(&lock).unwrap();
            }
            let again = open(Arc::<Memory>::clone(&left), &stage.clock);
            assert_eq!(read_all(&again), 3, "{fault:?} at {step}");
            let _ = again.prune(&at_once(), &Silent).unwrap();
            assert_eq!(read_all(&again), 3, "{fault:?} at {step}");
            assert_eq!(names(&left, Kind::Pack).len(), 2, "{fault:?} at {step}");
            if over {
                assert!(done && step > 10);
                break;
            }
            step += 1;
        }
    }
}
