//! Channels without a vendor: programs, files, the system's log.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{
    ChannelConfig, ExecConfig, FileConfig, SyslogConfig, SyslogFacility, SyslogTransport,
};

use super::{channel, firing, flood, resolved};

fn program(directory: &Path, script: &str) -> ChannelConfig {
    let path = directory.join("program");
    std::fs::write(&path, script).unwrap();
    let mut exec = ExecConfig::default();
    exec.command =
        vec!["/bin/sh".to_owned(), path.to_str().unwrap().to_owned(), "$(id)".to_owned()];
    ChannelConfig::new(exec)
}

fn file(path: &Path) -> ChannelConfig {
    let mut file = FileConfig::default();
    path.clone_into(&mut file.path);
    ChannelConfig::new(file)
}

#[tokio::test]
async fn a_program_gets_json_arguments_as_they_are_and_no_environment() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let script =
        format!("cd {}; cat >in; env >env; printf %s \"$1\" >arg", directory.path().display());
    let outcome = channel(&program(directory.path(), &script)).send(&flood()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    let read = |name: &str| std::fs::read_to_string(out.with_file_name(name)).unwrap();
    let input: Value = serde_json::from_str(&read("in")).unwrap();
    assert_eq!(input["alerts"].as_array().unwrap().len(), 200);
    assert_eq!(read("arg"), "$(id)");
    let names: Vec<_> =
        read("env").lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    let known = ["PATH", "WARDKIT_KEY", "WARDKIT_ATTEMPT", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    assert!(read("env").contains(&format!("WARDKIT_KEY={}", flood().notification.key)));
}

#[tokio::test]
async fn a_program_says_by_its_exit_code_whether_it_may_pass() {
    let directory = tempfile::tempdir().unwrap();
    for (script, sent, passes) in [
        ("exit 0", true, false),
        // It does not read what it is given.
        ("exec <&-; exit 0", true, false),
        ("exit 1", false, true),
        ("exit 75", false, true),
        ("kill -9 $$", false, true),
        ("exit 64", false, false),
        ("exit 78", false, false),
    ] {
        let outcome = channel(&program(directory.path(), script)).send(&flood()).await;
        assert_eq!(matches!(outcome, Outcome::Sent { .. }), sent, "{script}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), passes, "{script}: {outcome:?}");
    }
    let mut missing = ExecConfig::default();
    missing.command = vec!["/nowhere/at/all".to_owned()];
    let outcome = channel(&ChannelConfig::new(missing)).send(&firing()).await;
    assert_eq!(
        outcome,
        Outcome::Permanent { reason: "it was not started: entity not found".to_owned() }
    );
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_killed_with_all_that_it_started() {
    let directory = tempfile::tempdir().unwrap();
    // The pipe is open as long as any of them lives.
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let script = format!("exec 3>{}; (sleep 1000; true) & sleep 1000", pipe.display());
    let mut config = program(directory.path(), &script);
    config.timeout = Duration::from_secs(1);
    let reader = std::thread::spawn(move || {
        let mut rest = Vec::new();
        std::fs::File::open(pipe).unwrap().read_to_end(&mut rest).unwrap();
        rest.len()
    });
    let outcome = channel(&config).send(&firing()).await;
    let expected = "it took longer than 1s and was killed".to_owned();
    assert_eq!(outcome, Outcome::Retry { after: None, reason: expected });
    // It returns when the last of them is gone.
    assert_eq!(reader.join().unwrap(), 0);
}

#[tokio::test]
async fn a_file_gets_a_line_each_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alerts.jsonl");
    let channel = channel(&file(&path));
    for delivery in [firing(), resolved()] {
        assert_eq!(channel.send(&delivery).await, Outcome::Sent { receipt: None });
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["key"], firing().notification.key.as_str());
    assert_eq!(lines[1]["notification"]["status"], "resolved");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_may_be_moved_away_and_a_torn_line_stays_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alerts.jsonl");
    let channel = channel(&file(&path));
    channel.send(&firing()).await;
    std::fs::rename(&path, directory.path().join("alerts.jsonl.1")).unwrap();
    std::fs::write(&path, "{\"at\":\"20").unwrap();
    channel.send(&firing()).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "{\"at\":\"20"));
    assert!(serde_json::from_str::<Value>(lines[1]).is_ok());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_tried_later() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path().join("no/such"), directory.path().to_owned(), "/dev/full".into()]
    {
        let outcome = channel(&file(&path)).send(&firing()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{}: {outcome:?}", path.display());
    }
}

fn syslog(transport: SyslogTransport, address: String) -> ChannelConfig {
    let mut syslog = SyslogConfig::default();
    (syslog.transport, syslog.address) = (transport, address);
    syslog.facility = SyslogFacility::Local0;
    "vps1".clone_into(&mut syslog.hostname);
    ChannelConfig::new(syslog)
}

const LINE: &str = "<130>1 2026-11-21T12:00:00Z vps1 wardkit - firing [wardkit@32473 key=\"KEY\" \
                    incident=\"incident-7\" receiver=\"ops\"] \u{feff}[FIRING:1] DiskFull on db1:9100 (critical): \
                    The disk is <full> & *hot*";

#[tokio::test]
async fn the_log_gets_a_line_by_every_way() {
    let expected = LINE.replace("KEY", firing().notification.key.as_str());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let unix = UnixDatagram::bind(&path).unwrap();
    let config = syslog(SyslogTransport::Unix, path.to_str().unwrap().to_owned());
    assert_eq!(channel(&config).send(&firing()).await, Outcome::Sent { receipt: None });
    let mut buffer = [0; 8192];
    let count = unix.recv(&mut buffer).unwrap();
    assert_eq!(std::str::from_utf8(&buffer[..count]).unwrap(), expected);

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = syslog(SyslogTransport::Udp, udp.local_addr().unwrap().to_string());
    channel(&config).send(&firing()).await;
    let count = udp.recv(&mut buffer).unwrap();
    assert_eq!(std::str::from_utf8(&buffer[..count]).unwrap(), expected);

    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = syslog(SyslogTransport::Tcp, tcp.local_addr().unwrap().to_string());
    channel(&config).send(&firing()).await;
    let mut text = String::new();
    tcp.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, format!("{} {expected}", expected.len()));
}

#[tokio::test]
async fn no_alert_writes_a_second_line_or_another_field() {
    let mut delivery = firing();
    delivery.notification.incident = "a\"] x=\"\\\n<0>1".to_owned();
    let alert = &mut delivery.notification.alerts[0];
    alert.annotations.insert("summary".to_owned(), "one\r\n<0>1 two\u{202e}\0".to_owned());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = syslog(SyslogTransport::Udp, udp.local_addr().unwrap().to_string());
    channel(&config).send(&delivery).await;
    let mut buffer = [0; 8192];
    let count = udp.recv(&mut buffer).unwrap();
    let line = std::str::from_utf8(&buffer[..count]).unwrap();
    assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    assert!(line.contains(r#"incident="a\"\] x=\"\\ <0>1""#), "{line}");
    assert!(line.ends_with(": one <0>1 two"), "{line}");
}

#[tokio::test]
async fn a_log_that_is_not_there_is_tried_later() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for config in [
        syslog(SyslogTransport::Unix, "/nowhere/log".to_owned()),
        syslog(SyslogTransport::Tcp, free),
    ] {
        let outcome = channel(&config).send(&firing()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    }
}
