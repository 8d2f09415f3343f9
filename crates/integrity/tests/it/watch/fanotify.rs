//! As root every change is told with who did it; everybody else is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use wardkit_integrity::{Batch, Confidence, Error, FanotifyWatch, LostReason, Touch, WatchOptions};

use super::seen::{Seen, directory};

/// Starts to watch, or asserts that it is refused where this is not root.
fn watch(options: &WatchOptions) -> Option<Seen> {
    let watch = FanotifyWatch::new(options);
    if !rustix::process::geteuid().is_root() {
        let Err(Error::Watch { action: "start fanotify", source }) = watch else {
            panic!("not refused: {watch:?}");
        };
        assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
        return None;
    }
    let roots: Vec<&Path> = options.roots.iter().map(PathBuf::as_path).collect();
    Some(Seen::new(watch.unwrap(), &roots))
}

/// Forgets what was told so far, and all that happened until now.
fn forget(seen: &mut Seen, root: &Path) {
    let mark = root.join("mark");
    fs::write(&mark, "").unwrap();
    seen.touched(&mark, Touch::Written);
    fs::remove_file(&mark).unwrap();
    seen.touched(&mark, Touch::Removed);
    seen.all = Batch::default();
}

#[test]
fn every_change_of_a_file_is_told() {
    let (_dir, root) = directory();
    let file = root.join("file");
    fs::write(root.join("old"), "1").unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };

    fs::write(&file, "1").unwrap();
    seen.touched(&file, Touch::Written);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    seen.touched(&file, Touch::Metadata);
    fs::hard_link(&file, root.join("link")).unwrap();
    seen.touched(&root.join("link"), Touch::Created);
    fs::write(root.join("old"), "2").unwrap();
    seen.touched(&root.join("old"), Touch::Written);
    fs::rename(&file, root.join("moved")).unwrap();
    seen.touched(&file, Touch::MovedFrom);
    seen.touched(&root.join("moved"), Touch::MovedTo);
    fs::remove_file(root.join("moved")).unwrap();
    seen.touched(&root.join("moved"), Touch::Removed);
    std::os::unix::fs::symlink("x", root.join("symlink")).unwrap();
    seen.touched(&root.join("symlink"), Touch::Created);
    fs::set_permissions(&root, fs::Permissions::from_mode(0o750)).unwrap();
    seen.touched(&root, Touch::Metadata);
    assert_eq!(seen.all.lost, []);
}

#[test]
fn an_editor_that_renames_over_the_file_is_seen_each_time() {
    let (_dir, root) = directory();
    let (file, new) = (root.join("file"), root.join(".file.new"));
    fs::write(&file, "1").unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    for _ in 0..3 {
        fs::write(&new, "2").unwrap();
        fs::rename(&new, &file).unwrap();
        seen.touched(&file, Touch::MovedTo);
        seen.all.touched.clear();
    }
}

#[test]
fn a_file_that_stays_open_is_told_while_it_is_written() {
    use std::io::Write as _;

    let (_dir, root) = directory();
    let path = root.join("log");
    let mut file = fs::File::create(&path).unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    for _ in 0..3 {
        file.write_all(b"line\n").unwrap();
        seen.touched(&path, Touch::Modified);
        seen.all.touched.clear();
    }
}

#[test]
fn directories_made_at_once_lose_nothing() {
    let (_dir, root) = directory();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    let deep = root.join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("file"), "1").unwrap();
    // Gone before anybody looks: the events alone say where it was.
    fs::remove_dir_all(root.join("a")).unwrap();
    seen.touched(&root.join("a"), Touch::Removed);
    for (path, what) in
        [("a/b/c/file", Touch::Removed), ("a/b/c", Touch::Removed), ("a/b", Touch::Removed)]
    {
        seen.touched(&root.join(path), what);
    }
    assert_eq!(seen.all.lost, []);
}

#[test]
fn what_lies_below_a_renamed_directory_has_its_new_path() {
    let (_dir, root) = directory();
    fs::create_dir_all(root.join("a/b")).unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    fs::rename(root.join("a"), root.join("c")).unwrap();
    fs::write(root.join("c/b/file"), "1").unwrap();
    seen.touched(&root.join("a"), Touch::MovedFrom);
    seen.touched(&root.join("c"), Touch::MovedTo);
    seen.touched(&root.join("c/b/file"), Touch::Written);
    seen.lost(&root.join("c"), LostReason::Moved);
}

#[test]
fn a_directory_that_moves_in_is_lost_and_then_watched_and_one_that_moves_out_is_not() {
    let (_dir, base) = directory();
    let root = base.join("root");
    fs::create_dir_all(base.join("other/deep")).unwrap();
    fs::create_dir(&root).unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    // It is known to lie elsewhere before it moves.
    fs::write(base.join("other/deep/file"), "1").unwrap();
    forget(&mut seen, &root);
    fs::rename(base.join("other"), root.join("in")).unwrap();
    seen.lost(&root.join("in"), LostReason::Moved);
    fs::write(root.join("in/deep/file"), "2").unwrap();
    seen.touched(&root.join("in/deep/file"), Touch::Written);
    fs::rename(root.join("in"), base.join("out")).unwrap();
    seen.touched(&root.join("in"), Touch::MovedFrom);
    forget(&mut seen, &root);
    fs::write(base.join("out/deep/file"), "3").unwrap();
    fs::write(root.join("last"), "").unwrap();
    seen.touched(&root.join("last"), Touch::Written);
    assert!(
        seen.all.touched.iter().all(|touched| touched.path == root.join("last")),
        "{:#?}",
        seen.all
    );
}

