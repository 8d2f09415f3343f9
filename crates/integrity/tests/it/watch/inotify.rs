//! Every change is told, to any user, but not who made it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use wardkit_integrity::{InotifyWatch, LostReason, Touch, WatchOptions};

use super::seen::{Seen, directory};

fn watch(options: &WatchOptions) -> Seen {
    let roots: Vec<&Path> = options.roots.iter().map(PathBuf::as_path).collect();
    Seen::new(InotifyWatch::new(options).unwrap(), &roots)
}

#[test]
fn every_change_of_a_file_is_told_without_an_actor() {
    let (_dir, root) = directory();
    let file = root.join("file");
    let mut seen = watch(&WatchOptions::new([&root]));

    fs::write(&file, "1").unwrap();
    assert_eq!(seen.touched(&file, Touch::Written).actor, None);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    seen.touched(&file, Touch::Metadata);
    fs::hard_link(&file, root.join("link")).unwrap();
    seen.touched(&root.join("link"), Touch::Created);
    fs::rename(&file, root.join("moved")).unwrap();
    seen.touched(&file, Touch::MovedFrom);
    seen.touched(&root.join("moved"), Touch::MovedTo);
    fs::remove_file(root.join("moved")).unwrap();
    seen.touched(&root.join("moved"), Touch::Removed);
    fs::write(root.join(".new"), "2").unwrap();
    fs::rename(root.join(".new"), &file).unwrap();
    seen.touched(&file, Touch::MovedTo);
    assert_eq!(seen.all.lost, []);
}

#[test]
fn directories_made_at_once_lose_nothing() {
    let (_dir, root) = directory();
    let mut seen = watch(&WatchOptions::new([&root]));
    for round in 0..20 {
        let top = root.join(round.to_string());
        let deep = top.join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("file"), "1").unwrap();
        seen.until(|all| all.touched.iter().any(|touched| touched.path == deep.join("file")));
        // And from then on they are watched.
        seen.all.touched.clear();
        fs::write(deep.join("later"), "1").unwrap();
        seen.touched(&deep.join("later"), Touch::Written);
    }
}

#[test]
fn what_lies_below_a_renamed_directory_has_its_new_path() {
    let (_dir, base) = directory();
    let root = base.join("root");
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::create_dir_all(base.join("other/deep")).unwrap();
    let mut seen = watch(&WatchOptions::new([&root]));
    fs::rename(root.join("a"), root.join("c")).unwrap();
    seen.touched(&root.join("a"), Touch::MovedFrom);
    seen.lost(&root.join("c"), LostReason::Moved);
    fs::write(root.join("c/b/file"), "1").unwrap();
    seen.touched(&root.join("c/b/file"), Touch::Written);
    fs::rename(base.join("other"), root.join("in")).unwrap();
    seen.lost(&root.join("in"), LostReason::Moved);
    fs::write(root.join("in/deep/file"), "1").unwrap();
    seen.touched(&root.join("in/deep/file"), Touch::Written);
    // For a moment what was moved away is told under its old path, where a look finds nothing.
    fs::rename(root.join("in"), base.join("out")).unwrap();
    seen.touched(&root.join("in"), Touch::MovedFrom);
}

#[test]
fn nothing_is_told_of_what_lies_elsewhere_or_is_left_out() {
    let (_dir, base) = directory();
    let root = base.join("root");
    fs::create_dir_all(root.join("own/deep")).unwrap();
    let mut seen = watch(&WatchOptions::new([&root]).with_exclude([root.join("own")]));
    fs::write(base.join("root.conf"), "1").unwrap();
    fs::write(root.join("own/deep/file"), "1").unwrap();
    fs::write(root.join("last"), "1").unwrap();
    seen.touched(&root.join("last"), Touch::Written);
    assert!(
        seen.all.touched.iter().all(|touched| touched.path == root.join("last")),
        "{:#?}",
        seen.all
    );
}

#[test]
fn a_root_may_be_a_file_and_may_come_later_and_go() {
    let (_dir, base) = directory();
    let (file, later) = (base.join("file"), base.join("not/yet"));
    fs::write(&file, "1").unwrap();
    let mut seen = watch(&WatchOptions::new([&file, &later]));
    fs::write(base.join("new"), "2").unwrap();
    fs::rename(base.join("new"), &file).unwrap();
    seen.touched(&file, Touch::MovedTo);
    fs::create_dir_all(&later).unwrap();
    seen.lost(&later, LostReason::Moved);
    fs::write(later.join("file"), "1").unwrap();
    seen.until(|all| all.touched.iter().any(|touched| touched.path == later.join("file")));
    seen.all.lost.clear();
    fs::remove_dir_all(base.join("not")).unwrap();
    seen.lost(&later, LostReason::Moved);
    seen.all.lost.clear();
    fs::create_dir_all(&later).unwrap();
    seen.lost(&later, LostReason::Moved);
}

#[test]
fn more_than_the_queue_holds_is_a_loss_that_is_told() {
    let (_dir, root) = directory();
    let mut seen = watch(&WatchOptions::new([&root]));
    // Each file makes at least two events that matter, and nobody takes any.
    for number in 0..20_000 {
        fs::write(root.join(number.to_string()), "").unwrap();
    }
    seen.lost(&root, LostReason::Overflow);
    fs::create_dir(root.join("new")).unwrap();
    fs::write(root.join("new/file"), "").unwrap();
    seen.until(|all| all.touched.iter().any(|touched| touched.path == root.join("new/file")));
}
