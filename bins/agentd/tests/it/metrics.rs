//! What is measured, taken in, kept and asked for.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::support::{Answer, Daemon, PATIENCE, dir, request, until_some};

/// Sends a request through the control socket.
fn control(daemon: &Daemon, method: &str, target: &str, body: &str) -> Answer {
    let mut stream = UnixStream::connect(daemon.data_dir.join("control.sock")).unwrap();
    let length = body.len();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}");
    write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, body: body.to_owned() }
}

fn post(daemon: &Daemon, fields: &str, body: &str) -> Answer {
    let (host, length) = (daemon.address(), body.len());
    let head = format!("POST /api/v1/ingest HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}");
    request(daemon.address(), &format!("{head}\r\nConnection: close\r\n{fields}\r\n{body}"))
}

fn config(dir: &Path, text: &str) -> String {
    let path = dir.join("agentd.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let mut lines = metrics.lines();
    lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn the_host_is_shown_under_the_names_that_dashboards_know() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let metrics = daemon.request("/metrics").body;
    for name in ["node_load1", "node_memory_MemTotal_bytes", "node_boot_time_seconds"] {
        assert!(value(&metrics, name).is_some_and(|value| value >= 0.0), "{name}\n{metrics}");
    }
    assert!(metrics.contains("\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} "), "{metrics}");
    let mut names: Vec<_> = metrics.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a family is there twice");
    let open = request(
        daemon.address(),
        &format!(
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nAccept: application/openmetrics-text\r\nConnection: close\r\n\r\n",
            daemon.address()
        ),
    );
    assert!(open.body.ends_with("\n# EOF\n"), "{}", open.body);
    assert_eq!(open.body.matches("# EOF").count(), 1);
}

#[test]
fn what_a_bot_brings_through_the_socket_is_shown_at_once() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let body = "# TYPE bot_messages_total counter\nbot_messages_total{chat=\"a b\"} 7\n";
    assert_eq!(control(&daemon, "POST", "/api/v1/ingest", body).status, 204);
    let metrics = daemon.request("/metrics").body;
    assert_eq!(value(&metrics, "bot_messages_total{chat=\"a b\"}"), Some(7.0));
    let refused = control(&daemon, "POST", "/api/v1/ingest", "fine 1\nbroken\n");
    assert_eq!(refused.status, 400);
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    assert!(problem["errors"][0].as_str().unwrap().starts_with("line 2: "), "{problem}");
    assert!(!daemon.request("/metrics").body.contains("\nfine "));
    let found = daemon.request("/api/v1/query?query=bot_messages_total");
    let found: Value = serde_json::from_str(&found.body).unwrap();
    assert_eq!(found["series"][0]["series"], "bot_messages_total{chat=\"a b\"}");
    assert_eq!(found["series"][0]["points"][0][1], 7.0);
}

#[test]
fn the_listener_takes_metrics_from_who_brings_the_token_of_a_private_file() {
    let dir = dir();
    let token = dir.path().join("token");
    fs::write(&token, "0123456789abcdef\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let path = config(dir.path(), &format!("[listen]\ntoken-file = {token:?}\n"));
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    assert_eq!(post(&daemon, "", "up 1\n").status, 401);
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    assert_eq!(post(&daemon, &bearer("0123456789abcdef"), "up 1\n").status, 204);
    assert!(daemon.request("/metrics").body.contains("\nup 1\n"));

    fs::write(&token, "fedcba9876543210\n").unwrap();
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.stdout, "changed: listen\n", "{reloaded:?}");
    assert_eq!(post(&daemon, &bearer("0123456789abcdef"), "up 2\n").status, 401);
    assert_eq!(post(&daemon, &bearer("fedcba9876543210"), "up 2\n").status, 204);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = daemon.command(&["reload"]);
    assert!(refused.stderr.contains("others than its owner may use it"), "{refused:?}");
    assert_eq!(post(&daemon, &bearer("fedcba9876543210"), "up 3\n").status, 204);
    until_some(|| {
        let files = fs::read_dir(daemon.data_dir.join("trail")).unwrap();
        let mut texts = files.filter_map(|file| fs::read(file.unwrap().path()).ok());
        let told = |text: Vec<u8>| String::from_utf8_lossy(&text).contains("http.write.refused");
        texts.any(told).then_some(())
    });
}

