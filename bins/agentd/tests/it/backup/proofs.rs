//! What drills look at beside the files: rows of databases, and the runbook.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use super::{Scene, metric};

fn report(scene: &Scene) -> Value {
    let text = fs::read_to_string(scene.path.join("data/backup-drill-newest.note")).unwrap();
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

#[test]
fn database_that_has_fewer_rows_than_it_had_makes_a_drill_red() {
    let scene = Scene::new();
    let path = scene.path.join("bot/bot.sqlite");
    let database = Connection::open(&path).unwrap();
    database.execute_batch("CREATE TABLE orders (id); INSERT INTO orders VALUES (1), (2)").unwrap();
    let sqlite = format!("sqlite = [\"{}\"]\n", path.display());
    let daemon = scene.start(&sqlite);
    daemon.logged(&["backup.succeeded"]);
    metric(&daemon, "agentd_backup_unverified_bytes ");
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    let manifest = scene.path.join("data/backup-manifest.txt");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("\nrows 1\n2 orders "), "{text}");

    let more = format!("{sqlite}[backup.drill]\n{sqlite}");
    for (rows, ratio, color) in
        [("2", "1.0", "succeeded"), ("3", "1.0", "failed"), ("3", "0.6", "succeeded")]
    {
        fs::write(&manifest, text.replace("\n2 orders ", &format!("\n{rows} orders "))).unwrap();
        scene.let_drill_be_due();
        let daemon = scene.start(&format!("{more}min-rows-ratio = {ratio}\n"));
        daemon.logged(&[&format!("backup.drill.{color}")]);
        daemon.signal("TERM");
        assert_eq!(daemon.ended(), Some(0));
        if color == "failed" {
            let reason = &report(&scene)["probes"][0]["reason"];
            assert_eq!(reason, "orders has 2 rows, and had 3");
        }
    }
}

#[test]
fn drill_rehearses_the_runbook_and_the_report_says_what_ran() {
    let scene = Scene::new();
    let bot = scene.path.join("bot");
    let runbook = format!(
        "[[backup.runbook]]\ndo = \"restore\"\n[[backup.runbook]]\ndo = \"verify\"\n\
         [[backup.runbook]]\ndo = \"restart\"\ncommand = [\"/bin/touch\", \"{}/restarted\"]\n\
         [[backup.runbook]]\ndo = \"health-check\"\ncommand = [\"/nowhere/check\"]\n",
        bot.display()
    );
    let daemon = scene.start(&runbook);
    daemon.logged(&["backup.succeeded"]);
    metric(&daemon, "agentd_backup_unverified_bytes ");
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    scene.let_drill_be_due();
    let daemon = scene.start(&runbook);
    daemon.logged(&["backup.drill.failed", "health-check /nowhere/check", "neither in what"]);
    let report = report(&scene);
    let modes: Vec<_> =
        report["steps"].as_array().unwrap().iter().map(|step| &step["mode"]).collect();
    assert_eq!(modes, ["ran", "ran", "checked", "checked"]);
    assert!(!bot.join("restarted").exists(), "a drill restarts nothing");
}
