//! Alerting in trouble: what comes in is hostile, the store is held, damaged or full, nobody takes what goes out.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::alert_support::{
    Hook, TO_TEAM, alerts, bring, command, config, everything_to, lasting, post, post_text,
    receiver, start,
};
use crate::support::{Daemon, PATIENCE, agentd, dir, until_some};

fn store(dir: &Path) -> std::path::PathBuf {
    dir.join("data/alerting/alerts.sqlite")
}

/// Sets the soft limit of a running daemon; returns what it was.
fn limit(daemon: &Daemon, resource: Resource, to: Option<u64>) -> Rlimit {
    let pid = Pid::from_child(&daemon.child);
    let before = rustix::process::getrlimit(resource);
    prlimit(Some(pid), resource, Rlimit { current: to, maximum: before.maximum }).unwrap()
}

#[test]
fn labels_that_are_a_bomb_are_refused_and_what_comes_beside_them_is_taken() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &everything_to(&hook));
    let many: serde_json::Map<String, Value> =
        (0..10_000).map(|number| (format!("l{number}"), json!("v"))).collect();
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for (number, (bomb, status)) in [
        (json!({"labels": many}), 400),
        (json!({"labels": {"alertname": "x".repeat(1 << 20)}}), 400),
        (json!({"labels": {"alertname": "a\0b"}}), 400),
        (json!({"labels": {"alertname": "a\u{202e}b"}}), 400),
        (json!({"labels": {"a b": "c"}}), 400),
        (json!({"labels": {}}), 400),
        (json!({"labels": {"alertname": "A"}, "annotations": {"a": "x".repeat(1 << 20)}}), 400),
    ]
    .into_iter()
    .enumerate()
    {
        let good = format!("Good{number}");
        let body = json!([bomb, {"labels": {"alertname": good}, "endsAt": "2120-01-01T00:00:00Z"}]);
        let answer = post(&daemon, "/api/v2/alerts", &body.to_string());
        assert_eq!(answer.status, status, "{number}: {}", answer.body);
        assert!(answer.body.len() < 1_000, "{}", answer.body.len());
        assert!(lasting(&daemon).contains(&good), "{number}");
    }
    for body in
        [deep.as_str(), "[{\"labels\":{\"a\":\"\u{fffd}", "{}", "[1]", "[{\"labels\":{\"a\":1}}]"]
    {
        assert_eq!(post(&daemon, "/api/v2/alerts", body).status, 400);
    }
    assert_eq!(lasting(&daemon).len(), 7);
    assert_eq!(hook.hears(&["Good0", "Good6"]).len() + hook.heard().len(), 7);
}

#[test]
fn while_another_program_holds_the_database_alerts_leave_and_nobody_is_told_that_they_are_kept() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    let holder = Connection::open(store(dir.path())).unwrap();
    holder.busy_timeout(PATIENCE).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(bring(&daemon, &["Down"]), 503);
    hook.hears(&["Down", "AlertStoreFailed"]);
    holder.execute_batch("COMMIT").unwrap();
    until_some(|| (bring(&daemon, &["Later"]) == 200).then_some(()));
    hook.hears(&["Later"]);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(dir.path(), &everything_to(&hook));
    let expected = ["Before", "Down", "Later"].map(str::to_owned);
    assert_eq!(lasting(&daemon), expected.into());
}

#[test]
fn a_database_that_is_held_at_the_start_is_waited_for() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    drop(daemon);
    let holder = Connection::open(store(dir.path())).unwrap();
    // Whoever holds it like that lets nobody look either.
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Down"]), 503);
    drop(holder);
    until_some(|| (bring(&daemon, &["Down"]) == 200).then_some(()));
    assert_eq!(lasting(&daemon), ["Before", "Down"].map(str::to_owned).into());
}

