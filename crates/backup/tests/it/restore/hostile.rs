//! Repositories of somebody who has the key and means harm.

use super::*;
use std::num::NonZeroU32;
use wardkit_backup::format::{BlobKind, Node};
use wardkit_backup::store::{Key, Kind, ObjectStore as _};

#[test]
fn a_link_followed_by_a_directory_of_its_name_leads_nowhere() {
    let scratch = tempfile::tempdir().unwrap();
    let (target, outside) = (scratch.path().join("target"), scratch.path().join("outside"));
    fs::create_dir(&outside).unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"x");
    let inner = crafted.tree(vec![file("planted", &[id], 1)]);
    let mut link = node("a", NodeKind::Symlink, 0o777);
    link.link_target = outside.as_os_str().as_bytes().to_vec();
    for nodes in [
        vec![link.clone(), directory("a", inner)],
        vec![directory("a", inner), link.clone()],
        vec![link.clone(), file("a", &[id], 1)],
    ] {
        let root = crafted.tree(nodes);
        let snapshot = crafted.snapshot(root);
        let report = restore(&crafted, &snapshot, &RestoreOptions::new(&target));
        assert_eq!(report.failed_count, 1, "{report:?}");
        assert!(paths(&outside).is_empty());
        fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"x");
    for name in ["..", ".", "", "a/b", "/etc/passwd", "../escaped", "a\0b"] {
        let scratch = tempfile::tempdir().unwrap();
        let target = scratch.path().join("target");
        let inner = crafted.tree(vec![file(name, &[id], 1), file("z", &[id], 1)]);
        let root = crafted.tree(vec![directory("d", inner)]);
        let snapshot = crafted.snapshot(root);
        let report = restore(&crafted, &snapshot, &RestoreOptions::new(&target));
        assert!(!report.is_complete(), "{name:?}");
        assert_eq!(paths(scratch.path()).len(), 2, "{name:?}: {:?}", paths(scratch.path()));
    }
}

#[test]
fn a_link_that_is_swapped_in_while_it_runs_is_refused() {
    /// Puts a link in the place of a directory when the directory was made.
    struct Swaps(PathBuf, PathBuf);
    impl Observer for Swaps {
        fn event(&self, event: &Event<'_>) {
            if matches!(event, Event::Path(path) if path.ends_with("people/sub")) {
                fs::rename(&self.0, self.0.with_extension("moved")).unwrap();
                symlink(&self.1, &self.0).unwrap();
            }
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let (target, outside) = (scratch.path().join("target"), scratch.path().join("outside"));
    fs::create_dir(&outside).unwrap();
    let (crafted, snapshot, _) = some_tree(RepoVersion::V2);
    let repository = crafted.open();
    let index = repository.load_index(&Silent).unwrap();
    let swaps = Swaps(target.join("people"), outside.clone());
    let options = RestoreOptions::new(&target);
    let report = repository.restore(&index, &snapshot, &options, &swaps).unwrap();
    assert!(!report.is_complete());
    assert!(failures(&report).contains_key(Path::new("/people/a")), "{report:?}");
    assert!(paths(&outside).is_empty());
    assert_eq!(fs::read(target.join("etc/c")).unwrap(), b"c");
}

#[test]
fn very_deep_trees_end_where_paths_end() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"x");
    let mut tree = crafted.tree(vec![file("deepest", &[id], 1)]);
    for _ in 0..4_200 {
        tree = crafted.tree(vec![directory("d", tree)]);
    }
    let snapshot = crafted.snapshot(tree);
    let report = restore(&crafted, &snapshot, &RestoreOptions::new(scratch.path()));
    assert_eq!(report.failed_count, 1);
    assert!(matches!(report.failed[0].reason, RestoreFault::TooDeep));
    assert!(report.directories > 4000, "{}", report.directories);
    // The standard library's way to remove it would hold a descriptor for each level.
    let removed = std::process::Command::new("rm").arg("-rf").arg(scratch.path()).status();
    assert!(removed.unwrap().success());
}

