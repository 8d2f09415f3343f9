use std::sync::Arc;

use wardkit_backup::engine::{
    CheckOptions, CheckOutcome, CheckReport, Finding, ReadData, Severity, Silent,
};
use wardkit_backup::format::{BlobKind, Id, NodeKind, RepoVersion};
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore, PrunableStore as _};

use crate::crafted::{self, Crafted, directory, file, node};

mod tamper;

/// A repository with some of everything that is small: every position of its bytes can be tried.
fn small(version: RepoVersion) -> Crafted {
    let mut crafted = Crafted::new(version);
    let (a, b) = (crafted.data(b"a"), crafted.data(&[b'b'; 300]));
    let sub = crafted.tree(vec![file("b", &[b, a], 301)]);
    let root = crafted.tree(vec![file("a", &[a], 1), directory("sub", sub)]);
    crafted.snapshot(root);
    crafted
}

fn check(store: &Arc<Memory>, read_data: ReadData) -> CheckReport {
    let repository = crafted::open(Arc::clone(store) as Arc<dyn ObjectStore>);
    repository.check(&CheckOptions::reading(read_data), &Silent).unwrap()
}

fn found(report: &CheckReport, severity: Severity) -> Vec<String> {
    let of_severity = report.findings.iter().filter(|finding| finding.severity() == severity);
    of_severity.map(ToString::to_string).collect()
}

#[test]
fn a_whole_repository_is_clean() {
    for version in [RepoVersion::V1, RepoVersion::V2] {
        let crafted = small(version);
        let report = check(&crafted.store, ReadData::All);
        assert_eq!(report.outcome(), CheckOutcome::Clean, "{:?}", report.findings);
        assert!(report.findings.is_empty());
        assert_eq!((report.packs, report.indexes, report.blobs, report.trees), (2, 1, 4, 2));
        let snapshots: Vec<Key> =
            report.snapshots.iter().map(|id| Key::Named(Kind::Snapshot, *id)).collect();
        let is_snapshot = |key: &Key| key.kind() == Kind::Snapshot;
        let kept: Vec<Key> = crafted.store.keys().into_iter().filter(is_snapshot).collect();
        assert_eq!(snapshots, kept);
        let packs: u64 = report
            .proven
            .iter()
            .map(|id| crafted.store.stat(&Key::Named(Kind::Pack, *id)).unwrap().unwrap())
            .sum();
        assert_eq!((report.proven.len(), report.bytes), (2, packs));
        assert!(check(&crafted.store, ReadData::None).proven.is_empty());
    }
}

#[test]
fn parts_and_single_packs_are_read_as_asked_for() {
    let crafted = small(RepoVersion::V2);
    let all = check(&crafted.store, ReadData::All).proven;
    let mut parts = Vec::new();
    for part in 1..=5 {
        parts.extend(check(&crafted.store, ReadData::Subset { part, of: 5 }).proven);
    }
    parts.sort();
    assert_eq!(parts, all);
    let one = ReadData::Packs(vec![all[1], Id::of(b"none")]);
    assert_eq!(check(&crafted.store, one).proven, [all[1]]);
}

#[test]
fn what_costs_only_room_is_a_note() {
    let mut crafted = small(RepoVersion::V2);
    crafted.data(b"in no index");
    crafted.end_packs();
    let unused = crafted.index.packs.pop().unwrap();
    crafted.data(b"a");
    crafted.data(b"new");
    let root = crafted.tree(Vec::new());
    crafted.snapshot(root);
    let report = check(&crafted.store, ReadData::All);
    assert_eq!(report.outcome(), CheckOutcome::Clean);
    let notes = found(&report, Severity::Note);
    assert_eq!(notes.len() as u64, report.notes);
    assert!(
        notes.contains(&format!("pack {} is in no index, and is not read", unused.id.to_short())),
        "{notes:?}"
    );
    assert!(notes.iter().any(|it| it.starts_with("1 blobs with")), "{notes:?}");
    assert_eq!(notes.len(), 2);
}