#[test]
fn without_a_token_the_listener_takes_nothing_and_a_bad_token_file_starts_nothing() {
    let dir = dir();
    let daemon = Daemon::start(&dir.path().join("data"), &[]);
    assert_eq!(post(&daemon, "", "up 1\n").status, 403);
    let token = dir.path().join("token");
    fs::write(&token, "0123456789abcdef\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let path = config(dir.path(), &format!("[listen]\ntoken-file = {token:?}\n"));
    let data = dir.path().join("other");
    let ended =
        crate::support::run(&["run", "--config", &path, "--data-dir", data.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.stderr.contains("chmod 600"), "{ended:?}");
}

#[test]
fn more_series_than_there_is_room_for_are_counted_and_told_once() {
    let dir = dir();
    let path = config(dir.path(), "[metrics.ingest]\nmax-series-per-family = 2\n");
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    for _ in 0..2 {
        let body = "bomb{user=\"a\"} 1\nbomb{user=\"b\"} 1\nbomb{user=\"c\"} 1\n";
        assert_eq!(control(&daemon, "POST", "/api/v1/ingest", body).status, 204);
    }
    let metrics = daemon.request("/metrics").body;
    assert_eq!(value(&metrics, "agentd_ingest_overflow_total{family=\"bomb\"}"), Some(2.0));
    let status = control(&daemon, "GET", "/v1/status", "").body;
    assert_eq!(status.matches("metrics.ingest.overflow").count(), 1, "{status}");
}

#[test]
fn a_body_that_stops_in_the_middle_leaves_nothing() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let mut stream = UnixStream::connect(daemon.data_dir.join("control.sock")).unwrap();
    let head = "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000";
    write!(stream, "{head}\r\nConnection: close\r\n\r\nhalf 1\nhalf_of").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(control(&daemon, "POST", "/api/v1/ingest", "whole 1\n").status, 204);
    let metrics = daemon.request("/metrics").body;
    assert!(metrics.contains("\nwhole 1\n") && !metrics.contains("\nhalf"), "{metrics}");
}

#[test]
fn a_hundred_thousand_series_are_two_events_and_the_rest_goes_on() {
    let dir = dir();
    let path = config(dir.path(), "[metrics]\ninterval = \"1s\"\n");
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    until_some(|| value(&daemon.request("/metrics").body, "agentd_history_samples_total"));
    for family in 0..6 {
        let lines = (0..20_000).map(|user| format!("bomb{family}{{user=\"{user}\"}} 1\n"));
        let body: String = lines.collect();
        assert_eq!(control(&daemon, "POST", "/api/v1/ingest", &body).status, 204);
    }
    let number = |series: &str| value(&daemon.request("/metrics").body, series).unwrap();
    assert!((number("agentd_ingest_series") - 100_000.0).abs() < 0.5);
    daemon.logged(&["history.series.overflow"]);
    // It goes on, for the host and for those that had room, and nothing is told of again.
    let before = number("agentd_history_overflow_samples_total");
    let kept = number("agentd_history_samples_total");
    until_some(|| {
        (number("agentd_history_overflow_samples_total") > before + 200_000.0).then_some(())
    });
    assert!(number("agentd_history_samples_total") > kept + 20_000.0);
    assert!(number("agentd_history_open_series") < 20_000.5);
    assert!(number("node_boot_time_seconds") > 0.0);
    let memory = number("process_resident_memory_bytes");
    assert!(memory < MOST_MEMORY, "{memory}");
    let events = daemon.status()["events"].to_string();
    for kind in ["\"history.series.overflow\"", "\"metrics.ingest.overflow\""] {
        assert_eq!(events.matches(kind).count(), 1, "{kind} {events}");
    }
}

/// A hundred thousand series as they were pushed, and a few moments of them that wait for the disk.
const MOST_MEMORY: f64 = 200e6;

#[test]
fn the_bottleneck_and_the_largest_processes_are_told_on_the_socket() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let told = control(&daemon, "GET", "/v1/bottleneck", "");
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert!(!told["sentences"][0].as_str().unwrap().is_empty(), "{told}");
    let top = control(&daemon, "GET", "/v1/top?most=3", "");
    let top: Value = serde_json::from_str(&top.body).unwrap();
    let processes = top["processes"].as_array().unwrap();
    assert!((1..=3).contains(&processes.len()), "{top}");
    assert!(processes[0]["memory"].as_u64().is_some(), "{top}");
}

