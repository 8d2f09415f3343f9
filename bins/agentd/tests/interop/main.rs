//! agentd beside the tools that its operator has: Prometheus, promtool, curl.
//!
//! `cargo xtask ci` installs them and runs this; by hand: `cargo test -p wardkit-agentd --features interop`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../it/support.rs"]
mod support;

mod packages;

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use support::{Daemon, dir, until_some};

#[test]
fn promtool_finds_nothing_to_lint() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(daemon.request("/metrics").body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn prometheus_scrapes_the_daemon() {
    let dir = dir();
    let daemon = Daemon::start(&dir.path().join("data"), &[]);
    let config = dir.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: agentd\n    static_configs: [{{targets: ['{}']}}]\n",
        daemon.address()
    );
    fs::write(&config, text).unwrap();
    let address = free_address();
    let _prometheus = Killed(
        Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let parts = until_some(|| {
        let answer: Value =
            serde_json::from_slice(&query(address, "agentd_part_up").stdout).ok()?;
        let found = answer["data"]["result"].as_array()?.clone();
        (!found.is_empty()).then_some(found)
    });
    let mut names: Vec<_> =
        parts.iter().map(|part| part["metric"]["part"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["control", "http", "reload", "trail"]);
    assert!(parts.iter().all(|part| part["value"][1] == "1"), "{parts:?}");
}

#[test]
fn curl_reads_health_and_speaks_to_the_control_socket() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let url = daemon.greeting["url"].as_str().unwrap();
    let ready = curl(&["--fail", &format!("{url}readyz")]);
    assert!(ready.status.success(), "{ready:?}");
    let socket = dir.path().join("control.sock");
    let status =
        curl(&["--fail", "--unix-socket", socket.to_str().unwrap(), "http://localhost/v1/status"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["pid"], daemon.child.id());
    let rebound = curl(&[
        "--header",
        "Host: evil.example",
        "--write-out",
        "%{http_code}",
        "--output",
        "/dev/null",
        url,
    ]);
    assert_eq!(String::from_utf8(rebound.stdout).unwrap(), "421");
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago: Prometheus does not tell which one it took.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn query(prometheus: SocketAddr, expression: &str) -> Output {
    curl(&[
        "--get",
        "--data-urlencode",
        &format!("query={expression}"),
        &format!("http://{prometheus}/api/v1/query"),
    ])
}

fn curl(args: &[&str]) -> Output {
    Command::new("curl").args(["--silent", "--max-time", "10"]).args(args).output().unwrap()
}
