//! `agentd config systemd-unit`.

use std::fs;
use std::path::Path;

use crate::support::{Ended, dir, run};

fn unit(config: &Path, data: &str, more: &[&str]) -> Ended {
    let all = ["config", "systemd-unit", "--config", config.to_str().unwrap(), "--data-dir", data];
    run(&[&all, more].concat())
}

#[test]
fn a_unit_without_services_takes_from_agentd_what_it_does_not_need() {
    let dir = dir();
    let config = dir.path().join("100% mine.toml");
    fs::write(&config, "[[cleanup.rule]]\npath = \"/var/cache/my bot\"\nkeep = 1\n").unwrap();
    let ended = unit(&config, "/var/lib/wardkit", &["--user", "wardkit", "--listen", "[::1]:0"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let program = env!("CARGO_BIN_EXE_agentd");
    let shown = config.display().to_string().replace('%', "%%");
    for line in [
        "Type=notify",
        &format!(
            "ExecStart={program} run --config \"{shown}\" --data-dir /var/lib/wardkit --listen \"[::1]:0\""
        ),
        &format!("ExecReload={program} reload --data-dir /var/lib/wardkit"),
        "User=wardkit",
        "StateDirectory=wardkit",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "PrivateTmp=yes",
        "ReadWritePaths=-\"/var/cache/my bot\"",
        "WatchdogSec=30",
    ] {
        assert!(ended.stdout.lines().any(|found| found == line), "{line}\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("Delegate"), "{}", ended.stdout);
}

#[test]
fn a_unit_with_services_lets_them_be_what_they_are_and_end_in_their_time() {
    let dir = dir();
    let config = dir.path().join("agentd.toml");
    let services = "[[service]]\nname = \"db\"\ncommand = [\"/bin/sleep\", \"9\"]\nstop_timeout = \"40s\"\n\
                    [[service]]\nname = \"bot\"\ncommand = [\"/bin/sleep\", \"9\"]\ndepends = [\"db\"]\n\
                    stop_timeout = \"20s\"\n\
                    [[service]]\nname = \"other\"\ncommand = [\"/bin/sleep\", \"9\"]\nstop_timeout = \"5s\"\n";
    fs::write(&config, format!("[listen]\ndrain-timeout = \"5s\"\n{services}")).unwrap();
    let ended = unit(&config, "/srv/data", &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in [
        "NotifyAccess=all",
        "ExitType=cgroup",
        "KillMode=mixed",
        "Delegate=yes",
        "DelegateSubgroup=wardkit-main",
        "OOMPolicy=continue",
        "OOMScoreAdjust=-500",
        "ReadWritePaths=/srv/data",
        // The bot's 20 s, then the database's 40 s, the listener's 5 s, and some to spare.
        "TimeoutStopSec=75",
    ] {
        assert!(ended.stdout.lines().any(|found| found == line), "{line}\n{}", ended.stdout);
    }
    for key in ["NoNewPrivileges", "ProtectSystem", "MemoryDenyWriteExecute", "PrivateTmp", "User"]
    {
        assert!(!ended.stdout.contains(key), "services need it: {key}");
    }
}

#[test]
fn a_unit_lets_agentd_fence_calls_of_plugins_where_that_is_configured() {
    let dir = dir();
    let config = dir.path().join("agentd.toml");
    let run = "[[plugins.run]]\nplugin = \"org.example.hello\"\napi = true\n";
    let lines = [
        "RestrictNamespaces=cgroup ipc mnt pid user uts",
        "SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap",
        "Delegate=yes",
        "DelegateSubgroup=wardkit-main",
        "NoNewPrivileges=yes",
    ];
    let fences = "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SETFCAP CAP_SETGID \
                  CAP_SETUID CAP_SYS_PTRACE";
    for (user, set) in [(&["--user", "wardkit"][..], "CapabilityBoundingSet="), (&[], fences)] {
        fs::write(&config, format!("plugins.isolation = \"process\"\n{run}")).unwrap();
        let ended = unit(&config, "/var/lib/wardkit", user);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        for line in lines.iter().chain([&set]) {
            assert!(ended.stdout.lines().any(|found| found == *line), "{line}\n{}", ended.stdout);
        }
        assert!(!ended.stdout.contains("ProtectControlGroups"), "{}", ended.stdout);
    }
    fs::write(&config, run).unwrap();
    let ended = unit(&config, "/var/lib/wardkit", &[]);
    for line in ["RestrictNamespaces=yes", "ProtectControlGroups=yes"] {
        assert!(ended.stdout.lines().any(|found| found == line), "{line}\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("CAP_SETUID"), "{}", ended.stdout);
}

#[test]
fn no_unit_is_made_of_what_cannot_run() {
    let dir = dir();
    let config = dir.path().join("agentd.toml");
    fs::write(&config, "[log]\nlevel = 3\n").unwrap();
    assert_eq!(unit(&config, "/srv/data", &[]).code, Some(78));
    fs::write(&config, "").unwrap();
    let ended = unit(&config, "/srv/two\nlines", &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("cannot stand in a unit"), "{ended:?}");
}
