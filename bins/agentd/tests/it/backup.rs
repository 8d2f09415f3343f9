//! Backups on schedule, and drills.

mod places;
mod proofs;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use wardkit_backup::engine::{InitOptions, OpenOptions, Password, Reader, Repository, Writer};
use wardkit_backup::format::KdfParams;
use wardkit_backup::store::LocalDir;

use crate::support::{Daemon, dir, run, until_some};

struct Scene {
    dir: tempfile::TempDir,
    path: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let dir = dir();
        let path = dir.path().canonicalize().unwrap();
        fs::create_dir(path.join("bot")).unwrap();
        fs::write(path.join("bot/canary"), "alive").unwrap();
        fs::write(path.join("bot/config.toml"), "name = 'bot'").unwrap();
        fs::write(path.join("password"), "correct horse\n").unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(path.join("password"), private).unwrap();
        let store = LocalDir::create(path.join("repository")).unwrap();
        let mut options = InitOptions::default();
        options.kdf = KdfParams::new(2, 1, 1).unwrap();
        let password = Password::new("correct horse");
        let _ = Repository::<Writer>::init(Arc::new(store), &password, options).unwrap();
        Self { dir, path }
    }

    fn start(&self, more: &str) -> Daemon {
        self.start_as(|config| config + more)
    }

    fn start_as(&self, change: impl FnOnce(String) -> String) -> Daemon {
        let config = self.path.join("agentd.toml");
        let path = self.path.display();
        let text = format!(
            "[backup]\nrepository = \"{path}/repository\"\npassword = \"file:{path}/password\"\n\
             paths = [\"{path}/bot\"]\nown-state = false\n"
        );
        fs::write(&config, change(text)).unwrap();
        Daemon::start(&self.path.join("data"), &["--config", config.to_str().unwrap()])
    }

    fn snapshots(&self) -> usize {
        let store = LocalDir::open(self.path.join("repository")).unwrap();
        let password = Password::new("correct horse");
        let repository =
            Repository::<Reader>::open(Arc::new(store), &password, OpenOptions::default()).unwrap();
        repository.snapshots().unwrap().snapshots.len()
    }

    /// Lets the last backup be of long ago, as if the time of a drill had come since.
    fn let_drill_be_due(&self) {
        let path = self.path.join("data/backup-state.json");
        let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        state["backup_stored"] = match &state["backup_stored"] {
            Value::Number(_) => Value::from(1_700_000_000_000_000_000_i64),
            _ => Value::from("2026-01-01T00:00:00Z"),
        };
        state["drill_tried"] = Value::Null;
        fs::write(&path, state.to_string()).unwrap();
    }
}

fn metric(daemon: &Daemon, name: &str) -> String {
    until_some(|| {
        let body = daemon.request("/metrics").body;
        body.lines().find(|line| line.starts_with(name)).map(str::to_owned)
    })
}

fn drill(path: &Path, canary: &str) -> String {
    let bot = path.join("bot");
    let bot = bot.display();
    format!(
        "[backup.drill]\ncanary = \"{bot}/canary\"\ncanary-text = {canary:?}\n\
         parse = [\"{bot}/config.toml\"]\n"
    )
}

#[test]
fn first_backup_is_made_at_once_and_drills_tell_what_is_wrong() {
    let scene = Scene::new();
    let daemon = scene.start("");
    daemon.logged(&["backup.succeeded", "everything is backed up"]);
    metric(&daemon, "agentd_backup_last_success_timestamp_seconds 1");
    metric(&daemon, "agentd_backup_unverified_bytes ");
    assert_eq!(scene.snapshots(), 1);
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));

    scene.let_drill_be_due();
    let daemon = scene.start(&drill(&scene.path, "alive"));
    daemon.logged(&["backup.drill.succeeded"]);
    metric(&daemon, "agentd_backup_rto_seconds");
    let report = fs::read_to_string(scene.path.join("data/backup-drill-newest.note")).unwrap();
    assert!(report.contains(r#""failures":[]"#), "{report}");
    let compared: Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
    assert_eq!(compared["compared"], 2, "{report}");
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));

    scene.let_drill_be_due();
    let daemon = scene.start(&drill(&scene.path, "dead"));
    daemon.logged(&["backup.drill.failed", "canary", "it says something else"]);
    let alert = until_some(|| {
        let body = daemon.request("/api/v2/alerts").body;
        body.contains("DrillFailed").then_some(body)
    });
    assert!(alert.contains("it says something else"), "{alert}");
    assert_eq!(scene.snapshots(), 1, "a restart makes no backup");
    drop(scene.dir);
}