#[test]
fn measuring_is_turned_off_and_on_by_a_reload() {
    let dir = dir();
    let path = config(dir.path(), "[metrics]\nenabled = false\n[history]\nenabled = false\n");
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    assert!(!daemon.request("/metrics").body.contains("\nnode_load1 "));
    let refused = daemon.request("/api/v1/query_range?query=node_load1");
    assert_eq!(refused.status, 503, "{refused:?}");
    config(dir.path(), "[metrics]\ninterval = \"1s\"\n");
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.stdout, "changed: history, metrics\n", "{reloaded:?}");
    until_some(|| daemon.request("/metrics").body.contains("\nnode_load1 ").then_some(()));
    // The history opens beside the measuring, and may be the later of the two.
    let ask = || daemon.request("/api/v1/query_range?query=node_load1").status;
    until_some(|| (ask() == 200).then_some(()));
    let bad = daemon.request("/api/v1/query_range?query=node_load1&aggregate=nonsense");
    assert_eq!(bad.status, 400, "{bad:?}");
}

#[test]
fn a_check_that_fails_is_told_and_keeps_the_whole_from_being_ready() {
    let dir = dir();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let check = |name: &str, target: &str| {
        format!(
            "[[probe.check]]\nname = \"{name}\"\ninterval = \"1s\"\njitter = \"0s\"\nfall = 1\n{target}\n"
        )
    };
    let text = [
        check("gone", &format!("target.tcp.address = \"{nobody}\"")),
        check("disk", "critical = false\ntarget.file.path = \"/\""),
    ]
    .concat();
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let metrics = until_some(|| {
        let metrics = daemon.request("/metrics").body;
        let runs = value(&metrics, "agentd_probe_failures_total{check=\"gone\"}")?;
        (runs >= 1.0).then_some(metrics)
    });
    assert_eq!(value(&metrics, "agentd_probe_up{check=\"gone\"}"), Some(0.0));
    let ready = daemon.request("/readyz");
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.body.contains("gone"), "{ready:?}");
    config(dir.path(), "");
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.stdout, "changed: probe\n", "{reloaded:?}");
    assert_eq!(daemon.request("/readyz").status, 200);
    assert!(!daemon.request("/metrics").body.contains("agentd_probe_up"));
}