#[test]
fn a_damaged_database_is_put_aside_said_aloud_and_no_reason_to_end() {
    type Damage = fn(&File, u64);
    let damages: [(&str, Damage); 3] = [
        ("emptied", |file, _| file.set_len(0).unwrap()),
        ("cut", |file, length| file.set_len(length / 2 + 7).unwrap()),
        ("overwritten", |file, _| file.write_all_at(&[0xa5; 8192], 0).unwrap()),
    ];
    for (name, damage) in damages {
        let dir = dir();
        let hook = Hook::start();
        let daemon = start(dir.path(), &everything_to(&hook));
        assert_eq!(bring(&daemon, &["Before"]), 200);
        hook.hears(&["Before"]);
        daemon.signal("TERM");
        assert_eq!(daemon.ended(), Some(0));
        let file = OpenOptions::new().write(true).open(store(dir.path())).unwrap();
        damage(&file, file.metadata().unwrap().len());
        let daemon = start(dir.path(), &everything_to(&hook));
        hook.hears(&["AlertStoreDamaged"]);
        assert_eq!(bring(&daemon, &["Down"]), 200, "{name}");
        assert_eq!(daemon.status()["health"]["state"], "up", "{name}");
    }
}

#[test]
fn a_database_that_is_taken_away_while_it_is_used_is_begun_anew_with_what_lasts() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(store(dir.path()).with_file_name(format!("alerts.sqlite{ending}")))
            .unwrap();
    }
    // What came of the message may be kept first, and meets it then; what is answered with 200 is kept either way.
    let answer = bring(&daemon, &["Down"]);
    assert!(answer == 503 || answer == 200, "{answer}");
    hook.hears(&["Down", "AlertStoreDamaged"]);
    assert_eq!(bring(&daemon, &["Later"]), 200);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(dir.path(), &everything_to(&hook));
    let expected = ["AlertStoreDamaged", "Before", "Down", "Later"].map(str::to_owned);
    assert_eq!(lasting(&daemon), expected.into());
}

#[test]
fn while_no_file_may_grow_alerts_leave_and_are_kept_as_soon_as_they_can_be() {
    let dir = dir();
    let hook = Hook::start();
    let path = config(dir.path(), &everything_to(&hook));
    // A write beyond the limit fails instead of ending the program.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(agentd(&[]).get_program());
    shell.env_clear().stdin(std::process::Stdio::null());
    let args = ["--config", path.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let daemon = Daemon::spawn(shell, &dir.path().join("data"), &args);
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    let before = limit(&daemon, Resource::Fsize, Some(0));
    assert_eq!(bring(&daemon, &["Down"]), 503);
    hook.hears(&["Down", "AlertStoreFailed"]);
    until_some(|| {
        let parts = daemon.status()["parts"].clone();
        let alerting = parts.as_array().unwrap().iter().find(|part| part["name"] == "alerting");
        (alerting.unwrap()["health"]["state"] == "degraded").then_some(())
    });
    limit(&daemon, Resource::Fsize, before.current);
    until_some(|| (bring(&daemon, &["Later"]) == 200).then_some(()));
    hook.hears(&["Later"]);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(lasting(&daemon), ["Before", "Down", "Later"].map(str::to_owned).into());
}

#[test]
fn without_descriptors_alerts_are_taken_and_told_when_there_are_some_again() {
    let dir = dir();
    let hook = Hook::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let checked = format!(
        "[[probe.check]]\nname = \"beside\"\ninterval = \"200ms\"\nfall = 1\n[probe.check.target.tcp]\naddress = \"{}\"\n",
        listener.local_addr().unwrap()
    );
    let daemon = start(dir.path(), &format!("{}\n{checked}", everything_to(&hook)));
    let mut stream = TcpStream::connect(daemon.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut say = |name: &str| {
        let text = post_text(daemon.address(), "/api/v2/alerts", &alerts(&[name]), "");
        stream.write_all(text.as_bytes()).unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..read]).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(say("Before"), "200");
    let told = hook.next();
    assert_eq!(told.names(), ["Before"]);
    let before = limit(&daemon, Resource::Nofile, Some(3));
    // The connection to the webhook was closed after its idle time or not: what is told now may still leave by it.
    assert_eq!(say("Down"), "200");
    let waits = std::thread::scope(|scope| {
        let address = daemon.address();
        let waits = scope.spawn(move || {
            crate::support::request(
                address,
                &format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
            )
        });
        assert_eq!(say("Second"), "200");
        // Checks are the first that wait, and nobody takes that for a failure of what they check.
        daemon.logged(&["probe.checks.waiting"]);
        limit(&daemon, Resource::Nofile, before.current);
        waits.join().unwrap()
    });
    assert_eq!(waits.status, 200);
    // A busy machine keeps them waiting for long, and each attempt in vain doubles the pause before the next.
    hook.hears_within(4 * PATIENCE, &["Down", "Second"]);
    daemon.logged(&["probe.checks.resumed"]);
    let metrics = daemon.request("/metrics").body;
    let failures: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("agentd_probe_failures_total{")).collect();
    assert!(failures.len() == 1 && failures[0].ends_with(" 0"), "{failures:?}");
    assert_eq!(lasting(&daemon), ["Before", "Down", "Second"].map(str::to_owned).into());
}