#[test]
fn own_state_is_backed_up_beside_what_is_asked_for() {
    let scene = Scene::new();
    let own = "own-state = true\n";
    let text = "own-state = false\n";
    let daemon = scene.start_as(|config| config.replace(text, own));
    let found = daemon.logged(&["kind=backup."]);
    assert!(found.contains("backup.succeeded"), "nothing is missing from it: {found}");
    let store = LocalDir::open(scene.path.join("repository")).unwrap();
    let password = Password::new("correct horse");
    let repository =
        Repository::<Reader>::open(Arc::new(store), &password, OpenOptions::default()).unwrap();
    let snapshot = repository.snapshots().unwrap().snapshots.remove(0).1;
    let data = scene.path.join("data").display().to_string();
    assert!(snapshot.paths.contains(&data), "{:?}", snapshot.paths);
    let alerts = format!("{data}/alerting/alerts.sqlite");
    assert!(snapshot.paths.contains(&alerts), "as a database: {:?}", snapshot.paths);
    drop(daemon);
}

#[test]
fn backup_that_cannot_be_made_is_an_alert() {
    let scene = Scene::new();
    fs::write(scene.path.join("password"), "wrong").unwrap();
    let daemon = scene.start("");
    daemon.logged(&["backup.failed", "password"]);
    let alert = until_some(|| {
        let body = daemon.request("/api/v2/alerts").body;
        body.contains("BackupFailed").then_some(body)
    });
    assert!(!alert.contains("correct horse"), "{alert}");
    assert_eq!(scene.snapshots(), 0);
}

#[test]
fn repository_that_is_gone_is_an_alert_and_on_the_trail() {
    let scene = Scene::new();
    fs::rename(scene.path.join("repository"), scene.path.join("elsewhere")).unwrap();
    let daemon = scene.start("");
    daemon.logged(&["backup.failed", "there is no repository"]);
    until_some(|| daemon.request("/api/v2/alerts").body.contains("BackupFailed").then_some(()));
    metric(&daemon, "agentd_backup_last_try_timestamp_seconds 1");
    until_some(|| {
        let trail = fs::read_dir(scene.path.join("data/trail")).ok()?;
        let mut files = trail.flatten().filter_map(|file| fs::read(file.path()).ok());
        files.any(|bytes| String::from_utf8_lossy(&bytes).contains("backup.failed")).then_some(())
    });
    assert!(!scene.path.join("repository").exists(), "nothing is made in its place");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_key() {
    let dir = dir();
    let config = dir.path().join("a.toml");
    let text = "[backup]\nrepository = \"/srv/backup\"\npassword = \"hunter2\"\npaths = [\"/srv\", \"x\"]\n\
                at = \"daily\"\nrequire = 6\nput-only = true\n\
                [backup.keep]\nlast = 3\nwithin = \"long\"\n\
                [[backup.replica]]\nname = \"a b\"\nrepository = \"s3:https://host/bucket\"\n\
                [[backup.replica]]\nname = \"b\"\nrepository = \"rest:https://me:hunter2@host/\"\n\
                access = { secret = \"hunter2\" }\n\
                [[backup.replica]]\nname = \"c\"\nrepository = \"sftp:host:/srv\"\n\
                [[backup.replica]]\nname = \"d\"\nrepository = \"/srv/backup\"\n\
                [[backup.runbook]]\ndo = \"restore\"\n\
                [[backup.runbook]]\ndo = \"health-check\"\ncommand = [\"curl\"]\n\
                [backup.drill]\nmin-rows-ratio = 2.0\nstart = [\"bot\"]\ncanary-text = \"x\"\nparse = [\"/a.yaml\"]\n";
    fs::write(&config, text).unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78));
    for expected in [
        "backup.password: must be `file:PATH` or `env:NAME`",
        "backup.paths: x is not an absolute path",
        "backup.paths: /srv holds /srv/backup: exclude it",
        "backup.at: must be five fields of cron",
        "backup.replica[0].name: must be of its own",
        "backup.replica[0].access: a bucket needs `user`",
        "backup.replica[1].repository: holds a name or password",
        "backup.replica[1].access.secret: must be `file:PATH` or `env:NAME`",
        "backup.replica[2].repository: repository: there is no store of this kind",
        "backup.replica[3].repository: is a place that has it already",
        "backup.require: must be between 1 and 5",
        "backup.keep: nothing is removed from a repository that is only put into",
        "backup.keep.within: must be a span of time",
        "backup.drill.min-rows-ratio: must be between 0 and 1",
        "backup.runbook[1].command: curl is not an absolute path",
        "backup.runbook: the runbook has to verify",
        "backup.drill.start-in: is missing",
        "backup.drill.canary: needs `canary-text`",
        "backup.drill.parse: /a.yaml ends neither in .json nor in .toml",
    ] {
        assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    fs::write(&config, "[backup]\npaths = [\"/srv\"]\n").unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert!(ended.stderr.contains("backup.repository: is missing"), "{ended:?}");
}
