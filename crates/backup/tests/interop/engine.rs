//! restic works in a repository that is made, locked, pruned, copied and repaired here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_backup::engine::{
    Error, InitOptions, KeyOptions, LockKind, OpenOptions, Password, PruneOptions, Pruner,
    RepairOptions, Repository, Silent, Writer,
};
use wardkit_backup::format::KdfParams;
use wardkit_backup::store::LocalDir;
use wardkit_process::Procfs;

/// A folder with a repository that is made here, and files.
pub(crate) struct Stage {
    folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self { folder: TempDir::new().unwrap() };
        stage.init("repo");
        fs::create_dir(stage.source()).unwrap();
        for number in 0..20_u8 {
            let content = vec![number; 3000 + usize::from(number) * 700];
            fs::write(stage.source().join(format!("file{number}")), content).unwrap();
        }
        stage
    }

    pub(crate) fn init(&self, name: &str) -> Repository<Writer> {
        let store = LocalDir::create(self.folder.path().join(name)).unwrap();
        let mut options = InitOptions::default();
        options.kdf = KdfParams::new(16, 8, 1).unwrap();
        Repository::<Writer>::init(Arc::new(store), &Password::new("ours"), options).unwrap()
    }

    pub(crate) fn open(&self, name: &str) -> Repository<Pruner> {
        let store = LocalDir::open(self.folder.path().join(name)).unwrap();
        let password = Password::new("ours");
        Repository::<Pruner>::open(Arc::new(store), &password, OpenOptions::default()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("restic");
        command.args(["--no-cache", "-r"]).arg(self.folder.path().join(name)).args(arguments);
        command.env("RESTIC_PASSWORD", "ours").stdin(Stdio::null());
        command
    }

    pub(crate) fn try_restic(&self, name: &str, arguments: &[&str]) -> Output {
        self.command(name, arguments).output().unwrap()
    }

    pub(crate) fn restic(&self, name: &str, arguments: &[&str]) -> String {
        let output = self.try_restic(name, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "restic {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn backup(&self) {
        self.restic("repo", &["backup", self.source().to_str().unwrap()]);
    }

    /// restic finds no error, and restores what is in the source.
    pub(crate) fn assert_whole(&self, name: &str) {
        let told = self.restic(name, &["check", "--read-data"]);
        assert!(told.contains("no errors were found"), "{told}");
        let target = TempDir::new().unwrap();
        self.restic(name, &["restore", "latest", "--target", target.path().to_str().unwrap()]);
        let restored = target.path().join(self.source().strip_prefix("/").unwrap());
        assert_eq!(contents(&restored), contents(&self.source()));
    }
}

fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| (path.file_name().unwrap().into(), fs::read(path).unwrap());
    let mut contents: Vec<(PathBuf, Vec<u8>)> = entries.map(read).collect();
    contents.sort();
    contents
}

#[test]
fn restic_uses_a_repository_that_is_made_here() {
    let stage = Stage::new();
    stage.restic("repo", &["cat", "config"]);
    stage.backup();
    stage.assert_whole("repo");
    let list = stage.open("repo").snapshots().unwrap();
    assert_eq!((list.snapshots.len(), list.damaged.len()), (1, 0));

    let mut options = KeyOptions::of_this_user();
    options.kdf = KdfParams::new(16, 8, 1).unwrap();
    let mut repository = stage.open("repo");
    let added = repository.add_key(&Password::new("second"), &options).unwrap();
    let mut second = stage.command("repo", &["key", "list"]);
    let told = second.env("RESTIC_PASSWORD", "second").output().unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains(&format!("*{}", added.to_short())));
    repository.change_password(&Password::new("third"), &options).unwrap();
    assert!(!stage.try_restic("repo", &["snapshots"]).status.success());
    let mut third = stage.command("repo", &["check"]);
    assert!(third.env("RESTIC_PASSWORD", "third").output().unwrap().status.success());
}

