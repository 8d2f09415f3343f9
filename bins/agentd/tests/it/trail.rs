use std::fs;
use std::path::Path;

use wardkit_auditlog::{Query, Record};
use wardkit_custody::{Custody, Proof};

use crate::support::{Daemon, dir, run, until_some};

fn records(data: &Path) -> Vec<Record> {
    Query::new().read(data.join("trail")).unwrap().map(Result::unwrap).collect()
}

fn kinds(data: &Path) -> Vec<String> {
    records(data).into_iter().map(|record| record.entry.kind).collect()
}

fn is_intact(data: &Path) -> bool {
    let custody = Custody::new(data, "any");
    custody.prove(data.join("trail"), &Proof::new()).unwrap().is_intact()
}

#[test]
fn what_the_daemon_did_is_on_the_trail_under_a_checkpoint_when_it_ends() {
    let dir = dir();
    let (data, config) = (dir.path().join("data"), dir.path().join("agentd.toml"));
    fs::write(&config, "").unwrap();
    let daemon = Daemon::start(&data, &["--config", config.to_str().unwrap()]);
    fs::write(&config, "[log]\nlevel = \"debug\"\n").unwrap();
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));

    let records = records(&data);
    let find = |kind: &str| &records.iter().find(|record| record.entry.kind == kind).unwrap().entry;
    assert_eq!(find("config.accepted").subject, config.to_str().unwrap());
    let detail = &find("config.reloaded").detail["details"];
    assert_eq!(detail["old_digest"], *find("config.accepted").new.as_ref().unwrap());
    assert_ne!(detail["new_digest"], detail["old_digest"]);
    let command = find("control.command.allowed");
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(command.subject, "reload");
    assert!(
        command.actor.as_ref().unwrap().starts_with(&format!("uid {uid}, pid ")),
        "{command:?}"
    );
    let health: Vec<_> = records
        .iter()
        .filter(|record| {
            record.entry.kind == "part.health.changed" && record.entry.subject == "http"
        })
        .map(|record| record.entry.new.as_ref().unwrap()["state"].as_str().unwrap())
        .collect();
    assert_eq!(health[0], "up");
    assert_eq!(records.last().unwrap().entry.kind, "agentd.stopped");
    assert!(is_intact(&data));
    let custody = Custody::new(&data, "any");
    let proven = custody.prove(data.join("trail"), &Proof::new()).unwrap();
    assert_eq!(proven.verdict.unwrap().sealed.size, records.len() as u64);
}

#[test]
fn the_next_start_goes_on_where_the_last_one_was_killed() {
    let dir = dir();
    for runs in 1..=3 {
        let mut daemon = Daemon::start(dir.path(), &[]);
        daemon.logged(&["agentd.started"]);
        // The event is logged before it is on the disk.
        while kinds(dir.path()).iter().filter(|kind| *kind == "agentd.started").count() < runs {
            std::thread::yield_now();
        }
        daemon.child.kill().unwrap();
        daemon.child.wait().unwrap();
    }
    assert!(is_intact(dir.path()));
    assert!(!kinds(dir.path()).contains(&"agentd.stopped".to_owned()));
}

#[test]
fn the_head_of_the_trail_rides_in_status_page_and_every_scrape() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let head = loop {
        let status = daemon.status();
        let head = status["trail"].as_str().unwrap().to_owned();
        // The checkpoint over the start is at most a second away.
        if !head.starts_with("1 ") {
            break head;
        }
    };
    let size: u64 = head.split_once(' ').unwrap().0.parse().unwrap();
    let metrics = daemon.request("/metrics").body;
    assert!(metrics.contains("agentd_trail_head_info{head=\""), "{metrics}");
    let scraped = metrics.lines().find_map(|line| line.strip_prefix("agentd_trail_size "));
    assert!(scraped.unwrap().parse::<u64>().unwrap() >= size);
    assert!(daemon.request("/").body.contains("Trail"));
}

#[test]
fn a_program_that_keeps_the_lock_of_the_trail_shows_in_the_health() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let state = || {
        let status = daemon.status();
        let parts = status["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["name"] == "trail").unwrap();
        part["health"]["state"].as_str().unwrap().to_owned()
    };
    let lock = fs::File::open(dir.path().join("trail/lock")).unwrap();
    lock.lock().unwrap();
    // Each status is on the trail: there is something to write.
    until_some(|| (state() == "degraded").then_some(()));
    drop(lock);
    until_some(|| (state() == "up").then_some(()));
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    assert!(kinds(dir.path()).contains(&"trail.append.resumed".to_owned()));
    assert!(is_intact(dir.path()));
}

#[test]
fn the_daemon_does_not_run_beside_a_trail_that_was_tampered_with() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    let trail = dir.path().join("trail");
    let args = ["--listen", "127.0.0.1:0", "--data-dir", dir.path().to_str().unwrap()];

    let segment = trail.join("000000000000.jsonl");
    let whole = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, whole.replace("agentd.started", "agentd.starved")).unwrap();
    let changed = run(&args);
    assert_eq!(changed.code, Some(78), "{changed:?}");
    assert!(changed.stderr.contains("auditctl trail verify"), "{changed:?}");

    fs::rename(&trail, dir.path().join("elsewhere")).unwrap();
    let gone = run(&args);
    assert_eq!(gone.code, Some(78), "{gone:?}");
    assert!(gone.stderr.contains("is gone"), "{gone:?}");
    assert!(!trail.exists(), "no new log is begun in its place");
}
