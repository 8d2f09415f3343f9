use super::*;
use crate::engine::browse::tests::{Trees, dir, file};

#[test]
fn what_differs_is_told_in_restics_letters() {
    let mut trees = Trees::default();
    let same = trees.add(vec![file("kept", &["1", "2"])]);
    let old = trees.add(vec![file("gone", &["3"]), file("stays", &["4"])]);
    let new = trees.add(vec![file("stays", &["4"])]);
    let came = trees.add(vec![file("x", &["1", "9"])]);
    let mut touched = file("touched", &["5"]);
    touched.uid = 7;
    let mut elsewhere = file("zone", &["8"]);
    elsewhere.mtime = elsewhere.mtime.with_offset_minutes(60);
    let before = trees.add(vec![
        dir("d", old),
        dir("same", same),
        file("changed", &["6"]),
        file("touched", &["5"]),
        dir("type", same),
        file("zone", &["8"]),
    ]);
    let mut link = Node::new("type", NodeKind::Symlink);
    link.link_target = b"same".to_vec();
    let after = trees.add(vec![
        dir("d", new),
        dir("same", same),
        dir("came", came),
        file("changed", &["6", "7"]),
        touched,
        link,
        elsewhere,
    ]);
    let (told, report) = compared(&trees, before, after);
    let expected = "+ /came, + /came/x, M /changed, - /d/gone, U /touched, TU /type";
    assert_eq!(told, expected);
    assert_eq!(report.changed_files, 1);
    // The blobs 1 and 2 are in a directory that stays, `6` in the file that grew. A blob has 10 bytes, a tree 100.
    let added =
        DiffCounts { files: 1, dirs: 1, others: 0, data_blobs: 2, tree_blobs: 3, bytes: 320 };
    let removed =
        DiffCounts { files: 1, dirs: 0, others: 0, data_blobs: 1, tree_blobs: 2, bytes: 210 };
    assert_eq!((report.added, report.removed), (added, removed));
    let (told, report) = compared(&trees, after, before);
    let expected = "- /came, - /came/x, M /changed, + /d/gone, U /touched, TU /type";
    assert_eq!(told, expected);
    assert_eq!((report.added, report.removed), (removed, added));
}

#[test]
fn a_tree_differs_from_itself_in_nothing_and_is_not_read() {
    let id = Id::of(b"nowhere");
    let (told, report) = compared(&Trees::default(), id, id);
    assert_eq!((told.as_str(), report), ("", DiffReport::default()));
}

#[test]
fn the_comparison_breaks_off_when_it_is_told_to_and_fails_without_a_blob() {
    let mut trees = Trees::default();
    let before = trees.add(vec![file("a", &["1"])]);
    let after = trees.add(vec![file("a", &["2"])]);
    let run = |size: Option<u64>, next: ControlFlow<()>| {
        let read = &mut |id: &Id| trees.read(id);
        compare((&before, &after), read, &|_, _| size, &mut |_| next)
    };
    assert!(matches!(run(Some(1), ControlFlow::Break(())), Err(Error::Cancelled)));
    assert!(matches!(run(None, ControlFlow::Continue(())), Err(Error::BlobMissing { .. })));
    assert!(run(Some(u64::MAX), ControlFlow::Continue(())).is_ok());
}

#[test]
fn trees_may_be_deeper_than_any_stack() {
    let mut trees = Trees::default();
    let mut before = trees.add(vec![file("end", &["1"])]);
    let mut after = trees.add(vec![file("end", &["2"])]);
    for _ in 0..10_000 {
        before = trees.add(vec![dir("d", before)]);
        after = trees.add(vec![dir("d", after)]);
    }
    let (told, report) = compared(&trees, before, after);
    assert_eq!(told.len(), "M ".len() + "/d".len() * 10_000 + "/end".len());
    assert_eq!((report.added.tree_blobs, report.removed.tree_blobs), (10_001, 10_001));
}

fn compared(trees: &Trees, before: Id, after: Id) -> (String, DiffReport) {
    let mut told = Vec::new();
    let size = |kind, _: &Id| Some(if kind == BlobKind::Tree { 100 } else { 10 });
    let mut changed = |change: &Change<'_>| {
        told.push(format!("{} {}", change.modifier(), String::from_utf8_lossy(change.path)));
        ControlFlow::Continue(())
    };
    let report = compare((&before, &after), &mut |id| trees.read(id), &size, &mut changed);
    (told.join(", "), report.expect("all is there"))
}