#[test]
fn restic_heeds_our_locks_and_we_heed_its() {
    let stage = Stage::new();
    stage.backup();
    let repository = stage.open("repo");
    let lock = repository.lock(LockKind::Shared, &Silent).unwrap();
    stage.backup();
    let refused = stage.try_restic("repo", &["prune"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("already locked"), "{told}");
    lock.release().unwrap();
    let lock = repository.lock(LockKind::Exclusive, &Silent).unwrap();
    let refused = stage.try_restic("repo", &["backup", stage.source().to_str().unwrap()]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("locked exclusively"), "{told}");
    lock.release().unwrap();
    stage.restic("repo", &["prune"]);
}

#[test]
fn the_lock_of_a_restic_that_was_killed_does_not_stay() {
    let stage = Stage::new();
    let repository = stage.open("repo");
    // It waits for its input, which never ends, and holds its lock meanwhile.
    let mut command = stage.command("repo", &["backup", "--stdin"]);
    let mut restic = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let pid = i64::from(restic.id());
    let locked = || repository.locks().unwrap().0.iter().any(|lock| lock.pid == pid);
    while !locked() {
        std::thread::yield_now();
    }
    let refused = repository.lock(LockKind::Exclusive, &Silent);
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
    restic.kill().unwrap();
    while !Procfs::default().stat(restic.id()).unwrap().has_ended() {
        std::thread::yield_now();
    }
    repository.lock(LockKind::Exclusive, &Silent).unwrap().release().unwrap();
    assert!(repository.locks().unwrap().0.is_empty());
    restic.wait().unwrap();
}

#[test]
fn restic_finds_no_error_after_each_phase_of_a_prune() {
    let stage = Stage::new();
    stage.backup();
    for number in 0..15_u8 {
        let content = vec![number + 100; 5000];
        fs::write(stage.source().join(format!("file{number}")), content).unwrap();
    }
    stage.backup();
    stage.restic("repo", &["forget", "--keep-last", "1"]);
    let repository = stage.open("repo");
    let report = repository.prune(&PruneOptions::default(), &Silent).unwrap();
    assert!(report.packs_repacked > 0 && report.packs_marked > 0, "{report:?}");
    stage.assert_whole("repo");

    let mut at_once = PruneOptions::default();
    at_once.grace = Duration::ZERO;
    let report = repository.prune(&at_once, &Silent).unwrap();
    assert!(report.packs_removed > 0 && report.packs_marked == 0, "{report:?}");
    let told = stage.restic("repo", &["check", "--read-data"]);
    assert!(!told.contains("not referenced"), "{told}");
    stage.assert_whole("repo");
    stage.backup();
    stage.restic("repo", &["prune"]);
    let report = repository.prune(&at_once, &Silent).unwrap();
    assert_eq!((report.seen.snapshots, report.packs_marked), (2, 0), "{report:?}");
    stage.assert_whole("repo");
}

#[test]
fn restic_finds_no_error_in_an_index_that_was_repaired() {
    let stage = Stage::new();
    stage.backup();
    fs::write(stage.source().join("more"), "more").unwrap();
    stage.backup();
    let index = stage.folder.path().join("repo/index");
    for (number, entry) in fs::read_dir(&index).unwrap().enumerate() {
        let path = entry.unwrap().path();
        if number == 0 { fs::remove_file(path).unwrap() } else { fs::write(path, "bad").unwrap() }
    }
    assert!(!stage.try_restic("repo", &["check"]).status.success());
    let report = stage.open("repo").repair_index(&RepairOptions::default(), &Silent).unwrap();
    assert!(report.packs_read > 0 && !report.damaged.is_empty(), "{report:?}");
    stage.assert_whole("repo");
}

#[test]
fn restic_restores_a_snapshot_that_was_copied() {
    let stage = Stage::new();
    stage.backup();
    let source = stage.open("repo");
    let target = stage.init("copy");
    let ids: Vec<_> = source.snapshots().unwrap().snapshots.iter().map(|(id, _)| *id).collect();
    let report = target.copy_from(&source, &ids, &Silent).unwrap();
    assert_eq!(report.copied.len(), 1);
    stage.assert_whole("copy");
    // restic knows it for a copy too.
    let told = stage.restic("copy", &["cat", "snapshot", &report.copied[0].1.to_string()]);
    assert!(told.contains(&ids[0].to_string()), "{told}");
}
