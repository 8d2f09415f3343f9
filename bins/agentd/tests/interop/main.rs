//! agentd beside the tools that its operator has: Prometheus, promtool, curl, bots in Python and Node.js.
//!
//! `cargo xtask ci` installs them and runs this; by hand: `cargo test -p wardkit-agentd --features interop`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../it/support.rs"]
mod support;

#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../it/alert_support.rs"]
mod alert_support;

mod alerting;
mod alertmanager;
mod clock;
mod otlp;
mod packages;
mod prometheus;
mod services;
mod systemd;

use std::process::{Command, Output};

use serde_json::Value;
use support::{Daemon, dir};

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

fn curl(args: &[&str]) -> Output {
    Command::new("curl").args(["--silent", "--max-time", "10"]).args(args).output().unwrap()
}
