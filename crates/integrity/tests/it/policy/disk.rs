//! Policies on real trees: scan, change, scan again, compare, judge.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use wardkit_integrity::{
    Around, Change, Policy, Reuse, ScanOptions, Snapshot, Surroundings as _, compare_entries, join,
};

fn scan(root: &Path, policy: &Policy, known: Option<&Snapshot>) -> Snapshot {
    let options = ScanOptions::new([root]).with_selection(policy);
    match known {
        Some(known) => options.with_known(known, Reuse::Nothing).run().unwrap(),
        None => options.run().unwrap(),
    }
}

fn remaining(policy: &Policy, old: &Snapshot, new: &Snapshot, around: &Around<'_>) -> Vec<String> {
    let judged = |(old, new): (Option<_>, Option<_>)| -> Option<Change> {
        let entry: &wardkit_integrity::Entry = new.as_ref().or(old.as_ref())?;
        let fields = policy.fields(&entry.path, entry.kind);
        let change = compare_entries(old.as_ref(), new.as_ref(), fields)?;
        policy.judge(change, old.as_ref(), new.as_ref(), around)
    };
    let changes = join(old.entries(), new.entries()).filter_map(judged);
    changes
        .map(|change| {
            let name = change.path.file_name().unwrap().to_string_lossy().into_owned();
            format!("{name} {}", change.kind)
        })
        .collect()
}

fn policy(root: &Path) -> Policy {
    let root = root.to_str().unwrap();
    Policy::parse(&format!(
        "[[rule]]\nmatch = \"{root}/log/**\"\nprofile = \"rotated\"\n\
         [[rule]]\nmatch = \"{root}/kept/*.conf\"\nprofile = \"static\"\n\
         [[rule]]\nmatch = [\"{root}/kept/**\", \"{root}/cache/**\"]\nprofile = \"ignore\"\nreason = \"r\"\n\
         [[rule]]\nmatch = \"{root}\"\nprofile = \"state\"\n"
    ))
    .unwrap()
}

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(0o640)).unwrap();
}

#[test]
fn scan_enters_what_the_policy_keeps_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    for file in
        ["kept/a.conf", "kept/b.txt", "kept/deep/c.conf", "cache/x", "cache/y/z", "log/app.log"]
    {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        write(&root.join(file), b"x");
    }
    let policy = policy(&root);
    let snapshot = scan(&root, &policy, None);
    let found: Vec<PathBuf> = snapshot
        .entries()
        .map(|entry| entry.path.strip_prefix(&root).unwrap().to_owned())
        .collect();
    assert_eq!(found, ["", "kept", "log", "kept/a.conf", "log/app.log"].map(PathBuf::from));
}

#[test]
fn rotation_on_the_disk_passes_and_tampering_does_not() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    let log = root.join("log");
    fs::create_dir(&log).unwrap();
    write(&log.join("app.log"), b"one\n");
    write(&log.join("app.log.1"), b"zero\n");
    write(&log.join("other.log"), b"first\n");
    let policy = policy(&root);
    let old = scan(&root, &policy, None);
    fs::rename(log.join("app.log.1"), log.join("app.log.2")).unwrap();
    write(&log.join("app.log"), b"one\ntwo\n");
    fs::rename(log.join("app.log"), log.join("app.log.1")).unwrap();
    write(&log.join("app.log"), b"three\n");
    write(&log.join("other.log"), b"first\nsecond\n");
    let new = scan(&root, &policy, Some(&old));
    let (disk, scanned) = (Around::new(&old), Around::new(&old).with_scan(&new));
    assert_eq!(remaining(&policy, &old, &new, &disk), [] as [&str; 0]);
    assert_eq!(remaining(&policy, &old, &new, &scanned), [] as [&str; 0]);

    write(&log.join("app.log.1"), b"0ne\ntwo\n");
    write(&log.join("other.log"), b"First\nsecond\n");
    let new = scan(&root, &policy, Some(&old));
    let scanned = Around::new(&old).with_scan(&new);
    let expected = ["app.log modified", "app.log.2 added", "other.log modified"];
    assert_eq!(remaining(&policy, &old, &new, &disk), expected);
    assert_eq!(remaining(&policy, &old, &new, &scanned), expected);
}

#[test]
fn only_regular_files_are_opened_and_no_link_is_followed() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    fs::create_dir(root.join("real")).unwrap();
    write(&root.join("real/file"), b"x");
    symlink("real", root.join("link")).unwrap();
    symlink("file", root.join("real/link")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("real/fifo"), fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    let snapshot = scan(&root, &Policy::everything(), None);
    let around = Around::new(&snapshot);
    let opens = |name: &str| around.open(&root.join(name)).is_some();
    assert!(opens("real/file"));
    for name in ["real/link", "link/file", "real/fifo", "real", "none"] {
        assert!(!opens(name), "{name}");
    }
    assert_eq!(around.now(&root.join("link"), b"").len(), 0);
    assert_eq!(around.now(&root.join("real"), b"f").len(), 2);
    assert_eq!(around.before(&root.join("real"), b"f").len(), 2);
}