#[test]
fn an_alert_that_comes_and_goes_every_second_is_told_of_once_as_flapping() {
    let dir = dir();
    let hook = Hook::start();
    let text = everything_to(&hook).replace("group-wait = \"0s\"", "group-wait = \"15s\"");
    let daemon = start(dir.path(), &text);
    let say = |ends: &str| {
        let body = json!([{"labels": {"alertname": "Flap"}, "endsAt": ends}]);
        assert_eq!(post(&daemon, "/api/v2/alerts", &body.to_string()).status, 200);
    };
    let mut told = Vec::new();
    for _ in 0..30 {
        say("2120-01-01T00:00:00Z");
        say("2020-01-01T00:00:01Z");
        told.extend(hook.heard());
    }
    until_some(|| {
        told.extend(hook.heard());
        let metrics = daemon.request("/metrics").body;
        let flaps = metrics.lines().any(|line| line == "agentd_alerting_alerts_flapping 1");
        (flaps && !told.is_empty()).then_some(())
    });
    for _ in 0..30 {
        say("2120-01-01T00:00:00Z");
        say("2020-01-01T00:00:01Z");
    }
    told.extend(hook.heard());
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_message_for_a_receiver_that_a_reload_takes_away_is_told_by_it() {
    let dir = dir();
    let (team, other) = (Hook::start(), Hook::start());
    team.answers("503 Busy");
    let daemon = start(dir.path(), &everything_to(&team));
    assert_eq!(bring(&daemon, &["Down"]), 200);
    config(dir.path(), &everything_to(&other).replace("team", "other"));
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.code, Some(0), "{reloaded:?}");
    team.answers("200 OK");
    team.hears(&["Down"]);
    assert_eq!(bring(&daemon, &["Next"]), 200);
    other.hears(&["Next"]);
}

#[test]
fn a_message_for_a_receiver_that_is_gone_after_a_restart_goes_to_that_of_everything() {
    let dir = dir();
    let (team, other) = (Hook::start(), Hook::start());
    team.answers("503 Busy");
    let daemon = start(dir.path(), &everything_to(&team));
    assert_eq!(bring(&daemon, &["Down"]), 200);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let text = format!("{TO_TEAM}{}", receiver("other", &other)).replace("team", "other");
    let _daemon = start(dir.path(), &text);
    let told = other.next();
    assert_eq!(told.names(), ["Down"]);
    assert!(!told.key.is_empty());
}