#[test]
fn wide_directories_are_restored_in_batches() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let ids: Vec<Id> = (0..50_u32).map(|it| crafted.data(&it.to_le_bytes())).collect();
    let name = |number: usize| format!("{number:06}");
    let nodes = (0..1000).map(|at| file(&name(at), &[ids[at % 50]], 4)).collect::<Vec<Node>>();
    let root = crafted.tree(nodes);
    let snapshot = crafted.snapshot(root);
    let mut options = RestoreOptions::new(scratch.path());
    options.memory = 100_000;
    let report = restore(&crafted, &snapshot, &options);
    assert_eq!((report.files, report.failed_count), (1000, 0));
    let found = fs::read(scratch.path().join(name(999))).unwrap();
    assert_eq!(found, 49_u32.to_le_bytes());
}

#[test]
fn contradictions_are_told_and_take_no_memory() {
    let scratch = tempfile::tempdir().unwrap();
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"four");
    // Says to become 4 GiB.
    let bomb = Id::of(b"bomb");
    crafted.blob_as(BlobKind::Data, bomb, &[7; 40], NonZeroU32::new(u32::MAX));
    // Is not what its id says.
    let liar = crafted.blob(BlobKind::Data, Id::of(b"liar"), b"another blob");
    let mut no_tree = node("no-tree", NodeKind::Dir, 0o700);
    no_tree.subtree = None;
    let mut nobody = file("nobody", &[id], 4);
    (nobody.uid, nobody.gid) = (u32::MAX, u32::MAX);
    let mut target = node("no-target", NodeKind::Symlink, 0o777);
    target.link_target = Vec::new();
    let root = crafted.tree(vec![
        file("bomb", &[bomb], 4),
        file("huge", &[id], u64::MAX),
        file("liar", &[id, liar], 16),
        file("missing", &[id, Id::of(b"nowhere")], 8),
        target,
        no_tree,
        directory("no-tree-there", Id::of(b"nowhere")),
        nobody,
        node("what", NodeKind::Irregular, 0),
    ]);
    let snapshot = crafted.snapshot(root);
    let report = restore(&crafted, &snapshot, &RestoreOptions::new(scratch.path()));
    let failed: Vec<_> = failures(&report).into_keys().collect();
    let expected = [
        "/bomb",
        "/huge",
        "/liar",
        "/missing",
        "/no-target",
        "/no-tree",
        "/no-tree-there",
        "/what",
    ];
    assert_eq!(failed, expected.map(PathBuf::from));
    // What is proven of `huge` is there; of the others nothing is.
    let found = ["huge", "no-tree-there", "nobody"].map(PathBuf::from);
    assert_eq!(paths(scratch.path()), found);
    assert_eq!(fs::read(scratch.path().join("huge")).unwrap(), b"four");
    assert_eq!(report.less_count, 1, "{:?}", report.less);
}

#[test]
fn a_damaged_blob_is_taken_from_another_pack() {
    let mut crafted = Crafted::new(RepoVersion::V2);
    let id = crafted.data(b"in two packs");
    crafted.end_packs();
    crafted.data(b"in two packs");
    crafted.data(b"so that it is another pack");
    crafted.end_packs();
    let packs: Vec<Id> = crafted.index.packs.iter().map(|pack| pack.id).collect();
    let root = crafted.tree(vec![file("a", &[id], 12)]);
    let snapshot = crafted.snapshot(root);
    for damaged in [&packs[..1], &packs[1..2], &packs[..2]] {
        let mut copy = Crafted::new(RepoVersion::V2);
        copy.store = Arc::new(crafted.store.to_copy());
        for pack in damaged {
            let key = Key::Named(Kind::Pack, *pack);
            let mut bytes = copy.store.get(&key, None).unwrap();
            bytes[20] ^= 1;
            copy.store.overwrite(key, &bytes);
        }
        let scratch = tempfile::tempdir().unwrap();
        let report = restore(&copy, &snapshot, &RestoreOptions::new(scratch.path()));
        assert_eq!(report.is_complete(), damaged.len() == 1);
        assert_eq!(scratch.path().join("a").exists(), damaged.len() == 1);
    }
}