#[test]
fn a_push_reaches_the_collector_with_the_secret_of_its_header() {
    let dir = dir();
    let token = dir.path().join("otlp-token");
    fs::write(&token, "Bearer hunter2\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = sink.local_addr().unwrap();
    let text = format!(
        "[metrics]\ninterval = \"1s\"\n[otlp]\nurl = \"http://{address}/v1/metrics\"\n\
         headers = {{ authorization = \"file:{}\" }}\n",
        token.display()
    );
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let (mut stream, _) = sink.accept().unwrap();
    let mut bytes = Vec::new();
    let head = until_some(|| {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..read]);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some(String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase())
    });
    assert!(head.starts_with("post /v1/metrics http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer hunter2"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    drop((stream, sink));
    daemon.logged(&["otlp.push.failed"]);
    assert_eq!(daemon.request("/readyz").status, 200);
}

#[test]
fn declared_metrics_come_from_logs_and_json_and_from_one_another() {
    let dir = dir();
    let log = dir.path().join("bot.log");
    fs::write(&log, "").unwrap();
    let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in service.incoming().map_while(Result::ok) {
            answer(stream, r#"{"queue": {"waiting": 12}}"#);
        }
    });
    let text = format!(
        r#"
[metrics]
interval = "1s"
[[metrics.log]]
file = {log:?}
pattern = 'answered (?<handler>\w+) in \d+ ms'
name = "bot_answers_total"
help = "Answers."
kind = "counter"
labels = ["handler"]
[[metrics.http]]
url = "http://{address}/stats?key=hunter2"
interval = "1s"
pointer = "/queue/waiting"
name = "bot_queue_length"
help = "Messages that wait."
kind = "gauge"
[[metrics.aggregate]]
name = "bot_all_answers"
help = "Answers of all handlers."
op = "sum"
of = "bot_answers_total"
"#
    );
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let mut file = fs::File::options().append(true).open(&log).unwrap();
    until_some(|| {
        // Lines from before the file was first looked at do not count.
        writeln!(file, "answered start in 7 ms\nanswered help in 9 ms").unwrap();
        let metrics = daemon.request("/metrics").body;
        let start = value(&metrics, "bot_answers_total{handler=\"start\"}")?;
        value(&metrics, "bot_queue_length")
            .filter(|waiting| waiting.to_bits() == 12.0_f64.to_bits())?;
        let all = value(&metrics, "bot_all_answers")?;
        (start >= 1.0 && all >= 2.0).then_some(())
    });
    let state = until_some(|| fs::read_to_string(daemon.data_dir.join("logs.json")).ok());
    assert!(state.contains("bot.log"), "{state}");
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

#[test]
fn a_declaration_that_cannot_work_is_refused_by_its_key() {
    let dir = dir();
    let text = "[[metrics.log]]\nfile = \"/var/log/bot.log\"\npattern = \"(\"\nname = \"bot_total\"\nhelp = \"x\"\n\
                kind = \"counter\"\n[[metrics.http]]\nurl = \"ftp://x/\"\nname = \"bot\"\nhelp = \"x\"\n\
                [otlp]\nurl = \"gopher://x\"\n[detect]\nseries = [\"a{\"]\n[probe]\nmax-parallel = 0\n";
    let path = config(dir.path(), text);
    let ended = crate::support::run(&["check-config", "--config", &path]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    for key in ["metrics.log", "metrics.http", "otlp.url", "detect.series[0]", "probe.max-parallel"]
    {
        assert!(ended.stderr.contains(key), "{key}\n{}", ended.stderr);
    }
}

#[test]
fn what_was_measured_is_still_known_after_a_restart() {
    let dir = dir();
    let path = config(dir.path(), "[metrics]\ninterval = \"1s\"\n");
    let count = |daemon: &Daemon| {
        let found = daemon.request("/api/v1/query_range?query=node_boot_time_seconds&step=1s");
        let found: Value = serde_json::from_str(&found.body).unwrap();
        found["series"][0]["points"].as_array().map_or(0, Vec::len)
    };
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let before = until_some(|| Some(count(&daemon)).filter(|count| *count >= 2));
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    assert!(count(&daemon) >= before);
    assert!(dir.path().join("data/history/index.sqlite").exists());
}

#[test]
fn a_second_daemon_leaves_the_history_of_the_first_alone() {
    let dir = dir();
    let history = dir.path().join("shared");
    let path = config(dir.path(), &format!("[history]\ndir = {history:?}\n"));
    let first = Daemon::start(&dir.path().join("first"), &["--config", &path]);
    until_some(|| value(&first.request("/metrics").body, "agentd_history_open_series"));
    let second = Daemon::start(&dir.path().join("second"), &["--config", &path]);
    let told = until_some(|| {
        let status = second.status();
        let parts = status["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["name"] == "history").unwrap().to_string();
        part.contains("another process has this history").then_some(part)
    });
    assert!(told.contains("give each its own `dir`"), "{told}");
    assert_eq!(value(&second.request("/metrics").body, "agentd_history_open_series"), None);
    assert!(value(&first.request("/metrics").body, "agentd_history_open_series").is_some());
}

#[test]
fn more_questions_than_are_answered_at_once_are_all_answered() {
    let dir = dir();
    let daemon = Daemon::start(&dir.path().join("data"), &[]);
    until_some(|| value(&daemon.request("/metrics").body, "agentd_history_samples_total"));
    let asked: Vec<TcpStream> = (0..24)
        .map(|_| {
            let mut stream = TcpStream::connect(daemon.address()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let target = "/api/v1/query_range?query=%7B%7D&step=60s";
            write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .unwrap();
            stream
        })
        .collect();
    for mut stream in asked {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}
