//! The host is checked, and what changes is told.

use std::fs;

use serde_json::Value;

use crate::support::{Daemon, dir, run, until_some};

#[test]
fn host_is_checked_at_start_and_what_changed_since_is_told() {
    let dir = dir();
    let path = dir.path().canonicalize().unwrap();
    let (root, config, data) = (path.join("root"), path.join("a.toml"), path.join("data"));
    let sshd = root.join("etc/ssh/sshd_config");
    fs::create_dir_all(sshd.parent().unwrap()).unwrap();
    fs::write(&sshd, "PermitRootLogin yes\n").unwrap();
    fs::write(&config, format!("[audit]\nenabled = true\nroot = {root:?}\n")).unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let daemon = Daemon::start(&data, &args);
    daemon.logged(&["audit.check.failed", "host-ssh-root-login"]);
    daemon.logged(&["audit.host.checked", "could not be looked at"]);
    let metrics = until_some(|| {
        let body = daemon.request("/metrics").body;
        body.contains("agentd_audit_last_check_timestamp_seconds").then_some(body)
    });
    assert!(metrics.contains("agentd_audit_checks{status=\"unknown\"}"), "{metrics}");
    let part = until_some(|| {
        let status = daemon.status();
        let parts = status["parts"].as_array().unwrap().iter();
        let mut audit = parts.filter(|part| part["name"] == "audit");
        audit.next().filter(|part| part["health"]["state"] == "degraded").cloned()
    });
    assert!(part.to_string().contains("host-ssh-root-login"), "{part}");
    daemon.signal("TERM");
    daemon.ended();
    let kept: Value =
        serde_json::from_slice(&fs::read(data.join("audit-state.json")).unwrap()).unwrap();
    assert_eq!(kept["checks"]["host-ssh-root-login"], "fail");

    // Put right while nobody looked.
    fs::write(&sshd, "PermitRootLogin no\n").unwrap();
    let daemon = Daemon::start(&data, &args);
    daemon.logged(&["audit.check.passed", "host-ssh-root-login"]);
    daemon.logged(&["audit.host.checked"]);
    daemon.signal("TERM");
    let log = daemon.log_to_the_end();
    assert!(!log.contains("audit.check.failed"), "{log}");
}

#[test]
fn settings_that_cannot_be_taken_are_refused() {
    let dir = dir();
    let config = dir.path().join("a.toml");
    fs::write(&config, "[audit]\nat = \"daily\"\nsettings = \"a.toml\"\nroot = \"x\"\n").unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78));
    for expected in [":2: audit.at: must be five", ":3: audit.settings: ", ":4: audit.root: "] {
        assert!(ended.stderr.contains(expected), "{expected} {ended:?}");
    }
}
