//! Backups into a repository on a disk that is full, or read-only.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_backup::engine::{InitOptions, Password, Repository, Writer};
use wardkit_backup::format::KdfParams;
use wardkit_backup::store::LocalDir;

use super::SmallDisk;
use super::support::{Daemon, dir, until_some};

/// A bot, and a repository for its backups on a small disk.
fn scene(disk: &SmallDisk, dir: &Path) -> (PathBuf, PathBuf) {
    let (bot, password) = (dir.join("bot"), dir.join("password"));
    fs::create_dir(&bot).unwrap();
    // More than the disk has room for once it is full, and nothing that packs well.
    let noise: Vec<u8> =
        (0_u32..64_000).flat_map(|n| n.wrapping_mul(2_654_435_769).to_be_bytes()).collect();
    fs::write(bot.join("state"), noise).unwrap();
    fs::write(&password, "correct horse").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let repository = disk.dir.path().join("repository");
    let store = Arc::new(LocalDir::create(&repository).unwrap());
    let mut options = InitOptions::default();
    options.kdf = KdfParams::new(2, 1, 1).unwrap();
    let _ = Repository::<Writer>::init(store, &Password::new("correct horse"), options).unwrap();
    let config = dir.join("agentd.toml");
    let text = format!(
        "[backup]\nrepository = \"{}\"\npassword = \"file:{}\"\npaths = [\"{}\"]\n\
         own-state = false\n",
        repository.display(),
        password.display(),
        bot.display()
    );
    fs::write(&config, text).unwrap();
    (config, repository)
}

fn fails(config: &Path, dir: &Path, reason: &str) -> Daemon {
    let daemon = Daemon::start(&dir.join("data"), &["--config", config.to_str().unwrap()]);
    daemon.logged(&["backup.failed", reason]);
    until_some(|| daemon.request("/api/v2/alerts").body.contains("BackupFailed").then_some(()));
    daemon
}

#[test]
fn full_disk_of_the_repository_is_an_alert_and_the_next_backup_goes_on() {
    let (disk, dir) = (SmallDisk::with(c"size=2m,mode=0700"), dir());
    let (config, repository) = scene(&disk, dir.path());
    disk.fill();
    let daemon = fails(&config, dir.path(), "No space left on device");
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    assert_eq!(fs::read_dir(repository.join("snapshots")).unwrap().count(), 0);

    fs::remove_file(disk.dir.path().join("ballast")).unwrap();
    // As if the hour were over after which it is tried again.
    let state = dir.path().join("data/backup-state.json");
    let mut known: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    known["backup_tried"] = "2026-01-01T00:00:00Z".into();
    fs::write(&state, known.to_string()).unwrap();
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", config.to_str().unwrap()]);
    daemon.logged(&["backup.succeeded"]);
    until_some(|| (!daemon.request("/api/v2/alerts").body.contains("BackupFailed")).then_some(()));
}

#[test]
fn read_only_disk_of_the_repository_is_an_alert() {
    let (disk, dir) = (SmallDisk::with(c"size=2m,mode=0700"), dir());
    let (config, _) = scene(&disk, dir.path());
    disk.make_read_only();
    fails(&config, dir.path(), "Read-only file system");
}
