//! What takes root: disks that are full, under the repository and under a restore.
//!
//! By hand, as root: `cargo test -p wardkit-backup --test privileged --features privileged`; restic must be installed.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use wardkit_backup::engine::{
    BackupOptions, BackupReport, CheckOptions, CheckOutcome, Error, InitOptions, OpenOptions,
    Password, ReadData, Repository, RestoreOptions, RestoreReport, Silent, Writer,
};
use wardkit_backup::format::{Compression, KdfParams};
use wardkit_backup::source::{Files, FilesOptions};
use wardkit_backup::store::{LocalDir, StoreError};

/// A file system of eight mebibytes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), c"size=8m,mode=0700").unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Leaves so many bytes free.
    fn fill_but(&self, free: u64) {
        let stat = rustix::fs::statvfs(self.0.path()).unwrap();
        let length = (stat.f_bavail * stat.f_frsize).saturating_sub(free);
        let mut ballast = File::create(self.path("ballast")).unwrap();
        for _ in 0..length / 4096 {
            ballast.write_all(&[0; 4096]).unwrap();
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.path("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A busy one goes when the last file is closed.
        let _ = unmount(self.0.path(), UnmountFlags::DETACH);
    }
}

fn open_options() -> OpenOptions {
    let mut options = OpenOptions::default();
    options.lock_settle = Duration::ZERO;
    options.compression = Compression::Off;
    options
}

fn init(at: &Path) -> Repository<Writer> {
    let mut options = InitOptions::default();
    options.kdf = KdfParams::new(16, 8, 1).unwrap();
    options.open = open_options();
    let store = Arc::new(LocalDir::create(at).unwrap());
    Repository::<Writer>::init(store, &Password::new(PASSWORD), options).unwrap()
}

fn back_up(repository: &Repository<Writer>, source: &Path) -> Result<BackupReport, Error> {
    let mut options = BackupOptions::default();
    options.pack_size = 64 << 10;
    let mut files = Files::new([source], FilesOptions::default()).unwrap();
    repository.backup(&mut files, &options, &Silent)
}

fn restore(repository: &Repository<Writer>, target: &Path) -> RestoreReport {
    let index = repository.load_index(&Silent).unwrap();
    let snapshots = repository.snapshots().unwrap().snapshots;
    let (_, snapshot) = snapshots.last().unwrap();
    repository.restore(&index, snapshot, &RestoreOptions::new(target), &Silent).unwrap()
}

/// Neither program finds damage. restic writes no lock: there may be no room for one.
fn assert_whole(repository: &Repository<Writer>, at: &Path) {
    let report = repository.check(&CheckOptions::reading(ReadData::All), &Silent).unwrap();
    assert_eq!(report.outcome(), CheckOutcome::Clean, "{:?}", report.findings);
    let output = Command::new("restic")
        .args(["--no-cache", "--no-lock", "-r"])
        .arg(at)
        .args(["check", "--read-data"])
        .env("RESTIC_PASSWORD", PASSWORD)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("no errors were found"), "{output:?}");
}

/// Forty files of 40 000 bytes that no compression makes smaller.
fn make_source(at: &Path) {
    fs::create_dir_all(at.join("folder")).unwrap();
    for number in 0..40_u8 {
        let mut bytes = vec![0; 40_000];
        blake3::Hasher::new().update(&[number]).finalize_xof().fill(&mut bytes);
        let folder = if number % 2 == 0 { at.join("folder") } else { at.to_owned() };
        fs::write(folder.join(format!("file{number}")), bytes).unwrap();
    }
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(open) = waiting.pop() {
        for entry in fs::read_dir(open).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

const PASSWORD: &str = "known to both";

#[test]
fn a_full_disk_under_the_repository_is_told_and_the_next_run_ends_well() {
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("source");
    make_source(&source);
    // A place for nothing at all, for a lock, for some packs, and for all but the last ones.
    for free in [0, 8 << 10, 300 << 10, 1_200 << 10] {
        let disk = SmallDisk::new();
        let at = disk.path("repository");
        let repository = init(&at);
        let before = back_up(&repository, &source.join("folder")).unwrap();
        disk.fill_but(free);
        fs::write(source.join("changed"), vec![7; 500_000]).unwrap();
        let failed = back_up(&repository, &source).unwrap_err();
        let Error::Store(StoreError::Io { source: cause, place, .. }) = &failed else {
            panic!("{failed:?}")
        };
        assert_eq!(cause.kind(), ErrorKind::StorageFull, "{free} {failed:?}");
        assert!(place.contains(at.to_str().unwrap()), "{place}");

        let list = repository.snapshots().unwrap();
        let known: Vec<_> = list.snapshots.iter().map(|(id, _)| *id).collect();
        assert_eq!((known, list.damaged.len()), (vec![before.snapshot], 0), "{free}");
        assert!(repository.locks().unwrap().0.is_empty());
        let half = files(&at).into_keys().find(|path| path.to_string_lossy().contains("tmp"));
        assert_eq!(half, None, "{free}");
        assert_whole(&repository, &at);

        disk.make_room();
        assert!(back_up(&repository, &source).unwrap().outcome.is_complete());
        assert_whole(&repository, &at);
        let target = scratch.path().join(format!("target{free}"));
        assert!(restore(&repository, &target).is_complete());
        assert!(files(&target.join(source.strip_prefix("/").unwrap())) == files(&source));
    }
}

#[test]
fn a_restore_to_a_full_disk_fails_and_leaves_only_what_is_proven() {
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("source");
    make_source(&source);
    let repository = init(&scratch.path().join("repository"));
    assert!(back_up(&repository, &source).unwrap().outcome.is_complete());
    let wanted = files(&source);
    let below = source.strip_prefix("/").unwrap();
    for free in [100 << 10, 700 << 10, 1_400 << 10] {
        let disk = SmallDisk::new();
        disk.fill_but(free);
        let target = disk.path("target");
        let report = restore(&repository, &target);
        assert!(!report.is_complete() && report.files < 40, "{report:?}");
        let reasons = report.failed.iter().map(|it| it.reason.to_string());
        assert_eq!(report.failed_count, reasons.count() as u64);
        let found = files(&target.join(below));
        assert_eq!(found.len() as u64, report.files);
        for (path, bytes) in &found {
            assert!(wanted.get(path) == Some(bytes), "{}", path.display());
        }

        disk.make_room();
        assert!(restore(&repository, &target).is_complete());
        assert!(files(&target.join(below)) == wanted);
    }
}
