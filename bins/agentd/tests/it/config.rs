use std::fs;

use crate::support::{Daemon, dir, run};

#[test]
fn default_output_is_accepted_and_names_the_listen_address() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    let default = run(&["config", "default"]);
    assert!(default.stdout.contains("\"127.0.0.1:9180\""), "{default:?}");
    for text in [default.stdout.as_str(), ""] {
        fs::write(&file, text).unwrap();
        let checked = run(&["check-config", "--config", file.to_str().unwrap()]);
        assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked:?}");
    }
}

#[test]
fn every_item_at_fault_is_named_at_once() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    let text = "\
[log]
formt = \"json\"
[listen]
address = \"0.0.0.0:9180\"
max-connections = 0
[parts.schedule]
kind = \"exponential\"
base = \"1s\"
factor = nan
cap = \"30s\"
[reload.retry]
total-deadline = \"1us\"
[relod]
";
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let checked = run(&["check-config", "--config", path]);
    assert_eq!(checked.code, Some(78), "{checked:?}");
    for part in [
        ":2: log.formt: unknown key; did you mean `format`?",
        ":4: listen.address: 0.0.0.0 is not a loopback address",
        ":5: listen.max-connections: ",
        ":9: parts.schedule.factor: must be a finite number",
        ":12: reload.retry.total-deadline: ",
        ":13: relod: unknown key; did you mean `reload`?",
    ] {
        assert!(checked.stderr.contains(&format!("{path}{part}")), "{part}\n{}", checked.stderr);
    }
    let data = dir.path().join("data");
    let started = run(&["--config", path, "--data-dir", data.to_str().unwrap()]);
    assert_eq!(started.code, Some(78), "{started:?}");
    assert!(!data.exists(), "nothing is started");
    let json = run(&["check-config", "--config", path, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["problems"][0]["key"], "log.formt");
    assert_eq!(json["problems"].as_array().unwrap().len(), 6);
}

#[test]
fn file_that_cannot_be_a_configuration_is_refused_by_name() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    let path = file.to_str().unwrap();
    let check = || run(&["check-config", "--config", path]);
    assert!(check().stderr.contains("No such file"), "{:?}", check());
    for (bytes, reason) in [
        (&b"[log\n"[..], ":1: "),
        (b"[log]\nlevel = 3\n", ":2: log.level: invalid type: integer `3`, expected a string"),
        (b"log = 3\n", ":1: log: must be a table"),
        (b"log = [\"json\", \"info\"]\n", ":1: log: must be a table"),
        (b"\n[[log]]\nformat = \"json\"\n", ":2: log: must be a table"),
        (b"[log]\nlevel = \"inof\"\n", ":2: log.level: `inof` is no level"),
        (b"a = 1\na = 2\n", ":2: "),
        (b"[log]\nlevel = \"\xff\"\n", "not UTF-8 text: line 2"),
        (&b"#".repeat((1 << 20) + 1), "larger than 1 MiB"),
    ] {
        fs::write(&file, bytes).unwrap();
        let ended = check();
        assert_eq!(ended.code, Some(78), "{ended:?}");
        assert!(
            ended.stderr.contains(reason) && ended.stderr.contains(path),
            "{reason}: {}",
            ended.stderr
        );
    }
}

#[test]
fn pipe_in_place_of_the_file_keeps_nobody_waiting() {
    let dir = dir();
    let pipe = dir.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from(0o600)).unwrap();
    let ended = run(&["check-config", "--config", pipe.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.stderr.contains("not a regular file"), "{ended:?}");
}

#[test]
fn report_stays_readable_whatever_the_file_holds() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    fs::write(&file, (0..1000).map(|n| format!("key{n} = 1")).collect::<Vec<_>>().join("\n"))
        .unwrap();
    let ended = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(
        ended.stderr.contains("... and 950 more") && ended.stderr.lines().count() < 60,
        "{ended:?}"
    );
    // Each problem once cost a walk over the whole text: minutes, with the old configuration locked in.
    fs::write(&file, "=\n".repeat(200_000)).unwrap();
    let ended = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(ended.stderr.contains("... and 599949 more"), "{ended:?}");
    fs::write(&file, format!("{} = 1\n", "k".repeat(1_000_000))).unwrap();
    let ended = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(ended.stderr.len() < 2000, "{} bytes", ended.stderr.len());
}

#[test]
fn file_neither_forges_a_line_of_the_report_nor_steers_the_terminal() {
    let dir = dir();
    let file = dir.path().join("agentd.toml");
    let text =
        "\"\\u001b[2J\\nerror: forged\" = 1\n[log]\nlevel = \"\\u009b\\u202e\\nhint: forged\"\n";
    fs::write(&file, text).unwrap();
    let ended = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(ended.stderr.contains(r":1: \u{1b}[2J\nerror: forged: unknown key"), "{ended:?}");
    assert!(ended.stderr.contains(r"`\u{9b}\u{202e}; hint: forged` is no level"), "{ended:?}");
    assert!(
        !ended.stderr.contains(|letter: char| letter.is_control() && letter != '\n'),
        "{ended:?}"
    );
    assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
}

#[test]
fn listening_beyond_loopback_is_refused() {
    let dir = dir();
    for address in ["0.0.0.0:0", "192.0.2.1:9180", "[::]:0"] {
        let ended = run(&["--listen", address, "--data-dir", dir.path().to_str().unwrap()]);
        assert_eq!(ended.code, Some(78), "{address}: {ended:?}");
        assert!(ended.stderr.contains("--listen: ") && ended.stderr.contains("TLS"), "{ended:?}");
    }
}

#[test]
fn wrong_command_line_exits_2() {
    for args in [
        &["--bogus"][..],
        &["run", "--bogus"],
        &["bogus"],
        &["--listen", "nowhere"],
        &["check-config"],
    ] {
        assert_eq!(run(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn options_are_accepted_after_every_command() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let file = dir.path().join("agentd.toml");
    fs::write(&file, "").unwrap();
    let common = ["--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    for command in [
        &["check-config"][..],
        &["config", "default"],
        &["config", "schema"],
        &["reload"],
        &["status"],
    ] {
        let ended = daemon.command(&[command, &common].concat());
        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
    }
}

#[test]
fn schema_describes_what_the_default_holds() {
    let schema: serde_json::Value =
        serde_json::from_str(&run(&["config", "schema"]).stdout).unwrap();
    let default: serde_json::Value =
        serde_json::from_str(&run(&["config", "default", "--format", "json"]).stdout).unwrap();
    let keys =
        |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    // Nobody has a service by default, and an empty list would keep tables from being added.
    let mut described = keys(&schema["properties"]);
    described.retain(|key| !key.starts_with("service"));
    assert_eq!(described, keys(&default));
}