#[test]
fn what_nobody_takes_is_kept_listed_said_in_the_log_and_can_be_sent_again() {
    let dir = dir();
    let hook = Hook::start();
    hook.answers("400 Bad");
    let daemon = start(dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Down"]), 200);
    daemon.logged(&["alerting.delivery.died"]);
    // The alert about it needs nobody outside.
    daemon.logged(&["ERROR", "A notification for team could not be delivered"]);
    let dead = command(&daemon, &json!({"do": "dead"}));
    assert_eq!(dead.as_array().unwrap().len(), 1, "{dead}");
    assert_eq!(dead[0]["channel"], "team/webhook[0]");
    let key = dead[0]["key"].as_str().unwrap();
    hook.answers("200 OK");
    command(&daemon, &json!({"do": "replay", "keys": [key]}));
    let told = hook.next();
    assert_eq!((told.names(), told.key.as_str()), (vec!["Down".to_owned()], key));
}

#[test]
fn when_no_channel_takes_anything_the_terminals_are_told() {
    let dir = dir();
    let terminals = dir.path().join("pts");
    fs::create_dir(&terminals).unwrap();
    let path = terminals.join("0");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut terminal = OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap();
    let hook = Hook::start();
    hook.answers("500 No");
    let told = format!("terminals = \"{}\"", terminals.display());
    let daemon = start(dir.path(), &everything_to(&hook).replace("terminals = \"\"", &told));
    let names: Vec<String> = (0..20).map(|number| format!("Down{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(bring(&daemon, &names), 200);
    let mut text = Vec::new();
    until_some(|| {
        // Until somebody writes it is at its end.
        drop(terminal.read_to_end(&mut text));
        String::from_utf8_lossy(&text).contains("alerts reach nobody").then_some(())
    });
    daemon.logged(&["alerting.channels.mute", "terminals told: 1"]);
}

#[test]
fn a_reload_with_rules_that_are_wrong_is_refused_and_the_old_ones_go_on() {
    let dir = dir();
    let hook = Hook::start();
    let rules = dir.path().join("rules.yml");
    let rule =
        |expr: &str| format!("groups:\n- name: g\n  rules:\n  - alert: Always\n    expr: {expr}\n");
    fs::write(&rules, rule("vector(1)")).unwrap();
    let text = everything_to(&hook).replace(
        "default-rules = false\n",
        "default-rules = false\ninterval = \"1s\"\nrules = [\"rules.yml\"]\n",
    );
    let daemon = start(dir.path(), &text);
    hook.hears(&["Always"]);
    fs::write(&rules, rule("vector(")).unwrap();
    let refused = daemon.command(&["reload"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    daemon.logged(&["config.refused"]);
    assert!(daemon.request("/metrics").body.contains("agentd_config_last_reload_successful 0"));
    assert_eq!(lasting(&daemon), ["Always".to_owned()].into());
}

#[test]
fn a_kill_in_the_middle_of_waiting_leaves_what_is_left_of_the_wait() {
    let dir = dir();
    let (first, second) = (Hook::start(), Hook::start());
    let rules =
        "groups:\n- name: g\n  rules:\n  - alert: Pending\n    expr: vector(1)\n    for: 1h\n";
    fs::write(dir.path().join("rules.yml"), rules).unwrap();
    let text = format!(
        "[alerting]\ndefault-rules = false\ninterval = \"1s\"\nrules = [\"rules.yml\"]\n{}{}\
         [[alerting.escalation]]\nname = \"page\"\nmatchers = ['severity=\"critical\"']\n\
         [[alerting.escalation.steps]]\nto = [\"first\"]\n\
         [[alerting.escalation.steps]]\nto = [\"second\"]\ndelay = \"3s\"\n",
        receiver("first", &first),
        receiver("second", &second),
    );
    let daemon = start(dir.path(), &text);
    let since = |daemon: &Daemon| {
        until_some(|| {
            let rules = command(daemon, &json!({"do": "rules"}));
            let alert = &rules[0]["rules"][0]["alerts"][0];
            alert["activeAt"].as_str().map(str::to_owned)
        })
    };
    let before = since(&daemon);
    let critical = json!([{"labels": {"alertname": "Down", "severity": "critical"}}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &critical.to_string()).status, 200);
    let told = first.next();
    assert_eq!(told.names(), ["Down"]);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(dir.path(), &text);
    assert_eq!(second.next().names(), ["Down"]);
    // What came of the first message may not have been kept: then it comes again, and is known by its key.
    assert!(first.heard().iter().all(|again| again.key == told.key));
    assert_eq!(since(&daemon), before);
    assert!(!lasting(&daemon).contains("Pending"));
}