#[test]
fn entries_that_contradict_themselves_and_lack_blobs_are_damage() {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let a = crafted.data(b"a");
    let mut no_tree = node("no-tree", NodeKind::Dir, 0o700);
    no_tree.subtree = None;
    let root = crafted.tree(vec![
        file("lacks", &[a, Id::of(b"nothing")], 1),
        directory("lacks-all", Id::of(b"nothing")),
        no_tree,
        file("size", &[a], 2),
        file("twice", &[a], 1),
        file("twice", &[a], 1),
        node("what\x1b", NodeKind::Irregular, 0),
    ]);
    crafted.snapshot(root);
    crafted.snapshot(Id::of(b"no tree"));
    let report = check(&crafted.store, ReadData::None);
    assert_eq!(report.outcome(), CheckOutcome::Damaged);
    let names: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Entry { name, .. } | Finding::BlobMissing { name, .. } => name,
            Finding::Tree { .. } => "tree",
            other => panic!("{other}"),
        })
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let expected = ["lacks", "lacks-all", "no-tree", "size", "tree", "twice", "what\\x1b"];
    assert_eq!(sorted, expected);
    assert_eq!(report.damaged, 7);
}

#[test]
fn very_deep_and_shared_trees_are_read_once_each() {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let mut tree = crafted.tree(Vec::new());
    for _ in 0..500 {
        tree = crafted.tree((0..3).map(|it| directory(&it.to_string(), tree)).collect());
    }
    crafted.snapshot(tree);
    let report = check(&crafted.store, ReadData::All);
    assert_eq!((report.outcome(), report.trees), (CheckOutcome::Clean, 501));
}

#[test]
fn a_blob_whose_index_says_too_much_is_damage_and_takes_no_memory() {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = Id::of(b"bomb");
    crafted.blob_as(BlobKind::Data, id, &[7; 40], std::num::NonZeroU32::new(u32::MAX));
    crafted.end_packs();
    // Lies behind the end of the pack.
    let mut beyond = crafted.index.packs[0].clone();
    beyond.blobs[0].id = Id::of(b"beyond");
    beyond.blobs[0].offset = 1 << 20;
    beyond.blobs[0].length = u32::MAX - (1 << 20);
    crafted.index.packs.push(beyond);
    let root = crafted.tree(vec![file("bomb", &[id], u64::from(u32::MAX))]);
    crafted.snapshot(root);
    let report = check(&crafted.store, ReadData::All);
    let damage = found(&report, Severity::Damage);
    assert_eq!(damage.len(), 3, "{damage:?}");
    assert!(damage.iter().any(|it| it.contains("damaged blob")), "{damage:?}");
}

#[test]
fn what_cannot_be_read_is_not_called_damage() {
    let crafted = small(RepoVersion::V2);
    let repository = crafted::open(Arc::clone(&crafted.store) as Arc<dyn ObjectStore>);
    let finding = Finding::Unreadable {
        key: Key::Config,
        source: repository.load_snapshot(&Id::of(b"none")).unwrap_err(),
    };
    assert_eq!(finding.severity(), Severity::Unreadable);
}

#[test]
fn a_pack_that_is_gone_is_damage() {
    let crafted = small(RepoVersion::V2);
    let packs: Vec<Id> = check(&crafted.store, ReadData::All).proven;
    for pack in packs {
        let store = Arc::new(crafted.store.to_copy());
        store.delete(&Key::Named(Kind::Pack, pack)).unwrap();
        let report = check(&store, ReadData::None);
        assert_eq!(report.outcome(), CheckOutcome::Damaged);
        let missing = format!("pack {} is missing", pack.to_short());
        let damage = found(&report, Severity::Damage);
        assert!(damage.iter().any(|it| it.starts_with(&missing)), "{damage:?}");
    }
}