#[test]
fn nothing_is_told_of_what_lies_elsewhere_or_is_left_out() {
    let (_dir, base) = directory();
    let root = base.join("root");
    fs::create_dir_all(root.join("own/deep")).unwrap();
    let options = WatchOptions::new([&root]).with_exclude([root.join("own")]);
    let Some(mut seen) = watch(&options) else { return };
    fs::write(base.join("root.conf"), "1").unwrap();
    fs::write(root.join("own/file"), "1").unwrap();
    fs::write(root.join("own/deep/file"), "1").unwrap();
    fs::create_dir(root.join("own/new")).unwrap();
    fs::write(root.join("own/new/file"), "1").unwrap();
    fs::write(root.join("last"), "1").unwrap();
    seen.touched(&root.join("last"), Touch::Written);
    let paths: Vec<&Path> = seen.all.touched.iter().map(|touched| touched.path.as_path()).collect();
    assert_eq!(paths, [root.join("last")]);
}

#[test]
fn a_root_may_be_a_file_and_may_come_later_and_go() {
    let (_dir, base) = directory();
    let (file, later) = (base.join("file"), base.join("not/yet"));
    fs::write(&file, "1").unwrap();
    let Some(mut seen) = watch(&WatchOptions::new([&file, &later])) else { return };
    fs::write(base.join("other"), "1").unwrap();
    fs::write(base.join("new"), "2").unwrap();
    fs::rename(base.join("new"), &file).unwrap();
    seen.touched(&file, Touch::MovedTo);
    fs::create_dir_all(&later).unwrap();
    seen.lost(&later, LostReason::Moved);
    fs::write(later.join("file"), "1").unwrap();
    seen.touched(&later.join("file"), Touch::Written);
    seen.all.lost.clear();
    fs::rename(base.join("not"), base.join("gone")).unwrap();
    seen.lost(&later, LostReason::Moved);
    assert!(seen.all.touched.iter().all(|touched| touched.path != base.join("other")));
}

#[test]
fn a_root_that_is_reached_through_a_link_is_told_as_it_was_given() {
    let (_dir, base) = directory();
    fs::create_dir_all(base.join("real/top")).unwrap();
    std::os::unix::fs::symlink("real", base.join("link")).unwrap();
    let root = base.join("link/top");
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    fs::write(base.join("real/top/file"), "1").unwrap();
    seen.touched(&root.join("file"), Touch::Written);
}

#[test]
fn who_did_it_is_told_exactly_while_it_lives() {
    let (_dir, root) = directory();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    let file = root.join("file");
    fs::write(&file, "1").unwrap();
    let actor = seen.touched(&file, Touch::Written).actor.unwrap();
    assert_eq!(actor.pid, std::process::id());
    assert_eq!(actor.exe, std::env::current_exe().ok());
    assert_eq!((actor.uid, actor.confidence), (Some(0), Confidence::Exact));
    let parent = std::os::unix::process::parent_id();
    assert_eq!(actor.ancestors.first(), fs::read_link(format!("/proc/{parent}/exe")).ok().as_ref());

    // One that waits for its input lives when it is looked at.
    let mut child = Command::new("sh")
        .args(["-c", "echo 1 > \"$0\"; read line"])
        .arg(root.join("child"))
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let actor = seen.touched(&root.join("child"), Touch::Written).actor.unwrap();
    let exe = fs::read_link(format!("/proc/{}/exe", child.id())).unwrap();
    assert_eq!(
        (actor.pid, actor.exe, actor.confidence),
        (child.id(), Some(exe), Confidence::Exact)
    );
    assert_eq!(actor.ancestors.first(), std::env::current_exe().ok().as_ref());
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn program_of_another_namespace_is_not_named_as_one_of_this_host() {
    let (_dir, root) = directory();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    let mut child = Command::new("unshare")
        .args(["-Ur", "sh", "-c", "echo 1 > \"$0\"; read line"])
        .arg(root.join("child"))
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let actor = seen.touched(&root.join("child"), Touch::Written).actor.unwrap();
    let exe = fs::read_link(format!("/proc/{}/exe", child.id())).unwrap();
    assert_eq!(actor.exe, Some(format!("/proc/{}/root{}", child.id(), exe.display()).into()));
    assert_eq!(actor.ancestors.first(), std::env::current_exe().ok().as_ref());
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn who_ended_is_remembered_or_unknown_and_never_guessed() {
    let (_dir, root) = directory();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    for round in 0..20 {
        let path = root.join(round.to_string());
        let mut child = Command::new("touch").arg(&path).spawn().unwrap();
        let pid = child.id();
        let actor = seen.touched(&path, Touch::Written).actor.unwrap();
        child.wait().unwrap();

        assert_eq!(actor.pid, pid);
        if actor.confidence == Confidence::Unknown {
            assert_eq!((actor.exe, actor.uid), (None, None));
        } else {
            let exe = actor.exe.unwrap();
            assert!(
                ["touch", "coreutils", "busybox"].iter().any(|name| exe.ends_with(name)),
                "{exe:?}"
            );
        }
    }
}

#[test]
fn more_than_the_queue_holds_is_a_loss_that_is_told() {
    let (_dir, root) = directory();
    let Some(mut seen) = watch(&WatchOptions::new([&root])) else { return };
    let queue: usize = fs::read_to_string("/proc/sys/fs/fanotify/max_queued_events")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let files = queue + 1_000;
    for number in 0..files {
        fs::write(root.join(number.to_string()), "").unwrap();
    }
    seen.lost(&root, LostReason::Overflow);
    // Whatever comes after the loss is told again, in new directories too.
    fs::create_dir(root.join("new")).unwrap();
    fs::write(root.join("new/file"), "").unwrap();
    seen.touched(&root.join("new/file"), Touch::Written);
}
