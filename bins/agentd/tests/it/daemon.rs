use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use crate::support::{Daemon, PATIENCE, agentd, dir, run};

#[test]
fn daemon_answers_on_the_address_it_prints() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    for (path, status, part_of_body) in [
        ("/healthz", 200, ""),
        ("/readyz", 200, "\"http\""),
        ("/metrics", 200, "agentd_part_up{part=\"http\"} 1"),
        ("/", 200, "agentd"),
        ("/nothing", 404, ""),
    ] {
        let answer = daemon.request(path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.body.contains(part_of_body), "{path}: {answer:?}");
    }
}

#[test]
fn greeting_says_in_five_lines_what_runs_and_where_to_look() {
    let dir = dir();
    let data = dir.path().to_str().unwrap();
    let mut child = agentd(&["--data-dir", data, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines: Vec<_> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(5).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let words = [
        "runs with pid",
        "config  embedded defaults",
        data,
        "http://127.0.0.1:",
        "auditctl status",
    ];
    for (line, word) in lines.iter().zip(words) {
        assert!(line.contains(word), "{word}: {lines:?}");
    }
    assert_eq!(lines.len(), 5);
}

#[test]
fn status_shows_parts_data_and_address() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let status = daemon.status();
    assert_eq!(status["pid"], daemon.child.id());
    assert_eq!(status["listen"], daemon.greeting["listen"]);
    assert_eq!(status["health"]["state"], "up");
    assert_eq!(status["events"][0]["kind"], "agentd.started");
    let parts: Vec<_> = status["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        parts,
        ["alerting", "control", "detect", "history", "http", "metrics", "reload", "trail"]
    );
    let text = daemon.command(&["status"]);
    assert!(text.stdout.contains("reload") && text.stdout.contains("agentd.started"), "{text:?}");
}

#[test]
fn commands_without_a_daemon_say_how_to_start_one() {
    let dir = dir();
    for command in ["status", "reload"] {
        let ended = run(&[command, "--data-dir", dir.path().to_str().unwrap()]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("\nhint: "), "{ended:?}");
    }
}

#[test]
fn foreign_host_is_refused() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    for (host, status) in
        [("evil.example", 421), ("localhost", 200), ("localhost:1", 200), ("[::1]", 200)]
    {
        assert_eq!(daemon.request_as("/healthz", host).status, status, "{host}");
    }
}

#[test]
fn service_manager_is_told_of_start_reload_and_stop() {
    let dir = dir();
    let path = dir.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let receive = || {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut command = agentd(&[]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let daemon = Daemon::spawn(command, &dir.path().join("data"), &["--listen", "127.0.0.1:0"]);
    // The watchdog beats from the start on, between everything else.
    let receive_other =
        || std::iter::repeat_with(receive).find(|message| message != "WATCHDOG=1\n").unwrap();
    // Who is meant, too: the guardian may have started it in place of the one that the manager knows.
    let ready = format!("MAINPID={}\nREADY=1\n", daemon.child.id());
    assert_eq!(receive_other(), ready);
    assert_eq!(receive(), "WATCHDOG=1\n");
    daemon.signal("HUP");
    let reloading = receive_other();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(receive_other(), ready);
    daemon.signal("TERM");
    assert_eq!(receive_other(), "STOPPING=1\n");
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn both_stop_signals_end_the_daemon_cleanly() {
    for signal in ["TERM", "INT"] {
        let dir = dir();
        let daemon = Daemon::start(dir.path(), &[]);
        daemon.signal(signal);
        assert_eq!(daemon.ended(), Some(0), "{signal}");
    }
}

#[test]
fn log_is_json_when_asked_for() {
    let dir = dir();
    let config = dir.path().join("agentd.toml");
    std::fs::write(&config, "[log]\nformat = \"json\"\n").unwrap();
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", config.to_str().unwrap()]);
    let line: serde_json::Value =
        serde_json::from_str(&daemon.logged(&["agentd.started"])).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["fields"]["kind"], "agentd.started");
}
