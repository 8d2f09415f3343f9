//! Runbooks, rehearsed and in earnest.

use std::fs;

use super::host::Host;

/// A runbook whose last step asks a program of this host.
fn runbook(host: &Host, asks: &str) -> String {
    let text = format!(
        "[server]\nport = 1\n\
         [[backup.runbook]]\ndo = 'restore'\n\
         [[backup.runbook]]\ndo = 'verify'\n\
         [[backup.runbook]]\ndo = 'restart'\ncommand = ['/bin/touch', '{started}']\n\
         [[backup.runbook]]\ndo = 'health-check'\ncommand = ['{asks}']\n",
        started = host.text("started"),
    );
    fs::write(host.path("agentd.toml"), text).unwrap();
    host.text("agentd.toml")
}

#[test]
fn a_rehearsal_runs_no_program_and_the_recovery_does() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let (runbook, scratch) = (runbook(&host, "/bin/true"), host.text("scratch"));
    let told = host.json(&["drill", "--scratch", &scratch, "--runbook", &runbook], 0);
    assert_eq!(told["report"]["steps"][2]["mode"], "checked", "{told}");
    assert!(!host.path("started").exists() && !host.path("scratch").exists());

    let target = host.text("target");
    let told = host.json(&["recover", "--target", &target, "--runbook", &runbook], 0);
    let steps = told["report"]["steps"].as_array().unwrap();
    assert!(steps.len() == 4 && steps.iter().all(|step| step["mode"] == "ran"), "{told}");
    assert!(host.path("started").exists());
    let restored = host.path("target").join(host.text("tree/a").trim_start_matches('/'));
    assert_eq!(fs::read(restored).unwrap(), fs::read(host.path("tree/a")).unwrap());
}

#[test]
fn a_step_that_fails_ends_the_recovery_red() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let (failing, target) = (runbook(&host, "/bin/false"), host.text("target"));
    let told = host.json(&["recover", "--target", &target, "--runbook", &failing], 1);
    assert_eq!(told["outcome"], "failed");
    assert_eq!(told["report"]["steps"][3]["verdict"], "failed", "{told}");

    // What was not restored is not started.
    fs::remove_file(host.path("started")).unwrap();
    let gone = host.text("tree/gone.sqlite");
    let asked = ["recover", "--target", &target, "--runbook", &failing, "--sqlite", &gone];
    let told = host.json(&asked, 1);
    assert_eq!(told["report"]["steps"][2]["mode"], "skipped", "{told}");
    assert!(!host.path("started").exists());
}

#[test]
fn a_runbook_that_is_none_is_refused_before_anything_is_done() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let (target, file) = (host.text("target"), host.text("runbook.toml"));
    for (text, reason) in [
        ("", "missing field"),
        ("[[backup.runbook]]\ndo = 'verify'\n", "has to begin"),
        ("[[backup.runbook]]\ndo = 'dance'\n", "unknown variant"),
        ("[[backup.runbook]]\ndo = 'restart'\n", "backup.runbook[0]: `command` is missing"),
        ("[[backup.runbook]]\ndo = 'restart'\ncommand = ['touch']\n", "touch is not absolute"),
        ("[[backup.runbook]]\ndo = 'restore'\nshell = 'x'\n", "unknown field `shell`"),
    ] {
        fs::write(host.path("runbook.toml"), text).unwrap();
        host.assert_refused(&["recover", "--target", &target, "--runbook", &file], &[reason]);
        assert!(!host.path("target").exists(), "{text}");
    }
}
