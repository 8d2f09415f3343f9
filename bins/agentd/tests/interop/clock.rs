//! A clock that somebody sets while agentd runs: faketime shows it another time.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::alert_support::{Hook, bring, command, config, everything_to, post};
use super::support::{Daemon, agentd, dir, until_some};

/// Lets agentd see the wall this many seconds from where it is.
fn set(dir: &Path, seconds: i64) {
    // In one step: it is read at every look at the clock.
    fs::write(dir.join("new"), format!("{seconds:+}\n")).unwrap();
    fs::rename(dir.join("new"), dir.join("offset")).unwrap();
}

fn start(dir: &Path, hook: &Hook) -> Daemon {
    let rules =
        "groups:\n- name: g\n  rules:\n  - alert: Pending\n    expr: vector(1)\n    for: 30m\n";
    fs::write(dir.join("rules.yml"), rules).unwrap();
    let text = everything_to(hook).replace(
        "default-rules = false\n",
        "default-rules = false\ninterval = \"1s\"\ngroup-interval = \"1s\"\nrules = [\"rules.yml\"]\n",
    );
    let path = config(dir, &text);
    let library =
        format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
    assert!(Path::new(&library).exists(), "{library}");
    let mut faked = agentd(&["--config", path.to_str().unwrap()]);
    faked
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", dir.join("offset"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Daemon::spawn(faked, &dir.join("data"), &["--listen", "127.0.0.1:0"])
}

#[test]
fn a_wall_that_is_set_repeats_nothing_brings_nothing_nearer_and_moves_silences_at_once() {
    let (dir, hook) = (dir(), Hook::start());
    set(dir.path(), 0);
    let daemon = start(dir.path(), &hook);
    assert_eq!(bring(&daemon, &["Down"]), 200);
    hook.hears(&["Down"]);
    let rules = || command(&daemon, &json!({"do": "rules"}));
    until_some(|| (rules()[0]["rules"][0]["state"] == "pending").then_some(()));
    for (number, offset) in [HOUR, -HOUR, -1_700_000_000, 0].into_iter().enumerate() {
        set(dir.path(), offset);
        daemon.logged(&["host.clock.jumped"]);
        let name = format!("Next{number}");
        assert_eq!(bring(&daemon, &[&name]), 200);
        // Nothing else is told: neither what lasts nor what waits.
        assert_eq!(hook.next().names(), [name]);
        assert_eq!(rules()[0]["rules"][0]["state"], "pending", "{offset}");
    }
    let silence = json!({"matchers": [{"name": "alertname", "value": "Quiet", "isRegex": false}], "createdBy": "me",
        "comment": "c", "startsAt": "2020-01-01T00:00:00Z", "endsAt": hours_from_now(2)});
    assert_eq!(post(&daemon, "/api/v2/silences", &silence.to_string()).status, 200);
    assert_eq!(bring(&daemon, &["Quiet"]), 200);
    assert_eq!(bring(&daemon, &["Last"]), 200);
    assert_eq!(hook.next().names(), ["Last"]);
    set(dir.path(), 3 * HOUR);
    assert_eq!(hook.next().names(), ["Quiet"]);
}

fn hours_from_now(hours: u64) -> String {
    use wardkit_core::Clock as _;
    let now = wardkit_core::SystemClock.now();
    now.saturating_add(std::time::Duration::from_hours(hours)).to_string()
}

const HOUR: i64 = 3_600;
