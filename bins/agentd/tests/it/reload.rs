use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{Daemon, agentd, dir};

fn start(text: &str) -> (TempDir, PathBuf, Daemon) {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    fs::write(&file, text).unwrap();
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", file.to_str().unwrap()]);
    (dir, file, daemon)
}

const UNWATCHED: &str = "[reload]\nwatch = false\n";

#[test]
fn reload_rebuilds_only_what_changed() {
    let (_dir, file, daemon) = start(UNWATCHED);
    assert_eq!(daemon.command(&["reload"]).stdout, "nothing changed\n");
    fs::write(&file, format!("{UNWATCHED}[log]\nformat = \"json\"\n[listen]\nmax-uri = 100\n"))
        .unwrap();
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(
        (reloaded.code, reloaded.stdout.as_str()),
        (Some(0), "changed: log, listen\n"),
        "{reloaded:?}"
    );
    assert_eq!(daemon.request(&format!("/{}", "x".repeat(200))).status, 414);
    daemon.logged(&["{", "config.reloaded"]);
}

#[test]
fn bad_file_is_refused_and_the_old_configuration_stays() {
    let (_dir, file, daemon) = start(UNWATCHED);
    fs::write(&file, format!("{UNWATCHED}[log]\nlevle = \"debug\"\n[listen]\nmax-uri = 100\n"))
        .unwrap();
    let refused = daemon.command(&["reload"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let item = format!("{}:4: log.levle: unknown key; did you mean `level`?", file.display());
    assert!(refused.stderr.contains(&item), "{refused:?}");
    let line = daemon.logged(&["ERROR", "config.refused"]);
    assert!(line.contains("levle") && line.contains("request{route=reload}"), "{line}");
    assert_eq!(daemon.request(&format!("/{}", "x".repeat(200))).status, 404, "the old limit holds");
    let status = daemon.status();
    assert_eq!(status["health"]["state"], "degraded", "a restart would not come up");
    let event = status["events"][0].clone();
    assert_eq!(
        (event["kind"].as_str(), event["severity"].as_str()),
        (Some("config.refused"), Some("error"))
    );
    let metrics = daemon.request("/metrics").body;
    assert!(metrics.contains("agentd_config_reloads_total{outcome=\"refused\"} 1"), "{metrics}");
    assert!(metrics.contains("agentd_config_last_reload_successful 0"), "{metrics}");
    fs::write(&file, UNWATCHED).unwrap();
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    assert_eq!(daemon.status()["health"]["state"], "up");
}

#[test]
fn hangup_reloads_and_never_ends_the_daemon() {
    let (_dir, file, daemon) = start(UNWATCHED);
    fs::write(&file, "nonsense").unwrap();
    daemon.signal("HUP");
    daemon.logged(&["config.refused"]);
    fs::write(&file, UNWATCHED).unwrap();
    daemon.signal("HUP");
    daemon.logged(&["config.reloaded", "signal"]);
    fs::remove_file(&file).unwrap();
    daemon.signal("HUP");
    daemon.logged(&["config.refused", "No such file"]);
    assert_eq!(daemon.request("/healthz").status, 200);
}

#[test]
fn saved_file_is_taken_over_by_itself() {
    let (dir, file, daemon) = start("");
    fs::write(&file, "[listen]\nmax-uri = 100\n").unwrap();
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
    // As an editor does: write beside, then rename over.
    let beside = dir.path().join("agentd.toml.new");
    fs::write(&beside, "[listen]\nmax-uri = 200\n").unwrap();
    fs::rename(&beside, &file).unwrap();
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
    fs::write(&file, "[listen]\nmax-uri = \"many\"\n").unwrap();
    daemon.logged(&["config.refused", "file-change", "max-uri"]);
    fs::write(&file, "[listen]\nmax-uri = 200\n").unwrap();
    daemon.logged(&["config.reloaded", "file-change"]);
}

#[test]
fn file_behind_a_link_is_taken_over_when_the_link_moves() {
    let dir = dir();
    let (old, new, link) =
        (dir.path().join("old"), dir.path().join("new"), dir.path().join("agentd.toml"));
    fs::write(&old, "").unwrap();
    fs::write(&new, "[listen]\nmax-uri = 100\n").unwrap();
    std::os::unix::fs::symlink(&old, &link).unwrap();
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", link.to_str().unwrap()]);
    let swap = dir.path().join("swap");
    std::os::unix::fs::symlink(&new, &swap).unwrap();
    fs::rename(&swap, &link).unwrap();
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
}

#[test]
fn listener_moves_to_a_new_address_and_refuses_a_taken_one() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    fs::write(&file, format!("{UNWATCHED}[listen]\naddress = \"127.0.0.1:0\"\n")).unwrap();
    // Without --listen, which would hold the address against the file.
    let daemon =
        Daemon::spawn(agentd(&[]), &dir.path().join("data"), &["--config", file.to_str().unwrap()]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    fs::write(
        &file,
        format!("{UNWATCHED}[listen]\naddress = \"{}\"\n", taken.local_addr().unwrap()),
    )
    .unwrap();
    let refused = daemon.command(&["reload"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(daemon.request("/healthz").status, 200, "the old address still answers");
    let address = taken.local_addr().unwrap();
    drop(taken);
    assert_eq!(daemon.command(&["reload"]).stdout, "changed: listen\n");
    let answer = crate::support::request(
        address,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(daemon.status()["listen"], address.to_string());
}

#[test]
fn file_that_a_link_leads_to_in_the_end_is_watched() {
    let dir = dir();
    for name in ["old", "new"] {
        fs::create_dir(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name).join("file"), "").unwrap();
    }
    fs::create_dir(dir.path().join("etc")).unwrap();
    let (link, swap) = (dir.path().join("etc/agentd.toml"), dir.path().join("etc/swap"));
    std::os::unix::fs::symlink(dir.path().join("old/file"), &link).unwrap();
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", link.to_str().unwrap()]);
    fs::write(dir.path().join("new/file"), "[listen]\nmax-uri = 100\n").unwrap();
    std::os::unix::fs::symlink(dir.path().join("new/file"), &swap).unwrap();
    fs::rename(&swap, &link).unwrap();
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
    fs::write(dir.path().join("new/file"), "[listen]\nmax-uri = 200\n").unwrap();
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
}

#[test]
fn file_whose_directory_was_replaced_is_watched_again_after_a_hangup() {
    let dir = dir();
    let (etc, file) = (dir.path().join("etc"), dir.path().join("etc/agentd.toml"));
    let write = |text: &str| {
        fs::create_dir_all(&etc).unwrap();
        fs::write(&file, text).unwrap();
    };
    write("");
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", file.to_str().unwrap()]);
    fs::remove_dir_all(&etc).unwrap();
    daemon.logged(&["config.watch.failed", "No such file"]);
    daemon.logged(&["config.refused", "file-change"]);
    let status = daemon.status();
    let mut parts = status["parts"].as_array().unwrap().iter();
    let reload = parts.find(|part| part["name"] == "reload").unwrap();
    assert_eq!(reload["health"]["state"], "degraded");
    write("[listen]\nmax-uri = 100\n");
    daemon.signal("HUP");
    daemon.logged(&["config.reloaded", "signal", "listen"]);
    write("[listen]\nmax-uri = 200\n");
    daemon.logged(&["config.reloaded", "file-change", "listen"]);
    assert_eq!(daemon.status()["health"]["state"], "up");
}

#[test]
fn file_that_keeps_changing_delays_neither_hangup_nor_stop() {
    // Changed once, it would be left alone for longer than the test waits.
    let (_dir, file, daemon) = start("[reload]\nsettle = \"1m\"\n");
    fs::write(&file, "[reload]\nsettle = \"59s\"\n").unwrap();
    daemon.signal("HUP");
    daemon.logged(&["config.reloaded", "signal", "reload"]);
    fs::write(&file, "[reload]\nsettle = \"58s\"\n").unwrap();
    daemon.signal("TERM");
    let rest = daemon.log_to_the_end();
    assert!(!rest.contains("cut off"), "{rest}");
}

#[test]
fn time_to_finish_is_the_one_of_the_configuration_in_force() {
    // The request takes longer than the first of the two, with the second that agentd adds.
    let text = |drain| {
        format!("{UNWATCHED}[listen]\nrequest-timeout = \"1500ms\"\ndrain-timeout = \"{drain}\"\n")
    };
    let (_dir, file, daemon) = start(&text("10ms"));
    fs::write(&file, text("1h")).unwrap();
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    let mut slow = half_a_request(&daemon);
    daemon.signal("TERM");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn address_that_was_left_is_free_again_while_its_last_request_finishes() {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = |address| format!("{UNWATCHED}[listen]\naddress = \"{address}\"\n");
    let dir = dir();
    let (file, old, new) = (dir.path().join("agentd.toml"), free(), free());
    fs::write(&file, text(old)).unwrap();
    let daemon =
        Daemon::spawn(agentd(&[]), &dir.path().join("data"), &["--config", file.to_str().unwrap()]);
    let mut slow = half_a_request(&daemon);
    for address in [new, old, new, old] {
        fs::write(&file, text(address)).unwrap();
        assert_eq!(daemon.command(&["reload"]).stdout, "changed: listen\n", "{address}");
    }
    slow.write_all(b"2").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

/// Asks, but for the last byte.
fn half_a_request(daemon: &Daemon) -> TcpStream {
    let mut stream = TcpStream::connect(daemon.address()).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n1";
    stream.write_all(request).unwrap();
    // The answer to a later connection says that this one was taken in.
    assert_eq!(daemon.request("/healthz").status, 200);
    stream
}
