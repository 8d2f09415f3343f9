//! Replicas, and removal of what is not to stay.

use std::fs;

use serde_json::Value;

use super::{Scene, metric};
use crate::support::until_some;

impl Scene {
    fn count(&self, repository: &str, folder: &str) -> usize {
        fs::read_dir(self.path.join(repository).join(folder)).unwrap().count()
    }

    /// As if the last complete backup were of long ago, so that everything that follows one is due.
    fn let_all_be_due(&self) {
        let path = self.path.join("data/backup-state.json");
        let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for key in ["backup_stored", "backup_complete"] {
            state[key] = Value::from("2026-01-01T00:00:00Z");
        }
        for replica in state["replicas"].as_object_mut().unwrap().values_mut() {
            replica["tried"] = Value::Null;
        }
        fs::write(&path, state.to_string()).unwrap();
    }

    /// Runs agentd until there is one more backup.
    fn back_up(&self) {
        // Whoever remembers none makes one at once.
        let _ = fs::remove_file(self.path.join("data/backup-state.json"));
        let daemon = self.start("[backup.drill]\nat = \"\"\n");
        daemon.logged(&["backup.succeeded"]);
        metric(&daemon, "agentd_backup_unverified_bytes ");
        daemon.signal("TERM");
        assert_eq!(daemon.ended(), Some(0));
    }
}

fn replica(scene: &Scene, name: &str) -> String {
    let path = scene.path.join(name);
    format!("[[backup.replica]]\nname = {name:?}\nrepository = \"{}\"\n", path.display())
}

#[test]
fn backup_is_copied_and_a_replica_that_is_down_shows() {
    let scene = Scene::new();
    // Nobody makes a folder in a file.
    fs::write(scene.path.join("file"), "").unwrap();
    let (away, down) = (replica(&scene, "away"), replica(&scene, "down"));
    let down = down.replace("/down", "/file/down");
    let daemon = scene.start(&format!("require = 2\n{away}{down}"));
    daemon.logged(&["backup.succeeded"]);
    daemon.logged(&["backup.replica.succeeded", "away"]);
    daemon.logged(&["backup.replica.failed", "down"]);
    daemon.logged(&["backup.copies.enough", "in 2 places"]);
    let none = "agentd_backup_replica_lag_seconds{replica=\"away\"} 0";
    until_some(|| daemon.request("/metrics").body.lines().any(|line| line == none).then_some(()));
    metric(&daemon, "agentd_backup_replica_lag_seconds{replica=\"down\"}");
    let alerts = until_some(|| {
        let body = daemon.request("/api/v2/alerts").body;
        body.contains("BackupReplicaFailed").then_some(body)
    });
    assert!(!alerts.contains("BackupFailed") && !alerts.contains("TooFew"), "{alerts}");
    for folder in ["snapshots", "index", "keys"] {
        assert_eq!(scene.count("away", folder), scene.count("repository", folder), "{folder}");
    }
    let config = |place: &str| fs::read(scene.path.join(place).join("config")).unwrap();
    assert_eq!(config("away"), config("repository"));
}

#[test]
fn too_few_copies_are_an_alert_and_what_is_gone_is_not_made_anew() {
    let scene = Scene::new();
    let away = replica(&scene, "away");
    let daemon = scene.start(&format!("require = 2\n{away}"));
    daemon.logged(&["backup.copies.enough"]);
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));

    fs::rename(scene.path.join("away"), scene.path.join("unmounted")).unwrap();
    scene.let_all_be_due();
    let daemon = scene.start(&format!("require = 2\n{away}\n[backup.drill]\nat = \"\"\n"));
    daemon.logged(&["backup.replica.failed", "there is no repository"]);
    daemon.logged(&["backup.copies.too_few", "in 1 of the 2 places"]);
    until_some(|| {
        daemon.request("/api/v2/alerts").body.contains("BackupCopiesTooFew").then_some(())
    });
    assert!(!scene.path.join("away").exists());
}

#[test]
fn what_no_rule_keeps_goes_and_nothing_while_snapshots_are_missing() {
    let scene = Scene::new();
    scene.back_up();
    scene.back_up();
    assert_eq!(scene.snapshots(), 2);
    let rules = "[backup.keep]\nlast = 1\n[backup.drill]\nat = \"\"\n";
    scene.let_all_be_due();
    let daemon = scene.start(rules);
    daemon.logged(&["backup.prune.succeeded"]);
    metric(&daemon, "agentd_backup_prune_last_success_timestamp_seconds 1");
    assert_eq!(scene.snapshots(), 1);
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));

    scene.back_up();
    let first = fs::read_dir(scene.path.join("repository/snapshots")).unwrap().next();
    fs::remove_file(first.unwrap().unwrap().path()).unwrap();
    scene.let_all_be_due();
    let daemon = scene.start(rules);
    daemon.logged(&["backup.prune.refused", "1 snapshots are gone that agentd made"]);
    until_some(|| {
        daemon.request("/api/v2/alerts").body.contains("BackupPruneRefused").then_some(())
    });
    assert_eq!(scene.snapshots(), 1);
}
