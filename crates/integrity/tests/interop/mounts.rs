//! What mount(8) can put in the way of a scan. Each test runs again by itself in a mount namespace of its own, so that
//! nobody else sees what it mounts.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use wardkit_integrity::{
    Algorithm, Change, ChangeKind, Field, FieldValue, Fields, Known as _, Mounts, ScanOptions,
    Snapshot, diff,
};

/// Runs a test again in a namespace of its own. Returns whether this is it.
fn is_inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    let this = std::env::current_exe().unwrap();
    let output = unshare.arg(this).args(["--exact", test]).env(INSIDE, "1").output().unwrap();
    let said = super::text(&output);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn mount(args: &[&str], on: &Path) {
    super::assert_success(&Command::new("mount").args(args).arg(on).output().unwrap());
}

fn bind(what: &Path, on: &Path) {
    mount(&["--bind", what.to_str().unwrap()], on);
}

fn tree() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["d/deep", "other"] {
        fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    for (name, content) in
        [("f", "content"), ("d/x", "x"), ("d/deep/y", "y"), ("other/f", "CONTENT")]
    {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn scan(root: &Path, mounts: Mounts) -> Snapshot {
    ScanOptions::new([root]).with_mounts(mounts).run().unwrap()
}

fn compare(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    diff(before.entries(), after.entries(), |_, _| Fields::ALL).collect()
}

fn below(root: &Path, snapshot: &Snapshot) -> Vec<String> {
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    snapshot.entries().map(|entry| name(&entry.path)).collect()
}

#[test]
fn a_file_mounted_over_another_is_reported() {
    if !is_inside("mounts::a_file_mounted_over_another_is_reported") {
        return;
    }
    let dir = tree();
    let before = scan(dir.path(), Mounts::Stay);
    bind(&dir.path().join("other/f"), &dir.path().join("f"));
    let changes = compare(&before, &scan(dir.path(), Mounts::Stay));
    let [change] = changes.as_slice() else { panic!("{changes:#?}") };
    let digest =
        |text: &str| Some(FieldValue::Text(Algorithm::Blake3.digest(text.as_bytes()).to_string()));
    let content = change.field(Field::Content).unwrap();
    assert_eq!((&content.old, &content.new), (&digest("content"), &digest("CONTENT")));
    assert!(change.field(Field::Inode).is_some());
}

#[test]
fn a_file_system_mounted_over_a_directory_is_reported_and_not_entered() {
    if !is_inside("mounts::a_file_system_mounted_over_a_directory_is_reported_and_not_entered") {
        return;
    }
    let dir = tree();
    let path = dir.path().join("d");
    let before = scan(dir.path(), Mounts::Stay);
    mount(&["-t", "tmpfs", "none"], &path);
    fs::write(path.join("hidden"), "").unwrap();
    let after = scan(dir.path(), Mounts::Stay);
    let changes = compare(&before, &after);
    let of =
        |name: &str| changes.iter().find(|change| change.path == dir.path().join(name)).unwrap();
    assert_eq!(of("d").kind, ChangeKind::Modified);
    let device = of("d").field(Field::Dev).unwrap();
    assert!(device.old.is_some() && device.new.is_some() && device.old != device.new);
    for name in ["d/deep", "d/deep/y", "d/x"] {
        assert_eq!(of(name).kind, ChangeKind::Removed, "{name}");
    }
    assert_eq!(after.entry(&path.join("hidden")), None);
}

#[test]
fn other_file_systems_are_entered_where_that_is_wanted() {
    if !is_inside("mounts::other_file_systems_are_entered_where_that_is_wanted") {
        return;
    }
    let dir = tree();
    let (root, path) = (dir.path(), dir.path().join("d"));
    mount(&["-t", "tmpfs", "none"], &path);
    fs::create_dir(path.join("in")).unwrap();
    fs::write(path.join("in/z"), "").unwrap();
    let apart = ["", "d", "f", "other", "other/f"];
    assert_eq!(below(root, &scan(root, Mounts::Stay)), apart);
    let together = ["", "d", "f", "other", "d/in", "d/in/z", "other/f"];
    assert_eq!(below(root, &scan(root, Mounts::Cross)), together);
    // A root of its own, and one in the midst of what is not entered.
    let both = ScanOptions::new([root, &path]).run().unwrap();
    assert_eq!(below(root, &both), together);
    let midst = ScanOptions::new([root, &path.join("in")]).run().unwrap();
    assert_eq!(below(root, &midst), together);
}

#[test]
fn a_directory_mounted_below_itself_is_entered_once() {
    if !is_inside("mounts::a_directory_mounted_below_itself_is_entered_once") {
        return;
    }
    let dir = tree();
    bind(dir.path(), &dir.path().join("d/deep"));
    bind(&dir.path().join("d"), &dir.path().join("other"));
    let expected =
        ["", "d", "f", "other", "d/deep", "d/x", "other/deep", "other/x", "other/deep/y"];
    for mounts in [Mounts::Stay, Mounts::Cross] {
        assert_eq!(below(dir.path(), &scan(dir.path(), mounts)), expected);
    }
}

/// Set for the test that runs in the namespace.
const INSIDE: &str = "WARDKIT_TEST_IN_NAMESPACE";
